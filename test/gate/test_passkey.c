/* Tests of passkeys of accounts: adding, coming in, confirming, removing, and who may not. */
#include "../procedure/house.h"
#include "gate/provider.h"
#include "person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PASSWORD "correct horse battery"

enum { USER_BYTES = 32 };

/* ---- coming in ---- */

static void a_passkey_is_added_listed_and_lets_in(void **state) {
    House *house = *state;
    Person chief = person_new(house, "chief's telephone");
    Str token;
    person_added(&chief, "chief");
    GatePasskeysSeen seen = person_listed(&chief);
    assert_int_equal(seen.len, 1);
    assert_true(str_eq(seen.items[0].name, STR("携帯")));
    assert_true(str_eq(seen.items[0].host, STR("localhost")));
    assert_int_equal(seen.items[0].added_at, house->clock.fixed);
    assert_true(seen.items[0].used_at == TIME_NONE);
    house->clock.fixed += TIME_HOUR / 2;
    GOOD(house, person_come_in(&chief, &token));
    person_act(&chief, token);
    assert_true(str_eq(chief.actor.id, house->chief.id));
    assert_true(str_eq(chief.actor.post, STR("environment-waste-chief")));
    assert_false(gate_stepped_up(&house->ctx, &chief.actor));
    GateSessionsSeen sessions;
    gate_sessions(&house->ctx, &sessions);
    assert_int_equal(sessions.len, 2);
    assert_int_equal(sessions.items[0].means, MEANS_PASSKEY);
    assert_int_equal(sessions.items[1].means, MEANS_PASSWORD);
    assert_int_equal(person_listed(&chief).items[0].used_at, house->clock.fixed);
    device_end(&chief.device);
}

static void how_somebody_came_in_and_the_counter_outlive_the_gate(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    Str token, again;
    clerk.device.count = 5;
    person_added(&clerk, "clerk");
    clerk.device.count = 9;
    GOOD(house, person_come_in(&clerk, &token));
    house_gate_again(house);
    person_act(&clerk, token);
    GateSessionsSeen sessions;
    gate_sessions(&house->ctx, &sessions);
    unsigned by_passkey = 0;
    VEC_EACH (const GateSessionSeen, one, &sessions)
        by_passkey += one->means == MEANS_PASSKEY;
    assert_int_equal(by_passkey, 1);
    clerk.device.count = 8;
    FAILS(house, person_come_in(&clerk, &again), RC_DENIED, "passkey-copied");
    device_end(&clerk.device);
}

/* As a provider says it, of an identity or of one session there; in what is written down, too. */
static void what_has_ended_at_a_provider_ends_here(void **state) {
    House *house = *state;
    Person somebody = person_new(house, "x");
    const Entity *account;
    StrVec words = {0};
    Str token;
    vec_push(house->arena, &words,
             outside_word(house->arena, &(OutsideEnd){STR("who"), STR("there")}));
    person_nobody(&somebody);
    GOOD(house, account_load(&house->ctx, account_id(&house->ctx, STR("resident-1")), &account));
    GOOD(house, session_begin(&house->ctx, account,
                              (SessionBy){.means = MEANS_OUTSIDE, .outsides = &words}, &token));
    person_act(&somebody, str_dup(house->arena, token));
    person_stepped_up(&somebody); /* it goes on under another token */
    house_gate_again(house);
    const OutsideEnd others[] = {{STR("who"), STR("elsewhere")},
                                 {STR("other"), STR_NONE},
                                 {STR("other"), STR("there")},
                                 {STR_NONE, STR("elsewhere")}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        GOOD(house, sessions_end_outside(&house->ctx, &others[i]));
    Str kept = somebody.actor.browser;
    person_act(&somebody, kept);
    GOOD(house, sessions_end_outside(&house->ctx, &(OutsideEnd){STR_NONE, STR("there")}));
    assert_false(gate_session_actor(&house->ctx, kept, &somebody.actor));
    house_gate_again(house);
    assert_false(gate_session_actor(&house->ctx, kept, &somebody.actor));
    device_end(&somebody.device);
}

static void a_counter_that_goes_back_is_refused(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    Str token;
    static const struct {
        uint32_t count;
        bool good;
    } steps[] = {{5, false}, {4, false},         {0, false}, {6, true},
                 {6, false}, {UINT32_MAX, true}, {7, false}};
    clerk.device.count = 5;
    person_added(&clerk, "clerk");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        clerk.device.count = steps[i].count;
        if (steps[i].good)
            GOOD(house, person_come_in(&clerk, &token));
        else
            FAILS(house, person_come_in(&clerk, &token), RC_DENIED, "passkey-copied");
    }
    device_end(&clerk.device);
}

