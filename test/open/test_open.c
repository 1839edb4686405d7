/* What leaves is judged from outside: by an attacker who has the files of all versions and nothing
   else. */
#include "../procedure/house.h"
#include "open/open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { K = 10 };

#define COUNTS  STR("bulky-waste-counts")
#define RECORDS STR("bulky-waste-records")

/* ---- a city ---- */

typedef struct Desk {
    House house;
    Actor steward;
    const Json *releases[3];
    size_t made; /* cases so far */
} Desk;

static void desk_begin(Desk *desk) {
    static const char *const files[] = {"releases/bulky-waste-counts.json",
                                        "releases/bulky-waste-records.json",
                                        "releases/open-types.json"};
    *desk = (Desk){0};
    House *house = &desk->house;
    house_make(house, HOUSE_WHOLE);
    for (size_t i = 0; i < 3; i++)
        desk->releases[i] = house_starter(house, files[i]);
    const Json *districts = house_starter(house, "waste/districts.json");
    const Json *items = house_starter(house, "waste/items.json");
    OpenOptions options = {.releases = desk->releases,
                           .release_count = 3,
                           .districts = json_get(districts, STR("districts")),
                           .classes = json_get(items, STR("classes"))};
    GOOD(house, open_open(&house->ctx, &house->tenant, &options));
    desk->steward = *gate_system_actor();
    house->ctx.actor = &desk->steward;
    house->ctx.deadline = INT64_MAX;
}

static void desk_end(Desk *desk) {
    open_close(&desk->house.tenant);
    house_end(&desk->house);
}

static void put(Desk *desk, Entity *entity) {
    House *house = &desk->house;
    Command *command = command_new(house->tenant.ledger,
                                   (CommandHead){.kind = STR("test"), .channel = STR("api")});
    Arena *arena = command_arena(command);
    Delta *delta = NEW(arena, Delta);
    *delta = (Delta){.op = DELTA_PUT, .id = entity->id, .after = entity};
    PartPut *part = NEW(arena, PartPut);
    *part = (PartPut){.delta = delta, .expect = PUT_ANY};
    command_add(command, &part_put, part);
    command_needs(command, entity->id);
    GOOD(house, house_run(&house->ctx, command));
}

typedef struct Pickup {
    const char *date, *district, *class, *choice, *state;
    int n;
} Pickup;

static Str pickup_id(Desk *desk, size_t index) {
    return str_fmt(desk->house.ctx.arena, "urn:ngsi-ld:Application:%026zu", index);
}

static void pickup_put(Desk *desk, size_t index, const Pickup *pickup) {
    Arena *arena = desk->house.ctx.arena;
    Entity *entity = entity_new(arena, pickup_id(desk, index), IRI("Application"));
    Str person = str_fmt(arena, "urn:ngsi-ld:Person:%026zu", index);
    Json *class = NEW(arena, Json);
    *class = json_of_str(str_of(pickup->class));
    entity_set(arena, entity, IRI("procedure"), json_of_str(STR("bulky-waste")));
    entity_set(arena, entity, IRI("state"), json_of_str(str_of(pickup->state)));
    entity_set(arena, entity, IRI("district"), json_of_str(str_of(pickup->district)));
    entity_set(arena, entity, IRI("pickupDate"), json_of_str(str_of(pickup->date)));
    entity_set(arena, entity, IRI("itemClasses"), json_of_items(class, 1));
    entity_set(arena, entity, IRI("openDataChoice"), json_of_str(str_of(pickup->choice)));
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, IRI("applicant"), json_of_str(person));
    put(desk, entity);
}

static void pickups_put(Desk *desk, const Pickup *pickups, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < pickups[i].n; k++)
            pickup_put(desk, desk->made++, &pickups[i]);
}

#define PUT(desk, ...)                                                                             \
    pickups_put(desk, (const Pickup[]){__VA_ARGS__},                                               \
                sizeof((const Pickup[]){__VA_ARGS__}) / sizeof(Pickup))

