/* What leaves is judged from outside: by an attacker who has the files of all versions and nothing
   else. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { K = 10 };

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

/* Each record of a cell was somebody's: its low bound rises by them. */
static void raise_by_records(const Lines *records, const Line *cell, Range *range) {
    VEC_EACH (const Line, record, records) {
        bool same =
            str_eq(record->cells[0], cell->cells[0]) && str_eq(record->cells[1], cell->cells[1]);
        if (same && range->low != range->high) range->low++;
    }
}

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
    for (size_t i = 0; i < total; i++)
        raise_by_records(records, cells[i], &ranges[i]);
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

static void test_small_counts_are_suppressed_and_the_running_month_is_left_out(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    desk_fill(&desk);
    desk_run(&desk);
    Str csv = desk_file(&desk, COUNTS, "csv");
    assert_true(str_find(csv, STR("2026-10,manaka,まなか地区,96,")) >= 0);
    assert_true(str_find(csv, STR("2026-10,kamome,かもめ地区,,X")) >= 0);
    assert_true(str_find(csv, STR("2026-10,total,合計,187,")) >= 0);
    assert_true(str_find(csv, STR("2026-11")) < 0);
    attack(&desk, csv, desk_file(&desk, RECORDS, "csv"));
    OpenDataset set;
    GOOD(&desk.house, open_dataset(&desk.house.ctx, COUNTS, &set));
    assert_true(set.latest.suppressed > 0 && set.latest.rows == 13);
    desk_end(&desk);
}

static void test_records_come_in_groups_of_k_and_are_at_most_half(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    desk_fill(&desk);
    desk_run(&desk);
    Lines lines = lines_of(desk.house.ctx.arena, desk_file(&desk, RECORDS, "csv"));
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

/* The starter city as it is seeded: enough is shown, some is not, and there are many records. */
static void test_the_starter_city_has_shown_and_suppressed_counts(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    GOOD(house,
         procedures_seed(&house->ctx, &house->tenant, &(SeedWish){.seed = 999997, .count = 1000}));
    desk_run(&desk);
    Str counts = desk_file(&desk, COUNTS, "csv"), records = desk_file(&desk, RECORDS, "csv");
    Lines lines = lines_of(house->ctx.arena, counts);
    size_t shown = 0, hidden = 0;
    VEC_EACH (const Line, line, &lines) {
        shown += str_empty(str_trim(line->cells[4]));
        hidden += str_eq(str_trim(line->cells[4]), STR("X"));
    }
    assert_true(shown >= 15 && hidden >= 5);
    assert_true(lines_of(house->ctx.arena, records).len >= 100);
    attack(&desk, counts, records);
    desk_end(&desk);
}

/* He who leaves or comes back changes no byte of any file, of this version or a former one. */
static void test_an_opt_out_changes_no_byte(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    desk_fill(&desk);
    desk_run(&desk);
    Str counts = desk_file(&desk, COUNTS, "csv"), records = desk_file(&desk, RECORDS, "csv");
    for (size_t i = 0; i < 8; i++)
        desk_pickup(&desk, i,
                    &(Pickup){"2026-10-12", "manaka", "furniture", "out", "collected", 1});
    desk_run(&desk);
    Str counts_after = desk_file(&desk, COUNTS, "csv"),
        records_after = desk_file(&desk, RECORDS, "csv");
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
    desk_fill(&desk);
    desk_run(&desk);
    GOOD(house, open_versions(&house->ctx, RECORDS, &versions));
    OpenFile old = *open_file(&versions.items[0], STR("csv"));
    for (size_t i = 60; i < 60 + 45; i++) /* all of ekimae */
        desk_pickup(&desk, i,
                    &(Pickup){"2026-10-12", "ekimae", "furniture", "out", "collected", 1});
    desk_run(&desk);
    GOOD(house, open_versions(&house->ctx, RECORDS, &versions));
    VEC_EACH (const OpenVersion, version, &versions) {
        GOOD(house, open_bytes(&house->ctx, open_file(version, STR("csv")), &bytes));
        assert_true(str_find(bytes, STR("ekimae")) < 0);
    }
    FAILS(house, open_bytes(&house->ctx, &old, &bytes), RC_NOT_FOUND, NULL);
    assert_true(versions.items[0].modified > versions.items[0].issued ||
                versions.len > 1); /* issued again, or a new one beside it */
    attack(&desk, desk_file(&desk, COUNTS, "csv"), desk_file(&desk, RECORDS, "csv"));
    desk_end(&desk);
}

/* Versions: what was shown of a month stays as it was, whatever happens to its cases later. */
static void test_a_month_that_was_published_never_changes(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    desk_fill(&desk);
    desk_run(&desk);
    Str before = desk_file(&desk, COUNTS, "csv");
    PUT(&desk, OCTOBER("kamome", 20), OCTOBER("manaka", 1));
    house->clock.fixed += 30 * TIME_DAY;
    desk_run(&desk);
    Str after = desk_file(&desk, COUNTS, "csv");
    assert_true(after.len > before.len && str_starts(after, before));
    assert_true(str_find(after, STR("2026-11,total,合計,50,")) >= 0);
    attack(&desk, after, desk_file(&desk, RECORDS, "csv"));
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
    desk_run(&desk);
    Str csv = desk_file(&desk, COUNTS, "csv");
    assert_true(str_find(csv, STR("2025年度,manaka,まなか地区,240,")) >= 0);
    assert_true(str_find(csv, STR("2025-09,kamome,かもめ地区,,X")) >= 0);
    /* Its other months are shown: the year's total would tell this one. */
    assert_true(str_find(csv, STR("2025-08,kamome,かもめ地区,11,")) >= 0);
    assert_true(str_find(csv, STR("2025年度,kamome,かもめ地区,,X")) >= 0);
    attack(&desk, csv, desk_file(&desk, RECORDS, "csv"));
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
        desk_run(&desk);
        attack(&desk, desk_file(&desk, COUNTS, "csv"), desk_file(&desk, RECORDS, "csv"));
        desk_end(&desk);
    }
}

