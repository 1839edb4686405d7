/* state: the current entities as rows of state.db, with what finds them; their history and the
   types seen are written beside them, entity by entity. */
#include "project_int.h"

#include <stdlib.h>

enum { WINDOW_ENTITIES = 8192, WINDOW_BYTES = 16 << 20, TEXT_MAX = 1 << 16, VALUES_MAX = 256 };

struct State *state_new(Project *project) {
    struct State *state = mem_zero(sizeof *state);
    state->project = project;
    state->arena = arena_new(PROJECT_ARENA);
    /* A first chunk for a whole window stays when it is reset: memory that goes back and forth has
       to be zeroed by the kernel each time. */
    (void)arena_alloc(state->arena, WINDOW_BYTES, 1);
    arena_reset(state->arena);
    state->touched = map_new(state->arena);
    state->history = history_new(project);
    state->types = types_new(project);
    return state;
}

void state_free(struct State *state) {
    if (!state) return;
    history_free(state->history);
    types_free(state->types);
    arena_free(state->arena);
    mem_free(state);
}

static void window_forget(struct State *state) {
    arena_reset(state->arena);
    state->touched = map_new(state->arena);
}

void state_forget(struct State *state) {
    window_forget(state);
    history_forget(state->history);
    types_forget(state->types);
}

Rc state_clear(Ctx *ctx, struct State *state) {
    state_forget(state);
    TRY(history_clear(ctx, state->history));
    TRY(types_clear(ctx, state->types));
    return batch_entity_clear(ctx, state->project->batch);
}

static bool is_erasure(const Event *event) {
    return str_eq(event->note_kind, STR(PROJECT_ERASED));
}

Rc project_event_entity(Ctx *ctx, const Event *event, Entity **out) {
    struct State *state = ctx->tenant->project->state;
    *out = NULL;
    if (!event->delta && !is_erasure(event)) return RC_OK;
    Touched *touched = touched_get(state, event->delta ? event->delta->id : event->note_about);
    TRY(touched_fold(ctx, state, touched));
    *out = (Entity *)(uintptr_t)touched_after(touched);
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
    size_t first; /* of the attribute's values */
    bool vague;   /* too many: the index knows only that it exists */
    bool beside;
} Indexing;

static void put_value(void *arg, const Json *scalar) {
    Indexing *indexing = arg;
    EntityPut *put = indexing->put;
    if (indexing->vague) return;
    indexing->vague = put->values.len - indexing->first == VALUES_MAX;
    if (indexing->vague) put->values.len = indexing->first;
    IndexValue value = {indexing->attr, indexing->vague ? NULL : scalar, indexing->beside};
    vec_push(indexing->arena, &put->values, value);
}

