/* scan: finds candidates for a query, in the order of their ids. Either an index gives few of them,
   which are then sorted, or the entities of the types are walked in order. */
#include "store_int.h"

#include <stdlib.h>
#include <string.h>

enum {
    HITS_MAX = 100000, /* more are never collected, but walked */
    COLLECT_BYTES = 48 << 20,
    SCAN_BYTES = 128 << 20,
    MERGE_MAX = 16, /* types walked side by side; with more everything is walked */
    DEADLINE_ROWS = 256,
    FETCH_COST = 4, /* a row found through an index, in rows of a walk */
};

typedef struct Scan {
    Ctx *ctx;
    Db *db;
    const EntityScan *ask;
    EntityEach each;
    void *arg;
    Arena *arena;  /* of this scan */
    Numbers types; /* of the hint, sorted */
    bool any_type, stopped;
    uint64_t rows;
} Scan;

typedef enum ChoiceKind { BY_WALK, BY_VALUE, BY_BOX, BY_TEXT, BY_SKETCH } ChoiceKind;

typedef struct Choice {
    ChoiceKind kind;
    int64_t attr;
    MarkRange ranges[MARK_RANGES];
    size_t range_count;
    Str query;
    Numbers numbers; /* of BY_SKETCH */
    int64_t hits;
} Choice;

/* ---- showing ---- */

static bool type_wanted(const Scan *scan, Str types) {
    if (scan->any_type) return true;
    for (size_t at = 0; at + sizeof(int64_t) <= types.len; at += sizeof(int64_t)) {
        int64_t type;
        memcpy(&type, types.ptr + at, sizeof type);
        VEC_EACH (const int64_t, wanted, &scan->types)
            if (*wanted == type) return true;
    }
    return false;
}

static bool row_wanted(const Scan *scan, Str types, Str text) {
    return type_wanted(scan, types) && grams_holds(text, scan->ask->text);
}

static Rc count_row(Scan *scan) {
    return ++scan->rows % DEADLINE_ROWS ? RC_OK : ctx_check_deadline(scan->ctx);
}

/* Shows the row that a statement like SQL_ENTITY_AT stands on, if it is wanted. */
static void show(Scan *scan, sqlite3_stmt *stmt) {
    if (!row_wanted(scan, stmt_get(stmt, 2), stmt_get(stmt, 3))) return;
    EntityRow row = {.id = stmt_get(stmt, 0),
                     .position = (uint64_t)sqlite3_column_int64(stmt, 1),
                     .body = stmt_get(stmt, 4)};
    scan->stopped = !scan->each(scan->arg, &row);
}

static Rc show_number(Scan *scan, int64_t number) {
    USES_STMT *stmt = NULL;
    TRY(count_row(scan));
    TRY(db_use(scan->ctx, scan->db, SQL_ENTITY_AT, &stmt));
    stmt_int(stmt, 1, number);
    bool row;
    TRY(db_step(scan->ctx, scan->db, stmt, &row));
    if (row) show(scan, stmt);
    return RC_OK;
}

/* ---- by ids ---- */

