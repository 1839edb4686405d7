/* Whole files, through the gate and the ledger: what an import does, does not do, and does again.
 */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static int setup(void **state) {
    Rig *rig = mem_zero(sizeof *rig);
    rig_open(rig);
    *state = rig;
    return 0;
}

static int teardown(void **state) {
    rig_close(*state);
    mem_free(*state);
    return 0;
}

#define LOCATION "https://uri.etsi.org/ngsi-ld/location"
#define AED_HEAD                                                                                   \
    "都道府県コード又は市区町村コード,NO,名称,緯度,経度,設置位置,小児対応設備の有無,URL\n"
#define AED_1 "222127,1,本館,34.866918,138.323171,入口,有,\n"
#define AED_2 "222127,2,分館,34.863094,138.320351,1階,無,\n"

static const Json *import_text(Rig *rig, const char *text, ConnectWish wish) {
    wish.path = rig_file(rig, "file.csv", str_of(text));
    return rig_import(rig, wish);
}

static void counts_are(const Json *report, const char *expected) {
    char got[200];
    snprintf(got, sizeof got, "%lld rows %lld/%lld/%lld, %lld new %lld changed %lld same",
             (long long)rig_count(report, "rows"), (long long)rig_count(report, "imported"),
             (long long)rig_count(report, "repaired"), (long long)rig_count(report, "listed"),
             (long long)rig_count(report, "created"), (long long)rig_count(report, "updated"),
             (long long)rig_count(report, "unchanged"));
    assert_string_equal(got, expected);
}

static const Json *fault_at(const Json *report, size_t i) {
    const Json *fault = json_at(json_get(report, STR("listedRows")), i);
    assert_non_null(fault);
    return fault;
}

static void text_is(Str got, const char *expected) {
    if (!str_eq(got, str_of(expected)))
        fail_msg("\"" STR_FMT "\", not \"%s\"", STR_ARG(got), expected);
}

static void rows_become_entities_and_again_change_nothing(void **state) {
    Rig *rig = *state;
    counts_are(import_text(rig, AED_HEAD AED_1 AED_2, (ConnectWish){0}),
               "2 rows 2/0/0, 2 new 0 changed 0 same");
    const Entity *aed = rig_entity(rig, "urn:ngsi-ld:AED:222127:1");
    assert_non_null(aed);
    text_is(entity_text(aed, STR(LD_DEFAULT "name")), "本館");
    uint64_t head = ledger_head(rig->tenant.ledger);
    counts_are(import_text(rig, AED_HEAD AED_1 AED_2, (ConnectWish){0}),
               "2 rows 2/0/0, 0 new 0 changed 2 same");
    assert_int_equal(ledger_head(rig->tenant.ledger), head);
}

static void a_dry_run_says_the_same_and_writes_nothing(void **state) {
    Rig *rig = *state;
    uint64_t head = ledger_head(rig->tenant.ledger);
    counts_are(import_text(rig, AED_HEAD AED_1 AED_2, (ConnectWish){.dry_run = true}),
               "2 rows 2/0/0, 2 new 0 changed 0 same");
    assert_int_equal(ledger_head(rig->tenant.ledger), head);
    assert_null(rig_entity(rig, "urn:ngsi-ld:AED:222127:1"));
}

static void a_changed_cell_changes_one_attribute_and_an_emptied_one_goes(void **state) {
    Rig *rig = *state;
    import_text(rig, AED_HEAD AED_1, (ConnectWish){0});
    counts_are(
        import_text(rig, AED_HEAD "222127,1,新館,34.866918,138.323171,,有,\n", (ConnectWish){0}),
        "1 rows 1/0/0, 0 new 1 changed 0 same");
    const Entity *aed = rig_entity(rig, "urn:ngsi-ld:AED:222127:1");
    text_is(entity_text(aed, STR(LD_DEFAULT "name")), "新館");
    assert_null(entity_attr(aed, STR(LD_DEFAULT "place")));
    assert_non_null(entity_attr(aed, STR(LD_DEFAULT "forChildren")));
}

