/* The geoquery (clause 4.10) by GEOS, on longitude and latitude as a plane, as RFC 7946 draws
   edges.

   Threads: a prepared geometry builds its indexes on first use and even a plain one its envelope,
   so none is shared. A compiled query owns a few lanes, each with a handle, geometry and prepared
   geometry of its own; a thread takes a free lane for one test by an atomic exchange, never waits,
   and opens a lane of its own when all are taken. */
#include "match_int.h"

#include <geos_c.h>
#include <math.h>
#include <stdatomic.h>

enum {
    GEO_LANES = 8,
    GEO_PLACES_MAX = 10000,     /* positions of a query's geometry */
    GEO_NEAR_PLACES_MAX = 1000, /* the same for near: distances cost positions times positions */
    GEO_MEND_MAX = 200,         /* crossings of the edges of an area that is mended */
    GEO_MEET_MAX = 10000,       /* crossings of lines, and of the edges of two shapes */
};

typedef enum GeoRel {
    GEO_NEAR,
    GEO_WITHIN,
    GEO_CONTAINS,
    GEO_OVERLAPS,
    GEO_INTERSECTS,
    GEO_EQUALS,
    GEO_DISJOINT,
} GeoRel;

typedef struct Lane {
    atomic_bool taken;
    GEOSContextHandle_t handle;
    GEOSGeometry *geometry;
    const GEOSPreparedGeometry *prepared;
} Lane;

struct Geo {
    GeoRel rel;
    bool farther;    /* minDistance */
    double distance; /* metres */
    Str attr;
    Shape shape;
    Box box; /* what a match meets; of near with maxDistance, the grown box */
    bool boxed;
    Lane lanes[GEO_LANES];
};

/* ---- geometries of GEOS */

static GEOSCoordSequence *sequence(GEOSContextHandle_t handle, const Shape *shape,
                                   const Part *part) {
    return GEOSCoordSeq_copyFromBuffer_r(handle, (const double *)(shape->places + part->first),
                                         (unsigned)part->n, 0, 0);
}

static GEOSGeometry *polygon(GEOSContextHandle_t handle, const Shape *shape, size_t first,
                             Arena *scratch) {
    size_t end = first + 1;
    while (end < shape->n_parts && !shape->parts[end].shell)
        end++;
    GEOSGeometry **holes = NEW_ARRAY(scratch, GEOSGeometry *, end - first);
    for (size_t i = first; i < end; i++)
        holes[i - first] =
            GEOSGeom_createLinearRing_r(handle, sequence(handle, shape, &shape->parts[i]));
    return GEOSGeom_createPolygon_r(handle, holes[0], holes + 1, (unsigned)(end - first - 1));
}

static GEOSGeometry *collection(GEOSContextHandle_t handle, const Shape *shape, Arena *scratch) {
    static const int types[] = {[SHAPE_MULTI_POINT] = GEOS_MULTIPOINT,
                                [SHAPE_MULTI_LINE] = GEOS_MULTILINESTRING,
                                [SHAPE_MULTI_POLYGON] = GEOS_MULTIPOLYGON};
    bool points = shape->kind == SHAPE_MULTI_POINT;
    size_t n = 0, most = points ? shape->n_places : shape->n_parts;
    GEOSGeometry **items = NEW_ARRAY(scratch, GEOSGeometry *, most);
    for (size_t i = 0; i < most; i++) {
        if (points)
            items[n++] =
                GEOSGeom_createPointFromXY_r(handle, shape->places[i].lon, shape->places[i].lat);
        else if (shape->kind == SHAPE_MULTI_LINE)
            items[n++] =
                GEOSGeom_createLineString_r(handle, sequence(handle, shape, &shape->parts[i]));
        else if (shape->parts[i].shell)
            items[n++] = polygon(handle, shape, i, scratch);
    }
    return GEOSGeom_createCollection_r(handle, types[shape->kind], items, (unsigned)n);
}

/* NULL only when GEOS has no memory; the shape was checked. */
static GEOSGeometry *build(GEOSContextHandle_t handle, const Shape *shape, Arena *scratch) {
    switch (shape->kind) {
    case SHAPE_POINT:
        return GEOSGeom_createPointFromXY_r(handle, shape->places->lon, shape->places->lat);
    case SHAPE_LINE:
        return GEOSGeom_createLineString_r(handle, sequence(handle, shape, shape->parts));
    case SHAPE_POLYGON:
        return polygon(handle, shape, 0, scratch);
    default:
        return collection(handle, shape, scratch);
    }
}

