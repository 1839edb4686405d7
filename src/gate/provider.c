#include "provider.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    PROVIDERS_MAX = 16,
    FILE_MOST = 256 << 10,
    SECRET_MOST = 16 << 10,
    DOCUMENT_MOST = JOSE_KEYS_TEXT,
    DOCUMENT_DEPTH = 16,
    ID_MOST = 32,
    IN_FLIGHT = 64,
    PER_HOST = 16,
};

static const int64_t about_lasts = TIME_HOUR, keys_last = 15 * TIME_MINUTE,
                     patience = 5 * TIME_SECOND, /* of one call */
    silence = 5 * TIME_SECOND,                   /* after a call that failed */
    again = TIME_MINUTE;                         /* between two askings for an unknown key */

/* ---- the operator's file ---- */

static Rc bad_setting(Ctx *ctx, Str path, const char *text) {
    return ctx_fail(ctx, RC_INVALID, "bad-setting", path, "%s", text);
}

static Rc file_read(Ctx *ctx, Str path, size_t most, Str *out) {
    char *bytes = arena_alloc(ctx->arena, most + 1, 1);
    FILE *file = fopen(str_z(ctx->arena, path), "rbe");
    if (!file)
        return ctx_fail(ctx, RC_FAILED, "no-file", path, "This file cannot be read: %s.",
                        strerror(errno));
    size_t n = fread(bytes, 1, most + 1, file);
    bool whole = !ferror(file) && n <= most;
    fclose(file);
    *out = (Str){bytes, n};
    if (whole) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "no-file", path, "This file cannot be read, or is too long.");
}

/* A file beside the operator's, unless it is named by a whole path. */
static Str beside(Arena *arena, Str path, Str name) {
    size_t end = path.len;
    while (end && path.ptr[end - 1] != '/')
        end--;
    if (str_starts(name, STR("/"))) return name;
    return str_fmt(arena, STR_FMT STR_FMT, (int)end, path.ptr, STR_ARG(name));
}

/* What is read of one, and where. */
typedef struct Reading {
    Ctx *ctx;
    Str file, at; /* at: "providers[0]" */
    const Json *source;
    Provider *to;
} Reading;

static Str place(const Reading *r, const char *member) {
    return str_fmt(r->ctx->arena, STR_FMT ": " STR_FMT ".%s", STR_ARG(r->file), STR_ARG(r->at),
                   member);
}

static Rc wrong(const Reading *r, const char *member, const char *text) {
    return bad_setting(r->ctx, place(r, member), text);
}

static Rc members_check(const Reading *r) {
    static const char *const known[] = {"id",      "label", "issuer", "client", "secret",
                                        "key",     "keyId", "scopes", "acr",    "authentication",
                                        "identity"};
    if (r->source->kind != JSON_OBJECT) return wrong(r, "id", "A provider is an object.");
    for (size_t i = 0; i < r->source->len; i++) {
        Str name = r->source->value.members[i].name;
        bool good = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            good |= str_eq(name, str_of(known[k]));
        if (!good) return wrong(r, str_z(r->ctx->arena, name), "A provider has no such member.");
    }
    return RC_OK;
}

static bool id_good(Str id) {
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') return false;
    }
    return id.len && id.len <= ID_MOST;
}

static Rc names_read(const Reading *r) {
    const Json *label = json_get(r->source, STR("label"));
    GateProvider *seen = &r->to->seen;
    seen->id = json_get_str(r->source, "id");
    seen->label_ja = json_get_str(label, "ja");
    seen->label_en = json_get_str(label, "en");
    if (!id_good(seen->id)) return wrong(r, "id", "An id is 1 to 32 of a-z, 0-9 and '-'.");
    if (str_empty(seen->label_ja) || str_empty(seen->label_en))
        return wrong(r, "label", "A label has words in ja and en.");
    return RC_OK;
}

/* https, or http to this machine by its address: what comes in by it lets people in. */
static bool address_good(Str url, bool plain) {
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] <= ' ' || url.ptr[i] == 0x7F || url.ptr[i] == '#')
            return false;
    return url.len <= 2000 &&
           (str_starts(url, STR("https://")) || (plain && str_starts(url, STR("http://"))));
}

static bool is_plain(const Provider *provider) {
    return str_starts(provider->issuer, STR("http://"));
}

static Rc issuer_read(const Reading *r) {
    Provider *to = r->to;
    to->issuer = json_get_str(r->source, "issuer");
    to->host = http_url_host(r->ctx->arena, to->issuer);
    bool here = http_address_written(to->host, STR("127.0.0.1")) ||
                http_address_written(to->host, STR("::1"));
    if (!str_empty(to->host) && address_good(to->issuer, here) &&
        str_find_char(to->issuer, '?') < 0)
        return RC_OK;
    return wrong(r, "issuer",
                 "An issuer begins with https://, or with http:// on this machine, as the provider "
                 "writes it.");
}

