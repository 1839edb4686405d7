/* Tests of the pickup day, and of what goes to decision twice or is taken out. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { STOPS = 4 };

/* Cases of Friday in a decided plan, and the morning of that day. */
static void planned(House *house, Str *ids, size_t n) {
    Str plan;
    for (size_t i = 0; i < n; i++) {
        ids[i] = cases_apply(house, NULL, 1);
        GOOD(house, cases_confirm(house, ids[i]));
    }
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &plan));
    OfficeDecision decision = {.id = str_dup(house->arena, plan)};
    decision.hash = cases_hash(house, decision.id);
    house_act(house, &house->chief);
    GOOD(house, office_decide(&house->ctx, &decision));
    house->clock.fixed = time_jst_start(FRIDAY) + 9 * TIME_HOUR;
    house_act(house, &house->clerk);
}

static Rc mark(House *house, Str id, const char *reason) {
    OfficeMarks marks = {0};
    vec_push(house->arena, &marks, (OfficeMark){.id = id, .reason = str_of(reason)});
    return office_mark(&house->ctx, FRIDAY, &marks, &(uint64_t){0});
}

static size_t steps_of(House *house, Str id) {
    CaseSteps steps;
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    return steps.len;
}

static void all_but_some_are_collected_in_one_command(void **state) {
    House *house = *state;
    Str ids[STOPS];
    OfficeMarks marks = {0};
    OfficeRound round;
    InboxDays days;
    planned(house, ids, STOPS);
    GOOD(house, office_round_days(&house->ctx, &days));
    assert_int_equal(days.len, 1);
    assert_int_equal(days.items[0].cases, STOPS);
    GOOD(house, office_round(&house->ctx, FRIDAY, &round));
    assert_int_equal(round.len, STOPS);
    vec_push(house->arena, &marks, (OfficeMark){.id = ids[1], .reason = STR("not-out")});
    for (size_t i = 0; i < STOPS; i++)
        if (i != 1) vec_push(house->arena, &marks, (OfficeMark){.id = ids[i], .rest = true});
    uint64_t position, head = ledger_head(house->tenant.ledger);
    GOOD(house, office_mark(&house->ctx, FRIDAY, &marks, &position));
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    assert_int_equal(position, head + 1);
    for (size_t i = 0; i < STOPS; i++) /* who asks what this press changed finds them by it */
        assert_int_equal(house_entity(house, ids[i])->version, position);
    marks.items[0].rest = marks.items[1].rest = true;
    GOOD(house, office_mark(&house->ctx, FRIDAY, &marks, &position));
    assert_int_equal(position, 0); /* all had a mark */
    for (size_t i = 0; i < STOPS; i++) {
        bool missed = i == 1;
        assert_int_equal(cases_state(house, ids[i]), missed ? CASE_MISSED : CASE_COLLECTED);
        assert_true(str_empty(cases_text(house, ids[i], IRI("completedAt"))) == missed);
    }
    assert_true(str_eq(cases_text(house, ids[1], IRI("missedReason")), STR("not-out")));
    assert_true(str_eq(cases_text(house, ids[1], IRI("due")), STR("2026-12-18")));
    GOOD(house, office_round_days(&house->ctx, &days));
    assert_int_equal(days.len, 0);
}

static void a_second_press_changes_nothing_and_another_mark_corrects(void **state) {
    House *house = *state;
    Str id;
    planned(house, &id, 1);
    GOOD(house, mark(house, id, ""));
    size_t steps = steps_of(house, id);
    GOOD(house, mark(house, id, ""));
    assert_int_equal(steps_of(house, id), steps);
    GOOD(house, mark(house, id, "no-sticker"));
    assert_int_equal(cases_state(house, id), CASE_MISSED);
    assert_true(str_empty(cases_text(house, id, IRI("completedAt"))));
    OfficeMarks rest = {0}; /* the other phone's "all the rest" came later */
    vec_push(house->arena, &rest, (OfficeMark){.id = id, .rest = true});
    GOOD(house, office_mark(&house->ctx, FRIDAY, &rest, &(uint64_t){0}));
    assert_int_equal(cases_state(house, id), CASE_MISSED);
    GOOD(house, mark(house, id, ""));
    assert_int_equal(cases_state(house, id), CASE_COLLECTED);
    assert_true(str_empty(cases_text(house, id, IRI("missedReason"))));
}

