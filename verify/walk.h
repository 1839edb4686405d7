/* walk: from the first leaf to the last, against tiles, checkpoints and witness
   (doc/ledger-format.md §10, steps 2 to 4). */
#ifndef VERIFY_WALK_H
#define VERIFY_WALK_H

#include "attached.h"
#include "copy.h"

typedef struct WalkWhat {
    const Copy *copy;
    const NoteKey *key;     /* the witness's where there is one */
    const Witness *witness; /* NULL: none */
    Keyring *ring;          /* told of keys and statements */
    Attached *attached;     /* told of files */
} WalkWhat;

/* The first finding, if there is one, stands in the report afterwards. */
void walk(const WalkWhat *what, Report *report);

#endif
