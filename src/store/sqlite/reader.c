#include "store_int.h"

struct Reader {
    Store *store;
    Db dbs[STORE_FILES]; /* opened when first used */
};

Rc reader_open(Ctx *ctx, Store *store, Reader **out) {
    (void)ctx;
    *out = mem_zero(sizeof **out);
    (*out)->store = store;
    return RC_OK;
}

void reader_close(Reader *reader) {
    if (!reader) return;
    for (int i = 0; i < STORE_FILES; i++) {
        if (!reader->dbs[i].sql) continue;
        db_rollback(&reader->dbs[i]);
        db_close(&reader->dbs[i]);
    }
    mem_free(reader);
}

static Rc use(Ctx *ctx, Reader *reader, StoreFile file, Db **out) {
    assert(file < STORE_FILES);
    Db *db = &reader->dbs[file];
    *out = db;
    if (db->sql) return RC_OK;
    TRY(db_open(ctx, reader->store, file, db));
    db_interruptible(db);
    return RC_OK;
}

static Rc touch(Ctx *ctx, Db *db) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_META_GET, &stmt));
    stmt_str(stmt, 1, STR("id"));
    bool row;
    return db_step(ctx, db, stmt, &row);
}

Rc reader_snapshot(Ctx *ctx, Reader *reader, StoreFile file) {
    Db *db;
    TRY(use(ctx, reader, file, &db));
    assert(sqlite3_get_autocommit(db->sql)); /* snapshots do not nest */
    TRY(db_plain(ctx, db, SQL_BEGIN));
    Rc rc = touch(ctx, db); /* BEGIN alone takes no snapshot yet */
    if (rc != RC_OK) db_rollback(db);
    return rc;
}

void reader_release(Reader *reader, StoreFile file) {
    db_rollback(&reader->dbs[file]);
}

/* ---- the ledger ---- */

Rc reader_head(Ctx *ctx, Reader *reader, uint64_t *position) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return leaf_head(ctx, db, position);
}

Rc reader_leaves(Ctx *ctx, Reader *reader, LeafSlice slice, LeafEach each, void *arg) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return leaf_each(ctx, db, slice, each, arg);
}

Rc reader_leaf(Ctx *ctx, Reader *reader, uint64_t position, Leaf *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return leaf_at(ctx, db, position, out);
}

Rc reader_leaf_of(Ctx *ctx, Reader *reader, const CommandId *command, Leaf *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return leaf_of(ctx, db, command, out);
}

Rc reader_hashes(Ctx *ctx, Reader *reader, uint64_t from, size_t n, Digest *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return leaf_hashes(ctx, db, (LeafSlice){from, n}, out);
}

Rc reader_key(Ctx *ctx, Reader *reader, Str id, KeyRow *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return key_get(ctx, db, id, out);
}

Rc reader_key_of(Ctx *ctx, Reader *reader, Str subject, Str retention, KeyRow *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return key_living(ctx, db, &(KeyRange){subject, retention}, out);
}

Rc reader_keys(Ctx *ctx, Reader *reader, const KeyRange *range, KeyEach each, void *arg) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return key_each(ctx, db, range, each, arg);
}

Rc reader_tile(Ctx *ctx, Reader *reader, uint32_t level, uint64_t index, Str *bytes) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return tile_get(ctx, db, level, index, bytes);
}

Rc reader_checkpoint(Ctx *ctx, Reader *reader, uint64_t *size, Str *note) {
    return reader_checkpoint_at(ctx, reader, UINT64_MAX, size, note);
}

Rc reader_checkpoint_at(Ctx *ctx, Reader *reader, uint64_t max_size, uint64_t *size, Str *note) {
    Db *db;
    TRY(use(ctx, reader, STORE_LEDGER, &db));
    return checkpoint_get(ctx, db, max_size, size, note);
}

/* ---- items and cursors ---- */

Rc reader_item(Ctx *ctx, Reader *reader, Space space, Str key, Str *value) {
    Db *db;
    TRY(use(ctx, reader, space.file, &db));
    return items_get(ctx, db, space, key, value);
}

Rc reader_items(Ctx *ctx, Reader *reader, const ItemRange *range, ItemEach each, void *arg) {
    Db *db;
    TRY(use(ctx, reader, range->space.file, &db));
    return items_each(ctx, db, range, each, arg);
}

Rc reader_items_count(Ctx *ctx, Reader *reader, const ItemRange *range, uint64_t *count) {
    Db *db;
    TRY(use(ctx, reader, range->space.file, &db));
    return items_count(ctx, db, range, count);
}

Rc reader_cursor(Ctx *ctx, Reader *reader, StoreFile file, Str name, Cursor *out) {
    Db *db;
    TRY(use(ctx, reader, file, &db));
    return items_cursor(ctx, db, name, out);
}

/* ---- entities ---- */

Rc reader_entity(Ctx *ctx, Reader *reader, Str id, EntityRow *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_STATE, &db));
    return entity_row(ctx, db, id, out);
}

Rc reader_entities(Ctx *ctx, Reader *reader, const EntityScan *scan, EntityEach each, void *arg) {
    Db *db;
    TRY(use(ctx, reader, STORE_STATE, &db));
    /* Several statements make one scan: they must see one state. */
    bool own = sqlite3_get_autocommit(db->sql);
    if (own) TRY(db_plain(ctx, db, SQL_BEGIN));
    Rc rc = scan_entities(ctx, db, scan, each, arg);
    if (own) db_rollback(db);
    return rc;
}

Rc reader_entities_stored(Ctx *ctx, Reader *reader, uint64_t after, EntityEach each, void *arg) {
    Db *db;
    TRY(use(ctx, reader, STORE_STATE, &db));
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ENTITY_STORED, &stmt));
    stmt_int(stmt, 1, (int64_t)after);
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) return RC_OK;
        EntityRow shown = {.id = stmt_get(stmt, 0),
                           .position = (uint64_t)sqlite3_column_int64(stmt, 1),
                           .body = stmt_get(stmt, 2),
                           .place = (uint64_t)sqlite3_column_int64(stmt, 3)};
        if (!each(arg, &shown)) return RC_OK;
    }
}

Rc reader_entity_counts(Ctx *ctx, Reader *reader, EntityCounts *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_STATE, &db));
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_TYPE_EACH, &stmt));
    *out = (EntityCounts){0};
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) return RC_OK;
        EntityCount count = {.type = stmt_copy(ctx, stmt, 0),
                             .count = (uint64_t)sqlite3_column_int64(stmt, 1)};
        vec_push(ctx->arena, out, count);
    }
}

Rc reader_entity_total(Ctx *ctx, Reader *reader, uint64_t *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_STATE, &db));
    return entity_total(ctx, db, out);
}

Rc reader_indexes(Ctx *ctx, Reader *reader, AttrIndexes *out) {
    Db *db;
    TRY(use(ctx, reader, STORE_STATE, &db));
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ATTR_EACH, &stmt));
    *out = (AttrIndexes){0};
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) return RC_OK;
        AttrIndex index = {.attr = stmt_copy(ctx, stmt, 0),
                           .ready = sqlite3_column_int64(stmt, 2) != 0};
        vec_push(ctx->arena, out, index);
    }
}
