#include "gate_int.h"

#include <string.h>

#define CODES SPACE(STORE_LOCAL, "code")

enum { CODE_CHARS = 24, NAME_BYTES = 400, CHECKS_KEPT = 20, TRIES = 3 };

static const Str documents[] = {{"my-number-card", 14},
                                {"driving-licence", 15},
                                {"passport", 8},
                                {"residence-card", 14},
                                {"two-documents", 13}};

Str gate_document_at(size_t n) {
    return n < sizeof documents / sizeof *documents ? documents[n] : STR_NONE;
}

static Rc document_check(Ctx *ctx, Str document) {
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        if (str_eq(documents[i], document)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-document", STR("document"),
                    "Say by which document you have seen who it is.");
}

/* ---- whose it is ---- */

static Rc permitted(Ctx *ctx) {
    GateAsk ask = {.action = ACT_CONFIRM, .type = STR(ACCOUNT_TYPE), .class = CLASS_PERSONAL};
    return gate_check(ctx, &ask);
}

static Rc nobodys(Ctx *ctx) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-account", STR("find"),
                    "No resident's account belongs to this.");
}

/* What a counter sees of one is a look. */
static Rc looked(Ctx *ctx, const Entity *account, Str why) {
    Entity *shown = entity_new(ctx->arena, account->id, STR(ACCOUNT_TYPE));
    entity_set(ctx->arena, shown, GATE_IRI("displayName"),
               json_of_str(entity_text(account, GATE_IRI("displayName"))));
    shown->whole = account;
    const Entity *one = shown;
    return gate_look(ctx, &one, 1, why);
}

static size_t list_len(const Entity *account, Str iri) {
    const Attr *attr = entity_attr(account, iri);
    return attr && attr->value && attr->value->kind == JSON_ARRAY ? attr->value->len : 0;
}

static int64_t code_until(const Ctx *ctx, const Entity *account) {
    int64_t until;
    bool waits = !str_empty(entity_text(account, GATE_IRI("recoveryCode"))) &&
                 time_parse(entity_text(account, GATE_IRI("recoveryUntil")), &until) &&
                 time_now(ctx->clock) < until;
    return waits ? until : TIME_NONE;
}

static Rc owner_fill(Ctx *ctx, const Entity *account, GateOwner *out) {
    Actor rights = {0};
    if (!account || account_erased(account)) return nobodys(ctx);
    account_rights(ctx->arena, account, &rights);
    if (rights.kind != ACTOR_RESIDENT) return nobodys(ctx);
    *out = (GateOwner){.id = account->id,
                       .person = rights.person,
                       .name = entity_text(account, GATE_IRI("displayName")),
                       .proof = account_proof(account),
                       .disabled = account_disabled(account),
                       .password = account_has_password(account),
                       .passkeys = list_len(account, GATE_IRI("passkeys")),
                       .links = list_len(account, GATE_IRI("outsides")),
                       .code_until = code_until(ctx, account)};
    return RC_OK;
}

static Rc owner_of(Ctx *ctx, const Entity *account, GateOwner *out) {
    TRY(owner_fill(ctx, account, out));
    return looked(ctx, account, STR(GATE_OWNER_WHY));
}

/* Logins can't be tried out from a counter either. */
Rc gate_owner_login(Ctx *ctx, Str login, GateOwner *out) {
    const Entity *account;
    TRY(permitted(ctx));
    TRY(gate_try(ctx, STR("owner-find"), gate_actor(ctx)->id));
    TRY(account_load(ctx, account_id(ctx, login), &account));
    TRY(owner_of(ctx, account, out));
    gate_try_right(ctx, STR("owner-find"), gate_actor(ctx)->id);
    return RC_OK;
}

#define PERSON_HEAD  "urn:ngsi-ld:Person:"
#define ACCOUNT_HEAD "urn:ngsi-ld:Account:"

Rc gate_owner_person(Ctx *ctx, Str person, GateOwner *out) {
    const Entity *account;
    Str whose;
    TRY(permitted(ctx));
    TRY(gate_whose(ctx, person, &whose));
    if (!str_starts(whose, STR(PERSON_HEAD))) return nobodys(ctx);
    Str suffix = str_sub(whose, sizeof PERSON_HEAD - 1, whose.len);
    TRY(account_load(ctx, str_fmt(ctx->arena, ACCOUNT_HEAD STR_FMT, STR_ARG(suffix)), &account));
    return owner_of(ctx, account, out);
}

Rc gate_owner_account(Ctx *ctx, Str account, GateOwner *out) {
    const Entity *entity;
    TRY(permitted(ctx));
    TRY(account_load(ctx, account, &entity));
    return owner_of(ctx, entity, out);
}

