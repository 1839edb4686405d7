/* together: moves of several cases of a procedure that are proposed, and decided, as one
   (一括起案); a definition says which of its moves may be ("together"). Single cases can be taken
   out while it waits (office_takeout). Include only procedure.h from outside. */
#ifndef PROCEDURE_TOGETHER_H
#define PROCEDURE_TOGETHER_H

#include "defined.h"
#include "inbox.h"

enum { TOGETHER_MAX = 500 };

/* Whether contents are of such a proposal: {procedure, move, reason, count, amount, cases, out},
   where a case's part is what a proposal about it alone has. */
bool together_is(const Json *contents);
/* Cases from which the move can be proposed now and that wait in no proposal, in the order of the
   inbox, at most TOGETHER_MAX, whole; *more: there are others. RC_NOT_FOUND "no-procedure";
   "no-move": the newest version has none of that name that is decided together. Pool threads. */
Rc together_cases(Ctx *ctx, Str procedure, Str move, InboxCases *out, bool *more);
typedef struct TogetherWish {
    Str procedure, move;
    const StrVec *numbers; /* receipt numbers */
    Str reason;            /* why it should be decided so, of all */
} TogetherWish;
/* Proposes them as one; the same twice is once. Which table of delegations is asked is that of the
   highest amount among them. RC_INVALID "missing" at "cases" or "text"; RC_LIMIT "too-many" at
   "cases": TOGETHER_MAX; RC_CONFLICT "moved-on", "proposed", the path being a receipt number;
   errors of defined_propose. */
Rc together_propose(Ctx *ctx, const TogetherWish *wish, Str *decision);

#endif
