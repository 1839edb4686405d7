#include "tree.h"

#include <openssl/evp.h>
#include <string.h>

struct TreeHasher {
    EVP_MD *sha256; /* fetched once: looking it up costs more than hashing a node */
    EVP_MD_CTX *context;
};

TreeHasher *tree_hasher_new(void) {
    TreeHasher *hasher = mem_zero(sizeof *hasher);
    hasher->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hasher->context = EVP_MD_CTX_new();
    assert(hasher->sha256 && hasher->context);
    return hasher;
}

void tree_hasher_free(TreeHasher *hasher) {
    if (!hasher) return;
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->sha256);
    mem_free(hasher);
}

static Digest hash_prefixed(TreeHasher *hasher, uint8_t prefix, Str a, Str b) {
    Digest digest;
    EVP_MD_CTX *context = hasher->context;
    bool ok = EVP_DigestInit_ex2(context, hasher->sha256, NULL) == 1 &&
              EVP_DigestUpdate(context, &prefix, 1) == 1 &&
              EVP_DigestUpdate(context, a.ptr, a.len) == 1 &&
              (b.len == 0 || EVP_DigestUpdate(context, b.ptr, b.len) == 1) &&
              EVP_DigestFinal_ex(context, digest.bytes, NULL) == 1;
    assert(ok); /* fails only without memory */
    (void)ok;
    return digest;
}

Digest tree_hash_leaf(TreeHasher *hasher, Str leaf) {
    return hash_prefixed(hasher, 0, leaf, STR_NONE);
}

Digest tree_hash_node(TreeHasher *hasher, const Digest *left, const Digest *right) {
    Str a = {(const char *)left->bytes, sizeof left->bytes};
    Str b = {(const char *)right->bytes, sizeof right->bytes};
    return hash_prefixed(hasher, 1, a, b);
}

Digest tree_hash_span(TreeHasher *hasher, const Digest *hashes, size_t n) {
    assert(n && n <= TREE_WIDTH && (n & (n - 1)) == 0);
    if (n == 1) return hashes[0];
    Digest row[TREE_WIDTH / 2];
    for (size_t i = 0; i < n / 2; i++)
        row[i] = tree_hash_node(hasher, &hashes[2 * i], &hashes[2 * i + 1]);
    for (n /= 2; n > 1; n /= 2) {
        for (size_t i = 0; i < n / 2; i++)
            row[i] = tree_hash_node(hasher, &row[2 * i], &row[2 * i + 1]);
    }
    return row[0];
}

Rc tree_add(Ctx *ctx, TreeHasher *hasher, TreeEdge *edge, const Digest *leaf, TreeSink sink) {
    Digest hash = *leaf;
    uint64_t index = edge->size++;
    for (unsigned level = 0; level < TREE_LEVELS; level++, index >>= 8) {
        Digest *hashes = edge->hashes[level];
        hashes[edge->filled[level]++] = hash;
        if (edge->filled[level] < TREE_WIDTH) return RC_OK;
        TRY(sink.full(ctx, sink.arg, level, index >> 8, hashes));
        hash = tree_hash_span(hasher, hashes, TREE_WIDTH);
        edge->filled[level] = 0;
    }
    return RC_OK;
}

void tree_edge_copy(TreeEdge *to, const TreeEdge *from) {
    to->size = from->size;
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        to->filled[level] = from->filled[level];
        memcpy(to->hashes[level], from->hashes[level], from->filled[level] * sizeof(Digest));
    }
}

Digest tree_root(TreeHasher *hasher, const TreeEdge *edge) {
    Digest root = hash_sha256(STR_NONE);
    bool any = false;
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        /* from the right: the smallest complete subtrees first, each older one to the left */
        unsigned end = edge->filled[level];
        for (unsigned span = 1; end; span <<= 1) {
            if (!(end & span)) continue;
            Digest part = tree_hash_span(hasher, edge->hashes[level] + (end - span), span);
            root = any ? tree_hash_node(hasher, &part, &root) : part;
            any = true;
            end -= span;
        }
    }
    return root;
}

/* ---- proofs ---- */

/* Root of the complete subtree of 2^height leaves at index. */
static Rc node_at(Ctx *ctx, const TreeSource *source, unsigned height, uint64_t index,
                  Digest *out) {
    unsigned level = height / 8;
    size_t span = (size_t)1 << (height % 8);
    Digest hashes[TREE_WIDTH / 2];
    for (size_t i = 0; i < span; i++)
        TRY(source->hash(ctx, source->arg, level, index * span + i, &hashes[i]));
    *out = tree_hash_span(source->hasher, hashes, span);
    return RC_OK;
}

/* The largest power of two smaller than n > 1, as an exponent. */
static unsigned split_height(uint64_t n) {
    return 63 - (unsigned)__builtin_clzll(n - 1);
}

