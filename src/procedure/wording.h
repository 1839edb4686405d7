/* wording: a text of a definition. Include only procedure.h from outside. */
#ifndef PROCEDURE_WORDING_H
#define PROCEDURE_WORDING_H

#include "json/json.h"

/* A text in several languages: the object {"ja", "en", "easy"} as it was read, for views; and the
 * Japanese one. */
typedef struct Wording {
    const Json *all; /* NULL: none was given */
    Str ja;
} Wording;

#endif
