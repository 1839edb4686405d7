#include "note.h"

#include <openssl/evp.h>
#include <string.h>

enum { ED25519 = 1 }; /* C2SP signature type */

struct NoteKey {
    EVP_PKEY *pkey;
    Str origin;
    uint8_t public[32];
    uint8_t hash[4];
    char text[]; /* of origin */
};

/* Key hash: SHA-256(name ‖ "\n" ‖ type ‖ public key), first four bytes. */
static void set_hash(NoteKey *key) {
    char type = ED25519;
    Str parts[] = {key->origin, STR("\n"), {&type, 1}, note_public_key(key)};
    Digest digest = hash_sha256_parts(parts, 4);
    memcpy(key->hash, digest.bytes, sizeof key->hash);
}

static NoteKey *key_of(Str origin, EVP_PKEY *pkey) {
    NoteKey *key = mem_zero(sizeof *key + origin.len);
    memcpy(key->text, origin.ptr, origin.len);
    key->origin = (Str){key->text, origin.len};
    key->pkey = pkey;
    size_t len = sizeof key->public;
    int done = EVP_PKEY_get_raw_public_key(pkey, key->public, &len);
    assert(done == 1 && len == sizeof key->public);
    (void)done;
    set_hash(key);
    return key;
}

Rc note_key_new(Ctx *ctx, Str origin, Str seed, NoteKey **out) {
    EVP_PKEY *pkey = seed.len == 32 ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                                                   (const uint8_t *)seed.ptr, 32)
                                    : NULL;
    if (!pkey)
        return ctx_fail(ctx, RC_FAILED, "signing-key", STR_NONE,
                        "The ledger's signing key is unusable: restore ledger.db from a backup.");
    *out = key_of(origin, pkey);
    return RC_OK;
}

static Rc bad_verifier(Ctx *ctx) {
    return ctx_fail(ctx, RC_INVALID, "verifier-key", STR_NONE,
                    "This is no verifier key of the form name+hash+base64.");
}

Rc note_key_parse(Ctx *ctx, Str verifier, NoteKey **out) {
    Str rest = verifier, origin, hash, encoded, bytes, hash_bytes;
    if (!str_split(&rest, '+', &origin) || !str_split(&rest, '+', &hash)) return bad_verifier(ctx);
    encoded = rest; /* base64 may hold '+' itself */
    if (!hash_from_base64(ctx->arena, encoded, &bytes) || bytes.len != 33 ||
        bytes.ptr[0] != ED25519 || !hash_from_hex(ctx->arena, hash, &hash_bytes) ||
        hash_bytes.len != 4)
        return bad_verifier(ctx);
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const uint8_t *)bytes.ptr + 1, 32);
    if (!pkey) return bad_verifier(ctx);
    NoteKey *key = key_of(origin, pkey);
    if (memcmp(key->hash, hash_bytes.ptr, sizeof key->hash) != 0) {
        note_key_free(key);
        return bad_verifier(ctx);
    }
    *out = key;
    return RC_OK;
}

void note_key_free(NoteKey *key) {
    if (!key) return;
    EVP_PKEY_free(key->pkey);
    mem_free(key);
}

Str note_public_key(const NoteKey *key) {
    return (Str){(const char *)key->public, sizeof key->public};
}

Str note_origin(const NoteKey *key) {
    return key->origin;
}

Str note_verifier(const NoteKey *key, Arena *arena) {
    char bytes[33] = {ED25519};
    memcpy(bytes + 1, key->public, 32);
    Str hex = hash_hex(arena, (Str){(const char *)key->hash, sizeof key->hash});
    Str base64 = hash_base64(arena, (Str){bytes, sizeof bytes});
    return str_join(arena, (Str[]){key->origin, hex, base64}, 3, STR("+"));
}

