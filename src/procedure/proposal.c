/* proposal: what goes to decision: one fee reduction, the plan of a day; drafting, deciding, taking
   out, and what follows. The deciding itself is decide/'s. */
#include "procedure_int.h"

enum { PLAN_MAX = 2000, PROPOSALS_MAX = 1000 };

/* ---- drafting ---- */

static Rc may_draft(Ctx *ctx) {
    GateAsk ask = {.action = ACT_CREATE, .type = STR(DECIDE_TYPE), .class = CLASS_INTERNAL};
    return gate_check(ctx, &ask);
}

/* The id of the next proposal of a kind about a thing; *waiting when the last one still waits, and
 * is that of the id. */
static Rc draft_id(Ctx *ctx, Str kind, Str about, Str *id, const Entity **waiting) {
    *waiting = NULL;
    for (size_t n = 0; n < PROPOSALS_MAX; n++) {
        const Entity *before;
        *id = decide_nth_id(ctx->arena, kind, about, n);
        Rc rc = ledger_entity(ctx, ctx->tenant->ledger, *id, &before);
        if (rc == RC_NOT_FOUND) return RC_OK;
        TRY(rc);
        if (!str_eq(entity_text(before, IRI("state")), STR("waiting"))) continue;
        *waiting = before;
        return RC_OK;
    }
    return ctx_fail(ctx, RC_LIMIT, "too-many-proposals", about,
                    "There were %d proposals about this already.", PROPOSALS_MAX);
}

/* A draft under way, and the proposal that waits about the same thing, which has its id. */
typedef struct Drafting {
    PartDraft *draft;
    const Entity *waiting; /* NULL: none */
} Drafting;

/* A draft under the next id of its kind and thing. */
static Rc draft_new(Ctx *ctx, Command *command, Str kind, Str about, Drafting *out) {
    Arena *arena = command_arena(command);
    PartDraft *draft = NEW(arena, PartDraft);
    int year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    Str id;
    TRY(draft_id(ctx, kind, about, &id, &out->waiting));
    *draft = (PartDraft){.id = str_dup(arena, id),
                         .kind = kind,
                         .drafter = str_dup(arena, ctx->actor->id),
                         .drafter_post = str_dup(arena, ctx->actor->post),
                         .counter = counter_id(arena, STR("decision"), year),
                         .fiscal_year = year};
    command_needs(command, draft->id);
    command_needs(command, draft->counter);
    command_add(command, &part_decision_draft, draft);
    out->draft = draft;
    return RC_OK;
}

static DecideAbout about_case(const Ctx *ctx, const Entity *application, Json value) {
    return (DecideAbout){.case_id = application->id,
                         .person = dictionary_subject(ctx->tenant->dictionary, application),
                         .value = value};
}

/* Whether a proposal waits about the same cases in the same versions, with the same note: what is
 * said of a case follows from its version, and its hash is salted. */
static bool same_proposal(Ctx *ctx, const PartDraft *draft, const Entity *waiting) {
    DecideCases cases;
    const Attr *contents = entity_attr(waiting, IRI("contents"));
    decide_cases(ctx->arena, waiting, &cases);
    bool same =
        cases.len == draft->cases.len && contents &&
        str_eq(json_get_str(contents->value, "note"), json_get_str(draft->contents, "note"));
    for (size_t i = 0; same && i < cases.len; i++)
        same = str_eq(cases.items[i].id, draft->cases.items[i].id) &&
               cases.items[i].version == draft->cases.items[i].version;
    return same;
}

static Rc draft_waits(Ctx *ctx, const PartDraft *draft, const Entity *waiting) {
    if (same_proposal(ctx, draft, waiting)) return RC_OK;
    return ctx_fail(
        ctx, RC_CONFLICT, "proposed", waiting->id,
        "Another proposal about this waits: it is decided, returned or withdrawn first.");
}

