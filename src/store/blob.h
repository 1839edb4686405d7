/* blob: files by the SHA-256 of their stored (sealed) bytes. Any thread, several at once. */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "base/base.h"

typedef struct Store Store;

/* Durable on RC_OK. Putting the same bytes again is RC_OK. At most 1 GiB. */
Rc blob_put(Ctx *ctx, Store *store, Str bytes, Digest *id);
/* RC_NOT_FOUND; RC_FAILED when the bytes do not hash to their name any more. */
Rc blob_get(Ctx *ctx, Store *store, const Digest *id, Str *bytes);
/* At most the first n bytes, unchecked. RC_NOT_FOUND. */
Rc blob_head(Ctx *ctx, Store *store, const Digest *id, size_t n, Str *bytes);
/* Durable on RC_OK. RC_OK when there is none, too. */
Rc blob_delete(Ctx *ctx, Store *store, const Digest *id);
/* Shows all files that were there when it began, in no order, with the time at which each was put;
   each may delete the one that it is shown. */
typedef Rc (*BlobEach)(Ctx *ctx, void *arg, const Digest *id, int64_t put);
Rc blob_each(Ctx *ctx, Store *store, BlobEach each, void *arg);
/* Takes away what puts that died before this time have left. */
Rc blob_tidy(Ctx *ctx, Store *store, int64_t before);

#endif
