#include "gate_int.h"

#include <stdlib.h>

#define TOKENS    SPACE(STORE_LOCAL, "token")
#define IRI(term) STR(LD_DEFAULT term)

enum { TOKEN_CHARS = 32 };

static const int64_t token_longest = 30 * TIME_DAY;

typedef struct Kept {
    GateToken token;
    ActorKind kind;
    Str name;
    Str post;
    Str by;                              /* account of who had it made */
    int64_t made_at, used_at, used_kept; /* TIME_NONE: not known, not yet; as its row says */
    Arena *arena;
} Kept;

static Rc kept_new(Ctx *ctx, const Json *row, const Digest *key, Kept **out) {
    const Entity *account;
    GateSession *session;
    TRY(ledger_entity(ctx, ctx->tenant->ledger, json_get_str(row, "account"), &account));
    if (account_disabled(account) || account_revoked(account, session_id(ctx->arena, key)))
        return RC_NOT_FOUND;
    TRY(account_session(ctx, account, &session));
    Arena *arena = session->arena;
    Kept *kept = NEW(arena, Kept);
    *kept = (Kept){.arena = arena,
                   .kind = session->kind,
                   .name = session->name,
                   .post = session->post,
                   .by = str_dup(arena, json_get_str(row, "by")),
                   .made_at = json_get_int(row, "made", TIME_NONE),
                   .used_at = json_get_int(row, "used", TIME_NONE)};
    kept->used_kept = kept->used_at;
    kept->token = (GateToken){.key = *key,
                              .id = session_id(arena, key),
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
    Kept *kept = value;
    Arena *arena = wanted->ctx->arena;
    int64_t now = time_now(wanted->ctx->clock);
    wanted->alive = now < kept->token.expires_at;
    if (wanted->alive) kept->used_at = now;
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
    post_act_under(wanted->gate, kept->post, now, wanted->actor);
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
        if (rc == RC_NOT_FOUND) continue; /* the account or the token has ended since */
        TRY(rc);
        roster_put(gate->tokens, &kept->token.key, kept);
    }
    return RC_OK;
}

/* ---- rows ---- */

typedef struct TokenFacts {
    Str account, by;
    uint32_t actions;
    StrVec types;
    int64_t made, used, expires;
} TokenFacts;

static Json row_of(Arena *arena, const TokenFacts *facts) {
    const JsonMember members[] = {
        {STR("account"), json_of_str(facts->account)},
        {STR("by"), json_of_str(facts->by)},
        {STR("actions"), json_of_int(facts->actions)},
        {STR("types"), account_list(arena, &facts->types)},
        {STR("made"), json_of_int(facts->made)},
        {STR("used"), json_of_int(facts->used)},
        {STR("expires"), json_of_int(facts->expires)},
    };
    enum { MEMBERS = sizeof members / sizeof *members };
    JsonMember *kept = NEW_ARRAY(arena, JsonMember, MEMBERS);
    for (size_t i = 0; i < MEMBERS; i++)
        kept[i] = members[i];
    return json_of_members(kept, MEMBERS);
}

/* ---- the list ---- */

typedef struct Gathered {
    GateTokenSeen seen;
    Digest key;
    bool unkept; /* its row doesn't say when it was used last */
} Gathered;

/* Gathered under the roster's lock; account empty: all. */
typedef struct Gathering {
    Arena *arena;
    Str account;
    int64_t now;
    bool settles; /* what is gathered is written down */
    VEC(Gathered) all;
} Gathering;

static void token_gather(void *arg, void *value) {
    Gathering *g = arg;
    Kept *kept = value;
    const GateToken *token = &kept->token;
    if (!str_empty(g->account) && !str_eq(token->account, g->account)) return;
    if (g->now >= token->expires_at) return;
    GateTokenSeen seen = {.id = str_dup(g->arena, token->id),
                          .account = str_dup(g->arena, token->account),
                          .name = str_dup(g->arena, kept->name),
                          .post = str_dup(g->arena, kept->post),
                          .kind = kept->kind,
                          .by = str_dup(g->arena, kept->by),
                          .made_at = kept->made_at,
                          .used_at = kept->used_at,
                          .expires_at = token->expires_at,
                          .actions = token->actions};
    VEC_EACH (const Str, type, &token->types)
        vec_push(g->arena, &seen.types, str_dup(g->arena, *type));
    bool unkept = kept->used_at != kept->used_kept;
    if (g->settles) kept->used_kept = kept->used_at;
    vec_push(g->arena, &g->all, (Gathered){seen, token->key, unkept});
}

static Rc used_write(Ctx *ctx, Gate *gate, Gathering *g) {
    VEC_EACH (const Gathered, one, &g->all) {
        const GateTokenSeen *seen = &one->seen;
        if (!one->unkept) continue;
        Json row =
            row_of(ctx->arena, &(TokenFacts){seen->account, seen->by, seen->actions, seen->types,
                                             seen->made_at, seen->used_at, seen->expires_at});
        TRY(session_store(ctx, gate, &(SessionRow){TOKENS, &one->key, &row, seen->expires_at}));
    }
    return RC_OK;
}

void token_keep_used(Gate *gate) {
    Ctx ctx = {.arena = arena_new(64 << 20), .tenant = gate->tenant};
    Gathering g = {.arena = ctx.arena, .now = INT64_MIN, .settles = true};
    roster_each(gate->tokens, token_gather, &g);
    if (used_write(&ctx, gate, &g) != RC_OK)
        log_warn("gate", "when tokens were used last was not written down: " STR_FMT,
                 STR_ARG(ctx.error.detail));
    arena_free(ctx.arena);
}

