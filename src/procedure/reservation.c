#include "procedure_int.h"

#include "reservation.h"

#include <stdio.h>

enum {
    HOLD_USUAL = 15,
    HORIZON_USUAL = 28,
    DAY_MINUTES = 24 * 60,
    SLOT_LEAST = 5,
    HORIZON_MAX = 400,
    UNITS_MAX = 5000,
    MONTH_DAYS = 28
};

typedef struct Reading {
    Ctx *ctx;
    const StrVec *names;
    Reservation *out;
} Reading;

#define refuse(reading, path, ...)                                                                 \
    ctx_fail((reading)->ctx, RC_INVALID, "bad-definition", path, __VA_ARGS__)
#define PATH(reading, ...) str_fmt((reading)->ctx->arena, "reservation." __VA_ARGS__)

/* ---- small members ---- */

/* A whole number from 0 on. */
typedef struct WholeMember {
    const char *name;
    int64_t usual, most; /* usual: where none stands */
} WholeMember;

static Rc read_whole(const Reading *reading, const Json *from, WholeMember member, int64_t *out) {
    const Json *value = json_get(from, str_of(member.name));
    *out = value ? json_get_int(from, member.name, -1) : member.usual;
    if (*out >= 0 && *out <= member.most) return RC_OK;
    return refuse(reading, PATH(reading, "%s", member.name),
                  "A number from 0 to %lld is expected here.", (long long)member.most);
}

/* "09:00". */
static bool read_clock(Str text, int *out) {
    int64_t hour, minute;
    if (text.len != 5 || text.ptr[2] != ':' || !str_to_i64(str_sub(text, 0, 2), &hour) ||
        !str_to_i64(str_sub(text, 3, 5), &minute))
        return false;
    *out = (int)(hour * 60 + minute);
    return hour >= 0 && minute >= 0 && minute < 60 && *out <= DAY_MINUTES;
}

static bool is_word(Str id) {
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(i && ((c >= '0' && c <= '9') || c == '-'))) return false;
    }
    return id.len > 0 && id.len <= 64;
}

static Rc read_name(const Reading *reading, const Json *from, const char *name, Str path,
                    Str *out) {
    *out = json_get_str(from, name);
    if (is_word(*out)) return RC_OK;
    return refuse(reading, path, "A name of small letters, digits and '-' is expected here.");
}

static Rc read_label(const Reading *reading, const Json *from, Str path, Wording *out) {
    out->all = json_get(from, STR("label"));
    out->ja = json_get_str(out->all, "ja");
    if (!str_empty(out->ja) && !str_empty(json_get_str(out->all, "en"))) return RC_OK;
    return refuse(reading, path, "A label in Japanese (ja) and English (en) is needed here.");
}

static Rc read_test(const Reading *reading, const Json *from, const char *name, Str path,
                    const FeelExpr **out) {
    Str text = json_get_str(from, name);
    *out = NULL;
    if (str_empty(str_trim(text))) return RC_OK;
    Rc rc = feel_read(reading->ctx, text, reading->names, out);
    if (rc != RC_OK) reading->ctx->error.path = path;
    return rc;
}

/* ---- places ---- */

static Rc read_weekdays(const Reading *reading, const Json *from, Str path, unsigned *out) {
    static const char *const words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    const Json *list = json_get(from, STR("weekdays"));
    *out = 0;
    for (size_t i = 0; list && i < list->len; i++) {
        Str word = json_str(json_at(list, i));
        unsigned day = 0;
        while (day < 7 && !str_eq(word, str_of(words[day])))
            day++;
        if (day == 7)
            return refuse(reading, path,
                          "\"" STR_FMT "\" is none of mon, tue, wed, thu, fri, sat, "
                          "sun.",
                          STR_ARG(str_head(word, 20)));
        *out |= 1u << day;
    }
    return *out ? RC_OK : refuse(reading, path, "On which weekdays it is open is not said.");
}

/* "09:00-12:00", behind the hours before it, and a whole number of slots. */
static Rc read_hours(const Reading *reading, Str text, Str path, ReservationPlace *place) {
    Hours hours = {0};
    ptrdiff_t bar = str_find_char(text, '-');
    const Hours *last = place->hours.len ? &place->hours.items[place->hours.len - 1] : NULL;
    int slot = reading->out->minutes;
    if (bar < 0 || !read_clock(str_sub(text, 0, (size_t)bar), &hours.from) ||
        !read_clock(str_sub(text, (size_t)bar + 1, text.len), &hours.until))
        return refuse(reading, path, "Hours are written 09:00-12:00.");
    if (hours.from >= hours.until || (last && hours.from < last->until))
        return refuse(reading, path, "Hours end after they begin, and follow each other.");
    if (slot && (hours.until - hours.from) % slot)
        return refuse(reading, path, "These hours are no whole number of slots of %d minutes.",
                      slot);
    vec_push(reading->ctx->arena, &place->hours, hours);
    return RC_OK;
}

