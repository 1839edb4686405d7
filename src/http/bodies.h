/* bodies: how many bytes of requests' bodies the server holds, and how many of them for each
   network they come from: a total, and a share of it for one network, so that neither many clients
   nor one take the memory of all. Any thread. */
#ifndef HTTP_BODIES_H
#define HTTP_BODIES_H

#include "http.h"

typedef struct Bodies Bodies;

enum { BODIES_SHARES = 4 }; /* a network may take this part of the total */

/* Of at most `total` bytes. */
Bodies *bodies_new(size_t total);
void bodies_free(Bodies *bodies); /* NULL allowed */
/* NULL: that many more are held, to be given back. Else why not: a static sentence. network 0: of
   nobody in particular, whom only the total bounds. */
const char *bodies_hold(Bodies *bodies, uint64_t network, size_t more);
void bodies_give(Bodies *bodies, uint64_t network, size_t held);
/* Held now; and how often there was no room. */
typedef struct BodiesCounters {
    uint64_t held, refused;
} BodiesCounters;
BodiesCounters bodies_counters(Bodies *bodies);

#endif
