/* pay: what somebody owes the city for a case (調定), what came in for it by which channel, and the
   provider through whom it is paid online. A payment is an entity of type Payment, one for a case;
   its parts are those of the command that moves the case. Money is whole yen. Knows no procedure:
   what a payment means for a case is said by whoever calls. */
#ifndef PAY_PAY_H
#define PAY_PAY_H

#include "gate/gate.h"
#include "ledger/ledger.h"

#define PAYMENT_TYPE      LD_DEFAULT "Payment"
#define PAYMENT_ID_PREFIX "urn:ngsi-ld:Payment:"
/* Channels at the counter; any other one is a provider's name. */
#define PAY_CASH    STR("cash")
#define PAY_VOUCHER STR("voucher")
bool pay_is_counter(Str channel);

typedef enum PayState {
    PAY_INVOICED,  /* due */
    PAY_PAID,      /* what was due came in, and stays */
    PAY_REFUNDING, /* something came in that doesn't stay, and nothing that does */
    PAY_REFUNDED,
    PAY_CANCELLED, /* its case ended before anything came in */
    PAY_WAIVED,    /* nothing of it is left to pay (免除) */
    PAY_STATES,
} PayState;
Str pay_state_word(PayState state);

typedef enum ReceiptState {
    RECEIPT_KEPT,
    RECEIPT_UNDECIDED, /* why says what doesn't fit: somebody decides whether it goes back (還付) */
    RECEIPT_RETURNING, /* that it goes back was decided */
    RECEIPT_RETURNED,
    RECEIPT_VOID, /* it never came */
    RECEIPT_STATES,
} ReceiptState;
Str receipt_state_word(ReceiptState state);

/* Something that came in. */
typedef struct PayReceipt {
    Str id; /* the provider's, or one of the counter; the key of idempotence */
    Str channel;
    int64_t amount, at;
    ReceiptState state;
    Str why;  /* "twice", "ended", "amount", "reduced" (it was paid before the reduction), "refused"
                 (by the provider, to give it back) */
    Str post; /* of who took it, or decided last; empty: the provider said it */
    Str reason; /* of the decision */
} PayReceipt;
typedef VEC(PayReceipt) PayReceipts;

typedef enum SessionState {
    SESSION_OPEN,
    SESSION_PAID,
    SESSION_FAILED,
    SESSION_EXPIRED,
    SESSION_SUPERSEDED, /* it asks for a sum that isn't due any more, and may be paid all the same
                         */
    SESSION_STATES,
} SessionState;
Str session_state_word(SessionState state);

/* One try to pay online. */
typedef struct PaySession {
    Str id; /* ours: the provider takes it as the key of idempotence */
    int64_t at;
    SessionState state;
} PaySession;
typedef VEC(PaySession) PaySessions;

/* A payment as it stands. Texts refer to the entity. */
typedef struct Payment {
    Str id, case_id, number;
    Str article, account, due, channel;
    Str ended; /* how its case ended without being done; empty: it didn't */
    int64_t amount;
    int64_t paid_at; /* TIME_NONE: it isn't paid */
    uint64_t version;
    PayState state;
    PayReceipts receipts;
    PaySessions sessions;
    StrVec events; /* the provider's, that were taken in */
} Payment;
/* entity: as the ledger has it. Of an erased one receipts and sessions are gone, the state stays.
 */
void payment_read(Arena *arena, const Entity *entity, Payment *out);
/* urn:ngsi-ld:Payment:X of the case urn:ngsi-ld:...:X. */
Str payment_id(Arena *arena, Str case_id);
/* The session that is open; NULL: none. */
const PaySession *payment_open(const Payment *payment);
/* Whether something may still be paid by a session. */
bool session_may_pay(const PaySession *session);
bool payment_may_come(const Payment *payment);
const PayReceipt *payment_receipt(const Payment *payment, Str id);

/* ---- what happens to one ---- */

typedef enum PayEventKind {
    PAY_EVENT_PAID,
    PAY_EVENT_FAILED,
    PAY_EVENT_EXPIRED,
    PAY_EVENT_RETURNED,
    PAY_EVENT_NOT_RETURNED,
    PAY_EVENT_KINDS,
} PayEventKind;

/* What the provider says, or the counter: the same again changes nothing, in whatever order. */
typedef struct PayEvent {
    PayEventKind kind;
    Str id;      /* empty: it is known by its receipt alone */
    Str session; /* empty: none of ours */
    Str receipt; /* of PAID, RETURNED, NOT_RETURNED */
    Str channel;
    int64_t amount, at;
    Str post; /* of who took it at the counter, or took in the account; else empty */
} PayEvent;
/* What the payment is after the event, in *payment; false: the event changes nothing. Pure. */
bool payment_fold(Arena *arena, Payment *payment, const PayEvent *event);

/* pay.issue: the payment is due, with a number of the fiscal year in which it becomes so. One that
   is there already stays as it is; RC_CONFLICT "moved-on": it has been paid. Needs: its id and the
   counter. */
typedef struct PartIssue {
    const Entity *payment; /* with applicant, about, amount, article, account, dueDate */
    Str counter;
    int fiscal_year;
} PartIssue;
extern const PartKind part_pay_issue;
/* Adds it to a command, in whose arena the payment lies. */
void pay_issue(Ctx *ctx, Command *command, const Entity *payment);

/* pay.event. RC_NOT_FOUND "no-payment"; RC_CONFLICT "moved-on": it is another version; RC_LIMIT. */
typedef struct PartPayEvent {
    Str id;
    PayEvent event;
    uint64_t version; /* 0: any */
} PartPayEvent;
extern const PartKind part_pay_event;

