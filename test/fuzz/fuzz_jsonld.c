/* Lines: an @context, what every remote document holds, then names. Contexts are refused with a
   message or resolved within their bounds; what a name expands to is compacted to a name that
   expands to the same. */
#include "fuzz.h"

#include "ld/ld.h"

static Rc fetch(Ctx *ctx, void *arg, Str url, Str *body) {
    (void)ctx, (void)url;
    *body = *(const Str *)arg;
    return RC_OK;
}

static void check_names(Ctx *ctx, const LdContext *context, Str names) {
    Str name;
    while (str_split(&names, '\n', &name)) {
        Str iri = ld_expand(context, ctx->arena, name);
        Str back = ld_compact(context, ctx->arena, iri);
        bool whole =
            str_eq(ld_expand(context, ctx->arena, iri), iri); /* "a:b" can be a compact IRI */
        assert(!whole || str_eq(ld_expand(context, ctx->arena, back), iri));
        ld_term_is_vocab(context, name);
    }
}

static void check_context(Ctx *ctx, LdCache *cache, const Json *at_context, Str names) {
    const LdContext *context = NULL, *again = NULL;
    Rc rc = ld_context_resolve(ctx, cache, at_context, true, &context);
    if (rc != RC_OK) {
        assert((rc == RC_INVALID || rc == RC_FAILED) && ctx->error.detail.len > 0);
        assert(str_utf8_valid(ctx->error.detail));
        return;
    }
    check_names(ctx, context, names);
    rc = ld_context_resolve(ctx, cache, ld_context_source(context), true, &again);
    assert(rc == RC_OK && ld_context_key(again) == ld_context_key(context));
    ld_context_release(again);
    ld_context_release(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 14) return 0;
    Clock clock = {.fixed = 0};
    Ctx ctx = {.arena = arena_new(64 << 20), .clock = &clock};
    Str rest = {(const char *)data, size}, line = STR_NONE, body = STR_NONE;
    (void)!str_split(&rest, '\n', &line);
    (void)!str_split(&rest, '\n', &body);
    LdCache *cache = ld_cache_new(
        (LdCacheOptions){.fetch = fetch, .fetch_arg = &body, .keep = TIME_HOUR, .max_count = 4});
    const Json *at_context = NULL;
    JsonLimits limits = {.bytes = 1 << 14, .depth = 32};
    if (json_read(&ctx, line, limits, &at_context) == RC_OK)
        check_context(&ctx, cache, at_context, rest);
    ld_cache_free(cache);
    arena_free(ctx.arena);
    return 0;
}
