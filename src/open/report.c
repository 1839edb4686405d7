/* report: 'report a problem' on every dataset, page and look, and what the office answers. */
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
    retention_name(ctx->arena, ctx->tenant->dictionary, after, STR_NONE, stage_now(stage));
    entity_set(ctx->arena, after, IRI("number"), *text);
    entity_set(ctx->arena, after, IRI("state"), json_of_str(STR("open")));
    entity_set(ctx->arena, after, IRI("reportedAt"),
               json_of_str(time_format(ctx->arena, stage_now(stage))));
    Delta delta = {.op = DELTA_PUT, .id = after->id, .after = after};
    stage_put(stage, &delta);
    stage_result(stage, text);
    return RC_OK;
}

static const PartKind part_report = {
    .name = "report.open", .version = 1, .guard = NULL, .apply = report_apply};

/* "look-123": a resident asks about a look at his data. */
static bool is_look(Str about) {
    int64_t position;
    Str start = STR("look-");
    return str_starts(about, start) &&
           str_to_i64(str_sub(about, start.len, about.len), &position) && position > 0;
}

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
    if (!str_empty(report->about) && !is_look(report->about) &&
        !release_find(ctx->tenant->open, report->about))
        return ctx_fail(ctx, RC_INVALID, "bad-about", STR("about"), "There is no such dataset.");
    return RC_OK;
}

static PartReport *report_part(Ctx *ctx, Arena *arena, const OpenReport *report) {
    PartReport *part = NEW(arena, PartReport);
    part->fiscal_year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    part->counter = counter_id(arena, STR("report"), part->fiscal_year);
    Str id =
        str_fmt(arena, OPEN_REPORT_PREFIX STR_FMT, STR_ARG(rand_id(ctx->rand, arena, ID_CHARS)));
    part->entity = entity_new(arena, id, IRI("ProblemReport"));
    entity_set(arena, part->entity, IRI("kind"), json_of_str(str_dup(arena, report->kind)));
    entity_set(arena, part->entity, IRI("text"), json_of_str(str_dup(arena, report->text)));
    if (!str_empty(report->about))
        entity_set(arena, part->entity, IRI("about"), json_of_str(str_dup(arena, report->about)));
    if (!str_empty(report->email))
        entity_set(arena, part->entity, IRI("email"), json_of_str(str_dup(arena, report->email)));
    return part;
}

Rc open_report(Ctx *ctx, const OpenReport *report, OpenReported *out) {
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
    if (rc == RC_OK)
        *out = (OpenReported){str_dup(ctx->arena, part->entity->id),
                              str_dup(ctx->arena, json_str(outcome.result))};
    command_free(command);
    return rc;
}

/* ---- the office's side ---- */

typedef struct PartAnswer {
    Str id, state, answer, post;
    uint64_t version;
} PartAnswer;

static Rc answer_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAnswer *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (!before || !entity_has_type(before, STR(OPEN_REPORT_TYPE)))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-report", part->id, "There is no such report.");
    if (before->version == part->version) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", part->id,
                    "Somebody else has worked on this report: load the page again.");
}

static Rc answer_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAnswer *part = args;
    Entity *after = entity_new(ctx->arena, part->id, STR(OPEN_REPORT_TYPE));
    const struct {
        Str iri, value;
    } texts[] = {
        {IRI("state"), part->state},
        {IRI("handledBy"), part->post},
        {IRI("handledAt"), time_format(ctx->arena, stage_now(stage))},
        {IRI("answer"), part->answer},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!str_empty(texts[i].value))
            entity_set(ctx->arena, after, texts[i].iri, json_of_str(texts[i].value));
    Delta delta = {.op = DELTA_CHANGE, .id = part->id, .after = after};
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_answer = {
    .name = "report.answer", .version = 1, .guard = answer_guard, .apply = answer_apply};

static Rc act_check(Ctx *ctx, const OpenReportAct *act) {
    GateAsk ask = {.action = ACT_UPDATE, .type = STR(OPEN_REPORT_TYPE), .class = CLASS_INTERNAL};
    TRY(gate_check(ctx, &ask));
    bool answered = str_eq(act->state, STR("answered"));
    if (!answered && !str_eq(act->state, STR("doing")))
        return ctx_fail(ctx, RC_INVALID, "no-act", STR("act"), "Choose what to do.");
    if ((answered && text_is_blank(ctx->arena, act->answer)) || act->answer.len > OPEN_REPORT_MAX)
        return ctx_fail(ctx, RC_INVALID, "missing", STR("answer"),
                        "Write the answer, in at most %d bytes.", OPEN_REPORT_MAX);
    return RC_OK;
}

Rc open_report_act(Ctx *ctx, const OpenReportAct *act) {
    Outcome outcome;
    TRY(act_check(ctx, act));
    Command *command = command_new(ctx->tenant->ledger, (CommandHead){.kind = STR("report.answer"),
                                                                      .actor = ctx->actor->id,
                                                                      .post = ctx->actor->post,
                                                                      .purpose = ctx->purpose,
                                                                      .case_id = act->id,
                                                                      .channel = STR("web")});
    Arena *arena = command_arena(command);
    PartAnswer *part = NEW(arena, PartAnswer);
    *part = (PartAnswer){.id = str_dup(arena, act->id),
                         .state = str_dup(arena, act->state),
                         .answer = str_dup(arena, str_trim(act->answer)),
                         .post = str_dup(arena, ctx->actor->post),
                         .version = act->version};
    command_needs(command, part->id);
    command_add(command, &part_answer, part);
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    return rc;
}
