/* The server as a whole: options, routes, threads, end. */
#include "http_int.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a zero in the options means. */
static HttpOptions with_defaults(HttpOptions o, Clock *clock) {
    if (!o.host.len) o.host = STR("127.0.0.1");
    if (o.loops <= 0) o.loops = 1;
    if (o.pool <= 0) o.pool = 2;
    if (!o.max_connections) o.max_connections = 10000;
    if (!o.pool_queue) o.pool_queue = 1024;
    if (!o.body_memory) o.body_memory = (size_t)256 << 20;
    if (o.head_timeout <= 0) o.head_timeout = 10 * TIME_SECOND;
    if (o.body_timeout <= 0) o.body_timeout = 60 * TIME_SECOND;
    if (o.idle_timeout <= 0) o.idle_timeout = 75 * TIME_SECOND;
    if (o.handler_timeout <= 0) o.handler_timeout = 30 * TIME_SECOND;
    if (!o.clock) o.clock = clock;
    return o;
}

static Loop *loop_new(HttpServer *server, int index) {
    Loop *loop = mem_zero(sizeof *loop);
    Worker *worker = &loop->worker;
    *worker = (Worker){.server = server, .loop = loop, .place = HTTP_LOOP, .index = index};
    worker->rand = rand_system();
    worker->ctx = (Ctx){.arena = arena_new(ARENA_MAX),
                        .scratch = arena_new(ARENA_MAX),
                        .clock = server->options.clock,
                        .rand = &worker->rand};
    return loop;
}

Rc http_server_new(Ctx *ctx, const HttpOptions *options, HttpServer **out) {
    HttpServer *server = mem_zero(sizeof *server);
    server->clock = (Clock){.fixed = TIME_NONE};
    server->options = with_defaults(*options, &server->clock);
    server->arena = arena_new(1 << 20);
    server->options.host = str_dup(server->arena, server->options.host);
    if (options->route_log.len) {
        Rc rc = routelog_open(ctx, options->route_log, &server->log);
        if (rc != RC_OK) {
            arena_free(server->arena);
            mem_free(server);
            return rc;
        }
    }
    server->router = router_new();
    server->bodies = bodies_new(server->options.body_memory);
    *out = server;
    return RC_OK;
}

void http_routes(HttpServer *server, const HttpRoute *routes, size_t n) {
    assert(!server->started);
    for (size_t i = 0; i < n; i++) {
        router_add(server->router, &routes[i]);
        vec_push(server->arena, &server->routes, &routes[i]);
        if (server->log) routelog_route(server->log, &routes[i]);
    }
}

const HttpRoute *http_route_at(const HttpServer *server, size_t index) {
    return index < server->routes.len ? server->routes.items[index] : NULL;
}

void http_lend(HttpServer *server, const void *lent) {
    server->lent = lent;
}

int http_port(const HttpServer *server) {
    return server->port;
}

/* ---- start ---- */

static Rc read_address(Ctx *ctx, const HttpOptions *options, struct sockaddr_storage *out) {
    Str host = str_eq(options->host, STR("localhost")) ? STR("127.0.0.1") : options->host;
    const char *z = str_z(ctx->arena, host);
    if (uv_ip4_addr(z, options->port, (struct sockaddr_in *)out) == 0 ||
        uv_ip6_addr(z, options->port, (struct sockaddr_in6 *)out) == 0)
        return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-address", STR_NONE,
                    "'" STR_FMT "' is no IP address to listen on: give one like 127.0.0.1 or ::1.",
                    STR_ARG(host));
}

static void set_port(struct sockaddr_storage *address, int port) {
    if (address->ss_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
}

/* With SO_REUSEPORT a second server of the same user would silently get half of the connections: a
   socket without it finds out whether the port is free. */
static bool port_is_taken(const struct sockaddr_storage *address) {
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool taken =
        bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 && errno == EADDRINUSE;
    close(fd);
    return taken;
}

static int bound_port(Loop *loop) {
    struct sockaddr_storage address;
    int len = sizeof address;
    int rc = uv_tcp_getsockname(&loop->listener, (struct sockaddr *)&address, &len);
    assert(rc == 0); /* it listens */
    return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                              : ((struct sockaddr_in6 *)&address)->sin6_port);
}

static Rc open_loops(Ctx *ctx, HttpServer *server, struct sockaddr_storage *address) {
    const HttpOptions *options = &server->options;
    bool shared = options->loops > 1;
    if (shared && options->port && port_is_taken(address))
        return ctx_fail(ctx, RC_FAILED, "listen", STR_NONE,
                        "Port %d is in use: stop the other program, or choose another port.",
                        options->port);
    for (int i = 0; i < options->loops; i++) {
        Loop *loop = server->loops[i] = loop_new(server, i);
        TRY(loop_open(ctx, loop, (struct sockaddr *)address, shared));
        if (i == 0) server->port = bound_port(loop);
        set_port(address, server->port);
    }
    return RC_OK;
}

