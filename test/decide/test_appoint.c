/* Tests of duties: who orders them, what they give and on which days, and that nobody has more by
   one than while it runs: in sessions that are open, in commands that wait, in what acts later. */
#include "../procedure/house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PASSWORD "correct horse battery"
#define WASTE    "environment-waste-clerk"

/* Of the house: today is Friday, 10:00 in Japan. */
static const Date today = {2026, 11, 20};

typedef struct Office {
    House house;
    Actor appoints, director, head, mayor, clerk; /* clerk: of another division than the house's */
} Office;

static Date after(int days) {
    return time_days_date(time_date_days(today) + days);
}

static void official(Office *office, const char *login, const char *post, Actor *out) {
    house_official(&office->house, login, post, out);
    out->stepped_up_at = INT64_MAX / 2;
}

static int set_up(void **state) {
    Office *office = mem_zero(sizeof *office);
    house_make(&office->house, HOUSE_SIGNED);
    official(office, "appoints", "general-affairs-head", &office->appoints);
    official(office, "director", "citizens-director", &office->director);
    official(office, "citizens", "citizens-head", &office->head);
    office->mayor = office->house.mayor;
    office->mayor.stepped_up_at = INT64_MAX / 2;
    official(office, "counter", "citizens-counter-clerk", &office->clerk);
    *state = office;
    return 0;
}

static int tear_down(void **state) {
    house_end(&((Office *)*state)->house);
    mem_free(*state);
    return 0;
}

static AppointWish wish(GateDutyKind kind, const Actor *official, const char *post, int from,
                        int until) {
    return (AppointWish){
        kind, official->id, str_of(post), {after(from), after(until)}, STR("受付の混雑")};
}

static void as(Office *office, Actor *actor) {
    house_act(&office->house, actor);
}

static void orders(Office *office, AppointWish wish) {
    bool waits;
    as(office, &office->appoints);
    GOOD(&office->house, appoint_order(&office->house.ctx, &wish, &waits));
    assert_false(waits);
}

static void refused(Office *office, Actor *by, AppointWish wish, Rc rc, const char *code) {
    bool waits;
    as(office, by);
    FAILS(&office->house, appoint_order(&office->house.ctx, &wish, &waits), rc, code);
}

static GateDuty only_duty(Office *office) {
    GateDuties all;
    gate_duties(&office->house.ctx, &all);
    assert_int_equal(all.len, 1);
    return all.items[0];
}

static Str signed_in(Office *office, const char *login) {
    Str token;
    office->house.ctx.actor = &office->house.nobody;
    GOOD(&office->house, gate_sign_in(&office->house.ctx, str_of(login), STR(PASSWORD), &token));
    return str_dup(office->house.arena, token);
}

static Actor asks(Office *office, Str token) {
    Actor actor;
    assert_true(gate_session_actor(&office->house.ctx, token, &actor));
    return actor;
}

static void takes(Office *office, Str token, const char *post) {
    Actor actor = asks(office, token);
    office->house.ctx.actor = &actor;
    GOOD(&office->house, gate_take_post(&office->house.ctx, str_of(post)));
}

static void acts_under(Office *office, Str token, const char *post, size_t posts, bool by_duty) {
    Actor actor = asks(office, token);
    assert_true(str_eq(actor.post, str_of(post)));
    assert_int_equal(actor.session->posts.len, posts);
    assert_int_equal(actor.by_duty, by_duty);
}

/* ---- what a duty gives, and when ---- */

static void a_post_is_his_while_the_duty_runs_and_in_sessions_that_are_open(void **state) {
    Office *office = *state;
    House *house = &office->house;
    Str token = signed_in(office, "counter");
    acts_under(office, token, "citizens-counter-clerk", 1, false);
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 1));
    acts_under(office, token, "citizens-counter-clerk", 2, false);
    takes(office, token, WASTE);
    acts_under(office, token, WASTE, 2, true);
    Actor actor = asks(office, token);
    assert_true(str_eq(actor.division, STR("environment")) && actor.roles == 1u << ROLE_CLERK);
    house_gate_again(house);
    acts_under(office, token, WASTE, 2, true); /* a restart takes nothing and gives nothing */
    house->clock.fixed += 38 * TIME_HOUR - 10 * TIME_MINUTE; /* the last day, ten to midnight */
    token = signed_in(office, "counter");
    takes(office, token, WASTE);
    actor = asks(office, token);
    house->clock.fixed += 20 * TIME_MINUTE;
    house->ctx.actor = &actor; /* a page that was asked for before midnight */
    FAILS(house, away_add(&house->ctx, actor.id, (OrgDays){after(9), after(9)}), RC_DENIED,
          "rights-changed");
    acts_under(office, token, "citizens-counter-clerk", 1, false);
    actor = asks(office, token);
    assert_true(actor.shifted); /* until he is told */
    house->ctx.actor = &actor;
    session_post_keep(&house->ctx);
    assert_false(asks(office, token).shifted);
}

