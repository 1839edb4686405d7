#include "house.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define PASSWORD "correct horse battery"

static Ctx lasting(House *house) {
    Ctx ctx = house->ctx;
    ctx.arena = house->arena;
    return ctx;
}

void house_expect(House *house, Rc rc, Rc wanted, const char *code, const char *what) {
    const Error *error = &house->ctx.error;
    bool same = rc == wanted && (!code || str_eq(error->code, str_of(code)));
    if (!same)
        fail_msg("%s: %s " STR_FMT ": " STR_FMT " (" STR_FMT ")", what, rc_name(rc),
                 STR_ARG(error->code), STR_ARG(error->detail), STR_ARG(error->path));
}

static Str file_read(House *house, Str path) {
    FILE *file = fopen(str_z(house->arena, path), "rbe");
    Buf text = buf_new(house->arena, 8 << 20);
    char part[65536];
    if (!file) fail_msg("%s is not there", path.ptr);
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        buf_add_bytes(&text, part, n);
    fclose(file);
    return buf_str(&text);
}

const Json *house_starter(House *house, const char *path) {
    const char *folder = getenv("MACHI_STARTER");
    const Json *json;
    Ctx ctx = lasting(house);
    Str text = file_read(house, str_fmt(house->arena, "%s/%s", folder ? folder : "starter", path));
    house_expect(house, json_read(&ctx, text, JSON_LIMITS_DEFAULT, &json), RC_OK, NULL, path);
    return json;
}

static void dictionary_load(House *house) {
    VEC(DictFile) files = {0};
    const char *folder = getenv("MACHI_STARTER");
    DIR *dir = opendir(str_fmt(house->arena, "%s/dictionary", folder ? folder : "starter").ptr);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!str_ends(str_of(entry->d_name), STR(".json"))) continue;
        Str path = str_fmt(house->arena, "dictionary/%s", entry->d_name);
        vec_push(house->arena, &files, (DictFile){path, house_starter(house, path.ptr)});
    }
    closedir(dir);
    Ctx ctx = lasting(house);
    Rc rc = dictionary_compile(&ctx, files.items, files.len, false, &house->dictionary);
    house->ctx.error = ctx.error;
    house_expect(house, rc, RC_OK, NULL, "dictionary_compile");
}

static void account(House *house, const char *login, ActorKind kind, const char *post, Actor *out) {
    Str id;
    GateAccount wish = {.login = str_of(login),
                        .password = house->passwords ? STR(PASSWORD) : STR_NONE,
                        .kind = kind,
                        .name = str_of(login),
                        .demo = true};
    if (post) vec_push(house->arena, &wish.posts, str_of(post));
    GOOD(house, gate_account_create(&house->ctx, &wish, &id));
    *out = (Actor){.kind = kind, .id = str_dup(house->arena, id), .stepped_up_at = TIME_NONE};
    const GatePost *held = post ? gate_post(house->tenant.gate, str_of(post)) : NULL;
    if (held) {
        out->post = held->id;
        out->post_title = held->title_ja;
        out->division = held->division;
        out->roles = held->roles;
        return;
    }
    out->roles = 1u << ROLE_RESIDENT;
    out->person = str_fmt(house->arena, "urn:ngsi-ld:Person:" STR_FMT,
                          STR_ARG(str_sub(id, id.len - 26, id.len)));
}

void house_official(House *house, const char *login, const char *post, Actor *out) {
    Actor *before = house->ctx.actor;
    house->ctx.actor = (Actor *)gate_operator_actor();
    account(house, login, ACTOR_STAFF, post, out);
    house->ctx.actor = before;
}

static void accounts(House *house) {
    house->ctx.actor = (Actor *)gate_operator_actor();
    account(house, "clerk", ACTOR_STAFF, "environment-waste-clerk", &house->clerk);
    account(house, "chief", ACTOR_STAFF, "environment-waste-chief", &house->chief);
    account(house, "mayor", ACTOR_STAFF, "mayor", &house->mayor);
    account(house, "resident-1", ACTOR_RESIDENT, NULL, &house->resident);
    account(house, "resident-2", ACTOR_RESIDENT, NULL, &house->other);
    house->ctx.actor = NULL;
}

