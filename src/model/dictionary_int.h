/* dictionary_int: what the files of the dictionary share. */
#ifndef MODEL_DICTIONARY_INT_H
#define MODEL_DICTIONARY_INT_H

#include "dictionary.h"
#include "model_int.h"

/* A compiled type with its index; DictType stands first, so that a pointer to it is one to this. */
typedef struct TypeEntry {
    DictType type;
    Map attrs; /* IRI to DictAttr */
} TypeEntry;

struct Dictionary {
    VEC(TypeEntry *) types;
    Map by_iri, by_term; /* to TypeEntry */
    bool strict;
};

/* Whether a value is of the kind, by form alone. */
bool dictionary_value_is(ValueKind kind, const Json *value);

/* A declaration being read. */
typedef struct DictReader {
    Ctx *ctx;
    Str file;
} DictReader;
/* Fails with RC_INVALID, path "FILE: attributes[3].kind". */
Rc dictionary_fail(const DictReader *reader, const EntityPath *path, const char *sentence);
/* Refuses members that are not in the list of n names. */
Rc dictionary_only(const DictReader *reader, const EntityPath *path, const Json *object,
                   const Str *names, size_t n);
/* A member that must be an array of non-empty strings; absent gives an empty one. */
Rc dictionary_texts(const DictReader *reader, const EntityPath *up, const Json *object, Str name,
                    StrVec *out);
/* The layouts of a type's CSV files; terms must be declared. file_names: those of all types, to
 * Json. */
Rc dictionary_files_check(const DictReader *reader, const DictType *type, Map *file_names);

#endif
