/* What is answered later: deferred, moved, queued, streamed. */
#include "rig.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST      "Host: a\r\n"
#define ASK(path) STR("GET " path " HTTP/1.1\r\n" HOST "\r\n")

/* A thread that stands for the writer: takes exchanges in batches and resumes them. */
typedef struct Writer {
    pthread_t id;
    pthread_mutex_t lock;
    pthread_cond_t work;
    HttpExchange *queue[4096];
    size_t n;
    bool ending, holding;
    _Atomic int ran;
} Writer;

static Writer writer;

static void then_answer(HttpExchange *x, void *arg) {
    Writer *w = arg;
    atomic_fetch_add(&w->ran, 1);
    http_answer(x, 200, STR("text/plain"), http_path_param(x, "id"));
}

static void then_answer_in_pool(HttpExchange *x, void *arg) {
    rig_sleep(1);
    then_answer(x, arg);
}

static void resume(HttpExchange *x) {
    /* which way is the exchange's own data: it was set before the hand-over */
    switch ((intptr_t)http_data(x)) {
    case 1:
        http_resume(x, HTTP_LOOP, then_answer, &writer);
        break;
    case 2:
        http_resume(x, HTTP_POOL, then_answer_in_pool, &writer);
        break;
    default:
        http_answer(x, 200, STR("text/plain"), STR("direct"));
        break;
    }
}

static void *write_batches(void *arg) {
    Writer *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->ending || w->n) {
        if (!w->n || (w->holding && !w->ending)) {
            pthread_cond_wait(&w->work, &w->lock);
            continue;
        }
        HttpExchange *batch[4096];
        size_t n = w->n;
        memcpy(batch, w->queue, n * sizeof *batch);
        w->n = 0;
        pthread_mutex_unlock(&w->lock);
        for (size_t i = 0; i < n; i++)
            resume(batch[i]);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void writer_start(bool holding) {
    writer = (Writer){.holding = holding};
    pthread_mutex_init(&writer.lock, NULL);
    pthread_cond_init(&writer.work, NULL);
    assert_int_equal(pthread_create(&writer.id, NULL, write_batches, &writer), 0);
}

static size_t writer_waiting(void) {
    pthread_mutex_lock(&writer.lock);
    size_t n = writer.n;
    pthread_mutex_unlock(&writer.lock);
    return n;
}

static void writer_let_go(void) {
    pthread_mutex_lock(&writer.lock);
    writer.holding = false;
    pthread_cond_signal(&writer.work);
    pthread_mutex_unlock(&writer.lock);
}

static void writer_end(void) {
    pthread_mutex_lock(&writer.lock);
    writer.ending = true;
    pthread_cond_signal(&writer.work);
    pthread_mutex_unlock(&writer.lock);
    pthread_join(writer.id, NULL);
}

static void hand_over(HttpExchange *x, intptr_t way) {
    http_set_data(x, (void *)way); /* NOLINT: a number in a pointer */
    http_defer(x);
    pthread_mutex_lock(&writer.lock);
    writer.queue[writer.n++] = x;
    pthread_cond_signal(&writer.work);
    pthread_mutex_unlock(&writer.lock);
}

static void later_on_loop(HttpExchange *x) {
    hand_over(x, 1);
}

static void later_in_pool(HttpExchange *x) {
    hand_over(x, 2);
}

static void later_direct(HttpExchange *x) {
    hand_over(x, 3);
}

static void second(HttpExchange *x) {
    http_answer(x, 200, STR("text/plain"), http_data(x) ? STR("moved") : STR("lost"));
}

static void back_to_loop(HttpExchange *x) {
    rig_sleep(1);
    http_move(x, HTTP_LOOP, second);
}

static void moving(HttpExchange *x) {
    http_set_data(x, x);
    http_move(x, HTTP_POOL, back_to_loop);
}

static _Atomic int gate_open;

static void wait_at_gate(HttpExchange *x) {
    while (!gate_open)
        rig_sleep(2);
    http_answer(x, 200, STR("text/plain"), STR("through"));
}

static const HttpRoute routes[] = {
    {.methods = HTTP_GET, .pattern = "/loop/{id}", .handler = later_on_loop},
    {.methods = HTTP_GET, .pattern = "/pool/{id}", .handler = later_in_pool},
    {.methods = HTTP_GET,
     .pattern = "/from-pool/{id}",
     .handler = later_on_loop,
     .place = HTTP_POOL},
    {.methods = HTTP_GET, .pattern = "/direct/{id}", .handler = later_direct},
    {.methods = HTTP_GET, .pattern = "/move", .handler = moving},
    {.methods = HTTP_GET, .pattern = "/gate", .handler = wait_at_gate, .place = HTTP_POOL},
    {.methods = HTTP_GET, .pattern = "/slow-gate", .handler = wait_at_gate, .place = HTTP_SLOW},
};
#define ROUTES routes, sizeof routes / sizeof *routes

static void deferred_requests_are_answered_from_every_place(void **state) {
    (void)state;
    writer_start(false);
    Rig rig = rig_start((HttpOptions){.loops = 2, .pool = 2}, ROUTES);
    const struct {
        Str request;
        const char *body;
    } cases[] = {
        {ASK("/loop/1"), "1"},        {ASK("/pool/2"), "2"},   {ASK("/from-pool/3"), "3"},
        {ASK("/direct/4"), "direct"}, {ASK("/move"), "moved"},
    };
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            Reply reply = rig_ask(&rig, cases[i].request);
            assert_int_equal(reply.status, 200);
            assert_string_equal(reply.body, cases[i].body);
        }
    assert_int_equal(writer.ran, 60);
    writer_end();
    rig_stop(&rig);
}

