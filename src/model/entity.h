/* entity: the in-memory form of an NGSI-LD entity, names expanded to IRIs, and its codec. ETSI GS CIM 009 clauses 4.5, 5.2.4 ff. */
#ifndef MODEL_ENTITY_H
#define MODEL_ENTITY_H

#include "base/base.h"
#include "json/json.h"
#include "ld/ld.h"

typedef enum AttrKind {
    ATTR_PROPERTY,
    ATTR_GEO,
    ATTR_RELATIONSHIP,
    ATTR_LANGUAGE,
    ATTR_VOCAB,
    ATTR_JSON,
    ATTR_LIST,
    ATTR_LIST_RELATIONSHIP,
} AttrKind;

typedef struct Attr Attr;

typedef VEC(Attr) Attrs;

/* One instance of an attribute. Times are µs UTC or TIME_NONE. */
struct Attr {
    Str name;          /* expanded IRI */
    AttrKind kind;
    Str dataset_id;    /* empty: the default instance */
    const Json *value; /* of value, object, languageMap, vocab, json, valueList, objectList. NULL only in a deleted
                          instance of a temporal evolution. Vocab values are expanded, dates in it are as written */
    Str unit_code;
    StrVec object_types; /* of a relationship, expanded */
    int64_t observed_at, created_at, modified_at, deleted_at, expires_at;
    Str instance_id;   /* of temporal instances: urn:ngsi-ld:... */
    Attrs subs;        /* properties of properties and the like */
};

typedef struct Entity {
    Str id;
    StrVec types;  /* expanded IRIs, at least one */
    StrVec scopes; /* "/a/b" */
    Attrs attrs;   /* instances of the same name stand together; the default instance first */
    int64_t created_at, modified_at, deleted_at, expires_at;
    uint64_t version; /* ledger position of the last change; 0 before the first */
} Entity;

/* What a payload is read as: how strict, and what may be absent. */
typedef enum EntityForm {
    ENTITY_WHOLE,      /* id and type demanded (create, upsert) */
    ENTITY_FRAGMENT,   /* id and type optional (merge, update, append); "urn:ngsi-ld:null" is allowed and means delete */
    ENTITY_TEMPORAL,   /* attributes are arrays of instances (clause 5.2.20) */
} EntityForm;

/* Reads normalized or concise NGSI-LD, terms expanded by the context. On RC_INVALID ctx->error.path names the member at
   fault as it was written. Members of JSON-LD itself (@context) are passed over. */
Rc entity_read(Ctx *ctx, const LdContext *context, const Json *payload, EntityForm form, Entity **out);
/* Reads one attribute (or an array of its instances) named by the expanded iri, for the attribute resources. */
Rc entity_read_attr(Ctx *ctx, const LdContext *context, Str iri, const Json *payload, EntityForm form,
                    Attrs *out);

/* The stored form: compact JSON text of our own with expanded names, stable (doc/ledger-format.md); reads back equal. */
void entity_encode(Buf *to, const Entity *entity);
Rc entity_decode(Ctx *ctx, Str stored, Entity **out);

/* The default instance, or the one with dataset_id; NULL if there is none. Borrowed. */
const Attr *entity_attr(const Entity *entity, Str iri);
const Attr *entity_attr_dataset(const Entity *entity, Str iri, Str dataset_id);
bool entity_has_type(const Entity *entity, Str iri);
/* Short cuts for machi's own types (IRIs built in code): text, integer, time of the default instance's value. */
Str entity_text(const Entity *entity, Str iri);
int64_t entity_int(const Entity *entity, Str iri, int64_t otherwise);

/* Builders for machi's own records; everything is copied into the arena. */
Entity *entity_new(Arena *arena, Str id, Str type_iri);
Attr *entity_set(Arena *arena, Entity *entity, Str iri, Json value);     /* sets or replaces a Property */
Attr *entity_set_kind(Arena *arena, Entity *entity, AttrKind kind, Str iri, Json value);
Entity *entity_dup(Arena *arena, const Entity *entity);

#endif
