/* replay: feeds a target the files of its corpus, in a process that the sanitizers watch. Prints
   TAP: one case per file, and one each for no byte and for a lone NUL. A file on which the target
   dies stays the last one announced. */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const size_t REPLAY_FILE_MAX = 8 << 20;

/* The whole file in memory of exactly its size, so that ASan sees the first byte read past the end.
 */
static uint8_t *replay_read(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    uint8_t *whole = malloc(REPLAY_FILE_MAX);
    *size = whole ? fread(whole, 1, REPLAY_FILE_MAX, file) : 0;
    uint8_t *exact = malloc(*size ? *size : 1);
    for (size_t i = 0; exact && i < *size; i++)
        exact[i] = whole[i];
    bool complete = whole && feof(file) && !ferror(file);
    fclose(file);
    free(whole);
    if (complete && exact) return exact;
    free(exact);
    return NULL;
}

static int replay_file(const char *target, const char *path, const char *name, int number) {
    size_t size = 0;
    uint8_t *data = replay_read(path, &size);
    printf("# %s %s\n", target, name);
    fflush(stdout);
    bool good = data && LLVMFuzzerTestOneInput(data, size) == 0;
    free(data);
    printf("%sok %d - %s survives %s\n", good ? "" : "not ", number, target, name);
    return !good;
}

/* The inputs that no corpus needs to hold. */
static int replay_small(const char *target) {
    static const uint8_t nul[1] = {0};
    int none = LLVMFuzzerTestOneInput(nul, 0), one = LLVMFuzzerTestOneInput(nul, 1);
    printf("%sok 1 - %s survives no byte\n", none ? "not " : "", target);
    printf("%sok 2 - %s survives a lone NUL\n", one ? "not " : "", target);
    return (none != 0) + (one != 0);
}

static int replay_is_file(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: replay_TARGET TARGET CORPUS\n");
        return 2;
    }
    struct dirent **entries = NULL;
    int count = scandir(argv[2], &entries, replay_is_file, alphasort), failed = 0;
    if (count <= 0) {
        printf("1..1\nnot ok 1 - %s has a corpus in %s\n", argv[1], argv[2]);
        return 1;
    }
    printf("1..%d\n", count + 2);
    failed += replay_small(argv[1]);
    for (int i = 0; i < count; i++) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", argv[2], entries[i]->d_name);
        bool fits = length > 0 && (size_t)length < sizeof path;
        failed += replay_file(argv[1], fits ? path : "", entries[i]->d_name, i + 3);
        free(entries[i]);
    }
    free(entries);
    return failed != 0;
}
