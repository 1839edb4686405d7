#include "route_json.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { ACTS_MAX = 1000 };

static const char *const states[ROUTE_STATES] = {
    [ROUTE_WAITING] = "waiting",     [ROUTE_DECIDED] = "decided",   [ROUTE_RETURNED] = "returned",
    [ROUTE_WITHDRAWN] = "withdrawn", [ROUTE_REJECTED] = "rejected", [ROUTE_DROPPED] = "dropped",
};
static const char *const verbs[ROUTE_VERBS] = {
    [ROUTE_APPROVE] = "approve",   [ROUTE_DISSENT] = "dissent", [ROUTE_PASS] = "pass",
    [ROUTE_SEE] = "see",           [ROUTE_RETURN] = "return",   [ROUTE_REJECT] = "reject",
    [ROUTE_WITHDRAW] = "withdraw", [ROUTE_PULL_UP] = "pull-up", [ROUTE_CONSULT_ADD] = "add",
    [ROUTE_AMEND] = "amend",       [ROUTE_ISSUE] = "issue",     [ROUTE_DROP] = "drop",
};
static const char *const kinds[] = {"review", "consult", "decide", "circulate"};
static const char *const stands[] = {"waiting", "approved", "dissent", "passed"};
static const char *const hows[] = {"own", "acting", "charge", "support", "deputy"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The place of a word; 0 for one of a later version, which its writer doesn't give. */
static unsigned word_at(const char *const *list, size_t n, Str word) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, str_of(list[i]))) return (unsigned)i;
    return 0;
}

const char *route_json_state(RouteState state) {
    return states[state];
}

const char *route_json_verb(RouteVerb verb) {
    return verbs[verb];
}

RouteVerb route_json_verb_of(Str name) {
    for (unsigned i = 0; i < ROUTE_VERBS; i++)
        if (str_eq(name, str_of(verbs[i]))) return (RouteVerb)i;
    return ROUTE_VERBS;
}

/* ---- writing ---- */

static void text_add(Arena *arena, JsonMembers *to, const char *name, Str text) {
    if (!str_empty(text)) vec_push(arena, to, (JsonMember){str_of(name), json_of_str(text)});
}

static void flag_add(Arena *arena, JsonMembers *to, const char *name, bool flag) {
    if (flag) vec_push(arena, to, (JsonMember){str_of(name), json_of_bool(true)});
}

static Json stage_json(Arena *arena, const RouteStage *stage) {
    JsonMembers members = {0};
    text_add(arena, &members, "kind", str_of(kinds[stage->kind]));
    vec_push(arena, &members, (JsonMember){STR("rank"), json_of_int(stage->rank)});
    text_add(arena, &members, "post", stage->post);
    text_add(arena, &members, "stand", str_of(stands[stage->stand]));
    if (stage->stand != STAND_WAITING) {
        text_add(arena, &members, "how", str_of(hows[stage->how]));
        text_add(arena, &members, "actor", stage->actor);
        text_add(arena, &members, "actorPost", stage->actor_post);
        text_add(arena, &members, "actorMain", stage->actor_main);
        text_add(arena, &members, "hash", stage->hash);
        vec_push(arena, &members, (JsonMember){STR("at"), json_of_int(stage->at)});
    }
    flag_add(arena, &members, "after", stage->after);
    flag_add(arena, &members, "changed", stage->changed);
    return json_of_members(members.items, members.len);
}

static Json rules_json(Arena *arena, const RouteRules *rules) {
    JsonMembers members = {0};
    flag_add(arena, &members, "drafterDecides", rules->drafter_decides);
    flag_add(arena, &members, "important", rules->important);
    flag_add(arena, &members, "instructed", rules->instructed);
    flag_add(arena, &members, "unsettledGoesUp", rules->unsettled_goes_up);
    return json_of_members(members.items, members.len);
}

static Json drafters_json(Arena *arena, const Route *route) {
    JsonItems items = {0};
    for (size_t i = 0; i < route->n_drafters; i++)
        vec_push(arena, &items, json_of_str(route->drafters[i]));
    return json_of_items(items.items, items.len);
}

static Json route_value(Arena *arena, const Route *route) {
    JsonMembers members = {0};
    JsonItems items = {0};
    for (size_t i = 0; i < route->n; i++)
        vec_push(arena, &items, stage_json(arena, &route->stages[i]));
    vec_push(arena, &members, (JsonMember){STR("rules"), rules_json(arena, &route->rules)});
    vec_push(arena, &members, (JsonMember){STR("stages"), json_of_items(items.items, items.len)});
    if (route->n_drafters > 1)
        vec_push(arena, &members, (JsonMember){STR("drafters"), drafters_json(arena, route)});
    flag_add(arena, &members, "issued", route->issued);
    return json_of_members(members.items, members.len);
}

