#include "ledger_int.h"

#include <time.h>

enum {
    BATCH_COMMANDS = 4096,
    BATCH_ARENA = 64 << 20,
    BATCH_BYTES = 32 << 20,
    LEAF_MAX = 64 << 20,
    KEEP_BUF = 1 << 20,
    REOPEN_PAUSE_MS = 200,
};
static const size_t batch_arena_max = (size_t)16
                                      << 30; /* of one huge command; batches stay far below */
static const size_t records_max = (size_t)4 << 30;

/* ---- opening ---- */

static Rc open_handles(Ctx *ctx, Ledger *ledger) {
    Commit *commit = &ledger->commit;
    TRY(writer_open(ctx, ledger->store, &commit->writer));
    Rc rc = reader_open(ctx, ledger->store, &commit->reader);
    if (rc == RC_OK) {
        commit->ctx.db = commit->reader;
        return RC_OK;
    }
    writer_close(commit->writer);
    commit->writer = NULL;
    return rc;
}

static void close_handles(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    writer_close(commit->writer);
    reader_close(commit->reader);
    commit->writer = NULL;
    commit->reader = NULL;
    commit->ctx.db = NULL;
    commit->begun = false;
}

Rc commit_open(Ctx *ctx, Ledger *ledger) {
    Commit *commit = &ledger->commit;
    commit->rand = rand_system_ahead(&commit->ahead);
    commit->ctx = (Ctx){.arena = arena_new(batch_arena_max),
                        .scratch = arena_new(batch_arena_max),
                        .clock = ledger->options.clock,
                        .rand = &commit->rand,
                        .tenant = ledger->options.tenant};
    commit->temp = arena_new(batch_arena_max);
    commit->hasher = tree_hasher_new();
    commit->leaf = buf_new(NULL, LEAF_MAX);
    commit->records = buf_new(NULL, records_max);
    commit->place = epoch_take(ledger->epoch);
    assert(commit->place >= 0);
    return open_handles(ctx, ledger);
}

void commit_leave_store(Ledger *ledger) {
    close_handles(ledger);
}

Rc commit_enter_store(Ctx *ctx, Ledger *ledger) {
    return open_handles(ctx, ledger);
}

void commit_close(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    if (!commit->hasher) return;
    close_handles(ledger);
    epoch_give(ledger->epoch, commit->place);
    buf_free(&commit->leaf);
    buf_free(&commit->records);
    tree_hasher_free(commit->hasher);
    arena_free(commit->ctx.arena);
    arena_free(commit->ctx.scratch);
    arena_free(commit->temp);
}

/* ---- leaves ---- */

/* The writer's Ctx with temporaries where they are rewound. */
static Ctx scratch_ctx(const Commit *commit) {
    Ctx ctx = commit->ctx;
    ctx.arena = commit->temp;
    ctx.error = (Error){0};
    return ctx;
}

typedef struct EventPlace {
    Ledger *ledger;
    const CommandId *command;
    uint32_t ordinal;
} EventPlace;

static Rc seal_event(Ctx *ctx, const EventPlace *place, const KeyScope *scope, Str plain,
                     LeafEvent *out) {
    DataKey key;
    RecordKeys source = {.keys = place->ledger->keys, .writer = place->ledger->commit.writer};
    TRY(record_key(ctx, &source, scope, &key));
    uint32_t index = (uint32_t)out->sealed.len;
    Str with = leaf_associated(ctx->arena, place->command, place->ordinal, index, &key.id);
    (void)vec_push(ctx->arena, &out->sealed, record_seal_part(ctx, ctx->rand, &key, with, plain));
    seal_forget(&key, sizeof key);
    return RC_OK;
}

static Rc encoded(Ctx *ctx, const Buf *buf, Str *out) {
    *out = buf_str(buf);
    if (buf_rc(buf) == RC_OK) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "command-too-large", STR_NONE,
                    "The command's events exceed %d MiB: split it.", LEAF_MAX >> 20);
}

static Rc encode_delta(Ctx *ctx, const Delta *delta, Str *out) {
    Buf buf = buf_new(ctx->arena, LEAF_MAX);
    delta_encode(&buf, delta);
    return encoded(ctx, &buf, out);
}

static Rc encode_json(Ctx *ctx, const Json *value, Str *out) {
    Buf buf = buf_new(ctx->arena, LEAF_MAX);
    if (value) json_write(&buf, value);
    return encoded(ctx, &buf, out);
}

