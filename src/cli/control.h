/* control: how subcommands speak to the running server: a unix-domain socket DATA/control.sock,
   mode 0600, both ends of which ask the kernel who the other is (SO_PEERCRED: the same user, or
   root). The client sends one JSON line
   {"do":NAME, ...}; the answer is JSON lines, any number on progress and one last: {"ok":true, ...}
   or
   {"ok":false,"rc":"denied","code":...,"detail":...,"path":...}. One request a connection. */
#ifndef CLI_CONTROL_H
#define CLI_CONTROL_H

#include "base/base.h"
#include "json/json.h"

#define CONTROL_LINE_MAX        ((size_t)4 << 20)  /* bytes of one line, either way */
#define CONTROL_CONNECTIONS_MAX 8                  /* at a time; one more is answered busy */
#define CONTROL_READ_TIMEOUT    (5 * TIME_SECOND)  /* for the whole request */
#define CONTROL_WRITE_TIMEOUT   (10 * TIME_SECOND) /* for one line of the answer */

typedef struct ControlServer ControlServer;
typedef struct ControlReply ControlReply;

/* Does what is asked, on a thread of its connection, with a Ctx of its own whose deadline is set.
   On RC_OK *result may be set to an object, whose members (not "ok") become the last line's;
   otherwise ctx->error does. */
typedef Rc (*ControlFunction)(void *arg, Ctx *ctx, const Json *request, ControlReply *reply,
                              const Json **result);

typedef struct ControlRow {
    const char *name;
    ControlFunction run;
    int64_t timeout; /* microseconds until the Ctx's deadline */
} ControlRow;

/* Sends a line on progress: any object without a member "ok". RC_FAILED when the client is gone or
   the server stops: the function should end at a point where nothing is half done. */
Rc control_say(ControlReply *reply, Ctx *ctx, const Json *line);

typedef struct ControlOptions {
    const char *folder; /* exists; control.sock in it is replaced when nobody answers there */
    const ControlRow *rows;
    size_t row_count;
    void *arg;
} ControlOptions;

/* Opens the socket and serves it on threads of its own. RC_CONFLICT when another server answers
   there. options and its rows outlive the server. */
Rc control_start(Ctx *ctx, const ControlOptions *options, ControlServer **out);
/* Closes the socket, waits for the functions that run, removes the file. NULL is allowed. */
void control_stop(ControlServer *server);

/* Called for each line on progress; the line lives until it returns. Another Rc than RC_OK ends the
 * request. */
typedef Rc (*ControlHear)(void *arg, Ctx *ctx, const Json *line);

typedef struct ControlRequest {
    const char *folder;
    const Json *json; /* {"do":NAME, ...} */
    ControlHear hear; /* NULL: lines on progress are passed over */
    void *arg;
    int64_t patience; /* microseconds to wait for each line */
} ControlRequest;

/* Asks the server that runs on the folder. On RC_OK *result is the last line, in ctx->arena; else
   ctx->error is the server's. RC_NOT_FOUND "not-running" when no server answers; RC_LIMIT when its
   patience is over. */
Rc control_ask(Ctx *ctx, const ControlRequest *request, const Json **result);

#endif
