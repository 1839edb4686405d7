/* meet_int: what the files of the room share. */
#ifndef MEET_MEET_INT_H
#define MEET_MEET_INT_H

#include "meet.h"

#include "ledger/ledger.h"
#include "project/project.h"

#define IRI(term)      STR(LD_DEFAULT term)
#define MEETING_PREFIX "urn:ngsi-ld:Meeting:"

Str meeting_id(Arena *arena, Str key);
Str item_id(Arena *arena, Str key, int64_t n);
void meeting_read(const Entity *entity, Meeting *out);
Str meet_division(const Ctx *ctx); /* of the post of who acts */
/* Whether the policies let who acts write here at all. */
Rc meet_permitted(Ctx *ctx);

#endif
