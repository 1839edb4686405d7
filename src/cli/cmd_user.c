#include "cli_int.h"

#include <string.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024, DRAWN = 20 /* characters of 5 bits */ };

/* The first line of standard input, so that a password stands in no list of processes. */
static Rc password_read(Cli *cli, Str *out) {
    char *line = arena_zero(cli_ctx(cli)->arena, PASSWORD_MAX + 2, 1);
    if (isatty(STDIN_FILENO)) fprintf(cli_err(cli), "Password (15 characters or more, one line): ");
    if (!fgets(line, PASSWORD_MAX + 2, stdin))
        return ctx_fail(cli_ctx(cli), RC_INVALID, "no-password", STR_NONE,
                        "Give the password on standard input.");
    *out = (Str){line, strcspn(line, "\r\n")};
    return RC_OK;
}

static Rc password_take(Cli *cli, Str *out) {
    if (!settings_bool(cli_flags(cli), "draw")) return password_read(cli, out);
    *out = rand_id(cli_ctx(cli)->rand, cli_ctx(cli)->arena, DRAWN);
    return RC_OK;
}

/* What is done with the account that is named; needs: a password from standard input. */
typedef struct UserAct {
    const char *flag, *does; /* flag NULL: none of the others was given */
    bool password;
    const char *done; /* what is said behind the login when it is */
} UserAct;

static const UserAct acts[] = {
    {"change", "user.posts", false, NULL},
    {"disable", "user.disable", false,
     "is shut out: the sessions have ended and the tokens are revoked."},
    {"enable", "user.enable", false, "is let in again; no session and no token came back."},
    {"password", "user.password", true,
     "has another password, which lets in for a week, to choose one: the sessions have ended."},
    {NULL, "user.create", true,
     "has an account now; the password lets in for a week, to choose one."},
};

/* A sentence for people; the id alone on the last line is for scripts. */
static void act_said(Cli *cli, const UserAct *act, const Json *result) {
    Str login = cli_arg(cli, 0), posts = settings_text(cli_flags(cli), "posts");
    if (act->done)
        fprintf(cli_out(cli), STR_FMT " %s\n", STR_ARG(login), act->done);
    else if (str_empty(posts))
        fprintf(cli_out(cli), STR_FMT " holds no post now.\n", STR_ARG(login));
    else
        fprintf(cli_out(cli), STR_FMT " holds these posts now, and no others: " STR_FMT ".\n",
                STR_ARG(login), STR_ARG(posts));
    fprintf(cli_out(cli), STR_FMT "\n", STR_ARG(json_get_str(result, "id")));
}

static Rc act_find(Cli *cli, const UserAct **out) {
    int given = 0;
    *out = NULL;
    for (const UserAct *act = acts; act->flag; act++) {
        if (!settings_bool(cli_flags(cli), act->flag)) continue;
        *out = act;
        given++;
    }
    if (given > 1)
        return ctx_fail(cli_ctx(cli), RC_INVALID, "bad-usage", STR_NONE,
                        "Say one of --change, --disable, --enable and --password.");
    if (!given) *out = &acts[sizeof acts / sizeof *acts - 1];
    return RC_OK;
}

static Rc act_on(Cli *cli, const UserAct *act) {
    Ctx *ctx = cli_ctx(cli);
    const Settings *flags = cli_flags(cli);
    const Json *result;
    Str password = STR_NONE, kind = settings_text(flags, "kind");
    bool service = !act->flag && str_eq(kind, STR("service"));
    if (act->password && !service) TRY(password_take(cli, &password));
    JsonMembers asked = asking_begin(cli, act->does);
    asking_add(cli, &asked, "login", json_of_str(cli_arg(cli, 0)));
    asking_add(cli, &asked, "kind", json_of_str(kind));
    asking_add(cli, &asked, "name", json_of_str(settings_text(flags, "name")));
    asking_add(cli, &asked, "password", json_of_str(password));
    asking_add(cli, &asked, "posts", asking_words(ctx->arena, settings_text(flags, "posts")));
    asking_add(cli, &asked, "roles", asking_words(ctx->arena, settings_text(flags, "roles")));
    TRY(asking_send(cli, &asked, &result));
    if (settings_bool(flags, "draw") && !str_empty(password))
        fprintf(cli_out(cli), "password " STR_FMT "\n", STR_ARG(password));
    act_said(cli, act, result);
    return RC_OK;
}

