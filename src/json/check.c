/* Checks a value against a compiled schema: one test per keyword. A keyword says nothing about
   values of a type that it is not made for (JSON Schema 2020-12, 7.6.1). */
#include "schema_int.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS_MAX = 10 * 1000 * 1000, /* rules checked for one value: some seconds */
    MATCH_STEPS = 100 * 1000,     /* of PCRE2 for one pattern on one string */
    MATCH_DEPTH = 1000,
    MATCH_HEAP = 256, /* KiB */
};

Str schema_place_text(Arena *arena, const SchemaPlace *place) {
    if (!place) return STR_NONE;
    Str before = schema_place_text(arena, place->parent);
    if (!place->name.ptr) return str_fmt(arena, STR_FMT "[%zu]", STR_ARG(before), place->index);
    return str_fmt(arena, STR_FMT "%s" STR_FMT, STR_ARG(before), before.len ? "." : "",
                   STR_ARG(place->name));
}

[[gnu::format(printf, 2, 3)]] static Rc refuse(Check *check, const char *format, ...) {
    if (check->quiet) return RC_INVALID;
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(len >= 0);
    return ctx_fail(check->ctx, RC_INVALID, "bad-value",
                    schema_place_text(check->ctx->arena, check->place), "%s", text);
}

static Rc check_schema(Check *check, const JsonSchema *schema, const Json *value) {
    if (schema->never) return refuse(check, "Nothing is allowed here: leave it out.");
    check->steps += schema->len + 1;
    if (check->steps > STEPS_MAX)
        return ctx_fail(check->ctx, RC_LIMIT, "schema-steps", STR_NONE,
                        "Checking this value takes more than %d steps: make it smaller.",
                        STEPS_MAX);
    for (size_t i = 0; i < schema->len; i++)
        TRY(schema->rules[i].test(check, &schema->rules[i], value));
    return RC_OK;
}

static Rc check_at(Check *check, SchemaPlace place, const JsonSchema *schema, const Json *value) {
    const SchemaPlace *before = check->place;
    place.parent = before;
    check->place = &place;
    Rc rc = check_schema(check, schema, value);
    check->place = before;
    return rc;
}

/* ---- any type ---- */

static uint32_t types_of(const Json *value) {
    static const uint32_t types[] = {TYPE_NULL,   TYPE_BOOLEAN, TYPE_NUMBER,
                                     TYPE_STRING, TYPE_ARRAY,   TYPE_OBJECT};
    return types[value->kind] | (json_is_integral(value) ? TYPE_INTEGER : 0);
}

Rc schema_test_type(Check *check, const SchemaRule *rule, const Json *value) {
    if (types_of(value) & rule->types) return RC_OK;
    Buf names = buf_new(NULL, 128);
    for (const SchemaName *type = schema_types; type->name; type++)
        if (rule->types & type->bit) buf_addf(&names, "%s%s", names.len ? " or " : "", type->name);
    Rc rc = refuse(check, "The value must be of type " STR_FMT ".", STR_ARG(buf_str(&names)));
    buf_free(&names);
    return rc;
}

/* The beginning of a value's text, for a message; nothing while nobody reads messages. */
static Str excerpt(Check *check, const Json *value) {
    enum { SHOWN = 200, WRITTEN = 64 << 10 };
    if (check->quiet) return STR_NONE;
    Buf text = buf_new(NULL, WRITTEN);
    json_write(&text, value);
    Str head = str_head(buf_str(&text), SHOWN);
    bool whole = !text.full && head.len == text.len;
    Str shown = str_join(check->ctx->arena, (Str[]){head, STR("...")}, whole ? 1 : 2, STR_NONE);
    buf_free(&text);
    return shown;
}

Rc schema_test_const(Check *check, const SchemaRule *rule, const Json *value) {
    if (json_equal(rule->json, value)) return RC_OK;
    Str text = excerpt(check, rule->json);
    return refuse(check, "The value must be " STR_FMT ".", STR_ARG(text));
}

Rc schema_test_enum(Check *check, const SchemaRule *rule, const Json *value) {
    for (uint32_t i = 0; i < rule->json->len; i++)
        if (json_equal(&rule->json->value.items[i], value)) return RC_OK;
    Str text = excerpt(check, rule->json);
    return refuse(check, "The value must be one of " STR_FMT ".", STR_ARG(text));
}

/* ---- numbers ---- */

/* The text of a bound as the schema spells it. */
static Rc refuse_bound(Check *check, const SchemaRule *rule, const char *words) {
    Str text = excerpt(check, rule->json);
    return refuse(check, "The number must be %s " STR_FMT ".", words, STR_ARG(text));
}

