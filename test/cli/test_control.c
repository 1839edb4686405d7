/* Tests of the control socket: both ends, and ends that misbehave. */
#include "cli/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct House {
    Arena *arena;
    Ctx ctx;
    char folder[64];
    ControlOptions options;
    ControlServer *server;
    atomic_int running, calls;
    atomic_bool hold; /* functions of `wait` go on when it is lifted */
} House;

static Rc do_echo(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                  const Json **result) {
    (void)reply;
    atomic_fetch_add(&((House *)arg)->calls, 1);
    assert(ctx->deadline > time_monotonic() && ctx->clock && ctx->rand && ctx->scratch);
    *result = json_get(request, STR("give"));
    return RC_OK;
}

static Rc do_refuse(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                    const Json **result) {
    (void)arg, (void)request, (void)reply, (void)result;
    return ctx_fail(ctx, RC_DENIED, "not-you", STR("as"), "You may not, \"%s\".", "まち");
}

static Rc do_count(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                   const Json **result) {
    (void)arg, (void)result;
    for (int64_t i = 1; i <= json_get_int(request, "to", 0); i++) {
        JsonMember member = {STR("n"), json_of_int(i)};
        Json line = json_of_members(&member, 1);
        TRY(control_say(reply, ctx, &line));
    }
    return RC_OK;
}

static Rc do_wait(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                  const Json **result) {
    House *house = arg;
    (void)ctx, (void)request, (void)reply, (void)result;
    atomic_fetch_add(&house->running, 1);
    while (atomic_load(&house->hold))
        usleep(1000);
    return RC_OK;
}

/* An answer that is longer than a line may be. */
static Rc do_flood(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                   const Json **result) {
    (void)arg, (void)request, (void)reply;
    char *text = arena_alloc(ctx->arena, CONTROL_LINE_MAX, 1);
    memset(text, 'x', CONTROL_LINE_MAX);
    JsonMember *member = NEW(ctx->arena, JsonMember);
    *member = (JsonMember){STR("text"), json_of_str((Str){text, CONTROL_LINE_MAX})};
    Json line = json_of_members(member, 1);
    *result = json_dup(ctx->arena, &line);
    return RC_OK;
}

static const ControlRow rows[] = {
    {"echo", do_echo, TIME_MINUTE},   {"refuse", do_refuse, TIME_MINUTE},
    {"count", do_count, TIME_MINUTE}, {"wait", do_wait, TIME_MINUTE},
    {"flood", do_flood, TIME_MINUTE},
};

static int house_open(void **state) {
    House *house = calloc(1, sizeof *house);
    snprintf(house->folder, sizeof house->folder, "/tmp/machi-control-XXXXXX");
    if (!house || !mkdtemp(house->folder)) return -1;
    house->arena = arena_new(64 << 20);
    house->ctx = (Ctx){.arena = house->arena};
    house->options = (ControlOptions){house->folder, rows, sizeof rows / sizeof *rows, house};
    *state = house;
    return control_start(&house->ctx, &house->options, &house->server) == RC_OK ? 0 : -1;
}

static int house_close(void **state) {
    House *house = *state;
    control_stop(house->server);
    bool empty = rmdir(house->folder) == 0;
    arena_free(house->arena);
    free(house);
    return empty ? 0 : -1;
}

static Rc ask(House *house, Ctx *ctx, const char *text, const Json **result) {
    const Json *json = NULL;
    assert_int_equal(json_read(ctx, str_of(text), JSON_LIMITS_DEFAULT, &json), RC_OK);
    ControlRequest request = {.folder = house->folder, .json = json, .patience = 10 * TIME_SECOND};
    return control_ask(ctx, &request, result);
}

/* A connection that the test speaks over by hand. */
static int dial(const House *house) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", house->folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* Says something and reads until the other end closes. */
static size_t converse(int fd, const void *bytes, size_t len, char *answer, size_t max) {
    size_t got = 0;
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, (const char *)bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += (size_t)n;
    }
    for (ssize_t n; got < max && (n = recv(fd, answer + got, max - got, 0)) > 0;)
        got += (size_t)n;
    close(fd);
    return got;
}

