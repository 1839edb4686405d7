#include "proof.h"

#include <sqlite3.h>
#include <string.h>

enum { PATH_MAX_HASHES = 64, PROOF_MAX = 1 << 20 };

typedef struct Members {
    Hash path[PATH_MAX_HASHES];
    size_t path_count;
    Proof *out;
} Members;

static bool text_column(sqlite3_stmt *query, int column, Slice *out) {
    if (sqlite3_column_type(query, column) != SQLITE_TEXT) return false;
    out->at = sqlite3_column_text(query, column);
    out->len = (size_t)sqlite3_column_bytes(query, column);
    return true;
}

/* Prepares a query over the JSON text, which is its first parameter. */
static sqlite3_stmt *query_of(sqlite3 *db, const char *sql, Slice json) {
    sqlite3_stmt *query = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK)
        sqlite3_bind_text(query, 1, (const char *)json.at, (int)json.len, SQLITE_STATIC);
    return query;
}

static const char *path_read(sqlite3 *db, Slice json, Members *members) {
    const char *wrong = NULL;
    Slice text;
    sqlite3_stmt *query = query_of(db, "SELECT value FROM json_each(?1, '$.path')", json);
    while (!wrong && query && sqlite3_step(query) == SQLITE_ROW) {
        if (members->path_count == PATH_MAX_HASHES || !text_column(query, 0, &text) ||
            !slice_base64(text, members->path[members->path_count++].bytes, TREE_HASH))
            wrong = "its path is no list of hashes";
    }
    sqlite3_finalize(query);
    return wrong;
}

static const char *members_read(sqlite3 *db, Slice json, const NoteKey *key, Members *members) {
    static const char sql[] = "SELECT json_extract(?1, '$.position'), json_extract(?1, "
                              "'$.leafHash'), json_extract(?1, '$.checkpoint')";
    const char *wrong = "it is no JSON object with position, leafHash, path and checkpoint";
    Slice hash, note;
    sqlite3_stmt *query = query_of(db, sql, json);
    if (query && sqlite3_step(query) == SQLITE_ROW &&
        sqlite3_column_type(query, 0) == SQLITE_INTEGER && text_column(query, 1, &hash) &&
        slice_base64(hash, members->out->leaf.bytes, TREE_HASH) && text_column(query, 2, &note)) {
        members->out->position = (uint64_t)sqlite3_column_int64(query, 0);
        wrong = note_read(note, key, &members->out->note);
    }
    sqlite3_finalize(query);
    return wrong ? wrong : path_read(db, json, members);
}

const char *proof_read(Slice json, const NoteKey *key, Proof *out) {
    Members members = {.out = out};
    sqlite3 *db = NULL;
    Hash root;
    if (json.len > PROOF_MAX) return "it is too long";
    const char *wrong = sqlite3_open(":memory:", &db) == SQLITE_OK
                            ? members_read(db, json, key, &members)
                            : "there is no memory to read it";
    sqlite3_close(db);
    if (wrong) return wrong;
    if (!out->position || out->position > out->note.size)
        return "its position lies outside its checkpoint";
    TreePath path = {out->position - 1, out->note.size, members.path, members.path_count};
    if (!tree_climb(&path, &out->leaf, &root) || !tree_same(&root, &out->note.root))
        return "its path doesn't lead to the root of its checkpoint";
    return NULL;
}
