/* proposal: what goes to decision: drafting it once, one fee reduction, deciding, and what follows.
   The plan of a day stands in plan.c, the deciding itself is decide/'s. */
#include "procedure_int.h"

enum { PROPOSALS_MAX = 1000, DROPPED_SHOWN = 20, CONDITION_MAX = 4096 };

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

/* The id of the next proposal of a kind about a thing; *waiting when the last one still waits, and
 * is that of the id. */
static Rc draft_id(Ctx *ctx, Str kind, Str about, Str *id, const Entity **waiting) {
    const Entity *before;
    Rc rc = RC_OK;
    *waiting = NULL;
    for (size_t n = 0; !*waiting; n++) {
        *id = decide_nth_id(ctx->arena, kind, about, n);
        rc = proposal_nth(ctx, kind, about, n, &before);
        if (rc != RC_OK) break;
        if (str_eq(entity_text(before, IRI("state")), STR("waiting"))) *waiting = before;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

Rc proposal_new(Ctx *ctx, Command *command, Str kind, Str about, ProposalDraft *out) {
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

DecideAbout proposal_about(const Ctx *ctx, const PartDraft *draft, const Entity *application,
                           Json value) {
    return (DecideAbout){.decision = draft->id,
                         .case_id = application->id,
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
Rc proposal_send(Ctx *ctx, Command *command, const ProposalDraft *drafting, Str *decision) {
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

/* What was asked and answered: the decider reads it with the contents, as it was then. */
static Json asked_json(Arena *arena, const Entity *application) {
    CaseSteps steps;
    JsonItems items = {0};
    case_steps(arena, application, &steps);
    VEC_EACH (const CaseStep, step, &steps) {
        if (str_empty(step->text)) continue;
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
static const Json *reduction_contents(Ctx *ctx, Command *command, PartDraft *draft,
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
    members[6] = (JsonMember){STR("asked"), asked_json(arena, application)};
    DecideAbout about = proposal_about(ctx, draft, application, json_of_members(members, 7));
    *contents = decide_part(ctx, command, &draft->parts, &about);
    return contents;
}

Rc office_draft_reduction(Ctx *ctx, const OfficeAct *act, Str *decision) {
    const Entity *application;
    TRY(proposal_may_draft(ctx));
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
    ProposalDraft drafting;
    Rc rc = proposal_new(ctx, command, STR("fee-reduction"), act->id, &drafting);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    PartDraft *draft = drafting.draft;
    draft->title =
        STR("粗大ごみ処理手数料の減免について"); /* which case is in the contents, sealed */
    draft->contents = reduction_contents(ctx, command, draft, application, act->text);
    draft->decider_post =
        waste_decider(procedures_waste(ctx->tenant), STR("fee-reduction"), waived);
    vec_push(arena, &draft->cases, (DecideCase){str_dup(arena, act->id), application->version});
    PartStill *still = NEW(arena, PartStill); /* a case that ends now would leave it waiting */
    *still = (PartStill){str_dup(arena, act->id), application->version};
    command_needs(command, still->id);
    command_add(command, &part_case_still, still);
    return proposal_send(ctx, command, &drafting, decision);
}

/* ---- deciding ---- */

Rc proposal_load(Ctx *ctx, Str id, const Entity **out) {
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

PartAct *proposal_act(Ctx *ctx, Command *command, const OfficeDecision *decision) {
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

Rc proposal_may_decide(Ctx *ctx) {
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
    TRY(proposal_may_decide(ctx));
    TRY(proposal_load(ctx, wish->id, &decision));
    Command *command = case_command(ctx, STR("decision.decide"), wish->id, STR("web"));
    command_add(command, &part_decision_decide, proposal_act(ctx, command, wish));
    Rc rc = follow_cases(ctx, command, decision);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

static Rc office_act(Ctx *ctx, const OfficeDecision *wish, const PartKind *kind) {
    Outcome outcome;
    TRY(proposal_may_decide(ctx));
    Command *command = case_command(ctx, str_of(kind->name), wish->id, STR("web"));
    command_add(command, kind, proposal_act(ctx, command, wish));
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
    TRY(proposal_may_decide(ctx));
    TRY(proposal_load(ctx, wish->id, &decision));
    bool reduction = str_eq(entity_text(decision, IRI("kind")), STR("fee-reduction"));
    if (reduction) TRY(contents_load(ctx, decision, &contents));
    Command *command = case_command(ctx, STR("decision.reject"), wish->id, STR("web"));
    Arena *arena = command_arena(command);
    command_add(command, &part_decision_reject, proposal_act(ctx, command, wish));
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

/* ---- withdrawing ---- */

Rc office_withdraw(Ctx *ctx, const OfficeDecision *wish) {
    Outcome outcome;
    TRY(proposal_may_draft(ctx));
    Command *command = case_command(ctx, STR("decision.withdraw"), wish->id, STR("web"));
    command_add(command, &part_decision_withdraw, proposal_act(ctx, command, wish));
    return case_execute(ctx, command, &outcome);
}

/* ---- what falls with its case ---- */

/* One that is drafted meanwhile has the id of the next one, so it falls as well. */
static Rc reduction_drop(Ctx *ctx, Command *command, const Entity *application, PartStep *step) {
    Arena *arena = command_arena(command);
    const Entity *waiting;
    Str id;
    if (!str_eq(entity_text(application, IRI("reductionState")), STR("requested"))) return RC_OK;
    if (!step->set) step->set = entity_new(arena, step->id, STR(CASE_TYPE));
    office_set(command, step, IRI("reductionState"), json_of_str(STR("dropped")));
    Rc rc = draft_id(ctx, STR("fee-reduction"), application->id, &id, &waiting);
    if (rc == RC_LIMIT) return RC_OK; /* none waits, and none can be drafted */
    TRY(rc);
    PartDrop *drop = NEW(arena, PartDrop);
    *drop = (PartDrop){str_dup(arena, id), case_state_word(step->to)};
    command_needs(command, drop->id);
    command_add(command, &part_decision_drop, drop);
    return RC_OK;
}

Rc case_end(Ctx *ctx, Command *command, const Entity *application, PartStep *step) {
    Outcome outcome;
    Rc rc = reduction_drop(ctx, command, application, step);
    if (rc == RC_OK) return case_execute(ctx, command, &outcome);
    command_free(command);
    return rc;
}

Rc office_seen(Ctx *ctx, Str id) {
    Outcome outcome;
    TRY(proposal_may_draft(ctx));
    Command *command = case_command(ctx, STR("decision.seen"), id, STR("web"));
    command_add(command, &part_decision_seen,
                proposal_act(ctx, command, &(OfficeDecision){.id = id}));
    return case_execute(ctx, command, &outcome);
}

Rc office_dropped(Ctx *ctx, ProjectAnswer *out) {
    Buf condition = buf_new(ctx->arena, CONDITION_MAX);
    buf_add(&condition, STR("state==\"dropped\";dropNotice==\"unread\";drafter=="));
    json_write_str(&condition, ctx->actor->id);
    ProjectWish wish = {.type = STR("Decision"), .q = buf_str(&condition), .limit = DROPPED_SHOWN};
    return project_find(ctx, &wish, out);
}

/* ---- what waits ---- */

Rc office_reduction_waits(Ctx *ctx, Str case_id, Str *decision) {
    const Entity *waiting;
    Str id;
    TRY(draft_id(ctx, STR("fee-reduction"), case_id, &id, &waiting));
    *decision = waiting ? id : STR_NONE;
    return RC_OK;
}
