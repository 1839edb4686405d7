#include "workset.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { STRIPES = 64, BYTES_PER_BUCKET = 1024, BUCKETS_MIN = 1024, TRIM_STEP = 64 };

typedef struct Rendered {
    RenderKey key;
    uint64_t erasures;
    Str bytes;
    char text[];
} Rendered;

struct Version {
    _Atomic(Version *) next;  /* in its bucket */
    _Atomic(Version *) newer; /* in the list of what is pinned, by position */
    Version *older;
    Workset *set;
    _Atomic(Rendered *) rendered;
    uint64_t hash, position;
    uint32_t id_len, stored_len;
    _Atomic uint8_t used;
    bool gone, sealed, pinned; /* pinned: in the list */
    char bytes[];              /* id, stored */
};

typedef struct Stripe {
    pthread_mutex_t lock;
    uint64_t evicted; /* newest position that was dropped here */
} Stripe;

struct Workset {
    Epoch *epoch;
    size_t buckets, limit;
    _Atomic(Version *) *heads;
    Stripe stripes[STRIPES];
    _Atomic size_t bytes, versions, hand;
    _Atomic uint64_t state, erasures;
    pthread_mutex_t pinned_lock;
    _Atomic(Version *) first;
    Version *last;
    _Atomic size_t pinned, pinned_bytes; /* written under the lock */
};

Workset *workset_new(Epoch *epoch, size_t limit) {
    Workset *set = mem_zero(sizeof *set);
    set->epoch = epoch;
    set->limit = limit;
    set->buckets = BUCKETS_MIN;
    while (set->buckets < limit / BYTES_PER_BUCKET)
        set->buckets *= 2;
    set->heads = mem_zero(set->buckets * sizeof *set->heads);
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&set->stripes[i].lock, NULL);
    pthread_mutex_init(&set->pinned_lock, NULL);
    return set;
}

/* ---- versions ---- */

static size_t version_size(const Version *version) {
    return sizeof *version + version->id_len + version->stored_len;
}

static void rendered_free(void *object) {
    Rendered *rendered = object;
    memset(rendered->text, 0, rendered->bytes.len); /* may have been personal */
    mem_free(rendered);
}

static void version_free(void *object) {
    Version *version = object;
    Rendered *rendered = atomic_load(&version->rendered);
    size_t size = version_size(version) + (rendered ? sizeof *rendered + rendered->bytes.len : 0);
    atomic_fetch_sub(&version->set->bytes, size);
    atomic_fetch_sub(&version->set->versions, 1);
    if (rendered) rendered_free(rendered);
    mem_free(version);
}

static Version *version_new(Workset *set, const VersionSource *source) {
    Version *version = mem_alloc(sizeof *version + source->id.len + source->stored.len);
    *version = (Version){.set = set,
                         .hash = hash_fast(source->id),
                         .position = source->position,
                         .id_len = (uint32_t)source->id.len,
                         .stored_len = (uint32_t)source->stored.len,
                         .used = 1,
                         .gone = source->gone,
                         .sealed = source->sealed};
    memcpy(version->bytes, source->id.ptr, source->id.len);
    if (source->stored.len)
        memcpy(version->bytes + source->id.len, source->stored.ptr, source->stored.len);
    atomic_fetch_add(&set->bytes, version_size(version));
    atomic_fetch_add(&set->versions, 1);
    return version;
}

void workset_clear(Workset *set) {
    for (size_t i = 0; i < set->buckets; i++) {
        for (Version *version = atomic_load(&set->heads[i]), *next; version; version = next) {
            next = atomic_load(&version->next);
            version_free(version);
        }
        atomic_store(&set->heads[i], NULL);
    }
    atomic_store(&set->first, NULL);
    set->last = NULL;
    atomic_store(&set->pinned, 0);
    atomic_store(&set->pinned_bytes, 0);
}

void workset_free(Workset *set) {
    if (!set) return;
    workset_clear(set);
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&set->stripes[i].lock);
    pthread_mutex_destroy(&set->pinned_lock);
    mem_free(set->heads);
    mem_free(set);
}

uint64_t version_position(const Version *version) {
    return version->position;
}

Str version_id(const Version *version) {
    return (Str){version->bytes, version->id_len};
}

Str version_stored(const Version *version) {
    return (Str){version->bytes + version->id_len, version->stored_len};
}

bool version_gone(const Version *version) {
    return version->gone;
}

/* ---- finding ---- */

static bool is_version_of(const Version *version, uint64_t hash, Str id) {
    return version->hash == hash && version->id_len == id.len &&
           memcmp(version->bytes, id.ptr, id.len) == 0;
}

const Version *workset_find(Workset *set, Str id) {
    uint64_t hash = hash_fast(id);
    Version *version = atomic_load(&set->heads[hash & (set->buckets - 1)]);
    while (version && !is_version_of(version, hash, id))
        version = atomic_load(&version->next);
    if (version && !atomic_load_explicit(&version->used, memory_order_relaxed))
        atomic_store_explicit(&version->used, 1, memory_order_relaxed);
    return version;
}

/* The link that leads to the id's version, or to the end of its bucket. Under the stripe's lock. */
static _Atomic(Version *) *find_link(Workset *set, uint64_t hash, Str id) {
    _Atomic(Version *) *link = &set->heads[hash & (set->buckets - 1)];
    for (Version *version; (version = atomic_load(link)) != NULL; link = &version->next) {
        if (is_version_of(version, hash, id)) break;
    }
    return link;
}

static Stripe *stripe_of(Workset *set, uint64_t hash) {
    return &set->stripes[hash & (STRIPES - 1)]; /* buckets are a multiple of stripes */
}

