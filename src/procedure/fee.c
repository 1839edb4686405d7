#include "procedure_int.h"

enum { TRIES_MAX = 20, SESSION_CHARS = 26, YEN_MAX = 100000000 };

Rc fee_of(Ctx *ctx, Str case_id, Payment *out) {
    const Entity *entity;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, payment_id(ctx->arena, case_id), &entity));
    payment_read(ctx->arena, entity, out);
    return RC_OK;
}

/* ---- what moves do ---- */

static Str due_day(Ctx *ctx, Arena *arena, const Definition *definition) {
    Date today = time_jst_date(time_now(ctx->clock));
    Date due = waste_working_days_after(procedures_waste(ctx->tenant), today, definition->fee_days);
    return time_format_date(arena, due);
}

/* The version whose fee it is: its article, its account. */
static const Definition *version_of(const Ctx *ctx, const Definition *own, const Attr *as_of) {
    int64_t version = as_of && as_of->value ? json_get_int(as_of->value, "version", 0) : 0;
    const Definition *by = catalogue_version(procedures_catalogue(ctx->tenant), own->id, version);
    return by && by->fee ? by : own;
}

/* What is due: of a case, as it is or as a step leaves it. */
typedef struct Due {
    const Definition *definition;
    const Entity *application;
    const Attr *as_of;
    int64_t fee;
} Due;

static Entity *fee_entity(Ctx *ctx, Command *command, const Due *due) {
    const Definition *definition = due->definition;
    const Definition *by = version_of(ctx, definition, due->as_of);
    const Entity *application = due->application;
    Arena *arena = command_arena(command);
    Entity *entity = entity_new(arena, payment_id(arena, application->id), STR(PAYMENT_TYPE));
    Str person = dictionary_subject(ctx->tenant->dictionary, application);
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, IRI("applicant"),
                    json_of_str(str_dup(arena, person)));
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, IRI("about"),
                    json_of_str(str_dup(arena, application->id)));
    entity_set(arena, entity, IRI("procedure"), json_of_str(definition->id));
    entity_set(arena, entity, IRI("amount"), json_of_int(due->fee));
    entity_set(arena, entity, IRI("article"), json_of_str(by->fee_article));
    entity_set(arena, entity, IRI("account"), json_of_str(by->fee_account));
    entity_set(arena, entity, IRI("dueDate"), json_of_str(due_day(ctx, arena, definition)));
    return entity;
}

void fee_send(Ctx *ctx, Command *command, const Definition *definition, const Entity *application) {
    bool due = definition->fee_collect == COLLECT_ON_SENDING;
    int64_t fee = entity_int(application, IRI("fee"), 0);
    const Attr *as_of = entity_attr(application, IRI("feeAsOf"));
    if (due && fee > 0)
        pay_issue(ctx, command,
                  fee_entity(ctx, command, &(Due){definition, application, as_of, fee}));
}

Rc fee_decided(Ctx *ctx, Arena *arena, const Entity *application, const DefinedState *to,
               Entity *set) {
    const Definition *definition = defined_of(ctx, application);
    Payment payment;
    FormFee fee;
    Form form;
    bool later = definition->fee && definition->fee_as_of.kind == AS_OF_DECIDED &&
                 str_eq(to->id, definition->fee_unpaid);
    if (!later || entity_attr(set, IRI("fee")) || entity_attr(application, IRI("feeReduction")))
        return RC_OK;
    Rc rc = fee_of(ctx, application->id, &payment);
    if (rc != RC_NOT_FOUND) return rc;
    defined_form(ctx, application, &form);
    TRY(form_fee_by(ctx, &form, &fee));
    fee_keep(arena, set, definition, &fee, true);
    return RC_OK;
}

static void fee_end(Command *command, const Entity *application, const DefinedState *to) {
    Arena *arena = command_arena(command);
    PartPayEnd *end = NEW(arena, PartPayEnd);
    bool refused = to->outcome == OUTCOME_REFUSED;
    *end = (PartPayEnd){payment_id(arena, application->id),
                        refused ? STR("refused") : STR("withdrawn")};
    command_needs(command, end->id);
    command_add(command, &part_pay_end, end);
}

