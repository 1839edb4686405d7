/* leaf: the bytes of one command and its events (doc/ledger-format.md §3). Encoding appends to a
   Buf; decoding gives slices of the stored bytes. */
#ifndef LEDGER_LEAF_H
#define LEDGER_LEAF_H

#include "ledger.h"
#include "seal.h"
#include "wire.h"

enum { LEAF_VERSION = 1, LEAF_TEXT_MAX = 4096 };

typedef enum EventKind {
    EVENT_CHANGE = 1,
    EVENT_NOTE,
    EVENT_ERASURE,
    EVENT_DISPOSAL,
    EVENT_FOLD
} EventKind;

typedef struct LeafHead {
    uint64_t position;
    int64_t time;
    CommandId command;
    CommandHead head;
    size_t events;
} LeafHead;

/* nonce ‖ ciphertext ‖ tag under the key. */
typedef struct SealedPart {
    KeyId key;
    Str box;
} SealedPart;

typedef VEC(SealedPart) SealedParts;

typedef struct LeafEvent {
    EventKind kind;
    Str name, about, subject, clear;
    SealedParts sealed;
} LeafEvent;

void leaf_put_head(Buf *to, const LeafHead *head);
void leaf_put_event(Buf *to, const LeafEvent *event);
void leaf_put_sealed(Buf *to, const SealedParts *parts);
/* Reads the varint count and the parts behind it; items lie in the arena. */
void leaf_read_sealed(Arena *arena, WireIn *in, SealedParts *out);

/* What a sealed part of an event is bound to. */
Str leaf_associated(Arena *arena, const CommandId *command, uint32_t ordinal, uint32_t index,
                    const KeyId *key);

/* Opens a leaf: the head, and `in` at its first event. Then leaf_next head.events times, then
   leaf_end. RC_FAILED: not a leaf of this version. */
Rc leaf_open(Ctx *ctx, Str leaf, LeafHead *head, WireIn *in);
Rc leaf_next(Ctx *ctx, WireIn *in, LeafEvent *event);
Rc leaf_end(Ctx *ctx, const WireIn *in);

/* Lower-case hex of a command id, in the arena. */
Str leaf_command_hex(Arena *arena, const CommandId *command);

#endif
