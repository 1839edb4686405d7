/* query: entities by condition (clause 5.7.2), by address or by body (6.23). */
#include "broker_int.h"

#include <stdlib.h>

enum { LIMIT_DEFAULT = 20, LIMIT_MAX = 1000, LINK_MAX = 16384, SELECTORS_FEW = 32 };

/* Where the parameters of a query come from: the address, or a Query object in the body
 * (clause 5.2.23). */
typedef struct QuerySource {
    const Request *request;
    const Json *body; /* NULL: the address */
} QuerySource;

static Str source_text(const QuerySource *source, const char *name) {
    if (!source->body) return http_query_or(source->request->x, name, STR_NONE);
    const Json *value = json_get(source->body, str_of(name));
    if (!value) return STR_NONE;
    if (value->kind == JSON_STRING) return json_str(value);
    Buf text = buf_new(source->request->ctx->arena, BROKER_BODY_MAX);
    if (value->kind != JSON_ARRAY || !value->len || json_at(value, 0)->kind != JSON_STRING) {
        json_write(&text, value); /* coordinates */
        return buf_str(&text);
    }
    for (size_t i = 0; i < value->len; i++) {
        if (i) buf_add_char(&text, ',');
        buf_add(&text, json_str(json_at(value, i)));
    }
    return buf_str(&text);
}

static void split_into(Arena *arena, Str list, StrVec *out) {
    for (Str item; str_split(&list, ',', &item);)
        if (!str_empty(str_trim(item))) vec_push(arena, out, str_trim(item));
}

/* The selectors of a body (clause 5.2.33), each an alternative with all its own conditions. */
typedef struct Selectors {
    Match **items;
    size_t n;
    const RenderOptions
        *options; /* what shows nothing of an entity does not find it; may be NULL */
    bool late;    /* the deadline has passed over them */
} Selectors;

static void selector_source(Arena *arena, const Json *one, MatchSource *out) {
    const Json *id = json_get(one, STR("id"));
    *out = (MatchSource){.id_pattern = json_get_str(one, "idPattern"),
                         .type = json_get_str(one, "type")};
    for (size_t i = 0; id && id->kind == JSON_ARRAY && i < id->len; i++)
        vec_push(arena, &out->ids, json_str(json_at(id, i)));
    if (id && id->kind == JSON_STRING) vec_push(arena, &out->ids, json_str(id));
}

/* An empty member would be taken for none, and find everything; so would a selector that names
 * nothing. */
static Rc selector_says(Ctx *ctx, const Json *one) {
    static const Str names[] = {{"id", 2}, {"idPattern", 9}, {"type", 4}};
    bool says = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const Json *value = json_get(one, names[i]);
        bool list = value && value->kind == JSON_ARRAY && i == 0;
        if (value && ((value->kind != JSON_STRING && !list) || !value->len))
            return ctx_fail(ctx, RC_INVALID, "bad-query",
                            str_fmt(ctx->arena, "entities." STR_FMT, STR_ARG(names[i])),
                            "This is a text, of id also a list of them, and not empty.");
        says = says || value;
    }
    return says ? RC_OK
                : ctx_fail(ctx, RC_INVALID, "bad-query", STR("entities"),
                           "A selector is an object with id, idPattern or type.");
}

static void selectors_free(Selectors *selectors) {
    for (size_t i = 0; i < selectors->n; i++)
        match_free(selectors->items[i]);
}

static Rc selectors_compile(const QuerySource *source, Selectors *out) {
    const Json *entities = source->body ? json_get(source->body, STR("entities")) : NULL;
    Ctx *ctx = source->request->ctx;
    *out = (Selectors){0};
    if (!entities) return RC_OK;
    if (entities->kind != JSON_ARRAY || !entities->len)
        return ctx_fail(ctx, RC_INVALID, "bad-query", STR("entities"),
                        "entities is an array of selectors.");
    out->items = NEW_ARRAY(ctx->arena, Match *, entities->len);
    for (size_t i = 0; i < entities->len; i++) {
        MatchSource one;
        TRY(selector_says(ctx, json_at(entities, i)));
        selector_source(ctx->arena, json_at(entities, i), &one);
        TRY(match_compile(ctx, source->request->context, &one, &out->items[i]));
        out->n++;
    }
    return RC_OK;
}

