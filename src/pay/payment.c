#include "pay.h"

#define IRI(term) STR(LD_DEFAULT term)

/* events: the newest ones; older repetitions are told by their receipts and sessions. */
enum { RECEIPTS_MAX = 200, SESSIONS_MAX = 50, EVENTS_MAX = 200 };

static const Str state_words[PAY_STATES] = {
    [PAY_INVOICED] = {"invoiced", 8},   [PAY_PAID] = {"paid", 4},
    [PAY_REFUNDING] = {"refunding", 9}, [PAY_REFUNDED] = {"refunded", 8},
    [PAY_CANCELLED] = {"cancelled", 9}, [PAY_WAIVED] = {"waived", 6}};
static const Str receipt_words[RECEIPT_STATES] = {[RECEIPT_KEPT] = {"kept", 4},
                                                  [RECEIPT_UNDECIDED] = {"undecided", 9},
                                                  [RECEIPT_RETURNING] = {"returning", 9},
                                                  [RECEIPT_RETURNED] = {"returned", 8},
                                                  [RECEIPT_VOID] = {"void", 4}};
static const Str session_words[SESSION_STATES] = {[SESSION_OPEN] = {"open", 4},
                                                  [SESSION_PAID] = {"paid", 4},
                                                  [SESSION_FAILED] = {"failed", 6},
                                                  [SESSION_EXPIRED] = {"expired", 7},
                                                  [SESSION_SUPERSEDED] = {"superseded", 10}};
static const Str decision_words[PAY_DECISIONS] = {[PAY_RETURN] = {"return", 6},
                                                  [PAY_KEEP] = {"keep", 4},
                                                  [PAY_VOID] = {"void", 4},
                                                  [PAY_HANDED] = {"handed", 6}};

Str pay_state_word(PayState state) {
    assert(state < PAY_STATES);
    return state_words[state];
}

bool pay_is_counter(Str channel) {
    return str_eq(channel, PAY_CASH) || str_eq(channel, PAY_VOUCHER);
}

Str receipt_state_word(ReceiptState state) {
    assert(state < RECEIPT_STATES);
    return receipt_words[state];
}

Str session_state_word(SessionState state) {
    assert(state < SESSION_STATES);
    return session_words[state];
}

Str pay_decision_word(PayDecision decision) {
    assert(decision < PAY_DECISIONS);
    return decision_words[decision];
}

/* Its place among the words; n: it is none of them. */
static unsigned word_at(const Str *words, unsigned n, Str word) {
    unsigned i = 0;
    while (i < n && !str_eq(words[i], word))
        i++;
    return i;
}

/* ---- reading ---- */

static const Json *list_of(const Entity *entity, Str iri) {
    const Attr *attr = entity_attr(entity, iri);
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value : NULL;
}

static void receipts_read(Arena *arena, const Json *list, PayReceipts *out) {
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i);
        unsigned state = word_at(receipt_words, RECEIPT_STATES, json_get_str(one, "state"));
        if (state == RECEIPT_STATES) state = RECEIPT_UNDECIDED;
        vec_push(arena, out,
                 (PayReceipt){.id = json_get_str(one, "id"),
                              .channel = json_get_str(one, "channel"),
                              .amount = json_get_int(one, "amount", 0),
                              .at = json_get_int(one, "at", 0),
                              .state = (ReceiptState)state,
                              .why = json_get_str(one, "why"),
                              .post = json_get_str(one, "post"),
                              .reason = json_get_str(one, "reason")});
    }
}

static void sessions_read(Arena *arena, const Json *list, PaySessions *out) {
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_at(list, i);
        unsigned state = word_at(session_words, SESSION_STATES, json_get_str(one, "state"));
        if (state == SESSION_STATES) state = SESSION_EXPIRED;
        vec_push(arena, out,
                 (PaySession){.id = json_get_str(one, "id"),
                              .at = json_get_int(one, "at", 0),
                              .state = (SessionState)state});
    }
}