static void a_device_without_counter_comes_in_again(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    Str token;
    person_added(&clerk, "clerk");
    for (int i = 0; i < 3; i++)
        GOOD(house, person_come_in(&clerk, &token));
    clerk.device.count = 1;
    GOOD(house, person_come_in(&clerk, &token));
    clerk.device.count = 0;
    FAILS(house, person_come_in(&clerk, &token), RC_DENIED, "passkey-copied");
    device_end(&clerk.device);
}

/* ---- one answer for all that is wrong ---- */

static void what_nobody_has_and_what_is_signed_wrong_answer_the_same(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone"),
           stranger = person_new(house, "stranger's");
    Str token;
    person_added(&clerk, "clerk");
    stranger.user = clerk.user;
    FAILS(house, person_come_in(&stranger, &token), RC_DENIED, "wrong-passkey");
    Str detail = str_dup(house->arena, house->ctx.error.detail);
    stranger.device.id = clerk.device.id; /* another key behind the same id */
    FAILS(house, person_come_in(&stranger, &token), RC_DENIED, "wrong-passkey");
    assert_true(str_eq(house->ctx.error.detail, detail));
    Str user = clerk.user, others[] = {STR_NONE, STR("AAAA")};
    for (size_t i = 0; i < 2; i++) {
        clerk.user = others[i];
        FAILS(house, person_come_in(&clerk, &token), RC_DENIED, "wrong-passkey");
        assert_true(str_eq(house->ctx.error.detail, detail));
    }
    clerk.user = user;
    clerk.device.flags = FLAG_UP;
    FAILS(house, person_come_in(&clerk, &token), RC_DENIED, "wrong-passkey");
    clerk.device.flags = FLAG_UP | FLAG_UV;
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_disable(&house->ctx, house->clerk.id, true));
    FAILS(house, person_come_in(&clerk, &token), RC_DENIED, "wrong-passkey");
    assert_true(str_eq(house->ctx.error.detail, detail));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_disable(&house->ctx, house->clerk.id, false));
    GOOD(house, person_come_in(&clerk, &token));
    device_end(&stranger.device);
    device_end(&clerk.device);
}

static void tries_are_counted_as_those_of_passwords(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone"), thief = person_new(house, "thief's");
    Str token;
    person_added(&clerk, "clerk");
    thief.device.id = clerk.device.id;
    thief.user = clerk.user;
    for (int i = 0; i < 10; i++)
        FAILS(house, person_come_in(&thief, &token), RC_DENIED, "wrong-passkey");
    FAILS(house, person_come_in(&clerk, &token), RC_LIMIT, "too-many-failures");
    GatePasskeySaid said = person_answer_now(&clerk, PASSKEY_SIGN_IN);
    assert_int_equal(gate_passkey_retry_after(&house->ctx, &said), 901);
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token), RC_LIMIT,
          "too-many-failures");
    house->clock.fixed += 15 * TIME_MINUTE + 1;
    GOOD(house, person_come_in(&clerk, &token));
    device_end(&thief.device);
    device_end(&clerk.device);
}

static void told(void *arg, GateOutside *outside, Rc rc) {
    (void)outside;
    *(Rc *)arg = rc;
}

