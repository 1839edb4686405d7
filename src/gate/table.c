#include "table.h"

#include <pthread.h>
#include <string.h>

typedef struct Slot {
    Digest key;
    void *value;       /* NULL: free */
    struct Slot *next; /* in its bucket, or in the list of free slots */
    struct Slot *newer, *older;
} Slot;

struct Table {
    pthread_mutex_t lock;
    void (*drop)(void *value);
    Slot *slots, *free;
    Slot **buckets;
    size_t mask, count;
    Slot *newest, *oldest;
};

Table *table_new(size_t max, void (*drop)(void *value)) {
    Table *table = mem_zero(sizeof *table);
    size_t buckets = 16;
    while (buckets < max * 2)
        buckets *= 2;
    table->drop = drop;
    table->mask = buckets - 1;
    table->buckets = mem_zero(buckets * sizeof(Slot *));
    table->slots = mem_zero(max * sizeof(Slot));
    for (size_t i = 0; i < max; i++) {
        table->slots[i].next = table->free;
        table->free = &table->slots[i];
    }
    pthread_mutex_init(&table->lock, NULL);
    return table;
}

/* Keys are SHA-256: any eight of their bytes are as good as a hash. */
static Slot **table_bucket(Table *table, const Digest *key) {
    uint64_t hash;
    memcpy(&hash, key->bytes, sizeof hash);
    return &table->buckets[hash & table->mask];
}

static Slot **table_link(Table *table, const Digest *key) {
    Slot **link = table_bucket(table, key);
    while (*link && memcmp((*link)->key.bytes, key->bytes, sizeof key->bytes) != 0)
        link = &(*link)->next;
    return link;
}

static void slot_unlist(Table *table, Slot *slot) {
    *(slot->newer ? &slot->newer->older : &table->newest) = slot->older;
    *(slot->older ? &slot->older->newer : &table->oldest) = slot->newer;
}

static void slot_list(Table *table, Slot *slot) {
    slot->newer = NULL;
    slot->older = table->newest;
    *(table->newest ? &table->newest->newer : &table->oldest) = slot;
    table->newest = slot;
}

static void slot_remove(Table *table, Slot **link) {
    Slot *slot = *link;
    *link = slot->next;
    slot_unlist(table, slot);
    table->drop(slot->value);
    slot->value = NULL;
    slot->next = table->free;
    table->free = slot;
    table->count--;
}

void table_put(Table *table, const Digest *key, void *value) {
    pthread_mutex_lock(&table->lock);
    Slot **link = table_link(table, key);
    if (*link) slot_remove(table, link);
    if (!table->free) slot_remove(table, table_link(table, &table->oldest->key));
    Slot *slot = table->free, **bucket = table_bucket(table, key);
    table->free = slot->next;
    *slot = (Slot){.key = *key, .value = value, .next = *bucket};
    *bucket = slot;
    slot_list(table, slot);
    table->count++;
    pthread_mutex_unlock(&table->lock);
}

void table_delete(Table *table, const Digest *key) {
    pthread_mutex_lock(&table->lock);
    Slot **link = table_link(table, key);
    if (*link) slot_remove(table, link);
    pthread_mutex_unlock(&table->lock);
}

bool table_use(Table *table, const Digest *key, void (*use)(void *arg, void *value), void *arg) {
    pthread_mutex_lock(&table->lock);
    Slot *slot = *table_link(table, key);
    if (slot) {
        if (slot != table->newest) {
            slot_unlist(table, slot);
            slot_list(table, slot);
        }
        use(arg, slot->value);
    }
    pthread_mutex_unlock(&table->lock);
    return slot != NULL;
}

size_t table_count(Table *table) {
    pthread_mutex_lock(&table->lock);
    size_t count = table->count;
    pthread_mutex_unlock(&table->lock);
    return count;
}

void table_free(Table *table) {
    if (!table) return;
    while (table->newest)
        slot_remove(table, table_link(table, &table->newest->key));
    pthread_mutex_destroy(&table->lock);
    mem_free(table->buckets);
    mem_free(table->slots);
    mem_free(table);
}
