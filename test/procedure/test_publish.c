/* Tests of definitions as the city makes them: drafts, what keeps them from being published,
   proposals, and the version that a decision puts into force. */
#include "cases.h"

#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define DOG  STR("dog-registration")
#define COPY STR("resident-record-copy")

typedef struct Officials {
    Actor steward, general, head, owner;
} Officials;

static Officials officials;

static void appoint(House *house) {
    house_official(house, "steward", "information-data-steward", &officials.steward);
    house_official(house, "general", "general-affairs-head", &officials.general);
    house_official(house, "head", "information-head", &officials.head);
    house_official(house, "owner", "environment-head", &officials.owner);
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

/* Whose cases go is asked before. */
static void decide_transition(House *house, Str decision) {
    GOOD(house, act_on(house, &officials.general, decision, ROUTE_APPROVE));
    FAILS(house, act_on(house, &officials.head, decision, ROUTE_APPROVE), RC_CONFLICT, "not-due");
    GOOD(house, act_on(house, &officials.owner, decision, ROUTE_APPROVE));
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
    GOOD(house, publish_begin(&house->ctx, COPY, COPY));
    GOOD(house, keep(house, COPY, "letters[0].signer.ja", "となり市長"));
    FAILS(house, publish_propose(&house->ctx, COPY, &decision), RC_INVALID, "findings");
    assert_true(str_eq(house->ctx.error.path, STR("letters.reduced")));
    assert_true(str_find(house->ctx.error.detail, STR("となり市長")) >= 0);
    GOOD(house, keep(house, COPY, "letters[0].signer.ja", "まち市長"));
    publish_check(&house->ctx, &(Publishing){.draft = stand(house, COPY).draft}, &definition,
                  &findings);
    assert_int_equal(findings.len, 0);
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

/* What is decided is the draft as it was written on since it came back. */
static void a_returned_version_is_written_on_and_handed_in(void **state) {
    House *house = *state;
    appoint(house);
    Str decision = propose_second(house);
    OfficeAmend amend = {.id = decision};
    GOOD(house, act_on(house, &officials.general, decision, ROUTE_APPROVE));
    GOOD(house, act_on(house, &officials.head, decision, ROUTE_RETURN));
    act_as(house, &officials.steward);
    GOOD(house, keep(house, DOG, "summary.en", "Register a dog."));
    GOOD(house, office_amend(&house->ctx, &amend));
    FAILS(house, office_amend(&house->ctx, &amend), RC_CONFLICT, "unchanged");
    decide(house, decision);
    assert_true(str_eq(json_get_str(json_get(in_force(house, 1)->source, STR("summary")), "en"),
                       STR("Register a dog.")));
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

/* In whose name its letters go out is for the city to say, before or after: nothing stops for it.
 */
static void a_city_goes_on_with_a_procedure_that_nobody_signs(void **state) {
    House *house = *state;
    const Json *copy[] = {house_starter(house, "procedures/resident-record-copy.json")};
    const Json *organisation = house_starter(house, "organisation.json"); /* its own */
    JsonMember *first =
        (JsonMember *)(uintptr_t)json_get(organisation, STR("posts"))->value.items[0].value.members;
    while (!str_eq(first->name, STR("signs")))
        first++;
    first->value = json_of_str(STR("となり市長"));
    CatalogueSources sources = {copy, 1, organisation};
    Catalogue *catalogue;
    DefinitionFindings findings = {0};
    GOOD(house, catalogue_load(&house->ctx, &sources, &catalogue));
    const Definition *taken = catalogue_newest(catalogue, json_get_str(copy[0], "id"));
    definition_lint(&house->ctx, taken, catalogue_knows(catalogue), &findings);
    assert_true(findings.len && str_find(findings.items[0].text, STR("まち市長")) >= 0);
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

/* ---- cases that go on under another version ---- */

/* The text of the first version with other words. */
static Str first_with(House *house, const char *const words[][2], size_t n) {
    Arena *arena = house->ctx.arena;
    Buf first = buf_new(arena, 1 << 20);
    json_write(&first, publish_text(&house->ctx, DOG, 1));
    Str text = buf_str(&first);
    for (size_t i = 0; i < n; i++) {
        Buf next = buf_new(arena, 1 << 20);
        Str was = str_of(words[i][0]), rest = text;
        for (ptrdiff_t at; (at = str_find(rest, was)) >= 0;) {
            buf_add(&next, str_head(rest, (size_t)at));
            buf_add(&next, str_of(words[i][1]));
            rest = str_sub(rest, (size_t)at + was.len, rest.len);
        }
        assert_true(rest.len < text.len);
        buf_add(&next, rest);
        text = buf_str(&next);
    }
    return text;
}

/* Published as the second version, in force today: a question waits twenty days, in a state of
   another name, and the mail address isn't asked. */
static void publish_other(House *house) {
    static const char *const words[][2] = {
        {"\"asked\"", "\"inquiry\""},
        {"\"owner\":\"resident\",\"days\":10", "\"owner\":\"resident\",\"days\":20"},
        {"\"id\":\"dogName\"", "\"id\":\"dogCalled\",\"optional\":true"},
        {"\"dogName\":", "\"dogCalled\":"},
        {"\"犬種\"", "\"犬の種類\""},
        {"\"プードル\"", "\"トイ・プードル\""},
    };
    Str id, decision;
    act_as(house, &officials.steward);
    GOOD(house,
         publish_import(&house->ctx, first_with(house, words, sizeof words / sizeof *words), &id));
    GOOD(house, keep(house, DOG, "effective.from", "2026-11-20"));
    GOOD(house, publish_propose(&house->ctx, DOG, &decision));
    decide(house, str_dup(house->arena, decision));
    assert_int_equal(in_force(house, 0)->version, 2);
}

static TransitionWish wish_of(House *house, const char *asked_to) {
    TransitionWish wish = {.procedure = DOG, .to = 2, .reason = STR("期限を延ばすため")};
    vec_push(house->arena, &wish.from, 1);
    if (asked_to)
        vec_push(house->arena, &wish.moved, ((TransitionMap){1, STR("asked"), str_of(asked_to)}));
    return wish;
}

static TransitionPlan plan_of(House *house, const TransitionWish *wish) {
    TransitionPlan plan;
    GOOD(house, transition_plan(&house->ctx, wish, &(TransitionSlice){0, 10}, &plan));
    return plan;
}

static Transit transit_of(House *house, Str decision) {
    Transit out;
    GOOD(house, transit_load(&house->ctx, decision, &out));
    return out;
}

static void carry_out(House *house, const atomic_bool *stop) {
    house_act(house, (Actor *)(uintptr_t)gate_system_actor());
    GOOD(house, transit_carry_out(&house->ctx, stop)); /* no thread does, in a house */
}

typedef struct Dogs {
    Actor clerk;
    Str waits, asked, unpaid, prepared, ends;
} Dogs;

/* Those of the starter's examples: an unvaccinated one without a fee is done by hand, one without
   a chip has to be paid for, and one in order is prepared by a rule. */
static Dogs dogs(House *house) {
    Dogs out = {.waits = cases_example(house, "dog-registration", 2, NULL),
                .asked = cases_example(house, "dog-registration", 2, NULL),
                .unpaid = cases_example(house, "dog-registration", 0, NULL),
                .prepared = cases_example(house, "dog-registration", 1, NULL),
                .ends = cases_example(house, "dog-registration", 2, NULL)};
    house_official(house, "counter", "environment-counter-clerk", &out.clerk);
    act_as(house, &out.clerk);
    house->ctx.purpose = STR("application-check");
    GOOD(house, defined_move(
                    &house->ctx,
                    &(DefinedAct){.id = out.asked, .move = STR("ask"), .text = STR("何才ですか")}));
    return out;
}

static int64_t version_of(House *house, Str id) {
    return entity_int(house_entity(house, id), IRI("procedureVersion"), 0);
}

static void a_dry_run_names_what_stays_and_why(void **state) {
    House *house = *state;
    Str decision;
    appoint(house);
    Dogs all = dogs(house);
    TransitionWish wish = wish_of(house, NULL);
    FAILS(house, transition_plan(&house->ctx, &wish, &(TransitionSlice){0}, &(TransitionPlan){0}),
          RC_NOT_FOUND, "no-version");
    publish_other(house);
    act_as(house, &officials.steward);
    TransitionPlan plan = plan_of(house, &wish);
    assert_int_equal(plan.cases, 5);
    assert_int_equal(plan.fit, 2);
    assert_int_equal(plan.stays[FIT_STATE], 1); /* where is "asked" to go? */
    assert_int_equal(plan.stays[FIT_PAYMENT], 1);
    assert_int_equal(plan.stays[FIT_AUTOMATIC], 1);
    assert_int_equal(plan.listed.len, 3);
    assert_int_equal(plan.rows.len, 2); /* ends are no states of running cases */
    assert_true(str_empty(plan.rows.items[0].fault));
    assert_true(str_eq(plan.rows.items[1].fault, STR("unmapped")));
    FAILS(house, transition_propose(&house->ctx, &wish, plan.hash, &decision), RC_CONFLICT,
          "faults");
    static const struct {
        const char *to, *fault;
    } faults[] = {{"submitted", "owner"}, {"refused", "end"}, {"nowhere", "unmapped"}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        wish = wish_of(house, faults[i].to);
        plan = plan_of(house, &wish);
        assert_true(str_eq(plan.rows.items[1].fault, str_of(faults[i].fault)));
    }
    wish = wish_of(house, "inquiry");
    plan = plan_of(house, &wish);
    assert_int_equal(plan.fit, 3);
    assert_int_equal(plan.later, 1); /* twenty days in place of ten */
    assert_int_equal(plan.sooner, 0);
    TransitionWish one = wish_of(house, "inquiry");
    vec_push(house->arena, &one.states, STR("asked"));
    assert_int_equal(plan_of(house, &one).cases, 1);
    one.since = (Date){2026, 11, 21};
    assert_int_equal(plan_of(house, &one).cases, 0);
    one.since = one.before = (Date){2026, 11, 20};
    assert_int_equal(plan_of(house, &one).cases, 0);
    one.before = (Date){2026, 11, 21};
    assert_int_equal(plan_of(house, &one).cases, 1);
    TransitionCounts counts;
    GOOD(house, transition_counts(&house->ctx, DOG, &counts));
    assert_int_equal(counts.items[0], 5);
    assert_int_equal(version_of(house, all.waits), 1);
}

static void cases_go_on_under_a_new_version(void **state) {
    House *house = *state;
    Str decision, again;
    atomic_bool stop = true;
    appoint(house);
    Dogs all = dogs(house);
    Str file = cases_text(house, all.asked, IRI("retentionFile"));
    publish_other(house);
    TransitionWish wish = wish_of(house, "inquiry");
    act_as(house, &house->resident);
    FAILS(house, transition_propose(&house->ctx, &wish, STR("x"), &decision), RC_DENIED, NULL);
    act_as(house, &officials.steward);
    TransitionPlan plan = plan_of(house, &wish);
    FAILS(house, transition_propose(&house->ctx, &wish, STR("x"), &decision), RC_CONFLICT,
          "other-plan");
    GOOD(house, transition_propose(&house->ctx, &wish, plan.hash, &decision));
    decision = str_dup(house->arena, decision);
    GOOD(house, transition_propose(&house->ctx, &wish, plan.hash, &again)); /* twice is once */
    assert_true(str_eq(again, decision));
    GOOD(house, act_on(house, &officials.general, decision, ROUTE_RETURN));
    act_as(house, &officials.steward);
    GOOD(house, office_amend(&house->ctx, &(OfficeAmend){.id = decision, .text = wish.reason}));
    Transits transits;
    GOOD(house, transits_of(&house->ctx, DOG, &transits));
    assert_int_equal(transits.len, 0);
    decide_transition(house, decision);
    act_as(house, &house->resident);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = all.ends, .move = STR("withdraw")}));
    carry_out(house, &stop); /* ended before its first case: it goes on at the next start */
    assert_int_equal(transit_of(house, decision).done_at, TIME_NONE);
    act_as(house, &officials.steward);
    FAILS(house, transition_propose(&house->ctx, &wish, plan.hash, &again), RC_CONFLICT, "going");
    carry_out(house, NULL);
    Transit done = transit_of(house, decision);
    assert_int_equal(done.cases, 3);
    assert_int_equal(done.moved, 2); /* one has ended meanwhile, and neither goes nor stays */
    assert_int_equal(done.stayed, 2);
    assert_int_equal(done.stays[FIT_PAYMENT], 1);
    assert_int_equal(done.listed.len, 2);
    assert_int_not_equal(done.done_at, TIME_NONE);
    assert_int_equal(version_of(house, all.waits), 2);
    assert_int_equal(version_of(house, all.unpaid), 1);
    assert_int_equal(version_of(house, all.ends), 1);
    carry_out(house, NULL); /* once */
    assert_int_equal(transit_of(house, decision).moved, 2);
    assert_true(str_eq(cases_text(house, all.asked, IRI("retentionFile")), file));
    assert_true(str_eq(cases_text(house, all.asked, IRI("procedureState")), STR("inquiry")));
}

static int64_t day_of(House *house, Str id, Str iri) {
    Date day;
    assert_true(time_parse_date(cases_text(house, id, iri), &day));
    return time_date_days(day);
}

/* What the first test has decided, for those that look at what came of it. */
static Dogs moved_dogs(House *house) {
    Str decision;
    appoint(house);
    Dogs all = dogs(house);
    publish_other(house);
    TransitionWish wish = wish_of(house, "inquiry");
    TransitionPlan plan = plan_of(house, &wish);
    act_as(house, &officials.steward);
    GOOD(house, transition_propose(&house->ctx, &wish, plan.hash, &decision));
    decide_transition(house, str_dup(house->arena, decision));
    carry_out(house, NULL);
    return all;
}

static void a_moved_case_says_so_and_goes_on(void **state) {
    House *house = *state;
    Dogs all = moved_dogs(house);
    CaseSteps steps;
    CaseTransitions transitions;
    const Entity *application = house_entity(house, all.asked);
    case_steps(house->ctx.arena, application, &steps);
    assert_int_equal(steps.len, 3);
    assert_true(str_eq(steps.items[2].kind, CASE_STEP_VERSION));
    assert_true(str_eq(steps.items[2].post, STR("information-head")));
    case_transitions(house->ctx.arena, application, &transitions);
    assert_int_equal(transitions.len, 1);
    assert_int_equal(transitions.items[0].from, 1);
    assert_true(str_eq(transitions.items[0].number, steps.items[2].text));
    assert_int_equal(versions_first(&house->ctx, application)->version, 1);
    Fields gone;
    versions_gone(&house->ctx, application, &gone); /* answered once, and still read */
    assert_int_equal(gone.len, 1);
    FormAnswer answer;
    assert_true(defined_answer(house->ctx.arena, application, gone.items[0], &answer));
    int64_t today = time_date_days(time_jst_date(house->clock.fixed));
    assert_true(day_of(house, all.asked, IRI("answerDue")) > today + 20);
    InboxPage page;
    InboxQuery query = {
        .post = STR("environment-counter-clerk"), .states = 1u << CASE_ASKED, .limit = 10};
    GOOD(house, inbox_page(&house->ctx, &query, &page));
    assert_int_equal(page.lines.len, 1);
    assert_int_equal(time_date_days(page.lines.items[0].due),
                     day_of(house, all.asked, IRI("answerDue")));
    act_as(house, &house->resident);
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = all.asked,
                                                        .move = STR("answer"),
                                                        .text = STR("一才です")}));
    assert_true(str_eq(cases_text(house, all.asked, IRI("procedureState")), STR("submitted")));
    GOOD(house, defined_move(&house->ctx, &(DefinedAct){.id = all.waits, .move = STR("withdraw")}));
    assert_true(CASE_ENDS & 1u << cases_state(house, all.waits));
    assert_int_equal(version_of(house, all.waits), 2);
    ProjectReport report;
    house_drain(house);
    GOOD(house, project_verify(&house->ctx, house->tenant.project, &report));
    assert_int_equal(report.differences, 0);
}

