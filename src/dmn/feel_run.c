/* Evaluation: one function for each kind of node, three-valued logic, a bound on steps and depth.
 */
#include "feel_int.h"

#include <stdarg.h>
#include <stdio.h>

static FeelValue eval(FeelRun *run, const FeelExpr *expr, const FeelScope *scope);

FeelValue feel_nothing(FeelRun *run, const FeelExpr *expr, const char *format, ...) {
    size_t n = run->n_notes++;
    if (n >= FEEL_NOTES_MAX) return feel_null();
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    run->notes[n] = (FeelNote){.at = expr->at, .text = str_dup(run->arena, str_of(text))};
    return feel_null();
}

bool feel_spend(FeelRun *run, size_t steps) {
    bool enough = run->steps > steps;
    run->steps = enough ? run->steps - steps : 0;
    return enough;
}

/* ---- names */

static const FeelValue *look_up(const FeelScope *scope, Str name) {
    for (; scope; scope = scope->up)
        for (size_t i = 0; i < scope->len; i++)
            if (str_eq(scope->entries[i].name, name)) return &scope->entries[i].value;
    return NULL;
}

static FeelValue eval_name(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    const FeelValue *found = look_up(scope, expr->name);
    if (found) return *found;
    const FeelBuiltin *builtin = feel_builtin(expr->name);
    if (!builtin)
        return feel_nothing(run, expr, "there is no \"" STR_FMT "\"", STR_ARG(expr->name));
    FeelFunction *function = NEW(run->arena, FeelFunction);
    function->builtin = builtin;
    return (FeelValue){.kind = FEEL_FUNCTION, .function = function};
}

static FeelValue eval_literal(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    (void)run;
    (void)scope;
    return expr->literal;
}

static FeelValue eval_list(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue *items = NEW_ARRAY(run->arena, FeelValue, expr->n + 1);
    for (size_t i = 0; i < expr->n; i++)
        items[i] = eval(run, expr->items[i], scope);
    return feel_of_items(items, expr->n);
}

static FeelValue eval_context(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelEntry *entries = NEW_ARRAY(run->arena, FeelEntry, expr->n + 1);
    FeelScope *inner = NEW(run->arena, FeelScope); /* functions in it refer to their neighbours */
    *inner = (FeelScope){.up = scope, .entries = entries};
    for (size_t i = 0; i < expr->n; i++) {
        FeelValue value = eval(run, expr->items[i], inner);
        entries[i] = (FeelEntry){.name = expr->names[i], .value = value};
        inner->len = i + 1;
    }
    return feel_of_entries(entries, expr->n);
}

static FeelValue eval_range(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelRange *range = NEW(run->arena, FeelRange);
    *range = (FeelRange){.low = eval(run, expr->a, scope),
                         .high = eval(run, expr->b, scope),
                         .low_open = expr->low_open,
                         .high_open = expr->high_open};
    int order;
    if (!feel_order(&range->low, &range->high, &order))
        return feel_nothing(run, expr, "a range from %s to %s has no meaning",
                            feel_kind_name(range->low.kind), feel_kind_name(range->high.kind));
    return (FeelValue){.kind = FEEL_RANGE, .range = range};
}

/* ---- paths and filters */

static FeelValue member_of(FeelRun *run, const FeelExpr *expr, const FeelValue *value) {
    const FeelValue *entry = feel_get(value, expr->name);
    FeelValue out;
    if (entry) return *entry;
    if (feel_property(value, expr->name, &out)) return out;
    if (value->kind == FEEL_NULL) return feel_null();
    return feel_nothing(run, expr, "a %s without \"" STR_FMT "\"", feel_kind_name(value->kind),
                        STR_ARG(expr->name));
}

static FeelValue eval_path(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue from = eval(run, expr->a, scope);
    if (from.kind != FEEL_LIST) return member_of(run, expr, &from);
    if (!feel_spend(run, from.len)) return feel_null();
    FeelValue *items = NEW_ARRAY(run->arena, FeelValue, from.len + 1);
    for (uint32_t i = 0; i < from.len; i++)
        items[i] = member_of(run, expr, &from.items[i]);
    return feel_of_items(items, from.len);
}

static FeelValue item_at(const FeelValue *list, FeelNumber index) {
    int64_t at;
    if (!number_to_int(index, &at)) return feel_null();
    if (at < 0) at += (int64_t)list->len + 1;
    return at >= 1 && at <= (int64_t)list->len ? list->items[at - 1] : feel_null();
}

