/* control_line: addresses, trust and lines of the control socket. */
#include "control_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Rc control_open(Ctx *ctx, const char *path, struct sockaddr_un *address, int *folder,
                int *socket_out) {
    *folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*folder < 0)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-folder", str_of(path),
                        "The data folder can't be opened: %s.", strerrordesc_np(errno));
    *socket_out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*socket_out < 0) {
        close(*folder);
        return ctx_fail(ctx, RC_FAILED, "no-socket", str_of(path), "No socket could be made: %s.",
                        strerrordesc_np(errno));
    }
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/control.sock", *folder);
    return RC_OK;
}

bool control_peer_trusted(int socket) {
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == geteuid() || peer.uid == 0;
}

/* Waits for an event until the deadline: 1 it is there, 0 the deadline has passed, -1 it failed. */
static int control_wait(int socket, short events, int64_t deadline) {
    struct pollfd wait = {.fd = socket, .events = events};
    for (;;) {
        int64_t left = deadline - time_monotonic();
        if (left <= 0) return 0;
        int64_t millis = left / 1000 + 1;
        int got = poll(&wait, 1, millis > 60000 ? 60000 : (int)millis);
        if (got > 0) return 1;
        if (got < 0 && errno != EINTR) return -1;
    }
}

ControlLines control_lines(int socket) {
    return (ControlLines){.socket = socket, .held = buf_new(NULL, CONTROL_LINE_MAX + 1)};
}

void control_lines_free(ControlLines *lines) {
    buf_free(&lines->held);
}

/* Drops the lines that were taken, so that the buffer's maximum is that of one line. */
static void control_forget(ControlLines *lines) {
    Buf *held = &lines->held;
    if (!lines->taken) return;
    memmove(held->ptr, held->ptr + lines->taken, held->len - lines->taken);
    held->len -= lines->taken;
    lines->taken = 0;
}

/* Receives once; RC_NOT_FOUND at the end of the stream. */
static Rc control_receive(Ctx *ctx, ControlLines *lines, int64_t deadline) {
    char block[8192];
    if (control_wait(lines->socket, POLLIN, deadline) == 0)
        return ctx_fail(ctx, RC_LIMIT, "control-timeout", STR_NONE,
                        "The other end did not send a line in time.");
    ssize_t got = recv(lines->socket, block, sizeof block, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return RC_OK;
    if (got < 0)
        return ctx_fail(ctx, RC_FAILED, "control-broken", STR_NONE, "The control socket broke: %s.",
                        strerrordesc_np(errno));
    if (got == 0)
        return ctx_fail(ctx, RC_NOT_FOUND, "control-closed", STR_NONE,
                        "The other end closed without an answer.");
    buf_add_bytes(&lines->held, block, (size_t)got);
    if (lines->held.full)
        return ctx_fail(ctx, RC_LIMIT, "control-line", STR_NONE, "A line has at most %zu bytes.",
                        CONTROL_LINE_MAX);
    return RC_OK;
}

Rc control_read_line(Ctx *ctx, ControlLines *lines, int64_t deadline, Str *line) {
    control_forget(lines);
    for (size_t searched = 0;;) {
        Str held = buf_str(&lines->held);
        ptrdiff_t end = str_find_char(str_sub(held, searched, held.len), '\n');
        if (end >= 0) {
            *line = str_sub(held, 0, searched + (size_t)end);
            lines->taken = line->len + 1;
            return RC_OK;
        }
        searched = held.len;
        TRY(control_receive(ctx, lines, deadline));
    }
}

Rc control_write_line(Ctx *ctx, int socket, const Json *json, int64_t deadline) {
    Buf text = buf_new(NULL, CONTROL_LINE_MAX + 1);
    json_write(&text, json);
    buf_add_char(&text, '\n');
    Rc rc = RC_OK;
    if (buf_rc(&text) != RC_OK)
        rc = ctx_fail(ctx, RC_LIMIT, "control-line", STR_NONE, "A line has at most %zu bytes.",
                      CONTROL_LINE_MAX);
    for (size_t sent = 0; rc == RC_OK && sent < text.len;) {
        if (control_wait(socket, POLLOUT, deadline) == 0) {
            rc = ctx_fail(ctx, RC_LIMIT, "control-timeout", STR_NONE,
                          "The other end did not read a line in time.");
            break;
        }
        ssize_t got = send(socket, text.ptr + sent, text.len - sent, MSG_NOSIGNAL);
        if (got > 0) sent += (size_t)got;
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            rc = ctx_fail(ctx, RC_FAILED, "control-broken", STR_NONE, "The other end is gone: %s.",
                          strerrordesc_np(errno));
    }
    buf_free(&text);
    return rc;
}
