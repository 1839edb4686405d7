/* Tests of the day that a draft holds, over its tabs, until it is sent or runs out; and of whose
   household it counts for. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define BROWSER STR("a browser of no account")
#define PLACE   "chojima" /* has the fewest places a day */

static Date district_day(House *house, size_t nth) {
    ApplyDays days;
    const WasteDistrict *place = waste_district(procedures_waste(&house->tenant), STR(PLACE));
    GOOD(house, apply_days(&house->ctx, place, &days));
    assert_true(nth < days.len);
    return days.items[nth].date;
}

/* What a tab writes before it holds: the day that it wants; what the draft was before. */
static const Json *tab_wants(House *house, Date day) {
    const Json *before;
    JsonMembers members = {0};
    vec_push(house->ctx.arena, &members,
             (JsonMember){STR("day"), json_of_str(time_format_date(house->ctx.arena, day))});
    GOOD(house, draft_swap(&house->ctx, BROWSER, &members, &before));
    return before;
}

static const Json *draft_now(House *house) {
    const Json *draft;
    GOOD(house, draft_load(&house->ctx, BROWSER, &draft));
    return draft;
}

static Rc tab_holds(House *house, const Json *draft, const Json *before) {
    Answers mine;
    apply_answers(&house->ctx, draft, &mine);
    return draft_hold(&house->ctx, &mine, before);
}

static bool draft_is_of(House *house, Date day) {
    return str_eq(json_get_str(draft_now(house), "day"), time_format_date(house->ctx.arena, day));
}

static void begin(House *house) {
    static const struct {
        const char *name, *value;
    } rows[] = {{"district", PLACE}, {"hold", "the draft's hold"}};
    static Actor tabs;
    tabs = house->nobody;
    tabs.browser = BROWSER;
    house_act(house, &tabs);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        JsonMember member = {str_of(rows[i].name), json_of_str(str_of(rows[i].value))};
        GOOD(house, draft_merge(&house->ctx, BROWSER, &member, 1));
    }
}

/* All that is left of a day goes to others. */
static void fill(House *house, Date day) {
    Actor *back = house->ctx.actor;
    house_act(house, &house->resident);
    for (BookSlot slot = cases_slot(house, PLACE, day); slot.left;
         slot = cases_slot(house, PLACE, day)) {
        Receipt receipt;
        Answers answers = cases_answers(house, house->arena, PLACE, day);
        GOOD(house, cases_send(house, &answers, &receipt));
    }
    house_act(house, back);
}

static void another_day_gives_the_first_one_back(void **state) {
    House *house = *state;
    Date first = district_day(house, 1), second = district_day(house, 2);
    begin(house);
    const Json *before = tab_wants(house, first);
    GOOD(house, tab_holds(house, draft_now(house), before));
    assert_int_equal(cases_slot(house, PLACE, first).held, 1);
    before = tab_wants(house, second);
    GOOD(house, tab_holds(house, draft_now(house), before));
    assert_int_equal(cases_slot(house, PLACE, first).held, 0);
    assert_int_equal(cases_slot(house, PLACE, second).held, 1);
}

static void a_day_that_is_full_leaves_the_draft_with_the_one_it_holds(void **state) {
    House *house = *state;
    Date held = district_day(house, 1), full = district_day(house, 2);
    fill(house, full);
    begin(house);
    const Json *before = tab_wants(house, held);
    GOOD(house, tab_holds(house, draft_now(house), before));
    before = tab_wants(house, full);
    const Json *mine = draft_now(house);
    FAILS(house, tab_holds(house, mine, before), RC_CONFLICT, "slot-full");
    GOOD(house, draft_hold_back(&house->ctx, mine, before));
    assert_true(draft_is_of(house, held));
    assert_int_equal(cases_slot(house, PLACE, held).held, 1);
}

