/* matcher: reads the ledger behind everybody, on a thread of its own, and decides which
   subscription is told what. Its cursor and the notifications move in one transaction of local.db:
   a crash repeats or keeps them, and loses none. */
#ifndef BROKER_MATCHER_H
#define BROKER_MATCHER_H

#include "delivery.h"

typedef struct Matcher Matcher;

Rc matcher_open(Ctx *ctx, Tenant *tenant, Delivery *delivery, Matcher **out);
void matcher_close(Matcher *matcher); /* NULL allowed */
/* The leaf up to which everything has been matched. */
uint64_t matcher_reached(const Matcher *matcher);
/* A leaf that changed a subscription. Any thread. */
void matcher_announce(Matcher *matcher, uint64_t position);

#endif
