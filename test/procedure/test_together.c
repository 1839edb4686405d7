/* Tests of moves of several cases that are proposed, and decided, as one (一括起案). */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define SUBSIDY "small-business-subsidy"
#define REASON  STR("審査の結果、要件に合うため。")
enum { CASES = 3, SMALL = 2, LARGE = 1 }; /* examples: 300 000 and 833 000 yen */

typedef struct Grants {
    House *house;
    Actor clerk, director;
    Str cases[CASES];
    StrVec numbers;
} Grants;

/* What is done next is done later. */
static void as(Grants *grants, Actor *actor) {
    grants->house->clock.fixed += TIME_SECOND;
    house_act(grants->house, actor);
    grants->house->ctx.purpose = STR("application-decide");
    actor->stepped_up_at = grants->house->clock.fixed;
}

/* Three applications, one of which asks for more, and who works on them. */
static void grants_new(House *house, Grants *out) {
    *out = (Grants){.house = house};
    house_official(house, "commerce", "industry-clerk", &out->clerk);
    house_official(house, "economy", "economy-director", &out->director);
    for (size_t i = 0; i < CASES; i++) {
        out->cases[i] = cases_example(house, SUBSIDY, i == 1 ? LARGE : SMALL, NULL);
        vec_push(house->arena, &out->numbers,
                 cases_text(house, out->cases[i], IRI("receiptNumber")));
    }
    house_drain(house);
    as(out, &out->clerk);
}

static Rc propose_of(Grants *grants, const StrVec *numbers, Str *decision) {
    as(grants, &grants->clerk);
    TogetherWish wish = {STR(SUBSIDY), STR("grant"), numbers, REASON};
    TRY(together_propose(&grants->house->ctx, &wish, decision));
    *decision = str_dup(grants->house->arena, *decision);
    return RC_OK;
}

static Str propose(Grants *grants) {
    Str decision;
    GOOD(grants->house, propose_of(grants, &grants->numbers, &decision));
    return decision;
}

static Rc decide(Grants *grants, Str decision) {
    as(grants, &grants->director);
    OfficeDecision wish = {.id = decision, .hash = cases_hash(grants->house, decision)};
    return office_decide(&grants->house->ctx, &wish);
}

static Rc take_out(Grants *grants, Str decision, Str case_id) {
    as(grants, &grants->director);
    OfficeDecision wish = {.id = decision,
                           .hash = cases_hash(grants->house, decision),
                           .case_id = case_id,
                           .opinion = STR("書類がそろっていません。")};
    return office_takeout(&grants->house->ctx, &wish);
}

static Rc put_back_by(Grants *grants, Actor *actor, Str decision, Str case_id) {
    as(grants, actor);
    OfficeDecision wish = {
        .id = decision, .hash = cases_hash(grants->house, decision), .case_id = case_id};
    return office_putback(&grants->house->ctx, &wish);
}

static Rc put_back(Grants *grants, Str decision, Str case_id) {
    return put_back_by(grants, &grants->clerk, decision, case_id);
}

static Rc propose_alone(Grants *grants, Str case_id, Str *decision) {
    as(grants, &grants->clerk);
    DefinedAct act = {.id = case_id, .move = STR("grant"), .text = REASON};
    return defined_propose(&grants->house->ctx, &act, decision);
}

static void stands(Grants *grants, size_t i, const char *state) {
    Str is = cases_text(grants->house, grants->cases[i], IRI("procedureState"));
    if (!str_eq(is, str_of(state))) fail_msg("case %zu is " STR_FMT, i, STR_ARG(is));
}

static Str waits_in(Grants *grants, size_t i) {
    Str decision;
    GOOD(grants->house, defined_proposed(&grants->house->ctx,
                                         house_entity(grants->house, grants->cases[i]), &decision));
    return decision;
}

static void several_cases_are_decided_in_one_event(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    InboxCases cases;
    bool more;
    GOOD(house, together_cases(&house->ctx, STR(SUBSIDY), STR("grant"), &cases, &more));
    assert_int_equal(cases.len, CASES);
    assert_false(more);
    Str decision = propose(&grants);
    const Entity *proposal = house_entity(house, decision);
    assert_int_equal(entity_attr(proposal, IRI("cases"))->value->len, CASES);
    assert_true(str_eq(entity_text(proposal, IRI("deciderPost")), STR("economy-director")));
    for (size_t i = 0; i < CASES; i++)
        assert_true(str_eq(waits_in(&grants, i), decision));
    GOOD(house, together_cases(&house->ctx, STR(SUBSIDY), STR("grant"), &cases, &more));
    assert_int_equal(cases.len, 0);
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, decide(&grants, decision));
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    for (size_t i = 0; i < CASES; i++) {
        stands(&grants, i, "granted");
        assert_true(str_empty(waits_in(&grants, i)));
    }
}

