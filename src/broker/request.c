#include "broker_int.h"

#define NGSI_ERROR "https://uri.etsi.org/ngsi-ld/errors/"

/* ---- problems ---- */

typedef struct ProblemRow {
    const char *code; /* of the error; NULL: any with this Rc */
    Rc rc;
    int status;
    const char *type, *title;
} ProblemRow;

/* Clause 6.3.2, table 6.3.2-1. The first row that fits counts. */
static const ProblemRow problems[] = {
    {"context-unavailable", RC_FAILED, 504, "LdContextNotAvailable",
     "A remote @context cannot be had"},
    {"no-tenant", RC_NOT_FOUND, 404, "NonexistentTenant", "There is no such tenant"},
    {"bad-json", RC_INVALID, 400, "InvalidRequest", "The body is no JSON"},
    {"bad-request", RC_INVALID, 400, "InvalidRequest", "The request is malformed"},
    {"bad-format", RC_INVALID, 400, "InvalidRequest", "The request is malformed"},
    {"bad-parameter", RC_INVALID, 400, "InvalidRequest", "The request is malformed"},
    {"length-required", RC_INVALID, 411, NULL, "Content-Length is missing"},
    {"needs-sign-in", RC_DENIED, 401, NULL, "Who is asking?"},
    {"bad-token", RC_DENIED, 401, NULL, "Who is asking?"},
    {"not-acceptable", RC_INVALID, 406, NULL, "No representation is acceptable"},
    {"media-type", RC_INVALID, 415, NULL, "This content type is not understood"},
    {"not-supported", RC_INVALID, 422, "OperationNotSupported", "This is not supported"},
    /* What is sent holds too much: 6.3.2 has no type for it (RFC 9110, 15.5.14). */
    {"request-too-large", RC_LIMIT, 413, NULL, "The request holds too much"},
    {"too-large", RC_LIMIT, 413, NULL, "The request holds too much"},
    {"command-too-large", RC_LIMIT, 413, NULL, "The request holds too much"},
    {"query-too-complex", RC_LIMIT, 403, "TooComplexQuery", "The query is too complex"},
    {"too-complex", RC_LIMIT, 403, "TooComplexQuery", "The query is too complex"},
    /* The standard has no word for it (RFC 6585, 4). */
    {"too-many-requests", RC_LIMIT, 429, NULL, "Too many requests"},
    {"unknown-outcome", RC_FAILED, 503, NULL, "The store failed"},
    {"disk-full", RC_FAILED, 503, NULL, "The disk is full"},
    {"precondition", RC_CONFLICT, 412, NULL, "The precondition does not hold"},
    {NULL, RC_INVALID, 400, "BadRequestData", "The data are not right"},
    {NULL, RC_DENIED, 403, NULL, "Not permitted"},
    {NULL, RC_NOT_FOUND, 404, "ResourceNotFound", "There is no such thing"},
    {NULL, RC_CONFLICT, 409, "AlreadyExists", "It exists already"},
    {NULL, RC_LIMIT, 403, "TooManyResults", "A limit was reached"},
    {NULL, RC_BUSY, 503, NULL, "Too busy: try again"},
    {NULL, RC_FAILED, 500, "InternalError", "Something failed on our side"},
};

static const ProblemRow *problem_row(const Error *error) {
    size_t last = sizeof problems / sizeof *problems - 1;
    for (size_t i = 0; i < last; i++) {
        const ProblemRow *row = &problems[i];
        if (row->rc == error->rc && (!row->code || str_eq(error->code, str_of(row->code))))
            return row;
    }
    return &problems[last];
}

int problem_status(const Error *error) {
    return problem_row(error)->status;
}

