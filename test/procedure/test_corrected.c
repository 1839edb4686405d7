/* Tests of what a correction leaves behind: approvals of the answers before, answers that who
 * enters it may not see, slots, and files that were chosen before signing in. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COPY "resident-record-copy"

static void act_as(House *house, Actor *actor) {
    house_act(house, actor);
    if (actor->kind == ACTOR_STAFF) house->ctx.purpose = STR("application-check");
    actor->stepped_up_at = house->clock.fixed;
}

static Actor official(House *house, const char *post) {
    Actor actor;
    house_official(house, post, post, &actor);
    return actor;
}

static Rc does(House *house, Actor *actor, Str decision, RouteVerb verb) {
    act_as(house, actor);
    RouteAct act = {.verb = verb,
                    .hash = cases_hash(house, decision),
                    .stage = ROUTE_STAGES_MAX,
                    .to = ROUTE_STAGES_MAX,
                    .opinion = STR("確かめること。")};
    return office_act(&house->ctx, decision, &act);
}

static Rc amended(House *house, Actor *actor, const OfficeAmend *amend) {
    act_as(house, actor);
    return office_amend(&house->ctx, amend);
}

static RouteStand stand_of(House *house, Str decision, Str post) {
    Route route;
    route_json_read(house_entity(house, decision), &route);
    for (size_t i = 0; i < route.n; i++)
        if (str_eq(route.stages[i].post, post)) return route.stages[i].stand;
    fail();
    return STAND_WAITING;
}

static void ask_back(House *house, Actor *clerk, Str id, const char *const *fields) {
    DefinedAct act = {.id = id, .move = STR("ask"), .text = STR("確かめてください。")};
    act_as(house, clerk);
    for (; *fields; fields++)
        vec_push(house->arena, &act.corrects, (CorrectField){str_of(*fields), STR_NONE});
    GOOD(house, defined_move(&house->ctx, &act));
}
#define ASK_BACK(...) ask_back(house, &clerk, id, (const char *const[]){__VA_ARGS__, NULL})

/* Field and text by turns. */
static const Json *said(House *house, const char *const *parts) {
    JsonMembers members = {0};
    Json *out = NEW(house->arena, Json);
    for (; *parts; parts += 2)
        vec_push(house->arena, &members,
                 (JsonMember){str_of(parts[0]), json_of_str(str_of(parts[1]))});
    *out = json_of_members(members.items, members.len);
    return out;
}
#define SAID(...) said(house, (const char *const[]){__VA_ARGS__, NULL})

static Rc answer(House *house, Str id, const Json *all, const char *channel) {
    CorrectAsk ask;
    Correcting correcting = {0};
    assert_true(correct_asked(&house->ctx, house_entity(house, id), &ask));
    return correct_send(
        &house->ctx, &(CorrectWish){.id = id, .n = ask.n, .said = all, .channel = str_of(channel)},
        &correcting);
}

static Str text_of(House *house, Str id, const char *field) {
    const Entity *application = house_entity(house, id);
    FormAnswer answer;
    const Definition *definition = defined_of(&house->ctx, application);
    bool there = defined_answer(house->ctx.arena, application,
                                definition_field(definition, str_of(field)), &answer);
    return there ? form_text(house->ctx.arena, &answer, STR("ja")) : STR_NONE;
}

/* What was approved was about other answers, whatever its drafter declares. */
static void answers_that_were_corrected_are_approved_anew(void **state) {
    House *house = *state;
    Actor clerk = official(house, "general-affairs-records-clerk"),
          head = official(house, "general-affairs-head"), money = official(house, "finance-head");
    Str decision, seen, id = cases_example(house, "disclosure-request", 0, NULL);
    DefinedAct act = {.id = id, .move = STR("disclose"), .text = STR("公開できる。")};
    act_as(house, &clerk);
    GOOD(house, defined_propose(&house->ctx, &act, &decision));
    decision = str_dup(house->arena, decision);
    GOOD(house, office_act(&house->ctx, decision,
                           &(RouteAct){.verb = ROUTE_CONSULT_ADD, .added = money.post}));
    GOOD(house, does(house, &money, decision, ROUTE_APPROVE));
    GOOD(house, does(house, &head, decision, ROUTE_RETURN));
    OfficeAmend amend = {.id = decision, .text = STR("公開してよい。"), .minor = true};
    GOOD(house, amended(house, &clerk, &amend)); /* his own words alone */
    assert_int_equal(stand_of(house, decision, money.post), STAND_APPROVED);
    GOOD(house, does(house, &clerk, decision, ROUTE_WITHDRAW));
    GOOD(house, office_amend_seen(&house->ctx, house_entity(house, decision), &seen));
    amend.seen = str_dup(house->arena, seen);
    ASK_BACK("subject");
    act_as(house, &house->resident);
    GOOD(house, answer(house, id, SAID("subject", "令和6年度の駅前広場の工事の図面"), "web"));
    FAILS(house, amended(house, &clerk, &amend), RC_CONFLICT, "case-changed");
    amend.seen = STR_NONE;
    FAILS(house, amended(house, &clerk, &amend), RC_INVALID, "not-minor");
    assert_true(str_eq(cases_text(house, decision, IRI("state")), STR("returned")) ||
                str_eq(cases_text(house, decision, IRI("state")), STR("withdrawn")));
    amend.minor = false;
    GOOD(house, office_amend_seen(&house->ctx, house_entity(house, decision), &amend.seen));
    GOOD(house, amended(house, &clerk, &amend));
    assert_int_equal(stand_of(house, decision, money.post), STAND_WAITING);
}

/* Of the same division and another post: what needs care isn't shown him. */
static void who_may_not_see_an_answer_does_not_write_over_it(void **state) {
    House *house = *state;
    Actor clerk = official(house, "citizens-counter-clerk"), second = house->clerk;
    Correcting correcting = {0};
    Str id = cases_example(house, COPY, 3, NULL);
    const Json *all = SAID("ground", "disaster", "copies", "3");
    CorrectWish wish = {.id = id, .n = 1, .said = all, .channel = STR("phone")};
    vec_push(house->arena, &wish.here, (CorrectField){STR("copies"), STR_NONE});
    vec_push(house->arena, &wish.here, (CorrectField){STR("ground"), STR_NONE});
    second.division = clerk.division;
    Str ground = str_dup(house->arena, text_of(house, id, "ground"));
    act_as(house, &second);
    FAILS(house, correct_send(&house->ctx, &wish, &correcting), RC_DENIED, "hidden");
    ASK_BACK("ground", "copies"); /* who may see it asks */
    act_as(house, &second);
    GOOD(house, answer(house, id, all, "phone"));
    assert_true(str_eq(text_of(house, id, "ground"), ground));
    assert_true(str_eq(text_of(house, id, "copies"), STR("3")));
    act_as(house, &clerk);
    wish.n = 3;
    GOOD(house, correct_send(&house->ctx, &wish, &correcting));
    assert_false(str_eq(text_of(house, id, "ground"), ground));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cases_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(answers_that_were_corrected_are_approved_anew),
        TEST(who_may_not_see_an_answer_does_not_write_over_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
