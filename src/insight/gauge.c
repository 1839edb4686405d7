/* gauge: river gauges as they stand, and their history. */
#include "insight_int.h"

#include <stdlib.h>

enum { GAUGES_MAX = 10000, SPANS_MAX = 300 };

/* ---- listing ---- */

Rc insight_list(Ctx *ctx, const Listed *what, ProjectAnswer *out) {
    ProjectWish wish = {.type = str_of(what->types), .limit = what->limit, .view = gate_view};
    return project_find(ctx, &wish, out);
}

/* ---- thresholds: the dictionary names them beside the series ---- */

static void threshold_add(Arena *arena, Gauge *gauge, const DictAttr *attr, const Attr *value,
                          TileLevel level) {
    if (!attr || !value || !value->value || value->value->kind != JSON_NUMBER) return;
    vec_push(arena, &gauge->thresholds,
             (Threshold){attr->label_ja, attr->label_en, json_number(value->value), level});
}

/* From the lower half of the thresholds on one watches, from the upper half on one is warned. */
static void thresholds_of(Ctx *ctx, const Entity *entity, Gauge *gauge) {
    const DictType *type = dictionary_type(ctx->tenant->dictionary, IRI("RiverGauge"));
    const DictAttr *series = type ? dictionary_attr(type, IRI("waterLevel")) : NULL;
    const Json *chart = series && series->source ? json_get(series->source, STR("chart")) : NULL;
    const Json *terms = json_get(chart, STR("thresholds"));
    for (size_t i = 0; terms && i < terms->len; i++) {
        Str iri = ld_expand(ld_core(), ctx->arena, json_str(json_at(terms, i)));
        threshold_add(ctx->arena, gauge, dictionary_attr(type, iri), entity_attr(entity, iri),
                      i * 2 < terms->len ? LEVEL_WARN : LEVEL_BAD);
    }
}

Gauge gauge_of(Ctx *ctx, const Entity *entity) {
    Gauge gauge = {.id = entity->id,
                   .name = entity_text(entity, IRI("name")),
                   .name_en = entity_text(entity, IRI("nameEn")),
                   .river = entity_text(entity, IRI("river")),
                   .river_en = entity_text(entity, IRI("riverEn")),
                   .address = entity_text(entity, IRI("address")),
                   .administrator = entity_text(entity, IRI("administrator")),
                   .source = entity_text(entity, IRI("url")),
                   .at = TIME_NONE};
    if (str_empty(gauge.name)) gauge.name = entity_text(entity, IRI("number"));
    if (str_empty(gauge.name)) gauge.name = entity->id;
    if (str_empty(gauge.name_en)) gauge.name_en = gauge.name;
    if (str_empty(gauge.river_en)) gauge.river_en = gauge.river;
    thresholds_of(ctx, entity, &gauge);
    const Attr *level = entity_attr(entity, IRI("waterLevel"));
    gauge.measured = level && level->value && level->value->kind == JSON_NUMBER;
    if (!gauge.measured) return gauge;
    gauge.level = json_number(level->value);
    gauge.at = level->observed_at != TIME_NONE ? level->observed_at : level->modified_at;
    bool fresh = gauge.at != TIME_NONE && time_now(ctx->clock) - gauge.at <= GAUGE_FRESH;
    gauge.state = fresh ? level_of(&gauge.thresholds, gauge.level) : LEVEL_OLD;
    return gauge;
}

/* How close the water is to the first threshold: the higher the more pressing. */
static double pressure(const Gauge *gauge) {
    if (!gauge->measured) return -1e9;
    return gauge->thresholds.len ? gauge->level - gauge->thresholds.items[0].value : -1e6;
}

static int urgency(TileLevel level) {
    static const int order[] = {
        [LEVEL_NONE] = 1, [LEVEL_OK] = 2, [LEVEL_WARN] = 3, [LEVEL_BAD] = 4, [LEVEL_OLD] = 0};
    return order[level];
}

/* Old readings come late, the newest of them first; gauges that were never read come last. */
static int by_urgency(const void *a, const void *b) {
    const Gauge *x = a, *y = b;
    if (x->measured != y->measured) return y->measured - x->measured;
    int apart = urgency(y->state) - urgency(x->state);
    if (apart) return apart;
    if (x->state == LEVEL_OLD && x->at != y->at) return x->at < y->at ? 1 : -1;
    double px = pressure(x), py = pressure(y);
    return px > py ? -1 : px < py ? 1 : str_cmp(x->id, y->id);
}

Rc insight_gauges(Ctx *ctx, Gauges *out) {
    ProjectAnswer answer;
    *out = (Gauges){0};
    TRY(insight_list(ctx, &(Listed){"RiverGauge", GAUGES_MAX}, &answer));
    if (answer.more)
        return ctx_fail(ctx, RC_LIMIT, "too-many-gauges", STR_NONE,
                        "More than %d gauges are not shown at once: ask the API for them.",
                        GAUGES_MAX);
    for (size_t i = 0; i < answer.entities.len; i++)
        vec_push(ctx->arena, out, gauge_of(ctx, answer.entities.items[i]));
    if (out->len) qsort(out->items, out->len, sizeof *out->items, by_urgency);
    return RC_OK;
}

Rc insight_gauge(Ctx *ctx, Str id, Gauge *out) {
    const Entity *entity;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    if (rc == RC_OK && entity_has_type(entity, IRI("RiverGauge")))
        entity = gate_view(ctx, NULL, entity);
    else
        entity = NULL;
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (!entity)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-gauge", STR_NONE, "There is no such gauge.");
    *out = gauge_of(ctx, entity);
    return RC_OK;
}

/* ---- history ---- */

typedef struct Drawing {
    Arena *arena;
    Spans *spans;
} Drawing;

static bool draw_reading(void *arg, int64_t at, double value) {
    const Drawing *drawing = arg;
    spans_add(drawing->arena, drawing->spans, at, value);
    return true;
}

Rc insight_history(Ctx *ctx, const Gauge *gauge, int64_t from, int64_t to, Spans *out) {
    *out = (Spans){.max = SPANS_MAX};
    Drawing drawing = {ctx->arena, out};
    ReadingsQuery query = {.id = gauge->id, .attr = IRI("waterLevel"), .from = from, .to = to};
    return project_readings(ctx, ctx->tenant->project, &query, draw_reading, &drawing);
}

typedef struct Listing {
    Arena *scratch;
    Buf *to;
} Listing;

static bool list_reading(void *arg, int64_t at, double value) {
    const Listing *listing = arg;
    ArenaMark mark = arena_mark(listing->scratch);
    Str utc = time_format(listing->scratch, at + TIME_JST);
    buf_add(listing->to, str_sub(utc, 0, 19));
    buf_add(listing->to, STR("+09:00,"));
    buf_add_f64(listing->to, value);
    buf_add(listing->to, STR("\r\n"));
    arena_rewind(listing->scratch, mark);
    return !listing->to->full;
}

Rc insight_csv(Ctx *ctx, const Gauge *gauge, int64_t from, int64_t to, Buf *out) {
    Listing listing = {ctx->scratch, out};
    ReadingsQuery query = {.id = gauge->id, .attr = IRI("waterLevel"), .from = from, .to = to};
    buf_add(out, STR("observedAt,waterLevel\r\n"));
    TRY(project_readings(ctx, ctx->tenant->project, &query, list_reading, &listing));
    if (!out->full) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "too-long", STR("range"),
                    "This range has more readings than one file holds: choose a shorter one.");
}
