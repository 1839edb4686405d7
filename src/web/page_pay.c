/* page_pay: what is owed for a case: as its resident follows it, and as the office takes it at the
 * counter and decides what goes back. */
#include "page_my.h"

#include <string.h>

/* ---- pieces ---- */

static Str channel_word(Str channel) {
    return str_empty(channel) || pay_is_counter(channel) ? channel : STR("online");
}

static const char *state_level(PayState state) {
    static const char *const levels[PAY_STATES] = {
        [PAY_INVOICED] = "warn", [PAY_PAID] = "ok",         [PAY_REFUNDING] = "warn",
        [PAY_REFUNDED] = "info", [PAY_CANCELLED] = "muted", [PAY_WAIVED] = "ok"};
    return levels[state];
}

static bool is_late(const Ctx *ctx, const Payment *payment) {
    Date due;
    return payment->state == PAY_INVOICED && time_parse_date(payment->due, &due) &&
           time_date_days(due) < time_date_days(time_jst_date(time_now(ctx->clock)));
}

/* What came in and doesn't stay. */
static bool goes_back(const PayReceipt *receipt) {
    return receipt->state == RECEIPT_UNDECIDED || receipt->state == RECEIPT_RETURNING ||
           receipt->state == RECEIPT_RETURNED;
}

static View receipt_view(Arena *arena, const PayReceipt *receipt) {
    View one = view_new(arena);
    view_str(&one, "id", receipt->id);
    view_int(&one, "amount", receipt->amount);
    view_int(&one, "at", receipt->at);
    view_str(&one, "channel", channel_word(receipt->channel));
    view_str(&one, "state", receipt_state_word(receipt->state));
    view_str(&one, "why", receipt->why);
    view_str(&one, "reason", receipt->reason);
    return one;
}

static View payment_view(HttpExchange *x, const Payment *payment) {
    View one = view_new(http_ctx(x)->arena);
    view_str(&one, "number", payment->number);
    view_int(&one, "amount", payment->amount);
    view_str(&one, "state", pay_state_word(payment->state));
    view_str(&one, "level", str_of(state_level(payment->state)));
    view_str(&one, "due", payment->state == PAY_INVOICED ? payment->due : STR_NONE);
    view_bool(&one, "late", is_late(http_ctx(x), payment));
    view_set(&one, "article", page_article(one.arena, payment->article));
    view_str(&one, "channel", channel_word(payment->channel));
    view_set(&one, "paid_at",
             payment->paid_at == TIME_NONE ? json_of_null() : json_of_int(payment->paid_at));
    return one;
}

/* ---- the resident's ---- */

/* `online`: where it is paid online, null where it isn't; `tried`: what became of the last try. */
static void online_set(HttpExchange *x, View *one, const Payment *payment, const CasePlace *place) {
    bool may = http_ctx(x)->tenant->pay && payment->state == PAY_INVOICED && !place->office;
    const PaySession *last =
        payment->sessions.len ? &payment->sessions.items[payment->sessions.len - 1] : NULL;
    const PaySession *open = payment_open(payment);
    if (open) last = open;
    bool told = last && payment->state == PAY_INVOICED;
    view_str(one, "online",
             may ? str_fmt(one->arena, STR_FMT "/pay", STR_ARG(place->base)) : STR_NONE);
    view_str(one, "tried", told ? session_state_word(last->state) : STR_NONE);
}

Json page_fee_day(HttpExchange *x, const Definition *definition, const Json *as_of) {
    static const Str known[] = {STR(FEE_BY_APPLICATION), STR(FEE_BY_ESTIMATE),
                                STR(FEE_BY_DECISION)};
    View one = view_new(http_ctx(x)->arena);
    Str by = json_get_str(as_of, "by");
    const Field *field = definition ? definition_field(definition, by) : NULL;
    bool day = true;
    if (str_empty(by)) return json_of_null();
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        day &= !str_eq(known[i], by);
    view_str(&one, "by", day ? STR("answer") : by);
    view_set(&one, "label", field ? *field->label.all : json_of_str(by));
    view_str(&one, "day", json_get_str(as_of, "day"));
    return view_value(&one);
}

