/* What a browser brings of a passkey: up to the first line's end its own part, from there on the
   authenticator's data. A credential that is taken has an id and a key within their bounds, and is
   the same when it is read again; nobody's key takes what nobody signed. */
#include "fuzz.h"

#include "gate/webauthn.h"

#include <string.h>

static void made_again(Ctx *ctx, const WebauthnSaid *said, const WebauthnKey *key) {
    WebauthnKey again;
    assert(key->id.len > 0 && key->id.len <= WEBAUTHN_ID_MAX);
    assert(key->bytes.len > 0 && key->bytes.len < WEBAUTHN_DATA_MAX);
    assert(webauthn_made(ctx, said, STR("localhost"), &again) == RC_OK);
    assert(str_eq(key->id, again.id) && str_eq(key->bytes, again.bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 14) return 0;
    Ctx ctx = {.arena = arena_new(64 << 20)};
    Str rest = {(const char *)data, size}, line = STR_NONE;
    if (!str_split(&rest, '\n', &line)) line = STR_NONE;
    WebauthnClient client;
    WebauthnKey key, nobody = webauthn_nobody();
    uint32_t count;
    if (webauthn_client(&ctx, line, &client) == RC_OK)
        assert(!str_empty(client.type) && !str_empty(client.challenge) &&
               line.len <= WEBAUTHN_CLIENT_MAX);
    WebauthnSaid said = {.client = line, .data = rest, .signature = str_head(rest, 72)};
    if (webauthn_made(&ctx, &said, STR("localhost"), &key) == RC_OK) made_again(&ctx, &said, &key);
    assert(webauthn_signed(&ctx, &said, STR("localhost"), &nobody, &count) == RC_DENIED);
    arena_free(ctx.arena);
    return 0;
}