static FeelValue keep_matching(FeelRun *run, const FeelExpr *expr, const FeelValue *list,
                               const FeelScope *scope) {
    if (!feel_spend(run, list->len)) return feel_null();
    FeelValue *items = NEW_ARRAY(run->arena, FeelValue, list->len + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < list->len; i++) {
        FeelEntry item = {.name = STR("item"), .value = list->items[i]};
        FeelScope named = {.up = scope, .entries = &item, .len = 1};
        bool is_context = list->items[i].kind == FEEL_CONTEXT;
        FeelScope own = {.up = &named,
                         .entries = is_context ? list->items[i].entries : NULL,
                         .len = is_context ? list->items[i].len : 0};
        FeelValue kept = eval(run, expr->b, &own);
        if (kept.kind == FEEL_BOOL && kept.boolean) items[n++] = list->items[i];
    }
    return feel_of_items(items, n);
}

static FeelValue eval_filter(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue list = eval(run, expr->a, scope);
    FeelValue *single = NEW(run->arena, FeelValue);
    if (list.kind != FEEL_LIST) { /* a single value is a list of one */
        *single = list;
        list = feel_of_items(single, list.kind == FEEL_NULL ? 0 : 1);
    }
    size_t notes = run->n_notes;
    FeelValue index = eval(run, expr->b, scope);
    if (index.kind == FEEL_NUMBER) return item_at(&list, index.number);
    run->n_notes = notes; /* outside of an item a condition may well have no value */
    return keep_matching(run, expr, &list, scope);
}

/* ---- calls */

FeelValue feel_apply(FeelRun *run, const FeelExpr *expr, const FeelFunction *function,
                     const FeelValue *args, size_t n) {
    if (function->builtin)
        return function->builtin->call(&(FeelCall){.run = run, .expr = expr, .args = args, .n = n});
    if (n != function->n)
        return feel_nothing(run, expr, "the function takes %zu values, not %zu", function->n, n);
    FeelEntry *entries = NEW_ARRAY(run->arena, FeelEntry, n + 1);
    for (size_t i = 0; i < n; i++)
        entries[i] = (FeelEntry){.name = function->names[i], .value = args[i]};
    FeelScope *inner = NEW(run->arena, FeelScope); /* a function returned from here keeps it */
    *inner = (FeelScope){.up = function->scope, .entries = entries, .len = n};
    return function->body(run, function->what, inner);
}

/* The names of a built-in function's parameters, or of a written one's. */
static StrVec parameters_of(const FeelRun *run, const FeelFunction *function) {
    StrVec names = {.items = (Str *)function->names, .len = function->n};
    if (!function->builtin) return names;
    Str rest = str_of(function->builtin->parameters), parameter;
    while (str_split(&rest, ',', &parameter))
        vec_push(run->arena, &names, parameter);
    return names;
}

static bool takes_any_number(const FeelFunction *function) {
    return function->builtin && function->builtin->parameters[0] == '*';
}

static ptrdiff_t place_of(const StrVec *names, Str name) {
    for (size_t i = 0; i < names->len; i++)
        if (str_eq(names->items[i], name)) return (ptrdiff_t)i;
    return -1;
}

FeelValue feel_apply_named(FeelRun *run, const FeelExpr *expr, const FeelFunction *function,
                           const Str *names, FeelValue list) {
    if (takes_any_number(function))
        return feel_nothing(run, expr, "this function's values have no names");
    StrVec parameters = parameters_of(run, function);
    FeelValue *args = NEW_ARRAY(run->arena, FeelValue, parameters.len + 1);
    size_t n = function->builtin ? function->builtin->least : parameters.len;
    for (uint32_t i = 0; i < list.len; i++) {
        ptrdiff_t at = place_of(&parameters, names[i]);
        if (at < 0)
            return feel_nothing(run, expr, "the function has no parameter \"" STR_FMT "\"",
                                STR_ARG(names[i]));
        args[at] = list.items[i];
        if ((size_t)at + 1 > n) n = (size_t)at + 1;
    }
    return feel_apply(run, expr, function, args, n);
}

static bool takes(const FeelRun *run, const FeelFunction *function, size_t n) {
    if (!function->builtin) return n == function->n;
    return n >= function->builtin->least &&
           (takes_any_number(function) || n <= parameters_of(run, function).len);
}

