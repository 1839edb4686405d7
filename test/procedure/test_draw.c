/* Tests of the lottery of a reservation, over the starter's community centre: entering, closing,
 * drawing, and what follows for each case. */
#include "cases.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SLOT  "hall/2027-01-09/09:00"
#define MONTH ((Date){2027, 1, 1})
#define SEED  "9e98c5f2a6d14b7083e1f0aa55cc3719d2b4e6f8091a2b3c4d5e6f708192a3b4"

/* The same as somebody types it. */
#define TYPED "９Ｅ98C5F2A6D14B7083E1F0AA55CC3719D2B4E6F8091A2B3C4D5E6F708192A3B4 "

enum { PEOPLE = 4 };

static const Definition *centre(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), STR("facility-booking"),
                             time_jst_date(house->clock.fixed));
}

static void say(House *house, const char *field, Str text) {
    JsonMembers members = {0};
    vec_push(house->ctx.arena, &members, (JsonMember){str_of(field), json_of_str(text)});
    GOOD(house, defined_keep(&house->ctx, centre(house), &members));
}

static Rc enter_by(House *house, Actor *who, Str phone, const char *slot, Str *id) {
    static const char *const said[][2] = {{"purpose", "club"}, {"people", "9"},
                                          {"business", "no"},  {"name", "町田　花子"},
                                          {"kana", "マチダ"},  {"declared", "yes"}};
    DefinedDraft draft;
    Receipt receipt;
    house_act(house, who);
    house->ctx.actor->browser = str_fmt(house->arena, "browser " STR_FMT, STR_ARG(phone));
    GOOD(house, defined_begin(&house->ctx, centre(house), STR("web")));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        say(house, said[i][0], str_of(said[i][1]));
    say(house, "phone", phone);
    say(house, "slot", str_of(slot));
    GOOD(house, defined_draft(&house->ctx, centre(house), &draft));
    TRY(booking_hold(&house->ctx, &draft));
    TRY(defined_send(&house->ctx, &draft, &receipt));
    *id = str_dup(house->arena, receipt.id);
    return RC_OK;
}

static Rc enter_as(House *house, Actor *who, unsigned number, const char *slot, Str *id) {
    return enter_by(house, who, str_fmt(house->arena, "090-0000-%04u", number), slot, id);
}

/* Somebody without an account, under a telephone number of his own. */
static Rc enter(House *house, unsigned number, const char *slot, Str *id) {
    return enter_as(house, &house->nobody, number, slot, id);
}

static void at(House *house, int month, int day) {
    house->clock.fixed = time_jst_start((Date){2026, month, day}) + 9 * TIME_HOUR;
}

/* As the timer does. */
static void go_on(House *house) {
    bool more = true;
    house->ctx.actor = (Actor *)(uintptr_t)gate_system_actor();
    while (more)
        GOOD(house, draws_round(&house->ctx, &more));
}

static Draw loaded(House *house) {
    Draw draw;
    GOOD(house, draw_load(&house->ctx, centre(house), MONTH, &draw));
    return draw;
}

static Rc seed(House *house, const char *text) {
    house_act(house, &house->clerk);
    return draw_seed(&house->ctx, centre(house), MONTH, str_of(text));
}

static Str state_of(House *house, Str id) {
    return entity_text(house_entity(house, id), IRI("procedureState"));
}

static Rc move(House *house, Str id, const char *name) {
    const Entity *application = house_entity(house, id);
    house_act(house, &house->nobody);
    house->ctx.actor->held = application->id;
    Rc rc = defined_move(&house->ctx, &(DefinedAct){.id = id, .move = str_of(name)});
    house->ctx.actor->held = STR_NONE;
    return rc;
}

static BookSlot slot_now(House *house) {
    SlotChoice choice;
    const Entity *entity = NULL;
    assert_true(reservation_choice(centre(house)->reservation, STR(SLOT), &choice));
    Rc rc = ledger_entity(
        &house->ctx, house->tenant.ledger,
        reservation_slot_id(house->ctx.arena, centre(house)->reservation, &choice), &entity);
    return book_slot_read(rc == RC_OK ? entity : NULL, 1, house->clock.fixed);
}

