#include "http_int.h"

#include <string.h>

/* cookie-octet of RFC 6265, 4.1.1; quotes around a value are left to whoever set them. */
static bool is_octet(uint8_t c) {
    return c == 0x21 || (c >= 0x23 && c <= 0x2b) || (c >= 0x2d && c <= 0x3a) ||
           (c >= 0x3c && c <= 0x5b) || (c >= 0x5d && c <= 0x7e);
}

static bool all_octets(Str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!is_octet((uint8_t)s.ptr[i])) return false;
    return true;
}

Str cookie_find(Str header, Str name) {
    Str pair;
    while (str_split(&header, ';', &pair)) {
        pair = str_trim(pair);
        ptrdiff_t sign = str_find_char(pair, '=');
        if (sign <= 0 || !str_eq(str_sub(pair, 0, (size_t)sign), name)) continue;
        Str value = str_sub(pair, (size_t)sign + 1, pair.len);
        if (all_octets(value)) return value;
    }
    return STR_NONE;
}

Str http_cookie(const HttpExchange *x, const char *name) {
    Str wanted = str_of(name);
    for (size_t i = 0; i < x->head.n; i++) {
        if (!str_eq_nocase(x->head.fields[i].name, STR("cookie"))) continue;
        Str value = cookie_find(x->head.fields[i].value, wanted);
        if (value.ptr) return value;
    }
    return STR_NONE;
}

void http_set_cookie(HttpExchange *x, HttpSetCookie cookie) {
    assert(cookie.name[0] && all_octets(str_of(cookie.name)) && !strchr(cookie.name, '='));
    assert(all_octets(cookie.value));
    Buf text = buf_new(x->ctx.arena, 8192);
    buf_addf(&text, "%s=" STR_FMT "; Path=/; HttpOnly; SameSite=%s", cookie.name,
             STR_ARG(cookie.value), cookie.strict ? "Strict" : "Lax");
    if (cookie.secure) buf_add(&text, STR("; Secure"));
    if (cookie.max_age >= 0) buf_addf(&text, "; Max-Age=%lld", (long long)cookie.max_age);
    assert(buf_rc(&text) == RC_OK);
    http_add_header(x, "Set-Cookie", buf_str(&text));
}
