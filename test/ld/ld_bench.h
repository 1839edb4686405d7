/* ld_bench: what the tests of ld/ share: a Ctx, a cache, and a web of documents that are never
 * fetched anywhere. */
#ifndef TEST_LD_BENCH_H
#define TEST_LD_BENCH_H

#include "ld/ld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct Page {
    const char *url;
    const char *body; /* NULL: does not answer */
} Page;

typedef struct Bench {
    Ctx ctx;
    Clock clock;
    Rand rand;
    LdCache *cache;
    Page pages[64];
    size_t n;
    int fetched;
} Bench;

static inline Rc bench_fetch(Ctx *ctx, void *arg, Str url, Str *body) {
    Bench *b = arg;
    __atomic_fetch_add(&b->fetched, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < b->n; i++) {
        if (!str_eq(url, str_of(b->pages[i].url)) || !b->pages[i].body) continue;
        *body = str_dup(ctx->arena, str_of(b->pages[i].body));
        return RC_OK;
    }
    return ctx_fail(ctx, RC_FAILED, "context-unavailable", STR("@context"),
                    "Nobody answers at %.*s.", STR_ARG(url));
}

static inline Bench *bench_new(size_t max_count) {
    Bench *b = mem_zero(sizeof *b);
    b->clock.fixed = 1000 * TIME_DAY;
    b->rand = rand_seeded(11);
    b->ctx = (Ctx){.arena = arena_new(1 << 28), .clock = &b->clock, .rand = &b->rand};
    b->cache = ld_cache_new((LdCacheOptions){
        .fetch = bench_fetch, .fetch_arg = b, .keep = TIME_HOUR, .max_count = max_count});
    return b;
}

static inline void bench_free(Bench *b) {
    ld_cache_free(b->cache);
    arena_free(b->ctx.arena);
    mem_free(b);
}

static inline void bench_page(Bench *b, const char *url, const char *body) {
    for (size_t i = 0; i < b->n; i++)
        if (strcmp(b->pages[i].url, url) == 0) b->pages[i].url = "";
    assert_true(b->n < 64);
    b->pages[b->n++] = (Page){url, body};
}

static inline const Json *bench_json(Bench *b, const char *text) {
    const Json *value = NULL;
    Rc rc = json_read(&b->ctx, str_of(text), JSON_LIMITS_DEFAULT, &value);
    if (rc != RC_OK) fail_msg("%s: %.*s", text, STR_ARG(b->ctx.error.detail));
    return value;
}

static inline const LdContext *bench_resolve(Bench *b, const char *at_context) {
    const LdContext *context = NULL;
    Rc rc = ld_context_resolve(&b->ctx, b->cache, at_context ? bench_json(b, at_context) : NULL,
                               true, &context);
    if (rc != RC_OK)
        fail_msg("%s: %s: %.*s", at_context, rc_name(rc), STR_ARG(b->ctx.error.detail));
    return context;
}

static inline Str bench_text(Bench *b, const Json *value) {
    Buf to = buf_new(b->ctx.arena, 1 << 20);
    json_write(&to, value);
    return buf_str(&to);
}

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        Str actual_ = (actual);                                                                    \
        if (!str_eq(actual_, str_of(expected)))                                                    \
            fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(actual_), (expected));                      \
    } while (0)

/* A file of the samples, or STR_NONE where there are none. */
static inline Str bench_sample(Ctx *ctx, const char *name) {
    const char *samples = getenv("MACHI_SAMPLES");
    Str path = str_fmt(ctx->arena, "%s/ngsi-ld/%s", samples ? samples : "../shared/data", name);
    FILE *file = fopen(path.ptr, "rb");
    if (!file) return STR_NONE;
    char *text = arena_alloc(ctx->arena, 1 << 20, 1);
    size_t len = fread(text, 1, 1 << 20, file);
    fclose(file);
    return (Str){text, len};
}

#endif
