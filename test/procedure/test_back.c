/* Tests of what came back to its drafter: every kind of proposal is amended and handed in again,
   the inbox tells of it until then, and what is the same keeps its approvals. */
#include "files.h"

#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WHY STR("証明書を確かめること。")

static void act_as(House *house, Actor *actor) {
    house_act(house, actor);
    if (str_empty(house->ctx.purpose)) house->ctx.purpose = STR("application-check");
    actor->stepped_up_at = house->clock.fixed;
}

static Rc does(House *house, Actor *actor, Str decision, RouteVerb verb) {
    act_as(house, actor);
    RouteAct act = {.verb = verb,
                    .hash = cases_hash(house, decision),
                    .stage = ROUTE_STAGES_MAX,
                    .to = ROUTE_STAGES_MAX,
                    .opinion = WHY};
    return office_act(&house->ctx, decision, &act);
}

static Rc amended(House *house, Actor *actor, const OfficeAmend *amend) {
    act_as(house, actor);
    return office_amend(&house->ctx, amend);
}

static Str text_of(House *house, Str decision, const char *member) {
    const Json *contents;
    GOOD(house, decide_contents(&house->ctx, house_entity(house, decision), &contents));
    return json_get_str(contents, member);
}

#define STATE_IS(wanted) assert_true(str_eq(cases_text(house, decision, IRI("state")), STR(wanted)))

/* How many proposals are with him. */
static size_t with(House *house, Actor *actor) {
    OfficeTold told;
    act_as(house, actor);
    house_drain(house);
    GOOD(house, office_back(&house->ctx, &told));
    return told.len;
}

static Actor official(House *house, const char *post) {
    Actor actor;
    house_official(house, post, post, &actor);
    return actor;
}

/* For the head of the division, behind the chief's review. */
static Str reduction(House *house, Str evidence) {
    Str decision, id = cases_apply(house, "disaster", 4);
    act_as(house, &house->clerk);
    GOOD(house,
         office_draft_reduction(&house->ctx, &(OfficeAct){.id = id, .text = evidence}, &decision));
    return str_dup(house->arena, decision);
}

static RouteStage stage_of(House *house, Str decision, size_t at) {
    Route route;
    route_json_read(house_entity(house, decision), &route);
    return route.stages[at];
}

static void what_is_handed_in_as_it_was_goes_on_where_it_stopped(void **state) {
    House *house = *state;
    Actor head = official(house, "environment-head"), *chief = &house->chief,
          *clerk = &house->clerk;
    Str decision = reduction(house, STR("り災証明書"));
    OfficeAmend same = {.id = decision, .text = STR("り災証明書")}, other = same;
    GOOD(house, does(house, chief, decision, ROUTE_APPROVE));
    FAILS(house, amended(house, clerk, &same), RC_CONFLICT, "unchanged");
    assert_int_equal(with(house, clerk), 0);
    GOOD(house, does(house, &head, decision, ROUTE_RETURN));
    STATE_IS("returned");
    assert_int_equal(with(house, chief), 0);
    assert_int_equal(with(house, clerk), 1);
    FAILS(house, amended(house, chief, &same), RC_DENIED, NULL);
    Str hash = cases_hash(house, decision);
    GOOD(house, amended(house, clerk, &same));
    STATE_IS("waiting");
    assert_true(str_eq(cases_hash(house, decision), hash));
    assert_int_equal(stage_of(house, decision, 0).stand, STAND_APPROVED);
    assert_int_equal(with(house, clerk), 0);
    GOOD(house, does(house, clerk, decision, ROUTE_WITHDRAW));
    assert_int_equal(with(house, clerk), 1);
    other.subject = STR("手数料の減免（火災）について");
    GOOD(house, amended(house, clerk, &other));
    assert_false(str_eq(cases_hash(house, decision), hash));
    assert_int_equal(stage_of(house, decision, 0).stand, STAND_WAITING);
    assert_true(str_eq(cases_text(house, decision, IRI("subjectLine")), other.subject));
    FAILS(house, does(house, &head, decision, ROUTE_APPROVE), RC_CONFLICT, "not-due");
    GOOD(house, does(house, chief, decision, ROUTE_APPROVE));
    GOOD(house, does(house, &head, decision, ROUTE_APPROVE));
    STATE_IS("decided");
}

