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

bool account_demo(const Entity *account) {
    return says(account, GATE_IRI("demo"));
}

int64_t account_first_until(const Entity *account) {
    int64_t until;
    return time_parse(entity_text(account, GATE_IRI("passwordUntil")), &until) ? until : TIME_NONE;
}

static const Json *list_of(const Entity *account, Str iri) {
    const Attr *attr = entity_attr(account, iri);
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value : NULL;
}

bool account_revoked(const Entity *account, Str token) {
    return json_has(list_of(account, GATE_IRI("revokedTokens")), token);
}

bool account_comes_by(const Entity *account, Str passkey) {
    return json_has(list_of(account, GATE_IRI("passkeys")), passkey);
}

bool account_has_passkey(const Entity *account) {
    const Json *list = list_of(account, GATE_IRI("passkeys"));
    return list && list->len;
}

bool account_linked(const Entity *account, Str outside) {
    return json_has(list_of(account, GATE_IRI("outsides")), outside);
}

bool account_holds(const Entity *account, Str post) {
    return json_has(list_of(account, GATE_IRI("posts")), post);
}

bool account_serves(const Gate *gate, const Entity *account, int64_t now) {
    const Json *posts = account ? list_of(account, GATE_IRI("posts")) : NULL;
    for (size_t i = 0; posts && i < posts->len; i++)
        if (!gate_post_gone(gate, json_str(json_at(posts, i)), now)) return true;
    return false;
}

bool account_moved(Ctx *ctx, const Entity *account) {
    const Entity *now;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, account->id, &now);
    return rc != RC_OK || now->version != account->version;
}

/* ---- changing one ---- */

typedef struct PartAccount {
    Str id;
    uint64_t version; /* that it still has; 0: whichever */
    const Entity *set;
    StrVec revoke;
    AccountWays passkeys, outsides;
    bool ends_code;
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

static bool ends(const AccountWays *ways, Str way) {
    VEC_EACH (const Str, id, &ways->ends)
        if (str_eq(*id, way)) return true;
    return ways->ends_all;
}

/* Of which kind ways are: where the account lists them, how many it may have, and what is said. */
typedef struct WayKind {
    Str list;
    size_t most;
    const char *field, *known_code, *known, *many_code, *many;
} WayKind;

static const WayKind passkey_kind = {
    .list = {LD_DEFAULT "passkeys", sizeof LD_DEFAULT "passkeys" - 1},
    .most = PASSKEYS_MAX,
    .field = "passkey",
    .known_code = "passkey-known",
    .known = "This passkey is registered already: remove it where it is, or make another.",
    .many_code = "too-many-passkeys",
    .many = "An account has at most 20 passkeys: remove one first."};
static const WayKind outside_kind = {
    .list = {LD_DEFAULT "outsides", sizeof LD_DEFAULT "outsides" - 1},
    .most = OUTSIDES_MAX,
    .field = "outside",
    .known_code = "outside-known",
    .known = "This sign-in is an account's already: come in by it, or unlink it there.",
    .many_code = "too-many-outside",
    .many = "An account is linked to at most 16 outside sign-ins: unlink one first."};

/* Under its id lies nothing, or what an account left that was erased since. */
static Rc way_add(Ctx *ctx, Stage *stage, const WayKind *kind, const AccountWays *ways,
                  StrVec *all) {
    const Entity *way = ways->add, *before = stage_entity(stage, way->id);
    if (before ? before->version != ways->over : ways->over != 0)
        return ctx_fail(ctx, RC_CONFLICT, kind->known_code, str_of(kind->field), "%s", kind->known);
    if (all->len >= kind->most)
        return ctx_fail(ctx, RC_CONFLICT, kind->many_code, str_of(kind->field), "%s", kind->many);
    vec_push(ctx->arena, all, way->id);
    Delta delta = {.op = DELTA_PUT, .id = way->id, .after = entity_dup(ctx->arena, way)};
    stage_put(stage, &delta);
    return RC_OK;
}

/* What an account changes of its ways of one kind. */
typedef struct Changing {
    Str account;
    const WayKind *kind;
    const AccountWays *ways;
} Changing;

/* The account lists those it has: one that is not listed lets nobody in. */
static Rc ways_apply(Ctx *ctx, Stage *stage, const Changing *changing, Entity *after) {
    const AccountWays *ways = changing->ways;
    Str list = changing->kind->list;
    const Json *old = list_of(stage_entity(stage, changing->account), list);
    StrVec all = {0};
    if (!ways->add && !ways->ends.len && !ways->ends_all) return RC_OK;
    for (size_t i = 0; old && i < old->len; i++)
        if (!ends(ways, json_str(json_at(old, i))))
            vec_push(ctx->arena, &all, json_str(json_at(old, i)));
    if (ways->add) TRY(way_add(ctx, stage, changing->kind, ways, &all));
    VEC_EACH (const Str, id, &ways->ends)
        if (stage_entity(stage, *id)) stage_put(stage, &(Delta){.op = DELTA_DELETE, .id = *id});
    entity_set(ctx->arena, after, list, account_list(ctx->arena, &all));
    return RC_OK;
}

static const Entity *newest(const Entity *before, const Entity *after, Str iri) {
    return entity_attr(after, iri) ? after : before;
}

/* What ends must not be the last by which he comes in. A code that waits is no way: it ends by
   itself. One that this change makes is. */
static Rc way_left(Ctx *ctx, const Entity *before, const Entity *after) {
    Str password = GATE_IRI("passwordHash");
    bool left = account_has_password(newest(before, after, password)) ||
                !str_empty(entity_text(after, GATE_IRI("recoveryCode")));
    const WayKind *const kinds[] = {&passkey_kind, &outside_kind};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const Json *list = list_of(newest(before, after, kinds[i]->list), kinds[i]->list);
        left |= list && list->len;
    }
    if (left) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "last-way", STR("id"),
                    "You could not come in any more: register a passkey first.");
}

