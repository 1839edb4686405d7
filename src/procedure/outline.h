/* outline: a definition that is being written, as what it holds at a path: found, and replaced by a
   copy that shares what stays. Paths as findings have them: "pages[1].fields[0]", "tables.points";
   and "pages.contact.phone", where the id of an element stands for its place. Pure. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_OUTLINE_H
#define PROCEDURE_OUTLINE_H

#include "members.h"

typedef struct OutlineNode {
    Str path; /* as "pages[1].fields[0]"; empty: the whole */
    unsigned shape;
    const Json *value; /* an object, or an element that is a text in several languages */
} OutlineNode;
/* The whole, or the element of a list or map at a path or last on the way to it: what has a form of
   its own. What the path names beyond is a member of it, or isn't there. Lives in arena. */
void outline_find(Arena *arena, const Json *source, Str path, OutlineNode *out);
/* The same, but only the whole path. */
bool outline_exact(Arena *arena, const Json *source, Str path, OutlineNode *out);
/* The source with another value at a path; NULL: without it. The place behind the last element of a
   list appends to it; objects and lists on the way are made. NULL: no such path. */
const Json *outline_set(Arena *arena, const Json *source, Str path, const Json *value);
/* With the nth element of a list one place further to its front (by -1) or end (1); as it was where
   there is no such place. NULL: no such list. */
const Json *outline_move(Arena *arena, const Json *source, Str list, size_t n, int by);
/* The path of a member of what stands at a path. */
Str outline_under(Arena *arena, Str path, Str name);
/* What stands at a path, whatever it is; NULL: nothing. */
const Json *outline_value(const Json *source, Str path);

#endif