/* What couldn't be read back, or only slowly, is not written. */
static Rc change_fits(Ctx *ctx, const StagedEvent *event, size_t bytes) {
    const Delta *delta = event->delta;
    const Entity *after = delta->after;
    size_t n = after ? entity_attrs_count(after) - after->types.len - after->scopes.len : 0;
    if (n > DELTA_ATTRS_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-large", delta->id,
                        "One change sets at most %d instances of attributes, this one %zu: send it "
                        "in several requests.",
                        DELTA_ATTRS_MAX, n);
    bool old = event->of.position > 0; /* appended again: it has been there already */
    return old || delta->op == DELTA_DELETE ? RC_OK : entity_fits(ctx, event->whole, bytes);
}

static Rc encode_change(Ctx *ctx, const EventPlace *place, const StagedEvent *event,
                        LeafEvent *out) {
    SealRule rule = record_rule(place->ledger->options.dictionary, event->whole);
    Delta *open, *secret = NULL;
    const Delta *clear = event->delta;
    out->about = event->delta->id;
    out->subject = rule.subject;
    if (rule.extent != SEAL_NOTHING) {
        EntitySealing sealing = {record_is_sealed, &rule};
        delta_split(ctx->arena, event->delta, &sealing, &open, &secret);
        clear = open;
    }
    TRY(encode_delta(ctx, clear, &out->clear));
    Str plain = STR_NONE;
    if (secret) TRY(encode_delta(ctx, secret, &plain));
    TRY(change_fits(ctx, event, out->clear.len + plain.len));
    return secret ? seal_event(ctx, place, &rule.scope, plain, out) : RC_OK;
}

static Rc encode_note(Ctx *ctx, const EventPlace *place, const StagedEvent *event, LeafEvent *out) {
    const StageNote *note = &event->note;
    out->name = note->kind;
    out->about = note->about;
    out->subject = note->subject;
    TRY(encode_json(ctx, note->clear, &out->clear));
    if (note->subject.len == 0 || !note->secret) return RC_OK;
    Str plain;
    TRY(encode_json(ctx, note->secret, &plain));
    KeyScope scope = keys_scope_data(note->subject, note->retention);
    return seal_event(ctx, place, &scope, plain, out);
}

/* As a change of today would be, but for what tells that it is none. */
static Rc encode_again(Ctx *ctx, const EventPlace *place, const StagedEvent *event,
                       LeafEvent *out) {
    TRY(encode_change(ctx, place, event, out));
    out->name = AGAIN;
    out->clear = again_wrap(ctx->arena, event->of, out->clear);
    return RC_OK;
}

static Rc encode_event(Ctx *ctx, const EventPlace *place, const StagedEvent *event,
                       LeafEvent *out) {
    *out = (LeafEvent){.kind = event->kind};
    if (event->kind == EVENT_CHANGE) return encode_change(ctx, place, event, out);
    if (event->of.position) return encode_again(ctx, place, event, out);
    if (event->kind == EVENT_NOTE) return encode_note(ctx, place, event, out);
    out->subject = event->note.subject;
    out->clear = event->body;
    return RC_OK;
}

static Rc encode_leaf(Ctx *ctx, Ledger *ledger, const LeafHead *head) {
    Commit *commit = &ledger->commit;
    buf_clear(&commit->leaf);
    leaf_put_head(&commit->leaf, head);
    for (uint32_t i = 0; i < head->events; i++) {
        EventPlace place = {ledger, &head->command, i};
        LeafEvent event;
        TRY(encode_event(ctx, &place, &commit->stage.events.items[i], &event));
        leaf_put_event(&commit->leaf, &event);
    }
    Str leaf;
    return encoded(ctx, &commit->leaf, &leaf);
}

static Rc put_tile(Ctx *ctx, void *arg, unsigned level, uint64_t tile, const Digest *hashes) {
    Str bytes = {(const char *)hashes, TREE_WIDTH * sizeof *hashes};
    return writer_tile(ctx, arg, level, tile, bytes);
}

static Rc append_leaf(Ctx *ctx, Commit *commit, const LeafHead *head) {
    Str bytes = buf_str(&commit->leaf);
    Leaf leaf = {.position = head->position,
                 .command = head->command,
                 .time = head->time,
                 .hash = tree_hash_leaf(commit->hasher, bytes),
                 .bytes = bytes};
    TRY(writer_append(ctx, commit->writer, &leaf));
    TRY(tree_add(ctx, commit->hasher, &commit->edge, &leaf.hash,
                 (TreeSink){put_tile, commit->writer}));
    (void)vec_push(commit->ctx.arena, &commit->written, (Written){head->position, head->command});
    commit->bytes += bytes.len;
    return RC_OK;
}

