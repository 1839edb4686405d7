/* Tests of passwords: another one, the first one, one's own, and confirming by it. */
#include "../procedure/house.h"
#include "gate/gate_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PASSWORD "correct horse battery"

static int set_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make(house, HOUSE_SIGNED);
    *state = house;
    return 0;
}

static int tear_down(void **state) {
    house_end(*state);
    mem_free(*state);
    return 0;
}

static void another_password_ends_the_sessions_of_the_old_one(void **state) {
    House *house = *state;
    Str session, again;
    Actor actor, gone;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &session));
    assert_true(gate_session_actor(&house->ctx, session, &actor));
    house->ctx.actor = (Actor *)gate_operator_actor();
    FAILS(house, gate_account_password(&house->ctx, house->clerk.id, STR("short")), RC_INVALID,
          "bad-password");
    assert_true(gate_session_actor(&house->ctx, session, &gone));
    GOOD(house, gate_account_password(&house->ctx, house->clerk.id, STR("another horse battery")));
    assert_false(gate_session_actor(&house->ctx, session, &gone));
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &again), RC_DENIED,
          "wrong-password");
    house->clock.fixed += TIME_SECOND;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR("another horse battery"), &again));
    house_gate_again(house);
    assert_true(gate_session_actor(&house->ctx, again, &gone));
}

static void a_first_password_lets_in_for_a_week(void **state) {
    House *house = *state;
    const Str made = STR("another horse battery"), own = STR("seven lanterns under the old bridge");
    Str session, again;
    Actor actor;
    int64_t now = house->clock.fixed;
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_password(&house->ctx, house->clerk.id, made));
    house->clock.fixed = now + 7 * TIME_DAY;
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), made, &again), RC_DENIED,
          "password-ended");
    house->clock.fixed = now + 7 * TIME_DAY - TIME_SECOND;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), made, &session));
    house_gate_again(house);
    assert_true(gate_session_actor(&house->ctx, session, &actor));
    house->ctx.actor = &actor;
    assert_true(gate_first(&house->ctx));
    house->clock.fixed += TIME_SECOND;
    FAILS(house, gate_password_change(&house->ctx, own, own, &again), RC_DENIED, "wrong-password");
    FAILS(house, gate_password_change(&house->ctx, made, made, &again), RC_INVALID,
          "guessable-password");
    GOOD(house, gate_password_change(&house->ctx, made, own, &again));
    assert_false(gate_session_actor(&house->ctx, session, &actor));
    assert_true(gate_session_actor(&house->ctx, again, &actor));
    assert_false(gate_first(&house->ctx));
    house->clock.fixed = now + 30 * TIME_DAY;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), own, &again));
}

/* Between what was looked at and the commit. */
static void ones_own_password_gives_way_to_the_operators(void **state) {
    House *house = *state;
    const Str mine = STR("seven lanterns under the old bridge"),
              made = STR("another horse battery");
    const Entity *before;
    Str session, again;
    Actor actor;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &session));
    assert_true(gate_session_actor(&house->ctx, session, &actor));
    GOOD(house, account_load(&house->ctx, house->clerk.id, &before));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_password(&house->ctx, house->clerk.id, made));
    AccountChange late = {.kind = "account.own-password",
                          .id = house->clerk.id,
                          .version = before->version,
                          .set = entity_new(house->arena, house->clerk.id, STR(ACCOUNT_TYPE))};
    FAILS(house, account_change(&house->ctx, &late), RC_DENIED, "account-changed");
    GOOD(house, gate_account_disable(&house->ctx, house->clerk.id, true));
    GOOD(house, account_load(&house->ctx, house->clerk.id, &before));
    FAILS(house, session_begin(&house->ctx, before, (SessionBy){.means = MEANS_PASSWORD}, &again),
          RC_DENIED, "account-changed");
    house->ctx.actor = &actor; /* who doesn't know yet */
    FAILS(house, gate_password_change(&house->ctx, made, mine, &again), RC_DENIED,
          "wrong-password");
}

static Str kept_hash(House *house) {
    const Entity *account;
    GOOD(house, account_load(&house->ctx, house->clerk.id, &account));
    return entity_text(account, GATE_IRI("passwordHash"));
}

