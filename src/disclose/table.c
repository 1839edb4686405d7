/* table: suppression of a two-way table and what its reader can conclude. */
#include "disclose_int.h"

/* What it costs to suppress a cell beside its value: totals are wanted most. */
#define COST_TOTAL (INT64_C(1) << 32)
#define COST_GRAND (INT64_C(1) << 36)
#define COST_NEVER INT64_MAX

DiscloseTable disclose_table(Arena *arena, size_t rows, size_t columns) {
    size_t n = (rows + 1) * (columns + 1);
    return (DiscloseTable){.rows = rows,
                           .columns = columns,
                           .cells = NEW_ARRAY(arena, int64_t, n),
                           .marks = NEW_ARRAY(arena, DiscloseMark, n),
                           .kept = NEW_ARRAY(arena, bool, n)};
}

size_t disclose_cell(const DiscloseTable *table, size_t row, size_t column) {
    assert(row <= table->rows && column <= table->columns);
    return row * (table->columns + 1) + column;
}

size_t disclose_cells(const DiscloseTable *table) {
    return (table->rows + 1) * (table->columns + 1);
}

void disclose_total(DiscloseTable *table) {
    for (size_t j = 0; j <= table->columns; j++)
        table->cells[disclose_cell(table, table->rows, j)] = 0;
    for (size_t i = 0; i < table->rows; i++) {
        int64_t *total = &table->cells[disclose_cell(table, i, table->columns)];
        *total = 0;
        for (size_t j = 0; j < table->columns; j++) {
            int64_t value = table->cells[disclose_cell(table, i, j)];
            *total += value;
            table->cells[disclose_cell(table, table->rows, j)] += value;
        }
        table->cells[disclose_cell(table, table->rows, table->columns)] += *total;
    }
}

/* ---- what a reader can conclude ---- */

/* How much a hidden cell can grow, or shrink, at most `wanted`. */
static int64_t room(Ctx *ctx, const DiscloseTable *table, size_t cell, bool grow, int64_t wanted) {
    ArenaMark mark = arena_mark(ctx->scratch);
    Flow flow = flow_new(ctx->scratch, table, cell);
    Arc arc = flow_arc(table, cell);
    /* What the cell gains has to come back from its end to its beginning another way. */
    Arc way = grow ? (Arc){arc.to, arc.from} : arc;
    int64_t sent = flow_send(ctx->scratch, &flow, way, wanted);
    arena_rewind(ctx->scratch, mark);
    return sent;
}

DiscloseBounds disclose_bounds(Ctx *ctx, const DiscloseTable *table, size_t cell) {
    int64_t value = table->cells[cell];
    int64_t more = room(ctx, table, cell, true, DISCLOSE_ENDLESS);
    int64_t less = room(ctx, table, cell, false, value);
    if (!flow_hidden(table, cell)) return (DiscloseBounds){value, value};
    return (DiscloseBounds){value - less,
                            more >= DISCLOSE_ENDLESS ? DISCLOSE_ENDLESS : value + more};
}

/* What a cell lacks: how much more it must be able to grow, and to shrink. */
typedef struct Lack {
    int64_t more, less;
} Lack;

static Lack lack_of(Ctx *ctx, const DiscloseTable *table, size_t cell, int64_t k) {
    DiscloseMark mark = table->marks[cell];
    int64_t value = table->cells[cell];
    if (mark == DISCLOSE_SHOWN || mark == DISCLOSE_UNASKED) return (Lack){0, 0};
    if (mark == DISCLOSE_PRIMARY)
        return (Lack){.more = k - value - room(ctx, table, cell, true, k - value),
                      .less = value - room(ctx, table, cell, false, value)};
    int64_t less = room(ctx, table, cell, false, value < k ? value : k);
    return (Lack){.more = k - less - room(ctx, table, cell, true, k - less)};
}

size_t disclose_unsafe(Ctx *ctx, const DiscloseTable *table, int64_t k) {
    for (size_t cell = 0; cell < disclose_cells(table); cell++) {
        bool small = table->marks[cell] == DISCLOSE_SHOWN && table->cells[cell] < k;
        Lack lack = lack_of(ctx, table, cell, k);
        if (small || lack.more > 0 || lack.less > 0) return cell;
    }
    return disclose_cells(table);
}

/* ---- complements ---- */

static int64_t cost_of(const DiscloseTable *table, size_t cell) {
    if (flow_hidden(table, cell)) return 0;
    if (table->kept[cell]) return COST_NEVER;
    bool row_total = cell % (table->columns + 1) == table->columns;
    bool column_total = cell / (table->columns + 1) == table->rows;
    int64_t base = row_total && column_total   ? COST_GRAND
                   : row_total || column_total ? COST_TOTAL
                                               : 1;
    return base + table->cells[cell];
}

