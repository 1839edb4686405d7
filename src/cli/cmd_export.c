#include "cli_int.h"

#include "control.h"

#include <errno.h>
#include <string.h>

/* Where the pieces go. */
typedef struct Taking {
    FILE *to;
    Str name;
} Taking;

static Rc not_written(Ctx *ctx, Str name) {
    return ctx_fail(ctx, RC_FAILED, "not-written", name, "The file cannot be written: %s.",
                    strerrordesc_np(errno));
}

static Rc take(void *arg, Ctx *ctx, const Json *line) {
    const Taking *taking = arg;
    Str text = json_get_str(line, "text");
    return fwrite(text.ptr, 1, text.len, taking->to) == text.len ? RC_OK
                                                                 : not_written(ctx, taking->name);
}

static Rc ask(Cli *cli, Taking *taking, const Json **result) {
    const Settings *flags = cli_flags(cli);
    JsonMember members[] = {
        {STR("do"), json_of_str(STR("export"))},
        {STR("tenant"), json_of_str(settings_text(flags, "tenant"))},
        {STR("type"), json_of_str(settings_text(flags, "type"))},
    };
    Json json = json_of_members(members, sizeof members / sizeof *members);
    ControlRequest request = {.folder = settings_text(cli_settings(cli), "data").ptr,
                              .json = &json,
                              .hear = take,
                              .arg = taking,
                              .patience = 10 * TIME_MINUTE};
    return control_ask(cli_ctx(cli), &request, result);
}

static Rc export(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    const Json *result;
    Str out = settings_text(cli_flags(cli), "out");
    Taking taking = {.to = out.len ? fopen(out.ptr, "we") : cli_out(cli), .name = out};
    if (!taking.to) return not_written(ctx, out);
    Rc rc = ask(cli, &taking, &result);
    if (fflush(taking.to) != 0 && rc == RC_OK) rc = not_written(ctx, out);
    if (out.len && fclose(taking.to) != 0 && rc == RC_OK) rc = not_written(ctx, out);
    if (rc != RC_OK) return rc;
    fprintf(cli_err(cli), "%lld rows.\n", (long long)json_get_int(result, "rows", 0));
    return RC_OK;
}

static const SettingRow export_flags[] = {
    {"type", SETTING_TEXT, NULL, 1, 200, "Term of the type in the dictionary.", "TYPE"},
    {"out", SETTING_TEXT, NULL, 0, 4000, "Write there; without it to standard output.", "FILE"},
    {"tenant", SETTING_TEXT, NULL, 0, 50, "The municipality; without it the default one.", "NAME"},
};
static const char *const export_required[] = {"type", NULL};
static const char *const export_settings[] = {"data", NULL};

const CliCommand cmd_export = {
    .name = "export",
    .summary = "Write what the city holds of a type as CSV",
    .description =
        "UTF-8 with BOM, headers of 自治体標準オープンデータセット where it has the type.\n"
        "Attributes that are personal or sensitive are left out.",
    .flags = export_flags,
    .flag_count = sizeof export_flags / sizeof *export_flags,
    .required = export_required,
    .settings = export_settings,
    .run = export,
};
