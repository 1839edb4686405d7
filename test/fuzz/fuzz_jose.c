/* What a provider says: up to the first line's end a token, from there on a set of keys. Nothing
   that was not signed by a key is verified, and a key that is taken is within its bounds. */
#include "fuzz.h"

#include "gate/jose.h"

static void key_whole(const JoseKey *key) {
    assert(key->algorithm < JOSE_ALGORITHMS);
    assert(key->a.len >= 32 && key->a.len <= 1024 && key->b.len <= 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 18) return 0;
    Ctx ctx = {.arena = arena_new(64 << 20)};
    Str rest = {(const char *)data, size}, line = STR_NONE;
    if (!str_split(&rest, '\n', &line)) line = STR_NONE;
    JoseKeys keys = {0};
    JoseToken token;
    bool set = jose_keys_read(&ctx, rest, &keys) == RC_OK;
    assert(set || !keys.len);
    VEC_EACH (const JoseKey, key, &keys)
        key_whole(key);
    if (jose_token_read(&ctx, line, &token) == RC_OK) {
        const JoseKey *key = jose_key_of(&keys, &token);
        assert(line.len <= JOSE_TOKEN_MAX && token.claims);
        if (key && jose_verified(&ctx, key, &token)) assert(token.signature.len >= 64);
    }
    arena_free(ctx.arena);
    return 0;
}
