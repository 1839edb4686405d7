#include "text.h"

#include "buf.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

/* UTF-16 of ICU and back; ICU's own errors can only be memory or a bug, so they stop the program.
 */
typedef struct Wide {
    UChar *ptr;
    int32_t len;
} Wide;

static void icu_ok(UErrorCode code) {
    assert(!U_FAILURE(code));
    (void)code;
}

static Wide wide_of(Arena *arena, Str s) {
    UErrorCode code = U_ZERO_ERROR;
    Wide wide = {arena_alloc(arena, (s.len + 1) * sizeof(UChar), _Alignof(UChar)), 0};
    u_strFromUTF8WithSub(wide.ptr, (int32_t)s.len + 1, &wide.len, s.ptr ? s.ptr : "",
                         (int32_t)s.len, 0xFFFD, NULL, &code);
    icu_ok(code);
    return wide;
}

static Str wide_text(Arena *arena, Wide wide) {
    UErrorCode code = U_ZERO_ERROR;
    int32_t len = 0;
    char *text = arena_alloc(arena, (size_t)wide.len * 3 + 1, 1);
    u_strToUTF8(text, wide.len * 3 + 1, &len, wide.ptr, wide.len, &code);
    icu_ok(code);
    return (Str){text, (size_t)len};
}

/* Normalises in two passes: the first tells the length. */
static Str normalise(Arena *arena, const UNormalizer2 *form, Str s) {
    UErrorCode code = U_ZERO_ERROR;
    Wide from = wide_of(arena, s), to;
    to.len = unorm2_normalize(form, from.ptr, from.len, NULL, 0, &code);
    if (code == U_BUFFER_OVERFLOW_ERROR) code = U_ZERO_ERROR;
    icu_ok(code);
    to.ptr = arena_alloc(arena, ((size_t)to.len + 1) * sizeof(UChar), _Alignof(UChar));
    unorm2_normalize(form, from.ptr, from.len, to.ptr, to.len + 1, &code);
    icu_ok(code);
    return wide_text(arena, to);
}

enum { EXPANDS_MAX = 18 }; /* by NFKC, whose longest is U+FDFA */

static void add_point(Buf *to, int32_t c) {
    char text[4];
    size_t len = 0;
    if (c < 0x80)
        text[len++] = (char)c;
    else if (c < 0x800) {
        text[len++] = (char)(0xC0 | c >> 6);
        text[len++] = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        text[len++] = (char)(0xE0 | c >> 12);
        text[len++] = (char)(0x80 | (c >> 6 & 0x3F));
        text[len++] = (char)(0x80 | (c & 0x3F));
    } else {
        text[len++] = (char)(0xF0 | c >> 18);
        text[len++] = (char)(0x80 | (c >> 12 & 0x3F));
        text[len++] = (char)(0x80 | (c >> 6 & 0x3F));
        text[len++] = (char)(0x80 | (c & 0x3F));
    }
    buf_add_bytes(to, text, len);
}

/* CJK compatibility ideographs are letters of names (神 of U+FA19): Unicode folds them into others,
 * and what was written is lost. */
