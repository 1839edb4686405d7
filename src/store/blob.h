/* blob: files by the SHA-256 of their stored (sealed) bytes. Any thread, several at once. */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "base/base.h"

typedef struct Store Store;

/* Durable on RC_OK. Putting the same bytes again is RC_OK. At most 1 GiB. */
Rc blob_put(Ctx *ctx, Store *store, Str bytes, Digest *id);
/* RC_NOT_FOUND; RC_FAILED when the bytes do not hash to their name any more. */
Rc blob_get(Ctx *ctx, Store *store, const Digest *id, Str *bytes);
/* Durable on RC_OK. RC_OK when there is none, too. */
Rc blob_delete(Ctx *ctx, Store *store, const Digest *id);

#endif
