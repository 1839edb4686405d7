/* Records and bytes: what is found in the wild, and what is meant to harm. */
#include "connect/bring.h"
#include "connect/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>
#include <cmocka.h>

static int setup(void **state) {
    Ctx *ctx = mem_zero(sizeof *ctx);
    *ctx = (Ctx){.arena = arena_new((size_t)2 << 30), .scratch = arena_new(64 << 20)};
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

/* ---- records: cells joined by |, rows by /, a row with an unclosed quote begins with ! */

static const struct {
    const char *what, *text, *expected;
    char separator;
} records[] = {
    {"plain", "a,b\nc,d\n", "a|b/c|d", ','},
    {"no newline at the end", "a,b\nc,d", "a|b/c|d", ','},
    {"CR LF, LF and CR mixed", "a,b\r\nc,d\re,f\n", "a|b/c|d/e|f", ','},
    {"quotes", "\"a,1\",\"b\"\n", "a,1|b", ','},
    {"doubled quotes", "\"say \"\"hi\"\"\",x\n", "say \"hi\"|x", ','},
    {"only doubled quotes", "\"\"\"\",x\n", "\"|x", ','},
    {"a quoted newline", "\"a\nb\",c\nd,e\n", "a\nb|c/d|e", ','},
    {"a quoted CR LF", "\"a\r\nb\",c\n", "a\r\nb|c", ','},
    {"a quote inside a cell is a character", "5\" pipe,x\n", "5\" pipe|x", ','},
    {"text behind a closing quote stays", "\"a\"b,c\n", "ab|c", ','},
    {"blanks before a quote", "a, \"b,c\"\n", "a|b,c", ','},
    {"empty cells", ",,\n", "||", ','},
    {"an empty line is a row of one empty cell", "a\n\nb\n", "a//b", ','},
    {"tabs", "a\tb,c\n", "a|b,c", '\t'},
    {"semicolons", "a;\"b;c\"\n", "a|b;c", ';'},
    {"a truncated quote ends with its line", "a,\"b\nc,d\n", "!a|\"b/c|d", ','},
    {"a truncated quote at the end", "a,\"b", "!a|\"b", ','},
    {"a truncated quote behind doubled ones", "\"a\"\"\nb,c\n", "!\"a\"\"/b|c", ','},
    {"a lone quote does not swallow rows up to the next one", "1,\"a\n2,b\"c\n3,\"d\"\n",
     "!1|\"a/2|b\"c/3|d", ','},
    {"a lone quote before a quoted cell", "1,\"a\n2,\"b\",c\n", "!1|\"a/2|b|c", ','},
    {"nothing", "", "", ','},
};

static Str joined(Ctx *ctx, const char *text, char separator) {
    Csv csv = {.text = str_of(text), .line = 1, .separator = separator};
    Buf to = buf_new(ctx->arena, 4096);
    CsvRow row;
    for (bool first = true; csv_next(ctx, &csv, &row) == RC_OK; first = false) {
        if (!first) buf_add_char(&to, '/');
        if (row.unclosed) buf_add_char(&to, '!');
        for (size_t i = 0; i < row.cells.len; i++) {
            if (i) buf_add_char(&to, '|');
            buf_add(&to, row.cells.items[i]);
        }
    }
    return buf_str(&to);
}

static void records_are_read_as_they_were_meant(void **state) {
    Ctx *ctx = *state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        Str got = joined(ctx, records[i].text, records[i].separator);
        if (!str_eq(got, str_of(records[i].expected)))
            fail_msg("%s: \"" STR_FMT "\"", records[i].what, STR_ARG(got));
    }
}

static void rows_know_the_line_on_which_they_begin(void **state) {
    Ctx *ctx = *state;
    Csv csv = {.text = STR("a\n\"b\nb\r\nb\"\r\nc\rd\n"), .line = 1, .separator = ','};
    const size_t lines[] = {1, 2, 5, 6};
    CsvRow row;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(csv_next(ctx, &csv, &row), RC_OK);
        assert_int_equal(row.line, lines[i]);
    }
    assert_int_equal(csv_next(ctx, &csv, &row), RC_NOT_FOUND);
}

static void a_line_of_100_mb_is_refused_with_a_sentence(void **state) {
    Ctx *ctx = *state;
    size_t len = 100 << 20;
    char *text = arena_alloc(ctx->arena, len, 1);
    memset(text, 'x', len);
    CsvRow row;
    Csv csv = {.text = {text, len}, .line = 1, .separator = ','};
    assert_int_equal(csv_next(ctx, &csv, &row), RC_LIMIT);
    assert_string_equal(ctx->error.code.ptr, "line-too-long");
    memset(text, ',', len);
    csv = (Csv){.text = {text, len}, .line = 1, .separator = ','};
    assert_int_equal(csv_next(ctx, &csv, &row), RC_LIMIT);
}

