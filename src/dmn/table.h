/* table: decision tables (DMN 1.5, chapter 8). All cells are read once; a run tests the rules in
   order and combines what those say that match, by the hit policy. */
#ifndef DMN_TABLE_H
#define DMN_TABLE_H

#include "feel.h"

typedef enum DmnHit {
    DMN_UNIQUE,
    DMN_ANY,
    DMN_PRIORITY,
    DMN_FIRST,
    DMN_RULE_ORDER,
    DMN_OUTPUT_ORDER,
    DMN_COLLECT,
    DMN_SUM,
    DMN_MIN,
    DMN_MAX,
    DMN_COUNT,
} DmnHit;

enum { DMN_COLUMNS_MAX = 64, DMN_RULES_MAX = 4096 };

/* What a table is read from; texts of FEEL. Optional texts may be empty. */
typedef struct DmnColumn {
    Str label;
    Str expression; /* of an input; an output's name */
    Str values;     /* allowed ones, as unary tests; an output's are in order of priority */
    Str otherwise;  /* an output's default, when no rule matches */
    Str type;       /* FEEL's name of the type, or empty */
} DmnColumn;

typedef struct DmnRuleText {
    Str name;         /* how a report calls it; "rule 3" when empty */
    const Str *cells; /* of all inputs, then of all outputs; "" and "-" of an input: anything */
} DmnRuleText;

typedef struct DmnTableText {
    DmnHit hit;
    const DmnColumn *inputs, *outputs;
    size_t n_inputs, n_outputs;
    const DmnRuleText *rules;
    size_t n_rules;
} DmnTableText;

typedef struct DmnTable DmnTable;

/* "U" "A" "P" "F" "R" "O" "C" "C+" "C<" "C>" "C#", or "UNIQUE" ...; false on anything else. */
bool dmn_hit_read(Str policy, Str aggregation, DmnHit *out);

/* From the form that definitions use: {"hit", "inputs": [{"label", "expression", "values",
   "type"}], "outputs":
   [{"label", "name", "values", "otherwise"}], "rules": [{"name", "when": [...], "then": [...]}]}.
   RC_INVALID has the path of the cell. */
Rc dmn_table_of_json(Ctx *ctx, const Json *source, const StrVec *names, const DmnTable **out);
Rc dmn_table_read(Ctx *ctx, const DmnTableText *text, const StrVec *names, const DmnTable **out);

/* Which rules matched, by index from 0, in order; their names for "why". */
typedef struct DmnMatches {
    const uint32_t *items;
    size_t len;
} DmnMatches;

/* The table's result: one value, a context of several outputs, or a list of those; null (with a
   note in the run) where the hit policy is violated or an input is not allowed. matches may be
   NULL. */
FeelValue dmn_table_run(FeelRun *run, const DmnTable *table, const FeelScope *scope,
                        DmnMatches *matches);
Str dmn_rule_name(Arena *arena, const DmnTable *table, size_t rule);
/* What a person would find wrong in it, one sentence each: values for which no rule matches though
 * there is no default (not of collecting tables), and values for which several match where only one
 * may. Each input is tried at and between the values that its column names. Of each kind the first
 * is told; a table with too many combinations to be tried is told so. */
void dmn_table_lint(Ctx *ctx, const DmnTable *table, StrVec *out);
/* Names that its expressions use freely, each once. */
void dmn_table_names(Arena *arena, const DmnTable *table, StrVec *out);

#endif
