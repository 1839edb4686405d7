/* page_settle: payments that wait for the office, and the provider's account against the city's. */
#include "pages_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { SHOWN_MAX = 200, ACCOUNT_MAX = 4 << 20 };

/* Whoever may see the case is led to it: its number is the case's to show. */
static Str case_of(Ctx *ctx, Str case_id) {
    const Entity *application;
    if (ledger_entity(ctx, ctx->tenant->ledger, case_id, &application) != RC_OK) return STR_NONE;
    ctx->purpose = page_check_purpose(ctx, application);
    const Entity *seen = gate_view(ctx, NULL, application);
    return seen ? entity_text(seen, IRI("receiptNumber")) : STR_NONE;
}

/* Of its own texts: what the payment was read from may be gone before the page is drawn. */
static Json waiting_value(Arena *arena, const Payment *payment, bool stranded) {
    View one = view_new(arena);
    view_str(&one, "number", str_dup(arena, payment->number));
    view_int(&one, "amount", payment->amount);
    view_str(&one, "state", pay_state_word(payment->state));
    view_str(&one, "account", str_dup(arena, payment->account));
    view_bool(&one, "stranded", stranded);
    view_str(&one, "url",
             str_fmt(arena, "/staff/payments/" STR_FMT,
                     STR_ARG(str_sub(payment->id, sizeof PAYMENT_ID_PREFIX - 1, payment->id.len))));
    return view_value(&one);
}

static bool is_stranded(const Ctx *ctx, const Payment *payment) {
    VEC_EACH (const PayReceipt, receipt, &payment->receipts)
        if (fee_is_stranded(ctx, receipt)) return true;
    return false;
}

typedef struct Waiting {
    Arena *arena;
    JsonItems items;
    bool more; /* than are shown */
} Waiting;

static void waiting_add(Waiting *waiting, const Payment *payment, bool stranded) {
    if (waiting->items.len < SHOWN_MAX)
        vec_push(waiting->arena, &waiting->items, waiting_value(waiting->arena, payment, stranded));
    else
        waiting->more = true;
}

static Rc provider_look(Ctx *ctx, void *arg, const Entity *entity) {
    Payment payment;
    payment_read(ctx->arena, entity, &payment);
    if (is_stranded(ctx, &payment)) waiting_add(arg, &payment, true);
    return RC_OK;
}

/* What waits for the office; and of what waits for a provider, that of one that isn't there any
   more. */
static Rc waiting_set(HttpExchange *x, View *view) {
    Ctx *ctx = http_ctx(x);
    ProjectAnswer found;
    ProjectWish office = {
        .type = STR("Payment"), .q = STR("waits==\"office\""), .limit = SHOWN_MAX};
    ProjectWish provider = {.type = STR("Payment"), .q = STR("waits==\"provider\"")};
    TRY(project_find(ctx, &office, &found));
    Waiting waiting = {.arena = ctx->arena, .more = found.more};
    for (size_t i = 0; i < found.entities.len; i++) {
        Payment payment;
        payment_read(ctx->arena, found.entities.items[i], &payment);
        waiting_add(&waiting, &payment, is_stranded(ctx, &payment));
    }
    TRY(project_each(ctx, &provider, provider_look, &waiting));
    view_items(view, "waiting", &waiting.items);
    view_bool(view, "more", waiting.more);
    return RC_OK;
}

static Str kind_word(SettleKind kind) {
    static const Str words[SETTLE_KINDS] = {[SETTLE_MISSING] = {"missing", 7},
                                            [SETTLE_AMOUNT] = {"amount", 6},
                                            [SETTLE_REFUND] = {"refund", 6},
                                            [SETTLE_UNKNOWN] = {"unknown", 7},
                                            [SETTLE_ABSENT] = {"absent", 6}};
    return words[kind];
}

