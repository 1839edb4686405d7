/* Tests of who comes in: signing in, its limits, sessions, steps up, forms and tokens. */
#include "../procedure/house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

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

/* ---- policies ---- */

static void signing_in_takes_login_and_password_and_tells_nothing_else(void **state) {
    House *house = *state;
    Str token;
    Actor actor;
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR("wrong horse battery"), &token),
          RC_DENIED, "wrong-password");
    Str detail = str_dup(house->arena, house->ctx.error.detail);
    FAILS(house, gate_sign_in(&house->ctx, STR("no such"), STR("wrong horse battery"), &token),
          RC_DENIED, "wrong-password");
    assert_true(str_eq(detail, house->ctx.error.detail));
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token));
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    assert_true(str_eq(actor.post, STR("environment-waste-clerk")));
    assert_true(actor.roles & 1u << ROLE_CLERK);
    assert_false(gate_session_actor(&house->ctx, STR("guessed"), &actor));
    house->ctx.actor = &actor;
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    GOOD(house, gate_sign_out(&house->ctx));
    assert_false(gate_session_actor(&house->ctx, token, &actor));
}

static void a_post_that_is_no_more_gives_no_right(void **state) {
    House *house = *state;
    Str session, token;
    Actor actor;
    GatePost *post = (GatePost *)gate_post(house->tenant.gate, STR("environment-waste-clerk"));
    GateTokenWish wish = {.account = STR("clerk"), .ttl = TIME_DAY};
    const Json *stored = gate_actor_write(house->arena, &house->clerk, STR_NONE);
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &session));
    GOOD(house, gate_token_create(&house->ctx, &wish, &token));
    post->abolished = time_jst_date(house->clock.fixed + TIME_DAY);
    assert_true(gate_session_actor(&house->ctx, session, &actor));
    assert_true(str_eq(actor.post, post->id));
    post->abolished = time_jst_date(house->clock.fixed);
    assert_true(gate_session_actor(&house->ctx, session, &actor));
    assert_true(str_empty(actor.post) && !(actor.roles & 1u << ROLE_CLERK));
    assert_true(token_actor(&house->ctx, house->tenant.gate, token, &actor));
    assert_true(str_empty(actor.post) && !(actor.roles & 1u << ROLE_CLERK));
    FAILS(house, gate_actor_now(&house->ctx, stored), RC_DENIED, "post-lost");
}

static void sessions_end_after_half_a_day(void **state) {
    House *house = *state;
    Str token;
    Actor actor;
    int64_t begun = house->clock.fixed;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token));
    for (; house->clock.fixed < begun + 12 * TIME_HOUR; house->clock.fixed += TIME_HOUR / 2)
        assert_true(gate_session_actor(&house->ctx, token, &actor));
    assert_false(gate_session_actor(&house->ctx, token, &actor));
}

/* Also where the gate was closed meanwhile; when it was used is written down now and then. */
static void a_session_ends_when_nothing_is_asked_in_it(void **state) {
    House *house = *state;
    Str token, other;
    Actor actor;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token));
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &other));
    house->clock.fixed += TIME_HOUR - 1;
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    house->ctx.actor = &actor;
    session_seen(&house->ctx);
    house->clock.fixed += 1;
    assert_false(gate_session_actor(&house->ctx, other, &actor));
    house_gate_again(house);
    assert_false(gate_session_actor(&house->ctx, other, &actor));
    house->clock.fixed += TIME_HOUR - 2;
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    house->clock.fixed += TIME_HOUR;
    assert_false(gate_session_actor(&house->ctx, token, &actor));
    GateSessionsSeen seen;
    house->ctx.actor = &actor;
    gate_sessions(&house->ctx, &seen);
    assert_int_equal(seen.len, 0);
}

