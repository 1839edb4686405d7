/* The dry run of a definition's examples: what came out beside what was expected. */
#include "procedure_int.h"

#include "form.h"

typedef struct Trial {
    Ctx *ctx;
    const DefinedExample *example;
    const Form *form;
    DefinitionFindings *out;
    Str path; /* of the example */
} Trial;

#define differ(trial, ...) definition_tell((trial)->ctx, (trial)->out, (trial)->path, __VA_ARGS__)

typedef Rc Amount(Ctx *ctx, const Form *form, int64_t *out);

static void try_amount(const Trial *trial, const char *name, Amount *amount) {
    const Json *expected = json_get(trial->example->expect, str_of(name));
    int64_t got, wanted = json_get_int(trial->example->expect, name, 0);
    if (!expected || expected->kind == JSON_NULL) return;
    if (amount(trial->ctx, trial->form, &got) != RC_OK)
        differ(trial, "The %s cannot be computed, %lld was expected.",
               "%s を計算できません（期待した値 %lld）。", name, (long long)wanted);
    else if (got != wanted)
        differ(trial, "The %s is %lld, %lld was expected.",
               "%s が %lld になります（期待した値 %lld）。", name, (long long)got,
               (long long)wanted);
}

static bool named(const Json *list, Str id) {
    for (uint32_t i = 0; i < list->len; i++)
        if (str_eq(json_str(json_at(list, i)), id)) return true;
    return false;
}

static void differ_rule(const Trial *trial, const RuleResult *result) {
    if (result->holds)
        differ(trial, "\"" STR_FMT "\" holds, and was expected not to.",
               "「" STR_FMT "」が成り立ちます（成り立たない期待でした）。",
               STR_ARG(result->rule->id));
    else
        differ(trial, "\"" STR_FMT "\" doesn't hold, and was expected to.",
               "「" STR_FMT "」が成り立ちません（成り立つ期待でした）。",
               STR_ARG(result->rule->id));
}

static void try_rules(const Trial *trial, const char *name, const DefinedRules *rules) {
    const Json *expected = json_get(trial->example->expect, str_of(name));
    RuleResults results = {0};
    if (!expected || expected->kind == JSON_NULL) return;
    form_judge(trial->ctx, trial->form, rules, &results);
    VEC_EACH (RuleResult, result, &results)
        if (result->holds == named(expected, result->rule->id)) differ_rule(trial, result);
}

static Str or_none(Str fault) {
    return str_empty(fault) ? STR("none") : fault;
}

static void try_faults(const Trial *trial) {
    const Json *expected = json_get(trial->example->expect, STR("faults"));
    if (!expected || expected->kind == JSON_NULL) return;
    for (size_t i = 0; i < trial->form->n; i++) {
        const FormAnswer *answer = &trial->form->answers[i];
        Str wanted = json_str(json_get(expected, answer->field->id)), got = str_of(answer->fault);
        if (!str_eq(wanted, got))
            differ(trial,
                   "\"" STR_FMT "\" has the fault \"" STR_FMT "\", \"" STR_FMT "\" was expected.",
                   "「" STR_FMT "」の誤りが「" STR_FMT "」です（期待した誤り「" STR_FMT "」）。",
                   STR_ARG(answer->field->id), STR_ARG(or_none(got)), STR_ARG(or_none(wanted)));
    }
}

static const FeelValue *value_of(const Form *form, Str name) {
    for (size_t i = 0; i < form->n_entries; i++)
        if (str_eq(form->entries[i].name, name)) return &form->entries[i].value;
    return NULL;
}

static void try_tables(const Trial *trial) {
    const Json *expected = json_get(trial->example->expect, STR("tables"));
    Arena *arena = trial->ctx->arena;
    for (uint32_t i = 0; expected && i < expected->len; i++) {
        const JsonMember *member = &expected->value.members[i];
        const FeelValue *value = value_of(trial->form, member->name);
        Json got = value ? feel_to_json(arena, value) : json_of_null();
        if (json_equal(&got, &member->value)) continue;
        Buf text = buf_new(arena, 64 << 10);
        json_write(&text, &got);
        buf_add(&text, STR(", "));
        json_write(&text, &member->value);
        differ(trial, "The table \"" STR_FMT "\" gives " STR_FMT " was expected.",
               "表「" STR_FMT "」の結果と期待した値がちがいます（" STR_FMT "）。",
               STR_ARG(member->name), STR_ARG(str_head(buf_str(&text), 160)));
    }
}

static void try_automatic(const Trial *trial) {
    const Json *expected = json_get(trial->example->expect, STR("automatic"));
    const Definition *definition = trial->form->definition;
    RuleResults results = {0};
    StrVec unmet = {0};
    form_judge(trial->ctx, trial->form, &definition->conditions, &results);
    form_judge(trial->ctx, trial->form, &definition->checks, &results);
    VEC_EACH (const RuleResult, result, &results)
        if (!result->holds) vec_push(trial->ctx->arena, &unmet, result->rule->id);
    for (uint32_t i = 0; expected && i < expected->len; i++) {
        const JsonMember *member = &expected->value.members[i];
        const Automatic *rule = definition_automatic(definition, member->name);
        FeelValue value = form_automatic(trial->ctx, trial->form, rule, &unmet);
        Str got = automatic_bin_word(automatic_bin(rule, &value)),
            wanted = json_str(&member->value);
        if (!str_eq(got, wanted))
            differ(trial,
                   "The rule \"" STR_FMT "\" says \"" STR_FMT "\", \"" STR_FMT "\" was expected.",
                   "自動処理「" STR_FMT "」の結果が「" STR_FMT "」です（期待した結果「" STR_FMT
                   "」）。",
                   STR_ARG(rule->id), STR_ARG(got), STR_ARG(wanted));
    }
}

void definition_dry_run(Ctx *ctx, const Definition *definition, const DefinedExample *example,
                        DefinitionFindings *out) {
    Clock noon = {.fixed = example->on.year ? time_jst_start(example->on) + 12 * TIME_HOUR
                                            : time_now(ctx->clock)};
    Ctx then = *ctx;
    then.clock = &noon;
    Form form;
    form_read(&then, definition, example->answers, &form);
    Trial trial = {.ctx = &then, .example = example, .form = &form, .out = out};
    trial.path = str_fmt(ctx->arena, "examples." STR_FMT, STR_ARG(example->id));
    try_amount(&trial, "fee", form_fee);
    try_amount(&trial, "amount", form_amount);
    try_rules(&trial, "fails", &definition->conditions);
    try_rules(&trial, "checks", &definition->checks);
    try_faults(&trial);
    try_tables(&trial);
    try_automatic(&trial);
}
