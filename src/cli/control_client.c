/* control_client: the subcommand's end of the control socket. */
#include "control_int.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static Rc control_connect(Ctx *ctx, const char *path, int *out) {
    struct sockaddr_un address;
    int folder, socket;
    TRY(control_open(ctx, path, &address, &folder, &socket));
    int failed = connect(socket, (struct sockaddr *)&address, sizeof address) != 0 ? errno : 0;
    close(folder);
    if (!failed && control_peer_trusted(socket)) {
        *out = socket;
        return RC_OK;
    }
    close(socket);
    if (failed == EAGAIN)
        return ctx_fail(ctx, RC_BUSY, "control-busy", str_of(path),
                        "The server has too many commands waiting: try again.");
    if (failed == EACCES || !failed)
        return ctx_fail(ctx, RC_DENIED, "control-denied", str_of(path),
                        "The server runs as another user: run this command as that user.");
    return ctx_fail(ctx, RC_NOT_FOUND, "not-running", str_of(path),
                    "No machi runs on this folder: start it with 'machi serve --data %s'.", path);
}

static Rc control_rc_of(Str name) {
    for (Rc rc = RC_INVALID; rc <= RC_FAILED; rc++)
        if (str_eq(name, str_of(rc_name(rc)))) return rc;
    return RC_FAILED;
}

/* The server's error becomes ours. */
static Rc control_refused(Ctx *ctx, const Json *line) {
    ctx->error = (Error){.rc = control_rc_of(json_get_str(line, "rc")),
                         .code = json_get_str(line, "code"),
                         .detail = json_get_str(line, "detail"),
                         .path = json_get_str(line, "path")};
    return ctx->error.rc;
}

/* One line: *last when it ends the answer. What a line on progress takes of the arena is given
 * back. */
static Rc control_hear(Ctx *ctx, const ControlRequest *request, ControlLines *lines,
                       const Json **last) {
    Str text;
    const Json *line;
    ArenaMark mark = arena_mark(ctx->arena);
    TRY(control_read_line(ctx, lines, time_monotonic() + request->patience, &text));
    TRY(json_read(ctx, text, (JsonLimits){.bytes = CONTROL_LINE_MAX, .depth = 64}, &line));
    const Json *ok = json_get(line, STR("ok"));
    if (ok && ok->kind == JSON_BOOL) {
        *last = line;
        return ok->value.boolean ? RC_OK : control_refused(ctx, line);
    }
    if (request->hear) TRY(request->hear(request->arg, ctx, line));
    arena_rewind(ctx->arena, mark);
    return RC_OK;
}

Rc control_ask(Ctx *ctx, const ControlRequest *request, const Json **result) {
    int socket = -1;
    TRY(control_connect(ctx, request->folder, &socket));
    Rc rc =
        control_write_line(ctx, socket, request->json, time_monotonic() + CONTROL_WRITE_TIMEOUT);
    /* A server that refuses before it has read everything says why all the same. */
    if (rc == RC_FAILED) rc = RC_OK;
    ControlLines lines = control_lines(socket);
    const Json *last = NULL;
    while (rc == RC_OK && !last)
        rc = control_hear(ctx, request, &lines, &last);
    control_lines_free(&lines);
    close(socket);
    *result = last;
    return rc;
}