/* What costs nothing keeps nobody from coming in, however often it comes. */
static void made_up_answers_stop_nobodys_sign_in(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person thief = person_new(house, "thief's");
    Provider provider = {.seen = {.id = STR("outside")}, .issuer = STR("https://id.example.jp")};
    Providers providers = {0}, *before = house->tenant.gate->providers;
    Str token;
    vec_push(house->arena, &providers.items, &provider);
    house->tenant.gate->providers = &providers;
    for (int i = 0; i < 601; i++) {
        Rc rc = RC_OK;
        person_nobody(&thief);
        thief.device.id = str_fmt(house->arena, "credential %d", i);
        thief.user = person_packed(&thief, STR("anybody"));
        GatePasskeySaid said = person_answer(&thief, PASSKEY_SIGN_IN, STR("AAAA"));
        FAILS(house, gate_passkey_sign_in(ctx, &said, &token), RC_CONFLICT, "stale-challenge");
        gate_outside_return(ctx, &(GateOutsideSaid){.provider = STR("outside"),
                                                    .state = str_fmt(house->arena, "s.%d", i),
                                                    .code = STR("code"),
                                                    .done = told,
                                                    .arg = &rc});
        assert_int_equal(rc, RC_CONFLICT);
        assert_true(str_eq(ctx->error.code, STR("stale-challenge")));
    }
    house->tenant.gate->providers = before;
    FAILS(house, gate_sign_in(ctx, STR("clerk"), STR("wrong"), &token), RC_DENIED,
          "wrong-password");
    device_end(&thief.device);
}

/* ---- challenges ---- */

static void a_challenge_is_answered_once_in_its_browser_for_its_use_and_soon(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person clerk = person_new(house, "clerk's telephone");
    Str token;
    person_added(&clerk, "clerk");
    person_nobody(&clerk);
    GatePasskeySaid said = person_answer_now(&clerk, PASSKEY_SIGN_IN);
    GOOD(house, gate_passkey_sign_in(ctx, &said, &token));
    FAILS(house, gate_passkey_sign_in(ctx, &said, &token), RC_CONFLICT, "stale-challenge");
    said = person_answer_now(&clerk, PASSKEY_SIGN_IN);
    clerk.actor.browser = STR("bbbbbbbbbbbbbbbbbbbbbbbbbb");
    FAILS(house, gate_passkey_sign_in(ctx, &said, &token), RC_CONFLICT, "stale-challenge");
    clerk.actor.browser = PERSON_BROWSER;
    house->clock.fixed += 5 * TIME_MINUTE;
    GOOD(house, gate_passkey_sign_in(ctx, &said, &token));
    said = person_answer_now(&clerk, PASSKEY_SIGN_IN);
    house->clock.fixed += 5 * TIME_MINUTE + 1;
    FAILS(house, gate_passkey_sign_in(ctx, &said, &token), RC_CONFLICT, "stale-challenge");
    said = person_answer_now(&clerk, PASSKEY_SIGN_IN);
    house->clock.fixed -= 1; /* of a time to come */
    FAILS(house, gate_passkey_sign_in(ctx, &said, &token), RC_CONFLICT, "stale-challenge");
    said = person_answer_now(&clerk, PASSKEY_SIGN_IN);
    house_gate_again(house);
    FAILS(house, gate_passkey_sign_in(ctx, &said, &token), RC_CONFLICT, "stale-challenge");
    static const char *const made_up[] = {
        "", "AAAA", "no base64!",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 1; i < sizeof made_up / sizeof *made_up; i++) {
        said = person_answer(&clerk, PASSKEY_SIGN_IN, str_of(made_up[i]));
        FAILS(house, gate_passkey_sign_in(ctx, &said, &token), RC_CONFLICT, "stale-challenge");
    }
    device_end(&clerk.device);
}

