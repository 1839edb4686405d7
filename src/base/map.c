#include "map.h"

#include "hash.h"

#include <string.h>

Map map_new(Arena *arena) {
    return (Map){.arena = arena};
}

/* The slot of the key, or the free slot where it would go. Slots hold item number + 1. */
static uint32_t *map_slot(const Map *map, Str key) {
    size_t mask = map->slots - 1;
    for (size_t i = hash_fast(key) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &map->index[i];
        if (*slot == 0 || str_eq(map->items[*slot - 1].key, key)) return slot;
    }
}

static void map_rehash(Map *map) {
    map->slots = map->slots ? map->slots * 2 : 16;
    map->index = NEW_ARRAY(map->arena, uint32_t, map->slots);
    for (size_t i = 0; i < map->len; i++)
        *map_slot(map, map->items[i].key) = (uint32_t)i + 1;
}

void *map_get(const Map *map, Str key) {
    if (map->len == 0) return NULL;
    uint32_t slot = *map_slot(map, key);
    return slot ? map->items[slot - 1].value : NULL;
}

bool map_has(const Map *map, Str key) {
    return map_get(map, key) != NULL;
}

void map_put(Map *map, Str key, void *value) {
    assert(value);
    if ((map->len + 1) * 4 > map->slots * 3) map_rehash(map);
    uint32_t *slot = map_slot(map, key);
    if (*slot) {
        map->items[*slot - 1].value = value;
        return;
    }
    if (map->len == map->cap) {
        size_t cap = map->cap ? map->cap * 2 : 8;
        map->items = arena_grow(map->arena, map->items, map->cap * sizeof *map->items,
                                cap * sizeof *map->items, _Alignof(MapItem));
        map->cap = cap;
    }
    map->items[map->len++] = (MapItem){key, value};
    *slot = (uint32_t)map->len;
}
