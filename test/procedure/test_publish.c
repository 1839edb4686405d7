/* Tests of definitions as the city makes them: drafts, what keeps them from being published,
   proposals, and the version that a decision puts into force. */
#include "cases.h"

#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DOG STR("dog-registration")

typedef struct Officials {
    Actor steward, general, head;
} Officials;

static Officials officials;

static void appoint(House *house) {
    house_official(house, "steward", "information-data-steward", &officials.steward);
    house_official(house, "general", "general-affairs-head", &officials.general);
    house_official(house, "head", "information-head", &officials.head);
}

static void act_as(House *house, Actor *actor) {
    house_act(house, actor);
    actor->stepped_up_at = house->clock.fixed;
}

static Publishing stand(House *house, Str id) {
    Publishing out;
    GOOD(house, publish_load(&house->ctx, id, &out));
    return out;
}

static Rc keep(House *house, Str id, const char *path, const char *text) {
    Publishing of = stand(house, id);
    Json value = json_of_str(str_of(text));
    const Json *draft = outline_set(house->ctx.arena, of.draft, str_of(path), &value);
    return publish_keep(&house->ctx, id, of.version, draft);
}

static Rc act_on(House *house, Actor *actor, Str decision, RouteVerb verb) {
    act_as(house, actor);
    RouteAct act = {.verb = verb,
                    .hash = cases_hash(house, decision),
                    .stage = ROUTE_STAGES_MAX,
                    .to = ROUTE_STAGES_MAX,
                    .opinion = STR("理由")};
    return office_act(&house->ctx, decision, &act);
}

static void decide(House *house, Str decision) {
    GOOD(house, act_on(house, &officials.general, decision, ROUTE_APPROVE));
    GOOD(house, act_on(house, &officials.head, decision, ROUTE_APPROVE));
}

/* A second version of the dog's registration, proposed by the steward. */
static Str propose_second(House *house) {
    Str decision;
    act_as(house, &officials.steward);
    GOOD(house, publish_begin(&house->ctx, DOG, DOG));
    GOOD(house, keep(house, DOG, "summary.en", "Tell us of a new dog."));
    GOOD(house, publish_propose(&house->ctx, DOG, &decision));
    return str_dup(house->arena, decision);
}

static const Definition *in_force(House *house, int days) {
    Date day = time_days_date(time_date_days(time_jst_date(house->clock.fixed)) + days);
    return catalogue_current(procedures_catalogue(&house->tenant), DOG, day);
}

static void a_draft_is_written_and_thrown_away(void **state) {
    House *house = *state;
    appoint(house);
    act_as(house, &officials.steward);
    GOOD(house, publish_begin(&house->ctx, STR("pet-licence"), STR_NONE));
    Publishing of = stand(house, STR("pet-licence"));
    assert_null(of.newest);
    assert_true(str_eq(json_get_str(of.draft, "id"), STR("pet-licence")));
    assert_true(str_eq(of.draft_post, STR("information-data-steward")));
    FAILS(house, publish_begin(&house->ctx, STR("pet-licence"), STR_NONE), RC_CONFLICT, "drafted");
    FAILS(house, publish_begin(&house->ctx, DOG, STR("telework-request")), RC_CONFLICT, "taken");
    FAILS(house, publish_begin(&house->ctx, STR("犬"), STR_NONE), RC_INVALID, "bad-id");
    FAILS(house, publish_begin(&house->ctx, STR("pet"), STR("nothing")), RC_NOT_FOUND,
          "no-procedure");
    FAILS(house, keep(house, STR("pet-licence"), "id", "other"), RC_INVALID, "bad-id");
    FAILS(house, keep(house, STR("pet-licence"), "pagse", "x"), RC_INVALID, "bad-definition");
    FAILS(house, publish_keep(&house->ctx, of.id, of.version - 1, of.draft), RC_CONFLICT, "edited");
    FAILS(house, publish_discard(&house->ctx, of.id, of.version - 1), RC_CONFLICT, "edited");
    GOOD(house, publish_discard(&house->ctx, of.id, of.version));
    FAILS(house, publish_load(&house->ctx, of.id, &of), RC_NOT_FOUND, "no-procedure");
    act_as(house, &house->resident);
    FAILS(house, publish_begin(&house->ctx, STR("mine"), STR_NONE), RC_DENIED, NULL);
}

static void what_can_not_be_published_is_not_proposed(void **state) {
    House *house = *state;
    Str decision;
    appoint(house);
    act_as(house, &officials.steward);
    FAILS(house, publish_propose(&house->ctx, DOG, &decision), RC_CONFLICT, "no-draft");
    GOOD(house, publish_begin(&house->ctx, DOG, DOG));
    GOOD(house, keep(house, DOG, "post", "nobody"));
    FAILS(house, publish_propose(&house->ctx, DOG, &decision), RC_INVALID, "findings");
    assert_true(str_eq(house->ctx.error.path, STR("post")));
    GOOD(house, keep(house, DOG, "post", "citizens-counter-clerk"));
    GOOD(house, keep(house, DOG, "pages[0].when", "1 +"));
    Publishing of = stand(house, DOG);
    const Definition *definition;
    DefinitionFindings findings;
    publish_check(&house->ctx, &of, &definition, &findings);
    assert_null(definition);
    assert_int_equal(findings.len, 1);
    assert_true(str_eq(findings.items[0].path, STR("pages[0].when")));
    assert_false(str_empty(findings.items[0].ja));
    GOOD(house, keep(house, DOG, "pages[0].when", ""));
    GOOD(house, keep(house, DOG, "effective.from", "2026-11-19"));
    FAILS(house, publish_propose(&house->ctx, DOG, &decision), RC_INVALID, "past");
}

