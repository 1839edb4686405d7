/* model_int: what the files of model share; not for other rooms. */
#ifndef MODEL_MODEL_INT_H
#define MODEL_MODEL_INT_H

#include "entity.h"

/* The eight kinds of attribute (clauses 4.5.2 ff.): their type, and the member that carries the
 * value. */
typedef struct KindInfo {
    Str name, iri, member;
    Str plural; /* the member of the simplified temporal representation (clause 4.5.9) */
} KindInfo;
const KindInfo *entity_kind(AttrKind kind);
/* The kind by name or IRI; ATTR_UNSAID when it is none. */
AttrKind entity_kind_of(Str type);

/* The core term that an attribute of this IRI would be written as, or STR_NONE: one named
   ngsi-ld:hasValue would come out as the member "value". */
Str entity_core_term(Arena *arena, Str iri);

/* Where a reader is in the payload: a chain from the member at hand to the top, made into text only
 * for an error. */
typedef struct EntityPath {
    const struct EntityPath *up;
    Str name; /* empty: an element of an array */
    size_t index;
} EntityPath;
/* "temperature.observedAt", "location.value.coordinates[0]". */
Str entity_path_text(Arena *arena, const EntityPath *path);

/* Validates a GeoJSON geometry (RFC 7946, without GeometryCollection; clause 4.7.1): structure,
 * closed rings, ranges. */
Rc entity_value_geometry(Ctx *ctx, const EntityPath *path, const Json *geometry);
/* True for an object that means to be a geometry: a geometry's type and coordinates. */
bool entity_value_is_geometry(const Json *value);
/* Validates a languageMap (clause 4.5.18). */
Rc entity_value_language_map(Ctx *ctx, const EntityPath *path, const Json *map, bool null_allowed);
/* True when the NGSI-LD Null or a JSON null stands in a value, at any depth. */
bool entity_value_has_null(const Json *value, bool ngsi_null, bool json_null);
/* True for a level of a scope: a letter, then letters, digits and '_' (clause 4.18). */
bool entity_value_scope_level(Str level);

/* What reading a payload needs at every level. */
typedef struct EntityReader {
    Ctx *ctx;
    const LdContext *context;
    EntityForm form;
    bool resource; /* the payload is an attribute's own: its @context stands inside */
    size_t depth;  /* attributes of attributes of ... */
    size_t *count; /* instances read so far, at every depth */
    Map *subs;     /* names of the sub-attributes of the instance at hand */
} EntityReader;
enum { ENTITY_SUBS_DEPTH = 16 };
/* Expands the name of a type or an attribute; RC_INVALID when it is none or too long. */
Rc entity_value_name(const EntityReader *reader, const EntityPath *path, Str name, Str *iri);
/* Appends the instances of one attribute (a value, an instance or an array of instances), the
 * default one first. */
Rc entity_attr_read(const EntityReader *reader, const EntityPath *path, Str iri, const Json *json,
                    Attrs *out);
/* Appends one instance. RC_LIMIT "too-large" beyond what is stored as one entity, or of an
   evolution as one change: before a body has become many times its size. */
Rc entity_attr_push(const EntityReader *reader, const EntityPath *path, const Attr *attr,
                    Attrs *out);
/* Sets an instance's value, which has to be of its kind. */
Rc entity_attr_value(const EntityReader *reader, const EntityPath *path, const Json *value,
                     Attr *attr);
/* A DateTime as clause 4.6.3 has it, in UTC with a Z. */
Rc entity_attr_time(const EntityReader *reader, const EntityPath *path, const Json *value,
                    int64_t *out);
/* Three names are bound to a geometry by the standard (clause 4.7.1): RC_INVALID for another kind.
 */
Rc entity_attr_geo_name(const EntityReader *reader, const EntityPath *path, const Attr *attr);
/* Expands one type or several. */
Rc entity_attr_types(const EntityReader *reader, const EntityPath *path, const Json *value,
                     StrVec *out);
Attr entity_attr_blank(Str name, AttrKind kind);
/* Fails with RC_INVALID at the path. */
Rc entity_value_fail(Ctx *ctx, const EntityPath *path, const char *code, const char *sentence);

/* The stored form inside another one: of a delta. decode refers to the parsed text. */
Rc entity_codec_from_json(Ctx *ctx, const Json *stored, Entity **out);

#endif
