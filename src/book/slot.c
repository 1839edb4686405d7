#include "book.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { SLOT_NAMES_MAX = 10000 }; /* holds or bookings of one slot */

Str book_slot_id(Arena *arena, Str resource, Str place, Date day) {
    return str_fmt(arena, "urn:ngsi-ld:Slot:" STR_FMT ":" STR_FMT ":%04d-%02d-%02d",
                   STR_ARG(resource), STR_ARG(place), day.year, day.month, day.day);
}

/* One hold or booking. A booking has no end. */
typedef struct Claim {
    Str name;
    int64_t units, until;
    Str network; /* of a hold by nobody known, else empty */
} Claim;

typedef VEC(Claim) Claims;

/* A slot's claims, taken apart for a change. */
typedef struct Slot {
    int64_t capacity;
    Claims holds, bookings;
} Slot;

static const Json *slot_object(const Entity *entity, Str iri) {
    const Attr *attr = entity ? entity_attr(entity, iri) : NULL;
    return attr && attr->value && attr->value->kind == JSON_OBJECT ? attr->value : NULL;
}

static int64_t hold_units(const Json *hold) {
    return json_get_int(hold, "n", 0);
}

static int64_t hold_until(const Json *hold) {
    return json_get_int(hold, "until", 0);
}

BookSlot book_slot_read(const Entity *slot, int64_t capacity, int64_t now) {
    BookSlot read = {.capacity = slot ? entity_int(slot, IRI("capacity"), capacity) : capacity};
    const Json *bookings = slot_object(slot, IRI("bookings")),
               *holds = slot_object(slot, IRI("holds"));
    for (size_t i = 0; bookings && i < bookings->len; i++)
        read.booked += bookings->value.members[i].value.value.integer;
    for (size_t i = 0; holds && i < holds->len; i++) {
        const Json *hold = &holds->value.members[i].value;
        if (hold_until(hold) > now) read.held += hold_units(hold);
    }
    read.left = read.capacity - read.booked - read.held;
    if (read.left < 0) read.left = 0;
    return read;
}

int64_t book_hold_until(const Entity *slot, Str name, int64_t now) {
    const Json *holds = slot_object(slot, IRI("holds"));
    const Json *hold = holds ? json_get(holds, name) : NULL;
    return hold && hold_until(hold) > now ? hold_until(hold) : TIME_NONE;
}

bool book_has_expired(const Entity *slot, int64_t now) {
    const Json *holds = slot_object(slot, IRI("holds"));
    for (size_t i = 0; holds && i < holds->len; i++)
        if (hold_until(&holds->value.members[i].value) <= now) return true;
    return false;
}

/* Expired holds are left out: whatever is written next drops them. */
static Slot slot_load(Arena *arena, const Entity *entity, int64_t capacity, int64_t now) {
    Slot slot = {.capacity = entity ? entity_int(entity, IRI("capacity"), capacity) : capacity};
    const Json *holds = slot_object(entity, IRI("holds"));
    for (size_t i = 0; holds && i < holds->len; i++) {
        const JsonMember *m = &holds->value.members[i];
        if (hold_until(&m->value) > now)
            vec_push(arena, &slot.holds,
                     (Claim){m->name, hold_units(&m->value), hold_until(&m->value),
                             json_get_str(&m->value, "network")});
    }
    const Json *bookings = slot_object(entity, IRI("bookings"));
    for (size_t i = 0; bookings && i < bookings->len; i++) {
        const JsonMember *m = &bookings->value.members[i];
        vec_push(arena, &slot.bookings, (Claim){.name = m->name, .units = m->value.value.integer});
    }
    return slot;
}

static Claim *claim_find(Claims *claims, Str name) {
    VEC_EACH (Claim, claim, claims)
        if (str_eq(claim->name, name)) return claim;
    return NULL;
}

static void claim_drop(Claims *claims, Str name) {
    Claim *claim = claim_find(claims, name);
    if (claim) *claim = claims->items[--claims->len];
}

static int64_t claims_units(const Claims *claims) {
    int64_t units = 0;
    VEC_EACH (Claim, claim, claims)
        units += claim->units;
    return units;
}

static Json holds_json(Arena *arena, const Claims *holds) {
    JsonMembers members = {0};
    VEC_EACH (Claim, claim, holds) {
        JsonMember *hold = NEW_ARRAY(arena, JsonMember, 3);
        hold[0] = (JsonMember){STR("until"), json_of_int(claim->until)};
        hold[1] = (JsonMember){STR("n"), json_of_int(claim->units)};
        hold[2] = (JsonMember){STR("network"), json_of_str(claim->network)};
        size_t n = str_empty(claim->network) ? 2 : 3;
        vec_push(arena, &members, (JsonMember){claim->name, json_of_members(hold, n)});
    }
    return json_of_members(members.items, members.len);
}

static Json bookings_json(Arena *arena, const Claims *bookings) {
    JsonMembers members = {0};
    VEC_EACH (Claim, claim, bookings)
        vec_push(arena, &members, (JsonMember){claim->name, json_of_int(claim->units)});
    return json_of_members(members.items, members.len);
}

