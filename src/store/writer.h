/* writer: appends to the ledger. One per Store at a time, used by one thread at a time.

   writer_begin, then any of the put and erase calls, then writer_commit (synced) or
   writer_rollback. A put that fails leaves the batch to be rolled back. After a commit that failed
   (RC_FAILED, code "unknown-outcome") the outcome is unknown and the handle is dead: close it, open
   a new one, and ask writer_leaf_of what is there. From the moment writer_open has succeeded that
   answer is final, across crashes too. */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "reader.h"

typedef struct Writer Writer;

/* RC_CONFLICT: the store has a writer already. Syncs once. */
Rc writer_open(Ctx *ctx, Store *store, Writer **out);
/* Rolls back what was begun. NULL is allowed. */
void writer_close(Writer *writer);

Rc writer_begin(Ctx *ctx, Writer *writer);
/* position must be the head + 1, the command id a new one (RC_CONFLICT otherwise). */
Rc writer_append(Ctx *ctx, Writer *writer, const Leaf *leaf);
/* RC_CONFLICT: the id is taken. row->wrapped is not empty. */
Rc writer_key(Ctx *ctx, Writer *writer, const KeyRow *row);
/* Destroys the living keys of a range (subject, retention or both; never both empty): their bytes
   are overwritten in place. *count is how many there were. After the commit call writer_scrub. */
Rc writer_erase_keys(Ctx *ctx, Writer *writer, const KeyRange *range, uint64_t *count);
/* The same for one key. RC_NOT_FOUND: never was. */
Rc writer_erase_key(Ctx *ctx, Writer *writer, Str id);
/* Overwrites the bytes of a living key in place by as many others (RC_INVALID otherwise).
   RC_NOT_FOUND: never was, or is destroyed. After the commit call writer_scrub. */
Rc writer_rewrap_key(Ctx *ctx, Writer *writer, Str id, Str wrapped);
/* Sets or replaces. Full tiles are enough: a partial one costs two or three pages in each commit
 * and can be computed from reader_hashes. */
Rc writer_tile(Ctx *ctx, Writer *writer, uint32_t level, uint64_t index, Str bytes);
Rc writer_checkpoint(Ctx *ctx, Writer *writer, uint64_t size, Str note);
/* Items beside the leaves (the space's file is STORE_LEDGER): what belongs to the truth and is no
 * leaf. An empty value deletes. */
Rc writer_item(Ctx *ctx, Writer *writer, Space space, Str key, Str value);
/* Durable on RC_OK. */
Rc writer_commit(Ctx *ctx, Writer *writer);
/* Nothing of the batch remains. Does nothing when none was begun. */
void writer_rollback(Writer *writer);

/* Position of the newest leaf, those of the batch included. */
uint64_t writer_head(const Writer *writer);
/* Reading back by command id, on the writer's own connection. RC_NOT_FOUND. */
Rc writer_leaf_of(Ctx *ctx, Writer *writer, const CommandId *command, Leaf *out);
/* Between batches: makes sure that no byte of an erased key is left in the log. RC_BUSY: a reader
   keeps an old snapshot; call again. What a crash or RC_BUSY left undone is done by the next
   writer_open or writer_scrub. */
Rc writer_scrub(Ctx *ctx, Writer *writer);

#endif
