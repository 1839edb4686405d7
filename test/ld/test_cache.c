/* Tests of the cache of contexts: what is kept, for how long, how many, by how many threads. */
#include "ld_bench.h"

#include <pthread.h>

static void resolve_and_release(Bench *b, const char *at_context) {
    ld_context_release(bench_resolve(b, at_context));
}

static Str expand(Bench *b, const char *at_context, const char *term) {
    const LdContext *context = bench_resolve(b, at_context);
    Str iri = str_dup(b->ctx.arena, ld_expand(context, b->ctx.arena, str_of(term)));
    ld_context_release(context);
    return iri;
}

#define ONE "https://w.x/one"

static void a_document_is_fetched_once(void **state) {
    (void)state;
    Bench *b = bench_new(10);
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    for (int i = 0; i < 3; i++)
        assert_str(expand(b, "\"" ONE "\"", "a"), "https://e.x/1");
    assert_str(expand(b, "[\"" ONE "\",{\"b\":\"https://e.x/b\"}]", "a"), "https://e.x/1");
    assert_int_equal(b->fetched, 1);
    bench_free(b);
}

static void the_same_context_is_the_same_object(void **state) {
    (void)state;
    Bench *b = bench_new(10);
    const LdContext *x = bench_resolve(b, "{\"a\":\"https://e.x/1\"}");
    const LdContext *y = bench_resolve(b, " { \"a\" : \"https:\\/\\/e.x/1\" } ");
    assert_ptr_equal(x, y);
    ld_context_release(x);
    ld_context_release(y);
    bench_free(b);
}

static void nothing_is_fetched_on_a_loop_thread(void **state) {
    (void)state;
    Bench *b = bench_new(10);
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    const LdContext *context;
    const Json *url = bench_json(b, "\"" ONE "\"");
    assert_int_equal(ld_context_resolve(&b->ctx, b->cache, url, false, &context), RC_BUSY);
    assert_int_equal(b->fetched, 0);
    resolve_and_release(b, "\"" ONE "\"");
    assert_int_equal(ld_context_resolve(&b->ctx, b->cache, url, false, &context), RC_OK);
    ld_context_release(context);
    bench_free(b);
}

static void what_is_broken_is_asked_for_again(void **state) {
    (void)state;
    static const char *const broken[] = {NULL, "", "<html>", "{}", "[]", "{\"@context\":"};
    Bench *b = bench_new(10);
    const LdContext *context;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        bench_page(b, ONE, broken[i]);
        assert_int_equal(
            ld_context_resolve(&b->ctx, b->cache, bench_json(b, "\"" ONE "\""), true, &context),
            RC_FAILED);
        assert_str(b->ctx.error.code, "context-unavailable");
    }
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    assert_str(expand(b, "\"" ONE "\"", "a"), "https://e.x/1");
    bench_free(b);
}

static void an_empty_context_is_not_kept(void **state) {
    (void)state;
    static const char *const empty[] = {"{\"@context\":{}}", "{\"@context\":[]}",
                                        "{\"@context\":null}"};
    Bench *b = bench_new(10);
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        bench_page(b, ONE, empty[i]);
        assert_str(expand(b, "\"" ONE "\"", "a"), LD_DEFAULT "a");
    }
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    assert_str(expand(b, "\"" ONE "\"", "a"), "https://e.x/1");
    assert_int_equal(b->fetched, 4);
    bench_free(b);
}

static void documents_expire(void **state) {
    (void)state;
    Bench *b = bench_new(10);
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    assert_str(expand(b, "\"" ONE "\"", "a"), "https://e.x/1");
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/2\"}}");
    b->clock.fixed += TIME_HOUR - 1;
    assert_str(expand(b, "\"" ONE "\"", "a"), "https://e.x/1");
    b->clock.fixed += 1;
    const LdContext *context;
    assert_int_equal(
        ld_context_resolve(&b->ctx, b->cache, bench_json(b, "\"" ONE "\""), false, &context),
        RC_BUSY);
    assert_str(expand(b, "\"" ONE "\"", "a"), "https://e.x/2");
    assert_int_equal(b->fetched, 2);
    bench_free(b);
}

static void an_expired_document_serves_while_its_source_is_silent(void **state) {
    (void)state;
    Bench *b = bench_new(10);
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    resolve_and_release(b, "\"" ONE "\"");
    bench_page(b, ONE, NULL);
    b->clock.fixed += 2 * TIME_HOUR;
    for (int i = 0; i < 3; i++)
        assert_str(expand(b, "\"" ONE "\"", "a"), "https://e.x/1");
    assert_int_equal(b->fetched, 2);
    b->clock.fixed += TIME_MINUTE;
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/2\"}}");
    assert_str(expand(b, "\"" ONE "\"", "a"), "https://e.x/2");
    bench_free(b);
}

