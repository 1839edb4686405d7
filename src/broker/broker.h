/* broker: the NGSI-LD face (ETSI GS CIM 009 V1.9.1) over the ledger and its projections. Nothing is
   answered before it is durable; nothing is shown that the gate withholds. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "gate/gate.h"
#include "http/http.h"
#include "project/project.h"

typedef struct Broker Broker;

typedef struct BrokerOptions {
    HttpClient *client; /* for notifications; shared by all tenants */
} BrokerOptions;

/* Opens the broker of a tenant: between project_new (it adds followers) and project_start. */
Rc broker_open(Ctx *ctx, Tenant *tenant, const BrokerOptions *options);
void broker_close(Tenant *tenant);
/* Starts deliveries; after project_start and gate_open. */
Rc broker_start(Ctx *ctx, Tenant *tenant);

/* Adds all routes under /ngsi-ld/v1. */
void broker_routes(HttpServer *server);
/* An OpenAPI 3.1 document of all routes of the server (not only the broker's), from their rows. */
const Json *broker_openapi(Arena *arena, const HttpServer *server);

#endif
