/* Tests of the ways by which an account comes in: what is kept of them, and that one of them stays.
 */
#include "../procedure/house.h"
#include "person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <cmocka.h>

#define PASSWORD "correct horse battery"

/* What stands on a session of his at a provider. */
static SessionBy by_outside(House *house, Str session) {
    StrVec *words = NEW(house->arena, StrVec);
    vec_push(house->arena, words, outside_word(house->arena, &(OutsideEnd){STR("who"), session}));
    return (SessionBy){.means = MEANS_OUTSIDE, .outsides = words};
}

static const Entity *account_of(House *house, const char *login) {
    const Entity *account;
    GOOD(house, account_load(&house->ctx, account_id(&house->ctx, str_of(login)), &account));
    return account;
}

/* Somebody who came in so, by a provider's session of this name. */
static Str came_in(House *house, Person *somebody, const char *session) {
    Str token;
    person_nobody(somebody);
    GOOD(house, session_begin(&house->ctx, account_of(house, "resident-1"),
                              by_outside(house, str_of(session)), &token));
    token = str_dup(house->arena, token);
    person_act(somebody, token);
    return token;
}

static void a_provider_may_name_another_session_each_time(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "x");
    Str token = came_in(house, &somebody, "first");
    const Entity *account = account_of(house, "resident-1");
    for (int i = 0; i < 20; i++) {
        Str session = str_fmt(house->arena, "session-%d", i);
        GOOD(house, session_stepped_up(ctx, account, by_outside(house, session), &token));
        person_act(&somebody, token);
    }
    assert_int_equal(session_own(ctx)->outsides.len, 8);
    house_gate_again(house);
    const char *const others[] = {"session-0", "session-12"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        GOOD(house, sessions_end_outside(ctx, &(OutsideEnd){STR_NONE, str_of(others[i])}));
    person_act(&somebody, token);
    GOOD(house, sessions_end_outside(ctx, &(OutsideEnd){STR_NONE, STR("first")}));
    assert_false(gate_session_actor(ctx, token, &somebody.actor));
    token = came_in(house, &somebody, "again");
    GOOD(house, session_stepped_up(ctx, account, by_outside(house, STR("newest")), &token));
    GOOD(house, sessions_end_outside(ctx, &(OutsideEnd){STR_NONE, STR("newest")}));
    assert_false(gate_session_actor(ctx, token, &somebody.actor));
    device_end(&somebody.device);
}

static bool disk_step(void *arg, const char *what) {
    return str_eq(str_of(what), STR("read")) || !atomic_load((atomic_int *)arg);
}

/* Nor does what wasn't written down come back: it is written when the provider says it again. */
static void a_sign_out_that_fails_may_be_said_again(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    static atomic_int full;
    static const StoreFault disk = {.step = disk_step, .arg = &full};
    const OutsideEnd ends = {STR_NONE, STR("there")};
    house_on_disk(house, &disk);
    Person somebody = person_new(house, "x");
    Str token = came_in(house, &somebody, "there");
    person_nobody(&somebody);
    house_drain(house);
    atomic_store(&full, 1);
    assert_int_not_equal(outside_heard(ctx, STR("once"), &ends), RC_OK);
    atomic_store(&full, 0);
    assert_false(gate_session_actor(ctx, token, &somebody.actor));
    person_nobody(&somebody);
    GOOD(house, outside_heard(ctx, STR("once"), &ends));
    FAILS(house, outside_heard(ctx, STR("once"), &ends), RC_DENIED, "outside-token");
    house_gate_again(house);
    assert_false(gate_session_actor(ctx, token, &somebody.actor));
    device_end(&somebody.device);
}

