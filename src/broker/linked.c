/* linked: the entities that relationships point to (clause 4.5.23): found level by level, as the
   actor may see them, and shown inside of the relationships or beside the entities. */
#include "broker_int.h"

enum { LEVELS_MAX = 10, LINKED_MAX = 10000 };

/* ---- the question ---- */

static void above_read(Request *request, const Json *body, Linked *out) {
    Arena *arena = request->ctx->arena;
    const Json *listed = body ? json_get(body, STR("containedBy")) : NULL;
    Str contained = http_query_or(request->x, "containedBy", STR_NONE);
    for (Str id; str_split(&contained, ',', &id);)
        vec_push(arena, &out->above, str_trim(id));
    for (size_t i = 0; listed && listed->kind == JSON_ARRAY && i < listed->len; i++)
        vec_push(arena, &out->above, json_str(json_at(listed, i)));
}

/* What belongs to join has nothing to do without it. */
static Rc nothing_of_join(Request *request, const Json *body) {
    static const char *const params[] = {"joinLevel", "containedBy"};
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        Str text;
        if (!(body && json_get(body, str_of(params[i]))) &&
            !http_query(request->x, params[i], &text))
            continue;
        return ctx_fail(request->ctx, RC_INVALID, "bad-query", str_of(params[i]),
                        "This goes with join=inline or join=flat.");
    }
    return RC_OK;
}

Rc linked_read(Request *request, const Json *body, Linked *out) {
    Ctx *ctx = request->ctx;
    *out = (Linked){.found = map_new(ctx->arena)};
    Str join = body ? json_get_str(body, "join") : http_query_or(request->x, "join", STR_NONE);
    int64_t level = body ? json_get_int(body, "joinLevel", 1) : 1;
    Str text = http_query_or(request->x, "joinLevel", STR_NONE);
    bool good = body || str_empty(text) || str_to_i64(text, &level);
    if (!good || level < 1 || level > LEVELS_MAX)
        return ctx_fail(ctx, RC_INVALID, "bad-query", STR("joinLevel"),
                        "joinLevel is a whole number from 1 to %d.", LEVELS_MAX);
    if (str_empty(join) || str_eq(join, STR("@none"))) return nothing_of_join(request, body);
    out->flat = str_eq(join, STR("flat"));
    if (!out->flat && !str_eq(join, STR("inline")))
        return ctx_fail(ctx, RC_INVALID, "bad-query", STR("join"),
                        "join is inline, flat or @none.");
    out->levels = (size_t)level;
    above_read(request, body, out);
    return request_bound(ctx, "too-complex", STR("containedBy"), out->above.len, BROKER_NAMES_MAX);
}

/* ---- finding ---- */

static const RenderInner *inner_of(const RenderInner *items, size_t n, Str name) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(items[i].name, name)) return &items[i];
    return NULL;
}

typedef struct Finding {
    Request *request;
    Linked *linked;
} Finding;

static bool is_above(const Linked *linked, Str id) {
    for (size_t i = 0; i < linked->above.len; i++)
        if (str_eq(linked->above.items[i], id)) return true;
    return false;
}

/* What is not here, or not for the actor's eyes, stays a URI. */
static Rc find_one(Finding *finding, Str id, const RenderInner *inner) {
    Ctx *ctx = finding->request->ctx;
    Linked *linked = finding->linked;
    const Entity *entity;
    if (map_has(&linked->found, id) || is_above(linked, id)) return RC_OK;
    Rc rc = ledger_entity(ctx, finding->request->tenant->ledger, id, &entity);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    const Entity *seen = gate_view(ctx, NULL, entity);
    if (!seen) return RC_OK;
    if (linked->items.len == LINKED_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-complex", STR("join"),
                        "More than %d entities are linked: ask for fewer, or for fewer levels.",
                        LINKED_MAX);
    map_put(&linked->found, id, (void *)seen);
    LinkedItem item = {.entity = seen};
    if (inner) item.inner = *inner;
    vec_push(ctx->arena, &linked->items, item);
    return RC_OK;
}

static Rc find_objects(Finding *finding, const Json *value, const RenderInner *inner) {
    if (value->kind == JSON_STRING) return find_one(finding, json_str(value), inner);
    for (size_t i = 0; value->kind == JSON_ARRAY && i < value->len; i++)
        TRY(find_objects(finding, json_at(value, i), inner));
    return RC_OK;
}

/* Those that one entity links to by relationships that are shown. */
static Rc find_of(Finding *finding, const Entity *entity, const RenderInner *shape) {
    for (size_t i = 0; i < entity->attrs.len; i++) {
        const Attr *attr = &entity->attrs.items[i];
        bool links = attr->kind == ATTR_RELATIONSHIP || attr->kind == ATTR_LIST_RELATIONSHIP;
        if (!links || !attr->value || !shape_shows(&shape->pick, &shape->omit, attr->name))
            continue;
        TRY(find_objects(
            finding, attr->value,
            inner_of((const RenderInner *)shape->inner.items, shape->inner.len, attr->name)));
    }
    return RC_OK;
}

Rc linked_find(Request *request, const Entity *const *entities, size_t n,
               const RenderOptions *options, Linked *linked) {
    Ctx *ctx = request->ctx;
    Finding finding = {request, linked};
    RenderInner top = {.pick = options->pick, .omit = options->omit};
    top.inner.items = options->inner.items;
    top.inner.len = options->inner.len;
    if (!linked->levels) return RC_OK;
    for (size_t i = 0; i < n; i++)
        TRY(find_of(&finding, entities[i], &top));
    size_t from = 0;
    for (size_t level = 1; level < linked->levels && from < linked->items.len; level++) {
        size_t to = linked->items.len;
        for (; from < to; from++) {
            LinkedItem item = linked->items.items[from];
            TRY(find_of(&finding, item.entity, &item.inner));
        }
    }
    const Entity **looked = NEW_ARRAY(ctx->arena, const Entity *, linked->items.len + 1);
    for (size_t i = 0; i < linked->items.len; i++)
        looked[i] = linked->items.items[i].entity;
    linked->links = (RenderLinks){.found = &linked->found, .levels = linked->levels};
    return gate_look(ctx, looked, linked->items.len, STR("NGSI-LD API"));
}

/* ---- writing those that stand beside ---- */

static bool among(const LinkedAnswer *answer, Str id) {
    for (size_t i = 0; i < answer->n; i++)
        if (str_eq(answer->entities[i]->id, id)) return true;
    return false;
}

void linked_write(Request *request, const Linked *linked, const LinkedAnswer *answer, Buf *body) {
    for (size_t i = 0; linked->flat && i < linked->items.len; i++) {
        const LinkedItem *item = &linked->items.items[i];
        if (among(answer, item->entity->id)) continue;
        RenderOptions own = *answer->options;
        own.pick = item->inner.pick;
        own.omit = item->inner.omit;
        buf_add_char(body, ',');
        render_entity(body, request->context, item->entity, &own, request->ctx->scratch);
    }
}
