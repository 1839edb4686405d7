/* Tests of json's reader and getters: tables of text, outcome. */
#include "json/json.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct Bench {
    Ctx ctx;
    Clock clock;
    Rand rand;
} Bench;

static Bench *bench_new(void) {
    Bench *b = mem_zero(sizeof *b);
    b->clock.fixed = TIME_NONE;
    b->rand = rand_seeded(7);
    b->ctx = (Ctx){.arena = arena_new(1 << 30), .clock = &b->clock, .rand = &b->rand};
    return b;
}

static void bench_free(Bench *b) {
    arena_free(b->ctx.arena);
    mem_free(b);
}

static const Json *read_ok(Ctx *ctx, Str text) {
    const Json *value = NULL;
    Rc rc = json_read(ctx, text, JSON_LIMITS_DEFAULT, &value);
    if (rc != RC_OK)
        fail_msg("%.*s: %.*s", (int)(text.len < 80 ? text.len : 80), text.ptr,
                 STR_ARG(ctx->error.detail));
    return value;
}

static Str written(Ctx *ctx, const Json *value) {
    Buf to = buf_new(ctx->arena, 64 << 20);
    json_write(&to, value);
    assert_int_equal(buf_rc(&to), RC_OK);
    return buf_str(&to);
}

static void texts_are_read_and_given_back(void **state) {
    (void)state;
    static const struct {
        Str text, expected; /* expected: {0} when equal to text */
    } cases[] = {
        {STR("{}"), {0}},
        {STR("[]"), {0}},
        {STR(" [ ] \n"), STR("[]")},
        {STR("null"), {0}},
        {STR("true"), {0}},
        {STR(" false "), STR("false")},
        {STR("0"), {0}},
        {STR("-0"), {0}},
        {STR("-0.0"), {0}},
        {STR("1.0"), {0}},
        {STR("1e3"), {0}},
        {STR("1E+3"), {0}},
        {STR("0.1"), {0}},
        {STR("35.681236"), {0}},
        {STR("139.76712500000001"), {0}},
        {STR("1.50"), {0}},
        {STR("0.00001"), {0}},
        {STR("0.00000001"), {0}},
        {STR("1e-400"), {0}},
        {STR("9223372036854775807"), {0}},
        {STR("-9223372036854775808"), {0}},
        {STR("9223372036854775808"), {0}},
        {STR("123456789012345678901234567890"), {0}},
        {STR("100000000000000000000"), {0}},
        {STR("\"\""), {0}},
        {STR("\"a\""), {0}},
        {STR("\"まち𠮷\""), {0}},
        {STR("\"\\u307e\\u3061\\ud842\\udfb7\""), STR("\"まち𠮷\"")},
        {STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), STR("\"\\\"\\\\/\\b\\f\\n\\r\\t\"")},
        {STR("\"\\u0000\\u001F\x7F\""), STR("\"\\u0000\\u001f\x7F\"")},
        {STR("\"\\\\\""), {0}},
        {STR("\"a\\\\\\\"\" "), STR("\"a\\\\\\\"\"")},
        {STR("[1,\"2\",[3],{\"4\":5},null,true,false,-6.5]"), {0}},
        {STR("{\"a\" : {\"b\":[ {} , [] ]} , \"\":1}"), STR("{\"a\":{\"b\":[{},[]]},\"\":1}")},
        {STR("[\"{\",\"}\",\"[,]\",\":\"]"), {0}},
        {STR("\t\r\n {\"a\":\t1}\r\n"), STR("{\"a\":1}")},
    };
    Bench *b = bench_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str out = written(&b->ctx, read_ok(&b->ctx, cases[i].text));
        Str expected = cases[i].expected.ptr ? cases[i].expected : cases[i].text;
        if (!str_eq(out, expected))
            fail_msg("%.*s gave %.*s", STR_ARG(cases[i].text), STR_ARG(out));
    }
    bench_free(b);
}