/* Areas only: what collapses to a line or point is dropped. */
static GEOSGeometry *make_valid(GEOSContextHandle_t handle, const GEOSGeometry *geometry) {
    GEOSMakeValidParams *params = GEOSMakeValidParams_create_r(handle);
    if (!params) return NULL;
    GEOSMakeValidParams_setMethod_r(handle, params, GEOS_MAKE_VALID_STRUCTURE);
    GEOSMakeValidParams_setKeepCollapsed_r(handle, params, 0);
    GEOSGeometry *mended = GEOSMakeValidWithParams_r(handle, geometry, params);
    GEOSMakeValidParams_destroy_r(handle, params);
    return mended;
}

/* Polygons whose edges cross are frequent in real data; GEOS answers on them by chance. They are
   read as what they enclose, in queries and entities alike; NULL when they cross too often. */
static GEOSGeometry *build_valid(GEOSContextHandle_t handle, const Shape *shape, Arena *scratch) {
    ArenaMark mark = arena_mark(scratch);
    GEOSGeometry *geometry = build(handle, shape, scratch);
    arena_rewind(scratch, mark);
    if (!geometry || shape->kind < SHAPE_POLYGON || GEOSisValid_r(handle, geometry) == 1)
        return geometry;
    GEOSGeometry *mended =
        match_cross_often(shape, NULL, GEO_MEND_MAX, scratch) ? NULL : make_valid(handle, geometry);
    GEOSGeom_destroy_r(handle, geometry);
    return mended;
}

static void lane_close(Lane *lane) {
    if (!lane->handle) return;
    if (lane->prepared) GEOSPreparedGeom_destroy_r(lane->handle, lane->prepared);
    if (lane->geometry) GEOSGeom_destroy_r(lane->handle, lane->geometry);
    GEOS_finish_r(lane->handle);
    lane->handle = NULL;
    lane->geometry = NULL;
    lane->prepared = NULL;
}

static bool lane_open(Lane *lane, const Shape *shape, Arena *scratch) {
    if (lane->prepared) return true;
    lane->handle = GEOS_init_r();
    if (lane->handle) lane->geometry = build_valid(lane->handle, shape, scratch);
    if (lane->geometry) lane->prepared = GEOSPrepare_r(lane->handle, lane->geometry);
    if (lane->prepared) return true;
    lane_close(lane);
    return false;
}

/* ---- reading */

static Rc fail(Ctx *ctx, const char *param, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-geoquery", str_of(param), "%s: %s.", param, what);
}

static Rc fail_shape(Ctx *ctx, const char *param, const ShapeFault *fault) {
    Buf where = buf_new(ctx->arena, 128);
    for (size_t i = 0; i < fault->depth; i++)
        buf_addf(&where, "[%zu]", fault->index[i]);
    return ctx_fail(ctx, RC_INVALID, "bad-geometry", str_of(param), "%s" STR_FMT ": %s.", param,
                    STR_ARG(buf_str(&where)), fault->why);
}

/* Whether the geometry has the extent of its kind. */
static bool has_extent(const Shape *shape) {
    if (shape->kind <= SHAPE_MULTI_POINT) return true;
    for (size_t i = 0; i < shape->n_parts; i++) {
        const Place *at = shape->places + shape->parts[i].first;
        size_t k = 1;
        while (k < shape->parts[i].n && at[k].lon == at->lon && at[k].lat == at->lat)
            k++;
        if (k == shape->parts[i].n) return false;
    }
    return true;
}