const Json *problem_json(Arena *arena, const Error *error) {
    const ProblemRow *row = problem_row(error);
    JsonMembers members = {0};
    Str type = row->type ? str_fmt(arena, NGSI_ERROR "%s", row->type) : STR("about:blank");
    vec_push(arena, &members, (JsonMember){STR("type"), json_of_str(type)});
    vec_push(arena, &members, (JsonMember){STR("title"), json_of_str(str_of(row->title))});
    vec_push(arena, &members, (JsonMember){STR("status"), json_of_int(row->status)});
    vec_push(arena, &members,
             (JsonMember){STR("detail"), json_of_str(str_dup(arena, error->detail))});
    if (!str_empty(error->path))
        vec_push(arena, &members,
                 (JsonMember){STR("member"), json_of_str(str_dup(arena, error->path))});
    Json *json = NEW(arena, Json);
    *json = json_of_members(members.items, members.len);
    return json;
}

void broker_problem(HttpExchange *x, const Error *error) {
    Arena *arena = http_ctx(x)->arena;
    int status = problem_status(error);
    if (status == 411) { /* without a body (clause 6.3.4) */
        http_answer_empty(x, status);
        return;
    }
    Buf body = buf_new(arena, BROKER_ANSWER_MAX);
    json_write(&body, problem_json(arena, error));
    if (status == 401) http_set_header(x, "WWW-Authenticate", STR("Bearer"));
    if (str_eq(error->code, STR("token-scope"))) /* RFC 6750, 3.1 */
        http_set_header(x, "WWW-Authenticate", STR("Bearer error=\"insufficient_scope\""));
    if (status == 503) http_set_header(x, "Retry-After", STR("1"));
    http_answer(x, status, STR("application/problem+json"), buf_str(&body));
}

/* ---- opening ---- */

/* How much the Accept field wants a media type, from 0 to 1: the most particular range decides
 * (RFC 9110, 12.5.1). */
static double accept_weight(Str field, Str type) {
    static const Str ranges[] = {{"*/*", 3}, {"application/*", 13}};
    double weight = 0;
    size_t particular = 0;
    for (Str item; str_split(&field, ',', &item);) {
        Str media, rest = item;
        double q = 1;
        (void)str_split(&rest, ';', &media);
        media = str_trim(media);
        size_t rank = str_eq_nocase(media, type)        ? 3
                      : str_eq_nocase(media, ranges[1]) ? 2
                      : str_eq_nocase(media, ranges[0]) ? 1
                                                        : 0;
        if (rank <= particular) continue;
        for (Str parameter; str_split(&rest, ';', &parameter);)
            if (str_starts(str_trim(parameter), STR("q=")))
                (void)str_to_f64(str_sub(str_trim(parameter), 2, str_trim(parameter).len), &q);
        weight = q;
        particular = rank;
    }
    return weight;
}

/* The words that a parameter takes on this route: empty: any. False: there is no such parameter. */
static bool route_understands(const HttpRoute *route, Str param, Str *words) {
    for (size_t i = 0; route->doc && route->doc[i]; i++) {
        Str name;
        *words = str_of(route->doc[i]);
        (void)str_split(words, '=', &name);
        if (str_eq(param, name)) return true;
    }
    return false;
}

/* Of types that are wanted equally the first of the list counts (clause 6.3.4). GeoJSON is drawn
 * where a geometry can be chosen. */
static Rc accept_read(Request *request) {
    static const struct {
        Str type;
        Accept accept;
    } types[] = {
        {{"application/json", 16}, ACCEPT_JSON},
        {{"application/ld+json", 19}, ACCEPT_LD_JSON},
        {{"application/geo+json", 20}, ACCEPT_GEO_JSON},
    };
    Str field = http_header(request->x, "accept");
    Str words;
    bool geo = route_understands(http_route(request->x), STR("geometryProperty"), &words);
    double best = 0;
    request->accept = ACCEPT_JSON;
    if (str_empty(field)) return RC_OK;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        double weight = accept_weight(field, types[i].type);
        if (weight <= best || (types[i].accept == ACCEPT_GEO_JSON && !geo)) continue;
        request->accept = types[i].accept;
        best = weight;
    }
    if (best > 0) return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "not-acceptable", STR("Accept"),
                    "Answers are application/json%s.",
                    geo ? ", application/ld+json or application/geo+json"
                        : " or application/ld+json");
}

