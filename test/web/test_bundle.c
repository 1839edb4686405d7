/* The bundle of files that the binary holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "web/web.h"

static void every_file_is_found_by_path_and_by_name(void **state) {
    (void)state;
    size_t n = 0;
    for (; web_asset_at(n); n++) {
        const WebAsset *asset = web_asset_at(n);
        assert_ptr_equal(web_asset(asset->path), asset);
        assert_ptr_equal(web_asset_named(asset->name), asset);
        assert_true(asset->bytes.len > 0);
        assert_true(str_starts(asset->path, STR("/assets/")));
        assert_true(str_ends(asset->path, asset->name));
        assert_true(asset->gzip.len < asset->bytes.len);
        if (asset->gzip.len) assert_memory_equal(asset->gzip.ptr, "\x1f\x8b", 2);
    }
    assert_true(n >= 10);
    assert_null(web_asset(STR("/assets/css/app.css")));
    assert_null(web_asset(STR("/assets/../web.h")));
}

static void files_of_a_group_are_neighbours(void **state) {
    (void)state;
    Str one = web_asset_named(STR("maplibre/maplibre-gl.mjs"))->path;
    Str other = web_asset_named(STR("maplibre/maplibre-gl-worker.mjs"))->path;
    size_t folder = one.len - strlen("maplibre-gl.mjs");
    assert_true(str_eq(str_sub(one, 0, folder), str_sub(other, 0, folder)));
}

static void the_style_sheet_holds_the_tokens_it_uses_and_no_others(void **state) {
    (void)state;
    Str css = web_asset_named(STR("css/app.css"))->bytes;
    assert_true(str_find(css, STR("--color-primitive-blue-900:")) >= 0);
    assert_true(str_find(css, STR("--color-primitive-purple-500:")) < 0);
    assert_true(str_find(css, STR("/*")) < 0);
    assert_true(css.len < 34 * 1024);
    for (Str rest = css; rest.len;) {
        ptrdiff_t at = str_find(rest, STR("var(--color-"));
        if (at < 0) break;
        rest = str_sub(rest, (size_t)at + 4, rest.len);
        Str name = str_sub(rest, 0, (size_t)str_find_char(rest, ')'));
        char wanted[80];
        assert_true(name.len + 2 < sizeof wanted);
        memcpy(wanted, name.ptr, name.len);
        wanted[name.len] = ':';
        assert_true(str_find(css, (Str){wanted, name.len + 1}) >= 0);
    }
}

static void pages_have_names(void **state) {
    (void)state;
    WebPage page;
    assert_true(web_page_find(STR("bulky-items"), &page));
    assert_int_equal(page, WEB_PAGE_BULKY_ITEMS);
    assert_true(str_eq(web_page_name(WEB_PAGE_HOME), STR("home")));
    assert_false(web_page_find(STR("nowhere"), &page));
}

static void the_policy_allows_nothing_inline(void **state) {
    (void)state;
    Str csp = str_of(WEB_CSP);
    assert_true(str_starts(csp, STR("default-src 'none';")));
    assert_true(str_find(csp, STR("unsafe")) < 0);
    assert_true(str_find(csp, STR("script-src 'self';")) > 0);
    assert_true(str_find(csp, STR("style-src 'self';")) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_found_by_path_and_by_name),
        cmocka_unit_test(files_of_a_group_are_neighbours),
        cmocka_unit_test(the_style_sheet_holds_the_tokens_it_uses_and_no_others),
        cmocka_unit_test(pages_have_names),
        cmocka_unit_test(the_policy_allows_nothing_inline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
