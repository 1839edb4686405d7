#include "gate_int.h"

#define TOKENS    SPACE(STORE_LOCAL, "token")
#define IRI(term) STR(LD_DEFAULT term)

enum { TOKEN_CHARS = 32 };

static const int64_t token_longest = 30 * TIME_DAY;

typedef struct Kept {
    GateToken token;
    ActorKind kind;
    Str name;
    Str post;
    Arena *arena;
} Kept;

static Rc kept_new(Ctx *ctx, const Json *row, const Digest *key, Kept **out) {
    const Entity *account;
    GateSession *session;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, json_get_str(row, "account"), &account));
    TRY(account_session(ctx, account, &session));
    Arena *arena = session->arena;
    Kept *kept = NEW(arena, Kept);
    *kept =
        (Kept){.arena = arena, .kind = session->kind, .name = session->name, .post = session->post};
    kept->token = (GateToken){.key = *key,
                              .account = session->account,
                              .roles = session->own_roles,
                              .actions = (uint32_t)json_get_int(row, "actions", 0),
                              .expires_at = json_get_int(row, "expires", 0)};
    const Json *types = json_get(row, STR("types"));
    for (size_t i = 0; types && i < types->len; i++)
        vec_push(arena, &kept->token.types, str_dup(arena, json_str(json_at(types, i))));
    *out = kept;
    return RC_OK;
}

void token_drop(void *value) {
    arena_free(((Kept *)value)->arena);
}

/* ---- use ---- */

typedef struct TokenWanted {
    Ctx *ctx;
    const Gate *gate;
    Actor *actor;
    bool alive;
} TokenWanted;

static void token_read(void *arg, void *value) {
    TokenWanted *wanted = arg;
    const Kept *kept = value;
    Arena *arena = wanted->ctx->arena;
    wanted->alive = time_now(wanted->ctx->clock) < kept->token.expires_at;
    GateToken *copy = NEW(arena, GateToken);
    *copy = kept->token;
    copy->types = (StrVec){0};
    for (size_t i = 0; i < kept->token.types.len; i++)
        vec_push(arena, &copy->types, str_dup(arena, kept->token.types.items[i]));
    *wanted->actor = (Actor){.kind = kept->kind,
                             .id = str_dup(arena, kept->token.account),
                             .roles = kept->token.roles,
                             .token = copy,
                             .stepped_up_at = TIME_NONE};
    const GatePost *post = gate_post(wanted->gate, kept->post);
    if (!post) return;
    wanted->actor->post = post->id;
    wanted->actor->post_title = post->title_ja;
    wanted->actor->division = post->division;
    wanted->actor->roles |= post->roles;
}

bool token_actor_of(Ctx *ctx, Gate *gate, const Digest *key, Actor *out) {
    TokenWanted wanted = {.ctx = ctx, .gate = gate, .actor = out};
    uint64_t epoch = atomic_load(&gate->epoch);
    if (!roster_use(gate->tokens, key, token_read, &wanted) || !wanted.alive) return false;
    out->epoch = epoch;
    return true;
}

bool token_actor(Ctx *ctx, Gate *gate, Str token, Actor *out) {
    Digest key = session_key(token);
    return token_actor_of(ctx, gate, &key, out);
}

void token_post_set(void *value, Str account, Str post) {
    Kept *kept = value;
    if (str_eq(kept->token.account, account)) kept->post = str_dup(kept->arena, post);
}

/* ---- life ---- */

typedef struct TokenRow {
    Digest key;
    const Json *row;
} TokenRow;

typedef struct TokenRows {
    Ctx *ctx;
    VEC(TokenRow) rows;
    Rc rc;
} TokenRows;

static bool token_row(void *arg, const Item *item) {
    TokenRows *all = arg;
    TokenRow row;
    all->rc = json_read(all->ctx, item->value, JSON_LIMITS_DEFAULT, &row.row);
    if (all->rc != RC_OK || item->key.len != sizeof row.key.bytes) return all->rc == RC_OK;
    __builtin_memcpy(row.key.bytes, item->key.ptr, sizeof row.key.bytes);
    vec_push(all->ctx->arena, &all->rows, row);
    return true;
}