static void quotes_that_never_close_take_time_in_proportion(void **state) {
    Ctx *ctx = *state;
    size_t len = 32 << 20, rows = 0;
    char *text = arena_alloc(ctx->arena, len, 1);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 4096 == 0 ? '"' : i % 4096 == 4095 ? '\n' : i % 2 ? 'a' : '"';
    for (size_t i = 1; i < len; i++)
        if (text[i] == '"' && text[i - 1] != '\n') text[i] = 'b';
    int64_t began = time_monotonic();
    CsvRow row;
    Csv csv = {.text = {text, len}, .line = 1, .separator = ','};
    while (csv_next(ctx, &csv, &row) == RC_OK)
        rows++;
    assert_true(rows >= 4096);
    assert_true(time_monotonic() - began < 20 * TIME_SECOND);
}

static void what_is_written_is_read_back(void **state) {
    static const char *const cells[] = {"a",       "",   "a,b", "say \"hi\"", "two\nlines",
                                        " blank ", "-5", "3;4", "\t"};
    Ctx *ctx = *state;
    Buf to = buf_new(ctx->arena, 4096);
    for (size_t i = 0; i < 8; i++) {
        if (i) buf_add_char(&to, ',');
        csv_write(&to, str_of(cells[i]));
    }
    CsvRow row;
    Csv csv = {.text = buf_str(&to), .line = 1, .separator = ','};
    assert_int_equal(csv_next(ctx, &csv, &row), RC_OK);
    assert_int_equal(row.cells.len, 8);
    for (size_t i = 0; i < 8; i++)
        assert_true(str_eq(row.cells.items[i], str_of(cells[i])));
}

static void formulas_are_written_so_that_no_spreadsheet_runs_them(void **state) {
    Ctx *ctx = *state;
    Buf to = buf_new(ctx->arena, 4096);
    csv_write(&to, STR("=cmd()"));
    assert_true(str_eq(buf_str(&to), STR("\"'=cmd()\"")));
}

/* ---- bytes ---- */

#define AED_CP932 "\x94\xd4\x8d\x86" /* 番号 */

static const struct {
    const char *what;
    Str bytes;
    const char *encoding, *text;
} encodings[] = {
    {"UTF-8", {"番号,a\n", 9}, "UTF-8", "番号,a\n"},
    {"UTF-8 with BOM", {"\xEF\xBB\xBF番号\n", 10}, "UTF-8 with BOM", "番号\n"},
    {"CP932", {AED_CP932 ",a\n", 7}, "CP932", "番号,a\n"},
    {"a line of CP932 in UTF-8",
     {"番号\n番号\n" AED_CP932 "\n", 19},
     "UTF-8 and CP932 mixed",
     "番号\n番号\n番号\n"},
    {"a byte that is neither",
     {"番号\n番号\n\xFF\xFD\n", 17},
     "UTF-8 and CP932 mixed",
     "番号\n番号\n\xEF\xBF\xBD\xEF\xBF\xBD\n"},
};

static void text_comes_in_utf_8_whatever_it_was_written_in(void **state) {
    Ctx *ctx = *state;
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        Brought brought;
        assert_int_equal(bring_bytes(ctx, encodings[i].bytes, &brought), RC_OK);
        if (strcmp(brought.encoding, encodings[i].encoding) != 0 ||
            !str_eq(brought.text, str_of(encodings[i].text)))
            fail_msg("%s: %s \"" STR_FMT "\"", encodings[i].what, brought.encoding,
                     STR_ARG(brought.text));
    }
}

static void utf_16_is_refused_with_the_remedy(void **state) {
    Brought brought;
    Ctx *ctx = *state;
    Str bytes = {"\xFF\xFE"
                 "a\0,\0",
                 6};
    assert_int_equal(bring_bytes(ctx, bytes, &brought), RC_INVALID);
    assert_non_null(strstr(str_z(ctx->arena, ctx->error.detail), "UTF-8"));
}

/* ---- zips, made here ---- */

static Str zip_of_all(Ctx *ctx, const char *const *names, size_t n, Str content) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    for (size_t i = 0; i < n; i++) {
        zip_source_t *member = zip_source_buffer(zip, content.ptr, content.len, 0);
        assert_true(zip_file_add(zip, names[i], member, 0) >= 0);
    }
    assert_int_equal(zip_close(zip), 0);
    zip_stat_t stat;
    zip_source_stat(source, &stat);
    char *bytes = arena_alloc(ctx->arena, (size_t)stat.size, 1);
    zip_source_open(source);
    zip_source_read(source, bytes, stat.size);
    zip_source_close(source);
    zip_source_free(source);
    zip_error_fini(&error);
    return (Str){bytes, (size_t)stat.size};
}

static Str zip_of(Ctx *ctx, const char *name, Str content) {
    return zip_of_all(ctx, &name, 1, content);
}

