/* cell_time: dates, instants and times of day as they are written. */
#include "cell_int.h"

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

/* Takes a run of digits of at most max off *rest. */
static bool digits_take(Str *rest, size_t max, int *out) {
    size_t n = 0;
    *out = 0;
    while (n < rest->len && n < max && digit(rest->ptr[n]))
        *out = *out * 10 + (rest->ptr[n++] - '0');
    *rest = str_sub(*rest, n, rest->len);
    return n > 0;
}

static bool char_take(Str *rest, const char *any) {
    if (!rest->len) return false;
    for (; *any; any++)
        if (rest->ptr[0] == *any) {
            *rest = str_sub(*rest, 1, rest->len);
            return true;
        }
    return false;
}

/* "7/1/24" with the order "m/d/y". A year of two digits is of this century. */
static bool ordered_date(Str s, Str order, Date *out) {
    int part[3];
    for (int i = 0; i < 3; i++)
        if (!digits_take(&s, 4, &part[i]) || (i < 2 && !char_take(&s, "/-."))) return false;
    if (s.len || order.len != 5) return false;
    *out = (Date){0};
    for (int i = 0; i < 3; i++) {
        char what = order.ptr[i * 2];
        if (what == 'y') out->year = part[i] < 100 ? 2000 + part[i] : part[i];
        if (what == 'm') out->month = part[i];
        if (what == 'd') out->day = part[i];
    }
    return time_date_valid(*out);
}

/* An era is written with a letter or a kanji in front. */
static bool era(Str s) {
    static const Str names[] = {{"明治", 6}, {"大正", 6}, {"昭和", 6}, {"平成", 6}, {"令和", 6}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_starts(s, names[i])) return true;
    return s.len && !digit(s.ptr[0]);
}

static bool date_read(CellWork *work, Str s, Str order, Date *out) {
    if (s.len == 10 && s.ptr[4] == '-' && time_parse_date(s, out)) return true;
    s = cell_narrow(work, s);
    if (order.len && ordered_date(s, order, out)) {
        cell_rule(work, RULE_DATE);
        return true;
    }
    if (!time_parse_japanese(s, out)) return false;
    cell_rule(work, era(s) ? RULE_WAREKI : RULE_DATE);
    return true;
}

/* A time of day in minutes and seconds; 24:00 is one, later ones are none. */
typedef struct Clocked {
    int hour, minute, second;
    bool usual; /* HH:MM or HH:MM:SS */
} Clocked;

static bool clock_valid(const Clocked *c) {
    if (c->minute > 59 || c->second > 59) return false;
    return c->hour < 24 || (c->hour == 24 && c->minute == 0 && c->second == 0);
}

/* 9:00, 09:00:30. */
static bool clock_colons(Str s, Clocked *out) {
    Str rest = s;
    *out = (Clocked){.usual = s.len > 2 && s.ptr[2] == ':'};
    if (!digits_take(&rest, 2, &out->hour) || !char_take(&rest, ":")) return false;
    if (!digits_take(&rest, 2, &out->minute)) return false;
    if (char_take(&rest, ":") && !digits_take(&rest, 2, &out->second)) return false;
    return !rest.len;
}

/* 9時, 9時30分. */
static bool clock_kanji(Str s, Clocked *out) {
    const Str hour = STR("時"), minute = STR("分");
    *out = (Clocked){0};
    if (!digits_take(&s, 2, &out->hour) || !str_starts(s, hour)) return false;
    s = str_sub(s, hour.len, s.len);
    if (!s.len) return true;
    if (str_eq(s, STR("半"))) {
        out->minute = 30;
        return true;
    }
    return digits_take(&s, 2, &out->minute) && str_eq(s, minute);
}

/* 0900. */
static bool clock_digits(Str s, Clocked *out) {
    *out = (Clocked){0};
    return s.len == 4 && digits_take(&s, 2, &out->hour) && digits_take(&s, 2, &out->minute) &&
           !s.len;
}

static bool clock_read(CellWork *work, Str s, Clocked *out) {
    s = cell_narrow(work, s);
    bool good = clock_colons(s, out) || clock_kanji(s, out) || clock_digits(s, out);
    if (!good || !clock_valid(out)) return false;
    if (!out->usual) cell_rule(work, RULE_CLOCK);
    return true;
}

static int64_t instant(CellWork *work, Date date, const Clocked *c) {
    if (c->hour == 24) cell_rule(work, RULE_TIME_24);
    return time_jst_start(date) + c->hour * TIME_HOUR + c->minute * TIME_MINUTE +
           c->second * TIME_SECOND;
}

CellState cell_time_parts(CellWork *work, Str date_cell, Str clock_cell, Str order, int64_t *out) {
    Date date;
    Clocked clocked = {0};
    Str day = cell_trim(date_cell), clock = cell_trim(clock_cell);
    if (!day.len) return CELL_EMPTY;
    if (!date_read(work, day, order, &date)) return cell_bad(work, "This is no date.");
    if (clock.len && !clock_read(work, clock, &clocked))
        return cell_bad(work, "This is no time of day.");
    *out = instant(work, date, &clocked);
    return CELL_VALUE;
}

CellState cell_time(CellWork *work, Str raw, Str order, int64_t *out) {
    Str s = cell_trim(raw);
    if (!s.len) return CELL_EMPTY;
    if (time_parse(s, out)) return CELL_VALUE;
    ptrdiff_t at = str_find_char(s, 'T');
    if (at < 0) at = str_find_char(s, ' ');
    if (at < 0) {
        s = cell_narrow(work, s);
        at = str_find_char(s, ' ');
    }
    Str date = at < 0 ? s : str_sub(s, 0, (size_t)at);
    Str clock = at < 0 ? STR_NONE : str_sub(s, (size_t)at + 1, s.len);
    return cell_time_parts(work, date, clock, order, out);
}

static Str order_of(const DictAttr *attr) {
    return json_get_str(json_get(attr->source, STR("csv")), "date");
}

/* A spreadsheet adds midnight to a date. */
static Str without_midnight(Str s) {
    static const Str tails[] = {
        {" 00:00:00", 9}, {" 0:00:00", 8}, {" 00:00", 6}, {" 0:00", 5}, {"T00:00:00", 9}};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
        if (str_ends(s, tails[i])) return str_sub(s, 0, s.len - tails[i].len);
    return s;
}

CellState cell_date(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    Date date;
    Str day = without_midnight(raw);
    if (!date_read(work, day, order_of(attr), &date)) return cell_bad(work, "This is no date.");
    if (day.len != raw.len) cell_rule(work, RULE_DATE);
    *out = json_of_str(time_format_date(work->ctx->arena, date));
    return CELL_VALUE;
}

CellState cell_datetime(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    int64_t at;
    CellState state = cell_time(work, raw, order_of(attr), &at);
    if (state == CELL_VALUE) *out = json_of_str(time_format(work->ctx->arena, at));
    return state;
}

CellState cell_clock(CellWork *work, const DictAttr *attr, Str raw, Json *out) {
    Clocked clocked;
    (void)attr;
    if (!clock_read(work, raw, &clocked)) return cell_bad(work, "This is no time of day.");
    *out = json_of_str(str_fmt(work->ctx->arena, "%02d:%02d", clocked.hour, clocked.minute));
    return CELL_VALUE;
}
