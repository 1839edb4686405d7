#include "cell_int.h"

#include <math.h>
#include <string.h>

static const char *const rule_names[RULE_COUNT] = {
    [RULE_WIDTH] = "width",
    [RULE_THOUSANDS] = "thousands-separator",
    [RULE_UNIT] = "unit-suffix",
    [RULE_DASH] = "dash-variant",
    [RULE_DATE] = "date-spelling",
    [RULE_WAREKI] = "wareki-date",
    [RULE_TIME_24] = "time-24",
    [RULE_CLOCK] = "clock-spelling",
    [RULE_SWAPPED] = "swapped-coordinates",
    [RULE_DECIMALLESS] = "decimal-less-coordinates",
    [RULE_EXPONENT] = "exponent-identifier",
    [RULE_CHECK_DIGIT] = "municipality-code",
    [RULE_MARK] = "mark-to-boolean",
    [RULE_SPELLING] = "declared-spelling",
    [RULE_SHORT_ROW] = "short-row",
    [RULE_DUPLICATE] = "duplicate-row",
    [RULE_LINE_ENCODING] = "line-encoding",
    [RULE_LEFT_OUT] = "cell-left-out",
};

const char *cell_rule_name(CellRule rule) {
    return rule_names[rule];
}

void cell_rule(CellWork *work, CellRule rule) {
    work->rules |= 1u << rule;
}

CellState cell_bad(CellWork *work, const char *why) {
    work->why = str_of(why);
    return CELL_BAD;
}

/* ---- blanks and widths ---- */

static const Str wide_blanks[] = {{"\xE3\x80\x80", 3}, {"\xC2\xA0", 2}, {"\xEF\xBB\xBF", 3}};

static bool trim_one(Str *s) {
    for (size_t i = 0; i < sizeof wide_blanks / sizeof *wide_blanks; i++) {
        if (str_starts(*s, wide_blanks[i])) {
            *s = str_sub(*s, wide_blanks[i].len, s->len);
            return true;
        }
        if (str_ends(*s, wide_blanks[i])) {
            *s = str_sub(*s, 0, s->len - wide_blanks[i].len);
            return true;
        }
    }
    return false;
}

Str cell_trim(Str raw) {
    Str s = str_trim(raw);
    while (trim_one(&s))
        s = str_trim(s);
    return s;
}

static bool ascii(Str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 0x80) return false;
    return true;
}

/* True when there are full-width digits or letters (U+FF01 ... U+FF5E). */
static bool full_width(Str s) {
    for (int32_t point; (point = str_utf8_next(&s)) >= 0;)
        if (point >= 0xFF01 && point <= 0xFF5E) return true;
    return false;
}

Str cell_narrow(CellWork *work, Str s) {
    if (ascii(s)) return s;
    if (full_width(s)) cell_rule(work, RULE_WIDTH);
    return cell_trim(text_nfkc(work->ctx->arena, s));
}

/* ---- numbers ---- */

static const Str dashes[] = {{"−", 3}, {"‐", 3},  {"‑", 3}, {"–", 3}, {"—", 3},
                             {"―", 3}, {"ー", 3}, {"△", 3}, {"▲", 3}};

static Str minus_of(CellWork *work, Str s) {
    for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++) {
        if (!str_starts(s, dashes[i]) || s.len == dashes[i].len) continue;
        cell_rule(work, RULE_DASH);
        Str rest = str_sub(s, dashes[i].len, s.len);
        return str_fmt(work->ctx->arena, "-" STR_FMT, STR_ARG(rest));
    }
    return s;
}

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

static size_t digits_at(Str s, size_t at) {
    size_t n = 0;
    while (at + n < s.len && digit(s.ptr[at + n]))
        n++;
    return n;
}

/* "32,500" to "32500", where the commas stand as they should. */
static Str commas_dropped(CellWork *work, Str s) {
    if (str_find_char(s, ',') < 0) return s;
    size_t at = s.len && s.ptr[0] == '-' ? 1 : 0, first = digits_at(s, at);
    if (first == 0 || first > 3) return s;
    Buf to = buf_new(work->ctx->arena, s.len + 1);
    buf_add(&to, str_sub(s, 0, at + first));
    at += first;
    while (at < s.len && s.ptr[at] == ',') {
        if (digits_at(s, at + 1) != 3) return s;
        buf_add(&to, str_sub(s, at + 1, at + 4));
        at += 4;
    }
    buf_add(&to, str_sub(s, at, s.len));
    cell_rule(work, RULE_THOUSANDS);
    return buf_str(&to);
}

