/* plan: the collection plan of a day: drafting it over the confirmed cases, taking one out with a
   reason and putting it back while it waits. */
#include "procedure_int.h"

enum { PLAN_MAX = 2000 };

/* ---- drafting ---- */

static Json plan_row(Arena *arena, const Entity *application) {
    const Attr *items = entity_attr(application, IRI("items"));
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 6);
    members[0] = (JsonMember){STR("case"), json_of_str(str_dup(arena, application->id))};
    members[1] = (JsonMember){
        STR("number"), json_of_str(str_dup(arena, entity_text(application, IRI("receiptNumber"))))};
    members[2] = (JsonMember){
        STR("district"), json_of_str(str_dup(arena, entity_text(application, IRI("district"))))};
    members[3] = (JsonMember){STR("town"),
                              json_of_str(str_dup(arena, entity_text(application, IRI("town"))))};
    members[4] = (JsonMember){STR("fee"), json_of_int(entity_int(application, IRI("fee"), 0))};
    members[5] =
        (JsonMember){STR("items"), items ? *json_dup(arena, items->value) : json_of_null()};
    return json_of_members(members, 6);
}

static Str plan_title(Arena *arena, Date day) {
    return str_fmt(arena, STR_FMT "の粗大ごみ収集予定表について",
                   STR_ARG(time_format_japanese(arena, day)));
}

/* What is frozen of a plan. */
typedef struct PlanContents {
    Str day, note;
    JsonItems rows, out; /* out: taken out since it was proposed, and why */
    int64_t fee;
} PlanContents;

static const Json *plan_contents(Arena *arena, const PlanContents *plan) {
    JsonMembers members = {0};
    Json *contents = NEW(arena, Json);
    const JsonMember always[] = {
        {STR("day"), json_of_str(str_dup(arena, plan->day))},
        {STR("count"), json_of_int((int64_t)plan->rows.len)},
        {STR("fee"), json_of_int(plan->fee)},
        {STR("cases"), json_of_items(plan->rows.items, plan->rows.len)},
    };
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        vec_push(arena, &members, always[i]);
    if (!str_empty(plan->note))
        vec_push(arena, &members,
                 (JsonMember){STR("note"), json_of_str(str_dup(arena, plan->note))});
    if (plan->out.len)
        vec_push(arena, &members,
                 (JsonMember){STR("out"), json_of_items(plan->out.items, plan->out.len)});
    *contents = json_of_members(members.items, members.len);
    return contents;
}

static bool plan_takes(const OfficePlan *plan, Str number) {
    if (!plan->numbers) return true;
    VEC_EACH (const Str, one, plan->numbers)
        if (str_eq(*one, number)) return true;
    return false;
}

Rc office_plan_days(Ctx *ctx, InboxDays *out) {
    Date today = time_jst_date(time_now(ctx->clock));
    return inbox_days(ctx, office_confirmer(ctx), CASE_CONFIRMED, today, out);
}

/* The confirmed cases of the day, as the inbox lists them and the ledger has them now. */
static Rc plan_collect(Ctx *ctx, const OfficePlan *plan, Command *command, PartDraft *draft) {
    Arena *arena = command_arena(command);
    InboxPage page;
    PlanContents contents = {.day = time_format_date(arena, plan->day), .note = plan->note};
    TRY(inbox_page(ctx,
                   &(InboxQuery){.post = office_confirmer(ctx),
                                 .states = 1u << CASE_CONFIRMED,
                                 .pickup = plan->day,
                                 .limit = PLAN_MAX},
                   &page));
    VEC_EACH (InboxLine, line, &page.lines) {
        const Entity *application = line->application;
        if (case_state(application) != CASE_CONFIRMED ||
            !plan_takes(plan, entity_text(application, IRI("receiptNumber"))))
            continue;
        DecideAbout about = proposal_about(ctx, draft, application, plan_row(arena, application));
        vec_push(arena, &contents.rows, decide_part(ctx, command, &draft->parts, &about));
        vec_push(arena, &draft->cases,
                 (DecideCase){str_dup(arena, line->id), application->version});
        contents.fee += entity_int(application, IRI("fee"), 0);
    }
    draft->contents = plan_contents(arena, &contents);
    if (!str_empty(page.next))
        return ctx_fail(ctx, RC_LIMIT, "plan-too-long", STR("day"),
                        "A plan holds at most %d cases.", PLAN_MAX);
    if (contents.rows.len) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "nothing-to-plan", STR("day"),
                    "No case of this day is confirmed and chosen.");
}

