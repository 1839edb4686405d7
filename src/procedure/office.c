#include "procedure_int.h"

enum { PLAN_MAX = 2000 };

/* ---- one case ---- */

static Rc office_case(Ctx *ctx, const OfficeAct *act, GateAction action, const Entity **out) {
    TRY(case_load(ctx, act->id, out));
    if (ctx->actor->kind != ACTOR_STAFF) /* whose case it is may change it, but is no official */
        return ctx_fail(ctx, RC_DENIED, "not-permitted", act->id, "Only officials do this.");
    GateAsk ask = {.action = action,
                   .type = STR(CASE_TYPE),
                   .class = CLASS_INTERNAL,
                   .relation = gate_relation(ctx, *out)};
    return gate_check(ctx, &ask);
}

/* The step of an official. */
static PartStep *office_step(Ctx *ctx, Command *command, const OfficeAct *act) {
    Arena *arena = command_arena(command);
    PartStep *step = NEW(arena, PartStep);
    Entity *set = entity_new(arena, str_dup(arena, act->id), STR(CASE_TYPE));
    entity_set(arena, set, IRI("assignee"), json_of_str(str_dup(arena, ctx->actor->id)));
    *step = (PartStep){.id = set->id,
                       .version = act->version,
                       .set = set,
                       .post = str_dup(arena, ctx->actor->post),
                       .text = str_dup(arena, str_trim(act->text))};
    command_needs(command, step->id);
    command_add(command, &part_case_step, step);
    return step;
}

static Rc needs_text(Ctx *ctx, const OfficeAct *act) {
    if (!text_is_blank(ctx->arena, act->text)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "missing", STR("text"),
                    "Write the question or the reason: the resident reads it.");
}

/* 専決: only within what the table gives to the post. */
static Rc within_delegation(Ctx *ctx, const Entity *application) {
    Str post = waste_decider(procedures_waste(ctx->tenant), STR("application-confirm"),
                             entity_int(application, IRI("fee"), 0));
    if (str_eq(post, ctx->actor->post)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "beyond-delegation", STR("fee"),
                    "The delegation table gives this amount to another post: hand the case over.");
}

/* The case goes to the post that confirms this amount. */
static void post_set(Ctx *ctx, Command *command, PartStep *step, int64_t amount) {
    Arena *arena = command_arena(command);
    Str post = waste_decider(procedures_waste(ctx->tenant), STR("application-confirm"), amount);
    Entity *set = entity_dup(arena, step->set);
    entity_set(arena, set, IRI("post"), json_of_str(str_dup(arena, post)));
    step->set = set;
}

Rc office_confirm(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    Outcome outcome;
    TRY(office_case(ctx, act, ACT_CONFIRM, &application));
    TRY(within_delegation(ctx, application));
    if (str_eq(entity_text(application, IRI("reductionState")), STR("requested")))
        return ctx_fail(ctx, RC_CONFLICT, "reduction-open", act->id,
                        "A fee reduction has been asked for: draft its decision first.");
    Command *command = case_command(ctx, STR("application.confirm"), act->id, STR("web"));
    PartStep *step = office_step(ctx, command, act);
    post_set(ctx, command, step, 0); /* whoever confirmed, the section collects */
    step->from = 1u << CASE_SUBMITTED;
    step->to = CASE_CONFIRMED;
    return case_execute(ctx, command, &outcome);
}

Rc office_ask(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    Outcome outcome;
    TRY(needs_text(ctx, act));
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    Command *command = case_command(ctx, STR("application.ask"), act->id, STR("web"));
    PartStep *step = office_step(ctx, command, act);
    step->from = 1u << CASE_SUBMITTED;
    step->to = CASE_ASKED;
    return case_execute(ctx, command, &outcome);
}

static PartSlot *slot_of(Ctx *ctx, Command *command, const Entity *application) {
    Date day;
    const WasteDistrict *district =
        waste_district(procedures_waste(ctx->tenant), entity_text(application, IRI("district")));
    if (!district || !time_parse_date(entity_text(application, IRI("pickupDate")), &day))
        return NULL;
    PartSlot *slot = case_slot(ctx, command, district, day);
    slot->name = str_dup(command_arena(command), application->id);
    return slot;
}

/* A refusal states its reason and gives the day back. */
Rc office_refuse(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    Outcome outcome;
    TRY(needs_text(ctx, act));
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    Command *command = case_command(ctx, STR("application.refuse"), act->id, STR("web"));
    PartSlot *slot = slot_of(ctx, command, application);
    if (slot) command_add(command, &part_slot_release, slot);
    PartStep *step = office_step(ctx, command, act);
    step->from = 1u << CASE_SUBMITTED | 1u << CASE_ASKED;
    step->to = CASE_REFUSED;
    return case_execute(ctx, command, &outcome);
}

