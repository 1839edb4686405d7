/* An attacker gets what is published in two worlds that differ in what must stay hidden, and looks
   for a difference. */
#include "disclose/disclose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

enum { K = DISCLOSE_K, DISTRICTS = 5, CLASSES = 4 };

#define SEED STR("a secret of the test")

/* One person's case. */
typedef struct Person {
    size_t district, class;
    bool out;
    Str id;
} Person;

typedef struct World {
    Ctx ctx;
    Clock clock;
    Rand rand;
    VEC(Person) people;
    int64_t counts[DISTRICTS * CLASSES];
    DiscloseMark marks[DISTRICTS + 1];
    DiscloseMonth month;
    DiscloseGroups groups;
} World;

static void world_begin(World *world, uint64_t seed) {
    *world = (World){.clock = {.fixed = TIME_NONE}, .rand = rand_seeded(seed)};
    world->ctx = (Ctx){.arena = arena_new(64 << 20),
                       .scratch = arena_new(64 << 20),
                       .clock = &world->clock,
                       .rand = &world->rand,
                       .deadline = INT64_MAX};
}

static void world_end(World *world) {
    arena_free(world->ctx.arena);
    arena_free(world->ctx.scratch);
}

static void world_fill(World *world, uint64_t most) {
    for (size_t d = 0; d < DISTRICTS; d++) {
        uint64_t people = rand_below(&world->rand, most);
        for (uint64_t i = 0; i < people; i++)
            vec_push(
                world->ctx.arena, &world->people,
                (Person){d, (size_t)rand_below(&world->rand, 1 + rand_below(&world->rand, CLASSES)),
                         rand_below(&world->rand, 8) == 0,
                         rand_id(&world->rand, world->ctx.arena, 26)});
    }
}

/* Counts, marks, groups; the marks are decided only where they are not given. */
static void world_publish(World *world, const DiscloseMark *marks) {
    memset(world->counts, 0, sizeof world->counts);
    VEC_EACH (Person, person, &world->people)
        world->counts[person->district * CLASSES + person->class]++;
    DiscloseTable table = disclose_table(world->ctx.arena, 1, DISTRICTS);
    for (size_t d = 0; d < DISTRICTS; d++)
        for (size_t c = 0; c < CLASSES; c++)
            table.cells[d] += world->counts[d * CLASSES + c];
    disclose_total(&table);
    for (size_t d = 0; d <= DISTRICTS; d++)
        table.marks[disclose_cell(&table, 1, d)] = DISCLOSE_UNASKED;
    assert_int_equal(disclose_suppress(&world->ctx, &table, K), RC_OK);
    memcpy(world->marks, marks ? marks : table.marks, sizeof world->marks);
    world->month = (DiscloseMonth){.name = STR("2026-10"),
                                   .districts = DISTRICTS,
                                   .classes = CLASSES,
                                   .counts = world->counts,
                                   .marks = world->marks};
    disclose_group(world->ctx.arena, &world->month, SEED, K, &world->groups);
    assert_int_equal(disclose_joint(&world->ctx, &world->month, &world->groups, K), RC_OK);
}

/* The rows as they leave: "district/class" each, in order. */
static StrVec world_rows(World *world) {
    StrVec rows = {0};
    Arena *arena = world->ctx.arena;
    for (size_t g = 0; g < world->groups.groups.len; g++) {
        const DiscloseGroup *group = &world->groups.groups.items[g];
        StrVec ids = {0}, drawn;
        VEC_EACH (Person, person, &world->people)
            if (!person->out && world->groups.of[person->district * CLASSES + person->class] == g)
                vec_push(arena, &ids, person->id);
        disclose_draw(arena, group, SEED, &ids, &drawn);
        for (size_t i = 0; i < drawn.len; i++)
            vec_push(arena, &rows, str_fmt(arena, "%zu/%zu", group->district, group->class));
    }
    return rows;
}

static bool same_rows(const StrVec *a, const StrVec *b) {
    bool same = a->len == b->len;
    for (size_t i = 0; same && i < a->len; i++)
        same = str_eq(a->items[i], b->items[i]);
    return same;
}

