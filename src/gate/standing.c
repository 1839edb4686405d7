/* standing: what the operator changes of an account (posts, password, whether it may come in at
   all), and what follows at once: sessions end, tokens are revoked. */
#include "gate_int.h"

/* ---- what an account says of itself ---- */

static bool says(const Entity *account, Str iri) {
    const Attr *attr = entity_attr(account, iri);
    return attr && attr->value && attr->value->kind == JSON_BOOL && attr->value->value.boolean;
}

bool account_erased(const Entity *account) {
    return str_empty(entity_text(account, GATE_IRI("accountKind")));
}

bool account_disabled(const Entity *account) {
    return account_erased(account) || says(account, GATE_IRI("disabled"));
}

int64_t account_sessions_from(const Entity *account) {
    int64_t from;
    return time_parse(entity_text(account, GATE_IRI("sessionsFrom")), &from) ? from : INT64_MIN;
}

static const Json *list_of(const Entity *account, Str iri) {
    const Attr *attr = entity_attr(account, iri);
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value : NULL;
}

static bool listed(const Json *list, Str text) {
    for (size_t i = 0; list && i < list->len; i++)
        if (str_eq(json_str(json_at(list, i)), text)) return true;
    return false;
}

bool account_revoked(const Entity *account, Str token) {
    return listed(list_of(account, GATE_IRI("revokedTokens")), token);
}

bool account_comes_by(const Entity *account, Str passkey) {
    return listed(list_of(account, GATE_IRI("passkeys")), passkey);
}

bool account_holds(const Entity *account, Str post) {
    return listed(list_of(account, GATE_IRI("posts")), post);
}

bool account_moved(Ctx *ctx, const Entity *account) {
    const Entity *now;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, account->id, &now);
    return rc != RC_OK || now->version != account->version;
}

/* ---- changing one ---- */

typedef struct PartAccount {
    Str id;
    const Entity *set;
    StrVec revoke;
    const Entity *passkey;
    StrVec ends;
    bool ends_all;
} PartAccount;

/* Those that were revoked before stay so. */
static Json revoked_with(Arena *arena, const Entity *before, const StrVec *more) {
    const Json *old = list_of(before, GATE_IRI("revokedTokens"));
    StrVec all = {0};
    for (size_t i = 0; old && i < old->len; i++)
        vec_push(arena, &all, json_str(json_at(old, i)));
    VEC_EACH (const Str, id, more)
        if (!account_revoked(before, *id)) vec_push(arena, &all, *id);
    return account_list(arena, &all);
}

static bool ends(const PartAccount *part, Str passkey) {
    VEC_EACH (const Str, id, &part->ends)
        if (str_eq(*id, passkey)) return true;
    return part->ends_all;
}

static Rc passkey_add(Ctx *ctx, Stage *stage, const Entity *passkey, StrVec *all) {
    if (stage_entity(stage, passkey->id))
        return ctx_fail(
            ctx, RC_CONFLICT, "passkey-known", STR("passkey"),
            "This passkey is registered already: remove it where it is, or make another.");
    if (all->len >= PASSKEYS_MAX)
        return ctx_fail(ctx, RC_CONFLICT, "too-many-passkeys", STR("passkey"),
                        "An account has at most %d passkeys: remove one first.", PASSKEYS_MAX);
    vec_push(ctx->arena, all, passkey->id);
    Delta delta = {.op = DELTA_PUT, .id = passkey->id, .after = entity_dup(ctx->arena, passkey)};
    stage_put(stage, &delta);
    return RC_OK;
}

/* The account lists those it has: one that is not listed lets nobody in. */
static Rc passkeys_apply(Ctx *ctx, Stage *stage, const PartAccount *part, Entity *after) {
    const Json *old = list_of(stage_entity(stage, part->id), GATE_IRI("passkeys"));
    StrVec all = {0};
    for (size_t i = 0; old && i < old->len; i++)
        if (!ends(part, json_str(json_at(old, i))))
            vec_push(ctx->arena, &all, json_str(json_at(old, i)));
    if (part->passkey) TRY(passkey_add(ctx, stage, part->passkey, &all));
    VEC_EACH (const Str, id, &part->ends)
        if (stage_entity(stage, *id)) stage_put(stage, &(Delta){.op = DELTA_DELETE, .id = *id});
    entity_set(ctx->arena, after, GATE_IRI("passkeys"), account_list(ctx->arena, &all));
    return RC_OK;
}

