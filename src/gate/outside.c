/* outside: accounts that come in by an outside provider. Who somebody is to it is an entity whose
   id is a keyed hash of provider and subject, so he is found, and one account's only, without an
   index; his account lists it. What has to be asked of the provider is asked step by step by the
   client's thread: nobody's thread waits for it. */
#include "gate_int.h"
#include "oidc.h"

#include <string.h>

enum { OUTSIDE_ID = 26, CODE_MOST = 4096, ONCE_CHARS = 26, STATE_HEAD = 2 };

static const char id_head[] = "urn:ngsi-ld:OutsideIdentity:";

/* ---- the axes ---- */

static const char *const authn_words[AUTHN_LEVELS] = {[AUTHN_NONE] = "none",
                                                      [AUTHN_MAIL] = "mail",
                                                      [AUTHN_PASSKEY] = "passkey",
                                                      [AUTHN_CERTIFICATE] = "certificate"};
static const char *const proof_words[PROOF_LEVELS] = {[PROOF_NONE] = "none",
                                                      [PROOF_DECLARED] = "declared",
                                                      [PROOF_CHECKED] = "checked",
                                                      [PROOF_SIGNED] = "signed"};

Str gate_authn_word(GateAuthn level) {
    return str_of(authn_words[level]);
}

GateAuthn gate_authn_of(Str word) {
    unsigned level = 0;
    while (level < AUTHN_LEVELS && !str_eq(word, str_of(authn_words[level])))
        level++;
    return (GateAuthn)level;
}

Str gate_proof_word(GateProof level) {
    return str_of(proof_words[level]);
}

GateProof gate_proof_of(Str word) {
    unsigned level = 0;
    while (level < PROOF_LEVELS && !str_eq(word, str_of(proof_words[level])))
        level++;
    return (GateProof)level;
}

GateAuthn gate_authn(const Ctx *ctx) {
    const GateSession *session = session_own(ctx);
    return session ? session->authn : AUTHN_NONE;
}

GateProof gate_proof(Ctx *ctx) {
    const GateSession *session = session_own(ctx);
    const Entity *account = NULL;
    if (!session || account_load(ctx, session->account, &account) != RC_OK || !account)
        return PROOF_NONE;
    return account_proof(account);
}

/* ---- providers ---- */

const GateProvider *gate_provider_at(const Gate *gate, size_t i) {
    const Providers *providers = gate->providers;
    return providers && i < providers->items.len ? &providers->items.items[i]->seen : NULL;
}

const GateProvider *gate_provider(const Gate *gate, Str id) {
    const Provider *provider = provider_of(gate->providers, id);
    return provider ? &provider->seen : NULL;
}

void gate_outside_stop(Tenant *tenant) {
    if (tenant->gate) providers_stop(tenant->gate->providers);
}

/* ---- as it is kept ---- */

typedef struct Identity {
    Str id, account, provider;
    GateProof proof;
    uint64_t version;
} Identity;

static Str keyed_text(Ctx *ctx, const char *use, const Provider *provider, Str of) {
    Str who[] = {provider->issuer, of};
    Str message = str_join(ctx->arena, who, 2, STR("\n"));
    Digest digest = ledger_keyed_hash(ctx->tenant->ledger, str_of(use), message);
    Str bytes = {(const char *)digest.bytes, sizeof digest.bytes};
    return hash_base32(ctx->arena, bytes, OUTSIDE_ID);
}

static Str identity_id(Ctx *ctx, const Provider *provider, Str subject) {
    Str parts[] = {str_of(id_head), keyed_text(ctx, "outside", provider, subject)};
    return str_join(ctx->arena, parts, 2, STR(""));
}

/* By which it is named to people. */
static Str short_id(Str id) {
    return str_sub(id, sizeof id_head - 1, id.len);
}

