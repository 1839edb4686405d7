/* Tests of the counter: numbers in their order, one visitor a desk, what is entered while he is
 * there is his, and how long it took. */
#include "cases.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MAIN STR("main")

static Str take(House *house) {
    Str token;
    GOOD(house, visit_take(&house->ctx, MAIN, STR("moving"), &token));
    house->clock.fixed += TIME_SECOND;
    return str_dup(house->arena, token);
}

static Visit visit(House *house, Str token) {
    Visit found;
    GOOD(house, visit_find(&house->ctx, token, &found));
    return found;
}

static void number_is(House *house, Str token, const char *expected) {
    Visit found = visit(house, token);
    Str file = entity_text(house_entity(house, found.id), IRI("retentionFile"));
    assert_true(str_eq(file, STR("保存1年/窓口/2026")));
    assert_true(str_eq(found.number, str_of(expected)));
}

static void nobody_comes_as(House *house, const char *address) {
    house_act(house, &house->nobody);
    house->nobody.client = str_of(address);
}

static void numbers_go_up_and_begin_anew_each_day(void **state) {
    House *house = *state;
    Str token;
    nobody_comes_as(house, "192.0.2.1");
    number_is(house, take(house), "1");
    number_is(house, take(house), "2");
    Str old = take(house);
    Visit gone;
    house->clock.fixed += TIME_DAY;
    FAILS(house, visit_find(&house->ctx, old, &gone), RC_NOT_FOUND, "no-visit");
    number_is(house, take(house), "1");
    FAILS(house, visit_take(&house->ctx, STR("none"), STR("moving"), &token), RC_NOT_FOUND,
          "no-counter");
    FAILS(house, visit_take(&house->ctx, MAIN, STR("none"), &token), RC_INVALID, "no-business");
}

static void a_network_takes_so_many_and_the_hall_all(void **state) {
    House *house = *state;
    Str token;
    nobody_comes_as(house, "192.0.2.1");
    for (int i = 0; i < 20; i++)
        (void)take(house);
    FAILS(house, visit_take(&house->ctx, MAIN, STR("moving"), &token), RC_LIMIT,
          "too-many-numbers");
    nobody_comes_as(house, "192.0.2.2");
    number_is(house, take(house), "21");
    house_act(house, &house->clerk);
    for (int i = 0; i < 22; i++)
        (void)take(house);
}

static void two_desks_call_two(void **state) {
    House *house = *state;
    Actor second;
    Visit first, next, again;
    house_official(house, "second", "citizens-counter-clerk", &second);
    nobody_comes_as(house, "192.0.2.1");
    Str one = take(house), two = take(house);
    house_act(house, &house->clerk);
    FAILS(house, visit_call(&house->ctx, MAIN, STR("99"), &first), RC_INVALID, "no-desk");
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &first));
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &again)); /* twice is once */
    assert_true(str_eq(first.id, again.id) && str_eq(first.id, visit(house, one).id));
    house_act(house, &second);
    GOOD(house, visit_call(&house->ctx, MAIN, STR("2"), &next));
    assert_true(str_eq(next.id, visit(house, two).id));
    FAILS(house, visit_move(&house->ctx, first.id, VISIT_SERVED), RC_CONFLICT, "moved-on");
    house_act(house, &house->resident);
    FAILS(house, visit_call(&house->ctx, MAIN, STR("3"), &next), RC_DENIED, "not-permitted");
}

typedef struct Press {
    pthread_t thread;
    House *house;
    Ctx ctx;
    Rand rand;
    Rc rc;
    char id[128];
} Press;

static void *press(void *arg) {
    Press *press = arg;
    Visit own;
    press->rc = visit_call(&press->ctx, MAIN, STR("1"), &own);
    if (press->rc == RC_OK) snprintf(press->id, sizeof press->id, STR_FMT, STR_ARG(own.id));
    return NULL;
}

