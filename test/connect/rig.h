/* rig: a tenant with the starter's dictionary and policies, in a folder of its own. */
#ifndef TEST_CONNECT_RIG_H
#define TEST_CONNECT_RIG_H

#include "connect/connect.h"
#include "gate/gate.h"
#include "project/project.h"

typedef struct Rig {
    Ctx ctx;
    Clock clock;
    Rand rand;
    Arena *arena; /* lives as long as the rig */
    char root[64];
    Tenant tenant;
    const Dictionary *dictionary;
} Rig;

void rig_open(Rig *rig);
void rig_close(Rig *rig);
/* A file of the rig's folder with these bytes; its path. */
Str rig_file(Rig *rig, const char *name, Str bytes);
/* Imports it; ends the program when that fails. */
const Json *rig_import(Rig *rig, ConnectWish wish);
int64_t rig_count(const Json *report, const char *name);
/* The newest state, or NULL. */
const Entity *rig_entity(Rig *rig, const char *id);
/* The folder of the real files (MACHI_SAMPLES, else ../shared/data beside the project); NULL when
 * it is absent. */
const char *rig_samples(Rig *rig);
/* The whole of a file below a folder. */
Str rig_read(Arena *arena, const char *folder, const char *name);

#endif
