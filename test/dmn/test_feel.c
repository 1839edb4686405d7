/* Tests of FEEL: tables of expression and the text of its value. */
#include "dmn_test.h"

typedef struct Case {
    const char *expression, *expected;
} Case;

static const char scope_text[] =
    "{'Monthly Salary': 10000, 'a': 1, 'b': 2.5, 's': 'foo', 'none': null, 'yes': true, 'a-b': 7,"
    "'list': [1, 2, 3, 4], 'people': [{'name': '花子', 'age': 30}, {'name': '太郎', 'age': 17}],"
    "'loan': {'amount': 600000, 'interest rate': 0.0375}}";

static const char *evaluated(World *world, const char *expression) {
    FeelScope scope = scope_of(world, scope_text);
    StrVec names = names_of(world, &scope);
    vec_push(world->ctx.arena, &names, STR("interest rate"));
    const FeelExpr *expr;
    if (feel_read(&world->ctx, str_of(expression), &names, &expr) != RC_OK)
        return str_z(world->ctx.arena, world->ctx.error.detail);
    return value_text(world, feel_evaluate(new_run(world), expr, &scope));
}

static void check(World *world, const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char *got = evaluated(world, cases[i].expression);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s\n  got      %s\n  expected %s", cases[i].expression, got,
                     cases[i].expected);
    }
}

#define CHECK(state, ...)                                                                          \
    do {                                                                                           \
        static const Case cases[] = {__VA_ARGS__};                                                 \
        check(*(state), cases, sizeof cases / sizeof *cases);                                      \
    } while (0)

static void arithmetic_is_decimal(void **state) {
    CHECK(state, {"0.1 + 0.2", "0.3"}, {"1 / 3", "0.3333333333333333333333333333333333"},
          {"2 / 3", "0.6666666666666666666666666666666667"}, {"10 + 20 / -5 - 3", "3"},
          {"5+2**5+3", "40"}, {"10**-5", "0.00001"}, {"2**3**2", "64"}, {"-2**2", "4"},
          {"--3", "3"}, {".872", "0.872"}, {"1.2*10**3", "1200"}, {"1e3", "1000"}, {"1E-2", "0.01"},
          {"1.10", "1.1"},
          {"9999999999999999999999999999999999 + 1", "10000000000000000000000000000000000"},
          {"1e30 + 1e-10", "1000000000000000000000000000000"}, {"1e40", "1E+40"},
          {"1e6000 * 1e6000", "null"}, {"1 / 0", "null"},
          {"(1+0.0375/12)**-360", "0.3252224591723127419700637978073457"}, {"4 ** 0.5", "2"},
          {"1e20 - 1", "99999999999999999999"}, {"-0", "0"},
          {"123456789012345678 * 987654321098765432", "121932631137021794322511812221002900"},
          {"12345678901234567890 * 98765432109876543210",
           "1219326311370217952237463801111264000000"});
}

static void null_runs_through(void **state) {
    CHECK(state, {"10 + null", "null"}, {"null / 10", "null"}, {"nothing", "null"},
          {"a + \"x\"", "null"}, {"true and null", "null"}, {"false and null", "false"},
          {"null or true", "true"}, {"null or false", "null"}, {"not(null)", "null"},
          {"null = null", "true"}, {"none = null", "true"}, {"1 = \"1\"", "null"},
          {"1 < null", "null"}, {"\"a\" < 1", "null"}, {"none.x", "null"});
}

static void names_may_hold_blanks(void **state) {
    CHECK(state, {"12 * Monthly Salary", "120000"}, {"12*Monthly   Salary", "120000"}, {"a-b", "7"},
          {"a - b", "-1.5"}, {"loan.interest rate * 2", "0.075"}, {"string length(s)", "3"},
          {"Monthly", "null"}, {"yesterday", "null"});
}

static void comparisons_and_conditions(void **state) {
    CHECK(state, {"a < b", "true"}, {"a != 1", "false"}, {"a between 1 and 2", "true"},
          {"a between 1 and 2 and b > 2", "true"}, {"a in (1..5]", "false"},
          {"a in [1..5]", "true"}, {"b in (>3, <1, 2.5)", "true"},
          {"s in (\"foo\", \"bar\")", "true"}, {"5 in ]1..5[", "false"},
          {"if a > 0 then \"plus\" else \"minus\"", "plus"}, {"if null then 1 else 2", "2"},
          {"\"あ\" < \"い\"", "true"}, {"[1,2] = [1,2]", "true"}, {"{x: 1} = {x: 1.0}", "true"},
          {"a instance of number", "true"}, {"list instance of list<number>", "true"},
          {"none instance of string", "false"});
}

