/* handover: open cases of one official go to another, or back to their post, with a note (引継書),
   when somebody's post changes. The note is a record of its own, named by each case. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_HANDOVER_H
#define PROCEDURE_HANDOVER_H

#include "gate/gate.h"
#include "inbox.h"

#define HANDOVER_TYPE      LD_DEFAULT "Handover"
#define HANDOVER_ID_PREFIX "urn:ngsi-ld:Handover:"

/* At most so many cases are shown and handed over at once. */
enum { HANDOVER_MOST = 500 };

/* The open cases whose assignee is an account, by post, as far as who acts may hand them over: his
   own, and as a chief those of his division. Whole: mask them. *more: than HANDOVER_MOST.
   Pool threads. */
Rc handover_cases(Ctx *ctx, Str from, InboxCases *out, bool *more);
/* Officials who could take one of these cases: they hold a post of its division that works on
   cases. */
Rc handover_takers(Ctx *ctx, const InboxCases *cases, Str from, GateHolders *out);

typedef struct HandoverWish {
    Str from, to; /* accounts; to empty: back to the post */
    Str note;     /* nothing personal: that stands in the cases */
    const StrVec *ids;
} HandoverWish;
typedef struct HandoverRefused {
    Str id;
    Str code; /* of the error: "moved-on", "not-permitted", "not-theirs", "no-case" */
} HandoverRefused;
typedef struct HandoverDone {
    Str id; /* of the record; empty: nothing was handed over */
    int64_t moved;
    VEC(HandoverRefused) refused; /* each case that stayed, and why */
} HandoverDone;
/* Fifty cases a command; where one of them is refused, those fifty go one by one, so a case that
   moved on meanwhile keeps no other back. RC_INVALID "no-giver", "no-cases", "no-taker", "long";
   errors of the ledger end it, and what was handed over is so, told and counted. */
Rc handover_make(Ctx *ctx, const HandoverWish *wish, HandoverDone *out);

typedef struct Handover {
    Str id, from, to, by, by_post, note;
    int64_t at, accepted_at; /* TIME_NONE: not yet */
    int64_t cases;           /* as many as went at first */
} Handover;
typedef VEC(Handover) Handovers;
/* One that who acts gave, makes, or got, or that brought cases to his division. RC_NOT_FOUND
   "no-handover". */
Rc handover_load(Ctx *ctx, Str id, Handover *out);
/* The cases that name it, as they are now; whole, at most HANDOVER_MOST. */
Rc handover_of(Ctx *ctx, Str id, InboxCases *out, bool *more);
/* What was handed to who acts and he has not accepted, the oldest first. */
Rc handovers_open(Ctx *ctx, Handovers *out);
/* He has read the note and goes on with the cases. Twice is once. RC_DENIED; RC_CONFLICT
   "not-open". */
Rc handover_accept(Ctx *ctx, Str id);

/* Who has left the division of who acts, and how many open cases stayed with him. */
typedef struct HandoverLeft {
    Str account, name; /* name empty: he can't come in any more */
    int64_t cases;
} HandoverLeft;
typedef VEC(HandoverLeft) HandoverLefts;
Rc handover_left(Ctx *ctx, HandoverLefts *out);
/* How many open cases who acts has of posts whose inbox isn't before him. */
Rc handover_elsewhere(Ctx *ctx, int64_t *cases);

#endif
