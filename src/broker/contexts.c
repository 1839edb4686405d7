/* contexts: @contexts that are hosted here, and those that were fetched or made on the way
   (clauses 5.13, 6.29, 6.30). A hosted one is an entity, so that it is as durable as everything;
   the cache knows it by the path under which it is served. */
#include "broker_int.h"

#define CONTEXT_TYPE     LD_NGSI "ContextDocument"
#define CONTEXT_DOCUMENT LD_DEFAULT "document"
#define CONTEXT_OWNER    LD_DEFAULT "owner"
#define CONTEXT_URN      "urn:ngsi-ld:ContextDocument:"
#define CONTEXT_PATH     "/ngsi-ld/v1/jsonldContexts/"

/* What policies and tokens name. The type of the entities is forbidden to all: through /entities
   nobody reads or writes them. */
#define CONTEXT_RIGHT LD_NGSI "jsonldContexts"

enum { ID_CHARS = 26 };

typedef enum Kind { KIND_HOSTED, KIND_CACHED, KIND_IMPLICIT } Kind;
static const char *const kind_names[] = {"Hosted", "Cached", "ImplicitlyCreated"};

static Str path_of(Arena *arena, Str local) {
    return str_fmt(arena, CONTEXT_PATH STR_FMT, STR_ARG(local));
}

static Kind kind_of(const LdCached *item) {
    if (str_starts(item->url, STR(LD_IMPLICIT))) return KIND_IMPLICIT;
    return item->hosted ? KIND_HOSTED : KIND_CACHED;
}

/* ---- known to the cache ---- */

static Rc make_known(Ctx *ctx, Tenant *tenant, Str local, const Json *document) {
    return ld_cache_put(ctx, tenant->contexts, path_of(ctx->arena, local), document);
}

static Rc context_load(Ctx *ctx, void *arg, const Entity *stored) {
    Tenant *tenant = arg;
    const Attr *document = entity_attr(stored, STR(CONTEXT_DOCUMENT));
    Str local = str_sub(stored->id, sizeof CONTEXT_URN - 1, stored->id.len);
    Rc rc = document ? make_known(ctx, tenant, local, document->value) : RC_OK;
    if (rc != RC_OK) /* whoever asks for it is told so; the others are there */
        log_error("broker", "the hosted context " STR_FMT " can't be used: " STR_FMT,
                  STR_ARG(stored->id), STR_ARG(ctx->error.detail));
    return RC_OK;
}

Rc contexts_load(Ctx *ctx, Tenant *tenant) {
    assert(ctx->tenant == tenant);
    return project_each(ctx, &(ProjectWish){.type = STR(CONTEXT_TYPE)}, context_load, tenant);
}

Rc broker_context(Ctx *ctx, const Tenant *tenant, Str url, Str *text) {
    ptrdiff_t scheme = str_find(url, STR("://"));
    if (scheme < 0) return RC_NOT_FOUND;
    Str rest = str_sub(url, (size_t)scheme + 3, url.len);
    ptrdiff_t slash = str_find_char(rest, '/');
    Str path = slash < 0 ? STR_NONE : str_sub(rest, (size_t)slash, rest.len);
    if (!str_starts(path, STR(CONTEXT_PATH))) return RC_NOT_FOUND;
    return ld_cache_find(ctx, tenant->contexts, path, text);
}

/* ---- writing ---- */

static Rc right(Ctx *ctx, GateAction action) {
    GateAsk ask = {.action = action, .type = STR(CONTEXT_RIGHT), .class = CLASS_OPEN};
    return gate_check(ctx, &ask);
}

static Rc body_read(Ctx *ctx, HttpExchange *x, const Json **out) {
    JsonLimits limits = {.bytes = BROKER_BODY_MAX, .depth = JSON_LIMITS_DEFAULT.depth};
    Rc rc = json_read(ctx, http_body(x), limits, out);
    if (rc == RC_INVALID) ctx->error.code = STR("bad-json");
    TRY(rc);
    const Json *context = json_get(*out, STR("@context"));
    if (!context)
        return ctx_fail(ctx, RC_INVALID, "no-context", STR("@context"),
                        "The body is an object with a member @context.");
    const LdContext *resolved;
    TRY(ld_context_resolve(ctx, ctx->tenant->contexts, context, true, &resolved));
    ld_context_release(resolved);
    return RC_OK;
}

