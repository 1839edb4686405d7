/* Tests of slots: holds, bookings and their races, against a model as simple as can be. */
#include "../procedure/house.h"

#include "book/book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <stdio.h>
#include <pthread.h>
#include <cmocka.h>

static const Date day = {2026, 12, 1};

static int set_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make(house, HOUSE_LEDGER);
    *state = house;
    return 0;
}

static int tear_down(void **state) {
    house_end(*state);
    mem_free(*state);
    return 0;
}

typedef struct Wish {
    const PartKind *kind;
    const char *place, *name, *hold, *network, *household, *also;
    int64_t units, capacity, until, share, network_max, reserved;
    bool office;
} Wish;

static Rc wish_run(Ctx *ctx, Wish wish) {
    Command *command = command_new(
        ctx->tenant->ledger, (CommandHead){.kind = str_of(wish.kind->name), .channel = STR("web")});
    Arena *arena = command_arena(command);
    PartSlot *part = NEW(arena, PartSlot);
    Str place = str_dup(arena, str_of(wish.place ? wish.place : "here"));
    *part = (PartSlot){.slot = book_slot_id(arena, STR("test"), place, day),
                       .resource = STR("test"),
                       .place = place,
                       .day = day,
                       .capacity = wish.capacity ? wish.capacity : 3,
                       .name = str_dup(arena, str_of(wish.name)),
                       .hold = str_dup(arena, str_of(wish.hold)),
                       .units = wish.units ? wish.units : 1,
                       .until = wish.until                        ? wish.until
                                : wish.kind == &part_slot_release ? 0
                                                                  : HOUSE_NOW + TIME_HOUR,
                       .office = wish.office,
                       .reserved = wish.reserved,
                       .network = str_dup(arena, str_of(wish.network ? wish.network : "")),
                       .share = wish.share,
                       .network_max = wish.network_max,
                       .household_max = wish.household ? 2 : 0};
    if (wish.household) vec_push(arena, &part->households, str_dup(arena, str_of(wish.household)));
    if (wish.also) vec_push(arena, &part->households, str_dup(arena, str_of(wish.also)));
    command_needs(command, part->slot);
    command_add(command, wish.kind, part);
    return house_run(ctx, command);
}

#define HOLD(house, ...)    wish_run(&(house)->ctx, (Wish){&part_slot_hold, __VA_ARGS__})
#define BOOK(house, ...)    wish_run(&(house)->ctx, (Wish){&part_slot_book, __VA_ARGS__})
#define RELEASE(house, ...) wish_run(&(house)->ctx, (Wish){&part_slot_release, __VA_ARGS__})
#define EXPIRE(house, ...)  wish_run(&(house)->ctx, (Wish){&part_slot_expire, __VA_ARGS__})

static const Entity *slot_of(House *house, const char *place) {
    const Entity *slot = NULL;
    Rc rc = ledger_entity(&house->ctx, house->tenant.ledger,
                          book_slot_id(house->ctx.arena, STR("test"), str_of(place), day), &slot);
    if (rc != RC_NOT_FOUND) GOOD(house, rc);
    return rc == RC_OK ? slot : NULL;
}

static BookSlot read_slot(House *house) {
    return book_slot_read(slot_of(house, "here"), 3, house->clock.fixed);
}

static void a_hold_takes_a_place_until_it_expires(void **state) {
    House *house = *state;
    GOOD(house, HOLD(house, .name = "a", .units = 2));
    assert_int_equal(read_slot(house).held, 2);
    assert_int_equal(read_slot(house).left, 1);
    assert_int_equal(book_hold_until(slot_of(house, "here"), STR("a"), HOUSE_NOW),
                     HOUSE_NOW + TIME_HOUR);
    FAILS(house, HOLD(house, .name = "b", .units = 2), RC_CONFLICT, "slot-full");
    house->clock.fixed += TIME_HOUR;
    assert_int_equal(read_slot(house).left, 3);
    assert_int_equal(book_hold_until(slot_of(house, "here"), STR("a"), house->clock.fixed),
                     TIME_NONE);
    GOOD(house, HOLD(house, .name = "b", .units = 3, .until = HOUSE_NOW + 2 * TIME_HOUR));
}

