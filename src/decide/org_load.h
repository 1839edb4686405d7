/* org_load: the Org of a city as it is asked: posts, superiors, deputies and successors of its
   organisation.json, who holds them by the accounts, who is away by the ledger. Include only
   decide.h from outside. */
#ifndef DECIDE_ORG_LOAD_H
#define DECIDE_ORG_LOAD_H

#include "gate/gate.h"

#include "org.h"

/* The posts alone. */
void org_load_posts(Arena *arena, const Gate *gate, Org *out);
/* All posts, and of these `near` (NULL: all) with their successors, deputies and superiors who
   holds them and is away, in the arena. Pool threads. */
Rc org_load(Ctx *ctx, Arena *arena, const StrVec *near, Org *out);
/* Whether a post is one of his own, and none that he has by a duty. */
bool org_owns(const GateHolder *official, Str post);
/* Guards are held to absences as they are at the commit: declares them, and reads them again. */
void org_load_needs(Command *command, const Org *org);
void org_load_absences(Arena *arena, Stage *stage, Org *org);

#endif
