/* Tests of the organisation as it is asked: who holds which post by the accounts, who is away by
   the ledger, and who may say so. */
#include "../procedure/house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Of the house: today is Friday. */
static const Date today = {2026, 11, 20};

static Date after(int days) {
    return time_days_date(time_date_days(today) + days);
}

static OrgDays days(int from, int until) {
    return (OrgDays){after(from), after(until)};
}

static Str account(House *house, const char *login, const char *post) {
    Str id;
    GateAccount wish = {.login = str_of(login), .kind = ACTOR_STAFF, .name = str_of(login)};
    if (post) vec_push(house->arena, &wish.posts, str_of(post));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_create(&house->ctx, &wish, &id));
    return str_dup(house->arena, id);
}

static Org loaded(House *house, const char *near) {
    StrVec posts = {0};
    Org org;
    if (near) vec_push(house->arena, &posts, str_of(near));
    GOOD(house, org_load(&house->ctx, house->arena, near ? &posts : NULL, &org));
    return org;
}

static void posts_are_held_by_whose_accounts_have_them(void **state) {
    House *house = *state;
    Org org = loaded(house, NULL);
    const OrgPost *chief = org_post(&org, STR("environment-waste-chief"));
    assert_non_null(chief);
    assert_true(str_eq(chief->superior, STR("environment-head")));
    assert_true(str_eq(chief->deputies.items[0], STR("environment-head")));
    assert_true(str_eq(org_present(&org, chief->id, today, NULL), house->chief.id));
    assert_false(org_is_held(&org, STR("environment-head"), today));
    Str head = account(house, "env-head", "environment-head");
    org = loaded(house, NULL);
    assert_true(str_eq(org_present(&org, STR("environment-head"), today, NULL), head));
}

static void who_lost_his_post_or_was_shut_out_holds_none(void **state) {
    House *house = *state;
    Str post = STR("environment-head"), head = account(house, "env-head", "environment-head");
    StrVec none = {0}, one = {0};
    Org org = loaded(house, NULL); /* all accounts have been read */
    assert_true(org_is_held(&org, post, today));
    GOOD(house, gate_account_disable(&house->ctx, head, true));
    org = loaded(house, NULL);
    assert_false(org_is_held(&org, post, today));
    GOOD(house, gate_account_disable(&house->ctx, head, false));
    GOOD(house, gate_account_posts(&house->ctx, head, &none));
    org = loaded(house, NULL);
    assert_false(org_is_held(&org, post, today));
    vec_push(house->arena, &one, post);
    GOOD(house, gate_account_posts(&house->ctx, head, &one));
    org = loaded(house, NULL);
    assert_true(org_is_held(&org, post, today));
}

static void near_a_post_are_its_deputies_and_all_above(void **state) {
    House *house = *state;
    (void)account(house, "env-head", "environment-head");
    (void)account(house, "finance", "finance-head");

    Org org = loaded(house, "environment-waste-chief");
    static const char *const held[] = {"environment-waste-chief", "environment-head", "mayor"};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        assert_true(org_is_held(&org, str_of(held[i]), today));
    assert_false(org_is_held(&org, STR("finance-head"), today));
}

