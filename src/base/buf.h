/* buf: builds text or bytes up to a maximum that is fixed at creation. Past it the buffer turns
   `full`, keeps what it has and ignores the rest: check buf_rc at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "arena.h"
#include "str.h"

typedef struct Buf {
    char *ptr;
    size_t len, cap, max;
    Arena *arena; /* NULL: own memory, given back by buf_free */
    bool full;
} Buf;

/* An empty builder of at most max bytes, in the arena or (NULL) in memory of its own. */
Buf buf_new(Arena *arena, size_t max);
/* Gives own memory back; does nothing for a builder in an arena. */
void buf_free(Buf *buf);
/* Empties it, keeps the memory. */
void buf_clear(Buf *buf);
void buf_add(Buf *buf, Str s);
void buf_add_char(Buf *buf, char c);
void buf_add_bytes(Buf *buf, const void *bytes, size_t len);
void buf_add_i64(Buf *buf, int64_t value);
/* Shortest decimal that reads back as the same double; integers without a fraction. Not for nan or
 * inf. */
void buf_add_f64(Buf *buf, double value);
[[gnu::format(printf, 2, 3), gnu::nonnull(2)]] void buf_addf(Buf *buf, const char *format, ...);
/* Makes room for len bytes and returns where they go, or NULL when full; the caller writes them
 * all. */
char *buf_reserve(Buf *buf, size_t len);
/* What was built; valid until the next addition. */
Str buf_str(const Buf *buf);
/* RC_OK, or RC_LIMIT when something did not fit. */
Rc buf_rc(const Buf *buf);

#endif
