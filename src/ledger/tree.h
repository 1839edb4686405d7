/* tree: the Merkle tree of RFC 6962 over the leaves, kept as C2SP tiles of height 8
   (doc/ledger-format.md §4). Pure but for the hashes that a TreeSource fetches. */
#ifndef LEDGER_TREE_H
#define LEDGER_TREE_H

#include "base/base.h"

enum { TREE_WIDTH = 256, TREE_LEVELS = 8 };

/* SHA-256 with its context reused; one thread at a time. */
typedef struct TreeHasher TreeHasher;
TreeHasher *tree_hasher_new(void);
void tree_hasher_free(TreeHasher *hasher);
/* SHA-256(0x00 ‖ leaf), SHA-256(0x01 ‖ left ‖ right). */
Digest tree_hash_leaf(TreeHasher *hasher, Str leaf);
Digest tree_hash_node(TreeHasher *hasher, const Digest *left, const Digest *right);
/* Root of a complete subtree of n (a power of two up to 256) hashes. */
Digest tree_hash_span(TreeHasher *hasher, const Digest *hashes, size_t n);

/* The growing edge: for each level the tile that is being filled. */
typedef struct TreeEdge {
    uint64_t size; /* leaves */
    unsigned filled[TREE_LEVELS];
    Digest hashes[TREE_LEVELS][TREE_WIDTH];
} TreeEdge;

/* Takes a tile that has just become full; hashes are valid during the call. */
typedef struct TreeSink {
    Rc (*full)(Ctx *ctx, void *arg, unsigned level, uint64_t tile, const Digest *hashes);
    void *arg;
} TreeSink;
/* Adds a leaf's hash; tells the sink of each tile that it fills. An error of the sink is passed on;
   the edge is then useless. */
Rc tree_add(Ctx *ctx, TreeHasher *hasher, TreeEdge *edge, const Digest *leaf, TreeSink sink);
/* Copies what is filled; cheaper than a plain assignment. */
void tree_edge_copy(TreeEdge *to, const TreeEdge *from);
/* The root of all leaves; of none: SHA-256 of nothing. */
Digest tree_root(TreeHasher *hasher, const TreeEdge *edge);

/* Where hashes come from: entry `index` of a level (the root of the complete subtree of 256^level
 * leaves). */
typedef struct TreeSource {
    TreeHasher *hasher;
    Rc (*hash)(Ctx *ctx, void *arg, unsigned level, uint64_t index, Digest *out);
    void *arg;
} TreeSource;

typedef VEC(Digest) TreePath;

/* Root of the first `size` leaves, from the source. */
Rc tree_root_at(Ctx *ctx, const TreeSource *source, uint64_t size, Digest *out);
/* RFC 6962 2.1.1: index < size. The path lies in ctx->arena. */
Rc tree_inclusion(Ctx *ctx, const TreeSource *source, uint64_t index, uint64_t size, TreePath *out);
/* RFC 6962 2.1.2: 0 < old <= size. */
Rc tree_consistency(Ctx *ctx, const TreeSource *source, uint64_t old, uint64_t size, TreePath *out);
/* RFC 9162 2.1.3.2 and 2.1.4.2. */
typedef struct TreeHead {
    uint64_t size;
    const Digest *root;
} TreeHead;
typedef struct TreeLeaf {
    uint64_t index;
    const Digest *hash;
} TreeLeaf;
bool tree_inclusion_holds(TreeHasher *hasher, TreeLeaf leaf, TreeHead head, const TreePath *path);
bool tree_consistency_holds(TreeHasher *hasher, TreeHead old, TreeHead head, const TreePath *path);

#endif
