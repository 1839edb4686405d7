/* Tests of letting somebody into his account at a counter: what ends, what a code is good for and
 * how long, who may give one, and what is kept of it. */
#include "../procedure/house.h"
#include "person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WANTED STR("seven lanterns under the old bridge")

static Actor registrar;

/* The official at the counter, who has confirmed who he is. */
static void counter_acts(House *house) {
    if (str_empty(registrar.id))
        house_official(house, "registrar", "citizens-counter-clerk", &registrar);
    registrar.stepped_up_at = house->clock.fixed;
    house_act(house, &registrar);
    house->ctx.purpose = STR("identity-check");
}

static Str recover(House *house, const char *login, bool links) {
    Str code;
    GateOwner owner;
    GateRecovery recovery = {.account = account_id(&house->ctx, str_of(login)),
                             .document = STR("driving-licence"),
                             .links = links};
    counter_acts(house);
    GOOD(house, gate_recover(&house->ctx, &recovery, &owner, &code));
    return str_dup(house->arena, code);
}

static const Entity *account_of(House *house, const char *login) {
    return house_entity(house, account_id(&house->ctx, str_of(login)));
}

static bool is_in(House *house, Str token) {
    Actor actor;
    return gate_session_actor(&house->ctx, token, &actor);
}

/* As it stands on paper: in groups, and typed in capitals with an O for a 0. */
static Str as_typed(House *house, Str code) {
    char *text = arena_zero(house->arena, code.len + 8, 1);
    size_t n = 0;
    for (size_t i = 0; i < code.len; i++) {
        char c = code.ptr[i];
        if (i && i % 4 == 0) text[n++] = i % 8 ? '-' : ' ';
        text[n++] = (char)(c == '0' ? 'O' : c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    return (Str){text, n};
}

static Str code_used(Person *somebody, Str code) {
    House *house = somebody->house;
    Str token;
    person_nobody(somebody);
    GOOD(house, gate_code_use(&house->ctx, code, &token));
    token = str_dup(house->arena, token);
    person_act(somebody, token);
    return token;
}

static void what_was_lost_ends_and_another_password_is_chosen(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    GateChecks checks;
    Person somebody = person_new(house, "telephone");
    Str token;
    person_added(&somebody, "resident-1");
    Str before = str_dup(house->arena, somebody.actor.browser);
    Str code = recover(house, "resident-1", false);
    assert_int_equal(code.len, 24);
    assert_false(is_in(house, before));
    person_nobody(&somebody);
    FAILS(house, person_come_in(&somebody, &token), RC_DENIED, "wrong-passkey");
    Str came = code_used(&somebody, as_typed(house, code));
    assert_true(gate_by_code(ctx));
    FAILS(house, door_check(ctx, GATE_RESIDENT, &somebody.actor), RC_DENIED, "first-way");
    GOOD(house, door_check(ctx, GATE_RESIDENT | GATE_FIRST, &somebody.actor));
    FAILS(house, gate_renew_password(ctx, STR("short"), &token), RC_INVALID, "bad-password");
    GOOD(house, gate_renew_password(ctx, WANTED, &token));
    person_act(&somebody, str_dup(house->arena, token));
    assert_false(is_in(house, came));
    assert_false(gate_by_code(ctx));
    GOOD(house, door_check(ctx, GATE_RESIDENT, &somebody.actor));
    assert_int_equal(gate_proof(ctx), PROOF_CHECKED);
    GOOD(house, gate_checks(ctx, &checks));
    assert_int_equal(checks.len, 1);
    assert_true(str_eq(checks.items[0].document, STR("driving-licence")));
    assert_true(str_eq(checks.items[0].post, STR("citizens-counter-clerk")));
    assert_false(checks.items[0].opened);
    person_nobody(&somebody);
    FAILS(house, gate_code_use(ctx, code, &token), RC_DENIED, "wrong-code"); /* once */
    device_end(&somebody.device);
}

static void a_passkey_is_chosen_without_a_password(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "new telephone");
    Str token, code = recover(house, "resident-1", false);
    Str came = code_used(&somebody, code);
    GOOD(house, person_add(&somebody));
    assert_false(is_in(house, came));
    assert_false(gate_by_code(ctx));
    assert_int_equal(gate_authn(ctx), AUTHN_PASSKEY);
    GOOD(house, door_check(ctx, GATE_RESIDENT, &somebody.actor));
    person_nobody(&somebody);
    FAILS(house, gate_code_use(ctx, code, &token), RC_DENIED, "wrong-code");
    GOOD(house, person_come_in(&somebody, &token));
    device_end(&somebody.device);
}

static void link_add(House *house, const char *login) {
    Entity *link =
        entity_new(house->arena, STR("urn:ngsi-ld:OutsideIdentity:x"), STR(OUTSIDE_TYPE));
    Str id = account_id(&house->ctx, str_of(login));
    entity_set(house->arena, link, GATE_IRI("outsideAccount"), json_of_str(id));
    AccountChange change = {.kind = "outside.link", .id = id, .outsides.add = link};
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, account_change(&house->ctx, &change));
}

