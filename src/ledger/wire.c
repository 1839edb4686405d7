#include "wire.h"

void wire_put_varint(Buf *to, uint64_t value) {
    char bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (char)(value | 0x80);
    bytes[n++] = (char)value;
    buf_add_bytes(to, bytes, n);
}

void wire_put_str(Buf *to, Str s) {
    wire_put_varint(to, s.len);
    buf_add(to, s);
}

WireIn wire_in(Str bytes) {
    return (WireIn){.rest = bytes};
}

static Str fail(WireIn *in) {
    in->bad = true;
    in->rest = STR_NONE;
    return STR_NONE;
}

Str wire_bytes(WireIn *in, size_t n) {
    if (in->bad || in->rest.len < n) return fail(in);
    Str taken = {in->rest.ptr, n};
    in->rest = (Str){in->rest.ptr + n, in->rest.len - n};
    return taken;
}

uint8_t wire_u8(WireIn *in) {
    Str byte = wire_bytes(in, 1);
    return byte.len ? (uint8_t)byte.ptr[0] : 0;
}

uint64_t wire_varint(WireIn *in) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = wire_u8(in);
        if (in->bad) return 0;
        bool overflow = shift == 63 && byte > 1, padded = shift > 0 && byte == 0;
        if (overflow || padded) break;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return value;
    }
    (void)fail(in);
    return 0;
}

Str wire_str(WireIn *in) {
    uint64_t len = wire_varint(in);
    if (len > in->rest.len) return fail(in);
    return wire_bytes(in, (size_t)len);
}

size_t wire_count(WireIn *in, size_t least_size) {
    uint64_t n = wire_varint(in);
    if (n <= in->rest.len / least_size) return (size_t)n;
    (void)fail(in);
    return 0;
}

bool wire_done(const WireIn *in) {
    return !in->bad && in->rest.len == 0;
}
