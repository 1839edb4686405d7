/* table_int: a decision table as it was read. */
#ifndef DMN_TABLE_INT_H
#define DMN_TABLE_INT_H

#include "feel_int.h"
#include "table.h"

typedef struct TableInput {
    const FeelExpr *expr;
    const FeelExpr *allowed; /* NULL: anything */
    Str label;
} TableInput;

typedef struct TableOutput {
    Str name;
    const FeelExpr *allowed;   /* the list in order of priority, or NULL */
    const FeelExpr *otherwise; /* or NULL */
} TableOutput;

typedef struct TableRule {
    Str name;
    const FeelExpr **tests, **values;
} TableRule;

struct DmnTable {
    DmnHit hit;
    TableInput *inputs;
    TableOutput *outputs;
    TableRule *rules;
    size_t n_inputs, n_outputs, n_rules;
};

/* Whether a rule's tests hold for the inputs' values. */
bool table_rule_matches(FeelRun *run, const DmnTable *table, const TableRule *rule,
                        const FeelValue *inputs, const FeelScope *scope);

#endif
