/* ld: JSON-LD 1.1 as NGSI-LD needs it (ETSI GS CIM 009 clauses 4.4, 5.5.4, 5.5.5, 5.5.7): contexts, expansion of terms to
   IRIs and compaction back. Knows JSON and IRIs, no entities. */
#ifndef LD_LD_H
#define LD_LD_H

#include "base/base.h"
#include "json/json.h"

#define LD_NGSI         "https://uri.etsi.org/ngsi-ld/"
#define LD_DEFAULT      "https://uri.etsi.org/ngsi-ld/default-context/"
#define LD_CORE_CONTEXT "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld"

/* A resolved context: immutable, shared between threads, counted. */
typedef struct LdContext LdContext;

/* Keeps fetched and hosted contexts by URL. Shared by all threads; bounded. One per tenant or process. */
typedef struct LdCache LdCache;

/* Fetches a remote context: blocking, bounded by ctx->deadline and 1 MiB. Runs on a pool thread, never on a loop. The text lies in
   ctx->arena. An unreachable one is RC_FAILED with code "context-unavailable" (LdContextNotAvailable, status 504). */
typedef Rc (*LdFetch)(Ctx *ctx, void *arg, Str url, Str *body);

typedef struct LdCacheOptions {
    LdFetch fetch;    /* NULL: nothing is ever fetched */
    void *fetch_arg;
    int64_t keep;     /* µs for which a fetched context is used without asking again */
    size_t max_count; /* contexts kept; the least recently used goes first */
} LdCacheOptions;

LdCache *ld_cache_new(LdCacheOptions options);
void ld_cache_free(LdCache *cache);

/* The core context v1.9, built in; valid for the life of the process. v1.3 to v1.9 resolve by URL without a fetch. */
const LdContext *ld_core(void);

/* Resolves an @context value (URL, object, array of both, or NULL for core alone). The core context is always applied last, so
   that its terms cannot be overridden (clause 4.4). The result is counted: give it back by ld_context_release. If a URL is
   neither built in, hosted nor cached and may_fetch is false: RC_BUSY; call again from a pool thread with true. */
Rc ld_context_resolve(Ctx *ctx, LdCache *cache, const Json *at_context, bool may_fetch,
                      const LdContext **out);
const LdContext *ld_context_keep(const LdContext *context);
void ld_context_release(const LdContext *context); /* NULL allowed */
/* The @context value to put into an answer: the URL or array that was resolved, core context last. */
const Json *ld_context_source(const LdContext *context);
/* The value of a Link header for it (one URL): hosted inline contexts have an implicit URL. */
Str ld_context_url(const LdContext *context);
/* Differs between contexts that expand or compact differently; for caches of rendered answers. */
uint64_t ld_context_key(const LdContext *context);

/* Term, compact IRI or IRI to IRI: core terms to their IRI, other plain terms to the user's mapping or the default context. The
   result is borrowed from the context or lies in the arena. */
Str ld_expand(const LdContext *context, Arena *arena, Str term);
/* IRI to the shortest term or compact IRI of the context; an IRI without a mapping comes back whole. */
Str ld_compact(const LdContext *context, Arena *arena, Str iri);
/* For values of a VocabProperty and of terms with "@type": "@vocab". */
bool ld_term_is_vocab(const LdContext *context, Str term);
/* True for an absolute IRI (RFC 3987 scheme, no blanks or <>"{}|^`\). */
bool ld_is_iri(Str s);

/* Hosted contexts (clause 5.13): stored by the broker's own events, made known here. url is the hosted address. */
Rc ld_cache_put(Ctx *ctx, LdCache *cache, Str url, const Json *document);
void ld_cache_drop(LdCache *cache, Str url);
/* What is cached, for GET /jsonldContexts: calls each with url, JSON text, kind and when it was fetched. */
typedef void (*LdCacheEach)(void *arg, Str url, Str text, bool hosted, int64_t fetched_at, int64_t uses);
void ld_cache_each(LdCache *cache, LdCacheEach each, void *arg);

#endif
