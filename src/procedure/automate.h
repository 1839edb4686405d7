/* automate: the automatic rules at work. A rule looks at each case of its state once, and puts it
   in a bin by one command; what it saw, said and which version of it that was stands in the case
   from then on. Include only procedure.h from outside. */
#ifndef PROCEDURE_AUTOMATE_H
#define PROCEDURE_AUTOMATE_H

#include "bins.h"
#include "defined.h"
#include "office.h"

/* A rule erred last in the version of this record: every command by which it moves a case is
   guarded by that, so that none is moved at the rate from before an error. */
#define AUTOMATIC_TYPE LD_DEFAULT "AutomaticRule"

/* Looks at a case by the rule of its state, and at what that led to; nothing where no rule is about
   it or one has looked already. Acts for the city under the case's post, whoever ctx's actor is.
   RC_OK where somebody else was faster; RC_CONFLICT "nobody-signs": its move issues a letter in the
   name of a vacant post. Pool and timer threads. */
Rc automate_case(Ctx *ctx, Str id);
/* The same of all cases that no rule has looked at yet, at most so many; *n: how many it looked at.
   What can't be looked at is logged, counts for none of them and keeps back none of the others:
   where ctx's deadline passes before their end is reached, the next round goes on behind them. One
   thread at a time. */
Rc automate_round(Ctx *ctx, size_t most, size_t *n);

/* A case of a list to confirm, as it was shown. */
typedef struct AutomateLine {
    Str id;
    uint64_t version;
    bool out;   /* it is taken out: the rule is wrong about it */
    Str reason; /* why */
} AutomateLine;
typedef VEC(AutomateLine) AutomateLines;
typedef struct AutomateDone {
    size_t confirmed, out;
    StrVec left; /* ids of those that have changed since, and stay as they are */
} AutomateDone;
/* Makes the moves that a rule prepared, a command a case, and takes out what is to be. RC_INVALID
   "missing", the path being the id: one is taken out without a reason; nothing was done. What was
   done before another error stays done. */
Rc automate_confirm(Ctx *ctx, Str rule, const AutomateLines *lines, AutomateDone *out);
/* The rule is wrong about this case (act->text says why): what waits for confirmation is from then
   on done by hand, what was done is objected to, and moves no further for that. From then on the
   rule's cases are confirmed, all of them. RC_CONFLICT "nothing-automatic", "moved-on"; RC_INVALID
   "missing". */
Rc automate_refute(Ctx *ctx, const OfficeAct *act);

#endif
