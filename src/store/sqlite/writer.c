#include "store_int.h"

#include <string.h>

enum { KEY_ID_MAX = 64, WRAPPED_MAX = 512 };

struct Writer {
    Store *store;
    Db db;
    uint64_t head, head_before;
    bool begun, dead, locked;
};

/* ---- life ---- */

/* A commit of its own settles an unknown outcome for good: its frames overwrite those of a commit
   that failed, or it makes durable what a recovery has brought back. */
static Rc settle(Ctx *ctx, Writer *writer) {
    Db *db = &writer->db;
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_META_ADD, &stmt));
    stmt_str(stmt, 1, STR("opened"));
    stmt_int(stmt, 2, 1);
    TRY(db_run(ctx, db, stmt));
    db_committed(ctx, db);
    return RC_OK;
}

static Rc scrub_pending(Ctx *ctx, Db *db, bool *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_META_GET, &stmt));
    stmt_str(stmt, 1, STR("scrub"));
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    *out = row && sqlite3_column_int64(stmt, 0) != 0;
    return RC_OK;
}

static Rc scrub_mark(Ctx *ctx, Db *db, bool pending) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_META_SET, &stmt));
    stmt_str(stmt, 1, STR("scrub"));
    stmt_int(stmt, 2, pending);
    return db_run(ctx, db, stmt);
}

static Rc open_db(Ctx *ctx, Writer *writer) {
    TRY(db_open(ctx, writer->store, STORE_LEDGER, &writer->db));
    TRY(settle(ctx, writer));
    bool pending;
    TRY(scrub_pending(ctx, &writer->db, &pending));
    if (pending) TRY(writer_scrub(ctx, writer));
    return leaf_head(ctx, &writer->db, &writer->head);
}

Rc writer_open(Ctx *ctx, Store *store, Writer **out) {
    if (atomic_exchange(&store->has_writer, true))
        return ctx_fail(ctx, RC_CONFLICT, "second-writer", STR_NONE,
                        "The ledger has a writer already: close it first.");
    Writer *writer = mem_zero(sizeof *writer);
    writer->store = store;
    Rc rc = open_db(ctx, writer);
    if (rc == RC_OK)
        *out = writer;
    else
        writer_close(writer);
    return rc;
}

static void end(Writer *writer) {
    writer->begun = false;
    if (writer->locked) pthread_mutex_unlock(&writer->store->writing[STORE_LEDGER]);
    writer->locked = false;
}

void writer_close(Writer *writer) {
    if (!writer) return;
    writer_rollback(writer);
    if (writer->db.sql) db_close(&writer->db);
    atomic_store(&writer->store->has_writer, false);
    mem_free(writer);
}

uint64_t writer_head(const Writer *writer) {
    return writer->head;
}

/* ---- transactions ---- */

Rc writer_begin(Ctx *ctx, Writer *writer) {
    assert(!writer->begun);
    if (writer->dead)
        return ctx_fail(ctx, RC_FAILED, "unknown-outcome", STR_NONE,
                        "An earlier commit has an unknown outcome: open the writer again.");
    pthread_mutex_lock(&writer->store->writing[STORE_LEDGER]);
    writer->locked = true;
    Rc rc = db_plain(ctx, &writer->db, SQL_BEGIN_WRITE);
    if (rc != RC_OK) {
        end(writer);
        return rc;
    }
    writer->begun = true;
    writer->head_before = writer->head;
    return RC_OK;
}

Rc writer_commit(Ctx *ctx, Writer *writer) {
    assert(writer->begun);
    Rc rc = db_plain(ctx, &writer->db, SQL_COMMIT);
    if (rc != RC_OK) {
        ctx->error.code = STR("unknown-outcome");
        ctx->error.rc = RC_FAILED;
        writer->dead = true;
        writer_rollback(writer);
        return RC_FAILED;
    }
    end(writer);
    db_committed(ctx, &writer->db);
    return RC_OK;
}

void writer_rollback(Writer *writer) {
    if (!writer->begun) return;
    db_rollback(&writer->db);
    writer->head = writer->head_before;
    end(writer);
}

/* ---- rows ---- */

Rc writer_append(Ctx *ctx, Writer *writer, const Leaf *leaf) {
    assert(writer->begun);
    if (leaf->position != writer->head + 1)
        return ctx_fail(ctx, RC_CONFLICT, "position", STR_NONE,
                        "The next leaf has position %llu, not %llu.",
                        (unsigned long long)writer->head + 1, (unsigned long long)leaf->position);
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, &writer->db, SQL_LEAF_ADD, &stmt));
    stmt_int(stmt, 1, (int64_t)leaf->position);
    stmt_str(stmt, 2, (Str){(const char *)leaf->command.bytes, sizeof leaf->command});
    stmt_int(stmt, 3, leaf->time);
    stmt_str(stmt, 4, (Str){(const char *)leaf->hash.bytes, sizeof leaf->hash});
    stmt_str(stmt, 5, leaf->bytes);
    TRY(db_run(ctx, &writer->db, stmt));
    writer->head++;
    return RC_OK;
}

static Rc key_check(Ctx *ctx, const KeyRow *row) {
    if (row->id.len && row->id.len <= KEY_ID_MAX && row->subject.len <= KEY_ID_MAX &&
        row->retention.len <= KEY_ID_MAX && row->wrapped.len && row->wrapped.len <= WRAPPED_MAX)
        return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "key-size", STR_NONE,
                    "A key has an id, subject and retention of at most %d bytes and 1 to %d bytes "
                    "of wrapped key.",
                    KEY_ID_MAX, WRAPPED_MAX);
}

