/* places: what the map shows, as everybody may see it, kept for a second. */
#include "insight_int.h"

enum { PLACES_MAX = 100000 };

static const struct {
    Str word, type;
} layers[LAYERS] = {
    [LAYER_SHELTER] = {{"shelter", 7}, {"Shelter", 7}},
    [LAYER_SITE] = {{"site", 4}, {"EvacuationSite", 14}},
    [LAYER_AED] = {{"aed", 3}, {"AED", 3}},
    [LAYER_GAUGE] = {{"gauge", 5}, {"RiverGauge", 10}},
    [LAYER_TOILET] = {{"toilet", 6}, {"PublicToilet", 12}},
    [LAYER_FACILITY] = {{"facility", 8}, {"PublicFacility", 14}},
    [LAYER_PARK] = {{"park", 4}, {"Park", 4}},
    [LAYER_PRESCHOOL] = {{"preschool", 9}, {"Preschool", 9}},
};

Str layer_word(PlaceLayer layer) {
    return layers[layer].word;
}

Str layer_type(PlaceLayer layer) {
    return layers[layer].type;
}

PlaceLayer layer_of(Str word) {
    PlaceLayer layer = LAYER_SHELTER;
    while (layer < LAYERS && !str_eq(layers[layer].word, word))
        layer++;
    return layer;
}

/* ---- one place ---- */

static bool point_of(const Entity *entity, Place *place) {
    const Attr *location = entity_attr(entity, STR(LD_NGSI "location"));
    const Json *at =
        location && location->value ? json_get(location->value, STR("coordinates")) : NULL;
    bool point = at && at->kind == JSON_ARRAY && at->len >= 2 &&
                 str_eq(json_get_str(location->value, "type"), STR("Point"));
    if (!point) return false;
    place->lon = json_number(json_at(at, 0));
    place->lat = json_number(json_at(at, 1));
    return true;
}

static const Json *code_label(const DictAttr *attr, Str code) {
    const Json *codes = attr && attr->source ? json_get(attr->source, STR("codes")) : NULL;
    for (size_t i = 0; codes && i < codes->len; i++)
        if (str_eq(json_get_str(json_at(codes, i), "code"), code))
            return json_get(json_at(codes, i), STR("label"));
    return NULL;
}

/* The labels of a list of codes, in both languages. */
static void codes_detail(Ctx *ctx, const Entity *entity, Str iri, Place *place) {
    const DictType *type = dictionary_type(ctx->tenant->dictionary, entity->types.items[0]);
    const DictAttr *declared = type ? dictionary_attr(type, iri) : NULL;
    const Attr *attr = entity_attr(entity, iri);
    StrVec ja = {0}, en = {0};
    bool list = attr && attr->value && attr->value->kind == JSON_ARRAY;
    for (size_t i = 0; list && i < attr->value->len; i++) {
        const Json *label = code_label(declared, json_str(json_at(attr->value, i)));
        if (!label) continue;
        vec_push(ctx->arena, &ja, json_get_str(label, "ja"));
        vec_push(ctx->arena, &en, json_get_str(label, "en"));
    }
    place->detail_ja = str_join(ctx->arena, ja.items, ja.len, STR("、"));
    place->detail_en = str_join(ctx->arena, en.items, en.len, STR(", "));
}

static void capacity_detail(Ctx *ctx, const Entity *entity, Place *place) {
    int64_t capacity = entity_int(entity, IRI("capacity"), 0);
    if (capacity <= 0) return;
    bool after = !str_empty(place->detail_ja);
    place->detail_ja = str_fmt(ctx->arena, STR_FMT "%s収容 %lld人", STR_ARG(place->detail_ja),
                               after ? " / " : "", (long long)capacity);
    place->detail_en = str_fmt(ctx->arena, STR_FMT "%sholds %lld", STR_ARG(place->detail_en),
                               after ? "; " : "", (long long)capacity);
}

static void shelter_detail(Ctx *ctx, const Entity *entity, Place *place) {
    codes_detail(ctx, entity, IRI("openedFor"), place);
    capacity_detail(ctx, entity, place);
}

static void site_detail(Ctx *ctx, const Entity *entity, Place *place) {
    codes_detail(ctx, entity, IRI("disasterTypes"), place);
    capacity_detail(ctx, entity, place);
}

static void aed_detail(Ctx *ctx, const Entity *entity, Place *place) {
    (void)ctx;
    place->detail_ja = place->detail_en = entity_text(entity, IRI("place"));
}

