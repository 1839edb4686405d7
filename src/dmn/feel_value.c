/* Values: makers, equality and order (10.3.2.13), to and from JSON. */
#include "feel_int.h"

#include <string.h>

FeelValue feel_null(void) {
    return (FeelValue){.kind = FEEL_NULL};
}

FeelValue feel_of_bool(bool value) {
    return (FeelValue){.kind = FEEL_BOOL, .boolean = value};
}

FeelValue feel_of_int(int64_t value) {
    return (FeelValue){.kind = FEEL_NUMBER, .number = number_of_int(value)};
}

FeelValue feel_of_number(FeelNumber number) {
    return (FeelValue){.kind = FEEL_NUMBER, .number = number};
}

FeelValue feel_of_str(Str value) {
    return (FeelValue){.kind = FEEL_STRING, .string = value};
}

FeelValue feel_of_date(Date date) {
    return (FeelValue){.kind = FEEL_DATE, .date = date};
}

FeelValue feel_of_items(const FeelValue *items, size_t n) {
    return (FeelValue){.kind = FEEL_LIST, .len = (uint32_t)n, .items = items};
}

FeelValue feel_of_entries(const FeelEntry *entries, size_t n) {
    return (FeelValue){.kind = FEEL_CONTEXT, .len = (uint32_t)n, .entries = entries};
}

const FeelValue *feel_get(const FeelValue *context, Str name) {
    if (context->kind != FEEL_CONTEXT) return NULL;
    for (uint32_t i = 0; i < context->len; i++)
        if (str_eq(context->entries[i].name, name)) return &context->entries[i].value;
    return NULL;
}

const char *feel_kind_name(FeelKind kind) {
    static const char *const names[] = {"null",
                                        "boolean",
                                        "number",
                                        "string",
                                        "date",
                                        "time",
                                        "date and time",
                                        "years and months duration",
                                        "days and time duration",
                                        "list",
                                        "context",
                                        "range",
                                        "function"};
    return names[kind];
}

bool feel_is_a(const FeelValue *value, Str type) {
    if (value->kind == FEEL_NULL) return str_eq(type, STR("Null"));
    return str_eq(type, STR("Any")) || str_eq(type, str_of(feel_kind_name(value->kind)));
}

/* ---- equality and order */

static int order_of(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int64_t time_micros(const FeelTime *time) {
    return time->micros - (time->zoned ? time->offset * TIME_SECOND : TIME_JST);
}

bool feel_order(const FeelValue *a, const FeelValue *b, int *out) {
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case FEEL_NUMBER:
        *out = number_compare(a->number, b->number);
        return true;
    case FEEL_STRING:
        *out = str_cmp(a->string, b->string);
        *out = order_of(*out, 0);
        return true;
    case FEEL_DATE:
        *out = order_of(time_date_days(a->date), time_date_days(b->date));
        return true;
    case FEEL_TIME:
        *out = order_of(time_micros(&a->time), time_micros(&b->time));
        return true;
    case FEEL_DATE_TIME:
        *out = order_of(feel_instant(&a->date_time), feel_instant(&b->date_time));
        return true;
    case FEEL_MONTHS:
        *out = order_of(a->months, b->months);
        return true;
    case FEEL_SPAN:
        *out = order_of(a->span, b->span);
        return true;
    default:
        return false;
    }
}

static bool lists_equal(const FeelValue *a, const FeelValue *b) {
    bool known, equal = a->len == b->len;
    for (uint32_t i = 0; equal && i < a->len; i++)
        equal = feel_equal(&a->items[i], &b->items[i], &known) && known;
    return equal;
}

static bool contexts_equal(const FeelValue *a, const FeelValue *b) {
    bool known, equal = a->len == b->len;
    for (uint32_t i = 0; equal && i < a->len; i++) {
        const FeelValue *other = feel_get(b, a->entries[i].name);
        equal = other && feel_equal(&a->entries[i].value, other, &known) && known;
    }
    return equal;
}

static bool ranges_equal(const FeelRange *a, const FeelRange *b) {
    bool known;
    return a->low_open == b->low_open && a->high_open == b->high_open &&
           feel_equal(&a->low, &b->low, &known) && feel_equal(&a->high, &b->high, &known);
}

