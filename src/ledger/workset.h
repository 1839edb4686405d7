/* workset: the newest version of entities in memory (DESIGN §5): immutable Versions, found without
   a lock, bounded by bytes; versions above the state cursor are pinned. What is not here is in
   state.db as it is there: a version leaves only when the state has it.

   Finding needs the calling thread inside the epoch. Publishing is the writer's; loading anybody's.
 */
#ifndef LEDGER_WORKSET_H
#define LEDGER_WORKSET_H

#include "epoch.h"
#include "ledger.h"

typedef struct Workset Workset;

/* limit: bytes to stay below as far as pinning allows. */
Workset *workset_new(Epoch *epoch, size_t limit);
/* No thread may be inside. */
void workset_free(Workset *set);

/* What a version holds. stored: the stored record (doc/ledger-format.md §6). gone: it was deleted,
   or is known not to exist (position 0). sealed: it has sealed parts. */
typedef struct VersionSource {
    Str id, stored;
    uint64_t position;
    bool gone, sealed;
} VersionSource;

/* NULL: not here. */
const Version *workset_find(Workset *set, Str id);
/* Puts the newest version of an id; readers see it at once. The writer's thread, or recovery. */
void workset_publish(Workset *set, const VersionSource *source);
/* Puts what was read from state.db, unless something is there or it may be stale: cursor is the
 * state cursor, read before the row. */
void workset_load(Workset *set, const VersionSource *source, uint64_t cursor);
/* The state cursor has reached position: what is pinned up to there may go. */
void workset_reached(Workset *set, uint64_t position);
/* Drops the least used until the limit is kept; a bounded step. */
void workset_trim(Workset *set);
/* Drops everything, pinned or not. No thread may be inside. */
void workset_clear(Workset *set);
/* Keys were destroyed: rendered answers of sealed versions count no more. */
void workset_erased(Workset *set);

/* Shows each version above the state cursor, oldest first; an id may come twice, the later one
   counts. The caller's thread is inside the epoch. each returns false to stop. */
typedef bool (*VersionEach)(void *arg, const Version *version);
void workset_recent(Workset *set, VersionEach each, void *arg);

typedef struct WorksetCounts {
    size_t bytes, pinned_bytes, pinned, versions;
} WorksetCounts;
WorksetCounts workset_counts(Workset *set);

/* Keeps rendered bytes with the version in place of what was kept. */
void workset_render_keep(Workset *set, const Version *version, const Rendering *rendering);
/* How often keys were destroyed. */
uint64_t workset_erasures(const Workset *set);

#endif
