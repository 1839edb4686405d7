/* Tests of q (clause 4.9): tables of query and the letters of the entities that match it. */
#include "match_fixture.h"

#define ENTITY(letter, attrs) "{\"id\":\"urn:test:" letter "\",\"type\":\"T\"," attrs "}"

static const char *const texts[] = {
    /* a */ ENTITY("a", "\"n\":20,\"s\":\"red\",\"b\":true"),
    /* b */
    ENTITY("b", "\"n\":{\"type\":\"Property\",\"value\":15.5,\"unitCode\":\"CEL\","
                "\"observedAt\":\"2024-05-01T09:00:00Z\",\"quality\":{\"type\":\"Property\","
                "\"value\":\"good\",\"by\":{\"type\":\"Property\",\"value\":7}}},\"s\":\"Red\","
                "\"b\":false"),
    /* c */
    ENTITY("c",
           "\"n\":\"20\",\"s\":{\"type\":\"Property\",\"value\":[\"blue\",\"red\",\"green\"]}"),
    /* d */
    ENTITY("d", "\"n\":[{\"type\":\"Property\",\"value\":5},{\"type\":\"Property\",\"value\":25,"
                "\"datasetId\":\"urn:d:1\"}],\"s\":\"赤い\""),
    /* e */
    ENTITY("e",
           "\"address\":{\"type\":\"Property\",\"value\":{\"city\":\"Berlin\",\"geo\":{\"x\":1.5,"
           "\"tags\":[\"p\",\"q\"]},\"日本\":\"はい\"}}"),
    /* f */
    ENTITY("f",
           "\"rel\":{\"type\":\"Relationship\",\"object\":\"urn:x:1\",\"objectType\":\"Lot\"}"),
    /* g */ ENTITY("g", "\"rel\":{\"type\":\"Relationship\",\"object\":[\"urn:x:2\",\"urn:x:1\"]}"),
    /* h */
    ENTITY("h", "\"color\":{\"type\":\"LanguageProperty\",\"languageMap\":{\"en\":\"red\",\"fr\":"
                "\"rouge\",\"de\":[\"rot\",\"Katze\"]}}"),
    /* i */ ENTITY("i", "\"gender\":{\"type\":\"VocabProperty\",\"vocab\":\"Male\"}"),
    /* j */
    ENTITY("j",
           "\"at\":{\"type\":\"Property\",\"value\":\"2024-05-01T09:00:00Z\"},\"day\":{\"type\":"
           "\"Property\",\"value\":{\"@type\":\"Date\",\"@value\":\"2024-05-01\"}},\"clock\":{"
           "\"type\":"
           "\"Property\",\"value\":\"09:30:00Z\"}"),
    /* k */
    ENTITY(
        "k",
        "\"list\":{\"type\":\"ListProperty\",\"valueList\":[1,2,\"x\"]},\"rels\":{\"type\":"
        "\"ListRelationship\",\"objectList\":[{\"object\":\"urn:x:3\"},{\"object\":\"urn:x:4\"}]}"),
    /* l */
    ENTITY("l", "\"ticket\":{\"type\":\"JsonProperty\",\"json\":{\"id\":\"8\",\"value\":\"late\","
                "\"n\":null}}"),
    /* m */ ENTITY("m", "\"n\":9007199254740993,\"s\":\"a;b|c),d\",\"q\":\"say \\\"hi\\\"\""),
};

enum { N = sizeof texts / sizeof *texts };

typedef struct Case {
    const char *q, *expected;
} Case;

static void check(Fixture *f, const Case *cases, size_t n, const char *expand) {
    Entity *entities[N];
    for (size_t i = 0; i < N; i++)
        entities[i] = fixture_entity(f, str_of(texts[i]));
    for (size_t i = 0; i < n; i++) {
        MatchSource source = {.q = str_of(cases[i].q), .expand_values = str_of(expand)};
        assert_str(fixture_matching(f, &source, entities, N), cases[i].expected, cases[i].q);
    }
}

#define CHECK(state, ...)                                                                          \
    do {                                                                                           \
        static const Case cases[] = {__VA_ARGS__};                                                 \
        check(*(state), cases, sizeof cases / sizeof *cases, NULL);                                \
    } while (0)

