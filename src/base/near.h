/* near: finds the name that was probably meant, for messages about unknown names. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "str.h"

/* Longer names are never near to anything. */
#define NEAR_NAME_MAX 63

/* Number of inserted, deleted, replaced or swapped neighbouring bytes that lead from a to b;
   SIZE_MAX when one is longer than NEAR_NAME_MAX. */
size_t near_distance(Str a, Str b);

/* The best of the candidates offered so far; {0} wanted but `wanted` to begin with. */
typedef struct Near {
    Str wanted;
    Str best; /* STR_NONE when none was near enough: a third of the wanted name's length, at least 2
               */
    size_t distance;
} Near;

void near_offer(Near *near, Str candidate);

#endif
