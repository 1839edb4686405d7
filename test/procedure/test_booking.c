/* Tests of procedures that book a slot, over the starter's vaccinations: what is offered to whom,
 * the slot that a draft holds, booking, changing and giving it back. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SLOT  "health-center/2026-12-01/09:15"
#define OTHER "health-center/2026-12-01/09:30"

static const Definition *vaccine(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), STR("vaccine-slot"),
                             time_jst_date(house->clock.fixed));
}

static void say(House *house, const char *field, const char *text) {
    JsonMembers members = {0};
    vec_push(house->ctx.arena, &members,
             (JsonMember){str_of(field), text ? json_of_str(str_of(text)) : json_of_null()});
    GOOD(house, defined_keep(&house->ctx, vaccine(house), &members));
}

static DefinedDraft draft_of(House *house) {
    DefinedDraft draft;
    GOOD(house, defined_draft(&house->ctx, vaccine(house), &draft));
    return draft;
}

/* Answers all but the slot, in a browser of that name. */
static void begin(House *house, Actor *actor, const char *browser, const char *channel) {
    static const char *const said[][2] = {
        {"born", "昭和31年4月1日"}, {"people", "2"},        {"reaction", "no"},
        {"ticket", "0012345678"},   {"name", "町田　花子"}, {"kana", "まちだ はなこ"},
        {"phone", "090-1234-5678"},
    };
    house_act(house, actor);
    house->ctx.actor->browser = str_of(browser);
    GOOD(house, defined_begin(&house->ctx, vaccine(house), str_of(channel)));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        say(house, said[i][0], said[i][1]);
}

static Rc choose(House *house, const char *slot) {
    say(house, "slot", slot);
    DefinedDraft draft = draft_of(house);
    return booking_hold(&house->ctx, &draft);
}

static Rc send(House *house, Str *id) {
    Receipt receipt;
    DefinedDraft draft = draft_of(house);
    draft.unconfirmed = STR("paper");
    TRY(defined_send(&house->ctx, &draft, &receipt));
    *id = str_dup(house->arena, receipt.id);
    return RC_OK;
}

/* A booked case of the resident. */
static Str book(House *house, const char *slot) {
    Str id;
    begin(house, &house->resident, "a browser", "web");
    GOOD(house, choose(house, slot));
    GOOD(house, send(house, &id));
    return id;
}

static BookSlot slot_now(House *house, const char *text) {
    SlotChoice choice;
    const Entity *entity = NULL;
    const Reservation *reservation = vaccine(house)->reservation;
    assert_true(reservation_choice(reservation, str_of(text), &choice));
    Rc rc = ledger_entity(&house->ctx, house->tenant.ledger,
                          reservation_slot_id(house->ctx.arena, reservation, &choice), &entity);
    return book_slot_read(rc == RC_OK ? entity : NULL, choice.place->units, house->clock.fixed);
}

static void a_form_holds_its_slot_and_books_it_with_the_case(void **state) {
    House *house = *state;
    Str id;
    begin(house, &house->resident, "a browser", "web");
    GOOD(house, choose(house, SLOT));
    assert_int_equal(slot_now(house, SLOT).held, 2); /* a couple */
    assert_true(str_eq(draft_of(house).held, STR(SLOT)));
    GOOD(house, choose(house, OTHER));
    assert_int_equal(slot_now(house, SLOT).held, 0);
    assert_int_equal(slot_now(house, OTHER).held, 2);
    GOOD(house, send(house, &id));
    BookSlot slot = slot_now(house, OTHER);
    assert_int_equal(slot.booked, 2);
    assert_int_equal(slot.held, 0);
    SlotChoice choice;
    FormAnswer answer;
    assert_true(booking_of(&house->ctx, house_entity(house, id), &choice));
    assert_int_equal(choice.time.from, 9 * 60 + 30);
    assert_true(defined_answer(house->ctx.arena, house_entity(house, id),
                               definition_slot(vaccine(house)), &answer));
    assert_true(str_eq(form_text(house->ctx.arena, &answer, STR("ja")),
                       STR("令和8年12月1日 09:30–09:45 保健センター")));
}

