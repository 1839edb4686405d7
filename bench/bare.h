/* bare: libuv and llhttp, one fixed answer, nothing else: the engine that DESIGN 8's ratios refer
 * to. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stddef.h>

/* Serves a body of this size at every address until killed. */
void bare_serve(size_t body, void (*report)(int port));

#endif