void payment_read(Arena *arena, const Entity *entity, Payment *out) {
    const Json *events = list_of(entity, IRI("events"));
    *out = (Payment){.id = entity->id,
                     .case_id = entity_text(entity, IRI("about")),
                     .number = entity_text(entity, IRI("number")),
                     .article = entity_text(entity, IRI("article")),
                     .account = entity_text(entity, IRI("account")),
                     .due = entity_text(entity, IRI("dueDate")),
                     .channel = entity_text(entity, IRI("channel")),
                     .ended = entity_text(entity, IRI("caseEnded")),
                     .amount = entity_int(entity, IRI("amount"), 0),
                     .version = entity->version};
    unsigned state = word_at(state_words, PAY_STATES, entity_text(entity, IRI("state")));
    if (!time_parse(entity_text(entity, IRI("paidAt")), &out->paid_at)) out->paid_at = TIME_NONE;
    out->state = state == PAY_STATES ? PAY_INVOICED : (PayState)state;
    receipts_read(arena, list_of(entity, IRI("receipts")), &out->receipts);
    sessions_read(arena, list_of(entity, IRI("sessions")), &out->sessions);
    for (size_t i = 0; events && i < events->len; i++)
        vec_push(arena, &out->events, json_str(json_at(events, i)));
}

Str payment_id(Arena *arena, Str case_id) {
    size_t colon = case_id.len;
    while (colon && case_id.ptr[colon - 1] != ':')
        colon--;
    Str own = str_sub(case_id, colon, case_id.len);
    return str_fmt(arena, PAYMENT_ID_PREFIX STR_FMT, STR_ARG(own));
}

const PaySession *payment_open(const Payment *payment) {
    VEC_EACH (const PaySession, session, &payment->sessions)
        if (session->state == SESSION_OPEN) return session;
    return NULL;
}

bool session_may_pay(const PaySession *session) {
    return session->state == SESSION_OPEN || session->state == SESSION_SUPERSEDED;
}

bool payment_may_come(const Payment *payment) {
    VEC_EACH (const PaySession, session, &payment->sessions)
        if (session_may_pay(session)) return true;
    return false;
}

static PayReceipt *receipt_of(const Payment *payment, Str id) {
    VEC_EACH (PayReceipt, receipt, &payment->receipts)
        if (str_eq(receipt->id, id)) return receipt;
    return NULL;
}

const PayReceipt *payment_receipt(const Payment *payment, Str id) {
    return receipt_of(payment, id);
}

/* ---- the state that follows ---- */

static size_t receipts_in(const Payment *payment, unsigned states) {
    size_t n = 0;
    VEC_EACH (const PayReceipt, receipt, &payment->receipts)
        n += (states & 1u << receipt->state) != 0;
    return n;
}

static const unsigned going_back = 1u << RECEIPT_UNDECIDED | 1u << RECEIPT_RETURNING;

/* While nothing of what came in stays, or is on its way back. */
static PayState unpaid_state(const Payment *payment) {
    bool over = !str_empty(payment->ended);
    if (!over && payment->amount) return PAY_INVOICED;
    if (receipts_in(payment, 1u << RECEIPT_RETURNED)) return PAY_REFUNDED;
    return payment->amount ? PAY_CANCELLED : PAY_WAIVED;
}

static void settle(Payment *payment) {
    if (receipts_in(payment, 1u << RECEIPT_KEPT))
        payment->state = PAY_PAID;
    else if (receipts_in(payment, going_back))
        payment->state = PAY_REFUNDING;
    else
        payment->state = unpaid_state(payment);
    payment->channel = STR_NONE;
    payment->paid_at = TIME_NONE;
    VEC_EACH (const PayReceipt, receipt, &payment->receipts) {
        if (receipt->state != RECEIPT_KEPT) continue;
        payment->channel = receipt->channel;
        payment->paid_at = receipt->at;
    }
}

static bool event_known(const Payment *payment, Str id) {
    VEC_EACH (const Str, event, &payment->events)
        if (str_eq(*event, id)) return true;
    return false;
}

/* What was paid stays so, whatever is said of the try later. */
static bool session_set(Payment *payment, Str id, SessionState state) {
    VEC_EACH (PaySession, session, &payment->sessions) {
        if (!str_eq(session->id, id) || session->state == state) continue;
        if (session->state == SESSION_PAID) return false;
        if (!session_may_pay(session) && state != SESSION_PAID) return false;
        session->state = state;
        return true;
    }
    return false;
}

