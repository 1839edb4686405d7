/* store_int: what the files of the SQLite store share. */
#ifndef STORE_SQLITE_STORE_INT_H
#define STORE_SQLITE_STORE_INT_H

#include "store/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "sql.h"

enum {
    FORMAT = 1,               /* user_version of each file */
    APPLICATION = 0x6D616368, /* 'mach' */
    HELP_PAGES = 300,         /* pages of log after which the helper checkpoints, at least */
    BUSY_MILLISECONDS = 5000,
};

/* ---- fault layer (tear.c, disk.c) ---- */

typedef struct TearFile TearFile;
TearFile *tear_open(Tear *tear, const char *path); /* NULL: cannot be opened, or the power is cut */
void tear_forget(Tear *tear, const char *path);    /* the file was deleted */
int64_t tear_size(TearFile *file);
ssize_t tear_read(TearFile *file, void *to, size_t len, int64_t at); /* bytes read, or -1 */
bool tear_write(TearFile *file, const void *from, size_t len, int64_t at);
bool tear_truncate(TearFile *file, int64_t size);
bool tear_sync(TearFile *file);
bool tear_move(Tear *tear, const char *from, const char *to); /* to NULL: a deletion */
bool tear_sync_folder(Tear *tear, const char *folder);
const char *tear_place(Tear *tear, Arena *arena, const char *path); /* NULL: deleted */

/* False: this step fails. */
bool fault_step(const StoreFault *fault, const char *what);

/* Files that are not SQLite's. Each returns RC_FAILED with the path and the system's reason. */
Rc disk_make_folder(Ctx *ctx, const StoreFault *fault,
                    const char *path); /* mode 0700; RC_OK when there */
Rc disk_write_new(Ctx *ctx, const StoreFault *fault, const char *path, Str bytes); /* synced */
Rc disk_read(Ctx *ctx, const StoreFault *fault, const char *path, Str *bytes); /* RC_NOT_FOUND */
/* At most the first n bytes. RC_NOT_FOUND. */
Rc disk_head(Ctx *ctx, const StoreFault *fault, const char *path, size_t n, Str *bytes);
/* Shows the names in a folder but those that begin with a dot; one that isn't there has none. */
typedef Rc (*DiskEach)(void *arg, const char *folder, const char *name);
Rc disk_each(Ctx *ctx, const char *folder, DiskEach each, void *arg);
bool disk_exists(Ctx *ctx, const StoreFault *fault, const char *path);
Rc disk_rename(Ctx *ctx, const StoreFault *fault, const char *from, const char *to);
Rc disk_delete(Ctx *ctx, const StoreFault *fault, const char *path); /* RC_OK when there is none */
Rc disk_sync_file(Ctx *ctx, const StoreFault *fault, const char *path);
Rc disk_copy(Ctx *ctx, const StoreFault *fault, const char *from, const char *to); /* synced */
Rc disk_sync_folder(Ctx *ctx, const StoreFault *fault, const char *path);

/* ---- vfs.c ---- */

typedef struct Vfs Vfs;
/* log_bytes 0: the defaults. */
Vfs *vfs_new(const StoreFault *fault, size_t log_bytes);
void vfs_free(Vfs *vfs);
const char *vfs_name(const Vfs *vfs);
uint64_t vfs_syncs(const Vfs *vfs);
int64_t vfs_log_reserve(const Vfs *vfs, StoreFile file);

/* ---- db.c: one connection ---- */

/* Tables that give names a number. */
typedef enum Naming { NAMING_SPACE, NAMING_TYPE, NAMING_BOXED, NAMINGS } Naming;

typedef struct Db {
    sqlite3 *sql; /* NULL: not open */
    Store *store;
    StoreFile file;
    int64_t deadline; /* time_monotonic, 0: none */
    int log_pages;    /* in the log after the last commit of this connection */
    Arena *names; /* of the maps below, which hold what is committed and what this batch added */
    Map numbers[NAMINGS];
    sqlite3_stmt *stmts[SQL_COUNT];
} Db;

