#include "store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { STORE_ARENA = 1 << 20, SKETCH_BYTES = 128 << 20 };

/* ---- the lock of the folder ---- */

static Rc lock_busy(Ctx *ctx, int fd, const char *folder) {
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    Str who = str_trim((Str){pid, n > 0 ? (size_t)n : 0});
    return ctx_fail(ctx, RC_BUSY, "locked", str_of(folder),
                    "Another machi runs on this folder, as process " STR_FMT
                    ": stop it first, or name another folder.",
                    STR_ARG(who));
}

static Rc lock_take(Ctx *ctx, Store *store) {
    const char *path = db_path(ctx, store, "lock"), *folder = str_z(ctx->arena, store->folder);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        return ctx_fail(ctx, RC_FAILED, "disk", str_of(path), "Cannot open %s: %s.", path,
                        strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return lock_busy(ctx, store->lock_fd, folder);
    char pid[24];
    int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(store->lock_fd, 0) != 0 || pwrite(store->lock_fd, pid, (size_t)len, 0) != len)
        return ctx_fail(ctx, RC_FAILED, "disk", str_of(path), "Cannot write %s: %s.", path,
                        strerror(errno));
    return RC_OK;
}

/* ---- opening ---- */

static Rc open_file(Ctx *ctx, Store *store, StoreFile file) {
    Db *db = &store->anchors[file];
    TRY(db_open(ctx, store, file, db));
    Rc rc = schema_check(ctx, db);
    if (rc != RC_OK) db_close(db);
    return rc;
}

static bool is_rebuildable(const Ctx *ctx, Rc rc) {
    return rc == RC_INVALID || (rc == RC_FAILED && str_eq(ctx->error.code, STR("damaged")));
}

