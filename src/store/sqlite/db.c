#include "store_int.h"

#include <string.h>

#define SQL_TEXT(name, text) [SQL_##name] = text,
static const char *const sql_texts[SQL_COUNT] = {SQL_TABLE(SQL_TEXT)};
#undef SQL_TEXT

enum { PROGRESS_STEPS = 2000, NAMES_BYTES = 64 << 20, NAMES_MAX = 10000 };

const char *db_path(Ctx *ctx, const Store *store, const char *name) {
    return str_z(ctx->arena, str_fmt(ctx->arena, STR_FMT "/%s", STR_ARG(store->folder), name));
}

/* ---- errors ---- */

typedef struct DbError {
    int code; /* SQLite's primary result code */
    Rc rc;
    const char *word, *remedy;
} DbError;

static const DbError db_errors[] = {
    {SQLITE_BUSY, RC_BUSY, "busy", "Another connection holds it: try again."},
    {SQLITE_LOCKED, RC_BUSY, "busy", "Another connection holds it: try again."},
    {SQLITE_INTERRUPT, RC_LIMIT, "deadline",
     "This took longer than allowed: narrow the question or ask for fewer results."},
    {SQLITE_CONSTRAINT, RC_CONFLICT, "exists", "Such a row exists already."},
    {SQLITE_TOOBIG, RC_LIMIT, "too-big", "The value is too big to be kept."},
    {SQLITE_FULL, RC_FAILED, "disk-full", "The disk is full: make room."},
    {SQLITE_CORRUPT, RC_FAILED, "damaged", "The file is damaged: restore it from a backup."},
    {SQLITE_NOTADB, RC_FAILED, "damaged", "This is no database: restore it from a backup."},
    {SQLITE_CANTOPEN, RC_FAILED, "disk", "It cannot be opened: check folder and permissions."},
    {SQLITE_READONLY, RC_FAILED, "disk", "It cannot be written: check permissions."},
};

Rc db_fail(Ctx *ctx, const Db *db, int code) {
    DbError found = {code, RC_FAILED, "disk", "Check the disk and the log."};
    for (size_t i = 0; i < sizeof db_errors / sizeof *db_errors; i++)
        if (db_errors[i].code == (code & 0xFF)) found = db_errors[i];
    const char *path = db_path(ctx, db->store, schema_files[db->file]);
    return ctx_fail(ctx, found.rc, found.word, str_of(path), "%s: %s (%s, code %d).", path,
                    found.remedy, db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code), code);
}

/* ---- opening ---- */

static int count_pages(void *arg, sqlite3 *sql, const char *name, int pages) {
    (void)sql;
    (void)name;
    Db *db = arg;
    db->log_pages = pages;
    return SQLITE_OK;
}

/* wal_autocheckpoint must come before the hook, which it would replace. */
static const char settings[] = "PRAGMA journal_mode=WAL;"
                               "PRAGMA wal_autocheckpoint=0;"
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA trusted_schema=OFF;";

/* The ledger overwrites what it deletes; the others do so where it costs no further page. */
static const char *const settings_of[STORE_FILES] = {
    [STORE_LEDGER] = "PRAGMA secure_delete=ON; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;",
    [STORE_STATE] = "PRAGMA secure_delete=FAST; PRAGMA synchronous=NORMAL;"
                    "PRAGMA cache_size=-65536;",
    [STORE_LOCAL] = "PRAGMA secure_delete=FAST; PRAGMA synchronous=NORMAL;"
                    "PRAGMA cache_size=-4096;",
};

static void names_forget(Db *db) {
    arena_free(db->names);
    db->names = arena_new(NAMES_BYTES);
    for (int i = 0; i < NAMINGS; i++)
        db->numbers[i] = map_new(db->names);
}

static Rc db_set_up(Ctx *ctx, Db *db) {
    int yes = 1;
    sqlite3_busy_timeout(db->sql, BUSY_MILLISECONDS);
    TRY(db_exec(ctx, db, settings));
    TRY(db_exec(ctx, db, settings_of[db->file]));
    if (db->store->no_sync) TRY(db_exec(ctx, db, "PRAGMA synchronous=OFF"));
    sqlite3_wal_hook(db->sql, count_pages, db);
    int rc = sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_PERSIST_WAL, &yes);
    return rc == SQLITE_OK ? RC_OK : db_fail(ctx, db, rc);
}

