/* act: one act on the route of a proposal, as part of a command. It is tried when the command is
   made, so that what follows from it can be added, and judged again at the commit, on the route,
   the day and the absences of that moment. */
#include "decide.h"

#include "project/project.h"

#define IRI(term) STR(LD_DEFAULT term)

/* ---- at the commit ---- */

static Rc may_be_past(Ctx *ctx, Stage *stage, const PartAct *part, const Entity **decision) {
    static const unsigned late =
        1u << ROUTE_SEE | 1u << ROUTE_ISSUE | 1u << ROUTE_AMEND | 1u << ROUTE_DROP;
    if (!(late & 1u << part->act.verb)) {
        Rc rc = decide_waiting(ctx, stage, part->id, decision);
        Route route;
        if (rc != RC_CONFLICT || part->act.verb != ROUTE_APPROVE) return rc;
        route_json_read(*decision, &route); /* what is circulated is read when it is decided */
        size_t at = part->act.stage;
        return at < route.n && route.stages[at].kind == ROUTE_CIRCULATE ? RC_OK : rc;
    }
    *decision = stage_entity(stage, part->id);
    if (*decision) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", part->id, "There is no such proposal.");
}

static RouteAct act_now(Ctx *ctx, Stage *stage, const PartAct *part) {
    RouteAct act = part->act;
    act.at = stage_now(stage);
    act.day = time_jst_date(act.at);
    if (act.verb == ROUTE_AMEND)
        act.hash = part->contents ? decide_hash(ctx->arena, part->contents) : STR_NONE;
    return act;
}

/* The proposal as it is, and its route after the act. */
static Rc act_judge(Ctx *ctx, Stage *stage, const PartAct *part, const Entity **decision,
                    Route *route) {
    RouteAct act = act_now(ctx, stage, part);
    Org org = *part->org;
    TRY(may_be_past(ctx, stage, part, decision));
    org_load_absences(ctx->arena, stage, &org);
    route_json_read(*decision, route);
    if (part->correction && !str_eq(route->hash, part->from))
        return ctx_fail(ctx, RC_CONFLICT, "other-contents", part->id,
                        "The contents have changed since you saw them: read them again, then act.");
    route_drafters_add(route, &part->had);
    TRY(route_act(ctx, &org, &act, route));
    if (route->state != part->after)
        return ctx_fail(ctx, RC_CONFLICT, "route-moved", part->id,
                        "This proposal has moved on since you looked at it: load the page again.");
    return RC_OK;
}

static bool decides(const PartAct *part) {
    return part->after == ROUTE_DECIDED && part->act.verb == ROUTE_APPROVE;
}

static Rc act_guard(Ctx *ctx, Stage *stage, const void *args) {
    const Entity *decision;
    Route route;
    TRY(act_judge(ctx, stage, args, &decision, &route));
    bool waited = str_eq(entity_text(decision, IRI("state")), STR("waiting"));
    return waited && decides(args) ? decide_cases_same(ctx, stage, decision) : RC_OK;
}

static void text_set(Arena *arena, Entity *after, Str iri, Str text) {
    entity_set(arena, after, iri, json_of_str(text));
}

/* Who ended the waiting, and what he said. */
static void end_set(Arena *arena, Entity *after, const RouteAct *act) {
    text_set(arena, after, IRI("decider"), act->person);
    text_set(arena, after, IRI("decidedAt"), time_format(arena, act->at));
    if (!str_empty(act->opinion)) text_set(arena, after, IRI("opinion"), act->opinion);
}

/* Who declared what a minor correction, and from which contents to which. */
static void correction_add(Arena *arena, const Entity *before, const PartAct *part,
                           const RouteAct *act, Entity *after) {
    const Attr *kept = entity_attr(before, IRI("corrections"));
    JsonItems items = {0};
    JsonMembers members = {0};
    const JsonMember head[] = {
        {STR("at"), json_of_int(act->at)},     {STR("actor"), json_of_str(act->person)},
        {STR("post"), json_of_str(act->post)}, {STR("from"), json_of_str(part->from)},
        {STR("to"), json_of_str(act->hash)},
    };
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        vec_push(arena, &members, head[i]);
    for (size_t i = 0; i < part->correction->len; i++)
        vec_push(arena, &members, part->correction->value.members[i]);
    for (size_t i = 0; kept && kept->value && i < kept->value->len; i++)
        vec_push(arena, &items, *json_at(kept->value, i));
    vec_push(arena, &items, json_of_members(members.items, members.len));
    entity_set_kind(arena, after, ATTR_JSON, IRI("corrections"),
                    json_of_items(items.items, items.len));
}

static void contents_set(Arena *arena, Stage *stage, const PartAct *part, Entity *after) {
    entity_set_kind(arena, after, ATTR_JSON, IRI("contents"), *part->contents);
    text_set(arena, after, IRI("changedAt"), time_format(arena, stage_now(stage)));
    if (!str_empty(part->title)) text_set(arena, after, IRI("subjectLine"), part->title);
    decide_parts_put(arena, stage, part->id, &part->parts);
}

