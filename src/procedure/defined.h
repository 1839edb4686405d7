/* defined: the cases of procedures that are definitions: answers in the browser's draft, sending,
   and the moves that a definition allows to resident and office. A case keeps the version under
   which it began, which governs it until it goes to another one by a decision (transition.h).
   Include only procedure.h from outside. */
#ifndef PROCEDURE_DEFINED_H
#define PROCEDURE_DEFINED_H

#include "apply.h"
#include "catalogue.h"
#include "form.h"

/* What a browser has answered so far to one procedure. */
typedef struct DefinedDraft {
    const Definition *definition;
    Str token;   /* of the unguessable address; empty: nothing was begun */
    Str channel; /* "web"; "phone", "counter": of an entry for somebody */
    Str visit;   /* to the counter, for which an official began it; empty: none */
    Form form;
    Str held;            /* the slot that it holds; empty: none, or no longer */
    int64_t held_until;  /* until when */
    Str ticket;          /* of the waiting room, with which it was let in; empty: with none */
    int64_t admitted_at; /* when; 0: never */
    Str bundle;          /* id of the bundle that handed answers on; empty: it stands alone */
    const Json *handed;  /* what that handed on, by field; NULL: nothing */
    Str reached;         /* id of the furthest page that it came to (reach.h); empty: to none */
    Str notice;          /* set by who sends: how letters are to come, where they are asked for */
    Str unconfirmed;     /* set by who sends: why nobody confirmed it on a tablet (tablet.h) */
    Str sent;            /* token of what was sent from this browser a moment ago; empty: nothing */
} DefinedDraft;
/* Pool threads. */
Rc defined_draft(Ctx *ctx, const Definition *definition, DefinedDraft *out);
/* Begins anew: a token of its own, and for a signed-in resident what is known of him from the case
   that he sent last. RC_DENIED "sign-in": this procedure wants to know whose it is; "inside": it is
   for officials; "authn-low", "proof-low": more has to be shown, or made sure of him. */
Rc defined_begin(Ctx *ctx, const Definition *definition, Str channel);
/* Keeps that the draft was let in with a ticket of the waiting room, which wait_check took. */
Rc defined_admit(Ctx *ctx, const Definition *definition, Str ticket);
/* Whether it may be begun: its errors. */
Rc defined_may_begin(Ctx *ctx, const Definition *definition, Str channel);
/* Keeps what was said to some questions: texts or arrays of texts by field id. */
Rc defined_keep(Ctx *ctx, const Definition *definition, const JsonMembers *said);

/* Sends: number, case, checks and fee in one command, and forgets the draft. The same draft twice
   is one case. RC_INVALID "incomplete", the path naming the page; "no-notice"; RC_CONFLICT
   "slot-full": the slot was held no longer, and somebody else has it. */
Rc defined_send(Ctx *ctx, const DefinedDraft *draft, Receipt *out);

/* ---- a case ---- */
/* The definition that governs a case; NULL: it is not one of a definition. */
const Definition *defined_of(const Ctx *ctx, const Entity *application);
const DefinedState *defined_state(const Definition *definition, const Entity *application);
/* What the rules found: {CHECK or CONDITION, ok, on: the day, version} each, null where it may not
   be seen; before their day was kept, without "on" and "version". Those of the day of the decision
   are judged today, until there is one, and "settled" then. It refers to the application. */
Json defined_found(Ctx *ctx, const Entity *application, bool checks);
/* What was answered to a question, as it was kept; false: nothing, or it may not be seen. Lives in
   arena. */
bool defined_answer(Arena *arena, const Entity *application, const Field *field, FormAnswer *out);

/* A question that is to be answered again, and why; empty: the text for all says it. */
typedef struct CorrectField {
    Str field, why;
} CorrectField;
typedef VEC(CorrectField) CorrectFields;

typedef VEC(const DefinedMove *) DefinedMoves;
/* The moves that who acts can make now; *out lives in ctx->arena. application: whole. */
void defined_moves(Ctx *ctx, const Entity *application, DefinedMoves *out);
typedef struct DefinedAct {
    Str id, move;
    uint64_t version;       /* of the case as it was seen; 0: as it is */
    Str text;               /* question, answer or reason */
    Date answer_by;         /* a move to the resident: until when; year 0: as the state says */
    const Json *decided;    /* contents of the decision that makes it; NULL: none does */
    CorrectFields corrects; /* a move to the resident: what he corrects (correct.h); none: he
                               answers in words */
} DefinedAct;
/* Makes a move. RC_NOT_FOUND "no-move", RC_DENIED, RC_CONFLICT "moved-on"; "needs-decision": it has
   to be decided first; RC_INVALID "missing" at "text", "past" or "far" at "due"; of what is to be
   corrected "no-correction", "long" at its field, RC_LIMIT "corrections-full". */
Rc defined_move(Ctx *ctx, const DefinedAct *act);
/* Proposes a move that has to be decided first, act->text being the reason; *decision is the
 * proposal. The same twice is once. RC_CONFLICT "no-decision", "moved-on", "proposed". */
Rc defined_propose(Ctx *ctx, const DefinedAct *act, Str *decision);
/* What the letters say that a decision about these contents brings about (施行文案), as
   Letter.contents, if it is decided now; none of an erased case, nor of one that has moved since it
   was proposed. Whoever asks may read the contents of the decision; to whom a letter goes he reads
   by `application` alone (its name and address, masked), and that is a look. */
typedef struct LetterDrafts {
    JsonItems contents;
    const Entity *application; /* whole; NULL: there are no letters */
    bool moved;
    bool nobody_signs; /* the post in whose name they are is vacant: it can't be decided so */
} LetterDrafts;
Rc defined_letters(Ctx *ctx, const Entity *decision, const Json *contents, LetterDrafts *out);
/* The proposal about a case that waits; empty: none does. application: of a definition. */
Rc defined_proposed(Ctx *ctx, const Entity *application, Str *decision);

#endif
