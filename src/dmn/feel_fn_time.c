/* Built-in functions on dates and times (10.3.4.2, 10.3.4.10, 10.3.4.12), and the two that Japanese
   rules ask for at every turn: the fiscal year (年度) and the age in law (年齢計算ニ関する法律). */
#include "feel_int.h"

static bool whole(const FeelValue *value, int *out) {
    int64_t n;
    if (value->kind != FEEL_NUMBER || !number_to_int(value->number, &n) || n > 999999 ||
        n < -999999)
        return false;
    *out = (int)n;
    return true;
}

/* The day of a date or date and time. */
static bool date_of(const FeelCall *call, size_t n, Date *out) {
    const FeelValue *value = n < call->n ? &call->args[n] : &(FeelValue){0};
    if (value->kind == FEEL_DATE)
        *out = value->date;
    else if (value->kind == FEEL_DATE_TIME)
        *out = value->date_time.date;
    else if (value->kind != FEEL_STRING || !feel_read_date(value->string, out)) {
        CALL_NOTHING(call, "value %zu of " STR_FMT " must be a date", n + 1,
                     STR_ARG(call->expr->name));
        return false;
    }
    return true;
}

static FeelValue fn_date(const FeelCall *call) {
    Date date;
    if (call->n == 3) {
        if (whole(&call->args[0], &date.year) && whole(&call->args[1], &date.month) &&
            whole(&call->args[2], &date.day) && time_date_valid(date))
            return feel_of_date(date);
        return CALL_NOTHING(call, "there is no such day");
    }
    if (call->n == 1 && call->args[0].kind == FEEL_NULL) return feel_null();
    return date_of(call, 0, &date) ? feel_of_date(date) : feel_null();
}

static FeelValue time_from(const FeelCall *call) {
    FeelValue out = {.kind = FEEL_TIME};
    const FeelValue *from = &call->args[0];
    if (from->kind == FEEL_TIME) return *from;
    if (from->kind == FEEL_DATE_TIME) {
        out.time = from->date_time.time;
        return out;
    }
    if (from->kind == FEEL_DATE) {
        out.time.zoned = true;
        return out;
    }
    if (from->kind == FEEL_STRING && feel_read_time(from->string, &out.time)) return out;
    return CALL_NOTHING(call, "this is no time");
}

/* Seconds with their fraction as microseconds within a minute. */
static bool seconds_of(const FeelValue *value, int64_t *micros) {
    FeelNumber size;
    return value->kind == FEEL_NUMBER &&
           number_multiply(value->number, number_of_int(TIME_SECOND), &size) &&
           number_round(size, 0, NUMBER_DOWN, &size) && number_to_int(size, micros) &&
           *micros >= 0 && *micros < TIME_MINUTE;
}

static bool below(const FeelValue *value, int limit, int *out) {
    return whole(value, out) && *out >= 0 && *out < limit;
}

static FeelValue fn_time(const FeelCall *call) {
    if (call->n == 1) return time_from(call);
    int hour, minute;
    int64_t second;
    bool good = call->n >= 3 && below(&call->args[0], 24, &hour) &&
                below(&call->args[1], 60, &minute) && seconds_of(&call->args[2], &second);
    if (!good) return CALL_NOTHING(call, "there is no such time");
    FeelValue out = {.kind = FEEL_TIME};
    out.time.micros = hour * TIME_HOUR + minute * TIME_MINUTE + second;
    if (call->n > 3 && call->args[3].kind == FEEL_SPAN) {
        out.time.zoned = true;
        out.time.offset = (int32_t)(call->args[3].span / TIME_SECOND);
    }
    return out;
}

static FeelValue fn_date_time(const FeelCall *call) {
    FeelValue out = {.kind = FEEL_DATE_TIME};
    const FeelValue *from = &call->args[0];
    if (call->n == 2) {
        if (!date_of(call, 0, &out.date_time.date)) return feel_null();
        if (call->args[1].kind != FEEL_TIME)
            return CALL_NOTHING(call, "the second value must be a time");
        out.date_time.time = call->args[1].time;
        return out;
    }
    if (from->kind == FEEL_DATE_TIME) return *from;
    if (from->kind == FEEL_STRING && feel_read_date_time(from->string, &out.date_time)) return out;
    return CALL_NOTHING(call, "this is no date and time");
}

