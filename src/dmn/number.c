/* A number is worked on as a GMP integer with a power of ten; `settle` rounds it back. Comparing
   and adding numbers of like size, which is what rule tables do, stays in 128 bits. */
#include "number.h"

#include <gmp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIGITS = 34, EXPONENT_MAX = 6143, FAST_SHIFT = 4, POWER_MAX = 1000000 };

typedef unsigned __int128 Wide;

typedef struct Big {
    mpz_t digits; /* not negative */
    int64_t exponent;
    bool negative;
} Big;

static void big_clear(Big *big) {
    mpz_clear(big->digits);
}

#define BIG(name) [[gnu::cleanup(big_clear)]] Big name

static void big_new(Big *big) {
    mpz_init(big->digits);
    big->exponent = 0;
    big->negative = false;
}

static void big_of(Big *big, FeelNumber n) {
    mpz_init(big->digits);
    mpz_import(big->digits, 1, -1, sizeof n.digits, 0, 0, &n.digits);
    big->exponent = n.exponent;
    big->negative = n.negative;
}

static void shift(mpz_t n, int64_t tens) {
    mpz_t factor;
    mpz_init(factor);
    mpz_ui_pow_ui(factor, 10, (unsigned long)tens);
    mpz_mul(n, n, factor);
    mpz_clear(factor);
}

/* Whether what was cut off, compared to half of a unit (-1, 0, 1), moves the last digit away from
 * zero. */
static bool away(NumberRounding rounding, int half, bool odd, bool negative) {
    switch (rounding) {
    case NUMBER_HALF_EVEN:
        return half > 0 || (half == 0 && odd);
    case NUMBER_HALF_UP:
        return half >= 0;
    case NUMBER_HALF_DOWN:
        return half > 0;
    case NUMBER_UP:
        return true;
    case NUMBER_DOWN:
        return false;
    case NUMBER_CEILING:
        return !negative;
    case NUMBER_FLOOR:
        return negative;
    }
    return false;
}

/* Cuts the last `tens` digits off. */
static void cut(Big *big, int64_t tens, NumberRounding rounding) {
    mpz_t unit, rest;
    mpz_inits(unit, rest, NULL);
    mpz_ui_pow_ui(unit, 10, (unsigned long)tens);
    mpz_tdiv_qr(big->digits, rest, big->digits, unit);
    if (mpz_sgn(rest) != 0) {
        mpz_mul_2exp(rest, rest, 1);
        if (away(rounding, mpz_cmp(rest, unit), mpz_odd_p(big->digits), big->negative))
            mpz_add_ui(big->digits, big->digits, 1);
    }
    big->exponent += tens;
    mpz_clears(unit, rest, NULL);
}

static int64_t digits_of(const mpz_t n) {
    int64_t digits = (int64_t)mpz_sizeinbase(n, 10); /* may be one too many */
    mpz_t least;
    mpz_init(least);
    mpz_ui_pow_ui(least, 10, (unsigned long)(digits - 1));
    digits -= mpz_cmp(n, least) < 0;
    mpz_clear(least);
    return digits;
}

static FeelNumber strip(Wide digits, int64_t exponent, bool negative) {
    if (digits == 0) return (FeelNumber){0};
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return (FeelNumber){.digits = digits, .exponent = (int32_t)exponent, .negative = negative};
}

static bool settle(Big *big, FeelNumber *out) {
    int64_t digits = digits_of(big->digits);
    if (digits > DIGITS) cut(big, digits - DIGITS, NUMBER_HALF_EVEN);
    Wide value = 0;
    mpz_export(&value, NULL, -1, sizeof value, 0, 0, big->digits);
    if (value != 0 && (big->exponent > EXPONENT_MAX || big->exponent < -EXPONENT_MAX - DIGITS))
        return false;
    *out = strip(value, big->exponent, big->negative);
    return true;
}

FeelNumber number_of_int(int64_t value) {
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    return strip(size, 0, value < 0);
}

/* ---- texts */

typedef struct Digits {
    Wide value;
    int64_t exponent;
    size_t seen;
} Digits;

/* Takes digits, with a point perhaps; those behind the 38th only move the exponent. */
static Str take_digits(Str text, Digits *to) {
    const Wide most = ((Wide)1 << 124) / 10;
    bool fraction = false;
    size_t i = 0;
    for (; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        to->seen++;
        bool fits = to->value < most;
        if (fits) to->value = to->value * 10 + (unsigned)(c - '0');
        to->exponent += (fits ? 0 : 1) - (fraction ? 1 : 0);
    }
    return str_sub(text, i, text.len);
}

bool number_read(Str text, FeelNumber *out) {
    bool negative = str_starts(text, STR("-"));
    Digits digits = {0};
    Str rest = take_digits(str_sub(text, negative, text.len), &digits);
    int64_t exponent = 0;
    if (!str_empty(rest)) {
        if (rest.ptr[0] != 'e' && rest.ptr[0] != 'E') return false;
        rest = str_sub(rest, 1, rest.len);
        if (str_starts(rest, STR("+"))) rest = str_sub(rest, 1, rest.len);
        if (!str_to_i64(rest, &exponent) || exponent > 100000 || exponent < -100000) return false;
    }
    if (digits.seen == 0) return false;
    BIG(big);
    big_of(&big, (FeelNumber){.digits = digits.value, .negative = negative});
    big.exponent = digits.exponent + exponent;
    return settle(&big, out);
}

