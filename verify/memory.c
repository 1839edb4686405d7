#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void *memory_grow(void *old, size_t count, size_t size) {
    void *grown = count > SIZE_MAX / size ? NULL : realloc(old, count * size);
    if (grown) return grown;
    fputs("machi-verify: There is not enough memory: run it on a larger machine.\n", stderr);
    exit(2);
}

void memory_drop(void *memory) {
    free(memory);
}

bool memory_file(const char *path, Slice *out) {
    FILE *file = fopen(path, "rbe");
    struct stat info;
    if (!file) return false;
    bool good = fstat(fileno(file), &info) == 0;
    if (good && !S_ISREG(info.st_mode)) {
        errno = EINVAL;
        good = false;
    }
    if (good) {
        /* A file that grows meanwhile is read as far as it reached when it was opened. */
        size_t len = (size_t)info.st_size;
        uint8_t *bytes = memory_grow(NULL, len + 1, 1);
        *out = (Slice){bytes, fread(bytes, 1, len, file)};
        good = !ferror(file);
        if (!good) memory_drop(bytes);
    }
    int reason = errno;
    fclose(file);
    errno = reason;
    return good;
}
