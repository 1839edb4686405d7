/* Tests of routes: each verb with what refuses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "town.h"

/* chief and (in parallel) finance and legal before the head's decision; the clerk drafts. */
static Route begun(Town *town, RouteRules rules) {
    RoutePlan plan = {.drafter = STR("p-clerk"),
                      .drafter_post = STR("clerk"),
                      .decider_post = STR("head"),
                      .hash = STR("h1"),
                      .rules = rules};
    vec_push(town->ctx.arena, &plan.reviewers, STR("chief"));
    vec_push(town->ctx.arena, &plan.consulted, STR("finance"));
    vec_push(town->ctx.arena, &plan.consulted, STR("legal"));
    vec_push(town->ctx.arena, &plan.circulated, STR("director"));
    Route route;
    assert_int_equal(route_begin(&town->ctx, &plan, &route), RC_OK);
    return route;
}

enum { CHIEF, FINANCE, LEGAL, HEAD, DIRECTOR };

static RouteAct by(const char *post, RouteVerb verb, size_t stage) {
    static char person[TOWN_POSTS][32];
    size_t i = 0;
    while (strcmp(town_posts[i][0], post) != 0)
        i++;
    snprintf(person[i], sizeof person[i], "p-%s", post);
    return (RouteAct){.verb = verb,
                      .person = str_of(person[i]),
                      .post = str_of(town_posts[i][0]),
                      .day = TOWN_TODAY,
                      .stage = stage,
                      .to = ROUTE_STAGES_MAX,
                      .hash = STR("h1")};
}

static void good(Town *town, Route *route, RouteAct act) {
    Rc rc = route_act(&town->ctx, &town->org, &act, route);
    if (rc != RC_OK)
        fail_msg(STR_FMT ": " STR_FMT, STR_ARG(town->ctx.error.code),
                 STR_ARG(town->ctx.error.detail));
}

static void refused(Town *town, Route *route, RouteAct act, const char *code) {
    Route before = *route;
    Rc rc = route_act(&town->ctx, &town->org, &act, route);
    if (rc == RC_OK) fail_msg("expected %s", code);
    assert_string_equal(str_z(town->ctx.arena, town->ctx.error.code), code);
    assert_memory_equal(&before, route, sizeof before);
}

static void a_route_goes_by_its_ranks(void **state) {
    Town *town = *state;
    Route route = begun(town, (RouteRules){0});
    assert_int_equal(route.n, 5);
    refused(town, &route, by("head", ROUTE_APPROVE, HEAD), "not-due");
    refused(town, &route, by("finance", ROUTE_APPROVE, FINANCE), "not-due");
    refused(town, &route, by("legal", ROUTE_APPROVE, CHIEF), "not-turn");
    good(town, &route, by("chief", ROUTE_APPROVE, CHIEF));
    refused(town, &route, by("chief", ROUTE_APPROVE, CHIEF), "not-due");
    good(town, &route, by("legal", ROUTE_APPROVE, LEGAL)); /* in parallel */
    refused(town, &route, by("head", ROUTE_APPROVE, HEAD), "not-due");
    good(town, &route, by("finance", ROUTE_APPROVE, FINANCE));
    refused(town, &route, by("director", ROUTE_APPROVE, DIRECTOR),
            "not-due"); /* circulation informs of what is decided */
    RouteAct old = by("head", ROUTE_APPROVE, HEAD);
    old.hash = STR("h0");
    refused(town, &route, old, "other-contents");
    refused(town, &route, by("clerk", ROUTE_ISSUE, 0), "not-decided");
    good(town, &route, by("head", ROUTE_APPROVE, HEAD));
    assert_int_equal(route.state, ROUTE_DECIDED);
    good(town, &route, by("clerk", ROUTE_ISSUE, 0));
    refused(town, &route, by("clerk", ROUTE_ISSUE, 0), "issued");
    refused(town, &route, by("clerk", ROUTE_WITHDRAW, 0), "not-waiting");
    good(town, &route, by("director", ROUTE_APPROVE, DIRECTOR));
}

