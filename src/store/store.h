/* store: the contract that every store fulfils (contract tests: test/store). It keeps bytes: leaves, keys, state, local rows; it
   knows no rules of the city. One Store is one tenant's folder or schema. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/base.h"
#include "model/model.h"

typedef struct Store Store;
typedef struct Reader Reader; /* a read handle with its own connection; one thread at a time */

/* Tests: called before the nth I/O step (read, write, sync ...); false makes it fail. */
typedef struct StoreFault {
    bool (*step)(void *arg, const char *what);
    void *arg;
} StoreFault;

#endif
