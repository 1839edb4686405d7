#include "match_int.h"

enum { IDS_AS_LIST = 8 }; /* more of them are looked up in a map */

struct Match {
    StrVec ids;
    Map id_map;
    Pattern *id_pattern;
    Expr *type, *scope, *q;
    StrVec attrs; /* one of these */
    Geo *geo;
    StrVec named; /* see match_attrs */
    Patterns patterns;
    MatchHint hint;
};

static Rc read_ids(Ctx *ctx, const MatchSource *source, Match *match) {
    match->id_map = map_new(ctx->arena);
    VEC_EACH (Str, id, &source->ids) {
        if (!ld_is_iri(*id))
            return ctx_fail(ctx, RC_INVALID, "bad-id", STR("id"), "id: '" STR_FMT "' is no URI.",
                            STR_ARG(*id));
        Str *kept = vec_push(ctx->arena, &match->ids, str_dup(ctx->arena, *id));
        map_put(&match->id_map, *kept, match);
    }
    return RC_OK;
}

/* An id takes precedence over the pattern (clause 5.2.33), which is checked all the same. */
static Rc read_id_pattern(Ctx *ctx, const MatchSource *source, Match *match) {
    Scan scan;
    Pattern *pattern;
    if (str_empty(source->id_pattern)) return RC_OK;
    TRY(match_scan_start(ctx, NULL, "idPattern", source->id_pattern, &scan));
    TRY(match_pattern_new(&scan, 0, source->id_pattern, &match->patterns, &pattern));
    if (match->ids.len == 0) match->id_pattern = pattern;
    return RC_OK;
}

static void add_name(Arena *arena, StrVec *names, Str name) {
    VEC_EACH (Str, known, names)
        if (str_eq(*known, name)) return;
    vec_push(arena, names, name);
}

static Rc read_attrs(Ctx *ctx, const LdContext *context, const MatchSource *source, Match *match) {
    VEC_EACH (Str, term, &source->attrs) {
        if (str_empty(*term))
            return ctx_fail(ctx, RC_INVALID, "bad-attrs", STR("attrs"), "attrs: a name is empty.");
        vec_push(ctx->arena, &match->attrs,
                 str_dup(ctx->arena, ld_expand(context, ctx->arena, *term)));
    }
    return RC_OK;
}

static bool is_system(Str iri) {
    static const Str names[] = {STR("id"),        STR("type"),       STR("scope"),
                                STR("createdAt"), STR("modifiedAt"), STR("deletedAt"),
                                STR("expiresAt")};
    Str prefix = STR(LD_NGSI);
    if (str_starts(iri, STR("@"))) return true;
    if (!str_starts(iri, prefix)) return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(str_sub(iri, prefix.len, iri.len), names[i])) return true;
    return false;
}

static void set_named(Arena *arena, Match *match) {
    StrVec all = {0};
    VEC_EACH (Str, name, &match->attrs)
        vec_push(arena, &all, *name);
    if (match->q) match_q_attrs(arena, match->q, &all);
    if (match->geo) vec_push(arena, &all, match_geo_attr(match->geo));
    VEC_EACH (Str, name, &all)
        if (!is_system(*name)) add_name(arena, &match->named, *name);
}

static void set_hint(Arena *arena, Match *match) {
    MatchHint *hint = &match->hint;
    hint->ids = match->ids;
    if (match->type) match_type_hint(arena, match->type, &hint->types);
    if (match->attrs.len == 1)
        vec_push(arena, &hint->bounds,
                 (MatchBound){.attr = match->attrs.items[0], .op = MATCH_EXISTS});
    if (match->q) match_q_hint(arena, match->q, hint);
    if (match->geo) match_geo_hint(arena, match->geo, hint);
}

/* Before anything is made of them, and held against every entity. */
static Rc lists_fit(Ctx *ctx, const MatchSource *source) {
    bool ids = source->ids.len > MATCH_LEAVES_MAX;
    if (!ids && source->attrs.len <= MATCH_LEAVES_MAX) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "query-too-complex", ids ? STR("id") : STR("attrs"),
                    "A list of more than %d: ask in several queries.", MATCH_LEAVES_MAX);
}

static Rc compile(Ctx *ctx, const LdContext *context, const MatchSource *source, Match *match) {
    TRY(lists_fit(ctx, source));
    TRY(read_ids(ctx, source, match));
    TRY(read_id_pattern(ctx, source, match));
    TRY(read_attrs(ctx, context, source, match));
    TRY(match_type_read(ctx, context, source->type, &match->type));
    TRY(match_scope_read(ctx, source->scope_q, &match->scope));
    TRY(match_q_read(ctx, context, source, &match->patterns, &match->q));
    TRY(match_geo_read(ctx, context, source, &match->geo));
    set_named(ctx->arena, match);
    set_hint(ctx->arena, match);
    return RC_OK;
}

Rc match_compile(Ctx *ctx, const LdContext *context, const MatchSource *source, Match **out) {
    Match *match = NEW(ctx->arena, Match);
    Rc rc = compile(ctx, context, source, match);
    *out = rc == RC_OK ? match : NULL;
    if (rc != RC_OK) match_free(match);
    return rc;
}

void match_free(Match *match) {
    if (!match) return;
    match_pattern_free(&match->patterns);
    match_geo_free(match->geo);
    match->geo = NULL;
}

static bool test_id(const Match *match, Str id) {
    bool found;
    if (match->id_pattern) return match_pattern_test(match->id_pattern, id, &found) && found;
    if (match->ids.len == 0) return true;
    if (match->ids.len > IDS_AS_LIST) return map_has(&match->id_map, id);
    VEC_EACH (Str, wanted, &match->ids)
        if (str_eq(*wanted, id)) return true;
    return false;
}

static bool test_attrs(const StrVec *wanted, const Entity *entity) {
    VEC_EACH (Attr, attr, &entity->attrs)
        VEC_EACH (Str, name, wanted)
            if (str_eq(attr->name, *name)) return true;
    return wanted->len == 0;
}

bool match_entity(const Match *match, const Entity *entity, Arena *scratch) {
    return test_id(match, entity->id) && (!match->type || match_type_test(match->type, entity)) &&
           test_attrs(&match->attrs, entity) && (!match->q || match_q_test(match->q, entity)) &&
           (!match->scope || match_scope_test(match->scope, entity)) &&
           (!match->geo || match_geo_test(match->geo, entity, scratch));
}

const MatchHint *match_hint(const Match *match) {
    return &match->hint;
}

static bool is_choice(const Expr *type) {
    if (!type || type->kind == EXPR_LEAF) return true;
    bool choice = type->kind == EXPR_OR;
    for (const Expr *one = type->first; one && choice; one = one->next)
        choice = one->kind == EXPR_LEAF;
    return choice;
}

bool match_hint_is_all(const Match *match) {
    return !match->id_pattern && !match->attrs.len && !match->q && !match->scope && !match->geo &&
           is_choice(match->type);
}

const StrVec *match_attrs(const Match *match) {
    return &match->named;
}

double match_distance(const Match *match, const Entity *entity, Arena *scratch) {
    return match->geo ? match_geo_distance(match->geo, entity, scratch) : -1;
}
