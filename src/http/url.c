#include "http_int.h"

#include <string.h>

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Str http_url_decode(Arena *arena, Str s, bool plus_is_space) {
    char *to = arena_alloc(arena, s.len, 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        int high = s.ptr[i] == '%' && i + 2 < s.len ? hex_digit(s.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.ptr[i + 2]) : -1;
        if (low >= 0) {
            to[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            to[n++] = plus_is_space && s.ptr[i] == '+' ? ' ' : s.ptr[i];
        }
    }
    return (Str){to, n};
}

/* RFC 3986: everything but unreserved characters is escaped, except ':', which is allowed in a
 * segment and a query (3.3, 3.4) and without which a URN is hard to recognise. */
Str http_url_encode(Arena *arena, Str s) {
    static const char digits[] = "0123456789ABCDEF";
    char *to = arena_alloc(arena, s.len * 3, 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.ptr[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
                     c == '.' || c == '_' || c == '~' || c == ':';
        if (plain) {
            to[n++] = (char)c;
        } else {
            to[n++] = '%';
            to[n++] = digits[c >> 4];
            to[n++] = digits[c & 15];
        }
    }
    return (Str){to, n};
}

Str url_text(Arena *arena, Str s, bool plus_is_space) {
    bool plain = str_find_char(s, '%') < 0 && !(plus_is_space && str_find_char(s, '+') >= 0);
    return plain ? s : http_url_decode(arena, s, plus_is_space);
}

bool url_is_text(Arena *scratch, Str target) {
    if (str_find_char(target, '%') < 0) return true;
    ArenaMark mark = arena_mark(scratch);
    Str plain = http_url_decode(scratch, target, false);
    bool good = str_utf8_valid(plain) && !memchr(plain.ptr, 0, plain.len);
    arena_rewind(scratch, mark);
    return good;
}

void url_pairs(Arena *arena, Str query, UrlPairs *out) {
    Str pair;
    while (str_split(&query, '&', &pair)) {
        if (!pair.len) continue;
        ptrdiff_t sign = str_find_char(pair, '=');
        size_t end = sign < 0 ? pair.len : (size_t)sign;
        vec_push(arena, out,
                 (HeadField){url_text(arena, str_sub(pair, 0, end), true),
                             url_text(arena, str_sub(pair, end + 1, pair.len), true)});
    }
}
