/* Tests of wire, tree and note: RFC 6962's tree against its known roots and against its definition,
 * proofs, signed notes. */
#include "ledger/note.h"
#include "ledger/tree.h"
#include "ledger/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static Ctx test_ctx(void) {
    return (Ctx){.arena = arena_new(64 << 20), .scratch = arena_new(64 << 20)};
}

static void free_ctx(Ctx *ctx) {
    arena_free(ctx->arena);
    arena_free(ctx->scratch);
}

/* ---- wire ---- */

static void varints_have_one_form(void **state) {
    (void)state;
    static const struct {
        Str bytes;
        bool good;
        uint64_t value;
    } cases[] = {
        {STR("\x00"), true, 0},
        {STR("\x7F"), true, 127},
        {STR("\x80\x01"), true, 128},
        {STR("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), true, UINT64_MAX},
        {STR("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"), false, 0},
        {STR("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), false, 0},
        {STR("\x80\x00"), false, 0},
        {STR("\x80"), false, 0},
        {STR(""), false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WireIn in = wire_in(cases[i].bytes);
        uint64_t value = wire_varint(&in);
        assert_int_equal(wire_done(&in), cases[i].good);
        assert_true(value == cases[i].value);
        if (!cases[i].good) continue;
        Buf buf = buf_new(NULL, 16);
        wire_put_varint(&buf, value);
        assert_true(str_eq(buf_str(&buf), cases[i].bytes));
        buf_free(&buf);
    }
}

static void lengths_beyond_the_end_are_bad(void **state) {
    (void)state;
    WireIn in = wire_in(STR("\x05"
                            "abcd"));
    assert_int_equal(wire_str(&in).len, 0);
    assert_true(in.bad);
    in = wire_in(STR("\xFF\xFF\xFF\xFF\x0F"));
    assert_int_equal(wire_count(&in, 1), 0);
    assert_true(in.bad);
    in = wire_in(STR("\x02"
                     "ab"
                     "c"));
    assert_true(str_eq(wire_str(&in), STR("ab")));
    assert_false(wire_done(&in));
    assert_int_equal(wire_u8(&in), 'c');
    assert_true(wire_done(&in));
}

/* ---- tree ---- */

/* The inputs and roots that Certificate Transparency's implementations share. */
static const Str known_leaves[8] = {
    STR(""),
    STR("\x00"),
    STR("\x10"),
    STR("\x20\x21"),
    STR("\x30\x31"),
    STR("\x40\x41\x42\x43"),
    STR("\x50\x51\x52\x53\x54\x55\x56\x57"),
    STR("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f")};
static const char *const known_roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

static Rc no_tile(Ctx *ctx, void *arg, unsigned level, uint64_t tile, const Digest *hashes) {
    (void)ctx, (void)arg, (void)level, (void)tile, (void)hashes;
    return RC_OK;
}

static void roots_are_those_of_rfc_6962(void **state) {
    (void)state;
    Ctx ctx = test_ctx();
    TreeHasher *hasher = tree_hasher_new();
    TreeEdge *edge = NEW(ctx.arena, TreeEdge);
    for (size_t n = 0; n <= 8; n++) {
        Digest root = tree_root(hasher, edge);
        Str hex = hash_hex(ctx.arena, (Str){(const char *)root.bytes, 32});
        assert_string_equal(hex.ptr, known_roots[n]);
        if (n == 8) break;
        Digest leaf = tree_hash_leaf(hasher, known_leaves[n]);
        assert_int_equal(tree_add(&ctx, hasher, edge, &leaf, (TreeSink){no_tile, NULL}), RC_OK);
    }
    tree_hasher_free(hasher);
    free_ctx(&ctx);
}

/* A tree by definition: all leaf hashes, and the tiles that were filled. */
enum { LEAVES = 70000 };
typedef struct Model {
    Digest *leaves;
    Digest *tiles[3];
    uint64_t tile_count[3];
    TreeEdge edge;
    TreeHasher *hasher;
} Model;

static Rc keep_tile(Ctx *ctx, void *arg, unsigned level, uint64_t tile, const Digest *hashes) {
    (void)ctx;
    Model *model = arg;
    assert_true(level < 2 && tile == model->tile_count[level]);
    memcpy(model->tiles[level] + tile * TREE_WIDTH, hashes, TREE_WIDTH * sizeof *hashes);
    model->tile_count[level]++;
    return RC_OK;
}

static Rc model_hash(Ctx *ctx, void *arg, unsigned level, uint64_t index, Digest *out) {
    (void)ctx;
    Model *model = arg;
    uint64_t tile = index / TREE_WIDTH;
    *out = tile < model->tile_count[level] ? model->tiles[level][index]
                                           : model->edge.hashes[level][index % TREE_WIDTH];
    return RC_OK;
}

static Digest naive_root(Model *model, size_t from, size_t to) {
    if (to == from) return hash_sha256(STR_NONE);
    if (to - from == 1) return model->leaves[from];
    size_t split = 1;
    while (split * 2 < to - from)
        split *= 2;
    Digest left = naive_root(model, from, from + split),
           right = naive_root(model, from + split, to);
    return tree_hash_node(model->hasher, &left, &right);
}

static Model *new_model(Ctx *ctx, size_t leaves) {
    Model *model = NEW(ctx->arena, Model);
    model->hasher = tree_hasher_new();
    model->leaves = NEW_ARRAY(ctx->arena, Digest, leaves);
    for (int level = 0; level < 3; level++)
        model->tiles[level] = NEW_ARRAY(ctx->arena, Digest, leaves + TREE_WIDTH);
    for (size_t i = 0; i < leaves; i++) {
        model->leaves[i] = tree_hash_leaf(model->hasher, (Str){(const char *)&i, sizeof i});
        assert_int_equal(tree_add(ctx, model->hasher, &model->edge, &model->leaves[i],
                                  (TreeSink){keep_tile, model}),
                         RC_OK);
    }
    return model;
}

static bool same(const Digest *a, const Digest *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

static void large_trees_equal_their_definition(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 255, 256, 257, 511, 512, 65535, 65536, 65537, LEAVES};
    Ctx ctx = test_ctx();
    Model *model = new_model(&ctx, LEAVES);
    TreeSource source = {model->hasher, model_hash, model};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Digest root, expected = naive_root(model, 0, sizes[i]);
        assert_int_equal(tree_root_at(&ctx, &source, sizes[i], &root), RC_OK);
        assert_true(same(&root, &expected));
    }
    Digest root = tree_root(model->hasher, &model->edge), expected = naive_root(model, 0, LEAVES);
    assert_true(same(&root, &expected));
    TreeEdge *copy = NEW(ctx.arena, TreeEdge);
    tree_edge_copy(copy, &model->edge);
    root = tree_root(model->hasher, copy);
    assert_true(same(&root, &expected));
    tree_hasher_free(model->hasher);
    free_ctx(&ctx);
}

static void check_inclusion(Ctx *ctx, Model *model, uint64_t index, uint64_t size) {
    TreeSource source = {model->hasher, model_hash, model};
    TreePath path;
    Digest root = naive_root(model, 0, size);
    assert_int_equal(tree_inclusion(ctx, &source, index, size, &path), RC_OK);
    const Digest *leaf = &model->leaves[index];
    assert_true(tree_inclusion_holds(model->hasher, (TreeLeaf){index, leaf},
                                     (TreeHead){size, &root}, &path));
    assert_false(tree_inclusion_holds(model->hasher, (TreeLeaf){index + 1, leaf},
                                      (TreeHead){size, &root}, &path));
    Digest other = model->leaves[(index + 1) % LEAVES];
    assert_false(tree_inclusion_holds(model->hasher, (TreeLeaf){index, &other},
                                      (TreeHead){size, &root}, &path));
    if (path.len == 0) return;
    path.items[path.len / 2].bytes[7] ^= 1;
    assert_false(tree_inclusion_holds(model->hasher, (TreeLeaf){index, leaf},
                                      (TreeHead){size, &root}, &path));
}

static void check_consistency(Ctx *ctx, Model *model, uint64_t old, uint64_t size) {
    TreeSource source = {model->hasher, model_hash, model};
    TreePath path;
    Digest old_root = naive_root(model, 0, old), root = naive_root(model, 0, size);
    assert_int_equal(tree_consistency(ctx, &source, old, size, &path), RC_OK);
    assert_true(tree_consistency_holds(model->hasher, (TreeHead){old, &old_root},
                                       (TreeHead){size, &root}, &path));
    Digest wrong = root;
    wrong.bytes[0] ^= 1;
    assert_false(tree_consistency_holds(model->hasher, (TreeHead){old, &old_root},
                                        (TreeHead){size, &wrong}, &path));
    wrong = old_root;
    wrong.bytes[31] ^= 1;
    assert_false(tree_consistency_holds(model->hasher, (TreeHead){old, &wrong},
                                        (TreeHead){size, &root}, &path));
}

static void proofs_hold_and_forged_ones_dont(void **state) {
    (void)state;
    Ctx ctx = test_ctx();
    Model *model = new_model(&ctx, LEAVES);
    for (uint64_t size = 1; size <= 20; size++) {
        for (uint64_t index = 0; index < size; index++)
            check_inclusion(&ctx, model, index, size);
        for (uint64_t old = 1; old <= size; old++)
            check_consistency(&ctx, model, old, size);
    }
    static const uint64_t pairs[][2] = {{0, 257},    {255, 256},     {256, 65537},
                                        {300, 512},  {65535, 65536}, {65536, LEAVES},
                                        {1, LEAVES}, {777, 40000}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        check_inclusion(&ctx, model, pairs[i][0], pairs[i][1]);
        check_consistency(&ctx, model, pairs[i][0] + 1, pairs[i][1]);
    }
    tree_hasher_free(model->hasher);
    free_ctx(&ctx);
}

/* ---- notes ---- */

#define ORIGIN STR("machi/00112233445566778899aabbccddeeff")

static NoteKey *test_key(Ctx *ctx) {
    NoteKey *key;
    /* RFC 8032, 7.1, test 1 */
    Str seed;
    assert_true(hash_from_hex(
        ctx->arena, STR("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
        &seed));
    assert_int_equal(note_key_new(ctx, ORIGIN, seed, &key), RC_OK);
    return key;
}

static void signatures_are_ed25519(void **state) {
    (void)state;
    Ctx ctx = test_ctx();
    NoteKey *key = test_key(&ctx);
    assert_string_equal(hash_hex(ctx.arena, note_public_key(key)).ptr,
                        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    uint8_t signature[64];
    assert_int_equal(note_sign_bytes(&ctx, key, STR(""), signature), RC_OK);
    assert_string_equal(hash_hex(ctx.arena, (Str){(const char *)signature, 64}).ptr,
                        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590"
                        "a33bacc61e39701cf9b46bd25bf5"
                        "f0595bbe24655141438e7a100b");
    note_key_free(key);
    free_ctx(&ctx);
}

static void checkpoints_open_with_the_verifier_key(void **state) {
    (void)state;
    Ctx ctx = test_ctx();
    NoteKey *key = test_key(&ctx), *verifier;
    Checkpoint in = {.size = 12345, .root = hash_sha256(STR("root"))}, out;
    Str note;
    assert_int_equal(note_checkpoint_sign(&ctx, key, &in, &note), RC_OK);
    assert_true(str_starts(note, STR("machi/00112233445566778899aabbccddeeff\n12345\n")));
    assert_int_equal(note_key_parse(&ctx, note_verifier(key, ctx.arena), &verifier), RC_OK);
    assert_int_equal(note_checkpoint_open(&ctx, verifier, note, &out), RC_OK);
    assert_true(out.size == in.size && same(&out.root, &in.root));
    /* further signatures are passed over, in front or behind */
    Str more = str_fmt(ctx.arena, STR_FMT "— other.example/log AAAAAAAA\n", STR_ARG(note));
    assert_int_equal(note_checkpoint_open(&ctx, verifier, more, &out), RC_OK);
    note_key_free(verifier);
    note_key_free(key);
    free_ctx(&ctx);
}

static void altered_checkpoints_are_refused(void **state) {
    (void)state;
    Ctx ctx = test_ctx();
    NoteKey *key = test_key(&ctx);
    Checkpoint in = {.size = 7, .root = hash_sha256(STR("root"))}, out;
    Str note;
    assert_int_equal(note_checkpoint_sign(&ctx, key, &in, &note), RC_OK);
    for (size_t i = 0; i < note.len; i++) {
        char *copy = (char *)(uintptr_t)str_z(ctx.arena, note);
        copy[i] ^= 1;
        assert_int_equal(note_checkpoint_open(&ctx, key, (Str){copy, note.len}, &out), RC_INVALID);
    }
    for (size_t len = 0; len < note.len; len++)
        assert_int_equal(note_checkpoint_open(&ctx, key, str_sub(note, 0, len), &out), RC_INVALID);
    static const Str strange[] = {STR("\n\n"), STR("a\n-1\nAAAA\n\n"), STR("a\n007\nAAAA\n\n"),
                                  STR("a\n1\nnot base64\n\n"),
                                  STR("a\n99999999999999999999\nAAAA\n\n")};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_int_equal(note_checkpoint_open(&ctx, key, strange[i], &out), RC_INVALID);
    note_key_free(key);
    free_ctx(&ctx);
}

static void strange_verifier_keys_are_refused(void **state) {
    (void)state;
    Ctx ctx = test_ctx();
    NoteKey *key = test_key(&ctx), *out;
    Str good = note_verifier(key, ctx.arena);
    static const Str strange[] = {STR(""), STR("+"), STR("a+b+c"), STR("a+00112233+AQ=="),
                                  STR("a+00112233+")};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_int_equal(note_key_parse(&ctx, strange[i], &out), RC_INVALID);
    char *copy = (char *)(uintptr_t)str_z(ctx.arena, good);
    copy[0] = 'n'; /* another name has another hash */
    assert_int_equal(note_key_parse(&ctx, (Str){copy, good.len}, &out), RC_INVALID);
    note_key_free(key);
    free_ctx(&ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_have_one_form),
        cmocka_unit_test(lengths_beyond_the_end_are_bad),
        cmocka_unit_test(roots_are_those_of_rfc_6962),
        cmocka_unit_test(large_trees_equal_their_definition),
        cmocka_unit_test(proofs_hold_and_forged_ones_dont),
        cmocka_unit_test(signatures_are_ed25519),
        cmocka_unit_test(checkpoints_open_with_the_verifier_key),
        cmocka_unit_test(altered_checkpoints_are_refused),
        cmocka_unit_test(strange_verifier_keys_are_refused),
    };
    return cmocka_run_group_tests_name("ledger tree", tests, NULL, NULL);
}
