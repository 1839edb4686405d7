#include "feel_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- places */

static void skip_comment(FeelScan *scan) {
    bool line = scan->text.ptr[scan->at + 1] == '/';
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    ptrdiff_t end = str_find(str_sub(rest, 2, rest.len), line ? STR("\n") : STR("*/"));
    scan->at += end < 0 ? rest.len : (size_t)end + 2 + (line ? 1 : 2);
}

/* A blank of Unicode as well: text comes from people's editors. */
static size_t blank_here(const FeelScan *scan) {
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    if (str_empty(rest)) return 0;
    if (rest.ptr[0] == ' ' || (rest.ptr[0] >= '\t' && rest.ptr[0] <= '\r')) return 1;
    if (str_starts(rest, STR("\xc2\xa0"))) return 2;     /* no-break space */
    if (str_starts(rest, STR("\xe3\x80\x80"))) return 3; /* ideographic space */
    return 0;
}

void feel_scan_skip(FeelScan *scan) {
    for (;;) {
        size_t blank = blank_here(scan);
        Str rest = str_sub(scan->text, scan->at, scan->text.len);
        if (blank)
            scan->at += blank;
        else if (str_starts(rest, STR("//")) || str_starts(rest, STR("/*")))
            skip_comment(scan);
        else
            return;
    }
}

bool feel_scan_sees(FeelScan *scan, const char *mark) {
    feel_scan_skip(scan);
    return str_starts(str_sub(scan->text, scan->at, scan->text.len), str_of(mark));
}

bool feel_scan_take(FeelScan *scan, const char *mark) {
    if (!feel_scan_sees(scan, mark)) return false;
    scan->at += strlen(mark);
    return true;
}

/* What a name may begin with: letters, _ and ?, and all of Unicode beyond ASCII but blanks. */
static bool starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '?' || (c & 0x80);
}

static bool continues_name(char c) {
    return starts_name(c) || (c >= '0' && c <= '9');
}

static size_t word_here(const FeelScan *scan) {
    FeelScan ahead = *scan;
    while (ahead.at < ahead.text.len && continues_name(ahead.text.ptr[ahead.at]) &&
           !blank_here(&ahead))
        ahead.at++;
    return ahead.at - scan->at;
}

bool feel_scan_word(FeelScan *scan, const char *word) {
    feel_scan_skip(scan);
    size_t len = word_here(scan);
    if (!str_eq(str_sub(scan->text, scan->at, scan->at + len), str_of(word))) return false;
    scan->at += len;
    return true;
}

Rc feel_scan_fail(FeelScan *scan, const char *format, ...) {
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    size_t column = str_utf8_len(str_sub(scan->text, 0, scan->at)) + 1;
    return ctx_fail(scan->ctx, RC_INVALID, "bad-expression", STR_NONE,
                    "Column %zu of the expression \"" STR_FMT "\": %s", column,
                    STR_ARG(str_head(scan->text, 80)), what);
}

static Str what_is_here(FeelScan *scan) {
    feel_scan_skip(scan);
    if (scan->at >= scan->text.len) return STR("the end");
    size_t len = word_here(scan);
    Str found = len ? str_sub(scan->text, scan->at, scan->at + len)
                    : str_head(str_sub(scan->text, scan->at, scan->text.len), 4);
    return str_fmt(scan->ctx->arena, "\"" STR_FMT "\"", STR_ARG(str_head(found, 40)));
}

Rc feel_scan_expect(FeelScan *scan, const char *mark) {
    if (feel_scan_take(scan, mark)) return RC_OK;
    Str found = what_is_here(scan);
    return feel_scan_fail(scan, "expected \"%s\", found " STR_FMT ".", mark, STR_ARG(found));
}

/* ---- names */

static const Str keywords[] = {STR("if"),        STR("then"),   STR("else"),     STR("for"),
                               STR("in"),        STR("return"), STR("some"),     STR("every"),
                               STR("satisfies"), STR("and"),    STR("or"),       STR("between"),
                               STR("instance"),  STR("of"),     STR("function"), STR("external"),
                               STR("true"),      STR("false"),  STR("null")};

