/* The golden runner: what matches, what is read, and that a run can fail. */
#include "match.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

static const char *folder, *program, *toy;

static const struct {
    const char *pattern, *text;
    bool same;
} matches[] = {
    {"abc", "abc", true},
    {"abc", "abcd", false},
    {"", "", true},
    {"", "a", false},
    {"{{*}}", "", true},
    {"a{{*}}c", "abbbc", true},
    {"a{{*}}c", "abbb", false},
    {"{{*}}b{{*}}", "aba", true},
    {"{{x}}-{{x}}", "ab-ab", true},
    {"{{x}}-{{x}}", "ab-ac", false},
    {"\"{{x}}\"", "\"a\"", true},
    {"\"{{x}}\"", "\"\"", false},
    {"\"{{x}}\",\"b\"", "\"a\",\"c\",\"b\"", false}, /* a name holds no quote */
    {"{{known}}!", "yes!", true},
    {"{{known}}!", "no!", false},
    {"{{a b}}", "{{a b}}", true}, /* no hole */
    {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}", true},
};

static void text_matches_or_not(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof matches / sizeof *matches; i++) {
        Arena *arena = arena_new(1 << 20);
        Captures captures = {.arena = arena};
        captures_set(&captures, STR("known"), STR("yes"));
        bool same = match_text(&captures, str_of(matches[i].pattern), str_of(matches[i].text));
        if (same != matches[i].same) print_error("%s / %s\n", matches[i].pattern, matches[i].text);
        assert_int_equal(same, matches[i].same);
        if (!same) assert_int_equal(captures.all.len, 1); /* nothing is kept of a failure */
        arena_free(arena);
    }
}

static void white_space_outside_strings_does_not_count(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    assert_true(str_eq(match_compact(arena, STR("{ \"a b\" : [1,\n 2], \"c\\\" \": \" \" }")),
                       STR("{\"a b\":[1,2],\"c\\\" \":\" \"}")));
    assert_true(str_eq(match_compact(arena, STR("a, b\n")), STR("a, b\n")));
    assert_true(str_eq(match_compact(arena, STR("{{*}}<b c>{{*}}")), STR("{{*}}<b c>{{*}}")));
    arena_free(arena);
}

static const struct {
    const char *text, *error; /* NULL: good */
} stories[] = {
    {"seed a\n### b\nGET /\n---\n200\n", NULL},
    {"seed a\n\n### b\nPOST /\nA: b\n\nbody\n---\n200 OK\nC: d\n\nbody\n\n", NULL},
    {"### b\nGET /\n---\n200\n", "names no seed"},
    {"seed a\n", "has no case"},
    {"seed a\n### b\nGET\n---\n200\n", "line 3: a request begins"},
    {"seed a\n### b\nGET /\n200\n", "ends with a line ---"},
    {"seed a\n### b\nGET /\n---\nOK\n", "line 5: an answer begins"},
    {"seed a\n### b\nGET /\n---\n200\nno header\n", "a header is"},
    {"seed a\nwhatever\n", "line 2: before a case"},
};

static void files_are_read_or_refused_by_line(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        Arena *arena = arena_new(64 << 20);
        Ctx ctx = {.arena = arena, .scratch = arena};
        Story story;
        Rc rc = story_read(&ctx, str_of(stories[i].text), &story);
        assert_int_equal(rc, stories[i].error ? RC_INVALID : RC_OK);
        if (stories[i].error && str_find(ctx.error.detail, str_of(stories[i].error)) < 0)
            fail_msg(STR_FMT, STR_ARG(ctx.error.detail));
        arena_free(arena);
    }
}

