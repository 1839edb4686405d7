/* occasion: what a data folder was made for. The first start of a sandbox leaves a mark in it, the
   starter city a file of demo accounts. */
#include "city_int.h"
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static Str mark_of(const City *city, Arena *arena) {
    return str_fmt(arena, STR_FMT "/sandbox", STR_ARG(city->options.data));
}

static bool holds_anything(const City *city) {
    for (size_t i = 0; i < city->tenant_count; i++)
        if (ledger_head(city->tenants[i]->ledger)) return true;
    return false;
}

static Rc mark_sandbox(Ctx *ctx, Str mark) {
    int fd = open(str_z(ctx->arena, mark), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && close(fd) == 0) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "disk", mark, "This cannot be written: %s.",
                    strerrordesc_np(errno));
}

static Rc check_sandbox(Ctx *ctx, const City *city) {
    Str mark = mark_of(city, ctx->arena);
    bool marked = place_there(ctx, mark);
    if (marked == city->options.sandbox) return RC_OK;
    if (marked)
        return ctx_fail(ctx, RC_CONFLICT, "is-sandbox", city->options.data,
                        "Anyone could do everything in this folder: start it with --sandbox, or "
                        "choose another with --data.");
    if (holds_anything(city))
        return ctx_fail(ctx, RC_CONFLICT, "is-city", city->options.data,
                        "This folder holds a city, and in a sandbox anyone may do everything: "
                        "choose another with --data.");
    return mark_sandbox(ctx, mark);
}

static Rc check_demos(Ctx *ctx, const City *city) {
    if (city_on_loopback(city) || !place_there(ctx, starter_demo_file(city, ctx->arena, false)))
        return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "demo-accounts", STR("listen"),
                    "This folder holds demo accounts, whose passwords are shown to anyone: listen "
                    "on 127.0.0.1 or [::1], or choose another folder with --data.");
}

Rc occasion_check(Ctx *ctx, const City *city) {
    TRY(check_sandbox(ctx, city));
    return check_demos(ctx, city);
}
