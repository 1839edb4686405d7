/* Tests of history: it keeps its windows, and what an entity begins with is part of it. */
#include "park.h"
#include "project/history_row.h"

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
          "answer-too-large");
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

/* ---- places ---- */

enum { MANY = 70000, BEHIND = 65536 };

static void add_level(House *house, Delta *delta, int64_t value) {
    Attr level = delta->after->attrs.items[0];
    Json *json = NEW(house->arena, Json);
    *json = json_of_int(value);
    level.value = json;
    level.observed_at = TIME_NONE;
    vec_push(house->arena, &delta->after->attrs, level);
}

/* Rows of a change that is larger than the doors let in. */
static void change_write(House *house, const Entity *before, Delta *delta, uint32_t ordinal) {
    Project *project = house->tenant.project;
    Touched touched = {.id = delta->id, .opened = true, .start = before};
    vec_push(house->arena, &touched.folds,
             (Fold){.delta = delta,
                    .position = 1,
                    .ordinal = ordinal,
                    .time = HOUSE_NOW,
                    .after = delta->after});
    GOOD(house, batch_begin(&house->ctx, project->batch, BATCH_LAZY));
    GOOD(house, history_write(&house->ctx, project->state->history, &touched));
    GOOD(house, batch_commit(&house->ctx, project->batch));
}

static size_t instances_differ(House *house) {
    Map ids = map_new(house->arena);
    const Attrs *attrs = &lives(house)->attrs;
    VEC_EACH (const Attr, attr, attrs)
        map_put(&ids, attr->instance_id, (void *)attr);
    assert_int_equal(ids.len, attrs->len);
    return ids.len;
}

/* Values without observedAt have the same time: nothing but the place tells them apart. */
static void no_two_instances_of_a_change_share_a_place(void **state) {
    House *house = *state;
    park_project(house, false);
    Delta *begin = level_delta(house, DELTA_PUT, 0, 0);
    for (int64_t i = 1; i < MANY; i++)
        add_level(house, begin, i);
    change_write(house, NULL, begin, 0);
    assert_int_equal(instances_differ(house), MANY);
    Delta *change = level_delta(house, DELTA_CHANGE, 0, MANY);
    for (int64_t i = 1; i < MANY; i++) {
        add_level(house, change, MANY + i);
        vec_push(house->arena, &change->removed, (DeltaRemoval){.name = STR("urn:a:level")});
    }
    change_write(house, level_delta(house, DELTA_PUT, 0, 0)->after, change, 1);
    assert_int_equal(instances_differ(house), 3 * MANY - 1);
}

/* Two changes of an entity and two looks, the later ones at the end of a long command. */
static void no_two_events_of_a_leaf_share_rows(void **state) {
    House *house = *state;
    Command *command = command_new(house->tenant.ledger,
                                   (CommandHead){.kind = STR("test"), .channel = STR("cli")});
    PartPut puts[] = {{.delta = level_delta(house, DELTA_PUT, 0, 1), .expect = PUT_ANY},
                      {.delta = level_delta(house, DELTA_CHANGE, 0, 2), .expect = PUT_ANY}};
    PartNote note = {{.kind = STR("nothing"), .about = STR("urn:other")}};
    PartLook look = {.why = STR("a test")};
    vec_push(house->arena, &look.subjects, STR("urn:somebody"));
    command_needs(command, STR("urn:gauge"));
    for (int i = 0; i < 2; i++) {
        command_add(command, &part_put, &puts[i]);
        command_add(command, &part_look, &look);
        for (int k = 2; i == 0 && k < BEHIND; k++)
            command_add(command, &part_note, &note);
    }
    GOOD(house, house_run(&house->ctx, command));
    park_project(house, true);
    assert_int_equal(instances_differ(house), 2);
    Looks looks;
    LooksQuery query = {.subject = STR("urn:somebody"), .limit = 10};
    GOOD(house, project_looks(&house->ctx, house->tenant.project, &query, &looks));
    assert_int_equal(looks.len, 2);
}

static void an_id_names_one_instance_or_none(void **state) {
    (void)state;
    const struct {
        const char *id;
        bool ours;
        HistoryPlace place;
    } rows[] = {
        {"urn:ngsi-ld:Instance:7.1.32769", true, {7, 1, history_row_nth(1, true)}},
        {"urn:ngsi-ld:Instance:7.1.32767", true, {7, 1, history_row_nth(32767, false)}},
        {"urn:ngsi-ld:Instance:7.65536.65536", true, {7, 65536, history_row_nth(32768, false)}},
        {"urn:ngsi-ld:Instance:7.4294967296.0", false, {0}},
        {"urn:ngsi-ld:Instance:7.0.4294967296", false, {0}},
        {"urn:ngsi-ld:Instance:7.0", false, {0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        HistoryPlace place = {0};
        bool ours = history_row_parse(str_of(rows[i].id), &place);
        if (ours != rows[i].ours) fail_msg("%s", rows[i].id);
        if (ours && memcmp(&place, &rows[i].place, sizeof place) != 0) fail_msg("%s", rows[i].id);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, park_set_up, park_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(history_gives_windows_with_lower_bounds_in_and_upper_out),
        TEST(what_an_entity_begins_with_is_history_like_all_else),
        TEST(an_evolution_of_very_many_series_is_refused),
        TEST(no_two_instances_of_a_change_share_a_place),
        TEST(no_two_events_of_a_leaf_share_rows),
        cmocka_unit_test(an_id_names_one_instance_or_none),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