Rc match_geo_shape(Ctx *ctx, const char *param, Str type, Str coordinates, Shape *out) {
    ShapeKind kind;
    if (!match_shape_kind(type, &kind))
        return ctx_fail(ctx, RC_INVALID, "bad-geometry", STR("geometry"),
                        "geometry: '" STR_FMT "' is none of Point, MultiPoint, LineString, "
                        "MultiLineString, Polygon and MultiPolygon.",
                        STR_ARG(type));
    if (str_empty(coordinates)) return fail(ctx, param, "it is missing, the geometry needs it");
    const Json *json;
    Rc rc = json_read(ctx, coordinates, (JsonLimits){.bytes = 1 << 20, .depth = 8}, &json);
    if (rc != RC_OK)
        return ctx_fail(ctx, rc, "bad-geometry", str_of(param), "%s: no JSON array: " STR_FMT,
                        param, STR_ARG(ctx->error.detail));
    Box box;
    ShapeFault fault = {0};
    if (!match_shape_box(kind, json, &box, &fault)) return fail_shape(ctx, param, &fault);
    match_shape_read(ctx->arena, kind, json, out);
    if (out->n_places > GEO_PLACES_MAX)
        return ctx_fail(ctx, RC_LIMIT, "query-too-complex", str_of(param),
                        "%s: more than %d positions.", param, GEO_PLACES_MAX);
    if (!has_extent(out))
        return fail(ctx, param,
                    "a line or ring of one single place has no extent: ask with a Point");
    return RC_OK;
}

static const struct {
    Str name;
    GeoRel rel;
} relations[] = {
    {STR("within"), GEO_WITHIN},     {STR("contains"), GEO_CONTAINS},
    {STR("overlaps"), GEO_OVERLAPS}, {STR("intersects"), GEO_INTERSECTS},
    {STR("equals"), GEO_EQUALS},     {STR("disjoint"), GEO_DISJOINT},
};

static Rc read_near(Ctx *ctx, Str modifier, Geo *geo) {
    static const char form[] =
        "near takes exactly one of maxDistance==METRES and minDistance==METRES, METRES above 0: "
        "near;maxDistance==2000";
    geo->rel = GEO_NEAR;
    geo->farther = str_starts(modifier, STR("minDistance=="));
    if (!geo->farther && !str_starts(modifier, STR("maxDistance==")))
        return fail(ctx, "georel", form);
    Str number = str_sub(modifier, 13, modifier.len);
    if (str_empty(number) || number.ptr[0] < '0' || number.ptr[0] > '9' ||
        !str_to_f64(number, &geo->distance) || !(geo->distance > 0))
        return fail(ctx, "georel", form);
    return RC_OK;
}

static Rc read_relation(Ctx *ctx, Str georel, Geo *geo) {
    if (str_starts(georel, STR("near")) && (georel.len == 4 || georel.ptr[4] == ';'))
        return read_near(ctx, str_sub(georel, 5, georel.len), geo);
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
        if (str_eq(georel, relations[i].name)) {
            geo->rel = relations[i].rel;
            return RC_OK;
        }
    return ctx_fail(ctx, RC_INVALID, "bad-geoquery", STR("georel"),
                    "georel: '" STR_FMT
                    "' is none of near, within, contains, overlaps, intersects, "
                    "equals and disjoint.",
                    STR_ARG(georel));
}

/* Makes the first lane, which tells whether the geometry encloses anything. */
static Rc prepare(Ctx *ctx, Geo *geo) {
    double area;
    Lane *lane = &geo->lanes[0];
    if (!lane_open(lane, &geo->shape, ctx->arena))
        return ctx_fail(ctx, RC_FAILED, "geos", STR("coordinates"),
                        "GEOS could not prepare the geometry.");
    if (geo->shape.kind < SHAPE_POLYGON) return RC_OK;
    if (GEOSArea_r(lane->handle, lane->geometry, &area) != 1 || !(area > 0))
        return fail(ctx, "coordinates", "the polygon encloses no area");
    return RC_OK;
}

static void set_box(Geo *geo) {
    geo->boxed = geo->rel != GEO_DISJOINT && !geo->farther;
    geo->box =
        geo->rel == GEO_NEAR ? match_shape_grow(&geo->shape.box, geo->distance) : geo->shape.box;
}

static Rc check_crossings(Ctx *ctx, const Geo *geo) {
    size_t most = geo->shape.kind < SHAPE_POLYGON ? GEO_MEET_MAX : GEO_MEND_MAX;
    if (!match_cross_often(&geo->shape, NULL, most, ctx->arena)) return RC_OK;
    return ctx_fail(ctx, RC_LIMIT, "query-too-complex", STR("coordinates"),
                    "coordinates: the edges cross more than %zu times.", most);
}

