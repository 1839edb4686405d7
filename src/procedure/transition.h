/* transition: 経過措置: running cases of a procedure go on under another version of it, by a
   decision. Here: which cases, which state takes the place of which, what that would come to, case
   by case, and proposing it. What follows the decision stands in transit.h. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_TRANSITION_H
#define PROCEDURE_TRANSITION_H

#include "fit.h"

#define TRANSITION_KIND STR("procedure-transition") /* of proposals: about a procedure */

/* A state of an old version, and the one of the new version that takes its place. */
typedef struct TransitionMap {
    int64_t version;
    Str state, to;
} TransitionMap;

typedef struct TransitionWish {
    Str procedure;
    int64_t to;
    VEC(int64_t) from;  /* versions */
    StrVec states;      /* cases in these alone; empty: in any */
    Date since, before; /* that arrived on that day or later, and before that one; year 0: any */
    VEC(TransitionMap) moved; /* states without a row keep their id, */
    bool whole;               /* or have nothing in their place */
    Str reason;
} TransitionWish;

/* A state in which cases of an old version can be. */
typedef struct TransitionRow {
    const Definition *from;
    const DefinedState *state;
    const DefinedState *to; /* NULL: nothing takes its place, and its cases stay */
    Str fault;          /* why nothing does: "unmapped", "end", "owner", "no-end", "unreachable";
                           empty: something does, or no case is there */
    int64_t cases, fit; /* that the wish names, and those of them that can go */
} TransitionRow;
typedef VEC(TransitionRow) TransitionRows;

/* A case that can't go, and why. */
typedef struct TransitionStay {
    Str id;
    const TransitionRow *row;
    FitWhy why;
    const Field *field; /* FIT_ANSWER */
} TransitionStay;

typedef struct TransitionPlan {
    const Definition *to;
    TransitionRows rows;
    int64_t cases, fit, later, sooner; /* later: whose applicants get more time; sooner: with an
                                          earlier day for the office */
    int64_t stays[FIT_WHYS];
    VEC(TransitionStay) listed; /* of those that stay, from `skip` on and at most `take` */
    Str hash;                   /* of what is decided: versions, states, days */
} TransitionPlan;
typedef struct TransitionSlice {
    size_t skip, take;
} TransitionSlice;

/* A dry run over all running cases that a wish names. RC_NOT_FOUND "no-procedure", "no-version";
   RC_INVALID "missing" at "from"; "not-in-force" at "to": the new version isn't in force today;
   "same" at "from": it is the new one. Slow: pool threads. */
Rc transition_plan(Ctx *ctx, const TransitionWish *wish, const TransitionSlice *slice,
                   TransitionPlan *out);
/* Proposes it; seen: the hash of the dry run that was shown. RC_INVALID "missing", "too-long" at
   "reason"; RC_CONFLICT "other-plan": the dry run says something else now, "faults": a state that
   holds cases has nothing in its place, "nothing": no case can go, "going": another one of the
   procedure is being carried out, "proposed". */
Rc transition_propose(Ctx *ctx, const TransitionWish *wish, Str seen, Str *decision);
/* The proposal that waits; empty: none does. */
Rc transition_waits(Ctx *ctx, Str procedure, Str *decision);
/* Cases of each version of a procedure that are open, by version from 1 on. */
typedef VEC(int64_t) TransitionCounts;
Rc transition_counts(Ctx *ctx, Str procedure, TransitionCounts *out);

/* The wish of a proposal, from its contents, to which it refers. */
void transition_read(Arena *arena, const Json *contents, TransitionWish *out);
/* The same errors of the version to which cases go, and the rows of a wish without its cases. */
Rc transition_target(Ctx *ctx, const TransitionWish *wish, const Definition **out);
Rc transition_rows(Ctx *ctx, const TransitionWish *wish, TransitionRows *out);
/* The row of an open case that a wish names; NULL: it names it not. application: whole. */
TransitionRow *transition_row(const TransitionWish *wish, const TransitionRows *rows,
                              const Entity *application);
/* Shows each open case of a procedure, as project_each does. */
Rc transition_each(Ctx *ctx, Str procedure, ProjectEach each, void *arg);

#endif
