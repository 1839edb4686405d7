/* reservation: what a definition says of the slots that it books: a resource with places, the times
   at which each is open, how many units a slot has, who may book from when, and what of it the
   office gives out. Read with the definition, constant afterwards; any thread may ask. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_RESERVATION_H
#define PROCEDURE_RESERVATION_H

#include "book/book.h"
#include "dmn/dmn.h"
#include "wording.h"

/* From when on a day until when, in minutes after midnight in Japan. */
typedef struct Hours {
    int from, until;
} Hours;

typedef struct ReservationPlace {
    Str id;
    Wording label;
    int64_t units;     /* of a slot: how many can be there at once */
    unsigned weekdays; /* bits 1 << time_weekday */
    VEC(Hours) hours;
} ReservationPlace;

/* Who is let in from when. The first whose test holds is somebody's. */
typedef struct ReservationCohort {
    Wording label;
    const FeelExpr *test;
    int64_t opens;
} ReservationCohort;

typedef enum ReservationMode {
    RESERVE_FIRST_COME,
    RESERVE_STAFF,        /* the office alone gives slots out */
    RESERVE_RANDOM_ORDER, /* first come, behind a waiting room while it opens */
    RESERVE_LOTTERY,      /* of the coming month's slots; what is left is first come */
    RESERVE_MODES
} ReservationMode;

/* The slots of a month are drawn in the month before: days are days of that month. */
typedef struct ReservationLottery {
    int64_t from, until; /* the first and the last day on which entries are taken */
    int64_t free;        /* from this day what is left is first come, and wins that wait lapse */
    int64_t confirm;     /* days within which a win has to be confirmed */
    Str randomness;      /* "drand-quicknet", or what else is published, in a few words */
    Str entered, won, waiting, lost; /* states of a case */
    Str confirms;                    /* the resident's move that takes a win */
} ReservationLottery;

/* Where the slots of a month stand. */
typedef enum LotteryPhase {
    PHASE_EARLY,   /* not offered yet */
    PHASE_ENTRIES, /* a choice is an entry */
    PHASE_DRAWING,
    PHASE_FREE /* first come */
} LotteryPhase;

typedef struct Reservation {
    Str resource;
    ReservationMode mode;
    int minutes; /* of a slot; 0: each of the hours is one */
    VEC(ReservationPlace) places;
    const FeelExpr *need;           /* units that an application takes; NULL: one */
    int64_t soonest, furthest;      /* days from today that are offered */
    VEC(ReservationCohort) cohorts; /* none: everybody, at any time */
    int64_t share;                  /* percent of a slot's units that the office alone gives out */
    int64_t hold;                   /* µs for which a chosen slot is kept until the form is sent */
    int64_t change; /* days before the slot until which it may be changed or given back */
    int back_at;    /* what is given back comes back at this minute of the next day; -1: as below */
    ReservationLottery lottery; /* of RESERVE_LOTTERY */
    RoomRule room;              /* of RESERVE_RANDOM_ORDER, without its rate */
    int64_t back_within;        /* at a random instant within this time, µs; 0: at once */
} Reservation;

/* Lives in ctx->arena and refers to source; names: of fields, for expressions. RC_INVALID
 * "bad-definition": the path of the member, and what it should be. */
Rc reservation_read(Ctx *ctx, const Json *source, const StrVec *names, const Reservation **out);

/* A slot that somebody chose. */
typedef struct SlotChoice {
    const ReservationPlace *place; /* NULL: none */
    BookTime time;
} SlotChoice;
typedef VEC(SlotChoice) SlotChoices;

/* "hall/2026-12-01/09:15", as forms and cases keep it. False: the reservation has no such slot. */
bool reservation_choice(const Reservation *reservation, Str text, SlotChoice *out);
Str reservation_choice_text(Arena *arena, const SlotChoice *choice);
/* "12月1日" as people read it, with the time and place; language "ja", "en" or "easy". */
Str reservation_choice_words(Arena *arena, const SlotChoice *choice, Str language);
bool reservation_choice_same(const SlotChoice *a, const SlotChoice *b);
/* The instants at which a slot begins and ends. */
int64_t reservation_begins(const SlotChoice *choice);
int64_t reservation_ends(const SlotChoice *choice);

const ReservationPlace *reservation_place(const Reservation *reservation, Str id); /* NULL: none */
/* The times of a place on a weekday at which it is open, whatever else speaks against that day. */
void reservation_times(Arena *arena, const Reservation *reservation, const ReservationPlace *place,
                       Date day, SlotChoices *out);
/* Units of a slot there that the office alone gives out. */
int64_t reservation_reserved(const Reservation *reservation, const ReservationPlace *place);
Str reservation_slot_id(Arena *arena, const Reservation *reservation, const SlotChoice *choice);

/* The first day of a day's month, and of the month that is n months later. */
Date reservation_month(Date day, int n);
/* Instants of a month's lottery: entries open, close, what is left is free. */
int64_t lottery_opens(const ReservationLottery *lottery, Date month);
int64_t lottery_closes(const ReservationLottery *lottery, Date month);
int64_t lottery_frees(const ReservationLottery *lottery, Date month);
/* By the clock alone: whether it was drawn is the ledger's to say. */
LotteryPhase lottery_phase(const ReservationLottery *lottery, Date month, int64_t now);
/* "2027-01", and back. */
Str reservation_month_text(Arena *arena, Date month);
bool reservation_month_read(Str text, Date *out);

#endif
