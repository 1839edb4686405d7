#include "walk_int.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct FoldingHere {
    Walk *walk;
    uint64_t position; /* of the leaf */
} FoldingHere;

static bool folding_keep(void *arg, Slice clear) {
    FoldingHere *here = arg;
    Walk *walk = here->walk;
    Folding folding;
    Hash name;
    Range range;
    if (folding_read(clear, here->position, &folding)) return true; /* a finding when it is met */
    while (folding_chunk(&folding, &name))
        if (!copy_chunk(walk->what->copy, &name, walk->report)) return true;
    while (folding_range(&folding, &range.first, &range.count)) {
        if (walk->folded_count == walk->folded_room) {
            walk->folded_room = walk->folded_room ? 2 * walk->folded_room : 64;
            walk->folded = memory_grow(walk->folded, walk->folded_room, sizeof range);
        }
        walk->folded[walk->folded_count++] = range;
    }
    return true;
}

static int by_first(const void *a, const void *b) {
    const Range *left = a, *right = b;
    return (left->first > right->first) - (left->first < right->first);
}

/* The event that folds a leaf lies above it: where the first leaf is missing, all are read for
 * foldings. A leaf that can't be read is left to the walk. */
static void foldings_load(Walk *walk, uint64_t above) {
    sqlite3_stmt *rows = copy_query(
        walk->what->copy->db, "SELECT position, bytes FROM leaf WHERE position>?1", walk->report);
    walk->foldings_read = true;
    if (rows) sqlite3_bind_int64(rows, 1, (int64_t)above);
    while (rows && copy_step(rows, walk->report)) {
        FoldingHere here = {.walk = walk};
        LeafEach each = {.arg = &here, .folding = folding_keep};
        LeafHead head;
        Slice bytes;
        if (!copy_int(rows, 0, &here.position) || !copy_blob(rows, 1, &bytes)) continue;
        if (!leaf_read(bytes, &head, NULL)) (void)leaf_read(bytes, &head, &each);
    }
    sqlite3_finalize(rows);
    if (walk->folded_count) qsort(walk->folded, walk->folded_count, sizeof *walk->folded, by_first);
}

bool walk_folded(Walk *walk, uint64_t position) {
    if (!walk->foldings_read) foldings_load(walk, position);
    size_t low = 0, high = walk->folded_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (walk->folded[middle].first <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low && position - walk->folded[low - 1].first < walk->folded[low - 1].count;
}
