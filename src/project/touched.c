/* touched: the entities that a window changes, with what each change did to them. Most changes need
   no more than the newest version's bytes, which the writer has left in the working set; an entity
   is opened and folded only where a row, an index or a follower asks for what it was. */
#include "project_int.h"

/* ---- memory of the window ---- */

/* The event's memory ends with its leaf. */
static const Delta *delta_keep(Arena *arena, const Delta *delta, Str id) {
    Delta *kept = NEW(arena, Delta);
    *kept = *delta;
    kept->id = id;
    kept->after = delta->after ? entity_dup(arena, delta->after) : NULL;
    memset(&kept->removed, 0, sizeof kept->removed);
    for (size_t i = 0; i < delta->removed.len; i++) {
        DeltaRemoval removal = delta->removed.items[i];
        removal.name = str_dup(arena, removal.name);
        removal.dataset_id = str_dup(arena, removal.dataset_id);
        vec_push(arena, &kept->removed, removal);
    }
    return kept;
}

Touched *touched_get(struct State *state, Str id) {
    Touched *touched = map_get(&state->touched, id);
    if (touched) return touched;
    touched = NEW(state->arena, Touched);
    touched->id = str_dup(state->arena, id);
    map_put(&state->touched, touched->id, touched);
    return touched;
}

void touched_add(struct State *state, Touched *touched, const Event *event) {
    vec_push(state->arena, &touched->folds,
             (Fold){.delta = delta_keep(state->arena, event->delta, touched->id),
                    .position = event->position,
                    .ordinal = event->ordinal,
                    .time = event->time});
}

/* ---- folding ---- */

/* What was before the window's first change: nothing, as that change says, or a row. */
static Rc start_open(Ctx *ctx, struct State *state, Touched *touched) {
    EntityRow row;
    if (touched->opened) return RC_OK;
    bool created = touched->folds.len && touched->folds.items[0].delta->replaces == 0;
    touched->opened = true;
    if (created) return RC_OK;
    Rc rc = batch_entity_get(ctx, state->project->batch, touched->id, &row);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    Ctx own = *ctx;
    Entity *entity;
    own.arena = state->arena;
    rc = ledger_record_open(&own, state->project->tenant->ledger, row.body, &entity);
    if (rc != RC_OK) ctx->error = own.error;
    if (rc == RC_OK) touched->start = entity;
    touched->row = row.position;
    return rc;
}

const Entity *touched_before(const Touched *touched, size_t fold) {
    return fold ? touched->folds.items[fold - 1].after : touched->start;
}

const Entity *touched_after(const Touched *touched) {
    return touched_before(touched, touched->folds.len);
}

/* A row that is newer than a change has it already. */
Rc touched_fold(Ctx *ctx, struct State *state, Touched *touched) {
    TRY(start_open(ctx, state, touched));
    for (; touched->folded < touched->folds.len; touched->folded++) {
        Fold *fold = &touched->folds.items[touched->folded];
        const Entity *before = touched_before(touched, touched->folded);
        fold->after = fold->position <= touched->row ? before
                                                     : delta_fold(state->arena, before, fold->delta,
                                                                  fold->position, fold->time);
    }
    return RC_OK;
}

/* ---- the newest version ---- */

/* What the writer has stored, if it is of the window's last change; valid until the thread's next
 * ledger_quiesce. */
static Str stored_of(const struct State *state, const Touched *touched) {
    if (state->project->apart) return STR_NONE;
    const Version *version = ledger_version(state->project->tenant->ledger, touched->id);
    uint64_t last = touched->folds.items[touched->folds.len - 1].position;
    bool same = version && !version_gone(version) && version_position(version) == last;
    return same ? version_stored(version) : STR_NONE;
}

/* Nothing of the entity but the attributes that it names: what it was before need not be known. */
static bool is_plain(const Delta *delta) {
    bool sets = delta->op == DELTA_CHANGE || delta->op == DELTA_RECORD;
    return sets && delta->replaces && delta->after && !delta->after->types.len &&
           !delta->removed.len;
}

static bool all_plain(const Touched *touched) {
    VEC_EACH (const Fold, fold, &touched->folds)
        if (!is_plain(fold->delta)) return false;
    return true;
}

Rc touched_settle(Ctx *ctx, struct State *state, Touched *touched) {
    touched->stored = stored_of(state, touched);
    bool brief = touched->stored.len && !touched->opened && all_plain(touched);
    if (!brief) return touched_fold(ctx, state, touched);
    return ledger_record_types(ctx, touched->stored, &touched->types);
}

const StrVec *touched_types(const Touched *touched, size_t fold) {
    if (!touched->opened) return &touched->types;
    const Entity *after = touched->folds.items[fold].after;
    return after ? &after->types : NULL;
}
