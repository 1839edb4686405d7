#include "dictionary_int.h"

/* ---- looking up ---- */

const DictType *dictionary_type(const Dictionary *dictionary, Str iri) {
    const TypeEntry *entry = map_get(&dictionary->by_iri, iri);
    return entry ? &entry->type : NULL;
}

const DictType *dictionary_type_term(const Dictionary *dictionary, Str term) {
    const TypeEntry *entry = map_get(&dictionary->by_term, term);
    return entry ? &entry->type : NULL;
}

const DictAttr *dictionary_attr(const DictType *type, Str iri) {
    return map_get(&((const TypeEntry *)type)->attrs, iri);
}

size_t dictionary_count(const Dictionary *dictionary) {
    return dictionary->types.len;
}

const DictType *dictionary_at(const Dictionary *dictionary, size_t index) {
    return index < dictionary->types.len ? &dictionary->types.items[index]->type : NULL;
}

DataClass dictionary_class(const Dictionary *dictionary, const Entity *entity, Str attr_iri) {
    DataClass strictest = entity->types.len ? CLASS_OPEN : CLASS_INTERNAL;
    VEC_EACH (Str, iri, &entity->types) {
        const DictType *type = dictionary_type(dictionary, *iri);
        const DictAttr *attr = type ? dictionary_attr(type, attr_iri) : NULL;
        DataClass class = attr ? attr->class : type ? type->class : CLASS_INTERNAL;
        if (class > strictest) strictest = class;
    }
    return strictest;
}

Str dictionary_subject(const Dictionary *dictionary, const Entity *entity) {
    VEC_EACH (Str, iri, &entity->types) {
        const DictType *type = dictionary_type(dictionary, *iri);
        if (!type || type->subject.len == 0) continue;
        if (str_eq(type->subject, STR("@id"))) return entity->id;
        Str subject = entity_text(entity, type->subject);
        if (subject.len) return subject;
    }
    return STR_NONE;
}

Str dictionary_type_file(const DictType *type, const Entity *entity) {
    Str own = type->filed.len ? entity_text(entity, type->filed) : STR_NONE;
    return own.len ? own : type->retention;
}

Str dictionary_file(const Dictionary *dictionary, const Entity *entity) {
    for (size_t i = 0; dictionary && i < entity->types.len; i++) {
        const DictType *type = dictionary_type(dictionary, entity->types.items[i]);
        if (type && type->retention.len) return dictionary_type_file(type, entity);
    }
    return STR_NONE;
}

void dictionary_about(Arena *arena, const Dictionary *dictionary, const Entity *entity,
                      StrVec *out) {
    *out = (StrVec){0};
    VEC_EACH (Str, iri, &entity->types) {
        const DictType *type = dictionary_type(dictionary, *iri);
        const Attr *attr = type && type->about.len ? entity_attr(entity, type->about) : NULL;
        const Json *list = attr ? attr->value : NULL;
        for (size_t i = 0; list && list->kind == JSON_OBJECT && i < list->len; i++)
            vec_push(arena, out, list->value.members[i].name);
        for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->len; i++) {
            const Json *one = json_at(list, i);
            vec_push(arena, out,
                     one->kind == JSON_OBJECT ? json_get_str(one, "id") : json_str(one));
        }
    }
}

/* ---- validation ---- */

/* "09:00"; "24:00" is the end of a day. */
static bool is_clock(Str s) {
    if (s.len != 5 || s.ptr[2] != ':') return false;
    for (size_t i = 0; i < 5; i++)
        if (i != 2 && (s.ptr[i] < '0' || s.ptr[i] > '9')) return false;
    int hour = (s.ptr[0] - '0') * 10 + s.ptr[1] - '0',
        minute = (s.ptr[3] - '0') * 10 + s.ptr[4] - '0';
    return minute < 60 && (hour < 24 || (hour == 24 && minute == 0));
}

static bool is_date(Str s) {
    Date date;
    return time_parse_date(s, &date);
}

static bool is_time(Str s) {
    int64_t t;
    return time_parse(s, &t);
}

/* A date, time or clock may be said with its type: {"@type": ..., "@value": ...}. */
static const Json *value_said(ValueKind kind, const Json *value) {
    const Json *inner = json_get(value, STR("@value"));
    bool typed = kind == VALUE_DATE || kind == VALUE_TIME || kind == VALUE_CLOCK;
    return inner && typed ? inner : value;
}

bool dictionary_value_is(ValueKind kind, const Json *value) {
    value = value_said(kind, value);
    switch (kind) {
    case VALUE_TEXT:
    case VALUE_RELATION:
        return value->kind == JSON_STRING;
    case VALUE_INTEGER:
        return value->kind == JSON_NUMBER && value->is_int;
    case VALUE_NUMBER:
        return value->kind == JSON_NUMBER;
    case VALUE_BOOL:
        return value->kind == JSON_BOOL;
    case VALUE_DATE:
        return is_date(json_str(value));
    case VALUE_TIME:
        return is_time(json_str(value));
    case VALUE_CLOCK:
        return is_clock(json_str(value));
    case VALUE_LIST:
        return value->kind == JSON_ARRAY;
    case VALUE_POINT:
    case VALUE_OBJECT:
        return value->kind == JSON_OBJECT;
    case VALUE_CODE:
        break;
    }
    return value->kind != JSON_OBJECT; /* a code or several, compared next */
}

