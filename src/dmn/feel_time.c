/* Dates, times and durations: their texts (ISO 8601 as XML Schema has it), arithmetic, properties.
 */
#include "feel_int.h"

#include <stdlib.h>
#include <string.h>

enum { YEAR_MAX = 999999, MONTHS_PER_YEAR = 12 };

/* ---- reading */

/* Takes exactly n digits. */
static bool take_digits(Str *rest, size_t n, int *out) {
    int64_t value;
    Str digits = str_sub(*rest, 0, n);
    if (digits.len != n || digits.ptr[0] == '-' || !str_to_i64(digits, &value)) return false;
    *rest = str_sub(*rest, n, rest->len);
    *out = (int)value;
    return true;
}

static bool take_char(Str *rest, char c) {
    if (str_empty(*rest) || rest->ptr[0] != c) return false;
    *rest = str_sub(*rest, 1, rest->len);
    return true;
}

static size_t count_digits(Str text) {
    size_t n = 0;
    while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9')
        n++;
    return n;
}

/* A fraction of a second behind the point, as microseconds; more digits are cut off. */
static int64_t take_fraction(Str *rest) {
    int64_t micros = 0, unit = TIME_SECOND / 10;
    size_t n = count_digits(*rest);
    for (size_t i = 0; i < n; i++, unit /= 10)
        micros += unit * (rest->ptr[i] - '0');
    *rest = str_sub(*rest, n, rest->len);
    return micros;
}

static bool take_date(Str *rest, Date *out) {
    bool negative = take_char(rest, '-');
    size_t digits = count_digits(*rest);
    Date date;
    if (digits < 4 || digits > 6 || (digits > 4 && rest->ptr[0] == '0')) return false;
    if (!take_digits(rest, digits, &date.year) || !take_char(rest, '-') ||
        !take_digits(rest, 2, &date.month) || !take_char(rest, '-') ||
        !take_digits(rest, 2, &date.day))
        return false;
    if (negative) date.year = -date.year;
    *out = date;
    return time_date_valid(date);
}

bool feel_read_date(Str text, Date *out) {
    return take_date(&text, out) && str_empty(text);
}

static bool take_offset(Str *rest, FeelTime *time) {
    time->zoned = true;
    if (take_char(rest, 'Z')) return true;
    bool west = take_char(rest, '-');
    int hours, minutes, seconds = 0;
    if (!west && !take_char(rest, '+')) return false;
    if (!take_digits(rest, 2, &hours) || !take_char(rest, ':') || !take_digits(rest, 2, &minutes))
        return false;
    if (take_char(rest, ':') && !take_digits(rest, 2, &seconds)) return false;
    time->offset = (hours * 60 + minutes) * 60 + seconds;
    if (west) time->offset = -time->offset;
    return hours <= 14 && minutes < 60 && seconds < 60;
}

bool feel_read_time(Str text, FeelTime *out) {
    int hours, minutes, seconds;
    *out = (FeelTime){0};
    if (!take_digits(&text, 2, &hours) || !take_char(&text, ':') ||
        !take_digits(&text, 2, &minutes) || !take_char(&text, ':') ||
        !take_digits(&text, 2, &seconds))
        return false;
    if (hours > 23 || minutes > 59 || seconds > 59) return false;
    out->micros = ((hours * 60 + minutes) * 60 + seconds) * TIME_SECOND;
    if (take_char(&text, '.')) {
        if (count_digits(text) == 0) return false;
        out->micros += take_fraction(&text);
    }
    return str_empty(text) || (take_offset(&text, out) && str_empty(text));
}

bool feel_read_date_time(Str text, FeelDateTime *out) {
    out->time = (FeelTime){0};
    if (!take_date(&text, &out->date)) return false;
    return str_empty(text) || (take_char(&text, 'T') && feel_read_time(text, &out->time));
}

typedef struct Parts {
    int64_t months, span;
    bool any_months, any_span;
} Parts;

