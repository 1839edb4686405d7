/* saved: the drafts of a resident's account: what he has begun and not sent, on whichever of his
   devices. What was begun in a browser before he signed in there becomes his. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_SAVED_H
#define PROCEDURE_SAVED_H

#include "defined.h"

typedef struct DraftSaved {
    Str procedure;    /* empty: bulky waste */
    int64_t saved_at; /* when the last answer was kept */
} DraftSaved;
typedef VEC(DraftSaved) DraftsSaved;
/* Those of who is signed in, the newest first. Pool threads, as all here. */
Rc draft_saved(Ctx *ctx, DraftsSaved *out);
/* How long they are kept after the last answer to any of them, µs. */
int64_t draft_saved_lasts(const Ctx *ctx);
/* What this browser had before its owner, ctx's actor, signed in is his from now on. Of two drafts
   of a procedure the one with more answers goes on, of equals the browser's; the other one gives
   back its slot and its files. Nothing for who has no account of a resident. */
Rc draft_adopt(Ctx *ctx, Str browser);
/* Throws one away, and gives back what it held. RC_NOT_FOUND "no-draft". */
Rc draft_throw(Ctx *ctx, Str procedure);

#endif
