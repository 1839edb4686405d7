/* Tests of the street: sending, changing, the office's moves, and decisions. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fts.h>
#include <pthread.h>
#include <cmocka.h>

/* ---- finding ---- */

static void a_case_is_found_by_number_and_phone(void **state) {
    static const char *const numbers[] = {"2026-000001", "２０２６－０００００１", " 2026000001 "};
    static const char *const phones[] = {"0999-12-3456", "０９９９（１２）３４５６",
                                         "+81 999 12 3456", "0999123456"};
    House *house = *state;
    Str id = cases_apply(house, NULL, 1), found;
    house_act(house, &house->nobody);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (size_t k = 0; k < sizeof phones / sizeof *phones; k++) {
            GOOD(house, apply_find(&house->ctx, str_of(numbers[i]), str_of(phones[k]), &found));
            assert_true(str_eq(found, id));
        }
    FAILS(house, apply_find(&house->ctx, STR("2026-000001"), STR("0999-12-3457"), &found),
          RC_NOT_FOUND, "no-pair");
    FAILS(house, apply_find(&house->ctx, STR("2026-000002"), STR("0999-12-3456"), &found),
          RC_NOT_FOUND, "no-pair");
    FAILS(house, apply_find(&house->ctx, STR("2026-000001"), STR(""), &found), RC_NOT_FOUND,
          "no-pair");
}

/* Neither one number with many telephones, nor one telephone with many numbers. */
static void finding_cannot_be_tried_out(void **state) {
    House *house = *state;
    Str found, id = cases_apply(house, NULL, 1);
    (void)id;
    house_act(house, &house->nobody);
    for (int i = 0; i < 10; i++) {
        Str phone = str_fmt(house->arena, "0999-00-%04d", i);
        FAILS(house, apply_find(&house->ctx, STR("2026-000001"), phone, &found), RC_NOT_FOUND,
              "no-pair");
        Str number = str_fmt(house->arena, "2026-9000%02d", i);
        FAILS(house, apply_find(&house->ctx, number, STR("0999-12-9999"), &found), RC_NOT_FOUND,
              "no-pair");
    }
    FAILS(house, apply_find(&house->ctx, STR("2026-000001"), STR("0999-12-3456"), &found), RC_LIMIT,
          "too-many-failures");
    FAILS(house, apply_find(&house->ctx, STR("2026-900099"), STR("0999-12-9999"), &found), RC_LIMIT,
          "too-many-failures");
    house->clock.fixed += 16 * TIME_MINUTE;
    GOOD(house, apply_find(&house->ctx, STR("2026-000001"), STR("0999-12-3456"), &found));
}

/* ---- sending ---- */

static void sending_twice_is_one_case(void **state) {
    House *house = *state;
    Receipt first, second;
    house_act(house, &house->nobody);
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    GOOD(house, cases_send(house, &answers, &first));
    assert_true(str_eq(first.number, STR("2026-000001")));
    assert_true(str_eq(first.id, apply_case_id(house->arena, answers.token)));
    GOOD(house, cases_send(house, &answers, &second));
    assert_true(str_eq(first.number, second.number));
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, 1);
    answers.token = rand_id(&house->rand, house->arena, 26);
    GOOD(house, cases_send(house, &answers, &second));
    assert_true(str_eq(second.number, STR("2026-000002")));
}

static void a_case_begins_whole(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    const Entity *application = house_entity(house, id);
    const Json *checks = entity_attr(application, IRI("checks"))->value;
    assert_int_equal(cases_state(house, id), CASE_SUBMITTED);
    assert_int_equal(entity_int(application, IRI("fee"), 0), 600);
    assert_true(str_eq(entity_text(application, IRI("post")), STR("environment-waste-clerk")));
    assert_true(str_eq(entity_text(application, IRI("due")), STR("2026-11-30")));
    assert_true(checks->len >= 6);
    for (size_t i = 0; i < checks->len; i++)
        assert_true(json_get(json_at(checks, i), STR("ok"))->value.boolean);
}