static void a_duty_to_come_gives_nothing_before_its_first_day(void **state) {
    Office *office = *state;
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 1, 1));
    Str token = signed_in(office, "counter");
    acts_under(office, token, "citizens-counter-clerk", 1, false);
    Actor actor = asks(office, token);
    office->house.ctx.actor = &actor;
    FAILS(&office->house, gate_take_post(&office->house.ctx, STR(WASTE)), RC_DENIED,
          "not-your-post");
    office->house.clock.fixed += 14 * TIME_HOUR; /* midnight */
    token = signed_in(office, "counter");
    takes(office, token, WASTE);
    acts_under(office, token, WASTE, 2, true);
}

static void what_is_ended_is_gone_at_once_and_stays_in_the_record(void **state) {
    Office *office = *state;
    House *house = &office->house;
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 9));
    Str token = signed_in(office, "counter");
    takes(office, token, WASTE);
    Actor before = asks(office, token);
    GateDuty duty = only_duty(office);
    as(office, &office->head); /* whose clerk he is */
    GOOD(house, appoint_end(&house->ctx, duty.post, duty.id));
    house->ctx.actor = &before;
    FAILS(house, away_add(&house->ctx, before.id, (OrgDays){after(1), after(1)}), RC_DENIED,
          "rights-changed");
    acts_under(office, token, "citizens-counter-clerk", 1, false);
    duty = only_duty(office);
    assert_int_equal(duty.ended_at, house->clock.fixed);
    GateSessionsSeen sessions;
    Actor now = asks(office, token);
    house->ctx.actor = &now;
    gate_sessions(&house->ctx, &sessions);
    assert_true(str_eq(sessions.items[0].post, STR("citizens-counter-clerk")));
    assert_true(str_eq(duty.ended_by, STR("citizens-head")));
    as(office, &office->appoints);
    FAILS(house, appoint_end(&house->ctx, duty.post, duty.id), RC_NOT_FOUND, "no-duty");
    house->clock.fixed -= TIME_MINUTE; /* set back: what was ended stays so */
    acts_under(office, token, "citizens-counter-clerk", 1, false);
    house->clock.fixed += TIME_MINUTE;
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 9)); /* ordered anew */
    GateDuties all;
    gate_duties(&house->ctx, &all);
    assert_int_equal(all.len, 2);
}

/* Between its commit and the moment at which all sessions know of it. */
static void what_is_committed_counts_for_what_waits_behind_it(void **state) {
    Office *office = *state;
    House *house = &office->house;
    GateDuties ended = {0};
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 9));
    Str token = signed_in(office, "counter");
    takes(office, token, WASTE);
    Actor actor = asks(office, token);
    GateDuty *duty = vec_push(house->arena, &ended, only_duty(office));
    duty->ended_at = house->clock.fixed;
    GOOD(house, house_put(house, gate_duty_record(house->arena, duty->post, &ended)));
    acts_under(office, token, WASTE, 2, true); /* nobody was told yet */
    house->ctx.actor = &actor;
    FAILS(house, away_add(&house->ctx, actor.id, (OrgDays){after(1), after(1)}), RC_DENIED,
          "rights-changed");
}

/* Whom it is for is asked again at the commit. */
static void what_an_order_was_judged_by_is_judged_again(void **state) {
    Office *office = *state;
    House *house = &office->house;
    StrVec none = {0};
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 0)); /* all accounts are known */
    Entity *account = entity_dup(house->arena, house_entity(house, office->clerk.id));
    entity_set(house->arena, account, GATE_IRI("posts"), account_list(house->arena, &none));
    GOOD(house, house_put(house, account)); /* nobody was told yet */
    refused(office, &office->appoints, wish(DUTY_SUPPORT, &office->clerk, WASTE, 2, 3), RC_CONFLICT,
            "official-changed");
}

