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
/* The same of one member that a definition may have, in an object that is none; it may be absent.
 */
Rc members_check_one(Ctx *ctx, const Json *source, Str name);

/* How a member is filled in. */
typedef enum MemberForm {
    MEMBER_TEXT,
    MEMBER_WHOLE,
    MEMBER_TRUTH,
    MEMBER_WORDING, /* a text in several languages */
    MEMBER_TEXTS,   /* a list of texts (or of values: numbers, true, false) */
    MEMBER_NAMED,   /* texts, lists of texts or values by a name of one's own */
    MEMBER_OBJECT,
    MEMBER_LIST, /* of objects, of wordings among them */
    MEMBER_MAP   /* objects by a name of one's own */
} MemberForm;
typedef struct MemberRow {
    const char *name; /* "*": any */
    MemberForm form;
    unsigned inner; /* the shape of the object, or of each one in the list or map */
    uint32_t most;  /* of a list */
    bool typed;     /* its values may be numbers, true, false; of names, lists and objects, too */
} MemberRow;
enum { MEMBERS_ROOT = 0 }; /* the shape of a whole definition */
/* The nth member of an object of a shape, in the order in which they are written; false past the
   last one. */
bool members_row(unsigned shape, size_t n, MemberRow *out);

#endif