/* An error that nobody has said would be told in the words of another. */
static Rc unsaid(Ctx *ctx, Rc rc) {
    return ctx_fail(ctx, rc, "not-written", STR_NONE, "What was sent could not be written.");
}

/* Says an error of a scratch Ctx again where it stays. */
static Rc keep_error(Ctx *to, Rc rc, const Error *error) {
    if (error->rc != rc) return unsaid(to, rc);
    to->error = (Error){.rc = error->rc,
                        .code = str_dup(to->arena, error->code),
                        .detail = str_dup(to->arena, error->detail),
                        .path = str_dup(to->arena, error->path)};
    return rc;
}

Rc commit_leaf(Ledger *ledger, const CommandId *id, const CommandHead *head) {
    Commit *commit = &ledger->commit;
    Ctx ctx = scratch_ctx(commit);
    ArenaMark mark = arena_mark(ctx.arena);
    LeafHead leaf = {.position = commit->edge.size + 1,
                     .time = commit->stage.now,
                     .command = *id,
                     .head = *head,
                     .events = commit->stage.events.len};
    Rc rc = encode_leaf(&ctx, ledger, &leaf);
    if (rc == RC_OK) rc = append_leaf(&ctx, commit, &leaf);
    if (rc != RC_OK) rc = keep_error(&commit->ctx, rc, &ctx.error);
    arena_rewind(ctx.arena, mark);
    return rc;
}

/* ---- records ---- */

Rc commit_encode_records(Ledger *ledger, Writer *writer) {
    Commit *commit = &ledger->commit;
    Ctx ctx = scratch_ctx(commit);
    RecordKeys source = {ledger->keys, writer, ledger->options.dictionary, &commit->rand};
    buf_clear(&commit->records);
    for (size_t i = 0; i < commit->stage.changed.len; i++) {
        Staged *staged = commit->stage.changed.items[i];
        staged->record_at = commit->records.len;
        if (!staged->entity) continue;
        ArenaMark mark = arena_mark(ctx.arena);
        Rc rc = record_encode(&ctx, &source, staged->entity, &commit->records, &staged->sealed);
        if (rc != RC_OK) rc = keep_error(&commit->ctx, rc, &ctx.error);
        arena_rewind(ctx.arena, mark);
        if (rc != RC_OK) return rc;
        staged->record_len = commit->records.len - staged->record_at;
    }
    return RC_OK;
}

void commit_publish_records(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    Stage *stage = &commit->stage;
    for (size_t i = 0; i < stage->changed.len; i++) {
        const Staged *staged = stage->changed.items[i];
        Str stored = {commit->records.ptr + staged->record_at, staged->record_len};
        workset_publish(ledger->set, &(VersionSource){.id = staged->id,
                                                      .stored = staged->entity ? stored : STR_NONE,
                                                      .position = staged->position,
                                                      .gone = !staged->entity,
                                                      .sealed = staged->sealed});
    }
    for (size_t i = 0; i < stage->changed.len; i++)
        member_count(&ledger->members, stage->changed.items[i]->before,
                     stage->changed.items[i]->entity);
    epoch_leave(ledger->epoch, commit->place);
    for (size_t i = 0; i <= stage->changed.len / 32; i++)
        workset_trim(ledger->set);
    if (commit->records.cap > KEEP_BUF) { /* after a burst */
        buf_free(&commit->records);
        commit->records = buf_new(NULL, records_max);
    }
}

/* ---- transactions ---- */

Rc commit_begin(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    commit->written.len = commit->written.cap = 0;
    commit->written.items = NULL;
    commit->bytes = 0;
    arena_reset(commit->ctx.arena);
    if (!commit->writer)
        return ctx_fail(&commit->ctx, RC_FAILED, "store-stopped", STR_NONE,
                        "The store had an I/O error and couldn't be reopened: see the log.");
    epoch_enter(ledger->epoch, commit->place);
    stage_begin_batch(&commit->stage, &commit->ctx, ledger);
    closed_begin(ledger);
    TRY(writer_begin(&commit->ctx, commit->writer));
    commit->begun = true;
    return RC_OK;
}

Rc commit_begin_own(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    TRY(commit_begin(ledger));
    int64_t now = time_now(ledger->options.clock);
    if (now > commit->last_time) commit->last_time = now;
    Command none = {0};
    return stage_begin(&commit->stage, &none, commit->edge.size + 1, commit->last_time);
}

