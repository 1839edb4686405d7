/* Ordering (clause 4.23). Kinds of values come in the order of clause 4.23.2; what is absent comes
   last in both directions. Strings compare by an ICU collator, which is made once and only read
   afterwards. */
#include "match_int.h"

#include <math.h>
#include <unicode/ucol.h>
#include <unicode/uloc.h>

enum { ORDER_TERMS_MAX = 8 };

typedef enum Rank {
    RANK_DISTANCE, /* a geometry, when ordered by distance */
    RANK_NUMBER,
    RANK_STRING,
    RANK_OBJECT,
    RANK_ARRAY,
    RANK_BOOL,
    RANK_TIME,
    RANK_DATE,
    RANK_DATETIME,
    RANK_NULL,
    RANK_ABSENT,
} Rank;

typedef struct OrderTerm {
    Path path;
    bool descending, distance;
} OrderTerm;

struct OrderBy {
    OrderTerm terms[ORDER_TERMS_MAX];
    size_t n;
    UCollator *collator;
    Shape from;
};

/* What one entity is ordered by. */
typedef struct OrderKey {
    Rank rank;
    const Json *json;
    Str text; /* of a string: a member's text lives no longer than the visit */
    int64_t time;
    double distance;
} OrderKey;

typedef struct Keying {
    const OrderBy *order;
    const OrderTerm *term;
    OrderKey key;
} Keying;

/* ---- reading */

static const struct {
    Str name;
    bool descending, distance;
} directions[] = {
    {STR("asc"), false, false},
    {STR("desc"), true, false},
    {STR("dist-asc"), false, true},
    {STR("dist-desc"), true, true},
};

static Rc read_direction(Scan *scan, OrderTerm *term) {
    size_t offset = scan->at;
    Str rest = str_sub(scan->text, offset, scan->text.len), word;
    if (!str_split(&rest, ',', &word)) word = STR_NONE;
    for (size_t i = 0; i < sizeof directions / sizeof *directions; i++) {
        if (!str_eq(word, directions[i].name)) continue;
        term->descending = directions[i].descending;
        term->distance = directions[i].distance;
        scan->at += word.len;
        return RC_OK;
    }
    return SCAN_FAIL(scan, offset,
                     "expected asc, desc, dist-asc or dist-desc, found '" STR_FMT "'.",
                     STR_ARG(word));
}

static Rc read_term(Scan *scan, OrderTerm *term) {
    TRY(match_path_read(scan, &term->path));
    if (!match_scan_take(scan, STR(";"))) return RC_OK;
    return read_direction(scan, term);
}

static Rc read_terms(Scan *scan, OrderBy *order) {
    do {
        match_scan_blanks(scan);
        if (order->n == ORDER_TERMS_MAX)
            return SCAN_LIMIT(scan, "more than %d terms.", ORDER_TERMS_MAX);
        TRY(read_term(scan, &order->terms[order->n++]));
        match_scan_blanks(scan);
    } while (match_scan_take(scan, STR(",")));
    if (scan->at < scan->text.len)
        return SCAN_FAIL(scan, scan->at, "expected ';', ',' or the end, found " STR_FMT ".",
                         STR_ARG(match_scan_what(scan, scan->at)));
    return RC_OK;
}

static Rc read_collation(Ctx *ctx, Str tag, OrderBy *order) {
    char locale[ULOC_FULLNAME_CAPACITY];
    UErrorCode error = U_ZERO_ERROR;
    int32_t used = 0;
    const char *z = str_z(ctx->arena, str_empty(tag) ? STR("und") : tag);
    int32_t len = uloc_forLanguageTag(z, locale, sizeof locale, &used, &error);
    bool whole = tag.len == 0 || (size_t)used == tag.len;
    if (U_SUCCESS(error) && whole && len < (int32_t)sizeof locale)
        order->collator = ucol_open(locale, &error);
    if (order->collator && U_SUCCESS(error)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "bad-collation", STR("collation"),
                    "collation: '" STR_FMT
                    "' is no BCP 47 tag of a collation; examples are und, ja "
                    "and de-u-co-phonebk.",
                    STR_ARG(tag));
}

static Rc read_from(Ctx *ctx, const OrderSource *source, OrderBy *order) {
    bool needed = false;
    for (size_t i = 0; i < order->n; i++)
        needed |= order->terms[i].distance;
    if (!needed && str_empty(source->order_from)) return RC_OK;
    if (str_empty(source->order_from))
        return ctx_fail(
            ctx, RC_INVALID, "bad-order", STR("orderFrom"),
            "orderFrom: it is missing, ordering by distance needs it: [longitude,latitude].");
    Str type = str_empty(source->order_geometry) ? STR("Point") : source->order_geometry;
    return match_geo_shape(ctx, "orderFrom", type, source->order_from, &order->from);
}

static Rc read_order(Ctx *ctx, const LdContext *context, const OrderSource *source,
                     OrderBy *order) {
    Scan scan;
    TRY(match_scan_start(ctx, context, "orderBy", source->order_by, &scan));
    TRY(read_terms(&scan, order));
    TRY(read_from(ctx, source, order));
    return read_collation(ctx, source->collation, order);
}

Rc match_order(Ctx *ctx, const LdContext *context, const OrderSource *source, OrderBy **out) {
    OrderBy *order = NEW(ctx->arena, OrderBy);
    Rc rc = read_order(ctx, context, source, order);
    *out = rc == RC_OK ? order : NULL;
    if (rc != RC_OK) match_order_free(order);
    return rc;
}

