/* Tests of what a definition says of messages, over the starter's consultation, and of the invented
   city's. */
#include "cases.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static int set_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make_also(house, HOUSE_WHOLE, "consultation");
    *state = house;
    return 0;
}

/* ---- the invented city ---- */

static void the_invented_city_is_consulted(void **state) {
    House *house = *state;
    Actor clerk; /* whose account answers */
    ThreadMessages all;
    InboxCases cases;
    SlotChoice slot;
    bool more, unread;
    int64_t now = house->clock.fixed;
    house_official(house, "counter", "citizens-counter-clerk", &clerk);
    GOOD(house, procedures_seed(&house->ctx, &house->tenant, &(SeedWish){.seed = 7, .count = 12}));
    GOOD(house, inbox_waits(&house->ctx, clerk.post, 20, &cases, &more));
    assert_int_equal(cases.len, 1);
    Str id = str_dup(house->arena, cases.items[0]->id);
    assert_true(booking_of(&house->ctx, cases.items[0], &slot));
    assert_true(reservation_begins(&slot) > now);
    GOOD(house, thread_of(&house->ctx, house_entity(house, id), &all));
    assert_int_equal(all.len, 3);
    for (size_t i = 0; i < all.len; i++)
        assert_true(all.items[i].message.at <
                    (i + 1 < all.len ? all.items[i + 1].message.at : now));
    assert_true(all.items[1].message.office);
    assert_true(all.items[1].message.read_at == all.items[2].message.at);
    GOOD(house, thread_unread(&house->ctx, house_entity(house, id), &unread));
    assert_false(unread);
    assert_true(str_eq(cases_text(house, id, IRI("applicant")), house->other.person));
}

/* ---- definitions ---- */

static const Json *with_thread(House *house, const char *thread) {
    const Json *whole = house_starter(house, "procedures/consultation.json"), *own;
    Str copy = str_dup(house->ctx.arena, str_of(thread));
    JsonMembers members = {0};
    for (size_t i = 0; i < copy.len; i++)
        if (copy.ptr[i] == '\'') ((char *)(uintptr_t)copy.ptr)[i] = '"';
    GOOD(house, json_read(&house->ctx, copy, JSON_LIMITS_DEFAULT, &own));
    for (size_t i = 0; i < whole->len; i++)
        if (!str_eq(whole->value.members[i].name, STR("thread")))
            vec_push(house->ctx.arena, &members, whole->value.members[i]);
    vec_push(house->ctx.arena, &members, (JsonMember){STR("thread"), *own});
    Json *out = NEW(house->ctx.arena, Json);
    *out = json_of_members(members.items, members.len);
    return out;
}

static void a_thread_that_is_wrong_is_refused_with_its_place(void **state) {
    House *house = *state;
    static const struct {
        const char *thread, *path;
    } cases[] = {
        {"{}", "thread.states"},
        {"{'states': []}", "thread.states"},
        {"{'states': ['gone']}", "thread.states"},
        {"{'states': ['booked'], 'writers': 'mayor'}", "thread.writers"},
        {"{'states': ['booked'], 'class': 'open'}", "thread.class"},
        {"{'states': ['booked'], 'accept': ['film']}", "thread.accept"},
        {"{'states': ['booked'], 'hint': {'ja': 'どうぞ'}}", "thread.hint"},
        {"{'states': ['booked'], 'hints': {}}", "thread.hints"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Definition *definition;
        FAILS(house, definition_read(&house->ctx, with_thread(house, cases[i].thread), &definition),
              RC_INVALID, "bad-definition");
        if (!str_eq(house->ctx.error.path, str_of(cases[i].path)))
            fail_msg("%s: " STR_FMT, cases[i].thread, STR_ARG(house->ctx.error.path));
    }
}

static void a_thread_has_to_do_with_open_cases_and_is_said_plainly(void **state) {
    House *house = *state;
    const Definition *definition;
    DefinitionFindings findings = {0};
    GOOD(house, definition_read(&house->ctx,
                                with_thread(house, "{'states': ['booked', 'done'], 'writers': "
                                                   "'office', 'hint': {'ja': '連絡', 'en': 'x'}}"),
                                &definition));
    assert_true(definition->thread->office_only && !definition->thread->sensitive);
    assert_int_equal(definition->thread->accept, 0);
    definition_lint(&house->ctx, definition, NULL, &findings);
    assert_int_equal(findings.len, 2);
    assert_true(str_eq(findings.items[0].path, STR("thread.states")));
    assert_true(str_eq(findings.items[1].path, STR("thread.hint")));
}

static void a_proposal_that_a_message_would_fell_is_told(void **state) {
    House *house = *state;
    Definition decided;
    const Definition *definition;
    DefinitionFindings none = {0}, findings = {0};
    GOOD(house,
         definition_read(&house->ctx, with_thread(house, "{'states': ['booked']}"), &definition));
    thread_lint(&house->ctx, definition, &none);
    assert_int_equal(none.len, 0);
    decided = *definition;
    decided.moves.items = NEW_ARRAY(house->ctx.arena, DefinedMove, decided.moves.len);
    memcpy(decided.moves.items, definition->moves.items,
           decided.moves.len * sizeof *decided.moves.items);
    decided.moves.items[0].decision = STR("grant");
    thread_lint(&house->ctx, &decided, &findings);
    assert_int_equal(findings.len, 1);
    assert_true(str_eq(findings.items[0].path, STR("thread.states")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_invented_city_is_consulted),
        TEST(a_thread_that_is_wrong_is_refused_with_its_place),
        TEST(a_thread_has_to_do_with_open_cases_and_is_said_plainly),
        TEST(a_proposal_that_a_message_would_fell_is_told),
    };
    return cmocka_run_group_tests_name("consultation", tests, NULL, NULL);
}
