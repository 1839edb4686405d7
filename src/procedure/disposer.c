#include "disposer.h"

#include "procedure_int.h"

#include "filing.h"

#include <stdatomic.h>

enum { DISPOSER_ARENA = 256 << 20 };

/* Where nobody wakes it, it looks for itself: a round may have failed. */
static const int64_t every = 5 * TIME_MINUTE, again = 10 * TIME_SECOND, patience = 5 * TIME_MINUTE;

struct Disposer {
    Tenant *tenant;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool asked;
    atomic_bool stop;
};

/* False: it ends. */
static bool wait_for(Disposer *disposer, int64_t at_most) {
    int64_t until = time_monotonic() + at_most;
    pthread_mutex_lock(&disposer->lock);
    while (!disposer->asked && !atomic_load(&disposer->stop) &&
           thread_cond_wait(&disposer->wake, &disposer->lock, until))
        ;
    disposer->asked = false;
    pthread_mutex_unlock(&disposer->lock);
    return !atomic_load(&disposer->stop);
}

/* How long to wait for the next round. */
static int64_t round_run(Ctx *ctx, Disposer *disposer) {
    ctx->deadline = time_monotonic() + patience;
    Rc rc = filing_carry_out(ctx, &disposer->stop);
    if (rc == RC_OK) return every;
    if (rc != RC_BUSY)
        log_error("procedure", "a disposal is not carried out yet: " STR_FMT,
                  STR_ARG(ctx->error.detail));
    return again;
}

static void *thread_main(void *arg) {
    Disposer *disposer = arg;
    Clock clock = {.fixed = TIME_NONE};
    Rand rand = rand_system();
    Actor actor = *gate_system_actor();
    Ctx ctx = {.arena = arena_new(DISPOSER_ARENA),
               .scratch = arena_new(DISPOSER_ARENA),
               .clock = &clock,
               .rand = &rand,
               .tenant = disposer->tenant,
               .actor = &actor};
    Rc rc = reader_open(&ctx, ledger_store(disposer->tenant->ledger), &ctx.db);
    if (rc != RC_OK)
        log_error("procedure", "no file is disposed of until the next start: " STR_FMT,
                  STR_ARG(ctx.error.detail));
    int64_t pause = 0;
    while (rc == RC_OK && wait_for(disposer, pause)) {
        pause = round_run(&ctx, disposer);
        arena_reset(ctx.arena);
        arena_reset(ctx.scratch);
    }
    reader_close(ctx.db);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return NULL;
}

Rc disposer_start(Ctx *ctx, Tenant *tenant, Disposer **out) {
    Disposer *disposer = mem_zero(sizeof *disposer);
    disposer->tenant = tenant;
    pthread_mutex_init(&disposer->lock, NULL);
    thread_cond_init(&disposer->wake);
    *out = NULL;
    if (thread_start(&disposer->thread, "disposer", thread_main, disposer)) {
        *out = disposer;
        return RC_OK;
    }
    pthread_cond_destroy(&disposer->wake);
    pthread_mutex_destroy(&disposer->lock);
    mem_free(disposer);
    return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                    "The thread that carries out disposals cannot be started.");
}

void disposer_wake(Disposer *disposer) {
    if (!disposer) return;
    pthread_mutex_lock(&disposer->lock);
    disposer->asked = true;
    pthread_cond_broadcast(&disposer->wake);
    pthread_mutex_unlock(&disposer->lock);
}

void disposer_stop(Disposer *disposer) {
    if (!disposer) return;
    atomic_store(&disposer->stop, true);
    disposer_wake(disposer);
    pthread_join(disposer->thread, NULL);
    pthread_cond_destroy(&disposer->wake);
    pthread_mutex_destroy(&disposer->lock);
    mem_free(disposer);
}
