/* wall: one thread computes, two boards keep what is shown, viewers are pushed what changed. */
#include "insight_int.h"

#include <string.h>

enum { SSE_PENDING = 256 << 10, EVENT_MAX = 16 << 10, BOARD_ARENA = 64 << 20 };

/* So soon at the latest a viewer whose session has ended is let go. */
#define SIFT_EVERY (2 * TIME_SECOND)

/* ---- pushing; all under the lock ---- */

static Str tile_event(Arena *arena, const Tile *tile) {
    Buf text = buf_new(arena, EVENT_MAX);
    Json json = tile_json(arena, tile);
    json_write(&text, &json);
    return buf_str(&text);
}

static void push(Insight *insight, WallBoard board, Arena *arena, const Tile *tile) {
    Str text = STR_NONE;
    for (Viewer *viewer = insight->viewers; viewer; viewer = viewer->next) {
        if (viewer->board != board) continue;
        if (str_empty(text)) text = tile_event(arena, tile);
        http_sse_send(viewer->sse, STR("tile"), STR_NONE, text);
    }
}

static const Tile *tile_find(const Tiles *tiles, Str id) {
    VEC_EACH (const Tile, tile, tiles)
        if (str_eq(tile->id, id)) return tile;
    return NULL;
}

/* Puts new tiles on a board. A figure that still stands keeps its time. */
static void board_take(Insight *insight, WallBoard which, const Tiles *tiles, Ctx *ctx) {
    pthread_mutex_lock(&insight->lock);
    Board *board = &insight->boards[which];
    arena_reset(board->spare);
    Tiles fresh = {0};
    VEC_EACH (const Tile, tile, tiles) {
        Tile *kept = vec_push(board->spare, &fresh, tile_dup(board->spare, tile));
        const Tile *old = tile_find(&board->tiles, tile->id);
        bool same = old && tile_same(old, kept);
        if (same)
            kept->time = old->time;
        else
            push(insight, which, ctx->arena, kept);
    }
    Arena *spent = board->arena;
    board->arena = board->spare;
    board->spare = spent;
    board->tiles = fresh;
    board->at = time_now(ctx->clock);
    pthread_mutex_unlock(&insight->lock);
}

/* ---- computing ---- */

static void compute(Insight *insight, Ctx *ctx, bool to_all) {
    Tiles all, staff = {0}, open;
    if (tiles_compute(ctx, insight, &all) != RC_OK) {
        log_error("insight", "the wall cannot be computed: " STR_FMT, STR_ARG(ctx->error.detail));
        return;
    }
    VEC_EACH (const Tile, tile, &all)
        if (tile->audience != TILE_PUBLIC) vec_push(ctx->arena, &staff, *tile);
    board_take(insight, WALL_STAFF, &staff, ctx);
    if (!to_all) return;
    tiles_public(ctx->arena, &all, time_now(ctx->clock), &open);
    board_take(insight, WALL_PUBLIC, &open, ctx);
}

/* Under the lock: whose session has ended is shown no more. */
static void viewers_sift(Insight *insight, Ctx *ctx) {
    ArenaMark mark = arena_mark(ctx->arena);
    for (Viewer *viewer = insight->viewers; viewer; viewer = viewer->next)
        if (!gate_stays(ctx, &viewer->stay)) http_sse_close(viewer->sse);
    arena_rewind(ctx->arena, mark);
}

/* Waits until something has changed, but for at least staff_every after the computation before and
   no longer than until the public wall's next turn. False: stop. */
static bool wait_turn(Insight *insight, Ctx *ctx, int64_t earliest, int64_t latest) {
    int64_t sift = 0;
    pthread_mutex_lock(&insight->lock);
    for (;;) {
        int64_t now = time_monotonic();
        if (now >= sift) {
            viewers_sift(insight, ctx);
            sift = now + SIFT_EVERY;
        }
        bool due = now >= latest || (insight->dirty && now >= earliest);
        if (insight->stop || due) break;
        int64_t until = insight->dirty && earliest < latest ? earliest : latest;
        if (sift < until) until = sift;
        (void)thread_cond_wait(&insight->moved, &insight->lock, until);
    }
    insight->dirty = false;
    bool go_on = !insight->stop;
    pthread_mutex_unlock(&insight->lock);
    return go_on;
}

static void turns(Insight *insight, Reader *db, Arena *arena, Arena *scratch) {
    Clock clock = {.fixed = TIME_NONE};
    Rand rand = rand_system();
    int64_t earliest = 0, latest = 0;
    Ctx whole = {.arena = arena,
                 .scratch = scratch,
                 .clock = &clock,
                 .rand = &rand,
                 .tenant = insight->tenant,
                 .actor = (struct Actor *)(uintptr_t)gate_system_actor(),
                 .db = db};
    while (wait_turn(insight, &whole, earliest, latest)) {
        bool to_all = time_monotonic() >= latest;
        arena_reset(arena);
        Ctx ctx = whole;
        ctx.deadline = time_monotonic() + TIME_MINUTE;
        compute(insight, &ctx, to_all);
        earliest = time_monotonic() + insight->options.staff_every;
        if (to_all) latest = time_monotonic() + insight->options.public_every;
    }
}