static void run(Desk *desk) {
    House *house = &desk->house;
    house_drain(house);
    house->clock.fixed += TIME_MINUTE;
    GOOD(house, open_run(&house->ctx, COUNTS));
    GOOD(house, open_run(&house->ctx, RECORDS));
    house_drain(house);
}

/* The newest bytes of a dataset. */
static Str file_of(Desk *desk, Str dataset, const char *format) {
    House *house = &desk->house;
    OpenDataset set;
    Str bytes;
    GOOD(house, open_dataset(&house->ctx, dataset, &set));
    const OpenFile *file = open_file(&set.latest, str_of(format));
    assert_non_null(file);
    GOOD(house, open_bytes(&house->ctx, file, &bytes));
    return bytes;
}

/* ---- an attacker ---- */

/* A line of CSV by its cells (none of the files about people quotes). */
typedef struct Line {
    Str cells[5];
} Line;
typedef VEC(Line) Lines;

static Lines lines_of(Arena *arena, Str csv) {
    Lines lines = {0};
    Str rest = csv, line;
    bool head = true;
    while (str_split(&rest, '\n', &line)) {
        Line one = {0};
        Str cells = str_trim(line);
        for (size_t i = 0; i < 5; i++)
            (void)str_split(&cells, ',', &one.cells[i]);
        if (!head) vec_push(arena, &lines, one);
        head = false;
    }
    return lines;
}

/* What the attacker holds possible of a month's cell. */
typedef struct Range {
    int64_t low, high;
} Range;

/* Concludes on the cells of one month from its lines alone, by moving bounds until none moves: the
   last line is the total. The number of rows per district raises low bounds: each was somebody's.
 */
static void conclude(const Lines *counts, const Lines *records, Str month, Range *ranges,
                     size_t *n) {
    *n = 0;
    const Line *cells[64];
    for (size_t i = 0; i < counts->len; i++) {
        const Line *line = &counts->items[i];
        if (!str_eq(line->cells[0], month)) continue;
        int64_t value;
        bool shown = str_to_i64(line->cells[3], &value);
        cells[*n] = line;
        ranges[(*n)++] = shown ? (Range){value, value} : (Range){0, 1 << 20};
    }
    assert_true(*n > 1);
    size_t total = *n - 1;
    for (size_t r = 0; r < records->len; r++)
        for (size_t i = 0; i < total; i++)
            if (str_eq(records->items[r].cells[0], month) &&
                str_eq(records->items[r].cells[1], cells[i]->cells[1]) &&
                ranges[i].low != ranges[i].high)
                ranges[i].low++;
    for (int round = 0; round < 50; round++) {
        int64_t low = 0, high = 0;
        for (size_t i = 0; i < total; i++)
            low += ranges[i].low, high += ranges[i].high;
        if (low > ranges[total].low) ranges[total].low = low;
        if (high < ranges[total].high) ranges[total].high = high;
        for (size_t i = 0; i < total; i++) {
            int64_t most = ranges[total].high - (low - ranges[i].low);
            int64_t least = ranges[total].low - (high - ranges[i].high);
            if (most < ranges[i].high) ranges[i].high = most;
            if (least > ranges[i].low) ranges[i].low = least;
        }
    }
}

static void attack(Desk *desk, Str counts_csv, Str records_csv) {
    Arena *arena = desk->house.ctx.arena;
    Lines counts = lines_of(arena, counts_csv), records = lines_of(arena, records_csv);
    Map months = map_new(arena);
    for (size_t i = 0; i < counts.len; i++)
        if (counts.items[i].cells[0].len == 7) map_put(&months, counts.items[i].cells[0], &counts);
    for (size_t m = 0; m < months.len; m++) {
        Range ranges[64];
        size_t n;
        conclude(&counts, &records, months.items[m].key, ranges, &n);
        for (size_t i = 0; i < n; i++) {
            if (ranges[i].low == ranges[i].high) {
                assert_true(ranges[i].low >= K);
                continue;
            }
            assert_true(ranges[i].high - ranges[i].low >= K);
        }
    }
}

