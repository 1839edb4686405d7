#include "procedure_int.h"

#include <stdatomic.h>
#include <stdlib.h>

/* A definition, and what it is found by: folded. It stays as it is and where it is, since a case
   keeps the version under which it began, and what it was told under it. */
typedef struct FoldedFaq {
    Str question, answer;
} FoldedFaq;
typedef struct Entry Entry;
struct Entry {
    const Definition *definition;
    Str label, words, summary;
    VEC(FoldedFaq) faq;  /* as the definition's */
    const Entry *before; /* that was taken in before this one; NULL: none */
    Arena *arena;        /* its own; NULL: the catalogue's */
};

struct Catalogue {
    const Entry *_Atomic newest;
    DefinitionKnown known;
    pthread_mutex_t lock; /* of taking in; who asks needs none */
};

enum { TAKEN_ARENA = 64 << 20, CLOSED_DAYS = 366 };

static const Entry *entry_newest(const Catalogue *catalogue) {
    return atomic_load_explicit(&catalogue->newest, memory_order_acquire);
}

#define EACH_ENTRY(entry, catalogue)                                                               \
    for (const Entry *entry = entry_newest(catalogue); entry; entry = entry->before)

/* ---- reading ---- */

/* Of each row of a list: its member, a text or several. */
static void words_of(Arena *arena, const Json *list, const char *member, StrVec *out) {
    for (size_t i = 0; list && i < list->len; i++) {
        const Json *one = json_get(json_at(list, i), str_of(member));
        if (one && one->kind == JSON_STRING) vec_push(arena, out, json_str(one));
        for (size_t k = 0; one && one->kind == JSON_ARRAY && k < one->len; k++)
            vec_push(arena, out, json_str(json_at(one, k)));
    }
}

void catalogue_known(Arena *arena, const Json *organisation, DefinitionKnown *out) {
    *out = (DefinitionKnown){0};
    words_of(arena, json_get(organisation, STR("people")), "posts", &out->posts);
    words_of(arena, json_get(organisation, STR("delegations")), "kind", &out->kinds);
    words_of(arena, json_get(organisation, STR("posts")), "signs", &out->signers);
    words_of(arena, json_get(organisation, STR("divisions")), "signs", &out->signers);
}

/* What the text is in all languages, for one comparison. */
static Str folded(Arena *arena, const Wording *wording) {
    Str parts[] = {wording->ja, json_get_str(wording->all, "en"),
                   json_get_str(wording->all, "easy")};
    return text_fold(arena, str_join(arena, parts, 3, STR(" ")));
}

static Rc bad(Ctx *ctx, const Definition *definition, Str path, Str text) {
    return ctx_fail(ctx, RC_INVALID, "bad-definition",
                    str_fmt(ctx->arena, "procedures/" STR_FMT ".json, " STR_FMT,
                            STR_ARG(definition->id), STR_ARG(path)),
                    STR_FMT, STR_ARG(text));
}

/* Reads one in ctx->arena, where source lies. */
static Rc entry_new(Ctx *ctx, const Catalogue *catalogue, const Json *source, Entry **out) {
    Arena *arena = ctx->arena;
    const Definition *definition;
    TRY(definition_read(ctx, source, &definition));
    if (catalogue_version(catalogue, definition->id, definition->version))
        return bad(ctx, definition, STR("version"), STR("This version is there already."));
    Str words = str_join(arena, definition->words.items, definition->words.len, STR(" "));
    *out = NEW(arena, Entry);
    **out = (Entry){.definition = definition,
                    .label = folded(arena, &definition->label),
                    .words = text_fold(arena, words),
                    .summary = folded(arena, &definition->summary)};
    VEC_EACH (const DefinedFaq, one, &definition->faq)
        vec_push(arena, &(*out)->faq,
                 (FoldedFaq){folded(arena, &one->question), folded(arena, &one->answer)});
    return RC_OK;
}

/* From now on it is found. */
static void entry_add(Catalogue *catalogue, Entry *entry) {
    entry->before = entry_newest(catalogue);
    atomic_store_explicit(&catalogue->newest, entry, memory_order_release);
}

/* Who signs is a matter of the organisation: a city that names a signer later, or not yet, goes on
   with the procedures that it has. */
static void signers_tell(Ctx *ctx, const Catalogue *catalogue, const Definition *definition) {
    DefinitionFindings findings = {0};
    letters_signed(ctx, definition, &catalogue->known, &findings);
    VEC_EACH (const DefinitionFinding, one, &findings)
        log_warn("procedure", "procedures/" STR_FMT ".json, " STR_FMT ": " STR_FMT,
                 STR_ARG(definition->id), STR_ARG(one->path), STR_ARG(one->text));
}

