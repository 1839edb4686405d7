/* The stored form of an entity: one compact JSON object, names expanded to IRIs, members of one
   letter, in the order below, those without content left out. Times are µs since 1970 UTC.
   README.md has the table. */
#include "model_int.h"

/* ---- writing ---- */

typedef struct Out {
    Buf *to;
    bool more; /* something stands before in this object */
} Out;

static void out_name(Out *out, char name) {
    char text[5] = {',', '"', name, '"', ':'};
    buf_add_bytes(out->to, out->more ? text : text + 1, out->more ? 5 : 4);
    out->more = true;
}

static void out_text(Out *out, char name, Str text) {
    if (text.len == 0) return;
    out_name(out, name);
    json_write_str(out->to, text);
}

static void out_time(Out *out, char name, int64_t t) {
    if (t == TIME_NONE) return;
    out_name(out, name);
    buf_add_i64(out->to, t);
}

static void out_texts(Out *out, char name, const StrVec *texts) {
    if (texts->len == 0) return;
    out_name(out, name);
    char before = '[';
    VEC_EACH (Str, text, texts) {
        buf_add_char(out->to, before);
        json_write_str(out->to, *text);
        before = ',';
    }
    buf_add_char(out->to, ']');
}

static void out_attrs(Out *out, const Attrs *attrs);

static void out_attr(Buf *to, const Attr *attr) {
    Out out = {to, false};
    buf_add_char(to, '{');
    out_text(&out, 'n', attr->name);
    if (attr->kind != ATTR_PROPERTY) {
        out_name(&out, 'k');
        buf_add_i64(to, attr->kind);
    }
    out_text(&out, 'd', attr->dataset_id);
    if (attr->value) {
        out_name(&out, 'v');
        json_write(to, attr->value);
    }
    out_text(&out, 'u', attr->unit_code);
    out_text(&out, 'y', attr->value_type);
    out_texts(&out, 'o', &attr->object_types);
    out_time(&out, 't', attr->observed_at);
    out_time(&out, 'c', attr->created_at);
    out_time(&out, 'm', attr->modified_at);
    out_time(&out, 'e', attr->deleted_at);
    out_time(&out, 'x', attr->expires_at);
    out_text(&out, 'i', attr->instance_id);
    out_attrs(&out, &attr->subs);
    buf_add_char(to, '}');
}

static void out_attrs(Out *out, const Attrs *attrs) {
    if (attrs->len == 0) return;
    out_name(out, 'a');
    char before = '[';
    VEC_EACH (Attr, attr, attrs) {
        buf_add_char(out->to, before);
        out_attr(out->to, attr);
        before = ',';
    }
    buf_add_char(out->to, ']');
}

void entity_encode(Buf *to, const Entity *entity) {
    Out out = {to, false};
    buf_add_char(to, '{');
    out_text(&out, 'i', entity->id);
    out_texts(&out, 't', &entity->types);
    out_texts(&out, 's', &entity->scopes);
    out_time(&out, 'c', entity->created_at);
    out_time(&out, 'm', entity->modified_at);
    out_time(&out, 'e', entity->deleted_at);
    out_time(&out, 'x', entity->expires_at);
    if (entity->version) {
        out_name(&out, 'v');
        buf_add_i64(to, (int64_t)entity->version);
    }
    out_attrs(&out, &entity->attrs);
    if (entity->places.len) {
        out_name(&out, 'w');
        char before = '[';
        VEC_EACH (uint32_t, place, &entity->places) {
            buf_add_char(to, before);
            buf_add_i64(to, *place);
            before = ',';
        }
        buf_add_char(to, ']');
    }
    buf_add_char(to, '}');
}

/* ---- reading ---- */

static Rc corrupt(Ctx *ctx, Str member) {
    return ctx_fail(ctx, RC_INVALID, "bad-record", member,
                    "The stored record of an entity is damaged here, or of a newer version.");
}

static bool in_text(const Json *value, Str *out) {
    *out = json_str(value);
    return value->kind == JSON_STRING;
}

static bool in_int(const Json *value, int64_t *out) {
    *out = value->value.integer;
    return value->kind == JSON_NUMBER && value->is_int;
}

static bool in_texts(Arena *arena, const Json *value, StrVec *out) {
    if (value->kind != JSON_ARRAY) return false;
    out->items = NEW_ARRAY(arena, Str, value->len + 1);
    out->len = value->len;
    out->cap = value->len + 1;
    for (uint32_t i = 0; i < value->len; i++)
        if (!in_text(&value->value.items[i], &out->items[i])) return false;
    return true;
}

static bool in_kind(const Json *value, AttrKind *out) {
    int64_t kind;
    if (!in_int(value, &kind) || kind < 0 || kind > ATTR_UNSAID) return false;
    *out = (AttrKind)kind;
    return true;
}

static Rc in_attrs(Ctx *ctx, const Json *value, Attrs *out);

