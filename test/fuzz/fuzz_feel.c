/* An expression, unary tests, a decision table and a decision model from whatever is written: each
   is refused with a message or evaluated within its bounds. */
#include "fuzz.h"

#include "dmn/dmn.h"

static void evaluate(Ctx *ctx, Str text, bool tests) {
    FeelEntry entries[] = {{.name = STR("Monthly Salary"), .value = feel_of_int(1000)},
                           {.name = STR("s"), .value = feel_of_str(STR("日本"))},
                           {.name = STR("day"), .value = feel_of_date((Date){2025, 4, 1})}};
    FeelScope scope = {.entries = entries, .len = sizeof entries / sizeof *entries};
    StrVec names = {0};
    vec_push(ctx->arena, &names, STR("Monthly Salary"));
    const FeelExpr *expr;
    Rc rc = tests ? feel_read_tests(ctx, text, &names, &expr) : feel_read(ctx, text, &names, &expr);
    if (rc != RC_OK) {
        assert(ctx->error.detail.len > 0);
        return;
    }
    FeelRun run = {.arena = ctx->arena, .now = 0, .steps = 20000};
    FeelValue value = feel_evaluate(&run, expr, &scope);
    Json json = feel_to_json(ctx->arena, &value);
    bool known;
    assert(feel_equal(&value, &value, &known) || !known || value.kind >= FEEL_LIST);
    FeelValue back = feel_of_json(ctx->arena, &json);
    if (value.kind == FEEL_NUMBER) assert(feel_equal(&value, &back, &known));
    assert(feel_text(ctx->arena, &value).len <= FEEL_TEXT_MAX);
    StrVec free_names = {0};
    feel_names(ctx->arena, expr, &free_names);
}

static void decide(Ctx *ctx, Str text) {
    const DmnModel *model;
    if (dmn_model_read(ctx, text, &model) != RC_OK) {
        assert(ctx->error.detail.len > 0);
        return;
    }
    StrVec names = {0};
    dmn_model_decisions(ctx->arena, model, &names);
    VEC_EACH (Str, name, &names) {
        FeelRun run = {.arena = ctx->arena, .steps = 20000};
        FeelValue value;
        assert(dmn_model_decide(ctx, model, &(DmnAsk){.decision = *name}, &run, &value) == RC_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Clock clock = {.fixed = 0};
    Rand rand = rand_seeded(1);
    Ctx ctx = {.arena = arena_new(UINT64_C(1) << 30),
               .scratch = arena_new(16 << 20),
               .clock = &clock,
               .rand = &rand};
    Str text = {(const char *)data, size};
    if (str_starts(text, STR("<"))) {
        decide(&ctx, text);
    } else if (str_utf8_valid(text)) {
        evaluate(&ctx, text, false);
        evaluate(&ctx, text, true);
    }
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return 0;
}