static void holding_again_by_the_same_name_prolongs(void **state) {
    House *house = *state;
    GOOD(house, HOLD(house, .name = "a", .units = 3));
    GOOD(house, HOLD(house, .name = "a", .units = 3, .until = HOUSE_NOW + 2 * TIME_HOUR));
    assert_int_equal(read_slot(house).held, 3);
    house->clock.fixed += TIME_HOUR;
    assert_int_equal(read_slot(house).held, 3);
}

static void booking_turns_a_hold_into_a_booking_once(void **state) {
    House *house = *state;
    GOOD(house, HOLD(house, .name = "h", .units = 1));
    GOOD(house, BOOK(house, .name = "case", .hold = "h"));
    assert_int_equal(read_slot(house).booked, 1);
    assert_int_equal(read_slot(house).held, 0);
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, BOOK(house, .name = "case", .hold = "h"));
    assert_int_equal(read_slot(house).booked, 1);
    assert_int_equal(ledger_head(house->tenant.ledger), head); /* a retry leaves no trace */
}

static void a_full_slot_refuses_and_a_release_makes_room(void **state) {
    House *house = *state;
    GOOD(house, BOOK(house, .name = "a", .units = 2));
    GOOD(house, HOLD(house, .name = "h"));
    FAILS(house, BOOK(house, .name = "b"), RC_CONFLICT, "slot-full");
    FAILS(house, BOOK(house, .name = "b", .hold = "other"), RC_CONFLICT, "slot-full");
    GOOD(house, BOOK(house, .name = "c", .hold = "h"));
    assert_int_equal(read_slot(house).left, 0);
    GOOD(house, RELEASE(house, .name = "a"));
    assert_int_equal(read_slot(house).left, 2);
    GOOD(house, RELEASE(house, .name = "a")); /* nothing of that name is no error */
    GOOD(house, BOOK(house, .name = "b"));
}

static void an_expired_hold_books_only_what_is_left(void **state) {
    House *house = *state;
    GOOD(house, HOLD(house, .name = "late", .units = 3));
    house->clock.fixed += 2 * TIME_HOUR;
    GOOD(house, BOOK(house, .name = "quick", .units = 3));
    FAILS(house, BOOK(house, .name = "case", .hold = "late"), RC_CONFLICT, "slot-full");
}

static void expiring_drops_what_has_ended_and_nothing_else(void **state) {
    House *house = *state;
    GOOD(house, HOLD(house, .name = "a"));
    GOOD(house, HOLD(house, .name = "b", .until = HOUSE_NOW + 3 * TIME_HOUR));
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, EXPIRE(house, .name = ""));
    assert_int_equal(ledger_head(house->tenant.ledger), head);
    house->clock.fixed += 2 * TIME_HOUR;
    GOOD(house, EXPIRE(house, .name = ""));
    const Attr *holds = entity_attr(slot_of(house, "here"), IRI("holds"));
    assert_int_equal(holds->value->len, 1);
    assert_int_equal(read_slot(house).held, 1);
}

/* Holds from a network count together, and against the part that all of them may take; those
   without one count for nothing but the places. */
static void holds_from_networks_leave_places_for_others(void **state) {
    House *house = *state;
#define NETWORK(n, from)                                                                           \
    HOLD(house, .name = n, .network = from, .capacity = 10, .share = 50, .network_max = 3)
    GOOD(house, NETWORK("a", "x"));
    GOOD(house, NETWORK("b", "x"));
    GOOD(house, NETWORK("c", "x"));
    GOOD(house, NETWORK("c", "x")); /* prolongs */
    FAILS(house, NETWORK("d", "x"), RC_CONFLICT, "holds-network");
    GOOD(house, NETWORK("d", "y"));
    GOOD(house, NETWORK("e", "y"));
    FAILS(house, NETWORK("f", "z"), RC_CONFLICT, "holds-share");
    for (const char *name = "fghij"; *name; name++)
        GOOD(house, HOLD(house, .name = (char[]){*name, 0}, .capacity = 10));
    FAILS(house, HOLD(house, .name = "k", .capacity = 10), RC_CONFLICT, "slot-full");
    GOOD(house, RELEASE(house, .name = "a", .capacity = 10));
    GOOD(house, NETWORK("k", "z"));
    GOOD(house, BOOK(house, .name = "case", .hold = "k", .capacity = 10));
    GOOD(house, RELEASE(house, .name = "f", .capacity = 10));
    GOOD(house, NETWORK("l", "z")); /* what became a booking is no hold any more */
    assert_false(book_has_expired(slot_of(house, "here"), HOUSE_NOW));
    assert_true(book_has_expired(slot_of(house, "here"), HOUSE_NOW + TIME_HOUR));
#undef NETWORK
}