/* Why what comes in can't stay as the fee; empty: it can. */
static Str misfit(const Payment *payment, int64_t amount) {
    if (!str_empty(payment->ended)) return STR("ended");
    if (receipts_in(payment, 1u << RECEIPT_KEPT)) return STR("twice");
    return amount == payment->amount ? STR_NONE : STR("amount");
}

/* What was held to have never come is there after all. */
static bool paid_fold(Arena *arena, Payment *payment, const PayEvent *event) {
    bool session = session_set(payment, event->session, SESSION_PAID);
    PayReceipt *before = receipt_of(payment, event->receipt);
    if (before && before->state != RECEIPT_VOID) return session;
    PayReceipt receipt = {.id = event->receipt,
                          .channel = event->channel,
                          .amount = event->amount,
                          .at = event->at,
                          .post = event->post,
                          .why = misfit(payment, event->amount)};
    receipt.state = str_empty(receipt.why) ? RECEIPT_KEPT : RECEIPT_UNDECIDED;
    if (before)
        *before = receipt;
    else
        vec_push(arena, &payment->receipts, receipt);
    return true;
}

/* It may be told before what it gives back. */
static bool returned_fold(Arena *arena, Payment *payment, const PayEvent *event) {
    PayReceipt *receipt = receipt_of(payment, event->receipt);
    if (receipt && receipt->state == RECEIPT_RETURNED) return false;
    if (receipt && !str_empty(event->post)) receipt->post = event->post;
    if (receipt)
        receipt->state = RECEIPT_RETURNED;
    else
        vec_push(arena, &payment->receipts,
                 (PayReceipt){.id = event->receipt,
                              .channel = event->channel,
                              .amount = event->amount,
                              .at = event->at,
                              .post = event->post,
                              .state = RECEIPT_RETURNED});
    return true;
}

static bool not_returned_fold(Payment *payment, const PayEvent *event) {
    PayReceipt *receipt = receipt_of(payment, event->receipt);
    if (!receipt || receipt->state != RECEIPT_RETURNING) return false;
    receipt->state = RECEIPT_UNDECIDED;
    receipt->why = STR("refused");
    return true;
}

static bool kind_fold(Arena *arena, Payment *payment, const PayEvent *event) {
    switch (event->kind) {
    case PAY_EVENT_PAID:
        return paid_fold(arena, payment, event);
    case PAY_EVENT_FAILED:
        return session_set(payment, event->session, SESSION_FAILED);
    case PAY_EVENT_EXPIRED:
        return session_set(payment, event->session, SESSION_EXPIRED);
    case PAY_EVENT_RETURNED:
        return returned_fold(arena, payment, event);
    case PAY_EVENT_NOT_RETURNED:
        return not_returned_fold(payment, event);
    case PAY_EVENT_KINDS:
        break;
    }
    assert(!"an event of no kind");
    return false;
}

bool payment_fold(Arena *arena, Payment *payment, const PayEvent *event) {
    if (!str_empty(event->id) && event_known(payment, event->id)) return false;
    bool changed = kind_fold(arena, payment, event);
    settle(payment);
    if (!changed || str_empty(event->id)) return changed;
    vec_push(arena, &payment->events, event->id);
    return true;
}

/* ---- writing ---- */

static Json receipt_json(Arena *arena, const PayReceipt *receipt) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 8);
    members[0] = (JsonMember){STR("id"), json_of_str(receipt->id)};
    members[1] = (JsonMember){STR("channel"), json_of_str(receipt->channel)};
    members[2] = (JsonMember){STR("amount"), json_of_int(receipt->amount)};
    members[3] = (JsonMember){STR("at"), json_of_int(receipt->at)};
    members[4] = (JsonMember){STR("state"), json_of_str(receipt_state_word(receipt->state))};
    members[5] = (JsonMember){STR("why"), json_of_str(receipt->why)};
    members[6] = (JsonMember){STR("post"), json_of_str(receipt->post)};
    members[7] = (JsonMember){STR("reason"), json_of_str(receipt->reason)};
    return json_of_members(members, 8);
}

static Json session_json(Arena *arena, const PaySession *session) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("id"), json_of_str(session->id)};
    members[1] = (JsonMember){STR("at"), json_of_int(session->at)};
    members[2] = (JsonMember){STR("state"), json_of_str(session_state_word(session->state))};
    return json_of_members(members, 3);
}

