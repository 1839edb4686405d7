/* items: ordered keys and values, and cursors, on any connection. */
#include "store_int.h"

#include <string.h>

enum { KEY_MAX = 1024, NAME_MAX_LEN = 64, VALUE_MAX = 256 << 20 };

/* ---- spaces ---- */

static bool name_ok(Str name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool ok =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!ok) return false;
    }
    return name.len > 0 && name.len <= NAME_MAX_LEN;
}

static Rc no_item(Ctx *ctx) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-item", STR_NONE, "There is no such item.");
}

static Rc space_find(Ctx *ctx, Db *db, Space space, int64_t *number) {
    assert(space.file == db->file && name_ok(space.name));
    TRY(db_number(ctx, db, NAMING_SPACE, space.name, number));
    return *number ? RC_OK : no_item(ctx);
}

/* ---- single items ---- */

static Rc item_check(Ctx *ctx, const Item *item) {
    if (item->key.len && item->key.len <= KEY_MAX && item->value.len <= VALUE_MAX) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "item-size", STR_NONE,
                    "A key has 1 to %d bytes and a value at most %d.", KEY_MAX, VALUE_MAX);
}

Rc items_put(Ctx *ctx, Db *db, Space space, const Item *item) {
    TRY(item_check(ctx, item));
    assert(space.file == db->file && name_ok(space.name));
    int64_t number;
    TRY(db_number_add(ctx, db, NAMING_SPACE, space.name, &number));
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ITEM_SET, &stmt));
    stmt_int(stmt, 1, number);
    stmt_str(stmt, 2, item->key);
    stmt_str(stmt, 3, item->value);
    if (item->expires) stmt_int(stmt, 4, item->expires);
    return db_run(ctx, db, stmt);
}

static Rc missing_is_fine(Rc rc) {
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

Rc items_delete(Ctx *ctx, Db *db, Space space, Str key) {
    int64_t number;
    Rc rc = space_find(ctx, db, space, &number);
    if (rc != RC_OK) return missing_is_fine(rc);
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ITEM_DELETE, &stmt));
    stmt_int(stmt, 1, number);
    stmt_str(stmt, 2, key);
    return db_run(ctx, db, stmt);
}

Rc items_get(Ctx *ctx, Db *db, Space space, Str key, Str *value) {
    int64_t number;
    TRY(space_find(ctx, db, space, &number));
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ITEM_GET, &stmt));
    stmt_int(stmt, 1, number);
    stmt_str(stmt, 2, key);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row) return no_item(ctx);
    int64_t expires = sqlite3_column_int64(stmt, 1);
    if (expires && expires <= time_now(db->store->clock)) return no_item(ctx);
    *value = stmt_copy(ctx, stmt, 0);
    return RC_OK;
}

/* ---- ranges ---- */

typedef struct Bounds {
    int64_t space;
    Str from, to; /* to empty: no end */
    char end[KEY_MAX];
} Bounds;

/* The least key that is greater than all that begin with prefix; empty: there is none. */
static Str prefix_end(char *end, Str prefix) {
    while (prefix.len && (unsigned char)prefix.ptr[prefix.len - 1] == 0xFF)
        prefix.len--;
    if (prefix.len == 0) return STR_NONE;
    memcpy(end, prefix.ptr, prefix.len);
    end[prefix.len - 1] = (char)((unsigned char)end[prefix.len - 1] + 1);
    return (Str){end, prefix.len};
}

static Rc range_bounds(Ctx *ctx, Db *db, const ItemRange *range, Bounds *out) {
    out->space = 0;
    out->from = out->to = STR_NONE;
    if (range->prefix.len > KEY_MAX)
        return ctx_fail(ctx, RC_INVALID, "item-size", STR_NONE, "A prefix has at most %d bytes.",
                        KEY_MAX);
    TRY(space_find(ctx, db, range->space, &out->space));
    Str end = prefix_end(out->end, range->prefix);
    out->from = str_cmp(range->from, range->prefix) < 0 ? range->prefix : range->from;
    out->to = range->to;
    if (end.len && (out->to.len == 0 || str_cmp(end, out->to) < 0)) out->to = end;
    return RC_OK;
}

