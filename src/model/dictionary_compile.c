/* Compiles declarations: starter/dictionary/README.md is what it accepts. */
#include "dictionary_int.h"

typedef struct Compile {
    DictReader reader;
    Dictionary *dictionary;
    Map terms;      /* every term, to its IRI */
    Map file_names; /* every layout's name */
} Compile;

static Rc fail_at(const Compile *c, const EntityPath *path, const char *sentence) {
    return dictionary_fail(&c->reader, path, sentence);
}

#define ONLY(c, path, object, ...)                                                                 \
    dictionary_only(&(c)->reader, (path), (object), (const Str[]){__VA_ARGS__},                    \
                    sizeof((const Str[]){__VA_ARGS__}) / sizeof(Str))

/* ---- words ---- */

typedef struct Word {
    Str word;
    int value;
} Word;

/* A member whose value is one of some words. */
typedef struct WordMember {
    Str name;
    const Word *words;
    size_t n;
} WordMember;

static const Word class_words[] = {{STR("open"), CLASS_OPEN},
                                   {STR("internal"), CLASS_INTERNAL},
                                   {STR("personal"), CLASS_PERSONAL},
                                   {STR("sensitive"), CLASS_SENSITIVE}};

static const Word value_words[] = {
    {STR("text"), VALUE_TEXT},    {STR("integer"), VALUE_INTEGER},   {STR("number"), VALUE_NUMBER},
    {STR("boolean"), VALUE_BOOL}, {STR("date"), VALUE_DATE},         {STR("datetime"), VALUE_TIME},
    {STR("clock"), VALUE_CLOCK},  {STR("code"), VALUE_CODE},         {STR("point"), VALUE_POINT},
    {STR("list"), VALUE_LIST},    {STR("relation"), VALUE_RELATION}, {STR("object"), VALUE_OBJECT},
};

static const WordMember class_member = {STR("class"), class_words,
                                        sizeof class_words / sizeof(Word)};
static const WordMember value_member = {STR("value"), value_words,
                                        sizeof value_words / sizeof(Word)};

/* What a kind's value is where the declaration doesn't say. */
static const ValueKind usual_values[] = {
    [ATTR_PROPERTY] = VALUE_TEXT,
    [ATTR_GEO] = VALUE_POINT,
    [ATTR_RELATIONSHIP] = VALUE_RELATION,
    [ATTR_LANGUAGE] = VALUE_OBJECT,
    [ATTR_VOCAB] = VALUE_CODE,
    [ATTR_JSON] = VALUE_OBJECT,
    [ATTR_LIST] = VALUE_LIST,
    [ATTR_LIST_RELATIONSHIP] = VALUE_LIST,
};

static Rc read_word(const Compile *c, const EntityPath *up, const Json *object,
                    const WordMember *member, int *value) {
    const Json *given = json_get(object, member->name);
    if (!given) return RC_OK;
    for (size_t i = 0; i < member->n; i++) {
        if (!str_eq(member->words[i].word, json_str(given))) continue;
        *value = member->words[i].value;
        return RC_OK;
    }
    return fail_at(c, &(EntityPath){.up = up, .name = member->name},
                   "This is none of the words allowed.");
}

/* A text that may be left out, but not be something else or empty. */
static Rc read_text(const Compile *c, const EntityPath *up, const Json *object, Str name,
                    Str *out) {
    const Json *given = json_get(object, name);
    if (!given) return RC_OK;
    *out = json_str(given);
    if (out->len) return RC_OK;
    return fail_at(c, &(EntityPath){.up = up, .name = name}, "This is a text that is not empty.");
}

static Rc read_flag(const Compile *c, const EntityPath *up, const Json *object, Str name,
                    bool *out) {
    const Json *given = json_get(object, name);
    if (!given) return RC_OK;
    *out = given->kind == JSON_BOOL && given->value.boolean;
    if (given->kind == JSON_BOOL) return RC_OK;
    return fail_at(c, &(EntityPath){.up = up, .name = name}, "This is true or false.");
}

/* A text in both languages. A label is demanded, a description may be left out. */
typedef struct Label {
    Str ja, en;
} Label;

