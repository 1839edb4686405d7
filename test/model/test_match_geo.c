/* Tests of the geoquery (clause 4.10) and of distances. */
#include "match_fixture.h"

#include <math.h>
#include <pthread.h>

#define PLACE(letter, name, kind, coordinates)                                                     \
    "{\"id\":\"urn:test:" letter "\",\"type\":\"T\",\"" name                                       \
    "\":{\"type\":\"GeoProperty\",\"value\":{\"type\":\"" kind "\",\"coordinates\":" coordinates   \
    "}}}"

static const char *const texts[] = {
    /* a */ PLACE("a", "location", "Point", "[2,2]"),
    /* b: in the hole */ PLACE("b", "location", "Point", "[5,5]"),
    /* c: outside */ PLACE("c", "location", "Point", "[20,20,100]"),
    /* d: on the edge */ PLACE("d", "location", "Point", "[10,5]"),
    /* e: inside the shell */
    PLACE("e", "location", "Polygon", "[[[1,1],[3,1],[3,3],[1,3],[1,1]]]"),
    /* f: across the edge */
    PLACE("f", "location", "Polygon", "[[[9,1],[12,1],[12,3],[9,3],[9,1]]]"),
    /* g: around it all */
    PLACE("g", "location", "Polygon", "[[[-1,-1],[11,-1],[11,11],[-1,11],[-1,-1]]]"),
    /* h */ PLACE("h", "location", "LineString", "[[2,2],[2,8]]"),
    /* i */ PLACE("i", "location", "MultiPoint", "[[2,2],[30,30]]"),
    /* j */ PLACE("j", "location", "MultiLineString", "[[[40,40],[41,41]],[[42,40],[43,41]]]"),
    /* k */
    PLACE("k", "location", "MultiPolygon",
          "[[[[1,8],[2,8],[2,9],[1,9],[1,8]]],[[[50,50],[51,50],[51,51],[50,50]]]]"),
    /* l: not location */ PLACE("l", "observationSpace", "Point", "[2,2]"),
    /* m: the edges cross */
    PLACE("m", "location", "Polygon", "[[[60,60],[62,62],[62,60],[60,62],[60,60]]]"),
    /* n: high latitude */ PLACE("n", "location", "LineString", "[[1,85],[0,85.6]]"),
    /* o: near the date line */ PLACE("o", "location", "Point", "[-179.99,10]"),
};

enum { N = sizeof texts / sizeof *texts };

#define HOLED "[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[4,4],[6,4],[6,6],[4,6],[4,4]]]"

typedef struct Case {
    const char *georel, *geometry, *coordinates, *expected, *geoproperty;
} Case;

static MatchSource geo(const Case *c) {
    return (MatchSource){.georel = str_of(c->georel),
                         .geometry = str_of(c->geometry),
                         .coordinates = str_of(c->coordinates),
                         .geoproperty = str_of(c->geoproperty)};
}

static void read_all(Fixture *f, Entity **entities) {
    for (size_t i = 0; i < N; i++)
        entities[i] = fixture_entity(f, str_of(texts[i]));
}

static void check(Fixture *f, const Case *cases, size_t n) {
    Entity *entities[N];
    read_all(f, entities);
    for (size_t i = 0; i < n; i++) {
        MatchSource source = geo(&cases[i]);
        Str about = str_fmt(f->ctx.arena, "%s %s %s", cases[i].georel, cases[i].geometry,
                            cases[i].coordinates);
        assert_str(fixture_matching(f, &source, entities, N), cases[i].expected, about.ptr);
    }
}

#define CHECK(state, ...)                                                                          \
    do {                                                                                           \
        static const Case cases[] = {__VA_ARGS__};                                                 \
        check(*(state), cases, sizeof cases / sizeof *cases);                                      \
    } while (0)

