/* commands: which subcommands exist. A new one is a file cmd_NAME.c, a declaration and a row here.
 */
#include "cli_int.h"

#ifdef MACHI_CITY /* not where the pages could not be built: see meson.build */
const bool cli_is_whole = true;
#else
const bool cli_is_whole = false;
#endif

const CliCommand *const cli_commands[] = {
#ifdef MACHI_CITY
    &cmd_serve, &cmd_import, &cmd_export,  &cmd_token,  &cmd_user,  &cmd_tenant,
    &cmd_erase, &cmd_backup, &cmd_restore, &cmd_verify, &cmd_bench, &cmd_rules,
#endif
    &cmd_help,
};
const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;
