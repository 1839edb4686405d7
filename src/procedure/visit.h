/* visit: who comes to a counter (総合窓口): takes a number, is called to a desk, is served there
   with all that he came for, and how long each took. A visit is nobody's by name; cases that are
   entered while one is served are joined to it. Counters are those of organisation.json. Include
   only procedure.h from outside. */
#ifndef PROCEDURE_VISIT_H
#define PROCEDURE_VISIT_H

#include "gate/gate.h"

#define VISIT_TYPE      LD_DEFAULT "Visit"
#define VISIT_ID_PREFIX "urn:ngsi-ld:Visit:"

typedef enum VisitState {
    VISIT_WAITING,
    VISIT_CALLED, /* to a desk */
    VISIT_SERVED, /* has come to it */
    VISIT_DONE,
    VISIT_ABSENT, /* was called, and didn't come */
    VISIT_STATES,
} VisitState;
Str visit_state_word(VisitState state);

/* Texts refer to the entity. */
typedef struct Visit {
    Str id, number, counter, business, desk;
    VisitState state;
    int64_t taken_at, called_at, served_at, ended_at; /* TIME_NONE: not yet */
    int64_t last_call;                                /* called again */
    uint64_t version;
} Visit;
typedef VEC(Visit) Visits;

/* Counters of the city: {id, name, desks [], business [{id, name}]}; NULL: there is none of this
   id, or past the last. */
const Json *visit_counter(const Ctx *ctx, Str id);
const Json *visit_counter_at(const Ctx *ctx, size_t n);

/* Draws the next number of the day; *token is that of its unguessable address. RC_NOT_FOUND
   "no-counter"; RC_INVALID "no-business"; RC_LIMIT "too-many-numbers": as many wait from who asks'
   network as may. */
Rc visit_take(Ctx *ctx, Str counter, Str business, Str *token);
/* RC_NOT_FOUND "no-visit". */
Rc visit_find(Ctx *ctx, Str token, Visit *out);
/* All of today, in the order in which they came; at most so many as a day has. */
Rc visits_today(Ctx *ctx, Str counter, Visits *out);

/* What a day looks like, of its visits. */
typedef struct VisitDay {
    int64_t waiting, served, absent;
    int64_t wait_middle,
        wait_most; /* µs that those who were called had waited: median, longest; -1: nobody was */
    int64_t ahead_each; /* µs for each that is ahead, at the present pace; -1: not known yet */
} VisitDay;
void visits_day(Arena *arena, const Visits *visits, VisitDay *out);

/* ---- the office ---- */
/* The visit that who acts has called or serves, of today; RC_NOT_FOUND "no-visit": none. */
Rc visit_own(Ctx *ctx, Visit *out);
/* The id of the one that he serves, who has come to the desk; empty: nobody. */
Rc visit_served(Ctx *ctx, Str *id);
/* Calls the next one to a desk; twice is once: whom he has called already. RC_DENIED; RC_NOT_FOUND
   "nobody-waits"; RC_INVALID "no-desk". */
Rc visit_call(Ctx *ctx, Str counter, Str desk, Visit *out);
/* What becomes of the one that who acts has called: VISIT_CALLED once more, VISIT_SERVED,
   VISIT_DONE or VISIT_ABSENT. RC_CONFLICT "moved-on"; VISIT_DONE: "unsent": as tablet_unsent. */
Rc visit_move(Ctx *ctx, Str id, VisitState to);
/* The cases that were entered for it, in ctx->arena; whole: mask them before they are shown. */
typedef VEC(const Entity *) VisitCases;
Rc visit_cases(Ctx *ctx, Str id, VisitCases *out);

#endif