/* Of a case: as the version says that asked for the day. */
Json page_case_fee_day(HttpExchange *x, const Entity *application) {
    const Attr *as_of = entity_attr(application, STR(LD_DEFAULT "feeAsOf"));
    return page_fee_day(x, versions_first(http_ctx(x), application), as_of ? as_of->value : NULL);
}

void page_fee(HttpExchange *x, View *view, const Entity *application, const CasePlace *place) {
    Payment payment;
    JsonItems back = {0};
    if (fee_of(http_ctx(x), application->id, &payment) != RC_OK) {
        view_null(view, "payment");
        return;
    }
    View one = payment_view(x, &payment);
    VEC_EACH (const PayReceipt, receipt, &payment.receipts) {
        View row = receipt_view(view->arena, receipt);
        if (goes_back(receipt)) vec_push(view->arena, &back, view_value(&row));
    }
    view_items(&one, "back", &back);
    view_set(&one, "day", page_case_fee_day(x, application));
    page_contact(x, &one, "phone");
    online_set(x, &one, &payment, place);
    const Pay *pay = http_ctx(x)->tenant->pay;
    if (pay) view_str(view, "form_to", pay_origin(pay));
    view_set(view, "payment", view_value(&one));
}

void page_fee_paid(HttpExchange *x, View *view, const Entity *application) {
    Payment payment;
    bool paid =
        fee_of(http_ctx(x), application->id, &payment) == RC_OK && payment.state == PAY_PAID;
    View one = paid ? payment_view(x, &payment) : view_new(view->arena);
    view_set(view, "paid", paid ? view_value(&one) : json_of_null());
}

/* ---- of all of one's cases ---- */

/* Something is still to be done or awaited. */
static bool is_open(const Payment *payment) {
    return payment->state == PAY_INVOICED || payment->state == PAY_REFUNDING;
}

static View own_view(HttpExchange *x, const Payment *payment, const PageOwn *own) {
    const Attr *reduced = entity_attr(own->application, STR(LD_DEFAULT "feeReduction"));
    int64_t before = reduced ? json_get_int(reduced->value, "before", 0) : 0;
    View one = payment_view(x, payment);
    view_set(&one, "label", page_procedure_label(x, own->application));
    view_str(&one, "case", entity_text(own->application, STR(LD_DEFAULT "receiptNumber")));
    view_str(&one, "url", str_fmt(one.arena, STR_FMT "#payment", STR_ARG(own->base)));
    view_str(&one, "receipt",
             payment->state == PAY_PAID ? str_fmt(one.arena, STR_FMT "/receipt", STR_ARG(own->base))
                                        : STR_NONE);
    view_set(&one, "before", before > payment->amount ? json_of_int(before) : json_of_null());
    online_set(x, &one, payment, &(CasePlace){.base = own->base});
    return one;
}

Rc page_fee_add(HttpExchange *x, const PageOwn *own, JsonItems *open, JsonItems *settled) {
    Payment payment;
    Rc rc = fee_of(http_ctx(x), own->application->id, &payment);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    View one = own_view(x, &payment, own);
    vec_push(one.arena, is_open(&payment) ? open : settled, view_value(&one));
    return RC_OK;
}

/* ---- paying online ---- */

/* Where the browser that goes to the provider comes back to: the address of a case is a secret of
   whoever holds it, which the provider is not told. */
#define BACK_COOKIE "machi_pay"
enum { BACK_SECONDS = 7200 };

static bool is_case_page(Str path) {
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !memchr("/-_:%", c, 5)) return false;
    }
    return str_starts(path, STR("/c/")) || str_starts(path, STR("/my/cases/"));
}

/* A browser on its way to the provider. */
typedef struct Going {
    HttpExchange *x;
    Pay *pay;
    Str base, url;
    bool before; /* the try had begun before: it may be paid already */
    Rc rc;
} Going;

/* That nothing was taken can be said of a try that has just begun only. */
static Rc silent(Ctx *ctx, const Going *going, Rc rc) {
    if (!going->before) return rc;
    return ctx_fail(ctx, RC_BUSY, "pay-unsure", STR_NONE,
                    "The payment provider cannot be reached, so it can't be confirmed yet whether "
                    "you have paid: don't pay again, and look at your case in some minutes.");
}

