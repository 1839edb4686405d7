/* Type selection (clause 4.17). Types are names or IRIs; ',' is another '|'. */
#include "match_int.h"

#include <string.h>

static Rc read_leaf(Scan *scan, void *arg, const void **leaf) {
    (void)arg;
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    size_t len = 0;
    while (len < rest.len && (unsigned char)rest.ptr[len] > ' ' &&
           !strchr(";|(),\"<>{}", rest.ptr[len]))
        len++;
    if (len == 0)
        return SCAN_FAIL(scan, scan->at, "expected the name of a type, found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, scan->at)));
    scan->at += len;
    Arena *arena = scan->ctx->arena;
    Str *iri = NEW(arena, Str);
    *iri = str_dup(arena, ld_expand(scan->context, arena, str_sub(rest, 0, len)));
    *leaf = iri;
    return RC_OK;
}

Rc match_type_read(Ctx *ctx, const LdContext *context, Str type, Expr **out) {
    *out = NULL;
    type = str_trim(type);
    if (str_empty(type) || str_eq(type, STR("*"))) return RC_OK;
    Scan scan;
    TRY(match_scan_start(ctx, context, "type", type, &scan));
    return match_expr_parse(&scan, &(ExprRules){.leaf = read_leaf, .comma = true}, out);
}

static bool test_leaf(const void *leaf, const void *arg) {
    const Entity *entity = arg;
    VEC_EACH (Str, type, &entity->types)
        if (str_eq(*type, *(const Str *)leaf)) return true;
    return false;
}

bool match_type_test(const Expr *type, const Entity *entity) {
    return match_expr_test(type, test_leaf, entity);
}

/* Of an 'and' any one side is implied: the first. */
void match_type_hint(Arena *arena, const Expr *type, StrVec *types) {
    if (type->kind == EXPR_LEAF) {
        vec_push(arena, types, *(const Str *)type->leaf);
        return;
    }
    for (const Expr *item = type->first; item; item = item->next) {
        match_type_hint(arena, item, types);
        if (type->kind == EXPR_AND) return;
    }
}
