/* pay_int: what the files of pay/ share. */
#ifndef PAY_PAY_INT_H
#define PAY_PAY_INT_H

#include "pay.h"

#include <pthread.h>

struct Pay {
    Arena *arena;
    Tenant *tenant;
    Clock clock;
    Str provider, url, host, key; /* host: as the operator wrote it */
    HttpClient *client;
    int64_t every;
    unsigned at_once;
    PayPost *post;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool started, stop, asked; /* lock */
    int64_t told[PAY_TOLDS];   /* lock; monotonic; 0: never */
    Buf after;                 /* its thread's: the last one that a round came to; empty: all */
    int64_t round_at;          /* its thread's, monotonic: when the last round began; 0: none did */
    bool troubled;             /* its thread's: what is wrong was logged in this round */
    bool stranded;             /* its thread's: that another provider's wait was logged */
};

/* A signed request; its texts lie in ctx->arena. path begins with '/'. */
typedef struct PayRequest {
    HttpMethod method;
    Str path, body;
} PayRequest;
void pay_request(Ctx *ctx, const Pay *pay, const PayRequest *request, HttpCall *out);
/* The name of a payment to the provider, and back: false: it is none. */
Str pay_reference(Str payment);
bool pay_reference_good(Str reference);

#endif
