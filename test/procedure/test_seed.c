/* Tests of the generated city: whole, plausible, the same for the same seed. */
#include "house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { CASES = 320 };

typedef struct Seen {
    House *house;
    int states[CASE_STATES], total, out, residents, reductions[5], channels[3], waiting;
    Str districts[32];
    size_t district_count;
} Seen;

static size_t word_at(Str word, const char *const *words) {
    size_t i = 0;
    while (words[i] && !str_eq(word, str_of(words[i])))
        i++;
    assert_non_null(words[i]);
    return i;
}

static void see_district(Seen *seen, Str district) {
    for (size_t i = 0; i < seen->district_count; i++)
        if (str_eq(seen->districts[i], district)) return;
    seen->districts[seen->district_count++] = str_dup(seen->house->arena, district);
}

static void see_times(Seen *seen, const Entity *application) {
    CaseSteps steps;
    int64_t submitted, state_at, before = 0, now = seen->house->clock.fixed;
    Date pickup;
    assert_true(time_parse(entity_text(application, IRI("submittedAt")), &submitted));
    assert_true(time_parse(entity_text(application, IRI("stateAt")), &state_at));
    assert_true(time_parse_date(entity_text(application, IRI("pickupDate")), &pickup));
    case_steps(seen->house->ctx.arena, application, &steps);
    assert_true(steps.len > 0);
    assert_int_equal(steps.items[0].at, submitted);
    assert_int_equal(steps.items[steps.len - 1].at, state_at);
    assert_int_equal(steps.items[steps.len - 1].state, case_state(application));
    VEC_EACH (CaseStep, step, &steps) {
        assert_true(step->at >= before && step->at <= now);
        before = step->at;
    }
    bool ended = CASE_ENDS & 1u << case_state(application);
    Str completed = entity_text(application, IRI("completedAt"));
    assert_true(ended == !str_empty(completed));
    if (ended) assert_true(str_eq(completed, entity_text(application, IRI("stateAt"))));
    bool collected = case_state(application) == CASE_COLLECTED;
    if (collected) assert_true(state_at >= time_jst_start(pickup));
}

static void see_application(Seen *seen, const Entity *application) {
    static const char *const reductions[] = {"none",    "requested", "approved",
                                             "refused", "dropped",   NULL};
    static const char *const channels[] = {"web", "counter", "phone", NULL};
    CaseState state = case_state(application);
    assert_true(state < CASE_STATES);
    seen->states[state]++;
    seen->total++;
    seen->out += str_eq(entity_text(application, IRI("openDataChoice")), STR("out"));
    seen->reductions[word_at(entity_text(application, IRI("reductionState")), reductions)]++;
    seen->channels[word_at(entity_text(application, IRI("channel")), channels)]++;
    Str person = json_str(entity_attr(application, IRI("applicant"))->value);
    seen->residents +=
        str_eq(person, seen->house->resident.person) || str_eq(person, seen->house->other.person);
    assert_true(str_starts(entity_text(application, IRI("phone")), STR("0999-")));
    assert_true(text_is_kana(entity_text(application, IRI("kana"))));
    see_district(seen, entity_text(application, IRI("district")));
    see_times(seen, application);
}

static void see_all(Seen *seen) {
    House *house = seen->house;
    ProjectAnswer answer;
    GOOD(house, project_query(&house->ctx, house->tenant.project, &(ProjectQuery){.limit = 10000},
                              &answer));
    assert_false(answer.more);
    for (size_t i = 0; i < answer.entities.len; i++) {
        const Entity *entity = answer.entities.items[i];
        if (entity_has_type(entity, STR(CASE_TYPE))) see_application(seen, entity);
        if (entity_has_type(entity, STR(DECIDE_TYPE)))
            seen->waiting += str_eq(entity_text(entity, IRI("state")), STR("waiting"));
    }
}

/* The cases that are generated are of bulky waste, which knows no more. */
static const unsigned of_definitions = 1u << CASE_ELSEWHERE | 1u << CASE_DONE;