static void a_decision_puts_a_version_into_force(void **state) {
    House *house = *state;
    appoint(house);
    Str decision = propose_second(house);
    assert_true(str_eq(stand(house, DOG).proposal, decision));
    Publishings all;
    house_drain(house);
    GOOD(house, publish_list(&house->ctx, &all));
    VEC_EACH (const Publishing, one, &all) {
        bool dog = str_eq(one->id, DOG);
        assert_int_equal(str_eq(one->proposal, decision), dog);
        assert_int_equal(one->draft != NULL, dog);
        assert_int_equal(one->newest->version, 1);
    }
    assert_true(all.len > 1);
    Str again;
    GOOD(house, publish_propose(&house->ctx, DOG, &again)); /* twice is once */
    assert_true(str_eq(again, decision));
    GOOD(house, keep(house, DOG, "summary.en", "Changed meanwhile."));
    FAILS(house, publish_propose(&house->ctx, DOG, &again), RC_CONFLICT, "proposed");
    assert_int_equal(in_force(house, 1)->version, 1); /* proposed is not decided */
    decide(house, decision);
    assert_int_equal(in_force(house, 0)->version, 1); /* from tomorrow on */
    assert_int_equal(in_force(house, 1)->version, 2);
    assert_true(str_eq(json_get_str(in_force(house, 1)->summary.all, "en"),
                       STR("Tell us of a new dog."))); /* what was frozen, not what stands there */
    act_as(house, &officials.steward);
    assert_true(str_eq(publish_decision(&house->ctx, DOG, 2), decision));
    assert_true(str_empty(publish_decision(&house->ctx, DOG, 1)));
    Publishing of = stand(house, DOG);
    assert_non_null(of.draft); /* somebody has gone on with it */
    assert_true(str_empty(of.proposal));
    FAILS(house, publish_propose(&house->ctx, DOG, &again), RC_CONFLICT, "other-version");
}

static void what_was_decided_is_there_after_a_restart(void **state) {
    House *house = *state;
    Catalogue *catalogue;
    const Json *all[] = {house_starter(house, "procedures/dog-registration.json")};
    CatalogueSources sources = {all, 1, house_starter(house, "organisation.json")};
    appoint(house);
    Str decision = propose_second(house);
    decide(house, decision);
    assert_null(stand(house, DOG).draft);
    GOOD(house, catalogue_load(&house->ctx, &sources, &catalogue));
    assert_null(catalogue_version(catalogue, DOG, 2));
    Catalogue *before = house->tenant.procedures->catalogue;
    house->tenant.procedures->catalogue = catalogue;
    GOOD(house, procedures_start(&house->ctx, &house->tenant));
    house->tenant.procedures->catalogue = before;
    assert_non_null(catalogue_version(catalogue, DOG, 2));
    assert_non_null(catalogue_version(catalogue, DOG, 1)); /* cases of it go on */
    catalogue_free(catalogue);
}

static void a_rejected_version_is_nowhere(void **state) {
    House *house = *state;
    appoint(house);
    Str decision = propose_second(house);
    GOOD(house, act_on(house, &officials.general, decision, ROUTE_APPROVE));
    GOOD(house, act_on(house, &officials.head, decision, ROUTE_REJECT));
    assert_int_equal(in_force(house, 1)->version, 1);
    assert_non_null(stand(house, DOG).draft); /* it may be mended, and proposed again */
}

static void a_proposal_stands_without_its_draft(void **state) {
    House *house = *state;
    Str id = STR("pet-licence"), decision;
    appoint(house);
    act_as(house, &officials.steward);
    GOOD(house, publish_begin(&house->ctx, id, STR_NONE));
    GOOD(house, publish_propose(&house->ctx, id, &decision));
    decision = str_dup(house->arena, decision);
    GOOD(house, publish_discard(&house->ctx, id, stand(house, id).version));
    assert_true(str_eq(stand(house, id).proposal, decision));
    decide(house, decision);
    assert_int_equal(stand(house, id).newest->version, 1);
}

static void a_definition_of_another_city_is_taken_over(void **state) {
    House *house = *state;
    static const struct {
        const char *text, *code;
    } cases[] = {{"{", NULL},
                 {"[]", NULL},
                 {"{\"id\":\"x\",\"pagse\":[]}", "bad-definition"},
                 {"{\"id\":\"\"}", "bad-id"}};
    Buf text = buf_new(house->ctx.arena, 1 << 20);
    Str id;
    appoint(house);
    act_as(house, &officials.steward);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        FAILS(house, publish_import(&house->ctx, str_of(cases[i].text), &id), RC_INVALID,
              cases[i].code);
    json_write(&text, publish_text(&house->ctx, DOG, 1));
    GOOD(house, publish_import(&house->ctx, buf_str(&text), &id));
    assert_true(str_eq(id, DOG));
    assert_int_equal(json_get_int(stand(house, DOG).draft, "version", 0), 2);
    FAILS(house, publish_import(&house->ctx, buf_str(&text), &id), RC_CONFLICT, "drafted");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_draft_is_written_and_thrown_away, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(what_can_not_be_published_is_not_proposed, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_decision_puts_a_version_into_force, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(what_was_decided_is_there_after_a_restart, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_rejected_version_is_nowhere, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_proposal_stands_without_its_draft, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_definition_of_another_city_is_taken_over, cases_set_up,
                                        cases_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
