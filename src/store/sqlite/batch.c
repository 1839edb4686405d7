#include "store_int.h"

enum { BATCH_ARENA = 256 << 20 };

struct Batch {
    Store *store;
    Db db;
    bool begun, durable;
    EntityBatch entities;
};

Rc batch_open(Ctx *ctx, Store *store, StoreFile file, Batch **out) {
    assert(file == STORE_STATE || file == STORE_LOCAL);
    Batch *batch = mem_zero(sizeof *batch);
    batch->store = store;
    batch->entities.arena = arena_new(BATCH_ARENA);
    batch->entities.scratch = arena_new(BATCH_ARENA);
    Rc rc = db_open(ctx, store, file, &batch->db);
    if (rc == RC_OK)
        *out = batch;
    else
        batch_close(batch);
    return rc;
}

void batch_close(Batch *batch) {
    if (!batch) return;
    batch_rollback(batch);
    if (batch->db.sql) db_close(&batch->db);
    arena_free(batch->entities.arena);
    arena_free(batch->entities.scratch);
    mem_free(batch);
}

static Rc begin(Ctx *ctx, Batch *batch, bool durable) {
    if (durable != batch->durable && !batch->store->no_sync)
        TRY(db_exec(ctx, &batch->db,
                    durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
    batch->durable = durable;
    return db_plain(ctx, &batch->db, SQL_BEGIN_WRITE);
}

static void end(Batch *batch) {
    batch->begun = false;
    arena_reset(batch->entities.arena);
    batch->entities =
        (EntityBatch){.arena = batch->entities.arena, .scratch = batch->entities.scratch};
    pthread_mutex_unlock(&batch->store->writing[batch->db.file]);
}

Rc batch_begin(Ctx *ctx, Batch *batch, BatchSync sync) {
    assert(!batch->begun);
    pthread_mutex_lock(&batch->store->writing[batch->db.file]);
    Rc rc = begin(ctx, batch, sync == BATCH_DURABLE);
    if (rc == RC_OK)
        batch->begun = true;
    else
        end(batch);
    return rc;
}

static Rc commit(Ctx *ctx, Batch *batch) {
    if (batch->db.file == STORE_STATE) TRY(entity_counts_flush(ctx, &batch->db, &batch->entities));
    return db_plain(ctx, &batch->db, SQL_COMMIT);
}

Rc batch_commit(Ctx *ctx, Batch *batch) {
    assert(batch->begun);
    Rc rc = commit(ctx, batch);
    if (rc != RC_OK) {
        if (batch->entities.sketched.len) sketch_spoil(batch->store->sketch);
        batch_rollback(batch);
        return rc == RC_LIMIT ? rc : RC_FAILED;
    }
    end(batch);
    db_committed(ctx, &batch->db);
    return RC_OK;
}

void batch_rollback(Batch *batch) {
    if (!batch->begun) return;
    db_rollback(&batch->db);
    end(batch);
}

/* ---- items ---- */

Rc batch_put(Ctx *ctx, Batch *batch, Space space, const Item *item) {
    assert(batch->begun);
    return items_put(ctx, &batch->db, space, item);
}

Rc batch_delete(Ctx *ctx, Batch *batch, Space space, Str key) {
    assert(batch->begun);
    return items_delete(ctx, &batch->db, space, key);
}

Rc batch_delete_range(Ctx *ctx, Batch *batch, const ItemRange *range) {
    assert(batch->begun);
    return items_delete_range(ctx, &batch->db, range);
}

Rc batch_item(Ctx *ctx, Batch *batch, Space space, Str key, Str *value) {
    return items_get(ctx, &batch->db, space, key, value);
}

Rc batch_items(Ctx *ctx, Batch *batch, const ItemRange *range, ItemEach each, void *arg) {
    return items_each(ctx, &batch->db, range, each, arg);
}

Rc batch_purge(Ctx *ctx, Batch *batch, size_t max, uint64_t *count) {
    assert(batch->begun);
    return items_purge(ctx, &batch->db, max, count);
}

Rc batch_cursor(Ctx *ctx, Batch *batch, Str name, const Cursor *cursor) {
    assert(batch->begun);
    return items_cursor_set(ctx, &batch->db, name, cursor);
}

Rc batch_cursor_get(Ctx *ctx, Batch *batch, Str name, Cursor *out) {
    return items_cursor(ctx, &batch->db, name, out);
}

/* ---- entities ---- */

Rc batch_entity(Ctx *ctx, Batch *batch, const EntityPut *put) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    return entity_put(ctx, &batch->db, &batch->entities, put);
}

Rc batch_entity_get(Ctx *ctx, Batch *batch, Str id, EntityRow *out) {
    return entity_row(ctx, &batch->db, id, out);
}

Rc batch_entity_purge(Ctx *ctx, Batch *batch, uint64_t position, size_t max, uint64_t *count) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    return entity_purge(ctx, &batch->db, (LeafSlice){position, max}, count);
}

Rc batch_entity_clear(Ctx *ctx, Batch *batch) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    return entity_clear(ctx, &batch->db, &batch->entities);
}

Rc batch_index(Ctx *ctx, Batch *batch, Str attr) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    return entity_index_add(ctx, &batch->db, &batch->entities, attr);
}

Rc batch_index_declared(Ctx *ctx, Batch *batch, Str attr, bool *declared) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    return entity_index_declared(ctx, &batch->db, &batch->entities, attr, declared);
}

Rc batch_index_ready(Ctx *ctx, Batch *batch, Str attr) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    return entity_index_ready(ctx, &batch->db, &batch->entities, attr);
}

bool batch_forgot(const Batch *batch) {
    return sketch_forgot(batch->store->sketch);
}

Rc batch_entity_tell(Ctx *ctx, Batch *batch, uint64_t place, const EntityPut *put) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    return entity_tell(ctx, &batch->db, &batch->entities, (int64_t)place, put);
}

void batch_told_all(Batch *batch) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    sketch_say(&batch->db, &batch->entities, SKETCH_WHOLE);
}

Rc batch_index_drop(Ctx *ctx, Batch *batch, Str attr) {
    assert(batch->begun && batch->db.file == STORE_STATE);
    return entity_index_drop(ctx, &batch->db, &batch->entities, attr);
}
