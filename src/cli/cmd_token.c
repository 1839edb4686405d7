#include "cli_int.h"

static Rc make(Cli *cli) {
    Arena *arena = cli_ctx(cli)->arena;
    const Settings *flags = cli_flags(cli);
    const Json *result;
    JsonMembers asked = asking_begin(cli, "token.create");
    asking_add(cli, &asked, "account", json_of_str(settings_text(flags, "as")));
    asking_add(cli, &asked, "ttl", json_of_int(settings_int(flags, "ttl")));
    asking_add(cli, &asked, "types", asking_words(arena, settings_text(flags, "types")));
    asking_add(cli, &asked, "actions", asking_words(arena, settings_text(flags, "actions")));
    TRY(asking_send(cli, &asked, &result));
    fprintf(cli_err(cli), "A token of " STR_FMT " for %lld seconds; its use is recorded.\n",
            STR_ARG(settings_text(flags, "as")), (long long)settings_int(flags, "ttl"));
    fprintf(cli_out(cli), STR_FMT "\n", STR_ARG(json_get_str(result, "token")));
    return RC_OK;
}

static Str or_word(Str text, const char *otherwise) {
    return str_empty(text) ? str_of(otherwise) : text;
}

static Rc list(Cli *cli) {
    Arena *arena = cli_ctx(cli)->arena;
    const Json *result;
    JsonMembers asked = asking_begin(cli, "token.list");
    TRY(asking_send(cli, &asked, &result));
    const Json *tokens = json_get(result, STR("tokens"));
    for (size_t i = 0; tokens && i < tokens->len; i++) {
        const Json *one = json_at(tokens, i);
        fprintf(cli_out(cli),
                STR_FMT "  " STR_FMT "  made " STR_FMT " by " STR_FMT "  used " STR_FMT
                        "  until " STR_FMT "  actions " STR_FMT "  types " STR_FMT "\n",
                STR_ARG(json_get_str(one, "id")), STR_ARG(json_get_str(one, "name")),
                STR_ARG(or_word(json_get_str(one, "made"), "-")),
                STR_ARG(or_word(json_get_str(one, "by"), "-")),
                STR_ARG(or_word(json_get_str(one, "used"), "never")),
                STR_ARG(json_get_str(one, "expires")),
                STR_ARG(asking_joined(arena, json_get(one, STR("actions")), "all")),
                STR_ARG(asking_joined(arena, json_get(one, STR("types")), "all")));
    }
    return RC_OK;
}

static Rc revoke(Cli *cli) {
    const Json *result;
    JsonMembers asked = asking_begin(cli, "token.revoke");
    asking_add(cli, &asked, "id", json_of_str(settings_text(cli_flags(cli), "revoke")));
    TRY(asking_send(cli, &asked, &result));
    fprintf(cli_out(cli), STR_FMT " is revoked.\n", STR_ARG(json_get_str(result, "id")));
    return RC_OK;
}

static Rc token(Cli *cli) {
    const Settings *flags = cli_flags(cli);
    bool lists = settings_bool(flags, "list"), revokes = !str_empty(settings_text(flags, "revoke")),
         makes = !str_empty(settings_text(flags, "as"));
    if (lists + revokes + makes != 1)
        return ctx_fail(cli_ctx(cli), RC_INVALID, "bad-usage", STR_NONE,
                        "Say one of --as ACCOUNT, --list and --revoke ID.");
    return lists ? list(cli) : revokes ? revoke(cli) : make(cli);
}

static const SettingRow token_flags[] = {
    {"as", SETTING_TEXT, NULL, 0, 200, "Login of a service or demo account.", "ACCOUNT"},
    {"ttl", SETTING_INT, "3600", 1, 30 * 86400, "Seconds for which it is valid.", "SECONDS"},
    {"types", SETTING_TEXT, NULL, 0, 4000,
     "Types that it reaches, by commas; without it all that the account does.", "TYPE,..."},
    {"actions", SETTING_TEXT, NULL, 0, 200,
     "What it may do, by commas: read, create, update, delete, subscribe, import, export; without "
     "it all that the account may.",
     "ACTION,..."},
    {"list", SETTING_BOOL, "no", 0, 0, "Lists the tokens that are valid, newest first.", NULL},
    {"revoke", SETTING_TEXT, NULL, 0, 32, "Ends the token of this id (see --list) at once.", "ID"},
    {"tenant", SETTING_TEXT, NULL, 0, 50, "The municipality; without it the default one.", "NAME"},
};
static const char *const token_settings[] = {"data", NULL};

const CliCommand cmd_token = {
    .name = "token",
    .summary = "Make, list or revoke bearer tokens of service and demo accounts",
    .description =
        "Asks the running server for a token and prints it alone on the last line. That it was\n"
        "made, for whom, for what and for how long is recorded in the ledger; the token itself is\n"
        "kept nowhere. --list shows those that are valid: id, account, when and by whom each was\n"
        "made, its last use, until when and for what it is good. --revoke ends one at once, also\n"
        "for what was asked with it and is not committed yet, and records it.",
    .flags = token_flags,
    .flag_count = sizeof token_flags / sizeof *token_flags,
    .settings = token_settings,
    .run = token,
};
