/* A JSON text. What is read is written, read back equal and written the same again, and its tree is
 * as small as json.h says. */
#include "fuzz.h"

#include "json/json.h"

static Str written(Ctx *ctx, const Json *value, size_t max) {
    Buf to = buf_new(ctx->arena, max);
    json_write(&to, value);
    assert(buf_rc(&to) == RC_OK);
    return buf_str(&to);
}

static void check_value(Ctx *ctx, const Json *value, size_t size) {
    JsonLimits limits = {.bytes = 8 << 20, .depth = 64};
    Str text = written(ctx, value, 6 * size + 64);
    const Json *again = NULL;
    Rc rc = json_read(ctx, text, limits, &again);
    assert(rc == RC_OK && json_equal(value, again) && json_equal(again, value));
    assert(str_eq(text, written(ctx, again, 6 * size + 64)));
    const Json *copy = json_dup(ctx->arena, value);
    assert(json_equal(copy, value) && str_utf8_valid(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 16) return 0;
    Ctx ctx = {.arena = arena_new(64 << 20)};
    const Json *value = NULL;
    JsonLimits limits = {.bytes = 1 << 16, .depth = 64};
    Rc rc = json_read(&ctx, (Str){(const char *)data, size}, limits, &value);
    if (rc == RC_OK) {
        assert(arena_used(ctx.arena) <= 13 * size + sizeof(Json));
        check_value(&ctx, value, size);
    } else {
        assert(rc == RC_INVALID || rc == RC_LIMIT);
        assert(ctx.error.detail.len > 0 && str_utf8_valid(ctx.error.detail));
    }
    arena_free(ctx.arena);
    return 0;
}
