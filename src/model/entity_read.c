/* Reads an entity of a payload, and entities in the simplified format. */
#include "attr_lookup.h"
#include "model_int.h"

typedef enum Role {
    ROLE_ATTR,
    ROLE_ID,
    ROLE_TYPE,
    ROLE_SCOPE,
    ROLE_EXPIRES,
    ROLE_SKIP,
    ROLE_NEVER
} Role;

static const struct {
    Str name;
    Role role;
} members[] = {
    {STR("id"), ROLE_ID},
    {STR("type"), ROLE_TYPE},
    {STR("scope"), ROLE_SCOPE},
    {STR("@context"), ROLE_SKIP},
    {STR("@id"), ROLE_ID},
    {STR("@type"), ROLE_TYPE},
    {STR("expiresAt"), ROLE_EXPIRES},
    {STR("createdAt"), ROLE_SKIP}, /* made by the system (clause 4.8) */
    {STR("modifiedAt"), ROLE_SKIP},
    {STR("deletedAt"), ROLE_SKIP},
    /* Core terms that are not reified are no names of attributes (clause 4.5.1). */
    {STR("datasetId"), ROLE_NEVER},
    {STR("instanceId"), ROLE_NEVER},
    {STR("observedAt"), ROLE_NEVER},
    {STR("unitCode"), ROLE_NEVER},
    {STR("object"), ROLE_NEVER},
    {STR("languageMap"), ROLE_NEVER},
    {STR("vocab"), ROLE_NEVER},
    {STR("json"), ROLE_NEVER},
    {STR("valueList"), ROLE_NEVER},
    {STR("objectList"), ROLE_NEVER},
    {STR("objectType"), ROLE_NEVER},
    {STR("valueType"), ROLE_NEVER},
};

static Role role_of(Str name) {
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (str_eq(members[i].name, name)) return members[i].role;
    return ROLE_ATTR;
}

/* ---- id and scope ---- */

static Rc read_id(const EntityReader *reader, const EntityPath *path, const Json *value,
                  Entity *entity) {
    Str id = json_str(value);
    if (entity->id.len)
        return entity_value_fail(reader->ctx, path, "name-twice", "An entity has one id.");
    if (value->kind != JSON_STRING || !entity_id_ok(id))
        return entity_value_fail(reader->ctx, path, "bad-id",
                                 "The id of an entity is a URI, such as \"urn:ngsi-ld:Park:7\".");
    entity->id = id;
    return RC_OK;
}

static Rc read_types(const EntityReader *reader, const EntityPath *path, const Json *value,
                     Entity *entity) {
    if (entity->types.len)
        return entity_value_fail(reader->ctx, path, "name-twice", "An entity has one member type.");
    return entity_attr_types(reader, path, value, &entity->types);
}

/* "/a/b"; the slash in front may be left out on input (clause 4.18). */
static Rc scope_push(const EntityReader *reader, const EntityPath *path, const Json *value,
                     StrVec *out) {
    Str scope = json_str(value);
    Str rest = str_starts(scope, STR("/")) ? str_sub(scope, 1, scope.len) : scope, level;
    bool good = value->kind == JSON_STRING && rest.len && rest.len < LD_IRI_MAX &&
                !str_ends(rest, STR("/"));
    while (good && str_split(&rest, '/', &level))
        good = entity_value_scope_level(level);
    if (!good)
        return entity_value_fail(reader->ctx, path, "bad-scope",
                                 "A scope is written \"/Yaizu/Parks\", each level a letter, then "
                                 "letters, digits and _.");
    if (scope.ptr[0] != '/') scope = str_fmt(reader->ctx->arena, "/" STR_FMT, STR_ARG(scope));
    VEC_EACH (Str, known, out)
        if (str_eq(*known, scope)) return RC_OK;
    vec_push(reader->ctx->arena, out, scope);
    return RC_OK;
}

/* In a temporal evolution a scope has instances like an attribute; the newest is last. */
static const Json *scope_instance(const Json *value) {
    if (value->kind == JSON_ARRAY && value->len && json_at(value, 0)->kind == JSON_OBJECT)
        value = json_at(value, value->len - 1);
    const Json *inner = json_get(value, STR("value"));
    return inner ? inner : value;
}

static Rc read_scope(const EntityReader *reader, const EntityPath *path, const Json *value,
                     Entity *entity) {
    if (reader->form == ENTITY_TEMPORAL) value = scope_instance(value);
    bool update = reader->form == ENTITY_FRAGMENT || reader->form == ENTITY_ATTRS;
    if (update && str_eq(json_str(value), ENTITY_NULL)) {
        vec_push(reader->ctx->arena, &entity->scopes, ENTITY_NULL);
        return RC_OK;
    }
    if (value->kind != JSON_ARRAY) return scope_push(reader, path, value, &entity->scopes);
    if (value->len == 0 || value->len > 1000)
        return entity_value_fail(reader->ctx, path, "bad-scope", "Name 1 to 1000 scopes.");
    for (uint32_t i = 0; i < value->len; i++)
        TRY(scope_push(reader, &(EntityPath){.up = path, .index = i}, json_at(value, i),
                       &entity->scopes));
    return RC_OK;
}

