#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "machi-tenant-key/1\n"
enum {
    HEAD_SIZE = sizeof HEAD - 1,
    KEY_AT = 3 + 32 + 1 + 4,
    PAIR_SIZE = KEY_AT + 64 + 1, /* "id " hex "\nkey " hex "\n" */
    FILE_MAX = HEAD_SIZE + KEYFILE_KEYS * PAIR_SIZE,
};

/* The keys themselves. */
typedef struct Secrets {
    SealKey keys[KEYFILE_KEYS];
    size_t len;
} Secrets;

static KeyId key_id(const SealKey *key) {
    Str parts[] = {STR("machi/1/tenant-key\n"), {(const char *)key->bytes, SEAL_KEY}};
    Digest digest = hash_sha256_parts(parts, 2);
    return seal_id_of((Str){(const char *)digest.bytes, 16});
}

static void derive(SealKey *to, const SealKey *key, Str purpose) {
    Digest digest = hash_hmac((Str){(const char *)key->bytes, SEAL_KEY}, purpose);
    memcpy(to->bytes, digest.bytes, SEAL_KEY);
    seal_forget(&digest, sizeof digest);
}

static void tenant_key_of(const SealKey *key, TenantKey *out) {
    out->id = key_id(key);
    derive(&out->wrap, key, STR("machi/1/wrap"));
    derive(&out->index, key, STR("machi/1/index"));
}

static Rc failed(Ctx *ctx, Str path, const char *what) {
    return ctx_fail(ctx, RC_FAILED, "tenant-key", path, "The tenant key file " STR_FMT " %s",
                    STR_ARG(path), what);
}

/* ---- reading ---- */

static bool parse_hex(const char *text, uint8_t *to, size_t len) {
    size_t done = 0;
    const char *end;
    return sodium_hex2bin(to, len, text, 2 * len, NULL, &done, &end) == 0 && done == len;
}

static bool parse_pair(const char *text, SealKey *key) {
    KeyId id;
    if (memcmp(text, "id ", 3) != 0 || memcmp(text + 35, "\nkey ", 5) != 0) return false;
    if (text[PAIR_SIZE - 1] != '\n' || !parse_hex(text + 3, id.bytes, sizeof id.bytes))
        return false;
    if (!parse_hex(text + KEY_AT, key->bytes, SEAL_KEY)) return false;
    KeyId expected = key_id(key);
    return seal_id_same(&id, &expected);
}

static bool parse(const char *text, size_t len, Secrets *out) {
    *out = (Secrets){0};
    if (len < HEAD_SIZE + PAIR_SIZE || len > FILE_MAX || (len - HEAD_SIZE) % PAIR_SIZE)
        return false;
    if (memcmp(text, HEAD, HEAD_SIZE) != 0) return false;
    for (size_t at = HEAD_SIZE; at < len; at += PAIR_SIZE)
        if (!parse_pair(text + at, &out->keys[out->len++])) return false;
    return true;
}

static Rc read_open(Ctx *ctx, Str path, int fd, Secrets *out) {
    struct stat info;
    char text[FILE_MAX + 1];
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return failed(ctx, path, "is no regular file: name another one.");
    if (info.st_mode & 077) return failed(ctx, path, "is open to group or others: chmod 0600 it.");
    ssize_t len = read(fd, text, sizeof text);
    bool ok = len >= 0 && parse(text, (size_t)len, out);
    seal_forget(text, sizeof text);
    return ok ? RC_OK : failed(ctx, path, "is damaged: restore it from escrow.");
}