/* Of an account without a password. */
static void the_last_way_stays(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "telephone");
    person_added(&somebody, "resident-1");
    Str id = str_dup(house->arena, person_listed(&somebody).items[0].id);
    FAILS(house, gate_passkey_end(ctx, id), RC_CONFLICT, "last-way");
    assert_int_equal(person_listed(&somebody).len, 1);
    Entity *link =
        entity_new(house->arena, STR("urn:ngsi-ld:OutsideIdentity:x"), STR(OUTSIDE_TYPE));
    entity_set(house->arena, link, GATE_IRI("outsideAccount"), json_of_str(somebody.actor.id));
    AccountChange change = {.kind = "outside.link", .id = somebody.actor.id, .outsides.add = link};
    GOOD(house, account_change(ctx, &change));
    GOOD(house, gate_passkey_end(ctx, id)); /* he comes in by the link */
    FAILS(house, gate_outside_end(ctx, STR("x")), RC_CONFLICT, "last-way");
    person_added(&somebody, "resident-1");
    GOOD(house, gate_outside_end(ctx, STR("x")));
    device_end(&somebody.device);
}

static void what_was_shown_outlasts_another_password(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "telephone");
    Str id, token;
    GateAccount wish = {
        .login = STR("somebody"), .password = STR(PASSWORD), .kind = ACTOR_RESIDENT};
    GOOD(house, gate_account_create(ctx, &wish, &id));
    person_added(&somebody, "somebody");
    GOOD(house, gate_password_change(ctx, STR(PASSWORD), STR("seven lanterns under the old bridge"),
                                     &token));
    person_act(&somebody, token);
    assert_false(gate_needs_passkey(ctx));
    assert_int_equal(gate_authn(ctx), AUTHN_PASSKEY);
    device_end(&somebody.device);
}

/* ---- what an account may be beside ---- */

static Rc made(House *house, const char *post, const char *role) {
    Str id;
    GateAccount wish = {.login = STR("body"), .kind = ACTOR_STAFF};
    if (post) vec_push(house->arena, &wish.posts, str_of(post));
    if (role) vec_push(house->arena, &wish.roles, str_of(role));
    return gate_account_create(&house->ctx, &wish, &id);
}

static void a_contractor_is_nothing_beside(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    const char *post = "community-center-manager";
    StrVec both = {0};
    FAILS(house, made(house, post, "auditor"), RC_INVALID, "contractor-alone");
    FAILS(house, made(house, "environment-waste-clerk", "contractor"), RC_INVALID,
          "contractor-alone");
    GOOD(house, made(house, post, NULL));
    vec_push(house->arena, &both, str_of(post));
    vec_push(house->arena, &both, STR("environment-waste-clerk"));
    FAILS(house, gate_account_posts(ctx, account_id(ctx, STR("body")), &both), RC_INVALID,
          "contractor-alone");
}

static void who_has_abolished_posts_alone_holds_none(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    GateHolders before, after;
    GatePost *post = (GatePost *)gate_post(house->tenant.gate, STR("environment-waste-clerk"));
    const Entity *clerk = account_of(house, "clerk");
    GOOD(house, gate_holders(ctx, NULL, &before));
    assert_true(account_serves(house->tenant.gate, clerk, house->clock.fixed));
    post->abolished = time_jst_date(house->clock.fixed);
    GOOD(house, gate_holders(ctx, NULL, &after));
    assert_int_equal(after.len, before.len - 1);
    assert_false(account_serves(house->tenant.gate, clerk, house->clock.fixed));
    VEC_EACH (const GateHolder, one, &before)
        if (str_eq(one->account, clerk->id)) assert_false(gate_holder_same(ctx, clerk, one));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_whole_up, house_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_provider_may_name_another_session_each_time),
        TEST(a_sign_out_that_fails_may_be_said_again),
        TEST(the_last_way_stays),
        TEST(what_was_shown_outlasts_another_password),
        TEST(a_contractor_is_nothing_beside),
        TEST(who_has_abolished_posts_alone_holds_none),
    };
    return cmocka_run_group_tests_name("ways in", tests, NULL, NULL);
}
