#include "store_int.h"

const char *const schema_files[STORE_FILES] = {"ledger.db", "state.db", "local.db"};

#define SCHEMA_ITEMS                                                                               \
    "CREATE TABLE meta(name BLOB PRIMARY KEY, value) WITHOUT ROWID;"                               \
    "CREATE TABLE space(number INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);"                   \
    "CREATE TABLE item(space INTEGER, key BLOB, value BLOB NOT NULL, expires INTEGER,"             \
    " PRIMARY KEY(space, key)) WITHOUT ROWID;"                                                     \
    "CREATE INDEX item_expires ON item(expires) WHERE expires IS NOT NULL;"                        \
    "CREATE TABLE cursor(name BLOB PRIMARY KEY, position INTEGER NOT NULL, leaf BLOB NOT NULL,"    \
    " version INTEGER NOT NULL) WITHOUT ROWID;"

/* Rows of key are appended and overwritten in place, never moved or deleted: so no page keeps an
 * old copy of a key. */
#define SCHEMA_KEYS(prefix)                                                                        \
    "CREATE TABLE " prefix "key(number INTEGER PRIMARY KEY, id BLOB NOT NULL,"                     \
    " subject BLOB NOT NULL, retention BLOB NOT NULL, position INTEGER NOT NULL,"                  \
    " erased INTEGER NOT NULL, wrapped BLOB NOT NULL);"                                            \
    "CREATE UNIQUE INDEX " prefix "key_id ON key(id);"

const char *const schema_keys = SCHEMA_KEYS("keys.");

static const char *const tables[STORE_FILES] = {
    [STORE_LEDGER] = SCHEMA_ITEMS
    "CREATE TABLE leaf(position INTEGER PRIMARY KEY, command BLOB NOT NULL,"
    " time INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL);"
    "CREATE UNIQUE INDEX leaf_command ON leaf(command);" SCHEMA_KEYS(
        "") "CREATE INDEX key_subject ON key(subject, retention);"
            "CREATE INDEX key_retention ON key(retention);"
            "CREATE TABLE tile(level INTEGER, number INTEGER, bytes BLOB NOT NULL,"
            " PRIMARY KEY(level, number)) WITHOUT ROWID;"
            "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL);",
    [STORE_STATE] = SCHEMA_ITEMS
    "CREATE TABLE entity(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,"
    " position INTEGER NOT NULL, types BLOB NOT NULL, marks BLOB NOT NULL,"
    " text BLOB NOT NULL, body BLOB);"
    "CREATE INDEX entity_dead ON entity(position) WHERE body IS NULL;"
    "CREATE TABLE type(number INTEGER PRIMARY KEY, iri BLOB NOT NULL UNIQUE,"
    " count INTEGER NOT NULL);"
    "CREATE TABLE kind(type INTEGER, id BLOB, entity INTEGER NOT NULL,"
    " PRIMARY KEY(type, id)) WITHOUT ROWID;"
    "CREATE TABLE attr(number INTEGER PRIMARY KEY AUTOINCREMENT, iri BLOB NOT NULL UNIQUE,"
    " ready INTEGER NOT NULL);"
    "CREATE TABLE value(attr INTEGER, value BLOB, entity INTEGER,"
    " PRIMARY KEY(attr, value, entity)) WITHOUT ROWID;"
    "CREATE TABLE boxed(number INTEGER PRIMARY KEY, iri BLOB NOT NULL UNIQUE);"
    "CREATE VIRTUAL TABLE box USING rtree(number, west, east, south, north,"
    " +entity INTEGER, +attr INTEGER);"
    "CREATE VIRTUAL TABLE gram USING fts5(tokens, content='', columnsize=0, detail=none,"
    " tokenize='ascii');",
    [STORE_LOCAL] = SCHEMA_ITEMS,
};

/* Pragmas take no parameters, so both numbers stand in the text. */
static const char stamp[] = "PRAGMA application_id=1835098984; PRAGMA user_version=1;";
static_assert(APPLICATION == 1835098984 && FORMAT == 1, "the stamp names both");

static Rc pragma_int(Ctx *ctx, Db *db, const char *sql, int64_t *out) {
    OWNS_STMT *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->sql, sql, -1, &stmt, NULL);
    if (rc != SQLITE_OK) return db_fail(ctx, db, rc);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    *out = row ? sqlite3_column_int64(stmt, 0) : 0;
    return RC_OK;
}

Rc schema_create(Ctx *ctx, Db *db) {
    Rc rc = db_exec(ctx, db, "BEGIN IMMEDIATE");
    if (rc == RC_OK) rc = db_exec(ctx, db, tables[db->file]);
    if (rc == RC_OK) rc = db_exec(ctx, db, stamp);
    if (rc == RC_OK) rc = db_exec(ctx, db, "COMMIT");
    if (rc != RC_OK) db_rollback(db);
    return rc;
}

Rc schema_check(Ctx *ctx, Db *db) {
    int64_t application = 0, format = 0, objects = 0;
    TRY(pragma_int(ctx, db, "PRAGMA application_id", &application));
    TRY(pragma_int(ctx, db, "PRAGMA user_version", &format));
    TRY(pragma_int(ctx, db, "SELECT count(*) FROM sqlite_schema", &objects));
    if (objects == 0 && application == 0) return schema_create(ctx, db);
    if (application == APPLICATION && format == FORMAT) return RC_OK;
    const char *path = db_path(ctx, db->store, schema_files[db->file]);
    if (application != APPLICATION)
        return ctx_fail(ctx, RC_INVALID, "format", str_of(path),
                        "%s is a database of another program: name another folder.", path);
    return ctx_fail(ctx, RC_INVALID, "format", str_of(path),
                    "%s has format %d, this program knows %d: use a program of that version.", path,
                    (int)format, FORMAT);
}
