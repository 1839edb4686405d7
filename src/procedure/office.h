/* office: the clerk's and the decider's side. Rights are asked of the gate here; the deciding
   itself is decide/'s. Include only procedure.h from outside. */
#ifndef PROCEDURE_OFFICE_H
#define PROCEDURE_OFFICE_H

#include "apply.h"
#include "decide/decide.h"
#include "inbox.h"
#include "project/project.h"

/* What an official does to a case he looks at: version is that of the page. touch: seconds of
 * active work on the page. */
typedef struct OfficeAct {
    Str id;
    uint64_t version;
    int64_t touch;
    Str text;       /* question or reason */
    Date answer_by; /* office_ask: until when; year 0: as the rules say */
    Str step;       /* office_touch: the state in which the page showed it; empty: today's */
} OfficeAct;
/* Confirms under 専決. RC_DENIED when the fee is beyond the post's delegation, RC_CONFLICT
 * "reduction-open" while a reduction waits. */
Rc office_confirm(Ctx *ctx, const OfficeAct *act);
/* Until when a case can be asked back: not past the last working day before the cut-off of the day
 * that it holds. */
typedef struct OfficeAnswer {
    Date usual, last; /* what is proposed, and the last day; year 0: no day is held */
    bool none;        /* no such day is left */
} OfficeAnswer;
OfficeAnswer office_answer(const Ctx *ctx, const Entity *application);
/* Asks back (補正), until a day: the first one isn't counted, a closed one moves to the next
 * working day. The office's own time stands still meanwhile. RC_INVALID "missing"; "past", "far",
 * "late", "none" (office_answer) at "due". */
Rc office_ask(Ctx *ctx, const OfficeAct *act);
/* With its reason, and with what can be done about it (教示), as the rules say it today. */
Rc office_refuse(Ctx *ctx, const OfficeAct *act);
/* Ends a case that was missed and for which no other day was taken, with a reason. */
Rc office_end(Ctx *ctx, const OfficeAct *act);

/* ---- the pickup day ---- */
/* What the crew found at one stop. */
typedef struct OfficeMark {
    Str id;
    Str reason; /* why it was not collected (waste_missed); empty: it was */
    bool rest;  /* only if it has no mark yet */
} OfficeMark;
typedef VEC(OfficeMark) OfficeMarks;
/* Marks cases of a day's decided plans in one command, all or none. What was not collected waits
   for the resident, who takes another day. *position is that of the leaf, which all cases that
   changed have as their version; 0: all had these marks already. RC_CONFLICT "too-early" before the
   day, "moved-on" when a case is no longer in a plan of that day; RC_INVALID "no-mark",
   "no-reason". */
Rc office_mark(Ctx *ctx, Date day, const OfficeMarks *marks, uint64_t *position);
typedef VEC(const Entity *) OfficeRound;
/* The cases of the decided plans of a day that are still of that day, whole, by district and town
   as the truck goes. Mask them before they are shown. */
Rc office_round(Ctx *ctx, Date day, OfficeRound *out);
/* Days that have cases in decided plans without a mark, oldest first: a past one was forgotten. */
Rc office_round_days(Ctx *ctx, InboxDays *out);
/* Those whose business the post has today: itself, and abolished ones that it follows on; by id, in
 * ctx->arena. None: it is abolished itself. */
void office_posts_now(const Ctx *ctx, Str post, StrVec *out);
/* By which a post's business goes on today: itself, or whose successor follows on it. */
Str office_post_id_now(const Ctx *ctx, Str post);
/* The post in whose inbox cases are confirmed and wait for their plan. */
Str office_confirmer(const Ctx *ctx);
/* The one that confirms a case of this fee (専決). */
Str office_confirmer_of(const Ctx *ctx, int64_t fee);
/* Days from today on that have confirmed cases. */
Rc office_plan_days(Ctx *ctx, InboxDays *out);

/* Whether the assignee of an open case works in the division of its post no more, so that somebody
   has to take it over. holders: of any post (gate_holders). */
bool office_is_left(const Ctx *ctx, const Entity *application, const GateHolders *holders);

/* Adds active seconds on the page to what is counted for the case, and for its step: a page is left
   by what moves the case, so that it says itself which it showed. RC_INVALID "bad-step" where there
   is no such state. */
Rc office_touch(Ctx *ctx, const OfficeAct *act);
/* The same on a page of many cases, shared out among them in one command. Nothing of none. */
Rc office_touch_all(Ctx *ctx, const StrVec *ids, int64_t seconds);
/* Active seconds counted for a case so far. */
Rc office_touched(Ctx *ctx, Str case_id, int64_t *seconds);

