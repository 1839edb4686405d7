/* publish: definitions as the city makes them: a draft that officials edit, its proposal, and the
   version that a decision puts into the ledger, from which moment it is found in the catalogue.
   What comes with the program is there besides, as the first versions. Pool threads. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_PUBLISH_H
#define PROCEDURE_PUBLISH_H

#include "catalogue.h"

#define PUBLISH_KIND STR("procedure-definition") /* of proposals: about a procedure */

/* A procedure as those see it who make it. */
typedef struct Publishing {
    Str id;
    const Json *draft; /* being written; NULL: nothing is */
    Str draft_post;    /* under which it was saved last */
    int64_t draft_at;
    uint64_t version;         /* of the record, for publish_keep; 0: there is none */
    const Definition *newest; /* NULL: it is a draft alone */
    const Definition *now;    /* in force today; NULL: none is */
    Str proposal;             /* that waits; empty: none does */
} Publishing;
/* RC_NOT_FOUND "no-procedure". */
Rc publish_load(Ctx *ctx, Str id, Publishing *out);
typedef VEC(Publishing) Publishings;
/* All procedures, those that are drafts alone among them, by id. */
Rc publish_list(Ctx *ctx, Publishings *out);

/* Begins a draft: another procedure (from: its id; empty: a blank one) under this id, or the next
   version of this one (from: id). RC_INVALID at "id" "bad-id"; RC_CONFLICT "taken": the id is
   another's, "drafted": a draft is there. */
Rc publish_begin(Ctx *ctx, Str id, Str from);
/* A definition that another city gave, as the draft of the procedure that it names. RC_INVALID: it
   is none, and where; RC_CONFLICT "drafted". */
Rc publish_import(Ctx *ctx, Str text, Str *id);
/* Saves the draft as it is to be now; version: of the record that it was made from. RC_INVALID: no
   definition can have this; RC_CONFLICT "edited": somebody else saved meanwhile. */
Rc publish_keep(Ctx *ctx, Str id, uint64_t version, const Json *draft);
Rc publish_discard(Ctx *ctx, Str id, uint64_t version);

/* What keeps the draft from being published, the first fault where it can't be read (*definition
   NULL then). */
void publish_check(Ctx *ctx, const Publishing *of, const Definition **definition,
                   DefinitionFindings *out);
/* Proposes the draft as it is. RC_INVALID "findings"; "past" at "effective.from": it would be in
   force before today; RC_CONFLICT "proposed"; "no-draft". */
Rc publish_propose(Ctx *ctx, Str id, Str *decision);

/* The text of a version, as another city takes it over; NULL: there is no such version. */
const Json *publish_text(Ctx *ctx, Str id, int64_t version);
/* The Decision that made a version; empty: it came with the program. */
Str publish_decision(Ctx *ctx, Str id, int64_t version);

#endif
