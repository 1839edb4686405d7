/* broker: the NGSI-LD face (ETSI GS CIM 009 V1.9.1) over the ledger and its projections. Nothing is
   answered before it is durable; nothing is shown that the gate withholds. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "gate/gate.h"
#include "http/http.h"
#include "project/project.h"

typedef struct Broker Broker;

typedef struct BrokerOptions {
    bool loopback;       /* notifications may go to addresses of this machine and its link */
    bool plain;          /* and by http:// beyond this machine */
    const StrVec *hosts; /* names to which they may go, as addresses write them; NULL, none: any */
    int64_t retry;       /* µs before the first further try of a notification; 0: one second */
    int64_t progress;    /* µs between two notes of how far deliveries are; 0: five seconds */
} BrokerOptions;

/* Sets tenant->broker: hosted contexts are made known, deliveries resume. After gate_open; pool
 * threads, ctx->db set. */
Rc broker_open(Ctx *ctx, Tenant *tenant, const BrokerOptions *options);
/* Starts to match subscriptions, from the leaf behind the last one that was matched. */
Rc broker_start(Ctx *ctx, Tenant *tenant);
/* Before the ledger closes; does nothing without a broker. What was not delivered is kept. */
void broker_close(Tenant *tenant);
/* The leaf up to which subscriptions have been matched, and notifications that wait. */
uint64_t broker_matched(const Tenant *tenant);
uint64_t broker_waiting(const Tenant *tenant);

/* The text of a context that the tenant hosts, by any address that names its path; RC_NOT_FOUND
   without an error. For the cache's fetching. */
Rc broker_context(Ctx *ctx, const Tenant *tenant, Str url, Str *text);

/* How many queries were answered from the pages of ids that are kept (pages.c); and whether they,
   and answers kept as they were drawn, are used at all: turned off by tests alone, to hold them to
   the same answers. */
uint64_t broker_short_cuts(const Tenant *tenant);
void broker_short_cut(const Tenant *tenant, bool on);

/* Adds all routes under /ngsi-ld/v1. */
void broker_routes(HttpServer *server);
/* Answers with the problem document of an error (clauses 5.5.2, 6.3.2; RFC 9457). */
void broker_problem(HttpExchange *x, const Error *error);

#endif