/* By telephone or at the counter an official sends it, and is written down; nobody else may. */
static void an_official_enters_for_somebody(void **state) {
    House *house = *state;
    Receipt receipt;
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    ApplySend send = {.answers = &answers, .channel = STR("phone"), .applicant = STR_NONE};
    house_act(house, &house->resident);
    FAILS(house, apply_send(&house->ctx, &send, &receipt), RC_DENIED, "not-permitted");
    house_act(house, &house->clerk);
    send.channel = STR("pigeon");
    FAILS(house, apply_send(&house->ctx, &send, &receipt), RC_INVALID, "no-channel");
    send.channel = STR("phone");
    GOOD(house, apply_send(&house->ctx, &send, &receipt));
    const Entity *application = house_entity(house, receipt.id);
    CaseSteps steps;
    case_steps(house->arena, application, &steps);
    assert_true(str_eq(entity_text(application, IRI("channel")), STR("phone")));
    assert_true(str_eq(entity_text(application, IRI("enteredBy")), house->clerk.id));
    assert_true(str_eq(entity_text(application, IRI("enteredPost")), house->clerk.post));
    assert_true(str_eq(steps.items[0].post, house->clerk.post));
}

static void an_incomplete_draft_books_nothing(void **state) {
    House *house = *state;
    Receipt receipt;
    house_act(house, &house->nobody);
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    answers.phone = STR_NONE;
    FAILS(house, cases_send(house, &answers, &receipt), RC_INVALID, "incomplete");
    answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    answers.token = STR("short");
    FAILS(house, cases_send(house, &answers, &receipt), RC_INVALID, "incomplete");
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, 0);
}

/* Two of one household and day; another family of the house, and another day, are free. */
static void a_household_sends_so_many_for_a_day(void **state) {
    House *house = *state;
    Receipt receipt;
    Date later = {2026, 12, 8};
    house_act(house, &house->resident);
    for (int i = 0; i <= 2; i++) {
        Answers answers = cases_answers(house, house->arena, "manaka", i < 2 ? FRIDAY : later);
        answers.building = i == 1 ? STR("ｶﾞｰﾃﾞﾝ101") : STR("ガーデン101");
        answers.kana = i == 1 ? STR("ホシノモリ ソラ") : answers.kana;
        assert_false(apply_household_told(&house->ctx, &answers));
        GOOD(house, cases_send(house, &answers, &receipt));
    }
    Answers third = cases_answers(house, house->arena, "manaka", FRIDAY);
    third.building = STR("ガーデン101");
    FAILS(house, cases_send(house, &third, &(Receipt){0}), RC_CONFLICT, "household-full");
    /* it is told early to who has one of them, and at the desk; nobody else learns it but by
     * sending */
    assert_true(apply_household_told(&house->ctx, &third));
    house_act(house, &house->clerk);
    assert_true(apply_household_told(&house->ctx, &third));
    house_act(house, &house->other);
    assert_false(apply_household_told(&house->ctx, &third));
    Actor stranger = house->nobody;
    stranger.client = STR("192.0.2.7");
    house_act(house, &stranger);
    assert_false(apply_household_told(&house->ctx, &third));
    for (int i = 0; i < 10; i++)
        FAILS(house, cases_send(house, &third, &(Receipt){0}), RC_CONFLICT, "household-full");
    FAILS(house, cases_send(house, &third, &(Receipt){0}), RC_LIMIT, "too-many-failures");
    house_act(house, &house->resident);
    FAILS(house, apply_change_day(&house->ctx, receipt.id, FRIDAY), RC_CONFLICT, "household-full");
    GOOD(house, apply_change_day(&house->ctx, receipt.id, later));
    third.kana = STR("ソラノ アオネ");
    GOOD(house, cases_send(house, &third, &receipt));
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, 3);
}

static void a_held_day_becomes_the_booking(void **state) {
    House *house = *state;
    int64_t until;
    Receipt receipt;
    house_act(house, &house->nobody);
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    answers.hold = STR("hold-1");
    ApplyHold hold = {.district = answers.district, .day = FRIDAY, .name = answers.hold};
    GOOD(house, apply_hold(&house->ctx, &hold, &until));
    assert_int_equal(until, HOUSE_NOW + 30 * TIME_MINUTE);
    hold.name = STR("hold-2");
    GOOD(house, apply_hold(&house->ctx, &hold, &until));
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).left, 38);
    GOOD(house, cases_send(house, &answers, &receipt));
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).left, 38);
    GOOD(house, apply_unhold(&house->ctx, answers.district, FRIDAY, STR("hold-2")));
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).left, 39);
}

/* One hold of a draft, wherever it moves; a day keeps what people without an account may not hold.
 */