/* What stands in the log is applied to whatever file of this name comes next, so it goes first. */
static Rc forget_state(Ctx *ctx, Store *store) {
    static const char *const names[] = {"state.db-wal", "state.db-shm", "state.db"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        TRY(disk_delete(ctx, store->fault, db_path(ctx, store, names[i])));
    return disk_sync_folder(ctx, store->fault, str_z(ctx->arena, store->folder));
}

/* The state can be computed from the ledger, so a bad file is thrown away. */
static Rc open_state(Ctx *ctx, Store *store, bool forget) {
    if (forget) TRY(forget_state(ctx, store));
    Rc rc = open_file(ctx, store, STORE_STATE);
    if (!is_rebuildable(ctx, rc)) return rc;
    log_warn("store", "the projections are rebuilt: " STR_FMT, STR_ARG(ctx->error.detail));
    ctx->error = (Error){0};
    TRY(forget_state(ctx, store));
    return open_file(ctx, store, STORE_STATE);
}

/* A format that does not fit is the operator's to solve, not the caller's input. */
static Rc open_kept(Ctx *ctx, Store *store, StoreFile file) {
    Rc rc = open_file(ctx, store, file);
    if (rc == RC_INVALID) ctx->error.rc = rc = RC_FAILED;
    return rc;
}

static Rc read_id(Ctx *ctx, Store *store) {
    Db *db = &store->anchors[STORE_LEDGER];
    USES_STMT *get = NULL;
    TRY(db_use(ctx, db, SQL_META_GET, &get));
    stmt_str(get, 1, STR("id"));
    bool row;
    TRY(db_step(ctx, db, get, &row));
    if (row && stmt_get(get, 0).len == sizeof store->id) {
        memcpy(store->id.bytes, stmt_get(get, 0).ptr, sizeof store->id);
        return RC_OK;
    }
    rand_bytes(ctx->rand, store->id.bytes, sizeof store->id);
    USES_STMT *set = NULL;
    TRY(db_use(ctx, db, SQL_META_SET, &set));
    stmt_str(set, 1, STR("id"));
    stmt_str(set, 2, (Str){(const char *)store->id.bytes, sizeof store->id});
    return db_run(ctx, db, set);
}

static Rc begin_sketch(Ctx *ctx, Store *store) {
    uint64_t sequence, total;
    if (!store->sketch) return RC_OK;
    TRY(entity_sequence(ctx, &store->anchors[STORE_STATE], &sequence));
    TRY(entity_total(ctx, &store->anchors[STORE_STATE], &total));
    sketch_begin(store->sketch, sequence, total == 0);
    return RC_OK;
}

static Rc open_all(Ctx *ctx, Store *store, bool forget) {
    TRY(disk_make_folder(ctx, store->fault, str_z(ctx->arena, store->folder)));
    TRY(lock_take(ctx, store));
    TRY(disk_make_folder(ctx, store->fault, db_path(ctx, store, "files")));
    TRY(open_kept(ctx, store, STORE_LEDGER));
    TRY(open_state(ctx, store, forget));
    TRY(open_kept(ctx, store, STORE_LOCAL));
    TRY(read_id(ctx, store));
    TRY(begin_sketch(ctx, store));
    TRY(disk_sync_folder(ctx, store->fault, str_z(ctx->arena, store->folder)));
    return store->has_helper ? helper_start(ctx, store) : RC_OK;
}

/* SQLite wants an absolute path: it would resolve links on its own otherwise, and miss ours. */
static Str absolute(Arena *arena, Str folder) {
    if (str_starts(folder, STR("/"))) return str_dup(arena, folder);
    char here[PATH_MAX];
    return str_fmt(arena, "%s/" STR_FMT, getcwd(here, sizeof here) ? here : ".", STR_ARG(folder));
}

Rc store_open(Ctx *ctx, const StoreOptions *options, Store **out) {
    Arena *arena = arena_new(STORE_ARENA);
    Store *store = NEW(arena, Store);
    store->arena = arena;
    store->folder = absolute(arena, options->folder);
    store->lock_fd = -1;
    store->fault = options->fault;
    store->system_clock = (Clock){.fixed = TIME_NONE};
    store->clock = options->clock ? options->clock : &store->system_clock;
    store->no_sync = options->no_sync;
    store->has_helper = !options->no_helper;
    if (!options->no_sketch) store->sketch = sketch_new(SKETCH_BYTES);
    for (int i = 0; i < STORE_FILES; i++)
        pthread_mutex_init(&store->writing[i], NULL);
    store->vfs = vfs_new(options->fault, options->log_reserve);
    Rc rc = open_all(ctx, store, options->forget_state);
    if (rc == RC_OK)
        *out = store;
    else
        store_close(store);
    return rc;
}

void store_close(Store *store) {
    if (!store) return;
    helper_stop(store);
    for (int i = 0; i < STORE_FILES; i++) {
        if (store->anchors[i].sql) db_close(&store->anchors[i]);
        pthread_mutex_destroy(&store->writing[i]);
    }
    sketch_free(store->sketch);
    vfs_free(store->vfs);
    if (store->lock_fd >= 0) close(store->lock_fd);
    arena_free(store->arena);
}

Digest store_id(const Store *store) {
    return store->id;
}

/* ---- upkeep ---- */

static Rc scrub_open(Ctx *ctx, Db *db) {
    /* Pages that lost rows keep parts of rows that moved while they were balanced: only a rewrite
     * is sure. */
    if (db->file != STORE_LEDGER) TRY(db_exec(ctx, db, "VACUUM"));
    return db_scrub(ctx, db);
}

Rc store_scrub(Ctx *ctx, Store *store, StoreFile file) {
    assert(file < STORE_FILES);
    Db db;
    TRY(db_open(ctx, store, file, &db));
    pthread_mutex_lock(&store->writing[file]);
    Rc rc = scrub_open(ctx, &db);
    pthread_mutex_unlock(&store->writing[file]);
    db_close(&db);
    return rc;
}

StoreCounts store_counts(const Store *store) {
    StoreCounts counts = {.commits = atomic_load(&store->commits),
                          .syncs = vfs_syncs(store->vfs),
                          .checkpoints = atomic_load(&store->checkpoints),
                          .log_restarts = atomic_load(&store->log_restarts)};
    for (int i = 0; i < STORE_FILES; i++)
        counts.log_bytes[i] = (uint64_t)atomic_load(&store->log_pages[i]) * 4096;
    return counts;
}
