/* shape: which members of an entity are shown: attrs, pick and omit with what they say of linked
   entities (clauses 4.21, 4.5.23). */
#include "broker_int.h"

enum { SHAPE_DEPTH = 16 };

/* A list of names being read: name, name{list}, ... separated by ',' or '|'. */
typedef struct Reading {
    Request *request;
    const char *param;
    Str rest;
    bool omits;
    size_t depth, deepest, n;
} Reading;

static Rc bad(const Reading *reading, const char *sentence) {
    return ctx_fail(reading->request->ctx, RC_INVALID, "bad-query", str_of(reading->param), "%s",
                    sentence);
}

static bool is_mark(char c) {
    return c == ',' || c == '|' || c == '{' || c == '}';
}

static Str name_next(Reading *reading) {
    size_t n = 0;
    while (n < reading->rest.len && !is_mark(reading->rest.ptr[n]))
        n++;
    Str name = str_trim(str_sub(reading->rest, 0, n));
    reading->rest = str_sub(reading->rest, n, reading->rest.len);
    return name;
}

static bool take(Reading *reading, char mark) {
    if (!reading->rest.len || reading->rest.ptr[0] != mark) return false;
    reading->rest = str_sub(reading->rest, 1, reading->rest.len);
    return true;
}

/* Members of the entity itself stay as they are, attributes are expanded. */
static Str member_iri(const Reading *reading, Str name) {
    static const Str own[] = {{"id", 2}, {"type", 4}, {"scope", 5}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (str_eq(name, own[i])) return own[i];
    return ld_expand(reading->request->context, reading->request->ctx->arena, name);
}

static RenderInner *inner_of(Arena *arena, RenderInners *inners, Str iri) {
    VEC_EACH (RenderInner, inner, inners)
        if (str_eq(inner->name, iri)) return inner;
    return vec_push(arena, inners, (RenderInner){.name = iri});
}

static Rc list_read(Reading *reading, StrVec *names, RenderInners *inners);

/* An omitted name{list} omits of the linked entities only. */
static Rc member_read(Reading *reading, StrVec *names, RenderInners *inners) {
    Arena *arena = reading->request->ctx->arena;
    Str name = name_next(reading);
    TRY(request_bound(reading->request->ctx, "too-complex", str_of(reading->param), ++reading->n,
                      BROKER_NAMES_MAX));
    if (!entity_name_valid(name)) return bad(reading, "This is a list of names of members.");
    Str iri = member_iri(reading, name);
    bool nested = take(reading, '{');
    if (!nested || !reading->omits) vec_push(arena, names, iri);
    if (!nested) return RC_OK;
    if (++reading->depth > SHAPE_DEPTH) return bad(reading, "Names are nested too deep.");
    if (reading->depth > reading->deepest) reading->deepest = reading->depth;
    RenderInner *inner = inner_of(arena, inners, iri);
    StrVec *list = reading->omits ? &inner->omit : &inner->pick;
    RenderInners below = {.items = (RenderInner *)inner->inner.items,
                          .len = inner->inner.len,
                          .cap = inner->inner.cap};
    TRY(list_read(reading, list, &below));
    inner->inner.items = below.items;
    inner->inner.len = below.len;
    inner->inner.cap = below.cap;
    reading->depth--;
    return take(reading, '}') ? RC_OK : bad(reading, "A '{' is not closed.");
}

static Rc list_read(Reading *reading, StrVec *names, RenderInners *inners) {
    do
        TRY(member_read(reading, names, inners));
    while (take(reading, ',') || take(reading, '|'));
    return RC_OK;
}

static Rc shape_list(Reading *reading, Str text, StrVec *names, RenderInners *inners) {
    if (str_empty(text)) return RC_OK;
    reading->rest = text;
    TRY(list_read(reading, names, inners));
    return reading->rest.len ? bad(reading, "Behind a name comes ',' or '|'.") : RC_OK;
}

static bool share(const StrVec *a, const StrVec *b) {
    for (size_t i = 0; i < a->len; i++)
        for (size_t k = 0; k < b->len; k++)
            if (str_eq(a->items[i], b->items[k])) return true;
    return false;
}

Rc shape_read(Request *request, const ShapeSource *source, RenderOptions *out) {
    Reading pick = {.request = request, .param = "pick"},
            omit = {.request = request, .param = "omit", .omits = true};
    bool picks = !str_empty(source->pick), omits = !str_empty(source->omit);
    if (!str_empty(source->attrs) && (picks || omits))
        return bad(&pick, "attrs goes with neither pick nor omit.");
    TRY(shape_list(&pick, source->pick, &out->pick, &out->inner));
    TRY(shape_list(&omit, source->omit, &out->omit, &out->inner));
    if (share(&out->pick, &out->omit)) return bad(&omit, "A member is either picked or omitted.");
    size_t deepest = pick.deepest > omit.deepest ? pick.deepest : omit.deepest;
    if (deepest > source->levels)
        return bad(pick.deepest ? &pick : &omit,
                   "Names in braces are of linked entities: ask for these by join and joinLevel.");
    if (str_empty(source->attrs)) return RC_OK;
    TRY(request_terms(request, "attrs", source->attrs, &out->pick));
    static const Str own[] = {{"id", 2}, {"type", 4}, {"scope", 5}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        vec_push(request->ctx->arena, &out->pick, own[i]);
    return RC_OK;
}

static bool shown(const RenderOptions *options, Str name) {
    StrVec one = {.items = &name, .len = 1, .cap = 1};
    return (!options->pick.len || share(&options->pick, &one)) && !share(&options->omit, &one);
}

bool shape_leaves(const RenderOptions *options, const Entity *entity) {
    if (!options->pick.len && !options->omit.len) return true;
    if (shown(options, STR("id")) || shown(options, STR("type"))) return true;
    if (entity->scopes.len && shown(options, STR("scope"))) return true;
    for (size_t i = 0; i < entity->attrs.len; i++)
        if (shown(options, entity->attrs.items[i].name)) return true;
    return false;
}

bool shape_shows(const StrVec *pick, const StrVec *omit, Str name) {
    RenderOptions options = {.pick = *pick, .omit = *omit};
    return shown(&options, name);
}
