/* provider: the outside providers by which residents come in (OpenID Connect), as the operator's
   file says them (doc/identity.md), and what each publishes of itself: where it is asked
   (OpenID Connect Discovery 1.0) and by which keys it signs. Kept for an hour and a quarter of one,
   asked for when needed, by nobody's thread. Used within gate/ alone. */
#ifndef GATE_PROVIDER_H
#define GATE_PROVIDER_H

#include "gate.h"
#include "jose.h"

#include <pthread.h>

typedef struct Provider {
    GateProvider seen;
    Str issuer, host; /* host: as the operator wrote it */
    Str client, secret;
    JoseSigner *signer; /* NULL: it is told the secret, or (empty) nothing */
    Str key_id;
    Str scope;
    StrVec acr; /* one of these is wanted; empty: any */
    pthread_mutex_t lock;
    Buf about, keys;                  /* lock; as they came */
    int64_t about_until, keys_until;  /* lock, monotonic; 0: there are none */
    int64_t about_failed, keys_asked; /* lock, monotonic; 0: never */
    int64_t told;                     /* lock, monotonic; 0: never */
} Provider;

typedef struct Providers {
    VEC(Provider *) items;
    HttpClient *client; /* NULL: there is no provider */
} Providers;

/* Reads the file, in memory of ctx->arena, which lives as long as the gate; path empty: there are
   none. RC_FAILED, RC_INVALID "bad-setting" name file and member. */
Rc providers_open(Ctx *ctx, Str path, Providers **out);
/* What is under way ends, and nothing more is asked. Both: NULL allowed. */
void providers_stop(Providers *providers);
void providers_close(Providers *providers);
Provider *provider_of(const Providers *providers, Str id); /* NULL: there is none */

/* What a provider says of itself; texts in ctx->arena. */
typedef struct ProviderAbout {
    Str authorize, token, keys; /* addresses */
    bool names_itself;          /* RFC 9207: its answers carry `iss` */
    bool secret_in_body;        /* it takes no client_secret_basic */
} ProviderAbout;
/* RC_NOT_FOUND: it has to be asked for first. Any thread, as all below. */
Rc provider_about(Ctx *ctx, Provider *provider, ProviderAbout *out);
/* RC_BUSY "outside-silent": it didn't answer a moment ago. */
Rc provider_about_ask(Ctx *ctx, Provider *provider, HttpCall *out);
/* RC_BUSY "outside-silent", RC_INVALID "outside-document" says what is wrong with the answer. */
Rc provider_about_take(Ctx *ctx, Provider *provider, const HttpReply *reply);
/* The key of a token; RC_NOT_FOUND: those of its provider have to be asked for first. RC_DENIED
   "outside-token": they were lately, and it is none of them. */
Rc provider_key(Ctx *ctx, Provider *provider, const JoseToken *token, JoseKey *out);
void provider_keys_ask(Ctx *ctx, Provider *provider, const ProviderAbout *about, HttpCall *out);
Rc provider_keys_take(Ctx *ctx, Provider *provider, const HttpReply *reply);
/* Logs once a minute at most what is wrong with it: anybody can bring that about. what: "a
 * sign-in".
 */
void provider_tell(Ctx *ctx, Provider *provider, const char *what);

#endif
