/* witness: the file to which checkpoints are handed (doc/ledger-format.md §5). */
#ifndef LEDGER_WITNESS_H
#define LEDGER_WITNESS_H

#include "note.h"

typedef struct WitnessState {
    bool any;          /* holds a whole record */
    Checkpoint newest; /* of the last one */
    size_t good;       /* bytes up to its end; what is behind was cut short */
} WitnessState;

/* Reads head and last whole record. RC_FAILED: the file belongs to another ledger, or its last
 * record isn't signed by key. */
Rc witness_read(Ctx *ctx, Str path, const NoteKey *key, WitnessState *out);
/* Appends a record, synced; state moves on. */
Rc witness_add(Ctx *ctx, Str path, const NoteKey *key, Str note, WitnessState *state);

#endif
