/* members: which members the objects of a definition have, and what stands in them, so that a
   misspelt one doesn't pass in silence. Pure. Include only procedure.h from outside. */
#ifndef PROCEDURE_MEMBERS_H
#define PROCEDURE_MEMBERS_H

#include "json/json.h"

/* Goes through a whole definition. RC_INVALID "bad-definition" with the path of the first member
   that nobody knows, or of a value that is of another kind than its member's; null counts as
   absent. RC_LIMIT "too-many" for more values, members or bytes of a text than a definition may
   have. What the values mean is definition_read's to judge. */
Rc members_check(Ctx *ctx, const Json *source);

#endif