/* Takes the unit of a part, if it is one of those that may still come: those before it are used up.
 */
static bool take_unit(Str *rest, const char **units, char *unit) {
    if (str_empty(*rest)) return false;
    const char *at = strchr(*units, rest->ptr[0]);
    if (!at || !*at) return false;
    *unit = *at;
    *units = at + 1;
    *rest = str_sub(*rest, 1, rest->len);
    return true;
}

/* Microseconds of a unit; 0 for months and years. */
static int64_t unit_size(char unit, bool in_time) {
    if (!in_time) return unit == 'D' ? TIME_DAY : 0;
    return unit == 'H' ? TIME_HOUR : unit == 'M' ? TIME_MINUTE : TIME_SECOND;
}

static bool add_part(Parts *parts, int64_t value, int64_t fraction, int64_t size, char unit) {
    if (size && value > INT64_MAX / 4 / size) return false;
    if (size)
        parts->span += value * size + fraction;
    else
        parts->months += value * (unit == 'Y' ? MONTHS_PER_YEAR : 1);
    parts->any_span |= size != 0;
    parts->any_months |= size == 0;
    return true;
}

/* One "12M" of a duration. */
static bool take_part(Str *rest, const char **units, Parts *parts, bool in_time) {
    size_t n = count_digits(*rest);
    int64_t value, fraction = 0;
    char unit;
    if (n == 0 || n > 12 || !str_to_i64(str_sub(*rest, 0, n), &value)) return false;
    *rest = str_sub(*rest, n, rest->len);
    bool broken = in_time && take_char(rest, '.');
    if (broken && count_digits(*rest) == 0) return false;
    if (broken) fraction = take_fraction(rest);
    if (!take_unit(rest, units, &unit) || (broken && unit != 'S')) return false;
    return add_part(parts, value, fraction, unit_size(unit, in_time), unit);
}

bool feel_read_duration(Str text, FeelValue *out) {
    Parts parts = {0};
    bool negative = take_char(&text, '-');
    if (!take_char(&text, 'P')) return false;
    const char *units = "YMD";
    while (!str_empty(text) && text.ptr[0] != 'T')
        if (!take_part(&text, &units, &parts, false)) return false;
    if (take_char(&text, 'T')) {
        units = "HMS";
        do {
            if (!take_part(&text, &units, &parts, true)) return false;
        } while (!str_empty(text));
    }
    if (parts.any_months == parts.any_span) return false; /* both, or nothing */
    int64_t sign = negative ? -1 : 1;
    *out = parts.any_months ? (FeelValue){.kind = FEEL_MONTHS, .months = sign * parts.months}
                            : (FeelValue){.kind = FEEL_SPAN, .span = sign * parts.span};
    return true;
}

/* ---- writing */

static void write_date(Buf *to, Date date) {
    buf_addf(to, "%s%04d-%02d-%02d", date.year < 0 ? "-" : "", abs(date.year), date.month,
             date.day);
}

static void write_seconds(Buf *to, int64_t micros, const char *format) {
    buf_addf(to, format, (int)(micros / TIME_SECOND));
    int64_t fraction = micros % TIME_SECOND;
    if (!fraction) return;
    int digits = 6;
    for (; fraction % 10 == 0; fraction /= 10)
        digits--;
    buf_addf(to, ".%0*d", digits, (int)fraction);
}

static void write_clock(Buf *to, const FeelTime *time) {
    int minutes = (int)(time->micros / TIME_MINUTE);
    buf_addf(to, "%02d:%02d:", minutes / 60, minutes % 60);
    write_seconds(to, time->micros % TIME_MINUTE, "%02d");
    if (!time->zoned) return;
    int offset = abs(time->offset);
    if (offset == 0)
        buf_add_char(to, 'Z');
    else
        buf_addf(to, "%c%02d:%02d", time->offset < 0 ? '-' : '+', offset / 3600, offset / 60 % 60);
    if (offset % 60) buf_addf(to, ":%02d", offset % 60);
}

