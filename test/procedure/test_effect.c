/* Tests of what procedures cost, as counters that follow the ledger. */
#include "cases.h"

#include "insight/insight_int.h"
#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The city begins again with the counters. */
static void follow(House *house) {
    Project *project;
    project_stop(house->tenant.project);
    procedures_close(&house->tenant);
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    house_procedures(house);
    project_add(project, effect_follower());
    GOOD(house, project_start(&house->ctx, project));
}

static void pass(House *house, int64_t time) {
    house->clock.fixed += time;
}

static Effect effect(House *house) {
    Effects effects;
    house_drain(house);
    GOOD(house, insight_effects(&house->ctx, STR_NONE, STR("2026-01"), &effects));
    assert_int_equal(effects.len, 1);
    return effects.items[0];
}

static void kept_equals_rebuilt(House *house) {
    ProjectReport report;
    house_drain(house);
    GOOD(house, project_verify(&house->ctx, house->tenant.project, &report));
    if (report.differences) fail_msg("differs: " STR_FMT, STR_ARG(report.first));
}

/* Seconds and cases of a step, by any channel. */
static void step_is(House *house, const char *step, int64_t seconds, int64_t cases) {
    EffectSteps steps;
    int64_t sums[2] = {0};
    house_drain(house);
    GOOD(house, insight_effect_steps(&house->ctx, EFFECT_BULKY, STR("2026-01"), &steps));
    VEC_EACH (const EffectStep, one, &steps) {
        sums[0] += str_eq(one->step, str_of(step)) ? one->seconds : 0;
        sums[1] += str_eq(one->step, str_of(step)) ? one->cases : 0;
    }
    assert_int_equal(sums[0], seconds);
    assert_int_equal(sums[1], cases);
}

static void touch(House *house, Str id, int64_t seconds) {
    house_act(house, &house->clerk);
    GOOD(house, office_touch(&house->ctx, &(OfficeAct){.id = id, .touch = seconds}));
}

static void waiting_is_told_by_whom_a_case_waits_for(void **state) {
    House *house = *state;
    follow(house);
    Str id = cases_apply(house, NULL, 1), other = cases_apply(house, NULL, 1);
    Effect of = effect(house);
    assert_true(str_eq(of.procedure, EFFECT_BULKY));
    assert_true(str_eq(of.month, STR("2026-11")) && str_eq(of.channel, STR("web")));
    assert_int_equal(of.cases, 2);
    assert_int_equal(of.ended + of.asked + of.office + of.touched, 0);
    pass(house, TIME_HOUR);
    house_act(house, &house->clerk);
    GOOD(house, office_ask(&house->ctx, &(OfficeAct){.id = id, .text = STR("何人で運びますか")}));
    pass(house, 3 * TIME_HOUR);
    house_act(house, &house->resident);
    GOOD(house, apply_reply(&house->ctx, id, STR("2人です")));
    pass(house, TIME_HOUR);
    touch(house, id, 40);
    touch(house, id, 50); /* two pages of one case */
    of = effect(house);
    assert_int_equal(of.asked, 1);
    assert_int_equal(of.touch, 90);
    assert_int_equal(of.touched, 1);
    assert_int_equal(of.office, 0); /* it hasn't ended */
    step_is(house, "submitted", 90, 1);
    house_act(house,
              &house->clerk); /* it had moved on when its page told how long it was worked on */
    GOOD(house,
         office_touch(&house->ctx, &(OfficeAct){.id = id, .touch = 20, .step = STR("asked")}));
    step_is(house, "submitted", 90, 1);
    step_is(house, "asked", 20, 1);
    house_act(house, &house->clerk);
    GOOD(house, office_refuse(&house->ctx, &(OfficeAct){.id = id, .text = STR("集められません")}));
    of = effect(house);
    assert_int_equal(of.ended, 1);
    assert_int_equal(of.office, 2 * 3600);
    assert_int_equal(of.holder, 3 * 3600);
    assert_int_equal(of.other, 0);
    kept_equals_rebuilt(house);
    touch(house, other, 10);
    assert_int_equal(effect(house).touched, 2);
    step_is(house, "submitted", 100, 2);
    kept_equals_rebuilt(house);
}

static void an_erased_case_leaves_what_lies_in_clear(void **state) {
    House *house = *state;
    StrVec kept = {0};
    follow(house);
    Str id = cases_apply(house, NULL, 1);
    touch(house, id, 30);
    LedgerErasure erasure = {.head = {.kind = STR("person.erase"), .actor = house->clerk.id},
                             .subject = house->resident.person,
                             .reason = STR("x")};
    vec_push(house->arena, &erasure.files, STR("保存5年/粗大ごみ収集/2026"));
    GOOD(house, ledger_erase(&house->ctx, house->tenant.ledger, &erasure, &kept));
    assert_int_equal(effect(house).cases, 1);
    assert_int_equal(effect(house).touch, 30);
    kept_equals_rebuilt(house);
}

