#include "match_int.h"

#include <string.h>

/* ---- reading literals */

static size_t skip_digits(Str s, size_t at) {
    while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9')
        at++;
    return at;
}

/* RFC 8259, section 6. */
static bool is_number(Str s) {
    size_t at = s.len && s.ptr[0] == '-', digits = at;
    at = skip_digits(s, at);
    if (at == digits || (s.ptr[digits] == '0' && at > digits + 1)) return false;
    if (at < s.len && s.ptr[at] == '.') {
        size_t from = ++at;
        at = skip_digits(s, at);
        if (at == from) return false;
    }
    if (at < s.len && (s.ptr[at] | 0x20) == 'e') {
        at++;
        if (at < s.len && (s.ptr[at] == '+' || s.ptr[at] == '-')) at++;
        size_t from = at;
        at = skip_digits(s, at);
        if (at == from) return false;
    }
    return at == s.len;
}

OperandKind match_value_time(Str text, int64_t *time) {
    Date date;
    char clock[48] = "1970-01-01T";
    if (text.len < 8 || text.len > 35 || text.ptr[0] < '0' || text.ptr[0] > '9')
        return OPERAND_TEXT;
    if (text.ptr[2] == ':') {
        memcpy(clock + 11, text.ptr, text.len);
        return time_parse((Str){clock, 11 + text.len}, time) ? OPERAND_TIME : OPERAND_TEXT;
    }
    if (time_parse(text, time)) return OPERAND_DATETIME;
    if (!time_parse_date(text, &date)) return OPERAND_TEXT;
    *time = time_date_days(date) * TIME_DAY;
    return OPERAND_DATE;
}

static Rc number_operand(Scan *scan, size_t offset, Operand *out) {
    int64_t integer;
    double number;
    out->kind = OPERAND_NUMBER;
    if (str_to_i64(out->text, &integer)) {
        out->json = json_of_int(integer);
        return RC_OK;
    }
    if (!str_to_f64(out->text, &number))
        return SCAN_FAIL(scan, offset, "the number " STR_FMT " is out of range.",
                         STR_ARG(out->text));
    out->json = json_of_number(number);
    return RC_OK;
}

static Rc classify(Scan *scan, size_t offset, Str text, Operand *out) {
    *out = (Operand){.text = str_dup(scan->ctx->arena, text)};
    if (is_number(text)) return number_operand(scan, offset, out);
    bool yes = str_eq(text, STR("true"));
    if (yes || str_eq(text, STR("false"))) {
        out->kind = OPERAND_BOOL;
        out->json = json_of_bool(yes);
        return RC_OK;
    }
    out->kind = match_value_time(out->text, &out->time);
    out->json = json_of_str(out->text);
    return RC_OK;
}

/* The length of the quoted text at the front, both quotes included; 0 when it does not end. */
static size_t quoted_length(Str rest) {
    for (size_t i = 1; i < rest.len; i++) {
        if (rest.ptr[i] == '\\')
            i++;
        else if (rest.ptr[i] == '"')
            return i + 1;
    }
    return 0;
}

static Str unescape_quotes(Arena *arena, Str inside) {
    char *text = arena_alloc(arena, inside.len + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < inside.len; i++) {
        if (inside.ptr[i] == '\\' && i + 1 < inside.len && inside.ptr[i + 1] == '"') i++;
        text[len++] = inside.ptr[i];
    }
    return (Str){text, len};
}

Rc match_value_quoted(Scan *scan, bool raw, Str *out) {
    size_t offset = scan->at;
    Str rest = str_sub(scan->text, offset, scan->text.len);
    size_t len = quoted_length(rest);
    if (len == 0) return SCAN_FAIL(scan, offset, "the quoted text that begins here has no end.");
    scan->at += len;
    const Json *json;
    if (json_read(scan->ctx, str_sub(rest, 0, len), JSON_LIMITS_DEFAULT, &json) == RC_OK) {
        *out = json_str(json);
        return RC_OK;
    }
    if (!raw)
        return SCAN_FAIL(scan, offset, "the quoted text is no JSON string: escape '\\' as '\\\\'.");
    scan->ctx->error = (Error){0};
    *out = unescape_quotes(scan->ctx->arena, str_sub(rest, 1, len - 1));
    return RC_OK;
}

static Str bare_word(const Scan *scan) {
    Str rest = str_sub(scan->text, scan->at, scan->text.len);
    size_t len = 0;
    while (len < rest.len && (unsigned char)rest.ptr[len] > ' ' &&
           !strchr(";|(),\"", rest.ptr[len]))
        len++;
    return str_sub(rest, 0, len);
}