static Rc read_place(const Reading *reading, const Json *from, Str path) {
    ReservationPlace place = {.units = json_get_int(from, "units", 1)};
    TRY(read_name(reading, from, "id", path, &place.id));
    if (reservation_place(reading->out, place.id))
        return refuse(reading, path, "This id is another place's.");
    TRY(read_label(reading, from, path, &place.label));
    TRY(read_weekdays(reading, from, path, &place.weekdays));
    if (place.units < 1 || place.units > UNITS_MAX)
        return refuse(reading, path, "A slot has from 1 to %d units.", UNITS_MAX);
    const Json *hours = json_get(from, STR("hours"));
    for (size_t i = 0; hours && i < hours->len; i++)
        TRY(read_hours(reading, json_str(json_at(hours, i)), path, &place));
    if (!place.hours.len) return refuse(reading, path, "When it is open is not said.");
    vec_push(reading->ctx->arena, &reading->out->places, place);
    return RC_OK;
}

static Rc read_places(const Reading *reading, const Json *from) {
    const Json *places = json_get(from, STR("places"));
    for (size_t i = 0; places && i < places->len; i++)
        TRY(read_place(reading, json_at(places, i), PATH(reading, "places[%zu]", i)));
    if (reading->out->places.len) return RC_OK;
    return refuse(reading, PATH(reading, "places"), "There is no place that could be booked.");
}

/* ---- who, when ---- */

static Rc read_cohorts(const Reading *reading, const Json *from) {
    const Json *cohorts = json_get(from, STR("cohorts"));
    for (size_t i = 0; cohorts && i < cohorts->len; i++) {
        const Json *one = json_at(cohorts, i);
        Str path = PATH(reading, "cohorts[%zu]", i);
        ReservationCohort cohort = {0};
        TRY(read_label(reading, one, path, &cohort.label));
        TRY(read_test(reading, one, "test", path, &cohort.test));
        if (!cohort.test) return refuse(reading, path, "Whom it holds for (test) is not said.");
        if (!time_parse(json_get_str(one, "opens"), &cohort.opens))
            return refuse(reading, path,
                          "From when it may book is written 2026-12-01T09:00:00+09:00.");
        vec_push(reading->ctx->arena, &reading->out->cohorts, cohort);
    }
    return RC_OK;
}

/* How what was given back comes back. */
static Rc read_back(const Reading *reading, const Json *from) {
    const Json *back = json_get(from, STR("returns"));
    Str at = json_get_str(back, "at");
    int64_t within;
    reading->out->back_at = -1;
    TRY(read_whole(reading, back, (WholeMember){"within", 0, DAY_MINUTES}, &within));
    reading->out->back_within = within * TIME_MINUTE;
    if (str_empty(at)) return RC_OK;
    if (read_clock(at, &reading->out->back_at) && !within) return RC_OK;
    return refuse(reading, PATH(reading, "returns"),
                  "What is given back comes back at a time (\"at\": \"12:00\") or within some "
                  "minutes (\"within\": 120).");
}

static Rc read_mode(const Reading *reading, const Json *from) {
    static const char *const words[RESERVE_MODES] = {"first-come", "staff", "random-order",
                                                     "lottery"};
    Str word = json_get_str(from, "mode");
    for (unsigned i = 0; i < RESERVE_MODES; i++)
        if (str_eq(word, str_of(words[i]))) {
            reading->out->mode = (ReservationMode)i;
            return RC_OK;
        }
    return refuse(reading, PATH(reading, "mode"),
                  "\"" STR_FMT "\" is none of first-come, staff, random-order, lottery.",
                  STR_ARG(str_head(word, 20)));
}

static Rc read_numbers(const Reading *reading, const Json *from) {
    Reservation *out = reading->out;
    int64_t minutes, hold;
    TRY(read_whole(reading, from, (WholeMember){"minutes", 0, DAY_MINUTES}, &minutes));
    if (minutes && minutes < SLOT_LEAST)
        return refuse(reading, PATH(reading, "minutes"), "A slot has at least %d minutes.",
                      SLOT_LEAST);
    TRY(read_whole(reading, from, (WholeMember){"soonest", 1, HORIZON_MAX}, &out->soonest));
    TRY(read_whole(reading, from, (WholeMember){"furthest", HORIZON_USUAL, HORIZON_MAX},
                   &out->furthest));
    if (out->soonest > out->furthest)
        return refuse(reading, PATH(reading, "furthest"),
                      "The last day lies before the first one.");
    TRY(read_whole(reading, from, (WholeMember){"share", 0, 100}, &out->share));
    TRY(read_whole(reading, from, (WholeMember){"hold", HOLD_USUAL, DAY_MINUTES}, &hold));
    if (!hold)
        return refuse(reading, PATH(reading, "hold"), "A slot is held for a minute at least.");
    TRY(read_whole(reading, from, (WholeMember){"change", 1, HORIZON_MAX}, &out->change));
    out->minutes = (int)minutes;
    out->hold = hold * TIME_MINUTE;
    return RC_OK;
}

