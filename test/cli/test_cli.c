/* Tests of the command line's frame: rows in, messages and exit codes out. */
#include "cli/cli_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static Rc paint_run(Cli *cli) {
    const Settings *flags = cli_flags(cli);
    fprintf(cli_out(cli), "colour=%s coats=%ld dry=%d data=%s", settings_text(flags, "colour").ptr,
            (long)settings_int(flags, "coats"), settings_bool(flags, "dry-run"),
            settings_text(cli_settings(cli), "data").ptr);
    for (size_t i = 0; i < cli_arg_count(cli); i++)
        fprintf(cli_out(cli), " [%s]", cli_arg(cli, i).ptr);
    return RC_OK;
}

static Rc fail_run(Cli *cli) {
    static const Rc codes[] = {RC_INVALID, RC_DENIED, RC_NOT_FOUND, RC_CONFLICT,
                               RC_LIMIT,   RC_BUSY,   RC_FAILED};
    int64_t which;
    bool number = str_to_i64(cli_arg(cli, 0), &which);
    assert_true(number);
    return ctx_fail(cli_ctx(cli), codes[which], "told", STR("row 17"), "As told.");
}

static const SettingRow paint_flags[] = {
    {.key = "colour", .type = SETTING_TEXT, .description = "Which colour.", .placeholder = "NAME"},
    {"coats", SETTING_INT, "1", 1, 9, "How many coats.", NULL},
    {.key = "dry-run", .type = SETTING_BOOL, .description = "Only says what it would do."},
};
static const char *const paint_required[] = {"colour", NULL};
static const char *const paint_settings[] = {"data", NULL};
static const char *const no_settings[] = {NULL};
static const CliCommand cmd_paint = {
    .name = "paint",
    .summary = "Paints a house",
    .description = "All its walls.",
    .arguments = "WALL...",
    .args_min = 1,
    .args_max = 2,
    .flags = paint_flags,
    .flag_count = sizeof paint_flags / sizeof *paint_flags,
    .required = paint_required,
    .settings = paint_settings,
    .run = paint_run,
};
static const CliCommand cmd_fail = {.name = "fail",
                                    .summary = "Fails",
                                    .arguments = "HOW",
                                    .args_max = 1,
                                    .settings = no_settings,
                                    .run = fail_run};
static const CliCommand *const commands[] = {&cmd_paint, &cmd_fail, &cmd_help};
#define COMMANDS (sizeof commands / sizeof *commands)
static const SettingRow settings[] = {
    {"data", SETTING_PATH, "data", 0, 0, "The folder.", "DIR"},
    {"loops", SETTING_INT, "2", 1, 64, "Event loops.", NULL},
};

typedef struct Ran {
    int code;
    char *out, *err;
    size_t out_len, err_len;
} Ran;

/* Runs a command line whose words are parted by blanks, with an environment likewise. */
static Ran run_in(const char *line, const char *environment) {
    Ran ran = {0};
    char words[1024], variables[1024], *argv[32] = {words}, *env[8] = {0}, *rest;
    int argc = 1, count = 0;
    snprintf(words, sizeof words, "%s", line);
    snprintf(variables, sizeof variables, "%s", environment);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    for (char *word = strtok_r(variables, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        env[count++] = word;
    CliWorld world = {commands,
                      COMMANDS,
                      settings,
                      2,
                      env,
                      open_memstream(&ran.out, &ran.out_len),
                      open_memstream(&ran.err, &ran.err_len)};
    ran.code = cli_run(&world, argc, argv);
    fclose(world.out);
    fclose(world.err);
    return ran;
}

static void ran_free(Ran *ran) {
    free(ran->out);
    free(ran->err);
}

typedef struct Case {
    const char *line, *environment;
    int code;
    const char *out, *err; /* part of it; "" demands that it is empty */
} Case;

static bool fits(const char *text, const char *part) {
    return *part ? strstr(text, part) != NULL : *text == 0;
}

static void check_cases(const Case *cases, size_t n) {
    for (const Case *c = cases; c < cases + n; c++) {
        Ran ran = run_in(c->line, c->environment);
        if (ran.code != c->code || !fits(ran.out, c->out) || !fits(ran.err, c->err))
            fail_msg("'%s' gives %d, out '%s', err '%s'", c->line, ran.code, ran.out, ran.err);
        ran_free(&ran);
    }
}

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof *(cases))

static void flags_and_arguments_are_read(void **state) {
    (void)state;
    static const Case cases[] = {
        {"paint --colour red north", "", 0, "colour=red coats=1 dry=0 data=data [north]", ""},
        {"paint north --colour=red --coats 3 --dry-run south", "", 0,
         "coats=3 dry=1 data=data [north] [south]", ""},
        {"paint --colour red --dry-run=no --data /x north", "", 0, "dry=0 data=/x", ""},
        {"paint --colour red --coats 2 --coats 4 north", "", 0, "coats=4", ""},
        {"paint --colour red -- --north", "", 0, "[--north]", ""},
        {"paint --colour red -", "", 0, "[-]", ""},
        {"paint --colour -red north", "", 0, "colour=-red", ""},
    };
    CHECK(cases);
}

static void wrong_usage_is_told_with_the_nearest_name(void **state) {
    (void)state;
    static const Case cases[] = {
        {"", "", 2, "", "Which subcommand?"},
        {"pant", "", 2, "", "machi: There is no subcommand 'pant': did you mean 'paint'?\n"},
        {"zzzzzz", "", 2, "", "'machi --help' lists them.\n"},
        {"paint --color red x", "", 2, "",
         "machi paint: There is no flag '--color': did you mean '--colour'?\n"},
        {"paint --dat red x", "", 2, "", "did you mean '--data'?"},
        {"paint --loops 3 x", "", 2, "", "There is no flag '--loops'"},
        {"paint -c red x", "", 2, "", "flags begin with two dashes"},
        {"paint --colour", "", 2, "", "--colour needs a value"},
        {"paint north", "", 2, "", "--colour is missing: 'machi paint --help' tells more."},
        {"paint --colour red", "", 2, "", "WALL... is missing"},
        {"paint --colour red a b c", "", 2, "", "'c' is one argument too many"},
        {"paint --colour red --coats 10 x", "", 2, "", "--coats: coats takes 1 to 9, not '10'."},
        {"paint --colour red --dry-run=perhaps x", "", 2, "", "takes yes or no"},
        {"paint --colour red --config /nonexistent x", "", 2, "",
         "/nonexistent: The settings could not be read"},
        {"help pant", "", 2, "", "did you mean 'paint'?"},
    };
    CHECK(cases);
}

static void settings_come_from_the_environment_and_a_file(void **state) {
    (void)state;
    char path[] = "/tmp/machi-cli-XXXXXX", line[256], variable[256];
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "data = /file\nloops = 7\n", 23) == 23);
    close(fd);
    snprintf(line, sizeof line, "paint --colour red --config %s x", path);
    snprintf(variable, sizeof variable, "MACHI_CONFIG=%s", path);
    const Case cases[] = {
        {"paint --colour red x", "MACHI_DATA=/env MACHI_SAMPLES=/s", 0, "data=/env", ""},
        {"paint --colour red --data /flag x", "MACHI_DATA=/env", 0, "data=/flag", ""},
        {"paint --colour red x", variable, 0, "data=/file", ""},
        {line, "MACHI_DATA=/env", 0, "data=/env", ""},
        {line, "", 0, "data=/file", ""},
        {"paint --colour red x", "MACHI_LOOPS=0", 2, "", "MACHI_LOOPS: loops takes 1 to 64"},
        {"paint --colour red x", "MACHI_DATTA=1", 2, "",
         "MACHI_DATTA: There is no setting 'datta': did you mean 'data'?"},
    };
    CHECK(cases);
    unlink(path);
}