static void marks_wait_for_the_day_and_for_a_decided_plan(void **state) {
    House *house = *state;
    Str ids[2], other = cases_apply(house, NULL, 1);
    planned(house, ids, 2);
    FAILS(house, mark(house, other, ""), RC_CONFLICT, "moved-on");
    FAILS(house, mark(house, ids[0], "eaten"), RC_INVALID, "no-reason");
    FAILS(house, office_mark(&house->ctx, FRIDAY, &(OfficeMarks){0}, &(uint64_t){0}), RC_INVALID,
          "no-mark");
    house->clock.fixed = time_jst_start(FRIDAY) - 1;
    FAILS(house, mark(house, ids[0], ""), RC_CONFLICT, "too-early");
    house->clock.fixed = time_jst_start(FRIDAY);
    house_act(house, &house->resident);
    FAILS(house, mark(house, ids[0], ""), RC_DENIED, "not-permitted");
    house_act(house, &house->other);
    FAILS(house, mark(house, ids[0], ""), RC_NOT_FOUND, "no-case");
    assert_int_equal(cases_state(house, ids[0]), CASE_PLANNED);
}

/* All or none: a case that left the list refuses the marks of the whole page. */
static void one_case_that_moved_on_marks_none(void **state) {
    House *house = *state;
    Str ids[2];
    OfficeMarks marks = {0};
    planned(house, ids, 2);
    GOOD(house, mark(house, ids[1], "not-out"));
    house_act(house, &house->resident);
    GOOD(house, apply_change_day(&house->ctx, ids[1], (Date){2026, 12, 11}));
    house_act(house, &house->clerk);
    for (size_t i = 0; i < 2; i++)
        vec_push(house->arena, &marks, (OfficeMark){.id = ids[i], .rest = true});
    FAILS(house, office_mark(&house->ctx, FRIDAY, &marks, &(uint64_t){0}), RC_CONFLICT, "moved-on");
    assert_int_equal(cases_state(house, ids[0]), CASE_PLANNED);
}

static void what_was_missed_goes_to_another_day_or_ends(void **state) {
    House *house = *state;
    Date later = {2026, 12, 11};
    Str ids[3];
    planned(house, ids, 3);
    for (size_t i = 0; i < 3; i++)
        GOOD(house, mark(house, ids[i], "not-out"));
    house_act(house, &house->resident);
    assert_true(apply_may_change(&house->ctx, house_entity(house, ids[0])));
    GOOD(house, apply_change_day(&house->ctx, ids[0], later));
    assert_int_equal(cases_state(house, ids[0]), CASE_CONFIRMED);
    assert_true(str_empty(cases_text(house, ids[0], IRI("missedReason"))));
    assert_int_equal(cases_slot(house, "manaka", later).booked, 1);
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, 3); /* the truck was there */
    GOOD(house, apply_cancel(&house->ctx, ids[1]));
    assert_int_equal(cases_state(house, ids[1]), CASE_CANCELLED);
    assert_false(str_empty(cases_text(house, ids[1], IRI("completedAt"))));
    house_act(house, &house->clerk);
    OfficeAct act = {.id = ids[2]};
    FAILS(house, office_end(&house->ctx, &act), RC_INVALID, "missing");
    act.text = STR("お申し出がありませんでした。");
    GOOD(house, office_end(&house->ctx, &act));
    assert_int_equal(cases_state(house, ids[2]), CASE_CANCELLED);
    act.id = ids[0];
    FAILS(house, office_end(&house->ctx, &act), RC_CONFLICT, "moved-on");
}

/* ---- proposing twice, taking out, withdrawing ---- */

static void a_day_has_one_plan_that_waits(void **state) {
    House *house = *state;
    Str ids[2], first, second;
    for (size_t i = 0; i < 2; i++) {
        ids[i] = cases_apply(house, NULL, 1);
        GOOD(house, cases_confirm(house, ids[i]));
    }
    OfficePlan plan = {.day = FRIDAY};
    GOOD(house, office_draft_plan(&house->ctx, &plan, &first));
    first = str_dup(house->arena, first);
    GOOD(house, office_draft_plan(&house->ctx, &plan, &second));
    assert_true(str_eq(first, second));
    plan.note = STR("別の内容");
    FAILS(house, office_draft_plan(&house->ctx, &plan, &second), RC_CONFLICT, "proposed");
}

