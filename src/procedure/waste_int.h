/* waste_int: the rules as they are kept, for the files that read and ask them. */
#ifndef PROCEDURE_WASTE_INT_H
#define PROCEDURE_WASTE_INT_H

#include "waste.h"

/* A time of every year in which the city is closed; from may be later than to: over new year. */
typedef struct Closed {
    int from, to; /* month * 100 + day */
} Closed;

struct Waste {
    VEC(WasteItem) items;
    Map by_id;
    const Json *classes, *rules, *remedies, *organisation;
    VEC(WasteDistrict) districts;
    VEC(WasteReduction) reductions;
    VEC(WasteMissed) missed;
    WasteMissed taken_out;
    VEC(Closed) closed;
    VEC(int64_t) holidays; /* days since 1970, ascending */
    int last_year;         /* of which holidays are listed */
    unsigned working_days; /* bits 1 << time_weekday */
    WasteLimits limits;
};

#endif
