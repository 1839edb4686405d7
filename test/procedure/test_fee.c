/* Tests of fees: due by the command that moves the case, paid by any channel, given back where the
   case ends; over the starter's copy of the resident record, which is paid after the review. */
#include "cases.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

typedef struct Copy {
    House house;
    Actor counter, head;
    Str id; /* of the case */
} Copy;

static int set_up(void **state) {
    Copy *copy = mem_zero(sizeof *copy);
    House *house = &copy->house;
    house_make(house, HOUSE_WHOLE);
    house_official(house, "counter", "citizens-counter-clerk", &copy->counter);
    house_official(house, "head", "citizens-head", &copy->head);
    copy->id = cases_example(house, "resident-record-copy", 0, NULL);
    *state = copy;
    return 0;
}

static int tear_down(void **state) {
    house_end(&((Copy *)*state)->house);
    mem_free(*state);
    return 0;
}

static void act(House *house, Actor *actor) {
    house->ctx.actor = actor;
    house->ctx.purpose = STR("application-check");
    actor->stepped_up_at = house->clock.fixed;
}

static Rc move(Copy *copy, Actor *actor, const char *name) {
    act(&copy->house, actor);
    return defined_move(&copy->house.ctx, &(DefinedAct){.id = copy->id, .move = str_of(name)});
}

static Payment payment(Copy *copy) {
    Payment found;
    GOOD(&copy->house, fee_of(&copy->house.ctx, copy->id, &found));
    return found;
}

static void state_is(Copy *copy, const char *expected) {
    Str got = cases_text(&copy->house, copy->id, IRI("procedureState"));
    if (!str_eq(got, str_of(expected))) fail_msg(STR_FMT ", not %s", STR_ARG(got), expected);
}

static PayEvent paid(const char *receipt, int64_t amount) {
    return (PayEvent){.kind = PAY_EVENT_PAID,
                      .id = str_of(receipt),
                      .receipt = str_of(receipt),
                      .channel = STR("sandbox"),
                      .amount = amount,
                      .at = HOUSE_NOW};
}

static Rc post(Copy *copy, const PayEvent *event) {
    Ctx *ctx = &copy->house.ctx;
    ctx->actor = (Actor *)gate_system_actor();
    return fee_post(ctx, payment(copy).id, event, STR("api"));
}

