/* match: expected text with holes against what came. */
#ifndef GOLDEN_MATCH_H
#define GOLDEN_MATCH_H

#include "base/base.h"

/* What names stand for. */
typedef struct Capture {
    Str name, value;
} Capture;
typedef struct Captures {
    Arena *arena;
    VEC(Capture) all;
} Captures;

bool captures_get(const Captures *captures, Str name, Str *value);
void captures_set(Captures *captures, Str name, Str value);

/* True when the whole text is what pattern says; new names are then added to captures. */
bool match_text(Captures *captures, Str pattern, Str text);
/* text with {{name}} replaced; RC_INVALID names the one that is not known. */
Rc match_fill(Ctx *ctx, const Captures *captures, Str text, Str *out);
/* JSON without white space outside strings; anything else as it is. */
Str match_compact(Arena *arena, Str text);

#endif
