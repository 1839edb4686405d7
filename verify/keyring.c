#include "keyring.h"

#include "idset.h"
#include "memory.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { STATEMENT_MAX = 64 << 20, WRAPPED = 1 + 16 + 24 + 48, HEX = 2 * LEAF_ID + 1 };
enum { KEY_SUBJECT = 1, KEY_GENERAL = 3 };

struct Keyring {
    IdSet *used;             /* key: position of the first leaf that needs it */
    IdSet *stated;           /* key: position of the first statement in an event that names it */
    IdSet *listed;           /* key: named by the list */
    IdSet *living;           /* key: kind of the row */
    IdSet *said;             /* first 16 bytes of the hash of each statement in an event */
    IdSet *pending;          /* the same of each in the list */
    uint8_t tenant[LEAF_ID]; /* of the newest note "rekey" */
    uint64_t rekeyed;        /* its position; 0: there is none */
};

Keyring *keyring_new(void) {
    Keyring *ring = memory_grow(NULL, 1, sizeof *ring);
    *ring = (Keyring){.used = idset_new(),
                      .stated = idset_new(),
                      .listed = idset_new(),
                      .living = idset_new(),
                      .said = idset_new(),
                      .pending = idset_new()};
    return ring;
}

void keyring_free(Keyring *ring) {
    if (!ring) return;
    IdSet *all[] = {ring->used,   ring->stated, ring->listed,
                    ring->living, ring->said,   ring->pending};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        idset_free(all[i]);
    memory_drop(ring);
}

void keyring_use(Keyring *ring, const uint8_t key[LEAF_ID], uint64_t position) {
    idset_put(ring->used, key, position, NULL);
}

void keyring_rekey(Keyring *ring, const uint8_t to[LEAF_ID], uint64_t position) {
    memcpy(ring->tenant, to, LEAF_ID);
    ring->rekeyed = position;
}

bool keyring_state(Keyring *ring, const NoteKey *key, const KeyringStatement *statement,
                   Report *report) {
    Statement said;
    const char *wrong = statement_read(statement->bytes, key, &said);
    if (!wrong && said.foreign) wrong = "it is of another ledger";
    if (!wrong && said.kind != statement->kind) wrong = "it is of another kind than its event";
    if (wrong) {
        report_find(report, "forged statement", statement->position,
                    "the statement in this leaf doesn't hold: %s", wrong);
        return false;
    }
    Hash name = tree_plain(statement->bytes);
    idset_put(ring->said, name.bytes, statement->position, NULL);
    for (size_t i = 0; i < said.key_count; i++)
        idset_put(ring->stated, said.keys + i * LEAF_ID, statement->position, NULL);
    report->statements++;
    return true;
}

/* One line of the list. */
static const char *line_read(Keyring *ring, Slice line, const NoteKey *key) {
    Statement said;
    size_t room = line.len / 4 * 3, len;
    if (!line.len || line.len % 4) return "a line is no base64";
    if (line.at[line.len - 1] == '=') room -= line.at[line.len - 2] == '=' ? 2 : 1;
    if (room > STATEMENT_MAX) return "a line is too long";
    uint8_t *bytes = memory_grow(NULL, room + 1, 1);
    len = room;
    const char *wrong = slice_base64(line, bytes, len) ? NULL : "a line is no base64";
    Slice whole = {bytes, len};
    if (!wrong) wrong = statement_read(whole, key, &said);
    if (!wrong && !said.foreign) {
        Hash name = tree_plain(whole);
        idset_put(ring->pending, name.bytes, 0, NULL);
        for (size_t i = 0; i < said.key_count; i++)
            idset_put(ring->listed, said.keys + i * LEAF_ID, 0, NULL);
    }
    memory_drop(bytes);
    return wrong;
}

const char *keyring_list(Keyring *ring, Slice file, const NoteKey *key) {
    Slice line;
    const char *wrong = NULL;
    if (!slice_cut(&file, '\n', &line) || !slice_eq(line, slice_of("machi-erasures/1")))
        return "it is no list of erasures of version 1";
    while (!wrong && slice_cut(&file, '\n', &line))
        wrong = line_read(ring, line, key);
    return wrong;
}

bool keyring_says_erased(const Keyring *ring, const uint8_t key[LEAF_ID]) {
    return idset_get(ring->stated, key) || idset_get(ring->listed, key);
}

/* ---- judging ---- */

typedef struct KeyRow {
    Slice id, wrapped;
    uint64_t number, erased;
} KeyRow;

static bool row_read(sqlite3_stmt *rows, KeyRow *row) {
    return copy_int(rows, 0, &row->number) && copy_blob(rows, 1, &row->id) &&
           copy_int(rows, 2, &row->erased) && copy_blob(rows, 3, &row->wrapped) &&
           row->id.len == LEAF_ID;
}

