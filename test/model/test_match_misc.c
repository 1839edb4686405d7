/* Tests of match's smaller parts: ids, types, attrs, scopes, the temporal query, ordering; and the
   property that a hint never excludes an entity that matches. */
#include "match_fixture.h"

static const char *const texts[] = {
    /* a */ "{\"id\":\"urn:test:a\",\"type\":\"Home\",\"scope\":\"/Madrid/Gardens/"
            "ParqueNorte\",\"x\":1}",
    /* b */
    "{\"id\":\"urn:test:b\",\"type\":[\"Home\",\"Vehicle\"],\"scope\":[\"/Madrid/Gardens/"
    "ParqueNorte\","
    "\"/CompanyA/OrganizationB/UnitC\"],\"x\":2,\"y\":3}",
    /* c */ "{\"id\":\"urn:test:c\",\"type\":\"Motorhome\",\"scope\":\"/Madrid\",\"y\":1}",
    /* d */ "{\"id\":\"urn:other:d\",\"type\":\"Vehicle\"}",
    /* e */ "{\"id\":\"urn:other:e\",\"type\":\"Office\",\"scope\":\"/まち/役所\"}",
};

enum { N = sizeof texts / sizeof *texts };

static void read_all(Fixture *f, Entity **entities) {
    for (size_t i = 0; i < N; i++)
        entities[i] = fixture_entity(f, str_of(texts[i]));
}

static void types_are_selected(void **state) {
    static const char *const cases[][2] = {
        {"", "abcde"},
        {"*", "abcde"},
        {"Home", "ab"},
        {"Vehicle", "bd"},
        {"Home,Vehicle", "abd"},
        {"Home|Vehicle", "abd"},
        {"(Home;Vehicle)", "b"},
        {"Home;Vehicle", "b"},
        {"(Home;Vehicle)|Motorhome", "bc"},
        {"(Home;Vehicle),Motorhome", "bc"},
        {"(Home|Office);(Vehicle,Office)", "be"},
        {LD_DEFAULT "Home", "ab"},
        {"Home;Nothing", ""},
        {"home", ""},
        {"Home,", "!type, offset 5: expected the name of a type, found the end."},
        {"(Home", "!type, offset 5: expected ')' for the '(' at offset 0, found the end."},
        {"Ho\"me", "!type, offset 2: expected ';', '|' or the end, found '\"'."},
    };
    Fixture *f = *state;
    Entity *entities[N];
    read_all(f, entities);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MatchSource source = {.type = str_of(cases[i][0])};
        assert_str(fixture_matching(f, &source, entities, N), cases[i][1], cases[i][0]);
    }
}

static void scopes_are_selected(void **state) {
    static const char *const cases[][2] = {
        {"/Madrid/Gardens/ParqueNorte", "ab"},
        {"/Madrid", "c"},
        {"/Madrid/#", "abc"},
        {"/Madrid/+/ParqueNorte", "ab"},
        {"/+", "c"},
        {"/+/+", "e"},
        {"/+/+/+", "ab"},
        {"/CompanyA/#", "b"},
        {"/#", "abce"},
        {"/+/Gardens/#", "ab"},
        {"/Madrid/Gardens/ParqueNorte;/CompanyA/OrganizationB/UnitC", "b"},
        {"(/Madrid/Gardens/ParqueNorte;/CompanyA/#)", "b"},
        {"/Madrid,/CompanyA/#", "bc"},
        {"/Madrid|/CompanyA/#", "bc"},
        {"(/Madrid/#;/CompanyA/#),/まち/#", "be"},
        {"/まち/役所", "e"},
        {"/madrid", ""},
        {"/Madrid/Gardens/ParqueNorte/Bed", ""},
        {"Madrid", "!scopeQ, offset 0: a scope begins with '/', found 'M'."},
        {"/", "!scopeQ, offset 1: expected the name of a level, '+' or '#', found the end."},
        {"/a//b", "!scopeQ, offset 3: expected the name of a level, '+' or '#', found '/'."},
        {"/a/#/b", "!scopeQ, offset 4: expected ';', '|' or the end, found '/'."},
        {"/a+", "!scopeQ, offset 2: expected ';', '|' or the end, found '+'."},
        {"/a;", "!scopeQ, offset 3: a scope begins with '/', found the end."},
    };
    Fixture *f = *state;
    Entity *entities[N];
    read_all(f, entities);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MatchSource source = {.scope_q = str_of(cases[i][0])};
        assert_str(fixture_matching(f, &source, entities, N), cases[i][1], cases[i][0]);
    }
}

