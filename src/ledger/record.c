#include "record.h"

enum { RECORD_VERSION = 1, RECORD_MAX = 64 << 20 };

/* ---- rules ---- */

bool record_is_personal(const DictType *type) {
    if (type->class >= CLASS_PERSONAL) return true;
    VEC_EACH (const DictAttr, attr, &type->attrs) {
        if (attr->class >= CLASS_PERSONAL) return true;
    }
    return false;
}

Str record_file(const Dictionary *dictionary, const Entity *entity) {
    for (size_t i = 0; dictionary && i < entity->types.len; i++) {
        const DictType *type = dictionary_type(dictionary, entity->types.items[i]);
        bool kept = type && (type->retention.len || type->filed.len); /* asked first: it is cheap */
        if (kept && record_is_personal(type)) return dictionary_type_file(type, entity);
    }
    return STR_NONE;
}

SealRule record_rule(const Dictionary *dictionary, const Entity *entity) {
    SealRule rule = {.dictionary = dictionary, .entity = entity};
    const DictType *personal = NULL;
    bool declared = false;
    VEC_EACH (const Str, iri, &entity->types) {
        const DictType *type = dictionary ? dictionary_type(dictionary, *iri) : NULL;
        if (!type) continue;
        declared = true;
        if (!personal && record_is_personal(type)) personal = type;
    }
    rule.extent = personal ? SEAL_PERSONAL : declared ? SEAL_NOTHING : SEAL_EVERYTHING;
    if (rule.extent == SEAL_NOTHING) return rule;
    if (personal) rule.subject = dictionary_subject(dictionary, entity);
    Str first = entity->types.len ? entity->types.items[0] : STR_NONE;
    Str file = personal ? dictionary_type_file(personal, entity) : STR_NONE;
    rule.scope = rule.subject.len ? keys_scope_data(rule.subject, file)
                 : personal       ? keys_scope_file(file)
                                  : keys_scope_type(first);
    return rule;
}

/* The subject's id is random and stands in the leaf's head anyway. Sealed, it would be lost with
   the key, and what is written of the record after an erasure would no longer belong to the person.
 */
bool record_names_subject(const SealRule *rule, Str iri) {
    VEC_EACH (const Str, type_iri, &rule->entity->types) {
        const DictType *type = dictionary_type(rule->dictionary, *type_iri);
        if (type && type->subject.len && str_eq(type->subject, iri)) return true;
    }
    return false;
}

bool record_is_sealed(const void *arg, Str iri) {
    const SealRule *rule = arg;
    if (rule->extent != SEAL_PERSONAL) return rule->extent == SEAL_EVERYTHING;
    if (record_names_subject(rule, iri)) return false;
    return dictionary_class(rule->dictionary, rule->entity, iri) >= CLASS_PERSONAL;
}

/* ---- parts ---- */

Rc record_key(Ctx *ctx, const RecordKeys *source, const KeyScope *scope, DataKey *out) {
    if (source->writer) return keys_make(ctx, source->keys, source->writer, scope, out);
    return keys_find(ctx, source->keys, scope, out);
}

SealedPart record_seal_part(const Ctx *ctx, Rand *rand, const DataKey *key, Str associated,
                            Str plain) {
    Buf box = buf_new(ctx->arena, SEAL_NONCE + plain.len + SEAL_TAG);
    Rand system = rand_system();
    seal_add(&box, rand ? rand : &system, &key->key, associated, plain);
    return (SealedPart){.key = key->id, .box = buf_str(&box)};
}

Rc record_open_part(Ctx *ctx, Keys *keys, const SealedPart *part, Str associated, Opened *out) {
    SealKey key;
    Rc rc = keys_open(ctx, keys, &part->key, &key);
    *out = (Opened){.erased = rc == RC_NOT_FOUND};
    if (out->erased) return RC_OK;
    TRY(rc);
    bool ok = seal_open(ctx->arena, &key, associated, part->box, &out->plain);
    seal_forget(&key, sizeof key);
    if (ok) return RC_OK;
    return ctx_fail(ctx, RC_FAILED, "sealed-damaged", STR_NONE,
                    "A sealed part doesn't open under its key: the store was altered or is "
                    "damaged. Check it by "
                    "machi-verify, restore a backup.");
}

/* ---- records ---- */