static void malformed_texts_are_refused_at_their_place(void **state) {
    (void)state;
    static const struct {
        Str text;
        size_t byte;
    } cases[] = {
        {STR(""), 0},
        {STR("  \n"), 3},
        {STR("\xEF\xBB\xBF{}"), 0},
        {STR("{"), 1},
        {STR("["), 1},
        {STR("]"), 0},
        {STR("}"), 0},
        {STR("[}"), 1},
        {STR("{]"), 1},
        {STR("[1,2"), 4},
        {STR("[1 2]"), 3},
        {STR("[1,]"), 3},
        {STR("[,1]"), 1},
        {STR("[1,,2]"), 3},
        {STR("[1:2]"), 2},
        {STR("[1\"2\"]"), 1},
        {STR("[1[2]]"), 2},
        {STR("[[1,2,3"), 7},
        {STR("[[1}]"), 3},
        {STR("[1]]"), 3},
        {STR("{} {}"), 3},
        {STR("1 2"), 2},
        {STR("{\"a\"}"), 4},
        {STR("{\"a\":}"), 5},
        {STR("{\"a\":1,}"), 7},
        {STR("{\"a\" 1}"), 5},
        {STR("{\"a\":1 \"b\":2}"), 7},
        {STR("{a:1}"), 1},
        {STR("{1:1}"), 1},
        {STR("{'a':1}"), 1},
        {STR("{\"a\":1,\"a\":2}"), 0},
        {STR("[{\"a\":1,\"b\":0,\"\\u0061\":2}]"), 1},
        {STR("\"a"), 0},
        {STR("\"a\\\""), 0},
        {STR("\"a\" b"), 4},
        {STR("\"a\"b"), 3},
        {STR("[\"a\"\"b\"]"), 4},
        {STR("\"a\nb\""), 2},
        {STR("\"a\tb\""), 2},
        {STR("\"\0\""), 1},
        {STR("\"\\\n\""), 2},
        {STR("\"\\x\""), 1},
        {STR("\"\\u12g4\""), 1},
        {STR("\"\\u123\""), 1},
        {STR("\"\\ud842\""), 1},
        {STR("\"\\udfb7\""), 1},
        {STR("\"\\ud842\\u0041\""), 1},
        {STR("\"\\ud842x\""), 1},
        {STR("\"\\udfb7\\ud842\""), 1},
        {STR("\"\xC0\xAF\""), 1},
        {STR("\"\xED\xA0\x80\""), 1},
        {STR("\"\xF4\x90\x80\x80\""), 1},
        {STR("\"\xE3\x81\""), 1},
        {STR("\"\xFF\""), 1},
        {STR("[\"ok\", \x80]"), 7},
        {STR("01"), 0},
        {STR("-01"), 0},
        {STR("+1"), 0},
        {STR(".5"), 0},
        {STR("1."), 0},
        {STR("1.e3"), 0},
        {STR("1e"), 0},
        {STR("1e+"), 0},
        {STR("-"), 0},
        {STR("1a"), 0},
        {STR("0x10"), 0},
        {STR("1\0"), 0},
        {STR("1\f"), 0},
        {STR("[1\v]"), 1},
        {STR("NaN"), 0},
        {STR("Infinity"), 0},
        {STR("-Infinity"), 0},
        {STR("1e400"), 0},
        {STR("[-1e999]"), 1},
        {STR("tru"), 0},
        {STR("truex"), 0},
        {STR("True"), 0},
        {STR("nul"), 0},
        {STR("[nullnull]"), 1},
        {STR("/* c */ 1"), 0},
        {STR("[1] // c"), 4},
        {STR("{}\0"), 2},
        {STR("\x1a"), 0},
    };
    Bench *b = bench_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Json *value;
        Rc rc = json_read(&b->ctx, cases[i].text, JSON_LIMITS_DEFAULT, &value);
        Str byte = str_fmt(b->ctx.arena, "(byte %zu)", cases[i].byte);
        if (rc != RC_INVALID || str_find(b->ctx.error.detail, byte) < 0)
            fail_msg("case %zu %.*s: %s, %.*s", i, STR_ARG(cases[i].text), rc_name(rc),
                     STR_ARG(b->ctx.error.detail));
    }
    bench_free(b);
}