static bool is_code(const Json *codes, const Json *value) {
    for (uint32_t i = 0; i < codes->len; i++)
        if (json_equal(json_get(json_at(codes, i), STR("code")), value)) return true;
    return false;
}

static bool are_codes(const Json *codes, const Json *value) {
    if (!codes) return true;
    if (value->kind != JSON_ARRAY) return is_code(codes, value);
    for (uint32_t i = 0; i < value->len; i++)
        if (!is_code(codes, json_at(value, i))) return false;
    return true;
}

static Rc check_schema(Ctx *ctx, const DictAttr *attr, const Json *value) {
    if (!attr->schema || json_schema_check(ctx, attr->schema, value) == RC_OK) return RC_OK;
    Str inner = ctx->error.path;
    Str detail = ctx->error.detail;
    bool element = inner.len && inner.ptr[0] == '[';
    return ctx_fail(ctx, RC_INVALID, "bad-value",
                    str_fmt(ctx->arena, STR_FMT "%s" STR_FMT, STR_ARG(attr->term),
                            inner.len && !element ? "." : "", STR_ARG(inner)),
                    STR_FMT, STR_ARG(detail));
}

/* Codes of a VocabProperty are compared as terms are declared, so not here: its values are IRIs. */
static Rc check_instance(Ctx *ctx, const DictAttr *attr, const Attr *instance) {
    if (!instance->value || entity_attr_null(instance)) return RC_OK;
    if (instance->kind != attr->kind)
        return ctx_fail(ctx, RC_INVALID, "bad-kind", attr->term,
                        "This attribute is declared as a " STR_FMT ".",
                        STR_ARG(entity_kind(attr->kind)->name));
    bool formed = attr->kind != ATTR_PROPERTY || dictionary_value_is(attr->value, instance->value);
    if (!formed)
        return ctx_fail(ctx, RC_INVALID, "bad-value", attr->term,
                        "The value is of another kind than the dictionary declares for %.*s.",
                        STR_ARG(attr->label_en));
    bool coded = attr->kind != ATTR_VOCAB;
    if (coded && !are_codes(json_get(attr->source, STR("codes")), instance->value))
        return ctx_fail(ctx, RC_INVALID, "bad-code", attr->term,
                        "The value is none of the codes that the dictionary lists for %.*s.",
                        STR_ARG(attr->label_en));
    return check_schema(ctx, attr, instance->value);
}

static Rc check_type(Ctx *ctx, const DictType *type, const Entity *entity) {
    VEC_EACH (Attr, instance, &entity->attrs) {
        const DictAttr *attr = dictionary_attr(type, instance->name);
        if (attr) TRY(check_instance(ctx, attr, instance));
    }
    VEC_EACH (DictAttr, attr, &type->attrs) {
        size_t n;
        if (attr->required && !entity_attr_all(entity, attr->iri, &n))
            return ctx_fail(ctx, RC_INVALID, "attribute-missing", attr->term,
                            "A " STR_FMT " has this attribute: " STR_FMT ".", STR_ARG(type->term),
                            STR_ARG(attr->label_en));
    }
    return RC_OK;
}

Rc dictionary_check(Ctx *ctx, const Dictionary *dictionary, const Entity *entity) {
    VEC_EACH (Str, iri, &entity->types) {
        const DictType *type = dictionary_type(dictionary, *iri);
        if (!type && dictionary->strict)
            return ctx_fail(ctx, RC_INVALID, "type-undeclared", STR("type"),
                            "The dictionary declares no type " STR_FMT ", and this tenant accepts "
                            "no other ones.",
                            STR_ARG(*iri));
        if (type) TRY(check_type(ctx, type, entity));
    }
    return RC_OK;
}

/* ---- the context ---- */

static void map_term(Arena *arena, JsonMembers *terms, Map *seen, Str term, Str iri) {
    if (map_has(seen, term)) return;
    map_put(seen, term, (void *)iri.ptr);
    vec_push(arena, terms, (JsonMember){term, json_of_str(iri)});
}

const Json *dictionary_context(Arena *arena, const Dictionary *dictionary) {
    JsonMembers terms = {0};
    Map seen = map_new(arena);
    for (size_t i = 0; i < dictionary->types.len; i++) {
        const DictType *type = &dictionary->types.items[i]->type;
        map_term(arena, &terms, &seen, type->term, type->iri);
        VEC_EACH (DictAttr, attr, &type->attrs) {
            map_term(arena, &terms, &seen, attr->term, attr->iri);
            VEC_EACH (DictAttr, sub, &attr->subs)
                map_term(arena, &terms, &seen, sub->term, sub->iri);
        }
    }
    JsonMember *top = NEW(arena, JsonMember);
    *top = (JsonMember){STR("@context"), json_of_members(terms.items, terms.len)};
    Json *document = NEW(arena, Json);
    *document = json_of_members(top, 1);
    return document;
}