Rc db_open(Ctx *ctx, Store *store, StoreFile file, Db *db);
/* A plain connection to a file of that kind elsewhere, without a log. */
Rc db_open_at(Ctx *ctx, Store *store, StoreFile file, const char *path, Db *db);
/* Lets calls end with RC_LIMIT at ctx->deadline. */
void db_interruptible(Db *db);
void db_close(Db *db);
/* The error of a failed call, by SQLite's code. */
Rc db_fail(Ctx *ctx, const Db *db, int code);
/* Runs statements that give no rows. sql is constant. */
Rc db_exec(Ctx *ctx, Db *db, const char *sql);
/* A statement of sql.h, prepared once per connection, not in use by anyone else. */
Rc db_use(Ctx *ctx, Db *db, SqlId id, sqlite3_stmt **out);
Rc db_step(Ctx *ctx, Db *db, sqlite3_stmt *stmt, bool *row);
/* Steps a statement that gives no rows. */
Rc db_run(Ctx *ctx, Db *db, sqlite3_stmt *stmt);
/* The same by its id, for statements without parameters. */
Rc db_plain(Ctx *ctx, Db *db, SqlId id);
/* A further instance of a statement, the caller's own. */
Rc db_prepare(Ctx *ctx, Db *db, SqlId id, sqlite3_stmt **out);
/* The number of a name, 0 when there is none; db_number_add gives it one. */
Rc db_number(Ctx *ctx, Db *db, Naming naming, Str name, int64_t *number);
Rc db_number_add(Ctx *ctx, Db *db, Naming naming, Str name, int64_t *number);
/* Ends what was begun, forgets names that it added. */
void db_rollback(Db *db);
/* After a commit: wakes the helper, or checkpoints on this connection. */
void db_committed(Ctx *ctx, Db *db);
/* Checkpoints whole and overwrites the log. RC_BUSY: a reader is in the way. */
Rc db_scrub(Ctx *ctx, Db *db);
const char *db_path(Ctx *ctx, const Store *store, const char *name);

void stmt_done(sqlite3_stmt **stmt); /* resets and unbinds; for USES_STMT */
#define USES_STMT [[gnu::cleanup(stmt_done)]] sqlite3_stmt
void stmt_own_done(sqlite3_stmt **stmt); /* finalizes a statement that was prepared aside */
#define OWNS_STMT [[gnu::cleanup(stmt_own_done)]] sqlite3_stmt
/* The slice must live until the statement is reset. */
void stmt_str(sqlite3_stmt *stmt, int at, Str value);
void stmt_int(sqlite3_stmt *stmt, int at, int64_t value);
Str stmt_get(sqlite3_stmt *stmt, int column); /* borrowed until the next step */
Str stmt_copy(Ctx *ctx, sqlite3_stmt *stmt, int column);

/* ---- schema.c ---- */

extern const char *const schema_files[STORE_FILES]; /* "ledger.db" ... */
extern const char *const schema_keys;               /* of the part of a backup that holds keys */
/* Creates the tables of an empty file, or checks its format; RC_INVALID: of another format or no
 * database. */
Rc schema_check(Ctx *ctx, Db *db);
/* Creates them in one transaction. */
Rc schema_create(Ctx *ctx, Db *db);

/* ---- leaf.c: reading the ledger on any connection ---- */

Rc leaf_head(Ctx *ctx, Db *db, uint64_t *position);
Rc leaf_at(Ctx *ctx, Db *db, uint64_t position, Leaf *out);
Rc leaf_of(Ctx *ctx, Db *db, const CommandId *command, Leaf *out);
Rc leaf_each(Ctx *ctx, Db *db, LeafSlice slice, LeafEach each, void *arg);
Rc leaf_hashes(Ctx *ctx, Db *db, LeafSlice slice, Digest *out);
Rc key_get(Ctx *ctx, Db *db, Str id, KeyRow *out);
Rc key_living(Ctx *ctx, Db *db, const KeyRange *range, KeyRow *out);
Rc key_each(Ctx *ctx, Db *db, const KeyRange *range, KeyEach each, void *arg);
void key_range_bind(sqlite3_stmt *stmt, const KeyRange *range); /* subject as ?1, retention as ?2 */
Rc tile_get(Ctx *ctx, Db *db, uint32_t level, uint64_t index, Str *bytes);
Rc checkpoint_get(Ctx *ctx, Db *db, uint64_t max_size, uint64_t *size, Str *note);