static Entity *identity_entity(Ctx *ctx, const Identity *identity) {
    Arena *arena = ctx->arena;
    Entity *entity = entity_new(arena, identity->id, STR(OUTSIDE_TYPE));
    const struct {
        Str iri, value;
    } rows[] = {
        {GATE_IRI("outsideAccount"), identity->account},
        {GATE_IRI("outsideProvider"), identity->provider},
        {GATE_IRI("identityProof"), gate_proof_word(identity->proof)},
        {GATE_IRI("addedAt"), time_format(arena, time_now(ctx->clock))},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        entity_set(arena, entity, rows[i].iri, json_of_str(rows[i].value));
    return entity;
}

static Rc identity_load(Ctx *ctx, Str id, Identity *out, const Entity **entity) {
    TRY(ledger_entity(ctx, ctx->tenant->ledger, id, entity));
    *out = (Identity){.id = id,
                      .account = entity_text(*entity, GATE_IRI("outsideAccount")),
                      .provider = entity_text(*entity, GATE_IRI("outsideProvider")),
                      .proof = gate_proof_of(entity_text(*entity, GATE_IRI("identityProof"))),
                      .version = (*entity)->version};
    return RC_OK;
}

/* ---- one way there, or back ---- */

/* What is done with the answer that is waited for. */
typedef Rc Take(GateOutside *outside, const HttpReply *reply);

struct GateOutside {
    Ctx *ctx;
    Provider *provider;
    GateOutsideUse use;
    bool returning, told, tokened, trying; /* told, tokened: about, tokens are there */
    ProviderAbout about;
    OidcWay way;
    Str issuer; /* as the browser brought it */
    OidcTokens tokens;
    OidcPerson person;
    OidcLogout logout;
    Try tried;
    Str url;
    Take *take;
    GateOutsideDone *done;
    void *arg;
};

static void step(GateOutside *outside);

static void end(GateOutside *outside, Rc rc) {
    Ctx *ctx = outside->ctx;
    Str code = ctx->error.code;
    bool stopped = str_eq(code, STR("outside-stopped")); /* which is no failure */
    bool theirs = str_starts(code, STR("outside-")) && !stopped;
    if (outside->trying) try_end(ctx, &outside->tried, rc);
    bool out = outside->use == OUTSIDE_LOGOUT;
    if (rc != RC_OK && outside->provider && theirs)
        provider_tell(ctx, outside->provider, out ? "a sign-out" : "a sign-in");
    outside->done(outside->arg, outside, rc);
}

static void replied(void *arg, const HttpReply *reply) {
    GateOutside *outside = arg;
    Rc rc = outside->take(outside, reply);
    if (rc == RC_OK)
        step(outside);
    else
        end(outside, rc);
}

static Rc about_take(GateOutside *outside, const HttpReply *reply) {
    return provider_about_take(outside->ctx, outside->provider, reply);
}

/* The reply goes when this returns. */
static Rc tokens_take(GateOutside *outside, const HttpReply *reply) {
    HttpReply kept = *reply;
    kept.body = str_dup(outside->ctx->arena, reply->body);
    TRY(oidc_tokens_read(outside->ctx, &kept, &outside->tokens));
    outside->tokened = true;
    return RC_OK;
}

static Rc keys_take(GateOutside *outside, const HttpReply *reply) {
    return provider_keys_take(outside->ctx, outside->provider, reply);
}

static Rc about_next(GateOutside *outside, HttpCall *call) {
    Ctx *ctx = outside->ctx;
    Rc rc = provider_about(ctx, outside->provider, &outside->about);
    if (rc == RC_NOT_FOUND) {
        outside->take = about_take;
        return provider_about_ask(ctx, outside->provider, call);
    }
    TRY(rc);
    outside->told = true;
    if (!outside->returning) {
        outside->url = oidc_page(ctx, outside->provider, &outside->about, &outside->way);
        return RC_OK;
    }
    if (oidc_issuer_good(outside->provider, &outside->about, outside->issuer)) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "outside-token", STR("iss"),
                    "What the browser brings is of another provider (RFC 9207).");
}

static Rc person_next(GateOutside *outside, HttpCall *call) {
    Ctx *ctx = outside->ctx;
    JoseKey key;
    Rc rc = provider_key(ctx, outside->provider, &outside->tokens.id, &key);
    if (rc == RC_NOT_FOUND) {
        outside->take = keys_take;
        provider_keys_ask(ctx, outside->provider, &outside->about, call);
        return RC_OK;
    }
    TRY(rc);
    if (!jose_verified(ctx, &key, &outside->tokens.id))
        return ctx_fail(ctx, RC_DENIED, "outside-token", STR("signature"),
                        "What the provider says is not signed by its key.");
    if (outside->use == OUTSIDE_LOGOUT)
        return oidc_logout(ctx, outside->provider, &outside->tokens.id, &outside->logout);
    return oidc_person(ctx, outside->provider, &outside->way, &outside->tokens, &outside->person);
}

