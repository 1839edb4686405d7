/* ld_int: what the files of ld/ know of one another. */
#ifndef LD_LD_INT_H
#define LD_LD_INT_H

#include "ld.h"

#include <stdatomic.h>

enum {
    LD_DOCUMENT_MAX = 1 << 20, /* bytes of one remote document */
    LD_TOTAL_MAX = 4 << 20,    /* bytes of all documents of one context */
    LD_REMOTES_MAX = 32,       /* documents of one context */
    LD_DEPTH_MAX = 8,          /* levels of documents that name documents */
    LD_TERMS_MAX = 10000,
    LD_CHAIN_MAX = 32, /* terms defined by terms defined by ... */
};

typedef enum LdType {
    LD_TYPE_NONE,
    LD_TYPE_ID,
    LD_TYPE_VOCAB,
    LD_TYPE_JSON,
    LD_TYPE_LITERAL, /* a datatype: DateTime in the core */
} LdType;

/* Bits. */
typedef enum LdContainer {
    LD_LIST = 1,
    LD_SET = 2,
    LD_INDEX = 4,
    LD_LANGUAGE = 8,
    LD_OTHER = 16, /* @graph, @id, @type, @none */
} LdContainer;

typedef struct LdTerm {
    Str term;
    Str iri; /* an IRI or a keyword */
    uint8_t type;
    uint8_t container;
    bool prefix; /* may begin a compact IRI */
} LdTerm;

/* Terms and the ways to find them. */
typedef struct LdIndex {
    Map terms;         /* term to LdTerm */
    Map iris;          /* IRI to the LdTerm to compact it to */
    Map prefixes;      /* IRI of a prefix to its LdTerm */
    size_t prefix_max; /* length of the longest IRI of a prefix */
} LdIndex;

struct LdContext {
    atomic_uint count; /* of holders; the core context is not counted */
    Arena *arena;
    LdIndex user; /* never holds a term of the core's */
    const Json *source;
    Str url;
    uint64_t key;
};

/* A row of the core context: valid in the versions 1.since to 1.until. */
typedef struct LdCoreTerm {
    Str term, iri;
    uint8_t type, container, since, until;
} LdCoreTerm;

enum { LD_CORE_OLDEST = 3, LD_CORE_NEWEST = 9 };

extern const LdCoreTerm ld_core_terms[];
extern const size_t ld_core_len;

/* The terms of core context v1.9. */
const LdIndex *ld_core_index(void);
/* The minor version of a core context's URL (9 for the unversioned one); 0 for another URL. */
int ld_core_version(Str url);
/* True when a version has terms that v1.9 lacks. */
bool ld_core_has_own(int version);

/* Fills the three maps from n terms; the terms and their texts are borrowed. */
void ld_index_fill(LdIndex *index, Arena *arena, LdTerm *const *terms, size_t n);
bool ld_is_gen_delim(char c);

/* ---- documents ---- */

/* A context document, shared between threads, counted under the cache's lock. */
typedef struct LdDocument {
    Str url, text;
    bool hosted;
    int64_t fetched_at, fresh_until;
    int64_t uses;
    unsigned count;
} LdDocument;

/* The document of a URL, held until ld_document_release: from the cache, else fetched. */
Rc ld_document_get(Ctx *ctx, LdCache *cache, Str url, bool may_fetch, LdDocument **out);
void ld_document_release(LdCache *cache, LdDocument *document);

/* ---- building ---- */

typedef struct LdBuild {
    Ctx *ctx; /* its arena is the builder's own */
    LdCache *cache;
    bool may_fetch;
    Map terms; /* of the user: term to LdTerm; one without IRI stands for null */
    Str vocab; /* of the user's context that is being read */
    LdDocument *documents[LD_REMOTES_MAX];
    size_t remotes, depth, bytes;
    bool brings_core; /* a document that was read refers to a core context itself */
} LdBuild;

/* Reads an @context value into build->terms. */
Rc ld_build_read(LdBuild *build, const Json *value);
/* Makes a context of what was read. at_context gives its source. */
LdContext *ld_build_finish(LdBuild *build, const Json *at_context);

#endif
