#include "thread.h"

#include "time.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>

bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(thread, NULL, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started) return false;
    int refused = pthread_setname_np(*thread, name);
    assert(refused != ERANGE); /* a name of 16 bytes or more; one that has ended takes none */
    (void)refused;
    return true;
}

void thread_cond_init(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

bool thread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_monotonic) {
    struct timespec until = {.tv_sec = until_monotonic / TIME_SECOND,
                             .tv_nsec = until_monotonic % TIME_SECOND * 1000};
    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}
