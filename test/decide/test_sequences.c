/* Tests of routes: the invariants over generated sequences of acts in a town whose officials come,
   go, stand in for one another, act for others and help them. MACHI_TEST_LONG: a million sequences'
   acts instead of a hundred thousand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "town.h"

/* What happened, kept beside the route: the invariants are judged from this, not from the route's
 * own flags. */
typedef struct Past {
    Str signed_by[ROUTE_STAGES_MAX]; /* who acts on which stage now */
    Str good_hashes[32];             /* contents since the last change that was not minor */
    size_t n_hashes;
    bool dissent[ROUTE_STAGES_MAX];
    Str had_draft[32]; /* who drafted and amended it, whose ever it is */
    size_t n_had;
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

static bool had_draft(const Past *history, Str person) {
    for (size_t i = 0; i < history->n_had; i++)
        if (str_eq(history->had_draft[i], person)) return true;
    return false;
}

/* Nobody takes over what he has approved. */
static void note_drafter(Past *history, const Route *before, const RouteAct *act) {
    if (act->verb != ROUTE_AMEND && act->verb != ROUTE_WITHDRAW) return;
    for (size_t i = 0; i < before->n && !str_eq(before->drafter, act->person); i++)
        assert_false(str_eq(history->signed_by[i], act->person));
    if (!had_draft(history, act->person)) history->had_draft[history->n_had++] = act->person;
}

/* What is handed in as it was keeps all that was approved; anything else is new contents. */
static void note_contents(Past *history, const Route *before, const Route *route,
                          const RouteAct *act) {
    if (act->verb != ROUTE_AMEND) return;
    if (str_eq(before->hash, act->hash)) {
        assert_true(route_is_back(before));
        assert_memory_equal(route->stages, before->stages, sizeof route->stages);
        return;
    }
    if (!act->minor) {
        memset(history->signed_by, 0, sizeof history->signed_by);
        memset(history->dissent, 0, sizeof history->dissent);
        history->n_hashes = 0;
    }
    if (history->n_hashes < 32) history->good_hashes[history->n_hashes++] = act->hash;
}

/* What has ended stays so; its drafter alone drops it, and only while it is with him. */
static void note_end(const Route *before, const Route *route, const RouteAct *act) {
    bool over = before->state == ROUTE_DECIDED || before->state == ROUTE_REJECTED ||
                before->state == ROUTE_DROPPED;
    if (over) assert_int_equal(route->state, before->state);
    if (route->state != ROUTE_DROPPED || over) return;
    assert_true(act->verb == ROUTE_DROP && route_is_back(before));
    assert_true(str_eq(route->drafter, act->person));
}

/* Whether it was asked for its consent, or has agreed. */
static bool is_to_be_told(const Past *history, const Route *before, size_t i, bool ends) {
    const RouteStage *stage = &before->stages[i];
    bool agreed = !str_empty(history->signed_by[i]) && stage->kind != ROUTE_CIRCULATE;
    return agreed || (ends && stage->kind == ROUTE_CONSULT && route_is_due(before, i));
}

/* To an earlier stage, which voids what was said since. */
static bool is_returned(const Route *route, const RouteAct *act) {
    return act->verb == ROUTE_RETURN && route->state == ROUTE_WAITING;
}

/* All who had agreed are told of its end, and that they have to again; those who are asked are told
   of its end. Nothing else is told, and never to the post that did it. */
static void check_told(Town *town, const Past *history, const Route *before, const Route *route,
                       const RouteAct *act) {
    StrVec posts;
    NoticeWhat what = notice_of(town->ctx.arena, before, route, act->post, &posts);
    bool ends = route->state != before->state &&
                (route->state == ROUTE_DROPPED || route->state == ROUTE_REJECTED);
    bool voids = !str_eq(before->hash, route->hash) && !act->minor;
    assert_false(org_lists(&posts, act->post));
    bool back = is_returned(route, act), any = ends || voids || back;
    if (!any) assert_int_equal(what, NOTICE_NONE);
    for (size_t i = 0; any && i < before->n; i++) {
        Str post = before->stages[i].post;
        if (back && before->stages[i].rank < route->stages[act->to].rank) continue;
        if (!str_eq(post, act->post) && is_to_be_told(history, before, i, ends))
            assert_true(org_lists(&posts, post));
    }
}

static void note_act(Past *history, const Route *before, const Route *route, const RouteAct *act) {
    bool signs = act->verb == ROUTE_APPROVE || act->verb == ROUTE_DISSENT;
    if (signs || act->verb == ROUTE_REJECT) check_roles(history, before, act);
    note_drafter(history, before, act);
    if (act->verb == ROUTE_SEE && before->stages[act->stage].after) /* 後閲 of one's own 代決 */
        assert_false(str_eq(history->signed_by[act->stage], act->person));
    if (signs) history->signed_by[act->stage] = act->person;
    if (act->verb == ROUTE_DISSENT) history->dissent[act->stage] = true;
    note_contents(history, before, route, act);
    note_end(before, route, act);
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
    if (!route->rules.drafter_decides) assert_false(had_draft(history, decider->actor));
    if (decider->how == HOW_DEPUTY && route->rules.important && !route->rules.instructed)
        assert_true(decider->opinion.len > 0);
    (void)town;
}

/* Who acts for the mayor is the first of the order who is there, if one of it is. */
static void check_order(const Town *town, const Route *route, const RouteAct *act) {
    Str first = org_by_law(&town->org, act->post, act->day);
    bool his = route->how != HOW_ACTING || str_empty(first) ||
               org_is_absent(&town->org, act->person, act->day); /* a draft */
    VEC_EACH (const OrgHolding, holding, &town->org.holdings)
        his |= str_empty(holding->main) && str_eq(holding->post, first) &&
               str_eq(holding->person, act->person);
    assert_true(his);
}

/* Nobody does anything on a duty outside its days, nor for a holder who is there; and none of it is
 * seen afterwards. True: by a duty. */
static bool check_duty(const Town *town, const Route *route, const RouteAct *act) {
    bool signs = act->verb == ROUTE_APPROVE || act->verb == ROUTE_DISSENT, his = false;
    const RouteStage *stage = &route->stages[signs ? act->stage : 0];
    int64_t day = time_date_days(act->day);
    if (signs) assert_int_equal(stage->how, route->how);
    if (route->how == HOW_OWN || route->how == HOW_DEPUTY) return false;
    VEC_EACH (const OrgHolding, holding, &town->org.holdings) {
        const OrgDays *days = &holding->days;
        if (!str_eq(holding->post, act->post) || time_date_days(days->from) > day ||
            (days->until.year && time_date_days(days->until) < day))
            continue;
        his |= holding->how == route->how && str_eq(holding->person, act->person);
        if (holding->how == HOW_OWN && route->how != HOW_SUPPORT)
            assert_true(org_is_absent(&town->org, holding->person, act->day));
    }
    check_order(town, route, act);
    assert_true(his && !(signs && stage->after));
    return true;
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

/* Where nobody can act, somebody can on the day that it names and on none before; where it names
   none, nobody ever can, unless it is ordered. */
static void check_wait(const Town *town, const Route *route, size_t stage, Date day,
                       const RouteTurn *turn) {
    static const int days = 12; /* by then nothing changes any more */
    bool waits = turn->wait == WAIT_ABSENT || turn->wait == WAIT_VACANT;
    int64_t until = time_date_days(turn->until), now = time_date_days(day);
    if (!waits || turn->until.year > 2100) return;
    if (turn->until.year) assert_true(until > now);
    for (int64_t at = now + 1; at <= (turn->until.year ? until : now + days); at++) {
        RouteTurn later;
        route_turn(&town->org, route, stage, time_days_date(at), &later);
        bool can = later.wait == WAIT_PERSON || later.wait == WAIT_SUPERIOR;
        assert_int_equal(can, turn->until.year && at == until);
    }
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
        check_wait(town, route, i, day, &turn);
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
    for (size_t i = 0; i < TOWN_POSTS; i++)
        if (roll(dice, 4) == 0) {
            int from = (int)roll(dice, 5);
            town_absent(town, town_posts[i][0], from, from + (int)roll(dice, 4));
        }
    town->org.holdings.len = TOWN_POSTS;
    for (size_t i = 0; i < TOWN_POSTS; i++) {
        bool leaves = roll(dice, 12) == 0;
        town->org.holdings.items[i].days.until = leaves ? town_day((int)roll(dice, 5)) : (Date){0};
    }
    for (size_t n = roll(dice, 4); n; n--) { /* duties: acting holders, charges, help */
        static const OrgHow hows[] = {HOW_ACTING, HOW_ACTING, HOW_CHARGE, HOW_SUPPORT};
        size_t who = roll(dice, TOWN_POSTS), post = roll(dice, TOWN_POSTS);
        int from = (int)roll(dice, 4);
        vec_push(town->ctx.arena, &town->org.holdings,
                 (OrgHolding){.person = town->org.holdings.items[who].person,
                              .post = town->org.posts.items[post].id,
                              .days = {town_day(from), town_day(from + (int)roll(dice, 4))},
                              .how = hows[roll(dice, 4)],
                              .main = town->org.posts.items[who].id});
    }
    for (size_t i = 0; i < TOWN_POSTS; i++) {
        OrgPost *post = &town->org.posts.items[i];
        post->acting.len = 0; /* by law the director and finance act for the mayor */
        for (size_t k = 0; i == 0 && k < 2; k++)
            vec_push(town->ctx.arena, &post->acting, town->org.posts.items[k ? 5 : 1].id);
        post->abolished = (Date){0};
        if (*town_posts[i][1] && roll(dice, 15) == 0) {
            post->abolished = town_day((int)roll(dice, 5));
            post->successor = str_of(town_posts[i][1]);
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
                    .added = town->org.posts.items[roll(dice, TOWN_POSTS)].id,
                    .urgent = roll(dice, 2),
                    .minor = roll(dice, 2),
                    .two_roles = roll(dice, 2),
                    .opinions_seen = roll(dice, 2)};
    if (act.to >= route->n) act.to = ROUTE_STAGES_MAX;
    if (act.verb == ROUTE_AMEND && roll(dice, 2)) act.hash = str_of(contents[roll(dice, 5)]);
    RouteTurn turn;
    route_turn(&town->org, route, act.stage, day, &turn);
    if (turn.wait == WAIT_PERSON && roll(dice, 2)) {
        act.person = turn.person;
        act.post = turn.post;
    }
    return act;
}

static Route random_route(Town *town, Dice *dice) {
    size_t drafter = roll(dice, TOWN_POSTS);
    RoutePlan plan = {.drafter = town->org.holdings.items[drafter].person,
                      .drafter_post = str_of(town_posts[drafter][0]),
                      .decider_post = str_of(town_posts[roll(dice, TOWN_POSTS)][0]),
                      .hash = STR("h1"),
                      .in_series = roll(dice, 2),
                      .rules = {.drafter_decides = roll(dice, 4) == 0,
                                .important = roll(dice, 3) == 0,
                                .instructed = roll(dice, 3) == 0,
                                .unsettled_goes_up = roll(dice, 2)}};
    for (size_t i = roll(dice, 3); i > 0; i--)
        vec_push(town->ctx.arena, &plan.reviewers, str_of(town_posts[roll(dice, TOWN_POSTS)][0]));
    for (size_t i = roll(dice, 3); i > 0; i--)
        vec_push(town->ctx.arena, &plan.consulted, str_of(town_posts[roll(dice, TOWN_POSTS)][0]));
    vec_push(town->ctx.arena, &plan.circulated, str_of(town_posts[roll(dice, TOWN_POSTS)][0]));
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
    assert_int_equal(kept.n_drafters, route->n_drafters);
    for (size_t i = 0; i < route->n; i++) {
        const RouteStage *was = &route->stages[i], *is = &kept.stages[i];
        assert_true(is->kind == was->kind && is->rank == was->rank && is->stand == was->stand);
        assert_true(is->how == was->how && is->after == was->after && is->changed == was->changed);
        assert_true(str_eq(is->post, was->post) && str_eq(is->hash, was->hash));
        assert_true(str_eq(is->actor, was->actor) && str_eq(is->actor_post, was->actor_post));
        assert_int_equal(is->at, was->at);
    }
}

/* A route as it is acted on, and what came of all of them. */
typedef struct Run {
    Route route;
    Past history;
    size_t taken, decided, deputies, unsettled, duties, again, dropped, told;
} Run;

/* slow: what takes its time is looked at, too. */
static void act_once(Town *town, Dice *dice, Date day, bool slow, Run *run) {
    RouteAct act = random_act(town, &run->route, dice, day);
    Route before = run->route;
    if (route_act(&town->ctx, &town->org, &act, &run->route) != RC_OK) return;
    run->taken++;
    StrVec told;
    check_told(town, &run->history, &before, &run->route, &act);
    run->told += notice_of(town->ctx.arena, &before, &run->route, act.post, &told) != NOTICE_NONE;
    run->again += act.verb == ROUTE_AMEND && str_eq(before.hash, act.hash);
    run->dropped += act.verb == ROUTE_DROP;
    note_act(&run->history, &before, &run->route, &act);
    check(town, &run->route, &run->history);
    run->duties += check_duty(town, &run->route, &act);
    check_turns(town, &run->route, day);
    if (!slow) return;
    ArenaMark kept = arena_mark(town->ctx.arena);
    check_offered(town, &before, &act);
    check_kept(town, &run->route);
    arena_rewind(town->ctx.arena, kept);
}

static void the_invariants_hold_over_generated_sequences(void **state) {
    Town *town = *state;
    const char *wide = getenv("MACHI_TEST_LONG");
    size_t sequences = wide && *wide ? 1000000 : 100000;
    Dice dice = {20261120};
    Run run = {0};
    for (size_t i = 0; i < sequences; i++) {
        if (i % 16 == 0) shuffle_town(town, &dice); /* what it keeps grows to a bound */
        ArenaMark mark = arena_mark(town->ctx.arena);
        run.route = random_route(town, &dice);
        run.history = (Past){.good_hashes = {STR("h1")},
                             .n_hashes = 1,
                             .had_draft = {run.route.drafter},
                             .n_had = 1};
        for (int step = 0; step < 24; step++)
            act_once(town, &dice, town_day(step / 5), i % 8 == 0, &run);
        bool decided = run.route.state == ROUTE_DECIDED;
        run.decided += decided;
        run.deputies += run.route.stages[route_decider(&run.route)].how == HOW_DEPUTY;
        run.unsettled += decided && route_is_unsettled(&run.route);
        arena_rewind(town->ctx.arena, mark);
    }
    print_message("# %zu sequences: %zu acts taken, %zu decided, %zu by deputies, %zu unsettled, "
                  "%zu by duties, %zu handed in as they were, %zu dropped, %zu told\n",
                  sequences, run.taken, run.decided, run.deputies, run.unsettled, run.duties,
                  run.again, run.dropped, run.told);
    assert_true(run.decided > sequences / 10 && run.deputies > sequences / 200 &&
                run.unsettled > sequences / 1000 && run.duties > sequences / 100 &&
                run.again > sequences / 2000 && run.dropped > sequences / 1000 &&
                run.told > sequences / 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TOWN_TEST(the_invariants_hold_over_generated_sequences),
    };
    return cmocka_run_group_tests_name("sequences", tests, NULL, NULL);
}
