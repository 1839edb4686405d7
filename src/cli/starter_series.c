#include "starter_series.h"

#include <math.h>

enum {
    STORM_EVERY = 19,   /* days; so each four weeks have one */
    RAIN_PERCENT = 22,  /* of the days in between */
    REMEMBERED = 4,     /* days after which a rain has run off */
    FLOWS_DOWN_MIN = 40 /* minutes from one gauge to the next */
};

/* A number in [0, 1) that belongs to these three. */
static double drawn(uint64_t seed, uint64_t what, int64_t when) {
    Rand rand = rand_seeded(seed ^ what << 56 ^ (uint64_t)when);
    return (double)(rand_u64(&rand) >> 11) / (double)(UINT64_C(1) << 53);
}

enum { DRAW_RAINS = 1, DRAW_HOUR, DRAW_AMOUNT, DRAW_RIPPLE, DRAW_PEOPLE };

/* What fell on a day, as a share of what lifts the river from its usual level to caution. */
static double rain(uint64_t seed, int64_t day) {
    double amount = drawn(seed, DRAW_AMOUNT, day);
    if (day % STORM_EVERY == 0) return 1.05 + 0.15 * amount;
    return drawn(seed, DRAW_RAINS, day) * 100 < RAIN_PERCENT ? 0.06 + 0.34 * amount : 0;
}

/* A flood's course: rises fast, falls slowly; 1 at its crest, after `lasts`. */
static double course(int64_t since, int64_t lasts) {
    double x = (double)since / (double)lasts;
    return x > 0 ? x * exp(1 - x) : 0;
}

double series_level(uint64_t seed, const SeriesGauge *gauge, int64_t at) {
    int64_t today = time_date_days(time_jst_date(at)), lasts = (4 * 60 + 30 * gauge->order);
    double usual = 0.38 * gauge->first, lifted = 0;
    for (int64_t day = today - REMEMBERED; day <= today; day++) {
        int64_t start = time_jst_start(time_days_date(day)) +
                        (int64_t)(drawn(seed, DRAW_HOUR, day) * (double)TIME_DAY) +
                        gauge->order * FLOWS_DOWN_MIN * TIME_MINUTE;
        lifted = fmax(lifted, rain(seed, day) * course(at - start, lasts * TIME_MINUTE));
    }
    double ripple = drawn(seed + (uint64_t)gauge->order, DRAW_RIPPLE, at) - 0.5;
    double level = usual + lifted * (gauge->caution - usual) + 0.02 * usual * ripple;
    return round(level * 100) / 100;
}

int64_t series_people(uint64_t seed, Date day) {
    static const double usual[] = {5200, 8900, 9100, 9200, 9150, 9800, 6400}; /* from Sunday on */
    int64_t days = time_date_days(day);
    double wet = rain(seed, days) > 0.2 ? 0.88 : 1;
    return (int64_t)(usual[time_weekday(day)] * wet *
                     (0.93 + 0.14 * drawn(seed, DRAW_PEOPLE, days)));
}
