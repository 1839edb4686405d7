/* keys: the hierarchy tenant key → subject key → data key (and type keys), a bounded cache of
   unwrapped ones, and what of it is written and destroyed (doc/ledger-format.md §6). Shared by all
   threads; making keys is the writer's. */
#ifndef LEDGER_KEYS_H
#define LEDGER_KEYS_H

#include "keyfile.h"
#include "store/store.h"

typedef struct Keys Keys;

enum { KEYS_LABEL = 64 }; /* longest subject or retention as stored */

typedef enum KeyKind { KEY_SUBJECT = 1, KEY_DATA = 2, KEY_GENERAL = 3 } KeyKind;

/* What a key is for, as its row says it. */
typedef struct KeyScope {
    uint8_t kind;
    uint8_t subject_len, retention_len;
    char subject[KEYS_LABEL], retention[KEYS_LABEL];
} KeyScope;

/* The data key of a person and retention file; the person's own key; the key of an undeclared type;
   the key of a retention file for personal values without a person. Labels longer than 64 bytes
   stand as "sha256:" and their hash. */
KeyScope keys_scope_data(Str subject, Str retention);
KeyScope keys_scope_subject(Str subject);
KeyScope keys_scope_type(Str type_iri);
KeyScope keys_scope_file(Str retention);
Str keys_subject(const KeyScope *scope);
Str keys_retention(const KeyScope *scope);

typedef struct DataKey {
    KeyId id;
    SealKey key;
} DataKey;

/* max: keys kept unwrapped. */
Keys *keys_new(const TenantKey *tenant, size_t max);
/* Zeroes all of them; NULL allowed. */
void keys_free(Keys *keys);

/* The key with this id, for opening. RC_NOT_FOUND: destroyed. RC_BUSY: not unwrapped yet and
 * ctx->db is NULL. */
Rc keys_open(Ctx *ctx, Keys *keys, const KeyId *id, SealKey *out);
/* The living key of a scope, for sealing. RC_NOT_FOUND: there is none. RC_BUSY as above. */
Rc keys_find(Ctx *ctx, Keys *keys, const KeyScope *scope, DataKey *out);

/* ---- the writer's ---- */

/* The same, making it (and the subject's) in the writer's batch when there is none. ctx->db must be
 * set. */
Rc keys_make(Ctx *ctx, Keys *keys, Writer *writer, const KeyScope *scope, DataKey *out);
/* The batch was committed: keys made in it are for all now. Or it was not: they are forgotten. */
void keys_committed(Keys *keys);
void keys_rolled_back(Keys *keys);
/* The tenant key that wraps new keys. */
const TenantKey *keys_tenant(const Keys *keys);
/* Takes another one beside it: rows are unwrapped by either, new keys are wrapped by it once the
   batch is committed. The former one stays for readers of older snapshots until keys_free. */
void keys_rewrap(Keys *keys, const TenantKey *fresh);
/* Wraps the key of a living row anew, under the fresh tenant key, where its parent is the present
   one: *wrapped is in ctx->arena; empty: its parent is another. */
Rc keys_wrap_again(Ctx *ctx, Keys *keys, const KeyRow *row, Str *wrapped);
/* Forgets destroyed keys. */
void keys_forget(Keys *keys, const KeyId *ids, size_t n);

#endif
