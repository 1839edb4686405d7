/* record: which values are sealed under which key, and the stored form of an entity
 * (doc/ledger-format.md §6). */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include "keys.h"
#include "leaf.h"

/* What is sealed of an entity, and for whom. */
typedef struct SealRule {
    enum { SEAL_NOTHING, SEAL_PERSONAL, SEAL_EVERYTHING } extent;
    KeyScope scope;
    Str subject; /* id of the person, or empty */
    const Dictionary *dictionary;
    const Entity *entity;
} SealRule;

/* DESIGN §6: personal and sensitive attributes, but for the one that names the subject, under the
   data key of subject and retention file; without a subject under the file's own; everything of an
   entity none of whose types is declared under the key of its first type. dictionary may be NULL.
 */
SealRule record_rule(const Dictionary *dictionary, const Entity *entity);
/* Has the type attributes that are sealed under persons' keys? */
bool record_is_personal(const DictType *type);
/* The retention file in which this entity's personal values lie; empty: it has none, or names none.
 */
Str record_file(const Dictionary *dictionary, const Entity *entity);
/* Is this the attribute whose value is the subject's id? */
bool record_names_subject(const SealRule *rule, Str iri);
/* The question of an EntitySealing over a rule. */
bool record_is_sealed(const void *rule, Str iri);

/* Where keys come from, and what says which values need them. */
typedef struct RecordKeys {
    Keys *keys;
    Writer *writer; /* NULL for everyone but the writer's thread, which may make keys */
    const Dictionary *dictionary; /* may be NULL; record_key doesn't ask it */
    Rand *rand;                   /* of nonces; NULL: the system's */
} RecordKeys;

/* RC_NOT_FOUND when there is none and none may be made. */
Rc record_key(Ctx *ctx, const RecordKeys *source, const KeyScope *scope, DataKey *out);
/* One sealed part of plain text, its box in ctx->arena. rand NULL: the system's. */
SealedPart record_seal_part(const Ctx *ctx, Rand *rand, const DataKey *key, Str associated,
                            Str plain);
/* What was sealed, in the arena; or its key is gone and plain is empty. */
typedef struct Opened {
    Str plain;
    bool erased;
} Opened;
Rc record_open_part(Ctx *ctx, Keys *keys, const SealedPart *part, Str associated, Opened *out);

/* Appends the stored form. Where the key doesn't exist and can't be made, sealed attributes are
 * left out. *sealed: it has a sealed part. */
Rc record_encode(Ctx *ctx, const RecordKeys *source, const Entity *entity, Buf *to, bool *sealed);
/* True if it has sealed parts. */
bool record_has_sealed(Str stored);
/* What of a stored form isn't sealed, as it is stored; empty: it is damaged. */
Str record_clear(Str stored);
Rc record_types(Ctx *ctx, Str stored, StrVec *out);
/* Opens a stored form into ctx->arena. *erased (may be NULL): attributes are missing because their
 * key is destroyed. */
Rc record_decode(Ctx *ctx, Keys *keys, Str stored, Entity **out, bool *erased);

#endif
