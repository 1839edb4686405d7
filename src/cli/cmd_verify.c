#include "cli_int.h"

#include "control.h"
#include "place.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VERIFY_WORDS = 8 };

/* ---- the program ---- */

/* machi-verify lies beside this program, or where the build puts it. */
static Rc program_find(Ctx *ctx, Str *out) {
    static const char *const beside[] = {"machi-verify", "../verify/machi-verify"};
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        *out = str_fmt(ctx->arena, "%s/%s", self, beside[i]);
        if (access(out->ptr, X_OK) == 0) return RC_OK;
    }
    return ctx_fail(ctx, RC_NOT_FOUND, "no-verifier", STR_NONE,
                    "machi-verify is not beside this program: install both in one folder.");
}

static Rc spawned(Ctx *ctx, char **words, int *code) {
    extern char **environ;
    pid_t child;
    int status, failed = posix_spawn(&child, words[0], NULL, NULL, words, environ);
    while (!failed && waitpid(child, &status, 0) < 0)
        if (errno != EINTR) failed = errno;
    if (failed)
        return ctx_fail(ctx, RC_FAILED, "no-verifier", str_of(words[0]),
                        "machi-verify can't be run: %s.", strerrordesc_np(failed));
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 2;
    return RC_OK;
}

static void option(Ctx *ctx, char **words, const char *name, Str path) {
    if (!place_there(ctx, path)) return;
    while (*words)
        words++;
    words[0] = (char *)str_z(ctx->arena, str_of(name));
    words[1] = (char *)str_z(ctx->arena, path);
}

static Rc verify_one(Cli *cli, Str program, const PlacePaths *place, int *code) {
    Ctx *ctx = cli_ctx(cli);
    char *words[VERIFY_WORDS] = {(char *)program.ptr};
    option(ctx, words, "--witness", place->witness);
    option(ctx, words, "--erasures", place->erasures);
    size_t count = 0;
    while (words[count])
        count++;
    if (settings_bool(cli_flags(cli), "json"))
        words[count++] = (char *)str_z(ctx->arena, STR("--json"));
    words[count] = (char *)str_z(ctx->arena, place->folder);
    return spawned(ctx, words, code);
}

/* ---- the tenants ---- */

typedef VEC(PlacePaths) Places;

/* A server says where it keeps things, once everything is signed. */
static Rc places_ask(Ctx *ctx, const Settings *settings, Places *places) {
    const Json *result;
    JsonMember member = {STR("do"), json_of_str(STR("checkpoint"))};
    Json json = json_of_members(&member, 1);
    ControlRequest request = {
        .folder = settings_text(settings, "data").ptr, .json = &json, .patience = 15 * TIME_SECOND};
    TRY(control_ask(ctx, &request, &result));
    const Json *list = json_get(result, STR("tenants"));
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *item = json_at(list, i);
        vec_push(ctx->arena, places,
                 (PlacePaths){.name = json_get_str(item, "name"),
                              .folder = json_get_str(item, "folder"),
                              .erasures = json_get_str(item, "erasures"),
                              .witness = json_get_str(item, "witness")});
    }
    return RC_OK;
}

static Rc places_look(Ctx *ctx, const Settings *settings, Places *places) {
    StrVec names = {0};
    PlaceRoots roots = place_roots(ctx->arena, settings);
    ctx->error = (Error){0};
    TRY(place_list(ctx, roots.data, &names));
    VEC_EACH (Str, name, &names)
        vec_push(ctx->arena, places, place_of(ctx->arena, &roots, *name));
    if (names.len) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-tenants", STR("data"),
                    "There are no tenants in " STR_FMT ": name a data folder by --data.",
                    STR_ARG(roots.data));
}

/* ---- the projections ---- */

