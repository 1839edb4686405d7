#include "store_int.h"

#include <string.h>
#include <sys/stat.h>

enum { BLOB_MAX = 1 << 30 };

typedef struct BlobPath {
    const char *folder, *shard, *file; /* files, files/ab, files/ab/cd... */
} BlobPath;

static BlobPath blob_path(Ctx *ctx, const Store *store, const Digest *id) {
    Str hex = hash_hex(ctx->arena, (Str){(const char *)id->bytes, sizeof *id});
    BlobPath path = {.folder = db_path(ctx, store, "files")};
    path.shard = str_z(ctx->arena, str_fmt(ctx->arena, "%s/%.2s", path.folder, hex.ptr));
    path.file = str_z(ctx->arena, str_fmt(ctx->arena, "%s/%.62s", path.shard, hex.ptr + 2));
    return path;
}

static Rc put_new(Ctx *ctx, Store *store, const BlobPath *path, Str bytes) {
    Str word = rand_id(ctx->rand, ctx->arena, 26);
    const char *aside =
        str_z(ctx->arena, str_fmt(ctx->arena, "%s/new-" STR_FMT, path->folder, STR_ARG(word)));
    Rc rc = disk_write_new(ctx, store->fault, aside, bytes);
    if (rc == RC_OK) rc = disk_make_folder(ctx, store->fault, path->shard);
    if (rc == RC_OK) rc = disk_sync_folder(ctx, store->fault, path->folder);
    if (rc == RC_OK) rc = disk_rename(ctx, store->fault, aside, path->file);
    if (rc == RC_OK) return disk_sync_folder(ctx, store->fault, path->shard);
    Error first = ctx->error; /* clearing up must not hide why */
    if (disk_delete(ctx, store->fault, aside) != RC_OK)
        log_warn("store", "left over: " STR_FMT, STR_ARG(ctx->error.detail));
    ctx->error = first;
    return rc;
}

Rc blob_put(Ctx *ctx, Store *store, Str bytes, Digest *id) {
    if (bytes.len > BLOB_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-big", STR_NONE, "A file has at most 1 GiB.");
    *id = hash_sha256(bytes);
    BlobPath path = blob_path(ctx, store, id);
    /* It may be there from a put that was not synced to its end, so the folder is synced in either
     * case. */
    if (disk_exists(ctx, store->fault, path.file))
        return disk_sync_folder(ctx, store->fault, path.shard);
    return put_new(ctx, store, &path, bytes);
}

Rc blob_get(Ctx *ctx, Store *store, const Digest *id, Str *bytes) {
    BlobPath path = blob_path(ctx, store, id);
    TRY(disk_read(ctx, store->fault, path.file, bytes));
    Digest found = hash_sha256(*bytes);
    if (memcmp(&found, id, sizeof found) == 0) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "damaged", str_of(path.file),
                    "%s is damaged: restore it from a backup.", path.file);
}

Rc blob_delete(Ctx *ctx, Store *store, const Digest *id) {
    BlobPath path = blob_path(ctx, store, id);
    if (!disk_exists(ctx, store->fault, path.file)) return RC_OK;
    TRY(disk_delete(ctx, store->fault, path.file));
    return disk_sync_folder(ctx, store->fault, path.shard);
}

Rc blob_head(Ctx *ctx, Store *store, const Digest *id, size_t n, Str *bytes) {
    return disk_head(ctx, store->fault, blob_path(ctx, store, id).file, n, bytes);
}

/* ---- all of them ---- */

typedef struct Walking {
    Ctx *ctx;
    Store *store;
    BlobEach each;
    void *arg;
    int64_t before; /* of leftovers */
} Walking;

/* False: it has gone meanwhile. */
static bool put_at(const char *path, int64_t *at) {
    struct stat st;
    if (stat(path, &st) != 0) return false;
    *at = (int64_t)st.st_mtim.tv_sec * TIME_SECOND + st.st_mtim.tv_nsec / 1000;
    return true;
}

static Rc shard_name(void *arg, const char *folder, const char *name) {
    const Walking *w = arg;
    Digest id;
    int64_t at;
    ArenaMark mark = arena_mark(w->ctx->arena);
    Str hex = str_fmt(w->ctx->arena, "%s%s", folder + strlen(folder) - 2, name);
    const char *path = str_z(w->ctx->arena, str_fmt(w->ctx->arena, "%s/%s", folder, name));
    bool is = hash_digest_of(w->ctx->arena, hex, &id) && put_at(path, &at);
    Rc rc = is ? w->each(w->ctx, w->arg, &id, at) : RC_OK;
    if (rc == RC_OK) arena_rewind(w->ctx->arena, mark);
    return rc;
}

static Rc top_name(void *arg, const char *folder, const char *name) {
    const Walking *w = arg;
    if (strlen(name) != 2) return RC_OK;
    const char *shard = str_z(w->ctx->arena, str_fmt(w->ctx->arena, "%s/%s", folder, name));
    return disk_each(w->ctx, shard, shard_name, arg);
}

Rc blob_each(Ctx *ctx, Store *store, BlobEach each, void *arg) {
    Walking walking = {.ctx = ctx, .store = store, .each = each, .arg = arg};
    return disk_each(ctx, db_path(ctx, store, "files"), top_name, &walking);
}

static Rc leftover(void *arg, const char *folder, const char *name) {
    const Walking *w = arg;
    int64_t at;
    const char *path = str_z(w->ctx->arena, str_fmt(w->ctx->arena, "%s/%s", folder, name));
    bool old = strncmp(name, "new-", 4) == 0 && put_at(path, &at) && at < w->before;
    return old ? disk_delete(w->ctx, w->store->fault, path) : RC_OK;
}

Rc blob_tidy(Ctx *ctx, Store *store, int64_t before) {
    Walking walking = {.ctx = ctx, .store = store, .before = before};
    return disk_each(ctx, db_path(ctx, store, "files"), leftover, &walking);
}
