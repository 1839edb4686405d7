/* load: a server process on one core, wrk on another. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stddef.h>
#include <sys/types.h>

typedef struct Served {
    pid_t pid;
    int port;
} Served;

/* Starts serve(arg, report) in a process of its own, on the first core; it calls report(port) once
 * it listens. */
typedef void (*ServeReport)(int port);
Served load_serve(void (*serve)(void *arg, ServeReport report), void *arg);
void load_end(Served served);
/* Requests per second that wrk on the second core gets from GET path with this many connections. */
double load_get(int port, const char *path, int connections, int seconds);
double load_median(double *values, size_t n);
/* One row for tool/bench.py. */
void load_row(const char *name, const char *budget, double measured, const char *unit);

#endif
