#include "arena.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(ptr, size)   __asan_poison_memory_region((ptr), (size))
#define UNPOISON(ptr, size) __asan_unpoison_memory_region((ptr), (size))
#else
#define POISON(ptr, size)   ((void)(ptr), (void)(size))
#define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

enum { FIRST_CHUNK = 8192, LARGEST_CHUNK = 1 << 20 };

typedef struct Chunk {
    struct Chunk *before;
    size_t size, used;
    alignas(64) char bytes[];
} Chunk;

struct Arena {
    Chunk *newest;
    size_t max, held, handed;
};

static void die(const char *why) {
    fprintf(stderr, "machi: %s\n", why);
    abort();
}

/* Chunks come and go by the batch. Giving them back each time would make the kernel zero them anew.
   Another malloc than glibc's (a sanitizer's) refuses both and does as it does. */
enum { KEPT_BLOCK = 4 << 20, KEPT_TOP = 16 << 20 };

void mem_keep(void) {
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_TOP);
}

void *mem_alloc(size_t size) {
    void *mem = malloc(size ? size : 1);
    if (!mem) die("out of memory");
    return mem;
}

void *mem_zero(size_t size) {
    void *mem = calloc(1, size ? size : 1);
    if (!mem) die("out of memory");
    return mem;
}

void *mem_grow(void *old, size_t size) {
    void *mem = realloc(old, size ? size : 1);
    if (!mem) die("out of memory");
    return mem;
}

void mem_free(void *old) {
    free(old);
}

static Chunk *chunk_new(Arena *arena, size_t size) {
    if (size > arena->max - arena->held) die("an arena reached its limit");
    Chunk *chunk = aligned_alloc(64, (sizeof *chunk + size + 63) / 64 * 64);
    if (!chunk) die("out of memory");
    *chunk = (Chunk){.before = arena->newest, .size = size};
    POISON(chunk->bytes, size);
    arena->held += size;
    arena->newest = chunk;
    return chunk;
}

Arena *arena_new(size_t max) {
    Arena *arena = mem_zero(sizeof *arena);
    arena->max = max < FIRST_CHUNK ? FIRST_CHUNK : max;
    return arena;
}

static void chunk_drop(Arena *arena) {
    Chunk *chunk = arena->newest;
    arena->newest = chunk->before;
    arena->held -= chunk->size;
    UNPOISON(chunk->bytes, chunk->size);
    free(chunk);
}

void arena_free(Arena *arena) {
    if (!arena) return;
    while (arena->newest)
        chunk_drop(arena);
    mem_free(arena);
}

void arena_reset(Arena *arena) {
    while (arena->newest && arena->newest->before)
        chunk_drop(arena);
    if (arena->newest) {
        arena->newest->used = 0;
        POISON(arena->newest->bytes, arena->newest->size);
    }
    arena->handed = 0;
}

static size_t next_chunk_size(const Arena *arena, size_t need) {
    size_t size = arena->newest ? arena->newest->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK) size = LARGEST_CHUNK;
    size_t left = arena->max - arena->held;
    if (size > left) size = left;
    return size > need ? size : need;
}

void *arena_alloc(Arena *arena, size_t size, size_t align) {
    assert(align && align <= 64 && (align & (align - 1)) == 0);
    Chunk *chunk = arena->newest;
    size_t at = chunk ? (chunk->used + align - 1) & ~(align - 1) : 0;
    if (!chunk || at > chunk->size || size > chunk->size - at) {
        chunk = chunk_new(arena, next_chunk_size(arena, size));
        at = 0;
    }
    chunk->used = at + size;
    arena->handed += size;
    UNPOISON(chunk->bytes + at, size);
    return chunk->bytes + at;
}

void *arena_zero(Arena *arena, size_t size, size_t align) {
    return memset(arena_alloc(arena, size, align), 0, size);
}

void *arena_grow(Arena *arena, void *old, size_t old_size, size_t size, size_t align) {
    Chunk *chunk = arena->newest;
    bool newest = old && chunk && (char *)old + old_size == chunk->bytes + chunk->used;
    if (newest && size >= old_size && size - old_size <= chunk->size - chunk->used) {
        UNPOISON((char *)old + old_size, size - old_size);
        chunk->used += size - old_size;
        arena->handed += size - old_size;
        return old;
    }
    void *moved = arena_alloc(arena, size, align);
    if (old_size) memcpy(moved, old, old_size < size ? old_size : size);
    return moved;
}

ArenaMark arena_mark(Arena *arena) {
    return (ArenaMark){arena->newest, arena->newest ? arena->newest->used : 0};
}

void arena_rewind(Arena *arena, ArenaMark mark) {
    while (arena->newest && arena->newest != mark.chunk) {
        if (!mark.chunk && !arena->newest->before) {
            arena->newest->used = 0; /* the first chunk is kept: rewinding to empty is common */
            POISON(arena->newest->bytes, arena->newest->size);
            return;
        }
        chunk_drop(arena);
    }
    if (!arena->newest) return;
    arena->newest->used = mark.used;
    POISON(arena->newest->bytes + mark.used, arena->newest->size - mark.used);
}

size_t arena_used(const Arena *arena) {
    return arena->handed;
}

size_t arena_held(const Arena *arena) {
    return arena->held;
}
