/* disclose_int: the flow network of a table. Each total is a sum, so changes of the cells that
   nobody is told are circulations: a row and a column are nodes, a cell is an arc between them. */
#ifndef DISCLOSE_DISCLOSE_INT_H
#define DISCLOSE_DISCLOSE_INT_H

#include "disclose.h"

/* What each arc between two nodes still carries. */
typedef struct Flow {
    size_t nodes;
    int64_t *left; /* nodes * nodes */
} Flow;

/* The nodes that a growing cell's arc leaves and enters. */
typedef struct Arc {
    size_t from, to;
} Arc;
Arc flow_arc(const DiscloseTable *table, size_t cell);
bool flow_hidden(const DiscloseTable *table, size_t cell);
/* The network of all cells that are not shown, but for one (disclose_cells: none). */
Flow flow_new(Arena *arena, const DiscloseTable *table, size_t without);
/* Sends as much as is wanted from one node to another; returns how much went. */
int64_t flow_send(Arena *scratch, Flow *flow, Arc way, int64_t wanted);

#endif