/* ---- tests ---- */

static void test_records_are_k_anonymous(void **state) {
    (void)state;
    size_t released = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        World world;
        world_begin(&world, seed);
        world_fill(&world, 120);
        world_publish(&world, NULL);
        StrVec rows = world_rows(&world);
        if (rows.len) assert_true(disclose_anonymity(world.ctx.arena, &rows) >= K);
        released += rows.len;
        world_end(&world);
    }
    assert_true(released > 2000);
}

static void test_anonymity_is_the_smallest_set_of_equal_rows(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    StrVec rows = {0};
    assert_int_equal(disclose_anonymity(arena, &rows), 0);
    for (int i = 0; i < 12; i++)
        vec_push(arena, &rows, i < 9 ? STR("a") : STR("b"));
    assert_int_equal(disclose_anonymity(arena, &rows), 3);
    arena_free(arena);
}

/* Whoever leaves or comes back: the same rows, unless the whole group is withheld. */
static void test_one_opt_out_changes_no_row(void **state) {
    (void)state;
    size_t changed = 0, tried = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        World world;
        world_begin(&world, seed);
        world_fill(&world, 120);
        world_publish(&world, NULL);
        StrVec before = world_rows(&world);
        for (size_t i = 0; i < world.people.len; i += 7) {
            world.people.items[i].out = !world.people.items[i].out;
            StrVec after = world_rows(&world);
            world.people.items[i].out = !world.people.items[i].out;
            tried++;
            if (!same_rows(&before, &after)) changed++;
        }
        world_end(&world);
    }
    assert_true(tried > 800);
    assert_int_equal(changed, 0);
}

/* For each group that is there, any number of opt-outs from 0 to at least k is possible. */
static void test_counts_minus_records_allow_any_number_of_opt_outs(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        World world;
        world_begin(&world, seed);
        world_fill(&world, 150);
        for (size_t i = 0; i < world.people.len; i++)
            world.people.items[i].out = false;
        world_publish(&world, NULL);
        StrVec nobody_left = world_rows(&world);
        for (size_t g = 0; g < world.groups.groups.len; g++) {
            const DiscloseGroup *group = &world.groups.groups.items[g];
            int64_t may_leave = group->everybody - group->rows;
            assert_true(group->everybody - group->rows >= K);
            for (size_t i = 0; i < world.people.len && may_leave > 0; i++) {
                Person *person = &world.people.items[i];
                if (world.groups.of[person->district * CLASSES + person->class] != g) continue;
                person->out = true;
                may_leave--;
                StrVec rows = world_rows(&world);
                assert_true(same_rows(&nobody_left, &rows));
            }
        }
        world_end(&world);
    }
}

static void test_a_group_that_half_has_left_is_withheld_whole(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    DiscloseGroup group = {.everybody = 30, .rows = 16};
    StrVec ids = {0}, drawn;
    for (int i = 0; i < 15; i++)
        vec_push(arena, &ids, str_fmt(arena, "id-%d", i));
    disclose_draw(arena, &group, SEED, &ids, &drawn);
    assert_int_equal(drawn.len, 0);
    vec_push(arena, &ids, STR("id-15"));
    disclose_draw(arena, &group, SEED, &ids, &drawn);
    assert_int_equal(drawn.len, 16);
    arena_free(arena);
}

static void test_the_draw_is_stable_and_secret(void **state) {
    (void)state;
    Arena *arena = arena_new(1 << 20);
    DiscloseGroup group = {.everybody = 100, .rows = 20};
    StrVec ids = {0}, first, again, other;
    for (int i = 0; i < 100; i++)
        vec_push(arena, &ids, str_fmt(arena, "id-%d", i));
    disclose_draw(arena, &group, SEED, &ids, &first);
    disclose_draw(arena, &group, SEED, &ids, &again);
    disclose_draw(arena, &group, STR("another secret"), &ids, &other);
    assert_true(same_rows(&first, &again));
    assert_false(same_rows(&first, &other));
    arena_free(arena);
}