static Rc client_read(const Reading *r) {
    Ctx *ctx = r->ctx;
    Str secret = json_get_str(r->source, "secret"), key = json_get_str(r->source, "key"), text;
    r->to->client = json_get_str(r->source, "client");
    r->to->key_id = json_get_str(r->source, "keyId");
    if (str_empty(r->to->client)) return wrong(r, "client", "The id that the provider gave.");
    if (!str_empty(secret) && !str_empty(key))
        return wrong(r, "secret", "A client has a secret or a key, not both.");
    if (!str_empty(secret))
        TRY(secret_file(ctx, place(r, "secret"), beside(ctx->arena, r->file, secret), SECRET_MOST,
                        &r->to->secret));
    if (str_empty(key)) return RC_OK;
    TRY(secret_file(ctx, place(r, "key"), beside(ctx->arena, r->file, key), SECRET_MOST, &text));
    return jose_signer_new(ctx, text, place(r, "key"), &r->to->signer);
}

/* A scope or an acr is one word. */
static bool word_good(Str word) {
    for (size_t i = 0; i < word.len; i++)
        if ((unsigned char)word.ptr[i] <= ' ' || (unsigned char)word.ptr[i] >= 0x7F) return false;
    return word.len > 0;
}

static Rc words_read(const Reading *r, const char *member, StrVec *out) {
    const Json *list = json_get(r->source, str_of(member));
    for (size_t i = 0; list && i < list->len; i++) {
        Str word = list->kind == JSON_ARRAY ? json_str(json_at(list, i)) : STR_NONE;
        if (!word_good(word)) return wrong(r, member, "A list of words.");
        vec_push(r->ctx->arena, out, word);
    }
    return RC_OK;
}

static Rc wishes_read(const Reading *r) {
    StrVec scopes = {0};
    bool openid = false;
    TRY(words_read(r, "acr", &r->to->acr));
    TRY(words_read(r, "scopes", &scopes));
    VEC_EACH (const Str, scope, &scopes)
        openid |= str_eq(*scope, STR("openid"));
    if (!openid) vec_push(r->ctx->arena, &scopes, STR("openid"));
    r->to->scope = str_join(r->ctx->arena, scopes.items, scopes.len, STR(" "));
    return RC_OK;
}

static Rc axes_read(const Reading *r) {
    GateProvider *seen = &r->to->seen;
    seen->authn = gate_authn_of(json_get_str(r->source, "authentication"));
    seen->proof = gate_proof_of(json_get_str(r->source, "identity"));
    if (seen->authn == AUTHN_LEVELS || seen->authn == AUTHN_NONE)
        return wrong(r, "authentication",
                     "What a sign-in by it proves: \"mail\", \"passkey\" or \"certificate\".");
    if (seen->proof <= PROOF_CHECKED) return RC_OK;
    return wrong(r, "identity",
                 "How the provider made sure who somebody is: \"none\", \"declared\" or "
                 "\"checked\".");
}

static Rc provider_read(const Reading *r) {
    TRY(members_check(r));
    TRY(names_read(r));
    TRY(issuer_read(r));
    TRY(client_read(r));
    TRY(wishes_read(r));
    return axes_read(r);
}

static Rc provider_add(Ctx *ctx, Str path, const Json *source, Providers *out) {
    Provider *provider = NEW(ctx->arena, Provider);
    Str at = str_fmt(ctx->arena, "providers[%u]", (unsigned)out->items.len);
    Reading reading = {.ctx = ctx, .file = path, .at = at, .source = source, .to = provider};
    pthread_mutex_init(&provider->lock, NULL);
    provider->about = buf_new(NULL, DOCUMENT_MOST);
    provider->keys = buf_new(NULL, DOCUMENT_MOST);
    vec_push(ctx->arena, &out->items, provider); /* closed with the others, whatever it holds */
    TRY(provider_read(&reading));
    for (size_t i = 0; i + 1 < out->items.len; i++) {
        const Provider *other = out->items.items[i];
        if (str_eq(other->seen.id, provider->seen.id) || str_eq(other->issuer, provider->issuer))
            return wrong(&reading, "id", "Two providers have one id, or one issuer.");
    }
    return RC_OK;
}

/* What the operator wrote as an address may be called; a name leads to a public one only. */
static bool may_call(void *arg, Str host, Str address) {
    const Providers *providers = arg;
    (void)host;
    if (http_address_public(address)) return true;
    for (size_t i = 0; i < providers->items.len; i++)
        if (http_address_written(providers->items.items[i]->host, address)) return true;
    return false;
}

