/* away: when an official is recorded absent (不在): by himself, by a superior of one of his posts,
   or by the operator. A deputy decides only on days that stand here. One record per official, in
   the ledger; its history tells what was recorded when. Include only decide.h from outside. */
#ifndef DECIDE_AWAY_H
#define DECIDE_AWAY_H

#include "gate/gate.h"

#include "org.h"

#define AWAY_TYPE LD_DEFAULT "Absence"

enum { AWAY_MAX = 50 }; /* absences of one official that are not over */

typedef struct AwaySpan {
    OrgDays days;
    Str by; /* post that recorded it; empty: the operator's machine */
} AwaySpan;
typedef VEC(AwaySpan) AwaySpans;

/* urn:ngsi-ld:Absence:... of an account. */
Str away_id(Arena *arena, Str account);
/* What a record says; NULL: nothing. Borrowed from the entity. */
void away_read(Arena *arena, const Entity *record, AwaySpans *out);
/* The absences of an official that are not over on a day, by their first day. */
Rc away_of(Ctx *ctx, Str account, Date day, AwaySpans *out);

/* Records that an official is away. RC_DENIED "not-superior": ctx's actor is neither he nor above
   him nor the operator; RC_NOT_FOUND "no-official"; RC_INVALID at "from", "until": "past", "order"
   (until before from), "far" (more than two years ahead), "overlap"; RC_LIMIT "too-many". */
Rc away_add(Ctx *ctx, Str account, OrgDays days);
/* He is back, or stays after all: a span that begins on this day goes, or ends yesterday when it
   has begun; so does what others were ordered to do for him on its days. What one behind him was
   ordered to do for a post for which he acts before that one by law is his on them. RC_NOT_FOUND
   "no-absence". */
Rc away_end(Ctx *ctx, Str account, Date from);
/* The officials whose absences ctx's actor may record: himself, and those beneath him. */
Rc away_ruled(Ctx *ctx, GateHolders *out);

#endif
