#include "ledger_int.h"

#include <string.h>

enum { ARENA_MAX = 64 << 20 };

/* ---- checkpoints ---- */

void house_set(Ledger *ledger, Str note, const Checkpoint *checkpoint) {
    House *house = &ledger->house;
    pthread_mutex_lock(&house->lock);
    buf_clear(&house->note);
    buf_add(&house->note, note);
    house->checkpoint = *checkpoint;
    pthread_mutex_unlock(&house->lock);
}

Rc house_newest(Ctx *ctx, Ledger *ledger, Str *note, Checkpoint *out) {
    House *house = &ledger->house;
    pthread_mutex_lock(&house->lock);
    *note = str_dup(ctx->arena, buf_str(&house->note));
    *out = house->checkpoint;
    pthread_mutex_unlock(&house->lock);
    if (note->len) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "no-checkpoint", STR_NONE,
                    "No checkpoint has been signed yet: ask again in a second.");
}

typedef struct NewNote {
    uint64_t size;
    Str text;
} NewNote;

static Rc store_note(Ctx *ctx, Ledger *ledger, void *arg) {
    const NewNote *note = arg;
    TRY(commit_begin(ledger));
    TRY(writer_checkpoint(ctx, ledger->commit.writer, note->size, note->text));
    return commit_end(ledger);
}

Rc house_checkpoint(Ctx *ctx, Ledger *ledger) {
    House *house = &ledger->house;
    Str witness = ledger->options.witness_file;
    bool witnessed = witness.len == 0 || house->witness.any; /* a new witness is told at once */
    uint64_t head = atomic_load(&ledger->head);
    if (head == 0 || (head == house->checkpoint.size && witnessed)) return RC_OK;
    pthread_mutex_lock(&ledger->edge_lock);
    tree_edge_copy(&house->edge, &ledger->edge);
    pthread_mutex_unlock(&ledger->edge_lock);
    Checkpoint checkpoint = {house->edge.size, tree_root(house->hasher, &house->edge)};
    NewNote note = {.size = checkpoint.size};
    TRY(note_checkpoint_sign(ctx, ledger->note, &checkpoint, &note.text));
    if (witness.len) TRY(witness_add(ctx, witness, ledger->note, note.text, &house->witness));
    house_set(ledger, note.text, &checkpoint);
    if (ledger->writer_runs) return command_run_own(ctx, ledger, store_note, &note);
    Ctx *writer = &ledger->commit.ctx; /* at closing: its thread has ended */
    Rc rc = store_note(writer, ledger, &note);
    if (rc != RC_OK && !ledger->commit.unknown) commit_abort(ledger);
    if (rc == RC_OK) return RC_OK;
    return ctx_fail(ctx, rc, "checkpoint", STR_NONE, STR_FMT, STR_ARG(writer->error.detail));
}

static Rc scrub_again(Ctx *ctx, Ledger *ledger, void *arg) {
    (void)arg;
    TRY(writer_scrub(ctx, ledger->commit.writer));
    atomic_store(&ledger->commit.scrub_due, false);
    return RC_OK;
}

static void every_second(Ctx *ctx, Ledger *ledger) {
    if (atomic_load(&ledger->mode) != LEDGER_RUNS) return;
    Rc rc = house_checkpoint(ctx, ledger);
    if (rc != RC_OK)
        log_error("ledger", "a checkpoint failed: " STR_FMT, STR_ARG(ctx->error.detail));
    if (!atomic_load(&ledger->commit.scrub_due)) return;
    rc = command_run_own(ctx, ledger, scrub_again, NULL);
    if (rc != RC_OK)
        log_warn("ledger", "destroyed keys are still in the log: " STR_FMT,
                 STR_ARG(ctx->error.detail));
}

/* ---- timers: a heap by time, under the lock ---- */

static void swap(House *house, size_t a, size_t b) {
    Timer other = house->timers[a];
    house->timers[a] = house->timers[b];
    house->timers[b] = other;
}

static void sift_up(House *house, size_t i) {
    for (; i && house->timers[i].at < house->timers[(i - 1) / 2].at; i = (i - 1) / 2)
        swap(house, i, (i - 1) / 2);
}

static void sift_down(House *house, size_t i) {
    for (;;) {
        size_t least = i, left = 2 * i + 1;
        for (size_t child = left; child < left + 2 && child < house->len; child++) {
            if (house->timers[child].at < house->timers[least].at) least = child;
        }
        if (least == i) return;
        swap(house, i, least);
        i = least;
    }
}

/* Takes one out; its key is the caller's to free. */
static Timer take_timer(House *house, size_t i) {
    Timer timer = house->timers[i];
    house->timers[i] = house->timers[--house->len];
    if (i < house->len) {
        sift_up(house, i);
        sift_down(house, i);
    }
    return timer;
}

