/* send: what sending an application is in every procedure: who may enter it, whose it is, its
 * number, and that twice is once. */
#include "procedure_int.h"

enum { ID_CHARS = 26 };

/* The first procedure's name: one series numbers the cases of all. */
#define RECEIPT_SERIES WASTE_RESOURCE

Rc send_channel(Ctx *ctx, Str channel) {
    if (str_eq(channel, STR("web"))) return RC_OK;
    if (!str_eq(channel, STR("phone")) && !str_eq(channel, STR("counter")))
        return ctx_fail(ctx, RC_INVALID, "no-channel", STR("channel"),
                        "What people say comes by web, phone or counter.");
    if (ctx->actor->kind == ACTOR_STAFF) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "not-permitted", STR("channel"),
                    "Only officials enter what others say.");
}

Rc send_allowed(Ctx *ctx, Str channel) {
    TRY(send_channel(ctx, channel));
    GateAsk ask = {.action = ACT_CREATE, .type = STR(CASE_TYPE), .class = CLASS_INTERNAL};
    return gate_check(ctx, &ask);
}

void send_origin(Ctx *ctx, Arena *arena, Entity *application, const SendFrom *from) {
    Str person = from->applicant;
    if (str_empty(person))
        person = str_fmt(arena, "urn:ngsi-ld:Person:" STR_FMT,
                         STR_ARG(rand_id(ctx->rand, arena, ID_CHARS)));
    entity_set_kind(arena, application, ATTR_RELATIONSHIP, IRI("applicant"), json_of_str(person));
    retention_name(arena, ctx->tenant->dictionary, application, from->retention,
                   time_now(ctx->clock));
    entity_set(arena, application, IRI("channel"), json_of_str(from->channel));
    if (str_eq(from->channel, STR("web"))) return;
    entity_set(arena, application, IRI("enteredBy"), json_of_str(ctx->actor->id));
    entity_set(arena, application, IRI("enteredPost"), json_of_str(ctx->actor->post));
}

PartSubmit *send_submit(Ctx *ctx, Command *command, const Entity *application) {
    Arena *arena = command_arena(command);
    PartSubmit *submit = NEW(arena, PartSubmit);
    int year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    *submit = (PartSubmit){.application = application,
                           .counter = counter_id(arena, RECEIPT_SERIES, year),
                           .fiscal_year = year};
    command_needs(command, application->id);
    command_needs(command, submit->counter);
    command_add(command, &part_case_submit, submit);
    return submit;
}

Rc send_again(Ctx *ctx, Receipt *out) {
    const Entity *application;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, out->id, &application));
    out->number = entity_text(application, IRI("receiptNumber"));
    return RC_OK;
}

Rc send_execute(Ctx *ctx, Command *command, Receipt *out) {
    Outcome outcome;
    Rc rc = case_execute(ctx, command, &outcome);
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("submitted"))) return send_again(ctx, out);
    if (rc == RC_OK) out->number = json_str(outcome.result);
    return rc;
}
