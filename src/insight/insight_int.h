/* insight_int: what the files of insight/ share. */
#ifndef INSIGHT_INSIGHT_INT_H
#define INSIGHT_INSIGHT_INT_H

#include "insight.h"

#include <pthread.h>

#define IRI(term) STR(LD_DEFAULT term)

enum { INSIGHT_ARENA = 256 << 20, VIEWERS_MAX = 10000 };

typedef struct Viewer {
    struct Viewer *next;
    Insight *insight;
    HttpSse *sse;
    WallBoard board;
    GateStay stay;
} Viewer;

/* What a wall shows now. The spare arena takes the next tiles. */
typedef struct Board {
    Arena *arena, *spare;
    Tiles tiles;
    int64_t at;
} Board;

typedef struct PlacesKept {
    Arena *arena;
    Places places;
    uint64_t position;
    int64_t read_at; /* time_monotonic(); 0: never */
} PlacesKept;

struct Insight {
    Tenant *tenant;
    InsightOptions options;
    Ground ground;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards all below but the last three */
    pthread_cond_t moved;
    bool stop, dirty;
    Board boards[WALL_BOARDS];
    Viewer *viewers;
    size_t viewer_count;
    pthread_mutex_t places_lock;
    PlacesKept places;
    int64_t checkpoint_size, checkpoint_at; /* the computing thread's own */
};

/* ---- tally.c: counters that follow the ledger ---- */
Follower tally_follower(Insight *insight);
typedef struct Tally {
    int64_t count, held; /* what is, and what may be shown to everybody */
    int64_t at;          /* when the count changed last, TIME_NONE: never */
} Tally;
/* Nothing counted yet: zeros. */
Rc tally_received(Ctx *ctx, Date month, Tally *out);
Rc tally_waiting(Ctx *ctx, Tally *out);
/* The first day from `from` on with pickups (held: with so many that everybody may know);
 * day->year 0: none. */
Rc tally_pickups(Ctx *ctx, Date from, bool held, Date *day, Tally *out);
/* Readings of a series. */
Rc tally_readings(Ctx *ctx, Str entity, int64_t *n);

/* ---- effect.c: what procedures cost, as counters that follow the ledger ---- */
Follower effect_follower(void);
/* What an entity of touch time says of a case's steps takes the place of what was counted of them,
 * in a group of cases; and a case comes into another group (empty: it is gone). */
Rc effect_steps_set(Ctx *ctx, Rows *rows, Str case_id, Str group, const Entity *touch);
Rc effect_steps_group(Ctx *ctx, Rows *rows, Str case_id, Str group);

/* ---- tiles.c ---- */
/* Computes all tiles into ctx->arena. */
Rc tiles_compute(Ctx *ctx, Insight *insight, Tiles *out);
/* What of them the public wall may show. */
void tiles_public(Arena *arena, const Tiles *all, int64_t now, Tiles *out);
bool tile_same(const Tile *a, const Tile *b);
Tile tile_dup(Arena *arena, const Tile *tile);

/* All entities of a type that ctx->actor may see. */
typedef struct Listed {
    const char *types; /* terms, by commas */
    size_t limit;
} Listed;
Rc insight_list(Ctx *ctx, const Listed *what, ProjectAnswer *out);

/* ---- ground.c ---- */
Rc ground_read(Ctx *ctx, Str text, Ground *out);
void extent_add(Extent *extent, bool *bounded, Extent more);

/* ---- gauge.c ---- */
Gauge gauge_of(Ctx *ctx, const Entity *entity);

#endif