/* ---- the entity ---- */

typedef struct Work Work;

/* One attribute in one format: appends its instances. */
typedef Rc (*AttrRead)(const Work *work, const EntityPath *path, Str iri, const Json *value,
                       Attrs *out);

struct Work {
    const EntityReader *reader;
    const EntityInput *input; /* of the simplified format */
    AttrLookup before;        /* of it: what the values are read as */
    AttrRead read;
    Map seen; /* names of attributes read */
    Entity *entity;
};

static Rc read_attr(Work *work, const EntityPath *path, const Json *value) {
    const EntityReader *reader = work->reader;
    Str iri;
    TRY(entity_value_name(reader, path, path->name, &iri));
    if (role_of(entity_core_term(reader->ctx->arena, iri)) != ROLE_ATTR)
        return entity_value_fail(reader->ctx, path, "misplaced-member",
                                 "This core term is no name of an attribute (clause 4.5.1).");
    if (map_has(&work->seen, iri))
        return entity_value_fail(reader->ctx, path, "name-twice",
                                 "This is the same attribute as one before.");
    map_put(&work->seen, iri, work->entity);
    return work->read(work, path, iri, value, &work->entity->attrs);
}

static Rc read_member(Work *work, const JsonMember *member) {
    EntityPath path = {.name = member->name};
    switch (role_of(member->name)) {
    case ROLE_SKIP:
        return RC_OK;
    case ROLE_ID:
        return read_id(work->reader, &path, &member->value, work->entity);
    case ROLE_TYPE:
        return read_types(work->reader, &path, &member->value, work->entity);
    case ROLE_SCOPE:
        return read_scope(work->reader, &path, &member->value, work->entity);
    case ROLE_EXPIRES:
        return entity_attr_time(work->reader, &path, &member->value, &work->entity->expires_at);
    case ROLE_ATTR:
        return read_attr(work, &path, &member->value);
    case ROLE_NEVER:
        break;
    }
    return entity_value_fail(work->reader->ctx, &path, "misplaced-member",
                             "This core term is no name of an attribute (clause 4.5.1).");
}

static Rc read_entity(const EntityReader *reader, const Json *payload, AttrRead read,
                      const EntityInput *input, Entity **out) {
    Ctx *ctx = reader->ctx;
    if (payload->kind != JSON_OBJECT)
        return entity_value_fail(ctx, NULL, "bad-request", "An entity is a JSON object.");
    if (payload->len == 0)
        return entity_value_fail(ctx, NULL, "no-entity",
                                 "An entity is a JSON object with at least one member.");
    Work work = {.reader = reader,
                 .read = read,
                 .input = input,
                 .seen = map_new(ctx->arena),
                 .entity = entity_new(ctx->arena, STR_NONE, STR_NONE)};
    if (input && input->before)
        work.before = attr_lookup_new(ctx->arena, &input->before->attrs, payload->len);
    for (uint32_t i = 0; i < payload->len; i++)
        TRY(read_member(&work, &payload->value.members[i]));
    bool whole = reader->form == ENTITY_WHOLE;
    if (whole && work.entity->id.len == 0)
        return entity_value_fail(ctx, &(EntityPath){.name = STR("id")}, "id-missing",
                                 "An entity has an id.");
    if (whole && work.entity->types.len == 0)
        return entity_value_fail(ctx, &(EntityPath){.name = STR("type")}, "type-missing",
                                 "An entity has a type.");
    *out = work.entity;
    return RC_OK;
}

static Rc attr_plain(const Work *work, const EntityPath *path, Str iri, const Json *value,
                     Attrs *out) {
    return entity_attr_read(work->reader, path, iri, value, out);
}

Rc entity_read(Ctx *ctx, const LdContext *context, const Json *payload, EntityForm form,
               Entity **out) {
    size_t count = 0;
    EntityReader reader = {.ctx = ctx, .context = context, .form = form, .count = &count};
    return read_entity(&reader, payload, attr_plain, NULL, out);
}

Rc entity_read_attr(Ctx *ctx, const EntityInput *input, const Json *payload, Attrs *out) {
    size_t count = 0;
    EntityReader reader = {.ctx = ctx,
                           .context = input->context,
                           .form = input->form,
                           .resource = true,
                           .count = &count};
    EntityPath top = {0};
    return entity_attr_read(&reader, &top, input->iri, payload, out);
}

/* ---- the simplified format ---- */

