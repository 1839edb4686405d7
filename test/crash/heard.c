#include "heard.h"

#include "http/http.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTS_MAX = 1 << 16 };

struct Heard {
    Arena *arena;
    Rand rand;
    Clock clock;
    HttpServer *server;
    pthread_mutex_t lock;
    uint64_t total;
    uint8_t told[CRASH_THREADS][CRASH_SLOTS][COUNTS_MAX / 8];
};

static bool before(void *arg, HttpExchange *x) {
    http_set_data(x, arg);
    return false;
}

static void tell(Heard *heard, const Json *entity) {
    unsigned thread, slot;
    char text[64];
    Str id = json_get_str(entity, "id");
    int64_t count = json_get_int(entity, VALUE, 0);
    if (id.len >= sizeof text || count < 0 || count >= COUNTS_MAX) abort();
    memcpy(text, id.ptr, id.len);
    text[id.len] = 0;
    if (sscanf(text, "urn:x:slot:%u:%u", &thread, &slot) != 2) abort();
    if (thread >= CRASH_THREADS || slot >= CRASH_SLOTS) abort();
    pthread_mutex_lock(&heard->lock);
    heard->told[thread][slot][count / 8] |= (uint8_t)(1 << count % 8);
    heard->total++;
    pthread_mutex_unlock(&heard->lock);
}

static void notified(HttpExchange *x) {
    const Json *body;
    Ctx *ctx = http_ctx(x);
    if (json_read(ctx, http_body(x), JSON_LIMITS_DEFAULT, &body) != RC_OK) {
        http_answer_empty(x, 400);
        return;
    }
    const Json *data = json_get(body, STR("data"));
    for (size_t i = 0; data && i < data->len; i++)
        tell(http_data(x), json_at(data, i));
    http_answer_empty(x, 200);
}

static const HttpRoute routes[] = {
    {.methods = HTTP_POST, .pattern = "/notified", .handler = notified, .max_body = 1 << 20},
};

Heard *heard_start(void) {
    Heard *heard = mem_zero(sizeof *heard);
    heard->arena = arena_new(64 << 20);
    heard->rand = rand_seeded(4);
    heard->clock.fixed = TIME_NONE;
    pthread_mutex_init(&heard->lock, NULL);
    Ctx ctx = {.arena = heard->arena,
               .scratch = heard->arena,
               .clock = &heard->clock,
               .rand = &heard->rand};
    HttpOptions options = {.host = STR("127.0.0.1"), .loops = 1, .before = before, .arg = heard};
    if (http_server_new(&ctx, &options, &heard->server) != RC_OK) abort();
    http_routes(heard->server, routes, 1);
    if (http_server_start(&ctx, heard->server) != RC_OK) abort();
    return heard;
}

void heard_stop(Heard *heard) {
    http_server_stop(heard->server, 0);
    http_server_free(heard->server);
    pthread_mutex_destroy(&heard->lock);
    arena_free(heard->arena);
    mem_free(heard);
}

int heard_port(const Heard *heard) {
    return http_port(heard->server);
}

void heard_clear(Heard *heard) {
    pthread_mutex_lock(&heard->lock);
    memset(heard->told, 0, sizeof heard->told);
    heard->total = 0;
    pthread_mutex_unlock(&heard->lock);
}

bool heard_count(Heard *heard, unsigned thread, unsigned slot, uint64_t count) {
    if (count >= COUNTS_MAX) abort();
    pthread_mutex_lock(&heard->lock);
    bool told = heard->told[thread][slot][count / 8] >> count % 8 & 1;
    pthread_mutex_unlock(&heard->lock);
    return told;
}

uint64_t heard_total(Heard *heard) {
    pthread_mutex_lock(&heard->lock);
    uint64_t total = heard->total;
    pthread_mutex_unlock(&heard->lock);
    return total;
}
