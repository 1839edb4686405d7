/* The grammar of chapter 10.3.1, by recursive descent: each level of precedence is a function. A
   name may hold blanks, so the reader is told which names there are; a keyword never begins one. */
#include "feel_scan.h"

#include <string.h>

static Rc read_expression(FeelScan *scan, const FeelExpr **out);
static Rc read_unary(FeelScan *scan, const FeelExpr **out);
static Rc read_test(FeelScan *scan, const FeelExpr **out);

static FeelExpr *node(FeelScan *scan, FeelOp op, size_t at) {
    FeelExpr *expr = NEW(scan->ctx->arena, FeelExpr);
    expr->op = op;
    expr->at = (uint32_t)at;
    return expr;
}

static const FeelExpr *literal(FeelScan *scan, size_t at, FeelValue value) {
    FeelExpr *expr = node(scan, OP_LITERAL, at);
    expr->literal = value;
    return expr;
}

typedef VEC(const FeelExpr *) ExprVec;

static void keep_items(FeelExpr *expr, const ExprVec *items, const StrVec *names) {
    expr->items = items->items;
    expr->n = items->len;
    expr->names = names && names->len ? names->items : NULL;
}

/* ---- primaries */

/* Behind the lower end and "..": the upper end and its bracket. */
static Rc read_range_end(FeelScan *scan, const FeelExpr *low, bool low_open, const FeelExpr **out) {
    FeelExpr *range = node(scan, OP_RANGE, low->at);
    range->a = low;
    range->low_open = low_open;
    TRY(read_expression(scan, &range->b));
    *out = range;
    if (feel_scan_take(scan, "]")) return RC_OK;
    range->high_open = true;
    return feel_scan_take(scan, "[") ? RC_OK : feel_scan_expect(scan, ")");
}

static Rc read_group(FeelScan *scan, const FeelExpr **out) {
    TRY(read_expression(scan, out));
    if (feel_scan_take(scan, "..")) return read_range_end(scan, *out, true, out);
    return feel_scan_expect(scan, ")");
}

static Rc read_open_range(FeelScan *scan, const FeelExpr **out) {
    TRY(read_expression(scan, out));
    TRY(feel_scan_expect(scan, ".."));
    return read_range_end(scan, *out, true, out);
}

static Rc read_list(FeelScan *scan, const FeelExpr **out) {
    FeelExpr *list = node(scan, OP_LIST, scan->at);
    ExprVec items = {0};
    *out = list;
    if (feel_scan_take(scan, "]")) return RC_OK;
    do {
        const FeelExpr *item;
        TRY(read_expression(scan, &item));
        if (items.len == 0 && feel_scan_take(scan, ".."))
            return read_range_end(scan, item, false, out);
        vec_push(scan->ctx->arena, &items, item);
    } while (feel_scan_take(scan, ","));
    keep_items(list, &items, NULL);
    return feel_scan_expect(scan, "]");
}

static Rc read_key(FeelScan *scan, Str *out) {
    return feel_scan_take(scan, "\"") ? feel_scan_string(scan, out) : feel_scan_name(scan, out);
}

static Rc read_context(FeelScan *scan, const FeelExpr **out) {
    FeelExpr *context = node(scan, OP_CONTEXT, scan->at);
    ExprVec items = {0};
    StrVec names = {0};
    size_t outer = scan->names.len;
    *out = context;
    if (feel_scan_take(scan, "}")) return RC_OK;
    do {
        Str name;
        const FeelExpr *value;
        TRY(read_key(scan, &name));
        VEC_EACH (Str, other, &names)
            if (str_eq(*other, name))
                return feel_scan_fail(scan, "the entry \"" STR_FMT "\" is there twice.",
                                      STR_ARG(name));
        TRY(feel_scan_expect(scan, ":"));
        TRY(read_expression(scan, &value));
        vec_push(scan->ctx->arena, &names, name);
        vec_push(scan->ctx->arena, &items, value);
        vec_push(scan->ctx->arena, &scan->names, name); /* later entries see earlier ones */
    } while (feel_scan_take(scan, ","));
    scan->names.len = outer;
    keep_items(context, &items, &names);
    return feel_scan_expect(scan, "}");
}

