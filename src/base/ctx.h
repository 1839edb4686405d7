/* ctx: what a piece of work needs to know about its surroundings, passed as the first parameter. */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "arena.h"
#include "rand.h"
#include "str.h"
#include "time.h"

/* What went wrong, said by whoever found out; callers pass it on. Texts live in the Ctx's arena. */
typedef struct Error {
    Rc rc;
    Str code;   /* stable word for programs, e.g. "bad-date"; the NGSI-LD faces map Rc, not this */
    Str detail; /* one sentence: what, and how to mend it */
    Str path; /* the member, column or field at fault: "temperature.observedAt", "row 17, 緯度" */
} Error;

typedef struct Ctx {
    Arena *arena;   /* lives as long as the request */
    Arena *scratch; /* rewound by whoever took a mark */
    Clock *clock;
    Rand *rand;
    struct Tenant *tenant; /* ledger/ defines it */
    struct Actor *actor;   /* gate/ defines it */
    Str purpose;           /* why personal data is touched; empty when it is not */
    struct Reader *db;     /* store/ defines it; NULL on loop threads */
    int64_t deadline;      /* time_monotonic() at which to give up */
    Error error;
} Ctx;

/* Fills ctx->error and returns rc. path may be STR_NONE; code is a literal. */
[[gnu::format(printf, 5, 6), gnu::nonnull(5)]] Rc ctx_fail(Ctx *ctx, Rc rc, const char *code,
                                                           Str path, const char *format, ...);
/* Takes over what another Ctx was told, in memory of its own: before that one's arena goes. */
void ctx_keep_error(Ctx *ctx, const Error *from);
/* RC_LIMIT with an error when the deadline has passed. */
Rc ctx_check_deadline(Ctx *ctx);

#endif
