/* temporal: the evolution of entities over time (clauses 5.6.11 to 5.6.16, 5.7.3, 5.7.4, 6.18
 * to 6.22). */
#include "broker_int.h"

enum { INSTANCES_MAX = 100000, TEMPORAL_LIMIT = 20, TEMPORAL_MAX = 1000 };

/* ---- reading evolutions ---- */

static Rc window_read(Request *request, const Json *body, TemporalQuery *out) {
    static const struct {
        const char *name;
        size_t offset;
    } params[] = {
        {"timerel", offsetof(TemporalSource, timerel)},
        {"timeAt", offsetof(TemporalSource, time_at)},
        {"endTimeAt", offsetof(TemporalSource, end_time_at)},
        {"timeproperty", offsetof(TemporalSource, timeproperty)},
    };
    TemporalSource source = {.last_n = http_query_or(request->x, "lastN", STR_NONE)};
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        Str *to = (Str *)(void *)((char *)&source + params[i].offset);
        *to = body ? json_get_str(body, params[i].name)
                   : http_query_or(request->x, params[i].name, STR_NONE);
    }
    return match_temporal(request->ctx, &source, out);
}

static void temporal_options(Request *request, RenderOptions *options) {
    options->temporal = true;
    options->temporal_values =
        request_option(request, "temporalValues") ||
        str_eq(http_query_or(request->x, "format", STR_NONE), STR("temporalValues")) ||
        options->format == RENDER_SIMPLIFIED;
    if (options->temporal_values) options->format = RENDER_NORMALIZED;
}

/* Personal attributes have no rows of history; what is left is masked like the entity itself. */
static Rc evolution_read(Request *request, Str id, const TemporalQuery *window, History *out) {
    Ctx *ctx = request->ctx;
    HistoryQuery query = {.id = id, .window = *window, .limit = INSTANCES_MAX};
    request_terms(request, http_query_or(request->x, "attrs", STR_NONE), &query.attrs);
    TRY(project_history(ctx, request->tenant->project, &query, out));
    const Entity *shown = gate_view(ctx, NULL, out->entity);
    if (!shown)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-history", id,
                        "There is no temporal evolution of this entity.");
    out->entity = (Entity *)shown;
    return RC_OK;
}

/* A cut answer says so and tells which part it is (clause 6.3.10, 206 with Content-Range). */
static int evolution_status(Request *request, const History *histories, size_t n) {
    Arena *arena = request->ctx->arena;
    int64_t first = TIME_NONE, last = TIME_NONE;
    bool cut = false;
    for (size_t i = 0; i < n; i++) {
        cut = cut || histories[i].cut;
        if (histories[i].first == TIME_NONE) continue;
        if (first == TIME_NONE || histories[i].first < first) first = histories[i].first;
        if (last == TIME_NONE || histories[i].last > last) last = histories[i].last;
    }
    if (!cut || first == TIME_NONE) return 200;
    Str from = time_format(arena, first), to = time_format(arena, last);
    http_set_header(
        request->x, "Content-Range",
        str_fmt(arena, "date-time " STR_FMT "-" STR_FMT "/*", STR_ARG(from), STR_ARG(to)));
    return 206;
}

static Rc retrieve(Request *request, History *history, RenderOptions *options) {
    TemporalQuery window;
    Str id = http_path_param(request->x, "entityId");
    if (!entity_id_ok(id))
        return ctx_fail(request->ctx, RC_INVALID, "bad-id", STR("entityId"),
                        "An entity's id is a URI.");
    TRY(window_read(request, NULL, &window));
    TRY(request_render_options(request, NULL, options));
    temporal_options(request, options);
    return evolution_read(request, id, &window, history);
}

void temporal_get(HttpExchange *x) {
    Request *request;
    History history;
    RenderOptions options;
    Rc rc = request_open(x, &request);
    if (rc == RC_OK) rc = retrieve(request, &history, &options);
    if (rc != RC_OK) {
        request_fail(request);
        return;
    }
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    render_entity(&body, request->context, history.entity, &options, request->ctx->scratch);
    if (request->accept == ACCEPT_GEO_JSON) request->accept = ACCEPT_JSON;
    request_answer(request, evolution_status(request, &history, 1), buf_str(&body));
}

/* ---- querying: which entities is decided on what they are now ---- */

typedef struct Evolutions {
    VEC(History) items;
    bool more;
} Evolutions;