/* @"2025-04-01": what its text is, by its form (grammar rule 62). */
static Rc read_at_literal(FeelScan *scan, size_t at, const FeelExpr **out) {
    Str text;
    FeelValue value = {0};
    TRY(feel_scan_expect(scan, "\""));
    TRY(feel_scan_string(scan, &text));
    if (feel_read_date(text, &value.date))
        value.kind = FEEL_DATE;
    else if (feel_read_time(text, &value.time))
        value.kind = FEEL_TIME;
    else if (feel_read_date_time(text, &value.date_time))
        value.kind = FEEL_DATE_TIME;
    else if (!feel_read_duration(text, &value))
        return feel_scan_fail(scan, "\"" STR_FMT "\" is no date, time or duration.", STR_ARG(text));
    *out = literal(scan, at, value);
    return RC_OK;
}

static Rc read_text(FeelScan *scan, size_t at, const FeelExpr **out) {
    Str text;
    TRY(feel_scan_string(scan, &text));
    *out = literal(scan, at, feel_of_str(text));
    return RC_OK;
}

static Rc read_name(FeelScan *scan, size_t at, const FeelExpr **out) {
    FeelExpr *name = node(scan, OP_NAME, at);
    *out = name;
    return feel_scan_name(scan, &name->name);
}

static bool read_word_literal(FeelScan *scan, size_t at, const FeelExpr **out) {
    if (feel_scan_word(scan, "true"))
        *out = literal(scan, at, feel_of_bool(true));
    else if (feel_scan_word(scan, "false"))
        *out = literal(scan, at, feel_of_bool(false));
    else if (feel_scan_word(scan, "null"))
        *out = literal(scan, at, feel_null());
    else
        return false;
    return true;
}

static Rc read_primary(FeelScan *scan, const FeelExpr **out) {
    FeelValue number;
    feel_scan_skip(scan);
    size_t at = scan->at;
    if (feel_scan_number(scan, &number)) {
        *out = literal(scan, at, number);
        return RC_OK;
    }
    if (feel_scan_take(scan, "\"")) return read_text(scan, at, out);
    if (feel_scan_take(scan, "@")) return read_at_literal(scan, at, out);
    if (feel_scan_take(scan, "(")) return read_group(scan, out);
    if (feel_scan_take(scan, "[")) return read_list(scan, out);
    if (feel_scan_take(scan, "]")) return read_open_range(scan, out);
    if (feel_scan_take(scan, "{")) return read_context(scan, out);
    if (read_word_literal(scan, at, out)) return RC_OK;
    return read_name(scan, at, out);
}

/* ---- what follows a primary */

/* name: before an argument, when one stands there; it may be of several words. */
static bool take_argument_name(FeelScan *scan, Str *name) {
    feel_scan_skip(scan);
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    size_t len = strcspn(str_z(scan->ctx->scratch, str_head(rest, 80)), ":(),\"[]{}<>=+*/.");
    if (len == rest.len || rest.ptr[len] != ':') return false;
    *name = str_trim(str_sub(rest, 0, len));
    scan->at += len + 1;
    return true;
}

static Rc read_arguments(FeelScan *scan, FeelExpr *call) {
    ExprVec items = {0};
    StrVec names = {0};
    if (feel_scan_take(scan, ")")) return RC_OK;
    do {
        Str name;
        const FeelExpr *argument;
        if (take_argument_name(scan, &name)) vec_push(scan->ctx->arena, &names, name);
        TRY(read_expression(scan, &argument));
        vec_push(scan->ctx->arena, &items, argument);
        if (names.len && names.len != items.len)
            return feel_scan_fail(scan, "arguments are given by name all or none.");
    } while (feel_scan_take(scan, ","));
    keep_items(call, &items, &names);
    return feel_scan_expect(scan, ")");
}

