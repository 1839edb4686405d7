/* faq: what people often ask about a procedure (よくある質問), with its answer: read, looked
   through, and found. */
#include "procedure_int.h"

static Rc read_text(Ctx *ctx, const Json *from, uint32_t i, const char *member, Wording *out) {
    const Json *text = json_get(from, str_of(member));
    *out = (Wording){.all = text, .ja = json_get_str(text, "ja")};
    if (!str_empty(out->ja) && !str_empty(json_get_str(text, "en"))) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-definition", str_fmt(ctx->arena, "faq[%u].%s", i, member),
                    "A text in Japanese (ja) and English (en) is needed here.");
}

Rc faq_read(Ctx *ctx, const Json *source, Definition *definition) {
    const Json *list = json_get(source, STR("faq"));
    for (uint32_t i = 0; list && i < list->len; i++) {
        DefinedFaq one;
        TRY(read_text(ctx, json_at(list, i), i, "question", &one.question));
        TRY(read_text(ctx, json_at(list, i), i, "answer", &one.answer));
        vec_push(ctx->arena, &definition->faq, one);
    }
    return RC_OK;
}

void faq_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out) {
    for (size_t i = 0; i < definition->faq.len; i++) {
        Arena *arena = ctx->arena;
        definition_easy(ctx, out, str_fmt(arena, "faq[%zu].question", i),
                        &definition->faq.items[i].question);
        definition_easy(ctx, out, str_fmt(arena, "faq[%zu].answer", i),
                        &definition->faq.items[i].answer);
    }
}
