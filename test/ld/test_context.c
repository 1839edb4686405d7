/* Tests of contexts: tables of @context, term, IRI, both ways. */
#include "ld_bench.h"

#define SDM "https://smartdatamodels.org/"

static void terms_become_iris_and_come_back(void **state) {
    (void)state;
    static const struct {
        const char *at_context, *term, *iri;
        const char *back; /* NULL: the term */
    } cases[] = {
        /* the core alone */
        {NULL, "temperature", LD_DEFAULT "temperature", NULL},
        {NULL, "気温", LD_DEFAULT "気温", NULL},
        {NULL, "location", LD_NGSI "location", NULL},
        {NULL, "Point", "https://purl.org/geojson/vocab#Point", NULL},
        {NULL, "type", "@type", NULL},
        {NULL, "@id", "@id", "id"},
        {NULL, "@value", "@value", NULL},
        {NULL, "title", "http://purl.org/dc/terms/title", NULL},
        {NULL, "ngsi-ld:unknown", LD_NGSI "unknown", NULL},
        {NULL, "geojson:other", "https://purl.org/geojson/vocab#other", NULL},
        {NULL, "https://schema.org/name", "https://schema.org/name", NULL},
        {NULL, "urn:x:y", "urn:x:y", NULL},
        {NULL, "ngsi-ld://x", "ngsi-ld://x", NULL},
        {NULL, "a/b", LD_DEFAULT "a/b", NULL},
        {NULL, "no scheme: here", LD_DEFAULT "no scheme: here",
         "ngsi-ld:default-context/no scheme: here"},
        {NULL, LD_DEFAULT "location", LD_DEFAULT "location", "ngsi-ld:default-context/location"},
        {NULL, LD_DEFAULT, LD_DEFAULT, "ngsi-ld:default-context/"},
        /* objects */
        {"{\"a\":\"https://e.x/a\"}", "a", "https://e.x/a", NULL},
        {"{\"a\":\"https://e.x/a\"}", "b", LD_DEFAULT "b", NULL},
        {"{\"a\":{\"@id\":\"https://e.x/a\",\"@type\":\"@id\"}}", "a", "https://e.x/a", NULL},
        {"{\"a\":{\"@id\":\"https://e.x/a\",\"@container\":[\"@set\",\"@index\"]}}", "a",
         "https://e.x/a", NULL},
        {"{\"a\":{\"@id\":\"https://e.x/a\",\"@context\":{\"b\":\"https://e.x/b\"}}}", "b",
         LD_DEFAULT "b", NULL},
        /* prefixes, in either order */
        {"{\"e\":\"https://e.x/\",\"a\":\"e:a\"}", "a", "https://e.x/a", NULL},
        {"{\"a\":\"e:a\",\"e\":\"https://e.x/\"}", "a", "https://e.x/a", NULL},
        {"{\"e\":\"https://e.x/\"}", "e:z", "https://e.x/z", NULL},
        {"{\"e\":\"https://e.x#\"}", "e:z", "https://e.x#z", NULL},
        {"{\"e\":\"https://e.x/v\"}", "e:z", "e:z", NULL},
        {"{\"e\":{\"@id\":\"https://e.x/v\",\"@prefix\":true}}", "e:z", "https://e.x/vz",
         "https://e.x/vz"},
        {"{\"e\":{\"@id\":\"https://e.x/\",\"@prefix\":false}}", "e:z", "e:z", NULL},
        {"{\"e\":\"https://e.x/\"}", "e://z", "e://z", NULL},
        {"{\"e\":\"https://e.x/\",\"ef\":\"https://e.x/f/\"}", "ef:z", "https://e.x/f/z", NULL},
        {"{\"e\":\"https://e.x/\",\"longf\":\"https://e.x/f/\"}", "longf:z", "https://e.x/f/z",
         "e:f/z"},
        {"{\"eeeee\":\"https://e.x/\",\"e\":\"https://e.x/f/\"}", "e:z", "https://e.x/f/z", NULL},
        {"{\"e\":\"https://e.x/\",\"d\":\"https://e.x/\"}", "e:z", "https://e.x/z", "d:z"},
        {"{\"e\":\"https://e.x/\",\"e:z\":\"https://other.x/\"}", "https://e.x/z", "https://e.x/z",
         NULL},
        {"{\"e\":\"https://e.x/\",\"e:z\":{\"@type\":\"@id\"}}", "e:z", "https://e.x/z", NULL},
        {"{\"l\":\"ngsi-ld:hasThing\"}", "l", LD_NGSI "hasThing", NULL},
        /* terms for terms */
        {"{\"a\":\"b\",\"b\":\"https://e.x/b\"}", "a", "https://e.x/b", NULL},
        {"{\"b\":\"https://e.x/b\",\"aa\":\"b\"}", "aa", "https://e.x/b", "b"},
        {"{\"z\":\"https://e.x/b\",\"b\":\"https://e.x/b\"}", "z", "https://e.x/b", "b"},
        /* @vocab */
        {"{\"@vocab\":\"https://v.x/\",\"a\":\"b\"}", "a", "https://v.x/b", NULL},
        {"{\"@vocab\":\"https://v.x/\",\"a\":{\"@type\":\"@vocab\"}}", "a", "https://v.x/a", NULL},
        {"{\"@vocab\":\"e:v/\",\"e\":\"https://e.x/\",\"a\":\"b\"}", "a", "https://e.x/v/b", NULL},
        {"{\"@vocab\":\"https://v.x/\"}", "c", LD_DEFAULT "c", NULL},
        {"{\"a\":{\"@type\":\"@id\"}}", "a", LD_DEFAULT "a", NULL},
        /* lists: later ones win, null forgets */
        {"[{\"a\":\"https://e.x/1\"},{\"a\":\"https://e.x/2\"}]", "a", "https://e.x/2", NULL},
        {"[{\"a\":\"https://e.x/1\"},null,{\"b\":\"https://e.x/2\"}]", "a", LD_DEFAULT "a", NULL},
        {"[{\"a\":\"https://e.x/1\"},{\"a\":null}]", "a", LD_DEFAULT "a", NULL},
        {"[{\"a\":\"https://e.x/1\"},{\"a\":{\"@id\":null}}]", "a", LD_DEFAULT "a", NULL},
        {"[{\"e\":\"https://e.x/\"},{\"a\":\"e:a\"}]", "a", "https://e.x/a", NULL},
        {"[]", "a", LD_DEFAULT "a", NULL},
        {"{}", "a", LD_DEFAULT "a", NULL},
        /* the core wins, before and after */
        {"{\"location\":\"https://e.x/l\"}", "location", LD_NGSI "location", NULL},
        {"{\"location\":\"https://e.x/l\"}", "https://e.x/l", "https://e.x/l", NULL},
        {"{\"ort\":\"https://uri.etsi.org/ngsi-ld/location\"}", "ort", LD_NGSI "location",
         "location"},
        {"{\"ngsi-ld\":\"https://e.x/\"}", "ngsi-ld:q", LD_NGSI "q", "q"},
        {"{\"type\":\"https://e.x/t\",\"id\":\"https://e.x/i\"}", "type", "@type", NULL},
        {"{\"identifier\":\"@id\",\"kind\":\"@type\"}", "kind", "@type", "type"},
        /* core contexts by URL */
        {"\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld\"", "a", LD_DEFAULT "a",
         NULL},
        {"\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.3.jsonld\"", "join",
         LD_NGSI "join", NULL},
        {"\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld\"", "objectsLists",
         LD_NGSI "hasObjectsLists", NULL},
        {"\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.7.jsonld\"",
         "VocabularyProperty", LD_NGSI "VocabularyProperty", NULL},
        {"\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld\"", "objectsLists",
         LD_DEFAULT "objectsLists", NULL},
        {"[\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld\",{\"a\":\"https://"
         "e.x/a\"}]",
         "a", "https://e.x/a", NULL},
        /* remote ones */
        {"\"https://w.x/one\"", "a", "https://e.x/1", NULL},
        {"[\"https://w.x/one\",{\"a\":\"https://e.x/local\"}]", "a", "https://e.x/local", NULL},
        {"\"https://w.x/both\"", "b", "https://e.x/2", NULL},
        {"{\"@import\":\"https://w.x/one\",\"b\":\"https://e.x/own\"}", "a", "https://e.x/1", NULL},
        {"{\"@import\":\"https://w.x/one\",\"a\":\"https://e.x/own\"}", "a", "https://e.x/own",
         NULL},
        /* what is ignored */
        {"{\"@version\":1.1,\"@protected\":true,\"@base\":\"https://b.x/"
         "\",\"@language\":\"ja\",\"@propagate\":true,\"a\":\"https://e.x/a\"}",
         "a", "https://e.x/a", NULL},
        {"{\"@reserved\":\"https://e.x/r\",\"a\":\"https://e.x/a\"}", "a", "https://e.x/a", NULL},
    };
    Bench *b = bench_new(100);
    bench_page(b, "https://w.x/one", "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    bench_page(b, "https://w.x/two", "{\"@context\":{\"b\":\"https://e.x/2\"},\"other\":1}");
    bench_page(b, "https://w.x/both", "{\"@context\":[\"https://w.x/one\",\"https://w.x/two\"]}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const LdContext *context = bench_resolve(b, cases[i].at_context);
        Str iri = ld_expand(context, b->ctx.arena, str_of(cases[i].term));
        Str back = ld_compact(context, b->ctx.arena, iri);
        const char *expected = cases[i].back ? cases[i].back : cases[i].term;
        if (!str_eq(iri, str_of(cases[i].iri)) || !str_eq(back, str_of(expected)))
            fail_msg("%s in %s: %.*s and back %.*s", cases[i].term, cases[i].at_context,
                     STR_ARG(iri), STR_ARG(back));
        ld_context_release(context);
    }
    bench_free(b);
}

static void unusable_contexts_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *at_context, *path;
        Rc rc;
    } cases[] = {
        {"1", "@context", RC_INVALID},
        {"[1]", "@context", RC_INVALID},
        {"[[]]", "@context", RC_INVALID},
        {"\"relative\"", "@context", RC_INVALID},
        {"\"file:///etc/passwd\"", "@context", RC_INVALID},
        {"\"https://a b\"", "@context", RC_INVALID},
        {"\"\"", "@context", RC_INVALID},
        {"{\"a\":1}", "a", RC_INVALID},
        {"{\"a\":[]}", "a", RC_INVALID},
        {"{\"a\":\"\"}", "a", RC_INVALID},
        {"{\"a\":\"nothing\"}", "a", RC_INVALID},
        {"{\"a\":\"/relative\"}", "a", RC_INVALID},
        {"{\"a\":\"https://e.x/with space\"}", "a", RC_INVALID},
        {"{\"a\":\"@context\"}", "a", RC_INVALID},
        {"{\"\":\"https://e.x/\"}", "\"\"", RC_INVALID},
        {"{\"a\":{\"@id\":1}}", "a", RC_INVALID},
        {"{\"a\":{\"@id\":\"https://e.x/\",\"@type\":1}}", "a", RC_INVALID},
        {"{\"a\":{\"@id\":\"https://e.x/\",\"@container\":\"@bag\"}}", "a", RC_INVALID},
        {"{\"a\":{\"@reverse\":\"https://e.x/\"}}", "a", RC_INVALID},
        {"{\"a\":{\"id\":\"https://e.x/\"}}", "a", RC_INVALID},
        {"{\"with space\":{\"@type\":\"@id\"}}", "with space", RC_INVALID},
        {"{\"a\":\"b\",\"b\":\"a\"}", "a", RC_INVALID},
        {"{\"a\":\"b:x\",\"b\":\"c:x\",\"c\":\"a:x\"}", "a", RC_INVALID},
        {"{\"a\":\"a\"}", "a", RC_INVALID},
        {"{\"@vocab\":1}", "@vocab", RC_INVALID},
        {"{\"@vocab\":\"nothing\"}", "@vocab", RC_INVALID},
        {"{\"@import\":1}", "@import", RC_INVALID},
        {"{\"@import\":\"https://w.x/list\"}", "@import", RC_INVALID},
        {"\"https://w.x/gone\"", "@context", RC_FAILED},
        {"\"https://w.x/html\"", "@context", RC_FAILED},
        {"\"https://w.x/none\"", "@context", RC_FAILED},
        {"\"https://w.x/array\"", "@context", RC_FAILED},
        {"\"https://w.x/empty\"", "@context", RC_FAILED},
        {"\"https://w.x/bad\"", "a", RC_INVALID},
        {"\"https://w.x/self\"", "@context", RC_INVALID},
        {"[{\"a\":\"https://e.x/a\"},\"https://w.x/gone\"]", "@context", RC_FAILED},
    };
    Bench *b = bench_new(100);
    bench_page(b, "https://w.x/html", "<html>Not found</html>");
    bench_page(b, "https://w.x/none", "{\"a\":\"https://e.x/a\"}");
    bench_page(b, "https://w.x/array", "[{\"@context\":{}}]");
    bench_page(b, "https://w.x/empty", "");
    bench_page(b, "https://w.x/bad", "{\"@context\":{\"a\":1}}");
    bench_page(b, "https://w.x/list", "{\"@context\":[{}]}");
    bench_page(b, "https://w.x/self", "{\"@context\":\"https://w.x/self\"}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const LdContext *context;
        Rc rc = ld_context_resolve(&b->ctx, b->cache, bench_json(b, cases[i].at_context), true,
                                   &context);
        Str code = rc == RC_FAILED ? STR("context-unavailable") : STR("bad-context");
        if (rc != cases[i].rc || !str_eq(b->ctx.error.path, str_of(cases[i].path)) ||
            !str_eq(b->ctx.error.code, code))
            fail_msg("%s: %s, %.*s: %.*s", cases[i].at_context, rc_name(rc),
                     STR_ARG(b->ctx.error.path), STR_ARG(b->ctx.error.detail));
    }
    bench_free(b);
}