static Rc read_label(const Compile *c, const EntityPath *up, const Json *object, Str name,
                     Label *out) {
    EntityPath path = {.up = up, .name = name};
    const Json *given = json_get(object, name);
    *out = (Label){0};
    if (!given && !str_eq(name, STR("label"))) return RC_OK;
    if (given) TRY(ONLY(c, &path, given, STR("ja"), STR("en")));
    *out = (Label){json_get_str(given, "ja"), json_get_str(given, "en")};
    if (out->ja.len && out->en.len) return RC_OK;
    return fail_at(c, &path, "This is {\"ja\": ..., \"en\": ...} with both texts.");
}

/* ---- names ---- */

typedef struct Named {
    Str term, iri;
} Named;

/* A term and its IRI; one term means one IRI in all files. */
static Rc read_term(Compile *c, const EntityPath *up, const Json *object, Str name, Named *out) {
    EntityPath path = {.up = up, .name = name};
    out->term = json_get_str(object, name.ptr);
    if (!entity_name_valid(out->term) || str_find_char(out->term, ':') >= 0)
        return fail_at(c, &path, "A term is a letter, then letters, digits and _.");
    out->iri = ld_expand(ld_core(), c->reader.ctx->arena, out->term);
    TRY(read_text(c, up, object, STR("iri"), &out->iri));
    if (!ld_is_iri(out->iri))
        return fail_at(c, &(EntityPath){.up = up, .name = STR("iri")}, "This is an absolute IRI.");
    Str *known = map_get(&c->terms, out->term);
    if (known && !str_eq(*known, out->iri))
        return fail_at(c, &path, "Another declaration gives this term another IRI.");
    if (!known) {
        known = NEW(c->reader.ctx->arena, Str);
        *known = out->iri;
        map_put(&c->terms, out->term, known);
    }
    return RC_OK;
}

/* ---- attributes ---- */

static Rc check_codes(const Compile *c, const EntityPath *up, const Json *object,
                      const DictAttr *attr) {
    EntityPath path = {.up = up, .name = STR("codes")};
    const Json *codes = json_get(object, STR("codes"));
    if (!codes && attr->value != VALUE_CODE) return RC_OK;
    if (!codes || codes->kind != JSON_ARRAY || codes->len == 0)
        return fail_at(c, &path, "A value of kind code has an array of codes.");
    for (uint32_t i = 0; i < codes->len; i++) {
        EntityPath at = {.up = &path, .index = i};
        const Json *one = json_at(codes, i), *code = json_get(one, STR("code"));
        TRY(ONLY(c, &at, one, STR("code"), STR("label"), STR("csv"), STR("headers")));
        if (!code || code->kind == JSON_NULL || code->kind >= JSON_ARRAY)
            return fail_at(c, &at, "A code has a member code: a text, number or boolean.");
        Label label;
        StrVec texts = {0};
        TRY(read_label(c, &at, one, STR("label"), &label));
        TRY(dictionary_texts(&c->reader, &at, one, STR("csv"), &texts));
        TRY(dictionary_texts(&c->reader, &at, one, STR("headers"), &texts));
    }
    return RC_OK;
}

static Rc check_point(const Compile *c, const EntityPath *up, const Json *csv) {
    const Json *ways = json_get(csv, STR("point"));
    EntityPath point = {.up = up, .name = STR("point")};
    if (ways && ways->kind != JSON_ARRAY) return fail_at(c, &point, "This is an array of ways.");
    for (uint32_t i = 0; ways && i < ways->len; i++) {
        EntityPath at = {.up = &point, .index = i};
        const Json *way = json_at(ways, i);
        TRY(ONLY(c, &at, way, STR("lat"), STR("lon"), STR("latlon"), STR("geo3x3"), STR("mesh")));
        bool lat = json_get(way, STR("lat")), lon = json_get(way, STR("lon"));
        if (lat != lon || way->len != (lat ? 2 : 1))
            return fail_at(c, &at, "A way is lat and lon together, or latlon, or geo3x3, or mesh.");
    }
    return RC_OK;
}

static Rc check_family(const Compile *c, const EntityPath *up, const Json *csv) {
    const Json *family = json_get(csv, STR("family"));
    EntityPath path = {.up = up, .name = STR("family")};
    if (!family) return RC_OK;
    TRY(ONLY(c, &path, family, STR("header"), STR("from"), STR("to")));
    int64_t from = json_get_int(family, "from", -1);
    if (str_find(json_get_str(family, "header"), STR("{n}")) >= 0 && from >= 0 &&
        json_get_int(family, "to", -1) >= from)
        return RC_OK;
    return fail_at(c, &path, "A family has header \"...{n}...\", from and to.");
}

