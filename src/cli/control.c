/* control: the server's end of the control socket. One thread accepts; each connection has one of
 * its own. */
#include "control_int.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <poll.h>
#include <unistd.h>

#define CONTROL_ARENA_MAX ((size_t)256 << 20)
#define CONTROL_BACKLOG   16

/* One connection and the thread that serves it. Taken and given back under the server's lock. */
typedef struct ControlSeat {
    ControlServer *server;
    pthread_t thread;
    int socket;
    bool taken; /* a thread is started and not joined */
    bool done;  /* it has ended and can be joined */
} ControlSeat;

struct ControlServer {
    const ControlOptions *options;
    int folder, socket, wake; /* wake: an eventfd that ends the accepting thread's wait */
    pthread_t thread;
    pthread_mutex_t lock; /* guards the seats */
    ControlSeat seats[CONTROL_CONNECTIONS_MAX];
    atomic_bool stopping;
};

struct ControlReply {
    ControlServer *server;
    int socket;
};

static Rc control_send(Ctx *ctx, int socket, const Json *line) {
    return control_write_line(ctx, socket, line, time_monotonic() + CONTROL_WRITE_TIMEOUT);
}

Rc control_say(ControlReply *reply, Ctx *ctx, const Json *line) {
    assert(!json_get(line, STR("ok")));
    if (atomic_load(&reply->server->stopping))
        return ctx_fail(ctx, RC_FAILED, "control-stopping", STR_NONE,
                        "The server is being stopped.");
    return control_send(ctx, reply->socket, line);
}

static void control_member(Ctx *ctx, JsonMembers *members, Str name, Json value) {
    vec_push(ctx->arena, members, (JsonMember){name, value});
}

/* The last line: {"ok":true, ...result} or the error. */
static void control_finish(Ctx *ctx, int socket, Rc rc, const Json *result) {
    JsonMembers members = {0};
    control_member(ctx, &members, STR("ok"), json_of_bool(rc == RC_OK));
    if (rc != RC_OK) {
        control_member(ctx, &members, STR("rc"), json_of_str(str_of(rc_name(rc))));
        control_member(ctx, &members, STR("code"), json_of_str(ctx->error.code));
        control_member(ctx, &members, STR("detail"), json_of_str(ctx->error.detail));
        control_member(ctx, &members, STR("path"), json_of_str(ctx->error.path));
    }
    for (size_t i = 0; rc == RC_OK && result && i < result->len; i++)
        vec_push(ctx->arena, &members, result->value.members[i]);
    Json line = json_of_members(members.items, members.len);
    Rc sent = control_send(ctx, socket, &line);
    if (sent == RC_OK) return;
    log_warn("cli", "A control command's answer did not arrive: " STR_FMT,
             STR_ARG(ctx->error.detail));
    if (sent != RC_LIMIT || rc != RC_OK || !str_eq(ctx->error.code, STR("control-line"))) return;
    control_finish(ctx, socket, RC_LIMIT, NULL);
}

static const ControlRow *control_find(const ControlServer *server, Str name) {
    for (size_t i = 0; i < server->options->row_count; i++)
        if (str_eq(name, str_of(server->options->rows[i].name))) return &server->options->rows[i];
    return NULL;
}

static Rc control_read_request(Ctx *ctx, int socket, const Json **request) {
    ControlLines lines = control_lines(socket);
    Str text;
    Rc rc = control_read_line(ctx, &lines, time_monotonic() + CONTROL_READ_TIMEOUT, &text);
    if (rc == RC_OK)
        rc = json_read(ctx, text, (JsonLimits){.bytes = CONTROL_LINE_MAX, .depth = 64}, request);
    control_lines_free(&lines);
    return rc;
}

static Rc control_perform(Ctx *ctx, ControlServer *server, int socket, const Json **result) {
    if (!control_peer_trusted(socket))
        return ctx_fail(ctx, RC_DENIED, "control-denied", STR_NONE,
                        "The control socket is its own user's.");
    const Json *request;
    TRY(control_read_request(ctx, socket, &request));
    Str name = json_get_str(request, "do");
    const ControlRow *row = control_find(server, name);
    if (!row)
        return ctx_fail(ctx, RC_NOT_FOUND, "control-unknown", STR("do"),
                        "The running server knows no command '" STR_FMT
                        "': is it of the same version?",
                        STR_ARG(name));
    ctx->deadline = time_monotonic() + row->timeout;
    ControlReply reply = {server, socket};
    return row->run(server->options->arg, ctx, request, &reply, result);
}

static void *control_serve(void *arg) {
    ControlSeat *seat = arg;
    Clock clock = {.fixed = TIME_NONE};
    Rand rand = rand_system();
    Ctx ctx = {.arena = arena_new(CONTROL_ARENA_MAX),
               .scratch = arena_new(CONTROL_ARENA_MAX),
               .clock = &clock,
               .rand = &rand};
    const Json *result = NULL;
    Rc rc = control_perform(&ctx, seat->server, seat->socket, &result);
    control_finish(&ctx, seat->socket, rc, result);
    arena_free(ctx.scratch);
    arena_free(ctx.arena);
    pthread_mutex_lock(&seat->server->lock);
    close(seat->socket);
    seat->done = true;
    pthread_mutex_unlock(&seat->server->lock);
    return NULL;
}

