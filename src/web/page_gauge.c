/* page_gauge: river gauges: the list, one with its history, the readings as a file. */
#include "pages_int.h"

enum { PAGE_GAUGES = 50, CSV_MAX = 64 << 20 };
#define TREND_LASTS (7 * TIME_DAY)

/* ---- the list ---- */

static Str gauge_url(Arena *arena, const Gauge *gauge) {
    return str_fmt(arena, "/gauges/" STR_FMT, STR_ARG(http_url_encode(arena, gauge->id)));
}

static Json line_value(Arena *arena, const Gauge *gauge) {
    View one = view_new(arena);
    view_set(&one, "name", view_text(arena, gauge->name, gauge->name_en));
    view_str(&one, "url", gauge_url(arena, gauge));
    if (str_empty(gauge->river))
        view_null(&one, "river");
    else
        view_set(&one, "river", view_text(arena, gauge->river, gauge->river_en));
    view_bool(&one, "measured", gauge->measured);
    view_set(&one, "value", gauge->measured ? json_of_number(gauge->level) : json_of_null());
    view_str(&one, "level", str_of(level_word(gauge->state)));
    view_set(&one, "at", gauge->at == TIME_NONE ? json_of_null() : json_of_int(gauge->at));
    return view_value(&one);
}

static void gauges_get(HttpExchange *x) {
    Gauges gauges;
    Ctx *ctx = http_ctx(x);
    if (insight_gauges(ctx, &gauges) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    JsonItems items = {0};
    Pager pager = {
        .path = STR("/gauges"), .page = page_number(x), .size = PAGE_GAUGES, .total = gauges.len};
    for (size_t i = (pager.page - 1) * PAGE_GAUGES; i < gauges.len && i < pager.page * PAGE_GAUGES;
         i++)
        vec_push(ctx->arena, &items, line_value(ctx->arena, &gauges.items[i]));
    page_crumb(&view, STR("川の水位"), STR("River levels"), STR_NONE);
    view_items(&view, "gauges", &items);
    view_int(&view, "total", (int64_t)gauges.len);
    view_str(&view, "unit", STR("m"));
    page_pager(&view, &pager);
    page_show(x, 200, WEB_PAGE_GAUGES, &view);
}

/* ---- one gauge ---- */

typedef struct Range {
    const char *word;
    Str ja, en;
    int64_t lasts; /* 0: all there is */
} Range;

static const Range ranges[] = {
    {"day", {"1日", 4}, {"Day", 3}, TIME_DAY},
    {"week", {"1週間", 7}, {"Week", 4}, 7 * TIME_DAY},
    {"month", {"1か月", 7}, {"Month", 5}, 31 * TIME_DAY},
    {"year", {"1年", 4}, {"Year", 4}, 366 * TIME_DAY},
    {"all", {"すべて", 9}, {"All", 3}, 0},
};
enum { RANGES = sizeof ranges / sizeof *ranges, RANGE_STANDARD = 1 };

static const Range *range_asked(const HttpExchange *x) {
    Str word = http_query_or(x, "range", str_of(ranges[RANGE_STANDARD].word));
    for (size_t i = 0; i < RANGES; i++)
        if (str_eq(word, str_of(ranges[i].word))) return &ranges[i];
    return &ranges[RANGE_STANDARD];
}

/* A range ends with the newest reading: a gauge that is silent still has its past. */
static void range_window(const Range *range, const Gauge *gauge, int64_t *from, int64_t *to) {
    *to = gauge->at == TIME_NONE ? 0 : gauge->at + 1;
    *from = range->lasts ? *to - range->lasts : INT64_MIN / 2;
}

static void ranges_value(View *view, const Gauge *gauge, const Range *chosen) {
    JsonItems items = {0};
    for (size_t i = 0; i < RANGES; i++) {
        View one = view_new(view->arena);
        view_set(&one, "label", view_text(view->arena, ranges[i].ja, ranges[i].en));
        view_str(&one, "url",
                 str_fmt(view->arena, STR_FMT "?range=%s", STR_ARG(gauge_url(view->arena, gauge)),
                         ranges[i].word));
        view_bool(&one, "on", chosen == &ranges[i]);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "ranges", &items);
}

static void thresholds_value(View *view, const Gauge *gauge) {
    JsonItems items = {0};
    VEC_EACH (const Threshold, line, &gauge->thresholds) {
        View one = view_new(view->arena);
        view_set(&one, "label", view_text(view->arena, line->label_ja, line->label_en));
        view_set(&one, "value", json_of_number(line->value));
        view_str(&one, "colour", line->level == LEVEL_BAD ? STR("#ce0000") : STR("#927200"));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "thresholds", &items);
}

static Json width_text(Arena *arena, int64_t width) {
    const struct {
        int64_t unit;
        const char *ja, *en, *one;
    } units[] = {{TIME_DAY, "日", "days", "day"},
                 {TIME_HOUR, "時間", "hours", "hour"},
                 {TIME_MINUTE, "分", "minutes", "minute"}};
    size_t i = 0;
    while (i < 2 && width % units[i].unit)
        i++;
    long long n = (long long)(width / units[i].unit);
    return view_text(arena, str_fmt(arena, "%lld%s", n, units[i].ja),
                     str_fmt(arena, "%lld %s", n, n == 1 ? units[i].one : units[i].en));
}

static void readings_value(View *view, const Spans *spans) {
    JsonItems items = {0};
    for (size_t i = spans->items.len; i-- > 0;) {
        const Span *span = &spans->items.items[i];
        View one = view_new(view->arena);
        view_int(&one, "at", span->from);
        view_set(&one, "low", json_of_number(span->low));
        view_set(&one, "high", json_of_number(span->high));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "readings", &items);
    view_int(view, "points", spans->n);
    view_set(view, "low", spans->n ? json_of_number(spans->low) : json_of_null());
    view_set(view, "high", spans->n ? json_of_number(spans->high) : json_of_null());
    if (spans->width)
        view_set(view, "span", width_text(view->arena, spans->width));
    else
        view_null(view, "span");
}

static void now_value(View *view, const Gauge *gauge) {
    if (!gauge->measured) {
        view_null(view, "now");
        return;
    }
    bool said = !str_empty(gauge->administrator);
    Tile tile = {.id = gauge->id,
                 .label_ja = STR("最新の水位"),
                 .label_en = STR("Newest level"),
                 .unit_ja = STR("m"),
                 .unit_en = STR("m"),
                 .source_ja = said ? gauge->administrator : STR("水位計"),
                 .source_en = said ? gauge->administrator : STR("River gauge"),
                 .known = true,
                 .value = gauge->level,
                 .decimals = 2,
                 .time = gauge->at,
                 .n = -1,
                 .level = gauge->state};
    view_set(view, "now", tile_json(view->arena, &tile));
}

static void station_value(View *view, const Gauge *gauge) {
    View station = view_new(view->arena), source = view_new(view->arena);
    bool said = !str_empty(gauge->administrator), linked = !str_empty(gauge->source);
    view_set(&station, "name", view_text(view->arena, gauge->name, gauge->name_en));
    if (str_empty(gauge->river))
        view_null(&station, "river");
    else
        view_set(&station, "river", view_text(view->arena, gauge->river, gauge->river_en));
    view_str(&station, "address", gauge->address);
    view_set(view, "station", view_value(&station));
    view_set(&source, "label",
             said ? json_of_str(gauge->administrator)
                  : view_text(view->arena, STR("オープンデータ"), STR("Open data")));
    view_str(&source, "url", linked ? gauge->source : STR("/data"));
    view_set(view, "source", view_value(&source));
}

/* The most pressing gauge that is read at all. */
Rc page_trend(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    Gauges gauges;
    Spans spans;
    view_null(view, "trend");
    TRY(insight_gauges(ctx, &gauges));
    const Gauge *gauge = gauges.items;
    if (!gauges.len || !gauge->measured) return RC_OK;
    TRY(insight_history(ctx, gauge, gauge->at + 1 - TREND_LASTS, gauge->at + 1, &spans));
    View one = view_new(ctx->arena);
    view_set(&one, "name", view_text(ctx->arena, gauge->name, gauge->name_en));
    view_str(&one, "url", gauge_url(ctx->arena, gauge));
    view_str(&one, "unit", STR("m"));
    view_str(&one, "level", str_of(level_word(gauge->state)));
    thresholds_value(&one, gauge);
    readings_value(&one, &spans);
    view_set(view, "trend", view_value(&one));
    return RC_OK;
}

static void gauge_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Gauge gauge;
    Spans spans;
    int64_t from, to;
    const Range *range = range_asked(x);
    Rc rc = insight_gauge(ctx, http_path_param(x, "id"), &gauge);
    if (rc == RC_OK) {
        range_window(range, &gauge, &from, &to);
        rc = insight_history(ctx, &gauge, from, to, &spans);
    }
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    page_crumb(&view, STR("川の水位"), STR("River levels"), STR("/gauges"));
    page_crumb(&view, gauge.name, gauge.name_en, STR_NONE);
    station_value(&view, &gauge);
    now_value(&view, &gauge);
    thresholds_value(&view, &gauge);
    ranges_value(&view, &gauge, range);
    readings_value(&view, &spans);
    view_str(&view, "unit", STR("m"));
    view_str(&view, "csv",
             str_fmt(ctx->arena, STR_FMT "/readings.csv?range=%s",
                     STR_ARG(gauge_url(ctx->arena, &gauge)), range->word));
    page_show(x, 200, WEB_PAGE_GAUGE, &view);
}