/* After NFKC; the longest that fits goes. */
static const Str units[] = {
    {"人", 3}, {"名", 3},   {"m2", 2},   {"㎡", 3},   {"平方メートル", 18}, {"m", 1},
    {"台", 3}, {"基", 3},   {"件", 3},   {"円", 3},   {"世帯", 6},          {"歳", 3},
    {"年", 3}, {"か所", 6}, {"ヶ所", 6}, {"箇所", 6},
};

static Str unit_dropped(CellWork *work, Str s) {
    if (!s.len || !digit(s.ptr[0] == '-' && s.len > 1 ? s.ptr[1] : s.ptr[0])) return s;
    Str best = s;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        Str head = str_sub(s, 0, s.len - (units[i].len < s.len ? units[i].len : s.len));
        if (str_ends(s, units[i]) && head.len && head.len < best.len) best = str_trim(head);
    }
    if (best.len < s.len) cell_rule(work, RULE_UNIT);
    return best;
}

/* What JSON has no form for: a plus sign, zeros in front, a point at an end. */
static Str plain_form(Arena *arena, Str s) {
    bool minus = s.len && s.ptr[0] == '-';
    if (s.len && (minus || s.ptr[0] == '+')) s = str_sub(s, 1, s.len);
    while (s.len > 1 && s.ptr[0] == '0' && digit(s.ptr[1]))
        s = str_sub(s, 1, s.len);
    if (s.len > 1 && s.ptr[s.len - 1] == '.') s = str_sub(s, 0, s.len - 1);
    bool bare = s.len > 1 && s.ptr[0] == '.';
    if (!minus && !bare) return s;
    return str_fmt(arena, "%s%s" STR_FMT, minus ? "-" : "", bare ? "0" : "", STR_ARG(s));
}

CellState cell_number(CellWork *work, Str raw, double *out) {
    Str s = minus_of(work, cell_narrow(work, cell_trim(raw)));
    if (!s.len) return CELL_EMPTY;
    s = plain_form(work->ctx->arena, commas_dropped(work, unit_dropped(work, s)));
    return str_to_f64(s, out) ? CELL_VALUE : cell_bad(work, "This is no number.");
}

static CellState number_value(CellWork *work, Str raw, bool whole, Json *out) {
    double number = 0;
    CellState state = cell_number(work, raw, &number);
    if (state != CELL_VALUE) return state;
    bool exact = number == floor(number) && fabs(number) < 9007199254740992.0;
    if (whole && !exact) return cell_bad(work, "This is no whole number.");
    *out = exact ? json_of_int((int64_t)number) : json_of_number(number);
    return CELL_VALUE;
}

static CellState integer_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    (void)attr;
    return number_value(work, raw, true, out);
}

static CellState real_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    (void)attr;
    return number_value(work, raw, false, out);
}

/* ---- texts and identifiers ---- */

/* "2.22127E+5": the digits behind the point are as many as the exponent, so none was lost. */
static CellState exponent_value(CellWork *work, Str s, Str *out) {
    ptrdiff_t e = str_find(s, STR("E+"));
    if (e < 0) e = str_find(s, STR("e+"));
    size_t lead = digits_at(s, 0);
    if (e < 0 || lead != 1) return CELL_EMPTY;
    Str fraction = (size_t)e > 2 && s.ptr[1] == '.' ? str_sub(s, 2, (size_t)e) : STR_NONE;
    Str power = str_sub(s, (size_t)e + 2, s.len);
    int64_t n;
    if (digits_at(fraction, 0) != fraction.len || digits_at(power, 0) != power.len ||
        !str_to_i64(power, &n))
        return CELL_EMPTY;
    if ((size_t)e != 1 + (fraction.len ? fraction.len + 1 : 0)) return CELL_EMPTY;
    if ((int64_t)fraction.len != n)
        return cell_bad(work, "A spreadsheet made a number of this identifier, and digits were "
                              "lost: save the column as text.");
    cell_rule(work, RULE_EXPONENT);
    *out = str_fmt(work->ctx->arena, "%c" STR_FMT, s.ptr[0], STR_ARG(fraction));
    return CELL_VALUE;
}

/* The check digit of a municipality's code of 5 digits (総務省: 全国地方公共団体コード). */
static char check_digit(Str code) {
    int sum = 0;
    for (int i = 0; i < 5; i++)
        sum += (code.ptr[i] - '0') * (6 - i);
    return (char)('0' + (11 - sum % 11) % 10);
}

