#include "layout.h"

/* NFKC, kana, case, dashes and long vowel marks alike, and no blanks. */
Str layout_header(Arena *arena, Str header) {
    Str folded = text_fold(arena, header), dash = STR("ー");
    Buf to = buf_new(arena, folded.len * 3 + 1);
    while (folded.len) {
        Str before = folded;
        int32_t point = str_utf8_next(&folded);
        if (point == '-' || point == 0x30FC || (point >= 0x2010 && point <= 0x2015))
            buf_add(&to, dash);
        else if (point > ' ' && point != 0xFEFF && point != 0xA0 && point != 0x3000)
            buf_add(&to, str_sub(before, 0, before.len - folded.len));
    }
    return buf_str(&to);
}

/* A layout being bound to the columns of a file. */
typedef struct Binding {
    Ctx *ctx;
    const Map *columns; /* folded header to its column + 1 */
    bool *used;
    Layout *layout;
    const Json *source;
} Binding;

static int column_of(const Binding *binding, Str header) {
    return (int)(intptr_t)map_get(binding->columns, layout_header(binding->ctx->scratch, header)) -
           1;
}

static void use(Binding *binding, int column) {
    if (column >= 0) binding->used[column] = true;
}

/* The first of these headers that the file has; -1: none. */
static int first_of(const Binding *binding, const Json *headers) {
    for (size_t i = 0; headers && i < headers->len; i++) {
        int column = column_of(binding, json_str(json_at(headers, i)));
        if (column >= 0) return column;
    }
    return -1;
}

static void bind(Binding *binding, LayoutAttr *to, LayoutWay way, int first, int second) {
    Arena *arena = binding->ctx->arena;
    to->way = way;
    to->columns.len = 0;
    vec_push(arena, &to->columns, first);
    if (way == WAY_LATLON || way == WAY_PARTS) vec_push(arena, &to->columns, second);
    use(binding, first);
    use(binding, second);
}

/* ---- ways ---- */

static bool bind_point(Binding *binding, LayoutAttr *to, const Json *ways) {
    static const struct {
        const char *name;
        LayoutWay way;
    } alone[] = {{"latlon", WAY_PAIR}, {"geo3x3", WAY_GEO3X3}, {"mesh", WAY_MESH}};
    for (size_t i = 0; ways && i < ways->len; i++) {
        const Json *way = json_at(ways, i);
        int lat = first_of(binding, json_get(way, STR("lat")));
        int lon = first_of(binding, json_get(way, STR("lon")));
        if (lat >= 0 && lon >= 0) {
            bind(binding, to, WAY_LATLON, lat, lon);
            return true;
        }
        for (size_t k = 0; k < sizeof alone / sizeof *alone; k++) {
            int column = first_of(binding, json_get(way, str_of(alone[k].name)));
            if (column < 0) continue;
            bind(binding, to, alone[k].way, column, -1);
            return true;
        }
    }
    return false;
}

static bool bind_flags(Binding *binding, LayoutAttr *to) {
    const Json *codes = json_get(to->attr->source, STR("codes"));
    bool any = false;
    to->columns.len = 0;
    for (size_t i = 0; codes && i < codes->len; i++) {
        int column = first_of(binding, json_get(json_at(codes, i), STR("headers")));
        vec_push(binding->ctx->arena, &to->columns, column);
        use(binding, column);
        any = any || column >= 0;
    }
    if (any) to->way = WAY_FLAGS;
    return any;
}

/* "man{n}" with n put in. */
static Str family_header(Arena *arena, Str pattern, int64_t n) {
    size_t at = (size_t)str_find(pattern, STR("{n}"));
    Str tail = str_sub(pattern, at + 3, pattern.len);
    return str_fmt(arena, STR_FMT "%lld" STR_FMT, STR_ARG(str_sub(pattern, 0, at)), (long long)n,
                   STR_ARG(tail));
}

static bool bind_family(Binding *binding, LayoutAttr *to, const Json *family) {
    bool any = false;
    int64_t last = json_get_int(family, "to", 0);
    for (int64_t n = json_get_int(family, "from", 1); family && n <= last; n++) {
        Str header = family_header(binding->ctx->scratch, json_get_str(family, "header"), n);
        int column = column_of(binding, header);
        vec_push(binding->ctx->arena, &to->columns, column);
        use(binding, column);
        any = any || column >= 0;
    }
    if (any) to->way = WAY_FAMILY;
    return any;
}

