/* web_pack ROOT CODE BLOB DEPFILE: joins, shortens, compresses and hashes the files named in
   ROOT/web/assets.txt into one blob and a table of where each lies in it. A group (first part of
   the name) shares one hash, so that modules may import their neighbours by relative address. Build
   time only. */
#include "compile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { PACK_MAX = 64 << 20 };

typedef struct Packed {
    Str name, group, bytes, gzip;
    Str hash; /* of the group */
} Packed;
typedef VEC(Packed) PackedFiles;

static const char *const TYPES[][2] = {
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".json", "application/json"},
};

/* True while the token is asked for somewhere else in the bundle: var(--NAME. */
static bool token_used(Ctx *ctx, Str line, Str bundle) {
    line = str_trim(line);
    ptrdiff_t colon = str_find_char(line, ':');
    if (!str_starts(line, STR("--")) || colon < 0) return true;
    Str name = str_trim(str_sub(line, 0, (size_t)colon));
    return str_find(bundle, str_fmt(ctx->arena, "var(" STR_FMT ")", STR_ARG(name))) >= 0;
}

/* Drops the design tokens that no rule uses: lines "--name: value;" of their own. */
static Str drop_tokens(Ctx *ctx, Str css, Str bundle) {
    Buf out = buf_new(ctx->arena, PACK_MAX);
    Str line;
    while (str_split(&css, '\n', &line)) {
        if (!token_used(ctx, line, bundle)) continue;
        buf_add(&out, line);
        buf_add_char(&out, '\n');
    }
    return buf_str(&out);
}

/* Where the comment that begins here ends; the same place: none begins. */
static size_t comment_end(Str css, size_t at) {
    if (!str_starts(str_sub(css, at, css.len), STR("/*"))) return at;
    ptrdiff_t end = str_find(str_sub(css, at + 2, css.len), STR("*/"));
    return end < 0 ? css.len : at + 4 + (size_t)end;
}

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The quote within which the text goes on behind a character. */
static char quote_behind(char quote, char c) {
    if (quote) return c == quote ? 0 : quote;
    return c == '"' || c == '\'' ? c : 0;
}

/* Comments go, white space is joined and dropped beside braces and semicolons; strings stay as they
 * are. */
static Str shorten_css(Ctx *ctx, Str css) {
    Buf out = buf_new(ctx->arena, PACK_MAX);
    char quote = 0;
    bool space = false;
    for (size_t i = 0; i < css.len;) {
        size_t behind = quote ? i : comment_end(css, i);
        char c = css.ptr[i], last = out.len ? out.ptr[out.len - 1] : '{';
        bool blank = !quote && is_space(c);
        i = behind > i ? behind : i + 1;
        space = space || blank;
        if (i == behind || blank) continue;
        if (space && !strchr("{};,", last) && !strchr("{};,", c)) buf_add_char(&out, ' ');
        space = false;
        quote = quote_behind(quote, c);
        buf_add_char(&out, c);
    }
    return buf_str(&out);
}

static Rc join_sources(Ctx *ctx, Str root, Str sources, Buf *dep, Str *out) {
    Str source;
    StrVec texts = {0};
    while (str_split(&sources, ' ', &source)) {
        Str text, path = str_fmt(ctx->arena, STR_FMT "/" STR_FMT, STR_ARG(root), STR_ARG(source));
        if (str_empty(source)) continue;
        TRY(compile_slurp(ctx, path, &text));
        buf_addf(dep, " " STR_FMT, STR_ARG(path));
        vec_push(ctx->arena, &texts, text);
    }
    *out = str_join(ctx->arena, texts.items, texts.len, STR("\n"));
    return RC_OK;
}

static Str gzip(Ctx *ctx, Str bytes) {
    z_stream z = {0};
    int rc = deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    assert(rc == Z_OK);
    size_t cap = deflateBound(&z, bytes.len);
    char *to = arena_alloc(ctx->arena, cap, 1);
    z.next_in = (Bytef *)(uintptr_t)bytes.ptr;
    z.avail_in = (uInt)bytes.len;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)cap;
    rc = deflate(&z, Z_FINISH);
    assert(rc == Z_STREAM_END);
    size_t len = z.total_out;
    deflateEnd(&z);
    return len < bytes.len ? (Str){to, len} : STR_NONE;
}

static Rc pack_line(Ctx *ctx, Str root, Str line, Buf *dep, PackedFiles *files) {
    ptrdiff_t equals = str_find_char(line, '=');
    if (str_starts(line, STR("#")) || equals < 0) return RC_OK;
    Packed file = {.name = str_trim(str_sub(line, 0, (size_t)equals))};
    ptrdiff_t slash = str_find_char(file.name, '/');
    file.group = str_sub(file.name, 0, slash < 0 ? 0 : (size_t)slash);
    Str sources = str_trim(str_sub(line, (size_t)equals + 1, line.len));
    TRY(join_sources(ctx, root, sources, dep, &file.bytes));
    if (str_ends(file.name, STR(".css"))) {
        file.bytes = drop_tokens(ctx, file.bytes, file.bytes);
        file.bytes = shorten_css(ctx, file.bytes);
    }
    file.gzip = gzip(ctx, file.bytes);
    vec_push(ctx->arena, files, file);
    return RC_OK;
}

