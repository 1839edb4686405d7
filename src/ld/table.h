/* table: texts to values with a bound: the least recently used ones go first. For one thread at a
 * time. Private to ld/. */
#ifndef LD_TABLE_H
#define LD_TABLE_H

#include "base/base.h"

typedef struct TableNode {
    struct TableNode *next;
    Str key; /* a copy, behind the node */
    void *value;
    size_t bytes;
    uint64_t used; /* the larger, the later */
    bool pinned;   /* is never displaced and does not count */
} TableNode;

typedef struct Table {
    TableNode **buckets;
    size_t slots;                          /* a power of two */
    size_t len, bytes, max_len, max_bytes; /* len and bytes of what is not pinned */
    uint64_t clock;
    void (*drop)(void *value, void *arg); /* gives up a value that leaves the table */
    void *arg;
} Table;

void table_init(Table *table, size_t max_len, size_t max_bytes);
/* Drops all and frees the memory. */
void table_clear(Table *table);
/* The value, or NULL; counts as a use. */
void *table_get(Table *table, Str key);
/* Sets or replaces; then displaces until the bounds hold, the new one last. */
void table_put(Table *table, Str key, void *value, size_t bytes, bool pinned);
void table_drop(Table *table, Str key);

#endif