static void the_newest_of_those_that_are_over_stay_for_a_year(void **state) {
    Office *office = *state;
    House *house = &office->house;
    GateDuties all;
    for (int i = 0; i < 203; i++) {
        ArenaMark mark = arena_mark(house->ctx.arena);
        orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 9));
        gate_duties(&house->ctx, &all);
        const GateDuty *newest = &all.items[all.len - 1];
        GOOD(house, appoint_end(&house->ctx, newest->post, newest->id));
        arena_rewind(house->ctx.arena, mark);
    }
    gate_duties(&house->ctx, &all);
    assert_int_equal(all.len, 200);
    house->clock.fixed += 367 * TIME_DAY;
    AppointWish later = wish(DUTY_SUPPORT, &office->clerk, WASTE, 367, 367);
    orders(office, later);
    assert_int_equal(time_date_days(only_duty(office).from), time_date_days(later.days.from));
}

/* What acts later for somebody does it under the post under which he made it. */
static void what_acts_later_ends_with_the_duty(void **state) {
    Office *office = *state;
    House *house = &office->house;
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 0));
    Actor by = office->clerk;
    by.post = STR(WASTE);
    const Json *stored = gate_actor_write(house->arena, &by, STR("application-check"));
    GOOD(house, gate_actor_now(&house->ctx, stored));
    assert_true(house->ctx.actor->by_duty && str_eq(house->ctx.actor->post, STR(WASTE)));
    house->clock.fixed += TIME_DAY;
    FAILS(house, gate_actor_now(&house->ctx, stored), RC_DENIED, "post-lost");
}

static bool is_holder(Office *office, const char *post, const Actor *actor) {
    GateHolders holders;
    StrVec posts = {0};
    vec_push(office->house.arena, &posts, str_of(post));
    GOOD(&office->house, gate_holders(&office->house.ctx, &posts, &holders));
    VEC_EACH (const GateHolder, one, &holders)
        if (str_eq(one->account, actor->id)) return true;
    return false;
}

static void he_counts_as_a_holder_on_these_days_alone(void **state) {
    Office *office = *state;
    House *house = &office->house;
    assert_false(is_holder(office, WASTE, &office->clerk));
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 0));
    assert_true(is_holder(office, WASTE, &office->clerk));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_disable(&house->ctx, office->clerk.id, true));
    assert_false(is_holder(office, WASTE, &office->clerk));
    GOOD(house, gate_account_disable(&house->ctx, office->clerk.id, false));
    assert_true(is_holder(office, WASTE, &office->clerk));
    house->clock.fixed += TIME_DAY;
    assert_false(is_holder(office, WASTE, &office->clerk));
}

/* A duty is beside posts of one's own: who has left them all has nothing by it, from the commit on.
 */
static void without_a_post_of_his_own_a_duty_gives_nothing(void **state) {
    Office *office = *state;
    House *house = &office->house;
    StrVec none = {0};
    Entity *left = entity_new(house->arena, office->clerk.id, STR(ACCOUNT_TYPE));
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 9));
    Str token = signed_in(office, "counter");
    takes(office, token, WASTE);
    Actor actor = asks(office, token), by = office->clerk;
    by.post = STR(WASTE);
    const Json *stored = gate_actor_write(house->arena, &by, STR("application-check"));
    *left = *house_entity(house, office->clerk.id);
    left = entity_dup(house->arena, left);
    entity_set_kind(house->arena, left, ATTR_JSON, STR(LD_DEFAULT "posts"), json_of_items(NULL, 0));
    GOOD(house, house_put(house, left)); /* nobody was told yet */
    house->ctx.actor = &actor;
    FAILS(house, away_add(&house->ctx, actor.id, (OrgDays){after(1), after(1)}), RC_DENIED,
          "rights-changed");
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_posts(&house->ctx, office->clerk.id, &none));
    assert_false(is_holder(office, WASTE, &office->clerk));
    FAILS(house, gate_actor_now(&house->ctx, stored), RC_DENIED, "post-lost");
    acts_under(office, token, "", 0, false);
}