bool feel_equal(const FeelValue *a, const FeelValue *b, bool *known) {
    *known = true;
    if (a->kind == FEEL_NULL || b->kind == FEEL_NULL) return a->kind == b->kind;
    *known = a->kind == b->kind && a->kind != FEEL_FUNCTION;
    if (!*known) return false;
    int order;
    switch (a->kind) {
    case FEEL_BOOL:
        return a->boolean == b->boolean;
    case FEEL_LIST:
        return lists_equal(a, b);
    case FEEL_CONTEXT:
        return contexts_equal(a, b);
    case FEEL_RANGE:
        return ranges_equal(a->range, b->range);
    default:
        return feel_order(a, b, &order) && order == 0;
    }
}

bool feel_in_range(const FeelRange *range, const FeelValue *value) {
    int order;
    bool low = range->low.kind != FEEL_NULL, high = range->high.kind != FEEL_NULL;
    if (low &&
        (!feel_order(value, &range->low, &order) || order < 0 || (order == 0 && range->low_open)))
        return false;
    return !high || (feel_order(value, &range->high, &order) &&
                     (order < 0 || (order == 0 && !range->high_open)));
}

FeelValue feel_compare(FeelOp op, const FeelValue *a, const FeelValue *b) {
    if (op == OP_EQUAL || op == OP_UNEQUAL) {
        bool known, equal = feel_equal(a, b, &known);
        return known ? feel_of_bool(equal == (op == OP_EQUAL)) : feel_null();
    }
    int order;
    if (!feel_order(a, b, &order)) return feel_null();
    switch (op) {
    case OP_LESS:
        return feel_of_bool(order < 0);
    case OP_LESS_EQUAL:
        return feel_of_bool(order <= 0);
    case OP_GREATER:
        return feel_of_bool(order > 0);
    default:
        return feel_of_bool(order >= 0);
    }
}

/* ---- JSON */

static FeelValue number_of_json(const Json *json) {
    FeelNumber number;
    if (json->raw) {
        return number_read((Str){json->raw, json->len}, &number) ? feel_of_number(number)
                                                                 : feel_null();
    }
    if (json->is_int) return feel_of_int(json->value.integer);
    return number_of_double(json->value.number, &number) ? feel_of_number(number) : feel_null();
}

FeelValue feel_of_json(Arena *arena, const Json *json) {
    switch (json ? (JsonKind)json->kind : JSON_NULL) {
    case JSON_BOOL:
        return feel_of_bool(json->value.boolean);
    case JSON_NUMBER:
        return number_of_json(json);
    case JSON_STRING:
        return feel_of_str(json_str(json));
    case JSON_ARRAY: {
        FeelValue *items = NEW_ARRAY(arena, FeelValue, json->len + 1);
        for (uint32_t i = 0; i < json->len; i++)
            items[i] = feel_of_json(arena, json_at(json, i));
        return feel_of_items(items, json->len);
    }
    case JSON_OBJECT: {
        FeelEntry *entries = NEW_ARRAY(arena, FeelEntry, json->len + 1);
        for (uint32_t i = 0; i < json->len; i++)
            entries[i] = (FeelEntry){.name = json->value.members[i].name,
                                     .value = feel_of_json(arena, &json->value.members[i].value)};
        return feel_of_entries(entries, json->len);
    }
    default:
        return feel_null();
    }
}

static FeelValue typed_text(Str text, Str type) {
    FeelValue out = {0};
    if (str_eq(type, STR("date")))
        out.kind = feel_read_date(text, &out.date) ? FEEL_DATE : FEEL_NULL;
    else if (str_eq(type, STR("time")))
        out.kind = feel_read_time(text, &out.time) ? FEEL_TIME : FEEL_NULL;
    else if (str_eq(type, STR("date and time")))
        out.kind = feel_read_date_time(text, &out.date_time) ? FEEL_DATE_TIME : FEEL_NULL;
    else if (str_eq(type, STR("number")))
        out.kind = number_read(text, &out.number) ? FEEL_NUMBER : FEEL_NULL;
    else if (str_ends(type, STR("duration")))
        out = feel_read_duration(text, &out) && feel_is_a(&out, type) ? out : feel_null();
    else
        out = feel_of_str(text);
    return out;
}

