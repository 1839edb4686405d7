/* Gaps and overlaps: every input gets the values at which a test may turn (those that its column
   names) and one between any two of them and beyond; every combination of these is tried. Between
   two such values no test of a constant can turn, so what is found to be whole is whole as far as
   tests are of constants. */
#include "table_int.h"

enum { COMBINATIONS_MAX = 20000 };

typedef VEC(FeelValue) ValueVec;

static bool has(const ValueVec *values, const FeelValue *value) {
    bool known;
    VEC_EACH (FeelValue, other, values)
        if (feel_equal(other, value, &known) && known) return true;
    return false;
}

static void add(Arena *arena, ValueVec *values, FeelValue value) {
    if (value.kind != FEEL_NULL && !has(values, &value)) vec_push(arena, values, value);
}

/* The constants in a test. */
static void collect(Arena *arena, const FeelExpr *expr, ValueVec *values) {
    if (!expr) return;
    FeelRun run = {.arena = arena, .steps = 100};
    bool constant = expr->op == OP_LITERAL ||
                    (expr->op == OP_NEGATE && expr->a->op == OP_LITERAL) ||
                    (expr->op == OP_CALL && expr->n == 1 && expr->items[0]->op == OP_LITERAL);
    if (constant) {
        add(arena, values, feel_evaluate(&run, expr, NULL));
        return;
    }
    collect(arena, expr->a, values);
    collect(arena, expr->b, values);
    collect(arena, expr->c, values);
    for (size_t i = 0; expr->items && i < expr->n; i++)
        collect(arena, expr->items[i], values);
}

static FeelNumber between(FeelNumber a, FeelNumber b) {
    FeelNumber sum, half;
    if (!number_add(a, b, &sum) || !number_divide(sum, number_of_int(2), &half)) return a;
    return half;
}

static FeelNumber plus(FeelNumber n, int64_t by) {
    FeelNumber out;
    return number_add(n, number_of_int(by), &out) ? out : n;
}

static void sort_values(ValueVec *values) {
    for (size_t i = 1; i < values->len; i++)
        for (size_t k = i; k > 0; k--) {
            int order;
            FeelValue *a = &values->items[k - 1], *b = &values->items[k];
            if (!feel_order(b, a, &order) || order >= 0) break;
            FeelValue kept = *a;
            *a = *b;
            *b = kept;
        }
}

static void spread_numbers(Arena *arena, ValueVec *values) {
    size_t n = values->len;
    sort_values(values);
    FeelNumber first = values->items[0].number, last = values->items[n - 1].number;
    for (size_t i = 1; i < n; i++) {
        FeelNumber middle = between(values->items[i - 1].number, values->items[i].number);
        add(arena, values, feel_of_number(middle));
    }
    add(arena, values, feel_of_number(plus(first, -1)));
    add(arena, values, feel_of_number(plus(last, 1)));
    sort_values(values);
}

static void spread_dates(Arena *arena, ValueVec *values) {
    size_t n = values->len;
    for (size_t i = 0; i < n; i++) {
        int64_t day = time_date_days(values->items[i].date);
        add(arena, values, feel_of_date(time_days_date(day - 1)));
        add(arena, values, feel_of_date(time_days_date(day + 1)));
    }
    sort_values(values);
}

/* What an input is tried with. */
static void candidates(Ctx *ctx, const DmnTable *table, size_t column, ValueVec *out) {
    const TableInput *input = &table->inputs[column];
    bool listed = input->allowed != NULL;
    if (listed) collect(ctx->arena, input->allowed, out);
    for (size_t i = 0; i < table->n_rules; i++)
        collect(ctx->arena, table->rules[i].tests[column], out);
    if (!out->len) {
        vec_push(ctx->arena, out, feel_null());
        return;
    }
    FeelKind kind = out->items[0].kind;
    if (kind == FEEL_NUMBER) spread_numbers(ctx->arena, out);
    if (kind == FEEL_DATE) spread_dates(ctx->arena, out);
    if (kind == FEEL_BOOL) {
        add(ctx->arena, out, feel_of_bool(true));
        add(ctx->arena, out, feel_of_bool(false));
    }
    if (kind == FEEL_STRING && !listed) add(ctx->arena, out, feel_of_str(STR("…")));
}

