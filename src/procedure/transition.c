#include "procedure_int.h"

#include "transition.h"
#include "transit.h"

enum { REASON_MAX = 1000 };

/* ---- which states, and what takes their place ---- */

static Str wanted(const TransitionWish *wish, const Definition *from, const DefinedState *state) {
    VEC_EACH (const TransitionMap, one, &wish->moved)
        if (one->version == from->version && str_eq(one->state, state->id)) return one->to;
    return wish->whole ? STR_NONE : state->id;
}

static bool ends(Arena *arena, const Definition *definition, Str state) {
    StrVec reached = {0};
    definition_reach(arena, definition, state, &reached);
    VEC_EACH (const Str, id, &reached)
        if (definition_state(definition, *id)->owner == OWNER_NOBODY) return true;
    return false;
}

static Str fault_of(Arena *arena, const Definition *to, const DefinedState *state,
                    const DefinedState *instead) {
    StrVec reached = {0};
    if (!instead) return STR("unmapped");
    if (instead->owner == OWNER_NOBODY) return STR("end");
    if (instead->owner != state->owner) return STR("owner");
    definition_reached(arena, to, &reached);
    if (!org_lists(&reached, instead->id)) return STR("unreachable");
    return ends(arena, to, instead->id) ? STR_NONE : STR("no-end");
}

static void row_add(Arena *arena, const TransitionWish *wish, const Definition *to,
                    TransitionRow row, TransitionRows *out) {
    bool named = !wish->states.len || org_lists(&wish->states, row.state->id);
    if (row.state->owner == OWNER_NOBODY || !named) return;
    row.to = definition_state(to, wanted(wish, row.from, row.state));
    row.fault = fault_of(arena, to, row.state, row.to);
    if (!str_empty(row.fault)) row.to = NULL;
    vec_push(arena, out, row);
}

static Rc version_find(Ctx *ctx, Str procedure, int64_t version, const Definition **out) {
    *out = catalogue_version(procedures_catalogue(ctx->tenant), procedure, version);
    if (*out) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-version", procedure,
                    "This procedure has no version %lld.", (long long)version);
}

Rc transition_target(Ctx *ctx, const TransitionWish *wish, const Definition **out) {
    Date today = time_jst_date(time_now(ctx->clock));
    if (!catalogue_newest(procedures_catalogue(ctx->tenant), wish->procedure))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-procedure", wish->procedure,
                        "The city has no such procedure.");
    TRY(version_find(ctx, wish->procedure, wish->to, out));
    if (catalogue_current(procedures_catalogue(ctx->tenant), wish->procedure, today) == *out)
        return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "not-in-force", STR("to"),
                    "Cases go to the version under which new ones come in today.");
}

Rc transition_rows(Ctx *ctx, const TransitionWish *wish, TransitionRows *out) {
    const Definition *to, *from;
    *out = (TransitionRows){0};
    TRY(version_find(ctx, wish->procedure, wish->to, &to));
    if (!wish->from.len)
        return ctx_fail(ctx, RC_INVALID, "missing", STR("from"), "Say whose cases go.");
    VEC_EACH (const int64_t, version, &wish->from) {
        if (*version == wish->to)
            return ctx_fail(ctx, RC_INVALID, "same", STR("from"),
                            "Cases of the version to which they are to go are there already.");
        TRY(version_find(ctx, wish->procedure, *version, &from));
        VEC_EACH (const DefinedState, state, &from->states)
            row_add(ctx->arena, wish, to, (TransitionRow){.from = from, .state = state}, out);
    }
    return RC_OK;
}

/* ---- which cases ---- */

static bool arrived_within(const TransitionWish *wish, const Entity *application) {
    int64_t at;
    if (!time_parse(entity_text(application, IRI("submittedAt")), &at)) return false;
    int64_t day = time_date_days(time_jst_date(at));
    return (!wish->since.year || time_date_days(wish->since) <= day) &&
           (!wish->before.year || day < time_date_days(wish->before));
}

static bool names(const TransitionWish *wish, const Entity *application) {
    CaseState state = case_state(application);
    int64_t version = entity_int(application, IRI("procedureVersion"), 0);
    bool from = false;
    VEC_EACH (const int64_t, one, &wish->from)
        from = from || *one == version;
    return from && state != CASE_STATES && !(CASE_ENDS & 1u << state) &&
           !case_is_erased(application) &&
           (!wish->states.len ||
            org_lists(&wish->states, entity_text(application, IRI("procedureState")))) &&
           arrived_within(wish, application);
}

