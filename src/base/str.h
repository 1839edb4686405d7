/* str: slices of UTF-8. A Str owns nothing: it is valid as long as the memory it points into. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "rc.h"

typedef struct Arena Arena;

typedef struct Str {
    const char *ptr;
    size_t len;
} Str;

#define STR(literal) ((Str){"" literal, sizeof(literal) - 1})
#define STR_NONE     ((Str){0})
#define STR_FMT      "%.*s"
#define STR_ARG(s)   (int)(s).len, (s).ptr

/* A slice of a NUL-terminated string; NULL gives STR_NONE. */
Str str_of(const char *z);
/* True for length 0, with or without memory behind it. */
bool str_empty(Str s);
bool str_eq(Str a, Str b);
/* ASCII letters compare without case. */
bool str_eq_nocase(Str a, Str b);
/* Byte order: <0, 0, >0. */
int str_cmp(Str a, Str b);
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
/* Index of the first occurrence, or -1. */
ptrdiff_t str_find(Str s, Str needle);
ptrdiff_t str_find_char(Str s, char c);
/* Sub-slice; from and to are cut to the length. */
Str str_sub(Str s, size_t from, size_t to);
/* The longest beginning of at most max bytes that cuts no character in two, for messages. */
Str str_head(Str s, size_t max);
/* Without leading and trailing ASCII white space. */
Str str_trim(Str s);
/* Takes the text before the next sep off *rest into *item; false when *rest is used up. An empty
 *rest gives no item, *item is empty then; "a,,b" gives "a", "", "b"; a trailing sep gives no
 *further item. */
bool str_split(Str *rest, char sep, Str *item);

/* Whole slice as a decimal integer (optional '-'); false on anything else or overflow. */
bool str_to_i64(Str s, int64_t *out);
/* Whole slice as a JSON-like finite number, independent of locale; false on anything else. */
bool str_to_f64(Str s, double *out);

/* Copies into the arena. str_z adds a NUL behind, so that ptr is a C string. */
Str str_dup(Arena *arena, Str s);
const char *str_z(Arena *arena, Str s);
[[gnu::format(printf, 2, 3), gnu::nonnull(2)]] Str str_fmt(Arena *arena, const char *format, ...);
/* "1,234,567", "-1,000". */
Str str_grouped(Arena *arena, int64_t n);
/* Joined copies of n slices. */
Str str_join(Arena *arena, const Str *parts, size_t n, Str between);

/* True for well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
bool str_utf8_valid(Str s);
/* Takes one code point off *rest (well-formed UTF-8); -1 at the end. A malformed byte gives U+FFFD.
 */
int32_t str_utf8_next(Str *rest);
/* Number of code points. */
size_t str_utf8_len(Str s);

#endif
