/* entity: the in-memory form of an NGSI-LD entity, names expanded to IRIs, and its codec. ETSI GS
 * CIM 009 clauses 4.5, 5.2.4 ff. */
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
    ATTR_UNSAID, /* in fragments only: the fragment leaves the kind to the attribute that it meets
                  */
} AttrKind;

/* The NGSI-LD Null (clause 4.5.2): in a fragment it stands for 'remove this'. A time that is null
 * is ENTITY_TIME_NULL. */
#define ENTITY_NULL STR("urn:ngsi-ld:null")
/* An id comes back in Location and stands in addresses: a URI of at most so many bytes. */
enum { ENTITY_ID_MAX = 2000 };
bool entity_id_ok(Str id);
#define ENTITY_TIME_NULL (TIME_NONE + 1)

/* What is stored as one entity: attribute instances with their sub-attributes, types and scopes;
   bytes of the stored form. */
enum { ENTITY_ATTRS_MAX = 2000, ENTITY_BYTES_MAX = 4 << 20 };

/* Bytes of the name of a type or an attribute, expanded: two of them are a key of an index. */
enum { ENTITY_NAME_MAX = 500 };

typedef struct Attr Attr;

typedef VEC(Attr) Attrs;

/* One instance of an attribute. Times are µs UTC or TIME_NONE. */
struct Attr {
    Str name; /* expanded IRI */
    AttrKind kind;
    Str dataset_id;    /* empty: the default instance */
    const Json *value; /* of value, object, languageMap, vocab, json, valueList, objectList. NULL
                          only in a deleted instance of a temporal evolution and in a fragment that
                          leaves the value. Vocab values are expanded, objects of an objectList are
                          strings, dates in values are as written */
    Str unit_code;
    Str value_type;      /* expanded */
    StrVec object_types; /* of a relationship, expanded */
    int64_t observed_at, created_at, modified_at, deleted_at, expires_at;
    Str instance_id; /* of temporal instances: urn:ngsi-ld:... */
    Attrs subs;      /* properties of properties and the like */
};

typedef struct Entity {
    Str id;
    StrVec types;  /* expanded IRIs, at least one */
    StrVec scopes; /* "/a/b"; in a fragment the NGSI-LD Null alone: remove them */
    Attrs attrs;   /* instances of the same name stand together; the default instance first */
    int64_t created_at, modified_at, deleted_at, expires_at;
    uint64_t version; /* ledger position of the last change; 0 before the first */
    VEC(uint32_t)
    places; /* of the sealed part of a split entity: where each attribute stands in the whole */
    const struct Entity *whole; /* of one that is shown masked: the record itself; else NULL */
} Entity;

/* What a payload is read as: how strict, and what may be absent. */
typedef enum EntityForm {
    ENTITY_WHOLE,    /* id and type demanded (create, upsert) */
    ENTITY_FRAGMENT, /* id, type and values optional (merge, partial update); the NGSI-LD Null is
                        allowed and means delete */
    ENTITY_TEMPORAL, /* attributes are arrays of instances (clause 5.2.20); id and type optional */
    ENTITY_ATTRS, /* id and type optional, attributes whole (append, update); an attribute that is
                     null means delete */
    ENTITY_REPLACEMENT, /* the same without nulls: what isn't there is gone (clause 5.6.18) */
} EntityForm;

/* Reads normalized or concise NGSI-LD, terms expanded by the context. On RC_INVALID ctx->error.path
   names the member at fault as it was written. Members of JSON-LD itself (@context) are passed
   over. */
Rc entity_read(Ctx *ctx, const LdContext *context, const Json *payload, EntityForm form,
               Entity **out);
/* Reads one attribute (or an array of its instances) named by the expanded iri, for the attribute
 * resources. */
typedef struct EntityInput {
    const LdContext *context;
    EntityForm form;
    Str iri;              /* of entity_read_attr: the attribute's */
    const Entity *before; /* of entity_read_simplified, and the next one */
    Str lang;
} EntityInput;
Rc entity_read_attr(Ctx *ctx, const EntityInput *input, const Json *payload, Attrs *out);

