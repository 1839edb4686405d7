#include "served.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 64, START_SECONDS = 300, ANSWER_SECONDS = 30, STOP_SECONDS = 30 };

static Rc failed(Ctx *ctx, const char *what) {
    return ctx_fail(ctx, RC_FAILED, "golden", STR_NONE, "%s: %s", what, strerror(errno));
}

/* ---- processes ---- */

/* The words of a command; {data} is the folder, a leading "machi" the program under test. */
static void words(Ctx *ctx, Str command, Str data, char **out) {
    size_t n = 0;
    Str word;
    while (str_split(&command, ' ', &word)) {
        if (!word.len) continue;
        assert(n < WORDS_MAX - 1);
        const char *machi = getenv("MACHI_BIN");
        if (str_starts(word, STR("{data}")))
            word = str_fmt(ctx->arena, STR_FMT STR_FMT, STR_ARG(data), (int)word.len - 6,
                           word.ptr + 6);
        if (!n && machi && str_eq(word, STR("machi"))) word = str_of(machi);
        out[n++] = (char *)str_z(ctx->arena, word);
    }
    out[n] = NULL;
}

static Rc spawn(Ctx *ctx, char **argv, pid_t *pid, int *out) {
    int pipes[2];
    if (pipe(pipes) < 0) return failed(ctx, "pipe");
    *pid = fork();
    if (*pid < 0) return failed(ctx, "fork");
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        close(pipes[1]);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(pipes[1]);
    *out = pipes[0];
    return RC_OK;
}

/* Reads the port off the address that the server prints. */
static Rc wait_for_address(Ctx *ctx, Served *served) {
    char text[65536];
    size_t len = 0;
    int64_t until = time_monotonic() + START_SECONDS * TIME_SECOND;
    while (len < sizeof text - 1 && time_monotonic() < until) {
        struct pollfd wait = {.fd = served->out, .events = POLLIN};
        if (poll(&wait, 1, 1000) <= 0) continue;
        ssize_t n = read(served->out, text + len, sizeof text - 1 - len);
        if (n <= 0) break;
        len += (size_t)n;
        text[len] = 0;
        const char *address = strstr(text, "http://127.0.0.1:");
        if (!address || !strchr(address, '\n')) continue;
        served->port = atoi(address + strlen("http://127.0.0.1:"));
        return RC_OK;
    }
    return ctx_fail(ctx, RC_FAILED, "golden", STR_NONE, "the server printed no address: " STR_FMT,
                    STR_ARG(((Str){text, len})));
}

/* The starter city that the run has made (test/city.py), at the path; without one the server fills
 * it. */
static Rc lay(Ctx *ctx, Str command, Str data) {
    const char *made = getenv("TEST_CITY");
    if (!made || str_find(command, STR("--starter")) < 0) return RC_OK;
    char *argv[WORDS_MAX];
    pid_t pid;
    int out, status = 0;
    words(ctx, str_fmt(ctx->arena, "cp -r %s {data}", made), data, argv);
    TRY(spawn(ctx, argv, &pid, &out));
    close(out);
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "golden", STR_NONE, "%s could not be copied", made);
}

Rc served_start(Ctx *ctx, Str command, Served *out) {
    char folder[] = "/tmp/machi-golden-XXXXXX";
    if (!mkdtemp(folder)) return failed(ctx, "mkdtemp");
    *out = (Served){.data = str_dup(ctx->arena, str_of(folder))};
    Str data = str_join(ctx->arena, (Str[]){out->data, STR("data")}, 2, STR("/"));
    char *argv[WORDS_MAX];
    TRY(lay(ctx, command, data));
    words(ctx, command, data, argv);
    TRY(spawn(ctx, argv, &out->pid, &out->out));
    return wait_for_address(ctx, out);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *at) {
    (void)stat, (void)kind, (void)at;
    return remove(path);
}