static void its_drafter_drops_what_came_back(void **state) {
    House *house = *state;
    Str decision = reduction(house, STR_NONE);
    FAILS(house, does(house, &house->clerk, decision, ROUTE_DROP), RC_CONFLICT, "not-back");
    GOOD(house, does(house, &house->chief, decision, ROUTE_RETURN));
    FAILS(house, does(house, &house->chief, decision, ROUTE_DROP), RC_DENIED, NULL);
    GOOD(house, does(house, &house->clerk, decision, ROUTE_DROP));
    STATE_IS("dropped");
    assert_true(str_eq(cases_text(house, decision, IRI("dropReason")), STR("drafter")));
    assert_int_equal(with(house, &house->clerk), 0);
    FAILS(house, amended(house, &house->clerk, &(OfficeAmend){.id = decision}), RC_CONFLICT,
          "not-waiting");
    files_rebuilt(house);
}

/* Its case is gone, so nothing is left that could be handed in. */
static void what_came_back_falls_with_its_case(void **state) {
    House *house = *state;
    Str decision, id = cases_apply(house, "disaster", 1);
    act_as(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &decision));
    decision = str_dup(house->arena, decision);
    GOOD(house, does(house, &house->chief, decision, ROUTE_RETURN));
    house_act(house, &house->resident);
    GOOD(house, apply_cancel(&house->ctx, id));
    STATE_IS("dropped");
    assert_int_equal(with(house, &house->clerk), 0);
}

static size_t cases_in(House *house, Str decision) {
    DecideCases cases;
    decide_cases(house->ctx.arena, house_entity(house, decision), &cases);
    return cases.len;
}

static void a_plan_is_amended(void **state) {
    House *house = *state;
    Str ids[3], decision;
    for (size_t i = 0; i < 3; i++)
        ids[i] = cases_apply(house, NULL, 1);
    GOOD(house, cases_confirm(house, ids[0]));
    GOOD(house, cases_confirm(house, ids[1]));
    GOOD(house, office_draft_plan(&house->ctx, &(OfficePlan){.day = FRIDAY}, &decision));
    decision = str_dup(house->arena, decision);
    act_as(house, &house->chief);
    OfficeDecision out = {.id = decision,
                          .hash = cases_hash(house, decision),
                          .case_id = ids[0],
                          .opinion = STR("道が通れない")};
    GOOD(house, office_takeout(&house->ctx, &out));
    GOOD(house, does(house, &house->chief, decision, ROUTE_RETURN));
    GOOD(house, cases_confirm(house, ids[2]));
    Str hash = cases_hash(house, decision);
    GOOD(house, amended(house, &house->clerk, &(OfficeAmend){.id = decision}));
    assert_true(str_eq(cases_hash(house, decision), hash));
    GOOD(house, amended(house, &house->clerk,
                        &(OfficeAmend){.id = decision, .text = STR("二台で回る"), .more = true}));
    assert_int_equal(cases_in(house, decision), 2);
    assert_true(str_eq(text_of(house, decision, "note"), STR("二台で回る")));
    GOOD(house, does(house, &house->chief, decision, ROUTE_APPROVE));
    assert_int_equal(cases_state(house, ids[2]), CASE_PLANNED);
    assert_int_equal(cases_state(house, ids[0]), CASE_MISSED); /* taken out, with its reason */
}

static void a_move_of_a_case_is_amended(void **state) {
    House *house = *state;
    Actor clerk = official(house, "general-affairs-records-clerk"),
          head = official(house, "general-affairs-head");
    Str decision, id = cases_example(house, "disclosure-request", 0, NULL);
    DefinedAct act = {.id = id, .move = STR("disclose"), .text = STR("公開できる。")};
    act_as(house, &clerk);
    GOOD(house, defined_propose(&house->ctx, &act, &decision));
    decision = str_dup(house->arena, decision);
    GOOD(house, does(house, &head, decision, ROUTE_RETURN));
    OfficeAmend amend = {.id = decision, .text = STR(" ")};
    FAILS(house, amended(house, &clerk, &amend), RC_INVALID, "missing");
    amend.text = STR("公開できる。");
    Str hash = cases_hash(house, decision);
    GOOD(house, amended(house, &clerk, &amend));
    assert_true(str_eq(cases_hash(house, decision), hash));
    amend.text = STR("個人の情報はないので、公開できる。");
    GOOD(house, amended(house, &clerk, &amend));
    assert_true(str_eq(text_of(house, decision, "reason"), amend.text));
    GOOD(house, does(house, &head, decision, ROUTE_APPROVE));
    assert_true(str_eq(cases_text(house, id, IRI("procedureState")), STR("disclosed")));
}

