/* filing: what is done to files (簿冊): a hold at once; extension (延長), transfer (移管) and
   disposal (廃棄) by decisions over lists of files whose time is over. A disposal destroys the keys
   of a file, so nobody reads any more what was sealed under them: what is personal or sensitive of
   its cases, the files attached to them, their letters, messages and parts of decisions. That there
   were so many cases, when they came and how they ended stays, and so does the record of the
   disposal. Include only procedure.h from outside. */
#ifndef PROCEDURE_FILING_H
#define PROCEDURE_FILING_H

#include "shelf.h"

#include <stdatomic.h>

/* Kinds of proposals. */
#define FILING_DISPOSAL  STR("file-disposal")
#define FILING_EXTENSION STR("file-extension")
#define FILING_TRANSFER  STR("file-transfer")
/* As many files as one proposal holds. */
enum { FILING_MAX = 200, FILING_REASON_MAX = 1000 };

typedef struct FilingWish {
    FileVerb verb; /* FILE_EXTEND, FILE_TRANSFER or FILE_DISPOSE */
    StrVec codes;  /* of the files */
    Str reason;
    Date until; /* extend */
    Str to;     /* transfer */
} FilingWish;
/* Drafts the decision. RC_DENIED "not-your-files"; RC_INVALID "missing" (files, reason, until, to),
   "past" (until), "too-long"; RC_LIMIT "too-many-files"; RC_CONFLICT with the label of the first
   file that can't be: "file-open", "file-not-due", "file-extended", "file-held", "file-unfiled",
   "file-transferred", "file-disposed", "file-unclassified"; "proposed". */
Rc filing_propose(Ctx *ctx, const FilingWish *wish, Str *decision);
/* Why nothing of this verb can be proposed for a file: a code as above; NULL: it can. */
const char *filing_refusal(const ShelfFile *file, FileVerb verb);
/* Whether who acts sees to this file: his division keeps it, or looks after all. */
bool filing_mine(const Ctx *ctx, const ShelfFile *file);
/* Whether he may lift its hold: his post or division placed it, or looks after all files. */
bool filing_lifts(const Ctx *ctx, const ShelfFile *file);
/* Holds a file, whatever its time, or lifts that. Errors as part_file_act; RC_DENIED
   "not-your-files", "not-your-hold". */
Rc filing_hold(Ctx *ctx, Str code, FileVerb verb, Str reason);

/* Whether a kind of proposals is about files; adds to the command of a decision what it makes of
   them. */
bool filing_is(Str kind);
Rc filing_follow(Ctx *ctx, Command *command, const Entity *decision, const Json *contents);
/* What must hold when the keys go: RC_CONFLICT "file-moved", something of the file was written from
   this position of the ledger on, or more than can be looked at. */
Rc filing_unmoved(Ctx *ctx, Str label, uint64_t position);
/* How far the disposal of a decided proposal's files is; those that are neither done nor going went
   back to the shelf. */
typedef struct FilingProgress {
    int64_t all, done, going;
} FilingProgress;
Rc filing_progress(Ctx *ctx, const Entity *decision, const Json *contents, FilingProgress *out);
/* Destroys the keys of all files whose disposal was decided, or of as many until *stop is true
   (NULL: all). One in which a matter was opened
   again or added meanwhile goes back to the shelf, with that as reason, unless its destruction had
   begun. One that fails keeps no other waiting: it is logged, the first error is returned, and the
   carrier goes on with it. RC_BUSY: somebody is about it already. */
Rc filing_carry_out(Ctx *ctx, const atomic_bool *stop);

#endif
