#include "procedure_int.h"

#include <sodium.h>

#define DRAFTS SPACE(STORE_LOCAL, "draft")

enum { DRAFT_MAX = 1 << 18 };

static const int64_t browser_lasts = 7 * TIME_DAY, account_lasts = 30 * TIME_DAY;

Str draft_whose(const Ctx *ctx) {
    return str_empty(ctx->actor->drafts) ? ctx->actor->browser : ctx->actor->drafts;
}

static bool is_account(const Ctx *ctx, Str browser) {
    return ctx->actor && !str_empty(ctx->actor->drafts) && str_eq(browser, ctx->actor->drafts);
}

int64_t draft_lasts(const Ctx *ctx, Str browser) {
    return is_account(ctx, browser) ? account_lasts : browser_lasts;
}

/* What the row is found by, and what seals it, are different hashes of the browser's secret. */
static Digest draft_hash(Ctx *ctx, Str domain, Str browser) {
    return ledger_keyed_hash(ctx->tenant->ledger, domain, browser);
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

static Str draft_key(Ctx *ctx, Str browser) {
    Digest name = draft_hash(ctx, STR("draft"), browser);
    return str_dup(ctx->arena, (Str){(const char *)name.bytes, sizeof name.bytes});
}

Rc draft_load(Ctx *ctx, Str browser, const Json **answers) {
    Str sealed;
    Rc rc = reader_item(ctx, ctx->db, DRAFTS, draft_key(ctx, browser), &sealed);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    return draft_read(ctx, browser, rc == RC_OK ? &sealed : NULL, answers);
}

static bool is_named(const JsonMember *members, size_t n, Str name) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(members[i].name, name)) return true;
    return false;
}

/* ---- procedures in a draft: "PROCEDURE/MEMBER", without it that of bulky waste ---- */

Str draft_group(Str name) {
    ptrdiff_t slash = str_find_char(name, '/');
    return slash < 0 ? STR_NONE : str_head(name, (size_t)slash);
}

Str draft_member(Arena *arena, Str group, const char *name) {
    return str_empty(group) ? str_of(name) : str_fmt(arena, STR_FMT "/.%s", STR_ARG(group), name);
}

/* Only what was begun, and not sent, has one. */
static bool is_begun(Arena *arena, const JsonMembers *members, Str group) {
    Str token = draft_member(arena, group, "token");
    for (size_t i = 0; i < members->len; i++)
        if (str_eq(members->items[i].name, token))
            return !str_empty(json_str(&members->items[i].value));
    return false;
}

static void member_set(Arena *arena, JsonMembers *members, JsonMember member) {
    for (size_t i = 0; i < members->len; i++)
        if (str_eq(members->items[i].name, member.name)) {
            members->items[i] = member;
            return;
        }
    vec_push(arena, members, member);
}

/* ---- changing one ---- */

/* What a draft becomes: its row's value. */
typedef struct Change {
    Str browser;
    const JsonMember *members;
    size_t n;
    const Json **before; /* what it was, for who wants to know; else NULL */
    const Str *leaves;   /* all of this procedure goes; NULL: of none */
} Change;

Rc draft_in(Ctx *ctx, Batch *batch, Str browser, const Json **answers) {
    Str sealed;
    Rc rc = batch_item(ctx, batch, DRAFTS, draft_key(ctx, browser), &sealed);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
    return draft_read(ctx, browser, rc == RC_OK ? &sealed : NULL, answers);
}

Rc draft_put(Ctx *ctx, Batch *batch, Str browser, const JsonMembers *members) {
    Json json = json_of_members(members->items, members->len);
    Buf text = buf_new(ctx->arena, DRAFT_MAX);
    json_write(&text, &json);
    if (buf_rc(&text) != RC_OK)
        return ctx_fail(ctx, RC_LIMIT, "draft-too-large", STR_NONE,
                        "These answers are too long: shorten them.");
    Item item = {.key = draft_key(ctx, browser),
                 .value = draft_seal(ctx, browser, buf_str(&text)),
                 .expires = time_now(ctx->clock) + draft_lasts(ctx, browser)};
    return batch_put(ctx, batch, DRAFTS, &item);
}

Rc draft_remove(Ctx *ctx, Batch *batch, Str browser) {
    return batch_delete(ctx, batch, DRAFTS, draft_key(ctx, browser));
}

/* When what was changed was saved, which an account's owner is told. */
static void saved_stamp(Ctx *ctx, const Change *change, JsonMembers *after) {
    Json now = json_of_int(time_now(ctx->clock));
    for (size_t i = 0; i < change->n; i++) {
        Str group = draft_group(change->members[i].name);
        if (change->members[i].value.kind != JSON_NULL && is_begun(ctx->arena, after, group))
            member_set(ctx->arena, after,
                       (JsonMember){draft_member(ctx->arena, group, "savedAt"), now});
    }
}

/* Within the batch: what another tab wrote meanwhile is seen. */
static Rc merge_write(Ctx *ctx, Batch *batch, const Change *change) {
    const Json *before;
    JsonMembers after = {0};
    TRY(draft_in(ctx, batch, change->browser, &before));
    if (change->before) *change->before = before;
    for (size_t i = 0; i < before->len; i++) {
        JsonMember member = before->value.members[i];
        bool left = change->leaves && str_eq(draft_group(member.name), *change->leaves);
        if (!left && !is_named(change->members, change->n, member.name))
            vec_push(ctx->arena, &after, member);
    }
    for (size_t i = 0; i < change->n; i++)
        if (change->members[i].value.kind != JSON_NULL)
            vec_push(ctx->arena, &after, change->members[i]);
    if (is_account(ctx, change->browser)) saved_stamp(ctx, change, &after);
    return draft_put(ctx, batch, change->browser, &after);
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
    return change->members || change->leaves ? merge_write(ctx, batch, change)
                                             : draft_remove(ctx, batch, change->browser);
}

static Rc draft_write(Ctx *ctx, Change change) {
    return draft_rows(ctx, change_rows, &change);
}

Rc draft_merge(Ctx *ctx, Str browser, const JsonMember *members, size_t n) {
    return draft_write(ctx, (Change){.browser = browser, .members = members, .n = n});
}

Rc draft_swap(Ctx *ctx, Str browser, const JsonMembers *members, const Json **before) {
    return draft_write(ctx, (Change){browser, members->items, members->len, before, NULL});
}

Rc draft_leave(Ctx *ctx, Str browser, Str procedure) {
    return draft_write(ctx, (Change){.browser = browser, .leaves = &procedure});
}

Rc draft_drop(Ctx *ctx, Str browser) {
    return draft_write(ctx, (Change){.browser = browser});
}
