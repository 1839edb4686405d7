/* Cells: every repair rule, what needs none, and what is refused. */
#include "connect/cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static int setup(void **state) {
    Ctx *ctx = mem_zero(sizeof *ctx);
    *ctx = (Ctx){.arena = arena_new(256 << 20), .scratch = arena_new(64 << 20)};
    *state = ctx;
    return 0;
}

static int teardown(void **state) {
    Ctx *ctx = *state;
    arena_free(ctx->arena);
    arena_free(ctx->scratch);
    mem_free(ctx);
    return 0;
}

#define NONE      0
#define BIT(rule) (1u << RULE_##rule)
#define LEVELS    ",\"csv\":{\"spellings\":{\"区域外\":0,\"---\":null},\"empty\":7}"
#define COLOURS                                                                                    \
    ",\"codes\":[{\"code\":\"red\",\"label\":{\"ja\":\"赤\",\"en\":\"Red\"},\"csv\":[\"1\"]},"    \
    "{\"code\":2,\"label\":{\"ja\":\"青\",\"en\":\"Blue\"}}]"

/* expected: JSON of the value; "" nothing is said; "!" refused */
static const struct {
    ValueKind kind;
    const char *declared; /* members of the declaration */
    const char *cell, *expected;
    unsigned rules;
} cells[] = {
    {VALUE_INTEGER, "", "32", "32", NONE},
    {VALUE_INTEGER, "", " 400 ", "400", NONE},
    {VALUE_INTEGER, "",
     "\xE3\x80\x80"
     "400\xC2\xA0",
     "400", NONE},
    {VALUE_INTEGER, "", "32,500 ", "32500", BIT(THOUSANDS)},
    {VALUE_INTEGER, "", "1,234,567", "1234567", BIT(THOUSANDS)},
    {VALUE_INTEGER, "", "1,23", "!", NONE},
    {VALUE_INTEGER, "", "１２３", "123", BIT(WIDTH)},
    {VALUE_INTEGER, "", "−5", "-5", BIT(DASH)},
    {VALUE_INTEGER, "", "△5", "-5", BIT(DASH)},
    {VALUE_INTEGER, "", "475㎡", "475", BIT(UNIT)},
    {VALUE_INTEGER, "", "70人", "70", BIT(UNIT)},
    {VALUE_INTEGER, "", "007", "7", NONE},
    {VALUE_INTEGER, "", "12.0", "12", NONE},
    {VALUE_INTEGER, "", "12.5", "!", NONE},
    {VALUE_INTEGER, "", "約70", "!", NONE},
    {VALUE_INTEGER, "", "", "", NONE},
    {VALUE_INTEGER, LEVELS, "区域外", "0", BIT(SPELLING)},
    {VALUE_INTEGER, LEVELS, "---\xC2\xA0", "", BIT(SPELLING)},
    {VALUE_INTEGER, LEVELS, "", "7", NONE},
    {VALUE_NUMBER, "", "1.48", "1.48", NONE},
    {VALUE_NUMBER, "", "+.5", "0.5", NONE},
    {VALUE_NUMBER, "", "6.10", "6.1", NONE},
    {VALUE_NUMBER, "", "1e400", "!", NONE},
    {VALUE_NUMBER, "", "nan", "!", NONE},
    {VALUE_NUMBER, "", "*", "!", NONE},
    {VALUE_BOOL, "", "有", "true", NONE},
    {VALUE_BOOL, "", "0", "false", NONE},
    {VALUE_BOOL, "", "○", "true", BIT(MARK)},
    {VALUE_BOOL, "", "〇", "true", BIT(MARK)},
    {VALUE_BOOL, "", "×", "false", BIT(MARK)},
    {VALUE_BOOL, "", "不可", "false", BIT(MARK)},
    {VALUE_BOOL, "", "１", "true", BIT(WIDTH)},
    {VALUE_BOOL, "", "maybe", "!", NONE},
    {VALUE_DATE, "", "2025-04-01", "\"2025-04-01\"", NONE},
    {VALUE_DATE, "", "2025/4/1", "\"2025-04-01\"", BIT(DATE)},
    {VALUE_DATE, "", "2025年4月1日", "\"2025-04-01\"", BIT(DATE)},
    {VALUE_DATE, "", "20250401", "\"2025-04-01\"", BIT(DATE)},
    {VALUE_DATE, "", "2025-04-01 00:00:00", "\"2025-04-01\"", BIT(DATE)},
    {VALUE_DATE, "", "令和7年4月1日", "\"2025-04-01\"", BIT(WAREKI)},
    {VALUE_DATE, "", "R7.4.1", "\"2025-04-01\"", BIT(WAREKI)},
    {VALUE_DATE, "", "令和元年５月１日", "\"2019-05-01\"", BIT(WAREKI) | BIT(WIDTH)},
    {VALUE_DATE, "", "平成40年1月1日", "!", NONE},
    {VALUE_DATE, "", "2025-02-30", "!", NONE},
    {VALUE_DATE, ",\"csv\":{\"date\":\"m/d/y\"}", "7/1/24", "\"2024-07-01\"", BIT(DATE)},
    {VALUE_DATE, ",\"csv\":{\"date\":\"m/d/y\"}", "13/1/24", "!", NONE},
    {VALUE_TIME, "", "2025-10-04T24:00", "\"2025-10-04T15:00:00.000Z\"", BIT(TIME_24)},
    {VALUE_TIME, "", "2025-10-04T09:10", "\"2025-10-04T00:10:00.000Z\"", NONE},
    {VALUE_TIME, "", "2025-10-04T00:00:00Z", "\"2025-10-04T00:00:00.000Z\"", NONE},
    {VALUE_TIME, "", "2025/10/4 9:05:30", "\"2025-10-04T00:05:30.000Z\"", BIT(DATE) | BIT(CLOCK)},
    {VALUE_TIME, "", "2025-10-04T24:01", "!", NONE},
    {VALUE_TIME, "", "2025-10-04T09:60", "!", NONE},
    {VALUE_CLOCK, "", "09:00", "\"09:00\"", NONE},
    {VALUE_CLOCK, "", "24:00", "\"24:00\"", NONE},
    {VALUE_CLOCK, "", "9:00", "\"09:00\"", BIT(CLOCK)},
    {VALUE_CLOCK, "", "9時半", "\"09:30\"", BIT(CLOCK)},
    {VALUE_CLOCK, "", "0930", "\"09:30\"", BIT(CLOCK)},
    {VALUE_CLOCK, "", "25:00", "!", NONE},
    {VALUE_CODE, COLOURS, "red", "\"red\"", NONE},
    {VALUE_CODE, COLOURS, "赤", "\"red\"", NONE},
    {VALUE_CODE, COLOURS, "1", "\"red\"", NONE},
    {VALUE_CODE, COLOURS, "blue", "2", NONE},
    {VALUE_CODE, COLOURS, "２", "2", BIT(WIDTH)},
    {VALUE_CODE, COLOURS, "緑", "!", NONE},
    {VALUE_LIST, ",\"csv\":{\"split\":\"、，\"}", "滑り台、 鉄棒，砂場",
     "[\"滑り台\",\"鉄棒\",\"砂場\"]", NONE},
    {VALUE_LIST, ",\"csv\":{\"split\":\"\\n\"}", "a\nb", "[\"a\",\"b\"]", NONE},
    {VALUE_LIST, COLOURS ",\"csv\":{\"split\":\",\"}", "赤,青", "[\"red\",2]", NONE},
    {VALUE_LIST, COLOURS ",\"csv\":{\"split\":\",\"}", "赤,緑", "!", NONE},
    {VALUE_RELATION, ",\"csv\":{\"relation\":\"urn:r:{}\"}", "足 1", "\"urn:r:%E8%B6%B3%201\"",
     NONE},
    {VALUE_TEXT, "", "２階正面入口", "\"２階正面入口\"", NONE},
    {VALUE_TEXT, ",\"key\":true", "１０１", "\"101\"", BIT(WIDTH)},
    {VALUE_TEXT, ",\"key\":true", "2.22127E+5", "\"222127\"", BIT(EXPONENT)},
    {VALUE_TEXT, ",\"key\":true", "1.23E+11", "!", NONE},
    {VALUE_TEXT, "", "a\xEF\xBF\xBD", "!", NONE},
};