static void nobody_empties_a_day_by_holding_it(void **state) {
    House *house = *state;
    int64_t until;
    Date later = {2026, 12, 8};
    const WasteDistrict *manaka = waste_district(procedures_waste(&house->tenant), STR("manaka"));
    ApplyHold hold = {.district = manaka, .day = FRIDAY, .name = STR("hold-0")};
    Actor stranger = house->nobody;
    house_act(house, &stranger);
    for (int i = 0; i < 20; i++) { /* half of the 40 */
        stranger.client = str_fmt(house->arena, "2001:db8:%d::%d", i / 5, i);
        hold.name = str_fmt(house->arena, "hold-%d", i);
        GOOD(house, apply_hold(&house->ctx, &hold, &until));
        GOOD(house, apply_hold(&house->ctx, &hold, &until)); /* prolongs */
    }
    hold.name = STR("sixth");
    FAILS(house, apply_hold(&house->ctx, &hold, &until), RC_CONFLICT, "holds-network");
    stranger.client = STR("192.0.2.1");
    FAILS(house, apply_hold(&house->ctx, &hold, &until), RC_CONFLICT, "holds-share");
    house_act(house, &house->resident); /* with an account, or at the counter, it goes on */
    GOOD(house, apply_hold(&house->ctx, &hold, &until));
    house_act(house, &stranger);
    hold = (ApplyHold){.district = manaka, .day = later, .name = STR("hold-0"), .before = FRIDAY};
    GOOD(house, apply_hold(&house->ctx, &hold, &until));
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).held, 20);
    assert_int_equal(cases_slot(house, "manaka", later).held, 1);
    house->clock.fixed += 31 * TIME_MINUTE;
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).held, 0);
    size_t slots; /* what ran out goes, once; the other day's hold with it */
    house_act(house, (Actor *)(uintptr_t)gate_system_actor());
    GOOD(house, procedures_expire(&house->ctx, &slots));
    assert_int_equal(slots, 2);
    GOOD(house, procedures_expire(&house->ctx, &slots));
    assert_int_equal(slots, 0);
    house_act(house, &stranger);
    hold = (ApplyHold){.district = manaka, .day = FRIDAY, .name = STR("again")};
    GOOD(house, apply_hold(&house->ctx, &hold, &until));
}

/* One address alone never takes the last places: those of ちょうじま are eight. */
static void one_network_cannot_hold_a_whole_day(void **state) {
    House *house = *state;
    int64_t until;
    size_t held = 0;
    const WasteDistrict *small = waste_district(procedures_waste(&house->tenant), STR("chojima"));
    assert_non_null(small);
    Date *days;
    Actor stranger = house->nobody;
    stranger.client = STR("192.0.2.7");
    size_t n = waste_days(house->arena, procedures_waste(&house->tenant), small, house->clock.fixed,
                          &days);
    assert_true(n > 0);
    ApplyHold hold = {.district = small, .day = days[0]};
    house_act(house, &stranger);
    for (int64_t i = 0; i < 3 * small->capacity; i++) {
        hold.name = str_fmt(house->arena, "attack-%lld", (long long)i);
        held += apply_hold(&house->ctx, &hold, &until) == RC_OK;
    }
    assert_true(held > 0 && (int64_t)held < small->capacity);
    house_act(house, &house->resident); /* with an account one still gets a place */
    hold.name = STR("member");
    GOOD(house, apply_hold(&house->ctx, &hold, &until));
    house_act(house, &house->clerk); /* and at the counter */
    hold.name = STR("counter");
    GOOD(house, apply_hold(&house->ctx, &hold, &until));
}

enum { THREADS = 6, EACH = 8 }; /* for the 8 places of ちょうじま */

typedef struct Sender {
    House *house;
    int number;
    atomic_int *sent;
    pthread_t thread;
} Sender;

static void *send_many(void *arg) {
    Sender *sender = arg;
    Rand rand = rand_seeded((uint64_t)sender->number + 77);
    Ctx ctx = house_thread(sender->house, &rand);
    ctx.actor = &sender->house->nobody;
    for (int i = 0; i < EACH; i++) {
        Receipt receipt;
        House own = *sender->house;
        own.rand = rand_seeded((uint64_t)(sender->number * 1000 + i));
        Answers answers = cases_answers(&own, ctx.arena, "chojima", (Date){2026, 12, 9});
        ApplySend send = {.answers = &answers, .channel = STR("web")};
        Rc rc = apply_send(&ctx, &send, &receipt);
        if (rc == RC_OK)
            atomic_fetch_add(sender->sent, 1);
        else if (rc != RC_CONFLICT)
            abort();
    }
    house_thread_end(&ctx);
    return NULL;
}

