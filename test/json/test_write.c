/* Tests of json's writers. */
#include "json/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void doubles_are_short_and_exact(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {5, "5"},
        {-2.5, "-2.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100000, "100000"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1e-6, "0.000001"},
        {1e-7, "1e-07"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {(double)INFINITY, "null"},
        {(double)NAN, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buf to = buf_new(NULL, 100);
        Json value = json_of_number(cases[i].value);
        json_write(&to, &value);
        if (!str_eq(buf_str(&to), str_of(cases[i].text)))
            fail_msg("%s: %.*s", cases[i].text, STR_ARG(buf_str(&to)));
        buf_free(&to);
    }
}

static void escapes_are_found_at_every_place(void **state) {
    (void)state;
    char text[40];
    for (size_t len = 1; len < sizeof text; len++) {
        for (size_t at = 0; at < len; at++) {
            memset(text, 'x', len);
            text[at] = at % 3 == 0 ? '"' : at % 3 == 1 ? '\\' : '\x1f';
            Buf to = buf_new(NULL, 100);
            json_write_str(&to, (Str){text, len});
            Str out = buf_str(&to);
            assert_int_equal(out.len, len + (at % 3 == 2 ? 7 : 3));
            assert_int_equal(out.ptr[1 + at], '\\');
            buf_free(&to);
        }
    }
}

static void bytes_of_multibyte_characters_are_left_alone(void **state) {
    (void)state;
    Str text = STR("あいうえおかきくけこ\xC2\xA2<&>\x7F");
    Buf to = buf_new(NULL, 100);
    json_write_str(&to, text);
    assert_true(str_eq(str_sub(buf_str(&to), 1, to.len - 1), text));
    buf_free(&to);
}

static void the_streaming_writer_sets_commas(void **state) {
    (void)state;
    Buf to = buf_new(NULL, 1000);
    JsonWriter w = json_writer(&to);
    Json one = json_of_int(1);
    json_open(&w, '{');
    json_name(&w, STR("a"));
    json_open(&w, '[');
    json_int(&w, -5);
    json_double(&w, 2.5);
    json_bool(&w, true);
    json_bool(&w, false);
    json_null(&w);
    json_text(&w, STR("x\"y"));
    json_value(&w, &one);
    json_raw(&w, STR("{\"r\":0}"));
    json_open(&w, '{');
    json_close(&w);
    json_close(&w);
    json_name(&w, STR("b\n"));
    json_open(&w, '[');
    json_close(&w);
    json_name(&w, STR("c"));
    json_null(&w);
    json_close(&w);
    assert_string_equal(str_z((Arena *)state[0], buf_str(&to)),
                        "{\"a\":[-5,2.5,true,false,null,\"x\\\"y\",1,{\"r\":0},{}],"
                        "\"b\\n\":[],\"c\":null}");
    buf_free(&to);
}

static void a_full_buffer_is_reported_not_overrun(void **state) {
    (void)state;
    Json items[] = {json_of_str(STR("0123456789")), json_of_int(1234567)};
    Json value = json_of_items(items, 2);
    for (size_t max = 0; max < 22; max++) {
        Buf to = buf_new(NULL, max);
        json_write(&to, &value);
        assert_int_equal(buf_rc(&to), RC_LIMIT);
        assert_true(to.len <= max);
        buf_free(&to);
    }
    Buf to = buf_new(NULL, 22);
    json_write(&to, &value);
    assert_true(str_eq(buf_str(&to), STR("[\"0123456789\",1234567]")));
    buf_free(&to);
}

static int make_arena(void **state) {
    *state = arena_new(1 << 16);
    return 0;
}

static int free_arena(void **state) {
    arena_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_short_and_exact),
        cmocka_unit_test(escapes_are_found_at_every_place),
        cmocka_unit_test(bytes_of_multibyte_characters_are_left_alone),
        cmocka_unit_test_setup_teardown(the_streaming_writer_sets_commas, make_arena, free_arena),
        cmocka_unit_test(a_full_buffer_is_reported_not_overrun),
    };
    return cmocka_run_group_tests_name("json write", tests, NULL, NULL);
}
