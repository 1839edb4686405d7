/* The reader. simdjson indexes the text; measure() walks the index once to count what every
   container holds, so that the tree is one allocation; build() walks it again, checks the grammar
   (RFC 8259) and fills the tree in. */
#include "json_int.h"
#include "simd.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    POOL = 16,              /* readers kept: about as many threads as read at once */
    SMALLEST = 64 << 10,    /* capacity of a reader, bytes of text */
    LARGEST_KEPT = 1 << 20, /* a reader for more is given back to the system */
    FEW_MEMBERS = 12,       /* up to here names are compared pair by pair */
    IS_OBJECT = 1 << 30,    /* flag in a count; a text has fewer commas than that */
};

/* Memory that reading needs and that is kept between texts. */
typedef struct Reader {
    Simd *simd;
    uint32_t *counts; /* values in each container, in order of opening, with IS_OBJECT */
    size_t cap;
    const JsonMember **sorted; /* for finding repeated names in large objects */
    size_t sorted_cap;
} Reader;

/* One text being read. */
typedef struct Reading {
    Ctx *ctx;
    Reader *reader;
    Str text;
    const uint32_t *index;
    size_t n, at; /* structural characters, and the next one */
    size_t container;
    char *tree;  /* free memory for containers, sized by measure() */
    char *chars; /* free memory for strings */
} Reading;

/* The one mutable global of the room: readers that nobody uses. Making one costs more than reading
   an entity with it, and no Ctx has a place for it. A slot is taken and filled by one atomic
   exchange; all are empty at the start. */
static _Atomic(Reader *) pool[POOL];

static void reader_free(Reader *reader) {
    simd_free(reader->simd);
    mem_free(reader->counts);
    mem_free((void *)reader->sorted);
    mem_free(reader);
}

static void reader_fit(Reader *reader, size_t bytes) {
    if (reader->simd && simd_capacity(reader->simd) >= bytes) return;
    simd_free(reader->simd);
    size_t capacity = SMALLEST;
    while (capacity < bytes)
        capacity *= 2;
    reader->simd = simd_new(capacity);
    assert(reader->simd); /* no memory: abort as mem_alloc does */
}

static Reader *reader_take(size_t bytes) {
    Reader *reader = NULL;
    for (size_t i = 0; i < POOL && !reader; i++)
        if (atomic_load_explicit(&pool[i], memory_order_relaxed))
            reader = atomic_exchange(&pool[i], NULL);
    if (!reader) reader = mem_zero(sizeof *reader);
    reader_fit(reader, bytes);
    return reader;
}

static void reader_give(Reader *reader) {
    if (simd_capacity(reader->simd) > LARGEST_KEPT) {
        reader_free(reader);
        return;
    }
    for (size_t i = 0; i < POOL; i++) {
        Reader *none = NULL;
        if (atomic_compare_exchange_strong(&pool[i], &none, reader)) return;
    }
    reader_free(reader);
}

/* Line and column count from 1, columns in characters. */
static Rc fail_at(Ctx *ctx, Str text, size_t offset, const char *what) {
    size_t line = 1, start = 0;
    for (size_t i = 0; i < offset; i++)
        if (text.ptr[i] == '\n') line++, start = i + 1;
    size_t column = str_utf8_len(str_sub(text, start, offset)) + 1;
    return ctx_fail(ctx, RC_INVALID, "bad-json", STR_NONE, "Line %zu, column %zu (byte %zu): %s",
                    line, column, offset, what);
}

static Rc fail(Reading *r, size_t offset, const char *what) {
    return fail_at(r->ctx, r->text, offset, what);
}

/* Where the next structural character is; the end of the text when there is none. */
static size_t here(const Reading *r) {
    return r->at < r->n ? r->index[r->at] : r->text.len;
}

/* The next structural character, 0 at the end. */
static char peek(const Reading *r) {
    return r->at < r->n ? r->text.ptr[r->index[r->at]] : 0;
}

static Rc fail_here(Reading *r, const char *what) {
    return fail(r, here(r), r->at < r->n ? what : "the text ends too early.");
}

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_closing(char c) {
    return c == ']' || c == '}';
}