TransitionRow *transition_row(const TransitionWish *wish, const TransitionRows *rows,
                              const Entity *application) {
    if (!names(wish, application)) return NULL;
    int64_t version = entity_int(application, IRI("procedureVersion"), 0);
    Str state = entity_text(application, IRI("procedureState"));
    VEC_EACH (TransitionRow, row, rows)
        if (row->from->version == version && str_eq(row->state->id, state)) return row;
    return NULL;
}

Rc transition_each(Ctx *ctx, Str procedure, ProjectEach each, void *arg) {
    ProjectWish wish = {.type = STR("Application"),
                        .q = str_fmt(ctx->arena,
                                     "procedure==\"" STR_FMT
                                     "\";state==\"submitted\",\"asked\",\"elsewhere\"",
                                     STR_ARG(procedure))};
    return project_each(ctx, &wish, each, arg);
}

/* ---- the dry run ---- */

typedef struct Planning {
    Ctx *ctx; /* whose arena lasts */
    const TransitionWish *wish;
    const TransitionSlice *slice;
    TransitionPlan *out;
    size_t stayed;
} Planning;

static void stay_add(Planning *planning, const Entity *application, const TransitionRow *row,
                     const Fit *fit) {
    Arena *arena = planning->ctx->arena;
    size_t nth = planning->stayed++;
    planning->out->stays[fit->why]++;
    if (nth < planning->slice->skip || nth - planning->slice->skip >= planning->slice->take) return;
    vec_push(arena, &planning->out->listed,
             (TransitionStay){str_dup(arena, application->id), row, fit->why, fit->field});
}

static Rc case_plan(Ctx *ctx, void *arg, const Entity *application) {
    Planning *planning = arg;
    TransitionPlan *plan = planning->out;
    Fit fit;
    TransitionRow *row = transition_row(planning->wish, &plan->rows, application);
    if (!row) return RC_OK;
    TRY(fit_case(ctx, &(FitAsk){application, row->from, plan->to, row->to}, &fit));
    plan->cases++;
    row->cases++;
    if (fit.why != FIT_GOOD) {
        stay_add(planning, application, row, &fit);
        return RC_OK;
    }
    plan->fit++;
    row->fit++;
    plan->later += fit.due.year && fit.later;
    plan->sooner += fit.due.year && !fit.later;
    return RC_OK;
}

static Json row_json(Arena *arena, const TransitionRow *row) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    members[0] = (JsonMember){STR("version"), json_of_int(row->from->version)};
    members[1] = (JsonMember){STR("state"), json_of_str(row->state->id)};
    members[2] = (JsonMember){STR("to"), json_of_str(row->to->id)};
    return json_of_members(members, 3);
}

static Json count_json(Arena *arena, const TransitionRow *row) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("cases"), json_of_int(row->cases)};
    members[1] = (JsonMember){STR("fit"), json_of_int(row->fit)};
    return json_of_members(members, 2);
}

static Json version_json(Arena *arena, const Definition *definition) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("version"), json_of_int(definition->version)};
    members[1] = (JsonMember){STR("hash"), json_of_str(decide_hash(arena, definition->source))};
    return json_of_members(members, 2);
}

static Json versions_json(Ctx *ctx, const TransitionWish *wish) {
    JsonItems items = {0};
    VEC_EACH (const int64_t, version, &wish->from)
        vec_push(ctx->arena, &items,
                 version_json(ctx->arena, catalogue_version(procedures_catalogue(ctx->tenant),
                                                            wish->procedure, *version)));
    return json_of_items(items.items, items.len);
}

static Json states_json(Arena *arena, const StrVec *states) {
    JsonItems items = {0};
    VEC_EACH (const Str, state, states)
        vec_push(arena, &items, json_of_str(*state));
    return json_of_items(items.items, items.len);
}

static Json mapping_json(Arena *arena, const TransitionRows *rows) {
    JsonItems items = {0};
    VEC_EACH (const TransitionRow, row, rows)
        if (row->to) vec_push(arena, &items, row_json(arena, row));
    return json_of_items(items.items, items.len);
}

/* Counts of each row of the mapping, in its order. */
static Json counts_json(Arena *arena, const TransitionRows *rows) {
    JsonItems items = {0};
    VEC_EACH (const TransitionRow, row, rows)
        if (row->to) vec_push(arena, &items, count_json(arena, row));
    return json_of_items(items.items, items.len);
}

/* What is decided, and behind it how many cases that was about when it was proposed: they go on
   meanwhile, and each is judged again. */
enum { PLAN_STATED = 8 };

