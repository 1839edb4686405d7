#include "city.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* assert, but with the error that a Ctx holds */
#define GOOD(city, call) good((city), (call), #call)
static void good(City *city, Rc rc, const char *what) {
    if (rc == RC_OK) return;
    fprintf(stderr, "%s: %s: " STR_FMT "\n", what, rc_name(rc), STR_ARG(city->ctx.error.detail));
    abort();
}

#define TYPE_JSON(type, subject, retention, class, attributes)                                     \
    "{\"type\":\"" type "\",\"iri\":\"urn:t:" type "\",\"label\":{\"ja\":\"x\",\"en\":\"x\"},"     \
    "\"class\":\"" class "\"" subject retention ",\"attributes\":[" attributes "]}"
#define ATTR_JSON_TEXT(term, more)                                                                 \
    "{\"term\":\"" term "\",\"iri\":\"urn:a:" term "\",\"label\":{\"ja\":\"x\",\"en\":\"x\"}" more \
    "}"
#define PERSONAL_ATTRS                                                                             \
    ATTR_JSON_TEXT("applicant", ",\"kind\":\"Relationship\",\"class\":\"internal\"")               \
    "," ATTR_JSON_TEXT("name", ",\"class\":\"personal\"")

static const char *const declarations[] = {
    TYPE_JSON("Sensor", "", "", "open", ATTR_JSON_TEXT("value", ",\"value\":\"integer\"")),
    TYPE_JSON("Application", ",\"subject\":\"applicant\"", ",\"retention\":\"" RETENTION "\"",
              "internal", PERSONAL_ATTRS),
    TYPE_JSON("Consultation", ",\"subject\":\"applicant\"", ",\"retention\":\"" OTHER_FILE "\"",
              "internal", PERSONAL_ATTRS),
    TYPE_JSON("Thing", ",\"subject\":\"applicant\"", ",\"retention\":\"" RETENTION "\"", "internal",
              PERSONAL_ATTRS),
};
enum { DECLARATIONS = sizeof declarations / sizeof *declarations, WITHOUT_THING = 3 };

static void compile_dictionary(City *city, size_t n) {
    Ctx ctx = city->ctx;
    ctx.arena = city->arena;
    DictFile files[DECLARATIONS];
    for (size_t i = 0; i < n; i++) {
        files[i].path = STR("test.json");
        city->ctx.error = (Error){0};
        Rc rc = json_read(&ctx, str_of(declarations[i]), JSON_LIMITS_DEFAULT, &files[i].content);
        city->ctx.error = ctx.error;
        GOOD(city, rc);
    }
    Rc rc = dictionary_compile(&ctx, files, n, false, &city->dictionary);
    city->ctx.error = ctx.error;
    GOOD(city, rc);
}

void city_declare_thing(City *city) {
    compile_dictionary(city, DECLARATIONS);
    city->options.dictionary = city->dictionary;
}

void city_make_at(City *city, const char *root) {
    *city = (City){0};
    snprintf(city->root, sizeof city->root, "%s", root);
    city->arena = arena_new(64 << 20);
    city->rand = rand_seeded(11);
    city->clock.fixed = TIME_NONE;
    city->ctx = (Ctx){.arena = arena_new((size_t)1 << 30),
                      .scratch = arena_new((size_t)1 << 30),
                      .clock = &city->clock,
                      .rand = &city->rand};
    city->folder = str_fmt(city->arena, "%s/data", city->root);
    city->key_file = str_fmt(city->arena, "%s/tenant.key", city->root);
    city->witness_file = str_fmt(city->arena, "%s/witness", city->root);
    compile_dictionary(city, WITHOUT_THING);
    city->options = (LedgerOptions){.folder = city->folder,
                                    .key_file = city->key_file,
                                    .witness_file = city->witness_file,
                                    .dictionary = city->dictionary,
                                    .working_set_bytes = 16 << 20,
                                    .clock = &city->clock,
                                    .log_reserve = 1 << 20};
}

void city_make(City *city) {
    /* memory, where there is such a disk: what these tests say of syncs is said by StoreFault */
    const char *disk = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    char root[64];
    snprintf(root, sizeof root, "%s/machi-city-XXXXXX", disk);
    if (!mkdtemp(root)) abort();
    city_make_at(city, root);
}

Rc city_open(City *city) {
    TRY(ledger_open(&city->ctx, &city->options, &city->ledger));
    Rc rc = reader_open(&city->ctx, ledger_store(city->ledger), &city->reader);
    if (rc != RC_OK) {
        ledger_close(city->ledger);
        city->ledger = NULL;
        return rc;
    }
    city->ctx.db = city->reader;
    return RC_OK;
}

void city_close(City *city) {
    reader_close(city->reader);
    city->reader = city->ctx.db = NULL;
    ledger_close(city->ledger);
    city->ledger = NULL;
}

void city_leave(City *city) {
    city_close(city);
    arena_free(city->ctx.arena);
    arena_free(city->ctx.scratch);
    arena_free(city->arena);
}

void city_end(City *city) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", city->root);
    city_leave(city);
    if (system(command) != 0) abort();
}

/* ---- deltas ---- */

static Delta *delta_of(City *city, DeltaOp op, Str id, Entity *after) {
    Delta *delta = NEW(city->ctx.arena, Delta);
    delta->op = op;
    delta->id = str_dup(city->ctx.arena, id);
    delta->after = after;
    return delta;
}

Delta *city_entity(City *city, Str id, const char *type, int64_t value) {
    Entity *entity = entity_new(city->ctx.arena, id, str_of(type));
    entity_set(city->ctx.arena, entity, STR(VALUE), json_of_int(value));
    return delta_of(city, DELTA_PUT, id, entity);
}