/* One member of an attribute; false when its content is of another kind. */
static bool in_attr_member(Arena *arena, const JsonMember *member, Attr *attr) {
    const Json *value = &member->value;
    switch (member->name.ptr[0]) {
    case 'n':
        return in_text(value, &attr->name);
    case 'k':
        return in_kind(value, &attr->kind);
    case 'd':
        return in_text(value, &attr->dataset_id);
    case 'v':
        attr->value = value;
        return true;
    case 'u':
        return in_text(value, &attr->unit_code);
    case 'y':
        return in_text(value, &attr->value_type);
    case 'o':
        return in_texts(arena, value, &attr->object_types);
    case 't':
        return in_int(value, &attr->observed_at);
    case 'c':
        return in_int(value, &attr->created_at);
    case 'm':
        return in_int(value, &attr->modified_at);
    case 'e':
        return in_int(value, &attr->deleted_at);
    case 'x':
        return in_int(value, &attr->expires_at);
    case 'i':
        return in_text(value, &attr->instance_id);
    default:
        return false;
    }
}

static Rc in_attr(Ctx *ctx, const Json *value, Attr *attr) {
    if (value->kind != JSON_OBJECT) return corrupt(ctx, STR("a"));
    attr->kind = ATTR_PROPERTY;
    attr->observed_at = attr->created_at = attr->modified_at = TIME_NONE;
    attr->deleted_at = attr->expires_at = TIME_NONE;
    for (uint32_t i = 0; i < value->len; i++) {
        const JsonMember *member = &value->value.members[i];
        if (member->name.len != 1) return corrupt(ctx, member->name);
        if (member->name.ptr[0] == 'a')
            TRY(in_attrs(ctx, &member->value, &attr->subs));
        else if (!in_attr_member(ctx->arena, member, attr))
            return corrupt(ctx, member->name);
    }
    return attr->name.len ? RC_OK : corrupt(ctx, STR("n"));
}

static Rc in_attrs(Ctx *ctx, const Json *value, Attrs *out) {
    if (value->kind != JSON_ARRAY) return corrupt(ctx, STR("a"));
    /* A place to spare, since what is read is often changed next. */
    out->items = NEW_ARRAY(ctx->arena, Attr, value->len + 1);
    out->len = value->len;
    out->cap = value->len + 1;
    for (uint32_t i = 0; i < value->len; i++)
        TRY(in_attr(ctx, &value->value.items[i], &out->items[i]));
    return RC_OK;
}

static bool in_places(Arena *arena, const Json *value, Entity *entity) {
    if (value->kind != JSON_ARRAY) return false;
    for (uint32_t i = 0; i < value->len; i++) {
        int64_t place;
        if (!in_int(&value->value.items[i], &place) || place < 0 || place > UINT32_MAX)
            return false;
        vec_push(arena, &entity->places, (uint32_t)place);
    }
    return true;
}

static bool in_version(const Json *value, uint64_t *out) {
    int64_t version;
    if (!in_int(value, &version) || version < 0) return false;
    *out = (uint64_t)version;
    return true;
}

static bool in_entity_member(Arena *arena, const JsonMember *member, Entity *entity) {
    const Json *value = &member->value;
    switch (member->name.ptr[0]) {
    case 'i':
        return in_text(value, &entity->id);
    case 't':
        return in_texts(arena, value, &entity->types);
    case 's':
        return in_texts(arena, value, &entity->scopes);
    case 'c':
        return in_int(value, &entity->created_at);
    case 'm':
        return in_int(value, &entity->modified_at);
    case 'e':
        return in_int(value, &entity->deleted_at);
    case 'x':
        return in_int(value, &entity->expires_at);
    case 'v':
        return in_version(value, &entity->version);
    case 'w':
        return in_places(arena, value, entity);
    default:
        return false;
    }
}

Rc entity_codec_from_json(Ctx *ctx, const Json *stored, Entity **out) {
    if (stored->kind != JSON_OBJECT) return corrupt(ctx, STR_NONE);
    Entity *entity = entity_new(ctx->arena, STR_NONE, STR_NONE);
    for (uint32_t i = 0; i < stored->len; i++) {
        const JsonMember *member = &stored->value.members[i];
        if (member->name.len != 1) return corrupt(ctx, member->name);
        if (member->name.ptr[0] == 'a')
            TRY(in_attrs(ctx, &member->value, &entity->attrs));
        else if (!in_entity_member(ctx->arena, member, entity))
            return corrupt(ctx, member->name);
    }
    *out = entity;
    return RC_OK;
}

Rc entity_decode(Ctx *ctx, Str stored, Entity **out) {
    /* Read back what was once accepted: the limits are those of the reader's mechanics, not of a
     * request. */
    const Json *json;
    TRY(json_read(ctx, stored, (JsonLimits){.bytes = 256 << 20, .depth = 1000}, &json));
    return entity_codec_from_json(ctx, json, out);
}
