/* pages: which entities a query of nothing but a type finds, kept until one of its types gains or
   loses an entity. With the answers kept beside the newest versions (kept.c) such a query needs
   neither the store nor a thread of the pool. A page names every entity from the first on: none of
   them may have been withheld, so that nothing can appear among them but by a version of theirs. */
#include "broker_int.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS = 256, FOUND_MAX = 128, KEY_MAX = 512, BYTES_MAX = 64 << 10, NAME_KINDS = 6 };

/* One allocation: found, types, and all texts behind them. */
typedef struct Kept {
    Str key;
    uint64_t membership, erasures;
    bool more;
    size_t n_found, n_types;
    ProjectFound *found;
    Str *types;
} Kept;

struct Pages {
    pthread_mutex_t lock;
    Kept *slots[SLOTS];
    atomic_uint_fast64_t answered;
};

struct Pages *pages_new(void) {
    struct Pages *pages = mem_zero(sizeof *pages);
    pthread_mutex_init(&pages->lock, NULL);
    return pages;
}

void pages_free(struct Pages *pages) {
    if (!pages) return;
    for (size_t i = 0; i < SLOTS; i++)
        mem_free(pages->slots[i]);
    pthread_mutex_destroy(&pages->lock);
    mem_free(pages);
}

uint64_t pages_answered(const struct Pages *pages) {
    return atomic_load(&((struct Pages *)(uintptr_t)pages)->answered);
}

/* ---- what is asked ---- */

/* Any other parameter may be one that selects. */
static bool plain(const HttpExchange *x) {
    static const Str names[NAME_KINDS] = {STR("type"),    STR("limit"),  STR("offset"),
                                          STR("options"), STR("format"), STR("local")};
    for (size_t i = 0; i < http_query_count(x); i++) {
        Str name, value;
        size_t k = 0;
        http_query_at(x, i, &name, &value);
        while (k < NAME_KINDS && !str_eq(name, names[k]))
            k++;
        if (k == NAME_KINDS) return false;
    }
    return true;
}

void pages_wish(const Request *request, const Page *page, const Drawing *drawing, PageWish *out) {
    Str type = http_query_or(request->x, "type", STR_NONE);
    *out = (PageWish){
        .limit = (size_t)page->limit, .offset = (size_t)page->offset, .kept = drawing->kept};
    bool small = page->limit > 0 && page->offset < FOUND_MAX &&
                 page->limit + page->offset < FOUND_MAX && type.len < KEY_MAX / 2;
    if (!drawing->keeps || page->count || !small || str_empty(type) || !plain(request->x)) return;
    Buf key = buf_new(request->ctx->arena, KEY_MAX);
    const RenderKey *kept = &drawing->kept.key;
    uint64_t numbers[] = {kept->sight, kept->context, out->limit, out->offset};
    buf_add_bytes(&key, (const char *)numbers, sizeof numbers);
    buf_add(&key, type);
    out->key = buf_str(&key);
}

/* ---- finding ---- */

static Kept **slot_of(struct Pages *pages, Str key) {
    return &pages->slots[hash_fast(key) % SLOTS];
}

/* It is shown still: what was drawn of it then or since then was shown, and so is the same version.
 */
static bool still_there(const Version *version, const PageWish *wish, const ProjectFound *found) {
    return version && !version_gone(version) &&
           (version_position(version) == found->position ||
            version_rendered(version, &wish->kept.key));
}

static bool take_all(const Request *request, const PageWish *wish, const Kept *kept,
                     ProjectAnswer *out) {
    Arena *arena = request->ctx->arena;
    for (size_t i = 0; i < kept->n_found; i++) {
        const ProjectFound *found = &kept->found[i];
        bool shown = i >= wish->offset && i < wish->offset + wish->limit;
        const Version *version = ledger_version(request->tenant->ledger, found->id);
        const Str *bytes = shown ? kept_find(version, &wish->kept.key) : NULL;
        if (shown ? !bytes : !still_there(version, wish, found)) return false;
        if (!shown) continue;
        vec_push(arena, &out->entities, NULL);
        vec_push(arena, &out->kept, bytes);
    }
    return true;
}

bool pages_find(const Request *request, const PageWish *wish, ProjectAnswer *out) {
    if (str_empty(wish->key)) return false;
    struct Pages *pages = request->tenant->broker->pages;
    const Ledger *ledger = request->tenant->ledger;
    *out = (ProjectAnswer){0};
    pthread_mutex_lock(&pages->lock);
    const Kept *kept = *slot_of(pages, wish->key);
    bool found = kept && str_eq(kept->key, wish->key) && kept->erasures == wish->kept.erasures;
    if (found) {
        StrVec types = {.items = kept->types, .len = kept->n_types};
        found = ledger_membership(ledger, &types) == kept->membership &&
                take_all(request, wish, kept, out);
        out->more = kept->more;
    }
    pthread_mutex_unlock(&pages->lock);
    if (found) atomic_fetch_add(&pages->answered, 1);
    return found;
}

/* ---- keeping ---- */

static Str copy_text(char **to, Str text) {
    Str copy = {*to, text.len};
    if (text.len) memcpy(*to, text.ptr, text.len);
    *to += text.len;
    return copy;
}

static Kept *kept_new(const PageWish *wish, const ProjectAnswer *answer) {
    size_t size = sizeof(Kept) + wish->key.len;
    VEC_EACH (const Str, type, &wish->types)
        size += sizeof(Str) + type->len;
    VEC_EACH (const ProjectFound, one, &answer->found)
        size += sizeof *one + one->id.len;
    if (size > BYTES_MAX) return NULL;
    Kept *kept = mem_alloc(size);
    *kept = (Kept){.membership = wish->membership,
                   .erasures = wish->kept.erasures,
                   .more = answer->more,
                   .found = (ProjectFound *)(kept + 1)};
    kept->types = (Str *)(kept->found + answer->found.len);
    char *texts = (char *)(kept->types + wish->types.len);
    kept->key = copy_text(&texts, wish->key);
    VEC_EACH (const Str, type, &wish->types)
        kept->types[kept->n_types++] = copy_text(&texts, *type);
    VEC_EACH (const ProjectFound, one, &answer->found)
        kept->found[kept->n_found++] = (ProjectFound){copy_text(&texts, one->id), one->position};
    return kept;
}

void pages_keep(const Request *request, const PageWish *wish, const ProjectAnswer *answer) {
    struct Pages *pages = request->tenant->broker->pages;
    if (str_empty(wish->key) || !wish->is_all || answer->withheld) return;
    Kept *kept = kept_new(wish, answer);
    if (!kept) return; /* ids so long that they are looked for each time */
    pthread_mutex_lock(&pages->lock);
    Kept **slot = slot_of(pages, wish->key), *old = *slot;
    *slot = kept;
    pthread_mutex_unlock(&pages->lock);
    mem_free(old);
}
