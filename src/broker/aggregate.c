/* aggregate: evolutions in periods (clauses 4.5.19, 5.2.44): each series of an attribute by the
   methods that were asked for. Numbers and truth values have all of them, other values only the two
   counts. */
#include "broker_int.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { PERIODS_MAX = 100000, MONTHS_MAX = 12 * 1000 };
#define SECOND     INT64_C(1000000)
#define LENGTH_MAX (INT64_C(366) * 1000 * 86400 * SECOND)

typedef struct Series {
    const Attr *first;
    Attrs instances;
} Series;

/* One period of one series. */
typedef struct Period {
    int64_t from, to, total, numbers;
    double sum, sumsq, min, max;
    Map distinct;
} Period;

typedef struct Method {
    const char *name;
    bool counts; /* of values of any kind */
    double (*value)(const Period *period);
} Method;

static double total_count(const Period *p) {
    return (double)p->total;
}
static double distinct_count(const Period *p) {
    return (double)p->distinct.len;
}
static double sum(const Period *p) {
    return p->sum;
}
static double average(const Period *p) {
    return p->sum / (double)p->numbers;
}
static double least(const Period *p) {
    return p->min;
}
static double most(const Period *p) {
    return p->max;
}
static double sum_of_squares(const Period *p) {
    return p->sumsq;
}
static double deviation(const Period *p) {
    double mean = average(p), variance = p->sumsq / (double)p->numbers - mean * mean;
    return variance > 0 ? sqrt(variance) : 0;
}

static const Method methods[] = {
    {"totalCount", true, total_count},
    {"distinctCount", true, distinct_count},
    {"sum", false, sum},
    {"avg", false, average},
    {"min", false, least},
    {"max", false, most},
    {"stddev", false, deviation},
    {"sumsq", false, sum_of_squares},
};
enum { METHODS = sizeof methods / sizeof *methods };

/* ---- the question ---- */

static Rc bad(Request *request, const char *param, const char *sentence) {
    return ctx_fail(request->ctx, RC_INVALID, "bad-query", str_of(param), "%s", sentence);
}

/* A number and its letter off the front of an ISO 8601 duration. */
static bool part_next(Str *rest, int64_t *n, char *unit) {
    size_t digits = 0;
    while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9')
        digits++;
    if (!digits || digits > 9 || digits == rest->len) return false;
    if (!str_to_i64(str_sub(*rest, 0, digits), n)) return false;
    *unit = rest->ptr[digits];
    *rest = str_sub(*rest, digits + 1, rest->len);
    return true;
}

/* Adds n units to what there is of them, at most a thousand years altogether. */
static bool units_add(int64_t n, int64_t unit, int64_t max, int64_t *to) {
    if (n > (max - *to) / unit) return false;
    *to += n * unit;
    return true;
}

static bool part_take(char letter, int64_t n, bool in_day, Aggregate *out) {
    static const struct {
        char letter;
        bool in_day;
        int64_t months, length;
    } units[] = {
        {'Y', false, 12, 0},
        {'M', false, 1, 0},
        {'W', false, 0, 7 * 86400 * SECOND},
        {'D', false, 0, 86400 * SECOND},
        {'H', true, 0, 3600 * SECOND},
        {'M', true, 0, 60 * SECOND},
        {'S', true, 0, SECOND},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].letter != letter || units[i].in_day != in_day) continue;
        return units[i].months ? units_add(n, units[i].months, MONTHS_MAX, &out->months)
                               : units_add(n, units[i].length, LENGTH_MAX, &out->length);
    }
    return false;
}

/* PT0S and none: one period for all. */
static bool duration_read(Str text, Aggregate *out) {
    bool in_day = false;
    if (!text.len) return true;
    if (text.ptr[0] != 'P' || text.len < 3) return false;
    Str rest = str_sub(text, 1, text.len);
    while (rest.len) {
        int64_t n;
        char unit;
        if (!in_day && rest.ptr[0] == 'T' && rest.len > 1) {
            in_day = true;
            rest = str_sub(rest, 1, rest.len);
        }
        if (!part_next(&rest, &n, &unit) || !part_take(unit, n, in_day, out)) return false;
    }
    return true;
}

