/* fit: whether a case can go on under another version of its procedure, and what that makes of its
   day. What its applicant was promised becomes no worse by it. Include only procedure.h from
   outside. */
#ifndef PROCEDURE_FIT_H
#define PROCEDURE_FIT_H

#include "catalogue.h"

/* Why a case stays under the version that it has. */
typedef enum FitWhy {
    FIT_GOOD,
    FIT_STATE,     /* its state has no place in the other version */
    FIT_DECISION,  /* a proposal about it waits */
    FIT_AUTOMATIC, /* a move that a rule prepared waits to be confirmed */
    FIT_PAYMENT,   /* a payment is open, or it would wait for one that nobody has asked for */
    FIT_FEE,       /* the other version collects its fee otherwise, or no more of it */
    FIT_SUM,       /* by the other version another sum would be decided on, or be left of its fee */
    FIT_BOOKING,   /* the other version hasn't the time or the lottery that it has */
    FIT_ANSWER,    /* the other version wants an answer that it hasn't, or takes it otherwise */
    FIT_MESSAGES,  /* it has messages, which the other version hasn't, or guards otherwise */
    FIT_STEPS,     /* it has as many steps as a case may have */
    FIT_MOVED,     /* it changed whenever it was to go */
    FIT_FAILED,    /* it couldn't be read or written: the log says why */
    FIT_WHYS
} FitWhy;
Str fit_why_word(FitWhy why);
/* FIT_WHYS: there is no such word. */
FitWhy fit_why_of(Str word);
/* {WHY: how many}, of FIT_WHYS counts; those of which there are none are left out. */
Json fit_stays_json(Arena *arena, const int64_t *stays);

typedef struct FitAsk {
    const Entity *application; /* whole, and open */
    const Definition *from, *to;
    const DefinedState *state; /* of `to`; NULL: none takes its place */
} FitAsk;
typedef struct Fit {
    FitWhy why;
    const Field *field; /* FIT_ANSWER: of `to`, which one; else NULL */
    Date due;           /* FIT_GOOD: its day from then on; year 0: it stays */
    bool later;         /* that day is the applicant's, who gets more time; else the office's */
} Fit;
/* Pool threads. */
Rc fit_case(Ctx *ctx, const FitAsk *ask, Fit *out);

#endif