Rc token_load_all(Ctx *ctx, Gate *gate) {
    TokenRows all = {.ctx = ctx};
    TRY(reader_items(ctx, ctx->db, &(ItemRange){.space = TOKENS}, token_row, &all));
    TRY(all.rc);
    for (size_t i = 0; i < all.rows.len; i++) {
        Kept *kept;
        Rc rc = kept_new(ctx, all.rows.items[i].row, &all.rows.items[i].key, &kept);
        if (rc == RC_NOT_FOUND) continue; /* the account has gone since */
        TRY(rc);
        roster_put(gate->tokens, &kept->token.key, kept);
    }
    return RC_OK;
}

/* The ledger knows that a token was given, to whom and for how long; its hash is in local.db alone.
 */
static Rc token_record(Ctx *ctx, const GateTokenWish *wish, Str account, int64_t expires) {
    Command *command = command_new(ctx->tenant->ledger,
                                   (CommandHead){.kind = STR("token.create"),
                                                 .actor = ctx->actor ? ctx->actor->id : STR_NONE,
                                                 .channel = STR("cli")});
    Arena *arena = command_arena(command);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("expiresAt"), json_of_str(time_format(arena, expires))};
    members[1] = (JsonMember){STR("actions"), json_of_int(wish->actions)};
    Json *clear = NEW(arena, Json);
    *clear = json_of_members(members, 2);
    PartNote *part = NEW(arena, PartNote);
    part->note =
        (StageNote){.kind = STR("token"), .about = str_dup(arena, account), .clear = clear};
    command_add(command, &part_note, part);
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    return rc;
}

static Rc token_allowed(Ctx *ctx, const Entity *account) {
    const Attr *demo = entity_attr(account, IRI("demo"));
    bool service = str_eq(entity_text(account, IRI("accountKind")), STR("service"));
    if (service ||
        (demo && demo->value && demo->value->kind == JSON_BOOL && demo->value->value.boolean))
        return RC_OK;
    return ctx_fail(
        ctx, RC_DENIED, "no-token", STR("account"),
        "Tokens are for service and demo accounts: make a service account with `machi user`.");
}

Rc gate_token_create(Ctx *ctx, const GateTokenWish *wish, Str *token) {
    Gate *gate = ctx->tenant->gate;
    Str id = account_id(ctx, wish->account);
    const Entity *account;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, &account);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(ctx, rc, "no-account", wish->account,
                        "There is no account with this login.");
    TRY(rc);
    TRY(token_allowed(ctx, account));
    if (wish->ttl <= 0 || wish->ttl > token_longest)
        return ctx_fail(ctx, RC_INVALID, "bad-ttl", STR("ttl"),
                        "A token lives from 1 second to 30 days.");
    int64_t expires = time_now(ctx->clock) + wish->ttl;
    TRY(token_record(ctx, wish, id, expires));
    *token = rand_id(ctx->rand, ctx->arena, TOKEN_CHARS);
    Json *types = NEW_ARRAY(ctx->arena, Json, wish->types.len + 1);
    for (size_t i = 0; i < wish->types.len; i++)
        types[i] = json_of_str(wish->types.items[i]);
    JsonMember members[] = {
        {STR("account"), json_of_str(id)},
        {STR("actions"), json_of_int(wish->actions)},
        {STR("expires"), json_of_int(expires)},
        {STR("types"), json_of_items(types, wish->types.len)},
    };
    Json row = json_of_members(members, sizeof members / sizeof *members);
    Digest key = session_key(*token);
    Kept *kept;
    TRY(kept_new(ctx, &row, &key, &kept));
    roster_put(gate->tokens, &key, kept);
    return session_store(ctx, gate, &(SessionRow){TOKENS, &key, &row, expires});
}