static bool is_own_letter(int32_t c) {
    return (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

/* Nobody types them or sees them: they come with what is pasted. */
static bool is_pasted(int32_t c) {
    return c == 0xAD || c == 0x200B || c == 0x2060 || c == 0xFEFF;
}

Str text_nfkc(Arena *arena, Str s) {
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *form = unorm2_getNFKCInstance(&code);
    icu_ok(code);
    Buf to = buf_new(arena, s.len * EXPANDS_MAX + 8);
    Str rest = s, run = s, here = s;
    for (int32_t c; (c = str_utf8_next(&rest)) >= 0; here = rest) {
        if (!is_own_letter(c) && !is_pasted(c)) continue;
        buf_add(&to, normalise(arena, form, str_head(run, (size_t)(here.ptr - run.ptr))));
        if (is_own_letter(c)) add_point(&to, c);
        run = rest;
    }
    buf_add(&to, normalise(arena, form, run));
    return buf_str(&to);
}

enum { KANA_SHIFT = 0x60, LONG_VOWEL = 0x30FC };

static bool is_katakana_letter(int32_t c) {
    return c >= 0x30A1 && c <= 0x30F6;
}

static bool is_hiragana_letter(int32_t c) {
    return c >= 0x3041 && c <= 0x3096;
}

/* Hyphens, minus signs, dashes, bars and the long vowel mark, which people use for one another. */
static bool is_dash(int32_t c) {
    return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x30FC || c == 0x2500 ||
           c == 0xFF0D;
}

static bool is_blank(int32_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x3000 || c == 0xA0;
}

bool text_is_blank(Arena *arena, Str s) {
    return str_empty(str_trim(text_nfkc(arena, s)));
}

Str text_fold(Arena *arena, Str s) {
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *form = unorm2_getNFKCCasefoldInstance(&code);
    icu_ok(code);
    Str rest = str_trim(normalise(arena, form, s));
    Buf to = buf_new(arena, rest.len * 2 + 8);
    bool blank = false;
    for (int32_t c; (c = str_utf8_next(&rest)) >= 0;) {
        if (is_blank(c)) {
            blank = to.len > 0;
            continue;
        }
        if (blank) buf_add_char(&to, ' ');
        blank = false;
        add_point(&to, is_dash(c) ? '-' : is_katakana_letter(c) ? c - KANA_SHIFT : c);
    }
    return buf_str(&to);
}

Str text_katakana(Arena *arena, Str s) {
    Str rest = text_nfkc(arena, s);
    Buf to = buf_new(arena, rest.len * 2 + 8);
    for (int32_t c; (c = str_utf8_next(&rest)) >= 0;)
        add_point(&to, is_dash(c) ? LONG_VOWEL : is_hiragana_letter(c) ? c + KANA_SHIFT : c);
    return buf_str(&to);
}

bool text_is_kana(Str s) {
    for (int32_t c; (c = str_utf8_next(&s)) >= 0;) {
        bool mark =
            c == 0x30FB || c == 0x30A0 || c == 0x30FD || c == 0x30FE || c == 0x309D || c == 0x309E;
        if (!mark && !is_blank(c) && !is_dash(c) && !is_katakana_letter(c) &&
            !is_hiragana_letter(c))
            return false;
    }
    return true;
}

bool text_has_control(Str s) {
    for (int32_t c; (c = str_utf8_next(&s)) >= 0;)
        if (u_iscntrl(c)) return true; /* categories Cc, Cf, Zl, Zp */
    return false;
}

bool text_from_cp932(Arena *arena, Str bytes, Str *out) {
    UErrorCode code = U_ZERO_ERROR;
    UConverter *converter =
        ucnv_open("ibm-943_P15A-2003", &code); /* Windows-31J with ～ and ＼ as Windows has them */
    if (U_FAILURE(code)) return false;
    ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &code);
    Wide wide = {arena_alloc(arena, (bytes.len + 1) * sizeof(UChar), _Alignof(UChar)), 0};
    wide.len = ucnv_toUChars(converter, wide.ptr, (int32_t)bytes.len + 1,
                             bytes.ptr ? bytes.ptr : "", (int32_t)bytes.len, &code);
    ucnv_close(converter);
    if (U_FAILURE(code)) return false;
    *out = wide_text(arena, wide);
    return true;
}

size_t text_bigrams(Arena *arena, Str folded, Str **out) {
    size_t points = str_utf8_len(folded), n = 0;
    *out = NEW_ARRAY(arena, Str, points + 1);
    for (Str rest = folded; rest.len;) {
        Str first = rest;
        (void)str_utf8_next(&rest);
        Str second = rest;
        (void)str_utf8_next(&second);
        bool alone = points == 1, pair = second.ptr != rest.ptr;
        if (alone || pair)
            (*out)[n++] = str_sub(first, 0, (size_t)((pair ? second.ptr : rest.ptr) - first.ptr));
    }
    return n;
}

/* ---- codes ---- */

Str text_code(Arena *arena, Str typed) {
    Str folded = text_fold(arena, str_head(typed, 100));
    char *text = arena_alloc(arena, folded.len + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < folded.len; i++) {
        char c = folded.ptr[i];
        if (c == 'i' || c == 'l') c = '1';
        if (c == 'o') c = '0';
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) text[n++] = c;
    }
    return (Str){text, n};
}
