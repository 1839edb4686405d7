/* route: how a proposal (起案) comes to its decision (決裁): stages of posts, what may be done at
   each, and what follows. Pure: an act on a route gives the next route or is refused; nothing is
   ever taken out of its acts. Posts and table are those of the day of the draft, persons those of
   the day of the act. 回議 review, 合議 consultation, 決裁 decision, 供覧 circulation, 代決
   decision by a deputy, 後閲 seeing it afterwards, 専決 is the choice of the decider's post by the
   table, made before the route begins. Include only decide.h from outside. */
#ifndef DECIDE_ROUTE_H
#define DECIDE_ROUTE_H

#include "org.h"

typedef enum RouteKind { ROUTE_REVIEW, ROUTE_CONSULT, ROUTE_DECIDE, ROUTE_CIRCULATE } RouteKind;

typedef enum RouteStand {
    STAND_WAITING,
    STAND_APPROVED, /* reviewed, consented, decided, read */
    STAND_DISSENT,  /* of a consultation, with its opinion */
    STAND_PASSED,   /* an absent reviewer was passed over: 後閲 is due */
} RouteStand;

typedef struct RouteStage {
    RouteKind kind;
    int rank; /* stages of the lowest rank that waits are due, together */
    Str post;
    RouteStand stand;
    OrgHow how;
    Str actor, actor_post;
    Str actor_main; /* as OrgHolding.main */
    int64_t at;     /* of the act, µs; 0: none yet */
    Str hash;       /* of the contents that were acted on */
    Str opinion;    /* dissent, note */
    bool after;     /* 後閲 is due: for whoever holds the post */
    bool changed;   /* a minor correction came after this act: to be seen */
} RouteStage;

typedef enum RouteState {
    ROUTE_WAITING,
    ROUTE_DECIDED,
    ROUTE_RETURNED,  /* 差戻し to the drafter */
    ROUTE_WITHDRAWN, /* 引戻し: with the drafter, as what was returned */
    ROUTE_REJECTED,  /* 却下 */
    ROUTE_DROPPED,   /* 廃案: by its drafter, or because what it was about has ended */
    ROUTE_STATES
} RouteState;

/* What the table says of this kind of matter. */
typedef struct RouteRules {
    bool drafter_decides; /* the drafter may be the decider */
    bool important; /* important, unusual (異例) or doubtful: 代決 only when instructed or urgent */
    bool instructed;        /* the decider has instructed 代決 beforehand */
    bool unsettled_goes_up; /* 合議不調: the first common superior decides, else the decider */
} RouteRules;

enum { ROUTE_STAGES_MAX = 64, ROUTE_DRAFTERS_MAX = 16 };

typedef struct Route {
    RouteState state;
    RouteRules rules;
    Str drafter, drafter_post, hash;  /* who has the draft; of the contents */
    Str drafters[ROUTE_DRAFTERS_MAX]; /* all who had it, he among them: none of them decides it */
    size_t n_drafters;
    RouteStage stages[ROUTE_STAGES_MAX];
    size_t n;
    bool issued; /* 施行 */
    OrgHow how;  /* in which the act was done that made it so, and its OrgHolding.main; not kept */
    Str main;
} Route;

typedef enum RouteVerb {
    ROUTE_APPROVE, /* review, consent, decide or read, by the stage's kind */
    ROUTE_DISSENT,
    ROUTE_PASS,   /* an absent reviewer is passed over */
    ROUTE_SEE,    /* 後閲, or a minor correction */
    ROUTE_RETURN, /* to the drafter, or to the stage `to` */
    ROUTE_REJECT,
    ROUTE_WITHDRAW,
    ROUTE_PULL_UP, /* 引上げ: a superior takes the decision */
    ROUTE_CONSULT_ADD,
    ROUTE_AMEND, /* by the drafter: new contents; what came back is handed in again, with the same
                    contents too */
    ROUTE_ISSUE,
    ROUTE_DROP, /* 廃案, by the drafter, of what came back to him */
    ROUTE_VERBS
} RouteVerb;

