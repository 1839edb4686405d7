/* hands: what is decided goes from one official to another, and stays what was proposed. Who has it
   is part of its record, so the record becomes another version; what it says is the same. Include
   only decide.h from outside. */
#ifndef DECIDE_HANDS_H
#define DECIDE_HANDS_H

#include "model/model.h"

/* Adds to the change `after` that only who has it (assignee, handover) changes at this position of
   the ledger (stage_position). */
void hands_mark(Arena *arena, const Entity *before, uint64_t position, Entity *after);
/* Whether `now` says what it said in this version: it is that version, or has only changed hands
   since. */
bool hands_same(const Entity *now, uint64_t version);

#endif
