#include "lanes.h"

#include <string.h>

enum { BUCKETS = 4096 };
static const int64_t prompt = TIME_SECOND, no_room_pause = TIME_SECOND / 10;

struct Place {
    Place *next; /* of its bucket */
    Str name;
    size_t lanes;  /* that point here */
    size_t share;  /* so many may be inside */
    size_t inside; /* ready or flying */
    size_t again;  /* ready, waiting or flying though they have failed */
    Lane *queue, **last;
};

struct Lanes {
    void *owner;
    Lane *buckets[BUCKETS];
    Place *places[BUCKETS];
    Lane *ready, **ready_last;
    Lane *done;
    Lane *resting;
    size_t flying; /* lanes whose mode that is, LANES_FLYING_MAX at most */
    size_t again;  /* of all places */
};

Lanes *lanes_new(void *owner) {
    Lanes *lanes = mem_zero(sizeof *lanes);
    lanes->owner = owner;
    lanes->ready_last = &lanes->ready;
    return lanes;
}

void lanes_free(Lanes *lanes) {
    if (!lanes) return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (lanes->buckets[i])
            lanes_forget(lanes, lanes->buckets[i]);
    mem_free(lanes);
}

/* ---- places ---- */

static Place **place_at(Lanes *lanes, Str name) {
    Place **at = &lanes->places[hash_fast(name) % BUCKETS];
    while (*at && !str_eq((*at)->name, name))
        at = &(*at)->next;
    return at;
}

static Place *place_get(Lanes *lanes, Str name) {
    Place **at = place_at(lanes, name), *place = *at;
    if (place) return place;
    place = mem_zero(sizeof *place + name.len);
    if (name.len) memcpy(place + 1, name.ptr, name.len);
    place->name = (Str){(const char *)(place + 1), name.len};
    place->share = LANES_PLACE_FIRST;
    place->last = &place->queue;
    return *at = place;
}

static void place_set(Lanes *lanes, Lane *lane, Place *place) {
    Place *old = lane->place;
    if (old == place) return;
    lane->place = place;
    if (place) place->lanes++;
    if (place) place->again += lane->again;
    if (!old) return;
    old->again -= lane->again;
    if (--old->lanes) return;
    *place_at(lanes, old->name) = old->next;
    mem_free(old);
}

static void go_inside(Lane *lane) {
    if (!lane->place || lane->inside) return;
    lane->inside = true;
    lane->place->inside++;
}

/* Those that have failed are counted, here and at their place. */
static void set_again(Lanes *lanes, Lane *lane, bool again) {
    if (lane->again == again) return;
    size_t *counts[] = {&lanes->again, lane->place ? &lane->place->again : NULL};
    for (size_t i = 0; i < 2; i++)
        if (counts[i]) *counts[i] += again ? 1 : (size_t)-1;
    lane->again = again;
}

/* ---- lanes ---- */

LaneKey lanes_key(Str subscription) {
    LaneKey key;
    Digest digest = hash_sha256(subscription);
    memcpy(key.bytes, digest.bytes, sizeof key.bytes);
    return key;
}

static Lane **bucket_of(Lanes *lanes, const LaneKey *key) {
    return &lanes->buckets[(key->bytes[0] << 8 | key->bytes[1]) % BUCKETS];
}

Lane *lanes_find(Lanes *lanes, const LaneKey *key) {
    Lane *lane = *bucket_of(lanes, key);
    while (lane && memcmp(&lane->key, key, sizeof *key) != 0)
        lane = lane->next;
    return lane;
}

Lane *lanes_get(Lanes *lanes, const LaneKey *key) {
    Lane *lane = lanes_find(lanes, key);
    if (lane) return lane;
    lane = mem_zero(sizeof *lane);
    lane->owner = lanes->owner;
    lane->key = *key;
    lane->state =
        (DeliveryState){.last = TIME_NONE, .last_success = TIME_NONE, .last_failure = TIME_NONE};
    Lane **bucket = bucket_of(lanes, key);
    lane->next = *bucket;
    *bucket = lane;
    return lane;
}

void lane_hand_drop(Lane *lane) {
    mem_free(lane->hand);
    lane->hand = NULL;
}

void lanes_forget(Lanes *lanes, Lane *lane) {
    lane_hand_drop(lane);
    place_set(lanes, lane, NULL);
    Lane **at = bucket_of(lanes, &lane->key);
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    mem_free(lane);
}

void lanes_each(const Lanes *lanes, void (*each)(void *arg, const Lane *lane), void *arg) {
    for (size_t i = 0; i < BUCKETS; i++)
        for (const Lane *lane = lanes->buckets[i]; lane; lane = lane->next)
            each(arg, lane);
}

