/* draft: answers that have not been sent yet, in local.db, sealed under a key that only the
   browser's secret and the tenant's key give together: the server alone cannot read them. Include
   only procedure.h from outside. Whose account has a secret of its own (Actor.drafts), his drafts
   are kept under that in the place of a browser's: on each of his devices, for 30 days (saved.h).
 */
#ifndef PROCEDURE_DRAFT_H
#define PROCEDURE_DRAFT_H

#include "base/base.h"
#include "json/json.h"

/* The secret under which who acts has his drafts: `browser` in what follows. */
Str draft_whose(const Ctx *ctx);
/* The browser's draft, an empty object when there is none (or it is older than 7 days). Pool
 * threads. */
Rc draft_load(Ctx *ctx, Str browser, const Json **answers);
/* Sets members of the draft; a member that is null is taken out. One transaction: what another tab
 * set at the same time stays. */
Rc draft_merge(Ctx *ctx, Str browser, const JsonMember *members, size_t n);
/* The same, and what the draft was just before, which no other tab has seen as well. */
Rc draft_swap(Ctx *ctx, Str browser, const JsonMembers *members, const Json **before);
/* Takes out all that it has of a procedure; empty: of bulky waste. */
Rc draft_leave(Ctx *ctx, Str browser, Str procedure);
Rc draft_drop(Ctx *ctx, Str browser);

#endif
