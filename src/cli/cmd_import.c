#include "cli_int.h"

#include "connect/connect.h"
#include "control.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 30, REPORT_MAX = 64 << 20 };

/* One file being imported, for the bar. */
typedef struct Showing {
    Cli *cli;
    Str file;
    bool terminal, drawn;
} Showing;

static void bar_clear(Showing *showing) {
    if (showing->drawn) fprintf(cli_err(showing->cli), "\r\033[K");
    showing->drawn = false;
}

static Rc bar_draw(void *arg, Ctx *ctx, const Json *line) {
    Showing *showing = arg;
    int64_t bytes = json_get_int(line, "bytes", 0), of = json_get_int(line, "of", 0);
    (void)ctx;
    if (!showing->terminal) return RC_OK;
    int full = of > 0 ? (int)(bytes * BAR / of) : 0;
    fprintf(cli_err(showing->cli), "\r\033[K[%.*s%*s] %lld rows  " STR_FMT, full,
            "##############################", BAR - full, "",
            (long long)json_get_int(line, "rows", 0), STR_ARG(showing->file));
    fflush(cli_err(showing->cli));
    showing->drawn = true;
    return RC_OK;
}

/* The server reads the file itself: it needs the whole path. */
static Rc path_whole(Ctx *ctx, Str given, Str *out) {
    char whole[PATH_MAX];
    if (!realpath(given.ptr, whole))
        return ctx_fail(ctx, errno == ENOENT ? RC_NOT_FOUND : RC_FAILED, "no-file", given,
                        "The file cannot be read: %s.", strerrordesc_np(errno));
    *out = str_dup(ctx->arena, str_of(whole));
    return RC_OK;
}

static Rc import_one(Cli *cli, Str file, const Json **report) {
    Ctx *ctx = cli_ctx(cli);
    const Settings *flags = cli_flags(cli);
    Showing showing = {.cli = cli, .file = file, .terminal = isatty(fileno(cli_err(cli))) == 1};
    Str path;
    TRY(path_whole(ctx, file, &path));
    JsonMember members[] = {
        {STR("do"), json_of_str(STR("import"))},
        {STR("tenant"), json_of_str(settings_text(flags, "tenant"))},
        {STR("path"), json_of_str(path)},
        {STR("layout"), json_of_str(settings_text(flags, "layout"))},
        {STR("dryRun"), json_of_bool(settings_bool(flags, "dry-run"))},
        {STR("replace"), json_of_bool(settings_bool(flags, "replace"))},
    };
    Json json = json_of_members(members, sizeof members / sizeof *members);
    ControlRequest request = {.folder = settings_text(cli_settings(cli), "data").ptr,
                              .json = &json,
                              .hear = bar_draw,
                              .arg = &showing,
                              .patience = 10 * TIME_MINUTE};
    Rc rc = control_ask(ctx, &request, report);
    bar_clear(&showing);
    return rc;
}

static Rc report_write(Ctx *ctx, Str path, const JsonItems *reports) {
    Json all = json_of_items(reports->items, reports->len);
    Buf text = buf_new(NULL, REPORT_MAX);
    json_write(&text, &all);
    FILE *file = fopen(path.ptr, "we");
    bool good = file && fwrite(text.ptr, 1, text.len, file) == text.len && fputc('\n', file) >= 0;
    if (file && fclose(file) != 0) good = false;
    bool full = text.full;
    buf_free(&text);
    if (full)
        return ctx_fail(ctx, RC_LIMIT, "report-too-large", path,
                        "The reports of so many files are too large for one: import them in "
                        "several calls.");
    if (good) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "no-report", path, "The report cannot be written: %s.",
                    strerrordesc_np(errno));
}

static void report_print(Cli *cli, const Json *report) {
    Buf text = buf_new(NULL, REPORT_MAX);
    connect_report_text(&text, report);
    fwrite(text.ptr, 1, text.len, cli_out(cli));
    fflush(cli_out(cli));
    buf_free(&text);
}

/* What cannot be imported is told, and the other files go on; the first error gives the exit code
   and is told by whoever called. */
static void failed(Cli *cli, Str file, Error *first) {
    const Error *error = &cli_ctx(cli)->error;
    if (first->rc == RC_OK)
        *first = *error;
    else
        fprintf(cli_err(cli), STR_FMT ": " STR_FMT "\n", STR_ARG(file), STR_ARG(error->detail));
}

static Rc import(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    Error first = {0};
    JsonItems reports = {0};
    Str to = settings_text(cli_flags(cli), "report");
    for (size_t i = 0; i < cli_arg_count(cli); i++) {
        const Json *report;
        if (import_one(cli, cli_arg(cli, i), &report) == RC_OK) {
            report_print(cli, report);
            vec_push(ctx->arena, &reports, *report);
            continue;
        }
        failed(cli, cli_arg(cli, i), &first);
        if (str_eq(ctx->error.code, STR("not-running"))) break;
    }
    if (to.len) TRY(report_write(ctx, to, &reports));
    ctx->error = first;
    return first.rc;
}

static const SettingRow import_flags[] = {
    {"dry-run", SETTING_BOOL, "no", 0, 0, "Say what would be done, and write nothing.", NULL},
    {"replace", SETTING_BOOL, "no", 0, 0,
     "Remove entities that no row of the file names any more, listed ones included; with --dry-run "
     "say how many.",
     NULL},
    {"layout", SETTING_TEXT, NULL, 0, 100, "Name of the layout, where headers don't tell.", "NAME"},
    {"report", SETTING_TEXT, NULL, 0, 4000, "Write the reports there as JSON.", "FILE"},
    {"tenant", SETTING_TEXT, NULL, 0, 50, "The municipality; without it the default one.", "NAME"},
};
static const char *const import_settings[] = {"data", NULL};

const CliCommand cmd_import = {
    .name = "import",
    .summary = "Bring CSV files of the city in",
    .description =
        "The running server reads the files: UTF-8 or CP932, with title rows, old and new\n"
        "headers, as they are found. Each row is imported, repaired by a rule that the report\n"
        "names, or listed with line, column, value and reason. Importing a file again changes\n"
        "nothing. What vanished from a newer file is named, and removed with --replace only;\n"
        "what a listed row may be about whose key cannot be read stays, and the report says\n"
        "which line to mend.",
    .arguments = "FILE...",
    .args_min = 1,
    .args_max = 1000,
    .flags = import_flags,
    .flag_count = sizeof import_flags / sizeof *import_flags,
    .settings = import_settings,
    .run = import,
};
