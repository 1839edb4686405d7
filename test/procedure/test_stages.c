/* Tests of proposals with several stages, as the table of delegations makes them: who is asked
   before the decision, deputies, what is seen afterwards, amending, and a reorganisation between.
 */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Officials beside the house's clerk and chief, made where a test needs them. */
static Actor official(House *house, const char *post_id) {
    const GatePost *post = gate_post(house->tenant.gate, str_of(post_id));
    Str id;
    GateAccount wish = {.login = str_of(post_id), .kind = ACTOR_STAFF, .name = str_of(post_id)};
    assert_non_null(post);
    vec_push(house->arena, &wish.posts, post->id);
    house->ctx.actor = (Actor *)gate_operator_actor();
    GOOD(house, gate_account_create(&house->ctx, &wish, &id));
    return (Actor){.kind = ACTOR_STAFF,
                   .id = str_dup(house->arena, id),
                   .post = post->id,
                   .post_title = post->title_ja,
                   .division = post->division,
                   .roles = post->roles,
                   .stepped_up_at = TIME_NONE};
}

static void act_as(House *house, Actor *actor) {
    house->ctx.actor = actor;
    house->ctx.purpose = STR("bulky-waste-decide");
    actor->stepped_up_at = house->clock.fixed;
}

/* A reduction of all that so many kinds of things cost, proposed by the clerk. */
static Str propose(House *house, int64_t kinds, Str *case_id) {
    Str decision;
    *case_id = cases_apply(house, "disaster", kinds);
    house_act(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = *case_id}, &decision));
    return str_dup(house->arena, decision);
}

static Rc does(House *house, Actor *actor, Str decision, RouteAct act) {
    act_as(house, actor);
    if (act.verb == ROUTE_APPROVE || act.verb == ROUTE_DISSENT)
        act.hash = cases_hash(house, decision);
    act.stage = ROUTE_STAGES_MAX;
    if (act.verb == ROUTE_RETURN) act.to = ROUTE_STAGES_MAX;
    return office_act(&house->ctx, decision, &act);
}
#define DOES(actor, ...) does(house, (actor), decision, (RouteAct){__VA_ARGS__})

static Route route_of(House *house, Str decision) {
    Route route;
    route_json_read(house_entity(house, decision), &route);
    return route;
}

static void posts_are(const Route *route, const char *const *posts, size_t n) {
    assert_int_equal(route->n, n);
    for (size_t i = 0; i < n; i++)
        if (!str_eq(route->stages[i].post, str_of(posts[i])))
            fail_msg("stage %zu is " STR_FMT, i, STR_ARG(route->stages[i].post));
}

static void state_is(House *house, Str decision, const char *state) {
    Str is = cases_text(house, decision, IRI("state"));
    if (!str_eq(is, str_of(state))) fail_msg("the proposal is " STR_FMT, STR_ARG(is));
}

static void a_small_reduction_is_the_chiefs_alone(void **state) {
    House *house = *state;
    static const char *const posts[] = {"environment-waste-chief"};
    Str id, decision = propose(house, 1, &id);
    Route route = route_of(house, decision);
    posts_are(&route, posts, 1);
    GOOD(house, DOES(&house->chief, .verb = ROUTE_APPROVE));
    state_is(house, decision, "decided");
}

/* Nothing follows before it is decided. */
static void a_larger_one_is_reviewed_before_the_head_decides(void **state) {
    House *house = *state;
    static const char *const posts[] = {"environment-waste-chief", "environment-head"};
    Actor head = official(house, "environment-head");
    Str id, decision = propose(house, 4, &id);
    Route route = route_of(house, decision);
    posts_are(&route, posts, 2);
    int64_t fee = entity_int(house_entity(house, id), IRI("fee"), 0);
    FAILS(house, DOES(&head, .verb = ROUTE_APPROVE), RC_CONFLICT, "not-due");
    GOOD(house, DOES(&house->chief, .verb = ROUTE_APPROVE));
    state_is(house, decision, "waiting");
    assert_int_equal(entity_int(house_entity(house, id), IRI("fee"), 0), fee);
    FAILS(house, DOES(&house->chief, .verb = ROUTE_APPROVE), RC_DENIED, "not-turn");
    GOOD(house, DOES(&head, .verb = ROUTE_APPROVE));
    state_is(house, decision, "decided");
    assert_int_equal(entity_int(house_entity(house, id), IRI("fee"), -1), 0);
}

