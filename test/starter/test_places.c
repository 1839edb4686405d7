/* Checks the places of the starter city and its map: taken whole, inside the city, in towns
   that it has, and drawn where its districts say. */
#include "../connect/rig.h"

#include "connect/csv.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct City {
    Rig rig;
    const char *folder;
    const Json *map, *districts;
} City;

static const Json *load(City *city, const char *name) {
    const Json *json;
    Ctx lasting = city->rig.ctx;
    lasting.arena = city->rig.arena;
    Str text = rig_read(city->rig.arena, city->folder, name);
    if (json_read(&lasting, text, JSON_LIMITS_DEFAULT, &json) != RC_OK) fail_msg("%s", name);
    return json;
}

static int setup(void **state) {
    City *city = mem_zero(sizeof *city);
    city->folder = getenv("MACHI_STARTER");
    rig_open(&city->rig);
    city->map = json_get(load(city, "map.geojson"), STR("features"));
    city->districts = json_get(load(city, "waste/districts.json"), STR("districts"));
    *state = city;
    return 0;
}

static int teardown(void **state) {
    City *city = *state;
    rig_close(&city->rig);
    mem_free(city);
    return 0;
}

#define EACH(item, array)                                                                          \
    for (const Json *item##_list = (array), *item = item##_list ? item##_list->value.items : NULL; \
         item##_list && item < item##_list->value.items + item##_list->len; item++)

/* ---- files ---- */

static StrVec files(City *city) {
    StrVec out = {0};
    Arena *arena = city->rig.arena;
    DIR *folder = opendir(str_fmt(arena, "%s/places", city->folder).ptr);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (str_ends(str_of(entry->d_name), STR(".csv")))
            vec_push(arena, &out, str_fmt(arena, "places/%s", entry->d_name));
    closedir(folder);
    assert_true(out.len >= 9);
    return out;
}

/* Rows of a file, the first its header. */
typedef VEC(CsvRow) Table;
static Table table_of(City *city, const char *name) {
    Table out = {0};
    Ctx ctx = city->rig.ctx;
    ctx.arena = city->rig.arena;
    Csv csv = {.text = rig_read(ctx.arena, city->folder, name), .line = 1, .separator = ','};
    CsvRow row;
    while (csv_next(&ctx, &csv, &row) == RC_OK)
        if (!row.blank) vec_push(ctx.arena, &out, row);
    assert_true(out.len > 1);
    return out;
}

/* The cell under a header; empty without such a column. */
static Str cell(const Table *table, size_t row, const char *header) {
    const StrVec *head = &table->items[0].cells;
    for (size_t i = 0; i < head->len; i++)
        if (str_eq(head->items[i], str_of(header))) return table->items[row].cells.items[i];
    return STR_NONE;
}

static void each_file_is_taken_whole(void **state) {
    City *city = *state;
    StrVec all = files(city);
    VEC_EACH (const Str, name, &all) {
        ConnectWish wish = {.path = *name, .municipality = STR("999997")};
        wish.bytes = rig_read(city->rig.arena, city->folder, name->ptr);
        const Json *report = rig_import(&city->rig, wish);
        Buf text = buf_new(city->rig.arena, 1 << 16);
        connect_report_text(&text, report);
        if (rig_count(report, "listed") || rig_count(report, "cellsLeftOut") ||
            json_get(report, STR("unknownHeaders"))->len)
            fail_msg(STR_FMT, STR_ARG(buf_str(&text)));
        assert_int_equal(rig_count(report, "created"), rig_count(report, "rows"));
        report = rig_import(&city->rig, wish);
        assert_int_equal(rig_count(report, "unchanged"), rig_count(report, "rows"));
    }
}

/* ---- where things are ---- */

typedef struct Point {
    double lon, lat;
} Point;

static Point point_of(const Json *position) {
    return (Point){json_number(json_at(position, 0)), json_number(json_at(position, 1))};
}

/* Counts how often a ray to the east crosses the ring. */
static bool inside_ring(Point point, const Json *ring) {
    bool in = false;
    for (size_t i = 1; i < ring->len; i++) {
        Point a = point_of(json_at(ring, i - 1)), b = point_of(json_at(ring, i));
        bool crosses = (a.lat > point.lat) != (b.lat > point.lat);
        if (crosses && point.lon < a.lon + (point.lat - a.lat) * (b.lon - a.lon) / (b.lat - a.lat))
            in = !in;
    }
    return in;
}

static bool inside(Point point, const Json *feature) {
    const Json *geometry = json_get(feature, STR("geometry"));
    const Json *parts = json_get(geometry, STR("coordinates"));
    if (str_eq(json_get_str(geometry, "type"), STR("Polygon")))
        return inside_ring(point, json_at(parts, 0));
    EACH(part, parts) if (inside_ring(point, json_at(part, 0))) return true;
    return false;
}

static const Json *feature_of(City *city, const char *kind, const char *member, Str value) {
    EACH(feature, city->map) {
        const Json *properties = json_get(feature, STR("properties"));
        if (str_eq(json_get_str(properties, "kind"), str_of(kind)) &&
            str_eq(json_get_str(properties, member), value))
            return feature;
    }
    fail_msg("the map has no %s " STR_FMT, kind, STR_ARG(value));
    return NULL;
}

static bool known_town(City *city, Str address) {
    EACH(district, city->districts)
    EACH(town, json_get(district, STR("towns"))) {
        Str name = json_get_str(json_get(town, STR("name")), "ja");
        if (str_starts(address, str_fmt(city->rig.arena, "まち市" STR_FMT, STR_ARG(name))))
            return true;
    }
    return false;
}

static void places_lie_in_towns_of_the_city(void **state) {
    City *city = *state;
    const Json *outline = feature_of(city, "municipality", "name", STR("まち市"));
    StrVec all = files(city);
    size_t seen = 0;
    VEC_EACH (const Str, name, &all) {
        Table table = table_of(city, name->ptr);
        for (size_t i = 1; i < table.len; i++, seen++) {
            Point point = {strtod(str_z(city->rig.arena, cell(&table, i, "経度")), NULL),
                           strtod(str_z(city->rig.arena, cell(&table, i, "緯度")), NULL)};
            if (!inside(point, outline))
                fail_msg(STR_FMT ": row %zu lies outside", STR_ARG(*name), i);
            Str address = cell(&table, i, "所在地_連結表記");
            if (!str_empty(address) && !known_town(city, address))
                fail_msg(STR_FMT " is in no town", STR_ARG(address));
        }
    }
    assert_true(seen > 250);
}

/* ---- the map ---- */

static void the_map_draws_each_district_around_its_towns(void **state) {
    City *city = *state;
    size_t towns = 0;
    EACH(district, city->districts) {
        const Json *area = feature_of(city, "district", "district", json_get_str(district, "id"));
        const Json *name = json_get(json_get(area, STR("properties")), STR("name"));
        assert_true(str_eq(json_str(name), json_get_str(json_get(district, STR("name")), "ja")));
        EACH(town, json_get(district, STR("towns"))) {
            const Json *names = json_get(town, STR("name"));
            const Json *at = feature_of(city, "town", "name", json_get_str(names, "ja"));
            assert_true(str_eq(json_get_str(json_get(at, STR("properties")), "nameEn"),
                               json_get_str(names, "en")));
            Point point = point_of(json_get(json_get(at, STR("geometry")), STR("coordinates")));
            if (!inside(point, area)) fail_msg(STR_FMT, STR_ARG(json_get_str(names, "ja")));
            towns++;
        }
    }
    assert_true(towns > 60);
    feature_of(city, "river", "name", STR("まち川"));
}

static void people_live_where_the_districts_say(void **state) {
    City *city = *state;
    Table table = table_of(city, "places/population.csv");
    EACH(district, city->districts) {
        int64_t sum = 0, people;
        EACH(town, json_get(district, STR("towns")))
        for (size_t i = 1; i < table.len; i++) {
            if (!str_eq(cell(&table, i, "地域名"), json_get_str(json_get(town, STR("name")), "ja")))
                continue;
            assert_true(str_to_i64(cell(&table, i, "総人口"), &people));
            sum += people;
        }
        assert_int_equal(sum, json_get_int(district, "population", 0));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_file_is_taken_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(places_lie_in_towns_of_the_city, setup, teardown),
        cmocka_unit_test_setup_teardown(the_map_draws_each_district_around_its_towns, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(people_live_where_the_districts_say, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