static void its_drafter_takes_a_case_out_and_the_contents_say_so(void **state) {
    House *house = *state;
    Str ids[2], id;
    for (size_t i = 0; i < 2; i++) {
        ids[i] = cases_apply(house, NULL, 1);
        GOOD(house, cases_confirm(house, ids[i]));
    }
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &id));
    OfficeDecision wish = {.id = str_dup(house->arena, id), .case_id = ids[0]};
    FAILS(house, office_takeout(&house->ctx, &wish), RC_CONFLICT, "other-contents");
    wish.hash = cases_hash(house, wish.id);
    wish.opinion = STR("品物を確かめる");
    Actor other = house->clerk;
    other.id = house->chief.id;
    house_act(house, &other); /* a clerk who did not draft it */
    FAILS(house, office_takeout(&house->ctx, &wish), RC_DENIED, NULL);
    house_act(house, &house->clerk);
    GOOD(house, office_takeout(&house->ctx, &wish));
    Str first = wish.hash, changed = cases_text(house, wish.id, IRI("changedAt"));
    assert_false(str_empty(changed));
    wish.hash = cases_hash(house, wish.id);
    wish.case_id = ids[1];
    FAILS(house, office_takeout(&house->ctx, &wish), RC_CONFLICT, "last-case");
    assert_int_equal(cases_state(house, ids[0]), CASE_CONFIRMED);
    FAILS(house, office_putback(&house->ctx, &wish), RC_NOT_FOUND, "no-case");
    wish.case_id = ids[0]; /* it goes back in, under a hash of its own */
    GOOD(house, office_putback(&house->ctx, &wish));
    wish.hash = cases_hash(house, wish.id);
    assert_false(str_eq(wish.hash, first));
    const Json *contents;
    GOOD(house, decide_contents(&house->ctx, house_entity(house, wish.id), &contents));
    assert_int_equal(json_get_int(contents, "count", 0), 2);
    assert_int_equal(json_get_int(contents, "fee", 0), 1200);
    assert_null(json_get(contents, STR("out")));
    house_act(house, &house->chief);
    GOOD(house, office_decide(&house->ctx, &wish));
    assert_int_equal(cases_state(house, ids[0]), CASE_PLANNED);
}

static void a_case_that_moved_on_stays_out(void **state) {
    House *house = *state;
    Str ids[2], id;
    for (size_t i = 0; i < 2; i++) {
        ids[i] = cases_apply(house, NULL, 1);
        GOOD(house, cases_confirm(house, ids[i]));
    }
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &id));
    OfficeDecision wish = {
        .id = str_dup(house->arena, id), .case_id = ids[0], .opinion = STR("日を変える")};
    wish.hash = cases_hash(house, wish.id);
    GOOD(house, office_takeout(&house->ctx, &wish));
    wish.hash = cases_hash(house, wish.id);
    house_act(house, &house->resident);
    GOOD(house, apply_change_day(&house->ctx, ids[0], (Date){2026, 12, 18}));
    house_act(house, &house->clerk);
    FAILS(house, office_putback(&house->ctx, &wish), RC_CONFLICT, "out-moved");
}

/* Two cases of Friday, the first of them taken out of the plan that is decided. */
static void one_taken_out(House *house, Str *ids) {
    Str plan;
    for (size_t i = 0; i < 2; i++) {
        ids[i] = cases_apply(house, NULL, 1);
        GOOD(house, cases_confirm(house, ids[i]));
    }
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &plan));
    OfficeDecision wish = {
        .id = str_dup(house->arena, plan), .case_id = ids[0], .opinion = STR("通行止めのため")};
    wish.hash = cases_hash(house, wish.id);
    house_act(house, &house->chief);
    GOOD(house, office_takeout(&house->ctx, &wish));
    wish.hash = cases_hash(house, wish.id);
    GOOD(house, office_decide(&house->ctx, &wish));
}

static CaseStep last_step(House *house, Str id) {
    CaseSteps steps;
    case_steps(house->ctx.arena, house_entity(house, id), &steps);
    return steps.items[steps.len - 1];
}

static void who_was_taken_out_is_told_why_and_takes_another_day(void **state) {
    House *house = *state;
    Str ids[2];
    one_taken_out(house, ids);
    assert_int_equal(cases_state(house, ids[1]), CASE_PLANNED);
    assert_int_equal(cases_state(house, ids[0]), CASE_MISSED);
    assert_true(str_eq(cases_text(house, ids[0], IRI("missedReason")), STR("taken-out")));
    CaseStep step = last_step(house, ids[0]);
    assert_true(str_eq(step.kind, CASE_STEP_OUT));
    assert_true(str_eq(step.text, STR("通行止めのため")));
    assert_true(str_eq(step.post, house->chief.post));
    house->clock.fixed = waste_cut_off(procedures_waste(&house->tenant), FRIDAY);
    house_act(house, &house->resident);
    GOOD(house, apply_change_day(&house->ctx, ids[0], (Date){2026, 12, 18}));
    assert_int_equal(cases_state(house, ids[0]), CASE_CONFIRMED);
    assert_int_equal(cases_slot(house, "manaka", (Date){2026, 12, 18}).booked, 1);
}