static void a_command_is_answered(void **state) {
    House *house = *state;
    const Json *result;
    assert_int_equal(
        ask(house, &house->ctx, "{\"do\":\"echo\",\"give\":{\"a\":[1,\"\\n\"]}}", &result), RC_OK);
    Buf text = buf_new(house->arena, 1 << 16);
    json_write(&text, result);
    assert_true(str_eq(buf_str(&text), STR("{\"ok\":true,\"a\":[1,\"\\n\"]}")));
}

static void an_error_comes_through_whole(void **state) {
    House *house = *state;
    const Json *result;
    assert_int_equal(ask(house, &house->ctx, "{\"do\":\"refuse\"}", &result), RC_DENIED);
    assert_true(str_eq(house->ctx.error.code, STR("not-you")));
    assert_true(str_eq(house->ctx.error.detail, STR("You may not, \"まち\".")));
    assert_true(str_eq(house->ctx.error.path, STR("as")));
    assert_int_equal(ask(house, &house->ctx, "{\"do\":\"dance\"}", &result), RC_NOT_FOUND);
    assert_true(str_find(house->ctx.error.detail, STR("'dance'")) >= 0);
    assert_int_equal(ask(house, &house->ctx, "[]", &result), RC_NOT_FOUND);
}

static Rc hear_sum(void *arg, Ctx *ctx, const Json *line) {
    (void)ctx;
    *(int64_t *)arg += json_get_int(line, "n", -1);
    return RC_OK;
}

static Rc hear_enough(void *arg, Ctx *ctx, const Json *line) {
    *(int64_t *)arg += json_get_int(line, "n", -1);
    return *(int64_t *)arg < 3 ? RC_OK : ctx_fail(ctx, RC_LIMIT, "enough", STR_NONE, "Enough.");
}

static void progress_arrives_in_order_and_can_be_cut_short(void **state) {
    House *house = *state;
    const Json *json, *result;
    assert_int_equal(
        json_read(&house->ctx, STR("{\"do\":\"count\",\"to\":1000}"), JSON_LIMITS_DEFAULT, &json),
        RC_OK);
    int64_t sum = 0;
    ControlRequest request = {house->folder, json, hear_sum, &sum, 10 * TIME_SECOND};
    assert_int_equal(control_ask(&house->ctx, &request, &result), RC_OK);
    assert_int_equal(sum, 500500);
    sum = 0;
    request.hear = hear_enough;
    assert_int_equal(control_ask(&house->ctx, &request, &result), RC_LIMIT);
    assert_true(str_eq(house->ctx.error.code, STR("enough")));
}

static void the_socket_is_its_owners_alone(void **state) {
    House *house = *state;
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/control.sock", house->folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

/* What another user gets, first at the file, then (were the file open) at the socket. */
static void another_user_is_refused(void **state) {
    House *house = *state;
    if (geteuid() != 0) skip();
    char path[128];
    snprintf(path, sizeof path, "%s/control.sock", house->folder);
    assert_int_equal(chmod(house->folder, 0755), 0);
    for (int open = 0; open < 2; open++) {
        if (open) assert_int_equal(chmod(path, 0666), 0);
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            char answer[512] = {0};
            if (setgid(65534) != 0 || setuid(65534) != 0) _exit(9);
            int fd = dial(house);
            if (fd < 0) _exit(errno == EACCES ? 1 : 9);
            converse(fd, "{\"do\":\"echo\"}\n", 14, answer, sizeof answer - 1);
            _exit(strstr(answer, "\"denied\"") ? 2 : 9);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WEXITSTATUS(status), open ? 2 : 1);
    }
    assert_int_equal(atomic_load(&house->calls), 0);
}

