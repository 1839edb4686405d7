/* seed_int: the generated city's people, and what they write. Private to seed.c and seed_people.c.
 */
#ifndef PROCEDURE_SEED_INT_H
#define PROCEDURE_SEED_INT_H

#include "procedure_int.h"

/* Fills district, address, items, contact and choice with what an invented household might answer;
   token, day and reduction are left to the caller. Everything lives in the arena. */
void seed_answers(Arena *arena, Rand *rand, const Waste *waste, Answers *out);
/* A question of the office with the answer it got, or a reason to refuse. */
typedef struct SeedTalk {
    Str question, answer;
} SeedTalk;
SeedTalk seed_talk(Rand *rand);
Str seed_reason(Rand *rand);

#endif