static void a_challenge_of_another_use_or_handle_is_none(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    Str token;
    person_added(&clerk, "clerk");
    GatePasskeySaid said =
        person_answer(&clerk, PASSKEY_STEP_UP, person_offered(&clerk, PASSKEY_ADD).challenge);
    FAILS(house, person_confirm(&clerk, &said), RC_CONFLICT, "stale-challenge");
    said =
        person_answer(&clerk, PASSKEY_SIGN_IN, person_offered(&clerk, PASSKEY_STEP_UP).challenge);
    FAILS(house, gate_passkey_sign_in(&house->ctx, &said, &token), RC_CONFLICT, "stale-challenge");
    clerk.device.id = STR("another credential");
    clerk.user = STR("chosen-by-browser-00");
    said = person_answer(&clerk, PASSKEY_ADD, person_offered(&clerk, PASSKEY_ADD).challenge);
    FAILS(house, gate_passkey_add(&house->ctx, &said, STR("x"), &(Str){0}), RC_CONFLICT,
          "stale-challenge");
    assert_int_equal(person_listed(&clerk).len, 1);
    device_end(&clerk.device);
}

static void passkeys_hold_for_the_name_that_the_city_is_asked_by(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    GatePasskeyOffer offer;
    Str token;
    person_added(&clerk, "clerk");
    person_nobody(&clerk);
    GatePasskeySaid said = person_answer_now(&clerk, PASSKEY_SIGN_IN);
    said.secure = true;
    FAILS(house, gate_passkey_sign_in(&house->ctx, &said, &token), RC_CONFLICT, "wrong-origin");
    said.secure = false;
    said.host = STR("localhost:8081");
    FAILS(house, gate_passkey_sign_in(&house->ctx, &said, &token), RC_CONFLICT, "wrong-origin");
    said.host = STR("LOCALHOST:8080");
    GOOD(house, gate_passkey_sign_in(&house->ctx, &said, &token));
    static const char *const none[] = {"127.0.0.1:8080", "[::1]:8080", "192.0.2.1"};
    for (size_t i = 0; i < 3; i++) {
        GOOD(house, gate_passkey_offer(&house->ctx, PASSKEY_SIGN_IN, str_of(none[i]), &offer));
        assert_true(str_empty(offer.host));
        assert_true(str_empty(offer.challenge));
    }
    person_signed_in(&clerk, "clerk");
    assert_int_equal(person_offered(&clerk, PASSKEY_STEP_UP).ids.len, 1);
    GOOD(house, gate_passkey_offer(&house->ctx, PASSKEY_STEP_UP, STR("other.example"), &offer));
    assert_int_equal(offer.ids.len, 0);
    device_end(&clerk.device);
}

/* ---- adding and removing ---- */

static void adding_and_removing_ask_who_it_is(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    GatePasskeySaid said = {0};
    person_nobody(&clerk);
    FAILS(house, gate_passkey_add(&house->ctx, &said, STR("x"), &(Str){0}), RC_DENIED,
          "needs-sign-in");
    FAILS(house, gate_passkey_end(&house->ctx, STR("x")), RC_DENIED, "needs-sign-in");
    FAILS(house, person_confirm(&clerk, &said), RC_DENIED, "needs-sign-in");
    person_signed_in(&clerk, "clerk");
    FAILS(house, person_add(&clerk), RC_DENIED, "needs-step-up");
    person_stepped_up(&clerk);
    GOOD(house, person_add(&clerk));
    Str id = person_listed(&clerk).items[0].id;
    house->clock.fixed += 10 * TIME_MINUTE;
    FAILS(house, gate_passkey_end(&house->ctx, id), RC_DENIED, "needs-step-up");
    assert_int_equal(person_listed(&clerk).len, 1);
    device_end(&clerk.device);
}

/* By a token one reads one's page as before. */
static void who_came_by_a_token_has_none_here(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    person_added(&clerk, "clerk");
    clerk.actor = house->clerk;
    house->ctx.actor = &clerk.actor;
    assert_int_equal(person_listed(&clerk).len, 0);
    assert_int_equal(person_offered(&clerk, PASSKEY_STEP_UP).ids.len, 0);
    FAILS(house, gate_passkey_permitted(&house->ctx), RC_DENIED, "needs-sign-in");
    device_end(&clerk.device);
}

