/* passkey: credentials of the accounts, by which they come in and confirm who they are. A passkey
   is an entity whose id is a keyed hash of its credential's, so it is found, and unique over all
   accounts, without an index; its account lists it. */
#include "gate_int.h"
#include "webauthn.h"

#include <stdlib.h>

#define PASSKEYS SPACE(STORE_LOCAL, "passkey")

enum { PASSKEY_ID = 26, USER_BYTES = 32, NAME_MAX_CHARS = 60, NAME_MAX_BYTES = 400 };

static const char id_head[] = "urn:ngsi-ld:Passkey:";

/* ---- as it is kept ---- */

typedef struct Passkey {
    Str id, account, user, host;
    Str credential; /* base64url */
    WebauthnKey key;
} Passkey;

static Str passkey_id(Ctx *ctx, Str credential) {
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, STR("passkey"), credential);
    Str bytes = {(const char *)digest.bytes, sizeof digest.bytes};
    Str parts[] = {str_of(id_head), hash_base32(ctx->arena, bytes, PASSKEY_ID)};
    return str_join(ctx->arena, parts, 2, STR(""));
}

/* By which it is named to people. */
static Str short_id(Str id) {
    return str_sub(id, sizeof id_head - 1, id.len);
}

static Entity *passkey_entity(Ctx *ctx, const Passkey *passkey, Str name) {
    Arena *arena = ctx->arena;
    Entity *entity = entity_new(arena, passkey->id, STR(PASSKEY_TYPE));
    const struct {
        Str iri;
        Json value;
    } rows[] = {
        {GATE_IRI("passkeyAccount"), json_of_str(passkey->account)},
        {GATE_IRI("passkeyName"), json_of_str(name)},
        {GATE_IRI("passkeyHost"), json_of_str(passkey->host)},
        {GATE_IRI("userHandle"), json_of_str(passkey->user)},
        {GATE_IRI("credentialId"), json_of_str(passkey->credential)},
        {GATE_IRI("publicKey"), json_of_str(hash_base64url(arena, passkey->key.bytes))},
        {GATE_IRI("keyAlgorithm"), json_of_int(passkey->key.algorithm)},
        {GATE_IRI("signCount"), json_of_int(passkey->key.count)},
        {GATE_IRI("backedUp"), json_of_int(passkey->key.backed_up)},
        {GATE_IRI("addedAt"), json_of_str(time_format(arena, time_now(ctx->clock)))},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        entity_set(arena, entity, rows[i].iri, rows[i].value);
    return entity;
}

/* RC_NOT_FOUND: there is none of this id, or its account was erased. */
static Rc passkey_load(Ctx *ctx, Str id, Passkey *out, const Entity **entity) {
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, entity));
    *out = (Passkey){.id = id,
                     .account = entity_text(*entity, GATE_IRI("passkeyAccount")),
                     .user = entity_text(*entity, GATE_IRI("userHandle")),
                     .host = entity_text(*entity, GATE_IRI("passkeyHost")),
                     .credential = entity_text(*entity, GATE_IRI("credentialId")),
                     .key = {.algorithm = (int)entity_int(*entity, GATE_IRI("keyAlgorithm"), 0),
                             .count = (uint32_t)entity_int(*entity, GATE_IRI("signCount"), 0),
                             .backed_up = entity_int(*entity, GATE_IRI("backedUp"), 0) != 0}};
    bool whole = hash_from_base64url(ctx->arena, entity_text(*entity, GATE_IRI("publicKey")),
                                     &out->key.bytes);
    return whole && !str_empty(out->key.bytes) ? RC_OK : RC_NOT_FOUND;
}

/* ---- its row of local.db: the counter, and when it was used ---- */

static Digest row_key(Str id) {
    return hash_sha256(id);
}

typedef struct Row {
    int64_t count, used;
} Row;

static Rc row_read(Ctx *ctx, Str text, Row *out) {
    const Json *json;
    TRY(json_read(ctx, text, JSON_LIMITS_DEFAULT, &json));
    *out = (Row){json_get_int(json, "count", 0), json_get_int(json, "used", TIME_NONE)};
    return RC_OK;
}

static Rc copied(Ctx *ctx, const Passkey *passkey, int64_t from, uint32_t to) {
    log_warn("gate",
             "passkey " STR_FMT " of " STR_FMT
             " was refused: its counter went from %lld to %u, so it may have been copied",
             STR_ARG(short_id(passkey->id)), STR_ARG(passkey->account), (long long)from, to);
    return ctx_fail(ctx, RC_DENIED, "passkey-copied", STR("passkey"),
                    "The passkey's counter went back, so it may have been copied: come in by "
                    "another one, remove it and register a new one, or ask at the counter.");
}

