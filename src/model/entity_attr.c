/* Reads one attribute of a payload, normalized or concise (clauses 4.5.2 to 4.5.24). */
#include "delta.h"
#include "model_int.h"

#include <string.h>

/* ---- members of an attribute ---- */

typedef enum Role {
    ROLE_SUB, /* a sub-attribute */
    ROLE_TYPE,
    ROLE_VALUE,
    ROLE_OBSERVED,
    ROLE_EXPIRES,
    ROLE_UNIT,
    ROLE_DATASET,
    ROLE_OBJECT_TYPE,
    ROLE_VALUE_TYPE,
    ROLE_SEALED, /* of an ngsildproof only */
    ROLE_SYSTEM, /* made by the system: passed over (clause 4.8) */
    ROLE_ANSWER, /* stands in answers only */
    ROLE_CONTEXT,
} Role;

static const struct {
    Str name;
    Role role;
    AttrKind kind; /* of ROLE_VALUE */
} members[] = {
    {STR("type"), ROLE_TYPE, 0},
    {STR("value"), ROLE_VALUE, ATTR_PROPERTY},
    {STR("object"), ROLE_VALUE, ATTR_RELATIONSHIP},
    {STR("observedAt"), ROLE_OBSERVED, 0},
    {STR("unitCode"), ROLE_UNIT, 0},
    {STR("datasetId"), ROLE_DATASET, 0},
    {STR("languageMap"), ROLE_VALUE, ATTR_LANGUAGE},
    {STR("vocab"), ROLE_VALUE, ATTR_VOCAB},
    {STR("json"), ROLE_VALUE, ATTR_JSON},
    {STR("valueList"), ROLE_VALUE, ATTR_LIST},
    {STR("objectList"), ROLE_VALUE, ATTR_LIST_RELATIONSHIP},
    {STR("objectType"), ROLE_OBJECT_TYPE, 0},
    {STR("valueType"), ROLE_VALUE_TYPE, 0},
    {STR("expiresAt"), ROLE_EXPIRES, 0},
    {STR("createdAt"), ROLE_SYSTEM, 0},
    {STR("modifiedAt"), ROLE_SYSTEM, 0},
    {STR("deletedAt"), ROLE_SYSTEM, 0},
    {STR("instanceId"), ROLE_SYSTEM, 0},
    {STR("entityIdSealed"), ROLE_SEALED, 0},
    {STR("entityTypeSealed"), ROLE_SEALED, 0},
    {STR("lang"), ROLE_ANSWER, 0},
    {STR("entity"), ROLE_ANSWER, 0},
    {STR("entityList"), ROLE_ANSWER, 0},
    {STR("previousValue"), ROLE_ANSWER, 0},
    {STR("previousObject"), ROLE_ANSWER, 0},
    {STR("previousLanguageMap"), ROLE_ANSWER, 0},
    {STR("previousVocab"), ROLE_ANSWER, 0},
    {STR("previousJson"), ROLE_ANSWER, 0},
    {STR("previousValueList"), ROLE_ANSWER, 0},
    {STR("previousObjectList"), ROLE_ANSWER, 0},
    {STR("@type"), ROLE_TYPE, 0},
    {STR("@context"), ROLE_CONTEXT, 0},
};

static Role role_of(Str name, AttrKind *kind) {
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!str_eq(members[i].name, name)) continue;
        *kind = members[i].kind;
        return members[i].role;
    }
    return ROLE_SUB;
}

/* What an object says of itself before it is read. */
typedef struct Draft {
    AttrKind said; /* by its type; ATTR_UNSAID: no type, or one that is no kind of attribute */
    const Json *type;
    AttrKind shown; /* by its value member; ATTR_UNSAID: it has none */
    const Json *value;
    Str value_name;
    bool twice;  /* more than one value member, or type and @type */
    bool other;  /* members of an attribute other than these */
    Str surplus; /* the member too many */
} Draft;

static Draft draft_of(const Json *object) {
    Draft draft = {.said = ATTR_UNSAID, .shown = ATTR_UNSAID};
    for (uint32_t i = 0; i < object->len; i++) {
        const JsonMember *member = &object->value.members[i];
        AttrKind kind = ATTR_UNSAID;
        Role role = role_of(member->name, &kind);
        if ((role == ROLE_TYPE && draft.type) || (role == ROLE_VALUE && draft.value)) {
            draft.twice = true;
            draft.surplus = member->name;
        } else if (role == ROLE_TYPE) {
            draft.type = &member->value;
            draft.said = entity_kind_of(json_str(&member->value));
        } else if (role == ROLE_VALUE) {
            draft.value = &member->value;
            draft.value_name = member->name;
            draft.shown = kind;
        } else {
            draft.other = draft.other || (role != ROLE_SUB && role != ROLE_CONTEXT);
        }
    }
    return draft;
}