static FeelValue fn_duration(const FeelCall *call) {
    FeelValue out;
    const FeelValue *from = &call->args[0];
    if (from->kind == FEEL_MONTHS || from->kind == FEEL_SPAN) return *from;
    if (from->kind == FEEL_STRING && feel_read_duration(from->string, &out)) return out;
    return CALL_NOTHING(call, "this is no duration");
}

/* Whole months from one day to another. */
static int64_t months_between(Date from, Date to) {
    int64_t months = (int64_t)(to.year - from.year) * 12 + to.month - from.month;
    if (months > 0 && to.day < from.day) months--;
    if (months < 0 && to.day > from.day) months++;
    return months;
}

static FeelValue fn_months_duration(const FeelCall *call) {
    Date from, to;
    if (!date_of(call, 0, &from) || !date_of(call, 1, &to)) return feel_null();
    return (FeelValue){.kind = FEEL_MONTHS, .months = months_between(from, to)};
}

static FeelValue fn_now(const FeelCall *call) {
    return (FeelValue){.kind = FEEL_DATE_TIME,
                       .date_time =
                           feel_date_time_of(call->run->now, (int32_t)(TIME_JST / TIME_SECOND))};
}

static FeelValue fn_today(const FeelCall *call) {
    return feel_of_date(time_jst_date(call->run->now));
}

static int day_of_year(Date date) {
    return (int)(time_date_days(date) - time_date_days((Date){date.year, 1, 1})) + 1;
}

static FeelValue fn_day_of_year(const FeelCall *call) {
    Date date;
    return date_of(call, 0, &date) ? feel_of_int(day_of_year(date)) : feel_null();
}

static FeelValue fn_day_of_week(const FeelCall *call) {
    static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    Date date;
    return date_of(call, 0, &date) ? feel_of_str(str_of(names[time_weekday(date)])) : feel_null();
}

static FeelValue fn_month_of_year(const FeelCall *call) {
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    Date date;
    return date_of(call, 0, &date) ? feel_of_str(str_of(names[date.month - 1])) : feel_null();
}

/* ISO 8601: the week that has the year's first Thursday is its first. */
static FeelValue fn_week_of_year(const FeelCall *call) {
    Date date;
    if (!date_of(call, 0, &date)) return feel_null();
    int64_t days = time_date_days(date);
    Date thursday = time_days_date(days - (time_weekday(date) + 6) % 7 + 3);
    return feel_of_int((day_of_year(thursday) - 1) / 7 + 1);
}

static FeelValue fn_fiscal_year(const FeelCall *call) {
    Date date;
    return date_of(call, 0, &date) ? feel_of_int(time_fiscal_year(date)) : feel_null();
}

/* A year of age is complete at the end of the day before the birthday, so that on this day one is
 * of that age; who was born on 29 February on 28 February. */
static FeelValue fn_age(const FeelCall *call) {
    Date born, on;
    if (!date_of(call, 0, &born) || !date_of(call, 1, &on)) return feel_null();
    Date next = time_days_date(time_date_days(on) + 1);
    int years = next.year - born.year;
    if (next.month < born.month || (next.month == born.month && next.day < born.day)) years--;
    return years < 0 ? CALL_NOTHING(call, "the day lies before the birth") : feel_of_int(years);
}

const FeelBuiltin feel_functions_time[] = {
    {STR("date"), "from,month,day", 1, fn_date},
    {STR("time"), "from,minute,second,offset", 1, fn_time},
    {STR("date and time"), "from,time", 1, fn_date_time},
    {STR("duration"), "from", 1, fn_duration},
    {STR("years and months duration"), "from,to", 2, fn_months_duration},
    {STR("now"), "", 0, fn_now},
    {STR("today"), "", 0, fn_today},
    {STR("day of year"), "date", 1, fn_day_of_year},
    {STR("day of week"), "date", 1, fn_day_of_week},
    {STR("month of year"), "date", 1, fn_month_of_year},
    {STR("week of year"), "date", 1, fn_week_of_year},
    {STR("fiscal year"), "date", 1, fn_fiscal_year},
    {STR("age"), "born,on", 2, fn_age},
    {.call = NULL},
};
