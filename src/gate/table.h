/* table: Digest to record, shared by threads, bounded. Sessions, tokens and rate counters are found
 * in it. */
#ifndef GATE_TABLE_H
#define GATE_TABLE_H

#include "base/base.h"

typedef struct Table Table;

/* drop frees a value. At max entries the one that was put or touched longest ago goes. */
Table *table_new(size_t max, void (*drop)(void *value));
void table_free(Table *table); /* NULL allowed */
/* Replaces what is there. */
void table_put(Table *table, const Digest *key, void *value);
void table_delete(Table *table, const Digest *key);
/* Calls use with the value under the table's lock; false when there is none. use may change the
 * value; it must be short. */
bool table_use(Table *table, const Digest *key, void (*use)(void *arg, void *value), void *arg);
size_t table_count(Table *table);

#endif
