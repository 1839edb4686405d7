/* Tests of what the invented city's gauges read: the same for the same seed, and like a river. */
#include "cli/starter_series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { SEED = 999997, HOURS = 28 * 24 };

static const SeriesGauge upper = {1, 0.9, 1.3}, lower = {6, 1.9, 2.6};

static int64_t instant(const char *text) {
    int64_t at;
    assert_true(time_parse(str_of(text), &at));
    return at;
}

static void a_seed_gives_the_same_readings_whenever_asked(void **state) {
    (void)state;
    int64_t from = instant("2026-11-01T00:00:00Z");
    int differ = 0;
    for (int i = 0; i < HOURS; i++) {
        int64_t at = from + i * TIME_HOUR;
        double level = series_level(SEED, &upper, at);
        assert_true(fabs(series_level(SEED, &upper, at) - level) < 1e-9);
        assert_true(fabs(round(level * 100) / 100 - level) < 1e-9);
        differ += fabs(series_level(SEED + 1, &upper, at) - level) > 0.05;
    }
    assert_true(differ > HOURS / 50);
}

static void each_four_weeks_have_a_flood_that_reaches_caution_and_days_without(void **state) {
    (void)state;
    const SeriesGauge *gauges[] = {&upper, &lower};
    static const char *const starts[] = {"2024-02-10T03:00:00Z", "2026-10-31T20:00:00Z",
                                         "2030-12-31T15:00:00Z"};
    for (size_t k = 0; k < 6; k++) {
        const SeriesGauge *gauge = gauges[k % 2];
        int64_t from = instant(starts[k / 2]);
        double high = 0, before = series_level(SEED, gauge, from);
        int calm = 0;
        for (int i = 1; i < HOURS; i++) {
            double level = series_level(SEED, gauge, from + i * TIME_HOUR);
            assert_true(level > 0 && level < gauge->caution * 1.3);
            assert_true(fabs(level - before) < gauge->caution / 2); /* rivers don't jump */
            before = level;
            high = fmax(high, level);
            calm += level < gauge->first;
        }
        assert_true(high >= gauge->caution);
        assert_true(calm > HOURS / 2);
    }
}

/* The hour of the highest water in four weeks. */
static int crest(const SeriesGauge *gauge, int64_t from) {
    int at = 0;
    double high = 0;
    for (int i = 0; i < HOURS; i++) {
        double level = series_level(SEED, gauge, from + i * TIME_HOUR);
        if (level > high) at = i;
        high = fmax(high, level);
    }
    return at;
}

static void a_flood_comes_past_the_upper_gauge_first(void **state) {
    (void)state;
    int64_t from = instant("2026-11-01T00:00:00Z");
    int apart = crest(&lower, from) - crest(&upper, from);
    assert_true(apart > 2 && apart < 24);
}

static void the_station_is_fuller_on_working_days(void **state) {
    (void)state;
    Date sunday = {2026, 11, 22}, friday = {2026, 11, 27};
    int64_t people = series_people(SEED, friday);
    assert_int_equal(series_people(SEED, friday), people);
    assert_true(people > 2 * series_people(SEED, sunday) * 3 / 4);
    assert_int_not_equal(series_people(SEED + 1, friday), people);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_same_readings_whenever_asked),
        cmocka_unit_test(each_four_weeks_have_a_flood_that_reaches_caution_and_days_without),
        cmocka_unit_test(a_flood_comes_past_the_upper_gauge_first),
        cmocka_unit_test(the_station_is_fuller_on_working_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
