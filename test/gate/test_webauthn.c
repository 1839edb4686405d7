/* Tests of what is verified of a passkey: keys made here sign as a device does, and as none may. */
#include "device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <string.h>

#define HOST   STR("localhost")
#define ORIGIN STR("http://localhost:8080")
#define GET    "webauthn.get"

static const int algorithms[] = {ES256, EDDSA, RS256};

typedef struct Bench {
    Ctx ctx;
    Device device;
    WebauthnKey key;
    WebauthnSaid said; /* a good assertion */
} Bench;

static void bench_make(Bench *bench, int algorithm) {
    *bench = (Bench){.ctx.arena = arena_new(256 << 20)};
    Arena *arena = bench->ctx.arena;
    bench->device = device_new(arena, algorithm, STR("credential-0123456789"));
    bench->device.count = 7;
    Str client = device_client(arena, GET, STR("Y2hhbGxlbmdl"), ORIGIN);
    Str data = device_data(arena, &bench->device, FLAG_UP | FLAG_UV | FLAG_AT);
    WebauthnSaid made = {.client = client, .data = data};
    assert_int_equal(webauthn_made(&bench->ctx, &made, HOST, &bench->key), RC_OK);
    data = device_data(arena, &bench->device, FLAG_UP | FLAG_UV);
    bench->said = (WebauthnSaid){.client = client,
                                 .data = data,
                                 .signature = device_sign(arena, &bench->device, data, client)};
}

static void bench_end(Bench *bench) {
    device_end(&bench->device);
    arena_free(bench->ctx.arena);
}

static Rc said(Bench *bench, const WebauthnSaid *what) {
    uint32_t count = 0;
    return webauthn_signed(&bench->ctx, what, HOST, &bench->key, &count);
}

/* What the device signs with other flags. */
static WebauthnSaid with_flags(Bench *bench, unsigned flags) {
    WebauthnSaid out = bench->said;
    out.data = device_data(bench->ctx.arena, &bench->device, flags);
    out.signature = device_sign(bench->ctx.arena, &bench->device, out.data, out.client);
    return out;
}

static Str flipped(Arena *arena, Str s, size_t at) {
    Str copy = str_dup(arena, s);
    ((char *)(uintptr_t)copy.ptr)[at] ^= 0x20;
    return copy;
}

static void a_key_of_each_algorithm_is_taken_and_verifies(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        Bench bench;
        uint32_t count = 0;
        bench_make(&bench, algorithms[i]);
        assert_int_equal(bench.key.algorithm, algorithms[i]);
        assert_true(str_eq(bench.key.id, bench.device.id));
        assert_int_equal(bench.key.count, 7);
        assert_false(bench.key.backed_up);
        assert_int_equal(webauthn_signed(&bench.ctx, &bench.said, HOST, &bench.key, &count), RC_OK);
        assert_int_equal(count, 7);
        bench_end(&bench);
    }
}

static void whatever_is_changed_verifies_no_more(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        Bench bench;
        bench_make(&bench, algorithms[i]);
        Str *parts[] = {&bench.said.client, &bench.said.data, &bench.said.signature};
        for (size_t k = 0; k < 3; k++) {
            Str whole = *parts[k];
            for (size_t at = 0; at < whole.len; at += 1 + whole.len / 40) {
                *parts[k] = flipped(bench.ctx.arena, whole, at);
                assert_int_equal(said(&bench, &bench.said), RC_DENIED);
            }
            for (size_t len = 0; len < whole.len; len += 1 + whole.len / 40) {
                *parts[k] = str_head(whole, len);
                assert_int_equal(said(&bench, &bench.said), RC_DENIED);
            }
            *parts[k] = whole;
        }
        assert_int_equal(said(&bench, &bench.said), RC_OK);
        bench_end(&bench);
    }
}

