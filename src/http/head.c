#include "head.h"

#include <string.h>

/* What a byte may be part of. */
enum {
    TOKEN = 1,  /* tchar, RFC 9110 5.6.2 */
    VALUE = 2,  /* field-vchar, SP, HTAB, obs-text */
    TARGET = 4, /* visible ASCII without '#', '"', '<', '>', '\\', '^', '`', '{', '|', '}' */
    HOST = 8,   /* reg-name, IP-literal, port */
    QUERY = 16, /* TARGET and what clients write there without escapes: q=temperature>22 */
};

#define T TOKEN
#define V VALUE
#define G (TARGET | QUERY)
#define H HOST
#define Q QUERY
/* clang-format off */
static const uint8_t classes[256] = {
    ['\t'] = V, [' '] = V,
    ['!'] = T|V|G|H, ['"'] = V|Q, ['#'] = T|V, ['$'] = T|V|G|H, ['%'] = T|V|G|H, ['&'] = T|V|G|H,
    ['\''] = T|V|G|H, ['('] = V|G|H, [')'] = V|G|H, ['*'] = T|V|G|H, ['+'] = T|V|G|H, [','] = V|G,
    ['-'] = T|V|G|H, ['.'] = T|V|G|H, ['/'] = V|G,
    ['0'] = T|V|G|H, ['1'] = T|V|G|H, ['2'] = T|V|G|H, ['3'] = T|V|G|H, ['4'] = T|V|G|H,
    ['5'] = T|V|G|H, ['6'] = T|V|G|H, ['7'] = T|V|G|H, ['8'] = T|V|G|H, ['9'] = T|V|G|H,
    [':'] = V|G|H, [';'] = V|G|H, ['<'] = V|Q, ['='] = V|G|H, ['>'] = V|Q, ['?'] = V|G, ['@'] = V|G,
    ['A' ... 'Z'] = T|V|G|H, ['['] = V|G|H, ['\\'] = V, [']'] = V|G|H, ['^'] = T|V|Q, ['_'] = T|V|G|H,
    ['`'] = T|V|Q, ['a' ... 'z'] = T|V|G|H, ['{'] = V|Q, ['|'] = T|V|Q, ['}'] = V|Q, ['~'] = T|V|G|H,
    [0x80 ... 0xff] = V,
};
/* clang-format on */
#undef T
#undef V
#undef G
#undef H
#undef Q

static bool all_of(Str s, int class) {
    for (size_t i = 0; i < s.len; i++)
        if (!(classes[(uint8_t)s.ptr[i]] & class)) return false;
    return true;
}

bool head_field_fit(Str name, Str value) {
    bool filled = name.len && value.len && str_trim(value).len == value.len;
    return filled && all_of(name, TOKEN) && all_of(value, VALUE);
}

HeadFound head_find(HeadSearch *search, Str data) {
    while (search->line < data.len) {
        const char *from = data.ptr + search->line;
        const char *end = memchr(from, '\n', data.len - search->line);
        if (!end) break;
        if (end == from || end[-1] != '\r') return HEAD_BAD_LINE;
        search->line = (size_t)(end - data.ptr) + 1;
        if (search->line > HEAD_MAX) return HEAD_TOO_LARGE;
        if (end - from == 1) return HEAD_WHOLE;
        if (++search->lines > HEAD_FIELDS_MAX + 1) return HEAD_TOO_LARGE;
    }
    return data.len > HEAD_MAX ? HEAD_TOO_LARGE : HEAD_MORE;
}

static int refuse(const char **why, int status, const char *reason) {
    *why = reason;
    return status;
}

/* ---- fields that decide how the message is framed ---- */

static int host(Head *head, Str value, const char **why) {
    if (head->has_host) return refuse(why, 400, "There is more than one Host header.");
    if (!all_of(value, HOST))
        return refuse(why, 400, "The Host header holds a forbidden character.");
    head->has_host = true;
    head->host = value;
    return 0;
}

static int content_length(Head *head, Str value, const char **why) {
    if (head->has_length) return refuse(why, 400, "There is more than one Content-Length header.");
    if (!value.len || value.len > 18)
        return refuse(why, 400, "Content-Length is empty or too long.");
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return refuse(why, 400, "Content-Length must consist of digits only.");
        head->length = head->length * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    head->has_length = true;
    return 0;
}

static int transfer_encoding(Head *head, Str value, const char **why) {
    if (head->chunked) return refuse(why, 400, "There is more than one Transfer-Encoding header.");
    if (!str_eq_nocase(value, STR("chunked")))
        return refuse(why, value.len ? 501 : 400,
                      "The only Transfer-Encoding understood is 'chunked'.");
    head->chunked = true;
    return 0;
}

static int connection(Head *head, Str value, const char **why) {
    (void)why;
    Str option;
    while (str_split(&value, ',', &option)) {
        option = str_trim(option);
        if (str_eq_nocase(option, STR("close"))) head->close = true;
        if (str_eq_nocase(option, STR("keep-alive"))) head->keep_alive = true;
    }
    return 0;
}

static int expect(Head *head, Str value, const char **why) {
    (void)why;
    head->expect =
        str_eq_nocase(value, STR("100-continue")) ? HEAD_EXPECT_CONTINUE : HEAD_EXPECT_OTHER;
    return 0;
}

static int upgrade(Head *head, Str value, const char **why) {
    (void)value, (void)why;
    head->upgrade = true;
    return 0;
}