/* ---- codes: a row of local.db leads from one to its account, which alone says that it holds ----
 */

static Digest code_hash(Ctx *ctx, Str code) {
    return ledger_keyed_hash(ctx->tenant->ledger, STR("recovery-code"), code);
}

typedef struct CodeRow {
    Digest key;
    Str account;
    int64_t until;
} CodeRow;

static Rc row_write(Ctx *ctx, Batch *local, void *arg) {
    const CodeRow *row = arg;
    Item item = {.key = {(const char *)row->key.bytes, sizeof row->key.bytes},
                 .value = row->account,
                 .expires = row->until};
    return batch_put(ctx, local, CODES, &item);
}

/* A code for this account, and what it has of it. */
static Str code_make(Ctx *ctx, Entity *set, CodeRow *row) {
    Str code = rand_id(ctx->rand, ctx->arena, CODE_CHARS);
    *row = (CodeRow){.key = code_hash(ctx, code),
                     .account = set->id,
                     .until = time_now(ctx->clock) + GATE_CODE_LASTS};
    entity_set(ctx->arena, set, GATE_IRI("recoveryCode"),
               json_of_str(hash_digest_hex(ctx->arena, &row->key)));
    entity_set(ctx->arena, set, GATE_IRI("recoveryUntil"),
               json_of_str(time_format(ctx->arena, row->until)));
    return code;
}

/* ---- what a counter has made sure of ---- */

bool account_known(const Entity *account) {
    return !str_empty(entity_text(account, GATE_IRI("identityCheckedAt")));
}

/* Which post, by what, and what for; who it was stands in the ledger. */
static Json check_value(Ctx *ctx, Str document, bool opened, bool links) {
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 5);
    members[0] =
        (JsonMember){STR("at"), json_of_str(time_format(ctx->arena, time_now(ctx->clock)))};
    members[1] = (JsonMember){STR("post"), json_of_str(gate_actor(ctx)->post)};
    members[2] = (JsonMember){STR("document"), json_of_str(document)};
    members[3] = (JsonMember){STR("opened"), json_of_bool(opened)};
    members[4] = (JsonMember){STR("links"), json_of_bool(links)};
    return json_of_members(members, 5);
}

static void check_add(Ctx *ctx, const Entity *account, Json check, Entity *set) {
    const Attr *attr = account ? entity_attr(account, GATE_IRI("identityChecks")) : NULL;
    JsonItems items = {0};
    vec_push(ctx->arena, &items, check);
    for (size_t i = 0; attr && attr->value && i < attr->value->len && items.len < CHECKS_KEPT; i++)
        vec_push(ctx->arena, &items, *json_at(attr->value, i));
    Str now = time_format(ctx->arena, time_now(ctx->clock));
    entity_set_kind(ctx->arena, set, ATTR_JSON, GATE_IRI("identityChecks"),
                    json_of_items(items.items, items.len));
    entity_set(ctx->arena, set, GATE_IRI("identityCheckedAt"), json_of_str(now));
    entity_set(ctx->arena, set, GATE_IRI("identityProof"),
               json_of_str(gate_proof_word(PROOF_CHECKED)));
}

Rc gate_checks(Ctx *ctx, GateChecks *out) {
    const Entity *account;
    *out = (GateChecks){0};
    if (!session_own(ctx)) return RC_OK; /* by a token one comes from no browser */
    TRY(account_load(ctx, session_own(ctx)->account, &account));
    const Attr *attr = account ? entity_attr(account, GATE_IRI("identityChecks")) : NULL;
    for (size_t i = 0; attr && attr->value && i < attr->value->len; i++) {
        const Json *one = json_at(attr->value, i);
        GateCheck check = {.post = json_get_str(one, "post"),
                           .document = json_get_str(one, "document"),
                           .opened = json_get_bool(one, "opened", false),
                           .links = json_get_bool(one, "links", false)};
        if (time_parse(json_get_str(one, "at"), &check.at)) vec_push(ctx->arena, out, check);
    }
    return RC_OK;
}

/* ---- recovering ---- */

static Rc account_may(Ctx *ctx, const Entity *account) {
    if (!account_disabled(account)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "disabled", account->id,
                    "This account was shut out: the operator lets it in again.");
}