/* A living row that can't hold a key holds none. */
static bool row_lives(const KeyRow *row) {
    return !row->erased && row->wrapped.len == WRAPPED && row->wrapped.at[0] >= KEY_SUBJECT &&
           row->wrapped.at[0] <= KEY_GENERAL;
}

static bool living_load(Keyring *ring, const Copy *copy, Report *report) {
    sqlite3_stmt *rows =
        copy_query(copy->keys, "SELECT number, id, erased, wrapped FROM key", report);
    while (rows && copy_step(rows, report)) {
        KeyRow row;
        bool added = true;
        if (!row_read(rows, &row)) {
            report_find(report, "malformed", 0, "a row of the table \"key\" can't be read");
            break;
        }
        if (row_lives(&row)) idset_put(ring->living, row.id.at, row.wrapped.at[0], &added);
        if (!added) report_find(report, "malformed", 0, "a key has two rows");
    }
    sqlite3_finalize(rows);
    return !report->finding.name;
}

/* Keys are wrapped under the tenant's, or under a subject key that lives. */
static bool parents_live(Keyring *ring, const Copy *copy, Report *report) {
    sqlite3_stmt *rows =
        copy_query(copy->keys, "SELECT number, id, erased, wrapped FROM key", report);
    while (rows && copy_step(rows, report)) {
        KeyRow row;
        if (!row_read(rows, &row) || !row_lives(&row)) continue;
        const uint8_t *parent = row.wrapped.at + 1;
        const uint64_t *kind = idset_get(ring->living, parent);
        const uint64_t *used = idset_get(ring->used, row.id.at);
        if (memcmp(parent, copy->tenant_key, LEAF_ID) == 0 || (kind && *kind == KEY_SUBJECT))
            continue;
        report_find(report, "key removed", used ? *used : 0,
                    "the key under which row %" PRIu64 " of the keys is wrapped is not there",
                    row.number);
    }
    sqlite3_finalize(rows);
    return !report->finding.name;
}

typedef struct First {
    uint64_t position; /* 0: none yet */
    const uint8_t *key;
} First;

static void first_keep(First *first, uint64_t position, const uint8_t *key) {
    if (!first->position || position < first->position) *first = (First){position, key};
}

static void judge_used(Keyring *ring, Report *report) {
    First first = {0};
    uint64_t position;
    const uint8_t *key;
    for (size_t at = 0; (key = idset_next(ring->used, &at, &position));) {
        bool told = keyring_says_erased(ring, key);
        if (idset_get(ring->living, key))
            report->keys_readable++;
        else if (told)
            report->keys_erased++;
        else
            first_keep(&first, position, key);
    }
    if (!first.position) return;
    char hex[HEX];
    report_find(report, "key removed", first.position,
                "a sealed part of this leaf can't be read, and no erasure says why");
    snprintf(report->finding.expected, sizeof report->finding.expected,
             "key %s, or an erasure that names it",
             sodium_bin2hex(hex, sizeof hex, first.key, LEAF_ID));
    snprintf(report->finding.found, sizeof report->finding.found, "neither");
}

static void judge_stated(Keyring *ring, Report *report) {
    First first = {0};
    uint64_t position;
    const uint8_t *key;
    for (size_t at = 0; (key = idset_next(ring->stated, &at, &position));)
        if (idset_get(ring->living, key)) first_keep(&first, position, key);
    if (!first.position) return;
    char hex[HEX];
    report_find(report, "erasure not carried out", first.position,
                "this leaf says that the key %s was destroyed, but it is there",
                sodium_bin2hex(hex, sizeof hex, first.key, LEAF_ID));
}

static void judge_tenant(const Keyring *ring, const Copy *copy, Report *report) {
    char hex[HEX];
    if (!ring->rekeyed || memcmp(ring->tenant, copy->tenant_key, LEAF_ID) == 0) return;
    report_find(report, "rewrapping undone", ring->rekeyed,
                "this leaf says that the keys were wrapped by another tenant key");
    snprintf(report->finding.expected, sizeof report->finding.expected, "tenant key %s",
             sodium_bin2hex(hex, sizeof hex, ring->tenant, LEAF_ID));
    snprintf(report->finding.found, sizeof report->finding.found, "tenant key %s",
             sodium_bin2hex(hex, sizeof hex, copy->tenant_key, LEAF_ID));
}

void keyring_judge(Keyring *ring, const Copy *copy, Report *report) {
    const uint8_t *name;
    for (size_t at = 0; (name = idset_next(ring->pending, &at, NULL));)
        if (!idset_get(ring->said, name)) report->pending++;
    if (copy->keys && living_load(ring, copy, report)) {
        judge_used(ring, report);
        judge_stated(ring, report);
        parents_live(ring, copy, report);
    }
    if (!report->finding.name) judge_tenant(ring, copy, report);
}