static Rc read_call(FeelScan *scan, const FeelExpr *function, const FeelExpr **out) {
    FeelExpr *call = node(scan, OP_CALL, function->at);
    call->a = function;
    if (function->op == OP_NAME) call->name = function->name;
    *out = call;
    return read_arguments(scan, call);
}

static Rc read_filter(FeelScan *scan, const FeelExpr *list, const FeelExpr **out) {
    FeelExpr *filter = node(scan, OP_FILTER, list->at);
    filter->a = list;
    TRY(read_expression(scan, &filter->b));
    *out = filter;
    return feel_scan_expect(scan, "]");
}

static Rc read_path(FeelScan *scan, const FeelExpr *from, const FeelExpr **out) {
    FeelExpr *path = node(scan, OP_PATH, scan->at);
    path->a = from;
    *out = path;
    return feel_scan_name(scan, &path->name);
}

static Rc read_postfix(FeelScan *scan, const FeelExpr **out) {
    TRY(read_primary(scan, out));
    for (;;) {
        if (feel_scan_sees(scan, "..")) return RC_OK;
        if (feel_scan_take(scan, "."))
            TRY(read_path(scan, *out, out));
        else if ((*out)->op != OP_RANGE && (*out)->op != OP_LITERAL && feel_scan_take(scan, "["))
            TRY(read_filter(scan, *out, out));
        else if ((*out)->op != OP_LITERAL && feel_scan_take(scan, "("))
            TRY(read_call(scan, *out, out));
        else
            return RC_OK;
    }
}

/* ---- operators, the tightest first */

static Rc read_unary(FeelScan *scan, const FeelExpr **out) {
    feel_scan_skip(scan);
    size_t at = scan->at;
    if (!feel_scan_take(scan, "-")) return read_postfix(scan, out);
    FeelExpr *negate = node(scan, OP_NEGATE, at);
    *out = negate;
    if (++scan->depth > FEEL_DEPTH_MAX) return feel_scan_fail(scan, "too deeply nested.");
    Rc rc = read_unary(scan, &negate->a);
    scan->depth--;
    return rc;
}

typedef struct Sign {
    const char *mark;
    FeelOp op;
} Sign;

typedef Rc Level(FeelScan *scan, const FeelExpr **out);

/* One level of operators that group to the left. */
static Rc read_left(FeelScan *scan, const Sign *signs, size_t n, Level *tighter,
                    const FeelExpr **out) {
    TRY(tighter(scan, out));
    for (;;) {
        const Sign *sign = NULL;
        for (size_t i = 0; i < n && !sign; i++)
            if (feel_scan_take(scan, signs[i].mark)) sign = &signs[i];
        if (!sign) return RC_OK;
        FeelExpr *expr = node(scan, sign->op, (*out)->at);
        expr->a = *out;
        TRY(tighter(scan, &expr->b));
        *out = expr;
    }
}

static Rc read_power(FeelScan *scan, const FeelExpr **out) {
    static const Sign signs[] = {{"**", OP_POWER}};
    return read_left(scan, signs, 1, read_unary, out);
}

static Rc read_product(FeelScan *scan, const FeelExpr **out) {
    static const Sign signs[] = {{"*", OP_MULTIPLY}, {"/", OP_DIVIDE}};
    return read_left(scan, signs, 2, read_power, out);
}

static Rc read_sum(FeelScan *scan, const FeelExpr **out) {
    static const Sign signs[] = {{"+", OP_ADD}, {"-", OP_SUBTRACT}};
    return read_left(scan, signs, 2, read_product, out);
}

static const Sign comparisons[] = {{"<=", OP_LESS_EQUAL}, {">=", OP_GREATER_EQUAL},
                                   {"!=", OP_UNEQUAL},    {"<", OP_LESS},
                                   {">", OP_GREATER},     {"=", OP_EQUAL}};

