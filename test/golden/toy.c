/* A server for the runner's own test: keeps one text. */
#include "http/http.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Buf kept;

static void put(HttpExchange *x) {
    buf_clear(&kept);
    buf_add(&kept, http_body(x));
    http_set_header(x, "Location", str_fmt(http_ctx(x)->arena, "/texts/%d", 4711));
    http_answer_empty(x, 201);
}

static void get(HttpExchange *x) {
    http_answer(x, 200, STR("application/json"),
                str_fmt(http_ctx(x)->arena,
                        "{\"id\":\"" STR_FMT "\",\"at\":%d,\"text\":\"" STR_FMT "\"}",
                        STR_ARG(http_path_param(x, "id")), 42, STR_ARG(buf_str(&kept))));
}

static void forgotten(HttpExchange *x) {
    http_answer_empty(x, 204);
}

static const HttpRoute routes[] = {
    {.methods = HTTP_PUT, .pattern = "/texts", .handler = put, .max_body = 1000},
    {.methods = HTTP_GET, .pattern = "/texts/{id}", .handler = get},
    {.methods = HTTP_DELETE, .pattern = "/other/{id}", .handler = forgotten},
};

int main(int argc, char **argv) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    Ctx ctx = {.arena = arena_new(1 << 20)};
    const char *log = getenv("MACHI_ROUTE_LOG");
    HttpServer *server;
    HttpOptions options = {.loops = 1, .pool = 1, .route_log = str_of(log)};
    kept = buf_new(NULL, 1000);
    if (http_server_new(&ctx, &options, &server) != RC_OK) return 1;
    http_routes(server, routes, sizeof routes / sizeof *routes);
    if (http_server_start(&ctx, server) != RC_OK) return 1;
    printf("toy listens on http://127.0.0.1:%d\n", http_port(server));
    fflush(stdout);
    int number;
    sigwait(&set, &number);
    http_server_free(server);
    buf_free(&kept);
    arena_free(ctx.arena);
    return argc > 1 && !strcmp(argv[1], "--fail") ? 3 : 0;
}