static Route before_decision(Town *town, RouteRules rules) {
    Route route = begun(town, rules);
    good(town, &route, by("chief", ROUTE_APPROVE, CHIEF));
    good(town, &route, by("finance", ROUTE_APPROVE, FINANCE));
    good(town, &route, by("legal", ROUTE_APPROVE, LEGAL));
    return route;
}

static void a_deputy_decides_for_an_absent_holder_who_sees_it_afterwards(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    RouteAct act = by("chief", ROUTE_APPROVE, HEAD);
    act.two_roles = true; /* he has reviewed it before */
    refused(town, &route, act, "not-turn");
    town_absent(town, "head", 0, 3);
    refused(town, &route, by("director", ROUTE_APPROVE, HEAD),
            "not-deputy"); /* the chief is there */
    refused(town, &route, by("chief", ROUTE_APPROVE, HEAD), "two-roles");
    good(town, &route, act);
    assert_int_equal(route.state, ROUTE_DECIDED);
    assert_int_equal(route.stages[HEAD].how, HOW_DEPUTY);
    assert_true(route.stages[HEAD].after);
    refused(town, &route, by("chief", ROUTE_SEE, HEAD), "not-holder");
    refused(town, &route, by("head", ROUTE_SEE, HEAD), "not-holder"); /* still away */
    RouteAct see = by("head", ROUTE_SEE, HEAD);
    see.day = town_day(4);
    good(town, &route, see);
    assert_false(route.stages[HEAD].after);
    refused(town, &route, see, "nothing-to-see");
}

static void important_matters_wait_for_their_decider(void **state) {
    Town *town = *state;
    town_absent(town, "head", 0, 3);
    Route route = before_decision(town, (RouteRules){.important = true});
    RouteAct act = by("chief", ROUTE_APPROVE, HEAD);
    act.two_roles = true;
    refused(town, &route, act, "important");
    RouteTurn turn;
    route_turn(&town->org, &route, HEAD, TOWN_TODAY, &turn);
    assert_int_equal(turn.wait, WAIT_ABSENT);
    assert_int_equal(time_date_days(turn.until), time_date_days(town_day(4)));
    act.urgent = true;
    refused(town, &route, act, "no-reason");
    act.opinion = STR("堤防が危ないため");
    good(town, &route, act);
    assert_true(str_eq(route.stages[HEAD].opinion, STR("堤防が危ないため")));
    Route instructed = before_decision(town, (RouteRules){.important = true, .instructed = true});
    act.urgent = false;
    good(town, &instructed, act);
}

static void a_vacant_post_has_an_acting_holder_without_seeing_afterwards(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    VEC_EACH (OrgHolding, holding, &town->org.holdings)
        if (str_eq(holding->post, STR("head"))) holding->days.until = town_day(-1);
    RouteAct act = by("chief", ROUTE_APPROVE, HEAD);
    act.two_roles = true;
    refused(town, &route, act, "vacant");
    RouteTurn turn;
    route_turn(&town->org, &route, HEAD, TOWN_TODAY, &turn);
    assert_int_equal(turn.wait, WAIT_VACANT);
    vec_push(town->ctx.arena, &town->org.holdings,
             (OrgHolding){.person = STR("p-legal"),
                          .post = STR("head"),
                          .days = {town_day(0), town_day(9)},
                          .how = HOW_ACTING});
    RouteAct acting = by("legal", ROUTE_APPROVE, HEAD);
    acting.post = STR("head");
    refused(town, &route, acting, "two-roles");
    acting.two_roles = true;
    good(town, &route, acting);
    assert_int_equal(route.stages[HEAD].how, HOW_ACTING);
    assert_false(route.stages[HEAD].after);
}