void route_json_drafter(Arena *arena, const Entity *before, const Route *route, Entity *after) {
    if (!str_eq(entity_text(before, IRI("drafter")), route->drafter))
        entity_set(arena, after, IRI("drafter"), json_of_str(route->drafter));
}

static void post_add(Arena *arena, JsonItems *to, Str post) {
    for (size_t i = 0; i < to->len; i++)
        if (str_eq(json_str(&to->items[i]), post)) return;
    if (!str_empty(post)) vec_push(arena, to, json_of_str(post));
}

void route_json_set(Arena *arena, Entity *decision, const Route *route) {
    JsonItems waits = {0}, all = {0};
    for (size_t i = 0; i < route->n; i++) {
        const RouteStage *stage = &route->stages[i];
        if (route_is_due(route, i) || stage->after || stage->changed)
            post_add(arena, &waits, stage->post);
        post_add(arena, &all, stage->post);
        post_add(arena, &all, stage->actor_post);
    }
    entity_set_kind(arena, decision, ATTR_JSON, IRI("route"), route_value(arena, route));
    entity_set(arena, decision, IRI("waitsFor"), json_of_items(waits.items, waits.len));
    entity_set(arena, decision, IRI("routePosts"), json_of_items(all.items, all.len));
    entity_set(arena, decision, IRI("deciderPost"),
               json_of_str(route->stages[route_decider(route)].post));
    entity_set(arena, decision, IRI("contentHash"), json_of_str(route->hash));
    entity_set(arena, decision, IRI("state"), json_of_str(str_of(states[route->state])));
}

/* ---- reading ---- */

static const Json *attr_json(const Entity *decision, Str iri) {
    const Attr *attr = entity_attr(decision, iri);
    return attr ? attr->value : NULL;
}

static RouteStage stage_read(const Json *json) {
    return (RouteStage){
        .kind = (RouteKind)word_at(kinds, COUNT(kinds), json_get_str(json, "kind")),
        .rank = (int)json_get_int(json, "rank", 0),
        .post = json_get_str(json, "post"),
        .stand = (RouteStand)word_at(stands, COUNT(stands), json_get_str(json, "stand")),
        .how = (OrgHow)word_at(hows, COUNT(hows), json_get_str(json, "how")),
        .actor = json_get_str(json, "actor"),
        .actor_post = json_get_str(json, "actorPost"),
        .actor_main = json_get_str(json, "actorMain"),
        .hash = json_get_str(json, "hash"),
        .at = json_get_int(json, "at", 0),
        .after = json_get_bool(json, "after", false),
        .changed = json_get_bool(json, "changed", false),
    };
}

/* Before routes were kept the decider's post alone was asked. */
static RouteStage stage_single(const Entity *decision, RouteState state) {
    RouteStage stage = {
        .kind = ROUTE_DECIDE, .rank = 1, .post = entity_text(decision, IRI("deciderPost"))};
    if (state != ROUTE_DECIDED) return stage;
    stage.stand = STAND_APPROVED;
    stage.actor = entity_text(decision, IRI("decider"));
    stage.actor_post = stage.post;
    stage.hash = entity_text(decision, IRI("contentHash"));
    stage.opinion = entity_text(decision, IRI("opinion"));
    if (!time_parse(entity_text(decision, IRI("decidedAt")), &stage.at)) stage.at = 0;
    return stage;
}

/* Which act a stage stands by: its last one that was for or against. -1: none is kept. */
static int64_t act_of(const Json *acts, size_t stage) {
    int64_t last = -1;
    for (size_t i = 0; acts && i < acts->len; i++) {
        const Json *one = json_at(acts, i);
        Str verb = json_get_str(one, "verb");
        bool for_or_against = str_eq(verb, str_of(verbs[ROUTE_APPROVE])) ||
                              str_eq(verb, str_of(verbs[ROUTE_DISSENT]));
        if (for_or_against && json_get_int(one, "stage", -1) == (int64_t)stage) last = (int64_t)i;
    }
    return last;
}

static Str opinion_of(const Json *opinions, int64_t act) {
    for (size_t i = 0; opinions && i < opinions->len; i++)
        if (json_get_int(json_at(opinions, i), "act", -1) == act)
            return json_get_str(json_at(opinions, i), "text");
    return STR_NONE;
}

static void opinions_read(const Entity *decision, Route *route) {
    const Json *acts = attr_json(decision, IRI("acts")),
               *opinions = attr_json(decision, IRI("opinions"));
    for (size_t i = 0; opinions && i < route->n; i++) {
        int64_t act = act_of(acts, i);
        if (act >= 0 && route->stages[i].stand != STAND_WAITING)
            route->stages[i].opinion = opinion_of(opinions, act);
    }
}

