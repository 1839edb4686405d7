/* tally: counters that follow the ledger, so that a wall asks for a row and never counts.

   Rows of the follower "wall": 'c' case → month, state, day (masked) as counted; 'm' month, 'w',
   'd' day → a counter: count, held, when it changed; 'r' entity → its readings: number, newest
   time, value. The held figure moves with the events, not with the clock: a rebuild gives the same,
   and a restart shows nothing that was not shown before. */
#include "insight_int.h"

#include <math.h>

enum { FOLLOWER_VERSION = 3, FIELDS = 3 };

/* ---- rows of numbers ---- */

static size_t fields_read(Str text, int64_t out[FIELDS]) {
    size_t n = 0;
    Str item;
    while (n < FIELDS && str_split(&text, ' ', &item) && str_to_i64(item, &out[n]))
        n++;
    return n;
}

static Rc damaged(Ctx *ctx, Str key) {
    return ctx_fail(ctx, RC_FAILED, "bad-row", key,
                    "A counter of the wall is damaged: rebuild state.db.");
}

static Rc tally_parse(Ctx *ctx, Str key, Rc found, Str text, Tally *out) {
    int64_t fields[FIELDS];
    *out = (Tally){.at = TIME_NONE};
    if (found == RC_NOT_FOUND) return RC_OK;
    if (found != RC_OK) return found;
    if (fields_read(text, fields) != FIELDS) return damaged(ctx, key);
    *out = (Tally){fields[0], fields[1], fields[2]};
    return RC_OK;
}

static Rc tally_move(Ctx *ctx, Rows *rows, Str key, int64_t by, int64_t now) {
    Str text;
    Tally tally;
    Rc found = rows_get(ctx, rows, key, &text);
    TRY(tally_parse(ctx, key, found, text, &tally));
    tally.count += by;
    tally.at = now;
    tally.held = hold_next(tally.held, tally.count);
    return rows_put(ctx, rows, key,
                    str_fmt(ctx->arena, "%lld %lld %lld", (long long)tally.count,
                            (long long)tally.held, (long long)tally.at));
}

/* ---- cases ---- */

typedef struct Counted {
    Str month, state, day;
} Counted;

static bool is_picked_up(Str state) {
    return str_eq(state, STR("confirmed")) || str_eq(state, STR("planned"));
}

enum { COUNTERS = 3 };

/* The counters that a case is in; empty: in none of the kind. */
static void counters_of(Arena *arena, const Counted *counted, Str out[COUNTERS]) {
    bool month = !str_empty(counted->month), waits = str_eq(counted->state, STR("submitted"));
    bool day = is_picked_up(counted->state) && !str_empty(counted->day);
    out[0] = month ? str_fmt(arena, "m" STR_FMT, STR_ARG(counted->month)) : STR_NONE;
    out[1] = waits ? STR("w") : STR_NONE;
    out[2] = day ? str_fmt(arena, "d" STR_FMT, STR_ARG(counted->day)) : STR_NONE;
}

/* A counter in which the case stays isn't touched. */
static Rc counted_move(Ctx *ctx, Rows *rows, const Counted *before, const Counted *after,
                       int64_t now) {
    Str from[COUNTERS], to[COUNTERS];
    counters_of(ctx->arena, before, from);
    counters_of(ctx->arena, after, to);
    for (size_t i = 0; i < COUNTERS; i++) {
        if (str_eq(from[i], to[i])) continue;
        if (!str_empty(from[i])) TRY(tally_move(ctx, rows, from[i], -1, now));
        if (!str_empty(to[i])) TRY(tally_move(ctx, rows, to[i], 1, now));
    }
    return RC_OK;
}

static Str month_of(Arena *arena, Str submitted_at) {
    int64_t at;
    if (!time_parse(submitted_at, &at)) return STR_NONE;
    Date date = time_jst_date(at);
    return str_fmt(arena, "%04d-%02d", date.year, date.month);
}

/* Only what is counted is kept: another state is none, a day that is no date is none. An erased
   case has been received, and waits for nothing: its number is gone. */
static Counted counted_of(Arena *arena, const Entity *application) {
    Date date;
    Str state = entity_text(application, IRI("state")),
        day = entity_text(application, IRI("pickupDate"));
    bool erased = str_empty(entity_text(application, IRI("receiptNumber")));
    bool known = !erased && (is_picked_up(state) || str_eq(state, STR("submitted")));
    return (Counted){.month = month_of(arena, entity_text(application, IRI("submittedAt"))),
                     .state = known ? state : STR_NONE,
                     .day = time_parse_date(day, &date) ? day : STR_NONE};
}

static bool counted_same(const Counted *a, const Counted *b) {
    return str_eq(a->month, b->month) && str_eq(a->state, b->state) && str_eq(a->day, b->day);
}

/* The day on which one case is picked up is personal: in its row it is masked by a pad that only
   the tenant's key gives, another one for each writing. */