/* What is owed behind a move: of a fee that it lowers, what is left. */
typedef struct Owed {
    int64_t fee;
    bool lowered, there, paid; /* there: it is due already */
} Owed;

static Rc owed_read(Ctx *ctx, const FeeMove *move, Owed *out) {
    Payment payment;
    const Attr *fee = move->set ? entity_attr(move->set, IRI("fee")) : NULL;
    Rc rc = fee_of(ctx, move->application->id, &payment);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    *out = (Owed){.fee = entity_int(fee ? move->set : move->application, IRI("fee"), 0),
                  .lowered = fee != NULL,
                  .there = rc == RC_OK};
    if (out->there && fee) payment_reduce(&payment, out->fee); /* as this command leaves it */
    out->paid = out->there && payment.state == PAY_PAID;
    return RC_OK;
}

Rc fee_move(Ctx *ctx, Command *command, const FeeMove *move) {
    const Entity *application = move->application;
    const DefinedState *to = move->to;
    const Definition *definition = defined_of(ctx, application);
    Owed owed;
    if (definition->fee_collect == COLLECT_OPEN) return RC_OK;
    if (to->owner == OWNER_NOBODY && to->outcome != OUTCOME_DONE) fee_end(command, application, to);
    if (!str_eq(to->id, definition->fee_unpaid)) return RC_OK;
    TRY(owed_read(ctx, move, &owed));
    if (owed.fee > 0 && !owed.paid) {
        bool due = owed.there && owed.lowered; /* and its version guarded */
        const Attr *as_of = move->set ? entity_attr(move->set, IRI("feeAsOf")) : NULL;
        if (!as_of) as_of = entity_attr(application, IRI("feeAsOf"));
        if (!due)
            pay_issue(ctx, command,
                      fee_entity(ctx, command, &(Due){definition, application, as_of, owed.fee}));
        return RC_OK;
    }
    DefinedAdvance advance = {.application = application,
                              .from = definition->fee_unpaid,
                              .to = definition->fee_paid,
                              .kind = owed.paid ? CASE_STEP_PAID : CASE_STEP_FREE,
                              .again = true};
    defined_advance(ctx, command, &advance);
    return RC_OK;
}

/* ---- reductions (減免) ---- */

FormFee fee_kept(const Ctx *ctx, const Entity *application, const Form *form) {
    static const AsOf arrival = {.kind = AS_OF_APPLIED};
    const Attr *as_of = entity_attr(application, IRI("feeAsOf"));
    FormFee fee = {.yen = entity_int(application, IRI("fee"), 0)};
    bool dated =
        as_of && as_of->value && time_parse_date(json_get_str(as_of->value, "day"), &fee.day);
    if (!dated) fee.day = form_day(ctx, form, &arrival);
    fee.by = version_of(ctx, form->definition, as_of);
    return fee;
}

/* It is of the day and the version of the fee; of its own version, where that one can't say it. */
static bool reduced_by(Ctx *ctx, const Entity *application, const DefinedMove *move,
                       FeeReduced *out) {
    Form form;
    defined_form(ctx, application, &form);
    FormFee fee = fee_kept(ctx, application, &form);
    const DefinedMove *then = definition_move(fee.by, move->id);
    bool good = then && then->reduced && form_sum(ctx, &form, then->reduced, &fee);
    if (!good) {
        fee.by = form.definition;
        then = move;
    }
    *out = (FeeReduced){.article = then->reduced_article};
    good = good || form_sum(ctx, &form, move->reduced, &fee);
    out->yen = fee.yen;
    return good;
}

Rc fee_reduced(Ctx *ctx, const Entity *application, const DefinedMove *move, FeeReduced *out) {
    if (!reduced_by(ctx, application, move, out))
        return ctx_fail(ctx, RC_INVALID, "bad-fee", STR("reduction.amount"),
                        "What remains of the fee can't be computed: the office has to mend the "
                        "procedure's definition.");
    if (out->yen < entity_int(application, IRI("fee"), 0)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "no-reduction", application->id,
                    "By these answers, nothing of the fee is waived.");
}

