#include "copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { APPLICATION = 1835098984, VERSION = 1, PATH = 4096, WAIT_MS = 10000 };

/* ---- rows ---- */

static void damaged(Report *report, sqlite3 *db) {
    report_find(report, "damaged", 0, "the database can't be read: %s", sqlite3_errmsg(db));
}

sqlite3_stmt *copy_query(sqlite3 *db, const char *sql, Report *report) {
    sqlite3_stmt *query = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK) damaged(report, db);
    return query;
}

bool copy_step(sqlite3_stmt *query, Report *report) {
    int rc = sqlite3_step(query);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) damaged(report, sqlite3_db_handle(query));
    return rc == SQLITE_ROW;
}

bool copy_int(sqlite3_stmt *query, int column, uint64_t *out) {
    if (sqlite3_column_type(query, column) != SQLITE_INTEGER) return false;
    int64_t value = sqlite3_column_int64(query, column);
    *out = (uint64_t)value;
    return value >= 0;
}

bool copy_blob(sqlite3_stmt *query, int column, Slice *out) {
    if (sqlite3_column_type(query, column) != SQLITE_BLOB) return false;
    out->at = sqlite3_column_blob(query, column);
    out->len = (size_t)sqlite3_column_bytes(query, column);
    return true;
}

/* ---- opening ---- */

static CopyRc unreadable(Copy *copy, const char *path, const char *why) {
    snprintf(copy->message, sizeof copy->message, "%.300s can't be read: %.150s", path, why);
    return COPY_UNREADABLE;
}

/* Nothing in the file may make SQLite run for ever or do more than read tables. */
static void harden(sqlite3 *db) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_busy_timeout(db, WAIT_MS);
}

/* path as a URI, so that the form "immutable" can be asked for. */
static bool uri_of(const char *path, bool immutable, char out[3 * PATH]) {
    static const char hex[] = "0123456789ABCDEF";
    size_t len = 0;
    for (const char *at = "file:"; *at; at++)
        out[len++] = *at;
    for (const unsigned char *at = (const unsigned char *)path; *at; at++) {
        if (len + 32 > 3 * PATH) return false;
        if (*at > 0x20 && *at < 0x7f && !strchr("%?#", *at)) {
            out[len++] = (char)*at;
            continue;
        }
        out[len++] = '%';
        out[len++] = hex[*at >> 4];
        out[len++] = hex[*at & 15];
    }
    snprintf(out + len, 32, "%s", immutable ? "?mode=ro&immutable=1" : "?mode=ro");
    return true;
}

static bool file_there(const char *path, const char *suffix, bool empty_counts) {
    char name[PATH + 8];
    struct stat info;
    if (snprintf(name, sizeof name, "%s%s", path, suffix) >= (int)sizeof name) return false;
    return stat(name, &info) == 0 && S_ISREG(info.st_mode) && (empty_counts || info.st_size > 0);
}

/* Opens and looks at the file, in a transaction that keeps this moment. A folder that can't be
   written, on a disk mounted for reading, has no place for the index of a write-ahead log: without
   a log none is needed. */