/* As when both were asked for at the same moment. */
static void what_ended_a_session_is_not_undone(void **state) {
    House *house = *state;
    Str token;
    Actor actor, gone;
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token));
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    house->clock.fixed += TIME_HOUR / 2;
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    house->ctx.actor = &actor;
    GOOD(house, gate_sign_out(&house->ctx));
    session_seen(&house->ctx);
    (void)gate_take_post(&house->ctx, actor.post);
    house_gate_again(house);
    assert_false(gate_session_actor(&house->ctx, token, &gone));
}

static void signing_in_ends_what_the_browser_was_signed_in_as(void **state) {
    House *house = *state;
    Str before, after;
    Actor actor;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &before));
    assert_true(gate_session_actor(&house->ctx, before, &actor));
    house->ctx.actor = &actor;
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &after));
    house->ctx.actor = NULL;
    assert_false(gate_session_actor(&house->ctx, before, &actor));
    assert_true(gate_session_actor(&house->ctx, after, &actor));
}

/* A password beyond its bound is not hashed: the counters are what is tried here. */
static void beyond_600_tries_in_a_minute_nobody_is_looked_at(void **state) {
    House *house = *state;
    char text[2000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = 'x';
    Str token, unbounded = {text, sizeof text};
    int64_t begun = house->clock.fixed;
    for (int i = 0; i < 600; i++) {
        if (i == 300) house->clock.fixed += 20 * TIME_SECOND;
        Str login = str_fmt(house->ctx.arena, "login-%d", i);
        FAILS(house, gate_sign_in(&house->ctx, login, unbounded, &token), RC_DENIED,
              "wrong-password");
    }
    FAILS(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token), RC_LIMIT,
          "too-many-sign-ins");
    assert_int_equal(gate_retry_after(&house->ctx, STR("chief")), 41); /* what remains of it */
    house->clock.fixed = begun + 50 * TIME_SECOND;
    assert_int_equal(gate_retry_after(&house->ctx, STR("chief")), 11);
    house->clock.fixed = begun + TIME_MINUTE + TIME_SECOND;
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token));
}

static void too_many_failures_close_the_door_for_a_while(void **state) {
    House *house = *state;
    Str token;
    for (int i = 0; i < 10; i++)
        FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR("wrong"), &token), RC_DENIED,
              "wrong-password");
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token), RC_LIMIT,
          "too-many-failures");
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token));
    house->clock.fixed += 15 * TIME_MINUTE + 1;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token));
}

/* ---- tries at the same time ---- */

enum { GUESSERS = 24 };

typedef struct Guess {
    Ctx ctx;
    Rand rand;
    Actor actor;
    pthread_t thread;
    const char *login;
    pthread_barrier_t *start;
    Rc rc;
} Guess;

static void *guess_run(void *arg) {
    Guess *guess = arg;
    Str token;
    pthread_barrier_wait(guess->start);
    guess->rc = gate_sign_in(&guess->ctx, str_of(guess->login), STR("wrong"), &token);
    return NULL;
}

/* How many of the passwords were looked at. */
static int guess_all(House *house, const char *login, Str client) {
    Guess guesses[GUESSERS];
    pthread_barrier_t start;
    int looked_at = 0;
    pthread_barrier_init(&start, NULL, GUESSERS);
    for (size_t i = 0; i < GUESSERS; i++) {
        Guess *guess = &guesses[i];
        *guess = (Guess){.rand = rand_seeded(i), .login = login, .start = &start};
        guess->actor = house->nobody;
        guess->actor.client = client;
        guess->ctx = house_thread(house, &guess->rand);
        guess->ctx.actor = &guess->actor;
        assert_int_equal(pthread_create(&guess->thread, NULL, guess_run, guess), 0);
    }
    for (size_t i = 0; i < GUESSERS; i++) {
        assert_int_equal(pthread_join(guesses[i].thread, NULL), 0);
        looked_at += guesses[i].rc == RC_DENIED;
        assert_true(guesses[i].rc == RC_DENIED || guesses[i].rc == RC_LIMIT);
        house_thread_end(&guesses[i].ctx);
    }
    pthread_barrier_destroy(&start);
    return looked_at;
}