/* What is kept of it with the case: what was due at first stays so. */
static Json reduction_json(Arena *arena, const Entity *application, const Json *contents) {
    const Attr *earlier = entity_attr(application, IRI("feeReduction"));
    int64_t before = entity_int(application, IRI("fee"), 0);
    if (earlier) before = json_get_int(earlier->value, "before", before);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    Str article = json_get_str(contents, "article");
    members[0] = (JsonMember){STR("article"), json_of_str(str_dup(arena, article))};
    members[1] = (JsonMember){STR("before"), json_of_int(before)};
    members[2] = (JsonMember){STR("fee"), json_of_int(json_get_int(contents, "reducedFee", 0))};
    return json_of_members(members, 3);
}

Rc fee_reduce(Ctx *ctx, Command *command, const Entity *application, const Json *contents,
              Entity *set) {
    Arena *arena = command_arena(command);
    int64_t fee = json_get_int(contents, "reducedFee", -1);
    Payment payment;
    if (fee < 0) return RC_OK;
    entity_set(arena, set, IRI("fee"), json_of_int(fee));
    entity_set_kind(arena, set, ATTR_JSON, IRI("feeReduction"),
                    reduction_json(arena, application, contents));
    Rc rc = fee_of(ctx, application->id, &payment);
    if (rc == RC_NOT_FOUND) return RC_OK; /* it will be due as it is then */
    TRY(rc);
    PartPayReduce *part = NEW(arena, PartPayReduce);
    Str due = fee ? due_day(ctx, arena, defined_of(ctx, application)) : STR_NONE;
    *part = (PartPayReduce){str_dup(arena, payment.id), fee, due, payment.version};
    command_needs(command, part->id);
    command_add(command, &part_pay_reduce, part);
    return RC_OK;
}

/* ---- what comes in ---- */

/* Twice: as it is, and what is to become of it. */
static Rc payment_load(Ctx *ctx, Str id, Payment *before, Payment *after) {
    const Entity *entity;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !entity_has_type(entity, STR(PAYMENT_TYPE))))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-payment", id, "Nothing is due by this name.");
    TRY(rc);
    payment_read(ctx->arena, entity, before);
    payment_read(ctx->arena, entity, after);
    return RC_OK;
}

/* The case goes on with what is paid; where it isn't waiting for that, it stays the version that
   was looked at, for a move that makes it wait may be on its way. */
static Rc case_follow(Ctx *ctx, Command *command, const Payment *payment) {
    const Entity *application;
    Arena *arena = command_arena(command);
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, payment->case_id, &application);
    if (rc == RC_NOT_FOUND) return RC_OK; /* erased: what came in is kept all the same */
    TRY(rc);
    const Definition *definition = defined_of(ctx, application);
    Str state = entity_text(application, IRI("procedureState"));
    bool waits =
        definition && !str_empty(definition->fee_unpaid) && str_eq(state, definition->fee_unpaid);
    if (waits) {
        DefinedAdvance advance = {.application = application,
                                  .from = definition->fee_unpaid,
                                  .to = definition->fee_paid,
                                  .kind = CASE_STEP_PAID};
        defined_advance(ctx, command, &advance);
        return RC_OK;
    }
    PartStill *still = NEW(arena, PartStill);
    *still = (PartStill){str_dup(arena, application->id), application->version};
    command_needs(command, still->id);
    command_add(command, &part_case_still, still);
    return RC_OK;
}

static PayEvent event_dup(Arena *arena, const PayEvent *event) {
    PayEvent copy = *event;
    copy.id = str_dup(arena, event->id);
    copy.session = str_dup(arena, event->session);
    copy.receipt = str_dup(arena, event->receipt);
    copy.channel = str_dup(arena, event->channel);
    copy.post = str_dup(arena, event->post);
    return copy;
}

static bool is_moved_on(const Ctx *ctx, Rc rc) {
    return rc == RC_CONFLICT && str_eq(ctx->error.code, STR("moved-on"));
}

bool fee_amount_good(int64_t yen) {
    return yen > 0 && yen <= YEN_MAX;
}

/* What is taken in, and as of which version of the payment; 0: of any. */
typedef struct Posting {
    Str payment, channel;
    const PayEvent *event;
    uint64_t version;
} Posting;

static Rc paid_already(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_CONFLICT, "paid-already", id,
                    "Something was paid or changed since you looked: look again before you take "
                    "the money.");
}

