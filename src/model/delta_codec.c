/* The stored form of a delta: like an entity's (entity_codec.c), which it holds. README.md has the
 * table. */
#include "delta.h"
#include "model_int.h"

static void encode_removals(Buf *to, const Delta *delta) {
    buf_add(to, STR(",\"r\":["));
    for (size_t i = 0; i < delta->removed.len; i++) {
        const DeltaRemoval *removal = &delta->removed.items[i];
        buf_add(to, i ? STR(",{\"n\":") : STR("{\"n\":"));
        json_write_str(to, removal->name);
        if (removal->dataset_id.len) {
            buf_add(to, STR(",\"d\":"));
            json_write_str(to, removal->dataset_id);
        }
        if (removal->all) buf_add(to, STR(",\"l\":1"));
        buf_add_char(to, '}');
    }
    buf_add_char(to, ']');
}

void delta_encode(Buf *to, const Delta *delta) {
    buf_add(to, STR("{\"o\":"));
    buf_add_i64(to, delta->op);
    buf_add(to, STR(",\"i\":"));
    json_write_str(to, delta->id);
    if (delta->replaces) {
        buf_add(to, STR(",\"p\":"));
        buf_add_i64(to, (int64_t)delta->replaces);
    }
    if (delta->set_types) buf_add(to, STR(",\"t\":1"));
    if (delta->set_scopes) buf_add(to, STR(",\"s\":1"));
    if (delta->removed.len) encode_removals(to, delta);
    if (delta->after) {
        buf_add(to, STR(",\"e\":"));
        entity_encode(to, delta->after);
    }
    buf_add_char(to, '}');
}

static Rc corrupt(Ctx *ctx, Str member) {
    return ctx_fail(ctx, RC_INVALID, "bad-record", member,
                    "The stored record of a change is damaged here, or of a newer version.");
}

static Rc decode_removals(Ctx *ctx, const Json *value, Delta *delta) {
    if (value->kind != JSON_ARRAY) return corrupt(ctx, STR("r"));
    for (uint32_t i = 0; i < value->len; i++) {
        const Json *one = json_at(value, i);
        DeltaRemoval removal = {json_get_str(one, "n"), json_get_str(one, "d"),
                                json_get_int(one, "l", 0) == 1};
        if (removal.name.len == 0) return corrupt(ctx, STR("r"));
        vec_push(ctx->arena, &delta->removed, removal);
    }
    return RC_OK;
}

Rc delta_decode(Ctx *ctx, Str stored, Delta **out) {
    const Json *json;
    TRY(json_read(ctx, stored, (JsonLimits){.bytes = 256 << 20, .depth = 1000}, &json));
    int64_t op = json_get_int(json, "o", -1), replaces = json_get_int(json, "p", 0);
    if (op < DELTA_PUT || op > DELTA_DELETE) return corrupt(ctx, STR("o"));
    if (replaces < 0) return corrupt(ctx, STR("p"));
    Delta *delta = NEW(ctx->arena, Delta);
    *delta = (Delta){.op = (DeltaOp)op,
                     .id = json_get_str(json, "i"),
                     .set_types = json_get_int(json, "t", 0) == 1,
                     .set_scopes = json_get_int(json, "s", 0) == 1,
                     .replaces = (uint64_t)replaces};
    const Json *removed = json_get(json, STR("r")), *after = json_get(json, STR("e"));
    if (removed) TRY(decode_removals(ctx, removed, delta));
    if (after) TRY(entity_codec_from_json(ctx, after, &delta->after));
    if (delta->op == DELTA_PUT && !delta->after) return corrupt(ctx, STR("e"));
    *out = delta;
    return RC_OK;
}