static Rc check_csv(const Compile *c, const EntityPath *up, const Json *object) {
    EntityPath path = {.up = up, .name = STR("csv")};
    const Json *csv = json_get(object, STR("csv")), *parts = json_get(csv, STR("parts"));
    EntityPath in_parts = {.up = &path, .name = STR("parts")};
    if (!csv) return RC_OK;
    TRY(ONLY(c, &path, csv, STR("empty"), STR("spellings"), STR("split"), STR("point"),
             STR("parts"), STR("family"), STR("relation"), STR("date")));
    TRY(check_point(c, &path, csv));
    if (parts) TRY(ONLY(c, &in_parts, parts, STR("date"), STR("clock")));
    return check_family(c, &path, csv);
}

static Rc read_kind(const Compile *c, const EntityPath *up, const Json *object, DictAttr *attr) {
    const Json *given = json_get(object, STR("kind"));
    attr->kind = given ? entity_kind_of(json_str(given)) : ATTR_PROPERTY;
    if (attr->kind == ATTR_UNSAID)
        return fail_at(c, &(EntityPath){.up = up, .name = STR("kind")},
                       "This is no kind of attribute, such as Property or GeoProperty.");
    int value = (int)usual_values[attr->kind];
    TRY(read_word(c, up, object, &value_member, &value));
    attr->value = (ValueKind)value;
    return RC_OK;
}

static Rc read_schema(const Compile *c, const EntityPath *up, const Json *object, DictAttr *attr) {
    const Json *schema = json_get(object, STR("schema"));
    if (!schema || json_schema_compile(c->reader.ctx, schema, &attr->schema) == RC_OK) return RC_OK;
    Str inner = c->reader.ctx->error.path, detail = c->reader.ctx->error.detail;
    Str path =
        entity_path_text(c->reader.ctx->arena, &(EntityPath){.up = up, .name = STR("schema")});
    return ctx_fail(c->reader.ctx, RC_INVALID, "bad-declaration",
                    str_fmt(c->reader.ctx->arena, STR_FMT ": " STR_FMT "%s" STR_FMT,
                            STR_ARG(c->reader.file), STR_ARG(path), inner.len ? "." : "",
                            STR_ARG(inner)),
                    STR_FMT, STR_ARG(detail));
}

static Rc read_flags(const Compile *c, const EntityPath *path, const Json *object, DictAttr *attr) {
    TRY(read_flag(c, path, object, STR("required"), &attr->required));
    TRY(read_flag(c, path, object, STR("key"), &attr->key));
    TRY(read_flag(c, path, object, STR("indexed"), &attr->indexed));
    TRY(read_flag(c, path, object, STR("searchable"), &attr->searchable));
    if (attr->class >= CLASS_PERSONAL && (attr->indexed || attr->searchable))
        return fail_at(c, path,
                       "What is personal is sealed: it is neither indexed nor searchable.");
    return read_flag(c, path, object, STR("series"), &attr->series);
}

static Rc read_attr(Compile *c, const EntityPath *path, const Json *object, bool sub,
                    DictAttr *attr);

static Rc read_subs(Compile *c, const EntityPath *up, const Json *object, DictAttr *attr) {
    EntityPath path = {.up = up, .name = STR("subs")};
    const Json *subs = json_get(object, STR("subs"));
    if (subs && subs->kind != JSON_ARRAY) return fail_at(c, &path, "This is an array.");
    for (uint32_t i = 0; subs && i < subs->len; i++) {
        DictAttr inner = {.class = attr->class};
        TRY(read_attr(c, &(EntityPath){.up = &path, .index = i}, json_at(subs, i), true, &inner));
        vec_push(c->reader.ctx->arena, &attr->subs, inner);
    }
    return RC_OK;
}

/* One level alone would generalise nothing; the same one twice would be no step. */
static Rc read_hierarchy(const Compile *c, const EntityPath *up, const Json *object,
                         DictAttr *attr) {
    EntityPath path = {.up = up, .name = STR("hierarchy")};
    if (!json_get(object, path.name)) return RC_OK;
    TRY(dictionary_texts(&c->reader, up, object, path.name, &attr->hierarchy));
    const StrVec *levels = &attr->hierarchy;
    if (levels->len < 2)
        return fail_at(c, &path, "A hierarchy has two levels at least, the finest first.");
    for (size_t i = 1; i < levels->len; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(levels->items[i], levels->items[j]))
                return fail_at(c, &path, "A level stands here twice.");
    return RC_OK;
}