static void lists_set(Arena *arena, Entity *after, const Payment *payment) {
    JsonItems receipts = {0}, sessions = {0}, events = {0};
    VEC_EACH (const PayReceipt, receipt, &payment->receipts)
        vec_push(arena, &receipts, receipt_json(arena, receipt));
    VEC_EACH (const PaySession, session, &payment->sessions)
        vec_push(arena, &sessions, session_json(arena, session));
    size_t n = payment->events.len;
    for (size_t i = n > EVENTS_MAX ? n - EVENTS_MAX : 0; i < n; i++)
        vec_push(arena, &events, json_of_str(payment->events.items[i]));
    entity_set_kind(arena, after, ATTR_JSON, IRI("receipts"),
                    json_of_items(receipts.items, receipts.len));
    entity_set_kind(arena, after, ATTR_JSON, IRI("sessions"),
                    json_of_items(sessions.items, sessions.len));
    entity_set_kind(arena, after, ATTR_JSON, IRI("events"),
                    json_of_items(events.items, events.len));
}

static bool waits_for_provider(const Payment *payment) {
    if (payment_may_come(payment)) return true;
    VEC_EACH (const PayReceipt, receipt, &payment->receipts) {
        if (receipt->state == RECEIPT_RETURNING && !pay_is_counter(receipt->channel)) return true;
    }
    return false;
}

/* Whom it waits for: the provider's answer, or somebody of the office; so that both find theirs. */
static Str waits_word(const Payment *payment) {
    if (receipts_in(payment, 1u << RECEIPT_UNDECIDED)) return STR("office");
    if (waits_for_provider(payment)) return STR("provider");
    return receipts_in(payment, 1u << RECEIPT_RETURNING) ? STR("office") : STR("none");
}

/* By which channel and when it was paid; neither while it isn't. */
static void paid_set(Arena *arena, Delta *delta, const Entity *before, const Payment *payment) {
    static const Str iris[] = {STR(LD_DEFAULT "channel"), STR(LD_DEFAULT "paidAt")};
    Entity *after = (Entity *)(uintptr_t)delta->after;
    if (payment->state == PAY_PAID) {
        entity_set(arena, after, iris[0], json_of_str(payment->channel));
        entity_set(arena, after, iris[1], json_of_str(time_format(arena, payment->paid_at)));
        return;
    }
    for (size_t i = 0; i < sizeof iris / sizeof *iris; i++)
        if (entity_attr(before, iris[i]))
            vec_push(arena, &delta->removed, (DeltaRemoval){.name = iris[i], .all = true});
}

static void payment_put(Arena *arena, Stage *stage, const Payment *payment) {
    Entity *after = entity_new(arena, payment->id, STR(PAYMENT_TYPE));
    Delta delta = {.op = DELTA_CHANGE, .id = payment->id, .after = after};
    paid_set(arena, &delta, stage_entity(stage, payment->id), payment);
    entity_set(arena, after, IRI("state"), json_of_str(pay_state_word(payment->state)));
    entity_set(arena, after, IRI("amount"), json_of_int(payment->amount));
    if (!str_empty(payment->due))
        entity_set(arena, after, IRI("dueDate"), json_of_str(payment->due));
    entity_set(arena, after, IRI("waits"), json_of_str(waits_word(payment)));
    entity_set(arena, after, IRI("asks"), json_of_bool(waits_for_provider(payment)));
    if (!str_empty(payment->ended))
        entity_set(arena, after, IRI("caseEnded"), json_of_str(payment->ended));
    lists_set(arena, after, payment);
    stage_put(stage, &delta);
}

/* ---- parts ---- */

static Rc no_payment(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-payment", id, "Nothing is due by this name.");
}

static Rc moved_on(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", id,
                    "Something was paid or decided since you looked at it: load the page again.");
}

/* Whoever moved the case took it for unpaid: what was paid meanwhile would leave it waiting. */
static Rc issue_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartIssue *part = args;
    const Entity *before = stage_entity(stage, part->payment->id);
    Str state = before ? entity_text(before, IRI("state")) : STR_NONE;
    return str_eq(state, state_words[PAY_PAID]) ? moved_on(ctx, part->payment->id) : RC_OK;
}

