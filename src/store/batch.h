/* batch: writes projections (STORE_STATE) and local rows (STORE_LOCAL) in transactions. A Batch is
   a handle with its own connection, one thread at a time; several may be open, and batch_begin
   waits while another one of the same file is begun. */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include "reader.h"

typedef struct Batch Batch;

/* file is STORE_STATE or STORE_LOCAL. */
Rc batch_open(Ctx *ctx, Store *store, StoreFile file, Batch **out);
/* Rolls back what was begun. NULL is allowed. */
void batch_close(Batch *batch);

typedef enum BatchSync {
    BATCH_LAZY, /* whole or not at all, but the newest ones may be lost at a power cut (never by a
                   killed process): projections, sessions, drafts */
    BATCH_DURABLE, /* synced before batch_commit returns: delivery queues. It makes all earlier ones
                      of the file durable too */
} BatchSync;
Rc batch_begin(Ctx *ctx, Batch *batch, BatchSync sync);
/* RC_FAILED: not there, or (BATCH_DURABLE) unknown; the batch is over, the handle may begin another
 * one. */
Rc batch_commit(Ctx *ctx, Batch *batch);
/* Does nothing when none was begun. */
void batch_rollback(Batch *batch);

/* ---- items; space.file must be the batch's. Reads see what the batch has written ---- */

/* Sets or replaces. */
Rc batch_put(Ctx *ctx, Batch *batch, Space space, const Item *item);
/* RC_OK when there is none, too. */
Rc batch_delete(Ctx *ctx, Batch *batch, Space space, Str key);
/* limit and backwards must not be set. */
Rc batch_delete_range(Ctx *ctx, Batch *batch, const ItemRange *range);
Rc batch_item(Ctx *ctx, Batch *batch, Space space, Str key, Str *value);
Rc batch_items(Ctx *ctx, Batch *batch, const ItemRange *range, ItemEach each, void *arg);
/* Takes away at most max items of the file that have expired; *count is how many. */
Rc batch_purge(Ctx *ctx, Batch *batch, size_t max, uint64_t *count);

/* Moves a projection's cursor, or (NULL) forgets it. */
Rc batch_cursor(Ctx *ctx, Batch *batch, Str name, const Cursor *cursor);
Rc batch_cursor_get(Ctx *ctx, Batch *batch, Str name, Cursor *out);

/* ---- entities; STORE_STATE only ---- */

/* One value of an attribute. Of an array give each element; for what is no string, number
   or boolean (an object, a language map) give that value or NULL: then the index knows only that it
   exists. */
typedef struct IndexValue {
    Str attr; /* expanded IRI */
    const Json *value;
    bool beside; /* it may stand beside others of the attribute that a later same_finds doesn't
                    name: an instance with a datasetId, a reading that need not be the newest */
} IndexValue;
/* The bounding box of a geometry, in degrees. */
typedef struct IndexBox {
    Str attr;
    double west, south, east, north;
} IndexBox;

typedef struct EntityPut {
    Str id;            /* 1 to 2048 bytes */
    uint64_t position; /* a row that is newer already stays as it is */
    StrVec types;      /* expanded IRIs; empty: a tombstone, and nothing below counts */
    Str body;
    VEC(IndexValue)
    values;              /* of all attributes: those declared by batch_index are indexed, scans
                            may know of the others too. With same_finds: of those attributes that
                            have changed; what isn't `beside` replaces what wasn't */
    VEC(IndexBox) boxes; /* of all geometries: a scan with a box finds only what has one */
    Str text;            /* folded text to be found by words of it; empty: none. Never personal */
    bool same_finds; /* types, values that are indexed, boxes and text are those of the row, which
                        is there and lives: only position, body and what changed count */
} EntityPut;
/* Sets or replaces a row with all that finds it. Fastest in the order of ids. RC_NOT_FOUND:
 * same_finds, and there is no such row. */
Rc batch_entity(Ctx *ctx, Batch *batch, const EntityPut *put);
Rc batch_entity_get(Ctx *ctx, Batch *batch, Str id, EntityRow *out);
/* Takes away at most max tombstones at positions up to this (give the cursor's). */
Rc batch_entity_purge(Ctx *ctx, Batch *batch, uint64_t position, size_t max, uint64_t *count);
/* Drops all entities and indexes. */
Rc batch_entity_clear(Ctx *ctx, Batch *batch);

/* Declares an index on an attribute. Give its values in batch_entity from now on, put every living
   entity again (an equal position replaces), then say that it is ready. RC_OK when it is declared
   already. */
Rc batch_index(Ctx *ctx, Batch *batch, Str attr);
/* Whether one is declared, ready or not. */
Rc batch_index_declared(Ctx *ctx, Batch *batch, Str attr, bool *declared);
Rc batch_index_ready(Ctx *ctx, Batch *batch, Str attr);
Rc batch_index_drop(Ctx *ctx, Batch *batch, Str attr);

/* A store may keep in memory what its rows were put with, and has forgotten it when it is opened
   again. True while telling it helps: then tell every living row by its place (what was put for it,
   in the same batch as it was read or by the one thread that writes), at last that it was all.
   Nothing is written. */
bool batch_forgot(const Batch *batch);
Rc batch_entity_tell(Ctx *ctx, Batch *batch, uint64_t place, const EntityPut *put);
void batch_told_all(Batch *batch);

#endif