void commit_abort(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    if (commit->begun) writer_rollback(commit->writer);
    commit->begun = false;
    keys_rolled_back(ledger->keys);
    tree_edge_copy(&commit->edge, &ledger->edge);
    epoch_leave(ledger->epoch, commit->place);
}

/* What is durable now is for all to see. */
static void publish(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    keys_committed(ledger->keys);
    commit_publish_records(ledger);
    pthread_mutex_lock(&ledger->edge_lock);
    tree_edge_copy(&ledger->edge, &commit->edge);
    pthread_mutex_unlock(&ledger->edge_lock);
    atomic_store(&ledger->head, commit->edge.size);
    ledger_moved(ledger);
}

Rc commit_end(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    TRY(commit_encode_records(ledger, commit->writer));
    Rc rc = writer_commit(&commit->ctx, commit->writer);
    commit->begun = false;
    commit->unknown = rc != RC_OK;
    if (rc == RC_OK) publish(ledger);
    return rc;
}

/* ---- after an error of the store ---- */

static void answer(Command *command) {
    command->done(command->arg, command, &command->outcome);
}

static void refuse(Command *command, const Error *error) {
    Arena *arena = command->arena;
    command->outcome.rc = error->rc;
    command->outcome.position = 0;
    command->outcome.result = NULL;
    command->outcome.error = (Error){.rc = error->rc,
                                     .code = str_dup(arena, error->code),
                                     .detail = str_dup(arena, error->detail),
                                     .path = str_dup(arena, error->path)};
}

static void refuse_list(Command *list, const Error *error) {
    for (Command *next; list; list = next) {
        next = list->next;
        refuse(list, error);
        answer(list);
    }
}

static void pause_before_retry(void) {
    nanosleep(&(struct timespec){.tv_nsec = REOPEN_PAUSE_MS * 1000000L}, NULL);
}

/* Whether the batch whose COMMIT failed is there. The store promises that this answer is final. */
static Rc read_back(Ledger *ledger, bool *there) {
    Commit *commit = &ledger->commit;
    Leaf leaf;
    *there = false;
    if (commit->written.len == 0) return RC_OK;
    size_t found = 0;
    for (size_t i = 0; i < commit->written.len; i++) {
        Rc rc =
            writer_leaf_of(&commit->ctx, commit->writer, &commit->written.items[i].command, &leaf);
        if (rc == RC_NOT_FOUND) continue;
        TRY(rc);
        found++;
    }
    *there = found > 0;
    if (found == 0 || found == commit->written.len) return RC_OK;
    return ctx_fail(
        &commit->ctx, RC_FAILED, "half-batch", STR_NONE,
        "Half a transaction is in the ledger: stop machi, check ledger.db by machi-verify.");
}

static Rc resolve(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    bool there;
    TRY(open_handles(&commit->ctx, ledger));
    if (!commit->unknown) return RC_OK;
    TRY(read_back(ledger, &there));
    log_warn("ledger", "a commit of %zu commands whose outcome was unknown is %s",
             commit->written.len, there ? "there" : "not there");
    if (there)
        publish(ledger);
    else
        commit_abort(ledger);
    commit->unknown = false;
    return RC_OK;
}

/* Reopens the store, reads back what is unknown, publishes it. Until that has succeeded everything
 * that waits is refused. */
static void recover(Ledger *ledger, Command **waiting) {
    static const Error stopped = {
        RC_BUSY, STR("store-stopped"),
        STR("The store had an I/O error and is being reopened: try again."), STR_NONE};
    Commit *commit = &ledger->commit;
    if (!commit->unknown) commit_abort(ledger);
    atomic_store(&ledger->mode, LEDGER_STOPPED);
    for (;;) {
        close_handles(ledger);
        if (resolve(ledger) == RC_OK) break;
        close_handles(ledger);
        log_error("ledger", "reopening the store failed: " STR_FMT,
                  STR_ARG(commit->ctx.error.detail));
        refuse_list(*waiting, &stopped);
        *waiting = command_queue_take(&ledger->queue, NULL);
        if (atomic_load(&ledger->closing)) {
            refuse_list(*waiting, &stopped);
            *waiting = NULL;
            return;
        }
        pause_before_retry();
    }
    atomic_store(&ledger->mode, LEDGER_RUNS);
    ledger_moved(ledger);
}

/* ---- commands ---- */

