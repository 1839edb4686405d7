/* disposer: the thread that carries out disposals of files: whoever decides on one doesn't wait for
   it, and what a death has interrupted goes on at the next start. */
#ifndef PROCEDURE_DISPOSER_H
#define PROCEDURE_DISPOSER_H

#include "ledger/ledger.h"

typedef struct Disposer Disposer;

/* Starts it; it begins with what is left of before. *out lives until disposer_stop. RC_FAILED: the
   system has no thread left. After project_start. */
Rc disposer_start(Ctx *ctx, Tenant *tenant, Disposer **out);
/* Something was decided: it begins at once. NULL: there is none. Any thread. */
void disposer_wake(Disposer *disposer);
/* Ends it behind the file that it is about; NULL allowed. */
void disposer_stop(Disposer *disposer);

#endif
