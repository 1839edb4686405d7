#include "book.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { SLOT_NAMES_MAX = 10000 }; /* holds or bookings of one slot */

Str book_slot_id(Arena *arena, Str resource, Str place, Date day) {
    return str_fmt(arena, "urn:ngsi-ld:Slot:" STR_FMT ":" STR_FMT ":%04d-%02d-%02d",
                   STR_ARG(resource), STR_ARG(place), day.year, day.month, day.day);
}

Str book_slot_at(Arena *arena, Str resource, Str place, BookTime time) {
    Str day = book_slot_id(arena, resource, place, time.day);
    if (!time.until) return day;
    return str_fmt(arena, STR_FMT "T%02d%02d", STR_ARG(day), time.from / 60, time.from % 60);
}

Str book_clock(Arena *arena, int minute) {
    return str_fmt(arena, "%02d:%02d", minute / 60, minute % 60);
}

/* One hold or booking. A booking has no end. */
typedef struct Claim {
    Str name;
    int64_t units, until;
    Str network;   /* of a hold by nobody known, else empty */
    Str household; /* of a booking, or empty */
    bool office;
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

/* Of a hold or a booking, which is its number alone unless there is more to say of it. */
static int64_t claim_units(const Json *claim) {
    return claim->kind == JSON_NUMBER ? claim->value.integer : json_get_int(claim, "n", 0);
}

static int64_t hold_until(const Json *hold) {
    return json_get_int(hold, "until", 0);
}

static void booking_count(BookSlot *read, const Json *booking) {
    read->booked += claim_units(booking);
    read->office += json_get_bool(booking, "office", false) ? claim_units(booking) : 0;
}

BookSlot book_slot_read(const Entity *slot, int64_t capacity, int64_t now) {
    BookSlot read = {.capacity = slot ? entity_int(slot, IRI("capacity"), capacity) : capacity};
    const Json *bookings = slot_object(slot, IRI("bookings")),
               *holds = slot_object(slot, IRI("holds"));
    for (size_t i = 0; bookings && i < bookings->len; i++)
        booking_count(&read, &bookings->value.members[i].value);
    for (size_t i = 0; holds && i < holds->len; i++) {
        const Json *hold = &holds->value.members[i].value;
        if (hold_until(hold) <= now) continue;
        read.held += claim_units(hold);
        read.office += json_get_bool(hold, "office", false) ? claim_units(hold) : 0;
    }
    read.left = read.capacity - read.booked - read.held;
    if (read.left < 0) read.left = 0;
    return read;
}

int64_t book_slot_open(const BookSlot *slot, int64_t reserved) {
    int64_t kept = reserved > slot->office ? reserved - slot->office : 0;
    return slot->left > kept ? slot->left - kept : 0;
}

int64_t book_claim_units(const Entity *slot, Str name, int64_t now) {
    const Json *bookings = slot_object(slot, IRI("bookings")),
               *holds = slot_object(slot, IRI("holds"));
    const Json *booking = bookings ? json_get(bookings, name) : NULL,
               *hold = holds ? json_get(holds, name) : NULL;
    return (booking ? claim_units(booking) : 0) +
           (hold && hold_until(hold) > now ? claim_units(hold) : 0);
}

int64_t book_hold_until(const Entity *slot, Str name, int64_t now) {
    const Json *holds = slot_object(slot, IRI("holds"));
    const Json *hold = holds ? json_get(holds, name) : NULL;
    return hold && hold_until(hold) > now ? hold_until(hold) : TIME_NONE;
}

static bool among(const StrVec *words, Str word) {
    VEC_EACH (const Str, one, words)
        if (str_eq(*one, word)) return true;
    return false;
}

void book_household(Arena *arena, const Entity *slot, const StrVec *households, Str but,
                    StrVec *out) {
    const Json *bookings = slot_object(slot, IRI("bookings"));
    *out = (StrVec){0};
    for (size_t i = 0; bookings && i < bookings->len; i++) {
        const JsonMember *one = &bookings->value.members[i];
        if (!str_eq(one->name, but) && among(households, json_get_str(&one->value, "household")))
            vec_push(arena, out, one->name);
    }
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
                     (Claim){.name = m->name,
                             .units = claim_units(&m->value),
                             .until = hold_until(&m->value),
                             .network = json_get_str(&m->value, "network"),
                             .office = json_get_bool(&m->value, "office", false)});
    }
    const Json *bookings = slot_object(entity, IRI("bookings"));
    for (size_t i = 0; bookings && i < bookings->len; i++) {
        const JsonMember *m = &bookings->value.members[i];
        vec_push(arena, &slot.bookings,
                 (Claim){.name = m->name,
                         .units = claim_units(&m->value),
                         .household = json_get_str(&m->value, "household"),
                         .office = json_get_bool(&m->value, "office", false)});
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

static Json claim_json(Arena *arena, const Claim *claim) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 5);
    size_t n = 0;
    bool plain = !claim->until && !claim->office && str_empty(claim->household);
    if (plain) return json_of_int(claim->units);
    if (claim->until) members[n++] = (JsonMember){STR("until"), json_of_int(claim->until)};
    members[n++] = (JsonMember){STR("n"), json_of_int(claim->units)};
    if (!str_empty(claim->network))
        members[n++] = (JsonMember){STR("network"), json_of_str(claim->network)};
    if (!str_empty(claim->household))
        members[n++] = (JsonMember){STR("household"), json_of_str(claim->household)};
    if (claim->office) members[n++] = (JsonMember){STR("office"), json_of_bool(true)};
    return json_of_members(members, n);
}

