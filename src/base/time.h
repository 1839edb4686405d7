/* time: instants, civil dates, eras (和暦) and fiscal years (年度). An instant is int64
   microseconds since 1970-01-01T00:00Z, without leap seconds. City-local time is Japan's, UTC+9
   without daylight saving. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "arena.h"
#include "str.h"

#define TIME_NONE   INT64_MIN
#define TIME_SECOND INT64_C(1000000)
#define TIME_MINUTE (60 * TIME_SECOND)
#define TIME_HOUR   (60 * TIME_MINUTE)
#define TIME_DAY    (24 * TIME_HOUR)
#define TIME_JST    (9 * TIME_HOUR)

typedef struct Date {
    int year, month, day; /* proleptic Gregorian; month 1-12, day 1-31 */
} Date;

/* Where the time comes from: the kernel, or a test. */
typedef struct Clock {
    int64_t fixed; /* TIME_NONE: the system's clock; else this instant, moved on by the test */
} Clock;

int64_t time_now(const Clock *clock);
/* Microseconds of a clock that never jumps, for deadlines and durations only. */
int64_t time_monotonic(void);
/* Sleeps until an instant of it; at once if that is over. */
void time_sleep_until(int64_t monotonic);

bool time_date_valid(Date date);
/* Days since 1970-01-01; date must be valid. */
int64_t time_date_days(Date date);
bool time_date_before(Date a, Date b);
Date time_days_date(int64_t days);
/* 0 Sunday ... 6 Saturday. */
int time_weekday(Date date);
/* The civil date in Japan at an instant, and the instant at which that date begins there. */
Date time_jst_date(int64_t t);
int64_t time_jst_start(Date date);
/* 年度: the year in which the fiscal year of the date began (1 April). */
int time_fiscal_year(Date date);

/* ISO 8601 date-time with zone ("2025-04-01T09:00:00.25+09:00", "...Z"), the form NGSI-LD demands
   (clause 4.6.3). A fraction is cut off at 6 digits; its point may be ",". False on anything else.
 */
bool time_parse(Str s, int64_t *out);
/* "2025-04-01T00:00:00.000Z": always milliseconds, or microseconds where they are not zero. */
Str time_format(Arena *arena, int64_t t);
/* The same into at least 32 bytes; returns the length. */
size_t time_write(char *to, int64_t t);
/* "2025-04-01". */
bool time_parse_date(Str s, Date *out);
Str time_format_date(Arena *arena, Date date);

/* A date as people write it: R7.4.1, 令和7年4月1日, 令和元年5月1日, 2025-04-01, 2025/4/1,
   2025年4月1日, 20250401, full-width digits and letters alike. An era name outside its days is
   refused (平成31.5.1), the first and last days of 昭和, 平成 and 令和 belong to both neighbours as
   the law has it. */
bool time_parse_japanese(Str s, Date *out);
/* "令和7年4月1日", the first year as 元年. Dates before 明治6年1月1日 are written Gregorian. */
Str time_format_japanese(Arena *arena, Date date);
/* "令和7年度". */
Str time_format_fiscal(Arena *arena, int fiscal_year);

#endif
