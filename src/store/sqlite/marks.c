#include "store_int.h"

#include <stdlib.h>
#include <string.h>

/* Classes of values in an index, in this order; the class is the first byte. */
enum { MARK_BOOL = 'b', MARK_NUMBER = 'n', MARK_TEXT = 's', MARK_TIME = 't', MARK_OTHER = 'x' };

static Str big_endian(Arena *arena, char class, uint64_t bits) {
    char *to = arena_alloc(arena, 9, 1);
    to[0] = class;
    for (int i = 0; i < 8; i++)
        to[1 + i] = (char)(bits >> (56 - 8 * i));
    return (Str){to, 9};
}

static Str mark_number(Arena *arena, const Json *value) {
    double number = value->is_int ? (double)value->value.integer : value->value.number;
    if (number == 0) number = 0; /* -0 is 0 */
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    bits = bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
    return big_endian(arena, MARK_NUMBER, bits);
}

/* Long texts share the mark of their beginning: the scan finds a superset. */
static Str mark_text(Arena *arena, Str text) {
    int64_t time;
    if (time_parse(text, &time))
        return big_endian(arena, MARK_TIME, (uint64_t)time ^ (uint64_t)1 << 63);
    text = str_sub(text, 0, MARK_VALUE_MAX - 1);
    char *to = arena_alloc(arena, text.len + 1, 1);
    to[0] = MARK_TEXT;
    if (text.len) memcpy(to + 1, text.ptr, text.len);
    return (Str){to, text.len + 1};
}

Str mark_value(Arena *arena, const Json *value) {
    switch (value ? (JsonKind)value->kind : JSON_NULL) {
    case JSON_BOOL:
        return value->value.boolean ? STR("b1") : STR("b0");
    case JSON_NUMBER:
        return mark_number(arena, value);
    case JSON_STRING:
        return mark_text(arena, (Str){value->value.string, value->len});
    default:
        return STR("x");
    }
}

static int compare_marks(const void *a, const void *b) {
    const Mark *x = a, *y = b;
    if (x->attr != y->attr) return x->attr < y->attr ? -1 : 1;
    return str_cmp(x->value, y->value);
}

void marks_sort(Marks *marks) {
    size_t kept = 0;
    if (marks->values.len == 0) return;
    qsort(marks->values.items, marks->values.len, sizeof(Mark), compare_marks);
    for (size_t i = 1; i < marks->values.len; i++)
        if (compare_marks(&marks->values.items[kept], &marks->values.items[i]) != 0)
            marks->values.items[++kept] = marks->values.items[i];
    marks->values.len = kept + 1;
}

/* ---- the stored form: count, then each value as attr, length and bytes; then the boxes ---- */

Str marks_encode(Arena *arena, const Marks *marks) {
    size_t len = sizeof(uint32_t) + marks->boxes.len * sizeof(MarkBox);
    VEC_EACH (const Mark, mark, &marks->values)
        len += sizeof(int64_t) + 1 + mark->value.len;
    if (marks->values.len == 0 && marks->boxes.len == 0) return STR_NONE;
    char *to = arena_alloc(arena, len, 1), *at = to;
    uint32_t count = (uint32_t)marks->values.len;
    memcpy(at, &count, sizeof count);
    at += sizeof count;
    VEC_EACH (const Mark, mark, &marks->values) {
        memcpy(at, &mark->attr, sizeof mark->attr);
        at[sizeof mark->attr] = (char)mark->value.len;
        memcpy(at + sizeof mark->attr + 1, mark->value.ptr, mark->value.len);
        at += sizeof mark->attr + 1 + mark->value.len;
    }
    if (marks->boxes.len) memcpy(at, marks->boxes.items, marks->boxes.len * sizeof(MarkBox));
    return (Str){to, len};
}

static bool take(Str *bytes, void *to, size_t len) {
    if (bytes->len < len) return false;
    memcpy(to, bytes->ptr, len);
    *bytes = str_sub(*bytes, len, bytes->len);
    return true;
}

