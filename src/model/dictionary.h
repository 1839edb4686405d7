/* dictionary: what the city cares about, declared once: from a declaration come form field,
   validation, API documentation, CSV mapping both ways, masking, anonymised column and chart axis.
   JSON files, one per type (starter/dictionary/). */
#ifndef MODEL_DICTIONARY_H
#define MODEL_DICTIONARY_H

#include "entity.h"

typedef enum DataClass { CLASS_OPEN, CLASS_INTERNAL, CLASS_PERSONAL, CLASS_SENSITIVE } DataClass;

/* A value's kind as CSV, forms and columns see it; starter/dictionary/README.md has their stored
 * forms. */
typedef enum ValueKind {
    VALUE_TEXT,
    VALUE_INTEGER,
    VALUE_NUMBER,
    VALUE_BOOL,
    VALUE_DATE,
    VALUE_TIME,
    VALUE_CODE,
    VALUE_POINT,
    VALUE_LIST,
    VALUE_RELATION,
    VALUE_OBJECT,
    VALUE_CLOCK,
} ValueKind;

typedef struct DictAttr DictAttr;

struct DictAttr {
    Str term, iri; /* short name and expanded IRI */
    Str label_ja, label_en;
    Str description_ja, description_en;
    AttrKind kind;
    ValueKind value;
    DataClass class;
    bool required, key, indexed, searchable; /* key: part of the entity's identity in files */
    Str unit;                                /* UN/CEFACT code */
    const JsonSchema *schema;                /* of the value; NULL: anything of the kind */
    StrVec headers; /* CSV column names, the present standard's first, then old and local ones */
    bool series;    /* readings: every change is an instance of the temporal evolution */
    VEC(DictAttr) subs; /* sub-attributes; without key and subs of their own */
    StrVec hierarchy;   /* levels of generalisation, finest first; the first is the value itself */
    const Json *source; /* the declaration, for what only one room reads (chart, codes, csv ...) */
};

typedef struct DictType {
    Str term, iri;
    Str label_ja, label_en;
    Str description_ja, description_en;
    DataClass class; /* of attributes that are not declared */
    Str subject;     /* IRI of the attribute that names the person the record is about ("": nobody;
                        "@id": the record itself) */
    Str about; /* IRI of the attribute that lists the records whose persons a record about several
                  is about; where there is no subject */
    Str retention; /* retention file (簿冊) */
    Str filed; /* IRI of the attribute that names a record's own retention file; "": all records of
                  the type lie in `retention` */
    Str legal_basis;
    Str standard; /* name in 自治体標準オープンデータセット, or empty */
    VEC(DictAttr) attrs;
    const Json *source; /* the declaration; "files" are the CSV layouts, for connect/ */
} DictType;

typedef struct Dictionary Dictionary;

/* Compiles declarations (an array of parsed files, each with its path for errors). strict: entities
   of undeclared types are refused. The dictionary lives in ctx->arena. Every fault names file and
   member. */
typedef struct DictFile {
    Str path;
    const Json *content;
} DictFile;
Rc dictionary_compile(Ctx *ctx, const DictFile *files, size_t n, bool strict,
                      const Dictionary **out);

/* NULL when not declared. Types are borrowed; dictionary_attr takes one of these, not a copy of it.
 */
const DictType *dictionary_type(const Dictionary *dictionary, Str iri);
const DictType *dictionary_type_term(const Dictionary *dictionary, Str term);
const DictAttr *dictionary_attr(const DictType *type, Str iri);
size_t dictionary_count(const Dictionary *dictionary);
const DictType *dictionary_at(const Dictionary *dictionary, size_t index);
/* The class of an attribute of an entity with these types: the strictest that any type gives;
 * undeclared: internal. */
DataClass dictionary_class(const Dictionary *dictionary, const Entity *entity, Str attr_iri);
/* The subject's id of an entity, or STR_NONE. */
Str dictionary_subject(const Dictionary *dictionary, const Entity *entity);
/* The retention file under whose keys an entity's personal values lie: the one that it names
   itself, or its type's. Empty: none of its types has one. */
Str dictionary_type_file(const DictType *type, const Entity *entity);
Str dictionary_file(const Dictionary *dictionary, const Entity *entity);
/* The ids of the records whose persons an entity is about (its type's `about`), borrowed from it:
   strings or the "id" of objects in an array, member names of an object. */
void dictionary_about(Arena *arena, const Dictionary *dictionary, const Entity *entity,
                      StrVec *out);
/* Validates an entity against its declared types: kinds, schemas, required attributes. */
Rc dictionary_check(Ctx *ctx, const Dictionary *dictionary, const Entity *entity);
/* The document {"@context": {...}} that maps all declared terms, for hosting and documentation. */
const Json *dictionary_context(Arena *arena, const Dictionary *dictionary);

#endif
