#include "thread.h"

#include <assert.h>
#include <signal.h>

bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(thread, NULL, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started) return false;
    int refused = pthread_setname_np(*thread, name);
    assert(refused == 0); /* a name of 16 bytes or more */
    (void)refused;
    return true;
}
