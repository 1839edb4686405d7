/* The cache: documents by URL and, made from them, resolved contexts by the text of their @context.
   One mutex guards both tables and is held for look-ups only: never while fetching, reading or
   building. */
#include "ld_int.h"
#include "table.h"

#include <pthread.h>
#include <string.h>

enum {
    BYTES_DEFAULT = 64 << 20,
    KEPT_MAX = 64 << 10, /* bytes of an @context whose result is kept */
};

#define RETRY                                                                                      \
    (60 * TIME_SECOND) /* how long an expired document is used when it cannot be fetched again */

/* A resolved context and what it depends on. */
typedef struct Kept {
    const LdContext *context;
    int64_t fresh_until;
    uint64_t generation;
    LdDocument *documents[LD_REMOTES_MAX];
    size_t n;
} Kept;

struct LdCache {
    pthread_mutex_t lock;
    LdCacheOptions options;
    Table documents, contexts;
    uint64_t generation; /* raised when a document is put or dropped: contexts resolved before are
                            stale */
};

/* ---- documents; with the lock held ---- */

static void document_drop(void *value, void *arg) {
    LdDocument *document = value;
    (void)arg;
    if (--document->count == 0) mem_free(document);
}

static LdDocument *document_new(Str url, Str text) {
    LdDocument *document = mem_zero(sizeof *document + url.len + text.len);
    char *copy = (char *)(document + 1);
    if (url.len) memcpy(copy, url.ptr, url.len);
    if (text.len) memcpy(copy + url.len, text.ptr, text.len);
    document->url = (Str){copy, url.len};
    document->text = (Str){copy + url.len, text.len};
    document->count = 1;
    return document;
}

static void kept_drop(void *value, void *arg) {
    Kept *kept = value;
    ld_context_release(kept->context);
    for (size_t i = 0; i < kept->n; i++)
        document_drop(kept->documents[i], arg);
    mem_free(kept);
}

