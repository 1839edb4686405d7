/* memory: what must be kept while a copy is read: growing arrays and whole files. When
   there is no memory left the program says so and ends with exit code 2. */
#ifndef VERIFY_MEMORY_H
#define VERIFY_MEMORY_H

#include "wire.h"

void *memory_grow(void *old, size_t count, size_t size);
void memory_drop(void *memory);

/* The whole file. False: errno says why. Drop out->at. */
bool memory_file(const char *path, Slice *out);

#endif