/* MTH(D[from:to]) for a range that RFC 6962's splitting produces: `from` is a multiple of its
 * largest complete subtree. */
static Rc range_root(Ctx *ctx, const TreeSource *source, uint64_t from, uint64_t to, Digest *out) {
    uint64_t n = to - from;
    if ((n & (n - 1)) == 0) {
        unsigned height = (unsigned)__builtin_ctzll(n);
        return node_at(ctx, source, height, from >> height, out);
    }
    uint64_t left_size = UINT64_C(1) << split_height(n);
    Digest left, right;
    TRY(range_root(ctx, source, from, from + left_size, &left));
    TRY(range_root(ctx, source, from + left_size, to, &right));
    *out = tree_hash_node(source->hasher, &left, &right);
    return RC_OK;
}

Rc tree_root_at(Ctx *ctx, const TreeSource *source, uint64_t size, Digest *out) {
    if (size) return range_root(ctx, source, 0, size, out);
    *out = hash_sha256(STR_NONE);
    return RC_OK;
}

static void path_reverse(TreePath *path) {
    for (size_t i = 0; i < path->len / 2; i++) {
        Digest other = path->items[i];
        path->items[i] = path->items[path->len - 1 - i];
        path->items[path->len - 1 - i] = other;
    }
}

static Rc path_add(Ctx *ctx, const TreeSource *source, uint64_t from, uint64_t to, TreePath *path) {
    Digest hash;
    TRY(range_root(ctx, source, from, to, &hash));
    (void)vec_push(ctx->arena, path, hash);
    return RC_OK;
}

Rc tree_inclusion(Ctx *ctx, const TreeSource *source, uint64_t index, uint64_t size,
                  TreePath *out) {
    assert(index < size);
    *out = (TreePath){0};
    uint64_t from = 0, to = size;
    while (to - from > 1) {
        uint64_t middle = from + (UINT64_C(1) << split_height(to - from));
        bool left = index < middle;
        TRY(path_add(ctx, source, left ? middle : from, left ? to : middle, out));
        if (left)
            to = middle;
        else
            from = middle;
    }
    path_reverse(out);
    return RC_OK;
}

Rc tree_consistency(Ctx *ctx, const TreeSource *source, uint64_t old, uint64_t size,
                    TreePath *out) {
    assert(old && old <= size);
    *out = (TreePath){0};
    uint64_t from = 0, to = size;
    while (old != to) {
        uint64_t middle = from + (UINT64_C(1) << split_height(to - from));
        bool left = old <= middle;
        TRY(path_add(ctx, source, left ? middle : from, left ? to : middle, out));
        if (left)
            to = middle;
        else
            from = middle;
    }
    if (from)
        TRY(path_add(ctx, source, from, to, out)); /* the old root itself is known otherwise */
    path_reverse(out);
    return RC_OK;
}

static bool same(const Digest *a, const Digest *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Past the levels at which the node is the last of an uneven row, which have no neighbour. */
static void climb(uint64_t *fn, uint64_t *sn) {
    for (; *fn && !(*fn & 1); *fn >>= 1)
        *sn >>= 1;
}

bool tree_inclusion_holds(TreeHasher *hasher, TreeLeaf leaf, TreeHead head, const TreePath *path) {
    if (leaf.index >= head.size) return false;
    uint64_t fn = leaf.index, sn = head.size - 1;
    Digest hash = *leaf.hash;
    for (size_t i = 0; i < path->len; i++) {
        if (sn == 0) return false;
        if ((fn & 1) || fn == sn) {
            hash = tree_hash_node(hasher, &path->items[i], &hash);
            climb(&fn, &sn);
        } else {
            hash = tree_hash_node(hasher, &hash, &path->items[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(&hash, head.root);
}

bool tree_consistency_holds(TreeHasher *hasher, TreeHead old, TreeHead head, const TreePath *path) {
    if (old.size == 0 || old.size > head.size) return false;
    if (old.size == head.size) return path->len == 0 && same(old.root, head.root);
    /* a complete subtree: its root opens the path unsaid */
    bool known = (old.size & (old.size - 1)) == 0;
    if (!known && path->len == 0) return false;
    uint64_t fn = old.size - 1, sn = head.size - 1;
    for (; fn & 1; fn >>= 1)
        sn >>= 1;
    Digest fr = known ? *old.root : path->items[0], sr = fr;
    for (size_t i = !known; i < path->len; i++) {
        const Digest *step = &path->items[i];
        if (sn == 0) return false;
        if ((fn & 1) || fn == sn) {
            fr = tree_hash_node(hasher, step, &fr);
            sr = tree_hash_node(hasher, step, &sr);
            climb(&fn, &sn);
        } else {
            sr = tree_hash_node(hasher, &sr, step);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(&fr, old.root) && same(&sr, head.root);
}
