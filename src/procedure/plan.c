/* plan: the collection plan of a day: drafting it over the confirmed cases. Taking one out of it
   stands in lists.c. */
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

/* What is frozen of a plan beside its cases. */
static const Json *plan_head(Arena *arena, const OfficePlan *plan) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    Json *head = NEW(arena, Json);
    members[0] = (JsonMember){STR("day"), json_of_str(time_format_date(arena, plan->day))};
    members[1] = (JsonMember){STR("note"), json_of_str(str_dup(arena, plan->note))};
    *head = json_of_members(members, str_empty(plan->note) ? 1 : 2);
    return head;
}

/* A plan that is drafted, or amended: but for the cases of `out`, as they are kept in frozen_out.
 */
typedef struct PlanDraft {
    const OfficePlan *plan;
    const OfficeAmend *amend; /* NULL: it is new */
    const Json *out, *frozen_out;
} PlanDraft;

static bool plan_takes(const PlanDraft *of, Str number) {
    const OfficePlan *plan = of->plan;
    for (size_t i = 0; of->out && i < of->out->len; i++)
        if (str_eq(json_get_str(json_at(of->out, i), "number"), number)) return false;
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
static Rc plan_collect(Ctx *ctx, const PlanDraft *of, Command *command, PartDraft *draft) {
    Arena *arena = command_arena(command);
    const OfficePlan *plan = of->plan;
    InboxPage page;
    ListContents list = {.head = plan_head(arena, plan), .sum = plan_way.sum};
    lists_keep(arena, of->frozen_out, &list.out);
    TRY(inbox_page(ctx,
                   &(InboxQuery){.post = office_confirmer(ctx),
                                 .states = 1u << CASE_CONFIRMED,
                                 .pickup = plan->day,
                                 .limit = PLAN_MAX},
                   &page));
    VEC_EACH (InboxLine, line, &page.lines) {
        const Entity *application = line->application;
        if (case_state(application) != CASE_CONFIRMED ||
            !plan_takes(of, entity_text(application, IRI("receiptNumber"))))
            continue;
        TRY(lists_add(ctx, command, draft, &list,
                      &(ListCase){application, plan_row(arena, application)}));
    }
    draft->contents = lists_contents(arena, &list);
    if (!str_empty(page.next))
        return ctx_fail(ctx, RC_LIMIT, "plan-too-long", STR("day"),
                        "A plan holds at most %d cases.", PLAN_MAX);
    if (list.rows.len) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "nothing-to-plan", STR("day"),
                    "No case of this day is confirmed and chosen.");
}

static Rc plan_propose(Ctx *ctx, const PlanDraft *of, Str *decision) {
    ProposalAsk ask = {PLAN_KIND, time_format_date(ctx->arena, of->plan->day), of->amend};
    TRY(proposal_may_draft(ctx));
    Command *command = proposal_command(ctx, &ask, STR_NONE);
    Arena *arena = command_arena(command);
    ProposalDraft drafting;
    Rc rc = proposal_new(ctx, command, &ask, &drafting);
    if (rc == RC_OK) {
        drafting.draft->title = plan_title(arena, of->plan->day);
        rc = proposal_route(ctx, command, PLAN_KIND, 0, &drafting.draft->plan);
    }
    if (rc == RC_OK) rc = plan_collect(ctx, of, command, drafting.draft);
    if (rc == RC_OK) return proposal_send(ctx, command, &drafting, decision);
    command_free(command);
    return rc;
}

Rc office_draft_plan(Ctx *ctx, const OfficePlan *plan, Str *decision) {
    return plan_propose(ctx, &(PlanDraft){.plan = plan}, decision);
}

/* What was taken out stays out, with its reason; what is no longer confirmed isn't planned. */
Rc plan_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend) {
    const Entity *decision;
    StrVec numbers;
    Str drafted;
    OfficePlan plan = {.numbers = amend->more ? NULL : &numbers, .note = str_trim(amend->text)};
    TRY(decide_load(ctx, amend->id, &decision));
    if (!time_parse_date(json_get_str(contents, "day"), &plan.day)) return RC_OK;
    lists_numbers(ctx->arena, contents, &numbers);
    PlanDraft of = {.plan = &plan,
                    .amend = amend,
                    .out = json_get(contents, STR("out")),
                    .frozen_out =
                        json_get(entity_attr(decision, IRI("contents"))->value, STR("out"))};
    return plan_propose(ctx, &of, &drafted);
}

/* It must still be confirmed for the day. */
static Rc plan_again(Ctx *ctx, Command *command, const ListAgain *about, Json *row) {
    const Entity *application = about->application;
    bool same =
        str_eq(entity_text(application, IRI("pickupDate")), json_get_str(about->contents, "day"));
    if (case_state(application) != CASE_CONFIRMED || !same)
        return ctx_fail(ctx, RC_CONFLICT, "out-moved", application->id,
                        "This case is no longer confirmed for the day: it stays out.");
    *row = plan_row(command_arena(command), application);
    return RC_OK;
}

const ListWay plan_way = {"fee", plan_again};