typedef struct RouteAct {
    RouteVerb verb;
    Str person, post; /* who acts, under which of his posts */
    Date day;
    int64_t at;         /* µs, of the day: kept with the stage */
    size_t stage;       /* of the acts on a stage */
    size_t to;          /* RETURN: a stage before, or ROUTE_STAGES_MAX for the drafter */
    Str hash;           /* APPROVE, DISSENT: of what was seen; AMEND: of the new contents */
    Str opinion;        /* reason of return, rejection, dissent; the urgency of a 代決 */
    Str added;          /* CONSULT_ADD: the post */
    bool urgent;        /* 代決 of an important matter: unavoidably so, the reason in opinion */
    bool minor;         /* AMEND: declared 軽微な修正 */
    bool two_roles;     /* he acts in a second role on this route and says so */
    bool opinions_seen; /* DECIDE after a dissent: the opinions were in view */
} RouteAct;

/* Begins a route: reviews in order of superiors, consultations together before the decision, the
 * decider last. Each post once. RC_INVALID "no-decider", "too-long". */
typedef struct RoutePlan {
    Str drafter, drafter_post, decider_post, hash;
    StrVec reviewers, consulted, circulated;
    bool in_series; /* consultations one after the other */
    Str row;        /* of the table, by which it was made (table_row); empty: by none */
    RouteRules rules;
} RoutePlan;
Rc route_begin(Ctx *ctx, const RoutePlan *plan, Route *out);

/* Whether he acts as the drafter: who has the draft, as long as he has that post; else whoever is
   there and acts under it. */
bool route_drafts(const Org *org, const Route *route, const RouteAct *act);
/* By which of his holdings he acts, there or not; NULL: by none. */
const OrgHolding *route_himself(const Org *org, const RouteAct *act);
/* He acts as the drafter, and has the draft from now on. RC_DENIED "not-drafter"; "has-acted": who
   stands on one of its stages takes it over from nobody; RC_LIMIT "too-many-drafters": but for a
   withdrawal, behind which nobody decides. */
Rc route_take(Ctx *ctx, const Org *org, const RouteAct *act, Route *route);
/* Adds one who had the draft, once; false: there is no room. */
bool route_drafter_add(Route *route, Str person);
void route_drafters_add(Route *route, const StrVec *persons);
/* Whether a verb is about one stage (RouteAct.stage). */
bool route_is_on_stage(RouteVerb verb);

/* The route after an act. RC_DENIED: not he, not now; RC_CONFLICT: it has moved on; RC_INVALID:
 * something is missing. *route is changed only on RC_OK. */
Rc route_act(Ctx *ctx, const Org *org, const RouteAct *act, Route *route);

/* New contents: all that was approved is void; a minor correction (軽微な修正) is to be seen by
 * those who have acted instead. */
void route_renew(Route *route, Str hash, bool minor);

/* Whether it came back to its drafter (差戻し, 引戻し): he hands it in again or drops it. */
bool route_is_back(const Route *route);
/* Whether the stage is due: it waits and nothing before it does. */
bool route_is_due(const Route *route, size_t stage);
/* Whether a consultation stands in dissent (合議不調). */
bool route_is_unsettled(const Route *route);
size_t route_decider(const Route *route); /* the index of the one deciding stage */
/* The stage that waits for a post on a day: its own, then as the deputy of an absent holder, then
   one that it has to see; else the deciding one. */
size_t route_stage_of(const Org *org, const Route *route, Str post, Date day);

/* Who can act on a due stage on a day, or why nobody can. */
typedef enum RouteWait {
    WAIT_NOT_DUE,
    WAIT_PERSON,
    WAIT_SUPERIOR, /* only the drafter holds the deciding post: the superior named takes it up
                      (引上げ) */
    WAIT_ABSENT,   /* until somebody is back */
    WAIT_VACANT,   /* until an acting holder is named */
} RouteWait;
typedef struct RouteTurn {
    RouteWait wait;
    Str person, post; /* WAIT_PERSON, WAIT_SUPERIOR: one who can */
    OrgHow how;
    Date until; /* WAIT_ABSENT, WAIT_VACANT: the day from which on somebody can; year 0: none is
                   known, it waits for an order of who acts */
    Str law;    /* and who by law acts today, once that is ordered (org_by_law) */
} RouteTurn;
void route_turn(const Org *org, const Route *route, size_t stage, Date day, RouteTurn *out);

#endif
