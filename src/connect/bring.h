/* bring: a file of the city as text: bounded, unpacked when it is a zip, in UTF-8 whatever it was
   written in. */
#ifndef CONNECT_BRING_H
#define CONNECT_BRING_H

#include "base/base.h"

#define BRING_FILE_MAX  ((size_t)256 << 20) /* bytes, before and after unpacking */
#define BRING_ARENA_MAX ((size_t)3 << 30)   /* what an arena needs to bring the largest file */

enum {
    BRING_RATIO_FROM = 8 << 20, /* bytes from which on the ratio is looked at */
    BRING_RATIO_MAX = 200,      /* of unpacked to packed bytes; more is a bomb */
};

typedef VEC(size_t) LineNumbers;

typedef struct Brought {
    Str text;             /* UTF-8 without BOM; a byte that is neither UTF-8 nor CP932 is U+FFFD */
    const char *encoding; /* "UTF-8", "UTF-8 with BOM", "CP932", "UTF-8 and CP932 mixed" */
    const char *unlike;   /* what it seems to be in place of UTF-8 or CP932: "EUC-JP",
                             "ISO-2022-JP", "no text"; NULL: nothing else */
    Str inside;           /* name of the file inside the zip; empty: no zip */
    LineNumbers mended;   /* lines that were CP932 in a file of UTF-8, ascending */
    Digest digest;        /* of the file as it lies there */
} Brought;

/* Reads a regular file. RC_NOT_FOUND, RC_INVALID (UTF-16, a zip that does not
 * hold just one CSV), RC_LIMIT. All lies in
 * ctx->arena. */
Rc bring_file(Ctx *ctx, Str path, Brought *out);
/* The same for bytes that are there already. */
Rc bring_bytes(Ctx *ctx, Str bytes, Brought *out);

#endif