static void errors_name_line_and_column_in_characters(void **state) {
    (void)state;
    Bench *b = bench_new();
    const Json *value;
    Str text = STR("{\n  \"名前\": \"まち\",\n  \"値\": x\n}");
    assert_int_equal(json_read(&b->ctx, text, JSON_LIMITS_DEFAULT, &value), RC_INVALID);
    assert_true(str_starts(b->ctx.error.detail, STR("Line 3, column 8 (byte ")));
    assert_true(str_eq(b->ctx.error.code, STR("bad-json")));
    assert_int_equal(json_read(&b->ctx, STR("{\"a\":1,\"a\":1}"), JSON_LIMITS_DEFAULT, &value),
                     RC_INVALID);
    assert_true(str_find(b->ctx.error.detail, STR("the member \"a\" twice")) > 0);
    bench_free(b);
}

static Str repeat(Ctx *ctx, Str unit, size_t n) {
    Buf to = buf_new(ctx->arena, unit.len * n + 1);
    for (size_t i = 0; i < n; i++)
        buf_add(&to, unit);
    return buf_str(&to);
}

static void bounds_are_kept(void **state) {
    (void)state;
    Bench *b = bench_new();
    const Json *value;
    JsonLimits small = {.bytes = 10, .depth = 3};
    assert_int_equal(json_read(&b->ctx, STR("[[[1]]]"), small, &value), RC_OK);
    assert_int_equal(json_read(&b->ctx, STR("[[[[]]]]"), small, &value), RC_LIMIT);
    assert_true(str_eq(b->ctx.error.code, STR("json-too-deep")));
    assert_int_equal(json_read(&b->ctx, STR("[1,2,3,4,5]"), small, &value), RC_LIMIT);
    assert_true(str_eq(b->ctx.error.code, STR("json-too-large")));
    JsonLimits deepest = {.bytes = 1 << 20, .depth = SIZE_MAX};
    Str open = repeat(&b->ctx, STR("["), 1000), close = repeat(&b->ctx, STR("]"), 1000);
    Str parts[] = {open, close, STR("["), open};
    assert_int_equal(
        json_read(&b->ctx, str_join(b->ctx.arena, parts, 2, STR_NONE), deepest, &value), RC_OK);
    assert_int_equal(
        json_read(&b->ctx, str_join(b->ctx.arena, parts + 2, 2, STR_NONE), deepest, &value),
        RC_LIMIT);
    Str many = repeat(&b->ctx, STR("{\"a\":"), 1 << 17);
    assert_int_equal(json_read(&b->ctx, many, deepest, &value), RC_LIMIT);
    bench_free(b);
}

static void large_texts_are_read(void **state) {
    (void)state;
    Bench *b = bench_new();
    Str parts[] = {STR("[\""), repeat(&b->ctx, STR("漢字\\n"), 128 << 10), STR("\",\""),
                   repeat(&b->ctx, STR("x"), 1 << 20), STR("\"]")};
    Str text = str_join(b->ctx.arena, parts, 5, STR_NONE);
    const Json *value = read_ok(&b->ctx, text);
    assert_int_equal(json_str(json_at(value, 1)).len, 1 << 20);
    assert_true(str_eq(written(&b->ctx, value), text));
    const Json *cut;
    assert_int_equal(json_read(&b->ctx, str_sub(text, 0, text.len - 2), JSON_LIMITS_DEFAULT, &cut),
                     RC_INVALID);
    bench_free(b);
}

static void repeated_names_are_found_in_large_objects(void **state) {
    (void)state;
    Bench *b = bench_new();
    Buf to = buf_new(b->ctx.arena, 1 << 24);
    for (int i = 0; i < 100000; i++)
        buf_addf(&to, "%c\"name %d\":%d", i ? ',' : '{', i, i);
    Str body = buf_str(&to);
    Str fine[] = {body, STR("}")}, twice[] = {body, STR(",\"name 777\":0}")};
    const Json *value = read_ok(&b->ctx, str_join(b->ctx.arena, fine, 2, STR_NONE));
    assert_int_equal(json_get_int(value, "name 99999", -1), 99999);
    assert_int_equal(
        json_read(&b->ctx, str_join(b->ctx.arena, twice, 2, STR_NONE), JSON_LIMITS_DEFAULT, &value),
        RC_INVALID);
    assert_true(str_find(b->ctx.error.detail, STR("\"name 777\" twice")) > 0);
    bench_free(b);
}

