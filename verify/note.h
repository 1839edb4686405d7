/* note: checkpoints as signed notes, the witness file, proofs (doc/ledger-format.md §5). Functions
   return NULL when all is well, else what is wrong, as the end of a sentence. */
#ifndef VERIFY_NOTE_H
#define VERIFY_NOTE_H

#include "tree.h"

enum { NOTE_ORIGIN = 38, NOTE_KEY = 32, NOTE_SIGNATURE = 64, NOTE_TIME = 30 };

typedef struct NoteKey {
    char origin[NOTE_ORIGIN + 1];
    uint8_t public_key[NOTE_KEY];
} NoteKey;

typedef struct Note {
    uint64_t size;
    Hash root;
} Note;

/* "machi/" and 32 lower-case hex digits. */
bool note_origin(Slice text, char out[NOTE_ORIGIN + 1]);
const char *note_read(Slice text, const NoteKey *key, Note *out);

typedef struct Witness {
    NoteKey key;
    Note *notes; /* by size */
    size_t count;
    char newest[NOTE_TIME + 1]; /* time of the record with the largest size */
    bool torn;                  /* a last record that was cut short was passed over */
} Witness;
/* Reads the whole file and checks every signature. */
const char *note_witness_read(Slice file, Witness *out);
void note_witness_free(Witness *witness);

#endif
