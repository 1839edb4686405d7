#include "oidc.h"

enum { PAGE_MOST = 8000, FORM_MOST = 32 << 10, ANSWER_MOST = 64 << 10, ANSWER_DEPTH = 8 };
/* §2: a subject has at most 255 characters of ASCII. */
enum { SUBJECT_MOST = 255, NAME_MOST = 200, WORD_MOST = 1000 };

static const int64_t skew = TIME_MINUTE, /* between the two clocks */
    token_age = 15 * TIME_MINUTE,        /* of an ID token that comes for a code */
    logout_age = 2 * TIME_MINUTE, /* whatever later end it names (Back-Channel Logout 1.0, §2.4) */
    patience = 5 * TIME_SECOND, own_lasts = TIME_MINUTE;

/* ---- what is sent ---- */

/* application/x-www-form-urlencoded, of which Basic is made as well (RFC 6749 §2.3.1). */
static Str encoded(Arena *arena, Str text) {
    Str half = http_url_encode(arena, text), part;
    Buf out = buf_new(arena, 3 * half.len + 1);
    bool ends = str_ends(half, STR(":")), more = false;
    while (str_split(&half, ':', &part)) {
        if (more) buf_add(&out, STR("%3A"));
        buf_add(&out, part);
        more = true;
    }
    if (ends) buf_add(&out, STR("%3A"));
    return buf_str(&out);
}

static void pair_add(Arena *arena, Buf *to, const char *name, Str value) {
    if (str_empty(value)) return;
    if (to->len) buf_add_char(to, '&');
    buf_addf(to, "%s=", name);
    buf_add(to, encoded(arena, value));
}

static Str challenge(Arena *arena, Str verifier) {
    Digest digest = hash_sha256(verifier);
    return hash_base64url(arena, (Str){(const char *)digest.bytes, sizeof digest.bytes});
}

static Str wanted_acr(Arena *arena, const Provider *provider) {
    return str_join(arena, provider->acr.items, provider->acr.len, STR(" "));
}

