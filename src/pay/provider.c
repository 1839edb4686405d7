#include "pay_int.h"

#include <string.h>

enum { PAY_ARENA = 1 << 20, KEY_LEAST = 32, KEY_MOST = 1024, REFERENCE_CHARS = 26, NAME_MOST = 32 };
enum { ID_MOST = 100, CALL_MOST = 64 << 10 };

static const int64_t window = 5 * TIME_MINUTE, patience = 5 * TIME_SECOND;

/* ---- settings ---- */

static Rc bad_setting(Ctx *ctx, const char *name, const char *text) {
    return ctx_fail(ctx, RC_INVALID, "bad-setting", str_of(name), "%s", text);
}

static bool name_good(Str name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') return false;
    }
    return name.len <= NAME_MOST && !pay_is_counter(name);
}

/* What the operator wrote as an address may be called; a name leads to a public one only. */
static bool may_call(void *arg, Str host, Str address) {
    const Pay *pay = arg;
    (void)host;
    if (http_address_public(address) || http_address_written(pay->host, address)) return true;
    log_warn("pay",
             "pay.url leads to " STR_FMT ", which is no public address: write the address itself "
             "if it is meant",
             STR_ARG(address));
    return false;
}

static Rc url_check(Ctx *ctx, const Pay *pay) {
    bool plain = str_starts(pay->url, STR("http://"));
    bool here = http_address_written(pay->host, STR("127.0.0.1")) ||
                http_address_written(pay->host, STR("::1"));
    bool secure = str_starts(pay->url, STR("https://"));
    if (!str_empty(pay->host) && (secure || (plain && here))) return RC_OK;
    return bad_setting(ctx, "pay.url",
                       "The provider's address begins with https://, or with http:// on this "
                       "machine.");
}

static Rc key_read(Ctx *ctx, Pay *pay, Str path) {
    Str key;
    TRY(secret_file(ctx, STR("pay.key"), path, KEY_MOST, &key));
    if (key.len < KEY_LEAST)
        return bad_setting(ctx, "pay.key", "The provider's key has 32 to 1024 bytes.");
    pay->key = str_dup(pay->arena, key);
    return RC_OK;
}

Rc pay_open(Ctx *ctx, Tenant *tenant, const PayOptions *options) {
    if (str_empty(options->provider)) return RC_OK;
    if (!name_good(options->provider))
        return bad_setting(ctx, "pay.provider",
                           "A provider's name is 1 to 32 of a-z, 0-9 and -, and neither cash nor "
                           "voucher.");
    Arena *arena = arena_new(PAY_ARENA);
    Pay *pay = NEW(arena, Pay);
    Str url = options->url;
    if (str_ends(url, STR("/"))) url = str_head(url, url.len - 1);
    *pay = (Pay){.arena = arena,
                 .tenant = tenant,
                 .clock = *ctx->clock,
                 .provider = str_dup(arena, options->provider),
                 .url = str_dup(arena, url),
                 .every = options->every ? options->every : 30 * TIME_SECOND,
                 .at_once = options->at_once ? options->at_once : 200};
    pay->host = http_url_host(arena, pay->url);
    pay->after = buf_new(NULL, LD_IRI_MAX);
    pthread_mutex_init(&pay->lock, NULL);
    thread_cond_init(&pay->wake);
    pay->client = http_client_new((HttpClientOptions){
        .max_in_flight = 64, .max_per_host = 16, .allow = may_call, .arg = pay});
    tenant->pay = pay;
    Rc rc = url_check(ctx, pay);
    if (rc == RC_OK) rc = key_read(ctx, pay, options->key_file);
    if (rc != RC_OK) pay_close(tenant);
    return rc;
}

Str pay_provider(const Pay *pay) {
    return pay->provider;
}

bool pay_may_tell(Pay *pay, PayTold what) {
    int64_t now = time_monotonic();
    pthread_mutex_lock(&pay->lock);
    bool may = !pay->told[what] || now - pay->told[what] >= TIME_MINUTE;
    if (may) pay->told[what] = now;
    pthread_mutex_unlock(&pay->lock);
    return may;
}

