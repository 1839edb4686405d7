/* match_int: what the files of match share. A condition is parsed once, into the arena; testing it
   allocates nothing but for geometries and patterns. */
#ifndef MODEL_MATCH_INT_H
#define MODEL_MATCH_INT_H

#include "match.h"

enum {
    MATCH_TEXT_MAX = 1 << 16, /* bytes of one parameter */
    MATCH_DEPTH_MAX = 32,     /* parentheses within one another */
    MATCH_LEAVES_MAX = 1000,  /* terms of one parameter */
    MATCH_VALUES_MAX = 4096,  /* values in one list */
    PATH_NAMES_MAX = 8,       /* names and sub-names of one path */
    PATH_KEYS_MAX = 16,       /* members behind them in brackets */
};

/* ---- match_scan: one parameter, read from left to right */

typedef struct Scan {
    Ctx *ctx;
    const LdContext *context;
    Str param; /* its name, for errors */
    Str text;
    size_t at; /* byte offset */
} Scan;

/* A scan over the parameter's text, or RC_LIMIT when it is too long. */
Rc match_scan_start(Ctx *ctx, const LdContext *context, const char *param, Str text, Scan *out);
/* The byte here, 0 at the end. */
char match_scan_peek(const Scan *scan);
/* Skips blanks. */
void match_scan_blanks(Scan *scan);
/* Moves on behind the token if it stands here. */
bool match_scan_take(Scan *scan, Str token);
/* What stands at the offset, for a message: "'x'", "byte 0x07" or "the end". */
Str match_scan_what(Scan *scan, size_t offset);

