/* offer: what somebody may do on a route today, found by trying: exactly what route_act would take.
   Pure. Include only decide.h from outside. */
#ifndef DECIDE_OFFER_H
#define DECIDE_OFFER_H

#include "route.h"

/* Who asks about which route, under which of his posts, on which day. */
typedef struct OfferAsk {
    const Org *org;
    const Route *route;
    Str person, post;
    Date day;
} OfferAsk;

typedef struct RouteOffer {
    unsigned verbs; /* bits 1 << RouteVerb */
    OrgHow how;     /* in which quality */
    bool two_roles; /* he has acted in another role: he has to say so */
    bool urgent;    /* only when unavoidably urgent, with the reason */
    bool opinions;  /* the dissents have to be in view */
} RouteOffer;

/* On one stage; without its verbs: nothing. */
void offer_stage(Ctx *ctx, const OfferAsk *ask, size_t stage, RouteOffer *out);
/* Verbs that are about no stage, as bits. CONSULT_ADD: some post may be added. */
unsigned offer_whole(Ctx *ctx, const OfferAsk *ask);
/* Whether anything waits for him: a stage that is due, something to see, a decision to take up. */
bool offer_waits(Ctx *ctx, const OfferAsk *ask);

#endif
