#include "cli_int.h"

#include <unistd.h>

#define CLI_ARENA_MAX ((size_t)1 << 30)

/* Other programs around machi take these from the environment. */
static const char *const cli_other_variables[] = {
    "MACHI_CONFIG",    "MACHI_SAMPLES",       "MACHI_ROOT",      "MACHI_BUILD", "MACHI_BIN",
    "MACHI_TEST_LONG", "MACHI_SKIP_PACKAGES", "MACHI_ROUTE_LOG", NULL,
};

int cli_exit_code(Rc rc) {
    static const int codes[] = {
        [RC_OK] = 0,        [RC_FAILED] = 1,   [RC_INVALID] = 2, [RC_DENIED] = 3,
        [RC_NOT_FOUND] = 4, [RC_CONFLICT] = 5, [RC_LIMIT] = 6,   [RC_BUSY] = 7,
    };
    assert((size_t)rc < sizeof codes / sizeof *codes);
    return codes[rc];
}

const CliCommand *cli_find(const CliWorld *world, Str name) {
    for (size_t i = 0; i < world->command_count; i++)
        if (str_eq(name, str_of(world->commands[i]->name))) return world->commands[i];
    return NULL;
}

Rc cli_unknown_command(Cli *cli, Str name) {
    if (!cli_is_whole)
        return ctx_fail(&cli->ctx, RC_INVALID, "not-whole", STR_NONE,
                        "There is no subcommand '" STR_FMT
                        "': this machi was built without its pages. Run 'npm ci --ignore-scripts' "
                        "in the project and build again.",
                        STR_ARG(name));
    Near near = {.wanted = name};
    for (size_t i = 0; i < cli->world->command_count; i++)
        near_offer(&near, str_of(cli->world->commands[i]->name));
    if (near.best.len)
        return ctx_fail(&cli->ctx, RC_INVALID, "unknown-subcommand", STR_NONE,
                        "There is no subcommand '" STR_FMT "': did you mean '" STR_FMT "'?",
                        STR_ARG(name), STR_ARG(near.best));
    return ctx_fail(&cli->ctx, RC_INVALID, "unknown-subcommand", STR_NONE,
                    "There is no subcommand '" STR_FMT "': 'machi --help' lists them.",
                    STR_ARG(name));
}

static bool cli_in(const char *const *keys, Str key) {
    for (; keys && *keys; keys++)
        if (str_eq(key, str_of(*keys))) return true;
    return false;
}

bool cli_takes(const CliCommand *command, Str key) {
    return !command->settings || cli_in(command->settings, key);
}

/* The settings object that knows a flag, or NULL. */
static Settings *cli_owner(Cli *cli, Str key) {
    if (settings_row(cli->flags, key)) return cli->flags;
    if (settings_row(cli->settings, key) && cli_takes(cli->command, key)) return cli->settings;
    return NULL;
}

static Rc cli_unknown_flag(Cli *cli, Str key) {
    Near near = {.wanted = key};
    near_offer(&near, STR("help"));
    near_offer(&near, STR("config"));
    for (size_t i = 0; i < cli->command->flag_count; i++)
        near_offer(&near, str_of(cli->command->flags[i].key));
    for (size_t i = 0; i < cli->world->setting_count; i++) {
        Str name = str_of(cli->world->settings[i].key);
        if (cli_takes(cli->command, name)) near_offer(&near, name);
    }
    const char *command = cli->command->name;
    if (near.best.len)
        return ctx_fail(&cli->ctx, RC_INVALID, "unknown-flag", STR_NONE,
                        "There is no flag '--" STR_FMT "': did you mean '--" STR_FMT "'?",
                        STR_ARG(key), STR_ARG(near.best));
    return ctx_fail(&cli->ctx, RC_INVALID, "unknown-flag", STR_NONE,
                    "There is no flag '--" STR_FMT "': 'machi %s --help' lists them.", STR_ARG(key),
                    command);
}

