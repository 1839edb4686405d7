/* fault: for tests: lets I/O fail at any step, and loses or tears what was not synced, as a power
 * cut does. */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

#include "base/base.h"

typedef struct Tear Tear;

typedef struct StoreFault {
    /* Called before each I/O step of the store ("open", "read", "write", "sync", "truncate",
       "rename", "delete", "size"); false makes it fail with nothing done. Any thread; NULL: none
       fails. */
    bool (*step)(void *arg, const char *what);
    void *arg;
    bool full;  /* a "write" that fails does so for want of room */
    Tear *tear; /* NULL: writes reach the files at once */
} StoreFault;

/* A disk whose cache is lost at a power cut: what was written but not synced is kept in memory,
   where the process sees it, and reaches the file at a sync. With `early` per cent of chance a
   512-byte sector reaches it before, in any order, so that even a process killed by SIGKILL leaves
   a torn disk. Renames and deletions in files/ wait for the sync of the folder. */
Tear *tear_new(uint64_t seed, unsigned early);
void tear_free(Tear *tear);
/* The power fails: every sector that was not synced reaches its file or not, at random; later steps
 * of the store all fail. Any thread. */
void tear_cut(Tear *tear);
/* Sectors that have been lost by tear_cut. */
uint64_t tear_lost(const Tear *tear);

#endif