static Str digits_text(Arena *arena, Wide value) {
    char text[40];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value);
    return str_dup(arena, (Str){text + at, sizeof text - at});
}

Str number_text(Arena *arena, FeelNumber n) {
    Str digits = digits_text(arena, n.digits);
    const char *sign = n.negative ? "-" : "";
    int64_t before = (int64_t)digits.len + n.exponent; /* digits before the point */
    if (before > 40 || before < -20)
        return str_fmt(arena, "%s" STR_FMT "E%+d", sign, STR_ARG(digits), n.exponent);
    if (n.exponent >= 0)
        return str_fmt(arena, "%s" STR_FMT "%.*s", sign, STR_ARG(digits), n.exponent,
                       "0000000000000000000000000000000000000000");
    if (before <= 0)
        return str_fmt(arena, "%s0.%.*s" STR_FMT, sign, (int)-before, "00000000000000000000",
                       STR_ARG(digits));
    return str_fmt(arena, "%s" STR_FMT "." STR_FMT, sign,
                   STR_ARG(str_sub(digits, 0, (size_t)before)),
                   STR_ARG(str_sub(digits, (size_t)before, digits.len)));
}

bool number_to_int(FeelNumber n, int64_t *out) {
    if (n.exponent < 0 || n.exponent > 18) return false;
    Wide value = n.digits;
    for (int32_t i = 0; i < n.exponent; i++) {
        if (value > INT64_MAX) return false;
        value *= 10;
    }
    if (value > INT64_MAX) return false;
    *out = n.negative ? -(int64_t)value : (int64_t)value;
    return true;
}

double number_to_double(FeelNumber n) {
    char text[64];
    char digits[40];
    size_t at = sizeof digits;
    Wide value = n.digits;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value);
    int len =
        snprintf(text, sizeof text, "%s%se%d", n.negative ? "-" : "", digits + at, n.exponent);
    double out = 0;
    bool read = str_to_f64((Str){text, (size_t)len}, &out);
    return read ? out : NAN;
}

/* By the fewest digits that read back as the same double. */
bool number_of_double(double value, FeelNumber *out) {
    if (!isfinite(value)) return false;
    for (int digits = 15; digits <= 17; digits++) {
        char text[40];
        double back;
        int len = snprintf(text, sizeof text, "%.*e", digits - 1, value);
        bool same = str_to_f64((Str){text, (size_t)len}, &back) && back == value;
        if (same || digits == 17) return number_read((Str){text, (size_t)len}, out);
    }
    return false;
}

/* ---- arithmetic */

/* The digits of both at the lower of the two exponents, where 128 bits hold them. */
static bool align(FeelNumber *a, FeelNumber *b) {
    FeelNumber *high = a->exponent > b->exponent ? a : b;
    int32_t low = a->exponent < b->exponent ? a->exponent : b->exponent;
    if (high->exponent - low > FAST_SHIFT) return false;
    while (high->exponent > low) { /* 34 digits and four more are below 2^127 */
        high->digits *= 10;
        high->exponent--;
    }
    return true;
}

static void align_big(Big *a, Big *b) {
    Big *high = a->exponent > b->exponent ? a : b, *low = high == a ? b : a;
    shift(high->digits, high->exponent - low->exponent);
    high->exponent = low->exponent;
}

static int compare_sizes(FeelNumber a, FeelNumber b) {
    if (align(&a, &b)) return (a.digits > b.digits) - (a.digits < b.digits);
    BIG(x);
    BIG(y);
    big_of(&x, a);
    big_of(&y, b);
    align_big(&x, &y);
    int order = mpz_cmp(x.digits, y.digits);
    return (order > 0) - (order < 0);
}

int number_compare(FeelNumber a, FeelNumber b) {
    if (a.negative != b.negative) return a.negative ? -1 : 1;
    int order = compare_sizes(a, b);
    return a.negative ? -order : order;
}

FeelNumber number_negate(FeelNumber n) {
    n.negative = n.digits != 0 && !n.negative;
    return n;
}

bool number_is_whole(FeelNumber n) {
    return n.exponent >= 0;
}

static bool add_big(FeelNumber a, FeelNumber b, FeelNumber *out) {
    BIG(x);
    BIG(y);
    big_of(&x, a);
    big_of(&y, b);
    align_big(&x, &y);
    if (x.negative) mpz_neg(x.digits, x.digits);
    if (y.negative)
        mpz_sub(x.digits, x.digits, y.digits);
    else
        mpz_add(x.digits, x.digits, y.digits);
    x.negative = mpz_sgn(x.digits) < 0;
    mpz_abs(x.digits, x.digits);
    return settle(&x, out);
}

