#include "cli_int.h"

static bool named(const Json *files, Str file) {
    for (size_t i = 0; files && i < files->len; i++)
        if (str_eq(json_str(json_at(files, i)), file)) return true;
    return false;
}

/* Each on a line of its own; sure: what is still there. */
static void kept_say(Cli *cli, const Json *kept, const Json *asked, bool sure) {
    for (size_t i = 0; kept && i < kept->len; i++) {
        Str file = json_str(json_at(kept, i));
        const char *why = !named(asked, file) ? "stays: --files does not name it"
                          : sure              ? "was written to again meanwhile: erase once more"
                                              : "would be erased";
        fprintf(cli_out(cli), "  " STR_FMT "  %s\n", STR_ARG(file), why);
    }
}

static Rc done_say(Cli *cli, const Json *result, const Json *asked) {
    const Json *erased = json_get(result, STR("erased"));
    for (size_t i = 0; erased && i < erased->len; i++)
        fprintf(cli_out(cli), "  " STR_FMT "  is erased: no key opens it any more\n",
                STR_ARG(json_str(json_at(erased, i))));
    kept_say(cli, json_get(result, STR("kept")), asked, true);
    int64_t attached = json_get_int(result, "attachments", 0);
    if (attached) fprintf(cli_out(cli), "  attached files taken away: %lld\n", (long long)attached);
    fprintf(cli_out(cli),
            "Backups made before still hold the keys: delete their keys.db when your rules say so."
            "\nKeep the newest list of erasures beside the tenant key: a restore applies it.\n");
    return RC_OK;
}

static Rc erase(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    const Settings *flags = cli_flags(cli);
    const Json *result;
    bool sure = settings_bool(flags, "yes");
    Json files = asking_words(ctx->arena, settings_text(flags, "files"));
    if (sure && !files.len)
        return ctx_fail(ctx, RC_INVALID, "bad-usage", STR_NONE,
                        "Say by --files which retention files may go; without --yes they are "
                        "listed.");
    JsonMembers asked = asking_begin(cli, "erase");
    asking_add(cli, &asked, "subject", json_of_str(settings_text(flags, "subject")));
    asking_add(cli, &asked, "as", json_of_str(settings_text(flags, "as")));
    asking_add(cli, &asked, "reason", json_of_str(settings_text(flags, "reason")));
    asking_add(cli, &asked, "files", files);
    asking_add(cli, &asked, "sure", json_of_bool(sure));
    TRY(asking_send(cli, &asked, &result));
    fprintf(cli_out(cli), STR_FMT ":\n", STR_ARG(json_get_str(result, "subject")));
    if (sure) return done_say(cli, result, &files);
    kept_say(cli, json_get(result, STR("kept")), &files, false);
    return ctx_fail(ctx, RC_INVALID, "not-sure", STR_NONE,
                    "Nothing was erased. It can't be undone: say --yes, with the files that may go "
                    "in --files.");
}

static const SettingRow erase_flags[] = {
    {"subject", SETTING_TEXT, NULL, 1, 400,
     "Whose: a login, the receipt number of a case, or the id of a subject or an account.", "WHO"},
    {"files", SETTING_TEXT, NULL, 0, 2000, "Retention files that may go, by commas.", "FILE,..."},
    {"as", SETTING_TEXT, NULL, 1, 200, "Login of the official who has it done.", "ACCOUNT"},
    {"reason", SETTING_TEXT, NULL, 1, 1000,
     "Why, as it stands in the ledger for good: the number of the decision, no personal data.",
     "TEXT"},
    {"yes", SETTING_BOOL, "no", 0, 0, "Does it; without it, it is only told what there is.", NULL},
    {"tenant", SETTING_TEXT, NULL, 0, 50, "The municipality; without it the default one.", "NAME"},
};
static const char *const erase_required[] = {"subject", "as", "reason", NULL};
static const char *const erase_settings[] = {"data", NULL};

const CliCommand cmd_erase = {
    .name = "erase",
    .summary = "Destroy the keys of what is kept of a person",
    .description =
        "What is kept of a person is sealed under keys of his own, one for each retention file.\n"
        "This destroys those of the files that are named, of all subjects that are one person:\n"
        "nobody can read them any more, and every proof stays whole. Where the file of accounts\n"
        "goes, the account is shut out first. All other files stay, and are named. Nobody reckons\n"
        "here whether a file's time is over: who has it done answers for that, and acts under the\n"
        "first of his posts whose policies permit \"erase\". The ledger and the list of erasures\n"
        "beside the tenant key say when, by whom and why. Without --yes nothing is done but to\n"
        "list what there is. It can't be undone.",
    .flags = erase_flags,
    .flag_count = sizeof erase_flags / sizeof *erase_flags,
    .required = erase_required,
    .settings = erase_settings,
    .run = erase,
};