static void an_expired_hold_is_booked_only_while_something_is_left(void **state) {
    House *house = *state;
    Str id;
    begin(house, &house->resident, "a browser", "web");
    GOOD(house, choose(house, SLOT));
    house->clock.fixed += TIME_HOUR;
    assert_true(str_empty(draft_of(house).held));
    begin(house, &house->other, "another browser", "web");
    GOOD(house, choose(house, SLOT));
    GOOD(house, send(house, &id));
    house_act(house, &house->resident);
    FAILS(house, send(house, &id), RC_CONFLICT, "slot-full"); /* 2 of 4 are gone, 1 is reserved */
    GOOD(house, choose(house, OTHER));
    GOOD(house, send(house, &id));
}

static void the_reserved_share_is_booked_at_the_counter_alone(void **state) {
    House *house = *state;
    Str id;
    (void)book(house, SLOT);
    begin(house, &house->other, "another browser", "web");
    say(house, "people", "1");
    GOOD(house, choose(house, SLOT));
    GOOD(house, send(house, &id));
    begin(house, &house->nobody, "a third", "web");
    say(house, "people", "1");
    FAILS(house, choose(house, SLOT), RC_CONFLICT, "slot-full");
    begin(house, &house->clerk, "the desk", "counter");
    say(house, "people", "1");
    GOOD(house, choose(house, SLOT));
    GOOD(house, send(house, &id));
    assert_int_equal(slot_now(house, SLOT).left, 0);
    assert_int_equal(slot_now(house, SLOT).office, 1);
}

static void who_is_not_let_in_yet_holds_nothing(void **state) {
    House *house = *state;
    begin(house, &house->resident, "a browser", "web");
    say(house, "born", "2010-05-05");
    DefinedDraft draft = draft_of(house);
    int64_t opens;
    assert_true(time_parse(STR("2026-12-10T09:00:00+09:00"), &opens));
    assert_int_equal(booking_opens(&house->ctx, &draft.form), opens);
    FAILS(house, choose(house, SLOT), RC_INVALID, "not-open");
    house->clock.fixed = opens;
    begin(house, &house->resident, "a browser", "web"); /* drafts last a week */
    say(house, "born", "2010-05-05");
    FAILS(house, choose(house, SLOT), RC_INVALID, "not-offered"); /* that day is over */
    GOOD(house, choose(house, "health-center/2026-12-15/09:15"));
}

static void only_offered_times_can_be_chosen(void **state) {
    House *house = *state;
    static const char *const wrong[] = {
        "health-center/2026-11-21/09:00", /* too soon */
        "health-center/2027-01-12/09:00", /* too far */
        "health-center/2026-11-23/09:00", /* a holiday */
    };
    begin(house, &house->resident, "a browser", "web");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FAILS(house, choose(house, wrong[i]), RC_INVALID, "not-offered");
    static const char *const nothing[] = {"health-center/2026-12-01/09:10", "moon/2026-12-01/09:15",
                                          "health-center/2026-12-01/12:00",
                                          "health-center/2026-12-06/09:00", "x"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        say(house, "slot", nothing[i]);
        DefinedDraft draft = draft_of(house);
        assert_non_null(form_answer(&draft.form, STR("slot"))->fault);
    }
}

static void what_is_withdrawn_comes_back_at_noon_of_the_next_day(void **state) {
    House *house = *state;
    Str id = book(house, SLOT);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id, .move = STR("withdraw")}));
    assert_int_equal(slot_now(house, SLOT).booked, 0);
    assert_int_equal(slot_now(house, SLOT).left, 2);
    house->clock.fixed = time_jst_start((Date){2026, 11, 21}) + 12 * TIME_HOUR - 1;
    assert_int_equal(slot_now(house, SLOT).left, 2);
    house->clock.fixed++;
    assert_int_equal(slot_now(house, SLOT).left, 4);
    SlotChoice choice;
    assert_false(booking_of(&house->ctx, house_entity(house, id), &choice));
    FAILS(house, booking_change(&house->ctx, id, STR(OTHER)), RC_CONFLICT, "too-late");
}