static void write_months(Buf *to, int64_t months) {
    if (months < 0) buf_add_char(to, '-');
    long long size = llabs(months);
    buf_add_char(to, 'P');
    if (size >= MONTHS_PER_YEAR) buf_addf(to, "%lldY", size / MONTHS_PER_YEAR);
    if (size % MONTHS_PER_YEAR || size == 0) buf_addf(to, "%lldM", size % MONTHS_PER_YEAR);
}

static void write_span(Buf *to, int64_t span) {
    if (span < 0) buf_add_char(to, '-');
    int64_t size = llabs(span);
    buf_add_char(to, 'P');
    if (size >= TIME_DAY) buf_addf(to, "%lldD", (long long)(size / TIME_DAY));
    int64_t rest = size % TIME_DAY;
    if (rest == 0 && size != 0) return;
    buf_add_char(to, 'T');
    if (rest >= TIME_HOUR) buf_addf(to, "%dH", (int)(rest / TIME_HOUR));
    if (rest % TIME_HOUR >= TIME_MINUTE) buf_addf(to, "%dM", (int)(rest % TIME_HOUR / TIME_MINUTE));
    if (rest % TIME_MINUTE == 0 && size != 0) return;
    write_seconds(to, rest % TIME_MINUTE, "%d");
    buf_add_char(to, 'S');
}

void feel_write_time(Buf *to, const FeelValue *value) {
    switch (value->kind) {
    case FEEL_DATE:
        write_date(to, value->date);
        break;
    case FEEL_TIME:
        write_clock(to, &value->time);
        break;
    case FEEL_DATE_TIME:
        write_date(to, value->date_time.date);
        buf_add_char(to, 'T');
        write_clock(to, &value->date_time.time);
        break;
    case FEEL_MONTHS:
        write_months(to, value->months);
        break;
    case FEEL_SPAN:
        write_span(to, value->span);
        break;
    default:
        break;
    }
}

/* ---- arithmetic */

int64_t feel_instant(const FeelDateTime *at) {
    int64_t offset = at->time.zoned ? at->time.offset * TIME_SECOND : TIME_JST;
    return time_date_days(at->date) * TIME_DAY + at->time.micros - offset;
}

FeelDateTime feel_date_time_of(int64_t instant, int32_t offset) {
    int64_t local = instant + offset * TIME_SECOND;
    int64_t days = local / TIME_DAY - (local % TIME_DAY < 0);
    return (FeelDateTime){
        .date = time_days_date(days),
        .time = {.micros = local - days * TIME_DAY, .offset = offset, .zoned = true}};
}

Date feel_add_months(Date date, int64_t months) {
    int64_t month = (int64_t)date.year * MONTHS_PER_YEAR + date.month - 1 + months;
    int64_t year = month / MONTHS_PER_YEAR - (month % MONTHS_PER_YEAR < 0);
    if (year > YEAR_MAX) year = YEAR_MAX;
    if (year < -YEAR_MAX) year = -YEAR_MAX;
    date.year = (int)year;
    date.month =
        (int)(month - (month / MONTHS_PER_YEAR - (month % MONTHS_PER_YEAR < 0)) * MONTHS_PER_YEAR) +
        1;
    while (!time_date_valid(date) && date.day > 28)
        date.day--;
    return date;
}

/* ---- properties */

typedef enum Field {
    YEAR,
    MONTH,
    DAY,
    WEEKDAY,
    HOUR,
    MINUTE,
    SECOND,
    OFFSET,
    YEARS,
    MONTHS,
    DAYS,
    HOURS,
    MINUTES,
    SECONDS,
} Field;

enum {
    OF_DATE = 1 << FEEL_DATE | 1 << FEEL_DATE_TIME,
    OF_TIME = 1 << FEEL_TIME | 1 << FEEL_DATE_TIME,
    OF_MONTHS = 1 << FEEL_MONTHS,
    OF_SPAN = 1 << FEEL_SPAN,
};