typedef struct Office {
    Actor head, finance, director, mayor;
} Office;

static Office office(House *house) {
    return (Office){official(house, "environment-head"), official(house, "finance-head"),
                    official(house, "citizens-director"), house->mayor};
}

static Str propose_large(House *house, Str *id) {
    static const char *const posts[] = {"environment-waste-chief", "environment-head",
                                        "finance-head", "citizens-director"};
    Str decision = propose(house, 10, id);
    Route route = route_of(house, decision);
    posts_are(&route, posts, 4);
    return decision;
}

static void finance_is_consulted_and_its_dissent_goes_up(void **state) {
    House *house = *state;
    Office who = office(house);
    Str id, decision = propose_large(house, &id);
    GOOD(house, DOES(&house->chief, .verb = ROUTE_APPROVE));
    GOOD(house, DOES(&who.head, .verb = ROUTE_APPROVE));
    FAILS(house, DOES(&who.finance, .verb = ROUTE_DISSENT), RC_INVALID, "no-reason");
    GOOD(house, DOES(&who.finance, .verb = ROUTE_DISSENT, .opinion = STR("予算の見込みがない。")));
    assert_true(str_eq(cases_text(house, decision, IRI("deciderPost")), STR("mayor")));
    FAILS(house, DOES(&who.director, .verb = ROUTE_APPROVE), RC_DENIED, "not-turn");
    FAILS(house, DOES(&who.mayor, .verb = ROUTE_APPROVE), RC_INVALID, "opinions");
    GOOD(house, DOES(&who.mayor, .verb = ROUTE_APPROVE, .opinions_seen = true));
    state_is(house, decision, "decided");
    assert_int_equal(entity_int(house_entity(house, id), IRI("fee"), -1), 0);
}

static void a_deputy_decides_while_the_holder_is_away_who_sees_it_afterwards(void **state) {
    House *house = *state;
    Actor head = official(house, "environment-head");
    Str id, decision = propose(house, 1, &id);
    Date today = time_jst_date(house->clock.fixed);
    FAILS(house, DOES(&head, .verb = ROUTE_APPROVE), RC_DENIED, "not-turn");
    house_act(house, &house->chief);
    GOOD(house, away_add(&house->ctx, house->chief.id, (OrgDays){today, today}));
    FAILS(house, DOES(&house->chief, .verb = ROUTE_APPROVE), RC_DENIED, "not-holder");
    GOOD(house, DOES(&head, .verb = ROUTE_APPROVE));
    Route route = route_of(house, decision);
    assert_int_equal(route.state, ROUTE_DECIDED);
    assert_int_equal(route.stages[0].how, HOW_DEPUTY);
    assert_true(route.stages[0].after);
    house->clock.fixed += TIME_DAY;
    FAILS(house, DOES(&head, .verb = ROUTE_SEE), RC_DENIED, "not-holder");
    GOOD(house, DOES(&house->chief, .verb = ROUTE_SEE));
    route = route_of(house, decision);
    assert_false(route.stages[0].after);
    FAILS(house, DOES(&house->chief, .verb = ROUTE_SEE), RC_CONFLICT, "nothing-to-see");
}

static void a_returned_one_is_amended_and_begins_anew(void **state) {
    House *house = *state;
    Actor head = official(house, "environment-head");
    Str id, decision = propose(house, 4, &id), again;
    GOOD(house, DOES(&house->chief, .verb = ROUTE_APPROVE));
    GOOD(house, DOES(&head, .verb = ROUTE_RETURN, .opinion = STR("証明書を確かめること。")));
    state_is(house, decision, "returned");
    Str before = cases_hash(house, decision);
    house_act(house, &house->clerk);
    OfficeAmend wish = {.id = decision, .text = STR("り災証明書")};
    GOOD(house, office_amend(&house->ctx, &wish));
    state_is(house, decision, "waiting");
    assert_false(str_eq(before, cases_hash(house, decision)));
    FAILS(house, DOES(&head, .verb = ROUTE_APPROVE), RC_CONFLICT, "not-due");
    GOOD(house, DOES(&house->chief, .verb = ROUTE_APPROVE));
    GOOD(house, DOES(&head, .verb = ROUTE_APPROVE));
    house_act(house, &house->clerk);
    FAILS(house, office_amend(&house->ctx, &wish), RC_CONFLICT, NULL);
    FAILS(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &again), RC_CONFLICT,
          "no-reduction");
}