static void a_csv_that_is_a_zip_is_unpacked(void **state) {
    Ctx *ctx = *state;
    Brought brought;
    Str zip = zip_of(ctx, "folder/LIST.CSV", STR("a,b\n1,2\n"));
    assert_int_equal(bring_bytes(ctx, zip, &brought), RC_OK);
    assert_true(str_eq(brought.text, STR("a,b\n1,2\n")));
    assert_true(str_eq(brought.inside, STR("folder/LIST.CSV")));
}

/* With --replace the first alone would have removed what the others hold. */
static void a_zip_of_several_csvs_is_refused_by_their_names(void **state) {
    static const char *const three[] = {"a/aed.csv", "readme.txt", "a/aed_2.CSV", "hospital.csv"};
    static const char *const mac[] = {"aed.csv", "__MACOSX/._aed.csv"};
    const char *many[40];
    Ctx *ctx = *state;
    Brought brought;
    Str one = STR("a,b\n1,2\n");
    assert_int_equal(bring_bytes(ctx, zip_of_all(ctx, three, 4, one), &brought), RC_INVALID);
    assert_string_equal(ctx->error.code.ptr, "several-csv-inside");
    assert_non_null(strstr(ctx->error.detail.ptr, "a/aed.csv, a/aed_2.CSV, hospital.csv."));
    assert_non_null(strstr(ctx->error.detail.ptr, "holds 3 CSV files"));
    for (size_t i = 0; i < 40; i++)
        many[i] = str_fmt(ctx->arena, "%zu.csv", i).ptr;
    assert_int_equal(bring_bytes(ctx, zip_of_all(ctx, many, 40, one), &brought), RC_INVALID);
    assert_non_null(strstr(ctx->error.detail.ptr, "8.csv, 9.csv, ..."));
    assert_null(strstr(ctx->error.detail.ptr, "10.csv"));
    assert_int_equal(bring_bytes(ctx, zip_of_all(ctx, mac, 2, one), &brought), RC_OK);
    assert_true(str_eq(brought.inside, STR("aed.csv")));
}

static void a_zip_bomb_is_refused(void **state) {
    Ctx *ctx = *state;
    size_t len = 64 << 20;
    char *zeros = arena_zero(ctx->arena, len, 1);
    Brought brought;
    Str zip = zip_of(ctx, "bomb.csv", (Str){zeros, len});
    assert_true(zip.len < len / 200);
    assert_int_equal(bring_bytes(ctx, zip, &brought), RC_LIMIT);
    assert_string_equal(ctx->error.code.ptr, "zip-too-large");
}

static void zips_without_csv_or_end_are_refused(void **state) {
    Ctx *ctx = *state;
    Brought brought;
    Str zip = zip_of(ctx, "xl/workbook.xml", STR("<x/>"));
    assert_int_equal(bring_bytes(ctx, zip, &brought), RC_INVALID);
    assert_string_equal(ctx->error.code.ptr, "no-csv-inside");
    assert_int_equal(bring_bytes(ctx, str_sub(zip, 0, zip.len / 2), &brought), RC_INVALID);
    assert_string_equal(ctx->error.code.ptr, "bad-zip");
}

static void only_ordinary_files_are_read(void **state) {
    Ctx *ctx = *state;
    Brought brought;
    assert_int_equal(bring_file(ctx, STR("/dev/zero"), &brought), RC_INVALID);
    assert_int_equal(bring_file(ctx, STR("/tmp"), &brought), RC_INVALID);
    assert_int_equal(bring_file(ctx, STR("/nowhere/at/all.csv"), &brought), RC_NOT_FOUND);
    char folder[] = "/tmp/machi-csv-XXXXXX";
    assert_non_null(mkdtemp(folder));
    Str fifo = str_fmt(ctx->arena, "%s/fifo.csv", folder),
        huge = str_fmt(ctx->arena, "%s/huge.csv", folder);
    assert_int_equal(mkfifo(fifo.ptr, 0600), 0);
    assert_int_equal(bring_file(ctx, fifo, &brought), RC_INVALID); /* and nobody waits for it */
    int fd = open(huge.ptr, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, (off_t)BRING_FILE_MAX + 1), 0);
    close(fd);
    assert_int_equal(bring_file(ctx, huge, &brought), RC_LIMIT);
    assert_string_equal(ctx->error.code.ptr, "file-too-large");
    unlink(fifo.ptr);
    unlink(huge.ptr);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_are_read_as_they_were_meant, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_know_the_line_on_which_they_begin, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_of_100_mb_is_refused_with_a_sentence, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(quotes_that_never_close_take_time_in_proportion, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_written_is_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(formulas_are_written_so_that_no_spreadsheet_runs_them,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(text_comes_in_utf_8_whatever_it_was_written_in, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(utf_16_is_refused_with_the_remedy, setup, teardown),
        cmocka_unit_test_setup_teardown(a_csv_that_is_a_zip_is_unpacked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_zip_of_several_csvs_is_refused_by_their_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_zip_bomb_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(zips_without_csv_or_end_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(only_ordinary_files_are_read, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
