/* Pages and files over HTTP: headers, language, compression, caching. */
#include "../http/rig.h"

#include "web/web.h"

static const char VIEW[] = "{\"site\": {\"city\": {\"ja\": \"まち市\", \"en\": \"Machi City\"}}, "
                           "\"number\": \"B-1\", \"date\": \"2025-04-22\"}";

static void cancel_page(HttpExchange *x) {
    const Json *view = NULL;
    Rc rc = json_read(http_ctx(x), str_of(VIEW), JSON_LIMITS_DEFAULT, &view);
    assert_int_equal(rc, RC_OK);
    web_answer(x, 200, WEB_PAGE_CASE_CANCEL, view);
}

static void broken_page(HttpExchange *x) {
    const Json *view = NULL;
    Rc rc = json_read(http_ctx(x), STR("{\"state\": \"unheard\"}"), JSON_LIMITS_DEFAULT, &view);
    assert_int_equal(rc, RC_OK);
    web_answer(x, 200, WEB_PAGE_CASE, view);
}

static const HttpRoute ROUTES[] = {
    {.methods = HTTP_GET, .pattern = "/page", .handler = cancel_page},
    {.methods = HTTP_GET, .pattern = "/broken", .handler = broken_page},
    {.methods = HTTP_GET, .pattern = "/assets/{path...}", .handler = web_asset_handle},
};

static int setup(void **state) {
    static Rig rig;
    rig =
        rig_start((HttpOptions){.host = STR("127.0.0.1")}, ROUTES, sizeof ROUTES / sizeof *ROUTES);
    *state = &rig;
    return 0;
}

static int teardown(void **state) {
    rig_stop(*state);
    return 0;
}

static Reply ask(Rig *rig, const char *path, const char *headers) {
    return rig_ask(rig, str_fmt(rig->arena, "GET %s HTTP/1.1\r\nHost: machi.example\r\n%s\r\n",
                                path, headers));
}

static void the_language_comes_from_query_cookie_or_browser(void **state) {
    static const struct {
        const char *path, *headers, *lang;
    } cases[] = {
        {"/page", "", "ja"},
        {"/page", "Accept-Language: en-GB,en\r\n", "en"},
        {"/page", "Accept-Language: en\r\nCookie: lang=ja\r\n", "ja"},
        {"/page?lang=en", "Cookie: lang=ja\r\n", "en"},
        {"/page?lang=ja-easy", "", "ja"},
        {"/page?lang=xx", "Cookie: lang=en\r\n", "en"},
        {"/page", "Cookie: lang=<script>\r\nAccept-Language: en\r\n", "en"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Rig *rig = *state;
        Reply reply = ask(rig, cases[i].path, cases[i].headers);
        assert_int_equal(reply.status, 200);
        assert_string_equal(rig_header(&reply, "Content-Language", text, sizeof text),
                            cases[i].lang);
        assert_non_null(strstr(reply.body, strcmp(cases[i].lang, "en") ? "まち市" : "Machi City"));
    }
}

static void every_page_carries_the_policy_and_is_not_stored(void **state) {
    static const char *const wanted[][2] = {
        {"Content-Type", "text/html; charset=utf-8"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    char text[512];
    Reply reply = ask(*state, "/page", "");
    assert_string_equal(rig_header(&reply, "Content-Security-Policy", text, sizeof text), WEB_CSP);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_string_equal(rig_header(&reply, wanted[i][0], text, sizeof text), wanted[i][1]);
}

static void a_view_that_is_faulty_becomes_a_problem_not_half_a_page(void **state) {
    Reply reply = ask(*state, "/broken", "");
    assert_int_equal(reply.status, 500);
    assert_null(strstr(reply.body, "<html"));
}

static void files_are_compressed_where_accepted_and_cached_for_ever(void **state) {
    static const struct {
        const char *headers, *encoding;
    } cases[] = {
        {"", ""},
        {"Accept-Encoding: gzip, br\r\n", "gzip"},
        {"Accept-Encoding: gzip;q=0\r\n", ""},
        {"Accept-Encoding: gzip;q=0.5\r\n", "gzip"},
        {"Accept-Encoding: br\r\n", ""},
    };
    const WebAsset *css = web_asset_named(STR("css/app.css"));
    char text[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Reply reply = ask(*state, css->path.ptr, cases[i].headers);
        bool zipped = cases[i].encoding[0];
        Str body = zipped ? css->gzip : css->bytes;
        assert_int_equal(reply.status, 200);
        assert_string_equal(rig_header(&reply, "Content-Encoding", text, sizeof text),
                            cases[i].encoding);
        assert_true(strstr(rig_header(&reply, "Cache-Control", text, sizeof text), "immutable"));
        assert_string_equal(rig_header(&reply, "Content-Type", text, sizeof text),
                            "text/css; charset=utf-8");
        assert_int_equal(reply.len, body.len);
        assert_memory_equal(reply.body, body.ptr, body.len);
    }
}

static void a_file_that_the_browser_has_is_not_sent_again(void **state) {
    Rig *rig = *state;
    const WebAsset *css = web_asset_named(STR("css/app.css"));
    char tag[256], header[300];
    Reply reply = ask(rig, css->path.ptr, "");
    rig_header(&reply, "ETag", tag, sizeof tag);
    snprintf(header, sizeof header, "If-None-Match: %s\r\n", tag);
    assert_int_equal(ask(rig, css->path.ptr, header).status, 304);
    assert_int_equal(ask(rig, css->path.ptr, "If-None-Match: \"other\"\r\n").status, 200);
}

static void an_unknown_file_is_not_found(void **state) {
    static const char *const paths[] = {"/assets/x", "/assets/000000000000/css/app.css",
                                        "/assets/..%2f..%2fetc/passwd"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(ask(*state, paths[i], "").status, 404);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_language_comes_from_query_cookie_or_browser),
        cmocka_unit_test(every_page_carries_the_policy_and_is_not_stored),
        cmocka_unit_test(a_view_that_is_faulty_becomes_a_problem_not_half_a_page),
        cmocka_unit_test(files_are_compressed_where_accepted_and_cached_for_ever),
        cmocka_unit_test(a_file_that_the_browser_has_is_not_sent_again),
        cmocka_unit_test(an_unknown_file_is_not_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