static void hostile_requests_are_refused(void **state) {
    House *house = *state;
    static const struct {
        const char *bytes, *says;
    } cases[] = {
        {"\n", "\"invalid\""},
        {"nonsense\n", "\"invalid\""},
        {"{\"do\":\"echo\"\n", "\"invalid\""},
        {"{\"do\":\"echo\",\"do\":\"wait\"}\n", "\"invalid\""},
        {"\xff\xfe\n", "\"invalid\""},
        {"{\"do\":7}\n", "\"not found\""},
        {"{}\n", "\"not found\""},
    };
    char answer[1024];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t got = converse(dial(house), cases[i].bytes, strlen(cases[i].bytes), answer,
                              sizeof answer - 1);
        answer[got] = 0;
        if (!strstr(answer, cases[i].says) || !strstr(answer, "\"ok\":false"))
            fail_msg("%s%s", cases[i].bytes, answer);
    }
    assert_int_equal(atomic_load(&house->calls), 0);
}

static void a_line_without_end_is_refused(void **state) {
    House *house = *state;
    size_t len = CONTROL_LINE_MAX + 100000;
    char *flood = calloc(1, len), answer[1024] = {0};
    assert_non_null(flood);
    memset(flood, ' ', len);
    converse(dial(house), flood, len, answer, sizeof answer - 1);
    free(flood);
    assert_non_null(strstr(answer, "\"limit\""));
}

static void an_answer_too_long_becomes_an_error(void **state) {
    House *house = *state;
    const Json *result;
    assert_int_equal(ask(house, &house->ctx, "{\"do\":\"flood\"}", &result), RC_LIMIT);
    assert_true(str_eq(house->ctx.error.code, STR("control-line")));
}

static void a_client_that_leaves_or_keeps_silent_harms_nobody(void **state) {
    House *house = *state;
    const Json *result;
    int silent = dial(house), gone = dial(house), half = dial(house);
    assert_true(silent >= 0 && gone >= 0 && half >= 0);
    assert_int_equal(send(half, "{\"do\":", 6, MSG_NOSIGNAL), 6);
    assert_int_equal(send(gone, "{\"do\":\"count\",\"to\":100000}\n", 27, MSG_NOSIGNAL), 27);
    close(gone);
    assert_int_equal(ask(house, &house->ctx, "{\"do\":\"echo\"}", &result), RC_OK);
    char answer[512] = {0};
    int64_t before = time_monotonic();
    converse(silent, "", 0, answer, sizeof answer - 1);
    assert_non_null(strstr(answer, "control-timeout"));
    assert_in_range(time_monotonic() - before, CONTROL_READ_TIMEOUT / 2, CONTROL_READ_TIMEOUT * 4);
    close(half);
}

typedef struct Waiter {
    House *house;
    pthread_t thread;
    Rc rc;
} Waiter;

static void *wait_on_server(void *arg) {
    Waiter *waiter = arg;
    Arena *arena = arena_new(64 << 20);
    Ctx ctx = {.arena = arena};
    const Json *result;
    waiter->rc = ask(waiter->house, &ctx, "{\"do\":\"wait\"}", &result);
    arena_free(arena);
    return NULL;
}

static void one_command_too_many_is_told_to_come_back(void **state) {
    House *house = *state;
    Waiter waiters[CONTROL_CONNECTIONS_MAX];
    const Json *result;
    atomic_store(&house->hold, true);
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        waiters[i] = (Waiter){.house = house};
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_on_server, &waiters[i]), 0);
    }
    while (atomic_load(&house->running) < CONTROL_CONNECTIONS_MAX)
        usleep(1000);
    assert_int_equal(ask(house, &house->ctx, "{\"do\":\"echo\"}", &result), RC_BUSY);
    atomic_store(&house->hold, false);
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        pthread_join(waiters[i].thread, NULL);
        assert_int_equal(waiters[i].rc, RC_OK);
    }
    assert_int_equal(ask(house, &house->ctx, "{\"do\":\"echo\"}", &result), RC_OK);
}

