#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(SEAL_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce of libsodium");
static_assert(SEAL_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag of libsodium");
static_assert(SEAL_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key of libsodium");

Str seal_id_str(const KeyId *id) {
    return (Str){(const char *)id->bytes, sizeof id->bytes};
}

bool seal_id_same(const KeyId *a, const KeyId *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

KeyId seal_id_of(Str bytes) {
    KeyId id = {0};
    assert(bytes.len == sizeof id.bytes);
    memcpy(id.bytes, bytes.ptr, sizeof id.bytes);
    return id;
}

static void seal_to(uint8_t *to, Rand *rand, const SealKey *key, Str associated, Str plain) {
    rand_bytes(rand, to, SEAL_NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(to + SEAL_NONCE, NULL, (const uint8_t *)plain.ptr,
                                               plain.len, (const uint8_t *)associated.ptr,
                                               associated.len, NULL, to, key->bytes);
}

void seal_add(Buf *to, Rand *rand, const SealKey *key, Str associated, Str plain) {
    char *at = buf_reserve(to, SEAL_NONCE + plain.len + SEAL_TAG);
    if (at) seal_to((uint8_t *)at, rand, key, associated, plain);
}

static bool open_to(uint8_t *to, const SealKey *key, Str associated, Str sealed) {
    const uint8_t *nonce = (const uint8_t *)sealed.ptr;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               to, NULL, NULL, nonce + SEAL_NONCE, sealed.len - SEAL_NONCE,
               (const uint8_t *)associated.ptr, associated.len, nonce, key->bytes) == 0;
}

bool seal_open(Arena *arena, const SealKey *key, Str associated, Str sealed, Str *plain) {
    if (sealed.len < SEAL_NONCE + SEAL_TAG) return false;
    size_t len = sealed.len - SEAL_NONCE - SEAL_TAG;
    char *to = arena_alloc(arena, len + 1, 1);
    if (!open_to((uint8_t *)to, key, associated, sealed)) return false;
    *plain = (Str){to, len};
    return true;
}

void seal_wrap(uint8_t wrapped[SEAL_WRAPPED], Rand *rand, const SealKey *parent, Str associated,
               const SealKey *key) {
    seal_to(wrapped, rand, parent, associated, (Str){(const char *)key->bytes, SEAL_KEY});
}

bool seal_unwrap(const SealKey *parent, Str associated, Str wrapped, SealKey *out) {
    return wrapped.len == SEAL_WRAPPED && open_to(out->bytes, parent, associated, wrapped);
}

void seal_forget(void *secret, size_t len) {
    sodium_memzero(secret, len);
}

/* ---- the tenant key file ---- */

#define KEY_FILE_HEAD "machi-tenant-key/1\n"
enum { KEY_FILE_SIZE = sizeof KEY_FILE_HEAD - 1 + 3 + 32 + 1 + 4 + 64 + 1 };

static KeyId tenant_key_id(const SealKey *key) {
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
    out->id = tenant_key_id(key);
    derive(&out->wrap, key, STR("machi/1/wrap"));
    derive(&out->index, key, STR("machi/1/index"));
}

static Rc key_file_failed(Ctx *ctx, Str path, const char *what) {
    return ctx_fail(ctx, RC_FAILED, "tenant-key", path, "The tenant key file " STR_FMT " %s",
                    STR_ARG(path), what);
}

static bool parse_hex(const char *text, uint8_t *to, size_t len) {
    size_t done = 0;
    const char *end;
    return sodium_hex2bin(to, len, text, 2 * len, NULL, &done, &end) == 0 && done == len;
}

static bool parse_key_file(const char *text, size_t len, SealKey *key) {
    static const size_t id_at = sizeof KEY_FILE_HEAD - 1 + 3, key_at = id_at + 32 + 1 + 4;
    KeyId id;
    if (len != KEY_FILE_SIZE || memcmp(text, KEY_FILE_HEAD "id ", id_at) != 0) return false;
    if (memcmp(text + id_at + 32, "\nkey ", 5) != 0 || text[len - 1] != '\n') return false;
    if (!parse_hex(text + id_at, id.bytes, sizeof id.bytes)) return false;
    if (!parse_hex(text + key_at, key->bytes, SEAL_KEY)) return false;
    KeyId expected = tenant_key_id(key);
    return seal_id_same(&id, &expected);
}

static Rc read_key_file(Ctx *ctx, Str path, int fd, TenantKey *out) {
    struct stat info;
    char text[KEY_FILE_SIZE + 1];
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return key_file_failed(ctx, path, "is no regular file: name another one.");
    if (info.st_mode & 077)
        return key_file_failed(ctx, path, "is open to group or others: chmod 0600 it.");
    ssize_t len = read(fd, text, sizeof text);
    SealKey key;
    bool ok = len >= 0 && parse_key_file(text, (size_t)len, &key);
    if (ok) tenant_key_of(&key, out);
    seal_forget(text, sizeof text);
    seal_forget(&key, sizeof key);
    return ok ? RC_OK : key_file_failed(ctx, path, "is damaged: restore it from escrow.");
}

static void write_key_file(char text[KEY_FILE_SIZE + 1], const SealKey *key) {
    KeyId id = tenant_key_id(key);
    char *to = text + sizeof KEY_FILE_HEAD - 1;
    memcpy(text, KEY_FILE_HEAD, sizeof KEY_FILE_HEAD - 1);
    memcpy(to, "id ", 3);
    sodium_bin2hex(to + 3, 33, id.bytes, sizeof id.bytes);
    memcpy(to + 35, "\nkey ", 5);
    sodium_bin2hex(to + 40, 65, key->bytes, SEAL_KEY);
    to[104] = '\n';
}

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

/* Under another name first: a death in between leaves no half key file. */
static bool write_whole(Ctx *ctx, Str path, const char text[KEY_FILE_SIZE]) {
    const char *name = str_z(ctx->arena, path);
    const char *new_name = str_fmt(ctx->arena, "%s.new", name).ptr;
    int fd = open(new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return false;
    bool ok = fchmod(fd, 0600) == 0 && write(fd, text, KEY_FILE_SIZE) == KEY_FILE_SIZE;
    ok = ok && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && renameat2(AT_FDCWD, new_name, AT_FDCWD, name, RENAME_NOREPLACE) == 0;
    if (!ok) unlink(new_name);
    return ok && sync_folder_of(ctx, path);
}

static Rc create_key_file(Ctx *ctx, Str path) {
    SealKey key;
    char text[KEY_FILE_SIZE + 1];
    Rand rand = rand_system(); /* never a seeded one: this is a secret */
    rand_bytes(&rand, key.bytes, SEAL_KEY);
    write_key_file(text, &key);
    bool ok = write_whole(ctx, path, text);
    seal_forget(text, sizeof text);
    seal_forget(&key, sizeof key);
    if (ok) return RC_OK;
    return key_file_failed(ctx, path,
                           "can't be created: make its folder, writable by this user, with room.");
}

Rc seal_tenant_key(Ctx *ctx, Str path, bool create, TenantKey *out) {
    const char *name = str_z(ctx->arena, path);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        if (!create)
            return ctx_fail(ctx, RC_NOT_FOUND, "tenant-key", path,
                            "The tenant key file " STR_FMT " is missing: restore it from escrow.",
                            STR_ARG(path));
        TRY(create_key_file(ctx, path));
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (fd < 0) return key_file_failed(ctx, path, strerror(errno));
    Rc rc = read_key_file(ctx, path, fd, out);
    close(fd);
    return rc;
}