typedef struct Load {
    Rig *rig;
    _Atomic int good;
} Load;

/* A connection that asks for many things, pipelined in fours. */
static void *ask_many(void *arg) {
    Load *load = arg;
    Rig own = rig_ctx();
    own.port = load->rig->port;
    int fd = rig_connect(&own);
    for (int i = 0; i < 50; i++) {
        rig_say(fd,
                "GET /loop/a HTTP/1.1\r\n" HOST "\r\nGET /pool/b HTTP/1.1\r\n" HOST
                "\r\nGET /direct/c HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n");
        static const char *const bodies[] = {"a", "b", "direct", "hello"};
        for (int j = 0; j < 4; j++) {
            Reply reply = rig_read(&own, fd, false);
            load->good += reply.status == 200 && !strcmp(reply.body, bodies[j]);
        }
    }
    close(fd);
    rig_stop(&own);
    return NULL;
}

static void many_connections_wait_at_once(void **state) {
    (void)state;
    writer_start(false);
    Rig rig = rig_start((HttpOptions){.loops = 2, .pool = 2}, ROUTES);
    Load load = {.rig = &rig};
    pthread_t ids[16];
    for (int i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, ask_many, &load), 0);
    for (int i = 0; i < 16; i++)
        pthread_join(ids[i], NULL);
    assert_int_equal(load.good, 16 * 50 * 4);
    writer_end();
    rig_stop(&rig);
}

static void what_was_deferred_runs_though_the_client_has_gone(void **state) {
    (void)state;
    writer_start(true);
    Rig rig = rig_start((HttpOptions){.loops = 1}, ROUTES);
    for (int i = 0; i < 3; i++) {
        int fd = rig_connect(&rig);
        rig_send(fd, i == 1 ? ASK("/pool/1") : ASK("/loop/1"));
        rig_until(writer_waiting() == (size_t)i + 1);
        struct linger now = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* a reset, not an end */
        close(fd);
    }
    rig_sleep(50);
    writer_let_go();
    rig_until(writer.ran == 3);
    rig_until(http_counters(rig.server).connections_now == 0);
    writer_end();
    rig_stop(&rig);
}

static void what_is_resumed_after_the_stop_still_runs(void **state) {
    (void)state;
    writer_start(true);
    Rig rig = rig_start((HttpOptions){.loops = 1}, ROUTES);
    int loop = rig_connect(&rig), pool = rig_connect(&rig), direct = rig_connect(&rig);
    rig_send(loop, ASK("/loop/1"));
    rig_send(pool, ASK("/pool/1"));
    rig_send(direct, ASK("/direct/1"));
    rig_until(writer_waiting() == 3);
    http_server_stop(rig.server, 20000);
    writer_end(); /* resumes all three */
    rig_stop(&rig);
    assert_int_equal(writer.ran, 2);
    close(loop);
    close(pool);
    close(direct);
}

