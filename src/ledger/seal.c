#include "seal.h"

#include <sodium.h>
#include <string.h>

static_assert(SEAL_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce of libsodium");
static_assert(SEAL_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag of libsodium");
static_assert(SEAL_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key of libsodium");

Str seal_id_str(const KeyId *id) {
    return (Str){(const char *)id->bytes, sizeof id->bytes};
}

bool seal_id_same(const KeyId *a, const KeyId *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

KeyId seal_id_of(Str bytes) {
    KeyId id = {0};
    assert(bytes.len == sizeof id.bytes);
    memcpy(id.bytes, bytes.ptr, sizeof id.bytes);
    return id;
}

static void seal_to(uint8_t *to, Rand *rand, const SealKey *key, Str associated, Str plain) {
    rand_bytes(rand, to, SEAL_NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(to + SEAL_NONCE, NULL, (const uint8_t *)plain.ptr,
                                               plain.len, (const uint8_t *)associated.ptr,
                                               associated.len, NULL, to, key->bytes);
}

void seal_add(Buf *to, Rand *rand, const SealKey *key, Str associated, Str plain) {
    char *at = buf_reserve(to, SEAL_NONCE + plain.len + SEAL_TAG);
    if (at) seal_to((uint8_t *)at, rand, key, associated, plain);
}

static bool open_to(uint8_t *to, const SealKey *key, Str associated, Str sealed) {
    const uint8_t *nonce = (const uint8_t *)sealed.ptr;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               to, NULL, NULL, nonce + SEAL_NONCE, sealed.len - SEAL_NONCE,
               (const uint8_t *)associated.ptr, associated.len, nonce, key->bytes) == 0;
}

bool seal_open(Arena *arena, const SealKey *key, Str associated, Str sealed, Str *plain) {
    if (sealed.len < SEAL_NONCE + SEAL_TAG) return false;
    size_t len = sealed.len - SEAL_NONCE - SEAL_TAG;
    char *to = arena_alloc(arena, len + 1, 1);
    if (!open_to((uint8_t *)to, key, associated, sealed)) return false;
    *plain = (Str){to, len};
    return true;
}

void seal_wrap(uint8_t wrapped[SEAL_WRAPPED], Rand *rand, const SealKey *parent, Str associated,
               const SealKey *key) {
    seal_to(wrapped, rand, parent, associated, (Str){(const char *)key->bytes, SEAL_KEY});
}

bool seal_unwrap(const SealKey *parent, Str associated, Str wrapped, SealKey *out) {
    return wrapped.len == SEAL_WRAPPED && open_to(out->bytes, parent, associated, wrapped);
}

void seal_forget(void *secret, size_t len) {
    sodium_memzero(secret, len);
}