static StrVec list(Arena *arena, const char *text) {
    StrVec vec = {0};
    Str rest = str_of(text), item;
    while (str_split(&rest, ',', &item))
        vec_push(arena, &vec, item);
    return vec;
}

static void ids_and_attrs_are_selected(void **state) {
    static const struct {
        const char *ids, *pattern, *attrs, *expected;
    } cases[] = {
        {"urn:test:a", NULL, NULL, "a"},
        {"urn:test:a,urn:other:d,urn:no:x", NULL, NULL, "ad"},
        {"urn:a:1,urn:a:2,urn:a:3,urn:a:4,urn:a:5,urn:a:6,urn:a:7,urn:a:8,urn:other:e", NULL, NULL,
         "e"},
        {NULL, "^urn:test:", NULL, "abc"},
        {NULL, "[de]$", NULL, "de"},
        {"urn:test:a", "^urn:other:", NULL, "a"}, /* an id takes precedence */
        {NULL, NULL, "x", "ab"},
        {NULL, NULL, "x,y", "abc"},
        {NULL, "b$", "y", "b"},
        {NULL, NULL, "z", ""},
        {"no uri", NULL, NULL, "!id: 'no uri' is no URI."},
        {NULL, "a**", NULL,
         "!idPattern, offset 2: the regular expression is wrong: quantifier does not follow a "
         "repeatable item."},
        {NULL, NULL, "x,,y", "!attrs: a name is empty."},
    };
    Fixture *f = *state;
    Entity *entities[N];
    read_all(f, entities);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MatchSource source = {.ids = list(f->ctx.arena, cases[i].ids),
                              .id_pattern = str_of(cases[i].pattern),
                              .attrs = list(f->ctx.arena, cases[i].attrs)};
        assert_str(fixture_matching(f, &source, entities, N), cases[i].expected, cases[i].expected);
    }
}

static void what_is_asked_for_is_told(void **state) {
    Fixture *f = *state;
    MatchSource source = {
        .q = STR("(speed>5|brand.observedAt);createdAt>2020-01-01T00:00:00Z;speed<9"),
        .attrs = list(f->ctx.arena, "brand,color,createdAt"),
        .georel = STR("within"),
        .geometry = STR("Point"),
        .coordinates = STR("[1,2]")};
    Match *match;
    assert_int_equal(match_compile(&f->ctx, ld_core(), &source, &match), RC_OK);
    const StrVec *names = match_attrs(match);
    assert_int_equal(names->len, 4);
    assert_str(names->items[0], LD_DEFAULT "brand", "first");
    assert_str(names->items[1], LD_DEFAULT "color", "second");
    assert_str(names->items[2], LD_DEFAULT "speed", "third");
    assert_str(names->items[3], LD_NGSI "location", "fourth");
    match_free(match);
    source = (MatchSource){.q = STR("modifiedAt>\"2020-01-01T00:00:00Z\"")};
    assert_int_equal(match_compile(&f->ctx, ld_core(), &source, &match), RC_OK);
    assert_int_equal(match_attrs(match)->len, 0);
    match_free(match);
}