static void gone(HttpExchange *x, void *arg) {
    const Going *going = arg;
    if (going->rc != RC_OK) {
        if (gate_lend_reader(x) == RC_OK) http_ctx(x)->error.rc = going->rc;
        page_fail(x);
        return;
    }
    http_set_cookie(x, (HttpSetCookie){.name = BACK_COOKIE,
                                       .value = going->base,
                                       .max_age = BACK_SECONDS,
                                       .secure = pages_options(x)->secure});
    http_redirect(x, 303, going->url);
}

/* On the client's thread; the exchange is nobody else's until it is resumed. */
static void answered(void *arg, const HttpReply *reply) {
    Going *going = arg;
    going->rc = pay_page(http_ctx(going->x), going->pay, reply, &going->url);
    if (going->rc != RC_OK && pay_may_tell(going->pay, PAY_TOLD_PAGE))
        log_warn("pay", "the provider gives no page to pay on: %d " STR_FMT ": " STR_FMT,
                 reply->status, STR_ARG(reply->error), STR_ARG(http_ctx(going->x)->error.detail));
    if (going->rc != RC_OK) going->rc = silent(http_ctx(going->x), going, going->rc);
    http_resume(going->x, HTTP_POOL, gone, going);
}

static Rc go(HttpExchange *x, const Payment *payment, Str session, const CasePlace *place) {
    Ctx *ctx = http_ctx(x);
    Going *going = NEW(ctx->arena, Going);
    PayAsk ask = {.payment = payment,
                  .session = session,
                  .back = page_whole_address(x, STR("/pay/return")),
                  .language = web_lang_of(x) == WEB_EN ? STR("en") : STR("ja")};
    *going = (Going){.x = x,
                     .pay = ctx->tenant->pay,
                     .base = place->base,
                     .before = payment_open(payment) != NULL};
    http_defer(x);
    if (pay_ask(ctx, going->pay, &ask, answered, going) == RC_OK) return RC_OK;
    Rc rc = ctx_fail(ctx, RC_BUSY, "provider-silent", STR_NONE,
                     "Too many go to the payment provider at once: try again in a minute.");
    return silent(ctx, going, rc);
}

static void pay_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Entity *application;
    CasePlace place;
    Payment payment;
    Str session;
    Rc rc = page_held_case(x, &application, &place);
    if (rc == RC_OK && !ctx->tenant->pay)
        rc = ctx_fail(ctx, RC_NOT_FOUND, "no-provider", STR_NONE,
                      "Fees are paid at the counter here.");
    if (rc == RC_OK) rc = fee_try(ctx, application->id, &payment, &session);
    if (rc == RC_OK) rc = go(x, &payment, session, &place);
    if (rc == RC_CONFLICT && str_eq(ctx->error.code, STR("not-due")))
        page_see(x, place.base); /* which says what has become of it */
    else if (rc != RC_OK)
        page_fail(x);
}

static void return_get(HttpExchange *x) {
    Str back = http_cookie(x, BACK_COOKIE);
    bool good = is_case_page(back);
    if (good) pay_wake(http_ctx(x)->tenant->pay);
    http_set_cookie(
        x,
        (HttpSetCookie){.name = BACK_COOKIE, .value = STR(""), .secure = pages_options(x)->secure});
    page_see(x, good ? back : STR("/cases/find"));
}

/* ---- what the provider says ---- */

static Rc callback_take(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Pay *pay = ctx->tenant->pay;
    Str payment;
    PayEvent event;
    PayCall call = {.time = http_header(x, "Machi-Time"),
                    .signature = http_header(x, "Machi-Signature"),
                    .body = http_body(x)};
    if (!pay || !str_eq(http_path_param(x, "provider"), pay_provider(pay)))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-provider", STR("provider"),
                        "This city knows no such provider.");
    TRY(pay_call_read(ctx, pay, &call, &payment, &event));
    ctx->actor = (Actor *)(uintptr_t)gate_system_actor();
    return fee_post(ctx, payment, &event, STR("api"));
}

/* What is signed is told each time, what anybody could send once a minute. */
static void callback_tell(const Ctx *ctx) {
    const Error *error = &ctx->error;
    Pay *pay = ctx->tenant->pay;
    if (str_eq(error->code, STR("no-provider"))) return;
    if (error->rc == RC_DENIED && !pay_may_tell(pay, PAY_TOLD_CALLBACK)) return;
    log_warn("pay", "a callback was not taken in (" STR_FMT "): " STR_FMT, STR_ARG(error->code),
             STR_ARG(error->detail));
}

