/* Tests of what was answered, counted: held to tens, of whole months, of nobody. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define COPY "resident-record-copy"

static AnswerCounts counted(House *house, int year) {
    AnswerCounts counts;
    house_drain(house);
    GOOD(house, counts_answers(&house->ctx, STR(COPY), year, &counts));
    return counts;
}

static const FieldCount *field_of(const AnswerCounts *counts, const char *id) {
    VEC_EACH (const FieldCount, one, &counts->fields)
        if (str_eq(one->field->id, str_of(id))) return one;
    fail_msg("%s isn't counted", id);
    return NULL;
}

static void apply(House *house, size_t n, const char *copies) {
    const char *const said[] = {"copies", copies, NULL};
    for (size_t i = 0; i < n; i++)
        (void)cases_example(house, COPY, 0, said);
}

/* The clock of the house stands in November 2026. */
static void figures_are_held_to_tens(void **state) {
    House *house = *state;
    apply(house, 14, "2");
    apply(house, 9, "3");
    house->clock.fixed += 30 * TIME_DAY;
    AnswerCounts counts = counted(house, 2026);
    assert_int_equal(counts.cases, 20);
    const FieldCount *kind = field_of(&counts, "kind"), *copies = field_of(&counts, "copies");
    int64_t all = 0;
    VEC_EACH (const AnswerCount, one, &kind->answers) {
        assert_int_equal(one->n % COUNTS_STEP, 0);
        all += one->n;
    }
    assert_int_equal(all, 20);
    assert_int_equal(copies->answers.len, 0);
    assert_int_equal(copies->n, 20);
    assert_true(copies->mean > 2.38 && copies->mean < 2.40); /* of all 23 */
}

static void few_are_not_told(void **state) {
    House *house = *state;
    apply(house, 9, "3");
    house->clock.fixed += 30 * TIME_DAY;
    AnswerCounts counts = counted(house, 2026);
    assert_int_equal(counts.cases, 0);
    assert_true(field_of(&counts, "copies")->mean == 0);
}

/* A figure that changed within the month would tell of the case that changed it. */
static void the_month_that_goes_on_is_not_counted(void **state) {
    House *house = *state;
    apply(house, 12, "1");
    assert_int_equal(counted(house, 2026).cases, 0);
    house->clock.fixed += 30 * TIME_DAY;
    assert_int_equal(counted(house, 2026).cases, 10);
    assert_int_equal(counted(house, 2025).cases, 0);
    assert_int_equal(time_date_days(counted(house, 2025).before),
                     time_date_days((Date){2026, 4, 1}));
}

static void erase(House *house, Str id) {
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = house->clerk.id},
                             .subject = house->resident.person,
                             .reason = STR("x")};
    StrVec kept = {0};
    vec_push(house->arena, &erasure.files, cases_text(house, id, IRI("retentionFile")));
    GOOD(house, ledger_erase(&house->ctx, house->tenant.ledger, &erasure, &kept));
}

static void what_is_erased_has_no_answers(void **state) {
    House *house = *state;
    apply(house, 12, "1");
    Str id = cases_example(house, COPY, 0, NULL);
    house->clock.fixed += 30 * TIME_DAY;
    assert_int_equal(counted(house, 2026).cases, 10);
    erase(house, id);
    AnswerCounts counts = counted(house, 2026);
    assert_int_equal(counts.cases, 0);
    house_act(house, &house->clerk);
    FAILS(house, counts_answers(&house->ctx, STR("nothing"), 2026, &counts), RC_NOT_FOUND,
          "no-procedure");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, house_whole_up, house_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(figures_are_held_to_tens),
        CASE(few_are_not_told),
        CASE(the_month_that_goes_on_is_not_counted),
        CASE(what_is_erased_has_no_answers),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