Rc match_value_read(Scan *scan, Operand *out) {
    size_t offset = scan->at;
    if (match_scan_peek(scan) == '"') {
        Str text = STR_NONE;
        TRY(match_value_quoted(scan, false, &text));
        *out = (Operand){.quoted = true, .text = text, .json = json_of_str(text)};
        out->kind = match_value_time(text, &out->time);
        return RC_OK;
    }
    Str word = bare_word(scan);
    if (str_empty(word))
        return SCAN_FAIL(scan, offset, "expected a value, found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, offset)));
    ptrdiff_t dots = str_find(word, STR(".."));
    if (dots > 0) {
        TRY(classify(scan, offset, str_sub(word, 0, (size_t)dots), out));
        scan->at += (size_t)dots;
        if (out->kind != OPERAND_TEXT) return RC_OK;
    }
    scan->at = offset + word.len;
    return classify(scan, offset, word, out);
}

/* ---- comparing */

const Json *match_value_plain(const Json *value) {
    if (value->kind != JSON_OBJECT) return value;
    const Json *inside = json_get(value, STR("@value"));
    return inside ? inside : value;
}

int match_value_numbers(const Json *a, const Json *b) {
    if (a->is_int && b->is_int)
        return (a->value.integer > b->value.integer) - (a->value.integer < b->value.integer);
    double x = json_number(a), y = json_number(b);
    return (x > y) - (x < y);
}

static bool is_uri_kind(AttrKind kind) {
    return kind == ATTR_VOCAB || kind == ATTR_RELATIONSHIP || kind == ATTR_LIST_RELATIONSHIP;
}

static bool equal_text(const Operand *operand, AttrKind kind, Str text) {
    if (operand->kind != OPERAND_TEXT) {
        int64_t time;
        if (match_value_time(text, &time) == operand->kind) return time == operand->time;
    }
    if (!str_empty(operand->iri)) {
        if (str_eq(operand->iri, text)) return true;
        if (is_uri_kind(kind)) return false;
    }
    return str_eq(operand->text, text);
}

bool match_value_equal(const Operand *operand, AttrKind kind, const Json *scalar) {
    switch (scalar->kind) {
    case JSON_NUMBER:
        return operand->kind == OPERAND_NUMBER && match_value_numbers(scalar, &operand->json) == 0;
    case JSON_BOOL:
        return operand->kind == OPERAND_BOOL &&
               scalar->value.boolean == operand->json.value.boolean;
    case JSON_STRING:
        return operand->kind != OPERAND_NUMBER && operand->kind != OPERAND_BOOL &&
               equal_text(operand, kind, json_str(scalar));
    default:
        return false;
    }
}

bool match_value_order(const Operand *operand, const Json *scalar, int *order) {
    int64_t time;
    if (operand->kind == OPERAND_NUMBER) {
        if (scalar->kind != JSON_NUMBER) return false;
        *order = match_value_numbers(scalar, &operand->json);
        return true;
    }
    if (operand->kind == OPERAND_BOOL || scalar->kind != JSON_STRING) return false;
    Str text = json_str(scalar);
    if (operand->kind == OPERAND_TEXT) {
        *order = str_cmp(text, operand->text);
        return true;
    }
    if (match_value_time(text, &time) != operand->kind) return false;
    *order = (time > operand->time) - (time < operand->time);
    return true;
}

/* ---- the scalars of a value */

static bool any_item(const Json *array, ValueTest test, const void *arg) {
    for (uint32_t i = 0; i < array->len; i++)
        if (test(match_value_plain(&array->value.items[i]), arg)) return true;
    return false;
}

static bool any_object(const Json *array, ValueTest test, const void *arg) {
    for (uint32_t i = 0; i < array->len; i++) {
        const Json *item = &array->value.items[i];
        const Json *object = item->kind == JSON_OBJECT ? json_get(item, STR("object")) : item;
        if (object && test(object, arg)) return true;
    }
    return false;
}

static bool any_language(const Json *map, ValueTest test, const void *arg) {
    if (map->kind != JSON_OBJECT) return test(map, arg);
    for (uint32_t i = 0; i < map->len; i++) {
        const Json *text = &map->value.members[i].value;
        if (text->kind == JSON_ARRAY ? any_item(text, test, arg) : test(text, arg)) return true;
    }
    return false;
}

bool match_value_any(AttrKind kind, const Json *value, ValueTest test, const void *arg) {
    if (kind == ATTR_LANGUAGE) return any_language(value, test, arg);
    value = match_value_plain(value);
    if (value->kind != JSON_ARRAY) return test(value, arg);
    return kind == ATTR_LIST_RELATIONSHIP ? any_object(value, test, arg)
                                          : any_item(value, test, arg);
}

typedef struct Teller {
    MatchEach each;
    void *arg;
} Teller;

static bool tell(const Json *scalar, const void *arg) {
    const Teller *teller = arg;
    teller->each(teller->arg, scalar);
    return false;
}

void match_values(const Attr *instance, MatchEach each, void *arg) {
    Teller teller = {each, arg};
    if (instance->value) (void)match_value_any(instance->kind, instance->value, tell, &teller);
}