static void bounds_are_kept(void **state) {
    (void)state;
    Bench *b = bench_new(100);
    const LdContext *context;
    static char urls[64][32], bodies[64][64];
    for (int i = 0; i < 40; i++) { /* a chain: each names the next */
        snprintf(urls[i], sizeof urls[i], "https://w.x/%d", i);
        snprintf(bodies[i], sizeof bodies[i], "{\"@context\":\"https://w.x/%d\"}", i + 1);
        bench_page(b, urls[i], i == 32 ? "{\"@context\":{}}" : bodies[i]);
    }
    assert_int_equal(
        ld_context_resolve(&b->ctx, b->cache, bench_json(b, "\"https://w.x/25\""), true, &context),
        RC_OK);
    ld_context_release(context);
    assert_int_equal(
        ld_context_resolve(&b->ctx, b->cache, bench_json(b, "\"https://w.x/24\""), true, &context),
        RC_INVALID);
    Buf many = buf_new(b->ctx.arena, 1 << 20);
    for (int i = 0; i < 33; i++)
        buf_addf(&many, "%c\"https://w.x/32\"", i ? ',' : '[');
    buf_add(&many, STR("]"));
    buf_add_char(&many, 0);
    assert_int_equal(ld_context_resolve(&b->ctx, b->cache, bench_json(b, many.ptr), true, &context),
                     RC_INVALID);
    Buf chain = buf_new(b->ctx.arena, 1 << 20);
    for (int i = 0; i < 5000; i++)
        buf_addf(&chain, "%c\"t%d\":\"t%d\"", i ? ',' : '{', i, i + 1);
    buf_add(&chain, STR("}"));
    buf_add_char(&chain, 0);
    assert_int_equal(
        ld_context_resolve(&b->ctx, b->cache, bench_json(b, chain.ptr), true, &context),
        RC_INVALID);
    Buf wide = buf_new(b->ctx.arena, 1 << 22);
    for (int i = 0; i < 10001; i++)
        buf_addf(&wide, "%c\"t%d\":\"https://e.x/%d\"", i ? ',' : '{', i, i);
    buf_add(&wide, STR("}"));
    buf_add_char(&wide, 0);
    assert_int_equal(ld_context_resolve(&b->ctx, b->cache, bench_json(b, wide.ptr), true, &context),
                     RC_INVALID);
    Buf iri = buf_new(b->ctx.arena, 1 << 20);
    buf_add(&iri, STR("{\"e\":\"https://e.x/"));
    for (int i = 0; i < 2000; i++)
        buf_add_char(&iri, 'x');
    buf_add(&iri, STR("/\",\"a\":\"e:0123456789012345678901234567890123456789\"}"));
    buf_add_char(&iri, 0);
    assert_int_equal(ld_context_resolve(&b->ctx, b->cache, bench_json(b, iri.ptr), true, &context),
                     RC_INVALID);
    bench_free(b);
}

