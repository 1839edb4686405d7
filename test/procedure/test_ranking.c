/* Tests of rankings (利用調整): the order of cases, who gets which place, and deciding that. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define CARE     "day-care-admission"
#define FEBRUARY ((Date){2027, 2, 1})
#define REASON   STR("利用調整の結果のとおり。")
#define HELD     STR("希望した園に空きがありませんでした。")

enum { CASES = 4 };

typedef struct Care {
    House *house;
    Actor clerk, head;
    Str cases[CASES], numbers[CASES];
} Care;

static int care_up(void **state) {
    House *house = calloc(1, sizeof *house);
    house_make_also(house, HOUSE_WHOLE, CARE);
    *state = house;
    return 0;
}

static void as(Care *care, Actor *actor) {
    care->house->clock.fixed += TIME_SECOND;
    house_act(care->house, actor);
    care->house->ctx.purpose = STR("application-decide");
    actor->stepped_up_at = care->house->clock.fixed;
}

/* Whoever works so many hours, wishes for two nurseries, and comes into the selection. */
static void applies(Care *care, size_t i, const char *hours, const char *first,
                    const char *second) {
    House *house = care->house;
    const char *const said[] = {"startOn", "2027-02-01", "hours1", hours, "first",
                                first,     "second",     second,   NULL};
    care->cases[i] = cases_example(house, CARE, 0, said);
    care->numbers[i] = cases_text(house, care->cases[i], IRI("receiptNumber"));
    as(care, &care->clerk);
    GOOD(house,
         defined_move(&house->ctx, &(DefinedAct){.id = care->cases[i], .move = STR("accept")}));
}

/* Points by hours: 160 gives 20, 120 17, 64 13; the third has as many as the second. */
static void care_new(House *house, Care *out) {
    *out = (Care){.house = house};
    house_official(house, "care", "children-care-clerk", &out->clerk);
    house_official(house, "head", "children-head", &out->head);
    applies(out, 0, "64", "manaka", "ekimae");
    applies(out, 1, "160", "manaka", "ekimae");
    applies(out, 2, "160", "manaka", "ekimae");
    applies(out, 3, "120", "manaka", "ekimae");
    house_drain(house);
    as(out, &out->clerk);
}

static uint64_t version_now(Care *care) {
    RankingPlan plan;
    GOOD(care->house, ranking_plan(&care->house->ctx, STR(CARE), FEBRUARY, &plan));
    return plan.version;
}

static Rc keep(Care *care, const char *option, int64_t n, uint64_t version) {
    RankingPlaces said = {.procedure = STR(CARE), .round = FEBRUARY, .version = version};
    vec_push(care->house->ctx.arena, &said.places,
             (RankedPlaces){.option = str_of(option), .group = STR("1"), .places = n});
    return ranking_keep(&care->house->ctx, &said);
}

static void places(Care *care, const char *option, int64_t n) {
    as(care, &care->clerk);
    GOOD(care->house, keep(care, option, n, version_now(care)));
}

static RankingPlan plan_of(Care *care) {
    RankingPlan plan;
    as(care, &care->clerk);
    GOOD(care->house, ranking_plan(&care->house->ctx, STR(CARE), FEBRUARY, &plan));
    return plan;
}

static const RankedCase *ranked(const RankingPlan *plan, const Care *care, size_t i) {
    VEC_EACH (const RankedCase, one, &plan->cases)
        if (str_eq(one->number, care->numbers[i])) return one;
    fail_msg("case %zu isn't ranked", i);
    return NULL;
}

static void placed(const RankingPlan *plan, const Care *care, size_t i, const char *option) {
    Str is = ranked(plan, care, i)->placed;
    if (!str_eq(is, str_of(option))) fail_msg("case %zu got \"" STR_FMT "\"", i, STR_ARG(is));
}

static Rc propose(Care *care, Str seen, Str *decision) {
    as(care, &care->clerk);
    RankingWish wish = {STR(CARE), FEBRUARY, seen, REASON, HELD};
    TRY(ranking_propose(&care->house->ctx, &wish, decision));
    *decision = str_dup(care->house->arena, *decision);
    return RC_OK;
}

