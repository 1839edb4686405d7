/* delivery: notifications on their way. Each subscription has a lane: its notifications lie in
   local.db, in order, and leave one at a time; a lane that fails waits alone. At least once. Any
   thread, unless said otherwise. */
#ifndef BROKER_DELIVERY_H
#define BROKER_DELIVERY_H

#include "rights.h"

typedef struct Delivery Delivery;

enum { DELIVERY_QUEUE_MAX = 10000 }; /* of one lane */

typedef struct DeliveryOptions {
    Tenant *tenant;
    bool loopback, plain;
    const StrVec *hosts; /* all as of BrokerOptions */
    int64_t retry;       /* µs before the first further try */
} DeliveryOptions;

/* Reads what waits in local.db and starts to send it. ctx->db. */
Rc delivery_open(Ctx *ctx, const DeliveryOptions *options, Delivery **out);
void delivery_close(Delivery *delivery); /* NULL allowed */

/* False: the host of an endpoint is an address to which nothing is sent, or a name that means this
 * machine (localhost, *.localhost). Any other name is judged when it is called, by what it resolves
 * to then. */
bool delivery_reaches(const Delivery *delivery, Str host);
/* False: it is none of the names to which something may be sent. */
bool delivery_listed(const Delivery *delivery, Str host);
/* False: what is sent there could be read on its way. */
bool delivery_covered(const Delivery *delivery, Str url, Str host);

/* One notification as it will be sent. */
typedef struct Notice {
    Str subscription; /* id */
    uint64_t position;
    uint32_t ordinal; /* of the event: with the position, its place in the lane */
    int64_t at;       /* µs */
    int64_t timeout, cooldown;
    Str url;
    NoticeRights rights; /* its body, and under which rights it was made */
    StrVec headers;
} Notice;

/* False: the lane is full; that this notification is lost is counted as a failure. */
bool delivery_room(Delivery *delivery, Str subscription, int64_t now);
/* A notice as it was written, in ctx's arena: where nothing waits before it, it needn't be read. */
typedef struct NoticeRow {
    Str key, value;
} NoticeRow;
/* Writes a notice, or drops a lane, within the caller's transaction on local.db. */
Rc delivery_put(Ctx *ctx, Batch *local, const Notice *notice, NoticeRow *row);
Rc delivery_drop(Ctx *ctx, Batch *local, Str subscription);
/* To be said after that transaction has been committed: a notice of the leaf at position. row NULL:
   it is read. */
void delivery_added(Delivery *delivery, Str subscription, uint64_t position, const NoticeRow *row);
void delivery_dropped(Delivery *delivery, Str subscription);

/* What a subscription tells of its notifications (clause 5.2.14). Times are TIME_NONE before the
 * first. */
typedef struct DeliveryState {
    int64_t sent, failed; /* tries; and what failed, was lost or held back */
    int64_t last, last_success, last_failure;
    uint64_t waiting;
} DeliveryState;
DeliveryState delivery_state(Delivery *delivery, Str subscription);
uint64_t delivery_waiting(Delivery *delivery);
/* Of the leaves up to `matched`, whose notices have all been added: the one up to which nothing is
   left to be delivered. What was given up is not left. */
uint64_t delivery_through(Delivery *delivery, uint64_t matched);

#endif