static void the_least_used_goes_first(void **state) {
    (void)state;
    Bench *b = bench_new(3);
    bench_page(b, "https://w.x/1", "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    bench_page(b, "https://w.x/2", "{\"@context\":{\"a\":\"https://e.x/2\"}}");
    bench_page(b, "https://w.x/3", "{\"@context\":{\"a\":\"https://e.x/3\"}}");
    bench_page(b, "https://w.x/4", "{\"@context\":{\"a\":\"https://e.x/4\"}}");
    resolve_and_release(b, "\"https://w.x/1\"");
    resolve_and_release(b, "\"https://w.x/2\"");
    resolve_and_release(b, "\"https://w.x/3\"");
    resolve_and_release(b, "[\"https://w.x/1\",{}]");
    resolve_and_release(b, "\"https://w.x/4\"");
    assert_int_equal(b->fetched, 4);
    Str text;
    assert_int_equal(ld_cache_find(&b->ctx, b->cache, STR("https://w.x/1"), &text), RC_OK);
    assert_int_equal(ld_cache_find(&b->ctx, b->cache, STR("https://w.x/2"), &text), RC_NOT_FOUND);
    bench_free(b);
}

static void add_bytes(void *arg, const LdCached *item) {
    *(size_t *)arg += item->url.len + item->text.len;
}

static void memory_is_bounded(void **state) {
    (void)state;
    Bench *b = bench_new(1000);
    LdCache *small = ld_cache_new((LdCacheOptions){.max_count = 1000, .max_bytes = 10 << 10});
    for (int i = 0; i < 200; i++) {
        Str text = str_fmt(b->ctx.arena, "{\"a\":\"https://e.x/%d\"}", i);
        const LdContext *context;
        assert_int_equal(
            ld_context_resolve(&b->ctx, small, bench_json(b, text.ptr), false, &context), RC_OK);
        ld_context_release(context);
    }
    size_t bytes = 0;
    ld_cache_each(small, add_bytes, &bytes);
    assert_in_range(bytes, 1000, 10 << 10);
    Str text;
    const LdContext *first;
    assert_int_equal(ld_context_resolve(&b->ctx, small,
                                        bench_json(b, "{\"a\":\"https://e.x/199\"}"), false,
                                        &first),
                     RC_OK);
    assert_int_equal(ld_cache_find(&b->ctx, small, ld_context_url(first), &text), RC_OK);
    ld_context_release(first);
    ld_cache_free(small);
    LdCache *none = ld_cache_new((LdCacheOptions){.max_count = 0});
    assert_int_equal(ld_context_resolve(&b->ctx, none, bench_json(b, "{\"a\":\"https://e.x/1\"}"),
                                        false, &first),
                     RC_OK);
    assert_str(ld_expand(first, b->ctx.arena, STR("a")), "https://e.x/1");
    ld_context_release(first);
    ld_cache_free(none);
    bench_free(b);
}

static void list_one(void *arg, const LdCached *item) {
    buf_addf(arg, STR_FMT " " STR_FMT " %d %d %d\n", STR_ARG(item->url), STR_ARG(item->text),
             item->hosted, item->fetched_at == 1000 * TIME_DAY, (int)item->uses);
}

static void hosted_contexts_need_no_fetch_and_can_change(void **state) {
    (void)state;
    Bench *b = bench_new(1);
    const char *url = "http://127.0.0.1/ngsi-ld/v1/jsonldContexts/7";
    const char *quoted = "\"http://127.0.0.1/ngsi-ld/v1/jsonldContexts/7\"";
    assert_int_equal(ld_cache_put(&b->ctx, b->cache, str_of(url),
                                  bench_json(b, "{\"@context\":{\"a\":\"https://e.x/1\"}}")),
                     RC_OK);
    assert_str(expand(b, quoted, "a"), "https://e.x/1");
    b->clock.fixed += 400 * TIME_DAY;
    assert_str(expand(b, quoted, "a"), "https://e.x/1");
    assert_int_equal(ld_cache_put(&b->ctx, b->cache, str_of(url),
                                  bench_json(b, "{\"@context\":{\"a\":\"https://e.x/2\"}}")),
                     RC_OK);
    assert_str(expand(b, quoted, "a"), "https://e.x/2");
    ld_cache_drop(b->cache, str_of(url));
    const LdContext *context;
    assert_int_equal(ld_context_resolve(&b->ctx, b->cache, bench_json(b, quoted), true, &context),
                     RC_FAILED);
    assert_int_equal(ld_cache_put(&b->ctx, b->cache, str_of(url), bench_json(b, "{\"no\":1}")),
                     RC_INVALID);
    bench_free(b);
}

static void hosted_contexts_are_never_displaced(void **state) {
    (void)state;
    Bench *b = bench_new(1);
    const Json *document = bench_json(b, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    for (int i = 0; i < 50; i++)
        assert_int_equal(
            ld_cache_put(&b->ctx, b->cache, str_fmt(b->ctx.arena, "https://h.x/%d", i), document),
            RC_OK);
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    resolve_and_release(b, "\"" ONE "\"");
    for (int i = 0; i < 50; i++) {
        Str text;
        assert_int_equal(
            ld_cache_find(&b->ctx, b->cache, str_fmt(b->ctx.arena, "https://h.x/%d", i), &text),
            RC_OK);
    }
    bench_free(b);
}

static void the_list_tells_uses(void **state) {
    (void)state;
    Bench *b = bench_new(10);
    bench_page(b, ONE, "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    for (int i = 0; i < 3; i++)
        resolve_and_release(b, "\"" ONE "\"");
    Buf list = buf_new(b->ctx.arena, 1000);
    ld_cache_each(b->cache, list_one, &list);
    assert_str(buf_str(&list), ONE " {\"@context\":{\"a\":\"https://e.x/1\"}} 0 1 2\n");
    bench_free(b);
}

static void a_held_context_outlives_its_cache_entry(void **state) {
    (void)state;
    Bench *b = bench_new(1);
    const LdContext *held = ld_context_keep(bench_resolve(b, "{\"a\":\"https://e.x/1\"}"));
    resolve_and_release(b, "{\"b\":\"https://e.x/2\"}");
    ld_context_release(held);
    assert_str(ld_expand(held, b->ctx.arena, STR("a")), "https://e.x/1");
    ld_context_release(held);
    ld_context_release(NULL);
    ld_context_release(ld_context_keep(ld_core()));
    bench_free(b);
}

typedef struct Worker {
    Bench *bench;
    uint64_t seed;
    int failures;
} Worker;

static void work_once(Worker *w, Ctx *ctx, int i) {
    uint64_t n = rand_below(ctx->rand, 12);
    Str text = n < 6 ? str_fmt(ctx->arena, "\"https://w.x/%d\"", (int)n)
                     : str_fmt(ctx->arena, "{\"a\":\"https://e.x/%d\"}", (int)n);
    Str expected = str_fmt(ctx->arena, "https://e.x/%d", (int)n);
    const Json *at_context = NULL;
    const LdContext *context = NULL;
    Rc rc = json_read(ctx, text, JSON_LIMITS_DEFAULT, &at_context);
    if (rc == RC_OK) rc = ld_context_resolve(ctx, w->bench->cache, at_context, true, &context);
    if (rc != RC_OK || !str_eq(ld_expand(context, ctx->arena, STR("a")), expected)) w->failures++;
    if (rc == RC_OK) ld_context_release(context);
    if (i % 100 == 50) ld_cache_drop(w->bench->cache, STR("https://w.x/3"));
}

static void *work(void *arg) {
    Worker *w = arg;
    Clock clock = {.fixed = w->bench->clock.fixed};
    Rand rand = rand_seeded(w->seed);
    Ctx ctx = {.arena = arena_new(1 << 24), .clock = &clock, .rand = &rand};
    for (int i = 0; i < 1000; i++) {
        if (i % 200 == 199) clock.fixed += TIME_HOUR; /* the threads disagree on what has expired */
        work_once(w, &ctx, i);
        arena_reset(ctx.arena);
    }
    arena_free(ctx.arena);
    return NULL;
}

static void threads_share_a_cache(void **state) {
    (void)state;
    enum { THREADS = 8 };
    Bench *b = bench_new(5); /* fewer than are used, so that all is displaced again and again */
    static char urls[6][32], bodies[6][64];
    for (int i = 0; i < 6; i++) {
        snprintf(urls[i], sizeof urls[i], "https://w.x/%d", i);
        snprintf(bodies[i], sizeof bodies[i], "{\"@context\":{\"a\":\"https://e.x/%d\"}}", i);
        bench_page(b, urls[i], bodies[i]);
    }
    pthread_t threads[THREADS];
    Worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (Worker){b, (uint64_t)i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failures, 0);
    }
    bench_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_fetched_once),
        cmocka_unit_test(the_same_context_is_the_same_object),
        cmocka_unit_test(nothing_is_fetched_on_a_loop_thread),
        cmocka_unit_test(what_is_broken_is_asked_for_again),
        cmocka_unit_test(an_empty_context_is_not_kept),
        cmocka_unit_test(documents_expire),
        cmocka_unit_test(an_expired_document_serves_while_its_source_is_silent),
        cmocka_unit_test(the_least_used_goes_first),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(hosted_contexts_need_no_fetch_and_can_change),
        cmocka_unit_test(hosted_contexts_are_never_displaced),
        cmocka_unit_test(the_list_tells_uses),
        cmocka_unit_test(a_held_context_outlives_its_cache_entry),
        cmocka_unit_test(threads_share_a_cache),
    };
    return cmocka_run_group_tests_name("ld cache", tests, NULL, NULL);
}
