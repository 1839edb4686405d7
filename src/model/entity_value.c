/* What a name and a value must be, and where in the payload one is. */
#include "model_int.h"

#include <unicode/uchar.h>

static void path_write(Buf *to, const EntityPath *path) {
    if (path->up) path_write(to, path->up);
    if (path->name.len == 0) {
        if (path->up) buf_addf(to, "[%zu]", path->index);
        return;
    }
    if (to->len) buf_add_char(to, '.');
    buf_add(to, path->name);
}

Str entity_path_text(Arena *arena, const EntityPath *path) {
    if (!path) return STR_NONE;
    Buf text = buf_new(arena, 1 << 16);
    path_write(&text, path);
    return buf_str(&text);
}

Rc entity_value_fail(Ctx *ctx, const EntityPath *path, const char *code, const char *sentence) {
    return ctx_fail(ctx, RC_INVALID, code, entity_path_text(ctx->arena, path), "%s", sentence);
}

/* ---- names ---- */

static bool is_letter(int32_t c) {
    return c < 0x80 ? (c | 0x20) >= 'a' && (c | 0x20) <= 'z'
                    : (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_M_MASK)) != 0;
}

static bool is_letter_or_number(int32_t c) {
    if (c < 0x80 && c >= '0' && c <= '9') return true;
    return is_letter(c) || (c >= 0x80 && (U_GET_GC_MASK(c) & U_GC_N_MASK) != 0);
}

/* A letter, then letters, digits, '_' and those of `also`. */
static bool is_name(Str name, Str also) {
    int32_t c = str_utf8_next(&name);
    if (c < 0 || !is_letter(c)) return false;
    while ((c = str_utf8_next(&name)) >= 0) {
        bool allowed = c == '_' || (c < 0x80 && str_find_char(also, (char)c) >= 0);
        if (!allowed && !is_letter_or_number(c)) return false;
    }
    return true;
}

bool entity_name_valid(Str name) {
    if (name.len == 0 || name.ptr[0] == '@') return false;
    ptrdiff_t colon = str_find_char(name, ':');
    if (colon < 0) return is_name(name, STR("-."));
    Str prefix = str_sub(name, 0, (size_t)colon);
    Str rest = str_sub(name, (size_t)colon + 1, name.len);
    if (is_name(prefix, STR("-.")) && is_name(rest, STR("-."))) return true;
    return ld_is_iri(name);
}

/* An IRI of the default context is answered as the term behind it, so that has to be a name. */
static bool answers_name(Str name) {
    Str term = str_sub(name, sizeof LD_DEFAULT - 1, name.len);
    return !str_starts(name, STR(LD_DEFAULT)) ||
           (entity_name_valid(term) && str_find_char(term, ':') < 0);
}

Rc entity_value_name(const EntityReader *reader, const EntityPath *path, Str name, Str *iri) {
    if (!entity_name_valid(name) || !answers_name(name))
        return entity_value_fail(reader->ctx, path, "bad-name",
                                 "A name is a letter, then letters, digits and _, or an IRI "
                                 "(clause 4.6.2).");
    *iri = ld_expand(reader->context, reader->ctx->arena, name);
    if (iri->len <= ENTITY_NAME_MAX) return RC_OK;
    return ctx_fail(reader->ctx, RC_INVALID, "long-name",
                    entity_path_text(reader->ctx->arena, path),
                    "The name of a type or an attribute has at most %d bytes, its IRI has %zu.",
                    ENTITY_NAME_MAX, iri->len);
}

Str entity_core_term(Arena *arena, Str iri) {
    if (!str_starts(iri, STR(LD_NGSI)) || str_starts(iri, STR(LD_DEFAULT))) return STR_NONE;
    return ld_compact(ld_core(), arena, iri);
}

bool entity_value_scope_level(Str level) {
    return is_name(level, STR(""));
}

/* ---- geometry ---- */

static Rc position_check(Ctx *ctx, const EntityPath *path, const Json *position) {
    bool sized = position->kind == JSON_ARRAY && (position->len == 2 || position->len == 3);
    for (uint32_t i = 0; sized && i < position->len; i++)
        sized = position->value.items[i].kind == JSON_NUMBER;
    if (!sized)
        return entity_value_fail(
            ctx, path, "bad-geometry",
            "A position is an array of 2 or 3 numbers: longitude, latitude and "
            "optionally altitude.");
    double lon = json_number(json_at(position, 0)), lat = json_number(json_at(position, 1));
    if (lon < -180 || lon > 180 || lat < -90 || lat > 90)
        return entity_value_fail(
            ctx, path, "bad-geometry",
            "Longitude is from -180 to 180, latitude from -90 to 90, and longitude "
            "comes first: are they swapped?");
    return RC_OK;
}

static bool same_position(const Json *a, const Json *b) {
    return json_equal(a, b);
}

/* How the coordinates of a type nest: depth of arrays over the position, and the least number of
 * elements of the innermost array. */
typedef struct Shape {
    Str type;
    int depth;
    uint32_t least;
    bool ring;
} Shape;

