/* outside: coming in by an outside provider (OpenID Connect Core 1.0, code flow with PKCE), beside
   password and passkey: residents sign in, confirm who they are, and link it to their account. And
   the two axes of an identity: what a sign-in proves (当人認証) and what was once proved of the
   person (身元確認). Include only gate.h from outside. */
#ifndef GATE_OUTSIDE_H
#define GATE_OUTSIDE_H

#include "gate.h"

/* What a sign-in proves, from less to more. */
typedef enum GateAuthn {
    AUTHN_NONE,
    AUTHN_MAIL, /* a password, a code by mail or SMS */
    AUTHN_PASSKEY,
    AUTHN_CERTIFICATE, /* 利用者証明 */
    AUTHN_LEVELS,
} GateAuthn;
/* What was made sure of who somebody is, from less to more. */
typedef enum GateProof {
    PROOF_NONE,
    PROOF_DECLARED, /* he says it */
    PROOF_CHECKED,  /* once, by a provider or an office */
    PROOF_SIGNED,   /* by 署名用電子証明書, over one application */
    PROOF_LEVELS,
} GateProof;
/* "mail", "checked"; and back, or ..._LEVELS. */
Str gate_authn_word(GateAuthn level);
GateAuthn gate_authn_of(Str word);
Str gate_proof_word(GateProof level);
GateProof gate_proof_of(Str word);
/* What holds of ctx's actor now: nobody's, a token's: NONE. */
GateAuthn gate_authn(const Ctx *ctx);
GateProof gate_proof(Ctx *ctx);

/* A provider as people see it. */
typedef struct GateProvider {
    Str id, label_ja, label_en;
    GateAuthn authn; /* what a sign-in by it proves */
    GateProof proof; /* what it has made sure of */
} GateProvider;
const GateProvider *gate_provider_at(const Gate *gate, size_t i); /* NULL past the end */
const GateProvider *gate_provider(const Gate *gate, Str id);      /* NULL: there is none */

typedef enum GateOutsideUse {
    OUTSIDE_SIGN_IN,
    OUTSIDE_STEP_UP,
    OUTSIDE_LINK,
    OUTSIDE_LOGOUT, /* no browser's: the provider says that somebody has signed out there */
} GateOutsideUse;

/* One way to a provider, or back from it; in the arena of its request. */
typedef struct GateOutside GateOutside;
/* It has come to an end: ctx->error says why not, unless rc is RC_OK. On a thread of the client, or
   of who called, before the call returns. From the call on until then ctx is nobody else's. */
typedef void GateOutsideDone(void *arg, GateOutside *outside, Rc rc);

typedef struct GateOutsideAsk {
    Str provider;
    GateOutsideUse use;
    Str back; /* the whole address to which the provider leads back */
    GateOutsideDone *done;
    void *arg;
} GateOutsideAsk;
/* To the provider. Errors that done may be told: RC_NOT_FOUND "no-outside"; RC_BUSY
   "outside-silent": it doesn't answer, or not as it should; RC_DENIED "needs-sign-in",
   "needs-step-up" (LINK). */
void gate_outside_begin(Ctx *ctx, const GateOutsideAsk *ask);
/* Where the browser goes, once done was told RC_OK. */
Str gate_outside_url(const GateOutside *outside);

/* What the browser brings back from it, as the query has it. */
typedef struct GateOutsideSaid {
    Str provider, back; /* as they were asked with */
    Str state, code, error, issuer;
    GateOutsideDone *done;
    void *arg;
} GateOutsideSaid;
/* What it was for, as the state says; not to be believed before done was told RC_OK. */
GateOutsideUse gate_outside_use(Str state);
/* Asks the provider who it is. Errors beside those above: RC_CONFLICT "stale-challenge": the state
   is none of this browser, too old or was brought before; RC_DENIED "outside-stopped": he said no
   there; "outside-refused": the provider did; "outside-token": what it says of him isn't signed by
   it, not for us, not of now; RC_LIMIT as gate_sign_in. Nothing is changed by any of them. */
void gate_outside_return(Ctx *ctx, const GateOutsideSaid *said);
/* What a provider says of a sign-out there, in a logout token (OpenID Connect Back-Channel Logout
   1.0). */
typedef struct GateOutsideLogout {
    Str provider, token;
    GateOutsideDone *done;
    void *arg;
} GateOutsideLogout;
/* Verifies it: errors as of gate_outside_return, but for those of browsers. */
void gate_outside_logout(Ctx *ctx, const GateOutsideLogout *said);
/* Does what it was for; after done was told RC_OK, on a pool thread. SIGN_IN: *session_token is
   that of a session of the account that it is linked to, or of one that is made now; RC_DENIED
   "outside-shut": that account may not come in. STEP_UP: RC_DENIED "outside-other": it isn't linked
   to this account; else *session_token as of gate_step_up. LINK: no token; RC_CONFLICT
   "outside-known" to whatever account, "too-many-outside", RC_DENIED "needs-step-up". LOGOUT: ends
   the sessions that stand on what has ended there, whether there is one or not; no token; RC_DENIED
   "outside-token": it did so before. */
Rc gate_outside_finish(Ctx *ctx, GateOutside *outside, Str *session_token);

/* What is linked to the account of who is signed in. */
typedef struct GateOutsideSeen {
    Str id; /* tells nothing of who he is there */
    Str provider;
    int64_t added_at; /* TIME_NONE: not known */
} GateOutsideSeen;
typedef VEC(GateOutsideSeen) GateOutsidesSeen;
Rc gate_outsides(Ctx *ctx, GateOutsidesSeen *out);
/* Unlinks one. RC_DENIED "needs-step-up"; RC_NOT_FOUND "no-outside-link"; RC_CONFLICT "last-way":
   he could come in by nothing any more. */
Rc gate_outside_end(Ctx *ctx, Str id);
/* Nothing is asked of any provider any more, and who waits for one is told so: before the server
   stops. NULL room allowed. */
void gate_outside_stop(Tenant *tenant);

#endif