/* Computed on the newest state: nothing but what is named is touched. */
static Rc account_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAccount *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (!before)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-account", part->id, "There is no such account.");
    Entity *after = entity_new(ctx->arena, part->id, STR(ACCOUNT_TYPE));
    for (size_t i = 0; part->set && i < part->set->attrs.len; i++)
        entity_set(ctx->arena, after, part->set->attrs.items[i].name,
                   *part->set->attrs.items[i].value);
    if (part->revoke.len)
        entity_set(ctx->arena, after, GATE_IRI("revokedTokens"),
                   revoked_with(ctx->arena, before, &part->revoke));
    if (part->passkey || part->ends.len || part->ends_all)
        TRY(passkeys_apply(ctx, stage, part, after));
    Delta delta = {.op = DELTA_CHANGE, .id = part->id, .after = after};
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_account = {"account.change", 1, NULL, account_apply};

static Str channel_of(const Actor *actor) {
    if (actor->kind == ACTOR_SYSTEM) return STR("cli");
    return actor->token ? STR("api") : STR("web");
}

static void passkeys_take(Command *command, const AccountChange *change, PartAccount *part) {
    Arena *arena = command_arena(command);
    part->ends_all = change->ends_all;
    if (change->passkey) {
        part->passkey = entity_dup(arena, change->passkey);
        command_needs(command, part->passkey->id);
    }
    VEC_EACH (const Str, id, &change->ends) {
        vec_push(arena, &part->ends, str_dup(arena, *id));
        command_needs(command, *id);
    }
}

Rc account_change(Ctx *ctx, const AccountChange *change) {
    const Actor *actor = gate_actor(ctx);
    Command *command =
        command_new(ctx->tenant->ledger, (CommandHead){.kind = str_of(change->kind),
                                                       .actor = actor->id,
                                                       .post = actor->post,
                                                       .channel = channel_of(actor)});
    Arena *arena = command_arena(command);
    PartAccount *part = NEW(arena, PartAccount);
    part->id = str_dup(arena, change->id);
    if (change->set) part->set = entity_dup(arena, change->set);
    VEC_EACH (const Str, id, &change->revoke)
        vec_push(arena, &part->revoke, str_dup(arena, *id));
    passkeys_take(command, change, part);
    gate_guard(ctx, command);
    command_needs(command, part->id);
    command_add(command, &part_account, part);
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    holders_changed(ctx, change->id);
    return rc;
}

static Entity *empty(Ctx *ctx, Str id) {
    return entity_new(ctx->arena, id, STR(ACCOUNT_TYPE));
}

static Rc account_read(Ctx *ctx, Str id, const Entity **out) {
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, out);
    if (rc == RC_OK && account_erased(*out)) rc = RC_NOT_FOUND;
    if (rc != RC_NOT_FOUND) return rc;
    return ctx_fail(ctx, rc, "no-account", STR("login"), "There is no account with this login.");
}

Rc gate_account_posts(Ctx *ctx, Str id, const StrVec *posts) {
    Gate *gate = ctx->tenant->gate;
    const Entity *account;
    TRY(account_read(ctx, id, &account));
    TRY(account_official(ctx, entity_text(account, GATE_IRI("accountKind"))));
    TRY(account_posts_check(ctx, posts));
    Entity *set = empty(ctx, id);
    entity_set(ctx->arena, set, GATE_IRI("posts"), account_list(ctx->arena, posts));
    TRY(account_change(ctx, &(AccountChange){.kind = "account.posts", .id = id, .set = set}));
    authority_posts(gate, id, posts);
    return RC_OK;
}