static void what_nobody_resumes_is_given_back(void **state) {
    (void)state;
    writer_start(true);
    Rig rig = rig_start((HttpOptions){.loops = 1}, ROUTES);
    int fd = rig_connect(&rig);
    rig_send(fd, ASK("/loop/1"));
    rig_until(writer_waiting() == 1);
    rig_stop(&rig);
    writer.n = 0; /* the exchange is gone */
    writer_end();
    close(fd);
}

/* ---- the pool's bounds ---- */

static void a_full_pool_says_so(void **state) {
    (void)state;
    gate_open = 0;
    Rig rig = rig_start((HttpOptions){.pool = 1, .pool_queue = 2}, ROUTES);
    int fds[3];
    for (int i = 0; i < 3; i++) { /* one runs, two wait */
        fds[i] = rig_connect(&rig);
        rig_send(fds[i], ASK("/gate"));
        size_t waiting = i ? (size_t)i : 0;
        rig_sleep(20);
        rig_until(http_counters(rig.server).pool_waiting == waiting);
    }
    char text[16];
    Reply reply = rig_ask(&rig, ASK("/gate"));
    assert_int_equal(reply.status, 503);
    assert_string_equal(rig_header(&reply, "Retry-After", text, sizeof text), "1");
    assert_int_equal(http_counters(rig.server).pool_full, 1);
    assert_int_equal(rig_ask(&rig, ASK("/hello")).status, 200); /* loops go on */
    gate_open = 1;
    assert_int_equal(rig_ask(&rig, ASK("/slow-gate")).status, 200);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_read(&rig, fds[i], false).status, 200);
        close(fds[i]);
    }
    rig_stop(&rig);
}

static void what_waited_too_long_is_not_begun(void **state) {
    (void)state;
    gate_open = 0;
    Rig rig = rig_start((HttpOptions){.pool = 1, .handler_timeout = 50000}, ROUTES);
    int first = rig_connect(&rig), late = rig_connect(&rig);
    rig_send(first, ASK("/gate"));
    rig_sleep(20);
    rig_send(late, ASK("/gate"));
    rig_until(http_counters(rig.server).pool_waiting == 1);
    rig_sleep(80);
    gate_open = 1;
    assert_int_equal(rig_read(&rig, first, false).status, 200);
    assert_int_equal(rig_read(&rig, late, false).status, 503);
    assert_int_equal(http_counters(rig.server).pool_late, 1);
    close(first);
    close(late);
    rig_stop(&rig);
}

/* ---- streams ---- */

typedef struct Stream {
    pthread_mutex_t lock;
    HttpSse *sse; /* lock; NULL once closed */
    size_t max;
    _Atomic int closed;
} Stream;

static Stream stream = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_closed(void *arg) {
    Stream *s = arg;
    pthread_mutex_lock(&s->lock);
    s->sse = NULL;
    pthread_mutex_unlock(&s->lock);
    atomic_fetch_add(&s->closed, 1);
}

static void events(HttpExchange *x) {
    http_set_header(x, "X-Feed", STR("1"));
    pthread_mutex_lock(&stream.lock);
    stream.sse = http_sse_start(x, stream.max, on_closed, &stream);
    pthread_mutex_unlock(&stream.lock);
}

static const HttpRoute streams[] = {
    {.methods = HTTP_GET, .pattern = "/events", .handler = events},
    {.methods = HTTP_GET, .pattern = "/pool-events", .handler = events, .place = HTTP_POOL},
};

static bool send_event(Str event, Str id, Str data) {
    pthread_mutex_lock(&stream.lock);
    bool open = stream.sse != NULL;
    if (open) http_sse_send(stream.sse, event, id, data);
    pthread_mutex_unlock(&stream.lock);
    return open;
}

static Rig stream_rig(size_t max) {
    stream.sse = NULL;
    stream.max = max;
    stream.closed = 0;
    return rig_start((HttpOptions){.loops = 2}, streams, 2);
}

static bool stream_open(void) {
    pthread_mutex_lock(&stream.lock);
    bool open = stream.sse != NULL;
    pthread_mutex_unlock(&stream.lock);
    return open;
}

