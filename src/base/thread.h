/* thread: starts the threads of the rooms, each under a name that top -H and perf show. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Runs run(arg) on a thread of its own with every signal blocked: signals are the main thread's,
 * and a socket whose peer is gone (SIGPIPE) is told by the error of the write. name: 15 bytes at
 * most, as Linux keeps them. False: the system has no thread left. The caller joins. */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

#endif