static void temporal_queries_are_read(void **state) {
    static const struct {
        const char *rel, *at, *end, *property, *last;
        Rc rc;
        const char *path, *inside; /* instants in the window, of 1 to 5 (in minutes of 2020) */
    } cases[] = {
        {"", "", "", "", "", RC_OK, "", "12345"},
        {"before", "2020-01-01T00:03:00Z", "", "", "", RC_OK, "", "12"},
        {"after", "2020-01-01T00:03:00Z", "", "", "", RC_OK, "", "345"},
        {"after", "2020-01-01T09:03:00.000+09:00", "", "", "", RC_OK, "", "345"},
        {"between", "2020-01-01T00:02:00Z", "2020-01-01T00:04:00Z", "modifiedAt", "7", RC_OK, "",
         "23"},
        {"between", "2020-01-01T00:02:00Z", "2020-01-01T00:02:00Z", "", "", RC_OK, "", ""},
        {"during", "2020-01-01T00:02:00Z", "", "", "", RC_INVALID, "timerel", ""},
        {"between", "2020-01-01T00:02:00Z", "", "", "", RC_INVALID, "endTimeAt", ""},
        {"between", "2020-01-01T00:02:00Z", "2019-01-01T00:02:00Z", "", "", RC_INVALID, "endTimeAt",
         ""},
        {"between", "2020-01-01T00:02:00Z", "tomorrow", "", "", RC_INVALID, "endTimeAt", ""},
        {"after", "", "", "", "", RC_INVALID, "timeAt", ""},
        {"after", "2020-08-01", "", "", "", RC_INVALID, "timeAt", ""},
        {"", "2020-01-01T00:02:00Z", "", "", "", RC_INVALID, "timerel", ""},
        {"", "", "", "expiresAt", "", RC_INVALID, "timeproperty", ""},
        {"", "", "", "", "0", RC_INVALID, "lastN", ""},
        {"", "", "", "", "-1", RC_INVALID, "lastN", ""},
        {"", "", "", "", "1.5", RC_INVALID, "lastN", ""},
        {"", "", "", "deletedAt", "1", RC_OK, "", "12345"},
    };
    Fixture *f = *state;
    int64_t start;
    assert_true(time_parse(STR("2020-01-01T00:00:00Z"), &start));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TemporalSource source = {str_of(cases[i].rel), str_of(cases[i].at), str_of(cases[i].end),
                                 str_of(cases[i].property), str_of(cases[i].last)};
        TemporalQuery query;
        f->ctx.error = (Error){0};
        Rc rc = match_temporal(&f->ctx, &source, &query);
        if (rc != cases[i].rc) fail_msg("case %zu: got %s", i, rc_name(rc));
        assert_str(f->ctx.error.path, cases[i].path, cases[i].rel);
        if (rc != RC_OK) continue;
        char inside[8] = "";
        for (int minute = 1; minute <= 5; minute++)
            if (match_temporal_holds(&query, start + minute * TIME_MINUTE))
                inside[strlen(inside)] = (char)('0' + minute);
        assert_string_equal(inside, cases[i].inside);
        assert_int_equal(match_temporal_holds(&query, TIME_NONE), query.rel == TEMPORAL_ANY);
    }
}

/* ---- ordering */