static Rc source_add(Ctx *ctx, Catalogue *catalogue, const Json *source) {
    DefinitionFindings findings = {0};
    DefinitionKnown known = catalogue->known;
    Entry *entry;
    TRY(entry_new(ctx, catalogue, source, &entry));
    known.signers = (StrVec){0};
    definition_lint(ctx, entry->definition, &known, &findings);
    signers_tell(ctx, catalogue, entry->definition);
    if (findings.len)
        return bad(ctx, entry->definition, findings.items[0].path, findings.items[0].text);
    entry_add(catalogue, entry);
    return RC_OK;
}

/* Once all are there: a bundle may have been read before its parts. */
static Rc bundles_check(Ctx *ctx, const Catalogue *catalogue) {
    DefinitionFindings findings = {0};
    EACH_ENTRY (entry, catalogue) {
        bundle_lint(ctx, entry->definition, catalogue, &findings);
        if (findings.len)
            return bad(ctx, entry->definition, findings.items[0].path, findings.items[0].text);
    }
    return RC_OK;
}

Rc catalogue_load(Ctx *ctx, const CatalogueSources *sources, Catalogue **out) {
    Catalogue *catalogue = NEW(ctx->arena, Catalogue);
    pthread_mutex_init(&catalogue->lock, NULL);
    catalogue_known(ctx->arena, sources->organisation, &catalogue->known);
    *out = catalogue;
    for (size_t i = 0; i < sources->n; i++)
        TRY(source_add(ctx, catalogue, sources->definitions[i]));
    return bundles_check(ctx, catalogue);
}

Rc catalogue_take(Ctx *ctx, Catalogue *catalogue, const Json *source) {
    Ctx own = *ctx;
    Entry *entry = NULL;
    Rc rc = RC_OK;
    own.arena = arena_new(TAKEN_ARENA);
    pthread_mutex_lock(&catalogue->lock);
    bool there = catalogue_version(catalogue, json_get_str(source, "id"),
                                   json_get_int(source, "version", 0)) != NULL;
    if (!there) rc = entry_new(&own, catalogue, json_dup(own.arena, source), &entry);
    if (entry) {
        entry->arena = own.arena;
        entry_add(catalogue, entry);
    }
    pthread_mutex_unlock(&catalogue->lock);
    if (entry) return RC_OK;
    if (rc != RC_OK) ctx_keep_error(ctx, &own.error);
    arena_free(own.arena);
    return rc;
}

void catalogue_free(Catalogue *catalogue) {
    for (const Entry *entry = entry_newest(catalogue), *before; entry; entry = before) {
        before = entry->before;
        if (entry->arena) arena_free(entry->arena);
    }
    pthread_mutex_destroy(&catalogue->lock);
}

const DefinitionKnown *catalogue_knows(const Catalogue *catalogue) {
    return &catalogue->known;
}

/* ---- finding ---- */

static bool in_force(const Definition *definition, Date day) {
    int64_t on = time_date_days(day);
    return time_date_days(definition->from) <= on &&
           (!definition->until.year || on <= time_date_days(definition->until));
}

const Definition *catalogue_current(const Catalogue *catalogue, Str id, Date day) {
    const Definition *newest = NULL;
    EACH_ENTRY (entry, catalogue) {
        const Definition *one = entry->definition;
        if (str_eq(one->id, id) && in_force(one, day) &&
            (!newest || one->version > newest->version))
            newest = one;
    }
    return newest;
}

const Definition *catalogue_as_of(const Catalogue *catalogue, const Definition *own, Date day) {
    const Definition *then = catalogue ? catalogue_current(catalogue, own->id, day) : NULL;
    bool newer = then && in_force(own, day) && own->version > then->version;
    return then && !newer ? then : own;
}

const Definition *catalogue_resource(const Catalogue *catalogue, Str resource, Date day) {
    EACH_ENTRY (entry, catalogue) {
        const Definition *one = entry->definition;
        bool books = one->reservation && str_eq(one->reservation->resource, resource);
        if (books && catalogue_current(catalogue, one->id, day) == one) return one;
    }
    return NULL;
}

const Definition *catalogue_closed(const Catalogue *catalogue, Str id, Date day) {
    const Definition *next = NULL, *last = NULL;
    int64_t on = time_date_days(day);
    if (catalogue_current(catalogue, id, day)) return NULL;
    EACH_ENTRY (entry, catalogue) {
        const Definition *one = entry->definition;
        if (!str_eq(one->id, id)) continue;
        int64_t from = time_date_days(one->from), until = time_date_days(one->until);
        bool sooner = !next || from < time_date_days(next->from),
             later = !last || until > time_date_days(last->until);
        if (from > on && sooner) next = one;
        if (from <= on && until >= on - CLOSED_DAYS && later) last = one;
    }
    return next ? next : last;
}