static void existence_asks_for_the_target(void **state) {
    CHECK(state, {"n", "abcdm"}, {"s", "abcdm"}, {"nothing", ""}, {"n.quality", "b"},
          {"n.quality.by", "b"}, {"n.nothing", ""}, {"n.observedAt", "b"}, {"n.unitCode", "b"},
          {"address[city]", "e"}, {"address[geo.x]", "e"}, {"address[geo.y]", ""}, {"rel", "fg"},
          {"color[en]", "h"}, {"color[EN]", "h"}, {"color[es]", ""}, {"color[*]", "h"},
          {"ticket[n]", "l"}, {"!n", "efghijkl"}, {"!n.quality", "acdefghijklm"},
          {"n.datasetId", "d"}, {"rel.objectType", "f"});
}

static void numbers_compare_as_numbers(void **state) {
    CHECK(state, {"n==20", "a"}, {"n=20", "a"}, {"n==20.0", "a"}, {"n==2e1", "a"}, {"n==15.5", "b"},
          {"n!=20", "bcdm"}, {"n>20", "dm"}, {"n>=20", "adm"}, {"n<20", "bd"}, {"n<=20", "abd"},
          {"n<-1", ""}, {"n>-1e3", "abdm"}, {"n==5..20", "abd"}, {"n!=5..20", "cdm"},
          {"n==16..19", ""}, {"n==15.5..15.5", "b"}, {"n==20,25", "ad"}, {"n!=20,25", "bcdm"},
          {"n==9007199254740993", "m"}, {"n==9007199254740992", ""}, {"n==\"20\"", "c"},
          {"n.quality.by==7", "b"}, {"n.quality.by>7", ""});
}

static void texts_compare_byte_by_byte(void **state) {
    CHECK(state, {"s==\"red\"", "ac"}, {"s==red", "ac"}, {"s!=\"red\"", "bdm"}, {"s>\"b\"", "ad"},
          {"s>=\"red\"", "ad"}, {"s<\"a\"", "b"}, {"s==\"赤い\"", "d"}, {"s==赤い", "d"},
          {"s==\"\\u8d64い\"", "d"}, {"s==\"Red\",\"green\"", "bc"},
          {"s!=\"Red\",\"green\"", "adm"}, {"s==\"a;b|c),d\"", "m"}, {"q==\"say \\\"hi\\\"\"", "m"},
          {"s==\"Q\"..\"S\"", "b"}, {"s==\"\"", ""}, {"n.quality==\"good\"", "b"},
          {"n.unitCode==\"CEL\"", "b"}, {"s==true", ""}, {"s==\"red\" , \"Red\"", "abc"});
}

static void booleans_are_no_texts(void **state) {
    CHECK(state, {"b==true", "a"}, {"b==false", "b"}, {"b!=true", "b"}, {"b==\"true\"", ""},
          {"b==1", ""});
}

static void and_binds_tighter_than_or(void **state) {
    CHECK(state, {"n==20;s==\"red\"", "a"}, {"n==20|n==15.5", "ab"},
          {"n==20;b==false|n==15.5", "b"}, {"n==15.5|n==20;b==false", "b"},
          {"(n==15.5|n==20);b==true", "a"}, {"((n>10|n<3);(s==\"red\"|s==\"Red\"))", "ab"},
          {"rel|color", "fgh"}, {" ( n == 20 ) ; b ", "a"}, {"!n;!rel;!color", "eijkl"});
}

static void paths_lead_into_values(void **state) {
    CHECK(state, {"address[city]==\"Berlin\"", "e"}, {"address[city]!=\"Berlin\"", ""},
          {"address[city]!=\"Bonn\"", "e"}, {"address[postcode]!=\"1\"", ""},
          {"address[geo.x]>1", "e"}, {"address[geo.tags]==\"q\"", "e"},
          {"address[日本]==\"はい\"", "e"}, {"address==\"Berlin\"", ""},
          {"address!=\"Berlin\"", "e"}, {"ticket[value]==\"late\"", "l"},
          {"ticket[id]==\"8\"", "l"}, {"day[@value]==\"2024-05-01\"", "j"});
}

