/* feel: FEEL, the expression language of DMN 1.5 (chapter 10), as far as a city's rules need it:
   all of S-FEEL and the expressions of FEEL but for zones by name. An expression is read once into
   an arena and then only evaluated: without I/O, clock or randomness of its own, bounded in steps
   and depth, on any thread. A fault of evaluation gives null, as the standard has it, and leaves a
   note. */
#ifndef DMN_FEEL_H
#define DMN_FEEL_H

#include "json/json.h"

typedef enum FeelKind {
    FEEL_NULL,
    FEEL_BOOL,
    FEEL_NUMBER,
    FEEL_STRING,
    FEEL_DATE,
    FEEL_TIME,
    FEEL_DATE_TIME,
    FEEL_MONTHS, /* years and months duration */
    FEEL_SPAN,   /* days and time duration */
    FEEL_LIST,
    FEEL_CONTEXT,
    FEEL_RANGE,
    FEEL_FUNCTION,
} FeelKind;

/* A decimal of at most 34 digits (IEEE 754 decimal128): digits * 10^exponent, without trailing
 * zeros, zero as 0 * 10^0, so that equal numbers are equal member by member. */
typedef struct FeelNumber {
    unsigned __int128 digits;
    int32_t exponent;
    bool negative;
} FeelNumber;

typedef struct FeelTime {
    int64_t micros; /* since midnight */
    int32_t offset; /* seconds east of UTC, when zoned */
    bool zoned;
} FeelTime;

typedef struct FeelDateTime {
    Date date;
    FeelTime time;
} FeelDateTime;

typedef struct FeelValue FeelValue;
typedef struct FeelEntry FeelEntry;
typedef struct FeelRange FeelRange;
typedef struct FeelFunction FeelFunction;

/* Values are immutable; what they point at lives in the arena of the run that made them. */
struct FeelValue {
    FeelKind kind;
    uint32_t len; /* items of a list, entries of a context */
    union {
        bool boolean;
        FeelNumber number;
        Str string;
        Date date;
        FeelTime time;
        FeelDateTime date_time;
        int64_t months;
        int64_t span; /* microseconds */
        const FeelValue *items;
        const FeelEntry *entries; /* in the order written, names unique */
        const FeelRange *range;
        const FeelFunction *function;
    };
};

struct FeelEntry {
    Str name;
    FeelValue value;
};

struct FeelRange {
    FeelValue low, high; /* FEEL_NULL: without an end there */
    bool low_open, high_open;
};

/* What names mean: the innermost first. */
typedef struct FeelScope FeelScope;
struct FeelScope {
    const FeelScope *up; /* NULL: the built-in functions are all there is beyond */
    const FeelEntry *entries;
    size_t len;
};

/* Why something is null. */
typedef struct FeelNote {
    size_t at; /* byte offset in the expression */
    Str text;
} FeelNote;

enum { FEEL_NOTES_MAX = 8, FEEL_TEXT_MAX = 64 << 10, FEEL_STEPS = 100000 };

/* One evaluation: begin with {.arena, .now, .steps = FEEL_STEPS}; the rest is zero. */
typedef struct FeelRun {
    Arena *arena;
    int64_t now;  /* of now() and today(), in Japan's time */
    size_t steps; /* left: at 0 everything is null */
    size_t depth;
    FeelNote notes[FEEL_NOTES_MAX]; /* the first ones */
    size_t n_notes;                 /* of all */
} FeelRun;

typedef struct FeelExpr FeelExpr;

/* Reads an expression (grammar rule 1) or unary tests (rule 17, the input is `?`) of at most
   FEEL_TEXT_MAX bytes. names: what may hold blanks or signs in the scope ("Monthly Salary"); other
   names are single words. RC_INVALID names the place by column. The result lives in ctx->arena and
   refers to text and names. */
Rc feel_read(Ctx *ctx, Str text, const StrVec *names, const FeelExpr **out);
Rc feel_read_tests(Ctx *ctx, Str text, const StrVec *names, const FeelExpr **out);

FeelValue feel_evaluate(FeelRun *run, const FeelExpr *expr, const FeelScope *scope);
/* Whether unary tests hold for an input; a null result counts as false. */
bool feel_holds(FeelRun *run, const FeelExpr *tests, FeelValue input, const FeelScope *scope);
/* A word that no name may be: "if", "true" ... */
bool feel_is_keyword(Str word);
/* The names that an expression uses freely, each once, in the order met (for lint). */
void feel_names(Arena *arena, const FeelExpr *expr, StrVec *out);

/* Equality of 10.3.2.13; *known is false where it is null (different kinds, functions). */
bool feel_equal(const FeelValue *a, const FeelValue *b, bool *known);
/* -1, 0, 1; false where the two have no order. */
bool feel_order(const FeelValue *a, const FeelValue *b, int *out);
/* Whether a range holds a value; false also where there is no order. */
bool feel_in_range(const FeelRange *range, const FeelValue *value);
/* The entry of a context, or NULL. */
const FeelValue *feel_get(const FeelValue *context, Str name);

FeelValue feel_null(void);
FeelValue feel_of_bool(bool value);
FeelValue feel_of_int(int64_t value);
FeelValue feel_of_number(FeelNumber number);
FeelValue feel_of_str(Str value);
FeelValue feel_of_date(Date date);
FeelValue feel_of_items(const FeelValue *items, size_t n);
FeelValue feel_of_entries(const FeelEntry *entries, size_t n);

/* From JSON: numbers exactly as written, null where they have no decimal of 34 digits' range; texts
 * stay texts. */
FeelValue feel_of_json(Arena *arena, const Json *json);
/* A text of a declared type ("date", "time", "date and time", a duration's name, "number") as that
 * type: null where it is none; other types leave the value as it is. */
FeelValue feel_typed(Arena *arena, FeelValue value, Str type);
/* To JSON: dates, times, durations as texts, ranges and functions as null. */
Json feel_to_json(Arena *arena, const FeelValue *value);
/* As string() has it. */
Str feel_text(Arena *arena, const FeelValue *value);

#endif
