#include "webauthn.h"

#include "json/json.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <string.h>

enum {
    CLIENT_DEPTH = 4,
    HASH = 32, /* the data begins with the hash of the host, then flags and a counter */
    DATA_MIN = HASH + 5,
    FLAGS_AT = HASH,
    PRESENT = 0x01,
    VERIFIED = 0x04,
    MAY_BACK_UP = 0x08,
    IS_BACKED_UP = 0x10,
    HAS_KEY = 0x40,
    HAS_EXTENSIONS = 0x80,
    AAGUID = 16,
    CBOR_DEPTH = 4, /* a key is a map of numbers and bytes (CTAP2 canonical form, §6 of RFC 9052) */
};

static Rc bad(Ctx *ctx, const char *path, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-passkey", str_of(path),
                    "%s: make or use the passkey once more, or use another one.", what);
}

/* ---- what the browser says ---- */

Rc webauthn_client(Ctx *ctx, Str text, WebauthnClient *out) {
    const Json *json;
    JsonLimits limits = {.bytes = WEBAUTHN_CLIENT_MAX, .depth = CLIENT_DEPTH};
    if (text.len > WEBAUTHN_CLIENT_MAX || json_read(ctx, text, limits, &json) != RC_OK ||
        json->kind != JSON_OBJECT)
        return bad(ctx, "client", "The browser's part of the passkey can't be read");
    const Json *cross = json_get(json, STR("crossOrigin"));
    *out = (WebauthnClient){
        .type = json_get_str(json, "type"),
        .challenge = json_get_str(json, "challenge"),
        .origin = json_get_str(json, "origin"),
        .foreign = json_get(json, STR("topOrigin")) ||
                   (cross && (cross->kind != JSON_BOOL || cross->value.boolean)),
    };
    if (str_empty(out->type) || str_empty(out->challenge) || str_empty(out->origin))
        return bad(ctx, "client", "The browser's part of the passkey lacks a member");
    return RC_OK;
}

Rc webauthn_client_check(Ctx *ctx, const WebauthnClient *client, const WebauthnWanted *wanted) {
    if (!str_eq(client->type, str_of(wanted->type)))
        return bad(ctx, "client", "The passkey was used for something else");
    if (!client->foreign && str_eq(client->origin, wanted->origin)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "wrong-origin", STR("client"),
                    "The passkey was used on " STR_FMT ", but this city is asked as " STR_FMT
                    ": the operator sets http.hosts and http.secure.",
                    STR_ARG(str_head(client->origin, 200)), STR_ARG(wanted->origin));
}

/* ---- keys ---- */

typedef union PublicKey {
    es256_pk_t *es256;
    eddsa_pk_t *eddsa;
    rs256_pk_t *rs256;
    void *any;
} PublicKey;

static void key_free(int algorithm, PublicKey *key) {
    if (algorithm == COSE_ES256) es256_pk_free(&key->es256);
    if (algorithm == COSE_EDDSA) eddsa_pk_free(&key->eddsa);
    if (algorithm == COSE_RS256) rs256_pk_free(&key->rs256);
}

/* False: it is no key of this algorithm, a point off the curve among them. */
static bool key_read(const WebauthnKey *key, PublicKey *out) {
    const char *bytes = key->bytes.ptr;
    size_t len = key->bytes.len;
    int rc = FIDO_ERR_INVALID_ARGUMENT;
    out->any = NULL;
    switch (key->algorithm) {
    case COSE_ES256:
        out->es256 = es256_pk_new();
        if (out->es256) rc = es256_pk_from_ptr(out->es256, bytes, len);
        break;
    case COSE_EDDSA:
        out->eddsa = eddsa_pk_new();
        if (out->eddsa) rc = eddsa_pk_from_ptr(out->eddsa, bytes, len);
        break;
    case COSE_RS256:
        out->rs256 = rs256_pk_new();
        if (out->rs256) rc = rs256_pk_from_ptr(out->rs256, bytes, len);
        break;
    default:
        break;
    }
    if (rc == FIDO_OK) return true;
    key_free(key->algorithm, out);
    return false;
}

