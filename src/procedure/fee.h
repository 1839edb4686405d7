/* fee: what a definition's fee becomes of a case: due by the command that moves the case there,
   paid by any channel, given back where the case ends without being done. A payment is shown to
   whom its case is shown. Include only procedure.h from outside. */
#ifndef PROCEDURE_FEE_H
#define PROCEDURE_FEE_H

#include "pay/pay.h"

/* A step that payment made: it led on, or nothing was due. */
#define CASE_STEP_PAID STR("paid")
#define CASE_STEP_FREE STR("free")

/* What is owed for a case; RC_NOT_FOUND, without an error: nothing is. */
Rc fee_of(Ctx *ctx, Str case_id, Payment *out);
/* Takes in what came, and moves the case where that pays its fee, in one command. The same again,
   by its own name or by that of what came in, changes nothing. RC_NOT_FOUND "no-payment";
   RC_INVALID "bad-amount". Whoever calls has made sure that it is so. Pool threads, as all here. */
Rc fee_post(Ctx *ctx, Str payment, const PayEvent *event, Str channel);
/* A try to pay online of whose case it is: the one that is open in *payment, or a new one, durable
   before the provider hears of it. RC_CONFLICT "not-due"; RC_LIMIT. */
Rc fee_try(Ctx *ctx, Str case_id, Payment *payment, Str *session);

/* ---- the office ---- */
/* Whether who acts may take money for this case at the counter. application: whole. */
bool fee_may_take(Ctx *ctx, const Entity *application);
/* Paid at the counter, by PAY_CASH or PAY_VOUCHER; version: the payment as it was seen. The same
   press twice is once. RC_INVALID "no-channel"; RC_CONFLICT "paid-already": the money is handed
   back at once. */
Rc fee_take(Ctx *ctx, Str case_id, Str channel, uint64_t version);
/* It is to go back through a provider that this city doesn't have any more: the office gives it
   back. */
bool fee_is_stranded(const Ctx *ctx, const PayReceipt *receipt);
typedef struct FeeDecision {
    Str case_id, receipt;
    PayDecision decision;
    Str reason; /* demanded, but for PAY_HANDED of what the counter took */
} FeeDecision;
/* Whether who acts may decide on what came in (還付, 専決); RC_DENIED says what is missing. */
Rc fee_may_decide(Ctx *ctx, const Entity *application);
/* PAY_HANDED of what the counter took is for those who take money, all else for those who decide.
   Moves the case on where that pays its fee, as fee_post does. Fails as part_pay_decide; RC_INVALID
   "missing" at "reason". */
Rc fee_decide(Ctx *ctx, const FeeDecision *decision);

/* ---- the provider's account against the city's (doc/payments.md) ---- */
typedef enum SettleKind {
    SETTLE_MISSING, /* it came in there, and isn't here */
    SETTLE_AMOUNT,  /* it is here with another amount, or no amount that can be paid */
    SETTLE_REFUND,  /* it went back there, and not here */
    SETTLE_UNKNOWN, /* nobody owes anything by this reference */
    SETTLE_ABSENT,  /* it is here, and isn't there */
    SETTLE_KINDS,
} SettleKind;
typedef struct SettleLine {
    SettleKind kind;
    Str receipt, number; /* number: of the payment; empty of SETTLE_UNKNOWN */
    int64_t there, here; /* yen; 0: nothing */
    int64_t at;
    bool taken; /* it has been taken in now */
} SettleLine;
typedef struct Settlement {
    size_t lines; /* of the file */
    size_t wrong; /* the line that is none, from 1; 0: all are */
    VEC(SettleLine) differences;
} Settlement;
/* Reads the account, all of it before anything is taken in, and compares it with what is here,
   between its first and its last line. take: what is missing, and what was to go back and did, is
   taken in as if the provider had said it, by the post of who acts, after a fresh confirmation of
   identity; the rest is for the case's office. RC_DENIED, "needs-step-up" among them; RC_INVALID
   "bad-account" names the line, as out->wrong does; RC_LIMIT. */
Rc fee_settle(Ctx *ctx, Str account, bool take, Settlement *out);

#endif
