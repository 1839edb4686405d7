/* Which routes were exercised: a line a route, a line an answer. For test runs. */
#include "http_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct RouteLog {
    int fd;
    _Atomic bool failed;
};

Rc routelog_open(Ctx *ctx, Str path, RouteLog **out) {
    int fd = open(str_z(ctx->arena, path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return ctx_fail(ctx, RC_FAILED, "route-log", STR_NONE,
                        "Cannot write the route log " STR_FMT ": %s.", STR_ARG(path),
                        strerror(errno));
    RouteLog *log = mem_zero(sizeof *log);
    log->fd = fd;
    *out = log;
    return RC_OK;
}

/* One write a line: with O_APPEND lines of several threads don't mix. */
static void line(RouteLog *log, const char *text, int len) {
    if (write(log->fd, text, (size_t)len) == len || atomic_exchange(&log->failed, true)) return;
    log_error("http", "the route log is incomplete: %s", strerror(errno));
}

void routelog_route(RouteLog *log, const HttpRoute *route) {
    char text[512];
    int len = snprintf(text, sizeof text, "ROUTE %s %s\n", exchange_method_name(route->methods),
                       route->pattern);
    assert(len > 0 && (size_t)len < sizeof text);
    line(log, text, len);
}

void routelog_answer(RouteLog *log, const HttpExchange *x, int status) {
    const HttpRoute *route = x->match.route;
    if (!route) return;
    char text[512];
    int len = snprintf(text, sizeof text, "%s %s %d\n", exchange_method_name(route->methods),
                       route->pattern, status);
    assert(len > 0 && (size_t)len < sizeof text);
    line(log, text, len);
}

void routelog_close(RouteLog *log) {
    close(log->fd);
    mem_free(log);
}
