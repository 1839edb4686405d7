/* rights: what a subscriber is told depends on who he is now, not on who he was when he subscribed
   (DESIGN §5). The matcher asks before it tells, the delivery before it sends. */
#ifndef BROKER_RIGHTS_H
#define BROKER_RIGHTS_H

#include "subscription.h"

/* RC_DENIED unless ctx's actor may subscribe to what this is about. */
Rc rights_subscribe(Ctx *ctx, const Subscription *subscription);

/* Whether its owner may still be told, and then ctx's actor and purpose are his. Asked of the
   account once per policy epoch. Where he may not, the subscription is paused by a command, with
   the reason. RC_DENIED: he may not. The matcher's thread. */
Rc rights_hold(Ctx *ctx, Subscription *subscription);

/* What of a notification needs a look: personal data that its body shows. */
typedef struct NoticeLook {
    Str subject, retention; /* under whose key the body waits; empty: nothing personal is in it */
    GateLater later;
} NoticeLook;

/* Whether a notification that waits may be sent, and its body. A body with personal data is a look
   of the subscriber, which is recorded here. RC_DENIED: it may not, ever; else another try may
   help. */
typedef struct NoticeRights {
    Str subscription, body, sealed; /* body, or sealed (base64) */
    uint64_t epoch, mark;           /* under which it was made */
    GateLater later;
} NoticeRights;
Rc rights_send(Ctx *ctx, const NoticeRights *notice, Str *body);
/* Its members in the row of a notification that waits; and read back, as long as row lives. */
void rights_put(JsonWriter *w, const NoticeRights *rights);
NoticeRights rights_get(Arena *arena, const Json *row);

#endif
