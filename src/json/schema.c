/* Compiles JSON Schema 2020-12 into rules. One table says which keyword is compiled how and tested
   by what; a keyword that is not in it is refused, so that no constraint is ever silently ignored.
 */
#include "schema_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct Compile {
    Ctx *ctx;
    const Json *root;
    Map refs; /* "#/$defs/name" to JsonSchema */
} Compile;

/* Where the compiler is: the schema object, its place, and the keyword's value. */
typedef struct Here {
    const Json *schema;
    const SchemaPlace *place;
    const Json *value;
} Here;

typedef Rc (*KeywordCompile)(Compile *c, const Here *here, SchemaRule *rule);

const SchemaName schema_types[] = {
    {"null", TYPE_NULL},     {"boolean", TYPE_BOOLEAN},
    {"number", TYPE_NUMBER}, {"integer", TYPE_INTEGER},
    {"string", TYPE_STRING}, {"array", TYPE_ARRAY},
    {"object", TYPE_OBJECT}, {NULL, 0},
};

static Rc compile_schema(Compile *c, const Json *source, const SchemaPlace *place, JsonSchema *to);

[[gnu::format(printf, 3, 4)]] static Rc bad(Compile *c, const SchemaPlace *place,
                                            const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(len >= 0);
    return ctx_fail(c->ctx, RC_INVALID, "bad-schema", schema_place_text(c->ctx->arena, place), "%s",
                    text);
}

static Rc compile_new(Compile *c, const Json *source, const SchemaPlace *place,
                      const JsonSchema **out) {
    JsonSchema *schema = NEW(c->ctx->arena, JsonSchema);
    *out = schema;
    return compile_schema(c, source, place, schema);
}

/* ---- how keywords are compiled ---- */

static Rc compile_plain(Compile *c, const Here *here, SchemaRule *rule) {
    (void)c;
    rule->json = here->value;
    return RC_OK;
}

static Rc add_type(Compile *c, const Here *here, Str name, uint32_t *types) {
    for (const SchemaName *type = schema_types; type->name; type++) {
        if (!str_eq(name, str_of(type->name))) continue;
        *types |= type->bit;
        return RC_OK;
    }
    return bad(c, here->place,
               "must be one of null, boolean, number, integer, string, array and object.");
}

static Rc compile_type(Compile *c, const Here *here, SchemaRule *rule) {
    if (here->value->kind == JSON_STRING)
        return add_type(c, here, json_str(here->value), &rule->types);
    if (here->value->kind != JSON_ARRAY || here->value->len == 0)
        return bad(c, here->place, "must be the name of a type or a list of them.");
    for (uint32_t i = 0; i < here->value->len; i++)
        TRY(add_type(c, here, json_str(&here->value->value.items[i]), &rule->types));
    return RC_OK;
}

static Rc compile_enum(Compile *c, const Here *here, SchemaRule *rule) {
    if (here->value->kind != JSON_ARRAY || here->value->len == 0)
        return bad(c, here->place, "must be a list of at least one value.");
    return compile_plain(c, here, rule);
}

static Rc compile_number(Compile *c, const Here *here, SchemaRule *rule) {
    if (here->value->kind != JSON_NUMBER) return bad(c, here->place, "must be a number.");
    return compile_plain(c, here, rule);
}

static Rc compile_divisor(Compile *c, const Here *here, SchemaRule *rule) {
    if (!(json_number(here->value) > 0)) return bad(c, here->place, "must be a number above 0.");
    return compile_plain(c, here, rule);
}

static Rc compile_count(Compile *c, const Here *here, SchemaRule *rule) {
    if (!json_is_integral(here->value) || json_number(here->value) < 0)
        return bad(c, here->place, "must be a whole number from 0 on.");
    return compile_plain(c, here, rule);
}

static Rc compile_bool(Compile *c, const Here *here, SchemaRule *rule) {
    if (here->value->kind != JSON_BOOL) return bad(c, here->place, "must be true or false.");
    return compile_plain(c, here, rule);
}