static void two_presses_call_one(void **state) {
    House *house = *state;
    Press both[2];
    nobody_comes_as(house, "192.0.2.1");
    for (int i = 0; i < 5; i++)
        (void)take(house);
    house_act(house, &house->clerk);
    for (int i = 0; i < 2; i++) {
        both[i] = (Press){.house = house, .rand = rand_seeded((uint64_t)i)};
        both[i].ctx = house_thread(house, &both[i].rand);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&both[i].thread, NULL, press, &both[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(both[i].thread, NULL);
        assert_int_equal(both[i].rc, RC_OK);
        house_thread_end(&both[i].ctx);
    }
    assert_string_equal(both[0].id, both[1].id);
}

static void a_visit_goes_its_way(void **state) {
    House *house = *state;
    Visit own;
    nobody_comes_as(house, "192.0.2.1");
    Str token = take(house), absent = take(house);
    house->clock.fixed += 10 * TIME_MINUTE;
    house_act(house, &house->clerk);
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &own));
    int64_t called = visit(house, token).called_at;
    house->clock.fixed += TIME_MINUTE;
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_CALLED));
    assert_true(visit(house, token).called_at == called); /* called again, he waited no longer */
    FAILS(house, visit_move(&house->ctx, own.id, VISIT_DONE), RC_CONFLICT, "moved-on");
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_SERVED));
    FAILS(house, visit_move(&house->ctx, own.id, VISIT_ABSENT), RC_CONFLICT, "moved-on");
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_DONE));
    FAILS(house, visit_own(&house->ctx, &own), RC_NOT_FOUND, "no-visit");
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &own));
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_ABSENT));
    assert_int_equal(visit(house, absent).state, VISIT_ABSENT);
    FAILS(house, visit_call(&house->ctx, MAIN, STR("1"), &own), RC_NOT_FOUND, "nobody-waits");
}

/* ---- what is entered meanwhile ---- */

static const char *const said[][2] = {
    {"dogName", "ポチ"},      {"breed", "shiba"},       {"sex", "male"},
    {"born", "R7.4.1"},       {"since", "R8.11.1"},     {"chip", "no"},
    {"vaccinated", "no"},     {"name", "町田　花子"},   {"kana", "まちだ はなこ"},
    {"postcode", "9990001"},  {"address", "まなか1-2"}, {"phone", "090-1234-5678"},
    {"mail", "a@example.jp"}, {"declared", "yes"},
};

static const Definition *dog(House *house) {
    return catalogue_current(procedures_catalogue(&house->tenant), STR("dog-registration"),
                             time_jst_date(house->clock.fixed));
}

static DefinedDraft begun_dog(House *house) {
    JsonMembers members = {0};
    DefinedDraft draft;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        vec_push(house->ctx.arena, &members,
                 (JsonMember){str_of(said[i][0]), json_of_str(str_of(said[i][1]))});
    GOOD(house, defined_begin(&house->ctx, dog(house), STR("counter")));
    GOOD(house, defined_keep(&house->ctx, dog(house), &members));
    GOOD(house, defined_draft(&house->ctx, dog(house), &draft));
    return draft;
}

static Str enter_dog(House *house) {
    Receipt receipt;
    DefinedDraft draft = begun_dog(house);
    draft.unconfirmed = STR("paper");
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    return str_dup(house->arena, receipt.id);
}

/* What the next entry begins with. */
static Str known(House *house, const char *field) {
    DefinedDraft draft;
    GOOD(house, defined_begin(&house->ctx, dog(house), STR("counter")));
    GOOD(house, defined_draft(&house->ctx, dog(house), &draft));
    return form_answer(&draft.form, str_of(field))->raw;
}

