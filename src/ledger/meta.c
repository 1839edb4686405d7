/* meta: the items beside the leaves that say what this ledger is (doc/ledger-format.md §2), and
   what the tenant key opens. */
#include "ledger_int.h"

#include <sodium.h>

enum { KEYS_MAX = 16384, SIGNING_KEY = SEAL_NONCE + 32 + SEAL_TAG };

#define META   SPACE(STORE_LEDGER, "ledger")
#define FORMAT STR("machi-ledger/1")

static Str sealed_for(Ledger *ledger, Arena *arena, Str what) {
    Buf buf = buf_new(arena, 256);
    wire_put_str(&buf, what);
    wire_put_str(&buf, ledger->origin);
    return buf_str(&buf);
}

#define SIGNING STR("machi/1/signing-key")
#define INDEX   STR("machi/1/index-key")

/* 32 secret bytes sealed under the tenant's wrapping key. */
static Str sealed_under(Ctx *ctx, Ledger *ledger, const TenantKey *tenant, Str what, Str secret) {
    Rand rand = rand_system();
    Buf sealed = buf_new(ctx->arena, SIGNING_KEY);
    seal_add(&sealed, &rand, &tenant->wrap, sealed_for(ledger, ctx->arena, what), secret);
    return buf_str(&sealed);
}

typedef struct MetaItem {
    Str name, value;
} MetaItem;

static Rc items_put(Ctx *ctx, Ledger *ledger, const MetaItem *items, size_t n) {
    for (size_t i = 0; i < n; i++)
        TRY(writer_item(ctx, ledger->commit.writer, META, items[i].name, items[i].value));
    return RC_OK;
}

/* A new ledger: draws the signing key and writes what the verifier needs. */
static Rc create_meta(Ctx *ctx, Ledger *ledger, const TenantKey *tenant) {
    Digest id = store_id(ledger->store);
    Str hex = hash_hex(ctx->arena, (Str){(const char *)id.bytes, 16});
    ledger->origin = str_fmt(ledger->arena, "machi/" STR_FMT, STR_ARG(hex));
    Rand rand = rand_system();
    SealKey seed;
    rand_bytes(&rand, seed.bytes, sizeof seed.bytes);
    Str seed_bytes = {(const char *)seed.bytes, sizeof seed.bytes};
    Str sealed = sealed_under(ctx, ledger, tenant, SIGNING, seed_bytes);
    Rc rc = note_key_new(ctx, ledger->origin, seed_bytes, &ledger->note);
    seal_forget(&seed, sizeof seed);
    TRY(rc);
    const MetaItem items[] = {
        {STR("format"), FORMAT},
        {STR("origin"), ledger->origin},
        {STR("public_key"), note_public_key(ledger->note)},
        {STR("signing_key"), sealed},
        {STR("tenant_key"), seal_id_str(&tenant->id)},
    };
    Writer *writer = ledger->commit.writer;
    ledger->index = tenant->index;
    TRY(writer_begin(ctx, writer));
    TRY(items_put(ctx, ledger, items, sizeof items / sizeof *items));
    return writer_commit(ctx, writer);
}

static Rc wrong_key(Ctx *ctx, Ledger *ledger) {
    return ctx_fail(ctx, RC_FAILED, "tenant-key", ledger->options.key_file,
                    "The tenant key file " STR_FMT " isn't the one of the ledger in " STR_FMT
                    ": name the right one.",
                    STR_ARG(ledger->options.key_file), STR_ARG(ledger->options.folder));
}

/* Opens the bytes of an item; the caller zeroes them. */
static Rc secret_read(Ctx *ctx, Ledger *ledger, const TenantKey *tenant, Str what, Str *secret) {
    Str sealed;
    bool signing = str_eq(what, SIGNING);
    TRY(reader_item(ctx, ledger->commit.reader, META,
                    signing ? STR("signing_key") : STR("index_key"), &sealed));
    bool ok =
        seal_open(ctx->arena, &tenant->wrap, sealed_for(ledger, ctx->arena, what), sealed, secret);
    return ok && secret->len == SEAL_KEY ? RC_OK : wrong_key(ctx, ledger);
}

