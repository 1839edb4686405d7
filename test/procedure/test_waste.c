/* Tests of the rules of bulky waste as the starter city has them: calendar, search, postcodes,
   delegation, and the answers of the form. */
#include "house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static House shared;

static int set_up(void **state) {
    house_make(&shared, HOUSE_WHOLE);
    *state = &shared;
    return 0;
}

static int tear_down(void **state) {
    house_end(*state);
    return 0;
}

static const Waste *waste_of(House *house) {
    return procedures_waste(&house->tenant);
}

static Date date_of(const char *text) {
    Date date;
    assert_true(time_parse_date(str_of(text), &date));
    return date;
}

static int64_t instant(const char *text) {
    int64_t t;
    assert_true(time_parse(str_of(text), &t));
    return t;
}

/* ---- calendar ---- */

static void the_cut_off_counts_working_days_over_holidays_and_new_year(void **state) {
    House *house = *state;
    static const struct {
        const char *pickup, *cut_off;
    } rows[] = {
        {"2026-12-04", "2026-12-01T16:00:00+09:00"}, /* Friday: Tuesday */
        {"2026-12-07", "2026-12-02T16:00:00+09:00"}, /* Monday: over the week-end */
        {"2026-11-26", "2026-11-20T16:00:00+09:00"}, /* over a week-end and a holiday on Monday */
        {"2027-01-05", "2026-12-25T16:00:00+09:00"}, /* over the end of the year */
        {"2027-01-12", "2027-01-06T16:00:00+09:00"}, /* over Coming of Age Day */
        {"2026-05-08", "2026-04-30T16:00:00+09:00"}, /* over Golden Week and a substitute */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t cut_off = waste_cut_off(waste_of(house), date_of(rows[i].pickup));
        if (cut_off != instant(rows[i].cut_off))
            fail_msg("%s: " STR_FMT, rows[i].pickup,
                     STR_ARG(time_format(house->ctx.arena, cut_off)));
    }
}

static void holidays_and_the_end_of_the_year_are_closed(void **state) {
    House *house = *state;
    static const struct {
        const char *date;
        bool open, working;
    } rows[] = {
        {"2026-11-20", true, true},   {"2026-11-21", true, false},  {"2026-11-23", false, false},
        {"2026-12-28", true, true},   {"2026-12-29", false, false}, {"2026-12-31", false, false},
        {"2027-01-01", false, false}, {"2027-01-03", false, false}, {"2027-01-04", true, true},
        {"2029-01-09", false, false}, /* beyond the calendar: nobody knows */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Date date = date_of(rows[i].date);
        if (waste_is_open_day(waste_of(house), date) != rows[i].open ||
            waste_is_working_day(waste_of(house), date) != rows[i].working)
            fail_msg("%s", rows[i].date);
    }
}

static void every_district_offers_its_own_weekdays_up_to_the_horizon(void **state) {
    House *house = *state;
    const WasteDistrict *district;
    for (size_t i = 0; (district = waste_district_at(waste_of(house), i)) != NULL; i++) {
        Date *days;
        size_t n = waste_days(house->ctx.arena, waste_of(house), district, HOUSE_NOW, &days);
        assert_true(n >= 5);
        for (size_t d = 0; d < n; d++) {
            assert_true(district->weekdays & 1u << time_weekday(days[d]));
            assert_true(waste_is_open_day(waste_of(house), days[d]));
            assert_true(HOUSE_NOW < waste_cut_off(waste_of(house), days[d]));
            assert_true(time_date_days(days[d]) <= time_date_days(time_jst_date(HOUSE_NOW)) +
                                                       waste_limits(waste_of(house))->horizon_days);
            if (d) assert_true(time_date_days(days[d]) > time_date_days(days[d - 1]));
        }
    }
    assert_null(waste_district(waste_of(house), STR("nowhere")));
}

static void a_day_is_offered_until_its_cut_off_and_not_a_moment_longer(void **state) {
    House *house = *state;
    const WasteDistrict *district = waste_district(waste_of(house), STR("manaka"));
    Date *days, pickup = date_of("2026-12-04");
    int64_t cut_off = waste_cut_off(waste_of(house), pickup);
    assert_true(waste_days(house->ctx.arena, waste_of(house), district, cut_off - 1, &days) > 0);
    assert_int_equal(time_date_days(days[0]), time_date_days(pickup));
    assert_true(waste_days(house->ctx.arena, waste_of(house), district, cut_off, &days) > 0);
    assert_true(time_date_days(days[0]) > time_date_days(pickup));
}