static Rc list(Cli *cli) {
    Arena *arena = cli_ctx(cli)->arena;
    const Json *result;
    JsonMembers asked = asking_begin(cli, "user.list");
    TRY(asking_send(cli, &asked, &result));
    const Json *accounts = json_get(result, STR("accounts"));
    for (size_t i = 0; accounts && i < accounts->len; i++) {
        const Json *one = json_at(accounts, i);
        fprintf(cli_out(cli),
                STR_FMT "  " STR_FMT "  " STR_FMT "  posts " STR_FMT "  roles " STR_FMT
                        "  sessions %lld  tokens %lld%s%s\n",
                STR_ARG(json_get_str(one, "login")), STR_ARG(json_get_str(one, "name")),
                STR_ARG(json_get_str(one, "kind")),
                STR_ARG(asking_joined(arena, json_get(one, STR("posts")), "-")),
                STR_ARG(asking_joined(arena, json_get(one, STR("roles")), "-")),
                (long long)json_get_int(one, "sessions", 0),
                (long long)json_get_int(one, "tokens", 0),
                json_get_bool(one, "demo", false) ? "  demo" : "",
                json_get_bool(one, "disabled", false) ? "  disabled" : "");
    }
    return RC_OK;
}

static Rc user(Cli *cli) {
    const UserAct *act;
    bool lists = settings_bool(cli_flags(cli), "list");
    if (lists && cli_arg_count(cli) == 0) return list(cli);
    if (lists || cli_arg_count(cli) == 0)
        return ctx_fail(cli_ctx(cli), RC_INVALID, "bad-usage", STR_NONE,
                        "Say the LOGIN of one account, or --list alone.");
    TRY(act_find(cli, &act));
    return act_on(cli, act);
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
    {"list", SETTING_BOOL, "no", 0, 0, "Lists all accounts.", NULL},
    {"disable", SETTING_BOOL, "no", 0, 0,
     "Shuts the account out: its sessions end and its tokens are revoked, at once.", NULL},
    {"enable", SETTING_BOOL, "no", 0, 0, "Lets it in again; no session or token comes back.", NULL},
    {"password", SETTING_BOOL, "no", 0, 0,
     "Gives it another password, read from standard input; its sessions end at once.", NULL},
    {"draw", SETTING_BOOL, "no", 0, 0, "Draws the password and says it, instead of reading one.",
     NULL},
    {"tenant", SETTING_TEXT, NULL, 0, 50, "The municipality; without it the default one.", "NAME"},
};
static const char *const user_settings[] = {"data", NULL};

const CliCommand cmd_user = {
    .name = "user",
    .summary = "Make an account, list them, or change one",
    .description =
        "Makes an account of a resident, an official or a service. The password is read from\n"
        "standard input, or drawn and said (--draw); it opens the page alone on which its owner\n"
        "chooses another, for a week. A service has none and gets tokens instead. With --change an "
        "official\n"
        "gets other posts, at once: what he asked for under a post that he lost is refused. Each\n"
        "change is recorded in the ledger. A sentence says what was done; the last line is the\n"
        "account's id alone. --list shows logins, names, posts, roles, and how many sessions and\n"
        "tokens are valid.",
    .arguments = "[LOGIN]",
    .args_min = 0,
    .args_max = 1,
    .flags = user_flags,
    .flag_count = sizeof user_flags / sizeof *user_flags,
    .settings = user_settings,
    .run = user,
};