/* Whether a dog's case could go to its own version with other words. */
static Fit fit_with(House *house, Str id, const char *was, const char *is) {
    const Json *source;
    const Definition *to;
    Fit out;
    const char *const words[][2] = {{was, is}};
    GOOD(house, json_read(&house->ctx, first_with(house, words, 1), JSON_LIMITS_DEFAULT, &source));
    GOOD(house, definition_read(&house->ctx, source, &to));
    const Entity *application = house_entity(house, id);
    GOOD(house, fit_case(&house->ctx,
                         &(FitAsk){application, defined_of(&house->ctx, application), to,
                                   &to->states.items[0]},
                         &out));
    return out;
}

/* The question about the breed: in the first version it, and one of its choices, had other words.
 */
static void an_answer_stands_under_the_words_of_its_question(void **state) {
    House *house = *state;
    Dogs all = moved_dogs(house);
    const Entity *application = house_entity(house, all.waits);
    Definitions versions;
    Fields reworded;
    versions_of(&house->ctx, application, &versions);
    assert_int_equal(versions.len, 2);
    versions_reworded(house->ctx.arena, versions.items[0], versions.items[1], &reworded);
    assert_int_equal(reworded.len, 1);
    const Field *asked = versions_field(&versions, STR("breed"));
    assert_ptr_equal(asked, definition_field(versions.items[0], STR("breed")));
    assert_true(str_eq(asked->label.ja, STR("犬種")));
    assert_true(
        str_eq(definition_field(versions.items[1], STR("breed"))->label.ja, STR("犬の種類")));
    versions_reworded(house->ctx.arena, versions.items[1], versions.items[1], &reworded);
    assert_int_equal(reworded.len, 0);
}

