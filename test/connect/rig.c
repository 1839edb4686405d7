#include "rig.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD(rig, call) good(&(rig)->ctx, (call), #call)
static void good(const Ctx *ctx, Rc rc, const char *what) {
    if (rc == RC_OK) return;
    fprintf(stderr, "%s: %s: " STR_FMT " (" STR_FMT ")\n", what, rc_name(rc),
            STR_ARG(ctx->error.detail), STR_ARG(ctx->error.path));
    abort();
}

Str rig_read(Arena *arena, const char *folder, const char *name) {
    Str path = str_fmt(arena, "%s/%s", folder, name);
    FILE *file = fopen(path.ptr, "rbe");
    Buf text = buf_new(arena, 64 << 20);
    char chunk[65536];
    if (!file) {
        fprintf(stderr, "%s cannot be opened\n", path.ptr);
        abort();
    }
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_add_bytes(&text, chunk, n);
    fclose(file);
    return buf_str(&text);
}

static const char *starter(void) {
    const char *folder = getenv("MACHI_STARTER");
    return folder ? folder : "starter";
}

static const Json *starter_read(Rig *rig, const char *name) {
    const Json *json;
    Ctx lasting = rig->ctx;
    lasting.arena = rig->arena;
    good(&lasting,
         json_read(&lasting, rig_read(rig->arena, starter(), name), JSON_LIMITS_DEFAULT, &json),
         name);
    return json;
}

static void dictionary_of(Rig *rig) {
    VEC(DictFile) files = {0};
    Str path = str_fmt(rig->arena, "%s/dictionary", starter());
    DIR *folder = opendir(path.ptr);
    assert(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        Str name = str_of(entry->d_name);
        if (!str_ends(name, STR(".json"))) continue;
        Str below = str_fmt(rig->arena, "dictionary/%s", entry->d_name);
        vec_push(rig->arena, &files,
                 (DictFile){.path = below, .content = starter_read(rig, below.ptr)});
    }
    closedir(folder);
    Ctx lasting = rig->ctx;
    lasting.arena = rig->arena;
    good(&lasting, dictionary_compile(&lasting, files.items, files.len, false, &rig->dictionary),
         "dictionary");
}

static void ledger_of(Rig *rig) {
    Arena *arena = rig->arena;
    LedgerOptions options = {.folder = str_fmt(arena, "%s/data", rig->root),
                             .key_file = str_fmt(arena, "%s/tenant.key", rig->root),
                             .witness_file = str_fmt(arena, "%s/witness", rig->root),
                             .dictionary = rig->dictionary,
                             .working_set_bytes = 64 << 20,
                             .clock = &rig->clock,
                             .tenant = &rig->tenant};
    rig->tenant = (Tenant){.folder = options.folder, .dictionary = rig->dictionary};
    rig->ctx.tenant = &rig->tenant;
    GOOD(rig, ledger_open(&rig->ctx, &options, &rig->tenant.ledger));
    GOOD(rig, reader_open(&rig->ctx, ledger_store(rig->tenant.ledger), &rig->ctx.db));
}

void rig_open(Rig *rig) {
    *rig = (Rig){.clock = {.fixed = TIME_NONE}, .rand = rand_seeded(7)};
    const char *disk = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(rig->root, sizeof rig->root, "%s/machi-connect-XXXXXX", disk);
    char *made = mkdtemp(rig->root);
    assert(made);
    rig->arena = arena_new(256 << 20);
    rig->ctx = (Ctx){.arena = arena_new((size_t)1 << 30),
                     .scratch = arena_new((size_t)1 << 30),
                     .clock = &rig->clock,
                     .rand = &rig->rand,
                     .actor = (Actor *)gate_operator_actor(),
                     .deadline = time_monotonic() + 30 * TIME_MINUTE};
    dictionary_of(rig);
    ledger_of(rig);
    Project *project;
    GOOD(rig, project_new(&rig->ctx, &rig->tenant, &project));
    GOOD(rig, project_start(&rig->ctx, project));
    GateOptions gate = {.policies = starter_read(rig, "policies.json"),
                        .organisation = starter_read(rig, "organisation.json")};
    GOOD(rig, gate_open(&rig->ctx, &rig->tenant, &gate));
}

static void remove_below(const char *path) {
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        char name[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(name, sizeof name, "%.200s/%.200s", path, entry->d_name);
        if (unlink(name) != 0) remove_below(name);
    }
    if (folder) closedir(folder);
    rmdir(path);
}

void rig_close(Rig *rig) {
    project_stop(rig->tenant.project);
    gate_close(&rig->tenant);
    reader_close(rig->ctx.db);
    ledger_close(rig->tenant.ledger);
    remove_below(rig->root);
    arena_free(rig->ctx.arena);
    arena_free(rig->ctx.scratch);
    arena_free(rig->arena);
}

Str rig_file(Rig *rig, const char *name, Str bytes) {
    Str path = str_fmt(rig->arena, "%s/%s", rig->root, name);
    FILE *file = fopen(path.ptr, "wbe");
    assert(file);
    size_t written = fwrite(bytes.ptr, 1, bytes.len, file);
    assert(written == bytes.len);
    fclose(file);
    return path;
}

const Json *rig_import(Rig *rig, ConnectWish wish) {
    const Json *report;
    GOOD(rig, connect_import(&rig->ctx, &wish, &report));
    return report;
}

int64_t rig_count(const Json *report, const char *name) {
    return json_get_int(report, name, -1);
}

const Entity *rig_entity(Rig *rig, const char *id) {
    const Entity *entity;
    Rc rc = ledger_entity(&rig->ctx, rig->tenant.ledger, str_of(id), &entity);
    if (rc == RC_NOT_FOUND) return NULL;
    GOOD(rig, rc);
    return entity;
}

const char *rig_samples(Rig *rig) {
    const char *folder = getenv("MACHI_SAMPLES");
    struct stat stat_of;
    if (!folder || !*folder) folder = str_fmt(rig->arena, "%s/../../shared/data", starter()).ptr;
    return stat(folder, &stat_of) == 0 ? folder : NULL;
}