static void relations_are_those_of_simple_features(void **state) {
    CHECK(state, {"within", "Polygon", HOLED, "aeh"}, {"intersects", "Polygon", HOLED, "adefghik"},
          {"disjoint", "Polygon", HOLED, "bcjmno"}, {"contains", "Polygon", HOLED, "g"},
          {"overlaps", "Polygon", HOLED, "fk"}, {"contains", "Point", "[2,2]", "aegi"},
          {"equals", "Point", "[2,2]", "a"}, {"within", "Point", "[2,2]", "a"},
          {"equals", "Polygon", "[[[3,1],[3,3],[1,3],[1,1],[3,1]]]", "e"},
          {"equals", "LineString", "[[2,8],[2,5],[2,2]]", "h"},
          {"intersects", "LineString", "[[0,0],[4,4]]", "aeghi"},
          {"equals", "MultiPoint", "[[30,30],[2,2]]", "i"},
          {"intersects", "MultiLineString", "[[[40,41],[41,40]],[[2,8.5],[3,8.5]]]", "gjk"},
          {"within", "MultiPolygon",
           "[[[[39,39],[44,39],[44,42],[39,42],[39,39]]],[[[19,19],[21,19],[20,21],[19,19]]]]",
           "cj"},
          {"disjoint", "Point", "[2,2]", "bcdfjkmno"},
          {"within", "Polygon", "[[[1,1],[3,1],[3,3],[1,3],[1,1]]]", "l", "observationSpace"},
          {"within", "Polygon", HOLED, "", "nothing"});
}

static void crossing_edges_are_mended(void **state) {
    CHECK(state, {"intersects", "Point", "[61.8,61]", "m"},
          {"intersects", "Point", "[61,61.8]", ""},
          {"equals", "Polygon", "[[[60,60],[62,62],[62,60],[60,62],[60,60]]]", "m"},
          {"intersects", "Polygon", "[[[1,1],[3,3],[3,1],[1,3],[1,1]]]", "aeghi"},
          /* a spike is no area */
          {"within", "Polygon", "[[[0,0],[10,0],[10,10],[20,20],[10,10],[0,10],[0,0]]]", "abeh"});
}

static void near_measures_metres(void **state) {
    CHECK(state, {"near;maxDistance==1", "Point", "[2,2]", "aeghi"},
          {"near;maxDistance==112000", "Point", "[2,1]", "aeghi"},
          {"near;minDistance==112000", "Point", "[2,1]", "bcdfjkmno"},
          {"near;maxDistance==110000", "Point", "[2,1]", "eg"},
          /* from the line, not from its ends */
          {"near;maxDistance==2000", "LineString", "[[0,20.01],[40,20.01]]", "c"},
          {"near;maxDistance==2000", "LineString", "[[0,20.1],[40,20.1]]", ""},
          /* one degree of longitude at 85 north is 9.7 km */
          {"near;maxDistance==20000", "Point", "[0,85]", "n"},
          {"near;maxDistance==5000", "Point", "[0,85]", ""},
          {"near;maxDistance==3000", "Point", "[179.99,10]", "o"},
          {"near;maxDistance==2000", "Point", "[179.99,10]", ""},
          {"near;maxDistance==3000", "LineString", "[[179.99,9],[179.99,11]]", "o"},
          {"near;maxDistance==1", "Polygon", "[[[1,1],[3,1],[3,3],[1,3],[1,1]]]", "aeghi"},
          /* two lines that cross are 0 apart, though no corner is near */
          {"near;maxDistance==1", "LineString", "[[0,5],[3,5]]", "gh"},
          {"near;maxDistance==1", "MultiPoint", "[[20,20],[2,2]]", "aceghi"},
          {"near;maxDistance==20100000", "Point", "[0,0]", "abcdefghijkmno"});
}

static void distances_are_great_circles(void **state) {
    static const struct {
        const char *geometry, *from, *to;
        double metres, within;
    } cases[] = {
        {"Point", "[0,0]", PLACE("x", "location", "Point", "[0,1]"), 111195.08, 0.01},
        {"Point", "[0,0]", PLACE("x", "location", "Point", "[180,0]"), 20015114.4, 1},
        {"Point", "[139.767,35.681]", PLACE("x", "location", "Point", "[135.495,34.702]"), 403000,
         1500},
        {"Point", "[0,0]", PLACE("x", "location", "LineString", "[[1,-1],[1,1]]"), 111195.08, 1},
        {"Point", "[0,0]", PLACE("x", "location", "Polygon", "[[[-1,-1],[1,-1],[0,1],[-1,-1]]]"), 0,
         0},
        {"LineString", "[[0,0],[0,1]]", PLACE("x", "location", "LineString", "[[0.5,0.5],[2,0.5]]"),
         55595, 5},
        {"Point", "[0,0]", PLACE("x", "other", "Point", "[0,0]"), -1, 0},
        {"Point", "[179,0]", PLACE("x", "location", "LineString", "[[-179,-1],[-179,1]]"), 222390,
         10},
    };
    Fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MatchSource source = {.georel = STR("near;maxDistance==1"),
                              .geometry = str_of(cases[i].geometry),
                              .coordinates = str_of(cases[i].from)};
        Match *match;
        assert_int_equal(match_compile(&f->ctx, ld_core(), &source, &match), RC_OK);
        double metres = match_distance(match, fixture_entity(f, str_of(cases[i].to)), f->scratch);
        if (fabs(metres - cases[i].metres) > cases[i].within)
            fail_msg("%s to %s: %f", cases[i].from, cases[i].to, metres);
        match_free(match);
    }
}