static const char *const ordered[] = {
    /* a */ "{\"id\":\"urn:o:a\",\"type\":\"T\",\"name\":\"b\",\"mixed\":5,\"age\":3,\"location\":{"
            "\"type\":\"Point\","
            "\"coordinates\":[10,45]},\"address\":{\"city\":\"Zurich\",\"type\":\"PostalAddress\"}"
            "}",
    /* b */
    "{\"id\":\"urn:o:b\",\"type\":\"T\",\"name\":\"á\",\"mixed\":\"text\",\"age\":3,\"location\":{"
    "\"type\":\"Point\","
    "\"coordinates\":[8.01,40.01]},\"address\":{\"city\":\"Bonn\",\"type\":\"PostalAddress\"}}",
    /* c */
    "{\"id\":\"urn:o:c\",\"type\":\"S\",\"name\":{\"type\":\"Property\",\"value\":\"A\",\"rank\":{"
    "\"type\":"
    "\"Property\",\"value\":1}},\"age\":10,\"location\":{\"type\":\"LineString\",\"coordinates\":[["
    "9,41],[20,41]]},"
    "\"address\":{\"city\":\"Aachen\",\"type\":\"PostalAddress\"}}",
    /* d */
    "{\"id\":\"urn:o:d\",\"type\":\"T\",\"mixed\":true,\"name\":{\"type\":\"Property\",\"value\":"
    "\"Zebra\","
    "\"rank\":{\"type\":\"Property\",\"value\":-1},\"observedAt\":\"2024-01-01T00:00:00Z\"}}",
    /* e */
    "{\"id\":\"urn:o:e\",\"type\":\"T\",\"mixed\":[1],\"name\":{\"type\":\"Property\",\"value\":"
    "\"Ähre\","
    "\"observedAt\":\"2023-01-01T00:00:00Z\"},\"place\":{\"type\":\"Property\",\"value\":7}}",
};

enum { ORDERED = sizeof ordered / sizeof *ordered };

static Str sorted(Fixture *f, const OrderSource *source) {
    Entity *entities[ORDERED];
    OrderBy *order;
    for (size_t i = 0; i < ORDERED; i++)
        entities[i] = fixture_entity(f, str_of(ordered[i]));
    if (match_order(&f->ctx, ld_core(), source, &order) != RC_OK)
        return str_fmt(f->ctx.arena, "!" STR_FMT, STR_ARG(f->ctx.error.path));
    for (size_t i = 1; i < ORDERED; i++)
        for (size_t k = i; k > 0 && match_compare(order, entities[k - 1], entities[k]) > 0; k--) {
            Entity *swap = entities[k];
            entities[k] = entities[k - 1];
            entities[k - 1] = swap;
        }
    Buf letters = buf_new(f->ctx.arena, 16);
    for (size_t i = 0; i < ORDERED; i++)
        buf_add_char(&letters, entities[i]->id.ptr[entities[i]->id.len - 1]);
    match_order_free(order);
    return buf_str(&letters);
}

static void entities_are_ordered(void **state) {
    static const struct {
        const char *by, *from, *geometry, *collation, *expected;
    } cases[] = {
        {"id", NULL, NULL, NULL, "abcde"},
        {"id;desc", NULL, NULL, NULL, "edcba"},
        {"type", NULL, NULL, NULL, "cabde"},
        {"type,id;desc", NULL, NULL, NULL, "cedba"},
        {"name", NULL, NULL, NULL, "cbead"}, /* root collation: A á Ähre b Zebra */
        {"name;desc", NULL, NULL, NULL, "daebc"},
        {"name", NULL, NULL, "und", "cbead"},
        {"name", NULL, NULL, "de-u-co-phonebk", "cbead"},
        {"name", NULL, NULL, "sv", "cbade"}, /* Swedish: Ä behind Z */
        {"age", NULL, NULL, NULL, "abcde"},
        {"age;desc", NULL, NULL, NULL, "cabde"}, /* absent stays last */
        {"age;desc,name", NULL, NULL, NULL, "cbaed"},
        {"mixed", NULL, NULL, NULL, "abedc"}, /* number, string, array, boolean, absent */
        {"mixed;desc", NULL, NULL, NULL, "debac"},
        {"name.rank", NULL, NULL, NULL, "dcabe"},
        {"name.observedAt", NULL, NULL, NULL, "edabc"},
        {"address[city]", NULL, NULL, NULL, "cbade"},
        {"address[city];desc", NULL, NULL, NULL, "abcde"},
        {"location;dist-asc", "[8,40]", NULL, NULL, "bcade"},
        {"location;dist-desc", "[8,40]", NULL, NULL, "acbde"},
        {"place;dist-desc", "[8,40]", NULL, NULL, "eabcd"},
        {"location;dist-asc", "[[10,46],[11,46]]", "LineString", NULL, "acbde"},
        {"nothing", NULL, NULL, NULL, "abcde"},
        {"", NULL, NULL, NULL, "!orderBy"},
        {"name;up", NULL, NULL, NULL, "!orderBy"},
        {"name,", NULL, NULL, NULL, "!orderBy"},
        {"name==1", NULL, NULL, NULL, "!orderBy"},
        {"a,b,c,d,e,f,g,h,i", NULL, NULL, NULL, "!orderBy"},
        {"location;dist-asc", NULL, NULL, NULL, "!orderFrom"},
        {"location;dist-asc", "8,40", NULL, NULL, "!orderFrom"},
        {"location;dist-asc", "[8,40]", "Circle", NULL, "!geometry"},
        {"name", NULL, NULL, "!!nope", "!collation"},
        {"name", NULL, NULL, "not a bcp47 tag!!", "!collation"},
    };
    Fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OrderSource source = {.order_by = str_of(cases[i].by),
                              .collation = str_of(cases[i].collation),
                              .order_from = str_of(cases[i].from),
                              .order_geometry = str_of(cases[i].geometry)};
        assert_str(sorted(f, &source), cases[i].expected, cases[i].by);
    }
}

