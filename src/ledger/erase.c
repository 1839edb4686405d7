#include "ledger_int.h"

#include <string.h>

/* ---- erasure and disposal, on the writer's thread ---- */

typedef struct Erase {
    Ctx *caller; /* waits meanwhile, so its arena may be used */
    Statement statement;
    CommandHead head;
    KeyRange range;
    const StrVec *files; /* of an erasure: labels that may go; NULL: whatever the range names */
    const LedgerDisposal *disposal; /* of one: its judge; NULL: it is none that is judged */
    StrVec *kept;
    bool data_left;
    KeyId subject_key;
    bool has_subject_key;
} Erase;

static bool has_label(const StrVec *labels, Str label) {
    VEC_EACH (const Str, one, labels) {
        if (str_eq(*one, label)) return true;
    }
    return false;
}

static bool choose_key(void *arg, const KeyRow *row) {
    Erase *erase = arg;
    Arena *arena = erase->caller->arena;
    if (row->wrapped.len == 0 || row->id.len != sizeof(KeyId)) return true;
    KeyId id = seal_id_of(row->id);
    if (row->wrapped.ptr[0] == KEY_SUBJECT) {
        erase->subject_key = id;
        erase->has_subject_key = true;
    } else if (!erase->files || has_label(erase->files, row->retention)) {
        (void)vec_push(arena, &erase->statement.keys, id);
    } else {
        erase->data_left = true;
        if (erase->kept && !has_label(erase->kept, row->retention))
            (void)vec_push(arena, erase->kept, str_dup(arena, row->retention));
    }
    return true;
}

static Rc destroy_keys(Ctx *ctx, Writer *writer, const KeyIds *ids) {
    VEC_EACH (const KeyId, id, ids)
        TRY(writer_erase_key(ctx, writer, seal_id_str(id)));
    return RC_OK;
}

/* Deletes rows, leaves the event, forgets, overwrites the log. The statement is in the list
 * already. */
static Rc carry_out(Ctx *ctx, Ledger *ledger, const CommandHead *head, const Statement *statement,
                    Str bytes) {
    Commit *commit = &ledger->commit;
    TRY(destroy_keys(ctx, commit->writer, &statement->keys));
    stage_own(&commit->stage, (EventKind)statement->kind, statement->subject, bytes);
    Command *command = command_new(ledger, (CommandHead){0});
    Rc rc = commit_leaf(ledger, &command->id, head);
    command_free(command);
    TRY(rc);
    TRY(commit_end(ledger));
    keys_forget(ledger->keys, statement->keys.items, statement->keys.len);
    workset_erased(ledger->set);
    atomic_store(&commit->scrub_due, true);
    rc = writer_scrub(ctx, commit->writer);
    if (rc == RC_OK) atomic_store(&commit->scrub_due, false);
    if (rc != RC_BUSY) return rc;
    return ctx_fail(
        ctx, RC_FAILED, "erased-not-scrubbed", STR_NONE,
        "The keys are destroyed, but a long reading keeps old bytes in the log: they are "
        "overwritten as soon as it ends.");
}

static Rc erase_own(Ctx *ctx, Ledger *ledger, void *arg) {
    Erase *erase = arg;
    const LedgerDisposal *disposal = erase->disposal;
    TRY(commit_begin_own(ledger));
    if (disposal && disposal->judge) TRY(disposal->judge(ctx, disposal->judge_arg));
    TRY(reader_keys(ctx, ctx->db, &erase->range, choose_key, erase));
    bool person_done = erase->files && erase->has_subject_key && !erase->data_left;
    if (person_done)
        (void)vec_push(erase->caller->arena, &erase->statement.keys, erase->subject_key);
    if (erase->statement.keys.len == 0) return RC_OK; /* nothing to destroy leaves nothing to say */
    erase->statement.time = ledger->commit.stage.now;
    Str bytes;
    TRY(statement_sign(ctx, ledger->note, &erase->statement, &bytes));
    TRY(statement_list_add(ctx, ledger->erasures_file, bytes));
    return carry_out(ctx, ledger, &erase->head, &erase->statement, bytes);
}

Rc ledger_erase(Ctx *ctx, Ledger *ledger, const LedgerErasure *erasure, StrVec *kept) {
    StrVec labels = {0};
    VEC_EACH (const Str, file, &erasure->files) {
        KeyScope scope = keys_scope_data(STR_NONE, *file);
        (void)vec_push(ctx->arena, &labels, str_dup(ctx->arena, keys_retention(&scope)));
    }
    KeyScope person = keys_scope_subject(erasure->subject);
    Erase erase = {.caller = ctx,
                   .statement = {.kind = EVENT_ERASURE,
                                 .subject = erasure->subject,
                                 .reason = erasure->reason},
                   .head = erasure->head,
                   .range = {.subject = keys_subject(&person)},
                   .files = &labels,
                   .kept = kept};
    return command_run_own(ctx, ledger, erase_own, &erase);
}

