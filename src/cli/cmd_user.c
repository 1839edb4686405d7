#include "cli_int.h"

#include "control.h"

#include <string.h>

enum { PASSWORD_MAX = 1024 };

static void list_json(Arena *arena, Str list, Json *out) {
    JsonItems items = {0};
    for (Str item; str_split(&list, ',', &item);)
        vec_push(arena, &items, json_of_str(str_trim(item)));
    *out = json_of_items(items.items, items.len);
}

/* The first line of standard input, so that a password stands in no list of processes. */
static Rc password_read(Cli *cli, Str *out) {
    char *line = arena_zero(cli_ctx(cli)->arena, PASSWORD_MAX + 2, 1);
    fprintf(cli_err(cli), "Password (15 characters or more, one line): ");
    if (!fgets(line, PASSWORD_MAX + 2, stdin))
        return ctx_fail(cli_ctx(cli), RC_INVALID, "no-password", STR_NONE,
                        "Give the password on standard input.");
    *out = (Str){line, strcspn(line, "\r\n")};
    return RC_OK;
}

static Rc user(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    const Settings *flags = cli_flags(cli);
    const Json *result;
    Str password = STR_NONE, kind = settings_text(flags, "kind");
    bool change = settings_bool(flags, "change");
    if (!change && !str_eq(kind, STR("service"))) TRY(password_read(cli, &password));
    JsonMember members[] = {
        {STR("do"), json_of_str(change ? STR("user.posts") : STR("user.create"))},
        {STR("tenant"), json_of_str(settings_text(flags, "tenant"))},
        {STR("login"), json_of_str(cli_arg(cli, 0))},
        {STR("kind"), json_of_str(kind)},
        {STR("name"), json_of_str(settings_text(flags, "name"))},
        {STR("password"), json_of_str(password)},
        {STR("posts"), json_of_null()},
        {STR("roles"), json_of_null()},
    };
    list_json(ctx->arena, settings_text(flags, "posts"), &members[6].value);
    list_json(ctx->arena, settings_text(flags, "roles"), &members[7].value);
    Json json = json_of_members(members, sizeof members / sizeof *members);
    ControlRequest request = {.folder = settings_text(cli_settings(cli), "data").ptr,
                              .json = &json,
                              .patience = 10 * TIME_SECOND};
    TRY(control_ask(ctx, &request, &result));
    fprintf(cli_out(cli), STR_FMT "\n", STR_ARG(json_get_str(result, "id")));
    return RC_OK;
}

static const SettingRow user_flags[] = {
    {"kind", SETTING_TEXT, "staff", 5, 8, "resident, staff or service.", "KIND"},
    {"name", SETTING_TEXT, NULL, 0, 200, "The name shown to the person.", "NAME"},
    {"posts", SETTING_TEXT, NULL, 0, 1000, "Ids of posts, by commas; the first is the main one.",
     "POST,..."},
    {"roles", SETTING_TEXT, NULL, 0, 1000, "Roles beyond those of the posts, by commas.",
     "ROLE,..."},
    {"change", SETTING_BOOL, "no", 0, 0,
     "Gives an account that is there the posts named by --posts, instead of those it has.", NULL},
    {"tenant", SETTING_TEXT, NULL, 0, 50, "The municipality; without it the default one.", "NAME"},
};
static const char *const user_settings[] = {"data", NULL};

const CliCommand cmd_user = {
    .name = "user",
    .summary = "Make an account, or change its posts",
    .description =
        "Makes an account of a resident, an official or a service. The password is read from\n"
        "standard input; a service has none and gets tokens instead. With --change an official\n"
        "gets other posts, at once: what he asked for under a post that he lost is refused.",
    .arguments = "LOGIN",
    .args_min = 1,
    .args_max = 1,
    .flags = user_flags,
    .flag_count = sizeof user_flags / sizeof *user_flags,
    .settings = user_settings,
    .run = user,
};