/* ---- what may be asked (clause 6.3.20) ---- */

static bool word_known(Str words, Str word) {
    for (Str known; str_split(&words, ',', &known);)
        if (str_eq(known, word)) return true;
    return false;
}

static Rc word_refused(Ctx *ctx, Str name, Str word, Str words) {
    return ctx_fail(ctx, RC_INVALID, "bad-parameter", str_head(name, 100),
                    "Here this is " STR_FMT ", not \"" STR_FMT "\".", STR_ARG(words),
                    STR_ARG(str_head(word, 100)));
}

/* A word that would change nothing is refused like one that nobody knows. */
static Rc words_known(Ctx *ctx, Str name, Str value, Str words) {
    if (!str_eq(name, STR("options")))
        return word_known(words, value) ? RC_OK : word_refused(ctx, name, value, words);
    for (Str word; str_split(&value, ',', &word);)
        if (!word_known(words, str_trim(word)))
            return word_refused(ctx, name, str_trim(word), words);
    return RC_OK;
}

/* Taken for one that is absent, it would widen what is asked: `id=` all entities. */
static bool says_nothing(Str value) {
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] != ',' && value.ptr[i] != ' ') return false;
    return true;
}

/* The first would count and the second say nothing, or the other way around. */
static bool said_before(const HttpExchange *x, size_t n, Str name) {
    for (size_t i = 0; i < n; i++) {
        Str other, value;
        http_query_at(x, i, &other, &value);
        if (str_eq(other, name)) return true;
    }
    return false;
}

Rc request_params(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    for (size_t i = 0; i < http_query_count(x); i++) {
        Str name, value, words;
        http_query_at(x, i, &name, &value);
        const char *fault = !route_understands(http_route(x), name, &words)
                                ? "This operation has no such parameter."
                            : says_nothing(value)
                                ? "This parameter is empty: give it a value, or leave it out."
                            : said_before(x, i, name) ? "This parameter stands twice: give it once."
                                                      : NULL;
        if (fault)
            return ctx_fail(ctx, RC_INVALID, "bad-parameter", str_head(name, 100), "%s", fault);
        if (!str_empty(words)) TRY(words_known(ctx, name, value, words));
    }
    return RC_OK;
}

static Rc params_known(Request *request) {
    TRY(request_params(request->x));
    if (request->accept == ACCEPT_GEO_JSON ||
        str_empty(http_query_or(request->x, "geometryProperty", STR_NONE)))
        return RC_OK;
    return ctx_fail(request->ctx, RC_INVALID, "bad-query", STR("geometryProperty"),
                    "geometryProperty chooses the geometry of GeoJSON: accept "
                    "application/geo+json, or leave it out.");
}

/* The URL of the Link header whose rel is that of JSON-LD contexts; STR_NONE without one. */
static Str link_context(const HttpExchange *x) {
    Str field = http_header(x, "link");
    for (Str item; str_split(&field, ',', &item);) {
        ptrdiff_t open = str_find_char(item, '<'), close = str_find_char(item, '>');
        if (open < 0 || close < open) continue;
        if (str_find(item, STR("http://www.w3.org/ns/json-ld#context")) > close)
            return str_sub(item, (size_t)open + 1, (size_t)close);
    }
    return STR_NONE;
}

/* Media type of the body without parameters. */
static Str body_type(const HttpExchange *x) {
    Str field = http_header(x, "content-type"), media = STR_NONE;
    (void)str_split(&field, ';', &media);
    return str_trim(media);
}

