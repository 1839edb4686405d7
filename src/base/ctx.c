#include "ctx.h"

#include <stdarg.h>
#include <stdio.h>

Rc ctx_fail(Ctx *ctx, Rc rc, const char *code, Str path, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0 && rc != RC_OK);
    char *text = arena_alloc(ctx->arena, (size_t)len + 1, 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    ctx->error = (Error){.rc = rc,
                         .code = str_of(code),
                         .detail = {text, (size_t)len},
                         .path = path.len ? str_dup(ctx->arena, path) : STR_NONE};
    return rc;
}

void ctx_keep_error(Ctx *ctx, const Error *from) {
    ctx->error = (Error){.rc = from->rc,
                         .code = str_dup(ctx->arena, from->code),
                         .detail = str_dup(ctx->arena, from->detail),
                         .path = str_dup(ctx->arena, from->path)};
}

Rc ctx_check_deadline(Ctx *ctx) {
    if (ctx->deadline == 0 || time_monotonic() < ctx->deadline) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "deadline", STR_NONE,
                    "This took longer than allowed: narrow the question or ask for fewer results.");
}
