/* entity: writes the rows of the state projection and all that finds them. */
#include "store_int.h"

#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 2048 };

/* What a row held before, or holds now. */
typedef struct Row {
    int64_t number;
    bool found, alive;
    uint64_t position;
    Numbers types; /* sorted */
    Marks marks;
    Str text;
} Row;

static int compare_numbers(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

void numbers_sort(Numbers *numbers) {
    if (numbers->len == 0) return;
    qsort(numbers->items, numbers->len, sizeof(int64_t), compare_numbers);
    size_t kept = 0;
    for (size_t i = 1; i < numbers->len; i++)
        if (numbers->items[i] != numbers->items[kept]) numbers->items[++kept] = numbers->items[i];
    numbers->len = kept + 1;
}

Rc entity_row(Ctx *ctx, Db *db, Str id, EntityRow *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ENTITY_GET, &stmt));
    stmt_str(stmt, 1, id);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    if (!row) return ctx_fail(ctx, RC_NOT_FOUND, "no-entity", STR_NONE, "There is no such entity.");
    *out = (EntityRow){.id = stmt_copy(ctx, stmt, 0),
                       .position = (uint64_t)sqlite3_column_int64(stmt, 1),
                       .body = stmt_copy(ctx, stmt, 2)};
    return RC_OK;
}

Rc entity_total(Ctx *ctx, Db *db, uint64_t *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_META_GET, &stmt));
    stmt_str(stmt, 1, STR("entities"));
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    *out = row ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    return RC_OK;
}

Rc entity_sequence(Ctx *ctx, Db *db, uint64_t *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_META_GET, &stmt));
    stmt_str(stmt, 1, STR("sketch"));
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    *out = row ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
    return RC_OK;
}

/* ---- what is known at the start of a batch ---- */

static Rc load_last(Ctx *ctx, Db *db, EntityBatch *batch) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ENTITY_LAST, &stmt));
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    batch->next_number = sqlite3_column_int64(stmt, 0) + 1;
    return RC_OK;
}

static Rc load(Ctx *ctx, Db *db, EntityBatch *batch) {
    if (batch->loaded) return RC_OK;
    TRY(load_last(ctx, db, batch));
    batch->attrs = map_new(batch->arena);
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ATTR_EACH, &stmt));
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) break;
        int64_t *number = NEW(batch->arena, int64_t);
        *number = sqlite3_column_int64(stmt, 1);
        map_put(&batch->attrs, str_dup(batch->arena, stmt_get(stmt, 0)), number);
    }
    batch->loaded = true;
    return RC_OK;
}

static Rc load_old(Ctx *ctx, Db *db, Arena *arena, Str id, Row *old) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ENTITY_OLD, &stmt));
    stmt_str(stmt, 1, id);
    TRY(db_step(ctx, db, stmt, &old->found));
    if (!old->found) return RC_OK;
    old->number = sqlite3_column_int64(stmt, 0);
    old->position = (uint64_t)sqlite3_column_int64(stmt, 1);
    old->alive = sqlite3_column_int64(stmt, 5) == 0;
    Str types = stmt_get(stmt, 2);
    for (size_t at = 0; at + sizeof(int64_t) <= types.len; at += sizeof(int64_t)) {
        int64_t type;
        memcpy(&type, types.ptr + at, sizeof type);
        vec_push(arena, &old->types, type);
    }
    old->text = str_dup(arena, stmt_get(stmt, 4));
    if (marks_decode(arena, str_dup(arena, stmt_get(stmt, 3)), &old->marks)) return RC_OK;
    return db_fail(ctx, db, SQLITE_CORRUPT);
}

/* ---- types ---- */

static void count_type(EntityBatch *batch, int64_t type, int64_t delta) {
    VEC_EACH (TypeDelta, known, &batch->deltas) {
        if (known->type != type) continue;
        known->delta += delta;
        return;
    }
    vec_push(batch->arena, &batch->deltas, (TypeDelta){type, delta});
}