Rc aggregate_read(Request *request, Str names, Str duration, Aggregate *out) {
    *out = (Aggregate){.asked = true};
    for (Str item; str_split(&names, ',', &item);) {
        size_t i = 0;
        while (i < METHODS && !str_eq(str_trim(item), str_of(methods[i].name)))
            i++;
        if (i == METHODS || out->n == AGGREGATE_METHODS)
            return bad(request, "aggrMethods", "There is no such method of aggregation.");
        out->methods[out->n++] = (uint8_t)i;
    }
    if (!out->n) return bad(request, "aggrMethods", "Aggregated values need aggrMethods.");
    if (duration_read(duration, out)) return RC_OK;
    return bad(request, "aggrPeriodDuration", "This is a duration like PT1H, P1D or P1M.");
}

/* ---- periods ---- */

static int64_t time_of(const Attr *attr, const TemporalQuery *window) {
    switch (window->property) {
    case TEMPORAL_CREATED:
        return attr->created_at;
    case TEMPORAL_MODIFIED:
        return attr->modified_at;
    case TEMPORAL_DELETED:
        return attr->deleted_at;
    default:
        return attr->observed_at;
    }
}

/* Where the period behind this one begins; months are those of the calendar in UTC. */
static int64_t period_end(const Aggregate *aggregate, int64_t from) {
    if (!aggregate->months) return from + aggregate->length;
    time_t seconds = (time_t)(from / SECOND);
    struct tm day;
    gmtime_r(&seconds, &day);
    day.tm_mon += (int)aggregate->months;
    return (int64_t)timegm(&day) * SECOND + from % SECOND + aggregate->length;
}

/* The last period that begins where one of this beginning does, or later, but not behind an
 * instant; months are gone through one by one, as they differ. */
static int64_t period_before(const Aggregate *aggregate, int64_t from, int64_t at) {
    if (aggregate->months) return from;
    return from + (at - from) / aggregate->length * aggregate->length;
}

static void number_take(Period *period, double number) {
    period->min = period->numbers && period->min < number ? period->min : number;
    period->max = period->numbers && period->max > number ? period->max : number;
    period->sum += number;
    period->sumsq += number * number;
    period->numbers++;
}

static void value_take(Arena *arena, Period *period, const Json *value) {
    Buf text = buf_new(arena, BROKER_BODY_MAX);
    json_write(&text, value);
    map_put(&period->distinct, buf_str(&text), period);
    period->total++;
    if (value->kind == JSON_NUMBER) number_take(period, json_number(value));
    if (value->kind == JSON_BOOL) number_take(period, value->value.boolean ? 1 : 0);
}

typedef VEC(Period) Periods;

static void period_add(Arena *arena, Periods *periods, int64_t from, int64_t to) {
    Period period = {.from = from, .to = to, .distinct = map_new(arena)};
    vec_push(arena, periods, period);
}

/* Instances come oldest first by the time asked. A period without any is left out. */
static Rc periods_fill(Request *request, const Aggregation *work, const Series *series,
                       Periods *periods) {
    const Aggregate *aggregate = work->aggregate;
    Arena *arena = request->ctx->arena;
    bool one = !aggregate->length && !aggregate->months;
    int64_t from = work->from, to = one ? work->to : period_end(aggregate, from);
    VEC_EACH (const Attr, attr, &series->instances) {
        int64_t at = time_of(attr, work->window);
        if (!attr->value || at == TIME_NONE) continue;
        while (!one && at >= to) {
            from = period_before(aggregate, to, at);
            to = period_end(aggregate, from);
        }
        if (periods->len > PERIODS_MAX)
            return ctx_fail(request->ctx, RC_LIMIT, "too-complex", STR("aggrPeriodDuration"),
                            "These are more than %d periods: ask for longer ones.", PERIODS_MAX);
        if (!periods->len || periods->items[periods->len - 1].from != from)
            period_add(arena, periods, from, to);
        value_take(arena, &periods->items[periods->len - 1], attr->value);
    }
    return RC_OK;
}

/* ---- writing ---- */

static void instant(JsonWriter *w, Arena *arena, int64_t at) {
    Str text = time_format(arena, at);
    if (str_ends(text, STR(".000Z")))
        text = str_fmt(arena, STR_FMT "Z", STR_ARG(str_sub(text, 0, text.len - 5)));
    json_text(w, text);
}

static void method_write(JsonWriter *w, Arena *arena, const Method *method,
                         const Periods *periods) {
    json_name(w, str_of(method->name));
    json_open(w, '[');
    VEC_EACH (const Period, period, periods) {
        if (!method->counts && !period->numbers) continue;
        json_open(w, '[');
        Json value = method->counts ? json_of_int((int64_t)method->value(period))
                                    : json_of_number(method->value(period));
        json_value(w, &value);
        instant(w, arena, period->from);
        instant(w, arena, period->to);
        json_close(w);
    }
    json_close(w);
}

