#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RECORD_MAX = 16 << 20,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    HEAD = 4,
    ID_CHARS = 26,
};
#define SUFFIX     ".glass"
#define ASSOCIATED STR("machi/1/glass")

struct Spool {
    Arena *arena;
    SpoolOptions options;
    int folder;
    pthread_mutex_t lock;
    int file; /* -1: none is being written */
    atomic_bool any;
};

static Rc cannot(Ctx *ctx, const Spool *spool, const char *what) {
    return ctx_fail(ctx, RC_FAILED, "no-spool", spool->options.folder,
                    "The folder of break-glass looks can't be %s: %s.", what,
                    strerrordesc_np(errno));
}

static bool step(const Spool *spool, const char *what) {
    const StoreFault *fault = spool->options.fault;
    if (!fault || fault->step(fault->arg, what)) return true;
    errno = fault->full ? ENOSPC : EIO;
    return false;
}

static bool is_ours(const Spool *spool, Str file) {
    Str name = spool->options.name;
    return file.len > name.len && str_starts(file, name) && file.ptr[name.len] == '-' &&
           str_ends(file, STR(SUFFIX));
}

/* The names of the files as they are now. */
static Rc files_list(Ctx *ctx, const Spool *spool, StrVec *out) {
    *out = (StrVec){0};
    DIR *dir = opendir(str_z(ctx->arena, spool->options.folder));
    if (!dir) return cannot(ctx, spool, "read");
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (is_ours(spool, str_of(entry->d_name)))
            vec_push(ctx->arena, out, str_dup(ctx->arena, str_of(entry->d_name)));
    closedir(dir);
    return RC_OK;
}

