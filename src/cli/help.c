/* help: all texts that explain the command line, drawn from the rows. */
#include "cli_int.h"

#define HELP_MAX (1 << 20)

void cli_help_all(const CliWorld *world, FILE *to) {
    fprintf(
        to,
        "machi %s: a City OS in one program\n\nusage: machi SUBCOMMAND [FLAG...] [ARGUMENT...]\n\n",
        MACHI_VERSION);
    for (size_t i = 0; i < world->command_count; i++)
        fprintf(to, "  %-10s %s\n", world->commands[i]->name, world->commands[i]->summary);
    fputs("\n'machi SUBCOMMAND --help' tells more; 'machi help settings' prints a configuration "
          "file with every setting.\n"
          "Exit codes: 0 done, 1 failed, 2 wrong input, 3 denied, 4 not found, 5 conflict, 6 a "
          "limit, 7 busy.\n",
          to);
}

static const SettingRow help_common[] = {
    {.key = "config",
     .type = SETTING_PATH,
     .description = "A file of settings, 'key = value' a line; MACHI_CONFIG names one as well."},
    {.key = "help", .type = SETTING_BOOL, .description = "Prints this."},
};

static void help_settings(Buf *text, const CliWorld *world, const CliCommand *command) {
    for (size_t i = 0; i < world->setting_count; i++)
        if (cli_takes(command, str_of(world->settings[i].key)))
            settings_help(text, &world->settings[i]);
    for (size_t i = 0; i < sizeof help_common / sizeof *help_common; i++)
        settings_help(text, &help_common[i]);
}

void cli_help_command(Cli *cli, const CliCommand *command, FILE *to) {
    Buf text = buf_new(cli->ctx.arena, HELP_MAX);
    buf_addf(&text, "usage: machi %s [FLAG...]%s%s\n\n%s.\n", command->name,
             command->arguments ? " " : "", command->arguments ? command->arguments : "",
             command->summary);
    if (command->description) buf_addf(&text, "\n%s\n", command->description);
    if (command->flag_count) buf_add(&text, STR("\nflags:\n"));
    for (size_t i = 0; i < command->flag_count; i++)
        settings_help(&text, &command->flags[i]);
    buf_add(&text,
            STR("\nflags that are settings, which a file and the environment can hold too:\n"));
    help_settings(&text, cli->world, command);
    fprintf(to, STR_FMT, STR_ARG(buf_str(&text)));
}

Rc cli_help_topic(Cli *cli, Str topic) {
    if (str_empty(topic)) {
        cli_help_all(cli->world, cli->world->out);
        return RC_OK;
    }
    if (str_eq(topic, STR("settings"))) {
        Buf text = buf_new(cli->ctx.arena, HELP_MAX);
        settings_sample(&text, cli->world->settings, cli->world->setting_count);
        fprintf(cli->world->out, STR_FMT, STR_ARG(buf_str(&text)));
        return buf_rc(&text);
    }
    const CliCommand *command = cli_find(cli->world, topic);
    if (!command) return cli_unknown_command(cli, topic);
    cli_help_command(cli, command, cli->world->out);
    return RC_OK;
}

static Rc help_run(Cli *cli) {
    return cli_help_topic(cli, cli_arg_count(cli) ? cli_arg(cli, 0) : STR_NONE);
}

static const char *const help_takes[] = {NULL};

const CliCommand cmd_help = {
    .name = "help",
    .summary = "Explains a subcommand, or prints a configuration file",
    .arguments = "[SUBCOMMAND | settings]",
    .args_max = 1,
    .settings = help_takes,
    .run = help_run,
};