/* A passkey that was used, and the counter that its device told. */
typedef struct Use {
    const Passkey *passkey;
    uint32_t count;
} Use;

/* Within the batch, so that of two who come with one counter the second is refused (§7.2 step 22).
 */
static Rc row_move(Ctx *ctx, Batch *local, void *arg) {
    const Passkey *passkey = ((const Use *)arg)->passkey;
    uint32_t count = ((const Use *)arg)->count;
    Digest key = row_key(passkey->id);
    Str name = {(const char *)key.bytes, sizeof key.bytes}, text;
    Row row = {.count = passkey->key.count};
    Rc rc = batch_item(ctx, local, PASSKEYS, name, &text);
    if (rc == RC_OK) rc = row_read(ctx, text, &row);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    if ((count || row.count) && count <= row.count) return copied(ctx, passkey, row.count, count);
    JsonMember members[] = {{STR("count"), json_of_int(count)},
                            {STR("used"), json_of_int(time_now(ctx->clock))}};
    Json value = json_of_members(members, sizeof members / sizeof *members);
    Buf to = buf_new(ctx->arena, 1 << 10);
    json_write(&to, &value);
    return batch_put(ctx, local, PASSKEYS, &(Item){.key = name, .value = buf_str(&to)});
}

Rc passkey_rows_end(Ctx *ctx, const StrVec *ids) {
    VEC_EACH (const Str, id, ids) {
        Digest key = row_key(*id);
        TRY(session_store(ctx, ctx->tenant->gate, &(SessionRow){.space = PASSKEYS, .key = &key}));
    }
    return RC_OK;
}

static Rc used_at(Ctx *ctx, Str id, int64_t *out) {
    Digest key = row_key(id);
    Row row;
    Str text;
    *out = TIME_NONE;
    Rc rc = reader_item(ctx, ctx->db, PASSKEYS, (Str){(const char *)key.bytes, sizeof key.bytes},
                        &text);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(row_read(ctx, text, &row));
    *out = row.used;
    return RC_OK;
}

/* ---- those of an account ---- */

typedef VEC(Passkey) Passkeys;

/* The account of who is signed in, and its passkeys that are whole, with their entities. */
static Rc own_load(Ctx *ctx, const Entity **account, Passkeys *out, StrVec *ids) {
    const GateSession *session = session_own(ctx);
    *out = (Passkeys){0};
    if (!session) return session_none(ctx);
    TRY(ledger_entity(ctx, ctx->tenant->ledger, session->account, account));
    account_strings(ctx->arena, *account, GATE_IRI("passkeys"), ids);
    VEC_EACH (const Str, id, ids) {
        const Entity *entity;
        Passkey passkey;
        Rc rc = passkey_load(ctx, *id, &passkey, &entity);
        if (rc == RC_OK)
            vec_push(ctx->arena, out, passkey);
        else if (rc != RC_NOT_FOUND)
            return rc;
    }
    return RC_OK;
}

static Rc seen_of(Ctx *ctx, Str id, GatePasskeySeen *out) {
    const Entity *entity;
    Passkey passkey;
    TRY(passkey_load(ctx, id, &passkey, &entity));
    *out = (GatePasskeySeen){.id = short_id(id),
                             .name = entity_text(entity, GATE_IRI("passkeyName")),
                             .host = passkey.host};
    if (!time_parse(entity_text(entity, GATE_IRI("addedAt")), &out->added_at))
        out->added_at = TIME_NONE;
    return used_at(ctx, id, &out->used_at);
}

Rc gate_passkeys(Ctx *ctx, GatePasskeysSeen *out) {
    const Entity *account;
    Passkeys own;
    StrVec ids = {0};
    *out = (GatePasskeysSeen){0};
    if (!session_own(ctx)) return RC_OK; /* by a token one comes from no browser */
    TRY(own_load(ctx, &account, &own, &ids));
    VEC_EACH (const Passkey, passkey, &own) {
        GatePasskeySeen seen;
        TRY(seen_of(ctx, passkey->id, &seen));
        vec_push(ctx->arena, out, seen);
    }
    return RC_OK;
}

/* ---- what a page offers ---- */

/* As browsers write a host. */
static Str low(Arena *arena, Str host) {
    char *text = arena_zero(arena, host.len + 1, 1);
    for (size_t i = 0; i < host.len; i++)
        text[i] = (char)(host.ptr[i] >= 'A' && host.ptr[i] <= 'Z' ? host.ptr[i] + 32 : host.ptr[i]);
    return (Str){text, host.len};
}