static void an_unsettled_consultation_is_never_decided_by_a_deputy(void **state) {
    Town *town = *state;
    Route route = begun(town, (RouteRules){0});
    good(town, &route, by("chief", ROUTE_APPROVE, CHIEF));
    refused(town, &route, by("finance", ROUTE_DISSENT, FINANCE), "no-reason");
    RouteAct no = by("finance", ROUTE_DISSENT, FINANCE);
    no.opinion = STR("予算がない");
    good(town, &route, no);
    good(town, &route, by("legal", ROUTE_APPROVE, LEGAL));
    assert_true(route_is_unsettled(&route));
    Route with_deputy = route;
    refused(town, &route, by("head", ROUTE_APPROVE, HEAD), "opinions");
    RouteAct seen = by("head", ROUTE_APPROVE, HEAD);
    seen.opinions_seen = true;
    good(town, &route, seen);
    town_absent(town, "head", 0, 1);
    RouteAct deputy = by("chief", ROUTE_APPROVE, HEAD);
    deputy.two_roles = deputy.opinions_seen = true;
    refused(town, &with_deputy, deputy, "unsettled");
}

static void the_table_may_send_an_unsettled_matter_up(void **state) {
    Town *town = *state;
    Route route = begun(town, (RouteRules){.unsettled_goes_up = true});
    good(town, &route, by("chief", ROUTE_APPROVE, CHIEF));
    RouteAct no = by("finance", ROUTE_DISSENT, FINANCE);
    no.opinion = STR("予算がない");
    good(town, &route, no);
    assert_true(str_eq(route.stages[HEAD].post, STR("mayor")));
    good(town, &route, by("legal", ROUTE_APPROVE, LEGAL));
    refused(town, &route, by("head", ROUTE_APPROVE, HEAD), "not-turn");
    RouteAct mayor = by("mayor", ROUTE_APPROVE, HEAD);
    mayor.opinions_seen = true;
    good(town, &route, mayor);
}

static void an_absent_reviewer_is_passed_over_and_sees_it_afterwards(void **state) {
    Town *town = *state;
    Route route = begun(town, (RouteRules){0});
    refused(town, &route, by("clerk", ROUTE_PASS, CHIEF), "present");
    town_absent(town, "chief", 0, 1);
    refused(town, &route, by("mayor", ROUTE_PASS, CHIEF), "not-on-route");
    good(town, &route, by("clerk", ROUTE_PASS, CHIEF));
    assert_true(route.stages[CHIEF].after && route.stages[CHIEF].stand == STAND_PASSED);
    refused(town, &route, by("clerk", ROUTE_PASS, FINANCE), "not-passed");
    good(town, &route, by("finance", ROUTE_APPROVE, FINANCE));
    good(town, &route, by("legal", ROUTE_APPROVE, LEGAL));
    good(town, &route, by("head", ROUTE_APPROVE, HEAD));
    RouteAct see = by("chief", ROUTE_SEE, CHIEF);
    see.day = town_day(2);
    good(town, &route, see);
}

static void returning_and_amending_voids_what_was_approved(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    refused(town, &route, by("head", ROUTE_RETURN, HEAD), "no-reason");
    RouteAct back = by("head", ROUTE_RETURN, HEAD);
    back.opinion = STR("金額を確かめて");
    back.to = HEAD;
    refused(town, &route, back, "not-before");
    Route earlier = route;
    back.to = FINANCE;
    good(town, &earlier, back);
    assert_int_equal(earlier.stages[CHIEF].stand, STAND_APPROVED);
    assert_int_equal(earlier.stages[LEGAL].stand, STAND_WAITING);
    back.to = ROUTE_STAGES_MAX;
    good(town, &route, back);
    assert_int_equal(route.state, ROUTE_RETURNED);
    RouteAct amend = by("clerk", ROUTE_AMEND, 0);
    refused(town, &route, by("chief", ROUTE_AMEND, 0), "not-drafter");
    amend.hash = STR_NONE;
    refused(town, &route, amend, "no-contents");
    Route same = route, minor = route;
    amend.hash = route.hash;
    good(town, &same, amend); /* as it was: it goes on where it stopped */
    assert_int_equal(same.state, ROUTE_WAITING);
    assert_int_equal(same.stages[CHIEF].stand, STAND_APPROVED);
    assert_true(route_is_due(&same, HEAD));
    refused(town, &same, amend, "unchanged");
    amend.hash = STR("h2");
    good(town, &route, amend);
    assert_int_equal(route.state, ROUTE_WAITING);
    for (size_t i = 0; i < route.n; i++)
        assert_int_equal(route.stages[i].stand, STAND_WAITING);
    amend.minor = true;
    good(town, &minor, amend);
    assert_true(minor.stages[CHIEF].changed && route_is_due(&minor, HEAD));
}

