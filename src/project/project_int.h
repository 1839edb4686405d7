/* project_int: what the files of project/ share. */
#ifndef PROJECT_PROJECT_INT_H
#define PROJECT_PROJECT_INT_H

#include "project.h"

#include <pthread.h>
#include <stdatomic.h>

enum { FOLLOWERS_MAX = 24, PROJECT_ARENA = 1 << 30, VALUE_MAX = 64 << 20 };

struct Rows {
    Batch *batch;
    Space space;
};

/* A follower with how far it is. */
typedef struct Running {
    Follower follower;
    Rows rows;
    uint64_t reached; /* its rows hold all leaves up to here */
} Running;

struct Project {
    Tenant *tenant;
    Store *store;
    Batch *batch;
    Arena *arena;  /* as long as the project */
    Arena *window; /* reset after each window */
    Arena *scratch;
    Running followers[FOLLOWERS_MAX];
    size_t count;
    size_t window_events;
    struct State *state;
    struct Types *types;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    atomic_flag verifying;        /* one comparison at a time */
    atomic_uint_fast64_t reached; /* of all followers */
    pthread_mutex_t lock;         /* guards the waiting below */
    pthread_cond_t moved;
    Rand rand;
    Clock clock;
};

Space project_space(const char *follower);
/* One window of leaves up to `until`, whole or not at all. Announces nothing. */
Rc project_window(Ctx *ctx, Project *project, uint64_t until);
/* Followers like these over another store, without a thread; sets tenant->project, whose tenant is
   a copy. */
Rc project_copy(Ctx *ctx, const Project *of, Tenant *tenant, Store *store, Project **out);
/* Removes what a comparison that was killed has left. */
void verify_tidy(Ctx *ctx, const Tenant *tenant);
/* The built-in followers. */
struct State *state_new(Project *project);
void state_free(struct State *state);
Rc state_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);
/* Writes the window's entities; the window's arena holds them. */
Rc state_flush(Ctx *ctx, struct State *state);
/* An entity as of the window so far; NULL: none. */
Rc state_touched(Ctx *ctx, struct State *state, Str id, Entity **out);
/* Forgets a window, written or not. */
void state_forget(struct State *state);
Rc history_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);
Rc looks_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);
struct Types *types_new(void);
void types_free(struct Types *types);
/* Forgets what it believed to be written. */
void types_forget(struct Types *types);
Rc types_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);

/* Big-endian bytes, so that the order of bytes is that of numbers; signed values have the sign
 * flipped. */
void key_u64(Buf *to, uint64_t value);
void key_i64(Buf *to, int64_t value);
void key_u16(Buf *to, uint16_t value);
uint64_t key_read_u64(Str key, size_t at);
int64_t key_read_i64(Str key, size_t at);
/* The first n bytes of the SHA-256 of a text: a key of fixed length. */
void key_hash(Buf *to, Str text, size_t n);

#endif