LdCache *ld_cache_new(LdCacheOptions options) {
    LdCache *cache = mem_zero(sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
    cache->options = options;
    size_t bytes = options.max_bytes ? options.max_bytes : BYTES_DEFAULT;
    table_init(&cache->documents, options.max_count, bytes);
    table_init(&cache->contexts, options.max_count, bytes);
    cache->documents.drop = document_drop;
    cache->contexts.drop = kept_drop;
    return cache;
}

void ld_cache_free(LdCache *cache) {
    if (!cache) return;
    table_clear(&cache->contexts);
    table_clear(&cache->documents);
    pthread_mutex_destroy(&cache->lock);
    mem_free(cache);
}

static void cache_put(LdCache *cache, LdDocument *document) {
    pthread_mutex_lock(&cache->lock);
    table_put(&cache->documents, document->url, document,
              sizeof *document + document->url.len + document->text.len, document->hosted);
    pthread_mutex_unlock(&cache->lock);
}

/* ---- fetching ---- */

/* What makes a document worth keeping: a context that is not empty. */
static bool is_context(Ctx *ctx, Str body, bool *empty) {
    const Json *document, *context;
    JsonLimits limits = {.bytes = LD_DOCUMENT_MAX, .depth = 64};
    if (json_read(ctx, body, limits, &document) != RC_OK) return false;
    context = json_get(document, STR("@context"));
    if (!context) return false;
    bool holds = context->kind == JSON_ARRAY || context->kind == JSON_OBJECT;
    *empty = context->kind == JSON_NULL || (holds && context->len == 0);
    return true;
}

static Rc unavailable(Ctx *ctx, Str url, const char *what) {
    return ctx_fail(ctx, RC_FAILED, "context-unavailable", STR("@context"),
                    "The context " STR_FMT " %s", STR_ARG(str_head(url, 300)), what);
}

static Rc fetch(Ctx *ctx, LdCache *cache, Str url, LdDocument **out) {
    Str body;
    bool empty = false;
    TRY(cache->options.fetch(ctx, cache->options.fetch_arg, url, &body));
    if (body.len > LD_DOCUMENT_MAX) return unavailable(ctx, url, "has more than 1 MiB.");
    if (!is_context(ctx, body, &empty))
        return unavailable(ctx, url, "is no JSON object with a member \"@context\".");
    LdDocument *document = document_new(url, body);
    document->fetched_at = time_now(ctx->clock);
    document->fresh_until =
        empty ? document->fetched_at : document->fetched_at + cache->options.keep;
    *out = document;
    if (empty) return RC_OK; /* usable, but not worth keeping: it may be a fault of its server */
    document->count++;       /* one is the caller's */
    cache_put(cache, document);
    return RC_OK;
}

/* The stale document again, for a little while, because its source does not answer. */
static Rc keep_stale(Ctx *ctx, LdCache *cache, LdDocument *stale, LdDocument **out) {
    int64_t more = cache->options.keep < RETRY ? cache->options.keep : RETRY;
    log_warn("ld", "the context " STR_FMT " cannot be fetched again, the old one is used: " STR_FMT,
             STR_ARG(stale->url), STR_ARG(ctx->error.detail));
    ctx->error = (Error){0};
    pthread_mutex_lock(&cache->lock);
    stale->fresh_until = time_now(ctx->clock) + more;
    pthread_mutex_unlock(&cache->lock);
    *out = stale;
    return RC_OK;
}

static Rc check_fetchable(Ctx *ctx, LdCache *cache, Str url) {
    bool web = str_starts(url, STR("https://")) || str_starts(url, STR("http://"));
    if (!web || !ld_is_iri(url) || url.len > LD_IRI_MAX)
        return ctx_fail(ctx, RC_INVALID, "bad-context", STR("@context"),
                        "\"" STR_FMT "\" is no http or https URL of a context.",
                        STR_ARG(str_head(url, 300)));
    if (!cache->options.fetch)
        return unavailable(ctx, url, "is not known here, and nothing is fetched.");
    return RC_OK;
}

static LdDocument *document_find(LdCache *cache, Str url, int64_t now, bool *fresh) {
    pthread_mutex_lock(&cache->lock);
    LdDocument *document = table_get(&cache->documents, url);
    if (document) {
        document->count++;
        document->uses++;
        *fresh = document->hosted || document->fresh_until > now;
    }
    pthread_mutex_unlock(&cache->lock);
    return document;
}

void ld_document_release(LdCache *cache, LdDocument *document) {
    pthread_mutex_lock(&cache->lock);
    document_drop(document, NULL);
    pthread_mutex_unlock(&cache->lock);
}

Rc ld_document_get(Ctx *ctx, LdCache *cache, Str url, bool may_fetch, LdDocument **out) {
    bool fresh = false;
    LdDocument *found = document_find(cache, url, time_now(ctx->clock), &fresh);
    *out = found;
    if (fresh) return RC_OK;
    Rc rc = check_fetchable(ctx, cache, url);
    if (rc == RC_OK && !may_fetch)
        rc =
            ctx_fail(ctx, RC_BUSY, "context-not-cached", STR("@context"),
                     "The context " STR_FMT " must be fetched first.", STR_ARG(str_head(url, 300)));
    else if (rc == RC_OK)
        rc = fetch(ctx, cache, url, out);
    if (found && rc != RC_OK && rc != RC_BUSY) return keep_stale(ctx, cache, found, out);
    if (found) ld_document_release(cache, found);
    return rc;
}

/* ---- resolving ---- */

static const LdContext *kept_find(LdCache *cache, Str key, int64_t now) {
    const LdContext *context = NULL;
    pthread_mutex_lock(&cache->lock);
    Kept *kept = table_get(&cache->contexts, key);
    if (kept && kept->generation == cache->generation && kept->fresh_until > now) {
        context = ld_context_keep(kept->context);
        for (size_t i = 0; i < kept->n; i++)
            kept->documents[i]->uses++;
    }
    pthread_mutex_unlock(&cache->lock);
    return context;
}

/* Keeps a context with its documents, which the build hands over. */
static void kept_put(LdBuild *build, Str key, const LdContext *context, uint64_t generation) {
    LdCache *cache = build->cache;
    Kept *kept = mem_zero(sizeof *kept);
    kept->context = ld_context_keep(context);
    kept->generation = generation;
    kept->fresh_until = INT64_MAX;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < build->remotes; i++) {
        LdDocument *document = kept->documents[kept->n++] = build->documents[i];
        if (!document->hosted && document->fresh_until < kept->fresh_until)
            kept->fresh_until = document->fresh_until;
    }
    build->remotes = 0;
    table_put(&cache->contexts, key, kept, sizeof *kept + arena_used(context->arena), false);
    pthread_mutex_unlock(&cache->lock);
}

/* Makes the document of an implicit URL known, so that a Link header that names it can be followed.
 */
static void put_implicit(Ctx *ctx, LdCache *cache, const LdContext *context) {
    if (!str_starts(context->url, STR(LD_IMPLICIT))) return;
    Buf text = buf_new(NULL, LD_DOCUMENT_MAX);
    buf_add(&text, STR("{\"@context\":"));
    json_write(&text, context->source);
    buf_add(&text, STR("}"));
    if (!text.full) {
        LdDocument *document = document_new(context->url, buf_str(&text));
        document->fetched_at = time_now(ctx->clock);
        document->fresh_until = INT64_MAX;
        cache_put(cache, document);
    }
    buf_free(&text);
}