/* Rights don't move without an order: what is open follows to the successor, the duty doesn't. */
static void a_duty_ends_with_its_post(void **state) {
    Office *office = *state;
    House *house = &office->house;
    GatePost *post = (GatePost *)gate_post(house->tenant.gate, STR("environment-head"));
    orders(office, wish(DUTY_ACTING, &office->head, "environment-head", 0, 9));
    assert_true(is_holder(office, "environment-head", &office->head));
    post->abolished = after(1);
    post->successor = STR("citizens-director");
    refused(office, &office->appoints, wish(DUTY_ACTING, &office->clerk, "environment-head", 0, 1),
            RC_INVALID, "abolished");
    Org org;
    StrVec near = {0};
    vec_push(house->arena, &near, post->id);
    GOOD(house, org_load(&house->ctx, house->arena, &near, &org));
    assert_true(str_eq(org_present(&org, post->id, today, NULL), office->head.id));
    Str now = org_post_now(&org, post->id, after(1));
    assert_true(str_eq(org_present(&org, now, after(1), NULL), office->director.id));
    house->clock.fixed += TIME_DAY;
    assert_false(is_holder(office, "environment-head", &office->head));
    assert_false(is_holder(office, "citizens-director", &office->head));
}

/* ---- who orders ---- */

static void nobody_orders_what_is_not_his_to_order(void **state) {
    Office *office = *state;
    House *house = &office->house;
    AppointWish acting = wish(DUTY_ACTING, &office->head, "environment-head", 0, 1),
                help = wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 1);
    refused(office, &house->resident, help, RC_DENIED, "not-permitted");
    refused(office, &house->clerk, help, RC_DENIED, "not-permitted");
    refused(office, &office->director, acting, RC_DENIED, "not-appointing");
    Actor own = office->appoints; /* nor the appointing side for itself */
    refused(office, &own, wish(DUTY_ACTING, &own, "environment-head", 0, 1), RC_DENIED, "own-duty");
    refused(office, &house->chief, help, RC_DENIED, "not-head"); /* a chief within a division */
    Actor late = office->appoints;
    late.stepped_up_at = TIME_NONE;
    refused(office, &late, acting, RC_DENIED, "needs-step-up");
    AppointWish nobody = acting;
    nobody.official = STR("urn:ngsi-ld:Account:none");
    refused(office, &office->appoints, nobody, RC_NOT_FOUND, "no-official");
    orders(office, acting);
    refused(office, &office->mayor, wish(DUTY_ACTING, &office->head, "general-affairs-head", 0, 1),
            RC_INVALID, "holder-there"); /* he may: he is above */
}

static void what_cannot_be_is_refused(void **state) {
    Office *office = *state;
    const Actor *head = &office->head, *clerk = &office->clerk;
    const struct {
        AppointWish wish;
        const char *code;
    } rows[] = {
        {wish(DUTY_KINDS, head, "environment-head", 0, 1), "no-kind"},
        {wish(DUTY_ACTING, head, "no-such-post", 0, 1), "no-post"},
        {wish(DUTY_ACTING, head, WASTE, 0, 1), "no-chief"},
        {wish(DUTY_SUPPORT, clerk, "environment-head", 0, 1), "lends-authority"},
        {wish(DUTY_SUPPORT, clerk, "information-operator", 0, 1), "lends-authority"},
        {wish(DUTY_SUPPORT, clerk, "counter-team-member", 0, 1), "team-post"},
        {wish(DUTY_TEAM, clerk, WASTE, 0, 1), "no-team"},
        {wish(DUTY_SUPPORT, clerk, "citizens-counter-clerk", 0, 1), "holds-it"},
        {wish(DUTY_ACTING, clerk, "citizens-head", 0, 1), "holder-there"},
        {wish(DUTY_CHARGE, head, "environment-head", 0, 1), "not-above"},
        {wish(DUTY_CHARGE, &office->director, "citizens-head", 0, 1), "not-vacant"},
        {wish(DUTY_SUPPORT, clerk, WASTE, 2, 1), "order"},
        {wish(DUTY_SUPPORT, clerk, WASTE, -1, 1), "past"},
        {wish(DUTY_SUPPORT, clerk, WASTE, 0, 800), "far"},
        {wish(DUTY_SUPPORT, clerk, WASTE, 4, 9), "overlap"},
        {wish(DUTY_CHARGE, &office->director, "environment-head", 4, 9), "taken"},
    };
    orders(office, wish(DUTY_SUPPORT, clerk, WASTE, 3, 4));
    orders(office, wish(DUTY_ACTING, head, "environment-head", 3, 4));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refused(office, &office->appoints, rows[i].wish, RC_INVALID, rows[i].code);
    GatePost *mixed = (GatePost *)gate_post(office->house.tenant.gate, STR("finance-head"));
    mixed->roles |= 1u << ROLE_OPERATOR;
    refused(office, &office->appoints, wish(DUTY_ACTING, head, "finance-head", 0, 1), RC_INVALID,
            "no-chief");
    AppointWish silent = wish(DUTY_SUPPORT, clerk, WASTE, 6, 7);
    silent.ground = STR(" 　");
    refused(office, &office->appoints, silent, RC_INVALID, "no-ground");
    char text[3 * (APPOINT_GROUND + 1)];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "\xe3\x81\x82"[i % 3];
    silent.ground = (Str){text, sizeof text};
    refused(office, &office->appoints, silent, RC_INVALID, "long");
    silent.ground = (Str){text, sizeof text - 3};
    orders(office, silent);
    for (int i = 2; i < APPOINT_OPEN; i++)
        orders(office, wish(DUTY_SUPPORT, clerk, WASTE, 10 + i, 10 + i));
    refused(office, &office->appoints, wish(DUTY_SUPPORT, clerk, WASTE, 300, 300), RC_LIMIT,
            "too-many");
}

