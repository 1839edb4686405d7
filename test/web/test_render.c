/* Renders the fixture's templates, which show every place where a value may stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "web/web_int.h"

const WebAsset web_assets[] = {
    {{"js/x.js", 7}, {"/assets/0/js/x.js", 17}, {"text/javascript", 15}, {0}, {0}}};
const size_t web_n_assets = 1;

static int setup(void **state) {
    *state = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state) {
    arena_free(*state);
    return 0;
}

static const Json *read_json(Ctx *ctx, const char *text) {
    const Json *json = NULL;
    Rc rc = json_read(ctx, str_of(text), JSON_LIMITS_DEFAULT, &json);
    assert_int_equal(rc, RC_OK);
    return json;
}

static const char *render(Ctx *ctx, WebPage page, WebLang lang, const char *view) {
    Buf to = buf_new(ctx->arena, 1 << 20);
    Rc rc = web_render(ctx, &to, page, lang, read_json(ctx, view));
    assert_int_equal(rc, RC_OK);
    return str_z(ctx->arena, buf_str(&to));
}

static void assert_has(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("'%s' is not in\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part) {
    if (strstr(text, part)) fail_msg("'%s' is in\n%s", part, text);
}

static void values_are_escaped_by_where_they_stand(void **state) {
    Ctx ctx = {.arena = *state, .scratch = *state};
    const char *html =
        render(&ctx, WEB_PAGE_ESCAPE, WEB_EN,
               "{\"value\": \"<script>alert(1)</script>\\\"'& x\", \"url\": \"/a?b=1&c=2\", "
               "\"list\": [\"<\", 1]}");
    static const char escaped[] = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp; x";
    static const char *const places[] = {"<title>%s</title>", "<p id=\"text\">%s</p>",
                                         "title=\"%s\"",      "1  2 %s</textarea>",
                                         "<b>%s</b>",         "<i>%s</i>",
                                         "data-title=\"%s\"", "Hello %s</p>"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *hole = strstr(places[i], "%s");
        Str wanted =
            str_fmt(ctx.arena, "%.*s%s%s", (int)(hole - places[i]), places[i], escaped, hole + 2);
        assert_has(html, str_z(ctx.arena, wanted));
    }
    assert_has(html, "id=\"url\" href=\"/a?b=1&amp;c=2\"");
    assert_has(html, "href=\"/x/%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%26%20x?q=%3Cscript");
    assert_has(html, "href=\"/a?b=1&amp;c=2?q=%3Cscript");
    assert_has(html, "data-json=\"[&quot;&lt;&quot;,1]\"");
    assert_has_not(html, "<script");
}

static void an_address_that_could_run_becomes_a_hash(void **state) {
    static const struct {
        const char *url, *href;
    } cases[] = {
        {"/a", "/a"},
        {"#top", "#top"},
        {"?page=2", "?page=2"},
        {"https://city.example/", "https://city.example/"},
        {"http://city.example/", "http://city.example/"},
        {"mailto:a@b.example", "mailto:a@b.example"},
        {"tel:0999000000", "tel:0999000000"},
        {"javascript:alert(1)", "#"},
        {"JaVaScRiPt:alert(1)", "#"},
        {" javascript:alert(1)", "#"},
        {"java\\tscript:alert(1)", "#"},
        {"\\u0001javascript:alert(1)", "#"},
        {"data:text/html,x", "#"},
        {"vbscript:x", "#"},
        {"//evil.example/", "#"},
        {"/\\\\evil.example/", "#"},
        {"/\\t/evil.example/", "#"},
        {"relative", "#"},
        {"", "#"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Ctx ctx = {.arena = *state, .scratch = *state};
        Str view =
            str_fmt(ctx.arena, "{\"value\": 1, \"url\": \"%s\", \"list\": []}", cases[i].url);
        const char *html = render(&ctx, WEB_PAGE_ESCAPE, WEB_JA, str_z(ctx.arena, view));
        assert_has(html,
                   str_z(ctx.arena, str_fmt(ctx.arena, "id=\"url\" href=\"%s\"", cases[i].href)));
    }
}

static const char BLOCKS[] =
    "{\"list\": [\"a\", \"b\"], \"map\": {\"x\": 1, \"y\": 2}, \"yes\": true, \"no\": [], "
    "\"one\": 1, \"many\": 1234, \"state\": \"open\", \"deep\": {\"member\": {\"value\": "
    "\"v\"}}, \"texts\": {\"ja\": \"に\", \"en\": \"e\"}}";

static void blocks_choose_and_repeat(void **state) {
    Ctx ctx = {.arena = *state, .scratch = *state};
    const char *html = render(&ctx, WEB_PAGE_BLOCKS, WEB_EN, BLOCKS);
    assert_has(html, "1.a, 2.b;");
    assert_has(html, "x=1 y=2 ;");
    assert_has(html, "123;");
    assert_has(html, "<input checked value=\"1\">;");
    assert_has(html, "1 item 1,234 items open;");
    assert_has(html, "ve");
    html = render(&ctx, WEB_PAGE_BLOCKS, WEB_JA, BLOCKS);
    assert_has(html, "1件 1,234件 受付中;");
    assert_has(html, "vに");
}

static void a_missing_member_prints_nothing_and_is_traced(void **state) {
    Ctx ctx = {.arena = *state, .scratch = *state};
    StrVec missing = {0};
    Buf to = buf_new(ctx.arena, 1 << 20);
    const Json *view = read_json(&ctx, "{\"state\": \"done\", \"deep\": {}, \"list\": null}");
    Rc rc = web_render_traced(&ctx, &to, (WebView){WEB_PAGE_BLOCKS, WEB_JA, view}, &missing);
    assert_int_equal(rc, RC_OK);
    assert_has(str_z(ctx.arena, buf_str(&to)), "-;");
    bool member = false, list = false, none = false;
    VEC_EACH (const Str, name, &missing) {
        member |= str_eq(*name, STR("blocks: member"));
        list |= str_eq(*name, STR("blocks: list"));
        none |= str_eq(*name, STR("blocks: none"));
    }
    assert_true(member);
    assert_false(list); /* null is an answer */
    assert_false(none); /* asked with '?' */
}

