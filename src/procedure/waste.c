#include "waste_int.h"

#include "decide/decide.h"

#include <stdlib.h>

const WasteLimits *waste_limits(const Waste *waste) {
    return &waste->limits;
}

const Json *waste_rules(const Waste *waste) {
    return waste->rules;
}

Str waste_retention(const Waste *waste) {
    return json_get_str(waste->rules, "retention");
}

/* ---- items ---- */

const WasteItem *waste_item(const Waste *waste, Str id) {
    uintptr_t number = (uintptr_t)map_get(&waste->by_id, id);
    return number ? &waste->items.items[number - 1] : NULL;
}

const WasteItem *waste_item_at(const Waste *waste, size_t index) {
    return index < waste->items.len ? &waste->items.items[index] : NULL;
}

size_t waste_item_count(const Waste *waste) {
    return waste->items.len;
}

const Json *waste_class_label(const Waste *waste, Str class) {
    for (size_t i = 0; waste->classes && i < waste->classes->len; i++) {
        const Json *one = json_at(waste->classes, i);
        if (str_eq(json_get_str(one, "id"), class)) return json_get(one, STR("label"));
    }
    return NULL;
}

/* How well one word fits one item: 0 not at all, 1 inside, 2 at the beginning of a name, 3 a whole
 * name. */
static int word_fit(Str folded, Str word) {
    int best = 0;
    for (Str name; str_split(&folded, 0, &name);) {
        int fit = str_eq(name, word)          ? 3
                  : str_starts(name, word)    ? 2
                  : str_find(name, word) >= 0 ? 1
                                              : 0;
        if (fit > best) best = fit;
    }
    return best;
}

/* 0 when a word is missing. */
static int item_fit(const WasteItem *item, Str query) {
    int total = 0;
    for (Str word; str_split(&query, ' ', &word);) {
        int fit = word_fit(item->folded, word);
        if (!fit) return 0;
        total += fit;
    }
    return total;
}

typedef struct Hit {
    const WasteItem *item;
    int fit;
    size_t index;
} Hit;

static int hit_order(const void *a, const void *b) {
    const Hit *x = a, *y = b;
    if (x->fit != y->fit) return y->fit - x->fit;
    return (x->index > y->index) - (x->index < y->index);
}

size_t waste_search(Arena *arena, const Waste *waste, Str query, size_t limit,
                    const WasteItem ***out) {
    Str folded = text_fold(arena, query);
    VEC(Hit) hits = {0};
    for (size_t i = 0; !str_empty(folded) && i < waste->items.len; i++) {
        int fit = item_fit(&waste->items.items[i], folded);
        if (fit) vec_push(arena, &hits, (Hit){&waste->items.items[i], fit, i});
    }
    if (hits.len) qsort(hits.items, hits.len, sizeof *hits.items, hit_order);
    size_t shown = hits.len < limit ? hits.len : limit;
    *out = NEW_ARRAY(arena, const WasteItem *, shown + 1);
    for (size_t i = 0; i < shown; i++)
        (*out)[i] = hits.items[i].item;
    return hits.len;
}

/* ---- districts ---- */

const WasteDistrict *waste_district(const Waste *waste, Str id) {
    VEC_EACH (WasteDistrict, district, &waste->districts)
        if (str_eq(district->id, id)) return district;
    return NULL;
}

const WasteDistrict *waste_district_at(const Waste *waste, size_t index) {
    return index < waste->districts.len ? &waste->districts.items[index] : NULL;
}

bool waste_postcode(Arena *arena, Str text, Str *out) {
    char digits[7];
    size_t n = 0;
    Str rest = text_fold(arena, text);
    for (int32_t c; (c = str_utf8_next(&rest)) >= 0;) {
        if (c == '-' || c == ' ' || c == 0x3012) continue; /* 〒 */
        if (c < '0' || c > '9' || n == sizeof digits) return false;
        digits[n++] = (char)c;
    }
    if (n != sizeof digits) return false;
    *out = str_fmt(arena, "%.3s-%.4s", digits, digits + 3);
    return true;
}

static bool town_has(const WasteTown *town, Str postcode) {
    for (size_t i = 0; i < town->postcodes.len; i++)
        if (str_eq(town->postcodes.items[i], postcode)) return true;
    return false;
}

size_t waste_towns(Arena *arena, const Waste *waste, Str postcode, const WasteDistrict **district,
                   const WasteTown ***out) {
    VEC(const WasteTown *) found = {0};
    Str code;
    *district = NULL;
    if (waste_postcode(arena, postcode, &code)) {
        VEC_EACH (WasteDistrict, one, &waste->districts)
            VEC_EACH (WasteTown, town, &one->towns)
                if (town_has(town, code)) {
                    vec_push(arena, &found, town);
                    *district = one;
                }
    }
    *out = found.items;
    return found.len;
}

const WasteTown *waste_town(const Waste *waste, Str name) {
    VEC_EACH (WasteDistrict, district, &waste->districts)
        VEC_EACH (WasteTown, one, &district->towns)
            if (str_eq(one->name.ja, name)) return one;
    return NULL;
}

bool waste_town_in(const WasteDistrict *district, Str town) {
    VEC_EACH (WasteTown, one, &district->towns)
        if (str_eq(one->name.ja, town)) return true;
    return false;
}