/* Limits of nothing are no limits. */
static void without_limits_a_network_may_hold_all(void **state) {
    House *house = *state;
    for (const char *name = "abc"; *name; name++)
        GOOD(house, HOLD(house, .name = (char[]){*name, 0}, .network = "x"));
    FAILS(house, HOLD(house, .name = "d", .network = "x"), RC_CONFLICT, "slot-full");
}

static void a_household_books_so_many(void **state) {
    House *house = *state;
    GOOD(house, BOOK(house, .name = "a", .household = "h", .capacity = 9));
    GOOD(house, BOOK(house, .name = "b", .household = "h", .office = true));
    FAILS(house, BOOK(house, .name = "c", .household = "h"), RC_CONFLICT, "household-full");
    GOOD(house, BOOK(house, .name = "b", .household = "h")); /* a retry */
    GOOD(house, BOOK(house, .name = "d", .household = "other"));
    GOOD(house, BOOK(house, .name = "e"));
    FAILS(house, BOOK(house, .name = "f", .household = "whole", .also = "h"), RC_CONFLICT,
          "household-full");
    StrVec words = {0}, names;
    vec_push(house->arena, &words, STR("h"));
    book_household(house->arena, slot_of(house, "here"), &words, STR("a"), &names);
    assert_int_equal(names.len, 1);
    assert_true(str_eq(names.items[0], STR("b")));
    GOOD(house, RELEASE(house, .name = "a", .until = HOUSE_NOW + TIME_HOUR));
    GOOD(house, BOOK(house, .name = "c", .household = "h"));
    assert_int_equal(read_slot(house).booked, 4);
    assert_int_equal(read_slot(house).left, 4);
}

static void the_office_alone_gives_out_its_share(void **state) {
    House *house = *state;
    GOOD(house, HOLD(house, .name = "web", .units = 2, .reserved = 1));
    FAILS(house, HOLD(house, .name = "more", .reserved = 1), RC_CONFLICT, "slot-full");
    FAILS(house, BOOK(house, .name = "more", .reserved = 1), RC_CONFLICT, "slot-full");
    GOOD(house, BOOK(house, .name = "caller", .reserved = 1, .office = true));
    assert_int_equal(read_slot(house).office, 1);
    GOOD(house, RELEASE(house, .name = "web"));
    BookSlot slot = read_slot(house);
    assert_int_equal(book_slot_open(&slot, 1), 2); /* the office has its one */
    GOOD(house, RELEASE(house, .name = "caller"));
    slot = read_slot(house);
    assert_int_equal(book_slot_open(&slot, 1), 2);
    assert_int_equal(book_slot_open(&slot, 0), 3);
    GOOD(house, BOOK(house, .name = "web", .units = 2, .reserved = 1));
    GOOD(house, HOLD(house, .name = "caller", .reserved = 1, .office = true));
    assert_int_equal(read_slot(house).office, 1); /* a hold of the office counts as its own */
}

static void what_is_given_back_stays_taken_until_it_is_told(void **state) {
    House *house = *state;
    GOOD(house, BOOK(house, .name = "a", .units = 3));
    GOOD(house, RELEASE(house, .name = "a", .until = HOUSE_NOW + TIME_HOUR));
    assert_int_equal(read_slot(house).booked, 0);
    assert_int_equal(read_slot(house).left, 0);
    FAILS(house, BOOK(house, .name = "b"), RC_CONFLICT, "slot-full");
    const Json *event = entity_attr(slot_of(house, "here"), IRI("event"))->value;
    assert_true(str_eq(json_get_str(event, "what"), STR("returned")));
    assert_int_equal(json_get_int(event, "units", 0), 3);
    assert_true(
        str_eq(json_get_str(event, "free"), time_format(house->ctx.arena, HOUSE_NOW + TIME_HOUR)));
    house->clock.fixed += TIME_HOUR;
    assert_int_equal(read_slot(house).left, 3);
    GOOD(house, BOOK(house, .name = "b"));
    event = entity_attr(slot_of(house, "here"), IRI("event"))->value;
    assert_true(str_eq(json_get_str(event, "what"), STR("booked")));
    assert_null(json_get(event, STR("free")));
    GOOD(house, RELEASE(house, .name = "nobody")); /* tells nothing */
    assert_int_equal(read_slot(house).booked, 1);
}