static Rc compile_names(Compile *c, const Here *here, SchemaRule *rule) {
    if (here->value->kind != JSON_ARRAY) return bad(c, here->place, "must be a list of names.");
    for (uint32_t i = 0; i < here->value->len; i++)
        if (here->value->value.items[i].kind != JSON_STRING)
            return bad(c, here->place, "must be a list of names.");
    return compile_plain(c, here, rule);
}

static Rc compile_map(Compile *c, const Here *here, SchemaRule *rule) {
    if (here->value->kind != JSON_OBJECT)
        return bad(c, here->place, "must be an object of schemas.");
    rule->properties = NEW(c->ctx->arena, Map);
    *rule->properties = map_new(c->ctx->arena);
    for (uint32_t i = 0; i < here->value->len; i++) {
        const JsonMember *member = &here->value->value.members[i];
        SchemaPlace place = {.parent = here->place, .name = member->name};
        JsonSchema *schema = NEW(c->ctx->arena, JsonSchema);
        TRY(compile_schema(c, &member->value, &place, schema));
        map_put(rule->properties, member->name, schema);
    }
    return RC_OK;
}

static Rc compile_one(Compile *c, const Here *here, SchemaRule *rule) {
    const JsonSchema **subs = NEW_ARRAY(c->ctx->arena, const JsonSchema *, 1);
    rule->subs = subs;
    rule->len = 1;
    return compile_new(c, here->value, here->place, &subs[0]);
}

/* Every member that `properties` beside it does not name. */
static Rc compile_additional(Compile *c, const Here *here, SchemaRule *rule) {
    rule->properties = NEW(c->ctx->arena, Map);
    *rule->properties = map_new(c->ctx->arena);
    const Json *named = json_get(here->schema, STR("properties"));
    for (uint32_t i = 0; named && named->kind == JSON_OBJECT && i < named->len; i++)
        map_put(rule->properties, named->value.members[i].name, rule);
    return compile_one(c, here, rule);
}

static Rc compile_items(Compile *c, const Here *here, SchemaRule *rule) {
    const Json *prefix = json_get(here->schema, STR("prefixItems"));
    rule->skip = prefix && prefix->kind == JSON_ARRAY ? prefix->len : 0;
    return compile_one(c, here, rule);
}

static Rc compile_list(Compile *c, const Here *here, SchemaRule *rule) {
    if (here->value->kind != JSON_ARRAY || here->value->len == 0)
        return bad(c, here->place, "must be a list of at least one schema.");
    const JsonSchema **subs = NEW_ARRAY(c->ctx->arena, const JsonSchema *, here->value->len);
    rule->subs = subs;
    rule->len = here->value->len;
    for (uint32_t i = 0; i < here->value->len; i++) {
        SchemaPlace place = {.parent = here->place, .index = i};
        TRY(compile_new(c, &here->value->value.items[i], &place, &subs[i]));
    }
    return RC_OK;
}

static Rc compile_if(Compile *c, const Here *here, SchemaRule *rule) {
    static const Str names[] = {STR("if"), STR("then"), STR("else")};
    const JsonSchema **subs = NEW_ARRAY(c->ctx->arena, const JsonSchema *, 3);
    rule->subs = subs;
    rule->len = 3;
    for (size_t i = 0; i < 3; i++) {
        const Json *source = json_get(here->schema, names[i]);
        SchemaPlace place = {.parent = here->place->parent, .name = names[i]};
        if (source) TRY(compile_new(c, source, &place, &subs[i]));
    }
    return RC_OK;
}

static Rc compile_ref(Compile *c, const Here *here, SchemaRule *rule) {
    const JsonSchema **subs = NEW_ARRAY(c->ctx->arena, const JsonSchema *, 1);
    subs[0] = map_get(&c->refs, json_str(here->value));
    if (!subs[0])
        return bad(c, here->place,
                   "must be \"#\" or \"#/$defs/\" with a name that $defs of the root defines.");
    rule->subs = subs;
    rule->len = 1;
    return RC_OK;
}

static Rc compile_format(Compile *c, const Here *here, SchemaRule *rule) {
    rule->format = schema_format_find(json_str(here->value));
    if (!rule->format)
        return bad(c, here->place,
                   "must be date, date-time, email or uri: other formats are not checked.");
    return compile_plain(c, here, rule);
}