static void a_server_that_takes_too_long_is_not_waited_for(void **state) {
    House *house = *state;
    const Json *json, *result;
    atomic_store(&house->hold, true);
    assert_int_equal(json_read(&house->ctx, STR("{\"do\":\"wait\"}"), JSON_LIMITS_DEFAULT, &json),
                     RC_OK);
    ControlRequest request = {.folder = house->folder, .json = json, .patience = 200000};
    assert_int_equal(control_ask(&house->ctx, &request, &result), RC_LIMIT);
    assert_true(str_eq(house->ctx.error.code, STR("control-timeout")));
    atomic_store(&house->hold, false);
}

static void a_folder_has_one_server_and_remains_are_replaced(void **state) {
    House *house = *state;
    ControlServer *second = NULL;
    assert_int_equal(control_start(&house->ctx, &house->options, &second), RC_CONFLICT);
    char path[128];
    snprintf(path, sizeof path, "%s/control.sock", house->folder);
    control_stop(house->server);
    house->server = NULL;
    assert_int_equal(access(path, F_OK), -1);
    int remains = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", house->folder);
    assert_int_equal(bind(remains, (struct sockaddr *)&address, sizeof address), 0);
    close(remains);
    assert_int_equal(control_start(&house->ctx, &house->options, &house->server), RC_OK);
    const Json *result;
    assert_int_equal(ask(house, &house->ctx, "{\"do\":\"echo\"}", &result), RC_OK);
}

static void without_a_server_the_remedy_is_named(void **state) {
    House *house = *state;
    const Json *result;
    control_stop(house->server);
    house->server = NULL;
    assert_int_equal(ask(house, &house->ctx, "{\"do\":\"echo\"}", &result), RC_NOT_FOUND);
    assert_true(str_eq(house->ctx.error.code, STR("not-running")));
    assert_true(str_find(house->ctx.error.detail, STR("machi serve --data")) >= 0);
    House nowhere = {.folder = "/nonexistent"};
    assert_int_equal(ask(&nowhere, &house->ctx, "{\"do\":\"echo\"}", &result), RC_NOT_FOUND);
}

static void a_long_path_is_no_hindrance(void **state) {
    House *house = *state;
    char deep[256], inner[512];
    snprintf(deep, sizeof deep, "%s/%0150d", house->folder, 7);
    assert_int_equal(mkdir(deep, 0700), 0);
    ControlOptions options = {deep, rows, sizeof rows / sizeof *rows, house};
    ControlServer *server;
    assert_int_equal(control_start(&house->ctx, &options, &server), RC_OK);
    const Json *json, *result;
    assert_int_equal(json_read(&house->ctx, STR("{\"do\":\"echo\"}"), JSON_LIMITS_DEFAULT, &json),
                     RC_OK);
    ControlRequest request = {.folder = deep, .json = json, .patience = 10 * TIME_SECOND};
    assert_int_equal(control_ask(&house->ctx, &request, &result), RC_OK);
    control_stop(server);
    snprintf(inner, sizeof inner, "%s/control.sock", deep);
    assert_int_equal(access(inner, F_OK), -1);
    assert_int_equal(rmdir(deep), 0);
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, house_open, house_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_HOUSE(a_command_is_answered),
        IN_HOUSE(an_error_comes_through_whole),
        IN_HOUSE(progress_arrives_in_order_and_can_be_cut_short),
        IN_HOUSE(the_socket_is_its_owners_alone),
        IN_HOUSE(another_user_is_refused),
        IN_HOUSE(hostile_requests_are_refused),
        IN_HOUSE(a_line_without_end_is_refused),
        IN_HOUSE(an_answer_too_long_becomes_an_error),
        IN_HOUSE(a_client_that_leaves_or_keeps_silent_harms_nobody),
        IN_HOUSE(one_command_too_many_is_told_to_come_back),
        IN_HOUSE(a_server_that_takes_too_long_is_not_waited_for),
        IN_HOUSE(a_folder_has_one_server_and_remains_are_replaced),
        IN_HOUSE(without_a_server_the_remedy_is_named),
        IN_HOUSE(a_long_path_is_no_hindrance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