static void check_shape(const Seen *seen) {
    assert_true(seen->total >= 300);
    for (unsigned state = 0; state < CASE_STATES; state++)
        if (seen->states[state] == 0 && !(of_definitions & 1u << state))
            fail_msg("no case is %s", case_state_word((CaseState)state).ptr);
    for (size_t i = 0; i < 5; i++)
        if (seen->reductions[i] == 0) fail_msg("no case has reduction %zu", i);
    for (size_t i = 0; i < 3; i++)
        assert_true(seen->channels[i] > 0);
    assert_int_equal(seen->district_count, 12);
    assert_true(seen->out * 100 / seen->total >= 5 && seen->out * 100 / seen->total <= 15);
    assert_true(seen->residents >= 2);
    assert_true(seen->waiting > 0);
}

/* What was decided was decided when the city says so, in its route as well. */
static void check_routes(House *house) {
    ProjectAnswer answer;
    size_t decided = 0;
    ProjectWish wish = {.type = STR("Decision"), .q = STR("state==\"decided\""), .limit = 1000};
    GOOD(house, project_find(&house->ctx, &wish, &answer));
    for (size_t i = 0; i < answer.entities.len; i++) {
        const Entity *decision = answer.entities.items[i];
        int64_t at;
        Route route;
        RouteDones acts;
        route_json_read(decision, &route);
        route_json_acts(house->ctx.arena, decision, &acts);
        assert_true(time_parse(entity_text(decision, IRI("decidedAt")), &at));
        assert_int_equal(route.stages[route_decider(&route)].at, at);
        assert_int_equal(acts.len, 1);
        assert_int_equal(acts.items[0].at, at);
        decided++;
    }
    assert_true(decided > 0);
}

static void a_generated_city_has_every_state_whenever_it_is_made(void **state) {
    (void)state;
    static const char *const instants[] = {"2026-11-21T09:40:00Z", "2027-01-02T03:00:00Z",
                                           "2026-05-06T23:00:00Z", "2027-04-01T02:00:00Z"};
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        House house;
        house_make(&house, HOUSE_WHOLE);
        assert_true(time_parse(str_of(instants[i]), &house.clock.fixed));
        GOOD(&house, procedures_seed(&house.ctx, &house.tenant,
                                     &(SeedWish){.seed = 999997, .count = CASES}));
        Seen seen = {.house = &house};
        see_all(&seen);
        check_shape(&seen);
        check_routes(&house);
        house_end(&house);
    }
}

static Str city_digest(uint64_t seed, Arena *arena) {
    House house;
    house_make(&house, HOUSE_WHOLE);
    GOOD(&house,
         procedures_seed(&house.ctx, &house.tenant, &(SeedWish){.seed = seed, .count = 40}));
    ProjectAnswer answer;
    GOOD(&house,
         project_query(&house.ctx, house.tenant.project, &(ProjectQuery){.limit = 1000}, &answer));
    Buf text = buf_new(arena, 1 << 20);
    for (size_t i = 0; i < answer.entities.len; i++) {
        const Entity *entity = answer.entities.items[i];
        if (!entity_has_type(entity, STR(CASE_TYPE))) continue;
        buf_add(&text, entity->id);
        buf_add(&text, entity_text(entity, IRI("name")));
        buf_add(&text, entity_text(entity, IRI("stateAt")));
    }
    house_end(&house);
    return buf_str(&text);
}

static void the_same_seed_makes_the_same_city(void **state) {
    (void)state;
    Arena *arena = arena_new(8 << 20);
    Str one = city_digest(7, arena), again = city_digest(7, arena), other = city_digest(8, arena);
    assert_true(one.len > 1000);
    assert_true(str_eq(one, again));
    assert_false(str_eq(one, other));
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_generated_city_has_every_state_whenever_it_is_made),
        cmocka_unit_test(the_same_seed_makes_the_same_city),
    };
    return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
