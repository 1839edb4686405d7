/* series: rows that become readings. A window of them is compared with the history, and what is new
   is written by entity. */
#include "connect_int.h"

#include <stdlib.h>

enum { WINDOW_ROWS = 20000, BATCH_READINGS = 1000 };

typedef struct SeriesRow {
    size_t line;
    uint32_t rules;
    bool listed;
} SeriesRow;

typedef struct Reading {
    const Entity *bare;
    Attr attr;
    size_t row; /* index into rows */
    bool known, corrects;
} Reading;

typedef struct Series {
    VEC(SeriesRow) rows;
    VEC(Reading) readings;
} Series;

static Rc series_row(Import *import, void *state, const CsvRow *row, RowMade *made) {
    Series *series = state;
    Arena *arena = import->work.arena;
    VEC_EACH (Attr, attr, &made->readings)
        vec_push(arena, &series->readings,
                 (Reading){.bare = made->entity, .attr = *attr, .row = series->rows.len});
    vec_push(arena, &series->rows, (SeriesRow){.line = row->line, .rules = made->rules});
    report_left_out(import, &made->left_out);
    return RC_OK;
}

/* By entity, attribute, time, row. */
static int by_place(const void *a, const void *b) {
    const Reading *left = a, *right = b;
    int order = str_cmp(left->bare->id, right->bare->id);
    if (!order) order = str_cmp(left->attr.name, right->attr.name);
    if (!order)
        order = (left->attr.observed_at > right->attr.observed_at) -
                (left->attr.observed_at < right->attr.observed_at);
    return order ? order : (left->row > right->row) - (left->row < right->row);
}

static bool same_series(const Reading *a, const Reading *b) {
    return str_eq(a->bare->id, b->bare->id) && str_eq(a->attr.name, b->attr.name);
}

/* ---- twice in the file ---- */

static void conflict(Import *import, Series *series, const Reading *first, const Reading *again) {
    SeriesRow *row = &series->rows.items[again->row];
    RowFault fault = {.line = row->line,
                      .value = again->bare->id,
                      .reason = str_fmt(import->work.arena,
                                        "Line %zu has another reading of the same time.",
                                        series->rows.items[first->row].line)};
    if (!row->listed) report_fault(import, &fault);
    row->listed = true;
}

static void twins_drop(Import *import, Series *series) {
    Reading *all = series->readings.items;
    for (size_t i = 1, first = 0; i < series->readings.len; i++) {
        if (!same_series(&all[first], &all[i]) ||
            all[first].attr.observed_at != all[i].attr.observed_at) {
            first = i;
            continue;
        }
        all[i].known = true;
        if (json_equal(all[first].attr.value, all[i].attr.value))
            series->rows.items[all[i].row].rules |= 1u << RULE_DUPLICATE;
        else
            conflict(import, series, &all[first], &all[i]);
    }
}

/* ---- what the history has ---- */

typedef struct Known {
    Arena *arena;
    VEC(int64_t) times;
    VEC(double) values;
} Known;

static bool known_add(void *arg, int64_t observed_at, double value) {
    Known *known = arg;
    vec_push(known->arena, &known->times, observed_at);
    vec_push(known->arena, &known->values, value);
    return true;
}

/* Both are in the order of time; what the history has under the same time and value is known, under
   the same time with another value a correction. */
static void compare(Import *import, Reading *run, size_t n, const Known *known) {
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        while (at < known->times.len && known->times.items[at] < run[i].attr.observed_at)
            at++;
        bool was = false, same = false;
        for (size_t k = at;
             k < known->times.len && known->times.items[k] == run[i].attr.observed_at; k++) {
            was = true;
            same = same || known->values.items[k] == json_number(run[i].attr.value);
        }
        if (run[i].known) continue; /* stands in the file twice */
        run[i].known = same;
        run[i].corrects = was && !same;
        size_t *count = same  ? &import->report.unchanged
                        : was ? &import->report.updated
                              : &import->report.created;
        ++*count;
    }
}

