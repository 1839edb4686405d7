/* join: applications that came in twice. Cases of one procedure that look the same, and making one
   of them the leading case, in which the other ends. Include only procedure.h from outside. */
#ifndef PROCEDURE_JOIN_H
#define PROCEDURE_JOIN_H

#include "inbox.h"
#include "office.h"

/* The state of a case that was joined to another, whatever its definition's are; and the steps by
   which it came there and back. Its CaseState is CASE_CANCELLED: nothing is decided of it. */
#define JOIN_STATE     STR("joined")
#define CASE_STEP_JOIN STR("joined")
#define CASE_STEP_PART STR("parted")

/* A case that looks the same as another, and by what. */
typedef struct Alike {
    const Entity *application; /* whole: mask it before it is shown */
    bool account, phone;
} Alike;
typedef VEC(Alike) Alikes;
/* Cases of the same procedure, by the same account or telephone number, received within the days
   that its definition names (`duplicates`) of this one, before or after it; none that has ended
   undone. The fifty newest of either. application: whole. Pool threads. */
Rc join_alike(Ctx *ctx, const Entity *application, Alikes *out);

typedef struct JoinWish {
    Str id;                /* ends */
    uint64_t version;      /* as it was seen; 0: as it is */
    Str into;              /* leads from then on */
    uint64_t into_version; /* as it was seen; 0: as it is */
} JoinWish;
/* Ends a case in another one: both say so, its resident is told on its page, what it owes falls and
   what waits for decision is dropped; no letter is issued. RC_CONFLICT "moved-on", "not-alike",
   "has-booking" (its slot is given back first), "waits-for-answer" (who wrote is answered first).
 */
Rc join_cases(Ctx *ctx, const JoinWish *wish);
/* Takes it back to where it was, with a reason. RC_CONFLICT "not-joined", "fee-ended" (what it owed
   fell with it: it has to be sent anew), "moved-on"; RC_INVALID "missing". */
Rc join_undo(Ctx *ctx, const OfficeAct *act);

#endif
