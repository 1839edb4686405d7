/* Tests of the inbox: pages, counts, a person's own cases, and its equality with a rebuild. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct Dump {
    Arena *arena;
    Buf text;
    size_t rows;
} Dump;

static bool dump_row(void *arg, Str key, Str value) {
    Dump *dump = arg;
    buf_add(&dump->text, hash_hex(dump->arena, key));
    buf_add(&dump->text, value);
    buf_add_char(&dump->text, '\n');
    dump->rows++;
    return true;
}

static Dump inbox_dump(House *house) {
    Dump dump = {.arena = house->arena, .text = buf_new(house->arena, 16 << 20)};
    house_drain(house);
    GOOD(house, project_rows(&house->ctx, house->tenant.project, &(RowsRange){.follower = "inbox"},
                             dump_row, &dump));
    return dump;
}

static void the_inbox_shows_at_once_in_pages_by_due_date(void **state) {
    House *house = *state;
    enum { CASES = 7 };
    for (int i = 0; i < CASES; i++) {
        house->clock.fixed += TIME_SECOND;
        (void)cases_apply(house, NULL, 1);
    }
    InboxQuery query = {.post = STR("environment-waste-clerk"), .limit = 3};
    InboxPage page;
    size_t seen = 0;
    Str before = STR_NONE;
    do {
        GOOD(house, inbox_page(&house->ctx, &query, &page));
        VEC_EACH (InboxLine, line, &page.lines) {
            Str number = entity_text(line->application, IRI("receiptNumber"));
            assert_true(str_cmp(before, number) < 0);
            before = str_dup(house->arena, number);
            seen++;
        }
        query.after = page.next;
    } while (!str_empty(page.next));
    assert_int_equal(seen, CASES);
    int64_t counts[CASE_STATES];
    GOOD(house, inbox_counts(&house->ctx, query.post, counts));
    assert_int_equal(counts[CASE_SUBMITTED], CASES);
    query.after = STR("%%%");
    FAILS(house, inbox_page(&house->ctx, &query, &page), RC_INVALID, "bad-page");
    query = (InboxQuery){.post = query.post, .district = STR("toge"), .limit = 3};
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    assert_int_equal(page.lines.len, 0);
}

static void project_again(House *house, bool from_nothing) {
    Project *project;
    project_stop(house->tenant.project);
    procedures_close(&house->tenant);
    if (from_nothing) {
        Batch *batch;
        GOOD(house,
             batch_open(&house->ctx, ledger_store(house->tenant.ledger), STORE_STATE, &batch));
        GOOD(house, batch_begin(&house->ctx, batch, BATCH_LAZY));
        GOOD(house, batch_delete_range(&house->ctx, batch,
                                       &(ItemRange){.space = {STORE_STATE, STR("inbox")}}));
        GOOD(house, batch_cursor(&house->ctx, batch, STR("inbox"), &(Cursor){0}));
        GOOD(house, batch_commit(&house->ctx, batch));
        batch_close(batch);
    }
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    house_procedures(house);
    GOOD(house, project_start(&house->ctx, project));
}

static void a_person_finds_his_own_cases(void **state) {
    House *house = *state;
    InboxCases cases;
    Str first = cases_apply(house, NULL, 1), second = cases_apply(house, NULL, 1);
    GOOD(house, inbox_of(&house->ctx, house->resident.person, 10, &cases));
    assert_int_equal(cases.len, 2);
    GOOD(house, inbox_of(&house->ctx, house->other.person, 10, &cases));
    assert_int_equal(cases.len, 0);
    size_t rows = inbox_dump(house).rows;
    Delta gone = {.op = DELTA_DELETE, .id = first};
    PartPut part = {.delta = &gone, .expect = PUT_ANY};
    Command *command = command_new(house->tenant.ledger,
                                   (CommandHead){.kind = STR("test"), .channel = STR("cli")});
    command_needs(command, first);
    command_add(command, &part_put, &part);
    GOOD(house, house_run(&house->ctx, command));
    GOOD(house, inbox_of(&house->ctx, house->resident.person, 10, &cases));
    assert_int_equal(cases.len, 1);
    assert_true(str_eq(cases.items[0]->id, second));
    assert_int_equal(inbox_dump(house).rows,
                     rows - 6); /* line, day and owner, with what leads to them */
}

