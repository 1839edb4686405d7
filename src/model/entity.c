#include "model_int.h"

#include <string.h>

static const KindInfo kinds[] = {
    [ATTR_PROPERTY] = {STR("Property"), STR(LD_NGSI "Property"), STR("value"), STR("values")},
    [ATTR_GEO] = {STR("GeoProperty"), STR(LD_NGSI "GeoProperty"), STR("value"), STR("values")},
    [ATTR_RELATIONSHIP] = {STR("Relationship"), STR(LD_NGSI "Relationship"), STR("object"),
                           STR("objects")},
    [ATTR_LANGUAGE] = {STR("LanguageProperty"), STR(LD_NGSI "LanguageProperty"), STR("languageMap"),
                       STR("languageMaps")},
    [ATTR_VOCAB] = {STR("VocabProperty"), STR(LD_NGSI "VocabProperty"), STR("vocab"),
                    STR("vocabs")},
    [ATTR_JSON] = {STR("JsonProperty"), STR(LD_NGSI "JsonProperty"), STR("json"), STR("jsons")},
    [ATTR_LIST] = {STR("ListProperty"), STR(LD_NGSI "ListProperty"), STR("valueList"),
                   STR("valueLists")},
    [ATTR_LIST_RELATIONSHIP] = {STR("ListRelationship"), STR(LD_NGSI "ListRelationship"),
                                STR("objectList"), STR("objectLists")},
};

const KindInfo *entity_kind(AttrKind kind) {
    assert(kind < ATTR_UNSAID);
    return &kinds[kind];
}

AttrKind entity_kind_of(Str type) {
    for (size_t i = 0; i < ATTR_UNSAID; i++)
        if (str_eq(kinds[i].name, type) || str_eq(kinds[i].iri, type)) return (AttrKind)i;
    return ATTR_UNSAID;
}

const Attr *entity_attr_all(const Entity *entity, Str iri, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < entity->attrs.len; i++) {
        const Attr *first = &entity->attrs.items[i];
        if (!str_eq(first->name, iri)) continue;
        while (i + *n < entity->attrs.len && str_eq(first[*n].name, iri))
            (*n)++;
        return first;
    }
    return NULL;
}

const Attr *entity_attr_dataset(const Entity *entity, Str iri, Str dataset_id) {
    size_t n;
    const Attr *first = entity_attr_all(entity, iri, &n);
    for (size_t i = 0; i < n; i++)
        if (str_eq(first[i].dataset_id, dataset_id)) return &first[i];
    return NULL;
}

const Attr *entity_attr(const Entity *entity, Str iri) {
    return entity_attr_dataset(entity, iri, STR_NONE);
}

bool entity_has_type(const Entity *entity, Str iri) {
    VEC_EACH (Str, type, &entity->types)
        if (str_eq(*type, iri)) return true;
    return false;
}

Str entity_text(const Entity *entity, Str iri) {
    const Attr *attr = entity_attr(entity, iri);
    return attr ? json_str(attr->value) : STR_NONE;
}

int64_t entity_int(const Entity *entity, Str iri, int64_t otherwise) {
    const Attr *attr = entity_attr(entity, iri);
    if (!attr || !attr->value || attr->value->kind != JSON_NUMBER || !attr->value->is_int)
        return otherwise;
    return attr->value->value.integer;
}

/* ---- the NGSI-LD Null, and equality ---- */

static bool is_null_text(const Json *value) {
    return value && value->kind == JSON_STRING && str_eq(json_str(value), ENTITY_NULL);
}

bool entity_value_has_null(const Json *value, bool ngsi_null, bool json_null) {
    if (!value) return false;
    if (value->kind == JSON_NULL) return json_null;
    if (value->kind == JSON_STRING) return ngsi_null && is_null_text(value);
    if (value->kind == JSON_ARRAY) {
        for (uint32_t i = 0; i < value->len; i++)
            if (entity_value_has_null(&value->value.items[i], ngsi_null, json_null)) return true;
    } else if (value->kind == JSON_OBJECT) {
        for (uint32_t i = 0; i < value->len; i++)
            if (entity_value_has_null(&value->value.members[i].value, ngsi_null, json_null))
                return true;
    }
    return false;
}

bool entity_attr_null(const Attr *attr) {
    if (!attr->value || attr->kind == ATTR_JSON) return false;
    if (is_null_text(attr->value)) return true;
    if (attr->kind == ATTR_LANGUAGE) return is_null_text(json_get(attr->value, STR("@none")));
    bool list = attr->kind == ATTR_LIST || attr->kind == ATTR_LIST_RELATIONSHIP;
    return list && attr->value->len == 1 && is_null_text(json_at(attr->value, 0));
}

bool entity_attr_null_inside(const Attr *attr) {
    if (attr->kind == ATTR_JSON || entity_attr_null(attr)) return false;
    return entity_value_has_null(attr->value, true, false);
}

static bool same_texts(const StrVec *a, const StrVec *b) {
    if (a->len != b->len) return false;
    for (size_t i = 0; i < a->len; i++)
        if (!str_eq(a->items[i], b->items[i])) return false;
    return true;
}