static Rc store(Ctx *ctx, const char *kind, const Delta *delta, PutExpect expect) {
    const Actor *actor = ctx->actor;
    Ledger *ledger = ctx->tenant->ledger;
    Command *command = command_new(ledger, (CommandHead){.kind = str_of(kind),
                                                         .actor = actor->id,
                                                         .post = actor->post,
                                                         .channel = STR("api")});
    gate_guard(ctx, command);
    PartPut *put = NEW(command_arena(command), PartPut);
    *put = (PartPut){.delta = delta, .expect = (typeof(put->expect))expect};
    Outcome outcome;
    command_needs(command, delta->id);
    command_add(command, &part_put, put);
    Rc rc = ledger_execute(ctx, ledger, command, &outcome);
    command_free(command);
    return rc;
}

static Rc add(Ctx *ctx, HttpExchange *x, Str *local) {
    const Json *body;
    TRY(request_params(x));
    TRY(right(ctx, ACT_CREATE));
    TRY(body_read(ctx, x, &body));
    *local = rand_id(ctx->rand, ctx->arena, ID_CHARS);
    Str id = str_fmt(ctx->arena, CONTEXT_URN STR_FMT, STR_ARG(*local));
    Entity *entity = entity_new(ctx->arena, id, STR(CONTEXT_TYPE));
    JsonMember member = {STR("@context"), *json_get(body, STR("@context"))};
    Json document = json_of_members(&member, 1);
    entity_set_kind(ctx->arena, entity, ATTR_JSON, STR(CONTEXT_DOCUMENT), document);
    entity_set(ctx->arena, entity, STR(CONTEXT_OWNER), json_of_str(ctx->actor->id));
    Delta delta = {.op = DELTA_PUT, .id = id, .after = entity};
    TRY(store(ctx, "context.create", &delta, PUT_ABSENT));
    return make_known(ctx, ctx->tenant, *local, &document);
}

void contexts_add(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Str local;
    if (add(ctx, x, &local) != RC_OK) {
        broker_problem(x, &ctx->error);
        return;
    }
    http_set_header(x, "Location", path_of(ctx->arena, local));
    http_answer_empty(x, 201);
}

/* ---- finding ---- */

/* What was found under an id: a local one, or the address of a fetched one. */
typedef struct Found {
    Ctx *ctx;
    Str url; /* as the cache knows it; empty: not found */
    Str text;
    Kind kind;
    int64_t at, uses;
} Found;

static void found_each(void *arg, const LdCached *item) {
    Found *found = arg;
    if (!str_eq(item->url, found->url)) return;
    found->text = str_dup(found->ctx->arena, item->text);
    found->kind = kind_of(item);
    found->at = item->fetched_at;
    found->uses = item->uses;
}

static Rc find(Ctx *ctx, HttpExchange *x, Found *found) {
    Str id = http_path_param(x, "contextId");
    *found = (Found){.ctx = ctx};
    found->url = str_find(id, STR("://")) >= 0 ? id : path_of(ctx->arena, id);
    ld_cache_each(ctx->tenant->contexts, found_each, found);
    if (!str_empty(found->text)) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-context", STR("contextId"),
                    "There is no such @context.");
}

static void details_write(JsonWriter *w, Arena *arena, const Found *found) {
    Str local = found->url;
    if (str_starts(local, STR(CONTEXT_PATH)))
        local = str_sub(local, sizeof CONTEXT_PATH - 1, local.len);
    const struct {
        const char *name;
        Str value;
    } members[] = {{"URL", found->url},
                   {"localId", local},
                   {"kind", str_of(kind_names[found->kind])},
                   {"createdAt", time_format(arena, found->at)}};
    json_open(w, '{');
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_name(w, str_of(members[i].name));
        json_text(w, members[i].value);
    }
    json_name(w, STR("numberOfHits"));
    json_int(w, found->uses);
    json_close(w);
}

static bool flag(const HttpExchange *x, const char *name) {
    return str_eq(http_query_or(x, name, STR_NONE), STR("true"));
}

static Rc flag_check(Ctx *ctx, const HttpExchange *x, const char *name) {
    Str text = http_query_or(x, name, STR_NONE);
    if (str_empty(text) || str_eq(text, STR("true")) || str_eq(text, STR("false"))) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-query", str_of(name), "This is true or false.");
}

void contexts_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Found found = {0};
    Rc rc = request_params(x);
    if (rc == RC_OK) rc = flag_check(ctx, x, "details");
    if (rc == RC_OK) rc = find(ctx, x, &found);
    if (rc == RC_OK && found.kind == KIND_CACHED && !flag(x, "details"))
        rc = ctx_fail(ctx, RC_INVALID, "not-supported", STR("contextId"),
                      "A context that was only fetched is served by its own server.");
    if (rc != RC_OK) {
        broker_problem(x, &ctx->error);
        return;
    }
    if (!flag(x, "details")) {
        http_answer(x, 200, STR("application/json"), found.text);
        return;
    }
    Buf body = buf_new(ctx->arena, BROKER_ANSWER_MAX);
    JsonWriter w = json_writer(&body);
    details_write(&w, ctx->arena, &found);
    http_answer(x, 200, STR("application/json"), buf_str(&body));
}

