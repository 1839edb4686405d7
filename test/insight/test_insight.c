/* What a wall says: levels, spans of time, and what of a count everybody may see. */
#include "insight/insight_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int setup(void **state) {
    *state = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state) {
    arena_free(*state);
    return 0;
}

/* ---- levels ---- */

static Thresholds four(Arena *arena) {
    static const struct {
        double value;
        TileLevel level;
    } rows[] = {{3.5, LEVEL_WARN}, {4.8, LEVEL_WARN}, {5.6, LEVEL_BAD}, {6.1, LEVEL_BAD}};
    Thresholds all = {0};
    for (size_t i = 0; i < 4; i++)
        vec_push(arena, &all, (Threshold){.value = rows[i].value, .level = rows[i].level});
    return all;
}

static void test_a_level_begins_at_its_threshold(void **state) {
    Thresholds lines = four(*state), none = {0};
    static const struct {
        double value;
        TileLevel level;
    } rows[] = {
        {-1, LEVEL_OK},     {3.49, LEVEL_OK}, {3.5, LEVEL_WARN}, {4.8, LEVEL_WARN},
        {5.59, LEVEL_WARN}, {5.6, LEVEL_BAD}, {9, LEVEL_BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(level_of(&lines, rows[i].value), rows[i].level);
    assert_int_equal(level_of(&none, 9), LEVEL_NONE);
}

/* ---- suppression ---- */

static void test_a_count_is_held_to_tens(void **state) {
    (void)state;
    static const struct {
        int64_t held, count, next;
    } rows[] = {
        {0, 0, 0},   {0, 9, 0},       {0, 10, 10},  {10, 19, 10}, {10, 20, 20},
        {10, 1, 10}, {10, 0, 0},      {20, 11, 20}, {20, 10, 10}, {20, 57, 50},
        {50, 3, 10}, {0, 1234, 1230}, {30, 39, 30}, {30, 21, 30},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(hold_next(rows[i].held, rows[i].count), rows[i].next);
}

/* Whoever watches the wall and subtracts learns of ten records or of none, whatever happens. */
static void test_no_difference_of_shown_counts_is_about_fewer_than_ten(void **state) {
    (void)state;
    Rand rand = rand_seeded(7);
    int64_t count = 0, held = 0, at_change = 0;
    for (int i = 0; i < 200000; i++) {
        bool up = count == 0 || rand_u64(&rand) % 100 < (unsigned)(i / 1000 % 2 ? 55 : 45);
        count += up ? 1 : -1;
        int64_t next = hold_next(held, count);
        assert_true(next % HOLD_STEP == 0 && next >= 0);
        assert_true(llabs(next - count) < HOLD_STEP);
        if (next != held) {
            assert_true(llabs(next - held) >= HOLD_STEP);
            assert_true(llabs(count - at_change) >= HOLD_STEP);
            at_change = count;
        }
        held = next;
    }
}

static const Tile *found(const Tiles *tiles, Str id) {
    VEC_EACH (const Tile, tile, tiles)
        if (str_eq(tile->id, id)) return tile;
    return NULL;
}

static void add(Arena *arena, Tiles *to, Tile tile) {
    tile.known = true;
    vec_push(arena, to, tile);
}

static void test_the_public_wall_shows_no_case_by_itself(void **state) {
    Arena *arena = *state;
    Tiles all = {0}, open;
    add(arena, &all,
        (Tile){.id = STR("received"),
               .cases = true,
               .value = 17,
               .n = 17,
               .held = 10,
               .held_at = TIME_NONE,
               .time = 5,
               .level = LEVEL_WARN});
    add(arena, &all,
        (Tile){.id = STR("waiting"), .cases = true, .value = 3, .n = 3, .held_at = TIME_NONE});
    add(arena, &all, (Tile){.id = STR("people"), .value = 9, .n = 4});
    add(arena, &all, (Tile){.id = STR("pickups"), .audience = TILE_STAFF, .value = 2});
    add(arena, &all,
        (Tile){.id = STR("gauge"), .value = 1.5, .n = 1, .level = LEVEL_OK, .time = 5});
    tiles_public(arena, &all, 1000, &open);
    assert_int_equal(open.len, 4);
    assert_null(found(&open, STR("pickups")));
    const Tile *received = found(&open, STR("received")), *waiting = found(&open, STR("waiting"));
    assert_true(received->about && !received->few && received->value < 10.5);
    assert_int_equal(received->n, -1);
    assert_int_equal(received->level, LEVEL_NONE);
    assert_int_equal(received->time, 1000);
    assert_true(waiting->few && found(&open, STR("people"))->few);
    assert_int_equal(found(&open, STR("gauge"))->time, 5);
    Json json = tile_json(arena, waiting);
    assert_int_equal(json_get(&json, STR("value"))->kind, JSON_NULL);
    assert_int_equal(json_get(&json, STR("n"))->kind, JSON_NULL);
}

static void
test_a_tile_is_pushed_when_its_figure_changes_and_not_when_only_its_hour_does(void **state) {
    (void)state;
    Tile tile = {.id = STR("a"), .value = 1, .steady = true, .time = 1}, later = tile, other = tile;
    later.time = 2;
    other.value = 2;
    assert_true(tile_same(&tile, &later));
    assert_false(tile_same(&tile, &other));
    tile.steady = later.steady = false;
    assert_false(tile_same(&tile, &later));
}

/* ---- spans ---- */

static void test_few_readings_stay_single(void **state) {
    Spans spans = {.max = 10};
    for (int i = 0; i < 10; i++)
        spans_add(*state, &spans, i * TIME_HOUR, i);
    assert_int_equal(spans.items.len, 10);
    assert_int_equal(spans.width, 0);
}

static void test_drawing_together_keeps_every_peak_and_every_reading(void **state) {
    Spans spans = {.max = 300};
    Rand rand = rand_seeded(11);
    double low = 1e9, high = -1e9;
    int64_t n = 24000, seen = 0, start = time_jst_start((Date){2023, 7, 13});
    for (int64_t i = 0; i < n; i++) {
        double value = (double)(rand_u64(&rand) % 10000) / 1000;
        low = value < low ? value : low;
        high = value > high ? value : high;
        spans_add(*state, &spans, start + i * TIME_HOUR, value);
    }
    assert_true(spans.items.len <= 300 && spans.items.len > 50);
    assert_true(spans.width % TIME_DAY == 0);
    double lowest = 1e9, highest = -1e9;
    for (size_t i = 0; i < spans.items.len; i++) {
        const Span *span = &spans.items.items[i];
        assert_true(span->low <= span->high && span->to - span->from < spans.width);
        assert_true(i == 0 || spans.items.items[i - 1].to < span->from);
        lowest = span->low < lowest ? span->low : lowest;
        highest = span->high > highest ? span->high : highest;
        seen += span->n;
    }
    assert_int_equal(seen, n);
    assert_int_equal(spans.n, n);
    assert_true(!(lowest < low) && !(lowest > low) && !(highest < high) && !(highest > high));
    assert_true(!(spans.low < low) && !(spans.high > high));
}

static void test_a_million_readings_take_no_more_room_than_a_few(void **state) {
    Spans spans = {.max = 300};
    for (int64_t i = 0; i < 1000000; i++)
        spans_add(*state, &spans, (i - 500000) * TIME_MINUTE, (double)(i % 7));
    assert_true(spans.items.len <= 300);
    assert_true(spans.items.cap <= 1024);
}

static void test_readings_of_one_moment_end_in_one_span(void **state) {
    Spans spans = {.max = 4};
    for (int i = 0; i < 20; i++)
        spans_add(*state, &spans, 0, i);
    assert_true(spans.items.len <= 4);
    assert_int_equal(spans.n, 20);
}

/* ---- places ---- */

static void test_geojson_holds_the_layers_that_were_asked_for(void **state) {
    Arena *arena = *state;
    Places places = {0};
    vec_push(arena, &places.items,
             (Place){.layer = LAYER_AED,
                     .id = STR("a"),
                     .name_ja = STR("\"<役所>"),
                     .located = true,
                     .lon = 138.3,
                     .lat = 34.8});
    vec_push(arena, &places.items,
             (Place){.layer = LAYER_SHELTER, .id = STR("b"), .located = true});
    vec_push(arena, &places.items, (Place){.layer = LAYER_AED, .id = STR("nowhere")});
    Buf text = buf_new(arena, 1 << 16);
    assert_int_equal(places_geojson(&places, 1u << LAYER_AED, &text), RC_OK);
    Arena *scratch = arena_new(1 << 20);
    Ctx ctx = {.arena = arena, .scratch = scratch};
    const Json *json;
    assert_int_equal(json_read(&ctx, buf_str(&text), JSON_LIMITS_DEFAULT, &json), RC_OK);
    const Json *features = json_get(json, STR("features"));
    assert_int_equal(features->len, 1);
    const Json *properties = json_get(json_at(features, 0), STR("properties"));
    assert_true(str_eq(json_get_str(properties, "name"), STR("\"<役所>")));
    Buf tight = buf_new(arena, 40);
    assert_int_equal(places_geojson(&places, ~0u, &tight), RC_LIMIT);
    arena_free(scratch);
}

static void test_layers_have_words(void **state) {
    (void)state;
    for (PlaceLayer layer = LAYER_SHELTER; layer < LAYERS; layer++)
        assert_int_equal(layer_of(layer_word(layer)), layer);
    assert_int_equal(layer_of(STR("")), LAYERS);
    assert_int_equal(layer_of(STR("case")), LAYERS);
}

/* ---- the ground ---- */

static void test_the_ground_opens_at_the_outline_however_deep_its_positions_lie(void **state) {
    Arena *arena = *state, *scratch = arena_new(1 << 20);
    Ctx ctx = {.arena = arena, .scratch = scratch};
    Ground ground;
    Str text = STR(
        "{\"features\":[{\"properties\":{\"kind\":\"municipality\"},\"geometry\":"
        "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[138.5,34.1],[138.6,34.2],[138.5,34.1]]],"
        "[[[138.7,34.0],[138.65,34.05],[138.7,34.0]]]]}},{\"properties\":{\"kind\":\"river\"},"
        "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[130,30],[131,31]]}}]}");
    assert_int_equal(ground_read(&ctx, text, &ground), RC_OK);
    const Extent outline = {138.5, 34.0, 138.7, 34.2}, within = {138.55, 34.1, 138.6, 34.15},
                 beyond = {136.2, 34.1, 138.6, 36.1};
    assert_true(extent_holds(&outline, &ground.extent) && extent_holds(&ground.extent, &outline));
    assert_true(extent_holds(&ground.extent, &within));
    assert_false(extent_holds(&ground.extent, &beyond));
    static const char *const useless[] = {
        "{", "{\"features\":[]}",
        "{\"features\":[{\"properties\":{\"kind\":\"municipality\"},\"geometry\":null}]}"};
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++)
        assert_int_equal(ground_read(&ctx, str_of(useless[i]), &ground), RC_INVALID);
    arena_free(scratch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_level_begins_at_its_threshold),
        TEST(test_a_count_is_held_to_tens),
        TEST(test_no_difference_of_shown_counts_is_about_fewer_than_ten),
        TEST(test_the_public_wall_shows_no_case_by_itself),
        TEST(test_a_tile_is_pushed_when_its_figure_changes_and_not_when_only_its_hour_does),
        TEST(test_few_readings_stay_single),
        TEST(test_drawing_together_keeps_every_peak_and_every_reading),
        TEST(test_a_million_readings_take_no_more_room_than_a_few),
        TEST(test_readings_of_one_moment_end_in_one_span),
        TEST(test_geojson_holds_the_layers_that_were_asked_for),
        TEST(test_layers_have_words),
        TEST(test_the_ground_opens_at_the_outline_however_deep_its_positions_lie),
    };
    return cmocka_run_group_tests_name("insight", tests, NULL, NULL);
}
