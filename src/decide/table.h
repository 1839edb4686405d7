/* table: the table of delegations (専決) of organisation.json: which post decides a kind of matter
   at an amount, and which posts see it before and after. A row has `kind`, `post`, `upTo` (null:
   any amount), and may have `reviewers` (回議, in their order), `consulted` (合議; together, or
   with `inSeries` one after the other), `circulated` (供覧), and the rules `important`,
   `drafterDecides`, `unsettledGoesUp`. Include only decide.h from outside. */
#ifndef DECIDE_TABLE_H
#define DECIDE_TABLE_H

#include "json/json.h"

#include "route.h"

/* RC_INVALID "bad-organisation" names row and member: a post that isn't there, twice on one route,
   no kind; rows of a kind that don't rise. NULL: there is no organisation. */
Rc table_check(Ctx *ctx, const Json *organisation);
typedef struct TableAsk {
    const Json *organisation; /* NULL: there is none */
    Str kind;
    int64_t amount;
} TableAsk;
/* Sets decider, reviewers, consulted, circulated, row and rules of a plan: texts borrowed, lists in
   the arena. RC_INVALID "no-decider": no row is of this kind and amount. */
Rc table_plan(Ctx *ctx, Arena *arena, const TableAsk *ask, RoutePlan *plan);

/* What tells the row that a kind takes at an amount from its other rows; empty: none fits. */
Str table_row(Arena *arena, const TableAsk *ask);
/* The post that decides, STR_NONE when no row fits. */
Str table_decider(const TableAsk *ask);
/* Whether it gives a post any amount of a kind of matter. */
bool table_gives(const Json *organisation, Str kind, Str post);

#endif
