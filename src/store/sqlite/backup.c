/* backup: copies row by row, so that no byte of a key ever stands in the part without keys. */
#include "store_int.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { SLICE = 20000 };

typedef struct Backup {
    Ctx *ctx;
    Store *store;
    Db db;
    const char *to, *ledger, *keys, *ledger_new, *keys_new;
} Backup;

static const char *path_in(Ctx *ctx, const char *folder, const char *name) {
    return str_z(ctx->arena, str_fmt(ctx->arena, "%s/%s", folder, name));
}

static Rc attach(Ctx *ctx, Db *db, const char *sql, const char *path) {
    OWNS_STMT *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->sql, sql, -1, &stmt, NULL);
    if (rc != SQLITE_OK) return db_fail(ctx, db, rc);
    sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
    return db_run(ctx, db, stmt);
}

/* ---- the ledger ---- */

static Rc create_copy(Backup *b) {
    Db copy;
    TRY(disk_delete(b->ctx, b->store->fault, b->ledger_new));
    TRY(disk_delete(b->ctx, b->store->fault, b->keys_new));
    TRY(db_open_at(b->ctx, b->store, STORE_LEDGER, b->ledger_new, &copy));
    Rc rc = schema_create(b->ctx, &copy);
    db_close(&copy);
    return rc;
}

/* Both parts are new and synced at the end, so they need no journal. */
static const char part_settings[] =
    "PRAGMA copy.journal_mode=OFF; PRAGMA copy.synchronous=OFF;"
    "PRAGMA keys.journal_mode=OFF; PRAGMA keys.synchronous=OFF;"
    "PRAGMA keys.application_id=1835098984; PRAGMA keys.user_version=1;";

static Rc copy_leaves(Backup *b, uint64_t from, uint64_t to) {
    OWNS_STMT *stmt = NULL;
    int rc = sqlite3_prepare_v2(b->db.sql,
                                "INSERT INTO copy.leaf SELECT * FROM main.leaf "
                                "WHERE position>? AND position<=?",
                                -1, &stmt, NULL);
    if (rc != SQLITE_OK) return db_fail(b->ctx, &b->db, rc);
    stmt_int(stmt, 1, (int64_t)from);
    stmt_int(stmt, 2, to > INT64_MAX ? INT64_MAX : (int64_t)to);
    return db_run(b->ctx, &b->db, stmt);
}

/* What may change is copied in one snapshot, with the leaves that came meanwhile. */
static const char rest[] = "INSERT INTO copy.meta SELECT * FROM main.meta;"
                           "INSERT INTO copy.space SELECT * FROM main.space;"
                           "INSERT INTO copy.item SELECT * FROM main.item;"
                           "INSERT INTO copy.cursor SELECT * FROM main.cursor;"
                           "INSERT INTO copy.tile SELECT * FROM main.tile;"
                           "INSERT INTO copy.checkpoint SELECT * FROM main.checkpoint;"
                           "INSERT INTO keys.key SELECT * FROM main.key;";

static Rc copy_snapshot(Backup *b, uint64_t done) {
    TRY(db_plain(b->ctx, &b->db, SQL_BEGIN));
    Rc rc = copy_leaves(b, done, UINT64_MAX);
    if (rc == RC_OK) rc = db_exec(b->ctx, &b->db, rest);
    if (rc == RC_OK) rc = db_plain(b->ctx, &b->db, SQL_COMMIT);
    if (rc != RC_OK) db_rollback(&b->db);
    return rc;
}

static Rc copy_attached(Backup *b) {
    TRY(attach(b->ctx, &b->db, "ATTACH ? AS copy", b->ledger_new));
    TRY(attach(b->ctx, &b->db, "ATTACH ? AS keys", b->keys_new));
    TRY(db_exec(b->ctx, &b->db, part_settings));
    TRY(db_exec(b->ctx, &b->db, schema_keys));
    TRY(db_exec(b->ctx, &b->db, "DELETE FROM copy.meta")); /* the copy's own id */
    uint64_t head;
    TRY(leaf_head(b->ctx, &b->db, &head));
    uint64_t done = 0;
    for (; done + SLICE < head; done += SLICE) /* leaves never change: no snapshot is held */
        TRY(copy_leaves(b, done, done + SLICE));
    return copy_snapshot(b, done);
}

static Rc copy_ledger(Backup *b) {
    TRY(create_copy(b));
    TRY(db_open(b->ctx, b->store, STORE_LEDGER, &b->db));
    Rc rc = copy_attached(b);
    db_close(&b->db);
    TRY(rc);
    TRY(disk_sync_file(b->ctx, b->store->fault, b->ledger_new));
    return disk_sync_file(b->ctx, b->store->fault, b->keys_new);
}

/* ---- files ---- */