enum { TABS = 4, ANSWERS = 20 };

typedef struct Tab {
    House *house;
    int number;
    pthread_t thread;
} Tab;

static void *answer_many(void *arg) {
    Tab *tab = arg;
    Rand rand = rand_seeded((uint64_t)tab->number + 7);
    Ctx ctx = house_thread(tab->house, &rand);
    for (int i = 0; i < ANSWERS; i++) {
        JsonMember member = {str_fmt(ctx.arena, "answer-%d-%d", tab->number, i), json_of_int(i)};
        if (draft_merge(&ctx, STR("browser"), &member, 1) != RC_OK) abort();
    }
    house_thread_end(&ctx);
    return NULL;
}

static void several_tabs_lose_no_answer(void **state) {
    House *house = *state;
    Tab tabs[TABS];
    const Json *draft;
    for (int i = 0; i < TABS; i++) {
        tabs[i] = (Tab){.house = house, .number = i};
        assert_int_equal(pthread_create(&tabs[i].thread, NULL, answer_many, &tabs[i]), 0);
    }
    for (int i = 0; i < TABS; i++)
        pthread_join(tabs[i].thread, NULL);
    GOOD(house, draft_load(&house->ctx, STR("browser"), &draft));
    assert_int_equal(draft->len, TABS * ANSWERS);
    GOOD(house, draft_drop(&house->ctx, STR("browser")));
    GOOD(house, draft_load(&house->ctx, STR("browser"), &draft));
    assert_int_equal(draft->len, 0);
}

static void many_who_want_the_last_places_get_each_once(void **state) {
    House *house = *state;
    Sender senders[THREADS];
    atomic_int sent = 0;
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (Sender){.house = house, .number = i, .sent = &sent};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(senders[i].thread, NULL);
    assert_int_equal(atomic_load(&sent), 8);
    assert_int_equal(cases_slot(house, "chojima", (Date){2026, 12, 9}).booked, 8);
    Str last;
    GOOD(house, inbox_find(&house->ctx, STR("2026-000008"), &last)); /* refused ones take none */
    FAILS(house, inbox_find(&house->ctx, STR("2026-000009"), &last), RC_NOT_FOUND, "no-receipt");
}

/* ---- the resident afterwards ---- */

static void cancelling_gives_the_day_back_until_the_cut_off(void **state) {
    House *house = *state;
    Str one = cases_apply(house, NULL, 1), two = cases_apply(house, NULL, 1);
    int64_t cut_off = waste_cut_off(procedures_waste(&house->tenant), FRIDAY);
    house->clock.fixed = cut_off - 1;
    GOOD(house, apply_cancel(&house->ctx, one));
    assert_int_equal(cases_state(house, one), CASE_CANCELLED);
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, 1);
    FAILS(house, apply_cancel(&house->ctx, one), RC_CONFLICT, "too-late");
    house->clock.fixed = cut_off;
    FAILS(house, apply_cancel(&house->ctx, two), RC_CONFLICT, "too-late");
    assert_int_equal(cases_state(house, two), CASE_SUBMITTED);
}

static void changing_moves_the_booking_in_one_command(void **state) {
    House *house = *state;
    Date later = {2026, 12, 8};
    Str id = cases_apply(house, NULL, 1);
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, apply_change_day(&house->ctx, id, later));
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, 0);
    assert_int_equal(cases_slot(house, "manaka", later).booked, 1);
    assert_true(str_eq(entity_text(house_entity(house, id), IRI("pickupDate")), STR("2026-12-08")));
    FAILS(house, apply_change_day(&house->ctx, id, (Date){2026, 12, 9}), RC_INVALID, "not-offered");
}

static void changing_to_the_same_day_keeps_the_booking(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    GOOD(house, apply_change_day(&house->ctx, id, FRIDAY));
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, 1);
}