static bool same_value(const Json *a, const Json *b) {
    if (!a || !b) return a == b;
    return a == b || json_equal(a, b);
}

static bool same_subs(const Attrs *a, const Attrs *b) {
    if (a->len != b->len) return false;
    for (size_t i = 0; i < a->len; i++) {
        const Attr *sub = &a->items[i], *other = &b->items[i]; /* mostly in the same order */
        if (!str_eq(sub->name, other->name) || !str_eq(sub->dataset_id, other->dataset_id))
            other = entity_attr_dataset(&(Entity){.attrs = *b}, sub->name, sub->dataset_id);
        if (!other || !entity_attr_same(sub, other)) return false;
    }
    return true;
}

bool entity_attr_same(const Attr *a, const Attr *b) {
    return a->kind == b->kind && a->observed_at == b->observed_at &&
           a->expires_at == b->expires_at && a->deleted_at == b->deleted_at &&
           str_eq(a->name, b->name) && str_eq(a->dataset_id, b->dataset_id) &&
           str_eq(a->unit_code, b->unit_code) && str_eq(a->value_type, b->value_type) &&
           same_texts(&a->object_types, &b->object_types) && same_value(a->value, b->value) &&
           same_subs(&a->subs, &b->subs);
}

/* ---- builders and copies ---- */

Attr entity_attr_blank(Str name, AttrKind kind) {
    return (Attr){.name = name,
                  .kind = kind,
                  .observed_at = TIME_NONE,
                  .created_at = TIME_NONE,
                  .modified_at = TIME_NONE,
                  .deleted_at = TIME_NONE,
                  .expires_at = TIME_NONE};
}

bool entity_id_ok(Str id) {
    return id.len <= ENTITY_ID_MAX && ld_is_iri(id) && !str_eq(id, ENTITY_NULL);
}

Entity *entity_new(Arena *arena, Str id, Str type_iri) {
    Entity *entity = NEW(arena, Entity);
    entity->id = str_dup(arena, id);
    if (type_iri.len) vec_push(arena, &entity->types, str_dup(arena, type_iri));
    entity->created_at = entity->modified_at = TIME_NONE;
    entity->deleted_at = entity->expires_at = TIME_NONE;
    return entity;
}

Attr *entity_set_kind(Arena *arena, Entity *entity, AttrKind kind, Str iri, Json value) {
    Attr *attr = (Attr *)entity_attr(entity, iri);
    if (!attr) attr = vec_push(arena, &entity->attrs, entity_attr_blank(str_dup(arena, iri), kind));
    *attr = entity_attr_blank(attr->name, kind);
    attr->value = json_dup(arena, &value);
    return attr;
}

Attr *entity_set(Arena *arena, Entity *entity, Str iri, Json value) {
    return entity_set_kind(arena, entity, ATTR_PROPERTY, iri, value);
}

static StrVec texts_dup(Arena *arena, const StrVec *texts) {
    StrVec copy = {0};
    VEC_EACH (Str, text, texts)
        vec_push(arena, &copy, str_dup(arena, *text));
    return copy;
}

static Attrs attrs_dup(Arena *arena, const Attrs *attrs) {
    Attrs copy = {0};
    if (attrs->len == 0) return copy;
    copy.items = NEW_ARRAY(arena, Attr, attrs->len);
    copy.len = copy.cap = attrs->len;
    for (size_t i = 0; i < attrs->len; i++)
        copy.items[i] = entity_attr_dup(arena, &attrs->items[i]);
    return copy;
}

Attr entity_attr_dup(Arena *arena, const Attr *attr) {
    Attr copy = *attr;
    copy.name = str_dup(arena, attr->name);
    copy.dataset_id = str_dup(arena, attr->dataset_id);
    copy.unit_code = str_dup(arena, attr->unit_code);
    copy.value_type = str_dup(arena, attr->value_type);
    copy.instance_id = str_dup(arena, attr->instance_id);
    copy.value = attr->value ? json_dup(arena, attr->value) : NULL;
    copy.object_types = texts_dup(arena, &attr->object_types);
    copy.subs = attrs_dup(arena, &attr->subs);
    return copy;
}

Entity *entity_dup(Arena *arena, const Entity *entity) {
    Entity *copy = NEW(arena, Entity);
    *copy = *entity;
    copy->id = str_dup(arena, entity->id);
    copy->types = texts_dup(arena, &entity->types);
    copy->scopes = texts_dup(arena, &entity->scopes);
    copy->attrs = attrs_dup(arena, &entity->attrs);
    copy->whole = NULL; /* may not last as long */
    memset(&copy->places, 0, sizeof copy->places);
    VEC_EACH (uint32_t, place, &entity->places)
        vec_push(arena, &copy->places, *place);
    return copy;
}

/* ---- bounds ---- */

static size_t attrs_count(const Attrs *attrs) {
    size_t n = attrs->len;
    VEC_EACH (Attr, attr, attrs)
        n += attrs_count(&attr->subs);
    return n;
}

size_t entity_attrs_count(const Entity *entity) {
    return attrs_count(&entity->attrs) + entity->types.len + entity->scopes.len;
}