/* The later tab saw the full day as the draft's, so it could not give back what was held. */
static void a_later_tab_keeps_its_day_and_the_one_before_is_given_back(void **state) {
    House *house = *state;
    Date held = district_day(house, 1), full = district_day(house, 2),
         other = district_day(house, 3);
    fill(house, full);
    begin(house);
    const Json *before = tab_wants(house, held);
    GOOD(house, tab_holds(house, draft_now(house), before));
    const Json *before_first = tab_wants(house, full), *first = draft_now(house);
    FAILS(house, tab_holds(house, first, before_first), RC_CONFLICT, "slot-full");
    before = tab_wants(house, other);
    GOOD(house, tab_holds(house, draft_now(house), before));
    assert_int_equal(cases_slot(house, PLACE, held).held, 1);
    GOOD(house, draft_hold_back(&house->ctx, first, before_first));
    assert_true(draft_is_of(house, other));
    assert_int_equal(cases_slot(house, PLACE, held).held, 0);
    assert_int_equal(cases_slot(house, PLACE, other).held, 1);
}

/* What ran out is nobody's: who was slow is told when he sends, and the day is not booked twice. */
static void a_hold_that_ran_out_on_a_full_day_books_nothing(void **state) {
    House *house = *state;
    Date day = district_day(house, 1);
    Receipt receipt;
    begin(house);
    const Json *before = tab_wants(house, day);
    GOOD(house, tab_holds(house, draft_now(house), before));
    Answers answers = cases_answers(house, house->arena, PLACE, day);
    answers.hold = STR("the draft's hold");
    house->clock.fixed += waste_limits(procedures_waste(&house->tenant))->hold + TIME_SECOND;
    fill(house, day);
    BookSlot slot = cases_slot(house, PLACE, day);
    assert_int_equal(slot.booked, slot.capacity);
    FAILS(house, cases_send(house, &answers, &receipt), RC_CONFLICT, "slot-full");
    assert_int_equal(cases_slot(house, PLACE, day).booked, slot.capacity);
    answers.day = district_day(house, 2);
    GOOD(house, cases_send(house, &answers, &receipt));
}

/* ---- one household ---- */

static Answers home_of(House *house, const char *const row[3]) {
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    answers.address = str_of(row[0]);
    answers.building = str_of(row[1]);
    answers.kana = str_of(row[2]);
    return answers;
}

static void a_household_is_one_however_it_is_written(void **state) {
    House *house = *state;
    static const char *const two[][3] = {{"1丁目2番3号", "コーポ見本101号室", "マチダ ハナコ"},
                                         {"1-2-3", "ｺｰﾎﾟ見本 101", "マチダ タロウ"}};
    static const char *const same[][3] = {
        {"１－２－３", "コーポ見本１０１", "マチダ ジロウ"},
        {"一丁目二番三号", "コーポ見本101号", "マチダジロウ"},
        {"1丁目2番地の3", "コーポ 見本101", "マチダ\xE3\x80\x80ハナコ"},
        {"1ノ2ノ3コーポ見本101", "", "まちだ はなこ"},
        {"01-02-03 コーポ見本", "101号室", "マチダ"},
    };
    static const char *const others[][3] = {
        {"1-2-3", "コーポ見本102", "マチダ ハナコ"},
        {"1-23", "コーポ見本101", "マチダ ハナコ"},
        {"11-2-3", "コーポ見本101", "マチダ ハナコ"},
        {"1-2-3", "コーポ見本101", "マチ ハナコ"},
        {"1-2-3", "101", "マチダ ハナコ"}, /* nobody can tell which building that is */
    };
    Receipt receipt;
    house_act(house, &house->resident);
    for (size_t i = 0; i < 2; i++) {
        Answers answers = home_of(house, two[i]);
        GOOD(house, cases_send(house, &answers, &receipt));
    }
    house_act(house, &house->clerk);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        Answers answers = home_of(house, same[i]);
        if (!apply_household_told(&house->ctx, &answers)) fail_msg("another: %s", same[i][0]);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        Answers answers = home_of(house, others[i]);
        if (apply_household_told(&house->ctx, &answers)) fail_msg("the same: %s", others[i][0]);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(another_day_gives_the_first_one_back),
        TEST(a_day_that_is_full_leaves_the_draft_with_the_one_it_holds),
        TEST(a_later_tab_keeps_its_day_and_the_one_before_is_given_back),
        TEST(a_hold_that_ran_out_on_a_full_day_books_nothing),
        TEST(a_household_is_one_however_it_is_written),
    };
    return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
