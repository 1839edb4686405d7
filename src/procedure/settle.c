/* settle: the provider's account, line by line, against what came in here. */
#include "procedure_int.h"

enum { LINES_MOST = 20000, ID_MOST = 100, COLUMNS = 5 };

/* A line of the account. */
typedef struct AccountLine {
    Str receipt, payment; /* payment: id */
    bool refund;
    int64_t amount, at;
} AccountLine;
typedef VEC(AccountLine) AccountLines;

/* What spreadsheets put before UTF-8. */
#define BOM "\xef\xbb\xbf"

typedef struct Settling {
    Ctx *ctx;
    Str channel; /* the provider's name */
    bool take;
    Map there; /* receipts of the account */
    int64_t from, until;
    Settlement *out;
} Settling;

static Rc line_wrong(Ctx *ctx, size_t n) {
    return ctx_fail(ctx, RC_INVALID, "bad-account", str_fmt(ctx->arena, "line %zu", n),
                    "A line of the account is payment,reference,kind,amount,at.");
}

static Rc line_read(Ctx *ctx, Str text, size_t n, AccountLine *out) {
    Str cells[COLUMNS] = {{0}}, rest = text;
    size_t count = 0;
    for (Str cell; count < COLUMNS && str_split(&rest, ',', &cell);)
        cells[count++] = str_trim(cell);
    bool good = count == COLUMNS && str_empty(rest) && !str_empty(cells[0]) &&
                cells[0].len <= ID_MOST && str_to_i64(cells[3], &out->amount) &&
                time_parse(cells[4], &out->at);
    out->refund = str_eq(cells[2], STR("refund"));
    if (!good || !(out->refund || str_eq(cells[2], STR("payment")))) return line_wrong(ctx, n);
    out->receipt = cells[0];
    out->payment = str_fmt(ctx->arena, PAYMENT_ID_PREFIX STR_FMT, STR_ARG(cells[1]));
    return RC_OK;
}

static Rc take_in(const Settling *settling, const AccountLine *line) {
    PayEvent event = {.kind = line->refund ? PAY_EVENT_RETURNED : PAY_EVENT_PAID,
                      .receipt = line->receipt,
                      .channel = settling->channel,
                      .amount = line->amount,
                      .at = line->at,
                      .post = settling->ctx->actor->post};
    return fee_post(settling->ctx, line->payment, &event, STR("import"));
}

/* What differs; false: nothing does. */
static bool line_differs(const Payment *payment, const AccountLine *line, SettleLine *out) {
    const PayReceipt *receipt = payment_receipt(payment, line->receipt);
    *out = (SettleLine){.receipt = line->receipt,
                        .number = payment->number,
                        .there = line->amount,
                        .here = receipt && receipt->state != RECEIPT_VOID ? receipt->amount : 0,
                        .at = line->at};
    if (line->refund) {
        out->kind = SETTLE_REFUND;
        return !receipt || receipt->state != RECEIPT_RETURNED || receipt->amount != line->amount;
    }
    bool missing = !receipt || receipt->state == RECEIPT_VOID;
    out->kind = missing && fee_amount_good(line->amount) ? SETTLE_MISSING : SETTLE_AMOUNT;
    return missing || receipt->amount != line->amount;
}

/* What the provider says of its own: that it came, and that it gave back what it was asked to.
   Everything else that differs is somebody's to look into. */
static bool may_take(const Settling *settling, const Payment *payment, const AccountLine *line,
                     SettleKind kind) {
    const PayReceipt *receipt = payment_receipt(payment, line->receipt);
    if (!line->refund) return kind == SETTLE_MISSING;
    return receipt && receipt->state == RECEIPT_RETURNING && receipt->amount == line->amount &&
           str_eq(receipt->channel, settling->channel);
}