/* ---- tests ---- */

#define OCTOBER(district_, n_)                                                                     \
    { "2026-10-12", district_, "furniture", "in", "collected", n_ }

static void fill(Desk *desk) {
    PUT(desk, OCTOBER("manaka", 60), OCTOBER("ekimae", 45), OCTOBER("kamome", 3),
        OCTOBER("hamabe", 12), OCTOBER("kawakami", 31),
        {"2026-10-20", "manaka", "bedding", "in", "collected", 30},
        {"2026-10-20", "manaka", "furniture", "out", "collected", 6},
        {"2026-10-20", "manaka", "furniture", "in", "cancelled", 40},
        {"2026-11-10", "manaka", "furniture", "in", "planned", 50});
}

static void test_small_counts_are_suppressed_and_the_running_month_is_left_out(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    fill(&desk);
    run(&desk);
    Str csv = file_of(&desk, COUNTS, "csv");
    assert_true(str_find(csv, STR("2026-10,manaka,まなか地区,96,")) >= 0);
    assert_true(str_find(csv, STR("2026-10,kamome,かもめ地区,,X")) >= 0);
    assert_true(str_find(csv, STR("2026-10,total,合計,187,")) >= 0);
    assert_true(str_find(csv, STR("2026-11")) < 0);
    attack(&desk, csv, file_of(&desk, RECORDS, "csv"));
    OpenDataset set;
    GOOD(&desk.house, open_dataset(&desk.house.ctx, COUNTS, &set));
    assert_true(set.latest.suppressed > 0 && set.latest.rows == 13);
    desk_end(&desk);
}

static void test_records_come_in_groups_of_k_and_are_at_most_half(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    fill(&desk);
    run(&desk);
    Lines lines = lines_of(desk.house.ctx.arena, file_of(&desk, RECORDS, "csv"));
    Map sizes = map_new(desk.house.ctx.arena);
    assert_true(lines.len >= 3 * K);
    VEC_EACH (const Line, line, &lines) {
        Str key = str_fmt(desk.house.ctx.arena, STR_FMT "/" STR_FMT, STR_ARG(line->cells[1]),
                          STR_ARG(line->cells[3]));
        size_t *n = map_get(&sizes, key);
        if (!n) map_put(&sizes, key, n = NEW(desk.house.ctx.arena, size_t));
        (*n)++;
    }
    for (size_t i = 0; i < sizes.len; i++)
        assert_true(*(size_t *)sizes.items[i].value >= K);
    assert_true(lines.len <= 187 / 2);
    desk_end(&desk);
}

/* He who leaves or comes back changes no byte of any file, of this version or a former one. */
static void test_an_opt_out_changes_no_byte(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    fill(&desk);
    run(&desk);
    Str counts = file_of(&desk, COUNTS, "csv"), records = file_of(&desk, RECORDS, "csv");
    for (size_t i = 0; i < 8; i++)
        pickup_put(&desk, i, &(Pickup){"2026-10-12", "manaka", "furniture", "out", "collected", 1});
    run(&desk);
    Str counts_after = file_of(&desk, COUNTS, "csv"),
        records_after = file_of(&desk, RECORDS, "csv");
    assert_true(str_eq(counts, counts_after));
    assert_true(str_eq(records, records_after));
    OpenVersions versions;
    GOOD(&desk.house, open_versions(&desk.house.ctx, RECORDS, &versions));
    assert_int_equal(versions.len, 1); /* nothing differs: no new version */
    desk_end(&desk);
}