Str cell_municipality(Str text) {
    enum { CODE = 6 };
    bool code = digits_at(text, 0) == CODE && text.len > CODE && text.ptr[CODE] == '-' &&
                check_digit(text) == text.ptr[CODE - 1];
    return code ? str_head(text, CODE) : STR_NONE;
}

static Str municipality_code(CellWork *work, Str s) {
    if (digits_at(s, 0) != s.len || (s.len != 4 && s.len != 5)) return s;
    Str five = s.len == 5 ? s : str_fmt(work->ctx->arena, "0" STR_FMT, STR_ARG(s));
    cell_rule(work, RULE_CHECK_DIGIT);
    return str_fmt(work->ctx->arena, STR_FMT "%c", STR_ARG(five), check_digit(five));
}

static bool ends_with_code(Str term) {
    return str_eq(term, STR("municipalityCode")) || str_eq(term, STR("locationMunicipalityCode")) ||
           str_eq(term, STR("cityCode"));
}

static CellState text_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    bool code = ends_with_code(attr->term);
    if (attr->key || code) {
        raw = cell_narrow(work, raw);
        CellState state = exponent_value(work, raw, &raw);
        if (state == CELL_BAD) return state;
        if (code) raw = municipality_code(work, raw);
    }
    if (memchr(raw.ptr, 0, raw.len)) return cell_bad(work, "There is a NUL byte in it.");
    *out = json_of_str(raw);
    return CELL_VALUE;
}

/* ---- marks ---- */

typedef struct Mark {
    const char *text;
    bool value, plain; /* plain: no repair, the standard writes it so */
} Mark;

static const Mark marks[] = {
    {"1", true, true},      {"0", false, true},     {"有", true, true},
    {"無", false, true},    {"true", true, true},   {"false", false, true},
    {"○", true, false},     {"◯", true, false},     {"〇", true, false},
    {"●", true, false},     {"◎", true, false},     {"レ", true, false},
    {"✓", true, false},     {"✔", true, false},     {"可", true, false},
    {"有り", true, false},  {"あり", true, false},  {"対象", true, false},
    {"はい", true, false},  {"yes", true, false},   {"×", false, false},
    {"✕", false, false},    {"✖", false, false},    {"不可", false, false},
    {"無し", false, false}, {"なし", false, false}, {"いいえ", false, false},
    {"no", false, false},   {"空", false, false},   {"-", false, false},
};

CellState cell_mark(CellWork *work, Str raw, bool *out) {
    Str s = cell_trim(raw);
    if (!s.len) return CELL_EMPTY;
    for (int narrow = 0; narrow < 2; narrow++) {
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            if (!str_eq_nocase(s, str_of(marks[i].text))) continue;
            if (!marks[i].plain) cell_rule(work, RULE_MARK);
            *out = marks[i].value;
            return CELL_VALUE;
        }
        s = cell_narrow(work, s);
    }
    return cell_bad(work, "This is neither a mark for yes (○, 1, 有) nor one for no (×, 0, 無).");
}

static CellState bool_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    bool value = false;
    (void)attr;
    CellState state = cell_mark(work, raw, &value);
    *out = json_of_bool(value);
    return state;
}

/* ---- codes and lists ---- */

static bool spelled(const Json *spellings, Str s) {
    for (size_t i = 0; spellings && i < spellings->len; i++)
        if (str_eq(json_str(json_at(spellings, i)), s)) return true;
    return false;
}

static bool code_is(const Json *code, Str s) {
    const Json *value = json_get(code, STR("code")), *label = json_get(code, STR("label"));
    int64_t number;
    if (value->kind == JSON_NUMBER && str_to_i64(s, &number) && value->is_int &&
        value->value.integer == number)
        return true;
    return str_eq(json_str(value), s) || str_eq(json_get_str(label, "ja"), s) ||
           str_eq_nocase(json_get_str(label, "en"), s) || spelled(json_get(code, STR("csv")), s);
}

static CellState code_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    const Json *codes = json_get(attr->source, STR("codes"));
    Str s = raw;
    for (int narrow = 0; narrow < 2; narrow++) {
        for (size_t i = 0; codes && i < codes->len; i++) {
            if (!code_is(json_at(codes, i), s)) continue;
            *out = *json_get(json_at(codes, i), STR("code"));
            return CELL_VALUE;
        }
        s = cell_narrow(work, s);
    }
    return cell_bad(work, "The dictionary lists the codes of this column, and this is none.");
}

