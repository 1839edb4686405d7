#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Str under(Arena *arena, Str folder, const char *name) {
    return str_fmt(arena, STR_FMT "/%s", STR_ARG(folder), name);
}

PlaceRoots place_roots(Arena *arena, const Settings *settings) {
    PlaceRoots roots = {.data = str_dup(arena, settings_text(settings, "data")),
                        .keys = str_dup(arena, settings_text(settings, "keys")),
                        .witness = str_dup(arena, settings_text(settings, "witness"))};
    if (str_empty(roots.keys)) roots.keys = under(arena, roots.data, "keys");
    if (str_empty(roots.witness)) roots.witness = under(arena, roots.data, "witness");
    return roots;
}

PlacePaths place_of(Arena *arena, const PlaceRoots *roots, Str tenant) {
    Str name = str_empty(tenant) ? STR("default") : str_dup(arena, tenant);
    Str key = str_fmt(arena, STR_FMT "/" STR_FMT ".key", STR_ARG(roots->keys), STR_ARG(name));
    return (PlacePaths){
        .name = name,
        .folder = str_fmt(arena, STR_FMT "/tenants/" STR_FMT, STR_ARG(roots->data), STR_ARG(name)),
        .key = key,
        .erasures = str_fmt(arena, STR_FMT ".erasures", STR_ARG(key)),
        .witness =
            str_fmt(arena, STR_FMT "/" STR_FMT ".witness", STR_ARG(roots->witness), STR_ARG(name)),
    };
}

static Rc cannot(Ctx *ctx, Str path, const char *what) {
    return ctx_fail(ctx, RC_FAILED, "disk", path, "This cannot be %s: %s.", what,
                    strerrordesc_np(errno));
}

static int in_order(const void *a, const void *b) {
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

Rc place_list(Ctx *ctx, Str folder, StrVec *names) {
    Str tenants = under(ctx->arena, folder, "tenants");
    DIR *dir = opendir(str_z(ctx->arena, tenants));
    if (!dir && errno != ENOENT) return cannot(ctx, tenants, "read");
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            vec_push(ctx->arena, names, str_dup(ctx->arena, str_of(entry->d_name)));
    if (dir) closedir(dir);
    if (names->len) qsort(names->items, names->len, sizeof *names->items, in_order);
    return RC_OK;
}

static Str parent_of(Arena *arena, Str folder) {
    Str path = str_dup(arena, folder);
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    while (path.len && path.ptr[path.len - 1] != '/')
        path.len--;
    if (path.len > 1) path.len--;
    return path.len ? path : STR(".");
}

Rc place_make(Ctx *ctx, Str folder) {
    if (mkdir(str_z(ctx->arena, folder), 0700) == 0 || errno == EEXIST) return RC_OK;
    if (errno == ENOENT)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-folder", folder,
                        "The folder in which it would lie is not there: make \"" STR_FMT
                        "\" first.",
                        STR_ARG(parent_of(ctx->arena, folder)));
    return cannot(ctx, folder, "made");
}

Rc place_whole(Ctx *ctx, Str path, Str *out) {
    char here[PATH_MAX];
    *out = path;
    if (str_starts(path, STR("/"))) return RC_OK;
    if (!getcwd(here, sizeof here))
        return ctx_fail(ctx, RC_FAILED, "no-folder", path,
                        "The working folder can't be told: %s. Name the whole path.",
                        strerrordesc_np(errno));
    *out = str_fmt(ctx->arena, "%s/" STR_FMT, here, STR_ARG(path));
    return RC_OK;
}

bool place_there(Ctx *ctx, Str path) {
    return access(str_z(ctx->arena, path), F_OK) == 0;
}

/* False: errno says why. */
static bool bytes_copy(int from, int to) {
    char bytes[1 << 16];
    for (;;) {
        ssize_t got = read(from, bytes, sizeof bytes);
        if (got == 0) return fsync(to) == 0;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, bytes + done, (size_t)(got - done));
            if (put < 0 && errno != EINTR) return false;
            if (put > 0) done += put;
        }
    }
}

static Rc copy_to(Ctx *ctx, int source, const char *aside, Str to) {
    int target = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (target < 0) return cannot(ctx, to, "written");
    bool good = bytes_copy(source, target);
    good = close(target) == 0 && good;
    if (good && rename(aside, str_z(ctx->arena, to)) == 0) return RC_OK;
    Rc rc = cannot(ctx, to, "written");
    unlink(aside);
    return rc;
}

Rc place_copy(Ctx *ctx, Str from, Str to) {
    int source = open(str_z(ctx->arena, from), O_RDONLY | O_CLOEXEC);
    if (source < 0) return cannot(ctx, from, "read");
    Rc rc = copy_to(ctx, source, str_fmt(ctx->arena, STR_FMT ".new", STR_ARG(to)).ptr, to);
    close(source);
    return rc;
}