static void lists_and_contexts(void **state) {
    CHECK(
        state, {"list[1]", "1"}, {"list[-1]", "4"}, {"list[9]", "null"},
        {"list[item > 2]", "[3, 4]"}, {"people[age >= 18].name", "[\"花子\"]"},
        {"people.name", "[\"花子\", \"太郎\"]"}, {"{x: 1, y: x + 1}.y", "2"},
        {"{\"two words\": 2}", "{two words: 2}"},
        {"{x: 1, x: 2}",
         "Column 9 of the expression \"{x: 1, x: 2}\": the entry \"x\" is there twice."},
        {"for i in 1..4 return i * i", "[1, 4, 9, 16]"}, {"for i in 3..1 return i", "[3, 2, 1]"},
        {"for i in 1..2, j in [10, 20] return i + j", "[11, 21, 12, 22]"},
        {"for i in 1..5 return if i < 3 then 1 else partial[-1] + partial[-2]", "[1, 1, 2, 3, 5]"},
        {"some p in people satisfies p.age < 18", "true"},
        {"every p in people satisfies p.age < 18", "false"}, {"every x in [] satisfies x", "true"},
        {"some x in [1] satisfies x", "null"},
        {"for d in @\"2025-02-28\"..@\"2025-03-01\" return d", "[2025-02-28, 2025-03-01]"},
        {"(function(x, y) x - y)(5, 3)", "2"}, {"{f: function(n: number) n + 1, r: f(2)}.r", "3"},
        {"a[1]", "1"}, {"[1..5].end", "5"});
}

static void texts(void **state) {
    CHECK(state, {"\"a\" + \"b\"", "ab"}, {"string length(\"𠮷野家\")", "3"},
          {"substring(\"foobar\", 3)", "obar"}, {"substring(\"foobar\", 3, 3)", "oba"},
          {"substring(\"foobar\", -2, 1)", "a"}, {"substring(\"日本語\", 2)", "本語"},
          {"substring(\"x\", 5)", "null"}, {"substring(start position: 2, string: \"abc\")", "bc"},
          {"upper case(\"aBc1\")", "ABC1"}, {"substring before(\"foobar\", \"bar\")", "foo"},
          {"substring after(\"foobar\", \"ob\")", "ar"}, {"contains(s, \"oo\")", "true"},
          {"starts with(s, \"f\")", "true"}, {"ends with(s, \"f\")", "false"},
          {"matches(\"R7-4\", \"^r\\d+-\\d$\", \"i\")", "true"}, {"matches(\"a\", \"(\")", "null"},
          {"replace(\"2025-04\", \"(\\d+)-(\\d+)\", \"$2/$1\")", "04/2025"},
          {"split(\"a,b;c\", \"[,;]\")", "[\"a\", \"b\", \"c\"]"},
          {"string join([\"a\", \"b\"], \"-\")", "a-b"}, {"\"\\u3042\\\"\\n\"", "あ\"\n"},
          {"\"\\uD842\\uDFB7\"", "𠮷"}, {"string(1.50)", "1.5"}, {"string(null)", "null"},
          {"number(\"1 234,5\", \" \", \",\")", "1234.5"}, {"number(\"x\")", "null"});
}

static void numbers(void **state) {
    CHECK(state, {"decimal(2.5, 0)", "2"}, {"decimal(3.5, 0)", "4"}, {"decimal(1/3, 2)", "0.33"},
          {"floor(-1.5)", "-2"}, {"ceiling(-1.5)", "-1"}, {"round up(1.121, 2)", "1.13"},
          {"round down(-1.126, 2)", "-1.12"}, {"round half up(-2.5, 0)", "-3"},
          {"round half down(2.5, 0)", "2"}, {"decimal(1234, -2)", "1200"}, {"abs(-3)", "3"},
          {"modulo(-12, 5)", "3"}, {"modulo(12, -5)", "-3"}, {"modulo(10.1, 4.5)", "1.1"},
          {"sqrt(2)", "1.414213562373095048801688724209698"}, {"sqrt(-1)", "null"}, {"exp(0)", "1"},
          {"log(1)", "0"}, {"odd(3)", "true"}, {"even(3)", "false"}, {"odd(1.5)", "null"},
          {"min(3, 1, 2)", "1"}, {"max([3, 1, 2])", "3"}, {"sum(list)", "10"}, {"sum([])", "null"},
          {"mean(list)", "2.5"}, {"median(list)", "2.5"}, {"mode([1, 2, 2, 3, 3])", "[2, 3]"},
          {"stddev(2, 4, 7, 5)", "2.081665999466132735282297706979931"}, {"product(2, 3)", "6"},
          {"min(1, \"a\")", "null"});
}

