/* What our server costs above the bare engine: fixed answers of 300 bytes and 11 KB. */
#include "bare.h"
#include "load.h"

#include "http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SMALL = 300, LARGE = 11 * 1024, ROUNDS = 5, SECONDS = 1, CONNECTIONS = 64 };

static char text[LARGE];

static void small(HttpExchange *x) {
    http_answer(x, 200, STR("application/json"), (Str){text, SMALL});
}

static void large(HttpExchange *x) {
    http_answer(x, 200, STR("application/json"), (Str){text, LARGE});
}

static const HttpRoute routes[] = {
    {.methods = HTTP_GET, .pattern = "/small/{id}", .handler = small},
    {.methods = HTTP_GET, .pattern = "/large/{id}", .handler = large},
};

static void ours(void *arg, ServeReport report) {
    (void)arg;
    memset(text, 'a', sizeof text);
    Ctx ctx = {.arena = arena_new(1 << 20)};
    HttpServer *server;
    HttpOptions options = {.loops = 1, .pool = 1};
    if (http_server_new(&ctx, &options, &server) != RC_OK) return;
    http_routes(server, routes, sizeof routes / sizeof *routes);
    if (http_server_start(&ctx, server) != RC_OK) return;
    report(http_port(server));
    pause();
}

static void bare(void *arg, ServeReport report) {
    bare_serve(*(const size_t *)arg, report);
}

static double measure(void (*serve)(void *, ServeReport), size_t body, const char *path) {
    Served served = load_serve(serve, &body);
    double rate = load_get(served.port, path, CONNECTIONS, SECONDS);
    load_end(served);
    return rate;
}

/* Rounds of both in turn, so that a disturbance of the machine meets both. */
static void compare(size_t body, const char *path, const char *name) {
    double engine[ROUNDS], server[ROUNDS], ratio[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        engine[i] = measure(bare, body, "/");
        server[i] = measure(ours, body, path);
        ratio[i] = server[i] / engine[i];
    }
    char row[128];
    snprintf(row, sizeof row, "bare engine, fixed %s", name);
    load_row(row, "-", load_median(engine, ROUNDS), "answers/s");
    snprintf(row, sizeof row, "our router, fixed %s, of the bare engine", name);
    load_row(row, ">=0.85", load_median(ratio, ROUNDS), "ratio");
}

static void print_port(int port) {
    printf("%d\n", port);
    fflush(stdout);
}

/* Without arguments: the rows. "serve BYTES": the bare engine alone, for bench/run. */
int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "serve")) {
        bare_serve((size_t)strtoul(argv[2], NULL, 10), print_port);
        return 1;
    }
    compare(SMALL, "/small/urn:ngsi-ld:Thing:1", "300 bytes");
    compare(LARGE, "/large/urn:ngsi-ld:Thing:1", "11 KB");
    return 0;
}