/* ---- differences of successive versions ---- */

/* What an attacker has copied: both files as they were after a run. */
typedef struct Copy {
    Str counts, records;
} Copy;

static Str line_key(Arena *arena, const Line *line, size_t cells) {
    Buf key = buf_new(arena, 1024);
    for (size_t i = 0; i < cells; i++) {
        buf_add(&key, line->cells[i]);
        buf_add_char(&key, '|');
    }
    return buf_str(&key);
}

/* Equal lines, by their number. */
static Map lines_count(Arena *arena, const Lines *lines, size_t cells) {
    Map sizes = map_new(arena);
    VEC_EACH (const Line, line, lines) {
        Str key = line_key(arena, line, cells);
        size_t *n = map_get(&sizes, key);
        if (!n) map_put(&sizes, key, n = NEW(arena, size_t));
        (*n)++;
    }
    return sizes;
}

/* Counts: all that was said is said still. Records: each group is as large as it was, or gone. */
static void differences_say_nothing(Arena *arena, const Copy *before, const Copy *after) {
    assert_true(str_starts(after->counts, before->counts));
    Lines old_lines = lines_of(arena, before->records), new_lines = lines_of(arena, after->records);
    Map old = lines_count(arena, &old_lines, 5), now = lines_count(arena, &new_lines, 5);
    for (size_t i = 0; i < old.len; i++) {
        const size_t *n = map_get(&now, old.items[i].key);
        if (n) assert_int_equal(*n, *(const size_t *)old.items[i].value);
    }
}

/* Twice the records of a place stay under its count by k, so that counts minus records leave open
   how many of the rest are of which class, and of which choice. */
static void complements_stay_open(Arena *arena, const Copy *copy) {
    Lines counts = lines_of(arena, copy->counts), records = lines_of(arena, copy->records);
    Map places = lines_count(arena, &records, 2), months = lines_count(arena, &records, 1);
    VEC_EACH (const Line, line, &counts) {
        bool total = str_eq(line->cells[1], STR("total"));
        const size_t *rows = total ? map_get(&months, line_key(arena, line, 1))
                                   : map_get(&places, line_key(arena, line, 2));
        int64_t count;
        if (!rows) continue;
        assert_true(str_to_i64(line->cells[3], &count)); /* never from where the count is hidden */
        assert_true(count - 2 * (int64_t)*rows >= K);
    }
}

static Copy copy_now(Desk *desk) {
    desk_run(desk);
    return (Copy){desk_file(desk, COUNTS, "csv"), desk_file(desk, RECORDS, "csv")};
}

/* Months go by; between two runs one person opts out, one comes back, one case comes late. Whoever
   has kept every version knows no more than the newest one says, mixed in any way. */