static Gathering tokens_gather(Ctx *ctx, Str account) {
    Gathering g = {.arena = ctx->arena, .account = account, .now = time_now(ctx->clock)};
    roster_each(ctx->tenant->gate->tokens, token_gather, &g);
    return g;
}

static int newest_first(const void *a, const void *b) {
    const GateTokenSeen *x = a, *y = b;
    return (x->made_at < y->made_at) - (x->made_at > y->made_at);
}

static bool may_operate(const Ctx *ctx) {
    return gate_permits(ctx, &(GateAsk){.action = ACT_OPERATE, .class = CLASS_OPEN});
}

Rc gate_token_list(Ctx *ctx, bool all, GateTokensSeen *out) {
    Str own = gate_actor(ctx)->id;
    *out = (GateTokensSeen){0};
    if (all) TRY(gate_check(ctx, &(GateAsk){.action = ACT_OPERATE, .class = CLASS_OPEN}));
    if (!all && str_empty(own)) return RC_OK;
    Gathering g = tokens_gather(ctx, all ? STR_NONE : own);
    VEC_EACH (const Gathered, one, &g.all)
        vec_push(ctx->arena, out, one->seen);
    if (out->len) qsort(out->items, out->len, sizeof *out->items, newest_first);
    return RC_OK;
}

/* ---- revoking ---- */

void tokens_of(Ctx *ctx, Str account, StrVec *ids) {
    Gathering g = tokens_gather(ctx, account);
    VEC_EACH (const Gathered, one, &g.all)
        vec_push(ctx->arena, ids, one->seen.id);
}

static bool listed(const StrVec *ids, Str id) {
    VEC_EACH (const Str, one, ids)
        if (str_eq(*one, id)) return true;
    return false;
}

Rc tokens_end(Ctx *ctx, const StrVec *ids) {
    Gate *gate = ctx->tenant->gate;
    Gathering g = tokens_gather(ctx, STR_NONE);
    VEC_EACH (const Gathered, one, &g.all) {
        if (!listed(ids, one->seen.id)) continue;
        roster_delete(gate->tokens, &one->key);
        authority_changed(gate);
        TRY(session_store(ctx, gate, &(SessionRow){.space = TOKENS, .key = &one->key}));
    }
    return RC_OK;
}

/* Committed first: a row that a death then leaves behind is refused at the next start. */
Rc gate_token_revoke(Ctx *ctx, Str id) {
    Gathering g = tokens_gather(ctx, STR_NONE);
    const GateTokenSeen *found = NULL;
    VEC_EACH (const Gathered, one, &g.all)
        if (str_eq(one->seen.id, id)) found = &one->seen;
    bool own = found && str_eq(found->account, gate_actor(ctx)->id);
    if (!found || !(own || may_operate(ctx)))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-token", STR("id"),
                        "There is no such token, or it has ended already.");
    AccountChange change = {.kind = "token.revoke", .id = found->account};
    vec_push(ctx->arena, &change.revoke, found->id);
    TRY(account_change(ctx, &change));
    return tokens_end(ctx, &change.revoke);
}

/* ---- making ---- */

/* The ledger knows that a token was given, to whom and for how long; its hash is in local.db alone.
 */
static Rc token_record(Ctx *ctx, const TokenFacts *facts, Str id) {
    Command *command = command_new(ctx->tenant->ledger,
                                   (CommandHead){.kind = STR("token.create"),
                                                 .actor = ctx->actor ? ctx->actor->id : STR_NONE,
                                                 .channel = STR("cli")});
    Arena *arena = command_arena(command);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    members[0] = (JsonMember){STR("expiresAt"), json_of_str(time_format(arena, facts->expires))};
    members[1] = (JsonMember){STR("actions"), json_of_int(facts->actions)};
    members[2] = (JsonMember){STR("id"), json_of_str(str_dup(arena, id))};
    Json types = account_list(arena, &facts->types);
    members[3] = (JsonMember){STR("types"), *json_dup(arena, &types)};
    Json *clear = NEW(arena, Json);
    *clear = json_of_members(members, 4);
    PartNote *part = NEW(arena, PartNote);
    part->note =
        (StageNote){.kind = STR("token"), .about = str_dup(arena, facts->account), .clear = clear};
    command_add(command, &part_note, part);
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    return rc;
}

static Rc token_allowed(Ctx *ctx, const Entity *account) {
    if (account_disabled(account))
        return ctx_fail(ctx, RC_DENIED, "disabled", STR("account"),
                        "This account is disabled: enable it first by `machi user --enable`.");
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
    int64_t now = time_now(ctx->clock);
    TokenFacts facts = {.account = id,
                        .by = gate_actor(ctx)->id,
                        .actions = wish->actions,
                        .types = wish->types,
                        .made = now,
                        .used = TIME_NONE,
                        .expires = now + wish->ttl};
    *token = rand_id(ctx->rand, ctx->arena, TOKEN_CHARS);
    Digest key = session_key(*token);
    Json row = row_of(ctx->arena, &facts);
    TRY(token_record(ctx, &facts, session_id(ctx->arena, &key)));
    Kept *kept;
    TRY(kept_new(ctx, &row, &key, &kept));
    roster_put(gate->tokens, &key, kept);
    rc = session_store(ctx, gate, &(SessionRow){TOKENS, &key, &row, facts.expires});
    if (rc == RC_OK && !account_moved(ctx, account)) return RC_OK;
    /* whoever changed the account meanwhile may not have seen this token */
    roster_delete(gate->tokens, &key);
    TRY(rc);
    TRY(session_store(ctx, gate, &(SessionRow){.space = TOKENS, .key = &key}));
    return ctx_fail(ctx, RC_CONFLICT, "account-changed", STR("account"),
                    "The account was changed at this moment: ask again.");
}