const WasteReduction *waste_reduction(const Waste *waste, Str id) {
    VEC_EACH (WasteReduction, reduction, &waste->reductions)
        if (str_eq(reduction->id, id)) return reduction;
    return NULL;
}

const WasteReduction *waste_reduction_at(const Waste *waste, size_t index) {
    return index < waste->reductions.len ? &waste->reductions.items[index] : NULL;
}

const Json *waste_remedies(const Waste *waste) {
    return waste->remedies;
}

const WasteMissed *waste_missed(const Waste *waste, Str id) {
    VEC_EACH (WasteMissed, missed, &waste->missed)
        if (str_eq(missed->id, id)) return missed;
    if (str_eq(waste->taken_out.id, id)) return &waste->taken_out;
    return NULL;
}

const WasteMissed *waste_taken_out(const Waste *waste) {
    return &waste->taken_out;
}

const WasteMissed *waste_missed_at(const Waste *waste, size_t index) {
    return index < waste->missed.len ? &waste->missed.items[index] : NULL;
}

const Json *waste_place_at(const Waste *waste, size_t index) {
    const Json *places = json_get(waste->rules, STR("places"));
    return places && index < places->len ? json_at(places, index) : NULL;
}

const Json *waste_place(const Waste *waste, Str ja) {
    const Json *place;
    for (size_t i = 0; (place = waste_place_at(waste, i)); i++)
        if (str_eq(json_get_str(place, "ja"), ja)) return place;
    return NULL;
}

/* ---- calendar ---- */

static bool is_closed(const Waste *waste, Date date) {
    int day = date.month * 100 + date.day;
    VEC_EACH (Closed, closed, &waste->closed) {
        bool over_new_year = closed->from > closed->to;
        bool from = day >= closed->from, to = day <= closed->to;
        if (over_new_year ? from || to : from && to) return true;
    }
    return false;
}

static bool is_holiday(const Waste *waste, int64_t day) {
    VEC_EACH (int64_t, holiday, &waste->holidays)
        if (*holiday == day) return true;
    return false;
}

bool waste_is_open_day(const Waste *waste, Date date) {
    return date.year <= waste->last_year && !is_closed(waste, date) &&
           !is_holiday(waste, time_date_days(date));
}

bool waste_is_working_day(const Waste *waste, Date date) {
    return (waste->working_days & 1u << time_weekday(date)) && waste_is_open_day(waste, date);
}

/* Steps over working days; gives up at the end of the calendar, which is years away. */
static Date working_days(const Waste *waste, Date date, int64_t n, int direction) {
    int64_t day = time_date_days(date);
    while (n > 0 && date.year <= waste->last_year && date.year > waste->last_year - 100) {
        day += direction;
        date = time_days_date(day);
        n -= waste_is_working_day(waste, date);
    }
    return date;
}

Date waste_working_days_after(const Waste *waste, Date date, int64_t n) {
    return working_days(waste, date, n, 1);
}

Date waste_working_days_before(const Waste *waste, Date date, int64_t n) {
    return working_days(waste, date, n, -1);
}

Date waste_limit_on(const Waste *waste, Date date) {
    return waste_is_working_day(waste, date) ? date : working_days(waste, date, 1, 1);
}

static Date at_latest(Date today, Date date, Date last) {
    if (time_date_days(last) < time_date_days(today)) last = today;
    return time_date_days(date) < time_date_days(last) ? date : last;
}

Date waste_answer_by(const Waste *waste, Date today, Date date, Date pickup) {
    return at_latest(today, date, working_days(waste, pickup, 1, -1));
}

Date waste_reply_by(const Waste *waste, Date today, Date date, Date pickup) {
    return at_latest(today, date, waste_last_before_cut_off(waste, pickup));
}

int64_t waste_working_days_left(const Waste *waste, Date from, Date to) {
    int64_t left = 0;
    for (int64_t day = time_date_days(from) + 1; day <= time_date_days(to); day++)
        left += waste_is_working_day(waste, time_days_date(day));
    return left;
}

int64_t waste_cut_off(const Waste *waste, Date pickup) {
    Date last = working_days(waste, pickup, waste->limits.cut_off_days, -1);
    return time_jst_start(last) + waste->limits.cut_off_clock;
}

Date waste_last_before_cut_off(const Waste *waste, Date pickup) {
    return working_days(waste, pickup, waste->limits.cut_off_days + 1, -1);
}

size_t waste_days(Arena *arena, const Waste *waste, const WasteDistrict *district, int64_t now,
                  Date **out) {
    VEC(Date) days = {0};
    int64_t today = time_date_days(time_jst_date(now));
    for (int64_t day = today; day <= today + waste->limits.horizon_days; day++) {
        Date date = time_days_date(day);
        bool of_district = district->weekdays & 1u << time_weekday(date);
        if (of_district && waste_is_open_day(waste, date) && now < waste_cut_off(waste, date))
            vec_push(arena, &days, date);
    }
    *out = days.items;
    return days.len;
}

/* ---- delegation ---- */

Str waste_decider(const Waste *waste, Str kind, int64_t amount) {
    return table_decider(&(TableAsk){waste->organisation, kind, amount});
}

bool waste_decides(const Waste *waste, Str kind, Str post) {
    return table_gives(waste->organisation, kind, post);
}
