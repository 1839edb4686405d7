/* A JSON text {"schema": ..., "value": ...}. Whatever the schema says, it is refused with a message
   or compiled; a check gives an answer in bounded time, and the same answer for a copy of the
   value. */
#include "fuzz.h"

#include "json/json.h"

static void check(Ctx *ctx, const JsonSchema *schema, const Json *value) {
    Rc rc = json_schema_check(ctx, schema, value);
    assert(rc == RC_OK || rc == RC_INVALID || rc == RC_LIMIT);
    assert(rc == RC_OK || (ctx->error.detail.len > 0 && str_utf8_valid(ctx->error.detail)));
    assert(json_schema_check(ctx, schema, json_dup(ctx->arena, value)) == rc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 4096) return 0;
    Ctx ctx = {.arena = arena_new(256 << 20)};
    const Json *text = NULL, *source, *value;
    JsonLimits limits = {.bytes = 4096, .depth = 32};
    Rc rc = json_read(&ctx, (Str){(const char *)data, size}, limits, &text);
    source = rc == RC_OK ? json_get(text, STR("schema")) : NULL;
    value = rc == RC_OK ? json_get(text, STR("value")) : NULL;
    if (source) {
        const JsonSchema *schema = NULL;
        rc = json_schema_compile(&ctx, source, &schema);
        if (rc == RC_OK && value)
            check(&ctx, schema, value);
        else if (rc != RC_OK)
            assert(rc == RC_INVALID && ctx.error.detail.len > 0);
    }
    arena_free(ctx.arena);
    return 0;
}
