#include "roster.h"

#include <pthread.h>
#include <string.h>

typedef struct Slot {
    Digest key;
    void *value;       /* NULL: free */
    struct Slot *next; /* in its bucket, or in the list of free slots */
    struct Slot *newer, *older;
} Slot;

struct Roster {
    pthread_mutex_t lock;
    void (*drop)(void *value);
    Slot *slots, *free;
    size_t max, touched; /* slots there are, and have been in use: the others cost no memory yet */
    Slot **buckets;
    size_t mask, count;
    Slot *newest, *oldest;
};

Roster *roster_new(size_t max, void (*drop)(void *value)) {
    Roster *roster = mem_zero(sizeof *roster);
    size_t buckets = 16;
    while (buckets < max * 2)
        buckets *= 2;
    roster->drop = drop;
    roster->mask = buckets - 1;
    roster->buckets = mem_zero(buckets * sizeof(Slot *));
    roster->slots = mem_zero(max * sizeof(Slot));
    roster->max = max;
    pthread_mutex_init(&roster->lock, NULL);
    return roster;
}

/* Keys are SHA-256: any eight of their bytes are as good as a hash. */
static Slot **roster_bucket(Roster *roster, const Digest *key) {
    uint64_t hash;
    memcpy(&hash, key->bytes, sizeof hash);
    return &roster->buckets[hash & roster->mask];
}

static Slot **roster_link(Roster *roster, const Digest *key) {
    Slot **link = roster_bucket(roster, key);
    while (*link && memcmp((*link)->key.bytes, key->bytes, sizeof key->bytes) != 0)
        link = &(*link)->next;
    return link;
}

static void slot_unlist(Roster *roster, Slot *slot) {
    *(slot->newer ? &slot->newer->older : &roster->newest) = slot->older;
    *(slot->older ? &slot->older->newer : &roster->oldest) = slot->newer;
}

static void slot_list(Roster *roster, Slot *slot) {
    slot->newer = NULL;
    slot->older = roster->newest;
    *(roster->newest ? &roster->newest->newer : &roster->oldest) = slot;
    roster->newest = slot;
}

static void slot_remove(Roster *roster, Slot **link) {
    Slot *slot = *link;
    *link = slot->next;
    slot_unlist(roster, slot);
    roster->drop(slot->value);
    slot->value = NULL;
    slot->next = roster->free;
    roster->free = slot;
    roster->count--;
}

/* The oldest goes when all are in use. */
static Slot *slot_take(Roster *roster) {
    if (!roster->free && roster->touched < roster->max) return &roster->slots[roster->touched++];
    if (!roster->free) slot_remove(roster, roster_link(roster, &roster->oldest->key));
    Slot *slot = roster->free;
    roster->free = slot->next;
    return slot;
}

static void slot_add(Roster *roster, const Digest *key, void *value) {
    Slot *slot = slot_take(roster), **bucket = roster_bucket(roster, key);
    *slot = (Slot){.key = *key, .value = value, .next = *bucket};
    *bucket = slot;
    slot_list(roster, slot);
    roster->count++;
}

void roster_put(Roster *roster, const Digest *key, void *value) {
    pthread_mutex_lock(&roster->lock);
    Slot **link = roster_link(roster, key);
    if (*link) slot_remove(roster, link);
    slot_add(roster, key, value);
    pthread_mutex_unlock(&roster->lock);
}

void roster_delete(Roster *roster, const Digest *key) {
    pthread_mutex_lock(&roster->lock);
    Slot **link = roster_link(roster, key);
    if (*link) slot_remove(roster, link);
    pthread_mutex_unlock(&roster->lock);
}

static Slot *slot_touched(Roster *roster, const Digest *key) {
    Slot *slot = *roster_link(roster, key);
    if (!slot || slot == roster->newest) return slot;
    slot_unlist(roster, slot);
    slot_list(roster, slot);
    return slot;
}

bool roster_use(Roster *roster, const Digest *key, void (*use)(void *arg, void *value), void *arg) {
    pthread_mutex_lock(&roster->lock);
    Slot *slot = slot_touched(roster, key);
    if (slot) use(arg, slot->value);
    pthread_mutex_unlock(&roster->lock);
    return slot != NULL;
}

void roster_use_or_put(Roster *roster, const Digest *key, void *fresh,
                       void (*use)(void *arg, void *value), void *arg) {
    pthread_mutex_lock(&roster->lock);
    Slot *slot = slot_touched(roster, key);
    if (slot)
        roster->drop(fresh);
    else
        slot_add(roster, key, fresh);
    use(arg, roster->newest->value);
    pthread_mutex_unlock(&roster->lock);
}

void roster_each(Roster *roster, void (*use)(void *arg, void *value), void *arg) {
    pthread_mutex_lock(&roster->lock);
    for (Slot *slot = roster->newest; slot; slot = slot->older)
        use(arg, slot->value);
    pthread_mutex_unlock(&roster->lock);
}

size_t roster_count(Roster *roster) {
    pthread_mutex_lock(&roster->lock);
    size_t count = roster->count;
    pthread_mutex_unlock(&roster->lock);
    return count;
}

void roster_free(Roster *roster) {
    if (!roster) return;
    while (roster->newest)
        slot_remove(roster, roster_link(roster, &roster->newest->key));
    pthread_mutex_destroy(&roster->lock);
    mem_free(roster->buckets);
    mem_free(roster->slots);
    mem_free(roster);
}