/* attr->class is the type's beforehand. */
static Rc read_attr(Compile *c, const EntityPath *path, const Json *object, bool sub,
                    DictAttr *attr) {
    int class = (int)attr->class;
    Label label, description;
    Named named;
    TRY(ONLY(c, path, object, STR("term"), STR("iri"), STR("label"), STR("description"),
             STR("kind"), STR("value"), STR("class"), STR("required"), STR("key"), STR("indexed"),
             STR("searchable"), STR("unit"), STR("schema"), STR("codes"), STR("headers"),
             STR("series"), STR("subs"), STR("csv"), STR("hierarchy"), STR("chart"), STR("form"),
             STR("example")));
    TRY(read_term(c, path, object, STR("term"), &named));
    attr->term = named.term;
    attr->iri = named.iri;
    TRY(read_label(c, path, object, STR("label"), &label));
    TRY(read_label(c, path, object, STR("description"), &description));
    attr->label_ja = label.ja;
    attr->label_en = label.en;
    attr->description_ja = description.ja;
    attr->description_en = description.en;
    TRY(read_word(c, path, object, &class_member, &class));
    attr->class = (DataClass) class;
    TRY(read_kind(c, path, object, attr));
    TRY(read_flags(c, path, object, attr));
    TRY(read_text(c, path, object, STR("unit"), &attr->unit));
    TRY(dictionary_texts(&c->reader, path, object, STR("headers"), &attr->headers));
    TRY(read_schema(c, path, object, attr));
    TRY(check_codes(c, path, object, attr));
    TRY(check_csv(c, path, object));
    TRY(read_hierarchy(c, path, object, attr));
    attr->source = object;
    if (sub && (attr->key || json_get(object, STR("subs")) || json_get(object, STR("class"))))
        return fail_at(c, path, "A sub-attribute has no key, subs or class of its own.");
    return sub ? RC_OK : read_subs(c, path, object, attr);
}

/* ---- types ---- */

static Rc read_attrs(Compile *c, const Json *content, TypeEntry *entry) {
    EntityPath path = {.name = STR("attributes")};
    const Json *attrs = json_get(content, STR("attributes"));
    if (!attrs || attrs->kind != JSON_ARRAY || attrs->len == 0)
        return fail_at(c, &path, "A type has an array of attributes.");
    entry->type.attrs.items = NEW_ARRAY(c->reader.ctx->arena, DictAttr, attrs->len);
    entry->type.attrs.cap = attrs->len;
    for (uint32_t i = 0; i < attrs->len; i++) {
        EntityPath at = {.up = &path, .index = i};
        DictAttr *attr = &entry->type.attrs.items[i];
        attr->class = entry->type.class;
        TRY(read_attr(c, &at, json_at(attrs, i), false, attr));
        if (map_has(&entry->attrs, attr->iri))
            return fail_at(c, &(EntityPath){.up = &at, .name = STR("term")},
                           "This attribute is declared twice.");
        map_put(&entry->attrs, attr->iri, attr);
        entry->type.attrs.len = i + 1;
    }
    return RC_OK;
}

#define NOBODY STR("@nobody")

/* `subject` and `about`: at most one of them, the term of an attribute. */
static Rc read_whom(const Compile *c, const Json *content, DictType *type) {
    EntityPath path = {.name = STR("subject")};
    Str subject = STR_NONE, about = STR_NONE;
    TRY(read_text(c, NULL, content, STR("subject"), &subject));
    TRY(read_text(c, NULL, content, STR("about"), &about));
    VEC_EACH (DictAttr, attr, &type->attrs) {
        if (subject.len && str_eq(attr->term, subject)) type->subject = attr->iri;
        if (about.len && str_eq(attr->term, about)) type->about = attr->iri;
    }
    if (str_eq(subject, STR("@id"))) type->subject = subject;
    if (subject.len && type->subject.len == 0 && !str_eq(subject, NOBODY))
        return fail_at(c, &path,
                       "The subject is the term of an attribute of this type, @id, or @nobody.");
    if (about.len && (type->about.len == 0 || subject.len))
        return fail_at(c, &(EntityPath){.name = STR("about")},
                       "What a record is about is the term of an attribute of this type, and it "
                       "stands where there is no subject.");
    return RC_OK;
}

