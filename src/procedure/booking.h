/* booking: the slots of procedures that are definitions: what is offered to whom, the slot that a
   draft holds, booking it in the command that submits, giving it back and taking another one.
   Include only procedure.h from outside. */
#ifndef PROCEDURE_BOOKING_H
#define PROCEDURE_BOOKING_H

#include "defined.h"

/* Who asks for how much. */
typedef struct BookingAsk {
    const Reservation *reservation;
    int64_t units;
    bool office; /* by telephone or at a counter: the reserved share is his, too */
    bool change; /* of a booking: what is drawn by lot can't be taken so */
    Str own;     /* whose own hold or booking counts as free; empty: nobody's */
} BookingAsk;

typedef struct BookingOffer {
    SlotChoice slot;
    int64_t left; /* to who asks */
    bool open;    /* enough for what he needs */
    bool entry;   /* it will be drawn by lot: left is what the slot holds */
} BookingOffer;
typedef VEC(BookingOffer) BookingOffers;

/* The first and the last day that are offered now. */
void booking_days(const Ctx *ctx, const Reservation *reservation, Date *first, Date *last);
/* Adds the slots of a place on a day, none on a day that is not offered. */
Rc booking_offers(Ctx *ctx, const BookingAsk *ask, const ReservationPlace *place, Date day,
                  BookingOffers *out);
/* From when somebody who answered so may book: TIME_NONE: at any time; INT64_MAX: he may not. */
int64_t booking_opens(Ctx *ctx, const Form *form);

/* Holds the slot that the draft asks for until its form is sent, in the place of the one that it
   held; draft as defined_draft read it, ctx->actor->browser's. RC_CONFLICT "slot-full",
   "holds-share", "holds-network"; RC_INVALID "not-offered", "not-open". What is drawn by lot is not
   held. */
Rc booking_hold(Ctx *ctx, const DefinedDraft *draft);

/* Gives back what the draft holds, where its answers ask for no slot any more. */
Rc booking_let_go(Ctx *ctx, DefinedDraft *draft);

/* The slot that a case has. False: none, or it gave it back. */
bool booking_of(const Ctx *ctx, const Entity *application, SlotChoice *out);
/* Whether who acts may still take another slot for a case, or give its own back; or a first one,
   where the office gives them out, or an application without one is a question (thread.asks). */
bool booking_may_change(Ctx *ctx, const Entity *application);
/* Takes another slot, or the first one, which answers what the application asked. RC_CONFLICT
   "slot-full", "too-late", "moved-on", "fee-changes"; RC_INVALID "not-offered", "not-open". */
Rc booking_change(Ctx *ctx, Str id, Str choice);

#endif