/* ---- items.c, on any connection ---- */

Rc items_put(Ctx *ctx, Db *db, Space space, const Item *item);
Rc items_delete(Ctx *ctx, Db *db, Space space, Str key);
Rc items_delete_range(Ctx *ctx, Db *db, const ItemRange *range);
Rc items_get(Ctx *ctx, Db *db, Space space, Str key, Str *value);
Rc items_each(Ctx *ctx, Db *db, const ItemRange *range, ItemEach each, void *arg);
Rc items_count(Ctx *ctx, Db *db, const ItemRange *range, uint64_t *count);
Rc items_purge(Ctx *ctx, Db *db, size_t max, uint64_t *count);
Rc items_cursor(Ctx *ctx, Db *db, Str name, Cursor *out);
Rc items_cursor_set(Ctx *ctx, Db *db, Str name, const Cursor *cursor);

/* ---- marks.c: the index rows of an entity, and how values are ordered in them ---- */

enum { MARK_VALUE_MAX = 208, MARK_RANGES = 4 };

typedef struct Mark {
    int64_t attr;
    Str value; /* ordered by bytes */
} Mark;
typedef struct MarkBox {
    int64_t attr, number; /* number in the R*Tree */
    double west, south, east, north;
} MarkBox;
typedef struct Marks {
    VEC(Mark) values; /* sorted, each once */
    VEC(MarkBox) boxes;
} Marks;
/* The index form of a value; NULL and what cannot be ordered give a mark of mere existence. */
Str mark_value(Arena *arena, const Json *value);
void marks_sort(Marks *marks);
Str marks_encode(Arena *arena, const Marks *marks);
bool marks_decode(Arena *arena, Str bytes, Marks *out);

typedef struct MarkRange {
    Str from, to; /* from inclusive, to exclusive */
} MarkRange;
/* The ranges of index values that together hold whatever can satisfy a bound; returns their number.
 */
size_t mark_ranges(Arena *arena, MatchOp op, const Json *value, MarkRange ranges[MARK_RANGES]);

/* The same, rounded to 48 bits: numbers and times keep their order, texts only their identity. */
#define MARK_CODE_ANY ((uint64_t)'x' << 40) /* of a mark of mere existence */
typedef struct CodeRange {
    uint64_t from, to; /* both inclusive */
} CodeRange;
uint64_t mark_code(Str mark);
size_t mark_code_ranges(Arena *arena, MatchOp op, const Json *value, CodeRange ranges[MARK_RANGES]);

/* ---- grams.c: text search by pairs of characters ---- */

/* The tokens of a text, separated by spaces. */
Str grams_tokens(Arena *arena, Str text);
/* The full-text expression for entities whose text may hold all words; empty when there are no
 * words. */
Str grams_query(Arena *arena, Str words);
/* Whether the text holds all words as parts. */
bool grams_holds(Str text, Str words);

/* ---- entity.c ---- */

typedef VEC(int64_t) Numbers;
void numbers_sort(Numbers *numbers); /* ascending, each once */

Rc entity_row(Ctx *ctx, Db *db, Str id, EntityRow *out);
Rc entity_total(Ctx *ctx, Db *db, uint64_t *out);
/* Which batch the file's sketch was last changed by, in this snapshot. */
Rc entity_sequence(Ctx *ctx, Db *db, uint64_t *out);

