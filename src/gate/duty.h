/* duty: what an official does beside his own posts for some days: he acts for a holder who is
   hindered or a post that is vacant (職務代理), keeps the business of a vacant post beneath him
   (事務取扱), helps another division (応援), or is of a project team. While a duty runs its post is
   one of his, for what he may read and do; then it isn't. One record per post, in the ledger;
   decide/appoint.h writes it. Include only gate.h from outside. */
#ifndef GATE_DUTY_H
#define GATE_DUTY_H

#include "gate.h"

#define GATE_DUTY_TYPE LD_DEFAULT "Duty"

enum { GATE_DUTY_OPEN = 100 }; /* of one post that are not over */

typedef enum GateDutyKind {
    DUTY_ACTING,  /* 職務代理 */
    DUTY_CHARGE,  /* 事務取扱 */
    DUTY_SUPPORT, /* 応援 */
    DUTY_TEAM,    /* a project team */
    DUTY_KINDS
} GateDutyKind;
/* "acting"; and back, or DUTY_KINDS. */
const char *gate_duty_word(GateDutyKind kind);
GateDutyKind gate_duty_kind(Str word);

typedef struct GateDuty {
    Str id, post, official; /* id: among those of its post; official: an account */
    GateDutyKind kind;
    Date from, until; /* both included */
    Str ground;       /* for officials; nothing personal */
    Str by;           /* post that ordered it */
    Str waits;        /* whose chief has yet to agree: "post" or "official"; empty: it is ordered */
    Str agreed_by, ended_by;                 /* posts; empty: it was not needed; it has not ended */
    int64_t ordered_at, agreed_at, ended_at; /* TIME_NONE: as above */
    bool by_law; /* an order for another that is his: he came before him (gate_duty_pass) */
} GateDuty;
typedef VEC(GateDuty) GateDuties;

/* urn:ngsi-ld:Duty:... of a post. */
Str gate_duty_id(Arena *arena, Str post);
/* What a record says; NULL: nothing. Borrowed from the entity. And the record that says it, in the
   arena, borrowing texts. */
void gate_duty_read(Arena *arena, const Entity *record, GateDuties *out);
Entity *gate_duty_record(Arena *arena, Str post, const GateDuties *duties);
/* Whether its post is his at this moment: ordered, not ended, on one of its days, and the post has
   not been abolished by then: a duty ends with its post. */
bool gate_duty_runs(const Gate *gate, const GateDuty *duty, int64_t now);
/* It will not run any more: its days are over, or it was ended. */
bool gate_duty_over(const Gate *gate, const GateDuty *duty, int64_t now);
/* What stays in a record: of those that are over the newest, for a year; the ledger has all. */
void gate_duties_keep(Arena *arena, const Gate *gate, const GateDuties *all, int64_t now,
                      GateDuties *kept);
/* All that the records say now, by post, in ctx->arena. Any thread, as all below. */
void gate_duties(Ctx *ctx, GateDuties *out);
/* The duty by which ctx's actor has a post today; false: it is his own, or none of his. */
bool gate_duty_own(Ctx *ctx, Str post, GateDuty *out);
/* Days on which a holder of the post is there, by this command: whoever acts for it or keeps its
   business then does so no more, from the first of them on. until.year 0: from `from` on. When it
   is committed: gate_duty_changed. */
void gate_duty_back(const Ctx *ctx, Command *command, Str post, Date from, Date until);
/* Days on which an official is there, by this command, who comes before others in the order in
   which the law has posts act for this one (GatePost.acting): of their duties (ids) those days are
   his, neighbouring ones by one duty. Where the post would have too many of them (GATE_DUTY_OPEN),
   the orders stay as they are: whom the law names is judged on the day all the same. When it is
   committed: gate_duty_changed. */
typedef struct GateDutyPass {
    Str post, official;
    Date from, until;
    StrVec ids;
} GateDutyPass;
void gate_duty_pass(const Ctx *ctx, Command *command, const GateDutyPass *pass);
/* What is committed of a post's duties counts from now on, for sessions that are open, too. */
void gate_duty_changed(Ctx *ctx, Str post);

#endif