/* JSON is UTF-8 (RFC 8259, 8.1); whoever says that he wrote it in another way would be misread. */
static Rc charset_check(Request *request) {
    Str rest = http_header(request->x, "content-type"), item, name;
    (void)str_split(&rest, ';', &item);
    while (str_split(&rest, ';', &item)) {
        if (!str_split(&item, '=', &name) || !str_eq_nocase(str_trim(name), STR("charset")))
            continue;
        Str charset = str_trim(item);
        if (charset.len > 1 && charset.ptr[0] == '"')
            charset = str_sub(charset, 1, charset.len - 1);
        if (!str_eq_nocase(charset, STR("utf-8")))
            return ctx_fail(request->ctx, RC_INVALID, "media-type", STR("Content-Type"),
                            "JSON is read as UTF-8, not as \"" STR_FMT
                            "\": send it so, and charset=utf-8 or none.",
                            STR_ARG(str_head(charset, 100)));
    }
    return RC_OK;
}

static Rc payload_read(Request *request) {
    Ctx *ctx = request->ctx;
    Str type = body_type(request->x);
    request->context_in_body = str_eq_nocase(type, STR("application/ld+json"));
    bool merge = str_eq_nocase(type, STR("application/merge-patch+json"));
    if (!request->context_in_body && !merge && !str_eq_nocase(type, STR("application/json")))
        return ctx_fail(ctx, RC_INVALID, "media-type", STR("Content-Type"),
                        "Send application/json, application/ld+json or, to merge, "
                        "application/merge-patch+json.");
    TRY(charset_check(request));
    Rc rc = json_read(ctx, http_body(request->x),
                      (JsonLimits){.bytes = BROKER_BODY_MAX, .depth = JSON_LIMITS_DEFAULT.depth},
                      &request->payload);
    if (rc == RC_INVALID) ctx->error.code = STR("bad-json");
    return rc;
}

static const Json *payload_context(const Request *request) {
    const Json *body = request->payload;
    return body && body->kind == JSON_OBJECT ? json_get(body, STR("@context")) : NULL;
}

static Rc context_read(Request *request) {
    Ctx *ctx = request->ctx;
    const Json *in_body = request->payload ? payload_context(request) : NULL;
    Str link = link_context(request->x);
    Json url = json_of_str(link);
    bool batch = request->payload && request->payload->kind == JSON_ARRAY;
    if (request->context_in_body && !in_body && !batch)
        return ctx_fail(ctx, RC_INVALID, "no-context", STR("@context"),
                        "application/ld+json needs an @context.");
    if (request->context_in_body && !str_empty(link))
        return ctx_fail(ctx, RC_INVALID, "two-contexts", STR("Link"),
                        "The context stands in the body: leave the Link header out.");
    if (batch) in_body = NULL; /* each element has its own */
    if (request->payload && !request->context_in_body && in_body)
        return ctx_fail(ctx, RC_INVALID, "context-in-json", STR("@context"),
                        "An @context belongs to application/ld+json; with application/json give a "
                        "Link header.");
    const Json *wanted = request->context_in_body ? in_body : str_empty(link) ? NULL : &url;
    return ld_context_resolve(ctx, request->tenant->contexts, wanted, ctx->db != NULL,
                              &request->context);
}

/* Marks an exchange that a loop thread has handed to the pool. */
static char on_pool;

void request_on_pool(HttpExchange *x) {
    http_set_data(x, &on_pool);
}

Rc request_open(HttpExchange *x, Request **out) {
    Ctx *ctx = http_ctx(x);
    Request *request = NEW(ctx->arena, Request);
    *request = (Request){.x = x, .ctx = ctx, .tenant = ctx->tenant};
    *out = request;
    if (http_data(x) == &on_pool) TRY(gate_lend_reader(x));
    if (!str_empty(ctx->tenant->name)) /* clause 6.3.14 */
        http_set_header(x, "NGSILD-Tenant", ctx->tenant->name);
    HttpMethod method = http_method(x);
    Str body = http_body(x);
    bool demanded = method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH;
    bool told = !str_empty(http_header(x, "content-length")) ||
                !str_empty(http_header(x, "transfer-encoding"));
    if (demanded && !told)
        return ctx_fail(ctx, RC_INVALID, "length-required", STR("Content-Length"),
                        "Say how long the body is.");
    TRY(accept_read(request));
    TRY(params_known(request));
    TRY(condition_known(request));
    if (demanded || !str_empty(body)) TRY(payload_read(request));
    return context_read(request);
}