Rc account_changed(Ctx *ctx) {
    return ctx_fail(ctx, RC_DENIED, "account-changed", STR("password"),
                    "The account was changed at this moment: sign in again.");
}

/* Computed on the newest state: nothing but what is named is touched. */
static Rc account_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartAccount *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (!before)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-account", part->id, "There is no such account.");
    if (part->version && before->version != part->version) return account_changed(ctx);
    Entity *after = entity_new(ctx->arena, part->id, STR(ACCOUNT_TYPE));
    for (size_t i = 0; part->set && i < part->set->attrs.len; i++)
        entity_set(ctx->arena, after, part->set->attrs.items[i].name,
                   *part->set->attrs.items[i].value);
    if (part->revoke.len)
        entity_set(ctx->arena, after, GATE_IRI("revokedTokens"),
                   revoked_with(ctx->arena, before, &part->revoke));
    if (part->ends_code && !str_empty(entity_text(before, GATE_IRI("recoveryCode")))) {
        entity_set(ctx->arena, after, GATE_IRI("recoveryCode"), json_of_str(STR_NONE));
        entity_set(ctx->arena, after, GATE_IRI("recoveryUntil"), json_of_str(STR_NONE));
    }
    TRY(ways_apply(ctx, stage, &(Changing){part->id, &passkey_kind, &part->passkeys}, after));
    TRY(ways_apply(ctx, stage, &(Changing){part->id, &outside_kind, &part->outsides}, after));
    if (part->passkeys.ends.len || part->outsides.ends.len) TRY(way_left(ctx, before, after));
    Delta delta = {.op = DELTA_CHANGE, .id = part->id, .after = after};
    stage_put(stage, &delta);
    return RC_OK;
}

static const PartKind part_account = {"account.change", 1, NULL, account_apply};

static Str channel_of(const Actor *actor) {
    if (actor->kind == ACTOR_SYSTEM) return STR("cli");
    return actor->token ? STR("api") : STR("web");
}

static void ways_take(Command *command, const AccountWays *from, AccountWays *to) {
    Arena *arena = command_arena(command);
    to->ends_all = from->ends_all;
    to->over = from->over;
    if (from->add) {
        to->add = entity_dup(arena, from->add);
        command_needs(command, to->add->id);
    }
    VEC_EACH (const Str, id, &from->ends) {
        vec_push(arena, &to->ends, str_dup(arena, *id));
        command_needs(command, *id);
    }
}

