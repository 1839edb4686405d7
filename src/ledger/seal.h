/* seal: authenticated encryption of doc/ledger-format.md §6 (XChaCha20-Poly1305, libsodium). */
#ifndef LEDGER_SEAL_H
#define LEDGER_SEAL_H

#include "base/base.h"

enum {
    SEAL_KEY = 32,
    SEAL_NONCE = 24,
    SEAL_TAG = 16,
    SEAL_WRAPPED = SEAL_NONCE + SEAL_KEY + SEAL_TAG
};

typedef struct SealKey {
    uint8_t bytes[SEAL_KEY];
} SealKey;

typedef struct KeyId {
    uint8_t bytes[16];
} KeyId;

Str seal_id_str(const KeyId *id);
bool seal_id_same(const KeyId *a, const KeyId *b);
/* From 16 bytes of a stored form. */
KeyId seal_id_of(Str bytes);

/* Appends nonce ‖ ciphertext ‖ tag; the nonce is drawn from rand. */
void seal_add(Buf *to, Rand *rand, const SealKey *key, Str associated, Str plain);
/* Opens nonce ‖ ciphertext ‖ tag into the arena; false when it was altered or the key is another.
 */
bool seal_open(Arena *arena, const SealKey *key, Str associated, Str sealed, Str *plain);
/* A key sealed under another: SEAL_WRAPPED bytes. */
void seal_wrap(uint8_t wrapped[SEAL_WRAPPED], Rand *rand, const SealKey *parent, Str associated,
               const SealKey *key);
bool seal_unwrap(const SealKey *parent, Str associated, Str wrapped, SealKey *out);
/* Overwrites with zeros, surely. */
void seal_forget(void *secret, size_t len);

#endif
