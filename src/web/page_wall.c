/* page_wall: the wall of tiles, for the staff as things change, for everybody at fixed intervals.
 */
#include "pages_int.h"

static void extent_value(View *view, const char *name, const Extent *extent) {
    const double edges[] = {extent->west, extent->south, extent->east, extent->north};
    JsonItems items = {0};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        vec_push(view->arena, &items, json_of_number(edges[i]));
    view_items(view, name, &items);
}

void page_bounds(HttpExchange *x, View *view, const Places *places) {
    const Ground *ground = insight_ground(http_ctx(x)->tenant->insight);
    bool beyond = ground && places->bounded && !extent_holds(&ground->extent, &places->extent);
    view_str(view, "ground", ground ? STR("/map/ground.geojson") : STR_NONE);
    view_null(view, "bounds");
    view_null(view, "all");
    if (ground)
        extent_value(view, "bounds", &ground->extent);
    else if (places->bounded)
        extent_value(view, "bounds", &places->extent);
    if (beyond) extent_value(view, "all", &places->extent);
}

void page_layers(View *view, const Places *places, unsigned on) {
    JsonItems items = {0};
    for (PlaceLayer layer = LAYER_SHELTER; layer < LAYERS; layer++) {
        View one = view_new(view->arena);
        view_str(&one, "id", layer_word(layer));
        view_int(&one, "n", (int64_t)places->counts[layer]);
        view_bool(&one, "on", (on & 1u << layer) != 0);
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "layers", &items);
}

void page_tiles(View *view, const Tiles *tiles) {
    JsonItems items = {0};
    VEC_EACH (const Tile, tile, tiles)
        vec_push(view->arena, &items, tile_json(view->arena, tile));
    view_items(view, "tiles", &items);
}

static void interval_value(View *view, bool live, int64_t every) {
    bool minutes = every % TIME_MINUTE == 0;
    view_null(view, "minutes");
    view_null(view, "seconds");
    if (!live)
        view_int(view, minutes ? "minutes" : "seconds",
                 every / (minutes ? TIME_MINUTE : TIME_SECOND));
}

static void wall_show(HttpExchange *x, WallBoard board) {
    Ctx *ctx = http_ctx(x);
    Insight *insight = ctx->tenant->insight;
    bool live = board == WALL_STAFF;
    View view = page_view(x);
    Tiles tiles;
    Places places;
    int64_t at;
    if (insight_places(ctx, &places) != RC_OK || page_trend(x, &view) != RC_OK) {
        page_fail(x);
        return;
    }
    insight_tiles(insight, ctx->arena, board, &tiles, &at);
    page_tiles(&view, &tiles);
    page_layers(&view, &places, LAYERS_URGENT);
    page_bounds(x, &view, &places);
    view_bool(&view, "live", live);
    interval_value(&view, live, insight_public_every(insight));
    view_str(&view, "events", live ? STR("/staff/wall/events") : STR("/wall/events"));
    view_str(&view, "geojson",
             str_fmt(ctx->arena, "/map/features.geojson?" STR_FMT,
                     STR_ARG(page_layers_query(ctx->arena, LAYERS_URGENT))));
    view_int(&view, "updated", at ? at : time_now(ctx->clock));
    page_show(x, 200, WEB_PAGE_WALL, &view);
}

static void wall_get(HttpExchange *x) {
    wall_show(x, WALL_PUBLIC);
}

static void staff_wall_get(HttpExchange *x) {
    wall_show(x, WALL_STAFF);
}

static void wall_events(HttpExchange *x) {
    insight_watch(x, WALL_PUBLIC);
}

static void staff_wall_events(HttpExchange *x) {
    insight_watch(x, WALL_STAFF);
}

PAGE_ANSWERS(event_answers, {200, "text/event-stream", NULL}, HTTP_PROBLEM(401));

const HttpRoute page_wall_rows[] = {
    {HTTP_GET, "/wall", wall_get, HTTP_POOL, 0, GATE_PUBLIC, "Wall", "The public wall", NULL, NULL,
     page_shown},
    {HTTP_GET, "/wall/events", wall_events, HTTP_LOOP, 0, GATE_PUBLIC | GATE_API, "Wall",
     "Changes of the public wall, as server-sent events", NULL, NULL, event_answers},
    {HTTP_GET, "/staff/wall", staff_wall_get, HTTP_POOL, 0, GATE_STAFF, "Wall",
     "The wall of the staff", NULL, NULL, page_shown},
    {HTTP_GET, "/staff/wall/events", staff_wall_events, HTTP_LOOP, 0, GATE_STAFF, "Wall",
     "Changes of the staff's wall, as server-sent events", NULL, NULL, event_answers},
};
ROWS(page_wall_count, page_wall_rows);
