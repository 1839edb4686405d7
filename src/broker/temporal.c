/* temporal: the evolution of entities over time (clauses 5.6.11 to 5.6.16, 5.7.3, 5.7.4, 6.18
 * to 6.22). */
#include "broker_int.h"

enum { INSTANCES_MAX = 100000, PAGE_INSTANCES_MAX = 500000, SCAN_PAGE = 200 };

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
    const Json *last_n = body ? json_get(body, STR("lastN")) : NULL;
    if (last_n) {
        Buf text = buf_new(request->ctx->arena, 64);
        json_write(&text, last_n);
        source.last_n = buf_str(&text);
    }
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        Str *to = (Str *)(void *)((char *)&source + params[i].offset);
        *to = body ? json_get_str(body, params[i].name)
                   : http_query_or(request->x, params[i].name, STR_NONE);
    }
    return match_temporal(request->ctx, &source, out);
}

/* A temporal answer: normalized, values alone, or aggregated (clauses 4.5.7, 4.5.9, 4.5.19). */
typedef struct Asked {
    TemporalQuery window;
    RenderOptions options;
    Aggregate aggregate;
} Asked;

static bool wants(const Request *request, const char *format) {
    return request_option(request, format) ||
           str_eq(http_query_or(request->x, "format", STR_NONE), str_of(format));
}

static Str listed(Request *request, const Json *body, const char *name) {
    const Json *value = body ? json_get(body, str_of(name)) : NULL;
    if (!value) return http_query_or(request->x, name, STR_NONE);
    StrVec words = {0};
    for (size_t i = 0; value->kind == JSON_ARRAY && i < value->len; i++)
        vec_push(request->ctx->arena, &words, json_str(json_at(value, i)));
    return words.len ? str_join(request->ctx->arena, words.items, words.len, STR(","))
                     : json_str(value);
}

/* body: the temporalQ of a query, which may bring the aggregation along; or its aggrParams do
 * (clauses 5.2.21, 5.2.44). */
static Rc asked_read(Request *request, const Json *query, const Json *body, Asked *out) {
    static const uint8_t times[] = {[TEMPORAL_OBSERVED] = RENDER_OBSERVED,
                                    [TEMPORAL_CREATED] = RENDER_CREATED,
                                    [TEMPORAL_MODIFIED] = RENDER_MODIFIED,
                                    [TEMPORAL_DELETED] = RENDER_DELETED};
    TRY(window_read(request, body, &out->window));
    TRY(request_render_options(request, query, &out->options));
    out->options.temporal = true;
    out->options.time = times[out->window.property];
    out->options.temporal_values =
        wants(request, "temporalValues") || out->options.format == RENDER_SIMPLIFIED;
    if (out->options.temporal_values) out->options.format = RENDER_NORMALIZED;
    const Json *params = query ? json_get(query, STR("aggrParams")) : NULL;
    if (!params) params = body;
    Str methods = listed(request, params, "aggrMethods"),
        period = listed(request, params, "aggrPeriodDuration");
    if (!wants(request, "aggregatedValues") && str_empty(methods) && str_empty(period))
        return RC_OK;
    return aggregate_read(request, methods, period, &out->aggregate);
}

static Rc evolution_write(Request *request, const Asked *asked, const Entity *entity, Buf *body) {
    Aggregation aggregation = {&asked->aggregate, &asked->window, &asked->options, 0, 0};
    if (asked->aggregate.asked) return aggregate_write(request, &aggregation, entity, body);
    render_entity(body, request->context, entity, &asked->options, request->ctx->scratch);
    return RC_OK;
}

static Rc body_whole(Request *request, const Buf *body) {
    if (buf_rc(body) == RC_OK) return RC_OK;
    return ctx_fail(request->ctx, RC_LIMIT, "answer-too-large", STR("limit"),
                    "The answer is larger than 64 MiB: ask for fewer entities or a shorter time.");
}