static Rc list_read(Ctx *ctx, Str path, Providers *out) {
    const Json *json, *list;
    Str text;
    TRY(file_read(ctx, path, FILE_MOST, &text));
    TRY(json_read(ctx, text, (JsonLimits){.bytes = FILE_MOST, .depth = DOCUMENT_DEPTH}, &json));
    list = json_get(json, STR("providers"));
    if (!list || list->kind != JSON_ARRAY || list->len > PROVIDERS_MAX)
        return bad_setting(ctx, path,
                           "A file of providers has a list \"providers\" of at most 16.");
    for (size_t i = 0; i < list->len; i++)
        TRY(provider_add(ctx, path, json_at(list, i), out));
    return RC_OK;
}

Rc providers_open(Ctx *ctx, Str path, Providers **out) {
    Providers *providers = NEW(ctx->arena, Providers);
    *out = NULL;
    if (str_empty(path)) return RC_OK;
    Rc rc = list_read(ctx, str_dup(ctx->arena, path), providers);
    if (rc != RC_OK) {
        providers_close(providers);
        return rc;
    }
    providers->client = http_client_new((HttpClientOptions){
        .max_in_flight = IN_FLIGHT, .max_per_host = PER_HOST, .allow = may_call, .arg = providers});
    *out = providers;
    return RC_OK;
}

void providers_stop(Providers *providers) {
    if (providers && providers->client) http_client_stop(providers->client);
}

void providers_close(Providers *providers) {
    if (!providers) return;
    http_client_free(providers->client);
    for (size_t i = 0; i < providers->items.len; i++) {
        Provider *provider = providers->items.items[i];
        jose_signer_free(provider->signer);
        buf_free(&provider->about);
        buf_free(&provider->keys);
        pthread_mutex_destroy(&provider->lock);
    }
}

Provider *provider_of(const Providers *providers, Str id) {
    for (size_t i = 0; providers && i < providers->items.len; i++)
        if (str_eq(providers->items.items[i]->seen.id, id)) return providers->items.items[i];
    return NULL;
}

/* ---- what it says of itself ---- */

static Rc silent(Ctx *ctx, const char *why) {
    return ctx_fail(ctx, RC_BUSY, "outside-silent", STR("provider"),
                    "The provider of the sign-in doesn't answer as it should (%s): try again in "
                    "some minutes, or come in another way.",
                    why);
}

static Rc document(Ctx *ctx, const char *member, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "outside-document", str_of(member),
                    "What the provider publishes of itself is wrong (%s: %s).", member, what);
}

static HttpCall get(Ctx *ctx, Str url) {
    Str *header = NEW(ctx->arena, Str);
    *header = STR("Accept: application/json");
    return (HttpCall){.method = HTTP_GET,
                      .url = url,
                      .headers = header,
                      .n_headers = 1,
                      .timeout = patience,
                      .max_answer = DOCUMENT_MOST};
}

static Rc endpoint(Ctx *ctx, const Provider *provider, const Json *json, const char *member,
                   Str *out) {
    *out = json_get_str(json, member);
    if (address_good(*out, is_plain(provider)) && !str_empty(http_url_host(ctx->arena, *out)))
        return RC_OK;
    return document(ctx, member, "no address to be asked at");
}

/* The issuer has to be the very one that was configured (Discovery §4.3), or another could stand in
   for it. */
static Rc about_read(Ctx *ctx, const Provider *provider, Str text, ProviderAbout *out) {
    const Json *json;
    JsonLimits limits = {.bytes = DOCUMENT_MOST, .depth = DOCUMENT_DEPTH};
    if (json_read(ctx, text, limits, &json) != RC_OK || json->kind != JSON_OBJECT)
        return document(ctx, "configuration", "no JSON object");
    if (!str_eq(json_get_str(json, "issuer"), provider->issuer))
        return document(ctx, "issuer", "another one");
    const Json *methods = json_get(json, STR("token_endpoint_auth_methods_supported"));
    *out = (ProviderAbout){.names_itself = json_get_bool(
                               json, "authorization_response_iss_parameter_supported", false),
                           .secret_in_body = !json_has(methods, STR("client_secret_basic")) &&
                                             json_has(methods, STR("client_secret_post"))};
    TRY(endpoint(ctx, provider, json, "authorization_endpoint", &out->authorize));
    TRY(endpoint(ctx, provider, json, "token_endpoint", &out->token));
    return endpoint(ctx, provider, json, "jwks_uri", &out->keys);
}

/* A document that was kept, in ctx->arena; empty: there is none that still holds. */
static Str kept(Ctx *ctx, Provider *provider, const Buf *buf, const int64_t *until) {
    pthread_mutex_lock(&provider->lock);
    bool holds = *until > time_monotonic();
    Str text = holds ? str_dup(ctx->arena, buf_str(buf)) : STR_NONE;
    pthread_mutex_unlock(&provider->lock);
    return text;
}

