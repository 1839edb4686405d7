/* watch: all compiled subscriptions of a tenant, found by what could concern them: 10 000 of them
   cost an event only those of its id, its types, or of any entity. One thread. */
#ifndef BROKER_WATCH_H
#define BROKER_WATCH_H

#include "subscription.h"

typedef struct Watch Watch;

Watch *watch_new(void);
void watch_free(Watch *watch); /* with all subscriptions; NULL allowed */
/* Takes ownership; replaces the one of the same id. */
void watch_put(Watch *watch, Subscription *subscription);
bool watch_remove(Watch *watch, Str id); /* false: there was none */
Subscription *watch_get(const Watch *watch, Str id);
/* Frees what was removed or replaced, once it is much: between windows, when nobody points to it.
 */
void watch_tidy(Watch *watch);
size_t watch_count(const Watch *watch);
/* True if some subscription tells creation from update, or wants to know what was removed. */
bool watch_needs_before(const Watch *watch);

/* Calls each once for every subscription that an entity may concern: a superset. */
typedef Rc (*WatchEach)(void *arg, Subscription *subscription);
Rc watch_each(Watch *watch, const Entity *entity, WatchEach each, void *arg);

#endif