typedef struct FilesFound {
    Arena *arena;
    StrVec *files;
} FilesFound;

static bool file_note(void *arg, const KeyRow *row) {
    const FilesFound *found = arg;
    bool living = row->wrapped.len > 0 && row->wrapped.ptr[0] != KEY_SUBJECT;
    if (living && !has_label(found->files, row->retention))
        (void)vec_push(found->arena, found->files, str_dup(found->arena, row->retention));
    return true;
}

Rc ledger_files(Ctx *ctx, Str subject, StrVec *files) {
    KeyScope person = keys_scope_subject(subject);
    KeyRange range = {.subject = keys_subject(&person)};
    FilesFound found = {ctx->arena, files};
    return reader_keys(ctx, ctx->db, &range, file_note, &found);
}

Rc ledger_dispose(Ctx *ctx, Ledger *ledger, const LedgerDisposal *disposal) {
    KeyScope file = keys_scope_data(STR_NONE, disposal->retention);
    Erase erase = {.caller = ctx,
                   .statement = {.kind = EVENT_DISPOSAL,
                                 .retention = disposal->retention,
                                 .reason = disposal->reason},
                   .head = disposal->head,
                   .range = {.retention = keys_retention(&file)},
                   .disposal = disposal};
    return command_run_own(ctx, ledger, erase_own, &erase);
}

typedef struct Disposed {
    Ledger *ledger;
    Str retention;
    Map keys; /* a statement stands twice where its transaction failed */
    size_t n;
} Disposed;

static Rc disposed_note(Ctx *ctx, void *arg, Str bytes) {
    Disposed *disposed = arg;
    Statement statement;
    TRY(statement_read(ctx, bytes, &statement));
    if (statement.kind != EVENT_DISPOSAL || !str_eq(statement.retention, disposed->retention))
        return RC_OK; /* a signature takes longer than all the rest */
    Rc rc = statement_open(ctx, disposed->ledger->note, bytes, &statement);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    VEC_EACH (const KeyId, id, &statement.keys) {
        Str key = str_dup(ctx->arena, seal_id_str(id));
        if (map_has(&disposed->keys, key)) continue;
        map_put(&disposed->keys, key, disposed);
        disposed->n++;
    }
    return RC_OK;
}

/* On the writer's thread: nobody adds to the list meanwhile. */
static Rc disposed_own(Ctx *ctx, Ledger *ledger, void *arg) {
    return statement_list_read(ctx, ledger->erasures_file, disposed_note, arg);
}

Rc ledger_disposed(Ctx *ctx, Ledger *ledger, Str retention, size_t *keys) {
    Disposed disposed = {.ledger = ledger, .retention = retention, .keys = map_new(ctx->arena)};
    Rc rc = command_run_own(ctx, ledger, disposed_own, &disposed);
    *keys = disposed.n;
    return rc;
}

Rc erase_type(Ctx *ctx, Ledger *ledger, Str label) {
    Erase erase = {
        .caller = ctx,
        .statement = {.kind = EVENT_DISPOSAL, .retention = label, .reason = STR("appended again")},
        .head = {.kind = STR("ledger.reclassify"), .channel = STR("timer")},
        .range = {.subject = STR("*"), .retention = label}};
    Ctx *own = &ledger->commit.ctx;
    Rc rc = erase_own(own, ledger, &erase);
    if (ledger->commit.begun) commit_abort(ledger); /* there was none */
    if (rc == RC_OK) return RC_OK;
    Str code = str_dup(ctx->arena, own->error.code);
    return ctx_fail(ctx, rc, code.ptr, STR_NONE, STR_FMT, STR_ARG(own->error.detail));
}

/* ---- after a restore, or a death between list and transaction ---- */

/* What this type's key has sealed is to be appended again first: the ledger may be from before. */
static bool is_of_type(const Statement *statement) {
    return statement->kind == EVENT_DISPOSAL && str_starts(statement->retention, STR("type:"));
}

static Rc still_alive(Ctx *ctx, Ledger *ledger, const KeyIds *ids, bool *alive) {
    *alive = false;
    VEC_EACH (const KeyId, id, ids) {
        KeyRow row;
        Rc rc = reader_key(ctx, ledger->commit.reader, seal_id_str(id), &row);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        *alive |= row.wrapped.len > 0;
    }
    return RC_OK;
}