static Rc issue_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartIssue *part = args;
    Arena *arena = ctx->arena;
    if (stage_entity(stage, part->payment->id)) return RC_OK;
    Entity *after = entity_dup(arena, part->payment);
    retention_name(arena, ctx->tenant->dictionary, after, STR_NONE, stage_now(stage));
    int64_t number = counter_next(ctx, stage, part->counter);
    entity_set(arena, after, IRI("number"),
               json_of_str(str_fmt(arena, "%d-%06lld", part->fiscal_year, (long long)number)));
    entity_set(arena, after, IRI("fiscalYear"), json_of_int(part->fiscal_year));
    entity_set(arena, after, IRI("issuedAt"), json_of_str(time_format(arena, stage_now(stage))));
    entity_set(arena, after, IRI("state"), json_of_str(pay_state_word(PAY_INVOICED)));
    entity_set(arena, after, IRI("waits"), json_of_str(STR("none")));
    entity_set(arena, after, IRI("asks"), json_of_bool(false));
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after});
    return RC_OK;
}

void pay_issue(Ctx *ctx, Command *command, const Entity *payment) {
    Arena *arena = command_arena(command);
    PartIssue *part = NEW(arena, PartIssue);
    int year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    *part = (PartIssue){payment, counter_id(arena, STR("payment"), year), year};
    command_needs(command, payment->id);
    command_needs(command, part->counter);
    command_add(command, &part_pay_issue, part);
}

static Rc event_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartPayEvent *part = args;
    const Entity *before = stage_entity(stage, part->id);
    Payment payment;
    if (!before) return no_payment(ctx, part->id);
    if (part->version && part->version != before->version) return moved_on(ctx, part->id);
    payment_read(ctx->arena, before, &payment);
    if (payment.receipts.len < RECEIPTS_MAX) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "too-many-receipts", part->id,
                    "At most %d things may come in for one payment.", RECEIPTS_MAX);
}

static Rc event_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartPayEvent *part = args;
    Payment payment;
    payment_read(ctx->arena, stage_entity(stage, part->id), &payment);
    if (payment_fold(ctx->arena, &payment, &part->event)) payment_put(ctx->arena, stage, &payment);
    return RC_OK;
}

static Rc session_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartPaySession *part = args;
    const Entity *before = stage_entity(stage, part->id);
    Payment payment;
    if (!before) return no_payment(ctx, part->id);
    if (part->version != before->version) return moved_on(ctx, part->id);
    payment_read(ctx->arena, before, &payment);
    if (payment.state != PAY_INVOICED)
        return ctx_fail(ctx, RC_CONFLICT, "not-due", part->id, "Nothing is due here any more.");
    if (payment.sessions.len < SESSIONS_MAX) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "too-many-tries", part->id,
                    "Paying online was begun %d times: pay at the counter, or call the office.",
                    SESSIONS_MAX);
}

static Rc session_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartPaySession *part = args;
    Payment payment;
    payment_read(ctx->arena, stage_entity(stage, part->id), &payment);
    vec_push(ctx->arena, &payment.sessions,
             (PaySession){part->session, stage_now(stage), SESSION_OPEN});
    payment_put(ctx->arena, stage, &payment);
    return RC_OK;
}

static Rc end_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartPayEnd *part = args;
    const Entity *before = stage_entity(stage, part->id);
    Payment payment;
    if (!before) return RC_OK;
    payment_read(ctx->arena, before, &payment);
    payment.ended = part->how;
    VEC_EACH (PayReceipt, receipt, &payment.receipts) {
        if (receipt->state != RECEIPT_KEPT) continue;
        receipt->state = RECEIPT_UNDECIDED;
        receipt->why = STR("ended");
    }
    settle(&payment);
    payment_put(ctx->arena, stage, &payment);
    return RC_OK;
}

void payment_reduce(Payment *payment, int64_t amount) {
    payment->amount = amount;
    VEC_EACH (PaySession, session, &payment->sessions)
        if (session->state == SESSION_OPEN) session->state = SESSION_SUPERSEDED;
    VEC_EACH (PayReceipt, receipt, &payment->receipts) {
        if (receipt->state != RECEIPT_KEPT || receipt->amount == amount) continue;
        receipt->state = RECEIPT_UNDECIDED;
        receipt->why = STR("reduced");
    }
    settle(payment);
}

