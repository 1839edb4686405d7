/* pack: a program of the build: writes a C file that holds other files as bytes, by the assembler's
   .incbin. pack OUT.c DEPFILE ROOT FILE... gives `const CityFile city_files[]` with paths relative
   to ROOT, in their order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int fail(const char *what) {
    perror(what);
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 5) return fprintf(stderr, "usage: pack OUT.c DEPFILE ROOT FILE...\n"), 2;
    FILE *out = fopen(argv[1], "w"), *deps = fopen(argv[2], "w");
    if (!out || !deps) return fail(argv[out ? 2 : 1]);
    size_t root = strlen(argv[3]) + 1;
    qsort(argv + 4, (size_t)argc - 4, sizeof *argv, by_name);
    fprintf(out, "#include \"cli/city_int.h\"\n\n");
    fprintf(deps, "%s:", argv[1]);
    for (int i = 4; i < argc; i++) {
        fprintf(out,
                "__asm__(\".section .rodata\\n.balign 16\\nfile_%d:\\n.incbin "
                "\\\"%s\\\"\\nfile_%d_end:\\n.byte 0\\n\"\n"
                "        \".previous\\n\");\nextern const char file_%d[], file_%d_end[];\n",
                i, argv[i], i, i, i);
        fprintf(deps, " %s", argv[i]);
    }
    fprintf(out, "\nconst CityFile city_files[] = {\n");
    for (int i = 4; i < argc; i++)
        fprintf(out, "    {\"%s\", file_%d, file_%d_end},\n", argv[i] + root, i, i);
    fprintf(out, "};\nconst size_t city_file_count = sizeof city_files / sizeof *city_files;\n");
    fprintf(deps, "\n");
    if (fclose(out) != 0 || fclose(deps) != 0) return fail("close");
    return 0;
}