/* Only those that have rows: a backup may be older than a key. */
static Rc known_keys(Ctx *ctx, Ledger *ledger, KeyIds *ids) {
    size_t n = 0;
    for (size_t i = 0; i < ids->len; i++) {
        KeyRow row;
        Rc rc = reader_key(ctx, ledger->commit.reader, seal_id_str(&ids->items[i]), &row);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        ids->items[n++] = ids->items[i];
    }
    ids->len = n;
    return RC_OK;
}

static Rc apply_statement(Ctx *ctx, void *arg, Str bytes) {
    Ledger *ledger = arg;
    Statement statement;
    bool alive;
    Rc rc = statement_open(ctx, ledger->note, bytes, &statement);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(still_alive(ctx, ledger, &statement.keys, &alive));
    if (!alive) return RC_OK;
    if (is_of_type(&statement)) {
        ledger->again_due = true;
        return RC_OK;
    }
    TRY(known_keys(ctx, ledger, &statement.keys));
    CommandHead head = {.kind = STR("ledger.erase-again"), .channel = STR("timer")};
    rc = commit_begin_own(ledger);
    if (rc == RC_OK) rc = carry_out(&ledger->commit.ctx, ledger, &head, &statement, bytes);
    if (rc != RC_OK)
        return ctx_fail(ctx, rc, "erase-again", STR_NONE, STR_FMT,
                        STR_ARG(ledger->commit.ctx.error.detail));
    log_warn("ledger", "an erasure of the list was carried out again: %zu keys",
             statement.keys.len);
    return RC_OK;
}

Rc recover_erasures(Ctx *ctx, Ledger *ledger) {
    return statement_list_read(ctx, ledger->erasures_file, apply_statement, ledger);
}

/* ---- bytes outside events ---- */

typedef struct MakeKey {
    const KeyScope *scope;
    Str label;
} MakeKey;

static Rc make_key(Ctx *ctx, Ledger *ledger, void *arg) {
    const MakeKey *make = arg;
    DataKey key;
    TRY(commit_begin(ledger));
    TRY(closed_label(ctx, ledger, make->label));
    TRY(keys_make(ctx, ledger->keys, ledger->commit.writer, make->scope, &key));
    seal_forget(&key, sizeof key);
    return commit_end(ledger);
}

static Str blob_associated(Arena *arena, const KeyId *key) {
    Buf buf = buf_new(arena, 64);
    wire_put_str(&buf, STR("machi/1/blob"));
    buf_add(&buf, seal_id_str(key));
    return buf_str(&buf);
}

Rc ledger_seal(Ctx *ctx, Ledger *ledger, LedgerKeyOf key_of, Str plain, Str *sealed) {
    KeyScope scope = keys_scope_data(key_of.subject, key_of.retention);
    DataKey key;
    Rc rc = keys_find(ctx, ledger->keys, &scope, &key);
    if (rc == RC_NOT_FOUND) {
        TRY(command_run_own(ctx, ledger, make_key, &(MakeKey){&scope, key_of.retention}));
        rc = keys_find(ctx, ledger->keys, &scope, &key);
    }
    TRY(rc);
    Buf blob = buf_new(ctx->arena, plain.len + 128);
    Rand rand = rand_system();
    buf_add_char(&blob, SEALED_VERSION);
    buf_add(&blob, seal_id_str(&key.id));
    seal_add(&blob, &rand, &key.key, blob_associated(ctx->arena, &key.id), plain);
    seal_forget(&key, sizeof key);
    *sealed = buf_str(&blob);
    return buf_rc(&blob);
}

Rc ledger_unseal(Ctx *ctx, Ledger *ledger, Str sealed, Str *plain) {
    WireIn in = wire_in(sealed);
    bool known = wire_u8(&in) == SEALED_VERSION;
    Str id = wire_bytes(&in, sizeof(KeyId));
    if (!known || in.bad)
        return ctx_fail(ctx, RC_INVALID, "sealed", STR_NONE, "These aren't sealed bytes.");
    KeyId key_id = seal_id_of(id);
    SealKey key;
    TRY(keys_open(ctx, ledger->keys, &key_id, &key));
    bool ok = seal_open(ctx->arena, &key, blob_associated(ctx->arena, &key_id), in.rest, plain);
    seal_forget(&key, sizeof key);
    return ok ? RC_OK
              : ctx_fail(ctx, RC_INVALID, "sealed", STR_NONE, "These sealed bytes were altered.");
}

Digest ledger_keyed_hash(Ledger *ledger, Str domain, Str text) {
    Digest key = hash_hmac((Str){(const char *)ledger->index.bytes, SEAL_KEY}, domain);
    Digest hash = hash_hmac((Str){(const char *)key.bytes, sizeof key.bytes}, text);
    seal_forget(&key, sizeof key);
    return hash;
}