static void mistakes_say_where(void **state) {
    static const struct {
        Case c;
        const char *path, *expected;
    } cases[] = {
        {{"touches", "Point", "[8,40]"}, "georel", "'touches' is none of"},
        {{"near", "Point", "[8,40]"}, "georel", "exactly one of maxDistance"},
        {{"nearby", "Point", "[8,40]"}, "georel", "'nearby'"},
        {{"near;maxDistance==0", "Point", "[8,40]"}, "georel", "above 0"},
        {{"near;maxDistance==-5", "Point", "[8,40]"}, "georel", "above 0"},
        {{"near;maxDistance==inf", "Point", "[8,40]"}, "georel", "above 0"},
        {{"near;maxDistance==1e400", "Point", "[8,40]"}, "georel", "above 0"},
        {{"near;maxDistance==", "Point", "[8,40]"}, "georel", "above 0"},
        {{"near;maxDistance=5", "Point", "[8,40]"}, "georel", "above 0"},
        {{"near;maxDistance==5;minDistance==1", "Point", "[8,40]"}, "georel", "exactly one"},
        {{"within", "Circle", "[8,40]"}, "geometry", "'Circle' is none of"},
        {{"within", "GeometryCollection", "[]"}, "geometry", "none of"},
        {{"within", "", "[8,40]"}, "geometry", "missing"},
        {{"", "Point", "[8,40]"}, "georel", "missing"},
        {{"within", "Point", ""}, "coordinates", "missing"},
        {{"within", "Point", "[8"}, "coordinates", "no JSON array"},
        {{"within", "Point", "8"}, "coordinates", "coordinates: a position is"},
        {{"within", "Point", "[8]"}, "coordinates", "a position is"},
        {{"within", "Point", "[1,2,3,4]"}, "coordinates", "a position is"},
        {{"within", "Point", "[8,\"40\"]"}, "coordinates", "numbers only"},
        {{"within", "Point", "[181,40]"}, "coordinates", "longitude, which comes first"},
        {{"within", "Point", "[35,139]"}, "coordinates", "latitude, which comes second"},
        {{"within", "LineString", "[[1,1]]"}, "coordinates", "at least 2"},
        {{"within", "LineString", "[[1,1],[1,1]]"}, "coordinates", "one single place"},
        {{"within", "MultiPoint", "[]"}, "coordinates", "it is empty"},
        {{"within", "MultiPoint", "[[1,1],[2]]"}, "coordinates", "coordinates[1]: a position is"},
        {{"within", "Polygon", "[]"}, "coordinates", "it is empty"},
        {{"within", "Polygon", "[[[0,0],[1,0],[0,0]]]"},
         "coordinates",
         "coordinates[0]: a ring has at least 4"},
        {{"within", "Polygon", "[[[0,0],[1,0],[1,1],[0,1]]]"},
         "coordinates",
         "coordinates[0]: a ring ends where"},
        {{"within", "Polygon", "[[[0,0],[1,0],[2,0],[0,0]]]"}, "coordinates", "encloses no area"},
        {{"within", "Polygon", "[[[1,1],[1,1],[1,1],[1,1]]]"}, "coordinates", "one single place"},
        {{"within", "MultiPolygon", "[[[[0,0],[1,0],[1,1],[0,0]]],[[[0,0],[1,0],[1,95],[0,0]]]]"},
         "coordinates",
         "coordinates[1][0][2]: the latitude"},
        {{"within", "Polygon", "[[[[[[[[[0]]]]]]]]]"}, "coordinates", "coordinates"},
    };
    Fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MatchSource source = geo(&cases[i].c);
        Match *match;
        Rc rc = match_compile(&f->ctx, ld_core(), &source, &match);
        if (rc != RC_INVALID && rc != RC_LIMIT)
            fail_msg("%s %s: got %s", cases[i].c.georel, cases[i].c.coordinates, rc_name(rc));
        assert_str(f->ctx.error.path, cases[i].path, cases[i].c.coordinates);
        if (str_find(f->ctx.error.detail, str_of(cases[i].expected)) < 0)
            fail_msg("%s: expected \"%s\" in \"" STR_FMT "\"", cases[i].c.coordinates,
                     cases[i].expected, STR_ARG(f->ctx.error.detail));
    }
}

