#include "table_int.h"

/* ---- reading */

bool dmn_hit_read(Str policy, Str aggregation, DmnHit *out) {
    static const struct {
        Str letter, word, aggregation;
        DmnHit hit;
    } known[] = {
        {STR("U"), STR("UNIQUE"), STR_NONE, DMN_UNIQUE},
        {STR("A"), STR("ANY"), STR_NONE, DMN_ANY},
        {STR("P"), STR("PRIORITY"), STR_NONE, DMN_PRIORITY},
        {STR("F"), STR("FIRST"), STR_NONE, DMN_FIRST},
        {STR("R"), STR("RULE ORDER"), STR_NONE, DMN_RULE_ORDER},
        {STR("O"), STR("OUTPUT ORDER"), STR_NONE, DMN_OUTPUT_ORDER},
        {STR("C"), STR("COLLECT"), STR_NONE, DMN_COLLECT},
        {STR("C+"), STR("COLLECT"), STR("SUM"), DMN_SUM},
        {STR("C<"), STR("COLLECT"), STR("MIN"), DMN_MIN},
        {STR("C>"), STR("COLLECT"), STR("MAX"), DMN_MAX},
        {STR("C#"), STR("COLLECT"), STR("COUNT"), DMN_COUNT},
    };
    if (str_empty(policy)) policy = STR("U");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        bool word = str_eq(known[i].word, policy) && str_eq(known[i].aggregation, aggregation);
        if (!word && !str_eq(known[i].letter, policy)) continue;
        *out = known[i].hit;
        return true;
    }
    return false;
}

/* The error of a cell names the cell. */
static Rc at_cell(Ctx *ctx, Rc rc, Str path) {
    if (rc != RC_OK) ctx->error.path = path;
    return rc;
}

static bool is_blank_test(Str text) {
    text = str_trim(text);
    return str_empty(text) || str_eq(text, STR("-"));
}

static Rc read_input(Ctx *ctx, const DmnColumn *column, const StrVec *names, size_t n,
                     TableInput *out) {
    Str path = str_fmt(ctx->arena, "inputs[%zu]", n);
    out->label = str_empty(column->label) ? column->expression : column->label;
    if (!str_empty(str_trim(column->values)))
        TRY(at_cell(ctx, feel_read_tests(ctx, column->values, names, &out->allowed), path));
    return at_cell(ctx, feel_read(ctx, column->expression, names, &out->expr), path);
}

/* The allowed values of an output as a list, so that a place in it is a priority. */
static Rc read_output(Ctx *ctx, const DmnColumn *column, const StrVec *names, size_t n,
                      TableOutput *out) {
    Str path = str_fmt(ctx->arena, "outputs[%zu]", n);
    out->name = column->expression;
    if (!str_empty(str_trim(column->values))) {
        Str list = str_fmt(ctx->arena, "[" STR_FMT "]", STR_ARG(column->values));
        TRY(at_cell(ctx, feel_read(ctx, list, names, &out->allowed), path));
    }
    if (str_empty(str_trim(column->otherwise))) return RC_OK;
    return at_cell(ctx, feel_read(ctx, column->otherwise, names, &out->otherwise), path);
}

static Rc read_rule(Ctx *ctx, const DmnTable *table, const DmnRuleText *text, const StrVec *names,
                    size_t n) {
    TableRule *rule = &table->rules[n];
    rule->name = text->name;
    rule->tests = NEW_ARRAY(ctx->arena, const FeelExpr *, table->n_inputs + 1);
    rule->values = NEW_ARRAY(ctx->arena, const FeelExpr *, table->n_outputs + 1);
    for (size_t i = 0; i < table->n_inputs; i++) {
        if (is_blank_test(text->cells[i])) continue; /* NULL: anything */
        Rc rc = feel_read_tests(ctx, text->cells[i], names, &rule->tests[i]);
        TRY(at_cell(ctx, rc, str_fmt(ctx->arena, "rules[%zu].when[%zu]", n, i)));
    }
    for (size_t i = 0; i < table->n_outputs; i++) {
        Rc rc = feel_read(ctx, text->cells[table->n_inputs + i], names, &rule->values[i]);
        TRY(at_cell(ctx, rc, str_fmt(ctx->arena, "rules[%zu].then[%zu]", n, i)));
    }
    return RC_OK;
}

