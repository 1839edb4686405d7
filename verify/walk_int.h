/* walk_int: what the files that make up the walk share. */
#ifndef VERIFY_WALK_INT_H
#define VERIFY_WALK_INT_H

#include "idset.h"
#include "walk.h"

enum { WALK_LEVELS = 8 };

/* Leaves that events of kind 5 say were folded. */
typedef struct Range {
    uint64_t first, count;
} Range;

/* A mismatch between a leaf's bytes and what is recorded of them. Which of them was changed is told
   by the next checkpoint: its root is that of the bytes, or isn't. */
typedef struct Doubt {
    uint64_t position; /* 0: there is none */
    Hash bytes, column, tile;
    bool tiled; /* a full tile holds a hash for it */
} Doubt;

typedef struct Walk {
    const WalkWhat *what;
    Report *report;
    Tree bytes; /* over the leaves as they are; for one that was folded, over the hash kept of it */
    uint8_t tile[TREE_TILE_BYTES]; /* of level 0, where the walk is; valid when tiled */
    bool tiled;
    Hash levels[WALK_LEVELS][TREE_TILE]; /* hashes of the upper tiles that are not yet full */
    sqlite3_stmt *tiles;                 /* by level and number */
    sqlite3_stmt *notes;                 /* rows of checkpoint that lie ahead */
    bool note_there;
    uint64_t note_size;
    size_t witnessed; /* records of the witness that lie behind */
    uint64_t last_time;
    IdSet *commands;
    Doubt doubt;
    bool foldings_read;
    Range *folded;
    size_t folded_count, folded_room;
} Walk;

/* walk_tile.c */
/* Before the first leaf of a tile: is there a full one? */
void walk_tile_begin(Walk *walk);
/* After its last: the levels above. */
void walk_tile_end(Walk *walk);
/* After the last leaf: tiles beyond it. */
void walk_tile_rest(Walk *walk);

/* walk_note.c */
bool walk_notes_open(Walk *walk);
/* The checkpoints at the size that the walk has reached. */
void walk_notes_here(Walk *walk);
/* After the last leaf: checkpoints beyond it. */
void walk_notes_rest(Walk *walk);
/* No checkpoint tells more about the doubt. */
void walk_doubt_end(Walk *walk);

/* walk_fold.c */
/* Was the leaf that is missing here folded? */
bool walk_folded(Walk *walk, uint64_t position);

/* True when the walk goes on. */
static inline bool walk_good(const Walk *walk) {
    return !walk->report->finding.name;
}

#endif
