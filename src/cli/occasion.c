/* occasion: what a data folder was made for. The first start of a sandbox leaves a mark in it, the
   starter city a file of demo accounts. */
#include "city_int.h"
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* A disk that is full must not be full for the spool, too. */
Rc glass_check(Ctx *ctx, const City *city) {
    Str folder = city->options.glass, data = city->options.data;
    char real[PATH_MAX], real_data[PATH_MAX];
    struct stat there, there_data;
    if (str_empty(folder)) return RC_OK;
    if (!realpath(str_z(ctx->arena, folder), real) || stat(real, &there) != 0)
        return ctx_fail(ctx, RC_INVALID, "no-spool", STR("gate.glass"),
                        "The folder of break-glass looks can't be read: %s. Make it, on another "
                        "volume than the data.",
                        strerrordesc_np(errno));
    if (!realpath(str_z(ctx->arena, data), real_data) || stat(real_data, &there_data) != 0)
        return RC_OK; /* it is made now, and so holds nothing */
    Str inside = str_fmt(ctx->arena, "%s/", real_data);
    if (str_eq(str_of(real), str_of(real_data)) || str_starts(str_of(real), inside))
        return ctx_fail(ctx, RC_INVALID, "spool-in-data", STR("gate.glass"),
                        "The folder of break-glass looks lies in the data folder: name one on "
                        "another volume.");
    if (there.st_dev == there_data.st_dev)
        log_warn("cli", "gate.glass is on the same volume as the data: when that is full, nothing "
                        "is shown");
    return RC_OK;
}

Rc occasion_check(Ctx *ctx, const City *city) {
    TRY(check_sandbox(ctx, city));
    return check_demos(ctx, city);
}