/* ---- items ---- */

static bool finds(House *house, Str query, const WasteItem *item) {
    const WasteItem **hits;
    size_t shown = waste_item_count(waste_of(house));
    size_t n = waste_search(house->ctx.arena, waste_of(house), query, shown, &hits);
    for (size_t i = 0; i < n; i++)
        if (hits[i] == item) return true;
    return false;
}

static void finds_row(House *house, const Json *row) {
    const Json *synonyms = json_get(row, STR("synonyms"));
    const WasteItem *item = waste_item(waste_of(house), json_get_str(row, "id"));
    assert_non_null(item);
    Str kana = json_get_str(row, "kana");
    if (!finds(house, json_get_str(json_get(row, STR("name")), "ja"), item) ||
        !finds(house, kana, item) || !finds(house, text_katakana(house->ctx.arena, kana), item))
        fail_msg(STR_FMT, STR_ARG(item->id));
    for (size_t s = 0; synonyms && s < synonyms->len; s++)
        if (!finds(house, json_str(json_at(synonyms, s)), item))
            fail_msg(STR_FMT ": " STR_FMT, STR_ARG(item->id),
                     STR_ARG(json_str(json_at(synonyms, s))));
}

static void every_item_is_found_by_its_own_names(void **state) {
    House *house = *state;
    const Json *source = house_starter(house, "waste/items.json");
    const Json *taken = json_get(source, STR("items")), *refused = json_get(source, STR("refused"));
    assert_true(taken->len >= 200);
    assert_int_equal(taken->len + refused->len, waste_item_count(waste_of(house)));
    for (size_t i = 0; i < taken->len; i++)
        finds_row(house, json_at(taken, i));
    for (size_t i = 0; i < refused->len; i++)
        finds_row(house, json_at(refused, i));
}