static void relationships_know_equality_only(void **state) {
    CHECK(state, {"rel==\"urn:x:1\"", "fg"}, {"rel==urn:x:1", "fg"}, {"rel!=urn:x:1", ""},
          {"rel!=urn:x:2", "f"}, {"rel==urn:x:2,urn:x:9", "g"}, {"rel>\"urn:a\"", ""},
          {"rel~=\"urn\"", ""}, {"rel!~=\"zzz\"", ""}, {"rels==urn:x:4", "k"},
          {"rels!=urn:x:4", ""}, {"rels!=urn:x:5", "k"}, {"rels>\"urn\"", ""});
}

static void lists_hold_their_items(void **state) {
    CHECK(state, {"list==2", "k"}, {"list==\"x\"", "k"}, {"list==3", ""}, {"list!=2", ""},
          {"list!=3", "k"}, {"list>0", ""}, {"list==2..9", "k"}, {"s~=\"gre\"", ""});
}

static void language_maps_are_asked_by_language_or_whole(void **state) {
    CHECK(state, {"color[en]==\"red\"", "h"}, {"color[en]==\"rouge\"", ""},
          {"color[*]==\"rouge\"", "h"}, {"color==\"rouge\"", "h"}, {"color[de]==\"Katze\"", "h"},
          {"color[*]==\"Katze\"", "h"}, {"color[*]!=\"red\"", ""}, {"color[*]!=\"black\"", "h"},
          {"color[fr]!=\"red\"", "h"}, {"color[de]!=\"rot\"", ""}, {"color[en]~=\"^r.d$\"", "h"},
          {"color~=\"oug\"", "h"}, {"color!~=\"oug\"", ""}, {"color[en]!~=\"oug\"", "h"},
          {"color[es]!=\"x\"", ""});
}

static void times_order_in_time(void **state) {
    CHECK(state, {"n.observedAt==2024-05-01T09:00:00Z", "b"},
          {"n.observedAt==\"2024-05-01T09:00:00.000Z\"", "b"},
          {"n.observedAt==2024-05-01T18:00:00+09:00", "b"},
          {"n.observedAt>2024-05-01T08:59:59Z", "b"}, {"n.observedAt>=2024-05-01T09:00:01Z", ""},
          {"n.observedAt!=2024-05-01T09:00:00Z", ""},
          {"n.observedAt==2024-01-01T00:00:00Z..2024-12-31T00:00:00Z", "b"},
          {"n.observedAt!=2024-01-01T00:00:00Z..2024-02-01T00:00:00Z", "b"}, {"n.observedAt>5", ""},
          {"at==\"2024-05-01T18:00:00+09:00\"", "j"}, {"at>\"2024-05-01T17:59:00+09:00\"", "j"},
          {"at<2024-05-01T09:00:00.001Z", "j"}, {"day==2024-05-01", "j"}, {"day>2024-04-30", "j"},
          {"day<2024-05-01T00:00:00Z", ""}, {"clock==09:30:00Z", "j"}, {"clock>09:29:59Z", "j"},
          {"clock==09:00:00Z..10:00:00Z", "j"}, {"at~=\"^2024\"", "j"},
          {"createdAt<2020-01-01T00:00:00Z", ""});
}

static void patterns_search(void **state) {
    CHECK(state, {"s~=\"^r\"", "a"}, {"s~=\"(?i)^r\"", "ab"}, {"s!~=\"^r\"", "bdm"}, {"s~=e", "ab"},
          {"s~=^(r|R)ed$", "ab"}, {"s~=\"[;|]\"", "m"}, {"(s~=^re;n==20)", "a"},
          {"s~=^re|n==15.5", "ab"}, {"s~=\"い$\"", "d"}, {"s~=\"^..$\"", "d"}, {"n~=\"2\"", "c"},
          {"n!~=\"9\"", "c"}, {"s~=\"\\\\|\"", "m"}, {"s~=\"\\|\"", "m"}, {"q~=\"\\\"hi\"", "m"});
}

static void a_costly_pattern_is_given_up(void **state) {
    Fixture *f = *state;
    Buf text = buf_new(f->ctx.arena, 8192);
    buf_add(&text, STR("{\"id\":\"urn:x:1\",\"type\":\"T\",\"s\":\""));
    for (int i = 0; i < 4000; i++)
        buf_add_char(&text, 'a');
    buf_add(&text, STR("!\"}"));
    Entity *entity = fixture_entity(f, buf_str(&text));
    const char *const hard[] = {"s~=\"^(a+)+$\"", "s!~=\"^(a+)+$\"", "s~=\"(a|aa)+(a|aa)+$\""};
    int64_t start = time_monotonic();
    for (size_t i = 0; i < 3; i++) {
        MatchSource source = {.q = str_of(hard[i])};
        assert_str(fixture_matching(f, &source, &entity, 1), "", hard[i]);
    }
    assert_true(time_monotonic() - start < 5 * TIME_SECOND);
}

