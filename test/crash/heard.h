/* The server that is notified: which count of which slot it has been told. */
#ifndef TEST_CRASH_HEARD_H
#define TEST_CRASH_HEARD_H

#include "crash.h"

typedef struct Heard Heard;

Heard *heard_start(void);
void heard_stop(Heard *heard);
int heard_port(const Heard *heard);
/* A new folder: nothing has been heard of it. */
void heard_clear(Heard *heard);
/* Was it told this count of a slot? */
bool heard_count(Heard *heard, unsigned thread, unsigned slot, uint64_t count);
/* All notifications since heard_clear, repeated ones included. */
uint64_t heard_total(Heard *heard);

#endif
