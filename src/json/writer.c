/* The writer: compact text, escapes only where RFC 8259 demands them. */
#include "json_int.h"
#include "simd.h"

#include <math.h>
#include <string.h>

/* Inline ways into a Buf that has room; the slow way handles growth and the maximum. */
static inline void put_char(Buf *to, char c) {
    if (!to->full && to->len < to->cap)
        to->ptr[to->len++] = c;
    else
        buf_add_char(to, c);
}

static inline void put_bytes(Buf *to, const char *bytes, size_t len) {
    if (!to->full && len <= to->cap - to->len && len) {
        memcpy(to->ptr + to->len, bytes, len);
        to->len += len;
    } else {
        buf_add_bytes(to, bytes, len);
    }
}

#define put_word(to, literal) put_bytes((to), (literal), sizeof(literal) - 1)

/* Non-zero when one of the 8 bytes is below 0x20, '"' or '\\': the classic test for a zero byte,
   three times. It may also fire on a byte behind such a one, never on none. */
static inline uint64_t to_escape(uint64_t word) {
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
    return ((word - ones * 0x20) | (quote - ones) | (slash - ones)) & ~word & highs;
}

/* Bytes from the start that need no escape. */
static size_t plain_prefix(Str s) {
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t word;
        memcpy(&word, s.ptr + i, 8);
        if (to_escape(word)) break;
    }
    for (; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x20 || c == '"' || c == '\\') break;
    }
    return i;
}

static void put_escape(Buf *to, unsigned char c) {
    static const char shorts[256] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                     ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    static const char hex[] = "0123456789abcdef";
    if (shorts[c]) {
        char text[2] = {'\\', shorts[c]};
        put_bytes(to, text, sizeof text);
    } else {
        char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        put_bytes(to, text, sizeof text);
    }
}

void json_write_str(Buf *to, Str s) {
    put_char(to, '"');
    for (;;) {
        size_t plain = plain_prefix(s);
        put_bytes(to, s.ptr, plain);
        if (plain == s.len) break;
        put_escape(to, (unsigned char)s.ptr[plain]);
        s = str_sub(s, plain + 1, s.len);
    }
    put_char(to, '"');
}

size_t json_double_text(char *to, double value) {
    return simd_write_double(to, value == 0 ? 0 : value); /* -0 is written as 0 */
}

static void write_double(Buf *to, double value) {
    if (!isfinite(value)) {
        put_word(to, "null");
        return;
    }
    char text[32];
    put_bytes(to, text, json_double_text(text, value));
}

static void write_number(Buf *to, const Json *value) {
    if (value->raw)
        put_bytes(to, value->raw, value->len);
    else if (value->is_int)
        buf_add_i64(to, value->value.integer);
    else
        write_double(to, value->value.number);
}

static void write_items(Buf *to, const Json *array) {
    put_char(to, '[');
    for (uint32_t i = 0; i < array->len; i++) {
        if (i) put_char(to, ',');
        json_write(to, &array->value.items[i]);
    }
    put_char(to, ']');
}

static void write_members(Buf *to, const Json *object) {
    put_char(to, '{');
    for (uint32_t i = 0; i < object->len; i++) {
        if (i) put_char(to, ',');
        json_write_str(to, object->value.members[i].name);
        put_char(to, ':');
        json_write(to, &object->value.members[i].value);
    }
    put_char(to, '}');
}

void json_write(Buf *to, const Json *value) {
    switch ((JsonKind)value->kind) {
    case JSON_NULL:
        put_word(to, "null");
        break;
    case JSON_BOOL:
        if (value->value.boolean)
            put_word(to, "true");
        else
            put_word(to, "false");
        break;
    case JSON_NUMBER:
        write_number(to, value);
        break;
    case JSON_STRING:
        json_write_str(to, json_str(value));
        break;
    case JSON_ARRAY:
        write_items(to, value);
        break;
    case JSON_OBJECT:
        write_members(to, value);
        break;
    }
}

/* ---- streaming ---- */

JsonWriter json_writer(Buf *to) {
    return (JsonWriter){.to = to};
}

static void before_value(JsonWriter *w) {
    if (w->comma) put_char(w->to, ',');
    w->comma = true;
}

void json_open(JsonWriter *w, char bracket) {
    assert((bracket == '{' || bracket == '[') && w->depth < sizeof w->closers);
    before_value(w);
    put_char(w->to, bracket);
    w->closers[w->depth++] = bracket == '{' ? '}' : ']';
    w->comma = false;
}

void json_close(JsonWriter *w) {
    assert(w->depth);
    put_char(w->to, w->closers[--w->depth]);
    w->comma = true;
}

void json_name(JsonWriter *w, Str name) {
    assert(w->depth && w->closers[w->depth - 1] == '}');
    before_value(w);
    json_write_str(w->to, name);
    put_char(w->to, ':');
    w->comma = false;
}

void json_value(JsonWriter *w, const Json *value) {
    before_value(w);
    json_write(w->to, value);
}

void json_text(JsonWriter *w, Str s) {
    before_value(w);
    json_write_str(w->to, s);
}

void json_int(JsonWriter *w, int64_t value) {
    before_value(w);
    buf_add_i64(w->to, value);
}

void json_double(JsonWriter *w, double value) {
    before_value(w);
    write_double(w->to, value);
}

void json_bool(JsonWriter *w, bool value) {
    before_value(w);
    buf_add(w->to, value ? STR("true") : STR("false"));
}

void json_null(JsonWriter *w) {
    before_value(w);
    put_word(w->to, "null");
}

void json_raw(JsonWriter *w, Str json) {
    before_value(w);
    buf_add(w->to, json);
}
