/* folder: compiles everything under web/ into one C file, one header and a list of what was read.
 */
#include "compile.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 << 20, OUTPUT_MAX = 64 << 20 };

Rc compile_slurp(Ctx *ctx, Str path, Str *out) {
    FILE *file = fopen(str_z(ctx->arena, path), "rb");
    if (!file) return place_fail(ctx, (Place){path, 1}, "cannot be read: %s", strerror(errno));
    Buf text = buf_new(ctx->arena, FILE_MAX);
    char chunk[8192];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add_bytes(&text, chunk, n);
    bool broken = ferror(file);
    fclose(file);
    if (broken || text.full) return place_fail(ctx, (Place){path, 1}, "cannot be read whole");
    *out = buf_str(&text);
    return RC_OK;
}

static int by_name(const void *a, const void *b) {
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

static Rc list_folder(Ctx *ctx, Str path, Str ending, StrVec *out) {
    DIR *dir = opendir(str_z(ctx->arena, path));
    if (!dir) return place_fail(ctx, (Place){path, 1}, "cannot be read: %s", strerror(errno));
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        Str name = str_dup(ctx->arena, str_of(entry->d_name));
        if (str_ends(name, ending) && name.ptr[0] != '.') vec_push(ctx->arena, out, name);
    }
    closedir(dir);
    if (out->len) qsort(out->items, out->len, sizeof *out->items, by_name);
    return RC_OK;
}

/* One folder of templates. Icons are components named icon-NAME. */
typedef struct Folder {
    const char *name, *ending, *prefix;
    bool pages;
} Folder;

static const Folder FOLDERS[] = {
    {"templates", ".html", "", true},
    {"components", ".html", "", false},
    {"icons", ".svg", "icon-", false},
};
enum { N_FOLDERS = sizeof FOLDERS / sizeof *FOLDERS };

static Rc read_tree(Ctx *ctx, Compile *compile, const Folder *folder, Str path) {
    Str source;
    Tree *tree = NEW(ctx->arena, Tree);
    TRY(compile_slurp(ctx, path, &source));
    ptrdiff_t slash = 0;
    Str file = path;
    while ((slash = str_find_char(file, '/')) >= 0)
        file = str_sub(file, (size_t)slash + 1, file.len);
    Str stem = str_sub(file, 0, file.len - str_of(folder->ending).len);
    Str name = str_fmt(ctx->arena, "%s" STR_FMT, folder->prefix, STR_ARG(stem));
    tree->page = folder->pages;
    TRY(tree_read(ctx, path, name, source, tree));
    if (map_has(&compile->trees, name))
        return place_fail(ctx, (Place){path, 1}, "two templates are named '" STR_FMT "'",
                          STR_ARG(name));
    map_put(&compile->trees, name, tree);
    return RC_OK;
}

/* Each line of assets.txt: "name = source source ..."; '#' begins a comment. */
static Rc read_assets(Ctx *ctx, Str web, Map *out) {
    Str text, line, path = str_fmt(ctx->arena, STR_FMT "/assets.txt", STR_ARG(web));
    TRY(compile_slurp(ctx, path, &text));
    *out = map_new(ctx->arena);
    while (str_split(&text, '\n', &line)) {
        ptrdiff_t equals = str_find_char(line, '=');
        if (str_starts(line, STR("#")) || equals < 0) continue;
        Str *name = NEW(ctx->arena, Str);
        *name = str_trim(str_sub(line, 0, (size_t)equals));
        map_put(out, *name, name);
    }
    return RC_OK;
}

/* A component that holds itself, directly or through others, would never end. */
static Rc check_cycle(Ctx *ctx, const Compile *compile, const Nodes *nodes, const Tree *root,
                      int depth) {
    VEC_EACH (const Node, node, nodes) {
        if (node->kind == NODE_PART) {
            const Tree *part = map_get(&compile->trees, node->name);
            if ((part == root && !part->page) || depth > 24)
                return place_fail(ctx, node->at, "the component '" STR_FMT "' holds itself",
                                  STR_ARG(node->name));
            if (part && !part->page) TRY(check_cycle(ctx, compile, &part->nodes, root, depth + 1));
        }
        TRY(check_cycle(ctx, compile, &node->first, root, depth));
        TRY(check_cycle(ctx, compile, &node->otherwise, root, depth));
    }
    return RC_OK;
}

static void write_enum_name(Buf *to, Str name) {
    buf_add(to, STR("WEB_PAGE_"));
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        buf_add_char(to, c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
    }
}