static void every_prefix_of_a_text_is_refused(void **state) {
    (void)state;
    Bench *b = bench_new();
    Str text = STR("{\"a\":[1.5,\"\\u3042い\",{\"b\":null}],\"c\":{\"d\":[true,false,[]]}}");
    read_ok(&b->ctx, text);
    for (size_t len = 0; len < text.len; len++) {
        const Json *value;
        char *copy = mem_alloc(len); /* exactly as long: reading on would be seen */
        memcpy(copy, text.ptr, len);
        assert_int_equal(json_read(&b->ctx, (Str){copy, len}, JSON_LIMITS_DEFAULT, &value),
                         RC_INVALID);
        mem_free(copy);
    }
    bench_free(b);
}

static void numbers_are_exact(void **state) {
    (void)state;
    Bench *b = bench_new();
    const Json *v = read_ok(&b->ctx, STR("[9007199254740993, 9223372036854775808, 0.1, 2.0, -0]"));
    assert_true(json_at(v, 0)->is_int && json_at(v, 0)->value.integer == 9007199254740993);
    assert_false(json_at(v, 1)->is_int);
    assert_true(json_number(json_at(v, 1)) == 0x1p63);
    assert_true(json_number(json_at(v, 2)) == 0.1 && !json_at(v, 2)->raw);
    assert_true(json_number(json_at(v, 3)) == 2 && json_at(v, 3)->raw);
    assert_true(json_number(json_at(v, 4)) == 0);
    bench_free(b);
}

static void getters_never_fail(void **state) {
    (void)state;
    Bench *b = bench_new();
    const Json *v = read_ok(&b->ctx, STR("{\"s\":\"x\",\"i\":7,\"d\":2.5,\"w\":3.0,\"b\":true,"
                                         "\"a\":[1],\"n\":null,\"big\":1e30}"));
    assert_true(str_eq(json_get_str(v, "s"), STR("x")));
    assert_null(json_get_str(v, "i").ptr);
    assert_null(json_get_str(v, "none").ptr);
    assert_int_equal(json_get_int(v, "i", 0), 7);
    assert_int_equal(json_get_int(v, "w", 0), 3);
    assert_int_equal(json_get_int(v, "d", -1), -1);
    assert_int_equal(json_get_int(v, "big", -1), -1);
    assert_int_equal(json_get_int(v, "s", -1), -1);
    assert_true(json_get_number(v, "d", 0) == 2.5 && json_get_number(v, "n", 9) == 9);
    assert_true(json_get_bool(v, "b", false) && json_get_bool(v, "i", true));
    assert_null(json_get(json_get(v, STR("a")), STR("s")));
    assert_null(json_at(json_get(v, STR("a")), 1));
    assert_null(json_at(v, 0));
    assert_null(json_get(NULL, STR("s")));
    assert_true(json_number(NULL) == 0);
    bench_free(b);
}

static void equality_is_by_value(void **state) {
    (void)state;
    static const struct {
        Str a, b;
        bool equal;
    } cases[] = {
        {STR("1"), STR("1.0"), true},
        {STR("1"), STR("1.5"), false},
        {STR("1e2"), STR("100"), true},
        {STR("0"), STR("-0.0"), true},
        {STR("9007199254740993"), STR("9007199254740992.0"), false},
        {STR("9223372036854775807"), STR("9223372036854775808"), false},
        {STR("-9223372036854775808"), STR("-9223372036854775808.0"), true},
        {STR("1"), STR("\"1\""), false},
        {STR("{\"a\":1,\"b\":2}"), STR("{\"b\":2,\"a\":1}"), true},
        {STR("{\"a\":1,\"b\":2}"), STR("{\"a\":1,\"c\":2}"), false},
        {STR("{\"a\":1}"), STR("{\"a\":1,\"b\":2}"), false},
        {STR("[1,2]"), STR("[2,1]"), false},
        {STR("[]"), STR("{}"), false},
        {STR("null"), STR("false"), false},
        {STR("true"), STR("false"), false},
        {STR("\"a\\u0000\""), STR("\"a\""), false},
    };
    Bench *b = bench_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Json *x = read_ok(&b->ctx, cases[i].a), *y = read_ok(&b->ctx, cases[i].b);
        if (json_equal(x, y) != cases[i].equal || json_equal(y, x) != cases[i].equal)
            fail_msg("%.*s and %.*s", STR_ARG(cases[i].a), STR_ARG(cases[i].b));
    }
    assert_false(json_equal(NULL, read_ok(&b->ctx, STR("1"))));
    bench_free(b);
}