/* Runs golden; returns its exit code and what it printed. */
static int run(const char *arguments, char *out, size_t size) {
    char command[4096];
    snprintf(command, sizeof command, "'%s' %s", program, arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t len = fread(out, 1, size - 1, pipe);
    out[len] = 0;
    int status = pclose(pipe);
    return WEXITSTATUS(status);
}

static void a_good_file_passes_and_its_routes_are_covered(void **state) {
    (void)state;
    char arguments[2048], out[65536];
    snprintf(arguments, sizeof arguments, "--seed toy '%s' --cover /texts '%s/good.http'", toy,
             folder);
    int code = run(arguments, out, sizeof out);
    if (code) print_error("%s\n", out);
    assert_int_equal(code, 0);
    assert_non_null(strstr(out, "ok 1 - good.http: A text is kept\n"));
    assert_non_null(strstr(out, "\n1..5\n"));
}

static void a_route_left_out_fails_the_run(void **state) {
    (void)state;
    char arguments[2048], out[65536];
    snprintf(arguments, sizeof arguments, "--seed toy '%s' --cover / '%s/good.http'", toy, folder);
    assert_int_equal(run(arguments, out, sizeof out), 1);
    assert_non_null(strstr(out, "DELETE /other/{id}"));
    assert_non_null(strstr(out, "not ok 5 - routes: /"));
    snprintf(arguments, sizeof arguments, "--seed toy '%s' --cover /none '%s/good.http'", toy,
             folder);
    assert_int_equal(run(arguments, out, sizeof out), 1);
}

static void every_kind_of_wrong_answer_fails(void **state) {
    (void)state;
    char arguments[2048], out[65536], line[32];
    snprintf(arguments, sizeof arguments, "--seed toy '%s' '%s/bad.http'", toy, folder);
    assert_int_equal(run(arguments, out, sizeof out), 1);
    for (int i = 1; i <= 6; i++) {
        snprintf(line, sizeof line, "not ok %d - ", i);
        assert_non_null(strstr(out, line));
    }
    assert_non_null(
        strstr(out, "\nnot ok 8 - ")); /* half a character; a good case on either side */
    assert_non_null(strstr(out, "\nok 7 - "));
    assert_non_null(strstr(out, "\nok 9 - "));
    assert_non_null(strstr(out, "\nok 10 - ")); /* the server itself was fine */
}

static void what_is_not_declared_fails(void **state) {
    (void)state;
    char arguments[2048], out[65536], line[32];
    snprintf(arguments, sizeof arguments,
             "--seed toy '%s' --schemas /openapi.json '%s/undeclared.http'", toy, folder);
    assert_int_equal(run(arguments, out, sizeof out), 1);
    for (int i = 1; i <= 7; i++) {
        snprintf(line, sizeof line, "not ok %d - ", i);
        if (!strstr(out, line)) fail_msg("%s came not:\n%s", line, out);
    }
    assert_non_null(strstr(out, "\nok 8 - "));
    assert_non_null(strstr(out, "the route does not declare 202"));
    assert_non_null(strstr(out, "not a Text: at"));
    snprintf(arguments, sizeof arguments, "--seed toy '%s' '%s/undeclared.http'", toy, folder);
    assert_int_equal(run(arguments, out, sizeof out), 0); /* all else was as expected */
    snprintf(arguments, sizeof arguments, "--seed toy '%s' --schemas /none '%s/good.http'", toy,
             folder);
    assert_int_equal(run(arguments, out, sizeof out), 1);
    snprintf(arguments, sizeof arguments, "--seed toy '%s' --schemas /openapi.json '%s/good.http'",
             toy, folder);
    assert_int_equal(run(arguments, out, sizeof out), 0);
}

static void a_server_that_fails_fails_the_run(void **state) {
    (void)state;
    char arguments[2048], out[65536];
    const char *commands[] = {"%s --fail", "%s-that-does-not-exist", "true %s"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char command[1024];
        snprintf(command, sizeof command, commands[i], toy); /* NOLINT: of the table above */
        snprintf(arguments, sizeof arguments, "--seed toy '%s' '%s/good.http'", command, folder);
        assert_int_equal(run(arguments, out, sizeof out), 1);
        assert_non_null(strstr(out, "- good.http: runs from start to end"));
    }
    snprintf(arguments, sizeof arguments, "--seed other '%s' '%s/good.http'", toy, folder);
    assert_int_equal(run(arguments, out, sizeof out), 1);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    folder = argv[1];
    program = argv[2];
    toy = argv[3];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_matches_or_not),
        cmocka_unit_test(white_space_outside_strings_does_not_count),
        cmocka_unit_test(files_are_read_or_refused_by_line),
        cmocka_unit_test(a_good_file_passes_and_its_routes_are_covered),
        cmocka_unit_test(a_route_left_out_fails_the_run),
        cmocka_unit_test(every_kind_of_wrong_answer_fails),
        cmocka_unit_test(what_is_not_declared_fails),
        cmocka_unit_test(a_server_that_fails_fails_the_run),
    };
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