void house_open(House *house) {
    Arena *arena = house->arena;
    LedgerOptions options = {.folder = str_fmt(arena, "%s/data", house->root),
                             .key_file = str_fmt(arena, "%s/key", house->root),
                             .dictionary = house->dictionary,
                             .files = &file_ledger,
                             .working_set_bytes = 64 << 20,
                             .clock = &house->clock,
                             .tenant = &house->tenant,
                             .fault = house->fault,
                             .no_sketch = house->no_sketch,
                             .log_reserve = 1 << 20};
    GOOD(house, ledger_open(&house->ctx, &options, &house->tenant.ledger));
    GOOD(house, reader_open(&house->ctx, ledger_store(house->tenant.ledger), &house->reader));
    house->ctx.db = house->reader;
}

ProcedureSources house_sources(House *house) {
    static const char *const names[] = {
        "dog-registration",   "small-business-subsidy", "vaccine-slot",        "road-damage",
        "disclosure-request", "facility-booking",       "resident-record-copy"};
    enum { N = sizeof names / sizeof *names };
    const Json **definitions = NEW_ARRAY(house->arena, const Json *, N + 1);
    size_t n = N + (house->also != NULL);
    for (size_t i = 0; i < n; i++)
        definitions[i] = house_starter(
            house, str_fmt(house->arena, "procedures/%s.json", i < N ? names[i] : house->also).ptr);
    return (ProcedureSources){.files = house_starter(house, "files.json"),
                              .attach = {.file = 1 << 20, .files = 5, .drafts = 4 << 20},
                              .waste = {.items = house_starter(house, "waste/items.json"),
                                        .districts = house_starter(house, "waste/districts.json"),
                                        .rules = house_starter(house, "waste/rules.json"),
                                        .organisation = house_starter(house, "organisation.json"),
                                        .hold_share = 50,
                                        .hold_network = 5},
                              .definitions = definitions,
                              .definition_count = n,
                              .blank = house_starter(house, "templates/procedure.json")};
}

void house_procedures(House *house) {
    Ctx ctx = lasting(house);
    ProcedureSources sources = house_sources(house);
    house_expect(house, procedures_open(&ctx, &house->tenant, &sources), RC_OK, NULL, "procedures");
}

static void gate(House *house) {
    GateOptions options = {.policies = house_starter(house, "policies.json"),
                           .organisation = house_starter(house, "organisation.json")};
    GOOD(house, gate_open(&house->ctx, &house->tenant, &options));
}

void house_make(House *house, enum HousePart up_to) {
    house_make_also(house, up_to, NULL);
}

void house_make_also(House *house, enum HousePart up_to, const char *also) {
    *house = (House){.clock.fixed = HOUSE_NOW, .rand = rand_seeded(20261120), .also = also};
    const char *disk = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(house->root, sizeof house->root, "%s/machi-house-XXXXXX", disk);
    if (!mkdtemp(house->root)) abort();
    house->arena = arena_new((size_t)1 << 30);
    house->ctx = (Ctx){.arena = arena_new((size_t)1 << 30),
                       .scratch = arena_new((size_t)1 << 30),
                       .clock = &house->clock,
                       .rand = &house->rand,
                       .tenant = &house->tenant};
    dictionary_load(house);
    house->tenant = (Tenant){.folder = str_fmt(house->arena, "%s/data", house->root),
                             .dictionary = house->dictionary};
    house->passwords = up_to >= HOUSE_SIGNED;
    house->nobody = (Actor){.kind = ACTOR_NOBODY, .stepped_up_at = TIME_NONE};
    house_open(house);
    Project *project;
    if (up_to >= HOUSE_PROJECT) GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    if (up_to >= HOUSE_WHOLE) house_procedures(house);
    if (up_to >= HOUSE_PROJECT) GOOD(house, project_start(&house->ctx, project));
    if (up_to >= HOUSE_GATE) gate(house);
    if (up_to >= HOUSE_WHOLE) accounts(house);
}

