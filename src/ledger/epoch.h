/* epoch: frees memory that readers without locks may still hold, once none of them can. A reader
   enters before it follows a shared pointer and leaves when it holds none; what was unlinked is
   freed when every reader that was inside has left. */
#ifndef LEDGER_EPOCH_H
#define LEDGER_EPOCH_H

#include "base/base.h"

#include <pthread.h>

enum { EPOCH_READERS = 256 };

typedef struct Epoch Epoch;

/* How a retired object is freed. */
typedef void (*EpochFree)(void *object);

Epoch *epoch_new(void);
/* Frees everything retired; nobody may be inside. */
void epoch_free(Epoch *epoch);

/* A place for a reading thread; -1 when all are taken. Any thread. */
int epoch_take(Epoch *epoch);
void epoch_give(Epoch *epoch, int place);
/* The same, for the calling thread for good; epoch_mine then finds it (-1: not registered). */
int epoch_register(Epoch *epoch);
int epoch_register_for(Epoch *epoch, pthread_t thread); /* before it reads */
int epoch_mine(const Epoch *epoch);
/* Entering twice is entering once. */
void epoch_enter(Epoch *epoch, int place);
void epoch_leave(Epoch *epoch, int place);
bool epoch_inside(const Epoch *epoch, int place);

/* The object is unlinked already: no reader that enters from now on can find it. Any thread. */
void epoch_retire(Epoch *epoch, void *object, EpochFree how);
/* Frees what can be freed. Called now and then by whoever retires. */
void epoch_collect(Epoch *epoch);
/* Objects that wait. */
size_t epoch_waiting(Epoch *epoch);

#endif
