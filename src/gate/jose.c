#include "jose.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

enum {
    RSA_LEAST = 256, /* bytes of a modulus */
    RSA_MOST = 1024,
    RSA_EXPONENT_MOST = 8,
    COORDINATE = 32, /* of P-256 and Ed25519 */
    HEADER_DEPTH = 4,
    CLAIMS_DEPTH = 16,
    POINT_UNCOMPRESSED = 4,
};

static const char *const names[JOSE_ALGORITHMS] = {
    [JOSE_RS256] = "RS256", [JOSE_ES256] = "ES256", [JOSE_EDDSA] = "EdDSA"};

static unsigned char *bytes_of(Str s) {
    return (unsigned char *)(uintptr_t)s.ptr;
}

/* ---- keys ---- */

static bool number_read(Ctx *ctx, const Json *json, const char *name, Str *out) {
    Str text = json_get_str(json, name);
    return text.len <= RSA_MOST * 2 && hash_from_base64url(ctx->arena, text, out) && out->len;
}

/* Leading zeros count for nothing in the size of a modulus. */
static bool rsa_read(Ctx *ctx, const Json *json, JoseKey *out) {
    bool read = number_read(ctx, json, "n", &out->a) && number_read(ctx, json, "e", &out->b);
    while (read && out->a.len && !out->a.ptr[0])
        out->a = str_sub(out->a, 1, out->a.len);
    return read && out->a.len >= RSA_LEAST && out->a.len <= RSA_MOST &&
           out->b.len <= RSA_EXPONENT_MOST;
}

static bool curve_read(Ctx *ctx, const Json *json, JoseKey *out) {
    return str_eq(json_get_str(json, "crv"), STR("P-256")) &&
           number_read(ctx, json, "x", &out->a) && number_read(ctx, json, "y", &out->b) &&
           out->a.len == COORDINATE && out->b.len == COORDINATE;
}

static bool edwards_read(Ctx *ctx, const Json *json, JoseKey *out) {
    return str_eq(json_get_str(json, "crv"), STR("Ed25519")) &&
           number_read(ctx, json, "x", &out->a) && out->a.len == COORDINATE;
}

static const struct {
    const char *type;
    JoseAlgorithm algorithm;
    bool (*read)(Ctx *ctx, const Json *json, JoseKey *out);
} kinds[] = {
    {"RSA", JOSE_RS256, rsa_read},
    {"EC", JOSE_ES256, curve_read},
    {"OKP", JOSE_EDDSA, edwards_read},
};

static bool key_read(Ctx *ctx, const Json *json, JoseKey *out) {
    Str use = json_get_str(json, "use"), said = json_get_str(json, "alg");
    if (!str_empty(use) && !str_eq(use, STR("sig"))) return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!str_eq(json_get_str(json, "kty"), str_of(kinds[i].type))) continue;
        *out = (JoseKey){.id = json_get_str(json, "kid"), .algorithm = kinds[i].algorithm};
        bool fits = str_empty(said) || str_eq(said, str_of(names[out->algorithm]));
        return fits && kinds[i].read(ctx, json, out);
    }
    return false;
}

Rc jose_keys_read(Ctx *ctx, Str text, JoseKeys *out) {
    const Json *json, *keys = NULL;
    JsonLimits limits = {.bytes = JOSE_KEYS_TEXT, .depth = CLAIMS_DEPTH};
    *out = (JoseKeys){0};
    if (json_read(ctx, text, limits, &json) == RC_OK && json->kind == JSON_OBJECT)
        keys = json_get(json, STR("keys"));
    if (!keys || keys->kind != JSON_ARRAY)
        return ctx_fail(ctx, RC_INVALID, "bad-keys", STR("keys"), "This is no set of keys.");
    for (size_t i = 0; i < keys->len && out->len < JOSE_KEYS_MAX; i++) {
        JoseKey key;
        const Json *one = json_at(keys, i);
        if (one->kind == JSON_OBJECT && key_read(ctx, one, &key)) vec_push(ctx->arena, out, key);
    }
    return RC_OK;
}

/* ---- tokens ---- */

static Rc bad(Ctx *ctx, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-token", STR("id_token"), "%s.", what);
}

static Rc part_read(Ctx *ctx, Str text, size_t depth, const Json **out) {
    Str bytes;
    JsonLimits limits = {.bytes = JOSE_TOKEN_MAX, .depth = depth};
    if (!hash_from_base64url(ctx->arena, text, &bytes) ||
        json_read(ctx, bytes, limits, out) != RC_OK || (*out)->kind != JSON_OBJECT)
        return bad(ctx, "A part of the token is no object in base64url");
    return RC_OK;
}

