/* How often edges meet, counted up to a bound before GEOS is asked: it keeps every crossing in
   memory, so that two thousand edges drawn at random would take minutes and gigabytes. Edges are
   sorted by their west end; a pair is looked at only while their longitudes meet. */
#include "match_int.h"

#include <math.h>
#include <stdlib.h>

typedef struct Edge {
    Place from, to;
    Box box;
} Edge;

static size_t add_edges(const Shape *shape, Edge *to) {
    size_t n = 0;
    for (size_t i = 0; i < shape->n_parts; i++) {
        const Place *at = shape->places + shape->parts[i].first;
        for (size_t k = 1; k < shape->parts[i].n; k++) {
            Place a = at[k - 1], b = at[k];
            to[n++] = (Edge){
                a,
                b,
                {fmin(a.lon, b.lon), fmin(a.lat, b.lat), fmax(a.lon, b.lon), fmax(a.lat, b.lat)}};
        }
    }
    return n;
}

static int from_the_west(const void *a, const void *b) {
    double x = ((const Edge *)a)->box.west, y = ((const Edge *)b)->box.west;
    return (x > y) - (x < y);
}

static bool same(Place a, Place b) {
    return a.lon == b.lon && a.lat == b.lat;
}

/* The side of the edge on which p lies: its sign. */
static int side(const Edge *edge, Place p) {
    double cross = (edge->to.lon - edge->from.lon) * (p.lat - edge->from.lat) -
                   (edge->to.lat - edge->from.lat) * (p.lon - edge->from.lon);
    return (cross > 0) - (cross < 0);
}

/* Neighbours, which have one end in common, don't count. */
static bool meet(const Edge *a, const Edge *b) {
    if (a->box.south > b->box.north || b->box.south > a->box.north) return false;
    int common =
        same(a->from, b->from) + same(a->from, b->to) + same(a->to, b->from) + same(a->to, b->to);
    if (common == 1) return false;
    return side(a, b->from) * side(a, b->to) <= 0 && side(b, a->from) * side(b, a->to) <= 0;
}

bool match_cross_often(const Shape *a, const Shape *b, size_t most, Arena *scratch) {
    size_t places = a->n_places + (b ? b->n_places : 0), found = 0;
    if (places * places / 2 <= most) return false;
    ArenaMark mark = arena_mark(scratch);
    Edge *edges = NEW_ARRAY(scratch, Edge, places);
    size_t n = add_edges(a, edges);
    if (b) n += add_edges(b, edges + n);
    if (n) qsort(edges, n, sizeof *edges, from_the_west);
    for (size_t i = 0; i < n && found <= most; i++)
        for (size_t k = i + 1; k < n && edges[k].box.west <= edges[i].box.east; k++)
            if (meet(&edges[i], &edges[k]) && ++found > most) break;
    arena_rewind(scratch, mark);
    return found > most;
}
