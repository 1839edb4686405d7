/* book: slots with a capacity, holds that expire, and bookings. No double booking by
   construction: all of it happens on the staged state of one command, pending counts as taken, and
   a retry with the same name finds what it did before. Knows no procedure.

   A slot is an entity of type Slot: capacity, taken, holds {NAME: {until, n}}, bookings {NAME: n},
   and event, what happened to it last, whose evolution is the slot's public story. One that does
   not exist yet is empty. */
#ifndef BOOK_BOOK_H
#define BOOK_BOOK_H

#include "ledger/ledger.h"
#include "lottery.h"
#include "room.h"

#define BOOK_SLOT_TYPE LD_DEFAULT "Slot"

/* When a slot is: a day, or some minutes of it. */
typedef struct BookTime {
    Date day;
    int from, until; /* minutes after midnight in Japan; both 0: the whole day */
} BookTime;
/* urn:ngsi-ld:Slot:RESOURCE:PLACE:2026-12-01 */
Str book_slot_id(Arena *arena, Str resource, Str place, Date day);
/* urn:ngsi-ld:Slot:RESOURCE:PLACE:2026-12-01T0915; a whole day as above. */
Str book_slot_at(Arena *arena, Str resource, Str place, BookTime time);
/* "09:15". */
Str book_clock(Arena *arena, int minute);

/* How a slot stands at an instant. */
typedef struct BookSlot {
    int64_t capacity, booked, held; /* units; held leaves out holds that have expired */
    int64_t left;                   /* capacity less both, at least 0 */
    int64_t office;                 /* of booked and held, what the office gave out */
} BookSlot;
/* slot may be NULL: empty, with the capacity given. A slot keeps the capacity it was created with.
 */
BookSlot book_slot_read(const Entity *slot, int64_t capacity, int64_t now);
/* What of it is left to who books by himself, while so many units are the office's to give out. */
int64_t book_slot_open(const BookSlot *slot, int64_t reserved);
/* Units that a hold or booking of a name has. */
int64_t book_claim_units(const Entity *slot, Str name, int64_t now);
/* When a hold ends, TIME_NONE if there is none of that name (or it has expired). */
int64_t book_hold_until(const Entity *slot, Str name, int64_t now);

/* The names of a household's bookings, known by one of its words, but for one name. */
void book_household(Arena *arena, const Entity *slot, const StrVec *households, Str but,
                    StrVec *out);

/* Whether a hold has run out that is still written in the slot. */
bool book_has_expired(const Entity *slot, int64_t now);

/* What the slot parts work on. Declare the slot by command_needs. */
typedef struct PartSlot {
    Str slot; /* id */
    Str resource, place;
    Date day;
    int from, until_minute; /* see BookTime */
    int64_t capacity;       /* if the slot does not exist yet */
    Str name; /* of the hold or booking: opaque, chosen by the caller, the key of idempotence */
    Str hold; /* slot.book: the hold that becomes the booking; empty: books from what is left */
    int64_t units; /* > 0 */
    int64_t until; /* slot.hold: when it expires; slot.release: until when what is given back stays
                      taken, so that nobody gains by being told of it; 0: it is free at once */
    bool office;   /* given out by the office, at a counter or by telephone */
    int64_t reserved; /* units that the office alone gives out */
    /* slot.hold by nobody known: anybody can make as many as he likes, so they share a part */
    Str network;   /* from which it comes, as an opaque word; empty: it is not limited */
    int64_t share; /* percent of the capacity that all such holds may take together; 0: all of it */
    int64_t network_max; /* such holds of one network; 0: any number */
    /* slot.book: for whom, as opaque words of this slot by which he may be known: the first is
       kept; none: it is not limited */
    StrVec households;
    int64_t household_max; /* bookings of one household; 0: any number */
} PartSlot;

/* Holds units until an instant. The same name again prolongs. RC_CONFLICT "slot-full";
 * "holds-share", "holds-network": such holds have taken their part, something else may be left. */
extern const PartKind part_slot_hold;
/* Turns a live hold into a booking, or books what is left. The same name again is done already.
 * RC_CONFLICT "slot-full", "household-full". */
extern const PartKind part_slot_book;
/* Gives a hold or booking of the name back; nothing of that name is no error. A booking that is to
 * stay taken for a while (until) becomes a hold of its name. */
extern const PartKind part_slot_release;
/* Drops the holds that have expired by the command's time. */
extern const PartKind part_slot_expire;

#endif