typedef struct Copying {
    Ctx *ctx;
    const StoreFault *fault;
    const char *to;
} Copying;

/* What was deleted while the folder was gone through is no part of it any more. */
static Rc copy_blob(void *arg, const char *from, const char *name) {
    const Copying *c = arg;
    const char *source = path_in(c->ctx, from, name);
    const char *target = path_in(c->ctx, c->to, name), *aside = path_in(c->ctx, c->to, ".new");
    struct stat st;
    if (stat(target, &st) == 0) return RC_OK;
    Rc rc = disk_copy(c->ctx, c->fault, source, aside);
    if (rc != RC_OK && stat(source, &st) != 0 && errno == ENOENT) return RC_OK;
    TRY(rc);
    return disk_rename(c->ctx, c->fault, aside, target);
}

/* Names that begin with "new-" are of puts under way: no leaf names them yet. */
static Rc copy_shard(void *arg, const char *from, const char *name) {
    const Copying *c = arg;
    if (strlen(name) != 2) return RC_OK;
    Copying shard = {c->ctx, c->fault, path_in(c->ctx, c->to, name)};
    TRY(disk_make_folder(c->ctx, c->fault, shard.to));
    TRY(disk_each(c->ctx, path_in(c->ctx, from, name), copy_blob, &shard));
    return disk_sync_folder(c->ctx, c->fault, shard.to);
}

static Rc copy_files(Copying *c, const char *from) {
    TRY(disk_make_folder(c->ctx, c->fault, c->to));
    TRY(disk_each(c->ctx, from, copy_shard, c));
    return disk_sync_folder(c->ctx, c->fault, c->to);
}

/* ---- all ---- */

/* Keys first: newer keys with an older ledger do no harm, the other way round a leaf would lack its
 * key. */
static Rc put_in_place(const Backup *b) {
    TRY(disk_rename(b->ctx, b->store->fault, b->keys_new, b->keys));
    TRY(disk_sync_folder(b->ctx, b->store->fault, b->to));
    TRY(disk_rename(b->ctx, b->store->fault, b->ledger_new, b->ledger));
    return disk_sync_folder(b->ctx, b->store->fault, b->to);
}

Rc store_backup(Ctx *ctx, Store *store, Str to_folder) {
    const char *to = str_z(ctx->arena, to_folder);
    Backup b = {.ctx = ctx, .store = store, .to = to};
    b.ledger = path_in(ctx, to, "ledger.db");
    b.keys = path_in(ctx, to, "keys.db");
    b.ledger_new = path_in(ctx, to, "ledger.db.new");
    b.keys_new = path_in(ctx, to, "keys.db.new");
    Copying files = {ctx, store->fault, path_in(ctx, to, "files")};
    TRY(disk_make_folder(ctx, store->fault, to));
    TRY(copy_ledger(&b));
    TRY(copy_files(&files, db_path(ctx, store, "files")));
    return put_in_place(&b);
}

static Rc refuse_name(void *arg, const char *from, const char *name) {
    return ctx_fail(arg, RC_CONFLICT, "not-empty", str_of(from),
                    "%s holds %s already: name an empty folder.", from, name);
}

static Rc demand_file(Ctx *ctx, const char *path) {
    struct stat st;
    if (stat(path, &st) == 0) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-backup", str_of(path),
                    "There is no %s: name the folder of a backup, with its keys.", path);
}

static const char keys_back[] = "INSERT INTO main.key SELECT * FROM keys.key;";

static Rc restore_keys(Ctx *ctx, Store *store, const char *keys) {
    Db db;
    TRY(db_open(ctx, store, STORE_LEDGER, &db));
    Rc rc = attach(ctx, &db, "ATTACH ? AS keys", keys);
    if (rc == RC_OK) rc = db_exec(ctx, &db, keys_back);
    db_close(&db);
    return rc;
}

Rc store_restore(Ctx *ctx, Str from_folder, Str to_folder) {
    const char *from = str_z(ctx->arena, from_folder), *to = str_z(ctx->arena, to_folder);
    const char *keys = path_in(ctx, from, "keys.db"), *ledger = path_in(ctx, from, "ledger.db");
    Copying copying = {ctx, NULL, path_in(ctx, to, "files")};
    TRY(demand_file(ctx, ledger));
    TRY(demand_file(ctx, keys));
    TRY(disk_each(ctx, to, refuse_name, ctx));
    TRY(disk_make_folder(ctx, NULL, to));
    TRY(copy_files(&copying, path_in(ctx, from, "files")));
    TRY(disk_copy(ctx, NULL, ledger, path_in(ctx, to, "ledger.db")));
    Store *store;
    TRY(store_open(ctx, &(StoreOptions){.folder = to_folder, .no_helper = true}, &store));
    Rc rc = restore_keys(ctx, store, keys);
    store_close(store);
    return rc;
}