static Rc connect_to(Ctx *ctx, Store *store, const char *path, Db *db) {
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    db->store = store;
    names_forget(db);
    int code = sqlite3_open_v2(path, &db->sql, flags, vfs_name(store->vfs));
    return code == SQLITE_OK ? RC_OK : db_fail(ctx, db, code);
}

Rc db_open(Ctx *ctx, Store *store, StoreFile file, Db *db) {
    *db = (Db){.file = file};
    Rc rc = connect_to(ctx, store, db_path(ctx, store, schema_files[file]), db);
    if (rc == RC_OK) rc = db_set_up(ctx, db);
    if (rc != RC_OK) db_close(db);
    return rc;
}

Rc db_open_at(Ctx *ctx, Store *store, StoreFile file, const char *path, Db *db) {
    *db = (Db){.file = file};
    Rc rc = connect_to(ctx, store, path, db);
    if (rc != RC_OK) db_close(db);
    return rc;
}

static int past_deadline(void *arg) {
    const Db *db = arg;
    return db->deadline && time_monotonic() > db->deadline;
}

void db_interruptible(Db *db) {
    sqlite3_progress_handler(db->sql, PROGRESS_STEPS, past_deadline, db);
}

void db_close(Db *db) {
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(db->stmts[i]);
    int rc = sqlite3_close(db->sql);
    assert(rc == SQLITE_OK); /* SQLITE_BUSY: a statement is still open */
    arena_free(db->names);
    *db = (Db){0};
}

/* ---- statements ---- */

void stmt_done(sqlite3_stmt **stmt) {
    if (!*stmt) return;
    sqlite3_reset(*stmt);
    sqlite3_clear_bindings(*stmt);
}

void stmt_own_done(sqlite3_stmt **stmt) {
    sqlite3_finalize(*stmt);
}

Rc db_use(Ctx *ctx, Db *db, SqlId id, sqlite3_stmt **out) {
    db->deadline = ctx->deadline;
    if (!db->stmts[id]) {
        int rc = sqlite3_prepare_v3(db->sql, sql_texts[id], -1, SQLITE_PREPARE_PERSISTENT,
                                    &db->stmts[id], NULL);
        if (rc != SQLITE_OK) return db_fail(ctx, db, rc);
    }
    *out = db->stmts[id];
    assert(!sqlite3_stmt_busy(*out)); /* an each function has used its own handle */
    return RC_OK;
}

Rc db_prepare(Ctx *ctx, Db *db, SqlId id, sqlite3_stmt **out) {
    int rc = sqlite3_prepare_v2(db->sql, sql_texts[id], -1, out, NULL);
    return rc == SQLITE_OK ? RC_OK : db_fail(ctx, db, rc);
}

Rc db_step(Ctx *ctx, Db *db, sqlite3_stmt *stmt, bool *row) {
    int rc = sqlite3_step(stmt);
    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? RC_OK : db_fail(ctx, db, rc);
}

Rc db_run(Ctx *ctx, Db *db, sqlite3_stmt *stmt) {
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    assert(!row);
    return RC_OK;
}

Rc db_plain(Ctx *ctx, Db *db, SqlId id) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, id, &stmt));
    return db_run(ctx, db, stmt);
}