bool feel_is_keyword(Str word) {
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (str_eq(keywords[i], word)) return true;
    return false;
}

/* How many bytes here spell this name, a blank in it standing for any number of them; 0 for none.
 */
static size_t spells(const FeelScan *scan, Str name) {
    FeelScan ahead = *scan;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == ' ') {
            if (!blank_here(&ahead)) return 0;
            feel_scan_skip(&ahead);
            continue;
        }
        if (ahead.at >= ahead.text.len || ahead.text.ptr[ahead.at] != name.ptr[i]) return 0;
        ahead.at++;
    }
    if (str_empty(name)) return 0;
    bool inside = ahead.at < ahead.text.len && continues_name(name.ptr[name.len - 1]) &&
                  continues_name(ahead.text.ptr[ahead.at]) && !blank_here(&ahead);
    return inside ? 0 : ahead.at - scan->at;
}

static void prefer(const FeelScan *scan, Str name, Str *best, size_t *len) {
    size_t spelt = spells(scan, name);
    if (spelt <= *len) return;
    *best = name;
    *len = spelt;
}

Rc feel_scan_name(FeelScan *scan, Str *out) {
    feel_scan_skip(scan);
    size_t len = 0;
    VEC_EACH (Str, name, &scan->names)
        prefer(scan, *name, out, &len);
    Str spaced;
    for (size_t i = 0; !str_empty(spaced = feel_builtin_spaced(i)); i++)
        prefer(scan, spaced, out, &len);
    bool begins = scan->at < scan->text.len && starts_name(scan->text.ptr[scan->at]);
    size_t word = begins ? word_here(scan) : 0;
    Str single = str_sub(scan->text, scan->at, scan->at + word);
    if (word > len && !feel_is_keyword(single)) {
        *out = single;
        len = word;
    }
    if (len == 0) {
        Str found = what_is_here(scan);
        return feel_scan_fail(scan, "expected a value or a name, found " STR_FMT ".",
                              STR_ARG(found));
    }
    scan->at += len;
    if (str_eq(*out, STR("?"))) scan->of_input = true;
    return RC_OK;
}

/* Longest first where one begins another. */
static const Str types[] = {STR("years and months duration"),
                            STR("days and time duration"),
                            STR("date and time"),
                            STR("context"),
                            STR("function"),
                            STR("boolean"),
                            STR("number"),
                            STR("string"),
                            STR("range"),
                            STR("date"),
                            STR("time"),
                            STR("list"),
                            STR("Null"),
                            STR("Any")};

/* "<number>", "<a: string>", with what it holds. */
static Rc skip_arguments(FeelScan *scan) {
    if (!feel_scan_take(scan, "<")) return RC_OK;
    for (size_t open = 1; open; scan->at++) {
        if (scan->at >= scan->text.len) return feel_scan_expect(scan, ">");
        char c = scan->text.ptr[scan->at];
        bool arrow = c == '>' && scan->text.ptr[scan->at - 1] == '-';
        open += (size_t)(c == '<');
        open -= (size_t)(c == '>' && !arrow);
    }
    return RC_OK;
}

Rc feel_scan_type(FeelScan *scan, Str *out) {
    feel_scan_skip(scan);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t len = spells(scan, types[i]);
        if (!len) continue;
        scan->at += len;
        *out = types[i];
        TRY(skip_arguments(scan));
        if (feel_scan_take(scan, "->")) return feel_scan_type(scan, &(Str){0});
        return RC_OK;
    }
    Str found = what_is_here(scan);
    return feel_scan_fail(scan, "expected the name of a type, found " STR_FMT ".", STR_ARG(found));
}

/* ---- literals */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static size_t digits_from(Str text, size_t at) {
    size_t end = at;
    while (end < text.len && is_digit(text.ptr[end]))
        end++;
    return end;
}