static void tries_at_the_same_time_pass_no_limit(void **state) {
    House *house = *state;
    Str token, here = STR("192.0.2.1");
    assert_int_equal(guess_all(house, "clerk", here), 10);
    house->nobody.client = here;
    house->ctx.actor = &house->nobody;
    for (int i = 0; i < 3; i++) /* who knows the password takes no place of those who guess */
        GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token));
    assert_int_equal(guess_all(house, "nobody-1", here), 10);
    assert_int_equal(guess_all(house, "nobody-2", here), 10);
    assert_int_equal(guess_all(house, "nobody-3", here), 10);
    assert_int_equal(guess_all(house, "nobody-4", here), 10);
    FAILS(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token), RC_LIMIT,
          "too-many-failures");
    house->nobody.client = STR("192.0.2.2");
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &token));
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token));
}

/* OWASP ASVS 5.0, 6.1.1. What is tried from many addresses ends, too. */
static void a_stranger_locks_nobody_out_but_from_where_he_is(void **state) {
    House *house = *state;
    Str token;
    house->ctx.actor = &house->nobody;
    for (int i = 0; i < 99; i++) {
        house->nobody.client = str_fmt(house->arena, "198.51.100.%d", i / 10);
        FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR("wrong"), &token), RC_DENIED,
              "wrong-password");
    }
    house->nobody.client = STR("192.0.2.1");
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token));
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR("wrong"), &token), RC_DENIED,
          "wrong-password");
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token), RC_LIMIT,
          "too-many-failures");
    assert_int_equal(gate_retry_after(&house->ctx, STR("clerk")), 901);
    house->clock.fixed += 15 * TIME_MINUTE + 1;
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token));
}

static bool sync_count(void *arg, const char *what) {
    if (str_eq(str_of(what), STR("sync"))) atomic_fetch_add((atomic_int *)arg, 1);
    return true;
}

/* Whoever has left a shared computer is signed out, whatever happens to the city's power. */
static void signing_out_is_on_the_disk_when_it_is_answered(void **state) {
    House *house = *state;
    static atomic_int syncs;
    static const StoreFault disk = {.step = sync_count, .arg = &syncs};
    Str token;
    Actor actor;
    house_on_disk(house, &disk);
    GOOD(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &token));
    assert_true(gate_session_actor(&house->ctx, token, &actor));
    house->ctx.actor = &actor;
    house_drain(house);
    int before = atomic_load(&syncs);
    GOOD(house, gate_sign_out(&house->ctx));
    assert_true(atomic_load(&syncs) > before);
}

static void accounts_are_checked_before_they_are_made(void **state) {
    House *house = *state;
    Str id;
    GateAccount wish = {.login = STR("new"), .password = STR("short"), .kind = ACTOR_STAFF};
    FAILS(house, gate_account_create(&house->ctx, &wish, &id), RC_INVALID, "bad-password");
    wish.password = STR(PASSWORD);
    wish.login = STR_NONE;
    FAILS(house, gate_account_create(&house->ctx, &wish, &id), RC_INVALID, "bad-login");
    wish.login = STR("clerk");
    FAILS(house, gate_account_create(&house->ctx, &wish, &id), RC_CONFLICT, "login-taken");
    wish.login = STR("new");
    vec_push(house->arena, &wish.posts, STR("no-such-post"));
    FAILS(house, gate_account_create(&house->ctx, &wish, &id), RC_INVALID, "no-post");
    for (unsigned kind = ACTOR_RESIDENT; kind <= ACTOR_SERVICE; kind++) {
        wish.kind = (ActorKind)kind;
        wish.posts.items[0] = STR("environment-waste-clerk");
        if (kind != ACTOR_STAFF)
            FAILS(house, gate_account_create(&house->ctx, &wish, &id), RC_INVALID, "no-official");
    }
    FAILS(house, gate_account_find(&house->ctx, STR("new"), &id), RC_NOT_FOUND, NULL);
}