/* outside->take: what is asked for by *call; NULL: all is there. */
static Rc next(GateOutside *outside, HttpCall *call) {
    outside->take = NULL;
    if (!outside->told) TRY(about_next(outside, call));
    if (outside->take || !outside->returning) return RC_OK;
    if (outside->tokened) return person_next(outside, call);
    outside->take = tokens_take;
    return oidc_token_ask(outside->ctx, outside->provider, &outside->about, &outside->way, call);
}

/* Once the call is sent, the client's thread goes on: nothing here is touched any more. */
static void step(GateOutside *outside) {
    HttpCall call;
    Ctx *ctx = outside->ctx;
    Rc rc = next(outside, &call);
    if (rc != RC_OK || !outside->take) {
        end(outside, rc);
        return;
    }
    HttpClient *client = ctx->tenant->gate->providers->client;
    if (http_client_send(client, &call, replied, outside) == RC_OK) return;
    end(outside, ctx_fail(ctx, RC_BUSY, "outside-silent", STR("provider"),
                          "Too many go to the provider at once: try again in a minute."));
}

/* ---- there ---- */

static const char use_letters[] = {/* of browsers */
                                   [OUTSIDE_SIGN_IN] = 's',
                                   [OUTSIDE_STEP_UP] = 'c',
                                   [OUTSIDE_LINK] = 'l'};

static ChallengeOf challenge_of(const GateOutside *outside) {
    return (ChallengeOf){.use = CHALLENGE_OUTSIDE + (unsigned)outside->use,
                         .user = outside->provider->seen.id,
                         .lasts = GATE_OUTSIDE_LASTS};
}

/* state: the letter of its use, '.', and the challenge that all else follows from. */
static void way_make(GateOutside *outside, Str challenge, Str back) {
    Ctx *ctx = outside->ctx;
    outside->way = (OidcWay){
        .state = str_fmt(ctx->arena, "%c." STR_FMT, use_letters[outside->use], STR_ARG(challenge)),
        .nonce = challenge_secret(ctx, challenge, "nonce"),
        .verifier = challenge_secret(ctx, challenge, "verifier"),
        .once = rand_id(ctx->rand, ctx->arena, ONCE_CHARS),
        .back = back,
        .fresh = outside->use == OUTSIDE_STEP_UP,
        .from = challenge_made_at(ctx, challenge)};
}

static Rc provider_find(GateOutside *outside, Str id) {
    outside->provider = provider_of(outside->ctx->tenant->gate->providers, id);
    if (outside->provider) return RC_OK;
    return ctx_fail(outside->ctx, RC_NOT_FOUND, "no-outside", STR("provider"),
                    "This city knows no such provider.");
}

static Rc begin_check(GateOutside *outside, Str provider) {
    TRY(provider_find(outside, provider));
    if (outside->use == OUTSIDE_LINK) return gate_passkey_permitted(outside->ctx);
    if (outside->use == OUTSIDE_STEP_UP && !session_own(outside->ctx))
        return session_none(outside->ctx);
    return RC_OK;
}

void gate_outside_begin(Ctx *ctx, const GateOutsideAsk *ask) {
    GateOutside *outside = NEW(ctx->arena, GateOutside);
    *outside = (GateOutside){.ctx = ctx, .use = ask->use, .done = ask->done, .arg = ask->arg};
    Rc rc = begin_check(outside, ask->provider);
    if (rc == RC_OK) {
        ChallengeOf of = challenge_of(outside);
        way_make(outside, challenge_make(ctx, &of), ask->back);
        step(outside);
    } else
        end(outside, rc);
}

Str gate_outside_url(const GateOutside *outside) {
    return outside->url;
}

/* ---- and back ---- */

