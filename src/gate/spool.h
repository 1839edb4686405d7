/* spool: records that must be durable while the ledger can't write: a folder on another volume,
   sealed frames appended and synced. Each opening, and each failure, begins a file of its own, so
   nothing is ever written behind bytes that a crash tore. */
#ifndef GATE_SPOOL_H
#define GATE_SPOOL_H

#include "base/base.h"
#include "store/store.h"

typedef struct Spool Spool;

typedef struct SpoolOptions {
    Str folder;              /* exists */
    Str name;                /* of the tenant; files are FOLDER/NAME-ID.glass */
    Digest key;              /* seals the frames */
    const StoreFault *fault; /* "open", "write", "sync", "delete"; NULL: none fails */
} SpoolOptions;

/* RC_FAILED "no-spool": the folder can't be read; the error says so. */
Rc spool_open(Ctx *ctx, const SpoolOptions *options, Spool **out);
void spool_close(Spool *spool); /* NULL allowed */
/* Durable on RC_OK. RC_FAILED "no-spool": it is not, or nobody knows. Any thread. */
Rc spool_add(Ctx *ctx, Spool *spool, Str record);
/* Something may be in it. Any thread. */
bool spool_any(const Spool *spool);
/* Shows every record; one of which `each` has said RC_OK is not shown again once its file is gone,
   but may be until then. A file goes when all of it was taken. RC_INVALID of each, like bytes that
   can't be opened, leaves its file as *.damaged, with an error in the log; any other error ends the
   drain, and everything stays. One thread at a time. */
typedef Rc (*SpoolEach)(Ctx *ctx, void *arg, Str record);
Rc spool_drain(Ctx *ctx, Spool *spool, SpoolEach each, void *arg);

#endif
