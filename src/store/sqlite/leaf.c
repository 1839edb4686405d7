/* leaf: reading the ledger's tables on any connection. */
#include "store_int.h"

#include <string.h>

static void leaf_from(sqlite3_stmt *stmt, Leaf *leaf) {
    *leaf = (Leaf){.position = (uint64_t)sqlite3_column_int64(stmt, 0),
                   .time = sqlite3_column_int64(stmt, 2),
                   .bytes = stmt_get(stmt, 4)};
    Str command = stmt_get(stmt, 1), hash = stmt_get(stmt, 3);
    if (command.len == sizeof leaf->command) memcpy(leaf->command.bytes, command.ptr, command.len);
    if (hash.len == sizeof leaf->hash) memcpy(leaf->hash.bytes, hash.ptr, hash.len);
}

static Rc leaf_one(Ctx *ctx, Db *db, sqlite3_stmt *stmt, Leaf *out) {
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row) return ctx_fail(ctx, RC_NOT_FOUND, "no-leaf", STR_NONE, "There is no such leaf.");
    leaf_from(stmt, out);
    out->bytes = str_dup(ctx->arena, out->bytes);
    return RC_OK;
}

Rc leaf_of(Ctx *ctx, Db *db, const CommandId *command, Leaf *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_LEAF_OF, &stmt));
    stmt_str(stmt, 1, (Str){(const char *)command->bytes, sizeof *command});
    return leaf_one(ctx, db, stmt, out);
}

Rc leaf_head(Ctx *ctx, Db *db, uint64_t *position) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_LEAF_HEAD, &stmt));
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    *position = (uint64_t)sqlite3_column_int64(stmt, 0);
    return RC_OK;
}

Rc leaf_at(Ctx *ctx, Db *db, uint64_t position, Leaf *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_LEAF_AT, &stmt));
    stmt_int(stmt, 1, (int64_t)position);
    return leaf_one(ctx, db, stmt, out);
}

Rc leaf_each(Ctx *ctx, Db *db, LeafSlice slice, LeafEach each, void *arg) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_LEAF_FROM, &stmt));
    stmt_int(stmt, 1, (int64_t)slice.from);
    stmt_int(stmt, 2, slice.max > INT64_MAX ? -1 : (int64_t)slice.max);
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) return RC_OK;
        Leaf leaf;
        leaf_from(stmt, &leaf);
        if (!each(arg, &leaf)) return RC_OK;
    }
}

Rc leaf_hashes(Ctx *ctx, Db *db, LeafSlice slice, Digest *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_LEAF_HASHES, &stmt));
    stmt_int(stmt, 1, (int64_t)slice.from);
    stmt_int(stmt, 2, (int64_t)slice.max);
    for (size_t i = 0; i < slice.max; i++) {
        bool row;
        TRY(db_step(ctx, db, stmt, &row));
        if (!row || stmt_get(stmt, 0).len != sizeof *out)
            return ctx_fail(ctx, RC_NOT_FOUND, "no-leaf", STR_NONE, "There are fewer leaves.");
        memcpy(out[i].bytes, stmt_get(stmt, 0).ptr, sizeof *out);
    }
    return RC_OK;
}

/* ---- keys ---- */

static void key_from(sqlite3_stmt *stmt, KeyRow *row) {
    bool erased = sqlite3_column_int64(stmt, 4) != 0;
    *row = (KeyRow){.id = stmt_get(stmt, 0),
                    .subject = stmt_get(stmt, 1),
                    .retention = stmt_get(stmt, 2),
                    .position = (uint64_t)sqlite3_column_int64(stmt, 3),
                    .wrapped = erased ? STR_NONE : stmt_get(stmt, 5)};
}

static Rc key_one(Ctx *ctx, Db *db, sqlite3_stmt *stmt, KeyRow *out) {
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row) return ctx_fail(ctx, RC_NOT_FOUND, "no-key", STR_NONE, "There is no such key.");
    key_from(stmt, out);
    out->id = str_dup(ctx->arena, out->id);
    out->subject = str_dup(ctx->arena, out->subject);
    out->retention = str_dup(ctx->arena, out->retention);
    out->wrapped = str_dup(ctx->arena, out->wrapped);
    return RC_OK;
}

Rc key_get(Ctx *ctx, Db *db, Str id, KeyRow *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_KEY_GET, &stmt));
    stmt_str(stmt, 1, id);
    return key_one(ctx, db, stmt, out);
}

Rc key_living(Ctx *ctx, Db *db, const KeyRange *range, KeyRow *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_KEY_LIVING, &stmt));
    stmt_str(stmt, 1, range->subject);
    stmt_str(stmt, 2, range->retention);
    return key_one(ctx, db, stmt, out);
}

void key_range_bind(sqlite3_stmt *stmt, const KeyRange *range) {
    if (range->subject.len) stmt_str(stmt, 1, range->subject);
    if (range->retention.len) stmt_str(stmt, 2, range->retention);
}

Rc key_each(Ctx *ctx, Db *db, const KeyRange *range, KeyEach each, void *arg) {
    static const SqlId ids[] = {SQL_KEY_EACH, SQL_KEY_EACH_S, SQL_KEY_EACH_R, SQL_KEY_EACH_SR};
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, ids[(range->subject.len > 0) + 2 * (range->retention.len > 0)], &stmt));
    key_range_bind(stmt, range);
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) return RC_OK;
        KeyRow key;
        key_from(stmt, &key);
        if (!each(arg, &key)) return RC_OK;
    }
}

/* ---- the tree ---- */

Rc tile_get(Ctx *ctx, Db *db, uint32_t level, uint64_t index, Str *bytes) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_TILE_GET, &stmt));
    stmt_int(stmt, 1, level);
    stmt_int(stmt, 2, (int64_t)index);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row) return ctx_fail(ctx, RC_NOT_FOUND, "no-tile", STR_NONE, "There is no such tile.");
    *bytes = stmt_copy(ctx, stmt, 0);
    return RC_OK;
}

Rc checkpoint_get(Ctx *ctx, Db *db, uint64_t max_size, uint64_t *size, Str *note) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_CHECKPOINT_GET, &stmt));
    stmt_int(stmt, 1, max_size > INT64_MAX ? INT64_MAX : (int64_t)max_size);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-checkpoint", STR_NONE,
                        "No checkpoint of that size has been signed yet.");
    *size = (uint64_t)sqlite3_column_int64(stmt, 0);
    *note = stmt_copy(ctx, stmt, 1);
    return RC_OK;
}