static void who_signs_must_be_asked_present_and_verified(void **state) {
    (void)state;
    static const struct {
        unsigned flags;
        Rc wanted;
    } cases[] = {
        {FLAG_UP | FLAG_UV, RC_OK},
        {0, RC_DENIED},
        {FLAG_UP, RC_DENIED},
        {FLAG_UV, RC_DENIED},
        {FLAG_UP | FLAG_UV | FLAG_BS, RC_DENIED},
        {FLAG_UP | FLAG_UV | FLAG_BE, RC_DENIED}, /* it was none that can be copied */
        {FLAG_UP | FLAG_UV | FLAG_BE | FLAG_BS, RC_DENIED},
    };
    Bench bench;
    bench_make(&bench, ES256);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WebauthnSaid what = with_flags(&bench, cases[i].flags);
        assert_int_equal(said(&bench, &what), cases[i].wanted);
    }
    bench.key.backed_up = true;
    WebauthnSaid what = with_flags(&bench, FLAG_UP | FLAG_UV | FLAG_BE | FLAG_BS);
    assert_int_equal(said(&bench, &what), RC_OK);
    assert_int_equal(said(&bench, &bench.said), RC_DENIED);
    bench.key.backed_up = false;
    bench.device.host = STR("evil.example");
    what = with_flags(&bench, FLAG_UP | FLAG_UV);
    assert_int_equal(said(&bench, &what), RC_DENIED);
    bench_end(&bench);
}

static void another_key_and_nobodys_verify_nothing(void **state) {
    (void)state;
    Bench bench, other;
    uint32_t count;
    bench_make(&bench, ES256);
    bench_make(&other, ES256);
    WebauthnKey nobody = webauthn_nobody(), odd = bench.key;
    const WebauthnKey *keys[] = {&other.key, &nobody, &odd};
    odd.algorithm = ES384;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(webauthn_signed(&bench.ctx, &bench.said, HOST, keys[i], &count),
                         RC_DENIED);
    bench_end(&other);
    bench_end(&bench);
}

/* ---- making one ---- */

typedef struct Made {
    const char *what;
    void (*spoil)(Arena *arena, Device *device, Str *data);
    const char *code;
} Made;

static void flags_set(Str *data, unsigned flags) {
    ((char *)(uintptr_t)data->ptr)[32] = (char)flags;
}

static void not_present(Arena *arena, Device *device, Str *data) {
    (void)arena, (void)device;
    flags_set(data, FLAG_UV | FLAG_AT);
}

static void not_verified(Arena *arena, Device *device, Str *data) {
    (void)arena, (void)device;
    flags_set(data, FLAG_UP | FLAG_AT);
}

static void copied_without_leave(Arena *arena, Device *device, Str *data) {
    (void)arena, (void)device;
    flags_set(data, FLAG_UP | FLAG_UV | FLAG_AT | FLAG_BS);
}

static void without_key(Arena *arena, Device *device, Str *data) {
    *data = device_data(arena, device, FLAG_UP | FLAG_UV);
}

static void key_not_said(Arena *arena, Device *device, Str *data) {
    (void)arena, (void)device;
    flags_set(data, FLAG_UP | FLAG_UV);
}

static void of_another_host(Arena *arena, Device *device, Str *data) {
    device->host = STR("evil.example");
    *data = device_data(arena, device, FLAG_UP | FLAG_UV | FLAG_AT);
}

static void of_no_id(Arena *arena, Device *device, Str *data) {
    device->id = STR_NONE;
    *data = device_data(arena, device, FLAG_UP | FLAG_UV | FLAG_AT);
}

static void of_a_long_id(Arena *arena, Device *device, Str *data) {
    device->id = (Str){arena_zero(arena, WEBAUTHN_ID_MAX + 1, 1), WEBAUTHN_ID_MAX + 1};
    *data = device_data(arena, device, FLAG_UP | FLAG_UV | FLAG_AT);
}

static void of_an_id_beyond_its_end(Arena *arena, Device *device, Str *data) {
    (void)arena, (void)device;
    ((char *)(uintptr_t)data->ptr)[53] = (char)0xFF;
}

/* -35, ES384, in place of -7. */
static void of_another_algorithm(Arena *arena, Device *device, Str *data) {
    (void)arena;
    size_t at = 55 + device->id.len + 4;
    ((char *)(uintptr_t)data->ptr)[at] = 0x27;
}

static void of_no_point(Arena *arena, Device *device, Str *data) {
    *data = flipped(arena, *data, 55 + device->id.len + 20);
}

static void of_a_map_without_length(Arena *arena, Device *device, Str *data) {
    char *last = arena_zero(arena, data->len + 1, 1);
    memcpy(last, data->ptr, data->len);
    last[data->len] = (char)0xFF;
    last[55 + device->id.len] = (char)0xBF;
    *data = (Str){last, data->len + 1};
}

static void with_one_byte_more(Arena *arena, Device *device, Str *data) {
    (void)device;
    *data = str_join(arena, (Str[]){*data, STR("x")}, 2, STR(""));
}