static void test_a_group_that_half_has_left_goes_from_former_versions_too(void **state) {
    (void)state;
    Desk desk;
    OpenVersions versions;
    Str bytes;
    desk_begin(&desk);
    House *house = &desk.house;
    fill(&desk);
    run(&desk);
    GOOD(house, open_versions(&house->ctx, RECORDS, &versions));
    OpenFile old = *open_file(&versions.items[0], STR("csv"));
    for (size_t i = 60; i < 60 + 45; i++) /* all of ekimae */
        pickup_put(&desk, i, &(Pickup){"2026-10-12", "ekimae", "furniture", "out", "collected", 1});
    run(&desk);
    GOOD(house, open_versions(&house->ctx, RECORDS, &versions));
    VEC_EACH (const OpenVersion, version, &versions) {
        GOOD(house, open_bytes(&house->ctx, open_file(version, STR("csv")), &bytes));
        assert_true(str_find(bytes, STR("ekimae")) < 0);
    }
    FAILS(house, open_bytes(&house->ctx, &old, &bytes), RC_NOT_FOUND, NULL);
    assert_true(versions.items[0].modified > versions.items[0].issued ||
                versions.len > 1); /* issued again, or a new one beside it */
    attack(&desk, file_of(&desk, COUNTS, "csv"), file_of(&desk, RECORDS, "csv"));
    desk_end(&desk);
}

/* Versions: what was shown of a month stays as it was, whatever happens to its cases later. */
static void test_a_month_that_was_published_never_changes(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    fill(&desk);
    run(&desk);
    Str before = file_of(&desk, COUNTS, "csv");
    PUT(&desk, OCTOBER("kamome", 20), OCTOBER("manaka", 1));
    house->clock.fixed += 30 * TIME_DAY;
    run(&desk);
    Str after = file_of(&desk, COUNTS, "csv");
    assert_true(after.len > before.len && str_starts(after, before));
    assert_true(str_find(after, STR("2026-11,total,合計,50,")) >= 0);
    attack(&desk, after, file_of(&desk, RECORDS, "csv"));
    OpenVersions versions;
    Str former;
    GOOD(house, open_versions(&house->ctx, COUNTS, &versions));
    assert_int_equal(versions.len, 2);
    GOOD(house, open_bytes(&house->ctx, open_file(&versions.items[1], STR("csv")), &former));
    assert_true(str_eq(former, before));
    desk_end(&desk);
}

/* The totals of districts come when the fiscal year is over, and betray none of its months. */
static void test_a_year_that_is_over_gets_its_totals(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    Arena *arena = desk.house.ctx.arena;
    for (int m = 0; m < 12; m++) {
        const char *date = str_fmt(arena, "%d-%02d-10", m < 9 ? 2025 : 2026, (m + 3) % 12 + 1).ptr;
        PUT(&desk, {date, "manaka", "furniture", "in", "collected", 20},
            {date, "ekimae", "furniture", "in", "collected", 12},
            {date, "kamome", "bedding", "in", "collected", m == 5 ? 4 : 11},
            {date, "hamabe", "bedding", "in", "collected", 9},
            {date, "toge", "bedding", "in", "collected", 9});
    }
    run(&desk);
    Str csv = file_of(&desk, COUNTS, "csv");
    assert_true(str_find(csv, STR("2025年度,manaka,まなか地区,240,")) >= 0);
    assert_true(str_find(csv, STR("2025-09,kamome,かもめ地区,,X")) >= 0);
    /* Its other months are shown: the year's total would tell this one. */
    assert_true(str_find(csv, STR("2025-08,kamome,かもめ地区,11,")) >= 0);
    assert_true(str_find(csv, STR("2025年度,kamome,かもめ地区,,X")) >= 0);
    attack(&desk, csv, file_of(&desk, RECORDS, "csv"));
    desk_end(&desk);
}

/* Many cities by seed: the attacker concludes nothing in any. */
static void test_the_attacker_learns_nothing_of_generated_cities(void **state) {
    (void)state;
    static const char *const districts[] = {"manaka", "ekimae", "kamome", "hamabe", "toge"};
    static const char *const classes[] = {"furniture", "bedding", "appliance"};
    static const char *const dates[] = {"2026-08-03", "2026-09-07", "2026-10-05"};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        Desk desk;
        Rand rand = rand_seeded(seed);
        desk_begin(&desk);
        for (size_t m = 0; m < 3; m++)
            for (size_t d = 0; d < 5; d++)
                PUT(&desk,
                    {dates[m], districts[d], classes[rand_below(&rand, 3)],
                     rand_below(&rand, 6) ? "in" : "out", "collected", (int)rand_below(&rand, 45)});
        run(&desk);
        attack(&desk, file_of(&desk, COUNTS, "csv"), file_of(&desk, RECORDS, "csv"));
        desk_end(&desk);
    }
}