static Rc run_parts(Ctx *ctx, Ledger *ledger, Command *command) {
    Commit *commit = &ledger->commit;
    int64_t now = time_now(ledger->options.clock);
    if (now > commit->last_time) commit->last_time = now;
    ctx->error = (Error){0};
    TRY(stage_begin(&commit->stage, command, commit->edge.size + 1, commit->last_time));
    VEC_EACH (const Part, part, &command->parts) {
        if (part->kind->guard) TRY(part->kind->guard(ctx, &commit->stage, part->args));
        if (part->kind->apply) TRY(part->kind->apply(ctx, &commit->stage, part->args));
    }
    return closed_check(ctx, ledger);
}

/* RC_OK: the command has its outcome, good or refused. Else the transaction is broken. */
static Rc run_command(Ledger *ledger, Command *command) {
    Commit *commit = &ledger->commit;
    Ctx *ctx = &commit->ctx;
    Rc rc = run_parts(ctx, ledger, command);
    bool writes = rc == RC_OK && commit->stage.events.len > 0;
    if (writes) {
        rc = commit_leaf(ledger, &command->id, &command->head);
        if (rc != RC_OK && rc != RC_LIMIT) return rc;
    }
    if (rc != RC_OK) {
        stage_undo(&commit->stage);
        if (ctx->error.rc != rc) (void)unsaid(ctx, rc);
        refuse(command, &ctx->error);
        return RC_OK;
    }
    stage_keep(&commit->stage);
    command->outcome.rc = RC_OK;
    command->outcome.position = writes ? commit->edge.size : 0;
    return RC_OK;
}

static bool batch_is_full(const Commit *commit, size_t commands) {
    return commands >= BATCH_COMMANDS || commit->bytes >= BATCH_BYTES ||
           arena_used(commit->ctx.arena) >= BATCH_ARENA;
}

static Rc end_batch(Ledger *ledger) {
    Commit *commit = &ledger->commit;
    if (commit->written.len) return commit_end(ledger);
    commit_abort(ledger); /* nothing was written */
    return RC_OK;
}

/* What the commands of a broken transaction are told; what the store said is for the log. */
static Error broken(const Commit *commit) {
    const Error *said = &commit->ctx.error;
    log_error("ledger", "a transaction failed: " STR_FMT, STR_ARG(said->detail));
    if (commit->unknown)
        return (Error){RC_FAILED, STR("unknown-outcome"),
                       STR("The store failed while this was being made durable, its disk may be "
                           "full: look whether it happened before you repeat it."),
                       STR_NONE};
    if (str_eq(said->code, STR("disk-full")))
        return (Error){RC_FAILED, said->code,
                       STR("The disk is full: nothing was recorded. Try again when there is room."),
                       STR_NONE};
    return (Error){RC_FAILED, said->code, said->detail, said->path};
}

/* Runs commands of the list in one transaction; *rest is what didn't fit. Answers those that ran.
 */
static void run_batch(Ledger *ledger, Command *list, Command **rest) {
    Commit *commit = &ledger->commit;
    size_t n = 0;
    Command *end = list;
    Rc rc = commit_begin(ledger);
    while (rc == RC_OK && end && !end->own && !batch_is_full(commit, n)) {
        rc = run_command(ledger, end);
        end = end->next;
        n++;
    }
    if (rc == RC_OK) rc = end_batch(ledger);
    if (n == 0)
        end = list->next; /* the transaction didn't even begin: its first command learns why */
    *rest = end;
    Error error = {0};
    if (rc != RC_OK) error = broken(commit);
    for (Command *next; list != end; list = next) {
        next = list->next;
        if (rc != RC_OK && list->outcome.rc == RC_OK) refuse(list, &error);
        answer(list);
    }
    if (rc != RC_OK) recover(ledger, rest);
}

static void run_own(Ledger *ledger, Command *command, Command **rest) {
    Commit *commit = &ledger->commit;
    Rc rc = command->own(&commit->ctx, ledger, command->own_arg);
    command->outcome.rc = rc;
    if (rc != RC_OK) refuse(command, &commit->ctx.error);
    answer(command);
    if (commit->unknown)
        recover(ledger, rest);
    else if (commit->begun)
        commit_abort(ledger);
}

void *commit_thread(void *arg) {
    Ledger *ledger = arg;
    Command *list, *rest;
    while ((list = command_queue_take(&ledger->queue, &ledger->closing)) != NULL) {
        for (; list; list = rest) {
            rest = list->next;
            if (list->own)
                run_own(ledger, list, &rest);
            else
                run_batch(ledger, list, &rest);
        }
    }
    return NULL;
}