void match_order_free(OrderBy *order) {
    if (!order || !order->collator) return;
    ucol_close(order->collator);
    order->collator = NULL;
}

bool match_order_only_id(const OrderBy *order) {
    for (size_t i = 0; i < order->n; i++)
        if (order->terms[i].path.n_names || order->terms[i].path.member != MEMBER_ID) return false;
    return true;
}

/* ---- comparing */

/* A text is a time only where its type says so. */
static void string_key(bool typed, Str text, OrderKey *key) {
    static const Rank ranks[] = {
        [OPERAND_DATETIME] = RANK_DATETIME, [OPERAND_DATE] = RANK_DATE, [OPERAND_TIME] = RANK_TIME};
    key->rank = RANK_STRING;
    key->text = text;
    OperandKind kind = typed ? match_value_time(text, &key->time) : OPERAND_TEXT;
    if (kind >= OPERAND_DATETIME) key->rank = ranks[kind];
}

static void value_key(const Target *target, OrderKey *key) {
    static const Rank ranks[] = {
        [JSON_NULL] = RANK_NULL,     [JSON_BOOL] = RANK_BOOL,   [JSON_NUMBER] = RANK_NUMBER,
        [JSON_STRING] = RANK_STRING, [JSON_ARRAY] = RANK_ARRAY, [JSON_OBJECT] = RANK_OBJECT,
    };
    key->json = match_value_plain(target->value);
    key->rank = ranks[key->json->kind];
    if (key->json->kind == JSON_STRING)
        string_key(target->typed || key->json != target->value, json_str(key->json), key);
}

/* Boxes of geometries that cross are measured like any other: ordering needs no exact zero. */
static bool distance_key(const OrderBy *order, const Target *target, OrderKey *key) {
    ShapeKind kind;
    Box box;
    ShapeFault fault = {0};
    const Json *coordinates = target->value ? json_get(target->value, STR("coordinates")) : NULL;
    if (target->kind != ATTR_GEO || !coordinates ||
        !match_shape_kind(json_get_str(target->value, "type"), &kind) ||
        !match_shape_box(kind, coordinates, &box, &fault))
        return false;
    key->rank = RANK_DISTANCE;
    if (kind == SHAPE_POINT) {
        Place place = {box.west, box.south};
        Part part = {0, 1, true};
        Shape shape = {kind, &place, &part, 1, 1, box};
        key->distance = match_shape_distance(&order->from, &shape);
        return true;
    }
    Arena *arena = arena_new((size_t)64 << 20);
    Shape shape;
    match_shape_read(arena, kind, coordinates, &shape);
    key->distance = match_shape_distance(&order->from, &shape);
    arena_free(arena);
    return true;
}

/* The first target counts: the default instance, as entities keep it in front. */
static bool take_key(const Target *target, void *arg) {
    Keying *keying = arg;
    OrderKey *key = &keying->key;
    if (keying->term->distance && distance_key(keying->order, target, key)) return true;
    if (target->value) {
        value_key(target, key);
    } else {
        key->rank = RANK_DATETIME;
        key->time = target->time;
    }
    return true;
}

static OrderKey key_of(const OrderBy *order, const OrderTerm *term, const Entity *entity) {
    Keying keying = {order, term, {.rank = RANK_ABSENT}};
    (void)match_path_any(&term->path, entity, take_key, &keying);
    return keying.key;
}

static int compare_text(const OrderBy *order, const OrderTerm *term, Str a, Str b) {
    if (term->path.n_names == 0) return str_cmp(a, b);
    UErrorCode error = U_ZERO_ERROR;
    int result =
        ucol_strcollUTF8(order->collator, a.ptr, (int32_t)a.len, b.ptr, (int32_t)b.len, &error);
    return U_SUCCESS(error) ? result : str_cmp(a, b);
}

static int compare_keys(const OrderBy *order, const OrderTerm *term, const OrderKey *a,
                        const OrderKey *b) {
    switch (a->rank) {
    case RANK_DISTANCE:
        return (a->distance > b->distance) - (a->distance < b->distance);
    case RANK_NUMBER:
        return match_value_numbers(a->json, b->json);
    case RANK_STRING:
        return compare_text(order, term, a->text, b->text);
    case RANK_BOOL:
        return a->json->value.boolean - b->json->value.boolean;
    case RANK_TIME:
    case RANK_DATE:
    case RANK_DATETIME:
        return (a->time > b->time) - (a->time < b->time);
    default:
        return 0;
    }
}

static int compare_term(const OrderBy *order, const OrderTerm *term, const Entity *a,
                        const Entity *b) {
    OrderKey x = key_of(order, term, a), y = key_of(order, term, b);
    int result = (int)x.rank - (int)y.rank;
    if (result == 0)
        result = compare_keys(order, term, &x, &y);
    else if (x.rank >= RANK_NULL || y.rank >= RANK_NULL)
        return result;
    return term->descending ? -result : result;
}

int match_compare(const OrderBy *order, const Entity *a, const Entity *b) {
    for (size_t i = 0; i < order->n; i++) {
        int result = compare_term(order, &order->terms[i], a, b);
        if (result) return result;
    }
    return str_cmp(a->id, b->id);
}
