/* What a decision says of one person: frozen with the others', and erased alone. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static Str send_as_nobody(House *house) {
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    Receipt receipt;
    house_act(house, &house->nobody);
    GOOD(house, cases_send(house, &answers, &receipt));
    return str_dup(house->arena, receipt.id);
}

static const Json *contents_of(House *house, Str decision) {
    const Json *contents;
    GOOD(house, decide_contents(&house->ctx, house_entity(house, decision), &contents));
    return contents;
}

static Str frozen_hash(House *house, Str decision) {
    const Entity *entity = house_entity(house, decision);
    Str hash = entity_text(entity, IRI("contentHash"));
    assert_true(
        str_eq(decide_hash(house->arena, entity_attr(entity, IRI("contents"))->value), hash));
    return str_dup(house->arena, hash);
}

static void erase(House *house, Str subject) {
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = house->clerk.id},
                             .subject = subject,
                             .reason = STR("x")};
    StrVec kept = {0};
    vec_push(house->arena, &erasure.files, STR("保存5年/粗大ごみ収集/2026"));
    GOOD(house, ledger_erase(&house->ctx, house->tenant.ledger, &erasure, &kept));
}

/* A resident's case and one of somebody without an account, both in a plan that waits. */
static Str plan_of_two(House *house, Str *mine, Str *theirs) {
    Str plan;
    *mine = cases_apply(house, NULL, 1);
    *theirs = send_as_nobody(house);
    GOOD(house, cases_confirm(house, *mine));
    GOOD(house, cases_confirm(house, *theirs));
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &plan));
    return str_dup(house->arena, plan);
}

static void an_erasure_takes_one_persons_part_of_a_decision(void **state) {
    House *house = *state;
    Str mine, theirs, plan = plan_of_two(house, &mine, &theirs);
    Str hash = frozen_hash(house, plan),
        number = entity_text(house_entity(house, mine), IRI("receiptNumber"));
    const Json *rows = json_get(contents_of(house, plan), STR("cases"));
    assert_int_equal(rows->len, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(json_get_int(json_at(rows, i), "fee", 0) > 0);
    Buf frozen = buf_new(house->arena, 1 << 20);
    json_write(&frozen, entity_attr(house_entity(house, plan), IRI("contents"))->value);
    assert_true(str_find(buf_str(&frozen), number) < 0); /* it is in the person's part alone */
    erase(house, house->resident.person);
    assert_true(str_eq(frozen_hash(house, plan), hash)); /* still of these contents */
    rows = json_get(contents_of(house, plan), STR("cases"));
    for (size_t i = 0; i < 2; i++) {
        const Json *row = json_at(rows, i);
        bool erased = str_eq(json_get_str(row, "case"), mine);
        assert_int_equal(json_get_bool(row, "erased", false), erased);
        assert_int_equal(json_get_int(row, "fee", 0) > 0, !erased);
    }
    assert_int_equal(json_get_int(contents_of(house, plan), "count", 0), 2);
    house_act(house, &house->chief);
    OfficeDecision decision = {.id = plan, .hash = hash};
    GOOD(house, office_decide(&house->ctx, &decision)); /* a plan is followed case by case */
}

/* Neither the number of what was taken out nor the reason stands in the contents: both go with the
   person, and the hash stays checkable. */
static void an_erasure_takes_what_was_taken_out(void **state) {
    House *house = *state;
    Str mine, theirs, plan = plan_of_two(house, &mine, &theirs);
    OfficeDecision wish = {.id = plan, .case_id = mine, .opinion = STR("住所を確かめる")};
    wish.hash = frozen_hash(house, wish.id);
    GOOD(house, office_takeout(&house->ctx, &wish));
    Str hash = frozen_hash(house, wish.id), number = cases_text(house, mine, IRI("receiptNumber"));
    const Json *out = json_get(contents_of(house, wish.id), STR("out"));
    assert_int_equal(out->len, 1);
    assert_true(str_eq(json_get_str(json_at(out, 0), "number"), number));
    assert_true(str_eq(json_get_str(json_at(out, 0), "reason"), wish.opinion));
    assert_true(str_eq(json_get_str(json_at(out, 0), "post"), house->clerk.post));
    Buf frozen = buf_new(house->arena, 1 << 20);
    json_write(&frozen, entity_attr(house_entity(house, wish.id), IRI("contents"))->value);
    assert_true(str_find(buf_str(&frozen), number) < 0);
    assert_true(str_find(buf_str(&frozen), wish.opinion) < 0);
    erase(house, house->resident.person);
    assert_true(str_eq(frozen_hash(house, wish.id), hash));
    out = json_get(contents_of(house, wish.id), STR("out"));
    assert_true(json_get_bool(json_at(out, 0), "erased", false));
    assert_true(str_empty(json_get_str(json_at(out, 0), "reason")));
    assert_int_equal(json_get_int(contents_of(house, wish.id), "fee", 0), 600);
}

/* An erased case can be taken out, and nothing is written of its person then. */
static void an_erased_case_is_taken_out(void **state) {
    House *house = *state;
    Str mine, theirs, plan = plan_of_two(house, &mine, &theirs);
    OfficeDecision wish = {.id = plan, .case_id = mine, .opinion = STR("消去された")};
    wish.hash = frozen_hash(house, wish.id);
    erase(house, house->resident.person);
    GOOD(house, office_takeout(&house->ctx, &wish));
    const Json *out = json_get(contents_of(house, wish.id), STR("out"));
    assert_true(json_get_bool(json_at(out, 0), "erased", false));
    (void)frozen_hash(house, wish.id);
}

static void a_proposal_about_an_erased_person_is_not_followed(void **state) {
    House *house = *state;
    Str id = cases_apply(house, "single-parent", 1), reduction;
    house_act(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &reduction));
    OfficeDecision decision = {.id = str_dup(house->arena, reduction)};
    decision.hash = frozen_hash(house, decision.id);
    assert_int_equal(json_get_int(contents_of(house, decision.id), "fee", 0), 600);
    erase(house, house->resident.person);
    house_act(house, &house->chief);
    FAILS(house, office_decide(&house->ctx, &decision), RC_CONFLICT, "erased");
    decision.opinion = STR("x");
    GOOD(house, office_return(&house->ctx, &decision));
}

/* A part that isn't what was frozen is no part of the contents. */
static void an_altered_part_is_found(void **state) {
    House *house = *state;
    Str id = cases_apply(house, "single-parent", 1), reduction;
    const Json *contents;
    house_act(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &reduction));
    reduction = str_dup(house->arena, reduction);
    Str part = decide_part_id(house->arena, reduction, id, STR_NONE);
    Entity *entity = entity_dup(house->arena, house_entity(house, part));
    JsonMember value = {STR("value"), json_of_str(STR("another"))};
    entity_set_kind(house->arena, entity, ATTR_JSON, IRI("content"), json_of_members(&value, 1));
    GOOD(house, house_put(house, entity));
    FAILS(house, decide_contents(&house->ctx, house_entity(house, reduction), &contents), RC_FAILED,
          "contents-altered");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_erasure_takes_one_persons_part_of_a_decision),
        TEST(an_erasure_takes_what_was_taken_out),
        TEST(an_erased_case_is_taken_out),
        TEST(a_proposal_about_an_erased_person_is_not_followed),
        TEST(an_altered_part_is_found),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