static void what_other_sources_say_stays(void **state) {
    Rig *rig = *state;
    import_text(rig, AED_HEAD AED_1, (ConnectWish){0});
    counts_are(import_text(rig,
                           "全国地方公共団体コード,ID,名称,小児対応設備の有無\n222127,1,本館,有\n",
                           (ConnectWish){0}),
               "1 rows 1/0/0, 0 new 0 changed 1 same");
    assert_non_null(entity_attr(rig_entity(rig, "urn:ngsi-ld:AED:222127:1"), STR(LOCATION)));
}

static void a_bad_row_is_listed_and_the_others_come_in(void **state) {
    Rig *rig = *state;
    const Json *report = import_text(rig,
                                     AED_HEAD AED_1 "222127,,無番,34.8,138.3,,有,\n"
                                                    "222127,3,遠い,34.8,138.3,,有,,余分\n"
                                                    "222127,4,\"開いた,34.8\n" AED_2,
                                     (ConnectWish){0});
    counts_are(report, "5 rows 2/0/3, 2 new 0 changed 0 same");
    assert_int_equal(json_get_int(fault_at(report, 0), "line", 0), 3);
    text_is(json_get_str(fault_at(report, 0), "column"), "NO");
    assert_int_equal(json_get_int(fault_at(report, 1), "line", 0), 4);
    text_is(json_get_str(fault_at(report, 1), "value"), "余分");
    text_is(json_get_str(fault_at(report, 2), "reason"), "A quote is opened and never closed.");
}

/* A backslash takes two bytes where it is kept. */
static void a_row_too_large_for_an_entity_is_listed_alone(void **state) {
    enum { MANY = 5 << 19 };
    Rig *rig = *state;
    char *many = NEW_ARRAY(rig->arena, char, MANY + 1);
    memset(many, '\\', MANY);
    many[MANY] = '\0';
    Str text = str_fmt(rig->arena, AED_HEAD AED_1 "222127,3,大,34.8,138.3,%s,有,\n" AED_2, many);
    const Json *report = import_text(rig, str_z(rig->arena, text), (ConnectWish){0});
    counts_are(report, "3 rows 2/0/1, 2 new 0 changed 0 same");
    assert_int_equal(json_get_int(fault_at(report, 0), "line", 0), 3);
    assert_true(str_find(json_get_str(fault_at(report, 0), "reason"), STR("4 MiB")) > 0);
}

static void a_bad_cell_that_is_not_needed_is_left_out_and_named(void **state) {
    Rig *rig = *state;
    const Json *report =
        import_text(rig, AED_HEAD "222127,1,本館,91,500,入口,たぶん,なし\n", (ConnectWish){0});
    counts_are(report, "1 rows 0/1/0, 1 new 0 changed 0 same");
    assert_int_equal(rig_count(report, "cellsLeftOut"), 3);
    assert_int_equal(json_get_int(json_get(report, STR("rules")), "cell-left-out", 0), 1);
    assert_null(entity_attr(rig_entity(rig, "urn:ngsi-ld:AED:222127:1"), STR(LOCATION)));
}

static void titles_bom_tabs_and_blank_lines_are_no_obstacle(void **state) {
    Rig *rig = *state;
    const Json *report = import_text(rig,
                                     "\xEF\xBB\xBF"
                                     "AED設置箇所一覧\n令和7年4月1日現在\t\t\n\n"
                                     "市区町村コ―ド\tＮＯ\t名 称\t小児対応設備の有無\n"
                                     "222127\t1\t本館\t○\n\t\t\t\n",
                                     (ConnectWish){0});
    counts_are(report, "1 rows 0/1/0, 1 new 0 changed 0 same");
    assert_int_equal(rig_count(report, "headerLine"), 4);
    assert_int_equal(rig_count(report, "blank"), 1);
    text_is(json_get_str(report, "separator"), "tab");
}

static void bytes_that_are_no_text_list_their_row_only(void **state) {
    Rig *rig = *state;
    const Json *report = import_text(rig,
                                     AED_HEAD AED_1 AED_2 "222127,3,\xFF\xFD,34.8,138.3,,有,\n"
                                                          "222127,4,\x96{\x8A\xD9,34.8,138.3,,,\n",
                                     (ConnectWish){0});
    counts_are(report, "4 rows 2/1/1, 3 new 0 changed 0 same");
    assert_int_equal(json_get_int(json_get(report, STR("rules")), "line-encoding", 0), 1);
    text_is(entity_text(rig_entity(rig, "urn:ngsi-ld:AED:222127:4"), STR(LD_DEFAULT "name")),
            "本館");
}