/* All that is decided but the reason: nothing of it is about a person. */
static void plan_members(Ctx *ctx, const TransitionWish *wish, const TransitionPlan *plan,
                         JsonMembers *out) {
    Arena *arena = ctx->arena;
    const JsonMember all[] = {
        {STR("procedure"), json_of_str(wish->procedure)},
        {STR("label"), *plan->to->label.all},
        {STR("to"), version_json(arena, plan->to)},
        {STR("from"), versions_json(ctx, wish)},
        {STR("states"), states_json(arena, &wish->states)},
        {STR("since"), proposal_day(arena, wish->since)},
        {STR("before"), proposal_day(arena, wish->before)},
        {STR("mapping"), mapping_json(arena, &plan->rows)},
        {STR("counts"), counts_json(arena, &plan->rows)},
        {STR("cases"), json_of_int(plan->cases)},
        {STR("fit"), json_of_int(plan->fit)},
        {STR("stays"), fit_stays_json(arena, plan->stays)},
        {STR("later"), json_of_int(plan->later)},
        {STR("sooner"), json_of_int(plan->sooner)},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        vec_push(arena, out, all[i]);
}

Rc transition_plan(Ctx *ctx, const TransitionWish *wish, const TransitionSlice *slice,
                   TransitionPlan *out) {
    JsonMembers members = {0};
    *out = (TransitionPlan){0};
    Planning planning = {.ctx = ctx, .wish = wish, .slice = slice, .out = out};
    TRY(transition_target(ctx, wish, &out->to));
    TRY(transition_rows(ctx, wish, &out->rows));
    TRY(transition_each(ctx, wish->procedure, case_plan, &planning));
    VEC_EACH (TransitionRow, row, &out->rows)
        if (!row->cases) row->fault = STR_NONE;
    plan_members(ctx, wish, out, &members);
    Json said = json_of_members(members.items, PLAN_STATED);
    out->hash = decide_hash(ctx->arena, &said);
    return RC_OK;
}

typedef struct Counting {
    Ctx *ctx;
    TransitionCounts *out;
} Counting;

static Rc case_count(Ctx *ctx, void *arg, const Entity *application) {
    const Counting *counting = arg;
    (void)ctx;
    int64_t version = entity_int(application, IRI("procedureVersion"), 0);
    bool known = version > 0 && (size_t)version <= counting->out->len;
    if (known && !case_is_erased(application)) counting->out->items[version - 1]++;
    return RC_OK;
}

Rc transition_counts(Ctx *ctx, Str procedure, TransitionCounts *out) {
    const Definition *newest = catalogue_newest(procedures_catalogue(ctx->tenant), procedure);
    *out = (TransitionCounts){0};
    for (int64_t i = 0; newest && i < newest->version; i++)
        vec_push(ctx->arena, out, 0);
    Counting counting = {ctx, out};
    return transition_each(ctx, procedure, case_count, &counting);
}

/* ---- proposing ---- */

static Rc reason_check(Ctx *ctx, Str reason) {
    if (text_is_blank(ctx->arena, reason))
        return ctx_fail(ctx, RC_INVALID, "missing", STR("reason"), "Write why.");
    if (str_utf8_len(str_trim(reason)) <= REASON_MAX) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "too-long", STR("reason"),
                    "A reason has at most %d characters.", REASON_MAX);
}

static Rc nothing_goes(Ctx *ctx, Str procedure) {
    Transits going;
    TRY(transits_going(ctx, procedure, &going));
    if (!going.len) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "going", going.items[0].decision,
                    "Cases of this procedure are going to another version just now: wait until "
                    "that is done.");
}

static Rc plan_check(Ctx *ctx, const TransitionPlan *plan, Str seen) {
    VEC_EACH (const TransitionRow, row, &plan->rows)
        if (!str_empty(row->fault))
            return ctx_fail(ctx, RC_CONFLICT, "faults", row->state->id,
                            "A state that holds cases has nothing in its place.");
    if (!plan->fit)
        return ctx_fail(ctx, RC_CONFLICT, "nothing", STR_NONE, "No case can go to that version.");
    if (str_eq(plan->hash, seen)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "other-plan", STR_NONE,
                    "Cases have changed since you looked: look at the dry run again.");
}

static const Json *contents_of(Ctx *ctx, Arena *arena, const TransitionWish *wish,
                               const TransitionPlan *plan) {
    JsonMembers members = {0};
    plan_members(ctx, wish, plan, &members);
    vec_push(ctx->arena, &members,
             (JsonMember){STR("reason"), json_of_str(str_trim(wish->reason))});
    Json contents = json_of_members(members.items, members.len);
    return json_dup(arena, &contents);
}

/* The highest post of the division that a post is of; or the next superior of another, where nobody
   in it is a chief. */
