#include "device.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <stdlib.h>

enum { POINT = 32, MODULUS = 256, EXPONENT = 3, DATA_ROOM = 1 << 13, SIGNED_ROOM = 1 << 10 };

static EVP_PKEY *key_new(int algorithm) {
    if (algorithm == ES256) return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (algorithm == EDDSA) return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)MODULUS * 8);
}

Device device_new(Arena *arena, int algorithm, Str id) {
    EVP_PKEY *key = key_new(algorithm);
    if (!key) abort();
    return (Device){.key = key,
                    .algorithm = algorithm,
                    .id = str_dup(arena, id),
                    .host = STR("localhost"),
                    .flags = FLAG_UP | FLAG_UV};
}

void device_end(Device *device) {
    EVP_PKEY_free(device->key);
    device->key = NULL;
}

static void number_add(Buf *to, const Device *device, const char *name, int len) {
    BIGNUM *number = NULL;
    unsigned char bytes[MODULUS];
    if (!EVP_PKEY_get_bn_param(device->key, name, &number) ||
        BN_bn2binpad(number, bytes, len) != len)
        abort();
    buf_add_bytes(to, bytes, (size_t)len);
    BN_free(number);
}

#define BYTES(text) ((Str){text, sizeof text - 1})

Str device_cose(Arena *arena, const Device *device) {
    Buf to = buf_new(arena, DATA_ROOM);
    unsigned char raw[POINT];
    size_t len = sizeof raw;
    switch (device->algorithm) {
    case ES256: /* {1: 2, 3: -7, -1: 1, -2: x, -3: y} */
        buf_add(&to, BYTES("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"));
        number_add(&to, device, OSSL_PKEY_PARAM_EC_PUB_X, POINT);
        buf_add(&to, BYTES("\x22\x58\x20"));
        number_add(&to, device, OSSL_PKEY_PARAM_EC_PUB_Y, POINT);
        break;
    case EDDSA: /* {1: 1, 3: -8, -1: 6, -2: x} */
        if (!EVP_PKEY_get_raw_public_key(device->key, raw, &len)) abort();
        buf_add(&to, BYTES("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"));
        buf_add_bytes(&to, raw, len);
        break;
    default: /* {1: 3, 3: -257, -1: n, -2: e} */
        buf_add(&to, BYTES("\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00"));
        number_add(&to, device, OSSL_PKEY_PARAM_RSA_N, MODULUS);
        buf_add(&to, BYTES("\x21\x43"));
        number_add(&to, device, OSSL_PKEY_PARAM_RSA_E, EXPONENT);
        break;
    }
    return buf_str(&to);
}

Str device_data(Arena *arena, const Device *device, unsigned flags) {
    Buf to = buf_new(arena, DATA_ROOM);
    static const char aaguid[16];
    Digest host = hash_sha256(device->host);
    buf_add_bytes(&to, host.bytes, sizeof host.bytes);
    buf_add_char(&to, (char)flags);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(&to, (char)(device->count >> shift));
    if (flags & FLAG_AT) {
        buf_add_bytes(&to, aaguid, sizeof aaguid);
        buf_add_char(&to, (char)(device->id.len >> 8));
        buf_add_char(&to, (char)device->id.len);
        buf_add(&to, device->id);
        buf_add(&to, device_cose(arena, device));
    }
    return buf_str(&to);
}

Str device_sign(Arena *arena, const Device *device, Str data, Str client) {
    Digest hash = hash_sha256(client);
    Str parts[] = {data, {(const char *)hash.bytes, sizeof hash.bytes}};
    Str message = str_join(arena, parts, 2, STR(""));
    unsigned char *to = arena_alloc(arena, SIGNED_ROOM, 1);
    size_t len = SIGNED_ROOM;
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    const EVP_MD *digest = device->algorithm == EDDSA ? NULL : EVP_sha256();
    if (!signing || EVP_DigestSignInit(signing, NULL, digest, NULL, device->key) != 1 ||
        EVP_DigestSign(signing, to, &len, (const unsigned char *)message.ptr, message.len) != 1)
        abort();
    EVP_MD_CTX_free(signing);
    return (Str){(const char *)to, len};
}

Str device_client(Arena *arena, const char *type, Str challenge, Str origin) {
    return str_fmt(arena,
                   "{\"type\":\"%s\",\"challenge\":\"" STR_FMT "\",\"origin\":\"" STR_FMT
                   "\",\"crossOrigin\":false}",
                   type, STR_ARG(challenge), STR_ARG(origin));
}
