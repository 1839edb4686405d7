/* json: a value tree in an arena, its reader (simdjson, RFC 8259, strict), its writer, and JSON
   Schema 2020-12 as far as the dictionary needs it. Values are immutable once shared. */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/base.h"

typedef enum JsonKind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
} JsonKind;

typedef struct Json Json;
typedef struct JsonMember JsonMember;

/* 24 bytes. A string is UTF-8 and may hold NUL. A number keeps the text it was written with where
   that differs from what the writer would print (1.0, 1e3), so that what was read is given back. */
struct Json {
    uint8_t kind;   /* JsonKind */
    uint8_t is_int; /* JSON_NUMBER: value.integer holds it exactly, else value.number */
    uint32_t len;   /* bytes of a string, elements of an array, members of an object, bytes of a
                       number's text */
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *string;
        const Json *items;
        const JsonMember
            *members; /* in the order read; names are unique (a repeated name is an error) */
    } value;
    const char *raw; /* JSON_NUMBER only: its text, or NULL */
};

struct JsonMember {
    Str name;
    Json value;
};

/* Bounds of a text: refused with RC_LIMIT before anything is built. */
typedef struct JsonLimits {
    size_t bytes; /* of the whole text; at most 256 MiB */
    size_t depth; /* of nesting; at most 1000 */
} JsonLimits;

#define JSON_LIMITS_DEFAULT ((JsonLimits){.bytes = 16 << 20, .depth = 64})

/* Reads one text. On RC_INVALID ctx->error names byte offset, line and column, and what is wrong
   there. The tree lies in ctx->arena and holds no reference to text. */
Rc json_read(Ctx *ctx, Str text, JsonLimits limits, const Json **out);

/* Getters never fail: a missing member, another kind or an index out of range gives NULL, STR_NONE
 * or the default. */
const Json *json_get(const Json *object, Str name);
const Json *json_at(const Json *array, size_t index);
/* Whether an array has this text; NULL, or no array: it hasn't. */
bool json_has(const Json *array, Str text);
Str json_str(const Json *value); /* STR_NONE when it is no string */
Str json_get_str(const Json *object, const char *name);
int64_t json_get_int(const Json *object, const char *name, int64_t otherwise);
double json_get_number(const Json *object, const char *name, double otherwise);
bool json_get_bool(const Json *object, const char *name, bool otherwise);
double json_number(const Json *value); /* 0 when it is no number */
/* Deep equality: member order does not count, 1 equals 1.0. Numbers beyond int64 compare as
 * doubles. */
bool json_equal(const Json *a, const Json *b);

/* Makers. The _of makers refer to their arguments, they copy nothing. */
Json json_of_null(void);
Json json_of_bool(bool value);
Json json_of_int(int64_t value);
Json json_of_number(double value);
Json json_of_str(Str value);
Json json_of_items(const Json *items, size_t n);
Json json_of_members(const JsonMember *members, size_t n);
/* A deep copy into the arena. */
const Json *json_dup(Arena *arena, const Json *value);

typedef VEC(Json) JsonItems;
typedef VEC(JsonMember) JsonMembers;

/* Appends the compact text of a value. A double that is no finite number is written as null. */
void json_write(Buf *to, const Json *value);
/* Appends a quoted, escaped string. '<', '>' and '&' are written as they are: HTML has its own
 * writer. */
void json_write_str(Buf *to, Str s);

/* A streaming writer that sets commas: json_open(w, '{'), json_name(w, STR("a")), json_int(w, 1),
 * json_close(w). */
typedef struct JsonWriter {
    Buf *to;
    uint8_t depth;
    bool comma;
    char closers[64];
} JsonWriter;

JsonWriter json_writer(Buf *to);
void json_open(JsonWriter *w, char bracket); /* '{' or '[' */
void json_close(JsonWriter *w);
void json_name(JsonWriter *w, Str name);
void json_value(JsonWriter *w, const Json *value);
void json_text(JsonWriter *w, Str s);
void json_int(JsonWriter *w, int64_t value);
void json_double(JsonWriter *w, double value);
void json_bool(JsonWriter *w, bool value);
void json_null(JsonWriter *w);
/* Text that is JSON already. */
void json_raw(JsonWriter *w, Str json);

/* A compiled schema: type, enum, const, properties, required, additionalProperties, items,
   prefixItems, minItems, maxItems, uniqueItems, minimum, maximum, exclusive*, multipleOf,
   minLength, maxLength, pattern (PCRE2 with match limits), format (date, date-time, email, uri),
   allOf, anyOf, oneOf, not, if/then/else, $ref into $defs. Another keyword that would constrain is
   refused at compilation, never ignored. */
typedef struct JsonSchema JsonSchema;
/* The schema lives in ctx->arena and refers to source. */
Rc json_schema_compile(Ctx *ctx, const Json *source, const JsonSchema **out);
/* RC_INVALID with the path of the first fault ("address.postalCode") and a sentence on it. */
Rc json_schema_check(Ctx *ctx, const JsonSchema *schema, const Json *value);

#endif
