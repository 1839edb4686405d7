/* place: where a city's things lie on disk, for the server and for the subcommands that work beside
   it: DATA/tenants/NAME, KEYS/NAME.key, WITNESS/NAME.witness. The default tenant's NAME is
   "default". */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "base/base.h"

typedef struct PlaceRoots {
    Str data, keys, witness; /* folders; keys and witness empty: DATA/keys, DATA/witness */
} PlaceRoots;

typedef struct PlacePaths {
    Str name, folder;           /* NAME */
    Str key, erasures, witness; /* files */
} PlacePaths;

/* The roots of the settings data, keys and witness; texts live in the arena. */
PlaceRoots place_roots(Arena *arena, const Settings *settings);
/* tenant "" is the default one. Paths live in the arena, NUL behind each. */
PlacePaths place_of(Arena *arena, const PlaceRoots *roots, Str tenant);
/* NAMEs of the folders in FOLDER/tenants, in order of their bytes; none where there is no such
 * folder. */
Rc place_list(Ctx *ctx, Str folder, StrVec *names);
/* A folder with mode 0700 whose parent exists; it may be there already. */
Rc place_make(Ctx *ctx, Str folder);
/* The path from the root on, for a process with another working folder. */
Rc place_whole(Ctx *ctx, Str path, Str *out);
bool place_there(Ctx *ctx, Str path);
/* Copies a file, mode 0600: whole and synced, or not at all. */
Rc place_copy(Ctx *ctx, Str from, Str to);

#endif
