/* map: Str to pointer, in an arena, insertion order kept. Keys are not copied and must outlive the
 * map. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "arena.h"
#include "str.h"

typedef struct MapItem {
    Str key;
    void *value;
} MapItem;

typedef struct Map {
    Arena *arena;
    MapItem *items; /* in order of insertion, len of them */
    uint32_t *index;
    size_t len, cap, slots;
} Map;

Map map_new(Arena *arena);
/* The value, or NULL. */
void *map_get(const Map *map, Str key);
/* Sets or replaces. value is not NULL. */
void map_put(Map *map, Str key, void *value);
bool map_has(const Map *map, Str key);

#endif