const Definition *catalogue_newest(const Catalogue *catalogue, Str id) {
    const Definition *newest = NULL;
    EACH_ENTRY (entry, catalogue)
        if (str_eq(entry->definition->id, id) &&
            (!newest || entry->definition->version > newest->version))
            newest = entry->definition;
    return newest;
}

void catalogue_ids(Arena *arena, const Catalogue *catalogue, StrVec *out) {
    EACH_ENTRY (entry, catalogue)
        if (catalogue_newest(catalogue, entry->definition->id) == entry->definition)
            vec_push(arena, out, entry->definition->id);
}

const Definition *catalogue_version(const Catalogue *catalogue, Str id, int64_t version) {
    EACH_ENTRY (entry, catalogue)
        if (str_eq(entry->definition->id, id) && entry->definition->version == version)
            return entry->definition;
    return NULL;
}

/* How well one word fits: its label best; 0: not at all. */
static int word_fit(const Entry *entry, Str word) {
    if (str_find(entry->label, word) >= 0) return 3;
    if (str_find(entry->words, word) >= 0) return 2;
    return str_find(entry->summary, word) >= 0;
}

static int entry_fit(const Entry *entry, Str query) {
    Str word;
    int fit = 1;
    while (str_split(&query, ' ', &word)) {
        int one = str_empty(word) ? 1 : word_fit(entry, word);
        if (!one) return 0;
        fit += one;
    }
    return fit;
}

typedef struct Hit {
    const Entry *entry;
    int fit;
} Hit;

static int hit_order(const void *a, const void *b) {
    const Hit *x = a, *y = b;
    if (x->fit != y->fit) return y->fit - x->fit;
    return str_cmp(x->entry->label, y->entry->label);
}

static bool is_listed(const Catalogue *catalogue, const CatalogueQuery *query,
                      const Definition *one) {
    if (one->inside != query->inside) return false;
    return catalogue_current(catalogue, one->id, query->day) == one ||
           (query->closed && catalogue_closed(catalogue, one->id, query->day) == one);
}

void catalogue_search(Arena *arena, const Catalogue *catalogue, const CatalogueQuery *query,
                      Definitions *out) {
    Str text = text_fold(arena, query->text);
    VEC(Hit) hits = {0};
    *out = (Definitions){0};
    EACH_ENTRY (entry, catalogue) {
        const Definition *one = entry->definition;
        int fit = is_listed(catalogue, query, one) ? entry_fit(entry, text) : 0;
        if (fit) vec_push(arena, &hits, (Hit){entry, fit});
    }
    if (hits.len) qsort(hits.items, hits.len, sizeof *hits.items, hit_order);
    for (size_t i = 0; i < hits.len; i++)
        vec_push(arena, out, hits.items[i].entry->definition);
}

/* ---- what people ask ---- */

typedef struct Asked {
    CatalogueFaq of;
    int fit;
} Asked;

/* 0: a word stands nowhere, or all stand in what the procedure is called alone. */
static int faq_fit(const Entry *entry, const FoldedFaq *faq, Str query) {
    Str word;
    int fit = 0;
    while (str_split(&query, ' ', &word)) {
        if (str_empty(word)) continue;
        bool asked = str_find(faq->question, word) >= 0;
        if (!asked && str_find(faq->answer, word) < 0) {
            if (word_fit(entry, word) < 2) return 0;
            continue;
        }
        fit += asked ? 2 : 1;
    }
    return fit;
}

static int asked_order(const void *a, const void *b) {
    const Asked *x = a, *y = b;
    if (x->fit != y->fit) return y->fit - x->fit;
    int order = str_cmp(x->of.definition->id, y->of.definition->id);
    return order ? order : (x->of.n > y->of.n) - (x->of.n < y->of.n);
}

void catalogue_questions(Arena *arena, const Catalogue *catalogue, const CatalogueQuery *query,
                         CatalogueFaqs *out) {
    Str text = text_fold(arena, query->text);
    VEC(Asked) asked = {0};
    *out = (CatalogueFaqs){0};
    EACH_ENTRY (entry, catalogue) {
        if (!is_listed(catalogue, query, entry->definition)) continue;
        for (size_t n = 0; n < entry->faq.len; n++) {
            int fit = faq_fit(entry, &entry->faq.items[n], text);
            if (fit) vec_push(arena, &asked, (Asked){{entry->definition, n}, fit});
        }
    }
    if (asked.len) qsort(asked.items, asked.len, sizeof *asked.items, asked_order);
    VEC_EACH (const Asked, one, &asked)
        vec_push(arena, out, one->of);
}
