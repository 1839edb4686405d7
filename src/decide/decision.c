#include "decide.h"

#define IRI(term) STR(LD_DEFAULT term)

static const Json *string_json(Arena *arena, Str s) {
    Json *json = NEW(arena, Json);
    *json = json_of_str(s);
    return json;
}

Json decide_cases_json(Arena *arena, const DecideCases *cases) {
    JsonItems items = {0};
    VEC_EACH (DecideCase, one, cases) {
        JsonMember *pair = NEW_ARRAY(arena, JsonMember, 2);
        pair[0] = (JsonMember){STR("id"), json_of_str(one->id)};
        pair[1] = (JsonMember){STR("version"), json_of_int((int64_t)one->version)};
        vec_push(arena, &items, json_of_members(pair, 2));
    }
    return json_of_items(items.items, items.len);
}

void decide_cases(Arena *arena, const Entity *decision, DecideCases *out) {
    *out = (DecideCases){0};
    const Attr *attr = entity_attr(decision, IRI("cases"));
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        const Json *one = json_at(attr->value, i);
        vec_push(arena, out,
                 (DecideCase){json_get_str(one, "id"), (uint64_t)json_get_int(one, "version", 0)});
    }
}

/* ---- draft ---- */

static Rc draft_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartDraft *part = args;
    Route route;
    if (stage_entity(stage, part->id))
        return ctx_fail(ctx, RC_CONFLICT, "drafted", part->id, "This proposal exists already.");
    if (str_empty(part->plan.decider_post) || str_empty(part->plan.drafter))
        return ctx_fail(ctx, RC_INVALID, "no-route", part->id,
                        "A proposal needs a drafter and the post that decides it.");
    return route_begin(ctx, &part->plan, &route);
}

static Rc draft_route(Ctx *ctx, const PartDraft *part, Route *route) {
    RoutePlan plan = part->plan;
    plan.hash = decide_hash(ctx->arena, part->contents);
    return route_begin(ctx, &plan, route);
}

static Rc draft_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartDraft *part = args;
    Arena *arena = ctx->arena;
    Route route;
    TRY(draft_route(ctx, part, &route));
    int64_t number = counter_next(ctx, stage, part->counter);
    Str label = str_fmt(arena, "%d-%06lld", part->fiscal_year, (long long)number);
    Entity *after = entity_new(arena, part->id, STR(DECIDE_TYPE));
    if (!str_empty(part->file))
        entity_set(arena, after, IRI("retentionFile"), json_of_str(part->file));
    retention_name(arena, ctx->tenant->dictionary, after, part->retention, stage_now(stage));
    const struct {
        Str iri, value;
    } texts[] = {
        {IRI("number"), label},
        {IRI("kind"), part->kind},
        {IRI("subjectLine"), part->title},
        {IRI("drafter"), part->plan.drafter},
        {IRI("drafterPost"), part->plan.drafter_post},
        {IRI("draftedAt"), time_format(arena, stage_now(stage))},
        {IRI("tableRow"), part->plan.row},
        {IRI("filesKey"), part->files_key},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!str_empty(texts[i].value))
            entity_set(arena, after, texts[i].iri, json_of_str(texts[i].value));
    route_json_set(arena, after, &route);
    entity_set_kind(arena, after, ATTR_JSON, IRI("contents"), *part->contents);
    entity_set_kind(arena, after, ATTR_JSON, IRI("cases"), decide_cases_json(arena, &part->cases));
    Delta delta = {.op = DELTA_PUT, .id = part->id, .after = after};
    stage_put(stage, &delta);
    decide_parts_put(arena, stage, part->id, &part->parts);
    stage_result(stage, string_json(arena, label));
    return RC_OK;
}

/* ---- what waits ---- */

Rc decide_waiting(Ctx *ctx, Stage *stage, Str id, const Entity **out) {
    *out = stage_entity(stage, id);
    if (!*out) return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", id, "There is no such proposal.");
    if (!str_eq(entity_text(*out, IRI("state")), STR("waiting")))
        return ctx_fail(ctx, RC_CONFLICT, "not-waiting", id,
                        "This proposal no longer waits for a decision: look at it again.");
    return RC_OK;
}

Rc decide_cases_same(Ctx *ctx, Stage *stage, const Entity *decision) {
    DecideCases cases;
    decide_cases(ctx->arena, decision, &cases);
    VEC_EACH (DecideCase, one, &cases) {
        const Entity *entity = stage_entity(stage, one->id);
        if (!entity || !hands_same(entity, one->version))
            return ctx_fail(ctx, RC_CONFLICT, "case-moved", one->id,
                            "A case has changed since the proposal was drafted: take it out or "
                            "return the proposal.");
    }
    return RC_OK;
}

/* ---- taking out, putting back ---- */

static Rc same_contents(Ctx *ctx, const Entity *decision, Str hash) {
    if (str_eq(entity_text(decision, IRI("contentHash")), hash)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "other-contents", decision->id,
                    "The contents have changed since you saw them: read them again, then decide.");
}