static void what_is_entered_is_joined_and_not_asked_twice(void **state) {
    House *house = *state;
    Visit own;
    VisitCases cases;
    nobody_comes_as(house, "192.0.2.1");
    Str token = take(house);
    (void)take(house);
    house_act(house, &house->clerk);
    house->clerk.browser = STR("a browser");
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &own));
    Str early = enter_dog(house); /* before he has come */
    assert_true(str_empty(cases_text(house, early, IRI("visit"))));
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_SERVED));
    assert_true(str_empty(known(house, "name"))); /* that was somebody else's */
    Str id = enter_dog(house);
    assert_true(str_eq(cases_text(house, id, IRI("visit")), visit(house, token).id));
    assert_true(str_eq(known(house, "name"), STR("町田　花子")));
    assert_true(str_eq(known(house, "phone"), STR("090-1234-5678")));
    assert_true(str_empty(known(house, "dogName")));
    GOOD(house, visit_cases(&house->ctx, own.id, &cases));
    assert_int_equal(cases.len, 1);
    DefinedDraft open = begun_dog(house);
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_DONE));
    assert_true(str_empty(known(house, "name")));
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &own));
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_SERVED));
    assert_true(str_empty(known(house, "name"))); /* the next one is somebody else */
    open.unconfirmed = STR("paper");
    Receipt receipt; /* a form that was still open is the one's who has gone */
    GOOD(house, defined_send(&house->ctx, &open, &receipt));
    assert_true(str_empty(cases_text(house, receipt.id, IRI("visit"))));
    assert_true(str_empty(known(house, "name")));
}

/* ---- the tablet at the desk ---- */

#define DESK ((TabletDesk){MAIN, STR("1")})

static void clerk_acts(House *house) {
    house_act(house, &house->clerk);
    house->clerk.browser = STR("a browser");
}

/* Pairs a tablet with the first desk; its secret. */
static Str paired(House *house) {
    Str code, token;
    clerk_acts(house);
    GOOD(house, tablet_code(&house->ctx, DESK, &code));
    nobody_comes_as(house, "192.0.2.7");
    GOOD(house, tablet_pair(&house->ctx, code, &token));
    return str_dup(house->arena, token);
}

static void a_tablet_is_paired_by_a_code_for_its_day(void **state) {
    House *house = *state;
    Str code, again, token, typed;
    Tablet tablet;
    house_act(house, &house->resident);
    FAILS(house, tablet_code(&house->ctx, DESK, &code), RC_DENIED, "not-permitted");
    clerk_acts(house);
    FAILS(house, tablet_code(&house->ctx, (TabletDesk){MAIN, STR("99")}, &code), RC_INVALID,
          "no-desk");
    GOOD(house, tablet_code(&house->ctx, DESK, &code));
    FAILS(house, tablet_pair(&house->ctx, code, &token), RC_DENIED, "tablet-signed-in");
    GOOD(house, tablet_code(&house->ctx, DESK, &again));
    nobody_comes_as(house, "192.0.2.7");
    FAILS(house, tablet_pair(&house->ctx, code, &token), RC_DENIED, "wrong-code");
    typed = str_fmt(house->ctx.arena, " " STR_FMT "－" STR_FMT, STR_ARG(str_head(again, 4)),
                    STR_ARG(str_sub(again, 4, again.len))); /* a dash of full width */
    GOOD(house, tablet_pair(&house->ctx, typed, &token));
    FAILS(house, tablet_pair(&house->ctx, typed, &code), RC_DENIED, "wrong-code"); /* once */
    GOOD(house, tablet_find(&house->ctx, token, &tablet));
    assert_true(str_eq(tablet.at.desk, STR("1")));
    Str second = paired(house); /* one at a desk */
    FAILS(house, tablet_find(&house->ctx, token, &tablet), RC_NOT_FOUND, "no-tablet");
    GOOD(house, tablet_find(&house->ctx, second, &tablet));
    clerk_acts(house); /* who has signed in has no tablet */
    FAILS(house, tablet_find(&house->ctx, second, &tablet), RC_NOT_FOUND, "no-tablet");
    GOOD(house, tablet_unpair(&house->ctx, DESK));
    GOOD(house, tablet_unpair(&house->ctx, DESK));
    GOOD(house, tablet_code(&house->ctx, DESK, &again));
    GOOD(house, tablet_unpair(&house->ctx, DESK)); /* what is under way, too */
    house_act(house, &house->nobody);
    FAILS(house, tablet_pair(&house->ctx, again, &token), RC_DENIED, "wrong-code");
    FAILS(house, tablet_find(&house->ctx, second, &tablet), RC_NOT_FOUND, "no-tablet");
    Str third = paired(house);
    house->clock.fixed += TIME_DAY;
    FAILS(house, tablet_find(&house->ctx, third, &tablet), RC_NOT_FOUND, "no-tablet");
}

