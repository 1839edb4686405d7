/* hash: a fast hash for tables, SHA-256 and HMAC for everything that must not be forged, and text
 * forms of bytes. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "arena.h"
#include "str.h"

typedef struct Digest {
    uint8_t bytes[32];
} Digest;

/* 64 bits for hash tables, keyed by random bytes that the kernel gives each process: nobody outside
   can choose texts that fall together. Stable within a process only. */
uint64_t hash_fast(Str s);
/* The first 64 bits of the SHA-256: the same in every process, for what is compared with what was
   kept. */
uint64_t hash_lasting(Str s);
/* SHA-256 (FIPS 180-4). */
Digest hash_sha256(Str s);
/* SHA-256 over the concatenation of n slices. */
Digest hash_sha256_parts(const Str *parts, size_t n);
/* HMAC-SHA-256 (RFC 2104). */
Digest hash_hmac(Str key, Str message);
/* Compares without telling by its time where two slices differ. */
bool hash_same(Str a, Str b);

Str hash_hex(Arena *arena, Str bytes);
/* Lower or upper case hex; false on an odd length or another character. */
bool hash_from_hex(Arena *arena, Str hex, Str *bytes);
/* A digest as 64 digits of hex, and from them; false: they are something else. */
Str hash_digest_hex(Arena *arena, const Digest *digest);
bool hash_digest_of(Arena *arena, Str hex, Digest *out);
/* base64url without padding (RFC 4648, 5). */
Str hash_base64url(Arena *arena, Str bytes);
bool hash_from_base64url(Arena *arena, Str text, Str *bytes);
/* base64 with padding (RFC 4648, 4). */
Str hash_base64(Arena *arena, Str bytes);
bool hash_from_base64(Arena *arena, Str text, Str *bytes);
/* The first n characters (5 bits each) of bytes in Crockford base 32, lower case: short ids from
 * digests. bytes.len * 8 >= n * 5. */
Str hash_base32(Arena *arena, Str bytes, size_t n);

#endif
