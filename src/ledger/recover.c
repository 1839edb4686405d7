#include "ledger_int.h"

#include <string.h>

enum { WINDOW = 64 }; /* leaves, each of which may hold a thousand events */

/* ---- the tree ---- */

/* Level 0 from the leaves' hashes, higher ones from the full tiles below. */
static Rc load_level(Ctx *ctx, Ledger *ledger, unsigned level) {
    Commit *commit = &ledger->commit;
    TreeEdge *edge = &commit->edge;
    uint64_t entries = edge->size >> (8 * level), first = entries / TREE_WIDTH * TREE_WIDTH;
    edge->filled[level] = (unsigned)(entries - first);
    if (entries == first) return RC_OK;
    if (level == 0)
        return reader_hashes(ctx, commit->reader, first + 1, edge->filled[0], edge->hashes[0]);
    for (uint64_t tile = first; tile < entries; tile++) {
        Str bytes;
        TRY(reader_tile(ctx, commit->reader, level - 1, tile, &bytes));
        if (bytes.len != TREE_WIDTH * sizeof(Digest))
            return ctx_fail(ctx, RC_FAILED, "tile-damaged", STR_NONE,
                            "A tile of the ledger's tree is damaged: restore a backup.");
        edge->hashes[level][tile - first] =
            tree_hash_span(commit->hasher, (const Digest *)(const void *)bytes.ptr, TREE_WIDTH);
    }
    return RC_OK;
}

static Rc load_edge(Ctx *ctx, Ledger *ledger) {
    Commit *commit = &ledger->commit;
    TRY(reader_head(ctx, commit->reader, &commit->edge.size));
    for (unsigned level = 0; level < TREE_LEVELS; level++)
        TRY(load_level(ctx, ledger, level));
    tree_edge_copy(&ledger->edge, &commit->edge);
    atomic_store(&ledger->head, commit->edge.size);
    if (commit->edge.size == 0) return RC_OK;
    Leaf leaf;
    TRY(reader_leaf(ctx, commit->reader, commit->edge.size, &leaf));
    commit->last_time = leaf.time;
    return RC_OK;
}

/* Refuses a ledger that isn't an extension of what was signed before. */
static Rc check_extends(Ctx *ctx, Ledger *ledger, const Checkpoint *before, const char *who) {
    Commit *commit = &ledger->commit;
    if (before->size > commit->edge.size)
        return ctx_fail(ctx, RC_FAILED, "ledger-cut", ledger->options.folder,
                        "The ledger in " STR_FMT
                        " has %llu records, but %s has seen %llu: records were lost. "
                        "Restore a newer backup; to go on with the loss, start a new witness file.",
                        STR_ARG(ledger->options.folder), (unsigned long long)commit->edge.size, who,
                        (unsigned long long)before->size);
    TreeView view;
    TreeSource source = proof_source(&view, commit->hasher, &commit->edge);
    Digest root;
    TRY(tree_root_at(ctx, &source, before->size, &root));
    if (memcmp(&root, &before->root, sizeof root) == 0) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "ledger-altered", ledger->options.folder,
                    "The ledger in " STR_FMT
                    " isn't the one that %s has seen: check it by machi-verify, restore "
                    "a backup.",
                    STR_ARG(ledger->options.folder), who);
}

static Rc check_own_checkpoint(Ctx *ctx, Ledger *ledger) {
    uint64_t size;
    Str note;
    Checkpoint checkpoint;
    Rc rc = reader_checkpoint(ctx, ledger->commit.reader, &size, &note);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    TRY(note_checkpoint_open(ctx, ledger->note, note, &checkpoint));
    TRY(check_extends(ctx, ledger, &checkpoint, "its own newest checkpoint"));
    house_set(ledger, note, &checkpoint);
    return RC_OK;
}

Rc recover_tree(Ctx *ctx, Ledger *ledger) {
    Ctx inner = *ctx;
    inner.db = ledger->commit.reader;
    Rc rc = load_edge(&inner, ledger);
    if (rc == RC_OK) rc = check_own_checkpoint(&inner, ledger);
    Str witness = ledger->options.witness_file;
    WitnessState *state = &ledger->house.witness;
    if (rc == RC_OK && witness.len) rc = witness_read(&inner, witness, ledger->note, state);
    if (rc == RC_OK && state->any)
        rc = check_extends(&inner, ledger, &state->newest, "the witness file");
    ctx->error = inner.error;
    return rc;
}

/* ---- the state ---- */