static int open_form(const char *path, bool immutable, sqlite3 **out) {
    char uri[3 * PATH];
    if (!uri_of(path, immutable, uri)) return SQLITE_TOOBIG;
    int rc = sqlite3_open_v2(uri, out, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    if (rc == SQLITE_OK) harden(*out);
    if (rc == SQLITE_OK) rc = sqlite3_exec(*out, "PRAGMA cell_size_check=on", NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_exec(*out, "BEGIN", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(*out, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    return rc;
}

static CopyRc database_open(Copy *copy, const char *path, sqlite3 **out, Report *report) {
    if (!file_there(path, "", true)) return unreadable(copy, path, "there is no such file");
    int rc = open_form(path, false, out);
    if ((rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY) && !file_there(path, "-wal", false)) {
        sqlite3_close(*out);
        *out = NULL;
        rc = open_form(path, true, out);
    }
    if (rc == SQLITE_OK) return COPY_GOOD;
    int reason = rc & 0xff;
    if (reason == SQLITE_NOTADB || reason == SQLITE_CORRUPT || reason == SQLITE_ERROR) {
        report_find(report, "damaged", 0, "%.120s: %s", path, sqlite3_errmsg(*out));
        return COPY_UNSOUND;
    }
    return unreadable(copy, path, *out ? sqlite3_errmsg(*out) : sqlite3_errstr(rc));
}

/* ---- what the copy says of itself ---- */

static bool number_is(sqlite3 *db, const char *sql, int64_t expected, Report *report) {
    sqlite3_stmt *query = copy_query(db, sql, report);
    bool is = query && copy_step(query, report) && sqlite3_column_int64(query, 0) == expected;
    sqlite3_finalize(query);
    return is;
}

/* A view or a virtual table of that name could be anything. */
static bool table_there(sqlite3 *db, const char *name, Report *report) {
    sqlite3_stmt *query = copy_query(
        db, "SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?1 AND rootpage>0", report);
    bool there = query && sqlite3_bind_text(query, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
                 copy_step(query, report);
    sqlite3_finalize(query);
    return there;
}

static sqlite3_stmt *item_query(const Copy *copy, const char *space, Slice key, Report *report) {
    sqlite3_stmt *query = copy_query(copy->db,
                                     "SELECT item.value FROM item JOIN space ON "
                                     "space.number=item.space WHERE space.name=?1 AND item.key=?2",
                                     report);
    if (!query) return NULL;
    sqlite3_bind_blob(query, 1, space, (int)strlen(space), SQLITE_STATIC);
    sqlite3_bind_blob(query, 2, key.at, (int)key.len, SQLITE_STATIC);
    return query;
}

/* Fills out with exactly len bytes. */
static bool ledger_item(const Copy *copy, const char *name, uint8_t *out, size_t len,
                        Report *report) {
    Slice value;
    sqlite3_stmt *query = item_query(copy, "ledger", slice_of(name), report);
    bool good =
        query && copy_step(query, report) && copy_blob(query, 0, &value) && value.len == len;
    if (good) memcpy(out, value.at, len);
    sqlite3_finalize(query);
    if (!good)
        report_find(report, "malformed", 0, "the item \"%s\" of the space \"ledger\" is not there",
                    name);
    return good;
}

static bool identity_read(Copy *copy, Report *report) {
    static const char format[] = "machi-ledger/1";
    uint8_t said[sizeof format - 1], origin[NOTE_ORIGIN];
    if (!ledger_item(copy, "format", said, sizeof said, report) ||
        !ledger_item(copy, "origin", origin, sizeof origin, report) ||
        !ledger_item(copy, "public_key", copy->key.public_key, NOTE_KEY, report) ||
        !ledger_item(copy, "tenant_key", copy->tenant_key, sizeof copy->tenant_key, report))
        return false;
    bool good = memcmp(said, format, sizeof said) == 0 &&
                note_origin((Slice){origin, sizeof origin}, copy->key.origin);
    if (!good)
        report_find(report, "malformed", 0, "its format or its origin is none that is known");
    if (good) snprintf(report->origin, sizeof report->origin, "%s", copy->key.origin);
    return good;
}

static bool head_read(Copy *copy, Report *report) {
    sqlite3_stmt *query =
        copy_query(copy->db, "SELECT position FROM leaf ORDER BY position DESC LIMIT 1", report);
    if (query && copy_step(query, report) && !copy_int(query, 0, &copy->head))
        report_find(report, "malformed", 0, "a row's position is no number");
    sqlite3_finalize(query);
    return !report->finding.name;
}

static bool copy_look(Copy *copy, Report *report) {
    static const char *const tables[] = {"leaf", "tile", "checkpoint", "item", "space"};
    if (!number_is(copy->db, "PRAGMA application_id", APPLICATION, report) ||
        !number_is(copy->db, "PRAGMA user_version", VERSION, report)) {
        report_find(report, "malformed", 0, "the database is no ledger of version 1");
        return false;
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (!table_there(copy->db, tables[i], report)) {
            report_find(report, "malformed", 0, "there is no table \"%s\"", tables[i]);
            return false;
        }
    return identity_read(copy, report) && head_read(copy, report);
}

/* keys.db beside the ledger, or the ledger's own table; an empty one is what a backup leaves
 * there. */
static CopyRc keys_open(const char *ledger, Copy *copy, Report *report) {
    char path[PATH + 16];
    const char *slash = strrchr(ledger, '/');
    snprintf(path, sizeof path, "%.*skeys.db", slash ? (int)(slash + 1 - ledger) : 0, ledger);
    if (file_there(path, "", true)) {
        CopyRc rc = database_open(copy, path, &copy->keys, report);
        if (rc == COPY_GOOD && !table_there(copy->keys, "key", report))
            report_find(report, "malformed", 0, "there is no table \"key\" in keys.db");
        return rc == COPY_GOOD && report->finding.name ? COPY_UNSOUND : rc;
    }
    if (table_there(copy->db, "key", report) &&
        number_is(copy->db, "SELECT EXISTS(SELECT 1 FROM key)", 1, report))
        copy->keys = copy->db;
    return report->finding.name ? COPY_UNSOUND : COPY_GOOD;
}

CopyRc copy_open(const char *path, Copy *copy, Report *report) {
    char ledger[PATH];
    struct stat info;
    *copy = (Copy){0};
    if (stat(path, &info) != 0) return unreadable(copy, path, strerrordesc_np(errno));
    const char *form = S_ISDIR(info.st_mode) ? "%s/ledger.db" : "%s";
    if (snprintf(ledger, sizeof ledger, form, path) >= (int)sizeof ledger)
        return unreadable(copy, path, "its path is too long");
    CopyRc rc = database_open(copy, ledger, &copy->db, report);
    if (rc != COPY_GOOD) return rc;
    if (!copy_look(copy, report)) return COPY_UNSOUND;
    rc = keys_open(ledger, copy, report);
    report->keys_there = copy->keys != NULL;
    return rc;
}

void copy_close(Copy *copy) {
    if (copy->keys != copy->db) sqlite3_close(copy->keys);
    sqlite3_close(copy->db);
    copy->db = copy->keys = NULL;
}

bool copy_chunk(const Copy *copy, const Hash *name, Report *report) {
    Slice value;
    sqlite3_stmt *query =
        item_query(copy, "chunk", (Slice){name->bytes, sizeof name->bytes}, report);
    bool good = query && copy_step(query, report) && copy_blob(query, 0, &value) && value.len;
    if (good) {
        Hash hash = tree_plain(value);
        good = tree_same(&hash, name);
    }
    sqlite3_finalize(query);
    return good;
}
