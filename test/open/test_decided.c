/* A release runs once its definition was decided, and as it was decided. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ---- decided before it runs ---- */

static void test_nothing_runs_before_it_was_decided(void **state) {
    (void)state;
    Desk desk;
    OpenDataset set;
    OpenDefinition now;
    Str proposal;
    desk_undecided(&desk);
    House *house = &desk.house;
    desk_fill(&desk);
    desk_aed(&desk, "1", "市役所");
    house_drain(house);
    FAILS(house, open_run(&house->ctx, COUNTS), RC_CONFLICT, "not-decided");
    FAILS(house, open_run(&house->ctx, STR("aed")), RC_CONFLICT, "not-decided");
    GOOD(house, open_run_all(&house->ctx)); /* what waits is no failure of a scheduled run */
    FAILS(house, open_dataset(&house->ctx, COUNTS, &set), RC_NOT_FOUND, "no-dataset");
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_NEW);
    GOOD(house, open_propose(&house->ctx, COUNTS, &proposal));
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_WAITING);
    FAILS(house, open_run(&house->ctx, COUNTS), RC_CONFLICT, "not-decided");
    FAILS(house, open_propose(&house->ctx, COUNTS, &proposal), RC_CONFLICT, "proposed");
    house_drain(house);
    Match *match;
    ProjectAnswer answer;
    GOOD(house,
         match_compile(&house->ctx, ld_core(), &(MatchSource){.type = STR("Tally")}, &match));
    GOOD(house, project_query(&house->ctx, house->tenant.project,
                              &(ProjectQuery){.match = match, .limit = 10}, &answer));
    assert_int_equal(answer.entities.len, 0); /* a preview counts nothing for good */
    match_free(match);
    desk_end(&desk);
}

/* The hash alone is no decision: it is public, and the entity's id is known, too. */
static void test_a_forged_decision_of_another_type_decides_nothing(void **state) {
    (void)state;
    Desk desk;
    OpenDefinition now;
    desk_undecided(&desk);
    House *house = &desk.house;
    Arena *arena = house->ctx.arena;
    desk_fill(&desk);
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    Str id = str_fmt(arena, "urn:ngsi-ld:Release:" STR_FMT, STR_ARG(COUNTS));
    Entity *forged = entity_new(arena, id, IRI("Thing"));
    entity_set(arena, forged, IRI("definitionHash"), json_of_str(now.hash));
    entity_set(arena, forged, IRI("decision"), json_of_str(STR("urn:ngsi-ld:Decision:1")));
    desk_put(&desk, forged);
    house_drain(house);
    FAILS(house, open_run(&house->ctx, COUNTS), RC_CONFLICT, "not-decided");
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_NEW);
    desk_decide(&desk, COUNTS); /* and it is in nobody's way */
    desk_end(&desk);
}

static void test_a_proposal_shows_what_the_joint_check_found(void **state) {
    (void)state;
    Desk desk;
    Str proposal;
    desk_undecided(&desk);
    House *house = &desk.house;
    desk_fill(&desk);
    house_drain(house);
    GOOD(house, open_propose(&house->ctx, COUNTS, &proposal));
    const Entity *decision = house_entity(house, proposal);
    const Json *contents = entity_attr(decision, IRI("contents"))->value;
    const Json *found = json_get(contents, STR("found"));
    const Json *dataset = json_at(json_get(found, STR("datasets")), 0);
    assert_true(str_eq(json_get_str(found, "jointCheck"), STR("passed")));
    assert_true(str_eq(json_str(json_at(json_get(found, STR("months")), 0)), STR("2026-10")));
    assert_int_equal(json_get_int(dataset, "rows", 0), 13);
    assert_true(json_get_int(dataset, "suppressed", 0) > 0);
    assert_true(json_equal(json_get(contents, STR("definition")), desk.releases[0]));
    assert_true(str_eq(entity_text(decision, IRI("deciderPost")), STR("information-head")));
    desk_end(&desk);
}