FeelValue feel_typed(Arena *arena, FeelValue value, Str type) {
    if (value.kind == FEEL_STRING) return typed_text(value.string, type);
    if (value.kind != FEEL_LIST) return value;
    FeelValue *items = NEW_ARRAY(arena, FeelValue, value.len + 1);
    for (uint32_t i = 0; i < value.len; i++)
        items[i] = feel_typed(arena, value.items[i], type);
    return feel_of_items(items, value.len);
}

static Json number_to_json(Arena *arena, FeelNumber number) {
    int64_t whole;
    if (number_to_int(number, &whole)) return json_of_int(whole);
    Json out = json_of_number(number_to_double(number));
    Str text = number_text(arena, number);
    out.raw = text.ptr; /* all 34 digits, not only those of a double */
    out.len = (uint32_t)text.len;
    return out;
}

static Json list_to_json(Arena *arena, const FeelValue *list) {
    Json *items = NEW_ARRAY(arena, Json, list->len + 1);
    for (uint32_t i = 0; i < list->len; i++)
        items[i] = feel_to_json(arena, &list->items[i]);
    return json_of_items(items, list->len);
}

static Json context_to_json(Arena *arena, const FeelValue *context) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, context->len + 1);
    for (uint32_t i = 0; i < context->len; i++)
        members[i] = (JsonMember){.name = context->entries[i].name,
                                  .value = feel_to_json(arena, &context->entries[i].value)};
    return json_of_members(members, context->len);
}

Json feel_to_json(Arena *arena, const FeelValue *value) {
    switch (value->kind) {
    case FEEL_BOOL:
        return json_of_bool(value->boolean);
    case FEEL_NUMBER:
        return number_to_json(arena, value->number);
    case FEEL_STRING:
        return json_of_str(value->string);
    case FEEL_LIST:
        return list_to_json(arena, value);
    case FEEL_CONTEXT:
        return context_to_json(arena, value);
    case FEEL_NULL:
    case FEEL_RANGE:
    case FEEL_FUNCTION:
        return json_of_null();
    default:
        return json_of_str(feel_text(arena, value));
    }
}

/* ---- texts */

static void write_value(Buf *to, Arena *arena, const FeelValue *value, bool inside);

static void write_list(Buf *to, Arena *arena, const FeelValue *list) {
    buf_add_char(to, '[');
    for (uint32_t i = 0; i < list->len; i++) {
        if (i) buf_add(to, STR(", "));
        write_value(to, arena, &list->items[i], true);
    }
    buf_add_char(to, ']');
}

static void write_context(Buf *to, Arena *arena, const FeelValue *context) {
    buf_add_char(to, '{');
    for (uint32_t i = 0; i < context->len; i++) {
        if (i) buf_add(to, STR(", "));
        buf_add(to, context->entries[i].name);
        buf_add(to, STR(": "));
        write_value(to, arena, &context->entries[i].value, true);
    }
    buf_add_char(to, '}');
}

static void write_range(Buf *to, Arena *arena, const FeelRange *range) {
    buf_add_char(to, range->low_open ? '(' : '[');
    if (range->low.kind != FEEL_NULL) write_value(to, arena, &range->low, true);
    buf_add(to, STR(".."));
    if (range->high.kind != FEEL_NULL) write_value(to, arena, &range->high, true);
    buf_add_char(to, range->high_open ? ')' : ']');
}

static void write_value(Buf *to, Arena *arena, const FeelValue *value, bool inside) {
    switch (value->kind) {
    case FEEL_NULL:
        buf_add(to, STR("null"));
        break;
    case FEEL_BOOL:
        buf_add(to, value->boolean ? STR("true") : STR("false"));
        break;
    case FEEL_NUMBER:
        buf_add(to, number_text(arena, value->number));
        break;
    case FEEL_STRING:
        if (inside)
            json_write_str(to, value->string);
        else
            buf_add(to, value->string);
        break;
    case FEEL_LIST:
        write_list(to, arena, value);
        break;
    case FEEL_CONTEXT:
        write_context(to, arena, value);
        break;
    case FEEL_RANGE:
        write_range(to, arena, value->range);
        break;
    case FEEL_FUNCTION:
        buf_add(to, STR("function"));
        break;
    default:
        feel_write_time(to, value);
    }
}

Str feel_text(Arena *arena, const FeelValue *value) {
    Buf to = buf_new(arena, FEEL_TEXT_MAX);
    write_value(&to, arena, value, false);
    return buf_str(&to);
}
