/* carrier: the thread that carries out what was decided where that takes long: disposals of files,
   and cases that go to another version of their procedure. Whoever decides doesn't wait for it, and
   what a death has interrupted goes on at the next start. */
#ifndef PROCEDURE_CARRIER_H
#define PROCEDURE_CARRIER_H

#include "ledger/ledger.h"

typedef struct Carrier Carrier;

/* Starts it; it begins with what is left of before. *out lives until carrier_stop. RC_FAILED: the
   system has no thread left. After project_start. */
Rc carrier_start(Ctx *ctx, Tenant *tenant, Carrier **out);
/* Something was decided: it begins at once. NULL: there is none. Any thread. */
void carrier_wake(Carrier *carrier);
/* Ends it behind the file, or the cases of a command, that it is about; NULL allowed. */
void carrier_stop(Carrier *carrier);

#endif