static Rc kind_add(Ctx *ctx, Db *db, int64_t type, Str id, int64_t number) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_KIND_ADD, &stmt));
    stmt_int(stmt, 1, type);
    stmt_str(stmt, 2, id);
    stmt_int(stmt, 3, number);
    return db_run(ctx, db, stmt);
}

static Rc kind_delete(Ctx *ctx, Db *db, int64_t type, Str id) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_KIND_DELETE, &stmt));
    stmt_int(stmt, 1, type);
    stmt_str(stmt, 2, id);
    return db_run(ctx, db, stmt);
}

typedef struct Change {
    Ctx *ctx;
    Db *db;
    EntityBatch *batch;
    Str id;
    const Row *old;
    Row *new;
} Change;

static Rc change_kinds(const Change *c) {
    const Numbers *old = &c->old->types, *new = &c->new->types;
    for (size_t i = 0, k = 0; i < old->len || k < new->len;) {
        int64_t gone = i < old->len ? old->items[i] : INT64_MAX;
        int64_t here = k < new->len ? new->items[k] : INT64_MAX;
        if (gone < here) {
            TRY(kind_delete(c->ctx, c->db, gone, c->id));
            count_type(c->batch, gone, -1);
        } else if (here < gone) {
            TRY(kind_add(c->ctx, c->db, here, c->id, c->new->number));
            count_type(c->batch, here, 1);
        }
        i += gone <= here;
        k += here <= gone;
    }
    return RC_OK;
}

/* ---- values ---- */

static Rc value_run(const Change *c, SqlId id, const Mark *mark) {
    USES_STMT *stmt = NULL;
    TRY(db_use(c->ctx, c->db, id, &stmt));
    stmt_int(stmt, 1, mark->attr);
    stmt_str(stmt, 2, mark->value);
    stmt_int(stmt, 3, c->new->number);
    return db_run(c->ctx, c->db, stmt);
}

static int compare_next(const Marks *old, size_t i, const Marks *new, size_t k) {
    if (i == old->values.len) return 1;
    if (k == new->values.len) return -1;
    const Mark *a = &old->values.items[i], *b = &new->values.items[k];
    if (a->attr != b->attr) return a->attr < b->attr ? -1 : 1;
    return str_cmp(a->value, b->value);
}

static Rc change_values(const Change *c) {
    const Marks *old = &c->old->marks, *new = &c->new->marks;
    for (size_t i = 0, k = 0; i < old->values.len || k < new->values.len;) {
        int order = compare_next(old, i, new, k);
        if (order < 0) TRY(value_run(c, SQL_VALUE_DELETE, &old->values.items[i]));
        if (order > 0) TRY(value_run(c, SQL_VALUE_ADD, &new->values.items[k]));
        i += order <= 0;
        k += order >= 0;
    }
    return RC_OK;
}

/* ---- boxes ---- */

static bool same_boxes(const Marks *old, const Marks *new) {
    if (old->boxes.len != new->boxes.len) return false;
    for (size_t i = 0; i < old->boxes.len; i++) {
        const MarkBox *a = &old->boxes.items[i], *b = &new->boxes.items[i];
        if (a->attr != b->attr || a->west != b->west || a->south != b->south ||
            a->east != b->east || a->north != b->north)
            return false;
    }
    return true;
}

static Rc box_add(const Change *c, MarkBox *box) {
    USES_STMT *stmt = NULL;
    TRY(db_use(c->ctx, c->db, SQL_BOX_ADD, &stmt));
    sqlite3_bind_double(stmt, 1, box->west);
    sqlite3_bind_double(stmt, 2, box->east);
    sqlite3_bind_double(stmt, 3, box->south);
    sqlite3_bind_double(stmt, 4, box->north);
    stmt_int(stmt, 5, c->new->number);
    stmt_int(stmt, 6, box->attr);
    TRY(db_run(c->ctx, c->db, stmt));
    box->number = sqlite3_last_insert_rowid(c->db->sql);
    return RC_OK;
}

