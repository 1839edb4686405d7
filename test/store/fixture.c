#include "fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void fixture_remove(const char *folder) {
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

StoreOptions fixture_options(Fixture *fixture) {
    return (StoreOptions){.folder = str_of(fixture->folder),
                          .clock = &fixture->clock,
                          .log_reserve = 256 << 10,
                          .no_helper = true};
}

void fixture_open(Fixture *fixture, const StoreOptions *options) {
    Rc rc = store_open(&fixture->ctx, options, &fixture->store);
    if (rc != RC_OK) print_error(STR_FMT "\n", STR_ARG(fixture->ctx.error.detail));
    assert_ok(rc);
}

void fixture_close(Fixture *fixture) {
    store_close(fixture->store);
    fixture->store = NULL;
}

int fixture_set_up_bare(void **state) {
    Fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->clock = (Clock){.fixed = INT64_C(1700000000) * TIME_SECOND};
    fixture->rand = rand_seeded(42);
    fixture->ctx = (Ctx){.arena = arena_new((size_t)1 << 30),
                         .scratch = arena_new(64 << 20),
                         .clock = &fixture->clock,
                         .rand = &fixture->rand};
    char parent[] = "/tmp/machi-store-XXXXXX";
    assert_non_null(mkdtemp(parent));
    snprintf(fixture->folder, sizeof fixture->folder, "%s/tenant", parent);
    *state = fixture;
    return 0;
}

int fixture_set_up(void **state) {
    fixture_set_up_bare(state);
    Fixture *fixture = *state;
    StoreOptions options = fixture_options(fixture);
    fixture_open(fixture, &options);
    return 0;
}

int fixture_tear_down(void **state) {
    Fixture *fixture = *state;
    store_close(fixture->store);
    *strrchr(fixture->folder, '/') = 0;
    fixture_remove(fixture->folder);
    arena_free(fixture->ctx.arena);
    arena_free(fixture->ctx.scratch);
    free(fixture);
    return 0;
}

/* ---- searching a folder ---- */

static bool file_holds(const char *path, Str bytes) {
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    fseek(file, 0, SEEK_END);
    size_t len = (size_t)ftell(file);
    rewind(file);
    char *all = malloc(len + 1);
    size_t got = all ? fread(all, 1, len, file) : 0;
    fclose(file);
    bool found = got == len && memmem(all, len, bytes.ptr, bytes.len) != NULL;
    free(all);
    return found;
}

size_t fixture_search(const char *folder, Str bytes) {
    char command[160], path[512];
    snprintf(command, sizeof command, "find %s -type f", folder);
    FILE *list = popen(command, "r");
    assert_non_null(list);
    size_t found = 0;
    while (fgets(path, sizeof path, list)) {
        path[strcspn(path, "\n")] = 0;
        found += file_holds(path, bytes);
    }
    pclose(list);
    return found;
}

/* ---- leaves ---- */

Leaf fixture_leaf(Fixture *fixture, uint64_t position, const char *word) {
    Leaf leaf = {.position = position, .time = fixture->clock.fixed + (int64_t)position};
    for (int i = 0; i < 8; i++)
        leaf.command.bytes[i] = (uint8_t)(position >> (56 - 8 * i));
    leaf.bytes = str_fmt(fixture->ctx.arena, "leaf %llu %s", (unsigned long long)position, word);
    leaf.hash = hash_sha256(leaf.bytes);
    return leaf;
}

Rc fixture_append(Fixture *fixture, Writer *writer, size_t n) {
    TRY(writer_begin(&fixture->ctx, writer));
    for (size_t i = 0; i < n; i++) {
        Leaf leaf = fixture_leaf(fixture, writer_head(writer) + 1, "of a test");
        Rc rc = writer_append(&fixture->ctx, writer, &leaf);
        if (rc == RC_OK) continue;
        writer_rollback(writer);
        return rc;
    }
    return writer_commit(&fixture->ctx, writer);
}
