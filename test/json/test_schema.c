/* Tests of JSON Schema: a table of schema, value, path of the fault (NULL: fits). */
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static Ctx ctx_new(void) {
    return (Ctx){.arena = arena_new(1 << 28)};
}

static const Json *read_ok(Ctx *ctx, const char *text) {
    const Json *value = NULL;
    Rc rc = json_read(ctx, str_of(text), JSON_LIMITS_DEFAULT, &value);
    if (rc != RC_OK) fail_msg("%s: %.*s", text, STR_ARG(ctx->error.detail));
    return value;
}

static const JsonSchema *compile_ok(Ctx *ctx, const char *text) {
    const JsonSchema *schema = NULL;
    Rc rc = json_schema_compile(ctx, read_ok(ctx, text), &schema);
    if (rc != RC_OK)
        fail_msg("%s: %.*s: %.*s", text, STR_ARG(ctx->error.path), STR_ARG(ctx->error.detail));
    return schema;
}

static void values_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *schema, *value, *path;
    } cases[] = {
        {"true", "1", NULL},
        {"false", "1", ""},
        {"{}", "{\"a\":1}", NULL},
        {"{\"type\":\"string\"}", "\"x\"", NULL},
        {"{\"type\":\"string\"}", "1", ""},
        {"{\"type\":\"integer\"}", "1", NULL},
        {"{\"type\":\"integer\"}", "1.0", NULL},
        {"{\"type\":\"integer\"}", "1.5", ""},
        {"{\"type\":\"number\"}", "1.5", NULL},
        {"{\"type\":[\"null\",\"boolean\"]}", "null", NULL},
        {"{\"type\":[\"null\",\"boolean\"]}", "false", NULL},
        {"{\"type\":[\"null\",\"boolean\"]}", "0", ""},
        {"{\"const\":{\"a\":[1]}}", "{\"a\":[1.0]}", NULL},
        {"{\"const\":1}", "true", ""},
        {"{\"enum\":[\"a\",2]}", "2", NULL},
        {"{\"enum\":[\"a\",2]}", "\"b\"", ""},
        {"{\"minimum\":1.5}", "1.5", NULL},
        {"{\"minimum\":1.5}", "1", ""},
        {"{\"minimum\":9007199254740993}", "9007199254740992", ""},
        {"{\"maximum\":10}", "10", NULL},
        {"{\"maximum\":10}", "10.01", ""},
        {"{\"maximum\":10}", "\"99\"", NULL},
        {"{\"exclusiveMinimum\":0}", "0", ""},
        {"{\"exclusiveMinimum\":0}", "0.1", NULL},
        {"{\"exclusiveMaximum\":0}", "0", ""},
        {"{\"exclusiveMaximum\":0}", "-1", NULL},
        {"{\"multipleOf\":0.1}", "0.3", NULL},
        {"{\"multipleOf\":0.01}", "19.99", NULL},
        {"{\"multipleOf\":0.1}", "0.35", ""},
        {"{\"multipleOf\":3}", "9223372036854775807", ""},
        {"{\"multipleOf\":7}", "9223372036854775807", NULL},
        {"{\"minLength\":2}", "\"市\"", ""},
        {"{\"minLength\":2}", "\"市役\"", NULL},
        {"{\"maxLength\":2}", "\"𠮷野\"", NULL},
        {"{\"maxLength\":2}", "\"𠮷野家\"", ""},
        {"{\"pattern\":\"^[0-9]{7}$\"}", "\"4250000\"", NULL},
        {"{\"pattern\":\"^[0-9]{7}$\"}", "\"425000\"", ""},
        {"{\"pattern\":\"^[0-9]{7}$\"}", "\"4250000\\n\"", ""},
        {"{\"pattern\":\"市$\"}", "\"焼津市\"", NULL},
        {"{\"pattern\":\"^\\\\u3042\"}", "\"あい\"", NULL},
        {"{\"pattern\":\"^.$\"}", "\"𠮷\"", NULL},
        {"{\"format\":\"date\"}", "\"2024-02-29\"", NULL},
        {"{\"format\":\"date\"}", "\"2023-02-29\"", ""},
        {"{\"format\":\"date-time\"}", "\"2025-04-01T09:00:00+09:00\"", NULL},
        {"{\"format\":\"date-time\"}", "\"2025-04-01\"", ""},
        {"{\"format\":\"email\"}", "\"hanako@machi.example\"", NULL},
        {"{\"format\":\"email\"}", "\"hanako\"", ""},
        {"{\"format\":\"email\"}", "\"a@b\"", ""},
        {"{\"format\":\"email\"}", "\"a..b@c.example\"", ""},
        {"{\"format\":\"email\"}", "\"a b@c.example\"", ""},
        {"{\"format\":\"email\"}", "\"a@-c.example\"", ""},
        {"{\"format\":\"email\"}", "\"a@b@c.example\"", ""},
        {"{\"format\":\"email\"}", "\"a@c.example.\"", ""},
        {"{\"format\":\"uri\"}", "\"urn:ngsi-ld:A:1\"", NULL},
        {"{\"format\":\"uri\"}", "\"https://machi.example/a?b=%20\"", NULL},
        {"{\"format\":\"uri\"}", "\"/relative\"", ""},
        {"{\"format\":\"uri\"}", "\"http://a b\"", ""},
        {"{\"format\":\"uri\"}", "\"http://a/%2g\"", ""},
        {"{\"format\":\"uri\"}", "\"http:\"", ""},
        {"{\"format\":\"uri\"}", "12", NULL},
        {"{\"minItems\":1}", "[]", ""},
        {"{\"maxItems\":1}", "[1,2]", ""},
        {"{\"maxItems\":1}", "[1]", NULL},
        {"{\"items\":{\"type\":\"integer\"}}", "[1,2,\"x\"]", "[2]"},
        {"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}",
         "[\"a\",1,2]", NULL},
        {"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}", "[1,1]",
         "[0]"},
        {"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":false}", "[\"a\",1]", "[1]"},
        {"{\"prefixItems\":[{\"type\":\"string\"}]}", "[]", NULL},
        {"{\"uniqueItems\":true}", "[1,{\"a\":1,\"b\":2},{\"b\":2.0,\"a\":1}]", ""},
        {"{\"uniqueItems\":true}", "[1,\"1\",true,null,[1]]", NULL},
        {"{\"uniqueItems\":false}", "[1,1]", NULL},
        {"{\"required\":[\"a\"]}", "{\"b\":1}", "a"},
        {"{\"required\":[\"a\"]}", "{\"a\":null}", NULL},
        {"{\"required\":[\"a\"]}", "[]", NULL},
        {"{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"string\"}}}}}",
         "{\"a\":{\"b\":1}}", "a.b"},
        {"{\"properties\":{\"l\":{\"items\":{\"properties\":{\"fee\":{\"minimum\":0}}}}}}",
         "{\"l\":[{\"fee\":1},{\"fee\":-1}]}", "l[1].fee"},
        {"{\"properties\":{\"l\":{\"items\":{\"required\":[\"fee\"]}}}}", "{\"l\":[{}]}",
         "l[0].fee"},
        {"{\"properties\":{\"a\":true},\"additionalProperties\":false}", "{\"a\":1}", NULL},
        {"{\"properties\":{\"a\":true},\"additionalProperties\":false}", "{\"a\":1,\"b\":1}", "b"},
        {"{\"additionalProperties\":{\"type\":\"integer\"}}", "{\"x\":1,\"y\":\"s\"}", "y"},
        {"{\"allOf\":[{\"minimum\":1},{\"maximum\":2}]}", "3", ""},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]}", "6", NULL},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]}", "4", ""},
        {"{\"oneOf\":[{\"minimum\":1},{\"minimum\":5}]}", "3", NULL},
        {"{\"oneOf\":[{\"minimum\":1},{\"minimum\":5}]}", "6", ""},
        {"{\"oneOf\":[{\"minimum\":1},{\"minimum\":5}]}", "0", ""},
        {"{\"not\":{\"type\":\"null\"}}", "null", ""},
        {"{\"not\":{\"type\":\"null\"}}", "0", NULL},
        {"{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]},\"else\":{\"required\":["
         "\"c\"]}}",
         "{\"a\":1}", "b"},
        {"{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]},\"else\":{\"required\":["
         "\"c\"]}}",
         "{}", "c"},
        {"{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]}}", "{}", NULL},
        {"{\"then\":false,\"else\":false}", "1", NULL},
        {"{\"$defs\":{\"p\":{\"type\":\"string\"}},\"properties\":{\"x\":{\"$ref\":\"#/$defs/"
         "p\"}}}",
         "{\"x\":1}", "x"},
        {"{\"$defs\":{\"p\":{\"type\":\"string\"}},\"$ref\":\"#/$defs/p\",\"minLength\":2}",
         "\"a\"", ""},
        {"{\"properties\":{\"next\":{\"$ref\":\"#\"},\"v\":{\"type\":\"integer\"}}}",
         "{\"v\":1,\"next\":{\"v\":2,\"next\":{\"v\":\"x\"}}}", "next.next.v"},
        {"{\"title\":\"t\",\"description\":\"d\",\"default\":1,\"examples\":[1],\"x-label\":{"
         "\"ja\":\"名\"},\"$comment\":\"c\"}",
         "1", NULL},
    };
    Ctx ctx = ctx_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const JsonSchema *schema = compile_ok(&ctx, cases[i].schema);
        Rc rc = json_schema_check(&ctx, schema, read_ok(&ctx, cases[i].value));
        bool right = cases[i].path
                         ? rc == RC_INVALID && str_eq(ctx.error.path, str_of(cases[i].path))
                         : rc == RC_OK;
        if (!right)
            fail_msg("%s on %s: %s at \"%.*s\"", cases[i].schema, cases[i].value, rc_name(rc),
                     STR_ARG(ctx.error.path));
    }
    arena_free(ctx.arena);
}