static void free_loops(HttpServer *server) {
    for (int i = 0; server->loops && i < server->options.loops; i++)
        if (server->loops[i]) loop_free(server->loops[i]);
    server->loops = NULL;
}

/* Descriptors of files, clients and the pools, beside those of the connections. */
#define OTHER_DESCRIPTORS 1024

/* A connection is a descriptor: the usual soft limit of 1024 would refuse them long before
 * max_connections does. Where the system allows fewer, fewer connections are taken: refusing one
 * with an answer is better than failing to open a file. */
static void make_room(HttpOptions *options) {
    struct rlimit limit;
    rlim_t wanted = options->max_connections + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted) return;
    rlim_t room = limit.rlim_cur > 2 * OTHER_DESCRIPTORS ? limit.rlim_cur - OTHER_DESCRIPTORS
                                                         : limit.rlim_cur / 2;
    log_info(
        "http",
        "at most %llu of the %zu connections are taken at once, as the system allows %llu open "
        "descriptors: ulimit -Hn %llu makes room for all",
        (unsigned long long)room, options->max_connections, (unsigned long long)limit.rlim_cur,
        (unsigned long long)wanted);
    options->max_connections = (size_t)room;
}

Rc http_server_listen(Ctx *ctx, HttpServer *server) {
    const HttpOptions *options = &server->options;
    assert(!server->loops);
    make_room(&server->options);
    struct sockaddr_storage address = {0};
    TRY(read_address(ctx, options, &address));
    server->loops = NEW_ARRAY(server->arena, Loop *, options->loops);
    Rc rc = open_loops(ctx, server, &address);
    if (rc != RC_OK) free_loops(server);
    return rc;
}

Rc http_server_start(Ctx *ctx, HttpServer *server) {
    const HttpOptions *options = &server->options;
    assert(!server->started);
    if (!server->loops) TRY(http_server_listen(ctx, server));
    server->pool = pool_new(server, HTTP_POOL, options->pool, options->loops, options->pool_queue);
    server->slow =
        pool_new(server, HTTP_SLOW, 1, options->loops + options->pool, options->pool_queue);
    server->started = true;
    pool_start(server->pool);
    pool_start(server->slow);
    for (int i = 0; i < options->loops; i++)
        loop_start(server->loops[i]);
    return RC_OK;
}

/* ---- end ---- */

void http_server_stop(HttpServer *server, int64_t grace) {
    if (!server->started || atomic_load(&server->stop_at)) return;
    int64_t deadline = time_monotonic() + grace;
    atomic_store(&server->stop_at, deadline);
    for (int i = 0; i < server->options.loops; i++)
        loop_wake(server->loops[i]);
    pool_stop(server->pool, deadline);
    pool_stop(server->slow, deadline);
    for (int i = 0; i < server->options.loops; i++)
        loop_join(server->loops[i]);
}

void http_server_free(HttpServer *server) {
    if (!server) return;
    http_server_stop(server, 0);
    if (server->started) {
        pool_free(server->pool);
        pool_free(server->slow);
    }
    free_loops(server);
    if (server->log) routelog_close(server->log);
    router_free(server->router);
    bodies_free(server->bodies);
    arena_free(server->arena);
    mem_free(server);
}

/* ---- counters ---- */

static uint64_t read_counter(const _Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_loop(HttpCounters *sum, const LoopCounters *counters) {
    sum->requests += read_counter(&counters->requests);
    for (size_t i = 0; i < sizeof sum->by_class / sizeof *sum->by_class; i++)
        sum->by_class[i] += read_counter(&counters->by_class[i]);
    sum->bytes_in += read_counter(&counters->bytes_in);
    sum->bytes_out += read_counter(&counters->bytes_out);
    sum->connections += read_counter(&counters->connections);
    sum->connections_refused += read_counter(&counters->refused);
    sum->malformed += read_counter(&counters->malformed);
    sum->timeouts += read_counter(&counters->timeouts);
}

HttpCounters http_counters(const HttpServer *server) {
    HttpCounters sum = {0};
    if (!server->started) return sum;
    for (int i = 0; i < server->options.loops; i++)
        add_loop(&sum, &server->loops[i]->counters);
    sum.connections_now = atomic_load(&server->connections);
    PoolCounters pool = pool_counters(server->pool), slow = pool_counters(server->slow);
    BodiesCounters bodies = bodies_counters(server->bodies);
    sum.body_bytes = bodies.held;
    sum.bodies_refused = bodies.refused;
    sum.pool_waiting = pool.waiting;
    sum.slow_waiting = slow.waiting;
    sum.pool_full = pool.full + slow.full;
    sum.pool_late = pool.late + slow.late;
    return sum;
}
