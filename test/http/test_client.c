/* The client against our own server. */
#include "rig.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static void hang(HttpExchange *x) {
    rig_sleep(400);
    http_answer(x, 200, STR("text/plain"), STR("late"));
}

static void large(HttpExchange *x) {
    char *bytes = NEW_ARRAY(http_ctx(x)->arena, char, 100000);
    memset(bytes, 'a', 100000);
    http_answer(x, 200, STR("text/plain"), (Str){bytes, 100000});
}

static void elsewhere(HttpExchange *x) {
    http_redirect(x, 302, STR("http://127.0.0.1:1/"));
}

static void tell(HttpExchange *x) {
    Buf text = buf_new(http_ctx(x)->arena, 4096);
    buf_addf(&text, "%u " STR_FMT " " STR_FMT " " STR_FMT, (unsigned)http_method(x),
             STR_ARG(http_header(x, "X-A")), STR_ARG(http_header(x, "Content-Type")),
             STR_ARG(http_body(x)));
    http_set_header(x, "X-B", STR("back"));
    http_answer(x, 418, STR("text/plain"), buf_str(&text));
}

#define TELL(method)                                                                               \
    { .methods = (method), .pattern = "/tell", .handler = tell, .max_body = 1000 }
static const HttpRoute routes[] = {
    {.methods = HTTP_GET, .pattern = "/hang", .handler = hang, .place = HTTP_POOL},
    {.methods = HTTP_GET, .pattern = "/large", .handler = large},
    {.methods = HTTP_GET, .pattern = "/elsewhere", .handler = elsewhere},
    TELL(HTTP_GET),
    TELL(HTTP_POST),
    TELL(HTTP_PUT),
    TELL(HTTP_PATCH),
    TELL(HTTP_DELETE),
};

static int start(void **state) {
    static Rig rig;
    rig = rig_start((HttpOptions){.loops = 1, .pool = 4}, routes, sizeof routes / sizeof *routes);
    *state = &rig;
    return 0;
}

static int stop(void **state) {
    rig_stop(*state);
    return 0;
}

static Str url(Rig *rig, const char *path) {
    return str_fmt(rig->arena, "http://127.0.0.1:%d%s", rig->port, path);
}

static void every_method_carries_headers_and_body(void **state) {
    Rig *rig = *state;
    HttpClient *client = http_client_new((HttpClientOptions){0});
    const HttpMethod methods[] = {HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE};
    const Str headers[] = {STR("X-A: 1"), STR("Content-Type: application/json")};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        HttpReply reply;
        HttpCall call = {.method = methods[i],
                         .url = url(rig, "/tell"),
                         .headers = headers,
                         .n_headers = 2,
                         .body = methods[i] == HTTP_GET ? STR_NONE : STR("{}")};
        assert_int_equal(http_client_call(&rig->ctx, client, &call, &reply), RC_OK);
        assert_int_equal(reply.status, 418);
        Str expected = str_fmt(rig->arena, "%u 1 application/json %s", (unsigned)methods[i],
                               methods[i] == HTTP_GET ? "" : "{}");
        if (!str_eq(reply.body, expected)) fail_msg(STR_FMT, STR_ARG(reply.body));
        assert_true(str_eq(http_reply_header(&reply, "x-b"), STR("back")));
        assert_true(str_eq(reply.content_type, STR("text/plain")));
    }
    HttpReply reply;
    HttpCall head = {.method = HTTP_HEAD, .url = url(rig, "/hello")};
    assert_int_equal(http_client_call(&rig->ctx, client, &head, &reply), RC_OK);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body.len, 0);
    http_client_free(client);
}

static bool forbid_loopback(void *arg, Str host, Str address) {
    int *asked = arg;
    (*asked)++;
    assert_true(str_eq(host, STR("127.0.0.1")) || str_eq(host, STR("localhost")));
    return http_address_public(address);
}

