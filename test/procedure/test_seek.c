/* Tests of finding cases by whose they are. */
#include "cases.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static size_t found(House *house, const char *text) {
    InboxCases cases;
    bool more;
    GOOD(house, seek_cases(&house->ctx, &(SeekAsk){str_of(text), 10}, &cases, &more));
    assert_false(more);
    return cases.len;
}

static void clerk_looks(House *house) {
    house_act(house, &house->clerk);
    house->ctx.purpose = STR("application-check");
}

static void parts_of_names_and_addresses_find_a_case(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    const Entity *whole = house_entity(house, id);
    Str phone = entity_text(whole, IRI("phone")), town = entity_text(whole, IRI("town"));
    cases_set(house, id, LD_DEFAULT "name", STR("髙橋 𠮷郎"));
    cases_set(house, id, LD_DEFAULT "kana", STR("タカハシ ヨシロウ"));
    clerk_looks(house);
    const char *const there[] = {"髙橋",     "𠮷郎", "髙橋𠮷郎", "髙橋　𠮷郎", "𠮷郎 髙橋",
                                 "たかはし", "ﾖｼﾛｳ", "カハ",     "髙橋 ヨシ"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        assert_int_equal(found(house, there[i]), 1);
    assert_int_equal(found(house, str_z(house->arena, phone)), 1);
    assert_int_equal(found(house, str_z(house->arena, find_phone(house->arena, phone))), 1);
    assert_int_equal(found(house, str_z(house->arena, town)), 1);
    const char *const not_there[] = {"髙田", "髙橋 次郎", "郎髙", "0312345678"};
    for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
        assert_int_equal(found(house, not_there[i]), 0);
}

static void an_address_is_found_in_other_forms_and_is_no_telephone_number(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    cases_set(house, id, LD_DEFAULT "town", STR("中央一丁目"));
    cases_set(house, id, LD_DEFAULT "address", STR("2番3号"));
    cases_set(house, id, LD_DEFAULT "name", STR("三浦 花"));
    cases_set(house, id, LD_DEFAULT "phone", STR("090-1234-5678"));
    clerk_looks(house);
    const char *const there[] = {"中央１－２－３", "中央一丁目2番3号", "中央1丁目2-3",
                                 "三浦",           "三浦 中央1-2",     "090 1234 5678",
                                 "三浦 1-2-3",     "+81-90-1234-5678", "三浦 09012345678"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        if (found(house, there[i]) != 1) fail_msg("%s", there[i]);
    const char *const not_there[] = {"三浦 56", "三浦 1234", "中央1-3", "三浦 09012345679"};
    for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
        if (found(house, not_there[i])) fail_msg("%s", not_there[i]);
}

static void a_single_letter_is_too_short(void **state) {
    House *house = *state;
    InboxCases cases;
    bool more;
    const char *const shorts[] = {"", " ", "髙", "1-2", "090"};
    clerk_looks(house);
    for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
        FAILS(house, seek_cases(&house->ctx, &(SeekAsk){str_of(shorts[i]), 10}, &cases, &more),
              RC_INVALID, "short");
    FAILS(
        house,
        seek_cases(&house->ctx, &(SeekAsk){STR("ああ い う え お か き く け"), 10}, &cases, &more),
        RC_INVALID, "long");
}

static void nobody_finds_what_he_may_not_see(void **state) {
    House *house = *state;
    Actor stranger;
    cases_set(house, cases_apply(house, NULL, 1), LD_DEFAULT "name", STR("髙橋 𠮷郎"));
    clerk_looks(house);
    assert_int_equal(found(house, "髙橋"), 1);
    house_official(house, "stranger", "citizens-counter-clerk", &stranger);
    house_act(house, &stranger);
    house->ctx.purpose = STR("application-check");
    assert_int_equal(found(house, "髙橋"), 0);
    house_act(house, &house->other);
    assert_int_equal(found(house, "髙橋"), 0);
}

static void a_name_that_changed_is_found_by_the_new_one(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    cases_set(house, id, LD_DEFAULT "name", STR("髙橋 𠮷郎"));
    cases_set(house, id, LD_DEFAULT "name", STR("齋藤 𠮷郎"));
    clerk_looks(house);
    assert_int_equal(found(house, "髙橋"), 0);
    assert_int_equal(found(house, "齋藤"), 1);
}

static void more_than_are_shown_are_told(void **state) {
    House *house = *state;
    InboxCases cases;
    bool more;
    for (int i = 0; i < 3; i++)
        cases_set(house, cases_apply(house, NULL, 1), LD_DEFAULT "name", STR("髙橋 𠮷郎"));
    clerk_looks(house);
    GOOD(house, seek_cases(&house->ctx, &(SeekAsk){STR("髙橋"), 2}, &cases, &more));
    assert_int_equal(cases.len, 2);
    assert_true(more);
    assert_int_equal(found(house, "髙橋"), 3);
}

static bool any_row(void *arg, Str key, Str value) {
    (void)key, (void)value;
    ++*(size_t *)arg;
    return true;
}

static void an_erased_case_leaves_no_signature(void **state) {
    House *house = *state;
    size_t rows = 0;
    cases_set(house, cases_apply(house, NULL, 1), LD_DEFAULT "name", STR("髙橋 𠮷郎"));
    cases_erase(house, house->resident.person);
    house_drain(house);
    GOOD(house, project_rows(&house->ctx, house->tenant.project, &(RowsRange){.follower = "seek"},
                             any_row, &rows));
    assert_int_equal(rows, 0);
}

/* Whose account it is, for a counter that makes sure of it: whatever the post of the case, and not
   by a part of a number. */
static void a_telephone_number_leads_to_the_accounts_of_its_cases(void **state) {
    House *house = *state;
    StrVec persons;
    Str first = cases_apply(house, NULL, 1), second = cases_apply(house, NULL, 2);
    cases_set(house, first, LD_DEFAULT "phone", STR("090-1234-5678"));
    cases_set(house, second, LD_DEFAULT "phone", STR("09012345678"));
    cases_set(house, second, LD_DEFAULT "post", STR("children-allowance-clerk"));
    clerk_looks(house);
    const char *const there[] = {"090-1234-5678", "０９０ １２３４ ５６７８", "+81-90-1234-5678"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        GOOD(house, seek_applicants(&house->ctx, str_of(there[i]), 10, &persons));
        assert_int_equal(persons.len, 1); /* each once */
        assert_true(str_eq(persons.items[0], house->resident.person));
    }
    const char *const not_there[] = {"090-1234-567", "12345678", "090-1234-5679", "星之森", ""};
    for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++) {
        GOOD(house, seek_applicants(&house->ctx, str_of(not_there[i]), 10, &persons));
        assert_int_equal(persons.len, 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(parts_of_names_and_addresses_find_a_case),
        TEST(an_address_is_found_in_other_forms_and_is_no_telephone_number),
        TEST(a_single_letter_is_too_short),
        TEST(nobody_finds_what_he_may_not_see),
        TEST(a_name_that_changed_is_found_by_the_new_one),
        TEST(more_than_are_shown_are_told),
        TEST(an_erased_case_leaves_no_signature),
        TEST(a_telephone_number_leads_to_the_accounts_of_its_cases),
    };
    return cmocka_run_group_tests_name("seek", tests, NULL, NULL);
}