static void a_minor_correction_keeps_approvals_and_is_shown(void **state) {
    House *house = *state;
    Actor head = official(house, "environment-head");
    Str id, decision = propose(house, 4, &id);
    GOOD(house, DOES(&house->chief, .verb = ROUTE_APPROVE));
    house_act(house, &house->clerk);
    OfficeAmend wish = {.id = decision, .text = STR("り災証明書（写し）"), .minor = true};
    GOOD(house, office_amend(&house->ctx, &wish));
    Route route = route_of(house, decision);
    assert_int_equal(route.stages[0].stand, STAND_APPROVED);
    assert_true(route.stages[0].changed);
    GOOD(house, DOES(&head, .verb = ROUTE_APPROVE));
    GOOD(house, DOES(&house->chief, .verb = ROUTE_SEE));
}

/* One proposal waits about one thing: the one before is not amended beside it. */
static void what_was_drafted_anew_is_not_amended(void **state) {
    House *house = *state;
    Str id, decision = propose(house, 1, &id), second;
    GOOD(house, DOES(&house->chief, .verb = ROUTE_RETURN, .opinion = STR("証明書を見ること。")));
    house_act(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &second));
    FAILS(house, office_amend(&house->ctx, &(OfficeAmend){.id = decision}), RC_CONFLICT,
          "not-waiting");
    state_is(house, decision, "dropped");
    assert_true(str_eq(cases_text(house, decision, IRI("dropReason")), STR("redrafted")));
    GOOD(house, office_withdraw(&house->ctx, &(OfficeDecision){.id = second}));
    state_is(house, second, "withdrawn");
}

/* ---- over the first of April ---- */

#define RECYCLING                                                                                  \
    "{\"id\":\"environment-recycling-chief\",\"title\":{\"ja\":\"環境課 資源循環係長\","  \
    "\"en\":\"Chief, Recycling Section\"},\"division\":\"environment\",\"roles\":[\"chief\"],"     \
    "\"superior\":\"environment-head\"},"
#define ABOLISHED "{\"abolished\":\"2027-04-01\",\"successor\":\"environment-recycling-chief\","

/* The city is opened with an organisation in which the chief's post ends with the fiscal year. */
static void reorganise(House *house) {
    cases_reorganise(house, "{\"id\":\"environment-waste-chief\"",
                     RECYCLING ABOLISHED "\"id\":\"environment-waste-chief\"");
}

/* What waits, and what is to be seen afterwards, goes on with the successor; nothing is lost. */
static void open_routes_go_on_with_the_successor(void **state) {
    House *house = *state;
    reorganise(house);
    Actor head = official(house, "environment-head"),
          successor = official(house, "environment-recycling-chief");
    house->clock.fixed = time_jst_start((Date){2027, 3, 30}) + 10 * TIME_HOUR;
    Date today = {2027, 3, 30}, last = {2027, 3, 31};
    Answers answers = cases_answers(house, house->arena, "manaka", (Date){2027, 4, 16});
    Receipt receipts[2];
    Str decisions[2];
    for (size_t i = 0; i < 2; i++) {
        answers.token = rand_id(&house->rand, house->arena, 26);
        answers.reduction = waste_reduction(procedures_waste(&house->tenant), STR("disaster"));
        house_act(house, &house->resident);
        GOOD(house, cases_send(house, &answers, &receipts[i]));
        house_act(house, &house->clerk);
        GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = receipts[i].id},
                                           &decisions[i]));
        decisions[i] = str_dup(house->arena, decisions[i]);
    }
    house_act(house, &house->chief);
    GOOD(house, away_add(&house->ctx, house->chief.id, (OrgDays){today, last}));
    Str decision = decisions[0];
    FAILS(house, DOES(&successor, .verb = ROUTE_APPROVE), RC_DENIED, "not-deputy");
    GOOD(house, DOES(&head, .verb = ROUTE_APPROVE)); /* by deputy: 後閲 is open */
    house->clock.fixed += 5 * TIME_DAY;
    FAILS(house, DOES(&house->chief, .verb = ROUTE_SEE), RC_DENIED, "not-holder");
    GOOD(house, DOES(&successor, .verb = ROUTE_SEE));
    decision = decisions[1]; /* waited for the post that is no more */
    FAILS(house, DOES(&house->chief, .verb = ROUTE_APPROVE), RC_DENIED, "not-turn");
    act_as(house, &successor);
    const Entity *seen = gate_view(&house->ctx, NULL, house_entity(house, decision));
    assert_non_null(entity_attr(seen, IRI("contents")));
    GOOD(house, DOES(&successor, .verb = ROUTE_APPROVE));
    state_is(house, decision, "decided");
}

