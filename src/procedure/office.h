/* office: the clerk's and the decider's side. Rights are asked of the gate here; the deciding
   itself is decide/'s. Include only procedure.h from outside. */
#ifndef PROCEDURE_OFFICE_H
#define PROCEDURE_OFFICE_H

#include "apply.h"

/* What an official does to a case he looks at: version is that of the page. touch: seconds of
 * active work on the page. */
typedef struct OfficeAct {
    Str id;
    uint64_t version;
    int64_t touch;
    Str text; /* question or reason */
} OfficeAct;
/* Confirms under 専決. RC_DENIED when the fee is beyond the post's delegation, RC_CONFLICT
 * "reduction-open" while a reduction waits. */
Rc office_confirm(Ctx *ctx, const OfficeAct *act);
Rc office_ask(Ctx *ctx, const OfficeAct *act);
Rc office_refuse(Ctx *ctx, const OfficeAct *act);
/* Marks a planned case as collected. */
Rc office_collected(Ctx *ctx, const OfficeAct *act);

/* Adds active seconds on the page to what is counted for the case. */
Rc office_touch(Ctx *ctx, const OfficeAct *act);
/* Active seconds counted for a case so far. */
Rc office_touched(Ctx *ctx, Str case_id, int64_t *seconds);

/* Drafts the decision on one fee reduction; *decision is its id. */
Rc office_draft_reduction(Ctx *ctx, const OfficeAct *act, Str *decision);
/* A collection plan to draft. */
typedef struct OfficePlan {
    Date day;
    const StrVec *numbers; /* receipt numbers to take in; NULL: all that are confirmed */
    Str note;              /* for the decider, frozen with the list; may be empty */
} OfficePlan;
/* Drafts the collection plan of a day over its confirmed cases. RC_CONFLICT "nothing-to-plan". */
Rc office_draft_plan(Ctx *ctx, const OfficePlan *plan, Str *decision);

typedef struct OfficeDecision {
    Str id;
    Str hash;    /* of what was shown */
    Str opinion; /* reason of a return or rejection */
    Str case_id; /* take out */
} OfficeDecision;
/* Decides, and lets follow what follows, in one command: cases become planned, a fee is reduced. */
Rc office_decide(Ctx *ctx, const OfficeDecision *decision);
Rc office_return(Ctx *ctx, const OfficeDecision *decision);
Rc office_reject(Ctx *ctx, const OfficeDecision *decision);
/* Takes one case out of a plan; the hash changes and is shown again. */
Rc office_takeout(Ctx *ctx, const OfficeDecision *decision);

#endif