static Rc check_sizes(Ctx *ctx, const DmnTableText *text) {
    if (text->n_outputs == 0)
        return ctx_fail(ctx, RC_INVALID, "bad-table", STR("outputs"),
                        "A decision table needs an output.");
    if (text->n_inputs > DMN_COLUMNS_MAX || text->n_outputs > DMN_COLUMNS_MAX)
        return ctx_fail(ctx, RC_LIMIT, "bad-table", STR("inputs"),
                        "A decision table has at most %d columns.", DMN_COLUMNS_MAX);
    if (text->n_rules > DMN_RULES_MAX)
        return ctx_fail(ctx, RC_LIMIT, "bad-table", STR("rules"),
                        "A decision table has at most %d rules.", DMN_RULES_MAX);
    bool sums = text->hit >= DMN_SUM;
    if (sums && text->n_outputs > 1)
        return ctx_fail(
            ctx, RC_INVALID, "bad-table", STR("hit"),
            "A sum, minimum, maximum or count is of one output: give each its own table.");
    return RC_OK;
}

Rc dmn_table_read(Ctx *ctx, const DmnTableText *text, const StrVec *names, const DmnTable **out) {
    TRY(check_sizes(ctx, text));
    DmnTable *table = NEW(ctx->arena, DmnTable);
    *table = (DmnTable){.hit = text->hit,
                        .inputs = NEW_ARRAY(ctx->arena, TableInput, text->n_inputs + 1),
                        .outputs = NEW_ARRAY(ctx->arena, TableOutput, text->n_outputs),
                        .rules = NEW_ARRAY(ctx->arena, TableRule, text->n_rules + 1),
                        .n_inputs = text->n_inputs,
                        .n_outputs = text->n_outputs,
                        .n_rules = text->n_rules};
    for (size_t i = 0; i < text->n_inputs; i++)
        TRY(read_input(ctx, &text->inputs[i], names, i, &table->inputs[i]));
    for (size_t i = 0; i < text->n_outputs; i++)
        TRY(read_output(ctx, &text->outputs[i], names, i, &table->outputs[i]));
    for (size_t i = 0; i < text->n_rules; i++)
        TRY(read_rule(ctx, table, &text->rules[i], names, i));
    *out = table;
    return RC_OK;
}

/* ---- the form of definitions */

static const DmnColumn *columns_of(Ctx *ctx, const Json *array, const char *expression) {
    size_t n = array ? array->len : 0;
    DmnColumn *columns = NEW_ARRAY(ctx->arena, DmnColumn, n + 1);
    for (size_t i = 0; i < n; i++) {
        const Json *from = json_at(array, i);
        columns[i] = (DmnColumn){.label = json_get_str(from, "label"),
                                 .expression = json_get_str(from, expression),
                                 .values = json_get_str(from, "values"),
                                 .otherwise = json_get_str(from, "otherwise"),
                                 .type = json_get_str(from, "type")};
    }
    return columns;
}

/* A cell is a text of FEEL; numbers and truth values may stand as they are. */
static Rc cell_of(Ctx *ctx, const Json *json, Str *out) {
    if (json && json->kind == JSON_STRING) {
        *out = json_str(json);
        return RC_OK;
    }
    if (!json || json->kind > JSON_STRING)
        return ctx_fail(ctx, RC_INVALID, "bad-table", STR_NONE,
                        "A cell is a text of FEEL, a number or a truth value.");
    Buf text = buf_new(ctx->arena, FEEL_TEXT_MAX);
    json_write(&text, json);
    *out = buf_str(&text);
    return RC_OK;
}

static Rc cells_of(Ctx *ctx, const Json *rule, Str member, size_t n, Str *out) {
    const Json *cells = json_get(rule, member);
    if (!cells || cells->kind != JSON_ARRAY || cells->len != n)
        return ctx_fail(ctx, RC_INVALID, "bad-table", member,
                        "A rule has one cell for each column: %zu are due here.", n);
    for (size_t i = 0; i < n; i++)
        TRY(cell_of(ctx, json_at(cells, i), &out[i]));
    return RC_OK;
}

static Rc rules_of(Ctx *ctx, const Json *rules, DmnTableText *text) {
    text->n_rules = rules ? rules->len : 0;
    DmnRuleText *out = NEW_ARRAY(ctx->arena, DmnRuleText, text->n_rules + 1);
    text->rules = out;
    for (size_t i = 0; i < text->n_rules; i++) {
        const Json *rule = json_at(rules, i);
        Str *cells = NEW_ARRAY(ctx->arena, Str, text->n_inputs + text->n_outputs + 1);
        out[i] = (DmnRuleText){.name = json_get_str(rule, "name"), .cells = cells};
        Rc rc = cells_of(ctx, rule, STR("when"), text->n_inputs, cells);
        if (rc == RC_OK)
            rc = cells_of(ctx, rule, STR("then"), text->n_outputs, cells + text->n_inputs);
        if (rc != RC_OK) {
            ctx->error.path =
                str_fmt(ctx->arena, "rules[%zu]." STR_FMT, i, STR_ARG(ctx->error.path));
            return rc;
        }
    }
    return RC_OK;
}