/* A map of 4 000 million pairs in nine bytes: what reads it must not ask for their memory. */
static void with_a_huge_extension(Arena *arena, Device *device, Str *data) {
    Str huge = {"\xbb\x00\x00\x00\x00\xee\x6b\x28\x00", 9};
    *data = device_data(arena, device, FLAG_UP | FLAG_UV | FLAG_AT | 0x80);
    *data = str_join(arena, (Str[]){*data, huge}, 2, STR(""));
}

static void with_a_deep_extension(Arena *arena, Device *device, Str *data) {
    char *deep = arena_alloc(arena, 200, 1);
    memset(deep, 0x81, 200);
    *data = device_data(arena, device, FLAG_UP | FLAG_UV | FLAG_AT | 0x80);
    *data = str_join(arena, (Str[]){*data, {deep, 200}}, 2, STR(""));
}

static void of_a_list_for_a_key(Arena *arena, Device *device, Str *data) {
    (void)arena;
    ((char *)(uintptr_t)data->ptr)[55 + device->id.len] = (char)0x85;
}

static void too_long(Arena *arena, Device *device, Str *data) {
    (void)device;
    Str filler = {arena_zero(arena, WEBAUTHN_DATA_MAX, 1), WEBAUTHN_DATA_MAX};
    *data = str_join(arena, (Str[]){*data, filler}, 2, STR(""));
}

static void what_no_device_makes_is_refused(void **state) {
    (void)state;
    static const Made cases[] = {
        {"not present", not_present, "unverified-user"},
        {"not verified", not_verified, "unverified-user"},
        {"copied without leave", copied_without_leave, "unverified-user"},
        {"without a key", without_key, "bad-passkey"},
        {"a key that is not said", key_not_said, "bad-passkey"},
        {"another host", of_another_host, "bad-passkey"},
        {"no id", of_no_id, "bad-passkey"},
        {"an id of 1024 bytes", of_a_long_id, "bad-passkey"},
        {"an id beyond the end", of_an_id_beyond_its_end, "bad-passkey"},
        {"another algorithm", of_another_algorithm, "bad-passkey"},
        {"a point off the curve", of_no_point, "bad-passkey"},
        {"a list for a key", of_a_list_for_a_key, "bad-passkey"},
        {"a map without length", of_a_map_without_length, "bad-passkey"},
        {"one byte more", with_one_byte_more, "bad-passkey"},
        {"a huge extension", with_a_huge_extension, "bad-passkey"},
        {"a deep extension", with_a_deep_extension, "bad-passkey"},
        {"more than the bound", too_long, "bad-passkey"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Bench bench;
        WebauthnKey key;
        bench_make(&bench, ES256);
        Str data = device_data(bench.ctx.arena, &bench.device, FLAG_UP | FLAG_UV | FLAG_AT);
        cases[i].spoil(bench.ctx.arena, &bench.device, &data);
        WebauthnSaid made = {.client = bench.said.client, .data = data};
        Rc rc = webauthn_made(&bench.ctx, &made, HOST, &key);
        if (rc != RC_INVALID || !str_eq(bench.ctx.error.code, str_of(cases[i].code)))
            fail_msg("%s: %s " STR_FMT, cases[i].what, rc_name(rc), STR_ARG(bench.ctx.error.code));
        bench_end(&bench);
    }
}

static void data_that_is_cut_is_refused_at_every_byte(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        Bench bench;
        WebauthnKey key;
        bench_make(&bench, algorithms[i]);
        Str data = device_data(bench.ctx.arena, &bench.device, FLAG_UP | FLAG_UV | FLAG_AT);
        for (size_t len = 0; len < data.len; len++) {
            /* memory of exactly its size, so that ASan sees a byte read past the end */
            char *exact = mem_alloc(len ? len : 1);
            memcpy(exact, data.ptr, len);
            WebauthnSaid made = {.client = bench.said.client, .data = {exact, len}};
            assert_int_equal(webauthn_made(&bench.ctx, &made, HOST, &key), RC_INVALID);
            mem_free(exact);
        }
        bench_end(&bench);
    }
}