static void only_whose_case_it_is_may_touch_it(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    Actor holder = house->nobody;
    house_act(house, &house->other);
    FAILS(house, apply_cancel(&house->ctx, id), RC_NOT_FOUND, "no-case");
    house_act(house, &house->nobody);
    FAILS(house, apply_change_day(&house->ctx, id, (Date){2026, 12, 8}), RC_NOT_FOUND, "no-case");
    FAILS(house, apply_choose(&house->ctx, id, STR("out")), RC_NOT_FOUND, "no-case");
    holder.held = id;
    house_act(house, &holder);
    GOOD(house, apply_choose(&house->ctx, id, STR("out")));
    FAILS(house, apply_choose(&house->ctx, id, STR("never")), RC_INVALID, "missing");
    GOOD(house, apply_cancel(&house->ctx, id));
}

/* ---- the office ---- */

static void asking_back_and_answering_goes_round(void **state) {
    House *house = *state;
    CaseSteps steps;
    Str id = cases_apply(house, NULL, 1);
    house_act(house, &house->clerk);
    OfficeAct act = {.id = id, .touch = 60, .text = STR("　 ")};
    FAILS(house, office_ask(&house->ctx, &act), RC_INVALID, "missing");
    act.text = STR("大きさを教えてください。");
    GOOD(house, office_ask(&house->ctx, &act));
    assert_int_equal(cases_state(house, id), CASE_ASKED);
    FAILS(house, cases_confirm(house, id), RC_CONFLICT, "moved-on");
    house_act(house, &house->resident);
    FAILS(house, apply_reply(&house->ctx, id, STR(" ")), RC_INVALID, "missing");
    /* too late to change the day, never to answer what was asked */
    house->clock.fixed = waste_cut_off(procedures_waste(&house->tenant), FRIDAY);
    GOOD(house, apply_reply(&house->ctx, id, STR("二人掛けです。")));
    FAILS(house, apply_reply(&house->ctx, id, STR("もう一度")), RC_CONFLICT, "moved-on");
    GOOD(house, cases_confirm(house, id));
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    assert_int_equal(steps.len, 4);
    assert_true(str_eq(steps.items[1].post, STR("environment-waste-clerk")));
    assert_true(str_eq(steps.items[2].text, STR("二人掛けです。")));
    assert_true(str_empty(steps.items[2].post));
}

/* Five working days, yet before the day of pickup: by then it is collected, or not. */
static void the_office_answers_before_the_day_of_pickup(void **state) {
    House *house = *state;
    Receipt receipt;
    house->clock.fixed = time_jst_start((Date){2026, 11, 30});
    Str late = cases_apply(house, NULL, 1);
    assert_true(str_eq(cases_text(house, late, IRI("due")), STR("2026-12-03")));
    Answers answers = cases_answers(house, house->arena, "manaka", (Date){2026, 12, 8});
    GOOD(house, cases_send(house, &answers, &receipt));
    assert_true(str_eq(cases_text(house, receipt.id, IRI("due")), STR("2026-12-07")));
    GOOD(house, apply_change_day(&house->ctx, receipt.id, FRIDAY)); /* brings it forward */
    assert_true(str_eq(cases_text(house, receipt.id, IRI("due")), STR("2026-12-03")));
    GOOD(house, apply_change_day(&house->ctx, receipt.id, (Date){2026, 12, 8}));
    assert_true(str_eq(cases_text(house, receipt.id, IRI("due")), STR("2026-12-03")));
}

/* Friday 20 November: Monday the 23rd is a holiday, and so is what would end on it. */
static void an_answer_is_asked_for_by_a_day_and_the_offices_time_stands_still(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    OfficeAct act = {.id = id, .text = STR("大きさを教えてください。")};
    house_act(house, &house->clerk);
    act.answer_by = (Date){2026, 11, 20};
    FAILS(house, office_ask(&house->ctx, &act), RC_INVALID, "past");
    act.answer_by = (Date){2026, 12, 21};
    FAILS(house, office_ask(&house->ctx, &act), RC_INVALID, "far");
    act.answer_by = (Date){2026, 11, 21};
    GOOD(house, office_ask(&house->ctx, &act));
    assert_true(str_eq(cases_text(house, id, IRI("answerDue")), STR("2026-11-24")));
    assert_true(str_eq(cases_text(house, id, IRI("due")), STR("2026-11-24")));
    house->clock.fixed += 5 * TIME_DAY; /* Wednesday the 25th: five working days were left */
    house_act(house, &house->resident);
    GOOD(house, apply_reply(&house->ctx, id, STR("二人掛けです。")));
    assert_true(str_eq(cases_text(house, id, IRI("due")), STR("2026-12-02")));
    assert_true(str_empty(cases_text(house, id, IRI("answerDue"))));
    house->clock.fixed += 5 * TIME_DAY;
    house_act(house, &house->clerk);
    act.answer_by = (Date){0};
    FAILS(house, office_ask(&house->ctx, &act), RC_INVALID, "none"); /* the cut-off is tomorrow */
}

