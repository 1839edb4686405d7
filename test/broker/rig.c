#include "rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- the server that is notified ---- */

struct Receiver {
    Arena *arena;
    Rand rand;
    Clock clock;
    HttpServer *server;
    pthread_mutex_t lock;
    Gots got;
    bool mended;
    VEC(HttpExchange *) hanging;
};

static bool before(void *arg, HttpExchange *x) {
    http_set_data(x, arg);
    return false;
}

static int answer_of(const Receiver *receiver, Str at) {
    size_t n = 0;
    for (size_t i = 0; i < receiver->got.len; i++)
        n += str_eq(receiver->got.items[i].at, at);
    if (str_starts(at, STR("fail2"))) return n <= 2 ? 503 : 200;
    if (str_starts(at, STR("down"))) return receiver->mended ? 200 : 503;
    return str_starts(at, STR("gone")) ? 410 : 200;
}

void receiver_mend(Receiver *receiver) {
    pthread_mutex_lock(&receiver->lock);
    receiver->mended = true;
    pthread_mutex_unlock(&receiver->lock);
}

static void notified(HttpExchange *x) {
    Receiver *receiver = http_data(x);
    Str at = http_path_param(x, "at");
    pthread_mutex_lock(&receiver->lock);
    Got got = {.at = str_dup(receiver->arena, at),
               .body = str_dup(receiver->arena, http_body(x)),
               .type = str_dup(receiver->arena, http_header(x, "content-type")),
               .secret = str_dup(receiver->arena, http_header(x, "x-secret")),
               .when = time_monotonic()};
    vec_push(receiver->arena, &receiver->got, got);
    int status = answer_of(receiver, at);
    bool hang = str_starts(at, STR("hang"));
    if (hang) {
        http_defer(x);
        vec_push(receiver->arena, &receiver->hanging, x);
    }
    pthread_mutex_unlock(&receiver->lock);
    if (!hang) http_answer_empty(x, status);
}

static const HttpRoute routes[] = {
    {.methods = HTTP_POST, .pattern = "/{at}", .handler = notified, .max_body = 16 << 20},
};

Receiver *receiver_start(int port) {
    Receiver *receiver = mem_zero(sizeof *receiver);
    receiver->arena = arena_new(1 << 30);
    receiver->rand = rand_seeded(2);
    receiver->clock.fixed = TIME_NONE;
    pthread_mutex_init(&receiver->lock, NULL);
    Ctx ctx = {.arena = receiver->arena,
               .scratch = receiver->arena,
               .clock = &receiver->clock,
               .rand = &receiver->rand};
    HttpOptions options = {
        .host = STR("127.0.0.1"), .port = port, .loops = 1, .before = before, .arg = receiver};
    assert_int_equal(http_server_new(&ctx, &options, &receiver->server), RC_OK);
    http_routes(receiver->server, routes, 1);
    assert_int_equal(http_server_start(&ctx, receiver->server), RC_OK);
    return receiver;
}

int receiver_port(const Receiver *receiver) {
    return http_port(receiver->server);
}

void receiver_stop(Receiver *receiver) {
    if (!receiver) return;
    http_server_stop(receiver->server, 0);
    for (size_t i = 0; i < receiver->hanging.len; i++)
        http_answer_empty(receiver->hanging.items[i], 200);
    http_server_free(receiver->server);
    pthread_mutex_destroy(&receiver->lock);
    arena_free(receiver->arena);
    mem_free(receiver);
}

Gots receiver_got(Receiver *receiver, Arena *arena, Str at) {
    Gots out = {0};
    pthread_mutex_lock(&receiver->lock);
    for (size_t i = 0; i < receiver->got.len; i++)
        if (str_eq(receiver->got.items[i].at, at)) vec_push(arena, &out, receiver->got.items[i]);
    pthread_mutex_unlock(&receiver->lock);
    return out;
}

static void nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

Gots receiver_wait(Receiver *receiver, Arena *arena, Str at, size_t n) {
    int64_t until = time_monotonic() + 10 * TIME_SECOND;
    Gots got = receiver_got(receiver, arena, at);
    while (got.len < n && time_monotonic() < until) {
        nap();
        got = receiver_got(receiver, arena, at);
    }
    return got;
}

/* ---- the city ---- */