typedef struct Pairing {
    pthread_t thread;
    Ctx ctx;
    Rand rand;
    Str code, token;
    Rc rc;
} Pairing;

static void *pair_it(void *arg) {
    Pairing *pairing = arg;
    pairing->rc = tablet_pair(&pairing->ctx, pairing->code, &pairing->token);
    return NULL;
}

/* Whichever is first, nothing is paired after it was ended. */
static void an_end_wins_against_a_pairing(void **state) {
    House *house = *state;
    for (uint64_t i = 0; i < 8; i++) {
        Pairing one = {.rand = rand_seeded(i)};
        Tablets left;
        clerk_acts(house);
        GOOD(house, tablet_code(&house->ctx, DESK, &one.code));
        nobody_comes_as(house, "192.0.2.7");
        one.ctx = house_thread(house, &one.rand);
        clerk_acts(house);
        assert_int_equal(pthread_create(&one.thread, NULL, pair_it, &one), 0);
        GOOD(house, tablet_unpair(&house->ctx, DESK));
        pthread_join(one.thread, NULL);
        assert_true(one.rc == RC_OK || one.rc == RC_DENIED);
        house_thread_end(&one.ctx);
        GOOD(house, tablets_today(&house->ctx, MAIN, &left));
        assert_int_equal(left.len, 0);
    }
}

static void codes_end_and_are_not_guessed(void **state) {
    House *house = *state;
    Str code, token;
    clerk_acts(house);
    GOOD(house, tablet_code(&house->ctx, DESK, &code));
    house->clock.fixed += 10 * TIME_MINUTE;
    nobody_comes_as(house, "192.0.2.7");
    FAILS(house, tablet_pair(&house->ctx, code, &token), RC_DENIED, "wrong-code");
    for (int i = 1; i < 10; i++)
        FAILS(house, tablet_pair(&house->ctx, STR("00000000"), &token), RC_DENIED, "wrong-code");
    clerk_acts(house);
    GOOD(house, tablet_code(&house->ctx, DESK, &code));
    house_act(house, &house->nobody);
    FAILS(house, tablet_pair(&house->ctx, code, &token), RC_LIMIT, "too-many-failures");
    nobody_comes_as(house, "198.51.100.7");
    GOOD(house, tablet_pair(&house->ctx, code, &token));
}

/* Shows the clerk's draft at the first desk. */
static Rc show(House *house, const DefinedDraft *draft) {
    TabletParts parts = {0};
    TabletPart part;
    clerk_acts(house);
    TRY(tablet_part(&house->ctx, draft, &part));
    vec_push(house->ctx.arena, &parts, part);
    return tablet_show(&house->ctx, DESK, draft->token, &parts);
}

static TabletState stands(House *house, const DefinedDraft *draft, TabletStanding *out) {
    clerk_acts(house);
    tablet_standing(&house->ctx, draft->token, out);
    return out->state;
}

static TabletShown shown(House *house, Str token) {
    Tablet tablet;
    TabletShown out;
    house_act(house, &house->nobody);
    GOOD(house, tablet_find(&house->ctx, token, &tablet));
    GOOD(house, tablet_shown(&house->ctx, &tablet, &out));
    return out;
}

/* What the person presses on what stands there now. */
static void press_on(House *house, Str token, TabletPress what, const char *mark) {
    Tablet tablet;
    TabletShown now = shown(house, token);
    GOOD(house, tablet_find(&house->ctx, token, &tablet));
    GOOD(house,
         tablet_press(&house->ctx, &tablet, &(TabletSaid){now.id, what, str_of(mark), STR("en")}));
}

static bool is_shown(House *house, Str token) {
    return !str_empty(shown(house, token).id);
}