static Str host_of(Arena *arena, Str header) {
    Str host = low(arena, host_name(header));
    return host_is_address(host) ? STR_NONE : host;
}

/* All passkeys of one account have the same, so that a device keeps one. */
static Str user_of(Ctx *ctx, const Passkeys *own) {
    char bytes[USER_BYTES];
    if (own->len) return own->items[0].user;
    rand_bytes(ctx->rand, bytes, sizeof bytes);
    return hash_base64url(ctx->arena, (Str){bytes, sizeof bytes});
}

static Rc own_offer(Ctx *ctx, GatePasskeyUse use, GatePasskeyOffer *out) {
    const Entity *account;
    Passkeys own;
    StrVec ids = {0};
    TRY(own_load(ctx, &account, &own, &ids));
    VEC_EACH (const Passkey, passkey, &own)
        if (str_eq(passkey->host, out->host)) vec_push(ctx->arena, &out->ids, passkey->credential);
    if (use != PASSKEY_ADD) return RC_OK;
    out->user = user_of(ctx, &own);
    out->login = entity_text(account, GATE_IRI("login"));
    out->name = entity_text(account, GATE_IRI("displayName"));
    return RC_OK;
}

Rc gate_passkey_offer(Ctx *ctx, GatePasskeyUse use, Str host, GatePasskeyOffer *out) {
    *out = (GatePasskeyOffer){.host = host_of(ctx->arena, host)};
    if (str_empty(out->host)) return RC_OK;
    if (use != PASSKEY_SIGN_IN && session_own(ctx)) TRY(own_offer(ctx, use, out));
    out->challenge = challenge_make(ctx, &(ChallengeOf){.use = use, .user = out->user});
    return RC_OK;
}

/* ---- what comes back ---- */

typedef struct Brought {
    Str host;
    WebauthnSaid said;
    Str credential, user; /* bytes */
} Brought;

/* Nothing is decoded beyond its bound. */
static bool decoded(Arena *arena, Str text, size_t max, Str *out) {
    return text.len <= (max * 4 + 2) / 3 && hash_from_base64url(arena, text, out) &&
           out->len <= max;
}

static Rc brought_read(Ctx *ctx, const GatePasskeySaid *said, Brought *out) {
    const struct {
        const char *member;
        Str text;
        size_t max;
        Str *to;
    } rows[] = {
        {"client", said->client, WEBAUTHN_CLIENT_MAX, &out->said.client},
        {"data", said->data, WEBAUTHN_DATA_MAX, &out->said.data},
        {"signature", said->signature, WEBAUTHN_SIGNATURE_MAX, &out->said.signature},
        {"credential", said->credential, WEBAUTHN_ID_MAX, &out->credential},
        {"user", said->user, WEBAUTHN_USER_MAX, &out->user},
    };
    *out = (Brought){.host = host_of(ctx->arena, said->host)};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!decoded(ctx->arena, rows[i].text, rows[i].max, rows[i].to))
            return ctx_fail(ctx, RC_INVALID, "bad-passkey", str_of(rows[i].member),
                            "This isn't base64url of at most %zu bytes: use the passkey once more, "
                            "or another one.",
                            rows[i].max);
    return RC_OK;
}

/* Of the browser, for this use, of now. */
static Rc client_check(Ctx *ctx, const GatePasskeySaid *said, const Brought *brought,
                       const ChallengeOf *of) {
    WebauthnClient client;
    Str parts[] = {said->secure ? STR("https://") : STR("http://"), low(ctx->arena, said->host)};
    WebauthnWanted wanted = {.type = of->use == PASSKEY_ADD ? "webauthn.create" : "webauthn.get",
                             .origin = str_join(ctx->arena, parts, 2, STR(""))};
    TRY(webauthn_client(ctx, brought->said.client, &client));
    Rc rc = webauthn_client_check(ctx, &client, &wanted);
    if (rc == RC_CONFLICT && !atomic_exchange(&ctx->tenant->gate->origin_said, true))
        log_warn("gate", STR_FMT " (said once)", STR_ARG(ctx->error.detail));
    TRY(rc);
    return challenge_take(ctx, of, client.challenge);
}

/* ---- adding and removing ---- */

bool passkey_wanted(const Gate *gate, const GateSession *session) {
    bool asked = (session->kind == ACTOR_STAFF && gate->staff_passkey) ||
                 (session->kind == ACTOR_RESIDENT && gate->resident_passkey);
    return session->authn < AUTHN_PASSKEY && (session->keyed || (asked && !session->demo));
}