/* ---- measure ---- */

typedef struct Measure {
    size_t depth, containers, tree, chars;
    uint32_t open[JSON_DEPTH_MAX];
} Measure;

static size_t container_size(uint32_t count) {
    return (count & ~(uint32_t)IS_OBJECT) * (count & IS_OBJECT ? sizeof(JsonMember) : sizeof(Json));
}

static void measure_open(Reading *r, Measure *m, size_t i, char c) {
    Reader *reader = r->reader;
    if (m->containers == reader->cap) {
        reader->cap = reader->cap ? reader->cap * 2 : 256;
        reader->counts = mem_grow(reader->counts, reader->cap * sizeof *reader->counts);
    }
    bool empty = i + 1 < r->n && is_closing(r->text.ptr[r->index[i + 1]]);
    reader->counts[m->containers] = (empty ? 0 : 1) | (c == '{' ? IS_OBJECT : 0);
    m->open[m->depth++] = (uint32_t)m->containers++;
}

/* Counts values by commas. Of a malformed text it counts at least what build() sets before it meets
 * the first error. */
static Rc measure(Reading *r, Measure *m, size_t depth_max) {
    uint32_t *index = (uint32_t *)r->index;
    for (size_t i = 0; i < r->n; i++) {
        char c = r->text.ptr[index[i]];
        if (c == '"') {
            m->chars += (i + 1 < r->n ? index[i + 1] : r->text.len) - index[i];
        } else if (c == '{' || c == '[') {
            if (m->depth == depth_max)
                return ctx_fail(r->ctx, RC_LIMIT, "json-too-deep", STR_NONE,
                                "Byte %u opens level %zu of nesting: at most %zu are read.",
                                index[i], m->depth + 1, depth_max);
            measure_open(r, m, i, c);
        } else if (c == ',') {
            if (m->depth) r->reader->counts[m->open[m->depth - 1]]++;
        } else if (is_closing(c)) {
            if (m->depth == 0) return RC_OK; /* build() stops here too */
            m->tree += container_size(r->reader->counts[m->open[--m->depth]]);
        }
    }
    while (m->depth)
        m->tree += container_size(r->reader->counts[m->open[--m->depth]]);
    return RC_OK;
}

