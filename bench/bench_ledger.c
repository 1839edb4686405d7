/* bench_ledger: what the ledger alone can do: commands per second that change one attribute, memory
   of a cached entity, replay at opening. No HTTP, no projections; the folder is made in
   BENCH_FOLDER (.) so that the disk measured is the one meant. */
#include "ledger/ledger_int.h"
#include "load.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ENTITIES = 100000, PATCHES = 300000, IN_FLIGHT = 1000, CONNECTIONS = 64 };

#define TYPE      "urn:bench:Sensor"
#define IRI(name) "urn:bench:" name

typedef struct Bench {
    Ctx ctx;
    Rand rand;
    Clock clock;
    Ledger *ledger;
    LedgerOptions options;
    char folder[512];
    atomic_size_t in_flight, refused;
} Bench;

static void must(const Bench *b, Rc rc) {
    if (rc == RC_OK) return;
    fprintf(stderr, "bench_ledger: " STR_FMT "\n", STR_ARG(b->ctx.error.detail));
    exit(1);
}

/* Declared, so that nothing is sealed. */
static const Dictionary *dictionary(Bench *b) {
    static const char text[] =
        "{\"type\":\"Sensor\",\"iri\":\"" TYPE "\",\"class\":\"open\","
        "\"label\":{\"ja\":\"x\",\"en\":\"x\"},\"attributes\":[{\"term\":\"value\","
        "\"iri\":\"" IRI("value") "\",\"label\":{\"ja\":\"x\",\"en\":\"x\"}}]}";
    DictFile file = {.path = STR("bench")};
    const Dictionary *out;
    must(b, json_read(&b->ctx, str_of(text), JSON_LIMITS_DEFAULT, &file.content));
    must(b, dictionary_compile(&b->ctx, &file, 1, false, &out));
    return out;
}

static Entity *whole(Arena *arena, Str id, int64_t value) {
    Entity *entity = entity_new(arena, id, STR(TYPE));
    entity_set(arena, entity, STR(IRI("name")), json_of_str(STR("a gauge on the river")));
    entity_set(arena, entity, STR(IRI("level")), json_of_number(1.25));
    entity_set(arena, entity, STR(IRI("open")), json_of_bool(true));
    entity_set(arena, entity, STR(IRI("note")), json_of_str(STR("upstream of the bridge")));
    entity_set(arena, entity, STR(IRI("value")), json_of_int(value));
    return entity;
}

static Entity *part(Arena *arena, Str id, int64_t value) {
    Entity *entity = entity_new(arena, id, STR(TYPE));
    entity->types.len = 0; /* adds none */
    entity_set(arena, entity, STR(IRI("value")), json_of_int(value));
    return entity;
}

static void done(void *arg, Command *command, const Outcome *outcome) {
    Bench *b = arg;
    if (outcome->rc != RC_OK) atomic_fetch_add(&b->refused, 1);
    command_free(command);
    atomic_fetch_sub(&b->in_flight, 1);
}

static void submit(Bench *b, size_t number, bool create, int64_t value) {
    Command *command = command_new(
        b->ledger, (CommandHead){.kind = STR("entity.patch"),
                                 .actor = STR("urn:ngsi-ld:Account:0123456789abcdefghjkmnpqrs"),
                                 .channel = STR("api")});
    Arena *arena = command_arena(command);
    Str id = str_fmt(arena, "urn:ngsi-ld:Sensor:%08zu", number);
    Delta *delta = NEW(arena, Delta);
    delta->op = create ? DELTA_PUT : DELTA_CHANGE;
    delta->id = id;
    delta->after = create ? whole(arena, id, value) : part(arena, id, value);
    PartPut *put = NEW(arena, PartPut);
    *put = (PartPut){.delta = delta, .expect = create ? PUT_ABSENT : PUT_PRESENT};
    command_needs(command, id);
    command_add(command, &part_put, put);
    atomic_fetch_add(&b->in_flight, 1);
    must(b, ledger_submit(&b->ctx, b->ledger, command, done, b));
}

