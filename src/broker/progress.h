/* progress: how far the deliveries are, told to the ledger now and then, so that they resume at
   least once where local.db was lost (DESIGN §6). One thread's: the matcher's. */
#ifndef BROKER_PROGRESS_H
#define BROKER_PROGRESS_H

#include "broker_int.h"

/* What the ledger has been told. All zero: nothing that this process knows of. */
typedef struct Progress {
    uint64_t through; /* leaf up to which nothing is left to be delivered */
    uint64_t note;    /* of the leaf that says so */
    int64_t every;    /* µs between two notes; 0: five seconds */
    int64_t due;      /* time_monotonic() before which nothing more is said */
} Progress;

/* What the newest note says: a walk back from the ledger's end. RC_NOT_FOUND without an error:
   there is none, and *progress stays. ctx->db. */
Rc progress_find(Ctx *ctx, Ledger *ledger, Progress *progress);
/* Leaves a note where `through` says more than the newest one; the caller asks every few seconds at
   most (progress_due). A failure is logged: the next note makes up for it. ctx->db. */
void progress_note(Ctx *ctx, Ledger *ledger, Progress *progress, uint64_t through);
bool progress_due(const Progress *progress);

#endif
