/* broker: the NGSI-LD face (ETSI GS CIM 009 V1.9.1) over the ledger and its projections. Nothing is
   answered before it is durable; nothing is shown that the gate withholds. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "gate/gate.h"
#include "http/http.h"
#include "project/project.h"

/* Adds all routes under /ngsi-ld/v1. */
void broker_routes(HttpServer *server);
/* Answers with the problem document of an error (clauses 5.5.2, 6.3.2; RFC 9457). */
void broker_problem(HttpExchange *x, const Error *error);

#endif
