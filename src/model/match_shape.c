/* GeoJSON geometries (RFC 7946) and distances.

   Distance. Between two points it is the great circle on a sphere of WGS84's mean radius
   (haversine; at most 0.6 % off the ellipsoid). Otherwise it is the smallest great-circle distance
   between a position of one geometry and the closest place of an edge of the other, both ways
   round, and 0 for a position inside a polygon. An edge is straight in longitude and latitude (RFC
   7946, 3.1.1); its closest place is found on a plane laid at the position (longitudes shrunk by
   the cosine of its latitude, taken the short way round the globe), so for edges of up to some
   hundred kilometres the error stays far below that of the sphere. */
#include "match_int.h"

#include <math.h>

#define EARTH_RADIUS     6371008.8
#define RADIANS(degrees) ((degrees) * (M_PI / 180))

static const struct {
    Str name;
    size_t depth; /* of arrays around positions */
    size_t min;   /* positions in the innermost array; 0: there is none */
    bool ring;
} kinds[] = {
    [SHAPE_POINT] = {STR("Point"), 0, 0, false},
    [SHAPE_MULTI_POINT] = {STR("MultiPoint"), 1, 1, false},
    [SHAPE_LINE] = {STR("LineString"), 1, 2, false},
    [SHAPE_MULTI_LINE] = {STR("MultiLineString"), 2, 2, false},
    [SHAPE_POLYGON] = {STR("Polygon"), 2, 4, true},
    [SHAPE_MULTI_POLYGON] = {STR("MultiPolygon"), 3, 4, true},
};

bool match_shape_kind(Str type, ShapeKind *out) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(type, kinds[i].name)) {
            *out = (ShapeKind)i;
            return true;
        }
    return false;
}

/* ---- checking */

static bool wrong(ShapeFault *fault, size_t depth, const char *why) {
    fault->why = why;
    fault->depth = depth;
    return false;
}

static bool check_position(const Json *position, size_t depth, Box *box, ShapeFault *fault) {
    if (position->kind != JSON_ARRAY || position->len < 2 || position->len > 3)
        return wrong(fault, depth,
                     "a position is [longitude, latitude] or with an altitude behind");
    for (uint32_t i = 0; i < position->len; i++)
        if (position->value.items[i].kind != JSON_NUMBER)
            return wrong(fault, depth, "a position holds numbers only");
    double lon = json_number(&position->value.items[0]),
           lat = json_number(&position->value.items[1]);
    if (!(lon >= -180 && lon <= 180))
        return wrong(fault, depth, "the longitude, which comes first, is not within -180 and 180");
    if (!(lat >= -90 && lat <= 90))
        return wrong(fault, depth, "the latitude, which comes second, is not within -90 and 90");
    box->west = fmin(box->west, lon);
    box->east = fmax(box->east, lon);
    box->south = fmin(box->south, lat);
    box->north = fmax(box->north, lat);
    return true;
}

static bool same_place(const Json *a, const Json *b) {
    return json_number(json_at(a, 0)) == json_number(json_at(b, 0)) &&
           json_number(json_at(a, 1)) == json_number(json_at(b, 1));
}

static bool check_ends(ShapeKind kind, const Json *list, size_t depth, ShapeFault *fault) {
    if (!kinds[kind].ring || same_place(json_at(list, 0), json_at(list, list->len - 1)))
        return true;
    return wrong(fault, depth, "a ring ends where it begins: repeat the first position");
}

static bool check_level(ShapeKind kind, const Json *value, size_t depth, Box *box,
                        ShapeFault *fault) {
    size_t left = kinds[kind].depth - depth;
    if (left == 0) return check_position(value, depth, box, fault);
    if (value->kind != JSON_ARRAY) return wrong(fault, depth, "an array is missing here");
    size_t min = left == 1 ? kinds[kind].min : 1;
    if (value->len < min)
        return wrong(fault, depth,
                     min == 4   ? "a ring has at least 4 positions"
                     : min == 2 ? "a line has at least 2 positions"
                                : "it is empty");
    for (uint32_t i = 0; i < value->len; i++) {
        fault->index[depth] = i;
        if (!check_level(kind, &value->value.items[i], depth + 1, box, fault)) return false;
    }
    return left == 1 ? check_ends(kind, value, depth, fault) : true;
}

bool match_shape_box(ShapeKind kind, const Json *coordinates, Box *out, ShapeFault *fault) {
    *out = (Box){.west = 180, .south = 90, .east = -180, .north = -90};
    return check_level(kind, coordinates, 0, out, fault);
}

/* ---- reading */

static void count(const Json *value, size_t left, Shape *shape) {
    if (left == 0) {
        shape->n_places++;
        return;
    }
    if (left == 1) shape->n_parts++;
    for (uint32_t i = 0; i < value->len; i++)
        count(&value->value.items[i], left - 1, shape);
}