void house_close(House *house) {
    reader_close(house->reader);
    house->reader = house->ctx.db = NULL;
    ledger_close(house->tenant.ledger);
    house->tenant.ledger = NULL;
}

void house_end(House *house) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", house->root);
    reader_close(house->reader);
    if (house->tenant.project) project_stop(house->tenant.project);
    procedures_close(&house->tenant);
    gate_close(&house->tenant);
    ledger_close(house->tenant.ledger);
    arena_free(house->ctx.arena);
    arena_free(house->ctx.scratch);
    arena_free(house->arena);
    if (system(command) != 0) abort();
}

void house_act(House *house, Actor *actor) {
    house->ctx.actor = actor;
    house->ctx.purpose = actor == &house->clerk   ? STR("bulky-waste-check")
                         : actor == &house->chief ? STR("bulky-waste-decide")
                                                  : STR_NONE;
    if (actor == &house->chief) actor->stepped_up_at = house->clock.fixed;
}

Ctx house_thread(House *house, Rand *rand) {
    Ctx ctx = house->ctx;
    ctx.arena = arena_new((size_t)1 << 30);
    ctx.scratch = arena_new((size_t)1 << 30);
    ctx.rand = rand;
    ctx.db = NULL;
    if (reader_open(&ctx, ledger_store(house->tenant.ledger), &ctx.db) != RC_OK) abort();
    return ctx;
}

void house_thread_end(Ctx *ctx) {
    reader_close(ctx->db);
    arena_free(ctx->arena);
    arena_free(ctx->scratch);
}

Rc house_run(Ctx *ctx, Command *command) {
    Outcome outcome;
    Rc rc = ledger_execute(ctx, ctx->tenant->ledger, command, &outcome);
    command_free(command);
    return rc;
}

Rc house_put(House *house, const Entity *entity) {
    Command *command = command_new(house->tenant.ledger, (CommandHead){.kind = STR("test.put")});
    Arena *arena = command_arena(command);
    Delta *delta = NEW(arena, Delta);
    PartPut *put = NEW(arena, PartPut);
    *delta = (Delta){
        .op = DELTA_PUT, .id = str_dup(arena, entity->id), .after = entity_dup(arena, entity)};
    *put = (PartPut){.delta = delta};
    command_needs(command, delta->id);
    command_add(command, &part_put, put);
    return house_run(&house->ctx, command);
}

const Entity *house_entity(House *house, Str id) {
    const Entity *entity;
    GOOD(house, ledger_entity(&house->ctx, house->tenant.ledger, id, &entity));
    return entity;
}

void house_drain(House *house) {
    GOOD(house,
         project_drain(&house->ctx, house->tenant.project, ledger_head(house->tenant.ledger)));
}

void house_on_disk(House *house, const StoreFault *disk) {
    Project *project;
    project_stop(house->tenant.project);
    house->tenant.project = NULL;
    procedures_close(&house->tenant);
    gate_close(&house->tenant);
    house_close(house);
    house->fault = disk;
    house_open(house);
    GOOD(house, project_new(&house->ctx, &house->tenant, &project));
    house_procedures(house);
    GOOD(house, project_start(&house->ctx, project));
    gate(house);
}

void house_gate_again(House *house) {
    gate_close(&house->tenant);
    house->ctx.actor = NULL;
    gate(house);
}

int house_whole_up(void **state) {
    House *house = mem_zero(sizeof *house);
    house_make(house, HOUSE_WHOLE); /* without passwords: they take their time */
    *state = house;
    return 0;
}

int house_down(void **state) {
    house_end(*state);
    mem_free(*state);
    return 0;
}
