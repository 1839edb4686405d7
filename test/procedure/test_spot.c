/* Tests of answers that are a place: words, a point, or both, as they are typed. */
#include "house.h"

#include "procedure/procedure_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char source[] =
    "{\"id\":\"road\",\"version\":1,\"effective\":{\"from\":\"2026-04-01\"},\"label\":{\"ja\":"
    "\"道\",\"en\":\"Road\"},"
    "\"pages\":[{\"id\":\"where\",\"title\":{\"ja\":\"所\",\"en\":\"Where\"},\"fields\":["
    "{\"id\":\"place\",\"kind\":\"place\",\"label\":{\"ja\":\"場所\",\"en\":\"Place\"},\"least\":5}"
    "]}],"
    "\"conditions\":[{\"id\":\"north\",\"test\":\"place.latitude = null or place.latitude > 34\","
    "\"text\":{\"ja\":\"北\",\"en\":\"North\"}}],"
    "\"states\":[{\"id\":\"done\",\"label\":{\"ja\":\"終\",\"en\":\"End\"},\"owner\":\"end\"}]}";

static const Definition *road(Ctx *ctx) {
    const Json *json;
    const Definition *definition;
    assert_int_equal(json_read(ctx, str_of(source), JSON_LIMITS_DEFAULT, &json), RC_OK);
    if (definition_read(ctx, json, &definition) != RC_OK)
        fail_msg(STR_FMT, STR_ARG(ctx->error.detail));
    return definition;
}

static const FormAnswer *said(Ctx *ctx, const char *text, Form *form) {
    const Json *draft;
    Str json = str_fmt(ctx->arena, "{\"place\":%s}", text);
    assert_int_equal(json_read(ctx, json, JSON_LIMITS_DEFAULT, &draft), RC_OK);
    form_read(ctx, road(ctx), draft, form);
    return &form->answers[0];
}

static Str kept(Ctx *ctx, const FormAnswer *answer) {
    Buf text = buf_new(ctx->arena, 4096);
    Json json = feel_to_json(ctx->arena, &answer->value);
    json_write(&text, &json);
    return buf_str(&text);
}

static void words_and_points_are_read_as_they_are_typed(void **state) {
    Ctx *ctx = *state;
    static const struct {
        const char *said, *fault, *kept, *ja;
    } cases[] = {
        {"\"まなか１－２の前\"", NULL, "{\"text\":\"まなか1-2の前\"}", "まなか1-2の前"},
        {"[\"駅前の広場\",\"\",\"\"]", NULL, "{\"text\":\"駅前の広場\"}", "駅前の広場"},
        {"[\"駅前の広場\",\"34.1677912\",\"138.4832\"]", NULL,
         "{\"text\":\"駅前の広場\",\"latitude\":34.167791,\"longitude\":138.4832}",
         "駅前の広場（北緯34.16779、東経138.48320）"},
        {"[\"\",\" ３４．２ \",\"138.5\"]", NULL,
         "{\"text\":\"\",\"latitude\":34.2,\"longitude\":138.5}", "北緯34.20000、東経138.50000"},
        {"[\"駅\",\"34.2\",\"138.5\"]", NULL,
         "{\"text\":\"駅\",\"latitude\":34.2,\"longitude\":138.5}",
         "駅（北緯34.20000、東経138.50000）"},
        {"\"駅\"", "short", "null", ""},
        {"\"\"", "required", "null", ""},
        {"[\"\",\"\",\"\"]", "required", "null", ""},
        {"[\"駅前の広場\",\"34.2\",\"\"]", "format", "null", NULL},
        {"[\"駅前の広場\",\"90.1\",\"138\"]", "format", "null", NULL},
        {"[\"駅前の広場\",\"34\",\"-180.5\"]", "format", "null", NULL},
        {"[\"駅前の広場\",\"nan\",\"inf\"]", "format", "null", NULL},
        {"[\"駅前の広場\",\"34,2\",\"138\"]", "format", "null", NULL},
        {"[\"a\\u0007bcdef\",\"34\",\"138\"]", "control", "null", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Form form;
        const FormAnswer *answer = said(ctx, cases[i].said, &form);
        if (!str_eq(str_of(answer->fault), str_of(cases[i].fault)))
            fail_msg("%s: %s", cases[i].said, answer->fault ? answer->fault : "no fault");
        Str value = kept(ctx, answer);
        if (!str_eq(value, str_of(cases[i].kept)))
            fail_msg("%s: " STR_FMT, cases[i].said, STR_ARG(value));
        FormAnswer stored = {.field = answer->field, .value = answer->value};
        Str text = form_text(ctx->arena, &stored, STR("ja"));
        if (cases[i].ja && !str_eq(text, str_of(cases[i].ja)))
            fail_msg("%s: " STR_FMT, cases[i].said, STR_ARG(text));
    }
}

static void a_case_of_before_had_words_alone(void **state) {
    Ctx *ctx = *state;
    Field field = {.kind = FIELD_PLACE};
    FormAnswer answer = {.field = &field, .value = feel_of_str(STR("保育園の前"))};
    assert_true(str_eq(form_text(ctx->arena, &answer, STR("en")), STR("保育園の前")));
}

static void rules_may_ask_for_the_point(void **state) {
    Ctx *ctx = *state;
    static const struct {
        const char *said;
        bool holds;
    } cases[] = {{"[\"海の向こう\",\"33.9\",\"138\"]", false},
                 {"[\"駅前の広場\",\"34.2\",\"138\"]", true},
                 {"\"駅前の広場\"", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Form form;
        RuleResults results = {0};
        (void)said(ctx, cases[i].said, &form);
        form_judge(ctx, &form, &form.definition->conditions, &results);
        assert_int_equal(results.items[0].holds, cases[i].holds);
    }
}

static int set_up(void **state) {
    static Ctx ctx;
    static Clock clock = {.fixed = HOUSE_NOW};
    ctx = (Ctx){.arena = arena_new(1 << 26), .scratch = arena_new(1 << 20), .clock = &clock};
    *state = &ctx;
    return 0;
}

static int tear_down(void **state) {
    Ctx *ctx = *state;
    arena_free(ctx->arena);
    arena_free(ctx->scratch);
    return 0;
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(words_and_points_are_read_as_they_are_typed),
        CASE(a_case_of_before_had_words_alone),
        CASE(rules_may_ask_for_the_point),
    };
    return cmocka_run_group_tests_name("procedure spot", tests, NULL, NULL);
}
