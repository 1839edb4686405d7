#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static Rc refused(Ctx *ctx, Str name, const char *why) {
    return ctx_fail(ctx, RC_FAILED, "no-secret", name, "Its file cannot be read: %s.", why);
}

/* Who else can read a secret is let in as well. */
static bool is_private(FILE *file) {
    struct stat info;
    return fstat(fileno(file), &info) == 0 && !(info.st_mode & 077);
}

Rc secret_file(Ctx *ctx, Str name, Str path, size_t most, Str *out) {
    char *bytes = arena_alloc(ctx->arena, most + 1, 1);
    if (str_empty(path)) return refused(ctx, name, "it isn't set");
    FILE *file = fopen(str_z(ctx->arena, path), "rbe");
    if (!file) return refused(ctx, name, strerror(errno));
    bool private = is_private(file);
    size_t n = private ? fread(bytes, 1, most + 1, file) : 0;
    bool whole = !ferror(file) && n <= most;
    fclose(file);
    *out = str_trim((Str){bytes, n});
    if (!private)
        return ctx_fail(ctx, RC_FAILED, "open-secret", name,
                        "Its file is open to group or others: chmod 0600 it.");
    return whole && !str_empty(*out) ? RC_OK : refused(ctx, name, "it is empty, or too long");
}
