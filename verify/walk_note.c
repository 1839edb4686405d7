#include "walk_int.h"

#include <inttypes.h>
#include <sodium.h>

static void hex_of(const Hash *hash, char out[2 * TREE_HASH + 1]) {
    sodium_bin2hex(out, 2 * TREE_HASH + 1, hash->bytes, TREE_HASH);
}

static void expect_hashes(Report *report, const Hash *expected, const Hash *found) {
    char hex[2 * TREE_HASH + 1];
    hex_of(expected, hex);
    snprintf(report->finding.expected, sizeof report->finding.expected, "hash %s", hex);
    hex_of(found, hex);
    snprintf(report->finding.found, sizeof report->finding.found, "hash %s", hex);
}

/* ---- doubts ---- */

/* signed_root NULL: no checkpoint tells. */
static void doubt_settle(Walk *walk, const Hash *signed_root) {
    const Doubt *doubt = &walk->doubt;
    Report *report = walk->report;
    Hash root = tree_root(&walk->bytes);
    bool as_signed = signed_root && tree_same(&root, signed_root);
    const Hash *kept = doubt->tiled ? &doubt->tile : &doubt->column;
    if (as_signed && tree_same(&doubt->bytes, &doubt->column)) {
        report_find(report, "altered tile", doubt->position,
                    "the leaf is as signed, but not its hash in tile %" PRIu64 " of level 0",
                    (doubt->position - 1) / TREE_TILE);
    } else if (as_signed) {
        kept = &doubt->column;
        report_find(report, "altered", doubt->position,
                    "the leaf is as signed, but not the hash in its row");
    } else if (doubt->tiled && tree_same(&doubt->tile, &doubt->bytes)) {
        kept = &doubt->column;
        report_find(report, "altered", doubt->position, "the row's hash is not the leaf's");
    } else {
        report_find(report, "altered", doubt->position,
                    "the leaf's bytes are not those whose hash was kept");
    }
    if (as_signed)
        expect_hashes(report, &doubt->bytes, kept);
    else
        expect_hashes(report, kept, &doubt->bytes);
}

void walk_doubt_end(Walk *walk) {
    if (walk->doubt.position && walk_good(walk)) doubt_settle(walk, NULL);
}

/* ---- checkpoints ---- */

static void notes_step(Walk *walk) {
    walk->note_there = walk_good(walk) && copy_step(walk->notes, walk->report);
    if (walk->note_there && !copy_int(walk->notes, 0, &walk->note_size))
        report_find(walk->report, "forged checkpoint", 0, "a checkpoint's size is no number");
}

bool walk_notes_open(Walk *walk) {
    walk->notes = copy_query(walk->what->copy->db,
                             "SELECT size, note FROM checkpoint ORDER BY size", walk->report);
    if (walk->notes) notes_step(walk);
    return walk_good(walk);
}

/* The row ahead; false: it isn't what it should be, which is a finding unless a doubt is older. */
static bool note_take(Walk *walk, Note *out) {
    Slice text;
    const char *wrong = "it is no blob";
    if (copy_blob(walk->notes, 1, &text)) wrong = note_read(text, walk->what->key, out);
    if (!wrong && out->size != walk->note_size) wrong = "its row is of another size";
    walk->report->checkpoints++;
    if (wrong && !walk->doubt.position)
        report_find(walk->report, "forged checkpoint", walk->note_size,
                    "the checkpoint of this size doesn't hold: %s", wrong);
    return !wrong;
}

static void note_compare(Walk *walk, const Note *note, bool witnessed) {
    Report *report = walk->report;
    Hash root = tree_root(&walk->bytes);
    if (walk->doubt.position) {
        doubt_settle(walk, &note->root);
    } else if (tree_same(&root, &note->root)) {
        report->proven = note->size;
        if (witnessed) report->witness_proven = note->size;
    } else {
        report_find(report, "rewritten", report->proven + 1,
                    "the %s of size %" PRIu64
                    " has another root; the largest that holds is of size %" PRIu64,
                    witnessed ? "witnessed checkpoint" : "checkpoint", note->size, report->proven);
        report->finding.until = note->size;
        expect_hashes(report, &note->root, &root);
    }
}

void walk_notes_here(Walk *walk) {
    const Witness *witness = walk->what->witness;
    uint64_t size = walk->bytes.size;
    for (; witness && walk->witnessed < witness->count && walk_good(walk); walk->witnessed++) {
        const Note *note = &witness->notes[walk->witnessed];
        if (note->size != size) break;
        walk->report->witnessed++;
        note_compare(walk, note, true);
    }
    while (walk_good(walk) && walk->note_there && walk->note_size <= size) {
        Note note;
        if (walk->note_size < size)
            report_find(walk->report, "forged checkpoint", size,
                        "the rows of checkpoints are not in order");
        else if (note_take(walk, &note))
            note_compare(walk, &note, false);
        notes_step(walk);
    }
}

static void cut_off(Walk *walk, uint64_t expected, const char *who) {
    Report *report = walk->report;
    report_find(report, "cut off", walk->bytes.size + 1,
                "%s says that there were %" PRIu64 " leaves", who, expected);
    report->finding.until = expected;
    snprintf(report->finding.expected, sizeof report->finding.expected, "%" PRIu64 " leaves",
             expected);
    snprintf(report->finding.found, sizeof report->finding.found, "%" PRIu64 " leaves",
             walk->bytes.size);
}

void walk_notes_rest(Walk *walk) {
    const Witness *witness = walk->what->witness;
    if (walk_good(walk) && witness && walk->witnessed < witness->count)
        cut_off(walk, witness->notes[witness->count - 1].size, "the witness");
    while (walk_good(walk) && walk->note_there) {
        Note note;
        if (note_take(walk, &note)) cut_off(walk, note.size, "a checkpoint");
        notes_step(walk);
    }
}