static void test_nobody_but_the_steward_runs_a_release(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    fill(&desk);
    house->ctx.actor = &house->nobody;
    FAILS(house, open_run(&house->ctx, COUNTS), RC_DENIED, NULL);
    house->ctx.actor = &house->clerk;
    FAILS(house, open_run(&house->ctx, COUNTS), RC_DENIED, NULL);
    house->ctx.actor = &desk.steward;
    FAILS(house, open_run(&house->ctx, STR("nothing")), RC_NOT_FOUND, NULL);
    desk_end(&desk);
}

static void aed_put(Desk *desk, const char *number, const char *name) {
    Arena *arena = desk->house.ctx.arena;
    Entity *entity =
        entity_new(arena, str_fmt(arena, "urn:ngsi-ld:AED:999997:%s", number), IRI("AED"));
    Json *at = NEW_ARRAY(arena, Json, 2);
    at[0] = json_of_number(138.25);
    at[1] = json_of_number(34.75);
    JsonMember *point = NEW_ARRAY(arena, JsonMember, 2);
    point[0] = (JsonMember){STR("type"), json_of_str(STR("Point"))};
    point[1] = (JsonMember){STR("coordinates"), json_of_items(at, 2)};
    entity_set(arena, entity, ld_expand(ld_core(), arena, STR("name")), json_of_str(str_of(name)));
    entity_set_kind(arena, entity, ATTR_GEO, STR(LD_NGSI "location"), json_of_members(point, 2));
    put(desk, entity);
}

static void test_open_types_leave_under_the_standards_headers(void **state) {
    (void)state;
    Desk desk;
    OpenDataset set;
    desk_begin(&desk);
    House *house = &desk.house;
    FAILS(house, open_run(&house->ctx, STR("aed")), RC_NOT_FOUND, "no-entities");
    FAILS(house, open_dataset(&house->ctx, STR("aed"), &set), RC_NOT_FOUND, "no-dataset");
    aed_put(&desk, "1", "市役所, \"本館\"");
    aed_put(&desk, "2", "駅");
    house_drain(house);
    GOOD(house, open_run(&house->ctx, STR("aed")));
    Str csv = file_of(&desk, STR("aed"), "csv"), geo = file_of(&desk, STR("aed"), "geojson");
    const Json *json;
    assert_true(str_find(csv, STR("名称")) >= 0 && str_find(csv, STR("緯度")) >= 0);
    assert_true(str_find(csv, STR("\"市役所, \"\"本館\"\"\"")) >= 0);
    assert_true(str_find(csv, STR("34.75,138.25")) >= 0);
    GOOD(house, json_read(&house->ctx, geo, JSON_LIMITS_DEFAULT, &json));
    assert_int_equal(json_get(json, STR("features"))->len, 2);
    GOOD(house,
         json_read(&house->ctx, file_of(&desk, STR("aed"), "json"), JSON_LIMITS_DEFAULT, &json));
    assert_int_equal(json->len, 2);
    desk_end(&desk);
}

