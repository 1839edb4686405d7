/* Several subjects of one person: who applied without an account, and took it into one later. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* A case sent by nobody's account, as somebody who holds its address has it before him. */
static const Entity *held(House *house, Actor *by, Str id) {
    Actor *holder = NEW(house->arena, Actor);
    *holder = *by;
    holder->held = id;
    house_act(house, holder);
    return house_entity(house, id);
}

static Str send_as_nobody(House *house) {
    Answers answers = cases_answers(house, house->arena, "manaka", FRIDAY);
    Receipt receipt;
    house_act(house, &house->nobody);
    GOOD(house, cases_send(house, &answers, &receipt));
    return str_dup(house->arena, receipt.id);
}

static Str subject_of(House *house, Str id) {
    return str_dup(house->arena, dictionary_subject(house->dictionary, house_entity(house, id)));
}

static size_t subjects_of(House *house, Str person) {
    StrVec subjects;
    GOOD(house, gate_subjects(&house->ctx, person, &subjects));
    return subjects.len;
}

static bool own(House *house, Str id) {
    return gate_relation(&house->ctx, house_entity(house, id)) & REL_SUBJECT;
}

static void a_case_is_taken_in_by_who_holds_its_address(void **state) {
    House *house = *state;
    Str id = send_as_nobody(house), subject = subject_of(house, id);
    house_act(house, &house->resident);
    assert_false(own(house, id));
    FAILS(house, gate_link(&house->ctx, house_entity(house, id)), RC_DENIED, "not-holder");
    FAILS(house, gate_link(&house->ctx, held(house, &house->nobody, id)), RC_DENIED, "not-holder");
    FAILS(house, gate_link(&house->ctx, held(house, &house->clerk, id)), RC_DENIED, "not-holder");
    uint64_t version = house_entity(house, id)->version;
    GOOD(house, gate_link(&house->ctx, held(house, &house->resident, id)));
    uint64_t head = ledger_head(house->tenant.ledger);
    GOOD(house, gate_link(&house->ctx, held(house, &house->resident, id)));
    assert_int_equal(ledger_head(house->tenant.ledger), head); /* again is nothing */
    house_act(house, &house->resident);                        /* without the address now */
    assert_true(own(house, id));
    assert_false(gate_is_look(&house->ctx, house_entity(house, id)));
    assert_non_null(
        entity_attr(gate_view(&house->ctx, NULL, house_entity(house, id)), IRI("phone")));
    assert_int_equal(subjects_of(house, house->resident.person), 2);
    assert_int_equal(house_entity(house, id)->version, version); /* linked, never re-keyed */
    assert_true(str_eq(subject_of(house, id), subject));
    GOOD(house, apply_choose(&house->ctx, id, STR("out")));
    FAILS(house, gate_link(&house->ctx, held(house, &house->other, id)), RC_CONFLICT, "linked");
    house_act(house, &house->other);
    assert_false(own(house, id));
    assert_int_equal(subjects_of(house, house->other.person), 1);
}

static void an_accounts_own_case_is_nobody_elses_to_take(void **state) {
    House *house = *state;
    Str id = cases_apply(house, NULL, 1);
    GateLinkState found;
    const Entity *application = held(house, &house->other, id);
    GOOD(house, gate_link_state(&house->ctx, subject_of(house, id), &found));
    assert_int_equal(found, LINK_ACCOUNT);
    FAILS(house, gate_link(&house->ctx, application), RC_CONFLICT, "has-account");
    application = held(house, &house->resident, id);
    GOOD(house, gate_link(&house->ctx, application)); /* his own already */
    assert_int_equal(subjects_of(house, house->resident.person), 1);
}

static void an_official_takes_a_case_out_with_a_reason(void **state) {
    House *house = *state;
    Str id = send_as_nobody(house);
    house_act(house, &house->clerk);
    FAILS(house, gate_unlink(&house->ctx, house_entity(house, id), STR("x")), RC_CONFLICT,
          "not-linked");
    GOOD(house, gate_link(&house->ctx, held(house, &house->resident, id)));
    FAILS(house, gate_unlink(&house->ctx, house_entity(house, id), STR("x")), RC_DENIED,
          "not-permitted");
    house_act(house, &house->clerk);
    FAILS(house, gate_unlink(&house->ctx, house_entity(house, id), STR(" ")), RC_INVALID,
          "no-reason");
    GOOD(house, gate_unlink(&house->ctx, house_entity(house, id), STR("The family asked for it.")));
    house_act(house, &house->resident);
    assert_false(own(house, id));
    assert_int_equal(subjects_of(house, house->resident.person), 1);
    FAILS(house, gate_link(&house->ctx, held(house, &house->resident, id)), RC_DENIED, "unlinked");
    GateLinkState found;
    GOOD(house, gate_link_state(&house->ctx, subject_of(house, id), &found));
    assert_int_equal(found, LINK_REFUSED);
    GOOD(house, gate_link(&house->ctx, held(house, &house->other, id))); /* whose it is */
    assert_int_equal(subjects_of(house, house->other.person), 2);
}

