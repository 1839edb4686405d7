/* project_int: what the files of project/ share. */
#ifndef PROJECT_PROJECT_INT_H
#define PROJECT_PROJECT_INT_H

#include "project.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { FOLLOWERS_MAX = 24, PROJECT_ARENA = 1 << 30, VALUE_MAX = 64 << 20 };

/* Asks for the newest leaves without waiting for them. */
void project_hurry(Project *project);

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

#define ASIDE_ALL "*"
enum { ASIDE_LEAF = UINT32_MAX };

/* An event that a follower can't apply. */
typedef struct Poison {
    const char *follower; /* ASIDE_ALL: none of them */
    uint64_t position;
    uint32_t ordinal; /* ASIDE_LEAF: all of the leaf that are about `about` */
    Str about;        /* empty: whatever it is about */
    Str why;
} Poison;

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
    struct Indexes *indexes;
    struct Asides *asides;
    struct Expiry *expiry; /* NULL: nothing ends by itself */
    pthread_t thread;
    bool started;
    bool apart; /* a rebuild for comparison: what the working set holds is not asked */
    atomic_bool stop;
    atomic_flag verifying;        /* one comparison at a time */
    atomic_uint_fast64_t reached; /* of all followers */
    pthread_mutex_t lock;         /* guards the waiting below */
    pthread_cond_t moved, hurry;
    unsigned waiting; /* threads */
    bool hurried;     /* somebody wants the newest leaves soon, without waiting */
    Rand rand;
    Clock clock;
};

Space project_space(const char *follower);
/* Spaces that the state's follower writes beside the entities. */
#define HISTORY_SPACE  "history"
#define TYPES_SPACE    "types"
#define EXPIRY_SPACE   "expiry"
#define ERASED_SPACE   "erased"
#define ATTACHED_SPACE "attached"

/* Shows an event to every follower that has not had it. */
Rc project_tell(Ctx *ctx, Project *project, const Event *event);

/* ---- attached.c ---- */

/* The follower of this space. */
Rc attached_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);

/* ---- erased.c ---- */

/* The follower of this space; arg is the Project. */
Rc erased_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);

/* ---- expiry.c ---- */

/* The follower of this space. */
Rc expiry_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);
/* Ends what project_expire began. */
void expiry_stop(Project *project);

/* ---- index.c ---- */

struct Indexes *index_new(Project *project);
void index_free(struct Indexes *indexes);
/* Finds what is indexed, and what the dictionary asks for. ctx->db set. */
Rc index_open(Ctx *ctx, struct Indexes *indexes);
/* How long to wait for leaves before the next slice, in microseconds; idle when there is none. */
int64_t index_pause(struct Indexes *indexes, int64_t idle);
/* A slice of the walk that fills what is wanted, if anything is; on the projections' thread,
 * between windows. */
Rc index_step(Ctx *ctx, struct Indexes *indexes);

/* One window of leaves up to `until`, whole or not at all. Announces nothing. */
Rc project_window(Ctx *ctx, Project *project, uint64_t until);
/* Followers like these over another store, without a thread; sets tenant->project, whose tenant is
   a copy. */
Rc project_copy(Ctx *ctx, const Project *of, Tenant *tenant, Store *store, Project **out);
/* Removes what a comparison that was killed has left. */
void verify_tidy(Ctx *ctx, const Tenant *tenant);

/* ---- a window's changes, by entity (touched.c) ---- */

/* One change, in memory of the window. */
typedef struct Fold {
    const Delta *delta;
    uint64_t position;
    uint32_t ordinal; /* within the leaf */
    int64_t time;
    const Entity *after; /* once the entity was folded so far; NULL: it ended */
} Fold;

typedef struct Touched {
    Str id;
    VEC(Fold) folds;
    size_t folded; /* so many folds know what they left */
    bool opened;   /* start and row are known; else only types are */
    const Entity *start;
    uint64_t row; /* position of the row as it was found */
    StrVec types; /* the same before and after each fold */
    Str stored;   /* what the writer made of it, when nobody has changed it since; else empty */
} Touched;