static void a_plan_decided_early_leaves_the_right_to_change_until_the_cut_off(void **state) {
    House *house = *state;
    Str ids[STOPS];
    OfficeRound round;
    planned(house, ids, STOPS);
    int64_t cut_off = waste_cut_off(procedures_waste(&house->tenant), FRIDAY);
    house->clock.fixed = cut_off - 1;
    house_act(house, &house->resident);
    GOOD(house, apply_change_day(&house->ctx, ids[0], (Date){2026, 12, 18}));
    assert_int_equal(cases_state(house, ids[0]), CASE_CONFIRMED); /* to be planned once more */
    assert_true(str_eq(last_step(house, ids[0]).kind, CASE_STEP_DAY));
    GOOD(house, apply_cancel(&house->ctx, ids[1]));
    assert_int_equal(cases_slot(house, "manaka", FRIDAY).booked, STOPS - 2);
    house->clock.fixed = cut_off;
    FAILS(house, apply_cancel(&house->ctx, ids[2]), RC_CONFLICT, "too-late");
    house_act(house, &house->clerk);
    GOOD(house, office_round(&house->ctx, FRIDAY, &round)); /* the truck goes to the others */
    assert_int_equal(round.len, STOPS - 2);
}

static void the_office_changes_for_who_calls_until_the_truck_goes(void **state) {
    House *house = *state;
    Str ids[STOPS];
    planned(house, ids, STOPS);
    house->clock.fixed = time_jst_start(FRIDAY) - 1;
    house_act(house, &house->clerk);
    GOOD(house, apply_cancel(&house->ctx, ids[0]));
    CaseStep step = last_step(house, ids[0]);
    assert_int_equal(step.state, CASE_CANCELLED);
    assert_true(str_eq(step.kind, CASE_STEP_CANCEL));
    assert_true(str_eq(step.post, house->clerk.post));
    GOOD(house, apply_change_day(&house->ctx, ids[1], (Date){2026, 12, 18}));
    house->clock.fixed = time_jst_start(FRIDAY);
    FAILS(house, apply_cancel(&house->ctx, ids[2]), RC_CONFLICT, "too-late");
    /* one that nobody planned doesn't stay for ever */
    house->clock.fixed = time_jst_start((Date){2026, 12, 21});
    GOOD(house, apply_cancel(&house->ctx, ids[1]));
}

/* A step of the office on a case that is asked about its reduction isn't the word on it. */
static void a_changed_day_is_no_word_on_the_reduction(void **state) {
    House *house = *state;
    CaseSteps steps;
    Str id = cases_apply(house, "disaster", 1);
    house_act(house, &house->clerk);
    GOOD(house, apply_change_day(&house->ctx, id, (Date){2026, 12, 18}));
    const Entity *application = house_entity(house, id);
    case_steps(house->ctx.arena, application, &steps);
    CaseReduction reduction = case_reduction(application, &steps);
    assert_true(str_eq(reduction.state, STR("requested")));
    assert_null(reduction.end);
    Entity *refused = entity_dup(house->ctx.arena, application);
    entity_set(house->ctx.arena, refused, IRI("reductionState"), json_of_str(STR("refused")));
    assert_null(case_reduction(refused, &steps).end);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(all_but_some_are_collected_in_one_command),
        TEST(a_second_press_changes_nothing_and_another_mark_corrects),
        TEST(marks_wait_for_the_day_and_for_a_decided_plan),
        TEST(one_case_that_moved_on_marks_none),
        TEST(what_was_missed_goes_to_another_day_or_ends),
        TEST(a_day_has_one_plan_that_waits),
        TEST(its_drafter_takes_a_case_out_and_the_contents_say_so),
        TEST(a_case_that_moved_on_stays_out),
        TEST(who_was_taken_out_is_told_why_and_takes_another_day),
        TEST(a_plan_decided_early_leaves_the_right_to_change_until_the_cut_off),
        TEST(the_office_changes_for_who_calls_until_the_truck_goes),
        TEST(a_changed_day_is_no_word_on_the_reduction),
    };
    return cmocka_run_group_tests_name("round", tests, NULL, NULL);
}