static void gauge_detail(Ctx *ctx, const Entity *entity, Place *place) {
    Arena *arena = ctx->arena;
    place->url = str_fmt(arena, "/gauges/" STR_FMT, STR_ARG(http_url_encode(arena, entity->id)));
    Gauge gauge = gauge_of(ctx, entity);
    if (!gauge.measured) return;
    place->level = gauge.state;
    place->detail_ja = place->detail_en = str_fmt(arena, "%.2f m", gauge.level);
}

/* What the toilet is fitted for. */
static void toilet_detail(Ctx *ctx, const Entity *entity, Place *place) {
    static const char *const fitted[] = {"wheelchair", "infants", "ostomate"};
    static const Str said_ja[] = {{"車いす対応", 15}, {"乳幼児設備", 15}, {"オストメイト", 18}},
                     said_en[] = {{"wheelchair", 10}, {"infants", 7}, {"ostomate", 8}};
    StrVec ja = {0}, en = {0};
    for (size_t i = 0; i < sizeof fitted / sizeof *fitted; i++) {
        Str iri = str_fmt(ctx->arena, LD_DEFAULT "%s", fitted[i]);
        const Attr *attr = entity_attr(entity, iri);
        if (!attr || !attr->value || attr->value->kind != JSON_BOOL || !attr->value->value.boolean)
            continue;
        vec_push(ctx->arena, &ja, said_ja[i]);
        vec_push(ctx->arena, &en, said_en[i]);
    }
    place->detail_ja = str_join(ctx->arena, ja.items, ja.len, STR("、"));
    place->detail_en = str_join(ctx->arena, en.items, en.len, STR(", "));
}

static void facility_detail(Ctx *ctx, const Entity *entity, Place *place) {
    Str opens = entity_text(entity, IRI("opens")), closes = entity_text(entity, IRI("closes"));
    if (str_empty(opens) || str_empty(closes)) return;
    place->detail_ja = str_fmt(ctx->arena, STR_FMT "〜" STR_FMT, STR_ARG(opens), STR_ARG(closes));
    place->detail_en = str_fmt(ctx->arena, STR_FMT " to " STR_FMT, STR_ARG(opens), STR_ARG(closes));
}

static void park_detail(Ctx *ctx, const Entity *entity, Place *place) {
    const Attr *area = entity_attr(entity, IRI("area"));
    if (!area || !area->value || area->value->kind != JSON_NUMBER) return;
    place->detail_ja = place->detail_en = str_fmt(ctx->arena, "%.0f m²", json_number(area->value));
}

static void preschool_detail(Ctx *ctx, const Entity *entity, Place *place) {
    int64_t capacity = entity_int(entity, IRI("capacity"), 0);
    place->detail_ja = entity_text(entity, IRI("kindOfSchool"));
    if (capacity <= 0) return;
    bool after = !str_empty(place->detail_ja);
    place->detail_ja = str_fmt(ctx->arena, STR_FMT "%s定員 %lld人", STR_ARG(place->detail_ja),
                               after ? " / " : "", (long long)capacity);
    place->detail_en = str_fmt(ctx->arena, "%lld children", (long long)capacity);
}

static PlaceLayer layer_of_entity(Arena *arena, const Entity *entity) {
    for (PlaceLayer layer = LAYER_SHELTER; layer < LAYERS; layer++)
        if (entity_has_type(entity,
                            str_fmt(arena, LD_DEFAULT STR_FMT, STR_ARG(layers[layer].type))))
            return layer;
    return LAYERS;
}

static void place_add(Ctx *ctx, const Entity *entity, Places *out) {
    static void (*const details[LAYERS])(Ctx *, const Entity *, Place *) = {
        [LAYER_SHELTER] = shelter_detail, [LAYER_SITE] = site_detail,
        [LAYER_AED] = aed_detail,         [LAYER_GAUGE] = gauge_detail,
        [LAYER_TOILET] = toilet_detail,   [LAYER_FACILITY] = facility_detail,
        [LAYER_PARK] = park_detail,       [LAYER_PRESCHOOL] = preschool_detail,
    };
    Place place = {.layer = layer_of_entity(ctx->arena, entity),
                   .id = entity->id,
                   .name_ja = entity_text(entity, IRI("name")),
                   .name_en = entity_text(entity, IRI("nameEn")),
                   .address = entity_text(entity, IRI("address"))};
    if (place.layer == LAYERS) return;
    if (str_empty(place.name_ja)) place.name_ja = entity->id;
    if (str_empty(place.name_en)) place.name_en = place.name_ja;
    details[place.layer](ctx, entity, &place);
    place.located = point_of(entity, &place);
    out->counts[place.layer]++;
    vec_push(ctx->arena, &out->items, place);
}

