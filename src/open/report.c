/* report: 'report a problem' on every dataset. */
#include "open_int.h"

enum { ID_CHARS = 26 };

typedef struct PartReport {
    Entity *entity; /* without its number */
    Str counter;
    int fiscal_year;
} PartReport;

static Rc report_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartReport *part = args;
    int64_t number = counter_next(ctx, stage, part->counter);
    Entity *after = entity_dup(ctx->arena, part->entity);
    Json *text = NEW(ctx->arena, Json);
    *text = json_of_str(str_fmt(ctx->arena, "R-%d-%06lld", part->fiscal_year, (long long)number));
    entity_set(ctx->arena, after, IRI("number"), *text);
    entity_set(ctx->arena, after, IRI("reportedAt"),
               json_of_str(time_format(ctx->arena, stage_now(stage))));
    Delta delta = {.op = DELTA_PUT, .id = after->id, .after = after};
    stage_put(stage, &delta);
    stage_result(stage, text);
    return RC_OK;
}

static const PartKind part_report = {
    .name = "report.open", .version = 1, .guard = NULL, .apply = report_apply};

static Rc report_check(Ctx *ctx, const OpenReport *report) {
    static const char *const kinds[] = {"data", "page", "look", "city"};
    bool known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        known = known || str_eq(report->kind, str_of(kinds[i]));
    if (!known)
        return ctx_fail(ctx, RC_INVALID, "bad-kind", STR("kind"), "Choose what it is about.");
    if (str_empty(str_trim(report->text)) || report->text.len > OPEN_REPORT_MAX)
        return ctx_fail(ctx, RC_INVALID, "bad-text", STR("text"),
                        "Describe the problem in at most %d bytes.", OPEN_REPORT_MAX);
    if (report->email.len > 254 ||
        (!str_empty(report->email) && str_find_char(report->email, '@') < 1))
        return ctx_fail(ctx, RC_INVALID, "bad-email", STR("email"), "This is no e-mail address.");
    if (!str_empty(report->about) && !release_find(ctx->tenant->open, report->about))
        return ctx_fail(ctx, RC_INVALID, "bad-about", STR("about"), "There is no such dataset.");
    return RC_OK;
}

static PartReport *report_part(Ctx *ctx, Arena *arena, const OpenReport *report) {
    PartReport *part = NEW(arena, PartReport);
    part->fiscal_year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    part->counter = counter_id(arena, STR("report"), part->fiscal_year);
    Str id = str_fmt(arena, "urn:ngsi-ld:ProblemReport:" STR_FMT,
                     STR_ARG(rand_id(ctx->rand, arena, ID_CHARS)));
    part->entity = entity_new(arena, id, IRI("ProblemReport"));
    entity_set(arena, part->entity, IRI("kind"), json_of_str(str_dup(arena, report->kind)));
    entity_set(arena, part->entity, IRI("text"), json_of_str(str_dup(arena, report->text)));
    if (!str_empty(report->about))
        entity_set(arena, part->entity, IRI("about"), json_of_str(str_dup(arena, report->about)));
    if (!str_empty(report->email))
        entity_set(arena, part->entity, IRI("email"), json_of_str(str_dup(arena, report->email)));
    return part;
}

Rc open_report(Ctx *ctx, const OpenReport *report, Str *number) {
    TRY(report_check(ctx, report));
    const Actor *actor = ctx->actor;
    Outcome outcome;
    Command *command =
        command_new(ctx->tenant->ledger, (CommandHead){.kind = STR("report.open"),
                                                       .actor = actor ? actor->id : STR_NONE,
                                                       .channel = STR("web")});
    PartReport *part = report_part(ctx, command_arena(command), report);
    command_add(command, &part_report, part);
    command_needs(command, part->entity->id);
    command_needs(command, part->counter);
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    if (rc == RC_OK) *number = str_dup(ctx->arena, json_str(outcome.result));
    command_free(command);
    return rc;
}