/* ---- the table ---- */

static void the_table_is_checked_at_the_start(void **state) {
    House *house = *state;
    static const struct {
        const char *row, *place;
    } rows[] = {
        {"{\"post\":\"a\"}", "delegations[0].kind"},
        {"{\"kind\":\"k\",\"post\":\"z\"}", "delegations[0].post"},
        {"{\"kind\":\"k\",\"post\":\"a\",\"reviewers\":[\"z\"]}", "delegations[0].reviewers"},
        {"{\"kind\":\"k\",\"post\":\"a\",\"consulted\":\"b\"}", "delegations[0].consulted"},
        {"{\"kind\":\"k\",\"post\":\"a\",\"reviewers\":[\"b\"],\"consulted\":[\"b\"]}",
         "delegations[0].consulted"},
        {"{\"kind\":\"k\",\"post\":\"a\",\"reviewers\":[\"a\"]}", "delegations[0].reviewers"},
        {"{\"kind\":\"k\",\"post\":\"a\",\"upTo\":5},{\"kind\":\"k\",\"post\":\"b\",\"upTo\":5}",
         "delegations[1].upTo"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Json *json;
        Str text = str_fmt(house->arena,
                           "{\"posts\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"delegations\":[%s]}",
                           rows[i].row);
        GOOD(house, json_read(&house->ctx, text, JSON_LIMITS_DEFAULT, &json));
        FAILS(house, table_check(&house->ctx, json), RC_INVALID, "bad-organisation");
        assert_true(str_eq(house->ctx.error.path, str_of(rows[i].place)));
    }
}

static void a_row_says_who_is_asked_and_how(void **state) {
    House *house = *state;
    const Json *json;
    RoutePlan plan = {0};
    GOOD(house,
         json_read(&house->ctx,
                   STR("{\"delegations\":[{\"kind\":\"k\",\"post\":\"a\",\"upTo\":10},"
                       "{\"kind\":\"k\",\"post\":\"b\",\"upTo\":null,\"reviewers\":[\"a\"],"
                       "\"consulted\":[\"c\",\"d\"],\"inSeries\":true,\"circulated\":[\"e\"],"
                       "\"important\":true,\"drafterDecides\":true,\"unsettledGoesUp\":true}]}"),
                   JSON_LIMITS_DEFAULT, &json));
    TableAsk small = {json, STR("k"), 10}, large = {json, STR("k"), 11},
             other = {json, STR("x"), 1};
    GOOD(house, table_plan(&house->ctx, house->arena, &small, &plan));
    assert_true(str_eq(plan.decider_post, STR("a")) && !plan.reviewers.len);
    GOOD(house, table_plan(&house->ctx, house->arena, &large, &plan));
    assert_true(str_eq(plan.decider_post, STR("b")) && plan.in_series);
    assert_int_equal(plan.reviewers.len, 1);
    assert_int_equal(plan.consulted.len, 2);
    assert_true(str_eq(plan.circulated.items[0], STR("e")));
    assert_true(plan.rules.important && plan.rules.drafter_decides && plan.rules.unsettled_goes_up);
    FAILS(house, table_plan(&house->ctx, house->arena, &other, &plan), RC_INVALID, "no-decider");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_small_reduction_is_the_chiefs_alone),
        TEST(a_larger_one_is_reviewed_before_the_head_decides),
        TEST(finance_is_consulted_and_its_dissent_goes_up),
        TEST(a_deputy_decides_while_the_holder_is_away_who_sees_it_afterwards),
        TEST(a_returned_one_is_amended_and_begins_anew),
        TEST(a_minor_correction_keeps_approvals_and_is_shown),
        TEST(what_was_drafted_anew_is_not_amended),
        TEST(open_routes_go_on_with_the_successor),
        TEST(the_table_is_checked_at_the_start),
        TEST(a_row_says_who_is_asked_and_how),
    };
    return cmocka_run_group_tests_name("stages", tests, NULL, NULL);
}