/* Takes the text up to one of the separators (of UTF-8) off *rest. */
static bool list_split(Str *rest, Str separators, Str *item) {
    if (!rest->len) return false;
    Str from = *rest;
    while (rest->len) {
        Str before = *rest;
        (void)str_utf8_next(rest);
        Str point = str_sub(before, 0, before.len - rest->len);
        if (str_find(separators, point) < 0) continue;
        *item = str_sub(from, 0, from.len - before.len);
        return true;
    }
    *item = from;
    return true;
}

static CellState list_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    Str separators = json_get_str(json_get(attr->source, STR("csv")), "split"), item;
    bool coded = json_get(attr->source, STR("codes")) != NULL;
    JsonItems items = {0};
    while (list_split(&raw, separators, &item)) {
        Json one;
        item = cell_trim(item);
        if (!item.len) continue;
        CellState state = coded ? code_value(work, attr, item, &one) : CELL_VALUE;
        if (state != CELL_VALUE) return state;
        vec_push(work->ctx->arena, &items, coded ? one : json_of_str(item));
    }
    *out = json_of_items(items.items, items.len);
    return items.len ? CELL_VALUE : CELL_EMPTY;
}

static CellState relation_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    Str pattern = json_get_str(json_get(attr->source, STR("csv")), "relation");
    ptrdiff_t at = str_find(pattern, STR("{}"));
    Buf to = buf_new(work->ctx->arena, 4096);
    if (at >= 0) buf_add(&to, str_sub(pattern, 0, (size_t)at));
    cell_uri(&to, raw);
    if (at >= 0) buf_add(&to, str_sub(pattern, (size_t)at + 2, pattern.len));
    if (at < 0) *out = json_of_str(raw);
    if (at >= 0) *out = json_of_str(buf_str(&to));
    return buf_rc(&to) == RC_OK ? CELL_VALUE : cell_bad(work, "This is too long.");
}

void cell_uri(Buf *to, Str s) {
    static const char plain[] = "-._~";
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digit(c);
        if (letter || (c && strchr(plain, c)))
            buf_add_char(to, c);
        else
            buf_addf(to, "%%%02X", (unsigned)(unsigned char)c);
    }
}

static CellState object_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    (void)attr;
    (void)raw;
    (void)out;
    return cell_bad(work, "A value of this kind cannot be written in a cell.");
}

/* ---- by kind ---- */

typedef CellState (*CellKind)(CellWork *work, const DictAttr *attr, Str raw, Json *out);

static const CellKind kinds[] = {
    [VALUE_TEXT] = text_value,     [VALUE_INTEGER] = integer_value,
    [VALUE_NUMBER] = real_value,   [VALUE_BOOL] = bool_value,
    [VALUE_DATE] = cell_date,      [VALUE_TIME] = cell_datetime,
    [VALUE_CODE] = code_value,     [VALUE_POINT] = object_value,
    [VALUE_LIST] = list_value,     [VALUE_RELATION] = relation_value,
    [VALUE_OBJECT] = object_value, [VALUE_CLOCK] = cell_clock,
};

/* The dictionary's own spellings go before everything; NFKC, so that "---" with any blank is one.
 */
static const Json *declared(CellWork *work, const Json *csv, Str s) {
    const Json *spellings = json_get(csv, STR("spellings"));
    if (!spellings) return NULL;
    const Json *found = json_get(spellings, s);
    return found || ascii(s) ? found
                             : json_get(spellings, cell_trim(text_nfkc(work->ctx->arena, s)));
}

static CellState by_kind(CellWork *work, const DictAttr *attr, Str raw, CellKind kind, Json *out) {
    const Json *csv = json_get(attr->source, STR("csv"));
    Str s = cell_trim(raw);
    const Json *value = s.len ? declared(work, csv, s) : json_get(csv, STR("empty"));
    if (value) {
        if (s.len) cell_rule(work, RULE_SPELLING);
        *out = *value;
        return value->kind == JSON_NULL ? CELL_EMPTY : CELL_VALUE;
    }
    if (!s.len) return CELL_EMPTY;
    if (str_find(s, STR("\xEF\xBF\xBD")) >= 0)
        return cell_bad(work, "There are bytes in it that are neither UTF-8 nor CP932.");
    return kind(work, attr, s, out);
}

CellState cell_value(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    return by_kind(work, attr, raw, kinds[attr->value], out);
}

CellState cell_element(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    const Json *schema = json_get(attr->source, STR("schema"));
    Str type = json_get_str(json_get(schema, STR("items")), "type");
    CellKind kind = str_eq(type, STR("integer"))  ? integer_value
                    : str_eq(type, STR("number")) ? real_value
                                                  : text_value;
    return by_kind(work, attr, raw, kind, out);
}