static void links_stay_unless_they_are_to_end(void **state) {
    House *house = *state;
    Str link = STR("urn:ngsi-ld:OutsideIdentity:x");
    link_add(house, "resident-1");
    (void)recover(house, "resident-1", false);
    assert_true(account_linked(account_of(house, "resident-1"), link));
    (void)recover(house, "resident-1", true);
    assert_false(account_linked(account_of(house, "resident-1"), link));
}

static Rc link_end(House *house) {
    AccountChange change = {.kind = "outside.end", .id = house->resident.id};
    vec_push(house->arena, &change.outsides.ends, STR("urn:ngsi-ld:OutsideIdentity:x"));
    house->ctx.actor = (Actor *)gate_operator_actor();
    return account_change(&house->ctx, &change);
}

/* A code ends by itself: the last link may not go while one waits, nor when it waits no more. */
static void a_code_that_waits_is_no_way_in(void **state) {
    House *house = *state;
    link_add(house, "resident-1");
    (void)recover(house, "resident-1", false);
    FAILS(house, link_end(house), RC_CONFLICT, "last-way");
    house->clock.fixed += GATE_CODE_LASTS + TIME_MINUTE;
    FAILS(house, link_end(house), RC_CONFLICT, "last-way");
}

/* He came in otherwise: what he chooses there ends it as well, and so does he. */
static void a_code_ends_by_its_owners_own_choice(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "telephone");
    int64_t until;
    Str token, code = recover(house, "resident-1", false);
    house->clock.fixed += TIME_SECOND;
    person_signed_in(&somebody, "resident-1");
    GOOD(house, gate_code_waits(ctx, &until));
    assert_int_equal(until, house->clock.fixed - TIME_SECOND + GATE_CODE_LASTS);
    person_stepped_up(&somebody);
    GOOD(house, person_add(&somebody));
    GOOD(house, gate_code_waits(ctx, &until));
    assert_int_equal(until, TIME_NONE);
    person_nobody(&somebody);
    FAILS(house, gate_code_use(ctx, code, &token), RC_DENIED, "wrong-code");
    code = recover(house, "resident-1", false);
    house->clock.fixed += TIME_SECOND;
    person_signed_in(&somebody, "resident-1");
    GOOD(house, gate_code_end(ctx));
    GOOD(house, gate_code_waits(ctx, &until));
    assert_int_equal(until, TIME_NONE);
    person_nobody(&somebody);
    FAILS(house, gate_code_use(ctx, code, &token), RC_DENIED, "wrong-code");
    device_end(&somebody.device);
}

/* What the next code's command has written, before it ends the sessions. */
static void next_code_written(House *house, Str account) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test.next")});
    Arena *arena = command_arena(command);
    Entity *after = entity_new(arena, str_dup(arena, account), STR(ACCOUNT_TYPE));
    entity_set(arena, after, GATE_IRI("recoveryCode"), json_of_str(STR("another")));
    entity_set(arena, after, GATE_IRI("sessionsFrom"),
               json_of_str(time_format(arena, house->clock.fixed)));
    command_put(command, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after}, PUT_PRESENT,
                0);
    GOOD(house, house_run(&house->ctx, command));
}