typedef struct Trial {
    Ctx *ctx;
    const DmnTable *table;
    ValueVec *columns;
    FeelValue *inputs;
    bool gap, overlap; /* found already */
    StrVec *out;
} Trial;

/* "age = 17, risk = low" */
static Str describe(const Trial *trial) {
    Buf to = buf_new(trial->ctx->arena, 4096);
    for (size_t i = 0; i < trial->table->n_inputs; i++) {
        if (trial->inputs[i].kind == FEEL_NULL) continue;
        if (to.len) buf_add(&to, STR(", "));
        buf_add(&to, trial->table->inputs[i].label);
        buf_add(&to, STR(" = "));
        buf_add(&to, feel_text(trial->ctx->arena, &trial->inputs[i]));
    }
    return buf_str(&to);
}

static bool any_default(const DmnTable *table) {
    for (size_t i = 0; i < table->n_outputs; i++)
        if (table->outputs[i].otherwise) return true;
    return false;
}

static bool allowed(FeelRun *run, const Trial *trial) {
    for (size_t i = 0; i < trial->table->n_inputs; i++) {
        const TableInput *input = &trial->table->inputs[i];
        bool held = !input->allowed || trial->inputs[i].kind == FEEL_NULL ||
                    feel_holds(run, input->allowed, trial->inputs[i], NULL);
        if (!held) return false;
    }
    return true;
}

static void try_one(Trial *trial) {
    Arena *arena = trial->ctx->arena;
    ArenaMark mark = arena_mark(arena);
    FeelRun run = {.arena = arena, .steps = FEEL_STEPS};
    size_t hits[2], n = 0;
    if (!allowed(&run, trial)) return;
    for (size_t i = 0; i < trial->table->n_rules && n < 2; i++)
        if (table_rule_matches(&run, trial->table, &trial->table->rules[i], trial->inputs, NULL))
            hits[n++] = i;
    arena_rewind(arena, mark);
    bool single = trial->table->hit <= DMN_FIRST;
    if (n == 0 && single && !trial->gap && !any_default(trial->table)) {
        trial->gap = true;
        vec_push(arena, trial->out,
                 str_fmt(arena, "No rule matches " STR_FMT ".", STR_ARG(describe(trial))));
    }
    if (n < 2 || trial->table->hit != DMN_UNIQUE || trial->overlap) return;
    trial->overlap = true;
    vec_push(arena, trial->out,
             str_fmt(arena, "Rules %zu and %zu both match " STR_FMT ", and only one may.",
                     hits[0] + 1, hits[1] + 1, STR_ARG(describe(trial))));
}

static void try_all(Trial *trial, size_t column) {
    if (column == trial->table->n_inputs) {
        try_one(trial);
        return;
    }
    VEC_EACH (FeelValue, value, &trial->columns[column]) {
        trial->inputs[column] = *value;
        try_all(trial, column + 1);
    }
}

void dmn_table_lint(Ctx *ctx, const DmnTable *table, StrVec *out) {
    Trial trial = {.ctx = ctx,
                   .table = table,
                   .out = out,
                   .columns = NEW_ARRAY(ctx->arena, ValueVec, table->n_inputs + 1),
                   .inputs = NEW_ARRAY(ctx->arena, FeelValue, table->n_inputs + 1)};
    size_t combinations = 1;
    for (size_t i = 0; i < table->n_inputs && combinations <= COMBINATIONS_MAX; i++) {
        candidates(ctx, table, i, &trial.columns[i]);
        combinations *= trial.columns[i].len;
    }
    if (combinations > COMBINATIONS_MAX) {
        vec_push(ctx->arena, out,
                 STR("It has too many combinations to be tried for gaps: split it into several "
                     "tables."));
        return;
    }
    try_all(&trial, 0);
}
