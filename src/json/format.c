/* The formats of JSON Schema that are checked. */
#include "schema_int.h"

static bool is_date(Str text) {
    Date date;
    return time_parse_date(text, &date);
}

static bool is_date_time(Str text) {
    int64_t t;
    return time_parse(text, &t);
}

static bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* A label of a host name (RFC 1123). */
static bool is_label(Str label) {
    if (label.len == 0 || label.len > 63) return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_alnum(label.ptr[i]) && label.ptr[i] != '-') return false;
    return label.ptr[0] != '-' && label.ptr[label.len - 1] != '-';
}

static bool is_host(Str host) {
    Str rest = host, label;
    bool dot = false;
    while (str_split(&rest, '.', &label)) {
        if (!is_label(label)) return false;
        dot = dot || rest.len;
    }
    return dot && !str_ends(host, STR("."));
}

/* A dot-atom before the last '@' and a host name with a dot behind it (RFC 5321 without quoted
   strings, comments and address literals, which no resident has). */
static bool is_email(Str text) {
    const Str others = STR("!#$%&'*+-/=?^_`{|}~.");
    ptrdiff_t at = str_find_char(text, '@');
    if (at < 1 || at > 64 || text.len > 254) return false;
    Str local = str_sub(text, 0, (size_t)at);
    for (size_t i = 0; i < local.len; i++)
        if (!is_alnum(local.ptr[i]) && str_find_char(others, local.ptr[i]) < 0) return false;
    if (local.ptr[0] == '.' || str_ends(local, STR(".")) || str_find(local, STR("..")) >= 0)
        return false;
    return is_host(str_sub(text, (size_t)at + 1, text.len));
}

/* An absolute URI (RFC 3986): a scheme, a colon, something; ASCII, escapes whole. */
static bool is_uri(Str text) {
    ptrdiff_t colon = str_find_char(text, ':');
    if (colon < 1 || (size_t)colon + 1 == text.len || (text.ptr[0] | 0x20) < 'a') return false;
    for (size_t i = 0; i < (size_t)colon; i++)
        if (!is_alnum(text.ptr[i]) && str_find_char(STR("+-."), text.ptr[i]) < 0) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c <= ' ' || c == 0x7F || str_find_char(STR("<>\"{}|\\^`"), c) >= 0) return false;
        if (c == '%' && (i + 2 >= text.len || !is_hex(text.ptr[i + 1]) || !is_hex(text.ptr[i + 2])))
            return false;
    }
    return true;
}

SchemaFormat schema_format_find(Str name) {
    static const struct {
        Str name;
        SchemaFormat check;
    } formats[] = {{STR("date"), is_date},
                   {STR("date-time"), is_date_time},
                   {STR("email"), is_email},
                   {STR("uri"), is_uri}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (str_eq(formats[i].name, name)) return formats[i].check;
    return NULL;
}