static void names_and_members_have_bounds(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    char text[400];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = 'x';
    const Str names[] = {STR_NONE, STR("  "), STR("　"), {text, 61}, {text, sizeof text}};
    person_signed_in(&clerk, "clerk");
    person_stepped_up(&clerk);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        GatePasskeySaid said = person_answer_now(&clerk, PASSKEY_ADD);
        FAILS(house, gate_passkey_add(&house->ctx, &said, names[i], &(Str){0}), RC_INVALID,
              "passkey-name");
    }
    char *much = arena_alloc(house->arena, 1 << 15, 1);
    for (size_t i = 0; i < 1 << 15; i++)
        much[i] = 'A';
    GatePasskeySaid good = person_answer_now(&clerk, PASSKEY_SIGN_IN), said;
    Str long_one = {much, 1 << 15}, token;
    Str *members[] = {&said.client, &said.data, &said.signature, &said.credential, &said.user};
    person_nobody(&clerk);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const Str wrong[] = {long_one, STR("no base64!")};
        for (size_t k = 0; k < 2; k++) {
            said = good;
            *members[i] = wrong[k];
            FAILS(house, gate_passkey_sign_in(&house->ctx, &said, &token), RC_INVALID,
                  "bad-passkey");
        }
    }
    device_end(&clerk.device);
}

static void a_credential_is_one_accounts_only(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "one telephone"), chief = person_new(house, "one telephone");
    Str token;
    person_added(&clerk, "clerk");
    FAILS(house, person_add(&clerk), RC_CONFLICT, "passkey-known");
    person_signed_in(&chief, "chief");
    person_stepped_up(&chief);
    FAILS(house, person_add(&chief), RC_CONFLICT, "passkey-known");
    assert_int_equal(person_listed(&chief).len, 0);
    GOOD(house, person_come_in(&clerk, &token));
    person_act(&clerk, token);
    assert_true(str_eq(clerk.actor.id, house->clerk.id));
    device_end(&chief.device);
    device_end(&clerk.device);
}

static void an_account_has_twenty_at_most_under_one_handle(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "x");
    Str user = STR_NONE, bytes;
    person_signed_in(&clerk, "clerk");
    for (int i = 0; i < PASSKEYS_MAX; i++) {
        person_stepped_up(&clerk);
        clerk.device.id = str_fmt(house->arena, "credential %d", i);
        GOOD(house, person_add(&clerk));
        if (!i) user = clerk.user;
        assert_true(str_eq(clerk.user, user));
    }
    assert_true(hash_from_base64url(house->arena, user, &bytes));
    assert_int_equal(bytes.len, USER_BYTES);
    assert_int_equal(person_offered(&clerk, PASSKEY_ADD).ids.len, PASSKEYS_MAX);
    clerk.device.id = STR("one more");
    FAILS(house, person_add(&clerk), RC_CONFLICT, "too-many-passkeys");
    assert_int_equal(person_listed(&clerk).len, PASSKEYS_MAX);
    device_end(&clerk.device);
}

static void one_removes_ones_own_only_and_it_lets_in_no_more(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone"),
           chief = person_new(house, "chief's telephone");
    Str token;
    person_passworded(house, "clerk");
    person_added(&clerk, "clerk");
    Str id = str_dup(house->arena, person_listed(&clerk).items[0].id);
    person_added(&chief, "chief");
    FAILS(house, gate_passkey_end(&house->ctx, id), RC_NOT_FOUND, "no-passkey");
    FAILS(house, gate_passkey_end(&house->ctx, STR_NONE), RC_NOT_FOUND, "no-passkey");
    person_signed_in(&clerk, "clerk");
    GatePasskeySaid said = person_answer_now(&clerk, PASSKEY_STEP_UP);
    GOOD(house, person_confirm(&clerk, &said));
    GOOD(house, gate_passkey_end(&house->ctx, id));
    assert_int_equal(person_listed(&clerk).len, 0);
    FAILS(house, gate_passkey_end(&house->ctx, id), RC_NOT_FOUND, "no-passkey");
    FAILS(house, person_come_in(&clerk, &token), RC_DENIED, "wrong-passkey");
    person_added(&clerk, "clerk"); /* the same device may come again */
    GOOD(house, person_come_in(&clerk, &token));
    GOOD(house, person_come_in(&chief, &token));
    device_end(&chief.device);
    device_end(&clerk.device);
}