/* The current entities, and what the window has changed of them. */
struct State {
    Project *project;
    Arena *arena;  /* of the window */
    Map touched;   /* id → Touched */
    uint64_t leaf; /* of the newest event */
    struct HistoryRows *history;
    struct Types *types;
};

Touched *touched_get(struct State *state, Str id);
void touched_add(struct State *state, Touched *touched, const Event *event);
/* Makes all folds know what they left. */
Rc touched_fold(Ctx *ctx, struct State *state, Touched *touched);
/* Finds what the rows need, in the cheapest way. Before history_write, types_write. */
Rc touched_settle(Ctx *ctx, struct State *state, Touched *touched);
/* Before a fold, and after all of them; NULL: nothing. Only where it was opened. */
const Entity *touched_before(const Touched *touched, size_t fold);
const Entity *touched_after(const Touched *touched);
/* The types of what a fold left; NULL: nothing is left. */
const StrVec *touched_types(const Touched *touched, size_t fold);

/* ---- the built-in followers ---- */

struct State *state_new(Project *project);
void state_free(struct State *state);
Rc state_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);
/* Writes the window's entities with their history and types; the window's arena holds them. */
Rc state_flush(Ctx *ctx, struct State *state);
/* What finds the entity; put->body and the rest are the caller's. */
void state_fill(Ctx *ctx, const struct State *state, const Entity *entity, EntityPut *put);
/* Forgets a window that was not written, and what it believed of rows. */
void state_forget(struct State *state);
/* Drops all rows. */
Rc state_clear(Ctx *ctx, struct State *state);

struct HistoryRows *history_new(Project *project);
void history_free(struct HistoryRows *history);
void history_forget(struct HistoryRows *history);
Rc history_clear(Ctx *ctx, struct HistoryRows *history);
/* Notes that correct what was written before them. */
bool history_has_note(const Event *event);
Rc history_note(Ctx *ctx, struct HistoryRows *history, const Event *event);
Rc history_write(Ctx *ctx, struct HistoryRows *history, const Touched *touched);

struct Types *types_new(Project *project);
void types_free(struct Types *types);
/* Forgets what it believed to be written. */
void types_forget(struct Types *types);
Rc types_clear(Ctx *ctx, struct Types *types);
Rc types_write(Ctx *ctx, struct Types *types, const Touched *touched);

Rc looks_event(Ctx *ctx, void *arg, Rows *rows, const Event *event);

struct Asides *asides_new(void);
void asides_free(struct Asides *asides);
/* An event that can't be read: for the list. */
Rc aside_refused(Ctx *ctx, Project *project, const Event *event);
/* Was this event refused by this follower before? Then it is in the list, and is left out. */
Rc aside_known(Ctx *ctx, Project *project, const Event *event, const char *follower, bool *known);
/* The window at hand fails at this one. */
void aside_meet(Project *project, const Poison *poison);
/* The window has failed with ctx->error: true when that was the fault of an event, which will be
   left out when the window is taken again. */
bool aside_take(Ctx *ctx, Project *project, Rc rc);
/* In the window's transaction: has another version of the program left a list? */
Rc aside_retry(Ctx *ctx, Project *project, bool *retry);
Rc aside_clear(Ctx *ctx, Project *project);

/* Big-endian bytes, so that the order of bytes is that of numbers; signed values have the sign
 * flipped. */
void key_u64(Buf *to, uint64_t value);
void key_i64(Buf *to, int64_t value);
void key_u32(Buf *to, uint32_t value);
uint64_t key_read_u64(Str key, size_t at);
uint32_t key_read_u32(Str key, size_t at);
int64_t key_read_i64(Str key, size_t at);
/* The first n bytes of the SHA-256 of a text: a key of fixed length. */
void key_hash(Buf *to, Str text, size_t n);

#endif
