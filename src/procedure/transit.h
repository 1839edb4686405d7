/* transit: what follows the decision on a 経過措置: its cases go on under the new version, fifty in
   a command, behind the decision and on a thread of its own (carrier.h). Each is judged as it is
   when it goes. A record of the procedure says how far that is. Include only procedure.h from
   outside. */
#ifndef PROCEDURE_TRANSIT_H
#define PROCEDURE_TRANSIT_H

#include "transition.h"

#include <stdatomic.h>

#define TRANSIT_TYPE LD_DEFAULT "ProcedureTransition"

typedef struct TransitStay {
    Str id;
    FitWhy why;
    Str field; /* FIT_ANSWER: id of the question; else empty */
} TransitStay;
typedef struct Transit {
    Str decision; /* id */
    Str number, procedure, post;
    int64_t at, done_at; /* TIME_NONE: it goes on */
    int64_t to;
    int64_t cases, moved, stayed; /* cases: that could go when it was proposed */
    int64_t stays[FIT_WHYS];
    VEC(TransitStay) listed; /* of those that stayed; at most TRANSIT_LISTED */
} Transit;
typedef VEC(Transit) Transits;
/* So many cases that stayed are named; all of them are counted. */
enum { TRANSIT_LISTED = 2000 };

/* The transitions of a procedure that were decided, the newest first. */
Rc transits_of(Ctx *ctx, Str procedure, Transits *out);
/* Those of them that are being carried out. */
Rc transits_going(Ctx *ctx, Str procedure, Transits *out);
/* That of a decision. RC_NOT_FOUND, without an error: it made none. */
Rc transit_load(Ctx *ctx, Str decision, Transit *out);

/* Moves the cases of all transitions that were decided, or as many until *stop is true (NULL: all).
   RC_BUSY: somebody is about it already. */
Rc transit_carry_out(Ctx *ctx, const atomic_bool *stop);

#endif
