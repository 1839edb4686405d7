#include "bodies.h"

#include <pthread.h>
#include <string.h>

enum { BUCKETS = 1024 };

/* A network of which bytes are held. */
typedef struct Share {
    struct Share *next;
    uint64_t network;
    size_t held;
} Share;

struct Bodies {
    pthread_mutex_t lock; /* guards everything below */
    size_t total, held;
    uint64_t refused;
    Share *shares[BUCKETS];
};

Bodies *bodies_new(size_t total) {
    Bodies *bodies = mem_zero(sizeof *bodies);
    pthread_mutex_init(&bodies->lock, NULL);
    bodies->total = total;
    return bodies;
}

void bodies_free(Bodies *bodies) {
    if (!bodies) return;
    assert(!bodies->held); /* each exchange gave back what it held */
    pthread_mutex_destroy(&bodies->lock);
    mem_free(bodies);
}

static Share **share_at(Bodies *bodies, uint64_t network) {
    Str key = {(const char *)&network, sizeof network};
    Share **at = &bodies->shares[hash_fast(key) % BUCKETS];
    while (*at && (*at)->network != network)
        at = &(*at)->next;
    return at;
}

static const char *no_room(const Bodies *bodies, const Share *share, size_t more) {
    if (more > bodies->total - bodies->held)
        return "Too many large requests are coming in. Try again in a moment.";
    if (share && share->held + more > bodies->total / BODIES_SHARES)
        return "Too many large requests are coming from this network. Try again in a moment.";
    return NULL;
}

static void share_hold(Bodies *bodies, uint64_t network, size_t more) {
    Share **at = share_at(bodies, network);
    if (!*at) {
        *at = mem_zero(sizeof **at);
        (*at)->network = network;
    }
    (*at)->held += more;
}

const char *bodies_hold(Bodies *bodies, uint64_t network, size_t more) {
    pthread_mutex_lock(&bodies->lock);
    const Share fresh = {0}, *share = network ? *share_at(bodies, network) : NULL;
    const char *why = no_room(bodies, network && !share ? &fresh : share, more);
    bodies->refused += why != NULL;
    if (!why) bodies->held += more;
    if (!why && network) share_hold(bodies, network, more);
    pthread_mutex_unlock(&bodies->lock);
    return why;
}

void bodies_give(Bodies *bodies, uint64_t network, size_t held) {
    pthread_mutex_lock(&bodies->lock);
    bodies->held -= held;
    Share **at = share_at(bodies, network), *share = *at;
    if (share) share->held -= held;
    if (share && !share->held) {
        *at = share->next;
        mem_free(share);
    }
    pthread_mutex_unlock(&bodies->lock);
}

BodiesCounters bodies_counters(Bodies *bodies) {
    pthread_mutex_lock(&bodies->lock);
    BodiesCounters counters = {bodies->held, bodies->refused};
    pthread_mutex_unlock(&bodies->lock);
    return counters;
}
