#include "cli_int.h"

#include "control.h"

static Rc ask(Cli *cli, const char *what, Str name, const Json **result) {
    JsonMember members[] = {{STR("do"), json_of_str(str_of(what))},
                            {STR("name"), json_of_str(name)}};
    Json json = json_of_members(members, sizeof members / sizeof *members);
    ControlRequest request = {.folder = settings_text(cli_settings(cli), "data").ptr,
                              .json = &json,
                              .patience = TIME_HOUR};
    return control_ask(cli_ctx(cli), &request, result);
}

static Rc list(Cli *cli) {
    const Json *result;
    TRY(ask(cli, "tenant.list", STR_NONE, &result));
    const Json *tenants = json_get(result, STR("tenants"));
    for (size_t i = 0; tenants && i < tenants->len; i++) {
        const Json *one = json_at(tenants, i);
        Str name = json_get_str(one, "name");
        if (str_empty(name)) name = STR("(default)");
        fprintf(cli_out(cli), STR_FMT "  " STR_FMT "  %lld leaves\n", STR_ARG(name),
                STR_ARG(json_get_str(one, "folder")), (long long)json_get_int(one, "leaves", 0));
    }
    return RC_OK;
}

static Rc add(Cli *cli) {
    const Json *result;
    TRY(ask(cli, "tenant.add", cli_arg(cli, 1), &result));
    fprintf(cli_out(cli), STR_FMT " is there, and served.\n",
            STR_ARG(json_get_str(result, "folder")));
    return RC_OK;
}

static Rc rekey(Cli *cli) {
    const Json *result;
    Str name = cli_arg(cli, 1);
    TRY(ask(cli, "tenant.rekey", str_eq(name, STR("default")) ? STR_NONE : name, &result));
    fprintf(cli_out(cli),
            "%lld keys are wrapped by a new tenant key in " STR_FMT
            "; copy that file to its other places, and make a backup.\n",
            (long long)json_get_int(result, "keys", 0), STR_ARG(json_get_str(result, "file")));
    return RC_OK;
}

static Rc reclassify(Cli *cli) {
    const Json *result;
    Str name = cli_arg(cli, 1);
    TRY(ask(cli, "tenant.reclassify", str_eq(name, STR("default")) ? STR_NONE : name, &result));
    const Json *types = json_get(result, STR("types"));
    for (size_t i = 0; types && i < types->len; i++)
        fprintf(cli_out(cli), STR_FMT "\n", STR_ARG(json_str(json_at(types, i))));
    if (types && types->len)
        fprintf(cli_out(cli), "Restart machi: before it serves, all of these types is appended "
                              "again and their keys are destroyed.\n");
    else
        fprintf(cli_out(cli), "No type that was stored undeclared is declared personal.\n");
    return RC_OK;
}

static Rc tenant(Cli *cli) {
    Str action = cli_arg(cli, 0);
    if (str_eq(action, STR("list")) && cli_arg_count(cli) == 1) return list(cli);
    if (str_eq(action, STR("add")) && cli_arg_count(cli) == 2) return add(cli);
    if (str_eq(action, STR("rekey")) && cli_arg_count(cli) == 2) return rekey(cli);
    if (str_eq(action, STR("reclassify")) && cli_arg_count(cli) == 2) return reclassify(cli);
    return ctx_fail(cli_ctx(cli), RC_INVALID, "bad-action", STR_NONE,
                    "Say `machi tenant list`, or `machi tenant` with add, rekey or reclassify and "
                    "a NAME.");
}

static const char *const tenant_settings[] = {"data", NULL};

const CliCommand cmd_tenant = {
    .name = "tenant",
    .summary = "List municipalities, add one, or see to its keys",
    .description =
        "Each municipality has a folder, a key and a ledger of its own; requests choose it by the\n"
        "header NGSILD-Tenant. A name is 1 to 50 of a-z, 0-9 and _. A new one is served at once.\n"
        "rekey draws a new tenant key, wraps with it all that the old one wrapped, and destroys "
        "the\n"
        "old one, while the city goes on: for when the key file may have been copied. NAME is\n"
        "\"default\" for the default tenant. Backups made before open only with the old key.\n"
        "reclassify is for types that were stored while the dictionary didn't declare them, and "
        "that\n"
        "it declares personal now: at the next start all that was stored of them is appended "
        "again\n"
        "under the keys of its persons, and the types' keys are destroyed.",
    .arguments = "list | add NAME | rekey NAME | reclassify NAME",
    .args_min = 1,
    .args_max = 2,
    .settings = tenant_settings,
    .run = tenant,
};