Delta *city_change(City *city, Str id, int64_t value) {
    Entity *entity = entity_new(city->ctx.arena, id, STR(SENSOR));
    entity->types.len = 0; /* adds none */
    entity_set(city->ctx.arena, entity, STR(VALUE), json_of_int(value));
    return delta_of(city, DELTA_CHANGE, id, entity);
}

Delta *city_personal(City *city, Str id, const char *type, Str subject, Str name) {
    Arena *arena = city->ctx.arena;
    Entity *entity = entity_new(arena, id, str_of(type));
    entity_set_kind(arena, entity, ATTR_RELATIONSHIP, STR(APPLICANT), json_of_str(subject));
    entity_set(arena, entity, STR(NAME), json_of_str(name));
    return delta_of(city, DELTA_PUT, id, entity);
}

Delta *city_delete(City *city, Str id) {
    return delta_of(city, DELTA_DELETE, id, NULL);
}

/* ---- commands ---- */

Rc city_put(City *city, const Delta *delta, int expect, uint64_t version, Outcome *out) {
    Command *command = command_new(
        city->ledger,
        (CommandHead){.kind = STR("test.put"), .actor = STR("urn:actor:1"), .channel = STR("cli")});
    PartPut *put = NEW(command_arena(command), PartPut);
    put->delta = delta;
    put->expect = (typeof(put->expect))expect;
    put->version = version;
    command_needs(command, delta->id);
    command_add(command, &part_put, put);
    Outcome outcome;
    Rc rc = ledger_execute(&city->ctx, city->ledger, command, &outcome);
    if (out) *out = outcome;
    if (out) out->result = NULL; /* goes with the command */
    command_free(command);
    return rc;
}

int64_t city_value(City *city, Str id) {
    const Entity *entity;
    Rc rc = ledger_entity(&city->ctx, city->ledger, id, &entity);
    if (rc == RC_NOT_FOUND) return -1;
    GOOD(city, rc);
    return entity_int(entity, STR(VALUE), -1);
}

Str city_name(City *city, Str id) {
    const Entity *entity;
    GOOD(city, ledger_entity(&city->ctx, city->ledger, id, &entity));
    return entity_text(entity, STR(NAME));
}

/* ---- a state projection ---- */

static Rc project_event(Ctx *ctx, void *arg, const Event *event) {
    void **both = arg;
    City *city = both[0];
    Batch *batch = both[1];
    EntityRow row;
    Entity *before = NULL;
    if (!event->delta) return RC_OK;
    Rc rc = batch_entity_get(ctx, batch, event->delta->id, &row);
    if (rc == RC_OK)
        TRY(ledger_record_open(ctx, city->ledger, row.body, &before));
    else if (rc != RC_NOT_FOUND)
        return rc;
    Entity *after = delta_fold(ctx->arena, before, event->delta, event->position, event->time);
    EntityPut put = {.id = event->delta->id, .position = event->position};
    Buf body = buf_new(ctx->arena, 1 << 20);
    if (after) {
        TRY(ledger_record_seal(ctx, city->ledger, after, &body));
        put.types = after->types;
        put.body = buf_str(&body);
    }
    return batch_entity(ctx, batch, &put);
}

void city_project(City *city, size_t window) {
    Ctx *ctx = &city->ctx;
    Batch *batch;
    Cursor cursor = {0};
    GOOD(city, batch_open(ctx, ledger_store(city->ledger), STORE_STATE, &batch));
    Rc rc = batch_cursor_get(ctx, batch, STR(LEDGER_STATE), &cursor);
    if (rc != RC_NOT_FOUND) GOOD(city, rc);
    while (cursor.position < ledger_head(city->ledger)) {
        uint64_t next;
        GOOD(city, batch_begin(ctx, batch, BATCH_LAZY));
        GOOD(city, ledger_read(ctx, city->ledger,
                               &(LedgerWindow){cursor.position, window, project_event,
                                               (void *[]){city, batch}},
                               &next));
        cursor.position = next;
        cursor.version = LEDGER_STATE_VERSION;
        GOOD(city, ledger_leaf_hash(ctx, city->ledger, next, &cursor.leaf));
        GOOD(city, batch_cursor(ctx, batch, STR(LEDGER_STATE), &cursor));
        GOOD(city, batch_commit(ctx, batch));
        ledger_state_reached(city->ledger, next);
    }
    batch_close(batch);
}

/* ---- looking for bytes ---- */

static bool file_holds(Str path, Str bytes) {
    FILE *file = fopen(path.ptr, "rb");
    if (!file) return false;
    struct stat info;
    bool found = false;
    if (fstat(fileno(file), &info) == 0 && info.st_size > 0) {
        char *content = mem_alloc((size_t)info.st_size);
        size_t len = fread(content, 1, (size_t)info.st_size, file);
        found = memmem(content, len, bytes.ptr, bytes.len) != NULL;
        mem_free(content);
    }
    fclose(file);
    return found;
}

bool city_holds(City *city, const char *path, Str bytes) {
    DIR *folder = opendir(path);
    struct dirent *entry;
    bool found = false;
    if (!folder) abort();
    while (!found && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        Str child = str_fmt(city->ctx.arena, "%s/%s", path, entry->d_name);
        struct stat info;
        if (stat(child.ptr, &info) != 0) continue;
        found =
            S_ISDIR(info.st_mode) ? city_holds(city, child.ptr, bytes) : file_holds(child, bytes);
    }
    closedir(folder);
    return found;
}