Rc served_stop(Ctx *ctx, Served *served) {
    int status = 0;
    pid_t ended = 0;
    int64_t until = time_monotonic() + STOP_SECONDS * TIME_SECOND;
    kill(served->pid, SIGTERM);
    char drop[4096];
    while (!ended && time_monotonic() < until) {
        struct pollfd wait = {.fd = served->out, .events = POLLIN};
        if (poll(&wait, 1, 10) > 0 && read(served->out, drop, sizeof drop) <= 0) usleep(1000);
        ended = waitpid(served->pid, &status, WNOHANG);
    }
    if (!ended) {
        kill(served->pid, SIGKILL);
        waitpid(served->pid, &status, 0);
    }
    close(served->out);
    nftw(str_z(ctx->arena, served->data), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (ended == served->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "golden", STR_NONE,
                    "the server did not end by itself with exit code 0 (wait status %d)", status);
}

Rc served_capture(Ctx *ctx, const Served *served, Str command, Str *out) {
    char *argv[WORDS_MAX];
    pid_t pid;
    int from, status = 0;
    words(ctx, command, str_join(ctx->arena, (Str[]){served->data, STR("data")}, 2, STR("/")),
          argv);
    TRY(spawn(ctx, argv, &pid, &from));
    Buf all = buf_new(ctx->arena, 1 << 20);
    char some[4096];
    for (ssize_t n; (n = read(from, some, sizeof some)) > 0;)
        buf_add_bytes(&all, some, (size_t)n);
    close(from);
    waitpid(pid, &status, 0);
    Str rest = str_trim(buf_str(&all)), line;
    while (str_split(&rest, '\n', &line))
        *out = line;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && all.len) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "golden", STR_NONE, "this command failed: " STR_FMT,
                    STR_ARG(command));
}

/* ---- requests ---- */

static bool has_header(const StrVec *headers, Str name) {
    VEC_EACH (Str, header, headers) {
        ptrdiff_t colon = str_find_char(*header, ':');
        if (colon > 0 && str_eq_nocase(str_sub(*header, 0, (size_t)colon), name)) return true;
    }
    return false;
}

static Str request(Ctx *ctx, const Served *served, const StoryCase *c) {
    Buf text = buf_new(ctx->arena, c->body.len + (1 << 20));
    buf_addf(&text, STR_FMT " " STR_FMT " HTTP/1.1\r\n", STR_ARG(c->method), STR_ARG(c->target));
    if (!has_header(&c->headers, STR("Host")))
        buf_addf(&text, "Host: 127.0.0.1:%d\r\n", served->port);
    if (!has_header(&c->headers, STR("Connection"))) buf_add(&text, STR("Connection: close\r\n"));
    bool chunked = has_header(&c->headers, STR("Transfer-Encoding"));
    if (c->body.len && !chunked && !has_header(&c->headers, STR("Content-Length")))
        buf_addf(&text, "Content-Length: %zu\r\n", c->body.len);
    VEC_EACH (Str, header, &c->headers) {
        buf_add(&text, *header);
        buf_add(&text, STR("\r\n"));
    }
    buf_add(&text, STR("\r\n"));
    if (chunked) buf_addf(&text, "%zx\r\n", c->body.len);
    buf_add(&text, c->body);
    if (chunked) buf_add(&text, STR("\r\n0\r\n\r\n"));
    return buf_str(&text);
}

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* A stream of events never ends: its first event is the answer. */
static bool event_came(Str text) {
    ptrdiff_t end = str_find(text, STR("\r\n\r\n"));
    if (end < 0 || str_find(str_head(text, (size_t)end), STR("text/event-stream")) < 0)
        return false;
    return str_find(str_sub(text, (size_t)end + 4, text.len), STR("\n\n")) >= 0;
}

/* Everything until the server closes. */
static Str receive(Ctx *ctx, int fd) {
    Buf all = buf_new(ctx->arena, 64 << 20);
    char some[65536];
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (ssize_t n; !event_came(buf_str(&all)) && (n = recv(fd, some, sizeof some, 0)) > 0;)
        buf_add_bytes(&all, some, (size_t)n);
    return buf_str(&all);
}

static Rc take_apart(Ctx *ctx, Str text, Answer *out) {
    ptrdiff_t end = str_find(text, STR("\r\n\r\n"));
    if (end < 0 || !str_starts(text, STR("HTTP/1.1 ")))
        return ctx_fail(ctx, RC_FAILED, "golden", STR_NONE, "no HTTP answer came: " STR_FMT,
                        STR_ARG(text));
    Str head = str_sub(text, 0, (size_t)end), line;
    out->body = str_sub(text, (size_t)end + 4, text.len);
    out->status = atoi(str_z(ctx->arena, str_sub(head, 9, 12)));
    (void)str_split(&head, '\n', &line);
    while (str_split(&head, '\n', &line)) {
        line = str_trim(line);
        vec_push(ctx->arena, &out->headers, line);
    }
    return RC_OK;
}

Rc served_ask(Ctx *ctx, const Served *served, const StoryCase *c, Answer *out) {
    *out = (Answer){0};
    int fd = connect_to(served->port);
    if (fd < 0) return failed(ctx, "connect");
    Str text = request(ctx, served, c);
    while (text.len) {
        ssize_t n = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
        if (n <= 0) break; /* it may refuse in the middle: its answer tells */
        text = str_sub(text, (size_t)n, text.len);
    }
    Str all = receive(ctx, fd);
    close(fd);
    return take_apart(ctx, all, out);
}
