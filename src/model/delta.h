/* delta: what one command changes in one entity, and the fold that applies it. The ledger stores
   deltas; the writer, the projections and recovery all use this fold, so they cannot disagree. */
#ifndef MODEL_DELTA_H
#define MODEL_DELTA_H

#include "entity.h"

/* Attribute instances in one change, their sub-attributes counted in. */
enum { DELTA_ATTRS_MAX = 10000 };

typedef enum DeltaOp {
    DELTA_PUT,    /* the entity is now exactly `after` (create, replace) */
    DELTA_CHANGE, /* attributes set and removed, types and scopes added or set */
    DELTA_RECORD, /* instances with observedAt for the temporal evolution; the newest becomes
                     current if newer than it. One with an instanceId modifies that instance of the
                     same observedAt */
    DELTA_DELETE, /* the entity ends */
} DeltaOp;

typedef struct DeltaRemoval {
    Str name;       /* expanded IRI; also "scope" and "expiresAt" for these members of the entity */
    Str dataset_id; /* empty: the default instance */
    bool all;       /* every instance */
} DeltaRemoval;

typedef struct Delta {
    DeltaOp op;
    Str id;
    Entity *after; /* DELTA_PUT: the whole entity. DELTA_CHANGE, DELTA_RECORD: the instances set,
                      with types and scopes as far as they change. DELTA_DELETE: NULL */
    VEC(DeltaRemoval) removed;  /* DELTA_CHANGE */
    bool set_types, set_scopes; /* DELTA_CHANGE: types / scopes replace; otherwise they are added */
    uint64_t replaces;          /* version of the entity that this delta was applied to; 0: none */
} Delta;

/* The next state of an entity. before is NULL when there is none; the result shares memory with
   both (arena lifetimes are the caller's care). Sets version, modifiedAt and createdAt: of the
   entity, and of every instance in `after` whose content differs (clause 4.8). DELTA_DELETE gives
   NULL in *out. Pure. */
Entity *delta_fold(Arena *arena, const Entity *before, const Delta *delta, uint64_t version,
                   int64_t now);

void delta_encode(Buf *to, const Delta *delta);
Rc delta_decode(Ctx *ctx, Str stored, Delta **out);

/* Splits into a part with only clear and a part with only sealed attributes, removals among them
   (*secret is NULL when nothing is sealed; types, scopes and times stay clear); joining them gives
   the delta again, order included; secret may be NULL. Memory is shared. */
void delta_split(Arena *arena, const Delta *delta, const EntitySealing *sealing, Delta **clear,
                 Delta **secret);
Delta *delta_join(Arena *arena, const Delta *clear, const Delta *secret);

/* The DELTA_CHANGE that appends or updates what was read as ENTITY_ATTRS: whole instances set,
   those that are the NGSI-LD Null removed (clauses 5.6.2, 5.6.3). Types are added, scopes are set.
 */
Delta *delta_change(Arena *arena, Str id, const Entity *fragment);
/* Merge as RFC 7396 in NGSI-LD's manner (clause 5.5.12): gives the DELTA_CHANGE that merges the
   fragment into the entity. RC_INVALID when it would change an attribute's kind, or adds one
   without a value. */
Rc delta_merge(Ctx *ctx, const Entity *before, const Entity *fragment, Delta **out);
/* Partial update of one attribute (clause 5.5.8): members of the fragment's instances replace those
   of the instances with the same datasetId, values whole; sub-attributes that are null go.
   RC_NOT_FOUND: there is no such instance. */
Rc delta_partial(Ctx *ctx, const Entity *before, const Attrs *fragment, Delta **out);

#endif