static void a_case_takes_another_time_until_the_day_before(void **state) {
    House *house = *state;
    Str id = book(house, SLOT);
    GOOD(house, booking_change(&house->ctx, id, STR(OTHER)));
    assert_int_equal(slot_now(house, SLOT).booked, 0);
    assert_int_equal(slot_now(house, OTHER).booked, 2);
    const Definition *own = defined_of(&house->ctx, house_entity(house, id));
    Reservation elsewhere = *own->reservation;
    Definition closed = *own, moved = *own;
    closed.reservation = NULL;
    elsewhere.resource = STR("another");
    moved.reservation = &elsewhere;
    assert_int_equal(cases_fit(house, id, own), FIT_GOOD);
    assert_int_equal(cases_fit(house, id, &closed), FIT_BOOKING);
    assert_int_equal(cases_fit(house, id, &moved), FIT_BOOKING);
    CaseSteps steps;
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    assert_true(str_eq(steps.items[steps.len - 1].kind, CASE_STEP_DAY));
    FAILS(house, booking_change(&house->ctx, id, STR("x")), RC_INVALID, "not-offered");
    house_act(house, &house->other);
    FAILS(house, booking_change(&house->ctx, id, STR(SLOT)), RC_NOT_FOUND, "no-case");
    house_act(house, &house->resident);
    house->clock.fixed = time_jst_start((Date){2026, 11, 30});
    FAILS(house, booking_change(&house->ctx, id, STR("health-center/2026-12-04/09:30")),
          RC_CONFLICT, "too-late");
}

/* For who calls. */
static Rc people_correct(House *house, Actor *clerk, Str id, const char *people) {
    Correcting correcting = {0};
    JsonMember member = {STR("people"), json_of_str(str_of(people))};
    Json said = json_of_members(&member, 1);
    CorrectWish wish = {.id = id, .n = 1, .said = &said, .channel = STR("phone")};
    house_act(house, clerk);
    house->ctx.purpose = STR("application-check");
    vec_push(house->arena, &wish.here, (CorrectField){STR("people"), STR_NONE});
    return correct_send(&house->ctx, &wish, &correcting);
}

static void a_correction_that_needs_less_of_the_time_goes_through(void **state) {
    House *house = *state;
    Actor clerk;
    Str id = book(house, SLOT);
    const char *post = str_z(house->arena, cases_text(house, id, IRI("post")));
    house_official(house, post, post, &clerk);
    FAILS(house, people_correct(house, &clerk, id, "3"), RC_CONFLICT, "units-change");
    GOOD(house, people_correct(house, &clerk, id, "1"));
    assert_int_equal(slot_now(house, SLOT).booked, 2);
}

static void another_time_leaves_what_was_asked_to_be_corrected(void **state) {
    House *house = *state;
    Str id = book(house, SLOT);
    cases_set(house, id, LD_DEFAULT "correction", STR("people"));
    GOOD(house, booking_change(&house->ctx, id, STR(OTHER)));
    assert_non_null(entity_attr(house_entity(house, id), IRI("correction")));
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = id, .move = STR("withdraw")}));
    assert_null(entity_attr(house_entity(house, id), IRI("correction")));
}

static void tabs_of_one_draft_hold_one_slot(void **state) {
    House *house = *state;
    begin(house, &house->resident, "a browser", "web");
    say(house, "slot", SLOT);
    DefinedDraft early = draft_of(house);
    say(house, "slot", OTHER); /* another tab was later */
    GOOD(house, booking_hold(&house->ctx, &early));
    assert_int_equal(slot_now(house, SLOT).held, 0);
    DefinedDraft late = draft_of(house);
    GOOD(house, booking_hold(&house->ctx, &late));
    assert_int_equal(slot_now(house, OTHER).held, 2);
}

/* ---- the waiting room of the opening, at 9:00 of 15 November ---- */

static int64_t opening(void) {
    return time_jst_start((Date){2026, 11, 15}) + 9 * TIME_HOUR;
}

static RoomPlace place_of(House *house, Str ticket) {
    RoomPlace place;
    GOOD(house, wait_place(&house->ctx, vaccine(house), ticket, &place));
    return place;
}

