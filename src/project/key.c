#include "project_int.h"

static void key_bytes(Buf *to, uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        buf_add_char(to, (char)(value >> shift & 255));
}

void key_u64(Buf *to, uint64_t value) {
    key_bytes(to, value, 8);
}

void key_i64(Buf *to, int64_t value) {
    key_bytes(to, (uint64_t)value ^ UINT64_C(1) << 63, 8);
}

void key_u32(Buf *to, uint32_t value) {
    key_bytes(to, value, 4);
}

static uint64_t read_bytes(Str key, size_t at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes && at + i < key.len; i++)
        value = value << 8 | (unsigned char)key.ptr[at + i];
    return value;
}

uint64_t key_read_u64(Str key, size_t at) {
    return read_bytes(key, at, 8);
}

uint32_t key_read_u32(Str key, size_t at) {
    return (uint32_t)read_bytes(key, at, 4);
}

int64_t key_read_i64(Str key, size_t at) {
    return (int64_t)(key_read_u64(key, at) ^ UINT64_C(1) << 63);
}

void key_hash(Buf *to, Str text, size_t n) {
    Digest digest = hash_sha256(text);
    buf_add_bytes(to, digest.bytes, n);
}
