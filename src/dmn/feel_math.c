/* The arithmetic operators by the kinds of their operands (tables 45 to 53 of 10.3.2.3). */
#include "feel_int.h"

static FeelValue bad_operands(FeelRun *run, const FeelExpr *expr, const FeelValue *a,
                              const FeelValue *b) {
    static const char *const verbs[] = {[OP_ADD] = "+",
                                        [OP_SUBTRACT] = "-",
                                        [OP_MULTIPLY] = "*",
                                        [OP_DIVIDE] = "/",
                                        [OP_POWER] = "**"};
    return feel_nothing(run, expr, "%s %s %s has no meaning", feel_kind_name(a->kind),
                        verbs[expr->op], feel_kind_name(b->kind));
}

static FeelValue numbers(FeelRun *run, const FeelExpr *expr, const FeelValue *first,
                         const FeelValue *second) {
    FeelNumber a = first->number, b = second->number, out;
    bool good;
    switch (expr->op) {
    case OP_ADD:
        good = number_add(a, b, &out);
        break;
    case OP_SUBTRACT:
        good = number_add(a, number_negate(b), &out);
        break;
    case OP_MULTIPLY:
        good = number_multiply(a, b, &out);
        break;
    case OP_DIVIDE:
        if (b.digits == 0) return feel_nothing(run, expr, "division by zero");
        good = number_divide(a, b, &out);
        break;
    default:
        good = number_power(a, b, &out);
    }
    return good ? feel_of_number(out) : feel_nothing(run, expr, "the result is out of range");
}

static FeelValue duration_of(FeelKind kind, int64_t size) {
    FeelValue out = {.kind = kind};
    if (kind == FEEL_MONTHS)
        out.months = size;
    else
        out.span = size;
    return out;
}

static int64_t duration_size(const FeelValue *value) {
    return value->kind == FEEL_MONTHS ? value->months : value->span;
}

static FeelValue add_durations(FeelRun *run, const FeelExpr *expr, const FeelValue *a,
                               const FeelValue *b) {
    int64_t size, other = duration_size(b);
    bool over = expr->op == OP_ADD ? __builtin_add_overflow(duration_size(a), other, &size)
                                   : __builtin_sub_overflow(duration_size(a), other, &size);
    return over ? feel_nothing(run, expr, "the result is out of range")
                : duration_of(a->kind, size);
}

/* duration * number, duration / number; cut to whole months or microseconds. */
static FeelValue scale_duration(FeelRun *run, const FeelExpr *expr, const FeelValue *a,
                                const FeelValue *b) {
    FeelNumber by = b->number;
    FeelNumber size = number_of_int(duration_size(a)), out;
    int64_t whole;
    bool good =
        expr->op == OP_MULTIPLY ? number_multiply(size, by, &out) : number_divide(size, by, &out);
    good = good && number_round(out, 0, NUMBER_DOWN, &out) && number_to_int(out, &whole);
    return good ? duration_of(a->kind, whole)
                : feel_nothing(run, expr, "the result is no duration");
}

static FeelValue ratio(FeelRun *run, const FeelExpr *expr, const FeelValue *a, const FeelValue *b) {
    FeelNumber out;
    if (duration_size(b) == 0) return feel_nothing(run, expr, "division by zero");
    bool good =
        number_divide(number_of_int(duration_size(a)), number_of_int(duration_size(b)), &out);
    return good ? feel_of_number(out) : feel_nothing(run, expr, "the result is out of range");
}

/* Beyond some ten thousand years a duration is a slip, and the calendar would overflow. */
static bool is_modest(const FeelValue *duration) {
    int64_t size = duration_size(duration);
    int64_t most = duration->kind == FEEL_MONTHS ? INT64_C(1200000) : INT64_C(36500000) * TIME_DAY;
    return size <= most && size >= -most;
}

static FeelValue move_date_time(FeelDateTime at, const FeelValue *by, int sign) {
    FeelValue out = {.kind = FEEL_DATE_TIME, .date_time = at};
    if (by->kind == FEEL_MONTHS) {
        out.date_time.date = feel_add_months(at.date, sign * by->months);
        return out;
    }
    int32_t offset = at.time.zoned ? at.time.offset : (int32_t)(TIME_JST / TIME_SECOND);
    out.date_time = feel_date_time_of(feel_instant(&at) + sign * by->span, offset);
    out.date_time.time.zoned = at.time.zoned;
    if (!at.time.zoned) out.date_time.time.offset = 0;
    return out;
}

static FeelValue move_date(Date date, const FeelValue *by, int sign) {
    FeelValue moved = move_date_time((FeelDateTime){.date = date}, by, sign);
    return feel_of_date(moved.date_time.date);
}

