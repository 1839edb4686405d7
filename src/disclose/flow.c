#include "disclose_int.h"

#include <string.h>

Arc flow_arc(const DiscloseTable *table, size_t cell) {
    size_t row = cell / (table->columns + 1), column = cell % (table->columns + 1);
    size_t row_node = row, column_node = table->rows + 1 + column;
    bool with_the_row = (row < table->rows) == (column < table->columns);
    return with_the_row ? (Arc){row_node, column_node} : (Arc){column_node, row_node};
}

bool flow_hidden(const DiscloseTable *table, size_t cell) {
    return table->marks[cell] != DISCLOSE_SHOWN;
}

Flow flow_new(Arena *arena, const DiscloseTable *table, size_t without) {
    Flow flow = {.nodes = table->rows + table->columns + 2};
    flow.left = NEW_ARRAY(arena, int64_t, flow.nodes * flow.nodes);
    for (size_t cell = 0; cell < disclose_cells(table); cell++) {
        if (cell == without || !flow_hidden(table, cell)) continue;
        Arc arc = flow_arc(table, cell);
        flow.left[arc.from * flow.nodes + arc.to] = DISCLOSE_ENDLESS;
        flow.left[arc.to * flow.nodes + arc.from] = table->cells[cell];
    }
    return flow;
}

/* A shortest way with something left on every arc; before[] leads back from its end. */
static bool way_find(const Flow *flow, Arc way, size_t *before, size_t *queue) {
    size_t first = 0, last = 0;
    for (size_t i = 0; i < flow->nodes; i++)
        before[i] = SIZE_MAX;
    before[way.from] = way.from;
    queue[last++] = way.from;
    while (first < last && before[way.to] == SIZE_MAX) {
        size_t node = queue[first++];
        for (size_t next = 0; next < flow->nodes; next++)
            if (before[next] == SIZE_MAX && flow->left[node * flow->nodes + next] > 0) {
                before[next] = node;
                queue[last++] = next;
            }
    }
    return before[way.to] != SIZE_MAX;
}

static int64_t way_send(Flow *flow, Arc way, const size_t *before, int64_t most) {
    for (size_t node = way.to; node != way.from; node = before[node]) {
        int64_t left = flow->left[before[node] * flow->nodes + node];
        if (left < most) most = left;
    }
    for (size_t node = way.to; node != way.from; node = before[node]) {
        flow->left[before[node] * flow->nodes + node] -= most;
        flow->left[node * flow->nodes + before[node]] += most;
    }
    return most;
}

int64_t flow_send(Arena *scratch, Flow *flow, Arc way, int64_t wanted) {
    ArenaMark mark = arena_mark(scratch);
    size_t *before = NEW_ARRAY(scratch, size_t, flow->nodes);
    size_t *queue = NEW_ARRAY(scratch, size_t, flow->nodes);
    int64_t sent = 0;
    while (sent < wanted && way_find(flow, way, before, queue))
        sent += way_send(flow, way, before, wanted - sent);
    arena_rewind(scratch, mark);
    return sent;
}