static void test_only_the_deciding_post_decides_on_what_it_saw(void **state) {
    (void)state;
    Desk desk;
    Str proposal;
    desk_undecided(&desk);
    House *house = &desk.house;
    Actor *steward = &desk.steward, *head = &desk.head;
    house->ctx.actor = &house->clerk;
    FAILS(house, open_propose(&house->ctx, COUNTS, &proposal), RC_DENIED, NULL);
    house->ctx.actor = steward;
    GOOD(house, open_propose(&house->ctx, COUNTS, &proposal));
    RouteAct act = {.stage = ROUTE_STAGES_MAX, .hash = desk_hash(&desk, proposal)};
    FAILS(house, open_act(&house->ctx, COUNTS, &act), RC_DENIED, NULL);
    house->ctx.actor = head; /* without a fresh confirmation of identity */
    FAILS(house, open_act(&house->ctx, COUNTS, &act), RC_DENIED, NULL);
    house_act(house, &house->chief); /* a decider, and not of releases */
    FAILS(house, open_act(&house->ctx, COUNTS, &act), RC_DENIED, "not-turn");
    head->stepped_up_at = house->clock.fixed;
    house->ctx.actor = head;
    RouteAct other = {.stage = ROUTE_STAGES_MAX, .hash = STR("0")},
             silent = {.verb = ROUTE_RETURN, .stage = ROUTE_STAGES_MAX, .to = ROUTE_STAGES_MAX};
    FAILS(house, open_act(&house->ctx, COUNTS, &other), RC_CONFLICT, "other-contents");
    FAILS(house, open_act(&house->ctx, COUNTS, &silent), RC_INVALID, "no-reason");
    FAILS(house, open_act_on(&house->ctx, STR("urn:ngsi-ld:Decision:none"), &act), RC_NOT_FOUND,
          NULL);
    GOOD(house, open_act_on(&house->ctx, proposal, &act)); /* by its own page */
    OpenDefinition now;
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_DECIDED);
    FAILS(house, open_act(&house->ctx, COUNTS, &act), RC_CONFLICT, "not-waiting");
    desk_end(&desk);
}

static void test_a_returned_or_withdrawn_proposal_can_be_made_again(void **state) {
    (void)state;
    Desk desk;
    Str proposal;
    OpenDefinition now;
    desk_undecided(&desk);
    House *house = &desk.house;
    GOOD(house, open_propose(&house->ctx, COUNTS, &proposal));
    desk.head.stepped_up_at = house->clock.fixed;
    house->ctx.actor = &desk.head;
    RouteAct back = {.verb = ROUTE_RETURN,
                     .stage = ROUTE_STAGES_MAX,
                     .to = ROUTE_STAGES_MAX,
                     .opinion = STR("説明を足してください。")};
    GOOD(house, open_act(&house->ctx, COUNTS, &back));
    house->ctx.actor = &desk.steward;
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_NEW);
    ActAmend subject = {.subject = STR("粗大ごみの件数の公開について")};
    Str first = str_dup(house->ctx.arena, proposal);
    GOOD(house, open_amend(&house->ctx, first, &subject));
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_WAITING);
    assert_true(
        str_eq(entity_text(house_entity(house, first), IRI("subjectLine")), subject.subject));
    FAILS(house, open_amend(&house->ctx, first, &subject), RC_CONFLICT, "unchanged");
    house->ctx.actor = &house->clerk;
    FAILS(house, open_amend(&house->ctx, first, &subject), RC_DENIED, NULL);
    house->ctx.actor = &desk.steward;
    GOOD(house, open_act(&house->ctx, COUNTS, &(RouteAct){.verb = ROUTE_WITHDRAW}));
    GOOD(house, open_propose(&house->ctx, COUNTS, &proposal));
    FAILS(house, open_amend(&house->ctx, first, &subject), RC_CONFLICT, "not-waiting");
    GOOD(house, open_act(&house->ctx, COUNTS, &(RouteAct){.verb = ROUTE_WITHDRAW}));
    desk_decide(&desk, COUNTS);
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_DECIDED);
    FAILS(house, open_propose(&house->ctx, COUNTS, &proposal), RC_CONFLICT, "nothing-new");
    desk_end(&desk);
}

/* Until the change is decided, what was decided goes on: its runs, its texts, its leaving out. */
static void test_a_changed_definition_waits_for_its_own_decision(void **state) {
    (void)state;
    Desk desk;
    OpenDataset set;
    OpenDefinition now;
    desk_begin(&desk);
    House *house = &desk.house;
    desk_fill(&desk);
    desk_run(&desk);
    desk.releases[0] =
        desk_changed(&desk, 0, "\"formats\":[\"csv\",\"json\"]", "\"formats\":[\"csv\"]");
    desk.releases[0] = desk_changed(&desk, 0, "Bulky-waste pickups by", "All pickups by");
    open_close(&house->tenant);
    desk_open(&desk);
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_CHANGED);
    house->clock.fixed += 30 * TIME_DAY;
    desk_run(&desk); /* a month more is over */
    GOOD(house, open_dataset(&house->ctx, COUNTS, &set));
    assert_true(str_starts(json_get_str(set.title, "en"), STR("Bulky-waste")));
    assert_true(str_find(desk_file(&desk, COUNTS, "json"), STR("2026-11")) >= 0);
    desk_decide(&desk, COUNTS);
    desk_run(&desk);
    GOOD(house, open_dataset(&house->ctx, COUNTS, &set));
    assert_true(str_starts(json_get_str(set.title, "en"), STR("All pickups")));
    assert_null(open_file(&set.latest, STR("json"))); /* it is promised no more */
    assert_non_null(open_file(&set.latest, STR("csv")));
    desk_end(&desk);
}