static void write_header(const Compile *compile, Buf *to) {
    buf_add(to, STR("/* Made by the template compiler from web/templates. */\n#ifndef WEB_PAGES_H\n"
                    "#define WEB_PAGES_H\n\ntypedef enum WebPage {\n"));
    for (size_t i = 0; i < compile->trees.len; i++) {
        const Tree *tree = compile->trees.items[i].value;
        if (!tree->page) continue;
        buf_add(to, STR("    "));
        write_enum_name(to, tree->name);
        buf_add(to, STR(",\n"));
    }
    buf_add(to, STR("    WEB_PAGES\n} WebPage;\n\n#endif\n"));
}

static void write_code(const Compile *compile, Buf *to) {
    buf_add(to,
            STR("/* Made by the template compiler from web/. */\n#include \"web/web_int.h\"\n\n"));
    buf_add(to, buf_str(&compile->constants));
    buf_add(to, buf_str(&compile->protos));
    buf_add_char(to, '\n');
    buf_add(to, buf_str(&compile->functions));
    messages_write(&compile->messages, to);
    buf_add(to, STR("const WebTemplate web_templates[] = {\n"));
    for (size_t i = 0; i < compile->trees.len; i++) {
        const Tree *tree = compile->trees.items[i].value;
        if (!tree->page) continue;
        buf_addf(to, "    {\"" STR_FMT "\", page_", STR_ARG(tree->name));
        for (size_t j = 0; j < tree->name.len; j++)
            buf_add_char(to, tree->name.ptr[j] == '-' ? '_' : tree->name.ptr[j]);
        buf_add(to, STR("},\n"));
    }
    buf_add(to, STR("};\n"));
}

static Rc read_folders(Ctx *ctx, Str web, Compile *compile, Buf *dep) {
    compile->trees = map_new(ctx->arena);
    for (size_t i = 0; i < N_FOLDERS; i++) {
        StrVec names = {0};
        Str dir = str_fmt(ctx->arena, STR_FMT "/%s", STR_ARG(web), FOLDERS[i].name);
        TRY(list_folder(ctx, dir, str_of(FOLDERS[i].ending), &names));
        buf_addf(dep, " " STR_FMT, STR_ARG(dir));
        VEC_EACH (const Str, name, &names) {
            Str path = str_fmt(ctx->arena, STR_FMT "/" STR_FMT, STR_ARG(dir), STR_ARG(*name));
            buf_addf(dep, " " STR_FMT, STR_ARG(path));
            TRY(read_tree(ctx, compile, &FOLDERS[i], path));
        }
    }
    return RC_OK;
}

Rc compile_folder(Ctx *ctx, Str web, Str target, CompileOutput *out) {
    Compile *compile = NEW(ctx->arena, Compile);
    Buf dep = buf_new(ctx->arena, OUTPUT_MAX), code = buf_new(ctx->arena, OUTPUT_MAX);
    Buf header = buf_new(ctx->arena, OUTPUT_MAX);
    compile->protos = buf_new(ctx->arena, OUTPUT_MAX);
    compile->functions = buf_new(ctx->arena, OUTPUT_MAX);
    compile->constants = buf_new(ctx->arena, OUTPUT_MAX);
    buf_addf(&dep, STR_FMT ":", STR_ARG(target));
    TRY(read_assets(ctx, web, &compile->assets));
    TRY(messages_read(ctx, str_fmt(ctx->arena, STR_FMT "/i18n", STR_ARG(web)), &compile->messages));
    TRY(read_folders(ctx, web, compile, &dep));
    for (size_t i = 0; i < compile->trees.len; i++) {
        const Tree *tree = compile->trees.items[i].value;
        TRY(check_cycle(ctx, compile, &tree->nodes, tree, 0));
        TRY(emit_tree(ctx, compile, tree));
    }
    TRY(messages_all_used(ctx, &compile->messages));
    static const char *const also[] = {"assets.txt", "i18n/ja.json", "i18n/en.json",
                                       "i18n/ja-easy.json"};
    for (size_t i = 0; i < sizeof also / sizeof *also; i++)
        buf_addf(&dep, " " STR_FMT "/%s", STR_ARG(web), also[i]);
    buf_add_char(&dep, '\n');
    write_header(compile, &header);
    write_code(compile, &code);
    *out = (CompileOutput){buf_str(&code), buf_str(&header), buf_str(&dep)};
    return buf_rc(&code);
}