static FeelValue move_time(FeelTime time, const FeelValue *by, int sign) {
    int64_t micros = (time.micros + sign * (by->span % TIME_DAY)) % TIME_DAY;
    time.micros = micros < 0 ? micros + TIME_DAY : micros;
    return (FeelValue){.kind = FEEL_TIME, .time = time};
}

static FeelValue move(FeelRun *run, const FeelExpr *expr, const FeelValue *at,
                      const FeelValue *by) {
    int sign = expr->op == OP_ADD ? 1 : -1;
    if (!is_modest(by)) return feel_nothing(run, expr, "the duration is too long for a date");
    if (at->kind == FEEL_DATE) return move_date(at->date, by, sign);
    if (at->kind == FEEL_DATE_TIME) return move_date_time(at->date_time, by, sign);
    return by->kind == FEEL_SPAN ? move_time(at->time, by, sign) : bad_operands(run, expr, at, by);
}

static int64_t moment(const FeelValue *value) {
    if (value->kind == FEEL_DATE_TIME) return feel_instant(&value->date_time);
    if (value->kind == FEEL_DATE) return feel_instant(&(FeelDateTime){.date = value->date});
    return feel_instant(&(FeelDateTime){.date = {1970, 1, 1}, .time = value->time});
}

static FeelValue moments(FeelRun *run, const FeelExpr *expr, const FeelValue *a,
                         const FeelValue *b) {
    bool times = a->kind == FEEL_TIME || b->kind == FEEL_TIME;
    if (times && a->kind != b->kind) return bad_operands(run, expr, a, b);
    return (FeelValue){.kind = FEEL_SPAN, .span = moment(a) - moment(b)};
}

static FeelValue join(FeelRun *run, const FeelExpr *expr, const FeelValue *a, const FeelValue *b) {
    Str parts[] = {a->string, b->string};
    size_t total = a->string.len + b->string.len;
    if (total > FEEL_TEXT_MAX) return feel_nothing(run, expr, "the text is too long");
    if (!feel_spend(run, total / FEEL_BYTES)) return feel_null();
    return feel_of_str(str_join(run->arena, parts, 2, STR_NONE));
}

static FeelValue move_swapped(FeelRun *run, const FeelExpr *expr, const FeelValue *a,
                              const FeelValue *b) {
    return move(run, expr, b, a);
}

static FeelValue scale_swapped(FeelRun *run, const FeelExpr *expr, const FeelValue *a,
                               const FeelValue *b) {
    return scale_duration(run, expr, b, a);
}

enum {
    A_NUMBER = 1 << FEEL_NUMBER,
    A_STRING = 1 << FEEL_STRING,
    A_DURATION = 1 << FEEL_MONTHS | 1 << FEEL_SPAN,
    A_MOMENT = 1 << FEEL_DATE | 1 << FEEL_TIME | 1 << FEEL_DATE_TIME,
    PLUS = 1 << OP_ADD,
    MINUS = 1 << OP_SUBTRACT,
    TIMES = 1 << OP_MULTIPLY,
    OVER = 1 << OP_DIVIDE,
    ANY_OP = PLUS | MINUS | TIMES | OVER | 1 << OP_POWER,
};

static const struct {
    unsigned a, b, ops;
    bool alike; /* both of one kind */
    FeelValue (*run)(FeelRun *run, const FeelExpr *expr, const FeelValue *a, const FeelValue *b);
} meanings[] = {
    {A_NUMBER, A_NUMBER, ANY_OP, true, numbers},
    {A_STRING, A_STRING, PLUS, true, join},
    {A_MOMENT, A_DURATION, PLUS | MINUS, false, move},
    {A_DURATION, A_MOMENT, PLUS, false, move_swapped},
    {A_MOMENT, A_MOMENT, MINUS, false, moments},
    {A_DURATION, A_DURATION, PLUS | MINUS, true, add_durations},
    {A_DURATION, A_DURATION, OVER, true, ratio},
    {A_DURATION, A_NUMBER, TIMES | OVER, false, scale_duration},
    {A_NUMBER, A_DURATION, TIMES, false, scale_swapped},
};

FeelValue feel_operate(FeelRun *run, const FeelExpr *expr, const FeelValue *a, const FeelValue *b) {
    unsigned first = 1U << a->kind, second = 1U << b->kind, op = 1U << expr->op;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        bool fits = (meanings[i].a & first) && (meanings[i].b & second) && (meanings[i].ops & op);
        if (fits && (!meanings[i].alike || a->kind == b->kind))
            return meanings[i].run(run, expr, a, b);
    }
    return bad_operands(run, expr, a, b);
}
