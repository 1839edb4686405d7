#include "room.h"

#include <stdatomic.h>

enum { BUCKETS = 24 * 60 };

/* After a start nobody is admitted until all who wait have shown their tickets again. */
static const int64_t settle = 15 * TIME_SECOND;

struct Room {
    int64_t since;
    atomic_uint counts[BUCKETS]; /* people of a bucket, as far as is known */
};

Room *room_new(Arena *arena, int64_t now) {
    Room *room = NEW(arena, Room);
    room->since = now;
    return room;
}

bool room_is_open(const RoomRule *rule, int64_t now) {
    return rule->from <= now && now < rule->until;
}

RoomTicket room_enter(Room *room, const RoomRule *rule, int64_t now, uint32_t rank) {
    int64_t minute = now < rule->opens ? 0 : (now - rule->opens) / TIME_MINUTE + 1;
    RoomTicket ticket = {.bucket = (uint32_t)(minute < BUCKETS ? minute : BUCKETS - 1),
                         .rank = rank};
    ticket.number = atomic_fetch_add(&room->counts[ticket.bucket], 1);
    return ticket;
}

/* A ticket of before the start tells how many there were at least. */
static void count_seen(Room *room, const RoomTicket *ticket) {
    unsigned count = atomic_load(&room->counts[ticket->bucket]);
    while (count <= ticket->number &&
           !atomic_compare_exchange_weak(&room->counts[ticket->bucket], &count, ticket->number + 1))
        continue;
}

/* Nobody of a minute can have come before it. */
static int64_t minute_start(const RoomRule *rule, uint32_t bucket) {
    return rule->opens + (bucket ? bucket - 1 : 0) * TIME_MINUTE;
}

/* Of his minute nothing is known but its end: who went in at once has all of his time from there.
   The last minute has no end, so that nobody in it is sent for ticket after ticket. */
static int64_t stay_end(const RoomRule *rule, const RoomTicket *ticket, int64_t at) {
    int64_t until = rule->opens + ticket->bucket * TIME_MINUTE;
    if (ticket->bucket == BUCKETS - 1) return INT64_MAX;
    return (at > until ? at : until) + rule->stay;
}

RoomPlace room_place(Room *room, const RoomRule *rule, const RoomTicket *ticket, int64_t now) {
    uint64_t ahead = 0;
    count_seen(room, ticket);
    for (uint32_t i = 0; i < ticket->bucket; i++)
        ahead += atomic_load_explicit(&room->counts[i], memory_order_relaxed);
    ahead += (uint64_t)ticket->rank * atomic_load(&room->counts[ticket->bucket]) >> 32;
    RoomPlace place = {.ahead = (int64_t)ahead, .shuffled = now >= rule->opens};
    int64_t came = minute_start(rule, ticket->bucket);
    place.at = rule->opens + (int64_t)ahead * TIME_MINUTE / rule->rate;
    if (place.at < came) place.at = came;
    bool restarted = room->since > rule->opens && now < room->since + settle;
    place.admitted = place.shuffled && !restarted && now >= place.at;
    place.late = place.admitted && now >= stay_end(rule, ticket, place.at);
    if (place.late) place.admitted = false;
    return place;
}

Str room_ticket_text(Arena *arena, const RoomTicket *ticket) {
    return str_fmt(arena, "%u-%08x-%u", ticket->bucket, ticket->rank, ticket->number);
}

static bool hex_read(Str text, uint32_t *out) {
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f')) return false;
        *out = *out << 4 | (uint32_t)(digit ? c - '0' : c - 'a' + 10);
    }
    return text.len == 8;
}

bool room_ticket_read(Str text, RoomTicket *out) {
    Str rest = text, bucket, rank, number;
    int64_t b, n;
    if (!str_split(&rest, '-', &bucket) || !str_split(&rest, '-', &rank) ||
        !str_split(&rest, '-', &number) || !str_empty(rest))
        return false;
    if (!str_to_i64(bucket, &b) || !str_to_i64(number, &n) || !hex_read(rank, &out->rank))
        return false;
    if (b < 0 || b >= BUCKETS || n < 0 || n >= UINT32_MAX) return false;
    out->bucket = (uint32_t)b;
    out->number = (uint32_t)n;
    return true;
}
