/* Built-in functions on numbers (10.3.4.5). */
#include <math.h>

#include "feel_int.h"

static bool number_at(const FeelCall *call, size_t n, FeelNumber *out) {
    if (n < call->n && call->args[n].kind == FEEL_NUMBER) {
        *out = call->args[n].number;
        return true;
    }
    CALL_NOTHING(call, "value %zu of " STR_FMT " must be a number", n + 1,
                 STR_ARG(call->expr->name));
    return false;
}

static FeelValue result(const FeelCall *call, bool good, FeelNumber number) {
    return good ? feel_of_number(number) : CALL_NOTHING(call, "the result is no number");
}

/* A separator in an argument; empty when none is given. */
static Str separator_at(const FeelCall *call, size_t n) {
    bool given = call->n > n && call->args[n].kind == FEEL_STRING;
    return given ? call->args[n].string : STR_NONE;
}

/* The text as number_read has it: grouping left out, the decimal separator a point. */
static Str plain_number(const FeelCall *call, Str text, Str grouping, Str point) {
    Buf plain = buf_new(call->run->arena, FEEL_TEXT_MAX);
    for (size_t i = 0; i < text.len; i++) {
        Str c = str_sub(text, i, i + 1);
        if (str_eq(c, grouping)) continue;
        buf_add(&plain, str_eq(c, point) ? STR(".") : c);
    }
    return buf_str(&plain);
}

/* number(from, grouping separator, decimal separator) */
static FeelValue fn_number(const FeelCall *call) {
    Str grouping = separator_at(call, 1), point = separator_at(call, 2);
    if (call->args[0].kind == FEEL_NUMBER) return call->args[0];
    if (call->args[0].kind != FEEL_STRING) return CALL_NOTHING(call, "number takes a string");
    if (grouping.len > 1 || point.len > 1 || (grouping.len && str_eq(grouping, point)))
        return CALL_NOTHING(call, "separators are single characters that differ");
    Str text = call->args[0].string;
    if (text.len > 128) return CALL_NOTHING(call, "a number has at most 128 characters");
    FeelNumber number;
    return number_read(plain_number(call, text, grouping, point), &number)
               ? feel_of_number(number)
               : CALL_NOTHING(call, "\"" STR_FMT "\" is no number", STR_ARG(str_head(text, 40)));
}

static FeelValue round_to(const FeelCall *call, NumberRounding rounding) {
    FeelNumber number, out, places = {0};
    int64_t scale;
    if (!number_at(call, 0, &number)) return feel_null();
    if (call->n > 1 && !number_at(call, 1, &places)) return feel_null();
    if (!number_to_int(places, &scale) || scale > 6176 || scale < -6111)
        return CALL_NOTHING(call, "digits behind the point are a whole number from -6111 to 6176");
    return result(call, number_round(number, (int32_t)scale, rounding, &out), out);
}

static FeelValue fn_decimal(const FeelCall *call) {
    return round_to(call, NUMBER_HALF_EVEN);
}

static FeelValue fn_floor(const FeelCall *call) {
    return round_to(call, NUMBER_FLOOR);
}

static FeelValue fn_ceiling(const FeelCall *call) {
    return round_to(call, NUMBER_CEILING);
}

static FeelValue fn_round_up(const FeelCall *call) {
    return round_to(call, NUMBER_UP);
}

static FeelValue fn_round_down(const FeelCall *call) {
    return round_to(call, NUMBER_DOWN);
}

static FeelValue fn_round_half_up(const FeelCall *call) {
    return round_to(call, NUMBER_HALF_UP);
}

static FeelValue fn_round_half_down(const FeelCall *call) {
    return round_to(call, NUMBER_HALF_DOWN);
}

static FeelValue fn_abs(const FeelCall *call) {
    FeelValue value = call->args[0];
    if (value.kind == FEEL_MONTHS && value.months < 0) value.months = -value.months;
    if (value.kind == FEEL_SPAN && value.span < 0) value.span = -value.span;
    if (value.kind == FEEL_MONTHS || value.kind == FEEL_SPAN) return value;
    FeelNumber number;
    if (!number_at(call, 0, &number)) return feel_null();
    number.negative = false;
    return feel_of_number(number);
}

static FeelValue fn_modulo(const FeelCall *call) {
    FeelNumber a, b, out = {0};
    if (!number_at(call, 0, &a) || !number_at(call, 1, &b)) return feel_null();
    return result(call, number_modulo(a, b, &out), out);
}

static FeelValue fn_sqrt(const FeelCall *call) {
    FeelNumber number, out = {0};
    if (!number_at(call, 0, &number)) return feel_null();
    return result(call, number_root(number, &out), out);
}

static FeelValue by_double(const FeelCall *call, double (*function)(double)) {
    FeelNumber number, out = {0};
    if (!number_at(call, 0, &number)) return feel_null();
    return result(call, number_of_double(function(number_to_double(number)), &out), out);
}

static FeelValue fn_log(const FeelCall *call) {
    return by_double(call, log);
}

static FeelValue fn_exp(const FeelCall *call) {
    return by_double(call, exp);
}

static FeelValue parity(const FeelCall *call, bool odd) {
    FeelNumber number, rest = {0};
    if (!number_at(call, 0, &number)) return feel_null();
    if (!number_is_whole(number)) return CALL_NOTHING(call, "only whole numbers are odd or even");
    if (!number_modulo(number, number_of_int(2), &rest)) return feel_null();
    return feel_of_bool((rest.digits != 0) == odd);
}

static FeelValue fn_odd(const FeelCall *call) {
    return parity(call, true);
}

static FeelValue fn_even(const FeelCall *call) {
    return parity(call, false);
}

const FeelBuiltin feel_functions_number[] = {
    {STR("number"), "from,grouping separator,decimal separator", 1, fn_number},
    {STR("decimal"), "n,scale", 2, fn_decimal},
    {STR("floor"), "n,scale", 1, fn_floor},
    {STR("ceiling"), "n,scale", 1, fn_ceiling},
    {STR("round up"), "n,scale", 2, fn_round_up},
    {STR("round down"), "n,scale", 2, fn_round_down},
    {STR("round half up"), "n,scale", 2, fn_round_half_up},
    {STR("round half down"), "n,scale", 2, fn_round_half_down},
    {STR("abs"), "number", 1, fn_abs},
    {STR("modulo"), "dividend,divisor", 2, fn_modulo},
    {STR("sqrt"), "number", 1, fn_sqrt},
    {STR("log"), "number", 1, fn_log},
    {STR("exp"), "number", 1, fn_exp},
    {STR("odd"), "number", 1, fn_odd},
    {STR("even"), "number", 1, fn_even},
    {.call = NULL},
};