static void fill(const Json *value, size_t left, bool shell, Shape *shape) {
    if (left == 0) {
        shape->places[shape->n_places++] =
            (Place){json_number(json_at(value, 0)), json_number(json_at(value, 1))};
        return;
    }
    if (left == 1) shape->parts[shape->n_parts++] = (Part){shape->n_places, value->len, shell};
    for (uint32_t i = 0; i < value->len; i++)
        fill(&value->value.items[i], left - 1, i == 0, shape);
}

void match_shape_read(Arena *arena, ShapeKind kind, const Json *coordinates, Shape *out) {
    ShapeFault fault = {0};
    *out = (Shape){.kind = kind};
    bool valid = match_shape_box(kind, coordinates, &out->box, &fault);
    assert(valid);
    count(coordinates, kinds[kind].depth, out);
    if (out->n_parts == 0) out->n_parts = 1;
    out->places = NEW_ARRAY(arena, Place, out->n_places);
    out->parts = NEW_ARRAY(arena, Part, out->n_parts);
    out->n_places = out->n_parts = 0;
    fill(coordinates, kinds[kind].depth, true, out);
    if (kind == SHAPE_POINT) out->parts[out->n_parts++] = (Part){0, 1, true};
}

/* ---- measuring */

bool match_shape_boxes_meet(const Box *a, const Box *b) {
    return a->west <= b->east && b->west <= a->east && a->south <= b->north && b->south <= a->north;
}

double match_shape_haversine(Place a, Place b) {
    double lat = sin(RADIANS(b.lat - a.lat) / 2), lon = sin(RADIANS(b.lon - a.lon) / 2);
    double h = lat * lat + cos(RADIANS(a.lat)) * cos(RADIANS(b.lat)) * lon * lon;
    return 2 * EARTH_RADIUS * asin(sqrt(fmin(h, 1)));
}

/* The edge's place that is closest to p. */
static Place closest_on_edge(Place p, Place a, Place b) {
    double middle = (a.lon + b.lon) / 2, turn = round((middle - p.lon) / 360) * 360;
    double shrink = cos(RADIANS(p.lat)), from = p.lon + turn;
    double ax = (a.lon - from) * shrink, ay = a.lat - p.lat;
    double dx = (b.lon - a.lon) * shrink, dy = b.lat - a.lat;
    double length = dx * dx + dy * dy;
    double t = length > 0 ? -(ax * dx + ay * dy) / length : 0;
    t = fmax(0, fmin(1, t));
    return (Place){a.lon + t * (b.lon - a.lon), a.lat + t * (b.lat - a.lat)};
}

/* Even-odd over all rings: holes are outside. */
static bool polygon_holds(const Shape *shape, Place p) {
    bool inside = false;
    for (size_t i = 0; i < shape->n_parts; i++) {
        const Place *ring = shape->places + shape->parts[i].first;
        for (size_t k = 1; k < shape->parts[i].n; k++) {
            Place a = ring[k - 1], b = ring[k];
            if ((a.lat > p.lat) == (b.lat > p.lat)) continue;
            if (p.lon < a.lon + (p.lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon))
                inside = !inside;
        }
    }
    return inside;
}

static double to_part(Place p, const Place *places, const Part *part, bool edges) {
    double best = INFINITY;
    const Place *at = places + part->first;
    if (!edges || part->n == 1) {
        for (size_t i = 0; i < part->n; i++)
            best = fmin(best, match_shape_haversine(p, at[i]));
        return best;
    }
    for (size_t i = 1; i < part->n; i++)
        best = fmin(best, match_shape_haversine(p, closest_on_edge(p, at[i - 1], at[i])));
    return best;
}

static double to_shape(Place p, const Shape *shape) {
    if (kinds[shape->kind].ring && polygon_holds(shape, p)) return 0;
    double best = INFINITY;
    bool edges = shape->kind >= SHAPE_LINE;
    for (size_t i = 0; i < shape->n_parts; i++)
        best = fmin(best, to_part(p, shape->places, &shape->parts[i], edges));
    return best;
}

double match_shape_distance(const Shape *a, const Shape *b) {
    double best = INFINITY;
    for (size_t i = 0; i < a->n_places && best > 0; i++)
        best = fmin(best, to_shape(a->places[i], b));
    for (size_t i = 0; i < b->n_places && best > 0; i++)
        best = fmin(best, to_shape(b->places[i], a));
    return best;
}

Box match_shape_grow(const Box *box, double metres) {
    double turn = metres / EARTH_RADIUS * (180 / M_PI) * (1 + 1e-9) + 1e-9;
    Box grown = {-180, fmax(-90, box->south - turn), 180, fmin(90, box->north + turn)};
    double pole = fmax(fabs(box->south), fabs(box->north));
    if (pole + turn >= 90) return grown; /* it reaches a pole: every longitude is near */
    double wide = asin(sin(RADIANS(turn)) / cos(RADIANS(pole))) * (180 / M_PI) * (1 + 1e-9);
    if (box->west - wide < -180 || box->east + wide > 180) return grown; /* over the date line */
    grown.west = box->west - wide;
    grown.east = box->east + wide;
    return grown;
}