static Rc replay_event(Ctx *ctx, Ledger *ledger, StoredEvent place) {
    Delta *delta;
    Staged *staged;
    bool erased = false;
    if (place.event->kind != EVENT_CHANGE) return RC_OK;
    StoredEvent read = place;
    TRY(read_delta(ctx, ledger, &read, &delta, &erased));
    TRY(stage_load(&ledger->commit.stage, delta->id, &staged));
    stage_replay(&ledger->commit.stage, staged, delta, place.head->position, place.head->time);
    return RC_OK;
}

/* An event that can't be applied is left out, as the projections do, which keep a list of them. */
static Rc replay_leaf(Ctx *ctx, Ledger *ledger, Str bytes, uint64_t *events) {
    LeafHead head;
    WireIn in;
    TRY(leaf_open(ctx, bytes, &head, &in));
    *events += head.events;
    for (uint32_t i = 0; i < head.events; i++) {
        LeafEvent event;
        TRY(leaf_next(ctx, &in, &event));
        Rc rc = replay_event(ctx, ledger, (StoredEvent){&head, i, &event});
        if (rc == RC_OK) continue;
        if (!ledger_refuses(rc, &ctx->error)) return rc;
        log_error("ledger", "the event at leaf %llu can't be replayed: " STR_FMT,
                  (unsigned long long)head.position, STR_ARG(ctx->error.detail));
        ctx->error = (Error){0};
    }
    return leaf_end(ctx, &in);
}

static Rc replay_window(Ledger *ledger, uint64_t from, uint64_t *events) {
    Commit *commit = &ledger->commit;
    Ctx *ctx = &commit->ctx;
    LeafBytes leaves;
    arena_reset(ctx->arena);
    epoch_enter(ledger->epoch, commit->place);
    stage_begin_batch(&commit->stage, ctx, ledger);
    TRY(read_leaves(ctx, commit->reader, ctx->arena, (LeafSlice){from, WINDOW}, &leaves));
    VEC_EACH (const Str, bytes, &leaves)
        TRY(replay_leaf(ctx, ledger, *bytes, events));
    TRY(commit_encode_records(ledger, NULL));
    commit_publish_records(ledger);
    return RC_OK;
}

/* How far state.db is; UINT64_MAX: it belongs to another ledger or program, or is from another
 * time.
 */
static Rc read_cursor(Ctx *ctx, Ledger *ledger, uint64_t *position) {
    Cursor cursor;
    Digest hash;
    Reader *reader = ledger->commit.reader;
    *position = 0;
    Rc rc = reader_cursor(ctx, reader, STORE_STATE, STR(LEDGER_STATE), &cursor);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && cursor.position == 0)) return RC_OK;
    TRY(rc);
    *position = UINT64_MAX;
    bool other = cursor.version != LEDGER_STATE_VERSION;
    if (other || cursor.position > atomic_load(&ledger->head)) return RC_OK;
    TRY(reader_hashes(ctx, reader, cursor.position, 1, &hash));
    if (memcmp(&hash, &cursor.leaf, sizeof hash) == 0) *position = cursor.position;
    return RC_OK;
}

/* What was replayed is forgotten: later leaves may change it. Nobody reads yet. */
static Rc leave_behind(Ledger *ledger) {
    workset_clear(ledger->set);
    atomic_store(&ledger->mode, LEDGER_BEHIND);
    return RC_OK;
}

Rc recover_state(Ctx *ctx, Ledger *ledger) {
    uint64_t state, head = atomic_load(&ledger->head);
    TRY(read_cursor(ctx, ledger, &state));
    /* writers may run ahead by the half of it, and by a step */
    uint64_t most = 2 * ledger->options.lag_events;
    bool foreign = state == UINT64_MAX;
    if (foreign) state = 0;
    atomic_store(&ledger->state, state);
    workset_reached(ledger->set, state);
    if (foreign || head - state > most) return leave_behind(ledger);
    Rc rc = RC_OK;
    uint64_t events = 0;
    for (uint64_t at = state; at < head && rc == RC_OK && events <= most; at += WINDOW)
        rc = replay_window(ledger, at + 1, &events);
    epoch_leave(ledger->epoch, ledger->commit.place);
    const Error *error = &ledger->commit.ctx.error;
    if (rc == RC_OK && events > most) return leave_behind(ledger);
    if (rc == RC_OK) return RC_OK;
    return ctx_fail(ctx, rc, "replay", STR_NONE, STR_FMT, STR_ARG(error->detail));
}
