#include "cli_int.h"

#include "dmn/dmn.h"
#include "procedure/procedure.h"

#include <errno.h>
#include <string.h>

enum { FILE_MAX = 4 << 20 };

/* ---- files ---- */

static Rc text_read(Ctx *ctx, Str path, Str *out) {
    FILE *file = fopen(str_z(ctx->arena, path), "re");
    if (!file)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-file", path, "The file cannot be read: %s.",
                        strerrordesc_np(errno));
    Buf text = buf_new(ctx->arena, FILE_MAX);
    char part[65536];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        buf_add_bytes(&text, part, n);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed) return ctx_fail(ctx, RC_FAILED, "no-file", path, "Reading the file failed.");
    if (text.full)
        return ctx_fail(ctx, RC_LIMIT, "too-large", path, "The file has more than %d bytes.",
                        FILE_MAX);
    *out = buf_str(&text);
    return RC_OK;
}

static Rc json_file(Ctx *ctx, Str path, const Json **out) {
    Str text;
    TRY(text_read(ctx, path, &text));
    Rc rc = json_read(ctx, text, JSON_LIMITS_DEFAULT, out);
    if (rc != RC_OK) ctx->error.path = path;
    return rc;
}

/* ---- a decision model ---- */

static void notes_tell(Cli *cli, Str decision, const FeelRun *run) {
    for (size_t i = 0; i < run->n_notes && i < FEEL_NOTES_MAX; i++)
        fprintf(cli_err(cli), STR_FMT ": " STR_FMT "\n", STR_ARG(decision),
                STR_ARG(run->notes[i].text));
    if (run->n_notes > FEEL_NOTES_MAX)
        fprintf(cli_err(cli), STR_FMT ": and %zu more remarks\n", STR_ARG(decision),
                run->n_notes - FEEL_NOTES_MAX);
}

static Rc decide_one(Cli *cli, const DmnModel *model, const DmnAsk *ask, JsonWriter *to) {
    Ctx *ctx = cli_ctx(cli);
    FeelRun run = {.arena = ctx->arena, .now = time_now(ctx->clock), .steps = FEEL_STEPS};
    FeelValue value;
    TRY(dmn_model_decide(ctx, model, ask, &run, &value));
    Json json = feel_to_json(ctx->arena, &value);
    json_name(to, ask->decision);
    json_value(to, &json);
    notes_tell(cli, ask->decision, &run);
    return RC_OK;
}

static Rc model_decide(Cli *cli, Str xml) {
    Ctx *ctx = cli_ctx(cli);
    const DmnModel *model;
    const Json *inputs = NULL;
    Str wanted = settings_text(cli_flags(cli), "decision"),
        from = settings_text(cli_flags(cli), "inputs");
    StrVec names = {0};
    TRY(dmn_model_read(ctx, xml, &model));
    if (!str_empty(from)) TRY(json_file(ctx, from, &inputs));
    if (str_empty(wanted))
        dmn_model_decisions(ctx->arena, model, &names);
    else
        vec_push(ctx->arena, &names, wanted);
    Buf text = buf_new(ctx->arena, FILE_MAX);
    JsonWriter writer = json_writer(&text);
    json_open(&writer, '{');
    VEC_EACH (Str, name, &names)
        TRY(decide_one(cli, model, &(DmnAsk){.decision = *name, .inputs = inputs}, &writer));
    json_close(&writer);
    TRY(buf_rc(&text));
    fprintf(cli_out(cli), STR_FMT "\n", STR_ARG(buf_str(&text)));
    return RC_OK;
}

/* ---- the definition of a procedure ---- */

static const char *const kind_words[] = {
    [JSON_NULL] = "null",     [JSON_BOOL] = "a truth value", [JSON_NUMBER] = "a number",
    [JSON_STRING] = "a text", [JSON_ARRAY] = "an array",     [JSON_OBJECT] = "an empty object",
};

