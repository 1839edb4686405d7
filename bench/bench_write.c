/* bench_write: what a write costs behind the loop, in CPU time of the writer and of the
   projections: entities created a thousand at a time, then one attribute changed by 64 commands at
   a time, as 64 connections do. No HTTP, so that it can be measured on a machine that does other
   work. The folder is made in BENCH_FOLDER (.). */
#include "cli/city.h"
#include "ledger/ledger_int.h"
#include "load.h"
#include "project/project.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ENTITIES = 10000, BATCH = 1000, PATCHES = 32768, CONNECTIONS = 64, WINDOW = 8192 };

#define IRI(term) STR(LD_DEFAULT term)

typedef struct Bench {
    Ctx ctx;
    Rand rand;
    atomic_size_t in_flight, refused;
} Bench;

static void must(const Ctx *ctx, Rc rc) {
    if (rc == RC_OK) return;
    fprintf(stderr, "bench_write: " STR_FMT "\n", STR_ARG(ctx->error.detail));
    exit(1);
}

/* ---- what is written ---- */

static Json point(Arena *arena, int number) {
    Json *coordinates = NEW_ARRAY(arena, Json, 2);
    JsonMember *members = NEW_ARRAY(arena, JsonMember, 2);
    coordinates[0] = json_of_number(138.3 + number % 100 / 1000.0);
    coordinates[1] = json_of_number(34.8);
    members[0] = (JsonMember){STR("type"), json_of_str(STR("Point"))};
    members[1] = (JsonMember){STR("coordinates"), json_of_items(coordinates, 2)};
    return json_of_members(members, 2);
}

static Entity *whole(Arena *arena, int number) {
    Str id = str_fmt(arena, "urn:ngsi-ld:Bench:%d", number);
    Entity *entity = entity_new(arena, id, IRI("Bench"));
    entity_set(arena, entity, IRI("temperature"), json_of_int(20 + number % 15));
    entity_set(arena, entity, IRI("humidity"), json_of_int(number % 100));
    entity_set(arena, entity, IRI("name"), json_of_str(str_fmt(arena, "sensor %d", number)));
    entity_set(arena, entity, IRI("status"), json_of_str(str_fmt(arena, "group %d", number / 20)));
    entity_set_kind(arena, entity, ATTR_GEO, IRI("location"), point(arena, number));
    return entity;
}

static Entity *part(Arena *arena, int number, int value) {
    Entity *entity = entity_new(arena, str_fmt(arena, "urn:ngsi-ld:Bench:%d", number), STR_NONE);
    entity_set(arena, entity, IRI("temperature"), json_of_number(value % 1000 / 10.0));
    return entity;
}

static void add(Command *command, DeltaOp op, Entity *after) {
    Arena *arena = command_arena(command);
    Delta *delta = NEW(arena, Delta);
    PartPut *put = NEW(arena, PartPut);
    *delta = (Delta){.op = op, .id = after->id, .after = after};
    *put = (PartPut){.delta = delta, .expect = op == DELTA_PUT ? PUT_ABSENT : PUT_PRESENT};
    command_needs(command, after->id);
    command_add(command, &part_put, put);
}

/* ---- writing ---- */

static Command *begin(const Bench *bench) {
    return command_new(bench->ctx.tenant->ledger, (CommandHead){.kind = STR("attr.partial"),
                                                                .actor = STR("urn:bench:account"),
                                                                .channel = STR("api")});
}

static void done(void *arg, Command *command, const Outcome *outcome) {
    Bench *bench = arg;
    if (outcome->rc != RC_OK) atomic_fetch_add(&bench->refused, 1);
    command_free(command);
    atomic_fetch_sub(&bench->in_flight, 1);
}

static void submit(Bench *bench, Command *command) {
    command_gathered(command);
    atomic_fetch_add(&bench->in_flight, 1);
    must(&bench->ctx, ledger_submit(&bench->ctx, bench->ctx.tenant->ledger, command, done, bench));
}