static FeelValue eval_call(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue callee = eval(run, expr->a, scope);
    if (callee.kind != FEEL_FUNCTION)
        return feel_nothing(run, expr, "\"" STR_FMT "\" is no function", STR_ARG(expr->name));
    FeelValue list = eval_list(run, expr, scope);
    if (expr->names) return feel_apply_named(run, expr, callee.function, expr->names, list);
    if (!takes(run, callee.function, expr->n))
        return feel_nothing(run, expr, "\"" STR_FMT "\" does not take %zu values",
                            STR_ARG(expr->name), expr->n);
    return feel_apply(run, expr, callee.function, list.items, expr->n);
}

/* ---- operators */

static FeelValue eval_negate(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue value = eval(run, expr->a, scope);
    switch (value.kind) {
    case FEEL_NUMBER:
        value.number = number_negate(value.number);
        return value;
    case FEEL_MONTHS:
        value.months = -value.months;
        return value;
    case FEEL_SPAN:
        value.span = -value.span;
        return value;
    default:
        return feel_nothing(run, expr, "- %s has no meaning", feel_kind_name(value.kind));
    }
}

static FeelValue eval_arithmetic(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue a = eval(run, expr->a, scope), b = eval(run, expr->b, scope);
    return feel_operate(run, expr, &a, &b);
}

/* A comparison without meaning leaves a note only when nothing in it was null already. */
static FeelValue compare(FeelRun *run, const FeelExpr *expr, const FeelValue *a,
                         const FeelValue *b) {
    FeelOp op = expr->op == OP_COMPARE ? expr->compare : expr->op;
    FeelValue out = feel_compare(op, a, b);
    if (out.kind == FEEL_NULL && a->kind != FEEL_NULL && b->kind != FEEL_NULL)
        return feel_nothing(run, expr, "%s and %s cannot be compared", feel_kind_name(a->kind),
                            feel_kind_name(b->kind));
    return out;
}

static FeelValue eval_compare(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue a = eval(run, expr->a, scope), b = eval(run, expr->b, scope);
    return compare(run, expr, &a, &b);
}

/* and, or: `decides` alone decides, whatever the other is; else both must be truth values. */
static FeelValue logic(FeelRun *run, const FeelExpr *expr, const FeelScope *scope, bool decides) {
    FeelValue a = eval(run, expr->a, scope);
    if (a.kind == FEEL_BOOL && a.boolean == decides) return a;
    FeelValue b = eval(run, expr->b, scope);
    if (b.kind == FEEL_BOOL && b.boolean == decides) return b;
    return a.kind == FEEL_BOOL && b.kind == FEEL_BOOL ? feel_of_bool(!decides) : feel_null();
}

static FeelValue eval_and(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    return logic(run, expr, scope, false);
}

static FeelValue eval_or(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    return logic(run, expr, scope, true);
}

static FeelValue eval_between(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue value = eval(run, expr->a, scope);
    FeelValue low = eval(run, expr->b, scope), high = eval(run, expr->c, scope);
    FeelValue above = feel_compare(OP_GREATER_EQUAL, &value, &low);
    FeelValue below = feel_compare(OP_LESS_EQUAL, &value, &high);
    if (above.kind == FEEL_NULL || below.kind == FEEL_NULL) return feel_null();
    return feel_of_bool(above.boolean && below.boolean);
}

static FeelValue eval_instance(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue value = eval(run, expr->a, scope);
    return feel_of_bool(feel_is_a(&value, expr->name));
}

static FeelValue eval_if(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue condition = eval(run, expr->a, scope);
    bool holds = condition.kind == FEEL_BOOL && condition.boolean;
    return eval(run, holds ? expr->b : expr->c, scope);
}

/* ---- iteration */

typedef struct Loop {
    const FeelExpr *expr;
    const FeelScope *scope;
    FeelEntry *entries; /* the iterators, and `partial` behind them */
    FeelValue *results;
    size_t n, cap;
    bool stop; /* some, every: decided */
    bool found;
    bool unknown;
} Loop;

static void loop_from(FeelRun *run, Loop *loop, size_t level);

static void add_result(FeelRun *run, Loop *loop, FeelValue value) {
    if (loop->n == loop->cap) {
        size_t cap = loop->cap ? loop->cap * 2 : 16;
        loop->results = arena_grow(run->arena, loop->results, loop->cap * sizeof value,
                                   cap * sizeof value, _Alignof(FeelValue));
        loop->cap = cap;
    }
    loop->results[loop->n++] = value;
}

