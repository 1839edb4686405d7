/* seed_int: the generated city's people, and what they write. Private to seed.c,
   seed_people.c and seed_consultation.c. */
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

/* The steps of a case as if they had been made at these instants. */
Json seed_dated_steps(Arena *arena, const Entity *application, const int64_t *at, size_t n);
/* An instant of a record; TIME_NONE: none is set. */
void seed_time(Arena *arena, Entity *entity, Str iri, int64_t at);
/* Adds what is written over the instants of the writing. */
void seed_date_add(Command *command, Entity *set);

/* Consultations: whose ctx, with the generator's clock, randomness and arena, and who acts. */
typedef struct SeedTalks {
    Ctx *ctx;
    Clock *clock;
    int64_t now;
    Actor *resident, *nobody, *official;
} SeedTalks;
Rc seed_consultations(const SeedTalks *talks);

#endif