/* What says the same as before stays as it is; its cases may be other versions of themselves. */
static void amend_set(Ctx *ctx, Stage *stage, const PartAct *part, const RouteAct *act,
                      Delta *delta) {
    static const char *const ended[] = {LD_DEFAULT "decider", LD_DEFAULT "decidedAt",
                                        LD_DEFAULT "opinion", LD_DEFAULT "cameBackAt"};
    Arena *arena = ctx->arena;
    Str hash = entity_text(stage_entity(stage, part->id), IRI("contentHash"));
    entity_set_kind(arena, delta->after, ATTR_JSON, IRI("cases"),
                    decide_cases_json(arena, &part->cases));
    bool same = str_eq(hash, decide_hash(arena, part->contents));
    if (!same) contents_set(arena, stage, part, delta->after);
    if (!same && part->correction)
        correction_add(arena, stage_entity(stage, part->id), part, act, delta->after);
    for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
        vec_push(arena, &delta->removed, (DeltaRemoval){.name = str_of(ended[i]), .all = true});
}

/* How it stands now, where that is another state than before. */
static void state_set(Arena *arena, const Entity *before, const Route *route, const RouteAct *act,
                      Entity *after) {
    bool same = str_eq(entity_text(before, IRI("state")), str_of(route_json_state(route->state)));
    if (same || route->state == ROUTE_WAITING) return;
    end_set(arena, after, act);
    if (route_is_back(route))
        text_set(arena, after, IRI("cameBackAt"), time_format(arena, act->at));
    if (route->state == ROUTE_DROPPED) text_set(arena, after, IRI("dropReason"), STR("drafter"));
}

static RouteDone done_of(const Route *route, const RouteAct *act, bool on_stage) {
    return (RouteDone){.at = act->at,
                       .verb = act->verb,
                       .stage = on_stage ? act->stage : ROUTE_STAGES_MAX,
                       .actor = act->person,
                       .post = act->post,
                       .opinion = act->opinion,
                       .main = route->main,
                       .how = route->how};
}

/* Who agrees again has read that he has to. */
static void told_set(Arena *arena, const PartAct *part, const RouteAct *act, const Entity *before,
                     Entity *after) {
    NoticeReader reader = {part->org, act->post, act->day};
    if (act->verb == ROUTE_APPROVE || act->verb == ROUTE_DISSENT)
        (void)notice_seen(arena, &reader, before, after);
}

static Rc act_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAct *part = args;
    const Entity *before;
    Route route;
    TRY(act_judge(ctx, stage, part, &before, &route));
    RouteAct act = act_now(ctx, stage, part);
    Entity *after = entity_new(ctx->arena, part->id, STR(DECIDE_TYPE));
    Delta delta = {.op = DELTA_CHANGE, .id = part->id, .after = after};
    RouteDone done = done_of(&route, &act, route_is_on_stage(act.verb));
    route_json_set(ctx->arena, after, &route);
    route_json_drafter(ctx->arena, before, &route, after);
    TRY(route_json_act_add(ctx, before, after, &done));
    if (act.verb == ROUTE_AMEND) amend_set(ctx, stage, part, &act, &delta);
    state_set(ctx->arena, before, &route, &act, after);
    told_set(ctx->arena, part, &act, before, after);
    Route was;
    route_json_read(before, &was);
    notice_add(
        ctx->arena,
        &(NoticeAdd){
            .decision = before, .before = &was, .after = &route, .by = act.post, .at = act.at},
        after);
    stage_put(stage, &delta);
    return RC_OK;
}

const PartKind part_decision_act = {"decision.act", 1, act_guard, act_apply};

/* ---- making one ---- */

/* What the drafter does as such, what he may do as well as those on the route, and what is theirs.
 */
Rc act_permitted(Ctx *ctx, RouteVerb verb) {
    static const unsigned drafter = 1u << ROUTE_WITHDRAW | 1u << ROUTE_AMEND | 1u << ROUTE_DROP,
                          either = 1u << ROUTE_CONSULT_ADD | 1u << ROUTE_PASS;
    GateAsk draft = {.action = ACT_CREATE, .type = STR(DECIDE_TYPE), .class = CLASS_INTERNAL};
    GateAsk decide = draft;
    decide.action = ACT_DECIDE;
    if (drafter & 1u << verb) return gate_check(ctx, &draft);
    if (either & 1u << verb && gate_permits(ctx, &draft)) return RC_OK;
    return gate_check(ctx, &decide);
}