/* Builds in memory of its own: what contexts take is bounded here, not by the request's arena. */
static Rc build(Ctx *ctx, LdBuild *b, const Json *at_context, LdContext **out) {
    Ctx inner = *ctx;
    inner.arena = arena_new((size_t)256 << 20);
    b->ctx = &inner;
    b->terms = map_new(inner.arena);
    Rc rc = ld_build_read(b, at_context);
    if (rc == RC_OK)
        *out = ld_build_finish(b, at_context);
    else
        rc = ctx_fail(ctx, rc, inner.error.code.ptr, inner.error.path, STR_FMT,
                      STR_ARG(inner.error.detail));
    arena_free(inner.arena);
    b->ctx = ctx;
    return rc;
}

static Rc resolve(Ctx *ctx, LdBuild *b, const Json *at_context, Str key, const LdContext **out) {
    pthread_mutex_lock(&b->cache->lock);
    uint64_t generation = b->cache->generation;
    pthread_mutex_unlock(&b->cache->lock);
    LdContext *context = NULL;
    Rc rc = build(ctx, b, at_context, &context);
    if (rc == RC_OK) {
        put_implicit(ctx, b->cache, context);
        if (key.len <= KEPT_MAX) kept_put(b, key, context, generation);
        *out = context;
    }
    for (size_t i = 0; i < b->remotes; i++)
        ld_document_release(b->cache, b->documents[i]);
    return rc;
}

/* The context alone is the core: no search, no memory. */
static bool is_core_alone(const Json *at_context) {
    if (!at_context || at_context->kind == JSON_NULL) return true;
    if (at_context->kind == JSON_ARRAY && at_context->len == 1)
        at_context = &at_context->value.items[0];
    int version = ld_core_version(json_str(at_context));
    return version && !ld_core_has_own(version);
}

Rc ld_context_resolve(Ctx *ctx, LdCache *cache, const Json *at_context, bool may_fetch,
                      const LdContext **out) {
    if (is_core_alone(at_context)) {
        *out = ld_core();
        return RC_OK;
    }
    LdBuild b = {.cache = cache, .may_fetch = may_fetch};
    Buf text = buf_new(NULL, JSON_LIMITS_DEFAULT.bytes);
    json_write(&text, at_context);
    Rc rc = RC_OK;
    if (text.full)
        rc = ctx_fail(ctx, RC_INVALID, "bad-context", STR("@context"), "The context is too large.");
    else if (!(*out = kept_find(cache, buf_str(&text), time_now(ctx->clock))))
        rc = resolve(ctx, &b, at_context, buf_str(&text), out);
    buf_free(&text);
    return rc;
}

/* ---- hosted contexts ---- */

static void raise_generation(LdCache *cache) {
    pthread_mutex_lock(&cache->lock);
    cache->generation++;
    pthread_mutex_unlock(&cache->lock);
}

Rc ld_cache_put(Ctx *ctx, LdCache *cache, Str url, const Json *document) {
    if (!json_get(document, STR("@context")))
        return ctx_fail(ctx, RC_INVALID, "bad-context", STR("@context"),
                        "A hosted context must be an object with a member \"@context\".");
    Buf text = buf_new(NULL, LD_DOCUMENT_MAX);
    json_write(&text, document);
    if (text.full) {
        buf_free(&text);
        return ctx_fail(ctx, RC_LIMIT, "context-too-large", STR("@context"),
                        "A hosted context may have at most 1 MiB.");
    }
    LdDocument *hosted = document_new(url, buf_str(&text));
    buf_free(&text);
    hosted->hosted = true;
    hosted->fetched_at = time_now(ctx->clock);
    cache_put(cache, hosted);
    raise_generation(cache);
    return RC_OK;
}

void ld_cache_drop(LdCache *cache, Str url) {
    pthread_mutex_lock(&cache->lock);
    table_drop(&cache->documents, url);
    cache->generation++;
    pthread_mutex_unlock(&cache->lock);
}

Rc ld_cache_find(Ctx *ctx, LdCache *cache, Str url, Str *text) {
    pthread_mutex_lock(&cache->lock);
    const LdDocument *document = table_get(&cache->documents, url);
    if (document) *text = str_dup(ctx->arena, document->text);
    pthread_mutex_unlock(&cache->lock);
    return document ? RC_OK : RC_NOT_FOUND;
}

void ld_cache_each(LdCache *cache, LdCacheEach each, void *arg) {
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < cache->documents.slots; i++)
        for (const TableNode *node = cache->documents.buckets[i]; node; node = node->next) {
            const LdDocument *document = node->value;
            each(arg, &(LdCached){.url = document->url,
                                  .text = document->text,
                                  .hosted = document->hosted,
                                  .fetched_at = document->fetched_at,
                                  .uses = document->uses});
        }
    pthread_mutex_unlock(&cache->lock);
}
