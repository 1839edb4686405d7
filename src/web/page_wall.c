/* page_wall: the wall of tiles, for the staff as things change, for everybody at fixed intervals.
 */
#include "pages_int.h"

void page_bounds(View *view, const Places *places) {
    if (!places->bounded) {
        view_null(view, "bounds");
        return;
    }
    const double edges[] = {places->west, places->south, places->east, places->north};
    JsonItems items = {0};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        vec_push(view->arena, &items, json_of_number(edges[i]));
    view_items(view, "bounds", &items);
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
    if (insight_places(ctx, &places) != RC_OK) {
        page_fail(x);
        return;
    }
    insight_tiles(insight, ctx->arena, board, &tiles, &at);
    page_tiles(&view, &tiles);
    page_layers(&view, &places, ~0u);
    page_bounds(&view, &places);
    view_bool(&view, "live", live);
    interval_value(&view, live, insight_public_every(insight));
    view_str(&view, "events", live ? STR("/staff/wall/events") : STR("/wall/events"));
    view_str(&view, "geojson", STR("/map/features.geojson"));
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
