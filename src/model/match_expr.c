#include "match_int.h"

typedef struct Parser {
    Scan *scan;
    const ExprRules *rules;
    size_t leaves;
} Parser;

static Rc parse_chain(Parser *parser, unsigned depth, int kind, Expr **out);

static Rc parse_group(Parser *parser, unsigned depth, Expr **out) {
    Scan *scan = parser->scan;
    size_t open = scan->at++;
    if (depth == MATCH_DEPTH_MAX)
        return SCAN_LIMIT(scan, "parentheses are nested deeper than %d.", MATCH_DEPTH_MAX);
    TRY(parse_chain(parser, depth + 1, EXPR_OR, out));
    if (!match_scan_take(scan, STR(")")))
        return SCAN_FAIL(scan, scan->at,
                         "expected ')' for the '(' at offset %zu, found " STR_FMT ".", open,
                         STR_ARG(match_scan_what(scan, scan->at)));
    match_scan_blanks(scan);
    return RC_OK;
}

static Rc parse_atom(Parser *parser, unsigned depth, Expr **out) {
    Scan *scan = parser->scan;
    match_scan_blanks(scan);
    if (match_scan_peek(scan) == '(') return parse_group(parser, depth, out);
    if (++parser->leaves > MATCH_LEAVES_MAX)
        return SCAN_LIMIT(scan, "more than %d terms: ask in several queries.", MATCH_LEAVES_MAX);
    Expr *leaf = NEW(scan->ctx->arena, Expr);
    TRY(parser->rules->leaf(scan, parser->rules->arg, &leaf->leaf));
    match_scan_blanks(scan);
    *out = leaf;
    return RC_OK;
}

static bool take_operator(Parser *parser, int kind) {
    if (kind == EXPR_AND) return match_scan_take(parser->scan, STR(";"));
    return match_scan_take(parser->scan, STR("|")) ||
           (parser->rules->comma && match_scan_take(parser->scan, STR(",")));
}

static Rc parse_chain(Parser *parser, unsigned depth, int kind, Expr **out) {
    Expr *first = NULL, **end = &first;
    size_t n = 0;
    do {
        Expr *item = NULL;
        TRY(kind == EXPR_OR ? parse_chain(parser, depth, EXPR_AND, &item)
                            : parse_atom(parser, depth, &item));
        assert(item);
        *end = item;
        end = &item->next;
        n++;
    } while (take_operator(parser, kind));
    if (n == 1) {
        *out = first;
        return RC_OK;
    }
    *out = NEW(parser->scan->ctx->arena, Expr);
    (*out)->kind = kind == EXPR_OR ? EXPR_OR : EXPR_AND;
    (*out)->first = first;
    return RC_OK;
}

Rc match_expr_parse(Scan *scan, const ExprRules *rules, Expr **out) {
    Parser parser = {.scan = scan, .rules = rules};
    TRY(parse_chain(&parser, 0, EXPR_OR, out));
    if (scan->at < scan->text.len)
        return SCAN_FAIL(scan, scan->at, "expected ';', '|' or the end, found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, scan->at)));
    return RC_OK;
}

bool match_expr_test(const Expr *expr, ExprTest test, const void *arg) {
    if (expr->kind == EXPR_LEAF) return test(expr->leaf, arg);
    bool any = expr->kind == EXPR_OR;
    for (const Expr *item = expr->first; item; item = item->next)
        if (match_expr_test(item, test, arg) == any) return any;
    return !any;
}