Rc office_draft_plan(Ctx *ctx, const OfficePlan *plan, Str *decision) {
    TRY(proposal_may_draft(ctx));
    Command *command = case_command(ctx, STR("decision.draft"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    ProposalDraft drafting;
    Str day = time_format_date(arena, plan->day);
    Rc rc = proposal_new(ctx, command, PLAN_KIND, day, &drafting);
    if (rc == RC_OK) {
        drafting.draft->title = plan_title(arena, plan->day);
        rc = proposal_route(ctx, command, PLAN_KIND, 0, &drafting.draft->plan);
    }
    if (rc == RC_OK) rc = plan_collect(ctx, plan, command, drafting.draft);
    if (rc == RC_OK) return proposal_send(ctx, command, &drafting, decision);
    command_free(command);
    return rc;
}

/* ---- taking out, putting back ---- */

/* A change of the frozen contents under way. */
typedef struct PlanChange {
    const Entity *decision;
    const Json *frozen, *whole; /* with hashes in the places of parts, and with the parts */
    PlanContents plan;
    PartChange *act;
} PlanChange;

static const Json *plan_list(const Json *contents, const char *name) {
    const Json *list = json_get(contents, str_of(name));
    return list && list->kind == JSON_ARRAY ? list : NULL;
}

static size_t plan_find(const Json *list, Str case_id) {
    size_t i = 0;
    while (list && i < list->len && !str_eq(json_get_str(json_at(list, i), "case"), case_id))
        i++;
    return i;
}

/* Who drafts it changes it as a drafter; anybody else as the one who decides. */
static Rc may_change(Ctx *ctx, const Entity *decision) {
    bool drafts;
    TRY(act_drafts(ctx, decision, &drafts));
    return drafts ? proposal_may_draft(ctx) : proposal_may_decide(ctx);
}

static Rc change_load(Ctx *ctx, const OfficeDecision *wish, PlanChange *change) {
    TRY(decide_load(ctx, wish->id, &change->decision));
    TRY(may_change(ctx, change->decision));
    if (!str_eq(entity_text(change->decision, IRI("kind")), PLAN_KIND))
        return ctx_fail(ctx, RC_INVALID, "one-case", wish->id,
                        "This proposal is about one case: return it instead.");
    if (!str_eq(entity_text(change->decision, IRI("contentHash")), wish->hash))
        return ctx_fail(ctx, RC_CONFLICT, "other-contents", wish->id,
                        "The contents have changed since you saw them: read them again.");
    change->frozen = entity_attr(change->decision, IRI("contents"))->value;
    return decide_contents(ctx, change->decision, &change->whole);
}

/* Rows and those taken out, but for the case that moves between them. */
static void change_keep(Arena *arena, PlanChange *change, Str moves) {
    const Json *rows = plan_list(change->frozen, "cases"), *out = plan_list(change->frozen, "out"),
               *whole = plan_list(change->whole, "cases");
    change->plan = (PlanContents){.day = json_get_str(change->frozen, "day"),
                                  .note = json_get_str(change->frozen, "note")};
    for (size_t i = 0; out && i < out->len; i++)
        if (!str_eq(json_get_str(json_at(out, i), "case"), moves))
            vec_push(arena, &change->plan.out, *json_dup(arena, json_at(out, i)));
    for (size_t i = 0; rows && i < rows->len; i++) {
        if (str_eq(json_get_str(json_at(rows, i), "case"), moves)) continue;
        vec_push(arena, &change->plan.rows, *json_dup(arena, json_at(rows, i)));
        change->plan.fee += json_get_int(json_at(whole, i), "fee", 0);
    }
}

static Json why_value(Ctx *ctx, Arena *arena, Str reason) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("reason"), json_of_str(str_dup(arena, reason))};
    members[1] = (JsonMember){STR("at"), json_of_str(time_format(arena, time_now(ctx->clock)))};
    members[2] = (JsonMember){STR("post"), json_of_str(str_dup(arena, ctx->actor->post))};
    return json_of_members(members, 3);
}