static void a_slot_of_minutes_has_a_name_of_its_own(void **state) {
    House *house = *state;
    Arena *arena = house->ctx.arena;
    BookTime time = {.day = day, .from = 9 * 60 + 5, .until = 9 * 60 + 20};
    assert_true(str_eq(book_slot_at(arena, STR("r"), STR("p"), time),
                       STR("urn:ngsi-ld:Slot:r:p:2026-12-01T0905")));
    time = (BookTime){.day = day};
    assert_true(str_eq(book_slot_at(arena, STR("r"), STR("p"), time),
                       book_slot_id(arena, STR("r"), STR("p"), day)));
    assert_true(str_eq(book_clock(arena, 23 * 60 + 59), STR("23:59")));
}

static void nonsense_is_refused(void **state) {
    House *house = *state;
    FAILS(house, HOLD(house, .name = "a", .units = -1), RC_INVALID, "bad-hold");
    FAILS(house, HOLD(house, .name = "a", .until = HOUSE_NOW), RC_INVALID, "bad-hold");
    FAILS(house, BOOK(house, .name = "a", .units = -1), RC_INVALID, "bad-booking");
    FAILS(house, BOOK(house, .name = "a", .units = INT64_MAX), RC_CONFLICT, "slot-full");
    assert_null(slot_of(house, "here"));
}

static void a_slot_keeps_the_capacity_it_was_made_with(void **state) {
    House *house = *state;
    GOOD(house, BOOK(house, .name = "a", .capacity = 1));
    FAILS(house, BOOK(house, .name = "b", .capacity = 9), RC_CONFLICT, "slot-full");
}

/* ---- generated sequences against a model ---- */

enum { NAMES = 12, MODEL_CAPACITY = 7, MODEL_STEPS = 3000 };

typedef struct Model {
    int64_t hold_units[NAMES], hold_until[NAMES], booked[NAMES];
    int64_t now;
} Model;

static int64_t model_held(const Model *model, int name) {
    return model->hold_until[name] > model->now ? model->hold_units[name] : 0;
}

static int64_t model_left(const Model *model) {
    int64_t left = MODEL_CAPACITY;
    for (int i = 0; i < NAMES; i++)
        left -= model_held(model, i) + model->booked[i];
    return left;
}

static Rc model_hold(Model *model, int name, int64_t units, int64_t until) {
    if (model_left(model) + model_held(model, name) < units) return RC_CONFLICT;
    model->hold_units[name] = units;
    model->hold_until[name] = until;
    return RC_OK;
}

static Rc model_book(Model *model, int name, int hold, int64_t units) {
    if (model->booked[name]) return RC_OK;
    if (model_left(model) + model_held(model, hold) < units) return RC_CONFLICT;
    model->hold_until[hold] = 0;
    model->booked[name] = units;
    return RC_OK;
}

/* What was booked stays taken until then. */
static void model_release(Model *model, int name, int64_t until) {
    model->hold_until[name] = model->booked[name] ? until : 0;
    model->hold_units[name] = model->booked[name];
    model->booked[name] = 0;
}

