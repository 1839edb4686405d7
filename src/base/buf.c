#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 256 };

Buf buf_new(Arena *arena, size_t max) {
    return (Buf){.arena = arena, .max = max};
}

void buf_free(Buf *buf) {
    if (!buf->arena) mem_free(buf->ptr);
    *buf = (Buf){.arena = buf->arena, .max = buf->max};
}

void buf_clear(Buf *buf) {
    buf->len = 0;
    buf->full = false;
}

static bool buf_fits(Buf *buf, size_t more) {
    if (buf->full || more > buf->max - buf->len) {
        buf->full = true;
        return false;
    }
    if (more <= buf->cap - buf->len) return true;
    size_t cap = buf->cap ? buf->cap * 2 : BUF_FIRST;
    while (cap - buf->len < more)
        cap *= 2;
    if (cap > buf->max) cap = buf->max;
    buf->ptr =
        buf->arena ? arena_grow(buf->arena, buf->ptr, buf->cap, cap, 1) : mem_grow(buf->ptr, cap);
    buf->cap = cap;
    return true;
}

char *buf_reserve(Buf *buf, size_t len) {
    if (!buf_fits(buf, len)) return NULL;
    buf->len += len;
    return buf->ptr + buf->len - len;
}

void buf_add_bytes(Buf *buf, const void *bytes, size_t len) {
    if (!len || !buf_fits(buf, len)) return;
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

void buf_add(Buf *buf, Str s) {
    buf_add_bytes(buf, s.ptr, s.len);
}

void buf_add_char(Buf *buf, char c) {
    if (buf_fits(buf, 1)) buf->ptr[buf->len++] = c;
}

void buf_add_i64(Buf *buf, int64_t value) {
    char text[24];
    char *at = text + sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) *--at = '-';
    buf_add_bytes(buf, at, (size_t)(text + sizeof text - at));
}

void buf_add_f64(Buf *buf, double value) {
    if (value < 1e15 && value > -1e15 && value == (double)(int64_t)value) {
        buf_add_i64(buf, (int64_t)value);
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        int len = snprintf(text, sizeof text, "%.*g", digits, value);
        if (digits == 17 || strtod(text, NULL) == value) {
            buf_add_bytes(buf, text, (size_t)len);
            return;
        }
    }
}

void buf_addf(Buf *buf, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0);
    if (buf_fits(buf, (size_t)len + 1)) {
        vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

Str buf_str(const Buf *buf) {
    return (Str){buf->ptr ? buf->ptr : "", buf->len};
}

Rc buf_rc(const Buf *buf) {
    return buf->full ? RC_LIMIT : RC_OK;
}
