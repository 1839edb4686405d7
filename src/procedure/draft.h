/* draft: answers that have not been sent yet, in local.db, sealed under a key that only the
   browser's secret and the tenant's key give together: the server alone cannot read them. Include
   only procedure.h from outside. */
#ifndef PROCEDURE_DRAFT_H
#define PROCEDURE_DRAFT_H

#include "base/base.h"
#include "json/json.h"

/* The browser's draft, an empty object when there is none (or it is older than 7 days). Pool
 * threads. */
Rc draft_load(Ctx *ctx, Str browser, const Json **answers);
/* Sets members of the draft; a member that is null is taken out. One transaction: what another tab
 * set at the same time stays. */
Rc draft_merge(Ctx *ctx, Str browser, const JsonMember *members, size_t n);
/* The same, and what the draft was just before, which no other tab has seen as well. */
Rc draft_swap(Ctx *ctx, Str browser, const JsonMembers *members, const Json **before);
Rc draft_drop(Ctx *ctx, Str browser);

#endif