Rc note_sign_bytes(Ctx *ctx, const NoteKey *key, Str message, uint8_t signature[64]) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = 64;
    bool ok =
        context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
        EVP_DigestSign(context, signature, &len, (const uint8_t *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(context);
    if (ok && len == 64) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "sign", STR_NONE, "Signing failed in OpenSSL: see the log.");
}

bool note_holds_bytes(const NoteKey *key, Str message, Str signature) {
    if (signature.len != 64) return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
              EVP_DigestVerify(context, (const uint8_t *)signature.ptr, 64,
                               (const uint8_t *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

/* ---- checkpoints ---- */

Rc note_checkpoint_sign(Ctx *ctx, const NoteKey *key, const Checkpoint *checkpoint, Str *note) {
    Str root = hash_base64(ctx->arena, (Str){(const char *)checkpoint->root.bytes, 32});
    Str text = str_fmt(ctx->arena, STR_FMT "\n%llu\n" STR_FMT "\n", STR_ARG(key->origin),
                       (unsigned long long)checkpoint->size, STR_ARG(root));
    uint8_t bytes[68];
    memcpy(bytes, key->hash, sizeof key->hash);
    TRY(note_sign_bytes(ctx, key, text, bytes + 4));
    Str signature = hash_base64(ctx->arena, (Str){(const char *)bytes, sizeof bytes});
    *note = str_fmt(ctx->arena, STR_FMT "\n— " STR_FMT " " STR_FMT "\n", STR_ARG(text),
                    STR_ARG(key->origin), STR_ARG(signature));
    return RC_OK;
}

/* One line "— <name> <base64>" of the signatures: true if it is this key's and holds for text. */
static bool line_holds(Ctx *ctx, const NoteKey *key, Str line, Str text) {
    Str dash = STR("— "), name, bytes;
    if (!str_starts(line, dash)) return false;
    line = str_sub(line, dash.len, line.len);
    if (!str_split(&line, ' ', &name) || !str_eq(name, key->origin)) return false;
    if (!hash_from_base64(ctx->arena, line, &bytes) || bytes.len != 68) return false;
    if (memcmp(bytes.ptr, key->hash, 4) != 0) return false;
    return note_holds_bytes(key, text, str_sub(bytes, 4, 68));
}

static bool read_text(Ctx *ctx, Str text, Str *origin, Checkpoint *out) {
    Str size, root, bytes;
    int64_t count;
    if (!str_split(&text, '\n', origin) || !str_split(&text, '\n', &size) ||
        !str_split(&text, '\n', &root) || text.len)
        return false;
    bool plain = size.len && (size.ptr[0] != '0' || size.len == 1) && size.ptr[0] != '-';
    if (!plain || !str_to_i64(size, &count)) return false;
    if (!hash_from_base64(ctx->arena, root, &bytes) || bytes.len != 32) return false;
    out->size = (uint64_t)count;
    memcpy(out->root.bytes, bytes.ptr, 32);
    return true;
}

Rc note_checkpoint_open(Ctx *ctx, const NoteKey *key, Str note, Checkpoint *out) {
    ptrdiff_t gap = str_find(note, STR("\n\n"));
    Str origin, line;
    Str text = gap < 0 ? STR_NONE : str_sub(note, 0, (size_t)gap + 1);
    if (gap < 0 || !str_ends(note, STR("\n")) || !read_text(ctx, text, &origin, out))
        return ctx_fail(ctx, RC_INVALID, "checkpoint", STR_NONE,
                        "This is no checkpoint: three lines, an empty one, signatures.");
    Str rest = str_sub(note, (size_t)gap + 2, note.len);
    while (str_eq(origin, key->origin) && str_split(&rest, '\n', &line)) {
        if (line_holds(ctx, key, line, text)) return RC_OK;
    }
    return ctx_fail(ctx, RC_INVALID, "checkpoint-signature", STR_NONE,
                    "The checkpoint bears no valid signature of " STR_FMT ".",
                    STR_ARG(key->origin));
}
