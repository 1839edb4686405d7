/* idset: ids of commands and keys, each with a number. */
#ifndef VERIFY_IDSET_H
#define VERIFY_IDSET_H

#include "wire.h"

enum { ID = 16 };

/* The ids of a hostile file can't be chosen to
   collide: their hash is keyed. */
typedef struct IdSet IdSet;
IdSet *idset_new(void);
void idset_free(IdSet *set);
/* The number that stands with the id, put there now if it is new. *added may be NULL. */
uint64_t *idset_put(IdSet *set, const uint8_t id[ID], uint64_t number, bool *added);
/* NULL: not in it. */
const uint64_t *idset_get(const IdSet *set, const uint8_t id[ID]);
size_t idset_count(const IdSet *set);
/* The next id from *at on, which begins at 0; NULL at the end. */
const uint8_t *idset_next(const IdSet *set, size_t *at, uint64_t *number);

#endif