static void help_is_ordered_from_above_or_agreed_by_both_heads(void **state) {
    Office *office = *state;
    House *house = &office->house;
    AppointWish help = wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 3);
    bool waits;
    Actor environment;
    official(office, "env-head", "environment-head", &environment);
    as(office, &environment);
    GOOD(house, appoint_order(&house->ctx, &help, &waits));
    assert_true(waits);
    GateDuty duty = only_duty(office);
    assert_true(str_eq(duty.waits, STR("official")));
    assert_false(is_holder(office, WASTE, &office->clerk)); /* one head alone lends nobody */
    FAILS(house, appoint_agree(&house->ctx, duty.post, duty.id), RC_DENIED, "not-head");
    as(office, &house->chief);
    FAILS(house, appoint_agree(&house->ctx, duty.post, duty.id), RC_DENIED, "not-head");
    as(office, &office->clerk);
    FAILS(house, appoint_agree(&house->ctx, duty.post, duty.id), RC_DENIED, "not-permitted");
    as(office, &office->head);
    GOOD(house, appoint_agree(&house->ctx, duty.post, duty.id));
    FAILS(house, appoint_agree(&house->ctx, duty.post, duty.id), RC_NOT_FOUND, "no-duty");
    duty = only_duty(office);
    assert_true(str_eq(duty.by, STR("environment-head")));
    assert_true(str_eq(duty.agreed_by, STR("citizens-head")) && str_empty(duty.waits));
    assert_true(is_holder(office, WASTE, &office->clerk));
    as(office, &office->director); /* above both */
    help.days = (OrgDays){after(5), after(6)};
    GOOD(house, appoint_order(&house->ctx, &help, &waits));
    assert_false(waits);
    AppointOffice all;
    as(office, &environment);
    GOOD(house, appoint_office(&house->ctx, &all));
    AppointMay may = appoint_may(&house->ctx, &all, &duty);
    assert_true(may.end && !may.agree);
    as(office, &house->clerk);
    may = appoint_may(&house->ctx, &all, &duty);
    assert_false(may.end || may.agree);
}

/* A duty makes nobody its post's head's man: not his superior, nor anybody for his whole person. */
static void a_superior_is_not_sent_beneath_himself(void **state) {
    Office *office = *state;
    House *house = &office->house;
    Actor environment, general;
    official(office, "env-head", "environment-head", &environment);
    official(office, "general", "general-director", &general);
    refused(office, &environment, wish(DUTY_SUPPORT, &office->director, WASTE, 0, 3), RC_INVALID,
            "superior");
    refused(office, &office->appoints, wish(DUTY_SUPPORT, &general, WASTE, 0, 3), RC_INVALID,
            "superior"); /* above who orders */
    orders(office, wish(DUTY_SUPPORT, &office->clerk, WASTE, 0, 3));
    as(office, &environment);
    FAILS(house, away_add(&house->ctx, office->clerk.id, (OrgDays){today, after(1)}), RC_DENIED,
          "not-superior");
}