/* Times order among themselves where a type says that they are times; plain texts stay texts, which
 * come first. */
static void typed_times_order_in_time(void **state) {
    static const char *const values[] = {
        "{\"type\":\"Property\",\"value\":{\"@type\":\"DateTime\",\"@value\":\"2024-05-01T09:30:00+"
        "09:00\"}}",
        "{\"type\":\"Property\",\"value\":{\"@type\":\"DateTime\",\"@value\":\"2024-05-01T00:00:"
        "00Z\"}}",
        "{\"type\":\"Property\",\"value\":\"2024-05-01T00:15:00Z\",\"valueType\":\"DateTime\"}",
        "\"2025-01-01T00:00:00Z\"",
        "{\"type\":\"Property\",\"value\":{\"@type\":\"Date\",\"@value\":\"2030-01-01\"}}",
        "3",
    };
    static const char expected[] = "534120"; /* number, text, date, then the instants */
    Fixture *f = *state;
    Entity *entities[6];
    OrderBy *order;
    for (size_t i = 0; i < 6; i++)
        entities[i] = fixture_entity(f, str_fmt(f->ctx.arena,
                                                "{\"id\":\"urn:t:%zu\",\"type\":\"T\",\"due\":%s}",
                                                i, values[i]));
    assert_int_equal(
        match_order(&f->ctx, ld_core(), &(OrderSource){.order_by = STR("due")}, &order), RC_OK);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = i + 1; k < 6; k++)
            assert_true(
                match_compare(order, entities[expected[i] - '0'], entities[expected[k] - '0']) < 0);
    match_order_free(order);
}

static void ordering_by_id_alone_is_told(void **state) {
    static const struct {
        const char *by;
        bool only;
    } cases[] = {{"id", true},
                 {"id;desc", true},
                 {"id,name", false},
                 {"createdAt", false},
                 {"name.id", false}};
    Fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OrderBy *order;
        OrderSource source = {.order_by = str_of(cases[i].by)};
        assert_int_equal(match_order(&f->ctx, ld_core(), &source, &order), RC_OK);
        assert_int_equal(match_order_only_id(order), cases[i].only);
        match_order_free(order);
    }
}

/* ---- the superset rule, with generated entities and queries */

static Str any_of(Rand *rand, const char *const *items, size_t n) {
    return str_of(items[rand_below(rand, n)]);
}