bool act_may_consent(const Ctx *ctx, const GatePost *post) {
    Actor holder = {.kind = ACTOR_STAFF,
                    .id = STR("urn:ngsi-ld:Account:holder"),
                    .post = post->id,
                    .division = post->division,
                    .roles = post->roles,
                    .stepped_up_at = time_now(ctx->clock)};
    Ctx asking = *ctx; /* what is refused him is no error of who asks */
    asking.actor = &holder;
    return act_permitted(&asking, ROUTE_APPROVE) == RC_OK;
}

static Rc added_acts(Ctx *ctx, const RouteAct *wish) {
    const GatePost *post = gate_post(ctx->tenant->gate, wish->added);
    if (wish->verb != ROUTE_CONSULT_ADD || !post || act_may_consent(ctx, post)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "post-cannot-act", STR("added"),
                    "No rule lets this post consent to a proposal: it would wait for ever.");
}

Rc decide_load(Ctx *ctx, Str id, const Entity **out) {
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, out);
    if (rc == RC_OK && entity_has_type(*out, STR(DECIDE_TYPE))) return RC_OK;
    if (rc == RC_OK || rc == RC_NOT_FOUND)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", id, "There is no such proposal.");
    return rc;
}

static bool was_amended(Ctx *ctx, const Entity *decision) {
    RouteDones dones;
    route_json_acts(ctx->arena, decision, &dones);
    VEC_EACH (const RouteDone, done, &dones)
        if (done->verb == ROUTE_AMEND) return true;
    return false;
}

Rc act_route(Ctx *ctx, Arena *arena, const Entity *decision, Route *out, StrVec *had) {
    HistoryQuery query = {.id = decision->id, .limit = ROUTE_DRAFTERS_MAX};
    History history;
    *had = (StrVec){0};
    route_json_read(decision, out);
    if (out->n_drafters > 1 || !was_amended(ctx, decision)) return RC_OK;
    query.window.property = TEMPORAL_MODIFIED;
    vec_push(ctx->arena, &query.attrs, IRI("drafter"));
    Rc rc = project_history(ctx, ctx->tenant->project, &query, &history);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    VEC_EACH (const Attr, attr, &history.entity->attrs)
        vec_push(arena, had, str_dup(arena, json_str(attr->value)));
    route_drafters_add(out, had);
    return RC_OK;
}

Rc act_org(Ctx *ctx, Arena *arena, const Route *route, Org *out) {
    StrVec near = {0};
    for (size_t i = 0; i < route->n; i++)
        vec_push(ctx->arena, &near, route->stages[i].post);
    vec_push(ctx->arena, &near, route->drafter_post);
    vec_push(ctx->arena, &near, ctx->actor->post);
    return org_load(ctx, arena, &near, out);
}

Rc act_drafts(Ctx *ctx, const Entity *decision, bool *out) {
    Route route;
    Org org;
    RouteAct act = {.person = ctx->actor->id,
                    .post = ctx->actor->post,
                    .day = time_jst_date(time_now(ctx->clock))};
    route_json_read(decision, &route);
    TRY(act_org(ctx, ctx->arena, &route, &org));
    *out = route_drafts(&org, &route, &act);
    return RC_OK;
}

static RouteAct act_copy(Ctx *ctx, Arena *arena, const RouteAct *wish) {
    RouteAct act = *wish;
    act.person = str_dup(arena, ctx->actor->id);
    act.post = str_dup(arena, ctx->actor->post);
    act.hash = str_dup(arena, wish->hash);
    act.opinion = str_dup(arena, str_trim(wish->opinion));
    act.added = str_dup(arena, wish->added);
    act.at = time_now(ctx->clock);
    act.day = time_jst_date(act.at);
    return act;
}

Rc act_new(Ctx *ctx, Command *command, Str id, const RouteAct *wish, PartAct **out) {
    Arena *arena = command_arena(command);
    const Entity *decision;
    Route route;
    Org *org = NEW(arena, Org);
    PartAct *part = NEW(arena, PartAct);
    StrVec had;
    TRY(decide_load(ctx, id, &decision));
    TRY(added_acts(ctx, wish));
    TRY(act_route(ctx, arena, decision, &route, &had));
    TRY(act_org(ctx, arena, &route, org));
    *part = (PartAct){
        .id = str_dup(arena, id), .act = act_copy(ctx, arena, wish), .org = org, .had = had};
    if (part->act.stage >= ROUTE_STAGES_MAX)
        part->act.stage = route_stage_of(org, &route, part->act.post, part->act.day);
    if (route_is_on_stage(wish->verb) && wish->verb != ROUTE_SEE && route.state != ROUTE_WAITING &&
        !route_is_due(&route, part->act.stage))
        return ctx_fail(ctx, RC_CONFLICT, "not-waiting", id,
                        "This proposal no longer waits for a decision: look at it again.");
    TRY(route_act(ctx, org, &part->act, &route));
    part->after = route.state;
    command_needs(command, part->id);
    org_load_needs(command, org);
    *out = part;
    return RC_OK;
}