/* Takes one "--key=value", "--key value" or "--switch"; *next is the index behind what it took. */
static Rc cli_read_flag(Cli *cli, int argc, char **argv, int *next) {
    Str whole = str_of(argv[*next]), key = str_sub(whole, 2, whole.len), value = STR("yes");
    ptrdiff_t equals = str_find_char(key, '=');
    bool has_value = equals >= 0;
    if (has_value) {
        value = str_sub(key, (size_t)equals + 1, key.len);
        key = str_sub(key, 0, (size_t)equals);
    }
    *next += 1;
    if (str_eq(key, STR("help"))) {
        cli->help = true;
        return RC_OK;
    }
    bool config = str_eq(key, STR("config"));
    Settings *owner = config ? NULL : cli_owner(cli, key);
    if (!owner && !config) return cli_unknown_flag(cli, key);
    bool is_switch = owner && settings_row(owner, key)->type == SETTING_BOOL;
    if (!is_switch && !has_value) {
        if (*next >= argc)
            return ctx_fail(&cli->ctx, RC_INVALID, "missing-value", STR_NONE,
                            "--" STR_FMT " needs a value.", STR_ARG(key));
        value = str_of(argv[(*next)++]);
    }
    if (config) {
        cli->config = value;
        return RC_OK;
    }
    Str place = str_fmt(cli->ctx.arena, "--" STR_FMT, STR_ARG(key));
    return settings_set(&cli->ctx, owner, (SettingInput){key, value, place, SETTING_FLAG});
}

static Rc cli_read_words(Cli *cli, int argc, char **argv) {
    bool flags = true;
    for (int i = 0; i < argc;) {
        Str word = str_of(argv[i]);
        if (flags && str_eq(word, STR("--"))) {
            flags = false;
            i++;
        } else if (flags && str_eq(word, STR("-h"))) {
            cli->help = true;
            i++;
        } else if (flags && str_starts(word, STR("--"))) {
            TRY(cli_read_flag(cli, argc, argv, &i));
        } else if (flags && word.len > 1 && word.ptr[0] == '-') {
            return ctx_fail(&cli->ctx, RC_INVALID, "unknown-flag", STR_NONE,
                            "There is no flag '%s': flags begin with two dashes.", argv[i]);
        } else {
            vec_push(cli->ctx.arena, &cli->args, word);
            i++;
        }
    }
    return RC_OK;
}

static Str cli_variable(const CliWorld *world, Str name) {
    for (char *const *row = world->environment; *row; row++) {
        Str whole = str_of(*row);
        if (str_starts(whole, name) && whole.len > name.len && whole.ptr[name.len] == '=')
            return str_sub(whole, name.len + 1, whole.len);
    }
    return STR_NONE;
}

static Rc cli_check_required(Cli *cli) {
    for (const char *const *key = cli->command->required; key && *key; key++)
        if (settings_source(cli->flags, *key) == SETTING_DEFAULT)
            return ctx_fail(&cli->ctx, RC_INVALID, "missing-flag", STR_NONE,
                            "--%s is missing: 'machi %s --help' tells more.", *key,
                            cli->command->name);
    return RC_OK;
}

static Rc cli_check_args(Cli *cli) {
    const CliCommand *command = cli->command;
    if (cli->args.len < command->args_min)
        return ctx_fail(&cli->ctx, RC_INVALID, "missing-argument", STR_NONE,
                        "%s is missing: 'machi %s --help' tells more.", command->arguments,
                        command->name);
    if (cli->args.len > command->args_max)
        return ctx_fail(&cli->ctx, RC_INVALID, "surplus-argument", STR_NONE,
                        "'" STR_FMT "' is one argument too many: 'machi %s --help' tells more.",
                        STR_ARG(cli->args.items[command->args_max]), command->name);
    return RC_OK;
}

Rc cli_read(Cli *cli, int argc, char **argv) {
    const CliWorld *world = cli->world;
    cli->flags = settings_new(cli->ctx.arena, cli->command->flags, cli->command->flag_count);
    cli->settings = settings_new(cli->ctx.arena, world->settings, world->setting_count);
    cli->config = cli_variable(world, STR("MACHI_CONFIG"));
    TRY(cli_read_words(cli, argc, argv));
    if (cli->help) return RC_OK;
    if (cli->config.len)
        TRY(settings_read_file(&cli->ctx, cli->settings, str_z(cli->ctx.arena, cli->config)));
    TRY(settings_read_environment(&cli->ctx, cli->settings, world->environment,
                                  cli_other_variables));
    TRY(cli_check_required(cli));
    return cli_check_args(cli);
}