Rc schema_test_minimum(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_NUMBER || json_number_order(value, rule->json) >= 0) return RC_OK;
    return refuse_bound(check, rule, "at least");
}

Rc schema_test_maximum(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_NUMBER || json_number_order(value, rule->json) <= 0) return RC_OK;
    return refuse_bound(check, rule, "at most");
}

Rc schema_test_above(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_NUMBER || json_number_order(value, rule->json) > 0) return RC_OK;
    return refuse_bound(check, rule, "above");
}

Rc schema_test_below(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_NUMBER || json_number_order(value, rule->json) < 0) return RC_OK;
    return refuse_bound(check, rule, "below");
}

/* Exact for integers; else within what doubles can tell, so that 0.3 is a multiple of 0.1. */
static bool is_multiple(const Json *value, const Json *divisor) {
    if (value->is_int && divisor->is_int) return value->value.integer % divisor->value.integer == 0;
    double ratio = json_number(value) / json_number(divisor);
    if (!isfinite(ratio)) return false;
    return fabs(ratio - round(ratio)) <= 4 * 0x1p-52 * fmax(1, fabs(ratio));
}

Rc schema_test_multiple(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_NUMBER || is_multiple(value, rule->json)) return RC_OK;
    return refuse_bound(check, rule, "a multiple of");
}

/* ---- strings ---- */

Rc schema_test_min_length(Check *check, const SchemaRule *rule, const Json *value) {
    double bound = json_number(rule->json);
    if (value->kind != JSON_STRING || (double)str_utf8_len(json_str(value)) >= bound) return RC_OK;
    return refuse(check, "The text must have at least %.0f characters.", bound);
}

Rc schema_test_max_length(Check *check, const SchemaRule *rule, const Json *value) {
    double bound = json_number(rule->json);
    if (value->kind != JSON_STRING || (double)str_utf8_len(json_str(value)) <= bound) return RC_OK;
    return refuse(check, "The text must have at most %.0f characters.", bound);
}

Rc schema_test_format(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_STRING || rule->format(json_str(value))) return RC_OK;
    Str format = json_str(rule->json);
    return refuse(check, "The text must be a valid " STR_FMT ".", STR_ARG(format));
}

static void *match_alloc(size_t size, void *unused) {
    (void)unused;
    return mem_alloc(size);
}

static void match_free(void *old, void *unused) {
    (void)unused;
    mem_free(old);
}

static int match(const pcre2_code *pattern, Str text) {
    pcre2_general_context *memory = pcre2_general_context_create(match_alloc, match_free, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(memory);
    pcre2_match_data *data = pcre2_match_data_create(1, memory);
    pcre2_set_match_limit(limits, MATCH_STEPS);
    pcre2_set_depth_limit(limits, MATCH_DEPTH);
    pcre2_set_heap_limit(limits, MATCH_HEAP);
    int rc = pcre2_match(pattern, (PCRE2_SPTR)text.ptr, text.len, 0, 0, data, limits);
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    pcre2_general_context_free(memory);
    return rc;
}

Rc schema_test_pattern(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_STRING) return RC_OK;
    int rc = match(rule->pattern, json_str(value));
    if (rc >= 0) return RC_OK;
    if (rc != PCRE2_ERROR_NOMATCH)
        return ctx_fail(check->ctx, RC_LIMIT, "pattern-limit",
                        schema_place_text(check->ctx->arena, check->place),
                        "The text takes too long to match with its pattern: make it shorter.");
    Str text = excerpt(check, rule->json);
    return refuse(check, "The text must match the pattern " STR_FMT ".", STR_ARG(text));
}

/* ---- arrays ---- */

Rc schema_test_min_items(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_ARRAY || value->len >= json_number(rule->json)) return RC_OK;
    return refuse(check, "The list must have at least %.0f elements.", json_number(rule->json));
}

Rc schema_test_max_items(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_ARRAY || value->len <= json_number(rule->json)) return RC_OK;
    return refuse(check, "The list must have at most %.0f elements.", json_number(rule->json));
}

Rc schema_test_prefix_items(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_ARRAY) return RC_OK;
    for (uint32_t i = 0; i < value->len && i < rule->len; i++)
        TRY(check_at(check, (SchemaPlace){.index = i}, rule->subs[i], &value->value.items[i]));
    return RC_OK;
}

Rc schema_test_items(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_ARRAY) return RC_OK;
    for (size_t i = rule->skip; i < value->len; i++)
        TRY(check_at(check, (SchemaPlace){.index = i}, rule->subs[0], &value->value.items[i]));
    return RC_OK;
}

typedef struct Hashed {
    uint64_t hash;
    const Json *value;
} Hashed;