static void a_nul_byte_lists_its_row(void **state) {
    Rig *rig = *state;
    static const char text[] = AED_HEAD "222127,1,a\0b,34.8,138.3,,有,\n" AED_2;
    ConnectWish wish = {.path = rig_file(rig, "nul.csv", (Str){text, sizeof text - 1})};
    counts_are(rig_import(rig, wish), "2 rows 1/0/1, 1 new 0 changed 0 same");
}

static void the_same_key_twice_is_a_repair_or_a_fault(void **state) {
    Rig *rig = *state;
    const Json *report =
        import_text(rig, AED_HEAD AED_1 AED_1 "222127,1,別館,34.8,138.3,,有,\n", (ConnectWish){0});
    counts_are(report, "3 rows 1/1/1, 1 new 0 changed 0 same");
    assert_int_equal(json_get_int(json_get(report, STR("rules")), "duplicate-row", 0), 1);
    text_is(json_get_str(fault_at(report, 0), "reason"),
            "Line 2 has the same key with other values.");
}

static void vanished_rows_are_named_and_go_by_replace_only(void **state) {
    Rig *rig = *state;
    import_text(rig, AED_HEAD AED_1 AED_2 "131016,1,千代田,35.69,139.75,,有,\n", (ConnectWish){0});
    const Json *report = import_text(rig, AED_HEAD AED_1, (ConnectWish){0});
    assert_int_equal(rig_count(report, "vanished"), 1);
    text_is(json_str(json_at(json_get(report, STR("vanishedIds")), 0)), "urn:ngsi-ld:AED:222127:2");
    assert_int_equal(rig_count(report, "removed"), 0);
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:AED:222127:2"));
    report = import_text(rig, AED_HEAD AED_1, (ConnectWish){.replace = true, .dry_run = true});
    assert_int_equal(rig_count(report, "removed"), 1);
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:AED:222127:2"));
    report = import_text(rig, AED_HEAD AED_1, (ConnectWish){.replace = true});
    assert_int_equal(rig_count(report, "removed"), 1);
    assert_null(rig_entity(rig, "urn:ngsi-ld:AED:222127:2"));
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:AED:222127:1"));
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:AED:131016:1"));
}

/* Yaizu's list of parks counts from 1, beside another city's whose numbers begin with its code. */
static void a_list_speaks_for_the_city_of_its_numbers(void **state) {
    static const char head[] = "ID,公園名,緯度,経度,住所（番地まで）,面積（㎡）,供用開始年\n";
    Rig *rig = *state;
    import_text(rig,
                str_fmt(rig->arena,
                        "%s222127-001,中央公園,34.86,138.32,1番地,100,1990\n222127-002,北公園,34."
                        "87,138.33,1番地,100,1990\n"
                        "131016-001,千代田公園,35.69,139.75,1番地,100,1990\n",
                        head)
                    .ptr,
                (ConnectWish){0});
    const Json *report = import_text(
        rig, str_fmt(rig->arena, "%s1,石津浜公園,34.84,138.33,1番地,100,1990\n", head).ptr,
        (ConnectWish){.replace = true});
    counts_are(report, "1 rows 1/0/0, 1 new 0 changed 0 same");
    assert_int_equal(rig_count(report, "vanished"), 0);
    report = import_text(
        rig, str_fmt(rig->arena, "%s222127-001,中央公園,34.86,138.32,1番地,100,1990\n", head).ptr,
        (ConnectWish){.replace = true});
    assert_int_equal(rig_count(report, "removed"), 1);
    assert_null(rig_entity(rig, "urn:ngsi-ld:Park:222127-002"));
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:Park:131016-001"));
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:Park:1"));
}

static size_t list_len(const Json *report, const char *name) {
    const Json *list = json_get(report, str_of(name));
    assert_non_null(list);
    return list->len;
}

static void text_has(const Json *report, const char *part) {
    Buf text = buf_new(NULL, 1 << 16);
    connect_report_text(&text, report);
    if (str_find(buf_str(&text), str_of(part)) < 0)
        fail_msg("no \"%s\" in \"" STR_FMT "\"", part, STR_ARG(buf_str(&text)));
    buf_free(&text);
}

