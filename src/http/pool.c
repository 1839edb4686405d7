/* Threads for handlers that read the store or wait: one queue, bounded, in order. */
#include "http_int.h"

struct Pool {
    HttpServer *server;
    HttpPlace place;
    pthread_mutex_t lock;
    pthread_cond_t work;
    Post *head, **tail; /* lock */
    size_t waiting, limit;
    PoolCounters counters; /* lock */
    int64_t stop_at;       /* lock; 0: running */
    Worker *workers;
    int n;
    bool started;
};

Pool *pool_new(HttpServer *server, HttpPlace place, int threads, int first, size_t limit) {
    Pool *pool = mem_zero(sizeof *pool);
    *pool = (Pool){.server = server, .place = place, .limit = limit, .n = threads};
    pool->tail = &pool->head;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->workers = mem_zero(sizeof(Worker) * (size_t)threads);
    for (int i = 0; i < threads; i++) {
        Worker *worker = &pool->workers[i];
        *worker = (Worker){.server = server, .place = place, .index = first + i};
        worker->rand = rand_system();
        worker->ctx = (Ctx){.arena = arena_new(ARENA_MAX),
                            .scratch = arena_new(ARENA_MAX),
                            .clock = server->options.clock,
                            .rand = &worker->rand};
    }
    return pool;
}

bool pool_push(Pool *pool, HttpExchange *x, bool force) {
    pthread_mutex_lock(&pool->lock);
    bool fits = force || (pool->waiting < pool->limit && !pool->stop_at);
    if (fits) {
        x->post.next = NULL;
        *pool->tail = &x->post;
        pool->tail = &x->post.next;
        pool->waiting++;
        pthread_cond_signal(&pool->work);
    } else {
        pool->counters.full++;
    }
    pthread_mutex_unlock(&pool->lock);
    return fits;
}

/* Under the lock. */
static HttpExchange *pop(Pool *pool) {
    Post *post = pool->head;
    if (!post) return NULL;
    pool->head = post->next;
    if (!pool->head) pool->tail = &pool->head;
    pool->waiting--;
    return (HttpExchange *)((char *)post - offsetof(HttpExchange, post));
}

/* What was resumed runs in any case: its argument belongs to it. */
static bool too_late(Pool *pool, const HttpExchange *x) {
    if (x->then) return false;
    int64_t now = time_monotonic();
    return now >= x->ctx.deadline || (pool->stop_at && now >= pool->stop_at);
}

static void work(Pool *pool, Worker *worker, HttpExchange *x, bool late) {
    const HttpOptions *options = &pool->server->options;
    if (late)
        exchange_refuse(x, 503, "The request waited too long for its turn. Try again in a moment.",
                        worker);
    else
        exchange_run(x, worker);
    if (options->quiet) options->quiet(options->arg, worker->index);
}

static void serve(Pool *pool, Worker *worker) {
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        HttpExchange *x = pop(pool);
        if (!x && pool->stop_at) break;
        if (!x) {
            pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        bool late = too_late(pool, x);
        pool->counters.late += late;
        pthread_mutex_unlock(&pool->lock);
        work(pool, worker, x, late);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void *run(void *arg) {
    Worker *worker = arg;
    HttpServer *server = worker->server;
    const HttpOptions *options = &server->options;
    if (options->thread)
        options->thread(options->arg, true, worker->place, worker->index, &worker->ctx);
    serve(worker->place == HTTP_SLOW ? server->slow : server->pool, worker);
    if (options->thread)
        options->thread(options->arg, false, worker->place, worker->index, &worker->ctx);
    return NULL;
}

void pool_start(Pool *pool) {
    for (int i = 0; i < pool->n; i++) {
        Worker *worker = &pool->workers[i];
        bool started = thread_start(
            &worker->thread, pool->place == HTTP_SLOW ? "http-slow" : "http-pool", run, worker);
        assert(started); /* no threads left at the start */
        (void)started;
    }
    pool->started = true;
}

void pool_stop(Pool *pool, int64_t deadline) {
    pthread_mutex_lock(&pool->lock);
    pool->stop_at = deadline;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; pool->started && i < pool->n; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pool->started = false;
}

void pool_free(Pool *pool) {
    for (HttpExchange *x; (x = pop(pool));) /* resumed after the threads had ended */
        exchange_run(x, &pool->workers[0]);
    for (int i = 0; i < pool->n; i++) {
        arena_free(pool->workers[i].ctx.scratch);
        arena_free(pool->workers[i].ctx.arena);
    }
    mem_free(pool->workers);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}

PoolCounters pool_counters(Pool *pool) {
    pthread_mutex_lock(&pool->lock);
    PoolCounters counters = pool->counters;
    counters.waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return counters;
}
