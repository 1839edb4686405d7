/* keep: an actor written down with what acts for him later (a subscription), and who he is by then.
 */
#include "gate_int.h"

static const char *const kinds[] = {
    [ACTOR_NOBODY] = "nobody",   [ACTOR_RESIDENT] = "resident", [ACTOR_STAFF] = "staff",
    [ACTOR_SERVICE] = "service", [ACTOR_SYSTEM] = "system",
};

static void text_add(Arena *arena, JsonMembers *to, const char *name, Str text) {
    vec_push(arena, to, (JsonMember){str_of(name), json_of_str(str_dup(arena, text))});
}

const Json *gate_actor_write(Arena *arena, const Actor *actor, Str purpose) {
    JsonMembers members = {0};
    JsonItems types = {0};
    const GateToken *token = actor->token;
    for (size_t i = 0; token && i < token->types.len; i++)
        vec_push(arena, &types, json_of_str(str_dup(arena, token->types.items[i])));
    text_add(arena, &members, "kind", str_of(kinds[actor->kind]));
    text_add(arena, &members, "id", actor->id);
    text_add(arena, &members, "post", actor->post);
    text_add(arena, &members, "purpose", purpose);
    if (token) {
        text_add(arena, &members, "token", token->id);
        vec_push(arena, &members,
                 (JsonMember){STR("types"), json_of_items(types.items, types.len)});
        vec_push(arena, &members, (JsonMember){STR("actions"), json_of_int(token->actions)});
    }
    Json *json = NEW(arena, Json);
    *json = json_of_members(members.items, members.len);
    return json;
}

static const GateToken *token_of(Arena *arena, const Json *stored) {
    const Json *types = json_get(stored, STR("types"));
    if (!types) return NULL;
    GateToken *token = NEW(arena, GateToken);
    *token = (GateToken){.id = str_dup(arena, json_get_str(stored, "token")),
                         .account = str_dup(arena, json_get_str(stored, "id")),
                         .actions = (uint32_t)json_get_int(stored, "actions", 0)};
    for (size_t i = 0; i < types->len; i++)
        vec_push(arena, &token->types, str_dup(arena, json_str(json_at(types, i))));
    return token;
}

static Rc no_more(Ctx *ctx, const char *code, const char *why) {
    return ctx_fail(ctx, RC_DENIED, code, STR_NONE, "%s", why);
}

/* What says who somebody is: his account, and the duties of the post under which he acts. */
typedef struct Standing {
    const Entity *account, *duties; /* NULL: there is none */
} Standing;

/* One acts under one post: the one it was made under, as long as one holds it. */
static Rc post_now(Ctx *ctx, const Standing *standing, Str post, Actor *actor) {
    if (str_empty(post)) return RC_OK;
    int64_t now = time_now(ctx->clock);
    DutyAsk ask = {standing->account->id, post, now};
    actor->by_duty = !account_holds(standing->account, post);
    bool runs = account_serves(ctx->tenant->gate, standing->account, ask.now) &&
                duty_in_record(ctx, standing->duties, &ask);
    bool gone = gate_post_gone(ctx->tenant->gate, post, now);
    if (gone || (actor->by_duty && !runs))
        return no_more(ctx, "post-lost",
                       "Its owner doesn't hold the post any more under which he "
                       "made it.");
    post_act_under(ctx->tenant->gate, post, now, actor);
    return RC_OK;
}

/* Who he is by his account. Pure: the commit asks it again, on the newest state. */
static Rc actor_by(Ctx *ctx, const Standing *standing, const Json *stored, Actor *out) {
    const Entity *account = standing->account;
    const GateToken *token = token_of(ctx->arena, stored);
    if (!account) return no_more(ctx, "owner-gone", "The account of its owner has ended.");
    if (account_disabled(account))
        return no_more(ctx, "owner-disabled", "The account of its owner is disabled.");
    if (token && account_revoked(account, token->id))
        return no_more(ctx, "token-revoked", "The token with which it was made was revoked.");
    *out = (Actor){.id = account->id, .token = token, .stepped_up_at = TIME_NONE};
    account_rights(ctx->arena, account, out);
    return post_now(ctx, standing, json_get_str(stored, "post"), out);
}