/* Seven working days, as the rules say, but not past the cut-off (three working days before the
   pickup, at 16:00) of the day that the case holds. */
static void an_answer_is_asked_for_before_the_cut_off(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    OfficeAct act = {.id = id, .text = STR("大きさを教えてください。")};
    house_act(house, &house->clerk);
    OfficeAnswer answer = office_answer(&house->ctx, house_entity(house, id));
    assert_int_equal(time_date_days(answer.last), time_date_days((Date){2026, 11, 30}));
    act.answer_by = (Date){2026, 12, 1};
    FAILS(house, office_ask(&house->ctx, &act), RC_INVALID, "late");
    assert_true(str_find(house->ctx.error.detail, STR("2026-11-30")) > 0);
    act.answer_by = (Date){2026, 11, 29}; /* Sunday: Monday is in time */
    GOOD(house, office_ask(&house->ctx, &act));
    assert_true(str_eq(cases_text(house, id, IRI("answerDue")), STR("2026-11-30")));
    house_act(house, &house->resident);
    GOOD(house, apply_reply(&house->ctx, id, STR("二人掛けです。")));
    house_act(house, &house->clerk);
    act.answer_by = (Date){0};
    GOOD(house, office_ask(&house->ctx, &act));
    assert_true(str_eq(cases_text(house, id, IRI("answerDue")), STR("2026-11-30")));
    house_act(house, &house->resident);
    GOOD(house, apply_change_day(&house->ctx, id, (Date){2026, 12, 18}));
    assert_true(str_eq(cases_text(house, id, IRI("answerDue")), STR("2026-11-30")));
    GOOD(house, apply_reply(&house->ctx, id, STR("二人掛けです。")));
    house_act(house, &house->clerk);
    GOOD(house, office_ask(&house->ctx, &act));
    assert_true(str_eq(cases_text(house, id, IRI("answerDue")), STR("2026-12-02")));
    house_act(house, &house->resident);
    GOOD(house, apply_change_day(&house->ctx, id, FRIDAY)); /* brings it forward */
    assert_true(str_eq(cases_text(house, id, IRI("answerDue")), STR("2026-11-30")));
    assert_true(str_eq(cases_text(house, id, IRI("due")), STR("2026-11-30")));
}

static void touch_time_adds_up_and_makes_no_new_version(void **state) {
    House *house = *state;
    int64_t seconds;
    Str id = cases_apply(house, NULL, 1);
    uint64_t seen = house_entity(house, id)->version;
    house_act(house, &house->clerk);
    static const int64_t bad[] = {0, -1, 3601, INT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FAILS(house, office_touch(&house->ctx, &(OfficeAct){.id = id, .touch = bad[i]}), RC_INVALID,
              "bad-seconds");
    GOOD(house, office_touch(&house->ctx, &(OfficeAct){.id = id, .touch = 60}));
    GOOD(house, office_touch(&house->ctx, &(OfficeAct){.id = id, .touch = 30}));
    GOOD(house, office_touched(&house->ctx, id, &seconds));
    assert_int_equal(seconds, 90);
    FAILS(house,
          office_touch(&house->ctx, &(OfficeAct){.id = id, .touch = 5, .step = STR("checked")}),
          RC_INVALID, "bad-step");
    GOOD(house, office_touch(&house->ctx, &(OfficeAct){.id = id, .touch = 3600}));
    GOOD(house, office_touched(&house->ctx, id, &seconds));
    assert_int_equal(seconds, 3690);
    GOOD(house, office_confirm(&house->ctx, &(OfficeAct){.id = id, .version = seen}));
    house_act(house, &house->resident);
    FAILS(house, office_touch(&house->ctx, &(OfficeAct){.id = id, .touch = 5}), RC_DENIED, NULL);
}

static void what_was_looked_at_must_still_be_so(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    uint64_t seen = house_entity(house, id)->version;
    house_act(house, &house->resident);
    GOOD(house, apply_change_day(&house->ctx, id, (Date){2026, 12, 8}));
    house_act(house, &house->clerk);
    FAILS(house, office_confirm(&house->ctx, &(OfficeAct){.id = id, .version = seen}), RC_CONFLICT,
          "moved-on");
}

static void residents_and_auditors_do_not_confirm(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    Actor auditor = house->chief;
    auditor.roles = 1u << ROLE_AUDITOR;
    OfficeAct act = {.id = id, .text = STR("x")};
    Actor *const actors[] = {&house->resident, &auditor};
    for (size_t i = 0; i < 2; i++) {
        house_act(house, actors[i]);
        FAILS(house, office_confirm(&house->ctx, &act), RC_DENIED, "not-permitted");
    }
    assert_int_equal(cases_state(house, id), CASE_SUBMITTED);
}

/* Above 20 000 yen the table gives the confirmation to the chief. */
static void a_large_case_is_the_chiefs_to_confirm(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 10);
    const Entity *application = house_entity(house, id);
    assert_true(entity_int(application, IRI("fee"), 0) > 20000);
    assert_true(str_eq(entity_text(application, IRI("post")), STR("environment-waste-chief")));
    FAILS(house, cases_confirm(house, id), RC_DENIED, "beyond-delegation");
    house_act(house, &house->chief);
    GOOD(house, office_confirm(&house->ctx, &(OfficeAct){.id = id}));
    assert_int_equal(cases_state(house, id), CASE_CONFIRMED);
}