/* Reads a fragment in the simplified format (keyValues, clause 4.5.4): each value is read as its
   attribute's kind in `before` (NULL allowed), a text for a LanguageProperty as its `lang`. What
   cannot be of that kind is a Property or GeoProperty. */
Rc entity_read_simplified(Ctx *ctx, const EntityInput *input, const Json *payload, Entity **out);
/* True for a name of an attribute or type as clause 4.6.2 has it: a letter, then letters, digits
   and '_', optionally with a prefix, or an IRI. '-' and '.' behind the first letter are let
   through, since published data models use them. */
bool entity_name_valid(Str name);

/* The stored form: compact JSON text of our own with expanded names, stable (doc/ledger-format.md);
 * reads back equal. */
void entity_encode(Buf *to, const Entity *entity);
Rc entity_decode(Ctx *ctx, Str stored, Entity **out);

/* The default instance, or the one with dataset_id; NULL if there is none. Borrowed. */
const Attr *entity_attr(const Entity *entity, Str iri);
const Attr *entity_attr_dataset(const Entity *entity, Str iri, Str dataset_id);
/* All instances of the attribute, which stand together; *n is their number. Borrowed. */
const Attr *entity_attr_all(const Entity *entity, Str iri, size_t *n);
bool entity_has_type(const Entity *entity, Str iri);
/* What of ENTITY_ATTRS_MAX there is in an entity. */
size_t entity_attrs_count(const Entity *entity);
/* At least the bytes of its stored form; much faster than writing it. */
size_t entity_bytes_most(const Entity *entity);
/* RC_LIMIT "too-large" with the entity's id when it is beyond what is stored as one. changed: bytes
   of what was set last; while no change is large and there are few attributes, bytes aren't
   counted. */
Rc entity_fits(Ctx *ctx, const Entity *entity, size_t changed);
/* True when the instance is the NGSI-LD Null: in a fragment it removes the attribute. */
bool entity_attr_null(const Attr *attr);
/* True when the NGSI-LD Null stands somewhere inside the value: allowed in merge only
 * (clause 5.5.4). */
bool entity_attr_null_inside(const Attr *attr);
/* The same content: everything but the system's times and the instance's id (clause 4.8). */
bool entity_attr_same(const Attr *a, const Attr *b);
/* Whether the entity or one of its attributes has an end (clause 4.22). */
bool entity_expires(const Entity *entity);
/* What is left at an instant: NULL behind the entity's end, else without the attributes that have
 * ended. Memory is shared. */
const Entity *entity_alive(Arena *arena, const Entity *entity, int64_t now);
/* Short cuts for machi's own types (IRIs built in code): text, integer, time of the default
 * instance's value. */
Str entity_text(const Entity *entity, Str iri);
int64_t entity_int(const Entity *entity, Str iri, int64_t otherwise);

/* Builders for machi's own records; everything is copied into the arena. */
Entity *entity_new(Arena *arena, Str id, Str type_iri);
Attr *entity_set(Arena *arena, Entity *entity, Str iri,
                 Json value); /* sets or replaces a Property */
Attr *entity_set_kind(Arena *arena, Entity *entity, AttrKind kind, Str iri, Json value);
Entity *entity_dup(Arena *arena, const Entity *entity);
Attr entity_attr_dup(Arena *arena, const Attr *attr);

/* Splits into a part without and a part with only the sealed attributes; the second is NULL when
   there are none. Id, types, scopes and times stay in the first, the second repeats the id. Joining
   restores the order; secret may be NULL. Memory is shared. */
typedef struct EntitySealing {
    bool (*sealed)(const void *arg, Str iri); /* whether an attribute is sealed */
    const void *arg;
} EntitySealing;
void entity_split(Arena *arena, const Entity *entity, const EntitySealing *sealing, Entity **clear,
                  Entity **secret);
Entity *entity_join(Arena *arena, const Entity *clear, const Entity *secret);

#endif
