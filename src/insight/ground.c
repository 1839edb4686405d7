/* ground: what the map draws beneath the places: the outline of the municipality, its districts,
   rivers and roads. */
#include "insight_int.h"

/* Positions lie at the bottom of nested arrays, however deep the geometry has them. */
static void extend(Ground *ground, const Json *coordinates) {
    const Json *first = json_at(coordinates, 0);
    if (first && first->kind == JSON_ARRAY) {
        for (size_t i = 0; i < coordinates->len; i++)
            extend(ground, json_at(coordinates, i));
        return;
    }
    Extent at = {json_number(first), json_number(json_at(coordinates, 1)), json_number(first),
                 json_number(json_at(coordinates, 1))};
    if (coordinates && coordinates->len >= 2) extent_add(&ground->extent, &ground->bounded, at);
}

void extent_add(Extent *extent, bool *bounded, Extent more) {
    if (!*bounded || more.west < extent->west) extent->west = more.west;
    if (!*bounded || more.south < extent->south) extent->south = more.south;
    if (!*bounded || more.east > extent->east) extent->east = more.east;
    if (!*bounded || more.north > extent->north) extent->north = more.north;
    *bounded = true;
}

bool extent_holds(const Extent *outer, const Extent *inner) {
    return inner->west >= outer->west && inner->east <= outer->east &&
           inner->south >= outer->south && inner->north <= outer->north;
}

Rc ground_read(Ctx *ctx, Str text, Ground *out) {
    const Json *json;
    *out = (Ground){.geojson = text};
    TRY(json_read(ctx, text, JSON_LIMITS_DEFAULT, &json));
    const Json *features = json_get(json, STR("features"));
    for (size_t i = 0; features && i < features->len; i++) {
        const Json *feature = json_at(features, i);
        Str kind = json_get_str(json_get(feature, STR("properties")), "kind");
        if (str_eq(kind, STR("municipality")))
            extend(out, json_get(json_get(feature, STR("geometry")), STR("coordinates")));
    }
    if (out->bounded) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "no-outline", STR("map.geojson"),
                    "The map has no feature of kind \"municipality\" with coordinates.");
}

const Ground *insight_ground(const Insight *insight) {
    return insight->ground.bounded ? &insight->ground : NULL;
}
