/* Tests of routes: each verb with what refuses it, and the invariants over generated sequences of
   acts in a city whose officials come, go and stand in for one another. MACHI_TEST_LONG: a million
   sequences' acts instead of a hundred thousand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide/decide.h"

/* mayor > director > head > chief > clerk; finance > mayor; each held by the person of its first
 * letter. */
static const char *const posts[][3] = {
    {"mayor", "", ""},           {"director", "mayor", ""}, {"head", "director", "chief"},
    {"chief", "head", "head"},   {"clerk", "chief", ""},    {"finance", "mayor", "finance2"},
    {"finance2", "finance", ""}, {"legal", "director", ""},
};

enum { POSTS = sizeof posts / sizeof *posts };

static const Date today = {2026, 11, 20};

typedef struct Town {
    Ctx ctx;
    Clock clock;
    Rand rand;
    Org org;
} Town;

static Date after(int days) {
    return time_days_date(time_date_days(today) + days);
}

static int set_up(void **state) {
    Town *town = mem_zero(sizeof *town);
    town->rand = rand_seeded(11);
    town->ctx = (Ctx){.arena = arena_new(256 << 20),
                      .scratch = arena_new(1 << 20),
                      .clock = &town->clock,
                      .rand = &town->rand};
    for (size_t i = 0; i < POSTS; i++) {
        OrgPost post = {.id = str_of(posts[i][0]), .superior = str_of(posts[i][1])};
        if (*posts[i][2]) vec_push(town->ctx.arena, &post.deputies, str_of(posts[i][2]));
        vec_push(town->ctx.arena, &town->org.posts, post);
        vec_push(town->ctx.arena, &town->org.holdings,
                 (OrgHolding){.person = str_fmt(town->ctx.arena, "p-%s", posts[i][0]),
                              .post = post.id,
                              .days = {.from = {2020, 1, 1}}});
    }
    *state = town;
    return 0;
}

static int tear_down(void **state) {
    Town *town = *state;
    arena_free(town->ctx.arena);
    arena_free(town->ctx.scratch);
    mem_free(town);
    return 0;
}

static void absent(Town *town, const char *post, int from, int until) {
    OrgAbsence absence = {.person = str_fmt(town->ctx.arena, "p-%s", post),
                          .days = {after(from), after(until)}};
    vec_push(town->ctx.arena, &town->org.absences, absence);
}

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
    static char person[POSTS][32];
    size_t i = 0;
    while (strcmp(posts[i][0], post) != 0)
        i++;
    snprintf(person[i], sizeof person[i], "p-%s", post);
    return (RouteAct){.verb = verb,
                      .person = str_of(person[i]),
                      .post = str_of(posts[i][0]),
                      .day = today,
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
    absent(town, "head", 0, 3);
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
    see.day = after(4);
    good(town, &route, see);
    assert_false(route.stages[HEAD].after);
    refused(town, &route, see, "nothing-to-see");
}