static void test_versions_kept_by_an_attacker_tell_nobody_apart(void **state) {
    (void)state;
    static const char *const districts[] = {"manaka", "ekimae", "kamome", "hamabe", "toge"};
    static const char *const dates[] = {"2026-10-05", "2026-11-09", "2026-12-07"};
    enum { MONTHS_HERE = 3, RUNS = 3 };
    for (uint64_t seed = 11; seed <= 13; seed++) {
        Desk desk;
        Copy copies[MONTHS_HERE * RUNS];
        size_t n = 0;
        Rand rand = rand_seeded(seed);
        desk_begin(&desk);
        Arena *arena = desk.house.arena;
        for (size_t m = 0; m < MONTHS_HERE; m++)
            for (size_t d = 0; d < 5; d++)
                PUT(&desk, {dates[m], districts[d], "furniture", "in", "collected",
                            (int)rand_below(&rand, 60)});
        size_t people = desk.made;
        for (size_t m = 0; m < MONTHS_HERE; m++) {
            for (size_t r = 0; r < RUNS; r++) {
                copies[n++] = copy_now(&desk);
                Pickup one = {dates[m],    districts[rand_below(&rand, 5)],
                              "furniture", r % 2 ? "in" : "out",
                              "collected", 1};
                desk_pickup(&desk, rand_below(&rand, people),
                            &one); /* changes his mind, and more */
                PUT(&desk, {dates[m], districts[rand_below(&rand, 5)], "bedding", "in", "collected",
                            1}); /* comes late */
            }
            desk.house.clock.fixed += 31 * TIME_DAY;
        }
        for (size_t i = 0; i < n; i++) {
            complements_stay_open(arena, &copies[i]);
            for (size_t j = i; j < n; j++) {
                differences_say_nothing(arena, &copies[i], &copies[j]);
                attack(&desk, copies[j].counts, copies[i].records);
            }
        }
        desk_end(&desk);
    }
}

/* One case more or less in a month that runs shows in no file; its month shows it once it is over,
   and then it is one of at least k. */
static void test_one_case_between_two_runs_changes_no_byte(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    desk_fill(&desk);
    Copy before = copy_now(&desk);
    PUT(&desk, {"2026-11-12", "manaka", "furniture", "in", "planned", 1}); /* this month */
    PUT(&desk, OCTOBER("kamome", 1));                                      /* counted already */
    Copy after = copy_now(&desk);
    assert_true(str_eq(before.counts, after.counts) && str_eq(before.records, after.records));
    desk_end(&desk);
}

static void test_nobody_but_the_steward_runs_a_release(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    desk_fill(&desk);
    house->ctx.actor = &house->nobody;
    FAILS(house, open_run(&house->ctx, COUNTS), RC_DENIED, NULL);
    house->ctx.actor = &house->clerk;
    FAILS(house, open_run(&house->ctx, COUNTS), RC_DENIED, NULL);
    house->ctx.actor = &desk.steward;
    FAILS(house, open_run(&house->ctx, STR("nothing")), RC_NOT_FOUND, NULL);
    desk_end(&desk);
}

static void test_open_types_leave_under_the_standards_headers(void **state) {
    (void)state;
    Desk desk;
    OpenDataset set;
    desk_begin(&desk);
    House *house = &desk.house;
    FAILS(house, open_run(&house->ctx, STR("aed")), RC_NOT_FOUND, "no-entities");
    FAILS(house, open_dataset(&house->ctx, STR("aed"), &set), RC_NOT_FOUND, "no-dataset");
    desk_aed(&desk, "1", "市役所, \"本館\"");
    desk_aed(&desk, "2", "駅");
    house_drain(house);
    GOOD(house, open_run(&house->ctx, STR("aed")));
    Str csv = desk_file(&desk, STR("aed"), "csv"), geo = desk_file(&desk, STR("aed"), "geojson");
    const Json *json;
    assert_true(str_find(csv, STR("名称")) >= 0 && str_find(csv, STR("緯度")) >= 0);
    assert_true(str_find(csv, STR("\"市役所, \"\"本館\"\"\"")) >= 0);
    assert_true(str_find(csv, STR("34.75,138.25")) >= 0);
    GOOD(house, json_read(&house->ctx, geo, JSON_LIMITS_DEFAULT, &json));
    assert_int_equal(json_get(json, STR("features"))->len, 2);
    GOOD(house,
         json_read(&house->ctx, desk_file(&desk, STR("aed"), "json"), JSON_LIMITS_DEFAULT, &json));
    assert_int_equal(json->len, 2);
    desk_end(&desk);
}