static void another_password_ends_the_passkeys(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    Str token;
    person_added(&clerk, "clerk");
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_password(&house->ctx, house->clerk.id, STR("another horse battery")));
    FAILS(house, person_come_in(&clerk, &token), RC_DENIED, "wrong-passkey");
    house->clock.fixed += TIME_SECOND;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR("another horse battery"), &token));
    person_act(&clerk, token);
    assert_int_equal(person_listed(&clerk).len, 0);
    device_end(&clerk.device);
}

/* ---- confirming ---- */

static void a_passkey_of_ones_own_confirms_who_one_is(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person chief = person_new(house, "chief's telephone"),
           clerk = person_new(house, "clerk's telephone");
    person_added(&clerk, "clerk");
    person_added(&chief, "chief");
    house->clock.fixed += TIME_HOUR / 2;
    assert_false(gate_stepped_up(ctx, &chief.actor));
    GatePasskeySaid said = person_answer_now(&chief, PASSKEY_STEP_UP);
    said.user = STR_NONE; /* devices need not name him who was named */
    GOOD(house, person_confirm(&chief, &said));
    assert_true(gate_stepped_up(ctx, &chief.actor));
    house->clock.fixed += TIME_HOUR / 2;
    Person mixed = chief; /* his session, the clerk's device */
    mixed.device = clerk.device;
    mixed.user = clerk.user;
    person_act(&mixed, chief.actor.browser);
    said = person_answer_now(&mixed, PASSKEY_STEP_UP);
    FAILS(house, person_confirm(&mixed, &said), RC_DENIED, "wrong-passkey");
    person_act(&mixed, chief.actor.browser);
    assert_false(gate_stepped_up(ctx, &mixed.actor));
    device_end(&chief.device);
    device_end(&clerk.device);
}

static void account_made(House *house, const char *login, ActorKind kind) {
    Str id;
    GateAccount wish = {.login = str_of(login), .password = STR(PASSWORD), .kind = kind};
    if (kind == ACTOR_STAFF) vec_push(house->arena, &wish.posts, STR("environment-waste-clerk"));
    GOOD(house, gate_account_create(&house->ctx, &wish, &id));
}

/* As with the setting gate.staff-passkey. */
static void officials_show_a_passkey_where_they_have_to(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person clerk = person_new(house, "clerk's telephone"), thief = person_new(house, "another");
    account_made(house, "old hand", ACTOR_STAFF);
    account_made(house, "newcomer", ACTOR_STAFF);
    person_added(&clerk, "old hand");
    house->tenant.gate->staff_passkey = true;
    person_signed_in(&clerk, "old hand");
    assert_true(gate_needs_passkey(ctx));
    FAILS(house, door_check(ctx, GATE_STAFF, &clerk.actor), RC_DENIED, "needs-passkey");
    GOOD(house, door_check(ctx, GATE_STAFF | GATE_WAY, &clerk.actor));
    person_stepped_up(&clerk); /* the password alone leads no further */
    FAILS(house, gate_password_change(ctx, STR(PASSWORD), STR("seven old lanterns"), &(Str){0}),
          RC_DENIED, "needs-passkey");
    FAILS(house, gate_passkey_permitted(ctx), RC_DENIED, "needs-passkey");
    GatePasskeySaid said = person_answer_now(&clerk, PASSKEY_STEP_UP);
    GOOD(house, person_confirm(&clerk, &said));
    assert_false(gate_needs_passkey(ctx));
    GOOD(house, gate_passkey_permitted(ctx));
    person_added(&thief, "newcomer"); /* who has none yet shows the one that he registers */
    assert_false(gate_needs_passkey(ctx));
    device_end(&clerk.device);
    device_end(&thief.device);
}