static Rc read_secrets(Ctx *ctx, Str path, Secrets *out) {
    int fd = open(str_z(ctx->arena, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return ctx_fail(ctx, RC_NOT_FOUND, "tenant-key", path,
                        "The tenant key file " STR_FMT " is missing: restore it from escrow.",
                        STR_ARG(path));
    if (fd < 0) return failed(ctx, path, strerror(errno));
    Rc rc = read_open(ctx, path, fd, out);
    close(fd);
    return rc;
}

/* ---- writing ---- */

static bool sync_folder_of(Ctx *ctx, Str path) {
    size_t end = path.len;
    while (end && path.ptr[end - 1] != '/')
        end--;
    const char *folder = end ? str_z(ctx->arena, str_sub(path, 0, end)) : ".";
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return ok;
}

/* As far as a file system overwrites at all. */
static bool overwrite(int fd) {
    static const char zeros[FILE_MAX];
    return pwrite(fd, zeros, sizeof zeros, 0) == sizeof zeros && fsync(fd) == 0;
}

static size_t print(char text[FILE_MAX], const Secrets *secrets) {
    char hex[2 * SEAL_KEY + 1];
    memcpy(text, HEAD, HEAD_SIZE);
    char *to = text + HEAD_SIZE;
    for (size_t i = 0; i < secrets->len; i++, to += PAIR_SIZE) {
        KeyId id = key_id(&secrets->keys[i]);
        memcpy(to, "id ", 3);
        memcpy(to + 3, sodium_bin2hex(hex, sizeof hex, id.bytes, sizeof id.bytes), 32);
        memcpy(to + 35, "\nkey ", 5);
        memcpy(to + KEY_AT, sodium_bin2hex(hex, sizeof hex, secrets->keys[i].bytes, SEAL_KEY), 64);
        to[PAIR_SIZE - 1] = '\n';
    }
    seal_forget(hex, sizeof hex);
    return (size_t)(to - text);
}

static bool write_new(const char *name, const Secrets *secrets) {
    char text[FILE_MAX];
    size_t len = print(text, secrets);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, text, len) == (ssize_t)len;
    ok = ok && fsync(fd) == 0;
    if (fd >= 0) ok = close(fd) == 0 && ok;
    seal_forget(text, sizeof text);
    return ok;
}

/* Under another name first: a death in between leaves no half key file. `first`: there must be none
   yet; else the bytes of the replaced one are overwritten. */
static bool write_whole(Ctx *ctx, Str path, const Secrets *secrets, bool first) {
    const char *name = str_z(ctx->arena, path);
    const char *new_name = str_fmt(ctx->arena, "%s.new", name).ptr;
    int old = first ? -1 : open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    bool ok = (first || old >= 0) && write_new(new_name, secrets);
    ok = ok && renameat2(AT_FDCWD, new_name, AT_FDCWD, name, first ? RENAME_NOREPLACE : 0) == 0;
    if (!ok) unlink(new_name);
    ok = ok && sync_folder_of(ctx, path);
    if (ok && old >= 0) ok = overwrite(old);
    if (old >= 0) close(old);
    return ok;
}

static Rc create(Ctx *ctx, Str path) {
    Secrets secrets = {.len = 1};
    Rand rand = rand_system(); /* never a seeded one: this is a secret */
    rand_bytes(&rand, secrets.keys[0].bytes, SEAL_KEY);
    bool ok = write_whole(ctx, path, &secrets, true);
    seal_forget(&secrets, sizeof secrets);
    if (ok) return RC_OK;
    return failed(ctx, path,
                  "can't be created: make its folder, writable by this user, with room.");
}

Rc keyfile_read(Ctx *ctx, Str path, bool may_create, KeyFile *out) {
    Secrets secrets;
    *out = (KeyFile){0};
    Rc rc = read_secrets(ctx, path, &secrets);
    if (rc == RC_NOT_FOUND && may_create) {
        TRY(create(ctx, path));
        rc = read_secrets(ctx, path, &secrets);
    }
    TRY(rc);
    for (size_t i = 0; i < secrets.len; i++)
        tenant_key_of(&secrets.keys[i], &out->keys[out->len++]);
    seal_forget(&secrets, sizeof secrets);
    return RC_OK;
}

const TenantKey *keyfile_find(const KeyFile *file, const KeyId *id) {
    for (size_t i = 0; i < file->len; i++)
        if (seal_id_same(&file->keys[i].id, id)) return &file->keys[i];
    return NULL;
}

/* ---- rewrapping ---- */

/* Leaves the key of this id as the first and only one; false: it isn't there. */
static bool keep_only(Secrets *secrets, const KeyId *id) {
    for (size_t i = 0; i < secrets->len; i++) {
        KeyId one = key_id(&secrets->keys[i]);
        if (!seal_id_same(&one, id)) continue;
        SealKey kept = secrets->keys[i];
        seal_forget(secrets, sizeof *secrets);
        *secrets = (Secrets){.keys = {kept}, .len = 1};
        seal_forget(&kept, sizeof kept);
        return true;
    }
    return false;
}

static Rc replace(Ctx *ctx, Str path, const Secrets *secrets) {
    if (write_whole(ctx, path, secrets, false)) return RC_OK;
    return failed(ctx, path,
                  "can't be replaced: make its folder writable by this user, with room.");
}

Rc keyfile_add(Ctx *ctx, Str path, const KeyId *id, TenantKey *added) {
    Secrets secrets;
    TRY(read_secrets(ctx, path, &secrets));
    if (!keep_only(&secrets, id))
        return failed(ctx, path, "isn't the one of this ledger: name the right one.");
    Rand rand = rand_system();
    rand_bytes(&rand, secrets.keys[secrets.len++].bytes, SEAL_KEY);
    tenant_key_of(&secrets.keys[1], added);
    Rc rc = replace(ctx, path, &secrets);
    seal_forget(&secrets, sizeof secrets);
    return rc;
}

/* What a death before the renaming has left. */
static void drop_unnamed(Ctx *ctx, Str path) {
    const char *name = str_fmt(ctx->arena, STR_FMT ".new", STR_ARG(path)).ptr;
    int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return;
    if (!overwrite(fd) || unlink(name) != 0)
        log_warn("ledger", "%s holds a tenant key that nobody needs: remove it", name);
    close(fd);
}

Rc keyfile_settle(Ctx *ctx, Str path, const KeyId *id) {
    Secrets secrets;
    drop_unnamed(ctx, path);
    TRY(read_secrets(ctx, path, &secrets));
    bool alone = secrets.len == 1, there = keep_only(&secrets, id);
    Rc rc = !there  ? failed(ctx, path, "isn't the one of this ledger: name the right one.")
            : alone ? RC_OK
                    : replace(ctx, path, &secrets);
    seal_forget(&secrets, sizeof secrets);
    return rc;
}