Rc dmn_table_of_json(Ctx *ctx, const Json *source, const StrVec *names, const DmnTable **out) {
    DmnTableText text = {0};
    Str hit = json_get_str(source, "hit");
    if (!dmn_hit_read(hit, STR_NONE, &text.hit))
        return ctx_fail(ctx, RC_INVALID, "bad-table", STR("hit"),
                        "\"" STR_FMT "\" is no hit policy: U, A, P, F, R, O, C, C+, C<, C> or C#.",
                        STR_ARG(hit));
    const Json *inputs = json_get(source, STR("inputs")),
               *outputs = json_get(source, STR("outputs"));
    text.inputs = columns_of(ctx, inputs, "expression");
    text.n_inputs = inputs ? inputs->len : 0;
    text.outputs = columns_of(ctx, outputs, "name");
    text.n_outputs = outputs ? outputs->len : 0;
    TRY(rules_of(ctx, json_get(source, STR("rules")), &text));
    return dmn_table_read(ctx, &text, names, out);
}

/* ---- running */

typedef struct Hits {
    uint32_t *rules;
    FeelValue *values; /* of the rule, one or a context */
    size_t n;
} Hits;

/* The inputs' values, computed once; false when one is not allowed. */
static bool read_inputs(FeelRun *run, const DmnTable *table, const FeelScope *scope,
                        FeelValue *out) {
    for (size_t i = 0; i < table->n_inputs; i++) {
        const TableInput *input = &table->inputs[i];
        out[i] = feel_evaluate(run, input->expr, scope);
        if (!input->allowed || out[i].kind == FEEL_NULL ||
            feel_holds(run, input->allowed, out[i], scope))
            continue;
        feel_nothing(run, input->expr, "\"" STR_FMT "\" has a value that is not allowed",
                     STR_ARG(input->label));
        return false;
    }
    return true;
}

bool table_rule_matches(FeelRun *run, const DmnTable *table, const TableRule *rule,
                        const FeelValue *inputs, const FeelScope *scope) {
    for (size_t i = 0; i < table->n_inputs; i++)
        if (rule->tests[i] && !feel_holds(run, rule->tests[i], inputs[i], scope)) return false;
    return true;
}

static FeelValue outputs_of(FeelRun *run, const DmnTable *table, const FeelExpr *const *exprs,
                            const FeelScope *scope) {
    if (table->n_outputs == 1) return feel_evaluate(run, exprs[0], scope);
    FeelEntry *entries = NEW_ARRAY(run->arena, FeelEntry, table->n_outputs);
    for (size_t i = 0; i < table->n_outputs; i++)
        entries[i] = (FeelEntry){.name = table->outputs[i].name,
                                 .value = feel_evaluate(run, exprs[i], scope)};
    return feel_of_entries(entries, table->n_outputs);
}

/* False when an input is not allowed. */
static bool find_hits(FeelRun *run, const DmnTable *table, const FeelScope *scope, Hits *hits) {
    FeelValue *inputs = NEW_ARRAY(run->arena, FeelValue, table->n_inputs + 1);
    if (!read_inputs(run, table, scope, inputs)) return false;
    for (size_t i = 0; i < table->n_rules; i++) {
        if (!table_rule_matches(run, table, &table->rules[i], inputs, scope)) continue;
        hits->rules[hits->n] = (uint32_t)i;
        hits->values[hits->n++] = outputs_of(run, table, table->rules[i].values, scope);
        if (table->hit == DMN_FIRST) break;
    }
    return true;
}

/* Where a value stands in the list of an output's allowed ones; behind all when it is none. */
static size_t priority_of(const FeelValue *allowed, const FeelValue *value) {
    bool known;
    for (uint32_t i = 0; i < allowed->len; i++)
        if (feel_equal(&allowed->items[i], value, &known)) return i;
    return allowed->len;
}

static const FeelValue *output_value(const DmnTable *table, const FeelValue *hit, size_t n) {
    return table->n_outputs == 1 ? hit : &hit->entries[n].value;
}

/* By the first output whose priorities differ, then by the place of the rule. */
static bool precedes(const DmnTable *table, const FeelValue *allowed, const FeelValue *a,
                     const FeelValue *b) {
    for (size_t i = 0; i < table->n_outputs; i++) {
        if (allowed[i].kind != FEEL_LIST) continue;
        size_t x = priority_of(&allowed[i], output_value(table, a, i));
        size_t y = priority_of(&allowed[i], output_value(table, b, i));
        if (x != y) return x < y;
    }
    return false;
}