static const struct {
    Str name;
    Field field;
    unsigned kinds;
} properties[] = {
    {STR("year"), YEAR, OF_DATE},       {STR("month"), MONTH, OF_DATE},
    {STR("day"), DAY, OF_DATE},         {STR("weekday"), WEEKDAY, OF_DATE},
    {STR("hour"), HOUR, OF_TIME},       {STR("minute"), MINUTE, OF_TIME},
    {STR("second"), SECOND, OF_TIME},   {STR("time offset"), OFFSET, OF_TIME},
    {STR("years"), YEARS, OF_MONTHS},   {STR("months"), MONTHS, OF_MONTHS},
    {STR("days"), DAYS, OF_SPAN},       {STR("hours"), HOURS, OF_SPAN},
    {STR("minutes"), MINUTES, OF_SPAN}, {STR("seconds"), SECONDS, OF_SPAN},
};

/* Seconds with their fraction. */
static FeelValue seconds_of(int64_t micros) {
    FeelNumber n = number_of_int(micros);
    if (n.digits) n.exponent -= 6;
    return feel_of_number(n);
}

static FeelValue date_field(Date date, Field field) {
    if (field == YEAR) return feel_of_int(date.year);
    if (field == MONTH) return feel_of_int(date.month);
    if (field == DAY) return feel_of_int(date.day);
    int weekday = time_weekday(date); /* ISO 8601: Monday is 1, Sunday 7 */
    return feel_of_int(weekday ? weekday : 7);
}

static FeelValue time_field(const FeelTime *time, Field field) {
    if (field == HOUR) return feel_of_int(time->micros / TIME_HOUR);
    if (field == MINUTE) return feel_of_int(time->micros / TIME_MINUTE % 60);
    if (field == SECOND) return seconds_of(time->micros % TIME_MINUTE);
    if (!time->zoned) return feel_null();
    return (FeelValue){.kind = FEEL_SPAN, .span = time->offset * TIME_SECOND};
}

static FeelValue duration_field(const FeelValue *value, Field field) {
    switch (field) {
    case YEARS:
        return feel_of_int(value->months / MONTHS_PER_YEAR);
    case MONTHS:
        return feel_of_int(value->months % MONTHS_PER_YEAR);
    case DAYS:
        return feel_of_int(value->span / TIME_DAY);
    case HOURS:
        return feel_of_int(value->span / TIME_HOUR % 24);
    case MINUTES:
        return feel_of_int(value->span / TIME_MINUTE % 60);
    default:
        return seconds_of(value->span % TIME_MINUTE);
    }
}

static FeelValue field_of(const FeelValue *value, Field field) {
    bool dated = field <= WEEKDAY;
    switch (value->kind) {
    case FEEL_DATE:
        return date_field(value->date, field);
    case FEEL_TIME:
        return time_field(&value->time, field);
    case FEEL_DATE_TIME:
        return dated ? date_field(value->date_time.date, field)
                     : time_field(&value->date_time.time, field);
    default:
        return duration_field(value, field);
    }
}

static bool range_property(const FeelRange *range, Str name, FeelValue *out) {
    if (str_eq(name, STR("start")))
        *out = range->low;
    else if (str_eq(name, STR("end")))
        *out = range->high;
    else if (str_eq(name, STR("start included")))
        *out = feel_of_bool(!range->low_open);
    else if (str_eq(name, STR("end included")))
        *out = feel_of_bool(!range->high_open);
    else
        return false;
    return true;
}

bool feel_property(const FeelValue *value, Str name, FeelValue *out) {
    if (value->kind == FEEL_RANGE) return range_property(value->range, name, out);
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
        if (!(properties[i].kinds & 1U << value->kind) || !str_eq(properties[i].name, name))
            continue;
        *out = field_of(value, properties[i].field);
        return true;
    }
    return false;
}