static void the_source_and_the_url_are_given_back(void **state) {
    (void)state;
    static const struct {
        const char *at_context, *source, *url; /* url: a beginning */
    } cases[] = {
        {NULL, "\"" LD_CORE_CONTEXT "\"", LD_CORE_CONTEXT},
        {"\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.3.jsonld\"",
         "\"" LD_CORE_CONTEXT "\"", LD_CORE_CONTEXT},
        {"\"https://w.x/one\"", "[\"https://w.x/one\",\"" LD_CORE_CONTEXT "\"]", "https://w.x/one"},
        {"[\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld\",\"https://w.x/one\"]",
         "[\"https://w.x/one\",\"" LD_CORE_CONTEXT "\"]", "https://w.x/one"},
        {"[\"https://w.x/one\",{\"b\":\"https://e.x/b\"},{}]",
         "[\"https://w.x/one\",{\"b\":\"https://e.x/b\"},\"" LD_CORE_CONTEXT "\"]", LD_IMPLICIT},
        {"{\"b\":\"https://e.x/b\"}", "[{\"b\":\"https://e.x/b\"},\"" LD_CORE_CONTEXT "\"]",
         LD_IMPLICIT},
        {"\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld\"",
         "[\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld\",\"" LD_CORE_CONTEXT
         "\"]",
         "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"},
    };
    Bench *b = bench_new(100);
    bench_page(b, "https://w.x/one", "{\"@context\":{\"a\":\"https://e.x/1\"}}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const LdContext *context = bench_resolve(b, cases[i].at_context);
        assert_str(bench_text(b, ld_context_source(context)), cases[i].source);
        if (!str_starts(ld_context_url(context), str_of(cases[i].url)))
            fail_msg("%s: %.*s", cases[i].source, STR_ARG(ld_context_url(context)));
        ld_context_release(context);
    }
    bench_free(b);
}

