/* note: C2SP signed notes and tlog checkpoints with one Ed25519 key (doc/ledger-format.md §5). */
#ifndef LEDGER_NOTE_H
#define LEDGER_NOTE_H

#include "base/base.h"

/* Signs and checks under one name (the origin). */
typedef struct NoteKey NoteKey;

/* From a 32-byte seed: signs and verifies. The origin is copied. RC_FAILED if the seed is unusable.
 */
Rc note_key_new(Ctx *ctx, Str origin, Str seed, NoteKey **out);
/* From a verifier key's text ("<origin>+<hash>+<base64>"): verifies only. */
Rc note_key_parse(Ctx *ctx, Str verifier, NoteKey **out);
void note_key_free(NoteKey *key); /* NULL allowed */

/* Borrowed: 32 bytes; the name. */
Str note_public_key(const NoteKey *key);
Str note_origin(const NoteKey *key);
/* The verifier key's text. */
Str note_verifier(const NoteKey *key, Arena *arena);

/* A plain Ed25519 signature of 64 bytes, and its check. */
Rc note_sign_bytes(Ctx *ctx, const NoteKey *key, Str message, uint8_t signature[64]);
bool note_holds_bytes(const NoteKey *key, Str message, Str signature);

typedef struct Checkpoint {
    uint64_t size;
    Digest root;
} Checkpoint;

/* The signed note of a checkpoint, in ctx->arena. */
Rc note_checkpoint_sign(Ctx *ctx, const NoteKey *key, const Checkpoint *checkpoint, Str *note);
/* Reads a note and checks its signature. RC_INVALID: malformed, another origin, or no valid
   signature of this key; further signatures (of witnesses) are passed over. */
Rc note_checkpoint_open(Ctx *ctx, const NoteKey *key, Str note, Checkpoint *out);

#endif