static void large_objects_compare_without_order(void **state) {
    (void)state;
    Bench *b = bench_new();
    JsonMember *up = NEW_ARRAY(b->ctx.arena, JsonMember, 50000);
    JsonMember *down = NEW_ARRAY(b->ctx.arena, JsonMember, 50000);
    for (int i = 0; i < 50000; i++) {
        up[i] = (JsonMember){str_fmt(b->ctx.arena, "%d", i), json_of_int(i)};
        down[49999 - i] = up[i];
    }
    Json x = json_of_members(up, 50000), y = json_of_members(down, 50000);
    assert_true(json_equal(&x, &y));
    down[25].value = json_of_int(-1);
    assert_false(json_equal(&x, &y));
    bench_free(b);
}

static void copies_stand_alone(void **state) {
    (void)state;
    Bench *b = bench_new();
    Arena *other = arena_new(1 << 20);
    Str text = STR("{\"a\":[1.50,\"x\",{\"b\":[]}],\"c\":null,\"d\":12345678901234567890}");
    const Json *copy = json_dup(other, read_ok(&b->ctx, text));
    arena_reset(b->ctx.arena);
    assert_true(str_eq(written(&b->ctx, copy), text));
    arena_free(other);
    bench_free(b);
}

/* An entity of five attributes as it arrives: the budget that DESIGN sets for kept ones (1.5 KiB)
 * must be in reach. */
static void a_tree_is_small(void **state) {
    (void)state;
    Bench *b = bench_new();
    Str text = STR("{\"id\":\"urn:ngsi-ld:WaterLevel:0001\",\"type\":\"WaterLevel\","
                   "\"level\":{\"type\":\"Property\",\"value\":1.25,\"unitCode\":\"MTR\","
                   "\"observedAt\":\"2025-04-01T00:00:00Z\"},"
                   "\"name\":{\"type\":\"Property\",\"value\":\"大川\"},"
                   "\"state\":{\"type\":\"Property\",\"value\":\"normal\"},"
                   "\"river\":{\"type\":\"Relationship\",\"object\":\"urn:ngsi-ld:River:7\"},"
                   "\"location\":{\"type\":\"GeoProperty\",\"value\":{\"type\":\"Point\","
                   "\"coordinates\":[138.32,34.86]}}}");
    size_t before = arena_used(b->ctx.arena);
    read_ok(&b->ctx, text);
    size_t used = arena_used(b->ctx.arena) - before;
    if (used > 1300) fail_msg("%zu bytes of tree for %zu of text", used, text.len);
    bench_free(b);
}

static void the_worst_tree_is_bounded(void **state) {
    (void)state;
    static const Str units[] = {STR("[],"), STR("1,"),    STR("{},"),       STR("[0],"),
                                STR("-0,"), STR("\"\","), STR("{\"\":0},"), STR("1.0,")};
    Bench *b = bench_new();
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        Str parts[] = {STR("["), repeat(&b->ctx, units[i], 10000), STR("0]")};
        Str text = str_join(b->ctx.arena, parts, 3, STR_NONE);
        size_t before = arena_used(b->ctx.arena);
        read_ok(&b->ctx, text);
        size_t used = arena_used(b->ctx.arena) - before;
        if (used > 13 * text.len) fail_msg("%.*s: %zu", STR_ARG(units[i]), used);
    }
    bench_free(b);
}

/* ---- properties on generated values ---- */

static Json generate(Bench *b, int depth);

static Str generate_text(Bench *b) {
    static const char *const bits[] = {"a", "\"", "\\", "\n", "\x01", "漢", "𠮷",   "/",
                                       " ", "{",  "]",  ",",  ":",    "é",  "\x7F", "long words"};
    Buf to = buf_new(b->ctx.arena, 1000);
    for (uint64_t n = rand_below(&b->rand, 20); n; n--)
        buf_add(&to, str_of(bits[rand_below(&b->rand, sizeof bits / sizeof *bits)]));
    if (rand_below(&b->rand, 10) == 0) buf_add_char(&to, 0);
    return buf_str(&to);
}

