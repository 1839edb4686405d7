/* A house with a ledger and followers over it, and some trees and gauges to put into it. */
#ifndef TEST_PROJECT_PARK_H
#define TEST_PROJECT_PARK_H

#include "../procedure/house.h"

enum { PARK_ENTITIES = 60 };
#define GAUGE LD_DEFAULT "RiverGauge"
#define TREE  LD_DEFAULT "ParkTree"

/* Of a test: *state is a House with its ledger alone. */
int park_set_up(void **state);
int park_tear_down(void **state);
void park_put(House *house, const Delta *delta);
Str park_id(House *house, uint64_t number);
/* A third are gauges, the rest trees, with `urn:a:n` by chance and one of seven names. */
void park_put_one(House *house, uint64_t number, DeltaOp op);
/* Puts PARK_ENTITIES of them. */
void park_fill(House *house);
/* The followers; started ones have caught up. */
void park_project(House *house, bool start);
/* Compares what is kept with a rebuild, at the ledger's head. */
ProjectReport park_verified(House *house);

#endif
