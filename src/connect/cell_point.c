/* cell_point: places as they are written. */
#include "cell_int.h"

#include <math.h>

/* Japan's box, by which swapped and decimal-less numbers are told. */
static bool japan_lat(double v) {
    return v >= 20 && v <= 46;
}

static bool japan_lon(double v) {
    return v >= 122 && v <= 154;
}

static CellState point_make(CellWork *work, double lat, double lon, Json *out) {
    if (fabs(lat) > 90 || fabs(lon) > 180)
        return cell_bad(work, "A latitude is within ±90, a longitude within ±180 degrees.");
    if (lat == 0 && lon == 0) return cell_bad(work, "0, 0 is a place in the Atlantic.");
    Arena *arena = work->ctx->arena;
    Json *coordinates = NEW_ARRAY(arena, Json, 2);
    coordinates[0] = json_of_number(lon);
    coordinates[1] = json_of_number(lat);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    members[0] = (JsonMember){STR("type"), json_of_str(STR("Point"))};
    members[1] = (JsonMember){STR("coordinates"), json_of_items(coordinates, 2)};
    *out = json_of_members(members, 2);
    return CELL_VALUE;
}

/* 34866918 becomes 34.866918: divided by ten until it lies in Japan. */
static bool decimal_put(double *v, bool (*inside)(double)) {
    if (fabs(*v) < 1000 || *v != floor(*v)) return false;
    double scale = 1;
    for (int digits = 1; digits < 15; digits++) {
        scale *= 10;
        if (inside(*v / scale)) {
            *v /= scale;
            return true;
        }
    }
    return false;
}

/* As what it should be, else as the other one, for both faults can come together. */
static bool decimal_any(double *v, bool (*first)(double), bool (*second)(double)) {
    return decimal_put(v, first) || decimal_put(v, second);
}

static CellState point_numbers(CellWork *work, double lat, double lon, Json *out) {
    bool moved_lat = decimal_any(&lat, japan_lat, japan_lon);
    bool moved_lon = decimal_any(&lon, japan_lon, japan_lat);
    if (moved_lat || moved_lon) cell_rule(work, RULE_DECIMALLESS);
    if (japan_lat(lon) && japan_lon(lat)) {
        cell_rule(work, RULE_SWAPPED);
        return point_make(work, lon, lat, out);
    }
    return point_make(work, lat, lon, out);
}

CellState cell_point(CellWork *work, Str lat, Str lon, Json *out) {
    double y = 0, x = 0;
    CellState first = cell_number(work, lat, &y);
    if (first == CELL_BAD) return first;
    CellState second = cell_number(work, lon, &x);
    if (second == CELL_BAD) return second;
    if (first == CELL_EMPTY && second == CELL_EMPTY) return CELL_EMPTY;
    if (first != second) return cell_bad(work, "One of latitude and longitude is missing.");
    return point_numbers(work, y, x, out);
}

CellState cell_point_pair(CellWork *work, Str raw, Json *out) {
    Str s = cell_narrow(work, cell_trim(raw)), lat;
    if (!s.len) return CELL_EMPTY;
    Str rest = s;
    char between = str_find_char(s, ',') >= 0 ? ',' : ' ';
    if (!str_split(&rest, between, &lat) || !rest.len)
        return cell_bad(work, "This is not latitude and longitude with a comma between.");
    return cell_point(work, lat, rest, out);
}

/* Geo3x3: a hemisphere, then a digit 1-9 for each division of a square into nine. */
CellState cell_point_geo3x3(CellWork *work, Str raw, Json *out) {
    Str s = cell_trim(raw);
    if (!s.len) return CELL_EMPTY;
    if (s.len < 2 || s.len > 31 || (s.ptr[0] != 'E' && s.ptr[0] != 'W'))
        return cell_bad(work, "This is no Geo3x3 code.");
    double unit = 180, lat = -90, lon = s.ptr[0] == 'W' ? -180 : 0;
    for (size_t i = 1; i < s.len; i++) {
        int n = s.ptr[i] - '1';
        if (n < 0 || n > 8) return cell_bad(work, "This is no Geo3x3 code.");
        unit /= 3;
        int column = n % 3, row = n / 3;
        lon += column * unit;
        lat += row * unit;
    }
    /* More decimals than a decimetre are noise of the division. */
    return point_make(work, round((lat + unit / 2) * 1e6) / 1e6,
                      round((lon + unit / 2) * 1e6) / 1e6, out);
}

/* JIS X 0410: the third mesh, 8 digits; the centre of its square. */
CellState cell_point_mesh(CellWork *work, Str raw, Json *out) {
    Str s = cell_narrow(work, cell_trim(raw));
    int64_t code;
    if (!s.len) return CELL_EMPTY;
    if (s.len != 8 || !str_to_i64(s, &code) || code < 0)
        return cell_bad(work, "This is no mesh code of 8 digits.");
    int64_t first = code / 10000, second = code / 100 % 100, third = code % 100;
    int64_t south = first / 100, north = second / 10, top = third / 10;
    double lat = (double)south / 1.5 + (double)north * 5 / 60 + (double)top * 30 / 3600;
    double lon = (double)(first % 100) + 100 + (double)(second % 10) * 7.5 / 60 +
                 (double)(third % 10) * 45 / 3600;
    return point_make(work, round((lat + 15.0 / 3600) * 1e6) / 1e6,
                      round((lon + 22.5 / 3600) * 1e6) / 1e6, out);
}
