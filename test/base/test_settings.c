/* Tests of base/settings and base/near. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const SettingRow rows[] = {
    {"listen", SETTING_TEXT, "127.0.0.1:8080", 1, 20, "Where to listen."},
    {"data", SETTING_PATH, NULL, 0, 0, "The folder of the data."},
    {"http.loops", SETTING_INT, "2", 1, 64, "Event loops."},
    {"http.idle-timeout", SETTING_DURATION, "30s", TIME_SECOND, TIME_HOUR,
     "Closes idle connections."},
    {"cache", SETTING_BYTES, "64MiB", 0, 1LL << 40, "Memory for entities."},
    {"strict", SETTING_BOOL, "no", 0, 0, "Refuses undeclared types."},
};

#define ROWS (sizeof rows / sizeof *rows)

typedef struct Bench {
    Arena *arena;
    Ctx ctx;
    Settings *settings;
} Bench;

static Bench bench_new(void) {
    Arena *arena = arena_new(8 << 20);
    return (Bench){arena, {.arena = arena}, settings_new(arena, rows, ROWS)};
}

static void assert_says(const Ctx *ctx, const char *part) {
    if (str_find(ctx->error.detail, str_of(part)) < 0)
        fail_msg("'%s' does not say '%s'", ctx->error.detail.ptr, part);
}

static void defaults_are_those_of_the_rows(void **state) {
    (void)state;
    Bench b = bench_new();
    assert_string_equal(settings_text(b.settings, "listen").ptr, "127.0.0.1:8080");
    assert_int_equal(settings_text(b.settings, "data").len, 0);
    assert_int_equal(settings_int(b.settings, "http.loops"), 2);
    assert_int_equal(settings_duration(b.settings, "http.idle-timeout"), 30 * TIME_SECOND);
    assert_int_equal(settings_bytes(b.settings, "cache"), 64 << 20);
    assert_false(settings_bool(b.settings, "strict"));
    assert_int_equal(settings_source(b.settings, "strict"), SETTING_DEFAULT);
    arena_free(b.arena);
}

static void values_are_read_by_their_type(void **state) {
    (void)state;
    static const struct {
        SettingType type;
        const char *text;
        bool good;
        int64_t number;
    } cases[] = {
        {SETTING_BOOL, "yes", true, 1},
        {SETTING_BOOL, "Off", true, 0},
        {SETTING_BOOL, "1", true, 1},
        {SETTING_BOOL, "maybe", false, 0},
        {SETTING_BOOL, "", false, 0},
        {SETTING_INT, "-7", true, -7},
        {SETTING_INT, "7 ", false, 0},
        {SETTING_INT, "0x7", false, 0},
        {SETTING_INT, "9223372036854775808", false, 0},
        {SETTING_DURATION, "0", true, 0},
        {SETTING_DURATION, "250us", true, 250},
        {SETTING_DURATION, "30 s", true, 30 * TIME_SECOND},
        {SETTING_DURATION, "2d", true, 2 * TIME_DAY},
        {SETTING_DURATION, "30", false, 0},
        {SETTING_DURATION, "-1s", false, 0},
        {SETTING_DURATION, "1.5s", false, 0},
        {SETTING_DURATION, "s", false, 0},
        {SETTING_DURATION, "9223372036854775807d", false, 0},
        {SETTING_BYTES, "64MiB", true, 64 << 20},
        {SETTING_BYTES, "12B", true, 12},
        {SETTING_BYTES, "64MB", false, 0},
        {SETTING_TEXT, "まち", true, 0},
        {SETTING_TEXT, "\xFF", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t number;
        bool good = settings_parse(cases[i].type, str_of(cases[i].text), &number);
        if (good != cases[i].good || (good && number != cases[i].number))
            fail_msg("'%s'", cases[i].text);
    }
    int64_t number;
    assert_false(settings_parse(SETTING_PATH, STR("a\0b"), &number));
}

static void a_stronger_source_wins_in_any_order(void **state) {
    (void)state;
    const char *environment[] = {"MACHI_HTTP_LOOPS=3", "MACHI_STRICT=on", "PATH=/bin", "MACHI",
                                 NULL};
    for (int order = 0; order < 2; order++) {
        Bench b = bench_new();
        for (int step = 0; step < 3; step++) {
            int which = order ? 2 - step : step;
            Rc rc = which == 0   ? settings_read_text(&b.ctx, b.settings,
                                                      STR("http.loops = 5\ncache=1GiB\n"), "f")
                    : which == 1 ? settings_read_environment(&b.ctx, b.settings,
                                                             (char *const *)environment, NULL)
                                 : settings_set(&b.ctx, b.settings,
                                                (SettingInput){STR("strict"), STR("no"),
                                                               STR("--strict"), SETTING_FLAG});
            assert_int_equal(rc, RC_OK);
        }
        assert_int_equal(settings_int(b.settings, "http.loops"), 3);
        assert_int_equal(settings_source(b.settings, "http.loops"), SETTING_ENVIRONMENT);
        assert_int_equal(settings_bytes(b.settings, "cache"), 1 << 30);
        assert_false(settings_bool(b.settings, "strict"));
        arena_free(b.arena);
    }
}

static void a_file_has_comments_blank_lines_and_values_with_any_sign(void **state) {
    (void)state;
    Bench b = bench_new();
    Str text = STR("# data = none\r\n\n  data =  a = b # c  \r\nlisten=x\n\t# listen = y");
    assert_int_equal(settings_read_text(&b.ctx, b.settings, text, "f"), RC_OK);
    assert_string_equal(settings_text(b.settings, "data").ptr, "a = b # c");
    assert_string_equal(settings_text(b.settings, "listen").ptr, "x");
    arena_free(b.arena);
}

static void what_is_wrong_is_said_with_its_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        Rc rc;
        const char *place, *says;
    } cases[] = {
        {"\nlistne = x", RC_NOT_FOUND, "city.conf, line 2", "did you mean 'listen'?"},
        {"http.loop = 1", RC_NOT_FOUND, "city.conf, line 1", "did you mean 'http.loops'?"},
        {"zebra = 1", RC_NOT_FOUND, "city.conf, line 1", "machi help settings"},
        {"= 1", RC_NOT_FOUND, "city.conf, line 1", "There is no setting ''"},
        {"http.loops = 0", RC_INVALID, "city.conf, line 1", "http.loops takes 1 to 64, not '0'"},
        {"http.loops = many", RC_INVALID, "city.conf, line 1", "takes a whole number"},
        {"http.idle-timeout = 2h", RC_INVALID, "city.conf, line 1", "takes 1s to 1h, not '2h'"},
        {"cache = -1B", RC_INVALID, "city.conf, line 1", "takes a size such as 64MiB"},
        {"listen = ", RC_INVALID, "city.conf, line 1", "takes 1 to 20 bytes"},
        {"strict", RC_INVALID, "city.conf, line 1", "'key = value'"},
        {"strict = yes\n#\nstrict = yes", RC_INVALID, "city.conf, line 3", "stands twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Bench b = bench_new();
        assert_int_equal(settings_read_text(&b.ctx, b.settings, str_of(cases[i].text), "city.conf"),
                         cases[i].rc);
        assert_says(&b.ctx, cases[i].says);
        assert_true(str_eq(b.ctx.error.path, str_of(cases[i].place)));
        arena_free(b.arena);
    }
}

static void an_unknown_variable_is_refused_unless_it_is_anothers(void **state) {
    (void)state;
    Bench b = bench_new();
    const char *environment[] = {"MACHI_SAMPLES=/x", "MACHI_HTTP_LOPS=3", NULL};
    const char *others[] = {"MACHI_SAMPLES", NULL};
    assert_int_equal(
        settings_read_environment(&b.ctx, b.settings, (char *const *)environment, others),
        RC_NOT_FOUND);
    assert_says(&b.ctx, "did you mean 'http.loops'?");
    assert_true(str_eq(b.ctx.error.path, STR("MACHI_HTTP_LOPS")));
    environment[1] = NULL;
    assert_int_equal(
        settings_read_environment(&b.ctx, b.settings, (char *const *)environment, others), RC_OK);
    assert_int_equal(
        settings_read_environment(&b.ctx, b.settings, (char *const *)environment, NULL),
        RC_NOT_FOUND);
    arena_free(b.arena);
}

static void a_weaker_value_is_still_checked(void **state) {
    (void)state;
    Bench b = bench_new();
    assert_int_equal(
        settings_set(&b.ctx, b.settings,
                     (SettingInput){STR("http.loops"), STR("4"), STR("--"), SETTING_FLAG}),
        RC_OK);
    assert_int_equal(settings_read_text(&b.ctx, b.settings, STR("http.loops = 99"), "f"),
                     RC_INVALID);
    assert_int_equal(settings_int(b.settings, "http.loops"), 4);
    arena_free(b.arena);
}

static void files_are_read_and_missing_or_huge_ones_refused(void **state) {
    (void)state;
    Bench b = bench_new();
    char path[] = "/tmp/machi-settings-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "cache = 12B\n", 12), 12);
    assert_int_equal(settings_read_file(&b.ctx, b.settings, path), RC_OK);
    assert_int_equal(settings_bytes(b.settings, "cache"), 12);
    assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
    assert_int_equal(settings_read_file(&b.ctx, b.settings, path), RC_LIMIT);
    close(fd);
    unlink(path);
    assert_int_equal(settings_read_file(&b.ctx, b.settings, path), RC_NOT_FOUND);
    assert_says(&b.ctx, "No such file");
    assert_int_equal(settings_read_file(&b.ctx, b.settings, "/"), RC_FAILED);
    arena_free(b.arena);
}

static void the_sample_is_a_file_that_changes_nothing(void **state) {
    (void)state;
    Bench b = bench_new();
    Buf sample = buf_new(b.arena, 1 << 16);
    settings_sample(&sample, rows, ROWS);
    assert_true(str_find(buf_str(&sample), STR("#http.idle-timeout = 30s\n")) >= 0);
    assert_true(str_find(buf_str(&sample), STR("a duration such as 30s or 5m, 1s to 1h\n")) >= 0);
    assert_int_equal(settings_read_text(&b.ctx, b.settings, buf_str(&sample), "sample"), RC_OK);
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(settings_source(b.settings, rows[i].key), SETTING_DEFAULT);
    arena_free(b.arena);
}

static void help_names_type_default_and_bounds(void **state) {
    (void)state;
    Bench b = bench_new();
    Buf help = buf_new(b.arena, 1 << 16);
    for (size_t i = 0; i < ROWS; i++)
        settings_help(&help, &rows[i]);
    static const char *const parts[] = {
        "  --listen TEXT\n      Where to listen. (default 127.0.0.1:8080, 1 to 20 bytes)\n",
        "  --data PATH\n      The folder of the data.\n",
        "  --http.loops NUMBER\n      Event loops. (default 2, 1 to 64)\n",
        "  --strict\n      Refuses undeclared types.\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_find(buf_str(&help), str_of(parts[i])) < 0) fail_msg("%s", parts[i]);
    arena_free(b.arena);
}

static void nearness_counts_edits_and_swaps(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"serve", "serve", 0},
        {"sevre", "serve", 1},
        {"serv", "serve", 1},
        {"kitten", "sitting", 3},
        {"import", "export", 2},
        {"ab", "ba", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(near_distance(str_of(cases[i].a), str_of(cases[i].b)), cases[i].distance);
        assert_int_equal(near_distance(str_of(cases[i].b), str_of(cases[i].a)), cases[i].distance);
    }
    char longer[NEAR_NAME_MAX + 2];
    for (size_t i = 0; i < sizeof longer; i++)
        longer[i] = 'a';
    assert_true(near_distance((Str){longer, NEAR_NAME_MAX + 1}, STR("a")) == SIZE_MAX);
    Near near = {.wanted = STR("srve")};
    near_offer(&near, STR("restore"));
    assert_null(near.best.ptr);
    near_offer(&near, STR("serve"));
    near_offer(&near, STR("verify"));
    assert_true(str_eq(near.best, STR("serve")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_rows),
        cmocka_unit_test(values_are_read_by_their_type),
        cmocka_unit_test(a_stronger_source_wins_in_any_order),
        cmocka_unit_test(a_file_has_comments_blank_lines_and_values_with_any_sign),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(an_unknown_variable_is_refused_unless_it_is_anothers),
        cmocka_unit_test(a_weaker_value_is_still_checked),
        cmocka_unit_test(files_are_read_and_missing_or_huge_ones_refused),
        cmocka_unit_test(the_sample_is_a_file_that_changes_nothing),
        cmocka_unit_test(help_names_type_default_and_bounds),
        cmocka_unit_test(nearness_counts_edits_and_swaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