/* ---- to be sent ---- */

static void list_add(Lane ***last, Lane *lane) {
    lane->next_one = NULL;
    **last = lane;
    *last = &lane->next_one;
}

void lanes_ready(Lanes *lanes, Lane *lane) {
    Place *place = lane->place;
    lane->mode = LANE_READY;
    if (place && place->inside >= place->share) {
        list_add(&place->last, lane);
        return;
    }
    go_inside(lane);
    list_add(&lanes->ready_last, lane);
}

bool lanes_any(const Lanes *lanes) {
    return lanes->ready && lanes->flying < LANES_FLYING_MAX;
}

Lane *lanes_take(Lanes *lanes) {
    Lane *taken = lanes->ready, **last = &lanes->ready;
    while (*last && lanes->flying < LANES_FLYING_MAX) {
        (*last)->mode = LANE_FLYING;
        lanes->flying++;
        last = &(*last)->next_one;
    }
    if (last == &lanes->ready) return NULL;
    lanes->ready = *last;
    if (!lanes->ready) lanes->ready_last = &lanes->ready;
    *last = NULL;
    return taken;
}

bool lanes_at(const Lane *lane, uint64_t address) {
    return lane->inside && lane->address == address;
}

/* The next of those that wait at a place go on. */
static void place_go_on(Lanes *lanes, Place *place) {
    while (place->queue && place->inside < place->share) {
        Lane *lane = place->queue;
        place->queue = lane->next_one;
        if (!place->queue) place->last = &place->queue;
        lanes_ready(lanes, lane);
    }
}

static void go_outside(Lanes *lanes, Lane *lane) {
    Place *place = lane->place;
    if (!lane->inside) return;
    lane->inside = false;
    place->inside--;
    place_go_on(lanes, place);
}

bool lanes_enter(Lanes *lanes, Lane *lane, Str name, uint64_t address) {
    go_outside(lanes, lane);
    place_set(lanes, lane, place_get(lanes, name));
    lane->address = address;
    if (lane->place->inside < lane->place->share) {
        go_inside(lane);
        return true;
    }
    lanes->flying--;
    lanes_ready(lanes, lane);
    return false;
}

void lanes_leave(Lanes *lanes, Lane *lane) {
    lanes->flying--;
    go_outside(lanes, lane);
    set_again(lanes, lane, false);
}

void lanes_judge(Lane *lane) {
    Place *place = lane->place;
    bool good = lane->rc == RC_OK && lane->took <= prompt;
    if (!place) return;
    if (good && place->share < LANES_PLACE_MAX) place->share++;
    if (!good && place->share > LANES_PLACE_FIRST) place->share--;
}

/* ---- resting ---- */

void lanes_rest(Lanes *lanes, Lane *lane, int64_t until) {
    lane->mode = LANE_RESTING;
    lane->rest_until = until;
    lane->next_one = lanes->resting;
    lanes->resting = lane;
}

/* Those that fail may take all the time that they are given: they leave room for the others. */
static bool may_try(const Lanes *lanes, const Lane *lane) {
    if (!lane->tries) return true;
    if (lanes->again >= LANES_AGAIN_MAX) return false;
    return !lane->place || lane->place->again < lane->place->share / LANES_AGAIN;
}

/* True: it rests no longer. */
static bool rested(Lanes *lanes, Lane *lane, int64_t now) {
    if (lane->dropped) {
        lanes_forget(lanes, lane);
        return true;
    }
    if (lane->rest_until > now) return false;
    if (!may_try(lanes, lane)) {
        lane->rest_until = now + no_room_pause;
        return false;
    }
    set_again(lanes, lane, lane->tries > 0);
    lanes_ready(lanes, lane);
    return true;
}

int64_t lanes_wake(Lanes *lanes, int64_t now) {
    int64_t next = now + TIME_MINUTE;
    Lane *lane = lanes->resting;
    lanes->resting = NULL;
    while (lane) {
        Lane *after = lane->next_one;
        if (!rested(lanes, lane, now)) {
            if (lane->rest_until < next) next = lane->rest_until;
            lane->next_one = lanes->resting;
            lanes->resting = lane;
        }
        lane = after;
    }
    return next;
}

/* ---- answered ---- */

void lanes_answered(Lanes *lanes, Lane *lane) {
    lane->next_one = lanes->done;
    lanes->done = lane;
}

Lane *lanes_done(Lanes *lanes) {
    Lane *done = lanes->done;
    lanes->done = NULL;
    return done;
}

bool lanes_any_done(const Lanes *lanes) {
    return lanes->done != NULL;
}
