/* The rooms over a crashed city's ledger: every follower that keeps rows, and the broker with one
   subscription to the open slots. */
#ifndef TEST_CRASH_ROOMS_H
#define TEST_CRASH_ROOMS_H

#include "../ledger/city.h"
#include "broker/broker.h"

typedef struct Rooms {
    Tenant tenant;
    Project *project;
} Rooms;

/* The city is open. port: where notifications go; 0: no broker. After an error rooms_close, too. */
Rc rooms_open(City *city, Rooms *rooms, int port);
void rooms_close(City *city, Rooms *rooms);

#endif
