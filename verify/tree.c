#include "tree.h"

#include <sodium.h>
#include <string.h>

static Hash hash_of(uint8_t prefix, Slice first, Slice second) {
    Hash out;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &prefix, 1);
    crypto_hash_sha256_update(&state, first.at, first.len);
    if (second.len) crypto_hash_sha256_update(&state, second.at, second.len);
    crypto_hash_sha256_final(&state, out.bytes);
    return out;
}

Hash tree_plain(Slice bytes) {
    Hash out;
    crypto_hash_sha256(out.bytes, bytes.at, bytes.len);
    return out;
}

Hash tree_leaf(Slice leaf) {
    return hash_of(0x00, leaf, (Slice){0});
}

Hash tree_node(const Hash *left, const Hash *right) {
    return hash_of(0x01, (Slice){left->bytes, TREE_HASH}, (Slice){right->bytes, TREE_HASH});
}

bool tree_same(const Hash *a, const Hash *b) {
    return memcmp(a->bytes, b->bytes, TREE_HASH) == 0;
}

void tree_add(Tree *tree, const Hash *leaf) {
    Hash root = *leaf;
    unsigned level = 0;
    for (uint64_t size = tree->size; size & 1; size >>= 1, level++)
        root = tree_node(&tree->roots[level], &root);
    tree->roots[level] = root;
    tree->size++;
}

Hash tree_root(const Tree *tree) {
    Hash root;
    bool begun = false;
    if (!tree->size) crypto_hash_sha256(root.bytes, NULL, 0);
    for (unsigned level = 0; level < 64; level++) {
        if (!(tree->size >> level & 1)) continue;
        root = begun ? tree_node(&tree->roots[level], &root) : tree->roots[level];
        begun = true;
    }
    return root;
}

Hash tree_tile_root(const uint8_t tile[TREE_TILE_BYTES]) {
    Tree tree = {0};
    for (unsigned i = 0; i < TREE_TILE; i++) {
        Hash hash;
        memcpy(hash.bytes, tile + i * TREE_HASH, TREE_HASH);
        tree_add(&tree, &hash);
    }
    return tree_root(&tree);
}

bool tree_climb(const TreePath *path, const Hash *leaf, Hash *root) {
    uint64_t node = path->index, last = path->size - 1;
    *root = *leaf;
    for (size_t i = 0; i < path->count; i++) {
        if (!last) return false;
        if (node & 1 || node == last) {
            *root = tree_node(&path->hashes[i], root);
            for (; !(node & 1) && node; node >>= 1)
                last >>= 1;
        } else {
            *root = tree_node(root, &path->hashes[i]);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0;
}