/* True for an object that is an instance of an attribute by its own members, whatever the form. */
static bool is_instance(const Json *json) {
    if (json->kind != JSON_OBJECT || json_get(json, STR("@value"))) return false;
    if (entity_value_is_geometry(json)) return false;
    Draft draft = draft_of(json);
    return draft.said != ATTR_UNSAID || draft.value;
}

/* True when the json is to be read member by member, false when it is the value itself (concise,
 * clause 4.5.2.3). */
static bool reads_as_instance(const EntityReader *reader, const Json *json) {
    if (is_instance(json)) return true;
    if (json->kind != JSON_OBJECT || json_get(json, STR("@value"))) return false;
    if (entity_value_is_geometry(json)) return false;
    Draft draft = draft_of(json);
    if (draft.type) return false; /* {"type": "PostalAddress", ...}: a value of a type of its own */
    return reader->form == ENTITY_FRAGMENT || draft.other;
}

/* ---- times, types ---- */

Rc entity_attr_time(const EntityReader *reader, const EntityPath *path, const Json *value,
                    int64_t *out) {
    Str text = json_str(value);
    if (reader->form == ENTITY_FRAGMENT && str_eq(text, ENTITY_NULL)) {
        *out = ENTITY_TIME_NULL;
        return RC_OK;
    }
    if (value->kind != JSON_STRING || !str_ends(text, STR("Z")) || !time_parse(text, out))
        return entity_value_fail(reader->ctx, path, "bad-time",
                                 "A time is written in UTC as \"2025-04-01T09:00:00Z\".");
    return RC_OK;
}

static Rc type_push(const EntityReader *reader, const EntityPath *path, const Json *value,
                    StrVec *out) {
    Str name = json_str(value);
    if (value->kind != JSON_STRING || !entity_name_valid(name) || str_eq(name, ENTITY_NULL))
        return entity_value_fail(reader->ctx, path, "bad-type",
                                 "A type is a name: a letter, then letters, digits and _, or an "
                                 "IRI.");
    Str iri;
    TRY(entity_value_name(reader, path, name, &iri));
    VEC_EACH (Str, known, out)
        if (str_eq(*known, iri)) return RC_OK;
    vec_push(reader->ctx->arena, out, iri);
    return RC_OK;
}

Rc entity_attr_types(const EntityReader *reader, const EntityPath *path, const Json *value,
                     StrVec *out) {
    if (value->kind != JSON_ARRAY) return type_push(reader, path, value, out);
    if (value->len == 0 || value->len > 100)
        return entity_value_fail(reader->ctx, path, "bad-type", "Name 1 to 100 types.");
    for (uint32_t i = 0; i < value->len; i++)
        TRY(type_push(reader, &(EntityPath){.up = path, .index = i}, json_at(value, i), out));
    return RC_OK;
}

/* ---- values ---- */

static bool null_allowed(const EntityReader *reader) {
    return reader->form == ENTITY_FRAGMENT || (reader->form == ENTITY_ATTRS && reader->depth == 0);
}

static Rc no_null(const EntityReader *reader, const EntityPath *path) {
    return entity_value_fail(reader->ctx, path, "null-not-allowed",
                             "null and \"urn:ngsi-ld:null\" are no values: leave the member out. "
                             "The latter removes something in updates only.");
}

static Rc check_uri(const EntityReader *reader, const EntityPath *path, const Json *value) {
    Str uri = json_str(value);
    if (value->kind != JSON_STRING || !ld_is_iri(uri))
        return entity_value_fail(
            reader->ctx, path, "bad-uri",
            "This is a URI, such as \"urn:ngsi-ld:Park:7\", of at most 2048 bytes.");
    return str_eq(uri, ENTITY_NULL) ? no_null(reader, path) : RC_OK;
}

static Rc property_value(const EntityReader *reader, const EntityPath *path, Attr *attr) {
    if (entity_value_has_null(attr->value, reader->form != ENTITY_FRAGMENT, true))
        return no_null(reader, path);
    return RC_OK;
}