static const Sign *take_comparison(FeelScan *scan) {
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
        if (feel_scan_take(scan, comparisons[i].mark)) return &comparisons[i];
    return NULL;
}

static Rc read_tests(FeelScan *scan, FeelExpr *into) {
    ExprVec items = {0};
    do {
        const FeelExpr *test;
        TRY(read_test(scan, &test));
        vec_push(scan->ctx->arena, &items, test);
    } while (feel_scan_take(scan, ","));
    keep_items(into, &items, NULL);
    return RC_OK;
}

/* x in 1, or x in (1, 2, >5): a bracket may also be a range's. */
static Rc read_in(FeelScan *scan, FeelExpr *in) {
    FeelScan before = *scan;
    Error error = scan->ctx->error;
    if (feel_scan_take(scan, "(") && read_tests(scan, in) == RC_OK && feel_scan_take(scan, ")"))
        return RC_OK;
    scan->ctx->error = error;
    scan->at = before.at;
    const FeelExpr *test;
    ExprVec items = {0};
    TRY(read_test(scan, &test));
    vec_push(scan->ctx->arena, &items, test);
    keep_items(in, &items, NULL);
    return RC_OK;
}

static Rc read_between(FeelScan *scan, FeelExpr *between) {
    TRY(read_sum(scan, &between->b));
    if (!feel_scan_word(scan, "and")) return feel_scan_expect(scan, "and");
    return read_sum(scan, &between->c);
}

static Rc read_instance(FeelScan *scan, FeelExpr *instance) {
    if (!feel_scan_word(scan, "of")) return feel_scan_expect(scan, "of");
    return feel_scan_type(scan, &instance->name);
}

static Rc read_words(FeelScan *scan, const FeelExpr **out, bool *found) {
    static const struct {
        const char *word;
        FeelOp op;
        Rc (*read)(FeelScan *scan, FeelExpr *into);
    } words[] = {{"between", OP_BETWEEN, read_between},
                 {"in", OP_IN, read_in},
                 {"instance", OP_INSTANCE, read_instance}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!feel_scan_word(scan, words[i].word)) continue;
        FeelExpr *expr = node(scan, words[i].op, (*out)->at);
        expr->a = *out;
        *out = expr;
        *found = true;
        return words[i].read(scan, expr);
    }
    *found = false;
    return RC_OK;
}

static Rc read_comparison(FeelScan *scan, const FeelExpr **out) {
    TRY(read_sum(scan, out));
    for (;;) {
        const Sign *sign = take_comparison(scan);
        bool found = sign != NULL;
        if (sign) {
            FeelExpr *expr = node(scan, sign->op, (*out)->at);
            expr->a = *out;
            *out = expr;
            TRY(read_sum(scan, &expr->b));
        } else {
            TRY(read_words(scan, out, &found));
        }
        if (!found) return RC_OK;
    }
}

static Rc read_joined(FeelScan *scan, const char *word, FeelOp op, Level *tighter,
                      const FeelExpr **out) {
    TRY(tighter(scan, out));
    while (feel_scan_word(scan, word)) {
        FeelExpr *expr = node(scan, op, (*out)->at);
        expr->a = *out;
        TRY(tighter(scan, &expr->b));
        *out = expr;
    }
    return RC_OK;
}

static Rc read_and(FeelScan *scan, const FeelExpr **out) {
    return read_joined(scan, "and", OP_AND, read_comparison, out);
}

static Rc read_or(FeelScan *scan, const FeelExpr **out) {
    return read_joined(scan, "or", OP_OR, read_and, out);
}

/* ---- textual expressions */

static Rc expect_word(FeelScan *scan, const char *word) {
    return feel_scan_word(scan, word) ? RC_OK : feel_scan_expect(scan, word);
}

static Rc read_if(FeelScan *scan, FeelExpr *expr) {
    TRY(read_expression(scan, &expr->a));
    TRY(expect_word(scan, "then"));
    TRY(read_expression(scan, &expr->b));
    TRY(expect_word(scan, "else"));
    return read_expression(scan, &expr->c);
}

