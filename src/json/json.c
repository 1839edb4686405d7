/* Values: getters, makers, equality, copies. */
#include "json_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(Json) == 24, "a value stays small: trees are kept by the hundred thousand");

static bool is_kind(const Json *value, JsonKind kind) {
    return value && value->kind == kind;
}

const Json *json_get(const Json *object, Str name) {
    if (!is_kind(object, JSON_OBJECT)) return NULL;
    const JsonMember *members = object->value.members;
    for (uint32_t i = 0; i < object->len; i++)
        if (str_eq(members[i].name, name)) return &members[i].value;
    return NULL;
}

const Json *json_at(const Json *array, size_t index) {
    return is_kind(array, JSON_ARRAY) && index < array->len ? &array->value.items[index] : NULL;
}

Str json_str(const Json *value) {
    return is_kind(value, JSON_STRING) ? (Str){value->value.string, value->len} : STR_NONE;
}

bool json_has(const Json *array, Str text) {
    for (size_t i = 0; array && array->kind == JSON_ARRAY && i < array->len; i++)
        if (str_eq(json_str(json_at(array, i)), text)) return true;
    return false;
}

Str json_get_str(const Json *object, const char *name) {
    return json_str(json_get(object, str_of(name)));
}

double json_number(const Json *value) {
    if (!is_kind(value, JSON_NUMBER)) return 0;
    return value->is_int ? (double)value->value.integer : value->value.number;
}

bool json_is_integral(const Json *value) {
    if (!is_kind(value, JSON_NUMBER)) return false;
    return value->is_int || value->value.number == trunc(value->value.number);
}

int64_t json_get_int(const Json *object, const char *name, int64_t otherwise) {
    const Json *value = json_get(object, str_of(name));
    if (!is_kind(value, JSON_NUMBER)) return otherwise;
    if (value->is_int) return value->value.integer;
    double number = value->value.number;
    bool exact = number == trunc(number) && fabs(number) <= 0x1p53;
    return exact ? (int64_t)number : otherwise;
}

double json_get_number(const Json *object, const char *name, double otherwise) {
    const Json *value = json_get(object, str_of(name));
    return is_kind(value, JSON_NUMBER) ? json_number(value) : otherwise;
}

bool json_get_bool(const Json *object, const char *name, bool otherwise) {
    const Json *value = json_get(object, str_of(name));
    return is_kind(value, JSON_BOOL) ? value->value.boolean : otherwise;
}

Json json_of_null(void) {
    return (Json){.kind = JSON_NULL};
}

Json json_of_bool(bool value) {
    return (Json){.kind = JSON_BOOL, .value.boolean = value};
}

Json json_of_int(int64_t value) {
    return (Json){.kind = JSON_NUMBER, .is_int = 1, .value.integer = value};
}

Json json_of_number(double value) {
    return (Json){.kind = JSON_NUMBER, .value.number = value};
}

/* The length field bounds what a value can hold; every input was bounded long before. */
static uint32_t length(size_t n) {
    assert(n <= UINT32_MAX);
    return (uint32_t)n;
}

Json json_of_str(Str value) {
    return (Json){
        .kind = JSON_STRING, .len = length(value.len), .value.string = value.ptr ? value.ptr : ""};
}

Json json_of_items(const Json *items, size_t n) {
    return (Json){.kind = JSON_ARRAY, .len = length(n), .value.items = items};
}

Json json_of_members(const JsonMember *members, size_t n) {
    return (Json){.kind = JSON_OBJECT, .len = length(n), .value.members = members};
}

/* Compares an integer with a double that need not be representable as one. */
static int int_order(int64_t a, double b) {
    if (b >= 0x1p63) return -1;
    if (b < -0x1p63) return 1;
    int64_t whole = (int64_t)b;
    if (a != whole) return a < whole ? -1 : 1;
    double rest = b - (double)whole;
    return (rest < 0) - (rest > 0);
}

int json_number_order(const Json *a, const Json *b) {
    if (a->is_int && b->is_int)
        return (a->value.integer > b->value.integer) - (a->value.integer < b->value.integer);
    if (a->is_int) return int_order(a->value.integer, b->value.number);
    if (b->is_int) return -int_order(b->value.integer, a->value.number);
    return (a->value.number > b->value.number) - (a->value.number < b->value.number);
}

static int member_order(const void *a, const void *b) {
    return str_cmp((*(const JsonMember *const *)a)->name, (*(const JsonMember *const *)b)->name);
}