static void search_forgives_spelling(void **state) {
    House *house = *state;
    static const struct {
        const char *query, *id;
    } rows[] = {
        {"ソファ", "sofa-1"},        {"そふぁ", "sofa-1"},        {"ｿﾌｧ", "sofa-1"},
        {"ソファー", "sofa-1"},      {"アームチェア", "sofa-1"},  {"ｱｰﾑﾁｪｱ", "sofa-1"},
        {"　ソファ　", "sofa-1"},    {"掛け ソファ", "sofa-2"},   {"まっさーじ", "chair-massage"},
        {"ざいす", "chair-legless"}, {"座椅子", "chair-legless"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!finds(house, str_of(rows[i].query), waste_item(waste_of(house), str_of(rows[i].id))))
            fail_msg("%s does not find %s", rows[i].query, rows[i].id);
    const WasteItem **hits;
    assert_int_equal(waste_search(house->ctx.arena, waste_of(house), STR(""), 9, &hits), 0);
    assert_int_equal(waste_search(house->ctx.arena, waste_of(house), STR("龘"), 9, &hits), 0);
    assert_true(waste_search(house->ctx.arena, waste_of(house), STR("ソファ"), 2, &hits) > 2);
}

/* ---- places ---- */

static void postcodes_are_read_in_every_usual_form(void **state) {
    House *house = *state;
    static const struct {
        const char *text, *code;
    } rows[] = {
        {"999-0001", "999-0001"},
        {"9990001", "999-0001"},
        {"９９９－０００１", "999-0001"},
        {"〒999-0001", "999-0001"},
        {" 999 0001 ", "999-0001"},
        {"999ー0001", "999-0001"},
        {"９９９０００１", "999-0001"},
        {"999-001", NULL},
        {"99900011", NULL},
        {"abc", NULL},
        {"", NULL},
        {"999-000a", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Str code = STR_NONE;
        bool ok = waste_postcode(house->ctx.arena, str_of(rows[i].text), &code);
        if (ok != (rows[i].code != NULL) || (ok && !str_eq(code, str_of(rows[i].code))))
            fail_msg("%s: " STR_FMT, rows[i].text, STR_ARG(code));
    }
}

static void every_town_is_found_by_its_postcodes(void **state) {
    House *house = *state;
    const WasteDistrict *district, *found;
    const WasteTown **towns;
    for (size_t i = 0; (district = waste_district_at(waste_of(house), i)) != NULL; i++)
        VEC_EACH (const WasteTown, town, &district->towns) {
            assert_true(waste_town_in(district, town->name.ja));
            assert_true(waste_town(waste_of(house), town->name.ja));
            for (size_t p = 0; p < town->postcodes.len; p++) {
                size_t n = waste_towns(house->ctx.arena, waste_of(house), town->postcodes.items[p],
                                       &found, &towns);
                bool there = false;
                for (size_t t = 0; t < n; t++)
                    there = there || towns[t] == town;
                assert_true(there);
                assert_ptr_equal(found, district);
            }
        }
    assert_int_equal(
        waste_towns(house->ctx.arena, waste_of(house), STR("100-0001"), &found, &towns), 0);
    assert_null(found);
}

static void the_delegation_table_names_the_decider(void **state) {
    House *house = *state;
    static const struct {
        const char *kind;
        int64_t amount;
        const char *post;
    } rows[] = {
        {"application-confirm", 0, "environment-waste-clerk"},
        {"application-confirm", 20000, "environment-waste-clerk"},
        {"application-confirm", 20001, "environment-waste-chief"},
        {"collection-plan", 0, "environment-waste-chief"},
        {"fee-reduction", 5000, "environment-waste-chief"},
        {"fee-reduction", 5001, "environment-head"},
        {"fee-reduction", 30001, "citizens-director"},
        {"no-such-kind", 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Str post = waste_decider(waste_of(house), str_of(rows[i].kind), rows[i].amount);
        if (!str_eq(post, str_of(rows[i].post)))
            fail_msg("%s %lld: " STR_FMT, rows[i].kind, (long long)rows[i].amount, STR_ARG(post));
    }
}

/* ---- answers ---- */

#define WHOLE_DRAFT                                                                                        \
    "{\"token\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"district\":\"manaka\",\"town\":\"まなか一丁目\","   \
    "\"postcode\":\"９９９０００１\",\"address\":\"1番2号\",\"items\":[{\"id\":\"sofa-1\","       \
    "\"quantity\":1}],\"day\":\"2026-12-04\",\"name\":\"星之森 あおね\",\"kana\":\"ほしのもり " \
    "アオネ\","                                                                                         \
    "\"phone\":\"０９９９（１２）３４５６\",\"choice\":\"in\"}"

static void read_draft(House *house, const char *changes, Answers *out) {
    const Json *draft, *change;
    GOOD(house, json_read(&house->ctx, STR(WHOLE_DRAFT), JSON_LIMITS_DEFAULT, &draft));
    GOOD(house, json_read(&house->ctx, str_of(changes), JSON_LIMITS_DEFAULT, &change));
    JsonMembers members = {0};
    for (size_t i = 0; i < draft->len; i++)
        if (!json_get(change, draft->value.members[i].name))
            vec_push(house->ctx.arena, &members, draft->value.members[i]);
    for (size_t i = 0; i < change->len; i++)
        vec_push(house->ctx.arena, &members, change->value.members[i]);
    Json *merged = NEW(house->ctx.arena, Json);
    *merged = json_of_members(members.items, members.len);
    apply_answers(&house->ctx, merged, out);
}

static void answers_are_normalised(void **state) {
    House *house = *state;
    Answers answers;
    read_draft(house, "{\"email\":\" ａ＠example.jp \"}", &answers);
    assert_true(str_eq(answers.postcode, STR("999-0001")));
    assert_true(str_eq(answers.phone, STR("0999123456")));
    assert_true(str_eq(answers.kana, STR("ホシノモリ アオネ")));
    assert_true(str_eq(answers.email, STR("a@example.jp")));
    Faults faults = {0};
    apply_check(&house->ctx, &answers, STEP_CHECK, &faults);
    assert_int_equal(faults.len, 0);
    assert_int_equal(apply_next(&house->ctx, &answers), STEP_CHECK);
}

static void each_wrong_answer_is_named_with_its_step(void **state) {
    House *house = *state;
    static const struct {
        const char *change, *field, *code;
        ApplyStep step;
    } rows[] = {
        {"{\"postcode\":\"99\"}", "postcode", "required", STEP_DISTRICT},
        {"{\"town\":\"えきまえ一丁目\"}", "town", "required", STEP_DISTRICT},
        {"{\"address\":\"　\"}", "street", "required", STEP_DISTRICT},
        {"{\"items\":[]}", "items", "required", STEP_ITEMS},
        {"{\"items\":[{\"id\":\"no-such\"}]}", "items", "required", STEP_ITEMS},
        {"{\"items\":[{\"id\":\"sofa-1\",\"quantity\":0}]}", "items", "many", STEP_ITEMS},
        {"{\"items\":[{\"id\":\"sofa-1\",\"quantity\":6}]}", "items", "many", STEP_ITEMS},
        {"{\"items\":[{\"id\":\"sofa-1\",\"quantity\":-9223372036854775807}]}", "items", "many",
         STEP_ITEMS},
        {"{\"day\":null}", "slot", "required", STEP_SLOT},
        {"{\"day\":\"2026-12-03\"}", "slot", "late", STEP_SLOT}, /* a Thursday: not manaka's */
        {"{\"day\":\"2026-11-24\"}", "slot", "late", STEP_SLOT}, /* past its cut-off */
        {"{\"name\":\"\"}", "name", "required", STEP_CONTACT},
        {"{\"kana\":\"星\"}", "kana", "format", STEP_CONTACT},
        {"{\"phone\":\"12\"}", "phone", "format", STEP_CONTACT},
        {"{\"phone\":\"call me\"}", "phone", "format", STEP_CONTACT},
        {"{\"email\":\"a@b@c.jp\"}", "mail", "format", STEP_CONTACT},
        {"{\"email\":\"nobody\"}", "mail", "format", STEP_CONTACT},
        {"{\"choice\":\"maybe\"}", "optout", "required", STEP_CHOICE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Answers answers;
        Faults faults = {0};
        read_draft(house, rows[i].change, &answers);
        apply_check(&house->ctx, &answers, STEP_CHECK, &faults);
        if (faults.len != 1 || !str_eq(str_of(faults.items[0].field), str_of(rows[i].field)) ||
            !str_eq(str_of(faults.items[0].code), str_of(rows[i].code)))
            fail_msg("%s: %zu faults, first %s %s", rows[i].change, faults.len,
                     faults.len ? faults.items[0].field : "",
                     faults.len ? faults.items[0].code : "");
        assert_int_equal(apply_next(&house->ctx, &answers), rows[i].step);
    }
}

static void refused_items_are_not_taken(void **state) {
    House *house = *state;
    size_t refused = 0;
    for (size_t i = 0; i < waste_item_count(waste_of(house)); i++) {
        const WasteItem *item = waste_item_at(waste_of(house), i);
        if (!item->refused) continue;
        refused++;
        assert_non_null(item->where.both);
        Answers answers = {.items = {0}};
        vec_push(house->ctx.arena, &answers.items, (ApplyItem){item, 1});
        Faults faults = {0};
        apply_check(&house->ctx, &answers, STEP_ITEMS, &faults);
        assert_int_equal(faults.len, 1);
    }
    assert_true(refused > 5);
}

static void fees_add_up_and_reductions_take_their_share(void **state) {
    House *house = *state;
    Answers answers;
    read_draft(
        house,
        "{\"items\":[{\"id\":\"sofa-1\",\"quantity\":2},{\"id\":\"sofa-2\",\"quantity\":1}]}",
        &answers);
    assert_int_equal(apply_fee(&answers), 2 * 600 + 1000);
    assert_int_equal(apply_fee_reduced(&answers), 2200);
    answers.reduction = waste_reduction(waste_of(house), STR("single-parent"));
    assert_int_equal(apply_fee_reduced(&answers), 1100);
    answers.reduction = waste_reduction(waste_of(house), STR("disaster"));
    assert_int_equal(apply_fee_reduced(&answers), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cut_off_counts_working_days_over_holidays_and_new_year),
        cmocka_unit_test(holidays_and_the_end_of_the_year_are_closed),
        cmocka_unit_test(every_district_offers_its_own_weekdays_up_to_the_horizon),
        cmocka_unit_test(a_day_is_offered_until_its_cut_off_and_not_a_moment_longer),
        cmocka_unit_test(every_item_is_found_by_its_own_names),
        cmocka_unit_test(search_forgives_spelling),
        cmocka_unit_test(postcodes_are_read_in_every_usual_form),
        cmocka_unit_test(every_town_is_found_by_its_postcodes),
        cmocka_unit_test(the_delegation_table_names_the_decider),
        cmocka_unit_test(answers_are_normalised),
        cmocka_unit_test(each_wrong_answer_is_named_with_its_step),
        cmocka_unit_test(refused_items_are_not_taken),
        cmocka_unit_test(fees_add_up_and_reductions_take_their_share),
    };
    return cmocka_run_group_tests_name("waste", tests, set_up, tear_down);
}