static Str key_write(House *house) {
    Str path = str_fmt(house->arena, "%s/pay.key", house->root);
    FILE *file = fopen(str_z(house->arena, path), "wbe");
    assert_non_null(file);
    fputs("0123456789abcdef0123456789abcdef", file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    fclose(file);
    return path;
}

static void provider_open(Copy *copy) {
    House *house = &copy->house;
    GOOD(house, pay_open(&house->ctx, &house->tenant,
                         &(PayOptions){.provider = STR("sandbox"),
                                       .url = STR("http://127.0.0.1:9"),
                                       .key_file = key_write(house)}));
}

static void a_fee_is_due_by_the_move_that_says_so(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    Payment found;
    assert_int_equal(fee_of(&house->ctx, copy->id, &found), RC_NOT_FOUND);
    GOOD(house, move(copy, &copy->counter, "accept"));
    state_is(copy, "payment");
    found = payment(copy);
    assert_int_equal(found.state, PAY_INVOICED);
    assert_int_equal(found.amount, 410);
    assert_true(
        str_eq(cases_text(house, found.id, IRI("retentionFile")), STR("保存5年/歳入/2026")));
    assert_true(str_eq(found.number, STR("2026-000001")));
    assert_true(str_eq(found.due, STR("2026-12-07"))); /* ten working days: the 23rd is a holiday */
    assert_true(str_starts(found.account, STR("歳入 款14")));
    assert_true(str_eq(found.case_id, copy->id));
    FAILS(house, move(copy, &copy->counter, "send"), RC_CONFLICT, "moved-on"); /* not before */
}

static void paying_moves_the_case_once(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent event = paid("p1", 410), again = event;
    CaseSteps steps;
    const Definition *own =
        catalogue_current(procedures_catalogue(&house->tenant), STR("resident-record-copy"),
                          time_jst_date(house->clock.fixed));
    Definition before = *own, free = *own, decides = *own;
    before.fee_collect = COLLECT_ON_SENDING;
    free.fee_collect = COLLECT_OPEN;
    decides.amount = own->fee;
    again.id = STR_NONE;
    assert_int_equal(cases_fit(house, copy->id, own), FIT_GOOD);
    assert_int_equal(cases_fit(house, copy->id, &before), FIT_FEE);
    assert_int_equal(cases_fit(house, copy->id, &decides), FIT_SUM); /* it has none */
    GOOD(house, move(copy, &copy->counter, "accept"));
    assert_int_equal(cases_fit(house, copy->id, own), FIT_PAYMENT);
    GOOD(house, post(copy, &event));
    GOOD(house, post(copy, &event));
    GOOD(house, post(copy, &again));
    state_is(copy, "paid");
    assert_int_equal(payment(copy).state, PAY_PAID);
    assert_int_equal(cases_fit(house, copy->id, own), FIT_GOOD);
    assert_int_equal(cases_fit(house, copy->id, &free), FIT_FEE); /* nobody would give it back */
    case_steps(house->ctx.arena, house_entity(house, copy->id), &steps);
    assert_int_equal(steps.len, 3);
    assert_true(str_eq(steps.items[2].kind, CASE_STEP_PAID));
    assert_int_equal(cases_fit(house, copy->id, own), FIT_GOOD);
    GOOD(house, move(copy, &copy->counter, "send"));
    assert_int_equal(cases_state(house, copy->id), CASE_DONE);
    assert_int_equal(payment(copy).state, PAY_PAID); /* done: it stays */
}

static void what_comes_after_a_withdrawal_goes_back_by_a_decision(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent event = paid("p1", 410);
    GOOD(house, move(copy, &copy->counter, "accept"));
    GOOD(house, move(copy, &house->resident, "withdraw"));
    assert_int_equal(payment(copy).state, PAY_CANCELLED);
    GOOD(house, post(copy, &event));
    assert_int_equal(payment(copy).state, PAY_REFUNDING);
    FeeDecision decision = {copy->id, STR("p1"), PAY_RETURN, STR("取下げ後の納付のため")};
    act(house, &copy->counter);
    FAILS(house, fee_decide(&house->ctx, &decision), RC_DENIED, NULL);
    act(house, &house->chief); /* of another division */
    FAILS(house, fee_decide(&house->ctx, &decision), RC_DENIED, NULL);
    act(house, &copy->head);
    copy->head.stepped_up_at = TIME_NONE;
    FAILS(house, fee_decide(&house->ctx, &decision), RC_DENIED, NULL);
    act(house, &copy->head);
    decision.reason = STR(" ");
    FAILS(house, fee_decide(&house->ctx, &decision), RC_INVALID, "missing");
    decision.reason = STR("取下げ後の納付のため");
    GOOD(house, fee_decide(&house->ctx, &decision));
    GOOD(house, fee_decide(&house->ctx, &decision)); /* the second press */
    assert_int_equal(payment(copy).receipts.items[0].state, RECEIPT_RETURNING);
    decision.decision = PAY_KEEP;
    FAILS(house, fee_decide(&house->ctx, &decision), RC_CONFLICT, "decided");
    PayEvent back = event;
    back.kind = PAY_EVENT_RETURNED;
    back.id = STR("r1");
    GOOD(house, post(copy, &back));
    assert_int_equal(payment(copy).state, PAY_REFUNDED);
}

static void what_was_paid_goes_back_when_its_case_ends(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent event = paid("p1", 410);
    GOOD(house, move(copy, &copy->counter, "accept"));
    GOOD(house, post(copy, &event));
    GOOD(house, move(copy, &house->resident, "withdraw"));
    assert_int_equal(payment(copy).state, PAY_REFUNDING);
    act(house, &copy->head);
    FeeDecision keep = {copy->id, STR("p1"), PAY_KEEP, STR("発行済みのため")};
    GOOD(house, fee_decide(&house->ctx, &keep));
    assert_int_equal(payment(copy).state, PAY_PAID);
}

static void another_amount_that_stays_as_the_fee_moves_the_case(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent event = paid("p1", 400);
    GOOD(house, move(copy, &copy->counter, "accept"));
    GOOD(house, post(copy, &event));
    state_is(copy, "payment");
    assert_int_equal(payment(copy).state, PAY_REFUNDING);
    act(house, &copy->head);
    FeeDecision keep = {copy->id, STR("p1"), PAY_KEEP, STR("差額は免除のため")};
    GOOD(house, fee_decide(&house->ctx, &keep));
    state_is(copy, "paid");
    GOOD(house, fee_decide(&house->ctx, &keep)); /* the second press */
    assert_int_equal(payment(copy).state, PAY_PAID);
    GOOD(house, move(copy, &copy->counter, "send"));
    assert_int_equal(cases_state(house, copy->id), CASE_DONE);
}

static void the_counter_takes_money_once(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent late = paid("p1", 410);
    GOOD(house, move(copy, &copy->counter, "accept"));
    uint64_t seen = payment(copy).version;
    FAILS(house, fee_take(&house->ctx, copy->id, STR("cheque"), seen), RC_INVALID, "no-channel");
    act(house, &house->clerk); /* of another division */
    FAILS(house, fee_take(&house->ctx, copy->id, PAY_CASH, seen), RC_DENIED, NULL);
    house_act(house, &house->resident);
    FAILS(house, fee_take(&house->ctx, copy->id, PAY_CASH, seen), RC_DENIED, NULL);
    act(house, &copy->counter);
    GOOD(house, fee_take(&house->ctx, copy->id, PAY_CASH, seen));
    GOOD(house, fee_take(&house->ctx, copy->id, PAY_CASH, seen));
    FAILS(house, fee_take(&house->ctx, copy->id, PAY_VOUCHER, payment(copy).version), RC_CONFLICT,
          "paid-already");
    assert_int_equal(payment(copy).receipts.len, 1);
    assert_true(str_eq(payment(copy).channel, PAY_CASH));
    assert_true(str_eq(payment(copy).receipts.items[0].post, STR("citizens-counter-clerk")));
    state_is(copy, "paid");
    GOOD(house, post(copy, &late)); /* online as well */
    assert_int_equal(payment(copy).state, PAY_PAID);
    assert_true(str_eq(payment(copy).receipts.items[1].why, STR("twice")));
    act(house, &copy->head);
    FeeDecision keep = {copy->id, STR("p1"), PAY_KEEP, STR("x")};
    FAILS(house, fee_decide(&house->ctx, &keep), RC_CONFLICT, "twice");
}

/* 過誤納: it fitted, and should not have been paid. */
static void what_was_kept_by_mistake_goes_back(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent event = paid("p1", 410);
    FeeDecision decision = {copy->id, STR("p1"), PAY_RETURN, STR("免除の対象だったため")};
    GOOD(house, move(copy, &copy->counter, "accept"));
    GOOD(house, post(copy, &event));
    act(house, &copy->counter);
    FAILS(house, fee_decide(&house->ctx, &decision), RC_DENIED, NULL);
    act(house, &copy->head);
    GOOD(house, fee_decide(&house->ctx, &decision));
    assert_int_equal(payment(copy).receipts.items[0].state, RECEIPT_RETURNING);
    assert_int_equal(payment(copy).state, PAY_REFUNDING);
}

static void what_the_counter_recorded_by_mistake_never_came(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    GOOD(house, move(copy, &copy->counter, "accept"));
    act(house, &copy->counter);
    GOOD(house, fee_take(&house->ctx, copy->id, PAY_CASH, payment(copy).version));
    Str first = payment(copy).receipts.items[0].id;
    FeeDecision decision = {copy->id, first, PAY_VOID, STR("別の案件の入金")};
    act(house, &copy->head);
    GOOD(house, fee_decide(&house->ctx, &decision));
    assert_int_equal(payment(copy).state, PAY_INVOICED);
    act(house, &copy->counter);
    GOOD(house, fee_take(&house->ctx, copy->id, PAY_VOUCHER, payment(copy).version));
    assert_int_equal(payment(copy).receipts.len, 2);
    assert_int_equal(payment(copy).state, PAY_PAID);
}

static void cash_goes_back_over_the_counter(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    GOOD(house, move(copy, &copy->counter, "accept"));
    act(house, &copy->counter);
    GOOD(house, fee_take(&house->ctx, copy->id, PAY_CASH, payment(copy).version));
    GOOD(house, move(copy, &house->resident, "withdraw"));
    Str receipt = payment(copy).receipts.items[0].id;
    FeeDecision decision = {copy->id, receipt, PAY_RETURN, STR("取下げ")};
    act(house, &copy->head);
    GOOD(house, fee_decide(&house->ctx, &decision));
    decision.decision = PAY_HANDED;
    act(house, &copy->counter);
    GOOD(house, fee_decide(&house->ctx, &decision));
    assert_int_equal(payment(copy).state, PAY_REFUNDED);
}

typedef struct Racer {
    House *house;
    Actor *actor; /* NULL: the provider says that it was paid */
    pthread_barrier_t *start;
    Str case_id, payment;
    uint64_t seen;
    Rc rc;
} Racer;

static void *race(void *arg) {
    Racer *racer = arg;
    Rand rand = rand_system();
    Ctx ctx = house_thread(racer->house, &rand);
    PayEvent event = paid("p1", 410);
    ctx.actor = racer->actor ? racer->actor : (Actor *)gate_system_actor();
    ctx.purpose = STR("application-check");
    pthread_barrier_wait(racer->start);
    racer->rc = racer->actor ? fee_take(&ctx, racer->case_id, PAY_CASH, racer->seen)
                             : fee_post(&ctx, racer->payment, &event, STR("api"));
    house_thread_end(&ctx);
    return NULL;
}

/* Whoever takes money that was paid online in that moment is told so, and it isn't in the books. */
static void the_counter_takes_no_money_that_was_just_paid_online(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    for (int round = 0; round < 12; round++) {
        pthread_barrier_t start;
        pthread_t thread;
        if (round) copy->id = cases_example(house, "resident-record-copy", 0, NULL);
        GOOD(house, move(copy, &copy->counter, "accept"));
        Payment due = payment(copy);
        pthread_barrier_init(&start, NULL, 2);
        Racer counter = {house, &copy->counter, &start, copy->id, due.id, due.version, RC_OK};
        Racer online = {house, NULL, &start, copy->id, due.id, 0, RC_OK};
        assert_int_equal(pthread_create(&thread, NULL, race, &online), 0);
        race(&counter);
        pthread_join(thread, NULL);
        pthread_barrier_destroy(&start);
        Payment after = payment(copy);
        assert_int_equal(online.rc, RC_OK);
        assert_int_equal(counter.rc, after.receipts.len == 2 ? RC_OK : RC_CONFLICT);
        VEC_EACH (const PayReceipt, receipt, &after.receipts)
            assert_false(pay_is_counter(receipt->channel) && receipt->state != RECEIPT_KEPT);
        state_is(copy, "paid");
    }
}

/* What a provider gives back is not given back at the counter as well. */
static void only_what_a_provider_refuses_is_handed_back(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent event = paid("p1", 410);
    FeeDecision decision = {copy->id, STR("p1"), PAY_RETURN, STR("取下げ")};
    GOOD(house, move(copy, &copy->counter, "accept"));
    GOOD(house, post(copy, &event));
    GOOD(house, move(copy, &house->resident, "withdraw"));
    provider_open(copy);
    act(house, &copy->head);
    GOOD(house, fee_decide(&house->ctx, &decision));
    decision.decision = PAY_HANDED;
    act(house, &copy->counter);
    FAILS(house, fee_decide(&house->ctx, &decision), RC_DENIED, NULL);
    act(house, &copy->head);
    FAILS(house, fee_decide(&house->ctx, &decision), RC_CONFLICT, "decided");
    event.kind = PAY_EVENT_NOT_RETURNED;
    event.id = STR("r1");
    GOOD(house, post(copy, &event));
    act(house, &copy->counter);
    FAILS(house, fee_decide(&house->ctx, &decision), RC_DENIED, NULL);
    act(house, &copy->head);
    decision.reason = STR(" ");
    FAILS(house, fee_decide(&house->ctx, &decision), RC_INVALID, "missing");
    decision.reason = STR("窓口で現金を返した");
    GOOD(house, fee_decide(&house->ctx, &decision));
    GOOD(house, fee_decide(&house->ctx, &decision)); /* the second press */
    assert_int_equal(payment(copy).state, PAY_REFUNDED);
    assert_true(str_eq(payment(copy).receipts.items[0].post, STR("citizens-head")));
    pay_close(&house->tenant);
}

static void what_a_lost_provider_was_to_give_back_is_handed_back(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent event = paid("p1", 410);
    FeeDecision decision = {copy->id, STR("p1"), PAY_RETURN, STR("取下げ")};
    event.channel = STR("another");
    GOOD(house, move(copy, &copy->counter, "accept"));
    GOOD(house, post(copy, &event));
    GOOD(house, move(copy, &house->resident, "withdraw"));
    provider_open(copy);
    act(house, &copy->head);
    assert_false(fee_is_stranded(&house->ctx, &payment(copy).receipts.items[0]));
    GOOD(house, fee_decide(&house->ctx, &decision));
    assert_true(fee_is_stranded(&house->ctx, &payment(copy).receipts.items[0]));
    decision.decision = PAY_HANDED;
    act(house, &copy->counter);
    FAILS(house, fee_decide(&house->ctx, &decision), RC_DENIED, NULL);
    act(house, &copy->head);
    GOOD(house, fee_decide(&house->ctx, &decision));
    assert_int_equal(payment(copy).state, PAY_REFUNDED);
    pay_close(&house->tenant);
}

static void a_try_is_one_however_often_it_is_pressed(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    Payment found;
    Str first, second;
    house_act(house, &house->resident);
    FAILS(house, fee_try(&house->ctx, copy->id, &found, &first), RC_CONFLICT, "not-due");
    GOOD(house, move(copy, &copy->counter, "accept"));
    house_act(house, &house->other);
    FAILS(house, fee_try(&house->ctx, copy->id, &found, &first), RC_NOT_FOUND, "no-case");
    house_act(house, &house->resident);
    GOOD(house, fee_try(&house->ctx, copy->id, &found, &first));
    GOOD(house, fee_try(&house->ctx, copy->id, &found, &second));
    assert_true(str_eq(first, second));
    PayEvent failed = {.kind = PAY_EVENT_FAILED, .id = STR("f"), .session = first};
    GOOD(house, post(copy, &failed));
    house_act(house, &house->resident);
    GOOD(house, fee_try(&house->ctx, copy->id, &found, &second));
    assert_false(str_eq(first, second));
    PayEvent late = paid("p1", 410); /* the first one after all */
    late.session = first;
    GOOD(house, post(copy, &late));
    assert_int_equal(payment(copy).state, PAY_PAID);
    house_act(house, &house->resident);
    FAILS(house, fee_try(&house->ctx, copy->id, &found, &second), RC_CONFLICT, "not-due");
}

static void a_fee_on_sending_is_due_at_once_unless_it_is_nothing(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    Payment found;
    Str owes = cases_example(house, "dog-registration", 0, NULL),
        free = cases_example(house, "dog-registration", 1, NULL);
    GOOD(house, fee_of(&house->ctx, owes, &found));
    assert_int_equal(found.amount, 3000);
    assert_int_equal(fee_of(&house->ctx, free, &found), RC_NOT_FOUND);
    copy->id = owes;
    PayEvent event = paid("p1", 3000);
    GOOD(house, post(copy, &event));
    assert_int_equal(cases_state(house, owes), CASE_SUBMITTED); /* paying moves nothing there */
}

static void bad_amounts_and_unknown_payments_are_refused(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    PayEvent event = paid("p1", 0), nameless = paid("", 410);
    GOOD(house, move(copy, &copy->counter, "accept"));
    FAILS(house, post(copy, &event), RC_INVALID, "bad-amount");
    FAILS(house, post(copy, &nameless), RC_INVALID, "bad-amount");
    event.amount = 410;
    FAILS(house, fee_post(&house->ctx, STR("urn:ngsi-ld:Payment:none"), &event, STR("api")),
          RC_NOT_FOUND, "no-payment");
    FAILS(house, fee_post(&house->ctx, copy->id, &event, STR("api")), RC_NOT_FOUND, "no-payment");
}

/* ---- what is asked of the provider ---- */

enum { OPEN_CASES = 3 };

/* A provider at which every session stays open. */
typedef struct Provider {
    HttpServer *server;
    pthread_mutex_t lock;
    char sessions[OPEN_CASES][64]; /* lock: that were asked for, each once */
    size_t asked;                  /* lock */
} Provider;

static bool provider_before(void *arg, HttpExchange *x) {
    http_set_data(x, arg);
    return false;
}

static void session_asked(HttpExchange *x) {
    Provider *provider = http_data(x);
    Str session = http_path_param(x, "session");
    bool known = false;
    pthread_mutex_lock(&provider->lock);
    for (size_t i = 0; i < provider->asked; i++)
        known |= str_eq(str_of(provider->sessions[i]), session);
    if (!known && provider->asked < OPEN_CASES)
        snprintf(provider->sessions[provider->asked++], sizeof *provider->sessions, STR_FMT,
                 STR_ARG(session));
    pthread_mutex_unlock(&provider->lock);
    http_answer(x, 200, STR("application/json"), STR("{\"state\":\"open\"}"));
}

static const HttpRoute provider_routes[] = {
    {.methods = HTTP_GET, .pattern = "/v1/sessions/{session}", .handler = session_asked},
};

static size_t sessions_asked(Provider *provider) {
    pthread_mutex_lock(&provider->lock);
    size_t n = provider->asked;
    pthread_mutex_unlock(&provider->lock);
    return n;
}

static void more_than_a_round_asks_for_are_asked_in_the_next(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    Provider provider = {.lock = PTHREAD_MUTEX_INITIALIZER};
    HttpOptions options = {
        .host = STR("127.0.0.1"), .loops = 1, .before = provider_before, .arg = &provider};
    for (int i = 0; i < OPEN_CASES; i++) {
        Payment found;
        Str session, id = cases_example(house, "dog-registration", 0, NULL);
        GOOD(house, fee_try(&house->ctx, id, &found, &session));
    }
    GOOD(house, http_server_new(&house->ctx, &options, &provider.server));
    http_routes(provider.server, provider_routes, 1);
    GOOD(house, http_server_start(&house->ctx, provider.server));
    house->clock.fixed += TIME_MINUTE; /* nobody has just gone there */
    PayOptions pay = {.provider = STR("sandbox"),
                      .url =
                          str_fmt(house->arena, "http://127.0.0.1:%d", http_port(provider.server)),
                      .key_file = key_write(house),
                      .every = TIME_SECOND / 50,
                      .at_once = 1};
    GOOD(house, pay_open(&house->ctx, &house->tenant, &pay));
    GOOD(house, pay_start(&house->ctx, &house->tenant, fee_post));
    int64_t until = time_monotonic() + 10 * TIME_SECOND;
    while (sessions_asked(&provider) < OPEN_CASES && time_monotonic() < until)
        time_sleep_until(time_monotonic() + TIME_SECOND / 50);
    pay_close(&house->tenant);
    http_server_stop(provider.server, 0);
    http_server_free(provider.server);
    assert_int_equal(sessions_asked(&provider), OPEN_CASES); /* with nobody left who counts */
}

/* ---- the provider's account ---- */

static Str account_of(Copy *copy, const char *receipt, const char *kind, int amount) {
    Str own = str_sub(payment(copy).id, sizeof PAYMENT_ID_PREFIX - 1, payment(copy).id.len);
    return str_fmt(copy->house.arena,
                   "payment,reference,kind,amount,at\r\n%s," STR_FMT
                   ",%s,%d,2026-11-20T01:00:00Z\r\n",
                   receipt, STR_ARG(own), kind, amount);
}

/* Without its head. */
static Str account_line(Str account) {
    return str_sub(account, (size_t)str_find_char(account, '\n') + 1, account.len);
}

static const SettleLine *only(const Settlement *settlement, SettleKind kind) {
    assert_int_equal(settlement->differences.len, 1);
    assert_int_equal(settlement->differences.items[0].kind, kind);
    return &settlement->differences.items[0];
}

static void the_account_shows_what_differs_and_is_taken_in(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    Settlement found;
    GOOD(house, move(copy, &copy->counter, "accept"));
    Str account = account_of(copy, "p1", "payment", 410);
    FAILS(house, fee_settle(&house->ctx, account, false, &found), RC_NOT_FOUND, "no-provider");
    provider_open(copy);
    house_act(house, &house->resident);
    FAILS(house, fee_settle(&house->ctx, account, true, &found), RC_DENIED, NULL);
    act(house, &copy->counter);
    copy->counter.stepped_up_at = TIME_NONE;
    FAILS(house, fee_settle(&house->ctx, account, true, &found), RC_DENIED, "needs-step-up");
    GOOD(house, fee_settle(&house->ctx, account, false, &found));
    act(house, &copy->counter);
    assert_false(only(&found, SETTLE_MISSING)->taken);
    assert_int_equal(payment(copy).state, PAY_INVOICED);
    GOOD(house, fee_settle(&house->ctx, account, true, &found));
    assert_true(only(&found, SETTLE_MISSING)->taken);
    assert_int_equal(payment(copy).state, PAY_PAID);
    state_is(copy, "paid");
    GOOD(house, fee_settle(&house->ctx, account, true, &found));
    assert_int_equal(found.lines, 1);
    assert_int_equal(found.differences.len, 0);
    assert_true(str_eq(payment(copy).receipts.items[0].post, STR("citizens-counter-clerk")));
    GOOD(house, fee_settle(&house->ctx, account_of(copy, "p1", "payment", 400), true, &found));
    assert_int_equal(only(&found, SETTLE_AMOUNT)->here, 410);
    GOOD(house, fee_settle(&house->ctx, account_of(copy, "p1", "refund", 410), false, &found));
    assert_int_equal(found.differences.len, 2); /* it went back, and what came isn't told */
    pay_close(&house->tenant);
}

/* Nobody decided that it goes back, or not through this provider: it is listed, whoever takes in.
 */
static void only_what_was_to_go_back_is_taken_in_as_given_back(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    Settlement found;
    GOOD(house, move(copy, &copy->counter, "accept"));
    provider_open(copy);
    act(house, &copy->counter);
    Str came = account_of(copy, "p1", "payment", 410), back = account_of(copy, "p1", "refund", 410);
    Str both = str_fmt(house->arena, STR_FMT STR_FMT, STR_ARG(came), STR_ARG(account_line(back)));
    GOOD(house, fee_settle(&house->ctx, both, true, &found));
    assert_int_equal(found.differences.len, 2); /* it is missing, and nobody gave it back */
    assert_false(found.differences.items[1].taken);
    assert_int_equal(payment(copy).state, PAY_PAID);
    GOOD(house, move(copy, &house->resident, "withdraw"));
    act(house, &copy->head);
    FeeDecision decision = {copy->id, STR("p1"), PAY_RETURN, STR("取下げ")};
    GOOD(house, fee_decide(&house->ctx, &decision));
    act(house, &copy->counter);
    Str less = account_of(copy, "p1", "refund", 400);
    both = str_fmt(house->arena, STR_FMT STR_FMT, STR_ARG(came), STR_ARG(account_line(less)));
    GOOD(house, fee_settle(&house->ctx, both, true, &found));
    assert_false(only(&found, SETTLE_REFUND)->taken);
    both = str_fmt(house->arena, STR_FMT STR_FMT, STR_ARG(came), STR_ARG(account_line(back)));
    GOOD(house, fee_settle(&house->ctx, both, true, &found));
    assert_true(only(&found, SETTLE_REFUND)->taken);
    assert_int_equal(payment(copy).state, PAY_REFUNDED);
    assert_true(str_eq(payment(copy).receipts.items[0].post, STR("citizens-counter-clerk")));
    pay_close(&house->tenant);
}

/* As a spreadsheet saves it; what no payment can be is one line's matter, what is no line the
   file's. */
static void a_wrong_line_keeps_no_other_back(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    Settlement found;
    GOOD(house, move(copy, &copy->counter, "accept"));
    provider_open(copy);
    act(house, &copy->counter);
    Str good = account_of(copy, "p1", "payment", 410), none = account_of(copy, "p0", "payment", 0);
    Str bad = str_fmt(house->arena, STR_FMT "p2,x,payment,one,2026\r\n", STR_ARG(good));
    FAILS(house, fee_settle(&house->ctx, bad, true, &found), RC_INVALID, "bad-account");
    assert_int_equal(found.wrong, 3);
    assert_int_equal(payment(copy).state, PAY_INVOICED);
    Str both = str_fmt(house->arena, "\xef\xbb\xbf" STR_FMT STR_FMT, STR_ARG(none),
                       STR_ARG(account_line(good)));
    GOOD(house, fee_settle(&house->ctx, both, true, &found));
    assert_int_equal(found.wrong, 0);
    assert_int_equal(found.lines, 2);
    assert_int_equal(found.differences.items[0].kind, SETTLE_AMOUNT);
    assert_false(found.differences.items[0].taken);
    assert_true(found.differences.items[1].taken);
    assert_int_equal(payment(copy).state, PAY_PAID);
    pay_close(&house->tenant);
}

static void what_the_account_lacks_never_came(void **state) {
    Copy *copy = *state;
    House *house = &copy->house;
    Settlement found;
    PayEvent event = paid("p1", 410);
    GOOD(house, move(copy, &copy->counter, "accept"));
    GOOD(house, post(copy, &event));
    provider_open(copy);
    act(house, &copy->counter);
    Str lines =
        STR("x,0000,payment,1,2026-11-19T00:00:00Z\ny,0000,payment,1,2026-11-21T00:00:00Z\n");
    GOOD(house, fee_settle(&house->ctx, lines, true, &found));
    assert_int_equal(found.differences.len, 3);
    assert_int_equal(found.differences.items[0].kind, SETTLE_UNKNOWN);
    assert_int_equal(found.differences.items[2].kind, SETTLE_ABSENT);
    GOOD(house, move(copy, &house->resident, "withdraw")); /* it is to go back: still not there */
    act(house, &copy->counter);
    GOOD(house, fee_settle(&house->ctx, lines, true, &found));
    assert_int_equal(found.differences.len, 3);
    act(house, &copy->head);
    FeeDecision never = {copy->id, STR("p1"), PAY_VOID, STR("事業者の記録にない")};
    GOOD(house, fee_decide(&house->ctx, &never));
    assert_int_equal(payment(copy).state, PAY_CANCELLED);
    act(house, &copy->counter);
    FAILS(house, fee_settle(&house->ctx, STR("x,y,payment,one,2026"), true, &found), RC_INVALID,
          "bad-account");
    assert_true(str_eq(house->ctx.error.path, STR("line 1")));
    pay_close(&house->tenant);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_fee_is_due_by_the_move_that_says_so),
        CASE(paying_moves_the_case_once),
        CASE(what_comes_after_a_withdrawal_goes_back_by_a_decision),
        CASE(what_was_paid_goes_back_when_its_case_ends),
        CASE(another_amount_that_stays_as_the_fee_moves_the_case),
        CASE(the_counter_takes_money_once),
        CASE(what_was_kept_by_mistake_goes_back),
        CASE(what_the_counter_recorded_by_mistake_never_came),
        CASE(cash_goes_back_over_the_counter),
        CASE(the_counter_takes_no_money_that_was_just_paid_online),
        CASE(only_what_a_provider_refuses_is_handed_back),
        CASE(what_a_lost_provider_was_to_give_back_is_handed_back),
        CASE(a_try_is_one_however_often_it_is_pressed),
        CASE(a_fee_on_sending_is_due_at_once_unless_it_is_nothing),
        CASE(bad_amounts_and_unknown_payments_are_refused),
        CASE(more_than_a_round_asks_for_are_asked_in_the_next),
        CASE(the_account_shows_what_differs_and_is_taken_in),
        CASE(only_what_was_to_go_back_is_taken_in_as_given_back),
        CASE(a_wrong_line_keeps_no_other_back),
        CASE(what_the_account_lacks_never_came),
    };
    return cmocka_run_group_tests_name("procedure fee", tests, NULL, NULL);
}