static void the_form_opens_with_an_admitted_ticket_while_the_room_is_open(void **state) {
    House *house = *state;
    house->clock.fixed = opening() - 2 * TIME_HOUR;
    assert_false(wait_is_open(&house->ctx, vaccine(house)));
    GOOD(house, wait_check(&house->ctx, vaccine(house), STR_NONE));
    house->clock.fixed = opening() - TIME_MINUTE;
    Str ticket = wait_ticket(&house->ctx, vaccine(house));
    assert_false(place_of(house, ticket).shuffled);
    FAILS(house, wait_check(&house->ctx, vaccine(house), ticket), RC_CONFLICT, "wait");
    FAILS(house, wait_check(&house->ctx, vaccine(house), STR_NONE), RC_CONFLICT, "wait");
    house->clock.fixed = opening() + TIME_SECOND;
    GOOD(house, wait_check(&house->ctx, vaccine(house), ticket)); /* he is alone */
    house->clock.fixed = opening() + TIME_HOUR;
    assert_true(place_of(house, ticket).late);
    FAILS(house, wait_check(&house->ctx, vaccine(house), ticket), RC_CONFLICT, "wait");
    house->clock.fixed = opening() + 4 * TIME_HOUR;
    GOOD(house, wait_check(&house->ctx, vaccine(house), STR_NONE));
}

/* The starter's vaccinations, whose room opens at that instant. */
static Definition opening_at(House *house, int64_t opens) {
    Definition definition = *vaccine(house);
    Reservation *reservation = NEW(house->arena, Reservation);
    *reservation = *definition.reservation;
    reservation->room.until += opens - reservation->room.opens;
    reservation->room.from += opens - reservation->room.opens;
    reservation->room.opens = opens;
    definition.reservation = reservation;
    return definition;
}

static Rc choose_of(House *house, const Definition *definition) {
    DefinedDraft draft;
    say(house, "slot", SLOT);
    TRY(defined_draft(&house->ctx, definition, &draft));
    return booking_hold(&house->ctx, &draft);
}

static Rc send_of(House *house, const Definition *definition) {
    DefinedDraft draft;
    Receipt receipt;
    TRY(defined_draft(&house->ctx, definition, &draft));
    draft.unconfirmed = STR("paper");
    return defined_send(&house->ctx, &draft, &receipt);
}

static void a_draft_of_before_the_opening_holds_and_sends_nothing_without_a_ticket(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Definition one = opening_at(house, HOUSE_NOW + 2 * TIME_HOUR),
               next = opening_at(house, HOUSE_NOW + TIME_DAY);
    begin(house, &house->resident, "a browser", "web");
    house->clock.fixed = HOUSE_NOW + 2 * TIME_HOUR + TIME_SECOND;
    FAILS(house, choose_of(house, &one), RC_CONFLICT, "wait");
    FAILS(house, send_of(house, &one), RC_CONFLICT, "wait");
    assert_int_equal(slot_now(house, SLOT).held, 0);
    GOOD(house, defined_admit(ctx, &one, wait_ticket(ctx, &next)));
    FAILS(house, choose_of(house, &one), RC_CONFLICT, "wait");
    GOOD(house, defined_admit(ctx, &one, wait_ticket(ctx, &one)));
    GOOD(house, choose_of(house, &one));
    house->clock.fixed += TIME_HOUR; /* who began in time goes on */
    GOOD(house, choose_of(house, &one));
    GOOD(house, send_of(house, &one));
    begin(house, &house->clerk, "the desk", "counter"); /* nobody waits here for his turn */
    say(house, "people", "1");
    GOOD(house, choose_of(house, &one));
    GOOD(house, send_of(house, &one));
}