/* The letters of one event have a number each, and say each one's own sum. */
static void each_has_its_letter(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    GOOD(house, decide(&grants, propose(&grants)));
    Str numbers[CASES];
    house_drain(house);
    for (size_t i = 0; i < CASES; i++) {
        CaseLetters letters;
        GOOD(house, letters_of(&house->ctx, grants.cases[i], &letters));
        assert_int_equal(letters.len, 1);
        numbers[i] = str_dup(house->arena, letters.items[0].letter.number);
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(numbers[i], numbers[k]));
    }
}

static void contents_are_sealed_for_each_person(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    Str decision = propose(&grants);
    const Entity *proposal = house_entity(house, decision);
    const Json *frozen = entity_attr(proposal, IRI("contents"))->value, *whole;
    assert_true(together_is(frozen));
    assert_int_equal(json_get_int(frozen, "count", 0), CASES);
    assert_int_equal(json_get_int(frozen, "amount", 0), 300000 + 833000 + 300000);
    assert_true(str_empty(json_get_str(json_at(json_get(frozen, STR("cases")), 0), "number")));
    GOOD(house, decide_contents(&house->ctx, proposal, &whole));
    const Json *row = json_at(json_get(whole, STR("cases")), 1);
    assert_true(str_eq(json_get_str(row, "number"), grants.numbers.items[1]));
    assert_int_equal(json_get_int(row, "amount", 0), 833000);
}

static void the_same_twice_is_once_and_no_case_waits_twice(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    Str decision = propose(&grants), again, alone;
    assert_true(str_eq(propose(&grants), decision));
    StrVec one = {0};
    vec_push(house->arena, &one, grants.numbers.items[2]);
    FAILS(house, propose_of(&grants, &one, &again), RC_CONFLICT, "proposed");
    FAILS(house, propose_alone(&grants, grants.cases[0], &alone), RC_CONFLICT, "proposed");
}

static void a_case_that_waits_alone_comes_into_no_list(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    Str decision, alone;
    InboxCases cases;
    bool more;
    GOOD(house, propose_alone(&grants, grants.cases[0], &alone));
    FAILS(house, propose_of(&grants, &grants.numbers, &decision), RC_CONFLICT, "proposed");
    assert_true(str_eq(house->ctx.error.path, grants.numbers.items[0]));
    GOOD(house, together_cases(&house->ctx, STR(SUBSIDY), STR("grant"), &cases, &more));
    assert_int_equal(cases.len, CASES - 1);
}

static void what_is_taken_out_is_free_and_comes_back_if_it_is_still_there(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    Str decision = propose(&grants), before = cases_hash(house, decision), alone;
    GOOD(house, take_out(&grants, decision, grants.cases[1]));
    assert_false(str_eq(cases_hash(house, decision), before));
    assert_true(str_empty(waits_in(&grants, 1)));
    const Json *frozen = entity_attr(house_entity(house, decision), IRI("contents"))->value;
    assert_int_equal(json_get_int(frozen, "amount", 0), 600000);
    assert_true(str_eq(json_get_str(frozen, "reason"), REASON));
    GOOD(house, put_back_by(&grants, &grants.director, decision, grants.cases[1]));
    assert_true(str_eq(waits_in(&grants, 1), decision));
    GOOD(house, take_out(&grants, decision, grants.cases[1]));
    GOOD(house, propose_alone(&grants, grants.cases[1], &alone));
    FAILS(house, put_back(&grants, decision, grants.cases[1]), RC_CONFLICT, "out-moved");
    GOOD(house, decide(&grants, decision));
    stands(&grants, 0, "granted");
    stands(&grants, 1, "submitted");
    stands(&grants, 2, "granted");
}

static void a_case_that_ended_meanwhile_is_taken_out_first(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    Str decision = propose(&grants);
    house_act(house, &house->resident);
    GOOD(house,
         defined_move(&house->ctx, &(DefinedAct){.id = grants.cases[2], .move = STR("withdraw")}));
    assert_true(str_eq(entity_text(house_entity(house, decision), IRI("state")), STR("waiting")));
    FAILS(house, decide(&grants, decision), RC_CONFLICT, "case-moved");
    GOOD(house, take_out(&grants, decision, grants.cases[2]));
    FAILS(house, put_back(&grants, decision, grants.cases[2]), RC_CONFLICT, "out-moved");
    GOOD(house, decide(&grants, decision));
    stands(&grants, 0, "granted");
    stands(&grants, 2, "cancelled");
}

