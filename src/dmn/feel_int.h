/* What the files of FEEL share: the tree, and what evaluation is made of. */
#ifndef DMN_FEEL_INT_H
#define DMN_FEEL_INT_H

#include "feel.h"
#include "number.h"

enum { FEEL_DEPTH_MAX = 200 };

typedef enum FeelOp {
    OP_LITERAL,
    OP_NAME,
    OP_LIST,
    OP_CONTEXT,
    OP_RANGE,
    OP_PATH,
    OP_FILTER,
    OP_CALL,
    OP_NEGATE,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_POWER,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_BETWEEN,
    OP_IN,
    OP_INSTANCE,
    OP_AND,
    OP_OR,
    OP_IF,
    OP_FOR,
    OP_SOME,
    OP_EVERY,
    OP_FUNCTION,
    OP_TESTS,   /* a list of tests of `?` */
    OP_ANY,     /* the test `-` */
    OP_COMPARE, /* the test `< a`: `compare` says which */
    FEEL_OPS
} FeelOp;

struct FeelExpr {
    FeelOp op;
    FeelOp compare;           /* OP_COMPARE */
    uint32_t at;              /* byte offset in the text */
    bool low_open, high_open; /* OP_RANGE */
    bool negated;             /* OP_TESTS */
    bool of_input;            /* it reads `?` */
    Str name;                 /* OP_NAME, OP_PATH, OP_INSTANCE; OP_CALL of a name */
    const FeelExpr *a, *b, *c;
    const FeelExpr **items; /* elements, values of entries, arguments, domains, tests */
    const Str *names;       /* of entries, arguments (NULL: by position), iterators, parameters */
    size_t n;
    FeelValue literal;
};

struct FeelFunction {
    const struct FeelBuiltin *builtin; /* NULL: the following */
    const Str *names;                  /* of the parameters */
    size_t n;
    FeelValue (*body)(FeelRun *run, const void *what, const FeelScope *scope);
    const void *what;       /* the body's: an expression, or another form of logic */
    const FeelScope *scope; /* where it was written */
};

/* A call under way: arguments in the order of the parameters. */
typedef struct FeelCall {
    FeelRun *run;
    const FeelExpr *expr;
    const FeelValue *args;
    size_t n;
} FeelCall;

/* One row of the table of built-in functions (10.3.4). */
typedef struct FeelBuiltin {
    Str name;
    const char *parameters; /* "string,match": names for calls by name; "*": any number */
    uint8_t least;          /* arguments that must be there */
    FeelValue (*call)(const FeelCall *call);
} FeelBuiltin;

/* The table's rows, ended by one without a name; each file of functions has a table of its own. */
extern const FeelBuiltin feel_functions_text[], feel_functions_list[], feel_functions_time[],
    feel_functions_number[];
/* The row of a name, or NULL. */
const FeelBuiltin *feel_builtin(Str name);
/* The n-th name with a blank in it among the functions, STR_NONE behind the last. */
Str feel_builtin_spaced(size_t n);

/* Null, and why. */
[[gnu::format(printf, 3, 4)]] FeelValue feel_nothing(FeelRun *run, const FeelExpr *expr,
                                                     const char *format, ...);
/* The same in a built-in function. */
#define CALL_NOTHING(call, ...) feel_nothing((call)->run, (call)->expr, __VA_ARGS__)

/* Work within one step counts as steps: an item each, or FEEL_BYTES bytes of text. False when none
 * are left: everything is null from then on. */
bool feel_spend(FeelRun *run, size_t steps);
enum { FEEL_BYTES = 64 };

const char *feel_kind_name(FeelKind kind);
/* Calls a function value with arguments by position. */
FeelValue feel_apply(FeelRun *run, const FeelExpr *expr, const FeelFunction *function,
                     const FeelValue *args, size_t n);

/* The same by the parameters' names; list holds a value for each. */
FeelValue feel_apply_named(FeelRun *run, const FeelExpr *expr, const FeelFunction *function,
                           const Str *names, FeelValue list);

/* Operators over values (10.3.2.3), null with a note where they have no meaning. */
FeelValue feel_operate(FeelRun *run, const FeelExpr *expr, const FeelValue *a, const FeelValue *b);
/* Equality and order as values: true, false or null. */
FeelValue feel_compare(FeelOp op, const FeelValue *a, const FeelValue *b);
/* A property of a date, time, duration or range (10.3.2.15); false where it has none of that name.
 */
bool feel_property(const FeelValue *value, Str name, FeelValue *out);
bool feel_is_a(const FeelValue *value, Str type);

/* Dates, times and durations from their texts (10.3.2.3.3 ff.); false where a text is none. */
bool feel_read_date(Str text, Date *out);
bool feel_read_time(Str text, FeelTime *out);
bool feel_read_date_time(Str text, FeelDateTime *out);
/* A duration of either kind. */
bool feel_read_duration(Str text, FeelValue *out);
/* The instant in microseconds; a time without zone counts as Japan's. */
int64_t feel_instant(const FeelDateTime *at);
FeelDateTime feel_date_time_of(int64_t instant, int32_t offset);
/* The day `months` later, the last of its month where there is no such day. */
Date feel_add_months(Date date, int64_t months);
void feel_write_time(Buf *to, const FeelValue *value);

#endif
