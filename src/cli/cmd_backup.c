#include "cli_int.h"

#include "control.h"
#include "place.h"

static Rc hear(void *arg, Ctx *ctx, const Json *line) {
    fprintf(cli_out(arg), "%-24s%12lld leaves\n", str_z(ctx->arena, json_get_str(line, "tenant")),
            (long long)json_get_int(line, "leaves", 0));
    return RC_OK;
}

static Rc backup(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    const Json *result;
    Str to;
    /* The server has another working folder. */
    TRY(place_whole(ctx, settings_text(cli_flags(cli), "to"), &to));
    JsonMember members[] = {{STR("do"), json_of_str(STR("backup"))}, {STR("to"), json_of_str(to)}};
    Json json = json_of_members(members, sizeof members / sizeof *members);
    ControlRequest request = {.folder = settings_text(cli_settings(cli), "data").ptr,
                              .json = &json,
                              .hear = hear,
                              .arg = cli,
                              .patience = 6 * TIME_HOUR};
    TRY(control_ask(ctx, &request, &result));
    fprintf(cli_out(cli),
            "The backup lies in " STR_FMT ".\n"
            "The tenants' keys and the lists of erasures (*.key, *.key.erasures) are not in it: "
            "keep them elsewhere.\n",
            STR_ARG(to));
    return RC_OK;
}

static const SettingRow backup_flags[] = {
    {"to", SETTING_PATH, NULL, 1, 4000, "The folder; an earlier backup in it is replaced.",
     "FOLDER"},
};
static const char *const backup_required[] = {"to", NULL};
static const char *const backup_settings[] = {"data", NULL};

const CliCommand cmd_backup = {
    .name = "backup",
    .summary = "Copy every tenant's ledger, keys and files to a folder",
    .description =
        "Asks the running server to copy each tenant to FOLDER/tenants/NAME while it goes on\n"
        "serving, and its witness file to FOLDER/witness. What was answered before the call is\n"
        "in it. The wrapped keys are a file of their own, keys.db, so that they can be kept\n"
        "for a shorter time than the rest; the keys of the tenants are never in a backup.",
    .flags = backup_flags,
    .flag_count = sizeof backup_flags / sizeof *backup_flags,
    .required = backup_required,
    .settings = backup_settings,
    .run = backup,
};
