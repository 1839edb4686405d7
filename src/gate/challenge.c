/* challenge: what an authenticator signs, and what a browser carries to a provider and back. It is
   made here, for one use, one browser and one
   account, ends after minutes, and is answered once; nothing of it is kept until then, for it
   carries a MAC. */
#include "gate_int.h"

#include <string.h>

enum { NONCE = 16, TIME = 8, MAC = 32, HEAD = NONCE + TIME };

typedef struct Raw {
    char bytes[HEAD + MAC];
} Raw;

static Digest mac_of(Ctx *ctx, const ChallengeOf *of, const char *head) {
    const Actor *actor = gate_actor(ctx);
    Str parts[] = {str_fmt(ctx->arena, "%u", of->use), actor->browser, actor->id, of->user,
                   hash_hex(ctx->arena, (Str){head, HEAD})};
    Str message = str_join(ctx->arena, parts, sizeof parts / sizeof *parts, STR("\n"));
    return hash_hmac(ctx->tenant->gate->challenge_key, message);
}

Str challenge_make(Ctx *ctx, const ChallengeOf *of) {
    Raw raw;
    uint64_t now = (uint64_t)time_now(ctx->clock);
    rand_bytes(ctx->rand, raw.bytes, NONCE);
    for (int i = 0; i < TIME; i++)
        raw.bytes[NONCE + i] = (char)(now >> 8 * (TIME - 1 - i));
    Digest mac = mac_of(ctx, of, raw.bytes);
    memcpy(raw.bytes + HEAD, mac.bytes, MAC);
    return hash_base64url(ctx->arena, (Str){raw.bytes, sizeof raw.bytes});
}

static int64_t made_at(Str raw) {
    uint64_t at = 0;
    for (int i = 0; i < TIME; i++)
        at = at << 8 | (unsigned char)raw.ptr[NONCE + i];
    return (int64_t)at;
}

static void spend(void *arg, void *value) {
    int *times = value;
    *(int *)arg = ++*times;
}

bool challenge_first(Roster *spent, Str bytes) {
    Digest key = hash_sha256(bytes);
    int *fresh = mem_zero(sizeof *fresh), times = 0;
    roster_use_or_put(spent, &key, fresh, spend, &times);
    return times == 1;
}

void challenge_again(Roster *spent, Str bytes) {
    Digest key = hash_sha256(bytes);
    roster_delete(spent, &key);
}

Rc challenge_take(Ctx *ctx, const ChallengeOf *of, Str text) {
    Str raw;
    int64_t age = -1;
    if (hash_from_base64url(ctx->arena, text, &raw) && raw.len == sizeof(Raw)) {
        Digest mac = mac_of(ctx, of, raw.ptr);
        if (hash_same(str_sub(raw, HEAD, raw.len), (Str){(const char *)mac.bytes, MAC}))
            age = time_now(ctx->clock) - made_at(raw);
    }
    if (age >= 0 && age <= (of->lasts ? of->lasts : GATE_CHALLENGE_LASTS) &&
        challenge_first(ctx->tenant->gate->spent, raw))
        return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "stale-challenge", STR("client"),
                    "This page is too old, or was answered already: load it again and press the "
                    "button once more.");
}

int64_t challenge_made_at(Ctx *ctx, Str text) {
    Str raw;
    bool whole = hash_from_base64url(ctx->arena, text, &raw) && raw.len == sizeof(Raw);
    return whole ? made_at(raw) : time_now(ctx->clock);
}

Str challenge_secret(Ctx *ctx, Str text, const char *use) {
    Str message = str_fmt(ctx->arena, "%s\n" STR_FMT, use, STR_ARG(text));
    Digest secret = hash_hmac(ctx->tenant->gate->challenge_key, message);
    return hash_base64url(ctx->arena, (Str){(const char *)secret.bytes, sizeof secret.bytes});
}