static void a_route_with_step_up_closes_again_after_ten_minutes(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    const unsigned access = GATE_STAFF | GATE_STEP_UP | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF);
    Actor actor = house->chief;
    actor.stepped_up_at = TIME_NONE;
    FAILS(house, door_check(ctx, access, &house->nobody), RC_DENIED, "needs-sign-in");
    FAILS(house, door_check(ctx, access, &house->clerk), RC_DENIED, "not-permitted");
    FAILS(house, door_check(ctx, access, &actor), RC_DENIED, "needs-step-up");
    GOOD(house, door_check(ctx, access & ~(unsigned)GATE_STEP_UP, &actor));
    actor.stepped_up_at = house->clock.fixed;
    house->clock.fixed += 10 * TIME_MINUTE - 1;
    GOOD(house, door_check(ctx, access, &actor));
    house->clock.fixed += 1;
    FAILS(house, door_check(ctx, access, &actor), RC_DENIED, "needs-step-up");
}

static void forms_are_bound_to_their_browser(void **state) {
    House *house = *state;
    Actor one = house->nobody, other = house->nobody;
    one.browser = STR("aaaaaaaaaaaaaaaaaaaaaaaaaa");
    other.browser = STR("bbbbbbbbbbbbbbbbbbbbbbbbbb");
    house->ctx.actor = &one;
    Str first = gate_csrf(&house->ctx), again = gate_csrf(&house->ctx);
    house->ctx.actor = &other;
    assert_true(str_eq(first, again));
    assert_false(str_eq(first, gate_csrf(&house->ctx)));
    assert_int_equal(first.len, 26);
}

static void tokens_are_scoped_recorded_and_expire(void **state) {
    House *house = *state;
    Str token;
    Actor actor;
    GateTokenWish wish = {.account = STR("clerk"), .ttl = TIME_HOUR, .actions = 1u << ACT_READ};
    vec_push(house->arena, &wish.types, STR(CASE_TYPE));
    uint64_t head = ledger_head(house->tenant.ledger);
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_token_create(&house->ctx, &wish, &token));
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    assert_true(token_actor(&house->ctx, house->tenant.gate, token, &actor));
    house->ctx.actor = &actor;
    GateAsk ask = {.action = ACT_READ, .type = STR(CASE_TYPE), .class = CLASS_INTERNAL};
    assert_true(gate_permits(&house->ctx, &ask));
    ask.type = STR(DECIDE_TYPE);
    assert_false(gate_permits(&house->ctx, &ask)); /* another type */
    ask = (GateAsk){.action = ACT_CONFIRM, .type = STR(CASE_TYPE), .class = CLASS_INTERNAL};
    assert_false(gate_permits(&house->ctx, &ask)); /* another action */
    house->clock.fixed += TIME_HOUR;
    assert_false(token_actor(&house->ctx, house->tenant.gate, token, &actor));
    wish.ttl = 31 * TIME_DAY;
    FAILS(house, gate_token_create(&house->ctx, &wish, &token), RC_INVALID, "bad-ttl");
    wish.account = STR("nobody at all");
    FAILS(house, gate_token_create(&house->ctx, &wish, &token), RC_NOT_FOUND, "no-account");
}

static void sessions_and_tokens_outlive_the_gate(void **state) {
    House *house = *state;
    Str session, token;
    Actor actor;
    GateTokenWish wish = {.account = STR("clerk"), .ttl = TIME_HOUR};
    GOOD(house, gate_sign_in(&house->ctx, STR("chief"), STR(PASSWORD), &session));
    GOOD(house, gate_token_create(&house->ctx, &wish, &token));
    gate_close(&house->tenant);
    GateOptions options = {.policies = house_starter(house, "policies.json"),
                           .organisation = house_starter(house, "organisation.json")};
    GOOD(house, gate_open(&house->ctx, &house->tenant, &options));
    assert_true(gate_session_actor(&house->ctx, session, &actor));
    assert_true(str_eq(actor.post, STR("environment-waste-chief")));
    assert_true(token_actor(&house->ctx, house->tenant.gate, token, &actor));
    assert_true(str_eq(actor.id, house->clerk.id));
}

