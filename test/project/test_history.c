/* Tests of history: it keeps its windows, and what an entity begins with is part of it. */
#include "park.h"

#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static Delta *level_delta(House *house, DeltaOp op, int64_t at, int64_t value) {
    Arena *arena = house->arena;
    Delta *delta = NEW(arena, Delta);
    *delta = (Delta){.op = op, .id = STR("urn:gauge")};
    delta->after = entity_new(arena, delta->id, STR(GAUGE));
    entity_set(arena, delta->after, STR("urn:a:level"), json_of_int(value));
    delta->after->attrs.items[0].observed_at = HOUSE_NOW + at * TIME_HOUR;
    return delta;
}

static void reading(House *house, int64_t at, int64_t value) {
    park_put(house, level_delta(house, at == 0 ? DELTA_PUT : DELTA_CHANGE, at, value));
}

static size_t history_len(House *house, TemporalQuery window, size_t limit, int64_t *first) {
    History history;
    HistoryQuery query = {.id = STR("urn:gauge"), .window = window, .limit = limit};
    GOOD(house, project_history(&house->ctx, house->tenant.project, &query, &history));
    size_t n = history.entity->attrs.len;
    for (size_t i = 1; i < n; i++)
        assert_true(history.entity->attrs.items[i - 1].observed_at <
                    history.entity->attrs.items[i].observed_at);
    *first = n ? history.entity->attrs.items[0].value->value.integer : -1;
    return n;
}

static void history_gives_windows_with_lower_bounds_in_and_upper_out(void **state) {
    House *house = *state;
    for (int64_t i = 0; i < 10; i++)
        reading(house, i, 100 + i);
    park_project(house, true);
    const struct {
        TemporalQuery window;
        size_t limit, n;
        int64_t first;
    } rows[] = {
        {{.rel = TEMPORAL_ANY}, 0, 10, 100},
        {{.rel = TEMPORAL_ANY}, 4, 4, 100},
        {{.rel = TEMPORAL_ANY, .last_n = 3}, 0, 3, 107},
        {{.rel = TEMPORAL_BEFORE, .from = INT64_MIN, .to = HOUSE_NOW + 3 * TIME_HOUR}, 0, 3, 100},
        {{.rel = TEMPORAL_AFTER, .from = HOUSE_NOW + 3 * TIME_HOUR, .to = INT64_MAX}, 0, 7, 103},
        {{.rel = TEMPORAL_BETWEEN,
          .from = HOUSE_NOW + 3 * TIME_HOUR,
          .to = HOUSE_NOW + 5 * TIME_HOUR},
         0,
         2,
         103},
        {{.rel = TEMPORAL_BEFORE, .from = INT64_MIN, .to = HOUSE_NOW}, 0, 0, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t first;
        size_t n = history_len(house, rows[i].window, rows[i].limit, &first);
        if (n != rows[i].n || first != rows[i].first)
            fail_msg("row %zu: %zu from %lld", i, n, (long long)first);
    }
    HistoryQuery query = {.id = STR("urn:never")};
    History none;
    FAILS(house, project_history(&house->ctx, house->tenant.project, &query, &none), RC_NOT_FOUND,
          "no-history");
}

static void an_evolution_of_very_many_series_is_refused(void **state) {
    House *house = *state;
    Delta *delta = NEW(house->arena, Delta);
    *delta = (Delta){.op = DELTA_PUT, .id = STR("urn:gauge")};
    delta->after = entity_new(house->arena, delta->id, STR(GAUGE));
    for (int i = 0; i < 5; i++)
        entity_set(house->arena, delta->after, str_fmt(house->arena, "urn:a:level%d", i),
                   json_of_int(i));
    park_put(house, delta);
    park_project(house, true);
    HistoryQuery query = {.id = STR("urn:gauge"), .limit = 2};
    History history;
    GOOD(house, project_history(&house->ctx, house->tenant.project, &query, &history));
    query.limit = 1;
    FAILS(house, project_history(&house->ctx, house->tenant.project, &query, &history), RC_LIMIT,
          "too-large");
}

/* With a reading, and a number that nobody observed. */
static void begin_life(House *house, int64_t value) {
    Delta *delta = level_delta(house, DELTA_PUT, 0, value);
    entity_set(house->arena, delta->after, STR("urn:a:n"), json_of_number(0.5));
    park_put(house, delta);
}

static const Entity *lives(House *house) {
    History history;
    HistoryQuery query = {.id = STR("urn:gauge")};
    GOOD(house, project_history(&house->ctx, house->tenant.project, &query, &history));
    return history.entity;
}

static void what_an_entity_begins_with_is_history_like_all_else(void **state) {
    House *house = *state;
    Str instance;
    begin_life(house, 7);
    park_project(house, true);
    Project *project = house->tenant.project;
    const Entity *entity = lives(house);
    const Attr *level = entity_attr(entity, STR("urn:a:level"));
    const Attr *n = entity_attr(entity, STR("urn:a:n"));
    assert_true(json_number(n->value) == 0.5 && n->observed_at == TIME_NONE);
    assert_true(n->created_at == level->created_at && n->modified_at == n->created_at);
    ReadingsQuery query = {STR("urn:gauge"), level->name, HOUSE_NOW, HOUSE_NOW + 1};
    GOOD(house, project_instance(&house->ctx, project, &query, &instance));
    assert_true(str_eq(instance, level->instance_id));
    query = (ReadingsQuery){STR("urn:gauge"), n->name, 0, INT64_MAX};
    FAILS(house, project_instance(&house->ctx, project, &query, &instance), RC_NOT_FOUND,
          "no-reading"); /* a number without observedAt is none */
    Delta *record = level_delta(house, DELTA_RECORD, 0, 8);
    record->after->attrs.items[0].instance_id = level->instance_id; /* takes its place */
    park_put(house, record);
    const Attr *changed = entity_attr(lives(house), level->name);
    assert_true(json_number(changed->value) == 8 && changed->created_at == level->created_at);
    Delta end = {.op = DELTA_DELETE, .id = STR("urn:gauge")};
    park_put(house, &end);
    begin_life(house, 9);
    size_t levels;
    changed = entity_attr_all(lives(house), STR("urn:a:level"), &levels);
    assert_int_equal(levels, 2);
    assert_int_equal(changed[1].value->value.integer, 9);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, park_set_up, park_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(history_gives_windows_with_lower_bounds_in_and_upper_out),
        TEST(what_an_entity_begins_with_is_history_like_all_else),
        TEST(an_evolution_of_very_many_series_is_refused),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