/* One proposal waits about one thing: proposing the same twice gives the first. The next one's id
 * is the same for all who propose at once, so the guard lets one of them through. */
static Rc draft_send(Ctx *ctx, Command *command, const Drafting *drafting, Str *decision) {
    Outcome outcome;
    const PartDraft *draft = drafting->draft;
    const Entity *waiting = drafting->waiting;
    *decision = str_dup(ctx->arena, draft->id);
    if (waiting) {
        Rc rc = draft_waits(ctx, draft, waiting);
        command_free(command);
        return rc;
    }
    PartDraft sent = *draft;
    sent.contents = json_dup(ctx->arena, draft->contents);
    sent.cases = (DecideCases){0};
    VEC_EACH (DecideCase, one, &draft->cases)
        vec_push(ctx->arena, &sent.cases, (DecideCase){str_dup(ctx->arena, one->id), one->version});
    Rc rc = case_execute(ctx, command, &outcome);
    if (rc != RC_CONFLICT || !str_eq(ctx->error.code, STR("drafted"))) return rc;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, *decision, &waiting));
    return draft_waits(ctx, &sent, waiting);
}

/* The contents are sensitive: who reads them looks at the person of the case. All of them are his
   part. */
static const Json *reduction_contents(Ctx *ctx, Command *command, PartDraft *draft,
                                      const Entity *application) {
    Arena *arena = command_arena(command);
    const Attr *reduction = entity_attr(application, IRI("feeReduction"));
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 5);
    Json *contents = NEW(arena, Json);
    members[0] = (JsonMember){STR("case"), json_of_str(str_dup(arena, application->id))};
    members[1] = (JsonMember){
        STR("number"), json_of_str(str_dup(arena, entity_text(application, IRI("receiptNumber"))))};
    members[2] = (JsonMember){STR("fee"), json_of_int(entity_int(application, IRI("fee"), 0))};
    members[3] =
        (JsonMember){STR("reducedFee"), json_of_int(json_get_int(reduction->value, "fee", 0))};
    members[4] = (JsonMember){
        STR("article"), json_of_str(str_dup(arena, json_get_str(reduction->value, "article")))};
    DecideAbout about = about_case(ctx, application, json_of_members(members, 5));
    *contents = decide_part(ctx, command, draft, &about);
    return contents;
}

Rc office_draft_reduction(Ctx *ctx, const OfficeAct *act, Str *decision) {
    const Entity *application;
    TRY(may_draft(ctx));
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    const Attr *reduction = entity_attr(application, IRI("feeReduction"));
    if (case_state(application) != CASE_SUBMITTED)
        return ctx_fail(ctx, RC_CONFLICT, "moved-on", act->id,
                        "This case has moved on since you looked at it: load the page again.");
    if (!str_eq(entity_text(application, IRI("reductionState")), STR("requested")) || !reduction)
        return ctx_fail(ctx, RC_CONFLICT, "no-reduction", act->id,
                        "No fee reduction waits in this case.");
    int64_t waived =
        entity_int(application, IRI("fee"), 0) - json_get_int(reduction->value, "fee", 0);
    Command *command = case_command(ctx, STR("decision.draft"), act->id, STR("web"));
    Arena *arena = command_arena(command);
    Drafting drafting;
    Rc rc = draft_new(ctx, command, STR("fee-reduction"), act->id, &drafting);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    PartDraft *draft = drafting.draft;
    draft->title =
        STR("粗大ごみ処理手数料の減免について"); /* which case is in the contents, sealed */
    draft->contents = reduction_contents(ctx, command, draft, application);
    draft->decider_post =
        waste_decider(procedures_waste(ctx->tenant), STR("fee-reduction"), waived);
    vec_push(arena, &draft->cases, (DecideCase){str_dup(arena, act->id), application->version});
    command_needs(command, act->id);
    return draft_send(ctx, command, &drafting, decision);
}

/* ---- the day's plan ---- */

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

