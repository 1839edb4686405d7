/* rig: a server with a table of small routes on a free port of the loopback, and a blocking socket
 * to talk to it with. */
#ifndef TEST_HTTP_RIG_H
#define TEST_HTTP_RIG_H

#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

typedef struct Rig {
    HttpServer *server;
    Arena *arena;
    Ctx ctx;
    Clock clock;
    Rand rand;
    int port;
} Rig;

/* A context of its own, without a server. */
Rig rig_ctx(void);
/* Routes of the test and the rig's own: GET /hello, GET and PUT /items/{id}, POST /echo (1 MB),
 * POST /small (10 bytes). */
Rig rig_start(HttpOptions options, const HttpRoute *routes, size_t n);
void rig_stop(Rig *rig);

typedef struct Reply {
    int status; /* 0: the connection ended, or nothing came in time */
    char head[8192];
    char *body; /* of the rig's arena */
    size_t len;
} Reply;

int rig_connect(const Rig *rig);
void rig_send(int fd, Str bytes);
#define rig_say(fd, literal) rig_send((fd), STR(literal))
/* Reads one answer: head and Content-Length bytes (none for head_only). */
Reply rig_read(Rig *rig, int fd, bool head_only);
/* Sends and reads one answer on a connection of its own. */
Reply rig_ask(Rig *rig, Str request);
/* True when the peer closes within millis, whatever it sends before. */
bool rig_closes(int fd, int millis);
/* Everything that comes until the peer closes or millis have passed. */
Str rig_read_all(Rig *rig, int fd, int millis);
/* Value of a header of the reply, "" when absent. */
const char *rig_header(const Reply *reply, const char *name, char *to, size_t size);
/* Waits until the condition holds; fails the test after 5 s. */
#define rig_until(condition)                                                                       \
    do {                                                                                           \
        int64_t until_ = time_monotonic() + 5 * TIME_SECOND;                                       \
        while (!(condition)) {                                                                     \
            assert_true(time_monotonic() < until_);                                                \
            rig_sleep(2);                                                                          \
        }                                                                                          \
    } while (0)
void rig_sleep(int millis);

#endif