static void *pattern_alloc(size_t size, void *arena) {
    return arena_alloc(arena, size, _Alignof(max_align_t));
}

static void pattern_free(void *old, void *arena) {
    (void)old, (void)arena; /* goes with the arena */
}

/* As ECMA-262 has it where PCRE2 can: \uXXXX, [] allowed, $ only at the very end; never \C. */
static Rc compile_pattern(Compile *c, const Here *here, SchemaRule *rule) {
    if (here->value->kind != JSON_STRING) return bad(c, here->place, "must be a string.");
    Str source = json_str(here->value);
    pcre2_general_context *memory =
        pcre2_general_context_create(pattern_alloc, pattern_free, c->ctx->arena);
    pcre2_compile_context *settings = pcre2_compile_context_create(memory);
    int error;
    size_t offset;
    rule->pattern =
        pcre2_compile((PCRE2_SPTR)source.ptr, source.len,
                      PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS |
                          PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C,
                      &error, &offset, settings);
    if (rule->pattern) return compile_plain(c, here, rule);
    char why[128] = "";
    pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof why);
    return bad(c, here->place, "is no regular expression: %s at character %zu.", why, offset);
}

/* ---- the table ---- */

/* In the order of checking: the cheap and telling ones first. No compile function: the keyword says
   nothing to check (or, for then, else and $defs, is read by another). */
static const struct Keyword {
    Str name;
    KeywordCompile compile;
    SchemaTest test;
} keywords[] = {
    {STR("type"), compile_type, schema_test_type},
    {STR("const"), compile_plain, schema_test_const},
    {STR("enum"), compile_enum, schema_test_enum},
    {STR("minimum"), compile_number, schema_test_minimum},
    {STR("maximum"), compile_number, schema_test_maximum},
    {STR("exclusiveMinimum"), compile_number, schema_test_above},
    {STR("exclusiveMaximum"), compile_number, schema_test_below},
    {STR("multipleOf"), compile_divisor, schema_test_multiple},
    {STR("minLength"), compile_count, schema_test_min_length},
    {STR("maxLength"), compile_count, schema_test_max_length},
    {STR("format"), compile_format, schema_test_format},
    {STR("pattern"), compile_pattern, schema_test_pattern},
    {STR("minItems"), compile_count, schema_test_min_items},
    {STR("maxItems"), compile_count, schema_test_max_items},
    {STR("prefixItems"), compile_list, schema_test_prefix_items},
    {STR("items"), compile_items, schema_test_items},
    {STR("uniqueItems"), compile_bool, schema_test_unique},
    {STR("required"), compile_names, schema_test_required},
    {STR("properties"), compile_map, schema_test_properties},
    {STR("additionalProperties"), compile_additional, schema_test_additional},
    {STR("$ref"), compile_ref, schema_test_all},
    {STR("allOf"), compile_list, schema_test_all},
    {STR("anyOf"), compile_list, schema_test_any},
    {STR("oneOf"), compile_list, schema_test_one},
    {STR("not"), compile_one, schema_test_not},
    {STR("if"), compile_if, schema_test_if},
    {STR("then"), NULL, NULL},
    {STR("else"), NULL, NULL},
    {STR("$defs"), NULL, NULL},
    {STR("$schema"), NULL, NULL},
    {STR("$id"), NULL, NULL},
    {STR("$comment"), NULL, NULL},
    {STR("title"), NULL, NULL},
    {STR("description"), NULL, NULL},
    {STR("default"), NULL, NULL},
    {STR("examples"), NULL, NULL},
    {STR("deprecated"), NULL, NULL},
    {STR("readOnly"), NULL, NULL},
    {STR("writeOnly"), NULL, NULL},
};

enum { KEYWORDS = sizeof keywords / sizeof *keywords };

static bool is_keyword(Str name) {
    for (size_t i = 0; i < KEYWORDS; i++)
        if (str_eq(keywords[i].name, name)) return true;
    return str_starts(name, STR("x-")); /* an extension constrains nothing */
}