GateOutsideUse gate_outside_use(Str state) {
    for (unsigned use = 0; use < sizeof use_letters; use++)
        if (state.len > STATE_HEAD && state.ptr[0] == use_letters[use]) return (GateOutsideUse)use;
    return OUTSIDE_SIGN_IN;
}

/* The state is taken first, whatever else was brought: nobody comes twice with one, and what is
   made up counts nowhere. */
static Rc state_take(GateOutside *outside, Str state) {
    ChallengeOf of = challenge_of(outside);
    Str challenge = str_sub(state, STATE_HEAD, state.len);
    bool lettered =
        state.len > STATE_HEAD && state.ptr[0] == use_letters[outside->use] && state.ptr[1] == '.';
    return challenge_take(outside->ctx, &of, lettered ? challenge : STR_NONE);
}

static Rc error_said(Ctx *ctx, Str error) {
    if (str_eq(error, STR("access_denied")))
        return ctx_fail(ctx, RC_DENIED, "outside-stopped", STR("provider"),
                        "The sign-in was stopped at the provider: nothing has changed.");
    return ctx_fail(ctx, RC_DENIED, "outside-refused", STR("provider"),
                    "The provider refused the sign-in.");
}

static Rc return_check(GateOutside *outside, const GateOutsideSaid *said) {
    Ctx *ctx = outside->ctx;
    TRY(provider_find(outside, said->provider));
    TRY(state_take(outside, said->state));
    if (!str_empty(said->error)) return error_said(ctx, said->error);
    if (str_empty(said->code) || said->code.len > CODE_MOST) return error_said(ctx, STR("no code"));
    TRY(try_begin_dear(ctx, said->state, &outside->tried));
    outside->trying = true;
    return RC_OK;
}

void gate_outside_return(Ctx *ctx, const GateOutsideSaid *said) {
    GateOutside *outside = NEW(ctx->arena, GateOutside);
    *outside = (GateOutside){.ctx = ctx,
                             .use = gate_outside_use(said->state),
                             .returning = true,
                             .issuer = said->issuer,
                             .done = said->done,
                             .arg = said->arg};
    Rc rc = return_check(outside, said);
    if (rc == RC_OK) {
        way_make(outside, str_sub(said->state, STATE_HEAD, said->state.len), said->back);
        outside->way.code = said->code;
        step(outside);
    } else
        end(outside, rc);
}

/* ---- what it says by itself ---- */

static Rc logout_read(GateOutside *outside, const GateOutsideLogout *said) {
    Ctx *ctx = outside->ctx;
    TRY(provider_find(outside, said->provider));
    outside->issuer = outside->provider->issuer;
    outside->tokened = true;
    if (jose_token_read(ctx, said->token, &outside->tokens.id) == RC_OK) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "outside-token", STR("logout_token"),
                    "This is no logout token.");
}

void gate_outside_logout(Ctx *ctx, const GateOutsideLogout *said) {
    GateOutside *outside = NEW(ctx->arena, GateOutside);
    *outside = (GateOutside){
        .ctx = ctx, .use = OUTSIDE_LOGOUT, .returning = true, .done = said->done, .arg = said->arg};
    Rc rc = logout_read(outside, said);
    if (rc == RC_OK)
        step(outside);
    else
        end(outside, rc);
}

/* ---- what it was for ---- */

/* Who he is to the provider, as it is kept, and the account that it lets in; NULL: there is none,
   or it was erased: `version` is that of what lies there. */
typedef struct Known {
    Identity identity;
    const Entity *account;
} Known;

static Rc known_load(Ctx *ctx, const GateOutside *outside, Known *out) {
    const Entity *entity;
    Str id = identity_id(ctx, outside->provider, outside->person.subject);
    *out = (Known){.identity = {.id = id}};
    Rc rc = identity_load(ctx, id, &out->identity, &entity);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(account_load(ctx, out->identity.account, &out->account));
    if (out->account && account_erased(out->account)) out->account = NULL;
    return RC_OK;
}

/* What is kept of him from now on, of this account. */
static Identity identity_of(const GateOutside *outside, const Known *known, Str account) {
    return (Identity){.id = known->identity.id,
                      .account = account,
                      .provider = outside->provider->seen.id,
                      .proof = outside->provider->seen.proof};
}

