#include "carrier.h"

#include "procedure_int.h"

#include "filing.h"
#include "transit.h"

#include <stdatomic.h>

enum { CARRIER_ARENA = 256 << 20 };

/* Where nobody wakes it, it looks for itself: a round may have failed. */
static const int64_t every = 5 * TIME_MINUTE, again = 10 * TIME_SECOND, patience = 5 * TIME_MINUTE;

struct Carrier {
    Tenant *tenant;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool asked;
    atomic_bool stop;
};

/* False: it ends. */
static bool wait_for(Carrier *carrier, int64_t at_most) {
    int64_t until = time_monotonic() + at_most;
    pthread_mutex_lock(&carrier->lock);
    while (!carrier->asked && !atomic_load(&carrier->stop) &&
           thread_cond_wait(&carrier->wake, &carrier->lock, until))
        ;
    carrier->asked = false;
    pthread_mutex_unlock(&carrier->lock);
    return !atomic_load(&carrier->stop);
}

/* How long to wait for the next round. */
static int64_t round_run(Ctx *ctx, Carrier *carrier) {
    static const struct {
        Rc (*carry_out)(Ctx *ctx, const atomic_bool *stop);
        const char *what;
    } works[] = {{filing_carry_out, "a disposal"}, {transit_carry_out, "a transition of cases"}};
    int64_t pause = every;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        ctx->deadline = time_monotonic() + patience;
        Rc rc = works[i].carry_out(ctx, &carrier->stop);
        if (rc == RC_OK) continue;
        pause = again;
        if (rc != RC_BUSY)
            log_error("procedure", "%s is not carried out yet: " STR_FMT, works[i].what,
                      STR_ARG(ctx->error.detail));
    }
    return pause;
}

static void *thread_main(void *arg) {
    Carrier *carrier = arg;
    Clock clock = {.fixed = TIME_NONE};
    Rand rand = rand_system();
    Actor actor = *gate_system_actor();
    Ctx ctx = {.arena = arena_new(CARRIER_ARENA),
               .scratch = arena_new(CARRIER_ARENA),
               .clock = &clock,
               .rand = &rand,
               .tenant = carrier->tenant,
               .actor = &actor};
    Rc rc = reader_open(&ctx, ledger_store(carrier->tenant->ledger), &ctx.db);
    if (rc != RC_OK)
        log_error("procedure", "what is decided is not carried out until the next start: " STR_FMT,
                  STR_ARG(ctx.error.detail));
    int64_t pause = 0;
    while (rc == RC_OK && wait_for(carrier, pause)) {
        pause = round_run(&ctx, carrier);
        arena_reset(ctx.arena);
        arena_reset(ctx.scratch);
    }
    reader_close(ctx.db);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return NULL;
}

Rc carrier_start(Ctx *ctx, Tenant *tenant, Carrier **out) {
    Carrier *carrier = mem_zero(sizeof *carrier);
    carrier->tenant = tenant;
    pthread_mutex_init(&carrier->lock, NULL);
    thread_cond_init(&carrier->wake);
    *out = NULL;
    if (thread_start(&carrier->thread, "carrier", thread_main, carrier)) {
        *out = carrier;
        return RC_OK;
    }
    pthread_cond_destroy(&carrier->wake);
    pthread_mutex_destroy(&carrier->lock);
    mem_free(carrier);
    return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                    "The thread that carries out what is decided cannot be started.");
}

void carrier_wake(Carrier *carrier) {
    if (!carrier) return;
    pthread_mutex_lock(&carrier->lock);
    carrier->asked = true;
    pthread_cond_broadcast(&carrier->wake);
    pthread_mutex_unlock(&carrier->lock);
}

void carrier_stop(Carrier *carrier) {
    if (!carrier) return;
    atomic_store(&carrier->stop, true);
    carrier_wake(carrier);
    pthread_join(carrier->thread, NULL);
    pthread_cond_destroy(&carrier->wake);
    pthread_mutex_destroy(&carrier->lock);
    mem_free(carrier);
}