/* ---- decisions ---- */

static void a_decided_plan_plans_all_its_cases_in_one_command(void **state) {
    House *house = *state;
    Str ids[4], plan;
    for (size_t i = 0; i < 4; i++)
        ids[i] = cases_apply(house, NULL, 1);
    house_act(house, &house->clerk);
    FAILS(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &plan), RC_CONFLICT,
          "nothing-to-plan");
    for (size_t i = 0; i < 3; i++) /* the fourth is not confirmed */
        GOOD(house, cases_confirm(house, ids[i]));
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &plan));
    OfficeDecision decision = {.id = str_dup(house->arena, plan)};
    decision.hash = cases_hash(house, decision.id);
    house_act(house, &house->chief);
    house->chief.stepped_up_at = TIME_NONE;
    FAILS(house, office_decide(&house->ctx, &decision), RC_DENIED, "needs-step-up");
    house_act(house, &house->chief);
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, office_decide(&house->ctx, &decision));
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(cases_state(house, ids[i]), CASE_PLANNED);
    assert_int_equal(cases_state(house, ids[3]), CASE_SUBMITTED);
}

static void a_case_taken_out_stays_confirmed_and_the_rest_is_planned(void **state) {
    House *house = *state;
    Str one = cases_apply(house, NULL, 1), two = cases_apply(house, NULL, 1), plan;
    GOOD(house, cases_confirm(house, one));
    GOOD(house, cases_confirm(house, two));
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &plan));
    OfficeDecision decision = {.id = str_dup(house->arena, plan), .case_id = one};
    decision.hash = cases_hash(house, decision.id);
    house_act(house, &house->resident);
    GOOD(house, apply_cancel(&house->ctx, one)); /* moves on while it waits */
    house_act(house, &house->chief);
    FAILS(house, office_decide(&house->ctx, &decision), RC_CONFLICT, "case-moved");
    FAILS(house, office_takeout(&house->ctx, &decision), RC_INVALID, "no-reason");
    decision.opinion = STR("取り消された");
    GOOD(house, office_takeout(&house->ctx, &decision));
    FAILS(house, office_decide(&house->ctx, &decision), RC_CONFLICT, "other-contents");
    decision.hash = cases_hash(house, decision.id);
    const Json *contents = entity_attr(house_entity(house, decision.id), IRI("contents"))->value;
    assert_int_equal(json_get_int(contents, "count", 0), 1);
    assert_int_equal(json_get_int(contents, "fee", 0), 600);
    GOOD(house, office_decide(&house->ctx, &decision));
    assert_int_equal(cases_state(house, one), CASE_CANCELLED);
    assert_int_equal(cases_state(house, two), CASE_PLANNED);
}

/* ---- what lies on the disk ---- */

