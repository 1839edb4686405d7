/* The child: threads that write at once, and projections that follow. */
#include "crash.h"

#include "project/project.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

Str crash_slot_id(Arena *arena, unsigned thread, unsigned slot) {
    return str_fmt(arena, "urn:x:slot:%u:%u", thread, slot);
}

Str crash_account_id(Arena *arena, unsigned account) {
    return str_fmt(arena, "urn:x:account:%u", account);
}

const char *crash_slot_type(unsigned slot) {
    static const char *const types[] = {SENSOR, APPLICATION, THING};
    return types[slot % 3];
}

_Noreturn static void die(City *city, const char *what) {
    fprintf(stderr, "child: %s: " STR_FMT "\n", what, STR_ARG(city->ctx.error.detail));
    _exit(3);
}

/* ---- parts ---- */

typedef struct Count {
    Str id, type;
} Count;

/* Adds one to a slot; in a personal type the count stands in the sealed name, too. */
static Rc count_apply(Ctx *ctx, Stage *stage, const void *args) {
    const Count *count = args;
    const Entity *before = stage_entity(stage, count->id);
    int64_t next = before ? entity_int(before, STR(VALUE), 0) + 1 : 1;
    Entity *after = entity_new(ctx->arena, count->id, count->type);
    if (before) after->types.len = 0;
    entity_set(ctx->arena, after, STR(VALUE), json_of_int(next));
    if (str_eq(count->type, STR(APPLICATION))) {
        entity_set_kind(ctx->arena, after, ATTR_RELATIONSHIP, STR(APPLICANT),
                        json_of_str(STR("urn:p:1")));
        entity_set(ctx->arena, after, STR(NAME),
                   json_of_str(str_fmt(ctx->arena, "%lld", (long long)next)));
    }
    stage_put(stage,
              &(Delta){.op = before ? DELTA_CHANGE : DELTA_PUT, .id = count->id, .after = after});
    Json result = json_of_int(next);
    stage_result(stage, &result);
    return RC_OK;
}

typedef struct Move {
    Str ids[2];
    int64_t amount;
} Move;

static Rc move_apply(Ctx *ctx, Stage *stage, const void *args) {
    const Move *move = args;
    for (int i = 0; i < 2; i++) {
        const Entity *before = stage_entity(stage, move->ids[i]);
        int64_t value = before ? entity_int(before, STR(VALUE), 0) : CRASH_MONEY;
        value += i == 0 ? move->amount : -move->amount;
        if (value < 0)
            return ctx_fail(ctx, RC_CONFLICT, "too-little", STR_NONE, "There isn't enough.");
        Entity *after = entity_new(ctx->arena, move->ids[i], STR(SENSOR));
        entity_set(ctx->arena, after, STR(VALUE), json_of_int(value));
        stage_put(stage, &(Delta){.op = DELTA_PUT, .id = move->ids[i], .after = after});
    }
    return RC_OK;
}

static const PartKind part_count = {"crash.count", 1, NULL, count_apply};
static const PartKind part_move_money = {"crash.move", 1, NULL, move_apply};

static Command *count_command(City *city, unsigned thread, unsigned slot) {
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("count")});
    Arena *arena = command_arena(command);
    Count *count = NEW(arena, Count);
    *count = (Count){crash_slot_id(arena, thread, slot), str_of(crash_slot_type(slot))};
    command_needs(command, count->id);
    command_add(command, &part_count, count);
    return command;
}

static Command *money_command(City *city, Rand *rand) {
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("move")});
    Arena *arena = command_arena(command);
    Move *move = NEW(arena, Move);
    unsigned from = (unsigned)rand_below(rand, CRASH_ACCOUNTS);
    unsigned to = (from + 1 + (unsigned)rand_below(rand, CRASH_ACCOUNTS - 1)) % CRASH_ACCOUNTS;
    *move = (Move){{crash_account_id(arena, to), crash_account_id(arena, from)},
                   (int64_t)rand_below(rand, 50)};
    command_needs(command, move->ids[0]);
    command_needs(command, move->ids[1]);
    command_add(command, &part_move_money, move);
    return command;
}

/* ---- threads ---- */

typedef struct WriterThread {
    City *city;
    unsigned thread;
    uint64_t seed;
    int pipe;
} WriterThread;

static void *write_for_ever(void *arg) {
    WriterThread *me = arg;
    City city = *me->city; /* a Ctx of its own */
    Rand rand = rand_seeded(me->seed);
    city.ctx.arena = arena_new(1 << 30);
    city.ctx.scratch = arena_new(1 << 30);
    if (reader_open(&city.ctx, ledger_store(city.ledger), &city.ctx.db) != RC_OK)
        die(&city, "reader");
    for (;;) {
        unsigned slot = (unsigned)rand_below(&rand, CRASH_SLOTS + 3);
        bool money = slot >= CRASH_SLOTS;
        Command *command =
            money ? money_command(&city, &rand) : count_command(&city, me->thread, slot);
        Outcome outcome;
        Rc rc = ledger_execute(&city.ctx, city.ledger, command, &outcome);
        if (rc != RC_OK && rc != RC_CONFLICT) die(&city, "execute");
        CrashAck ack = {me->thread, money ? CRASH_SLOTS : slot,
                        rc == RC_OK && !money ? (uint64_t)outcome.result->value.integer : 0,
                        outcome.position};
        if (rc == RC_OK && write(me->pipe, &ack, sizeof ack) != sizeof ack) _exit(0);
        command_free(command);
        arena_reset(city.ctx.arena);
    }
    return NULL;
}

_Noreturn void crash_live(const CrashPlan *plan) {
    City city;
    static WriterThread writers[CRASH_THREADS];
    city_make_at(&city, plan->root);
    StoreFault fault = {.tear = plan->torn ? tear_new(plan->seed, 30) : NULL};
    city.options.fault = &fault;
    city.options.no_sync = plan->no_sync;
    if (plan->no_sync)
        city.options.witness_file = STR_NONE; /* the loss is to be found by the writes */
    city.options.checkpoint_every = 3000;
    if (city_open(&city) != RC_OK) die(&city, "open");
    for (unsigned i = 0; i < CRASH_THREADS; i++) {
        pthread_t thread;
        writers[i] = (WriterThread){&city, i, plan->seed * CRASH_THREADS + i, plan->pipe};
        pthread_create(&thread, NULL, write_for_ever, &writers[i]);
    }
    Tenant tenant = {.folder = city.folder, .dictionary = city.dictionary, .ledger = city.ledger};
    Project *project;
    if (project_new(&city.ctx, &tenant, &project) != RC_OK) die(&city, "project");
    if (project_start(&city.ctx, project) != RC_OK) die(&city, "project");
    for (;;)
        pause();
}
