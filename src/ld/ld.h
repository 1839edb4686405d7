/* ld: JSON-LD 1.1 as NGSI-LD needs it (ETSI GS CIM 009 clauses 4.4, 5.5.4, 5.5.5, 5.5.7): contexts,
   expansion of terms to IRIs and compaction back. Knows JSON and IRIs, no entities. */
#ifndef LD_LD_H
#define LD_LD_H

#include "base/base.h"
#include "json/json.h"

#define LD_NGSI         "https://uri.etsi.org/ngsi-ld/"
#define LD_DEFAULT      "https://uri.etsi.org/ngsi-ld/default-context/"
#define LD_CORE_CONTEXT "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld"
/* The path under which a context that has no URL of its own (an object, or an array of several) is
   served: 32 hex digits follow, made from its text. */
#define LD_IMPLICIT "/ngsi-ld/v1/jsonldContexts/implicit-"

/* Bytes of an IRI, an id or a URI of a payload. */
enum { LD_IRI_MAX = 2048 };

/* A resolved context: immutable, shared between threads, counted. */
typedef struct LdContext LdContext;

/* Keeps fetched and hosted contexts by URL. Shared by all threads; bounded. One per tenant or
 * process. */
typedef struct LdCache LdCache;

/* Fetches a remote context: blocking, bounded by ctx->deadline and 1 MiB. Runs on a pool thread,
   never on a loop. The text lies in ctx->arena. An unreachable one is RC_FAILED with code
   "context-unavailable" (LdContextNotAvailable, status 504). */
typedef Rc (*LdFetch)(Ctx *ctx, void *arg, Str url, Str *body);

typedef struct LdCacheOptions {
    LdFetch fetch; /* NULL: nothing is ever fetched */
    void *fetch_arg;
    int64_t keep;     /* µs for which a fetched context is used without asking again */
    size_t max_count; /* documents kept, and as many contexts resolved from them; the least recently
                         used goes first */
    size_t max_bytes; /* of either; 0: 64 MiB */
} LdCacheOptions;

LdCache *ld_cache_new(LdCacheOptions options);
void ld_cache_free(LdCache *cache);

/* The core context v1.9, built in; valid for the life of the process. v1.3 to v1.9 resolve by URL
 * without a fetch. */
const LdContext *ld_core(void);

/* Resolves an @context value (URL, object, array of both, or NULL for core alone). The core context
   is always applied last, so that its terms cannot be overridden (clause 4.4). The result is
   counted: give it back by ld_context_release. If a URL is neither built in, hosted nor cached and
   may_fetch is false: RC_BUSY; call again from a pool thread with true. Bounds (each RC_INVALID,
   "bad-context"): 32 documents, 8 levels, 4 MiB, 10 000 terms, 2 048 bytes an IRI. A remote
   document that is no context is as good as unreachable: RC_FAILED, "context-unavailable". When a
   document expires and cannot be fetched again, the old one is used for another minute at most
   before the next try. */
Rc ld_context_resolve(Ctx *ctx, LdCache *cache, const Json *at_context, bool may_fetch,
                      const LdContext **out);
const LdContext *ld_context_keep(const LdContext *context);
void ld_context_release(const LdContext *context); /* NULL allowed */
/* The @context value to put into an answer: the URL or array that was resolved, core context last
   unless a document that it names refers to one. */
const Json *ld_context_source(const LdContext *context);
/* The value of a Link header for it (one URL); for an object or several contexts LD_IMPLICIT and
   digits, relative to the broker: ld_cache_find gives its document as long as it is cached. */
Str ld_context_url(const LdContext *context);
/* Differs between contexts that expand or compact differently; for caches of rendered answers. */
uint64_t ld_context_key(const LdContext *context);

/* Term, compact IRI or IRI to IRI: core terms to their IRI, other plain terms to the user's mapping
   or the default context; keywords stay as they are, and aliases of them give them ("type" gives
   "@type"). The result is borrowed from the context or from term, or lies in the arena. */
Str ld_expand(const LdContext *context, Arena *arena, Str term);
/* IRI to a term: the core's, else the user's shortest, else the rest behind the default context,
   else the shortest compact IRI; an IRI without a mapping comes back whole. ld_expand gives the IRI
   back. The result is borrowed from the context or from iri, or lies in the arena. */
Str ld_compact(const LdContext *context, Arena *arena, Str iri);
/* For values of a VocabProperty and of terms with "@type": "@vocab". */
bool ld_term_is_vocab(const LdContext *context, Str term);
/* True for an absolute IRI (RFC 3987 scheme, no blanks or <>"{}|^`\, nothing that can't be seen) of
 * at most LD_IRI_MAX bytes. */
bool ld_is_iri(Str s);

/* Hosted contexts (clause 5.13): stored by the broker's own events, made known here. url is the
 * hosted address. */
Rc ld_cache_put(Ctx *ctx, LdCache *cache, Str url, const Json *document);
/* Forgets a hosted or fetched document, and what was resolved with it. */
void ld_cache_drop(LdCache *cache, Str url);
/* The JSON text of a document that is cached (hosted, fetched or implicit), copied into ctx->arena;
 * RC_NOT_FOUND without an error. */
Rc ld_cache_find(Ctx *ctx, LdCache *cache, Str url, Str *text);
/* What is cached, for GET /jsonldContexts: calls each with an item; implicit ones are told by their
   URL. The texts are valid during the call. The cache is locked meanwhile: don't call it back. */
typedef struct LdCached {
    Str url, text;
    bool hosted;
    int64_t fetched_at; /* or put */
    int64_t uses;
} LdCached;
typedef void (*LdCacheEach)(void *arg, const LdCached *item);
void ld_cache_each(LdCache *cache, LdCacheEach each, void *arg);

#endif