/* 204 says that it is kept for good; whatever else the provider says again. */
static void callback_post(HttpExchange *x) {
    const Error *error = &http_ctx(x)->error;
    if (callback_take(x) == RC_OK) {
        http_answer_empty(x, 204);
        return;
    }
    callback_tell(http_ctx(x));
    http_problem(x, (HttpProblem){.status = page_status(error), .detail = error->detail});
}

/* ---- the office's ---- */

/* Who decides on it, and whether he has to say first who he is. */
typedef struct Desk {
    bool takes, decides, confirm;
    bool kept; /* something stays as the fee */
    const Payment *payment;
    const HttpForm *form;
} Desk;

static Desk desk_of(Ctx *ctx, const Entity *application, const HttpForm *form) {
    const Entity *whole = application->whole ? application->whole : application;
    Desk desk = {.takes = fee_may_take(ctx, whole), .form = form};
    Ctx asking = *ctx; /* whose error stays */
    desk.decides = fee_may_decide(&asking, whole) == RC_OK;
    desk.confirm = !desk.decides && str_eq(asking.error.code, STR("needs-step-up"));
    return desk;
}

/* What may be decided of it now. */
static void decisions_set(const Ctx *ctx, View *one, const Desk *desk, const PayReceipt *receipt) {
    bool overpaid = payment_overpaid(desk->payment, receipt);
    bool counter = pay_is_counter(receipt->channel), stranded = fee_is_stranded(ctx, receipt);
    bool open = receipt->state == RECEIPT_UNDECIDED;
    bool refused = open && str_eq(receipt->why, STR("refused"));
    view_bool(one, "counter", counter);
    view_bool(one, "stranded", stranded);
    view_bool(one, "decides", desk->decides && (open || receipt->state == RECEIPT_KEPT));
    view_bool(one, "keeps", desk->decides && open && !desk->kept && !overpaid);
    view_bool(one, "gives", desk->decides && (refused || stranded));
    view_bool(one, "hands", desk->takes && counter && receipt->state == RECEIPT_RETURNING);
}

static Json desk_receipt(const Ctx *ctx, const Desk *desk, const PayReceipt *receipt) {
    Arena *arena = ctx->arena;
    View one = receipt_view(arena, receipt);
    Str move = str_fmt(arena, "fee-" STR_FMT, STR_ARG(receipt->id));
    bool sent = desk->form && str_eq(http_form_value(desk->form, "move"), move);
    view_str(&one, "move", move);
    view_str(&one, "text_id", str_fmt(arena, "text-" STR_FMT, STR_ARG(move)));
    view_set(&one, "text", json_of_str(sent ? http_form_value(desk->form, "text") : STR("")));
    view_bool(&one, "open", sent);
    decisions_set(ctx, &one, desk, receipt);
    return view_value(&one);
}

void page_fee_desk(HttpExchange *x, View *view, const Entity *application, const HttpForm *form) {
    Ctx *ctx = http_ctx(x);
    Payment payment;
    JsonItems receipts = {0};
    if (fee_of(ctx, application->id, &payment) != RC_OK) {
        view_null(view, "payment");
        return;
    }
    Desk desk = desk_of(ctx, application, form);
    desk.kept = payment.state == PAY_PAID;
    desk.payment = &payment;
    View one = payment_view(x, &payment);
    VEC_EACH (const PayReceipt, receipt, &payment.receipts)
        vec_push(ctx->arena, &receipts, desk_receipt(ctx, &desk, receipt));
    view_items(&one, "receipts", &receipts);
    view_set(&one, "day", page_case_fee_day(x, application));
    view_str(&one, "account", payment.account);
    view_bool(&one, "takes", desk.takes && payment.state == PAY_INVOICED);
    view_bool(&one, "online", payment_may_come(&payment));
    view_int(&one, "version", (int64_t)payment.version);
    view_str(&one, "confirm",
             desk.confirm ? str_fmt(ctx->arena, "/step-up?next=" STR_FMT, STR_ARG(http_path(x)))
                          : STR_NONE);
    view_set(view, "payment", view_value(&one));
}

