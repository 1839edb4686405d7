/* reader: reads everything a store holds. A Reader is a handle with connections of its own; one
   thread at a time, one per thread of a pool. Calls give up with RC_LIMIT when ctx->deadline
   passes. Results are copied into ctx->arena; what an `each` function is shown is borrowed until it
   returns. An each function returns false to stop, must not write, and must not use the same
   Reader. */
#ifndef STORE_READER_H
#define STORE_READER_H

#include "base/base.h"
#include "model/model.h"

typedef struct Store Store;
typedef struct Reader Reader;

typedef enum StoreFile {
    STORE_LEDGER,
    STORE_STATE,
    STORE_LOCAL,
    STORE_FILES, /* how many there are */
} StoreFile;

Rc reader_open(Ctx *ctx, Store *store, Reader **out);
void reader_close(Reader *reader); /* NULL is allowed */
/* From here to reader_release all reads of this file see one state. Keep it short: the log cannot
 * be reused meanwhile. */
Rc reader_snapshot(Ctx *ctx, Reader *reader, StoreFile file);
void reader_release(Reader *reader, StoreFile file);

/* ---- the ledger ---- */

/* 16 bytes. Ids that begin with the time (48 bits of milliseconds, big endian, as in UUIDv7) keep
   the index of ids append-only, which is several times faster than random ones. */
typedef struct CommandId {
    uint8_t bytes[16];
} CommandId;

typedef struct Leaf {
    uint64_t position; /* dense from 1 */
    CommandId command;
    int64_t time; /* µs UTC */
    Digest hash;  /* leaf hash of the Merkle tree */
    Str bytes;
} Leaf;
typedef bool (*LeafEach)(void *arg, const Leaf *leaf);

/* Position of the newest leaf, 0 when there is none. */
Rc reader_head(Ctx *ctx, Reader *reader, uint64_t *position);
typedef struct LeafSlice {
    uint64_t from; /* first position */
    size_t max;    /* at most so many leaves */
} LeafSlice;
/* The leaves of a slice, oldest first. */
Rc reader_leaves(Ctx *ctx, Reader *reader, LeafSlice slice, LeafEach each, void *arg);
/* RC_NOT_FOUND. */
Rc reader_leaf(Ctx *ctx, Reader *reader, uint64_t position, Leaf *out);
Rc reader_leaf_of(Ctx *ctx, Reader *reader, const CommandId *command, Leaf *out);
/* Hashes of exactly n leaves from position `from` on, without their bytes; RC_NOT_FOUND when there
 * are fewer. */
Rc reader_hashes(Ctx *ctx, Reader *reader, uint64_t from, size_t n, Digest *out);

/* A wrapped data key. id, subject and retention are opaque bytes of the caller's, at most 64 bytes
 * each; wrapped at most 512. */
typedef struct KeyRow {
    Str id, subject, retention;
    Str wrapped;       /* empty: destroyed */
    uint64_t position; /* of the leaf that brought it */
} KeyRow;
typedef bool (*KeyEach)(void *arg, const KeyRow *row);
/* RC_NOT_FOUND: never was. A destroyed key is found, with wrapped empty. */
Rc reader_key(Ctx *ctx, Reader *reader, Str id, KeyRow *out);
/* The newest living key of a subject and retention file. RC_NOT_FOUND. */
Rc reader_key_of(Ctx *ctx, Reader *reader, Str subject, Str retention, KeyRow *out);
/* All keys of a subject, or of a retention file (the other empty), or both given, or all (both
 * empty); destroyed ones too. */
typedef struct KeyRange {
    Str subject, retention;
} KeyRange;
Rc reader_keys(Ctx *ctx, Reader *reader, const KeyRange *range, KeyEach each, void *arg);

/* A Merkle tile; level and index as in C2SP tlog-tiles. RC_NOT_FOUND. */
Rc reader_tile(Ctx *ctx, Reader *reader, uint32_t level, uint64_t index, Str *bytes);
/* The newest signed checkpoint, and the size of the tree that it is of. RC_NOT_FOUND. */
Rc reader_checkpoint(Ctx *ctx, Reader *reader, uint64_t *size, Str *note);
/* The newest checkpoint of a tree of at most this size. RC_NOT_FOUND. */
Rc reader_checkpoint_at(Ctx *ctx, Reader *reader, uint64_t max_size, uint64_t *size, Str *note);