static void bounds_hold(void **state) {
    Rig *rig = *state;
    int asked = 0;
    const struct {
        const char *name;
        Str url;
        int64_t timeout;
        size_t max;
        bool filter;
        Rc rc;
        int status;
    } cases[] = {
        {"fits", url(rig, "/large"), 0, 100000, false, RC_OK, 200},
        {"too large", url(rig, "/large"), 0, 99999, false, RC_LIMIT, 200},
        {"too slow", url(rig, "/hang"), 50000, 0, false, RC_LIMIT, 0},
        {"redirects are told, not followed", url(rig, "/elsewhere"), 0, 0, false, RC_OK, 302},
        {"nobody listens", STR("http://127.0.0.1:1/"), 0, 0, false, RC_FAILED, 0},
        {"a file", STR("file:///etc/passwd"), 0, 0, false, RC_INVALID, 0},
        {"gopher", STR("gopher://127.0.0.1/"), 0, 0, false, RC_INVALID, 0},
        {"no URL", STR("::::"), 0, 0, false, RC_INVALID, 0},
        {"a password in the URL", STR("http://a:b@127.0.0.1/"), 0, 0, false, RC_INVALID, 0},
        {"a forbidden address", url(rig, "/hello"), 0, 0, true, RC_DENIED, 0},
        {"a name of a forbidden address",
         str_fmt(rig->arena, "http://localhost:%d/hello", rig->port), 0, 0, true, RC_DENIED, 0},
        {"in clear beyond this machine", STR("http://192.0.2.1/"), 0, 0, false, RC_DENIED, 0},
        {"a number that is a forbidden address",
         str_fmt(rig->arena, "http://2130706433:%d/hello", rig->port), 0, 0, true, RC_DENIED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        HttpClient *client = http_client_new((HttpClientOptions){
            .allow = cases[i].filter ? forbid_loopback : NULL, .arg = &asked, .encrypted = true});
        HttpReply reply;
        HttpCall call = {.method = HTTP_GET,
                         .url = cases[i].url,
                         .timeout = cases[i].timeout,
                         .max_answer = cases[i].max};
        Rc rc = http_client_call(&rig->ctx, client, &call, &reply);
        http_client_free(client);
        if (rc != cases[i].rc || reply.status != cases[i].status)
            fail_msg("%s: %s %d " STR_FMT, cases[i].name, rc_name(rc), reply.status,
                     STR_ARG(reply.error));
        if (rc != RC_OK) assert_true(reply.error.len > 0 && rig->ctx.error.detail.len > 0);
    }
    assert_true(asked >= 3);
}

typedef struct Count {
    _Atomic int good, stopped, late, other;
} Count;

static void count(void *arg, const HttpReply *reply) {
    Count *c = arg;
    if (reply->rc == RC_OK && reply->status == 200)
        c->good++;
    else if (reply->rc == RC_BUSY)
        c->stopped++;
    else if (reply->rc == RC_LIMIT)
        c->late++;
    else
        c->other++;
}

static void many_calls_share_few_connections(void **state) {
    Rig *rig = *state;
    uint64_t before = http_counters(rig->server).connections;
    HttpClient *client =
        http_client_new((HttpClientOptions){.max_in_flight = 500, .max_per_host = 3});
    Count c = {0};
    HttpCall call = {.method = HTTP_GET, .url = url(rig, "/hello")};
    for (int i = 0; i < 300; i++)
        assert_int_equal(http_client_send(client, &call, count, &c), RC_OK);
    rig_until(c.good == 300);
    assert_true(http_counters(rig->server).connections - before <= 3);
    http_client_free(client);
}

static void too_many_calls_are_refused_and_the_end_ends_them(void **state) {
    Rig *rig = *state;
    HttpClient *client = http_client_new((HttpClientOptions){.max_in_flight = 5});
    Count c = {0};
    HttpCall call = {.method = HTTP_GET, .url = url(rig, "/hang")};
    for (int i = 0; i < 5; i++)
        assert_int_equal(http_client_send(client, &call, count, &c), RC_OK);
    assert_int_equal(http_client_send(client, &call, count, &c), RC_BUSY);
    HttpReply reply;
    assert_int_equal(http_client_call(&rig->ctx, client, &call, &reply), RC_BUSY);
    http_client_free(client);
    assert_int_equal(c.good + c.stopped + c.other, 5);
    assert_true(c.stopped > 0 && c.other == 0);
}

/* One of two has the host's only connection: the other's time ends while it waits, and what goes
   to another host (by name) has a connection of its own. */
static void what_waits_for_a_host_ends_by_its_time(void **state) {
    Rig *rig = *state;
    HttpClient *client = http_client_new((HttpClientOptions){.max_per_host = 1});
    Count slow = {0}, queued = {0}, other = {0};
    HttpCall hanging = {.method = HTTP_GET, .url = url(rig, "/hang")},
             quick = {.method = HTTP_GET, .url = url(rig, "/hello"), .timeout = 100000},
             elsewhere = {.method = HTTP_GET,
                          .url = str_fmt(rig->arena, "http://localhost:%d/hello", rig->port)};
    assert_int_equal(http_client_send(client, &hanging, count, &slow), RC_OK);
    assert_int_equal(http_client_send(client, &quick, count, &queued), RC_OK);
    assert_int_equal(http_client_send(client, &elsewhere, count, &other), RC_OK);
    rig_until(queued.late == 1 && other.good == 1);
    rig_until(slow.good == 1);
    http_client_free(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_carries_headers_and_body),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(many_calls_share_few_connections),
        cmocka_unit_test(what_waits_for_a_host_ends_by_its_time),
        cmocka_unit_test(too_many_calls_are_refused_and_the_end_ends_them),
    };
    return cmocka_run_group_tests_name("http client", tests, start, stop);
}
