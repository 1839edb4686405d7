/* The server through real sockets: order, framing, limits, time, hooks. */
#include "rig.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: a\r\n"

static void pool_item(HttpExchange *x) {
    rig_sleep(20);
    http_answer(x, 200, STR("text/plain"), http_path_param(x, "id"));
}

static void many_bytes(HttpExchange *x) {
    int64_t n = 0;
    if (!str_to_i64(http_query_or(x, "n", STR("0")), &n)) n = 0;
    char *bytes = NEW_ARRAY(http_ctx(x)->arena, char, n + 1);
    for (int64_t i = 0; i < n; i++)
        bytes[i] = (char)('a' + i % 26);
    http_answer(x, 200, STR("text/plain"), (Str){bytes, (size_t)n});
}

/* Tells what it understood of the request. */
static void mirror(HttpExchange *x) {
    Buf text = buf_new(http_ctx(x)->arena, 65536);
    buf_addf(&text, STR_FMT " " STR_FMT, STR_ARG(http_path(x)),
             STR_ARG(http_path_param(x, "rest")));
    for (size_t i = 0; i < http_query_count(x); i++) {
        Str name, value;
        http_query_at(x, i, &name, &value);
        buf_addf(&text, " " STR_FMT "=" STR_FMT, STR_ARG(name), STR_ARG(value));
    }
    buf_addf(&text, " [" STR_FMT "] [" STR_FMT "] " STR_FMT " %d", STR_ARG(http_header(x, "x-a")),
             STR_ARG(http_cookie(x, "sid")), STR_ARG(http_peer(x)), http_peer_loopback(x));
    http_set_header(x, "X-One", STR("1"));
    http_set_header(x, "x-one", STR("2"));
    http_add_header(x, "X-Two", STR("a"));
    http_add_header(x, "X-Two", STR("b"));
    http_set_cookie(
        x, (HttpSetCookie){.name = "sid", .value = STR("v"), .max_age = 60, .secure = true});
    http_answer(x, 200, STR("text/plain"), buf_str(&text));
}

static void form(HttpExchange *x) {
    const HttpForm *fields;
    if (http_form(x, &fields) != RC_OK)
        http_problem(x, (HttpProblem){.status = 400, .detail = http_ctx(x)->error.detail});
    else
        http_answer(x, 200, STR("text/plain"), http_form_value(fields, "a"));
}

static void empty(HttpExchange *x) {
    http_answer_empty(x, 204);
}

static void elsewhere(HttpExchange *x) {
    http_redirect(x, 303, STR("/hello"));
}

static void silent(HttpExchange *x) {
    (void)x;
}

static const HttpRoute routes[] = {
    {.methods = HTTP_GET, .pattern = "/pool/{id}", .handler = pool_item, .place = HTTP_POOL},
    {.methods = HTTP_GET, .pattern = "/bytes", .handler = many_bytes},
    {.methods = HTTP_GET, .pattern = "/mirror/{rest...}", .handler = mirror},
    {.methods = HTTP_POST, .pattern = "/form", .handler = form, .max_body = 1000},
    {.methods = HTTP_DELETE, .pattern = "/empty", .handler = empty},
    {.methods = HTTP_GET, .pattern = "/elsewhere", .handler = elsewhere},
    {.methods = HTTP_GET, .pattern = "/silent", .handler = silent},
};
#define ROUTES routes, sizeof routes / sizeof *routes

static int start(void **state) {
    static Rig rig;
    rig = rig_start((HttpOptions){.loops = 2, .pool = 2}, ROUTES);
    *state = &rig;
    return 0;
}

static int stop(void **state) {
    rig_stop(*state);
    return 0;
}

static void assert_body(const Reply *reply, int status, const char *body) {
    assert_int_equal(reply->status, status);
    assert_string_equal(reply->body, body);
}

/* ---- tables ---- */

