/* desk: a city with releases, its data steward and the head who decides, for the tests of open/. */
#ifndef TEST_OPEN_DESK_H
#define TEST_OPEN_DESK_H

#include "../procedure/house.h"
#include "open/open.h"

#define COUNTS  STR("bulky-waste-counts")
#define RECORDS STR("bulky-waste-records")

typedef struct Desk {
    House house;
    Actor steward, head;
    const Json *releases[3];
    size_t made; /* cases so far */
} Desk;

typedef struct Pickup {
    const char *date, *district, *class, *choice, *state;
    int n;
} Pickup;

#define OCTOBER(district_, n_)                                                                     \
    { "2026-10-12", district_, "furniture", "in", "collected", n_ }

#define PUT(desk, ...)                                                                             \
    desk_pickups(desk, (const Pickup[]){__VA_ARGS__},                                              \
                 sizeof((const Pickup[]){__VA_ARGS__}) / sizeof(Pickup))

Str desk_hash(Desk *desk, Str proposal);
void desk_decide(Desk *desk, Str id);
void desk_open(Desk *desk);
void desk_undecided(Desk *desk);
void desk_begin(Desk *desk);
void desk_end(Desk *desk);
void desk_put(Desk *desk, Entity *entity);
void desk_pickup(Desk *desk, size_t index, const Pickup *pickup);
void desk_pickups(Desk *desk, const Pickup *pickups, size_t n);
void desk_run(Desk *desk);
Str desk_file(Desk *desk, Str dataset, const char *format);
void desk_fill(Desk *desk);
void desk_aed(Desk *desk, const char *number, const char *name);
const Json *desk_changed(Desk *desk, size_t index, const char *from, const char *to);

#endif