static void functions_on_lists(void **state) {
    CHECK(state, {"count(list)", "4"}, {"list contains(list, 3)", "true"},
          {"all([true, false])", "false"}, {"any([false, null])", "null"},
          {"sublist(list, 2, 2)", "[2, 3]"}, {"sublist(list, -1)", "[4]"},
          {"append(list, 5)", "[1, 2, 3, 4, 5]"}, {"concatenate([1], [2, 3])", "[1, 2, 3]"},
          {"union([1, 2], [2, 3])", "[1, 2, 3]"}, {"distinct values([1, 1.0, 2])", "[1, 2]"},
          {"insert before(list, 2, 9)", "[1, 9, 2, 3, 4]"}, {"remove(list, 1)", "[2, 3, 4]"},
          {"reverse(list)", "[4, 3, 2, 1]"}, {"index of([1, 2, 1], 1)", "[1, 3]"},
          {"flatten([[1, [2]], 3])", "[1, 2, 3]"},
          {"sort(list, function(x, y) x > y)", "[4, 3, 2, 1]"},
          {"sort([\"b\", \"a\"])", "[\"a\", \"b\"]"}, {"get value({x: 1}, \"x\")", "1"},
          {"get entries({x: 1})[1].key", "x"}, {"context put({x: 1}, \"y\", 2)", "{x: 1, y: 2}"},
          {"context merge([{x: 1}, {x: 2, y: 3}])", "{x: 2, y: 3}"},
          {"includes([1..5], 5)", "true"}, {"includes([1..5), [2..5))", "true"},
          {"includes([1..5), [2..5])", "false"}, {"overlaps([1..3], (3..5])", "false"},
          {"overlaps([1..3], [3..5])", "true"});
}

static void dates_and_times(void **state) {
    CHECK(
        state, {"date(\"2025-03-31\") + duration(\"P1M\")", "2025-04-30"},
        {"@\"2024-02-29\" + @\"P1Y\"", "2025-02-28"}, {"@\"2025-01-31\" - @\"P1M\"", "2024-12-31"},
        {"@\"2025-04-01\" - @\"2024-04-01\"", "P365D"},
        {"@\"2025-04-01\" < @\"2025-04-02\"", "true"}, {"date(2025, 2, 30)", "null"},
        {"date(\"2025-02-29\")", "null"},
        {"date and time(\"2025-04-01T23:30:00\") + @\"PT1H\"", "2025-04-02T00:30:00"},
        {"date and time(\"2025-04-01T00:00:00Z\") = date and time(\"2025-04-01T09:00:00+09:00\")",
         "true"},
        {"date and time(\"2025-04-01T24:00:00\")", "null"},
        {"time(\"23:00:00\") + @\"PT2H\"", "01:00:00"}, {"time(8, 30, 0)", "08:30:00"},
        {"@\"2025-04-01\".weekday", "2"}, {"@\"2025-04-01T10:20:30.25\".second", "30.25"},
        {"@\"P1Y14M\".years", "2"}, {"@\"P1DT26H\".hours", "2"},
        {"years and months duration(@\"2024-05-15\", @\"2025-04-14\")", "P10M"},
        {"@\"P1D\" * 3", "P3D"}, {"@\"P1Y\" / @\"P1M\"", "12"}, {"duration(\"P1Y1D\")", "null"},
        {"duration(\"PT\")", "null"}, {"-@\"PT30M\"", "-PT30M"}, {"@\"PT0S\"", "PT0S"},
        {"today()", "2025-04-01"}, {"now()", "2025-04-01T09:30:00+09:00"},
        {"day of week(@\"2025-04-01\")", "Tuesday"}, {"day of year(@\"2025-12-31\")", "365"},
        {"week of year(@\"2025-12-29\")", "1"}, {"week of year(@\"2027-01-03\")", "53"},
        {"month of year(@\"2025-04-01\")", "April"}, {"@\"2025-04-01\" + @\"P99999999Y\"", "null"},
        {"@\"9999-12-31\" + @\"P1D\"", "10000-01-01"});
}