static void an_implicit_context_can_be_followed(void **state) {
    (void)state;
    Bench *b = bench_new(100);
    const LdContext *first = bench_resolve(b, "{\"b\":\"https://e.x/b\"}");
    Str text;
    assert_int_equal(ld_cache_find(&b->ctx, b->cache, ld_context_url(first), &text), RC_OK);
    assert_true(str_starts(text, STR("{\"@context\":[{\"b\":")));
    Str quoted = str_fmt(b->ctx.arena, "\"%.*s\"", STR_ARG(ld_context_url(first)));
    const LdContext *again = bench_resolve(b, quoted.ptr);
    assert_str(ld_expand(again, b->ctx.arena, STR("b")), "https://e.x/b");
    assert_true(ld_context_key(first) == ld_context_key(again));
    assert_int_equal(ld_cache_find(&b->ctx, b->cache, STR(LD_IMPLICIT "0"), &text), RC_NOT_FOUND);
    ld_context_release(first);
    ld_context_release(again);
    bench_free(b);
}

static void keys_tell_contexts_apart(void **state) {
    (void)state;
    static const char *const contexts[] = {
        "{\"a\":\"https://e.x/a\"}",
        "{\"a\":\"https://e.x/b\"}",
        "{\"b\":\"https://e.x/a\"}",
        "{\"a\":{\"@id\":\"https://e.x/a\",\"@type\":\"@vocab\"}}",
        "{\"a\":{\"@id\":\"https://e.x/\",\"@prefix\":false}}",
        "{\"a\":\"https://e.x/\"}",
        "{\"aa\":\"https://e.x/\"}",
    };
    enum { N = sizeof contexts / sizeof *contexts };
    Bench *b = bench_new(100);
    uint64_t keys[N + 1] = {ld_context_key(ld_core())};
    for (size_t i = 0; i < N; i++) {
        const LdContext *context = bench_resolve(b, contexts[i]);
        keys[i + 1] = ld_context_key(context);
        for (size_t j = 0; j <= i; j++)
            if (keys[j] == keys[i + 1]) fail_msg("%s", contexts[i]);
        ld_context_release(context);
    }
    const LdContext *same =
        bench_resolve(b, "[null,{\"a\":\"https://e.x/a\",\"location\":\"https://e.x/l\"}]");
    assert_true(ld_context_key(same) == keys[1]);
    ld_context_release(same);
    bench_free(b);
}