static void secret_forget(Str secret) {
    seal_forget((void *)(uintptr_t)secret.ptr, secret.len);
}

/* Blind indexes outlive the tenant key that they came from. */
static Rc index_read(Ctx *ctx, Ledger *ledger, const TenantKey *tenant) {
    Str index;
    ledger->index = tenant->index;
    Rc rc = secret_read(ctx, ledger, tenant, INDEX, &index);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    for (size_t i = 0; i < SEAL_KEY; i++)
        ledger->index.bytes[i] = (uint8_t)index.ptr[i];
    secret_forget(index);
    return RC_OK;
}

static Rc read_meta(Ctx *ctx, Ledger *ledger, const TenantKey *tenant) {
    Reader *reader = ledger->commit.reader;
    Str format, origin, seed;
    TRY(reader_item(ctx, reader, META, STR("format"), &format));
    if (!str_eq(format, FORMAT))
        return ctx_fail(ctx, RC_FAILED, "ledger-format", ledger->options.folder,
                        "The ledger is of format " STR_FMT ": start the machi that wrote it.",
                        STR_ARG(format));
    TRY(reader_item(ctx, reader, META, STR("origin"), &origin));
    ledger->origin = str_dup(ledger->arena, origin);
    TRY(secret_read(ctx, ledger, tenant, SIGNING, &seed));
    Rc rc = note_key_new(ctx, ledger->origin, seed, &ledger->note);
    secret_forget(seed);
    TRY(rc);
    return index_read(ctx, ledger, tenant);
}

/* The key that the ledger names; another one beside it is what a rewrapping has left. */
static Rc known_key(Ctx *ctx, Ledger *ledger, Str id, TenantKey *out) {
    KeyFile file;
    if (id.len != sizeof(KeyId)) return wrong_key(ctx, ledger);
    KeyId wanted = seal_id_of(id);
    TRY(keyfile_read(ctx, ledger->options.key_file, false, &file));
    const TenantKey *found = keyfile_find(&file, &wanted);
    if (found) *out = *found;
    seal_forget(&file, sizeof file);
    if (!found) return wrong_key(ctx, ledger);
    return keyfile_settle(ctx, ledger->options.key_file, &wanted);
}

static Rc first_key(Ctx *ctx, Ledger *ledger, TenantKey *out) {
    KeyFile file;
    TRY(keyfile_read(ctx, ledger->options.key_file, true, &file));
    *out = file.keys[0];
    seal_forget(&file, sizeof file);
    return RC_OK;
}

Rc meta_open(Ctx *ctx, Ledger *ledger) {
    Str id;
    TenantKey tenant;
    Rc rc = reader_item(ctx, ledger->commit.reader, META, STR("tenant_key"), &id);
    bool fresh = rc == RC_NOT_FOUND;
    if (rc != RC_OK && !fresh) return rc;
    TRY(fresh ? first_key(ctx, ledger, &tenant) : known_key(ctx, ledger, id, &tenant));
    rc = fresh ? create_meta(ctx, ledger, &tenant) : read_meta(ctx, ledger, &tenant);
    ledger->keys = keys_new(&tenant, KEYS_MAX);
    seal_forget(&tenant, sizeof tenant);
    return rc;
}

Rc meta_rewrap(Ctx *ctx, Ledger *ledger, const TenantKey *fresh) {
    Str seed, index = {(const char *)ledger->index.bytes, SEAL_KEY};
    TRY(secret_read(ctx, ledger, keys_tenant(ledger->keys), SIGNING, &seed));
    const MetaItem items[] = {
        {STR("signing_key"), sealed_under(ctx, ledger, fresh, SIGNING, seed)},
        {STR("index_key"), sealed_under(ctx, ledger, fresh, INDEX, index)},
        {STR("tenant_key"), seal_id_str(&fresh->id)},
    };
    secret_forget(seed);
    return items_put(ctx, ledger, items, sizeof items / sizeof *items);
}