Rc request_context_of(Request *request, const Json *element, const LdContext **out) {
    Ctx *ctx = request->ctx;
    const Json *own = element->kind == JSON_OBJECT ? json_get(element, STR("@context")) : NULL;
    *out = request->context;
    if (!request->context_in_body && own)
        return ctx_fail(ctx, RC_INVALID, "context-in-json", STR("@context"),
                        "An @context belongs to application/ld+json; with application/json give a "
                        "Link header.");
    if (!request->context_in_body) return RC_OK;
    if (!own)
        return ctx_fail(ctx, RC_INVALID, "no-context", STR("@context"),
                        "application/ld+json needs an @context in each element.");
    TRY(ld_context_resolve(ctx, request->tenant->contexts, own, ctx->db != NULL, out));
    vec_push(ctx->arena, &request->contexts, *out);
    return RC_OK;
}

void request_close(Request *request) {
    for (size_t i = 0; i < request->contexts.len; i++)
        ld_context_release(request->contexts.items[i]);
    request->contexts.len = 0;
    ld_context_release(request->context);
    request->context = NULL;
}

bool request_moved(HttpExchange *x, Rc rc, HttpHandler handler) {
    if (rc != RC_BUSY || http_ctx(x)->db) return false;
    request_on_pool(x);
    http_move(x, HTTP_POOL, handler);
    return true;
}

/* ---- answering ---- */

void request_fail(Request *request) {
    broker_problem(request->x, &request->ctx->error);
    request_close(request);
}

/* GeoJSON carries its @context unless the client prefers otherwise (clause 6.3.6). */
static bool prefers_plain(const HttpExchange *x) {
    return str_find(http_header(x, "prefer"), STR("body=json")) >= 0;
}

static void link_header(Request *request) {
    Str url = ld_context_url(request->context);
    if (str_empty(url)) return;
    http_add_header(/* pages may have their own */
                    request->x, "Link",
                    str_fmt(request->ctx->arena,
                            "<" STR_FMT ">; rel=\"http://www.w3.org/ns/json-ld#context\"; "
                            "type=\"application/ld+json\"",
                            STR_ARG(url)));
}

const char *request_media(const Request *request) {
    static const char *const types[] = {
        [ACCEPT_JSON] = "application/json",
        [ACCEPT_LD_JSON] = "application/ld+json",
        [ACCEPT_GEO_JSON] = "application/geo+json",
    };
    return types[request->accept];
}

void request_answer(Request *request, int status, Str body) {
    bool context_inside = request->accept == ACCEPT_LD_JSON ||
                          (request->accept == ACCEPT_GEO_JSON && !prefers_plain(request->x));
    if (!context_inside) link_header(request);
    http_answer(request->x, status, str_of(request_media(request)), body);
    request_close(request);
}

void request_answer_done(Request *request, int status, const Buf *body) {
    if (body->full) {
        (void)ctx_fail(request->ctx, RC_LIMIT, "answer-too-large", STR_NONE,
                       "This was done as far as it could be, but what became of each does not fit "
                       "into an answer of 64 MiB: read what you wrote, and send less at a time.");
        request_fail(request);
        return;
    }
    request->accept = ACCEPT_JSON;
    request_answer(request, status, buf_str(body));
}

void request_answer_json(Request *request, int status, const Json *json) {
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    json_write(&body, json);
    request_answer_done(request, status, &body);
}

void request_answer_empty(Request *request, int status) {
    http_answer_empty(request->x, status);
    request_close(request);
}

/* ---- parameters ---- */

Rc request_bound(Ctx *ctx, const char *code, Str path, size_t n, size_t max) {
    if (n <= max) return RC_OK;
    return ctx_fail(
        ctx, RC_LIMIT, code, path,
        "%zu are too many: at most %zu are taken at once, send them in several requests.", n, max);
}