static Str shown(Ctx *ctx, CellState state, const Json *value) {
    Buf to = buf_new(ctx->arena, 4096);
    if (state == CELL_BAD) buf_add_char(&to, '!');
    if (state == CELL_VALUE) json_write(&to, value);
    return buf_str(&to);
}

static DictAttr declare(Ctx *ctx, ValueKind kind, const char *members) {
    DictAttr attr = {.term = STR("x"), .value = kind};
    const Json *source;
    Str text = str_fmt(ctx->arena, "{\"term\":\"x\"%s}", members);
    assert_int_equal(json_read(ctx, text, JSON_LIMITS_DEFAULT, &source), RC_OK);
    attr.source = source;
    attr.key = json_get_bool(source, "key", false);
    return attr;
}

static void cells_become_values_by_named_rules(void **state) {
    Ctx *ctx = *state;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        DictAttr attr = declare(ctx, cells[i].kind, cells[i].declared);
        CellWork work = {.ctx = ctx};
        Json value = json_of_null();
        CellState got = cell_value(&work, &attr, str_of(cells[i].cell), &value);
        Str text = shown(ctx, got, &value);
        if (!str_eq(text, str_of(cells[i].expected)))
            fail_msg("row %zu, \"%s\": " STR_FMT ", not %s", i, cells[i].cell, STR_ARG(text),
                     cells[i].expected);
        if (got == CELL_BAD) {
            assert_true(work.why.len > 0);
        } else if (work.rules != cells[i].rules) {
            fail_msg("\"%s\": rules %x, not %x", cells[i].cell, work.rules, cells[i].rules);
        }
    }
}