/* What rules made of it, and what a person found. */
static void rules_say(House *house, Str id, const char *entries) {
    Entity *application = entity_dup(house->ctx.arena, house_entity(house, id));
    const Json *list;
    GOOD(house, json_read(&house->ctx, str_of(entries), JSON_LIMITS_DEFAULT, &list));
    entity_set_kind(house->ctx.arena, application, ATTR_JSON, IRI("automatic"), *list);
    GOOD(house, house_put(house, application));
}

static void what_rules_moved_and_where_they_were_wrong_is_counted(House *house, Str id) {
    rules_say(house, id,
              "[{\"bin\":\"confirm\",\"why\":\"fallback\",\"end\":\"otherwise\"},"
              "{\"bin\":\"confirm\",\"why\":\"sample\",\"end\":\"confirmed\"}]");
    Effect of = effect(house);
    assert_int_equal(of.automatic, 0);
    assert_int_equal(of.judged, 1); /* what it didn't prepare isn't its own */
    assert_int_equal(of.wrong, 0);
    rules_say(house, id, "[{\"bin\":\"done\",\"why\":\"rule\",\"end\":\"objected\"}]");
    of = effect(house);
    assert_int_equal(of.automatic, 1);
    assert_int_equal(of.judged, 1);
    assert_int_equal(of.wrong, 1);
    kept_equals_rebuilt(house);
}

static void months_before_are_left_out(void **state) {
    House *house = *state;
    Effects effects;
    follow(house);
    what_rules_moved_and_where_they_were_wrong_is_counted(house, cases_apply(house, NULL, 1));
    house_drain(house);
    GOOD(house, insight_effects(&house->ctx, STR_NONE, STR("2026-12"), &effects));
    assert_int_equal(effects.len, 0);
    GOOD(house, insight_effects(&house->ctx, STR("bulky"), STR("2026-01"), &effects));
    assert_int_equal(effects.len, 0); /* the whole name */
    GOOD(house, insight_effects(&house->ctx, EFFECT_BULKY, STR("2026-11"), &effects));
    assert_int_equal(effects.len, 1);
}

/* ---- how far drafts come ---- */

static DefinedDraft draft_of(House *house, const Definition *dog) {
    DefinedDraft draft;
    GOOD(house, defined_draft(&house->ctx, dog, &draft));
    return draft;
}

static void come_to(House *house, const Definition *dog, const FormPage *page) {
    DefinedDraft draft = draft_of(house, dog);
    reach_page(&house->ctx, &draft, page);
}

static void page_is(const Reach *reach, Str id, int64_t seen, int64_t on) {
    VEC_EACH (const ReachPage, page, &reach->pages) {
        if (!str_eq(page->page, id)) continue;
        assert_int_equal(page->seen, seen);
        assert_int_equal(page->on, on);
        return;
    }
    fail_msg("no page " STR_FMT, STR_ARG(id));
}

static void pages_count_each_draft_once(void **state) {
    House *house = *state;
    Reach reach;
    const Definition *dog =
        catalogue_newest(procedures_catalogue(&house->tenant), STR("dog-registration"));
    const FormPage *first = &dog->pages.items[0], *second = &dog->pages.items[1];
    house_act(house, &house->resident);
    house->ctx.actor->browser = STR("a browser");
    GOOD(house, defined_begin(&house->ctx, dog, STR("web")));
    const FormPage *const way[] = {first, first, second, first, NULL}; /* again, and back */
    for (size_t i = 0; i < sizeof way / sizeof *way; i++)
        come_to(house, dog, way[i]);
    DefinedDraft draft = draft_of(house, dog);
    GOOD(house, defined_sent(&house->ctx, &draft));
    GOOD(house, defined_begin(&house->ctx, dog, STR("web")));
    come_to(house, dog, first);
    GOOD(house, defined_begin(&house->ctx, dog, STR("web"))); /* left where it was, begun anew */
    house_act(house, &house->clerk);
    house->ctx.actor->browser = STR("an office");
    GOOD(house, defined_begin(&house->ctx, dog, STR("phone")));
    come_to(house, dog, first);
    GOOD(house, reach_of(&house->ctx, dog->id, STR("2026-11"), &reach));
    assert_int_equal(reach.begun, 2);
    assert_int_equal(reach.sent, 1);
    assert_int_equal(reach.pages.len, 3);
    page_is(&reach, first->id, 2, 1);
    page_is(&reach, second->id, 1, 1);
    page_is(&reach, STR("check"), 1, 1);
    GOOD(house, reach_of(&house->ctx, dog->id, STR("2026-12"), &reach));
    assert_int_equal(reach.begun + reach.sent, 0);
    GOOD(house, reach_of(&house->ctx, STR("dog"), STR("2026-11"), &reach));
    assert_int_equal(reach.begun, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_count_each_draft_once, cases_set_up, cases_tear_down),
        cmocka_unit_test_setup_teardown(waiting_is_told_by_whom_a_case_waits_for, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(an_erased_case_leaves_what_lies_in_clear, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(months_before_are_left_out, cases_set_up, cases_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