/* Whose case it is says nothing about what is decided; what is said of it does. */
static void what_is_said_of_a_case_stays_or_it_is_taken_out(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    StrVec ids = {0};
    HandoverDone done;
    as(&grants, &grants.clerk);
    cases_set(house, grants.cases[0], LD_DEFAULT "assignee", grants.clerk.id);
    Str decision = propose(&grants);
    as(&grants, &grants.clerk);
    vec_push(house->arena, &ids, grants.cases[0]);
    GOOD(house,
         handover_make(&house->ctx, &(HandoverWish){.from = grants.clerk.id, .ids = &ids}, &done));
    assert_int_equal(done.moved, 1);
    cases_set(house, grants.cases[1], LD_DEFAULT "phone", STR("0999-98-7654"));
    FAILS(house, decide(&grants, decision), RC_CONFLICT, "case-moved");
    GOOD(house, take_out(&grants, decision, grants.cases[1]));
    GOOD(house, decide(&grants, decision));
    stands(&grants, 0, "granted");
}

static void a_wish_that_cannot_be_is_refused_at_its_place(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    StrVec none = {0}, many = {0}, other = {0};
    Str decision;
    InboxCases cases;
    bool more;
    FAILS(house, propose_of(&grants, &none, &decision), RC_INVALID, "missing");
    assert_true(str_eq(house->ctx.error.path, STR("cases")));
    for (size_t i = 0; i <= TOGETHER_MAX; i++)
        vec_push(house->arena, &many, grants.numbers.items[0]);
    FAILS(house, propose_of(&grants, &many, &decision), RC_LIMIT, "too-many");
    TogetherWish wish = {STR(SUBSIDY), STR("grant"), &grants.numbers, STR("　")};
    FAILS(house, together_propose(&house->ctx, &wish, &decision), RC_INVALID, "missing");
    assert_true(str_eq(house->ctx.error.path, STR("text")));
    wish = (TogetherWish){STR(SUBSIDY), STR("refuse"), &grants.numbers, REASON};
    FAILS(house, together_propose(&house->ctx, &wish, &decision), RC_NOT_FOUND, "no-move");
    FAILS(house, together_cases(&house->ctx, STR("nothing"), STR("grant"), &cases, &more),
          RC_NOT_FOUND, "no-procedure");
    Str dog = cases_example(house, "dog-registration", 0, NULL);
    house_drain(house);
    vec_push(house->arena, &other, cases_text(house, dog, IRI("receiptNumber")));
    FAILS(house, propose_of(&grants, &other, &decision), RC_CONFLICT, "moved-on");
    house_act(house, &house->resident);
    FAILS(house,
          together_propose(&house->ctx,
                           &(TogetherWish){STR(SUBSIDY), STR("grant"), &grants.numbers, REASON},
                           &decision),
          RC_DENIED, "not-permitted");
}

/* Handed in as it was it goes on where it stopped; what was taken out stays out. */
static void a_list_that_came_back_is_handed_in_again(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    Str decision = propose(&grants);
    GOOD(house, take_out(&grants, decision, grants.cases[0]));
    RouteAct back = {.verb = ROUTE_RETURN,
                     .stage = ROUTE_STAGES_MAX,
                     .to = ROUTE_STAGES_MAX,
                     .opinion = STR("理由を詳しく")};
    GOOD(house, office_act(&house->ctx, decision, &back));
    Str hash = cases_hash(house, decision);
    OfficeAmend amend = {.id = decision, .text = REASON};
    as(&grants, &grants.clerk);
    GOOD(house, office_amend(&house->ctx, &amend));
    assert_true(str_eq(cases_hash(house, decision), hash));
    amend.text = STR("審査の結果、要件と予算に合うため。");
    GOOD(house, office_amend(&house->ctx, &amend));
    assert_false(str_eq(cases_hash(house, decision), hash));
    assert_true(str_empty(waits_in(&grants, 0)));
    assert_true(str_eq(waits_in(&grants, 1), decision));
    GOOD(house, decide(&grants, decision));
    stands(&grants, 0, "submitted");
    stands(&grants, 1, "granted");
}

/* Twice the same case in one wish is one case. */
static void a_number_twice_is_refused(void **state) {
    House *house = *state;
    Grants grants;
    grants_new(house, &grants);
    Str decision;
    vec_push(house->arena, &grants.numbers, grants.numbers.items[0]);
    FAILS(house, propose_of(&grants, &grants.numbers, &decision), RC_CONFLICT, "moved-on");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, house_whole_up, house_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(several_cases_are_decided_in_one_event),
        CASE(each_has_its_letter),
        CASE(contents_are_sealed_for_each_person),
        CASE(the_same_twice_is_once_and_no_case_waits_twice),
        CASE(a_case_that_waits_alone_comes_into_no_list),
        CASE(what_is_taken_out_is_free_and_comes_back_if_it_is_still_there),
        CASE(a_case_that_ended_meanwhile_is_taken_out_first),
        CASE(what_is_said_of_a_case_stays_or_it_is_taken_out),
        CASE(a_wish_that_cannot_be_is_refused_at_its_place),
        CASE(a_list_that_came_back_is_handed_in_again),
        CASE(a_number_twice_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
