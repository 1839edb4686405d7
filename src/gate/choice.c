/* choice: what a resident has chosen once for all that the city does with what he asks of it. */
#include "gate_int.h"

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