static void an_absence_is_recorded_by_oneself_a_superior_or_the_operator(void **state) {
    House *house = *state;
    Actor head = house->chief, operated = house->chief;
    head.id = account(house, "env-head", "environment-head");
    head.post = gate_post(house->tenant.gate, STR("environment-head"))->id;
    operated.id = account(house, "runs", "information-operator");
    operated.post = STR("information-operator");
    operated.roles = 1u << ROLE_OPERATOR;
    Str chief = house->chief.id;
    house_act(house, &house->clerk);
    FAILS(house, away_add(&house->ctx, chief, days(0, 1)), RC_DENIED, "not-superior");
    FAILS(house, away_add(&house->ctx, STR("urn:ngsi-ld:Account:none"), days(0, 1)), RC_NOT_FOUND,
          "no-official");
    GOOD(house, away_add(&house->ctx, house->clerk.id, days(0, 0)));
    house_act(house, &house->chief);
    GOOD(house, away_add(&house->ctx, chief, days(0, 1)));
    house_act(house, &head);
    GOOD(house, away_add(&house->ctx, chief, days(5, 6)));
    house_act(house, &operated);
    GOOD(house, away_add(&house->ctx, chief, days(3, 3)));
    house_act(house, &house->resident);
    FAILS(house, away_add(&house->ctx, chief, days(9, 9)), RC_DENIED, "not-permitted");
    AwaySpans spans;
    GOOD(house, away_of(&house->ctx, chief, today, &spans));
    assert_int_equal(spans.len, 3);
    assert_int_equal(time_date_days(spans.items[1].days.from), time_date_days(after(3)));
    assert_true(str_eq(spans.items[2].by, STR("environment-head")));
    Org org = loaded(house, "environment-waste-chief");
    static const bool away[] = {true, true, false, true, false, true, true, false};
    for (int i = 0; i < (int)(sizeof away); i++)
        assert_int_equal(org_is_absent(&org, chief, after(i)), away[i]);
    assert_true(str_eq(org_deputy(&org, STR("environment-waste-chief"), today, NULL),
                       STR("environment-head")));
}

static void what_cannot_be_is_refused(void **state) {
    House *house = *state;
    Str chief = house->chief.id;
    house_act(house, &house->chief);
    static const struct {
        int from, until;
        const char *code;
    } rows[] = {{2, 1, "order"}, {-1, 1, "past"}, {1, 800, "far"}, {4, 6, "overlap"}};
    GOOD(house, away_add(&house->ctx, chief, days(3, 4)));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        FAILS(house, away_add(&house->ctx, chief, days(rows[i].from, rows[i].until)), RC_INVALID,
              rows[i].code);
    FAILS(house, away_end(&house->ctx, chief, after(4)), RC_NOT_FOUND, "no-absence");
    for (int i = 0; i < AWAY_MAX - 1; i++)
        GOOD(house, away_add(&house->ctx, chief, days(10 + i, 10 + i)));
    FAILS(house, away_add(&house->ctx, chief, days(100, 100)), RC_LIMIT, "too-many");
}

static void who_comes_back_is_there_again(void **state) {
    House *house = *state;
    Str chief = house->chief.id, post = STR("environment-waste-chief");
    house_act(house, &house->chief);
    GOOD(house, away_add(&house->ctx, chief, days(0, 9)));
    house->clock.fixed += 2 * TIME_DAY;
    Org org = loaded(house, "environment-waste-chief");
    assert_true(str_empty(org_present(&org, post, after(2), NULL)));
    assert_int_equal(time_date_days(org_back(&org, post, after(2))), time_date_days(after(10)));
    GOOD(house, away_end(&house->ctx, chief, today));
    org = loaded(house, "environment-waste-chief");
    assert_true(str_eq(org_present(&org, post, after(2), NULL), chief));
    assert_true(org_is_absent(&org, chief, after(1))); /* he was */
    GOOD(house, away_add(&house->ctx, chief, days(4, 5)));
    AwaySpans spans;
    GOOD(house, away_of(&house->ctx, chief, after(2), &spans));
    assert_int_equal(spans.len, 1); /* what is over went */
    GOOD(house, away_end(&house->ctx, chief, after(4)));
    GOOD(house, away_of(&house->ctx, chief, after(2), &spans));
    assert_int_equal(spans.len, 0);
}

static GateDuty nth_duty(House *house, size_t i) {
    GateDuties all;
    gate_duties(&house->ctx, &all);
    return all.items[i];
}

static void back(House *house, const Actor *who, int from) {
    house_act(house, (Actor *)(uintptr_t)who);
    GOOD(house, away_end(&house->ctx, who->id, after(from)));
}

