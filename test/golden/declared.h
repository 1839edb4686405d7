/* declared: what a server says of its own answers (OpenAPI), and whether an answer keeps to it. */
#ifndef GOLDEN_DECLARED_H
#define GOLDEN_DECLARED_H

#include "served.h"

typedef struct Declared Declared;

/* Reads a description; it lives in ctx->arena until declared_free. RC_INVALID when it is none. */
Rc declared_read(Ctx *ctx, Str description, Declared **out);
void declared_free(Declared *declared);
/* RC_INVALID with a sentence when the route declares no such status, media type or empty answer, or
   when the body is not as its schema says; path is the member at fault. What no route takes must be
   a fault. */
Rc declared_check(Ctx *ctx, Declared *declared, const StoryCase *c, const Answer *answer);

#endif
