/* types: which attributes have been seen on entities of which type (clauses 5.7.5 to 5.7.10).
 * Counts are the store's. */
#include "project_int.h"

#include <stdlib.h>

enum { KNOWN_MAX = 100000, TYPES_ARENA = 256 << 20 };

/* What has a row already, so that a hot entity costs a look-up and no write. */
struct Types {
    Rows rows;
    Arena *arena;
    Map known;
};

struct Types *types_new(Project *project) {
    struct Types *types = mem_zero(sizeof *types);
    types->rows = (Rows){project->batch, project_space(TYPES_SPACE)};
    types->arena = arena_new(TYPES_ARENA);
    types->known = map_new(types->arena);
    return types;
}

Rc types_clear(Ctx *ctx, struct Types *types) {
    return rows_delete_prefix(ctx, &types->rows, STR_NONE);
}

void types_forget(struct Types *types) {
    arena_reset(types->arena);
    types->known = map_new(types->arena);
}

void types_free(struct Types *types) {
    if (!types) return;
    arena_free(types->arena);
    mem_free(types);
}

/* type, NUL, attribute, NUL, kind of attribute. */
static Str type_key(Arena *arena, Str type, const Attr *attr) {
    Buf key = buf_new(arena, 1024);
    buf_add(&key, type);
    buf_add_char(&key, 0);
    if (attr) {
        buf_add(&key, attr->name);
        buf_add_char(&key, 0);
        buf_add_char(&key, (char)('0' + attr->kind));
    }
    return buf_str(&key);
}

static Rc type_put(Ctx *ctx, struct Types *types, Str type, const Attr *attr) {
    Str key = type_key(ctx->arena, type, attr);
    if (map_has(&types->known, key)) return RC_OK;
    TRY(rows_put(ctx, &types->rows, key, STR_NONE));
    if (types->known.len < KNOWN_MAX) map_put(&types->known, str_dup(types->arena, key), types);
    return RC_OK;
}

/* A rebuild doesn't see what was sealed under a person's key that is destroyed, so nothing is kept
   of it: what is declared of the type stands for it. */
static bool is_sealed(const Ctx *ctx, const StrVec *names, Str attr) {
    const Dictionary *dictionary = ctx->tenant->dictionary;
    Entity typed = {.types = *names};
    bool declared = false;
    for (size_t i = 0; dictionary && i < names->len; i++)
        declared = declared || dictionary_type(dictionary, names->items[i]);
    return declared && dictionary_class(dictionary, &typed, attr) >= CLASS_PERSONAL;
}

Rc types_write(Ctx *ctx, struct Types *types, const Touched *touched) {
    for (size_t i = 0; i < touched->folds.len; i++) {
        const Entity *set = touched->folds.items[i].delta->after;
        const StrVec *names = touched_types(touched, i);
        for (size_t t = 0; set && names && t < names->len; t++)
            for (size_t k = 0; k < set->attrs.len; k++)
                if (!is_sealed(ctx, names, set->attrs.items[k].name))
                    TRY(type_put(ctx, types, names->items[t], &set->attrs.items[k]));
    }
    return RC_OK;
}

/* ---- reading ---- */

typedef struct Listing {
    Ctx *ctx;
    TypeCount *count;
} Listing;

static bool attr_row(void *arg, Str key, Str value) {
    (void)value;
    Listing *listing = arg;
    Arena *arena = listing->ctx->arena;
    Str rest = key, type, attr, kind;
    if (!str_split(&rest, 0, &type) || !str_split(&rest, 0, &attr)) return true;
    if (!str_split(&rest, 0, &kind)) kind = STR("0");
    TypeAttrs *attrs = &listing->count->attrs;
    TypeAttr *last = attrs->len ? &attrs->items[attrs->len - 1] : NULL;
    if (!last || !str_eq(last->iri, attr))
        last = vec_push(arena, attrs, (TypeAttr){.iri = str_dup(arena, attr)});
    last->kinds |= 1u << (kind.ptr[0] - '0');
    return true;
}

static int attr_order(const void *a, const void *b) {
    return str_cmp(((const TypeAttr *)a)->iri, ((const TypeAttr *)b)->iri);
}

static void add_sealed(Ctx *ctx, TypeCount *count) {
    const Dictionary *dictionary = ctx->tenant->dictionary;
    const DictType *type = dictionary ? dictionary_type(dictionary, count->iri) : NULL;
    if (!type) return;
    VEC_EACH (const DictAttr, attr, &type->attrs)
        if (attr->class >= CLASS_PERSONAL)
            vec_push(ctx->arena, &count->attrs, (TypeAttr){attr->iri, 1u << attr->kind});
    if (count->attrs.len)
        qsort(count->attrs.items, count->attrs.len, sizeof *count->attrs.items, attr_order);
}

Rc project_types(Ctx *ctx, Project *project, TypeCounts *out) {
    EntityCounts counts = {0};
    *out = (TypeCounts){0};
    TRY(project_drain(ctx, project, ledger_head(project->tenant->ledger)));
    TRY(reader_entity_counts(ctx, ctx->db, &counts));
    for (size_t i = 0; i < counts.len; i++) {
        TypeCount *count = vec_push(
            ctx->arena, out,
            (TypeCount){.iri = counts.items[i].type, .entities = (int64_t)counts.items[i].count});
        Listing listing = {ctx, count};
        RowsRange range = {.follower = TYPES_SPACE,
                           .prefix = type_key(ctx->arena, count->iri, NULL)};
        TRY(project_rows(ctx, project, &range, attr_row, &listing));
        add_sealed(ctx, count);
    }
    return RC_OK;
}