static void a_listed_row_whose_key_is_read_is_in_the_file(void **state) {
    Rig *rig = *state;
    import_text(rig, AED_HEAD AED_1 AED_2 "222127,3,別館,34.8,138.3,,有,\n", (ConnectWish){0});
    const Json *report = import_text(rig, AED_HEAD AED_1 "222127,2,,34.863094,138.320351,,無,\n",
                                     (ConnectWish){.replace = true});
    counts_are(report, "2 rows 1/0/1, 0 new 0 changed 1 same");
    assert_int_equal(rig_count(report, "vanished"), 1);
    assert_int_equal(rig_count(report, "removed"), 1);
    assert_int_equal(rig_count(report, "undecided"), 0);
    text_is(json_str(json_at(json_get(report, STR("vanishedIds")), 0)), "urn:ngsi-ld:AED:222127:3");
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:AED:222127:2"));
    assert_null(rig_entity(rig, "urn:ngsi-ld:AED:222127:3"));
}

/* A row that is listed takes nothing from a good one of the same key behind it. */
static void a_good_row_behind_a_listed_one_of_its_key_comes_in(void **state) {
    Rig *rig = *state;
    const Json *report =
        import_text(rig, AED_HEAD "222127,1,,34.8,138.3,,有,\n" AED_1, (ConnectWish){0});
    counts_are(report, "2 rows 1/0/1, 1 new 0 changed 0 same");
    counts_are(
        import_text(rig, AED_HEAD "222127,1,,34.8,138.3,,有,\n" AED_1 AED_1, (ConnectWish){0}),
        "3 rows 1/1/1, 0 new 0 changed 1 same");
}

static void what_a_row_without_a_key_may_be_about_is_kept_and_named(void **state) {
    Rig *rig = *state;
    static const struct {
        const char *row;
        int64_t vanished, undecided;
    } cases[] = {
        {"222127,,分館,34.8,138.3,,無,\n", 1, 1},        /* no number: those of the city */
        {"22212x,2,分館,34.8,138.3,,無,\n", 0, 2},       /* no city: all */
        {"222127,3,分館,34.8,138.3,1,無,,余分\n", 0, 2}, /* cells may stand one to the right */
        {"222127,2,\"分館,34.8,138.3,1階,無,\n", 0, 2},  /* a quote that takes what follows */
    };
    import_text(rig,
                AED_HEAD AED_1 AED_2 "131016,1,千代田,35.69,139.75,,有,\n"
                                     "131016,2,丸の内,35.69,139.75,,有,\n",
                (ConnectWish){0});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str text = str_fmt(rig->ctx.arena, AED_HEAD AED_1 "131016,1,千代田,35.69,139.75,,有,\n%s",
                           cases[i].row);
        const Json *report =
            import_text(rig, text.ptr, (ConnectWish){.replace = true, .dry_run = true});
        assert_int_equal(rig_count(report, "listed"), 1);
        assert_int_equal(rig_count(report, "vanished"), cases[i].vanished);
        assert_int_equal(rig_count(report, "removed"), cases[i].vanished);
        assert_int_equal(rig_count(report, "undecided"), cases[i].undecided);
        assert_int_equal(list_len(report, "undecidedIds"), cases[i].undecided);
        assert_int_equal(json_number(json_at(json_get(report, STR("keylessLines")), 0)), 4);
        text_has(report, "line 4");
    }
    Str text = str_fmt(rig->ctx.arena, AED_HEAD AED_1 "131016,1,千代田,35.69,139.75,,有,\n%s",
                       cases[0].row);
    const Json *report = import_text(rig, text.ptr, (ConnectWish){.replace = true});
    assert_int_equal(rig_count(report, "removed"), 1);
    text_is(json_str(json_at(json_get(report, STR("undecidedIds")), 0)),
            "urn:ngsi-ld:AED:222127:2");
    text_has(report, "urn:ngsi-ld:AED:222127:2");
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:AED:222127:2"));
    assert_null(rig_entity(rig, "urn:ngsi-ld:AED:131016:2"));
}