static bool bind_parts(Binding *binding, LayoutAttr *to, const Json *parts) {
    int date = first_of(binding, json_get(parts, STR("date")));
    if (date < 0) return false;
    bind(binding, to, WAY_PARTS, date, first_of(binding, json_get(parts, STR("clock"))));
    return true;
}

/* A column that means this attribute in this layout only. */
static bool bind_own(Binding *binding, LayoutAttr *to) {
    const Json *columns = json_get(binding->source, STR("columns"));
    for (size_t i = 0; columns && i < columns->len; i++) {
        const JsonMember *member = &columns->value.members[i];
        if (!str_eq(json_str(&member->value), to->attr->term)) continue;
        int column = column_of(binding, member->name);
        if (column < 0) continue;
        bind(binding, to, WAY_CELL, column, -1);
        return true;
    }
    return false;
}

/* True for a column that another attribute has in this layout. */
static bool taken(const Binding *binding, const DictAttr *attr, Str header) {
    const Json *columns = json_get(binding->source, STR("columns"));
    for (size_t i = 0; columns && i < columns->len; i++) {
        const JsonMember *member = &columns->value.members[i];
        if (!str_eq(json_str(&member->value), attr->term) &&
            column_of(binding, member->name) == column_of(binding, header))
            return true;
    }
    return false;
}

static bool bind_headers(Binding *binding, LayoutAttr *to) {
    VEC_EACH (Str, header, &to->attr->headers) {
        int column = column_of(binding, *header);
        if (column < 0 || taken(binding, to->attr, *header)) continue;
        bind(binding, to, WAY_CELL, column, -1);
        return true;
    }
    return false;
}

static void bind_attr(Binding *binding, const DictAttr *attr) {
    const Json *csv = json_get(attr->source, STR("csv"));
    LayoutAttr *to = vec_push(binding->ctx->arena, &binding->layout->attrs,
                              (LayoutAttr){.attr = attr, .way = WAY_NONE});
    to->otherwise = json_get(json_get(binding->source, STR("defaults")), attr->term);
    if (attr->series && !json_get(binding->source, STR("series"))) {
        use(binding, first_of(binding, json_get(attr->source, STR("headers"))));
        binding->layout->attrs.len--; /* a reading without a time says nothing */
        return;
    }
    if (bind_own(binding, to) || bind_point(binding, to, json_get(csv, STR("point"))) ||
        bind_parts(binding, to, json_get(csv, STR("parts"))) || bind_headers(binding, to) ||
        bind_flags(binding, to) || bind_family(binding, to, json_get(csv, STR("family"))))
        return;
    to->columns.len = 0;
    if (!to->otherwise) binding->layout->attrs.len--;
}

static void bind_series(Binding *binding) {
    Layout *layout = binding->layout;
    const Json *series = json_get(binding->source, STR("series"));
    layout->time_column = -1;
    if (!series) return;
    layout->series = true;
    layout->time_column = first_of(binding, json_get(series, STR("time")));
    layout->time_order = json_get_str(series, "date");
    use(binding, layout->time_column);
    const Json *terms = json_get(series, STR("attributes"));
    VEC_EACH (LayoutAttr, attr, &layout->attrs)
        for (size_t i = 0; terms && i < terms->len; i++)
            attr->series = attr->series || str_eq(attr->attr->term, json_str(json_at(terms, i)));
}

static void bind_rest(Binding *binding) {
    Layout *layout = binding->layout;
    const Json *ignore = json_get(binding->source, STR("ignore"));
    for (size_t i = 0; i < layout->headers.len; i++)
        layout->known += binding->used[i];
    for (size_t i = 0; ignore && i < ignore->len; i++)
        use(binding, column_of(binding, json_str(json_at(ignore, i))));
    for (size_t i = 0; i < layout->headers.len; i++)
        if (!binding->used[i] && str_trim(layout->headers.items[i]).len)
            vec_push(binding->ctx->arena, &layout->unknown, layout->headers.items[i]);
}