static Rc cli_run_command(Cli *cli, int argc, char **argv) {
    Rc rc = cli_read(cli, argc, argv);
    /* A wrong key is the operator's input, whatever it is called inside. */
    if (rc != RC_OK) return rc == RC_NOT_FOUND ? RC_INVALID : rc;
    if (!cli->help) return cli->command->run(cli);
    cli_help_command(cli, cli->command, cli->world->out);
    return RC_OK;
}

static Rc cli_dispatch(Cli *cli, int argc, char **argv) {
    Str name = str_of(argc > 1 ? argv[1] : NULL);
    if (str_empty(name)) {
        cli_help_all(cli->world, cli->world->err);
        return ctx_fail(&cli->ctx, RC_INVALID, "no-subcommand", STR_NONE, "Which subcommand?");
    }
    if (str_eq(name, STR("--version"))) {
        fprintf(cli->world->out, "machi %s\n", MACHI_VERSION);
        return RC_OK;
    }
    if (str_eq(name, STR("--help")) || str_eq(name, STR("-h")))
        return cli_help_topic(cli, STR_NONE);
    cli->command = cli_find(cli->world, name);
    return cli->command ? cli_run_command(cli, argc - 2, argv + 2) : cli_unknown_command(cli, name);
}

static void cli_print_error(const Cli *cli) {
    const Error *error = &cli->ctx.error;
    fprintf(cli->world->err, "machi%s%s: ", cli->command ? " " : "",
            cli->command ? cli->command->name : "");
    if (error->path.len) fprintf(cli->world->err, STR_FMT ": ", STR_ARG(error->path));
    Str detail = error->detail.len ? error->detail : STR("It failed without a message.");
    fprintf(cli->world->err, STR_FMT "\n", STR_ARG(detail));
}

int cli_run(const CliWorld *world, int argc, char **argv) {
    Cli cli = {.world = world, .clock = {.fixed = TIME_NONE}, .rand = rand_system()};
    cli.ctx = (Ctx){.arena = arena_new(CLI_ARENA_MAX),
                    .scratch = arena_new(CLI_ARENA_MAX),
                    .clock = &cli.clock,
                    .rand = &cli.rand};
    Rc rc = cli_dispatch(&cli, argc, argv);
    if (rc != RC_OK) cli_print_error(&cli);
    /* A full disk or a closed pipe must not look like success. */
    bool written = fflush(world->out) == 0 && !ferror(world->out);
    if (rc == RC_OK && !written) {
        rc = RC_FAILED;
        fprintf(world->err, "machi: The output could not be written.\n");
    }
    arena_free(cli.ctx.scratch);
    arena_free(cli.ctx.arena);
    return cli_exit_code(rc);
}

int cli_main(int argc, char **argv) {
    CliWorld world = {
        .commands = cli_commands,
        .command_count = cli_command_count,
        .settings = cli_setting_rows,
        .setting_count = cli_setting_count,
        .environment = environ,
        .out = stdout,
        .err = stderr,
    };
    return cli_run(&world, argc, argv);
}

Ctx *cli_ctx(Cli *cli) {
    return &cli->ctx;
}

const CliWorld *cli_world(const Cli *cli) {
    return cli->world;
}

FILE *cli_out(const Cli *cli) {
    return cli->world->out;
}

FILE *cli_err(const Cli *cli) {
    return cli->world->err;
}

const Settings *cli_flags(const Cli *cli) {
    return cli->flags;
}

const Settings *cli_settings(const Cli *cli) {
    return cli->settings;
}

size_t cli_arg_count(const Cli *cli) {
    return cli->args.len;
}

Str cli_arg(const Cli *cli, size_t index) {
    assert(index < cli->args.len);
    return cli->args.items[index];
}