Str pay_origin(const Pay *pay) {
    ptrdiff_t scheme = str_find(pay->url, STR("://"));
    size_t end = (size_t)scheme + 3;
    while (end < pay->url.len && pay->url.ptr[end] != '/')
        end++;
    return str_head(pay->url, end);
}

/* ---- signatures ---- */

static Str signature(Arena *arena, const Pay *pay, Str message) {
    Digest digest = hash_hmac(pay->key, message);
    return str_fmt(arena, "v1=" STR_FMT, STR_ARG(hash_digest_hex(arena, &digest)));
}

static const char *method_name(HttpMethod method) {
    return method == HTTP_POST ? "POST" : "GET";
}

void pay_request(Ctx *ctx, const Pay *pay, const PayRequest *request, HttpCall *out) {
    Arena *arena = ctx->arena;
    long long now = (long long)(time_now(ctx->clock) / TIME_SECOND);
    Str message = str_fmt(arena, "%lld.%s " STR_FMT "." STR_FMT, now, method_name(request->method),
                          STR_ARG(request->path), STR_ARG(request->body));
    Str *headers = NEW_ARRAY(arena, Str, 3);
    headers[0] = str_fmt(arena, "Machi-Time: %lld", now);
    headers[1] =
        str_fmt(arena, "Machi-Signature: " STR_FMT, STR_ARG(signature(arena, pay, message)));
    headers[2] = STR("Content-Type: application/json");
    *out = (HttpCall){
        .method = request->method,
        .url = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(pay->url), STR_ARG(request->path)),
        .headers = headers,
        .n_headers = request->method == HTTP_POST ? 3 : 2,
        .body = request->body,
        .timeout = patience,
        .max_answer = CALL_MOST};
}

static Rc call_check(Ctx *ctx, const Pay *pay, const PayCall *call) {
    int64_t at;
    Str message =
        str_fmt(ctx->arena, STR_FMT "." STR_FMT, STR_ARG(call->time), STR_ARG(call->body));
    if (!hash_same(call->signature, signature(ctx->arena, pay, message)))
        return ctx_fail(ctx, RC_DENIED, "bad-signature", STR("Machi-Signature"),
                        "This is not signed by the provider's key.");
    int64_t now = time_now(ctx->clock);
    bool dated = str_to_i64(call->time, &at) && at > 0 && at < INT64_MAX / TIME_SECOND;
    int64_t off = dated ? now - at * TIME_SECOND : INT64_MAX;
    if (off <= window && off >= -window) return RC_OK;
    return ctx_fail(ctx, RC_DENIED, "bad-time", STR("Machi-Time"),
                    "This was signed more than five minutes from now: sign it again.");
}

/* ---- what is said ---- */

Str pay_reference(Str payment) {
    size_t prefix = sizeof PAYMENT_ID_PREFIX - 1;
    return str_sub(payment, prefix, payment.len);
}

bool pay_reference_good(Str reference) {
    for (size_t i = 0; i < reference.len; i++) {
        char c = reference.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
    }
    return reference.len == REFERENCE_CHARS;
}

static Rc member_wrong(Ctx *ctx, const char *name) {
    return ctx_fail(ctx, RC_INVALID, "bad-event", str_of(name),
                    "An event has this member, as doc/payments.md says.");
}

static bool kind_of(Str word, PayEventKind *out) {
    static const char *const words[PAY_EVENT_KINDS] = {[PAY_EVENT_PAID] = "payment.succeeded",
                                                       [PAY_EVENT_FAILED] = "payment.failed",
                                                       [PAY_EVENT_EXPIRED] = "session.expired",
                                                       [PAY_EVENT_RETURNED] = "refund.succeeded",
                                                       [PAY_EVENT_NOT_RETURNED] = "refund.failed"};
    for (unsigned i = 0; i < PAY_EVENT_KINDS; i++) {
        if (!str_eq(word, str_of(words[i]))) continue;
        *out = (PayEventKind)i;
        return true;
    }
    return false;
}