static Rc evolutions_read(Request *request, const ProjectAnswer *entities,
                          const TemporalQuery *window, Evolutions *out) {
    bool bounded = window->rel != TEMPORAL_ANY;
    for (size_t i = 0; i < entities->entities.len; i++) {
        History history;
        Rc rc = evolution_read(request, entities->entities.items[i]->id, window, &history);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        if (!bounded || history.entity->attrs.len)
            vec_push(request->ctx->arena, &out->items, history);
    }
    out->more = entities->more;
    return RC_OK;
}

static Rc query_read(Request *request, const Json *body, Evolutions *out, RenderOptions *options) {
    TemporalQuery window;
    ProjectAnswer entities;
    const Json *temporal = body ? json_get(body, STR("temporalQ")) : NULL;
    if (body && !temporal)
        return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("temporalQ"),
                        "A temporal query needs temporalQ.");
    TRY(window_read(request, temporal, &window));
    if (window.rel == TEMPORAL_ANY && !window.last_n)
        return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("timerel"),
                        "Say of which time: timerel and timeAt.");
    TRY(request_render_options(request, body, options));
    temporal_options(request, options);
    TRY(query_entities(request, body, &entities));
    return evolutions_read(request, &entities, &window, out);
}

static void query_answer(HttpExchange *x, bool by_body) {
    Request *request;
    RenderOptions options;
    Evolutions evolutions = {0};
    Rc rc = request_open(x, &request);
    if (rc == RC_OK)
        rc = query_read(request, by_body ? request->payload : NULL, &evolutions, &options);
    if (rc != RC_OK) {
        request_fail(request);
        return;
    }
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    buf_add_char(&body, '[');
    for (size_t i = 0; i < evolutions.items.len; i++) {
        if (i) buf_add_char(&body, ',');
        render_entity(&body, request->context, evolutions.items.items[i].entity, &options,
                      request->ctx->scratch);
    }
    buf_add_char(&body, ']');
    if (buf_rc(&body) != RC_OK) {
        (void)ctx_fail(
            request->ctx, RC_LIMIT, "too-large", STR("limit"),
            "The answer is larger than 64 MiB: ask for fewer entities or a shorter time.");
        request_fail(request);
        return;
    }
    if (request->accept == ACCEPT_GEO_JSON) request->accept = ACCEPT_JSON;
    request_answer(request, evolution_status(request, evolutions.items.items, evolutions.items.len),
                   buf_str(&body));
}

void temporal_query(HttpExchange *x) {
    query_answer(x, false);
}

void temporal_query_post(HttpExchange *x) {
    query_answer(x, true);
}

/* ---- writing evolutions ---- */

/* What the answer of a write needs. */
typedef struct Recording {
    Str id;
    bool appended;
} Recording;

static void answer_recorded(Request *request, const Outcome *outcome, void *arg) {
    const Recording *recording = arg;
    bool existed = outcome->result && json_get_bool(outcome->result, "existed", false);
    if (recording->appended || existed) {
        request_answer_empty(request, 204);
        return;
    }
    Str id = http_url_encode(request->ctx->arena, recording->id);
    http_set_header(
        request->x, "Location",
        str_fmt(request->ctx->arena, "/ngsi-ld/v1/temporal/entities/" STR_FMT, STR_ARG(id)));
    request_answer_empty(request, 201);
}

static void record(HttpExchange *x, HttpHandler handler, bool append) {
    Request *request;
    Entity *fragment = NULL;
    Rc rc = request_open(x, &request);
    if (request_moved(x, rc, handler)) return;
    Ctx *ctx = request->ctx;
    if (rc == RC_OK)
        rc = entity_read(ctx, request->context, request->payload, ENTITY_TEMPORAL, &fragment);
    if (rc == RC_OK && append) fragment->id = http_path_param(x, "entityId");
    if (rc == RC_OK && (!entity_id_ok(fragment->id) || (!append && !fragment->types.len)))
        rc = ctx_fail(ctx, RC_INVALID, "bad-id", STR("id"),
                      "A temporal evolution needs the id (a URI) and type of its entity.");
    if (rc != RC_OK) {
        request_fail(request);
        return;
    }
    Recording *recording = NEW(ctx->arena, Recording);
    Command *command = broker_command(request, STR("temporal.record"));
    PartEntity *part = part_entity(request, command, fragment->id);
    part->fragment = fragment;
    *recording = (Recording){.id = fragment->id, .appended = append};
    command_add(command, &part_temporal_record, part);
    broker_submit(request, command, handler, answer_recorded, recording);
}

void temporal_create(HttpExchange *x) {
    record(x, temporal_create, false);
}

void temporal_append(HttpExchange *x) {
    record(x, temporal_append, true);
}
