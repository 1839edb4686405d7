/* Tests of what people often ask about procedures: read with a definition, and found. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static CatalogueFaqs asked(House *house, const char *text) {
    CatalogueFaqs found;
    CatalogueQuery query = {.text = str_of(text), .day = {2026, 11, 20}};
    catalogue_questions(house->ctx.arena, procedures_catalogue(&house->tenant), &query, &found);
    return found;
}

/* By parts of words, in whatever kana, in the question, its answer, or with what it is about. */
static void it_is_found_by_parts_of_words_in_any_kana(void **state) {
    House *house = *state;
    static const char *const dog[] = {"亡くなった", "かんさつ",    "カンサツ",     "ｶﾝｻﾂ",
                                      "DIED",       "鑑札 返して", "いぬ 30日以内"};
    for (size_t i = 0; i < sizeof dog / sizeof *dog; i++) {
        CatalogueFaqs found = asked(house, dog[i]);
        if (found.len != 1 || !str_eq(found.items[0].definition->id, STR("dog-registration")))
            fail_msg("\"%s\" finds %zu", dog[i], (size_t)found.len);
    }
}

static void what_is_only_the_procedure_s_finds_none(void **state) {
    House *house = *state;
    assert_int_equal(asked(house, "").len, 0);
    assert_int_equal(asked(house, "ペット").len, 0); /* a word of the procedure alone */
    assert_int_equal(asked(house, "犬 宇宙旅行").len, 0);
}

/* With more of what was said in the question itself. */
static void the_question_counts_more_than_the_answer(void **state) {
    House *house = *state;
    CatalogueFaqs found = asked(house, "請求");
    assert_true(found.len >= 2);
    Str first = text_fold(house->ctx.arena,
                          found.items[0].definition->faq.items[found.items[0].n].question.ja);
    assert_true(str_find(first, STR("請求")) >= 0);
}

static void a_question_without_an_answer_is_refused(void **state) {
    House *house = *state;
    const Json *source = house_starter(house, "procedures/dog-registration.json"), *value;
    const Definition *definition;
    GOOD(house, json_read(&house->ctx, STR("{\"ja\":\"答え\"}"), JSON_LIMITS_DEFAULT, &value));
    source = outline_set(house->arena, source, STR("faq[0].answer"), value);
    FAILS(house, definition_read(&house->ctx, source, &definition), RC_INVALID, "bad-definition");
    assert_true(str_eq(house->ctx.error.path, STR("faq[0].answer")));
}

static void a_text_without_plain_japanese_is_a_finding(void **state) {
    House *house = *state;
    const Json *source = house_starter(house, "procedures/dog-registration.json"), *value;
    const Definition *definition;
    DefinitionFindings findings = {0};
    GOOD(house, json_read(&house->ctx, STR("{\"ja\":\"答え\",\"en\":\"Answer\"}"),
                          JSON_LIMITS_DEFAULT, &value));
    source = outline_set(house->arena, source, STR("faq[0].answer"), value);
    GOOD(house, definition_read(&house->ctx, source, &definition));
    definition_lint(&house->ctx, definition, NULL, &findings);
    assert_int_equal(findings.len, 1);
    assert_true(str_eq(findings.items[0].path, STR("faq[0].answer")));
}

#define CASE(test) cmocka_unit_test(test)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(it_is_found_by_parts_of_words_in_any_kana),
        CASE(what_is_only_the_procedure_s_finds_none),
        CASE(the_question_counts_more_than_the_answer),
        CASE(a_question_without_an_answer_is_refused),
        CASE(a_text_without_plain_japanese_is_a_finding),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, house_whole_up, house_down);
}