static Rc decide(Care *care, Str decision) {
    as(care, &care->head);
    OfficeDecision wish = {.id = decision, .hash = cases_hash(care->house, decision)};
    return office_decide(&care->house->ctx, &wish);
}

static void stands(Care *care, size_t i, const char *state) {
    Str is = cases_text(care->house, care->cases[i], IRI("procedureState"));
    if (!str_eq(is, str_of(state))) fail_msg("case %zu is " STR_FMT, i, STR_ARG(is));
}

static void more_points_come_first(void **state) {
    Care care;
    care_new(*state, &care);
    RankingPlan plan = plan_of(&care);
    assert_int_equal(plan.cases.len, CASES);
    assert_true(str_eq(plan.cases.items[2].number, care.numbers[3]));
    assert_true(str_eq(plan.cases.items[3].number, care.numbers[0]));
    assert_true(ranked(&plan, &care, 1)->lot && ranked(&plan, &care, 2)->lot);
    assert_false(ranked(&plan, &care, 0)->lot || ranked(&plan, &care, 3)->lot);
    assert_int_equal(plan.groups.len, 1);
    assert_true(str_eq(plan.groups.items[0], STR("1"))); /* born in July 2024, in fiscal 2026 */
    assert_int_equal(plan.placed, 0);                    /* no place was said yet */
}

static void each_gets_the_first_of_his_wishes_that_has_room(void **state) {
    Care care;
    care_new(*state, &care);
    places(&care, "manaka", 2);
    places(&care, "ekimae", 1);
    RankingPlan plan = plan_of(&care);
    placed(&plan, &care, 1, "manaka");
    placed(&plan, &care, 2, "manaka");
    placed(&plan, &care, 3, "ekimae");
    placed(&plan, &care, 0, "");
    assert_int_equal(ranked(&plan, &care, 3)->wish, 2);
    assert_int_equal(plan.placed, 3);
    VEC_EACH (const RankedPlaces, one, &plan.places)
        if (str_eq(one->option, STR("manaka"))) assert_int_equal(one->first, CASES);
}

/* Of two that are equal in all, the same one always. */
static void a_lot_that_anybody_can_compute_again_decides_between_equals(void **state) {
    Care care;
    care_new(*state, &care);
    places(&care, "manaka", 1);
    RankingPlan first = plan_of(&care), second = plan_of(&care);
    assert_true(str_eq(first.hash, second.hash));
    assert_int_equal(first.seed.len, 26); /* and it stays, whatever is said later */
    places(&care, "ekimae", 0);
    assert_true(str_eq(plan_of(&care).seed, first.seed));
    Str lots[2];
    for (size_t i = 0; i < 2; i++) {
        const Str parts[] = {first.seed, care.numbers[i + 1]};
        Digest digest = hash_sha256_parts(parts, 2);
        lots[i] =
            hash_base32(care.house->arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, 26);
    }
    bool one = str_cmp(lots[0], lots[1]) < 0;
    placed(&first, &care, one ? 1 : 2, "manaka");
    placed(&first, &care, one ? 2 : 1, "");
}

static void it_is_decided_as_one_and_each_is_told_his_place(void **state) {
    Care care;
    care_new(*state, &care);
    House *house = care.house;
    Str decision, again;
    CaseLetters letters;
    places(&care, "manaka", 2);
    places(&care, "ekimae", 1);
    RankingPlan plan = plan_of(&care);
    Str seen = str_dup(house->arena, plan.hash);
    GOOD(house, propose(&care, seen, &decision));
    GOOD(house, propose(&care, seen, &again));
    assert_true(str_eq(decision, again));
    GOOD(house, decide(&care, decision));
    stands(&care, 0, "waiting");
    for (size_t i = 1; i < CASES; i++)
        stands(&care, i, "admitted");
    assert_true(str_eq(cases_text(house, care.cases[3], IRI("placed")), STR("ekimae")));
    house_drain(house);
    GOOD(house, letters_of(&house->ctx, care.cases[3], &letters));
    assert_int_equal(letters.len, 1);
    Buf text = buf_new(house->arena, 1 << 16);
    json_write(&text, letters.items[0].letter.contents);
    assert_true(str_find(buf_str(&text), STR("えきまえ保育園")) >= 0);
    GOOD(house, letters_of(&house->ctx, care.cases[0], &letters));
    assert_true(str_eq(letters.items[0].letter.kind, STR("hold")));
}