Str oidc_page(Ctx *ctx, const Provider *provider, const ProviderAbout *about, const OidcWay *way) {
    Arena *arena = ctx->arena;
    Buf query = buf_new(arena, PAGE_MOST);
    const struct {
        const char *name;
        Str value;
    } pairs[] = {
        {"response_type", STR("code")},
        {"client_id", provider->client},
        {"redirect_uri", way->back},
        {"scope", provider->scope},
        {"state", way->state},
        {"nonce", way->nonce},
        {"code_challenge", challenge(arena, way->verifier)},
        {"code_challenge_method", STR("S256")},
        {"acr_values", wanted_acr(arena, provider)},
        {"prompt", way->fresh ? STR("login") : STR_NONE},
        {"max_age", way->fresh ? STR("0") : STR_NONE},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        pair_add(arena, &query, pairs[i].name, pairs[i].value);
    bool more = str_find_char(about->authorize, '?') >= 0;
    return str_fmt(arena, STR_FMT "%c" STR_FMT, STR_ARG(about->authorize), more ? '&' : '?',
                   STR_ARG(buf_str(&query)));
}

/* A token of our own by which the provider knows us (RFC 7523 §3). */
static Rc assertion(Ctx *ctx, const Provider *provider, const ProviderAbout *about,
                    const OidcWay *way, Str *out) {
    int64_t now = time_now(ctx->clock) / TIME_SECOND;
    JsonMember members[] = {
        {STR("iss"), json_of_str(provider->client)},
        {STR("sub"), json_of_str(provider->client)},
        {STR("aud"), json_of_str(about->token)},
        {STR("jti"), json_of_str(way->once)},
        {STR("iat"), json_of_int(now)},
        {STR("exp"), json_of_int(now + own_lasts / TIME_SECOND)},
    };
    Json claims = json_of_members(members, sizeof members / sizeof *members);
    return jose_sign(ctx, provider->signer, provider->key_id, &claims, out);
}

static bool by_basic(const Provider *provider, const ProviderAbout *about) {
    return !str_empty(provider->secret) && !about->secret_in_body;
}

static void client_add(Arena *arena, const Provider *provider, const ProviderAbout *about,
                       Buf *form) {
    if (by_basic(provider, about)) return;
    pair_add(arena, form, "client_id", provider->client);
    pair_add(arena, form, "client_secret", provider->secret);
}

static void assertion_add(Arena *arena, Buf *form, Str own) {
    pair_add(arena, form, "client_assertion_type",
             STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    pair_add(arena, form, "client_assertion", own);
}

static Str basic_header(Arena *arena, const Provider *provider) {
    Str parts[] = {encoded(arena, provider->client), encoded(arena, provider->secret)};
    Str both = hash_base64(arena, str_join(arena, parts, 2, STR(":")));
    return str_fmt(arena, "Authorization: Basic " STR_FMT, STR_ARG(both));
}

Rc oidc_token_ask(Ctx *ctx, const Provider *provider, const ProviderAbout *about,
                  const OidcWay *way, HttpCall *out) {
    Buf form = buf_new(ctx->arena, FORM_MOST);
    Str *headers = NEW_ARRAY(ctx->arena, Str, 3), own = STR_NONE;
    bool basic = by_basic(provider, about);
    if (provider->signer) TRY(assertion(ctx, provider, about, way, &own));
    pair_add(ctx->arena, &form, "grant_type", STR("authorization_code"));
    pair_add(ctx->arena, &form, "code", way->code);
    pair_add(ctx->arena, &form, "redirect_uri", way->back);
    pair_add(ctx->arena, &form, "code_verifier", way->verifier);
    client_add(ctx->arena, provider, about, &form);
    if (provider->signer) assertion_add(ctx->arena, &form, own);
    headers[0] = STR("Content-Type: application/x-www-form-urlencoded");
    headers[1] = STR("Accept: application/json");
    if (basic) headers[2] = basic_header(ctx->arena, provider);
    *out = (HttpCall){.method = HTTP_POST,
                      .url = about->token,
                      .headers = headers,
                      .n_headers = basic ? 3 : 2,
                      .body = buf_str(&form),
                      .timeout = patience,
                      .max_answer = ANSWER_MOST};
    return RC_OK;
}

/* ---- what comes ---- */

static Rc wrong(Ctx *ctx, const char *claim, const char *what) {
    return ctx_fail(ctx, RC_DENIED, "outside-token", str_of(claim),
                    "What the provider says of who signs in is not taken (%s: %s).", claim, what);
}

static Rc silent(Ctx *ctx) {
    return ctx_fail(ctx, RC_BUSY, "outside-silent", STR("provider"),
                    "The provider of the sign-in doesn't answer as it should: try again in some "
                    "minutes, or come in another way.");
}

static Rc refused(Ctx *ctx, Str why) {
    return ctx_fail(ctx, RC_DENIED, "outside-refused", STR("provider"),
                    "The provider refused the sign-in (" STR_FMT ").", STR_ARG(str_head(why, 60)));
}

/* A word of the protocol, or nothing: what else a provider writes isn't told on. */
static Str error_word(Str text) {
    for (size_t i = 0; i < text.len; i++)
        if (!(text.ptr[i] >= 'a' && text.ptr[i] <= 'z') && text.ptr[i] != '_')
            return STR("an error");
    return str_empty(text) ? STR("an error") : text;
}

Rc oidc_tokens_read(Ctx *ctx, const HttpReply *reply, OidcTokens *out) {
    const Json *json;
    JsonLimits limits = {.bytes = ANSWER_MOST, .depth = ANSWER_DEPTH};
    bool told = reply->rc == RC_OK && (reply->status == 200 || reply->status / 100 == 4);
    if (!told || json_read(ctx, reply->body, limits, &json) != RC_OK || json->kind != JSON_OBJECT)
        return silent(ctx);
    if (reply->status != 200) return refused(ctx, error_word(json_get_str(json, "error")));
    Str id = json_get_str(json, "id_token");
    out->access = json_get_str(json, "access_token");
    if (jose_token_read(ctx, id, &out->id) == RC_OK) return RC_OK;
    return wrong(ctx, "id_token", "it can't be read");
}

/* ---- the claims ---- */

static bool is_for_us(const Provider *provider, const Json *aud) {
    if (aud && aud->kind == JSON_STRING) return str_eq(json_str(aud), provider->client);
    for (size_t i = 0; aud && aud->kind == JSON_ARRAY && i < aud->len; i++)
        if (str_eq(json_str(json_at(aud, i)), provider->client)) return true;
    return false;
}

static Rc parties_check(Ctx *ctx, const Provider *provider, const Json *claims) {
    const Json *aud = json_get(claims, STR("aud")), *azp = json_get(claims, STR("azp"));
    bool several = aud && aud->kind == JSON_ARRAY && aud->len > 1;
    if (!str_eq(json_get_str(claims, "iss"), provider->issuer))
        return wrong(ctx, "iss", "another provider");
    if (!is_for_us(provider, aud)) return wrong(ctx, "aud", "not for this city");
    if ((azp || several) && !str_eq(json_str(azp), provider->client))
        return wrong(ctx, "azp", "not for this city");
    return RC_OK;
}

/* An instant in seconds; false: it isn't one. */
static bool instant(const Json *claims, const char *name, int64_t *out) {
    const int64_t most = INT64_MAX / TIME_SECOND / 2;
    int64_t seconds = json_get_int(claims, name, -1);
    if (seconds < 0 || seconds > most) return false;
    *out = seconds * TIME_SECOND;
    return true;
}

/* oldest: how long ago it may have been made. */
static Rc times_check(Ctx *ctx, const Json *claims, int64_t oldest) {
    int64_t now = time_now(ctx->clock), exp, iat, from;
    bool dated = json_get(claims, STR("nbf")) != NULL;
    if (!instant(claims, "exp", &exp) || exp + skew <= now)
        return wrong(ctx, "exp", "it has expired");
    if (!instant(claims, "iat", &iat) || iat > now + skew || iat < now - oldest)
        return wrong(ctx, "iat", "it isn't of now");
    if (dated && (!instant(claims, "nbf", &from) || from > now + skew))
        return wrong(ctx, "nbf", "it doesn't hold yet");
    return RC_OK;
}

static Rc fresh_check(Ctx *ctx, const OidcWay *way, const Json *claims) {
    int64_t now = time_now(ctx->clock), shown;
    if (!way->fresh) return RC_OK;
    if (!instant(claims, "auth_time", &shown) || shown + skew < way->from || shown > now + skew)
        return wrong(ctx, "auth_time", "he didn't show there once more who he is");
    return RC_OK;
}

/* §3.1.3.6 */
static bool access_good(Ctx *ctx, const Json *claims, const OidcTokens *tokens) {
    const Json *said = json_get(claims, STR("at_hash"));
    return !said || hash_same(json_str(said), jose_half(ctx->arena, &tokens->id, tokens->access));
}

static bool acr_good(const Provider *provider, Str acr) {
    VEC_EACH (const Str, wanted, &provider->acr)
        if (str_eq(*wanted, acr)) return true;
    return !provider->acr.len;
}

static bool subject_good(Str subject) {
    for (size_t i = 0; i < subject.len; i++)
        if ((unsigned char)subject.ptr[i] < ' ' || (unsigned char)subject.ptr[i] >= 0x7F)
            return false;
    return subject.len && subject.len <= SUBJECT_MOST;
}

Rc oidc_person(Ctx *ctx, const Provider *provider, const OidcWay *way, const OidcTokens *tokens,
               OidcPerson *out) {
    const Json *claims = tokens->id.claims;
    TRY(parties_check(ctx, provider, claims));
    TRY(times_check(ctx, claims, token_age));
    TRY(fresh_check(ctx, way, claims));
    if (!hash_same(json_get_str(claims, "nonce"), way->nonce))
        return wrong(ctx, "nonce", "not of this sign-in");
    if (!access_good(ctx, claims, tokens)) return wrong(ctx, "at_hash", "another access token");
    if (!acr_good(provider, json_get_str(claims, "acr")))
        return wrong(ctx, "acr", "he showed less than is wanted");
    *out = (OidcPerson){.subject = json_get_str(claims, "sub"),
                        .name = str_head(str_trim(json_get_str(claims, "name")), NAME_MOST),
                        .session = json_get_str(claims, "sid")};
    return subject_good(out->subject) ? RC_OK : wrong(ctx, "sub", "nobody");
}

/* ---- and those of a logout token ---- */

/* A claim that may be left out, but is nothing else than a word where it is there. */
static bool word_read(const Json *claims, const char *name, Str *out) {
    const Json *value = json_get(claims, str_of(name));
    *out = json_str(value);
    return !value || (!str_empty(*out) && out->len <= WORD_MOST);
}

static bool is_logout(const Json *claims) {
    const Json *event = json_get(json_get(claims, STR("events")),
                                 STR("http://schemas.openid.net/event/backchannel-logout"));
    return event && event->kind == JSON_OBJECT;
}

static Rc whom_check(Ctx *ctx, const Json *claims, OidcLogout *out) {
    if (!word_read(claims, "sid", &out->session)) return wrong(ctx, "sid", "no session");
    if (!word_read(claims, "sub", &out->subject) ||
        (!str_empty(out->subject) && !subject_good(out->subject)))
        return wrong(ctx, "sub", "nobody");
    if (str_empty(out->subject) && str_empty(out->session))
        return wrong(ctx, "sub", "nobody, and no session");
    return RC_OK;
}

/* What is of another type, or has a nonce, is another kind of token, and ends nothing (OWASP ASVS
   5.0, 10.5.5). */
Rc oidc_logout(Ctx *ctx, const Provider *provider, const JoseToken *token, OidcLogout *out) {
    const Json *claims = token->claims;
    *out = (OidcLogout){0};
    if (!str_eq_nocase(token->type, STR("logout+jwt"))) return wrong(ctx, "typ", "no sign-out");
    TRY(parties_check(ctx, provider, claims));
    TRY(times_check(ctx, claims, logout_age + skew));
    if (!is_logout(claims)) return wrong(ctx, "events", "no sign-out");
    if (json_get(claims, STR("nonce"))) return wrong(ctx, "nonce", "of a sign-in");
    TRY(whom_check(ctx, claims, out));
    if (!word_read(claims, "jti", &out->once) || str_empty(out->once))
        return wrong(ctx, "jti", "it can't be told from another");
    return RC_OK;
}

bool oidc_issuer_good(const Provider *provider, const ProviderAbout *about, Str issuer) {
    if (str_empty(issuer)) return !about->names_itself;
    return str_eq(issuer, provider->issuer);
}
