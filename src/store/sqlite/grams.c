#include "store_int.h"

#include <string.h>

/* A code point becomes five letters, a pair of neighbours ten: so the tokenizer sees only letters,
   a pair is one token, and a single character is found as the beginning of a pair. The last
   character of a word stands alone as well. */
enum { LETTERS = 5, QUERY_GRAMS = 32 };

static bool is_gap(int32_t c) {
    return c <= ' ' || c == 0x7F || c == 0x3000;
}

static void letters(int32_t c, char to[LETTERS]) {
    for (int i = LETTERS - 1; i >= 0; i--, c >>= 5) {
        int digit = c & 31;
        to[i] = (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);
    }
}

static void add_token(Buf *to, int32_t first, int32_t second) {
    char token[2 * LETTERS];
    letters(first, token);
    letters(second, token + LETTERS);
    buf_add_bytes(to, token, second ? 2 * LETTERS : LETTERS);
    buf_add_char(to, ' ');
}

Str grams_tokens(Arena *arena, Str text) {
    Buf to = buf_new(arena, text.len * (2 * LETTERS + 1) + 1);
    int32_t before = ' ';
    for (int32_t c; (c = str_utf8_next(&text)) >= 0; before = c) {
        if (is_gap(before)) continue;
        add_token(&to, before, is_gap(c) ? 0 : c);
    }
    if (!is_gap(before)) add_token(&to, before, 0);
    return buf_str(&to);
}

static void add_term(Buf *to, size_t *count, const int32_t pair[2]) {
    if (*count == QUERY_GRAMS) return; /* fewer conditions find a superset; grams_holds decides */
    char token[2 * LETTERS];
    letters(pair[0], token);
    letters(pair[1], token + LETTERS);
    buf_add(to, (*count)++ ? STR(" AND \"") : STR("\""));
    buf_add_bytes(to, token, pair[1] ? 2 * LETTERS : LETTERS);
    buf_add(to, pair[1] ? STR("\"") : STR("\" *"));
}

Str grams_query(Arena *arena, Str words) {
    Buf to = buf_new(arena, (size_t)QUERY_GRAMS * (2 * LETTERS + 8));
    size_t count = 0, in_word = 0;
    int32_t pair[2] = {0};
    for (bool more = true; more;) {
        int32_t c = str_utf8_next(&words);
        more = c >= 0;
        if (more && !is_gap(c)) {
            pair[1] = c;
            if (in_word++) add_term(&to, &count, pair);
            pair[0] = c;
            continue;
        }
        pair[1] = 0;
        if (in_word == 1) add_term(&to, &count, pair);
        in_word = 0;
    }
    return buf_str(&to);
}

/* Takes the next word off *rest. */
static bool next_word(Str *rest, Str *word) {
    const char *start = NULL;
    size_t len = 0;
    for (Str before = *rest; rest->len; before = *rest) {
        bool gap = is_gap(str_utf8_next(rest));
        if (gap && start) break;
        if (gap) continue;
        if (!start) start = before.ptr;
        len = (size_t)(rest->ptr - start);
    }
    *word = (Str){start, len};
    return start != NULL;
}

bool grams_holds(Str text, Str words) {
    Str word;
    while (next_word(&words, &word))
        if (str_find(text, word) < 0) return false;
    return true;
}
