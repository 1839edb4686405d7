#include "gate_int.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { LOGIN_MAX = 200, ACCOUNT_ID = 26 };

static const char *const kind_names[] = {
    [ACTOR_NOBODY] = "nobody",   [ACTOR_RESIDENT] = "resident", [ACTOR_STAFF] = "staff",
    [ACTOR_SERVICE] = "service", [ACTOR_SYSTEM] = "system",
};

static ActorKind kind_of(Str name) {
    for (unsigned kind = 0; kind <= ACTOR_SYSTEM; kind++)
        if (str_eq(name, str_of(kind_names[kind]))) return (ActorKind)kind;
    return ACTOR_NOBODY;
}

static Str account_suffix(Ctx *ctx, Str login) {
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("login"), login);
    return hash_base32(ctx->arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ACCOUNT_ID);
}

Str account_id(Ctx *ctx, Str login) {
    Str suffix = account_suffix(ctx, login);
    return str_fmt(ctx->arena, "urn:ngsi-ld:Account:" STR_FMT, STR_ARG(suffix));
}

Rc gate_account_find(Ctx *ctx, Str login, Str *id) {
    const Entity *account;
    *id = account_id(ctx, login);
    return ledger_entity(ctx, ctx->tenant->ledger, *id, &account);
}

Rc account_load(Ctx *ctx, Str id, const Entity **out) {
    *out = NULL;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, id, out);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

Rc account_verify(Ctx *ctx, const Entity *account, Str password) {
    Str hash = account ? entity_text(account, IRI("passwordHash")) : STR_NONE;
    if (password_matches(ctx->arena, hash, password) && !account_disabled(account)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "wrong-password", STR("password"),
                    "Login and password do not belong together.");
}

/* ---- records ---- */

Json account_list(Arena *arena, const StrVec *strings) {
    Json *items = NEW_ARRAY(arena, Json, strings->len + 1);
    for (size_t i = 0; i < strings->len; i++)
        items[i] = json_of_str(strings->items[i]);
    return json_of_items(items, strings->len);
}

Rc account_official(Ctx *ctx, Str kind) {
    if (str_eq(kind, STR("staff"))) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-official", STR("posts"),
                    "This account is a " STR_FMT "'s: only an official's, of kind staff, holds "
                    "posts.",
                    STR_ARG(kind));
}

Rc account_posts_check(Ctx *ctx, const StrVec *posts) {
    VEC_EACH (const Str, post, posts)
        if (!gate_post(ctx->tenant->gate, *post))
            return ctx_fail(ctx, RC_INVALID, "no-post", *post,
                            "The organisation has no such post.");
    return RC_OK;
}

unsigned posts_roles(const Gate *gate, const StrVec *posts) {
    unsigned roles = 0;
    VEC_EACH (const Str, id, posts) {
        const GatePost *post = gate_post(gate, *id);
        if (post) roles |= post->roles;
    }
    return roles;
}

Rc account_alone(Ctx *ctx, unsigned own, const StrVec *posts) {
    unsigned all = own | posts_roles(ctx->tenant->gate, posts);
    if (!(all & 1u << ROLE_CONTRACTOR) || all == 1u << ROLE_CONTRACTOR) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "contractor-alone", STR("posts"),
                    "A contractor (指定管理者) sees its own work alone: its account has no other "
                    "role, and no post of the city's beside.");
}

static Rc account_check(Ctx *ctx, const GateAccount *account) {
    if (str_empty(account->login) || account->login.len > LOGIN_MAX)
        return ctx_fail(ctx, RC_INVALID, "bad-login", STR("login"), "A login has 1 to %d bytes.",
                        LOGIN_MAX);
    if (account->posts.len) TRY(account_official(ctx, str_of(kind_names[account->kind])));
    TRY(account_posts_check(ctx, &account->posts));
    unsigned own = 0;
    VEC_EACH (const Str, name, &account->roles) {
        GateRole role = gate_role_of(*name);
        if (role == ROLE_COUNT)
            return ctx_fail(ctx, RC_INVALID, "no-role", *name, "There is no such role.");
        own |= 1u << role;
    }
    return account_alone(ctx, own, &account->posts);
}

void account_first(Ctx *ctx, Entity *account) {
    Str until = time_format(ctx->arena, time_now(ctx->clock) + GATE_FIRST_LASTS);
    entity_set(ctx->arena, account, IRI("passwordUntil"), json_of_str(until));
}

static Entity *account_entity(Ctx *ctx, const GateAccount *account, Str id, Str hash) {
    Arena *arena = ctx->arena;
    Entity *entity = entity_new(arena, id, STR(ACCOUNT_TYPE));
    entity_set(arena, entity, IRI("accountKind"), json_of_str(str_of(kind_names[account->kind])));
    entity_set(arena, entity, IRI("login"), json_of_str(account->login));
    entity_set(arena, entity, IRI("displayName"), json_of_str(account->name));
    if (!str_empty(hash)) entity_set(arena, entity, IRI("passwordHash"), json_of_str(hash));
    if (account->posts.len)
        entity_set(arena, entity, IRI("posts"), account_list(arena, &account->posts));
    if (account->roles.len)
        entity_set(arena, entity, IRI("roles"), account_list(arena, &account->roles));
    entity_set(arena, entity, IRI("demo"), json_of_bool(account->demo));
    if (account->first) account_first(ctx, entity);
    return entity;
}

