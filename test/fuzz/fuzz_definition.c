/* The definition of a procedure from whatever is written: refused with a message at a place, or
   read, linted, its examples tried and its form filled in within bounds. */
#include "fuzz.h"

#include "procedure/procedure.h"

/* Every due page is met, forwards and backwards, and every answer has a text. */
static void walk(Ctx *ctx, const Form *form) {
    size_t pages = 0, back = 0;
    const FormPage *first = NULL, *last = NULL;
    for (size_t i = 0; i < form->n && !first; i++)
        if (form->answers[i].due) first = form->answers[i].page;
    for (const FormPage *page = first; page; page = form_after(form, page), pages++)
        last = page;
    for (const FormPage *page = last; page; page = form_before(form, page), back++)
        assert(form_page(form->definition, page->id) == page);
    assert(pages == back && pages <= form->definition->pages.len);
    for (size_t i = 0; i < form->n; i++)
        assert(form_text(ctx->arena, &form->answers[i], STR("ja")).len <= FEEL_TEXT_MAX);
    const FormPage *next = form_next(form);
    assert(!next || first);
}

static void fill_in(Ctx *ctx, const Definition *definition, const Json *answers) {
    Form form;
    RuleResults results = {0};
    int64_t yen;
    form_read(ctx, definition, answers, &form);
    walk(ctx, &form);
    form_judge(ctx, &form, &definition->conditions, &results);
    form_judge(ctx, &form, &definition->checks, &results);
    assert(results.len == definition->conditions.len + definition->checks.len);
    if (form_fee(ctx, &form, &yen) == RC_OK) assert(yen >= 0);
    if (form_amount(ctx, &form, &yen) == RC_OK) assert(yen >= 0);
}

static void take(Ctx *ctx, const Json *source) {
    const Definition *definition;
    if (definition_read(ctx, source, &definition) != RC_OK) {
        assert(ctx->error.detail.len > 0);
        return;
    }
    DefinitionFindings findings = {0};
    DefinitionKnown nobody = {0};
    definition_lint(ctx, definition, &nobody, &findings);
    assert(findings.len > 0); /* nobody holds its post */
    fill_in(ctx, definition, NULL);
    VEC_EACH (DefinedExample, example, &definition->examples)
        fill_in(ctx, definition, example->answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Clock clock = {.fixed = 0};
    Rand rand = rand_seeded(1);
    Ctx ctx = {.arena = arena_new(UINT64_C(1) << 30),
               .scratch = arena_new(16 << 20),
               .clock = &clock,
               .rand = &rand};
    const Json *source;
    JsonLimits limits = {.bytes = 1 << 20, .depth = 64};
    if (json_read(&ctx, (Str){(const char *)data, size}, limits, &source) == RC_OK)
        take(&ctx, source);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return 0;
}