/* Posts that have a holder from today on. */
void held_add(const Ctx *ctx, Command *command, const StrVec *posts) {
    VEC_EACH (const Str, post, posts)
        gate_duty_back(ctx, command, *post, time_jst_date(time_now(ctx->clock)), (Date){0});
}

void held_changed(Ctx *ctx, const StrVec *posts) {
    VEC_EACH (const Str, post, posts)
        gate_duty_changed(ctx, *post);
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
    part->version = change->version;
    part->ends_code = change->ends_code;
    if (change->set) part->set = entity_dup(arena, change->set);
    VEC_EACH (const Str, id, &change->revoke)
        vec_push(arena, &part->revoke, str_dup(arena, *id));
    ways_take(command, &change->passkeys, &part->passkeys);
    ways_take(command, &change->outsides, &part->outsides);
    gate_guard(ctx, command);
    command_needs(command, part->id);
    command_add(command, &part_account, part);
    held_add(ctx, command, &change->held);
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    holders_changed(ctx, change->id);
    held_changed(ctx, &change->held);
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
    Actor rights = {0};
    account_rights(ctx->arena, account, &rights);
    TRY(account_alone(ctx, rights.roles, posts));
    Entity *set = empty(ctx, id);
    entity_set(ctx->arena, set, GATE_IRI("posts"), account_list(ctx->arena, posts));
    AccountChange change = {.kind = "account.posts", .id = id, .set = set};
    VEC_EACH (const Str, post, posts)
        if (!account_holds(account, *post)) vec_push(ctx->arena, &change.held, *post);
    TRY(account_change(ctx, &change));
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
    } else if (account_disabled(account)) {
        account_strings(ctx->arena, account, GATE_IRI("posts"), &change.held);
    }
    TRY(account_change(ctx, &change));
    authority_changed(ctx->tenant->gate);
    if (!disabled) return RC_OK;
    StrVec late = {0}; /* one may have come between the list and the commit */
    tokens_of(ctx, id, &late);
    TRY(sessions_end(ctx, id));
    return tokens_end(ctx, &late);
}

Rc gate_account_password(Ctx *ctx, Str id, Str password) {
    Str hash, now = time_format(ctx->arena, time_now(ctx->clock));
    const Entity *account;
    TRY(account_read(ctx, id, &account));
    if (str_eq(entity_text(account, GATE_IRI("accountKind")), STR("service")))
        return ctx_fail(ctx, RC_INVALID, "no-sign-in", STR("login"),
                        "A service signs in nowhere: give it a token.");
    PasswordFor whose = {.login = entity_text(account, GATE_IRI("login")),
                         .name = entity_text(account, GATE_IRI("displayName"))};
    TRY(password_check(ctx, &whose, password));
    TRY(password_hash(ctx, password, &hash));
    Entity *set = empty(ctx, id);
    entity_set(ctx->arena, set, GATE_IRI("passwordHash"), json_of_str(hash));
    account_first(ctx, set);
    entity_set(ctx->arena, set, GATE_IRI("sessionsFrom"), json_of_str(now));
    AccountChange change = {.kind = "account.password",
                            .id = id,
                            .set = set,
                            .passkeys.ends_all = true,
                            .outsides.ends_all = true};
    account_strings(ctx->arena, account, GATE_IRI("passkeys"), &change.passkeys.ends);
    account_strings(ctx->arena, account, GATE_IRI("outsides"), &change.outsides.ends);
    entity_set(ctx->arena, set, GATE_IRI("identityProof"),
               json_of_str(gate_proof_word(PROOF_DECLARED)));
    entity_set(ctx->arena, set, GATE_IRI("identityCheckedAt"), json_of_str(STR_NONE));
    entity_set(ctx->arena, set, GATE_IRI("recoveryCode"), json_of_str(STR_NONE));
    TRY(account_change(ctx, &change));
    TRY(sessions_end(ctx, id));
    return passkey_rows_end(ctx, &change.passkeys.ends);
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
                            .demo = account_demo(account),
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
