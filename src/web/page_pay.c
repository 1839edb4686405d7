/* page_pay: what is owed for a case: as its resident follows it, and as the office takes it at the
 * counter and decides what goes back. */
#include "pages_int.h"

/* ---- pieces ---- */

static Str channel_word(Str channel) {
    bool counter = str_eq(channel, PAY_CASH) || str_eq(channel, PAY_VOUCHER);
    return str_empty(channel) || counter ? channel : STR("online");
}

static const char *state_level(PayState state) {
    static const char *const levels[PAY_STATES] = {[PAY_INVOICED] = "warn",
                                                   [PAY_PAID] = "ok",
                                                   [PAY_REFUNDING] = "warn",
                                                   [PAY_REFUNDED] = "info",
                                                   [PAY_CANCELLED] = "muted"};
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

void page_fee(HttpExchange *x, View *view, const Entity *application, const CasePlace *place) {
    Payment payment;
    JsonItems back = {0};
    (void)place;
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
    page_contact(x, &one, "phone");
    view_set(view, "payment", view_value(&one));
}

/* ---- the office's ---- */

/* Who decides on it, and whether he has to say first who he is. */
typedef struct Desk {
    bool takes, decides, confirm;
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

static Json desk_receipt(Arena *arena, const Desk *desk, const PayReceipt *receipt) {
    View one = receipt_view(arena, receipt);
    Str move = str_fmt(arena, "fee-" STR_FMT, STR_ARG(receipt->id));
    bool sent = desk->form && str_eq(http_form_value(desk->form, "move"), move);
    bool counter = str_eq(channel_word(receipt->channel), receipt->channel);
    view_str(&one, "move", move);
    view_str(&one, "text_id", str_fmt(arena, "text-" STR_FMT, STR_ARG(move)));
    view_set(&one, "text", json_of_str(sent ? http_form_value(desk->form, "text") : STR("")));
    view_bool(&one, "open", sent);
    view_bool(&one, "decides", desk->decides && receipt->state == RECEIPT_UNDECIDED);
    view_bool(&one, "keeps", !str_eq(receipt->why, STR("twice")));
    view_bool(&one, "hands", desk->takes && counter && receipt->state == RECEIPT_RETURNING);
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
    View one = payment_view(x, &payment);
    VEC_EACH (const PayReceipt, receipt, &payment.receipts)
        vec_push(ctx->arena, &receipts, desk_receipt(ctx->arena, &desk, receipt));
    view_items(&one, "receipts", &receipts);
    view_str(&one, "account", payment.account);
    view_bool(&one, "takes", desk.takes && payment.state == PAY_INVOICED);
    view_bool(&one, "online", payment_open(&payment) != NULL);
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
    Str word = http_form_value(form, "decision");
    bool back = str_eq(word, pay_decision_word(PAY_RETURN));
    if (!back && !str_eq(word, pay_decision_word(PAY_KEEP)))
        return ctx_fail(http_ctx(x), RC_INVALID, "no-decision", STR("decision"),
                        "It goes back or stays.");
    FeeDecision decision = {.case_id = id,
                            .receipt = http_form_value(form, "receipt"),
                            .decision = back ? PAY_RETURN : PAY_KEEP,
                            .reason = http_form_value(form, "text")};
    return fee_decide(http_ctx(x), &decision);
}

static void decide_post(HttpExchange *x) {
    page_office_does(x, decide);
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

const HttpRoute page_pay_rows[] = {
    FEE("take", take_post, PAGE_OFFICE, "Take a fee at the counter"),
    FEE("decide", decide_post, CHIEF | GATE_STEP_UP, "Decide whether a payment goes back"),
    FEE("handed", hand_post, PAGE_OFFICE, "Give a payment back at the counter"),
};
ROWS(page_pay_count, page_pay_rows);
