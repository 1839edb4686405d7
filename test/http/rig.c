#include "rig.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void hello(HttpExchange *x) {
    http_answer(x, 200, STR("text/plain"), STR("hello"));
}

static void item(HttpExchange *x) {
    http_answer(x, 200, STR("text/plain"), http_path_param(x, "id"));
}

static void echo(HttpExchange *x) {
    http_answer(x, 200, STR("application/octet-stream"), http_body(x));
}

static const HttpRoute own[] = {
    {.methods = HTTP_GET, .pattern = "/hello", .handler = hello},
    {.methods = HTTP_GET, .pattern = "/items/{id}", .handler = item},
    {.methods = HTTP_PUT, .pattern = "/items/{id}", .handler = item, .max_body = 100},
    {.methods = HTTP_POST, .pattern = "/echo", .handler = echo, .max_body = 1 << 20},
    {.methods = HTTP_POST, .pattern = "/small", .handler = echo, .max_body = 10},
};

Rig rig_ctx(void) {
    Rig rig = {.arena = arena_new(256 << 20), .clock = {.fixed = TIME_NONE}};
    rig.rand = rand_seeded(1);
    rig.ctx = (Ctx){.arena = rig.arena, .scratch = arena_new(64 << 20)};
    return rig;
}

Rig rig_start(HttpOptions options, const HttpRoute *routes, size_t n) {
    Rig rig = rig_ctx();
    assert_int_equal(http_server_new(&rig.ctx, &options, &rig.server), RC_OK);
    http_routes(rig.server, own, sizeof own / sizeof *own);
    if (n) http_routes(rig.server, routes, n);
    Rc rc = http_server_start(&rig.ctx, rig.server);
    if (rc != RC_OK) print_error(STR_FMT "\n", STR_ARG(rig.ctx.error.detail));
    assert_int_equal(rc, RC_OK);
    rig.port = http_port(rig.server);
    return rig;
}

void rig_stop(Rig *rig) {
    http_server_free(rig->server);
    arena_free(rig->ctx.scratch);
    arena_free(rig->arena);
}

int rig_connect(const Rig *rig) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)rig->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void rig_send(int fd, Str bytes) {
    while (bytes.len) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (n <= 0) return; /* the server may close in the middle: the test looks at its answer */
        bytes = str_sub(bytes, (size_t)n, bytes.len);
    }
}

/* Bytes read, 0 at the end or after millis without any. */
static size_t read_some(int fd, char *to, size_t size, int millis) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (poll(&wait, 1, millis) <= 0) return 0;
    ssize_t n = recv(fd, to, size, 0);
    return n > 0 ? (size_t)n : 0;
}

const char *rig_header(const Reply *reply, const char *name, char *to, size_t size) {
    const char *line = strstr(reply->head, "\r\n");
    size_t len = strlen(name);
    to[0] = 0;
    while (line && line[2]) {
        line += 2;
        if (!strncasecmp(line, name, len) && line[len] == ':')
            snprintf(to, size, "%.*s", (int)strcspn(line + len + 2, "\r"), line + len + 2);
        line = strstr(line, "\r\n");
    }
    return to;
}

static bool read_head(int fd, Reply *reply) {
    size_t len = 0;
    while (len < 4 || memcmp(reply->head + len - 4, "\r\n\r\n", 4) != 0) {
        assert_true(len < sizeof reply->head - 1);
        if (!read_some(fd, reply->head + len, 1, 3000)) return false;
        len++;
    }
    return sscanf(reply->head, "HTTP/1.1 %d ", &reply->status) == 1;
}

Reply rig_read(Rig *rig, int fd, bool head_only) {
    Reply reply = {0};
    char text[32];
    if (!read_head(fd, &reply)) return reply;
    size_t length = (size_t)atoi(rig_header(&reply, "Content-Length", text, sizeof text));
    if (head_only) return reply;
    reply.body = NEW_ARRAY(rig->arena, char, length + 1);
    while (reply.len < length) {
        size_t n = read_some(fd, reply.body + reply.len, length - reply.len, 3000);
        if (!n) break;
        reply.len += n;
    }
    return reply;
}

Reply rig_ask(Rig *rig, Str request) {
    int fd = rig_connect(rig);
    rig_send(fd, request);
    Reply reply = rig_read(rig, fd, str_starts(request, STR("HEAD ")));
    close(fd);
    return reply;
}

Str rig_read_all(Rig *rig, int fd, int millis) {
    Buf all = buf_new(rig->arena, 64 << 20);
    char some[65536];
    int64_t until = time_monotonic() + millis * INT64_C(1000);
    for (size_t n = 1; n && time_monotonic() < until;) {
        n = read_some(fd, some, sizeof some, (int)((until - time_monotonic()) / 1000) + 1);
        buf_add_bytes(&all, some, n);
    }
    return buf_str(&all);
}

bool rig_closes(int fd, int millis) {
    char some[4096];
    int64_t until = time_monotonic() + millis * INT64_C(1000);
    while (time_monotonic() < until) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)((until - time_monotonic()) / 1000) + 1) <= 0) return false;
        if (recv(fd, some, sizeof some, 0) <= 0) return true;
    }
    return false;
}

void rig_sleep(int millis) {
    nanosleep(&(struct timespec){millis / 1000, millis % 1000 * 1000000L}, NULL);
}