static void what_is_not_checked_is_refused_at_compilation(void **state) {
    (void)state;
    static const struct {
        const char *schema, *path;
    } cases[] = {
        {"1", ""},
        {"{\"minProperties\":1}", "minProperties"},
        {"{\"patternProperties\":{}}", "patternProperties"},
        {"{\"properties\":{\"a\":{\"contains\":{}}}}", "properties.a.contains"},
        {"{\"typo\":1}", "typo"},
        {"{\"type\":\"text\"}", "type"},
        {"{\"type\":[]}", "type"},
        {"{\"enum\":[]}", "enum"},
        {"{\"minimum\":\"1\"}", "minimum"},
        {"{\"multipleOf\":0}", "multipleOf"},
        {"{\"multipleOf\":\"x\"}", "multipleOf"},
        {"{\"minLength\":-1}", "minLength"},
        {"{\"minLength\":1.5}", "minLength"},
        {"{\"required\":\"a\"}", "required"},
        {"{\"required\":[1]}", "required"},
        {"{\"properties\":[]}", "properties"},
        {"{\"items\":[{}]}", "items"},
        {"{\"allOf\":[]}", "allOf"},
        {"{\"anyOf\":[{\"type\":\"x\"}]}", "anyOf[0].type"},
        {"{\"uniqueItems\":1}", "uniqueItems"},
        {"{\"format\":\"ipv6\"}", "format"},
        {"{\"pattern\":\"(\"}", "pattern"},
        {"{\"pattern\":1}", "pattern"},
        {"{\"$ref\":\"#/$defs/none\"}", "$ref"},
        {"{\"$ref\":\"https://else.example/schema\"}", "$ref"},
        {"{\"$defs\":[]}", "$defs"},
        {"{\"$defs\":{\"a\":{\"typo\":1}}}", "$defs.a.typo"},
        {"{\"items\":{\"$defs\":{}}}", "items.$defs"},
        {"{\"$ref\":\"#\"}", "#"},
        {"{\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/b\"}]},\"b\":{\"not\":{\"$ref\":\"#/"
         "$defs/a\"}}}}",
         "#/$defs/a"},
    };
    Ctx ctx = ctx_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const JsonSchema *schema;
        Rc rc = json_schema_compile(&ctx, read_ok(&ctx, cases[i].schema), &schema);
        if (rc != RC_INVALID || !str_eq(ctx.error.path, str_of(cases[i].path)))
            fail_msg("%s: %s at \"%.*s\"", cases[i].schema, rc_name(rc), STR_ARG(ctx.error.path));
    }
    arena_free(ctx.arena);
}