static Json settlement_value(Arena *arena, const Settlement *settlement) {
    View view = view_new(arena);
    JsonItems rows = {0};
    VEC_EACH (const SettleLine, line, &settlement->differences) {
        View one = view_new(arena);
        view_str(&one, "kind", kind_word(line->kind));
        view_str(&one, "receipt", line->receipt);
        view_str(&one, "number", line->number);
        view_int(&one, "there", line->there);
        view_int(&one, "here", line->here);
        view_int(&one, "at", line->at);
        view_bool(&one, "taken", line->taken);
        vec_push(arena, &rows, view_value(&one));
    }
    view_int(&view, "lines", (int64_t)settlement->lines);
    view_items(&view, "rows", &rows);
    return view_value(&view);
}

/* settlement NULL: none was asked for; with faults only its wrong line is told. */
static void payments_show(HttpExchange *x, int status, const Settlement *settlement,
                          const Faults *faults) {
    View view = page_view(x);
    bool wrong = settlement && settlement->wrong;
    view_set(&view, "settlement",
             settlement && !faults ? settlement_value(view.arena, settlement) : json_of_null());
    view_set(&view, "wrong", wrong ? json_of_int((int64_t)settlement->wrong) : json_of_null());
    view_bool(&view, "provider", http_ctx(x)->tenant->pay != NULL);
    view_bool(&view, "confirmed", gate_stepped_up(http_ctx(x), http_ctx(x)->actor));
    if (faults) page_faults(&view, faults);
    if (waiting_set(x, &view) == RC_OK)
        page_show(x, status, WEB_PAGE_PAYMENTS, &view);
    else
        page_fail(x);
}

static void payments_get(HttpExchange *x) {
    payments_show(x, 200, NULL, NULL);
}

static void payments_post(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const HttpForm *form;
    Settlement settlement;
    Faults faults = {0};
    if (!page_form(x, &form)) return;
    bool take = str_eq(http_form_value(form, "take"), STR("yes"));
    Str account = http_form_value(form, "account");
    Rc rc = fee_settle(ctx, account, take, &settlement);
    if (rc == RC_OK && settlement.lines) {
        payments_show(x, 200, &settlement, NULL);
        return;
    }
    vec_push(ctx->arena, &faults, (Fault){"account", rc == RC_OK ? "required" : "format"});
    if (rc == RC_OK || rc == RC_INVALID)
        payments_show(x, 422, &settlement, &faults);
    else
        page_fail(x);
}

static void payment_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    const Entity *entity;
    Payment payment;
    Str id = str_fmt(ctx->arena, PAYMENT_ID_PREFIX STR_FMT, STR_ARG(http_path_param(x, "payment")));
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &entity);
    Str number = STR_NONE;
    if (rc == RC_OK) {
        payment_read(ctx->arena, entity, &payment);
        number = case_of(ctx, payment.case_id);
    }
    if (!str_empty(number)) {
        page_see(x, page_case_url(ctx->arena, number));
        return;
    }
    if (rc == RC_OK || rc == RC_NOT_FOUND)
        rc = ctx_fail(ctx, RC_NOT_FOUND, "no-case", STR_NONE,
                      "There is no case of this payment that your post sees to.");
    page_fail(x);
}

PAGE_ANSWERS(account_answers, PAGE_HTML(200), PAGE_FAULT(400), PAGE_FAULT(413), PAGE_FAULT(415));

const HttpRoute page_settle_rows[] = {
    PAGE_SHOW("/staff/payments", PAGE_CITY, "Office", payments_get,
              "Payments that wait for the office"),
    {HTTP_POST, "/staff/payments", payments_post, HTTP_POOL, ACCOUNT_MAX, PAGE_CITY | GATE_FORM,
     "Office", "Compare the provider's account", NULL, NULL, account_answers},
    PAGE_SHOW("/staff/payments/{payment}", PAGE_CITY, "Office", payment_get,
              "The case of a payment"),
};
ROWS(page_settle_count, page_settle_rows);
