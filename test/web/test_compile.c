/* What the template compiler refuses, with file and line. Each case is one template in a folder of
 * its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/compile/compile.h"

typedef struct Folder {
    Arena *arena;
    char path[64];
} Folder;

static const char *const DIRS[] = {"templates", "components", "icons", "i18n"};
static const char *const FILES[] = {
    "assets.txt",       "i18n/ja.json",         "i18n/en.json",        "i18n/ja-easy.json",
    "templates/p.html", "components/part.html", "components/csrf.html"};

static const char *at(Folder *f, const char *name) {
    return str_z(f->arena, str_fmt(f->arena, "%s/%s", f->path, name));
}

static void put(Folder *f, const char *name, const char *text) {
    FILE *file = fopen(at(f, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* The folder of a template that has nothing wrong. */
static int setup(void **state) {
    Folder *f = calloc(1, sizeof *f);
    f->arena = arena_new(256 << 20);
    strcpy(f->path, "/tmp/machi-compile-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    for (size_t i = 0; i < sizeof DIRS / sizeof *DIRS; i++)
        assert_int_equal(mkdir(at(f, DIRS[i]), 0700), 0);
    put(f, "assets.txt", "# bundle\njs/x.js = x\n");
    put(f, "i18n/ja.json", "{\"a\": \"あ\", \"b\": \"い{n}\", \"s.x\": \"う\"}");
    put(f, "i18n/en.json", "{\"a\": \"a\", \"b\": \"b {n}\", \"s.x\": \"s\"}");
    put(f, "i18n/ja-easy.json", "{}");
    put(f, "components/csrf.html", "{{@params token}}<input name=\"csrf\" value=\"{{token}}\">");
    put(f, "components/part.html",
        "{{@params x y?}}<p title=\"{{x}}\">{{y}}{{t \"a\"}}{{t \"b\" n=x}}{{tkey \"s.\" "
        "x}}</p>{{@body}}");
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Folder *f = *state;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        unlink(at(f, FILES[i]));
    for (size_t i = 0; i < sizeof DIRS / sizeof *DIRS; i++)
        rmdir(at(f, DIRS[i]));
    rmdir(f->path);
    arena_free(f->arena);
    free(f);
    return 0;
}

static Rc compile(Folder *f, Ctx *ctx, CompileOutput *out) {
    *ctx = (Ctx){.arena = f->arena, .scratch = f->arena};
    return compile_folder(ctx, str_of(f->path), STR("out.c"), out);
}

static void refused(Folder *f, const char *place, const char *words) {
    Ctx ctx;
    CompileOutput out;
    Rc rc = compile(f, &ctx, &out);
    if (rc != RC_INVALID) fail_msg("accepted, where '%s' was expected", words);
    if (!str_ends(ctx.error.path, str_of(place)) || str_find(ctx.error.detail, str_of(words)) < 0)
        fail_msg("expected %s: %s\n     got " STR_FMT ": " STR_FMT, place, words,
                 STR_ARG(ctx.error.path), STR_ARG(ctx.error.detail));
}

static void good_templates_are_taken(void **state) {
    static const char *const good[] = {
        "{{> part x=1}}",
        "{{#> part x=\"v\" y=(t \"a\")}}<b>{{z}}</b>{{/part}}",
        "<a href=\"/x/{{y}}?z={{y}}#{{y}}\">{{t \"a\"}}</a>{{> part x=1}}",
        "<form method=\"post\" action=\"/x\">{{> csrf token=t}}</form>{{> part x=1}}",
        "<input{{#if x}} checked{{/if}} disabled>{{> part x=1}}",
        "<script type=\"module\" src=\"{{asset \"js/x.js\"}}\"></script>{{> part x=1}}",
        "<p>&nbsp;&#9731;1 &ndash; 2</p><svg><path d=\"M0 0\"/></svg>{{> part x=1}}",
        "{{> part x=1}}{{#each a as b}}{{#each b as c}}{{c}}{{@index}}{{/each}}{{else}}-{{/each}}",
        "<a href=\"{{#if x}}/a{{else}}/b{{/if}}\">1</a>{{> part x=1}}",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        Folder *f = *state;
        Ctx ctx;
        CompileOutput out;
        put(f, "templates/p.html", good[i]);
        Rc rc = compile(f, &ctx, &out);
        if (rc != RC_OK)
            fail_msg("%s\n" STR_FMT ": " STR_FMT, good[i], STR_ARG(ctx.error.path),
                     STR_ARG(ctx.error.detail));
        assert_true(str_find(out.header, STR("WEB_PAGE_P,")) > 0);
        assert_true(str_find(out.depfile, STR("templates/p.html")) > 0);
    }
}

static void faulty_templates_are_refused_with_their_line(void **state) {
    static const struct {
        const char *source, *place, *words;
    } cases[] = {
        /* the language */
        {"{{#if x}}1", "p.html:1", "is not closed by {{/if}}"},
        {"\n{{#each x as y}}1", "p.html:2", "is not closed by {{/each}}"},
        {"\n\n{{/if}}", "p.html:3", "closes nothing"},
        {"{{#if x}}{{/each}}", "p.html:1", "is not closed by {{/if}}"},
        {"{{x", "p.html:1", "is not closed by }}"},
        {"{{#while x}}{{/while}}", "p.html:1", "unknown block"},
        {"{{#each x}}{{/each}}", "p.html:1", "{{#each list as name}}"},
        {"{{shout x}}", "p.html:1", "unknown helper 'shout'"},
        {"{{yen x y}}", "p.html:1", "takes 1 to 1 arguments, not 2"},
        {"{{yen a=x}}", "p.html:1", "by position"},
        {"{{yen (yen x}}", "p.html:1", "')' is missing"},
        {"{{\"open}}", "p.html:1", "no closing quote"},
        {"{{1x}}", "p.html:1", "is no number"},
        {"{{x y.z}}", "p.html:1", "unknown helper"},
        {"{{@index}}", "p.html:1", "stands directly in an {{#each}}"},
        {"{{@params a}}", "p.html:1", "for components only"},
        {"{{@body}}", "p.html:1", "for components only"},
        /* raw output does not exist */
        {"<p>{{{x}}}</p>", "p.html:1", "always escaped"},
        {"<p>{{&x}}</p>", "p.html:1", "always escaped"},
        /* components */
        {"\n{{> nowhere}}", "p.html:2", "no component 'nowhere'"},
        {"{{> p}}", "p.html:1", "no component 'p'"},
        {"{{> part}}", "p.html:1", "'part' needs 'x'"},
        {"{{> part x=1 z=2}}", "p.html:1", "has no parameter 'z'"},
        {"{{> part 1}}", "p.html:1", "by name"},
        {"{{#> part x=1}}", "p.html:1", "is not closed"},
        {"<p {{> part x=1}}></p>", "p.html:1", "only between tags"},
        /* translations */
        {"{{t \"zzz\"}}", "p.html:1", "no translation 'zzz'"},
        {"{{t \"b\"}}", "p.html:1", "takes 1 parameters, not 0"},
        {"{{t \"a\" n=1}}", "p.html:1", "has no {n}"},
        {"{{t x}}", "p.html:1", "write {{t \"key\""},
        {"{{tkey \"none.\" x}}", "p.html:1", "begins with 'none.'"},
        {"<p>Hello</p>", "p.html:1", "web/i18n"},
        {"<p>\n\nこんにちは</p>", "p.html:3", "web/i18n"},
        {"<img alt=\"cat\">", "p.html:1", "web/i18n"},
        {"<a aria-label=\"go\" href=\"/\">1</a>", "p.html:1", "web/i18n"},
        /* script and style */
        {"<script>1</script>", "p.html:1", "no script in a page"},
        {"<script src=\"/x.js\"></script>", "p.html:1", "a script comes from {{asset"},
        {"<script src=\"{{x}}\"></script>", "p.html:1", "a script comes from {{asset"},
        {"<script>{{x}}</script>", "p.html:1", "no value can stand in a script"},
        {"<script>{{> part x=1}}</script>", "p.html:1", "no component can stand in a script"},
        {"<style>p{}</style>", "p.html:1", "<style> is not allowed"},
        {"<p style=\"color:red\"></p>", "p.html:1", "'style' is not allowed"},
        {"\n<p onclick=\"x()\"></p>", "p.html:2", "no script in attributes"},
        {"<p\nonclick></p>", "p.html:2", "no script in attributes"},
        {"<iframe src=\"/x\"></iframe>", "p.html:1", "<iframe> is not allowed"},
        {"<base href=\"/\">", "p.html:1", "<base> is not allowed"},
        {"<meta http-equiv=\"refresh\" content=\"1\">", "p.html:1", "'http-equiv' is not allowed"},
        {"<img srcset=\"{{x}}\">", "p.html:1", "'srcset' is not allowed"},
        {"<script src=\"{{asset \"js/y.js\"}}\"></script>", "p.html:1", "no asset 'js/y.js'"},
        /* addresses */
        {"<a href=\"javascript:x\">1</a>", "p.html:1", "must start with"},
        {"<a href=\"//evil.example\">1</a>", "p.html:1", "must start with"},
        {"<a href=\"java{{x}}\">1</a>", "p.html:1", "must start with"},
        {"<a href=\"{{#if x}}/a{{/if}}{{y}}\">1</a>", "p.html:1", "whole address in each branch"},
        /* HTML */
        {"<p>{{x}}", "p.html:1", "<p> is never closed"},
        {"<p><b></p></b>", "p.html:1", "closes nothing"},
        {"<p title={{x}}></p>", "p.html:1", "in a quoted attribute"},
        {"<p title='1'></p>", "p.html:1", "double quotes"},
        {"<p {{x}}></p>", "p.html:1", "only between tags or in a quoted attribute"},
        {"<{{x}}></p>", "p.html:1", "only between tags or in a quoted attribute"},
        {"<p a{{x}}=\"1\"></p>", "p.html:1", "only between tags or in a quoted attribute"},
        {"<p title=\"1\"id=\"2\"></p>", "p.html:1", "space is missing"},
        {"<p title=\"<b>\"></p>", "p.html:1", "&lt;"},
        {"1 < 2", "p.html:1", "&lt;"},
        {"1 & 2", "p.html:1", "&amp;"},
        {"<!-- 1 -->", "p.html:1", "write comments as {{!"},
        {"<p", "p.html:1", "ends inside a tag"},
        {"{{#if x}}<p>{{/if}}</p>", "p.html:1", "different places"},
        {"{{#if x}}<p>{{else}}<b>{{/if}}</b>", "p.html:1", "different places"},
        {"{{#each x as y}}<li>{{/each}}", "p.html:1", "different places"},
        {"<p><div></div></p>", "p.html:1", "cannot stand in <p>"},
        {"<a href=\"/\"><a href=\"/\">1</a></a>", "p.html:1", "link cannot stand in a link"},
        {"\n<form method=\"post\">\n</form>", "p.html:3", "{{> csrf"},
        {"<form method=\"post\">{{#if x}}{{> csrf token=x}}{{/if}}</form>", "p.html:1", "{{> csrf"},
        {"<form method=\"{{x}}\"></form>", "p.html:1", "method is written out"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(*state, "templates/p.html", cases[i].source);
        refused(*state, cases[i].place, cases[i].words);
    }
}

static void faulty_components_are_refused(void **state) {
    static const struct {
        const char *source, *words;
    } cases[] = {
        {"{{@params x}}{{site.city}}", "is no parameter"},
        {"{{@params x}}{{> part x=x}}", "holds itself"},
        {"{{@params x x.y}}1", "is no name"},
        {"{{@params x}}</div>", "closes nothing"},
        {"{{@params x}}{{@params x}}", "stands once"},
    };
    put(*state, "templates/p.html", "{{> part x=1}}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(*state, "components/part.html", cases[i].source);
        refused(*state, "part.html:1", cases[i].words);
    }
}

static void translations_must_agree_and_be_used(void **state) {
    static const struct {
        const char *file, *text, *place, *words;
    } cases[] = {
        {"i18n/en.json", "{\"a\": \"a\", \"b\": \"b {n}\"}", "en.json:1", "'s.x' is missing"},
        {"i18n/en.json", "{\"a\": \"a\", \"b\": \"b {n}\", \"s.x\": \"s\", \"c\": \"c\"}",
         "en.json:1", "'c' is not in ja"},
        {"i18n/en.json", "{\"a\": \"a\", \"b\": \"b\", \"s.x\": \"s\"}", "en.json:1",
         "lacks a parameter"},
        {"i18n/en.json", "{\"a\": \"a {q}\", \"b\": \"b {n}\", \"s.x\": \"s\"}", "en.json:1",
         "{q} is not in ja"},
        {"i18n/en.json", "{\"a\": \"\", \"b\": \"b {n}\", \"s.x\": \"s\"}", "en.json:1",
         "has no text"},
        {"i18n/en.json", "{\"a\": ", "en.json:1", ""},
        {"i18n/en.json", "[]", "en.json:1", "an object"},
        {"i18n/ja-easy.json", "{\"zzz\": \"z\"}", "ja-easy.json:1", "'zzz' is not in ja"},
    };
    put(*state, "templates/p.html", "{{> part x=1}}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(*state, "i18n/en.json", "{\"a\": \"a\", \"b\": \"b {n}\", \"s.x\": \"s\"}");
        put(*state, "i18n/ja-easy.json", "{}");
        put(*state, cases[i].file, cases[i].text);
        refused(*state, cases[i].place, cases[i].words);
    }
    put(*state, "i18n/ja-easy.json", "{}");
    put(*state, "i18n/ja.json", "{\"a\": \"あ\", \"b\": \"い{n}\", \"s.x\": \"う\", \"w\": \"w\"}");
    put(*state, "i18n/en.json", "{\"a\": \"a\", \"b\": \"b {n}\", \"s.x\": \"s\", \"w\": \"w\"}");
    refused(*state, "ja.json:1", "no template uses 'w'");
}

static void deep_nesting_is_refused_not_overflowed(void **state) {
    Folder *f = *state;
    Buf text = buf_new(f->arena, 1 << 20);
    for (int i = 0; i < 5000; i++)
        buf_add(&text, STR("{{#if x}}"));
    put(f, "templates/p.html", str_z(f->arena, buf_str(&text)));
    refused(f, "p.html:1", "nested too deep");
    buf_clear(&text);
    for (int i = 0; i < 5000; i++)
        buf_add(&text, STR("<div>"));
    put(f, "templates/p.html", str_z(f->arena, buf_str(&text)));
    refused(f, "p.html:1", "nested too deep");
    buf_clear(&text);
    buf_add(&text, STR("{{yen "));
    for (int i = 0; i < 5000; i++)
        buf_add(&text, STR("(yen "));
    buf_add(&text, STR("}}"));
    put(f, "templates/p.html", str_z(f->arena, buf_str(&text)));
    refused(f, "p.html:1", "too many parentheses");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_templates_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(faulty_templates_are_refused_with_their_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(faulty_components_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(translations_must_agree_and_be_used, setup, teardown),
        cmocka_unit_test_setup_teardown(deep_nesting_is_refused_not_overflowed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
