/* cli_int: what the files of cli/ share. */
#ifndef CLI_CLI_INT_H
#define CLI_CLI_INT_H

#include "cli.h"

#include "json/json.h"

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

extern const CliCommand cmd_backup, cmd_bench, cmd_erase, cmd_export, cmd_help, cmd_import,
    cmd_restore, cmd_rules, cmd_serve, cmd_tenant, cmd_token, cmd_user, cmd_verify;

/* asking.c: what the running server is asked, in one tenant (flag "tenant"), within a minute. */
JsonMembers asking_begin(Cli *cli, const char *what);
void asking_add(Cli *cli, JsonMembers *members, const char *name, Json value);
Rc asking_send(Cli *cli, const JsonMembers *members, const Json **result);
/* "a, b" as a list; and back, `none` where there is none. */
Json asking_words(Arena *arena, Str list);
Str asking_joined(Arena *arena, const Json *list, const char *none);

#endif
