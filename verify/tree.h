/* tree: the Merkle tree of RFC 6962 and the tiles of height 8 (doc/ledger-format.md §4). */
#ifndef VERIFY_TREE_H
#define VERIFY_TREE_H

#include "wire.h"

enum { TREE_TILE = 256, TREE_HASH = 32, TREE_TILE_BYTES = TREE_TILE * TREE_HASH };

typedef struct Hash {
    uint8_t bytes[TREE_HASH];
} Hash;

/* Grows leaf by leaf; keeps the roots of its complete subtrees only, one per bit of its size. */
typedef struct Tree {
    uint64_t size;
    Hash roots[64];
} Tree;

/* SHA-256 of the bytes alone. */
Hash tree_plain(Slice bytes);
Hash tree_leaf(Slice leaf);
Hash tree_node(const Hash *left, const Hash *right);
bool tree_same(const Hash *a, const Hash *b);
void tree_add(Tree *tree, const Hash *leaf);
Hash tree_root(const Tree *tree);
/* Root over the 256 hashes of a full tile. */
Hash tree_tile_root(const uint8_t tile[TREE_TILE_BYTES]);

typedef struct TreePath {
    uint64_t index, size; /* of the leaf, of the tree; index < size */
    const Hash *hashes;
    size_t count;
} TreePath;
/* RFC 6962 2.1.1, as RFC 9162 2.1.3.2 checks it: the root that the path leads to from this leaf.
   False: the path has a wrong length. */
bool tree_climb(const TreePath *path, const Hash *leaf, Hash *root);

#endif
