/* draw: the lottery of a month of a reservation: entering, closing, drawing, and what follows for
   each case, in the ledger as the entity Lottery. Include only procedure.h from outside. */
#ifndef PROCEDURE_DRAW_H
#define PROCEDURE_DRAW_H

#include "defined.h"

#define DRAW_TYPE LD_DEFAULT "Lottery"

typedef enum DrawState {
    DRAW_NONE,    /* it takes entries, or none came yet */
    DRAW_CLOSING, /* the list is being gathered */
    DRAW_CLOSED,  /* published; the seed is awaited */
    DRAW_DRAWN
} DrawState;

/* One lottery as it is in the ledger. */
typedef struct Draw {
    const Definition *definition;
    Date month;
    Str id;
    DrawState state;
    uint64_t version;   /* of the entity; 0: there is none yet */
    Lottery lottery;    /* entries once it is closed, the seed once it is drawn */
    LotteryRanks ranks; /* once it is drawn */
} Draw;
Rc draw_load(Ctx *ctx, const Definition *definition, Date month, Draw *out);
/* What it is called where it is published: "facilities 2027-01". */
Str draw_name(Arena *arena, const Reservation *reservation, Date month);
/* Where the seed of a month comes from, with the round where that is known. */
Str draw_randomness(Arena *arena, const ReservationLottery *lottery, Date month);

/* Where the slots of a day stand now. */
Rc draw_phase(Ctx *ctx, const Reservation *reservation, Date day, LotteryPhase *out);

/* What a case entered with; its slot is that of its wish. False: it entered no lottery, or who asks
   may not see. */
typedef struct DrawEntry {
    Str lottery, commitment, salt; /* lottery: id of the entity */
    Date month;
    SlotChoice choice;
    int64_t units, until; /* until: of a win, when it lapses; 0 else */
} DrawEntry;
bool draw_entry(const Ctx *ctx, const Entity *application, DrawEntry *out);

/* Enters the seed and draws, as the official who acts. RC_CONFLICT "not-closed"; "drawn" already;
   RC_INVALID "bad-seed". */
Rc draw_seed(Ctx *ctx, const Definition *definition, Date month, Str seed);
/* What time does: closes what is over, settles what is drawn, lets wins lapse and those who wait
   move up. With a Reader. *more: there is more to do at once. */
Rc draws_round(Ctx *ctx, bool *more);

#endif
