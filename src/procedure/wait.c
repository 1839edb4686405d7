#include "procedure_int.h"

#include "wait.h"

enum { MAC_CHARS = 26 }; /* 130 bits */

struct Waits {
    pthread_mutex_t lock; /* of making rooms */
    Arena *arena;
    Map rooms;  /* by opening */
    Digest key; /* of the tickets' MACs: made once, for everybody who waits asks again and again */
};

/* ---- rooms ---- */

Waits *waits_new(Arena *arena, Ledger *ledger) {
    Waits *waits = NEW(arena, Waits);
    pthread_mutex_init(&waits->lock, NULL);
    waits->arena = arena;
    waits->rooms = map_new(arena);
    waits->key = ledger_keyed_hash(ledger, STR("waiting-room"), STR("tickets"));
    return waits;
}

void waits_free(Waits *waits) {
    pthread_mutex_destroy(&waits->lock);
}

/* A resource that opens again has another room, and its tickets hold there alone. */
static Str opening_of(Arena *arena, const Definition *definition) {
    const Reservation *reservation = definition->reservation;
    return str_fmt(arena, STR_FMT " %lld", STR_ARG(reservation->resource),
                   (long long)reservation->room.opens);
}

static Room *room_of(const Ctx *ctx, Str opening) {
    Waits *waits = ctx->tenant->procedures->waits;
    pthread_mutex_lock(&waits->lock);
    Room *room = map_get(&waits->rooms, opening);
    if (!room) {
        room = room_new(waits->arena, time_now(ctx->clock));
        map_put(&waits->rooms, str_dup(waits->arena, opening), room);
    }
    pthread_mutex_unlock(&waits->lock);
    return room;
}

static RoomRule rule_of(const Ctx *ctx, const Definition *definition) {
    RoomRule rule = definition->reservation->room;
    rule.rate = ctx->tenant->procedures->admission_rate;
    return rule;
}

bool wait_is_open(const Ctx *ctx, const Definition *definition) {
    const Reservation *reservation = definition->reservation;
    return reservation && reservation->mode == RESERVE_RANDOM_ORDER &&
           room_is_open(&reservation->room, time_now(ctx->clock));
}

/* ---- tickets ---- */

static Str mac_of(Ctx *ctx, Str opening, Str ticket) {
    Str text = str_join(ctx->arena, (Str[]){opening, ticket}, 2, STR(" "));
    const Digest *key = &ctx->tenant->procedures->waits->key;
    Digest digest = hash_hmac((Str){(const char *)key->bytes, sizeof key->bytes}, text);
    return hash_base32(ctx->arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, MAC_CHARS);
}

Str wait_ticket(Ctx *ctx, const Definition *definition) {
    RoomRule rule = rule_of(ctx, definition);
    Str opening = opening_of(ctx->arena, definition);
    Room *room = room_of(ctx, opening);
    RoomTicket ticket =
        room_enter(room, &rule, time_now(ctx->clock), (uint32_t)(rand_u64(ctx->rand) >> 32));
    Str text = room_ticket_text(ctx->arena, &ticket), mac = mac_of(ctx, opening, text);
    return str_join(ctx->arena, (Str[]){text, mac}, 2, STR("-"));
}

Rc wait_place(Ctx *ctx, const Definition *definition, Str ticket, RoomPlace *out) {
    RoomRule rule = rule_of(ctx, definition);
    RoomTicket read;
    Str opening = opening_of(ctx->arena, definition);
    size_t mac = ticket.len > MAC_CHARS ? ticket.len - MAC_CHARS : 0;
    Str text = str_sub(ticket, 0, mac ? mac - 1 : 0);
    bool good = mac && ticket.ptr[mac - 1] == '-' && room_ticket_read(text, &read) &&
                hash_same(str_sub(ticket, mac, ticket.len), mac_of(ctx, opening, text));
    if (!good)
        return ctx_fail(ctx, RC_INVALID, "bad-ticket", STR_NONE,
                        "This is no ticket of this waiting room: take a new one.");
    *out = room_place(room_of(ctx, opening), &rule, &read, time_now(ctx->clock));
    return RC_OK;
}

static Rc wait_told(Ctx *ctx) {
    return ctx_fail(ctx, RC_CONFLICT, "wait", STR_NONE,
                    "Many want to book now: wait for your turn in the waiting room.");
}

Rc wait_check(Ctx *ctx, const Definition *definition, Str ticket) {
    RoomPlace place;
    if (!wait_is_open(ctx, definition)) return RC_OK;
    if (!str_empty(ticket) && wait_place(ctx, definition, ticket, &place) == RC_OK &&
        place.admitted)
        return RC_OK;
    return wait_told(ctx);
}

Rc wait_admitted(Ctx *ctx, const DefinedDraft *draft) {
    RoomPlace place;
    const Definition *definition = draft->definition;
    if (!str_eq(draft->channel, STR("web")) || !wait_is_open(ctx, definition)) return RC_OK;
    bool in = draft->admitted_at >= definition->reservation->room.opens &&
              wait_place(ctx, definition, draft->ticket, &place) == RC_OK;
    return in ? RC_OK : wait_told(ctx);
}

Rc defined_admit(Ctx *ctx, const Definition *definition, Str ticket) {
    JsonMembers said = {0};
    vec_push(ctx->arena, &said, (JsonMember){STR(".ticket"), json_of_str(ticket)});
    vec_push(ctx->arena, &said,
             (JsonMember){STR(".admittedAt"), json_of_int(time_now(ctx->clock))});
    return defined_keep(ctx, definition, &said);
}
