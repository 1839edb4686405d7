#include "procedure_int.h"

#include <stdlib.h>

/* A definition, and what it is found by: folded. */
typedef struct Entry {
    const Definition *definition;
    Str label, words, summary;
} Entry;

struct Catalogue {
    VEC(Entry) entries;
};

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

void catalogue_known(Arena *arena, const Json *organisation, StrVec *posts, StrVec *kinds) {
    words_of(arena, json_get(organisation, STR("people")), "posts", posts);
    words_of(arena, json_get(organisation, STR("delegations")), "kind", kinds);
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

typedef struct Holders {
    StrVec posts, kinds;
} Holders;

static Rc entry_add(Ctx *ctx, Catalogue *catalogue, const Json *source, const Holders *holders) {
    Arena *arena = ctx->arena;
    const Definition *definition;
    DefinitionFindings findings = {0};
    TRY(definition_read(ctx, source, &definition));
    if (catalogue_version(catalogue, definition->id, definition->version))
        return bad(ctx, definition, STR("version"), STR("Another file has this version."));
    definition_lint(ctx, definition, &holders->posts, &holders->kinds, &findings);
    if (findings.len) return bad(ctx, definition, findings.items[0].path, findings.items[0].text);
    Str words = str_join(arena, definition->words.items, definition->words.len, STR(" "));
    vec_push(arena, &catalogue->entries,
             (Entry){.definition = definition,
                     .label = folded(arena, &definition->label),
                     .words = text_fold(arena, words),
                     .summary = folded(arena, &definition->summary)});
    return RC_OK;
}

Rc catalogue_load(Ctx *ctx, const CatalogueSources *sources, Catalogue **out) {
    Catalogue *catalogue = NEW(ctx->arena, Catalogue);
    Holders holders = {0};
    catalogue_known(ctx->arena, sources->organisation, &holders.posts, &holders.kinds);
    for (size_t i = 0; i < sources->n; i++)
        TRY(entry_add(ctx, catalogue, sources->definitions[i], &holders));
    *out = catalogue;
    return RC_OK;
}

/* ---- finding ---- */

static bool in_force(const Definition *definition, Date day) {
    int64_t on = time_date_days(day);
    return time_date_days(definition->from) <= on &&
           (!definition->until.year || on <= time_date_days(definition->until));
}

const Definition *catalogue_current(const Catalogue *catalogue, Str id, Date day) {
    const Definition *newest = NULL;
    VEC_EACH (const Entry, entry, &catalogue->entries) {
        const Definition *one = entry->definition;
        if (str_eq(one->id, id) && in_force(one, day) &&
            (!newest || one->version > newest->version))
            newest = one;
    }
    return newest;
}

const Definition *catalogue_resource(const Catalogue *catalogue, Str resource, Date day) {
    VEC_EACH (const Entry, entry, &catalogue->entries) {
        const Definition *one = entry->definition;
        bool books = one->reservation && str_eq(one->reservation->resource, resource);
        if (books && catalogue_current(catalogue, one->id, day) == one) return one;
    }
    return NULL;
}

const Definition *catalogue_version(const Catalogue *catalogue, Str id, int64_t version) {
    VEC_EACH (const Entry, entry, &catalogue->entries)
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

void catalogue_search(Arena *arena, const Catalogue *catalogue, const CatalogueQuery *query,
                      Definitions *out) {
    Str text = text_fold(arena, query->text);
    VEC(Hit) hits = {0};
    *out = (Definitions){0};
    VEC_EACH (const Entry, entry, &catalogue->entries) {
        const Definition *one = entry->definition;
        bool open = one->inside == query->inside &&
                    catalogue_current(catalogue, one->id, query->day) == one;
        int fit = open ? entry_fit(entry, text) : 0;
        if (fit) vec_push(arena, &hits, (Hit){entry, fit});
    }
    if (hits.len) qsort(hits.items, hits.len, sizeof *hits.items, hit_order);
    for (size_t i = 0; i < hits.len; i++)
        vec_push(arena, out, hits.items[i].entry->definition);
}
