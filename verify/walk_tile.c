#include "walk_int.h"

#include <inttypes.h>
#include <string.h>

/* 1: there, and of the right size; 0: not there; -1: a finding was made. */
static int tile_load(Walk *walk, unsigned level, uint64_t number, uint8_t out[TREE_TILE_BYTES]) {
    Slice bytes = {0};
    sqlite3_reset(walk->tiles);
    sqlite3_bind_int64(walk->tiles, 1, (int64_t)level);
    sqlite3_bind_int64(walk->tiles, 2, (int64_t)number);
    bool there = copy_step(walk->tiles, walk->report);
    bool good = there && copy_blob(walk->tiles, 0, &bytes) && bytes.len == TREE_TILE_BYTES;
    if (good) memcpy(out, bytes.at, TREE_TILE_BYTES);
    if (there && !good)
        report_find(walk->report, "altered tile", walk->bytes.size + 1,
                    "tile %" PRIu64 " of level %u is not of 8192 bytes", number, level);
    sqlite3_reset(walk->tiles);
    return !walk_good(walk) ? -1 : there;
}

void walk_tile_begin(Walk *walk) {
    uint64_t number = walk->bytes.size / TREE_TILE;
    bool due = walk->what->copy->head >= (number + 1) * TREE_TILE;
    walk->tiled = false;
    if (walk->doubt.position) return;
    int there = tile_load(walk, 0, number, walk->tile);
    walk->tiled = there == 1;
    if (walk->tiled) walk->report->tiles++;
    if (there == 0 && due)
        report_find(walk->report, "altered tile", walk->bytes.size + 1,
                    "tile %" PRIu64 " of level 0 was removed", number);
}

/* The first leaf under slot i of a tile. */
static uint64_t leaf_under(unsigned level, uint64_t number, unsigned slot) {
    return ((number * TREE_TILE + slot) << (8 * level)) + 1;
}

/* A full tile of level > 0 against the roots of the tiles below it. */
static void tile_compare(Walk *walk, unsigned level, uint64_t number) {
    uint8_t stored[TREE_TILE_BYTES];
    int there = tile_load(walk, level, number, stored);
    if (there == 1) walk->report->tiles++;
    if (there == 0)
        report_find(walk->report, "altered tile", leaf_under(level, number, 0),
                    "tile %" PRIu64 " of level %u was removed", number, level);
    for (unsigned i = 0; there == 1 && i < TREE_TILE; i++) {
        if (memcmp(stored + i * TREE_HASH, &walk->levels[level][i], TREE_HASH) == 0) continue;
        report_find(walk->report, "altered tile", leaf_under(level, number, i),
                    "hash %u of tile %" PRIu64 " of level %u is not the root of the tile below it",
                    i, number, level);
        return;
    }
}

void walk_tile_end(Walk *walk) {
    uint64_t number = walk->bytes.size / TREE_TILE - 1; /* of the tile that is full now */
    Hash root = tree_tile_root(walk->tile);
    for (unsigned level = 1; level < WALK_LEVELS && walk_good(walk); level++) {
        walk->levels[level][number % TREE_TILE] = root;
        if (number % TREE_TILE != TREE_TILE - 1) return;
        number /= TREE_TILE;
        tile_compare(walk, level, number);
        root = tree_tile_root((const uint8_t *)walk->levels[level]);
    }
}

void walk_tile_rest(Walk *walk) {
    uint64_t level, number, size = walk->bytes.size;
    sqlite3_stmt *rows =
        copy_query(walk->what->copy->db, "SELECT level, number FROM tile ORDER BY level, number",
                   walk->report);
    while (rows && copy_step(rows, walk->report)) {
        bool good = copy_int(rows, 0, &level) && copy_int(rows, 1, &number);
        if (good && level < WALK_LEVELS && number < size >> (8 * level) >> 8) continue;
        if (good && level < WALK_LEVELS)
            report_find(walk->report, "cut off", size + 1,
                        "tile %" PRIu64 " of level %" PRIu64 " is of leaves beyond the last one",
                        number, level);
        else
            report_find(walk->report, "altered tile", 0, "a tile is of no level that can be");
    }
    sqlite3_finalize(rows);
}
