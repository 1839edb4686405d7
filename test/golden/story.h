/* story: a golden file, taken apart. */
#ifndef GOLDEN_STORY_H
#define GOLDEN_STORY_H

#include "base/base.h"

typedef struct StoryCase {
    Str title;
    int line; /* of the title, from 1 */
    Str method, target, body;
    StrVec headers; /* "Name: value" */
    int status;
    StrVec expected; /* "Name: value" or "!Name" */
    Str expected_body;
} StoryCase;

typedef struct StoryCapture {
    Str name, command;
} StoryCapture;

typedef struct Story {
    Str seed;
    VEC(StoryCapture) captures;
    VEC(StoryCase) cases;
} Story;

/* RC_INVALID with "line N: what is wrong". */
Rc story_read(Ctx *ctx, Str text, Story *out);

#endif