static void await(Bench *bench) {
    ledger_hand_over(bench->ctx.tenant->ledger);
    while (atomic_load(&bench->in_flight))
        sched_yield();
    arena_reset(bench->ctx.arena);
}

static void drain(Bench *bench) {
    Ctx *ctx = &bench->ctx;
    ctx->deadline = time_monotonic() + TIME_MINUTE;
    must(ctx, project_drain(ctx, ctx->tenant->project, ledger_head(ctx->tenant->ledger)));
    ctx->deadline = 0;
}

static void create(Bench *bench) {
    for (int first = 0; first < ENTITIES; first += BATCH) {
        Command *command = begin(bench);
        for (int i = first; i < first + BATCH; i++)
            add(command, DELTA_PUT, whole(command_arena(command), i));
        submit(bench, command);
        await(bench);
    }
    drain(bench);
}

static void patch(Bench *bench) {
    for (int i = 0; i < PATCHES; i++) {
        Command *command = begin(bench);
        int number = (int)rand_below(&bench->rand, ENTITIES);
        add(command, DELTA_CHANGE, part(command_arena(command), number, i));
        submit(bench, command);
        if ((i + 1) % CONNECTIONS == 0) await(bench);
        if ((i + 1) % WINDOW == 0) drain(bench);
    }
}

/* ---- measuring ---- */

static double seconds(clockid_t clock) {
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct Spent {
    double all, writer;
} Spent;

static Spent spent(const Bench *bench) {
    clockid_t writer;
    Spent spent = {.all = seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID)};
    if (pthread_getcpuclockid(bench->ctx.tenant->ledger->writer_thread, &writer) == 0)
        spent.writer = seconds(writer);
    return spent;
}

static void measure(Bench *bench, const char *name, void (*work)(Bench *bench), size_t n) {
    char row[96];
    Spent before = spent(bench);
    work(bench);
    Spent after = spent(bench);
    double writer = (after.writer - before.writer) / (double)n * 1e6;
    snprintf(row, sizeof row, "write: %s, CPU of the writer", name);
    load_row(row, "-", writer, "us");
    snprintf(row, sizeof row, "write: %s, CPU of projections and checkpoints", name);
    load_row(row, "-", (after.all - before.all) / (double)n * 1e6 - writer, "us");
}

int main(void) {
    char folder[512], command[600];
    const char *in = getenv("BENCH_FOLDER");
    Clock clock = {.fixed = TIME_NONE};
    Bench *bench = mem_zero(sizeof *bench);
    bench->rand = rand_seeded(5);
    bench->ctx = (Ctx){.arena = arena_new(1 << 30),
                       .scratch = arena_new(1 << 30),
                       .clock = &clock,
                       .rand = &bench->rand};
    Ctx opening = bench->ctx;
    City *city;
    snprintf(folder, sizeof folder, "%s/bench-write-XXXXXX", in ? in : ".");
    if (!mkdtemp(folder)) return perror(folder), 1;
    opening.arena = arena_new(64 << 20);
    CityOptions options = {.data = str_of(folder), .host = STR("127.0.0.1"), .loops = 1, .pool = 1};
    must(&opening, city_open(&opening, &options, &city));
    bench->ctx.tenant = city_tenant(city, STR_NONE);
    must(&bench->ctx,
         reader_open(&bench->ctx, ledger_store(bench->ctx.tenant->ledger), &bench->ctx.db));
    ledger_gather(bench->ctx.tenant->ledger);
    measure(bench, "an entity of five attributes", create, ENTITIES);
    measure(bench, "one attribute", patch, PATCHES);
    bool good = atomic_load(&bench->refused) == 0;
    if (!good) fprintf(stderr, "bench_write: commands were refused\n");
    reader_close(bench->ctx.db);
    city_close(city);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 && good ? 0 : 1;
}
