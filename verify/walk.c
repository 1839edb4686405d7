#include "walk_int.h"

#include "memory.h"

#include <inttypes.h>
#include <string.h>

/* ---- one leaf ---- */

typedef struct Row {
    uint64_t position, time;
    Slice command, hash, bytes;
} Row;

static bool row_read(sqlite3_stmt *rows, Row *row) {
    return copy_int(rows, 1, &row->time) && copy_blob(rows, 2, &row->command) &&
           copy_blob(rows, 3, &row->hash) && copy_blob(rows, 4, &row->bytes) &&
           row->hash.len == TREE_HASH;
}

/* Where else in the tile of level 0 does the hash stand? */
static bool elsewhere(const Walk *walk, const Hash *hash, uint64_t *position) {
    uint64_t block = walk->bytes.size / TREE_TILE * TREE_TILE;
    for (unsigned i = 0; walk->tiled && i < TREE_TILE; i++) {
        if (memcmp(walk->tile + i * TREE_HASH, hash, TREE_HASH) != 0) continue;
        *position = block + i + 1;
        return *position != walk->bytes.size + 1;
    }
    return false;
}

static void reordered(Walk *walk, uint64_t position, uint64_t other) {
    Report *report = walk->report;
    report_find(report, "reordered", position, "another leaf stands in this place");
    snprintf(report->finding.expected, sizeof report->finding.expected, "leaf %" PRIu64, position);
    snprintf(report->finding.found, sizeof report->finding.found, "leaf %" PRIu64, other);
}

/* The leaf's own hash, its row's, its tile's. */
static void hashes_compare(Walk *walk, const Row *row, const Hash *own) {
    Doubt doubt = {.position = row->position, .bytes = *own, .tiled = walk->tiled};
    uint64_t other;
    memcpy(&doubt.column, row->hash.at, TREE_HASH);
    if (walk->tiled)
        memcpy(&doubt.tile, walk->tile + walk->bytes.size % TREE_TILE * TREE_HASH, TREE_HASH);
    bool as_kept = tree_same(own, &doubt.column);
    if (walk->tiled) as_kept = as_kept && tree_same(own, &doubt.tile);
    bool first = !as_kept && !walk->doubt.position;
    if (first && elsewhere(walk, own, &other))
        reordered(walk, row->position, other);
    else if (first)
        walk->doubt = doubt;
    tree_add(&walk->bytes, own);
}

typedef struct Here {
    Walk *walk;
    uint64_t position;
} Here;

static void sealed_seen(void *arg, const uint8_t key[LEAF_ID]) {
    Here *here = arg;
    here->walk->report->sealed++;
    keyring_use(here->walk->what->ring, key, here->position);
}

static bool statement_seen(void *arg, unsigned kind, Slice bytes) {
    Here *here = arg;
    const WalkWhat *what = here->walk->what;
    return keyring_state(what->ring, what->key, &(KeyringStatement){bytes, kind, here->position},
                         here->walk->report);
}

static bool folding_seen(void *arg, Slice clear) {
    Here *here = arg;
    Report *report = here->walk->report;
    Folding folding;
    Hash name;
    const char *wrong = folding_read(clear, here->position, &folding);
    while (!wrong && folding_chunk(&folding, &name))
        if (!copy_chunk(here->walk->what->copy, &name, report)) wrong = "a chunk is not there";
    if (wrong)
        report_find(report, "malformed", here->position, "this leaf's folding doesn't hold: %s",
                    wrong);
    return !wrong;
}

static const char *rekey_seen(const Here *here, Slice clear) {
    uint8_t to[LEAF_ID];
    const char *wrong = rekey_read(clear, to);
    if (!wrong) keyring_rekey(here->walk->what->ring, to, here->position);
    return wrong;
}

static const char *again_seen(const Here *here, Slice clear) {
    uint64_t of;
    const char *wrong = again_read(clear, &of);
    if (wrong) return wrong;
    bool below = of && of < here->position;
    return below ? NULL : "a note \"again\" repeats what is not below it";
}

static const char *attachment_seen(const Here *here, Slice clear) {
    Attachment attachment;
    const char *wrong = attachment_read(clear, &attachment);
    if (wrong) return wrong;
    keyring_use(here->walk->what->ring, attachment.key, here->position);
    attached_name(here->walk->what->attached, &attachment, here->position);
    return NULL;
}

static bool note_seen(void *arg, Slice name, Slice clear) {
    const Here *here = arg;
    const char *wrong = NULL;
    if (slice_eq(name, slice_of("rekey"))) wrong = rekey_seen(here, clear);
    if (slice_eq(name, slice_of("again"))) wrong = again_seen(here, clear);
    if (slice_eq(name, slice_of("attachment"))) wrong = attachment_seen(here, clear);
    if (wrong) report_find(here->walk->report, "malformed", here->position, "%s", wrong);
    return !wrong;
}

