#include "ledger_int.h"

enum { ARENA_MAX = 1 << 30, POOL_MAX = 1024, POOLED_ARENA_MAX = 256 << 10 };

/* ---- making ---- */

/* 48 bits of milliseconds, big endian, then random bits: the index of ids stays append-only. */
static void id_begin(CommandId *id, const Clock *clock) {
    uint64_t ms = (uint64_t)(time_now(clock) / 1000);
    for (int i = 0; i < 6; i++)
        id->bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
}

static Arena *pooled_arena(CommandPool *pool, CommandId *id) {
    pthread_mutex_lock(&pool->lock);
    Rand rand = rand_system_ahead(&pool->ahead);
    rand_bytes(&rand, id->bytes, sizeof id->bytes);
    Command *spare = pool->free;
    if (spare) {
        pool->free = spare->next;
        pool->len--;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!spare) return arena_new(ARENA_MAX);
    Arena *arena = spare->arena;
    arena_reset(arena);
    return arena;
}

Command *command_new(Ledger *ledger, CommandHead head) {
    CommandId id;
    Arena *arena = pooled_arena(&ledger->pool, &id);
    Command *command = NEW(arena, Command);
    command->ledger = ledger;
    command->arena = arena;
    command->id = id;
    id_begin(&command->id, ledger->options.clock);
    Str *const texts[] = {&head.kind,    &head.actor,   &head.post,
                          &head.purpose, &head.case_id, &head.channel};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = str_dup(arena, *texts[i]);
    command->head = head;
    return command;
}

void command_free(Command *command) {
    if (!command) return;
    Ledger *ledger = command->ledger;
    CommandPool *pool = &ledger->pool;
    bool small = arena_used(command->arena) <= POOLED_ARENA_MAX;
    pthread_mutex_lock(&pool->lock);
    bool keep = small && pool->len < POOL_MAX;
    if (keep) {
        command->next = pool->free;
        pool->free = command;
        pool->len++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep) arena_free(command->arena);
}

void command_pool_free(CommandPool *pool) {
    for (Command *command = pool->free, *next; command; command = next) {
        next = command->next;
        arena_free(command->arena);
    }
    pthread_mutex_destroy(&pool->lock);
}

Arena *command_arena(Command *command) {
    return command->arena;
}

CommandId command_id(const Command *command) {
    return command->id;
}

void command_take_id(Command *command, const CommandId *id) {
    command->id = *id;
}

void command_add(Command *command, const PartKind *kind, const void *args) {
    (void)vec_push(command->arena, &command->parts, (Part){kind, args});
}

void command_needs(Command *command, Str id) {
    (void)vec_push(command->arena, &command->needs, str_dup(command->arena, id));
}

/* ---- the queue ---- */

void command_queue_init(CommandQueue *queue, size_t max) {
    queue->max = max;
    pthread_mutex_init(&queue->lock, NULL);
    thread_cond_init(&queue->wake);
}

void command_queue_free(CommandQueue *queue) {
    pthread_cond_destroy(&queue->wake);
    pthread_mutex_destroy(&queue->lock);
}

void command_queue_wake(CommandQueue *queue) {
    pthread_mutex_lock(&queue->lock);
    pthread_cond_signal(&queue->wake);
    pthread_mutex_unlock(&queue->lock);
}

bool command_queue_push(CommandQueue *queue, Command *command) {
    if (atomic_fetch_add(&queue->len, 1) >= queue->max) {
        atomic_fetch_sub(&queue->len, 1);
        return false;
    }
    Command *newest = atomic_load(&queue->newest);
    do
        command->next = newest;
    while (!atomic_compare_exchange_weak(&queue->newest, &newest, command));
    if (!command->gathered && atomic_load(&queue->sleeping)) command_queue_wake(queue);
    return true;
}

void ledger_gather(Ledger *ledger) {
    atomic_store(&ledger->gathers, true);
}

void command_gathered(Command *command) {
    command->gathered = atomic_load(&command->ledger->gathers);
}

void ledger_hand_over(Ledger *ledger) {
    CommandQueue *queue = &ledger->queue;
    if (atomic_load(&queue->newest) && atomic_load(&queue->sleeping)) command_queue_wake(queue);
}

static Command *in_order(CommandQueue *queue, Command *newest) {
    Command *oldest = NULL;
    size_t n = 0;
    while (newest) {
        Command *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
        n++;
    }
    atomic_fetch_sub(&queue->len, n);
    return oldest;
}

Command *command_queue_take(CommandQueue *queue, const atomic_bool *closing) {
    Command *newest = atomic_exchange(&queue->newest, NULL);
    if (newest || !closing || atomic_load(closing)) return in_order(queue, newest);
    pthread_mutex_lock(&queue->lock);
    atomic_store(&queue->sleeping, true); /* before the last look: who pushes later sees it */
    while (!(newest = atomic_exchange(&queue->newest, NULL)) && !atomic_load(closing))
        pthread_cond_wait(&queue->wake, &queue->lock);
    atomic_store(&queue->sleeping, false);
    pthread_mutex_unlock(&queue->lock);
    return in_order(queue, newest);
}

