#include "procedure_int.h"

#include "spot.h"

#include <math.h>

static Str number_text(Arena *arena, const Json *number) {
    Buf text = buf_new(arena, 64);
    if (number) json_write(&text, number);
    return buf_str(&text);
}

/* {"text", "latitude", "longitude"} of a case, texts in this order of a draft, or words alone. */
static void parts_of(Arena *arena, const Json *said, Spot *out) {
    if (said && said->kind == JSON_OBJECT) {
        out->text = json_get_str(said, "text");
        out->latitude = number_text(arena, json_get(said, STR("latitude")));
        out->longitude = number_text(arena, json_get(said, STR("longitude")));
    } else if (said && said->kind == JSON_ARRAY) {
        out->text = json_str(json_at(said, 0));
        out->latitude = json_str(json_at(said, 1));
        out->longitude = json_str(json_at(said, 2));
    } else {
        out->text = json_str(said);
    }
}

static bool degrees_of(Arena *arena, Str text, double most, double *out) {
    Str plain = str_trim(text_nfkc(arena, text));
    FeelValue value = feel_typed(arena, feel_of_str(plain), STR("number"));
    Json json = feel_to_json(arena, &value);
    if (value.kind != FEEL_NUMBER) return false;
    *out = rint(json_number(&json) * 1e6) / 1e6;
    return *out >= -most && *out <= most;
}

void spot_of(Arena *arena, const FormAnswer *answer, Spot *out) {
    Json value = feel_to_json(arena, &answer->value);
    *out = (Spot){0};
    parts_of(arena, answer->said ? answer->said : &value, out);
    out->located = degrees_of(arena, out->latitude, 90, &out->north) &&
                   degrees_of(arena, out->longitude, 180, &out->east);
}

static bool has_point(Arena *arena, const Spot *spot) {
    return !text_is_blank(arena, spot->latitude) || !text_is_blank(arena, spot->longitude);
}

bool spot_value(Arena *arena, const Spot *spot, FeelValue *out) {
    Json *value = NEW(arena, Json);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 3);
    if (!spot->located && has_point(arena, spot)) return false;
    members[0] = (JsonMember){STR("text"), json_of_str(spot->text)};
    members[1] = (JsonMember){STR("latitude"), json_of_number(spot->north)};
    members[2] = (JsonMember){STR("longitude"), json_of_number(spot->east)};
    *value = json_of_members(members, spot->located ? 3 : 1);
    *out = feel_of_json(arena, value);
    return true;
}

Str spot_raw(Arena *arena, const FormAnswer *answer) {
    Spot spot;
    spot_of(arena, answer, &spot);
    if (!text_is_blank(arena, spot.text) || !has_point(arena, &spot)) return spot.text;
    return str_join(arena, (Str[]){spot.latitude, spot.longitude}, 2, STR(", "));
}

Str spot_text(Arena *arena, const FormAnswer *answer, bool english) {
    Spot spot;
    spot_of(arena, answer, &spot);
    if (!spot.located) return spot.text;
    Str point = english ? str_fmt(arena, "%.5f N, %.5f E", spot.north, spot.east)
                        : str_fmt(arena, "北緯%.5f、東経%.5f", spot.north, spot.east);
    if (str_empty(spot.text)) return point;
    return english ? str_fmt(arena, STR_FMT " (" STR_FMT ")", STR_ARG(spot.text), STR_ARG(point))
                   : str_fmt(arena, STR_FMT "（" STR_FMT "）", STR_ARG(spot.text), STR_ARG(point));
}
