/* correct: an application is corrected where its office asks for it (補正): the office marks
   questions, its resident answers those again by the rules of the definition, and the same case
   comes back. What was answered before stays with the case, beside what is answered now. Pool
   threads. Include only procedure.h from outside. */
#ifndef PROCEDURE_CORRECT_H
#define PROCEDURE_CORRECT_H

#include "defined.h"
#include "versions.h"

/* Corrections of a case, and characters of what is said of one question, at most. */
enum { CORRECT_MOST = 20, CORRECT_WHY_MAX = 500 };

/* The move of the resident by which a case comes back to this state from where a move of the office
   leads; NULL: that asks for no correction. */
const DefinedMove *correct_answer(const Definition *definition, const DefinedMove *asks, Str state);
/* The questions that may be marked: those that were answered, and those that are due and weren't,
   but for the slot, which is changed on a page of its own. application: whole. */
void correct_fields(Ctx *ctx, const Entity *application, Fields *out);

/* What is to be corrected now. */
typedef struct CorrectAsk {
    const DefinedMove *answer; /* by which it comes back; NULL: it stays where it is */
    int64_t n;                 /* which step of the case asked for it, or is to be the correction */
    CorrectFields fields;      /* those that the version which governs it asks */
    Str text;                  /* of all of them; may be empty */
} CorrectAsk;
/* False: nothing is, but an answer in words may be waited for. Texts refer to the application. */
bool correct_asked(Ctx *ctx, const Entity *application, CorrectAsk *out);

/* Whether who acts may not see what is kept of an answer: he doesn't say it anew either, and it
   stays. application: whole. */
bool correct_hides(Ctx *ctx, const Entity *application, const Field *field);

/* The step of a correction for which its person called or came, and no move led to. */
#define CASE_STEP_CORRECTED STR("corrected")
/* Whether an official may correct a case where it is, for its person who calls or comes: while the
   office may still ask for that, or has done nothing about the case. application: whole. */
bool correct_may_here(Ctx *ctx, const Entity *application);
/* What he marks of it. RC_CONFLICT "not-asked": he may not, or no more; RC_INVALID "no-correction",
   "long"; RC_LIMIT "corrections-full"; RC_DENIED "hidden": he may not see what was answered
   (correct_hides). */
Rc correct_here(Ctx *ctx, const Entity *application, const CorrectFields *fields, CorrectAsk *out);

/* A case as it is being corrected. */
typedef struct Correcting {
    const Entity *application; /* whole */
    CorrectAsk ask;
    Form before; /* as it was kept */
    Form form;   /* and with what is said; all that isn't asked here is "handed" */
    bool hidden; /* something of it isn't asked of who acts, who may not see it (correct_hides) */
} Correcting;
/* said: answers by field id, as form_read takes them; of fields that aren't asked here they are
   ignored. Asked are those that were marked, and those that an answer brings up or breaks.
   here: what an official marks, with the errors of correct_here; NULL: what was asked. RC_CONFLICT
   "not-asked". */
Rc correct_form(Ctx *ctx, const Entity *application, const CorrectFields *here, const Json *said,
                Correcting *out);
/* What was kept, said again as who answers would type it: it lives in ctx->arena. visible: the
   application as he may see it; what he may not stays unsaid, and is left as it is. */
Json correct_kept(Ctx *ctx, const Entity *visible, const CorrectAsk *ask);

/* Files of a question, until they are sent: those of the case at first, and then what who answers
   has chosen instead, in his draft. */
typedef struct CorrectFiles {
    const Entity *application; /* as he may see it */
    int64_t n;                 /* of the CorrectAsk */
    const Field *field;
} CorrectFiles;
/* How the groups of a draft begin that have them (draft_group). */
#define CORRECT_GROUP "correct-"
/* As form_read takes them; one whose bytes are there no more has no id. */
Rc correct_files(Ctx *ctx, const CorrectFiles *files, Json *out);
Rc correct_files_keep(Ctx *ctx, const CorrectFiles *files, Json said);

/* Whether who acts may say anew what was applied for: a procedure that wants to know whose it is
   wants to know it again, since an address alone would let others have a paper sent elsewhere.
   RC_DENIED "sign-in", "authn-low", "proof-low", as defined_begin; "other-account": it is somebody
   else's. application: whole. */
Rc correct_identity(Ctx *ctx, const Entity *application);

typedef struct CorrectWish {
    Str id;
    int64_t n;          /* of the CorrectAsk that is answered */
    CorrectFields here; /* as correct_form; none: what was asked */
    const Json *said;   /* files as correct_files has them */
    Str text;           /* beside the answers, or instead: demanded where nothing is changed */
    Str channel;        /* "web"; "phone", "counter": an official enters it for whose case it is */
} CorrectWish;
/* Corrects the case, and leads it back: one event. The same twice is once. RC_INVALID "incomplete":
   out->form says what is wrong; "unchanged", "long" at "text"; "no-channel". RC_CONFLICT
   "not-asked": the case has been corrected otherwise or has moved on; "units-change": the slot that
   is booked isn't enough; one that is more than enough stays as it is. RC_DENIED, as
   correct_identity among them. */
Rc correct_send(Ctx *ctx, const CorrectWish *wish, Correcting *out);

/* One answer that was corrected, and one correction, as a page shows them. */
typedef struct CorrectedAnswer {
    FormAnswer before, after; /* value null: there was none */
} CorrectedAnswer;
typedef struct Corrected {
    int64_t asked, step; /* which steps of the case asked for it, and were it */
    Str channel;
    VEC(CorrectedAnswer) answers;
    VEC(FormAnswer) asks;    /* what was asked for, and why, in `raw` */
    bool hidden;             /* others may not be seen by who asks */
    int64_t fee_before, fee; /* yen; the same: it is unchanged; -1: there is none */
    bool fee_fixed;          /* it was asked for or decided already, and stays what it was before */
    bool dropped;            /* a proposal about the case fell with it */
} Corrected;
typedef VEC(Corrected) Correcteds;
/* The oldest first. application: as who asks may see it. */
void correct_done(Ctx *ctx, const Entity *application, Correcteds *out);

#endif