static int compare_ids(const void *a, const void *b) {
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

static Rc show_id(Scan *scan, Str id) {
    USES_STMT *stmt = NULL;
    TRY(count_row(scan));
    TRY(db_use(scan->ctx, scan->db, SQL_ENTITY_AT_ID, &stmt));
    stmt_str(stmt, 1, id);
    bool row;
    TRY(db_step(scan->ctx, scan->db, stmt, &row));
    if (row) show(scan, stmt);
    return RC_OK;
}

static Rc scan_ids(Scan *scan) {
    const StrVec *ids = &scan->ask->hint->ids;
    Str *sorted = NEW_ARRAY(scan->arena, Str, ids->len);
    memcpy(sorted, ids->items, ids->len * sizeof(Str));
    qsort(sorted, ids->len, sizeof(Str), compare_ids);
    for (size_t i = 0; i < ids->len && !scan->stopped; i++) {
        bool again = i && str_eq(sorted[i], sorted[i - 1]);
        if (again || str_cmp(sorted[i], scan->ask->after) <= 0) continue;
        TRY(show_id(scan, sorted[i]));
    }
    return RC_OK;
}

/* ---- walking in the order of ids ---- */

static Rc walk_rows(Scan *scan, sqlite3_stmt *stmt) {
    for (bool row; !scan->stopped;) {
        TRY(count_row(scan));
        TRY(db_step(scan->ctx, scan->db, stmt, &row));
        if (!row) return RC_OK;
        show(scan, stmt);
    }
    return RC_OK;
}

static Rc walk_all(Scan *scan) {
    USES_STMT *stmt = NULL;
    TRY(db_use(scan->ctx, scan->db, SQL_ENTITY_FROM, &stmt));
    stmt_str(stmt, 1, scan->ask->after);
    return walk_rows(scan, stmt);
}

static Rc walk_type(Scan *scan) {
    USES_STMT *stmt = NULL;
    TRY(db_use(scan->ctx, scan->db, SQL_KIND_WALK, &stmt));
    stmt_int(stmt, 1, scan->types.items[0]);
    stmt_str(stmt, 2, scan->ask->after);
    return walk_rows(scan, stmt);
}

/* The ids of one type, standing on the next one. */
typedef struct Walk {
    sqlite3_stmt *stmt;
    bool row;
} Walk;

typedef struct Walks {
    Walk items[MERGE_MAX];
    size_t len;
} Walks;

static void walks_done(Walks *walks) {
    for (size_t i = 0; i < walks->len; i++)
        sqlite3_finalize(walks->items[i].stmt);
}

static Rc walk_begin(Scan *scan, Walks *walks, int64_t type) {
    Walk *walk = &walks->items[walks->len++];
    *walk = (Walk){0};
    TRY(db_prepare(scan->ctx, scan->db, SQL_KIND_FROM, &walk->stmt));
    stmt_int(walk->stmt, 1, type);
    stmt_str(walk->stmt, 2, scan->ask->after);
    return db_step(scan->ctx, scan->db, walk->stmt, &walk->row);
}

static const Walk *walk_least(const Walks *walks) {
    const Walk *least = NULL;
    for (size_t i = 0; i < walks->len; i++) {
        const Walk *walk = &walks->items[i];
        if (!walk->row) continue;
        if (!least || str_cmp(stmt_get(walk->stmt, 0), stmt_get(least->stmt, 0)) < 0) least = walk;
    }
    return least;
}

/* Moves every walk that stands on this entity. */
static Rc walk_past(Scan *scan, Walks *walks, int64_t number) {
    for (size_t i = 0; i < walks->len; i++) {
        Walk *walk = &walks->items[i];
        if (walk->row && sqlite3_column_int64(walk->stmt, 1) == number)
            TRY(db_step(scan->ctx, scan->db, walk->stmt, &walk->row));
    }
    return RC_OK;
}

static Rc walk_types(Scan *scan) {
    if (scan->any_type || scan->types.len > MERGE_MAX) return walk_all(scan);
    if (scan->types.len == 1) return walk_type(scan);
    [[gnu::cleanup(walks_done)]] Walks walks = {0};
    VEC_EACH (const int64_t, type, &scan->types)
        TRY(walk_begin(scan, &walks, *type));
    while (!scan->stopped) {
        const Walk *least = walk_least(&walks);
        if (!least) return RC_OK;
        int64_t number = sqlite3_column_int64(least->stmt, 1);
        TRY(show_number(scan, number));
        TRY(walk_past(scan, &walks, number));
    }
    return RC_OK;
}

/* ---- through an index ---- */

static void bind_value(sqlite3_stmt *stmt, const Choice *choice, const MarkRange *range) {
    stmt_int(stmt, 1, choice->attr);
    stmt_str(stmt, 2, range->from);
    stmt_str(stmt, 3, range->to);
}

/* A box over the 180th meridian has its west east of its east: then only the latitudes select. */
static void bind_box(sqlite3_stmt *stmt, const Choice *choice, const MatchHint *hint) {
    bool wraps = hint->west > hint->east;
    sqlite3_bind_double(stmt, 1, wraps ? -1e6 : hint->west);
    sqlite3_bind_double(stmt, 2, wraps ? 1e6 : hint->east);
    sqlite3_bind_double(stmt, 3, hint->south);
    sqlite3_bind_double(stmt, 4, hint->north);
    stmt_int(stmt, 5, choice->attr);
}

static Rc bind_query(Scan *scan, sqlite3_stmt *stmt, const Choice *choice) {
    int rc = sqlite3_bind_text64(stmt, 1, choice->query.ptr, choice->query.len, SQLITE_STATIC,
                                 SQLITE_UTF8);
    return rc == SQLITE_OK ? RC_OK : db_fail(scan->ctx, scan->db, rc);
}

static Rc counted(Scan *scan, sqlite3_stmt *stmt, Choice *choice) {
    bool row;
    TRY(db_step(scan->ctx, scan->db, stmt, &row));
    choice->hits += sqlite3_column_int64(stmt, 0);
    return RC_OK;
}

static Rc count_values(Scan *scan, Choice *choice) {
    for (size_t i = 0; i < choice->range_count; i++) {
        USES_STMT *stmt = NULL;
        TRY(db_use(scan->ctx, scan->db, SQL_VALUE_COUNT, &stmt));
        bind_value(stmt, choice, &choice->ranges[i]);
        stmt_int(stmt, 4, HITS_MAX);
        TRY(counted(scan, stmt, choice));
    }
    return RC_OK;
}

static void prefer(Choice *best, const Choice *other) {
    if (other->hits < best->hits) *best = *other;
}

static Rc consider_bound(Scan *scan, const MatchBound *bound, Choice *best) {
    USES_STMT *stmt = NULL;
    TRY(db_use(scan->ctx, scan->db, SQL_ATTR_READY_NUMBER, &stmt));
    stmt_str(stmt, 1, bound->attr);
    bool row;
    TRY(db_step(scan->ctx, scan->db, stmt, &row));
    if (!row) return RC_OK;
    Choice choice = {.kind = BY_VALUE, .attr = sqlite3_column_int64(stmt, 0)};
    choice.range_count = mark_ranges(scan->arena, bound->op, bound->value, choice.ranges);
    TRY(count_values(scan, &choice));
    prefer(best, &choice);
    return RC_OK;
}

static Rc consider_box(Scan *scan, Choice *best) {
    const MatchHint *hint = scan->ask->hint;
    Choice choice = {.kind = BY_BOX};
    TRY(db_number(scan->ctx, scan->db, NAMING_BOXED, hint->box_attr, &choice.attr));
    USES_STMT *stmt = NULL;
    TRY(db_use(scan->ctx, scan->db, SQL_BOX_COUNT, &stmt));
    bind_box(stmt, &choice, hint);
    stmt_int(stmt, 6, HITS_MAX);
    TRY(counted(scan, stmt, &choice));
    prefer(best, &choice);
    return RC_OK;
}

static Rc consider_text(Scan *scan, Choice *best) {
    Choice choice = {.kind = BY_TEXT, .query = grams_query(scan->arena, scan->ask->text)};
    if (choice.query.len == 0) return RC_OK;
    USES_STMT *stmt = NULL;
    TRY(db_use(scan->ctx, scan->db, SQL_GRAM_COUNT, &stmt));
    TRY(bind_query(scan, stmt, &choice));
    stmt_int(stmt, 2, HITS_MAX);
    TRY(counted(scan, stmt, &choice));
    prefer(best, &choice);
    return RC_OK;
}

static Rc walk_length(Scan *scan, int64_t *rows) {
    uint64_t total;
    TRY(entity_total(scan->ctx, scan->db, &total));
    *rows = (int64_t)total;
    if (scan->any_type || scan->types.len > MERGE_MAX) return RC_OK;
    *rows = 0;
    VEC_EACH (const int64_t, type, &scan->types) {
        USES_STMT *stmt = NULL;
        TRY(db_use(scan->ctx, scan->db, SQL_TYPE_COUNT_GET, &stmt));
        stmt_int(stmt, 1, *type);
        bool row;
        TRY(db_step(scan->ctx, scan->db, stmt, &row));
        *rows += sqlite3_column_int64(stmt, 0);
    }
    return RC_OK;
}

/* Where no index helps. */
static Rc consider_sketch(Scan *scan, Choice *best) {
    SketchAsk ask = {.arena = scan->arena, .hint = scan->ask->hint, .max = HITS_MAX};
    SketchFound found;
    TRY(entity_sequence(scan->ctx, scan->db, &ask.sequence));
    TRY(sketch_find(scan->ctx, scan->db->store->sketch, &ask, &found));
    if (!found.usable) return RC_OK;
    Choice choice = {
        .kind = BY_SKETCH, .numbers = found.numbers, .hits = (int64_t)found.numbers.len};
    prefer(best, &choice);
    return RC_OK;
}

static Rc choose(Scan *scan, Choice *out) {
    const MatchHint *hint = scan->ask->hint;
    Choice best = {.kind = BY_WALK, .hits = HITS_MAX};
    if (hint)
        VEC_EACH (const MatchBound, bound, &hint->bounds)
            TRY(consider_bound(scan, bound, &best));
    if (hint && hint->has_box) TRY(consider_box(scan, &best));
    if (scan->ask->text.len) TRY(consider_text(scan, &best));
    if (hint && hint->bounds.len && best.kind == BY_WALK) TRY(consider_sketch(scan, &best));
    *out = best;
    if (best.kind == BY_WALK) return RC_OK;
    int64_t rows, wanted = (int64_t)scan->ask->wanted, hits = best.hits ? best.hits : 1;
    TRY(walk_length(scan, &rows));
    /* Hits lie evenly on the way, as far as is known: so many rows are walked for the wanted ones.
     */
    int64_t walked = wanted == 0 || wanted >= hits ? rows : rows / hits * wanted;
    if (best.hits * FETCH_COST > walked) out->kind = BY_WALK;
    if (out->kind == BY_SKETCH && scan->ask->sifted) *scan->ask->sifted = (uint64_t)rows;
    return RC_OK;
}

static Rc take_numbers(Scan *scan, sqlite3_stmt *stmt, Numbers *out) {
    for (bool row;;) {
        TRY(db_step(scan->ctx, scan->db, stmt, &row));
        if (!row) return RC_OK;
        vec_push(scan->arena, out, sqlite3_column_int64(stmt, 0));
    }
}

static Rc collect_numbers(Scan *scan, const Choice *choice, Numbers *out) {
    static const SqlId ids[] = {
        [BY_VALUE] = SQL_VALUE_RANGE, [BY_BOX] = SQL_BOX_RANGE, [BY_TEXT] = SQL_GRAM_RANGE};
    *out = choice->numbers;
    if (choice->kind == BY_SKETCH) return RC_OK;
    size_t rounds = choice->kind == BY_VALUE ? choice->range_count : 1;
    for (size_t i = 0; i < rounds; i++) {
        USES_STMT *stmt = NULL;
        TRY(db_use(scan->ctx, scan->db, ids[choice->kind], &stmt));
        if (choice->kind == BY_VALUE) bind_value(stmt, choice, &choice->ranges[i]);
        if (choice->kind == BY_BOX) bind_box(stmt, choice, scan->ask->hint);
        if (choice->kind == BY_TEXT) TRY(bind_query(scan, stmt, choice));
        TRY(take_numbers(scan, stmt, out));
    }
    numbers_sort(out);
    return RC_OK;
}

typedef struct Found {
    Str id;
    int64_t number;
} Found;
typedef VEC(Found) Founds;

static int compare_found(const void *a, const void *b) {
    return str_cmp(((const Found *)a)->id, ((const Found *)b)->id);
}

static Rc find_id(Scan *scan, int64_t number, Founds *out) {
    USES_STMT *stmt = NULL;
    TRY(count_row(scan));
    TRY(db_use(scan->ctx, scan->db, SQL_ENTITY_BRIEF, &stmt));
    stmt_int(stmt, 1, number);
    bool row;
    TRY(db_step(scan->ctx, scan->db, stmt, &row));
    if (!row || !row_wanted(scan, stmt_get(stmt, 1), stmt_get(stmt, 2))) return RC_OK;
    Str id = stmt_get(stmt, 0);
    if (str_cmp(id, scan->ask->after) <= 0) return RC_OK;
    vec_push(scan->arena, out, (Found){str_dup(scan->arena, id), number});
    return RC_OK;
}

static Rc scan_index(Scan *scan, const Choice *choice) {
    Numbers numbers = {0};
    Founds founds = {0};
    TRY(collect_numbers(scan, choice, &numbers));
    VEC_EACH (const int64_t, number, &numbers) {
        TRY(find_id(scan, *number, &founds));
        if (arena_used(scan->arena) > COLLECT_BYTES) return walk_types(scan); /* very long ids */
    }
    if (founds.len) qsort(founds.items, founds.len, sizeof(Found), compare_found);
    for (size_t i = 0; i < founds.len && !scan->stopped; i++)
        TRY(show_number(scan, founds.items[i].number));
    return RC_OK;
}

/* ---- all ---- */

static Rc resolve_types(Scan *scan) {
    const MatchHint *hint = scan->ask->hint;
    scan->any_type = !hint || hint->types.len == 0;
    if (scan->any_type) return RC_OK;
    VEC_EACH (const Str, iri, &hint->types) {
        int64_t number;
        TRY(db_number(scan->ctx, scan->db, NAMING_TYPE, *iri, &number));
        if (number) vec_push(scan->arena, &scan->types, number);
    }
    numbers_sort(&scan->types);
    return RC_OK;
}

static Rc scan_run(Scan *scan) {
    TRY(resolve_types(scan));
    if (!scan->any_type && scan->types.len == 0) return RC_OK;
    if (scan->ask->hint && scan->ask->hint->ids.len) return scan_ids(scan);
    Choice choice;
    TRY(choose(scan, &choice));
    return choice.kind == BY_WALK ? walk_types(scan) : scan_index(scan, &choice);
}

Rc scan_entities(Ctx *ctx, Db *db, const EntityScan *ask, EntityEach each, void *arg) {
    Scan scan = {.ctx = ctx, .db = db, .ask = ask, .each = each, .arg = arg};
    scan.arena = arena_new(SCAN_BYTES);
    Rc rc = scan_run(&scan);
    arena_free(scan.arena);
    return rc;
}
