/* Open addressing, at most three quarters full. */
#include "idset.h"

#include "memory.h"

#include <sodium.h>
#include <string.h>

typedef struct IdRow {
    uint8_t id[ID];
    uint64_t number;
    bool taken;
} IdRow;

struct IdSet {
    IdRow *rows;
    size_t room, count; /* room is a power of two */
    uint8_t key[crypto_shorthash_KEYBYTES];
};

static IdRow *rows_new(size_t room) {
    IdRow *rows = memory_grow(NULL, room, sizeof *rows);
    memset(rows, 0, room * sizeof *rows);
    return rows;
}

IdSet *idset_new(void) {
    IdSet *set = memory_grow(NULL, 1, sizeof *set);
    *set = (IdSet){.rows = rows_new(1024), .room = 1024};
    crypto_shorthash_keygen(set->key);
    return set;
}

void idset_free(IdSet *set) {
    if (!set) return;
    memory_drop(set->rows);
    memory_drop(set);
}

/* Where the id stands, or would. */
static IdRow *place_of(const IdSet *set, const uint8_t id[ID]) {
    uint64_t hash;
    uint8_t bytes[crypto_shorthash_BYTES];
    crypto_shorthash(bytes, id, ID, set->key);
    memcpy(&hash, bytes, sizeof hash);
    size_t at = (size_t)hash & (set->room - 1);
    while (set->rows[at].taken && memcmp(set->rows[at].id, id, ID) != 0)
        at = (at + 1) & (set->room - 1);
    return &set->rows[at];
}

static void idset_widen(IdSet *set) {
    IdRow *old = set->rows;
    size_t room = set->room;
    set->rows = rows_new(2 * room);
    set->room = 2 * room;
    for (size_t i = 0; i < room; i++)
        if (old[i].taken) *place_of(set, old[i].id) = old[i];
    memory_drop(old);
}

uint64_t *idset_put(IdSet *set, const uint8_t id[ID], uint64_t number, bool *added) {
    if (set->count >= set->room / 4 * 3) idset_widen(set);
    IdRow *row = place_of(set, id);
    if (added) *added = !row->taken;
    if (!row->taken) {
        memcpy(row->id, id, ID);
        row->number = number;
        row->taken = true;
        set->count++;
    }
    return &row->number;
}

const uint64_t *idset_get(const IdSet *set, const uint8_t id[ID]) {
    const IdRow *row = place_of(set, id);
    return row->taken ? &row->number : NULL;
}

size_t idset_count(const IdSet *set) {
    return set->count;
}

const uint8_t *idset_next(const IdSet *set, size_t *at, uint64_t *number) {
    while (*at < set->room && !set->rows[*at].taken)
        ++*at;
    if (*at == set->room) return NULL;
    const IdRow *row = &set->rows[(*at)++];
    if (number) *number = row->number;
    return row->id;
}
