/* web_compile WEB CODE HEADER DEPFILE: compiles the templates of the folder WEB. Build time only.
 */
#include "compile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int write_file(const char *path, Str text) {
    FILE *file = fopen(path, "wb");
    bool done = file && fwrite(text.ptr, 1, text.len, file) == text.len;
    if (file && fclose(file) != 0) done = false;
    if (!done) fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
    return done ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: web_compile WEB CODE HEADER DEPFILE\n");
        return 2;
    }
    Arena *arena = arena_new((size_t)1 << 30);
    Ctx ctx = {.arena = arena, .scratch = arena};
    CompileOutput out = {0};
    int status = 0;
    if (compile_folder(&ctx, str_of(argv[1]), str_of(argv[2]), &out) == RC_OK) {
        status = write_file(argv[2], out.code) | write_file(argv[3], out.header) |
                 write_file(argv[4], out.depfile);
    } else {
        fprintf(stderr, STR_FMT ": " STR_FMT "\n", STR_ARG(ctx.error.path),
                STR_ARG(ctx.error.detail));
        status = 1;
    }
    arena_free(arena);
    return status;
}