static void days_are(House *house, CaseState in, Date from, const InboxDay *want, size_t n) {
    InboxDays days;
    GOOD(house, inbox_days(&house->ctx, STR("environment-waste-clerk"), in, from, &days));
    assert_int_equal(days.len, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(time_date_days(days.items[i].day), time_date_days(want[i].day));
        assert_int_equal(days.items[i].cases, want[i].cases);
    }
}

static void cases_are_counted_by_the_day_of_their_pickup(void **state) {
    House *house = *state;
    const Date saturday = time_days_date(time_date_days(FRIDAY) + 1);
    Str first = cases_apply(house, NULL, 1);
    for (int i = 0; i < 3; i++)
        (void)cases_apply(house, NULL, 1);
    days_are(house, CASE_SUBMITTED, (Date){0}, &(InboxDay){FRIDAY, 4}, 1);
    days_are(house, CASE_SUBMITTED, FRIDAY, &(InboxDay){FRIDAY, 4}, 1);
    days_are(house, CASE_SUBMITTED, saturday, NULL, 0);
    GOOD(house, cases_confirm(house, first));
    days_are(house, CASE_SUBMITTED, (Date){0}, &(InboxDay){FRIDAY, 3}, 1);
    days_are(house, CASE_CONFIRMED, (Date){0}, &(InboxDay){FRIDAY, 1}, 1);
}

static void the_cases_of_a_day_come_in_pages_in_order_of_arrival(void **state) {
    House *house = *state;
    enum { CASES = 5 };
    for (int i = 0; i < CASES; i++) {
        house->clock.fixed += TIME_SECOND;
        GOOD(house, cases_confirm(house, cases_apply(house, NULL, 1)));
    }
    InboxQuery query = {.post = STR("environment-waste-clerk"),
                        .states = 1u << CASE_CONFIRMED,
                        .pickup = FRIDAY,
                        .limit = 2};
    InboxPage page;
    size_t seen = 0, pages = 0;
    Str before = STR_NONE;
    do {
        GOOD(house, inbox_page(&house->ctx, &query, &page));
        pages++;
        VEC_EACH (InboxLine, line, &page.lines) {
            Str number = entity_text(line->application, IRI("receiptNumber"));
            assert_true(str_cmp(before, number) < 0);
            before = str_dup(house->arena, number);
            seen++;
        }
        query.after = page.next;
    } while (!str_empty(page.next));
    assert_int_equal(seen, CASES);
    assert_int_equal(pages, 3);
    query = (InboxQuery){.post = query.post, .states = query.states, .limit = 9};
    query.pickup = time_days_date(time_date_days(FRIDAY) + 1);
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    assert_int_equal(page.scanned, 0); /* other days' cases are not read */
}

static void the_inbox_equals_its_rebuild(void **state) {
    House *house = *state;
    GOOD(house, procedures_seed(&house->ctx, &house->tenant, &(SeedWish){.seed = 5, .count = 60}));
    Dump before = inbox_dump(house);
    assert_true(before.rows > 150);
    project_again(house, false);
    Dump reopened = inbox_dump(house);
    assert_true(str_eq(buf_str(&before.text), buf_str(&reopened.text)));
    project_again(house, true);
    Dump rebuilt = inbox_dump(house);
    assert_true(str_eq(buf_str(&before.text), buf_str(&rebuilt.text)));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_inbox_shows_at_once_in_pages_by_due_date),
        TEST(a_person_finds_his_own_cases),
        TEST(cases_are_counted_by_the_day_of_their_pickup),
        TEST(the_cases_of_a_day_come_in_pages_in_order_of_arrival),
        TEST(the_inbox_equals_its_rebuild),
    };
    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