/* His appointing side may be another's by now, or nobody's. */
static void an_acting_holder_is_recalled_by_his_posts_side_and_may_give_it_up(void **state) {
    Office *office = *state;
    House *house = &office->house;
    StrVec posts = {0};
    orders(office, wish(DUTY_ACTING, &office->head, "environment-head", 0, 9));
    GateDuty duty = only_duty(office);
    as(office, &office->head);
    FAILS(house, appoint_agree(&house->ctx, duty.post, duty.id), RC_NOT_FOUND, "no-duty");
    GOOD(house, appoint_end(&house->ctx, duty.post, duty.id)); /* his own */
    orders(office, wish(DUTY_ACTING, &office->head, "environment-head", 0, 9));
    vec_push(house->arena, &posts, STR("audit-clerk"));
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_posts(&house->ctx, office->head.id, &posts));
    GateDuties all;
    gate_duties(&house->ctx, &all);
    as(office, &office->appoints);
    GOOD(house, appoint_end(&house->ctx, all.items[1].post, all.items[1].id));
}

static void a_team_has_members_of_other_divisions(void **state) {
    Office *office = *state;
    orders(office, wish(DUTY_TEAM, &office->clerk, "counter-team-member", 0, 90));
    Str token = signed_in(office, "counter");
    takes(office, token, "counter-team-member");
    Actor actor = asks(office, token);
    assert_true(str_eq(actor.division, STR("counter-team")) && actor.by_duty);
    GateDuty duty;
    office->house.ctx.actor = &actor;
    assert_true(gate_duty_own(&office->house.ctx, actor.post, &duty));
    assert_int_equal(duty.kind, DUTY_TEAM);
    assert_false(gate_duty_own(&office->house.ctx, STR("citizens-counter-clerk"), &duty));
}

/* 地方自治法152条: the order is the city's rule; whoever is first in it and there. */
static void the_mayors_acting_holder_is_the_first_of_the_order_who_is_there(void **state) {
    Office *office = *state;
    House *house = &office->house;
    Actor general;
    official(office, "general", "general-director", &general);
    refused(office, &office->appoints, wish(DUTY_ACTING, &general, "mayor", 0, 3), RC_INVALID,
            "holder-there");
    as(office, &office->mayor);
    GOOD(house, away_add(&house->ctx, office->mayor.id, (OrgDays){today, after(9)}));
    refused(office, &office->appoints, wish(DUTY_ACTING, &office->director, "mayor", 0, 3),
            RC_INVALID, "not-in-order");
    as(office, &general);
    GOOD(house, away_add(&house->ctx, general.id, (OrgDays){today, after(1)}));
    refused(office, &office->appoints, wish(DUTY_ACTING, &general, "mayor", 0, 3), RC_INVALID,
            "not-in-order");
    refused(office, &office->appoints, wish(DUTY_ACTING, &office->director, "mayor", 0, 3),
            RC_INVALID, "order-changes"); /* the first is back meanwhile */
    assert_true(str_eq(house->ctx.error.path, STR("until.2026-11-22")));
    orders(office, wish(DUTY_ACTING, &office->director, "mayor", 0, 1));
    as(office, &general);
    GOOD(house, away_add(&house->ctx, general.id, (OrgDays){after(5), after(6)}));
    refused(office, &office->appoints, wish(DUTY_ACTING, &general, "mayor", 2, 9), RC_INVALID,
            "order-changes"); /* he is away himself */
    assert_true(str_eq(house->ctx.error.path, STR("until.2026-11-25")));
    orders(office, wish(DUTY_ACTING, &general, "mayor", 2, 4));
}

/* ---- in the organisation ---- */

