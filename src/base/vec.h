/* vec: a growing array in an arena: VEC(T) declares one, {0} is an empty one. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "arena.h"
#include "str.h"

#define VEC(T)                                                                                     \
    struct {                                                                                       \
        T *items;                                                                                  \
        size_t len, cap;                                                                           \
    }

typedef VEC(Str) StrVec;

/* Appends a value; evaluates to a pointer to it, valid until the next push. */
#define vec_push(arena, v, ...)                                                                    \
    ((v)->len == (v)->cap ? vec_grow_((arena), (v), sizeof *(v)->items) : (void)0,                 \
     (v)->items[(v)->len] = (__VA_ARGS__), &(v)->items[(v)->len++])

#define vec_grow_(arena, v, size)                                                                  \
    ((v)->items = arena_grow((arena), (v)->items, (v)->len * (size),                               \
                             ((v)->cap ? (v)->cap * 2 : 8) * (size), _Alignof(max_align_t)),       \
     (void)((v)->cap = (v)->cap ? (v)->cap * 2 : 8))

/* for (T *item in v). An empty one has no items: NULL + 0 is undefined in C. */
#define VEC_EACH(T, item, v)                                                                       \
    for (T *item = (v)->items, *item##_end_ = item ? item + (v)->len : item; item != item##_end_;  \
         item++)

#endif