bool gate_needs_passkey(const Ctx *ctx) {
    const GateSession *own = session_own(ctx);
    return own && passkey_wanted(ctx->tenant->gate, own);
}

bool gate_has_passkey(const Ctx *ctx) {
    return session_own(ctx) && session_own(ctx)->keyed;
}

/* Whoever has got hold of a password alone must not get past a passkey by registering another, nor
   confirm by it what another has begun. */
Rc passkey_enough(Ctx *ctx, GateAuthn shown) {
    if (!gate_has_passkey(ctx) || shown >= AUTHN_PASSKEY) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "needs-passkey", STR_NONE,
                    "Your account has a passkey: show it to confirm who you are.");
}

Rc passkey_shown(Ctx *ctx) {
    const GateSession *own = session_own(ctx);
    return own ? passkey_enough(ctx, own->authn) : RC_OK;
}

/* To be called when the account has changed. What can't be read now is found at the next start. */
static void keyed_tell(Ctx *ctx, Str id) {
    const Entity *account;
    if (account_load(ctx, id, &account) == RC_OK && account)
        authority_keyed(ctx->tenant->gate, id, account_has_passkey(account));
    else
        log_warn("gate", "whether an account has a passkey could not be read: " STR_FMT,
                 STR_ARG(ctx->error.detail));
}

Rc gate_passkey_permitted(Ctx *ctx) {
    if (!session_own(ctx)) return session_none(ctx);
    TRY(passkey_shown(ctx));
    if (gate_stepped_up(ctx, gate_actor(ctx)) || gate_by_code(ctx)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "needs-step-up", STR_NONE,
                    "Confirm your identity once more before you change how your account comes in.");
}

static Rc name_check(Ctx *ctx, Str name) {
    bool good = !text_is_blank(ctx->arena, name) && name.len <= NAME_MAX_BYTES &&
                str_utf8_len(name) <= NAME_MAX_CHARS;
    if (good) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "passkey-name", STR("name"),
                    "Give the passkey a name of 1 to %d characters, as of the device it is on.",
                    NAME_MAX_CHARS);
}

static Rc made_read(Ctx *ctx, const GatePasskeySaid *said, Passkey *out) {
    Brought brought;
    ChallengeOf of = {.use = PASSKEY_ADD, .user = said->user};
    TRY(brought_read(ctx, said, &brought));
    TRY(client_check(ctx, said, &brought, &of));
    *out =
        (Passkey){.account = session_own(ctx)->account, .user = said->user, .host = brought.host};
    TRY(webauthn_made(ctx, &brought.said, brought.host, &out->key));
    out->id = passkey_id(ctx, out->key.id);
    out->credential = hash_base64url(ctx->arena, out->key.id);
    return RC_OK;
}

Rc gate_passkey_add(Ctx *ctx, const GatePasskeySaid *said, Str name, Str *session_token) {
    Passkey made;
    TRY(gate_passkey_permitted(ctx));
    TRY(name_check(ctx, name));
    Str account = session_own(ctx)->account;
    TRY(gate_try(ctx, STR("passkey-add"), account));
    TRY(made_read(ctx, said, &made));
    AccountChange change = {.kind = "passkey.add",
                            .id = account,
                            .passkeys.add = passkey_entity(ctx, &made, str_trim(name)),
                            .ends_code = true};
    bool renews = gate_by_code(ctx);
    if (renews) TRY(recover_chosen(ctx, &change));
    TRY(account_change(ctx, &change));
    gate_try_right(ctx, STR("passkey-add"), account);
    keyed_tell(ctx, account);
    if (renews) return recover_go_on(ctx, MEANS_PASSKEY, session_token);
    const Entity *owner;
    Rc rc = account_load(ctx, account, &owner);
    if (rc == RC_OK)
        rc = session_stepped_up(ctx, owner, (SessionBy){.means = MEANS_PASSKEY}, session_token);
    if (rc == RC_OK) return RC_OK;
    log_warn("gate", "what somebody has shown was not written down: " STR_FMT,
             STR_ARG(ctx->error.detail));
    *session_token = STR_NONE;
    return RC_OK;
}

