/* index: indexes on attributes, where the dictionary asks for one or a query had to walk far for
   want of one (DESIGN 4). All that are wanted are declared together, filled by one walk over the
   rows in slices between windows, and used once the walk is over. The same walk tells the store
   after a start what it keeps in memory of the rows' values; then it takes its time. */
#include "project_int.h"

enum { SLICE = 512, SLICE_BYTES = 8 << 20, INDEXES_MAX = 256 };
static const int64_t tell_pause = 10000; /* microseconds: some three times what a slice takes */

struct Indexes {
    Project *project;
    Arena *arena;         /* as long as the project: names */
    pthread_mutex_t lock; /* guards the two below; others are the thread's */
    Map known;            /* all that are ready, filled or wanted */
    StrVec wanted;        /* to be declared */
    StrVec filled;        /* declared, being filled */
    uint64_t after;       /* the last place that was filled */
};

struct Indexes *index_new(Project *project) {
    struct Indexes *indexes = mem_zero(sizeof *indexes);
    indexes->project = project;
    indexes->arena = arena_new(PROJECT_ARENA);
    indexes->known = map_new(indexes->arena);
    pthread_mutex_init(&indexes->lock, NULL);
    return indexes;
}

void index_free(struct Indexes *indexes) {
    if (!indexes) return;
    pthread_mutex_destroy(&indexes->lock);
    arena_free(indexes->arena);
    mem_free(indexes);
}

static void want(struct Indexes *indexes, Str attr) {
    if (map_has(&indexes->known, attr)) return;
    if (indexes->known.len == INDEXES_MAX) {
        log_warn("project", "no index on " STR_FMT ": there are %d already", STR_ARG(attr),
                 INDEXES_MAX);
        return;
    }
    Str name = str_dup(indexes->arena, attr);
    map_put(&indexes->known, name, indexes);
    vec_push(indexes->arena, &indexes->wanted, name);
}

void project_index(Project *project, Str attr) {
    struct Indexes *indexes = project->indexes;
    pthread_mutex_lock(&indexes->lock);
    want(indexes, attr);
    pthread_mutex_unlock(&indexes->lock);
}

static bool is_filling(struct Indexes *indexes) {
    pthread_mutex_lock(&indexes->lock);
    bool filling = indexes->wanted.len || indexes->filled.len;
    pthread_mutex_unlock(&indexes->lock);
    return filling;
}

int64_t index_pause(struct Indexes *indexes, int64_t idle) {
    if (is_filling(indexes)) return 0;
    return batch_forgot(indexes->project->batch) ? tell_pause : idle;
}

Rc project_indexed(Ctx *ctx, Str attr, bool *out) {
    AttrIndexes all;
    *out = false;
    TRY(reader_indexes(ctx, ctx->db, &all));
    VEC_EACH (const AttrIndex, index, &all)
        *out = *out || (index->ready && str_eq(index->attr, attr));
    return RC_OK;
}

/* ---- opening ---- */

static void want_declared(struct Indexes *indexes) {
    const Dictionary *dictionary = indexes->project->tenant->dictionary;
    for (size_t i = 0; i < dictionary_count(dictionary); i++)
        VEC_EACH (const DictAttr, attr, &dictionary_at(dictionary, i)->attrs)
            if (attr->indexed && attr->kind != ATTR_GEO) want(indexes, attr->iri);
}

/* One whose walk was not finished is walked again. */
Rc index_open(Ctx *ctx, struct Indexes *indexes) {
    AttrIndexes all;
    TRY(reader_indexes(ctx, ctx->db, &all));
    pthread_mutex_lock(&indexes->lock);
    VEC_EACH (const AttrIndex, index, &all) {
        Str name = str_dup(indexes->arena, index->attr);
        map_put(&indexes->known, name, indexes);
        if (!index->ready) vec_push(indexes->arena, &indexes->filled, name);
    }
    want_declared(indexes);
    pthread_mutex_unlock(&indexes->lock);
    return RC_OK;
}