static Rc read_geo(Ctx *ctx, const LdContext *context, const MatchSource *source, Geo *geo) {
    TRY(read_relation(ctx, source->georel, geo));
    TRY(match_geo_shape(ctx, "coordinates", source->geometry, source->coordinates, &geo->shape));
    if (geo->rel == GEO_NEAR && geo->shape.n_places > GEO_NEAR_PLACES_MAX)
        return ctx_fail(ctx, RC_LIMIT, "query-too-complex", STR("coordinates"),
                        "coordinates: near takes at most %d positions.", GEO_NEAR_PLACES_MAX);
    Str term = str_empty(source->geoproperty) ? STR("location") : source->geoproperty;
    geo->attr = str_dup(ctx->arena, ld_expand(context, ctx->arena, term));
    TRY(check_crossings(ctx, geo));
    set_box(geo);
    return prepare(ctx, geo);
}

Rc match_geo_read(Ctx *ctx, const LdContext *context, const MatchSource *source, Geo **out) {
    *out = NULL;
    bool wanted = !str_empty(source->georel) || !str_empty(source->geometry) ||
                  !str_empty(source->coordinates);
    if (!wanted) return RC_OK;
    if (str_empty(source->georel)) return fail(ctx, "georel", "it is missing, a geoquery needs it");
    if (str_empty(source->geometry))
        return fail(ctx, "geometry", "it is missing, a geoquery needs it");
    Geo *geo = mem_zero(sizeof *geo);
    Rc rc = read_geo(ctx, context, source, geo);
    if (rc == RC_OK)
        *out = geo;
    else
        match_geo_free(geo);
    return rc;
}

void match_geo_free(Geo *geo) {
    if (!geo) return;
    for (size_t i = 0; i < GEO_LANES; i++)
        lane_close(&geo->lanes[i]);
    mem_free(geo);
}

/* ---- testing */

/* False for anything but 1: an exception of GEOS on a geometry that it could not mend is no match.
 */
static bool relates(const Geo *geo, const Lane *lane, const GEOSGeometry *target) {
    GEOSContextHandle_t h = lane->handle;
    switch (geo->rel) {
    case GEO_WITHIN:
        return GEOSPreparedContains_r(h, lane->prepared, target) == 1;
    case GEO_CONTAINS:
        return GEOSPreparedWithin_r(h, lane->prepared, target) == 1;
    case GEO_OVERLAPS:
        return GEOSPreparedOverlaps_r(h, lane->prepared, target) == 1;
    case GEO_DISJOINT:
        return GEOSPreparedDisjoint_r(h, lane->prepared, target) == 1;
    case GEO_EQUALS:
        return GEOSEquals_r(h, lane->geometry, target) == 1;
    case GEO_INTERSECTS:
    case GEO_NEAR:
        break; /* near asks first whether the two meet */
    }
    return GEOSPreparedIntersects_r(h, lane->prepared, target) == 1;
}

static bool relates_shape(const Geo *geo, Lane *lane, const Shape *target, Arena *scratch) {
    if (!lane_open(lane, &geo->shape, scratch)) {
        log_error("model", "GEOS could not prepare a geometry: out of memory?");
        return false;
    }
    GEOSGeometry *geometry = build_valid(lane->handle, target, scratch);
    if (!geometry) return false;
    bool result = relates(geo, lane, geometry);
    GEOSGeom_destroy_r(lane->handle, geometry);
    return result;
}

/* Whether GEOS would have to keep too many crossings to tell. Two shapes that only have to meet are
 * told apart at the first one. */
static bool too_tangled(const Geo *geo, const Shape *target, Arena *scratch) {
    bool line = target->kind == SHAPE_LINE || target->kind == SHAPE_MULTI_LINE;
    bool early = geo->rel == GEO_INTERSECTS || geo->rel == GEO_DISJOINT || geo->rel == GEO_NEAR;
    if (line && match_cross_often(target, NULL, GEO_MEET_MAX, scratch)) return true;
    return !early && match_cross_often(&geo->shape, target, GEO_MEET_MAX, scratch);
}