Rc gate_account_create(Ctx *ctx, const GateAccount *account, Str *id) {
    Str hash = STR_NONE;
    TRY(account_check(ctx, account));
    if (!str_empty(account->password)) {
        PasswordFor whose = {.login = account->login, .name = account->name};
        TRY(password_check(ctx, &whose, account->password));
        TRY(password_hash(ctx, account->password, &hash));
    }
    *id = account_id(ctx, account->login);
    const Actor *actor = gate_actor(ctx);
    bool counter = actor->kind == ACTOR_STAFF;
    Command *command = command_new(ctx->tenant->ledger,
                                   (CommandHead){.kind = STR("account.create"),
                                                 .actor = actor->id,
                                                 .post = actor->post,
                                                 .channel = counter ? STR("counter") : STR("cli")});
    if (counter) gate_guard(ctx, command);
    Arena *arena = command_arena(command);
    Entity *after = entity_dup(arena, account_entity(ctx, account, *id, hash));
    command_put(command, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after}, PUT_ABSENT, 0);
    held_add(ctx, command, &account->posts);
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    if (rc == RC_CONFLICT)
        return ctx_fail(ctx, rc, "login-taken", STR("login"),
                        "This login is taken: choose another one.");
    holders_changed(ctx, *id);
    held_changed(ctx, &account->posts);
    return rc;
}

bool account_has_password(const Entity *account) {
    return !str_empty(entity_text(account, IRI("passwordHash")));
}

GateProof account_proof(const Entity *account) {
    GateProof proof = gate_proof_of(entity_text(account, IRI("identityProof")));
    return proof == PROOF_LEVELS ? PROOF_DECLARED : proof;
}

Entity *account_outside(Ctx *ctx, Str name, Str outside, GateProof proof) {
    StrVec outsides = {0};
    vec_push(ctx->arena, &outsides, outside);
    GateAccount account = {
        .login = rand_id(ctx->rand, ctx->arena, ACCOUNT_ID), .kind = ACTOR_RESIDENT, .name = name};
    Entity *entity = account_entity(ctx, &account, account_id(ctx, account.login), STR_NONE);
    entity_set(ctx->arena, entity, IRI("outsides"), account_list(ctx->arena, &outsides));
    entity_set(ctx->arena, entity, IRI("identityProof"), json_of_str(gate_proof_word(proof)));
    return entity;
}

/* ---- sessions ---- */

void account_strings(Arena *arena, const Entity *account, Str iri, StrVec *out) {
    const Attr *attr = entity_attr(account, iri);
    bool list = attr && attr->value && attr->value->kind == JSON_ARRAY;
    for (size_t i = 0; list && i < attr->value->len; i++)
        vec_push(arena, out, str_dup(arena, json_str(json_at(attr->value, i))));
}

void account_rights(Arena *arena, const Entity *account, Actor *actor) {
    StrVec roles = {0};
    actor->kind = kind_of(entity_text(account, IRI("accountKind")));
    account_strings(arena, account, IRI("roles"), &roles);
    VEC_EACH (const Str, role, &roles)
        if (gate_role_of(*role) != ROLE_COUNT) actor->roles |= 1u << gate_role_of(*role);
    if (actor->kind != ACTOR_RESIDENT) return;
    Str suffix = str_sub(account->id, account->id.len - ACCOUNT_ID, account->id.len);
    actor->roles |= 1u << ROLE_RESIDENT;
    actor->person = str_fmt(arena, "urn:ngsi-ld:Person:" STR_FMT, STR_ARG(suffix));
}

Rc account_session(Ctx *ctx, const Entity *account, GateSession **out) {
    Arena *arena = arena_new(1 << 16);
    GateSession *session = NEW(arena, GateSession);
    Actor rights = {0};
    account_rights(arena, account, &rights);
    *session = (GateSession){.arena = arena,
                             .account = str_dup(arena, account->id),
                             .person = rights.person,
                             .name = str_dup(arena, entity_text(account, IRI("displayName"))),
                             .drafts = str_dup(arena, entity_text(account, IRI("draftKey"))),
                             .kind = rights.kind,
                             .own_roles = rights.roles,
                             .first = account_first_until(account) != TIME_NONE,
                             .stepped_up_at = TIME_NONE};
    account_strings(arena, account, IRI("posts"), &session->posts);
    if (session->posts.len) session->post = session->posts.items[0];
    session->started_at = session->seen_at = session->kept_at = time_now(ctx->clock);
    session->demo = account_demo(account);
    session->keyed = account_has_passkey(account);
    *out = session;
    return RC_OK;
}