/* Entered in December, closed, drawn and settled: ids by rank. */
static void drawn(House *house, Str *by_rank) {
    Str ids[PEOPLE];
    at(house, 12, 3);
    for (unsigned i = 0; i < PEOPLE; i++)
        GOOD(house, enter(house, i, SLOT, &ids[i]));
    at(house, 12, 11);
    go_on(house);
    GOOD(house, seed(house, TYPED));
    go_on(house);
    Draw draw = loaded(house);
    assert_true(str_eq(draw.lottery.seed, STR(SEED)));
    assert_int_equal(draw.ranks.len, PEOPLE);
    for (size_t rank = 0; rank < PEOPLE; rank++)
        for (unsigned i = 0; i < PEOPLE; i++) {
            DrawEntry entry;
            assert_true(draw_entry(&house->ctx, house_entity(house, ids[i]), &entry));
            if (str_eq(entry.commitment, draw.ranks.items[rank].entry->commitment))
                by_rank[rank] = ids[i];
        }
}

static void entries_are_published_at_the_closing_as_commitments(void **state) {
    House *house = *state;
    Str id, again;
    at(house, 12, 3);
    GOOD(house, enter(house, 1, SLOT, &id));
    assert_true(str_eq(state_of(house, id), STR("entered")));
    assert_int_equal(slot_now(house).left, 1); /* nothing is taken yet */
    const Json *rules = publish_text(&house->ctx, STR("dog-registration"), 1);
    Definition other = *defined_of(&house->ctx, house_entity(house, id));
    assert_int_equal(cases_fit(house, id, &other), FIT_GOOD);
    other.source = rules; /* no lottery by the same rule */
    assert_int_equal(cases_fit(house, id, &other), FIT_BOOKING);
    FAILS(house, enter(house, 1, "hall/2027-01-10/09:00", &again), RC_CONFLICT, "entered-already");
    FAILS(house, seed(house, SEED), RC_CONFLICT, "not-closed");
    GOOD(house, enter(house, 2, SLOT, &again));
    GOOD(house, move(house, again, "withdraw"));
    GOOD(house, enter(house, 2, SLOT, &again)); /* who left may come again */
    go_on(house);
    assert_int_equal(loaded(house).state, DRAW_NONE);
    at(house, 12, 11);
    FAILS(house, enter(house, 3, SLOT, &again), RC_INVALID, "not-offered");
    go_on(house);
    Draw draw = loaded(house);
    assert_int_equal(draw.state, DRAW_CLOSED);
    assert_int_equal(draw.lottery.entries.len, 2);
    assert_true(str_starts(draw.lottery.randomness, STR("drand-quicknet round ")));
    DrawEntry entry;
    assert_true(draw_entry(&house->ctx, house_entity(house, id), &entry));
    LotteryWish wish = {draw.lottery.name, id, STR(SLOT), entry.salt, 1};
    assert_true(str_eq(lottery_commitment(house->ctx.arena, &wish), entry.commitment));
    Str file = lottery_file(house->ctx.arena, &draw.lottery, NULL);
    assert_true(str_find(file, entry.commitment) > 0);
    assert_true(str_find(file, id) < 0 && str_find(file, entry.salt) < 0);
}