/* Committed first: whoever comes in meanwhile looks at the account again when he is in. */
Rc gate_account_disable(Ctx *ctx, Str id, bool disabled) {
    const Entity *account;
    TRY(account_read(ctx, id, &account));
    Entity *set = empty(ctx, id);
    AccountChange change = {
        .kind = disabled ? "account.disable" : "account.enable", .id = id, .set = set};
    entity_set(ctx->arena, set, GATE_IRI("disabled"), json_of_bool(disabled));
    if (disabled) {
        Str now = time_format(ctx->arena, time_now(ctx->clock));
        entity_set(ctx->arena, set, GATE_IRI("sessionsFrom"), json_of_str(now));
        tokens_of(ctx, id, &change.revoke);
    }
    TRY(account_change(ctx, &change));
    authority_changed(ctx->tenant->gate);
    if (!disabled) return RC_OK;
    StrVec late = {0}; /* one may have come between the list and the commit */
    tokens_of(ctx, id, &late);
    TRY(tokens_end(ctx, &late));
    return sessions_end(ctx, id);
}

Rc gate_account_password(Ctx *ctx, Str id, Str password) {
    Str hash, now = time_format(ctx->arena, time_now(ctx->clock));
    const Entity *account;
    TRY(account_read(ctx, id, &account));
    if (str_eq(entity_text(account, GATE_IRI("accountKind")), STR("service")))
        return ctx_fail(ctx, RC_INVALID, "no-sign-in", STR("login"),
                        "A service signs in nowhere: give it a token.");
    TRY(account_hash(ctx, password, &hash));
    Entity *set = empty(ctx, id);
    entity_set(ctx->arena, set, GATE_IRI("passwordHash"), json_of_str(hash));
    entity_set(ctx->arena, set, GATE_IRI("sessionsFrom"), json_of_str(now));
    AccountChange change = {.kind = "account.password", .id = id, .set = set, .ends_all = true};
    account_strings(ctx->arena, account, GATE_IRI("passkeys"), &change.ends);
    TRY(account_change(ctx, &change));
    TRY(passkey_rows_end(ctx, &change.ends));
    return sessions_end(ctx, id);
}

/* ---- the list ---- */

typedef struct Count {
    Str account;
    size_t n;
} Count;

static void session_count(void *arg, void *value) {
    Count *count = arg;
    count->n += str_eq(((const GateSession *)value)->account, count->account);
}

/* What is seen outlives the page of accounts that it was read from. */
typedef struct Listing {
    Arena *arena;
    GateAccountsSeen *out;
} Listing;

static Rc account_seen(Ctx *ctx, void *arg, const Entity *account) {
    const Listing *listing = arg;
    Gate *gate = ctx->tenant->gate;
    Arena *arena = listing->arena;
    Count sessions = {.account = account->id};
    StrVec tokens = {0};
    Actor rights = {0};
    if (account_erased(account)) return RC_OK;
    account_rights(ctx->arena, account, &rights);
    roster_each(gate->sessions, session_count, &sessions);
    tokens_of(ctx, account->id, &tokens);
    GateAccountSeen seen = {.id = str_dup(arena, account->id),
                            .login = str_dup(arena, entity_text(account, GATE_IRI("login"))),
                            .name = str_dup(arena, entity_text(account, GATE_IRI("displayName"))),
                            .kind = rights.kind,
                            .demo = says(account, GATE_IRI("demo")),
                            .disabled = account_disabled(account),
                            .sessions = sessions.n,
                            .tokens = tokens.len};
    account_strings(arena, account, GATE_IRI("posts"), &seen.posts);
    account_strings(arena, account, GATE_IRI("roles"), &seen.roles);
    vec_push(arena, listing->out, seen);
    return RC_OK;
}

Rc gate_account_list(Ctx *ctx, GateAccountsSeen *out) {
    Listing listing = {ctx->arena, out};
    *out = (GateAccountsSeen){0};
    if (gate_actor(ctx)->kind != ACTOR_SYSTEM)
        return ctx_fail(ctx, RC_DENIED, "not-permitted", STR_NONE,
                        "Accounts are listed by `machi user --list` at this machine.");
    return project_each(ctx, &(ProjectWish){.type = STR(ACCOUNT_TYPE)}, account_seen, &listing);
}