/* What the actor may see, if one of the selectors takes it. Many of them take long for each entity,
 * and whoever goes through the entities asks for the time now and then only. */
static const Entity *selected_view(Ctx *ctx, void *arg, const Entity *entity) {
    Selectors *selectors = arg;
    if (selectors->n > SELECTORS_FEW && ctx_check_deadline(ctx) != RC_OK) selectors->late = true;
    if (selectors->late) return NULL;
    const Entity *shown = gate_view(ctx, NULL, entity);
    if (shown && selectors->options && !shape_leaves(selectors->options, shown)) return NULL;
    for (size_t i = 0; shown && i < selectors->n; i++)
        if (match_entity(selectors->items[i], shown, ctx->scratch)) return shown;
    return selectors->n ? NULL : shown;
}

/* What one selector says alone, or the types of several, narrow what the store proposes. */
static void selectors_read(const QuerySource *source, MatchSource *match) {
    const Json *entities = json_get(source->body, STR("entities"));
    Arena *arena = source->request->ctx->arena;
    StrVec types = {0};
    for (size_t i = 0; entities && i < entities->len; i++) {
        MatchSource one;
        selector_source(arena, json_at(entities, i), &one);
        if (entities->len == 1) match->ids = one.ids;
        if (!str_empty(one.type) && !str_eq(one.type, STR("*")))
            vec_push(arena, &types, str_fmt(arena, "(" STR_FMT ")", STR_ARG(one.type)));
    }
    if (types.len && types.len == entities->len)
        match->type = str_join(arena, types.items, types.len, STR("|"));
}

static void match_source(const QuerySource *source, MatchSource *out) {
    Arena *arena = source->request->ctx->arena;
    QuerySource geo = {source->request, source->body ? json_get(source->body, STR("geoQ")) : NULL};
    const QuerySource *where = source->body ? &geo : source;
    *out = (MatchSource){.q = source_text(source, "q"),
                         .scope_q = source_text(source, "scopeQ"),
                         .expand_values = source_text(source, "expandValues")};
    if (!source->body) {
        split_into(arena, source_text(source, "id"), &out->ids);
        out->id_pattern = source_text(source, "idPattern");
        out->type = source_text(source, "type");
    } else {
        selectors_read(source, out);
    }
    split_into(arena, source_text(source, "attrs"), &out->attrs);
    if (source->body && !geo.body) return;
    out->geometry = source_text(where, "geometry");
    out->georel = source_text(where, "georel");
    out->geoproperty = source_text(where, "geoproperty");
    out->coordinates = source_text(where, "coordinates");
}

static bool local_only(const Request *request) {
    return str_eq(http_query_or(request->x, "local", STR_NONE), STR("true"));
}

/* A query has to name types, attributes that are not the system's, a geometry or a scope; or keep
 * to this broker (clause 5.7.2.4). Ids alone are no query. */
static Rc not_too_wide(const Request *request, const MatchSource *source, const Match *match) {
    bool any = !str_empty(source->type) || match_attrs(match)->len || !str_empty(source->georel) ||
               !str_empty(source->scope_q) || local_only(request);
    bool denied = str_eq(source->type, STR("*")) &&
                  str_eq(http_query_or(request->x, "local", STR_NONE), STR("false"));
    if (denied)
        return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("local"),
                        "type=* asks this broker alone: local=false contradicts it.");
    if (any) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR_NONE,
                    "Ask for a type, attributes, q, georel or scopeQ, or add local=true.");
}

