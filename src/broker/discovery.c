/* discovery: which types and attributes there are (clauses 5.7.5 to 5.7.10). Only what the actor
 * may read is told. */
#include "broker_int.h"

static const char *const attr_kind_names[] = {
    [ATTR_PROPERTY] = "Property",         [ATTR_GEO] = "GeoProperty",
    [ATTR_RELATIONSHIP] = "Relationship", [ATTR_LANGUAGE] = "LanguageProperty",
    [ATTR_VOCAB] = "VocabProperty",       [ATTR_JSON] = "JsonProperty",
    [ATTR_LIST] = "ListProperty",         [ATTR_LIST_RELATIONSHIP] = "ListRelationship",
};

static DataClass declared_class(const Request *request, Str type, Str attr) {
    Entity bare = {0};
    vec_push(request->ctx->arena, &bare.types, type);
    return dictionary_class(request->tenant->dictionary, &bare, attr);
}

static bool readable(const Request *request, Str type, Str attr) {
    GateAsk ask = {.action = ACT_READ,
                   .type = type,
                   .attr = attr,
                   .class = declared_class(request, type, attr)};
    return gate_permits(request->ctx, &ask);
}

/* Types and attributes that the actor may read, the rest taken out. */
static Rc types_read(Request *request, TypeCounts *out) {
    TypeCounts all;
    Arena *arena = request->ctx->arena;
    *out = (TypeCounts){0};
    TRY(project_types(request->ctx, request->tenant->project, &all));
    VEC_EACH (TypeCount, type, &all) {
        TypeAttrs attrs = {0};
        VEC_EACH (TypeAttr, attr, &type->attrs)
            if (readable(request, type->iri, attr->iri)) vec_push(arena, &attrs, *attr);
        if (!attrs.len && !readable(request, type->iri, STR_NONE)) continue;
        TypeCount *kept = vec_push(arena, out, *type);
        kept->attrs = attrs;
    }
    return RC_OK;
}

static Str short_name(const Request *request, Str iri) {
    return ld_compact(request->context, request->ctx->arena, iri);
}

static void names_write(JsonWriter *w, const Request *request, const TypeAttrs *attrs) {
    json_open(w, '[');
    VEC_EACH (TypeAttr, attr, attrs)
        json_text(w, short_name(request, attr->iri));
    json_close(w);
}

static void kinds_write(JsonWriter *w, unsigned kinds) {
    json_open(w, '[');
    for (unsigned kind = 0; kind < sizeof attr_kind_names / sizeof *attr_kind_names; kind++)
        if (kinds & 1u << kind) json_text(w, str_of(attr_kind_names[kind]));
    json_close(w);
}

static void member(JsonWriter *w, const char *name, Str value) {
    json_name(w, str_of(name));
    json_text(w, value);
}

static void list_id(JsonWriter *w, const Request *request, const char *kind) {
    Str random = rand_id(request->ctx->rand, request->ctx->arena, 26);
    member(w, "id", str_fmt(request->ctx->arena, "urn:ngsi-ld:%s:" STR_FMT, kind, STR_ARG(random)));
    member(w, "type", str_of(kind));
}

static void context_write(JsonWriter *w, const Request *request) {
    if (request->accept != ACCEPT_LD_JSON) return;
    json_name(w, STR("@context"));
    json_value(w, ld_context_source(request->context));
}

static void discovery_answer(Request *request, const Buf *body) {
    if (request->accept == ACCEPT_GEO_JSON) request->accept = ACCEPT_JSON;
    request_answer(request, 200, buf_str(body));
}

static bool details(const Request *request) {
    return str_eq(http_query_or(request->x, "details", STR_NONE), STR("true"));
}

/* ---- types ---- */

static void types_list(Request *request, const TypeCounts *types, Buf *body) {
    JsonWriter w = json_writer(body);
    json_open(&w, '{');
    list_id(&w, request, "EntityTypeList");
    json_name(&w, STR("typeList"));
    json_open(&w, '[');
    VEC_EACH (TypeCount, type, types)
        json_text(&w, short_name(request, type->iri));
    json_close(&w);
    context_write(&w, request);
    json_close(&w);
}

static void types_detailed(Request *request, const TypeCounts *types, Buf *body) {
    JsonWriter w = json_writer(body);
    json_open(&w, '[');
    VEC_EACH (TypeCount, type, types) {
        json_open(&w, '{');
        member(&w, "id", type->iri);
        member(&w, "type", STR("EntityType"));
        member(&w, "typeName", short_name(request, type->iri));
        json_name(&w, STR("attributeNames"));
        names_write(&w, request, &type->attrs);
        context_write(&w, request);
        json_close(&w);
    }
    json_close(&w);
}

static Rc types_open(HttpExchange *x, Request **request, TypeCounts *types) {
    TRY(request_open(x, request));
    return types_read(*request, types);
}

void discovery_types(HttpExchange *x) {
    Request *request;
    TypeCounts types;
    if (types_open(x, &request, &types) != RC_OK) {
        request_fail(request);
        return;
    }
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    (details(request) ? types_detailed : types_list)(request, &types, &body);
    discovery_answer(request, &body);
}