/* Behind the digits: where an exponent ends, if one stands here. */
static size_t exponent_end(Str text, size_t at) {
    if (at >= text.len || (text.ptr[at] != 'e' && text.ptr[at] != 'E')) return at;
    size_t first = at + 1;
    if (first < text.len && (text.ptr[first] == '-' || text.ptr[first] == '+')) first++;
    size_t end = digits_from(text, first);
    return end > first ? end : at;
}

/* A point belongs to the number when a digit follows: 1..3 is a range. */
bool feel_scan_number(FeelScan *scan, FeelValue *out) {
    feel_scan_skip(scan);
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    size_t whole = digits_from(rest, 0), end = whole;
    if (whole + 1 < rest.len && rest.ptr[whole] == '.' && is_digit(rest.ptr[whole + 1]))
        end = digits_from(rest, whole + 1);
    if (end == 0) return false;
    end = exponent_end(rest, end);
    FeelNumber number;
    if (!number_read(str_sub(rest, 0, end), &number)) return false;
    scan->at += end;
    *out = feel_of_number(number);
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool take_hex(FeelScan *scan, size_t n, uint32_t *out) {
    *out = 0;
    for (size_t i = 0; i < n; i++, scan->at++) {
        int digit = scan->at < scan->text.len ? hex_digit(scan->text.ptr[scan->at]) : -1;
        if (digit < 0) return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static void add_code_point(Buf *to, uint32_t c) {
    if (c < 0x80) {
        buf_add_char(to, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const int marks[] = {0, 0xc0, 0xe0, 0xf0};
    buf_add_char(to, (char)(marks[more] | (int)(c >> (6 * more))));
    for (int shift = 6 * (more - 1); shift >= 0; shift -= 6)
        buf_add_char(to, (char)(0x80 | (int)(c >> shift & 0x3f)));
}

/* \uXXXX (two of them for a surrogate pair) or \UXXXXXX behind its letter. */
static Rc add_unicode(FeelScan *scan, Buf *to, char letter) {
    uint32_t c, low;
    bool good = take_hex(scan, letter == 'u' ? 4 : 6, &c);
    if (good && letter == 'u' && c >= 0xd800 && c < 0xdc00) {
        good = str_starts(str_sub(scan->text, scan->at, scan->text.len), STR("\\u"));
        scan->at += good ? 2 : 0;
        good = good && take_hex(scan, 4, &low) && low >= 0xdc00 && low < 0xe000;
        if (good) c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    if (!good || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return feel_scan_fail(scan,
                              "\\u wants four and \\U six hexadecimal digits of a character.");
    add_code_point(to, c);
    return RC_OK;
}

static Rc add_escape(FeelScan *scan, Buf *to) {
    static const char from[] = "nrt\"\\'", into[] = "\n\r\t\"\\'";
    char letter = scan->at < scan->text.len ? scan->text.ptr[scan->at] : '\0';
    const char *found = letter ? strchr(from, letter) : NULL;
    if (found) {
        scan->at++;
        buf_add_char(to, into[found - from]);
        return RC_OK;
    }
    if (letter == 'u' || letter == 'U') {
        scan->at++;
        return add_unicode(scan, to, letter);
    }
    buf_add_char(to, '\\'); /* patterns are written with single backslashes: \d stays \d */
    return RC_OK;
}

Rc feel_scan_string(FeelScan *scan, Str *out) {
    Buf to = buf_new(scan->ctx->arena, FEEL_TEXT_MAX);
    size_t opened = scan->at - 1;
    for (;;) {
        if (scan->at >= scan->text.len) {
            scan->at = opened;
            return feel_scan_fail(scan, "the text that begins here has no closing quote.");
        }
        char c = scan->text.ptr[scan->at++];
        if (c == '"') break;
        if (c == '\\')
            TRY(add_escape(scan, &to));
        else
            buf_add_char(&to, c);
    }
    *out = buf_str(&to);
    return RC_OK;
}