/* A filter of context sources: nothing is forwarded, so it is only held to its grammar. */
static Rc csf_check(const QuerySource *source) {
    MatchSource csf = {.q = source_text(source, "csf")};
    Match *match = NULL;
    if (str_empty(csf.q)) return RC_OK;
    Rc rc = match_compile(source->request->ctx, source->request->context, &csf, &match);
    match_free(match);
    return rc;
}

static Rc attrs_named(const Request *request, const MatchSource *source) {
    for (size_t i = 0; i < source->attrs.len; i++)
        if (!entity_name_valid(source->attrs.items[i]))
            return ctx_fail(request->ctx, RC_INVALID, "bad-name", STR("attrs"),
                            "attrs is a list of names of attributes.");
    return RC_OK;
}

/* What a Query may ask for in the standard and is not done here; false asks for nothing. */
static Rc body_supported(const Request *request, const Json *body) {
    static const char *const members[] = {"entityMap", "splitEntities", "entityMapLifetime"};
    for (size_t i = 0; body && i < sizeof members / sizeof *members; i++) {
        const Json *value = json_get(body, str_of(members[i]));
        if (!value || !json_get_bool(body, members[i], true)) continue;
        return ctx_fail(request->ctx, RC_INVALID, "not-supported", str_of(members[i]),
                        "Entity maps and split entities are not made here.");
    }
    return RC_OK;
}

/* Members of a Query that are of another kind than table 5.2.23-1 says. */
static Rc body_check(const Request *request, const Json *body, bool temporal) {
    static const struct {
        Str name;
        JsonKind kind;
    } members[] = {
        {{"entities", 8}, JSON_ARRAY},   {{"attrs", 5}, JSON_ARRAY},
        {{"pick", 4}, JSON_ARRAY},       {{"omit", 4}, JSON_ARRAY},
        {{"q", 1}, JSON_STRING},         {{"scopeQ", 6}, JSON_STRING},
        {{"csf", 3}, JSON_STRING},       {{"geoQ", 4}, JSON_OBJECT},
        {{"lang", 4}, JSON_STRING},      {{"join", 4}, JSON_STRING},
        {{"joinLevel", 9}, JSON_NUMBER}, {{"containedBy", 11}, JSON_ARRAY},
        {{"ordering", 8}, JSON_OBJECT},
    };
    for (size_t i = 0; body && i < sizeof members / sizeof *members; i++) {
        const Json *value = json_get(body, members[i].name);
        bool list = value && value->kind == JSON_ARRAY;
        bool text = value && value->kind == JSON_STRING;
        if (value && (value->kind != members[i].kind || ((list || text) && !value->len)))
            return ctx_fail(request->ctx, RC_INVALID, "bad-query", members[i].name,
                            "This member of a Query is of another kind, or empty.");
        if (list)
            TRY(request_bound(request->ctx, "too-complex", members[i].name, value->len,
                              BROKER_NAMES_MAX));
    }
    TRY(body_supported(request, body));
    if (!body || temporal || !json_get(body, STR("temporalQ"))) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("temporalQ"),
                    "temporalQ belongs to queries of temporal evolutions.");
}

static Rc number_param(const Request *request, const char *name, int64_t low, int64_t high,
                       int64_t *value) {
    Str text;
    if (!http_query(request->x, name, &text)) return RC_OK;
    if (str_to_i64(text, value) && *value >= low && *value <= high) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-number", str_of(name),
                    "This is a whole number from %lld to %lld.", (long long)low, (long long)high);
}

Rc query_page(const Request *request, Page *page) {
    *page = (Page){.limit = LIMIT_DEFAULT};
    page->count = str_eq(http_query_or(request->x, "count", STR_NONE), STR("true")) ||
                  request_option(request, "count");
    TRY(number_param(request, "limit", 0, LIMIT_MAX, &page->limit));
    TRY(number_param(request, "offset", 0, INT32_MAX, &page->offset));
    if (page->limit > 0 || page->count) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-number", STR("limit"),
                    "limit=0 goes with count=true only.");
}

/* ---- the answer ---- */

