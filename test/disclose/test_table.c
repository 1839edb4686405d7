/* Suppression is judged by solvers that know nothing of the one under test: all tables that a
   reader may think of are tried one by one. */
#include "disclose/disclose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

enum { K = DISCLOSE_K };

typedef struct Desk {
    Ctx ctx;
    Clock clock;
    Rand rand;
} Desk;

static void desk_begin(Desk *desk) {
    *desk = (Desk){.clock = {.fixed = TIME_NONE}, .rand = rand_seeded(42)};
    desk->ctx = (Ctx){.arena = arena_new(64 << 20),
                      .scratch = arena_new(64 << 20),
                      .clock = &desk->clock,
                      .rand = &desk->rand,
                      .deadline = INT64_MAX};
}

static void desk_end(Desk *desk) {
    arena_free(desk->ctx.arena);
    arena_free(desk->ctx.scratch);
}

static DiscloseTable table_of(Desk *desk, size_t rows, size_t columns, const int64_t *cells) {
    DiscloseTable table = disclose_table(desk->ctx.arena, rows, columns);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            table.cells[disclose_cell(&table, i, j)] = cells[i * columns + j];
    disclose_total(&table);
    return table;
}

/* Skewed to the small values that make trouble. */
static DiscloseTable table_random(Desk *desk, size_t rows, size_t columns, uint64_t most) {
    int64_t cells[64];
    for (size_t i = 0; i < rows * columns; i++)
        cells[i] = (int64_t)rand_below(&desk->rand, 1 + rand_below(&desk->rand, most));
    return table_of(desk, rows, columns, cells);
}

/* ---- a reader who tries everything ---- */

typedef struct Guesser {
    const DiscloseTable *table;
    int64_t *guess;      /* rows * columns */
    int64_t most;        /* of a hidden cell */
    int64_t *low, *high; /* over all cells, totals too */
} Guesser;

static int64_t guess_total(const Guesser *reader, size_t row, size_t column) {
    const DiscloseTable *t = reader->table;
    int64_t sum = 0;
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->columns; j++)
            if ((row == t->rows || row == i) && (column == t->columns || column == j))
                sum += reader->guess[i * t->columns + j];
    return sum;
}

static void reader_judge(Guesser *reader) {
    const DiscloseTable *t = reader->table;
    for (size_t i = 0; i <= t->rows; i++)
        for (size_t j = 0; j <= t->columns; j++) {
            size_t cell = disclose_cell(t, i, j);
            if (t->marks[cell] == DISCLOSE_SHOWN && guess_total(reader, i, j) != t->cells[cell])
                return;
        }
    for (size_t i = 0; i <= t->rows; i++)
        for (size_t j = 0; j <= t->columns; j++) {
            size_t cell = disclose_cell(t, i, j);
            int64_t value = guess_total(reader, i, j);
            if (value < reader->low[cell]) reader->low[cell] = value;
            if (value > reader->high[cell]) reader->high[cell] = value;
        }
}

static void reader_try(Guesser *reader, size_t at) {
    const DiscloseTable *t = reader->table;
    if (at == t->rows * t->columns) {
        reader_judge(reader);
        return;
    }
    size_t cell = disclose_cell(t, at / t->columns, at % t->columns);
    bool shown = t->marks[cell] == DISCLOSE_SHOWN;
    for (int64_t value = shown ? t->cells[cell] : 0;
         value <= (shown ? t->cells[cell] : reader->most); value++) {
        reader->guess[at] = value;
        reader_try(reader, at + 1);
    }
}

static Guesser reader_conclude(Desk *desk, const DiscloseTable *table, int64_t most) {
    size_t n = disclose_cells(table);
    Guesser reader = {.table = table, .most = most};
    reader.guess = NEW_ARRAY(desk->ctx.arena, int64_t, table->rows * table->columns);
    reader.low = NEW_ARRAY(desk->ctx.arena, int64_t, n);
    reader.high = NEW_ARRAY(desk->ctx.arena, int64_t, n);
    for (size_t i = 0; i < n; i++)
        reader.low[i] = INT64_MAX, reader.high[i] = -1;
    reader_try(&reader, 0);
    return reader;
}

/* ---- tests ---- */

static void test_nothing_small_nothing_suppressed(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    DiscloseTable table = table_of(&desk, 2, 3, (int64_t[]){10, 11, 30, 12, 400, 10});
    assert_int_equal(disclose_suppress(&desk.ctx, &table, K), RC_OK);
    for (size_t i = 0; i < disclose_cells(&table); i++)
        assert_int_equal(table.marks[i], DISCLOSE_SHOWN);
    desk_end(&desk);
}