static void type_info(Request *request, const TypeCount *type, Buf *body) {
    JsonWriter w = json_writer(body);
    json_open(&w, '{');
    member(&w, "id", type->iri);
    member(&w, "type", STR("EntityTypeInfo"));
    member(&w, "typeName", short_name(request, type->iri));
    json_name(&w, STR("entityCount"));
    json_int(&w, type->entities);
    json_name(&w, STR("attributeDetails"));
    json_open(&w, '[');
    VEC_EACH (TypeAttr, attr, &type->attrs) {
        json_open(&w, '{');
        member(&w, "id", attr->iri);
        member(&w, "type", STR("Attribute"));
        member(&w, "attributeName", short_name(request, attr->iri));
        json_name(&w, STR("attributeTypes"));
        kinds_write(&w, attr->kinds);
        json_close(&w);
    }
    json_close(&w);
    context_write(&w, request);
    json_close(&w);
}

void discovery_type(HttpExchange *x) {
    Request *request;
    TypeCounts types;
    Rc rc = types_open(x, &request, &types);
    if (rc == RC_OK) {
        Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
        Str iri = ld_expand(request->context, request->ctx->arena, http_path_param(x, "type"));
        VEC_EACH (TypeCount, type, &types) {
            if (!str_eq(type->iri, iri)) continue;
            type_info(request, type, &body);
            discovery_answer(request, &body);
            return;
        }
        (void)ctx_fail(request->ctx, RC_NOT_FOUND, "no-type", STR("type"),
                       "There are no entities of this type.");
    }
    request_fail(request);
}

/* ---- attributes ---- */

/* One attribute over all types. */
typedef struct AttrUse {
    Str iri;
    unsigned kinds;
    int64_t entities; /* of the types that have it */
    StrVec types;
} AttrUse;
typedef VEC(AttrUse) AttrUses;

static AttrUse *use_of(Arena *arena, AttrUses *uses, Str iri) {
    VEC_EACH (AttrUse, use, uses)
        if (str_eq(use->iri, iri)) return use;
    return vec_push(arena, uses, (AttrUse){.iri = iri});
}

static void uses_of(Arena *arena, const TypeCounts *types, AttrUses *out) {
    VEC_EACH (TypeCount, type, types)
        VEC_EACH (TypeAttr, attr, &type->attrs) {
            AttrUse *use = use_of(arena, out, attr->iri);
            use->kinds |= attr->kinds;
            use->entities += type->entities;
            vec_push(arena, &use->types, type->iri);
        }
}

static void type_names(JsonWriter *w, const Request *request, const StrVec *types) {
    json_open(w, '[');
    for (size_t i = 0; i < types->len; i++)
        json_text(w, short_name(request, types->items[i]));
    json_close(w);
}

static void attrs_list(Request *request, const AttrUses *uses, Buf *body) {
    JsonWriter w = json_writer(body);
    json_open(&w, '{');
    list_id(&w, request, "AttributeList");
    json_name(&w, STR("attributeList"));
    json_open(&w, '[');
    VEC_EACH (AttrUse, use, uses)
        json_text(&w, short_name(request, use->iri));
    json_close(&w);
    context_write(&w, request);
    json_close(&w);
}

static void attr_write(JsonWriter *w, const Request *request, const AttrUse *use, bool whole) {
    json_open(w, '{');
    member(w, "id", use->iri);
    member(w, "type", STR("Attribute"));
    member(w, "attributeName", short_name(request, use->iri));
    json_name(w, STR("typeNames"));
    type_names(w, request, &use->types);
    if (whole) {
        json_name(w, STR("attributeCount"));
        json_int(w, use->entities);
        json_name(w, STR("attributeTypes"));
        kinds_write(w, use->kinds);
    }
    context_write(w, request);
    json_close(w);
}

static void attrs_detailed(Request *request, const AttrUses *uses, Buf *body) {
    JsonWriter w = json_writer(body);
    json_open(&w, '[');
    VEC_EACH (AttrUse, use, uses)
        attr_write(&w, request, use, false);
    json_close(&w);
}

void discovery_attrs(HttpExchange *x) {
    Request *request;
    TypeCounts types;
    AttrUses uses = {0};
    if (types_open(x, &request, &types) != RC_OK) {
        request_fail(request);
        return;
    }
    uses_of(request->ctx->arena, &types, &uses);
    Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
    (details(request) ? attrs_detailed : attrs_list)(request, &uses, &body);
    discovery_answer(request, &body);
}

void discovery_attr(HttpExchange *x) {
    Request *request;
    TypeCounts types;
    AttrUses uses = {0};
    Rc rc = types_open(x, &request, &types);
    if (rc == RC_OK) {
        Str iri = ld_expand(request->context, request->ctx->arena, http_path_param(x, "attrId"));
        Buf body = buf_new(request->ctx->arena, BROKER_ANSWER_MAX);
        JsonWriter w = json_writer(&body);
        uses_of(request->ctx->arena, &types, &uses);
        VEC_EACH (AttrUse, use, &uses) {
            if (!str_eq(use->iri, iri)) continue;
            attr_write(&w, request, use, true);
            discovery_answer(request, &body);
            return;
        }
        (void)ctx_fail(request->ctx, RC_NOT_FOUND, "no-attribute", STR("attrId"),
                       "No entity has this attribute.");
    }
    request_fail(request);
}
