#include "ledger_int.h"

#include <sodium.h>
#include <string.h>

enum {
    LEDGER_ARENA = 1 << 20,
    WORKING_SET = 256 << 20,
    QUEUE_MAX = 65536,
};

/* ---- waiting ---- */

void ledger_moved(Ledger *ledger) {
    if (atomic_load(&ledger->waiting) == 0) return;
    pthread_mutex_lock(&ledger->moved_lock);
    pthread_cond_broadcast(&ledger->moved);
    pthread_mutex_unlock(&ledger->moved_lock);
}

uint64_t ledger_head(const Ledger *ledger) {
    return atomic_load(&ledger->head);
}

void ledger_wait(Ledger *ledger, uint64_t position, int64_t until_monotonic) {
    pthread_mutex_lock(&ledger->moved_lock);
    atomic_fetch_add(&ledger->waiting,
                     1); /* before the look at the head: whoever moves it later sees it */
    while (ledger_head(ledger) <= position && !atomic_load(&ledger->closing)) {
        if (!thread_cond_wait(&ledger->moved, &ledger->moved_lock, until_monotonic)) break;
    }
    atomic_fetch_sub(&ledger->waiting, 1);
    pthread_mutex_unlock(&ledger->moved_lock);
}

void ledger_state_reached(Ledger *ledger, uint64_t position) {
    uint64_t head = ledger_head(ledger);
    if (position > head) position = head;
    workset_reached(ledger->set, position);
    atomic_store(&ledger->state, position);
    int behind = LEDGER_BEHIND;
    if (position == head && atomic_compare_exchange_strong(&ledger->mode, &behind, LEDGER_RUNS))
        log_info("ledger", "the state has caught up with %llu leaves", (unsigned long long)head);
    ledger_moved(ledger);
}

size_t ledger_pending(const Ledger *ledger) {
    uint64_t leaves = ledger_head(ledger) - atomic_load(&ledger->state);
    size_t entities = workset_counts(ledger->set).pinned;
    return leaves > entities ? (size_t)leaves : entities;
}

bool ledger_behind(const Ledger *ledger) {
    return atomic_load(&ledger->mode) == LEDGER_BEHIND;
}

Store *ledger_store(Ledger *ledger) {
    return ledger->store;
}

/* ---- opening ---- */

static void copy_options(Ledger *ledger, const LedgerOptions *options) {
    Arena *arena = ledger->arena;
    LedgerOptions *own = &ledger->options;
    *own = *options;
    own->folder = str_dup(arena, options->folder);
    own->key_file = str_dup(arena, options->key_file);
    own->witness_file = str_dup(arena, options->witness_file);
    if (!own->working_set_bytes) own->working_set_bytes = WORKING_SET;
    if (!own->queue_max) own->queue_max = QUEUE_MAX;
    if (!own->checkpoint_every) own->checkpoint_every = TIME_SECOND;
    if (!own->lag_events) own->lag_events = LEDGER_LAG_EVENTS;
    if (!own->clock) own->clock = &ledger->system_clock;
    ledger->erasures_file = str_fmt(arena, STR_FMT ".erasures", STR_ARG(own->key_file));
}

static Ledger *make(const LedgerOptions *options) {
    Ledger *ledger = mem_zero(sizeof *ledger);
    ledger->arena = arena_new(LEDGER_ARENA);
    ledger->system_clock.fixed = TIME_NONE;
    copy_options(ledger, options);
    ledger->epoch = epoch_new();
    ledger->set = workset_new(ledger->epoch, ledger->options.working_set_bytes);
    command_queue_init(&ledger->queue, ledger->options.queue_max);
    closed_init(&ledger->closed);
    pthread_mutex_init(&ledger->pool.lock, NULL);
    pthread_mutex_init(&ledger->edge_lock, NULL);
    pthread_mutex_init(&ledger->moved_lock, NULL);
    thread_cond_init(&ledger->moved);
    house_init(ledger);
    return ledger;
}

static void destroy(Ledger *ledger) {
    commit_close(ledger);
    store_close(ledger->store);
    house_free(ledger);
    closed_free(&ledger->closed);
    command_pool_free(&ledger->pool);
    command_queue_free(&ledger->queue);
    epoch_free(ledger->epoch);
    workset_free(ledger->set);
    keys_free(ledger->keys);
    note_key_free(ledger->note);
    pthread_cond_destroy(&ledger->moved);
    pthread_mutex_destroy(&ledger->moved_lock);
    pthread_mutex_destroy(&ledger->edge_lock);
    arena_free(ledger->arena);
    seal_forget(&ledger->index, sizeof ledger->index);
    mem_free(ledger);
}

static Rc open_store(Ctx *ctx, Ledger *ledger, bool forget_state) {
    const LedgerOptions *options = &ledger->options;
    StoreOptions store = {.folder = options->folder,
                          .fault = options->fault,
                          .clock = options->clock,
                          .log_reserve = options->log_reserve,
                          .no_helper = options->no_helper,
                          .no_sketch = options->no_sketch,
                          .no_sync = options->no_sync,
                          .forget_state = forget_state};
    return store_open(ctx, &store, &ledger->store);
}

Rc ledger_forget_state(Ctx *ctx, Ledger *ledger) {
    commit_leave_store(ledger);
    store_close(ledger->store);
    ledger->store = NULL;
    TRY(open_store(ctx, ledger, true));
    return commit_enter_store(ctx, ledger);
}

static Rc open_all(Ctx *ctx, Ledger *ledger) {
    TRY(open_store(ctx, ledger, false));
    TRY(commit_open(ctx, ledger));
    TRY(meta_open(ctx, ledger));
    TRY(recover_tree(ctx, ledger));
    TRY(recover_erasures(ctx, ledger));
    TRY(again_recover(ctx, ledger));
    return recover_state(ctx, ledger);
}

Rc ledger_open(Ctx *ctx, const LedgerOptions *options, Ledger **out) {
    if (sodium_init() < 0)
        return ctx_fail(ctx, RC_FAILED, "sodium", STR_NONE,
                        "libsodium can't start: is /dev/urandom there?");
    Ledger *ledger = make(options);
    Rc rc = open_all(ctx, ledger);
    if (rc != RC_OK) {
        destroy(ledger);
        return rc;
    }
    ledger->writer_runs =
        thread_start(&ledger->writer_thread, "ledger-writer", commit_thread, ledger);
    assert(ledger->writer_runs); /* fails only without memory */
    house_start(ledger);
    *out = ledger;
    return RC_OK;
}

static void last_checkpoint(Ledger *ledger) {
    Ctx ctx = {.arena = arena_new(1 << 20),
               .scratch = arena_new(1 << 20),
               .clock = ledger->options.clock,
               .rand = &ledger->commit.rand};
    bool usable = ledger->commit.writer && !ledger->commit.unknown;
    Rc rc = usable ? house_checkpoint(&ctx, ledger) : RC_OK;
    if (rc != RC_OK)
        log_error("ledger", "the last checkpoint failed: " STR_FMT, STR_ARG(ctx.error.detail));
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
}

void ledger_close(Ledger *ledger) {
    if (!ledger) return;
    house_stop(ledger);
    atomic_store(&ledger->closing, true);
    command_queue_wake(&ledger->queue);
    pthread_join(ledger->writer_thread, NULL);
    ledger->writer_runs = false;
    pthread_mutex_lock(&ledger->moved_lock);
    pthread_cond_broadcast(&ledger->moved);
    pthread_mutex_unlock(&ledger->moved_lock);
    last_checkpoint(ledger);
    destroy(ledger);
}