static Json generate_number(Bench *b) {
    uint64_t bits = rand_u64(&b->rand);
    double number;
    memcpy(&number, &bits, sizeof number);
    switch (rand_below(&b->rand, 4)) {
    case 0:
        return json_of_int((int64_t)bits);
    case 1:
        return json_of_int((int64_t)rand_below(&b->rand, 1000) - 500);
    case 2:
        return json_of_number((double)rand_below(&b->rand, 100000) / 100);
    default:
        return json_of_number(number - number == 0 ? number : 0.5);
    }
}

static Json generate_items(Bench *b, int depth) {
    JsonItems items = {0};
    for (uint64_t n = rand_below(&b->rand, 5); n; n--)
        vec_push(b->ctx.arena, &items, generate(b, depth - 1));
    return json_of_items(items.items, items.len);
}

static Json generate_members(Bench *b, int depth) {
    JsonMembers members = {0};
    uint64_t n = rand_below(&b->rand, 10) == 0 ? 40 : rand_below(&b->rand, 6);
    for (uint64_t i = 0; i < n; i++) {
        Str start = generate_text(b);
        Str name = str_fmt(b->ctx.arena, STR_FMT "%d", STR_ARG(start), (int)i);
        if (name.len && memchr(name.ptr, 0, name.len)) name = str_fmt(b->ctx.arena, "%d", (int)i);
        vec_push(b->ctx.arena, &members, (JsonMember){name, generate(b, n > 10 ? 0 : depth - 1)});
    }
    for (size_t i = 0; i < members.len;
         i++) /* the number at the end may repeat what stands before */
        for (size_t j = 0; j < i; j++)
            if (str_eq(members.items[i].name, members.items[j].name))
                members.items[i].name = str_fmt(b->ctx.arena, "unique %zu", i);
    return json_of_members(members.items, members.len);
}

static Json generate(Bench *b, int depth) {
    switch (rand_below(&b->rand, depth > 0 ? 7 : 5)) {
    case 0:
        return json_of_null();
    case 1:
        return json_of_bool(rand_below(&b->rand, 2));
    case 2:
    case 3:
        return generate_number(b);
    case 4:
        return json_of_str(generate_text(b));
    case 5:
        return generate_items(b, depth);
    default:
        return generate_members(b, depth);
    }
}

static void what_is_written_is_read_back_equal(void **state) {
    (void)state;
    Bench *b = bench_new();
    for (int i = 0; i < 3000; i++) {
        Json value = generate(b, 5);
        Str text = written(&b->ctx, &value);
        const Json *back = read_ok(&b->ctx, text);
        if (!json_equal(&value, back) || !str_eq(text, written(&b->ctx, back)))
            fail_msg("%.*s", STR_ARG(text));
        arena_reset(b->ctx.arena);
    }
    bench_free(b);
}

static void damaged_texts_never_crash_and_fixed_points_hold(void **state) {
    (void)state;
    Bench *b = bench_new();
    for (int i = 0; i < 5000; i++) {
        Json value = generate(b, 4);
        Str text = str_dup(b->ctx.arena, written(&b->ctx, &value));
        char *bytes = (char *)text.ptr;
        for (uint64_t n = 1 + rand_below(&b->rand, 3); n && text.len; n--)
            bytes[rand_below(&b->rand, text.len)] =
                "{}[],:\"\\0e.-\x80 t"[rand_below(&b->rand, 16)];
        const Json *back;
        if (json_read(&b->ctx, text, JSON_LIMITS_DEFAULT, &back) == RC_OK) {
            const Json *again = read_ok(&b->ctx, written(&b->ctx, back));
            assert_true(json_equal(back, again));
        }
        arena_reset(b->ctx.arena);
    }
    bench_free(b);
}

/* ---- threads ---- */