static void readings_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Gauge gauge;
    int64_t from, to;
    Buf text = buf_new(ctx->arena, CSV_MAX);
    const Range *range = range_asked(x);
    Rc rc = insight_gauge(ctx, http_path_param(x, "id"), &gauge);
    if (rc == RC_OK) {
        range_window(range, &gauge, &from, &to);
        rc = insight_csv(ctx, &gauge, from, to, &text);
    }
    if (rc != RC_OK) {
        page_fail(x);
        return;
    }
    http_set_header(x, "Content-Disposition",
                    str_fmt(ctx->arena, "attachment; filename=\"readings-%s.csv\"", range->word));
    http_answer(x, 200, STR("text/csv; charset=utf-8"), buf_str(&text));
}

static const char *const range_params[] = {"range", "lang", NULL};
static const char *const list_params[] = {"page", "lang", NULL};

PAGE_ANSWERS(readings_answers, {200, "text/csv", NULL});

const HttpRoute page_gauge_rows[] = {
    {HTTP_GET, "/gauges", gauges_get, HTTP_POOL, 0, GATE_PUBLIC, "Gauges", "River levels",
     list_params, NULL, page_shown},
    {HTTP_GET, "/gauges/{id}", gauge_get, HTTP_POOL, 0, GATE_PUBLIC, "Gauges",
     "A gauge and its history", range_params, NULL, page_shown},
    {HTTP_GET, "/gauges/{id}/readings.csv", readings_get, HTTP_POOL, 0, GATE_PUBLIC, "Gauges",
     "Readings of a gauge as CSV", range_params, NULL, readings_answers},
};
ROWS(page_gauge_count, page_gauge_rows);
