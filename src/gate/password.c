/* password: what may be one, and what is kept of it (argon2id). */
#include "gate_int.h"

#include <sodium.h>

enum { PASSWORD_MIN = 15, PASSWORD_MAX = 1024 };

/* What one hash costs. Tests sign in hundreds of times and are built with the least there is (meson
 * option argon2); every hash says its cost itself, so that either build reads both. */
#ifdef MACHI_ARGON2_MIN
enum { COST_OPS = crypto_pwhash_OPSLIMIT_MIN, COST_MEMORY = crypto_pwhash_MEMLIMIT_MIN };
#else
enum {
    COST_OPS = crypto_pwhash_OPSLIMIT_INTERACTIVE,
    COST_MEMORY = crypto_pwhash_MEMLIMIT_INTERACTIVE
};
#endif

Rc password_hash(Ctx *ctx, Str password, Str *out) {
    if (str_utf8_len(password) < PASSWORD_MIN || password.len > PASSWORD_MAX)
        return ctx_fail(ctx, RC_INVALID, "bad-password", STR("password"),
                        "A password has %d characters or more, and at most %d bytes.", PASSWORD_MIN,
                        PASSWORD_MAX);
    char *hash = arena_zero(ctx->arena, crypto_pwhash_STRBYTES, 1);
    if (crypto_pwhash_str(hash, password.ptr, password.len, COST_OPS, COST_MEMORY) != 0)
        return ctx_fail(ctx, RC_FAILED, "no-memory", STR_NONE,
                        "There is not enough memory to hash a password: try again.");
    *out = str_of(hash);
    return RC_OK;
}

/* No password has this hash, and comparing one with it takes as long as with any other. */
static Str nobodys(Arena *arena) {
    return str_fmt(arena,
                   "$argon2id$v=19$m=%d,t=%d,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                   COST_MEMORY / 1024, COST_OPS);
}

bool password_matches(Arena *arena, Str hash, Str password) {
    bool known = !str_empty(hash);
    Str against = known ? hash : nobodys(arena);
    return password.len <= PASSWORD_MAX &&
           crypto_pwhash_str_verify(str_z(arena, against), password.ptr, password.len) == 0 &&
           known;
}
