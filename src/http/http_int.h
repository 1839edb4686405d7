/* The inside of http/: one connection carries one exchange at a time; a loop owns its connections,
   a pool thread borrows an exchange. Whoever runs an exchange (its Run) is the only one to touch
   it. */
#ifndef HTTP_HTTP_INT_H
#define HTTP_HTTP_INT_H

#include "http.h"
#include "bodies.h"
#include "head.h"
#include "parse.h"
#include "router.h"

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

typedef struct Conn Conn;
typedef struct Loop Loop;
typedef struct Pool Pool;
typedef struct RouteLog RouteLog;

enum {
    LOOP_READ = 64 * 1024, /* bytes read at once, into a buffer that the loop's connections share */
    LOOP_OUT = 128 * 1024, /* bytes of answers gathered before one write */
    ANSWER_DIRECT = 4 * 1024, /* a body from this size on is written from where it lies */
    INPUT_MAX = 64 * 1024,    /* bytes that wait behind an exchange before reading stops */
    BODY_INLINE = 64 * 1024,  /* a body up to this size lies in the arena, allocated at once */
    LINGER_MAX = 1 << 20,     /* bytes read and thrown away after the last answer */
    BODY_SMALL = 16 * 1024,   /* a body up to this size that comes at once is counted by nobody */
    BODY_STEP = 4 * 1024,     /* what is held of bodies is counted in these */
};
#define ARENA_MAX ((size_t)2 << 30) /* what is parsed is bounded before; this only catches bugs */

/* ---- who runs an exchange ---- */

/* A thread that runs handlers. */
typedef struct Worker {
    HttpServer *server;
    Loop *loop; /* NULL: a pool thread */
    HttpPlace place;
    int index;
    Rand rand;
    Ctx ctx; /* lent to exchanges */
    pthread_t thread;
} Worker;

typedef enum RunEnd { RUN_NONE, RUN_ANSWERED, RUN_DEFERRED, RUN_MOVED, RUN_STREAM } RunEnd;

/* One call of a handler; on its caller's stack, so it can be read when the exchange is someone
 * else's already. */
typedef struct Run {
    Worker *worker;
    RunEnd end;
    HttpPlace place; /* RUN_MOVED */
} Run;

typedef VEC(HeadField) UrlPairs;

typedef enum Task { TASK_RUN, TASK_ANSWER, TASK_STREAM } Task;

/* An item of a loop's inbox. */
typedef struct Post {
    struct Post *next;
    bool sse; /* within an HttpSse, else within an HttpExchange */
} Post;

struct HttpExchange {
    Post post;
    Conn *conn;
    HttpServer *server;
    Run *run; /* NULL while deferred */
    Ctx ctx;
    Head head;
    RouterMatch match;
    HttpMethod method;
    Buf body; /* of its own memory, when it is large or chunked */
    Str inline_body;
    bool queries_read, seen_by_before;
    UrlPairs queries;
    const HttpForm *form;
    Str path;
    void *data;
    int64_t began;

    HttpHandler handler; /* next to run, unless then is set */
    HttpThen then;
    void *then_arg;
    Task task;
    int refuse;             /* status of an error that the server found itself */
    const char *refuse_why; /* sentence for the problem document, static */

    int status;       /* 0: not answered */
    UrlPairs headers; /* of the answer */
    Str answer_type, answer_body;
    HttpSse *sse;
};

/* ---- connections (conn.c): loop thread only ---- */

typedef enum ConnState {
    CONN_HEAD, /* waiting for, or within, a head */
    CONN_BODY,
    CONN_BUSY,   /* the exchange is with a handler, a queue or whoever deferred it */
    CONN_STREAM, /* server-sent events */
    CONN_LINGER, /* answered for the last time; reads and forgets until the peer closes */
} ConnState;

struct Conn {
    uv_tcp_t tcp;
    uv_shutdown_t shutdown;
    Loop *loop;
    Conn *before, *after; /* of the loop's live or free list */
    HttpExchange x;
    Parse *parse;
    char *in; /* bytes that came before they could be used */
    size_t in_len, in_cap;
    HeadSearch search;
    char peer[48];
    ConnState state;
    uint64_t deadline;    /* loop milliseconds, 0: none */
    uint64_t write_until; /* by when the peer must have read some of what waits */
    size_t write_queue, lingered;
    uint64_t network; /* whose share of bodies it takes; 0: nobody's */
    size_t held;      /* bytes of the body that are counted in the server's bodies */
    unsigned writes;  /* under way in libuv */
    bool heading;     /* within a head: deadline is the head's */
    bool blank;       /* the one empty line allowed before a head was seen */
    bool last;        /* no further request after this answer */
    bool reading, eof, closing, closed, shut, loopback;
};

void conn_accept(Loop *loop, uv_stream_t *listener);
/* Goes on after something happened outside of reading: an answer, a write that ended. */
void conn_pump(Conn *conn);
/* Writes the answer of the exchange. The body may be the caller's memory. */
void conn_answer(Conn *conn, Str type, Str body);
/* After the answer of the exchange: counts it and tells `after`. */
void conn_report(Conn *conn);
/* Gives back what the exchange held, makes ready for the next. */
void conn_forget(Conn *conn);
/* Both. */
void conn_end(Conn *conn);
/* Adds bytes to what goes out; conn_flush sends it. */
void conn_write(Conn *conn, Str bytes);
void conn_flush(Conn *conn);
void conn_close(Conn *conn);
/* Milliseconds of the loop passed: closes what is too late. */
void conn_check(Conn *conn, uint64_t now);
void conn_stop(Conn *conn);
/* Ends an exchange that nobody resumed before the server was freed. */
void conn_abandon(Conn *conn);
/* Gives the memory of a connection back. */
void conn_free(Conn *conn);

