/* rand: randomness. The running program draws from the kernel; tests own a seeded one. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include "arena.h"
#include "str.h"

/* Bytes of the kernel's, drawn ahead; each is given once and wiped. One thread at a time. Zeroed:
 * empty.
 */
typedef struct RandAhead {
    size_t left;
    char bytes[2048];
} RandAhead;

typedef struct Rand {
    bool seeded; /* false: getrandom(2). true: xoshiro256**, for tests and generated cities, never
                    for secrets */
    uint64_t state[4];
    RandAhead *ahead; /* NULL: the kernel is asked each time */
} Rand;

Rand rand_system(void);
/* The same, for nonces and ids that are drawn by the thousand: asks the kernel once for many. ahead
 * outlives it. */
Rand rand_system_ahead(RandAhead *ahead);
Rand rand_seeded(uint64_t seed);
void rand_bytes(Rand *rand, void *to, size_t len);
uint64_t rand_u64(Rand *rand);
/* Uniform in [0, below); below > 0. */
uint64_t rand_below(Rand *rand, uint64_t below);
/* n characters of Crockford base 32 in lower case (5 bits each), for opaque ids: 26 characters are
 * 130 bits. */
Str rand_id(Rand *rand, Arena *arena, size_t n);

#endif