static void help_comes_from_the_rows(void **state) {
    (void)state;
    static const Case cases[] = {
        {"--help", "", 0, "  paint      Paints a house\n", ""},
        {"-h", "", 0, "usage: machi SUBCOMMAND", ""},
        {"paint --help", "", 0,
         "usage: machi paint [FLAG...] WALL...\n\nPaints a house.\n\nAll its walls.\n", ""},
        {"paint -h", "", 0, "  --colour NAME\n      Which colour.\n", ""},
        {"paint --help", "", 0, "  --data DIR\n      The folder. (default data)\n", ""},
        {"paint --help", "", 0, "  --config PATH\n", ""},
        {"help", "", 0, "  fail       Fails\n", ""},
        {"help paint", "", 0, "usage: machi paint", ""},
        {"help settings", "", 0, "# Event loops.\n# a whole number, 1 to 64\n#loops = 2\n", ""},
        {"--version", "", 0, "machi 0.", ""},
    };
    CHECK(cases);
    Ran ran = run_in("paint --help", "");
    assert_null(strstr(ran.out, "--loops"));
    ran_free(&ran);
}

static void codes_become_exit_codes(void **state) {
    (void)state;
    static const Case cases[] = {
        {"fail 0", "", 2, "", "machi fail: row 17: As told.\n"},
        {"fail 1", "", 3, "", "As told."},
        {"fail 2", "", 4, "", "As told."},
        {"fail 3", "", 5, "", "As told."},
        {"fail 4", "", 6, "", "As told."},
        {"fail 5", "", 7, "", "As told."},
        {"fail 6", "", 1, "", "As told."},
    };
    CHECK(cases);
}

static void a_full_disk_is_no_success(void **state) {
    (void)state;
    char *argv[] = {(char[]){"machi"}, (char[]){"--version"}, NULL}, *environment[] = {NULL};
    CliWorld world = {commands,
                      COMMANDS,
                      settings,
                      2,
                      environment,
                      fopen("/dev/full", "w"),
                      fopen("/dev/null", "w")};
    assert_non_null(world.out);
    assert_int_equal(cli_run(&world, 2, argv), 1);
    fclose(world.out);
    fclose(world.err);
}

/* Every row that the program has is whole: it explains itself, and its lists name what exists. */
static void the_programs_own_rows_are_whole(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    const Settings *known = settings_new(arena, cli_setting_rows, cli_setting_count);
    for (size_t i = 0; i < cli_command_count; i++) {
        const CliCommand *command = cli_commands[i];
        const Settings *flags = settings_new(arena, command->flags, command->flag_count);
        assert_true(command->summary && command->run &&
                    (command->args_max == 0) == !command->arguments);
        assert_true(command->summary[strlen(command->summary) - 1] != '.');
        for (const char *const *key = command->required; key && *key; key++)
            assert_non_null(settings_row(flags, str_of(*key)));
        for (const char *const *key = command->settings; key && *key; key++)
            assert_non_null(settings_row(known, str_of(*key)));
        for (size_t j = 0; j < command->flag_count; j++) {
            assert_null(settings_row(known, str_of(command->flags[j].key)));
            assert_non_null(command->flags[j].description);
        }
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(command->name, cli_commands[j]->name);
    }
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_and_arguments_are_read),
        cmocka_unit_test(wrong_usage_is_told_with_the_nearest_name),
        cmocka_unit_test(settings_come_from_the_environment_and_a_file),
        cmocka_unit_test(help_comes_from_the_rows),
        cmocka_unit_test(codes_become_exit_codes),
        cmocka_unit_test(a_full_disk_is_no_success),
        cmocka_unit_test(the_programs_own_rows_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