/* ---- strings ---- */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code unit of "\uXXXX" at s, -1 when there is none. */
static int32_t code_unit(Str s) {
    if (s.len < 6 || s.ptr[0] != '\\' || s.ptr[1] != 'u') return -1;
    int32_t unit = 0;
    for (size_t i = 2; i < 6; i++) {
        int digit = hex_digit(s.ptr[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static char *put_utf8(char *to, int32_t point) {
    if (point < 0x80) {
        *to++ = (char)point;
    } else if (point < 0x800) {
        *to++ = (char)(0xC0 | point >> 6);
        *to++ = (char)(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *to++ = (char)(0xE0 | point >> 12);
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
        *to++ = (char)(0x80 | (point & 0x3F));
    } else {
        *to++ = (char)(0xF0 | point >> 18);
        *to++ = (char)(0x80 | (point >> 12 & 0x3F));
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
        *to++ = (char)(0x80 | (point & 0x3F));
    }
    return to;
}

/* Takes one escape off *rest; NULL when it is none. A surrogate must have its other half. */
static char *put_escape(char *to, Str *rest, const char **what) {
    static const char plain[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    char c = rest->len > 1 ? plain[(unsigned char)rest->ptr[1]] : 0;
    if (c) {
        *rest = str_sub(*rest, 2, rest->len);
        *to = c;
        return to + 1;
    }
    int32_t point = code_unit(*rest);
    *what = "this is no escape that JSON knows.";
    if (point < 0) return NULL;
    size_t len = 6;
    if (point >= 0xD800 && point < 0xE000) {
        int32_t low = code_unit(str_sub(*rest, 6, rest->len));
        *what =
            "half of a surrogate pair stands alone: write both halves, or the character itself.";
        if (point >= 0xDC00 || low < 0xDC00 || low > 0xDFFF) return NULL;
        point = 0x10000 + ((point - 0xD800) << 10 | (low - 0xDC00));
        len = 12;
    }
    *rest = str_sub(*rest, len, rest->len);
    return put_utf8(to, point);
}

static Rc unescape(Reading *r, Str body, Str *out) {
    char *to = r->chars;
    Str rest = body;
    const char *what = NULL;
    while (rest.len) {
        ptrdiff_t next = str_find_char(rest, '\\');
        size_t plain = next < 0 ? rest.len : (size_t)next;
        memcpy(to, rest.ptr, plain);
        to += plain;
        rest = str_sub(rest, plain, rest.len);
        if (!rest.len) break;
        to = put_escape(to, &rest, &what);
        if (!to) return fail(r, (size_t)(rest.ptr - r->text.ptr), what);
    }
    *out = (Str){r->chars, (size_t)(to - r->chars)};
    r->chars = to;
    return RC_OK;
}

/* Reads the string whose opening quote is next. simdjson has found that it closes: between the
   closing quote and the next structural character there is only white space, so the quote is found
   from behind. */
static Rc read_string(Reading *r, Str *out) {
    size_t start = r->index[r->at++];
    size_t end = here(r) - 1;
    while (end > start && is_blank(r->text.ptr[end]))
        end--;
    if (end == start || r->text.ptr[end] != '"')
        return fail(r, start, "this string is not closed.");
    Str body = {r->text.ptr + start + 1, end - start - 1};
    if (body.len && memchr(body.ptr, '\\', body.len)) return unescape(r, body, out);
    memcpy(r->chars, body.ptr, body.len);
    *out = (Str){r->chars, body.len};
    r->chars += body.len;
    return RC_OK;
}

/* ---- numbers and words ---- */

static size_t digits_end(Str text, size_t i) {
    while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
        i++;
    return i;
}

/* What the grammar finds in a number: offsets into the text, or equal ones for parts that are
 * absent. */
typedef struct Spelling {
    size_t start, digits, point, exponent, end;
    bool ok;
} Spelling;

static Spelling spell(Str text, size_t start) {
    Spelling s = {.start = start, .digits = start};
    if (text.ptr[start] == '-') s.digits++;
    size_t i = digits_end(text, s.digits);
    s.ok = i > s.digits && (text.ptr[s.digits] != '0' || i == s.digits + 1);
    s.point = i;
    if (i < text.len && text.ptr[i] == '.') {
        i = digits_end(text, s.point + 1);
        s.ok = s.ok && i > s.point + 1;
    }
    s.exponent = i;
    if (i < text.len && (text.ptr[i] | 0x20) == 'e') {
        i++;
        if (i < text.len && (text.ptr[i] == '+' || text.ptr[i] == '-')) i++;
        size_t from = i;
        i = digits_end(text, i);
        s.ok = s.ok && i > from;
    }
    s.end = i;
    return s;
}

/* True when a fraction certainly is what the writer prints: at most 15 digits survive any double,
   and fixed notation is used from 1e-6. Everything else is printed and compared. */
static bool surely_printed(Str text, const Spelling *s) {
    if (s->point == s->exponent || s->exponent != s->end || s->end - s->digits > 16) return false;
    if (text.ptr[s->end - 1] == '0') return false;
    return text.ptr[s->digits] != '0' || s->point + 4 > s->end ||
           memcmp(text.ptr + s->point + 1, "000", 3) != 0;
}

/* A number outside the doubles: tiny ones are 0, others are refused. */
static Rc read_extreme(Reading *r, Str number, double *out) {
    ArenaMark mark = arena_mark(r->ctx->arena);
    *out = strtod(str_z(r->ctx->arena, number), NULL);
    arena_rewind(r->ctx->arena, mark);
    if (isfinite(*out)) return RC_OK;
    return fail(r, (size_t)(number.ptr - r->text.ptr),
                "this number is larger than a double can hold: write it as a string.");
}

static Rc read_double(Reading *r, const Spelling *s, Json *to) {
    Str number = str_sub(r->text, s->start, s->end);
    if (!simd_read_double(number.ptr, number.len, &to->value.number))
        TRY(read_extreme(r, number, &to->value.number));
    if (surely_printed(r->text, s)) return RC_OK;
    char printed[32];
    size_t len = json_double_text(printed, to->value.number);
    if (str_eq(number, (Str){printed, len})) return RC_OK;
    char *raw = arena_alloc(r->ctx->arena, number.len, 1);
    to->raw = memcpy(raw, number.ptr, number.len);
    to->len = (uint32_t)number.len;
    return RC_OK;
}

static bool ends_scalar(const Reading *r, size_t end) {
    if (end >= r->text.len) return true;
    char c = r->text.ptr[end];
    return is_blank(c) || (c && strchr(",:[]{}", c));
}

static Rc read_number(Reading *r, Json *to) {
    Spelling s = spell(r->text, r->index[r->at]);
    if (!s.ok || !ends_scalar(r, s.end))
        return fail_here(r, "this is no number as JSON writes it.");
    r->at++;
    *to = (Json){.kind = JSON_NUMBER};
    Str number = str_sub(r->text, s.start, s.end);
    bool minus_zero = s.digits > s.start && r->text.ptr[s.digits] == '0';
    if (s.point == s.end && !minus_zero && str_to_i64(number, &to->value.integer)) {
        to->is_int = 1;
        return RC_OK;
    }
    return read_double(r, &s, to);
}

static Rc read_word(Reading *r, Json *to) {
    static const struct {
        Str word;
        Json value;
    } words[] = {{STR("true"), {.kind = JSON_BOOL, .value.boolean = true}},
                 {STR("false"), {.kind = JSON_BOOL, .value.boolean = false}},
                 {STR("null"), {.kind = JSON_NULL}}};
    size_t start = here(r);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        Str word = words[i].word;
        if (!str_starts(str_sub(r->text, start, r->text.len), word)) continue;
        if (!ends_scalar(r, start + word.len)) break;
        *to = words[i].value;
        r->at++;
        return RC_OK;
    }
    return fail_here(r, "a value is expected here: object, array, string, number, true, false or "
                        "null.");
}

/* ---- containers ---- */

static Rc read_value(Reading *r, Json *to);

static uint32_t take_container(Reading *r, void *memory) {
    uint32_t count = r->reader->counts[r->container++];
    *(char **)memory = r->tree;
    r->tree += container_size(count);
    return count & ~(uint32_t)IS_OBJECT;
}

static Rc read_array(Reading *r, Json *to) {
    Json *items;
    uint32_t count = take_container(r, &items);
    r->at++;
    *to = json_of_items(items, count);
    for (uint32_t i = 0; i < count; i++) {
        if (i && peek(r) != ',') return fail_here(r, "',' or ']' is expected here.");
        if (i) r->at++;
        TRY(read_value(r, &items[i]));
    }
    if (peek(r) != ']') return fail_here(r, "',' or ']' is expected here.");
    r->at++;
    return RC_OK;
}

static const JsonMember *repeated(Reader *reader, const Json *object) {
    const JsonMember *members = object->value.members;
    if (object->len <= FEW_MEMBERS) {
        for (uint32_t i = 1; i < object->len; i++)
            for (uint32_t j = 0; j < i; j++)
                if (str_eq(members[i].name, members[j].name)) return &members[i];
        return NULL;
    }
    if (reader->sorted_cap < object->len) {
        reader->sorted_cap = object->len;
        reader->sorted = mem_grow((void *)reader->sorted, object->len * sizeof *reader->sorted);
    }
    json_sort_members(object, reader->sorted);
    for (uint32_t i = 1; i < object->len; i++)
        if (str_eq(reader->sorted[i - 1]->name, reader->sorted[i]->name)) return reader->sorted[i];
    return NULL;
}

static Rc check_names(Reading *r, const Json *object, size_t start) {
    const JsonMember *twice = repeated(r->reader, object);
    if (!twice) return RC_OK;
    Str what =
        str_fmt(r->ctx->arena,
                "the object that begins here has the member \"" STR_FMT "\" twice: keep one.",
                STR_ARG(str_head(twice->name, 100)));
    return fail(r, start, what.ptr);
}

static Rc read_object(Reading *r, Json *to) {
    JsonMember *members;
    size_t start = here(r);
    uint32_t count = take_container(r, &members);
    r->at++;
    *to = json_of_members(members, count);
    for (uint32_t i = 0; i < count; i++) {
        if (i && peek(r) != ',') return fail_here(r, "',' or '}' is expected here.");
        if (i) r->at++;
        if (peek(r) != '"') return fail_here(r, "a member's name in quotes is expected here.");
        TRY(read_string(r, &members[i].name));
        if (peek(r) != ':') return fail_here(r, "':' is expected here.");
        r->at++;
        TRY(read_value(r, &members[i].value));
    }
    if (peek(r) != '}') return fail_here(r, "',' or '}' is expected here.");
    r->at++;
    return check_names(r, to, start);
}

/* Recursion is bounded: measure() has refused what nests deeper than JSON_DEPTH_MAX. */
static Rc read_value(Reading *r, Json *to) {
    char c = peek(r);
    if (c == '"') {
        Str s = STR_NONE;
        TRY(read_string(r, &s));
        *to = json_of_str(s);
        return RC_OK;
    }
    if (c == '{') return read_object(r, to);
    if (c == '[') return read_array(r, to);
    if (c == '-' || (c >= '0' && c <= '9')) return read_number(r, to);
    return read_word(r, to);
}

static Rc build(Reading *r, const Measure *m, const Json **out) {
    size_t size = sizeof(Json) + m->tree + m->chars;
    Json *root = arena_alloc(r->ctx->arena, size, _Alignof(Json));
    r->tree = (char *)(root + 1);
    r->chars = r->tree + m->tree;
    TRY(read_value(r, root));
    if (r->at < r->n) return fail_here(r, "nothing may follow the value.");
    *out = root;
    return RC_OK;
}

/* Why simdjson refused the text: the first place that cannot be, found slowly. */
static Rc explain(Ctx *ctx, Str text) {
    bool quoted = false;
    size_t open = 0;
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x80) {
            if (quoted && c < 0x20)
                return fail_at(ctx, text, i, "a control character in a string must be escaped.");
            if (c == '"') quoted = !quoted, open = i;
            i += quoted && c == '\\' && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0x80 &&
                         (unsigned char)text.ptr[i + 1] >= 0x20
                     ? 2
                     : 1;
            continue;
        }
        Str rest = str_sub(text, i, text.len), after = rest;
        (void)str_utf8_next(&after);
        if (!str_utf8_valid(str_sub(rest, 0, rest.len - after.len)))
            return fail_at(ctx, text, i, "this is not UTF-8: convert the text.");
        i += rest.len - after.len;
    }
    if (quoted) return fail_at(ctx, text, open, "this string is not closed.");
    return fail_at(ctx, text, 0, "this is not JSON.");
}

static Rc check_bytes(Ctx *ctx, Str text, JsonLimits limits) {
    size_t most = limits.bytes < JSON_BYTES_MAX ? limits.bytes : JSON_BYTES_MAX;
    if (text.len <= most) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "json-too-large", STR_NONE,
                    "The text has %zu bytes: at most %zu are read.", text.len, most);
}

static Rc read_with(Ctx *ctx, Reader *reader, Str text, size_t depth, const Json **out) {
    Reading r = {.ctx = ctx, .reader = reader, .text = text};
    switch (simd_index(reader->simd, text.ptr, text.len, &r.index, &r.n)) {
    case SIMD_EMPTY:
        return fail_at(ctx, text, text.len, "the text is empty: a value is expected.");
    case SIMD_BAD:
        return explain(ctx, text);
    case SIMD_OK:
        break;
    }
    Measure m;
    m.depth = m.containers = m.tree = m.chars = 0;
    TRY(measure(&r, &m, depth));
    return build(&r, &m, out);
}

Rc json_read(Ctx *ctx, Str text, JsonLimits limits, const Json **out) {
    TRY(check_bytes(ctx, text, limits));
    Reader *reader = reader_take(text.len);
    size_t depth = limits.depth < JSON_DEPTH_MAX ? limits.depth : JSON_DEPTH_MAX;
    Rc rc = read_with(ctx, reader, text, depth, out);
    reader_give(reader);
    return rc;
}