enum {
    ESCAPED = 6,  /* a control character as JSON */
    BESIDE = 512, /* names of members, times and punctuation of an attribute or entity */
    NODE = 32,    /* a number, or what stands around a value */
};

static size_t json_most(const Json *value) {
    size_t bytes = NODE;
    if (value->kind == JSON_STRING || value->kind == JSON_NUMBER)
        return bytes + ESCAPED * (size_t)value->len;
    for (uint32_t i = 0; value->kind == JSON_ARRAY && i < value->len; i++)
        bytes += json_most(&value->value.items[i]);
    for (uint32_t i = 0; value->kind == JSON_OBJECT && i < value->len; i++)
        bytes +=
            ESCAPED * value->value.members[i].name.len + json_most(&value->value.members[i].value);
    return bytes;
}

static size_t texts_most(const StrVec *texts) {
    size_t bytes = 0;
    VEC_EACH (Str, text, texts)
        bytes += NODE + ESCAPED * text->len;
    return bytes;
}

static size_t attrs_most(const Attrs *attrs) {
    size_t bytes = 0;
    VEC_EACH (Attr, attr, attrs)
        bytes += BESIDE +
                 ESCAPED * (attr->name.len + attr->dataset_id.len + attr->unit_code.len +
                            attr->value_type.len + attr->instance_id.len) +
                 texts_most(&attr->object_types) + attrs_most(&attr->subs) +
                 (attr->value ? json_most(attr->value) : 0);
    return bytes;
}

size_t entity_bytes_most(const Entity *entity) {
    return BESIDE + ESCAPED * entity->id.len + texts_most(&entity->types) +
           texts_most(&entity->scopes) + attrs_most(&entity->attrs);
}

Rc entity_fits(Ctx *ctx, const Entity *entity, size_t changed) {
    enum { FEW = 64 };
    size_t n = entity_attrs_count(entity);
    if (n > ENTITY_ATTRS_MAX)
        return ctx_fail(ctx, RC_LIMIT, "too-large", entity->id,
                        "An entity has at most %d attributes, sub-attributes and types counted in, "
                        "this one would have %zu: make several of it.",
                        ENTITY_ATTRS_MAX, n);
    if (n <= FEW && changed < ENTITY_BYTES_MAX / FEW) return RC_OK;
    Buf stored = buf_new(ctx->arena, ENTITY_BYTES_MAX);
    entity_encode(&stored, entity);
    if (buf_rc(&stored) == RC_OK) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "too-large", entity->id,
                    "An entity takes at most %d MiB, this one would be larger: make several of it.",
                    ENTITY_BYTES_MAX >> 20);
}

/* ---- split and join ---- */

void entity_split(Arena *arena, const Entity *entity, const EntitySealing *sealing, Entity **clear,
                  Entity **secret) {
    Entity *open = NEW(arena, Entity), *shut = entity_new(arena, entity->id, STR_NONE);
    *open = *entity;
    memset(&open->attrs, 0, sizeof open->attrs);
    for (size_t i = 0; i < entity->attrs.len; i++) {
        const Attr *attr = &entity->attrs.items[i];
        if (sealing->sealed(sealing->arg, attr->name)) {
            vec_push(arena, &shut->attrs, *attr);
            vec_push(arena, &shut->places, (uint32_t)i);
        } else {
            vec_push(arena, &open->attrs, *attr);
        }
    }
    shut->version = entity->version;
    *clear = open;
    *secret = shut->attrs.len ? shut : NULL;
}

Entity *entity_join(Arena *arena, const Entity *clear, const Entity *secret) {
    Entity *whole = NEW(arena, Entity);
    *whole = *clear;
    if (!secret || secret->attrs.len == 0) return whole;
    size_t n = clear->attrs.len + secret->attrs.len, from_clear = 0, from_secret = 0;
    whole->attrs.items = NEW_ARRAY(arena, Attr, n);
    whole->attrs.len = whole->attrs.cap = n;
    for (size_t i = 0; i < n; i++) {
        bool due = from_secret < secret->places.len && secret->places.items[from_secret] <= i;
        bool shut = from_secret < secret->attrs.len && (due || from_clear == clear->attrs.len);
        whole->attrs.items[i] =
            shut ? secret->attrs.items[from_secret++] : clear->attrs.items[from_clear++];
    }
    return whole;
}

/* ---- what ends ---- */

bool entity_expires(const Entity *entity) {
    if (entity->expires_at != TIME_NONE) return true;
    VEC_EACH (Attr, attr, &entity->attrs)
        if (attr->expires_at != TIME_NONE) return true;
    return false;
}

static bool ended(int64_t expires_at, int64_t now) {
    return expires_at != TIME_NONE && expires_at <= now;
}

const Entity *entity_alive(Arena *arena, const Entity *entity, int64_t now) {
    if (ended(entity->expires_at, now)) return NULL;
    Entity *alive = NEW(arena, Entity);
    *alive = *entity;
    alive->attrs = (Attrs){0};
    VEC_EACH (Attr, attr, &entity->attrs)
        if (!ended(attr->expires_at, now)) vec_push(arena, &alive->attrs, *attr);
    return alive;
}
