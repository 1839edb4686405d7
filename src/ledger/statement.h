/* statement: signed statements of erasure and disposal, and the list of them beside the tenant key
 * (doc/ledger-format.md §7). */
#ifndef LEDGER_STATEMENT_H
#define LEDGER_STATEMENT_H

#include "note.h"
#include "seal.h"

typedef VEC(KeyId) KeyIds;

typedef struct Statement {
    uint8_t kind; /* EVENT_ERASURE or EVENT_DISPOSAL */
    Str subject, retention;
    int64_t time;
    Str reason;
    KeyIds keys;
} Statement;

/* Signed bytes, in ctx->arena. */
Rc statement_sign(Ctx *ctx, const NoteKey *key, const Statement *statement, Str *bytes);
/* Reads signed bytes. RC_INVALID: malformed or a signature that doesn't hold. RC_NOT_FOUND: a good
   one of another ledger. The result refers to bytes. */
Rc statement_open(Ctx *ctx, const NoteKey *key, Str bytes, Statement *out);
/* Reads one without checking origin and signature (leaves are proven by the tree). */
Rc statement_read(Ctx *ctx, Str bytes, Statement *out);

/* Appends to the list at path (created with mode 0600), synced on return; takes off a last line
   that was cut short. RC_FAILED names the file. */
Rc statement_list_add(Ctx *ctx, Str path, Str bytes);
/* Calls each for the signed bytes of each line; a missing list is an empty one. */
typedef Rc (*StatementEach)(Ctx *ctx, void *arg, Str bytes);
Rc statement_list_read(Ctx *ctx, Str path, StatementEach each, void *arg);

#endif
