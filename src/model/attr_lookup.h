/* attr_lookup: finds instances by name and datasetId, so that many look-ups among many take no
   longer than going through them. While there are few of either it goes through them, and takes no
   memory. Pure. */
#ifndef MODEL_ATTR_LOOKUP_H
#define MODEL_ATTR_LOOKUP_H

#include "entity.h"

typedef struct AttrLookup {
    Arena *arena;
    const Attrs *attrs; /* borrowed; may move as it grows */
    uint32_t *slots;    /* place in attrs + 1, 0: free; NULL: few */
    size_t n_slots;
    bool worth; /* as many look-ups are expected as make it worth while */
} AttrLookup;

/* lookups: about how many will come. */
AttrLookup attr_lookup_new(Arena *arena, const Attrs *attrs, size_t lookups);
/* The instance, or NULL. Of several of the same name and datasetId the first. One whose name was
   emptied since is not found any more. */
Attr *attr_lookup_find(const AttrLookup *index, Str name, Str dataset_id);
/* To be said for each that was appended to attrs. */
void attr_lookup_added(AttrLookup *index);

#endif