Rc spool_open(Ctx *ctx, const SpoolOptions *options, Spool **out) {
    Arena *arena = arena_new(1 << 16);
    Spool *spool = NEW(arena, Spool);
    StrVec left;
    *spool = (Spool){.arena = arena, .options = *options, .file = -1};
    spool->options.folder = str_dup(arena, options->folder);
    spool->options.name = str_dup(arena, options->name);
    pthread_mutex_init(&spool->lock, NULL);
    spool->folder = open(str_z(arena, options->folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Rc rc = spool->folder < 0 ? cannot(ctx, spool, "read") : files_list(ctx, spool, &left);
    if (rc != RC_OK) {
        ctx->error.path = str_dup(ctx->arena, ctx->error.path);
        spool_close(spool);
        return rc;
    }
    atomic_store(&spool->any, left.len > 0);
    *out = spool;
    return RC_OK;
}

static void file_close(Spool *spool) {
    if (spool->file >= 0) close(spool->file);
    spool->file = -1;
}

void spool_close(Spool *spool) {
    if (!spool) return;
    file_close(spool);
    if (spool->folder >= 0) close(spool->folder);
    pthread_mutex_destroy(&spool->lock);
    sodium_memzero(&spool->options.key, sizeof spool->options.key);
    arena_free(spool->arena);
}

bool spool_any(const Spool *spool) {
    return atomic_load(&spool->any);
}

/* ---- adding ---- */

static Str sealed_frame(Ctx *ctx, const Spool *spool, Str record) {
    size_t body = NONCE + record.len + TAG;
    uint8_t *frame = arena_zero(ctx->arena, HEAD + body, 1), *nonce = frame + HEAD;
    for (int i = 0; i < HEAD; i++)
        frame[i] = (uint8_t)(body >> (8 * (HEAD - 1 - i)));
    randombytes_buf(nonce, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        nonce + NONCE, NULL, (const uint8_t *)record.ptr, record.len,
        (const uint8_t *)ASSOCIATED.ptr, ASSOCIATED.len, NULL, nonce, spool->options.key.bytes);
    return (Str){(const char *)frame, HEAD + body};
}

/* A new file is there after a power cut only once its folder was synced. */
static bool file_begin(Ctx *ctx, Spool *spool) {
    if (spool->file >= 0) return true;
    Str id = rand_id(ctx->rand, ctx->arena, ID_CHARS);
    Str name =
        str_fmt(ctx->arena, STR_FMT "-" STR_FMT SUFFIX, STR_ARG(spool->options.name), STR_ARG(id));
    if (!step(spool, "open")) return false;
    spool->file =
        openat(spool->folder, name.ptr, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    return spool->file >= 0 && step(spool, "sync") && fsync(spool->folder) == 0;
}

static bool file_write(const Spool *spool, Str bytes) {
    while (bytes.len) {
        if (!step(spool, "write")) return false;
        ssize_t put = write(spool->file, bytes.ptr, bytes.len);
        if (put < 0 && errno != EINTR) return false;
        if (put > 0) bytes = str_sub(bytes, (size_t)put, bytes.len);
    }
    return step(spool, "sync") && fsync(spool->file) == 0;
}

Rc spool_add(Ctx *ctx, Spool *spool, Str record) {
    if (record.len > RECORD_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-large", STR_NONE,
                        "A look at so many can't be taken by break-glass: ask for fewer.");
    Str frame = sealed_frame(ctx, spool, record);
    Rc rc = RC_OK;
    pthread_mutex_lock(&spool->lock);
    atomic_store(&spool->any, true);
    if (!file_begin(ctx, spool) || !file_write(spool, frame)) {
        rc = cannot(ctx, spool, "written");
        file_close(spool); /* after a failed sync nobody knows what is in it */
    }
    pthread_mutex_unlock(&spool->lock);
    return rc;
}

/* ---- draining ---- */

/* What one file holds, while it is read. */
typedef struct Drained {
    const Spool *spool;
    FILE *file;
    SpoolEach each;
    void *arg;
    bool damaged;
} Drained;

static bool frame_open(Ctx *ctx, const Spool *spool, Str body, Str *record) {
    const uint8_t *nonce = (const uint8_t *)body.ptr;
    uint8_t *plain = arena_zero(ctx->arena, body.len, 1);
    unsigned long long len;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, &len, NULL, nonce + NONCE, body.len - NONCE, (const uint8_t *)ASSOCIATED.ptr,
            ASSOCIATED.len, nonce, spool->options.key.bytes) != 0)
        return false;
    *record = (Str){(const char *)plain, (size_t)len};
    return true;
}

static Rc frame_take(Ctx *ctx, Drained *drained, Str body) {
    Str record;
    if (!frame_open(ctx, drained->spool, body, &record)) {
        drained->damaged = true;
        return RC_OK;
    }
    Rc rc = drained->each(ctx, drained->arg, record);
    if (rc != RC_INVALID) return rc;
    log_error("gate", "a break-glass look can't be recorded: " STR_FMT, STR_ARG(ctx->error.detail));
    drained->damaged = true;
    return RC_OK;
}

/* 0: no frame of ours begins so. */
static size_t frame_len(const uint8_t head[HEAD], size_t got) {
    size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    return got == HEAD && len >= NONCE + TAG && len <= NONCE + RECORD_MAX + TAG ? len : 0;
}

static Rc frames_take(Ctx *ctx, Drained *drained) {
    uint8_t head[HEAD];
    for (size_t got; (got = fread(head, 1, HEAD, drained->file)) > 0;) {
        ArenaMark mark = arena_mark(ctx->arena);
        size_t len = frame_len(head, got);
        char *body = arena_zero(ctx->arena, len + 1, 1);
        if (!len || fread(body, 1, len, drained->file) < len) {
            drained->damaged = true; /* torn by a crash: what it held was never shown */
            break;
        }
        TRY(frame_take(ctx, drained, (Str){body, len}));
        arena_rewind(ctx->arena, mark);
    }
    return ferror(drained->file) ? cannot(ctx, drained->spool, "read") : RC_OK;
}

/* What couldn't be read is kept for whoever has to find out. */
static Rc file_end(Ctx *ctx, const Drained *drained, Str name) {
    const Spool *spool = drained->spool;
    if (!step(spool, "delete")) return cannot(ctx, spool, "written");
    if (!drained->damaged)
        return unlinkat(spool->folder, name.ptr, 0) == 0 ? RC_OK : cannot(ctx, spool, "written");
    Str kept = str_fmt(ctx->arena, STR_FMT ".damaged", STR_ARG(name));
    if (renameat(spool->folder, name.ptr, spool->folder, kept.ptr) != 0)
        return cannot(ctx, spool, "written");
    log_error("gate",
              "not all of a file of break-glass looks could be read; what could is recorded, the "
              "file is kept as " STR_FMT "/" STR_FMT,
              STR_ARG(spool->options.folder), STR_ARG(kept));
    return RC_OK;
}

static Rc file_drain(Ctx *ctx, Drained *drained, Str name) {
    const Spool *spool = drained->spool;
    int file = openat(spool->folder, name.ptr, O_RDONLY | O_CLOEXEC);
    drained->file = file < 0 ? NULL : fdopen(file, "rb");
    if (!drained->file) {
        Rc rc = cannot(ctx, spool, "read");
        if (file >= 0) close(file);
        return rc;
    }
    drained->damaged = false;
    Rc rc = frames_take(ctx, drained);
    fclose(drained->file);
    return rc == RC_OK ? file_end(ctx, drained, name) : rc;
}

Rc spool_drain(Ctx *ctx, Spool *spool, SpoolEach each, void *arg) {
    StrVec names;
    Drained drained = {.spool = spool, .each = each, .arg = arg};
    pthread_mutex_lock(&spool->lock);
    file_close(spool); /* what comes now goes into another file */
    atomic_store(&spool->any, false);
    Rc rc = files_list(ctx, spool, &names);
    pthread_mutex_unlock(&spool->lock);
    for (size_t i = 0; rc == RC_OK && i < names.len; i++)
        rc = file_drain(ctx, &drained, names.items[i]);
    if (rc == RC_OK && names.len && (!step(spool, "sync") || fsync(spool->folder) != 0))
        rc = cannot(ctx, spool, "written");
    if (rc != RC_OK) atomic_store(&spool->any, true);
    return rc;
}