/* ---- submitting ---- */

static Rc busy(Ctx *ctx, const char *code, const char *what) {
    return ctx_fail(ctx, RC_BUSY, code, STR_NONE, "%s", what);
}

static Rc check_mode(Ctx *ctx, Ledger *ledger) {
    if (atomic_load(&ledger->closing))
        return busy(ctx, "closing", "The city is shutting down: try again in a minute.");
    switch ((LedgerMode)atomic_load(&ledger->mode)) {
    case LEDGER_RUNS:
        return RC_OK;
    case LEDGER_BEHIND:
        return busy(ctx, "state-behind",
                    "The current state is being rebuilt: try again in some minutes.");
    case LEDGER_STOPPED:
        break;
    }
    return busy(ctx, "store-stopped",
                "The store had an I/O error and is being reopened: try again.");
}

/* A leaf may hold a thousand events, so what it left in memory counts as well. */
static bool lags(Ledger *ledger) {
    uint64_t head = atomic_load(&ledger->head), state = atomic_load(&ledger->state);
    WorksetCounts counts = workset_counts(ledger->set);
    size_t most = ledger->options.lag_events;
    return head - state > most || counts.pinned > most || counts.pinned_bytes > LEDGER_LAG_BYTES;
}

/* The state projection pushes back: pool threads wait for it, loop threads go to the pool. */
static Rc wait_for_state(Ctx *ctx, Ledger *ledger) {
    int64_t until = ctx->deadline ? ctx->deadline : time_monotonic() + 30 * TIME_SECOND;
    while (lags(ledger)) {
        if (!ctx->db || time_monotonic() >= until || atomic_load(&ledger->closing))
            return busy(ctx, "backlog", "More is coming in than can be worked off: try again.");
        pthread_mutex_lock(&ledger->moved_lock);
        atomic_fetch_add(&ledger->waiting, 1);
        int64_t wake = time_monotonic() + 100 * 1000;
        (void)thread_cond_wait(&ledger->moved, &ledger->moved_lock, wake < until ? wake : until);
        atomic_fetch_sub(&ledger->waiting, 1);
        pthread_mutex_unlock(&ledger->moved_lock);
    }
    return RC_OK;
}

/* What no projection could take must not become a leaf: nobody could undo it. */
static Rc check_ids(Ctx *ctx, const Command *command) {
    VEC_EACH (const Str, id, &command->needs)
        if (!id->len || id->len > LD_IRI_MAX)
            return ctx_fail(ctx, RC_INVALID, "bad-id", STR("id"), "An id has 1 to %d bytes.",
                            LD_IRI_MAX);
    return RC_OK;
}

Rc ledger_submit(Ctx *ctx, Ledger *ledger, Command *command, CommandDone done, void *arg) {
    TRY(check_mode(ctx, ledger));
    TRY(check_ids(ctx, command));
    if (!command->own) {
        TRY(wait_for_state(ctx, ledger));
        TRY(read_needs(ctx, ledger, &command->needs));
    }
    command->done = done;
    command->arg = arg;
    if (command_queue_push(&ledger->queue, command)) return RC_OK;
    return busy(ctx, "queue-full", "Too many commands wait: try again.");
}

typedef struct Waiter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool over;
    Outcome outcome;
} Waiter;

static void wake_waiter(void *arg, Command *command, const Outcome *outcome) {
    (void)command;
    Waiter *waiter = arg;
    pthread_mutex_lock(&waiter->lock);
    waiter->outcome = *outcome;
    waiter->over = true;
    pthread_cond_signal(&waiter->cond);
    pthread_mutex_unlock(&waiter->lock);
}

Rc ledger_execute(Ctx *ctx, Ledger *ledger, Command *command, Outcome *outcome) {
    Waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    Rc rc = ledger_submit(ctx, ledger, command, wake_waiter, &waiter);
    if (rc != RC_OK) {
        *outcome = (Outcome){.rc = rc, .error = ctx->error};
        return rc;
    }
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.over)
        pthread_cond_wait(&waiter.cond, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    *outcome = waiter.outcome;
    if (outcome->rc != RC_OK) ctx_keep_error(ctx, &outcome->error);
    return outcome->rc;
}

Rc command_run_own(Ctx *ctx, Ledger *ledger, Rc (*own)(Ctx *, Ledger *, void *), void *arg) {
    Command *command = command_new(ledger, (CommandHead){0});
    Outcome outcome;
    command->own = own;
    command->own_arg = arg;
    Rc rc = ledger_execute(ctx, ledger, command, &outcome);
    command_free(command);
    return rc;
}