static void ways_end(Ctx *ctx, const Entity *account, bool links, AccountChange *change) {
    Str now = time_format(ctx->arena, time_now(ctx->clock));
    Entity *set = (Entity *)(uintptr_t)change->set;
    entity_set(ctx->arena, set, GATE_IRI("passwordHash"), json_of_str(STR_NONE));
    entity_set(ctx->arena, set, GATE_IRI("passwordUntil"), json_of_str(STR_NONE));
    entity_set(ctx->arena, set, GATE_IRI("sessionsFrom"), json_of_str(now));
    change->passkeys.ends_all = true;
    account_strings(ctx->arena, account, GATE_IRI("passkeys"), &change->passkeys.ends);
    change->outsides.ends_all = links;
    if (links) account_strings(ctx->arena, account, GATE_IRI("outsides"), &change->outsides.ends);
    tokens_of(ctx, account->id, &change->revoke);
}

static Rc code_keep(Ctx *ctx, CodeRow *row) {
    return gate_rows(ctx, ctx->tenant->gate, BATCH_DURABLE, row_write, row);
}

/* The row first: a code of which the account knows nothing lets nobody in. */
static Rc recover_once(Ctx *ctx, const GateRecovery *recovery, GateOwner *owner, Str *code) {
    const Entity *account;
    CodeRow row;
    TRY(permitted(ctx));
    TRY(document_check(ctx, recovery->document));
    TRY(account_load(ctx, recovery->account, &account));
    TRY(owner_fill(ctx, account, owner));
    TRY(account_may(ctx, account));
    Entity *set = entity_new(ctx->arena, account->id, STR(ACCOUNT_TYPE));
    AccountChange change = {
        .kind = "account.recover", .id = account->id, .version = account->version, .set = set};
    *code = code_make(ctx, set, &row);
    check_add(ctx, account, check_value(ctx, recovery->document, false, recovery->links), set);
    ways_end(ctx, account, recovery->links, &change);
    TRY(code_keep(ctx, &row));
    TRY(account_change(ctx, &change));
    authority_keyed(ctx->tenant->gate, account->id, false);
    StrVec late = {0}; /* one may have come between the list and the commit */
    tokens_of(ctx, account->id, &late);
    TRY(sessions_end(ctx, account->id));
    TRY(tokens_end(ctx, &late));
    TRY(passkey_rows_end(ctx, &change.passkeys.ends));
    return looked(ctx, account, STR(GATE_RECOVER_WHY));
}

/* What changed the account meanwhile, as its owner's own sign-in may, is no fault of the
 * official's.
 */
Rc gate_recover(Ctx *ctx, const GateRecovery *recovery, GateOwner *owner, Str *code) {
    Rc rc = RC_OK;
    for (int i = 0; i < TRIES; i++) {
        rc = recover_once(ctx, recovery, owner, code);
        if (rc != RC_DENIED || !str_eq(ctx->error.code, STR("account-changed"))) return rc;
    }
    return ctx_fail(ctx, RC_BUSY, "account-changing", STR("account"),
                    "The account is being changed at this moment: press the button once more.");
}

Rc gate_open_account(Ctx *ctx, const GateOpening *opening, Str *code) {
    CodeRow row;
    Str id;
    TRY(permitted(ctx));
    TRY(document_check(ctx, opening->document));
    if (opening->name.len > NAME_BYTES)
        return ctx_fail(ctx, RC_INVALID, "name-long", STR("name"),
                        "A name has at most %d bytes: leave out what the document has beside it.",
                        NAME_BYTES);
    if (text_is_blank(ctx->arena, opening->name))
        return ctx_fail(ctx, RC_INVALID, "no-name", STR("name"),
                        "Write the name as the document has it.");
    GateAccount account = {.login = opening->login, .kind = ACTOR_RESIDENT, .name = opening->name};
    TRY(gate_account_create(ctx, &account, &id));
    Entity *set = entity_new(ctx->arena, id, STR(ACCOUNT_TYPE));
    *code = code_make(ctx, set, &row);
    check_add(ctx, NULL, check_value(ctx, opening->document, true, false), set);
    TRY(code_keep(ctx, &row));
    TRY(account_change(ctx, &(AccountChange){.kind = "account.open", .id = id, .set = set}));
    return looked(ctx, set, STR(GATE_OPEN_WHY));
}

/* ---- whoever has the code ---- */

static Rc wrong_code(Ctx *ctx) {
    return ctx_fail(ctx, RC_DENIED, "wrong-code", STR("code"),
                    "This code is wrong, was used, or is older than a day: ask at the counter for "
                    "another.");
}

