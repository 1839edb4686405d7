/* control_int: what both ends of the control socket share. */
#ifndef CLI_CONTROL_INT_H
#define CLI_CONTROL_INT_H

#include "control.h"

#include <sys/un.h>

/* Bytes read from a socket that did not belong to the line asked for. */
typedef struct ControlLines {
    int socket;
    Buf held;
    size_t taken; /* bytes of held that earlier lines were made of */
} ControlLines;

/* A socket, and its address in a folder whose path may be longer than an address holds: the folder
   is opened and named by its descriptor, *folder, which the caller closes after bind or connect. */
Rc control_open(Ctx *ctx, const char *path, struct sockaddr_un *address, int *folder,
                int *socket_out);
/* Is the other end the same user, or root? */
bool control_peer_trusted(int socket);
ControlLines control_lines(int socket);
void control_lines_free(ControlLines *lines);
/* The next line without its newline, valid until the next call. RC_NOT_FOUND at the end of the
   stream, RC_LIMIT when it is too long or did not come until the deadline (time_monotonic). */
Rc control_read_line(Ctx *ctx, ControlLines *lines, int64_t deadline, Str *line);
/* All of it, followed by a newline, until the deadline. */
Rc control_write_line(Ctx *ctx, int socket, const Json *json, int64_t deadline);

#endif