Rc jose_token_read(Ctx *ctx, Str text, JoseToken *out) {
    const Json *header;
    Str rest = text, parts[3] = {{0}};
    size_t n = 0;
    if (text.len > JOSE_TOKEN_MAX) return bad(ctx, "The token is too long");
    for (Str part; n < 3 && str_split(&rest, '.', &part);)
        parts[n++] = part;
    if (n != 3 || rest.len || str_ends(text, STR(".")))
        return bad(ctx, "A token has three parts with a signature");
    TRY(part_read(ctx, parts[0], HEADER_DEPTH, &header));
    if (json_get(header, STR("crit"))) return bad(ctx, "The token asks for what is not known here");
    *out = (JoseToken){.algorithm = json_get_str(header, "alg"),
                       .key = json_get_str(header, "kid"),
                       .type = json_get_str(header, "typ"),
                       .signed_part = str_head(text, parts[0].len + 1 + parts[1].len)};
    if (!hash_from_base64url(ctx->arena, parts[2], &out->signature))
        return bad(ctx, "The token's signature is not base64url");
    return part_read(ctx, parts[1], CLAIMS_DEPTH, &out->claims);
}

static bool says(const JoseToken *token, const JoseKey *key) {
    return str_eq(token->algorithm, str_of(names[key->algorithm]));
}

const JoseKey *jose_key_of(const JoseKeys *keys, const JoseToken *token) {
    const JoseKey *only = NULL;
    size_t fitting = 0;
    VEC_EACH (const JoseKey, key, keys) {
        if (!str_empty(token->key) && !str_eq(key->id, token->key)) continue;
        if (!says(token, key)) continue;
        only = key;
        fitting++;
    }
    return fitting == 1 || (fitting && !str_empty(token->key)) ? only : NULL;
}

