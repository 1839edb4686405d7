/* disk: files that are not SQLite's own, through the fault layer. */
#include "store_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool fault_step(const StoreFault *fault, const char *what) {
    return !fault || !fault->step || fault->step(fault->arg, what);
}

static Tear *tear_of(const StoreFault *fault) {
    return fault ? fault->tear : NULL;
}

static void fd_done(int *fd) {
    if (*fd >= 0) close(*fd);
}
#define OWNS_FD [[gnu::cleanup(fd_done)]] int

static Rc disk_fail(Ctx *ctx, const char *what, const char *path) {
    return ctx_fail(ctx, RC_FAILED, "disk", str_of(path), "Cannot %s %s: %s. Check the disk.", what,
                    path, errno ? strerror(errno) : "input/output error");
}

/* A step that the test lets fail looks like an error of the disk. */
static bool step(const StoreFault *fault, const char *what) {
    if (fault_step(fault, what)) return true;
    errno = EIO;
    return false;
}

Rc disk_make_folder(Ctx *ctx, const StoreFault *fault, const char *path) {
    if (!step(fault, "open")) return disk_fail(ctx, "create", path);
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return RC_OK;
    return disk_fail(ctx, "create", path);
}

static bool write_all(int fd, Str bytes) {
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

static Rc write_torn(Ctx *ctx, const StoreFault *fault, const char *path, Str bytes) {
    TearFile *file = tear_open(fault->tear, path);
    errno = EIO;
    if (!file || !step(fault, "write") || !tear_truncate(file, 0) ||
        !tear_write(file, bytes.ptr, bytes.len, 0))
        return disk_fail(ctx, "write", path);
    if (!step(fault, "sync") || !tear_sync(file)) return disk_fail(ctx, "sync", path);
    return RC_OK;
}

Rc disk_write_new(Ctx *ctx, const StoreFault *fault, const char *path, Str bytes) {
    if (!step(fault, "open")) return disk_fail(ctx, "create", path);
    if (tear_of(fault)) return write_torn(ctx, fault, path, bytes);
    OWNS_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return disk_fail(ctx, "create", path);
    if (!step(fault, "write") || !write_all(fd, bytes)) return disk_fail(ctx, "write", path);
    if (!step(fault, "sync") || fsync(fd) != 0) return disk_fail(ctx, "sync", path);
    return RC_OK;
}

/* Where the bytes lie now; NULL with errno ENOENT when they are deleted. */
static const char *place_of(Ctx *ctx, const StoreFault *fault, const char *path) {
    const char *place = tear_of(fault) ? tear_place(fault->tear, ctx->scratch, path) : path;
    if (!place) errno = ENOENT;
    return place;
}

Rc disk_head(Ctx *ctx, const StoreFault *fault, const char *path, size_t n, Str *bytes) {
    if (!step(fault, "read")) return disk_fail(ctx, "read", path);
    const char *place = place_of(ctx, fault, path);
    OWNS_FD fd = place ? open(place, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 && errno == ENOENT)
        return ctx_fail(ctx, RC_NOT_FOUND, "no-file", str_of(path), "There is no file %s.", path);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) return disk_fail(ctx, "read", path);
    size_t len = (size_t)st.st_size < n ? (size_t)st.st_size : n;
    char *to = arena_alloc(ctx->arena, len + 1, 1);
    size_t done = 0;
    while (done < len) {
        ssize_t got = read(fd, to + done, len - done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return disk_fail(ctx, "read", path);
        done += (size_t)got;
    }
    *bytes = (Str){to, done};
    return RC_OK;
}

Rc disk_read(Ctx *ctx, const StoreFault *fault, const char *path, Str *bytes) {
    return disk_head(ctx, fault, path, SIZE_MAX, bytes);
}

static void dir_done(DIR **dir) {
    if (*dir) closedir(*dir);
}

Rc disk_each(Ctx *ctx, const char *folder, DiskEach each, void *arg) {
    [[gnu::cleanup(dir_done)]] DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT) return RC_OK;
    if (!dir) return disk_fail(ctx, "read", folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') TRY(each(arg, folder, entry->d_name));
    return RC_OK;
}

bool disk_exists(Ctx *ctx, const StoreFault *fault, const char *path) {
    const char *place = place_of(ctx, fault, path);
    return place && access(place, F_OK) == 0;
}

Rc disk_rename(Ctx *ctx, const StoreFault *fault, const char *from, const char *to) {
    if (!step(fault, "rename")) return disk_fail(ctx, "rename", from);
    bool ok = tear_of(fault) ? tear_move(fault->tear, from, to) : rename(from, to) == 0;
    return ok ? RC_OK : disk_fail(ctx, "rename", from);
}

Rc disk_delete(Ctx *ctx, const StoreFault *fault, const char *path) {
    if (!step(fault, "delete")) return disk_fail(ctx, "delete", path);
    if (!disk_exists(ctx, fault, path)) return RC_OK;
    bool ok = tear_of(fault) ? tear_move(fault->tear, path, NULL) : unlink(path) == 0;
    return ok ? RC_OK : disk_fail(ctx, "delete", path);
}

Rc disk_sync_file(Ctx *ctx, const StoreFault *fault, const char *path) {
    if (!step(fault, "sync")) return disk_fail(ctx, "sync", path);
    if (tear_of(fault)) {
        TearFile *file = tear_open(fault->tear, path);
        return file && tear_sync(file) ? RC_OK : disk_fail(ctx, "sync", path);
    }
    OWNS_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? RC_OK : disk_fail(ctx, "sync", path);
}

Rc disk_sync_folder(Ctx *ctx, const StoreFault *fault, const char *path) {
    if (!step(fault, "sync")) return disk_fail(ctx, "sync", path);
    if (tear_of(fault))
        return tear_sync_folder(fault->tear, path) ? RC_OK : disk_fail(ctx, "sync", path);
    OWNS_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? RC_OK : disk_fail(ctx, "sync", path);
}

static Rc copy_bytes(Ctx *ctx, const StoreFault *fault, int from, int to) {
    char bytes[65536];
    for (;;) {
        ssize_t n = step(fault, "read") ? read(from, bytes, sizeof bytes) : -1;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return disk_fail(ctx, "read", "a file to be copied");
        if (n == 0) return RC_OK;
        if (!step(fault, "write") || !write_all(to, (Str){bytes, (size_t)n}))
            return disk_fail(ctx, "write", "a copy");
    }
}

Rc disk_copy(Ctx *ctx, const StoreFault *fault, const char *from, const char *to) {
    OWNS_FD in = step(fault, "open") ? open(from, O_RDONLY | O_CLOEXEC) : -1;
    if (in < 0) return disk_fail(ctx, "read", from);
    OWNS_FD out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0) return disk_fail(ctx, "create", to);
    TRY(copy_bytes(ctx, fault, in, out));
    if (!step(fault, "sync") || fsync(out) != 0) return disk_fail(ctx, "sync", to);
    return RC_OK;
}
