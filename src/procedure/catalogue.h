/* catalogue: the procedures of the city that are definitions: all versions, which is in force on a
   day, and which one somebody means. Versions are only ever added; any thread. Include only
   procedure.h from outside. */
#ifndef PROCEDURE_CATALOGUE_H
#define PROCEDURE_CATALOGUE_H

#include "definition.h"

typedef struct Catalogue Catalogue;

/* Reads and lints definitions; they and the catalogue live in ctx->arena, as the sources must.
   organisation: who holds which post, and the delegations. RC_INVALID names definition and place:
   one that could not be published is not taken in, but for the name in which its letters go out,
   which is told to the log. */
typedef struct CatalogueSources {
    const Json *const *definitions;
    size_t n;
    const Json *organisation;
} CatalogueSources;
Rc catalogue_load(Ctx *ctx, const CatalogueSources *sources, Catalogue **out);

/* What definitions are linted by. */
void catalogue_known(Arena *arena, const Json *organisation, DefinitionKnown *out);
const DefinitionKnown *catalogue_knows(const Catalogue *catalogue);
/* Takes in one more, copied: from now on it is found; one whose version is there already is left as
   it is. It has been linted before. RC_INVALID: it can't be read. */
Rc catalogue_take(Ctx *ctx, Catalogue *catalogue, const Json *source);
/* Of what was taken in; nobody asks any more. */
void catalogue_free(Catalogue *catalogue);

/* The newest version that is in force on a day; NULL: none is. */
const Definition *catalogue_current(const Catalogue *catalogue, Str id, Date day);
/* The same, for a version that may not be in the catalogue yet: itself where it is the newest one,
   and where none is in force. catalogue NULL: there is no other. */
const Definition *catalogue_as_of(const Catalogue *catalogue, const Definition *own, Date day);
/* The one in force that books a resource; NULL: none does. */
const Definition *catalogue_resource(const Catalogue *catalogue, Str resource, Date day);
/* Of one that isn't in force on a day, the version by which it opens next, else the one that ended
   last, within a year: what is taken once a year stays listed between. NULL: it is in force, or
   there is none of either. */
const Definition *catalogue_closed(const Catalogue *catalogue, Str id, Date day);
/* The newest one, in force or not; NULL: there is no such procedure. */
const Definition *catalogue_newest(const Catalogue *catalogue, Str id);
/* Of all procedures, once each. */
void catalogue_ids(Arena *arena, const Catalogue *catalogue, StrVec *out);
/* The version under which a case began; NULL: there is none. */
const Definition *catalogue_version(const Catalogue *catalogue, Str id, int64_t version);

typedef VEC(const Definition *) Definitions;
/* Those in force on a day for residents (or inside the house), whose label, words or summary have
   every word of the query, best first; an empty query is met by all, in the order of their labels.
   Width, kana and long vowel marks don't matter. */
typedef struct CatalogueQuery {
    Str text;
    Date day;
    bool inside;
    bool closed; /* also those that are closed and open later */
} CatalogueQuery;
void catalogue_search(Arena *arena, const Catalogue *catalogue, const CatalogueQuery *query,
                      Definitions *out);
/* Of those what people often ask that has every word of the query, in itself, its answer or what
   its procedure is called, and one of them in itself or its answer; those with more in the question
   first. An empty query meets none. */
typedef struct CatalogueFaq {
    const Definition *definition;
    size_t n; /* in its faq */
} CatalogueFaq;
typedef VEC(CatalogueFaq) CatalogueFaqs;
void catalogue_questions(Arena *arena, const Catalogue *catalogue, const CatalogueQuery *query,
                         CatalogueFaqs *out);

#endif
