/* Scope queries (clause 4.19): /a/+/c, /a/#, /#, joined by ';', '|', ',' and parentheses. */
#include "match_int.h"

#include <string.h>

enum { SCOPE_LEVELS_MAX = 32 };

typedef struct Scope {
    Str levels[SCOPE_LEVELS_MAX]; /* "+" stands for any one */
    size_t n;
    bool below; /* ends in '#': this scope and all below it */
} Scope;

static Str read_level(const Scan *scan) {
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    size_t len = 0;
    while (len < rest.len && (unsigned char)rest.ptr[len] > ' ' &&
           !strchr("/;|(),\"#+", rest.ptr[len]))
        len++;
    return str_sub(rest, 0, len);
}

static Rc add_level(Scan *scan, Scope *scope) {
    if (scope->n == SCOPE_LEVELS_MAX)
        return SCAN_LIMIT(scan, "a scope of more than %d levels.", SCOPE_LEVELS_MAX);
    if (match_scan_take(scan, STR("+"))) {
        scope->levels[scope->n++] = STR("+");
        return RC_OK;
    }
    Str level = read_level(scan);
    if (str_empty(level))
        return SCAN_FAIL(scan, scan->at,
                         "expected the name of a level, '+' or '#', found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, scan->at)));
    scope->levels[scope->n++] = str_dup(scan->ctx->arena, level);
    scan->at += level.len;
    return RC_OK;
}

static Rc read_leaf(Scan *scan, void *arg, const void **leaf) {
    (void)arg;
    Scope *scope = NEW(scan->ctx->arena, Scope);
    *leaf = scope;
    if (match_scan_peek(scan) != '/')
        return SCAN_FAIL(scan, scan->at, "a scope begins with '/', found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, scan->at)));
    while (match_scan_take(scan, STR("/"))) {
        if (match_scan_take(scan, STR("#"))) {
            scope->below = true;
            return RC_OK;
        }
        TRY(add_level(scan, scope));
    }
    return RC_OK;
}

Rc match_scope_read(Ctx *ctx, Str scope_q, Expr **out) {
    *out = NULL;
    if (str_empty(scope_q)) return RC_OK;
    Scan scan;
    TRY(match_scan_start(ctx, NULL, "scopeQ", scope_q, &scan));
    return match_expr_parse(&scan, &(ExprRules){.leaf = read_leaf, .comma = true}, out);
}

static bool scope_meets(const Scope *scope, Str held) {
    if (str_starts(held, STR("/"))) held = str_sub(held, 1, held.len);
    Str level;
    for (size_t i = 0; i < scope->n; i++) {
        if (!str_split(&held, '/', &level)) return false;
        if (!str_eq(scope->levels[i], STR("+")) && !str_eq(scope->levels[i], level)) return false;
    }
    return scope->below || str_empty(held);
}

static bool test_leaf(const void *leaf, const void *arg) {
    const Entity *entity = arg;
    VEC_EACH (Str, held, &entity->scopes)
        if (scope_meets(leaf, *held)) return true;
    return false;
}

bool match_scope_test(const Expr *scope, const Entity *entity) {
    return match_expr_test(scope, test_leaf, entity);
}