static void order_hits(FeelRun *run, const DmnTable *table, const FeelScope *scope, Hits *hits) {
    FeelValue *allowed = NEW_ARRAY(run->arena, FeelValue, table->n_outputs);
    for (size_t i = 0; i < table->n_outputs; i++)
        if (table->outputs[i].allowed)
            allowed[i] = feel_evaluate(run, table->outputs[i].allowed, scope);
    for (size_t i = 1; i < hits->n; i++) /* few match: insertion keeps equal ones in order */
        for (size_t k = i;
             k > 0 && precedes(table, allowed, &hits->values[k], &hits->values[k - 1]); k--) {
            FeelValue value = hits->values[k];
            uint32_t rule = hits->rules[k];
            hits->values[k] = hits->values[k - 1];
            hits->rules[k] = hits->rules[k - 1];
            hits->values[k - 1] = value;
            hits->rules[k - 1] = rule;
        }
}

static FeelValue by_default(FeelRun *run, const DmnTable *table, const FeelScope *scope) {
    const FeelExpr **exprs = NEW_ARRAY(run->arena, const FeelExpr *, table->n_outputs);
    bool any = false;
    for (size_t i = 0; i < table->n_outputs; i++) {
        static const FeelExpr nothing = {.op = OP_LITERAL};
        exprs[i] = table->outputs[i].otherwise ? table->outputs[i].otherwise : &nothing;
        any |= table->outputs[i].otherwise != NULL;
    }
    return any ? outputs_of(run, table, exprs, scope) : feel_null();
}

static FeelValue single_hit(FeelRun *run, const DmnTable *table, const Hits *hits) {
    const FeelExpr *at = table->rules[hits->rules[0]].values[0];
    if (table->hit == DMN_UNIQUE && hits->n > 1)
        return feel_nothing(run, at, "rules %u and %u both match where only one may",
                            hits->rules[0] + 1, hits->rules[1] + 1);
    bool known, alike = true;
    for (size_t i = 1; i < hits->n && alike; i++)
        alike = feel_equal(&hits->values[0], &hits->values[i], &known);
    if (table->hit == DMN_ANY && !alike)
        return feel_nothing(run, at, "rules that match say different things");
    return hits->values[0];
}

static FeelValue aggregate(FeelRun *run, const DmnTable *table, const Hits *hits) {
    static const Str names[] = {[DMN_SUM] = STR("sum"),
                                [DMN_MIN] = STR("min"),
                                [DMN_MAX] = STR("max"),
                                [DMN_COUNT] = STR("count")};
    FeelValue list = feel_of_items(hits->values, hits->n);
    static const FeelExpr nowhere = {.op = OP_LITERAL};
    return feel_builtin(names[table->hit])
        ->call(&(FeelCall){.run = run, .expr = &nowhere, .args = &list, .n = 1});
}

static FeelValue combine(FeelRun *run, const DmnTable *table, const Hits *hits) {
    switch (table->hit) {
    case DMN_UNIQUE:
    case DMN_ANY:
    case DMN_PRIORITY:
    case DMN_FIRST:
        return single_hit(run, table, hits);
    case DMN_RULE_ORDER:
    case DMN_OUTPUT_ORDER:
    case DMN_COLLECT:
        return feel_of_items(hits->values, hits->n);
    default:
        return aggregate(run, table, hits);
    }
}

FeelValue dmn_table_run(FeelRun *run, const DmnTable *table, const FeelScope *scope,
                        DmnMatches *matches) {
    Hits hits = {.rules = NEW_ARRAY(run->arena, uint32_t, table->n_rules + 1),
                 .values = NEW_ARRAY(run->arena, FeelValue, table->n_rules + 1)};
    if (matches) *matches = (DmnMatches){0};
    if (!find_hits(run, table, scope, &hits)) return feel_null();
    bool ordered = table->hit == DMN_PRIORITY || table->hit == DMN_OUTPUT_ORDER;
    if (ordered) order_hits(run, table, scope, &hits);
    if (matches) *matches = (DmnMatches){.items = hits.rules, .len = hits.n};
    if (hits.n) return combine(run, table, &hits);
    if (table->hit == DMN_COUNT) return feel_of_int(0);
    return by_default(run, table, scope);
}

Str dmn_rule_name(Arena *arena, const DmnTable *table, size_t rule) {
    Str name = table->rules[rule].name;
    return str_empty(name) ? str_fmt(arena, "rule %zu", rule + 1) : name;
}

void dmn_table_names(Arena *arena, const DmnTable *table, StrVec *out) {
    for (size_t i = 0; i < table->n_inputs; i++)
        feel_names(arena, table->inputs[i].expr, out);
    for (size_t r = 0; r < table->n_rules; r++) {
        for (size_t i = 0; i < table->n_inputs; i++)
            if (table->rules[r].tests[i]) feel_names(arena, table->rules[r].tests[i], out);
        for (size_t i = 0; i < table->n_outputs; i++)
            feel_names(arena, table->rules[r].values[i], out);
    }
}
