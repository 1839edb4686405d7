/* as_of: the reference date (基準日) of a fee or a rule: the day whose law it is judged by.
   `today()` and `now()` of its expression, and of the tables that it looks at, are of that day, and
   so is the version of the definition whose expression and tables are taken. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_AS_OF_H
#define PROCEDURE_AS_OF_H

#include "base/base.h"

typedef enum AsOfKind {
    AS_OF_UNSAID,  /* an older definition: as AS_OF_APPLIED */
    AS_OF_APPLIED, /* 申請日 */
    AS_OF_DECIDED, /* 処分日; what is told before it is as of today */
    AS_OF_ANSWER   /* 事由発生日: a day that the form asks for, or the day of the slot */
} AsOfKind;

typedef struct AsOf {
    AsOfKind kind;
    Str field; /* of AS_OF_ANSWER */
} AsOf;
/* As a definition writes it: "applied", "decided" or the id of a field; empty: unsaid. */
AsOf as_of_read(Str text);

#endif