/* ---- what the operator ends ---- */

static GateSessionsSeen sessions_of(House *house, Actor *actor) {
    GateSessionsSeen seen;
    house->ctx.actor = actor;
    gate_sessions(&house->ctx, &seen);
    return seen;
}

static void signed_in(House *house, const char *login, Str *token, Actor *actor) {
    house->ctx.actor = &house->nobody;
    house->clock.fixed += TIME_SECOND;
    GOOD(house, gate_sign_in(&house->ctx, str_of(login), STR(PASSWORD), token));
    assert_true(gate_session_actor(&house->ctx, *token, actor));
}

static void one_sees_and_ends_ones_own_sessions_only(void **state) {
    House *house = *state;
    Str first, second, third, others;
    Actor one, two, three, chief, gone;
    house->nobody.client = STR("192.0.2.7");
    signed_in(house, "clerk", &first, &one);
    signed_in(house, "clerk", &second, &two);
    signed_in(house, "clerk", &third, &three);
    signed_in(house, "chief", &others, &chief);
    GateSessionsSeen seen = sessions_of(house, &three);
    assert_int_equal(seen.len, 3);
    assert_true(seen.items[0].own && !seen.items[1].own && !seen.items[2].own);
    assert_true(seen.items[0].started_at > seen.items[2].started_at);
    assert_true(str_eq(seen.items[2].client, STR("192.0.2.7")));
    Str of_chief = sessions_of(house, &chief).items[0].id;
    house->ctx.actor = &three;
    FAILS(house, gate_session_end(&house->ctx, seen.items[2].id), RC_DENIED, "needs-step-up");
    FAILS(house, gate_session_end(&house->ctx, STR_NONE), RC_DENIED, "needs-step-up");
    GOOD(house, gate_step_up(&house->ctx, STR(PASSWORD), &third));
    assert_true(gate_session_actor(&house->ctx, third, &three));
    FAILS(house, gate_session_end(&house->ctx, of_chief), RC_NOT_FOUND, "no-session");
    assert_true(gate_session_actor(&house->ctx, others, &gone));
    GOOD(house, gate_session_end(&house->ctx, seen.items[2].id));
    assert_false(gate_session_actor(&house->ctx, first, &gone));
    assert_true(gate_session_actor(&house->ctx, second, &gone));
    GOOD(house, gate_session_end(&house->ctx, STR_NONE));
    assert_false(gate_session_actor(&house->ctx, second, &gone));
    assert_true(gate_session_actor(&house->ctx, third, &gone));
    house_gate_again(house);
    assert_false(gate_session_actor(&house->ctx, second, &gone));
    assert_true(gate_session_actor(&house->ctx, third, &gone));
}

/* A command that was decided before and is not committed yet. */
static Rc late_command(House *house, Actor *actor) {
    house->ctx.actor = actor;
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test.late")});
    gate_guard(&house->ctx, command);
    PartNote *part = NEW(command_arena(command), PartNote);
    part->note = (StageNote){.kind = STR("late")};
    command_add(command, &part_note, part);
    return house_run(&house->ctx, command);
}