bool number_add(FeelNumber a, FeelNumber b, FeelNumber *out) {
    const Wide fits = (Wide)1 << 112; /* about half of 10^34: the sum needs no rounding */
    FeelNumber x = a, y = b;
    if (!align(&x, &y) || x.digits >= fits || y.digits >= fits) return add_big(a, b, out);
    bool larger = x.digits >= y.digits;
    Wide sum = x.negative == y.negative ? x.digits + y.digits
               : larger                 ? x.digits - y.digits
                                        : y.digits - x.digits;
    *out = strip(sum, x.exponent, larger ? x.negative : y.negative);
    return true;
}

bool number_multiply(FeelNumber a, FeelNumber b, FeelNumber *out) {
    const Wide fits = (Wide)1 << 56;
    if (a.digits < fits && b.digits < fits) {
        *out =
            strip(a.digits * b.digits, (int64_t)a.exponent + b.exponent, a.negative != b.negative);
        return out->exponent <= EXPONENT_MAX && out->exponent >= -EXPONENT_MAX - DIGITS;
    }
    BIG(x);
    BIG(y);
    big_of(&x, a);
    big_of(&y, b);
    mpz_mul(x.digits, x.digits, y.digits);
    x.exponent += y.exponent;
    x.negative = a.negative != b.negative;
    return settle(&x, out);
}

bool number_divide(FeelNumber a, FeelNumber b, FeelNumber *out) {
    if (b.digits == 0) return false;
    BIG(x);
    BIG(y);
    big_of(&x, a);
    big_of(&y, b);
    enum { SHIFT = 2 * DIGITS + 2 }; /* at least 34 digits and a few more, whatever the sizes */
    shift(x.digits, SHIFT);
    BIG(rest);
    big_new(&rest);
    mpz_tdiv_qr(x.digits, rest.digits, x.digits, y.digits);
    /* A digit that stands for all that is cut off, so that rounding to half sees it. */
    shift(x.digits, 1);
    if (mpz_sgn(rest.digits) != 0) mpz_add_ui(x.digits, x.digits, 1);
    x.exponent -= y.exponent + SHIFT + 1;
    x.negative = a.negative != b.negative;
    return settle(&x, out);
}

bool number_round(FeelNumber n, int32_t scale, NumberRounding rounding, FeelNumber *out) {
    if (-n.exponent <= scale) {
        *out = n;
        return true;
    }
    BIG(big);
    big_of(&big, n);
    int64_t tens = -(int64_t)scale - n.exponent;
    if (tens > EXPONENT_MAX + DIGITS) return false;
    cut(&big, tens, rounding);
    return settle(&big, out);
}

bool number_modulo(FeelNumber a, FeelNumber b, FeelNumber *out) {
    FeelNumber times, whole, product;
    return number_divide(a, b, &times) && number_round(times, 0, NUMBER_FLOOR, &whole) &&
           number_multiply(b, whole, &product) && number_add(a, number_negate(product), out);
}

enum { GUARDED = DIGITS + 26 }; /* digits of products on the way to a power */

static bool multiply_big(Big *to, const Big *by) {
    mpz_mul(to->digits, to->digits, by->digits);
    to->exponent += by->exponent;
    to->negative = to->negative != by->negative;
    int64_t digits = digits_of(to->digits);
    if (digits > GUARDED) cut(to, digits - GUARDED, NUMBER_HALF_EVEN);
    return to->exponent < 4 * EXPONENT_MAX && to->exponent > -4 * EXPONENT_MAX;
}

static bool power_whole(FeelNumber a, uint64_t times, FeelNumber *out) {
    BIG(result);
    BIG(square);
    big_of(&result, number_of_int(1));
    big_of(&square, a);
    bool good = true;
    for (; times && good; times >>= 1) {
        if (times & 1) good = multiply_big(&result, &square);
        if (times > 1) good = good && multiply_big(&square, &square);
    }
    return good && settle(&result, out);
}

bool number_power(FeelNumber a, FeelNumber b, FeelNumber *out) {
    int64_t times;
    if (!number_to_int(b, &times) || llabs(times) > POWER_MAX)
        return number_of_double(pow(number_to_double(a), number_to_double(b)), out);
    if (times >= 0) return power_whole(a, (uint64_t)times, out);
    FeelNumber below;
    return power_whole(a, (uint64_t)-times, &below) && number_divide(number_of_int(1), below, out);
}

bool number_root(FeelNumber n, FeelNumber *out) {
    if (n.negative) return false;
    BIG(big);
    big_of(&big, n);
    int64_t tens = 2 * DIGITS + 2 + (big.exponent & 1);
    shift(big.digits, tens);
    BIG(rest);
    big_new(&rest);
    mpz_sqrtrem(big.digits, rest.digits, big.digits);
    shift(big.digits, 1);
    if (mpz_sgn(rest.digits) != 0) mpz_add_ui(big.digits, big.digits, 1);
    big.exponent = (big.exponent - tens) / 2 - 1;
    return settle(&big, out);
}