static void slot_save(Ctx *ctx, Stage *stage, const PartSlot *part, const Slot *slot) {
    Arena *arena = ctx->arena;
    Entity *after = entity_new(arena, part->slot, STR(BOOK_SLOT_TYPE));
    entity_set(arena, after, IRI("resource"), json_of_str(part->resource));
    entity_set(arena, after, IRI("place"), json_of_str(part->place));
    entity_set(arena, after, IRI("day"), json_of_str(time_format_date(arena, part->day)));
    entity_set(arena, after, IRI("capacity"), json_of_int(slot->capacity));
    entity_set(arena, after, IRI("taken"), json_of_int(claims_units(&slot->bookings)));
    entity_set_kind(arena, after, ATTR_JSON, IRI("holds"), holds_json(arena, &slot->holds));
    entity_set_kind(arena, after, ATTR_JSON, IRI("bookings"),
                    bookings_json(arena, &slot->bookings));
    Delta delta = {.op = DELTA_PUT, .id = part->slot, .after = after};
    stage_put(stage, &delta);
}

static int64_t slot_left(const Slot *slot) {
    return slot->capacity - claims_units(&slot->holds) - claims_units(&slot->bookings);
}

static Slot slot_of(Ctx *ctx, Stage *stage, const PartSlot *part) {
    return slot_load(ctx->arena, stage_entity(stage, part->slot), part->capacity, stage_now(stage));
}

static Rc slot_full(Ctx *ctx, const PartSlot *part) {
    return ctx_fail(ctx, RC_CONFLICT, "slot-full", part->slot,
                    "Nothing is left on this day: choose another day.");
}

/* A slot is one entity, rewritten by each claim: past this its bytes, not its capacity, would be
 * the limit. */
static Rc slot_crowded(Ctx *ctx, const PartSlot *part, const Claims *claims) {
    if (claims->len < SLOT_NAMES_MAX) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "slot-crowded", part->slot,
                    "This slot has %d entries: divide it into several.", SLOT_NAMES_MAX);
}

/* Nobody empties a day by holding it again and again. */
static Rc hold_limits(Ctx *ctx, const PartSlot *part, const Slot *slot) {
    int64_t all = part->units, same = 1;
    int64_t most = slot->capacity * part->share / 100;
    if (str_empty(part->network)) return RC_OK;
    VEC_EACH (const Claim, claim, &slot->holds) {
        if (str_empty(claim->network) || str_eq(claim->name, part->name)) continue;
        all += claim->units;
        same += str_eq(claim->network, part->network);
    }
    if (part->network_max && same > part->network_max)
        return ctx_fail(ctx, RC_CONFLICT, "holds-network", part->slot,
                        "Others on your network are choosing this day: wait a little, or choose "
                        "another day.");
    if (!part->share || all <= (most > 0 ? most : 1)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "holds-share", part->slot,
                    "Many people are choosing this day now: wait a little, or choose another day.");
}

static Rc hold_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    Slot slot = slot_of(ctx, stage, part);
    if (part->units <= 0 || part->until <= stage_now(stage))
        return ctx_fail(ctx, RC_INVALID, "bad-hold", part->slot,
                        "A hold needs units and an end in the future.");
    TRY(slot_crowded(ctx, part, &slot.holds));
    const Claim *mine = claim_find(&slot.holds, part->name);
    if (slot_left(&slot) + (mine ? mine->units : 0) < part->units) return slot_full(ctx, part);
    return hold_limits(ctx, part, &slot);
}

static Rc hold_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    Slot slot = slot_of(ctx, stage, part);
    claim_drop(&slot.holds, part->name);
    vec_push(ctx->arena, &slot.holds, (Claim){part->name, part->units, part->until, part->network});
    slot_save(ctx, stage, part, &slot);
    return RC_OK;
}

static Rc book_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    Slot slot = slot_of(ctx, stage, part);
    if (part->units <= 0)
        return ctx_fail(ctx, RC_INVALID, "bad-booking", part->slot,
                        "A booking needs at least one unit.");
    if (claim_find(&slot.bookings, part->name)) return RC_OK;
    TRY(slot_crowded(ctx, part, &slot.bookings));
    const Claim *mine = claim_find(&slot.holds, part->hold);
    return slot_left(&slot) + (mine ? mine->units : 0) >= part->units ? RC_OK
                                                                      : slot_full(ctx, part);
}

static Rc book_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    Slot slot = slot_of(ctx, stage, part);
    if (claim_find(&slot.bookings, part->name)) return RC_OK;
    claim_drop(&slot.holds, part->hold);
    vec_push(ctx->arena, &slot.bookings, (Claim){.name = part->name, .units = part->units});
    slot_save(ctx, stage, part, &slot);
    return RC_OK;
}

static Rc release_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    Slot slot = slot_of(ctx, stage, part);
    size_t before = slot.holds.len + slot.bookings.len;
    claim_drop(&slot.holds, part->name);
    claim_drop(&slot.bookings, part->name);
    if (slot.holds.len + slot.bookings.len < before) slot_save(ctx, stage, part, &slot);
    return RC_OK;
}

static Rc expire_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    const Entity *entity = stage_entity(stage, part->slot);
    const Json *holds = slot_object(entity, IRI("holds"));
    Slot slot = slot_of(ctx, stage, part);
    if (holds && slot.holds.len < holds->len) slot_save(ctx, stage, part, &slot);
    return RC_OK;
}

const PartKind part_slot_hold = {"slot.hold", 1, hold_guard, hold_apply};
const PartKind part_slot_book = {"slot.book", 1, book_guard, book_apply};
const PartKind part_slot_release = {"slot.release", 1, NULL, release_apply};
const PartKind part_slot_expire = {"slot.expire", 1, NULL, expire_apply};