static void a_revoked_token_ends_at_once_and_for_good(void **state) {
    House *house = *state;
    Str token, kept;
    Actor actor, gone;
    GateTokensSeen seen;
    GateTokenWish wish = {.account = STR("clerk"), .ttl = TIME_HOUR, .actions = 1u << ACT_READ};
    vec_push(house->arena, &wish.types, STR(CASE_TYPE));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_token_create(&house->ctx, &wish, &token));
    house->clock.fixed += TIME_SECOND;
    GOOD(house, gate_token_create(&house->ctx, &wish, &kept));
    house->clock.fixed += TIME_SECOND;
    assert_true(token_actor(&house->ctx, house->tenant.gate, token, &actor));
    GOOD(house, gate_token_list(&house->ctx, true, &seen));
    assert_int_equal(seen.len, 2);
    assert_int_equal(seen.items[0].used_at, TIME_NONE);
    assert_int_equal(seen.items[1].used_at, house->clock.fixed);
    assert_int_equal(seen.items[1].expires_at - seen.items[1].made_at, TIME_HOUR);
    assert_int_equal(seen.items[1].actions, 1u << ACT_READ);
    assert_true(str_eq(seen.items[1].types.items[0], STR(CASE_TYPE)));
    assert_true(str_eq(seen.items[1].by, gate_operator_actor()->id));
    assert_true(str_find(seen.items[1].id, token) < 0);
    GOOD(house, late_command(house, &actor));
    house->ctx.actor = &house->chief;
    FAILS(house, gate_token_revoke(&house->ctx, seen.items[1].id), RC_NOT_FOUND, "no-token");
    FAILS(house, gate_token_list(&house->ctx, true, &seen), RC_DENIED, NULL);
    GOOD(house, gate_token_list(&house->ctx, false, &seen));
    assert_int_equal(seen.len, 0);
    house->ctx.actor = &house->clerk;
    GOOD(house, gate_token_list(&house->ctx, false, &seen));
    assert_int_equal(seen.len, 2);
    uint64_t head = ledger_head(house->tenant.ledger);
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_token_revoke(&house->ctx, seen.items[1].id));
    assert_int_equal(ledger_head(house->tenant.ledger), head + 1);
    assert_false(token_actor(&house->ctx, house->tenant.gate, token, &gone));
    assert_true(token_actor(&house->ctx, house->tenant.gate, kept, &gone));
    FAILS(house, late_command(house, &actor), RC_DENIED, "rights-changed");
    house->ctx.actor = (Actor *)gate_operator_actor();
    FAILS(house, gate_token_revoke(&house->ctx, seen.items[1].id), RC_NOT_FOUND, "no-token");
    house_gate_again(house);
    assert_false(token_actor(&house->ctx, house->tenant.gate, token, &gone));
    assert_true(token_actor(&house->ctx, house->tenant.gate, kept, &gone));
}

/* As where machi died between the commit and the deletion of the row. */
static void a_row_that_outlived_the_revocation_is_refused(void **state) {
    House *house = *state;
    Str token;
    Actor actor;
    GateTokensSeen seen;
    GateTokenWish wish = {.account = STR("clerk"), .ttl = TIME_HOUR};
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_token_create(&house->ctx, &wish, &token));
    GOOD(house, gate_token_list(&house->ctx, true, &seen));
    AccountChange change = {.kind = "token.revoke", .id = house->clerk.id};
    vec_push(house->arena, &change.revoke, seen.items[0].id);
    GOOD(house, account_change(&house->ctx, &change));
    assert_true(token_actor(&house->ctx, house->tenant.gate, token, &actor));
    house_gate_again(house);
    assert_false(token_actor(&house->ctx, house->tenant.gate, token, &actor));
}

static void when_a_token_was_used_outlives_the_gate(void **state) {
    House *house = *state;
    Str token;
    Actor actor;
    GateTokensSeen seen;
    GateTokenWish wish = {.account = STR("clerk"), .ttl = TIME_HOUR};
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_token_create(&house->ctx, &wish, &token));
    house->clock.fixed += TIME_MINUTE;
    int64_t used = house->clock.fixed;
    assert_true(token_actor(&house->ctx, house->tenant.gate, token, &actor));
    house->clock.fixed += TIME_MINUTE;
    house_gate_again(house);
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_token_list(&house->ctx, true, &seen));
    assert_int_equal(seen.items[0].used_at, used);
    assert_int_equal(seen.items[0].made_at, used - TIME_MINUTE);
}