static Rc line_settle(Settling *settling, const AccountLine *line) {
    Ctx *ctx = settling->ctx;
    const Entity *entity;
    Payment payment;
    SettleLine one = {
        .kind = SETTLE_UNKNOWN, .receipt = line->receipt, .there = line->amount, .at = line->at};
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, line->payment, &entity);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if (rc == RC_OK) {
        payment_read(ctx->arena, entity, &payment);
        if (!line_differs(&payment, line, &one)) return RC_OK;
        if (settling->take && may_take(settling, &payment, line, one.kind)) {
            TRY(take_in(settling, line));
            one.taken = true;
        }
    }
    vec_push(ctx->arena, &settling->out->differences, one);
    return RC_OK;
}

static Rc account_read(Settling *settling, Str account, AccountLines *out) {
    Ctx *ctx = settling->ctx;
    Str text;
    if (str_starts(account, STR(BOM))) account = str_sub(account, sizeof BOM - 1, account.len);
    for (size_t n = 1; str_split(&account, '\n', &text); n++) {
        AccountLine line;
        text = str_trim(text);
        if (str_empty(text) || (n == 1 && str_starts(text, STR("payment,")))) continue;
        if (n > LINES_MOST)
            return ctx_fail(ctx, RC_LIMIT, "too-many-lines", STR_NONE,
                            "An account has at most %d lines: take a shorter time.", LINES_MOST);
        settling->out->wrong = n;
        TRY(line_read(ctx, text, n, &line));
        vec_push(ctx->arena, out, line);
    }
    settling->out->wrong = 0;
    return RC_OK;
}

static Rc account_settle(Settling *settling, Str account) {
    AccountLines lines = {0};
    TRY(account_read(settling, account, &lines));
    settling->out->lines = lines.len;
    VEC_EACH (const AccountLine, line, &lines) {
        bool first = line == lines.items;
        if (first || line->at < settling->from) settling->from = line->at;
        if (first || line->at > settling->until) settling->until = line->at;
        if (!line->refund) map_put(&settling->there, line->receipt, settling);
        TRY(line_settle(settling, line));
    }
    return RC_OK;
}

static Rc absent_look(Ctx *ctx, void *arg, const Entity *entity) {
    Settling *settling = arg;
    Arena *arena = settling->ctx->arena;
    Payment payment;
    payment_read(ctx->arena, entity, &payment);
    VEC_EACH (const PayReceipt, receipt, &payment.receipts) {
        bool own = str_eq(receipt->channel, settling->channel) && receipt->state != RECEIPT_VOID;
        bool within = receipt->at >= settling->from && receipt->at <= settling->until;
        if (own && within && !map_get(&settling->there, receipt->id))
            vec_push(arena, &settling->out->differences,
                     (SettleLine){.kind = SETTLE_ABSENT,
                                  .receipt = str_dup(arena, receipt->id),
                                  .number = str_dup(arena, payment.number),
                                  .here = receipt->amount,
                                  .at = receipt->at});
    }
    return RC_OK;
}

/* What is here of the account's time, and isn't there: kept or not, so every payment is looked at.
 */
static Rc absent_find(Settling *settling) {
    ProjectWish wish = {.type = STR("Payment")};
    return project_each(settling->ctx, &wish, absent_look, settling);
}

Rc fee_settle(Ctx *ctx, Str account, bool take, Settlement *out) {
    *out = (Settlement){0};
    GateAsk ask = {.action = ACT_CONFIRM, .type = STR(PAYMENT_TYPE), .class = CLASS_INTERNAL};
    Settling settling = {.ctx = ctx,
                         .take = take,
                         .there = map_new(ctx->arena),
                         .channel = ctx->tenant->pay ? pay_provider(ctx->tenant->pay) : STR_NONE,
                         .out = out};
    TRY(gate_check(ctx, &ask));
    if (str_empty(settling.channel))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-provider", STR_NONE,
                        "Fees are paid at the counter here: no provider has an account.");
    if (take && !gate_stepped_up(ctx, ctx->actor))
        return ctx_fail(ctx, RC_DENIED, "needs-step-up", STR_NONE,
                        "Confirm your identity once more before you take in what an account says.");
    TRY(account_settle(&settling, account));
    return out->lines ? absent_find(&settling) : RC_OK;
}