static void put_add(Command *command, const Entity *entity, uint64_t over) {
    Entity *after = entity_dup(command_arena(command), entity);
    command_put(command, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after},
                over ? PUT_VERSION : PUT_ABSENT, over);
}

/* Account and link in one command: neither is there without the other. RC_CONFLICT: somebody was
   first, as in another tab. */
static Rc account_new(Ctx *ctx, const GateOutside *outside, Known *known) {
    Outcome outcome;
    GateProof proof = outside->provider->seen.proof;
    Entity *account = account_outside(ctx, outside->person.name, known->identity.id, proof);
    Identity identity = identity_of(outside, known, account->id);
    Command *command = command_new(ctx->tenant->ledger, (CommandHead){.kind = STR("account.create"),
                                                                      .actor = gate_actor(ctx)->id,
                                                                      .channel = STR("web")});
    put_add(command, account, 0);
    put_add(command, identity_entity(ctx, &identity), known->identity.version);
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    TRY(rc);
    holders_changed(ctx, account->id);
    return account_load(ctx, account->id, &known->account);
}

/* On what a session stands that this lets in; the word may be empty of either. */
static OutsideEnd stands_on(Ctx *ctx, const Provider *provider, Str subject, Str session) {
    OutsideEnd of = {0};
    if (!str_empty(subject)) of.identity = short_id(identity_id(ctx, provider, subject));
    if (!str_empty(session)) of.session = keyed_text(ctx, "outside-session", provider, session);
    return of;
}

static SessionBy by_outside(Ctx *ctx, const GateOutside *outside) {
    const OidcPerson *person = &outside->person;
    OutsideEnd of = stands_on(ctx, outside->provider, person->subject, person->session);
    StrVec *words = NEW(ctx->arena, StrVec);
    vec_push(ctx->arena, words, outside_word(ctx->arena, &of));
    return (SessionBy){
        .means = MEANS_OUTSIDE, .provider = &outside->provider->seen, .outsides = words};
}

/* Said twice at once, or by who has read it, it ends nothing more. */
Rc outside_heard(Ctx *ctx, Str once, const OutsideEnd *ends) {
    Roster *heard = ctx->tenant->gate->heard;
    if (!challenge_first(heard, once))
        return ctx_fail(ctx, RC_DENIED, "outside-token", STR("jti"),
                        "This logout token was taken before.");
    Rc rc = sessions_end_outside(ctx, ends);
    if (rc != RC_OK) challenge_again(heard, once);
    return rc;
}

static Rc log_out(Ctx *ctx, const GateOutside *outside) {
    const OidcLogout *logout = &outside->logout;
    Str once = keyed_text(ctx, "outside-logout", outside->provider, logout->once);
    OutsideEnd ends = stands_on(ctx, outside->provider, logout->subject, logout->session);
    return outside_heard(ctx, once, &ends);
}

static Rc sign_in(Ctx *ctx, const GateOutside *outside, Str *session_token) {
    Known known;
    TRY(known_load(ctx, outside, &known));
    if (!known.account) {
        Rc rc = account_new(ctx, outside, &known);
        if (rc == RC_CONFLICT) rc = known_load(ctx, outside, &known);
        TRY(rc);
    }
    bool in = known.account && !account_disabled(known.account) &&
              account_linked(known.account, known.identity.id);
    if (!in)
        return ctx_fail(ctx, RC_DENIED, "outside-shut", STR("provider"),
                        "This account may not come in: ask at the counter.");
    return session_begin(ctx, known.account, by_outside(ctx, outside), session_token);
}

static Rc step_up(Ctx *ctx, const GateOutside *outside, Str *session_token) {
    Known known;
    if (!session_own(ctx)) return session_none(ctx);
    TRY(known_load(ctx, outside, &known));
    TRY(passkey_enough(ctx, outside->provider->seen.authn));
    bool own = known.account && str_eq(known.account->id, session_own(ctx)->account) &&
               account_linked(known.account, known.identity.id);
    if (!own)
        return ctx_fail(ctx, RC_DENIED, "outside-other", STR("provider"),
                        "This sign-in isn't linked to your account.");
    return session_stepped_up(ctx, known.account, by_outside(ctx, outside), session_token);
}