static Rc change_boxes(const Change *c) {
    const Marks *old = &c->old->marks;
    Marks *new = &c->new->marks;
    if (same_boxes(old, new)) {
        new->boxes = old->boxes; /* with their numbers */
        return RC_OK;
    }
    VEC_EACH (const MarkBox, box, &old->boxes) {
        USES_STMT *stmt = NULL;
        TRY(db_use(c->ctx, c->db, SQL_BOX_DELETE, &stmt));
        stmt_int(stmt, 1, box->number);
        TRY(db_run(c->ctx, c->db, stmt));
    }
    VEC_EACH (MarkBox, box, &new->boxes)
        TRY(box_add(c, box));
    return RC_OK;
}

/* ---- text ---- */

static Rc grams_run(const Change *c, SqlId id, Str text) {
    if (text.len == 0) return RC_OK;
    USES_STMT *stmt = NULL;
    TRY(db_use(c->ctx, c->db, id, &stmt));
    Str tokens = grams_tokens(c->batch->scratch, text);
    stmt_int(stmt, 1, c->new->number);
    int rc = sqlite3_bind_text64(stmt, 2, tokens.ptr, tokens.len, SQLITE_STATIC, SQLITE_UTF8);
    assert(rc == SQLITE_OK);
    return db_run(c->ctx, c->db, stmt);
}

static Rc change_text(const Change *c) {
    if (str_eq(c->old->text, c->new->text)) return RC_OK;
    TRY(grams_run(c, SQL_GRAM_DELETE, c->old->text));
    return grams_run(c, SQL_GRAM_ADD, c->new->text);
}

/* ---- the row ---- */

static Rc resolve_types(Ctx *ctx, Db *db, Arena *arena, const StrVec *iris, Numbers *out) {
    VEC_EACH (const Str, iri, iris) {
        int64_t number;
        TRY(db_number_add(ctx, db, NAMING_TYPE, *iri, &number));
        vec_push(arena, out, number);
    }
    numbers_sort(out);
    return RC_OK;
}

static Rc resolve_marks(Ctx *ctx, Db *db, EntityBatch *batch, const EntityPut *put, Marks *out) {
    VEC_EACH (const IndexValue, value, &put->values) {
        const int64_t *attr = map_get(&batch->attrs, value->attr);
        if (!attr) continue;
        Mark mark = {*attr, mark_value(batch->scratch, value->value)};
        vec_push(batch->scratch, &out->values, mark);
    }
    marks_sort(out);
    VEC_EACH (const IndexBox, box, &put->boxes) {
        MarkBox mark = {0, 0, box->west, box->south, box->east, box->north};
        if (!(box->west <= box->east && box->south <= box->north))
            return ctx_fail(ctx, RC_INVALID, "box", box->attr,
                            "A box needs west <= east and south <= north.");
        TRY(db_number_add(ctx, db, NAMING_BOXED, box->attr, &mark.attr));
        vec_push(batch->scratch, &out->boxes, mark);
    }
    return RC_OK;
}

static Rc write_row(const Change *c, const EntityPut *put) {
    USES_STMT *stmt = NULL;
    TRY(db_use(c->ctx, c->db, c->old->found ? SQL_ENTITY_SET : SQL_ENTITY_ADD, &stmt));
    const Row *new = c->new;
    stmt_int(stmt, 1, new->number);
    stmt_int(stmt, 2, (int64_t)put->position);
    stmt_str(stmt, 3, (Str){(const char *)new->types.items, new->types.len * sizeof(int64_t)});
    stmt_str(stmt, 4, marks_encode(c->batch->scratch, &new->marks));
    stmt_str(stmt, 5, new->text);
    if (new->alive) stmt_str(stmt, 6, put->body);
    if (!c->old->found) stmt_str(stmt, 7, put->id);
    return db_run(c->ctx, c->db, stmt);
}