static Rc post_once(Ctx *ctx, const Posting *posting) {
    Payment before, after;
    Outcome outcome;
    const PayEvent *event = posting->event;
    TRY(payment_load(ctx, posting->payment, &before, &after));
    if (!payment_fold(ctx->arena, &after, event)) return RC_OK;
    if (posting->version && posting->version != before.version)
        return paid_already(ctx, posting->payment);
    Command *command = case_command(ctx, STR("pay.event"), before.case_id, posting->channel);
    PartPayEvent *part = NEW(command_arena(command), PartPayEvent);
    *part = (PartPayEvent){.id = str_dup(command_arena(command), before.id),
                           .event = event_dup(command_arena(command), event),
                           .version = before.version};
    command_needs(command, part->id);
    command_add(command, &part_pay_event, part);
    bool pays = before.state != PAY_PAID && after.state == PAY_PAID;
    Rc rc = pays ? case_follow(ctx, command, &before) : RC_OK;
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

static Rc post(Ctx *ctx, const Posting *posting) {
    const PayEvent *event = posting->event;
    bool money = event->kind == PAY_EVENT_PAID || event->kind == PAY_EVENT_RETURNED;
    if (money && (!fee_amount_good(event->amount) || str_empty(event->receipt)))
        return ctx_fail(ctx, RC_INVALID, "bad-amount", STR("amount"),
                        "What came in has a name, and an amount of 1 to %d yen.", YEN_MAX);
    Rc rc = RC_OK;
    for (int i = 0; i < TRIES_MAX; i++) {
        rc = post_once(ctx, posting);
        if (!is_moved_on(ctx, rc)) break;
    }
    return rc;
}

Rc fee_post(Ctx *ctx, Str payment, const PayEvent *event, Str channel) {
    return post(ctx, &(Posting){.payment = payment, .channel = channel, .event = event});
}

/* ---- paying online ---- */

static Rc not_due(Ctx *ctx, Str case_id) {
    return ctx_fail(ctx, RC_CONFLICT, "not-due", case_id, "Nothing is due here any more.");
}

static Rc try_once(Ctx *ctx, Str case_id, Payment *payment, Str *session) {
    Outcome outcome;
    Rc rc = fee_of(ctx, case_id, payment);
    if (rc == RC_NOT_FOUND) return not_due(ctx, case_id);
    TRY(rc);
    const PaySession *open = payment_open(payment);
    if (payment->state != PAY_INVOICED) return not_due(ctx, case_id);
    *session = open ? open->id : rand_id(ctx->rand, ctx->arena, SESSION_CHARS);
    if (open) return RC_OK;
    Command *command = case_command(ctx, STR("pay.session"), case_id, STR("web"));
    Arena *arena = command_arena(command);
    PartPaySession *part = NEW(arena, PartPaySession);
    *part =
        (PartPaySession){str_dup(arena, payment->id), str_dup(arena, *session), payment->version};
    command_needs(command, part->id);
    command_add(command, &part_pay_session, part);
    return case_execute(ctx, command, &outcome);
}

Rc fee_try(Ctx *ctx, Str case_id, Payment *payment, Str *session) {
    const Entity *application;
    Rc rc = RC_OK;
    TRY(case_own(ctx, case_id, &application));
    for (int i = 0; i < TRIES_MAX; i++) {
        rc = try_once(ctx, case_id, payment, session);
        if (!is_moved_on(ctx, rc)) break;
    }
    return rc;
}

/* ---- the office ---- */

bool fee_may_take(Ctx *ctx, const Entity *application) {
    GateAsk ask = {.action = ACT_UPDATE,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, application)};
    return ctx->actor->kind == ACTOR_STAFF && gate_permits(ctx, &ask);
}

static Rc taking(Ctx *ctx, Str case_id) {
    const Entity *application;
    TRY(case_load(ctx, case_id, &application));
    if (fee_may_take(ctx, application)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "not-permitted", case_id,
                    "Those who see to this case take its fee.");
}

