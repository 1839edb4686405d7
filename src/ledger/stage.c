#include "ledger_int.h"

void stage_begin_batch(Stage *stage, Ctx *ctx, Ledger *ledger) {
    *stage = (Stage){
        .ledger = ledger, .ctx = ctx, .staged = map_new(ctx->arena), .serial = stage->serial};
}

/* ---- loading ---- */

static Rc load_row(Stage *stage, Str id, const Entity **out) {
    Ctx *ctx = stage->ctx;
    EntityRow row;
    Entity *entity;
    *out = NULL;
    Rc rc = reader_entity(ctx, ctx->db, id, &row);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(record_decode(ctx, stage->ledger->keys, row.body, &entity, NULL));
    *out = entity;
    return RC_OK;
}

static Rc load_newest(Stage *stage, Str id, const Entity **out) {
    const Version *version = workset_find(stage->ledger->set, id);
    Entity *entity;
    *out = NULL;
    /* what is not in the working set is in state.db as it is there */
    if (!version) return load_row(stage, id, out);
    if (version_gone(version)) return RC_OK;
    TRY(record_decode(stage->ctx, stage->ledger->keys, version_stored(version), &entity, NULL));
    *out = entity;
    return RC_OK;
}

Rc stage_load(Stage *stage, Str id, Staged **out) {
    Staged *staged = map_get(&stage->staged, id);
    if (!staged) {
        const Entity *entity;
        TRY(load_newest(stage, id, &entity));
        staged = NEW(stage->ctx->arena, Staged);
        staged->id = str_dup(stage->ctx->arena, id);
        staged->entity = entity;
        map_put(&stage->staged, staged->id, staged);
    }
    *out = staged;
    return RC_OK;
}

Rc stage_begin(Stage *stage, Command *command, uint64_t position, int64_t now) {
    stage->command = command;
    stage->serial++;
    stage->position = position;
    stage->now = now;
    stage->events.len = 0;
    stage->undo.len = 0;
    VEC_EACH (const Str, id, &command->needs) {
        Staged *staged;
        TRY(stage_load(stage, *id, &staged));
        staged->declared = stage->serial;
    }
    return RC_OK;
}

/* ---- what parts call ---- */

static Staged *declared(const Stage *stage, Str id) {
    Staged *staged = map_get(&stage->staged, id);
    assert(staged && staged->declared == stage->serial &&
           "a part touches an id not named by command_needs");
    return staged;
}

const Entity *stage_entity(Stage *stage, Str id) {
    return declared(stage, id)->entity;
}

static void change(Stage *stage, Staged *staged, const Entity *entity, uint64_t position) {
    if (staged->position == 0) {
        (void)vec_push(stage->ctx->arena, &stage->changed, staged);
        staged->before = staged->entity;
    }
    staged->entity = entity;
    staged->position = position;
}

const Entity *stage_preview(Stage *stage, const Delta *delta) {
    const Entity *before = declared(stage, delta->id)->entity;
    Entity *after = delta_fold(stage->ctx->arena, before, delta, stage->position, stage->now);
    stage->preview = (StagePreview){delta, before, after, stage->serial};
    return after;
}

/* What `replaces` says takes no part in folding. */
static const Entity *fold(Stage *stage, const Entity *before, const Delta *delta) {
    StagePreview preview = stage->preview;
    stage->preview = (StagePreview){0};
    bool same = preview.delta == delta && preview.before == before;
    if (same && preview.serial == stage->serial) return preview.after;
    return delta_fold(stage->ctx->arena, before, delta, stage->position, stage->now);
}

void stage_put(Stage *stage, const Delta *delta) {
    Arena *arena = stage->ctx->arena;
    Staged *staged = declared(stage, delta->id);
    const Entity *before = staged->entity;
    Delta *copy = NEW(arena, Delta);
    *copy = *delta; /* its memory is the command's, which outlives the batch */
    copy->replaces = before ? before->version : 0;
    const Entity *after = fold(stage, before, delta);
    if (!before && !after) return; /* deleting nothing is nothing */
    (void)vec_push(arena, &stage->undo, (StagedUndo){staged, before, staged->position});
    (void)vec_push(arena, &stage->events,
                   (StagedEvent){.kind = EVENT_CHANGE,
                                 .delta = copy,
                                 .whole = after ? after : before,
                                 .before = before});
    change(stage, staged, after, stage->position);
}

void stage_note(Stage *stage, const StageNote *note) {
    (void)vec_push(stage->ctx->arena, &stage->events,
                   (StagedEvent){.kind = EVENT_NOTE, .note = *note});
}

void stage_own(Stage *stage, EventKind kind, Str subject, Str body) {
    (void)vec_push(stage->ctx->arena, &stage->events,
                   (StagedEvent){.kind = kind, .note.subject = subject, .body = body});
}

void stage_again(Stage *stage, AgainOf of, const Delta *delta, const Entity *whole) {
    (void)vec_push(stage->ctx->arena, &stage->events,
                   (StagedEvent){.kind = EVENT_NOTE, .delta = delta, .whole = whole, .of = of});
}

int64_t stage_now(const Stage *stage) {
    return stage->now;
}

uint64_t stage_position(const Stage *stage) {
    return stage->position;
}

void stage_result(Stage *stage, const Json *result) {
    stage->command->outcome.result = json_dup(stage->command->arena, result);
}

/* ---- how it ends ---- */

void stage_undo(Stage *stage) {
    while (stage->undo.len) {
        StagedUndo *undo = &stage->undo.items[--stage->undo.len];
        undo->staged->entity = undo->entity;
        if (undo->position == 0) stage->changed.len--; /* pushed in the same order */
        undo->staged->position = undo->position;
    }
    stage->events.len = 0;
}

void stage_keep(Stage *stage) {
    stage->undo.len = 0;
    stage->events.len = 0;
}

void stage_replay(Stage *stage, Staged *staged, const Delta *delta, uint64_t position,
                  int64_t time) {
    const Entity *before = staged->entity;
    bool begun = staged->position == position; /* by an event before it of the same leaf */
    bool older = !begun && before && before->version >= position;
    bool gone_later = !begun && !before && delta->op != DELTA_PUT && delta->replaces;
    if (older || gone_later) return; /* the state was written beyond its cursor */
    change(stage, staged, delta_fold(stage->ctx->arena, before, delta, position, time), position);
}
