/* rand: randomness. The running program draws from the kernel; tests own a seeded one. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include "arena.h"
#include "str.h"

typedef struct Rand {
    bool seeded; /* false: getrandom(2). true: xoshiro256**, for tests and generated cities, never
                    for secrets */
    uint64_t state[4];
} Rand;

Rand rand_system(void);
Rand rand_seeded(uint64_t seed);
void rand_bytes(Rand *rand, void *to, size_t len);
uint64_t rand_u64(Rand *rand);
/* Uniform in [0, below); below > 0. */
uint64_t rand_below(Rand *rand, uint64_t below);
/* n characters of Crockford base 32 in lower case (5 bits each), for opaque ids: 26 characters are
 * 130 bits. */
Str rand_id(Rand *rand, Arena *arena, size_t n);

#endif