static double writer_seconds(const Bench *b) {
    clockid_t clock;
    struct timespec t = {0};
    if (pthread_getcpuclockid(b->ledger->writer_thread, &clock) == 0) clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(Bench *b, size_t n, size_t in_flight, bool create) {
    for (size_t i = 0; i < n; i++) {
        while (atomic_load(&b->in_flight) >= in_flight)
            sched_yield();
        submit(b, create ? i : (size_t)rand_below(&b->rand, ENTITIES), create, (int64_t)i);
        if (i % 1000 == 0) ledger_state_reached(b->ledger, ledger_head(b->ledger));
        if (i % 1000 == 0) arena_reset(b->ctx.arena);
    }
    while (atomic_load(&b->in_flight))
        sched_yield();
}

/* Commands per second of the clock, and per second that the writer's thread computes. */
static void measure(Bench *b, const char *name, size_t in_flight) {
    char row[96];
    int64_t start = time_monotonic();
    double before = writer_seconds(b);
    run(b, PATCHES, in_flight, false);
    double seconds = (double)(time_monotonic() - start) / 1e6;
    snprintf(row, sizeof row, "ledger: %s", name);
    load_row(row, "-", PATCHES / seconds, "commands/s");
    snprintf(row, sizeof row, "ledger: %s, of the writer's core", name);
    load_row(row, in_flight == IN_FLIGHT ? ">=100000" : "-", PATCHES / (writer_seconds(b) - before),
             "commands/CPU s");
}

static void open_ledger(Bench *b) {
    must(b, ledger_open(&b->ctx, &b->options, &b->ledger));
    must(b, reader_open(&b->ctx, ledger_store(b->ledger), &b->ctx.db));
}

static void close_ledger(Bench *b) {
    reader_close(b->ctx.db);
    b->ctx.db = NULL;
    ledger_close(b->ledger);
}

/* The state is never projected here, so an opening replays everything. */
static void measure_opening(Bench *b) {
    uint64_t leaves = ledger_head(b->ledger);
    close_ledger(b);
    int64_t start = time_monotonic();
    open_ledger(b);
    load_row("ledger: replay at opening, per 100 000 leaves", "-",
             (double)(time_monotonic() - start) / 1e6 * 100000 / (double)leaves, "s");
}

int main(void) {
    Bench *b = mem_zero(sizeof *b);
    const char *base = getenv("BENCH_FOLDER");
    snprintf(b->folder, sizeof b->folder, "%s/bench-ledger-XXXXXX", base ? base : ".");
    if (!mkdtemp(b->folder)) return perror(b->folder), 1;
    b->rand = rand_seeded(5);
    b->clock.fixed = TIME_NONE;
    b->ctx = (Ctx){.arena = arena_new(64 << 20), .clock = &b->clock, .rand = &b->rand};
    b->ctx.scratch = arena_new(64 << 20);
    Arena *stays = arena_new(1 << 20);
    b->options = (LedgerOptions){.folder = str_fmt(stays, "%s/data", b->folder),
                                 .key_file = str_fmt(stays, "%s/key", b->folder),
                                 .dictionary = dictionary(b),
                                 .working_set_bytes = 1u << 30,
                                 .clock = &b->clock};
    b->ctx.arena = arena_new(64 << 20); /* the dictionary keeps the first one */
    open_ledger(b);
    run(b, ENTITIES, IN_FLIGHT, true);
    WorksetCounts counts = workset_counts(b->ledger->set);
    load_row("ledger: memory of a cached 5-attribute entity", "<=1536",
             (double)counts.bytes / (double)counts.versions, "bytes");
    measure_opening(b);
    measure(b, "one attribute, 1 000 in flight", IN_FLIGHT);
    measure(b, "one attribute, 64 in flight", CONNECTIONS);
    if (atomic_load(&b->refused)) fprintf(stderr, "bench_ledger: commands were refused\n");
    bool good = atomic_load(&b->refused) == 0;
    close_ledger(b);
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", b->folder);
    return system(command) == 0 && good ? 0 : 1;
}