static Rc put_row(Ctx *ctx, Db *db, EntityBatch *batch, const EntityPut *put) {
    Row old = {0}, new = {.alive = put->types.len > 0};
    TRY(load_old(ctx, db, batch->scratch, put->id, &old));
    if (old.found && old.position > put->position) return RC_OK;
    new.number = old.found ? old.number : batch->next_number++;
    if (new.alive) {
        TRY(resolve_types(ctx, db, batch->scratch, &put->types, &new.types));
        TRY(resolve_marks(ctx, db, batch, put, &new.marks));
        new.text = put->text;
    }
    Change c = {ctx, db, batch, put->id, &old, &new};
    TRY(change_kinds(&c));
    TRY(change_values(&c));
    TRY(change_boxes(&c));
    TRY(change_text(&c));
    batch->total_delta += (int)new.alive - (int)(old.found && old.alive);
    sketch_stage(db, batch, put, new.number);
    return write_row(&c, put);
}

static Rc newer_row(Ctx *ctx, Db *db, Arena *arena, const EntityPut *put) {
    Row old = {0};
    TRY(load_old(ctx, db, arena, put->id, &old));
    if (old.found && old.position > put->position) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-entity", STR_NONE,
                    "There is no row of " STR_FMT " to change.", STR_ARG(put->id));
}

static Rc number_of(Ctx *ctx, Db *db, Str id, int64_t *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ENTITY_NUMBER, &stmt));
    stmt_str(stmt, 1, id);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    *out = row ? sqlite3_column_int64(stmt, 0) : 0;
    return RC_OK;
}

static Rc put_body(Ctx *ctx, Db *db, EntityBatch *batch, const EntityPut *put) {
    int64_t number;
    TRY(number_of(ctx, db, put->id, &number));
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ENTITY_BODY, &stmt));
    stmt_int(stmt, 1, number);
    stmt_int(stmt, 2, (int64_t)put->position);
    stmt_str(stmt, 3, put->body);
    TRY(db_run(ctx, db, stmt));
    if (!sqlite3_changes64(db->sql)) return newer_row(ctx, db, batch->scratch, put);
    sketch_stage(db, batch, put, number);
    return RC_OK;
}

Rc entity_put(Ctx *ctx, Db *db, EntityBatch *batch, const EntityPut *put) {
    if (put->id.len == 0 || put->id.len > ID_MAX)
        return ctx_fail(ctx, RC_INVALID, "id-size", STR_NONE, "An id has 1 to %d bytes.", ID_MAX);
    TRY(load(ctx, db, batch));
    Rc rc = put->same_finds ? put_body(ctx, db, batch, put) : put_row(ctx, db, batch, put);
    arena_reset(batch->scratch);
    return rc;
}

Rc entity_tell(Ctx *ctx, Db *db, EntityBatch *batch, int64_t number, const EntityPut *put) {
    TRY(load(ctx, db, batch));
    sketch_stage(db, batch, put, number);
    arena_reset(batch->scratch);
    return RC_OK;
}

static Rc flush_type(Ctx *ctx, Db *db, const TypeDelta *delta) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_TYPE_COUNT, &stmt));
    stmt_int(stmt, 1, delta->type);
    stmt_int(stmt, 2, delta->delta);
    return db_run(ctx, db, stmt);
}

static Rc flush_sketch(Ctx *ctx, Db *db, EntityBatch *batch) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_META_SET, &stmt));
    stmt_str(stmt, 1, STR("sketch"));
    stmt_int(stmt, 2, (int64_t)sketch_apply(db->store->sketch, batch));
    return db_run(ctx, db, stmt);
}

Rc entity_counts_flush(Ctx *ctx, Db *db, EntityBatch *batch) {
    VEC_EACH (const TypeDelta, delta, &batch->deltas)
        if (delta->delta) TRY(flush_type(ctx, db, delta));
    if (batch->sketched.len) TRY(flush_sketch(ctx, db, batch));
    if (batch->total_delta == 0) return RC_OK;
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_META_ADD, &stmt));
    stmt_str(stmt, 1, STR("entities"));
    stmt_int(stmt, 2, batch->total_delta);
    return db_run(ctx, db, stmt);
}