#define ANY(rand, ...)                                                                             \
    any_of((rand), (const char *const[]){__VA_ARGS__},                                             \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static Str random_value(Rand *rand) {
    return ANY(rand, "1", "2", "2.5", "-3", "\"1\"", "\"red\"", "\"blue\"", "true", "false",
               "[1,\"red\"]", "[2,3]", "{\"m\":1,\"n\":\"red\"}",
               "{\"@type\":\"DateTime\",\"@value\":\"2024-01-01T00:00:00Z\"}",
               "\"2024-01-01T00:00:00Z\"", "\"2024-06-01T00:00:00.000Z\"");
}

/* kinds 2: geometries only, as location demands. */
static Str random_attr(Fixture *f, uint64_t kinds) {
    Rand *rand = &f->rand;
    switch (rand_below(rand, kinds)) {
    case 0:
        return str_fmt(
            f->ctx.arena,
            "{\"type\":\"GeoProperty\",\"value\":{\"type\":\"Point\",\"coordinates\":[%d,%d]}}",
            (int)rand_below(rand, 359) - 179, (int)rand_below(rand, 179) - 89);
    case 1:
        return str_fmt(f->ctx.arena,
                       "{\"type\":\"GeoProperty\",\"value\":{\"type\":\"LineString\","
                       "\"coordinates\":[[%d,%d],[%d,%d]]}}",
                       (int)rand_below(rand, 20), (int)rand_below(rand, 20),
                       (int)rand_below(rand, 20) + 30, (int)rand_below(rand, 20));
    case 2:
        return ANY(rand, "{\"type\":\"Relationship\",\"object\":\"urn:x:1\"}",
                   "{\"type\":\"Relationship\",\"object\":[\"urn:x:1\",\"urn:x:2\"]}",
                   "{\"type\":\"ListRelationship\",\"objectList\":[{\"object\":\"urn:x:1\"}]}");
    case 3:
        return ANY(rand,
                   "{\"type\":\"LanguageProperty\",\"languageMap\":{\"en\":\"red\",\"ja\":[\"赤\","
                   "\"1\"]}}",
                   "{\"type\":\"VocabProperty\",\"vocab\":\"red\"}",
                   "{\"type\":\"ListProperty\",\"valueList\":[1,2]}",
                   "{\"type\":\"JsonProperty\",\"json\":{\"m\":1}}");
    case 4: {
        Str first = random_value(rand), second = random_value(rand);
        return str_fmt(f->ctx.arena,
                       "[{\"type\":\"Property\",\"value\":" STR_FMT
                       "},{\"type\":\"Property\",\"datasetId\":\"urn:d:1\","
                       "\"value\":" STR_FMT "}]",
                       STR_ARG(first), STR_ARG(second));
    }
    default: {
        Str value = random_value(rand);
        return str_fmt(f->ctx.arena,
                       "{\"type\":\"Property\",\"value\":" STR_FMT
                       ",\"sub\":{\"type\":\"Property\",\"value\":1}}",
                       STR_ARG(value));
    }
    }
}

static Entity *random_entity(Fixture *f, int i) {
    static const char *const names[] = {"p", "q", "r", "location"};
    Buf text = buf_new(f->ctx.arena, 8192);
    Str type = ANY(&f->rand, "\"A\"", "\"B\"", "[\"A\",\"B\"]", "[\"B\",\"C\"]");
    buf_addf(&text, "{\"id\":\"urn:e:%d\",\"type\":" STR_FMT, i, STR_ARG(type));
    for (size_t k = 0; k < 4; k++)
        if (rand_below(&f->rand, 3)) {
            Str attr = random_attr(f, k == 3 ? 2 : 7);
            buf_addf(&text, ",\"%s\":" STR_FMT, names[k], STR_ARG(attr));
        }
    buf_add(&text, STR("}"));
    return fixture_entity(f, buf_str(&text));
}

static Str random_term(Fixture *f) {
    Rand *rand = &f->rand;
    Str name = ANY(rand, "p", "q", "r", "location");
    Str path = ANY(rand, "", "", "", "", ".sub", "[m]", "[n]", "[*]", "[en]", ".observedAt");
    Str rest = ANY(rand, "", "==1", "==2.5", "!=1", ">1", ">=2", "<2", "<=1", "==1..2", "!=1..2",
                   "==\"red\"", "!=\"red\"", ">\"b\"", "<\"c\"", "==red,1", "==true", "!=false",
                   "~=\"r\"", "!~=\"^r\"", "==\"1\"", "==2024-01-01T09:00:00+09:00",
                   ">2024-01-01T00:00:00Z", "<\"2024-12-31T00:00:00Z\"", "==urn:x:1", "!=urn:x:1",
                   "==\"a\"..\"z\"", "==2024-01-01T00:00:00Z..2024-02-01T00:00:00Z");
    bool absent = str_empty(rest) && rand_below(rand, 4) == 0;
    return str_fmt(f->ctx.arena, "%s" STR_FMT STR_FMT STR_FMT, absent ? "!" : "", STR_ARG(name),
                   STR_ARG(path), STR_ARG(rest));
}

static Str random_q(Fixture *f, int depth) {
    if (depth == 0 || rand_below(&f->rand, 2)) return random_term(f);
    Str left = random_q(f, depth - 1), right = random_q(f, depth - 1);
    return str_fmt(f->ctx.arena, "(" STR_FMT "%s" STR_FMT ")", STR_ARG(left),
                   rand_below(&f->rand, 3) ? ";" : "|", STR_ARG(right));
}

static MatchSource random_source(Fixture *f) {
    Rand *rand = &f->rand;
    MatchSource source = {.type = ANY(rand, "", "A", "A,C", "(A;B)", "(B;C)|A", "(A|C);B")};
    if (rand_below(rand, 4)) source.q = random_q(f, 3);
    if (rand_below(rand, 4) == 0) source.expand_values = STR("p,q");
    if (rand_below(rand, 4) == 0)
        source.attrs = list(f->ctx.arena, rand_below(rand, 2) ? "p" : "p,q");
    if (rand_below(rand, 2)) return source;
    bool near = rand_below(rand, 2);
    source.georel =
        near ? ANY(rand, "near;maxDistance==2000000", "near;minDistance==2000000",
                   "near;maxDistance==90000")
             : ANY(rand, "within", "intersects", "disjoint", "contains", "overlaps", "equals");
    source.geometry = near ? STR("Point") : STR("Polygon");
    int lon = (int)rand_below(rand, 340) - 170, lat = (int)rand_below(rand, 160) - 80;
    source.coordinates = near ? str_fmt(f->ctx.arena, "[%d,%d]", lon, lat)
                              : str_fmt(f->ctx.arena, "[[[%d,%d],[%d,%d],[%d,%d],[%d,%d]]]", lon,
                                        lat, lon + 10, lat, lon + 10, lat + 10, lon, lat);
    return source;
}

typedef struct Asked {
    const MatchBound *bound;
    bool met;
} Asked;

static int order_of(const Json *a, const Json *b) {
    if (a->kind == JSON_NUMBER)
        return (json_number(a) > json_number(b)) - (json_number(a) < json_number(b));
    if (a->kind == JSON_STRING) return str_cmp(json_str(a), json_str(b));
    return a->value.boolean - b->value.boolean;
}

/* What a store's index would do with a bound. */
static void ask(void *arg, const Json *scalar) {
    Asked *asked = arg;
    const Json *value = asked->bound->value;
    if (value &&
        (scalar->kind != value->kind || scalar->kind > JSON_STRING || scalar->kind == JSON_NULL))
        return;
    int order = value ? order_of(scalar, value) : 0;
    switch (asked->bound->op) {
    case MATCH_EXISTS:
        asked->met = true;
        break;
    case MATCH_EQ:
        asked->met |= order == 0;
        break;
    case MATCH_LT:
        asked->met |= order < 0;
        break;
    case MATCH_LE:
        asked->met |= order <= 0;
        break;
    case MATCH_GT:
        asked->met |= order > 0;
        break;
    case MATCH_GE:
        asked->met |= order >= 0;
        break;
    }
}

static bool bound_met(const MatchBound *bound, const Entity *entity) {
    Asked asked = {bound, false};
    VEC_EACH (Attr, attr, &entity->attrs) {
        if (!str_eq(attr->name, bound->attr)) continue;
        if (bound->op == MATCH_EXISTS) return true;
        match_values(attr, ask, &asked);
    }
    return asked.met;
}

static bool box_met(const MatchHint *hint, const Entity *entity) {
    VEC_EACH (Attr, attr, &entity->attrs) {
        if (!str_eq(attr->name, hint->box_attr) || attr->kind != ATTR_GEO) continue;
        const Json *c = json_get(attr->value, STR("coordinates"));
        const Json *first = c->value.items[0].kind == JSON_ARRAY ? json_at(c, 0) : c;
        const Json *last = first == c ? c : json_at(c, c->len - 1);
        double x1 = json_number(json_at(first, 0)), y1 = json_number(json_at(first, 1));
        double x2 = json_number(json_at(last, 0)), y2 = json_number(json_at(last, 1));
        double south = y1 < y2 ? y1 : y2, north = y1 < y2 ? y2 : y1;
        if (x1 <= hint->east && x2 >= hint->west && south <= hint->north && north >= hint->south)
            return true;
    }
    return false;
}

static bool proposed(const MatchHint *hint, const Entity *entity) {
    bool typed = hint->types.len == 0;
    VEC_EACH (Str, type, &hint->types)
        typed |= entity_has_type(entity, *type);
    if (!typed || (hint->has_box && !box_met(hint, entity))) return false;
    VEC_EACH (MatchBound, bound, &hint->bounds)
        if (!bound_met(bound, entity)) return false;
    return true;
}

static void a_hint_never_excludes_a_match(void **state) {
    enum { ENTITIES = 200, QUERIES = 1500 };
    Fixture *f = *state;
    Entity *entities[ENTITIES];
    for (int i = 0; i < ENTITIES; i++)
        entities[i] = random_entity(f, i);
    size_t matches = 0, proposals = 0;
    for (int i = 0; i < QUERIES; i++) {
        MatchSource source = random_source(f);
        Match *match;
        if (match_compile(&f->ctx, ld_core(), &source, &match) != RC_OK)
            fail_msg(STR_FMT ": " STR_FMT, STR_ARG(source.q), STR_ARG(f->ctx.error.detail));
        for (int k = 0; k < ENTITIES; k++) {
            bool matched = match_entity(match, entities[k], f->scratch);
            bool candidate = proposed(match_hint(match), entities[k]);
            matches += matched;
            proposals += candidate;
            if (matched && !candidate)
                fail_msg("query " STR_FMT " " STR_FMT " " STR_FMT " misses " STR_FMT,
                         STR_ARG(source.q), STR_ARG(source.georel), STR_ARG(source.coordinates),
                         STR_ARG(entities[k]->id));
        }
        match_free(match);
    }
    assert_true(matches > 1000);                                 /* the queries are not idle */
    assert_true(proposals < (size_t)ENTITIES * QUERIES * 3 / 4); /* and the hints say something */
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(types_are_selected),
        TEST(scopes_are_selected),
        TEST(ids_and_attrs_are_selected),
        TEST(what_is_asked_for_is_told),
        TEST(temporal_queries_are_read),
        TEST(entities_are_ordered),
        TEST(typed_times_order_in_time),
        TEST(ordering_by_id_alone_is_told),
        TEST(a_hint_never_excludes_a_match),
    };
    return cmocka_run_group_tests_name("match misc", tests, NULL, NULL);
}