static void what_an_applicant_was_promised_stays(void **state) {
    House *house = *state;
    appoint(house);
    Dogs all = dogs(house);
    static const struct {
        const char *was, *is;
        FitWhy why;
    } cases[] = {
        {"\"days\":5", "\"days\":9", FIT_GOOD},
        {"\"id\":\"mixed\"", "\"id\":\"mongrel\"", FIT_GOOD}, /* nobody chose it */
        {"\"id\":\"other\"", "\"id\":\"another\"", FIT_ANSWER},
        {"\"id\":\"otherBreed\",\"kind\":\"text\"", "\"id\":\"otherBreed\",\"kind\":\"paragraph\"",
         FIT_ANSWER},
        {"\"most\":40,\"class\":\"personal\"", "\"most\":40,\"class\":\"sensitive\"", FIT_ANSWER},
        {"\"id\":\"mail\"", "\"id\":\"mail2\"", FIT_GOOD}, /* needs no answer */
        {"\"optional\":true", "\"optional\":false", FIT_ANSWER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Fit fit = fit_with(house, all.waits, cases[i].was, cases[i].is);
        if (fit.why != cases[i].why)
            fail_msg("%s: " STR_FMT, cases[i].is, STR_ARG(fit_why_word(fit.why)));
        assert_int_equal(fit.field != NULL, cases[i].why == FIT_ANSWER);
        assert_int_equal(fit.due.year, 0); /* longer for the office: what was told stays */
    }
    Fit sooner = fit_with(house, all.waits, "\"days\":5", "\"days\":3");
    assert_int_equal(sooner.why, FIT_GOOD);
    assert_int_not_equal(sooner.due.year, 0);
    assert_false(sooner.later);
}

/* ---- a stop on the way ---- */

typedef struct Stopping {
    atomic_bool armed, stop;
} Stopping;

/* As soon as a first command is on the disk, before another begins. */
static bool stop_at_sync(void *arg, const char *what) {
    Stopping *s = arg;
    char thread[16] = "";
    (void)pthread_getname_np(pthread_self(), thread, sizeof thread);
    bool written = strcmp(what, "sync") == 0 && strcmp(thread, "ledger-writer") == 0;
    if (written && atomic_load(&s->armed)) atomic_store(&s->stop, true);
    return true;
}

/* One more than a command takes. */
static void a_transition_stopped_between_two_commands_goes_on(void **state) {
    House *house = *state;
    enum { CASES = 51 };
    static Stopping stopping;
    static const StoreFault disk = {.step = stop_at_sync, .arg = &stopping};
    Str decision, cases[CASES];
    house_on_disk(house, &disk);
    appoint(house);
    for (size_t i = 0; i < CASES; i++)
        cases[i] = cases_example(house, "dog-registration", 2, NULL);
    publish_other(house);
    TransitionWish wish = wish_of(house, "inquiry");
    act_as(house, &officials.steward);
    TransitionPlan plan = plan_of(house, &wish);
    assert_int_equal(plan.fit, CASES);
    GOOD(house, transition_propose(&house->ctx, &wish, plan.hash, &decision));
    decision = str_dup(house->arena, decision);
    decide_transition(house, decision);
    atomic_store(&stopping.armed, true);
    do { /* the writer syncs once more when it has nothing to do: that stops before the first */
        atomic_store(&stopping.stop, false);
        carry_out(house, &stopping.stop);
    } while (!transit_of(house, decision).moved);
    Transit half = transit_of(house, decision);
    assert_int_equal(half.moved, CASES - 1);
    assert_int_equal(half.done_at, TIME_NONE);
    carry_out(house, NULL);
    Transit done = transit_of(house, decision);
    assert_int_equal(done.moved, CASES);
    assert_int_equal(done.stayed, 0);
    assert_int_not_equal(done.done_at, TIME_NONE);
    for (size_t i = 0; i < CASES; i++) {
        CaseTransitions transitions;
        case_transitions(house->ctx.arena, house_entity(house, cases[i]), &transitions);
        assert_int_equal(transitions.len, 1); /* once */
        assert_int_equal(version_of(house, cases[i]), 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_draft_is_written_and_thrown_away, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(what_can_not_be_published_is_not_proposed, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_decision_puts_a_version_into_force, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_returned_version_is_written_on_and_handed_in,
                                        cases_set_up, cases_tear_down),
        cmocka_unit_test_setup_teardown(what_was_decided_is_there_after_a_restart, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_city_goes_on_with_a_procedure_that_nobody_signs,
                                        cases_set_up, cases_tear_down),
        cmocka_unit_test_setup_teardown(a_rejected_version_is_nowhere, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_proposal_stands_without_its_draft, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_definition_of_another_city_is_taken_over, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_dry_run_names_what_stays_and_why, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(cases_go_on_under_a_new_version, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_moved_case_says_so_and_goes_on, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(an_answer_stands_under_the_words_of_its_question,
                                        cases_set_up, cases_tear_down),
        cmocka_unit_test_setup_teardown(what_an_applicant_was_promised_stays, cases_set_up,
                                        cases_tear_down),
        cmocka_unit_test_setup_teardown(a_transition_stopped_between_two_commands_goes_on,
                                        cases_set_up, cases_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
