#include "store_int.h"

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
    helper->running = thread_start(&helper->thread, "checkpoints", helper_run, store);
    if (helper->running) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "no-thread", STR_NONE,
                    "The thread that carries checkpoints out cannot start.");
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