static Str division_head(const Gate *gate, Str post) {
    const GatePost *one = gate_post(gate, post);
    for (const GatePost *above = one; one && above;) {
        above = gate_post(gate, one->superior);
        bool higher =
            above && (str_eq(above->division, one->division) || !(one->roles & 1u << ROLE_CHIEF));
        if (!higher) break;
        one = above;
    }
    return one ? one->id : STR_NONE;
}

/* Whose cases go has a say (合議), unless it is his to decide, or he proposes it himself. */
static void owner_consult(const Ctx *ctx, Arena *arena, Str post, RoutePlan *plan) {
    Str head = division_head(ctx->tenant->gate, post);
    bool there = str_empty(head) || str_eq(head, plan->drafter_post) ||
                 str_eq(head, plan->decider_post) || org_lists(&plan->reviewers, head) ||
                 org_lists(&plan->consulted, head);
    if (!there) vec_push(arena, &plan->consulted, str_dup(arena, head));
}

/* What is proposed anew, on the dry run that was seen, or amended, on that of now. */
typedef struct Proposing {
    const TransitionWish *wish;
    const OfficeAmend *amend; /* NULL: anew */
    Str seen;
} Proposing;

static Rc propose(Ctx *ctx, const Proposing *of, Str *decision) {
    const TransitionWish *wish = of->wish;
    GateAsk ask = {
        .action = ACT_RELEASE, .type = STR(LD_DEFAULT "Procedure"), .class = CLASS_INTERNAL};
    TransitionPlan plan;
    ProposalDraft drafting = {0};
    ProposalAsk about = {TRANSITION_KIND, publish_record(ctx->arena, wish->procedure), of->amend};
    TRY(gate_check(ctx, &ask));
    TRY(proposal_may_draft(ctx));
    TRY(reason_check(ctx, wish->reason));
    TRY(transition_plan(ctx, wish, &(TransitionSlice){0}, &plan));
    TRY(nothing_goes(ctx, wish->procedure));
    TRY(plan_check(ctx, &plan, of->amend ? plan.hash : of->seen));
    Command *command = proposal_command(ctx, &about, STR_NONE);
    Arena *arena = command_arena(command);
    Rc rc = proposal_new(ctx, command, &about, &drafting);
    if (rc == RC_OK) rc = proposal_route(ctx, command, TRANSITION_KIND, 0, &drafting.draft->plan);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    owner_consult(ctx, arena, plan.to->post, &drafting.draft->plan);
    drafting.draft->title = str_fmt(arena, "手続きの経過措置（" STR_FMT " 第%lld版へ）について",
                                    STR_ARG(plan.to->label.ja), (long long)plan.to->version);
    drafting.draft->contents = contents_of(ctx, arena, wish, &plan);
    return proposal_send(ctx, command, &drafting, decision);
}

Rc transition_propose(Ctx *ctx, const TransitionWish *wish, Str seen, Str *decision) {
    return propose(ctx, &(Proposing){.wish = wish, .seen = seen}, decision);
}

/* The same versions and states, as many cases as there are by now. */
Rc transition_amend(Ctx *ctx, const Json *contents, const OfficeAmend *amend) {
    TransitionWish wish;
    Str decision;
    transition_read(ctx->arena, contents, &wish);
    wish.reason = amend->text;
    return propose(ctx, &(Proposing){.wish = &wish, .amend = amend}, &decision);
}

Rc transition_waits(Ctx *ctx, Str procedure, Str *decision) {
    return proposal_waits(ctx, TRANSITION_KIND, publish_record(ctx->arena, procedure), decision);
}

/* ---- what was proposed ---- */

void transition_read(Arena *arena, const Json *contents, TransitionWish *out) {
    const Json *from = json_get(contents, STR("from")), *states = json_get(contents, STR("states")),
               *mapping = json_get(contents, STR("mapping"));
    *out = (TransitionWish){.procedure = json_get_str(contents, "procedure"),
                            .to = json_get_int(json_get(contents, STR("to")), "version", 0),
                            .whole = true,
                            .reason = json_get_str(contents, "reason")};
    (void)time_parse_date(json_get_str(contents, "since"), &out->since);
    (void)time_parse_date(json_get_str(contents, "before"), &out->before);
    for (size_t i = 0; from && i < from->len; i++)
        vec_push(arena, &out->from, json_get_int(json_at(from, i), "version", 0));
    for (size_t i = 0; states && i < states->len; i++)
        vec_push(arena, &out->states, json_str(json_at(states, i)));
    for (size_t i = 0; mapping && i < mapping->len; i++) {
        const Json *row = json_at(mapping, i);
        vec_push(arena, &out->moved,
                 (TransitionMap){json_get_int(row, "version", 0), json_get_str(row, "state"),
                                 json_get_str(row, "to")});
    }
}