static const struct {
    Str name;
    int (*read)(Head *head, Str value, const char **why);
} framing[] = {
    {{"host", 4}, host},
    {{"connection", 10}, connection},
    {{"content-length", 14}, content_length},
    {{"transfer-encoding", 17}, transfer_encoding},
    {{"expect", 6}, expect},
    {{"upgrade", 7}, upgrade},
};

/* ---- lines ---- */

static int field_line(Head *head, Str line, const char **why) {
    size_t colon = 0;
    while (colon < line.len && classes[(uint8_t)line.ptr[colon]] & TOKEN)
        colon++;
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return refuse(why, 400, "A header line is folded.");
    if (colon == 0 || colon == line.len || line.ptr[colon] != ':')
        return refuse(why, 400, "A header line has no name, or a space or other character in it.");
    Str name = {line.ptr, colon}, value = str_sub(line, colon + 1, line.len);
    if (!all_of(value, VALUE)) return refuse(why, 400, "A header value holds a control character.");
    value = str_trim(value);
    if (head->n == head->room) return refuse(why, 431, "There are too many header lines.");
    head->fields[head->n++] = (HeadField){name, value};
    for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
        if (framing[i].name.len == name.len && str_eq_nocase(framing[i].name, name))
            return framing[i].read(head, value, why);
    return 0;
}

/* The scheme and host of an absolute-form, taken off the front of the target. */
static int authority(Head *head, Str *rest, const char **why) {
    Str t = *rest;
    size_t skip = str_starts(t, STR("http://")) ? 7 : str_starts(t, STR("https://")) ? 8 : 0;
    if (!skip) return refuse(why, 400, "The request target must begin with '/'.");
    t = str_sub(t, skip, t.len);
    size_t end = 0;
    while (end < t.len && t.ptr[end] != '/' && t.ptr[end] != '?')
        end++;
    if (!end || !all_of(str_sub(t, 0, end), HOST))
        return refuse(why, 400, "The request target names no valid host.");
    head->authority = str_sub(t, 0, end);
    *rest = str_sub(t, end, t.len);
    return 0;
}

/* origin-form, absolute-form or "*" (RFC 9112, 3.2). */
static int target(Head *head, const char **why) {
    Str t = head->target;
    ptrdiff_t query = str_find_char(t, '?');
    size_t plain = query < 0 ? t.len : (size_t)query;
    if (!t.len || !all_of(str_sub(t, 0, plain), TARGET) || !all_of(str_sub(t, plain, t.len), QUERY))
        return refuse(why, 400, "The request target is empty or holds a forbidden character.");
    if (t.ptr[0] != '/' && !str_eq(t, STR("*"))) {
        int status = authority(head, &t, why);
        if (status) return status;
    }
    ptrdiff_t mark = str_find_char(t, '?');
    head->path = mark < 0 ? t : str_sub(t, 0, (size_t)mark);
    head->query = mark < 0 ? STR_NONE : str_sub(t, (size_t)mark + 1, t.len);
    if (!head->path.len) head->path = STR("/");
    return 0;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int version(Head *head, Str v, const char **why) {
    if (v.len != 8 || !str_starts(v, STR("HTTP/")) || !is_digit(v.ptr[5]) || v.ptr[6] != '.' ||
        !is_digit(v.ptr[7]))
        return refuse(why, 400,
                      "The request line must be: method, space, target, space, HTTP/1.1.");
    if (v.ptr[5] != '1' || v.ptr[7] > '1')
        return refuse(why, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    head->minor = v.ptr[7] - '0';
    return 0;
}

static int request_line(Head *head, Str line, const char **why) {
    ptrdiff_t first = str_find_char(line, ' ');
    Str rest = first < 0 ? STR_NONE : str_sub(line, (size_t)first + 1, line.len);
    ptrdiff_t second = str_find_char(rest, ' ');
    if (first <= 0 || second <= 0)
        return refuse(why, 400,
                      "The request line must be: method, space, target, space, HTTP/1.1.");
    head->method = str_sub(line, 0, (size_t)first);
    head->target = str_sub(rest, 0, (size_t)second);
    if (!all_of(head->method, TOKEN))
        return refuse(why, 400, "The method holds a forbidden character.");
    int status = version(head, str_sub(rest, (size_t)second + 1, rest.len), why);
    return status ? status : target(head, why);
}

static int whole(const Head *head, const char **why) {
    if (head->minor == 1 && !head->has_host) return refuse(why, 400, "The Host header is missing.");
    /* RFC 9112, 3.2.2: the target would win, past whoever looks at the header. */
    if (head->authority.len && head->has_host && !str_eq_nocase(head->authority, head->host))
        return refuse(why, 400, "The request target and the Host header name different hosts.");
    if (head->chunked && head->minor == 0)
        return refuse(why, 400, "Transfer-Encoding is not part of HTTP/1.0.");
    if (head->chunked && head->has_length)
        return refuse(why, 400, "Content-Length and Transfer-Encoding exclude each other.");
    if (head->upgrade && (head->chunked || head->length))
        return refuse(why, 400, "A request to upgrade must not have a body.");
    return 0;
}

int head_read(Str text, Head *head, const char **why) {
    bool first = true;
    while (text.len > 2) {
        const char *end = memchr(text.ptr, '\n', text.len);
        assert(end && end > text.ptr && end[-1] == '\r'); /* head_find saw to it */
        size_t len = (size_t)(end - text.ptr) - 1;
        Str line = {text.ptr, len};
        text = str_sub(text, len + 2, text.len);
        int status = first ? request_line(head, line, why) : field_line(head, line, why);
        if (status) return status;
        first = false;
    }
    if (first) return refuse(why, 400, "The request line is empty.");
    return whole(head, why);
}