static void important_matters_wait_for_their_decider(void **state) {
    Town *town = *state;
    absent(town, "head", 0, 3);
    Route route = before_decision(town, (RouteRules){.important = true});
    RouteAct act = by("chief", ROUTE_APPROVE, HEAD);
    act.two_roles = true;
    refused(town, &route, act, "important");
    RouteTurn turn;
    route_turn(&town->org, &route, HEAD, today, &turn);
    assert_int_equal(turn.wait, WAIT_ABSENT);
    assert_int_equal(time_date_days(turn.until), time_date_days(after(4)));
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
        if (str_eq(holding->post, STR("head"))) holding->days.until = after(-1);
    RouteAct act = by("chief", ROUTE_APPROVE, HEAD);
    act.two_roles = true;
    refused(town, &route, act, "vacant");
    RouteTurn turn;
    route_turn(&town->org, &route, HEAD, today, &turn);
    assert_int_equal(turn.wait, WAIT_VACANT);
    vec_push(town->ctx.arena, &town->org.holdings,
             (OrgHolding){.person = STR("p-legal"),
                          .post = STR("head"),
                          .days = {after(0), after(9)},
                          .acting = true});
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
    absent(town, "head", 0, 1);
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
    absent(town, "chief", 0, 1);
    refused(town, &route, by("mayor", ROUTE_PASS, CHIEF), "not-on-route");
    good(town, &route, by("clerk", ROUTE_PASS, CHIEF));
    assert_true(route.stages[CHIEF].after && route.stages[CHIEF].stand == STAND_PASSED);
    refused(town, &route, by("clerk", ROUTE_PASS, FINANCE), "not-passed");
    good(town, &route, by("finance", ROUTE_APPROVE, FINANCE));
    good(town, &route, by("legal", ROUTE_APPROVE, LEGAL));
    good(town, &route, by("head", ROUTE_APPROVE, HEAD));
    RouteAct see = by("chief", ROUTE_SEE, CHIEF);
    see.day = after(2);
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
    amend.hash = STR("h2");
    amend.minor = true; /* what was returned begins again all the same */
    refused(town, &route, by("chief", ROUTE_AMEND, 0), "not-drafter");
    good(town, &route, amend);
    assert_int_equal(route.state, ROUTE_WAITING);
    for (size_t i = 0; i < route.n; i++)
        assert_int_equal(route.stages[i].stand, STAND_WAITING);
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
    RouteAct own = by("head", ROUTE_APPROVE, HEAD);
    own.two_roles = true;
    refused(town, &route, own, "own-draft");
    RouteTurn turn;
    route_turn(&town->org, &route, HEAD, today, &turn);
    assert_int_equal(turn.wait, WAIT_SUPERIOR);
    assert_true(str_eq(turn.post, STR("director")));
    good(town, &route, by("director", ROUTE_PULL_UP, 0));
    good(town, &route, by("director", ROUTE_APPROVE, HEAD));
    Route allowed = before_decision(town, (RouteRules){.drafter_decides = true});
    allowed.drafter = STR("p-head");
    good(town, &allowed, own);
}