static void test_examples_by_hand(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t cells[4];
        const char *marks; /* 2 * 2 cells with totals: s shown, p primary, c complement */
    } cases[] = {
        {"one small cell takes the rest of its square", {3, 20, 30, 40}, "pcsccssss"},
        {"two small ones in a row: their total is small, and takes the other row with it",
         {3, 4, 50, 60},
         "pppcccsss"},
        {"all small: the grand total may stay", {1, 2, 3, 4}, "pppppppps"},
    };
    Desk desk;
    desk_begin(&desk);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        DiscloseTable table = table_of(&desk, 2, 2, cases[i].cells);
        assert_int_equal(disclose_suppress(&desk.ctx, &table, K), RC_OK);
        assert_true(disclose_unsafe(&desk.ctx, &table, K) == disclose_cells(&table));
        char marks[10] = "";
        for (size_t cell = 0; cell < 9; cell++)
            marks[cell] = "spc"[table.marks[cell]];
        if (strcmp(marks, cases[i].marks) != 0) fail_msg("%s: %s", cases[i].name, marks);
    }
    desk_end(&desk);
}

static void test_bounds_are_exact(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    for (int round = 0; round < 150; round++) {
        DiscloseTable table = table_random(&desk, 2, 2 + (size_t)rand_below(&desk.rand, 2), 3);
        for (size_t i = 0; i < disclose_cells(&table); i++)
            if (rand_below(&desk.rand, 2)) table.marks[i] = DISCLOSE_COMPLEMENT;
        /* The grand total shown: so nothing is endless, and all tables can be tried. */
        table.marks[disclose_cells(&table) - 1] = DISCLOSE_SHOWN;
        int64_t most = table.cells[disclose_cells(&table) - 1];
        if (most > 5) continue; /* else there are too many */
        Guesser reader = reader_conclude(&desk, &table, most);
        for (size_t i = 0; i < disclose_cells(&table); i++) {
            DiscloseBounds bounds = disclose_bounds(&desk.ctx, &table, i);
            assert_int_equal(bounds.low, reader.low[i]);
            assert_int_equal(bounds.high, reader.high[i]);
        }
    }
    desk_end(&desk);
}

static void test_no_suppressed_cell_can_be_computed(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    size_t suppressed = 0, shown = 0;
    for (int round = 0; round < 300; round++) {
        DiscloseTable table = table_random(&desk, 1 + (size_t)rand_below(&desk.rand, 6),
                                           1 + (size_t)rand_below(&desk.rand, 6), 80);
        assert_int_equal(disclose_suppress(&desk.ctx, &table, K), RC_OK);
        for (size_t i = 0; i < disclose_cells(&table); i++) {
            DiscloseBounds bounds = disclose_bounds(&desk.ctx, &table, i);
            assert_true(bounds.low <= table.cells[i] && table.cells[i] <= bounds.high);
            if (table.marks[i] == DISCLOSE_SHOWN) {
                assert_true(table.cells[i] >= K);
                shown++;
                continue;
            }
            suppressed++;
            assert_true(bounds.high - bounds.low >= K);
            if (table.cells[i] < K) assert_true(bounds.low == 0 && bounds.high >= K);
        }
        arena_reset(desk.ctx.arena);
    }
    assert_true(suppressed > 1000 && shown > 1000); /* both happened */
    desk_end(&desk);
}

static void test_a_reader_who_tries_everything_learns_nothing(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    size_t judged = 0;
    for (int round = 0; round < 80; round++) {
        DiscloseTable table = table_random(&desk, 2, 2, 14);
        assert_int_equal(disclose_suppress(&desk.ctx, &table, K), RC_OK);
        Guesser reader = reader_conclude(&desk, &table, 24);
        for (size_t i = 0; i < disclose_cells(&table); i++) {
            if (table.marks[i] != DISCLOSE_PRIMARY) continue;
            judged++;
            assert_int_equal(reader.low[i], 0);
            assert_true(reader.high[i] >= K);
        }
        arena_reset(desk.ctx.arena);
    }
    assert_true(judged > 40);
    desk_end(&desk);
}

static void test_the_check_finds_what_was_left_open(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    DiscloseTable table = table_of(&desk, 2, 2, (int64_t[]){3, 20, 30, 40});
    assert_int_equal(disclose_unsafe(&desk.ctx, &table, K), 0); /* shown, and small */
    table.marks[0] = DISCLOSE_PRIMARY;
    assert_int_equal(disclose_unsafe(&desk.ctx, &table, K), 0); /* its row's total betrays it */
    table.marks[disclose_cell(&table, 0, 1)] = DISCLOSE_COMPLEMENT;
    assert_int_equal(disclose_unsafe(&desk.ctx, &table, K), 0); /* its column's does */
    table.marks[disclose_cell(&table, 1, 0)] = DISCLOSE_COMPLEMENT;
    assert_int_equal(disclose_unsafe(&desk.ctx, &table, K), 0); /* the second row's does */
    table.marks[disclose_cell(&table, 1, 1)] = DISCLOSE_COMPLEMENT;
    assert_int_equal(disclose_unsafe(&desk.ctx, &table, K), disclose_cells(&table));
    desk_end(&desk);
}