static void test_after_the_review_date_nothing_new_is_published(void **state) {
    (void)state;
    Desk desk;
    OpenDataset set;
    OpenDefinition now;
    OpenVersions versions;
    Str proposal;
    desk_begin(&desk);
    House *house = &desk.house;
    desk_fill(&desk);
    desk_run(&desk);
    for (size_t i = 60; i < 60 + 45; i++) /* all of ekimae leave */
        desk_pickup(&desk, i,
                    &(Pickup){"2026-10-12", "ekimae", "furniture", "out", "collected", 1});
    house_drain(house);
    house->clock.fixed += 150 * TIME_DAY;
    FAILS(house, open_run(&house->ctx, COUNTS), RC_CONFLICT, "review-due");
    FAILS(house, open_run(&house->ctx, RECORDS), RC_CONFLICT, "review-due");
    FAILS(house, open_run(&house->ctx, STR("aed")), RC_CONFLICT, "review-due");
    house_drain(house);
    GOOD(house, open_dataset(&house->ctx, RECORDS, &set)); /* what is public stays so */
    assert_true(str_find(desk_file(&desk, RECORDS, "csv"), STR("ekimae")) < 0); /* but not they */
    GOOD(house, open_versions(&house->ctx, RECORDS, &versions));
    assert_int_equal(versions.len, 1);
    GOOD(house, open_definition(&house->ctx, COUNTS, &now));
    assert_int_equal(now.state, OPEN_DUE);
    FAILS(house, open_propose(&house->ctx, COUNTS, &proposal), RC_CONFLICT, "review-past");
    desk_end(&desk);
}

/* Counts over other cases than the records would answer what neither answers alone. */
static void test_releases_about_one_procedure_mean_the_same_cases(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    desk_fill(&desk);
    desk_run(&desk);
    open_close(&house->tenant);
    desk.releases[0] = desk_changed(&desk, 0, "\"cancelled\",", "");
    FAILS(house,
          open_open(&house->ctx, &house->tenant,
                    &(OpenOptions){.releases = desk.releases, .release_count = 3}),
          RC_INVALID, "bad-release");
    desk.releases[1] = desk_changed(&desk, 1, "\"cancelled\",", "");
    desk_open(&desk);
    desk_decide(&desk, COUNTS); /* and not the records, which still mean the former cases */
    house_drain(house);
    FAILS(house, open_run(&house->ctx, COUNTS), RC_CONFLICT, "joint-check");
    FAILS(house, open_run(&house->ctx, RECORDS), RC_CONFLICT, "joint-check");
    desk_decide(&desk, RECORDS);
    desk_run(&desk);
    desk_end(&desk);
}

/* A declaration that promises what no run keeps is refused at the start. */
static void test_promises_that_no_run_keeps_are_refused(void **state) {
    (void)state;
    static const struct {
        size_t release;
        const char *from, *to, *path;
    } cases[] = {
        {0, "[\"csv\",\"json\"]", "[\"csv\",\"parquet\"]", "formats"},
        {0, "[\"csv\",\"json\"]", "[\"geojson\"]", "formats"},
        {0, "[\"csv\",\"json\"]", "[]", "formats"},
        {0, "\"2027-03-31\"", "\"some day\"", "review"},
        {0, "PDL-1.0", "MINE", "licence"},
        {1, "\"opt-out\"", "\"everybody\"", "consent"},
        {1, "k-anonymity, random sample of at most half", "k-anonymity", "privacy.model"},
        {1, "keep, else other", "round to ten", "columns"},
        {1, "\"review\":", "\"expires\":\"never\",\"review\":", "expires"},
        {1, "\"pickupDate\"", "\"dueDate\"", "source.month"},
        {1, "\"itemClasses\"", "\"town\"", "source.class"},
        {2, "none needed", "asked", "consent"},
    };
    Desk desk;
    desk_undecided(&desk);
    House *house = &desk.house;
    open_close(&house->tenant);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Json *release = desk_changed(&desk, cases[i].release, cases[i].from, cases[i].to);
        OpenOptions options = {.releases = &release, .release_count = 1};
        FAILS(house, open_open(&house->ctx, &house->tenant, &options), RC_INVALID, "bad-release");
        if (!str_ends(house->ctx.error.path, str_of(cases[i].path)))
            fail_msg("%s: " STR_FMT, cases[i].path, STR_ARG(house->ctx.error.path));
    }
    desk_end(&desk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_runs_before_it_was_decided),
        cmocka_unit_test(test_a_forged_decision_of_another_type_decides_nothing),
        cmocka_unit_test(test_a_proposal_shows_what_the_joint_check_found),
        cmocka_unit_test(test_only_the_deciding_post_decides_on_what_it_saw),
        cmocka_unit_test(test_a_returned_or_withdrawn_proposal_can_be_made_again),
        cmocka_unit_test(test_a_changed_definition_waits_for_its_own_decision),
        cmocka_unit_test(test_after_the_review_date_nothing_new_is_published),
        cmocka_unit_test(test_releases_about_one_procedure_mean_the_same_cases),
        cmocka_unit_test(test_promises_that_no_run_keeps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