/* A domain: a list, or 1..10 without brackets. */
static Rc read_domain(FeelScan *scan, const FeelExpr **out) {
    TRY(read_expression(scan, out));
    if (!feel_scan_take(scan, "..")) return RC_OK;
    FeelExpr *range = node(scan, OP_RANGE, (*out)->at);
    range->a = *out;
    *out = range;
    return read_expression(scan, &range->b);
}

static Rc read_iterators(FeelScan *scan, FeelExpr *expr, const char *before_body) {
    ExprVec domains = {0};
    StrVec names = {0};
    size_t outer = scan->names.len;
    do {
        Str name;
        const FeelExpr *domain;
        TRY(feel_scan_name(scan, &name));
        TRY(expect_word(scan, "in"));
        TRY(read_domain(scan, &domain));
        vec_push(scan->ctx->arena, &names, name);
        vec_push(scan->ctx->arena, &domains, domain);
        vec_push(scan->ctx->arena, &scan->names, name);
    } while (feel_scan_take(scan, ","));
    TRY(expect_word(scan, before_body));
    vec_push(scan->ctx->arena, &scan->names, STR("partial"));
    TRY(read_expression(scan, &expr->b));
    scan->names.len = outer;
    keep_items(expr, &domains, &names);
    return RC_OK;
}

static Rc read_for(FeelScan *scan, FeelExpr *expr) {
    return read_iterators(scan, expr, "return");
}

static Rc read_quantified(FeelScan *scan, FeelExpr *expr) {
    return read_iterators(scan, expr, "satisfies");
}

static Rc read_function(FeelScan *scan, FeelExpr *expr) {
    StrVec names = {0};
    size_t outer = scan->names.len;
    TRY(feel_scan_expect(scan, "("));
    bool more = !feel_scan_take(scan, ")");
    while (more) {
        Str name, type;
        TRY(feel_scan_name(scan, &name));
        if (feel_scan_take(scan, ":")) TRY(feel_scan_type(scan, &type));
        vec_push(scan->ctx->arena, &names, name);
        vec_push(scan->ctx->arena, &scan->names, name);
        more = feel_scan_take(scan, ",");
        if (!more) TRY(feel_scan_expect(scan, ")"));
    }
    if (feel_scan_word(scan, "external"))
        return feel_scan_fail(scan,
                              "functions from elsewhere are not called: no script in definitions.");
    TRY(read_expression(scan, &expr->b));
    scan->names.len = outer;
    expr->names = names.items;
    expr->n = names.len;
    return RC_OK;
}

static Rc read_textual(FeelScan *scan, const FeelExpr **out) {
    static const struct {
        const char *word;
        FeelOp op;
        Rc (*read)(FeelScan *scan, FeelExpr *into);
    } words[] = {{"if", OP_IF, read_if},
                 {"for", OP_FOR, read_for},
                 {"some", OP_SOME, read_quantified},
                 {"every", OP_EVERY, read_quantified},
                 {"function", OP_FUNCTION, read_function}};
    feel_scan_skip(scan);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t at = scan->at;
        if (!feel_scan_word(scan, words[i].word)) continue;
        FeelExpr *expr = node(scan, words[i].op, at);
        *out = expr;
        return words[i].read(scan, expr);
    }
    return read_or(scan, out);
}

static Rc read_expression(FeelScan *scan, const FeelExpr **out) {
    if (++scan->depth > FEEL_DEPTH_MAX) return feel_scan_fail(scan, "too deeply nested.");
    Rc rc = read_textual(scan, out);
    scan->depth--;
    return rc;
}

/* ---- tests */