static void ages_and_years_as_in_law(void **state) {
    CHECK(state, {"fiscal year(@\"2025-03-31\")", "2024"}, {"fiscal year(@\"2025-04-01\")", "2025"},
          {"age(@\"2007-04-02\", @\"2025-04-01\")", "18"},
          {"age(@\"2007-04-03\", @\"2025-04-01\")", "17"},
          {"age(@\"2004-02-29\", @\"2025-02-28\")", "21"},
          {"age(@\"2004-02-29\", @\"2025-02-27\")", "20"},
          {"age(@\"2025-04-02\", @\"2025-04-01\")", "0"},
          {"age(@\"2025-04-03\", @\"2025-04-01\")", "null"});
}

static void faults_of_writing_name_the_place(void **state) {
    CHECK(state, {"((1", "Column 4 of the expression \"((1\": expected \")\", found the end."},
          {"1 +", "Column 4 of the expression \"1 +\": expected a value or a name, found the end."},
          {"\"abc",
           "Column 1 of the expression \"\"abc\": the text that begins here has no closing quote."},
          {"1 2", "Column 3 of the expression \"1 2\": the expression ends before this."},
          {"あ + )",
           "Column 5 of the expression \"あ + )\": expected a value or a name, found \")\"."},
          {"if a then 1",
           "Column 12 of the expression \"if a then 1\": expected \"else\", found the end."},
          {"a instance of thing", "Column 15 of the expression \"a instance of thing\": expected "
                                  "the name of a type, found \"thing\"."},
          {"@\"2025-13-01\"", "Column 14 of the expression \"@\"2025-13-01\"\": \"2025-13-01\" is "
                              "no date, time or duration."},
          {"\"\\uD800\"", "Column 8 of the expression \"\"\\uD800\"\": \\u wants four and \\U six "
                          "hexadecimal digits of a character."},
          {"function() external {}",
           "Column 20 of the expression \"function() external {}\": functions from elsewhere are "
           "not called: no script in definitions."});
}

static void evaluation_is_bounded(void **state) {
    World *world = *state;
    CHECK(state, {"for i in 1..100000000 return i", "null"},
          {"{f: function(n) f(n), r: f(1)}.r", "null"},
          {"matches(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", \"(a+)+$\")", "null"});
    CHECK(state, {"for i in 1..1000000 return list", "null"}, /* each step counts, and each item */
          {"(for i in 1..100000 return for j in 1..100 return i)[1]", "null"},
          {"{a: string join(for i in 1..60000 return \"x\"), b: a + a}.b", "null"},
          {"{a: for i in 1..90000 return i, b: for i in 1..1000 return reverse(a)}.b", "null"},
          {"{a: string join(for i in 1..60000 return \"x\"), b: for i in 1..90000 return upper "
           "case(a)}.b",
           "null"});
    assert_true(arena_used(world->ctx.arena) < 100 << 20);
    Buf deep = buf_new(world->ctx.arena, 1 << 20);
    for (int i = 0; i < 10000; i++)
        buf_add_char(&deep, '(');
    const FeelExpr *expr;
    assert_int_equal(feel_read(&world->ctx, buf_str(&deep), NULL, &expr), RC_INVALID);
    assert_true(str_ends(world->ctx.error.detail, STR("too deeply nested.")));
    for (size_t i = deep.len; i <= FEEL_TEXT_MAX; i++)
        buf_add_char(&deep, '1');
    assert_int_equal(feel_read(&world->ctx, buf_str(&deep), NULL, &expr), RC_LIMIT);
}

static void notes_say_why_it_is_null(void **state) {
    World *world = *state;
    const FeelExpr *expr;
    assert_int_equal(feel_read(&world->ctx, STR("1 + missing"), NULL, &expr), RC_OK);
    FeelRun *run = new_run(world);
    assert_int_equal(feel_evaluate(run, expr, NULL).kind, FEEL_NULL);
    assert_int_equal(run->n_notes, 2);
    assert_true(str_eq(run->notes[0].text, STR("there is no \"missing\"")));
    assert_int_equal(run->notes[0].at, 4);
    assert_true(str_eq(run->notes[1].text, STR("number + null has no meaning")));
}

