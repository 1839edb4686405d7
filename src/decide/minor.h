/* minor: a declared minor correction (軽微な修正): what it changes, value by value, and what may
   not be changed so. `corrections` of organisation.json are rows {kind ("*": any), never [paths],
   but [members], article}: what stands under one of these paths (amount, addressee, disposition) is
   never minor, unless a member of the path is one of `but` (the texts of a definition, say). A city
   without such rows has no minor corrections. Include only decide.h from outside. */
#ifndef DECIDE_MINOR_H
#define DECIDE_MINOR_H

#include "json/json.h"
#include "model/model.h"

/* One value that is another: path "items[2].text"; NULL: it wasn't there, or isn't any more. */
typedef struct MinorChange {
    Str path;
    const Json *before, *after;
} MinorChange;
typedef VEC(MinorChange) MinorChanges;

enum { MINOR_MOST = 200 };

/* What differs, members of objects and of lists of the same length each for itself; salts and what
   is computed of the rest are left out. At most MINOR_MOST + 1. Values are borrowed. Pure. */
void minor_changes(Arena *arena, const Json *before, const Json *after, MinorChanges *out);
/* RC_INVALID "bad-organisation" names row and member. NULL: there is no organisation. */
Rc minor_check(Ctx *ctx, const Json *organisation);
/* RC_INVALID "not-minor": the path is one that is never minor for this kind, by the article that it
   names; "no-minor": the city has no rule; "much": it is more than MINOR_MOST. */
Rc minor_allowed(Ctx *ctx, const Json *organisation, Str kind, const MinorChanges *changes);
/* By which article; empty: the city has no rule for this kind. */
Str minor_article(const Json *organisation, Str kind);

/* [{path, before, after}], and back. */
Json minor_json(Arena *arena, const MinorChanges *changes);
void minor_read(Arena *arena, const Json *list, MinorChanges *out);

/* One correction as it is kept: who declared it, when. erased: its person was. */
typedef struct Correction {
    int64_t at;
    Str actor, post;
    bool erased;
    MinorChanges changes;
} Correction;
typedef VEC(Correction) Corrections;
/* Those of a Decision, as far as this entity shows them. RC_FAILED "contents-altered". */
Rc minor_corrections(Ctx *ctx, const Entity *decision, Corrections *out);

#endif