static void model_step(House *house, Model *model) {
    Rand *rand = &house->rand;
    int name = (int)rand_below(rand, NAMES), hold = (int)rand_below(rand, NAMES);
    int64_t units = 1 + (int64_t)rand_below(rand, 3);
    int64_t until = model->now + (1 + (int64_t)rand_below(rand, 9)) * TIME_MINUTE;
    char name_text[2] = {(char)('a' + name), 0}, hold_text[2] = {(char)('a' + hold), 0};
    Wish wish = {.name = name_text, .units = units, .capacity = MODEL_CAPACITY, .until = until};
    Rc expected = RC_OK;
    switch (rand_below(rand, 6)) {
    case 0:
    case 1:
        wish.kind = &part_slot_hold;
        expected = model_hold(model, name, units, until);
        break;
    case 2:
    case 3:
        wish.kind = &part_slot_book;
        wish.hold = hold_text;
        expected = model_book(model, name, hold, units);
        break;
    case 4:
        wish.kind = &part_slot_release;
        wish.until = rand_below(rand, 2) ? until : 0;
        model_release(model, name, wish.until);
        break;
    default:
        wish.kind = &part_slot_expire;
        house->clock.fixed = model->now += (int64_t)rand_below(rand, 3) * TIME_MINUTE;
    }
    assert_int_equal(wish_run(&house->ctx, wish), expected);
}

static void generated_sequences_agree_with_the_model_and_never_overbook(void **state) {
    House *house = *state;
    Model model = {.now = house->clock.fixed};
    for (int i = 0; i < MODEL_STEPS; i++) {
        ArenaMark mark = arena_mark(house->ctx.arena);
        model_step(house, &model);
        BookSlot slot = book_slot_read(slot_of(house, "here"), MODEL_CAPACITY, model.now);
        assert_true(slot.booked + slot.held <= MODEL_CAPACITY);
        assert_int_equal(slot.left, model_left(&model));
        arena_rewind(house->ctx.arena, mark);
    }
}

/* ---- races ---- */

enum { THREADS = 8, PLACES = 100, PLACE_CAPACITY = 20, ATTEMPTS = 100000 };

typedef struct Racer {
    House *house;
    int number;
    atomic_int *booked;
    pthread_t thread;
} Racer;

static void *race(void *arg) {
    Racer *racer = arg;
    Rand rand = rand_seeded((uint64_t)racer->number + 1);
    Ctx ctx = house_thread(racer->house, &rand);
    for (int i = 0; i < ATTEMPTS / THREADS; i++) {
        ArenaMark mark = arena_mark(ctx.arena);
        char place[8], name[24];
        int at = (int)rand_below(&rand, PLACES);
        snprintf(place, sizeof place, "%d", at);
        snprintf(name, sizeof name, "%d-%d", racer->number, i);
        Wish wish = {
            .kind = &part_slot_book, .place = place, .name = name, .capacity = PLACE_CAPACITY};
        Rc rc = wish_run(&ctx, wish);
        if (rc == RC_OK)
            atomic_fetch_add(&racer->booked[at], 1);
        else if (rc != RC_CONFLICT)
            abort();
        arena_rewind(ctx.arena, mark);
    }
    house_thread_end(&ctx);
    return NULL;
}

static void a_hundred_thousand_racing_attempts_book_nothing_twice(void **state) {
    House *house = *state;
    atomic_int booked[PLACES] = {0};
    Racer racers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (Racer){.house = house, .number = i, .booked = booked};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(racers[i].thread, NULL);
    for (int i = 0; i < PLACES; i++) {
        char place[12];
        snprintf(place, sizeof place, "%d", i);
        BookSlot slot = book_slot_read(slot_of(house, place), 0, house->clock.fixed);
        assert_int_equal(slot.booked, PLACE_CAPACITY); /* everybody wanted in */
        assert_int_equal(slot.booked, atomic_load(&booked[i]));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_hold_takes_a_place_until_it_expires),
        TEST(holding_again_by_the_same_name_prolongs),
        TEST(booking_turns_a_hold_into_a_booking_once),
        TEST(a_full_slot_refuses_and_a_release_makes_room),
        TEST(an_expired_hold_books_only_what_is_left),
        TEST(expiring_drops_what_has_ended_and_nothing_else),
        TEST(holds_from_networks_leave_places_for_others),
        TEST(without_limits_a_network_may_hold_all),
        TEST(a_household_books_so_many),
        TEST(the_office_alone_gives_out_its_share),
        TEST(what_is_given_back_stays_taken_until_it_is_told),
        TEST(a_slot_of_minutes_has_a_name_of_its_own),
        TEST(nonsense_is_refused),
        TEST(a_slot_keeps_the_capacity_it_was_made_with),
        TEST(generated_sequences_agree_with_the_model_and_never_overbook),
        TEST(a_hundred_thousand_racing_attempts_book_nothing_twice),
    };
    return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
