/* appoint: who orders, agrees to and ends duties (gate/duty.h). Who acts for a post (職務代理) or
   keeps its business (事務取扱) is an order of its appointing side (任命権者): of the post by which
   organisation.json has those orders written, and of whoever is above that. Help for another
   division (応援) and membership in a project team are ordered by a superior common to both posts,
   or by that side; or the head of one asks, and the head of the other agrees. Nobody orders
   anything for himself. Include only decide.h from outside. */
#ifndef DECIDE_APPOINT_H
#define DECIDE_APPOINT_H

#include "gate/gate.h"

#include "org.h"

enum {
    APPOINT_OPEN = GATE_DUTY_OPEN, /* duties of one post that are not over */
    APPOINT_GROUND = 200           /* characters of a ground */
};

typedef struct AppointWish {
    GateDutyKind kind;
    Str official, post;
    OrgDays days;
    Str ground;
} AppointWish;

/* Orders a duty. *waits: the head of the other side has yet to agree. RC_DENIED "own-duty",
   "not-appointing", "not-head"; RC_NOT_FOUND "no-official"; RC_INVALID at "kind": "no-kind"; at
   "post": "no-post", "no-chief" (nobody acts for a post that decides nothing), "lends-authority"
   (hands are lent, not the right to decide), "no-team", "team-post", "holder-there", "not-vacant";
   at "official": "holds-it", "not-above", "nobody-in-order"; at "official.DAY.POST": "not-in-order"
   (from that day on who has this post acts by law); at "from", "until": "past", "order",
   "far", "abolished", "overlap", "taken" (another acts for the post on some of these days); at
   "until.DAY": "order-changes" (from that day on another is the first of its order); at
   "ground": "no-ground", "long"; RC_LIMIT "too-many". Pool threads, as all below. */
Rc appoint_order(Ctx *ctx, const AppointWish *wish, bool *waits);
/* The head of the side that was asked agrees: it is ordered. RC_NOT_FOUND "no-duty": it is over, or
   waits for nobody. */
Rc appoint_agree(Ctx *ctx, Str post, Str id);
/* It ends at once, or won't begin; it stays in the record. Who may order it may end it; of help and
   teams either head alone. RC_NOT_FOUND "no-duty": it is over. */
Rc appoint_end(Ctx *ctx, Str post, Str id);
/* What it is judged by: the posts, and who holds them. In ctx->arena. */
typedef struct AppointOffice {
    Org posts; /* without holders */
    GateHolders officials;
} AppointOffice;
Rc appoint_office(Ctx *ctx, AppointOffice *out);
/* What ctx's actor may do with one, for a page; a step-up that is missing is left out of account.
 */
typedef struct AppointMay {
    bool agree, end;
} AppointMay;
AppointMay appoint_may(const Ctx *ctx, const AppointOffice *office, const GateDuty *duty);
/* Whether ctx's actor may order some duty of this kind for this post, whoever gets it. */
bool appoint_orders(const Ctx *ctx, const AppointOffice *office, GateDutyKind kind,
                    const GatePost *post);

#endif