/* A geometry may come as a string that holds one (clause 4.7.2); it is kept as the object. */
static Rc geo_value(const EntityReader *reader, const EntityPath *path, Attr *attr) {
    if (attr->value->kind == JSON_STRING &&
        json_read(reader->ctx, json_str(attr->value), JSON_LIMITS_DEFAULT, &attr->value) != RC_OK)
        return entity_value_fail(reader->ctx, path, "bad-geometry",
                                 "The value of a GeoProperty is a GeoJSON geometry.");
    return entity_value_geometry(reader->ctx, path, attr->value);
}

static Rc relationship_value(const EntityReader *reader, const EntityPath *path, Attr *attr) {
    const Json *value = attr->value;
    if (value->kind != JSON_ARRAY) return check_uri(reader, path, value);
    if (value->len == 0)
        return entity_value_fail(reader->ctx, path, "bad-uri", "Name at least one object.");
    for (uint32_t i = 0; i < value->len; i++)
        TRY(check_uri(reader, &(EntityPath){.up = path, .index = i}, json_at(value, i)));
    return RC_OK;
}

static Rc language_value(const EntityReader *reader, const EntityPath *path, Attr *attr) {
    bool allowed = reader->form == ENTITY_FRAGMENT;
    return entity_value_language_map(reader->ctx, path, attr->value, allowed);
}

static Rc vocab_one(const EntityReader *reader, const EntityPath *path, const Json *value,
                    Json *out) {
    Str term = json_str(value);
    if (value->kind != JSON_STRING || term.len == 0)
        return entity_value_fail(reader->ctx, path, "bad-vocab",
                                 "A vocab is a term or an array of terms.");
    if (str_eq(term, ENTITY_NULL)) return no_null(reader, path);
    *out = json_of_str(ld_expand(reader->context, reader->ctx->arena, term));
    return RC_OK;
}

static Rc vocab_value(const EntityReader *reader, const EntityPath *path, Attr *attr) {
    Arena *arena = reader->ctx->arena;
    const Json *value = attr->value;
    Json *whole = NEW(arena, Json);
    attr->value = whole;
    if (value->kind != JSON_ARRAY) return vocab_one(reader, path, value, whole);
    if (value->len == 0)
        return entity_value_fail(reader->ctx, path, "bad-vocab", "Name at least one term.");
    Json *items = NEW_ARRAY(arena, Json, value->len);
    for (uint32_t i = 0; i < value->len; i++)
        TRY(vocab_one(reader, &(EntityPath){.up = path, .index = i}, json_at(value, i), &items[i]));
    *whole = json_of_items(items, value->len);
    return RC_OK;
}

static Rc json_value_check(const EntityReader *reader, const EntityPath *path, Attr *attr) {
    if (attr->value->kind == JSON_OBJECT || attr->value->kind == JSON_ARRAY) return RC_OK;
    return entity_value_fail(reader->ctx, path, "bad-json",
                             "The json of a JsonProperty is an object or an array.");
}

static Rc list_value(const EntityReader *reader, const EntityPath *path, Attr *attr) {
    if (attr->value->kind != JSON_ARRAY)
        return entity_value_fail(reader->ctx, path, "bad-list", "A valueList is an array.");
    return property_value(reader, path, attr);
}

/* Elements are URIs or {"object": URI}; kept as URIs. */
static Rc object_list_value(const EntityReader *reader, const EntityPath *path, Attr *attr) {
    const Json *value = attr->value;
    if (value->kind != JSON_ARRAY)
        return entity_value_fail(reader->ctx, path, "bad-list", "An objectList is an array.");
    Json *items = NEW_ARRAY(reader->ctx->arena, Json, value->len);
    for (uint32_t i = 0; i < value->len; i++) {
        const Json *item = json_at(value, i), *inner = json_get(item, STR("object"));
        if (inner && item->len == 1) item = inner;
        TRY(check_uri(reader, &(EntityPath){.up = path, .index = i}, item));
        items[i] = *item;
    }
    Json *list = NEW(reader->ctx->arena, Json);
    *list = json_of_items(items, value->len);
    attr->value = list;
    return RC_OK;
}

typedef Rc (*ValueRead)(const EntityReader *reader, const EntityPath *path, Attr *attr);
static const ValueRead value_reads[] = {
    [ATTR_PROPERTY] = property_value,
    [ATTR_GEO] = geo_value,
    [ATTR_RELATIONSHIP] = relationship_value,
    [ATTR_LANGUAGE] = language_value,
    [ATTR_VOCAB] = vocab_value,
    [ATTR_JSON] = json_value_check,
    [ATTR_LIST] = list_value,
    [ATTR_LIST_RELATIONSHIP] = object_list_value,
};

