/* attach: files that belong to answers. Until an application is sent they lie in local.db, sealed
   like the rest of the draft; sending keeps them beside the ledger under the applicant's key. Pool
   threads. Include only procedure.h from outside. */
#ifndef PROCEDURE_ATTACH_H
#define PROCEDURE_ATTACH_H

#include "form.h"
#include "media.h"

/* What the operator sets. */
typedef struct AttachLimits {
    Str scanner;    /* socket of clamd, which is asked about each file; empty: none is asked */
    int64_t file;   /* bytes of one */
    int64_t files;  /* of one application */
    int64_t drafts; /* bytes of all that was not sent yet; a quarter of them for one network without
                       an account */
} AttachLimits;
enum { ATTACH_FIELD_MOST = 10 }; /* files of one question, at most */

/* One file as an answer has it: {"file", "name", "type", "bytes", "sha256"}. */
typedef struct Attachment {
    Str file; /* draft: its id there; case: the digest of the sealed bytes in hex; empty: it is gone
               */
    Str name; /* as whoever sent it calls it: no path, nothing that is no text */
    Str type; /* of the bytes */
    int64_t bytes;
    Str digest; /* of the bytes, in hex */
} Attachment;
typedef VEC(Attachment) Attachments;
Json attachment_json(Arena *arena, const Attachment *attachment);
bool attachment_read(const Json *json, Attachment *out);
/* Whether an error is about this one file, and told beside its name. */
bool attach_refused(const Ctx *ctx, Rc rc);
/* Those of an answer, in their order. */
void attachments_of(Arena *arena, const Json *said, Attachments *out);
void form_attachments(Arena *arena, const FormAnswer *answer, Attachments *out);
/* The one of these under an id; NULL: none. */
const Attachment *attachment_of(const Attachments *files, Str file);
/* A name as it is shown and kept: the last part of a path, without control characters, at most 100
   characters; never empty. */
Str attach_name(Arena *arena, Str said);

/* A file that comes in for a question. */
typedef struct AttachWish {
    const Field *field;
    Str name, bytes;
    size_t have, all; /* files that the question, and all of the application, have already */
} AttachWish;
/* What is kept of it: its bytes without what a photo tells beside its picture; where they lie is
   not said yet. RC_INVALID "empty", "type", "damaged"; RC_LIMIT "large", "many", "all-many"; and as
   scan_bytes. */
Rc attach_take(Ctx *ctx, const AttachWish *wish, Attachment *out, Str *clean);
/* Keeps it in the browser's draft, without what a photo tells beside its picture. Errors as
   attach_take; RC_LIMIT "drafts-full", "network-full". */
Rc attach_add(Ctx *ctx, Str browser, const AttachWish *wish, Attachment *out);
/* RC_NOT_FOUND: it is gone, or another browser's. */
Rc attach_draft(Ctx *ctx, Str browser, Str file, Str *bytes);
bool attach_there(Ctx *ctx, Str browser, Str file);
Rc attach_forget(Ctx *ctx, Str browser, const Attachments *attachments);

#endif