static void what_cannot_be_printed_is_a_fault_of_the_view(void **state) {
    static const char *const views[] = {
        "{\"state\": \"done\", \"texts\": [1]}",
        "{\"state\": \"done\", \"texts\": {\"fr\": \"x\"}}",
        "{\"state\": \"unheard\"}",
    };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        Ctx ctx = {.arena = *state, .scratch = *state};
        Buf to = buf_new(ctx.arena, 1 << 20);
        Rc rc = web_render(&ctx, &to, WEB_PAGE_BLOCKS, WEB_JA, read_json(&ctx, views[i]));
        assert_int_equal(rc, RC_FAILED);
        assert_true(str_eq(ctx.error.path, STR("blocks")));
    }
}

static void a_page_that_does_not_fit_is_said_to_be_too_long(void **state) {
    Ctx ctx = {.arena = *state, .scratch = *state};
    Buf to = buf_new(ctx.arena, 10);
    Rc rc = web_render(&ctx, &to, WEB_PAGE_BLOCKS, WEB_JA, read_json(&ctx, BLOCKS));
    assert_int_equal(rc, RC_LIMIT);
}

static const char FORMAT[] =
    "{\"money\": 1200, \"real\": 1234567.5, \"minus\": -0.04, \"share\": 0.125, \"size\": 20480, "
    "\"seconds\": 200, \"day\": \"2025-04-01\", \"instant\": \"2025-04-01T00:05:07Z\", "
    "\"first\": \"2019-05-01\", \"nonsense\": \"4月頃\", \"list\": [1, 2], "
    "\"map\": {\"k\": \"v\"}, \"empty\": \"\"}";

static void numbers_and_dates_follow_the_language(void **state) {
    Ctx ctx = {.arena = *state, .scratch = *state};
    const char *ja = render(&ctx, WEB_PAGE_FORMAT, WEB_JA, FORMAT);
    assert_has(ja, "1,200円|1,200|1234567.5|1,234,567.50|-0.0|12.5%|20 KB|3:20");
    assert_has(ja, "令和7年4月1日（火）|令和7年4月1日（火）|令和元年5月1日（水）|4月1日（火）|1|"
                   "2025-04-01|令和7年4月1日 9:05|"
                   "2025-04-01T09:05:07+09:00|2025-04-01|9:05|4月頃");
    assert_has(ja, "13412001200-12002v");
    const char *en = render(&ctx, WEB_PAGE_FORMAT, WEB_EN, FORMAT);
    assert_has(en, "¥1,200|1,200|");
    assert_has(
        en, "1 April 2025 (Tue)|1 April 2025 (Tue)|1 May 2019 (Wed)|Tue 1 Apr|1|2025-04-01|1 April "
            "2025, 9:05|");
}

static void easy_japanese_falls_back_to_japanese(void **state) {
    Ctx ctx = {.arena = *state, .scratch = *state};
    assert_true(str_eq(web_message(&ctx, WEB_JA_EASY, STR("plain"), NULL, 0), STR("かんたん")));
    assert_true(str_eq(web_message(&ctx, WEB_JA_EASY, STR("state.open"), NULL, 0), STR("受付中")));
    assert_true(str_empty(web_message(&ctx, WEB_JA, STR("nowhere"), NULL, 0)));
    Json name = json_of_str(STR("花子"));
    WebParam param = {STR("name"), &name};
    assert_true(
        str_eq(web_message(&ctx, WEB_JA, STR("greet"), &param, 1), STR("こんにちは、花子さん")));
}

static void the_best_language_is_chosen(void **state) {
    (void)state;
    static const struct {
        const char *field;
        WebLang lang;
    } cases[] = {
        {"", WEB_JA},
        {"en", WEB_EN},
        {"en-GB,en;q=0.9", WEB_EN},
        {"ja,en;q=0.8", WEB_JA},
        {"fr, en;q=0.5, ja;q=0.4", WEB_EN},
        {"en;q=0, ja;q=0.1", WEB_JA},
        {"EN", WEB_EN},
        {"eng", WEB_JA},
        {"*", WEB_JA},
        {"e", WEB_JA},
        {",,;q=,en;q=x", WEB_JA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(web_lang_accept(str_of(cases[i].field)), cases[i].lang);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_escaped_by_where_they_stand, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_that_could_run_becomes_a_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(blocks_choose_and_repeat, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_member_prints_nothing_and_is_traced, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_printed_is_a_fault_of_the_view, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_page_that_does_not_fit_is_said_to_be_too_long, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(numbers_and_dates_follow_the_language, setup, teardown),
        cmocka_unit_test_setup_teardown(easy_japanese_falls_back_to_japanese, setup, teardown),
        cmocka_unit_test_setup_teardown(the_best_language_is_chosen, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