static void who_acts_or_keeps_does_so_while_no_holder_is_there(void **state) {
    Office *office = *state;
    House *house = &office->house;
    Org org;
    OrgHow how;
    Str post = STR("citizens-head");
    as(office, &office->head);
    GOOD(house, away_add(&house->ctx, office->head.id, (OrgDays){today, after(4)}));
    orders(office, wish(DUTY_ACTING, &house->chief, "citizens-head", 0, 4));
    orders(office, wish(DUTY_CHARGE, &office->director, "environment-head", 0, 9));
    GOOD(house, org_load(&house->ctx, house->arena, NULL, &org));
    assert_true(org_can_act(&org, house->chief.id, post, today, &how));
    assert_int_equal(how, HOW_ACTING);
    assert_true(str_eq(org_present(&org, post, today, NULL), house->chief.id));
    assert_false(org_can_act(&org, house->chief.id, post, after(5), &how)); /* he is back */
    assert_true(str_eq(org_present(&org, post, after(5), NULL), office->head.id));
    assert_true(org_can_act(&org, office->director.id, STR("environment-head"), today, &how));
    assert_int_equal(how, HOW_CHARGE);
    assert_false(org_is_held(&org, STR("environment-head"), after(10)));
    GateDuties all;
    gate_duties(&house->ctx, &all);
    as(office, &office->mayor);
    GOOD(house, appoint_end(&house->ctx, all.items[0].post, all.items[0].id));
    GOOD(house, appoint_end(&house->ctx, all.items[1].post, all.items[1].id));
    GOOD(house, org_load(&house->ctx, house->arena, NULL, &org));
    assert_false(org_can_act(&org, house->chief.id, post, today, &how));
    assert_false(org_is_held(&org, STR("environment-head"), today));
}

/* ---- on routes that are open ---- */

static Str drafted(Office *office, const char *decider) {
    House *house = &office->house;
    Command *command =
        command_new(house->tenant.ledger, (CommandHead){.kind = STR("decision.draft")});
    Arena *arena = command_arena(command);
    PartDraft *part = NEW(arena, PartDraft);
    Json *contents = NEW(arena, Json);
    *contents = json_of_str(STR("本文"));
    *part = (PartDraft){.id = str_fmt(arena, "urn:ngsi-ld:Decision:%s", decider),
                        .kind = STR("test"),
                        .title = STR("職務代理の試験"),
                        .contents = contents,
                        .plan = {.drafter = house->clerk.id,
                                 .drafter_post = house->clerk.post,
                                 .decider_post = str_of(decider)},
                        .counter = counter_id(arena, STR("decision"), 2026),
                        .fiscal_year = 2026};
    Str id = str_dup(house->arena, part->id);
    command_needs(command, part->id);
    command_needs(command, part->counter);
    command_add(command, &part_decision_draft, part);
    GOOD(house, house_run(&house->ctx, command));
    return id;
}

static Route route_of(Office *office, Str id) {
    Route route;
    route_json_read(house_entity(&office->house, id), &route);
    return route;
}

/* As one of his posts, whichever the gate gives him. */
static Rc acts(Office *office, Actor by, const char *post, Str id, RouteVerb verb) {
    House *house = &office->house;
    PartAct *part;
    by.post = gate_post(house->tenant.gate, str_of(post))->id;
    as(office, &by);
    Command *command =
        command_new(house->tenant.ledger, (CommandHead){.kind = STR("decision.act")});
    RouteAct act = {.verb = verb,
                    .stage = ROUTE_STAGES_MAX,
                    .to = ROUTE_STAGES_MAX,
                    .hash = route_of(office, id).hash,
                    .opinion = STR("理由")};
    Rc rc = act_new(&house->ctx, command, id, &act, &part);
    if (rc != RC_OK) {
        command_free(command);
        return rc;
    }
    command_add(command, &part_decision_act, part);
    return house_run(&house->ctx, command);
}

static Rc approves(Office *office, Actor by, const char *post, Str id) {
    return acts(office, by, post, id, ROUTE_APPROVE);
}

/* The record says it of each act, and not of stages alone. */
static void what_he_does_is_recorded_as_who_acts(void **state) {
    Office *office = *state;
    House *house = &office->house;
    RouteDones dones;
    Str id = drafted(office, "environment-head");
    orders(office, wish(DUTY_ACTING, &house->chief, "environment-head", 0, 3));
    GOOD(house, acts(office, house->chief, "environment-head", id, ROUTE_REJECT));
    route_json_acts(house->arena, house_entity(house, id), &dones);
    assert_int_equal(dones.items[dones.len - 1].verb, ROUTE_REJECT);
    assert_int_equal(dones.items[dones.len - 1].how, HOW_ACTING);
    assert_true(str_eq(dones.items[dones.len - 1].main, STR("environment-waste-chief")));
}

