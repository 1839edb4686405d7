/* subscription: a Subscription (clause 5.2.12) as it is stored, and compiled for matching.
   It is kept as an entity whose `document` has types and attributes expanded, so that a command
   changes it like everything. */
#ifndef BROKER_SUBSCRIPTION_H
#define BROKER_SUBSCRIPTION_H

#include "broker_int.h"

#define SUBSCRIPTION_TYPE     LD_NGSI "Subscription"
#define SUBSCRIPTION_DOCUMENT LD_DEFAULT "document"
#define SUBSCRIPTION_CONTEXT  LD_DEFAULT "context"
#define SUBSCRIPTION_OWNER    LD_DEFAULT "owner"
#define SUBSCRIPTION_WITHHELD                                                                      \
    LD_DEFAULT "withheld" /* {reason, detail, since}: its owner may not be told */

/* What makes a notification (clause 5.2.12, notificationTrigger). */
enum {
    TRIGGER_ENTITY_CREATED = 1,
    TRIGGER_ENTITY_UPDATED = 2,
    TRIGGER_ENTITY_DELETED = 4,
    TRIGGER_ATTR_CREATED = 8,
    TRIGGER_ATTR_UPDATED = 16,
    TRIGGER_ATTR_DELETED = 32,
};

/* Compiled; belongs to the matcher's thread. */
typedef struct Subscription {
    Arena *arena; /* all of it lies here */
    Str id;
    uint64_t version;
    const Json *owner;  /* as gate_actor_write wrote him */
    const Actor *actor; /* and his purpose, as of the epoch below; NULL before */
    Str purpose;
    uint64_t epoch, mark; /* see rights.h */
    bool decided, withheld;
    const LdContext *terms;   /* the creator's: of q and names; counted */
    const LdContext *context; /* of notifications; counted */
    Match **selectors;        /* one of these; none: any entity */
    size_t n;
    Match *match; /* and this */
    StrVec watched;
    unsigned triggers;
    bool active;
    int64_t created_at, expires_at, throttling; /* µs */
    RenderOptions render;
    Accept accept;
    Str url;
    StrVec headers;
    int64_t timeout, cooldown; /* µs; 0: the usual ones */
    int64_t matched_at;        /* last notification that was made, for throttling */
    uint64_t stamp;            /* of the event that proposed it last */
    bool dead;                 /* taken out of the watch */
} Subscription;

/* Reads a payload: known members of the right kind, types and attributes expanded. fragment: of a
   PATCH, where an NGSI-LD Null removes a member. */
Rc subscription_read(Ctx *ctx, const LdContext *context, const Json *payload, bool fragment,
                     const Json **document);
/* The document that a fragment makes of it (clause 5.8.2): members replace, nulls remove. */
const Json *subscription_merge(Arena *arena, const Json *document, const Json *fragment);
/* Compiles a stored one. Fetches its context where that is not cached: pool and matcher threads. */
Rc subscription_compile(Ctx *ctx, const Entity *stored, Subscription **out);
void subscription_free(Subscription *subscription); /* NULL allowed */
/* The entity that stores it. */
typedef struct SubscriptionParts {
    Str id;
    const Json *document, *context, *owner;
} SubscriptionParts;
Entity *subscription_entity(Arena *arena, const SubscriptionParts *parts);
/* A JSON member of the stored entity: one of the names above; NULL when it has none. */
const Json *subscription_part(const Entity *stored, Str name);

#endif