/* A case moves from one suppressed district to another: counts shown and records stay the same, so
   the records say nothing on how the suppressed cases are spread. */
static void test_records_say_nothing_on_suppressed_cells(void **state) {
    (void)state;
    size_t moved = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        World world;
        world_begin(&world, seed);
        world_fill(&world, seed % 2 ? 60 : 25);
        world_publish(&world, NULL);
        StrVec before = world_rows(&world);
        DiscloseMark marks[DISTRICTS + 1];
        memcpy(marks, world.marks, sizeof marks);
        size_t to = DISTRICTS;
        for (size_t d = 0; d < DISTRICTS; d++)
            if (marks[d] != DISCLOSE_SHOWN) to = d;
        for (size_t i = 0; i < world.people.len && to < DISTRICTS; i += 3) {
            Person *person = &world.people.items[i];
            size_t from = person->district;
            if (from == to || marks[from] == DISCLOSE_SHOWN) continue;
            person->district = to;
            world_publish(&world, marks);
            StrVec after = world_rows(&world);
            assert_true(same_rows(&before, &after));
            person->district = from;
            moved++;
        }
        world_end(&world);
    }
    assert_true(moved > 200);
}

/* The class counts within a shown district stay open by at least k, too. */
static void test_counts_minus_records_leave_class_counts_open(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        World world;
        world_begin(&world, seed);
        world_fill(&world, 150);
        world_publish(&world, NULL);
        for (size_t d = 0; d < DISTRICTS; d++) {
            int64_t count = 0, certain = 0;
            for (size_t c = 0; c < CLASSES; c++)
                count += world.counts[d * CLASSES + c];
            for (size_t g = 0; g < world.groups.groups.len; g++)
                if (world.groups.groups.items[g].district == d)
                    certain += 2 * world.groups.groups.items[g].rows;
            if (certain) assert_true(count - certain >= K);
        }
        world_end(&world);
    }
}

static void test_the_joint_check_refuses_each_breach(void **state) {
    (void)state;
    World world;
    world_begin(&world, 3);
    for (size_t d = 0; d < DISTRICTS; d++)
        for (int i = 0; i < (d == 0 ? 4 : 60); i++)
            vec_push(world.ctx.arena, &world.people,
                     (Person){d, 0, false, rand_id(&world.rand, world.ctx.arena, 26)});
    world_publish(&world, NULL);
    assert_true(world.groups.groups.len > 0);
    DiscloseGroup *group = &world.groups.groups.items[0], good = *group;
    const struct {
        const char *name;
        DiscloseGroup group;
    } breaches[] = {
        {"under k", {good.district, 0, 60, K - 1}},
        {"more than half", {good.district, 0, 60, 31}},
        {"suppressed district", {0, 0, 60, K}},
        {"too little left open", {good.district, 0, 60, 30}},
    };
    for (size_t i = 0; i < sizeof breaches / sizeof *breaches; i++) {
        *group = breaches[i].group;
        if (disclose_joint(&world.ctx, &world.month, &world.groups, K) != RC_CONFLICT)
            fail_msg("not refused: %s", breaches[i].name);
    }
    *group = good;
    assert_int_equal(disclose_joint(&world.ctx, &world.month, &world.groups, K), RC_OK);
    world.marks[DISTRICTS] = DISCLOSE_UNASKED;
    assert_int_equal(disclose_joint(&world.ctx, &world.month, &world.groups, K), RC_CONFLICT);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_are_k_anonymous),
        cmocka_unit_test(test_anonymity_is_the_smallest_set_of_equal_rows),
        cmocka_unit_test(test_one_opt_out_changes_no_row),
        cmocka_unit_test(test_counts_minus_records_allow_any_number_of_opt_outs),
        cmocka_unit_test(test_a_group_that_half_has_left_is_withheld_whole),
        cmocka_unit_test(test_the_draw_is_stable_and_secret),
        cmocka_unit_test(test_records_say_nothing_on_suppressed_cells),
        cmocka_unit_test(test_counts_minus_records_leave_class_counts_open),
        cmocka_unit_test(test_the_joint_check_refuses_each_breach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