Str plan_title(Arena *arena, Date day) {
    return str_fmt(arena, STR_FMT "の粗大ごみ収集予定表について",
                   STR_ARG(time_format_japanese(arena, day)));
}

/* What is frozen of a plan. */
typedef struct PlanContents {
    Str day, note;
    JsonItems rows, out; /* out: taken out since it was proposed: number and reason */
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

/* The confirmed cases of the day, as the inbox lists them and the ledger has them now. */
static Rc plan_collect(Ctx *ctx, const OfficePlan *plan, Command *command, PartDraft *draft) {
    Arena *arena = command_arena(command);
    InboxPage page;
    PlanContents contents = {.day = time_format_date(arena, plan->day), .note = plan->note};
    Str post = waste_decider(procedures_waste(ctx->tenant), STR("application-confirm"), 0);
    TRY(inbox_page(
        ctx,
        &(InboxQuery){
            .post = post, .states = 1u << CASE_CONFIRMED, .pickup = plan->day, .limit = PLAN_MAX},
        &page));
    VEC_EACH (InboxLine, line, &page.lines) {
        const Entity *application = line->application;
        if (case_state(application) != CASE_CONFIRMED ||
            !plan_takes(plan, entity_text(application, IRI("receiptNumber"))))
            continue;
        DecideAbout about = about_case(ctx, application, plan_row(arena, application));
        vec_push(arena, &contents.rows, decide_part(ctx, command, draft, &about));
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
    TRY(may_draft(ctx));
    Command *command = case_command(ctx, STR("decision.draft"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    Drafting drafting;
    Str day = time_format_date(arena, plan->day);
    Rc rc = draft_new(ctx, command, STR("collection-plan"), day, &drafting);
    if (rc == RC_OK) {
        drafting.draft->title = plan_title(arena, plan->day);
        drafting.draft->decider_post =
            waste_decider(procedures_waste(ctx->tenant), STR("collection-plan"), 0);
        rc = plan_collect(ctx, plan, command, drafting.draft);
    }
    if (rc == RC_OK) return draft_send(ctx, command, &drafting, decision);
    command_free(command);
    return rc;
}

/* ---- deciding ---- */

static Rc decision_load(Ctx *ctx, Str id, const Entity **out) {
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, out);
    if (rc == RC_OK && entity_has_type(*out, STR(DECIDE_TYPE))) return RC_OK;
    if (rc == RC_OK || rc == RC_NOT_FOUND)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", id, "There is no such proposal.");
    return rc;
}

/* What a decision says that is followed: all of it must be there. */
static Rc contents_load(Ctx *ctx, const Entity *decision, const Json **out) {
    TRY(decide_contents(ctx, decision, out));
    if (*out && !json_get_bool(*out, "erased", false)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "erased", decision->id,
                    "What this proposal was about has been erased: return it.");
}

static PartAct *act_new(Ctx *ctx, Command *command, const OfficeDecision *decision) {
    Arena *arena = command_arena(command);
    PartAct *act = NEW(arena, PartAct);
    *act = (PartAct){.id = str_dup(arena, decision->id),
                     .actor = str_dup(arena, ctx->actor->id),
                     .post = str_dup(arena, ctx->actor->post),
                     .hash = str_dup(arena, decision->hash),
                     .opinion = str_dup(arena, str_trim(decision->opinion)),
                     .case_id = str_dup(arena, decision->case_id)};
    command_needs(command, act->id);
    return act;
}

static Rc may_decide(Ctx *ctx) {
    GateAsk ask = {.action = ACT_DECIDE, .type = STR(DECIDE_TYPE), .class = CLASS_INTERNAL};
    return gate_check(ctx, &ask);
}

/* What a decided reduction makes of its case: it waits for the clerk's confirmation, at the lower
 * fee. */
static void follow_reduction(Ctx *ctx, Command *command, const Json *contents, PartStep *step) {
    Arena *arena = command_arena(command);
    int64_t fee = json_get_int(contents, "reducedFee", 0);
    Entity *set = entity_new(arena, step->id, STR(CASE_TYPE));
    entity_set(arena, set, IRI("reductionState"), json_of_str(STR("approved")));
    entity_set(arena, set, IRI("fee"), json_of_int(fee));
    step->from = 1u << CASE_SUBMITTED;
    step->to = CASE_SUBMITTED;
    step->set = set;
    office_post(ctx, command, step, fee);
}

static Rc follow_cases(Ctx *ctx, Command *command, const Entity *decision) {
    Arena *arena = command_arena(command);
    DecideCases cases;
    const Json *contents = NULL;
    bool plan = str_eq(entity_text(decision, IRI("kind")), STR("collection-plan"));
    if (!plan) TRY(contents_load(ctx, decision, &contents));
    decide_cases(ctx->arena, decision, &cases);
    VEC_EACH (DecideCase, one, &cases) {
        PartStep *step = NEW(arena, PartStep);
        *step = (PartStep){.id = str_dup(arena, one->id),
                           .from = 1u << CASE_CONFIRMED,
                           .to = CASE_PLANNED,
                           .post = str_dup(arena, ctx->actor->post)};
        if (!plan) follow_reduction(ctx, command, contents, step);
        command_needs(command, step->id);
        command_add(command, &part_case_step, step);
    }
    return RC_OK;
}

Rc office_decide(Ctx *ctx, const OfficeDecision *wish) {
    const Entity *decision;
    Outcome outcome;
    TRY(may_decide(ctx));
    TRY(decision_load(ctx, wish->id, &decision));
    Command *command = case_command(ctx, STR("decision.decide"), wish->id, STR("web"));
    command_add(command, &part_decision_decide, act_new(ctx, command, wish));
    Rc rc = follow_cases(ctx, command, decision);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

static Rc office_act(Ctx *ctx, const OfficeDecision *wish, const PartKind *kind) {
    Outcome outcome;
    TRY(may_decide(ctx));
    Command *command = case_command(ctx, str_of(kind->name), wish->id, STR("web"));
    command_add(command, kind, act_new(ctx, command, wish));
    return case_execute(ctx, command, &outcome);
}

Rc office_return(Ctx *ctx, const OfficeDecision *decision) {
    return office_act(ctx, decision, &part_decision_return);
}

/* A rejected reduction leaves the full fee; the case goes on. */
Rc office_reject(Ctx *ctx, const OfficeDecision *wish) {
    const Entity *decision;
    Outcome outcome;
    DecideCases cases;
    const Json *contents = NULL;
    TRY(may_decide(ctx));
    TRY(decision_load(ctx, wish->id, &decision));
    bool reduction = str_eq(entity_text(decision, IRI("kind")), STR("fee-reduction"));
    if (reduction) TRY(contents_load(ctx, decision, &contents));
    Command *command = case_command(ctx, STR("decision.reject"), wish->id, STR("web"));
    Arena *arena = command_arena(command);
    command_add(command, &part_decision_reject, act_new(ctx, command, wish));
    decide_cases(ctx->arena, decision, &cases);
    for (size_t i = 0; reduction && i < cases.len; i++) {
        PartStep *step = NEW(arena, PartStep);
        Entity *set = entity_new(arena, str_dup(arena, cases.items[i].id), STR(CASE_TYPE));
        entity_set(arena, set, IRI("reductionState"), json_of_str(STR("refused")));
        *step = (PartStep){.id = set->id,
                           .from = 1u << CASE_SUBMITTED,
                           .to = CASE_SUBMITTED,
                           .set = set,
                           .post = str_dup(arena, ctx->actor->post),
                           .text = str_dup(arena, str_trim(wish->opinion))};
        office_post(ctx, command, step, json_get_int(contents, "fee", 0));
        office_remedies(ctx, command, step);
        command_needs(command, step->id);
        command_add(command, &part_case_step, step);
    }
    return case_execute(ctx, command, &outcome);
}

/* ---- taking out, withdrawing ---- */

static Json out_row(Arena *arena, const Json *row, Str reason) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("number"), *json_dup(arena, json_get(row, STR("number")))};
    members[1] = (JsonMember){STR("reason"), json_of_str(str_dup(arena, reason))};
    return json_of_members(members, 2);
}

/* The frozen rows of the other cases, and the case among those taken out: what was decided shows
 * it. What rows say of numbers and fees is in their parts. */
static Rc contents_without(Ctx *ctx, Arena *arena, const Entity *decision, Str reason,
                           PartAct *act) {
    const Json *frozen = entity_attr(decision, IRI("contents"))->value, *contents;
    TRY(decide_contents(ctx, decision, &contents));
    const Json *rows = json_get(frozen, STR("cases")), *cases = json_get(contents, STR("cases"));
    const Json *out = json_get(frozen, STR("out"));
    PlanContents plan = {.day = json_get_str(contents, "day"),
                         .note = json_get_str(contents, "note")};
    for (size_t i = 0; out && i < out->len; i++)
        vec_push(arena, &plan.out, *json_dup(arena, json_at(out, i)));
    for (size_t i = 0; cases && i < cases->len; i++) {
        if (str_eq(json_get_str(json_at(rows, i), "case"), act->case_id)) {
            vec_push(arena, &plan.out, out_row(arena, json_at(cases, i), reason));
            continue;
        }
        vec_push(arena, &plan.rows, *json_dup(arena, json_at(rows, i)));
        plan.fee += json_get_int(json_at(cases, i), "fee", 0);
    }
    act->contents = plan_contents(arena, &plan);
    return RC_OK;
}

/* Who drafted it changes and withdraws it as a drafter; anybody else as the one who decides. */
static Rc may_change(Ctx *ctx, const Entity *decision) {
    bool own = str_eq(entity_text(decision, IRI("drafter")), ctx->actor->id);
    return own ? may_draft(ctx) : may_decide(ctx);
}

Rc office_takeout(Ctx *ctx, const OfficeDecision *wish) {
    const Entity *decision;
    Outcome outcome;
    TRY(decision_load(ctx, wish->id, &decision));
    TRY(may_change(ctx, decision));
    if (!str_eq(entity_text(decision, IRI("kind")), STR("collection-plan")))
        return ctx_fail(ctx, RC_INVALID, "one-case", wish->id,
                        "This proposal is about one case: return it instead.");
    if (!str_eq(entity_text(decision, IRI("contentHash")), wish->hash))
        return ctx_fail(ctx, RC_CONFLICT, "other-contents", wish->id,
                        "The contents have changed since you saw them: read them again.");
    Command *command = case_command(ctx, STR("decision.takeout"), wish->id, STR("web"));
    PartAct *act = act_new(ctx, command, wish);
    act->part = decide_part_id(command_arena(command), decision->id, wish->case_id);
    command_needs(command, act->part);
    command_add(command, &part_decision_takeout, act);
    Rc rc = contents_without(ctx, command_arena(command), decision, str_trim(wish->opinion), act);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

Rc office_withdraw(Ctx *ctx, const OfficeDecision *wish) {
    Outcome outcome;
    TRY(may_draft(ctx));
    Command *command = case_command(ctx, STR("decision.withdraw"), wish->id, STR("web"));
    command_add(command, &part_decision_withdraw, act_new(ctx, command, wish));
    return case_execute(ctx, command, &outcome);
}

/* ---- what waits ---- */

Rc office_reduction_waits(Ctx *ctx, Str case_id, Str *decision) {
    const Entity *waiting;
    Str id;
    TRY(draft_id(ctx, STR("fee-reduction"), case_id, &id, &waiting));
    *decision = waiting ? id : STR_NONE;
    return RC_OK;
}