static void a_runaway_pattern_is_stopped(void **state) {
    (void)state;
    Ctx ctx = ctx_new();
    const JsonSchema *schema = compile_ok(&ctx, "{\"pattern\":\"^(a+)+$\"}");
    const Json *value =
        read_ok(&ctx, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"");
    assert_int_equal(json_schema_check(&ctx, schema, value), RC_LIMIT);
    assert_true(str_eq(ctx.error.code, STR("pattern-limit")));
    const JsonSchema *any = compile_ok(&ctx, "{\"anyOf\":[{\"pattern\":\"^(a+)+$\"},true]}");
    assert_int_equal(json_schema_check(&ctx, any, value), RC_LIMIT);
    arena_free(ctx.arena);
}

static void exploding_alternatives_are_stopped(void **state) {
    (void)state;
    Ctx ctx = ctx_new();
    const JsonSchema *schema = compile_ok(
        &ctx, "{\"anyOf\":[{\"items\":{\"$ref\":\"#\"},\"minItems\":1,\"type\":\"array\"},"
              "{\"items\":{\"$ref\":\"#\"},\"minItems\":1,\"type\":\"array\"}]}");
    Buf text = buf_new(ctx.arena, 1000);
    for (int i = 0; i < 60; i++)
        buf_add_char(&text, '[');
    for (int i = 0; i < 60; i++)
        buf_add_char(&text, ']');
    buf_add_char(&text, 0);
    assert_int_equal(json_schema_check(&ctx, schema, read_ok(&ctx, text.ptr)), RC_LIMIT);
    assert_true(str_eq(ctx.error.code, STR("schema-steps")));
    arena_free(ctx.arena);
}