/* Unary tests: expression, input as JSON, whether they hold. */
static void tests_hold_for_an_input(void **state) {
    World *world = *state;
    static const struct {
        const char *tests, *input;
        bool holds;
    } cases[] = {
        {"-", "null", true},
        {"5", "5", true},
        {"5", "5.0", true},
        {"\"a\",\"b\"", "'b'", true},
        {"not(\"a\",\"b\")", "'b'", false},
        {"not(\"a\")", "'b'", true},
        {">=18", "18", true},
        {"<18", "18", false},
        {"[18..65)", "65", false},
        {"[18..65)", "64", true},
        {"(1..3),>5", "6", true},
        {"-5", "-5", true},
        {"- 5", "-5", true},
        {"? > 3 and ? < 5", "4", true},
        {"? > 3 and ? < 5", "6", false},
        {"contains(?, \"o\")", "'foo'", true},
        {"true", "true", true},
        {"true", "false", false},
        {"false", "false", true},
        {"true", "null", false},
        {"true", "1", false},
        {"false,true", "null", false},
        {"null", "null", true},
        {"[1,2,3]", "2", true},
        {"[1,2,3]", "4", false},
        {"[1,2]", "[1,2]", true},
        {"a + 1", "2", true},
        {"a > 0", "99", true},
        {"a < 0", "99", false},
        {"<10", "null", false},
        {"!= 4", "5", true},
        {"not(null)", "1", true},
        {"not(<10)", "null", false},
        {"date(\"2025-04-01\")", "'x'", false},
    };
    FeelScope scope = scope_of(world, "{'a': 1}");
    StrVec names = names_of(world, &scope);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const FeelExpr *expr = NULL;
        if (feel_read_tests(&world->ctx, str_of(cases[i].tests), &names, &expr) != RC_OK)
            fail_msg("%s: " STR_FMT, cases[i].tests, STR_ARG(world->ctx.error.detail));
        FeelValue input = feel_of_json(world->ctx.arena, json_of(world, cases[i].input));
        if (feel_holds(new_run(world), expr, input, &scope) != cases[i].holds)
            fail_msg("%s for %s: expected %d", cases[i].tests, cases[i].input, cases[i].holds);
    }
}

static void lint_knows_the_free_names(void **state) {
    World *world = *state;
    static const char text[] =
        "for i in xs return i + base + sum(ys[item > k]) + {p: 1, q: p}.q + f(z)";
    const FeelExpr *expr;
    assert_int_equal(feel_read(&world->ctx, str_of(text), NULL, &expr), RC_OK);
    StrVec names = {0};
    feel_names(world->ctx.arena, expr, &names);
    Str joined = str_join(world->ctx.arena, names.items, names.len, STR(" "));
    assert_string_equal(str_z(world->ctx.arena, joined), "xs base ys k f z");
}

static void numbers_survive_json(void **state) {
    World *world = *state;
    static const char *const texts_of_numbers[] = {
        "1", "-7", "0.1", "98.83", "1234567890.123456789012345678901234", "9007199254740993"};
    for (size_t i = 0; i < sizeof texts_of_numbers / sizeof *texts_of_numbers; i++) {
        FeelValue value = feel_of_json(world->ctx.arena, json_of(world, texts_of_numbers[i]));
        Json back = feel_to_json(world->ctx.arena, &value);
        Buf to = buf_new(world->ctx.arena, 256);
        json_write(&to, &back);
        assert_string_equal(str_z(world->ctx.arena, buf_str(&to)), texts_of_numbers[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arithmetic_is_decimal, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(null_runs_through, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(names_may_hold_blanks, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(comparisons_and_conditions, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(lists_and_contexts, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(texts, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(numbers, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(functions_on_lists, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(dates_and_times, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(ages_and_years_as_in_law, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(faults_of_writing_name_the_place, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(evaluation_is_bounded, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(notes_say_why_it_is_null, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(tests_hold_for_an_input, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(lint_knows_the_free_names, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(numbers_survive_json, world_set_up, world_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
