#include "scan.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define COMMAND "zINSTREAM"

enum { CHUNK = 256 << 10, REPLY_MAX = 512, LENGTH_BYTES = 4 };

/* For each step, so that a daemon that hangs holds nobody for longer than all of them together. */
static const struct timeval patience = {.tv_sec = 10};

static Rc silent(Ctx *ctx, Str socket, const char *why) {
    log_error("procedure", "clamd at " STR_FMT " can't be asked: %s", STR_ARG(socket), why);
    return ctx_fail(ctx, RC_BUSY, "scanner-silent", STR_NONE,
                    "Files can't be searched for malware just now, so none is taken: try again in "
                    "some minutes.");
}

static bool send_all(int fd, const void *bytes, size_t len) {
    const char *at = bytes;
    while (len) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* Its length before it, the highest byte first; one without bytes is the end. */
static bool chunk_send(int fd, Str chunk) {
    unsigned char length[LENGTH_BYTES];
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        length[i] = (unsigned char)(chunk.len >> 8 * (LENGTH_BYTES - 1 - i));
    return send_all(fd, length, sizeof length) && send_all(fd, chunk.ptr, chunk.len);
}

static bool stream_send(int fd, Str bytes) {
    bool sent = send_all(fd, COMMAND, sizeof COMMAND);
    for (size_t at = 0; sent && at < bytes.len; at += CHUNK)
        sent = chunk_send(fd, str_sub(bytes, at, at + CHUNK < bytes.len ? at + CHUNK : bytes.len));
    return sent && chunk_send(fd, STR(""));
}

/* "stream: OK" and a zero byte. What was answered before a stream was whole counts, too. */
static Str reply_read(Ctx *ctx, int fd) {
    Buf reply = buf_new(ctx->arena, REPLY_MAX);
    char bytes[REPLY_MAX];
    while (buf_str(&reply).len < REPLY_MAX) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        buf_add_bytes(&reply, bytes, (size_t)n);
        if (bytes[n - 1] == '\0') break;
    }
    Str text = buf_str(&reply);
    return text.len && text.ptr[text.len - 1] == '\0' ? str_head(text, text.len - 1) : STR_NONE;
}

static int scanner_open(Str path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path.len >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, path.ptr, path.len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    bool open = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
                connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (open) return fd;
    close(fd);
    return -1;
}

/* The name is the signature's, never the file's. */
static Rc found(Ctx *ctx, Str reply) {
    log_warn("procedure", "a file with malware was refused: " STR_FMT, STR_ARG(reply));
    return ctx_fail(ctx, RC_INVALID, "malware", STR_NONE,
                    "This file has malware in it, and isn't taken.");
}

Rc scan_bytes(Ctx *ctx, Str socket, Str bytes) {
    int fd = scanner_open(socket);
    if (fd < 0) return silent(ctx, socket, strerrordesc_np(errno));
    bool sent = stream_send(fd, bytes);
    Str reply = reply_read(ctx, fd);
    close(fd);
    if (str_ends(reply, STR(" FOUND"))) return found(ctx, reply);
    if (sent && str_eq(reply, STR("stream: OK"))) return RC_OK;
    return silent(ctx, socket, str_empty(reply) ? "no answer" : str_z(ctx->arena, reply));
}