static void what_came_back_is_dropped_by_its_drafter(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    RouteAct drop = by("clerk", ROUTE_DROP, 0), again = by("clerk", ROUTE_AMEND, 0);
    refused(town, &route, drop, "not-back");
    good(town, &route, by("clerk", ROUTE_WITHDRAW, 0));
    refused(town, &route, by("chief", ROUTE_DROP, 0), "not-drafter");
    again.hash = route.hash;
    Route handed = route;
    good(town, &handed, again);
    assert_int_equal(handed.state, ROUTE_WAITING);
    good(town, &route, drop);
    assert_int_equal(route.state, ROUTE_DROPPED);
    refused(town, &route, again, "not-waiting");
    refused(town, &route, drop, "not-back");
}

static void a_minor_correction_is_shown_to_those_who_have_acted(void **state) {
    Town *town = *state;
    Route route = begun(town, (RouteRules){0});
    good(town, &route, by("chief", ROUTE_APPROVE, CHIEF));
    RouteAct amend = by("clerk", ROUTE_AMEND, 0);
    amend.hash = STR("h2");
    amend.minor = true;
    good(town, &route, amend);
    assert_int_equal(route.stages[CHIEF].stand, STAND_APPROVED);
    assert_true(route.stages[CHIEF].changed);
    refused(town, &route, by("finance", ROUTE_APPROVE, FINANCE), "other-contents");
    good(town, &route, by("chief", ROUTE_SEE, CHIEF));
    assert_false(route.stages[CHIEF].changed);
}

static void superiors_take_a_decision_up_and_consultations_are_added(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    refused(town, &route, by("chief", ROUTE_PULL_UP, 0), "not-superior");
    good(town, &route, by("director", ROUTE_PULL_UP, 0));
    assert_true(str_eq(route.stages[HEAD].post, STR("director")));
    assert_int_equal(route.stages[CHIEF].stand, STAND_APPROVED); /* nothing is void */
    RouteAct add = by("clerk", ROUTE_CONSULT_ADD, 0);
    add.added = STR("finance2");
    good(town, &route, add);
    refused(town, &route, add, "on-route");
    add.added = STR("nowhere");
    refused(town, &route, add, "no-post");
    RouteAct stranger = by("mayor", ROUTE_CONSULT_ADD, 0);
    stranger.added = STR("mayor");
    refused(town, &route, stranger, "not-turn");
    refused(town, &route, by("director", ROUTE_APPROVE, HEAD), "not-due");
    good(town, &route, by("finance2", ROUTE_APPROVE, 5));
    good(town, &route, by("director", ROUTE_APPROVE, HEAD));
}

static void the_drafter_does_not_decide(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    route.drafter = STR("p-head");
    assert_true(route_drafter_add(&route, route.drafter));
    RouteAct own = by("head", ROUTE_APPROVE, HEAD);
    own.two_roles = true;
    refused(town, &route, own, "own-draft");
    RouteTurn turn;
    route_turn(&town->org, &route, HEAD, TOWN_TODAY, &turn);
    assert_int_equal(turn.wait, WAIT_SUPERIOR);
    assert_true(str_eq(turn.post, STR("director")));
    good(town, &route, by("director", ROUTE_PULL_UP, 0));
    good(town, &route, by("director", ROUTE_APPROVE, HEAD));
    Route allowed = before_decision(town, (RouteRules){.drafter_decides = true});
    allowed.drafter = STR("p-head");
    assert_true(route_drafter_add(&allowed, allowed.drafter));
    good(town, &allowed, own);
}