static void who_stands_there_confirms_or_has_it_put_right(void **state) {
    House *house = *state;
    Str token = paired(house);
    TabletStanding standing;
    Tablet tablet;
    clerk_acts(house);
    DefinedDraft draft = begun_dog(house);
    assert_int_equal(stands(house, &draft, &standing), TABLET_NONE);
    assert_false(is_shown(house, token));
    GOOD(house, show(house, &draft));
    TabletShown first = shown(house, token);
    assert_int_equal(first.parts.len, 1);
    assert_true(str_eq(json_get_str(first.parts.items[0].said, "dogName"), STR("ポチ")));
    GOOD(house, tablet_find(&house->ctx, token, &tablet));
    FAILS(house, tablet_press(&house->ctx, &tablet, &(TabletSaid){first.id, PRESS_WRONG}),
          RC_INVALID, "no-mark");
    for (int i = 0; i < 3; i++) /* twice takes it back */
        press_on(house, token, PRESS_MARK, "dog-registration.dogName");
    press_on(house, token, PRESS_MARK, TABLET_MISSING);
    press_on(house, token, PRESS_MARK, "dog-registration" TABLET_FEE);
    assert_int_equal(shown(house, token).marks.len, 3);
    static const char *const unknown[] = {"", "dog-registration.none", "dog.dogName",
                                          "dog-registration" TABLET_NOTICE "s"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        FAILS(house,
              tablet_press(&house->ctx, &tablet,
                           &(TabletSaid){first.id, PRESS_MARK, str_of(unknown[i]), STR("en")}),
              RC_INVALID, "no-mark");
    press_on(house, token, PRESS_WRONG, "");
    assert_false(is_shown(house, token));
    assert_int_equal(stands(house, &draft, &standing), TABLET_REFUSED);
    assert_true(str_eq(standing.marks.items[0], STR("dog-registration.dogName")));
    GOOD(house, show(house, &draft));
    house_act(house, &house->nobody); /* a page of before confirms nothing */
    FAILS(house, tablet_press(&house->ctx, &tablet, &(TabletSaid){first.id, PRESS_RIGHT}),
          RC_CONFLICT, "gone");
    press_on(house, token, PRESS_RIGHT, "");
    assert_int_equal(stands(house, &draft, &standing), TABLET_CONFIRMED);
    assert_true(str_eq(standing.language, STR("en")));
    assert_false(is_shown(house, token));
}

static const Json *confirmation(House *house, Str id) {
    const Entity *application;
    GOOD(house, ledger_entity(&house->ctx, house->tenant.ledger, id, &application));
    return entity_attr(application, IRI("confirmation"))->value;
}

static void what_was_confirmed_goes_in_and_nothing_else(void **state) {
    House *house = *state;
    Str token = paired(house);
    Receipt receipt;
    TabletStanding standing;
    JsonMembers changed = {0};
    Looks looks;
    clerk_acts(house);
    DefinedDraft draft = begun_dog(house);
    FAILS(house, defined_send(&house->ctx, &draft, &receipt), RC_INVALID, "no-confirmation");
    GOOD(house, show(house, &draft));
    FAILS(house, defined_send(&house->ctx, &draft, &receipt), RC_INVALID, "no-confirmation");
    press_on(house, token, PRESS_RIGHT, "");
    clerk_acts(house);
    vec_push(house->ctx.arena, &changed, (JsonMember){STR("dogName"), json_of_str(STR("シロ"))});
    GOOD(house, defined_keep(&house->ctx, dog(house), &changed));
    GOOD(house, defined_draft(&house->ctx, dog(house), &draft));
    FAILS(house, defined_send(&house->ctx, &draft, &receipt), RC_INVALID, "no-confirmation");
    draft.unconfirmed = STR("because");
    FAILS(house, defined_send(&house->ctx, &draft, &receipt), RC_INVALID, "no-confirmation");
    GOOD(house, show(house, &draft));
    press_on(house, token, PRESS_RIGHT, "");
    (void)stands(house, &draft, &standing);
    GOOD(house, defined_send(&house->ctx, &draft, &receipt));
    const Json *kept = confirmation(house, receipt.id);
    assert_true(str_eq(json_get_str(kept, "by"), STR("tablet")));
    assert_true(str_eq(json_get_str(kept, "desk"), STR("1")));
    assert_true(str_eq(json_get_str(kept, "language"), STR("en")));
    assert_true(
        str_eq(cases_text(house, receipt.id, IRI("confirmedHash")), standing.hashes.items[0]));
    house_drain(house);
    LooksQuery query = {.subject = cases_text(house, receipt.id, IRI("applicant")), .limit = 5};
    GOOD(house, project_looks(&house->ctx, house->tenant.project, &query, &looks));
    assert_int_equal(looks.len, 1);
    assert_true(str_eq(looks.items[0].why, STR(TABLET_WHY)));
    assert_int_equal(json_get_str(kept, "tablet").len, 26);
    assert_true(str_eq(json_get_str(kept, "pairedBy"), house->clerk.id));
    draft = begun_dog(house); /* the same answers once more are another application */
    GOOD(house, defined_keep(&house->ctx, dog(house), &changed));
    GOOD(house, defined_draft(&house->ctx, dog(house), &draft));
    FAILS(house, defined_send(&house->ctx, &draft, &receipt), RC_INVALID, "no-confirmation");
    Str without = enter_dog(house);
    assert_true(str_eq(json_get_str(confirmation(house, without), "reason"), STR("paper")));
}

static void nothing_stays_on_a_tablet(void **state) {
    House *house = *state;
    Str token = paired(house);
    Actor second;
    Visit own;
    TabletStanding standing;
    house_official(house, "second", "citizens-counter-clerk", &second);
    clerk_acts(house);
    DefinedDraft draft = begun_dog(house);
    GOOD(house, show(house, &draft));
    house->clock.fixed += 4 * TIME_MINUTE;
    Str id = shown(house, token).id;
    press_on(house, token, PRESS_MORE, "");
    house->clock.fixed += 4 * TIME_MINUTE;
    assert_true(is_shown(house, token));
    house->clock.fixed += TIME_MINUTE;
    assert_false(is_shown(house, token));
    Tablet tablet;
    GOOD(house, tablet_find(&house->ctx, token, &tablet));
    FAILS(house, tablet_press(&house->ctx, &tablet, &(TabletSaid){id, PRESS_RIGHT}), RC_CONFLICT,
          "late");
    assert_int_equal(stands(house, &draft, &standing), TABLET_EXPIRED);
    GOOD(house, show(house, &draft));
    house_act(house, &second); /* is used by one at a time */
    second.browser = STR("another");
    TabletParts parts = {0};
    TabletPart part;
    Str code;
    Tablets own_ones;
    GOOD(house, tablet_part(&house->ctx, &draft, &part));
    vec_push(house->ctx.arena, &parts, part);
    GOOD(house, tablets_own(&house->ctx, &own_ones)); /* another has paired it */
    assert_int_equal(own_ones.len, 0);
    FAILS(house, tablet_show(&house->ctx, DESK, STR("x"), &parts), RC_NOT_FOUND, "no-tablet");
    FAILS(house, tablet_code(&house->ctx, DESK, &code), RC_CONFLICT, "desk-taken");
    FAILS(house, tablet_unpair(&house->ctx, DESK), RC_CONFLICT, "desk-taken");
    nobody_comes_as(house, "192.0.2.1");
    (void)take(house);
    house_act(house, &second);
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &own));
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_SERVED));
    FAILS(house, tablet_show(&house->ctx, DESK, STR("x"), &parts), RC_CONFLICT, "tablet-busy");
    press_on(house, token, PRESS_RIGHT, ""); /* nor before it is sent */
    house_act(house, &second);
    FAILS(house, tablet_show(&house->ctx, DESK, STR("x"), &parts), RC_CONFLICT, "tablet-busy");
    clerk_acts(house);
    tablet_cancel(&house->ctx, STR("another"));
    assert_int_equal(stands(house, &draft, &standing), TABLET_CONFIRMED);
    FAILS(house, tablet_code(&house->ctx, DESK, &code), RC_CONFLICT, "desk-taken");
    tablet_cancel(&house->ctx, draft.token);
    house_act(house, &second);
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_DONE));
    GOOD(house, show(house, &draft));
    tablet_outdate(&house->ctx, STR("another"));
    assert_true(is_shown(house, token));
    clerk_acts(house);
    FAILS(house, tablet_show(&house->ctx, (TabletDesk){MAIN, STR("2")}, STR("x"), &parts),
          RC_NOT_FOUND, "no-tablet");
    clerk_acts(house);
    tablet_outdate(&house->ctx, draft.token);
    assert_false(is_shown(house, token));
    nobody_comes_as(house, "192.0.2.1");
    (void)take(house);
    clerk_acts(house);
    GOOD(house, visit_call(&house->ctx, MAIN, STR("2"), &own));
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_SERVED));
    FAILS(house, show(house, &draft), RC_INVALID, "other-desk"); /* he stands at the second */
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_DONE));
    nobody_comes_as(house, "192.0.2.1");
    (void)take(house);
    clerk_acts(house);
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &own));
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_SERVED));
    GOOD(house, show(house, &draft));
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_DONE)); /* he goes */
    assert_false(is_shown(house, token));
    GOOD(house, show(house, &draft));
    press_on(house, token, PRESS_RIGHT, "");
    nobody_comes_as(house, "192.0.2.1");
    (void)take(house);
    clerk_acts(house);
    GOOD(house, visit_call(&house->ctx, MAIN, STR("1"), &own));
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_SERVED));
    FAILS(house, tablet_show(&house->ctx, DESK, STR("x"), &parts), RC_CONFLICT, "tablet-unsent");
    FAILS(house, visit_move(&house->ctx, own.id, VISIT_DONE), RC_CONFLICT, "unsent");
    tablet_cancel(&house->ctx, STR_NONE);
    GOOD(house, visit_move(&house->ctx, own.id, VISIT_DONE));
    assert_int_equal(stands(house, &draft, &standing), TABLET_EXPIRED);
    GOOD(house, show(house, &draft));
    press_on(house, token, PRESS_RIGHT, "");
    house->clock.fixed += 30 * TIME_MINUTE;
    assert_int_equal(stands(house, &draft, &standing), TABLET_NONE);
    GOOD(house, show(house, &draft));
    GOOD(house, tablet_unpair(&house->ctx, DESK));
    assert_int_equal(stands(house, &draft, &standing), TABLET_EXPIRED);
}