/* An id of all cells is another one in a row with a bad cell. */
static void a_listed_row_of_a_file_without_keys_keeps_those_of_its_year(void **state) {
    Rig *rig = *state;
    static const char head[] =
        "事故内容,事故類型,発生日時　　年,発生日時（年月日）,発生日時（時間）\n";
    static const char kept[] = "2,21,2022,2022-11-02,11:19\n2,21,2021,2021-11-02,11:19\n";
    Str text = str_fmt(rig->ctx.arena,
                       "%s%s2,21,2022,2022-11-03,11:19\n2,21,2021,2021-11-03,11:19\n", head, kept);
    import_text(rig, text.ptr, (ConnectWish){0});
    text = str_fmt(rig->ctx.arena, "%s%s2,21,2022,2022-11-33,11:19\n", head, kept);
    const Json *report = import_text(rig, text.ptr, (ConnectWish){.replace = true});
    assert_int_equal(rig_count(report, "listed"), 1);
    assert_int_equal(rig_count(report, "removed"), 1);
    assert_int_equal(rig_count(report, "undecided"), 1);
}

static void rows_without_key_are_told_apart_by_all_their_cells(void **state) {
    Rig *rig = *state;
    const char *text = "事故内容,事故類型,発生日時　　年,発生日時（年月日）,発生日時（時間）\n"
                       "2,21,2022,2022-11-02,11:19\n2,21,2022,2022-11-02,11:19\n"
                       "2,21,2022,2022-11-03,11:19\n";
    const Json *report = import_text(rig, text, (ConnectWish){0});
    counts_are(report, "3 rows 3/0/0, 3 new 0 changed 0 same");
    report = import_text(rig, text, (ConnectWish){0});
    counts_are(report, "3 rows 3/0/0, 0 new 0 changed 3 same");
    assert_int_equal(rig_count(report, "vanished"), 0);
}

/* ---- readings ---- */

#define LEVEL_HEAD "日時,id,河川水位\n"

static bool reading_count(void *arg, int64_t observed_at, double value) {
    (void)observed_at;
    (void)value;
    ++*(size_t *)arg;
    return true;
}

static size_t readings(Rig *rig, const char *id, const char *from, const char *to) {
    size_t n = 0;
    ReadingsQuery query = {.id = str_of(id), .attr = STR(LD_DEFAULT "waterLevel")};
    assert_true(time_parse(str_of(from), &query.from) && time_parse(str_of(to), &query.to));
    Project *project = rig->tenant.project;
    assert_int_equal(project_drain(&rig->ctx, project, ledger_head(rig->tenant.ledger)), RC_OK);
    assert_int_equal(project_readings(&rig->ctx, project, &query, reading_count, &n), RC_OK);
    return n;
}

static void readings_become_the_evolution_of_their_gauge(void **state) {
    Rig *rig = *state;
    const char *text = LEVEL_HEAD "2025-10-04T23:00,1,1.5\n2025-10-04T24:00,1,1.6\n"
                                  "2025-10-04T23:00,2,0.3\n2025-10-04T22:00,2,*\n";
    const Json *report = import_text(rig, text, (ConnectWish){0});
    counts_are(report, "4 rows 2/1/1, 3 new 0 changed 0 same");
    assert_int_equal(readings(rig, "urn:ngsi-ld:RiverGauge:1", "2025-10-04T14:00:00Z",
                              "2025-10-04T15:00:00.001Z"),
                     2);
    const Attr *level =
        entity_attr(rig_entity(rig, "urn:ngsi-ld:RiverGauge:1"), STR(LD_DEFAULT "waterLevel"));
    assert_non_null(level);
    assert_true(json_number(level->value) == 1.6);
    text_is(level->unit_code, "MTR");
    uint64_t head = ledger_head(rig->tenant.ledger);
    counts_are(import_text(rig, text, (ConnectWish){0}), "4 rows 2/1/1, 0 new 0 changed 3 same");
    assert_int_equal(ledger_head(rig->tenant.ledger), head);
}