static void a_reorganisation_names_successors(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    VEC_EACH (OrgPost, post, &town->org.posts)
        if (str_eq(post->id, STR("head"))) {
            post->abolished = town_day(1);
            post->successor = STR("director");
        }
    RouteAct late = by("head", ROUTE_APPROVE, HEAD);
    late.day = town_day(1);
    refused(town, &route, late, "not-turn");
    RouteAct heir = by("director", ROUTE_APPROVE, HEAD);
    heir.day = town_day(1);
    good(town, &route, heir);
    assert_int_equal(route.stages[HEAD].how, HOW_OWN);
}

/* Whoever is lent to a post, or leaves it, leaves there what he drafted. */
static void what_a_drafter_left_is_for_who_has_his_post(void **state) {
    Town *town = *state;
    Route route = begun(town, (RouteRules){0});
    RouteAct amend = by("legal", ROUTE_AMEND, 0);
    amend.post = STR("clerk");
    amend.hash = STR("h2");
    vec_push(town->ctx.arena, &town->org.holdings,
             (OrgHolding){.person = STR("p-legal"),
                          .post = amend.post,
                          .days = {town_day(0), town_day(9)},
                          .how = HOW_SUPPORT});
    refused(town, &route, amend, "not-drafter"); /* who drafted it is away, perhaps, and has it */
    VEC_EACH (OrgHolding, holding, &town->org.holdings)
        if (str_eq(holding->person, STR("p-clerk"))) holding->days.until = town_day(-1);
    refused(town, &route, by("clerk", ROUTE_WITHDRAW, 0), "not-drafter");
    refused(town, &route, by("legal", ROUTE_WITHDRAW, 0), "not-drafter"); /* under another post */
    Route signed_by_him = route;
    signed_by_him.stages[CHIEF].stand = STAND_APPROVED; /* and again as the drafter: two roles */
    signed_by_him.stages[CHIEF].actor = amend.person;
    refused(town, &signed_by_him, amend, "has-acted");
    RouteAct withdraw = amend;
    withdraw.verb = ROUTE_WITHDRAW;
    refused(town, &signed_by_him, withdraw, "has-acted");
    good(town, &route, amend);
    assert_true(str_eq(route.drafter, amend.person));
    assert_int_equal(route.how, HOW_SUPPORT);
}

/* Whoever had the draft, whose ever it is by now. */
static void nobody_decides_what_he_drafted_once(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    RouteAct no = by("head", ROUTE_REJECT, HEAD), up = by("director", ROUTE_PULL_UP, 0);
    RouteTurn turn;
    no.two_roles = true;
    no.opinion = STR("理由");
    route.drafter = STR("p-head");
    assert_true(route_drafter_add(&route, route.drafter));
    route.drafter = STR("p-director");
    assert_true(route_drafter_add(&route, route.drafter));
    refused(town, &route, no, "own-draft");
    no.verb = ROUTE_APPROVE;
    refused(town, &route, no, "own-draft");
    refused(town, &route, up, "own-draft");
    route_turn(&town->org, &route, HEAD, TOWN_TODAY, &turn);
    assert_int_equal(turn.wait, WAIT_SUPERIOR);
    assert_true(str_eq(turn.post, STR("mayor")));
    town_absent(town, "head", 0, 0); /* nor as a deputy */
    town_absent(town, "chief", 0, 0);
    up.verb = ROUTE_APPROVE;
    up.stage = HEAD;
    up.two_roles = true;
    refused(town, &route, up, "not-deputy");
    route_turn(&town->org, &route, HEAD, TOWN_TODAY, &turn);
    assert_true(turn.how == HOW_DEPUTY && str_eq(turn.person, STR("p-mayor")));
    for (int i = 0; i < ROUTE_DRAFTERS_MAX - 3; i++)
        assert_true(route_drafter_add(&route, str_fmt(town->ctx.arena, "p-%d", i)));
    assert_false(route_drafter_add(&route, STR("p-legal")));
    assert_true(route_drafter_add(&route, STR("p-head")));
    for (size_t i = 0; i < TOWN_POSTS; i++) /* the clerk has left, another has his post */
        if (str_eq(town->org.holdings.items[i].post, STR("clerk")))
            town->org.holdings.items[i].days.until = town_day(-1);
    vec_push(town->ctx.arena, &town->org.holdings,
             (OrgHolding){.person = STR("p-new"), .post = STR("clerk")});
    RouteAct last = {.verb = ROUTE_AMEND,
                     .person = STR("p-new"),
                     .post = STR("clerk"),
                     .day = TOWN_TODAY,
                     .hash = STR("h2")};
    route.drafter = STR("p-clerk");
    refused(town, &route, last, "too-many-drafters");
    last.verb = ROUTE_WITHDRAW; /* whoever is too many ends it */
    good(town, &route, last);
    assert_int_equal(route.state, ROUTE_WITHDRAWN);
}