/* What is said of the case, and why it is out, are records of its person; of somebody who was
 * erased nothing more is said. */
static Rc out_add(Ctx *ctx, Command *command, PlanChange *change, Str reason) {
    Arena *arena = command_arena(command);
    const Json *rows = plan_list(change->frozen, "cases");
    size_t at = plan_find(rows, change->act->case_id);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    if (!rows || at == rows->len) return RC_OK; /* the guard says so */
    const Json *row = json_at(rows, at);
    Json *out = vec_push(arena, &change->plan.out, *json_dup(arena, row));
    DecideAbout about = {.decision = change->act->id,
                         .case_id = change->act->case_id,
                         .aspect = STR("out"),
                         .value = why_value(ctx, arena, reason)};
    Str part = decide_part_id(arena, about.decision, about.case_id, STR_NONE);
    Rc rc = decide_part_whose(ctx, part, &about);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    Json why = decide_part(ctx, command, &change->act->parts, &about);
    members[0] = (JsonMember){STR("case"), json_of_str(change->act->case_id)};
    members[1] = (JsonMember){STR("part"), *json_dup(arena, json_get(row, STR("part")))};
    members[2] = (JsonMember){STR("why"), json_of_str(json_get_str(&why, "part"))};
    *out = json_of_members(members, 3);
    return RC_OK;
}

static Rc change_send(Ctx *ctx, Command *command, PlanChange *change, Rc rc) {
    Outcome outcome;
    if (rc == RC_OK) {
        change->act->contents = plan_contents(command_arena(command), &change->plan);
        return case_execute(ctx, command, &outcome);
    }
    command_free(command);
    return rc;
}

Rc office_takeout(Ctx *ctx, const OfficeDecision *wish) {
    PlanChange change = {0};
    TRY(change_load(ctx, wish, &change));
    Command *command = case_command(ctx, STR("decision.takeout"), wish->id, STR("web"));
    Rc rc = proposal_change(ctx, command, wish, &change.act);
    if (rc != RC_OK) return change_send(ctx, command, &change, rc);
    command_add(command, &part_decision_takeout, change.act);
    change_keep(command_arena(command), &change, change.act->case_id);
    return change_send(ctx, command, &change,
                       out_add(ctx, command, &change, str_trim(wish->opinion)));
}

/* As it is now: it must still be confirmed for the day. */
static Rc row_add(Ctx *ctx, Command *command, PlanChange *change) {
    Arena *arena = command_arena(command);
    const Entity *application;
    PartChange *act = change->act;
    TRY(case_load(ctx, act->case_id, &application));
    bool same = str_eq(entity_text(application, IRI("pickupDate")), change->plan.day);
    if (case_state(application) != CASE_CONFIRMED || !same)
        return ctx_fail(ctx, RC_CONFLICT, "out-moved", act->case_id,
                        "This case is no longer confirmed for the day: it stays out.");
    DecideAbout about =
        proposal_about(ctx, &(PartDraft){.id = act->id}, application, plan_row(arena, application));
    vec_push(arena, &change->plan.rows, decide_part(ctx, command, &act->parts, &about));
    change->plan.fee += entity_int(application, IRI("fee"), 0);
    act->version = application->version;
    act->gone = decide_part_id(arena, act->id, act->case_id, STR("out"));
    command_needs(command, act->gone);
    command_needs(command, act->case_id);
    return RC_OK;
}

Rc office_putback(Ctx *ctx, const OfficeDecision *wish) {
    PlanChange change = {0};
    TRY(change_load(ctx, wish, &change));
    const Json *out = plan_list(change.frozen, "out");
    if (!out || plan_find(out, wish->case_id) == out->len)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-case", wish->case_id,
                        "This case was not taken out of the proposal.");
    Command *command = case_command(ctx, STR("decision.putback"), wish->id, STR("web"));
    Rc rc = proposal_change(ctx, command, wish, &change.act);
    if (rc != RC_OK) return change_send(ctx, command, &change, rc);
    command_add(command, &part_decision_putback, change.act);
    change_keep(command_arena(command), &change, change.act->case_id);
    return change_send(ctx, command, &change, row_add(ctx, command, &change));
}
