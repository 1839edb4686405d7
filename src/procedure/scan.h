/* scan: files that come in are searched for known malware by clamd, ClamAV's daemon, on this
   machine. Include only procedure.h from outside. */
#ifndef PROCEDURE_SCAN_H
#define PROCEDURE_SCAN_H

#include "base/base.h"

/* Asks the clamd behind this socket (its command INSTREAM). Blocks for half a minute at most: pool
   threads. RC_INVALID "malware": it knows it; RC_BUSY "scanner-silent": it couldn't be asked, or
   said neither, so nobody knows. */
Rc scan_bytes(Ctx *ctx, Str socket, Str bytes);

#endif