static void hash_groups(Ctx *ctx, PackedFiles *files) {
    VEC_EACH (Packed, file, files) {
        StrVec parts = {0};
        VEC_EACH (Packed, other, files) {
            if (!str_eq(other->group, file->group)) continue;
            vec_push(ctx->arena, &parts, other->name);
            vec_push(ctx->arena, &parts, other->bytes);
        }
        Digest digest = hash_sha256_parts(parts.items, parts.len);
        file->hash = hash_hex(ctx->arena, (Str){(const char *)digest.bytes, 6});
    }
}

static const char *type_of(Str name) {
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (str_ends(name, str_of(TYPES[i][0]))) return TYPES[i][1];
    return "application/octet-stream";
}

static void write_row(Ctx *ctx, const Packed *file, Buf *blob, Buf *code) {
    Str path = str_fmt(ctx->arena, "/assets/" STR_FMT "/" STR_FMT, STR_ARG(file->hash),
                       STR_ARG(file->name));
    const char *type = type_of(file->name);
    buf_add(code, STR("    {{"));
    emit_literal(code, file->name);
    buf_addf(code, ", %zu}, {", file->name.len);
    emit_literal(code, path);
    buf_addf(code, ", %zu}, {\"%s\", %zu}, {web_blob + %zu, %zu}, ", path.len, type, strlen(type),
             blob->len, file->bytes.len);
    buf_add(blob, file->bytes);
    buf_addf(code, "{web_blob + %zu, %zu}},\n", blob->len, file->gzip.len);
    buf_add(blob, file->gzip);
}

static int write_file(const char *path, Str text) {
    FILE *file = fopen(path, "wb");
    bool done = file && fwrite(text.ptr, 1, text.len, file) == text.len;
    if (file && fclose(file) != 0) done = false;
    if (!done) fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
    return done ? 0 : 1;
}

static Rc pack(Ctx *ctx, char **argv, PackedFiles *files, Buf *dep) {
    Str text, line, root = str_of(argv[1]);
    Str list = str_fmt(ctx->arena, STR_FMT "/web/assets.txt", STR_ARG(root));
    buf_addf(dep, "%s: " STR_FMT, argv[2], STR_ARG(list));
    TRY(compile_slurp(ctx, list, &text));
    while (str_split(&text, '\n', &line))
        TRY(pack_line(ctx, root, line, dep, files));
    buf_add_char(dep, '\n');
    hash_groups(ctx, files);
    return RC_OK;
}

static int write_outputs(Ctx *ctx, char **argv, const PackedFiles *files, const Buf *dep) {
    Buf code = buf_new(ctx->arena, PACK_MAX), blob = buf_new(ctx->arena, PACK_MAX);
    Buf rows = buf_new(ctx->arena, PACK_MAX);
    VEC_EACH (const Packed, file, files)
        write_row(ctx, file, &blob, &rows);
    Digest digest = hash_sha256(buf_str(&blob));
    buf_addf(&code,
             "/* Made by web_pack from web/assets.txt; blob " STR_FMT
             ". */\n#include \"web/web_int.h\"\n\n"
             "__asm__(\".section .rodata\\n.balign 16\\nweb_blob:\\n.incbin \\\"%s\\\"\\n.byte 0\\n"
             ".previous\\n\");\nextern const char web_blob[];\n\nconst WebAsset web_assets[] = "
             "{\n" STR_FMT "};\nconst size_t web_n_assets = %zu;\n",
             STR_ARG(hash_hex(ctx->arena, (Str){(const char *)digest.bytes, 16})), argv[3],
             STR_ARG(buf_str(&rows)), files->len);
    return write_file(argv[3], buf_str(&blob)) | write_file(argv[2], buf_str(&code)) |
           write_file(argv[4], buf_str(dep));
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: web_pack ROOT CODE BLOB DEPFILE\n");
        return 2;
    }
    Arena *arena = arena_new((size_t)2 << 30);
    Ctx ctx = {.arena = arena, .scratch = arena};
    PackedFiles files = {0};
    Buf dep = buf_new(arena, PACK_MAX);
    int status = 1;
    if (pack(&ctx, argv, &files, &dep) == RC_OK)
        status = write_outputs(&ctx, argv, &files, &dep);
    else
        fprintf(stderr, STR_FMT ": " STR_FMT "\n", STR_ARG(ctx.error.path),
                STR_ARG(ctx.error.detail));
    arena_free(arena);
    return status;
}
