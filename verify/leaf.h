/* leaf: the structure of leaves, statements and lists of foldings (doc/ledger-format.md §3, §7,
   §8). Functions return NULL when all is well, else what is wrong, as the end of a sentence. */
#ifndef VERIFY_LEAF_H
#define VERIFY_LEAF_H

#include "note.h"

enum { LEAF_ID = 16 };
enum { EVENT_CHANGE = 1, EVENT_NOTE, EVENT_ERASURE, EVENT_DISPOSAL, EVENT_FOLDING };

typedef struct LeafHead {
    uint64_t position;
    uint64_t time; /* microseconds since 1970 */
    const uint8_t *command;
    uint64_t events;
} LeafHead;

/* What stands in the leaf, in its order. Members may be NULL; false from statement, folding or
   note ends the reading, and leaf_read returns "" */
typedef struct LeafEach {
    void *arg;
    void (*sealed)(void *arg, const uint8_t key[LEAF_ID]);
    bool (*statement)(void *arg, unsigned kind, Slice signed_bytes);
    bool (*folding)(void *arg, Slice clear);
    bool (*note)(void *arg, Slice name, Slice clear);
} LeafEach;

/* each may be NULL: only the structure is checked. */
const char *leaf_read(Slice bytes, LeafHead *head, const LeafEach *each);

typedef struct Statement {
    unsigned kind; /* EVENT_ERASURE, EVENT_DISPOSAL */
    Slice subject, retention;
    uint64_t time;
    const uint8_t *keys; /* of LEAF_ID bytes each */
    size_t key_count;
    bool foreign; /* of another ledger: nothing else was looked at */
} Statement;
const char *statement_read(Slice signed_bytes, const NoteKey *key, Statement *out);

/* The clear text of a note "rekey" (§6): the id of the tenant key that counts from there on. */
const char *rekey_read(Slice clear, uint8_t to[LEAF_ID]);

/* The clear text of a note "again" (§6): the position of the change that it repeats. */
const char *again_read(Slice clear, uint64_t *of);

/* The clear text of a note "attachment" (§6): a file, and the key that seals it. */
typedef struct Attachment {
    Hash file;
    uint8_t key[LEAF_ID];
} Attachment;
const char *attachment_read(Slice clear, Attachment *out);

typedef struct Folding {
    Wire ranges, chunks; /* each read by folding_range and folding_chunk */
    uint64_t range_count, chunk_count;
} Folding;
/* below: the position of the leaf that holds it. */
const char *folding_read(Slice clear, uint64_t below, Folding *out);
/* In order; false after the last. */
bool folding_range(Folding *folding, uint64_t *first, uint64_t *count);
bool folding_chunk(Folding *folding, Hash *name);

#endif