Rc writer_key(Ctx *ctx, Writer *writer, const KeyRow *row) {
    assert(writer->begun);
    TRY(key_check(ctx, row));
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, &writer->db, SQL_KEY_ADD, &stmt));
    stmt_str(stmt, 1, row->id);
    stmt_str(stmt, 2, row->subject);
    stmt_str(stmt, 3, row->retention);
    stmt_int(stmt, 4, (int64_t)row->position);
    stmt_str(stmt, 5, row->wrapped);
    return db_run(ctx, &writer->db, stmt);
}

static void blob_done(sqlite3_blob **blob) {
    sqlite3_blob_close(*blob);
}

/* Overwrites the bytes where they stand: a row that is deleted or rewritten could leave copies in
 * its page. */
static Rc key_overwrite(Ctx *ctx, Db *db, int64_t number, const Str *by) {
    [[gnu::cleanup(blob_done)]] sqlite3_blob *blob = NULL;
    static const char zeros[WRAPPED_MAX];
    int rc = sqlite3_blob_open(db->sql, "main", "key", "wrapped", number, 1, &blob);
    int len = rc == SQLITE_OK ? sqlite3_blob_bytes(blob) : 0;
    if (rc == SQLITE_OK && by && by->len != (size_t)len)
        return ctx_fail(ctx, RC_INVALID, "key-size", STR_NONE,
                        "A wrapped key is overwritten by as many bytes only.");
    if (rc == SQLITE_OK) rc = sqlite3_blob_write(blob, by ? by->ptr : zeros, len, 0);
    return rc == SQLITE_OK ? RC_OK : db_fail(ctx, db, rc);
}

static Rc key_erase(Ctx *ctx, Db *db, int64_t number) {
    TRY(key_overwrite(ctx, db, number, NULL));
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_KEY_ERASED, &stmt));
    stmt_int(stmt, 1, number);
    TRY(db_run(ctx, db, stmt));
    return scrub_mark(ctx, db, true);
}

static Rc key_numbers(Ctx *ctx, Db *db, const KeyRange *range, Numbers *out) {
    static const SqlId ids[] = {SQL_KEY_NUMBERS_S, SQL_KEY_NUMBERS_R, SQL_KEY_NUMBERS_SR};
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, ids[(range->subject.len > 0) + 2 * (range->retention.len > 0) - 1], &stmt));
    key_range_bind(stmt, range);
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) return RC_OK;
        vec_push(ctx->arena, out, sqlite3_column_int64(stmt, 0));
    }
}

Rc writer_erase_keys(Ctx *ctx, Writer *writer, const KeyRange *range, uint64_t *count) {
    assert(writer->begun && (range->subject.len || range->retention.len));
    Numbers numbers = {0};
    TRY(key_numbers(ctx, &writer->db, range, &numbers));
    for (size_t i = 0; i < numbers.len; i++)
        TRY(key_erase(ctx, &writer->db, numbers.items[i]));
    *count = numbers.len;
    return RC_OK;
}

static Rc no_key(Ctx *ctx) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-key", STR_NONE, "There is no such key.");
}

static Rc key_number(Ctx *ctx, Db *db, Str id, int64_t *number, bool *erased) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_KEY_NUMBER, &stmt));
    stmt_str(stmt, 1, id);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row) return no_key(ctx);
    *number = sqlite3_column_int64(stmt, 0);
    *erased = sqlite3_column_int64(stmt, 1) != 0;
    return RC_OK;
}

Rc writer_erase_key(Ctx *ctx, Writer *writer, Str id) {
    assert(writer->begun);
    int64_t number = 0;
    bool erased = false;
    TRY(key_number(ctx, &writer->db, id, &number, &erased));
    return erased ? RC_OK : key_erase(ctx, &writer->db, number);
}

Rc writer_rewrap_key(Ctx *ctx, Writer *writer, Str id, Str wrapped) {
    assert(writer->begun);
    int64_t number = 0;
    bool erased = false;
    TRY(key_number(ctx, &writer->db, id, &number, &erased));
    if (erased) return no_key(ctx);
    TRY(key_overwrite(ctx, &writer->db, number, &wrapped));
    return scrub_mark(ctx, &writer->db, true);
}

Rc writer_tile(Ctx *ctx, Writer *writer, uint32_t level, uint64_t index, Str bytes) {
    assert(writer->begun);
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, &writer->db, SQL_TILE_SET, &stmt));
    stmt_int(stmt, 1, level);
    stmt_int(stmt, 2, (int64_t)index);
    stmt_str(stmt, 3, bytes);
    return db_run(ctx, &writer->db, stmt);
}

Rc writer_checkpoint(Ctx *ctx, Writer *writer, uint64_t size, Str note) {
    assert(writer->begun);
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, &writer->db, SQL_CHECKPOINT_SET, &stmt));
    stmt_int(stmt, 1, (int64_t)size);
    stmt_str(stmt, 2, note);
    return db_run(ctx, &writer->db, stmt);
}

Rc writer_item(Ctx *ctx, Writer *writer, Space space, Str key, Str value) {
    assert(writer->begun);
    if (value.len == 0) return items_delete(ctx, &writer->db, space, key);
    return items_put(ctx, &writer->db, space, &(Item){.key = key, .value = value});
}

/* ---- reading back, overwriting ---- */

Rc writer_leaf_of(Ctx *ctx, Writer *writer, const CommandId *command, Leaf *out) {
    return leaf_of(ctx, &writer->db, command, out);
}

Rc writer_scrub(Ctx *ctx, Writer *writer) {
    assert(!writer->begun);
    TRY(db_scrub(ctx, &writer->db));
    return scrub_mark(ctx, &writer->db, false);
}
