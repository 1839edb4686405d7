#include "time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t time_now(const Clock *clock) {
    if (clock->fixed != TIME_NONE) return clock->fixed;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * TIME_SECOND + now.tv_nsec / 1000;
}

int64_t time_monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * TIME_SECOND + now.tv_nsec / 1000;
}

void time_sleep_until(int64_t monotonic) {
    struct timespec at = {.tv_sec = monotonic / TIME_SECOND,
                          .tv_nsec = monotonic % TIME_SECOND * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

/* ---- civil dates ---- */

static bool is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool time_date_valid(Date date) {
    return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
           date.day >= 1 && date.day <= month_days(date.year, date.month);
}

/* Years are counted from March, so that the leap day is the last of its year (Hinnant,
 * days_from_civil). */
int64_t time_date_days(Date date) {
    int64_t year = date.month > 2 ? date.year : date.year - 1;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool time_date_before(Date a, Date b) {
    return time_date_days(a) < time_date_days(b);
}

Date time_days_date(int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    int day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    return (Date){(int)(year + era * 400 + (month <= 2)), month, day};
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

int time_weekday(Date date) {
    int64_t days = time_date_days(date) + 4; /* 1970-01-01 was a Thursday */
    return (int)(days - floor_div(days, 7) * 7);
}

Date time_jst_date(int64_t t) {
    return time_days_date(floor_div(t + TIME_JST, TIME_DAY));
}

int64_t time_jst_start(Date date) {
    return time_date_days(date) * TIME_DAY - TIME_JST;
}

int time_fiscal_year(Date date) {
    return date.month >= 4 ? date.year : date.year - 1;
}

/* ---- ISO 8601 ---- */

/* Takes exactly n digits off the front. */
static bool take_digits(Str *rest, int n, int *out) {
    if (rest->len < (size_t)n) return false;
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (rest->ptr[i] < '0' || rest->ptr[i] > '9') return false;
        value = value * 10 + rest->ptr[i] - '0';
    }
    *rest = str_sub(*rest, (size_t)n, rest->len);
    *out = value;
    return true;
}

static bool take_char(Str *rest, char c) {
    if (!rest->len || rest->ptr[0] != c) return false;
    *rest = str_sub(*rest, 1, rest->len);
    return true;
}

static bool take_date(Str *rest, Date *date) {
    return take_digits(rest, 4, &date->year) && take_char(rest, '-') &&
           take_digits(rest, 2, &date->month) && take_char(rest, '-') &&
           take_digits(rest, 2, &date->day) && time_date_valid(*date);
}

/* ".25" or ",25" as microseconds: what is finer is cut off, as many a clock writes nanoseconds. No
   point at all is 0. */
static bool take_fraction(Str *rest, int *micros) {
    *micros = 0;
    if (!take_char(rest, '.') && !take_char(rest, ',')) return true;
    int digits = 0, digit;
    while (take_digits(rest, 1, &digit))
        if (digits < 6) {
            *micros = *micros * 10 + digit;
            digits++;
        }
    for (int i = digits; i < 6; i++)
        *micros *= 10;
    return digits > 0;
}

/* "Z", "+09:00" or "+0900", as minutes east. */
static bool take_zone(Str *rest, int *minutes) {
    *minutes = 0;
    if (take_char(rest, 'Z')) return true;
    int sign = take_char(rest, '+') ? 1 : take_char(rest, '-') ? -1 : 0, hour, minute;
    if (!sign || !take_digits(rest, 2, &hour)) return false;
    (void)take_char(rest, ':');
    if (!take_digits(rest, 2, &minute) || hour > 14 || minute > 59) return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

bool time_parse(Str s, int64_t *out) {
    Date date;
    int hour, minute, second = 0, micros, zone;
    if (!take_date(&s, &date) || !take_char(&s, 'T')) return false;
    if (!take_digits(&s, 2, &hour) || !take_char(&s, ':') || !take_digits(&s, 2, &minute))
        return false;
    if (take_char(&s, ':') && !take_digits(&s, 2, &second)) return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false; /* 60: a leap second counts as the next */
    if (!take_fraction(&s, &micros) || !take_zone(&s, &zone) || s.len) return false;
    *out = time_date_days(date) * TIME_DAY + hour * TIME_HOUR + (minute - zone) * TIME_MINUTE +
           second * TIME_SECOND + micros;
    return *out >= time_date_days((Date){1, 1, 1}) * TIME_DAY &&
           *out <= time_date_days((Date){9999, 12, 31}) * TIME_DAY + TIME_DAY - 1;
}

static char *write_digits(char *to, int64_t value, int n) {
    for (int i = n - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + n;
}

size_t time_write(char *to, int64_t t) {
    int64_t day = floor_div(t, TIME_DAY), rest = t - day * TIME_DAY;
    Date date = time_days_date(day);
    char *at = write_digits(to, date.year, 4);
    *at++ = '-';
    at = write_digits(at, date.month, 2);
    *at++ = '-';
    at = write_digits(at, date.day, 2);
    *at++ = 'T';
    at = write_digits(at, rest / TIME_HOUR, 2);
    *at++ = ':';
    at = write_digits(at, rest / TIME_MINUTE % 60, 2);
    *at++ = ':';
    at = write_digits(at, rest / TIME_SECOND % 60, 2);
    *at++ = '.';
    int64_t micros = rest % TIME_SECOND;
    at = micros % 1000 ? write_digits(at, micros, 6) : write_digits(at, micros / 1000, 3);
    *at++ = 'Z';
    return (size_t)(at - to);
}

Str time_format(Arena *arena, int64_t t) {
    char *text = arena_alloc(arena, 32, 1);
    return (Str){text, time_write(text, t)};
}

bool time_parse_date(Str s, Date *out) {
    return take_date(&s, out) && s.len == 0;
}

Str time_format_date(Arena *arena, Date date) {
    return str_fmt(arena, "%04d-%02d-%02d", date.year, date.month, date.day);
}

/* ---- eras (元号法; 昭和64.1.7, 平成31.4.30 and the days after them are the boundaries) ---- */

typedef struct Era {
    Str name, letter;
    Date first, last; /* both inclusive */
} Era;

static const Era eras[] = {
    {{"令和", 6}, {"R", 1}, {2019, 5, 1}, {9999, 12, 31}},
    {{"平成", 6}, {"H", 1}, {1989, 1, 8}, {2019, 4, 30}},
    {{"昭和", 6}, {"S", 1}, {1926, 12, 25}, {1989, 1, 7}},
    {{"大正", 6}, {"T", 1}, {1912, 7, 30}, {1926, 12, 25}},
    {{"明治", 6},
     {"M", 1},
     {1873, 1, 1},
     {1912, 7, 30}}, /* the Gregorian calendar began on 明治6年1月1日 */
};

enum { ERAS = sizeof eras / sizeof *eras };

static const int meiji_first_year = 1868;

static int era_first_year(const Era *era) {
    return era == &eras[ERAS - 1] ? meiji_first_year : era->first.year;
}

static bool in_era(const Era *era, Date date) {
    int64_t day = time_date_days(date);
    return day >= time_date_days(era->first) && day <= time_date_days(era->last);
}

/* Full-width ASCII to half-width, blanks dropped; false when the text is too long for a date. */
static bool fold_width(Str s, char *to, size_t size, size_t *len) {
    *len = 0;
    for (Str rest = s; rest.len;) {
        const char *at = rest.ptr;
        int32_t point = str_utf8_next(&rest);
        size_t wide = (size_t)(rest.ptr - at);
        if (point == ' ' || point == 0x3000) continue;
        if (point >= 0xFF01 && point <= 0xFF5E) point -= 0xFEE0;
        if (*len + (point < 0x80 ? 1 : wide) > size) return false;
        if (point < 0x80)
            to[(*len)++] = (char)point;
        else {
            memcpy(to + *len, at, wide);
            *len += wide;
        }
    }
    return true;
}

/* Takes 1 to max digits. */
static bool take_number(Str *rest, int max, int *out) {
    int digit, n = 0;
    for (*out = 0; n < max && take_digits(rest, 1, &digit); n++)
        *out = *out * 10 + digit;
    return n > 0;
}

static bool take_text(Str *rest, Str text) {
    if (!str_starts(*rest, text)) return false;
    *rest = str_sub(*rest, text.len, rest->len);
    return true;
}

static bool take_separator(Str *rest, Str kanji) {
    return take_char(rest, '-') || take_char(rest, '/') || take_char(rest, '.') ||
           take_text(rest, kanji);
}

static const Era *take_era(Str *rest) {
    for (size_t i = 0; i < ERAS; i++) {
        if (take_text(rest, eras[i].name)) return &eras[i];
        if (rest->len && str_eq_nocase(str_sub(*rest, 0, 1), eras[i].letter)) {
            *rest = str_sub(*rest, 1, rest->len);
            return &eras[i];
        }
    }
    return NULL;
}

static bool take_month_day(Str *rest, Date *date) {
    return take_number(rest, 2, &date->month) && take_separator(rest, STR("月")) &&
           take_number(rest, 2, &date->day) && (take_text(rest, STR("日")) || true) &&
           rest->len == 0 && time_date_valid(*date);
}

static bool parse_era_date(Str rest, const Era *era, Date *out) {
    int year = 1;
    if (!take_text(&rest, STR("元")) && !take_number(&rest, 2, &year)) return false;
    out->year = era_first_year(era) + year - 1;
    return year > 0 && take_separator(&rest, STR("年")) && take_month_day(&rest, out) &&
           in_era(era, *out);
}

bool time_parse_japanese(Str s, Date *out) {
    char folded[64];
    size_t len;
    if (!fold_width(s, folded, sizeof folded, &len)) return false;
    Str rest = {folded, len};
    const Era *era = take_era(&rest);
    if (era) return parse_era_date(rest, era, out);
    if (!take_digits(&rest, 4, &out->year)) return false;
    if (rest.len == 4 && take_digits(&rest, 2, &out->month) && take_digits(&rest, 2, &out->day))
        return time_date_valid(*out);
    return take_separator(&rest, STR("年")) && take_month_day(&rest, out);
}

Str time_format_japanese(Arena *arena, Date date) {
    for (size_t i = 0; i < ERAS; i++) {
        if (!in_era(&eras[i], date)) continue;
        int year = date.year - era_first_year(&eras[i]) + 1;
        Str count = year == 1 ? STR("元") : str_fmt(arena, "%d", year);
        return str_fmt(arena, STR_FMT STR_FMT "年%d月%d日", STR_ARG(eras[i].name), STR_ARG(count),
                       date.month, date.day);
    }
    return str_fmt(arena, "%d年%d月%d日", date.year, date.month, date.day);
}

/* A fiscal year is called by the era in force when it begins, but 令和元年度 is said of 2019. */
Str time_format_fiscal(Arena *arena, int fiscal_year) {
    Date named = {fiscal_year, fiscal_year == 2019 ? 5 : 4, 1};
    Str text = time_format_japanese(arena, named);
    return str_fmt(arena, STR_FMT "度", (int)str_find(text, STR("年")) + 3, text.ptr);
}