/* Whoever looks by a value is shown, as a candidate, what must not be told or cannot be. */
static void put_values(Arena *arena, const Attr *attr, bool open, EntityPut *put) {
    Indexing indexing = {.arena = arena,
                         .put = put,
                         .attr = attr->name,
                         .first = put->values.len,
                         .beside = attr->dataset_id.len > 0};
    if (open && attr->value && attr->kind != ATTR_GEO) match_values(attr, put_value, &indexing);
    if (put->values.len == indexing.first)
        vec_push(arena, &put->values, (IndexValue){.attr = attr->name, .beside = indexing.beside});
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

/* Nothing personal is indexed but that it is there: only what is neither sealed nor about a person.
 */
void state_fill(Ctx *ctx, const struct State *state, const Entity *entity, EntityPut *put) {
    Buf text = buf_new(ctx->arena, TEXT_MAX);
    for (size_t i = 0; i < entity->attrs.len; i++) {
        const Attr *attr = &entity->attrs.items[i];
        bool open = !personal(state, entity, attr->name);
        put_values(ctx->arena, attr, open, put);
        if (!attr->value || !open) continue;
        if (attr->kind == ATTR_GEO) put_box(ctx->arena, attr, put);
        if (searchable(state, entity, attr->name)) put_text(ctx->arena, attr, &text);
    }
    put->text = buf_str(&text);
}

/* Whether the window's changes may move the entity among what finds it. */
static Rc finds_change(Ctx *ctx, const struct State *state, const Touched *touched, bool *out) {
    Entity typed = {.types = touched->types};
    *out = touched->opened;
    for (size_t i = 0; !*out && i < touched->folds.len; i++) {
        const Entity *after = touched->folds.items[i].delta->after;
        const Attrs *attrs = &after->attrs;
        *out = after->types.len > 0; /* what was open may be personal now */
        for (size_t k = 0; !*out && k < attrs->len; k++) {
            Str name = attrs->items[k].name;
            TRY(batch_index_declared(ctx, state->project->batch, name, out));
            *out = *out || attrs->items[k].kind == ATTR_GEO || searchable(state, &typed, name);
        }
    }
    return RC_OK;
}

/* A value that a newer change of the window has replaced. */
static bool superseded(const EntityPut *put, size_t newer, const Attr *attr) {
    for (size_t i = 0; i < newer && !attr->dataset_id.len; i++)
        if (!put->values.items[i].beside && str_eq(put->values.items[i].attr, attr->name))
            return true;
    return false;
}

/* What the window's changes have set, the newest of each; the entity isn't opened for it. */
static void fill_changed(Ctx *ctx, const struct State *state, const Touched *touched,
                         EntityPut *put) {
    Entity typed = {.types = touched->types};
    for (size_t i = touched->folds.len; i > 0; i--) {
        const Delta *delta = touched->folds.items[i - 1].delta;
        size_t newer = put->values.len;
        VEC_EACH (const Attr, attr, &delta->after->attrs) {
            size_t first = put->values.len;
            if (superseded(put, newer, attr)) continue;
            put_values(ctx->arena, attr, !personal(state, &typed, attr->name), put);
            for (size_t k = first; k < put->values.len && delta->op == DELTA_RECORD; k++)
                put->values.items[k].beside = true; /* it need not be the newest reading */
        }
    }
}

/* ---- writing ---- */

static int touched_order(const void *a, const void *b) {
    return str_cmp(((const MapItem *)a)->key, ((const MapItem *)b)->key);
}

static Rc put_entity(Ctx *ctx, struct State *state, const Entity *entity, EntityPut *put) {
    Buf body = buf_new(ctx->arena, VALUE_MAX);
    put->types = entity->types;
    state_fill(ctx, state, entity, put);
    if (put->body.len) return RC_OK;
    TRY(ledger_record_seal(ctx, state->project->tenant->ledger, entity, &body));
    put->body = buf_str(&body);
    return RC_OK;
}

/* The row of a record some of whose keys were destroyed, and what finds it, from what is left. The
   window's changes were written before. */
static Rc record_again(Ctx *ctx, struct State *state, Str id) {
    EntityRow row;
    Entity *left;
    Rc rc = batch_entity_get(ctx, state->project->batch, id, &row);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    EntityPut put = {.id = id, .position = row.position};
    TRY(ledger_record_open(ctx, state->project->tenant->ledger, row.body, &left));
    TRY(put_entity(ctx, state, left, &put));
    return batch_entity(ctx, state->project->batch, &put);
}

static Rc row_put(Ctx *ctx, struct State *state, const Touched *touched) {
    uint64_t position = touched->folds.items[touched->folds.len - 1].position;
    EntityPut put = {.id = touched->id, .position = position, .body = touched->stored};
    const Entity *entity = touched_after(touched);
    if (position <= touched->row) return RC_OK; /* a replay: the row has it already */
    bool finds;
    TRY(finds_change(ctx, state, touched, &finds));
    put.same_finds = !finds;
    if (finds && !touched->opened) {
        Entity *opened;
        TRY(ledger_record_open(ctx, state->project->tenant->ledger, touched->stored, &opened));
        entity = opened;
    }
    if (finds && entity) TRY(put_entity(ctx, state, entity, &put));
    if (!finds) fill_changed(ctx, state, touched, &put);
    return batch_entity(ctx, state->project->batch, &put);
}

static Rc touched_write(Ctx *ctx, struct State *state, Touched *touched) {
    if (!touched->folds.len) return RC_OK; /* only looked at */
    TRY(touched_settle(ctx, state, touched));
    TRY(history_write(ctx, state->history, touched));
    TRY(types_write(ctx, state->types, touched));
    return row_put(ctx, state, touched);
}

/* Its changes are left out one after the other, from the newest on. */
static void touched_meet(const struct State *state, const Touched *touched) {
    uint64_t position = touched->folds.items[touched->folds.len - 1].position;
    aside_meet(state->project, &(Poison){.follower = LEDGER_STATE,
                                         .position = position,
                                         .ordinal = ASIDE_LEAF,
                                         .about = touched->id});
}

/* In the order of ids, which is that of the pages. */
Rc state_flush(Ctx *ctx, struct State *state) {
    Map *map = &state->touched;
    Rc rc = RC_OK;
    if (map->len) qsort(map->items, map->len, sizeof *map->items, touched_order);
    for (size_t i = 0; i < map->len && rc == RC_OK; i++) {
        ArenaMark mark = arena_mark(ctx->arena);
        const Touched *touched = map->items[i].value;
        rc = touched_write(ctx, state, map->items[i].value);
        if (rc != RC_OK) touched_meet(state, touched);
        if (!state->project->apart) ledger_quiesce(state->project->tenant->ledger);
        if (rc == RC_OK) arena_rewind(ctx->arena, mark); /* an error lies in the arena */
    }
    if (rc == RC_OK) window_forget(state);
    return rc;
}

/* ---- the follower ---- */

/* A correction of history finds what came before it written: it is a leaf of its own. */
static Rc note_event(Ctx *ctx, struct State *state, const Event *event) {
    if (!history_has_note(event)) return RC_OK;
    TRY(state_flush(ctx, state));
    return history_note(ctx, state->history, event);
}

Rc state_event(Ctx *ctx, void *arg, Rows *rows, const Event *event) {
    (void)rows;
    struct State *state = arg;
    if (is_erasure(event)) return record_again(ctx, state, event->note_about);
    if (!event->delta) return note_event(ctx, state, event);
    /* Between leaves only: a row written in the middle of one would hide the leaf's later changes
     * of it. */
    bool next_leaf = event->position > state->leaf;
    state->leaf = event->position;
    if (next_leaf && state->touched.len >= WINDOW_ENTITIES) TRY(state_flush(ctx, state));
    touched_add(state, touched_get(state, event->delta->id), event);
    return RC_OK;
}