static void put_timer(House *house, Timer timer) {
    if (house->len == house->cap) {
        house->cap = house->cap ? house->cap * 2 : 16;
        house->timers = mem_grow(house->timers, house->cap * sizeof timer);
    }
    char *key = mem_alloc(timer.key.len);
    if (timer.key.len) memcpy(key, timer.key.ptr, timer.key.len);
    timer.key.ptr = key;
    house->timers[house->len++] = timer;
    sift_up(house, house->len - 1);
}

static void free_key(Timer timer) {
    mem_free((void *)(uintptr_t)timer.key.ptr);
}

static void drop_timer(House *house, Str key) {
    for (size_t i = 0; i < house->len; i++) {
        if (!str_eq(house->timers[i].key, key)) continue;
        free_key(take_timer(house, i));
        return;
    }
}

/* What runs may set its timer again: that one goes, too. */
static void wait_for_timer(House *house, Str key) {
    if (pthread_equal(pthread_self(), house->thread)) return;
    while (str_eq(house->runs, key) && house->runs.len)
        pthread_cond_wait(&house->ran, &house->lock);
    drop_timer(house, key);
}

void ledger_timer(Ledger *ledger, Str key, int64_t at, LedgerDue due, void *arg) {
    House *house = &ledger->house;
    pthread_mutex_lock(&house->lock);
    drop_timer(house, key);
    if (at == TIME_NONE) wait_for_timer(house, key);
    if (at != TIME_NONE) put_timer(house, (Timer){key, at, due, arg});
    pthread_cond_signal(&house->wake);
    pthread_mutex_unlock(&house->lock);
}

/* Runs one timer that is due, without the lock. */
static bool run_timer(Ledger *ledger) {
    House *house = &ledger->house;
    bool due = house->len && house->timers[0].at <= time_now(ledger->options.clock);
    if (!due) return false;
    Timer timer = take_timer(house, 0);
    house->runs = timer.key;
    pthread_mutex_unlock(&house->lock);
    timer.due(timer.arg, ledger, timer.key, timer.at);
    pthread_mutex_lock(&house->lock);
    house->runs = STR_NONE;
    pthread_cond_broadcast(&house->ran);
    free_key(timer);
    return true;
}

/* ---- the thread ---- */

/* When to look again: at the next timer or checkpoint; often where a test moves the clock. */
static int64_t next_look(const Ledger *ledger, int64_t checkpoint_at) {
    const House *house = &ledger->house;
    const Clock *clock = ledger->options.clock;
    if (house->len == 0) return checkpoint_at;
    bool fixed = clock && clock->fixed != TIME_NONE;
    int64_t wait = fixed ? TIME_SECOND / 50 : house->timers[0].at - time_now(clock);
    int64_t at = time_monotonic() + (wait > 0 ? wait : 0);
    return at < checkpoint_at ? at : checkpoint_at;
}

static void *house_thread(void *arg) {
    Ledger *ledger = arg;
    House *house = &ledger->house;
    Rand rand = rand_system();
    Ctx ctx = {.arena = arena_new(ARENA_MAX),
               .scratch = arena_new(ARENA_MAX),
               .clock = ledger->options.clock,
               .rand = &rand};
    int64_t every = ledger->options.checkpoint_every;
    int64_t checkpoint_at = time_monotonic() + every;
    pthread_mutex_lock(&house->lock);
    while (!house->stop) {
        if (run_timer(ledger)) continue;
        if (time_monotonic() >= checkpoint_at) {
            pthread_mutex_unlock(&house->lock);
            every_second(&ctx, ledger);
            arena_reset(ctx.arena);
            checkpoint_at = time_monotonic() + every;
            pthread_mutex_lock(&house->lock);
            continue;
        }
        (void)thread_cond_wait(&house->wake, &house->lock, next_look(ledger, checkpoint_at));
    }
    pthread_mutex_unlock(&house->lock);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return NULL;
}

void house_init(Ledger *ledger) {
    House *house = &ledger->house;
    pthread_mutex_init(&house->lock, NULL);
    thread_cond_init(&house->wake);
    pthread_cond_init(&house->ran, NULL);
    house->hasher = tree_hasher_new();
    house->note = buf_new(NULL, 1 << 16);
}

void house_start(Ledger *ledger) {
    House *house = &ledger->house;
    house->running = thread_start(&house->thread, "ledger-house", house_thread, ledger);
    assert(house->running); /* fails only without memory */
}

void house_stop(Ledger *ledger) {
    House *house = &ledger->house;
    if (!house->running) return;
    pthread_mutex_lock(&house->lock);
    house->stop = true;
    pthread_cond_signal(&house->wake);
    pthread_mutex_unlock(&house->lock);
    pthread_join(house->thread, NULL);
    house->running = false;
}

void house_free(Ledger *ledger) {
    House *house = &ledger->house;
    for (size_t i = 0; i < house->len; i++)
        free_key(house->timers[i]);
    mem_free(house->timers);
    buf_free(&house->note);
    tree_hasher_free(house->hasher);
    pthread_cond_destroy(&house->wake);
    pthread_cond_destroy(&house->ran);
    pthread_mutex_destroy(&house->lock);
}
