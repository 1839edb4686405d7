/* keyfile: the tenant key's file outside the folder (doc/ledger-format.md §6). It holds one key, or
   two while keys are being rewrapped. */
#ifndef LEDGER_KEYFILE_H
#define LEDGER_KEYFILE_H

#include "seal.h"

/* The keys derived from a tenant key, and its id. */
typedef struct TenantKey {
    KeyId id;
    SealKey wrap, index;
} TenantKey;

enum { KEYFILE_KEYS = 2 };

typedef struct KeyFile {
    TenantKey keys[KEYFILE_KEYS];
    size_t len;
} KeyFile;

/* Reads the file, or with `create` makes it (32 random bytes, mode 0600, synced) when there is
   none. RC_NOT_FOUND: there is none. RC_FAILED: unreadable, damaged, or open to group or others;
   the error names file and remedy. Forget the result by seal_forget. */
Rc keyfile_read(Ctx *ctx, Str path, bool create, KeyFile *out);
/* The key of this id; NULL: the file has none. Borrowed. */
const TenantKey *keyfile_find(const KeyFile *file, const KeyId *id);
/* Puts a new key behind the one of this id, which must be there; synced on return. */
Rc keyfile_add(Ctx *ctx, Str path, const KeyId *id, TenantKey *added);
/* Leaves only the key of this id, and no bytes of others. Does nothing when that is so. */
Rc keyfile_settle(Ctx *ctx, Str path, const KeyId *id);

#endif
