/* From method and path to a row. */
#include "rig.h"

#include "http/router.h"

static void nothing(HttpExchange *x) {
    (void)x;
}

#define ROW(m, p)                                                                                  \
    { .methods = (m), .pattern = (p), .handler = nothing }
static const HttpRoute rows[] = {
    ROW(HTTP_GET, "/"),
    ROW(HTTP_GET, "/entities"),
    ROW(HTTP_POST, "/entities"),
    ROW(HTTP_GET, "/entities/{id}"),
    ROW(HTTP_DELETE, "/entities/{id}"),
    ROW(HTTP_PATCH, "/entities/{id}/attrs/{name}"),
    ROW(HTTP_POST, "/entities/batch"),
    ROW(HTTP_GET, "/{page}/help"),
    ROW(HTTP_GET, "/static/{path...}"),
    ROW(HTTP_GET, "/static/{dir}/index"),
};

static const struct {
    HttpMethod method;
    const char *path;
    const char *pattern; /* NULL: none */
    const char *first, *second;
    unsigned methods; /* 0: the path is unknown */
} cases[] = {
    {HTTP_GET, "/", "/", NULL, NULL, HTTP_GET | HTTP_HEAD | HTTP_OPTIONS},
    {HTTP_HEAD, "/", "/", NULL, NULL, HTTP_GET | HTTP_HEAD | HTTP_OPTIONS},
    {HTTP_GET, "/entities", "/entities", NULL, NULL,
     HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_OPTIONS},
    {HTTP_GET, "/entities/", "/entities", NULL, NULL,
     HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_OPTIONS},
    {HTTP_GET, "/entities//", NULL, NULL, NULL, 0},
    {HTTP_PATCH, "/entities//attrs/y", "/entities/{id}/attrs/{name}", "", "y",
     HTTP_PATCH | HTTP_OPTIONS},
    {HTTP_GET, "/entities/urn:a:1", "/entities/{id}", "urn:a:1", NULL,
     HTTP_GET | HTTP_HEAD | HTTP_DELETE | HTTP_OPTIONS},
    {HTTP_PATCH, "/entities/x/attrs/y%2Fz", "/entities/{id}/attrs/{name}", "x", "y%2Fz",
     HTTP_PATCH | HTTP_OPTIONS},
    {HTTP_POST, "/entities/batch", "/entities/batch", NULL, NULL, HTTP_POST | HTTP_OPTIONS},
    {HTTP_PUT, "/entities/x", NULL, NULL, NULL, HTTP_GET | HTTP_HEAD | HTTP_DELETE | HTTP_OPTIONS},
    {HTTP_GET, "/entities/help", "/entities/{id}", "help", NULL,
     HTTP_GET | HTTP_HEAD | HTTP_DELETE | HTTP_OPTIONS},
    {HTTP_GET, "/static/help", "/static/{path...}", "help", NULL,
     HTTP_GET | HTTP_HEAD | HTTP_OPTIONS},
    {HTTP_GET, "/static/a/b/c", "/static/{path...}", "a/b/c", NULL,
     HTTP_GET | HTTP_HEAD | HTTP_OPTIONS},
    {HTTP_GET, "/static/a/index", "/static/{dir}/index", "a", NULL,
     HTTP_GET | HTTP_HEAD | HTTP_OPTIONS},
    {HTTP_GET, "/static", NULL, NULL, NULL, 0},
    {HTTP_GET, "/other/help", "/{page}/help", "other", NULL, HTTP_GET | HTTP_HEAD | HTTP_OPTIONS},
    {HTTP_GET, "//help", "/{page}/help", "", NULL, HTTP_GET | HTTP_HEAD | HTTP_OPTIONS},
    {HTTP_GET, "/entities/x/attrs", NULL, NULL, NULL, 0},
    {HTTP_GET, "/entitie", NULL, NULL, NULL, 0},
};

static Router *make(void) {
    Router *router = router_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        router_add(router, &rows[i]);
    return router;
}

static void the_most_special_row_is_found(void **state) {
    (void)state;
    Router *router = make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        RouterMatch match;
        router_find(router, cases[i].method, str_of(cases[i].path), &match);
        print_message("# %s\n", cases[i].path);
        assert_int_equal(match.found, cases[i].methods != 0);
        assert_int_equal(match.methods, cases[i].methods);
        assert_int_equal(match.route != NULL, cases[i].pattern != NULL);
        if (match.route) assert_string_equal(match.route->pattern, cases[i].pattern);
        if (cases[i].first) assert_true(str_eq(match.values[0], str_of(cases[i].first)));
        if (cases[i].second) assert_true(str_eq(match.values[1], str_of(cases[i].second)));
    }
    router_free(router);
}

static void a_deep_path_ends_the_search(void **state) {
    (void)state;
    Router *router = make();
    char path[2001];
    memset(path, '/', 2000);
    path[2000] = 0;
    RouterMatch match;
    router_find(router, HTTP_GET, str_of(path), &match);
    assert_false(match.found);
    router_free(router);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_special_row_is_found),
        cmocka_unit_test(a_deep_path_ends_the_search),
    };
    return cmocka_run_group_tests_name("http router", tests, NULL, NULL);
}