static void an_account_and_its_telephone_number_enter_once(void **state) {
    House *house = *state;
    Str id, again;
    at(house, 12, 3);
    GOOD(house, enter_as(house, &house->resident, 1, SLOT, &id));
    FAILS(house, enter(house, 1, SLOT, &again), RC_CONFLICT, "entered-already");
    FAILS(house, enter_as(house, &house->resident, 2, SLOT, &again), RC_CONFLICT,
          "entered-already");
    GOOD(house, move(house, id, "withdraw"));
    GOOD(house, enter(house, 1, SLOT, &id));
    FAILS(house, enter_as(house, &house->resident, 1, SLOT, &again), RC_CONFLICT,
          "entered-already");
    GOOD(house, enter_as(house, &house->resident, 2, SLOT, &again));
    static const char *const spellings[] = {"09000000001", "+81-90-0000-0001", "0900-000-0001"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        FAILS(house, enter_by(house, &house->nobody, str_of(spellings[i]), SLOT, &again),
              RC_CONFLICT, "entered-already");
}

static void a_family_shares_its_telephone(void **state) {
    House *house = *state;
    Str mother, father, again;
    at(house, 12, 3);
    GOOD(house, enter_as(house, &house->resident, 3, SLOT, &mother));
    GOOD(house, enter_as(house, &house->other, 3, SLOT, &father));
    FAILS(house, enter(house, 3, SLOT, &again), RC_CONFLICT, "entered-already");
    GOOD(house, move(house, mother, "withdraw"));
    FAILS(house, enter(house, 3, SLOT, &again), RC_CONFLICT, "entered-already");
    GOOD(house, move(house, father, "withdraw"));
    GOOD(house, enter(house, 3, SLOT, &again));
}

static void a_draw_gives_the_first_rank_the_slot_until_it_is_confirmed(void **state) {
    House *house = *state;
    Str by_rank[PEOPLE];
    drawn(house, by_rank);
    assert_true(str_eq(state_of(house, by_rank[0]), STR("won")));
    for (size_t i = 1; i < PEOPLE; i++)
        assert_true(str_eq(state_of(house, by_rank[i]), STR("waiting")));
    assert_int_equal(slot_now(house).held, 1);
    assert_true(str_eq(cases_text(house, by_rank[0], IRI("answerDue")), STR("2026-12-18")));
    FAILS(house, seed(house, SEED), RC_CONFLICT, "drawn");
    FAILS(house, move(house, by_rank[1], "confirm"), RC_CONFLICT, "slot-full");
    GOOD(house, move(house, by_rank[0], "confirm"));
    assert_true(str_eq(state_of(house, by_rank[0]), STR("booked")));
    assert_int_equal(slot_now(house).booked, 1);
    assert_int_equal(slot_now(house).held, 0);
    at(house, 12, 20);
    go_on(house);
    assert_true(str_eq(state_of(house, by_rank[1]), STR("waiting")));
}

static void a_win_that_lapses_or_is_given_back_goes_to_the_next(void **state) {
    House *house = *state;
    Str by_rank[PEOPLE];
    drawn(house, by_rank);
    GOOD(house, move(house, by_rank[0], "withdraw"));
    go_on(house);
    assert_true(str_eq(state_of(house, by_rank[1]), STR("won")));
    at(house, 12, 18);
    go_on(house);
    assert_true(str_eq(state_of(house, by_rank[1]), STR("won"))); /* the whole of that day */
    at(house, 12, 19);
    go_on(house);
    assert_true(str_eq(state_of(house, by_rank[1]), STR("lost")));
    assert_true(str_eq(state_of(house, by_rank[2]), STR("won")));
    at(house, 12, 21); /* what is left is free: no win outlasts that */
    go_on(house);
    assert_true(str_eq(state_of(house, by_rank[2]), STR("lost")));
    assert_true(str_eq(state_of(house, by_rank[3]), STR("lost")));
    Str id;
    GOOD(house, enter(house, 77, SLOT, &id));
    assert_true(str_eq(state_of(house, id), STR("booked")));
    assert_int_equal(slot_now(house).booked, 1);
}

static void nothing_is_free_before_it_was_drawn(void **state) {
    House *house = *state;
    Str id, other;
    at(house, 12, 3);
    GOOD(house, enter(house, 1, SLOT, &id));
    at(house, 12, 21); /* nobody has closed it, nobody has entered the seed */
    FAILS(house, enter(house, 2, SLOT, &other), RC_INVALID, "not-offered");
    go_on(house);
    FAILS(house, enter(house, 2, SLOT, &other), RC_INVALID, "not-offered");
    FAILS(house, seed(house, "x y"), RC_INVALID, "bad-seed");
    FAILS(house, seed(house, "9e98"), RC_INVALID, "bad-seed"); /* no round of drand is that */
    GOOD(house, seed(house, SEED));
    go_on(house);
    FAILS(house, enter(house, 2, SLOT, &other), RC_INVALID, "not-offered");
    house->clock.fixed += TIME_HOUR;
    FAILS(house, enter(house, 2, SLOT, &other), RC_CONFLICT, "slot-full");
    assert_true(str_eq(state_of(house, id), STR("won"))); /* late as the seed is */
    assert_true(str_eq(cases_text(house, id, IRI("answerDue")), STR("2026-12-28")));
    at(house, 12, 28);
    GOOD(house, move(house, id, "confirm"));
    assert_true(str_eq(state_of(house, id), STR("booked")));
}

static void a_month_that_nobody_entered_for_is_free_without_a_seed(void **state) {
    House *house = *state;
    Str id;
    at(house, 12, 21);
    go_on(house);
    assert_int_equal(loaded(house).state, DRAW_DRAWN);
    GOOD(house, enter(house, 1, SLOT, &id));
    assert_true(str_eq(state_of(house, id), STR("booked")));
}

static void a_seed_is_of_a_round_that_was_published(void **state) {
    House *house = *state;
    Str id;
    at(house, 12, 3);
    GOOD(house, enter(house, 1, SLOT, &id));
    house->clock.fixed = time_jst_start((Date){2026, 12, 11});
    go_on(house);
    house->clock.fixed += TIME_HOUR;
    FAILS(house, seed(house, SEED), RC_CONFLICT, "not-published");
    house->clock.fixed += 4 * TIME_SECOND;
    GOOD(house, seed(house, SEED));
}

/* As somebody who has it of the house. */
static void hold(House *house, const char *slot, int64_t until) {
    SlotChoice choice;
    Outcome outcome;
    Command *command = case_command(&house->ctx, STR("slot.hold"), STR_NONE, STR("timer"));
    assert_true(reservation_choice(centre(house)->reservation, str_of(slot), &choice));
    PartSlot *part = booking_part(command, centre(house)->reservation, &choice);
    part->name = STR("urn:ngsi-ld:Application:other");
    part->until = until;
    command_add(command, &part_slot_hold, part);
    GOOD(house, case_execute(&house->ctx, command, &outcome));
}

static void a_winner_whose_slot_is_taken_waits_and_keeps_nobody_else(void **state) {
    House *house = *state;
    Str id, other;
    at(house, 12, 3);
    GOOD(house, enter(house, 1, SLOT, &id));
    GOOD(house, enter(house, 2, "hall/2027-01-10/09:00", &other));
    at(house, 12, 11);
    go_on(house);
    hold(house, SLOT, house->clock.fixed + TIME_HOUR);
    GOOD(house, seed(house, SEED));
    go_on(house);
    assert_true(str_eq(state_of(house, id), STR("waiting")));
    assert_true(str_eq(state_of(house, other), STR("won")));
    house->clock.fixed += TIME_HOUR + 1;
    go_on(house);
    assert_true(str_eq(state_of(house, id), STR("won")));
}

static void only_officials_enter_a_seed(void **state) {
    House *house = *state;
    house_act(house, &house->resident);
    FAILS(house, draw_seed(&house->ctx, centre(house), MONTH, STR(SEED)), RC_DENIED,
          "not-permitted");
}

/* Who runs the center has its entries, and of what the city does nothing. */
static void a_contractor_sees_to_its_own_cases_alone(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Actor hall;
    Str own, other = cases_apply(house, NULL, 1), decision;
    int64_t counts[CASE_STATES];
    const Entity *found;
    at(house, 12, 3);
    GOOD(house, enter(house, 1, SLOT, &own));
    house_official(house, "hall", "community-center-manager", &hall);
    house_act(house, &hall);
    ctx->purpose = STR("application-check");
    const Entity *seen = gate_view(ctx, NULL, house_entity(house, own));
    assert_non_null(seen);
    assert_non_null(entity_attr(seen, IRI("name")));
    assert_null(gate_view(ctx, NULL, house_entity(house, other)));
    FAILS(house, case_load(ctx, other, &found), RC_NOT_FOUND, NULL);
    house_drain(house);
    GOOD(house, inbox_counts(ctx, hall.post, counts));
    assert_int_equal(counts[CASE_ELSEWHERE], 1);
    GateHolders holders;
    GOOD(house, gate_holders(ctx, NULL, &holders));
    cases_set(house, own, LD_DEFAULT "assignee", hall.id);
    assert_false(office_is_left(ctx, house_entity(house, own), &holders));
    DefinedAct refuse = {.id = own, .move = STR("refuse"), .text = STR("ホールの工事")};
    FAILS(house, defined_propose(ctx, &refuse, &decision), RC_DENIED, "not-permitted");
    GOOD(house, defined_move(ctx, &refuse));
    assert_true(str_eq(state_of(house, own), STR("refused")));
    FAILS(house, office_confirm(ctx, &(OfficeAct){.id = other}), RC_NOT_FOUND, NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(entries_are_published_at_the_closing_as_commitments),
        TEST(an_account_and_its_telephone_number_enter_once),
        TEST(a_family_shares_its_telephone),
        TEST(a_draw_gives_the_first_rank_the_slot_until_it_is_confirmed),
        TEST(a_win_that_lapses_or_is_given_back_goes_to_the_next),
        TEST(nothing_is_free_before_it_was_drawn),
        TEST(a_month_that_nobody_entered_for_is_free_without_a_seed),
        TEST(a_seed_is_of_a_round_that_was_published),
        TEST(a_winner_whose_slot_is_taken_waits_and_keeps_nobody_else),
        TEST(only_officials_enter_a_seed),
        TEST(a_contractor_sees_to_its_own_cases_alone),
    };
    return cmocka_run_group_tests_name("draw", tests, NULL, NULL);
}