static Rc series_write(Request *request, const Aggregation *work, const Series *series,
                       JsonWriter *w) {
    static const char *const kinds[] = {"Property",         "GeoProperty",     "Relationship",
                                        "LanguageProperty", "VocabProperty",   "JsonProperty",
                                        "ListProperty",     "ListRelationship"};
    Periods periods = {0};
    TRY(periods_fill(request, work, series, &periods));
    json_open(w, '{');
    json_name(w, STR("type"));
    json_text(w, str_of(kinds[series->first->kind]));
    if (series->first->dataset_id.len) {
        json_name(w, STR("datasetId"));
        json_text(w, series->first->dataset_id);
    }
    for (size_t i = 0; i < work->aggregate->n; i++)
        method_write(w, request->ctx->arena, &methods[work->aggregate->methods[i]], &periods);
    json_close(w);
    return RC_OK;
}

static int by_time(const void *a, const void *b, void *window) {
    int64_t x = time_of(a, window), y = time_of(b, window);
    return (x > y) - (x < y);
}

/* An evolution comes in the order of observedAt. */
static void series_order(const Series *series, const TemporalQuery *window) {
    if (window->property == TEMPORAL_OBSERVED || !series->instances.len) return;
    qsort_r(series->instances.items, series->instances.len, sizeof *series->instances.items,
            by_time, (void *)(uintptr_t)window);
}

typedef VEC(Series) AllSeries;

static void series_of(Arena *arena, const Attr *attrs, size_t n, AllSeries *out) {
    for (size_t i = 0; i < n; i++) {
        Series *to = NULL;
        VEC_EACH (Series, known, out)
            if (str_eq(known->first->dataset_id, attrs[i].dataset_id)) to = known;
        if (!to) to = vec_push(arena, out, (Series){.first = &attrs[i]});
        vec_push(arena, &to->instances, attrs[i]);
    }
}

static void bounds(const Entity *entity, const TemporalQuery *window, Aggregation *work) {
    work->from =
        window->rel == TEMPORAL_AFTER || window->rel == TEMPORAL_BETWEEN ? window->from : TIME_NONE;
    work->to = TIME_NONE;
    VEC_EACH (const Attr, attr, &entity->attrs) {
        int64_t at = time_of(attr, window);
        if (at == TIME_NONE) continue;
        if (work->from == TIME_NONE || at < work->from) work->from = at;
        if (work->to == TIME_NONE || at > work->to) work->to = at;
    }
}

static Rc attr_write(Request *request, const Aggregation *work, const Attr *attrs, size_t n,
                     JsonWriter *w) {
    AllSeries all = {0};
    series_of(request->ctx->arena, attrs, n, &all);
    json_name(w, ld_compact(request->context, request->ctx->arena, attrs->name));
    if (all.len > 1) json_open(w, '[');
    VEC_EACH (const Series, series, &all) {
        series_order(series, work->window);
        TRY(series_write(request, work, series, w));
    }
    if (all.len > 1) json_close(w);
    return RC_OK;
}

Rc aggregate_write(Request *request, const Aggregation *asked, const Entity *entity, Buf *body) {
    Aggregation work = *asked;
    JsonWriter w = json_writer(body);
    bounds(entity, asked->window, &work);
    json_open(&w, '{');
    json_name(&w, STR("id"));
    json_text(&w, entity->id);
    json_name(&w, STR("type"));
    if (entity->types.len > 1) json_open(&w, '[');
    VEC_EACH (const Str, type, &entity->types)
        json_text(&w, ld_compact(request->context, request->ctx->arena, *type));
    if (entity->types.len > 1) json_close(&w);
    for (size_t i = 0, n; i < entity->attrs.len; i += n) {
        const Attr *attr = &entity->attrs.items[i];
        for (n = 1; i + n < entity->attrs.len && str_eq(attr[n].name, attr->name);)
            n++;
        if (shape_shows(&asked->options->pick, &asked->options->omit, attr->name))
            TRY(attr_write(request, &work, attr, n, &w));
    }
    if (asked->options->at_context) {
        json_name(&w, STR("@context"));
        json_value(&w, asked->options->at_context);
    }
    json_close(&w);
    return RC_OK;
}