/* An entity's geometry that is none is no match, whatever is asked, and crashes nothing. */
static void broken_geometries_match_nothing(void **state) {
    static const char *const values[] = {
        "{\"type\":\"Point\"}",
        "{\"type\":\"Point\",\"coordinates\":[]}",
        "{\"type\":\"Point\",\"coordinates\":[1]}",
        "{\"type\":\"Point\",\"coordinates\":[500,1]}",
        "{\"type\":\"Polygon\",\"coordinates\":[1,2]}",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,1],[0,0]]]}",
        "{\"type\":\"Nothing\",\"coordinates\":[1,2]}",
        "{\"coordinates\":[1,2]}",
        "[1,2]",
        "\"x\"",
        "null"};
    Fixture *f = *state;
    static const Case cases[] = {{"within", "Polygon", HOLED, ""},
                                 {"disjoint", "Polygon", HOLED, ""},
                                 {"near;maxDistance==100", "Point", "[1,2]", ""},
                                 {"near;minDistance==100", "Point", "[1,2]", ""}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const Json *value;
        assert_int_equal(json_read(&f->ctx, str_of(values[i]), JSON_LIMITS_DEFAULT, &value), RC_OK);
        Entity *entity = entity_new(f->ctx.arena, STR("urn:x:1"), STR(LD_DEFAULT "T"));
        entity_set_kind(f->ctx.arena, entity, ATTR_GEO, STR(LD_NGSI "location"), *value);
        for (size_t k = 0; k < 4; k++) {
            MatchSource source = geo(&cases[k]);
            assert_str(fixture_matching(f, &source, &entity, 1), "", values[i]);
        }
    }
}

static void a_polygon_without_extent_is_mended_away(void **state) {
    Fixture *f = *state;
    Entity *entity =
        fixture_entity(f, STR(PLACE("x", "location", "Polygon", "[[[1,1],[2,2],[1,1],[1,1]]]")));
    static const Case cases[] = {{"intersects", "Polygon", HOLED, ""},
                                 {"within", "Polygon", HOLED, ""}};
    for (size_t k = 0; k < 2; k++) {
        MatchSource source = geo(&cases[k]);
        assert_str(fixture_matching(f, &source, &entity, 1), "", cases[k].georel);
    }
}

/* A ring or line of n positions that jumps about, or a comb whose teeth stand across another's. */
static Str scribble(Fixture *f, size_t n, bool ring) {
    uint32_t x = 1;
    Buf text = buf_new(f->ctx.arena, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        buf_addf(&text, "%s[%.3f,%.3f]", i ? "," : "", (x >> 8) % 170000 / 1000.0,
                 (x >> 4) % 80000 / 1000.0);
    }
    Str open = buf_str(&text);
    if (!ring) return str_fmt(f->ctx.arena, "[" STR_FMT "]", STR_ARG(open));
    Str first = str_sub(open, 0, (size_t)str_find_char(open, ']') + 1);
    return str_fmt(f->ctx.arena, "[[" STR_FMT "," STR_FMT "]]", STR_ARG(open), STR_ARG(first));
}

static Str comb(Fixture *f, size_t teeth, bool upright) {
    Buf text = buf_new(f->ctx.arena, 1 << 20);
    for (size_t i = 0; i < teeth; i++) {
        double at = 10 + 50.0 * (double)i / (double)teeth, next = at + 25.0 / (double)teeth;
        buf_addf(&text,
                 upright ? "%s[%.4f,1],[%.4f,70],[%.4f,70],[%.4f,1]"
                         : "%s[1,%.4f],[70,%.4f],[70,%.4f],[1,%.4f]",
                 i ? "," : "", at, at, next, next);
    }
    return str_fmt(f->ctx.arena, "[" STR_FMT "]", STR_ARG(buf_str(&text)));
}

