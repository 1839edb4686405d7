/* The plain functions of SHA-256: EVP looks the algorithm up each time, which costs more than to
 * hash the short texts that most are. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "hash.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/auxv.h>

static uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const char *p, size_t n) {
    uint64_t word = 0;
    memcpy(&word, p, n);
    return word;
}

/* The key lies where the kernel put it (getauxval(3), AT_RANDOM): 16 bytes, there before main and
   the same for all threads. With known k0 and k1 a block equal to one of them makes the product 0,
   and whatever stands beside it falls together. */
uint64_t hash_fast(Str s) {
    uint64_t key[2];
    memcpy(key, (const void *)getauxval(AT_RANDOM), sizeof key);
    const uint64_t k0 = key[0] ^ 0xA0761D6478BD642Fu, k1 = mix(key[1], 0xE7037ED1A0B428DBu);
    uint64_t h = mix(k0 ^ s.len, k1);
    size_t left = s.len;
    const char *p = s.ptr;
    for (; left >= 16; p += 16, left -= 16)
        h = mix(load(p, 8) ^ k1, load(p + 8, 8) ^ h);
    if (left > 8)
        h = mix(load(p, 8) ^ k1, load(p + 8, left - 8) ^ h);
    else if (left)
        h = mix(load(p, left) ^ k1, h);
    return mix(h ^ k0, k1);
}

uint64_t hash_lasting(Str s) {
    Digest digest = hash_sha256(s);
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof value; i++)
        value = value << 8 | digest.bytes[i];
    return value;
}

Digest hash_sha256(Str s) {
    return hash_sha256_parts(&s, 1);
}

Digest hash_sha256_parts(const Str *parts, size_t n) {
    Digest digest;
    SHA256_CTX context;
    bool ok = SHA256_Init(&context) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = parts[i].len == 0 || SHA256_Update(&context, parts[i].ptr, parts[i].len) == 1;
    ok = ok && SHA256_Final(digest.bytes, &context) == 1;
    assert(ok); /* nothing in it can fail */
    return digest;
}

/* key: at most a block. */
static Digest padded_hash(Str key, char pad, Str message) {
    char block[SHA256_CBLOCK];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++)
        block[i] ^= key.ptr[i];
    Digest digest = hash_sha256_parts((Str[]){{block, sizeof block}, message}, 2);
    OPENSSL_cleanse(block, sizeof block);
    return digest;
}

Digest hash_hmac(Str key, Str message) {
    Digest shorter = {0};
    bool is_long = key.len > SHA256_CBLOCK;
    if (is_long) shorter = hash_sha256(key);
    Str used = is_long ? (Str){(const char *)shorter.bytes, sizeof shorter.bytes} : key;
    Digest inner = padded_hash(used, 0x36, message);
    Digest outer = padded_hash(used, 0x5c, (Str){(const char *)inner.bytes, sizeof inner.bytes});
    OPENSSL_cleanse(&shorter, sizeof shorter);
    return outer;
}

bool hash_same(Str a, Str b) {
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

Str hash_hex(Arena *arena, Str bytes) {
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, bytes.len * 2 + 1, 1);
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[(unsigned char)bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    text[bytes.len * 2] = 0;
    return (Str){text, bytes.len * 2};
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hash_from_hex(Arena *arena, Str hex, Str *bytes) {
    if (hex.len % 2) return false;
    char *out = arena_alloc(arena, hex.len / 2 + 1, 1);
    for (size_t i = 0; i < hex.len / 2; i++) {
        int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = (char)(high << 4 | low);
    }
    *bytes = (Str){out, hex.len / 2};
    return true;
}

Str hash_digest_hex(Arena *arena, const Digest *digest) {
    return hash_hex(arena, (Str){(const char *)digest->bytes, sizeof digest->bytes});
}

bool hash_digest_of(Arena *arena, Str hex, Digest *out) {
    Str bytes;
    bool is = hash_from_hex(arena, hex, &bytes) && bytes.len == sizeof out->bytes;
    if (is) memcpy(out->bytes, bytes.ptr, bytes.len);
    return is;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";

/* The digit of a 6-bit value: 62 and 63 are "-_" in base64url. */
static char base64_digit(unsigned value, bool url) {
    return base64_digits[value >= 62 && url ? value + 2 : value];
}

static Str base64_encode(Arena *arena, Str bytes, bool url) {
    char *text = arena_alloc(arena, (bytes.len + 2) / 3 * 4 + 1, 1), *to = text;
    const unsigned char *from = (const unsigned char *)bytes.ptr;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        unsigned word = (unsigned)from[i] << 16 | (n > 1 ? (unsigned)from[i + 1] << 8 : 0) |
                        (n > 2 ? from[i + 2] : 0);
        for (size_t k = 0; k < 4; k++) {
            if (k <= n)
                *to++ = base64_digit(word >> (18 - 6 * k) & 63, url);
            else if (!url)
                *to++ = '=';
        }
    }
    *to = 0;
    return (Str){text, (size_t)(to - text)};
}

static int base64_value(char c, bool url) {
    const char *at = c ? strchr(base64_digits, c) : NULL;
    if (!at) return -1;
    int value = (int)(at - base64_digits);
    if (value < 62) return value;
    bool url_digit = value >= 64;
    return url_digit == url ? 62 + value % 2 : -1;
}

static bool base64_decode(Arena *arena, Str text, bool url, Str *bytes) {
    if (text.len % 4 == 1) return false;
    char *out = arena_alloc(arena, text.len / 4 * 3 + 3, 1), *to = out;
    unsigned word = 0, bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.ptr[i], url);
        if (value < 0) return false;
        word = word << 6 | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *to++ = (char)(word >> bits & 255);
        }
    }
    if (word & ((1u << bits) - 1))
        return false; /* left-over bits must be zero: one text per value */
    *bytes = (Str){out, (size_t)(to - out)};
    return true;
}

Str hash_base64url(Arena *arena, Str bytes) {
    return base64_encode(arena, bytes, true);
}

bool hash_from_base64url(Arena *arena, Str text, Str *bytes) {
    return base64_decode(arena, text, true, bytes);
}

Str hash_base64(Arena *arena, Str bytes) {
    return base64_encode(arena, bytes, false);
}

bool hash_from_base64(Arena *arena, Str text, Str *bytes) {
    if (text.len % 4) return false;
    for (int i = 0; i < 2 && text.len && text.ptr[text.len - 1] == '='; i++)
        text.len--;
    return base64_decode(arena, text, false, bytes);
}

Str hash_base32(Arena *arena, Str bytes, size_t n) {
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    assert(bytes.len * 8 >= n * 5);
    char *text = arena_alloc(arena, n + 1, 1);
    for (size_t i = 0; i < n; i++) {
        size_t bit = i * 5, at = bit / 8;
        unsigned word = (unsigned)(unsigned char)bytes.ptr[at] << 8;
        if (at + 1 < bytes.len) word |= (unsigned char)bytes.ptr[at + 1];
        text[i] = digits[word >> (11 - bit % 8) & 31];
    }
    text[n] = 0;
    return (Str){text, n};
}