static Rc reduce_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartPayReduce *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (!before) return no_payment(ctx, part->id);
    return part->version == before->version ? RC_OK : moved_on(ctx, part->id);
}

static Rc reduce_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartPayReduce *part = args;
    Payment payment;
    payment_read(ctx->arena, stage_entity(stage, part->id), &payment);
    payment_reduce(&payment, part->amount);
    if (!str_empty(part->due)) payment.due = part->due;
    payment_put(ctx->arena, stage, &payment);
    return RC_OK;
}

/* From which states each decision leads to which. */
static const struct {
    unsigned from;
    ReceiptState to;
} decisions[PAY_DECISIONS] = {
    [PAY_RETURN] = {1u << RECEIPT_KEPT | 1u << RECEIPT_UNDECIDED, RECEIPT_RETURNING},
    [PAY_KEEP] = {1u << RECEIPT_UNDECIDED, RECEIPT_KEPT},
    [PAY_VOID] = {1u << RECEIPT_KEPT | 1u << RECEIPT_UNDECIDED, RECEIPT_VOID},
    [PAY_HANDED] = {1u << RECEIPT_UNDECIDED | 1u << RECEIPT_RETURNING, RECEIPT_RETURNED},
};

/* No other way back is open: what a provider gives back must not be given twice. */
static bool may_hand(const PartPayDecide *part, const PayReceipt *receipt) {
    if (receipt->state == RECEIPT_UNDECIDED) return str_eq(receipt->why, STR("refused"));
    return part->stranded || pay_is_counter(receipt->channel);
}

bool payment_overpaid(const Payment *payment, const PayReceipt *receipt) {
    return str_eq(receipt->why, STR("reduced")) && receipt->amount > payment->amount;
}

static Rc decide_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartPayDecide *part = args;
    const Entity *before = stage_entity(stage, part->id);
    Payment payment;
    if (!before) return no_payment(ctx, part->id);
    payment_read(ctx->arena, before, &payment);
    const PayReceipt *receipt = receipt_of(&payment, part->receipt);
    if (!receipt)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-payment-receipt", part->receipt,
                        "Nothing of this name came in.");
    if (receipt->state == decisions[part->decision].to) return RC_OK;
    if (part->version && part->version != before->version) return moved_on(ctx, part->id);
    bool waits = decisions[part->decision].from & 1u << receipt->state;
    if (!waits || (part->decision == PAY_HANDED && !may_hand(part, receipt)))
        return ctx_fail(ctx, RC_CONFLICT, "decided", part->receipt,
                        "This waits for no such decision any more: load the page again.");
    if (part->decision == PAY_KEEP && payment_overpaid(&payment, receipt))
        return ctx_fail(ctx, RC_CONFLICT, "too-much", part->receipt,
                        "More came in than is due after the reduction: it goes back.");
    if (part->decision == PAY_KEEP && receipts_in(&payment, 1u << RECEIPT_KEPT))
        return ctx_fail(ctx, RC_CONFLICT, "twice", part->receipt,
                        "The fee was paid by something else: this goes back.");
    return RC_OK;
}

bool payment_decide(Payment *payment, const PartPayDecide *part) {
    PayReceipt *receipt = receipt_of(payment, part->receipt);
    if (!receipt || receipt->state == decisions[part->decision].to) return false;
    receipt->state = decisions[part->decision].to;
    receipt->post = part->post;
    if (!str_empty(part->reason)) receipt->reason = part->reason;
    settle(payment);
    return true;
}

static Rc decide_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartPayDecide *part = args;
    Payment payment;
    payment_read(ctx->arena, stage_entity(stage, part->id), &payment);
    if (payment_decide(&payment, part)) payment_put(ctx->arena, stage, &payment);
    return RC_OK;
}

const PartKind part_pay_issue = {"pay.issue", 1, issue_guard, issue_apply};
const PartKind part_pay_event = {"pay.event", 1, event_guard, event_apply};
const PartKind part_pay_session = {"pay.session", 1, session_guard, session_apply};
const PartKind part_pay_end = {"pay.end", 1, NULL, end_apply};
const PartKind part_pay_reduce = {"pay.reduce", 1, reduce_guard, reduce_apply};
const PartKind part_pay_decide = {"pay.decide", 1, decide_guard, decide_apply};