/* Its name follows from what was seen: the second press has the first one's. */
Rc fee_take(Ctx *ctx, Str case_id, Str channel, uint64_t version) {
    Payment payment;
    if (!pay_is_counter(channel))
        return ctx_fail(ctx, RC_INVALID, "no-channel", STR("channel"),
                        "At the counter a fee is paid in cash or by a voucher.");
    TRY(taking(ctx, case_id));
    Rc rc = fee_of(ctx, case_id, &payment);
    if (rc == RC_NOT_FOUND) return not_due(ctx, case_id);
    TRY(rc);
    Str receipt = str_fmt(ctx->arena, "counter-%llu", (unsigned long long)version);
    if (payment_receipt(&payment, receipt)) return RC_OK;
    if (payment.state != PAY_INVOICED || payment.version != version)
        return paid_already(ctx, case_id);
    PayEvent event = {.kind = PAY_EVENT_PAID,
                      .receipt = receipt,
                      .channel = channel,
                      .amount = payment.amount,
                      .at = time_now(ctx->clock),
                      .post = ctx->actor->post};
    return post(ctx, &(Posting){payment.id, STR("counter"), &event, version});
}

Rc fee_may_decide(Ctx *ctx, const Entity *application) {
    GateAsk ask = {.action = ACT_DECIDE,
                   .type = STR(PAYMENT_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, application)};
    return gate_check(ctx, &ask);
}

bool fee_is_stranded(const Ctx *ctx, const PayReceipt *receipt) {
    const Pay *pay = ctx->tenant->pay;
    bool known =
        pay_is_counter(receipt->channel) || (pay && str_eq(receipt->channel, pay_provider(pay)));
    return receipt->state == RECEIPT_RETURNING && !known;
}

static bool is_stranded(Ctx *ctx, const Payment *payment, Str receipt) {
    const PayReceipt *found = payment_receipt(payment, receipt);
    return found && fee_is_stranded(ctx, found);
}

/* That it goes back over the counter was decided, for it came in there. */
static bool only_hands(Ctx *ctx, const FeeDecision *decision) {
    Payment payment;
    if (decision->decision != PAY_HANDED) return false;
    if (fee_of(ctx, decision->case_id, &payment) != RC_OK) return true;
    const PayReceipt *receipt = payment_receipt(&payment, decision->receipt);
    return !receipt || pay_is_counter(receipt->channel);
}

static Rc deciding(Ctx *ctx, const FeeDecision *decision) {
    const Entity *application;
    if (only_hands(ctx, decision)) return taking(ctx, decision->case_id);
    TRY(case_load(ctx, decision->case_id, &application));
    TRY(fee_may_decide(ctx, application));
    if (!text_is_blank(ctx->arena, decision->reason)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "missing", STR("reason"), "Write why it is decided so.");
}

/* What stays as the fee after all moves a case on that waits for it. */
static Rc decide_once(Ctx *ctx, const FeeDecision *decision) {
    Outcome outcome;
    Payment before, after;
    Str id = payment_id(ctx->arena, decision->case_id);
    TRY(payment_load(ctx, id, &before, &after));
    Command *command = case_command(ctx, STR("pay.decide"), decision->case_id, STR("web"));
    Arena *arena = command_arena(command);
    PartPayDecide *part = NEW(arena, PartPayDecide);
    *part = (PartPayDecide){.id = str_dup(arena, id),
                            .receipt = str_dup(arena, decision->receipt),
                            .decision = decision->decision,
                            .post = str_dup(arena, ctx->actor->post),
                            .reason = str_dup(arena, str_trim(decision->reason)),
                            .version = before.version,
                            .stranded = is_stranded(ctx, &before, decision->receipt)};
    command_needs(command, part->id);
    command_add(command, &part_pay_decide, part);
    bool decides = payment_decide(&after, part);
    bool pays = decides && before.state != PAY_PAID && after.state == PAY_PAID;
    Rc rc = pays ? case_follow(ctx, command, &before) : RC_OK;
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

Rc fee_decide(Ctx *ctx, const FeeDecision *decision) {
    Rc rc = RC_OK;
    TRY(deciding(ctx, decision));
    for (int i = 0; i < TRIES_MAX; i++) {
        rc = decide_once(ctx, decision);
        if (!is_moved_on(ctx, rc)) break;
    }
    return rc;
}