/* The cheapest way through a network, some of whose arcs are shown cells yet. */
typedef struct Search {
    const DiscloseTable *table;
    const Flow *flow;
    size_t without;
    int64_t wanted; /* each arc must carry so much */
    int64_t *cost;
    size_t *before, *cell;
    bool *done;
} Search;

static size_t search_nearest(const Search *search) {
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < search->flow->nodes; i++)
        if (!search->done[i] && search->cost[i] != COST_NEVER &&
            (best == SIZE_MAX || search->cost[i] < search->cost[best]))
            best = i;
    return best;
}

/* Goes from a node over one cell, if it is one of the cell's ends. */
static void search_over(Search *search, size_t node, size_t cell) {
    const DiscloseTable *table = search->table;
    Arc arc = flow_arc(table, cell);
    int64_t cost = cost_of(table, cell), carries;
    if (cell == search->without || cost == COST_NEVER || (arc.from != node && arc.to != node))
        return;
    size_t next = arc.from == node ? arc.to : arc.from;
    if (flow_hidden(table, cell))
        carries = search->flow->left[node * search->flow->nodes + next];
    else
        carries = arc.from == node ? DISCLOSE_ENDLESS : table->cells[cell];
    if (carries < search->wanted || search->done[next]) return;
    if (search->cost[node] + cost >= search->cost[next]) return;
    search->cost[next] = search->cost[node] + cost;
    search->before[next] = node;
    search->cell[next] = cell;
}

static bool search_run(Search *search, Arc way) {
    for (size_t i = 0; i < search->flow->nodes; i++) {
        search->cost[i] = COST_NEVER;
        search->done[i] = false;
    }
    search->cost[way.from] = 0;
    for (size_t node; (node = search_nearest(search)) != SIZE_MAX && node != way.to;) {
        search->done[node] = true;
        for (size_t cell = 0; cell < disclose_cells(search->table); cell++)
            search_over(search, node, cell);
    }
    return search->cost[way.to] != COST_NEVER;
}

/* Suppresses the shown cells of the cheapest way on which a cell gains room in one direction. The
   flow through the hidden cells is at its most already, so every way that is left has a shown one.
 */
static bool gain(Ctx *ctx, DiscloseTable *table, size_t cell, bool grow, int64_t lacking) {
    Flow flow = flow_new(ctx->scratch, table, cell);
    Arc arc = flow_arc(table, cell);
    Arc way = grow ? (Arc){arc.to, arc.from} : arc;
    (void)flow_send(ctx->scratch, &flow, way, DISCLOSE_ENDLESS);
    Search search = {.table = table,
                     .flow = &flow,
                     .without = cell,
                     .wanted = lacking,
                     .cost = NEW_ARRAY(ctx->scratch, int64_t, flow.nodes),
                     .before = NEW_ARRAY(ctx->scratch, size_t, flow.nodes),
                     .cell = NEW_ARRAY(ctx->scratch, size_t, flow.nodes),
                     .done = NEW_ARRAY(ctx->scratch, bool, flow.nodes)};
    bool found = search_run(&search, way);
    search.wanted = 1;
    if (!found && !search_run(&search, way)) return false;
    for (size_t node = way.to; node != way.from; node = search.before[node])
        if (!flow_hidden(table, search.cell[node]))
            table->marks[search.cell[node]] = DISCLOSE_COMPLEMENT;
    return true;
}

/* A primary cell needs room where it lacks it, a complement anywhere. */
static bool complement(Ctx *ctx, DiscloseTable *table, size_t cell, Lack lack) {
    if (lack.more > 0 && gain(ctx, table, cell, true, lack.more)) return true;
    if (table->marks[cell] == DISCLOSE_COMPLEMENT) lack.less = lack.more;
    return lack.less > 0 && gain(ctx, table, cell, false, lack.less);
}

static Rc primary(Ctx *ctx, DiscloseTable *table, int64_t k) {
    for (size_t cell = 0; cell < disclose_cells(table); cell++) {
        if (table->marks[cell] != DISCLOSE_SHOWN || table->cells[cell] >= k) continue;
        if (table->kept[cell])
            return ctx_fail(ctx, RC_CONFLICT, "kept", STR_NONE,
                            "An earlier release shows a count under %lld.", (long long)k);
        table->marks[cell] = DISCLOSE_PRIMARY;
    }
    return RC_OK;
}

Rc disclose_suppress(Ctx *ctx, DiscloseTable *table, int64_t k) {
    TRY(primary(ctx, table, k));
    for (size_t cell; (cell = disclose_unsafe(ctx, table, k)) < disclose_cells(table);) {
        TRY(ctx_check_deadline(ctx));
        ArenaMark mark = arena_mark(ctx->scratch);
        bool found = complement(ctx, table, cell, lack_of(ctx, table, cell, k));
        arena_rewind(ctx->scratch, mark);
        if (!found)
            return ctx_fail(ctx, RC_CONFLICT, "kept", STR_NONE,
                            "What earlier releases show betrays a count that has to be "
                            "suppressed.");
    }
    return RC_OK;
}