/* All instances of the evolution, oldest first. */
static const Attrs *evolution(Rig *rig, const char *id) {
    History history;
    HistoryQuery query = {.id = str_of(id), .limit = 100, .window.property = TEMPORAL_OBSERVED};
    vec_push(rig->ctx.arena, &query.attrs, STR(LD_DEFAULT "waterLevel"));
    assert_int_equal(project_history(&rig->ctx, rig->tenant.project, &query, &history), RC_OK);
    return &history.entity->attrs;
}

static void a_corrected_reading_takes_the_place_of_the_former_one(void **state) {
    Rig *rig = *state;
    static const char *const steps[] = {"1.7", "2", "1.5"};
    import_text(rig, LEVEL_HEAD "2025-10-04T23:00,1,1.5\n2025-10-04T22:00,1,1.1\n",
                (ConnectWish){0});
    Attr first = evolution(rig, "urn:ngsi-ld:RiverGauge:1")->items[1];
    for (size_t i = 0; i < 3; i++) {
        Str text = str_fmt(rig->ctx.arena, LEVEL_HEAD "2025-10-04T23:00,1,%s\n", steps[i]);
        uint64_t head = ledger_head(rig->tenant.ledger);
        counts_are(import_text(rig, text.ptr, (ConnectWish){0}),
                   "1 rows 1/0/0, 0 new 1 changed 0 same");
        assert_true(ledger_head(rig->tenant.ledger) > head); /* the former is no longer the last
                                                                word, and stays a leaf */
        const Attrs *all = evolution(rig, "urn:ngsi-ld:RiverGauge:1");
        assert_int_equal(all->len, 2);
        const Attr *now = &all->items[1];
        double value;
        assert_true(str_to_f64(str_of(steps[i]), &value));
        assert_true(json_number(now->value) == value);
        assert_true(str_eq(now->instance_id, first.instance_id));
        assert_true(now->created_at == first.created_at && now->modified_at > now->created_at);
        text_is(now->unit_code, "MTR");
        const Attr *current = entity_attr(rig_entity(rig, "urn:ngsi-ld:RiverGauge:1"), now->name);
        assert_true(json_number(current->value) == value && str_empty(current->instance_id));
        counts_are(import_text(rig, text.ptr, (ConnectWish){0}),
                   "1 rows 1/0/0, 0 new 0 changed 1 same");
    }
    assert_int_equal(
        readings(rig, "urn:ngsi-ld:RiverGauge:1", "2025-10-04T12:00:00Z", "2025-10-04T15:00:00Z"),
        2);
    counts_are(import_text(rig, LEVEL_HEAD "2025-10-04T22:00,1,0.9\n", (ConnectWish){0}),
               "1 rows 1/0/0, 0 new 1 changed 0 same");
    const Attr *current =
        entity_attr(rig_entity(rig, "urn:ngsi-ld:RiverGauge:1"), STR(LD_DEFAULT "waterLevel"));
    assert_true(json_number(current->value) == 1.5); /* an older one corrected is not the newest */
}

static void an_ambiguous_reading_is_listed(void **state) {
    Rig *rig = *state;
    const Json *report = import_text(
        rig, LEVEL_HEAD "2025-10-05T01:00,1,1\n2025-10-05T01:00,1,1.0\n2025-10-05T01:00,1,2\n",
        (ConnectWish){0});
    counts_are(report, "3 rows 1/1/1, 1 new 0 changed 0 same");
}

static void a_gauge_that_came_by_its_readings_has_not_vanished(void **state) {
    Rig *rig = *state;
    import_text(rig, LEVEL_HEAD "2025-10-04T23:00,9,1.5\n", (ConnectWish){0});
    const Json *report =
        import_text(rig, "id,観測所名,河川名\n1,九十九橋,足羽川\n", (ConnectWish){.replace = true});
    assert_int_equal(rig_count(report, "vanished"), 0);
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:RiverGauge:9"));
}

static void a_list_of_gauges_speaks_for_its_administrators_alone(void **state) {
    Rig *rig = *state;
    import_text(rig,
                "id,観測所名,河川名,管理者名\n1,九十九橋,足羽川,福井土木\n2,深谷,足羽川,福井土木\n"
                "3,とうげ,まち川,まち市\n4,無名,まち川,\n",
                (ConnectWish){0});
    const Json *report =
        import_text(rig, "id,観測所名,河川名,管理者名\n1,九十九橋,足羽川,福井土木\n",
                    (ConnectWish){.replace = true});
    assert_int_equal(rig_count(report, "removed"), 1);
    assert_null(rig_entity(rig, "urn:ngsi-ld:RiverGauge:2"));
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:RiverGauge:3"));
    assert_non_null(rig_entity(rig, "urn:ngsi-ld:RiverGauge:4"));
}