static const struct {
    const char *name;
    Str request;
    int status;
    const char *body;   /* NULL: not looked at */
    const char *header; /* a header that must be there, with its value behind ": " */
} asks[] = {
    {"a route", STR("GET /hello HTTP/1.1\r\n" HOST "\r\n"), 200, "hello",
     "Content-Type: text/plain"},
    {"HEAD from GET", STR("HEAD /hello HTTP/1.1\r\n" HOST "\r\n"), 200, NULL, "Content-Length: 5"},
    {"decoded parameter", STR("GET /items/%E3%81%82%2Fb HTTP/1.1\r\n" HOST "\r\n"), 200, "あ/b",
     NULL},
    {"empty line first", STR("\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"), 200, "hello", NULL},
    {"absolute form", STR("GET http://A/hello?x HTTP/1.1\r\n" HOST "\r\n"), 200, "hello", NULL},
    {"upgrade is not taken",
     STR("GET /hello HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"), 200,
     "hello", NULL},
    {"length", STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde"), 200, "abcde",
     NULL},
    {"chunks",
     STR("POST /echo HTTP/1.1\r\n" HOST
         "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
     200, "abcde", NULL},
    {"no body", STR("POST /echo HTTP/1.1\r\n" HOST "\r\n"), 200, "", NULL},
    {"length 0", STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), 200, "", NULL},
    {"body at the limit",
     STR("POST /small HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n0123456789"), 200, "0123456789",
     NULL},
    {"body past the limit",
     STR("POST /small HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\n01234567890"), 413, NULL,
     "Content-Type: application/problem+json"},
    {"chunks past the limit",
     STR("POST /small HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n"),
     413, NULL, "Connection: close"},
    {"body on a GET", STR("GET /hello HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"), 413, NULL,
     NULL},
    {"unknown path", STR("GET /nowhere HTTP/1.1\r\n" HOST "\r\n"), 404,
     "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"There is "
     "nothing "
     "at this address.\"}",
     NULL},
    {"wrong method", STR("DELETE /items/x HTTP/1.1\r\n" HOST "\r\n"), 405, NULL,
     "Allow: GET, HEAD, PUT, OPTIONS"},
    {"OPTIONS", STR("OPTIONS /items/x HTTP/1.1\r\n" HOST "\r\n"), 204, "",
     "Allow: GET, HEAD, PUT, OPTIONS"},
    {"OPTIONS *", STR("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 204, "",
     "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
    {"no content", STR("DELETE /empty HTTP/1.1\r\n" HOST "\r\n"), 204, "", NULL},
    {"redirect", STR("GET /elsewhere HTTP/1.1\r\n" HOST "\r\n"), 303, "", "Location: /hello"},
    {"1.0 closes", STR("GET /hello HTTP/1.0\r\n\r\n"), 200, "hello", "Connection: close"},
    {"1.0 keeps alive", STR("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 200, "hello",
     "Connection: keep-alive"},
    {"handler without an answer", STR("GET /silent HTTP/1.1\r\n" HOST "\r\n"), 500, NULL, NULL},
    {"everything of a request",
     STR("GET /mirror/a%20b/c?q=%E3%81%82+1&r HTTP/1.1\r\n" HOST
         "X-A: 1\r\nCookie: a=b; sid=7\r\nx-a: 2\r\n\r\n"),
     200, "/mirror/a b/c a b/c q=あ 1 r= [1, 2] [7] 127.0.0.1 1", "X-One: 2"},
    {"cookie set", STR("GET /mirror/ HTTP/1.1\r\n" HOST "\r\n"), 200, NULL,
     "Set-Cookie: sid=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"},
    {"form",
     STR("POST /form HTTP/1.1\r\n" HOST
         "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\n\r\na=b+c"),
     200, "b c", NULL},
    {"no form",
     STR("POST /form HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\na=b"),
     400, NULL, NULL},
};

static void requests_get_their_answers(void **state) {
    Rig *rig = *state;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        Reply reply = rig_ask(rig, asks[i].request);
        bool header = !asks[i].header || strstr(reply.head, asks[i].header);
        bool body = !asks[i].body || (reply.body && !strcmp(reply.body, asks[i].body));
        if (reply.status != asks[i].status || !header || !body)
            fail_msg("%s:\n%s%s", asks[i].name, reply.head, reply.body);
        assert_true(strstr(reply.head, "\r\nDate: ") != NULL);
    }
}

static void the_same_requests_in_single_bytes_get_the_same_answers(void **state) {
    Rig *rig = *state;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        int fd = rig_connect(rig);
        int on = 1;
        setsockopt(fd, 6 /* TCP */, 1 /* NODELAY */, &on, sizeof on);
        for (size_t at = 0; at < asks[i].request.len; at++)
            rig_send(fd, str_sub(asks[i].request, at, at + 1));
        Reply reply = rig_read(rig, fd, str_starts(asks[i].request, STR("HEAD ")));
        close(fd);
        if (reply.status != asks[i].status) print_error("%s\n", asks[i].name);
        assert_int_equal(reply.status, asks[i].status);
        if (asks[i].body && reply.body) assert_string_equal(reply.body, asks[i].body);
    }
}

/* ---- one connection ---- */

static void a_connection_serves_many_requests(void **state) {
    Rig *rig = *state;
    int fd = rig_connect(rig);
    for (int i = 0; i < 50; i++) {
        rig_say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
        Reply reply = rig_read(rig, fd, false);
        assert_body(&reply, 200, "hello");
    }
    rig_say(fd, "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    assert_int_equal(rig_read(rig, fd, false).status, 200);
    assert_true(rig_closes(fd, 2000));
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state) {
    Rig *rig = *state;
    Buf text = buf_new(rig->arena, 1 << 20);
    for (int i = 0; i < 60; i++)
        buf_addf(&text, "GET /%s/%d HTTP/1.1\r\n" HOST "\r\n", i % 10 == 5 ? "pool" : "items", i);
    int fd = rig_connect(rig);
    rig_send(fd, buf_str(&text));
    for (int i = 0; i < 60; i++) {
        char expected[12];
        snprintf(expected, sizeof expected, "%d", i);
        Reply reply = rig_read(rig, fd, false);
        assert_body(&reply, 200, expected);
    }
    close(fd);
}

static void pipelined_requests_behind_a_half_closed_socket_are_answered(void **state) {
    Rig *rig = *state;
    int fd = rig_connect(rig);
    rig_say(fd, "GET /pool/1 HTTP/1.1\r\n" HOST "\r\nGET /items/2 HTTP/1.1\r\n" HOST "\r\n");
    shutdown(fd, SHUT_WR);
    Reply first = rig_read(rig, fd, false), second = rig_read(rig, fd, false);
    assert_body(&first, 200, "1");
    assert_body(&second, 200, "2");
    assert_true(rig_closes(fd, 2000));
    close(fd);
}

static void a_refused_short_body_leaves_the_connection_usable(void **state) {
    Rig *rig = *state;
    int fd = rig_connect(rig);
    rig_say(fd, "POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabc");
    rig_say(fd, "deGET /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(rig_read(rig, fd, false).status, 404);
    Reply reply = rig_read(rig, fd, false);
    assert_body(&reply, 200, "hello");
    close(fd);
}

static void continue_is_said_before_the_body_and_refusal_instead_of_it(void **state) {
    Rig *rig = *state;
    int fd = rig_connect(rig);
    rig_say(fd, "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_int_equal(rig_read(rig, fd, true).status, 100);
    rig_say(fd, "abc");
    Reply reply = rig_read(rig, fd, false);
    assert_body(&reply, 200, "abc");
    rig_say(fd,
            "POST /small HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 99\r\n\r\n");
    assert_int_equal(rig_read(rig, fd, false).status, 413);
    assert_true(rig_closes(fd, 3000));
    close(fd);
}

static void large_bodies_come_and_go_whole(void **state) {
    Rig *rig = *state;
    size_t n = 1 << 20;
    Buf text = buf_new(rig->arena, 4 << 20);
    buf_addf(&text, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n", n);
    for (size_t i = 0; i < n; i++)
        buf_add_char(&text, (char)('a' + i % 23));
    Reply reply = rig_ask(rig, buf_str(&text));
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.len, n);
    assert_memory_equal(reply.body, text.ptr + text.len - n, n);
}

static void answers_reach_a_reader_who_starts_late(void **state) {
    Rig *rig = *state;
    int fd = rig_connect(rig);
    rig_say(fd,
            "GET /bytes?n=20000000 HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n");
    rig_sleep(100);
    Reply reply = rig_read(rig, fd, false);
    assert_int_equal(reply.len, 20000000);
    assert_int_equal(reply.body[19999999], 'a' + 19999999 % 26);
    reply = rig_read(rig, fd, false);
    assert_body(&reply, 200, "hello");
    close(fd);
}

static void bytes_behind_a_running_request_are_kept_within_bounds(void **state) {
    Rig *rig = *state;
    Buf text = buf_new(rig->arena, 8 << 20);
    buf_add(&text, STR("GET /pool/1 HTTP/1.1\r\n" HOST "\r\n"));
    for (int i = 0; i < 10000; i++)
        buf_add(&text, STR("GET /items/2 HTTP/1.1\r\n" HOST "\r\n"));
    int fd = rig_connect(rig);
    rig_send(fd, buf_str(&text));
    for (int i = 0; i < 10001; i++)
        assert_int_equal(rig_read(rig, fd, false).status, 200);
    close(fd);
}

/* ---- memory ---- */

static _Atomic int allocations;

static void count_malloc(const volatile void *at, size_t size) {
    (void)at, (void)size;
    allocations++;
}

static void count_free(const volatile void *at) {
    (void)at;
}

/* Of the sanitizers' run time; NULL in a build without. */
extern int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
                                                     void (*)(const volatile void *))
    __attribute__((weak));

static void ask_and_read(int fd, Str request, size_t answer) {
    char some[4096];
    rig_send(fd, request);
    while (answer) {
        ssize_t n = recv(fd, some, answer < sizeof some ? answer : sizeof some, 0);
        assert_true(n > 0);
        answer -= (size_t)n;
    }
}

static void requests_on_a_warm_connection_allocate_nothing(void **state) {
    (void)state;
    if (!__sanitizer_install_malloc_and_free_hooks) skip();
    Rig rig = rig_start((HttpOptions){.loops = 1}, ROUTES);
    const Str requests[] = {
        STR("GET /items/7 HTTP/1.1\r\n" HOST "Authorization: Bearer 0123456789\r\n\r\n"),
        STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde"),
        STR("GET /mirror/a?b=c HTTP/1.1\r\n" HOST "Cookie: sid=1\r\n\r\n"),
    };
    int fd = rig_connect(&rig);
    size_t lengths[3];
    for (int i = 0; i < 3; i++) {
        rig_send(fd, requests[i]);
        Reply reply = rig_read(&rig, fd, false);
        lengths[i] = strlen(reply.head) + reply.len;
    }
    assert_true(__sanitizer_install_malloc_and_free_hooks(count_malloc, count_free) > 0);
    /* The client may read an answer before the loop has its arena back; the next request then makes
     * a second one, once. */
    int made = 0;
    for (int round = 0; round < 5; round++) {
        int before = allocations;
        for (int i = 0; i < 300; i++)
            ask_and_read(fd, requests[i % 3], lengths[i % 3]);
        made = allocations - before;
        if (!made) break;
    }
    assert_int_equal(made, 0);
    close(fd);
    rig_stop(&rig);
}

/* ---- time and number ---- */

static void the_date_is_the_clocks(void **state) {
    (void)state;
    Clock clock = {.fixed = 0};
    const struct {
        const char *time, *date;
    } dates[] = {
        {"1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"2024-02-29T23:59:59.999Z", "Thu, 29 Feb 2024 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        char text[64];
        assert_true(time_parse(str_of(dates[i].time), &clock.fixed));
        Rig rig = rig_start((HttpOptions){.clock = &clock}, ROUTES);
        Reply reply = rig_ask(&rig, STR("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
        assert_string_equal(rig_header(&reply, "Date", text, sizeof text), dates[i].date);
        rig_stop(&rig);
    }
}

static void slow_clients_are_cut_off(void **state) {
    (void)state;
    Rig rig = rig_start(
        (HttpOptions){.head_timeout = 150000, .body_timeout = 150000, .idle_timeout = 300000},
        ROUTES);
    int fd = rig_connect(&rig); /* slow loris: a byte now and then does not help */
    for (int i = 0; i < 30; i++) {
        rig_say(fd, "G");
        rig_sleep(10);
    }
    assert_int_equal(rig_read(&rig, fd, false).status, 408);
    close(fd);
    fd = rig_connect(&rig);
    rig_say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab");
    assert_int_equal(rig_read(&rig, fd, false).status, 408);
    close(fd);
    fd = rig_connect(&rig);
    int64_t began = time_monotonic();
    assert_true(rig_closes(fd, 3000));
    assert_true(time_monotonic() - began >= 250000);
    close(fd);
    assert_true(http_counters(rig.server).timeouts >= 2);
    rig_stop(&rig);
}

static void a_client_that_does_not_read_is_closed(void **state) {
    (void)state;
    Rig rig = rig_start((HttpOptions){.idle_timeout = 200000}, ROUTES);
    int fd = rig_connect(&rig);
    rig_say(fd, "GET /bytes?n=50000000 HTTP/1.1\r\n" HOST "\r\n");
    rig_until(http_counters(rig.server).timeouts == 1);
    rig_until(http_counters(rig.server).connections_now == 0);
    close(fd);
    rig_stop(&rig);
}

static void clients_that_leave_amid_an_answer_harm_nobody(void **state) {
    (void)state;
    Rig rig = rig_start((HttpOptions){.loops = 1}, ROUTES);
    for (int i = 0; i < 20; i++) {
        int fd = rig_connect(&rig);
        for (int j = 0; j < 20; j++)
            rig_say(fd, "GET /bytes?n=300000 HTTP/1.1\r\n" HOST "\r\n");
        struct linger reset = {.l_onoff = 1};
        if (i % 2) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    rig_until(http_counters(rig.server).connections_now == 0);
    assert_int_equal(rig_ask(&rig, STR("GET /hello HTTP/1.1\r\n" HOST "\r\n")).status, 200);
    rig_stop(&rig);
}

static void connections_are_counted_and_bounded(void **state) {
    (void)state;
    Rig rig = rig_start((HttpOptions){.max_connections = 2}, ROUTES);
    int a = rig_connect(&rig), b = rig_connect(&rig);
    rig_until(http_counters(rig.server).connections_now == 2);
    int c = rig_connect(&rig);
    assert_int_equal(rig_read(&rig, c, false).status, 503);
    assert_true(rig_closes(c, 1000));
    close(c);
    close(a);
    rig_until(http_counters(rig.server).connections_now == 1);
    Reply reply = rig_ask(&rig, STR("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
    assert_body(&reply, 200, "hello");
    close(b);
    HttpCounters counters = http_counters(rig.server);
    assert_int_equal(counters.connections_refused, 1);
    assert_int_equal(counters.requests, 1);
    assert_int_equal(counters.by_class[2], 1);
    assert_true(counters.bytes_in > 0 && counters.bytes_out > 0);
    rig_stop(&rig);
}

/* A socket of [::] takes IPv4, too: who comes so is the same as on a socket of his own kind. */
static void an_ipv4_peer_is_told_as_such_on_every_socket(void **state) {
    (void)state;
    Rig rig = rig_start((HttpOptions){.host = STR("::"), .loops = 1}, ROUTES);
    Reply reply = rig_ask(&rig, STR("GET /mirror/ HTTP/1.1\r\n" HOST "\r\n"));
    assert_body(&reply, 200, "/mirror/  [] [] 127.0.0.1 1");
    rig_stop(&rig);
    static const char *const cases[][2] = {{"::ffff:192.0.2.1", "192.0.2.1"},
                                           {"::FFFF:192.0.2.1", "192.0.2.1"},
                                           {"192.0.2.1", "192.0.2.1"},
                                           {"::ffff:c000:201", "::ffff:c000:201"},
                                           {"2001:db8::1", "2001:db8::1"},
                                           {"::ffff:", "::ffff:"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(str_eq(http_unmapped(str_of(cases[i][0])), str_of(cases[i][1])));
}

static void the_listen_address_is_checked(void **state) {
    Rig *rig = *state;
    const struct {
        const char *host;
        int port;
        Rc rc;
    } listens[] = {{"not an address", 0, RC_INVALID}, {"127.0.0.1", rig->port, RC_FAILED}};
    for (size_t i = 0; i < sizeof listens / sizeof *listens; i++) {
        HttpServer *server;
        HttpOptions options = {
            .host = str_of(listens[i].host), .port = listens[i].port, .loops = 2};
        assert_int_equal(http_server_new(&rig->ctx, &options, &server), RC_OK);
        assert_int_equal(http_server_start(&rig->ctx, server), listens[i].rc);
        assert_true(rig->ctx.error.detail.len > 0);
        http_server_free(server);
    }
}

/* ---- hooks ---- */

typedef struct Hooks {
    _Atomic int before, after, quiet, threads, status;
} Hooks;

static bool before(void *arg, HttpExchange *x) {
    Hooks *hooks = arg;
    atomic_fetch_add(&hooks->before, 1);
    assert_non_null(http_route(x));
    if (!str_eq(http_query_or(x, "stop", STR("")), STR("1"))) return false;
    http_answer(x, 403, STR("text/plain"), STR("no"));
    return true;
}

static void after(void *arg, HttpExchange *x, int status, int64_t micros) {
    Hooks *hooks = arg;
    (void)x;
    assert_true(micros >= 0);
    atomic_store(&hooks->status, status);
    atomic_fetch_add(&hooks->after, 1);
}

static bool problem(void *arg, HttpExchange *x, int status) {
    (void)arg;
    if (status != 404) return false;
    http_answer(x, status, STR("text/html"), STR("<p>no"));
    return true;
}

static void quiet(void *arg, int thread) {
    Hooks *hooks = arg;
    assert_true(thread >= 0);
    atomic_fetch_add(&hooks->quiet, 1);
}

static void thread(void *arg, bool begins, HttpPlace place, int index, Ctx *ctx) {
    Hooks *hooks = arg;
    (void)place, (void)index;
    assert_true(ctx->arena && ctx->scratch && ctx->clock && ctx->rand);
    atomic_fetch_add(&hooks->threads, begins ? 1 : -1);
}

static void hooks_are_called_where_they_should_be(void **state) {
    (void)state;
    Hooks hooks = {0};
    Rig rig = rig_start((HttpOptions){.before = before,
                                      .after = after,
                                      .problem = problem,
                                      .quiet = quiet,
                                      .thread = thread,
                                      .arg = &hooks,
                                      .pool = 3},
                        ROUTES);
    rig_until(hooks.threads == 1 + 3 + 1);
    Reply reply = rig_ask(&rig, STR("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
    assert_body(&reply, 200, "hello");
    reply = rig_ask(&rig, STR("GET /pool/1?stop=1 HTTP/1.1\r\n" HOST "\r\n"));
    assert_body(&reply, 403, "no");
    assert_int_equal(hooks.status, 403);
    reply = rig_ask(&rig, STR("GET /nowhere HTTP/1.1\r\n" HOST "\r\n"));
    assert_body(&reply, 404, "<p>no");
    reply = rig_ask(&rig, STR("PATCH /hello HTTP/1.1\r\n" HOST "\r\n"));
    assert_int_equal(reply.status, 405);
    assert_int_equal(rig_ask(&rig, STR("OPTIONS /hello HTTP/1.1\r\n" HOST "\r\n")).status, 204);
    assert_int_equal(hooks.before, 2);
    assert_int_equal(hooks.after, 5);
    assert_true(hooks.quiet > 0);
    http_server_stop(rig.server, TIME_SECOND);
    assert_int_equal(hooks.threads, 0);
    rig_stop(&rig);
}

static void the_route_log_names_routes_and_answers(void **state) {
    (void)state;
    char path[] = "/tmp/machi-routes-XXXXXX", text[4096] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    Rig rig = rig_start((HttpOptions){.route_log = str_of(path)}, ROUTES);
    rig_ask(&rig, STR("HEAD /items/7 HTTP/1.1\r\n" HOST "\r\n"));
    rig_ask(&rig, STR("GET /nowhere HTTP/1.1\r\n" HOST "\r\n"));
    rig_stop(&rig);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    unlink(path);
    assert_non_null(strstr(text, "ROUTE GET /items/{id}\n"));
    assert_non_null(strstr(text, "\nGET /items/{id} 200\n"));
    assert_null(strstr(text, "404"));
}

/* ---- stopping ---- */

typedef struct Stopper {
    HttpServer *server;
    int64_t took;
} Stopper;

static void *stop_it(void *arg) {
    Stopper *stopper = arg;
    int64_t began = time_monotonic();
    http_server_stop(stopper->server, 5 * TIME_SECOND);
    stopper->took = time_monotonic() - began;
    return NULL;
}

static void nap(HttpExchange *x) {
    rig_sleep(300);
    http_answer(x, 200, STR("text/plain"), STR("slept"));
}

static void stopping_lets_requests_finish_and_closes_the_rest(void **state) {
    (void)state;
    const HttpRoute naps[] = {
        {.methods = HTTP_GET, .pattern = "/nap", .handler = nap, .place = HTTP_SLOW}};
    Rig rig = rig_start((HttpOptions){.loops = 2}, naps, 1);
    int idle = rig_connect(&rig), busy = rig_connect(&rig);
    rig_say(busy, "GET /nap HTTP/1.1\r\n" HOST "\r\n");
    rig_until(http_counters(rig.server).bytes_in > 0);
    rig_sleep(50);
    Stopper stopper = {.server = rig.server};
    pthread_t id;
    assert_int_equal(pthread_create(&id, NULL, stop_it, &stopper), 0);
    assert_true(rig_closes(idle, 2000));
    Reply reply = rig_read(&rig, busy, false);
    assert_body(&reply, 200, "slept");
    assert_non_null(strstr(reply.head, "Connection: close"));
    close(busy);
    pthread_join(id, NULL);
    assert_true(stopper.took < 4 * TIME_SECOND);
    close(idle);
    rig_stop(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_get_their_answers),
        cmocka_unit_test(the_same_requests_in_single_bytes_get_the_same_answers),
        cmocka_unit_test(a_connection_serves_many_requests),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(pipelined_requests_behind_a_half_closed_socket_are_answered),
        cmocka_unit_test(a_refused_short_body_leaves_the_connection_usable),
        cmocka_unit_test(continue_is_said_before_the_body_and_refusal_instead_of_it),
        cmocka_unit_test(large_bodies_come_and_go_whole),
        cmocka_unit_test(answers_reach_a_reader_who_starts_late),
        cmocka_unit_test(bytes_behind_a_running_request_are_kept_within_bounds),
        cmocka_unit_test(requests_on_a_warm_connection_allocate_nothing),
        cmocka_unit_test(the_date_is_the_clocks),
        cmocka_unit_test(slow_clients_are_cut_off),
        cmocka_unit_test(a_client_that_does_not_read_is_closed),
        cmocka_unit_test(clients_that_leave_amid_an_answer_harm_nobody),
        cmocka_unit_test(connections_are_counted_and_bounded),
        cmocka_unit_test(an_ipv4_peer_is_told_as_such_on_every_socket),
        cmocka_unit_test(the_listen_address_is_checked),
        cmocka_unit_test(hooks_are_called_where_they_should_be),
        cmocka_unit_test(the_route_log_names_routes_and_answers),
        cmocka_unit_test(stopping_lets_requests_finish_and_closes_the_rest),
    };
    return cmocka_run_group_tests_name("http server", tests, start, stop);
}