static void bind_bounds(sqlite3_stmt *stmt, const Bounds *bounds) {
    stmt_int(stmt, 1, bounds->space);
    stmt_str(stmt, 2, bounds->from);
    if (bounds->to.len) stmt_str(stmt, 3, bounds->to);
}

static Rc each_row(Ctx *ctx, Db *db, const ItemRange *range, ItemEach each, void *arg) {
    Bounds bounds;
    TRY(range_bounds(ctx, db, range, &bounds));
    static const SqlId ids[2][2] = {{SQL_ITEM_REST, SQL_ITEM_RANGE},
                                    {SQL_ITEM_REST_BACK, SQL_ITEM_RANGE_BACK}};
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, ids[range->backwards][bounds.to.len > 0], &stmt));
    bind_bounds(stmt, &bounds);
    stmt_int(stmt, 4, time_now(db->store->clock));
    stmt_int(stmt, 5, range->limit ? (int64_t)range->limit : -1);
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) return RC_OK;
        Item item = {.key = stmt_get(stmt, 0),
                     .value = stmt_get(stmt, 1),
                     .expires = sqlite3_column_int64(stmt, 2)};
        if (!each(arg, &item)) return RC_OK;
    }
}

Rc items_each(Ctx *ctx, Db *db, const ItemRange *range, ItemEach each, void *arg) {
    return missing_is_fine(each_row(ctx, db, range, each, arg));
}

Rc items_count(Ctx *ctx, Db *db, const ItemRange *range, uint64_t *count) {
    *count = 0;
    Bounds bounds;
    Rc rc = range_bounds(ctx, db, range, &bounds);
    if (rc != RC_OK) return missing_is_fine(rc);
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, bounds.to.len ? SQL_ITEM_COUNT_RANGE : SQL_ITEM_COUNT_REST, &stmt));
    bind_bounds(stmt, &bounds);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    *count = (uint64_t)sqlite3_column_int64(stmt, 0);
    return RC_OK;
}

Rc items_delete_range(Ctx *ctx, Db *db, const ItemRange *range) {
    assert(!range->backwards && range->limit == 0);
    Bounds bounds;
    Rc rc = range_bounds(ctx, db, range, &bounds);
    if (rc != RC_OK) return missing_is_fine(rc);
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, bounds.to.len ? SQL_ITEM_DELETE_RANGE : SQL_ITEM_DELETE_REST, &stmt));
    bind_bounds(stmt, &bounds);
    return db_run(ctx, db, stmt);
}

Rc items_purge(Ctx *ctx, Db *db, size_t max, uint64_t *count) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ITEM_PURGE, &stmt));
    stmt_int(stmt, 1, time_now(db->store->clock));
    stmt_int(stmt, 2, (int64_t)max);
    TRY(db_run(ctx, db, stmt));
    *count = (uint64_t)sqlite3_changes64(db->sql);
    return RC_OK;
}

/* ---- cursors ---- */

Rc items_cursor(Ctx *ctx, Db *db, Str name, Cursor *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_CURSOR_GET, &stmt));
    stmt_str(stmt, 1, name);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row || stmt_get(stmt, 1).len != sizeof out->leaf)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-cursor", STR_NONE, "This projection never ran.");
    out->position = (uint64_t)sqlite3_column_int64(stmt, 0);
    memcpy(out->leaf.bytes, stmt_get(stmt, 1).ptr, sizeof out->leaf);
    out->version = (uint32_t)sqlite3_column_int64(stmt, 2);
    return RC_OK;
}

Rc items_cursor_set(Ctx *ctx, Db *db, Str name, const Cursor *cursor) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, cursor ? SQL_CURSOR_SET : SQL_CURSOR_DELETE, &stmt));
    stmt_str(stmt, 1, name);
    if (cursor) {
        stmt_int(stmt, 2, (int64_t)cursor->position);
        stmt_str(stmt, 3, (Str){(const char *)cursor->leaf.bytes, sizeof cursor->leaf});
        stmt_int(stmt, 4, cursor->version);
    }
    return db_run(ctx, db, stmt);
}