static void test_what_is_kept_stays_or_is_refused(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    DiscloseTable table = table_of(&desk, 2, 2, (int64_t[]){3, 20, 30, 40});
    table.kept[disclose_cell(&table, 1, 1)] = true;
    assert_int_equal(disclose_suppress(&desk.ctx, &table, K), RC_OK);
    assert_int_equal(table.marks[disclose_cell(&table, 1, 1)], DISCLOSE_SHOWN);
    assert_int_equal(disclose_unsafe(&desk.ctx, &table, K), disclose_cells(&table));

    table = table_of(&desk, 2, 2, (int64_t[]){3, 20, 30, 40});
    table.kept[0] = true;
    assert_int_equal(disclose_suppress(&desk.ctx, &table, K), RC_CONFLICT);

    table = table_of(&desk, 2, 2, (int64_t[]){3, 20, 30, 40});
    for (size_t i = 1; i < disclose_cells(&table); i++)
        table.kept[i] = true;
    assert_int_equal(disclose_suppress(&desk.ctx, &table, K), RC_CONFLICT);
    desk_end(&desk);
}

/* Months are decided one by one; the year's totals come later and must not betray them. */
static void test_totals_that_come_later_betray_no_month(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    size_t shown = 0;
    for (int round = 0; round < 100; round++) {
        size_t rows = 2 + (size_t)rand_below(&desk.rand, 4),
               columns = 2 + (size_t)rand_below(&desk.rand, 4);
        DiscloseTable year = table_random(&desk, rows, columns, 60);
        for (size_t i = 0; i < rows; i++) {
            DiscloseTable month =
                table_of(&desk, 1, columns, &year.cells[disclose_cell(&year, i, 0)]);
            for (size_t j = 0; j <= columns; j++)
                month.marks[disclose_cell(&month, 1, j)] = DISCLOSE_UNASKED;
            assert_int_equal(disclose_suppress(&desk.ctx, &month, K), RC_OK);
            for (size_t j = 0; j <= columns; j++) {
                size_t cell = disclose_cell(&year, i, j);
                year.marks[cell] = month.marks[j];
                year.kept[cell] = month.marks[j] == DISCLOSE_SHOWN;
            }
        }
        assert_int_equal(disclose_suppress(&desk.ctx, &year, K), RC_OK);
        for (size_t i = 0; i < disclose_cells(&year); i++) {
            assert_false(year.kept[i] && year.marks[i] != DISCLOSE_SHOWN);
            if (i >= disclose_cell(&year, rows, 0)) shown += year.marks[i] == DISCLOSE_SHOWN;
            if (year.cells[i] >= K) continue;
            DiscloseBounds bounds = disclose_bounds(&desk.ctx, &year, i);
            assert_true(bounds.low == 0 && bounds.high >= K);
        }
        arena_reset(desk.ctx.arena);
    }
    assert_true(shown > 50);
    desk_end(&desk);
}

static void test_the_same_table_gives_the_same_marks(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    DiscloseTable a = table_random(&desk, 6, 6, 50);
    DiscloseTable b = disclose_table(desk.ctx.arena, 6, 6);
    memcpy(b.cells, a.cells, disclose_cells(&a) * sizeof *a.cells);
    assert_int_equal(disclose_suppress(&desk.ctx, &a, K), RC_OK);
    assert_int_equal(disclose_suppress(&desk.ctx, &b, K), RC_OK);
    assert_memory_equal(a.marks, b.marks, disclose_cells(&a) * sizeof *a.marks);
    desk_end(&desk);
}

static void test_a_table_of_a_year_by_districts_is_quick(void **state) {
    (void)state;
    Desk desk;
    desk_begin(&desk);
    int64_t cells[12 * 30];
    for (size_t i = 0; i < 12 * 30; i++)
        cells[i] = (int64_t)rand_below(&desk.rand, 40);
    DiscloseTable table = table_of(&desk, 12, 30, cells);
    int64_t begin = time_monotonic();
    assert_int_equal(disclose_suppress(&desk.ctx, &table, K), RC_OK);
    assert_true(time_monotonic() - begin < 60 * TIME_SECOND); /* with sanitizers; seconds without */
    desk_end(&desk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_small_nothing_suppressed),
        cmocka_unit_test(test_examples_by_hand),
        cmocka_unit_test(test_bounds_are_exact),
        cmocka_unit_test(test_no_suppressed_cell_can_be_computed),
        cmocka_unit_test(test_a_reader_who_tries_everything_learns_nothing),
        cmocka_unit_test(test_the_check_finds_what_was_left_open),
        cmocka_unit_test(test_what_is_kept_stays_or_is_refused),
        cmocka_unit_test(test_totals_that_come_later_betray_no_month),
        cmocka_unit_test(test_the_same_table_gives_the_same_marks),
        cmocka_unit_test(test_a_table_of_a_year_by_districts_is_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