/* `< 5`, or an expression; whether it reads `?` decides what its value means. */
static Rc read_test(FeelScan *scan, const FeelExpr **out) {
    feel_scan_skip(scan);
    size_t at = scan->at;
    const Sign *sign = take_comparison(scan);
    bool outer = scan->of_input;
    scan->of_input = false;
    if (sign) {
        FeelExpr *test = node(scan, OP_COMPARE, at);
        test->compare = sign->op;
        *out = test;
        TRY(read_sum(scan, &test->a));
    } else {
        TRY(read_expression(scan, out));
    }
    if (scan->of_input) {
        FeelExpr *marked = NEW(scan->ctx->arena, FeelExpr);
        *marked = **out;
        marked->of_input = true;
        *out = marked;
    }
    scan->of_input |= outer;
    return RC_OK;
}

static Rc read_all_tests(FeelScan *scan, const FeelExpr **out) {
    FeelExpr *tests = node(scan, OP_TESTS, 0);
    *out = tests;
    size_t start = scan->at;
    if (feel_scan_take(scan, "-")) {
        feel_scan_skip(scan);
        if (scan->at == scan->text.len) {
            tests->op = OP_ANY;
            return RC_OK;
        }
        scan->at = start;
    }
    if (feel_scan_word(scan, "not") && feel_scan_take(scan, "(")) {
        tests->negated = true;
        TRY(read_tests(scan, tests));
        return feel_scan_expect(scan, ")");
    }
    scan->at = start;
    return read_tests(scan, tests);
}

static Rc read_whole(Ctx *ctx, Str text, const StrVec *names, Level *read, const FeelExpr **out) {
    if (text.len > FEEL_TEXT_MAX)
        return ctx_fail(ctx, RC_LIMIT, "bad-expression", STR_NONE,
                        "An expression has at most %d bytes.", FEEL_TEXT_MAX);
    FeelScan scan = {.ctx = ctx, .text = text};
    if (names)
        VEC_EACH (Str, name, names)
            vec_push(ctx->arena, &scan.names, *name);
    TRY(read(&scan, out));
    feel_scan_skip(&scan);
    if (scan.at < text.len) return feel_scan_fail(&scan, "the expression ends before this.");
    return RC_OK;
}

Rc feel_read(Ctx *ctx, Str text, const StrVec *names, const FeelExpr **out) {
    return read_whole(ctx, text, names, read_expression, out);
}

Rc feel_read_tests(Ctx *ctx, Str text, const StrVec *names, const FeelExpr **out) {
    return read_whole(ctx, text, names, read_all_tests, out);
}

/* ---- lint */

static void add_name(Arena *arena, Str name, StrVec *out) {
    VEC_EACH (Str, other, out)
        if (str_eq(*other, name)) return;
    vec_push(arena, out, name);
}

static bool is_bound(const StrVec *bound, Str name) {
    VEC_EACH (Str, other, bound)
        if (str_eq(*other, name)) return true;
    return false;
}

static void walk(Arena *arena, const FeelExpr *expr, StrVec *bound, StrVec *out) {
    if (!expr) return;
    size_t outer = bound->len;
    bool binds = expr->op == OP_CONTEXT || expr->op == OP_FOR || expr->op == OP_SOME ||
                 expr->op == OP_EVERY || expr->op == OP_FUNCTION;
    if (expr->op == OP_NAME && !is_bound(bound, expr->name)) add_name(arena, expr->name, out);
    if (expr->op != OP_CALL || expr->a->op != OP_NAME || !feel_builtin(expr->name))
        walk(arena, expr->a, bound, out);
    for (size_t i = 0; i < expr->n; i++) {
        if (expr->items) walk(arena, expr->items[i], bound, out);
        if (binds) vec_push(arena, bound, expr->names[i]);
    }
    if (expr->op == OP_FILTER) vec_push(arena, bound, STR("item"));
    walk(arena, expr->b, bound, out);
    walk(arena, expr->c, bound, out);
    bound->len = outer;
}

void feel_names(Arena *arena, const FeelExpr *expr, StrVec *out) {
    StrVec bound = {0};
    walk(arena, expr, &bound, out);
}
