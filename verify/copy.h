/* copy: the tables of a copy, read only, as they were at one moment (doc/ledger-format.md §2). A
   folder in use may be read; nothing in it is changed. */
#ifndef VERIFY_COPY_H
#define VERIFY_COPY_H

#include "note.h"
#include "report.h"

#include <sqlite3.h>

typedef struct Copy {
    sqlite3 *db;
    sqlite3 *keys; /* NULL: the copy has no keys; the same as db unless they lie in keys.db */
    NoteKey key;   /* origin and public key that the copy itself names */
    uint8_t tenant_key[16];
    uint64_t head;     /* position of the last leaf */
    char message[512]; /* of COPY_UNREADABLE */
} Copy;

typedef enum CopyRc {
    COPY_GOOD,
    COPY_UNSOUND,   /* the report has a finding */
    COPY_UNREADABLE /* could not be opened: message says why */
} CopyRc;

/* path: a ledger.db, or the folder that holds one. copy_close is due after any outcome. */
CopyRc copy_open(const char *path, Copy *copy, Report *report);
void copy_close(Copy *copy);
/* Prepares a query. NULL: a finding was made. */
sqlite3_stmt *copy_query(sqlite3 *db, const char *sql, Report *report);
/* Steps it: true at a row. False at the end, or after an error, which becomes a finding. */
bool copy_step(sqlite3_stmt *query, Report *report);
/* A column that must be an integer of at least 0, or a blob; false: it is something else. */
bool copy_int(sqlite3_stmt *query, int column, uint64_t *out);
bool copy_blob(sqlite3_stmt *query, int column, Slice *out);
/* Does space `chunk` hold bytes of this hash under this name? */
bool copy_chunk(const Copy *copy, const Hash *name, Report *report);

#endif