static Str day_masked(Ctx *ctx, Str id, uint64_t position, Str day) {
    Digest pad = ledger_keyed_hash(
        ctx->tenant->ledger, STR("wall-day"),
        str_fmt(ctx->arena, STR_FMT "|%llu", STR_ARG(id), (unsigned long long)position));
    char *bytes = arena_zero(ctx->arena, day.len + 1, 1);
    assert(day.len <= sizeof pad.bytes);
    for (size_t i = 0; i < day.len; i++)
        bytes[i] = (char)((uint8_t)day.ptr[i] ^ pad.bytes[i]);
    return (Str){bytes, day.len};
}

/* "month|state|position|masked day in hex" */
static Rc counted_read(Ctx *ctx, Str id, Str text, Counted *out) {
    Str position, hex, bytes;
    int64_t at;
    *out = (Counted){0};
    bool whole = str_split(&text, '|', &out->month) && str_split(&text, '|', &out->state) &&
                 str_split(&text, '|', &position) && str_to_i64(position, &at);
    if (!str_split(&text, '|', &hex)) hex = STR_NONE;
    if (!whole || !hash_from_hex(ctx->arena, hex, &bytes) || bytes.len > sizeof(Digest))
        return damaged(ctx, id);
    out->day = day_masked(ctx, id, (uint64_t)at, bytes);
    return RC_OK;
}

/* Without a day the row doesn't depend on when it was written: a rebuild of a case that was erased
   writes it once, at another time. */
static Str counted_write(Ctx *ctx, Str id, const Counted *counted, uint64_t position) {
    uint64_t at = str_empty(counted->day) ? 0 : position;
    Str masked = day_masked(ctx, id, at, counted->day);
    return str_fmt(ctx->arena, STR_FMT "|" STR_FMT "|%llu|" STR_FMT, STR_ARG(counted->month),
                   STR_ARG(counted->state), (unsigned long long)at,
                   STR_ARG(hash_hex(ctx->arena, masked)));
}

static Rc case_event(Ctx *ctx, Rows *rows, const Event *event, Str id) {
    Entity *application;
    Str text, key = str_fmt(ctx->arena, "c" STR_FMT, STR_ARG(id));
    Counted before = {0}, after = {0};
    Rc found = rows_get(ctx, rows, key, &text);
    if (found == RC_OK) TRY(counted_read(ctx, id, str_dup(ctx->arena, text), &before));
    if (found != RC_OK && found != RC_NOT_FOUND) return found;
    TRY(project_event_entity(ctx, event, &application));
    if (application) after = counted_of(ctx->arena, application);
    if (counted_same(&before, &after)) return RC_OK;
    TRY(counted_move(ctx, rows, &before, &after, event->time));
    if (!application) return rows_delete(ctx, rows, key);
    return rows_put(ctx, rows, key, counted_write(ctx, id, &after, event->position));
}

/* ---- erased cases ---- */

typedef struct Counters {
    Ctx *ctx;
    VEC(Item) items;
} Counters;

static bool counter_row(void *arg, Str key, Str value) {
    Counters *counters = arg;
    Arena *arena = counters->ctx->arena;
    Item item = {.key = str_dup(arena, key), .value = str_dup(arena, value)};
    (void)vec_push(arena, &counters->items, item);
    return true;
}

/* A held figure tells of the way it came, on which the erased case was, and in a rebuild never is:
   those that it may have moved begin anew. */
static Rc holds_again(Ctx *ctx, Rows *rows, Str prefix, int64_t now) {
    Counters counters = {.ctx = ctx};
    TRY(rows_each(ctx, rows, prefix, counter_row, &counters));
    VEC_EACH (const Item, item, &counters.items) {
        Tally tally;
        TRY(tally_parse(ctx, item->key, RC_OK, item->value, &tally));
        TRY(rows_delete(ctx, rows, item->key));
        if (tally.count) TRY(tally_move(ctx, rows, item->key, tally.count, now));
    }
    return RC_OK;
}

static Rc case_erased(Ctx *ctx, Rows *rows, const Event *event) {
    TRY(case_event(ctx, rows, event, event->note_about));
    TRY(holds_again(ctx, rows, STR("w"), event->time));
    return holds_again(ctx, rows, STR("d"), event->time);
}

/* ---- readings ---- */

/* What history.c keeps as a plain reading of the series. */
static bool is_reading(const Attr *attr) {
    return attr->kind == ATTR_PROPERTY && attr->value && attr->value->kind == JSON_NUMBER &&
           attr->observed_at != TIME_NONE && str_empty(attr->dataset_id) &&
           (str_eq(attr->name, IRI("waterLevel")) || str_eq(attr->name, IRI("count")));
}

/* A whole entity that is put again repeats its newest reading. */
static bool repeated(const Event *event, const int64_t fields[FIELDS], const Attr *attr) {
    return event->delta->op == DELTA_PUT && event->delta->replaces &&
           fields[1] == attr->observed_at && fields[2] == llround(json_number(attr->value) * 1000);
}