void route_json_read(const Entity *decision, Route *out) {
    const Json *json = attr_json(decision, IRI("route")), *rules = json_get(json, STR("rules")),
               *stages = json_get(json, STR("stages")), *had = json_get(json, STR("drafters"));
    Str state = entity_text(decision, IRI("state"));
    *out = (Route){.state = (RouteState)word_at(states, COUNT(states), state),
                   .drafter = entity_text(decision, IRI("drafter")),
                   .drafter_post = entity_text(decision, IRI("drafterPost")),
                   .hash = entity_text(decision, IRI("contentHash")),
                   .issued = json_get_bool(json, "issued", false)};
    out->rules = (RouteRules){
        .drafter_decides = json_get_bool(rules, "drafterDecides", false),
        .important = json_get_bool(rules, "important", false),
        .instructed = json_get_bool(rules, "instructed", false),
        .unsettled_goes_up = json_get_bool(rules, "unsettledGoesUp", false),
    };
    for (size_t i = 0; stages && i < stages->len && i < ROUTE_STAGES_MAX; i++)
        out->stages[out->n++] = stage_read(json_at(stages, i));
    if (!out->n) out->stages[out->n++] = stage_single(decision, out->state);
    (void)route_drafter_add(out, out->drafter);
    for (size_t i = 0; had && i < had->len; i++)
        (void)route_drafter_add(out, json_str(json_at(had, i)));
    opinions_read(decision, out);
}

/* ---- acts ---- */

static RouteDone act_read(const Json *json) {
    return (RouteDone){
        .at = json_get_int(json, "at", 0),
        .verb = (RouteVerb)word_at(verbs, ROUTE_VERBS, json_get_str(json, "verb")),
        .stage = (size_t)json_get_int(json, "stage", ROUTE_STAGES_MAX),
        .actor = json_get_str(json, "actor"),
        .post = json_get_str(json, "post"),
        .main = json_get_str(json, "main"),
        .how = (OrgHow)word_at(hows, COUNT(hows), json_get_str(json, "how")),
    };
}

void route_json_acts(Arena *arena, const Entity *decision, RouteDones *out) {
    const Json *list = attr_json(decision, IRI("acts")),
               *opinions = attr_json(decision, IRI("opinions"));
    *out = (RouteDones){0};
    for (size_t i = 0; list && i < list->len; i++) {
        RouteDone done = act_read(json_at(list, i));
        done.opinion = opinion_of(opinions, (int64_t)i);
        vec_push(arena, out, done);
    }
}

static Json act_json(Arena *arena, const RouteDone *done) {
    JsonMembers members = {0};
    vec_push(arena, &members, (JsonMember){STR("at"), json_of_int(done->at)});
    text_add(arena, &members, "verb", str_of(verbs[done->verb]));
    if (done->stage < ROUTE_STAGES_MAX)
        vec_push(arena, &members, (JsonMember){STR("stage"), json_of_int((int64_t)done->stage)});
    text_add(arena, &members, "actor", done->actor);
    text_add(arena, &members, "post", done->post);
    text_add(arena, &members, "main", done->main);
    text_add(arena, &members, "how", str_of(hows[done->how]));
    return json_of_members(members.items, members.len);
}

static Json opinion_json(Arena *arena, Str opinion, size_t act) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("act"), json_of_int((int64_t)act)};
    members[1] = (JsonMember){STR("text"), json_of_str(opinion)};
    return json_of_members(members, 2);
}

static void list_append(Arena *arena, const Entity *before, Entity *after, Str iri, Json one) {
    const Json *list = attr_json(before, iri);
    JsonItems items = {0};
    for (size_t i = 0; list && i < list->len; i++)
        vec_push(arena, &items, *json_at(list, i));
    vec_push(arena, &items, one);
    entity_set_kind(arena, after, ATTR_JSON, iri, json_of_items(items.items, items.len));
}

Rc route_json_act_add(Ctx *ctx, const Entity *before, Entity *after, const RouteDone *done) {
    const Json *acts = attr_json(before, IRI("acts"));
    size_t n = acts ? acts->len : 0;
    if (n >= ACTS_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-many-acts", before->id,
                        "%d acts were done on this proposal: begin a new one.", ACTS_MAX);
    list_append(ctx->arena, before, after, IRI("acts"), act_json(ctx->arena, done));
    if (!str_empty(done->opinion))
        list_append(ctx->arena, before, after, IRI("opinions"),
                    opinion_json(ctx->arena, done->opinion, n));
    return RC_OK;
}

void route_json_redate(Arena *arena, const Entity *decision, int64_t at, Entity *set) {
    Route route;
    RouteDones acts;
    JsonItems items = {0};
    route_json_read(decision, &route);
    route_json_acts(arena, decision, &acts);
    for (size_t i = 0; i < route.n; i++)
        if (route.stages[i].stand != STAND_WAITING) route.stages[i].at = at;
    VEC_EACH (RouteDone, done, &acts) {
        done->at = at;
        vec_push(arena, &items, act_json(arena, done));
    }
    route_json_set(arena, set, &route);
    if (items.len)
        entity_set_kind(arena, set, ATTR_JSON, IRI("acts"), json_of_items(items.items, items.len));
}
