#include "near.h"

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Optimal string alignment, three rows of the matrix at a time. */
size_t near_distance(Str a, Str b) {
    if (a.len > NEAR_NAME_MAX || b.len > NEAR_NAME_MAX) return SIZE_MAX;
    size_t rows[3][NEAR_NAME_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            bool swapped =
                i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1];
            if (swapped) row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[b.len];
}

void near_offer(Near *near, Str candidate) {
    size_t distance = near_distance(near->wanted, candidate);
    size_t enough = near->wanted.len / 3 < 2 ? 2 : near->wanted.len / 3;
    if (near->wanted.len <= enough) enough = near->wanted.len / 2 + 1;
    if (distance > enough || (near->best.ptr && distance >= near->distance)) return;
    near->best = candidate;
    near->distance = distance;
}