typedef struct LinkParam {
    Str name, value;
} LinkParam;

static int by_name(const void *a, const void *b) {
    return str_cmp(((const LinkParam *)a)->name, ((const LinkParam *)b)->name);
}

/* Parameters in the order of their names, so that a page has one address. */
static void link_page(const Request *request, Buf *links, int64_t offset, const char *rel) {
    Arena *arena = request->ctx->arena;
    const HttpExchange *x = request->x;
    size_t n = 0;
    LinkParam *params = NEW_ARRAY(arena, LinkParam, http_query_count(x) + 1);
    for (size_t i = 0; i < http_query_count(x); i++) {
        http_query_at(x, i, &params[n].name, &params[n].value);
        n += !str_eq(params[n].name, STR("offset"));
    }
    params[n++] = (LinkParam){STR("offset"), str_fmt(arena, "%lld", (long long)offset)};
    qsort(params, n, sizeof *params, by_name);
    if (links->len) buf_add(links, STR(", "));
    buf_addf(links, "<" STR_FMT, STR_ARG(http_path(x)));
    for (size_t i = 0; i < n; i++) {
        buf_add_char(links, i ? '&' : '?');
        buf_add(links, http_url_encode(arena, params[i].name));
        buf_add_char(links, '=');
        buf_add(links, http_url_encode(arena, params[i].value));
    }
    buf_addf(links, ">; rel=\"%s\"; type=\"%s\"", rel, request_media(request));
}

/* Clause 6.3.10. */
Rc query_page_headers(Request *request, const Page *page, const ProjectAnswer *answer) {
    Arena *arena = request->ctx->arena;
    Buf links = buf_new(arena, BROKER_ANSWER_MAX);
    if (page->count)
        http_set_header(request->x, "NGSILD-Results-Count", str_fmt(arena, "%zu", answer->count));
    if (page->offset > 0)
        link_page(request, &links, page->offset > page->limit ? page->offset - page->limit : 0,
                  "prev");
    if (answer->more && page->limit) link_page(request, &links, page->offset + page->limit, "next");
    if (links.len >= LINK_MAX)
        return ctx_fail(request->ctx, RC_LIMIT, "long-link", STR_NONE,
                        "The addresses of the pages around this one would be too long: send the "
                        "query to /ngsi-ld/v1/entityOperations/query.");
    if (links.len) http_add_header(request->x, "Link", buf_str(&links));
    return RC_OK;
}

static Rc drawing_begin(Request *request, const Json *body, Drawing *drawing, Linked *linked) {
    TRY(request_linked_options(request, body, &drawing->whole, linked));
    drawing->each = drawing->whole;
    if (drawing->whole.geojson) drawing->each.at_context = NULL;
    drawing->kept = (Rendering){.erasures = ledger_erasures(request->tenant->ledger)};
    drawing->keeps = !linked->levels && kept_key(request, &drawing->each, &drawing->kept.key);
    return RC_OK;
}

static void write_entity(Request *request, const Drawing *drawing, const Entity *entity,
                         Buf *body) {
    size_t from = body->len;
    render_entity(body, request->context, entity, &drawing->each, request->ctx->scratch);
    if (!drawing->keeps || body->full || gate_is_look(request->ctx, entity)) return;
    Rendering rendering = drawing->kept;
    rendering.bytes = str_sub(buf_str(body), from, body->len);
    kept_put(request, entity, &rendering);
}

static void write_entities(Request *request, const ProjectAnswer *answer, const Drawing *drawing,
                           const Linked *linked, Buf *body) {
    const RenderOptions *options = &drawing->whole;
    if (options->geojson) buf_add(body, STR("{\"type\":\"FeatureCollection\",\"features\":"));
    buf_add_char(body, '[');
    for (size_t i = 0; i < answer->entities.len; i++) {
        if (i) buf_add_char(body, ',');
        if (answer->entities.items[i])
            write_entity(request, drawing, answer->entities.items[i], body);
        else
            buf_add(body, *answer->kept.items[i]);
    }
    LinkedAnswer beside = {answer->entities.items, answer->entities.len, &drawing->each};
    if (answer->entities.len) linked_write(request, linked, &beside, body);
    buf_add_char(body, ']');
    if (!options->geojson) return;
    if (options->at_context) {
        buf_add(body, STR(",\"@context\":"));
        json_write(body, options->at_context);
    }
    buf_add_char(body, '}');
}