/* A correction modifies the reading that is there (clause 5.6.14): what it said before stays in the
   ledger. */
static Rc correction_aim(Import *import, Reading *reading) {
    Ctx *ctx = &import->work;
    Str instance;
    ReadingsQuery query = {.id = reading->bare->id,
                           .attr = reading->attr.name,
                           .from = reading->attr.observed_at,
                           .to = reading->attr.observed_at + 1};
    TRY(project_instance(ctx, ctx->tenant->project, &query, &instance));
    reading->attr.instance_id = instance;
    return RC_OK;
}

static Rc history_compare(Import *import, Reading *run, size_t n) {
    Ctx *ctx = &import->work;
    ArenaMark mark = arena_mark(ctx->arena);
    Known known = {.arena = ctx->arena};
    ReadingsQuery query = {.id = run->bare->id,
                           .attr = run->attr.name,
                           .from = run[0].attr.observed_at,
                           .to = run[n - 1].attr.observed_at + 1};
    TRY(project_readings(ctx, ctx->tenant->project, &query, known_add, &known));
    compare(import, run, n, &known);
    arena_rewind(ctx->arena, mark);
    return RC_OK;
}

/* ---- writing ---- */

static void record_add(Import *import, Command *command, const Reading *from, size_t n) {
    Arena *arena = command_arena(command);
    PartReadings *part = NEW(arena, PartReadings);
    Entity *readings = entity_new(arena, from->bare->id, import->layout->type->iri);
    for (size_t i = 0; i < n; i++)
        if (!from[i].known) vec_push(arena, &readings->attrs, from[i].attr);
    *part = (PartReadings){.actor = import->ctx->actor,
                           .tenant = import->ctx->tenant,
                           .bare = from->bare,
                           .readings = readings};
    command_needs(command, from->bare->id);
    command_add(command, &part_readings, part);
}

/* One command for at most BATCH_READINGS from `from` on, however many entities they are of; gives
 * where to go on. */
static Rc write_some(Import *import, Series *series, size_t from, size_t *next) {
    Command *command = part_command(import);
    size_t total = 0, i = from;
    while (i < series->readings.len && total < BATCH_READINGS) {
        const Reading *run = &series->readings.items[i];
        size_t n = 0, fresh = 0;
        while (i + n < series->readings.len && total + fresh < BATCH_READINGS &&
               str_eq(run->bare->id, run[n].bare->id))
            fresh += !run[n++].known;
        if (fresh) record_add(import, command, run, n);
        total += fresh;
        i += n;
    }
    *next = i;
    Rc rc = total ? part_execute(import, command) : RC_OK;
    command_free(command);
    return rc;
}

static Rc runs_compare(Import *import, Series *series) {
    Reading *all = series->readings.items;
    for (size_t i = 0, n; i < series->readings.len; i += n) {
        for (n = 1; i + n < series->readings.len && same_series(&all[i], &all[i + n]);)
            n++;
        TRY(history_compare(import, all + i, n));
        for (size_t k = i; k < i + n; k++)
            if (all[k].corrects) TRY(correction_aim(import, &all[k]));
    }
    return RC_OK;
}

static void rows_count(Import *import, Series *series) {
    for (size_t i = 0; i < series->rows.len; i++)
        if (!series->rows.items[i].listed) report_row(import, series->rows.items[i].rules);
}

static Rc series_flush(Import *import, void *state) {
    Series *series = state;
    Ctx *ctx = &import->work;
    if (series->readings.len) {
        qsort(series->readings.items, series->readings.len, sizeof(Reading), by_place);
        twins_drop(import, series);
        TRY(project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
        TRY(runs_compare(import, series));
    }
    for (size_t i = 0; i < series->readings.len && !import->wish->dry_run;)
        TRY(write_some(import, series, i, &i));
    rows_count(import, series);
    *series = (Series){0};
    return RC_OK;
}

Sink series_sink(Import *import) {
    return (Sink){.state = NEW(import->keep.arena, Series),
                  .row = series_row,
                  .flush = series_flush,
                  .batch = WINDOW_ROWS};
}