static Rc readings_event(Ctx *ctx, Rows *rows, const Event *event) {
    Str text, key = str_fmt(ctx->arena, "r" STR_FMT, STR_ARG(event->delta->id));
    int64_t fields[FIELDS] = {0, TIME_NONE};
    bool any = false;
    const Attrs *attrs = &event->delta->after->attrs;
    for (size_t i = 0; i < attrs->len; i++)
        any = any || is_reading(&attrs->items[i]);
    if (!any) return RC_OK;
    Rc found = rows_get(ctx, rows, key, &text);
    if (found == RC_OK && fields_read(text, fields) != FIELDS) return damaged(ctx, key);
    if (found != RC_OK && found != RC_NOT_FOUND) return found;
    for (size_t i = 0; i < attrs->len; i++) {
        const Attr *attr = &attrs->items[i];
        if (!is_reading(attr) || repeated(event, fields, attr)) continue;
        fields[0]++;
        if (attr->observed_at < fields[1]) continue;
        fields[1] = attr->observed_at;
        fields[2] = llround(json_number(attr->value) * 1000);
    }
    return rows_put(ctx, rows, key,
                    str_fmt(ctx->arena, "%lld %lld %lld", (long long)fields[0],
                            (long long)fields[1], (long long)fields[2]));
}

/* ---- the follower ---- */

#define CASES STR("urn:ngsi-ld:Application:")

static bool is_of(const Event *event, Str prefix) {
    return str_starts(event->delta->id, prefix);
}

static Rc tally_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)arg;
    bool erased = str_eq(event->note_kind, STR(PROJECT_ERASED));
    if (erased && str_starts(event->note_about, CASES)) return case_erased(ctx, rows, event);
    if (!event->delta) return RC_OK;
    if (is_of(event, CASES)) return case_event(ctx, rows, event, event->delta->id);
    bool series = is_of(event, STR("urn:ngsi-ld:RiverGauge:")) ||
                  is_of(event, STR("urn:ngsi-ld:PeopleFlowCount:"));
    return series && event->delta->after ? readings_event(ctx, rows, event) : RC_OK;
}

/* What changed is only marked here: the projections' thread must not wait for viewers. */
static void tally_committed(void *arg, uint64_t position) {
    (void)position;
    Insight *insight = arg;
    pthread_mutex_lock(&insight->lock);
    insight->dirty = true;
    pthread_cond_signal(&insight->moved);
    pthread_mutex_unlock(&insight->lock);
}

Follower tally_follower(Insight *insight) {
    return (Follower){.name = "wall",
                      .version = FOLLOWER_VERSION,
                      .event = tally_event,
                      .committed = tally_committed,
                      .arg = insight};
}

/* ---- reading ---- */

static Rc tally_read(Ctx *ctx, Str key, Tally *out) {
    Str text;
    Rc found = project_row(ctx, ctx->tenant->project, "wall", key, &text);
    return tally_parse(ctx, key, found, text, out);
}

Rc tally_received(Ctx *ctx, Date month, Tally *out) {
    return tally_read(ctx, str_fmt(ctx->arena, "m%04d-%02d", month.year, month.month), out);
}

Rc tally_waiting(Ctx *ctx, Tally *out) {
    return tally_read(ctx, STR("w"), out);
}

typedef struct Finding {
    Ctx *ctx;
    bool held;
    Date day;
    Tally tally;
    Rc rc;
} Finding;

static bool first_day(void *arg, Str key, Str value) {
    Finding *finding = arg;
    finding->rc = tally_parse(finding->ctx, key, RC_OK, value, &finding->tally);
    int64_t n = finding->held ? finding->tally.held : finding->tally.count;
    bool some = finding->rc == RC_OK && n > 0;
    if (some && !time_parse_date(str_sub(key, 1, key.len), &finding->day))
        finding->rc = damaged(finding->ctx, key);
    return finding->rc == RC_OK && !some;
}

Rc tally_pickups(Ctx *ctx, Date from, bool held, Date *day, Tally *out) {
    Finding finding = {.ctx = ctx, .held = held};
    Str date = time_format_date(ctx->arena, from);
    RowsRange range = {.follower = "wall",
                       .prefix = STR("d"),
                       .from = str_fmt(ctx->arena, "d" STR_FMT, STR_ARG(date))};
    TRY(project_rows(ctx, ctx->tenant->project, &range, first_day, &finding));
    *day = finding.day;
    *out = finding.day.year ? finding.tally : (Tally){.at = TIME_NONE};
    return finding.rc;
}

Rc tally_readings(Ctx *ctx, Str entity, int64_t *n) {
    Str text, key = str_fmt(ctx->arena, "r" STR_FMT, STR_ARG(entity));
    int64_t fields[FIELDS] = {0};
    Rc found = project_row(ctx, ctx->tenant->project, "wall", key, &text);
    *n = 0;
    if (found == RC_NOT_FOUND) return RC_OK;
    TRY(found);
    if (fields_read(text, fields) != FIELDS) return damaged(ctx, key);
    *n = fields[0];
    return RC_OK;
}