static Rc check_known(Compile *c, const Json *source, const SchemaPlace *place) {
    for (uint32_t i = 0; i < source->len; i++) {
        Str name = source->value.members[i].name;
        SchemaPlace at = {.parent = place, .name = name};
        if (!is_keyword(name))
            return bad(c, &at, "is a keyword that is not checked here: leave it out.");
        if (str_eq(name, STR("$defs")) && source != c->root)
            return bad(c, &at, "belongs into the root of the schema.");
    }
    return RC_OK;
}

static Rc compile_schema(Compile *c, const Json *source, const SchemaPlace *place, JsonSchema *to) {
    if (source->kind == JSON_BOOL) {
        to->never = !source->value.boolean;
        return RC_OK;
    }
    if (source->kind != JSON_OBJECT)
        return bad(c, place, "must be a schema: an object, true or false.");
    TRY(check_known(c, source, place));
    SchemaRule *rules = NEW_ARRAY(c->ctx->arena, SchemaRule, source->len);
    to->rules = rules;
    for (size_t i = 0; i < KEYWORDS; i++) {
        Here here = {.schema = source, .value = json_get(source, keywords[i].name)};
        if (!here.value || !keywords[i].compile) continue;
        SchemaPlace at = {.parent = place, .name = keywords[i].name};
        here.place = &at;
        rules[to->len].test = keywords[i].test;
        TRY(keywords[i].compile(c, &here, &rules[to->len]));
        to->len++;
    }
    return RC_OK;
}

/* ---- references ---- */

static bool stays_on_value(const SchemaRule *rule) {
    return rule->test == schema_test_all || rule->test == schema_test_any ||
           rule->test == schema_test_one || rule->test == schema_test_not ||
           rule->test == schema_test_if;
}

/* True when checking a value by this schema would come back to it with the same value, and so never
 * end. */
static bool loops(JsonSchema *schema) {
    enum { WHITE, GREY, BLACK };
    if (schema->colour != WHITE) return schema->colour == GREY;
    schema->colour = GREY;
    for (size_t i = 0; i < schema->len; i++) {
        const SchemaRule *rule = &schema->rules[i];
        for (size_t j = 0; stays_on_value(rule) && j < rule->len; j++)
            if (rule->subs[j] && loops((JsonSchema *)rule->subs[j])) return true;
    }
    schema->colour = BLACK;
    return false;
}

static Rc check_loops(Compile *c) {
    for (size_t i = 0; i < c->refs.len; i++)
        if (loops(c->refs.items[i].value))
            return ctx_fail(c->ctx, RC_INVALID, "bad-schema", c->refs.items[i].key,
                            "refers to itself without going into a member or an element.");
    return RC_OK;
}

static Rc declare_refs(Compile *c, JsonSchema *root, const Json **defs) {
    c->refs = map_new(c->ctx->arena);
    map_put(&c->refs, STR("#"), root);
    *defs = json_get(c->root, STR("$defs"));
    SchemaPlace place = {.name = STR("$defs")};
    if (*defs && (*defs)->kind != JSON_OBJECT)
        return bad(c, &place, "must be an object of schemas.");
    for (uint32_t i = 0; *defs && i < (*defs)->len; i++) {
        Str name = (*defs)->value.members[i].name;
        map_put(&c->refs, str_fmt(c->ctx->arena, "#/$defs/" STR_FMT, STR_ARG(name)),
                NEW(c->ctx->arena, JsonSchema));
    }
    return RC_OK;
}

Rc json_schema_compile(Ctx *ctx, const Json *source, const JsonSchema **out) {
    Compile c = {.ctx = ctx, .root = source};
    JsonSchema *root = NEW(ctx->arena, JsonSchema);
    const Json *defs;
    TRY(declare_refs(&c, root, &defs));
    for (uint32_t i = 0; defs && i < defs->len; i++) {
        SchemaPlace top = {.name = STR("$defs")};
        SchemaPlace place = {.parent = &top, .name = defs->value.members[i].name};
        TRY(compile_schema(&c, &defs->value.members[i].value, &place, c.refs.items[i + 1].value));
    }
    TRY(compile_schema(&c, source, NULL, root));
    TRY(check_loops(&c));
    *out = root;
    return RC_OK;
}