static void values_are_expanded_on_demand(void **state) {
    static const Case with[] = {
        {"gender==Male", "i"},        {"gender==\"Male\"", "i"},
        {"gender!=Male", ""},         {"gender==Female", ""},
        {"gender==Female,Male", "i"}, {"gender==\"" LD_DEFAULT "Male\"", "i"}};
    static const Case without[] = {
        {"gender==Male", ""}, {"gender!=Male", "i"}, {"gender==\"" LD_DEFAULT "Male\"", "i"}};
    check(*state, with, sizeof with / sizeof *with, "x, gender");
    check(*state, without, sizeof without / sizeof *without, "x");
}

static void whole_iris_name_attributes(void **state) {
    CHECK(state, {LD_DEFAULT "n==20", "a"}, {LD_DEFAULT "n." LD_DEFAULT "quality==\"good\"", ""},
          {LD_DEFAULT "n.quality==\"good\"", "b"}, {LD_DEFAULT "n.observedAt", "b"},
          {"id==\"urn:test:a\"", "a"}, {"type==\"" LD_DEFAULT "T\"", "abcdefghijklm"},
          {"scope", ""});
}

static void mistakes_name_their_offset(void **state) {
    static const Case cases[] = {
        {"n>", "offset 2: expected a value, found the end"},
        {"n==", "offset 3: expected a value"},
        {"n==20;", "offset 6: expected the name of an attribute, found the end"},
        {"n==20|", "offset 6:"},
        {"(n==20", "offset 6: expected ')' for the '(' at offset 0, found the end"},
        {"n==20)", "offset 5: expected ';', '|' or the end, found ')'"},
        {"))bad((", "offset 0: expected the name of an attribute, found ')'"},
        {"()", "offset 1:"},
        {"n==\"abc", "offset 3: the quoted text that begins here has no end"},
        {"n==\"\\x\"", "offset 3: the quoted text is no JSON string"},
        {"n>4..5", "offset 3: a range or list goes with == and != only"},
        {"n>4,5", "offset 3:"},
        {"n>true", "offset 2: <, <=, > and >= need"},
        {"n<abc", "offset 2:"},
        {"n==1..\"b\"", "offset 3: both ends of a range"},
        {"n==1..", "offset 6: expected a value"},
        {"n==1..2..3", "offset 7: expected ';', '|' or the end, found '.'"},
        {"n==1,2..3", "offset 6:"},
        {"n==1e999", "offset 3: the number 1e999 is out of range"},
        {"a[", "offset 2: expected the name of a member"},
        {"a[]", "offset 2:"},
        {"a[b", "offset 3: expected '.' or ']'"},
        {"a[b.]", "offset 4:"},
        {"a[b][c]", "offset 4:"},
        {"a..b", "offset 2: expected the name of an attribute, found '.'"},
        {".a", "offset 0:"},
        {"a.", "offset 2:"},
        {"a.observedAt.b", "offset 13: a system member has no parts"},
        {"createdAt[x]", "offset 9: a system member has no parts"},
        {"owner{name}==\"x\"", "offset 5: conditions on linked entities"},
        {"!n==20", "offset 2: !name asks"},
        {"!!n", "offset 1:"},
        {"n~=", "offset 3: expected a regular expression"},
        {"n~=\"(\"", "offset 5: the regular expression is wrong"},
        {"n~=\"a**b\"", "the regular expression is wrong"},
        {"n~=\"\\\\C\"", "the regular expression is wrong"},
        {"n==20 m==3", "offset 6: expected ';', '|' or the end, found 'm'"},
        {"n==20;;m", "offset 6:"},
        {"n\x01==2", "found byte 0x01"},
        {"n&m", "found '&'"},
        {"\xff", "the text is not UTF-8"},
    };
    Fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MatchSource source = {.q = str_of(cases[i].q)};
        Match *match;
        Rc rc = match_compile(&f->ctx, ld_core(), &source, &match);
        if (rc != RC_INVALID) fail_msg("%s: expected invalid, got %s", cases[i].q, rc_name(rc));
        assert_null(match);
        assert_str(f->ctx.error.path, "q", cases[i].q);
        if (str_find(f->ctx.error.detail, str_of(cases[i].expected)) < 0)
            fail_msg("%s: expected \"%s\" in \"" STR_FMT "\"", cases[i].q, cases[i].expected,
                     STR_ARG(f->ctx.error.detail));
    }
}

