/* starter_series: what the gauges and counters of the invented city read. Nothing is kept of it: a
   figure is a pure function of the seed, of where it is measured and of the instant, so that two
   starts agree about the past and each goes on where the last one ended. */
#ifndef CLI_STARTER_SERIES_H
#define CLI_STARTER_SERIES_H

#include "base/base.h"

/* How the water stands at a gauge. */
typedef struct SeriesGauge {
    int order; /* down the river, from 1: what rains above comes past here later */
    double first,
        caution; /* thresholds in metres: the lowest, and the one that each storm reaches */
} SeriesGauge;

/* Metres, two decimals; between storms below the first threshold. */
double series_level(uint64_t seed, const SeriesGauge *gauge, int64_t at);
/* People who passed the station on a day: more on working days. */
int64_t series_people(uint64_t seed, Date day);

#endif