static Rc code_find(Ctx *ctx, const Digest *key, const Entity **account) {
    Str id;
    Rc rc =
        reader_item(ctx, ctx->db, CODES, (Str){(const char *)key->bytes, sizeof key->bytes}, &id);
    if (rc == RC_NOT_FOUND) return wrong_code(ctx);
    TRY(rc);
    TRY(account_load(ctx, str_dup(ctx->arena, id), account));
    bool holds = *account && !account_disabled(*account) &&
                 code_until(ctx, *account) != TIME_NONE &&
                 hash_same(entity_text(*account, GATE_IRI("recoveryCode")),
                           hash_digest_hex(ctx->arena, key));
    return holds ? RC_OK : wrong_code(ctx);
}

/* Whoever entered it before and has not chosen is out: one at a time. */
Rc gate_code_use(Ctx *ctx, Str typed, Str *session_token) {
    const Entity *account = NULL;
    Digest key = code_hash(ctx, text_code(ctx->arena, typed));
    Str client = gate_actor(ctx)->client;
    TRY(gate_try(ctx, STR("code-use"), client));
    TRY(code_find(ctx, &key, &account));
    gate_try_right(ctx, STR("code-use"), client);
    TRY(sessions_end(ctx, account->id));
    return session_begin(ctx, account, (SessionBy){.means = MEANS_CODE}, session_token);
}

bool gate_by_code(const Ctx *ctx) {
    const GateSession *own = session_own(ctx);
    return own && own->means == MEANS_CODE && own->first;
}

Rc gate_code_waits(Ctx *ctx, int64_t *until) {
    const Entity *account;
    *until = TIME_NONE;
    if (!session_own(ctx)) return RC_OK; /* by a token one comes from no browser */
    TRY(account_load(ctx, session_own(ctx)->account, &account));
    if (account) *until = code_until(ctx, account);
    return RC_OK;
}

Rc gate_code_end(Ctx *ctx) {
    if (!session_own(ctx)) return session_none(ctx);
    return account_change(ctx, &(AccountChange){.kind = "account.code-end",
                                                .id = session_own(ctx)->account,
                                                .ends_code = true});
}

/* Whether the code that waits is the one by which he came: another one ends what began before it
   (sessionsFrom), and a session of before may live for a moment behind it. */
static bool by_this_code(const Ctx *ctx, const Entity *account) {
    const GateSession *own = session_own(ctx);
    return account && own && !str_empty(entity_text(account, GATE_IRI("recoveryCode"))) &&
           own->started_at >= account_sessions_from(account);
}

/* At the commit it is still the code by which he came, or he chooses nothing. */
Rc recover_chosen(Ctx *ctx, AccountChange *change) {
    const Entity *account;
    TRY(account_load(ctx, change->id, &account));
    if (!by_this_code(ctx, account)) return wrong_code(ctx);
    Entity *set = change->set ? entity_dup(ctx->arena, change->set)
                              : entity_new(ctx->arena, change->id, STR(ACCOUNT_TYPE));
    Str now = time_format(ctx->arena, time_now(ctx->clock));
    entity_set(ctx->arena, set, GATE_IRI("recoveryCode"), json_of_str(STR_NONE));
    entity_set(ctx->arena, set, GATE_IRI("recoveryUntil"), json_of_str(STR_NONE));
    entity_set(ctx->arena, set, GATE_IRI("sessionsFrom"), json_of_str(now));
    change->set = set;
    change->version = account->version;
    return RC_OK;
}

Rc recover_go_on(Ctx *ctx, GateMeans means, Str *session_token) {
    const Entity *account;
    Str id = session_own(ctx)->account;
    TRY(sessions_end(ctx, id));
    TRY(account_load(ctx, id, &account));
    if (!account) return session_none(ctx);
    return session_begin(ctx, account, (SessionBy){.means = means}, session_token);
}

Rc gate_renew_password(Ctx *ctx, Str wanted, Str *session_token) {
    const Entity *account;
    Str hash;
    if (!gate_by_code(ctx)) return session_none(ctx);
    TRY(account_load(ctx, session_own(ctx)->account, &account));
    if (!account) return session_none(ctx);
    PasswordFor whose = {.login = entity_text(account, GATE_IRI("login")),
                         .name = entity_text(account, GATE_IRI("displayName"))};
    TRY(password_check(ctx, &whose, wanted));
    TRY(password_hash(ctx, wanted, &hash));
    Entity *set = entity_new(ctx->arena, account->id, STR(ACCOUNT_TYPE));
    entity_set(ctx->arena, set, GATE_IRI("passwordHash"), json_of_str(hash));
    AccountChange change = {.kind = "account.renew", .id = account->id, .set = set};
    TRY(recover_chosen(ctx, &change));
    TRY(account_change(ctx, &change));
    return recover_go_on(ctx, MEANS_PASSWORD, session_token);
}