static void each_opening_has_a_room_of_its_own(void **state) {
    House *house = *state;
    Definition next = opening_at(house, opening() + 7 * TIME_DAY);
    RoomPlace place;
    house->clock.fixed = opening() - TIME_MINUTE;
    Str ticket = STR_NONE;
    for (int i = 0; i < 3; i++)
        ticket = wait_ticket(&house->ctx, vaccine(house));
    house->clock.fixed += 7 * TIME_DAY + TIME_HOUR;
    FAILS(house, wait_place(&house->ctx, &next, ticket, &place), RC_INVALID, "bad-ticket");
    ticket = wait_ticket(&house->ctx, &next);
    GOOD(house, wait_place(&house->ctx, &next, ticket, &place));
    assert_int_equal(place.ahead, 0);
}

static void a_forged_ticket_is_none(void **state) {
    House *house = *state;
    RoomPlace place;
    house->clock.fixed = opening() - TIME_MINUTE;
    Str ticket = wait_ticket(&house->ctx, vaccine(house));
    char *forged = (char *)(uintptr_t)str_z(house->ctx.arena, ticket);
    for (size_t i = 0; i < ticket.len; i++) {
        char before = forged[i];
        forged[i] = before == '7' ? '8' : '7';
        FAILS(house, wait_place(&house->ctx, vaccine(house), str_of(forged), &place), RC_INVALID,
              "bad-ticket");
        forged[i] = before;
    }
    static const char *const none[] = {"",
                                       "-",
                                       "0-00000000-0",
                                       "0-00000000-0-",
                                       "0-0-0-aaaaaaaaaaaaaaaaaaaa",
                                       "aaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        FAILS(house, wait_place(&house->ctx, vaccine(house), str_of(none[i]), &place), RC_INVALID,
              "bad-ticket");
    (void)place_of(house, ticket);
}

/* ---- as data ---- */

#define BOTH(text) "{\"ja\": \"" text "\", \"en\": \"x\", \"easy\": \"あ\"}"
#define PLACES(more)                                                                               \
    "\"places\": [{\"id\": \"room\", \"label\": " BOTH("部屋") ", \"weekdays\": [\"mon\"], " more  \
                                                               "}]"
#define ROOM        PLACES("\"hours\": [\"09:00-12:00\"]")
#define NAMED       "\"resource\": \"r\", \"mode\": \"first-come\", "
#define BOOKS(more) "{" NAMED ROOM ", " more "}"

static void faults_of_a_reservation_name_their_place(void **state) {
    House *house = *state;
    static const struct {
        const char *source, *path;
    } cases[] = {
        {"{\"mode\": \"first-come\"}", "reservation.resource"},
        {"{\"resource\": \"R\"}", "reservation.resource"},
        {"{\"resource\": \"r\", \"mode\": \"never\"}", "reservation.mode"},
        {"{" NAMED "\"minutes\": 0}", "reservation.places"},
        {"{" NAMED PLACES("\"hours\": []") "}", "reservation.places[0]"},
        {"{" NAMED PLACES("\"hours\": [\"12:00-09:00\"]") "}", "reservation.places[0]"},
        {"{" NAMED PLACES("\"hours\": [\"9-12\"]") "}", "reservation.places[0]"},
        {"{" NAMED PLACES("\"units\": 0, \"hours\": [\"09:00-12:00\"]") "}",
         "reservation.places[0]"},
        {BOOKS("\"minutes\": 4"), "reservation.minutes"},
        {BOOKS("\"minutes\": 50"), "reservation.places[0]"}, /* no whole number of them */
        {BOOKS("\"soonest\": 9, \"furthest\": 8"), "reservation.furthest"},
        {BOOKS("\"share\": 101"), "reservation.share"},
        {BOOKS("\"hold\": 0"), "reservation.hold"},
        {BOOKS("\"need\": \"1 +\""), "reservation.need"},
        {BOOKS("\"returns\": {\"at\": \"25:00\"}"), "reservation.returns"},
        {BOOKS("\"returns\": {\"at\": \"12:00\", \"within\": 5}"), "reservation.returns"},
        {"{\"resource\": \"r\", \"mode\": \"random-order\", " ROOM "}", "reservation.room"},
        {"{\"resource\": \"r\", \"mode\": \"lottery\", " ROOM "}",
         "reservation.lottery.randomness"},
        {BOOKS("\"cohorts\": [{\"label\": " BOTH("皆") "}]"), "reservation.cohorts[0]"},
        {BOOKS("\"cohorts\": [{\"label\": " BOTH(
             "皆") ", \"test\": \"true\", \"opens\": \"2026-12-01\"}]"),
         "reservation.cohorts[0]"},
    };
    StrVec names = {0};
    const Reservation *reservation;
    const Json *source;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        GOOD(house, json_read(&house->ctx, str_of(cases[i].source), JSON_LIMITS_DEFAULT, &source));
        assert_int_equal(reservation_read(&house->ctx, source, &names, &reservation), RC_INVALID);
        if (!str_eq(house->ctx.error.path, str_of(cases[i].path)))
            fail_msg("%zu: " STR_FMT, i, STR_ARG(house->ctx.error.path));
    }
    GOOD(house, json_read(&house->ctx, STR(BOOKS("\"returns\": {\"within\": 90}")),
                          JSON_LIMITS_DEFAULT, &source));
    GOOD(house, reservation_read(&house->ctx, source, &names, &reservation));
    assert_int_equal(reservation->back_within, 90 * TIME_MINUTE);
    assert_int_equal(reservation->back_at, -1);
}