static void a_list_of_files_is_amended(void **state) {
    House *house = *state;
    (void)files_ended(house);
    files_on(house, 2032, 4, 1);
    Str decision = files_propose(house, FILE_EXTEND, LABEL_2026);
    GOOD(house, does(house, &files_general, decision, ROUTE_RETURN));
    OfficeAmend amend = {.id = decision, .text = STR("訴えが続いている"), .until = {2031, 3, 31}};
    FAILS(house, amended(house, &files_records, &amend), RC_INVALID, "past");
    amend.until = (Date){2042, 3, 31};
    vec_push(house->arena, &amend.out, file_code(house->arena, LABEL_2026));
    FAILS(house, amended(house, &files_records, &amend), RC_INVALID, "missing");
    amend.out.len = 0;
    GOOD(house, amended(house, &files_records, &amend));
    assert_true(str_eq(text_of(house, decision, "until"), STR("2042-03-31")));
    GOOD(house, files_decide(house, decision));
    ShelfFile one = files_one(house, LABEL_2026);
    assert_int_equal(one.state, SHELF_EXTENDED);
    assert_int_equal(one.record.extended.year, 2042);
}

/* How many proposals his post was told something of that it hasn't read. */
static size_t told(House *house, Actor *actor, Str decision, const char *what) {
    OfficeTold found;
    RouteNotices notices;
    act_as(house, actor);
    house_drain(house);
    GOOD(house, office_told(&house->ctx, &found));
    notices_read(house->ctx.arena, house_entity(house, decision), &notices);
    VEC_EACH (const RouteNotice, notice, &notices)
        if (str_eq(notice->post, actor->post)) assert_true(str_eq(notice->what, str_of(what)));
    return found.len;
}

static void those_who_agreed_are_told(void **state) {
    House *house = *state;
    Actor head = official(house, "environment-head"), money = official(house, "finance-head"),
          *chief = &house->chief, *clerk = &house->clerk;
    Str decision = reduction(house, STR_NONE);
    OfficeAmend amend = {.id = decision, .text = STR("り災証明書"), .minor = true};
    GOOD(house, does(house, chief, decision, ROUTE_APPROVE));
    GOOD(house, amended(house, clerk, &amend));
    assert_int_equal(told(house, chief, decision, ""), 0); /* a minor one is shown instead */
    amend.minor = false;
    amend.text = STR("り災証明書の写し");
    uint64_t before = ledger_head(house->tenant.ledger);
    GOOD(house, amended(house, clerk, &amend));
    assert_int_equal(ledger_head(house->tenant.ledger), before + 1); /* in the same command */
    assert_int_equal(told(house, chief, decision, "changed"), 1);
    assert_int_equal(told(house, &head, decision, ""), 0);
    GOOD(house, does(house, chief, decision, ROUTE_APPROVE)); /* he has read it, then */
    assert_int_equal(told(house, chief, decision, ""), 0);
    act_as(house, clerk);
    GOOD(house, office_act(&house->ctx, decision,
                           &(RouteAct){.verb = ROUTE_CONSULT_ADD, .added = money.post}));
    GOOD(house, does(house, clerk, decision, ROUTE_WITHDRAW));
    GOOD(house, does(house, clerk, decision, ROUTE_DROP));
    assert_int_equal(told(house, chief, decision, "dropped"), 1);
    assert_int_equal(told(house, &money, decision, "dropped"), 1); /* it was asked, and at work */
    FAILS(house, office_seen(&house->ctx, STR("urn:ngsi-ld:Decision:none")), RC_NOT_FOUND, NULL);
    GOOD(house, office_seen(&house->ctx, decision));
    assert_int_equal(told(house, &money, decision, ""), 0);
    assert_int_equal(told(house, chief, decision, "dropped"), 1); /* each reads his own */
    act_as(house, &head);
    FAILS(house, office_seen(&house->ctx, decision), RC_NOT_FOUND, "no-proposal");
    files_rebuilt(house);
}

static Rc returned_to(House *house, Actor *actor, Str decision, size_t to) {
    act_as(house, actor);
    RouteAct act = {.verb = ROUTE_RETURN,
                    .hash = cases_hash(house, decision),
                    .stage = ROUTE_STAGES_MAX,
                    .to = to,
                    .opinion = WHY};
    return office_act(&house->ctx, decision, &act);
}