/* 後閲 is somebody else's look: not of the deputy who acts for the post by now. */
static void nobody_sees_afterwards_what_he_did_himself(void **state) {
    Office *office = *state;
    House *house = &office->house;
    Actor head;
    official(office, "env-head", "environment-head", &head);
    as(office, &head);
    GOOD(house, away_add(&house->ctx, head.id, (OrgDays){today, after(4)}));
    Str id = drafted(office, "environment-head");
    GOOD(house, acts(office, house->chief, "environment-waste-chief", id, ROUTE_APPROVE));
    assert_true(route_of(office, id).stages[0].after);
    orders(office, wish(DUTY_ACTING, &house->chief, "environment-head", 0, 4));
    FAILS(house, acts(office, house->chief, "environment-head", id, ROUTE_SEE), RC_DENIED,
          "own-act");
    house->clock.fixed += 5 * TIME_DAY;
    GOOD(house, acts(office, head, "environment-head", id, ROUTE_SEE));
    assert_false(route_of(office, id).stages[0].after);
}

static void who_acts_decides_as_the_holder_and_nobody_has_to_see_it(void **state) {
    Office *office = *state;
    House *house = &office->house;
    Str id = drafted(office, "environment-head");
    FAILS(house, approves(office, house->chief, "environment-head", id), RC_DENIED, NULL);
    FAILS(house, approves(office, house->chief, "environment-waste-chief", id), RC_DENIED, NULL);
    orders(office, wish(DUTY_ACTING, &house->chief, "environment-head", 0, 3));
    GOOD(house, approves(office, house->chief, "environment-head", id));
    Route route = route_of(office, id);
    assert_int_equal(route.state, ROUTE_DECIDED);
    assert_int_equal(route.stages[0].how, HOW_ACTING);
    assert_true(str_eq(route.stages[0].actor_main, STR("environment-waste-chief")));
    assert_false(route.stages[0].after);
}

/* 4/1: what is open follows to the successor; who acted for the old post has nothing of it, and who
   acts for the successor decides. */
static void after_a_reorganisation_the_successors_acting_holder_decides(void **state) {
    Office *office = *state;
    House *house = &office->house;
    GatePost *post = (GatePost *)gate_post(house->tenant.gate, STR("environment-head"));
    Str id = drafted(office, "environment-head");
    orders(office, wish(DUTY_ACTING, &house->chief, "environment-head", 0, 9));
    post->abolished = after(1);
    post->successor = STR("river-road-head");
    orders(office, wish(DUTY_ACTING, &office->head, "river-road-head", 1, 9));
    FAILS(house, approves(office, office->head, "river-road-head", id), RC_DENIED, NULL);
    house->clock.fixed += TIME_DAY;
    FAILS(house, approves(office, house->chief, "environment-head", id), RC_DENIED, NULL);
    FAILS(house, approves(office, house->chief, "river-road-head", id), RC_DENIED, NULL);
    GOOD(house, approves(office, office->head, "river-road-head", id));
    assert_int_equal(route_of(office, id).stages[0].how, HOW_ACTING);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_post_is_his_while_the_duty_runs_and_in_sessions_that_are_open),
        TEST(a_duty_to_come_gives_nothing_before_its_first_day),
        TEST(what_is_ended_is_gone_at_once_and_stays_in_the_record),
        TEST(what_is_committed_counts_for_what_waits_behind_it),
        TEST(what_an_order_was_judged_by_is_judged_again),
        TEST(the_newest_of_those_that_are_over_stay_for_a_year),
        TEST(what_acts_later_ends_with_the_duty),
        TEST(he_counts_as_a_holder_on_these_days_alone),
        TEST(without_a_post_of_his_own_a_duty_gives_nothing),
        TEST(a_duty_ends_with_its_post),
        TEST(nobody_orders_what_is_not_his_to_order),
        TEST(what_cannot_be_is_refused),
        TEST(help_is_ordered_from_above_or_agreed_by_both_heads),
        TEST(a_superior_is_not_sent_beneath_himself),
        TEST(an_acting_holder_is_recalled_by_his_posts_side_and_may_give_it_up),
        TEST(a_team_has_members_of_other_divisions),
        TEST(the_mayors_acting_holder_is_the_first_of_the_order_who_is_there),
        TEST(who_acts_or_keeps_does_so_while_no_holder_is_there),
        TEST(what_he_does_is_recorded_as_who_acts),
        TEST(nobody_sees_afterwards_what_he_did_himself),
        TEST(who_acts_decides_as_the_holder_and_nobody_has_to_see_it),
        TEST(after_a_reorganisation_the_successors_acting_holder_decides),
    };
    return cmocka_run_group_tests_name("duties", tests, NULL, NULL);
}
