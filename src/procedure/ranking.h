/* ranking: who gets a place where there are fewer than are asked for (利用調整): open cases of one
   day, in the order of what a definition makes of their answers, each placed at the first of its
   wishes that has room. Proposed, and decided, as one list (together.h). Include only procedure.h
   from outside. */
#ifndef PROCEDURE_RANKING_H
#define PROCEDURE_RANKING_H

#include "defined.h"
#include "inbox.h"

/* A value that orders, or groups, and what it is called. */
typedef struct RankedBy {
    const FeelExpr *value;
    Wording label;
} RankedBy;
struct Ranking {
    Str round;            /* the question for the day from which a place is wanted */
    const FeelExpr *when; /* which cases whose day is that of a round, or before it, are in it;
                             NULL: all */
    StrVec states;        /* cases in these are ranked */
    VEC(RankedBy) order;  /* numbers, more comes first; what is equal goes to the next */
    StrVec choices;       /* questions for a place, the first wish first; of the same options */
    RankedBy group;       /* places are of one; value NULL: they are of all */
    Str admit, hold;      /* the moves of who gets a place, and of who gets none */
};

/* The ranking of a definition's source, whose fields, states and moves were read; NULL: it has
   none. names: of fields and tables. It lives in ctx->arena and refers to source. RC_INVALID
   "bad-definition". */
Rc ranking_read(Ctx *ctx, const Json *source, const StrVec *names, Definition *definition);
void ranking_lint(Ctx *ctx, const Definition *definition, DefinitionFindings *out);
/* The day that is ranked, in its expressions. */
#define RANKING_DAY STR("rankedOn")
/* Whether a move is made by the ranking alone. */
bool ranking_moves(const Definition *definition, Str move);
/* What its options are called; NULL: none of that id. */
const FieldOption *ranking_option(const Definition *definition, Str id);

/* Places of an option for a group; those of them that decisions have given, and those that this
   plan gives; and how many of its cases wished for it first. */
typedef struct RankedPlaces {
    Str option, group;
    int64_t places, given, taken, first;
} RankedPlaces;
typedef struct RankedCase {
    const Entity *application; /* whole */
    Str number, group;
    const FeelValue *values; /* by order */
    StrVec wishes;
    Str placed;  /* option; empty: none */
    size_t wish; /* which of its wishes that is, from 1 on */
    bool lot;    /* another of its group is equal to it in all: the lot put one before the other */
    bool proposed; /* it waits in a proposal and keeps what that says: it isn't ranked */
} RankedCase;
/* Days that its open cases wish for, in their order, and how many do. */
typedef struct RankingRound {
    Date day;
    int64_t cases;
} RankingRound;
typedef VEC(RankingRound) RankingRounds;
typedef struct RankingPlan {
    const Definition *definition;
    Date round;
    StrVec groups;
    VEC(RankedPlaces) places; /* by option, then by group */
    VEC(RankedCase) cases;    /* in their order */
    RankingRounds rounds;
    int64_t placed, proposed;
    bool said;        /* a place was */
    uint64_t version; /* of what was said of places; 0: nothing was */
    Str seed;         /* of the lot; empty: nothing was said yet */
    Str hash;         /* of what would be proposed */
} RankingPlan;
/* Of the open cases whose day is this one or one before it. What is equal in all is put in the
   order of a lot: of the SHA-256 hashes of a seed, which is drawn when the places of the day are
   said first and stands in the ledger, and the receipt number. RC_NOT_FOUND "no-ranking"; RC_DENIED
   "not-permitted": it is for the division in charge. Pool threads, slow. */
Rc ranking_plan(Ctx *ctx, Str procedure, Date round, RankingPlan *out);
/* Those days alone. */
Rc ranking_rounds(Ctx *ctx, Str procedure, RankingRounds *out);

/* How many places an option has for a group on a day, given ones among them; kept beside those that
   aren't said. RC_INVALID "bad-places" at "OPTION/GROUP": fewer than were given, or more than 9999;
   RC_CONFLICT "version": somebody has said or given some since. */
typedef struct RankingPlaces {
    Str procedure;
    Date round;
    uint64_t version; /* that was shown (RankingPlan) */
    VEC(RankedPlaces) places;
} RankingPlaces;
Rc ranking_keep(Ctx *ctx, const RankingPlaces *said);

typedef struct RankingWish {
    Str procedure;
    Date round;
    Str seen;                   /* hash of the plan that was shown */
    Str reason, held;           /* of the whole; and what those read who get no place */
    const RankingPlaces *typed; /* that stand on the page and may not have been kept; NULL: none */
} RankingWish;
/* Proposes it as one list. RC_INVALID "missing" at "reason", "held"; RC_CONFLICT "unsaved": places
   were typed and not kept; "other-plan": it says something else by now; "nothing": no place was
   said, or nobody would be moved; "proposed": another one of the day waits; errors of
   together_propose. The decision fails with RC_CONFLICT "no-room" where it gives more places than
   there are by then. */
Rc ranking_propose(Ctx *ctx, const RankingWish *wish, Str *decision);

#endif