/* A route, and somebody at the commit, who may act on it as its drafter. */
typedef struct AtHand {
    Org org;
    Route route;
    RouteAct act;
} AtHand;

static void at_hand(Ctx *ctx, Stage *stage, const Org *org, const Entity *decision, AtHand *out) {
    out->org = *org;
    out->act.at = stage_now(stage);
    out->act.day = time_jst_date(out->act.at);
    org_load_absences(ctx->arena, stage, &out->org);
    route_json_read(decision, &out->route);
}

/* Who holds the deciding post today; the table lets nobody else change what is decided. */
static Rc is_decider(Ctx *ctx, const PartChange *part, const AtHand *now) {
    OrgHow how;
    const RouteStage *decider = &now->route.stages[route_decider(&now->route)];
    Str post = org_post_now(&now->org, decider->post, now->act.day);
    if (!str_eq(post, part->post) || !org_can_act(&now->org, part->actor, post, now->act.day, &how))
        return ctx_fail(ctx, RC_DENIED, "not-decider", part->id,
                        "Another post decides this proposal: change to that post if you hold it.");
    return RC_OK;
}

/* What the drafter changes is his from then on. */
static Rc change_route(Ctx *ctx, Stage *stage, const PartChange *part, const Entity *decision,
                       AtHand *out) {
    *out = (AtHand){.act = {.verb = ROUTE_AMEND, .person = part->actor, .post = part->post}};
    at_hand(ctx, stage, part->org, decision, out);
    route_drafters_add(&out->route, &part->had);
    if (route_drafts(&out->org, &out->route, &out->act))
        return route_take(ctx, &out->org, &out->act, &out->route);
    return is_decider(ctx, part, out);
}

/* Who may change the contents: who drafts it, or its decider, on what he saw. */
static Rc change_guard(Ctx *ctx, Stage *stage, const PartChange *part, DecideCases *cases) {
    const Entity *decision;
    AtHand now;
    TRY(decide_waiting(ctx, stage, part->id, &decision));
    TRY(change_route(ctx, stage, part, decision, &now));
    TRY(same_contents(ctx, decision, part->hash));
    decide_cases(ctx->arena, decision, cases);
    return RC_OK;
}

static bool has_case(const DecideCases *cases, Str id) {
    VEC_EACH (const DecideCase, one, cases)
        if (str_eq(one->id, id)) return true;
    return false;
}

static Rc takeout_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartChange *part = args;
    DecideCases cases;
    TRY(change_guard(ctx, stage, part, &cases));
    if (!has_case(&cases, part->case_id))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-case", part->case_id,
                        "This case is not part of the proposal.");
    if (text_is_blank(ctx->arena, part->opinion))
        return ctx_fail(ctx, RC_INVALID, "no-reason", STR("opinion"), "State the reason.");
    if (cases.len > 1) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "last-case", part->case_id,
                    "Nothing would be left: return or withdraw the proposal instead.");
}

static Rc putback_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartChange *part = args;
    DecideCases cases;
    TRY(change_guard(ctx, stage, part, &cases));
    if (has_case(&cases, part->case_id))
        return ctx_fail(ctx, RC_CONFLICT, "still-in", part->case_id,
                        "This case is part of the proposal already.");
    const Entity *now = stage_entity(stage, part->case_id);
    if (now && now->version == part->version) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "out-moved", part->case_id,
                    "This case has changed since you looked at it: load the page again.");
}

static Rc drop_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartDrop *part = args;
    const Entity *decision = stage_entity(stage, part->id);
    Route route;
    if (!decision) return RC_OK;
    route_json_read(decision, &route);
    if (route_is_back(&route)) return RC_OK;
    if (!str_eq(part->reason, DECIDE_REDRAFTED))
        return decide_waiting(ctx, stage, part->id, &decision);
    return ctx_fail(ctx, RC_CONFLICT, "proposed", part->id,
                    "Another proposal about this waits: it is decided, returned or withdrawn "
                    "first.");
}

/* What is his to read: that his own was dropped, and what was told his post. */
typedef struct Unread {
    bool own, told;
} Unread;

static Unread unread_of(Ctx *ctx, Stage *stage, const PartSeen *part, Entity *after) {
    const Entity *decision = stage_entity(stage, part->id);
    AtHand now = {.act = {.person = part->actor, .post = part->post}};
    if (!decision) return (Unread){0};
    at_hand(ctx, stage, part->org, decision, &now);
    NoticeReader reader = {&now.org, part->post, now.act.day};
    return (Unread){
        .own = now.route.state == ROUTE_DROPPED && route_drafts(&now.org, &now.route, &now.act),
        .told =
            route_himself(&now.org, &now.act) && notice_seen(ctx->arena, &reader, decision, after),
    };
}

static Rc seen_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartSeen *part = args;
    Unread unread = unread_of(ctx, stage, part, NULL);
    if (unread.own || unread.told) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-proposal", part->id,
                    "No proposal of yours was dropped under this address, and nothing was told "
                    "your post of one.");
}