static void *read_often(void *unused) {
    (void)unused;
    Bench *b = bench_new();
    Str text = STR("{\"a\":[1,2,{\"b\":\"\\u3042\"}],\"c\":1.50}");
    intptr_t failures = 0;
    for (int i = 0; i < 3000; i++) {
        const Json *value = NULL;
        failures += json_read(&b->ctx, text, JSON_LIMITS_DEFAULT, &value) != RC_OK ||
                    json_get_number(value, "c", 0) != 1.5;
        arena_reset(b->ctx.arena);
    }
    bench_free(b);
    return (void *)failures;
}

static void threads_read_at_once(void **state) {
    (void)state;
    pthread_t threads[20]; /* more than the reader keeps memory for */
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, NULL), 0);
    for (size_t i = 0; i < 20; i++) {
        void *failures;
        pthread_join(threads[i], &failures);
        assert_null(failures);
    }
}

/* ---- real payloads ---- */

static bool skip_blank(Str text, size_t *i) {
    while (*i < text.len && (text.ptr[*i] == ' ' || (text.ptr[*i] >= '\t' && text.ptr[*i] <= '\r')))
        ++*i;
    return *i < text.len;
}

/* The text without white space between its tokens: what the writer must give back. */
static Str compact(Ctx *ctx, Str text) {
    Buf to = buf_new(ctx->arena, text.len + 1);
    bool quoted = false;
    for (size_t i = 0; quoted ? i < text.len : skip_blank(text, &i); i++) {
        buf_add_char(&to, text.ptr[i]);
        if (quoted && text.ptr[i] == '\\')
            buf_add_char(&to, text.ptr[++i]);
        else if (text.ptr[i] == '"')
            quoted = !quoted;
    }
    return buf_str(&to);
}

static Str file_text(Ctx *ctx, Str path) {
    FILE *file = fopen(str_z(ctx->arena, path), "rb");
    assert_non_null(file);
    char *text = arena_alloc(ctx->arena, 1 << 20, 1);
    size_t len = fread(text, 1, 1 << 20, file);
    fclose(file);
    return (Str){text, len};
}

static void real_payloads_are_given_back(void **state) {
    (void)state;
    Bench *b = bench_new();
    const char *samples = getenv("MACHI_SAMPLES");
    Str folder = str_fmt(b->ctx.arena, "%s/ngsi-ld/payloads", samples ? samples : "../shared/data");
    DIR *dir = opendir(str_z(b->ctx.arena, folder));
    if (!dir) {
        print_message("no samples in %.*s\n", STR_ARG(folder));
        bench_free(b);
        skip();
    }
    int n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!str_ends(str_of(entry->d_name), STR(".jsonld"))) continue;
        Str text = file_text(&b->ctx,
                             str_fmt(b->ctx.arena, STR_FMT "/%s", STR_ARG(folder), entry->d_name));
        Str out = written(&b->ctx, read_ok(&b->ctx, text));
        bool escaped = str_find(text, STR("\\u")) >= 0; /* needless escapes come back plain */
        if (escaped) {
            assert_true(json_equal(read_ok(&b->ctx, text), read_ok(&b->ctx, out)));
            n++;
            continue;
        }
        if (!str_eq(out, compact(&b->ctx, text)))
            fail_msg("%s:\n%.*s", entry->d_name, STR_ARG(out));
        n++;
    }
    closedir(dir);
    assert_int_equal(n, 49);
    bench_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_and_given_back),
        cmocka_unit_test(malformed_texts_are_refused_at_their_place),
        cmocka_unit_test(errors_name_line_and_column_in_characters),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(large_texts_are_read),
        cmocka_unit_test(repeated_names_are_found_in_large_objects),
        cmocka_unit_test(every_prefix_of_a_text_is_refused),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(getters_never_fail),
        cmocka_unit_test(equality_is_by_value),
        cmocka_unit_test(large_objects_compare_without_order),
        cmocka_unit_test(copies_stand_alone),
        cmocka_unit_test(a_tree_is_small),
        cmocka_unit_test(the_worst_tree_is_bounded),
        cmocka_unit_test(what_is_written_is_read_back_equal),
        cmocka_unit_test(damaged_texts_never_crash_and_fixed_points_hold),
        cmocka_unit_test(threads_read_at_once),
        cmocka_unit_test(real_payloads_are_given_back),
    };
    return cmocka_run_group_tests_name("json read", tests, NULL, NULL);
}