static void codes_of_municipalities_get_their_check_digit(void **state) {
    static const struct {
        const char *cell, *expected;
    } codes[] = {{"37201", "\"372013\""},
                 {"222127", "\"222127\""},
                 {"1100", "\"011002\""},
                 {"18201", "\"182010\""},
                 {"13101", "\"131016\""}};
    Ctx *ctx = *state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        DictAttr attr = declare(ctx, VALUE_TEXT, "");
        attr.term = STR("municipalityCode");
        CellWork work = {.ctx = ctx};
        Json value;
        CellState got = cell_value(&work, &attr, str_of(codes[i].cell), &value);
        assert_string_equal(str_z(ctx->arena, shown(ctx, got, &value)), codes[i].expected);
    }
}

static const struct {
    const char *lat, *lon, *expected;
    unsigned rules;
} points[] = {
    {"34.866918", "138.323171", "[138.323171,34.866918]", NONE},
    {"138.323171", "34.866918", "[138.323171,34.866918]", BIT(SWAPPED)},
    {"34866918", "138323171", "[138.323171,34.866918]", BIT(DECIMALLESS)},
    {"138323171", "34866918", "[138.323171,34.866918]", BIT(DECIMALLESS) | BIT(SWAPPED)},
    {"３４.5", "138", "[138,34.5]", BIT(WIDTH)},
    {"-33.8", "151.2", "[151.2,-33.8]", NONE},
    {"", "", "", NONE},
    {"34.8", "", "!", NONE},
    {"0", "0", "!", NONE},
    {"91", "10", "!", NONE},
    {"north", "138", "!", NONE},
};

static Str coordinates(Ctx *ctx, CellState state, const Json *point) {
    if (state != CELL_VALUE) return state == CELL_BAD ? STR("!") : STR("");
    return shown(ctx, state, json_get(point, STR("coordinates")));
}

static void places_are_found_though_swapped_or_without_decimals(void **state) {
    Ctx *ctx = *state;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        CellWork work = {.ctx = ctx};
        Json value;
        CellState got = cell_point(&work, str_of(points[i].lat), str_of(points[i].lon), &value);
        Str text = coordinates(ctx, got, &value);
        if (!str_eq(text, str_of(points[i].expected)) ||
            (got != CELL_BAD && work.rules != points[i].rules))
            fail_msg("%s, %s: " STR_FMT " by %x", points[i].lat, points[i].lon, STR_ARG(text),
                     work.rules);
    }
}

static void places_come_as_pairs_and_codes_too(void **state) {
    static const struct {
        CellState (*read)(CellWork *work, Str raw, Json *out);
        const char *cell, *expected;
    } ways[] = {
        {cell_point_pair, "34.342286,134.055021", "[134.055021,34.342286]"},
        {cell_point_pair, "34.342286", "!"},
        {cell_point_geo3x3, "E913873569978769", "[136.211389,36.063056]"},
        {cell_point_geo3x3, "E90", "!"},
        {cell_point_geo3x3, "X11", "!"},
        {cell_point_mesh, "53394611", "[139.76875,35.679167]"},
        {cell_point_mesh, "5339461", "!"},
        {cell_point_mesh, "", ""},
    };
    Ctx *ctx = *state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        CellWork work = {.ctx = ctx};
        Json value;
        CellState got = ways[i].read(&work, str_of(ways[i].cell), &value);
        assert_string_equal(str_z(ctx->arena, coordinates(ctx, got, &value)), ways[i].expected);
    }
}

static void every_rule_has_a_name_of_its_own(void **state) {
    (void)state;
    for (int i = 0; i < RULE_COUNT; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(cell_rule_name((CellRule)i), cell_rule_name((CellRule)k));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cells_become_values_by_named_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(codes_of_municipalities_get_their_check_digit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(places_are_found_though_swapped_or_without_decimals, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(places_come_as_pairs_and_codes_too, setup, teardown),
        cmocka_unit_test(every_rule_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