/* Who waits is ranked in the next rounds, too; places that were given are gone. */
static void a_round_that_is_ranked_again_has_the_places_that_remain(void **state) {
    Care care;
    care_new(*state, &care);
    House *house = care.house;
    Str decision;
    places(&care, "manaka", 3);
    GOOD(house, propose(&care, str_dup(house->arena, plan_of(&care).hash), &decision));
    GOOD(house, decide(&care, decision));
    house_drain(house);
    RankingPlan plan = plan_of(&care);
    assert_int_equal(plan.cases.len, 1);
    placed(&plan, &care, 0, "");
    assert_int_equal(plan.places.items[0].given, 3);
    FAILS(house, propose(&care, str_dup(house->arena, plan.hash), &decision), RC_CONFLICT,
          "nothing");
    FAILS(house, keep(&care, "manaka", 2, version_now(&care)), RC_INVALID, "bad-places");
    places(&care, "manaka", 4);
    plan = plan_of(&care);
    placed(&plan, &care, 0, "manaka");
    GOOD(house, propose(&care, str_dup(house->arena, plan.hash), &decision));
    GOOD(house, decide(&care, decision));
    stands(&care, 0, "admitted");
}

static void what_changed_since_it_was_shown_is_not_proposed(void **state) {
    Care care;
    care_new(*state, &care);
    House *house = care.house;
    Str decision, seen;
    places(&care, "manaka", 1);
    seen = str_dup(house->arena, plan_of(&care).hash);
    places(&care, "manaka", 2);
    FAILS(house, propose(&care, seen, &decision), RC_CONFLICT, "other-plan");
    seen = str_dup(house->arena, plan_of(&care).hash);
    RankingWish wish = {STR(CARE), FEBRUARY, seen, REASON, STR(" ")};
    FAILS(house, ranking_propose(&house->ctx, &wish, &decision), RC_INVALID, "missing");
    assert_true(str_eq(house->ctx.error.path, STR("held")));
    RankingPlaces typed = {.procedure = STR(CARE), .round = FEBRUARY};
    RankedPlaces *place =
        vec_push(house->arena, &typed.places, (RankedPlaces){STR("manaka"), STR("1"), .places = 3});
    wish = (RankingWish){STR(CARE), FEBRUARY, seen, REASON, HELD, &typed};
    FAILS(house, ranking_propose(&house->ctx, &wish, &decision), RC_CONFLICT, "unsaved");
    place->places = 2; /* as it was kept */
    wish.reason = STR(" ");
    FAILS(house, ranking_propose(&house->ctx, &wish, &decision), RC_INVALID, "missing");
    GOOD(house, propose(&care, seen, &decision));
    RankingPlan plan = plan_of(&care);
    assert_int_equal(plan.proposed, CASES);
    FAILS(house, propose(&care, str_dup(house->arena, plan.hash), &decision), RC_CONFLICT,
          "proposed");
    as(&care, &care.head);
    OfficeDecision out = {.id = decision,
                          .hash = cases_hash(house, decision),
                          .case_id = care.cases[0],
                          .opinion = STR("書類を確かめます。")};
    GOOD(house, office_takeout(&house->ctx, &out));
    out.hash = cases_hash(house, decision);
    FAILS(house, office_putback(&house->ctx, &out), RC_CONFLICT, "out-moved");
    GOOD(house, office_return(&house->ctx, &out));
    as(&care, &care.clerk);
    FAILS(house, office_amend(&house->ctx, &(OfficeAmend){.id = decision, .text = REASON}),
          RC_CONFLICT, "ranked");
}

/* A page that was opened before somebody else said or gave places doesn't bring the old ones back.
 */
