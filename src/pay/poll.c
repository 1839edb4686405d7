/* poll: asks the provider what became of what is open, and that what was decided goes back. On a
   thread of its own: an answer that takes its time holds up no other timer. */
#include "pay_int.h"

enum { POLL_ARENA = 64 << 20 };

/* Who has just gone to the provider's page hasn't paid yet; a try that the provider never heard of
   is over once nobody can come back to it. */
static const int64_t young = 2 * TIME_SECOND, forgotten = 2 * TIME_HOUR;

/* Rounds that somebody wakes it for are this far from the one before. */
static const int64_t woken = 5 * TIME_SECOND;

/* ---- one question ---- */

/* Nobody sees it but the operator: what is open stays so. */
static Rc refusal(Ctx *ctx, int status) {
    bool signature = status == 401 || status == 403;
    return ctx_fail(ctx, RC_FAILED, "provider-refuses", STR_NONE, "It answered %d%s.", status,
                    signature ? ", so it takes no signature of ours: check that pay.key is its "
                                "key, and that both clocks are right"
                              : "");
}

static Rc provider_call(Ctx *ctx, const Pay *pay, const PayRequest *request, int *status,
                        const Json **said) {
    HttpCall call;
    HttpReply reply;
    pay_request(ctx, pay, request, &call);
    TRY(http_client_call(ctx, pay->client, &call, &reply));
    *status = reply.status;
    *said = NULL;
    if (reply.status == 404 && request->method == HTTP_GET) return RC_OK;
    if (reply.status != 200 && reply.status != 201) return refusal(ctx, reply.status);
    return json_read(ctx, reply.body, (JsonLimits){.bytes = 64 << 10, .depth = 8}, said);
}

static Rc post(Ctx *ctx, const Pay *pay, const Payment *payment, const PayEvent *event) {
    return pay->post(ctx, payment->id, event, STR("timer"));
}

static Rc session_ask(Ctx *ctx, const Pay *pay, const Payment *payment, const PaySession *session) {
    int status;
    const Json *said;
    int64_t age = time_now(ctx->clock) - session->at;
    if (age < young) return RC_OK;
    PayRequest request = {.method = HTTP_GET,
                          .path =
                              str_fmt(ctx->arena, "/v1/sessions/" STR_FMT, STR_ARG(session->id))};
    TRY(provider_call(ctx, pay, &request, &status, &said));
    Str state = json_get_str(said, "state");
    PayEvent event = {.session = session->id,
                      .channel = pay->provider,
                      .receipt = json_get_str(said, "payment"),
                      .amount = json_get_int(said, "amount", 0)};
    bool gone = status == 404 && age >= forgotten;
    if (str_eq(state, STR("paid")))
        event.kind = PAY_EVENT_PAID;
    else if (str_eq(state, STR("failed")))
        event.kind = PAY_EVENT_FAILED;
    else if (str_eq(state, STR("expired")) || gone)
        event.kind = PAY_EVENT_EXPIRED;
    else
        return RC_OK;
    if (!time_parse(json_get_str(said, "at"), &event.at)) event.at = time_now(ctx->clock);
    return post(ctx, pay, payment, &event);
}

/* The receipt is the key of idempotence: the same request again gives nothing back twice. */
static Rc refund_ask(Ctx *ctx, const Pay *pay, const Payment *payment, const PayReceipt *receipt) {
    int status;
    const Json *said;
    Buf body = buf_new(ctx->arena, 4096);
    const JsonMember members[] = {
        {STR("payment"), json_of_str(receipt->id)},
        {STR("reference"), json_of_str(pay_reference(payment->id))},
        {STR("amount"), json_of_int(receipt->amount)},
    };
    Json value = json_of_members(members, sizeof members / sizeof *members);
    json_write(&body, &value);
    PayRequest request = {HTTP_POST, STR("/v1/refunds"), buf_str(&body)};
    TRY(provider_call(ctx, pay, &request, &status, &said));
    Str state = json_get_str(said, "state");
    bool done = str_eq(state, STR("succeeded")), refused = str_eq(state, STR("failed"));
    if (!done && !refused) return RC_OK;
    PayEvent event = {.kind = done ? PAY_EVENT_RETURNED : PAY_EVENT_NOT_RETURNED,
                      .receipt = receipt->id,
                      .channel = receipt->channel,
                      .amount = receipt->amount,
                      .at = time_now(ctx->clock)};
    return post(ctx, pay, payment, &event);
}

static void stranded(Pay *pay, const Payment *payment, const PayReceipt *receipt) {
    if (pay->stranded || pay_is_counter(receipt->channel)) return;
    pay->stranded = true;
    log_warn("pay",
             "payment " STR_FMT " is to go back through " STR_FMT ", which is no provider of this "
             "city any more: the office gives it back (/staff/payments lists all of these)",
             STR_ARG(payment->number), STR_ARG(receipt->channel));
}