static void a_reorganisation_names_successors(void **state) {
    Town *town = *state;
    Route route = before_decision(town, (RouteRules){0});
    VEC_EACH (OrgPost, post, &town->org.posts)
        if (str_eq(post->id, STR("head"))) {
            post->abolished = after(1);
            post->successor = STR("director");
        }
    RouteAct late = by("head", ROUTE_APPROVE, HEAD);
    late.day = after(1);
    refused(town, &route, late, "not-turn");
    RouteAct heir = by("director", ROUTE_APPROVE, HEAD);
    heir.day = after(1);
    good(town, &route, heir);
    assert_int_equal(route.stages[HEAD].how, HOW_OWN);
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

/* ---- generated sequences */

/* What happened, kept beside the route: the invariants are judged from this, not from the route's
 * own flags. */
typedef struct Past {
    Str signed_by[ROUTE_STAGES_MAX]; /* who acts on which stage now */
    Str good_hashes[32];             /* contents since the last change that was not minor */
    size_t n_hashes;
    bool dissent[ROUTE_STAGES_MAX];
} Past;

static bool has_hash(const Past *history, Str hash) {
    for (size_t i = 0; i < history->n_hashes; i++)
        if (str_eq(history->good_hashes[i], hash)) return true;
    return false;
}

/* Nobody acts silently in two roles. */
static void check_roles(const Past *history, const Route *before, const RouteAct *act) {
    bool second = str_eq(before->drafter, act->person);
    for (size_t i = 0; i < before->n; i++)
        second |= i != act->stage && str_eq(history->signed_by[i], act->person);
    assert_true(!second || act->two_roles);
}

static void note_contents(Past *history, const Route *before, const RouteAct *act) {
    if (act->verb != ROUTE_AMEND) return;
    if (!act->minor || before->state == ROUTE_RETURNED) memset(history, 0, sizeof *history);
    if (history->n_hashes < 32) history->good_hashes[history->n_hashes++] = act->hash;
}

static void note_act(Past *history, const Route *before, const Route *route, const RouteAct *act) {
    bool signs = act->verb == ROUTE_APPROVE || act->verb == ROUTE_DISSENT;
    if (signs || act->verb == ROUTE_REJECT) check_roles(history, before, act);
    if (signs) history->signed_by[act->stage] = act->person;
    if (act->verb == ROUTE_DISSENT) history->dissent[act->stage] = true;
    note_contents(history, before, act);
    for (size_t i = 0; i < route->n; i++) {
        if (route->stages[i].stand != STAND_WAITING) continue;
        history->signed_by[i] = STR_NONE;
        history->dissent[i] = false;
    }
}

static void check_decided(const Town *town, const Route *route, const Past *history) {
    const RouteStage *decider = &route->stages[route_decider(route)];
    bool unsettled = false;
    for (size_t i = 0; i < route->n; i++) {
        const RouteStage *stage = &route->stages[i];
        if (stage->kind == ROUTE_CIRCULATE) continue;
        assert_int_not_equal(stage->stand, STAND_WAITING);
        if (stage->stand == STAND_PASSED) assert_int_equal(stage->kind, ROUTE_REVIEW);
        unsettled |= history->dissent[i];
    }
    assert_int_equal(decider->stand, STAND_APPROVED);
    if (unsettled) assert_int_not_equal(decider->how, HOW_DEPUTY);
    if (!route->rules.drafter_decides) assert_false(str_eq(decider->actor, route->drafter));
    if (decider->how == HOW_DEPUTY && route->rules.important && !route->rules.instructed)
        assert_true(decider->opinion.len > 0);
    (void)town;
}

static void check(const Town *town, const Route *route, const Past *history) {
    size_t deciders = 0;
    for (size_t i = 0; i < route->n; i++) {
        const RouteStage *stage = &route->stages[i];
        deciders += stage->kind == ROUTE_DECIDE;
        bool acted = stage->stand == STAND_APPROVED || stage->stand == STAND_DISSENT;
        if (acted) assert_true(has_hash(history, stage->hash));
        if (acted && !str_eq(stage->hash, route->hash) && stage->kind != ROUTE_CIRCULATE)
            assert_true(history->n_hashes > 1);
        if (stage->after && stage->kind == ROUTE_DECIDE) assert_int_equal(stage->how, HOW_DEPUTY);
        if (stage->stand == STAND_DISSENT)
            assert_true(stage->kind == ROUTE_CONSULT && stage->opinion.len > 0);
    }
    assert_int_equal(deciders, 1);
    if (route->issued) assert_int_equal(route->state, ROUTE_DECIDED);
    if (route->state == ROUTE_DECIDED) check_decided(town, route, history);
}

/* Whatever waits has somebody who can act, and this one really can; or a lawful reason. */
static void check_turns(Town *town, const Route *route, Date day) {
    bool any = false;
    for (size_t i = 0; i < route->n; i++) {
        RouteTurn turn;
        route_turn(&town->org, route, i, day, &turn);
        any |= turn.wait != WAIT_NOT_DUE;
        RouteAct act = {.verb = turn.wait == WAIT_SUPERIOR ? ROUTE_PULL_UP : ROUTE_APPROVE,
                        .person = turn.person,
                        .post = turn.post,
                        .day = day,
                        .stage = i,
                        .hash = route->hash,
                        .two_roles = true,
                        .opinions_seen = true};
        if (turn.wait != WAIT_PERSON && turn.wait != WAIT_SUPERIOR) continue;
        Route copy = *route;
        if (route_act(&town->ctx, &town->org, &act, &copy) != RC_OK)
            fail_msg("he can't: " STR_FMT, STR_ARG(town->ctx.error.code));
    }
    if (route->state == ROUTE_WAITING) assert_true(any);
}

typedef struct Dice {
    uint64_t x;
} Dice;

static size_t roll(Dice *dice, size_t n) {
    dice->x = dice->x * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(dice->x >> 33) % n;
}

static void shuffle_town(Town *town, Dice *dice) {
    town->org.absences.len = 0;
    for (size_t i = 0; i < POSTS; i++)
        if (roll(dice, 4) == 0) {
            int from = (int)roll(dice, 5);
            absent(town, posts[i][0], from, from + (int)roll(dice, 4));
        }
    town->org.holdings.len = POSTS;
    for (size_t i = 0; i < POSTS; i++) {
        bool leaves = roll(dice, 12) == 0;
        town->org.holdings.items[i].days.until = leaves ? after((int)roll(dice, 5)) : (Date){0};
    }
    if (roll(dice, 3) == 0) {
        size_t who = roll(dice, POSTS), post = roll(dice, POSTS);
        vec_push(town->ctx.arena, &town->org.holdings,
                 (OrgHolding){.person = town->org.holdings.items[who].person,
                              .post = town->org.posts.items[post].id,
                              .days = {after(0), after(3)},
                              .acting = true});
    }
    for (size_t i = 0; i < POSTS; i++) {
        OrgPost *post = &town->org.posts.items[i];
        post->abolished = (Date){0};
        if (*posts[i][1] && roll(dice, 15) == 0) {
            post->abolished = after((int)roll(dice, 5));
            post->successor = str_of(posts[i][1]);
        }
    }
}

static RouteAct random_act(Town *town, const Route *route, Dice *dice, Date day) {
    static const char *const contents[] = {"h1", "h2", "h3", "h4", "h5"};
    size_t who = roll(dice, town->org.holdings.len);
    RouteAct act = {.verb = roll(dice, 3) ? ROUTE_APPROVE : (RouteVerb)roll(dice, ROUTE_VERBS),
                    .person = town->org.holdings.items[who].person,
                    .post = town->org.holdings.items[who].post,
                    .day = day,
                    .stage = roll(dice, route->n),
                    .to = roll(dice, route->n + 3),
                    .hash = roll(dice, 8) ? route->hash : str_of(contents[roll(dice, 5)]),
                    .opinion = roll(dice, 2) ? STR("理由") : STR_NONE,
                    .added = town->org.posts.items[roll(dice, POSTS)].id,
                    .urgent = roll(dice, 2),
                    .minor = roll(dice, 2),
                    .two_roles = roll(dice, 2),
                    .opinions_seen = roll(dice, 2)};
    if (act.to >= route->n) act.to = ROUTE_STAGES_MAX;
    if (act.verb == ROUTE_AMEND) act.hash = str_of(contents[roll(dice, 5)]);
    RouteTurn turn;
    route_turn(&town->org, route, act.stage, day, &turn);
    if (turn.wait == WAIT_PERSON && roll(dice, 2)) {
        act.person = turn.person;
        act.post = turn.post;
    }
    return act;
}

static Route random_route(Town *town, Dice *dice) {
    size_t drafter = roll(dice, POSTS);
    RoutePlan plan = {.drafter = town->org.holdings.items[drafter].person,
                      .drafter_post = str_of(posts[drafter][0]),
                      .decider_post = str_of(posts[roll(dice, POSTS)][0]),
                      .hash = STR("h1"),
                      .in_series = roll(dice, 2),
                      .rules = {.drafter_decides = roll(dice, 4) == 0,
                                .important = roll(dice, 3) == 0,
                                .instructed = roll(dice, 3) == 0,
                                .unsettled_goes_up = roll(dice, 2)}};
    for (size_t i = roll(dice, 3); i > 0; i--)
        vec_push(town->ctx.arena, &plan.reviewers, str_of(posts[roll(dice, POSTS)][0]));
    for (size_t i = roll(dice, 3); i > 0; i--)
        vec_push(town->ctx.arena, &plan.consulted, str_of(posts[roll(dice, POSTS)][0]));
    vec_push(town->ctx.arena, &plan.circulated, str_of(posts[roll(dice, POSTS)][0]));
    Route route;
    assert_int_equal(route_begin(&town->ctx, &plan, &route), RC_OK);
    return route;
}

/* Whatever is taken was offered to him before, with all that it demanded. */
static void check_offered(Town *town, const Route *before, const RouteAct *act) {
    OfferAsk ask = {&town->org, before, act->person, act->post, act->day};
    RouteOffer offer;
    if (!route_is_on_stage(act->verb)) {
        assert_true(offer_whole(&town->ctx, &ask) & 1u << act->verb);
        return;
    }
    offer_stage(&town->ctx, &ask, act->stage, &offer);
    assert_true(offer.verbs & 1u << act->verb);
    if (act->verb != ROUTE_APPROVE) return;
    assert_true(!offer.two_roles || act->two_roles);
    assert_true(!offer.urgent || act->urgent);
    assert_true(!offer.opinions || act->opinions_seen);
    assert_true(offer_waits(&town->ctx, &ask));
}

/* A route is the same once it was kept in a Decision and read again; opinions are kept beside it.
 */
static void check_kept(Town *town, const Route *route) {
    Route kept;
    Entity *decision =
        entity_new(town->ctx.arena, STR("urn:ngsi-ld:Decision:1"), STR("urn:t:Decision"));
    entity_set(town->ctx.arena, decision, STR(LD_DEFAULT "drafter"), json_of_str(route->drafter));
    route_json_set(town->ctx.arena, decision, route);
    route_json_read(decision, &kept);
    assert_int_equal(kept.state, route->state);
    assert_int_equal(kept.n, route->n);
    assert_int_equal(kept.issued, route->issued);
    assert_memory_equal(&kept.rules, &route->rules, sizeof kept.rules);
    assert_true(str_eq(kept.hash, route->hash) && str_eq(kept.drafter, route->drafter));
    for (size_t i = 0; i < route->n; i++) {
        const RouteStage *was = &route->stages[i], *is = &kept.stages[i];
        assert_true(is->kind == was->kind && is->rank == was->rank && is->stand == was->stand);
        assert_true(is->how == was->how && is->after == was->after && is->changed == was->changed);
        assert_true(str_eq(is->post, was->post) && str_eq(is->hash, was->hash));
        assert_true(str_eq(is->actor, was->actor) && str_eq(is->actor_post, was->actor_post));
        assert_int_equal(is->at, was->at);
    }
}

static void the_invariants_hold_over_generated_sequences(void **state) {
    Town *town = *state;
    const char *wide = getenv("MACHI_TEST_LONG");
    size_t sequences = wide && *wide ? 1000000 : 100000, taken = 0, decided = 0, deputies = 0,
           unsettled = 0;
    Dice dice = {20261120};
    for (size_t i = 0; i < sequences; i++) {
        ArenaMark mark = arena_mark(town->ctx.arena);
        if (i % 16 == 0) shuffle_town(town, &dice);
        Route route = random_route(town, &dice);
        Past history = {.good_hashes = {STR("h1")}, .n_hashes = 1};
        for (int step = 0; step < 24; step++) {
            Date day = after(step / 5);
            RouteAct act = random_act(town, &route, &dice, day);
            Route before = route;
            if (route_act(&town->ctx, &town->org, &act, &route) != RC_OK) continue;
            taken++;
            note_act(&history, &before, &route, &act);
            check(town, &route, &history);
            check_turns(town, &route, day);
            if (i % 8) continue; /* what takes its time, of some */
            ArenaMark kept = arena_mark(town->ctx.arena);
            check_offered(town, &before, &act);
            check_kept(town, &route);
            arena_rewind(town->ctx.arena, kept);
        }
        decided += route.state == ROUTE_DECIDED;
        deputies += route.stages[route_decider(&route)].how == HOW_DEPUTY;
        unsettled += route.state == ROUTE_DECIDED && route_is_unsettled(&route);
        if (i % 16 == 15) arena_rewind(town->ctx.arena, mark);
        town->org.holdings.len = town->org.holdings.len < POSTS ? POSTS : town->org.holdings.len;
    }
    print_message("# %zu sequences: %zu acts taken, %zu decided, %zu by deputies, %zu unsettled\n",
                  sequences, taken, decided, deputies, unsettled);
    assert_true(decided > sequences / 10 && deputies > sequences / 200 &&
                unsettled > sequences / 1000); /* it does get everywhere */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_route_goes_by_its_ranks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_deputy_decides_for_an_absent_holder_who_sees_it_afterwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(important_matters_wait_for_their_decider, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_vacant_post_has_an_acting_holder_without_seeing_afterwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unsettled_consultation_is_never_decided_by_a_deputy,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_table_may_send_an_unsettled_matter_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_absent_reviewer_is_passed_over_and_sees_it_afterwards,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(returning_and_amending_voids_what_was_approved, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_minor_correction_is_shown_to_those_who_have_acted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(superiors_take_a_decision_up_and_consultations_are_added,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_drafter_does_not_decide, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reorganisation_names_successors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rejecting_and_withdrawing_end_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_route_needs_a_decider_and_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_invariants_hold_over_generated_sequences, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