/* The starter's definition with one text of it replaced. */
static Str vaccine_with(House *house, const char *text, const char *by) {
    Buf whole = buf_new(house->ctx.arena, 1 << 20);
    json_write(&whole, house_starter(house, "procedures/vaccine-slot.json"));
    Str all = buf_str(&whole);
    ptrdiff_t at = str_find(all, str_of(text));
    assert_true(at > 0);
    Str parts[] = {str_sub(all, 0, (size_t)at), str_of(by),
                   str_sub(all, (size_t)at + str_of(text).len, all.len)};
    return str_join(house->ctx.arena, parts, 3, STR_NONE);
}

static void what_a_form_asks_for_a_slot_is_linted(void **state) {
    House *house = *state;
    static const struct {
        const char *text, *by, *finding;
    } cases[] = {
        {"\"need\":\"people\"", "\"need\":\"if reaction then 1 else 2\"",
         "\"reaction\" is used before it is asked."},
        {"\"mode\":\"random-order\"", "\"mode\":\"staff\"",
         "The office alone gives these slots out: the form cannot ask for one."},
        {"\"kind\":\"slot\"", "\"kind\":\"text\"", "No page asks for a slot."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        DefinitionFindings findings = {0};
        const Definition *definition;
        const Json *source;
        GOOD(house, json_read(&house->ctx, vaccine_with(house, cases[i].text, cases[i].by),
                              JSON_LIMITS_DEFAULT, &source));
        GOOD(house, definition_read(&house->ctx, source, &definition));
        definition_lint(&house->ctx, definition, NULL, &findings);
        bool found = false;
        VEC_EACH (const DefinitionFinding, one, &findings)
            found |= str_eq(one->text, str_of(cases[i].finding));
        if (!found) fail_msg("%zu: not found", i);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_form_holds_its_slot_and_books_it_with_the_case),
        TEST(an_expired_hold_is_booked_only_while_something_is_left),
        TEST(the_reserved_share_is_booked_at_the_counter_alone),
        TEST(who_is_not_let_in_yet_holds_nothing),
        TEST(only_offered_times_can_be_chosen),
        TEST(what_is_withdrawn_comes_back_at_noon_of_the_next_day),
        TEST(a_case_takes_another_time_until_the_day_before),
        TEST(a_correction_that_needs_less_of_the_time_goes_through),
        TEST(another_time_leaves_what_was_asked_to_be_corrected),
        TEST(tabs_of_one_draft_hold_one_slot),
        TEST(the_form_opens_with_an_admitted_ticket_while_the_room_is_open),
        TEST(a_draft_of_before_the_opening_holds_and_sends_nothing_without_a_ticket),
        TEST(each_opening_has_a_room_of_its_own),
        TEST(a_forged_ticket_is_none),
        TEST(faults_of_a_reservation_name_their_place),
        TEST(what_a_form_asks_for_a_slot_is_linted),
    };
    return cmocka_run_group_tests_name("booking", tests, NULL, NULL);
}
