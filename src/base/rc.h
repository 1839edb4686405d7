/* rc: the outcome of a call that can fail, and the message that goes with it. */
#ifndef BASE_RC_H
#define BASE_RC_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One code per expected kind of failure; web, http and cli map them by one table each. */
typedef enum [[nodiscard]] Rc{
    RC_OK,        RC_INVALID, /* the input is wrong: the error names the place and the remedy */
    RC_DENIED,                /* the gate says no */
    RC_NOT_FOUND,             /* no such thing, or none that this actor may see */
    RC_CONFLICT,              /* it exists already, or the state has moved on */
    RC_LIMIT,                 /* a bound was reached: size, rate, depth, time */
    RC_BUSY,                  /* try again later: nothing was done */
    RC_FAILED,                /* our fault, or the disk's; the log has the cause */
} Rc;

/* Returns early with the code of a call that did not succeed. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        Rc try_rc_ = (call);                                                                       \
        if (try_rc_ != RC_OK) return try_rc_;                                                      \
    } while (0)

/* The name of a code in lower case, for logs and tests. */
const char *rc_name(Rc rc);

#endif