static Rc take(HttpExchange *x, const HttpForm *form, Str id) {
    int64_t version = 0;
    (void)str_to_i64(http_form_value(form, "version"), &version);
    return fee_take(http_ctx(x), id, http_form_value(form, "channel"), (uint64_t)version);
}

static void take_post(HttpExchange *x) {
    page_office_does(x, take);
}

static Rc decide(HttpExchange *x, const HttpForm *form, Str id) {
    static const PayDecision may[] = {PAY_RETURN, PAY_KEEP, PAY_VOID, PAY_HANDED};
    FeeDecision decision = {.case_id = id,
                            .receipt = http_form_value(form, "receipt"),
                            .decision = PAY_DECISIONS,
                            .reason = http_form_value(form, "text")};
    for (size_t i = 0; i < sizeof may / sizeof *may; i++)
        if (str_eq(http_form_value(form, "decision"), pay_decision_word(may[i])))
            decision.decision = may[i];
    if (decision.decision != PAY_DECISIONS) return fee_decide(http_ctx(x), &decision);
    return ctx_fail(http_ctx(x), RC_INVALID, "no-decision", STR("decision"),
                    "It goes back, stays, never came or was given back.");
}

static void decide_post(HttpExchange *x) {
    page_office_does(x, decide);
    pay_wake(http_ctx(x)->tenant->pay);
}

static Rc hand(HttpExchange *x, const HttpForm *form, Str id) {
    FeeDecision decision = {
        .case_id = id, .receipt = http_form_value(form, "receipt"), .decision = PAY_HANDED};
    return fee_decide(http_ctx(x), &decision);
}

static void hand_post(HttpExchange *x) {
    page_office_does(x, hand);
}

PAGE_ANSWERS(fee_answers, PAGE_HTML(200), PAGE_FAULT(400), PAGE_FAULT(409), PAGE_FAULT(413),
             PAGE_FAULT(415));

#define FEE(path, post, access, what)                                                              \
    {                                                                                              \
        HTTP_POST, "/staff/cases/{number}/fee/" path, post, HTTP_POOL, PAGE_FORM_MAX,              \
            (access) | GATE_FORM, "Office", what, NULL, NULL, fee_answers                          \
    }
#define CHIEF (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF))

static const HttpAnswer callback_answers[] = {
    {204, NULL, NULL}, HTTP_PROBLEM(400), HTTP_PROBLEM(403), HTTP_PROBLEM(404),
    HTTP_PROBLEM(409), HTTP_PROBLEM(413), HTTP_PROBLEM(421), HTTP_PROBLEM(422),
    HTTP_PROBLEM(429), HTTP_PROBLEM(500), HTTP_PROBLEM(503), {0, NULL, NULL}};
static const HttpAnswer return_answers[] = {{303, NULL, NULL}, HTTP_PROBLEM(503), {0, NULL, NULL}};
PAGE_ANSWERS(go_answers, PAGE_FAULT(400), PAGE_FAULT(413), PAGE_FAULT(415));

#define PAY(path, access)                                                                          \
    {                                                                                              \
        HTTP_POST, path "/pay", pay_post, HTTP_POOL, PAGE_FORM_MAX, (access) | GATE_FORM, "Cases", \
            "Pay a fee online", NULL, NULL, go_answers                                             \
    }
enum { CALLBACK_MOST = 64 << 10 };

const HttpRoute page_pay_rows[] = {
    PAY("/c/{token}", GATE_PUBLIC),
    PAY("/my/cases/{case}", GATE_RESIDENT),
    {HTTP_GET, "/pay/return", return_get, HTTP_POOL, 0, GATE_PUBLIC, "Cases",
     "Come back from the payment provider", NULL, NULL, return_answers},
    {HTTP_POST, "/pay/callback/{provider}", callback_post, HTTP_POOL, CALLBACK_MOST,
     GATE_PUBLIC | GATE_API | GATE_QUIET, "Payments", "What the payment provider says, signed",
     NULL, NULL, callback_answers},
    FEE("take", take_post, PAGE_OFFICE, "Take a fee at the counter"),
    FEE("decide", decide_post, CHIEF | GATE_STEP_UP, "Decide whether a payment goes back"),
    FEE("handed", hand_post, PAGE_OFFICE, "Give a payment back at the counter"),
};
ROWS(page_pay_count, page_pay_rows);