static void links_are_known_again_after_an_opening(void **state) {
    House *house = *state;
    Str first = send_as_nobody(house), second = send_as_nobody(house);
    GOOD(house, gate_link(&house->ctx, held(house, &house->resident, first)));
    GOOD(house, gate_link(&house->ctx, held(house, &house->resident, second)));
    house_act(house, &house->clerk);
    GOOD(house, gate_unlink(&house->ctx, house_entity(house, second), STR("x")));
    struct Gate *gate = house->tenant.gate;
    link_close(gate);
    GOOD(house, link_open(&house->ctx, gate));
    house_act(house, &house->resident);
    assert_true(own(house, first));
    assert_false(own(house, second));
}

static Str files_of(House *house, Str subject) {
    StrVec files;
    GOOD(house, gate_files(&house->ctx, subject, &files));
    return str_join(house->arena, files.items, files.len, STR(", "));
}

/* Whichever of them is named, and one's account, too. */
static void any_subject_of_a_person_names_the_person(void **state) {
    House *house = *state;
    Str walk_in = send_as_nobody(house), walk_in_subject = subject_of(house, walk_in), whose,
        account = house->resident.id;
    (void)cases_apply(house, NULL, 1);
    Str alone = files_of(house, walk_in_subject);
    GOOD(house, gate_whose(&house->ctx, walk_in_subject, &whose));
    assert_true(str_eq(whose, walk_in_subject));
    GOOD(house, gate_link(&house->ctx, held(house, &house->resident, walk_in)));
    Str all = files_of(house, house->resident.person);
    const Str ways[] = {walk_in_subject, account, house->resident.person};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        GOOD(house, gate_whose(&house->ctx, ways[i], &whose));
        assert_true(str_eq(whose, house->resident.person));
        assert_true(str_eq(files_of(house, ways[i]), all));
    }
    assert_false(str_eq(all, alone)); /* his account's file is among them */
    GOOD(house, gate_whose(&house->ctx, house->clerk.id, &whose));
    assert_true(str_eq(whose, house->clerk.id));
    GOOD(house, gate_whose_login(&house->ctx, STR("clerk"), &whose));
    assert_true(str_eq(whose, house->clerk.id));
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = house->chief.id},
                             .subject = walk_in_subject,
                             .reason = STR("x")};
    StrVec kept = {0};
    vec_push(house->arena, &erasure.files, STR("常用/利用者アカウント"));
    house_act(house, &house->chief);
    GOOD(house, gate_erase(&house->ctx, &erasure, &kept));
    assert_null(entity_attr(house_entity(house, account), IRI("login")));
    GOOD(house, gate_whose(&house->ctx, account, &whose)); /* though it says so no more */
    assert_true(str_eq(whose, house->resident.person));
}

/* All subjects of a person are erased, where the file may go; what stays is named. */
static void an_erasure_reaches_all_subjects_of_a_person(void **state) {
    House *house = *state;
    Str walk_in = send_as_nobody(house), taken_out = send_as_nobody(house),
        own_case = cases_apply(house, NULL, 1);
    const Str cases[] = {walk_in, taken_out};
    for (size_t i = 0; i < 2; i++)
        GOOD(house, gate_link(&house->ctx, held(house, &house->resident, cases[i])));
    house_act(house, &house->clerk);
    GOOD(house, gate_unlink(&house->ctx, house_entity(house, taken_out), STR("x")));
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = house->chief.id},
                             .subject = house->resident.person,
                             .reason = STR("x")};
    StrVec kept = {0};
    FAILS(house, gate_erase(&house->ctx, &erasure, &kept), RC_DENIED, "not-permitted");
    house_act(house, &house->chief);
    GOOD(house, gate_erase(&house->ctx, &erasure, &kept));
    assert_true(kept.len > 0); /* nothing may go yet */
    assert_non_null(entity_attr(house_entity(house, walk_in), IRI("phone")));
    vec_push(house->arena, &erasure.files, STR("保存5年/粗大ごみ収集/2026"));
    kept = (StrVec){0};
    GOOD(house, gate_erase(&house->ctx, &erasure, &kept));
    VEC_EACH (const Str, file, &kept)
        assert_false(str_eq(*file, STR("保存5年/粗大ごみ収集/2026")));
    assert_null(entity_attr(house_entity(house, walk_in), IRI("phone")));
    assert_null(entity_attr(house_entity(house, own_case), IRI("phone")));
    assert_non_null(entity_attr(house_entity(house, taken_out), IRI("phone"))); /* another's */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_case_is_taken_in_by_who_holds_its_address),
        TEST(an_accounts_own_case_is_nobody_elses_to_take),
        TEST(an_official_takes_a_case_out_with_a_reason),
        TEST(links_are_known_again_after_an_opening),
        TEST(any_subject_of_a_person_names_the_person),
        TEST(an_erasure_reaches_all_subjects_of_a_person),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
