/* The real files: golden.csv has the counts of each, golden_listed.csv every listed row with why it
   is right that it is listed. Skipped where the samples are absent. */
#include "rig.h"

#include "connect/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { READINGS = 71062 }; /* of waterlevel_hourly_2023-2026_3stations.csv */

typedef struct Golden {
    Rig rig;
    const char *samples;
    VEC(StrVec) files, listed;
} Golden;

static void table_read(Golden *golden, const char *name, void *to) {
    const char *folder = getenv("MACHI_GOLDEN_CSV");
    VEC(StrVec) *rows = to;
    CsvRow row;
    Ctx ctx = golden->rig.ctx;
    ctx.arena = golden->rig.arena;
    Csv csv = {.text = rig_read(ctx.arena, folder ? folder : "test/connect", name),
               .line = 1,
               .separator = ','};
    while (csv_next(&ctx, &csv, &row) == RC_OK)
        if (row.line > 1 && !row.blank) vec_push(ctx.arena, rows, row.cells);
}

static int setup(void **state) {
    Golden *golden = mem_zero(sizeof *golden);
    rig_open(&golden->rig);
    golden->samples = rig_samples(&golden->rig);
    table_read(golden, "golden.csv", &golden->files);
    table_read(golden, "golden_listed.csv", &golden->listed);
    *state = golden;
    return 0;
}

static int teardown(void **state) {
    Golden *golden = *state;
    rig_close(&golden->rig);
    mem_free(golden);
    return 0;
}

static int64_t number(Str cell) {
    int64_t value = -1;
    assert_true(str_to_i64(cell, &value));
    return value;
}

static void count_is(Str file, const Json *report, const char *name, int64_t expected) {
    if (rig_count(report, name) != expected)
        fail_msg(STR_FMT ": %lld %s, not %lld", STR_ARG(file), (long long)rig_count(report, name),
                 name, (long long)expected);
}

/* The listed rows of a file are those of the table, in order, and nothing else. */
static void listed_are(const Golden *golden, Str file, const Json *report) {
    const Json *rows = json_get(report, STR("listedRows"));
    size_t at = 0;
    VEC_EACH (const StrVec, row, &golden->listed) {
        if (!str_eq(row->items[0], file)) continue;
        const Json *fault = json_at(rows, at++);
        assert_non_null(fault);
        assert_int_equal(json_get_int(fault, "line", 0), number(row->items[1]));
        assert_true(str_eq(json_get_str(fault, "column"), row->items[2]));
        assert_true(str_eq(json_get_str(fault, "value"), row->items[3]));
        assert_true(row->len > 4 && row->items[4].len > 0);
    }
    assert_int_equal(rows->len, at);
}

static void file_check(Golden *golden, const StrVec *row, bool again) {
    Rig *rig = &golden->rig;
    Str file = row->items[0];
    ConnectWish wish = {.path = str_fmt(rig->arena, "%s/" STR_FMT, golden->samples, STR_ARG(file))};
    const Json *report = rig_import(rig, wish);
    static const char *const names[] = {"rows", "imported", "repaired", "listed"};
    for (size_t i = 0; i < 4; i++)
        count_is(file, report, names[i], number(row->items[i + 1]));
    count_is(file, report, "rows",
             rig_count(report, "imported") + rig_count(report, "repaired") +
                 rig_count(report, "listed"));
    int64_t written = rig_count(report, "created") + rig_count(report, "updated");
    assert_int_equal(written, again ? 0 : number(row->items[5]));
    if (again) count_is(file, report, "unchanged", number(row->items[5]));
    count_is(file, report, "cellsLeftOut", 0);
    count_is(file, report, "vanished", 0);
    assert_int_equal(json_get(report, STR("unknownHeaders"))->len, 0);
    listed_are(golden, file, report);
    arena_reset(rig->ctx.arena);
}

static bool skipped(const Golden *golden) {
    if (golden->samples) return false;
    print_message("# The real files are absent: set MACHI_SAMPLES to their folder.\n");
    return true;
}

static void every_file_gives_its_three_counts(void **state) {
    Golden *golden = *state;
    if (skipped(golden)) skip();
    assert_true(golden->files.len >= 15);
    VEC_EACH (const StrVec, row, &golden->files)
        file_check(golden, row, false);
}

static void a_second_import_changes_nothing(void **state) {
    Golden *golden = *state;
    if (skipped(golden)) skip();
    uint64_t head = ledger_head(golden->rig.tenant.ledger);
    VEC_EACH (const StrVec, row, &golden->files)
        file_check(golden, row, true);
    assert_int_equal(ledger_head(golden->rig.tenant.ledger), head);
}

static bool reading_count(void *arg, int64_t observed_at, double value) {
    (void)observed_at;
    (void)value;
    ++*(size_t *)arg;
    return true;
}

static void every_hourly_reading_is_in_the_history(void **state) {
    Golden *golden = *state;
    if (skipped(golden)) skip();
    Rig *rig = &golden->rig;
    Project *project = rig->tenant.project;
    size_t n = 0;
    assert_int_equal(project_drain(&rig->ctx, project, ledger_head(rig->tenant.ledger)), RC_OK);
    for (int gauge = 1; gauge <= 4; gauge++) {
        if (gauge == 2) continue;
        ReadingsQuery query = {.id = str_fmt(rig->ctx.arena, "urn:ngsi-ld:RiverGauge:%d", gauge),
                               .attr = STR(LD_DEFAULT "waterLevel")};
        query.from = time_jst_start((Date){2023, 1, 1});
        query.to = time_jst_start((Date){2027, 1, 1});
        assert_int_equal(project_readings(&rig->ctx, project, &query, reading_count, &n), RC_OK);
    }
    assert_int_equal(n, READINGS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_gives_its_three_counts),
        cmocka_unit_test(a_second_import_changes_nothing),
        cmocka_unit_test(every_hourly_reading_is_in_the_history),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
