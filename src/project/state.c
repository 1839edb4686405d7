/* state: the current entities as rows of state.db, with what finds them. */
#include "project_int.h"

#include <stdlib.h>

enum { WINDOW_ENTITIES = 4096, TEXT_MAX = 1 << 16, VALUES_MAX = 256 };

/* An entity that the window has touched. entity is NULL when it has been deleted. */
typedef struct Touched {
    Str id;
    Entity *entity;
    uint64_t position, row; /* of the newest delta, and of the row as it was found */
} Touched;

struct State {
    Project *project;
    Arena *arena;  /* of the window */
    Map touched;   /* id → Touched */
    uint64_t leaf; /* of the newest event */
};

struct State *state_new(Project *project) {
    struct State *state = mem_zero(sizeof *state);
    state->project = project;
    state->arena = arena_new(PROJECT_ARENA);
    state->touched = map_new(state->arena);
    return state;
}

void state_free(struct State *state) {
    if (!state) return;
    arena_free(state->arena);
    mem_free(state);
}

void state_forget(struct State *state) {
    arena_reset(state->arena);
    state->touched = map_new(state->arena);
}

/* The entity as of the window so far: from the map, else from its row. */
static Rc touched_get(Ctx *ctx, struct State *state, Str id, Touched **out) {
    *out = map_get(&state->touched, id);
    if (*out) return RC_OK;
    EntityRow row;
    Touched *touched = NEW(state->arena, Touched);
    touched->id = str_dup(state->arena, id);
    Rc rc = batch_entity_get(ctx, state->project->batch, id, &row);
    if (rc == RC_OK) {
        touched->row = touched->position = row.position;
        Ctx own = *ctx;
        own.arena = state->arena;
        rc = ledger_record_open(&own, state->project->tenant->ledger, row.body, &touched->entity);
        if (rc != RC_OK) ctx->error = own.error;
    } else if (rc == RC_NOT_FOUND) {
        rc = RC_OK;
    }
    map_put(&state->touched, touched->id, touched);
    *out = touched;
    return rc;
}

Rc state_touched(Ctx *ctx, struct State *state, Str id, Entity **out) {
    Touched *touched;
    TRY(touched_get(ctx, state, id, &touched));
    *out = touched->entity;
    return RC_OK;
}

Rc project_event_entity(Ctx *ctx, const Event *event, Entity **out) {
    *out = NULL;
    return event->delta ? state_touched(ctx, ctx->tenant->project->state, event->delta->id, out)
                        : RC_OK;
}

Rc state_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)rows;
    struct State *state = arg;
    Touched *touched;
    if (!event->delta) return RC_OK;
    /* Between leaves only: a row written in the middle of one would hide the leaf's later changes
     * of it. */
    bool next_leaf = event->position > state->leaf;
    state->leaf = event->position;
    if (next_leaf && state->touched.len >= WINDOW_ENTITIES) TRY(state_flush(ctx, state));
    TRY(touched_get(ctx, state, event->delta->id, &touched));
    if (event->position <= touched->row) return RC_OK; /* a replay: the row has it already */
    const Entity *after =
        delta_fold(ctx->arena, touched->entity, event->delta, event->position, event->time);
    touched->entity = after ? entity_dup(state->arena, after) : NULL;
    touched->position = event->position;
    return RC_OK;
}

/* ---- what finds a row ---- */

static void box_grow(IndexBox *box, const Json *coordinates, bool *any) {
    if (coordinates->len && json_at(coordinates, 0)->kind == JSON_NUMBER) {
        double lon = json_number(json_at(coordinates, 0)),
               lat = json_number(json_at(coordinates, 1));
        box->west = *any && box->west < lon ? box->west : lon;
        box->east = *any && box->east > lon ? box->east : lon;
        box->south = *any && box->south < lat ? box->south : lat;
        box->north = *any && box->north > lat ? box->north : lat;
        *any = true;
        return;
    }
    for (size_t i = 0; coordinates->kind == JSON_ARRAY && i < coordinates->len; i++)
        box_grow(box, json_at(coordinates, i), any);
}