static void rejecting_and_withdrawing_end_it(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0}), other = route;
    refused(town, &route, by("chief", ROUTE_REJECT, CHIEF), "not-decider");
    refused(town, &route, by("head", ROUTE_REJECT, HEAD), "no-reason");
    RouteAct no = by("head", ROUTE_REJECT, HEAD);
    no.opinion = STR("基準に合わない");
    good(town, &route, no);
    refused(town, &route, by("clerk", ROUTE_WITHDRAW, 0), "not-waiting");
    refused(town, &other, by("chief", ROUTE_WITHDRAW, 0), "not-drafter");
    good(town, &other, by("clerk", ROUTE_WITHDRAW, 0));
    refused(town, &other, by("head", ROUTE_APPROVE, HEAD), "not-due");
}

static void a_route_needs_a_decider_and_an_end(void **state) {
    Town *town = *state;
    Route route;
    RoutePlan plan = {.drafter = STR("p-clerk")};
    assert_int_equal(route_begin(&town->ctx, &plan, &route), RC_INVALID);
    plan.decider_post = STR("head");
    for (int i = 0; i < ROUTE_STAGES_MAX + 1; i++)
        vec_push(town->ctx.arena, &plan.reviewers, str_fmt(town->ctx.arena, "post-%d", i));
    assert_int_equal(route_begin(&town->ctx, &plan, &route), RC_INVALID);
    assert_true(str_eq(town->ctx.error.code, STR("too-long")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TOWN_TEST(a_route_goes_by_its_ranks),
        TOWN_TEST(a_deputy_decides_for_an_absent_holder_who_sees_it_afterwards),
        TOWN_TEST(important_matters_wait_for_their_decider),
        TOWN_TEST(a_vacant_post_has_an_acting_holder_without_seeing_afterwards),
        TOWN_TEST(an_unsettled_consultation_is_never_decided_by_a_deputy),
        TOWN_TEST(the_table_may_send_an_unsettled_matter_up),
        TOWN_TEST(an_absent_reviewer_is_passed_over_and_sees_it_afterwards),
        TOWN_TEST(returning_and_amending_voids_what_was_approved),
        TOWN_TEST(what_came_back_is_dropped_by_its_drafter),
        TOWN_TEST(a_minor_correction_is_shown_to_those_who_have_acted),
        TOWN_TEST(superiors_take_a_decision_up_and_consultations_are_added),
        TOWN_TEST(the_drafter_does_not_decide),
        TOWN_TEST(a_reorganisation_names_successors),
        TOWN_TEST(what_a_drafter_left_is_for_who_has_his_post),
        TOWN_TEST(nobody_decides_what_he_drafted_once),
        TOWN_TEST(rejecting_and_withdrawing_end_it),
        TOWN_TEST(a_route_needs_a_decider_and_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