static Rc order_read(const QuerySource *asked, OrderBy **out) {
    const Json *ordering = asked->body ? json_get(asked->body, STR("ordering")) : NULL;
    QuerySource inner = {asked->request, ordering};
    const QuerySource *source = ordering ? &inner : asked;
    OrderSource by = {.order_by = source_text(source, "orderBy"),
                      .collation = source_text(source, "collation"),
                      .order_from = source_text(source, "orderFrom"),
                      .order_geometry = source_text(source, "orderGeometry")};
    if (str_empty(by.order_by) && str_empty(by.collation) && str_empty(by.order_from) &&
        str_empty(by.order_geometry))
        return RC_OK;
    if (str_empty(by.order_by))
        return ctx_fail(source->request->ctx, RC_INVALID, "bad-query", STR("orderBy"),
                        "collation, orderFrom and orderGeometry go with orderBy.");
    return match_order(source->request->ctx, source->request->context, &by, out);
}

/* What is kept was no look when it was drawn, so it is none now. */
static Rc answer_look(Ctx *ctx, const ProjectAnswer *answer) {
    size_t n = 0;
    const Entity **drawn = NEW_ARRAY(ctx->arena, const Entity *, answer->entities.len + 1);
    for (size_t i = 0; i < answer->entities.len; i++)
        if (answer->entities.items[i]) drawn[n++] = answer->entities.items[i];
    return gate_look(ctx, drawn, n, STR("NGSI-LD API"));
}

/* What may stand for entities, and the page that may be kept. */
typedef struct Shortcut {
    const RenderKey *kept; /* NULL: nothing */
    PageWish *wish;
    const RenderOptions *options;
} Shortcut;

/* Before anything is read. */
static void wish_begin(const Request *request, const Match *match, PageWish *wish) {
    const StrVec *types = &match_hint(match)->types;
    VEC_EACH (const Str, type, types)
        vec_push(request->ctx->arena, &wish->types, *type);
    wish->is_all = match_hint_is_all(match);
    wish->membership = ledger_membership(request->tenant->ledger, types);
}

static Rc query_run(const QuerySource *source, const Page *page, Shortcut shortcut,
                    ProjectAnswer *answer) {
    const Request *request = source->request;
    Ctx *ctx = request->ctx;
    MatchSource wanted;
    Selectors selectors;
    Match *match = NULL;
    OrderBy *order = NULL;
    match_source(source, &wanted);
    Rc rc = selectors_compile(source, &selectors);
    selectors.options = shortcut.options;
    if (rc == RC_OK) rc = attrs_named(request, &wanted);
    if (rc == RC_OK) rc = csf_check(source);
    if (rc == RC_OK) rc = match_compile(ctx, request->context, &wanted, &match);
    if (rc == RC_OK && !selectors.n) rc = not_too_wide(request, &wanted, match);
    if (rc == RC_OK) rc = order_read(source, &order);
    ProjectQuery query = {.match = match,
                          .order = order,
                          .limit = (size_t)page->limit,
                          .offset = (size_t)page->offset,
                          .after = page->after,
                          .count = page->count,
                          .view = selected_view,
                          .view_arg = &selectors,
                          .kept = selectors.n ? NULL : shortcut.kept};
    if (rc == RC_OK && shortcut.wish) wish_begin(request, match, shortcut.wish);
    if (rc == RC_OK) rc = project_query(ctx, request->tenant->project, &query, answer);
    if (rc == RC_OK && selectors.late) rc = ctx_check_deadline(ctx);
    match_order_free(order);
    match_free(match);
    selectors_free(&selectors);
    return rc == RC_OK ? answer_look(ctx, answer) : rc;
}