static int hashed_order(const void *a, const void *b) {
    const Hashed *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Sorting by hash brings equal elements together. */
static bool has_twins(const Json *array) {
    Hashed *sorted = mem_alloc(array->len * sizeof *sorted);
    for (uint32_t i = 0; i < array->len; i++)
        sorted[i] = (Hashed){json_hash(&array->value.items[i]), &array->value.items[i]};
    if (array->len) qsort(sorted, array->len, sizeof *sorted, hashed_order);
    bool twins = false;
    for (uint32_t i = 0; !twins && i < array->len; i++)
        for (uint32_t j = i + 1; !twins && j < array->len && sorted[j].hash == sorted[i].hash; j++)
            twins = json_equal(sorted[i].value, sorted[j].value);
    mem_free(sorted);
    return twins;
}

Rc schema_test_unique(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_ARRAY || !rule->json->value.boolean || !has_twins(value)) return RC_OK;
    return refuse(check, "The elements of the list must differ from one another.");
}

/* ---- objects ---- */

Rc schema_test_required(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_OBJECT) return RC_OK;
    for (uint32_t i = 0; i < rule->json->len; i++) {
        Str name = json_str(&rule->json->value.items[i]);
        if (json_get(value, name)) continue;
        const SchemaPlace *before = check->place;
        SchemaPlace place = {.parent = before, .name = name};
        check->place = &place;
        Rc rc = refuse(check, "This member is missing.");
        check->place = before;
        return rc;
    }
    return RC_OK;
}

Rc schema_test_properties(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_OBJECT) return RC_OK;
    for (uint32_t i = 0; i < value->len; i++) {
        const JsonMember *member = &value->value.members[i];
        const JsonSchema *schema = map_get(rule->properties, member->name);
        if (schema)
            TRY(check_at(check, (SchemaPlace){.name = member->name}, schema, &member->value));
    }
    return RC_OK;
}

Rc schema_test_additional(Check *check, const SchemaRule *rule, const Json *value) {
    if (value->kind != JSON_OBJECT) return RC_OK;
    for (uint32_t i = 0; i < value->len; i++) {
        const JsonMember *member = &value->value.members[i];
        if (!map_has(rule->properties, member->name))
            TRY(check_at(check, (SchemaPlace){.name = member->name}, rule->subs[0],
                         &member->value));
    }
    return RC_OK;
}

/* ---- combinations ---- */

/* Tries a schema; RC_LIMIT goes on to the caller through *rc. */
static bool fits(Check *check, const JsonSchema *schema, const Json *value, Rc *rc) {
    check->quiet++;
    Rc tried = check_schema(check, schema, value);
    check->quiet--;
    *rc = tried == RC_INVALID ? RC_OK : tried;
    return tried == RC_OK;
}

Rc schema_test_all(Check *check, const SchemaRule *rule, const Json *value) {
    for (size_t i = 0; i < rule->len; i++)
        TRY(check_schema(check, rule->subs[i], value));
    return RC_OK;
}

Rc schema_test_any(Check *check, const SchemaRule *rule, const Json *value) {
    Rc rc = RC_OK;
    for (size_t i = 0; i < rule->len; i++) {
        if (fits(check, rule->subs[i], value, &rc)) return RC_OK;
        TRY(rc);
    }
    return refuse(check, "The value has none of the %zu allowed forms.", rule->len);
}

Rc schema_test_one(Check *check, const SchemaRule *rule, const Json *value) {
    Rc rc = RC_OK;
    size_t n = 0;
    for (size_t i = 0; i < rule->len; i++) {
        n += fits(check, rule->subs[i], value, &rc);
        TRY(rc);
    }
    if (n == 1) return RC_OK;
    return refuse(check, "The value must have exactly one of %zu forms; it has %zu of them.",
                  rule->len, n);
}

Rc schema_test_not(Check *check, const SchemaRule *rule, const Json *value) {
    Rc rc = RC_OK;
    bool fit = fits(check, rule->subs[0], value, &rc);
    TRY(rc);
    return fit ? refuse(check, "The value has a form that is not allowed.") : RC_OK;
}

Rc schema_test_if(Check *check, const SchemaRule *rule, const Json *value) {
    Rc rc = RC_OK;
    const JsonSchema *next = fits(check, rule->subs[0], value, &rc) ? rule->subs[1] : rule->subs[2];
    TRY(rc);
    return next ? check_schema(check, next, value) : RC_OK;
}

Rc json_schema_check(Ctx *ctx, const JsonSchema *schema, const Json *value) {
    Check check = {.ctx = ctx};
    return check_schema(&check, schema, value);
}
