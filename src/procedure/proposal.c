/* proposal: what goes to decision: drafting it once, one fee reduction, deciding, and what follows.
   The plan of a day stands in plan.c, the deciding itself is decide/'s. */
#include "procedure_int.h"

#include "carrier.h"

enum { PROPOSALS_MAX = 1000 };

/* ---- drafting ---- */

Rc proposal_may_draft(Ctx *ctx) {
    GateAsk ask = {.action = ACT_CREATE, .type = STR(DECIDE_TYPE), .class = CLASS_INTERNAL};
    return gate_check(ctx, &ask);
}

Rc proposal_nth(Ctx *ctx, Str kind, Str about, size_t n, const Entity **out) {
    if (n == PROPOSALS_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-many-proposals", about,
                        "There were %d proposals about this already.", PROPOSALS_MAX);
    return ledger_entity(ctx, ctx->tenant->ledger, decide_nth_id(ctx->arena, kind, about, n), out);
}

Rc proposal_next(Ctx *ctx, const ProposalAsk *ask, ProposalNext *out) {
    Rc rc = RC_OK;
    *out = (ProposalNext){0};
    for (size_t n = 0; !out->waiting; n++) {
        const Entity *one;
        out->id = decide_nth_id(ctx->arena, ask->kind, ask->about, n);
        rc = proposal_nth(ctx, ask->kind, ask->about, n, &one);
        if (rc != RC_OK) break;
        out->last = one;
        if (str_eq(entity_text(one, IRI("state")), STR("waiting"))) out->waiting = one;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* A draft of the id that it has. */
static void draft_begin(Ctx *ctx, Command *command, Str kind, PartDraft *draft) {
    Arena *arena = command_arena(command);
    int year = time_fiscal_year(time_jst_date(time_now(ctx->clock)));
    *draft = (PartDraft){.id = str_dup(arena, draft->id),
                         .kind = kind,
                         .plan = {.drafter = str_dup(arena, ctx->actor->id),
                                  .drafter_post = str_dup(arena, ctx->actor->post)},
                         .counter = counter_id(arena, STR("decision"), year),
                         .fiscal_year = year};
    command_needs(command, draft->id);
    command_needs(command, draft->counter);
    command_add(command, &part_decision_draft, draft);
}

/* What came back of the same kind about the same thing is done with. */
static Rc draft_new(Ctx *ctx, Command *command, const ProposalAsk *ask, ProposalDraft *out) {
    ProposalNext next;
    TRY(proposal_next(ctx, ask, &next));
    out->draft->id = next.id;
    draft_begin(ctx, command, ask->kind, out->draft);
    out->waiting = next.waiting;
    if (next.last) decide_drop_back(command, next.last, DECIDE_REDRAFTED);
    return RC_OK;
}

Rc proposal_beside(Ctx *ctx, Command *command, Str kind, Str about, PartDraft **out) {
    const Entity *before;
    Rc rc = RC_OK;
    size_t n = 0;
    while (rc == RC_OK)
        rc = proposal_nth(ctx, kind, about, n++, &before);
    if (rc != RC_NOT_FOUND) return rc;
    *out = NEW(command_arena(command), PartDraft);
    (*out)->id = decide_nth_id(ctx->arena, kind, about, n - 1);
    draft_begin(ctx, command, kind, *out);
    return RC_OK;
}

Command *proposal_command(Ctx *ctx, const ProposalAsk *ask, Str case_id) {
    Str kind = ask->amend ? STR("decision.amend") : STR("decision.draft");
    return case_command(ctx, kind, case_id, STR("web"));
}

Rc proposal_new(Ctx *ctx, Command *command, const ProposalAsk *ask, ProposalDraft *out) {
    *out = (ProposalDraft){.draft = NEW(command_arena(command), PartDraft), .amend = ask->amend};
    return ask->amend ? amend_new(ctx, command, ask, out) : draft_new(ctx, command, ask, out);
}

DecideAbout proposal_about(const Ctx *ctx, const PartDraft *draft, const Entity *application,
                           Json value) {
    return (DecideAbout){.decision = draft->id,
                         .case_id = application->id,
                         .person = dictionary_subject(ctx->tenant->dictionary, application),
                         .file = entity_text(application, IRI("retentionFile")),
                         .again = draft->amends,
                         .value = value};
}

/* Whether a proposal waits about the same cases in the same versions, with the same note: what is
 * said of a case follows from its version, and its hash is salted. */
static bool same_proposal(Ctx *ctx, const PartDraft *draft, const Entity *waiting) {
    DecideCases cases;
    Str hash = entity_text(waiting, IRI("contentHash"));
    if (!draft->cases.len) return str_eq(hash, decide_hash(ctx->arena, draft->contents));
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
Rc proposal_send(Ctx *ctx, Command *command, const ProposalDraft *drafting, Str *decision) {
    Outcome outcome;
    const PartDraft *draft = drafting->draft;
    const Entity *waiting = drafting->waiting;
    *decision = str_dup(ctx->arena, draft->id);
    if (drafting->amend) return amend_send(ctx, command, drafting);
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

Json proposal_day(Arena *arena, Date day) {
    return day.year ? json_of_str(time_format_date(arena, day)) : json_of_null();
}

Json proposal_asked(Arena *arena, const Entity *application) {
    CaseSteps steps;
    JsonItems items = {0};
    case_steps(arena, application, &steps);
    VEC_EACH (const CaseStep, step, &steps) {
        if (str_empty(step->text) || str_eq(step->kind, CASE_STEP_VERSION)) continue;
        JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
        members[0] = (JsonMember){STR("at"), json_of_int(step->at)};
        members[1] = (JsonMember){STR("post"), json_of_str(str_dup(arena, step->post))};
        members[2] = (JsonMember){STR("text"), json_of_str(str_dup(arena, step->text))};
        vec_push(arena, &items, json_of_members(members, 3));
    }
    return json_of_items(items.items, items.len);
}

/* The contents are sensitive: who reads them looks at the person of the case. All of them are his
   part. evidence: what the drafter has seen of it, in his words. */
static Rc reduction_contents(Ctx *ctx, Command *command, PartDraft *draft,
                             const Entity *application, Str evidence) {
    Arena *arena = command_arena(command);
    const Attr *reduction = entity_attr(application, IRI("feeReduction"));
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 7);
    Json *contents = NEW(arena, Json);
    members[0] = (JsonMember){STR("case"), json_of_str(str_dup(arena, application->id))};
    members[1] = (JsonMember){
        STR("number"), json_of_str(str_dup(arena, entity_text(application, IRI("receiptNumber"))))};
    members[2] = (JsonMember){STR("fee"), json_of_int(entity_int(application, IRI("fee"), 0))};
    members[3] =
        (JsonMember){STR("reducedFee"), json_of_int(json_get_int(reduction->value, "fee", 0))};
    members[4] = (JsonMember){
        STR("article"), json_of_str(str_dup(arena, json_get_str(reduction->value, "article")))};
    members[5] = (JsonMember){STR("evidence"), json_of_str(str_dup(arena, str_trim(evidence)))};
    members[6] = (JsonMember){STR("asked"), proposal_asked(arena, application)};
    DecideAbout about = proposal_about(ctx, draft, application, json_of_members(members, 7));
    draft->contents = contents;
    return decide_part(ctx, command, &draft->parts, &about, contents);
}

/* The case of a reduction that still waits for one. */
static Rc reduction_case(Ctx *ctx, const OfficeAct *act, const Entity **out) {
    TRY(proposal_may_draft(ctx));
    TRY(office_case(ctx, act, ACT_UPDATE, out));
    if (case_state(*out) != CASE_SUBMITTED)
        return ctx_fail(ctx, RC_CONFLICT, "moved-on", act->id,
                        "This case has moved on since you looked at it: load the page again.");
    if (str_eq(entity_text(*out, IRI("reductionState")), STR("requested")) &&
        entity_attr(*out, IRI("feeReduction")))
        return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "no-reduction", act->id,
                    "No fee reduction waits in this case.");
}

static int64_t waived(const Entity *application) {
    const Attr *reduction = entity_attr(application, IRI("feeReduction"));
    return entity_int(application, IRI("fee"), 0) - json_get_int(reduction->value, "fee", 0);
}

void proposal_still(Command *command, const Entity *application, DecideCases *cases) {
    Arena *arena = command_arena(command);
    PartStill *still = NEW(arena, PartStill);
    *still = (PartStill){str_dup(arena, application->id), application->version};
    vec_push(arena, cases, (DecideCase){still->id, still->version});
    command_needs(command, still->id);
    command_add(command, &part_case_still, still);
}

Rc proposal_route(Ctx *ctx, Command *command, Str kind, int64_t amount, RoutePlan *plan) {
    TableAsk ask = {gate_organisation(ctx->tenant->gate), kind, amount};
    return table_plan(ctx, command_arena(command), &ask, plan);
}

static Rc reduction_propose(Ctx *ctx, const OfficeAct *act, const OfficeAmend *amend,
                            Str *decision) {
    const Entity *application;
    ProposalDraft drafting;
    ProposalAsk ask = {REDUCTION_KIND, act->id, amend};
    TRY(reduction_case(ctx, act, &application));
    Command *command = proposal_command(ctx, &ask, act->id);
    Rc rc = proposal_new(ctx, command, &ask, &drafting);
    PartDraft *draft = drafting.draft;
    if (rc == RC_OK)
        rc = proposal_route(ctx, command, draft->kind, waived(application), &draft->plan);
    if (rc == RC_OK) rc = reduction_contents(ctx, command, draft, application, act->text);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    draft->title =
        STR("粗大ごみ処理手数料の減免について"); /* which case is in the contents, sealed */
    proposal_still(command, application, &draft->cases);
    return proposal_send(ctx, command, &drafting, decision);
}

Rc office_draft_reduction(Ctx *ctx, const OfficeAct *act, Str *decision) {
    return reduction_propose(ctx, act, NULL, decision);
}

Rc proposal_amend_reduction(Ctx *ctx, const Json *contents, const OfficeAmend *amend) {
    OfficeAct act = {.id = json_get_str(contents, "case"), .text = amend->text};
    Str decision;
    return reduction_propose(ctx, &act, amend, &decision);
}

/* ---- deciding ---- */

/* What a decision says that is followed: all of it must be there. */
static Rc contents_load(Ctx *ctx, const Entity *decision, const Json **out) {
    TRY(decide_contents(ctx, decision, out));
    if (*out && !json_get_bool(*out, "erased", false)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "erased", decision->id,
                    "What this proposal was about has been erased: return it.");
}

Rc proposal_change(Ctx *ctx, Command *command, const OfficeDecision *decision, PartChange **out) {
    Arena *arena = command_arena(command);
    const Entity *proposal;
    Route route;
    Org *org = NEW(arena, Org);
    PartChange *change = NEW(arena, PartChange);
    StrVec had;
    TRY(decide_load(ctx, decision->id, &proposal));
    TRY(act_route(ctx, arena, proposal, &route, &had));
    TRY(act_org(ctx, arena, &route, org));
    *change = (PartChange){.id = str_dup(arena, decision->id),
                           .actor = str_dup(arena, ctx->actor->id),
                           .post = str_dup(arena, ctx->actor->post),
                           .hash = str_dup(arena, decision->hash),
                           .opinion = str_dup(arena, str_trim(decision->opinion)),
                           .case_id = str_dup(arena, decision->case_id),
                           .org = org,
                           .had = had};
    command_needs(command, change->id);
    org_load_needs(command, org);
    *out = change;
    return RC_OK;
}

Rc proposal_may_decide(Ctx *ctx) {
    return act_permitted(ctx, ROUTE_APPROVE);
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

/* A case that was taken out, unless it has moved on since. */
static Rc follow_out(Ctx *ctx, Command *command, Str day, const Json *row) {
    Arena *arena = command_arena(command);
    Str id = json_get_str(row, "case");
    const Entity *application;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &application);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    bool same = case_state(application) == CASE_CONFIRMED && !case_is_erased(application) &&
                str_eq(entity_text(application, IRI("pickupDate")), day);
    if (!same) return RC_OK;
    PartStep *step = NEW(arena, PartStep);
    Entity *set = entity_new(arena, str_dup(arena, id), STR(CASE_TYPE));
    *step = (PartStep){.id = set->id,
                       .from = 1u << CASE_CONFIRMED,
                       .version = application->version,
                       .set = set,
                       .post = str_dup(arena, ctx->actor->post),
                       .text = str_dup(arena, json_get_str(row, "reason")),
                       .kind = CASE_STEP_OUT};
    office_missed(ctx, command, step, waste_taken_out(procedures_waste(ctx->tenant)));
    command_needs(command, step->id);
    command_add(command, &part_case_step, step);
    return RC_OK;
}

/* Who waits for the truck on that day is told that it doesn't come for him. */
static Rc follow_outs(Ctx *ctx, Command *command, const Json *contents) {
    const Json *out = json_get(contents, STR("out"));
    for (size_t i = 0; out && i < out->len; i++)
        TRY(follow_out(ctx, command, json_get_str(contents, "day"), json_at(out, i)));
    return RC_OK;
}

static bool publishes(const Entity *decision) {
    return str_eq(entity_text(decision, IRI("kind")), PUBLISH_KIND);
}

static bool files(const Entity *decision) {
    return filing_is(entity_text(decision, IRI("kind")));
}

static bool moves_cases(const Entity *decision) {
    return str_eq(entity_text(decision, IRI("kind")), TRANSITION_KIND);
}

static Rc follow_cases(Ctx *ctx, Command *command, const Entity *decision) {
    Arena *arena = command_arena(command);
    DecideCases cases;
    const Json *contents = NULL;
    const Attr *frozen = entity_attr(decision, IRI("contents"));
    bool plan = str_eq(entity_text(decision, IRI("kind")), PLAN_KIND);
    /* what is said of each case is opened only where it is needed */
    if (!plan || !frozen || json_get(frozen->value, STR("out")))
        TRY(contents_load(ctx, decision, &contents));
    if (plan && contents) TRY(follow_outs(ctx, command, contents));
    if (publishes(decision)) return publish_follow(ctx, command, decision, contents);
    if (files(decision)) return filing_follow(ctx, command, decision, contents);
    if (moves_cases(decision)) return transit_follow(ctx, command, decision, contents);
    if (together_is(contents)) return together_follow(ctx, command, contents);
    if (matter_is(contents)) return matter_follow(ctx, command, contents);
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

/* A rejected reduction leaves the full fee; the case goes on. */
static Rc follow_rejection(Ctx *ctx, Command *command, const Entity *decision, Str reason) {
    Arena *arena = command_arena(command);
    DecideCases cases;
    const Json *contents;
    if (!str_eq(entity_text(decision, IRI("kind")), STR("fee-reduction"))) return RC_OK;
    TRY(contents_load(ctx, decision, &contents));
    decide_cases(ctx->arena, decision, &cases);
    VEC_EACH (const DecideCase, one, &cases) {
        PartStep *step = NEW(arena, PartStep);
        Entity *set = entity_new(arena, str_dup(arena, one->id), STR(CASE_TYPE));
        entity_set(arena, set, IRI("reductionState"), json_of_str(STR("refused")));
        *step = (PartStep){.id = set->id,
                           .from = 1u << CASE_SUBMITTED,
                           .to = CASE_SUBMITTED,
                           .set = set,
                           .post = str_dup(arena, ctx->actor->post),
                           .text = str_dup(arena, str_trim(reason))};
        office_post(ctx, command, step, json_get_int(contents, "fee", 0));
        office_remedies(ctx, command, step);
        command_needs(command, step->id);
        command_add(command, &part_case_step, step);
    }
    return RC_OK;
}

/* A version that was decided is found from now on; what takes long begins. */
static Rc taken_up(Ctx *ctx, const Entity *decision) {
    const Json *contents;
    if (files(decision) || moves_cases(decision)) carrier_wake(ctx->tenant->procedures->carrier);
    if (!publishes(decision)) return RC_OK;
    TRY(contents_load(ctx, decision, &contents));
    return publish_take(ctx, contents);
}

static Rc act_send(Ctx *ctx, Command *command, const Entity *decision, const RouteAct *wish) {
    Outcome outcome;
    PartAct *act;
    bool waits = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    Rc rc = act_new(ctx, command, decision->id, wish, &act);
    if (rc == RC_OK) command_add(command, &part_decision_act, act);
    if (rc == RC_OK && waits && act->after == ROUTE_DECIDED)
        rc = follow_cases(ctx, command, decision);
    if (rc == RC_OK && waits && act->after == ROUTE_REJECTED)
        rc = follow_rejection(ctx, command, decision, wish->opinion);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    bool decides = waits && act->after == ROUTE_DECIDED;
    TRY(case_execute(ctx, command, &outcome));
    return decides ? taken_up(ctx, decision) : RC_OK;
}

Rc office_act(Ctx *ctx, Str id, const RouteAct *wish) {
    const Entity *decision;
    TRY(act_permitted(ctx, wish->verb));
    TRY(decide_load(ctx, id, &decision));
    Str kind = str_fmt(ctx->arena, "decision.%s", route_json_verb(wish->verb));
    return act_send(ctx, case_command(ctx, kind, id, STR("web")), decision, wish);
}

static Rc office_verb(Ctx *ctx, const OfficeDecision *wish, RouteVerb verb) {
    RouteAct act = {.verb = verb,
                    .stage = ROUTE_STAGES_MAX,
                    .to = ROUTE_STAGES_MAX,
                    .hash = wish->hash,
                    .opinion = wish->opinion};
    return office_act(ctx, wish->id, &act);
}

Rc office_decide(Ctx *ctx, const OfficeDecision *wish) {
    return office_verb(ctx, wish, ROUTE_APPROVE);
}

Rc office_return(Ctx *ctx, const OfficeDecision *wish) {
    return office_verb(ctx, wish, ROUTE_RETURN);
}

Rc office_reject(Ctx *ctx, const OfficeDecision *wish) {
    return office_verb(ctx, wish, ROUTE_REJECT);
}

Rc office_withdraw(Ctx *ctx, const OfficeDecision *wish) {
    return office_verb(ctx, wish, ROUTE_WITHDRAW);
}

/* ---- what falls with its case ---- */

/* One that is drafted meanwhile has the id of the next one, so it falls as well. */
static Rc reduction_drop(Ctx *ctx, Command *command, const Entity *application, PartStep *step) {
    Arena *arena = command_arena(command);
    ProposalNext next;
    ProposalAsk ask = {.kind = REDUCTION_KIND, .about = application->id};
    if (!str_eq(entity_text(application, IRI("reductionState")), STR("requested"))) return RC_OK;
    if (!step->set) step->set = entity_new(arena, step->id, STR(CASE_TYPE));
    office_set(command, step, IRI("reductionState"), json_of_str(STR("dropped")));
    Rc rc = proposal_next(ctx, &ask, &next);
    if (rc == RC_LIMIT) return RC_OK; /* none waits, and none can be drafted */
    TRY(rc);
    decide_drop(command, next.id, case_state_word(step->to));
    if (next.last) decide_drop_back(command, next.last, case_state_word(step->to));
    return RC_OK;
}

Rc case_end(Ctx *ctx, Command *command, const Entity *application, PartStep *step) {
    Outcome outcome;
    Rc rc = reduction_drop(ctx, command, application, step);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

/* ---- what waits ---- */

Rc proposal_waits(Ctx *ctx, Str kind, Str about, Str *decision) {
    ProposalNext next;
    TRY(proposal_next(ctx, &(ProposalAsk){.kind = kind, .about = about}, &next));
    *decision = next.waiting ? next.id : STR_NONE;
    return RC_OK;
}

Rc office_reduction_waits(Ctx *ctx, Str case_id, Str *decision) {
    return proposal_waits(ctx, REDUCTION_KIND, case_id, decision);
}