static void bounds_of(Places *places) {
    VEC_EACH (const Place, place, &places->items) {
        Extent at = {place->lon, place->lat, place->lon, place->lat};
        if (place->located) extent_add(&places->extent, &places->bounded, at);
    }
}

/* ---- all of them ---- */

static Rc layer_read(Ctx *ctx, PlaceLayer layer, Places *out) {
    ProjectAnswer answer;
    Listed what = {str_z(ctx->arena, layers[layer].type), PLACES_MAX};
    TRY(insight_list(ctx, &what, &answer));
    for (size_t i = 0; i < answer.entities.len; i++)
        place_add(ctx, answer.entities.items[i], out);
    out->more = out->more || answer.more;
    return RC_OK;
}

/* As somebody who is not signed in: an answer that is kept for all must not know who asked. */
static Rc places_read(Ctx *ctx, Arena *arena, Places *out) {
    Actor nobody = {.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
    Ctx own = *ctx;
    own.arena = arena;
    own.actor = &nobody;
    own.purpose = STR_NONE;
    *out = (Places){0};
    Rc rc = RC_OK;
    for (PlaceLayer layer = LAYER_SHELTER; rc == RC_OK && layer < LAYERS; layer++)
        rc = layer_read(&own, layer, out);
    bounds_of(out);
    ctx->error = own.error;
    ctx->error.detail = str_dup(ctx->arena, own.error.detail);
    ctx->error.path = str_dup(ctx->arena, own.error.path);
    return rc;
}

static void places_dup(Arena *arena, const Places *from, Places *out) {
    *out = *from;
    out->items.items = NULL;
    out->items.len = out->items.cap = 0;
    VEC_EACH (const Place, place, &from->items) {
        Place *copy = vec_push(arena, &out->items, *place);
        Str *texts[] = {&copy->id,  &copy->name_ja,   &copy->name_en,  &copy->address,
                        &copy->url, &copy->detail_ja, &copy->detail_en};
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            *texts[i] = str_dup(arena, *texts[i]);
    }
}

Rc insight_places(Ctx *ctx, Places *out) {
    PlacesKept *kept = &ctx->tenant->insight->places;
    Rc rc = RC_OK;
    pthread_mutex_lock(&ctx->tenant->insight->places_lock);
    uint64_t head = ledger_head(ctx->tenant->ledger);
    int64_t age = time_monotonic() - kept->read_at;
    bool fresh = kept->read_at && age < (kept->position == head ? TIME_MINUTE : TIME_SECOND);
    if (!fresh) {
        arena_reset(kept->arena);
        kept->read_at = 0;
        rc = places_read(ctx, kept->arena, &kept->places);
    }
    if (!fresh && rc == RC_OK) {
        kept->position = head;
        kept->read_at = time_monotonic();
    }
    if (rc == RC_OK) places_dup(ctx->arena, &kept->places, out);
    pthread_mutex_unlock(&ctx->tenant->insight->places_lock);
    return rc;
}

/* ---- GeoJSON ---- */

static void text_member(JsonWriter *w, const char *name, Str text) {
    if (str_empty(text)) return;
    json_name(w, str_of(name));
    json_text(w, text);
}

static void feature(JsonWriter *w, const Place *place) {
    json_open(w, '{');
    text_member(w, "type", STR("Feature"));
    text_member(w, "id", place->id);
    json_name(w, STR("geometry"));
    json_open(w, '{');
    text_member(w, "type", STR("Point"));
    json_name(w, STR("coordinates"));
    json_open(w, '[');
    json_double(w, place->lon);
    json_double(w, place->lat);
    json_close(w);
    json_close(w);
    json_name(w, STR("properties"));
    json_open(w, '{');
    text_member(w, "kind", layers[place->layer].word);
    text_member(w, "name", place->name_ja);
    text_member(w, "nameEn", place->name_en);
    text_member(w, "address", place->address);
    text_member(w, "detail", place->detail_ja);
    text_member(w, "detailEn", place->detail_en);
    text_member(w, "level", str_of(level_word(place->level)));
    text_member(w, "url", place->url);
    json_close(w);
    json_close(w);
}

Rc places_geojson(const Places *places, unsigned wanted, Buf *out) {
    JsonWriter w = json_writer(out);
    json_open(&w, '{');
    text_member(&w, "type", STR("FeatureCollection"));
    json_name(&w, STR("features"));
    json_open(&w, '[');
    VEC_EACH (const Place, place, &places->items)
        if (place->located && wanted & 1u << place->layer) feature(&w, place);
    json_close(&w);
    json_name(&w, STR("more"));
    json_bool(&w, places->more);
    json_close(&w);
    return buf_rc(out);
}