void json_sort_members(const Json *object, const JsonMember **sorted) {
    for (uint32_t i = 0; i < object->len; i++)
        sorted[i] = &object->value.members[i];
    if (object->len) qsort(sorted, object->len, sizeof *sorted, member_order);
}

static bool sorted_equal(const Json *a, const Json *b) {
    const JsonMember **sorted = mem_alloc((size_t)2 * a->len * sizeof *sorted);
    json_sort_members(a, sorted);
    json_sort_members(b, sorted + a->len);
    bool same = true;
    for (uint32_t i = 0; same && i < a->len; i++) {
        const JsonMember *x = sorted[i], *y = sorted[a->len + i];
        same = str_eq(x->name, y->name) && json_equal(&x->value, &y->value);
    }
    mem_free(sorted);
    return same;
}

static bool members_equal(const Json *a, const Json *b) {
    enum { FEW = 32 }; /* beyond, sorting beats looking each name up */
    if (a->len != b->len) return false;
    if (a->len > FEW) return sorted_equal(a, b);
    for (uint32_t i = 0; i < a->len; i++) {
        const JsonMember *x = &a->value.members[i], *y = &b->value.members[i];
        const Json *other = str_eq(x->name, y->name) ? &y->value : json_get(b, x->name);
        if (!other || !json_equal(&x->value, other)) return false;
    }
    return true;
}

static bool items_equal(const Json *a, const Json *b) {
    if (a->len != b->len) return false;
    for (uint32_t i = 0; i < a->len; i++)
        if (!json_equal(&a->value.items[i], &b->value.items[i])) return false;
    return true;
}

bool json_equal(const Json *a, const Json *b) {
    if (a == b) return true;
    if (!a || !b || a->kind != b->kind) return false;
    switch ((JsonKind)a->kind) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return a->value.boolean == b->value.boolean;
    case JSON_NUMBER:
        return json_number_order(a, b) == 0;
    case JSON_STRING:
        return str_eq(json_str(a), json_str(b));
    case JSON_ARRAY:
        return items_equal(a, b);
    case JSON_OBJECT:
        return members_equal(a, b);
    }
    return false;
}

static uint64_t hash_number(const Json *value) {
    double number = json_number(value) + 0.0; /* -0 becomes 0 */
    return hash_fast((Str){(const char *)&number, sizeof number});
}

uint64_t json_hash(const Json *value) {
    uint64_t hash = (uint64_t)value->kind * 0x9E3779B97F4A7C15u + value->len;
    switch ((JsonKind)value->kind) {
    case JSON_NULL:
        return hash;
    case JSON_BOOL:
        return hash + value->value.boolean;
    case JSON_NUMBER:
        return hash_number(value);
    case JSON_STRING:
        return hash ^ hash_fast(json_str(value));
    case JSON_ARRAY:
        for (uint32_t i = 0; i < value->len; i++)
            hash = hash * 31 + json_hash(&value->value.items[i]);
        return hash;
    case JSON_OBJECT: /* a sum, because the order of members does not count */
        for (uint32_t i = 0; i < value->len; i++) {
            const JsonMember *member = &value->value.members[i];
            hash += (hash_fast(member->name) ^ json_hash(&member->value)) * 0x9E3779B97F4A7C15u;
        }
        return hash;
    }
    return hash;
}

static void copy_into(Arena *arena, Json *to, const Json *from);

static const Json *copy_items(Arena *arena, const Json *from) {
    Json *items = NEW_ARRAY(arena, Json, from->len);
    for (uint32_t i = 0; i < from->len; i++)
        copy_into(arena, &items[i], &from->value.items[i]);
    return items;
}

static const JsonMember *copy_members(Arena *arena, const Json *from) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, from->len);
    for (uint32_t i = 0; i < from->len; i++) {
        members[i].name = str_dup(arena, from->value.members[i].name);
        copy_into(arena, &members[i].value, &from->value.members[i].value);
    }
    return members;
}

static void copy_into(Arena *arena, Json *to, const Json *from) {
    *to = *from;
    if (from->kind == JSON_STRING) to->value.string = str_dup(arena, json_str(from)).ptr;
    if (from->kind == JSON_NUMBER && from->raw)
        to->raw = str_dup(arena, (Str){from->raw, from->len}).ptr;
    if (from->kind == JSON_ARRAY) to->value.items = copy_items(arena, from);
    if (from->kind == JSON_OBJECT) to->value.members = copy_members(arena, from);
}

const Json *json_dup(Arena *arena, const Json *value) {
    Json *copy = NEW(arena, Json);
    copy_into(arena, copy, value);
    return copy;
}