/* ---- loops (loop.c) ---- */

typedef struct LoopCounters {
    _Atomic uint64_t requests, by_class[6], bytes_in, bytes_out;
    _Atomic uint64_t connections, refused, malformed, timeouts;
} LoopCounters;

struct Loop {
    Worker worker;
    uv_loop_t uv;
    uv_tcp_t listener;
    uv_async_t wake;
    uv_check_t check;
    uv_timer_t sweep;
    _Atomic(Post *) inbox; /* newest first */
    Conn *live, *free;
    size_t n_live, n_free;
    VEC(Arena *) arenas; /* empty ones, to be reused */
    Arena *own;
    char *read, *out;
    size_t out_len;
    char date[64];
    uint64_t date_until; /* loop milliseconds */
    LoopCounters counters;
    uint64_t stop_at; /* loop milliseconds; 0: running */
};

/* Only the loop's thread adds, any thread reads. */
static inline void loop_count(_Atomic uint64_t *counter, uint64_t more) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

Rc loop_open(Ctx *ctx, Loop *loop, const struct sockaddr *address, bool shared);
void loop_start(Loop *loop);
void loop_join(Loop *loop);
/* After the thread has ended: runs what was resumed since, gives everything back. */
void loop_free(Loop *loop);
/* From any thread. */
void loop_post(Loop *loop, Post *post);
void loop_wake(Loop *loop);
Arena *loop_arena(Loop *loop);
void loop_arena_back(Loop *loop, Arena *arena);
/* "Sun, 06 Nov 1994 08:49:37 GMT", of this second. */
Str loop_date(Loop *loop);

/* ---- exchanges (exchange.c, reply.c, answer.c) ---- */

/* Runs the exchange's next function on this thread and sees to what comes of it. */
void exchange_run(HttpExchange *x, Worker *worker);
/* Has it run in a place; from a loop thread a loop's turn comes at once. */
void exchange_dispatch(HttpExchange *x, HttpPlace place, Worker *here);
/* Has an error that the server found itself answered on the loop. why: a static sentence. From any
 * thread. */
void exchange_refuse(HttpExchange *x, int status, const char *why, Worker *here);
/* Writes the status line and headers at `to`, which has answer_room bytes; returns how many. */
size_t answer_room(const HttpExchange *x, Str type);
size_t answer_head(HttpExchange *x, Str type, size_t length, char *to);
/* True when the status and method let a body follow. */
bool answer_has_body(const HttpExchange *x);
const char *exchange_method_name(HttpMethod method);
/* 0 for a method that no route can have. */
HttpMethod exchange_method(Str name);

/* ---- pools (pool.c) ---- */

typedef struct PoolCounters {
    uint64_t waiting, full, late;
} PoolCounters;
/* Threads are made by pool_start; first is the index of the first. */
Pool *pool_new(HttpServer *server, HttpPlace place, int threads, int first, size_t limit);
void pool_start(Pool *pool);
/* false: full, nothing was queued. force: queue nevertheless (a resumed exchange). */
bool pool_push(Pool *pool, HttpExchange *x, bool force);
/* Lets threads work off the queue until time_monotonic() passes deadline, refuses the rest, joins.
 */
void pool_stop(Pool *pool, int64_t deadline);
void pool_free(Pool *pool);
PoolCounters pool_counters(Pool *pool);

/* ---- server (server.c) ---- */

struct HttpServer {
    HttpOptions options;
    Clock clock;
    Router *router;
    VEC(const HttpRoute *) routes;
    Arena *arena;
    Loop **loops;
    Pool *pool, *slow;
    RouteLog *log;
    Bodies *bodies;
    const void *lent;
    int port;
    bool started;
    _Atomic size_t connections;
    _Atomic int64_t stop_at; /* time_monotonic(); 0: running */
};

/* ---- streams (sse.c): loop thread only, but for what http.h offers ---- */

/* The item came out of the inbox. */
void sse_take(Post *post);
/* The exchange's handler has returned, or the answer began elsewhere: writes the head. */
void sse_begin(HttpExchange *x);
/* A write ended: send what gathered meanwhile. */
void sse_written(HttpSse *sse);
/* The connection is gone: tells the owner, gives the handle back. */
void sse_gone(HttpSse *sse);
void sse_beat(HttpSse *sse, uint64_t now);

/* ---- small readers (url.c, cookie.c, form.c) ---- */

/* Decoded, or s itself when nothing is escaped. */
Str url_text(Arena *arena, Str s, bool plus_is_space);
/* True when the decoded text is UTF-8 without NUL. */
bool url_is_text(Arena *scratch, Str target);
void url_pairs(Arena *arena, Str query, UrlPairs *out);
Str cookie_find(Str header, Str name);
Rc form_parse(Ctx *ctx, Str type, Str body, HttpForm *form);

/* ---- log of exercised routes (routelog.c) ---- */

Rc routelog_open(Ctx *ctx, Str path, RouteLog **out);
void routelog_route(RouteLog *log, const HttpRoute *route);
void routelog_answer(RouteLog *log, const HttpExchange *x, int status);
void routelog_close(RouteLog *log);

#endif
