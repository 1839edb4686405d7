/* render: an entity as an answer: normalized, concise, simplified (keyValues) or GeoJSON, terms
   compacted. ETSI GS CIM 009 clauses 4.5.4, 4.5.16, 4.5.17, 6.3.7. */
#ifndef MODEL_RENDER_H
#define MODEL_RENDER_H

#include "entity.h"

typedef enum RenderFormat { RENDER_NORMALIZED, RENDER_CONCISE, RENDER_SIMPLIFIED } RenderFormat;

/* What is shown of the entities that an attribute links to. */
typedef struct RenderInner {
    Str name; /* expanded IRI of the attribute */
    StrVec pick, omit;
    VEC(struct RenderInner) inner;
} RenderInner;
typedef VEC(RenderInner) RenderInners;

/* Linked entities that are shown inside of their relationships (clause 4.5.23.2). */
typedef struct RenderLinks {
    const Map
        *found;    /* id to const Entity, as the actor may see it; what is not there stays a URI */
    size_t levels; /* how deep */
} RenderLinks;

typedef struct RenderOptions {
    RenderFormat format;
    bool sys_attrs; /* createdAt, modifiedAt ... */
    bool geojson;
    Str attr;              /* of render_attr: expanded IRI of the attribute */
    Str geometry_property; /* expanded IRI; empty: location */
    StrVec pick, omit; /* expanded IRIs, or "id", "type", "scope"; attrs is pick plus these three */
    RenderInners inner;       /* of linked entities */
    const RenderLinks *links; /* NULL: none are shown */
    StrVec dataset_ids;       /* empty: all; "@none" is the default instance */
    Str lang;                 /* language filter (Accept-Language form) */
    const Json *at_context;   /* put into the answer (application/ld+json); NULL: leave out */
    /* of temporal answers */
    enum {
        RENDER_OBSERVED,
        RENDER_CREATED,
        RENDER_MODIFIED,
        RENDER_DELETED
    } time;               /* the second of each pair of values */
    bool temporal;        /* attributes are always arrays of instances */
    bool temporal_values; /* simplified temporal representation (clause 4.5.9) */
} RenderOptions;

void render_entity(Buf *to, const LdContext *context, const Entity *entity,
                   const RenderOptions *options, Arena *scratch);
/* One attribute with all its instances (object, or array where there are several). False, and
   nothing written, when there is none of the datasetIds asked for. */
bool render_attr(Buf *to, const LdContext *context, const Entity *entity,
                 const RenderOptions *options, Arena *scratch);

#endif
