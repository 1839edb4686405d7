/* parts: what an import writes, decided on the newest state. */
#include "connect_int.h"

#include <time.h>

Rc part_rights(Ctx *ctx, const Actor *actor, GateAction action, const Entity *entity) {
    Ctx own = *ctx;
    own.actor = (Actor *)actor;
    GateAsk ask = {.action = action, .type = entity->types.items[0], .class = CLASS_OPEN};
    Rc rc = gate_check(&own, &ask);
    VEC_EACH (const Attr, attr, &entity->attrs) {
        if (rc != RC_OK) break;
        ask.attr = attr->name;
        ask.class = dictionary_class(own.tenant->dictionary, entity, attr->name);
        rc = gate_check(&own, &ask);
    }
    ctx->error = own.error;
    return rc;
}

static Rc rights_as(Ctx *ctx, const PartImport *part, GateAction action, const Entity *entity) {
    Ctx own = *ctx;
    own.tenant = part->tenant;
    Rc rc = part_rights(&own, part->actor, action, entity);
    ctx->error = own.error;
    return rc;
}

/* ---- entities ---- */

static bool same_attr(const Entity *before, const Attr *attr) {
    const Attr *old = entity_attr(before, attr->name);
    return old && entity_attr_same(old, attr);
}

/* Attributes that the file speaks of, and of which the row says nothing any more. */
static void removals(Arena *arena, const Entity *before, const PartImport *part, Delta *delta) {
    VEC_EACH (Str, iri, part->covers)
        if (entity_attr(before, *iri) && !entity_attr(part->entity, *iri))
            vec_push(arena, &delta->removed, (DeltaRemoval){.name = *iri});
}

Delta *part_import_delta(Arena *arena, const Entity *before, const PartImport *part) {
    Delta *delta = NEW(arena, Delta);
    if (!part->entity) {
        *delta = (Delta){.op = DELTA_DELETE, .id = part->id};
        return before ? delta : NULL;
    }
    if (!before) {
        *delta = (Delta){.op = DELTA_PUT, .id = part->id, .after = (Entity *)part->entity};
        return delta;
    }
    Entity *after = entity_new(arena, part->id, part->type);
    if (entity_has_type(before, part->type)) after->types.len = 0;
    *delta = (Delta){.op = DELTA_CHANGE, .id = part->id, .after = after};
    VEC_EACH (const Attr, attr, &part->entity->attrs)
        if (!same_attr(before, attr)) vec_push(arena, &after->attrs, *attr);
    removals(arena, before, part, delta);
    return after->attrs.len || delta->removed.len || after->types.len ? delta : NULL;
}

static Rc import_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartImport *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (part->entity) return rights_as(ctx, part, ACT_IMPORT, part->entity);
    return before ? rights_as(ctx, part, ACT_DELETE, before) : RC_OK;
}

static Rc import_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartImport *part = args;
    const Entity *before = stage_entity(stage, part->id);
    const Delta *delta = part_import_delta(ctx->arena, before, part);
    *part->did = DID_NOTHING;
    if (!delta) return RC_OK;
    const Entity *after =
        delta_fold(ctx->arena, before, delta, stage_position(stage), stage_now(stage));
    if (after) TRY(dictionary_check(ctx, part->tenant->dictionary, after));
    stage_put(stage, delta);
    *part->did = !part->entity ? DID_REMOVE : before ? DID_UPDATE : DID_CREATE;
    return RC_OK;
}

const PartKind part_import = {
    .name = "import.entity", .version = 1, .guard = import_guard, .apply = import_apply};

/* ---- readings ---- */

static Rc readings_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartReadings *part = args;
    PartImport as = {.actor = part->actor, .tenant = part->tenant};
    (void)stage;
    TRY(rights_as(ctx, &as, ACT_IMPORT, part->bare));
    return rights_as(ctx, &as, ACT_IMPORT, part->readings);
}

static Rc readings_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartReadings *part = args;
    if (!stage_entity(stage, part->bare->id)) {
        TRY(dictionary_check(ctx, part->tenant->dictionary, part->bare));
        Delta create = {.op = DELTA_PUT, .id = part->bare->id, .after = (Entity *)part->bare};
        stage_put(stage, &create);
    }
    Delta record = {.op = DELTA_RECORD, .id = part->bare->id, .after = (Entity *)part->readings};
    stage_put(stage, &record);
    return RC_OK;
}

const PartKind part_readings = {
    .name = "import.readings", .version = 1, .guard = readings_guard, .apply = readings_apply};

/* ---- commands ---- */

Command *part_command(Import *import) {
    const Actor *actor = import->ctx->actor;
    Command *command =
        command_new(import->ctx->tenant->ledger, (CommandHead){.kind = STR("import"),
                                                               .actor = actor->id,
                                                               .post = actor->post,
                                                               .channel = STR("import")});
    gate_guard(import->ctx, command);
    return command;
}

Rc part_execute(Import *import, Command *command) {
    Ctx *ctx = &import->work;
    for (;;) {
        Outcome outcome;
        Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
        if (rc != RC_BUSY) return rc;
        TRY(ctx_check_deadline(ctx));
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}
