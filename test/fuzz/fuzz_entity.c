/* Payloads and stored records: any text is read or refused with a sentence; what was read comes
   back the same through the stored form, normalized and concise; any fragment merges or is refused;
   any record is decoded or refused. The first byte says which. */
#include "fuzz.h"

#include "model/model.h"

static Str stored(Ctx *ctx, const Entity *entity) {
    Buf to = buf_new(ctx->arena, 16 << 20);
    entity_encode(&to, entity);
    assert(buf_rc(&to) == RC_OK);
    return buf_str(&to);
}

static void comes_back(Ctx *ctx, const Entity *entity) {
    Entity *again;
    Str first = stored(ctx, entity);
    Rc rc = entity_decode(ctx, first, &again);
    assert(rc == RC_OK && str_eq(stored(ctx, again), first));
}

/* Rendered and read again: the same entity, where the format keeps everything. */
static void reads_back(Ctx *ctx, const Entity *entity, RenderOptions options, bool keeps) {
    Buf to = buf_new(ctx->arena, 32 << 20);
    render_entity(&to, ld_core(), entity, &options, ctx->scratch);
    assert(buf_rc(&to) == RC_OK);
    const Json *json;
    Rc rc = json_read(ctx, buf_str(&to), JSON_LIMITS_DEFAULT, &json);
    assert(rc == RC_OK);
    if (!keeps) return;
    Entity *again;
    rc = entity_read(ctx, ld_core(), json, ENTITY_WHOLE, &again);
    assert(rc == RC_OK && str_eq(stored(ctx, again), stored(ctx, entity)));
}

static void whole(Ctx *ctx, const Json *json) {
    Entity *entity;
    if (entity_read(ctx, ld_core(), json, ENTITY_WHOLE, &entity) != RC_OK) {
        assert(ctx->error.detail.len > 0);
        return;
    }
    comes_back(ctx, entity);
    reads_back(ctx, entity, (RenderOptions){.sys_attrs = true}, true); /* expiresAt is one */
    reads_back(ctx, entity, (RenderOptions){.format = RENDER_CONCISE, .sys_attrs = true}, true);
    reads_back(ctx, entity, (RenderOptions){.format = RENDER_SIMPLIFIED, .lang = STR("ja")}, false);
    reads_back(ctx, entity, (RenderOptions){.geojson = true, .sys_attrs = true}, false);
    reads_back(ctx, entity, (RenderOptions){.temporal = true, .temporal_values = true}, false);
}

static void fragment(Ctx *ctx, const Json *json, EntityForm form) {
    static const char before_text[] =
        "{\"id\":\"urn:a:b\",\"type\":\"T\",\"p\":{\"value\":{\"a\":{\"b\":1}},\"s\":1},"
        "\"l\":{\"languageMap\":{\"en\":\"x\"}},\"j\":{\"json\":{\"k\":1}},\"r\":{\"object\":"
        "\"urn:x:y\"},\"m\":[1,{\"value\":2,\"datasetId\":\"urn:d:1\"}]}";
    const Json *before_json;
    Entity *before, *read;
    Rc rc = json_read(ctx, str_of(before_text), JSON_LIMITS_DEFAULT, &before_json);
    assert(rc == RC_OK);
    rc = entity_read(ctx, ld_core(), before_json, ENTITY_WHOLE, &before);
    assert(rc == RC_OK);
    if (entity_read(ctx, ld_core(), json, form, &read) != RC_OK) return;
    Delta *delta = delta_change(ctx->arena, before->id, read);
    if (form == ENTITY_FRAGMENT && delta_merge(ctx, before, read, &delta) != RC_OK) return;
    Entity *after = delta_fold(ctx->arena, before, delta, 2, 200);
    comes_back(ctx, after);
    reads_back(ctx, after, (RenderOptions){0}, false);
    VEC_EACH (Attr, attr, &after->attrs)
        assert(attr->value && attr->kind != ATTR_UNSAID && !entity_attr_null(attr));
}

static void record(Ctx *ctx, Str text) {
    Entity *entity;
    Delta *delta;
    if (entity_decode(ctx, text, &entity) == RC_OK) comes_back(ctx, entity);
    if (delta_decode(ctx, text, &delta) == RC_OK) (void)delta_fold(ctx->arena, NULL, delta, 1, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 1 << 16) return 0;
    Ctx ctx = {.arena = arena_new(256 << 20), .scratch = arena_new(64 << 20)};
    Str text = {(const char *)data + 1, size - 1};
    const Json *json;
    if (data[0] == 'r')
        record(&ctx, text);
    else if (json_read(&ctx, text, JSON_LIMITS_DEFAULT, &json) != RC_OK)
        assert(ctx.error.detail.len > 0);
    else if (data[0] == 'f')
        fragment(&ctx, json, ENTITY_FRAGMENT);
    else if (data[0] == 'a')
        fragment(&ctx, json, ENTITY_ATTRS);
    else
        whole(&ctx, json);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return 0;
}