static Rc event_check(Ctx *ctx, const PayEvent *event, Str reference) {
    bool tries = event->kind == PAY_EVENT_FAILED || event->kind == PAY_EVENT_EXPIRED;
    if (str_empty(event->id) || event->id.len > ID_MOST) return member_wrong(ctx, "event");
    if (!pay_reference_good(reference)) return member_wrong(ctx, "reference");
    if (event->session.len > ID_MOST || (tries && str_empty(event->session)))
        return member_wrong(ctx, "session");
    if (event->receipt.len > ID_MOST || (!tries && str_empty(event->receipt)))
        return member_wrong(ctx, "payment");
    return RC_OK;
}

Rc pay_call_read(Ctx *ctx, const Pay *pay, const PayCall *call, Str *payment, PayEvent *event) {
    const Json *said;
    TRY(call_check(ctx, pay, call));
    TRY(json_read(ctx, call->body, (JsonLimits){.bytes = CALL_MOST, .depth = 8}, &said));
    *event = (PayEvent){.id = json_get_str(said, "event"),
                        .session = json_get_str(said, "session"),
                        .receipt = json_get_str(said, "payment"),
                        .channel = pay->provider,
                        .amount = json_get_int(said, "amount", 0)};
    Str reference = json_get_str(said, "reference");
    if (!kind_of(json_get_str(said, "type"), &event->kind)) return member_wrong(ctx, "type");
    if (!time_parse(json_get_str(said, "at"), &event->at)) return member_wrong(ctx, "at");
    TRY(event_check(ctx, event, reference));
    *payment = str_fmt(ctx->arena, PAYMENT_ID_PREFIX STR_FMT, STR_ARG(reference));
    return RC_OK;
}

/* ---- sessions ---- */

Rc pay_ask(Ctx *ctx, Pay *pay, const PayAsk *ask, void (*done)(void *arg, const HttpReply *),
           void *arg) {
    HttpCall call;
    Buf body = buf_new(ctx->arena, CALL_MOST);
    const JsonMember members[] = {
        {STR("session"), json_of_str(ask->session)},
        {STR("reference"), json_of_str(pay_reference(ask->payment->id))},
        {STR("number"), json_of_str(ask->payment->number)},
        {STR("amount"), json_of_int(ask->payment->amount)},
        {STR("back"), json_of_str(ask->back)},
        {STR("language"), json_of_str(ask->language)},
    };
    Json value = json_of_members(members, sizeof members / sizeof *members);
    json_write(&body, &value);
    PayRequest request = {HTTP_POST, STR("/v1/sessions"), buf_str(&body)};
    pay_request(ctx, pay, &request, &call);
    return http_client_send(pay->client, &call, done, arg);
}

static Rc silent(Ctx *ctx, const char *why) {
    return ctx_fail(ctx, RC_BUSY, "provider-silent", STR_NONE,
                    "The payment provider cannot be reached now (%s): nothing was paid. Try again "
                    "in some minutes, or pay at the counter.",
                    why);
}

Rc pay_page(Ctx *ctx, const Pay *pay, const HttpReply *reply, Str *url) {
    const Json *said;
    if (reply->rc != RC_OK) return silent(ctx, "no answer");
    if (reply->status != 200 && reply->status != 201) return silent(ctx, "it refuses");
    if (json_read(ctx, reply->body, (JsonLimits){.bytes = CALL_MOST, .depth = 8}, &said) != RC_OK)
        return silent(ctx, "its answer can't be read");
    *url = str_dup(ctx->arena, json_get_str(said, "url"));
    Str origin = pay_origin(pay);
    bool own = str_starts(*url, origin) && url->len > origin.len && url->ptr[origin.len] == '/';
    for (size_t i = 0; i < url->len; i++)
        own = own && url->ptr[i] > ' ' && url->ptr[i] < 0x7f;
    return own ? RC_OK : silent(ctx, "its page is elsewhere");
}