Rc entity_attr_value(const EntityReader *reader, const EntityPath *path, const Json *value,
                     Attr *attr) {
    attr->value = value;
    if (value->kind == JSON_NULL) return no_null(reader, path);
    if (entity_attr_null(attr)) return null_allowed(reader) ? RC_OK : no_null(reader, path);
    return value_reads[attr->kind](reader, path, attr);
}

/* ---- members ---- */

static Rc misplaced(const EntityReader *reader, const EntityPath *path, AttrKind kind) {
    return ctx_fail(
        reader->ctx, RC_INVALID, "misplaced-member", entity_path_text(reader->ctx->arena, path),
        "A " STR_FMT " never has this member (clause 4.5).", STR_ARG(entity_kind(kind)->name));
}

static bool is_relation(AttrKind kind) {
    return kind == ATTR_RELATIONSHIP || kind == ATTR_LIST_RELATIONSHIP;
}

static Rc read_unit(const EntityReader *reader, const EntityPath *path, const Json *value,
                    Attr *attr) {
    static const bool unitless[ATTR_UNSAID + 1] = {
        [ATTR_RELATIONSHIP] = true, [ATTR_LANGUAGE] = true,          [ATTR_VOCAB] = true,
        [ATTR_JSON] = true,         [ATTR_LIST_RELATIONSHIP] = true,
    };
    if (unitless[attr->kind]) return misplaced(reader, path, attr->kind);
    attr->unit_code = json_str(value);
    bool null = str_eq(attr->unit_code, ENTITY_NULL) && reader->form != ENTITY_FRAGMENT;
    if (attr->unit_code.len == 0 || null)
        return entity_value_fail(reader->ctx, path, "bad-unit",
                                 "A unit is a UN/CEFACT code, such as \"MTR\".");
    return RC_OK;
}

static Rc read_dataset(const EntityReader *reader, const EntityPath *path, const Json *value,
                       Attr *attr) {
    if (str_eq(json_str(value), STR("@none"))) return RC_OK;
    TRY(check_uri(reader, path, value));
    attr->dataset_id = json_str(value);
    return RC_OK;
}

static Rc read_object_type(const EntityReader *reader, const EntityPath *path, const Json *value,
                           Attr *attr) {
    if (attr->kind != ATTR_UNSAID && !is_relation(attr->kind))
        return misplaced(reader, path, attr->kind);
    return entity_attr_types(reader, path, value, &attr->object_types);
}

static Rc read_value_type(const EntityReader *reader, const EntityPath *path, const Json *value,
                          Attr *attr) {
    if (is_relation(attr->kind)) return misplaced(reader, path, attr->kind);
    StrVec types = {0};
    if (value->kind != JSON_STRING)
        return entity_value_fail(reader->ctx, path, "bad-type", "A valueType is one type.");
    TRY(entity_attr_types(reader, path, value, &types));
    attr->value_type = types.items[0];
    Str text = STR("http://www.w3.org/1999/02/22-rdf-syntax-ns#langString");
    if (attr->kind == ATTR_LANGUAGE && !str_eq(attr->value_type, text))
        return entity_value_fail(reader->ctx, path, "bad-type",
                                 "The valueType of a LanguageProperty is langString.");
    return RC_OK;
}

/* The two members of a proof that are plain strings (clause 4.5.2.2); kept as sub-attributes. */
static Rc read_sealed(const EntityReader *reader, const EntityPath *path, const Json *value,
                      Attr *attr) {
    if (!str_eq(attr->name, STR(LD_NGSI "ngsildproof"))) return misplaced(reader, path, attr->kind);
    if (value->kind != JSON_STRING)
        return entity_value_fail(reader->ctx, path, "bad-proof", "This is a string.");
    Arena *arena = reader->ctx->arena;
    bool type = str_eq(path->name, STR("entityTypeSealed"));
    Str text = type ? ld_expand(reader->context, arena, json_str(value)) : json_str(value);
    Attr *sub = vec_push(
        arena, &attr->subs,
        entity_attr_blank(type ? STR(LD_NGSI "entityTypeSealed") : STR(LD_NGSI "entityIdSealed"),
                          type ? ATTR_VOCAB : ATTR_PROPERTY));
    Json *kept = NEW(arena, Json);
    *kept = json_of_str(text);
    sub->value = kept;
    return RC_OK;
}

