#include "table.h"

#include <string.h>

void table_init(Table *table, size_t max_len, size_t max_bytes) {
    size_t slots = 64;
    while (slots < max_len * 2 && slots < 1 << 20)
        slots *= 2;
    table->buckets = mem_zero(slots * sizeof *table->buckets);
    table->slots = slots;
    table->max_len = max_len;
    table->max_bytes = max_bytes;
}

/* The place that points to the key's node, or to NULL. */
static TableNode **table_find(Table *table, Str key) {
    TableNode **at = &table->buckets[hash_fast(key) & (table->slots - 1)];
    while (*at && !str_eq((*at)->key, key))
        at = &(*at)->next;
    return at;
}

static void table_remove(Table *table, TableNode **at) {
    TableNode *node = *at;
    *at = node->next;
    if (!node->pinned) table->len--, table->bytes -= node->bytes;
    table->drop(node->value, table->arg);
    mem_free(node);
}

void table_clear(Table *table) {
    for (size_t i = 0; i < table->slots; i++)
        while (table->buckets[i])
            table_remove(table, &table->buckets[i]);
    mem_free(table->buckets);
}

void *table_get(Table *table, Str key) {
    TableNode *node = *table_find(table, key);
    if (!node) return NULL;
    node->used = ++table->clock;
    return node->value;
}

/* Displacing is rare, so the oldest is simply looked for. */
static bool table_displace(Table *table) {
    TableNode **oldest = NULL;
    for (size_t i = 0; i < table->slots; i++)
        for (TableNode **at = &table->buckets[i]; *at; at = &(*at)->next)
            if (!(*at)->pinned && (!oldest || (*at)->used < (*oldest)->used)) oldest = at;
    if (oldest) table_remove(table, oldest);
    return oldest;
}

void table_put(Table *table, Str key, void *value, size_t bytes, bool pinned) {
    table_drop(table, key);
    TableNode *node = mem_zero(sizeof *node + key.len);
    char *copy = (char *)(node + 1);
    if (key.len) memcpy(copy, key.ptr, key.len);
    *node = (TableNode){.key = {copy, key.len},
                        .value = value,
                        .bytes = bytes,
                        .used = ++table->clock,
                        .pinned = pinned};
    TableNode **bucket = &table->buckets[hash_fast(key) & (table->slots - 1)];
    node->next = *bucket;
    *bucket = node;
    if (!pinned) table->len++, table->bytes += bytes;
    while ((table->len > table->max_len || table->bytes > table->max_bytes) &&
           table_displace(table))
        continue;
}

void table_drop(Table *table, Str key) {
    TableNode **at = table_find(table, key);
    if (*at) table_remove(table, at);
}
