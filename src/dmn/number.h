/* number: decimal arithmetic of 34 digits, rounded half to even (DMN 1.5, 10.3.2.3.1), over GMP
   where 128 bits are too few. Results out of range (|exponent| > 6143) are none: the functions then
   return false. */
#ifndef DMN_NUMBER_H
#define DMN_NUMBER_H

#include "feel.h"

typedef enum NumberRounding {
    NUMBER_HALF_EVEN,
    NUMBER_HALF_UP,   /* away from zero */
    NUMBER_HALF_DOWN, /* towards zero */
    NUMBER_UP,        /* away from zero */
    NUMBER_DOWN,      /* towards zero */
    NUMBER_CEILING,
    NUMBER_FLOOR,
} NumberRounding;

FeelNumber number_of_int(int64_t value);
/* "-12.5", ".5", "1e3"; false on anything else. */
bool number_read(Str text, FeelNumber *out);
/* Plain digits where they are at most 40, else with an exponent. */
Str number_text(Arena *arena, FeelNumber n);
/* True when it is a whole number of 64 bits. */
bool number_to_int(FeelNumber n, int64_t *out);
double number_to_double(FeelNumber n);
bool number_of_double(double value, FeelNumber *out);

int number_compare(FeelNumber a, FeelNumber b);
FeelNumber number_negate(FeelNumber n);
bool number_is_whole(FeelNumber n);
bool number_add(FeelNumber a, FeelNumber b, FeelNumber *out);
bool number_multiply(FeelNumber a, FeelNumber b, FeelNumber *out);
/* False also for b = 0. */
bool number_divide(FeelNumber a, FeelNumber b, FeelNumber *out);
/* a - b * floor(a / b): the sign of b. False for b = 0. */
bool number_modulo(FeelNumber a, FeelNumber b, FeelNumber *out);
/* Exact for whole exponents up to a million, else by double precision. */
bool number_power(FeelNumber a, FeelNumber b, FeelNumber *out);
bool number_root(FeelNumber n, FeelNumber *out);
/* To `scale` digits behind the point (may be negative). */
bool number_round(FeelNumber n, int32_t scale, NumberRounding rounding, FeelNumber *out);

#endif