static Str repeated(Arena *arena, const char *before, const char *item, size_t n,
                    const char *after) {
    Buf buf = buf_new(arena, 1 << 20);
    buf_add(&buf, str_of(before));
    for (size_t i = 0; i < n; i++)
        buf_add(&buf, str_of(item));
    buf_add(&buf, str_of(after));
    return buf_str(&buf);
}

static void too_much_is_refused_before_it_costs(void **state) {
    static const struct {
        const char *before, *item;
        size_t n;
        const char *after;
        Rc rc;
    } cases[] = {
        {"", "(", 32, "n", RC_INVALID},        {"", "(", 33, "n", RC_LIMIT},
        {"", "(", 60000, "n", RC_LIMIT},       {"n==", "1,", 4095, "1", RC_OK},
        {"n==", "1,", 4096, "1", RC_LIMIT},    {"", "n;", 999, "n", RC_OK},
        {"", "n|", 1000, "n", RC_LIMIT},       {"n==\"", "a", 65530, "\"", RC_OK},
        {"n==\"", "a", 65532, "\"", RC_LIMIT}, {"n", ".a", 7, "", RC_OK},
        {"n", ".a", 8, "", RC_LIMIT},          {"n[a", ".a", 15, "]", RC_OK},
        {"n[a", ".a", 16, "]", RC_LIMIT},      {"n~=", "a", 1024, "", RC_OK},
        {"n~=", "a", 1025, "", RC_LIMIT},      {"n~=\"", "(", 500, "\"", RC_INVALID},
        {"", "!", 60000, "n", RC_INVALID},     {"n==\"", "\\\\", 30000, "", RC_INVALID},
    };
    Fixture *f = *state;
    int64_t start = time_monotonic();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MatchSource source = {.q = repeated(f->ctx.arena, cases[i].before, cases[i].item,
                                            cases[i].n, cases[i].after)};
        Match *match;
        Rc rc = match_compile(&f->ctx, ld_core(), &source, &match);
        if (rc != cases[i].rc)
            fail_msg("%s%s x %zu: expected %s, got %s", cases[i].before, cases[i].item, cases[i].n,
                     rc_name(cases[i].rc), rc_name(rc));
        match_free(match);
    }
    assert_true(time_monotonic() - start < 5 * TIME_SECOND);
}

static void a_test_of_plain_values_allocates_nothing(void **state) {
    Fixture *f = *state;
    Entity *entity = fixture_entity(f, str_of(texts[1]));
    MatchSource source = {.q = STR("(n>10;n<16|s==\"x\");n.quality==\"good\";b==false"),
                          .type = STR("T")};
    Match *match;
    assert_int_equal(match_compile(&f->ctx, ld_core(), &source, &match), RC_OK);
    size_t before = arena_used(f->scratch), kept = arena_used(f->ctx.arena);
    for (int i = 0; i < 1000; i++)
        assert_true(match_entity(match, entity, f->scratch));
    assert_int_equal(arena_used(f->scratch), before);
    assert_int_equal(arena_used(f->ctx.arena), kept);
    match_free(match);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(existence_asks_for_the_target),
        TEST(numbers_compare_as_numbers),
        TEST(texts_compare_byte_by_byte),
        TEST(booleans_are_no_texts),
        TEST(and_binds_tighter_than_or),
        TEST(paths_lead_into_values),
        TEST(relationships_know_equality_only),
        TEST(lists_hold_their_items),
        TEST(language_maps_are_asked_by_language_or_whole),
        TEST(times_order_in_time),
        TEST(patterns_search),
        TEST(a_costly_pattern_is_given_up),
        TEST(values_are_expanded_on_demand),
        TEST(whole_iris_name_attributes),
        TEST(mistakes_name_their_offset),
        TEST(too_much_is_refused_before_it_costs),
        TEST(a_test_of_plain_values_allocates_nothing),
    };
    return cmocka_run_group_tests_name("match q", tests, NULL, NULL);
}