static void a_disabled_account_is_out_at_once(void **state) {
    House *house = *state;
    Str session, token, again;
    Actor actor, gone;
    GateTokenWish wish = {.account = STR("clerk"), .ttl = TIME_HOUR};
    signed_in(house, "clerk", &session, &actor);
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_token_create(&house->ctx, &wish, &token));
    GOOD(house, late_command(house, &actor));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_disable(&house->ctx, house->clerk.id, true));
    assert_false(gate_session_actor(&house->ctx, session, &gone));
    assert_false(token_actor(&house->ctx, house->tenant.gate, token, &gone));
    FAILS(house, late_command(house, &actor), RC_DENIED, "rights-changed");
    house->ctx.actor = (Actor *)gate_operator_actor();
    FAILS(house, gate_sign_in(&house->ctx, STR("clerk"), STR(PASSWORD), &again), RC_DENIED,
          "wrong-password");
    FAILS(house, gate_token_create(&house->ctx, &wish, &again), RC_DENIED, "disabled");
    house_gate_again(house);
    assert_false(gate_session_actor(&house->ctx, session, &gone));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_disable(&house->ctx, house->clerk.id, false));
    assert_false(gate_session_actor(&house->ctx, session, &gone));
    assert_false(token_actor(&house->ctx, house->tenant.gate, token, &gone));
    signed_in(house, "clerk", &again, &actor);
    assert_true(str_eq(actor.post, STR("environment-waste-clerk")));
}

static void accounts_are_listed_at_the_machine_alone(void **state) {
    House *house = *state;
    GateAccountsSeen seen;
    Str token;
    Actor actor;
    signed_in(house, "clerk", &token, &actor);
    house_drain(house);
    FAILS(house, gate_account_list(&house->ctx, &seen), RC_DENIED, "not-permitted");
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_list(&house->ctx, &seen));
    assert_int_equal(seen.len, 5);
    size_t found = 0;
    VEC_EACH (const GateAccountSeen, one, &seen) {
        if (!str_eq(one->login, STR("clerk"))) continue;
        found++;
        assert_int_equal(one->sessions, 1);
        assert_int_equal(one->kind, ACTOR_STAFF);
        assert_true(one->demo && !one->disabled);
        assert_true(str_eq(one->posts.items[0], STR("environment-waste-clerk")));
    }
    assert_int_equal(found, 1);
}

/* ---- answers that go on ---- */

static void an_answer_that_goes_on_ends_with_the_session(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Str token;
    Actor actor;
    ctx->actor = NULL;
    GateStay nobody = gate_stay(ctx);
    for (int way = 0; way < 3; way++) { /* signing out, being shut out, time */
        signed_in(house, "chief", &token, &actor);
        ctx->actor = &actor;
        GateStay stay = gate_stay(ctx);
        assert_true(gate_stays(ctx, &stay));
        if (way == 0) GOOD(house, gate_sign_out(ctx));
        ctx->actor = (Actor *)gate_operator_actor();
        if (way == 1) {
            GOOD(house, gate_account_disable(ctx, house->chief.id, true));
            GOOD(house, gate_account_disable(ctx, house->chief.id, false));
            house->clock.fixed += TIME_SECOND;
        }
        if (way == 2) house->clock.fixed += 12 * TIME_HOUR;
        assert_false(gate_stays(ctx, &stay));
        assert_true(gate_stays(ctx, &nobody));
    }
}

/* ---- what acts for somebody later ---- */