static void projection_print(Cli *cli, const Json *one) {
    if (settings_bool(cli_flags(cli), "json")) {
        Buf text = buf_new(cli_ctx(cli)->arena, 1 << 20);
        json_write(&text, one);
        fprintf(cli_out(cli), STR_FMT "\n", STR_ARG(buf_str(&text)));
        return;
    }
    Str name = json_get_str(one, "name"), first = json_get_str(one, "first");
    fprintf(cli_out(cli),
            STR_FMT ": %lld projections at leaf %lld: %lld rows and %lld entities compared with a "
                    "rebuild, %lld differences\n",
            STR_ARG(name.len ? name : STR("(default)")),
            (long long)json_get_int(one, "followers", 0),
            (long long)json_get_int(one, "position", 0), (long long)json_get_int(one, "rows", 0),
            (long long)json_get_int(one, "entities", 0),
            (long long)json_get_int(one, "differences", 0));
    if (first.len) fprintf(cli_out(cli), "  the first: " STR_FMT "\n", STR_ARG(first));
    const Json *aside = json_get(one, STR("aside"));
    for (size_t i = 0; aside && i < aside->len; i++)
        fprintf(cli_out(cli), "  set aside: " STR_FMT "\n", STR_ARG(json_str(json_at(aside, i))));
}

static Rc verify_projections(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    const Json *result;
    int64_t differences = 0;
    size_t aside = 0;
    JsonMember member = {STR("do"), json_of_str(STR("projections"))};
    Json json = json_of_members(&member, 1);
    ControlRequest request = {.folder = settings_text(cli_settings(cli), "data").ptr,
                              .json = &json,
                              .patience = 6 * TIME_HOUR};
    TRY(control_ask(ctx, &request, &result));
    const Json *list = json_get(result, STR("tenants"));
    for (size_t i = 0; list && i < list->len; i++) {
        projection_print(cli, json_at(list, i));
        differences += json_get_int(json_at(list, i), "differences", 0);
        const Json *events = json_get(json_at(list, i), STR("aside"));
        aside += events ? events->len : 0;
    }
    if (!differences && !aside) return RC_OK;
    if (!differences)
        return ctx_fail(ctx, RC_FAILED, "set-aside", STR_NONE,
                        "%zu events are in the ledger, but can't be applied: report them; a later "
                        "version of machi tries them again.",
                        aside);
    return ctx_fail(ctx, RC_FAILED, "projections-differ", STR_NONE,
                    "What is kept differs from what the ledger says: stop machi, delete state.db "
                    "of that tenant, start again, and report it.");
}

static Rc verify_ledgers(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    Places places = {0};
    Str program, bad = STR_NONE;
    int worst = 0;
    TRY(program_find(ctx, &program));
    Rc rc = places_ask(ctx, cli_settings(cli), &places);
    if (rc == RC_NOT_FOUND) rc = places_look(ctx, cli_settings(cli), &places);
    TRY(rc);
    VEC_EACH (PlacePaths, place, &places) {
        int code = 0;
        TRY(verify_one(cli, program, place, &code));
        if (code && !bad.len) bad = place->name;
        if (code > worst) worst = code;
    }
    if (!worst) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, worst == 1 ? "not-sound" : "not-verified", bad,
                    worst == 1 ? "The ledger of " STR_FMT " is not sound: leave everything as it "
                                 "is, and read doc/operations.md."
                               : "The ledger of " STR_FMT " could not be checked.",
                    STR_ARG(bad));
}

static Rc verify(Cli *cli) {
    TRY(verify_ledgers(cli));
    return settings_bool(cli_flags(cli), "projections") ? verify_projections(cli) : RC_OK;
}

static const SettingRow verify_flags[] = {
    {"json", SETTING_BOOL, "no", 0, 0, "Print one JSON object per tenant.", NULL},
    {"projections", SETTING_BOOL, "no", 0, 0,
     "Also compare what the running server keeps with a rebuild from the ledger.", NULL},
};
static const char *const verify_settings[] = {"data", "keys", "witness", NULL};

const CliCommand cmd_verify = {
    .name = "verify",
    .summary = "Prove that nothing in the ledgers was altered",
    .description =
        "Runs machi-verify, a separate program, on each tenant of the data folder, with its\n"
        "witness file and its list of erasures. A running server signs a checkpoint first and\n"
        "goes on serving. The proof is only as good as the witness file: keep it elsewhere.\n"
        "--projections asks the running server to rebuild state, history, the list of looks and\n"
        "every other projection from the ledger, in a folder beside state.db and of its size, and\n"
        "to compare them row by row.",
    .flags = verify_flags,
    .flag_count = sizeof verify_flags / sizeof *verify_flags,
    .settings = verify_settings,
    .run = verify,
};
