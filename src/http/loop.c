/* An event loop thread: its listener, its connections, its inbox. */
#include "http_int.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

enum { SWEEP_MIN = 10, SWEEP_MAX = 250, BACKLOG = 1024, LOOP_DATE = 29 };

static const HttpOptions *options_of(const Loop *loop) {
    return &loop->worker.server->options;
}

/* ---- memory of exchanges ---- */

Arena *loop_arena(Loop *loop) {
    if (!loop->arenas.len) return arena_new(ARENA_MAX);
    return loop->arenas.items[--loop->arenas.len];
}

void loop_arena_back(Loop *loop, Arena *arena) {
    arena_reset(arena);
    vec_push(loop->own, &loop->arenas, arena);
}

/* ---- the date, once a second ---- */

/* IMF-fixdate (RFC 9110, 5.6.7). Not strftime, which looks at the time zone files. */
static void write_date(char *to, size_t size, int64_t t) {
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t day = t / TIME_DAY, second = t % TIME_DAY / TIME_SECOND;
    Date date = time_days_date(day);
    int len = snprintf(to, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[time_weekday(date)],
                       date.day, months[date.month - 1], date.year, (int)(second / 3600),
                       (int)(second / 60 % 60), (int)(second % 60));
    assert(len == LOOP_DATE);
}

Str loop_date(Loop *loop) {
    uint64_t now = uv_now(&loop->uv);
    if (now >= loop->date_until) {
        int64_t t = time_now(loop->worker.ctx.clock);
        write_date(loop->date, sizeof loop->date, t);
        loop->date_until = now + 1000 - (uint64_t)(t % TIME_SECOND) / 1000;
    }
    return (Str){loop->date, LOOP_DATE};
}

/* ---- inbox ---- */

void loop_post(Loop *loop, Post *post) {
    Post *newest = atomic_load_explicit(&loop->inbox, memory_order_relaxed);
    do
        post->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&loop->inbox, &newest, post, memory_order_release,
                                                  memory_order_relaxed));
    if (!newest) loop_wake(loop); /* else whoever was first has woken it */
}

void loop_wake(Loop *loop) {
    uv_async_send(&loop->wake);
}

static void take(Loop *loop, HttpExchange *x) {
    Conn *conn = x->conn;
    switch (x->task) {
    case TASK_RUN:
        exchange_run(x, &loop->worker);
        break;
    case TASK_STREAM:
        sse_begin(x);
        break;
    case TASK_ANSWER:
        conn_answer(conn, x->answer_type, x->answer_body);
        conn_end(conn);
        break;
    }
    conn_pump(conn);
}

static void drain(Loop *loop) {
    Post *newest = atomic_exchange_explicit(&loop->inbox, NULL, memory_order_acquire);
    Post *oldest = NULL;
    while (newest) {
        Post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        Post *post = oldest;
        oldest = post->next; /* before the post is anyone else's again */
        if (post->sse)
            sse_take(post);
        else
            take(loop, (HttpExchange *)((char *)post - offsetof(HttpExchange, post)));
    }
}

/* ---- stopping ---- */

static void on_sweep(uv_timer_t *timer);

static void begin_stop(Loop *loop, int64_t at) {
    int64_t left = at - time_monotonic();
    loop->stop_at = uv_now(&loop->uv) + (left > 0 ? (uint64_t)(left / 1000) : 0) + 1;
    uv_close((uv_handle_t *)&loop->listener, NULL);
    for (Conn *conn = loop->live; conn; conn = conn->after)
        conn_stop(conn);
    uv_timer_start(&loop->sweep, on_sweep, SWEEP_MIN, SWEEP_MIN);
}

static void go_on_stopping(Loop *loop) {
    bool late = uv_now(&loop->uv) >= loop->stop_at, open = false;
    for (Conn *conn = loop->live; conn; conn = conn->after) {
        if (late) conn_close(conn);
        open |= !conn->closed;
    }
    if (!loop->n_live || (late && !open)) uv_stop(&loop->uv);
}

static void on_wake(uv_async_t *wake) {
    Loop *loop = wake->data;
    int64_t stop_at = atomic_load(&loop->worker.server->stop_at);
    if (stop_at && !loop->stop_at) begin_stop(loop, stop_at);
    drain(loop);
}