static void what_was_made_before_asks_who_its_owner_is_now(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    StrVec posts = {0};
    GateAsk ask = {.action = ACT_CONFIRM, .type = STR(CASE_TYPE), .relation = REL_POST};
    const Json *stored = gate_actor_write(house->arena, &house->clerk, STR("bulky-waste-check"));
    uint64_t epoch = gate_epoch(&house->tenant);
    GOOD(house, gate_actor_now(ctx, stored));
    assert_true(gate_permits(ctx, &ask));
    assert_true(str_eq(ctx->purpose, STR("bulky-waste-check")));
    Actor *before = ctx->actor;
    uint64_t mark = gate_rights_mark(ctx);
    assert_int_equal(gate_epoch(&house->tenant), epoch);
    ctx->actor = (Actor *)gate_operator_actor();
    vec_push(house->arena, &posts, STR("citizens-counter-clerk"));
    GOOD(house, gate_account_posts(ctx, house->clerk.id, &posts));
    assert_true(gate_epoch(&house->tenant) != epoch);
    FAILS(house, gate_actor_now(ctx, stored), RC_DENIED, "post-lost");
    GateLater later = {0}; /* decided before, and committed now */
    vec_push(house->arena, &later.subjects, STR("urn:ngsi-ld:Person:x"));
    vec_push(house->arena, &later.records, STR("urn:ngsi-ld:ProblemReport:x"));
    ctx->actor = before;
    FAILS(house, gate_look_later(ctx, stored, &later, STR("test")), RC_DENIED, "post-lost");
    ctx->actor = (Actor *)gate_operator_actor();
    vec_push(house->arena, &posts, STR("environment-waste-clerk"));
    GOOD(house, gate_account_posts(ctx, house->clerk.id, &posts));
    GOOD(house, gate_actor_now(ctx, stored));
    assert_int_equal(gate_rights_mark(ctx), mark);
    GOOD(house, gate_look_later(ctx, stored, &later, STR("test")));
    ctx->actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_disable(ctx, house->clerk.id, true));
    FAILS(house, gate_actor_now(ctx, stored), RC_DENIED, "owner-disabled");
    Actor gone = house->clerk;
    gone.id = STR("urn:ngsi-ld:Account:none");
    stored = gate_actor_write(house->arena, &gone, STR_NONE);
    FAILS(house, gate_actor_now(ctx, stored), RC_DENIED, "owner-gone");
}

/* It lies in local.db, and is held against that of a later process: a hash with a key of the
   process would withhold all that waited over a restart. */
static void a_mark_of_rights_is_the_same_in_every_process(void **state) {
    House *house = *state;
    Actor official = {.kind = ACTOR_STAFF,
                      .id = STR("urn:ngsi-ld:Account:a"),
                      .post = STR("environment-waste-clerk"),
                      .stepped_up_at = TIME_NONE};
    house->tenant.gate->rules_mark = 7;
    house->ctx.actor = &official;
    house->ctx.purpose = STR_NONE;
    uint64_t mark = gate_rights_mark(&house->ctx);
    assert_true(mark == UINT64_C(0xf1105f5de277aec6));
    official.post = STR("environment-waste-chief");
    assert_true(gate_rights_mark(&house->ctx) != mark);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(signing_in_takes_login_and_password_and_tells_nothing_else),
        TEST(a_post_that_is_no_more_gives_no_right),
        TEST(sessions_end_after_half_a_day),
        TEST(a_session_ends_when_nothing_is_asked_in_it),
        TEST(what_ended_a_session_is_not_undone),
        TEST(signing_in_ends_what_the_browser_was_signed_in_as),
        TEST(beyond_600_tries_in_a_minute_nobody_is_looked_at),
        TEST(too_many_failures_close_the_door_for_a_while),
        TEST(tries_at_the_same_time_pass_no_limit),
        TEST(a_stranger_locks_nobody_out_but_from_where_he_is),
        TEST(signing_out_is_on_the_disk_when_it_is_answered),
        TEST(accounts_are_checked_before_they_are_made),
        TEST(a_route_with_step_up_closes_again_after_ten_minutes),
        TEST(forms_are_bound_to_their_browser),
        TEST(tokens_are_scoped_recorded_and_expire),
        TEST(sessions_and_tokens_outlive_the_gate),
        TEST(one_sees_and_ends_ones_own_sessions_only),
        TEST(a_revoked_token_ends_at_once_and_for_good),
        TEST(a_row_that_outlived_the_revocation_is_refused),
        TEST(when_a_token_was_used_outlives_the_gate),
        TEST(a_disabled_account_is_out_at_once),
        TEST(accounts_are_listed_at_the_machine_alone),
        TEST(an_answer_that_goes_on_ends_with_the_session),
        TEST(what_was_made_before_asks_who_its_owner_is_now),
        TEST(a_mark_of_rights_is_the_same_in_every_process),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
