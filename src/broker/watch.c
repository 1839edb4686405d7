#include "watch.h"

enum { WATCH_ARENA = 1 << 30, DEAD_SPARE = 64 };

typedef VEC(Subscription *) Members;

struct Watch {
    Arena *arena;
    Map by_id;      /* of Subscription; a dead one may stand for none */
    Map ids, types; /* of Members */
    Members any, all;
    size_t dead, finer;
    uint64_t stamp;
};

static void watch_clear(Watch *watch) {
    watch->by_id = map_new(watch->arena);
    watch->ids = map_new(watch->arena);
    watch->types = map_new(watch->arena);
    watch->any = watch->all = (Members){0};
    watch->dead = 0;
}

Watch *watch_new(void) {
    Watch *watch = mem_zero(sizeof *watch);
    watch->arena = arena_new(WATCH_ARENA);
    watch_clear(watch);
    return watch;
}

void watch_free(Watch *watch) {
    if (!watch) return;
    for (size_t i = 0; i < watch->all.len; i++)
        subscription_free(watch->all.items[i]);
    arena_free(watch->arena);
    mem_free(watch);
}

size_t watch_count(const Watch *watch) {
    return watch->all.len - watch->dead;
}

static bool fine(const Subscription *subscription) {
    unsigned both = TRIGGER_ATTR_CREATED | TRIGGER_ATTR_UPDATED;
    unsigned attrs = subscription->triggers & both;
    return (attrs && attrs != both) ||
           subscription->triggers & (TRIGGER_ENTITY_UPDATED | TRIGGER_ATTR_DELETED);
}

bool watch_needs_before(const Watch *watch) {
    return watch->finer > 0;
}

/* ---- the index ---- */

static void list_add(Watch *watch, Map *map, Str key, Subscription *subscription) {
    Members *members = map_get(map, key);
    if (!members) {
        members = NEW(watch->arena, Members);
        map_put(map, str_dup(watch->arena, key), members);
    }
    vec_push(watch->arena, members, subscription);
}

static void index_add(Watch *watch, Subscription *subscription) {
    vec_push(watch->arena, &watch->all, subscription);
    map_put(&watch->by_id, subscription->id, subscription);
    if (!subscription->n) vec_push(watch->arena, &watch->any, subscription);
    for (size_t i = 0; i < subscription->n; i++) {
        const MatchHint *hint = match_hint(subscription->selectors[i]);
        if (hint->ids.len) {
            for (size_t k = 0; k < hint->ids.len; k++)
                list_add(watch, &watch->ids, hint->ids.items[k], subscription);
        } else if (hint->types.len) {
            for (size_t k = 0; k < hint->types.len; k++)
                list_add(watch, &watch->types, hint->types.items[k], subscription);
        } else {
            vec_push(watch->arena, &watch->any, subscription);
        }
    }
}

/* Once most of what is listed is dead everything is listed anew: a removal costs little on average.
 */
void watch_tidy(Watch *watch) {
    if (watch->dead <= watch_count(watch) + DEAD_SPARE) return;
    Members old = watch->all;
    Watch fresh = *watch;
    fresh.arena = arena_new(WATCH_ARENA);
    watch_clear(&fresh);
    for (size_t i = 0; i < old.len; i++) {
        if (old.items[i]->dead)
            subscription_free(old.items[i]);
        else
            index_add(&fresh, old.items[i]);
    }
    arena_free(watch->arena);
    *watch = fresh;
}

Subscription *watch_get(const Watch *watch, Str id) {
    Subscription *subscription = map_get(&watch->by_id, id);
    return subscription && !subscription->dead ? subscription : NULL;
}

static bool retire(Watch *watch, Str id) {
    Subscription *subscription = watch_get(watch, id);
    if (!subscription) return false;
    subscription->dead = true;
    watch->dead++;
    watch->finer -= fine(subscription);
    return true;
}

bool watch_remove(Watch *watch, Str id) {
    return retire(watch, id);
}

void watch_put(Watch *watch, Subscription *subscription) {
    (void)retire(watch, subscription->id);
    watch->finer += fine(subscription);
    index_add(watch, subscription);
}

/* ---- asking ---- */

static Rc members_each(Watch *watch, const Members *members, WatchEach each, void *arg) {
    for (size_t i = 0; members && i < members->len; i++) {
        Subscription *subscription = members->items[i];
        if (subscription->dead || subscription->stamp == watch->stamp) continue;
        subscription->stamp = watch->stamp;
        TRY(each(arg, subscription));
    }
    return RC_OK;
}

Rc watch_each(Watch *watch, const Entity *entity, WatchEach each, void *arg) {
    watch->stamp++;
    TRY(members_each(watch, map_get(&watch->ids, entity->id), each, arg));
    for (size_t i = 0; i < entity->types.len; i++)
        TRY(members_each(watch, map_get(&watch->types, entity->types.items[i]), each, arg));
    return members_each(watch, &watch->any, each, arg);
}