static const Shape shapes[] = {
    {STR("Point"), 0, 0, false},      {STR("MultiPoint"), 1, 1, false},
    {STR("LineString"), 1, 2, false}, {STR("MultiLineString"), 2, 2, false},
    {STR("Polygon"), 2, 4, true},     {STR("MultiPolygon"), 3, 4, true},
};

static const Shape *shape_of(Str type) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (str_eq(shapes[i].type, type)) return &shapes[i];
    return NULL;
}

static Rc innermost_check(Ctx *ctx, const EntityPath *path, const Json *array, const Shape *shape) {
    if (array->len < shape->least)
        return ctx_fail(ctx, RC_INVALID, "bad-geometry", entity_path_text(ctx->arena, path),
                        "A " STR_FMT " needs at least %u positions here.", STR_ARG(shape->type),
                        shape->least);
    if (shape->ring && !same_position(json_at(array, 0), json_at(array, array->len - 1)))
        return entity_value_fail(ctx, path, "bad-geometry",
                                 "A ring must be closed: its last position is its first one.");
    return RC_OK;
}

static Rc coordinates_check(Ctx *ctx, const EntityPath *path, const Json *value, const Shape *shape,
                            int depth) {
    if (depth == 0) return position_check(ctx, path, value);
    if (value->kind != JSON_ARRAY || value->len == 0)
        return entity_value_fail(ctx, path, "bad-geometry",
                                 "This is an array with at least one element.");
    for (uint32_t i = 0; i < value->len; i++)
        TRY(coordinates_check(ctx, &(EntityPath){.up = path, .index = i}, &value->value.items[i],
                              shape, depth - 1));
    return depth == 1 ? innermost_check(ctx, path, value, shape) : RC_OK;
}

Rc entity_value_geometry(Ctx *ctx, const EntityPath *path, const Json *geometry) {
    if (geometry->kind != JSON_OBJECT)
        return entity_value_fail(ctx, path, "bad-geometry",
                                 "The value of a GeoProperty is a GeoJSON geometry, an object.");
    const Shape *shape = shape_of(json_get_str(geometry, "type"));
    if (!shape)
        return entity_value_fail(
            ctx, &(EntityPath){.up = path, .name = STR("type")}, "bad-geometry",
            "A geometry's type is Point, MultiPoint, LineString, MultiLineString, "
            "Polygon or MultiPolygon.");
    const Json *coordinates = json_get(geometry, STR("coordinates"));
    EntityPath at = {.up = path, .name = STR("coordinates")};
    if (!coordinates)
        return entity_value_fail(ctx, &at, "bad-geometry", "A geometry has coordinates.");
    return coordinates_check(ctx, &at, coordinates, shape, shape->depth);
}

bool entity_value_is_geometry(const Json *value) {
    if (value->kind != JSON_OBJECT || !shape_of(json_get_str(value, "type"))) return false;
    const Json *coordinates = json_get(value, STR("coordinates"));
    return coordinates && coordinates->kind == JSON_ARRAY;
}

/* ---- language maps ---- */

/* The form of an RFC 5646 tag: a letters-only part of 1 to 8, then parts of 1 to 8 letters and
 * digits. */
static bool is_language_tag(Str tag) {
    if (tag.len == 0 || tag.len > 100 || tag.ptr[tag.len - 1] == '-') return false;
    Str part;
    for (bool first = true; str_split(&tag, '-', &part); first = false) {
        if (part.len == 0 || part.len > 8) return false;
        for (size_t i = 0; i < part.len; i++) {
            int c = part.ptr[i] | 0x20;
            bool digit = part.ptr[i] >= '0' && part.ptr[i] <= '9';
            if (!(c >= 'a' && c <= 'z') && (first || !digit)) return false;
        }
    }
    return true;
}

static bool is_text_or_texts(const Json *value) {
    if (value->kind == JSON_STRING) return true;
    if (value->kind != JSON_ARRAY || value->len == 0) return false;
    for (uint32_t i = 0; i < value->len; i++)
        if (value->value.items[i].kind != JSON_STRING) return false;
    return true;
}

Rc entity_value_language_map(Ctx *ctx, const EntityPath *path, const Json *map, bool null_allowed) {
    if (map->kind != JSON_OBJECT || map->len == 0)
        return entity_value_fail(ctx, path, "bad-language-map",
                                 "A languageMap is an object with at least one language.");
    for (uint32_t i = 0; i < map->len; i++) {
        const JsonMember *member = &map->value.members[i];
        EntityPath at = {.up = path, .name = member->name};
        if (!str_eq(member->name, STR("@none")) && !is_language_tag(member->name))
            return entity_value_fail(
                ctx, &at, "bad-language-map",
                "A language is named by its RFC 5646 tag, such as ja or en-GB, or by "
                "@none.");
        if (!is_text_or_texts(&member->value))
            return entity_value_fail(ctx, &at, "bad-language-map",
                                     "The value of a language is a string or an array of strings.");
        if (!null_allowed && entity_value_has_null(&member->value, true, false))
            return entity_value_fail(
                ctx, &at, "null-not-allowed",
                "\"urn:ngsi-ld:null\" removes something and is allowed in updates "
                "only.");
    }
    return RC_OK;
}
