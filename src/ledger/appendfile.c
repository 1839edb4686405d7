#include "appendfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Rc failed(Ctx *ctx, Str path, const char *verb) {
    return ctx_fail(ctx, RC_FAILED, "file", path,
                    "%s " STR_FMT " failed (%s): mend the disk or the rights.", verb, STR_ARG(path),
                    strerror(errno));
}

static bool read_all(int fd, char *to, size_t len, off_t from) {
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, to + done, len - done, from + (off_t)done);
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

Rc appendfile_tail(Ctx *ctx, Str path, size_t max, Str *content, uint64_t *from) {
    *content = STR_NONE;
    *from = 0;
    int fd = open(str_z(ctx->arena, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return RC_OK;
    struct stat info;
    bool ok = fd >= 0 && fstat(fd, &info) == 0;
    if (ok) {
        size_t size = (size_t)info.st_size, len = size < max ? size : max;
        char *text = arena_alloc(ctx->arena, len + 1, 1);
        *from = size - len;
        ok = read_all(fd, text, len, (off_t)(size - len));
        *content = (Str){text, len};
    }
    if (fd >= 0) close(fd);
    return ok ? RC_OK : failed(ctx, path, "Reading");
}

Rc appendfile_read(Ctx *ctx, Str path, Str *content) {
    uint64_t from;
    TRY(appendfile_tail(ctx, path, APPENDFILE_MAX, content, &from));
    if (from == 0) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "file-size", path,
                    STR_FMT " is larger than 1 GiB: move it aside.", STR_ARG(path));
}

static bool write_all(int fd, Str bytes) {
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes = (Str){bytes.ptr + n, bytes.len - (size_t)n};
    }
    return true;
}

static bool sync_folder(Ctx *ctx, Str path) {
    size_t end = path.len;
    while (end && path.ptr[end - 1] != '/')
        end--;
    int fd = open(end ? str_z(ctx->arena, str_sub(path, 0, end)) : ".",
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return ok;
}

Rc appendfile_add(Ctx *ctx, Str path, Str head, size_t keep, Str addition) {
    int fd = open(str_z(ctx->arena, path), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return failed(ctx, path, "Opening");
    struct stat info;
    bool ok = fstat(fd, &info) == 0, fresh = ok && info.st_size == 0;
    if (ok && (uint64_t)info.st_size > keep) ok = ftruncate(fd, (off_t)keep) == 0;
    if (ok && (fresh || keep == 0)) ok = write_all(fd, head);
    ok = ok && write_all(fd, addition) && fdatasync(fd) == 0;
    ok = ok && (!fresh || sync_folder(ctx, path));
    Rc rc = ok ? RC_OK : failed(ctx, path, "Writing");
    close(fd);
    return rc;
}
