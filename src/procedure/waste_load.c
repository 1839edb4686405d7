#include "waste_int.h"

#include "decide/decide.h"

static Rc fault(Ctx *ctx, const char *file, Str path, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-rules",
                    str_fmt(ctx->arena, "%s: " STR_FMT, file, STR_ARG(path)), "%s", what);
}

static WasteText text_of(const Json *object, const char *name) {
    const Json *both = json_get(object, str_of(name));
    return (WasteText){both, both ? json_get_str(both, "ja") : STR_NONE};
}

static unsigned weekdays_of(const Json *list) {
    static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    unsigned bits = 0;
    for (size_t i = 0; list && i < list->len; i++)
        for (unsigned day = 0; day < 7; day++)
            if (str_eq(json_str(json_at(list, i)), str_of(names[day]))) bits |= 1u << day;
    return bits;
}

/* ---- items ---- */

static void fold_add(Arena *arena, Buf *to, Str text) {
    if (str_empty(text)) return;
    if (to->len) buf_add_char(to, 0);
    buf_add(to, text_fold(arena, text));
}

static Str item_folded(Arena *arena, const Json *one) {
    Buf folded = buf_new(arena, 1 << 16);
    const Json *name = json_get(one, STR("name")), *synonyms = json_get(one, STR("synonyms"));
    fold_add(arena, &folded, json_get_str(name, "ja"));
    fold_add(arena, &folded, json_get_str(one, "kana"));
    fold_add(arena, &folded, json_get_str(name, "en"));
    for (size_t i = 0; synonyms && i < synonyms->len; i++)
        fold_add(arena, &folded, json_str(json_at(synonyms, i)));
    return buf_str(&folded);
}

static Rc items_load(Ctx *ctx, Waste *waste, const Json *list, bool refused) {
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i);
        WasteItem item = {.id = json_get_str(one, "id"),
                          .class = json_get_str(one, "class"),
                          .name = text_of(one, "name"),
                          .size = text_of(one, "size"),
                          .why = text_of(one, "why"),
                          .where = text_of(one, "where"),
                          .fee = json_get_int(one, "fee", -1),
                          .refused = refused,
                          .folded = item_folded(ctx->arena, one)};
        if (str_empty(item.id) || str_empty(item.name.ja) || map_has(&waste->by_id, item.id))
            return fault(ctx, "items.json", item.id, "An item needs a name and an id of its own.");
        if (!refused && item.fee < 0)
            return fault(ctx, "items.json", item.id, "An item needs a fee in yen.");
        vec_push(ctx->arena, &waste->items, item);
        map_put(&waste->by_id, item.id, (void *)(uintptr_t)waste->items.len);
    }
    return RC_OK;
}

/* ---- districts ---- */

static WasteTown town_load(Arena *arena, const Json *one) {
    WasteTown town = {.name = text_of(one, "name"), .kana = json_get_str(one, "kana")};
    const Json *codes = json_get(one, STR("postcodes"));
    for (size_t i = 0; codes && i < codes->len; i++)
        vec_push(arena, &town.postcodes, json_str(json_at(codes, i)));
    return town;
}

static Rc districts_load(Ctx *ctx, Waste *waste, const Json *source) {
    const Json *list = json_get(source, STR("districts"));
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i), *towns = json_get(one, STR("towns"));
        WasteDistrict district = {.id = json_get_str(one, "id"),
                                  .name = text_of(one, "name"),
                                  .weekdays = weekdays_of(json_get(one, STR("weekdays"))),
                                  .capacity = json_get_int(one, "capacity", 0),
                                  .population = json_get_int(one, "population", 0)};
        for (size_t t = 0; towns && t < towns->len; t++)
            vec_push(ctx->arena, &district.towns, town_load(ctx->arena, json_at(towns, t)));
        if (str_empty(district.id) || !district.weekdays || district.capacity <= 0 ||
            !district.towns.len)
            return fault(ctx, "districts.json", district.id,
                         "A district needs id, weekdays, capacity and towns.");
        vec_push(ctx->arena, &waste->districts, district);
    }
    return waste->districts.len
               ? RC_OK
               : fault(ctx, "districts.json", STR("districts"), "There are no districts.");
}