/* {"vocab": ...} and the like keep their member in the simplified format (clause 4.5.4). */
static AttrKind wrapped_kind(const Json *value) {
    static const AttrKind wrapped[] = {ATTR_LANGUAGE, ATTR_VOCAB, ATTR_JSON, ATTR_LIST,
                                       ATTR_LIST_RELATIONSHIP};
    if (value->kind != JSON_OBJECT || value->len != 1) return ATTR_UNSAID;
    for (size_t i = 0; i < sizeof wrapped / sizeof *wrapped; i++)
        if (str_eq(value->value.members[0].name, entity_kind(wrapped[i])->member))
            return wrapped[i];
    return ATTR_UNSAID;
}

static bool all_strings(const Json *value) {
    if (value->kind == JSON_STRING) return true;
    if (value->kind != JSON_ARRAY) return false;
    for (uint32_t i = 0; i < value->len; i++)
        if (json_at(value, i)->kind != JSON_STRING) return false;
    return true;
}

/* Whether a bare value can be one of the kind. */
static bool fits(AttrKind kind, const Json *value) {
    switch (kind) {
    case ATTR_GEO:
        return entity_value_is_geometry(value);
    case ATTR_RELATIONSHIP:
    case ATTR_LANGUAGE:
    case ATTR_VOCAB:
        return all_strings(value);
    case ATTR_JSON:
        return value->kind == JSON_OBJECT || value->kind == JSON_ARRAY;
    case ATTR_LIST:
        return value->kind == JSON_ARRAY;
    case ATTR_LIST_RELATIONSHIP:
        return value->kind == JSON_ARRAY && all_strings(value);
    default:
        return kind == ATTR_PROPERTY;
    }
}

static Rc language_of(const EntityReader *reader, const EntityPath *path, Str lang,
                      const Json **value) {
    if (lang.len == 0)
        return entity_value_fail(reader->ctx, path, "lang-missing",
                                 "Say by the parameter lang which language this text is in.");
    JsonMember *member = NEW(reader->ctx->arena, JsonMember);
    *member = (JsonMember){lang, **value};
    Json *map = NEW(reader->ctx->arena, Json);
    *map = json_of_members(member, 1);
    *value = map;
    return RC_OK;
}

static Rc simple_one(const Work *work, const EntityPath *path, const Json *value, Attr *attr) {
    const EntityInput *input = work->input;
    const Attr *old =
        input->before ? attr_lookup_find(&work->before, attr->name, attr->dataset_id) : NULL;
    AttrKind wrapped = wrapped_kind(value);
    attr->kind = entity_value_is_geometry(value) ? ATTR_GEO : ATTR_PROPERTY;
    if (wrapped != ATTR_UNSAID) {
        attr->kind = wrapped;
        value = &value->value.members[0].value;
    } else if (str_eq(json_str(value), ENTITY_NULL)) {
        attr->kind = ATTR_PROPERTY;
    } else if (old && fits(old->kind, value)) {
        attr->kind = old->kind;
        if (old->kind == ATTR_LANGUAGE) TRY(language_of(work->reader, path, input->lang, &value));
    }
    TRY(entity_attr_value(work->reader, path, value, attr));
    if (entity_attr_null(attr)) attr->kind = ATTR_UNSAID;
    return entity_attr_geo_name(work->reader, path, attr);
}

/* {"dataset": {"@none": 1, "urn:...": 2}} has several instances. */
static Rc attr_simple(const Work *work, const EntityPath *path, Str iri, const Json *value,
                      Attrs *out) {
    Ctx *ctx = work->reader->ctx;
    const Json *dataset =
        value->kind == JSON_OBJECT && value->len == 1 ? json_get(value, STR("dataset")) : NULL;
    if (!dataset || dataset->kind != JSON_OBJECT) {
        Attr attr = entity_attr_blank(iri, ATTR_PROPERTY);
        TRY(simple_one(work, path, value, &attr));
        return entity_attr_push(work->reader, path, &attr, out);
    }
    for (uint32_t i = 0; i < dataset->len; i++) {
        const JsonMember *member = &dataset->value.members[i];
        EntityPath at = {.up = path, .name = member->name};
        Attr attr = entity_attr_blank(iri, ATTR_PROPERTY);
        if (!str_eq(member->name, STR("@none"))) attr.dataset_id = member->name;
        if (attr.dataset_id.len && !ld_is_iri(attr.dataset_id))
            return entity_value_fail(ctx, &at, "bad-uri", "A datasetId is a URI.");
        TRY(simple_one(work, &at, &member->value, &attr));
        TRY(entity_attr_push(work->reader, &at, &attr, out));
    }
    return RC_OK;
}

Rc entity_read_simplified(Ctx *ctx, const EntityInput *input, const Json *payload, Entity **out) {
    size_t count = 0;
    EntityReader reader = {
        .ctx = ctx, .context = input->context, .form = ENTITY_FRAGMENT, .count = &count};
    return read_entity(&reader, payload, attr_simple, input, out);
}