static void places_are_said_against_what_was_shown(void **state) {
    Care care;
    care_new(*state, &care);
    House *house = care.house;
    Str decision;
    places(&care, "manaka", 3);
    uint64_t shown = version_now(&care);
    GOOD(house, propose(&care, str_dup(house->arena, plan_of(&care).hash), &decision));
    GOOD(house, decide(&care, decision));
    as(&care, &care.clerk);
    FAILS(house, keep(&care, "ekimae", 1, shown), RC_CONFLICT, "version");
    GOOD(house, keep(&care, "ekimae", 1, version_now(&care)));
}

/* Fewer places than the proposal gives, said while it waits. */
static void no_more_is_given_than_there_is(void **state) {
    Care care;
    care_new(*state, &care);
    Str decision;
    places(&care, "manaka", 3);
    GOOD(care.house, propose(&care, str_dup(care.house->arena, plan_of(&care).hash), &decision));
    places(&care, "manaka", 2);
    FAILS(care.house, decide(&care, decision), RC_CONFLICT, "no-room");
    stands(&care, 1, "selection");
}

/* Nobody comes in past the others. */
static void its_moves_are_made_by_the_ranking_alone(void **state) {
    Care care;
    care_new(*state, &care);
    House *house = care.house;
    Str decision;
    StrVec one = {0};
    InboxCases cases;
    bool more;
    as(&care, &care.clerk);
    DefinedAct act = {.id = care.cases[0], .move = STR("admit"), .text = REASON};
    FAILS(house, defined_propose(&house->ctx, &act, &decision), RC_CONFLICT, "ranked");
    vec_push(house->arena, &one, care.numbers[0]);
    TogetherWish wish = {STR(CARE), STR("admit"), &one, REASON};
    FAILS(house, together_propose(&house->ctx, &wish, &decision), RC_NOT_FOUND, "no-move");
    FAILS(house, together_cases(&house->ctx, STR(CARE), STR("hold"), &cases, &more), RC_NOT_FOUND,
          "no-move");
}

/* Who waits from an earlier day is told the day that is given, and is in no later fiscal year's. */
static void who_waits_is_ranked_until_the_fiscal_year_ends(void **state) {
    Care care;
    care_new(*state, &care);
    House *house = care.house;
    RankingPlan plan;
    Str decision;
    CaseLetters letters;
    Date march = {2027, 3, 1}, april = {2027, 4, 1};
    as(&care, &care.clerk);
    GOOD(house, ranking_plan(&house->ctx, STR(CARE), april, &plan));
    assert_int_equal(plan.cases.len, 0);
    RankingPlaces said = {.procedure = STR(CARE), .round = march};
    vec_push(house->arena, &said.places, (RankedPlaces){STR("manaka"), STR("1"), .places = 4});
    GOOD(house, ranking_keep(&house->ctx, &said));
    GOOD(house, ranking_plan(&house->ctx, STR(CARE), march, &plan));
    assert_int_equal(plan.placed, CASES);
    RankingWish wish = {STR(CARE), march, str_dup(house->arena, plan.hash), REASON, HELD};
    GOOD(house, ranking_propose(&house->ctx, &wish, &decision));
    GOOD(house, decide(&care, str_dup(house->arena, decision)));
    house_drain(house);
    GOOD(house, letters_of(&house->ctx, care.cases[0], &letters));
    Buf text = buf_new(house->arena, 1 << 16);
    json_write(&text, letters.items[0].letter.contents);
    assert_true(str_find(buf_str(&text), STR("令和9年3月1日")) >= 0);
    assert_true(str_find(buf_str(&text), STR("令和9年2月1日")) < 0);
}