/* `filed`: what isn't sealed itself, for it says under which key the rest is. */
static Rc read_filed(const Compile *c, const Json *content, DictType *type) {
    EntityPath path = {.name = STR("filed")};
    Str filed = STR_NONE;
    TRY(read_text(c, NULL, content, STR("filed"), &filed));
    VEC_EACH (DictAttr, attr, &type->attrs) {
        bool named = filed.len && str_eq(attr->term, filed);
        if (named && attr->class < CLASS_PERSONAL && attr->value == VALUE_TEXT)
            type->filed = attr->iri;
    }
    if (filed.len && (type->filed.len == 0 || type->retention.len == 0))
        return fail_at(c, &path,
                       "What names a record's own retention file is the term of an attribute of "
                       "this type, a text that is neither personal nor sensitive, beside "
                       "`retention`.");
    return RC_OK;
}

/* Whom a personal record is about, and under which file it is kept, decides about its keys: neither
 * may be missing. */
static Rc read_subject(const Compile *c, const Json *content, DictType *type) {
    bool personal = type->class >= CLASS_PERSONAL;
    TRY(read_whom(c, content, type));
    VEC_EACH (DictAttr, attr, &type->attrs)
        personal = personal || attr->class >= CLASS_PERSONAL;
    bool named = str_eq(json_get_str(content, "subject"), NOBODY) || type->subject.len != 0 ||
                 type->about.len != 0;
    if (personal && !named)
        return fail_at(c, &(EntityPath){.name = STR("subject")},
                       "A type with personal attributes names the person it is about, or says that "
                       "it is about nobody: @nobody.");
    if (personal && type->retention.len == 0)
        return fail_at(c, &(EntityPath){.name = STR("retention")},
                       "A type with personal attributes names its retention file.");
    return RC_OK;
}

static Rc read_type(Compile *c, const Json *content) {
    TypeEntry *entry = NEW(c->reader.ctx->arena, TypeEntry);
    DictType *type = &entry->type;
    int class = CLASS_INTERNAL;
    Label label, description;
    Named named;
    entry->attrs = map_new(c->reader.ctx->arena);
    TRY(ONLY(c, NULL, content, STR("type"), STR("iri"), STR("label"), STR("description"),
             STR("class"), STR("subject"), STR("about"), STR("retention"), STR("filed"),
             STR("legalBasis"), STR("standard"), STR("attributes"), STR("files")));
    TRY(read_term(c, NULL, content, STR("type"), &named));
    type->term = named.term;
    type->iri = named.iri;
    TRY(read_label(c, NULL, content, STR("label"), &label));
    TRY(read_label(c, NULL, content, STR("description"), &description));
    type->label_ja = label.ja;
    type->label_en = label.en;
    type->description_ja = description.ja;
    type->description_en = description.en;
    TRY(read_word(c, NULL, content, &class_member, &class));
    type->class = (DataClass) class;
    TRY(read_text(c, NULL, content, STR("retention"), &type->retention));
    TRY(read_text(c, NULL, content, STR("legalBasis"), &type->legal_basis));
    TRY(read_text(c, NULL, content, STR("standard"), &type->standard));
    type->source = content;
    TRY(read_attrs(c, content, entry));
    TRY(read_subject(c, content, type));
    TRY(read_filed(c, content, type));
    TRY(dictionary_files_check(&c->reader, type, &c->file_names));
    if (map_has(&c->dictionary->by_iri, type->iri))
        return fail_at(c, &(EntityPath){.name = STR("type")}, "This type is declared twice.");
    map_put(&c->dictionary->by_iri, type->iri, entry);
    map_put(&c->dictionary->by_term, type->term, entry);
    vec_push(c->reader.ctx->arena, &c->dictionary->types, entry);
    return RC_OK;
}

Rc dictionary_compile(Ctx *ctx, const DictFile *files, size_t n, bool strict,
                      const Dictionary **out) {
    Dictionary *dictionary = NEW(ctx->arena, Dictionary);
    dictionary->by_iri = map_new(ctx->arena);
    dictionary->by_term = map_new(ctx->arena);
    dictionary->strict = strict;
    Compile c = {.reader = {.ctx = ctx},
                 .dictionary = dictionary,
                 .terms = map_new(ctx->arena),
                 .file_names = map_new(ctx->arena)};
    for (size_t i = 0; i < n; i++) {
        c.reader.file = files[i].path;
        TRY(read_type(&c, files[i].content));
    }
    *out = dictionary;
    return RC_OK;
}