/* The base point of P-256: whoever signs by its known secret is nobody all the same. */
WebauthnKey webauthn_nobody(void) {
    static const char point[] = "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2"
                                "\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
                                "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16"
                                "\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";
    return (WebauthnKey){.bytes = {point, sizeof point - 1}, .algorithm = COSE_ES256};
}

/* ---- authenticator data ---- */

static const unsigned char *bytes_of(Str s) {
    return (const unsigned char *)s.ptr;
}

static unsigned flags_of(Str data) {
    return bytes_of(data)[FLAGS_AT];
}

static bool is_for(Str data, Str host) {
    Digest wanted = hash_sha256(host);
    return hash_same(str_head(data, HASH), (Str){(const char *)wanted.bytes, HASH});
}

/* Present, verified, and no copy of what may not be copied (§6.1.3). */
static bool flags_good(unsigned flags) {
    bool copied = (flags & IS_BACKED_UP) && !(flags & MAY_BACK_UP);
    return (flags & PRESENT) && (flags & VERIFIED) && !copied;
}

/* ---- CBOR: libcbor allocates what a head claims, so heads are held to what is there ---- */

static bool byte_take(Str *rest, unsigned *out) {
    if (!rest->len) return false;
    *out = bytes_of(*rest)[0];
    *rest = str_sub(*rest, 1, rest->len);
    return true;
}

/* A head's number; false: it is cut, or of an item without a length, which nothing here may be. */
static bool number_take(Str *rest, unsigned info, uint64_t *out) {
    static const unsigned widths[] = {1, 2, 4, 8};
    *out = info;
    if (info < 24) return true;
    if (info - 24 >= sizeof widths / sizeof *widths) return false;
    *out = 0;
    for (unsigned i = 0; i < widths[info - 24]; i++) {
        unsigned byte;
        if (!byte_take(rest, &byte)) return false;
        *out = *out << 8 | byte;
    }
    return true;
}

static bool item_take(Str *rest, int depth) {
    enum { BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6 };
    unsigned head;
    uint64_t number;
    if (!depth || !byte_take(rest, &head) || !number_take(rest, head & 0x1F, &number)) return false;
    unsigned kind = head >> 5;
    if (kind < BYTES || kind > TAG) return true;
    if (kind != TAG && number > rest->len) return false;
    if (kind == BYTES || kind == TEXT) {
        *rest = str_sub(*rest, (size_t)number, rest->len);
        return true;
    }
    uint64_t items = kind == TAG ? 1 : kind == MAP ? 2 * number : number;
    for (uint64_t i = 0; i < items; i++)
        if (!item_take(rest, depth - 1)) return false;
    return true;
}

/* Behind the counter stand what the flags say, a credential and a map of extensions, and no more.
 */
static bool data_whole(Str data) {
    Str rest = str_sub(data, DATA_MIN, data.len);
    unsigned flags = flags_of(data), high, low;
    if (flags & HAS_KEY) {
        if (rest.len < AAGUID) return false;
        rest = str_sub(rest, AAGUID, rest.len);
        if (!byte_take(&rest, &high) || !byte_take(&rest, &low)) return false;
        size_t id = high << 8 | low;
        if (id > rest.len) return false;
        rest = str_sub(rest, id, rest.len);
        if (!item_take(&rest, CBOR_DEPTH)) return false;
    }
    if (flags & HAS_EXTENSIONS && !item_take(&rest, CBOR_DEPTH)) return false;
    return !rest.len;
}

static Str blob(Arena *arena, const unsigned char *ptr, size_t len) {
    return str_dup(arena, (Str){(const char *)ptr, ptr ? len : 0});
}