/* What would cost GEOS minutes and gigabytes is told apart in a moment: refused in a query, no
 * match in an entity. */
static void scribbles_are_not_given_to_geos(void **state) {
    Fixture *f = *state;
    const struct {
        const char *kind;
        Str coordinates;
        bool refused;
    } shapes[] = {{"Polygon", scribble(f, 5000, true), true},
                  {"LineString", scribble(f, 5000, false), true},
                  {"LineString", comb(f, 1000, true), false},
                  {"LineString", comb(f, 1000, false), false}};
    enum { SHAPES = sizeof shapes / sizeof *shapes };
    static const char *const relations[] = {"within", "contains", "overlaps", "equals"};
    int64_t begun = time_monotonic();
    Entity *entities[SHAPES];
    for (size_t i = 0; i < SHAPES; i++) {
        Str text =
            str_fmt(f->ctx.arena,
                    "{\"id\":\"urn:x:%zu\",\"type\":\"T\",\"location\":{\"type\":"
                    "\"GeoProperty\",\"value\":{\"type\":\"%s\",\"coordinates\":" STR_FMT "}}}",
                    i, shapes[i].kind, STR_ARG(shapes[i].coordinates));
        entities[i] = fixture_entity(f, text);
    }
    for (size_t i = 0; i < SHAPES; i++)
        for (size_t k = 0; k < sizeof relations / sizeof *relations; k++) {
            MatchSource source = {.georel = str_of(relations[k]),
                                  .geometry = str_of(shapes[i].kind),
                                  .coordinates = shapes[i].coordinates};
            Match *match;
            Rc rc = match_compile(&f->ctx, ld_core(), &source, &match);
            assert_int_equal(rc, shapes[i].refused ? RC_LIMIT : RC_OK);
            if (rc != RC_OK) continue;
            assert_false(match_entity(match, entities[0], f->ctx.arena));
            assert_false(match_entity(match, entities[1], f->ctx.arena));
            assert_false(match_entity(match, entities[5 - i], f->ctx.arena)); /* the other comb */
            match_free(match);
        }
    assert_true(time_monotonic() - begun < 10 * TIME_SECOND);
}

enum { THREADS = 12, ROUNDS = 200 };

typedef struct Job {
    const Match *match;
    Entity **entities;
    unsigned result, rounds;
} Job;

static void *work(void *arg) {
    Job *job = arg;
    Arena *scratch = arena_new(16 << 20);
    for (job->rounds = 0; job->rounds < ROUNDS; job->rounds++) {
        unsigned result = 0;
        for (size_t i = 0; i < N; i++)
            result |= (unsigned)match_entity(job->match, job->entities[i], scratch) << i;
        if (job->rounds && result != job->result) break;
        job->result = result;
    }
    arena_free(scratch);
    return NULL;
}

/* More threads than there are lanes. */
static void threads_share_a_compiled_query(void **state) {
    Fixture *f = *state;
    Entity *entities[N];
    read_all(f, entities);
    MatchSource source = {.georel = STR("intersects"),
                          .geometry = STR("Polygon"),
                          .coordinates = STR(HOLED),
                          .q = STR("location|s~=\"^a\"")};
    Match *match;
    assert_int_equal(match_compile(&f->ctx, ld_core(), &source, &match), RC_OK);
    pthread_t threads[THREADS];
    Job jobs[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        jobs[i] = (Job){.match = match, .entities = entities};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(jobs[i].rounds, ROUNDS);
        assert_int_equal(jobs[i].result, jobs[0].result);
    }
    assert_true(jobs[0].result != 0);
    match_free(match);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(relations_are_those_of_simple_features),
        TEST(crossing_edges_are_mended),
        TEST(near_measures_metres),
        TEST(distances_are_great_circles),
        TEST(mistakes_say_where),
        TEST(broken_geometries_match_nothing),
        TEST(a_polygon_without_extent_is_mended_away),
        TEST(scribbles_are_not_given_to_geos),
        TEST(threads_share_a_compiled_query),
    };
    return cmocka_run_group_tests_name("match geo", tests, NULL, NULL);
}
