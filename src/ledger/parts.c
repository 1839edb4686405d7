#include "ledger_int.h"

/* ---- put ---- */

static Rc conflict(Ctx *ctx, Str id, const char *code, const char *what) {
    return ctx_fail(ctx, RC_CONFLICT, code, STR_NONE, STR_FMT " %s", STR_ARG(id), what);
}

static Rc put_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartPut *put = args;
    Str id = put->delta->id;
    const Entity *entity = stage_entity(stage, id);
    switch (put->expect) {
    case PUT_ANY:
        return RC_OK;
    case PUT_ABSENT:
        return entity ? conflict(ctx, id, "exists", "exists already.") : RC_OK;
    case PUT_PRESENT:
    case PUT_VERSION:
        break;
    }
    if (!entity)
        return ctx_fail(ctx, RC_NOT_FOUND, "not-found", STR_NONE, STR_FMT " doesn't exist.",
                        STR_ARG(id));
    if (put->expect == PUT_VERSION && entity->version != put->version)
        return conflict(ctx, id, "version", "was changed by somebody else: read it again.");
    return RC_OK;
}

static Rc put_apply(Ctx *ctx, Stage *stage, const void *args) {
    (void)ctx;
    stage_put(stage, ((const PartPut *)args)->delta);
    return RC_OK;
}

const PartKind part_put = {"entity.put", 1, put_guard, put_apply};

void command_put(Command *command, const Delta *delta, PutExpect expect, uint64_t version) {
    PartPut *put = NEW(command_arena(command), PartPut);
    Delta *own = NEW(command_arena(command), Delta);
    *own = *delta;
    *put = (PartPut){.delta = own, .expect = expect, .version = version};
    command_needs(command, own->id);
    command_add(command, &part_put, put);
}

/* ---- look ---- */

static Json ids_of(Arena *arena, const StrVec *ids) {
    Json *items = NEW_ARRAY(arena, Json, ids->len + 1);
    for (size_t i = 0; i < ids->len; i++)
        items[i] = json_of_str(ids->items[i]);
    return json_of_items(items, ids->len);
}

static Rc look_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartLook *look = args;
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 4);
    members[0] = (JsonMember){STR("subjects"), ids_of(ctx->arena, &look->subjects)};
    members[1] = (JsonMember){STR("records"), ids_of(ctx->arena, &look->records)};
    members[2] = (JsonMember){STR("why"), json_of_str(look->why)};
    Json *clear = NEW(ctx->arena, Json);
    if (look->glass_at) members[3] = (JsonMember){STR("glassAt"), json_of_int(look->glass_at)};
    *clear = json_of_members(members, look->glass_at ? 4 : 3);
    stage_note(stage, &(StageNote){.kind = STR("look"), .clear = clear});
    return RC_OK;
}

const PartKind part_look = {"look", 1, NULL, look_apply};

/* ---- note ---- */

static Rc note_apply(Ctx *ctx, Stage *stage, const void *args) {
    (void)ctx;
    stage_note(stage, &((const PartNote *)args)->note);
    return RC_OK;
}

const PartKind part_note = {"note", 1, NULL, note_apply};