Rc gate_passkey_end(Ctx *ctx, Str id) {
    const Entity *account;
    Passkeys own;
    StrVec ids = {0};
    TRY(gate_passkey_permitted(ctx));
    TRY(own_load(ctx, &account, &own, &ids));
    AccountChange change = {.kind = "passkey.end", .id = account->id};
    VEC_EACH (const Str, one, &ids)
        if (str_eq(short_id(*one), id)) vec_push(ctx->arena, &change.passkeys.ends, *one);
    if (!change.passkeys.ends.len)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-passkey", STR("id"),
                        "This passkey was removed already, or is not yours.");
    TRY(account_change(ctx, &change));
    keyed_tell(ctx, account->id);
    return passkey_rows_end(ctx, &change.passkeys.ends);
}

/* ---- coming in ---- */

/* Whom a try is counted for: the account of the passkey, or the passkey where nobody has it. */
static Rc known_load(Ctx *ctx, const Brought *brought, Passkey *out, bool *known) {
    const Entity *entity;
    Str id = passkey_id(ctx, brought->credential);
    Rc rc = passkey_load(ctx, id, out, &entity);
    *known = rc == RC_OK && str_eq(out->host, brought->host);
    if (*known || (rc != RC_OK && rc != RC_NOT_FOUND)) return rc;
    *out = (Passkey){.id = id, .account = id, .key = webauthn_nobody()};
    return RC_OK;
}

/* A discoverable credential names whose it is, and has to name it right (§7.2 step 6). */
static bool user_good(Ctx *ctx, const Passkey *passkey, const Brought *brought, bool wanted) {
    Str user = hash_base64url(ctx->arena, brought->user);
    if (str_empty(brought->user)) return !wanted;
    return hash_same(user, passkey->user);
}

/* A key that is tried, whether it is known or not: the same is done. */
typedef struct Proof {
    Brought brought;
    Passkey passkey;
    bool known;
} Proof;

/* *account: NULL where it has gone. */
static Rc verify(Ctx *ctx, const Proof *proof, const Entity **account) {
    const Passkey *passkey = &proof->passkey;
    uint32_t count = 0;
    TRY(account_load(ctx, passkey->account, account));
    TRY(webauthn_signed(ctx, &proof->brought.said, proof->brought.host, &passkey->key, &count));
    bool in = proof->known && *account && !account_disabled(*account) &&
              account_comes_by(*account, passkey->id);
    if (!in) return webauthn_unknown(ctx);
    return gate_rows(ctx, ctx->tenant->gate, BATCH_DURABLE, row_move, &(Use){passkey, count});
}

/* One that is another's, or named as another's, is tried as one that nobody has. */
static void own_check(Ctx *ctx, GatePasskeyUse use, Proof *proof) {
    bool own = use == PASSKEY_SIGN_IN || str_eq(proof->passkey.account, gate_actor(ctx)->id);
    if (own && user_good(ctx, &proof->passkey, &proof->brought, use == PASSKEY_SIGN_IN)) return;
    proof->passkey.key = webauthn_nobody();
    proof->known = false;
}

static Rc prove(Ctx *ctx, const GatePasskeySaid *said, GatePasskeyUse use, const Entity **account) {
    Proof proof;
    Try tried;
    TRY(brought_read(ctx, said, &proof.brought));
    TRY(known_load(ctx, &proof.brought, &proof.passkey, &proof.known));
    TRY(client_check(ctx, said, &proof.brought, &(ChallengeOf){.use = use}));
    bool own = use == PASSKEY_STEP_UP;
    TRY(try_begin(ctx, own ? gate_actor(ctx)->id : proof.passkey.account, &tried));
    own_check(ctx, use, &proof);
    Rc rc = verify(ctx, &proof, account);
    try_end(ctx, &tried, rc);
    return rc;
}

Rc gate_passkey_sign_in(Ctx *ctx, const GatePasskeySaid *said, Str *session_token) {
    const Entity *account;
    TRY(prove(ctx, said, PASSKEY_SIGN_IN, &account));
    return session_begin(ctx, account, (SessionBy){.means = MEANS_PASSKEY}, session_token);
}

Rc gate_passkey_step_up(Ctx *ctx, const GatePasskeySaid *said, Str *session_token) {
    const Entity *account;
    if (!session_own(ctx)) return session_none(ctx);
    TRY(prove(ctx, said, PASSKEY_STEP_UP, &account));
    return session_stepped_up(ctx, account, (SessionBy){.means = MEANS_PASSKEY}, session_token);
}

int gate_passkey_retry_after(Ctx *ctx, const GatePasskeySaid *said) {
    Proof proof;
    if (brought_read(ctx, said, &proof.brought) != RC_OK ||
        known_load(ctx, &proof.brought, &proof.passkey, &proof.known) != RC_OK)
        return 1;
    return try_wait(ctx, proof.passkey.account);
}