/* libfido2 is told the algorithm before it reads: each that we take is tried. */
static bool key_made(Arena *arena, Str data, int algorithm, WebauthnKey *out) {
    fido_cred_t *made = fido_cred_new();
    bool read = made && fido_cred_set_type(made, algorithm) == FIDO_OK &&
                fido_cred_set_authdata_raw(made, bytes_of(data), data.len) == FIDO_OK;
    if (read)
        *out = (WebauthnKey){
            .id = blob(arena, fido_cred_id_ptr(made), fido_cred_id_len(made)),
            .bytes = blob(arena, fido_cred_pubkey_ptr(made), fido_cred_pubkey_len(made)),
            .algorithm = algorithm,
            .count = fido_cred_sigcount(made),
            .backed_up = fido_cred_flags(made) & MAY_BACK_UP};
    fido_cred_free(&made);
    return read;
}

Rc webauthn_made(Ctx *ctx, const WebauthnSaid *said, Str host, WebauthnKey *out) {
    static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
    PublicKey key;
    bool read = false;
    if (said->data.len < DATA_MIN || said->data.len > WEBAUTHN_DATA_MAX ||
        !is_for(said->data, host))
        return bad(ctx, "data", "The passkey isn't for this address");
    if (!data_whole(said->data))
        return bad(ctx, "data", "The passkey's data is cut or holds more than it says");
    if (!flags_good(flags_of(said->data)))
        return ctx_fail(ctx, RC_INVALID, "unverified-user", STR("data"),
                        "The device didn't make sure who you are: set its PIN, fingerprint or face "
                        "first.");
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms && !read; i++)
        read = key_made(ctx->arena, said->data, algorithms[i], out);
    if (!read || !out->id.len || out->id.len > WEBAUTHN_ID_MAX || !key_read(out, &key))
        return bad(ctx, "data", "The passkey's key is of no kind that can be verified");
    key_free(out->algorithm, &key);
    return RC_OK;
}

static bool assertion_good(fido_assert_t *assertion, const WebauthnSaid *said, const char *host,
                           int algorithm, const void *key) {
    Str data = said->data, signature = said->signature, client = said->client;
    return fido_assert_set_count(assertion, 1) == FIDO_OK &&
           fido_assert_set_rp(assertion, host) == FIDO_OK &&
           fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_uv(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_clientdata(assertion, bytes_of(client), client.len) == FIDO_OK &&
           fido_assert_set_authdata_raw(assertion, 0, bytes_of(data), data.len) == FIDO_OK &&
           fido_assert_set_sig(assertion, 0, bytes_of(signature), signature.len) == FIDO_OK &&
           fido_assert_verify(assertion, 0, algorithm, key) == FIDO_OK;
}

/* Everything beside the signature: who was asked, and by whom. */
static bool data_good(Str data, Str host, const WebauthnKey *key) {
    return is_for(data, host) && flags_good(flags_of(data)) &&
           !(flags_of(data) & MAY_BACK_UP) == !key->backed_up;
}

static bool sizes_good(const WebauthnSaid *said) {
    return said->data.len >= DATA_MIN && said->data.len <= WEBAUTHN_DATA_MAX && said->client.len &&
           data_whole(said->data) && said->client.len <= WEBAUTHN_CLIENT_MAX &&
           said->signature.len && said->signature.len <= WEBAUTHN_SIGNATURE_MAX;
}

Rc webauthn_unknown(Ctx *ctx) {
    return ctx_fail(ctx, RC_DENIED, "wrong-passkey", STR("passkey"),
                    "This passkey belongs to no account here: sign in with the password, and "
                    "register the passkey again.");
}

Rc webauthn_signed(Ctx *ctx, const WebauthnSaid *said, Str host, const WebauthnKey *key,
                   uint32_t *count) {
    PublicKey public;
    bool good = false;
    if (sizes_good(said) && key_read(key, &public)) {
        fido_assert_t *assertion = fido_assert_new();
        good = assertion &&
               assertion_good(assertion, said, str_z(ctx->arena, host), key->algorithm, public.any);
        if (good) *count = fido_assert_sigcount(assertion, 0);
        fido_assert_free(&assertion);
        key_free(key->algorithm, &public);
    }
    if (good && data_good(said->data, host, key)) return RC_OK;
    return webauthn_unknown(ctx);
}
