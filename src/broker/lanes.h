/* lanes: what delivery knows in memory of each subscription, and of each place (host and port) to
   which notifications go. A lane waits for room at its place before it takes any of what all share:
   who doesn't answer keeps nobody waiting who is told elsewhere. All of it under delivery's lock;
   nothing here waits or asks the store. */
#ifndef BROKER_LANES_H
#define BROKER_LANES_H

#include "delivery.h"

enum {
    LANES_KEY = 16,          /* bytes */
    LANES_ITEM = 12,         /* bytes of a notice's key behind its lane's: position, ordinal */
    LANES_FLYING_MAX = 1000, /* lanes under way at once */
    /* of them at one place, which has half as many connections: the next one is at hand as soon as
       one is free */
    LANES_PLACE_MAX = 128,
    LANES_PLACE_FIRST = 8, /* at one that has not shown yet that it answers */
    LANES_AGAIN = 4,       /* of a place's share, those that have failed get the nth part */
    LANES_AGAIN_MAX = LANES_FLYING_MAX / 2, /* and no more at all places together */
};

typedef struct LaneKey {
    uint8_t bytes[LANES_KEY];
} LaneKey;

/* IDLE has nothing; READY is on the list of those to send, or waits at its place; FLYING waits for
 * an answer; RESTING for its time. */
typedef enum LaneMode { LANE_IDLE, LANE_READY, LANE_FLYING, LANE_RESTING } LaneMode;

typedef struct Place Place;
typedef struct Lanes Lanes;

typedef struct Lane {
    struct Lane *next;     /* of its bucket */
    struct Lane *next_one; /* of the list that it is on */
    void *owner;
    LaneKey key;
    LaneMode mode;
    bool dropped;
    unsigned tries; /* of the first notice */
    uint64_t added; /* notices so far, to see whether one came while the lane was read */
    int64_t rest_until;
    DeliveryState state;
    uint64_t oldest; /* while something waits: its first notice is of this leaf or a later one */
    char *hand;      /* key and value of the first notice, as long as nobody has tried to send it */
    size_t hand_len;
    /* where it goes, as far as is known; NULL before its first notice was read */
    Place *place;
    uint64_t address; /* hash of the address that gave the place */
    bool inside;      /* takes room there */
    bool again;       /* and is one of those that have failed */
    /* of what is in flight, and its outcome */
    uint8_t item[LANES_KEY + LANES_ITEM];
    int64_t at, cooldown;
    int64_t left, took; /* monotonic; µs */
    Rc rc;
    int status;
    bool withheld; /* it was not sent: its subscriber may not be told any more */
} Lane;

/* owner: what each lane points back to. */
Lanes *lanes_new(void *owner);
void lanes_free(Lanes *lanes);

LaneKey lanes_key(Str subscription);
Lane *lanes_find(Lanes *lanes, const LaneKey *key); /* NULL: there is none */
Lane *lanes_get(Lanes *lanes, const LaneKey *key);  /* made when absent */
/* Of a lane that is on no list. */
void lanes_forget(Lanes *lanes, Lane *lane);
void lanes_each(const Lanes *lanes, void (*each)(void *arg, const Lane *lane), void *arg);
void lane_hand_drop(Lane *lane);

/* A lane that is idle, or takes no room any more, has something to send. */
void lanes_ready(Lanes *lanes, Lane *lane);
/* Lets a lane rest until an instant of the monotonic clock. */
void lanes_rest(Lanes *lanes, Lane *lane, int64_t until);
/* Readies the lanes whose rest is over; gives the next instant at which one's is. */
int64_t lanes_wake(Lanes *lanes, int64_t now);
/* Whether lanes_take would give one. */
bool lanes_any(const Lanes *lanes);
/* Those that may fly now, linked by next_one; the others stay in their order, unread. */
Lane *lanes_take(Lanes *lanes);
/* Whether the place of a lane that flies is that of an address, as far as anybody knows. */
bool lanes_at(const Lane *lane, uint64_t address);
/* A lane that flies goes to this place: true, or it waits there now and is nobody's. */
bool lanes_enter(Lanes *lanes, Lane *lane, Str place, uint64_t address);
/* A lane that flew takes no room any more; it is on no list. */
void lanes_leave(Lanes *lanes, Lane *lane);
/* What a place is seen to be by an answer or its absence: who answers at once gets more room. */
void lanes_judge(Lane *lane);

/* A lane's answer has come; from any thread. lanes_done takes all such, linked by next_one. */
void lanes_answered(Lanes *lanes, Lane *lane);
Lane *lanes_done(Lanes *lanes);
bool lanes_any_done(const Lanes *lanes);

#endif
