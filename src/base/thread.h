/* thread: starts the threads of the rooms, each under a name that top -H and perf show, and lets
 * them wait until an instant. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Runs run(arg) on a thread of its own with every signal blocked: signals are the main thread's,
 * and a socket whose peer is gone (SIGPIPE) is told by the error of the write. name: 15 bytes at
 * most, as Linux keeps them. False: the system has no thread left. The caller joins. */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

/* A condition that is waited for by time_monotonic(), which nobody sets. */
void thread_cond_init(pthread_cond_t *cond);
/* Waits for one of these with the lock held; false: the instant (µs of time_monotonic()) has come.
   Wakes by chance, too: ask again what was waited for. */
bool thread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_monotonic);

#endif
