#include "gate_int.h"

#define IRI(term) STR(LD_DEFAULT term)

static const Actor nobody = {.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
static const Actor system_actor = {
    .kind = ACTOR_SYSTEM, .id = {"urn:machi:system", 16}, .stepped_up_at = TIME_NONE};
static const Actor operator_actor = {.kind = ACTOR_SYSTEM,
                                     .id = {"urn:machi:operator", 18},
                                     .roles = 1u << ROLE_OPERATOR,
                                     .stepped_up_at = TIME_NONE};

const Actor *gate_system_actor(void) {
    return &system_actor;
}

const Actor *gate_operator_actor(void) {
    return &operator_actor;
}

const Actor *gate_actor(const Ctx *ctx) {
    return ctx->actor ? ctx->actor : &nobody;
}

/* ---- asking ---- */

static bool action_allowed(const GateToken *token, GateAction action) {
    return !token->actions || token->actions & 1u << action;
}

static bool token_allows(const GateToken *token, const GateAsk *ask) {
    if (!token) return true;
    if (!action_allowed(token, ask->action)) return false;
    if (token->types.len == 0 || str_empty(ask->type)) return true;
    for (size_t i = 0; i < token->types.len; i++)
        if (str_eq(token->types.items[i], ask->type)) return true;
    return false;
}

bool gate_stepped_up(const Ctx *ctx, const Actor *actor) {
    return actor->stepped_up_at != TIME_NONE &&
           time_now(ctx->clock) - actor->stepped_up_at < GATE_STEP_UP_LASTS;
}

static PolicyAsk policy_ask(const Ctx *ctx, const GateAsk *ask) {
    const Actor *actor = gate_actor(ctx);
    return (PolicyAsk){.ask = *ask,
                       .kind = actor->kind,
                       .roles = actor->roles,
                       .has_purpose = !str_empty(ctx->purpose),
                       .stepped_up = gate_stepped_up(ctx, actor)};
}

bool gate_permits(const Ctx *ctx, const GateAsk *ask) {
    PolicyAsk full = policy_ask(ctx, ask);
    return token_allows(gate_actor(ctx)->token, ask) &&
           policy_permits(&ctx->tenant->gate->rules, &full);
}

static Str actions_named(Arena *arena, uint32_t actions) {
    StrVec words = {0};
    for (unsigned action = 0; action < ACT_COUNT; action++)
        if (actions & 1u << action)
            vec_push(arena, &words, str_of(gate_action_name((GateAction)action)));
    return str_join(arena, words.items, words.len, STR(", "));
}

static Str types_named(Arena *arena, const StrVec *types) {
    StrVec words = {0};
    VEC_EACH (const Str, type, types)
        vec_push(arena, &words, ld_compact(ld_core(), arena, *type));
    return str_join(arena, words.items, words.len, STR(", "));
}

/* What the token is for is its holder's to know: it was made so. */
static Rc scope_refused(Ctx *ctx, const GateAsk *ask) {
    const GateToken *token = gate_actor(ctx)->token;
    Arena *arena = ctx->arena;
    bool action = action_allowed(token, ask->action);
    Str asked =
        action ? ld_compact(ld_core(), arena, ask->type) : str_of(gate_action_name(ask->action));
    Str scope = action ? types_named(arena, &token->types) : actions_named(arena, token->actions);
    return ctx_fail(ctx, RC_DENIED, "token-scope", asked,
                    "The scope of this token has the %s " STR_FMT ", not " STR_FMT
                    ": make another one with `machi token`.",
                    action ? "types" : "actions", STR_ARG(scope), STR_ARG(asked));
}

Rc gate_check(Ctx *ctx, const GateAsk *ask) {
    if (gate_permits(ctx, ask)) return RC_OK;
    const Rules *rules = &ctx->tenant->gate->rules;
    PolicyAsk full = policy_ask(ctx, ask);
    full.has_purpose = full.stepped_up = true;
    if (!token_allows(gate_actor(ctx)->token, ask) && policy_permits(rules, &full))
        return scope_refused(ctx, ask);
    full = policy_ask(ctx, ask);
    full.has_purpose = true;
    if (policy_permits(rules, &full))
        return ctx_fail(ctx, RC_DENIED, "needs-purpose", STR_NONE,
                        "Say for which purpose you need this personal data.");
    full.stepped_up = true;
    if (policy_permits(rules, &full))
        return ctx_fail(
            ctx, RC_DENIED, "needs-step-up", STR_NONE,
            "Confirm your identity once more: the last confirmation is too old for this.");
    if (gate_actor(ctx)->kind == ACTOR_NOBODY)
        return ctx_fail(ctx, RC_DENIED, "needs-sign-in", STR_NONE,
                        "Sign in, or send a bearer token.");
    return ctx_fail(
        ctx, RC_DENIED, "not-permitted", STR_NONE,
        "No rule permits this to your account: ask the person responsible for the data.");
}

/* ---- relations ---- */

/* How an actor stands to what a post is in charge of: of one that is no more, by its successor. */
static unsigned charge_relation(const Ctx *ctx, const Actor *actor, Str post) {
    const Gate *gate = ctx->tenant->gate;
    int64_t now = time_now(ctx->clock);
    const GatePost *own = str_empty(post) ? NULL : gate_post(gate, post),
                   *heir = own ? gate_post_now(gate, post, now) : NULL;
    unsigned bits = 0;
    if (heir && str_eq(heir->id, actor->post)) bits |= REL_POST;
    if (own && str_eq(own->division, actor->division)) bits |= REL_DIVISION;
    if (heir && str_eq(heir->division, actor->division)) bits |= REL_DIVISION;
    return bits;
}

/* Of a post on a proposal's route its superiors take the decision up, its deputies stand in, and
   its successor goes on: they read what it reads. */
static unsigned route_relation(const Ctx *ctx, const Actor *actor, Str post) {
    const Gate *gate = ctx->tenant->gate;
    unsigned bits = charge_relation(ctx, actor, post);
    const GatePost *owner = gate_post(gate, post), *above = owner;
    if (!owner || str_empty(actor->post)) return bits;
    for (size_t i = 0; above && i < gate->posts.len; i++) {
        if (str_eq(above->successor, actor->post)) bits |= REL_POST;
        above = gate_post(gate, above->successor);
    }
    above = owner;
    VEC_EACH (const Str, deputy, &owner->deputies)
        if (str_eq(*deputy, actor->post)) bits |= REL_POST;
    while (above && !str_empty(above->superior)) { /* nobody is above himself: organisation_read */
        if (str_eq(above->superior, actor->post)) bits |= REL_POST;
        above = gate_post(gate, above->superior);
    }
    return bits;
}

/* A case has the post in charge, a proposal the posts that drafted it, decide it and are on its
 * route. */
static unsigned post_relation(const Ctx *ctx, const Actor *actor, const Entity *entity) {
    const Str in_charge[] = {IRI("post"), IRI("drafterPost"), IRI("deciderPost")};
    const Attr *route = entity_attr(entity, IRI("routePosts"));
    unsigned bits = 0;
    for (size_t i = 0; i < sizeof in_charge / sizeof *in_charge; i++)
        bits |= charge_relation(ctx, actor, entity_text(entity, in_charge[i]));
    for (size_t i = 0; route && route->value && i < route->value->len; i++)
        bits |= route_relation(ctx, actor, json_str(json_at(route->value, i)));
    return bits;
}

/* What an official took up stays his while he acts under a post of the division in charge: a helper
 * leaves it there when his duty ends. */
static bool in_his_division(const Gate *gate, const Actor *actor, const Entity *entity) {
    Str id = entity_text(entity, IRI("post"));
    if (str_empty(id)) return true;
    const GatePost *post = gate_post(gate, id);
    for (size_t i = 0; post && i < gate->posts.len; i++) {
        if (str_eq(post->division, actor->division)) return true;
        post = gate_post(gate, post->successor);
    }
    return false;
}

unsigned gate_relation(const Ctx *ctx, const Entity *entity) {
    const Actor *actor = gate_actor(ctx);
    unsigned bits = 0;
    if (actor->kind == ACTOR_SYSTEM) return 0;
    Str subject = dictionary_subject(ctx->tenant->dictionary, entity);
    if (!str_empty(actor->person) &&
        (str_eq(subject, actor->person) || link_holds(ctx, subject, actor->person)))
        bits |= REL_SUBJECT | REL_APPLICANT;
    if (!str_empty(actor->id) && (str_eq(subject, actor->id) || str_eq(entity->id, actor->id)))
        bits |= REL_SUBJECT;
    if (!str_empty(actor->held) && str_eq(entity->id, actor->held)) bits |= REL_HOLDER;
    if (actor->kind != ACTOR_STAFF) return bits;
    if (str_eq(entity_text(entity, IRI("assignee")), actor->id) &&
        in_his_division(ctx->tenant->gate, actor, entity))
        bits |= REL_ASSIGNEE;
    return bits | post_relation(ctx, actor, entity);
}

/* ---- views ---- */

/* With several types every one of them must permit: the strictest wins. */
static bool attr_visible(const Ctx *ctx, const Entity *entity, unsigned relation, Str iri) {
    GateAsk ask = {.action = ACT_READ,
                   .attr = iri,
                   .class = dictionary_class(ctx->tenant->dictionary, entity, iri),
                   .relation = relation};
    for (size_t i = 0; i < entity->types.len; i++) {
        ask.type = entity->types.items[i];
        if (!gate_permits(ctx, &ask)) return false;
    }
    return true;
}

static const Entity *view_cut(Ctx *ctx, const Entity *entity, unsigned relation, size_t first) {
    Entity *cut = NEW(ctx->arena, Entity);
    *cut = *entity;
    cut->whole = entity;
    cut->attrs =
        (Attrs){.items = NEW_ARRAY(ctx->arena, Attr, entity->attrs.len), .cap = entity->attrs.len};
    for (size_t i = 0; i < entity->attrs.len; i++) {
        const Attr *attr = &entity->attrs.items[i];
        if (i < first || (i > first && attr_visible(ctx, entity, relation, attr->name)))
            cut->attrs.items[cut->attrs.len++] = *attr;
    }
    return cut;
}

/* An entity of which no attribute may be seen does not exist for the actor, unless he may see its
 * type at all. */
static bool bare_visible(const Ctx *ctx, const Entity *entity, unsigned relation) {
    return attr_visible(ctx, entity, relation, STR_NONE);
}

const Entity *gate_view(Ctx *ctx, void *unused, const Entity *entity) {
    (void)unused;
    if (entity_expires(entity)) entity = entity_alive(ctx->arena, entity, time_now(ctx->clock));
    if (!entity) return NULL;
    unsigned relation = gate_relation(ctx, entity);
    for (size_t i = 0; i < entity->attrs.len; i++) {
        if (attr_visible(ctx, entity, relation, entity->attrs.items[i].name)) continue;
        const Entity *cut = view_cut(ctx, entity, relation, i);
        return cut->attrs.len || bare_visible(ctx, entity, relation) ? cut : NULL;
    }
    return entity->attrs.len || bare_visible(ctx, entity, relation) ? entity : NULL;
}
