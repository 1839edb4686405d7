/* known: what a resident has told in his last case isn't asked of him again, nor of who is at the
 * counter what was entered for him a moment ago. */
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

/* ---- at the counter: kept in the draft of the official's browser, under the visit's id ---- */

#define KNOWN STR("known")

Rc known_keep(Ctx *ctx, const DefinedDraft *draft, JsonMembers *out) {
    JsonMembers told = {0};
    Str served;
    if (str_empty(draft->visit)) return RC_OK;
    TRY(visit_served(ctx, &served));
    if (!str_eq(draft->visit, served)) return RC_OK; /* he has gone */
    vec_push(ctx->arena, &told, (JsonMember){STR("visit"), json_of_str(served)});
    for (size_t i = 0; i < draft->form.n; i++) {
        const FormAnswer *answer = &draft->form.answers[i];
        if (answer->due && !str_empty(answer->field->from))
            vec_push(ctx->arena, &told,
                     (JsonMember){answer->field->from, json_of_str(answer->raw)});
    }
    vec_push(ctx->arena, out, (JsonMember){KNOWN, json_of_members(told.items, told.len)});
    return RC_OK;
}

static Rc visit_fill(Ctx *ctx, const Definition *definition, Str visit, JsonMembers *out) {
    const Json *draft;
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    const Json *told = json_get(draft, KNOWN);
    if (!str_eq(json_get_str(told, "visit"), visit)) return RC_OK;
    VEC_EACH (const FormPage, page, &definition->pages)
        VEC_EACH (const Field, field, &page->fields) {
            Str text = str_empty(field->from) ? STR_NONE : json_str(json_get(told, field->from));
            if (!str_empty(text))
                vec_push(ctx->arena, out, (JsonMember){field->id, json_of_str(text)});
        }
    return RC_OK;
}

Rc known_fill(Ctx *ctx, const Definition *definition, Str visit, JsonMembers *out) {
    const Entity *application;
    if (!str_empty(visit)) return visit_fill(ctx, definition, visit, out);
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
