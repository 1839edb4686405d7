/* Readers without locks against a publishing writer, a loader, trimming and a moving state cursor.
   Built under TSan (or ASan): a use after free, a torn version or a race ends it. */
#include "ledger/workset.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS = 300, READERS = 3, WRITES = 20000 };

static Epoch *epoch;
static Workset *set;
static _Atomic uint64_t published[IDS];
static atomic_bool over;

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    abort();
}

static Str id_of(char *to, uint64_t i) {
    return (Str){to, (size_t)snprintf(to, 32, "urn:x:%llu", (unsigned long long)i)};
}

/* A stored record says its position many times: a torn one would show. */
static Str stored_of(uint64_t *to, uint64_t position) {
    for (int i = 0; i < 16; i++)
        to[i] = position;
    return (Str){(const char *)to, 16 * sizeof *to};
}

static void check(const Version *version) {
    uint64_t words[16];
    Str stored = version_stored(version);
    if (version_gone(version)) return;
    if (stored.len != sizeof words) fail("a version of another size");
    memcpy(words, stored.ptr, sizeof words);
    for (int i = 0; i < 16; i++) {
        if (words[i] != version_position(version)) fail("a torn version");
    }
}

static bool check_recent(void *arg, const Version *version) {
    (void)arg;
    check(version);
    return true;
}

static void *reader(void *arg) {
    uint64_t seed = (uintptr_t)arg, turns = 0;
    int place = epoch_register(epoch);
    char text[32];
    Rendering rendering = {.key = {.form = 1}, .bytes = {(char[100]){0}, 100}};
    while (!atomic_load(&over)) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t i = (seed >> 33) % IDS, known = atomic_load(&published[i]);
        epoch_enter(epoch, place);
        const Version *version = workset_find(set, id_of(text, i));
        if (version) {
            check(version);
            if (!version_gone(version) && version_position(version) < known)
                fail("an old version after a new one");
            const Str *rendered = version_rendered(version, &rendering.key);
            if (rendered && rendered->len != 100) fail("a torn answer");
            if (seed % 8 == 0) workset_render_keep(set, version, &rendering);
        }
        if (turns++ % 64 == 0) workset_recent(set, check_recent, NULL);
        epoch_leave(epoch, place);
    }
    epoch_give(epoch, place);
    return NULL;
}

int main(void) {
    pthread_t threads[READERS];
    epoch = epoch_new();
    set = workset_new(epoch, 32 << 10);
    for (uintptr_t i = 0; i < READERS; i++)
        pthread_create(&threads[i], NULL, reader, (void *)(i + 1));
    uint64_t words[16], seed = 99;
    char text[32];
    for (uint64_t position = 1; position <= WRITES; position++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t i = (seed >> 33) % IDS;
        Str id = id_of(text, i);
        workset_publish(
            set,
            &(VersionSource){.id = id, .stored = stored_of(words, position), .position = position});
        atomic_store(&published[i], position);
        if (position % 16 == 0) workset_reached(set, position > 100 ? position - 100 : 0);
        if (position % 32 == 0) workset_erased(set);
        if (position > 200 &&
            position % 5 == 0) { /* a loader with an old snapshot must change nothing */
            uint64_t old = 1;
            workset_load(
                set, &(VersionSource){.id = id, .stored = stored_of(words, old), .position = old},
                0);
        }
        workset_trim(set);
    }
    atomic_store(&over, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    epoch_collect(epoch);
    if (epoch_waiting(epoch)) fail("something is never freed");
    epoch_free(epoch);
    workset_free(set);
    return 0;
}