static bool ask_geos(Geo *geo, const Shape *target, Arena *scratch) {
    if (target->kind >= SHAPE_LINE && too_tangled(geo, target, scratch)) return false;
    for (size_t i = 0; i < GEO_LANES; i++) {
        Lane *lane = &geo->lanes[i];
        if (atomic_exchange_explicit(&lane->taken, true, memory_order_acquire)) continue;
        bool result = relates_shape(geo, lane, target, scratch);
        atomic_store_explicit(&lane->taken, false, memory_order_release);
        return result;
    }
    Lane own = {.handle = NULL};
    bool result = relates_shape(geo, &own, target, scratch);
    lane_close(&own);
    return result;
}

static double distance(Geo *geo, const Shape *target, Arena *scratch) {
    if (geo->shape.kind == SHAPE_POINT && target->kind == SHAPE_POINT)
        return match_shape_haversine(geo->shape.places[0], target->places[0]);
    bool lines = geo->shape.kind >= SHAPE_LINE && target->kind >= SHAPE_LINE;
    if (lines && match_shape_boxes_meet(&geo->shape.box, &target->box) &&
        ask_geos(geo, target, scratch))
        return 0;
    return match_shape_distance(&geo->shape, target);
}

/* The target of a test; a point needs no arena. */
typedef struct Local {
    ShapeKind kind;
    const Json *coordinates;
    Box box;
    Place place;
    Part part;
    Shape shape;
} Local;

static void read_shape(Arena *scratch, Local *local) {
    if (local->kind != SHAPE_POINT) {
        match_shape_read(scratch, local->kind, local->coordinates, &local->shape);
        return;
    }
    local->place = (Place){local->box.west, local->box.south};
    local->part = (Part){0, 1, true};
    local->shape = (Shape){local->kind, &local->place, &local->part, 1, 1, local->box};
}

/* False when the instance holds no geometry. */
static bool read_target(const Attr *attr, Local *out) {
    ShapeFault fault = {0};
    if (attr->kind != ATTR_GEO || !attr->value) return false;
    out->coordinates = json_get(attr->value, STR("coordinates"));
    return out->coordinates && match_shape_kind(json_get_str(attr->value, "type"), &out->kind) &&
           match_shape_box(out->kind, out->coordinates, &out->box, &fault);
}

static bool test_attr(Geo *geo, const Attr *attr, Arena *scratch) {
    Local local;
    if (!read_target(attr, &local)) return false;
    bool meets = match_shape_boxes_meet(&geo->box, &local.box);
    if (geo->boxed && !meets) return false;
    if (geo->rel == GEO_DISJOINT && !meets) return true;
    read_shape(scratch, &local);
    if (geo->rel != GEO_NEAR) return ask_geos(geo, &local.shape, scratch);
    double metres = distance(geo, &local.shape, scratch);
    return geo->farther ? metres > geo->distance : metres <= geo->distance;
}

bool match_geo_test(Geo *geo, const Entity *entity, Arena *scratch) {
    bool result = false;
    ArenaMark mark = arena_mark(scratch);
    VEC_EACH (Attr, attr, &entity->attrs) {
        if (!str_eq(attr->name, geo->attr)) continue;
        result = test_attr(geo, attr, scratch);
        arena_rewind(scratch, mark);
        if (result) break;
    }
    return result;
}

double match_geo_distance(Geo *geo, const Entity *entity, Arena *scratch) {
    double best = INFINITY;
    ArenaMark mark = arena_mark(scratch);
    VEC_EACH (Attr, attr, &entity->attrs) {
        Local local;
        if (!str_eq(attr->name, geo->attr) || !read_target(attr, &local)) continue;
        read_shape(scratch, &local);
        best = fmin(best, distance(geo, &local.shape, scratch));
        arena_rewind(scratch, mark);
    }
    return geo->rel == GEO_NEAR && best < INFINITY ? best : -1;
}

Str match_geo_attr(const Geo *geo) {
    return geo->attr;
}

void match_geo_hint(Arena *arena, const Geo *geo, MatchHint *hint) {
    vec_push(arena, &hint->bounds, (MatchBound){.attr = geo->attr, .op = MATCH_EXISTS});
    hint->has_box = geo->boxed;
    hint->box_attr = geo->attr;
    hint->west = geo->box.west;
    hint->south = geo->box.south;
    hint->east = geo->box.east;
    hint->north = geo->box.north;
}