typedef struct TypeDelta {
    int64_t type, delta;
} TypeDelta;
typedef enum SketchKind {
    SKETCH_SET,    /* these are all its codes */
    SKETCH_CHANGE, /* these attributes have changed */
    SKETCH_CLEAR,
    SKETCH_WHOLE, /* every living entity was set */
    SKETCH_TOO_MANY,
} SketchKind;
typedef struct SketchOp {
    SketchKind kind;
    int64_t number;
    uint64_t *codes; /* sorted */
    size_t len;
} SketchOp;
/* What a batch of entities keeps beside its connection. */
typedef struct EntityBatch {
    Arena *arena;   /* of the batch */
    Arena *scratch; /* of one put */
    bool loaded;    /* attrs and next_number are those of the file */
    int64_t next_number;
    Map attrs; /* iri to int64_t number */
    VEC(TypeDelta) deltas;
    int64_t total_delta;
    VEC(SketchOp) sketched; /* to be done to the sketch with the commit */
} EntityBatch;
Rc entity_put(Ctx *ctx, Db *db, EntityBatch *batch, const EntityPut *put);
/* For the sketch alone. */
Rc entity_tell(Ctx *ctx, Db *db, EntityBatch *batch, int64_t number, const EntityPut *put);
/* Writes the counts; before the commit. */
Rc entity_counts_flush(Ctx *ctx, Db *db, EntityBatch *batch);
Rc entity_purge(Ctx *ctx, Db *db, LeafSlice dead, uint64_t *count);
Rc entity_clear(Ctx *ctx, Db *db, EntityBatch *batch);
Rc entity_index_add(Ctx *ctx, Db *db, EntityBatch *batch, Str attr);
Rc entity_index_declared(Ctx *ctx, Db *db, EntityBatch *batch, Str attr, bool *declared);
Rc entity_index_ready(Ctx *ctx, Db *db, EntityBatch *batch, Str attr);
Rc entity_index_drop(Ctx *ctx, Db *db, EntityBatch *batch, Str attr);

/* ---- sketch.c: which values entities have, rounded, in memory ---- */

typedef struct Sketch Sketch;
/* Holds at most about so many bytes. Readers may ask while the one batch of the file writes. */
Sketch *sketch_new(size_t max);
void sketch_free(Sketch *sketch);
/* At opening: what the file says, and whether it has no entity. */
void sketch_begin(Sketch *sketch, uint64_t sequence, bool empty);
/* There is one, and it doesn't know all living entities. NULL allowed. */
bool sketch_forgot(Sketch *sketch);
/* Keeps for the commit what a put says of an entity's values. */
void sketch_stage(Db *db, EntityBatch *batch, const EntityPut *put, int64_t number);
/* The same of something that is about all of them. */
void sketch_say(Db *db, EntityBatch *batch, SketchKind kind);
/* Right before COMMIT, whose transaction keeps the sequence that is returned. */
uint64_t sketch_apply(Sketch *sketch, EntityBatch *batch);
/* The COMMIT failed: the sketch is of no use until it has been made anew. */
void sketch_spoil(Sketch *sketch);

typedef struct SketchAsk {
    Arena *arena;
    const MatchHint *hint;
    uint64_t sequence; /* of the snapshot */
    size_t max;        /* with more numbers it is of no use */
} SketchAsk;
typedef struct SketchFound {
    bool usable;
    Numbers numbers; /* of all that may meet the bounds */
} SketchFound;
Rc sketch_find(Ctx *ctx, Sketch *sketch, const SketchAsk *ask, SketchFound *out);

/* ---- scan.c ---- */

Rc scan_entities(Ctx *ctx, Db *db, const EntityScan *scan, EntityEach each, void *arg);

/* ---- helper.c: the thread that checkpoints ---- */

typedef struct Helper {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running, stop, wanted[STORE_FILES];
    _Atomic bool busy[STORE_FILES];
} Helper;
Rc helper_start(Ctx *ctx, Store *store);
void helper_stop(Store *store);
void helper_want(Store *store, StoreFile file);
/* One PASSIVE checkpoint on this connection. What fails is logged: the log keeps everything, the
 * next one repeats it. */
void helper_checkpoint(Db *db);

/* ---- store.c ---- */

struct Store {
    Arena *arena;
    Str folder;
    int lock_fd;
    Vfs *vfs;
    const StoreFault *fault;
    const Clock *clock;
    Clock system_clock;
    bool no_sync, has_helper;
    Digest id;
    Sketch *sketch;          /* NULL: none is kept */
    Db anchors[STORE_FILES]; /* stay open, so that a log's index in memory outlives every handle;
                             the helper's */
    pthread_mutex_t writing[STORE_FILES]; /* held by the batch that is begun */
    _Atomic bool has_writer;
    Helper helper;
    _Atomic uint64_t commits, checkpoints, log_restarts;
    _Atomic int64_t log_pages[STORE_FILES];
};

#endif