Rc office_collected(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    Outcome outcome;
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    Command *command = case_command(ctx, STR("application.collected"), act->id, STR("web"));
    PartStep *step = office_step(ctx, command, act);
    step->from = 1u << CASE_PLANNED;
    step->to = CASE_COLLECTED;
    return case_execute(ctx, command, &outcome);
}

/* ---- touch time ---- */

#define TOUCH_TYPE LD_DEFAULT "TouchTime"

enum { CASE_PREFIX = sizeof CASE_ID_PREFIX - 1 };

/* Kept beside the case, not in it: counting time must not make a case another version, which pages
   and proposals would take for a change. */
static Str touch_id(Arena *arena, Str case_id) {
    Str suffix = str_sub(case_id, CASE_PREFIX, case_id.len);
    return str_fmt(arena, "urn:ngsi-ld:TouchTime:" STR_FMT, STR_ARG(suffix));
}

/* The total is computed on the newest state: two pages that count at once lose nothing. */
typedef struct PartTouch {
    Str id, case_id;
    int64_t seconds;
} PartTouch;

static Rc touch_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartTouch *part = args;
    const Entity *before = stage_entity(stage, part->id);
    int64_t total = (before ? entity_int(before, IRI("seconds"), 0) : 0) + part->seconds;
    Entity *after = entity_new(ctx->arena, part->id, STR(TOUCH_TYPE));
    entity_set_kind(ctx->arena, after, ATTR_RELATIONSHIP, IRI("case"), json_of_str(part->case_id));
    entity_set(ctx->arena, after, IRI("seconds"), json_of_int(total));
    Delta delta = {.op = DELTA_PUT, .id = part->id, .after = after};
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_case_touch = {"application.touch", 1, NULL, touch_apply};

Rc office_touch(Ctx *ctx, const OfficeAct *act) {
    const Entity *application;
    Outcome outcome;
    if (act->touch <= 0 || act->touch > 3600)
        return ctx_fail(ctx, RC_INVALID, "bad-seconds", STR("seconds"),
                        "Active time is 1 to 3600 seconds.");
    TRY(office_case(ctx, act, ACT_UPDATE, &application));
    Command *command = case_command(ctx, STR("application.touch"), act->id, STR("web"));
    Arena *arena = command_arena(command);
    PartTouch *part = NEW(arena, PartTouch);
    *part = (PartTouch){touch_id(arena, act->id), str_dup(arena, act->id), act->touch};
    command_needs(command, part->id);
    command_add(command, &part_case_touch, part);
    return case_execute(ctx, command, &outcome);
}

Rc office_touched(Ctx *ctx, Str case_id, int64_t *seconds) {
    const Entity *touch;
    *seconds = 0;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, touch_id(ctx->arena, case_id), &touch);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    *seconds = entity_int(touch, IRI("seconds"), 0);
    return RC_OK;
}

/* ---- drafting ---- */

static Rc may_draft(Ctx *ctx) {
    GateAsk ask = {.action = ACT_CREATE, .type = STR(DECIDE_TYPE), .class = CLASS_INTERNAL};
    return gate_check(ctx, &ask);
}

static PartDraft *draft_new(Ctx *ctx, Command *command, const char *kind) {
    Arena *arena = command_arena(command);
    PartDraft *draft = NEW(arena, PartDraft);
    int year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    *draft = (PartDraft){.id = decide_id(arena, ctx->rand),
                         .kind = str_of(kind),
                         .drafter = str_dup(arena, ctx->actor->id),
                         .drafter_post = str_dup(arena, ctx->actor->post),
                         .counter = counter_id(arena, STR("decision"), year),
                         .fiscal_year = year};
    command_needs(command, draft->id);
    command_needs(command, draft->counter);
    command_add(command, &part_decision_draft, draft);
    return draft;
}

static DecideAbout about_case(const Ctx *ctx, const Entity *application, Json value) {
    return (DecideAbout){.case_id = application->id,
                         .person = dictionary_subject(ctx->tenant->dictionary, application),
                         .value = value};
}

