#include "str.h"

#include "arena.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FORMATTED = 256 };

Str str_of(const char *z) {
    return z ? (Str){z, strlen(z)} : STR_NONE;
}

bool str_empty(Str s) {
    return s.len == 0;
}

bool str_eq(Str a, Str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_nocase(Str a, Str b) {
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

int str_cmp(Str a, Str b) {
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    if (order) return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(Str s, Str prefix) {
    return s.len >= prefix.len && str_eq((Str){s.ptr, prefix.len}, prefix);
}

bool str_ends(Str s, Str suffix) {
    return s.len >= suffix.len && str_eq(str_sub(s, s.len - suffix.len, s.len), suffix);
}

ptrdiff_t str_find(Str s, Str needle) {
    if (needle.len == 0) return 0;
    if (s.len == 0) return -1;
    const char *at = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at ? at - s.ptr : -1;
}

ptrdiff_t str_find_char(Str s, char c) {
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? at - s.ptr : -1;
}

Str str_sub(Str s, size_t from, size_t to) {
    if (to > s.len) to = s.len;
    if (from > to) from = to;
    return s.ptr ? (Str){s.ptr + from, to - from} : STR_NONE;
}

Str str_head(Str s, size_t max) {
    size_t len = s.len < max ? s.len : max;
    while (len && len < s.len && (s.ptr[len] & 0xC0) == 0x80)
        len--;
    return str_sub(s, 0, len);
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s) {
    while (s.len && is_space(s.ptr[0]))
        s = str_sub(s, 1, s.len);
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool str_split(Str *rest, char sep, Str *item) {
    *item = STR_NONE;
    if (rest->len == 0) return false;
    ptrdiff_t at = str_find_char(*rest, sep);
    size_t end = at < 0 ? rest->len : (size_t)at;
    *item = str_sub(*rest, 0, end);
    *rest = str_sub(*rest, end + 1, rest->len);
    return true;
}

bool str_to_i64(Str s, int64_t *out) {
    bool negative = s.len && s.ptr[0] == '-';
    size_t i = negative;
    if (i == s.len) return false;
    int64_t value = 0;
    for (; i < s.len; i++) {
        int digit = s.ptr[i] - '0';
        if (digit < 0 || digit > 9) return false;
        if (__builtin_mul_overflow(value, 10, &value)) return false;
        if (__builtin_sub_overflow(value, digit, &value)) return false;
    }
    return negative ? (*out = value, true) : !__builtin_sub_overflow(0, value, out);
}

bool str_to_f64(Str s, double *out) {
    char copy[64];
    if (s.len == 0 || s.len >= sizeof copy) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'))
            return false;
    }
    memcpy(copy, s.ptr, s.len);
    copy[s.len] = 0;
    char *end = NULL;
    double value = strtod(copy, &end); /* LC_NUMERIC stays "C": nothing in machi calls setlocale */
    if (*end || __builtin_isnan(value) || __builtin_isinf(value)) return false;
    *out = value;
    return true;
}

Str str_dup(Arena *arena, Str s) {
    return (Str){str_z(arena, s), s.len};
}

const char *str_z(Arena *arena, Str s) {
    char *copy = arena_alloc(arena, s.len + 1, 1);
    if (s.len) memcpy(copy, s.ptr, s.len);
    copy[s.len] = 0;
    return copy;
}

Str str_fmt(Arena *arena, const char *format, ...) {
    char most[FORMATTED]; /* as long as most are: only a longer one is formatted twice */
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(most, sizeof most, format, args);
    assert(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1, 1);
    if ((size_t)len < sizeof most)
        memcpy(text, most, (size_t)len + 1);
    else
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return (Str){text, (size_t)len};
}

Str str_grouped(Arena *arena, int64_t n) {
    char digits[32], out[48];
    uint64_t magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)magnitude);
    size_t written = 0;
    if (n < 0) out[written++] = '-';
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) out[written++] = ',';
        out[written++] = digits[i];
    }
    return str_dup(arena, (Str){out, written});
}

Str str_join(Arena *arena, const Str *parts, size_t n, Str between) {
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += parts[i].len + (i ? between.len : 0);
    char *text = arena_alloc(arena, len + 1, 1), *to = text;
    for (size_t i = 0; i < n; i++) {
        if (i && between.len) to = mempcpy(to, between.ptr, between.len);
        if (parts[i].len) to = mempcpy(to, parts[i].ptr, parts[i].len);
    }
    *to = 0;
    return (Str){text, len};
}

/* Length of the well-formed sequence at s (Unicode, table 3-7), 0 if there is none. */
static size_t utf8_sequence(Str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (p[0] < 0x80) return 1;
    size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || s.len < len) return 0;
    unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return len;
}

bool str_utf8_valid(Str s) {
    while (s.len) {
        size_t len = utf8_sequence(s);
        if (!len) return false;
        s = str_sub(s, len, s.len);
    }
    return true;
}

int32_t str_utf8_next(Str *rest) {
    if (!rest->len) return -1;
    size_t len = utf8_sequence(*rest);
    const unsigned char *p = (const unsigned char *)rest->ptr;
    int32_t point =
        len == 0   ? 0xFFFD
        : len == 1 ? p[0]
        : len == 2 ? (p[0] & 0x1F) << 6 | (p[1] & 0x3F)
        : len == 3 ? (p[0] & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F)
                   : (p[0] & 0x07) << 18 | (p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    *rest = str_sub(*rest, len ? len : 1, rest->len);
    return point;
}

size_t str_utf8_len(Str s) {
    size_t n = 0;
    while (str_utf8_next(&s) >= 0)
        n++;
    return n;
}