/* Says busy without reading: the client's request may still be on its way. */
static void control_refuse(int socket) {
    static const char busy[] = "{\"ok\":false,\"rc\":\"busy\",\"code\":\"control-busy\",\"detail\":"
                               "\"The server has too many "
                               "commands running: try again.\",\"path\":\"\"}\n";
    if (send(socket, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_warn("cli", "A control connection could not be told to come back: %s",
                 strerrordesc_np(errno));
    shutdown(socket, SHUT_WR);
    close(socket);
}

/* Joins threads that have ended and returns a free seat, or NULL. */
static ControlSeat *control_free_seat(ControlServer *server) {
    ControlSeat *found = NULL;
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        ControlSeat *seat = &server->seats[i];
        if (seat->taken && seat->done) {
            pthread_join(seat->thread, NULL);
            *seat = (ControlSeat){.server = server};
        }
        if (!seat->taken) found = seat;
    }
    pthread_mutex_unlock(&server->lock);
    return found;
}

static void control_seat(ControlServer *server, int socket) {
    ControlSeat *seat = control_free_seat(server);
    if (!seat) {
        control_refuse(socket);
        return;
    }
    pthread_mutex_lock(&server->lock);
    *seat = (ControlSeat){.server = server, .socket = socket, .taken = true};
    bool started = thread_start(&seat->thread, "control", control_serve, seat);
    if (!started) *seat = (ControlSeat){.server = server};
    pthread_mutex_unlock(&server->lock);
    if (started) return;
    log_error("cli", "The system has no thread left for a control command.");
    control_refuse(socket);
}

static void *control_accept(void *arg) {
    ControlServer *server = arg;
    struct pollfd waits[2] = {{.fd = server->socket, .events = POLLIN},
                              {.fd = server->wake, .events = POLLIN}};
    while (!atomic_load(&server->stopping)) {
        if (poll(waits, 2, -1) < 0 && errno != EINTR) break;
        int socket = accept4(server->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (socket >= 0) control_seat(server, socket);
        bool out_of_files = socket < 0 && (errno == EMFILE || errno == ENFILE);
        if (out_of_files) poll(&waits[1], 1, 100);
    }
    return NULL;
}

/* Binds the name; one that nobody answers at is the remains of a server that was killed. */
static Rc control_bind(Ctx *ctx, ControlServer *server, const struct sockaddr_un *address) {
    const char *path = server->options->folder;
    struct sockaddr_un probe_address;
    int folder, probe;
    TRY(control_open(ctx, path, &probe_address, &folder, &probe));
    bool answered = connect(probe, (struct sockaddr *)&probe_address, sizeof probe_address) == 0;
    close(probe);
    close(folder);
    if (answered)
        return ctx_fail(
            ctx, RC_CONFLICT, "running", str_of(path),
            "Another machi runs on this folder: stop it first, or name another folder.");
    bool removed = unlinkat(server->folder, "control.sock", 0) == 0 || errno == ENOENT;
    /* The mode of the descriptor, less the umask, becomes the file's: it is never open to others,
     * not for a moment. */
    if (removed && fchmod(server->socket, 0600) == 0 &&
        bind(server->socket, (const struct sockaddr *)address, sizeof *address) == 0 &&
        listen(server->socket, CONTROL_BACKLOG) == 0)
        return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "control-bind", str_of(path),
                    "The control socket can't be made: %s.", strerrordesc_np(errno));
}

static void control_close(ControlServer *server) {
    close(server->socket);
    close(server->folder);
    if (server->wake >= 0) close(server->wake);
    pthread_mutex_destroy(&server->lock);
    mem_free(server);
}

Rc control_start(Ctx *ctx, const ControlOptions *options, ControlServer **out) {
    struct sockaddr_un address;
    int folder, socket;
    TRY(control_open(ctx, options->folder, &address, &folder, &socket));
    ControlServer *server = mem_zero(sizeof *server);
    server->options = options;
    server->folder = folder;
    server->socket = socket;
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&server->lock, NULL);
    Rc rc = control_bind(ctx, server, &address);
    if (rc == RC_OK && (server->wake < 0 ||
                        !thread_start(&server->thread, "control-accept", control_accept, server)))
        rc = ctx_fail(ctx, RC_FAILED, "control-thread", STR_NONE,
                      "The control socket's thread can't be started.");
    if (rc != RC_OK) {
        control_close(server);
        return rc;
    }
    *out = server;
    return RC_OK;
}

/* Ends what a thread waits for on its socket; what it computes goes on until it says something or
 * ends. */
static void control_hurry(ControlSeat *seat) {
    pthread_mutex_lock(&seat->server->lock);
    if (seat->taken && !seat->done) shutdown(seat->socket, SHUT_RD);
    pthread_mutex_unlock(&seat->server->lock);
}

void control_stop(ControlServer *server) {
    if (!server) return;
    atomic_store(&server->stopping, true);
    if (unlinkat(server->folder, "control.sock", 0) != 0)
        log_warn("cli", "The control socket's file could not be removed: %s",
                 strerrordesc_np(errno));
    if (eventfd_write(server->wake, 1) != 0)
        log_error("cli", "The control socket's thread could not be woken.");
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        ControlSeat *seat = &server->seats[i];
        if (!seat->taken) continue;
        control_hurry(seat);
        pthread_join(seat->thread, NULL);
    }
    control_close(server);
}
