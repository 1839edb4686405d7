/* Checks the CSV layouts of a declaration, and helps to read any of it. */
#include "dictionary_int.h"

Rc dictionary_fail(const DictReader *reader, const EntityPath *path, const char *sentence) {
    Str place = entity_path_text(reader->ctx->arena, path);
    return ctx_fail(reader->ctx, RC_INVALID, "bad-declaration",
                    str_fmt(reader->ctx->arena, STR_FMT "%s" STR_FMT, STR_ARG(reader->file),
                            place.len ? ": " : "", STR_ARG(place)),
                    "%s", sentence);
}

Rc dictionary_only(const DictReader *reader, const EntityPath *path, const Json *object,
                   const Str *names, size_t n) {
    if (!object || object->kind != JSON_OBJECT)
        return dictionary_fail(reader, path, "This is an object.");
    for (uint32_t i = 0; i < object->len; i++) {
        Str name = object->value.members[i].name;
        bool known = false;
        for (size_t j = 0; j < n && !known; j++)
            known = str_eq(names[j], name);
        if (!known)
            return dictionary_fail(reader, &(EntityPath){.up = path, .name = name},
                                   "There is no such member: starter/dictionary/README.md lists "
                                   "them.");
    }
    return RC_OK;
}

Rc dictionary_texts(const DictReader *reader, const EntityPath *up, const Json *object, Str name,
                    StrVec *out) {
    EntityPath path = {.up = up, .name = name};
    const Json *given = json_get(object, name);
    if (!given) return RC_OK;
    bool good = given->kind == JSON_ARRAY;
    for (uint32_t i = 0; good && i < given->len; i++) {
        Str text = json_str(json_at(given, i));
        good = text.len > 0;
        vec_push(reader->ctx->arena, out, text);
    }
    return good ? RC_OK
                : dictionary_fail(reader, &path, "This is an array of texts that are not empty.");
}

/* ---- layouts ---- */

typedef struct Layout {
    const DictReader *reader;
    const DictType *type;
    const Json *json;
    EntityPath path;
} Layout;

static Rc fail_in(const Layout *layout, Str name, const char *sentence) {
    return dictionary_fail(layout->reader, &(EntityPath){.up = &layout->path, .name = name},
                           sentence);
}

static const DictAttr *attr_by_term(const DictType *type, Str term) {
    VEC_EACH (DictAttr, attr, &type->attrs)
        if (str_eq(attr->term, term)) return attr;
    return NULL;
}

/* "urn:ngsi-ld:T:{municipalityCode}:{number}" */
static Rc check_id(const Layout *layout) {
    Str rest = json_get_str(layout->json, "id");
    if (!str_starts(rest, STR("urn:")) && !str_starts(rest, STR("http")))
        return fail_in(layout, STR("id"), "The id is the pattern of a URI.");
    ptrdiff_t open;
    while ((open = str_find_char(rest, '{')) >= 0) {
        rest = str_sub(rest, (size_t)open + 1, rest.len);
        ptrdiff_t close = str_find_char(rest, '}');
        Str name = str_sub(rest, 0, close < 0 ? 0 : (size_t)close);
        bool known = str_eq(name, STR("@municipality")) || str_eq(name, STR("@hash")) ||
                     attr_by_term(layout->type, name);
        if (!known)
            return fail_in(
                layout, STR("id"),
                "Each {} of the pattern holds the term of an attribute, @municipality or "
                "@hash.");
        rest = str_sub(rest, (size_t)close + 1, rest.len);
    }
    return RC_OK;
}

/* The members of an object are terms (defaults), or its values are (columns). */
static Rc check_terms(const Layout *layout, Str name, bool by_value) {
    const Json *object = json_get(layout->json, name);
    if (!object) return RC_OK;
    bool good = object->kind == JSON_OBJECT;
    for (uint32_t i = 0; good && i < object->len; i++) {
        const JsonMember *member = &object->value.members[i];
        good = attr_by_term(layout->type, by_value ? json_str(&member->value) : member->name);
    }
    return good ? RC_OK
                : fail_in(layout, name, "This names attributes of the type by their terms.");
}

static Rc check_within(const Layout *layout) {
    StrVec terms = {0};
    bool good = true;
    TRY(dictionary_texts(layout->reader, &layout->path, layout->json, STR("within"), &terms));
    VEC_EACH (Str, term, &terms)
        good = good && attr_by_term(layout->type, *term);
    return good ? RC_OK
                : fail_in(layout, STR("within"),
                          "This names attributes of the type by their terms.");
}

static Rc check_series(const Layout *layout) {
    EntityPath path = {.up = &layout->path, .name = STR("series")};
    const Json *series = json_get(layout->json, STR("series"));
    if (!series) return RC_OK;
    const Str names[] = {STR("time"), STR("date"), STR("attributes")};
    TRY(dictionary_only(layout->reader, &path, series, names, 3));
    StrVec times = {0}, terms = {0};
    TRY(dictionary_texts(layout->reader, &path, series, STR("time"), &times));
    TRY(dictionary_texts(layout->reader, &path, series, STR("attributes"), &terms));
    bool good = times.len && terms.len;
    VEC_EACH (Str, term, &terms) {
        const DictAttr *attr = attr_by_term(layout->type, *term);
        good = good && attr && attr->series;
    }
    return good ? RC_OK
                : fail_in(layout, STR("series"),
                          "A series has headers of its time, and attributes declared with series: "
                          "true.");
}

static Rc check_layout(const Layout *layout, Map *file_names) {
    static const Str names[] = {STR("name"),   STR("recognise"), STR("id"),      STR("defaults"),
                                STR("ignore"), STR("series"),    STR("columns"), STR("within")};
    TRY(dictionary_only(layout->reader, &layout->path, layout->json, names,
                        sizeof names / sizeof *names));
    Str name = json_get_str(layout->json, "name");
    if (name.len == 0 || map_has(file_names, name))
        return fail_in(layout, STR("name"), "A layout has a name that no other one has.");
    map_put(file_names, name, (void *)layout->json);
    StrVec recognise = {0}, ignore = {0};
    TRY(dictionary_texts(layout->reader, &layout->path, layout->json, STR("recognise"),
                         &recognise));
    TRY(dictionary_texts(layout->reader, &layout->path, layout->json, STR("ignore"), &ignore));
    if (recognise.len == 0)
        return fail_in(layout, STR("recognise"), "A layout is recognised by at least one header.");
    TRY(check_id(layout));
    TRY(check_terms(layout, STR("defaults"), false));
    TRY(check_terms(layout, STR("columns"), true));
    TRY(check_within(layout));
    return check_series(layout);
}

Rc dictionary_files_check(const DictReader *reader, const DictType *type, Map *file_names) {
    EntityPath path = {.name = STR("files")};
    const Json *files = json_get(type->source, STR("files"));
    if (!files) return RC_OK;
    if (files->kind != JSON_ARRAY) return dictionary_fail(reader, &path, "This is an array.");
    for (uint32_t i = 0; i < files->len; i++) {
        Layout layout = {.reader = reader,
                         .type = type,
                         .json = json_at(files, i),
                         .path = {.up = &path, .index = i}};
        TRY(check_layout(&layout, file_names));
    }
    return RC_OK;
}