bool request_option(const Request *request, const char *option) {
    Str list = http_query_or(request->x, "options", STR_NONE);
    for (Str item; str_split(&list, ',', &item);)
        if (str_eq(str_trim(item), str_of(option))) return true;
    return false;
}

Rc request_selector(Request *request, const Match **out) {
    MatchSource source = {.type = http_query_or(request->x, "type", STR_NONE)};
    Match *match = NULL;
    *out = NULL;
    if (str_empty(source.type)) return RC_OK;
    TRY(match_compile(request->ctx, request->context, &source, &match));
    *out = match; /* types alone hold nothing that must be given back */
    return RC_OK;
}

Rc request_terms(Request *request, const char *param, Str list, StrVec *out) {
    Ctx *ctx = request->ctx;
    for (Str item; str_split(&list, ',', &item);) {
        if (str_empty(str_trim(item))) continue;
        vec_push(ctx->arena, out, ld_expand(request->context, ctx->arena, str_trim(item)));
        TRY(request_bound(ctx, "too-complex", str_of(param), out->len, BROKER_NAMES_MAX));
    }
    return RC_OK;
}

RenderFormat request_format(const Request *request) {
    Str format = http_query_or(request->x, "format", STR_NONE);
    if (str_eq(format, STR("keyValues")) || str_eq(format, STR("simplified")) ||
        request_option(request, "keyValues") || request_option(request, "simplified"))
        return RENDER_SIMPLIFIED;
    bool concise = str_eq(format, STR("concise")) || request_option(request, "concise");
    return concise ? RENDER_CONCISE : RENDER_NORMALIZED;
}

/* Of a query by a body what is to be shown stands in the body too (clause 5.2.23). */
static Str shown_text(const Request *request, const Json *body, const char *name) {
    const Json *value = body ? json_get(body, str_of(name)) : NULL;
    if (!value) return http_query_or(request->x, name, STR_NONE);
    if (value->kind == JSON_STRING) return json_str(value);
    StrVec words = {0};
    for (size_t i = 0; value->kind == JSON_ARRAY && i < value->len; i++)
        vec_push(request->ctx->arena, &words, json_str(json_at(value, i)));
    return str_join(request->ctx->arena, words.items, words.len, STR(","));
}

static Rc render_options(Request *request, const Json *body, size_t levels, RenderOptions *out) {
    Arena *arena = request->ctx->arena;
    *out = (RenderOptions){.format = request_format(request),
                           .sys_attrs = request_option(request, "sysAttrs"),
                           .geojson = request->accept == ACCEPT_GEO_JSON,
                           .lang = shown_text(request, body, "lang")};
    ShapeSource shape = {.attrs = shown_text(request, body, "attrs"),
                         .pick = shown_text(request, body, "pick"),
                         .omit = shown_text(request, body, "omit"),
                         .levels = levels};
    TRY(shape_read(request, &shape, out));
    Str datasets = shown_text(request, body, "datasetId"),
        geometry = http_query_or(request->x, "geometryProperty", STR_NONE);
    for (Str item; str_split(&datasets, ',', &item);)
        vec_push(arena, &out->dataset_ids, str_trim(item));
    TRY(request_bound(request->ctx, "too-complex", STR("datasetId"), out->dataset_ids.len,
                      BROKER_NAMES_MAX));
    if (!str_empty(geometry)) out->geometry_property = ld_expand(request->context, arena, geometry);
    if (request->accept == ACCEPT_LD_JSON || (out->geojson && !prefers_plain(request->x)))
        out->at_context = ld_context_source(request->context);
    return RC_OK;
}

Rc request_render_options(Request *request, const Json *body, RenderOptions *out) {
    return render_options(request, body, 0, out);
}

Rc request_linked_options(Request *request, const Json *body, RenderOptions *out, Linked *linked) {
    TRY(linked_read(request, body, linked));
    return render_options(request, body, linked->levels, out);
}
