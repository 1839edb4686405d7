/* cli: the command line. Subcommands are rows; parsing, help, messages and exit codes come from the
   row. A subcommand lives in a file of its own, cmd_NAME.c, which exports one `const CliCommand
   cmd_NAME`; commands.c lists those that exist. Subcommands that touch a city's data speak to the
   running server through its control socket (control.h). */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/base.h"

#include <stdio.h>

typedef struct Cli Cli; /* one run of one subcommand */

typedef struct CliCommand {
    const char *name;
    const char *summary;     /* one line in the overview, without a full stop */
    const char *description; /* paragraphs for its help; lines at most 80 columns wide */
    const char *arguments;   /* as in usage: "FILE..."; NULL: it takes none */
    size_t args_min, args_max;
    const SettingRow *flags; /* its own; a bool is a switch: --dry-run, --dry-run=no */
    size_t flag_count;
    const char *const
        *required; /* keys of flags without which it doesn't run, NULL-terminated; NULL: none */
    const char *const
        *settings; /* keys of settings that it takes as flags, NULL-terminated; NULL: every one */
    Rc (*run)(Cli *cli); /* on failure cli_ctx(cli)->error says why; its Rc becomes the exit code */
} CliCommand;

/* Where a run takes place; tests have their own. */
typedef struct CliWorld {
    const CliCommand *const *commands;
    size_t command_count;
    const SettingRow *settings;
    size_t setting_count;
    char *const *environment; /* NULL-terminated rows NAME=value */
    FILE *out, *err;
} CliWorld;

/* The program: every subcommand and setting that exists, standard output and error. Returns the
 * exit code. */
int cli_main(int argc, char **argv);
/* 0 done; 1 our fault; 2 wrong input or usage; 3 denied; 4 not found; 5 conflict; 6 a limit; 7
 * busy. */
int cli_run(const CliWorld *world, int argc, char **argv);
int cli_exit_code(Rc rc);

/* For a running subcommand. All of it lives until run returns. */
Ctx *cli_ctx(Cli *cli);
const CliWorld *cli_world(const Cli *cli);
FILE *cli_out(const Cli *cli);             /* results */
FILE *cli_err(const Cli *cli);             /* progress and remarks */
const Settings *cli_flags(const Cli *cli); /* of the row's own flags */
const Settings *cli_settings(const Cli *cli);
size_t cli_arg_count(const Cli *cli);
Str cli_arg(const Cli *cli, size_t index); /* NUL stands behind it */

/* The settings that exist, whichever subcommand takes them; commands.c and config.c hold the
 * tables. */
extern const SettingRow cli_setting_rows[];
extern const size_t cli_setting_count;
/* False: built without pages, so that only help is there. */
extern const bool cli_is_whole;
extern const CliCommand *const cli_commands[];
extern const size_t cli_command_count;

#endif
