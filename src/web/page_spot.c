/* page_spot: answers that are a place, in words and on the city's map. */
#include "pages_int.h"

static bool is_outside(HttpExchange *x, const Spot *spot) {
    const Ground *ground = insight_ground(http_ctx(x)->tenant->insight);
    Extent at = {spot->east, spot->north, spot->east, spot->north};
    return ground && spot->located && !extent_holds(&ground->extent, &at);
}

void page_spot(HttpExchange *x, View *view, const FormAnswer *answer) {
    Places nowhere = {0};
    JsonItems at = {0};
    Spot spot;
    spot_of(view->arena, answer, &spot);
    page_bounds(x, view, &nowhere);
    view_bool(view, "outside", is_outside(x, &spot));
    view_str(view, "text", spot.text);
    view_str(view, "latitude", spot.latitude);
    view_str(view, "longitude", spot.longitude);
    view_null(view, "at");
    if (!spot.located) return;
    vec_push(view->arena, &at, json_of_number(spot.east));
    vec_push(view->arena, &at, json_of_number(spot.north));
    view_items(view, "at", &at);
}

Json page_spot_said(Arena *arena, const HttpForm *form, Str field) {
    static const char *const ends[] = {"", "-latitude", "-longitude"};
    JsonItems parts = {0};
    bool any = false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *name = str_z(arena, str_fmt(arena, STR_FMT "%s", STR_ARG(field), ends[i]));
        Str said = http_form_value(form, name);
        vec_push(arena, &parts, json_of_str(said));
        any |= i && !str_empty(said);
    }
    return any ? json_of_items(parts.items, parts.len) : parts.items[0];
}

void page_spots_outside(HttpExchange *x, JsonItems *warnings, const Form *form) {
    Arena *arena = http_ctx(x)->arena;
    for (size_t i = 0; i < form->n; i++) {
        const FormAnswer *answer = &form->answers[i];
        Spot spot;
        if (answer->field->kind != FIELD_PLACE || !answer->due) continue;
        spot_of(arena, answer, &spot);
        if (!is_outside(x, &spot)) continue;
        Str ja = answer->field->label.ja, en = json_get_str(answer->field->label.all, "en");
        vec_push(
            arena, warnings,
            view_text(arena,
                      str_fmt(arena,
                              "「" STR_FMT "」の地点（北緯%.5f、東経%.5f）は、市の外にあります。"
                              "地図で確かめてください。",
                              STR_ARG(ja), spot.north, spot.east),
                      str_fmt(arena,
                              "The point of “" STR_FMT "” (%.5f N, %.5f E) is outside the "
                              "city: see where it is on the map.",
                              STR_ARG(en), spot.north, spot.east)));
    }
}