/* What is to be kept: into which of the two. */
typedef struct Keeping {
    Buf *buf;
    int64_t *until, lasts;
} Keeping;

static void keep(Provider *provider, const Keeping *keeping, Str text) {
    pthread_mutex_lock(&provider->lock);
    buf_clear(keeping->buf);
    buf_add(keeping->buf, text);
    *keeping->until = time_monotonic() + keeping->lasts;
    pthread_mutex_unlock(&provider->lock);
}

Rc provider_about(Ctx *ctx, Provider *provider, ProviderAbout *out) {
    Str text = kept(ctx, provider, &provider->about, &provider->about_until);
    return str_empty(text) ? RC_NOT_FOUND : about_read(ctx, provider, text, out);
}

Rc provider_about_ask(Ctx *ctx, Provider *provider, HttpCall *out) {
    pthread_mutex_lock(&provider->lock);
    bool lately = provider->about_failed && time_monotonic() - provider->about_failed < silence;
    pthread_mutex_unlock(&provider->lock);
    if (lately) return silent(ctx, "no answer a moment ago");
    bool slash = str_ends(provider->issuer, STR("/"));
    *out = get(ctx, str_fmt(ctx->arena, STR_FMT "%s.well-known/openid-configuration",
                            STR_ARG(provider->issuer), slash ? "" : "/"));
    return RC_OK;
}

static Rc reply_check(Ctx *ctx, const HttpReply *reply) {
    if (reply->rc != RC_OK) return silent(ctx, "no answer");
    if (reply->status != 200) return silent(ctx, "another status than 200");
    return RC_OK;
}

static Rc about_take(Ctx *ctx, Provider *provider, const HttpReply *reply) {
    ProviderAbout about;
    TRY(reply_check(ctx, reply));
    return about_read(ctx, provider, reply->body, &about);
}

Rc provider_about_take(Ctx *ctx, Provider *provider, const HttpReply *reply) {
    Rc rc = about_take(ctx, provider, reply);
    pthread_mutex_lock(&provider->lock);
    provider->about_failed = rc == RC_OK ? 0 : time_monotonic();
    pthread_mutex_unlock(&provider->lock);
    Keeping keeping = {&provider->about, &provider->about_until, about_lasts};
    if (rc == RC_OK) keep(provider, &keeping, reply->body);
    return rc;
}

/* ---- its keys ---- */

/* A key that nobody knows may be a new one: then they are asked for, once a minute at most. */
static bool may_ask(Provider *provider) {
    pthread_mutex_lock(&provider->lock);
    bool may = !provider->keys_asked || time_monotonic() - provider->keys_asked >= again ||
               provider->keys_until <= time_monotonic();
    pthread_mutex_unlock(&provider->lock);
    return may;
}

Rc provider_key(Ctx *ctx, Provider *provider, const JoseToken *token, JoseKey *out) {
    JoseKeys keys = {0};
    Str text = kept(ctx, provider, &provider->keys, &provider->keys_until);
    if (!str_empty(text)) TRY(jose_keys_read(ctx, text, &keys));
    const JoseKey *key = jose_key_of(&keys, token);
    if (key) {
        *out = *key;
        return RC_OK;
    }
    if (may_ask(provider)) return RC_NOT_FOUND;
    return ctx_fail(ctx, RC_DENIED, "outside-token", STR("kid"),
                    "The provider's answer is signed by no key of its own, or in no way that is "
                    "taken here.");
}

void provider_keys_ask(Ctx *ctx, Provider *provider, const ProviderAbout *about, HttpCall *out) {
    pthread_mutex_lock(&provider->lock);
    provider->keys_asked = time_monotonic();
    pthread_mutex_unlock(&provider->lock);
    *out = get(ctx, about->keys);
}

Rc provider_keys_take(Ctx *ctx, Provider *provider, const HttpReply *reply) {
    JoseKeys keys;
    TRY(reply_check(ctx, reply));
    if (jose_keys_read(ctx, reply->body, &keys) != RC_OK)
        return document(ctx, "jwks_uri", "no set of keys");
    Keeping keeping = {&provider->keys, &provider->keys_until, keys_last};
    keep(provider, &keeping, reply->body);
    return RC_OK;
}

void provider_tell(Ctx *ctx, Provider *provider, const char *what) {
    int64_t now = time_monotonic();
    pthread_mutex_lock(&provider->lock);
    bool may = !provider->told || now - provider->told >= TIME_MINUTE;
    if (may) provider->told = now;
    pthread_mutex_unlock(&provider->lock);
    if (!may) return;
    log_warn("gate", "%s by " STR_FMT " was refused (" STR_FMT "): " STR_FMT, what,
             STR_ARG(provider->seen.id), STR_ARG(ctx->error.code), STR_ARG(ctx->error.detail));
}