static void vocabulary_terms_are_known(void **state) {
    (void)state;
    Bench *b = bench_new(100);
    const LdContext *context = bench_resolve(
        b,
        "{\"kind\":{\"@id\":\"https://e.x/k\",\"@type\":\"@vocab\"},\"plain\":\"https://e.x/p\"}");
    assert_true(ld_term_is_vocab(context, STR("kind")));
    assert_true(ld_term_is_vocab(context, STR("vocab")));
    assert_false(ld_term_is_vocab(context, STR("plain")));
    assert_false(ld_term_is_vocab(context, STR("other")));
    ld_context_release(context);
    bench_free(b);
}

static void iris_are_told_from_names(void **state) {
    (void)state;
    static const struct {
        Str text;
        bool iri;
    } cases[] = {
        {STR("urn:ngsi-ld:A:1"), true},
        {STR("https://e.x/あ"), true},
        {STR("a:b"), true},
        {STR("a+b-c.1:x"), true},
        {STR("a:"), false},
        {STR(":a"), false},
        {STR("1a:b"), false},
        {STR("a_b:c"), false},
        {STR("name"), false},
        {STR(""), false},
        {STR("urn:a b"), false},
        {STR("urn:a\"b"), false},
        {STR("urn:<a>"), false},
        {STR("urn:{a}"), false},
        {STR("urn:a|b"), false},
        {STR("urn:a\\b"), false},
        {STR("urn:a^b"), false},
        {STR("urn:a`b"), false},
        {STR("urn:a\0b"), false},
        {STR("urn:a\x7F"), false},
        {STR("urn:a\n"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (ld_is_iri(cases[i].text) != cases[i].iri) fail_msg("%.*s", STR_ARG(cases[i].text));
}

/* A context of random terms over few names and IRIs, so that they meet. */
static Str random_context(Bench *b) {
    static const char *const names[] = {"a",        "b",   "ab",  "e",      "f",
                                        "location", "a/b", "e:a", "default"};
    static const char *const iris[] = {
        "https://e.x/", "https://e.x/a", "https://e.x/a/",   "e:a",          "f:b/",
        "https://e.x#", "urn:x:",        LD_NGSI "location", LD_DEFAULT "a", LD_DEFAULT};
    Buf to = buf_new(b->ctx.arena, 1 << 16);
    buf_add_char(&to, '{');
    bool used[9] = {false};
    for (int i = 0; i < 6; i++) {
        size_t name = rand_below(&b->rand, 9);
        if (used[name]) continue;
        used[name] = true;
        buf_addf(&to, "%s\"%s\":\"%s\"", to.len > 1 ? "," : "", names[name],
                 iris[rand_below(&b->rand, 10)]);
    }
    buf_add(&to, STR("}"));
    buf_add_char(&to, 0);
    return buf_str(&to);
}

static void compaction_is_always_undone_by_expansion(void **state) {
    (void)state;
    static const char *const tails[] = {"",    "a",   "b",  "ab",       "/a",      "//a", "a/b",
                                        "a:b", "a#b", "@a", "location", "default", "e:a"};
    static const char *const heads[] = {"https://e.x/",
                                        "https://e.x#",
                                        "https://e.x/a/",
                                        "urn:x:",
                                        LD_NGSI,
                                        LD_DEFAULT,
                                        "https://purl.org/geojson/vocab#",
                                        "f:"};
    Bench *b = bench_new(10);
    int resolved = 0;
    for (int i = 0; i < 2000; i++) {
        const LdContext *context;
        const Json *at_context = bench_json(b, random_context(b).ptr);
        if (ld_context_resolve(&b->ctx, b->cache, at_context, true, &context) != RC_OK) continue;
        resolved++;
        for (size_t h = 0; h < 8; h++)
            for (size_t t = 0; t < 13; t++) {
                Str iri = str_fmt(b->ctx.arena, "%s%s", heads[h], tails[t]);
                if (!ld_is_iri(iri) || !str_eq(ld_expand(context, b->ctx.arena, iri), iri))
                    continue;
                Str name = ld_compact(context, b->ctx.arena, iri);
                if (!str_eq(ld_expand(context, b->ctx.arena, name), iri))
                    fail_msg("%.*s: %.*s: %.*s", STR_ARG(bench_text(b, at_context)), STR_ARG(iri),
                             STR_ARG(name));
            }
        ld_context_release(context);
        arena_reset(b->ctx.arena);
    }
    assert_true(resolved > 500);
    bench_free(b);
}

static void real_contexts_resolve(void **state) {
    (void)state;
    static const struct {
        const char *file, *term, *iri;
    } cases[] = {
        {"Alert", "alertSource", NULL},
        {"Building", "Building", NULL},
        {"CallComplaints", "location", LD_NGSI "location"},
        {"Device", "batteryLevel", NULL},
        {"Environment", "NoiseLevelObserved", NULL},
        {"IssueTracking", "attributes", LD_NGSI "attributes"},
        {"OpenChannelManagement", "OpenChannel", NULL},
        {"Parking", "ParkingSpot", NULL},
        {"ParksAndGardens", "Garden", NULL},
        {"PointOfInterest", "Museum", NULL},
        {"RiskManagement", "Hazard", NULL},
        {"Streetlighting", "Streetlight", NULL},
        {"Transportation", "observedAt", LD_NGSI "observedAt"},
        {"UrbanMobility", "GtfsStop", NULL},
        {"WasteManagement", "WasteContainer", NULL},
        {"WaterQuality", "WaterQualityObserved", NULL},
        {"Weather", "WeatherObserved", NULL},
    };
    Bench *b = bench_new(100);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str name = str_fmt(b->ctx.arena, "contexts/%s.context.jsonld", cases[i].file);
        Str text = bench_sample(&b->ctx, name.ptr);
        if (!text.len) {
            bench_free(b);
            print_message("no sample %s\n", cases[i].file);
            skip();
        }
        const Json *document = bench_json(b, str_z(b->ctx.arena, text));
        Str url = str_fmt(b->ctx.arena, "https://samples.example/%s", cases[i].file);
        assert_int_equal(ld_cache_put(&b->ctx, b->cache, url, document), RC_OK);
        const LdContext *context = bench_resolve(b, str_fmt(b->ctx.arena, "\"%s\"", url.ptr).ptr);
        Str iri = ld_expand(context, b->ctx.arena, str_of(cases[i].term));
        if (cases[i].iri)
            assert_str(iri, cases[i].iri);
        else if (str_starts(iri, STR(LD_DEFAULT)))
            fail_msg("%s is not found in %s", cases[i].term, cases[i].file);
        const Json *terms = json_get(document, STR("@context"));
        for (uint32_t t = 0; t < terms->len; t++) {
            iri = ld_expand(context, b->ctx.arena, terms->value.members[t].name);
            Str back = ld_compact(context, b->ctx.arena, iri);
            if (!str_eq(ld_expand(context, b->ctx.arena, back), iri))
                fail_msg("%s: %.*s", cases[i].file, STR_ARG(terms->value.members[t].name));
        }
        ld_context_release(context);
    }
    bench_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_become_iris_and_come_back),
        cmocka_unit_test(unusable_contexts_are_refused),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(the_source_and_the_url_are_given_back),
        cmocka_unit_test(an_implicit_context_can_be_followed),
        cmocka_unit_test(keys_tell_contexts_apart),
        cmocka_unit_test(vocabulary_terms_are_known),
        cmocka_unit_test(iris_are_told_from_names),
        cmocka_unit_test(compaction_is_always_undone_by_expansion),
        cmocka_unit_test(real_contexts_resolve),
    };
    return cmocka_run_group_tests_name("ld context", tests, NULL, NULL);
}
