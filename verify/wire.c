#include "wire.h"

#include <sodium.h>
#include <string.h>

Wire wire_of(Slice bytes) {
    static const uint8_t none[1];
    const uint8_t *at = bytes.at ? bytes.at : none;
    return (Wire){.at = at, .end = at + bytes.len};
}

Slice wire_bytes(Wire *wire, uint64_t len) {
    if (wire->bad || len > (uint64_t)(wire->end - wire->at)) {
        wire->bad = true;
        return (Slice){wire->end, 0};
    }
    Slice out = {wire->at, (size_t)len};
    wire->at += len;
    return out;
}

uint8_t wire_u8(Wire *wire) {
    Slice one = wire_bytes(wire, 1);
    return one.len ? *one.at : 0;
}

uint64_t wire_varint(Wire *wire) {
    uint64_t value = 0;
    for (unsigned i = 0; i < 10 && !wire->bad; i++) {
        uint8_t byte = wire_u8(wire);
        if ((byte == 0 && i > 0) || (i == 9 && byte > 1)) break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) return wire->bad ? 0 : value;
    }
    wire->bad = true;
    return 0;
}

Slice wire_str(Wire *wire) {
    return wire_bytes(wire, wire_varint(wire));
}

/* Length of the well-formed UTF-8 sequence at `at`, 0: none. Surrogates, overlong forms and
 * values beyond U+10FFFF are none. */
static size_t utf8_len(const uint8_t *at, size_t left) {
    static const struct {
        uint8_t first, last, low, high, len; /* of the first byte; of the second */
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    size_t form = 0, count = sizeof forms / sizeof *forms;
    while (form < count && (*at < forms[form].first || *at > forms[form].last))
        form++;
    if (form == count || forms[form].len > left) return 0;
    for (size_t i = 1; i < forms[form].len; i++) {
        uint8_t low = i == 1 ? forms[form].low : 0x80, high = i == 1 ? forms[form].high : 0xbf;
        if (at[i] < low || at[i] > high) return 0;
    }
    return forms[form].len;
}

Slice wire_text(Wire *wire, size_t max) {
    Slice text = wire_str(wire);
    if (text.len > max) wire->bad = true;
    for (size_t i = 0; i < text.len && !wire->bad;) {
        size_t len = utf8_len(text.at + i, text.len - i);
        if (!len) wire->bad = true;
        i += len;
    }
    return text;
}

bool wire_done(const Wire *wire) {
    return !wire->bad && wire->at == wire->end;
}

Slice slice_of(const char *text) {
    return (Slice){(const uint8_t *)text, strlen(text)};
}

bool slice_eq(Slice a, Slice b) {
    return a.len == b.len && (!a.len || memcmp(a.at, b.at, a.len) == 0);
}

bool slice_cut(Slice *rest, char end, Slice *out) {
    const uint8_t *found = rest->len ? memchr(rest->at, end, rest->len) : NULL;
    if (!found) return false;
    *out = (Slice){rest->at, (size_t)(found - rest->at)};
    *rest = (Slice){found + 1, rest->len - out->len - 1};
    return true;
}

bool slice_number(Slice text, uint64_t *out) {
    uint64_t value = 0;
    if (!text.len || text.len > 18 || (text.at[0] == '0' && text.len > 1)) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    *out = value;
    return true;
}

bool slice_base64(Slice text, uint8_t *out, size_t len) {
    size_t written;
    const char *end;
    if (text.len != (len + 2) / 3 * 4) return false;
    return sodium_base642bin(out, len, (const char *)text.at, text.len, NULL, &written, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           written == len && end == (const char *)text.at + text.len;
}
