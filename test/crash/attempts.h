/* attempts: many threads try to book the same slots while the process is killed again and again;
   whatever was acknowledged is there once, and no slot has more than it holds. */
#ifndef TEST_CRASH_ATTEMPTS_H
#define TEST_CRASH_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Attempts {
    uint64_t tried, booked, kills;
    uint64_t lost;   /* acknowledged and not there */
    uint64_t beyond; /* units above what slots hold */
    double seconds;
} Attempts;

/* Makes at least so many attempts in a new folder under `base`, which is removed again. slots:
   how many there are, of 3 units each. False: something went wrong, on standard error. */
bool attempts_run(const char *base, uint64_t attempts, unsigned slots, Attempts *out);

#endif