/* By default; and as with the setting gate.resident-passkey. */
static void who_has_a_passkey_comes_in_by_it_alone(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person here = person_new(house, "telephone"), there;
    Str token;
    account_made(house, "resident", ACTOR_RESIDENT);
    person_signed_in(&here, "resident");
    there = here; /* the same account in another browser */
    person_signed_in(&here, "resident");
    person_stepped_up(&here);
    GOOD(house, person_add(&here));
    assert_true(gate_has_passkey(ctx));
    assert_false(gate_needs_passkey(ctx));
    person_act(&there, there.actor.browser); /* that came in by the password before */
    assert_true(gate_needs_passkey(ctx));
    GateStay stay = gate_stay(ctx);
    assert_false(gate_stays(ctx, &stay));
    person_signed_in(&there, "resident");
    FAILS(house, door_check(ctx, GATE_RESIDENT, &there.actor), RC_DENIED, "needs-passkey");
    GOOD(house, door_check(ctx, GATE_RESIDENT | GATE_WAY, &there.actor));
    FAILS(house, gate_step_up(ctx, STR(PASSWORD), &token), RC_DENIED, "needs-passkey");
    assert_false(str_empty(gate_login(ctx)));
    there.device = here.device;
    there.user = here.user;
    GatePasskeySaid said = person_answer_now(&there, PASSKEY_STEP_UP);
    GOOD(house, person_confirm(&there, &said));
    GOOD(house, door_check(ctx, GATE_RESIDENT, &there.actor));
    house->clock.fixed += TIME_HOUR / 2; /* he removes the last by who has shown it lately */
    Str id = str_dup(house->arena, person_listed(&there).items[0].id);
    FAILS(house, gate_step_up(ctx, STR(PASSWORD), &token), RC_DENIED, "needs-passkey");
    FAILS(house, gate_passkey_end(ctx, id), RC_DENIED, "needs-step-up");
    said = person_answer_now(&there, PASSKEY_STEP_UP);
    GOOD(house, person_confirm(&there, &said));
    GOOD(house, gate_passkey_end(ctx, id));
    person_signed_in(&there, "resident");
    assert_false(gate_needs_passkey(ctx));
    house->tenant.gate->resident_passkey = true;
    assert_true(gate_needs_passkey(ctx) && !gate_has_passkey(ctx));
    person_stepped_up(&there);
    GOOD(house, gate_passkey_permitted(ctx)); /* to register one */
    device_end(&here.device);
}

/* ---- what is recorded, and what leaves ---- */

typedef struct Kinds {
    Str account;
    unsigned added, ended;
    bool named;
} Kinds;

static Rc kind_count(Ctx *ctx, void *arg, const Event *event) {
    (void)ctx;
    Kinds *kinds = arg;
    bool mine = event->delta && str_eq(event->delta->id, kinds->account);
    kinds->added += mine && str_eq(event->head.kind, STR("passkey.add"));
    kinds->ended += mine && str_eq(event->head.kind, STR("passkey.end"));
    kinds->named = kinds->named || (mine && str_eq(event->head.actor, kinds->account));
    return RC_OK;
}

static void each_change_stands_in_the_ledger_and_nobody_reads_a_passkey(void **state) {
    House *house = *state;
    Person chief = person_new(house, "chief's telephone");
    Kinds kinds = {.account = house->chief.id};
    person_passworded(house, "chief");
    person_added(&chief, "chief");
    Str id = str_dup(house->arena, person_listed(&chief).items[0].id);
    Str record = str_fmt(house->arena, "urn:ngsi-ld:Passkey:" STR_FMT, STR_ARG(id));
    const Entity *passkey = house_entity(house, record);
    Actor *const all[] = {&house->nobody, &house->clerk, &house->chief, &house->resident};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        house->ctx.actor = all[i];
        assert_null(gate_view(&house->ctx, NULL, passkey));
    }
    person_act(&chief, chief.actor.browser);
    GOOD(house, gate_passkey_end(&house->ctx, id));
    uint64_t next = 0, head = ledger_head(house->tenant.ledger);
    LedgerWindow window = {.max_leaves = 1000, .each = kind_count, .arg = &kinds};
    while (next < head) {
        window.from = next;
        GOOD(house, ledger_read(&house->ctx, house->tenant.ledger, &window, &next));
    }
    assert_int_equal(kinds.added, 1);
    assert_int_equal(kinds.ended, 1);
    assert_true(kinds.named);
    device_end(&chief.device);
}