static Rc read_sub(const EntityReader *reader, const EntityPath *path, const Json *value,
                   Attr *attr) {
    Str iri;
    TRY(entity_value_name(reader, path, path->name, &iri));
    if (reader->depth + 1 >= ENTITY_SUBS_DEPTH)
        return entity_value_fail(reader->ctx, path, "too-deep",
                                 "Attributes stand at most 16 levels within one another.");
    AttrKind kind;
    if (role_of(entity_core_term(reader->ctx->arena, iri), &kind) != ROLE_SUB)
        return entity_value_fail(reader->ctx, path, "misplaced-member",
                                 "This core term is no name of an attribute (clause 4.5.1).");
    if (map_has(reader->subs, iri))
        return entity_value_fail(reader->ctx, path, "name-twice",
                                 "This is the same attribute as one before.");
    map_put(reader->subs, iri, attr);
    EntityReader inner = *reader;
    inner.depth++;
    return entity_attr_read(&inner, path, iri, value, &attr->subs);
}

static Rc read_member(const EntityReader *reader, const EntityPath *path, const Json *value,
                      Attr *attr) {
    AttrKind kind;
    switch (role_of(path->name, &kind)) {
    case ROLE_TYPE:
    case ROLE_VALUE: /* by the draft */
    case ROLE_SYSTEM:
        return RC_OK;
    case ROLE_OBSERVED:
        return entity_attr_time(reader, path, value, &attr->observed_at);
    case ROLE_EXPIRES:
        return entity_attr_time(reader, path, value, &attr->expires_at);
    case ROLE_UNIT:
        return read_unit(reader, path, value, attr);
    case ROLE_DATASET:
        return read_dataset(reader, path, value, attr);
    case ROLE_OBJECT_TYPE:
        return read_object_type(reader, path, value, attr);
    case ROLE_VALUE_TYPE:
        return read_value_type(reader, path, value, attr);
    case ROLE_SEALED:
        return read_sealed(reader, path, value, attr);
    case ROLE_SUB:
        return read_sub(reader, path, value, attr);
    case ROLE_CONTEXT:
        if (reader->resource && reader->depth == 0) return RC_OK;
        break;
    case ROLE_ANSWER:
        break;
    }
    return entity_value_fail(reader->ctx, path, "misplaced-member",
                             "An attribute never brings this member.");
}

/* ---- instances ---- */

/* The kind by type and value member, which must agree. */
static Rc kind_of(const EntityReader *reader, const EntityPath *path, const Draft *draft,
                  AttrKind *out) {
    Ctx *ctx = reader->ctx;
    if (draft->twice)
        return entity_value_fail(ctx, &(EntityPath){.up = path, .name = draft->surplus},
                                 "misplaced-member", "An attribute has one type and one value.");
    if (draft->type && draft->said == ATTR_UNSAID)
        return entity_value_fail(ctx, &(EntityPath){.up = path, .name = STR("type")}, "bad-type",
                                 "The type of an attribute is Property, GeoProperty, Relationship, "
                                 "LanguageProperty, VocabProperty, JsonProperty, ListProperty or "
                                 "ListRelationship.");
    *out = draft->said != ATTR_UNSAID ? draft->said : draft->shown;
    if (!draft->type && draft->shown == ATTR_PROPERTY && entity_value_is_geometry(draft->value))
        *out = ATTR_GEO;
    if (draft->value && !str_eq(entity_kind(*out)->member, draft->value_name))
        return misplaced(reader, &(EntityPath){.up = path, .name = draft->value_name}, *out);
    if (draft->value || reader->form == ENTITY_FRAGMENT) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "value-missing", entity_path_text(ctx->arena, path),
                    "A " STR_FMT " has a member " STR_FMT ".",
                    STR_ARG(entity_kind(*out == ATTR_UNSAID ? ATTR_PROPERTY : *out)->name),
                    STR_ARG(entity_kind(*out == ATTR_UNSAID ? ATTR_PROPERTY : *out)->member));
}

Rc entity_attr_geo_name(const EntityReader *reader, const EntityPath *path, const Attr *attr) {
    static const Str names[] = {STR(LD_NGSI "location"), STR(LD_NGSI "observationSpace"),
                                STR(LD_NGSI "operationSpace")};
    if (attr->kind == ATTR_GEO || attr->kind == ATTR_UNSAID || entity_attr_null(attr)) return RC_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(names[i], attr->name))
            return entity_value_fail(reader->ctx, &(EntityPath){.up = path, .name = STR("type")},
                                     "bad-type", "This attribute is a GeoProperty (clause 4.7.1).");
    return RC_OK;
}

