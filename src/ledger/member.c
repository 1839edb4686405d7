/* member: counts how often types gain or lose an entity, so that a list of their ids can be told
   from an outdated one. Types share counters by hash: too often outdated is allowed, too rarely is
   not. */
#include "ledger_int.h"

static size_t stripe_of(Str type) {
    return hash_fast(type) % MEMBER_STRIPES;
}

static bool same_types(const Entity *before, const Entity *after) {
    if (!before || !after || before->types.len != after->types.len) return false;
    for (size_t i = 0; i < before->types.len; i++)
        if (!str_eq(before->types.items[i], after->types.items[i])) return false;
    return true;
}

static void count_types(Members *members, const Entity *entity) {
    if (!entity) return;
    VEC_EACH (const Str, type, &entity->types)
        atomic_fetch_add(&members->stripes[stripe_of(*type)], 1);
}

void member_count(Members *members, const Entity *before, const Entity *after) {
    if (same_types(before, after)) return;
    count_types(members, before);
    count_types(members, after);
    atomic_fetch_add(&members->all, 1);
}

uint64_t ledger_membership(const Ledger *ledger, const StrVec *types) {
    const Members *members = &ledger->members;
    if (types->len == 0) return atomic_load(&members->all);
    uint64_t sum = 0;
    VEC_EACH (const Str, type, types)
        sum += atomic_load(&members->stripes[stripe_of(*type)]);
    return sum;
}