/* How many files of the tenant's folder hold these bytes. */
static size_t files_with(House *house, Str wanted) {
    size_t found = 0;
    Str folder = str_fmt(house->arena, "%s/data", house->root);
    char *roots[] = {(char *)folder.ptr, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL, NULL);
    for (FTSENT *entry; (entry = fts_read(tree));) {
        if (entry->fts_info != FTS_F) continue;
        ArenaMark mark = arena_mark(house->ctx.scratch);
        char *bytes = arena_alloc(house->ctx.scratch, (size_t)entry->fts_statp->st_size + 1, 1);
        FILE *file = fopen(entry->fts_accpath, "rb");
        size_t len = fread(bytes, 1, (size_t)entry->fts_statp->st_size, file);
        fclose(file);
        found += memmem(bytes, len, wanted.ptr, wanted.len) != NULL;
        arena_rewind(house->ctx.scratch, mark);
    }
    fts_close(tree);
    return found;
}

static void nothing_personal_of_a_case_lies_in_clear(void **state) {
    House *house = *state;
    (void)cases_apply(house, NULL, 1); /* the first proposal's number is another than the case's */
    /* a ground whose word is no part of a name in the dictionary, for indexes tell names */
    Str decision, id = cases_apply(house, "single-parent", 1);
    const Entity *application = house_entity(house, id);
    Str number = entity_text(application, IRI("receiptNumber")),
        town = entity_text(application, IRI("town"));
    const Attr *ground = entity_attr(application, IRI("feeReduction"));
    house_act(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &decision));
    GOOD(house, gate_look(&house->ctx, &application, 1, STR("x")));
    house_drain(house);
    const Str personal[] = {number,
                            town,
                            STR("星之森"),
                            STR("0999-12-3456"),
                            STR("sofa-1"),
                            STR("requested"),
                            json_get_str(ground->value, "ground"),
                            json_get_str(ground->value, "article")};
    assert_true(files_with(house, id) > 0); /* ids are found, so the search works */
    for (size_t i = 0; i < sizeof personal / sizeof *personal; i++)
        if (str_empty(personal[i]) || files_with(house, personal[i]))
            fail_msg("\"" STR_FMT "\" lies in clear", STR_ARG(personal[i]));
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = house->clerk.id},
                             .subject = house->resident.person,
                             .reason = STR("x")};
    StrVec kept = {0};
    vec_push(house->arena, &erasure.files, STR("保存5年/粗大ごみ収集/2026"));
    GOOD(house, ledger_erase(&house->ctx, house->tenant.ledger, &erasure, &kept));
    application = house_entity(house, id);
    assert_null(entity_attr(application, IRI("receiptNumber")));
    assert_null(entity_attr(application, IRI("town")));
    assert_true(case_state(application) == CASE_SUBMITTED);
    assert_true(str_eq(dictionary_subject(house->dictionary, application), house->resident.person));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_case_is_found_by_number_and_phone),
        TEST(finding_cannot_be_tried_out),
        TEST(sending_twice_is_one_case),
        TEST(a_case_begins_whole),
        TEST(an_official_enters_for_somebody),
        TEST(an_incomplete_draft_books_nothing),
        TEST(a_household_sends_so_many_for_a_day),
        TEST(a_held_day_becomes_the_booking),
        TEST(nobody_empties_a_day_by_holding_it),
        TEST(one_network_cannot_hold_a_whole_day),
        TEST(several_tabs_lose_no_answer),
        TEST(many_who_want_the_last_places_get_each_once),
        TEST(cancelling_gives_the_day_back_until_the_cut_off),
        TEST(changing_moves_the_booking_in_one_command),
        TEST(changing_to_the_same_day_keeps_the_booking),
        TEST(only_whose_case_it_is_may_touch_it),
        TEST(asking_back_and_answering_goes_round),
        TEST(the_office_answers_before_the_day_of_pickup),
        TEST(an_answer_is_asked_for_by_a_day_and_the_offices_time_stands_still),
        TEST(an_answer_is_asked_for_before_the_cut_off),
        TEST(touch_time_adds_up_and_makes_no_new_version),
        TEST(what_was_looked_at_must_still_be_so),
        TEST(residents_and_auditors_do_not_confirm),
        TEST(a_large_case_is_the_chiefs_to_confirm),
        TEST(a_decided_plan_plans_all_its_cases_in_one_command),
        TEST(a_case_taken_out_stays_confirmed_and_the_rest_is_planned),
        TEST(nothing_personal_of_a_case_lies_in_clear),
    };
    return cmocka_run_group_tests_name("case", tests, NULL, NULL);
}
