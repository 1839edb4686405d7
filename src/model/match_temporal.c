#include "match_int.h"

static Rc fail(Ctx *ctx, const char *param, Str value, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-temporal-query", str_of(param),
                    "%s: %s, not '" STR_FMT "'.", param, what, STR_ARG(value));
}

static Rc read_time(Ctx *ctx, const char *param, Str value, int64_t *out) {
    if (time_parse(value, out)) return RC_OK;
    return fail(ctx, param, value, "expected a DateTime like 2025-04-01T00:00:00Z");
}

/* The index of value in names, or -1. */
static int index_of(const char *const *names, int n, Str value) {
    for (int i = 0; i < n; i++)
        if (str_eq(value, str_of(names[i]))) return i;
    return -1;
}

static Rc read_property(Ctx *ctx, Str timeproperty, TemporalQuery *out) {
    static const char *const names[] = {"observedAt", "createdAt", "modifiedAt", "deletedAt"};
    static_assert(TEMPORAL_OBSERVED == 0 && TEMPORAL_CREATED == 1 && TEMPORAL_MODIFIED == 2 &&
                      TEMPORAL_DELETED == 3,
                  "the names stand in the order of the constants");
    if (str_empty(timeproperty)) return RC_OK;
    int index = index_of(names, 4, timeproperty);
    if (index < 0)
        return fail(ctx, "timeproperty", timeproperty,
                    "expected observedAt, createdAt, modifiedAt or deletedAt");
    out->property = (unsigned)index;
    return RC_OK;
}

static Rc read_last_n(Ctx *ctx, Str last_n, TemporalQuery *out) {
    int64_t n;
    if (str_empty(last_n)) return RC_OK;
    if (!str_to_i64(last_n, &n) || n <= 0)
        return fail(ctx, "lastN", last_n, "expected a positive integer");
    out->last_n = (size_t)n;
    return RC_OK;
}

static Rc read_between(Ctx *ctx, Str end_time_at, TemporalQuery *out) {
    if (str_empty(end_time_at))
        return ctx_fail(ctx, RC_INVALID, "bad-temporal-query", STR("endTimeAt"),
                        "endTimeAt is missing: timerel=between needs timeAt and endTimeAt.");
    TRY(read_time(ctx, "endTimeAt", end_time_at, &out->to));
    if (out->to < out->from)
        return ctx_fail(ctx, RC_INVALID, "bad-temporal-query", STR("endTimeAt"),
                        "endTimeAt lies before timeAt: swap them.");
    return RC_OK;
}

static Rc read_relation(Ctx *ctx, Str timerel, Str time_at, Str end_time_at, TemporalQuery *out) {
    static const char *const names[] = {"before", "after", "between"};
    int index = index_of(names, 3, timerel);
    int64_t time;
    if (index < 0) return fail(ctx, "timerel", timerel, "expected before, after or between");
    if (str_empty(time_at))
        return ctx_fail(ctx, RC_INVALID, "bad-temporal-query", STR("timeAt"),
                        "timeAt is missing: timerel needs the instant it is about.");
    TRY(read_time(ctx, "timeAt", time_at, &time));
    if (index == 0) {
        out->rel = TEMPORAL_BEFORE;
        out->to = time;
        return RC_OK;
    }
    out->rel = index == 1 ? TEMPORAL_AFTER : TEMPORAL_BETWEEN;
    out->from = time;
    return index == 1 ? RC_OK : read_between(ctx, end_time_at, out);
}

Rc match_temporal(Ctx *ctx, const TemporalSource *source, TemporalQuery *out) {
    *out = (TemporalQuery){.from = TIME_NONE, .to = TIME_NONE};
    TRY(read_property(ctx, source->timeproperty, out));
    TRY(read_last_n(ctx, source->last_n, out));
    if (!str_empty(source->timerel))
        return read_relation(ctx, source->timerel, source->time_at, source->end_time_at, out);
    if (!str_empty(source->time_at) || !str_empty(source->end_time_at))
        return ctx_fail(ctx, RC_INVALID, "bad-temporal-query", STR("timerel"),
                        "timerel is missing: say before, after or between.");
    return RC_OK;
}

bool match_temporal_holds(const TemporalQuery *query, int64_t time) {
    if (query->rel == TEMPORAL_ANY) return true;
    if (time == TIME_NONE) return false;
    if (query->from != TIME_NONE && time < query->from) return false;
    return query->to == TIME_NONE || time < query->to;
}
