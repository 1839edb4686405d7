/* known: what a resident has told in his last case isn't asked of him again. */
#include "procedure_int.h"

enum { CASES_READ = 100 };

/* His case that was received last; NULL: he has none. */
static Rc newest_case(Ctx *ctx, const Entity **out) {
    InboxCases cases;
    Str at = STR_NONE;
    *out = NULL;
    TRY(inbox_of(ctx, ctx->actor->person, CASES_READ, &cases));
    for (size_t i = 0; i < cases.len; i++) {
        Str submitted = entity_text(cases.items[i], IRI("submittedAt"));
        if (case_is_erased(cases.items[i]) || str_cmp(submitted, at) <= 0) continue;
        at = submitted;
        *out = cases.items[i];
    }
    return RC_OK;
}

/* An address may have been asked in parts. */
static Str known_text(Arena *arena, const Entity *application, Str what) {
    Str iri = str_fmt(arena, LD_DEFAULT STR_FMT, STR_ARG(what));
    Str text = entity_text(application, iri);
    if (!str_eq(what, STR("address"))) return text;
    Str parts[] = {entity_text(application, IRI("town")), text,
                   entity_text(application, IRI("building"))};
    return str_join(arena, parts, 3, STR_NONE);
}

Rc known_fill(Ctx *ctx, const Definition *definition, JsonMembers *out) {
    const Entity *application;
    if (ctx->actor->kind != ACTOR_RESIDENT || str_empty(ctx->actor->person)) return RC_OK;
    TRY(newest_case(ctx, &application));
    if (application) application = gate_view(ctx, NULL, application);
    if (!application) return RC_OK;
    VEC_EACH (const FormPage, page, &definition->pages)
        VEC_EACH (const Field, field, &page->fields) {
            if (str_empty(field->from)) continue;
            Str text = known_text(ctx->arena, application, field->from);
            if (!str_empty(text))
                vec_push(ctx->arena, out, (JsonMember){field->id, json_of_str(text)});
        }
    return RC_OK;
}
