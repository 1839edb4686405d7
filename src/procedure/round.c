/* round: the pickup day: which cases the truck goes to, and what the crew found there. */
#include "procedure_int.h"

#include <stdlib.h>

enum { ROUND_MAX = 2000 };

/* ---- the cases of a day ---- */

Rc office_plans(Ctx *ctx, Date day, Str state, OfficePlans *out) {
    Str about = time_format_date(ctx->arena, day);
    const Entity *plan;
    Rc rc;
    *out = (OfficePlans){0};
    for (size_t n = 0; (rc = proposal_nth(ctx, PLAN_KIND, about, n, &plan)) == RC_OK; n++)
        if (str_eq(entity_text(plan, IRI("state")), state)) vec_push(ctx->arena, out, plan);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static bool marked_or_to_mark(const Entity *application, Str day) {
    const unsigned states = 1u << CASE_PLANNED | 1u << CASE_COLLECTED | 1u << CASE_MISSED;
    CaseState state = case_state(application);
    return state != CASE_STATES && (states & 1u << state) &&
           str_eq(entity_text(application, IRI("pickupDate")), day);
}

/* A case that was missed and planned again for the same day stands in two plans. */
static bool round_has(const OfficeRound *round, Str id) {
    for (size_t i = 0; i < round->len; i++)
        if (str_eq(round->items[i]->id, id)) return true;
    return false;
}

static Rc round_plan(Ctx *ctx, const Entity *plan, Str day, OfficeRound *out) {
    DecideCases cases;
    decide_cases(ctx->arena, plan, &cases);
    VEC_EACH (DecideCase, one, &cases) {
        const Entity *application;
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, one->id, &application);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        if (!marked_or_to_mark(application, day) || round_has(out, one->id)) continue;
        if (out->len == ROUND_MAX)
            return ctx_fail(ctx, RC_LIMIT, "round-too-long", STR("day"),
                            "A day has at most %d stops.", ROUND_MAX);
        vec_push(ctx->arena, out, application);
    }
    return RC_OK;
}

static int stop_order(const void *a, const void *b) {
    const Entity *x = *(const Entity *const *)a, *y = *(const Entity *const *)b;
    static const char *const by[] = {LD_DEFAULT "district", LD_DEFAULT "postcode",
                                     LD_DEFAULT "address", LD_DEFAULT "receiptNumber"};
    for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
        int order = str_cmp(entity_text(x, str_of(by[i])), entity_text(y, str_of(by[i])));
        if (order) return order;
    }
    return 0;
}

Rc office_round(Ctx *ctx, Date day, OfficeRound *out) {
    OfficePlans plans;
    Str text = time_format_date(ctx->arena, day);
    *out = (OfficeRound){0};
    TRY(office_plans(ctx, day, STR("decided"), &plans));
    for (size_t i = 0; i < plans.len; i++)
        TRY(round_plan(ctx, plans.items[i], text, out));
    if (out->len) qsort(out->items, out->len, sizeof *out->items, stop_order);
    return RC_OK;
}

Rc office_round_days(Ctx *ctx, InboxDays *out) {
    return inbox_days(ctx, office_confirmer(ctx), CASE_PLANNED, (Date){0}, out);
}

/* ---- marks ---- */

void office_missed(Ctx *ctx, Command *command, PartStep *step, const WasteMissed *missed) {
    Arena *arena = command_arena(command);
    const Waste *waste = procedures_waste(ctx->tenant);
    Date due = waste_working_days_after(waste, time_jst_date(time_now(ctx->clock)),
                                        waste_limits(waste)->missed_days);
    step->to = CASE_MISSED;
    office_set(command, step, IRI("missedReason"), json_of_str(str_dup(arena, missed->id)));
    office_set(command, step, IRI("due"), json_of_str(time_format_date(arena, due)));
}

static Rc mark_add(Ctx *ctx, Command *command, Date day, const OfficeMark *mark) {
    const Entity *application;
    OfficeAct act = {.id = mark->id};
    const WasteMissed *missed = waste_missed(procedures_waste(ctx->tenant), mark->reason);
    if (!missed && !str_empty(mark->reason))
        return ctx_fail(ctx, RC_INVALID, "no-reason", mark->reason,
                        "There is no such reason not to collect.");
    TRY(office_case(ctx, &act, ACT_UPDATE, &application));
    Arena *arena = command_arena(command);
    PartStep *step = office_step_new(ctx, command, &act);
    step->to = CASE_COLLECTED;
    if (missed) {
        office_missed(ctx, command, step, missed);
        step->text = str_dup(arena, missed->label.ja);
    }
    PartMark *part = NEW(arena, PartMark);
    *part = (PartMark){.step = *step,
                       .day = time_format_date(arena, day),
                       .reason = missed ? str_dup(arena, missed->id) : STR_NONE,
                       .rest = mark->rest};
    command_add(command, &part_case_mark, part);
    return RC_OK;
}

Rc office_mark(Ctx *ctx, Date day, const OfficeMarks *marks, uint64_t *position) {
    Outcome outcome;
    if (!marks->len)
        return ctx_fail(ctx, RC_INVALID, "no-mark", STR("mark"), "Mark at least one stop.");
    if (time_date_days(day) > time_date_days(time_jst_date(time_now(ctx->clock))))
        return ctx_fail(ctx, RC_CONFLICT, "too-early", STR("day"),
                        "What was collected is marked from the pickup day on.");
    Command *command = case_command(ctx, STR("application.mark"), STR_NONE, STR("web"));
    Rc rc = RC_OK;
    for (size_t i = 0; i < marks->len && rc == RC_OK; i++)
        rc = mark_add(ctx, command, day, &marks->items[i]);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    TRY(case_execute(ctx, command, &outcome));
    *position = outcome.position;
    return RC_OK;
}

/* ---- the end of what was missed ---- */

Rc office_end(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    TRY(office_text(ctx, act));
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    Command *command = case_command(ctx, STR("application.end"), act->id, STR("web"));
    PartStep *step = office_step_new(ctx, command, act);
    step->from = 1u << CASE_MISSED;
    step->to = CASE_CANCELLED;
    command_add(command, &part_case_step, step);
    return case_end(ctx, command, application, step);
}