/* pay.session: a try begins. RC_CONFLICT "not-due", "moved-on". */
typedef struct PartPaySession {
    Str id, session;
    uint64_t version;
} PartPaySession;
extern const PartKind part_pay_session;

/* pay.end: its case ended without being done: nothing is due any more, and what came in is to be
   decided on. A payment that isn't there is no error. */
typedef struct PartPayEnd {
    Str id, how; /* "withdrawn", "refused" */
} PartPayEnd;
extern const PartKind part_pay_end;

/* pay.reduce: less is due than was, or nothing (減免): tries to pay what was due aren't gone on
   with, and what came in as the fee is to be decided on. RC_NOT_FOUND "no-payment"; RC_CONFLICT
   "moved-on". */
typedef struct PartPayReduce {
    Str id;
    int64_t amount; /* that is left */
    Str due;        /* until when; empty: nothing is left */
    uint64_t version;
} PartPayReduce;
extern const PartKind part_pay_reduce;
/* What the payment is after it, in *payment. Pure. */
void payment_reduce(Payment *payment, int64_t amount);

/* pay.decide: what becomes of something that came in. RC_NOT_FOUND "no-payment-receipt";
   RC_CONFLICT "decided": it waits for no such decision; "twice": the fee was paid by something
   else; "too-much": it is more than what is due since a reduction; "moved-on": it is another
   version. */
typedef enum PayDecision {
    PAY_RETURN, /* 還付, of what was kept by mistake too (過誤納) */
    PAY_KEEP,   /* it stays as the fee */
    PAY_VOID,   /* it never came: the provider's account doesn't have it, or the counter erred */
    PAY_HANDED, /* given back at the counter: what came in there once that was decided, or what its
                   provider refuses to give back or can't any more */
    PAY_DECISIONS,
} PayDecision;
Str pay_decision_word(PayDecision decision);
typedef struct PartPayDecide {
    Str id, receipt;
    PayDecision decision;
    Str post, reason;
    uint64_t version; /* 0: any */
    bool stranded;    /* its provider isn't there any more */
} PartPayDecide;
extern const PartKind part_pay_decide;
/* Whether it is more than what is due since a reduction: it can't be kept (過誤納金). */
bool payment_overpaid(const Payment *payment, const PayReceipt *receipt);
/* What the payment is after it, in *payment; false: it changes nothing. Asks not whether it may be
   decided so. Pure. */
bool payment_decide(Payment *payment, const PartPayDecide *part);

/* ---- the provider (doc/payments.md) ---- */

typedef struct Pay Pay;

typedef struct PayOptions {
    Str provider; /* its name, in the address of its callback: [a-z0-9-]{1,32} */
    Str url; /* https://..., or of this machine or a written address; without a '/' at its end */
    Str key_file;     /* 32 bytes at least, which both know */
    int64_t every;    /* µs between rounds of asking it; 0: 30 s */
    unsigned at_once; /* payments asked about in a round; 0: 200 */
} PayOptions;
/* tenant->pay; nothing where options->provider is empty. RC_INVALID, RC_FAILED name the setting or
   the file. */
Rc pay_open(Ctx *ctx, Tenant *tenant, const PayOptions *options);
/* What takes in what the provider says; as fee_post of procedure/. */
typedef Rc PayPost(Ctx *ctx, Str payment, const PayEvent *event, Str channel);
/* From now on it is asked what became of what is open, until pay_close: a callback that was lost
   changes nothing in the end. After project_start and gate_open. Nothing without a provider. */
Rc pay_start(Ctx *ctx, Tenant *tenant, PayPost *post);
/* The provider is asked no more, and whoever is on the way to it is told that it is silent: before
   the server stops, for they are answered by its threads. Nothing without a provider. */
void pay_stop(Tenant *tenant);
/* After pay_stop, or alone; before project_stop. NULL room allowed. */
void pay_close(Tenant *tenant);
/* Asks soon, not at the next round only, though no round begins within 5 s of the one before for
   it: anybody may come back. NULL allowed. Any thread. */
void pay_wake(Pay *pay);
Str pay_provider(const Pay *pay);
/* What is told to the operator once a minute at most: anybody can bring it about. */
typedef enum PayTold { PAY_TOLD_CALLBACK, PAY_TOLD_PAGE, PAY_TOLDS } PayTold;
/* Whether it may be told now; then not again for a minute. Any thread. */
bool pay_may_tell(Pay *pay, PayTold what);
/* Scheme, host and port of the provider's pages. */
Str pay_origin(const Pay *pay);

/* A session at the provider, where somebody pays. */
typedef struct PayAsk {
    const Payment *payment;
    Str session;
    Str back; /* the address to which the browser returns */
    Str language;
} PayAsk;
/* Sends the request, signed; done is called as http_client_send has it. RC_BUSY: not sent. */
Rc pay_ask(Ctx *ctx, Pay *pay, const PayAsk *ask, void (*done)(void *arg, const HttpReply *),
           void *arg);
/* The page on which it is paid, in ctx->arena. RC_BUSY "provider-silent": the provider couldn't be
   asked, or answered otherwise. */
Rc pay_page(Ctx *ctx, const Pay *pay, const HttpReply *reply, Str *url);

/* A callback: what the provider says, of which payment. RC_DENIED "bad-signature", "bad-time": it
   isn't the provider's, or not of now; RC_INVALID names the member. Texts refer to ctx->arena. */
typedef struct PayCall {
    Str time, signature; /* as the headers have them */
    Str body;
} PayCall;
Rc pay_call_read(Ctx *ctx, const Pay *pay, const PayCall *call, Str *payment, PayEvent *event);

#endif
