/* secret: a file that holds a password or a key, which nobody but its owner may read. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "ctx.h"

/* What stands in it, without blanks at its ends, in ctx->arena. name: of the setting that names the
   file, for the error. RC_FAILED "no-secret": it can't be read, is empty or longer than `most`;
   "open-secret": group or others may read it. */
Rc secret_file(Ctx *ctx, Str name, Str path, size_t most, Str *out);

#endif