Rc db_exec(Ctx *ctx, Db *db, const char *sql) {
    db->deadline = ctx->deadline;
    int rc = sqlite3_exec(db->sql, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? RC_OK : db_fail(ctx, db, rc);
}

void stmt_str(sqlite3_stmt *stmt, int at, Str value) {
    int rc = sqlite3_bind_blob64(stmt, at, value.len ? value.ptr : "", value.len, SQLITE_STATIC);
    assert(rc == SQLITE_OK || rc == SQLITE_TOOBIG); /* too big: the step fails on the NULL */
}

void stmt_int(sqlite3_stmt *stmt, int at, int64_t value) {
    int rc = sqlite3_bind_int64(stmt, at, value);
    assert(rc == SQLITE_OK);
}

Str stmt_get(sqlite3_stmt *stmt, int column) {
    const char *ptr = sqlite3_column_blob(stmt, column);
    return (Str){ptr, (size_t)sqlite3_column_bytes(stmt, column)};
}

Str stmt_copy(Ctx *ctx, sqlite3_stmt *stmt, int column) {
    return str_dup(ctx->arena, stmt_get(stmt, column));
}

/* ---- names and their numbers ---- */

typedef struct NamingSql {
    SqlId get, add;
} NamingSql;

static const NamingSql namings[NAMINGS] = {
    [NAMING_SPACE] = {SQL_SPACE_GET, SQL_SPACE_ADD},
    [NAMING_TYPE] = {SQL_TYPE_GET, SQL_TYPE_ADD},
    [NAMING_BOXED] = {SQL_BOXED_GET, SQL_BOXED_ADD},
};

static void number_keep(Db *db, Naming naming, Str name, int64_t number) {
    if (db->numbers[naming].len >= NAMES_MAX) names_forget(db);
    int64_t *kept = NEW(db->names, int64_t);
    *kept = number;
    map_put(&db->numbers[naming], str_dup(db->names, name), kept);
}

Rc db_number(Ctx *ctx, Db *db, Naming naming, Str name, int64_t *number) {
    const int64_t *known = map_get(&db->numbers[naming], name);
    *number = known ? *known : 0;
    if (known) return RC_OK;
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, namings[naming].get, &stmt));
    stmt_str(stmt, 1, name);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row) return RC_OK;
    *number = sqlite3_column_int64(stmt, 0);
    number_keep(db, naming, name, *number);
    return RC_OK;
}

Rc db_number_add(Ctx *ctx, Db *db, Naming naming, Str name, int64_t *number) {
    TRY(db_number(ctx, db, naming, name, number));
    if (*number) return RC_OK;
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, namings[naming].add, &stmt));
    stmt_str(stmt, 1, name);
    TRY(db_run(ctx, db, stmt));
    *number = sqlite3_last_insert_rowid(db->sql);
    number_keep(db, naming, name, *number);
    return RC_OK;
}

/* ---- transactions and the log ---- */

/* SQLite has rolled back by itself where a disk failed: what was named is gone then, too. */
void db_rollback(Db *db) {
    if (!db->sql) return;
    names_forget(db);
    if (sqlite3_get_autocommit(db->sql)) return;
    int rc = sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
    if (rc != SQLITE_OK) log_warn("store", "rollback: %s", sqlite3_errstr(rc));
}

enum { LONG_SHARE = 4 };

static int64_t log_share(const Db *db, int share) {
    return vfs_log_reserve(db->store->vfs, db->file) / 4096 / share;
}

/* Waiting for a checkpoint on the commit path is only worth it when it lets the log start again
   from its beginning: the helper has done most of it by then, what remains is short. */
static bool log_is_long(const Db *db) {
    return db->log_pages > log_share(db, LONG_SHARE) && db->log_pages > HELP_PAGES;
}

/* Pages of the log between two checkpoints. A checkpoint copies a page once, however often it has
   been written since the last one: projections write the same ones again and again, and nobody
   waits for their commits. */
static int64_t help_pages(const Db *db) {
    static const int shares[STORE_FILES] = {
        [STORE_LEDGER] = 16, [STORE_STATE] = 2, [STORE_LOCAL] = 16};
    int64_t pages = log_share(db, shares[db->file]);
    return pages > HELP_PAGES ? pages : HELP_PAGES;
}

void db_committed(Ctx *ctx, Db *db) {
    (void)ctx;
    Store *store = db->store;
    int64_t before = atomic_exchange(&store->log_pages[db->file], db->log_pages);
    atomic_fetch_add(&store->commits, 1);
    if (db->log_pages < before) atomic_fetch_add(&store->log_restarts, 1);
    int64_t pages = help_pages(db);
    bool due = db->log_pages / pages != before / pages && db->log_pages >= pages;
    if (!due) return;
    if (!store->has_helper)
        helper_checkpoint(db);
    else if (log_is_long(db) && !atomic_load(&store->helper.busy[db->file]))
        helper_checkpoint(db);
    else
        helper_want(store, db->file);
}

Rc db_scrub(Ctx *ctx, Db *db) {
    int pages, done;
    int rc = sqlite3_wal_checkpoint_v2(db->sql, "main", SQLITE_CHECKPOINT_TRUNCATE, &pages, &done);
    if ((rc & 0xFF) == SQLITE_BUSY)
        return ctx_fail(ctx, RC_BUSY, "busy", STR_NONE,
                        "A reader still holds an old state: overwrite the log later.");
    if (rc != SQLITE_OK) return db_fail(ctx, db, rc);
    atomic_store(&db->store->log_pages[db->file], 0);
    return RC_OK;
}
