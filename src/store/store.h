/* store: the contract that every store fulfils (contract tests: test/store). It keeps bytes:
   leaves, keys, state, local rows, files; it knows no rules of the city. One Store is one tenant's
   folder or schema. DESIGN §4 to §6. Include only this header from outside.

   writer.h appends to the ledger, batch.h writes projections and local rows, reader.h reads all of
   them, blob.h keeps files. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/base.h"
#include "model/model.h"

typedef struct Store Store;

#include "fault.h"
#include "reader.h"
#include "writer.h"
#include "batch.h"
#include "blob.h"

typedef struct StoreOptions {
    Str folder; /* of the tenant; created with mode 0700 when absent (its parent must exist) */
    const StoreFault *fault; /* tests: fails or tears I/O; NULL: none. Outlives the Store */
    const Clock *clock;      /* tells what has expired; NULL: the system's. Outlives the Store */
    size_t log_reserve; /* bytes of write-ahead log allocated beforehand per file; 0: the default of
                           64 MiB (local: 8 MiB) */
    bool no_helper; /* no checkpoint thread: whoever commits checkpoints. For tools, and tests that
                       count I/O steps */
    bool no_sketch; /* scans without an index always walk rows. For tools, and tests */
    bool forget_state; /* the state file is thrown away, with all that ever stood in it */
    bool no_sync;      /* for the test that must lose data; never set elsewhere */
} StoreOptions;

/* Opens or creates the folder, takes its lock and checks the format. RC_BUSY: another process holds
   it, the error names its pid. RC_FAILED: an I/O error or a format of a newer program, the error
   names the file and the remedy. A state file that is damaged or of another format is replaced by
   an empty one, so that its projections are rebuilt. Any thread. */
Rc store_open(Ctx *ctx, const StoreOptions *options, Store **out);
/* All handles must have been closed. NULL is allowed. */
void store_close(Store *store);
/* Random id of this store, given at creation and kept through backup and restore. */
Digest store_id(const Store *store);

/* Makes sure that bytes which were deleted or replaced before the call stand nowhere in the file or
   its log. Writers of the file wait. STORE_LEDGER: overwrites the log (wrapped keys are overwritten
   in place anyway). STORE_STATE and STORE_LOCAL: also rewrites the whole file, in time and memory
   proportional to its size (a temporary file would be one more place to search). RC_BUSY: a reader
   kept its snapshot for longer than 5 seconds; call again. Any thread that has no batch begun. */
Rc store_scrub(Ctx *ctx, Store *store, StoreFile file);

/* Copies the ledger (ledger.db), its wrapped keys (keys.db, a part of its own with an age of its
   own) and the files (files/) to a folder, created when absent, while the store is in use.
   Everything durable at the call is in it. An earlier backup in the folder is replaced only when
   the new one is whole; files that are there already are not copied again. */
Rc store_backup(Ctx *ctx, Store *store, Str to_folder);
/* Makes a tenant's folder from a backup; it must not exist or be empty (RC_CONFLICT). Erasures
   since the backup are the caller's to repeat before serving. */
Rc store_restore(Ctx *ctx, Str from_folder, Str to_folder);

typedef struct StoreCounts {
    uint64_t commits, syncs; /* of all files of this store since it was opened */
    uint64_t checkpoints, log_restarts;
    uint64_t log_bytes[STORE_FILES]; /* of log in use now */
} StoreCounts;
/* For metrics and benchmarks. Any thread. */
StoreCounts store_counts(const Store *store);

#endif
