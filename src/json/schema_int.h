/* schema_int: the compiled form of a schema, made by schema.c, tested by check.c. */
#ifndef JSON_SCHEMA_INT_H
#define JSON_SCHEMA_INT_H

#include "json_int.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

typedef enum SchemaType {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_NUMBER = 4,
    TYPE_INTEGER = 8,
    TYPE_STRING = 16,
    TYPE_ARRAY = 32,
    TYPE_OBJECT = 64,
} SchemaType;

typedef struct SchemaName {
    const char *name;
    uint32_t bit;
} SchemaName;

/* The names of the types, ended by a NULL name. */
extern const SchemaName schema_types[];

typedef bool (*SchemaFormat)(Str text);
/* NULL when the format is not known. */
SchemaFormat schema_format_find(Str name);

/* A step on the way from the root to a value, for the path of an error. */
typedef struct SchemaPlace {
    const struct SchemaPlace *parent;
    Str name;     /* of a member; STR_NONE for an element */
    size_t index; /* of an element */
} SchemaPlace;

/* "lines[2].fee"; STR_NONE for the root. */
Str schema_place_text(Arena *arena, const SchemaPlace *place);

typedef struct Check {
    Ctx *ctx;
    const SchemaPlace *place;
    int quiet; /* > 0 while alternatives are tried: nobody reads their errors */
    size_t steps;
} Check;

typedef struct SchemaRule SchemaRule;
/* RC_OK, RC_INVALID (with an error unless quiet), or RC_LIMIT. */
typedef Rc (*SchemaTest)(Check *check, const SchemaRule *rule, const Json *value);

/* One keyword; which fields it uses is up to its test. */
struct SchemaRule {
    SchemaTest test;
    const Json *json; /* the keyword's value */
    const JsonSchema *const
        *subs;       /* for allOf, if/then/else (NULL where absent), items, $ref, ... */
    size_t len;      /* of subs */
    size_t skip;     /* items: elements that prefixItems has checked */
    Map *properties; /* name to JsonSchema */
    pcre2_code *pattern;
    SchemaFormat format;
    uint32_t types; /* bits of SchemaType */
};

struct JsonSchema {
    const SchemaRule *rules;
    size_t len;
    bool never;     /* the schema `false` */
    uint8_t colour; /* of the search for $ref loops, while compiling */
};

Rc schema_test_type(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_enum(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_const(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_properties(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_additional(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_required(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_prefix_items(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_items(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_min_items(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_max_items(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_unique(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_minimum(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_maximum(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_above(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_below(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_multiple(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_min_length(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_max_length(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_pattern(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_format(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_all(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_any(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_one(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_not(Check *check, const SchemaRule *rule, const Json *value);
Rc schema_test_if(Check *check, const SchemaRule *rule, const Json *value);

#endif