/* ---- purging, clearing, indexes ---- */

static Rc dead_numbers(Ctx *ctx, Db *db, LeafSlice dead, Numbers *out) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ENTITY_DEAD, &stmt));
    stmt_int(stmt, 1, (int64_t)dead.from);
    stmt_int(stmt, 2, (int64_t)dead.max);
    for (bool row;;) {
        TRY(db_step(ctx, db, stmt, &row));
        if (!row) return RC_OK;
        vec_push(ctx->arena, out, sqlite3_column_int64(stmt, 0));
    }
}

static Rc run_number(Ctx *ctx, Db *db, SqlId id, int64_t number) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, id, &stmt));
    stmt_int(stmt, 1, number);
    return db_run(ctx, db, stmt);
}

Rc entity_purge(Ctx *ctx, Db *db, LeafSlice dead, uint64_t *count) {
    Numbers numbers = {0};
    TRY(dead_numbers(ctx, db, dead, &numbers));
    for (size_t i = 0; i < numbers.len; i++)
        TRY(run_number(ctx, db, SQL_ENTITY_DELETE, numbers.items[i]));
    *count = numbers.len;
    return RC_OK;
}

Rc entity_clear(Ctx *ctx, Db *db, EntityBatch *batch) {
    static const char sql[] =
        "DELETE FROM entity; DELETE FROM kind; DELETE FROM value;"
        "DELETE FROM attr; DELETE FROM box;"
        "INSERT INTO gram(gram) VALUES('delete-all');"
        "UPDATE type SET count=0; DELETE FROM meta WHERE name=x'656e746974696573';";
    arena_reset(batch->arena);
    *batch = (EntityBatch){.arena = batch->arena, .scratch = batch->scratch};
    sketch_say(db, batch, SKETCH_CLEAR);
    return db_exec(ctx, db, sql);
}

static Rc attr_number(Ctx *ctx, Db *db, Str attr, int64_t *number) {
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ATTR_GET, &stmt));
    stmt_str(stmt, 1, attr);
    bool row;
    TRY(db_step(ctx, db, stmt, &row));
    *number = row ? sqlite3_column_int64(stmt, 0) : 0;
    return RC_OK;
}

Rc entity_index_add(Ctx *ctx, Db *db, EntityBatch *batch, Str attr) {
    int64_t number;
    TRY(attr_number(ctx, db, attr, &number));
    if (number) return RC_OK;
    batch->loaded = false;
    USES_STMT *stmt = NULL;
    TRY(db_use(ctx, db, SQL_ATTR_ADD, &stmt));
    stmt_str(stmt, 1, attr);
    return db_run(ctx, db, stmt);
}

Rc entity_index_declared(Ctx *ctx, Db *db, EntityBatch *batch, Str attr, bool *declared) {
    TRY(load(ctx, db, batch));
    *declared = map_has(&batch->attrs, attr);
    return RC_OK;
}

static Rc no_index(Ctx *ctx, Str attr) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-index", attr,
                    "There is no index on " STR_FMT ": declare it first.", STR_ARG(attr));
}

Rc entity_index_ready(Ctx *ctx, Db *db, EntityBatch *batch, Str attr) {
    int64_t number;
    TRY(attr_number(ctx, db, attr, &number));
    if (!number) return no_index(ctx, attr);
    sketch_say(db, batch, SKETCH_WHOLE); /* as every living entity has been put */
    return run_number(ctx, db, SQL_ATTR_READY, number);
}

Rc entity_index_drop(Ctx *ctx, Db *db, EntityBatch *batch, Str attr) {
    int64_t number;
    TRY(attr_number(ctx, db, attr, &number));
    if (!number) return no_index(ctx, attr);
    batch->loaded = false;
    TRY(run_number(ctx, db, SQL_VALUE_DELETE_ATTR, number));
    return run_number(ctx, db, SQL_ATTR_DELETE, number);
}
