/* 0 double bookings in so many concurrent attempts with kill -9 in between: booking ATTEMPTS */
#include "attempts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A twentieth of the attempts can succeed, up to what a ledger replays without its projections. */
enum { SLOTS_MAX = 60000, ATTEMPTS_A_SLOT = 60 };

int main(int argc, char **argv) {
    Attempts got;
    uint64_t attempts = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    uint64_t wanted = attempts / ATTEMPTS_A_SLOT + 1;
    unsigned slots = wanted < SLOTS_MAX ? (unsigned)wanted : SLOTS_MAX;
    if (!attempts_run("/tmp", attempts, slots, &got)) return 1;
    printf("%" PRIu64 " attempts, %" PRIu64 " kills, %" PRIu64 " booked, %" PRIu64
           " beyond what slots hold, %" PRIu64 " acknowledged and lost, %.1f s\n",
           got.tried, got.kills, got.booked, got.beyond, got.lost, got.seconds);
    bool sound = got.beyond == 0 && got.lost == 0 && got.booked > slots && got.kills > 1;
    return sound ? 0 : 1;
}