static void *insight_run(void *arg) {
    Insight *insight = arg;
    Arena *arena = arena_new(INSIGHT_ARENA), *scratch = arena_new(INSIGHT_ARENA);
    Ctx ctx = {.arena = arena, .scratch = scratch, .tenant = insight->tenant};
    Reader *db;
    Rc rc = reader_open(&ctx, ledger_store(insight->tenant->ledger), &db);
    if (rc == RC_OK) {
        turns(insight, db, arena, scratch);
        reader_close(db);
    } else {
        log_error("insight", "no reader for the wall: " STR_FMT, STR_ARG(ctx.error.detail));
    }
    arena_free(scratch);
    arena_free(arena);
    return NULL;
}

/* ---- life ---- */

Rc insight_open(Ctx *ctx, Tenant *tenant, const InsightOptions *options) {
    Ground ground = {0};
    if (!str_empty(options->ground)) TRY(ground_read(ctx, options->ground, &ground));
    Insight *insight = mem_zero(sizeof *insight);
    insight->tenant = tenant;
    insight->options = *options;
    insight->ground = ground;
    if (!insight->options.public_every) insight->options.public_every = TIME_MINUTE;
    if (!insight->options.staff_every) insight->options.staff_every = TIME_SECOND;
    pthread_mutex_init(&insight->lock, NULL);
    pthread_mutex_init(&insight->places_lock, NULL);
    thread_cond_init(&insight->moved);
    for (size_t i = 0; i < WALL_BOARDS; i++)
        insight->boards[i] =
            (Board){.arena = arena_new(BOARD_ARENA), .spare = arena_new(BOARD_ARENA)};
    insight->places.arena = arena_new(INSIGHT_ARENA);
    tenant->insight = insight;
    project_add(tenant->project, tally_follower(insight));
    project_add(tenant->project, effect_follower());
    return RC_OK;
}

Rc insight_start(Ctx *ctx, Tenant *tenant) {
    Insight *insight = tenant->insight;
    if (!thread_start(&insight->thread, "insight", insight_run, insight))
        return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE, "The wall's thread cannot start.");
    insight->started = true;
    return RC_OK;
}

void insight_stop(Tenant *tenant) {
    Insight *insight = tenant->insight;
    if (!insight || !insight->started) return;
    pthread_mutex_lock(&insight->lock);
    insight->stop = true;
    pthread_cond_broadcast(&insight->moved);
    pthread_mutex_unlock(&insight->lock);
    pthread_join(insight->thread, NULL);
    insight->started = false;
}

void insight_close(Tenant *tenant) {
    Insight *insight = tenant->insight;
    if (!insight) return;
    tenant->insight = NULL;
    for (size_t i = 0; i < WALL_BOARDS; i++) {
        arena_free(insight->boards[i].arena);
        arena_free(insight->boards[i].spare);
    }
    arena_free(insight->places.arena);
    pthread_cond_destroy(&insight->moved);
    pthread_mutex_destroy(&insight->places_lock);
    pthread_mutex_destroy(&insight->lock);
    mem_free(insight);
}

int64_t insight_public_every(const Insight *insight) {
    return insight->options.public_every;
}

/* ---- reading ---- */

void insight_tiles(Insight *insight, Arena *arena, WallBoard board, Tiles *out, int64_t *at) {
    *out = (Tiles){0};
    pthread_mutex_lock(&insight->lock);
    VEC_EACH (const Tile, tile, &insight->boards[board].tiles)
        vec_push(arena, out, tile_dup(arena, tile));
    *at = insight->boards[board].at;
    pthread_mutex_unlock(&insight->lock);
}

bool insight_tile(Insight *insight, Arena *arena, Str id, Tile *out) {
    pthread_mutex_lock(&insight->lock);
    const Tile *tile = tile_find(&insight->boards[WALL_PUBLIC].tiles, id);
    if (tile) *out = tile_dup(arena, tile);
    pthread_mutex_unlock(&insight->lock);
    return tile != NULL;
}

/* ---- viewers ---- */

static void viewer_gone(void *arg) {
    Viewer *viewer = arg;
    Insight *insight = viewer->insight;
    pthread_mutex_lock(&insight->lock);
    Viewer **link = &insight->viewers;
    while (*link && *link != viewer)
        link = &(*link)->next;
    if (*link) {
        *link = viewer->next;
        insight->viewer_count--;
    }
    pthread_mutex_unlock(&insight->lock);
    mem_free(viewer);
}

/* What is on the board goes first: something may have changed since the page was drawn. */
static void viewer_add(Insight *insight, HttpExchange *x, WallBoard board) {
    Viewer *viewer = mem_zero(sizeof *viewer);
    *viewer = (Viewer){.next = insight->viewers,
                       .insight = insight,
                       .board = board,
                       .stay = gate_stay(http_ctx(x))};
    Arena *arena = http_ctx(x)->arena;
    viewer->sse = http_sse_start(x, SSE_PENDING, viewer_gone, viewer);
    insight->viewers = viewer;
    insight->viewer_count++;
    VEC_EACH (const Tile, tile, &insight->boards[board].tiles)
        http_sse_send(viewer->sse, STR("tile"), STR_NONE, tile_event(arena, tile));
}

void insight_watch(HttpExchange *x, WallBoard board) {
    Insight *insight = http_ctx(x)->tenant->insight;
    pthread_mutex_lock(&insight->lock);
    bool room = insight->viewer_count < VIEWERS_MAX;
    if (room) viewer_add(insight, x, board);
    pthread_mutex_unlock(&insight->lock);
    if (room) return;
    http_set_header(x, "Retry-After", STR("60"));
    http_problem(x, (HttpProblem){.status = 503,
                                  .title = STR("Too many viewers"),
                                  .detail = STR("The wall has as many viewers as it serves at "
                                                "once: load the page again in a minute.")});
}