static void the_longest_id_and_extensions_are_taken(void **state) {
    (void)state;
    Bench bench;
    WebauthnKey key;
    bench_make(&bench, ES256);
    Arena *arena = bench.ctx.arena;
    char *long_id = arena_zero(arena, WEBAUTHN_ID_MAX, 1);
    memset(long_id, 'x', WEBAUTHN_ID_MAX);
    bench.device.id = (Str){long_id, WEBAUTHN_ID_MAX};
    unsigned flags = FLAG_UP | FLAG_UV | FLAG_AT | FLAG_BE | FLAG_BS | 0x80;
    Str data = device_data(arena, &bench.device, flags);
    Str protect = STR("\xa1\x6b"
                      "credProtect"
                      "\x02"); /* as browsers ask of discoverable ones */
    data = str_join(arena, (Str[]){data, protect}, 2, STR(""));
    WebauthnSaid made = {.client = bench.said.client, .data = data};
    assert_int_equal(webauthn_made(&bench.ctx, &made, HOST, &key), RC_OK);
    assert_int_equal(key.id.len, WEBAUTHN_ID_MAX);
    assert_true(key.backed_up);
    bench_end(&bench);
}

/* ---- the browser's part ---- */

static void the_browsers_part_is_read_and_held_to_its_origin(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *code; /* NULL: good */
    } cases[] = {
        {"{\"type\":\"webauthn.get\",\"challenge\":\"YQ\",\"origin\":\"http://localhost:8080\"}",
         NULL},
        {"{\"origin\":\"http://localhost:8080\",\"crossOrigin\":false,\"challenge\":\"YQ\","
         "\"type\":\"webauthn.get\",\"other_keys_can_be_added_here\":\"x\"}",
         NULL},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"YQ\",\"origin\":\"http://localhost:8080\"}",
         "bad-passkey"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"YQ\",\"origin\":\"http://localhost\"}",
         "wrong-origin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"YQ\",\"origin\":\"https://localhost:8080\"}",
         "wrong-origin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"YQ\",\"origin\":\"http://"
         "evil.localhost:8080\"}",
         "wrong-origin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"YQ\",\"origin\":\"http://localhost:8080\","
         "\"crossOrigin\":true}",
         "wrong-origin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"YQ\",\"origin\":\"http://localhost:8080\","
         "\"crossOrigin\":\"no\"}",
         "wrong-origin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"YQ\",\"origin\":\"http://localhost:8080\","
         "\"topOrigin\":\"http://localhost:8080\"}",
         "wrong-origin"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"YQ\"}", "bad-passkey"},
        {"{\"type\":1,\"challenge\":\"YQ\",\"origin\":\"http://localhost:8080\"}", "bad-passkey"},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"\",\"origin\":\"http://localhost:8080\"}",
         "bad-passkey"},
        {"[\"webauthn.get\"]", "bad-passkey"},
        {"[[[[[[[[1]]]]]]]]", "bad-passkey"},
        {"{\"type\":\"webauthn.get\"", "bad-passkey"},
        {"", "bad-passkey"},
    };
    Bench bench;
    bench_make(&bench, ES256);
    const WebauthnWanted wanted = {.type = GET, .origin = ORIGIN};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WebauthnClient client;
        Rc rc = webauthn_client(&bench.ctx, str_of(cases[i].text), &client);
        if (rc == RC_OK) rc = webauthn_client_check(&bench.ctx, &client, &wanted);
        bool same = cases[i].code
                        ? rc != RC_OK && str_eq(bench.ctx.error.code, str_of(cases[i].code))
                        : rc == RC_OK;
        if (!same) fail_msg("%s: %s", cases[i].text, rc_name(rc));
    }
    WebauthnClient client;
    Str text = device_client(bench.ctx.arena, GET, STR("YQ"), ORIGIN);
    char *blanks = arena_alloc(bench.ctx.arena, WEBAUTHN_CLIENT_MAX, 1);
    memset(blanks, ' ', WEBAUTHN_CLIENT_MAX);
    Str longer[] = {text, {blanks, WEBAUTHN_CLIENT_MAX}};
    assert_int_equal(
        webauthn_client(&bench.ctx, str_join(bench.ctx.arena, longer, 2, STR("")), &client),
        RC_INVALID);
    bench_end(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_of_each_algorithm_is_taken_and_verifies),
        cmocka_unit_test(whatever_is_changed_verifies_no_more),
        cmocka_unit_test(who_signs_must_be_asked_present_and_verified),
        cmocka_unit_test(another_key_and_nobodys_verify_nothing),
        cmocka_unit_test(what_no_device_makes_is_refused),
        cmocka_unit_test(data_that_is_cut_is_refused_at_every_byte),
        cmocka_unit_test(the_longest_id_and_extensions_are_taken),
        cmocka_unit_test(the_browsers_part_is_read_and_held_to_its_origin),
    };
    return cmocka_run_group_tests_name("webauthn", tests, NULL, NULL);
}
