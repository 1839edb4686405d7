/* appendfile: a small file outside the folder that is only ever appended to, each addition synced:
 * the list of erasures, the witness. */
#ifndef LEDGER_APPENDFILE_H
#define LEDGER_APPENDFILE_H

#include "base/base.h"

enum { APPENDFILE_MAX = 1 << 30 };

/* The whole file, in ctx->arena; empty when there is none. RC_FAILED names the file. */
Rc appendfile_read(Ctx *ctx, Str path, Str *content);
/* Creates it with mode 0600 and this head when it is absent or empty, cuts it to `keep` bytes when
   it is longer than keep (an addition that was cut short), and appends. keep: SIZE_MAX to cut
   nothing. Synced on return. */
Rc appendfile_add(Ctx *ctx, Str path, Str head, size_t keep, Str addition);
/* Reads only the last max bytes; *from is where they begin. */
Rc appendfile_tail(Ctx *ctx, Str path, size_t max, Str *content, uint64_t *from);

#endif