/* Whoever came by the first paper chooses nothing once there is a second, however fast he is. */
static void a_session_by_an_older_code_chooses_nothing(void **state) {
    House *house = *state;
    Person somebody = person_new(house, "telephone");
    Str token, code = recover(house, "resident-1", false);
    house->clock.fixed += TIME_SECOND;
    Str came = code_used(&somebody, code);
    house->clock.fixed += TIME_SECOND;
    next_code_written(house, account_id(&house->ctx, STR("resident-1")));
    person_act(&somebody, came);
    FAILS(house, gate_renew_password(&house->ctx, WANTED, &token), RC_DENIED, "wrong-code");
    device_end(&somebody.device);
}

static void a_code_holds_a_day_and_until_the_next_one(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "x");
    Str token, first = recover(house, "resident-1", false);
    Str second = recover(house, "resident-1", false);
    person_nobody(&somebody);
    FAILS(house, gate_code_use(ctx, first, &token), RC_DENIED, "wrong-code");
    house->clock.fixed += GATE_CODE_LASTS - TIME_MINUTE;
    house_gate_again(house); /* over a restart */
    Str came = code_used(&somebody, second);
    house_gate_again(house);
    person_act(&somebody, came);
    assert_true(gate_by_code(ctx)); /* who has yet to choose has so still */
    Str again = code_used(&somebody, second);
    assert_false(is_in(house, came)); /* one at a time */
    person_act(&somebody, again);
    house->clock.fixed += 2 * TIME_MINUTE;
    person_nobody(&somebody);
    FAILS(house, gate_code_use(ctx, second, &token), RC_DENIED, "wrong-code");
    device_end(&somebody.device);
}

static void codes_cannot_be_tried_out(void **state) {
    House *house = *state;
    Str token, code = recover(house, "resident-1", false);
    Actor nobody = {.kind = ACTOR_NOBODY, .client = STR("203.0.113.7"), .stepped_up_at = TIME_NONE};
    house_act(house, &nobody);
    for (int i = 0; i < 10; i++)
        FAILS(house, gate_code_use(&house->ctx, STR("0000-0000"), &token), RC_DENIED, "wrong-code");
    FAILS(house, gate_code_use(&house->ctx, code, &token), RC_LIMIT, "too-many-failures");
}

static void only_a_counter_that_has_confirmed_itself_gives_one(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    GateOwner owner;
    Str code;
    GateRecovery recovery = {.account = house->resident.id, .document = STR("passport")};
    Actor clerk = house->clerk;
    clerk.stepped_up_at = house->clock.fixed;
    counter_acts(house);
    house_act(house, &clerk);
    ctx->purpose = STR("identity-check");
    FAILS(house, gate_owner_login(ctx, STR("resident-1"), &owner), RC_DENIED, "not-permitted");
    FAILS(house, gate_recover(ctx, &recovery, &owner, &code), RC_DENIED, "not-permitted");
    counter_acts(house);
    registrar.stepped_up_at = TIME_NONE;
    FAILS(house, gate_recover(ctx, &recovery, &owner, &code), RC_DENIED, "needs-step-up");
    counter_acts(house);
    GOOD(house, gate_owner_login(ctx, STR("resident-1"), &owner));
    FAILS(house, gate_owner_login(ctx, STR("clerk"), &owner), RC_NOT_FOUND, "no-account");
    recovery.account = house->clerk.id; /* an official's is the operator's to see to */
    FAILS(house, gate_recover(ctx, &recovery, &owner, &code), RC_NOT_FOUND, "no-account");
    recovery.account = house->resident.id;
    recovery.document = STR("a face");
    FAILS(house, gate_recover(ctx, &recovery, &owner, &code), RC_INVALID, "no-document");
}

