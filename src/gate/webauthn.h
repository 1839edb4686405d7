/* webauthn: what a browser brings from an authenticator (Web Authentication Level 3, §7), checked
   over bytes alone: it knows no account and keeps nothing. libfido2 is met in webauthn.c only. */
#ifndef GATE_WEBAUTHN_H
#define GATE_WEBAUTHN_H

#include "base/base.h"

/* Bounds, in bytes: of what is kept, and of what a browser sends. */
enum {
    WEBAUTHN_ID_MAX = 1023, /* of a credential's id (§4) */
    WEBAUTHN_USER_MAX = 64, /* of a user handle */
    WEBAUTHN_CLIENT_MAX = 4096,
    WEBAUTHN_DATA_MAX = 8192,
    WEBAUTHN_SIGNATURE_MAX = 1024,
};

/* What a ceremony must have been for. */
typedef struct WebauthnWanted {
    const char *type; /* "webauthn.create", "webauthn.get" */
    Str origin;       /* "https://city.example.jp" */
} WebauthnWanted;

/* What clientDataJSON says; the texts live in ctx->arena. */
typedef struct WebauthnClient {
    Str type, challenge, origin;
    bool foreign; /* asked for by a page inside another site's */
} WebauthnClient;
/* RC_INVALID "bad-passkey": it isn't of that form. */
Rc webauthn_client(Ctx *ctx, Str text, WebauthnClient *out);
/* Type and origin are those that are wanted (§7.1 steps 7 to 12): RC_CONFLICT "wrong-origin". The
   challenge is its caller's to judge. */
Rc webauthn_client_check(Ctx *ctx, const WebauthnClient *client, const WebauthnWanted *wanted);

/* A credential as it is kept: what an assertion is verified by. */
typedef struct WebauthnKey {
    Str id;         /* of the credential */
    Str bytes;      /* public key, in libfido2's form of its algorithm */
    int algorithm;  /* COSE: -7 ES256, -8 EdDSA, -257 RS256 */
    uint32_t count; /* the authenticator's counter then; 0: it may have none */
    bool backed_up; /* it may be kept on several devices (flag BE), which never changes */
} WebauthnKey;

/* What was sent, decoded. A registration has no signature: it is asked for without attestation, so
   a statement that comes all the same is not looked at. */
typedef struct WebauthnSaid {
    Str client; /* clientDataJSON */
    Str data;   /* authenticator data (§6.1) */
    Str signature;
} WebauthnSaid;

/* host: the relying party's id, which is the origin's host without its port.
   The credential that an authenticator has made (§7.1 steps 13 to 20, 25): for this host, by
   somebody present and verified, with a key that can be verified by. RC_INVALID "bad-passkey",
   "unverified-user"; the result lives in ctx->arena. Any thread. */
Rc webauthn_made(Ctx *ctx, const WebauthnSaid *said, Str host, WebauthnKey *out);
/* Whether it was signed by this key for this host by somebody present and verified (§7.2 steps 15
   to 21), and the counter of it. RC_DENIED "wrong-passkey" says no more. */
Rc webauthn_signed(Ctx *ctx, const WebauthnSaid *said, Str host, const WebauthnKey *key,
                   uint32_t *count);
/* The same answer where no account has the passkey. */
Rc webauthn_unknown(Ctx *ctx);
/* A key of nobody: to verify by where there is none, so that time tells nothing. */
WebauthnKey webauthn_nobody(void);

#endif