/* The id and whose it was stay, as opaque as they are; the key and all that a person has said go.
 */
static void what_is_erased_of_an_account_lets_nobody_in(void **state) {
    House *house = *state;
    Person clerk = person_new(house, "clerk's telephone");
    Str token;
    StrVec kept = {0};
    uint64_t rows;
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = house->chief.id},
                             .subject = house->clerk.id,
                             .reason = STR("test")};
    person_added(&clerk, "clerk");
    Str record = str_fmt(house->arena, "urn:ngsi-ld:Passkey:" STR_FMT,
                         STR_ARG(person_listed(&clerk).items[0].id));
    assert_false(str_empty(entity_text(house_entity(house, record), IRI("publicKey"))));
    vec_push(house->arena, &erasure.files, STR("常用/利用者アカウント"));
    GOOD(house, person_come_in(&clerk, &token));
    const ItemRange range = {.space = SPACE(STORE_LOCAL, "passkey")};
    GOOD(house, reader_items_count(&house->ctx, house->reader, &range, &rows));
    assert_int_equal(rows, 1);
    house_act(house, &house->chief);
    GOOD(house, gate_erase(&house->ctx, &erasure, &kept));
    assert_int_equal(kept.len, 0);
    GOOD(house, reader_items_count(&house->ctx, house->reader, &range, &rows));
    assert_int_equal(rows, 0); /* when he came in last goes, too */
    static const char *const gone[] = {LD_DEFAULT "publicKey", LD_DEFAULT "credentialId",
                                       LD_DEFAULT "passkeyName", LD_DEFAULT "userHandle"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        assert_true(str_empty(entity_text(house_entity(house, record), str_of(gone[i]))));
    FAILS(house, person_come_in(&clerk, &token), RC_DENIED, "wrong-passkey");
    device_end(&clerk.device);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_whole_up, house_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_passkey_is_added_listed_and_lets_in),
        TEST(how_somebody_came_in_and_the_counter_outlive_the_gate),
        TEST(what_has_ended_at_a_provider_ends_here),
        TEST(a_counter_that_goes_back_is_refused),
        TEST(a_device_without_counter_comes_in_again),
        TEST(what_nobody_has_and_what_is_signed_wrong_answer_the_same),
        TEST(tries_are_counted_as_those_of_passwords),
        TEST(made_up_answers_stop_nobodys_sign_in),
        TEST(a_challenge_is_answered_once_in_its_browser_for_its_use_and_soon),
        TEST(a_challenge_of_another_use_or_handle_is_none),
        TEST(passkeys_hold_for_the_name_that_the_city_is_asked_by),
        TEST(adding_and_removing_ask_who_it_is),
        TEST(who_came_by_a_token_has_none_here),
        TEST(names_and_members_have_bounds),
        TEST(a_credential_is_one_accounts_only),
        TEST(an_account_has_twenty_at_most_under_one_handle),
        TEST(one_removes_ones_own_only_and_it_lets_in_no_more),
        TEST(another_password_ends_the_passkeys),
        TEST(a_passkey_of_ones_own_confirms_who_one_is),
        TEST(officials_show_a_passkey_where_they_have_to),
        TEST(who_has_a_passkey_comes_in_by_it_alone),
        TEST(what_is_erased_of_an_account_lets_nobody_in),
        TEST(each_change_stands_in_the_ledger_and_nobody_reads_a_passkey),
    };
    return cmocka_run_group_tests_name("passkey", tests, NULL, NULL);
}