bool marks_decode(Arena *arena, Str bytes, Marks *out) {
    *out = (Marks){0};
    if (bytes.len == 0) return true;
    uint32_t count;
    if (!take(&bytes, &count, sizeof count)) return false;
    for (uint32_t i = 0; i < count; i++) {
        Mark mark;
        uint8_t len;
        if (!take(&bytes, &mark.attr, sizeof mark.attr) || !take(&bytes, &len, 1) ||
            bytes.len < len)
            return false;
        mark.value = str_sub(bytes, 0, len);
        bytes = str_sub(bytes, len, bytes.len);
        vec_push(arena, &out->values, mark);
    }
    for (MarkBox box; bytes.len;) {
        if (!take(&bytes, &box, sizeof box)) return false;
        vec_push(arena, &out->boxes, box);
    }
    return true;
}

/* ---- bounds ---- */

/* The least value greater than this one. */
static Str successor(Arena *arena, Str value) {
    char *to = arena_alloc(arena, value.len + 1, 1);
    memcpy(to, value.ptr, value.len);
    to[value.len] = 0;
    return (Str){to, value.len + 1};
}

static Str class_start(Arena *arena, char class) {
    char *to = arena_alloc(arena, 1, 1);
    *to = class;
    return (Str){to, 1};
}

static MarkRange class_range(Arena *arena, char class) {
    return (MarkRange){class_start(arena, class), class_start(arena, (char)(class + 1))};
}

static MarkRange value_range(Arena *arena, MatchOp op, Str value) {
    MarkRange whole = class_range(arena, value.ptr[0]);
    if (op == MATCH_EQ) return (MarkRange){value, successor(arena, value)};
    /* Marks of long texts and big integers are rounded, so the bound itself is always inside. */
    if (op == MATCH_LT || op == MATCH_LE) return (MarkRange){whole.from, successor(arena, value)};
    return (MarkRange){value, whole.to};
}

size_t mark_ranges(Arena *arena, MatchOp op, const Json *value, MarkRange ranges[MARK_RANGES]) {
    size_t n = 0;
    Str mark = mark_value(arena, value);
    char class = mark.ptr[0];
    if (op == MATCH_EXISTS || class == MARK_OTHER) {
        ranges[n++] = (MarkRange){class_start(arena, 0), class_start(arena, MARK_OTHER + 1)};
        return n;
    }
    ranges[n++] = class == MARK_BOOL && op != MATCH_EQ ? class_range(arena, class)
                                                       : value_range(arena, op, mark);
    /* The evaluator compares a time with a text that is none as texts. */
    if (op != MATCH_EQ && class == MARK_TEXT) ranges[n++] = class_range(arena, MARK_TIME);
    if (op != MATCH_EQ && class == MARK_TIME) ranges[n++] = class_range(arena, MARK_TEXT);
    ranges[n++] = class_range(arena, MARK_OTHER);
    return n;
}

/* ---- rounded to 48 bits: the class and five bytes ---- */

static uint64_t code_head(Str mark) {
    uint64_t code = 0;
    for (size_t i = 0; i < 6; i++)
        code = code << 8 | (i < mark.len ? (uint8_t)mark.ptr[i] : 0);
    return code;
}

uint64_t mark_code(Str mark) {
    if (mark.ptr[0] != MARK_TEXT) return code_head(mark);
    return (uint64_t)MARK_TEXT << 40 | hash_fast(mark) >> 24;
}

/* Texts have lost their order: each of them may lie in a range of texts. */
static CodeRange code_range(MatchOp op, const MarkRange *range) {
    if (range->from.ptr[0] != MARK_TEXT)
        return (CodeRange){code_head(range->from), code_head(range->to)};
    if (op != MATCH_EQ || range->from.len == 1)
        return (CodeRange){(uint64_t)MARK_TEXT << 40, (uint64_t)(MARK_TEXT + 1) << 40};
    return (CodeRange){mark_code(range->from), mark_code(range->from)};
}

size_t mark_code_ranges(Arena *arena, MatchOp op, const Json *value,
                        CodeRange ranges[MARK_RANGES]) {
    MarkRange marks[MARK_RANGES];
    size_t n = mark_ranges(arena, op, value, marks);
    for (size_t i = 0; i < n; i++)
        ranges[i] = code_range(op, &marks[i]);
    return n;
}