static void places_are_the_division_s_to_say(void **state) {
    Care care;
    care_new(*state, &care);
    House *house = care.house;
    RankingPlaces said = {.procedure = STR(CARE), .round = FEBRUARY};
    RankedPlaces *one = vec_push(house->arena, &said.places,
                                 (RankedPlaces){STR("manaka"), STR("1"), .places = 10000});
    FAILS(house, ranking_keep(&house->ctx, &said), RC_INVALID, "bad-places");
    *one = (RankedPlaces){STR("nowhere"), STR("1"), .places = 1};
    FAILS(house, ranking_keep(&house->ctx, &said), RC_INVALID, "bad-places");
    *one = (RankedPlaces){STR("manaka"), STR("1"), .places = 1};
    house_act(house, &house->clerk);
    FAILS(house, ranking_keep(&house->ctx, &said), RC_DENIED, "not-permitted");
    RankingPlan plan;
    FAILS(house, ranking_plan(&house->ctx, STR(CARE), FEBRUARY, &plan), RC_DENIED, "not-permitted");
    said.procedure = STR("dog-registration");
    FAILS(house, ranking_keep(&house->ctx, &said), RC_NOT_FOUND, "no-ranking");
}

static void a_round_without_cases_is_empty(void **state) {
    House *house = *state;
    RankingPlan plan;
    Actor clerk;
    house_official(house, "care", "children-care-clerk", &clerk);
    house_act(house, &clerk);
    GOOD(house, ranking_plan(&house->ctx, STR(CARE), FEBRUARY, &plan));
    assert_int_equal(plan.cases.len + plan.groups.len + plan.places.len, 0);
}

static void rounds_are_the_days_wished_for(void **state) {
    Care care;
    care_new(*state, &care);
    as(&care, &care.clerk);
    RankingRounds rounds;
    GOOD(care.house, ranking_rounds(&care.house->ctx, STR(CARE), &rounds));
    assert_int_equal(rounds.len, 1);
    assert_int_equal(rounds.items[0].cases, CASES);
    assert_int_equal(time_date_days(rounds.items[0].day), time_date_days(FEBRUARY));
}

/* A definition whose ranking can't be carried out isn't published. */
static void a_definition_is_held_to_what_a_ranking_needs(void **state) {
    House *house = *state;
    static const struct {
        const char *path, *text;
    } wrong[] = {{"ranking.round", "\"first\""},  {"ranking.states", "[\"nowhere\"]"},
                 {"ranking.order", "[]"},         {"ranking.choices", "[\"startOn\"]"},
                 {"ranking.admit", "\"nobody\""}, {"ranking.hold", "\"nobody\""}};
    const Json *source = house_starter(house, "procedures/" CARE ".json"), *value;
    const Definition *definition;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        GOOD(house, json_read(&house->ctx, str_of(wrong[i].text), JSON_LIMITS_DEFAULT, &value));
        const Json *changed = outline_set(house->arena, source, str_of(wrong[i].path), value);
        FAILS(house, definition_read(&house->ctx, changed, &definition), RC_INVALID,
              "bad-definition");
        if (!str_starts(house->ctx.error.path, str_of(wrong[i].path)))
            fail_msg(STR_FMT " for %s", STR_ARG(house->ctx.error.path), wrong[i].path);
    }
    DefinitionFindings findings = {0};
    GOOD(house, json_read(&house->ctx, STR("false"), JSON_LIMITS_DEFAULT, &value));
    GOOD(house, definition_read(&house->ctx,
                                outline_set(house->arena, source, STR("moves[2].together"), value),
                                &definition));
    ranking_lint(&house->ctx, definition, &findings);
    assert_int_equal(findings.len, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, care_up, house_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(more_points_come_first),
        CASE(each_gets_the_first_of_his_wishes_that_has_room),
        CASE(a_lot_that_anybody_can_compute_again_decides_between_equals),
        CASE(it_is_decided_as_one_and_each_is_told_his_place),
        CASE(a_round_that_is_ranked_again_has_the_places_that_remain),
        CASE(what_changed_since_it_was_shown_is_not_proposed),
        CASE(places_are_said_against_what_was_shown),
        CASE(no_more_is_given_than_there_is),
        CASE(its_moves_are_made_by_the_ranking_alone),
        CASE(who_waits_is_ranked_until_the_fiscal_year_ends),
        CASE(places_are_the_division_s_to_say),
        CASE(a_round_without_cases_is_empty),
        CASE(rounds_are_the_days_wished_for),
        CASE(a_definition_is_held_to_what_a_ranking_needs),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