static void loop_body(FeelRun *run, Loop *loop) {
    const FeelExpr *expr = loop->expr;
    loop->entries[expr->n].value = feel_of_items(loop->results, loop->n);
    FeelScope inner = {.up = loop->scope, .entries = loop->entries, .len = expr->n + 1};
    FeelValue value = eval(run, expr->b, &inner);
    if (expr->op == OP_FOR) {
        add_result(run, loop, value);
        return;
    }
    bool wanted = expr->op == OP_SOME;
    if (value.kind != FEEL_BOOL)
        loop->unknown = true;
    else if (value.boolean == wanted)
        loop->found = loop->stop = true;
}

static void loop_step(FeelRun *run, Loop *loop, size_t level, FeelValue value) {
    loop->entries[level].value = value;
    loop_from(run, loop, level + 1);
}

/* A range of numbers counts up or down by one, one of dates by a day. */
static void loop_range(FeelRun *run, Loop *loop, size_t level, const FeelRange *range) {
    int64_t low, high;
    bool dates = range->low.kind == FEEL_DATE && range->high.kind == FEEL_DATE;
    if (dates) {
        low = time_date_days(range->low.date);
        high = time_date_days(range->high.date);
    } else if (range->low.kind != FEEL_NUMBER || range->high.kind != FEEL_NUMBER ||
               !number_to_int(range->low.number, &low) ||
               !number_to_int(range->high.number, &high)) {
        feel_nothing(run, loop->expr, "this range can't be counted through");
        return;
    }
    int64_t step = low <= high ? 1 : -1;
    if (range->low_open) low += step;
    if (range->high_open) high -= step;
    for (int64_t i = low; (high - i) * step >= 0 && !loop->stop && run->steps; i += step)
        loop_step(run, loop, level, dates ? feel_of_date(time_days_date(i)) : feel_of_int(i));
}

static void loop_from(FeelRun *run, Loop *loop, size_t level) {
    if (level == loop->expr->n) {
        loop_body(run, loop);
        return;
    }
    FeelScope inner = {.up = loop->scope, .entries = loop->entries, .len = level};
    FeelValue domain = eval(run, loop->expr->items[level], &inner);
    if (domain.kind == FEEL_RANGE) {
        loop_range(run, loop, level, domain.range);
    } else if (domain.kind == FEEL_LIST) {
        for (uint32_t i = 0; i < domain.len && !loop->stop && run->steps; i++)
            loop_step(run, loop, level, domain.items[i]);
    } else if (domain.kind != FEEL_NULL) {
        loop_step(run, loop, level, domain);
    }
}

static FeelValue eval_loop(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    Loop loop = {.expr = expr, .scope = scope};
    loop.entries = NEW_ARRAY(run->arena, FeelEntry, expr->n + 1);
    for (size_t i = 0; i < expr->n; i++)
        loop.entries[i].name = expr->names[i];
    loop.entries[expr->n].name = STR("partial");
    loop_from(run, &loop, 0);
    if (expr->op == OP_FOR) return feel_of_items(loop.results, loop.n);
    if (!loop.found && loop.unknown) return feel_null();
    return feel_of_bool(loop.found == (expr->op == OP_SOME));
}

static FeelValue run_body(FeelRun *run, const void *what, const FeelScope *scope) {
    return eval(run, what, scope);
}

static FeelValue eval_function(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelFunction *function = NEW(run->arena, FeelFunction);
    *function = (FeelFunction){
        .names = expr->names, .n = expr->n, .body = run_body, .what = expr->b, .scope = scope};
    return (FeelValue){.kind = FEEL_FUNCTION, .function = function};
}

/* ---- tests (grammar rule 7: what an expression's value means as a test) */

static FeelValue is_among(FeelRun *run, const FeelValue *input, const FeelValue *value) {
    bool known, equal = feel_equal(input, value, &known);
    if (value->kind == FEEL_RANGE && input->kind != FEEL_RANGE)
        return feel_of_bool(feel_in_range(value->range, input));
    if (value->kind != FEEL_LIST || equal) return known ? feel_of_bool(equal) : feel_null();
    for (uint32_t i = 0; i < value->len; i++) {
        FeelValue inside = is_among(run, input, &value->items[i]);
        if (inside.kind == FEEL_BOOL && inside.boolean) return inside;
    }
    return feel_of_bool(false);
}