/* The chief reviews again what was returned to him, and all behind him have to agree again. */
static void what_is_returned_to_an_earlier_stage_is_told(void **state) {
    House *house = *state;
    Actor head = official(house, "environment-head"), money = official(house, "finance-head"),
          *chief = &house->chief;
    Str decision = reduction(house, STR_NONE);
    act_as(house, &house->clerk);
    GOOD(house, office_act(&house->ctx, decision,
                           &(RouteAct){.verb = ROUTE_CONSULT_ADD, .added = money.post}));
    GOOD(house, does(house, chief, decision, ROUTE_APPROVE));
    GOOD(house, does(house, &money, decision, ROUTE_APPROVE));
    GOOD(house, returned_to(house, &head, decision, 0));
    assert_int_equal(told(house, &money, decision, "again"), 1);
    assert_int_equal(told(house, chief, decision, "again"), 1);
    assert_int_equal(told(house, &head, decision, ""), 0);
    act_as(house, &money);
    GOOD(house, office_seen(&house->ctx, decision));
    GOOD(house,
         amended(house, &house->clerk, &(OfficeAmend){.id = decision, .text = STR("り災証明書")}));
    assert_int_equal(told(house, &money, decision, "changed"), 1); /* he had agreed to another */
    files_rebuilt(house);
}

static void a_rejection_and_the_end_of_a_case_are_told(void **state) {
    House *house = *state;
    Actor head = official(house, "environment-head"), *chief = &house->chief;
    Str decision = reduction(house, STR_NONE), id = cases_apply(house, "disaster", 4), other;
    GOOD(house, does(house, chief, decision, ROUTE_APPROVE));
    GOOD(house, does(house, &head, decision, ROUTE_REJECT));
    assert_int_equal(told(house, chief, decision, "rejected"), 1);
    assert_int_equal(told(house, &head, decision, ""), 0);
    act_as(house, &house->clerk);
    GOOD(house, office_draft_reduction(&house->ctx, &(OfficeAct){.id = id}, &other));
    other = str_dup(house->arena, other);
    GOOD(house, does(house, chief, other, ROUTE_APPROVE));
    house_act(house, &house->resident);
    GOOD(house, apply_cancel(&house->ctx, id));
    assert_int_equal(told(house, chief, other, "dropped"), 2);
}

static void a_minor_correction_says_what_differs(void **state) {
    House *house = *state;
    Corrections kept;
    Str decision = reduction(house, STR("り災証明"));
    OfficeAmend amend = {.id = decision, .text = STR("り災証明書"), .minor = true};
    GOOD(house, does(house, &house->chief, decision, ROUTE_APPROVE));
    GOOD(house, amended(house, &house->clerk, &amend));
    assert_int_equal(stage_of(house, decision, 0).stand, STAND_APPROVED);
    assert_true(stage_of(house, decision, 0).changed);
    GOOD(house, minor_corrections(&house->ctx, house_entity(house, decision), &kept));
    assert_int_equal(kept.len, 1);
    assert_int_equal(kept.items[0].changes.len, 1);
    const MinorChange *change = &kept.items[0].changes.items[0];
    assert_true(str_eq(kept.items[0].actor, house->clerk.id));
    assert_true(str_eq(change->path, STR("evidence")));
    assert_true(str_eq(json_str(change->before), STR("り災証明")));
    assert_true(str_eq(json_str(change->after), STR("り災証明書")));
    DecideCases cases;
    decide_cases(house->ctx.arena, house_entity(house, decision), &cases);
    cases_erase(house, cases_text(house, cases.items[0].id, IRI("applicant")));
    GOOD(house, minor_corrections(&house->ctx, house_entity(house, decision), &kept));
    assert_true(kept.items[0].erased);
}

static void what_is_decided_is_never_minor(void **state) {
    House *house = *state;
    (void)files_ended(house);
    files_on(house, 2032, 4, 1);
    Str decision = files_propose(house, FILE_EXTEND, LABEL_2026);
    OfficeAmend amend = {
        .id = decision, .text = STR("訴えが続く"), .until = {2042, 3, 31}, .minor = true};
    FAILS(house, amended(house, &files_records, &amend), RC_INVALID, "not-minor");
    assert_true(str_eq(house->ctx.error.path, STR("until")));
    amend.until = (Date){2040, 3, 31};
    GOOD(house, amended(house, &files_records, &amend));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, files_set_up, cases_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_handed_in_as_it_was_goes_on_where_it_stopped),
        TEST(its_drafter_drops_what_came_back),
        TEST(what_came_back_falls_with_its_case),
        TEST(those_who_agreed_are_told),
        TEST(what_is_returned_to_an_earlier_stage_is_told),
        TEST(a_rejection_and_the_end_of_a_case_are_told),
        TEST(a_minor_correction_says_what_differs),
        TEST(what_is_decided_is_never_minor),
        TEST(a_plan_is_amended),
        TEST(a_move_of_a_case_is_amended),
        TEST(a_list_of_files_is_amended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