/* RC_INVALID at a byte offset of the parameter. */
#define SCAN_FAIL(scan, offset, format, ...)                                                       \
    ctx_fail((scan)->ctx, RC_INVALID, "bad-query", (scan)->param, STR_FMT ", offset %zu: " format, \
             STR_ARG((scan)->param), (size_t)(offset), ##__VA_ARGS__)
/* RC_LIMIT: what is asked is more than is answered. */
#define SCAN_LIMIT(scan, format, ...)                                                              \
    ctx_fail((scan)->ctx, RC_LIMIT, "query-too-complex", (scan)->param, STR_FMT ": " format,       \
             STR_ARG((scan)->param), ##__VA_ARGS__)

/* ---- match_expr: terms joined by ';' (and), '|' (or) and parentheses; and binds tighter
 * (clause 4.9) */

typedef struct Expr Expr;
struct Expr {
    enum { EXPR_LEAF, EXPR_AND, EXPR_OR } kind;
    const void *leaf;
    Expr *first, *next;
};

/* Reads one term at the scan. */
typedef Rc (*ExprLeaf)(Scan *scan, void *arg, const void **leaf);
typedef struct ExprRules {
    ExprLeaf leaf;
    void *arg;
    bool comma; /* ',' is another '|' (clauses 4.17, 4.19) */
} ExprRules;
Rc match_expr_parse(Scan *scan, const ExprRules *rules, Expr **out);

typedef bool (*ExprTest)(const void *leaf, const void *arg);
bool match_expr_test(const Expr *expr, ExprTest test, const void *arg);

/* ---- match_path: a.b[c.d] */

typedef enum Member {
    MEMBER_NONE,
    MEMBER_ID,
    MEMBER_TYPE,
    MEMBER_SCOPE,
    MEMBER_OBSERVED_AT,
    MEMBER_CREATED_AT,
    MEMBER_MODIFIED_AT,
    MEMBER_DELETED_AT,
    MEMBER_EXPIRES_AT,
    MEMBER_UNIT_CODE,
    MEMBER_DATASET_ID,
    MEMBER_INSTANCE_ID,
    MEMBER_OBJECT_TYPE,
} Member;

typedef struct Path {
    Str names[PATH_NAMES_MAX]; /* expanded; none for a member of the entity itself */
    size_t n_names;
    Member member; /* what the path ends in, when that is no attribute */
    Str keys[PATH_KEYS_MAX];
    size_t n_keys;
} Path;

/* What a path leads to. value NULL and time TIME_NONE never occur together. */
typedef struct Target {
    AttrKind kind;     /* ATTR_PROPERTY for anything inside a value, and for members */
    const Json *value; /* NULL: it is a time */
    int64_t time;
    bool typed; /* its valueType says what kind of text it is */
} Target;

Rc match_path_read(Scan *scan, Path *out);
typedef bool (*PathVisit)(const Target *target, void *arg);
/* True as soon as visit says so for one target: of every instance, in the order of the entity. */
bool match_path_any(const Path *path, const Entity *entity, PathVisit visit, void *arg);

/* ---- match_value: literals, and how they compare with what an entity holds */

typedef enum OperandKind {
    OPERAND_NUMBER,
    OPERAND_BOOL,
    OPERAND_TEXT,
    OPERAND_DATETIME,
    OPERAND_DATE,
    OPERAND_TIME,
} OperandKind;

typedef struct Operand {
    OperandKind kind;
    bool quoted;
    Json json;    /* number, boolean or the text */
    Str text;     /* as written, without quotes */
    Str iri;      /* the text expanded; empty where that is not asked for */
    int64_t time; /* of DATETIME, DATE (its start, UTC), TIME (since midnight) */
} Operand;

/* Reads a quoted text or a bare word. A bare word ends before ".." when that follows a number or a
 * time. */
Rc match_value_read(Scan *scan, Operand *out);
/* Equal, or equivalent: 1 and 1.0, two spellings of one instant. */
bool match_value_equal(const Operand *operand, AttrKind kind, const Json *scalar);
/* How the scalar stands to the operand (<0, 0, >0); false where kinds differ. */
bool match_value_order(const Operand *operand, const Json *scalar, int *order);
/* Calls test for each scalar (see match_values) until one is true. */
typedef bool (*ValueTest)(const Json *scalar, const void *arg);
bool match_value_any(AttrKind kind, const Json *value, ValueTest test, const void *arg);
/* The inside of {"@type": ..., "@value": ...}, anything else itself. */
const Json *match_value_plain(const Json *value);
/* Which of DATETIME, DATE, TIME a text is, and when; OPERAND_TEXT if none. */
OperandKind match_value_time(Str text, int64_t *time);
int match_value_numbers(const Json *a, const Json *b);
/* The text of a quoted string, whose opening quote stands at the scan; raw: escapes that JSON does
 * not know are left as they are. */
Rc match_value_quoted(Scan *scan, bool raw, Str *out);

/* ---- match_pattern: regular expressions by PCRE2, bounded in steps, compiled once, shared by
 * threads */

typedef struct Pattern Pattern;
/* The patterns of one match, to be given back together. */
typedef struct Patterns {
    Pattern *first;
} Patterns;
Rc match_pattern_new(Scan *scan, size_t offset, Str text, Patterns *owner, Pattern **out);
void match_pattern_free(Patterns *patterns);
/* False when the text took more steps than allowed: then neither ~= nor !~= holds. */
bool match_pattern_test(const Pattern *pattern, Str text, bool *found);

/* ---- match_q, match_type, match_scope: the leaves */

typedef enum TermOp {
    TERM_EXISTS,
    TERM_ABSENT,
    TERM_EQUAL,
    TERM_UNEQUAL,
    TERM_GREATER,
    TERM_GREATER_EQUAL,
    TERM_LESS,
    TERM_LESS_EQUAL,
    TERM_PATTERN,
    TERM_NO_PATTERN,
} TermOp;

typedef struct Term {
    Path path;
    TermOp op;
    Operand *values;
    size_t n_values;
    bool range; /* values[0]..values[1] */
    Pattern *pattern;
} Term;

/* patterns takes what is to be given back. */
Rc match_q_read(Ctx *ctx, const LdContext *context, const MatchSource *source, Patterns *patterns,
                Expr **out);
bool match_q_test(const Expr *q, const Entity *entity);
/* Adds what the expression implies. */
void match_q_hint(Arena *arena, const Expr *q, MatchHint *hint);
/* Adds the attributes named. */
void match_q_attrs(Arena *arena, const Expr *q, StrVec *attrs);

Rc match_type_read(Ctx *ctx, const LdContext *context, Str type, Expr **out); /* NULL: any */
bool match_type_test(const Expr *type, const Entity *entity);
void match_type_hint(Arena *arena, const Expr *type, StrVec *types);

Rc match_scope_read(Ctx *ctx, Str scope_q, Expr **out);
bool match_scope_test(const Expr *scope, const Entity *entity);

/* ---- match_shape: GeoJSON geometries as flat arrays of positions, and distances on the globe */

typedef enum ShapeKind {
    SHAPE_POINT,
    SHAPE_MULTI_POINT,
    SHAPE_LINE,
    SHAPE_MULTI_LINE,
    SHAPE_POLYGON,
    SHAPE_MULTI_POLYGON,
} ShapeKind;

typedef struct Place {
    double lon, lat; /* degrees, WGS84 */
} Place;

typedef struct Box {
    double west, south, east, north;
} Box;

/* A point, a line, or a ring of a polygon (clause: RFC 7946, 3.1). */
typedef struct Part {
    size_t first, n;
    bool shell; /* begins a polygon; the rings up to the next shell are its holes */
} Part;

typedef struct Shape {
    ShapeKind kind;
    Place *places;
    Part *parts;
    size_t n_places, n_parts;
    Box box;
} Shape;

/* What is wrong with a geometry, and where: coordinates[i][j]... */
typedef struct ShapeFault {
    const char *why;
    size_t index[4], depth;
} ShapeFault;

bool match_shape_kind(Str type, ShapeKind *out);
/* Kind and box of a GeoJSON geometry, checked to its last position, without allocating. */
bool match_shape_box(ShapeKind kind, const Json *coordinates, Box *out, ShapeFault *fault);
/* The whole shape; coordinates passed match_shape_box. */
void match_shape_read(Arena *arena, ShapeKind kind, const Json *coordinates, Shape *out);
bool match_shape_boxes_meet(const Box *a, const Box *b);
/* Metres along the great circle on a sphere of WGS84's mean radius, 6 371 008.8 m (haversine). */
double match_shape_haversine(Place a, Place b);
/* Smallest distance in metres; see match_shape.c for the method. Crossing edges are not seen: ask
 * GEOS first. */
double match_shape_distance(const Shape *a, const Shape *b);
/* The box that holds everything within metres of the box. */
Box match_shape_grow(const Box *box, double metres);

/* True when edges of the shape, or of the two together (b may be NULL), meet more often than most,
 * other than as neighbours. */
bool match_cross_often(const Shape *a, const Shape *b, size_t most, Arena *scratch);

/* ---- match_geo: the geoquery */

typedef struct Geo Geo;
/* *out stays NULL when the source has no geoquery. */
Rc match_geo_read(Ctx *ctx, const LdContext *context, const MatchSource *source, Geo **out);
void match_geo_free(Geo *geo); /* NULL allowed */
bool match_geo_test(Geo *geo, const Entity *entity, Arena *scratch);
double match_geo_distance(Geo *geo, const Entity *entity, Arena *scratch);
void match_geo_hint(Arena *arena, const Geo *geo, MatchHint *hint);
Str match_geo_attr(const Geo *geo);
/* A geometry of a parameter: its type and coordinates; error paths name the two parameters. A
   geometry without extent (a line of one place, a polygon without area) is refused. */
Rc match_geo_shape(Ctx *ctx, const char *coordinates_param, Str type, Str coordinates, Shape *out);

#endif
