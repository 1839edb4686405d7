#include "ledger_int.h"

#include <string.h>

static Rc full_tile(Ctx *ctx, TreeView *view, unsigned level, uint64_t tile, Str *out) {
    if (view->tiles[level].len == 0 || view->indexes[level] != tile) {
        Str bytes;
        Rc rc = reader_tile(ctx, ctx->db, level, tile, &bytes);
        if (rc == RC_NOT_FOUND || (rc == RC_OK && bytes.len != TREE_WIDTH * sizeof(Digest)))
            return ctx_fail(
                ctx, RC_FAILED, "tile-missing", STR_NONE,
                "Tile %u/%llu of the ledger's tree is missing or damaged: check ledger.db by "
                "machi-verify, restore a backup.",
                level, (unsigned long long)tile);
        TRY(rc);
        view->tiles[level] = bytes;
        view->indexes[level] = tile;
    }
    *out = view->tiles[level];
    return RC_OK;
}

static Rc view_hash(Ctx *ctx, void *arg, unsigned level, uint64_t index, Digest *out) {
    TreeView *view = arg;
    uint64_t tile = index / TREE_WIDTH, place = index % TREE_WIDTH;
    uint64_t full = (view->edge->size >> (8 * level)) / TREE_WIDTH;
    assert(level < TREE_LEVELS && (tile < full || place < view->edge->filled[level]));
    if (tile == full) {
        *out = view->edge->hashes[level][place];
        return RC_OK;
    }
    Str bytes = STR_NONE;
    TRY(full_tile(ctx, view, level, tile, &bytes));
    *out = ((const Digest *)(const void *)bytes.ptr)[place];
    return RC_OK;
}

TreeSource proof_source(TreeView *view, TreeHasher *hasher, const TreeEdge *edge) {
    *view = (TreeView){.edge = edge};
    return (TreeSource){.hasher = hasher, .hash = view_hash, .arg = view};
}

Rc ledger_checkpoint(Ctx *ctx, Ledger *ledger, Str *note) {
    Checkpoint checkpoint;
    return house_newest(ctx, ledger, note, &checkpoint);
}

static Json text_of(Arena *arena, const Digest *digest) {
    return json_of_str(
        hash_base64(arena, (Str){(const char *)digest->bytes, sizeof digest->bytes}));
}

static Rc make_proof(Ctx *ctx, const TreeSource *source, uint64_t position,
                     const Checkpoint *checkpoint, JsonMembers *out) {
    TreePath path;
    Digest leaf;
    TRY(source->hash(ctx, source->arg, 0, position - 1, &leaf));
    TRY(tree_inclusion(ctx, source, position - 1, checkpoint->size, &path));
    Json *items = NEW_ARRAY(ctx->arena, Json, path.len + 1);
    for (size_t i = 0; i < path.len; i++)
        items[i] = text_of(ctx->arena, &path.items[i]);
    (void)vec_push(ctx->arena, out, (JsonMember){STR("position"), json_of_int((int64_t)position)});
    (void)vec_push(ctx->arena, out, (JsonMember){STR("leafHash"), text_of(ctx->arena, &leaf)});
    (void)vec_push(ctx->arena, out, (JsonMember){STR("path"), json_of_items(items, path.len)});
    return RC_OK;
}

/* The tree as it is now, for reading beside the writer. */
static TreeEdge *edge_now(Ctx *ctx, Ledger *ledger) {
    TreeEdge *edge = NEW(ctx->arena, TreeEdge);
    pthread_mutex_lock(&ledger->edge_lock);
    tree_edge_copy(edge, &ledger->edge);
    pthread_mutex_unlock(&ledger->edge_lock);
    return edge;
}

Rc ledger_witnessed(Ctx *ctx, Ledger *ledger, LedgerWitness *out) {
    WitnessState state = {0};
    Digest root;
    *out = (LedgerWitness){0};
    if (ledger->options.witness_file.len == 0) return RC_OK;
    TRY(witness_read(ctx, ledger->options.witness_file, ledger->note, &state));
    if (!state.any) return RC_OK;
    TreeEdge *edge = edge_now(ctx, ledger);
    out->size = state.newest.size;
    if (state.newest.size > edge->size) return RC_OK;
    TreeView view;
    TreeHasher *hasher = tree_hasher_new();
    TreeSource source = proof_source(&view, hasher, edge);
    Rc rc = tree_root_at(ctx, &source, state.newest.size, &root);
    tree_hasher_free(hasher);
    TRY(rc);
    out->consistent = memcmp(&root, &state.newest.root, sizeof root) == 0;
    out->root =
        hash_base64(ctx->arena, (Str){(const char *)state.newest.root.bytes, sizeof root.bytes});
    return RC_OK;
}

Rc ledger_proof(Ctx *ctx, Ledger *ledger, uint64_t position, const Json **out) {
    Checkpoint checkpoint;
    Str note;
    if (position == 0 || position > ledger_head(ledger))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-leaf", STR_NONE,
                        "There is no leaf at this position.");
    TRY(house_newest(ctx, ledger, &note, &checkpoint));
    if (position > checkpoint.size)
        return ctx_fail(ctx, RC_BUSY, "not-signed-yet", STR_NONE,
                        "The checkpoint over this leaf is signed within a second: ask again.");
    TreeView view;
    TreeHasher *hasher = tree_hasher_new();
    TreeSource source = proof_source(&view, hasher, edge_now(ctx, ledger));
    JsonMembers members = {0};
    Rc rc = make_proof(ctx, &source, position, &checkpoint, &members);
    tree_hasher_free(hasher);
    TRY(rc);
    (void)vec_push(ctx->arena, &members, (JsonMember){STR("checkpoint"), json_of_str(note)});
    Json *proof = NEW(ctx->arena, Json);
    *proof = json_of_members(members.items, members.len);
    *out = proof;
    return RC_OK;
}
