/* roster: Digest to record, shared by threads, bounded. Sessions, tokens and rate counters are
 * found in it. */
#ifndef GATE_ROSTER_H
#define GATE_ROSTER_H

#include "base/base.h"

typedef struct Roster Roster;

/* drop frees a value. At max entries the one that was put or touched longest ago goes. */
Roster *roster_new(size_t max, void (*drop)(void *value));
void roster_free(Roster *roster); /* NULL allowed */
/* Replaces what is there. */
void roster_put(Roster *roster, const Digest *key, void *value);
void roster_delete(Roster *roster, const Digest *key);
/* Calls use with the value under its lock; false when there is none. use may change the
 * value; it must be short. */
bool roster_use(Roster *roster, const Digest *key, void (*use)(void *arg, void *value), void *arg);
/* The same, once `fresh` is there when there was none; otherwise fresh is freed. */
void roster_use_or_put(Roster *roster, const Digest *key, void *fresh,
                       void (*use)(void *arg, void *value), void *arg);
/* Calls use with each value under the lock; it must be short. */
void roster_each(Roster *roster, void (*use)(void *arg, void *value), void *arg);
size_t roster_count(Roster *roster);

#endif
