/* compare: what two versions of a definition say otherwise. Pure. Include only procedure.h from
   outside. */
#ifndef PROCEDURE_COMPARE_H
#define PROCEDURE_COMPARE_H

#include "json/json.h"

typedef struct DefinitionChange {
    Str path;                   /* "pages.contact.fields.phone.label.ja", as outline.h reads it */
    const Json *before, *after; /* NULL: isn't there; whole elements where one came or went */
} DefinitionChange;
typedef VEC(DefinitionChange) DefinitionChanges;
/* In the order of `after`, what went last. Elements with an id are the same wherever they stand; a
   list whose elements came into another order is one change. Refers to both; lives in arena. */
void definition_compare(Arena *arena, const Json *before, const Json *after,
                        DefinitionChanges *out);

#endif
