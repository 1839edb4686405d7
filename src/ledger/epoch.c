#include "epoch.h"

#include <stdatomic.h>

/* Orderings are sequentially consistent on purpose: a reader's "I am in" must be visible before it
   loads a pointer, a writer's unlinking before it looks who is in. Fences would do on fewer
   operations, but TSan can't see them. */

enum { OUTSIDE = 0 };

typedef struct Place {
    _Atomic uint64_t inside; /* epoch at entry, or OUTSIDE */
    atomic_bool taken;
    _Atomic uintptr_t thread; /* that registered, or 0 */
    char apart[40];           /* one cache line each */
} Place;

typedef struct Retired {
    void *object;
    EpochFree how;
    uint64_t epoch;
} Retired;

struct Epoch {
    Place places[EPOCH_READERS];
    _Atomic uint64_t now;
    _Atomic int highest; /* places in use lie below */
    pthread_mutex_t lock;
    Retired *ring; /* oldest first from `first` */
    size_t first, len, cap;
};

Epoch *epoch_new(void) {
    Epoch *epoch = mem_zero(sizeof *epoch);
    atomic_store(&epoch->now, 1);
    pthread_mutex_init(&epoch->lock, NULL);
    return epoch;
}

static Retired *ring_at(Epoch *epoch, size_t i) {
    return &epoch->ring[(epoch->first + i) % epoch->cap];
}

void epoch_free(Epoch *epoch) {
    if (!epoch) return;
    for (size_t i = 0; i < epoch->len; i++)
        ring_at(epoch, i)->how(ring_at(epoch, i)->object);
    mem_free(epoch->ring);
    pthread_mutex_destroy(&epoch->lock);
    mem_free(epoch);
}

int epoch_take(Epoch *epoch) {
    for (int i = 0; i < EPOCH_READERS; i++) {
        bool expected = false;
        if (!atomic_compare_exchange_strong(&epoch->places[i].taken, &expected, true)) continue;
        int highest = atomic_load(&epoch->highest);
        while (highest <= i && !atomic_compare_exchange_weak(&epoch->highest, &highest, i + 1)) {
        }
        return i;
    }
    return -1;
}

void epoch_give(Epoch *epoch, int place) {
    epoch_leave(epoch, place);
    atomic_store(&epoch->places[place].thread, 0);
    atomic_store(&epoch->places[place].taken, false);
}

int epoch_register_for(Epoch *epoch, pthread_t thread) {
    int place = epoch_take(epoch);
    if (place >= 0) atomic_store(&epoch->places[place].thread, (uintptr_t)thread);
    return place;
}

int epoch_register(Epoch *epoch) {
    return epoch_register_for(epoch, pthread_self());
}

int epoch_mine(const Epoch *epoch) {
    uintptr_t self = (uintptr_t)pthread_self();
    int highest = atomic_load_explicit(&epoch->highest, memory_order_relaxed);
    for (int i = 0; i < highest; i++) {
        if (atomic_load_explicit(&epoch->places[i].thread, memory_order_relaxed) == self) return i;
    }
    return -1;
}

void epoch_enter(Epoch *epoch, int place) {
    Place *mine = &epoch->places[place];
    if (atomic_load_explicit(&mine->inside, memory_order_relaxed) == OUTSIDE)
        atomic_store(&mine->inside, atomic_load(&epoch->now));
}

void epoch_leave(Epoch *epoch, int place) {
    atomic_store_explicit(&epoch->places[place].inside, OUTSIDE, memory_order_release);
}

bool epoch_inside(const Epoch *epoch, int place) {
    return atomic_load_explicit(&epoch->places[place].inside, memory_order_relaxed) != OUTSIDE;
}

static void ring_grow(Epoch *epoch) {
    size_t cap = epoch->cap ? epoch->cap * 2 : 1024;
    Retired *ring = mem_alloc(cap * sizeof *ring);
    for (size_t i = 0; i < epoch->len; i++)
        ring[i] = *ring_at(epoch, i);
    mem_free(epoch->ring);
    epoch->ring = ring;
    epoch->cap = cap;
    epoch->first = 0;
}

void epoch_retire(Epoch *epoch, void *object, EpochFree how) {
    pthread_mutex_lock(&epoch->lock);
    if (epoch->len == epoch->cap) ring_grow(epoch);
    /* readers that enter after this addition can't find the object any more */
    uint64_t at = atomic_fetch_add(&epoch->now, 1);
    *ring_at(epoch, epoch->len++) = (Retired){object, how, at};
    pthread_mutex_unlock(&epoch->lock);
}

/* The earliest entry among those inside; UINT64_MAX when nobody is. */
static uint64_t earliest(Epoch *epoch) {
    uint64_t least = UINT64_MAX;
    int highest = atomic_load(&epoch->highest);
    for (int i = 0; i < highest; i++) {
        uint64_t inside = atomic_load(&epoch->places[i].inside);
        if (inside != OUTSIDE && inside < least) least = inside;
    }
    return least;
}

void epoch_collect(Epoch *epoch) {
    pthread_mutex_lock(&epoch->lock);
    uint64_t least = earliest(epoch);
    while (epoch->len && ring_at(epoch, 0)->epoch < least) {
        Retired retired = *ring_at(epoch, 0);
        epoch->first = (epoch->first + 1) % epoch->cap;
        epoch->len--;
        retired.how(retired.object);
    }
    pthread_mutex_unlock(&epoch->lock);
}

size_t epoch_waiting(Epoch *epoch) {
    pthread_mutex_lock(&epoch->lock);
    size_t n = epoch->len;
    pthread_mutex_unlock(&epoch->lock);
    return n;
}