static Rc draft_send(Ctx *ctx, Command *command, const PartDraft *draft, Str *decision) {
    Outcome outcome;
    *decision = str_dup(ctx->arena, draft->id);
    return case_execute(ctx, command, &outcome);
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
    PartDraft *draft = draft_new(ctx, command, "fee-reduction");
    draft->title =
        STR("粗大ごみ処理手数料の減免について"); /* which case is in the contents, sealed */
    draft->contents = reduction_contents(ctx, command, draft, application);
    draft->decider_post =
        waste_decider(procedures_waste(ctx->tenant), STR("fee-reduction"), waived);
    vec_push(arena, &draft->cases, (DecideCase){str_dup(arena, act->id), application->version});
    command_needs(command, act->id);
    return draft_send(ctx, command, draft, decision);
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

static const Json *plan_contents(Arena *arena, const OfficePlan *plan, const JsonItems *rows,
                                 int64_t fee) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 5);
    Json *contents = NEW(arena, Json);
    members[0] = (JsonMember){STR("day"), json_of_str(time_format_date(arena, plan->day))};
    members[1] = (JsonMember){STR("count"), json_of_int((int64_t)rows->len)};
    members[2] = (JsonMember){STR("fee"), json_of_int(fee)};
    members[3] = (JsonMember){STR("cases"), json_of_items(rows->items, rows->len)};
    members[4] = (JsonMember){STR("note"), json_of_str(str_dup(arena, plan->note))};
    *contents = json_of_members(members, str_empty(plan->note) ? 4 : 5);
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
    JsonItems rows = {0};
    int64_t fee = 0;
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
        vec_push(arena, &rows, decide_part(ctx, command, draft, &about));
        vec_push(arena, &draft->cases,
                 (DecideCase){str_dup(arena, line->id), application->version});
        fee += entity_int(application, IRI("fee"), 0);
    }
    draft->contents = plan_contents(arena, plan, &rows, fee);
    if (!str_empty(page.next))
        return ctx_fail(ctx, RC_LIMIT, "plan-too-long", STR("day"),
                        "A plan holds at most %d cases.", PLAN_MAX);
    if (rows.len) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "nothing-to-plan", STR("day"),
                    "No case of this day is confirmed and chosen.");
}

Rc office_draft_plan(Ctx *ctx, const OfficePlan *plan, Str *decision) {
    TRY(may_draft(ctx));
    Command *command = case_command(ctx, STR("decision.draft"), STR_NONE, STR("web"));
    Arena *arena = command_arena(command);
    PartDraft *draft = draft_new(ctx, command, "collection-plan");
    Str label = time_format_japanese(arena, plan->day);
    draft->title = str_fmt(arena, STR_FMT "の粗大ごみ収集予定表について", STR_ARG(label));
    draft->decider_post = waste_decider(procedures_waste(ctx->tenant), STR("collection-plan"), 0);
    Rc rc = plan_collect(ctx, plan, command, draft);
    if (rc == RC_OK) return draft_send(ctx, command, draft, decision);
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
    post_set(ctx, command, step, fee);
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
        post_set(ctx, command, step, json_get_int(contents, "fee", 0));
        command_needs(command, step->id);
        command_add(command, &part_case_step, step);
    }
    return case_execute(ctx, command, &outcome);
}

/* The frozen rows of the other cases; what they say of fees is in their parts. */
static Rc contents_without(Ctx *ctx, Arena *arena, const Entity *decision, PartAct *act) {
    const Json *frozen = entity_attr(decision, IRI("contents"))->value, *contents;
    TRY(decide_contents(ctx, decision, &contents));
    const Json *rows = json_get(frozen, STR("cases")), *cases = json_get(contents, STR("cases"));
    JsonItems kept = {0};
    OfficePlan plan = {.note = json_get_str(contents, "note")};
    int64_t fee = 0;
    for (size_t i = 0; cases && i < cases->len; i++) {
        if (str_eq(json_get_str(json_at(rows, i), "case"), act->case_id)) continue;
        vec_push(arena, &kept, *json_dup(arena, json_at(rows, i)));
        fee += json_get_int(json_at(cases, i), "fee", 0);
    }
    (void)time_parse_date(json_get_str(contents, "day"), &plan.day);
    act->contents = plan_contents(arena, &plan, &kept, fee);
    return RC_OK;
}

Rc office_takeout(Ctx *ctx, const OfficeDecision *wish) {
    const Entity *decision;
    Outcome outcome;
    TRY(may_decide(ctx));
    TRY(decision_load(ctx, wish->id, &decision));
    if (!str_eq(entity_text(decision, IRI("kind")), STR("collection-plan")))
        return ctx_fail(ctx, RC_INVALID, "one-case", wish->id,
                        "This proposal is about one case: return it instead.");
    Command *command = case_command(ctx, STR("decision.takeout"), wish->id, STR("web"));
    PartAct *act = act_new(ctx, command, wish);
    act->part = decide_part_id(command_arena(command), decision->id, wish->case_id);
    command_needs(command, act->part);
    command_add(command, &part_decision_takeout, act);
    Rc rc = contents_without(ctx, command_arena(command), decision, act);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}
