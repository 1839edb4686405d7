#include "rand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

Rand rand_system(void) {
    return (Rand){0};
}

Rand rand_system_ahead(RandAhead *ahead) {
    return (Rand){.ahead = ahead};
}

static uint64_t splitmix(uint64_t *x) {
    uint64_t z = *x += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

Rand rand_seeded(uint64_t seed) {
    Rand rand = {.seeded = true};
    for (int i = 0; i < 4; i++)
        rand.state[i] = splitmix(&seed);
    return rand;
}

static uint64_t rotl(uint64_t x, int k) {
    return x << k | x >> (64 - k);
}

static uint64_t xoshiro(uint64_t s[4]) {
    uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

static void kernel_bytes(char *to, size_t len) {
    while (len) {
        ssize_t got = getrandom(to, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            perror("machi: getrandom");
            abort();
        }
        to += got;
        len -= (size_t)got;
    }
}

static void ahead_bytes(RandAhead *ahead, char *to, size_t len) {
    if (len > ahead->left) {
        kernel_bytes(ahead->bytes, sizeof ahead->bytes);
        ahead->left = sizeof ahead->bytes;
    }
    ahead->left -= len;
    memcpy(to, ahead->bytes + ahead->left, len);
    memset(ahead->bytes + ahead->left, 0, len);
}

void rand_bytes(Rand *rand, void *to, size_t len) {
    if (!rand->seeded && rand->ahead && len <= sizeof rand->ahead->bytes) {
        ahead_bytes(rand->ahead, to, len);
        return;
    }
    if (!rand->seeded) {
        kernel_bytes(to, len);
        return;
    }
    for (char *at = to; len;) {
        uint64_t word = xoshiro(rand->state);
        size_t n = len < sizeof word ? len : sizeof word;
        memcpy(at, &word, n);
        at += n;
        len -= n;
    }
}

uint64_t rand_u64(Rand *rand) {
    uint64_t value;
    rand_bytes(rand, &value, sizeof value);
    return value;
}

uint64_t rand_below(Rand *rand, uint64_t below) {
    assert(below);
    uint64_t limit = UINT64_MAX - UINT64_MAX % below, value;
    do
        value = rand_u64(rand);
    while (value >= limit);
    return value % below;
}

Str rand_id(Rand *rand, Arena *arena, size_t n) {
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char *text = arena_alloc(arena, n + 1, 1);
    rand_bytes(rand, text, n);
    for (size_t i = 0; i < n; i++)
        text[i] = digits[text[i] & 31];
    text[n] = 0;
    return (Str){text, n};
}
