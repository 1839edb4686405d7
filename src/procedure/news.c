#include "procedure_int.h"

#include "news.h"

#define PERSON_HEAD  "urn:ngsi-ld:Person:"
#define ACCOUNT_HEAD "urn:ngsi-ld:Account:"

/* What its person was told on the telephone or at the counter is only written down. */
static bool is_answer(const Event *event) {
    return str_eq(message_turn(event->delta->after), MESSAGE_ANSWERED) &&
           str_eq(event->head.channel, STR("web"));
}

bool news_is(const Event *event) {
    const Delta *delta = event->delta;
    if (!delta || delta->op != DELTA_CHANGE || !delta->after) return false;
    return entity_attr(delta->after, STR(LD_DEFAULT "state")) != NULL || is_answer(event);
}

/* An account and its person end alike. */
static bool is_own(Str person, Str actor) {
    return str_starts(person, STR(PERSON_HEAD)) && str_starts(actor, STR(ACCOUNT_HEAD)) &&
           str_eq(str_sub(person, sizeof PERSON_HEAD - 1, person.len),
                  str_sub(actor, sizeof ACCOUNT_HEAD - 1, actor.len));
}

Rc news_whose(Ctx *ctx, Str id, Str actor, Str *person) {
    const Entity *application;
    Str whose;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, &application));
    *person = entity_text(application, STR(LD_DEFAULT "applicant"));
    if (!entity_has_type(application, STR(CASE_TYPE)) || str_empty(*person)) return RC_NOT_FOUND;
    TRY(gate_whose(ctx, *person, &whose));
    return is_own(whose, actor) ? RC_NOT_FOUND : RC_OK;
}
