/* route_json: how a Decision keeps its route. `route` has its rules, stages without opinions, and
   where they were several all who had the draft,
   `opinions` the opinions (sensitive), `acts` every act that was ever done on it, `waitsFor` the
   posts whose turn it is, or who have to see something, `routePosts` all of its posts; number,
   hash, drafter and state stand in attributes of their own. Include only decide.h from outside. */
#ifndef DECIDE_ROUTE_JSON_H
#define DECIDE_ROUTE_JSON_H

#include "model/model.h"

#include "route.h"

/* "waiting", "decided" ...: the words of the attribute `state`. */
const char *route_json_state(RouteState state);
const char *route_json_verb(RouteVerb verb);
/* "approve" ...; ROUTE_VERBS: none of this name. */
RouteVerb route_json_verb_of(Str name);

/* Sets route, waitsFor, routePosts, deciderPost, contentHash and state. */
void route_json_set(Arena *arena, Entity *decision, const Route *route);
/* Sets drafter in `after` where another has the draft than in `before`. */
void route_json_drafter(Arena *arena, const Entity *before, const Route *route, Entity *after);
/* The route of a Decision, its texts borrowed from it; opinions as far as it shows them. One of
   before routes were kept has one stage, the decider's. */
void route_json_read(const Entity *decision, Route *out);

/* One act, as it is kept for good. */
typedef struct RouteDone {
    int64_t at;
    RouteVerb verb;
    size_t stage; /* ROUTE_STAGES_MAX: of none */
    Str actor, post, opinion;
    Str main; /* as OrgHolding.main */
    OrgHow how;
} RouteDone;
typedef VEC(RouteDone) RouteDones;
void route_json_acts(Arena *arena, const Entity *decision, RouteDones *out);
/* Appends one to acts, and its opinion to opinions, of `before` in `after`. RC_LIMIT
 * "too-many-acts".
 */
Rc route_json_act_add(Ctx *ctx, const Entity *before, Entity *after, const RouteDone *done);

/* All that was done on it, as if it had been done at one time: of a city that was lived through at
 * once. What it sets is borrowed from the decision. */
void route_json_redate(Arena *arena, const Entity *decision, int64_t at, Entity *set);

#endif
