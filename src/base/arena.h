/* arena: memory by lifetime. Everything allocated for one request goes when the request goes.
   An arena belongs to one thread at a time. Freed and unused memory is poisoned under ASan. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "rc.h"

typedef struct Arena Arena;

/* A place in an arena to come back to. */
typedef struct ArenaMark {
    void *chunk;
    size_t used;
} ArenaMark;

/* A new arena that may grow to max bytes; reaching max is a bug of the caller, who bounds his
 * input, and aborts. */
Arena *arena_new(size_t max);
/* Frees the arena and all that was allocated in it; NULL is allowed. */
void arena_free(Arena *arena);
/* Forgets everything, keeps the first chunk for reuse. */
void arena_reset(Arena *arena);
/* size bytes, not zeroed, aligned to align (a power of two up to 64). Never NULL. */
[[gnu::returns_nonnull, gnu::malloc]] void *arena_alloc(Arena *arena, size_t size, size_t align);
/* The same, zeroed. */
[[gnu::returns_nonnull, gnu::malloc]] void *arena_zero(Arena *arena, size_t size, size_t align);
/* Grows the newest allocation in place where possible, else copies old bytes into a new one. */
[[gnu::returns_nonnull]] void *arena_grow(Arena *arena, void *old, size_t old_size, size_t size,
                                          size_t align);
ArenaMark arena_mark(Arena *arena);
/* Frees everything allocated since the mark. */
void arena_rewind(Arena *arena, ArenaMark mark);
/* Bytes handed out since creation or reset, for budgets in tests. */
size_t arena_used(const Arena *arena);
/* Bytes that it holds now: what was rewound is not among them. */
size_t arena_held(const Arena *arena);

/* A zeroed T, or n zeroed Ts, in the arena. */
#define NEW(arena, T)          ((T *)arena_zero((arena), sizeof(T), _Alignof(T)))
#define NEW_ARRAY(arena, T, n) ((T *)arena_zero((arena), sizeof(T) * (size_t)(n), _Alignof(T)))

/* Memory of long-lived modules (caches, queues). Aborts when there is none; mem_free takes NULL. */
[[gnu::returns_nonnull, gnu::malloc]] void *mem_alloc(size_t size);
[[gnu::returns_nonnull, gnu::malloc]] void *mem_zero(size_t size);
[[gnu::returns_nonnull]] void *mem_grow(void *old, size_t size);
void mem_free(void *old);
/* For processes that serve: freed memory is kept for the next batch, up to some MiB a thread.
 * Before other threads begin. */
void mem_keep(void);

#endif