/* ---- filling ---- */

typedef struct Slice {
    Arena *arena;
    VEC(EntityRow) rows;
} Slice;

static bool slice_row(void *arg, const EntityRow *row) {
    Slice *slice = arg;
    EntityRow copy = {str_dup(slice->arena, row->id), row->position,
                      str_dup(slice->arena, row->body), row->place};
    vec_push(slice->arena, &slice->rows, copy);
    return slice->rows.len < SLICE && arena_used(slice->arena) < SLICE_BYTES;
}

/* The thread that writes rows is this one, so what was read is what is there. */
static Rc slice_put(Ctx *ctx, struct Indexes *indexes, const EntityRow *row) {
    Project *project = indexes->project;
    Entity *entity;
    TRY(ledger_record_open(ctx, project->tenant->ledger, row->body, &entity));
    EntityPut put = {
        .id = row->id, .position = row->position, .types = entity->types, .body = row->body};
    state_fill(ctx, project->state, entity, &put);
    if (!indexes->filled.len) return batch_entity_tell(ctx, project->batch, row->place, &put);
    return batch_entity(ctx, project->batch, &put);
}

static Rc slice_write(Ctx *ctx, struct Indexes *indexes, const Slice *slice) {
    Batch *batch = indexes->project->batch;
    VEC_EACH (const EntityRow, row, &slice->rows) {
        ArenaMark mark = arena_mark(ctx->arena);
        TRY(slice_put(ctx, indexes, row));
        arena_rewind(ctx->arena, mark);
    }
    if (slice->rows.len) return RC_OK;
    if (!indexes->filled.len) batch_told_all(batch);
    VEC_EACH (const Str, attr, &indexes->filled)
        TRY(batch_index_ready(ctx, batch, *attr));
    return RC_OK;
}

static Rc transaction(Ctx *ctx, struct Indexes *indexes, const Slice *slice) {
    Batch *batch = indexes->project->batch;
    TRY(batch_begin(ctx, batch, BATCH_LAZY));
    Rc rc = RC_OK;
    for (size_t i = 0; !slice && rc == RC_OK && i < indexes->filled.len; i++)
        rc = batch_index(ctx, batch, indexes->filled.items[i]);
    if (slice && rc == RC_OK) rc = slice_write(ctx, indexes, slice);
    if (rc == RC_OK) return batch_commit(ctx, batch);
    batch_rollback(batch);
    return rc;
}

static void take_wanted(struct Indexes *indexes) {
    pthread_mutex_lock(&indexes->lock);
    VEC_EACH (const Str, attr, &indexes->wanted)
        vec_push(indexes->arena, &indexes->filled, *attr);
    indexes->wanted.len = 0;
    pthread_mutex_unlock(&indexes->lock);
}

static void finish(struct Indexes *indexes) {
    if (indexes->filled.len)
        log_info("project", "%zu attributes have been indexed", indexes->filled.len);
    pthread_mutex_lock(&indexes->lock);
    indexes->filled.len = 0;
    pthread_mutex_unlock(&indexes->lock);
}

static Rc step(Ctx *ctx, struct Indexes *indexes) {
    if (indexes->after == 0) {
        take_wanted(indexes);
        TRY(transaction(ctx, indexes, NULL));
    }
    Slice slice = {.arena = ctx->arena};
    TRY(reader_entities_stored(ctx, ctx->db, indexes->after, slice_row, &slice));
    TRY(transaction(ctx, indexes, &slice));
    indexes->after = slice.rows.len ? slice.rows.items[slice.rows.len - 1].place : 0;
    if (!slice.rows.len) finish(indexes);
    return RC_OK;
}

Rc index_step(Ctx *ctx, struct Indexes *indexes) {
    bool wanted = is_filling(indexes) || batch_forgot(indexes->project->batch);
    return wanted ? step(ctx, indexes) : RC_OK;
}
