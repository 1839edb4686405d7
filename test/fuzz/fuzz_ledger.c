/* What the ledger reads back from disk or is handed by others: leaves, signed notes, verifier keys,
   statements of erasure, stored records. Any bytes are read or refused with a sentence; a leaf that
   was read is written the same again. The first byte says which. */
#include "fuzz.h"

#include "ledger/leaf.h"
#include "ledger/note.h"
#include "ledger/record.h"
#include "ledger/statement.h"

static void check_refusal(const Ctx *ctx, Rc rc) {
    assert(rc == RC_OK || ctx->error.detail.len > 0);
}

static Rc rewrite_leaf(Ctx *ctx, Str bytes, Buf *again) {
    LeafHead head;
    WireIn in;
    TRY(leaf_open(ctx, bytes, &head, &in));
    leaf_put_head(again, &head);
    for (size_t i = 0; i < head.events; i++) {
        LeafEvent event;
        TRY(leaf_next(ctx, &in, &event));
        leaf_put_event(again, &event);
    }
    return leaf_end(ctx, &in);
}

static void try_leaf(Ctx *ctx, const NoteKey *key, Str bytes) {
    (void)key;
    Buf again = buf_new(ctx->arena, 1 << 20);
    Rc rc = rewrite_leaf(ctx, bytes, &again);
    check_refusal(ctx, rc);
    assert(rc != RC_OK || str_eq(buf_str(&again), bytes)); /* one form only */
}

static void try_note(Ctx *ctx, const NoteKey *key, Str bytes) {
    Checkpoint checkpoint;
    check_refusal(ctx, note_checkpoint_open(ctx, key, bytes, &checkpoint));
}

static void try_verifier(Ctx *ctx, const NoteKey *key, Str bytes) {
    (void)key;
    NoteKey *parsed = NULL;
    Rc rc = note_key_parse(ctx, bytes, &parsed);
    check_refusal(ctx, rc);
    if (rc == RC_OK) note_key_free(parsed);
}

static void try_statement(Ctx *ctx, const NoteKey *key, Str bytes) {
    Statement statement;
    Rc signed_rc = statement_open(ctx, key, bytes, &statement);
    check_refusal(ctx, signed_rc);
    Rc rc = statement_read(ctx, bytes, &statement);
    check_refusal(ctx, rc);
    assert(signed_rc != RC_OK || rc == RC_OK);
}

static void try_record(Ctx *ctx, const NoteKey *key, Str bytes) {
    (void)key;
    TenantKey tenant = {0};
    Keys *keys = keys_new(&tenant, 16);
    Entity *entity;
    bool erased;
    (void)record_has_sealed(bytes);
    check_refusal(ctx, record_decode(ctx, keys, bytes, &entity, &erased));
    keys_free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const tries[])(Ctx *, const NoteKey *, Str) = {try_leaf, try_note, try_verifier,
                                                                 try_statement, try_record};
    enum { TRIES = sizeof tries / sizeof *tries };
    if (size == 0 || size > 1 << 16) return 0;
    Ctx ctx = {.arena = arena_new(64 << 20), .scratch = arena_new(64 << 20)};
    NoteKey *key;
    static const char seed[32] = "a seed that signed the corpus...";
    Rc rc = note_key_new(&ctx, STR("machi/fuzz"), (Str){seed, sizeof seed}, &key);
    assert(rc == RC_OK);
    tries[data[0] % TRIES](&ctx, key, (Str){(const char *)data + 1, size - 1});
    note_key_free(key);
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return 0;
}