/* ---- refusals ---- */

static void files_without_layout_are_refused_with_their_first_line(void **state) {
    Rig *rig = *state;
    const Json *report;
    ConnectWish wish = {.path = rig_file(rig, "odd.csv", STR("colour,taste\nred,sweet\n"))};
    assert_int_equal(connect_import(&rig->ctx, &wish, &report), RC_NOT_FOUND);
    text_is(rig->ctx.error.code, "unknown-layout");
    assert_true(str_find(rig->ctx.error.detail, STR("colour,taste")) >= 0);
    wish.layout = STR("aedd");
    assert_int_equal(connect_import(&rig->ctx, &wish, &report), RC_NOT_FOUND);
    assert_true(str_find(rig->ctx.error.detail, STR("did you mean \"aed\"")) >= 0);
}

/* A header row with many more columns than any file has, and one row under it. */
static Str wide(Rig *rig, int columns) {
    Buf text = buf_new(rig->arena, 1 << 20);
    buf_add(&text, str_head(STR(AED_HEAD), sizeof AED_HEAD - 2));
    for (int i = 0; i < columns; i++)
        buf_addf(&text, ",c%d", i);
    buf_add(&text, STR("\n" AED_1));
    return buf_str(&text);
}

static void hostile_files_are_refused_with_one_sentence(void **state) {
    Rig *rig = *state;
    const struct {
        Str text;
        Rc rc;
        const char *code;
    } cases[] = {
        {STR(""), RC_INVALID, "empty-file"},
        {STR(" \r\n\n"), RC_INVALID, "empty-file"},
        {STR("名称\n本館\n分館\n"), RC_NOT_FOUND, "unknown-layout"},
        {STR("\"\"\"\"\"\"\"\"\n\"\n"), RC_NOT_FOUND, "unknown-layout"},
        {wide(rig, 10000), RC_LIMIT, "line-too-long"},
    };
    uint64_t head = ledger_head(rig->tenant.ledger);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Json *report;
        ConnectWish wish = {.path = rig_file(rig, "hostile.csv", cases[i].text)};
        assert_int_equal(connect_import(&rig->ctx, &wish, &report), cases[i].rc);
        text_is(rig->ctx.error.code, cases[i].code);
        assert_true(rig->ctx.error.detail.len > 0 && rig->ctx.error.path.len > 0);
    }
    assert_int_equal(ledger_head(rig->tenant.ledger), head);
}

/* No row is lost by the quote of another one. */
static void lone_quotes_list_their_own_row_only(void **state) {
    Rig *rig = *state;
    const Json *report = import_text(rig,
                                     AED_HEAD "222127,1,\"本館,34.8,138.3,入口,有,\n"
                                              "222127,2,分\"館,34.8,138.3,入口,有,\n"
                                              "222127,3,別館,34.8,138.3,\"入口,有,\n",
                                     (ConnectWish){0});
    counts_are(report, "3 rows 1/0/2, 1 new 0 changed 0 same");
    assert_int_equal(json_get_int(fault_at(report, 0), "line", 0), 2);
    assert_int_equal(json_get_int(fault_at(report, 1), "line", 0), 4);
    text_is(entity_text(rig_entity(rig, "urn:ngsi-ld:AED:222127:2"),
                        ld_expand(ld_core(), rig->ctx.arena, STR("name"))),
            "分\"館");
}

