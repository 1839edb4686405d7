/* procedure_int: what the files of procedure/ share. */
#ifndef PROCEDURE_PROCEDURE_INT_H
#define PROCEDURE_PROCEDURE_INT_H

#include "procedure.h"

#include "book/book.h"
#include "decide/decide.h"

#include <pthread.h>

#define WASTE_RESOURCE STR("bulky-waste")
#define IRI(term)      STR(LD_DEFAULT term)

struct Procedures {
    Arena *arena;
    Waste *waste;
    Batch *local;
    pthread_mutex_t local_lock;
};

/* A command of ctx's actor about a case; channel "web" unless said. */
Command *case_command(Ctx *ctx, Str kind, Str case_id, Str channel);
/* Runs and frees it. */
Rc case_execute(Ctx *ctx, Command *command, Outcome *outcome);
/* The slot part of a district's day, in the command's arena; declares the slot. */
PartSlot *case_slot(Ctx *ctx, Command *command, const WasteDistrict *district, Date day);
/* The newest state of a case that the actor may see something of, else RC_NOT_FOUND. It is whole:
   rules are kept on what is so, not on what he may read; never show it. */
Rc case_load(Ctx *ctx, Str id, const Entity **out);

#endif