static Json claims_json(Arena *arena, const Claims *claims) {
    JsonMembers members = {0};
    VEC_EACH (Claim, claim, claims)
        vec_push(arena, &members, (JsonMember){claim->name, claim_json(arena, claim)});
    return json_of_members(members.items, members.len);
}

/* What happened last, as everybody may read it: how many units, and whether the office did it; of
   what comes back, when. */
static Json event_json(Arena *arena, Str what, const Claim *claim) {
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 4);
    size_t n = 0;
    members[n++] = (JsonMember){STR("what"), json_of_str(what)};
    members[n++] = (JsonMember){STR("units"), json_of_int(claim->units)};
    members[n++] = (JsonMember){STR("office"), json_of_bool(claim->office)};
    if (claim->until)
        members[n++] = (JsonMember){STR("free"), json_of_str(time_format(arena, claim->until))};
    return json_of_members(members, n);
}

/* What a slot has from its first claim on. */
static void slot_describe(Arena *arena, Entity *entity, const PartSlot *part, int64_t capacity) {
    entity_set(arena, entity, IRI("resource"), json_of_str(part->resource));
    entity_set(arena, entity, IRI("place"), json_of_str(part->place));
    entity_set(arena, entity, IRI("day"), json_of_str(time_format_date(arena, part->day)));
    if (part->until_minute) {
        entity_set(arena, entity, IRI("from"), json_of_str(book_clock(arena, part->from)));
        entity_set(arena, entity, IRI("until"), json_of_str(book_clock(arena, part->until_minute)));
    }
    entity_set(arena, entity, IRI("capacity"), json_of_int(capacity));
}

/* Only what changes is written: the slot's story has no line for what stayed. */
static void claims_set(Arena *arena, Entity *after, const Entity *before, Str iri,
                       const Claims *claims) {
    Json now = claims_json(arena, claims);
    const Json *then = slot_object(before, iri);
    if (!then || !json_equal(then, &now)) entity_set_kind(arena, after, ATTR_JSON, iri, now);
}

/* event: what is told of the change; null: nothing. */
static void slot_save(Ctx *ctx, Stage *stage, const PartSlot *part, const Slot *slot, Json event) {
    Arena *arena = ctx->arena;
    const Entity *before = stage_entity(stage, part->slot);
    Entity *after = entity_new(arena, part->slot, STR(BOOK_SLOT_TYPE));
    int64_t taken = claims_units(&slot->bookings);
    if (!before) slot_describe(arena, after, part, slot->capacity);
    if (!before || entity_int(before, IRI("taken"), -1) != taken)
        entity_set(arena, after, IRI("taken"), json_of_int(taken));
    claims_set(arena, after, before, IRI("holds"), &slot->holds);
    claims_set(arena, after, before, IRI("bookings"), &slot->bookings);
    if (event.kind != JSON_NULL) entity_set_kind(arena, after, ATTR_JSON, IRI("event"), event);
    Delta delta = {.op = before ? DELTA_CHANGE : DELTA_PUT, .id = part->slot, .after = after};
    stage_put(stage, &delta);
}