static void test_the_catalogue_names_every_published_file(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    House *house = &desk.house;
    desk_fill(&desk);
    desk_aed(&desk, "1", "市役所");
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
    OpenReported made;
    desk_begin(&desk);
    House *house = &desk.house;
    house->ctx.actor = &house->nobody;
    OpenReport good = {.kind = STR("data"), .about = COUNTS, .text = STR("8月の数が変です")};
    GOOD(house, open_report(&house->ctx, &good, &made));
    assert_true(str_eq(made.number, STR("R-2026-000001")));
    assert_true(str_eq(entity_text(house_entity(house, made.id), IRI("retentionFile")),
                       STR("保存3年/問題の報告/2026")));
    GOOD(house, open_report(&house->ctx, &good, &made));
    assert_true(str_eq(made.number, STR("R-2026-000002")));
    const struct {
        OpenReport report;
        const char *code;
    } bad[] = {
        {{.kind = STR("other"), .text = STR("x")}, "bad-kind"},
        {{.kind = STR("data"), .text = STR("  ")}, "bad-text"},
        {{.kind = STR("data"), .text = STR("x"), .email = STR("nobody")}, "bad-email"},
        {{.kind = STR("data"), .text = STR("x"), .about = STR("none")}, "bad-about"},
        {{.kind = STR("look"), .text = STR("x"), .about = STR("look-0x")}, "bad-about"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FAILS(house, open_report(&house->ctx, &bad[i].report, &made), RC_INVALID, bad[i].code);
    desk_end(&desk);
}

static void test_problem_reports_are_answered_once_and_by_officials(void **state) {
    (void)state;
    Desk desk;
    OpenReported made;
    desk_begin(&desk);
    House *house = &desk.house;
    house->ctx.actor = &house->nobody;
    OpenReport asked = {
        .kind = STR("look"), .about = STR("look-12"), .text = STR("なぜ見たのですか")};
    GOOD(house, open_report(&house->ctx, &asked, &made));
    const Entity *report = house_entity(house, made.id);
    assert_true(str_eq(entity_text(report, IRI("about")), STR("look-12")));
    OpenReportAct act = {.id = made.id, .state = STR("doing"), .version = report->version};
    FAILS(house, open_report_act(&house->ctx, &act), RC_DENIED, "needs-sign-in");
    house->ctx.actor = &desk.steward;
    GOOD(house, open_report_act(&house->ctx, &act));
    FAILS(house, open_report_act(&house->ctx, &act), RC_CONFLICT, "moved-on");
    act = (OpenReportAct){
        .id = made.id, .state = STR("answered"), .version = house_entity(house, made.id)->version};
    FAILS(house, open_report_act(&house->ctx, &act), RC_INVALID, "missing");
    act.answer = STR("受付の確認のためです。");
    GOOD(house, open_report_act(&house->ctx, &act));
    assert_true(str_eq(entity_text(house_entity(house, made.id), IRI("state")), STR("answered")));
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
        cmocka_unit_test(test_the_starter_city_has_shown_and_suppressed_counts),
        cmocka_unit_test(test_an_opt_out_changes_no_byte),
        cmocka_unit_test(test_a_group_that_half_has_left_goes_from_former_versions_too),
        cmocka_unit_test(test_a_month_that_was_published_never_changes),
        cmocka_unit_test(test_a_year_that_is_over_gets_its_totals),
        cmocka_unit_test(test_the_attacker_learns_nothing_of_generated_cities),
        cmocka_unit_test(test_versions_kept_by_an_attacker_tell_nobody_apart),
        cmocka_unit_test(test_one_case_between_two_runs_changes_no_byte),
        cmocka_unit_test(test_nobody_but_the_steward_runs_a_release),
        cmocka_unit_test(test_open_types_leave_under_the_standards_headers),
        cmocka_unit_test(test_the_catalogue_names_every_published_file),
        cmocka_unit_test(test_problem_reports_are_numbered_and_checked),
        cmocka_unit_test(test_problem_reports_are_answered_once_and_by_officials),
        cmocka_unit_test(test_faulty_releases_are_refused_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
