/* room: the waiting room before an opening. A ticket says all that is known of who waits: the
   minute he came in and a random rank within it; all who came before the opening share one minute,
   so they are shuffled. Of the room itself only counts are in memory, which the tickets that are
   shown fill again after a start. Any thread. */
#ifndef BOOK_ROOM_H
#define BOOK_ROOM_H

#include "base/base.h"

typedef struct Room Room;

typedef struct RoomRule {
    int64_t from, opens, until; /* instants: tickets are given out, people go in, nobody waits */
    int64_t stay;               /* µs within which one who was admitted has to begin */
    int64_t rate;               /* people admitted in a minute */
} RoomRule;

typedef struct RoomTicket {
    uint32_t bucket; /* 0: before the opening; else the minute after it, from 1 */
    uint32_t rank;   /* random */
    uint32_t number; /* how many had come in the bucket before */
} RoomTicket;

typedef struct RoomPlace {
    int64_t ahead; /* people; before the opening: of those here by now */
    int64_t at;    /* when he goes in, as far as is known; not before the minute he came in */
    bool shuffled; /* false: the opening is to come, and the rank may still change */
    bool admitted;
    bool late; /* he went in and did not begin in time: another ticket is needed */
} RoomPlace;

/* One lives as long as the arena. now: from when on it counts. */
Room *room_new(Arena *arena, int64_t now);
bool room_is_open(const RoomRule *rule, int64_t now);
RoomTicket room_enter(Room *room, const RoomRule *rule, int64_t now, uint32_t rank);
RoomPlace room_place(Room *room, const RoomRule *rule, const RoomTicket *ticket, int64_t now);

/* "0-3f9a2c10-532", and back. Who forges one is found out by the MAC behind it, which the caller
   makes. */
Str room_ticket_text(Arena *arena, const RoomTicket *ticket);
bool room_ticket_read(Str text, RoomTicket *out);

#endif