static void many_elements_are_compared_in_linear_time(void **state) {
    (void)state;
    Ctx ctx = ctx_new();
    const JsonSchema *schema = compile_ok(&ctx, "{\"uniqueItems\":true}");
    Json *items = NEW_ARRAY(ctx.arena, Json, 200000);
    for (int i = 0; i < 200000; i++)
        items[i] = json_of_int(i);
    Json value = json_of_items(items, 200000);
    assert_int_equal(json_schema_check(&ctx, schema, &value), RC_OK);
    items[199999] = json_of_number(0);
    assert_int_equal(json_schema_check(&ctx, schema, &value), RC_INVALID);
    arena_free(ctx.arena);
}

static void faults_are_said_in_a_sentence(void **state) {
    (void)state;
    static const struct {
        const char *schema, *value, *detail;
    } cases[] = {
        {"{\"type\":[\"integer\",\"null\"]}", "\"x\"",
         "The value must be of type null or integer."},
        {"{\"enum\":[\"a\",\"b\"]}", "1", "The value must be one of [\"a\",\"b\"]."},
        {"{\"minimum\":0.50}", "0", "The number must be at least 0.50."},
        {"{\"required\":[\"a\"]}", "{}", "This member is missing."},
    };
    Ctx ctx = ctx_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const JsonSchema *schema = compile_ok(&ctx, cases[i].schema);
        assert_int_equal(json_schema_check(&ctx, schema, read_ok(&ctx, cases[i].value)),
                         RC_INVALID);
        assert_string_equal(str_z(ctx.arena, ctx.error.detail), cases[i].detail);
    }
    arena_free(ctx.arena);
}

/* A fuzzer's finding: a text that did not fit at all was cut before its beginning. */
static void long_values_are_shown_in_part(void **state) {
    (void)state;
    Ctx ctx = ctx_new();
    Buf text = buf_new(ctx.arena, 1000);
    for (int i = 0; i < 250; i++)
        buf_add_char(&text, 'x');
    Str words = buf_str(&text);
    Json constant = json_of_str(words);
    JsonMember member = {STR("const"), constant};
    Json source = json_of_members(&member, 1), value = json_of_int(1);
    const JsonSchema *schema;
    assert_int_equal(json_schema_compile(&ctx, &source, &schema), RC_OK);
    assert_int_equal(json_schema_check(&ctx, schema, &value), RC_INVALID);
    Str expected = str_fmt(ctx.arena, "The value must be \"%.199s....", words.ptr);
    assert_true(str_eq(ctx.error.detail, expected));
    arena_free(ctx.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(what_is_not_checked_is_refused_at_compilation),
        cmocka_unit_test(a_runaway_pattern_is_stopped),
        cmocka_unit_test(exploding_alternatives_are_stopped),
        cmocka_unit_test(many_elements_are_compared_in_linear_time),
        cmocka_unit_test(faults_are_said_in_a_sentence),
        cmocka_unit_test(long_values_are_shown_in_part),
    };
    return cmocka_run_group_tests_name("json schema", tests, NULL, NULL);
}