typedef struct Listing {
    Ctx *ctx;
    JsonWriter w;
    bool details;
    Str kind;
} Listing;

static void list_each(void *arg, const LdCached *item) {
    Listing *listing = arg;
    Kind kind = kind_of(item);
    if (!str_empty(listing->kind) && !str_eq(listing->kind, str_of(kind_names[kind]))) return;
    Found found = {.ctx = listing->ctx,
                   .url = item->url,
                   .kind = kind,
                   .at = item->fetched_at,
                   .uses = item->uses};
    if (listing->details)
        details_write(&listing->w, listing->ctx->arena, &found);
    else
        json_text(&listing->w, item->url);
}

void contexts_list(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Buf body = buf_new(ctx->arena, BROKER_ANSWER_MAX);
    Listing listing = {.ctx = ctx,
                       .w = json_writer(&body),
                       .details = flag(x, "details"),
                       .kind = http_query_or(x, "kind", STR_NONE)};
    bool known = str_empty(listing.kind);
    for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++)
        known = known || str_eq(listing.kind, str_of(kind_names[i]));
    Rc rc = request_params(x);
    if (rc == RC_OK) rc = flag_check(ctx, x, "details");
    if (rc == RC_OK && !known)
        rc = ctx_fail(ctx, RC_INVALID, "bad-kind", STR("kind"),
                      "A kind is Hosted, Cached or ImplicitlyCreated.");
    if (rc != RC_OK) {
        broker_problem(x, &ctx->error);
        return;
    }
    json_open(&listing.w, '[');
    ld_cache_each(ctx->tenant->contexts, list_each, &listing);
    json_close(&listing.w);
    http_answer(x, 200, STR("application/json"), buf_str(&body));
}

/* ---- deleting ---- */

/* Copies that were made of a hosted context under its full address. */
typedef struct Copies {
    Arena *arena;
    Str path;
    StrVec urls;
} Copies;

static void copy_each(void *arg, const LdCached *item) {
    Copies *copies = arg;
    if (str_ends(item->url, copies->path))
        vec_push(copies->arena, &copies->urls, str_dup(copies->arena, item->url));
}

static void forget(Ctx *ctx, Str url) {
    Copies copies = {.arena = ctx->arena, .path = url};
    ld_cache_each(ctx->tenant->contexts, copy_each, &copies);
    for (size_t i = 0; i < copies.urls.len; i++)
        ld_cache_drop(ctx->tenant->contexts, copies.urls.items[i]);
}

static const GateAsk operate = {.action = ACT_OPERATE, .class = CLASS_OPEN};

/* Its owner, or the operator. */
static Rc hosted_delete(Ctx *ctx, const Found *found) {
    Str local = str_sub(found->url, sizeof CONTEXT_PATH - 1, found->url.len);
    Str id = str_fmt(ctx->arena, CONTEXT_URN STR_FMT, STR_ARG(local));
    const Entity *stored;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, &stored));
    bool own = str_eq(entity_text(stored, STR(CONTEXT_OWNER)), ctx->actor->id);
    if (!own) TRY(gate_check(ctx, &operate));
    Delta delta = {.op = DELTA_DELETE, .id = id};
    return store(ctx, "context.delete", &delta, PUT_PRESENT);
}

/* reload: a fetched one is forgotten, and fetched anew at once (clause 5.13.5). */
static Rc delete (Ctx *ctx, HttpExchange *x) {
    Found found;
    bool reload = flag(x, "reload");
    TRY(request_params(x));
    TRY(flag_check(ctx, x, "reload"));
    if (!gate_permits(ctx, &operate)) TRY(right(ctx, ACT_DELETE));
    TRY(find(ctx, x, &found));
    if (reload && found.kind != KIND_CACHED)
        return ctx_fail(ctx, RC_INVALID, "bad-reload", STR("reload"),
                        "Only a context that was fetched can be fetched again.");
    if (found.kind == KIND_HOSTED) TRY(hosted_delete(ctx, &found));
    forget(ctx, found.url);
    if (!reload) return RC_OK;
    const LdContext *fresh;
    Json url = json_of_str(found.url);
    TRY(ld_context_resolve(ctx, ctx->tenant->contexts, &url, true, &fresh));
    ld_context_release(fresh);
    return RC_OK;
}

void contexts_delete(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    if (delete (ctx, x) == RC_OK)
        http_answer_empty(x, 204);
    else
        broker_problem(x, &ctx->error);
}