static void put_box(Arena *arena, const Attr *attr, EntityPut *put) {
    const Json *coordinates = attr->value ? json_get(attr->value, STR("coordinates")) : NULL;
    IndexBox box = {.attr = attr->name};
    bool any = false;
    if (coordinates) box_grow(&box, coordinates, &any);
    if (any) vec_push(arena, &put->boxes, box);
}

typedef struct Indexing {
    Arena *arena;
    EntityPut *put;
    Str attr;
} Indexing;

static void put_value(void *arg, const Json *scalar) {
    const Indexing *indexing = arg;
    if (indexing->put->values.len < VALUES_MAX)
        vec_push(indexing->arena, &indexing->put->values, (IndexValue){indexing->attr, scalar});
}

static bool personal(const struct State *state, const Entity *entity, Str attr) {
    return dictionary_class(state->project->tenant->dictionary, entity, attr) >= CLASS_PERSONAL;
}

static bool searchable(const struct State *state, const Entity *entity, Str attr) {
    for (size_t i = 0; i < entity->types.len; i++) {
        const DictType *type =
            dictionary_type(state->project->tenant->dictionary, entity->types.items[i]);
        const DictAttr *declared = type ? dictionary_attr(type, attr) : NULL;
        if (declared && declared->searchable) return true;
    }
    return false;
}

static void put_text(Arena *arena, const Attr *attr, Buf *text) {
    Str value = json_str(attr->value);
    if (str_empty(value)) return;
    if (text->len) buf_add_char(text, ' ');
    buf_add(text, text_fold(arena, value));
}

/* Nothing personal is indexed: only what is neither sealed nor about a person. */
static void put_fill(Ctx *ctx, const struct State *state, const Entity *entity, EntityPut *put) {
    Buf text = buf_new(ctx->arena, TEXT_MAX);
    for (size_t i = 0; i < entity->attrs.len; i++) {
        const Attr *attr = &entity->attrs.items[i];
        if (!attr->value || personal(state, entity, attr->name)) continue;
        if (attr->kind == ATTR_GEO) put_box(ctx->arena, attr, put);
        Indexing indexing = {ctx->arena, put, attr->name};
        if (attr->kind != ATTR_GEO) match_values(attr, put_value, &indexing);
        if (searchable(state, entity, attr->name)) put_text(ctx->arena, attr, &text);
    }
    put->text = buf_str(&text);
}

/* ---- writing ---- */

static int touched_order(const void *a, const void *b) {
    return str_cmp(((const MapItem *)a)->key, ((const MapItem *)b)->key);
}

static Rc touched_write(Ctx *ctx, struct State *state, const Touched *touched) {
    if (touched->position == touched->row) return RC_OK; /* only looked at */
    EntityPut put = {.id = touched->id, .position = touched->position};
    Buf body = buf_new(ctx->arena, VALUE_MAX);
    if (touched->entity) {
        TRY(ledger_record_seal(ctx, state->project->tenant->ledger, touched->entity, &body));
        put.types = touched->entity->types;
        put.body = buf_str(&body);
        put_fill(ctx, state, touched->entity, &put);
    }
    return batch_entity(ctx, state->project->batch, &put);
}

/* In the order of ids, which is that of the pages. */
Rc state_flush(Ctx *ctx, struct State *state) {
    Map *map = &state->touched;
    if (map->len) qsort(map->items, map->len, sizeof *map->items, touched_order);
    for (size_t i = 0; i < map->len; i++) {
        ArenaMark mark = arena_mark(ctx->arena);
        Rc rc = touched_write(ctx, state, map->items[i].value);
        if (rc != RC_OK) return rc; /* the error lies in the arena */
        arena_rewind(ctx->arena, mark);
    }
    state_forget(state);
    return RC_OK;
}