/* ---- rules ---- */

static bool clock_of(Str text, int64_t *out) {
    int64_t hour, minute;
    Str h, m;
    if (!str_split(&text, ':', &h) || !str_split(&text, ':', &m)) return false;
    if (!str_to_i64(h, &hour) || !str_to_i64(m, &minute)) return false;
    *out = hour * TIME_HOUR + minute * TIME_MINUTE;
    return hour >= 0 && hour <= 24 && minute >= 0 && minute < 60;
}

static Rc limits_load(Ctx *ctx, Waste *waste, const Json *rules) {
    const Json *cut_off = json_get(rules, STR("cutOff")),
               *answer = json_get(rules, STR("answerDays"));
    WasteLimits *limits = &waste->limits;
    *limits = (WasteLimits){.max_items = json_get_int(rules, "maxItems", 0),
                            .max_quantity = json_get_int(rules, "maxQuantity", 0),
                            .max_per_day = json_get_int(rules, "maxApplicationsPerDay", 0),
                            .horizon_days = json_get_int(rules, "horizonDays", 0),
                            .standard_days = json_get_int(rules, "standardPeriodDays", 0),
                            .answer_days = json_get_int(answer, "usual", 0),
                            .answer_most = json_get_int(answer, "most", 0),
                            .missed_days = json_get_int(rules, "missedDays", 0),
                            .hold = json_get_int(rules, "holdMinutes", 0) * TIME_MINUTE,
                            .cut_off_days = json_get_int(cut_off, "workingDays", -1)};
    bool whole = limits->max_items > 0 && limits->max_quantity > 0 && limits->max_per_day > 0 &&
                 limits->horizon_days > 0 && limits->standard_days > 0 && limits->hold > 0 &&
                 limits->missed_days > 0 && limits->answer_days > 0 &&
                 limits->answer_most >= limits->answer_days && limits->cut_off_days >= 0;
    if (!whole || !clock_of(json_get_str(cut_off, "clock"), &limits->cut_off_clock))
        return fault(ctx, "rules.json", STR("cutOff"),
                     "A limit is missing: see starter/README.md for the members.");
    return RC_OK;
}

/* Until when things are put out, as pages write it: "08:00" in the rules is 8:00. */
static Rc pickup_load(Ctx *ctx, Waste *waste, const Json *rules) {
    int64_t clock;
    if (!clock_of(json_get_str(json_get(rules, STR("pickup")), "clock"), &clock))
        return fault(ctx, "rules.json", STR("pickup"),
                     "The clock until which things are put out is missing: \"08:00\".");
    waste->limits.pickup_clock = str_fmt(ctx->arena, "%lld:%02lld", (long long)(clock / TIME_HOUR),
                                         (long long)(clock % TIME_HOUR / TIME_MINUTE));
    return RC_OK;
}

static int month_day(Str text) {
    int64_t month = 0, day = 0;
    Str m, d;
    if (str_split(&text, '-', &m) && str_split(&text, '-', &d)) {
        (void)str_to_i64(m, &month);
        (void)str_to_i64(d, &day);
    }
    return (int)(month * 100 + day);
}

static Rc calendar_load(Ctx *ctx, Waste *waste, const Json *rules) {
    const Json *closed = json_get(rules, STR("closed")),
               *holidays = json_get(rules, STR("holidays"));
    waste->working_days = weekdays_of(json_get(rules, STR("workingDays")));
    for (size_t i = 0; closed && i < closed->len; i++) {
        const Json *one = json_at(closed, i);
        vec_push(
            ctx->arena, &waste->closed,
            (Closed){month_day(json_get_str(one, "from")), month_day(json_get_str(one, "to"))});
    }
    for (size_t i = 0; holidays && i < holidays->len; i++) {
        Date date;
        Str text = json_get_str(json_at(holidays, i), "date");
        if (!time_parse_date(text, &date))
            return fault(ctx, "rules.json", text, "A holiday needs a date.");
        vec_push(ctx->arena, &waste->holidays, time_date_days(date));
        if (date.year > waste->last_year) waste->last_year = date.year;
    }
    if (waste->working_days && waste->last_year) return RC_OK;
    return fault(ctx, "rules.json", STR("holidays"), "Working days and holidays are missing.");
}