/* Personal attributes have no rows of history; what is left is masked like the entity itself. */
static Rc evolution_read(Request *request, Str id, const TemporalQuery *window, History *out) {
    Ctx *ctx = request->ctx;
    HistoryQuery query = {.id = id, .window = *window, .limit = INSTANCES_MAX};
    TRY(request_terms(request, "attrs", http_query_or(request->x, "attrs", STR_NONE),
                      &query.attrs));
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

static Rc retrieve(Request *request, Asked *asked, History *history) {
    Str id = http_path_param(request->x, "entityId");
    if (!entity_id_ok(id))
        return ctx_fail(request->ctx, RC_INVALID, "bad-id", STR("entityId"),
                        "An entity's id is a URI.");
    TRY(asked_read(request, NULL, NULL, asked));
    TRY(evolution_read(request, id, &asked->window, history));
    if (shape_leaves(&asked->options, history->entity)) return RC_OK;
    return ctx_fail(request->ctx, RC_NOT_FOUND, "no-attribute", STR("pick"),
                    "The evolution has none of these members.");
}

void temporal_get(HttpExchange *x) {
    Request *request;
    History history;
    Asked asked = {0};
    Buf body = buf_new(http_ctx(x)->arena, BROKER_ANSWER_MAX);
    Rc rc = request_open(x, &request);
    if (rc == RC_OK) rc = retrieve(request, &asked, &history);
    if (rc == RC_OK) rc = evolution_write(request, &asked, history.entity, &body);
    if (rc == RC_OK) rc = body_whole(request, &body);
    if (rc == RC_OK)
        request_answer(request, evolution_status(request, &history, 1), buf_str(&body));
    else
        request_fail(request);
}

/* ---- querying: which entities is decided on what they are now ---- */

typedef struct Evolutions {
    VEC(History) items;
    size_t instances; /* of all items */
    Page page;
    ProjectAnswer told; /* more and count of evolutions, for the headers */
} Evolutions;

/* *within: it is one of the page's, and stays. */
static Rc evolution_take(Request *request, const Asked *asked, Str id, Evolutions *out,
                         bool *within) {
    History history;
    const Page *page = &out->page;
    Rc rc = evolution_read(request, id, &asked->window, &history);
    *within = false;
    if (rc == RC_NOT_FOUND) request->ctx->error = (Error){0};
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    bool bounded = asked->window.rel != TEMPORAL_ANY;
    if (bounded && !history.entity->attrs.len) return RC_OK;
    if (!shape_leaves(&asked->options, history.entity)) return RC_OK;
    size_t at = out->told.count++;
    *within = at >= (size_t)page->offset && at < (size_t)(page->offset + page->limit);
    out->told.more = out->told.more || at >= (size_t)(page->offset + page->limit);
    if (!*within) return RC_OK;
    vec_push(request->ctx->arena, &out->items, history);
    out->instances += history.entity->attrs.len;
    if (out->instances <= PAGE_INSTANCES_MAX) return RC_OK;
    return ctx_fail(request->ctx, RC_LIMIT, "answer-too-large", STR("limit"),
                    "These evolutions have more than %d instances: ask for fewer entities at a "
                    "time, or for a shorter time.",
                    PAGE_INSTANCES_MAX);
}

/* What is only counted or skipped leaves nothing behind. */
static Rc evolutions_take(Request *request, const Asked *asked, const ProjectAnswer *found,
                          Evolutions *out) {
    Ctx *ctx = request->ctx;
    for (size_t i = 0; i < found->entities.len; i++) {
        ArenaMark mark = arena_mark(ctx->arena);
        bool within;
        TRY(ctx_check_deadline(ctx));
        TRY(evolution_take(request, asked, found->entities.items[i]->id, out, &within));
        if (!within) arena_rewind(ctx->arena, mark);
    }
    return RC_OK;
}

/* Entities that have no evolution in the window take no place of a page. */
static Rc evolutions_read(Request *request, const Json *body, const Asked *asked, Evolutions *out) {
    Str after = STR_NONE;
    bool more = true;
    TRY(query_page(request, &out->page));
    while (more && (out->page.count || !out->told.more)) {
        ProjectAnswer found;
        TRY(query_page_after(request, body, &(Page){.limit = SCAN_PAGE, .after = after}, &found));
        TRY(evolutions_take(request, asked, &found, out));
        more = found.more && found.entities.len;
        if (more) after = found.entities.items[found.entities.len - 1]->id;
    }
    return RC_OK;
}

static Rc query_read(Request *request, const Json *body, Evolutions *out, Asked *asked) {
    const Json *temporal = body ? json_get(body, STR("temporalQ")) : NULL;
    if (body && !temporal)
        return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("temporalQ"),
                        "A temporal query needs temporalQ.");
    TRY(query_order_by_id(request, body));
    TRY(asked_read(request, body, temporal, asked));
    if (asked->window.rel == TEMPORAL_ANY && !asked->window.last_n)
        return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("timerel"),
                        "Say of which time: timerel and timeAt.");
    return evolutions_read(request, body, asked, out);
}

static Rc evolutions_write(Request *request, const Asked *asked, const Evolutions *evolutions,
                           Buf *body) {
    buf_add_char(body, '[');
    for (size_t i = 0; i < evolutions->items.len; i++) {
        if (i) buf_add_char(body, ',');
        TRY(evolution_write(request, asked, evolutions->items.items[i].entity, body));
    }
    buf_add_char(body, ']');
    return body_whole(request, body);
}

static void query_answer(HttpExchange *x, bool by_body) {
    Request *request;
    Asked asked = {0};
    Evolutions evolutions = {0};
    Buf body = buf_new(http_ctx(x)->arena, BROKER_ANSWER_MAX);
    Rc rc = request_open(x, &request);
    if (rc == RC_OK)
        rc = query_read(request, by_body ? request->payload : NULL, &evolutions, &asked);
    if (rc == RC_OK) rc = evolutions_write(request, &asked, &evolutions, &body);
    if (rc == RC_OK) rc = query_page_headers(request, &evolutions.page, &evolutions.told);
    if (rc != RC_OK) {
        request_fail(request);
        return;
    }
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
    const Match *selector = NULL;
    Rc rc = request_open(x, &request);
    if (request_moved(x, rc, handler)) return;
    Ctx *ctx = request->ctx;
    if (rc == RC_OK) rc = request_selector(request, &selector);
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
    bool recorded = true;
    if (!append) rc = project_has_history(ctx, request->tenant->project, fragment->id, &recorded);
    if (request_moved(x, rc, handler)) return;
    if (rc != RC_OK) {
        request_fail(request);
        return;
    }
    Recording *recording = NEW(ctx->arena, Recording);
    Command *command = broker_command(request, STR("temporal.record"));
    PartEntity *part = part_entity(request, command, fragment->id);
    part->fragment = fragment;
    part->unrecorded = !recorded;
    part->selector = selector;
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