/* What another does for him ends with his absence, also what it gives him to read. */
static void who_acts_for_him_does_so_while_he_is_away_alone(void **state) {
    House *house = *state;
    Actor appoints, other, new;
    static const int spans[][2] = {{0, 5}, {8, 9}, {20, 22}, {23, 24}};
    static const int orders[][3] = {{0, 9, RC_INVALID}, {0, 5}, {8, 9}, {20, 24}};
    bool waits;
    house_official(house, "appoints", "general-affairs-head", &appoints);
    house_official(house, "env-head", "environment-head", &other);
    appoints.stepped_up_at = INT64_MAX / 2;
    AppointWish wish = {DUTY_ACTING, other.id, STR("environment-waste-chief"), {0}, STR("出張")};
    for (size_t i = 0; i < 4; i++) {
        house_act(house, &house->chief);
        GOOD(house, away_add(&house->ctx, house->chief.id, days(spans[i][0], spans[i][1])));
    }
    house_act(house, &appoints);
    for (size_t i = 0; i < 4; i++) {
        wish.days = days(orders[i][0], orders[i][1]);
        assert_int_equal(appoint_order(&house->ctx, &wish, &waits), orders[i][2]);
        if (orders[i][2]) assert_true(str_eq(house->ctx.error.code, STR("holder-there")));
    }
    house->clock.fixed += 2 * TIME_DAY;
    back(house, &house->chief, 0); /* on the third day */
    assert_int_equal(nth_duty(house, 0).ended_at, house->clock.fixed);
    assert_int_equal(nth_duty(house, 1).ended_at, TIME_NONE);
    back(house, &house->chief, 8);
    assert_int_equal(nth_duty(house, 1).ended_at, house->clock.fixed);
    back(house, &house->chief, 23);
    assert_int_equal(nth_duty(house, 2).ended_at, TIME_NONE);
    assert_int_equal(time_date_days(nth_duty(house, 2).until), time_date_days(after(22)));
    wish.post = STR("citizens-head"); /* vacant */
    wish.days = days(2, 9);
    house_act(house, &appoints);
    GOOD(house, appoint_order(&house->ctx, &wish, &waits));
    house_official(house, "citizens", "citizens-head", &new);
    assert_int_equal(nth_duty(house, 3).ended_at, house->clock.fixed);
}

static bool acts_for_the_mayor(House *house, const Actor *who, int day) {
    OrgHow how;
    Org org = loaded(house, "mayor");
    return org_can_act(&org, who->id, STR("mayor"), after(day), &how) && how == HOW_ACTING;
}

static void is_away(House *house, const Actor *who, int from, int until) {
    house_act(house, (Actor *)(uintptr_t)who);
    GOOD(house, away_add(&house->ctx, who->id, days(from, until)));
}

/* Who orders, and the first two of those who act for the mayor by law. */
static void by_law(House *house, Actor *appoints, Actor *first, Actor *second) {
    house_official(house, "appoints", "general-affairs-head", appoints);
    house_official(house, "first", "general-director", first);
    house_official(house, "second", "citizens-director", second);
    appoints->stepped_up_at = INT64_MAX / 2;
}

/* 地方自治法152条: whom the law names is asked on the day itself, whoever was ordered before. */
static void who_is_first_by_law_acts_when_he_is_back_early(void **state) {
    House *house = *state;
    Actor appoints, first, second;
    bool waits;
    by_law(house, &appoints, &first, &second);
    is_away(house, &house->mayor, 0, 9);
    is_away(house, &first, 0, 3);
    is_away(house, &first, 4, 5);
    house_act(house, &appoints);
    AppointWish wish = {DUTY_ACTING, second.id, STR("mayor"), days(0, 5), STR("出張")};
    GOOD(house, appoint_order(&house->ctx, &wish, &waits));
    assert_true(acts_for_the_mayor(house, &second, 2));
    GateDuties before = {0};
    vec_push(house->arena, &before, nth_duty(house, 0));
    house->clock.fixed += 2 * TIME_DAY;
    back(house, &first, 0);
    GateDuty his = nth_duty(house, 1), rest = nth_duty(house, 2);
    assert_int_equal(nth_duty(house, 0).ended_at, house->clock.fixed);
    assert_true(str_eq(his.official, first.id) && his.by_law);
    assert_int_equal(time_date_days(his.from), time_date_days(after(2)));
    assert_int_equal(time_date_days(his.until), time_date_days(after(3)));
    assert_true(str_eq(rest.official, second.id) && !rest.by_law);
    assert_int_equal(time_date_days(rest.from), time_date_days(after(4)));
    assert_true(acts_for_the_mayor(house, &first, 2) && acts_for_the_mayor(house, &second, 4));
    assert_false(acts_for_the_mayor(house, &second, 2) || acts_for_the_mayor(house, &first, 4));
    back(house, &house->mayor, 0); /* it ends, whoever acts */
    assert_int_equal(nth_duty(house, 1).ended_at, house->clock.fixed);
    is_away(house, &house->mayor, 2, 9); /* an order that nobody has cut */
    GOOD(house, house_put(house, gate_duty_record(house->arena, STR("mayor"), &before)));
    gate_duty_changed(&house->ctx, STR("mayor"));
    assert_false(acts_for_the_mayor(house, &second, 2));
    Org org = loaded(house, "mayor");
    assert_null(org_stand_in(&org, STR("mayor"), after(2)));
    assert_true(acts_for_the_mayor(house, &second, 4));
}