/* What the leaf says, once its bytes are known to be those that were kept. */
static void leaf_tell(Walk *walk, const Row *row, const LeafHead *head) {
    Report *report = walk->report;
    Here here = {walk, row->position};
    LeafEach each = {&here, sealed_seen, statement_seen, folding_seen, note_seen};
    LeafHead again;
    bool added;
    if (!slice_eq(row->command, (Slice){head->command, LEAF_ID}) || row->time != head->time)
        report_find(report, "altered", row->position,
                    "the row's command id or time is not the leaf's");
    uint64_t first = *idset_put(walk->commands, head->command, row->position, &added);
    if (!added)
        report_find(report, "malformed", row->position,
                    "its command id is that of the leaf at position %" PRIu64, first);
    if (head->time < walk->last_time) report->clock_back++;
    walk->last_time = head->time;
    report->events += head->events;
    if (walk_good(walk)) (void)leaf_read(row->bytes, &again, &each);
}

static void leaf_walk(Walk *walk, const Row *row) {
    LeafHead head;
    Hash own = tree_leaf(row->bytes);
    const char *wrong = leaf_read(row->bytes, &head, NULL);
    if (!wrong && head.position != row->position && !walk->doubt.position) {
        reordered(walk, row->position, head.position);
        return;
    }
    hashes_compare(walk, row, &own);
    walk->report->leaves++;
    if (!walk_good(walk) || walk->doubt.position) return;
    if (wrong)
        report_find(walk->report, "malformed", row->position, "the leaf can't be read: %s", wrong);
    else
        leaf_tell(walk, row, &head);
}

/* ---- all leaves ---- */

static void tile_before(Walk *walk) {
    if (walk->bytes.size % TREE_TILE == 0) walk_tile_begin(walk);
}

static void leaf_after(Walk *walk) {
    if (walk_good(walk) && walk->bytes.size % TREE_TILE == 0 && !walk->doubt.position)
        walk_tile_end(walk);
    if (walk_good(walk)) walk_notes_here(walk);
}

/* The leaf that should stand here isn't there. */
static void gap_walk(Walk *walk, uint64_t next) {
    uint64_t position = walk->bytes.size + 1;
    Hash kept;
    tile_before(walk);
    if (!walk_good(walk)) return;
    if (!walk->tiled || walk->doubt.position || !walk_folded(walk, position)) {
        walk_doubt_end(walk);
        Report *report = walk->report;
        report_find(report, "removed", position, "there is no leaf at this position");
        snprintf(report->finding.expected, sizeof report->finding.expected, "leaf %" PRIu64,
                 position);
        snprintf(report->finding.found, sizeof report->finding.found,
                 "leaf %" PRIu64 " as the next one", next);
        return;
    }
    memcpy(&kept, walk->tile + walk->bytes.size % TREE_TILE * TREE_HASH, TREE_HASH);
    tree_add(&walk->bytes, &kept);
    walk->report->folded++;
    leaf_after(walk);
}

static void row_walk(Walk *walk, sqlite3_stmt *rows) {
    Row row = {0};
    if (!copy_int(rows, 0, &row.position) || row.position <= walk->bytes.size) {
        walk_doubt_end(walk);
        report_find(walk->report, "malformed", walk->bytes.size + 1,
                    "the rows of leaves are not in order");
        return;
    }
    while (walk_good(walk) && row.position > walk->bytes.size + 1)
        gap_walk(walk, row.position);
    if (!walk_good(walk)) return;
    tile_before(walk);
    if (!walk_good(walk)) return;
    if (!row_read(rows, &row)) {
        walk_doubt_end(walk);
        report_find(walk->report, "malformed", row.position, "the leaf's row can't be read");
        return;
    }
    leaf_walk(walk, &row);
    leaf_after(walk);
}

static void leaves_walk(Walk *walk) {
    sqlite3_stmt *rows = copy_query(
        walk->what->copy->db,
        "SELECT position, time, command, hash, bytes FROM leaf ORDER BY position", walk->report);
    walk_notes_here(walk);
    while (rows && walk_good(walk) && copy_step(rows, walk->report))
        row_walk(walk, rows);
    sqlite3_finalize(rows);
    walk_doubt_end(walk);
    if (walk_good(walk)) walk_notes_rest(walk);
    if (walk_good(walk)) walk_tile_rest(walk);
}

void walk(const WalkWhat *what, Report *report) {
    Walk *walk = memory_grow(NULL, 1, sizeof *walk);
    *walk = (Walk){.what = what, .report = report, .commands = idset_new()};
    walk->tiles =
        copy_query(what->copy->db, "SELECT bytes FROM tile WHERE level=?1 AND number=?2", report);
    if (walk->tiles && walk_notes_open(walk)) leaves_walk(walk);
    sqlite3_finalize(walk->tiles);
    sqlite3_finalize(walk->notes);
    idset_free(walk->commands);
    memory_drop(walk->folded);
    memory_drop(walk);
}