static void reductions_load(Ctx *ctx, Waste *waste, const Json *rules) {
    const Json *list = json_get(rules, STR("feeReductions"));
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i);
        vec_push(ctx->arena, &waste->reductions,
                 (WasteReduction){.id = json_get_str(one, "id"),
                                  .article = json_get_str(one, "article"),
                                  .label = text_of(one, "label"),
                                  .evidence = text_of(one, "evidence"),
                                  .share = json_get_int(one, "share", 0)});
    }
}

static Rc missed_read(Ctx *ctx, const Json *one, const char *member, WasteMissed *out) {
    *out = (WasteMissed){.id = json_get_str(one, "id"),
                         .label = text_of(one, "label"),
                         .advice = text_of(one, "advice")};
    if (!str_empty(out->id) && !str_empty(out->label.ja) && !str_empty(out->advice.ja))
        return RC_OK;
    return fault(ctx, "rules.json", str_of(member),
                 "A reason not to collect needs an id, a label and an advice.");
}

static Rc missed_load(Ctx *ctx, Waste *waste, const Json *rules) {
    const Json *list = json_get(rules, STR("missed"));
    for (size_t i = 0; list && i < list->len; i++) {
        WasteMissed missed;
        TRY(missed_read(ctx, json_at(list, i), "missed", &missed));
        vec_push(ctx->arena, &waste->missed, missed);
    }
    if (!waste->missed.len)
        return fault(ctx, "rules.json", STR("missed"), "There is no reason not to collect.");
    return missed_read(ctx, json_get(rules, STR("takenOut")), "takenOut", &waste->taken_out);
}

/* Whoever is refused something is told what he can do about it. */
static Rc remedies_load(Ctx *ctx, Waste *waste, const Json *rules) {
    waste->remedies = json_get(rules, STR("remedies"));
    size_t n = waste->remedies ? waste->remedies->len : 0;
    for (size_t i = 0; i < n; i++) {
        const Json *one = json_at(waste->remedies, i);
        if (str_empty(text_of(one, "title").ja) || str_empty(text_of(one, "text").ja))
            return fault(ctx, "rules.json", STR("remedies"), "A remedy needs a title and a text.");
    }
    return n ? RC_OK : fault(ctx, "rules.json", STR("remedies"), "There are no remedies.");
}

Rc waste_load(Ctx *ctx, const WasteSources *sources, Waste **out) {
    Waste *waste = NEW(ctx->arena, Waste);
    waste->by_id = map_new(ctx->arena);
    waste->classes = json_get(sources->items, STR("classes"));
    waste->rules = sources->rules;
    TRY(items_load(ctx, waste, json_get(sources->items, STR("items")), false));
    TRY(items_load(ctx, waste, json_get(sources->items, STR("refused")), true));
    TRY(districts_load(ctx, waste, sources->districts));
    TRY(limits_load(ctx, waste, sources->rules));
    TRY(pickup_load(ctx, waste, sources->rules));
    waste->limits.hold_share = sources->hold_share;
    waste->limits.hold_network = sources->hold_network;
    TRY(calendar_load(ctx, waste, sources->rules));
    TRY(missed_load(ctx, waste, sources->rules));
    TRY(remedies_load(ctx, waste, sources->rules));
    reductions_load(ctx, waste, sources->rules);
    TRY(table_check(ctx, sources->organisation));
    TRY(minor_check(ctx, sources->organisation));
    waste->organisation = sources->organisation;
    *out = waste;
    return RC_OK;
}