static int64_t office_units(const Claims *claims) {
    int64_t units = 0;
    VEC_EACH (const Claim, claim, claims)
        units += claim->office ? claim->units : 0;
    return units;
}

/* What is left for this part, its own hold counted as free. */
static int64_t slot_left(const Slot *slot, const PartSlot *part, const Claim *mine) {
    int64_t left = slot->capacity - claims_units(&slot->holds) - claims_units(&slot->bookings);
    int64_t office = office_units(&slot->holds) + office_units(&slot->bookings);
    if (mine) left += mine->units;
    if (mine && mine->office) office -= mine->units;
    if (part->office || part->reserved <= office) return left;
    return left - (part->reserved - office);
}

static Slot slot_of(Ctx *ctx, Stage *stage, const PartSlot *part) {
    return slot_load(ctx->arena, stage_entity(stage, part->slot), part->capacity, stage_now(stage));
}

static Rc slot_full(Ctx *ctx, const PartSlot *part) {
    return ctx_fail(ctx, RC_CONFLICT, "slot-full", part->slot, "%s",
                    part->until_minute ? "Not enough is left at this time: choose another time."
                                       : "Nothing is left on this day: choose another day.");
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
    if (slot_left(&slot, part, mine) < part->units) return slot_full(ctx, part);
    return hold_limits(ctx, part, &slot);
}

static Rc hold_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    Slot slot = slot_of(ctx, stage, part);
    claim_drop(&slot.holds, part->name);
    vec_push(ctx->arena, &slot.holds,
             (Claim){.name = part->name,
                     .units = part->units,
                     .until = part->until,
                     .network = part->network,
                     .office = part->office});
    slot_save(ctx, stage, part, &slot, json_of_null());
    return RC_OK;
}

/* Nobody takes a day for himself by booking it again and again. */
static Rc book_limits(Ctx *ctx, Stage *stage, const PartSlot *part) {
    const Entity *slot = stage_entity(stage, part->slot);
    StrVec same;
    book_household(ctx->arena, slot, &part->households, part->name, &same);
    if (!part->household_max || (int64_t)same.len < part->household_max) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "household-full", part->slot,
                    "Your household has %lld applications for this day, which is the most: choose "
                    "another day.",
                    (long long)part->household_max);
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
    if (slot_left(&slot, part, mine) < part->units) return slot_full(ctx, part);
    return book_limits(ctx, stage, part);
}

static Rc book_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    Slot slot = slot_of(ctx, stage, part);
    if (claim_find(&slot.bookings, part->name)) return RC_OK;
    claim_drop(&slot.holds, part->hold);
    Claim booking = {.name = part->name,
                     .units = part->units,
                     .household = part->households.len ? part->households.items[0] : STR_NONE,
                     .office = part->office};
    vec_push(ctx->arena, &slot.bookings, booking);
    slot_save(ctx, stage, part, &slot, event_json(ctx->arena, STR("booked"), &booking));
    return RC_OK;
}

static Rc release_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    Slot slot = slot_of(ctx, stage, part);
    Claim *held = claim_find(&slot.holds, part->name),
          *booked = claim_find(&slot.bookings, part->name);
    Json event = json_of_null();
    if (!held && !booked) return RC_OK;
    claim_drop(&slot.holds, part->name);
    if (booked) {
        Claim back = *booked;
        back.until = part->until > stage_now(stage) ? part->until : 0;
        back.household = STR_NONE;
        claim_drop(&slot.bookings, part->name);
        event = event_json(ctx->arena, STR("returned"), &back);
        if (back.until) vec_push(ctx->arena, &slot.holds, back);
    }
    slot_save(ctx, stage, part, &slot, event);
    return RC_OK;
}

static Rc expire_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartSlot *part = args;
    const Entity *entity = stage_entity(stage, part->slot);
    const Json *holds = slot_object(entity, IRI("holds"));
    Slot slot = slot_of(ctx, stage, part);
    if (holds && slot.holds.len < holds->len) slot_save(ctx, stage, part, &slot, json_of_null());
    return RC_OK;
}

const PartKind part_slot_hold = {"slot.hold", 1, hold_guard, hold_apply};
const PartKind part_slot_book = {"slot.book", 1, book_guard, book_apply};
const PartKind part_slot_release = {"slot.release", 1, NULL, release_apply};
const PartKind part_slot_expire = {"slot.expire", 1, NULL, expire_apply};
