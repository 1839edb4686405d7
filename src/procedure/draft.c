#include "procedure_int.h"

#include <sodium.h>

#define DRAFTS SPACE(STORE_LOCAL, "draft")

enum { DRAFT_MAX = 1 << 18 };

static const int64_t draft_lasts = 7 * TIME_DAY;

/* What the row is found by, and what seals it, are different hashes of the browser's secret. */
static Digest draft_hash(Ctx *ctx, Str domain, Str browser) {
    return ledger_keyed_hash(ctx->tenant->ledger, domain, browser);
}

static Str digest_str(const Digest *digest) {
    return (Str){(const char *)digest->bytes, sizeof digest->bytes};
}

Rc draft_unseal(Ctx *ctx, Str browser, Str sealed, Str *plain) {
    Digest key = draft_hash(ctx, STR("draft-key"), browser);
    const size_t head = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (sealed.len < head)
        return ctx_fail(ctx, RC_FAILED, "bad-draft", STR_NONE,
                        "The saved answers are damaged: begin again.");
    unsigned char *text = arena_alloc(ctx->arena, sealed.len - head + 1, 1);
    const unsigned char *bytes = (const unsigned char *)sealed.ptr;
    if (crypto_secretbox_open_easy(text, bytes + crypto_secretbox_NONCEBYTES,
                                   sealed.len - crypto_secretbox_NONCEBYTES, bytes, key.bytes) != 0)
        return ctx_fail(ctx, RC_FAILED, "bad-draft", STR_NONE,
                        "The saved answers are damaged: begin again.");
    *plain = (Str){(char *)text, sealed.len - head};
    return RC_OK;
}

Str draft_seal(Ctx *ctx, Str browser, Str plain) {
    Digest key = draft_hash(ctx, STR("draft-key"), browser);
    size_t len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.len;
    unsigned char *sealed = arena_alloc(ctx->arena, len, 1);
    rand_bytes(ctx->rand, sealed, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.ptr,
                          plain.len, sealed, key.bytes);
    return (Str){(char *)sealed, len};
}

/* sealed NULL: there is none. */
static Rc draft_read(Ctx *ctx, Str browser, const Str *sealed, const Json **answers) {
    static const Json empty = {.kind = JSON_OBJECT};
    Str plain;
    *answers = &empty;
    if (!sealed) return RC_OK;
    TRY(draft_unseal(ctx, browser, *sealed, &plain));
    return json_read(ctx, plain, JSON_LIMITS_DEFAULT, answers);
}

Rc draft_load(Ctx *ctx, Str browser, const Json **answers) {
    Digest name = draft_hash(ctx, STR("draft"), browser);
    Str sealed;
    Rc rc = reader_item(ctx, ctx->db, DRAFTS, digest_str(&name), &sealed);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    return draft_read(ctx, browser, rc == RC_OK ? &sealed : NULL, answers);
}

static bool is_named(const JsonMember *members, size_t n, Str name) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(members[i].name, name)) return true;
    return false;
}

/* What a draft becomes: its row's value. */
typedef struct Change {
    Str browser;
    const JsonMember *members;
    size_t n;
    const Json **before; /* what it was, for who wants to know; else NULL */
} Change;

static Rc draft_after(Ctx *ctx, const Change *change, const Json *before, Str *sealed) {
    JsonMembers after = {0};
    for (size_t i = 0; i < before->len; i++)
        if (!is_named(change->members, change->n, before->value.members[i].name))
            vec_push(ctx->arena, &after, before->value.members[i]);
    for (size_t i = 0; i < change->n; i++)
        if (change->members[i].value.kind != JSON_NULL)
            vec_push(ctx->arena, &after, change->members[i]);
    Json json = json_of_members(after.items, after.len);
    Buf text = buf_new(ctx->arena, DRAFT_MAX);
    json_write(&text, &json);
    if (buf_rc(&text) != RC_OK)
        return ctx_fail(ctx, RC_LIMIT, "draft-too-large", STR_NONE,
                        "These answers are too long: shorten them.");
    *sealed = draft_seal(ctx, change->browser, buf_str(&text));
    return RC_OK;
}

/* Within the batch: what another tab wrote meanwhile is seen. */
static Rc merge_write(Ctx *ctx, Batch *batch, Str key, const Change *change) {
    Str sealed;
    const Json *before;
    Rc rc = batch_item(ctx, batch, DRAFTS, key, &sealed);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    TRY(draft_read(ctx, change->browser, rc == RC_OK ? &sealed : NULL, &before));
    if (change->before) *change->before = before;
    TRY(draft_after(ctx, change, before, &sealed));
    Item item = {.key = key, .value = sealed, .expires = time_now(ctx->clock) + draft_lasts};
    return batch_put(ctx, batch, DRAFTS, &item);
}

Rc draft_rows(Ctx *ctx, DraftRows *write, void *arg) {
    Procedures *procedures = ctx->tenant->procedures;
    pthread_mutex_lock(&procedures->local_lock);
    Rc rc = batch_begin(ctx, procedures->local, BATCH_LAZY);
    if (rc == RC_OK) rc = write(ctx, procedures->local, arg);
    if (rc == RC_OK)
        rc = batch_commit(ctx, procedures->local);
    else
        batch_rollback(procedures->local);
    pthread_mutex_unlock(&procedures->local_lock);
    return rc;
}

/* members NULL deletes. */
static Rc change_rows(Ctx *ctx, Batch *batch, void *arg) {
    const Change *change = arg;
    Digest name = draft_hash(ctx, STR("draft"), change->browser);
    Str key = digest_str(&name);
    return change->members ? merge_write(ctx, batch, key, change)
                           : batch_delete(ctx, batch, DRAFTS, key);
}

static Rc draft_write(Ctx *ctx, Change change) {
    return draft_rows(ctx, change_rows, &change);
}

Rc draft_merge(Ctx *ctx, Str browser, const JsonMember *members, size_t n) {
    return draft_write(ctx, (Change){.browser = browser, .members = members, .n = n});
}

Rc draft_swap(Ctx *ctx, Str browser, const JsonMembers *members, const Json **before) {
    return draft_write(ctx, (Change){browser, members->items, members->len, before});
}

Rc draft_drop(Ctx *ctx, Str browser) {
    return draft_write(ctx, (Change){.browser = browser});
}