/* What belongs to no account: the city's own, and a sandbox's. */
static bool without_account(const Json *stored, Actor *out) {
    Str kind = json_get_str(stored, "kind");
    *out = (Actor){.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
    if (!str_eq(kind, str_of(kinds[ACTOR_SYSTEM]))) return str_empty(json_get_str(stored, "id"));
    *out = *gate_system_actor();
    return true;
}

static void actor_set(Ctx *ctx, const Json *stored, const Actor *actor) {
    Actor *kept = NEW(ctx->arena, Actor);
    *kept = *actor;
    kept->id = str_dup(ctx->arena, actor->id);
    if (ctx->tenant->sandbox) kept->roles |= 1u << ROLE_SANDBOX;
    ctx->actor = kept;
    ctx->purpose = str_dup(ctx->arena, json_get_str(stored, "purpose"));
}

static Str duties_of(Arena *arena, const Json *stored) {
    return gate_duty_id(arena, json_get_str(stored, "post"));
}

Rc gate_actor_now(Ctx *ctx, const Json *stored) {
    Standing standing = {0};
    Actor actor;
    if (!without_account(stored, &actor)) {
        TRY(account_load(ctx, json_get_str(stored, "id"), &standing.account));
        TRY(account_load(ctx, duties_of(ctx->arena, stored), &standing.duties));
        TRY(actor_by(ctx, &standing, stored, &actor));
    }
    actor_set(ctx, stored, &actor);
    return RC_OK;
}

/* Under one of his posts; empty: under none. */
static Rc act_under(Ctx *ctx, const Entity *account, Str post, Rc (*may)(Ctx *ctx)) {
    Actor as = {.kind = ACTOR_STAFF, .id = account->id, .post = post};
    TRY(gate_actor_now(ctx, gate_actor_write(ctx->arena, &as, STR_NONE)));
    return may(ctx);
}

Rc gate_act_as(Ctx *ctx, Str login, Rc (*may)(Ctx *ctx)) {
    const Entity *account;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, account_id(ctx, login), &account);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(ctx, rc, "no-account", STR("as"), "There is no account with this login.");
    TRY(rc);
    if (account_disabled(account))
        return ctx_fail(ctx, RC_DENIED, "disabled", STR("as"), "This account is disabled.");
    const Attr *attr = entity_attr(account, GATE_IRI("posts"));
    const Json *posts = attr ? attr->value : NULL;
    size_t n = posts && posts->kind == JSON_ARRAY ? posts->len : 0;
    rc = n ? RC_DENIED : act_under(ctx, account, STR_NONE, may);
    for (size_t i = 0; rc == RC_DENIED && i < n; i++)
        rc = act_under(ctx, account, json_str(json_at(posts, i)), may);
    return rc;
}

uint64_t gate_epoch(const Tenant *tenant) {
    return atomic_load(&tenant->gate->epoch);
}

/* ---- rights at the commit ---- */

typedef struct PartKept {
    const Json *stored;
    uint64_t mark;
} PartKept;

static Rc kept_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartKept *part = args;
    Ctx own = *ctx;
    Actor actor;
    Rc rc = RC_OK;
    if (!without_account(part->stored, &actor)) {
        Standing standing = {stage_entity(stage, json_get_str(part->stored, "id")),
                             stage_entity(stage, duties_of(ctx->arena, part->stored))};
        rc = actor_by(&own, &standing, part->stored, &actor);
    }
    ctx->error = own.error;
    TRY(rc);
    actor_set(&own, part->stored, &actor);
    if (gate_rights_mark(&own) == part->mark) return RC_OK;
    return no_more(ctx, "rights-changed", "The rights of its owner have changed.");
}

static const PartKind part_kept = {"gate.kept", 1, kept_guard, NULL};

void kept_guard_add(Ctx *ctx, Command *command, const Json *stored) {
    PartKept *part = NEW(command_arena(command), PartKept);
    *part = (PartKept){json_dup(command_arena(command), stored), gate_rights_mark(ctx)};
    Str account = json_get_str(part->stored, "id");
    if (!str_empty(account)) {
        command_needs(command, account);
        command_needs(command, duties_of(command_arena(command), part->stored));
    }
    command_add(command, &part_kept, part);
}