static void change(Stage *stage, Str id, Entity *after) {
    Delta delta = {.op = DELTA_CHANGE, .id = id, .after = after};
    stage_put(stage, &delta);
}

static Rc drop_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartDrop *part = args;
    const Entity *before = stage_entity(stage, part->id);
    Route route;
    if (!before) return RC_OK;
    route_json_read(before, &route);
    Route was = route;
    route.state = ROUTE_DROPPED;
    Entity *after = entity_new(ctx->arena, part->id, STR(DECIDE_TYPE));
    route_json_set(ctx->arena, after, &route);
    notice_add(
        ctx->arena,
        &(NoticeAdd){.decision = before, .before = &was, .after = &route, .at = stage_now(stage)},
        after);
    entity_set(ctx->arena, after, IRI("dropReason"), json_of_str(part->reason));
    if (!str_eq(part->reason, DECIDE_REDRAFTED))
        entity_set(ctx->arena, after, IRI("dropNotice"), json_of_str(STR("unread")));
    entity_set(ctx->arena, after, IRI("decidedAt"),
               json_of_str(time_format(ctx->arena, stage_now(stage))));
    change(stage, part->id, after);
    return RC_OK;
}

static Rc seen_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSeen *part = args;
    Entity *after = entity_new(ctx->arena, part->id, STR(DECIDE_TYPE));
    Str notice = entity_text(stage_entity(stage, part->id), IRI("dropNotice"));
    Unread unread = unread_of(ctx, stage, part, after);
    bool own = unread.own && str_eq(notice, STR("unread"));
    if (own) entity_set(ctx->arena, after, IRI("dropNotice"), json_of_str(STR("read")));
    if (own || unread.told) change(stage, part->id, after);
    return RC_OK;
}

/* Whoever changes the contents amends it; why a case went is a record of its person. */
static Rc change_done(Ctx *ctx, const Entity *before, Entity *after, const AtHand *now) {
    const OrgHolding *holding = route_himself(&now->org, &now->act);
    return route_json_act_add(ctx, before, after,
                              &(RouteDone){.at = now->act.at,
                                           .verb = ROUTE_AMEND,
                                           .stage = ROUTE_STAGES_MAX,
                                           .actor = now->act.person,
                                           .post = now->act.post,
                                           .main = holding ? holding->main : STR_NONE,
                                           .how = holding ? holding->how : HOW_OWN});
}

static Rc contents_change(Ctx *ctx, Stage *stage, const PartChange *part,
                          const DecideCases *cases) {
    Arena *arena = ctx->arena;
    AtHand now;
    const Entity *before = stage_entity(stage, part->id);
    Entity *after = entity_new(arena, part->id, STR(DECIDE_TYPE));
    Str hash = decide_hash(arena, part->contents);
    TRY(change_route(ctx, stage, part, before, &now));
    TRY(change_done(ctx, before, after, &now));
    Route was = now.route;
    route_renew(&now.route, hash, false);
    route_json_set(arena, after, &now.route);
    notice_add(arena,
               &(NoticeAdd){.decision = before,
                            .before = &was,
                            .after = &now.route,
                            .by = now.act.post,
                            .at = now.act.at},
               after);
    route_json_drafter(arena, before, &now.route, after);
    entity_set_kind(arena, after, ATTR_JSON, IRI("contents"), *part->contents);
    entity_set_kind(arena, after, ATTR_JSON, IRI("cases"), decide_cases_json(arena, cases));
    entity_set(arena, after, IRI("changedAt"), json_of_str(time_format(arena, stage_now(stage))));
    change(stage, part->id, after);
    decide_parts_put(arena, stage, part->id, &part->parts);
    if (!str_empty(part->gone) && stage_entity(stage, part->gone))
        stage_put(stage, &(Delta){.op = DELTA_DELETE, .id = part->gone});
    stage_result(stage, string_json(arena, hash));
    return RC_OK;
}

static Rc takeout_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartChange *part = args;
    DecideCases cases, kept = {0};
    decide_cases(ctx->arena, stage_entity(stage, part->id), &cases);
    VEC_EACH (DecideCase, one, &cases)
        if (!str_eq(one->id, part->case_id)) vec_push(ctx->arena, &kept, *one);
    return contents_change(ctx, stage, part, &kept);
}

static Rc putback_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartChange *part = args;
    DecideCases cases;
    decide_cases(ctx->arena, stage_entity(stage, part->id), &cases);
    vec_push(ctx->arena, &cases, (DecideCase){part->case_id, part->version});
    return contents_change(ctx, stage, part, &cases);
}

const PartKind part_decision_draft = {"decision.draft", 1, draft_guard, draft_apply};
const PartKind part_decision_takeout = {"decision.takeout", 1, takeout_guard, takeout_apply};
const PartKind part_decision_putback = {"decision.putback", 1, putback_guard, putback_apply};
const PartKind part_decision_drop = {"decision.drop", 1, drop_guard, drop_apply};
const PartKind part_decision_seen = {"decision.seen", 1, seen_guard, seen_apply};