static void who_may_not_import_is_refused_before_anything_is_written(void **state) {
    Rig *rig = *state;
    static const Actor nobody = {.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
    const Json *report;
    uint64_t head = ledger_head(rig->tenant.ledger);
    ConnectWish wish = {.path = rig_file(rig, "file.csv", STR(AED_HEAD AED_1))};
    Actor *operator_actor = rig->ctx.actor;
    rig->ctx.actor = (Actor *)&nobody;
    assert_int_equal(connect_import(&rig->ctx, &wish, &report), RC_DENIED);
    rig->ctx.actor = operator_actor;
    assert_int_equal(ledger_head(rig->tenant.ledger), head);
}

static Rc stop_at_once(void *arg, Ctx *ctx, const ConnectProgress *progress) {
    (void)arg;
    (void)progress;
    return ctx_fail(ctx, RC_FAILED, "stopped", STR_NONE, "Stopped.");
}

static void an_import_that_is_stopped_goes_on_when_it_is_run_again(void **state) {
    Rig *rig = *state;
    const Json *report;
    ConnectWish wish = {.path = rig_file(rig, "file.csv", STR(AED_HEAD AED_1 AED_2)),
                        .tell = stop_at_once};
    assert_int_equal(connect_import(&rig->ctx, &wish, &report), RC_FAILED);
    text_is(rig->ctx.error.code, "stopped");
    wish.tell = NULL;
    counts_are(rig_import(rig, wish), "2 rows 2/0/0, 0 new 0 changed 2 same");
}

/* ---- out again ---- */

static Rc collect(void *arg, Ctx *ctx, Str text) {
    (void)ctx;
    buf_add(arg, text);
    return RC_OK;
}

static void what_is_exported_comes_in_again_unchanged(void **state) {
    Rig *rig = *state;
    import_text(rig, AED_HEAD AED_1 AED_2, (ConnectWish){0});
    Buf text = buf_new(rig->arena, 1 << 20);
    ConnectExport wish = {.type = STR("AED"), .piece = collect, .arg = &text};
    size_t rows;
    assert_int_equal(connect_export(&rig->ctx, &wish, &rows), RC_OK);
    assert_int_equal(rows, 2);
    assert_true(str_starts(buf_str(&text), STR("\xEF\xBB\xBF全国地方公共団体コード,ID,")));
    ConnectWish again = {.path = rig_file(rig, "out.csv", buf_str(&text))};
    counts_are(rig_import(rig, again), "2 rows 2/0/0, 0 new 0 changed 2 same");
    wish.type = STR("Nothing");
    assert_int_equal(connect_export(&rig->ctx, &wish, &rows), RC_NOT_FOUND);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(rows_become_entities_and_again_change_nothing),
        CASE(a_dry_run_says_the_same_and_writes_nothing),
        CASE(a_changed_cell_changes_one_attribute_and_an_emptied_one_goes),
        CASE(what_other_sources_say_stays),
        CASE(a_bad_row_is_listed_and_the_others_come_in),
        CASE(a_row_too_large_for_an_entity_is_listed_alone),
        CASE(a_bad_cell_that_is_not_needed_is_left_out_and_named),
        CASE(titles_bom_tabs_and_blank_lines_are_no_obstacle),
        CASE(bytes_that_are_no_text_list_their_row_only),
        CASE(a_nul_byte_lists_its_row),
        CASE(the_same_key_twice_is_a_repair_or_a_fault),
        CASE(vanished_rows_are_named_and_go_by_replace_only),
        CASE(a_list_speaks_for_the_city_of_its_numbers),
        CASE(a_listed_row_whose_key_is_read_is_in_the_file),
        CASE(a_good_row_behind_a_listed_one_of_its_key_comes_in),
        CASE(what_a_row_without_a_key_may_be_about_is_kept_and_named),
        CASE(a_listed_row_of_a_file_without_keys_keeps_those_of_its_year),
        CASE(rows_without_key_are_told_apart_by_all_their_cells),
        CASE(readings_become_the_evolution_of_their_gauge),
        CASE(a_corrected_reading_takes_the_place_of_the_former_one),
        CASE(an_ambiguous_reading_is_listed),
        CASE(a_gauge_that_came_by_its_readings_has_not_vanished),
        CASE(a_list_of_gauges_speaks_for_its_administrators_alone),
        CASE(files_without_layout_are_refused_with_their_first_line),
        CASE(hostile_files_are_refused_with_one_sentence),
        CASE(lone_quotes_list_their_own_row_only),
        CASE(who_may_not_import_is_refused_before_anything_is_written),
        CASE(an_import_that_is_stopped_goes_on_when_it_is_run_again),
        CASE(what_is_exported_comes_in_again_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
