/* proof: a proof that one leaf is in the ledger (doc/ledger-format.md §5). It is checked with the
   public key alone; a copy isn't needed. */
#ifndef VERIFY_PROOF_H
#define VERIFY_PROOF_H

#include "note.h"

typedef struct Proof {
    uint64_t position;
    Hash leaf;
    Note note;
} Proof;

/* NULL: it holds. Otherwise what is wrong, as the end of a sentence. */
const char *proof_read(Slice json, const NoteKey *key, Proof *out);

#endif