static Rc read_lottery_names(const Reading *reading, const Json *from) {
    ReservationLottery *out = &reading->out->lottery;
    const struct {
        const char *name;
        Str *to;
    } rows[] = {{"entered", &out->entered},
                {"won", &out->won},
                {"waiting", &out->waiting},
                {"lost", &out->lost},
                {"confirms", &out->confirms}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        TRY(read_name(reading, from, rows[i].name, PATH(reading, "lottery.%s", rows[i].name),
                      rows[i].to));
    return RC_OK;
}

static Rc read_lottery(const Reading *reading, const Json *source) {
    ReservationLottery *out = &reading->out->lottery;
    const Json *from = json_get(source, STR("lottery"));
    if (reading->out->mode != RESERVE_LOTTERY) return RC_OK;
    TRY(read_whole(reading, from, (WholeMember){"from", 1, MONTH_DAYS}, &out->from));
    TRY(read_whole(reading, from, (WholeMember){"until", 10, MONTH_DAYS}, &out->until));
    TRY(read_whole(reading, from, (WholeMember){"free", 21, MONTH_DAYS}, &out->free));
    TRY(read_whole(reading, from, (WholeMember){"confirm", 7, MONTH_DAYS}, &out->confirm));
    out->randomness = json_get_str(from, "randomness");
    if (out->from < 1 || out->from > out->until || out->until >= out->free || !out->confirm)
        return refuse(reading, PATH(reading, "lottery"),
                      "Entries begin, end, and what is left is free afterwards: from <= until < "
                      "free, days from 1 to %d.",
                      MONTH_DAYS);
    if (str_empty(out->randomness) || out->randomness.len > 200 ||
        text_has_control(out->randomness))
        return refuse(reading, PATH(reading, "lottery.randomness"),
                      "Where the seed comes from is named beforehand: \"drand-quicknet\", or what "
                      "is published, in one line.");
    return read_lottery_names(reading, from);
}

/* The waiting room: from before the opening until the crowd is through. */
static Rc read_room(const Reading *reading, const Json *source) {
    RoomRule *out = &reading->out->room;
    const Json *from = json_get(source, STR("room"));
    int64_t before, stay;
    if (reading->out->mode != RESERVE_RANDOM_ORDER) return RC_OK;
    if (!time_parse(json_get_str(from, "opens"), &out->opens) ||
        !time_parse(json_get_str(from, "until"), &out->until) || out->until <= out->opens)
        return refuse(reading, PATH(reading, "room"),
                      "When booking opens and until when people wait is written "
                      "2026-12-01T09:00:00+09:00.");
    TRY(read_whole(reading, from, (WholeMember){"before", 60, DAY_MINUTES}, &before));
    TRY(read_whole(reading, from, (WholeMember){"stay", 30, DAY_MINUTES}, &stay));
    out->from = out->opens - before * TIME_MINUTE;
    out->stay = stay * TIME_MINUTE;
    return stay ? RC_OK
                : refuse(reading, PATH(reading, "room"), "Who is let in needs a minute at least.");
}

Rc reservation_read(Ctx *ctx, const Json *source, const StrVec *names, const Reservation **out) {
    Reading reading = {.ctx = ctx, .names = names, .out = NEW(ctx->arena, Reservation)};
    *out = reading.out;
    TRY(read_name(&reading, source, "resource", PATH(&reading, "resource"),
                  &reading.out->resource));
    TRY(read_mode(&reading, source));
    TRY(read_numbers(&reading, source));
    TRY(read_places(&reading, source));
    TRY(read_test(&reading, source, "need", PATH(&reading, "need"), &reading.out->need));
    TRY(read_cohorts(&reading, source));
    TRY(read_lottery(&reading, source));
    TRY(read_room(&reading, source));
    return read_back(&reading, source);
}

/* ---- slots ---- */

const ReservationPlace *reservation_place(const Reservation *reservation, Str id) {
    VEC_EACH (ReservationPlace, place, &reservation->places)
        if (str_eq(place->id, id)) return place;
    return NULL;
}

void reservation_times(Arena *arena, const Reservation *reservation, const ReservationPlace *place,
                       Date day, SlotChoices *out) {
    *out = (SlotChoices){0};
    if (!(place->weekdays & 1u << time_weekday(day))) return;
    VEC_EACH (const Hours, hours, &place->hours) {
        int length = reservation->minutes ? reservation->minutes : hours->until - hours->from;
        for (int from = hours->from; from < hours->until; from += length)
            vec_push(arena, out, (SlotChoice){place, {day, from, from + length}});
    }
}

/* The slot of a place that begins at this minute. */
static bool time_find(const Reservation *reservation, SlotChoice *choice) {
    BookTime *time = &choice->time;
    if (!(choice->place->weekdays & 1u << time_weekday(time->day))) return false;
    VEC_EACH (const Hours, hours, &choice->place->hours) {
        int length = reservation->minutes ? reservation->minutes : hours->until - hours->from;
        if (time->from < hours->from || time->from >= hours->until) continue;
        time->until = time->from + length;
        return (time->from - hours->from) % length == 0;
    }
    return false;
}

bool reservation_choice(const Reservation *reservation, Str text, SlotChoice *out) {
    Str rest = text, place, day, clock;
    *out = (SlotChoice){0};
    if (!str_split(&rest, '/', &place) || !str_split(&rest, '/', &day) ||
        !str_split(&rest, '/', &clock) || !str_empty(rest))
        return false;
    SlotChoice choice = {.place = reservation_place(reservation, place)};
    if (!choice.place || !time_parse_date(day, &choice.time.day) ||
        !read_clock(clock, &choice.time.from) || !time_find(reservation, &choice))
        return false;
    *out = choice;
    return true;
}

Str reservation_choice_text(Arena *arena, const SlotChoice *choice) {
    return str_fmt(arena, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(choice->place->id),
                   STR_ARG(time_format_date(arena, choice->time.day)),
                   STR_ARG(book_clock(arena, choice->time.from)));
}

Str reservation_choice_words(Arena *arena, const SlotChoice *choice, Str language) {
    Str place = json_str(json_get(choice->place->label.all, language));
    Str day = str_eq(language, STR("en")) ? time_format_date(arena, choice->time.day)
                                          : time_format_japanese(arena, choice->time.day);
    Str from = book_clock(arena, choice->time.from), until = book_clock(arena, choice->time.until);
    if (str_empty(place)) place = choice->place->label.ja;
    return str_fmt(arena, STR_FMT " " STR_FMT "–" STR_FMT " " STR_FMT, STR_ARG(day), STR_ARG(from),
                   STR_ARG(until), STR_ARG(place));
}

bool reservation_choice_same(const SlotChoice *a, const SlotChoice *b) {
    return a->place == b->place && a->place && a->time.from == b->time.from &&
           time_date_days(a->time.day) == time_date_days(b->time.day);
}

int64_t reservation_begins(const SlotChoice *choice) {
    return time_jst_start(choice->time.day) + choice->time.from * TIME_MINUTE;
}

int64_t reservation_ends(const SlotChoice *choice) {
    return time_jst_start(choice->time.day) + choice->time.until * TIME_MINUTE;
}

int64_t reservation_reserved(const Reservation *reservation, const ReservationPlace *place) {
    if (reservation->mode == RESERVE_STAFF) return place->units;
    return place->units * reservation->share / 100;
}

Str reservation_slot_id(Arena *arena, const Reservation *reservation, const SlotChoice *choice) {
    return book_slot_at(arena, reservation->resource, choice->place->id, choice->time);
}

/* ---- months of a lottery ---- */

Date reservation_month(Date day, int n) {
    int months = day.year * 12 + day.month - 1 + n;
    return (Date){months / 12, months % 12 + 1, 1};
}

static int64_t day_before(Date month, int64_t day) {
    Date date = reservation_month(month, -1);
    date.day = (int)day;
    return time_jst_start(date);
}

int64_t lottery_opens(const ReservationLottery *lottery, Date month) {
    return day_before(month, lottery->from);
}

int64_t lottery_closes(const ReservationLottery *lottery, Date month) {
    return day_before(month, lottery->until) + TIME_DAY;
}

int64_t lottery_frees(const ReservationLottery *lottery, Date month) {
    return day_before(month, lottery->free);
}

LotteryPhase lottery_phase(const ReservationLottery *lottery, Date month, int64_t now) {
    if (now < lottery_opens(lottery, month)) return PHASE_EARLY;
    if (now < lottery_closes(lottery, month)) return PHASE_ENTRIES;
    return now < lottery_frees(lottery, month) ? PHASE_DRAWING : PHASE_FREE;
}

Str reservation_month_text(Arena *arena, Date month) {
    return str_fmt(arena, "%04d-%02d", month.year, month.month);
}

bool reservation_month_read(Str text, Date *out) {
    char day[11];
    if (text.len != 7) return false;
    snprintf(day, sizeof day, "%.7s-01", text.ptr);
    return time_parse_date(str_of(day), out);
}
