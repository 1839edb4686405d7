#include "store_int.h"

#include <signal.h>
#include <string.h>

void helper_checkpoint(Db *db) {
    int pages, done;
    int rc = sqlite3_wal_checkpoint_v2(db->sql, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
    if (rc == SQLITE_OK)
        atomic_fetch_add(&db->store->checkpoints, 1);
    else if ((rc & 0xFF) != SQLITE_BUSY)
        log_warn("store", "checkpoint of %s: %s", schema_files[db->file], sqlite3_errstr(rc));
}

static int next_wanted(Helper *helper) {
    for (int i = 0; i < STORE_FILES; i++)
        if (helper->wanted[i]) return i;
    return -1;
}

static void *helper_run(void *arg) {
    Store *store = arg;
    Helper *helper = &store->helper;
    pthread_mutex_lock(&helper->lock);
    while (!helper->stop) {
        int file = next_wanted(helper);
        if (file < 0) {
            pthread_cond_wait(&helper->wake, &helper->lock);
            continue;
        }
        helper->wanted[file] = false;
        pthread_mutex_unlock(&helper->lock);
        atomic_store(&helper->busy[file], true);
        helper_checkpoint(&store->anchors[file]);
        atomic_store(&helper->busy[file], false);
        pthread_mutex_lock(&helper->lock);
    }
    pthread_mutex_unlock(&helper->lock);
    return NULL;
}

Rc helper_start(Ctx *ctx, Store *store) {
    Helper *helper = &store->helper;
    pthread_mutex_init(&helper->lock, NULL);
    pthread_cond_init(&helper->wake, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int rc = pthread_create(&helper->thread, NULL, helper_run, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    helper->running = rc == 0;
    if (rc == 0) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "thread", STR_NONE, "Cannot start a thread: %s.", strerror(rc));
}

void helper_want(Store *store, StoreFile file) {
    Helper *helper = &store->helper;
    pthread_mutex_lock(&helper->lock);
    helper->wanted[file] = true;
    pthread_cond_signal(&helper->wake);
    pthread_mutex_unlock(&helper->lock);
}

void helper_stop(Store *store) {
    Helper *helper = &store->helper;
    if (!helper->running) return;
    pthread_mutex_lock(&helper->lock);
    helper->stop = true;
    pthread_cond_signal(&helper->wake);
    pthread_mutex_unlock(&helper->lock);
    pthread_join(helper->thread, NULL);
    pthread_mutex_destroy(&helper->lock);
    pthread_cond_destroy(&helper->wake);
    helper->running = false;
}