/* What a counter sees of an account, and does with it, stands among the looks at its owner. */
static void what_it_sees_and_does_is_recorded(void **state) {
    House *house = *state;
    GateOwner owner;
    Looks looks;
    counter_acts(house);
    GOOD(house, gate_owner_person(&house->ctx, house->resident.person, &owner));
    assert_true(str_eq(owner.id, house->resident.id));
    (void)recover(house, "resident-1", false);
    house_drain(house);
    LooksQuery query = {.subject = owner.id, .limit = 5};
    GOOD(house, project_looks(&house->ctx, house->tenant.project, &query, &looks));
    assert_int_equal(looks.len, 2);
    assert_true(str_eq(looks.items[0].why, STR(GATE_RECOVER_WHY)));
    assert_true(str_eq(looks.items[1].why, STR(GATE_OWNER_WHY)));
    assert_true(str_eq(looks.items[0].post, STR("citizens-counter-clerk")));
}

static void whoever_has_no_account_gets_one(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "x");
    Str code, token;
    GateOpening opening = {
        .login = STR("natsu"), .name = STR("星之森 なつ"), .document = STR("my-number-card")};
    counter_acts(house);
    GOOD(house, gate_open_account(ctx, &opening, &code));
    code = str_dup(house->arena, code);
    FAILS(house, gate_open_account(ctx, &opening, &token), RC_CONFLICT, "login-taken");
    opening.name = STR(" ");
    FAILS(house, gate_open_account(ctx, &opening, &token), RC_INVALID, "no-name");
    (void)code_used(&somebody, code);
    GOOD(house, gate_renew_password(ctx, WANTED, &token));
    person_act(&somebody, str_dup(house->arena, token));
    assert_int_equal(gate_proof(ctx), PROOF_CHECKED);
    assert_true(str_eq(gate_own_login(ctx), STR("natsu")));
    device_end(&somebody.device);
}

/* What the operator gives takes the code's place, and tells nothing of who asked for it. */
static void a_password_of_the_operator_ends_it(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "x");
    Str token, code = recover(house, "resident-1", false);
    ctx->actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_password(ctx, house->resident.id, STR("correct horse battery")));
    assert_int_equal(account_proof(account_of(house, "resident-1")), PROOF_DECLARED);
    assert_false(account_known(account_of(house, "resident-1")));
    person_nobody(&somebody);
    FAILS(house, gate_code_use(ctx, code, &token), RC_DENIED, "wrong-code");
    device_end(&somebody.device);
}

static void who_was_shut_out_stays_so(void **state) {
    House *house = *state;
    Ctx *ctx = &house->ctx;
    Person somebody = person_new(house, "x");
    GateOwner owner;
    Str token, code = recover(house, "resident-1", false);
    GateRecovery recovery = {.account = house->resident.id, .document = STR("passport")};
    ctx->actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_disable(ctx, house->resident.id, true));
    person_nobody(&somebody);
    FAILS(house, gate_code_use(ctx, code, &token), RC_DENIED, "wrong-code");
    counter_acts(house);
    FAILS(house, gate_recover(ctx, &recovery, &owner, &code), RC_DENIED, "disabled");
    device_end(&somebody.device);
}

static int up(void **state) {
    registrar = (Actor){0};
    return house_whole_up(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, house_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_was_lost_ends_and_another_password_is_chosen),
        TEST(a_passkey_is_chosen_without_a_password),
        TEST(links_stay_unless_they_are_to_end),
        TEST(a_code_that_waits_is_no_way_in),
        TEST(a_code_ends_by_its_owners_own_choice),
        TEST(a_session_by_an_older_code_chooses_nothing),
        TEST(a_code_holds_a_day_and_until_the_next_one),
        TEST(codes_cannot_be_tried_out),
        TEST(only_a_counter_that_has_confirmed_itself_gives_one),
        TEST(what_it_sees_and_does_is_recorded),
        TEST(whoever_has_no_account_gets_one),
        TEST(a_password_of_the_operator_ends_it),
        TEST(who_was_shut_out_stays_so),
    };
    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
