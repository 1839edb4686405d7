/* keyring: which keys the leaves use, which rows live, which statements say that a key was
   destroyed (doc/ledger-format.md §7 and §10, steps 5 and 6). */
#ifndef VERIFY_KEYRING_H
#define VERIFY_KEYRING_H

#include "copy.h"
#include "leaf.h"

typedef struct Keyring Keyring;

Keyring *keyring_new(void);
void keyring_free(Keyring *ring);
/* A sealed part of the leaf at this position needs the key. */
void keyring_use(Keyring *ring, const uint8_t key[LEAF_ID], uint64_t position);
/* A note "rekey" at this position says that the tenant key of this id counts. */
void keyring_rekey(Keyring *ring, const uint8_t to[LEAF_ID], uint64_t position);
/* A statement in an event of this kind. Makes a finding when it isn't what it should be; true
 * otherwise. */
typedef struct KeyringStatement {
    Slice bytes;
    unsigned kind;
    uint64_t position;
} KeyringStatement;
bool keyring_state(Keyring *ring, const NoteKey *key, const KeyringStatement *statement,
                   Report *report);
/* The list of erasures; statements of other ledgers are passed over. NULL, or what is wrong. */
const char *keyring_list(Keyring *ring, Slice file, const NoteKey *key);
/* Whether a statement, in an event or in the list, says that this key was destroyed. */
bool keyring_says_erased(const Keyring *ring, const uint8_t key[LEAF_ID]);
/* After the last leaf: judges every key. */
void keyring_judge(Keyring *ring, const Copy *copy, Report *report);

#endif
