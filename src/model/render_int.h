/* render_int: what the files of render share. */
#ifndef MODEL_RENDER_INT_H
#define MODEL_RENDER_INT_H

#include "model_int.h"
#include "render.h"

/* One answer being written. */
typedef struct Render {
    Buf *to;
    const LdContext *context;
    const RenderOptions *options;
    Arena *scratch;
    const struct Render *up; /* of the entity that this one is shown inside of */
    Str id;                  /* of the entity being written */
    size_t level;
} Render;

/* The members of an object, with their commas. */
typedef struct Members {
    Buf *to;
    bool more;
} Members;
void render_open(Members *members, Buf *to);
/* Writes a comma where one is due, the name and a colon; name needs no escaping beyond JSON's. */
void render_name(Members *members, Str name);
void render_time(Members *members, Str name, int64_t t);
/* A time in its shortest form: without a fraction that is zero. */
void render_instant(Buf *to, int64_t t);

/* The member that carries the value, with the value. */
void render_value_member(const Render *render, Members *members, const Attr *attr);
/* The value alone, as its member has it; simplified: objects of lists are plain URIs. */
void render_value(const Render *render, const Attr *attr, bool simplified);
/* An instance with all its members. */
void render_instance(const Render *render, const Attr *attr);
/* Whether the instance is asked for by datasetId. */
bool render_wants_dataset(const RenderOptions *options, Str dataset_id);

/* One attribute of a temporal evolution, n instances of one name: an array, or the simplified form.
 */
void render_temporal_attr(const Render *render, const Attr *instances, size_t n);

#endif