static void test_the_catalogue_names_every_published_file(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    fill(&desk);
    aed_put(&desk, "1", "市役所");
    house_drain(house);
    GOOD(house, open_run_all(&house->ctx));
    OpenCatalogue what = {.base = STR("https://data.example"),
                          .publisher =
                              json_get(house_starter(house, "organisation.json"), STR("name"))};
    Buf turtle = buf_new(house->ctx.arena, 1 << 20), jsonld = buf_new(house->ctx.arena, 1 << 20);
    GOOD(house, open_catalogue_turtle(&house->ctx, &what, &turtle));
    GOOD(house, open_catalogue_jsonld(&house->ctx, &what, &jsonld));
    static const char *const urls[] = {"https://data.example/data/aed.geojson",
                                       "https://data.example/data/bulky-waste-counts.csv",
                                       "https://data.example/data/bulky-waste-records.json"};
    const Json *json;
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_find(buf_str(&turtle), str_of(urls[i])) >= 0);
        assert_true(str_find(buf_str(&jsonld), str_of(urls[i])) >= 0);
    }
    GOOD(house, json_read(&house->ctx, buf_str(&jsonld), JSON_LIMITS_DEFAULT, &json));
    assert_int_equal(json_get(json, STR("dcat:dataset"))->len, 3);
    desk_end(&desk);
}

static void test_problem_reports_are_numbered_and_checked(void **state) {
    (void)state;
    Desk desk;
    Str number;
    desk_begin(&desk);
    House *house = &desk.house;
    house->ctx.actor = &house->nobody;
    OpenReport good = {.kind = STR("data"), .about = COUNTS, .text = STR("8月の数が変です")};
    GOOD(house, open_report(&house->ctx, &good, &number));
    assert_true(str_eq(number, STR("R-2026-000001")));
    GOOD(house, open_report(&house->ctx, &good, &number));
    assert_true(str_eq(number, STR("R-2026-000002")));
    const struct {
        OpenReport report;
        const char *code;
    } bad[] = {
        {{.kind = STR("other"), .text = STR("x")}, "bad-kind"},
        {{.kind = STR("data"), .text = STR("  ")}, "bad-text"},
        {{.kind = STR("data"), .text = STR("x"), .email = STR("nobody")}, "bad-email"},
        {{.kind = STR("data"), .text = STR("x"), .about = STR("none")}, "bad-about"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FAILS(house, open_report(&house->ctx, &bad[i].report, &number), RC_INVALID, bad[i].code);
    desk_end(&desk);
}

static void test_faulty_releases_are_refused_with_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *path;
    } cases[] = {
        {"{\"kind\":\"counts\"}", "id"},
        {"{\"id\":\"a\",\"kind\":\"poem\"}", "kind"},
        {"{\"id\":\"a\",\"kind\":\"counts\",\"source\":{\"type\":\"Application\"}}", "source"},
        {"{\"id\":\"a\",\"kind\":\"counts\",\"title\":{},\"columns\":[],\"source\":{\"type\":\"A\","
         "\"procedure\":\"b\",\"month\":\"m\",\"district\":\"d\",\"class\":\"c\",\"choice\":\"o\"},"
         "\"privacy\":{\"k\":5}}",
         "privacy.k"},
    };
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    open_close(&house->tenant);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Json *release;
        GOOD(house, json_read(&house->ctx, str_of(cases[i].text), JSON_LIMITS_DEFAULT, &release));
        OpenOptions options = {.releases = &release, .release_count = 1};
        FAILS(house, open_open(&house->ctx, &house->tenant, &options), RC_INVALID, "bad-release");
        assert_true(str_ends(house->ctx.error.path, str_of(cases[i].path)));
    }
    desk_end(&desk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_counts_are_suppressed_and_the_running_month_is_left_out),
        cmocka_unit_test(test_records_come_in_groups_of_k_and_are_at_most_half),
        cmocka_unit_test(test_an_opt_out_changes_no_byte),
        cmocka_unit_test(test_a_group_that_half_has_left_goes_from_former_versions_too),
        cmocka_unit_test(test_a_month_that_was_published_never_changes),
        cmocka_unit_test(test_a_year_that_is_over_gets_its_totals),
        cmocka_unit_test(test_the_attacker_learns_nothing_of_generated_cities),
        cmocka_unit_test(test_nobody_but_the_steward_runs_a_release),
        cmocka_unit_test(test_open_types_leave_under_the_standards_headers),
        cmocka_unit_test(test_the_catalogue_names_every_published_file),
        cmocka_unit_test(test_problem_reports_are_numbered_and_checked),
        cmocka_unit_test(test_faulty_releases_are_refused_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
