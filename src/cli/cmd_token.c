#include "cli_int.h"

#include "control.h"

static Rc token(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    const Settings *flags = cli_flags(cli);
    const Json *result;
    JsonMember members[] = {
        {STR("do"), json_of_str(STR("token.create"))},
        {STR("tenant"), json_of_str(settings_text(flags, "tenant"))},
        {STR("account"), json_of_str(settings_text(flags, "as"))},
        {STR("ttl"), json_of_int(settings_int(flags, "ttl"))},
    };
    Json json = json_of_members(members, sizeof members / sizeof *members);
    ControlRequest request = {.folder = settings_text(cli_settings(cli), "data").ptr,
                              .json = &json,
                              .patience = 10 * TIME_SECOND};
    TRY(control_ask(ctx, &request, &result));
    fprintf(cli_err(cli), "A token of " STR_FMT " for %lld seconds; its use is recorded.\n",
            STR_ARG(settings_text(flags, "as")), (long long)settings_int(flags, "ttl"));
    fprintf(cli_out(cli), STR_FMT "\n", STR_ARG(json_get_str(result, "token")));
    return RC_OK;
}

static const SettingRow token_flags[] = {
    {"as", SETTING_TEXT, NULL, 1, 200, "Login of a service or demo account.", "ACCOUNT"},
    {"ttl", SETTING_INT, "3600", 1, 30 * 86400, "Seconds for which it is valid.", "SECONDS"},
    {"tenant", SETTING_TEXT, NULL, 0, 50, "The municipality; without it the default one.", "NAME"},
};
static const char *const token_required[] = {"as", NULL};
static const char *const token_settings[] = {"data", NULL};

const CliCommand cmd_token = {
    .name = "token",
    .summary = "Make a bearer token for a service or demo account",
    .description =
        "Asks the running server for a token and prints it alone on the last line. That it was\n"
        "made, for whom and for how long is recorded in the ledger; the token itself is kept\n"
        "nowhere.",
    .flags = token_flags,
    .flag_count = sizeof token_flags / sizeof *token_flags,
    .required = token_required,
    .settings = token_settings,
    .run = token,
};
