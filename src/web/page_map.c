/* page_map: the places of the city, on a map and as a list beside it, and as GeoJSON. */
#include "pages_int.h"

enum { PAGE_PLACES = 50, GEOJSON_MAX = 64 << 20 };

/* ?layer=shelter&layer=aed; none said: all. An unknown one is passed over. */
static unsigned layers_asked(const HttpExchange *x) {
    unsigned asked = 0;
    for (size_t i = 0; i < http_query_count(x); i++) {
        Str name, value;
        http_query_at(x, i, &name, &value);
        PlaceLayer layer = str_eq(name, STR("layer")) ? layer_of(value) : LAYERS;
        if (layer < LAYERS) asked |= 1u << layer;
    }
    return asked ? asked : LAYERS_ALL;
}

Str page_layers_query(Arena *arena, unsigned layers) {
    Buf text = buf_new(arena, 256);
    if (layers == LAYERS_ALL) return STR_NONE;
    for (PlaceLayer layer = LAYER_SHELTER; layer < LAYERS; layer++)
        if (layers & 1u << layer) {
            buf_add(&text, text.len ? STR("&layer=") : STR("layer="));
            buf_add(&text, layer_word(layer));
        }
    return buf_str(&text);
}

size_t page_number(const HttpExchange *x) {
    int64_t page;
    bool said = str_to_i64(http_query_or(x, "page", STR("1")), &page);
    return said && page > 0 && page < INT32_MAX ? (size_t)page : 1;
}

static Str page_url(Arena *arena, Str path, Str query, size_t page) {
    return str_fmt(arena, STR_FMT "?" STR_FMT "%spage=%zu", STR_ARG(path), (int)query.len,
                   query.len ? query.ptr : "", query.len ? "&" : "", page);
}

void page_pager(View *view, const Pager *pager) {
    bool more = pager->page * pager->size < pager->total;
    view_str(view, "earlier",
             pager->page > 1 ? page_url(view->arena, pager->path, pager->query, pager->page - 1)
                             : STR_NONE);
    view_str(view, "later",
             more ? page_url(view->arena, pager->path, pager->query, pager->page + 1) : STR_NONE);
}

static Json place_value(Arena *arena, const Place *place) {
    View one = view_new(arena);
    view_set(&one, "name", view_text(arena, place->name_ja, place->name_en));
    view_str(&one, "url", place->url);
    view_str(&one, "kind", layer_word(place->layer));
    view_str(&one, "address", place->address);
    view_null(&one, "at");
    if (place->located) {
        const double position[] = {place->lon, place->lat};
        JsonItems at = {0};
        for (size_t i = 0; i < 2; i++)
            vec_push(arena, &at, json_of_number(position[i]));
        view_items(&one, "at", &at);
    }
    if (str_empty(place->detail_ja))
        view_null(&one, "detail");
    else
        view_set(&one, "detail", view_text(arena, place->detail_ja, place->detail_en));
    return view_value(&one);
}

static size_t places_page(View *view, const Places *places, unsigned layers, size_t page) {
    JsonItems items = {0};
    size_t n = 0, from = (page - 1) * PAGE_PLACES;
    VEC_EACH (const Place, place, &places->items) {
        if (!(layers & 1u << place->layer)) continue;
        if (n >= from && n < from + PAGE_PLACES)
            vec_push(view->arena, &items, place_value(view->arena, place));
        n++;
    }
    view_items(view, "places", &items);
    return n;
}

static void sources_value(View *view) {
    View one = view_new(view->arena);
    JsonItems items = {0};
    view_set(&one, "label", view_text(view->arena, STR("オープンデータ"), STR("Open data")));
    view_str(&one, "url", STR("/data"));
    vec_push(view->arena, &items, view_value(&one));
    view_items(view, "sources", &items);
}

static void map_page_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Places places;
    if (insight_places(ctx, &places) != RC_OK) {
        page_fail(x);
        return;
    }
    View view = page_view(x);
    unsigned layers = layers_asked(x);
    Pager pager = {.path = STR("/map"),
                   .query = page_layers_query(ctx->arena, layers),
                   .page = page_number(x),
                   .size = PAGE_PLACES};
    page_crumb(&view, STR("まちの地図"), STR("Map of the city"), STR_NONE);
    page_layers(&view, &places, layers);
    page_bounds(x, &view, &places);
    view_str(&view, "geojson", STR("/map/features.geojson"));
    pager.total = places_page(&view, &places, layers, pager.page);
    view_int(&view, "total", (int64_t)pager.total);
    page_pager(&view, &pager);
    sources_value(&view);
    page_show(x, 200, WEB_PAGE_MAP, &view);
}

static void features_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Places places;
    Buf text = buf_new(ctx->arena, GEOJSON_MAX);
    Rc rc = insight_places(ctx, &places);
    if (rc == RC_OK) rc = places_geojson(&places, layers_asked(x), &text);
    if (rc != RC_OK) {
        http_problem(x, (HttpProblem){.status = 503,
                                      .title = STR("The places cannot be listed"),
                                      .detail = ctx->error.detail});
        return;
    }
    http_set_header(x, "Cache-Control", STR("public, max-age=60"));
    http_set_header(x, "Access-Control-Allow-Origin", STR("*"));
    http_answer(x, 200, STR("application/geo+json"), buf_str(&text));
}

static void ground_get(HttpExchange *x) {
    const Ground *ground = insight_ground(http_ctx(x)->tenant->insight);
    if (!ground) {
        http_problem(x, (HttpProblem){.status = 404,
                                      .title = STR("No outline"),
                                      .detail = STR("This municipality has no map of its own.")});
        return;
    }
    http_set_header(x, "Cache-Control", STR("public, max-age=3600"));
    http_set_header(x, "Access-Control-Allow-Origin", STR("*"));
    http_answer(x, 200, STR("application/geo+json"), ground->geojson);
}

static const char *const map_params[] = {"layer", "page", "lang", NULL};
static const char *const feature_params[] = {"layer", NULL};

static const HttpAnswer feature_answers[] = {{200, "application/geo+json", "Places"},
                                             HTTP_PROBLEM(400),
                                             HTTP_PROBLEM(401),
                                             HTTP_PROBLEM(404),
                                             HTTP_PROBLEM(500),
                                             HTTP_PROBLEM(503),
                                             {421, "text/plain", NULL},
                                             {0, NULL, NULL}};

static const HttpAnswer ground_answers[] = {{200, "application/geo+json", "Ground"},
                                            HTTP_PROBLEM(400),
                                            HTTP_PROBLEM(401),
                                            HTTP_PROBLEM(404),
                                            HTTP_PROBLEM(500),
                                            HTTP_PROBLEM(503),
                                            {421, "text/plain", NULL},
                                            {0, NULL, NULL}};

const HttpRoute page_map_rows[] = {
    {HTTP_GET, "/map", map_page_get, HTTP_POOL, 0, GATE_PUBLIC, "Map", "The city's places",
     map_params, NULL, page_shown},
    {HTTP_GET, "/map/features.geojson", features_get, HTTP_POOL, 0, GATE_PUBLIC | GATE_API, "Map",
     "The city's places as GeoJSON (RFC 7946)", feature_params, NULL, feature_answers},
    {HTTP_GET, "/map/ground.geojson", ground_get, HTTP_LOOP, 0, GATE_PUBLIC | GATE_API, "Map",
     "The municipality's outline, districts, rivers and roads as GeoJSON (RFC 7946)", NULL, NULL,
     ground_answers},
};
ROWS(page_map_count, page_map_rows);