static Rc proof_set(Ctx *ctx, Str account, GateProof proof, AccountChange *change) {
    Entity *set = entity_new(ctx->arena, account, STR(ACCOUNT_TYPE));
    entity_set(ctx->arena, set, GATE_IRI("identityProof"), json_of_str(gate_proof_word(proof)));
    change->set = set;
    return account_change(ctx, change);
}

/* One that is linked already stays so. */
static Rc link_to(Ctx *ctx, const GateOutside *outside) {
    const Entity *account;
    Known known;
    TRY(gate_passkey_permitted(ctx));
    Str own = session_own(ctx)->account;
    TRY(known_load(ctx, outside, &known));
    TRY(ledger_entity(ctx, ctx->tenant->ledger, own, &account));
    if (known.account && str_eq(known.account->id, own)) return RC_OK;
    Identity identity = identity_of(outside, &known, own);
    GateProof proof = account_proof(account);
    AccountChange change = {.kind = "outside.link",
                            .id = own,
                            .outsides = {.add = identity_entity(ctx, &identity),
                                         .over = known.account ? 0 : known.identity.version},
                            .ends_code = true};
    return proof_set(ctx, own, proof > identity.proof ? proof : identity.proof, &change);
}

Rc gate_outside_finish(Ctx *ctx, GateOutside *outside, Str *session_token) {
    *session_token = STR_NONE;
    if (outside->use == OUTSIDE_SIGN_IN) return sign_in(ctx, outside, session_token);
    if (outside->use == OUTSIDE_STEP_UP) return step_up(ctx, outside, session_token);
    if (outside->use == OUTSIDE_LOGOUT) return log_out(ctx, outside);
    return link_to(ctx, outside);
}

/* ---- what is linked ---- */

typedef VEC(Identity) Identities;

static Rc own_load(Ctx *ctx, const Entity **account, Identities *out) {
    StrVec ids = {0};
    *out = (Identities){0};
    TRY(ledger_entity(ctx, ctx->tenant->ledger, session_own(ctx)->account, account));
    account_strings(ctx->arena, *account, GATE_IRI("outsides"), &ids);
    VEC_EACH (const Str, id, &ids) {
        const Entity *entity;
        Identity identity;
        Rc rc = identity_load(ctx, *id, &identity, &entity);
        if (rc == RC_OK)
            vec_push(ctx->arena, out, identity);
        else if (rc != RC_NOT_FOUND)
            return rc;
    }
    return RC_OK;
}

Rc gate_outsides(Ctx *ctx, GateOutsidesSeen *out) {
    const Entity *account;
    Identities own;
    *out = (GateOutsidesSeen){0};
    if (!session_own(ctx)) return RC_OK; /* by a token one comes from no browser */
    TRY(own_load(ctx, &account, &own));
    VEC_EACH (const Identity, identity, &own) {
        const Entity *entity;
        TRY(ledger_entity(ctx, ctx->tenant->ledger, identity->id, &entity));
        GateOutsideSeen seen = {.id = short_id(identity->id), .provider = identity->provider};
        if (!time_parse(entity_text(entity, GATE_IRI("addedAt")), &seen.added_at))
            seen.added_at = TIME_NONE;
        vec_push(ctx->arena, out, seen);
    }
    return RC_OK;
}

/* What was made sure of him is what the providers say that stay. */
Rc gate_outside_end(Ctx *ctx, Str id) {
    const Entity *account;
    Identities own;
    TRY(gate_passkey_permitted(ctx));
    TRY(own_load(ctx, &account, &own));
    GateProof proof = account_known(account) ? PROOF_CHECKED : PROOF_DECLARED;
    AccountChange change = {.kind = "outside.end", .id = account->id};
    VEC_EACH (const Identity, identity, &own) {
        if (str_eq(short_id(identity->id), id))
            vec_push(ctx->arena, &change.outsides.ends, identity->id);
        else if (identity->proof != PROOF_LEVELS && identity->proof > proof)
            proof = identity->proof;
    }
    if (!change.outsides.ends.len)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-outside-link", STR("id"),
                        "This sign-in was unlinked already, or is not yours.");

    return proof_set(ctx, account->id, proof, &change);
}
