/* served: a server process of one file, and single requests to it. */
#ifndef GOLDEN_SERVED_H
#define GOLDEN_SERVED_H

#include "story.h"

#include <sys/types.h>

typedef struct Served {
    pid_t pid;
    int out; /* its standard output */
    int port;
    Str data; /* its folder */
} Served;

typedef struct Answer {
    int status;
    StrVec headers;
    Str body;
} Answer;

/* Starts a command (words parted by spaces) and waits for the address it prints. */
Rc served_start(Ctx *ctx, Str command, Served *out);
/* Ends it with SIGTERM and removes its folder. RC_FAILED unless it ended by itself with exit code
 * 0. */
Rc served_stop(Ctx *ctx, Served *served);
/* The last line that a command prints. */
Rc served_capture(Ctx *ctx, const Served *served, Str command, Str *out);
/* One request on a connection of its own; every text is filled in already. */
Rc served_ask(Ctx *ctx, const Served *served, const StoryCase *c, Answer *out);

#endif