/* Drafts the decision on one fee reduction; *decision is its id. act->text: what was seen of the
 * evidence, frozen with what was asked and answered; may be empty. Twice is once: while the
 * proposal waits it is the same. RC_CONFLICT "proposed": one about what the case was before waits.
 */
Rc office_draft_reduction(Ctx *ctx, const OfficeAct *act, Str *decision);
/* A collection plan to draft. */
typedef struct OfficePlan {
    Date day;
    const StrVec *numbers; /* receipt numbers to take in; NULL: all that are confirmed */
    Str note;              /* for the decider, frozen with the list; may be empty */
} OfficePlan;
/* Drafts the collection plan of a day over its confirmed cases. RC_CONFLICT "nothing-to-plan";
 * "proposed": another one of that day waits. */
Rc office_draft_plan(Ctx *ctx, const OfficePlan *plan, Str *decision);
/* The proposal on a case's fee reduction that waits, empty when none does. */
Rc office_reduction_waits(Ctx *ctx, Str case_id, Str *decision);

/* Proposals whose draft is his who asks, that were dropped with their cases and nobody who had it
 * has read so, at most twenty, whole; and that he has read one. RC_NOT_FOUND "no-proposal": none of
 * his was dropped. */
typedef VEC(const Entity *) OfficeTold;
Rc office_dropped(Ctx *ctx, OfficeTold *out);
Rc office_seen(Ctx *ctx, Str id);
/* Proposals of which the post of who asks was told something that it hasn't read (notice.h), at
   most twenty, whole. office_seen: it has. */
Rc office_told(Ctx *ctx, OfficeTold *out);
/* Proposals that came back (差戻し, 引戻し) to him who asks, until he hands them in again or drops
   them, at most twenty, whole. */
Rc office_back(Ctx *ctx, OfficeTold *out);

/* The proposals for a day's plan in a state ("waiting", "decided"), whole, in the order drafted. */
typedef VEC(const Entity *) OfficePlans;
Rc office_plans(Ctx *ctx, Date day, Str state, OfficePlans *out);

typedef struct OfficeDecision {
    Str id;
    Str hash;    /* of what was shown */
    Str opinion; /* reason of a return or rejection, or of taking out */
    Str case_id; /* take out */
} OfficeDecision;
/* An act on a proposal's route, as decide/ has it (its person, post and day are set here), and what
   follows when the route is decided or rejected, in one command: cases become planned, a fee is
   reduced. Errors of act_new. */
Rc office_act(Ctx *ctx, Str id, const RouteAct *act);
/* The same on whichever stage is his who asks: approves, and so decides where that is the last one;
 * returns to the drafter; rejects. */
Rc office_decide(Ctx *ctx, const OfficeDecision *decision);
Rc office_return(Ctx *ctx, const OfficeDecision *decision);
Rc office_reject(Ctx *ctx, const OfficeDecision *decision);
/* Takes one case out of a plan, as its drafter or its decider, with a reason; the hash changes and
 * is shown again. RC_INVALID "no-reason"; RC_CONFLICT "last-case", "other-contents". */
Rc office_takeout(Ctx *ctx, const OfficeDecision *decision);
/* Puts it back as it is now, if it is still confirmed for the day. RC_CONFLICT "out-moved",
 * "other-contents"; RC_NOT_FOUND "no-case". */
Rc office_putback(Ctx *ctx, const OfficeDecision *decision);
/* What the drafter of a proposal changes of it. */
typedef struct OfficeAmend {
    Str id;
    Str subject; /* empty: as its kind has it */
    Str text;    /* evidence seen, reason or note, as its kind has it */
    Str to;      /* transfer of files */
    Date until;  /* extension of files */
    Str seen;    /* office_amend_seen of when the form was shown; empty: unchecked */
    StrVec out;  /* codes of files that it is no longer about */
    bool more;   /* a plan: with what was confirmed since, too */
    bool minor;  /* declared 軽微な修正, which those who have acted see instead */
} OfficeAmend;
/* The drafter of any proposal of the procedures or files makes its contents anew, as what they are
   about is now, and hands it in: other contents void what was approved, and what came back waits
   again. RC_INVALID at "subject", "text"; RC_CONFLICT "unchanged": it waits as it is;
   "other-route": its amount would take another route; "proposed": another one about the same was
   drafted since; "case-changed": a case isn't as the form showed it; RC_INVALID "not-minor".
 */
Rc office_amend(Ctx *ctx, const OfficeAmend *amend);
/* How the cases of a proposal are now: the same while none of them says anything else. Empty: it is
   about none. */
Rc office_amend_seen(Ctx *ctx, const Entity *decision, Str *out);
/* The drafter takes his proposal back (引戻し). */
Rc office_withdraw(Ctx *ctx, const OfficeDecision *decision);

#endif