static void events_arrive_as_they_are_sent(void **state) {
    (void)state;
    for (int pool = 0; pool < 2; pool++) {
        Rig rig = stream_rig(65536);
        int fd = rig_connect(&rig);
        rig_send(fd, pool ? ASK("/pool-events") : ASK("/events"));
        rig_until(stream_open());
        assert_true(send_event(STR("tile"), STR("7"), STR("{\"a\":1}")));
        assert_true(send_event(STR_NONE, STR_NONE, STR("two\r\nlines\rand more\n")));
        rig_sleep(30);
        pthread_mutex_lock(&stream.lock);
        http_sse_close(stream.sse);
        pthread_mutex_unlock(&stream.lock);
        Str all = rig_read_all(&rig, fd, 3000);
        assert_true(str_find(all, STR("\r\nContent-Type: text/event-stream; charset=utf-8\r\n")) >
                    0);
        assert_true(str_find(all, STR("\r\nX-Feed: 1\r\n")) > 0);
        assert_true(str_find(all, STR("Content-Length")) < 0);
        assert_true(str_ends(all, STR("\r\n\r\nevent: tile\nid: 7\ndata: {\"a\":1}\n\n"
                                      "data: two\ndata: lines\ndata: and more\n\n")));
        rig_until(stream.closed == 1);
        close(fd);
        rig_stop(&rig);
        assert_int_equal(stream.closed, 1);
    }
}

static void a_reader_that_leaves_is_noticed(void **state) {
    (void)state;
    Rig rig = stream_rig(65536);
    int fd = rig_connect(&rig);
    rig_send(fd, ASK("/events"));
    rig_until(stream_open());
    close(fd);
    rig_until(stream.closed == 1);
    assert_false(send_event(STR_NONE, STR_NONE, STR("x")));
    rig_stop(&rig);
}

static void a_reader_that_does_not_read_is_closed(void **state) {
    (void)state;
    Rig rig = stream_rig(65536);
    int fd = rig_connect(&rig), sent = 0;
    rig_send(fd, ASK("/events"));
    rig_until(stream_open());
    char block[1001];
    memset(block, 'a', 1000);
    while (send_event(STR_NONE, STR_NONE, (Str){block, 1000}) && sent < 100000)
        sent++;
    rig_until(stream.closed == 1);
    assert_true(sent < 100000);
    close(fd);
    rig_stop(&rig);
}

static void a_head_request_for_a_stream_ends(void **state) {
    (void)state;
    Rig rig = stream_rig(65536);
    int fd = rig_connect(&rig);
    rig_say(fd, "HEAD /events HTTP/1.1\r\n" HOST "\r\n");
    Str all = rig_read_all(&rig, fd, 3000);
    assert_true(str_starts(all, STR("HTTP/1.1 200 ")) && str_ends(all, STR("\r\n\r\n")));
    rig_until(stream.closed == 1);
    close(fd);
    rig_stop(&rig);
}

static void stopping_closes_streams(void **state) {
    (void)state;
    Rig rig = stream_rig(65536);
    int fd = rig_connect(&rig);
    rig_send(fd, ASK("/events"));
    rig_until(stream_open());
    int64_t began = time_monotonic();
    http_server_stop(rig.server, 5 * TIME_SECOND);
    assert_true(time_monotonic() - began < 3 * TIME_SECOND);
    assert_int_equal(stream.closed, 1);
    close(fd);
    rig_stop(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_requests_are_answered_from_every_place),
        cmocka_unit_test(many_connections_wait_at_once),
        cmocka_unit_test(what_was_deferred_runs_though_the_client_has_gone),
        cmocka_unit_test(what_is_resumed_after_the_stop_still_runs),
        cmocka_unit_test(what_nobody_resumes_is_given_back),
        cmocka_unit_test(a_full_pool_says_so),
        cmocka_unit_test(what_waited_too_long_is_not_begun),
        cmocka_unit_test(events_arrive_as_they_are_sent),
        cmocka_unit_test(a_reader_that_leaves_is_noticed),
        cmocka_unit_test(a_reader_that_does_not_read_is_closed),
        cmocka_unit_test(a_head_request_for_a_stream_ends),
        cmocka_unit_test(stopping_closes_streams),
    };
    return cmocka_run_group_tests_name("http later", tests, NULL, NULL);
}