static void a_day_is_told_in_figures(void **state) {
    House *house = *state;
    static const struct {
        int64_t taken, called, ended; /* minutes; 0: not yet */
        VisitState state;
    } rows[] = {{1, 3, 13, VISIT_DONE},
                {2, 12, 22, VISIT_DONE},
                {3, 33, 34, VISIT_ABSENT},
                {4, 35, 0, VISIT_SERVED},
                {5, 0, 0, VISIT_WAITING}};
    Visits visits = {0};
    VisitDay day;
    visits_day(house->ctx.arena, &visits, &day);
    assert_int_equal(day.wait_middle, -1);
    assert_int_equal(day.ahead_each, -1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        vec_push(house->ctx.arena, &visits,
                 (Visit){.state = rows[i].state,
                         .taken_at = rows[i].taken * TIME_MINUTE,
                         .called_at = rows[i].called ? rows[i].called * TIME_MINUTE : TIME_NONE,
                         .ended_at = rows[i].ended ? rows[i].ended * TIME_MINUTE : TIME_NONE});
    visits_day(house->ctx.arena, &visits, &day);
    assert_int_equal(day.waiting, 1);
    assert_int_equal(day.served, 2);
    assert_int_equal(day.absent, 1);
    assert_int_equal(day.wait_most, 31 * TIME_MINUTE);
    assert_int_equal(day.wait_middle, 30 * TIME_MINUTE);
    assert_int_equal(day.ahead_each, 10 * TIME_MINUTE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(numbers_go_up_and_begin_anew_each_day),
        CASE(a_network_takes_so_many_and_the_hall_all),
        CASE(two_desks_call_two),
        CASE(two_presses_call_one),
        CASE(a_visit_goes_its_way),
        CASE(what_is_entered_is_joined_and_not_asked_twice),
        CASE(a_day_is_told_in_figures),
        CASE(a_tablet_is_paired_by_a_code_for_its_day),
        CASE(an_end_wins_against_a_pairing),
        CASE(codes_end_and_are_not_guessed),
        CASE(who_stands_there_confirms_or_has_it_put_right),
        CASE(what_was_confirmed_goes_in_and_nothing_else),
        CASE(nothing_stays_on_a_tablet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
