/* jose: what another party signed: tokens in the compact form (RFC 7515, 7519) and the keys by
   which they are verified (RFC 7517, 7518, 8037); and a token of our own by which we say to it who
   we are (RFC 7523). Over bytes alone: it knows no provider and keeps nothing. The algorithm is the
   key's, never the token's word: "none" and HMAC are no algorithms here. OpenSSL is met in jose.c
   only. */
#ifndef GATE_JOSE_H
#define GATE_JOSE_H

#include "base/base.h"
#include "json/json.h"

/* Bounds, in bytes and keys: what is longer is refused, what is more is left out. */
enum { JOSE_TOKEN_MAX = 16 << 10, JOSE_KEYS_TEXT = 128 << 10, JOSE_KEYS_MAX = 64 };

typedef enum JoseAlgorithm { JOSE_RS256, JOSE_ES256, JOSE_EDDSA, JOSE_ALGORITHMS } JoseAlgorithm;

/* A public key that can verify; its bytes live in the ctx->arena of who read it. */
typedef struct JoseKey {
    Str id; /* kid; may be empty */
    JoseAlgorithm algorithm;
    Str a, b; /* RSA: modulus, exponent; EC: x, y; OKP: x */
} JoseKey;
typedef VEC(JoseKey) JoseKeys;
/* The keys of a set (RFC 7517 §5): RSA from 2048 bits on, P-256, Ed25519. Those of other kinds or
   uses are left out. RC_INVALID "bad-keys": it is no set. Any thread, as all here. */
Rc jose_keys_read(Ctx *ctx, Str text, JoseKeys *out);

typedef struct JoseToken {
    Str algorithm, key, type; /* as its header says: alg, kid, typ */
    Str signed_part, signature;
    const Json *claims; /* not to be believed before jose_verified */
} JoseToken;
/* RC_INVALID "bad-token": it isn't of that form, or asks for what isn't known here (crit). */
Rc jose_token_read(Ctx *ctx, Str text, JoseToken *out);
/* The key that it names; where it names none, the only one of its algorithm. NULL: there is none.
 */
const JoseKey *jose_key_of(const JoseKeys *keys, const JoseToken *token);
/* Signed by this key, by the key's algorithm, and saying so. */
bool jose_verified(Ctx *ctx, const JoseKey *key, const JoseToken *token);
/* The left half of a text's hash, base64url, as a token of this algorithm tells it (at_hash). */
Str jose_half(Arena *arena, const JoseToken *token, Str text);

/* A private key of our own. */
typedef struct JoseSigner JoseSigner;
/* From PEM without a password: RSA from 2048 bits on, or P-256. RC_INVALID "bad-setting" names
   path. */
Rc jose_signer_new(Ctx *ctx, Str pem, Str path, JoseSigner **out);
void jose_signer_free(JoseSigner *signer); /* NULL allowed */
/* A token with these claims; kid: empty: it names none. RC_FAILED: OpenSSL didn't sign. */
Rc jose_sign(Ctx *ctx, const JoseSigner *signer, Str kid, const Json *claims, Str *out);

#endif
