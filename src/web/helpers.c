/* helpers: the functions of the templates: money, numbers, dates, and a little logic. */
#include "web_int.h"

#include <math.h>
#include <stdio.h>

/* ---- numbers ---- */

static bool is_number(const Json *value) {
    return value && value->kind == JSON_NUMBER;
}

const Json *web_help_num(WebOut *o, const Json *const *args, size_t n) {
    if (!is_number(args[0])) return args[0];
    double value = json_number(args[0]);
    int decimals = n > 1 ? (int)json_number(args[1]) : 0;
    if (fabs(value) >= 1e15) return args[0];
    if (n < 2 && !args[0]->is_int)
        return value == floor(value) ? web_string(o, str_grouped(o->ctx->arena, (int64_t)value))
                                     : args[0];
    if (n < 2) return web_string(o, str_grouped(o->ctx->arena, args[0]->value.integer));
    char text[64];
    int len =
        snprintf(text, sizeof text, "%.*f", decimals < 0 || decimals > 9 ? 0 : decimals, value);
    Str all = {text, (size_t)len};
    ptrdiff_t point = str_find_char(all, '.');
    Str whole = point < 0 ? all : str_sub(all, 0, (size_t)point);
    Str fraction = point < 0 ? STR_NONE : str_sub(all, (size_t)point, all.len);
    int64_t integer = 0;
    if (!str_to_i64(whole, &integer)) return args[0];
    bool lost_sign = integer == 0 && value < 0;
    return web_string(o, str_fmt(o->ctx->arena, "%s" STR_FMT STR_FMT, lost_sign ? "-" : "",
                                 STR_ARG(str_grouped(o->ctx->arena, integer)), STR_ARG(fraction)));
}

const Json *web_help_yen(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    if (!is_number(args[0])) return NULL;
    Str text = str_grouped(o->ctx->arena, (int64_t)json_number(args[0]));
    return web_string(o, o->lang == WEB_EN ? str_fmt(o->ctx->arena, "¥" STR_FMT, STR_ARG(text))
                                           : str_fmt(o->ctx->arena, STR_FMT "円", STR_ARG(text)));
}

const Json *web_help_percent(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    if (!is_number(args[0])) return NULL;
    return web_string(o, str_fmt(o->ctx->arena, "%.1f%%", json_number(args[0]) * 100));
}

const Json *web_help_bytes(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    if (!is_number(args[0])) return NULL;
    double value = json_number(args[0]);
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    return web_string(
        o, str_fmt(o->ctx->arena, "%.*f %s", unit && value < 10 ? 1 : 0, value, units[unit]));
}

const Json *web_help_minutes(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    if (!is_number(args[0])) return NULL;
    int64_t seconds = (int64_t)json_number(args[0]);
    return web_string(o, str_fmt(o->ctx->arena, "%lld:%02lld", (long long)(seconds / 60),
                                 (long long)(seconds % 60)));
}

/* ---- dates ---- */