/* "an object with the members "a", "b" and 3 more" */
static Str found_words(Arena *arena, const Json *source) {
    enum { NAMED = 4, NAME_MAX = 40 };
    Buf text = buf_new(arena, 1000);
    if (source->kind != JSON_OBJECT || source->len == 0) return str_of(kind_words[source->kind]);
    buf_add(&text, STR("an object with the members "));
    for (size_t i = 0; i < source->len && i < NAMED; i++) {
        Str name = str_head(source->value.members[i].name, NAME_MAX);
        buf_addf(&text, "%s\"" STR_FMT "\"", i ? ", " : "", STR_ARG(name));
    }
    if (source->len > NAMED) buf_addf(&text, " and %u more", source->len - NAMED);
    return buf_str(&text);
}

/* Any other JSON file of the city would be refused for its first member that is amiss. */
static Rc definition_meant(Ctx *ctx, Str path, const Json *source) {
    bool meant = source->kind == JSON_OBJECT &&
                 (json_get(source, STR("pages")) || json_get(source, STR("states")));
    if (meant) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-definition", path,
                    "This is no definition of a procedure, which is an object with id, version, "
                    "pages, states and more (starter/procedures has one): the file holds " STR_FMT
                    ".",
                    STR_ARG(found_words(ctx->arena, source)));
}

static Rc definition_check(Cli *cli, const Json *source) {
    Ctx *ctx = cli_ctx(cli);
    const Definition *definition;
    const Json *organisation = NULL;
    Str path = settings_text(cli_flags(cli), "organisation");
    DefinitionKnown known;
    DefinitionFindings findings = {0};
    TRY(definition_meant(ctx, cli_arg(cli, 0), source));
    TRY(definition_read(ctx, source, &definition));
    if (!str_empty(path)) TRY(json_file(ctx, path, &organisation));
    catalogue_known(ctx->arena, organisation, &known);
    definition_lint(ctx, definition, organisation ? &known : NULL, &findings);
    definition_lint_new(ctx, definition, &findings);
    VEC_EACH (DefinitionFinding, finding, &findings)
        fprintf(cli_out(cli), STR_FMT ": " STR_FMT "\n", STR_ARG(finding->path),
                STR_ARG(finding->text));
    if (!organisation)
        fprintf(cli_err(cli),
                "Posts and delegations were not looked at: name them by --organisation FILE.\n");
    if (findings.len)
        return ctx_fail(ctx, RC_INVALID, "findings", cli_arg(cli, 0),
                        "It cannot be published: %zu findings.", findings.len);
    fprintf(cli_err(cli), STR_FMT " version %lld can be published; examples that hold: %zu.\n",
            STR_ARG(definition->id), (long long)definition->version, definition->examples.len);
    return RC_OK;
}

static Rc rules(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    Str path = cli_arg(cli, 0), text;
    const Json *source;
    if (str_ends(path, STR(".json"))) {
        TRY(json_file(ctx, path, &source));
        return definition_check(cli, source);
    }
    TRY(text_read(ctx, path, &text));
    return model_decide(cli, text);
}

static const SettingRow rules_flags[] = {
    {"decision", SETTING_TEXT, NULL, 0, 200, "Of a model, compute this decision only.", "NAME"},
    {"inputs", SETTING_TEXT, NULL, 0, 4000, "A JSON object of a model's inputs, by name.", "FILE"},
    {"organisation", SETTING_TEXT, NULL, 0, 4000,
     "Posts and delegations that a definition is held to.", "FILE"},
};

static const char *const rules_settings[] = {NULL};

const CliCommand cmd_rules = {
    .name = "rules",
    .summary = "Try rules before they are published: a decision model, or a procedure",
    .description =
        "FILE.dmn, a decision model of DMN 1.1 to 1.5: its decisions are computed and\n"
        "printed as one JSON object. What made a value null is told on standard error.\n"
        "\n"
        "FILE.json, the definition of a procedure (starter/procedures has one): it is\n"
        "read as the server will, and held to what publishing demands: reachable pages\n"
        "and states, tables without gaps and overlaps, nothing used that is not asked,\n"
        "texts in Japanese, English and plain Japanese, retention, a post that is held,\n"
        "examples from which comes what they expect. A member that nobody knows is refused.\n"
        "Each finding is printed with its place; with any the exit code is 2.\n"
        "\n"
        "No server is needed, nothing is changed.",
    .arguments = "FILE",
    .args_min = 1,
    .args_max = 1,
    .flags = rules_flags,
    .flag_count = sizeof rules_flags / sizeof *rules_flags,
    .settings = rules_settings,
    .run = rules,
};
