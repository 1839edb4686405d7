/* choice: what goes with a resident's account wherever he signs in: what he has chosen once for all
 * that he asks of the city, and the secret under which his drafts are kept. */
#include "gate_int.h"

enum { DRAFT_CHARS = 32 };

Rc gate_choice_own(Ctx *ctx, Str *choice) {
    const Entity *account;
    *choice = STR_NONE;
    if (!session_own(ctx)) return RC_OK; /* by a token one comes from no browser */
    TRY(ledger_entity(ctx, ctx->tenant->ledger, session_own(ctx)->account, &account));
    *choice = entity_text(account, GATE_IRI("openDataChoice"));
    return RC_OK;
}

Rc gate_choice_set(Ctx *ctx, Str choice) {
    if (!session_own(ctx)) return session_none(ctx);
    if (!str_eq(choice, GATE_CHOICE_IN) && !str_eq(choice, GATE_CHOICE_OUT))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("choice"), "Choose one of the two.");
    Str account = session_own(ctx)->account;
    Entity *set = entity_new(ctx->arena, account, STR(ACCOUNT_TYPE));
    entity_set(ctx->arena, set, GATE_IRI("openDataChoice"), json_of_str(choice));
    return account_change(ctx,
                          &(AccountChange){.kind = "account.choose", .id = account, .set = set});
}

/* ---- drafts ---- */

static Rc drafts_make(Ctx *ctx, const Entity **account) {
    Entity *set = entity_new(ctx->arena, (*account)->id, STR(ACCOUNT_TYPE));
    entity_set(ctx->arena, set, GATE_IRI("draftKey"),
               json_of_str(rand_id(ctx->rand, ctx->arena, DRAFT_CHARS)));
    AccountChange change = {
        .kind = "account.drafts", .id = (*account)->id, .version = (*account)->version, .set = set};
    TRY(account_change(ctx, &change));
    return account_load(ctx, change.id, account);
}

void account_drafts(Ctx *ctx, const Entity **account) {
    Error before = ctx->error;
    Actor rights = {0};
    const Entity *now = *account;
    account_rights(ctx->arena, now, &rights);
    if (rights.kind != ACTOR_RESIDENT || !str_empty(entity_text(now, GATE_IRI("draftKey")))) return;
    Rc rc = drafts_make(ctx, &now);
    if (rc == RC_DENIED) rc = account_load(ctx, now->id, &now); /* somebody else was first */
    if (rc == RC_OK && now && !str_empty(entity_text(now, GATE_IRI("draftKey"))))
        *account = now;
    else
        log_warn("gate", "no drafts are kept with an account: " STR_FMT,
                 STR_ARG(ctx->error.detail));
    ctx->error = before;
}
