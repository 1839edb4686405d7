/* oidc: the texts of OpenID Connect Core 1.0 (code flow, §3.1) as a relying party writes and judges
   them: where the browser is sent, what is asked for a code, what an ID token has to say. Knows no
   account and keeps nothing; used within gate/ alone. */
#ifndef GATE_OIDC_H
#define GATE_OIDC_H

#include "provider.h"

/* What belongs to one way to a provider and back. */
typedef struct OidcWay {
    Str state, nonce;
    Str verifier; /* of PKCE (RFC 7636) */
    Str once;     /* a word that is new each time */
    Str back;     /* redirect_uri */
    Str code;     /* as the browser brought it */
    bool fresh;   /* he has to show there once more who he is */
    int64_t from; /* fresh: not before this instant */
} OidcWay;

/* The address of the provider's page. */
Str oidc_page(Ctx *ctx, const Provider *provider, const ProviderAbout *about, const OidcWay *way);
/* The request for the tokens of its code. RC_FAILED "not-signed". */
Rc oidc_token_ask(Ctx *ctx, const Provider *provider, const ProviderAbout *about,
                  const OidcWay *way, HttpCall *out);

/* What came for a code. */
typedef struct OidcTokens {
    JoseToken id;
    Str access;
} OidcTokens;
/* RC_BUSY "outside-silent"; RC_DENIED "outside-refused": it takes the code not or us not;
   "outside-token": there is no ID token, or it can't be read. */
Rc oidc_tokens_read(Ctx *ctx, const HttpReply *reply, OidcTokens *out);

/* Who somebody is to a provider; texts in ctx->arena. */
typedef struct OidcPerson {
    Str subject;
    Str name;    /* empty: it isn't told */
    Str session; /* sid, of his session there; empty: it isn't told */
} OidcPerson;
/* Judges an ID token whose signature was verified (§3.1.3.7): RC_DENIED "outside-token" says which
   claim is wrong. */
Rc oidc_person(Ctx *ctx, const Provider *provider, const OidcWay *way, const OidcTokens *tokens,
               OidcPerson *out);
/* Whose sessions are to end, as a logout token says; one of the two may be empty. */
typedef struct OidcLogout {
    Str subject, session;
    Str once; /* jti */
} OidcLogout;
/* Judges a logout token whose signature was verified (Back-Channel Logout 1.0, §2.6), but for jti,
   which is to be taken once: RC_DENIED "outside-token" says which claim is wrong. */
Rc oidc_logout(Ctx *ctx, const Provider *provider, const JoseToken *token, OidcLogout *out);
/* What the browser brings names this provider (RFC 9207). */
bool oidc_issuer_good(const Provider *provider, const ProviderAbout *about, Str issuer);

#endif
