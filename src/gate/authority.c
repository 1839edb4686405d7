/* authority: whether an actor still has the rights under which a command was decided, asked again
   when it is committed (DESIGN §4, §5). Every change of posts, sessions and tokens raises the
   policy epoch; a command of an older epoch looks its actor up anew. */
#include "gate_int.h"

typedef struct PartAuthority {
    Gate *gate;
    Actor actor;
    Digest key; /* of his session or token */
    int64_t expires_at;
} PartAuthority;

/* The sandbox's role is given at the door, to everybody. */
static unsigned own_roles(const Actor *actor) {
    return actor->roles & ~(1u << ROLE_SANDBOX);
}

static bool same_rights(const Actor *a, const Actor *b) {
    return a->kind == b->kind && own_roles(a) == own_roles(b) && str_eq(a->id, b->id) &&
           str_eq(a->person, b->person) && str_eq(a->post, b->post) &&
           str_eq(a->division, b->division);
}

static bool still_same(Ctx *ctx, const PartAuthority *part, int64_t now) {
    Actor found;
    if (now >= part->expires_at) return false;
    if (atomic_load(&part->gate->epoch) == part->actor.epoch && !part->actor.by_duty) return true;
    bool known = part->actor.token ? token_actor_of(ctx, part->gate, &part->key, &found)
                                   : session_actor_of(ctx, part->gate, &part->key, &found);
    return known && same_rights(&part->actor, &found);
}

/* A duty may have ended in this very batch, or the last post beside which it counts: their records
 * say it. */
static bool duty_holds(Ctx *ctx, Stage *stage, const Actor *actor) {
    DutyAsk ask = {actor->id, actor->post, stage_now(stage)};
    return !actor->by_duty ||
           (account_serves(ctx->tenant->gate, stage_entity(stage, ask.official), ask.now) &&
            duty_in_record(ctx, stage_entity(stage, gate_duty_id(ctx->arena, ask.post)), &ask));
}

static Rc authority_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartAuthority *part = args;
    if (still_same(ctx, part, stage_now(stage)) && duty_holds(ctx, stage, &part->actor))
        return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "rights-changed", STR_NONE,
                    "Your rights have changed since you asked for this, and nothing was done: load "
                    "the page again, or sign in again.");
}

static const PartKind part_authority = {"gate.authority", 1, authority_guard, NULL};

static PartAuthority part_of(const Ctx *ctx) {
    const Actor *actor = gate_actor(ctx);
    return (PartAuthority){.gate = ctx->tenant->gate,
                           .actor = *actor,
                           .key = actor->token ? actor->token->key : actor->session->key,
                           .expires_at = actor->token
                                             ? actor->token->expires_at
                                             : actor->session->started_at + GATE_SESSION_LASTS};
}

bool authority_holds(Ctx *ctx) {
    const Actor *actor = gate_actor(ctx);
    if (!actor->session && !actor->token) return true;
    PartAuthority part = part_of(ctx);
    return still_same(ctx, &part, time_now(ctx->clock));
}

GateStay gate_stay(const Ctx *ctx) {
    const Actor *actor = gate_actor(ctx);
    if (!actor->session && !actor->token) return (GateStay){.expires_at = INT64_MAX};
    PartAuthority part = part_of(ctx);
    return (GateStay){.key = part.key,
                      .expires_at = part.expires_at,
                      .session = actor->session != NULL,
                      .token = actor->token != NULL};
}

bool gate_stays(Ctx *ctx, const GateStay *stay) {
    Gate *gate = ctx->tenant->gate;
    Actor found;
    if (!stay->session && !stay->token) return true;
    if (time_now(ctx->clock) >= stay->expires_at) return false;
    if (stay->token) return token_actor_of(ctx, gate, &stay->key, &found);
    return session_actor_of(ctx, gate, &stay->key, &found) && !passkey_wanted(gate, found.session);
}

void gate_guard(Ctx *ctx, Command *command) {
    const Actor *actor = gate_actor(ctx);
    if (!actor->session && !actor->token) return; /* nobody, or the city itself */
    Arena *arena = command_arena(command);
    PartAuthority *part = NEW(arena, PartAuthority);
    *part = part_of(ctx);
    Str *const texts[] = {&part->actor.id, &part->actor.person, &part->actor.post,
                          &part->actor.division};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = str_dup(arena, *texts[i]);
    if (part->actor.by_duty) {
        command_needs(command, gate_duty_id(arena, part->actor.post));
        command_needs(command, part->actor.id);
    }
    command_add(command, &part_authority, part);
}

/* ---- the posts of an account ---- */

typedef struct PostsChange {
    Gate *gate;
    Str account;
    const StrVec *posts;
} PostsChange;

static void session_posts(void *arg, void *value) {
    const PostsChange *change = arg;
    GateSession *session = value;
    if (!str_eq(session->account, change->account)) return;
    StrVec posts = {0};
    VEC_EACH (const Str, post, change->posts)
        vec_push(session->arena, &posts, str_dup(session->arena, *post));
    session->posts = posts; /* the one in use is asked at each request */
}

static void token_posts(void *arg, void *value) {
    const PostsChange *change = arg;
    token_post_set(value, change->account, change->posts->len ? change->posts->items[0] : STR_NONE);
}

void authority_posts(Gate *gate, Str account, const StrVec *posts) {
    PostsChange change = {gate, account, posts};
    roster_each(gate->sessions, session_posts, &change);
    roster_each(gate->tokens, token_posts, &change);
    authority_changed(gate);
}

typedef struct KeyedChange {
    Str account;
    bool keyed;
} KeyedChange;

static void session_keyed(void *arg, void *value) {
    const KeyedChange *change = arg;
    GateSession *session = value;
    if (str_eq(session->account, change->account)) session->keyed = change->keyed;
}

void authority_keyed(Gate *gate, Str account, bool keyed) {
    roster_each(gate->sessions, session_keyed, &(KeyedChange){account, keyed});
}

void authority_changed(Gate *gate) {
    atomic_fetch_add(&gate->epoch, 1);
}