/* ---- ordered items: any index a room wants, in any of the three files ---- */

/* A named, ordered set of key and value; names are constants of the code, [a-z0-9._-]{1,64}. */
typedef struct Space {
    StoreFile file;
    Str name;
} Space;
#define SPACE(file_, literal) ((Space){(file_), STR(literal)})

typedef struct Item {
    Str key;   /* ordered by bytes; 1 to 1024 bytes */
    Str value; /* at most 256 MiB */
    int64_t
        expires; /* µs UTC; from then on it is not found, and batch_purge takes it away. 0: never */
} Item;
typedef bool (*ItemEach)(void *arg, const Item *item);

typedef struct ItemRange {
    Space space;
    Str from, to; /* from inclusive, to exclusive; empty: no bound */
    Str prefix;   /* only keys that begin with it; empty: any */
    bool backwards;
    size_t limit; /* 0: all */
} ItemRange;

/* RC_NOT_FOUND: no such key, or it has expired. */
Rc reader_item(Ctx *ctx, Reader *reader, Space space, Str key, Str *value);
Rc reader_items(Ctx *ctx, Reader *reader, const ItemRange *range, ItemEach each, void *arg);
/* How many items the range holds, expired ones included; counted one by one. */
Rc reader_items_count(Ctx *ctx, Reader *reader, const ItemRange *range, uint64_t *count);

/* How far a projection is. */
typedef struct Cursor {
    uint64_t position; /* of the last leaf whose effects are there */
    Digest leaf;       /* its hash: another one means that this is not the same ledger */
    uint32_t version;  /* of the projection's code */
} Cursor;
/* RC_NOT_FOUND: the projection never ran. */
Rc reader_cursor(Ctx *ctx, Reader *reader, StoreFile file, Str name, Cursor *out);

/* ---- entities: the state projection ---- */

typedef struct EntityRow {
    Str id;
    uint64_t position;
    Str body;
    uint64_t place; /* where it is stored, from 1 on; told by reader_entities_stored only */
} EntityRow;
typedef bool (*EntityEach)(void *arg, const EntityRow *row);

/* RC_NOT_FOUND: no such row, or a tombstone. */
Rc reader_entity(Ctx *ctx, Reader *reader, Str id, EntityRow *out);

typedef struct EntityScan {
    const MatchHint *hint; /* NULL: everything. What is shown is a superset of what satisfies it */
    Str text; /* folded words separated by spaces, all of which occur as parts of the entity's text;
                 empty: any */
    Str after; /* only ids greater than this: paging */
    size_t
        wanted; /* about how many the caller will take before he stops (chooses the plan); 0: all */
    uint64_t *sifted; /* NULL, or set to how many entities were passed over one by one, for want of
                         an index, without being shown */
} EntityScan;
/* Shows candidates in order of their id, each once. */
Rc reader_entities(Ctx *ctx, Reader *reader, const EntityScan *scan, EntityEach each, void *arg);

/* Shows all living entities behind a place (0: from the beginning) in the order in which they are
   stored: the fastest way to go through all of them. */
Rc reader_entities_stored(Ctx *ctx, Reader *reader, uint64_t after, EntityEach each, void *arg);

typedef struct EntityCount {
    Str type;
    uint64_t count;
} EntityCount;
typedef VEC(EntityCount) EntityCounts;
/* Living entities by type (an entity of two types counts in both); kept, not counted. Types with
 * none are left out. */
Rc reader_entity_counts(Ctx *ctx, Reader *reader, EntityCounts *out);
/* Living entities altogether. */
Rc reader_entity_total(Ctx *ctx, Reader *reader, uint64_t *out);

typedef struct AttrIndex {
    Str attr;
    bool ready; /* every living entity's values are in it: scans use it */
} AttrIndex;
typedef VEC(AttrIndex) AttrIndexes;
Rc reader_indexes(Ctx *ctx, Reader *reader, AttrIndexes *out);

#endif