/* A record as it is after years of orders: of these, all over. */
static void has_over(House *house, const GateDuty *like, size_t n) {
    GateDuties all = {0};
    for (size_t i = 0; i < n; i++) {
        GateDuty *over = vec_push(house->arena, &all, *like);
        over->id = str_fmt(house->arena, "over-%zu", i);
        over->ended_at = house->clock.fixed;
    }
    vec_push(house->arena, &all, *like);
    GOOD(house, house_put(house, gate_duty_record(house->arena, like->post, &all)));
    gate_duty_changed(&house->ctx, like->post);
}

/* Each absence that is cut short splits an order: his neighbouring days are one duty all the same,
   and of what is over no more stays than anywhere. */
static void what_the_law_takes_from_an_order_stays_few(void **state) {
    House *house = *state;
    static const int spans[][2] = {{0, 19}, {22, 25}, {26, 26}, {28, 28}, {29, 29}, {27, 27}};
    Actor appoints, first, second;
    bool waits;
    by_law(house, &appoints, &first, &second);
    is_away(house, &house->mayor, 20, 60);
    is_away(house, &first, 20, 21);
    for (size_t i = 1; i < 6; i++)
        is_away(house, &first, spans[i][0], spans[i][1]);
    is_away(house, &first, 30, 60);
    house_act(house, &appoints);
    AppointWish wish = {DUTY_ACTING, second.id, STR("mayor"), days(20, 60), STR("出張")};
    GOOD(house, appoint_order(&house->ctx, &wish, &waits));
    GateDuty order = nth_duty(house, 0);
    has_over(house, &order, 300);
    for (size_t i = 1; i < 6; i++)
        back(house, &first, spans[i][0]);
    GateDuties all;
    size_t open = 0, his = 0;
    gate_duties(&house->ctx, &all);
    VEC_EACH (const GateDuty, duty, &all)
        if (!gate_duty_over(house->tenant.gate, duty, house->clock.fixed)) {
            open++;
            his += duty->by_law;
        }
    assert_in_range(all.len, open, open + 200);
    assert_int_equal(his, 1); /* 22 to 29 */
    assert_int_equal(open, 3);
    assert_true(acts_for_the_mayor(house, &first, 27) && acts_for_the_mayor(house, &second, 30));
}

/* 4/1: the order of the law goes on with the successors of its posts, and an order passes to whom
   it names by then. */
static void the_order_of_the_law_follows_a_reorganisation(void **state) {
    House *house = *state;
    Actor appoints, first, second;
    bool waits;
    GatePost *post = (GatePost *)gate_post(house->tenant.gate, STR("general-director"));
    house_official(house, "appoints", "general-affairs-head", &appoints);
    house_official(house, "old", "general-director", &first);
    house_official(house, "first", "river-road-head", &first);
    house_official(house, "second", "citizens-director", &second);
    appoints.stepped_up_at = INT64_MAX / 2;
    post->abolished = after(1);
    post->successor = STR("river-road-head");
    is_away(house, &house->mayor, 0, 9);
    is_away(house, &first, 0, 3);
    house_act(house, &appoints);
    AppointWish wish = {DUTY_ACTING, second.id, STR("mayor"), days(1, 3), STR("出張")};
    GOOD(house, appoint_order(&house->ctx, &wish, &waits));
    wish.official = first.id;
    wish.days = days(4, 9);
    GOOD(house, appoint_order(&house->ctx, &wish, &waits));
    Org org = loaded(house, "mayor");
    assert_true(str_eq(org_by_law(&org, STR("mayor"), today), STR("general-director")));
    assert_true(str_eq(org_by_law(&org, STR("mayor"), after(1)), STR("citizens-director")));
    assert_true(str_eq(org_by_law(&org, STR("mayor"), after(4)), STR("river-road-head")));
    assert_true(
        str_eq(org_acts_by(&org, first.id, STR("mayor"), after(4))->main, STR("river-road-head")));
    house->clock.fixed += 2 * TIME_DAY;
    back(house, &first, 0);
    assert_true(acts_for_the_mayor(house, &first, 2) && acts_for_the_mayor(house, &first, 3));
    post->successor = STR_NONE; /* and without one the next is the first */
    org = loaded(house, "mayor");
    assert_true(str_eq(org_by_law(&org, STR("mayor"), after(2)), STR("citizens-director")));
}

