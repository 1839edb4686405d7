/* wait: the waiting room of a definition's reservation: tickets, and whether one lets somebody
   begin, and a draft go on. Nothing of it is stored. Include only procedure.h from outside. */
#ifndef PROCEDURE_WAIT_H
#define PROCEDURE_WAIT_H

#include "defined.h"
#include "gate/gate.h"

/* Whether the room of a definition is open now: whoever begins needs a ticket. */
bool wait_is_open(const Ctx *ctx, const Definition *definition);
/* A new ticket, in ctx->arena. Any thread. */
Str wait_ticket(Ctx *ctx, const Definition *definition);
/* Where a ticket stands. RC_INVALID "bad-ticket": it is none of this room. Any thread. */
Rc wait_place(Ctx *ctx, const Definition *definition, Str ticket, RoomPlace *out);
/* RC_CONFLICT "wait" unless the room is closed or the ticket is admitted. */
Rc wait_check(Ctx *ctx, const Definition *definition, Str ticket);
/* The same of a draft that goes on: its ticket was admitted when it began, and stays so. Who comes
   to the counter, or telephones, waits there. */
Rc wait_admitted(Ctx *ctx, const DefinedDraft *draft);

#endif