/* One that was kept at another cost is hashed anew by whoever knows it, once. */
static void a_password_is_hashed_at_todays_cost(void **state) {
    House *house = *state;
    char other[crypto_pwhash_STRBYTES];
    Str session;
    assert_int_equal(crypto_pwhash_str(other, PASSWORD, strlen(PASSWORD), 2, 16384), 0);
    AccountChange change = {.kind = "test",
                            .id = house->clerk.id,
                            .set = entity_new(house->arena, house->clerk.id, STR(ACCOUNT_TYPE))};
    entity_set(house->arena, (Entity *)change.set, GATE_IRI("passwordHash"),
               json_of_str(str_of(other)));
    GOOD(house, account_change(&house->ctx, &change));
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR("not the password"), &session),
          RC_DENIED, "wrong-password");
    assert_true(str_eq(kept_hash(house), str_of(other)));
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &session));
    Str renewed = kept_hash(house);
    assert_false(str_eq(renewed, str_of(other)));
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &session));
    assert_true(str_eq(kept_hash(house), renewed));
}

static void a_step_up_holds_for_ten_minutes(void **state) {
    House *house = *state;
    Str token, again;
    Actor actor, gone;
    GateAsk ask = {.action = ACT_DECIDE, .type = STR(DECIDE_TYPE), .class = CLASS_INTERNAL};
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token));
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    house->ctx.actor = &actor;
    FAILS(house, gate_check(&house->ctx, &ask), RC_DENIED, "needs-step-up");
    FAILS(house, gate_step_up(&house->ctx, STR("wrong"), &again), RC_DENIED, "wrong-password");
    GOOD(house, gate_step_up(&house->ctx, STR(PASSWORD), &again));
    assert_true(gate_session_actor(&house->ctx, token, &gone)); /* half a minute, for other tabs */
    house->ctx.actor = &gone;
    FAILS(house, gate_check(&house->ctx, &ask), RC_DENIED, "needs-step-up");
    assert_true(gate_session_actor(&house->ctx, again, &actor));
    house->ctx.actor = &actor;
    GOOD(house, gate_check(&house->ctx, &ask));
    house->clock.fixed += 10 * TIME_MINUTE;
    FAILS(house, gate_check(&house->ctx, &ask), RC_DENIED, "needs-step-up");
}

/* Whoever has seen the token before gets nothing of what is confirmed. */
static void confirming_draws_another_token(void **state) {
    House *house = *state;
    Str token, again;
    Actor actor, gone;
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token));
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    actor.browser = session_browser(token);
    house->ctx.actor = &actor;
    Str form = gate_csrf(&house->ctx);
    GOOD(house, gate_take_post(&house->ctx, actor.post));
    house->clock.fixed += TIME_HOUR / 2;
    GOOD(house, gate_step_up(&house->ctx, STR(PASSWORD), &again));
    assert_false(str_eq(token, again));
    assert_int_not_equal(session_browser(again).len, 26); /* no cookie of a browser's own */
    assert_true(gate_session_actor(&house->ctx, again, &actor));
    GateSessionsSeen seen;
    house->ctx.actor = &actor;
    actor.browser = session_browser(again);
    assert_true(str_eq(gate_csrf(&house->ctx), form)); /* drawn before, and good still */
    assert_false(gate_session_actor(&house->ctx, actor.browser, &gone));
    gate_sessions(&house->ctx, &seen);
    assert_int_equal(seen.len, 1);
    assert_int_equal(seen.items[0].started_at, house->clock.fixed - TIME_HOUR / 2);
    assert_true(gate_session_actor(&house->ctx, token, &gone));
    house->clock.fixed += 30 * TIME_SECOND;
    assert_false(gate_session_actor(&house->ctx, token, &gone));
    Str post = str_dup(house->arena, actor.post);
    house_gate_again(house);
    assert_false(gate_session_actor(&house->ctx, token, &gone));
    assert_true(gate_session_actor(&house->ctx, again, &gone));
    assert_true(str_eq(gone.post, post));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(another_password_ends_the_sessions_of_the_old_one),
        TEST(a_first_password_lets_in_for_a_week),
        TEST(ones_own_password_gives_way_to_the_operators),
        TEST(a_password_is_hashed_at_todays_cost),
        TEST(a_step_up_holds_for_ten_minutes),
        TEST(confirming_draws_another_token),
    };
    return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
