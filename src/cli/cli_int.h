/* cli_int: what the files of cli/ share. */
#ifndef CLI_CLI_INT_H
#define CLI_CLI_INT_H

#include "cli.h"

struct Cli {
    const CliWorld *world;
    const CliCommand *command; /* NULL until it is known */
    Ctx ctx;
    Clock clock;
    Rand rand;
    Settings *flags, *settings;
    StrVec args;
    Str config; /* the configuration file named by --config or MACHI_CONFIG; empty: none */
    bool help;  /* --help was among the flags */
};

/* Reads what follows the subcommand's name, then file and environment; fills flags, settings, args.
 */
Rc cli_read(Cli *cli, int argc, char **argv);
const CliCommand *cli_find(const CliWorld *world, Str name);
/* May the command be given this setting as a flag? */
bool cli_takes(const CliCommand *command, Str key);

void cli_help_all(const CliWorld *world, FILE *to);
void cli_help_command(Cli *cli, const CliCommand *command, FILE *to);
/* What 'machi help' is asked for: nothing, a subcommand, or `settings`. */
Rc cli_help_topic(Cli *cli, Str topic);
Rc cli_unknown_command(Cli *cli, Str name);

extern const CliCommand cmd_backup, cmd_bench, cmd_export, cmd_help, cmd_import, cmd_restore,
    cmd_serve, cmd_tenant, cmd_token, cmd_user, cmd_verify;

#endif