static Rc read_instance(const EntityReader *reader, const EntityPath *path, const Json *object,
                        Attr *attr) {
    Draft draft = draft_of(object);
    TRY(kind_of(reader, path, &draft, &attr->kind));
    if (draft.value)
        TRY(entity_attr_value(reader, &(EntityPath){.up = path, .name = draft.value_name},
                              draft.value, attr));
    Map subs = map_new(reader->ctx->arena);
    EntityReader own = *reader;
    own.subs = &subs;
    for (uint32_t i = 0; i < object->len; i++) {
        const JsonMember *member = &object->value.members[i];
        TRY(read_member(&own, &(EntityPath){.up = path, .name = member->name}, &member->value,
                        attr));
    }
    return entity_attr_geo_name(reader, path, attr);
}

/* The value itself stands for the attribute. */
static Rc read_bare(const EntityReader *reader, const EntityPath *path, const Json *value,
                    Attr *attr) {
    attr->kind = entity_value_is_geometry(value) ? ATTR_GEO : ATTR_PROPERTY;
    TRY(entity_attr_value(reader, path, value, attr));
    if (entity_attr_null(attr)) attr->kind = ATTR_UNSAID;
    return entity_attr_geo_name(reader, path, attr);
}

Rc entity_attr_push(const EntityReader *reader, const EntityPath *path, const Attr *attr,
                    Attrs *out) {
    size_t max = reader->form == ENTITY_TEMPORAL ? DELTA_ATTRS_MAX : ENTITY_ATTRS_MAX;
    if (++*reader->count > max)
        return ctx_fail(reader->ctx, RC_LIMIT, "too-large",
                        entity_path_text(reader->ctx->arena, path),
                        "At most %zu attributes are taken at once, instances and sub-attributes "
                        "counted in: send them in several requests.",
                        max);
    vec_push(reader->ctx->arena, out, *attr);
    return RC_OK;
}

static Rc read_one(const EntityReader *reader, const EntityPath *path, Str iri, const Json *json,
                   Attrs *out) {
    Attr attr = entity_attr_blank(iri, ATTR_PROPERTY);
    if (reads_as_instance(reader, json))
        TRY(read_instance(reader, path, json, &attr));
    else
        TRY(read_bare(reader, path, json, &attr));
    return entity_attr_push(reader, path, &attr, out);
}

/* No two instances of one datasetId, and the default one first (clause 4.5.5). */
static Rc settle_instances(const EntityReader *reader, const EntityPath *path, Attr *first,
                           size_t n) {
    Map seen = map_new(reader->ctx->arena);
    for (size_t i = 0; i < n; i++) {
        if (map_has(&seen, first[i].dataset_id))
            return entity_value_fail(reader->ctx, &(EntityPath){.up = path, .index = i},
                                     "dataset-twice",
                                     "Instances of an attribute differ by datasetId, and only one "
                                     "has none.");
        map_put(&seen, first[i].dataset_id, &first[i]);
    }
    for (size_t i = 1; i < n; i++) {
        if (first[i].dataset_id.len) continue;
        Attr head = first[i];
        memmove(first + 1, first, i * sizeof *first);
        first[0] = head;
    }
    return RC_OK;
}

static bool is_instances(const EntityReader *reader, const Json *json) {
    if (json->kind != JSON_ARRAY) return false;
    if (reader->form == ENTITY_TEMPORAL || json->len == 0) return true;
    for (uint32_t i = 0; i < json->len; i++)
        if (is_instance(&json->value.items[i])) return true;
    return false;
}

Rc entity_attr_read(const EntityReader *reader, const EntityPath *path, Str iri, const Json *json,
                    Attrs *out) {
    if (!is_instances(reader, json)) return read_one(reader, path, iri, json, out);
    if (json->len == 0)
        return entity_value_fail(reader->ctx, path, "value-missing",
                                 "An attribute has at least one instance.");
    size_t before = out->len;
    for (uint32_t i = 0; i < json->len; i++)
        TRY(read_one(reader, &(EntityPath){.up = path, .index = i}, iri, &json->value.items[i],
                     out));
    if (reader->form == ENTITY_TEMPORAL && reader->depth == 0) return RC_OK;
    return settle_instances(reader, path, out->items + before, json->len);
}
