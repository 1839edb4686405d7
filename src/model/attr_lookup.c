#include "attr_lookup.h"

enum { FEW = 32, FEW_LOOKUPS = 4 };

static bool is(const Attr *attr, Str name, Str dataset_id) {
    return str_eq(attr->name, name) && str_eq(attr->dataset_id, dataset_id);
}

/* The slot of the instance, or the free one where it would go. */
static uint32_t *slot_of(const AttrLookup *index, Str name, Str dataset_id) {
    size_t mask = index->n_slots - 1;
    uint64_t hash = hash_fast(name);
    if (dataset_id.len) hash ^= hash_fast(dataset_id) * 3;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &index->slots[i];
        if (*slot == 0 || is(&index->attrs->items[*slot - 1], name, dataset_id)) return slot;
    }
}

static void put(AttrLookup *index, size_t at) {
    const Attr *attr = &index->attrs->items[at];
    uint32_t *slot = slot_of(index, attr->name, attr->dataset_id);
    if (*slot == 0) *slot = (uint32_t)at + 1;
}

static void build(AttrLookup *index) {
    size_t n = index->attrs->len;
    index->n_slots = 4 * FEW;
    while (index->n_slots < 3 * n)
        index->n_slots *= 2;
    index->slots = NEW_ARRAY(index->arena, uint32_t, index->n_slots);
    for (size_t i = 0; i < n; i++)
        put(index, i);
}

AttrLookup attr_lookup_new(Arena *arena, const Attrs *attrs, size_t lookups) {
    AttrLookup index = {.arena = arena, .attrs = attrs, .worth = lookups > FEW_LOOKUPS};
    if (index.worth && attrs->len > FEW) build(&index);
    return index;
}

Attr *attr_lookup_find(const AttrLookup *index, Str name, Str dataset_id) {
    if (index->slots) {
        uint32_t slot = *slot_of(index, name, dataset_id);
        return slot ? &index->attrs->items[slot - 1] : NULL;
    }
    VEC_EACH (Attr, attr, index->attrs)
        if (is(attr, name, dataset_id)) return attr;
    return NULL;
}

void attr_lookup_added(AttrLookup *index) {
    size_t n = index->attrs->len;
    if (!index->worth || n <= FEW) return;
    if (!index->slots || 2 * n > index->n_slots)
        build(index);
    else
        put(index, n - 1);
}