/* Of a record from before all who had a draft were kept in it: its history has them. */
static void who_drafted_it_first_is_found_in_its_history(void **state) {
    House *house = *state;
    static const char *const drafters[] = {"urn:first", "urn:heir"};
    const Json *acts;
    Route route;
    StrVec had;
    Str id = STR("urn:ngsi-ld:Decision:before");
    GOOD(house,
         json_read(&house->ctx, STR("[{\"at\":1,\"verb\":\"amend\",\"actor\":\"urn:heir\"}]"),
                   JSON_LIMITS_DEFAULT, &acts));
    for (size_t i = 0; i < 2; i++) {
        Entity *decision = entity_new(house->arena, id, STR(DECIDE_TYPE));
        entity_set(house->arena, decision, STR(LD_DEFAULT "drafter"),
                   json_of_str(str_of(drafters[i])));
        if (i) entity_set_kind(house->arena, decision, ATTR_JSON, STR(LD_DEFAULT "acts"), *acts);
        GOOD(house, house_put(house, decision));
    }
    house_drain(house);
    GOOD(house, act_route(&house->ctx, house->arena, house_entity(house, id), &route, &had));
    assert_int_equal(route.n_drafters, 2);
    assert_true(str_eq(route.drafters[0], STR("urn:heir")));
    assert_true(str_eq(route.drafters[1], STR("urn:first")));
}

static void a_consultation_is_added_of_a_post_that_may_consent(void **state) {
    House *house = *state;
    static const struct {
        const char *post;
        bool may;
    } rows[] = {{"finance-head", true},
                {"finance-budget-clerk", false},
                {"audit-clerk", false},
                {"information-data-steward", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(
            act_may_consent(&house->ctx, gate_post(house->tenant.gate, str_of(rows[i].post))),
            rows[i].may);
}

/* Whom he may record for. */
static void those_beneath_are_listed(void **state) {
    House *house = *state;
    GateHolders ruled;
    house_act(house, &house->clerk);
    GOOD(house, away_ruled(&house->ctx, &ruled));
    assert_int_equal(ruled.len, 1);
    house_act(house, &house->chief);
    GOOD(house, away_ruled(&house->ctx, &ruled));
    assert_int_equal(ruled.len, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_whole_up, house_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(posts_are_held_by_whose_accounts_have_them),
        TEST(who_lost_his_post_or_was_shut_out_holds_none),
        TEST(near_a_post_are_its_deputies_and_all_above),
        TEST(an_absence_is_recorded_by_oneself_a_superior_or_the_operator),
        TEST(what_cannot_be_is_refused),
        TEST(who_comes_back_is_there_again),
        TEST(who_acts_for_him_does_so_while_he_is_away_alone),
        TEST(who_is_first_by_law_acts_when_he_is_back_early),
        TEST(what_the_law_takes_from_an_order_stays_few),
        TEST(the_order_of_the_law_follows_a_reorganisation),
        TEST(who_drafted_it_first_is_found_in_its_history),
        TEST(a_consultation_is_added_of_a_post_that_may_consent),
        TEST(those_beneath_are_listed),
    };
    return cmocka_run_group_tests_name("away", tests, NULL, NULL);
}