/* ---- OpenSSL ---- */

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *builder) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *from = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params && from && EVP_PKEY_fromdata_init(from) == 1 &&
        EVP_PKEY_fromdata(from, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(from);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(const JoseKey *key) {
    EVP_PKEY *made = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(bytes_of(key->a), (int)key->a.len, NULL);
    BIGNUM *e = BN_bin2bn(bytes_of(key->b), (int)key->b.len, NULL);
    if (builder && n && e && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
        made = key_from("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return made;
}

static EVP_PKEY *curve_key(const JoseKey *key) {
    EVP_PKEY *made = NULL;
    unsigned char point[1 + 2 * COORDINATE] = {POINT_UNCOMPRESSED};
    __builtin_memcpy(point + 1, key->a.ptr, COORDINATE);
    __builtin_memcpy(point + 1 + COORDINATE, key->b.ptr, COORDINATE);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        made = key_from("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return made;
}

static EVP_PKEY *public_key(const JoseKey *key) {
    if (key->algorithm == JOSE_RS256) return rsa_key(key);
    if (key->algorithm == JOSE_ES256) return curve_key(key);
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes_of(key->a), key->a.len);
}

/* A signature of P-256 is two numbers here (RFC 7518 §3.4), DER for OpenSSL. */
static bool curve_to_der(Arena *arena, Str raw, Str *out) {
    unsigned char *der = NULL;
    if (raw.len != 2 * COORDINATE) return false;
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes_of(raw), COORDINATE, NULL);
    BIGNUM *s = BN_bin2bn(bytes_of(raw) + COORDINATE, COORDINATE, NULL);
    bool set = numbers && r && s && ECDSA_SIG_set0(numbers, r, s) == 1;
    if (!set) {
        BN_free(r);
        BN_free(s);
    }
    int len = set ? i2d_ECDSA_SIG(numbers, &der) : -1;
    if (len > 0) *out = str_dup(arena, (Str){(const char *)der, (size_t)len});
    OPENSSL_free(der);
    ECDSA_SIG_free(numbers);
    return len > 0;
}

bool jose_verified(Ctx *ctx, const JoseKey *key, const JoseToken *token) {
    Str signature = token->signature;
    if (!says(token, key) || !signature.len) return false;
    if (key->algorithm == JOSE_ES256 && !curve_to_der(ctx->arena, signature, &signature))
        return false;
    EVP_PKEY *public = public_key(key);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    const EVP_MD *hash = key->algorithm == JOSE_EDDSA ? NULL : EVP_sha256();
    bool good = public && digest && EVP_DigestVerifyInit(digest, NULL, hash, NULL, public) == 1 &&
                EVP_DigestVerify(digest, bytes_of(signature), signature.len,
                                 bytes_of(token->signed_part), token->signed_part.len) == 1;
    EVP_MD_CTX_free(digest);
    EVP_PKEY_free(public);
    return good;
}

/* SHA-256 of the two that are named by it; Ed25519 hashes by SHA-512. */
Str jose_half(Arena *arena, const JoseToken *token, Str text) {
    bool edwards = str_eq(token->algorithm, str_of(names[JOSE_EDDSA]));
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int done =
        EVP_Digest(text.ptr, text.len, hash, &len, edwards ? EVP_sha512() : EVP_sha256(), NULL);
    assert(done == 1); /* out of memory */
    (void)done;
    return hash_base64url(arena, (Str){(const char *)hash, len / 2});
}

/* ---- our own ---- */

struct JoseSigner {
    EVP_PKEY *key;
    JoseAlgorithm algorithm;
};

static bool own_algorithm(const EVP_PKEY *key, JoseAlgorithm *out) {
    char group[64] = "";
    *out = EVP_PKEY_is_a(key, "RSA") ? JOSE_RS256 : JOSE_ES256;
    if (*out == JOSE_RS256) return EVP_PKEY_get_size(key) >= RSA_LEAST;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
           str_eq(str_of(group), STR("prime256v1"));
}

/* A key that asks for a password is none: nobody is there to type it. */
static int no_password(char *to, int size, int writing, void *arg) {
    (void)to, (void)size, (void)writing, (void)arg;
    return -1;
}

Rc jose_signer_new(Ctx *ctx, Str pem, Str path, JoseSigner **out) {
    JoseAlgorithm algorithm = JOSE_ALGORITHMS;
    BIO *text = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, no_password, NULL) : NULL;
    BIO_free(text);
    if (!key || !own_algorithm(key, &algorithm)) {
        EVP_PKEY_free(key);
        return ctx_fail(ctx, RC_INVALID, "bad-setting", path,
                        "This file holds no private key in PEM, without a password, of RSA from "
                        "2048 bits on or P-256.");
    }
    *out = mem_zero(sizeof **out);
    **out = (JoseSigner){key, algorithm};
    return RC_OK;
}

void jose_signer_free(JoseSigner *signer) {
    if (!signer) return;
    EVP_PKEY_free(signer->key);
    mem_free(signer);
}

static bool der_to_curve(Arena *arena, Str der, Str *out) {
    unsigned char raw[2 * COORDINATE];
    const unsigned char *at = bytes_of(der);
    ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    bool good = numbers && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), raw, COORDINATE) > 0 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(numbers), raw + COORDINATE, COORDINATE) > 0;
    ECDSA_SIG_free(numbers);
    if (good) *out = str_dup(arena, (Str){(const char *)raw, sizeof raw});
    return good;
}

static bool sign(Ctx *ctx, const JoseSigner *signer, Str message, Str *out) {
    size_t len = (size_t)EVP_PKEY_get_size(signer->key);
    unsigned char *bytes = arena_zero(ctx->arena, len, 1);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool good = digest && EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, signer->key) == 1 &&
                EVP_DigestSign(digest, bytes, &len, bytes_of(message), message.len) == 1;
    EVP_MD_CTX_free(digest);
    *out = (Str){(const char *)bytes, len};
    return good && (signer->algorithm == JOSE_RS256 || der_to_curve(ctx->arena, *out, out));
}

static Str packed(Ctx *ctx, const Json *json) {
    Buf text = buf_new(ctx->arena, JOSE_TOKEN_MAX);
    json_write(&text, json);
    return hash_base64url(ctx->arena, buf_str(&text));
}

Rc jose_sign(Ctx *ctx, const JoseSigner *signer, Str kid, const Json *claims, Str *out) {
    Str signature;
    JsonMember members[] = {{STR("alg"), json_of_str(str_of(names[signer->algorithm]))},
                            {STR("typ"), json_of_str(STR("JWT"))},
                            {STR("kid"), json_of_str(kid)}};
    Json header = json_of_members(members, str_empty(kid) ? 2 : 3);
    Str halves[] = {packed(ctx, &header), packed(ctx, claims)};
    Str message = str_join(ctx->arena, halves, 2, STR("."));
    if (!sign(ctx, signer, message, &signature))
        return ctx_fail(ctx, RC_FAILED, "not-signed", STR_NONE, "OpenSSL did not sign.");
    Str all[] = {message, hash_base64url(ctx->arena, signature)};
    *out = str_join(ctx->arena, all, 2, STR("."));
    return RC_OK;
}
