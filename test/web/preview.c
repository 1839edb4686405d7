/* web_preview WEB OUT: renders every example of WEB/examples in every language into OUT, with the
   assets beside them. Fails on a page without example, and on a member that a template asks for and
   no example gives. The browser tests serve OUT. */
#include "web/web.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE_MAX = 4 << 20, FILE_MAX = 1 << 20 };

typedef struct Preview {
    Ctx *ctx;
    Str web, out;
    const Json *sites;
    bool seen[WEB_PAGES];
    int faults;
} Preview;

static void fault(Preview *p, Str where, Str what) {
    fprintf(stderr, STR_FMT ": " STR_FMT "\n", STR_ARG(where), STR_ARG(what));
    p->faults++;
}

static bool slurp(Preview *p, Str path, Str *out) {
    FILE *file = fopen(str_z(p->ctx->arena, path), "rb");
    if (!file) return false;
    Buf text = buf_new(p->ctx->arena, FILE_MAX);
    char chunk[8192];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_add_bytes(&text, chunk, n);
    fclose(file);
    *out = buf_str(&text);
    return !text.full;
}

static void write_out(Preview *p, Str name, Str bytes) {
    Str path = str_fmt(p->ctx->arena, STR_FMT "/" STR_FMT, STR_ARG(p->out), STR_ARG(name));
    char *z = (char *)(uintptr_t)str_z(p->ctx->arena, path);
    for (char *c = z + p->out.len + 1; (c = strchr(c, '/')); c++) {
        *c = 0;
        mkdir(z, 0755);
        *c = '/';
    }
    FILE *file = fopen(z, "wb");
    bool done = file && fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len;
    if (file && fclose(file) != 0) done = false;
    if (!done) fault(p, path, str_of(strerror(errno)));
}

static bool read_json(Preview *p, Str path, const Json **out) {
    Str text;
    if (!slurp(p, path, &text)) {
        fault(p, path, STR("cannot be read"));
        return false;
    }
    if (json_read(p->ctx, text, JSON_LIMITS_DEFAULT, out) == RC_OK) return true;
    fault(p, path, p->ctx->error.detail);
    return false;
}

/* The example's "site" names a row of _sites.json; "path" and the language become members of it. */
static const Json *view_of(Preview *p, const Json *example, WebLang lang, Str lang_name) {
    Arena *arena = p->ctx->arena;
    (void)lang;
    const Json *site = json_get(p->sites, json_get_str(example, "site"));
    if (!site) return NULL;
    JsonMember *members = NEW_ARRAY(arena, JsonMember, site->len + 2);
    memcpy(members, site->value.members, site->len * sizeof *members);
    members[site->len] = (JsonMember){STR("path"), json_of_str(json_get_str(example, "path"))};
    members[site->len + 1] = (JsonMember){STR("language"), json_of_str(lang_name)};
    JsonMember *view = NEW_ARRAY(arena, JsonMember, example->len);
    memcpy(view, example->value.members, example->len * sizeof *view);
    for (size_t i = 0; i < example->len; i++)
        if (str_eq(view[i].name, STR("site")))
            view[i].value = json_of_members(members, site->len + 2);
    Json *json = NEW(arena, Json);
    *json = json_of_members(view, example->len);
    return json;
}

static void render(Preview *p, Str stem, WebPage page, const Json *example) {
    static const char *const langs[] = {
        [WEB_JA] = "ja", [WEB_EN] = "en", [WEB_JA_EASY] = "ja-easy"};
    for (int lang = WEB_JA; lang <= WEB_JA_EASY; lang++) {
        StrVec missing = {0};
        Buf html = buf_new(p->ctx->arena, PAGE_MAX);
        const Json *view = view_of(p, example, (WebLang)lang, str_of(langs[lang]));
        if (!view) {
            fault(p, stem, STR("its \"site\" is not in _sites.json"));
            return;
        }
        if (web_render_traced(p->ctx, &html, (WebView){page, (WebLang)lang, view}, &missing) !=
            RC_OK)
            fault(p, stem, p->ctx->error.detail);
        VEC_EACH (const Str, one, &missing)
            fault(p, stem, str_fmt(p->ctx->arena, "no example for member " STR_FMT, STR_ARG(*one)));
        write_out(p, str_fmt(p->ctx->arena, STR_FMT "/%s.html", STR_ARG(stem), langs[lang]),
                  buf_str(&html));
    }
}

static void one_example(Preview *p, Str file) {
    Str stem = str_sub(file, 0, file.len - 5);
    ptrdiff_t dot = str_find_char(stem, '.');
    WebPage page;
    const Json *example = NULL;
    if (!web_page_find(dot < 0 ? stem : str_sub(stem, 0, (size_t)dot), &page)) {
        fault(p, file, STR("there is no template of this name"));
        return;
    }
    Str path = str_fmt(p->ctx->arena, STR_FMT "/examples/" STR_FMT, STR_ARG(p->web), STR_ARG(file));
    if (!read_json(p, path, &example)) return;
    p->seen[page] = true;
    render(p, stem, page, example);
}

static void all_examples(Preview *p) {
    Str path = str_fmt(p->ctx->arena, STR_FMT "/examples", STR_ARG(p->web));
    DIR *dir = opendir(str_z(p->ctx->arena, path));
    if (!dir) {
        fault(p, path, str_of(strerror(errno)));
        return;
    }
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        Str name = str_dup(p->ctx->arena, str_of(entry->d_name));
        if (str_ends(name, STR(".json")) && name.ptr[0] != '_') one_example(p, name);
    }
    closedir(dir);
    for (int page = 0; page < WEB_PAGES; page++)
        if (!p->seen[page]) fault(p, web_page_name((WebPage)page), STR("has no example"));
}

static void all_assets(Preview *p) {
    for (size_t i = 0; web_asset_at(i); i++) {
        const WebAsset *asset = web_asset_at(i);
        Str path = str_sub(asset->path, 1, asset->path.len);
        write_out(p, path, asset->bytes);
        if (asset->gzip.len)
            write_out(p, str_fmt(p->ctx->arena, STR_FMT ".gz", STR_ARG(path)), asset->gzip);
    }
    write_out(p, STR("csp.txt"), str_of(WEB_CSP));
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: web_preview WEB OUT\n");
        return 2;
    }
    Arena *arena = arena_new((size_t)1 << 30);
    Ctx ctx = {.arena = arena, .scratch = arena};
    Preview p = {.ctx = &ctx, .web = str_of(argv[1]), .out = str_of(argv[2])};
    mkdir(argv[2], 0755);
    if (read_json(&p, str_fmt(arena, "%s/examples/_sites.json", argv[1]), &p.sites))
        all_examples(&p);
    all_assets(&p);
    arena_free(arena);
    return p.faults ? 1 : 0;
}