void rig_open_city(Rig *rig) {
    CityOptions options = {.data = str_of(rig->folder),
                           .host = STR("127.0.0.1"),
                           .loops = 1,
                           .pool = 2,
                           .sandbox = true};
    Rc rc = city_open(&rig->ctx, &options, &rig->city);
    if (rc != RC_OK) print_error(STR_FMT "\n", STR_ARG(rig->ctx.error.detail));
    assert_int_equal(rc, RC_OK);
    rig->tenant = city_tenant(rig->city, STR_NONE);
}

void rig_close_city(Rig *rig) {
    city_close(rig->city);
    rig->city = NULL;
}

void rig_lose_local(Rig *rig) {
    char command[160];
    snprintf(command, sizeof command, "rm %s/tenants/default/local.db*", rig->folder);
    assert_int_equal(system(command), 0);
}

int rig_set_up(void **state) {
    Rig *rig = mem_zero(sizeof *rig);
    const char *disk = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(rig->folder, sizeof rig->folder, "%s/machi-broker-XXXXXX", disk);
    assert_non_null(mkdtemp(rig->folder));
    rig->clock.fixed = TIME_NONE;
    rig->rand = rand_seeded(3);
    rig->ctx = (Ctx){.arena = arena_new(1 << 30),
                     .scratch = arena_new(1 << 30),
                     .clock = &rig->clock,
                     .rand = &rig->rand};
    rig->client = http_client_new((HttpClientOptions){0});
    rig->receiver = receiver_start(0);
    rig->port = receiver_port(rig->receiver);
    rig_open_city(rig);
    *state = rig;
    return 0;
}

int rig_tear_down(void **state) {
    Rig *rig = *state;
    char command[128];
    rig_close_city(rig);
    receiver_stop(rig->receiver);
    http_client_free(rig->client);
    snprintf(command, sizeof command, "rm -rf %s", rig->folder);
    assert_int_equal(system(command), 0);
    arena_free(rig->ctx.scratch);
    arena_free(rig->ctx.arena);
    mem_free(rig);
    return 0;
}

Str rig_json(Arena *arena, const char *text) {
    Buf out = buf_new(arena, 16 << 20);
    for (const char *c = text; *c; c++)
        buf_add_char(&out, *c == '\'' ? '"' : *c);
    Str made = buf_str(&out);
    return (Str){str_z(arena, made), made.len};
}

HttpReply rig_answer(Rig *rig, HttpMethod method, const char *target, const char *body) {
    HttpReply reply;
    Str headers[2] = {str_of(rig->header)};
    size_t n = rig->header != NULL;
    if (body) headers[n++] = STR("Content-Type: application/json");
    HttpCall call = {.method = method,
                     .url = str_fmt(rig->ctx.arena, "http://127.0.0.1:%d/ngsi-ld/v1%s",
                                    city_port(rig->city), target),
                     .headers = headers,
                     .n_headers = n,
                     .timeout = 2 * TIME_MINUTE, /* large bodies, under sanitizers */
                     .body = body ? rig_json(rig->ctx.arena, body) : STR_NONE};
    assert_int_equal(http_client_call(&rig->ctx, rig->client, &call, &reply), RC_OK);
    if (reply.status >= 300) print_message("# %.100s: " STR_FMT "\n", target, STR_ARG(reply.body));
    return reply;
}

int rig_ask(Rig *rig, HttpMethod method, const char *target, const char *body) {
    return rig_answer(rig, method, target, body).status;
}

Str rig_read(Rig *rig, const char *target) {
    HttpReply reply = rig_answer(rig, HTTP_GET, target, NULL);
    assert_int_equal(reply.status, 200);
    return reply.body;
}

void rig_subscribe(Rig *rig, const char *at, const char *more) {
    Str body =
        str_fmt(rig->ctx.arena,
                "{'id':'urn:ngsi-ld:Subscription:%s','type':'Subscription',%s,"
                "'notification':{'format':'keyValues','endpoint':{'uri':"
                "'http://127.0.0.1:%d/%s','receiverInfo':[{'key':'X-Secret','value':'s'}]}}}",
                at, more, rig->port, at);
    assert_int_equal(rig_ask(rig, HTTP_POST, "/subscriptions", body.ptr), 201);
}

void rig_settle(Rig *rig) {
    int64_t until = time_monotonic() + 10 * TIME_SECOND;
    while (time_monotonic() < until &&
           (broker_matched(rig->tenant) < ledger_head(rig->tenant->ledger) ||
            broker_waiting(rig->tenant)))
        nap();
    assert_int_equal(broker_matched(rig->tenant), ledger_head(rig->tenant->ledger));
}

bool has(Str text, const char *part) {
    return str_find(text, str_of(part)) >= 0;
}