static const char *const WEEKDAYS_JA[] = {"日", "月", "火", "水", "木", "金", "土"};
static const char *const WEEKDAYS_EN[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const MONTHS_EN[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

typedef struct Moment {
    Date date;
    int64_t instant; /* TIME_NONE for a plain date */
    int minute;      /* of the day in Japan */
} Moment;

/* Dates, instants (ISO 8601) and microseconds; anything else is shown as it is. */
static bool moment_of(const Json *value, Moment *out) {
    int64_t t = TIME_NONE;
    if (!value) return false;
    if (value->kind == JSON_NUMBER && value->is_int)
        t = value->value.integer;
    else if (time_parse_date(json_str(value), &out->date)) {
        out->instant = TIME_NONE;
        out->minute = 0;
        return true;
    } else if (!time_parse(json_str(value), &t))
        return false;
    out->instant = t;
    out->date = time_jst_date(t);
    out->minute = (int)((t - time_jst_start(out->date)) / TIME_MINUTE);
    return true;
}

static Str date_text(WebOut *o, Date date) {
    if (o->lang != WEB_EN) return time_format_japanese(o->ctx->arena, date);
    return str_fmt(o->ctx->arena, "%d %s %d", date.day, MONTHS_EN[date.month - 1], date.year);
}

const Json *web_help_date(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    Moment m;
    if (!moment_of(args[0], &m)) return args[0];
    Str day = date_text(o, m.date);
    int weekday = time_weekday(m.date);
    return web_string(
        o, o->lang == WEB_EN
               ? str_fmt(o->ctx->arena, STR_FMT " (%s)", STR_ARG(day), WEEKDAYS_EN[weekday])
               : str_fmt(o->ctx->arena, STR_FMT "（%s）", STR_ARG(day), WEEKDAYS_JA[weekday]));
}

const Json *web_help_shortdate(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    Moment m;
    if (!moment_of(args[0], &m)) return args[0];
    int weekday = time_weekday(m.date);
    return web_string(o, o->lang == WEB_EN
                             ? str_fmt(o->ctx->arena, "%s %d %.3s", WEEKDAYS_EN[weekday],
                                       m.date.day, MONTHS_EN[m.date.month - 1])
                             : str_fmt(o->ctx->arena, "%d月%d日（%s）", m.date.month, m.date.day,
                                       WEEKDAYS_JA[weekday]));
}

const Json *web_help_day(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    Moment m;
    return moment_of(args[0], &m) ? web_int(o, m.date.day) : args[0];
}

const Json *web_help_isodate(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    Moment m;
    if (!moment_of(args[0], &m)) return args[0];
    return web_string(o, time_format_date(o->ctx->arena, m.date));
}

const Json *web_help_clock(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    Moment m;
    if (!moment_of(args[0], &m)) return args[0];
    return web_string(o, str_fmt(o->ctx->arena, "%d:%02d", m.minute / 60, m.minute % 60));
}

const Json *web_help_datetime(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    Moment m;
    if (!moment_of(args[0], &m)) return args[0];
    Str day = date_text(o, m.date);
    return web_string(o, str_fmt(o->ctx->arena, STR_FMT "%s%d:%02d", STR_ARG(day),
                                 o->lang == WEB_EN ? ", " : " ", m.minute / 60, m.minute % 60));
}

const Json *web_help_iso(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    Moment m;
    if (!moment_of(args[0], &m)) return args[0];
    Str day = time_format_date(o->ctx->arena, m.date);
    if (m.instant == TIME_NONE) return web_string(o, day);
    int second = (int)((m.instant - time_jst_start(m.date)) / TIME_SECOND % 60);
    return web_string(o, str_fmt(o->ctx->arena, STR_FMT "T%02d:%02d:%02d+09:00", STR_ARG(day),
                                 m.minute / 60, m.minute % 60, second));
}

/* ---- logic ---- */

const Json *web_help_eq(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    bool both = args[0] && args[1];
    return web_bool(o, both ? json_equal(args[0], args[1]) : args[0] == args[1]);
}

const Json *web_help_ne(WebOut *o, const Json *const *args, size_t n) {
    return web_bool(o, !web_true(o, web_help_eq(o, args, n)));
}

const Json *web_help_gt(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    return web_bool(o, json_number(args[0]) > json_number(args[1]));
}

const Json *web_help_not(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    return web_bool(o, !web_true(o, args[0]));
}

const Json *web_help_and(WebOut *o, const Json *const *args, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!web_true(o, args[i])) return web_bool(o, false);
    return web_bool(o, true);
}

const Json *web_help_or(WebOut *o, const Json *const *args, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (web_true(o, args[i])) return args[i];
    return args[n - 1];
}

const Json *web_help_concat(WebOut *o, const Json *const *args, size_t n) {
    Str *parts = NEW_ARRAY(o->ctx->arena, Str, n);
    for (size_t i = 0; i < n; i++)
        parts[i] = web_plain(o, args[i]);
    return web_string(o, str_join(o->ctx->arena, parts, n, STR_NONE));
}

const Json *web_help_len(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    return web_int(o, (int64_t)web_count(o, args[0]));
}

const Json *web_help_member(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    return json_get(args[0], web_plain(o, args[1]));
}

const Json *web_help_json(WebOut *o, const Json *const *args, size_t n) {
    (void)n;
    static const Json null = {.kind = JSON_NULL};
    Buf text = buf_new(o->ctx->arena, 1 << 20);
    json_write(&text, args[0] ? args[0] : &null);
    if (text.full) web_bug(o, "a value is too long for an attribute", STR_NONE);
    return web_string(o, buf_str(&text));
}

const Json *web_help_lang(WebOut *o, const Json *const *args, size_t n) {
    (void)args, (void)n;
    return web_string(o, web_lang_tag(o->lang));
}
