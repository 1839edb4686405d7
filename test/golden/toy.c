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

/* What is wrong, in the word of the path. */
static void lie(HttpExchange *x) {
    Str how = http_path_param(x, "how");
    if (str_eq(how, STR("status")))
        http_answer(x, 202, STR("application/json"), STR("{\"id\":\"a\",\"at\":1,\"text\":\"\"}"));
    else if (str_eq(how, STR("media")))
        http_answer(x, 200, STR("text/csv"), STR("a,b"));
    else if (str_eq(how, STR("shape")))
        http_answer(x, 200, STR("application/json"),
                    STR("{\"id\":\"a\",\"at\":\"now\",\"text\":\"\"}"));
    else if (str_eq(how, STR("body")))
        http_answer(x, 404, STR("text/plain"), STR("nothing"));
    else if (str_eq(how, STR("schemaless")))
        http_answer(x, 200, STR("application/ld+json"), STR("{}"));
    else
        http_answer(x, 200, STR("application/json"), STR("{\"id\":\"a\",\"at\":1,\"text\":\"\"}"));
}

/* What it says of itself; nothing of lies that it tells. */
static void description(HttpExchange *x) {
    static const char text[] =
        "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"toy\",\"version\":\"1\"},\"paths\":{"
        "\"/texts\":{\"put\":{\"responses\":{\"201\":{\"description\":\"kept\"}}}},"
        "\"/texts/{id}\":{\"get\":{\"responses\":{\"200\":{\"description\":\"it\",\"content\":"
        "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Text\"}}}}}}},"
        "\"/lies/{how}\":{\"get\":{\"parameters\":[{\"name\":\"how\",\"in\":\"path\","
        "\"required\":true,\"x-rest\":true}],\"responses\":{\"404\":{\"description\":\"none\"},"
        "\"200\":{\"description\":\"it\",\"content\":{\"application/ld+json\":{},"
        "\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Forms\"}}}}}}}},"
        "\"components\":{\"schemas\":{"
        "\"Text\":{\"type\":\"object\",\"required\":[\"id\",\"text\"],\"properties\":"
        "{\"at\":{\"type\":\"integer\"}}},"
        "\"Bare\":{\"type\":\"string\"},"
        "\"Forms\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/Text\"},"
        "{\"$ref\":\"#/components/schemas/Bare\"}],"
        "\"x-format\":{\"normalized\":\"Text\",\"simplified\":\"Bare\"}},"
        "\"ProblemDetails\":{\"type\":\"object\",\"required\":[\"type\",\"status\"]}}}}";
    http_answer(x, 200, STR("application/json"), str_of(text));
}

static const HttpRoute routes[] = {
    {.methods = HTTP_PUT, .pattern = "/texts", .handler = put, .max_body = 1000},
    {.methods = HTTP_GET, .pattern = "/texts/{id}", .handler = get},
    {.methods = HTTP_GET, .pattern = "/lies/{how...}", .handler = lie},
    {.methods = HTTP_GET, .pattern = "/openapi.json", .handler = description},
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