static Str associated(Arena *arena, const Entity *entity, const KeyId *key) {
    Buf buf = buf_new(arena, 64 + entity->id.len);
    wire_put_str(&buf, STR("machi/1/record"));
    wire_put_str(&buf, entity->id);
    wire_put_varint(&buf, entity->version);
    buf_add(&buf, seal_id_str(key));
    return buf_str(&buf);
}

static Rc too_large(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_LIMIT, "too-large", id, "The stored form of this exceeds %d MiB.",
                    RECORD_MAX >> 20);
}

/* Seals the secret part where its key is there; parts stay empty where it is not. */
static Rc seal_secret(Ctx *ctx, const RecordKeys *source, const SealRule *rule,
                      const Entity *secret, SealedParts *parts) {
    DataKey key;
    Rc rc = record_key(ctx, source, &rule->scope, &key);
    if (rc == RC_NOT_FOUND) return RC_OK;
    TRY(rc);
    Buf plain = buf_new(ctx->arena, RECORD_MAX);
    entity_encode(&plain, secret);
    if (buf_rc(&plain) != RC_OK) return too_large(ctx, secret->id);
    Str with = associated(ctx->arena, rule->entity, &key.id);
    (void)vec_push(ctx->arena, parts,
                   record_seal_part(ctx, source->rand, &key, with, buf_str(&plain)));
    seal_forget(&key, sizeof key);
    seal_forget(plain.ptr, plain.len);
    return RC_OK;
}

Rc record_encode(Ctx *ctx, const RecordKeys *source, const Entity *entity, Buf *to, bool *sealed) {
    SealRule rule = record_rule(source->dictionary, entity);
    const Entity *clear = entity;
    SealedParts parts = {0};
    if (rule.extent != SEAL_NOTHING) {
        Entity *open, *secret;
        EntitySealing sealing = {record_is_sealed, &rule};
        entity_split(ctx->arena, entity, &sealing, &open, &secret);
        clear = open;
        if (secret) TRY(seal_secret(ctx, source, &rule, secret, &parts));
    }
    Buf text = buf_new(ctx->arena, RECORD_MAX);
    entity_encode(&text, clear);
    buf_add_char(to, RECORD_VERSION);
    wire_put_str(to, buf_str(&text));
    leaf_put_sealed(to, &parts);
    *sealed = parts.len > 0;
    return buf_rc(&text) == RC_OK && buf_rc(to) == RC_OK ? RC_OK : too_large(ctx, entity->id);
}

bool record_has_sealed(Str stored) {
    WireIn in = wire_in(stored);
    (void)wire_u8(&in);
    (void)wire_str(&in);
    return wire_varint(&in) > 0;
}

static Rc damaged(Ctx *ctx) {
    return ctx_fail(ctx, RC_FAILED, "record-damaged", STR_NONE,
                    "A stored record can't be read: stop machi, delete state.db, start again.");
}

Str record_clear(Str stored) {
    WireIn in = wire_in(stored);
    return wire_u8(&in) == RECORD_VERSION ? wire_str(&in) : STR_NONE;
}

Rc record_types(Ctx *ctx, Str stored, StrVec *out) {
    Entity *clear;
    Str text = record_clear(stored);
    if (str_empty(text)) return damaged(ctx);
    TRY(entity_decode(ctx, text, &clear));
    *out = clear->types;
    return RC_OK;
}

Rc record_decode(Ctx *ctx, Keys *keys, Str stored, Entity **out, bool *erased) {
    WireIn in = wire_in(stored);
    bool known = wire_u8(&in) == RECORD_VERSION, gone = false;
    Str text = wire_str(&in);
    SealedParts parts;
    leaf_read_sealed(ctx->arena, &in, &parts);
    if (!known || !wire_done(&in)) return damaged(ctx);
    TRY(entity_decode(ctx, text, out));
    VEC_EACH (const SealedPart, part, &parts) {
        Entity *secret;
        Opened opened;
        Str with = associated(ctx->arena, *out, &part->key);
        TRY(record_open_part(ctx, keys, part, with, &opened));
        gone = gone || opened.erased;
        if (opened.plain.len == 0) continue;
        TRY(entity_decode(ctx, opened.plain, &secret));
        *out = entity_join(ctx->arena, *out, secret);
    }
    if (erased) *erased = gone;
    return RC_OK;
}