/* A query from the question to the bytes. */
typedef struct Query {
    QuerySource source;
    Page page;
    Drawing drawing;
    Linked linked;
    PageWish wish;
    ProjectAnswer answer;
} Query;

static Rc query_begin(Request *request, Query *query) {
    query->source = (QuerySource){.request = request, .body = request->payload};
    TRY(query_page(request, &query->page));
    TRY(body_check(request, request->payload, false));
    TRY(drawing_begin(request, request->payload, &query->drawing, &query->linked));
    if (!request->payload) pages_wish(request, &query->page, &query->drawing, &query->wish);
    return RC_OK;
}

static Rc query_find(Request *request, Query *query) {
    const Drawing *drawing = &query->drawing;
    Shortcut shortcut = {.kept = drawing->keeps ? &drawing->kept.key : NULL,
                         .wish = &query->wish,
                         .options = &drawing->whole};
    TRY(query_run(&query->source, &query->page, shortcut, &query->answer));
    pages_keep(query->source.request, &query->wish, &query->answer);
    if (!query->linked.levels) return RC_OK;
    TRY(linked_find(request, query->answer.entities.items, query->answer.entities.len,
                    &drawing->whole, &query->linked));
    if (!query->linked.flat) query->drawing.each.links = &query->linked.links;
    return RC_OK;
}

static void query_answer(Request *request, const Query *query) {
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    write_entities(request, &query->answer, &query->drawing, &query->linked, &body);
    if (buf_rc(&body) != RC_OK) {
        (void)ctx_fail(request->ctx, RC_LIMIT, "answer-too-large", STR("limit"),
                       "The answer is larger than 64 MiB: ask for fewer entities at a time.");
        request_fail(request);
        return;
    }
    if (query_page_headers(request, &query->page, &query->answer) == RC_OK)
        request_answer(request, 200, buf_str(&body));
    else
        request_fail(request);
}

Rc query_page_after(Request *request, const Json *body, const Page *page, ProjectAnswer *out) {
    QuerySource source = {.request = request, .body = body};
    return query_run(&source, page, (Shortcut){0}, out);
}

Rc query_order_by_id(Request *request, const Json *body) {
    QuerySource source = {.request = request, .body = body};
    OrderBy *order = NULL;
    TRY(body_check(request, body, true));
    TRY(order_read(&source, &order));
    bool good = !order || match_order_only_id(order);
    match_order_free(order);
    if (good) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("orderBy"),
                    "Temporal evolutions are ordered by id alone.");
}

/* On the loop what is kept is answered at once; the rest goes to the pool. */
void query_get(HttpExchange *x) {
    Request *request;
    Query query = {0};
    Rc rc = request_open(x, &request);
    bool on_loop = !http_ctx(x)->db;
    if (rc == RC_OK) rc = query_begin(request, &query);
    bool found = rc == RC_OK && on_loop && pages_find(request, &query.wish, &query.answer);
    if (on_loop && !found && (rc == RC_OK || rc == RC_BUSY)) {
        request_close(request);
        (void)request_moved(x, RC_BUSY, query_get);
        return;
    }
    if (rc == RC_OK && !found) rc = query_find(request, &query);
    if (rc == RC_OK)
        query_answer(request, &query);
    else
        request_fail(request);
}

void query_post(HttpExchange *x) {
    Request *request;
    Query query = {0};
    Rc rc = request_open(x, &request);
    if (rc == RC_OK && !str_eq(json_get_str(request->payload, "type"), STR("Query")))
        rc = ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("type"),
                      "The body is an object of type Query.");
    if (rc == RC_OK) rc = query_begin(request, &query);
    if (rc == RC_OK) rc = query_find(request, &query);
    if (rc == RC_OK)
        query_answer(request, &query);
    else
        request_fail(request);
}