static const FeelValue *input_of(const FeelScope *scope) {
    static const FeelValue none = {.kind = FEEL_NULL};
    const FeelValue *input = look_up(scope, STR("?"));
    return input ? input : &none;
}

static FeelValue eval_any(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    (void)run;
    (void)expr;
    (void)scope;
    return feel_of_bool(true);
}

static FeelValue eval_test_compare(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue end = eval(run, expr->a, scope);
    return compare(run, expr, input_of(scope), &end);
}

static FeelValue test_one(FeelRun *run, const FeelExpr *test, const FeelScope *scope) {
    FeelValue value = eval(run, test, scope);
    if (test->op == OP_COMPARE || test->of_input) return value;
    const FeelValue *input = input_of(scope);
    bool written = test->op == OP_LITERAL; /* `true` for an answer that isn't there holds not */
    if (!written && value.kind == FEEL_BOOL && input->kind != FEEL_BOOL && value.boolean)
        return value;
    return is_among(run, input, &value);
}

static FeelValue eval_tests(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    bool unknown = false;
    for (size_t i = 0; i < expr->n; i++) {
        FeelValue one = test_one(run, expr->items[i], scope);
        if (one.kind == FEEL_BOOL && one.boolean) return feel_of_bool(!expr->negated);
        unknown |= one.kind == FEEL_NULL;
    }
    return unknown ? feel_null() : feel_of_bool(expr->negated);
}

static FeelValue eval_in(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelEntry input = {.name = STR("?"), .value = eval(run, expr->a, scope)};
    FeelScope inner = {.up = scope, .entries = &input, .len = 1};
    return eval_tests(run, expr, &inner);
}

/* ---- the whole */

typedef FeelValue Eval(FeelRun *run, const FeelExpr *expr, const FeelScope *scope);

static Eval *const evaluators[FEEL_OPS] = {
    [OP_LITERAL] = eval_literal,
    [OP_NAME] = eval_name,
    [OP_LIST] = eval_list,
    [OP_CONTEXT] = eval_context,
    [OP_RANGE] = eval_range,
    [OP_PATH] = eval_path,
    [OP_FILTER] = eval_filter,
    [OP_CALL] = eval_call,
    [OP_NEGATE] = eval_negate,
    [OP_ADD] = eval_arithmetic,
    [OP_SUBTRACT] = eval_arithmetic,
    [OP_MULTIPLY] = eval_arithmetic,
    [OP_DIVIDE] = eval_arithmetic,
    [OP_POWER] = eval_arithmetic,
    [OP_EQUAL] = eval_compare,
    [OP_UNEQUAL] = eval_compare,
    [OP_LESS] = eval_compare,
    [OP_LESS_EQUAL] = eval_compare,
    [OP_GREATER] = eval_compare,
    [OP_GREATER_EQUAL] = eval_compare,
    [OP_BETWEEN] = eval_between,
    [OP_IN] = eval_in,
    [OP_INSTANCE] = eval_instance,
    [OP_AND] = eval_and,
    [OP_OR] = eval_or,
    [OP_IF] = eval_if,
    [OP_FOR] = eval_loop,
    [OP_SOME] = eval_loop,
    [OP_EVERY] = eval_loop,
    [OP_FUNCTION] = eval_function,
    [OP_TESTS] = eval_tests,
    [OP_ANY] = eval_any,
    [OP_COMPARE] = eval_test_compare,
};

static FeelValue eval(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    if (run->steps == 0) return feel_null();
    if (--run->steps == 0) return feel_nothing(run, expr, "the evaluation takes too long");
    if (run->depth >= FEEL_DEPTH_MAX) return feel_nothing(run, expr, "too deeply nested");
    run->depth++;
    FeelValue out = evaluators[expr->op](run, expr, scope);
    run->depth--;
    return out;
}

FeelValue feel_evaluate(FeelRun *run, const FeelExpr *expr, const FeelScope *scope) {
    FeelValue out = eval(run, expr, scope);
    return run->steps ? out : feel_null();
}

bool feel_holds(FeelRun *run, const FeelExpr *tests, FeelValue input, const FeelScope *scope) {
    FeelEntry entry = {.name = STR("?"), .value = input};
    FeelScope inner = {.up = scope, .entries = &entry, .len = 1};
    FeelValue out = feel_evaluate(run, tests, &inner);
    return out.kind == FEEL_BOOL && out.boolean;
}