/* One that the provider doesn't answer keeps no other from being asked. */
static void payment_ask(Ctx *ctx, Pay *pay, const Entity *entity) {
    Payment payment;
    Rc rc = RC_OK;
    payment_read(ctx->arena, entity, &payment);
    VEC_EACH (const PaySession, session, &payment.sessions)
        if (session_may_pay(session) && rc == RC_OK) rc = session_ask(ctx, pay, &payment, session);
    VEC_EACH (const PayReceipt, receipt, &payment.receipts) {
        if (receipt->state != RECEIPT_RETURNING || rc != RC_OK) continue;
        if (str_eq(receipt->channel, pay->provider))
            rc = refund_ask(ctx, pay, &payment, receipt);
        else
            stranded(pay, &payment, receipt);
    }
    if (rc == RC_OK || pay->troubled) return;
    pay->troubled = true;
    log_warn("pay", "the provider doesn't say what became of payments: " STR_FMT,
             STR_ARG(ctx->error.detail));
}

static bool is_stopping(Pay *pay) {
    pthread_mutex_lock(&pay->lock);
    bool stop = pay->stop;
    pthread_mutex_unlock(&pay->lock);
    return stop;
}

/* More than one round asks for go on in the next one: none is left out for good. */
static void pay_round(Ctx *ctx, Pay *pay) {
    ProjectWish wish = {.type = STR("Payment"),
                        .q = STR("asks==true"),
                        .after = buf_str(&pay->after),
                        .limit = pay->at_once};
    ProjectAnswer found;
    ctx->deadline = time_monotonic() + TIME_MINUTE;
    pay->troubled = false;
    if (project_find(ctx, &wish, &found) != RC_OK) {
        log_warn("pay", "open payments were not found: " STR_FMT, STR_ARG(ctx->error.detail));
        return;
    }
    for (size_t i = 0; i < found.entities.len && !is_stopping(pay); i++) {
        ArenaMark mark = arena_mark(ctx->arena);
        ctx->deadline = time_monotonic() + TIME_MINUTE;
        payment_ask(ctx, pay, found.entities.items[i]);
        arena_rewind(ctx->arena, mark);
    }
    buf_clear(&pay->after);
    if (found.more) buf_add(&pay->after, found.entities.items[found.entities.len - 1]->id);
}

/* ---- the thread ---- */

/* Until the next round is due, or one that was asked for may begin; false: it stops. */
static bool wait_for(Pay *pay) {
    int64_t due = time_monotonic() + pay->every, soonest = pay->round_at + woken;
    pthread_mutex_lock(&pay->lock);
    while (!pay->stop) {
        int64_t until = pay->asked && soonest < due ? soonest : due;
        if (!thread_cond_wait(&pay->wake, &pay->lock, until)) break;
    }
    bool go_on = !pay->stop;
    pay->asked = false;
    pthread_mutex_unlock(&pay->lock);
    pay->round_at = time_monotonic();
    return go_on;
}

static void *thread_main(void *arg) {
    Pay *pay = arg;
    Rand rand = rand_system();
    Actor actor = *gate_system_actor();
    Ctx ctx = {.arena = arena_new(POLL_ARENA),
               .scratch = arena_new(POLL_ARENA),
               .clock = &pay->clock,
               .rand = &rand,
               .tenant = pay->tenant,
               .actor = &actor,
               .deadline = INT64_MAX};
    Rc rc = reader_open(&ctx, ledger_store(pay->tenant->ledger), &ctx.db);
    if (rc != RC_OK)
        log_error("pay", "the provider is not asked: " STR_FMT, STR_ARG(ctx.error.detail));
    while (rc == RC_OK && wait_for(pay)) {
        pay_round(&ctx, pay);
        arena_reset(ctx.arena);
        arena_reset(ctx.scratch);
    }
    reader_close(ctx.db);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return NULL;
}

Rc pay_start(Ctx *ctx, Tenant *tenant, PayPost *post_with) {
    Pay *pay = tenant->pay;
    if (!pay) return RC_OK;
    pay->post = post_with;
    if (!thread_start(&pay->thread, "pay", thread_main, pay))
        return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                        "The thread that asks the payment provider cannot be started.");
    pay->started = true;
    return RC_OK;
}

void pay_wake(Pay *pay) {
    if (!pay) return;
    pthread_mutex_lock(&pay->lock);
    pay->asked = true;
    pthread_cond_broadcast(&pay->wake);
    pthread_mutex_unlock(&pay->lock);
}

/* The client first: the thread may wait for an answer that takes its time. */
void pay_stop(Tenant *tenant) {
    Pay *pay = tenant->pay;
    if (!pay) return;
    pthread_mutex_lock(&pay->lock);
    pay->stop = true;
    pthread_cond_broadcast(&pay->wake);
    pthread_mutex_unlock(&pay->lock);
    http_client_stop(pay->client);
    if (pay->started) pthread_join(pay->thread, NULL);
    pay->started = false;
}

void pay_close(Tenant *tenant) {
    Pay *pay = tenant->pay;
    if (!pay) return;
    pay_stop(tenant);
    tenant->pay = NULL;
    http_client_free(pay->client);
    buf_free(&pay->after);
    pthread_cond_destroy(&pay->wake);
    pthread_mutex_destroy(&pay->lock);
    arena_free(pay->arena);
}