static void bind_within(Binding *binding, const DictType *type) {
    const Json *terms = json_get(binding->source, STR("within"));
    VEC_EACH (DictAttr, attr, &type->attrs)
        for (size_t i = 0; terms && i < terms->len; i++)
            if (str_eq(attr->term, json_str(json_at(terms, i))))
                vec_push(binding->ctx->arena, &binding->layout->within, attr->iri);
}

static Layout *layout_bind(Binding *binding, const DictType *type, const StrVec *headers) {
    Arena *arena = binding->ctx->arena;
    Layout *layout = NEW(arena, Layout);
    *layout = (Layout){.type = type,
                       .name = json_get_str(binding->source, "name"),
                       .id = json_get_str(binding->source, "id"),
                       .headers = *headers};
    binding->layout = layout;
    binding->used = NEW_ARRAY(arena, bool, headers->len + 1);
    VEC_EACH (DictAttr, attr, &type->attrs)
        bind_attr(binding, attr);
    bind_series(binding);
    bind_within(binding, type);
    bind_rest(binding);
    return layout;
}

static bool recognised(const Binding *binding) {
    const Json *headers = json_get(binding->source, STR("recognise"));
    for (size_t i = 0; i < headers->len; i++)
        if (column_of(binding, json_str(json_at(headers, i))) < 0) return false;
    const Json *series = json_get(binding->source, STR("series"));
    return !series || first_of(binding, json_get(series, STR("time"))) >= 0;
}

static Map columns_map(Ctx *ctx, const StrVec *headers) {
    Map columns = map_new(ctx->arena);
    for (size_t i = 0; i < headers->len; i++) {
        Str folded = layout_header(ctx->arena, headers->items[i]);
        if (folded.len && !map_has(&columns, folded))
            map_put(&columns, folded, (void *)(intptr_t)(i + 1));
    }
    return columns;
}

static void try_type(Binding *binding, const DictType *type, const StrVec *headers, Str wanted,
                     Layout **best) {
    const Json *files = json_get(type->source, STR("files"));
    for (size_t i = 0; files && i < files->len; i++) {
        binding->source = json_at(files, i);
        if (wanted.len && !str_eq(json_get_str(binding->source, "name"), wanted)) continue;
        if (!recognised(binding)) continue;
        Layout *layout = layout_bind(binding, type, headers);
        if (!*best || layout->known > (*best)->known) *best = layout;
    }
}

Rc layout_recognise(Ctx *ctx, const Dictionary *dictionary, const StrVec *headers, Str wanted,
                    Layout **out) {
    ArenaMark mark = arena_mark(ctx->scratch);
    Map columns = columns_map(ctx, headers);
    Binding binding = {.ctx = ctx, .columns = &columns};
    *out = NULL;
    for (size_t i = 0; i < dictionary_count(dictionary); i++)
        try_type(&binding, dictionary_at(dictionary, i), headers, wanted, out);
    arena_rewind(ctx->scratch, mark);
    if (*out) return RC_OK;
    return ctx_fail(ctx, RC_NOT_FOUND, "unknown-layout", STR_NONE,
                    "No layout of the dictionary has these headers.");
}

Rc layout_named(Ctx *ctx, const Dictionary *dictionary, Str name, const DictType **type,
                const Json **layout) {
    Near near = {.wanted = name};
    for (size_t i = 0; i < dictionary_count(dictionary); i++) {
        *type = dictionary_at(dictionary, i);
        const Json *files = json_get((*type)->source, STR("files"));
        for (size_t k = 0; files && k < files->len; k++) {
            *layout = json_at(files, k);
            if (str_eq(json_get_str(*layout, "name"), name)) return RC_OK;
            near_offer(&near, json_get_str(*layout, "name"));
        }
    }
    return ctx_fail(ctx, RC_NOT_FOUND, "no-layout", STR("layout"),
                    "The dictionary has no layout \"" STR_FMT "\"%s" STR_FMT "%s", STR_ARG(name),
                    near.best.len ? ": did you mean \"" : ".", STR_ARG(near.best),
                    near.best.len ? "\"?" : "");
}
