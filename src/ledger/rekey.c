/* rekey: another tenant key takes the place of the old one (doc/ledger-format.md §6, Rewrapping).
 */
#include "ledger_int.h"

typedef struct Rekey {
    const CommandHead *head;
    uint64_t keys;
} Rekey;

/* Rows whose parent is the tenant key, each wrapped anew. */
typedef struct Rewrap {
    Ctx *ctx;
    Keys *keys;
    VEC(KeyRow) rows;
    Rc rc;
} Rewrap;

static bool wrap_one(void *arg, const KeyRow *row) {
    Rewrap *rewrap = arg;
    Str wrapped;
    if (row->wrapped.len == 0) return true; /* destroyed */
    rewrap->rc = keys_wrap_again(rewrap->ctx, rewrap->keys, row, &wrapped);
    if (rewrap->rc == RC_OK && wrapped.len)
        (void)vec_push(rewrap->ctx->arena, &rewrap->rows,
                       (KeyRow){.id = str_dup(rewrap->ctx->arena, row->id), .wrapped = wrapped});
    return rewrap->rc == RC_OK;
}

static Rc rewrap_rows(Ctx *ctx, Ledger *ledger, uint64_t *count) {
    Rewrap rewrap = {.ctx = ctx, .keys = ledger->keys};
    TRY(reader_keys(ctx, ctx->db, &(KeyRange){0}, wrap_one, &rewrap));
    TRY(rewrap.rc);
    VEC_EACH (const KeyRow, row, &rewrap.rows)
        TRY(writer_rewrap_key(ctx, ledger->commit.writer, row->id, row->wrapped));
    *count = rewrap.rows.len;
    return RC_OK;
}

static void leave_note(Ctx *ctx, Ledger *ledger, const TenantKey *fresh, uint64_t count) {
    JsonMember *members = NEW_ARRAY(ctx->arena, JsonMember, 3);
    Str from = seal_id_str(&keys_tenant(ledger->keys)->id), to = seal_id_str(&fresh->id);
    members[0] = (JsonMember){STR("from"), json_of_str(hash_hex(ctx->arena, from))};
    members[1] = (JsonMember){STR("to"), json_of_str(hash_hex(ctx->arena, to))};
    members[2] = (JsonMember){STR("keys"), json_of_int((int64_t)count)};
    Json *clear = NEW(ctx->arena, Json);
    *clear = json_of_members(members, 3);
    stage_note(&ledger->commit.stage, &(StageNote){.kind = STR("rekey"), .clear = clear});
}

/* Step 2: all of it in one transaction. */
static Rc rewrap_commit(Ctx *ctx, Ledger *ledger, const TenantKey *fresh, Rekey *rekey) {
    TRY(commit_begin_own(ledger));
    keys_rewrap(ledger->keys, fresh);
    TRY(rewrap_rows(ctx, ledger, &rekey->keys));
    TRY(meta_rewrap(ctx, ledger, fresh));
    leave_note(ctx, ledger, fresh, rekey->keys);
    Command *command = command_new(ledger, (CommandHead){0});
    Rc rc = commit_leaf(ledger, &command->id, rekey->head);
    command_free(command);
    TRY(rc);
    return commit_end(ledger);
}

/* Steps 3 and 4; what fails here is done by the next opening. */
static Rc finish(Ctx *ctx, Ledger *ledger) {
    Commit *commit = &ledger->commit;
    atomic_store(&commit->scrub_due, true);
    Rc rc = writer_scrub(ctx, commit->writer);
    if (rc == RC_OK) atomic_store(&commit->scrub_due, false);
    if (rc != RC_OK && rc != RC_BUSY) return rc; /* the house tries again what is only busy */
    rc = keyfile_settle(ctx, ledger->options.key_file, &keys_tenant(ledger->keys)->id);
    if (rc == RC_OK) return RC_OK;
    Str why = str_dup(ctx->arena, ctx->error.detail);
    return ctx_fail(ctx, RC_FAILED, "old-key-left", ledger->options.key_file,
                    "All keys are rewrapped, but the old tenant key is still in its file: " STR_FMT
                    " The next start removes it.",
                    STR_ARG(why));
}

static Rc rekey_own(Ctx *ctx, Ledger *ledger, void *arg) {
    Str path = ledger->options.key_file;
    const KeyId current = keys_tenant(ledger->keys)->id;
    TenantKey fresh;
    TRY(keyfile_settle(ctx, path, &current));
    TRY(keyfile_add(ctx, path, &current, &fresh));
    Rc rc = rewrap_commit(ctx, ledger, &fresh, arg);
    seal_forget(&fresh, sizeof fresh);
    return rc == RC_OK ? finish(ctx, ledger) : rc;
}

Rc ledger_rekey(Ctx *ctx, Ledger *ledger, const CommandHead *head, uint64_t *keys) {
    Rekey rekey = {.head = head};
    Rc rc = command_run_own(ctx, ledger, rekey_own, &rekey);
    *keys = rekey.keys;
    return rc;
}