/* ---- the list of what is pinned ---- */

static void pin(Workset *set, Version *version) {
    version->pinned = true;
    version->older = set->last;
    set->pinned++;
    set->pinned_bytes += version_size(version);
    if (set->last)
        atomic_store(&set->last->newer, version);
    else
        atomic_store(&set->first, version);
    set->last = version;
}

/* Its own `newer` stays, so that whoever stands on it finds on. */
static void unpin(Workset *set, Version *version) {
    if (!version->pinned) return;
    Version *newer = atomic_load(&version->newer);
    version->pinned = false;
    set->pinned--;
    set->pinned_bytes -= version_size(version);
    if (version->older)
        atomic_store(&version->older->newer, newer);
    else
        atomic_store(&set->first, newer);
    if (newer)
        newer->older = version->older;
    else
        set->last = version->older;
}

void workset_publish(Workset *set, const VersionSource *source) {
    Version *version = version_new(set, source);
    Stripe *stripe = stripe_of(set, version->hash);
    pthread_mutex_lock(&stripe->lock);
    _Atomic(Version *) *link = find_link(set, version->hash, source->id);
    Version *old = atomic_load(link);
    if (old) atomic_store(&version->next, atomic_load(&old->next));
    pthread_mutex_lock(&set->pinned_lock); /* before it can be evicted or seen unpinned */
    pin(set, version);
    if (old) unpin(set, old);
    pthread_mutex_unlock(&set->pinned_lock);
    atomic_store(link, version);
    pthread_mutex_unlock(&stripe->lock);
    if (old) epoch_retire(set->epoch, old, version_free);
}

void workset_load(Workset *set, const VersionSource *source, uint64_t cursor) {
    Version *version = version_new(set, source);
    Stripe *stripe = stripe_of(set, version->hash);
    pthread_mutex_lock(&stripe->lock);
    _Atomic(Version *) *link = find_link(set, version->hash, source->id);
    bool wanted = !atomic_load(link) && stripe->evicted <= cursor;
    if (wanted) atomic_store(link, version);
    pthread_mutex_unlock(&stripe->lock);
    if (!wanted) version_free(version);
}

void workset_reached(Workset *set, uint64_t position) {
    pthread_mutex_lock(&set->pinned_lock);
    for (Version *version; (version = atomic_load(&set->first)) != NULL;) {
        if (version->position > position) break;
        unpin(set, version);
    }
    if (position > atomic_load(&set->state)) atomic_store(&set->state, position);
    pthread_mutex_unlock(&set->pinned_lock);
}

void workset_recent(Workset *set, VersionEach each, void *arg) {
    for (Version *version = atomic_load(&set->first); version;
         version = atomic_load(&version->newer)) {
        if (!each(arg, version)) return;
    }
}

/* ---- bounds ---- */

/* Drops what nobody used since the last time from one bucket. */
static void trim_bucket(Workset *set, size_t bucket) {
    Stripe *stripe = stripe_of(set, bucket);
    pthread_mutex_lock(&stripe->lock);
    uint64_t state = atomic_load(&set->state);
    _Atomic(Version *) *link = &set->heads[bucket];
    for (Version *version; (version = atomic_load(link)) != NULL;) {
        bool stays = version->position > state || atomic_exchange(&version->used, 0);
        if (stays) {
            link = &version->next;
            continue;
        }
        atomic_store(link, atomic_load(&version->next));
        if (version->position > stripe->evicted) stripe->evicted = version->position;
        epoch_retire(set->epoch, version, version_free);
    }
    pthread_mutex_unlock(&stripe->lock);
}

void workset_trim(Workset *set) {
    for (int i = 0; i < TRIM_STEP && atomic_load(&set->bytes) > set->limit; i++)
        trim_bucket(set, atomic_fetch_add(&set->hand, 1) & (set->buckets - 1));
    epoch_collect(set->epoch);
}

WorksetCounts workset_counts(Workset *set) {
    return (WorksetCounts){.bytes = atomic_load(&set->bytes),
                           .versions = atomic_load(&set->versions),
                           .pinned_bytes = atomic_load(&set->pinned_bytes),
                           .pinned = atomic_load(&set->pinned)};
}

/* ---- rendered answers ---- */

const Str *version_rendered(const Version *version, const RenderKey *key) {
    const Rendered *rendered = atomic_load_explicit(&version->rendered, memory_order_acquire);
    if (!rendered || rendered->key.sight != key->sight || rendered->key.context != key->context ||
        rendered->key.form != key->form)
        return NULL;
    bool outdated = version->sealed && rendered->erasures != atomic_load(&version->set->erasures);
    return outdated ? NULL : &rendered->bytes;
}

void workset_render_keep(Workset *set, const Version *version, const Rendering *rendering) {
    Str bytes = rendering->bytes;
    Rendered *rendered = mem_alloc(sizeof *rendered + bytes.len);
    *rendered = (Rendered){.key = rendering->key, .erasures = rendering->erasures};
    if (bytes.len) memcpy(rendered->text, bytes.ptr, bytes.len);
    rendered->bytes = (Str){rendered->text, bytes.len};
    atomic_fetch_add(&set->bytes, sizeof *rendered + bytes.len);
    Rendered *old = atomic_exchange(&((Version *)(uintptr_t)version)->rendered, rendered);
    if (!old) return;
    atomic_fetch_sub(&set->bytes, sizeof *old + old->bytes.len);
    epoch_retire(set->epoch, old, rendered_free);
}

uint64_t workset_erasures(const Workset *set) {
    return atomic_load(&set->erasures);
}

void workset_erased(Workset *set) {
    atomic_fetch_add(&set->erasures, 1);
}