static void on_sweep(uv_timer_t *timer) {
    Loop *loop = timer->data;
    uint64_t now = uv_now(&loop->uv);
    for (Conn *conn = loop->live, *next; conn; conn = next) {
        next = conn->after;
        conn_check(conn, now);
    }
    if (loop->stop_at) go_on_stopping(loop);
}

static void on_check(uv_check_t *check) {
    Loop *loop = check->data;
    options_of(loop)->quiet(options_of(loop)->arg, loop->worker.index);
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status < 0)
        log_warn("http", "a connection could not be accepted: %s", uv_strerror(status));
    else
        conn_accept(listener->data, listener);
}

/* ---- life ---- */

static uint64_t sweep_millis(const HttpOptions *options) {
    int64_t least = options->head_timeout;
    if (options->body_timeout < least) least = options->body_timeout;
    if (options->idle_timeout < least) least = options->idle_timeout;
    int64_t millis = least / 4000;
    return (uint64_t)(millis < SWEEP_MIN ? SWEEP_MIN : millis > SWEEP_MAX ? SWEEP_MAX : millis);
}

/* libuv 1.44 cannot set SO_REUSEPORT itself. */
static int share_port(Loop *loop) {
    uv_os_fd_t fd;
    int on = 1, rc = uv_fileno((uv_handle_t *)&loop->listener, &fd);
    if (rc < 0) return rc;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0
               ? uv_translate_sys_error(errno)
               : 0;
}

static int listen_on(Loop *loop, const struct sockaddr *address, bool shared) {
    int rc = uv_tcp_init_ex(&loop->uv, &loop->listener, address->sa_family);
    assert(rc == 0);
    loop->listener.data = loop;
    if (shared) rc = share_port(loop);
    if (rc == 0) rc = uv_tcp_bind(&loop->listener, address, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&loop->listener, BACKLOG, on_connection);
    return rc;
}

static void handles(Loop *loop) {
    int rc = uv_loop_init(&loop->uv);
    if (rc == 0) rc = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (rc == 0) rc = uv_check_init(&loop->uv, &loop->check);
    if (rc == 0) rc = uv_timer_init(&loop->uv, &loop->sweep);
    assert(rc == 0); /* no descriptors left at the start */
    loop->wake.data = loop->check.data = loop->sweep.data = loop;
}

Rc loop_open(Ctx *ctx, Loop *loop, const struct sockaddr *address, bool shared) {
    loop->own = arena_new(ARENA_MAX);
    loop->read = mem_alloc(LOOP_READ);
    loop->out = mem_alloc(LOOP_OUT);
    handles(loop);
    const HttpOptions *options = options_of(loop);
    if (options->quiet) uv_check_start(&loop->check, on_check);
    uint64_t millis = sweep_millis(options);
    uv_timer_start(&loop->sweep, on_sweep, millis, millis);
    int rc = listen_on(loop, address, shared);
    if (rc == 0) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "listen", STR_NONE,
                    "Cannot listen on " STR_FMT " port %d: %s. Choose another address or port.",
                    STR_ARG(options->host), options->port, uv_strerror(rc));
}

static void *run(void *arg) {
    Loop *loop = arg;
    const HttpOptions *options = options_of(loop);
    Worker *worker = &loop->worker;
    if (options->thread)
        options->thread(options->arg, true, HTTP_LOOP, worker->index, &worker->ctx);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (options->thread)
        options->thread(options->arg, false, HTTP_LOOP, worker->index, &worker->ctx);
    return NULL;
}

void loop_start(Loop *loop) {
    bool started = thread_start(&loop->worker.thread, "http-loop", run, loop);
    assert(started); /* no threads left at the start */
    (void)started;
}

void loop_join(Loop *loop) {
    pthread_join(loop->worker.thread, NULL);
}

static void close_handle(uv_handle_t *handle, void *arg) {
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void free_memory(Loop *loop) {
    while (loop->free) {
        Conn *conn = loop->free;
        loop->free = conn->after;
        conn_free(conn);
    }
    for (size_t i = 0; i < loop->arenas.len; i++)
        arena_free(loop->arenas.items[i]);
    arena_free(loop->own);
    mem_free(loop->read);
    mem_free(loop->out);
    arena_free(loop->worker.ctx.scratch);
    arena_free(loop->worker.ctx.arena);
    mem_free(loop);
}

void loop_free(Loop *loop) {
    drain(loop);
    while (loop->live) {
        log_warn("http", "a deferred request was never resumed");
        conn_abandon(loop->live);
    }
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0);
    free_memory(loop);
}
