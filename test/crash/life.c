/* The child: threads that write at once, and projections that follow. */
#include "crash.h"

#include "rooms.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ERASE_ONE_IN = 60 };

Str crash_slot_id(Arena *arena, unsigned thread, unsigned slot) {
    return str_fmt(arena, "urn:x:slot:%u:%u", thread, slot);
}

Str crash_account_id(Arena *arena, unsigned account) {
    return str_fmt(arena, "urn:x:account:%u", account);
}

Str crash_brief_id(Arena *arena, unsigned brief) {
    return str_fmt(arena, "urn:x:brief:%u", brief);
}

Str crash_advice_id(Arena *arena, unsigned person) {
    return str_fmt(arena, "urn:x:advice:%u", person);
}

Str crash_person_id(Arena *arena, unsigned person) {
    return str_fmt(arena, "urn:x:person:%u", person);
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

/* ---- what the other projections are made of ---- */

/* A case's next state, a reading, a look, an end: something for the inbox, the wall, the list of
   looks, history. */
static Delta *case_delta(Arena *arena, Rand *rand) {
    static const char *const states[] = {"submitted", "confirmed", "planned", "closed"};
    Delta *delta = NEW(arena, Delta);
    unsigned number = (unsigned)rand_below(rand, CRASH_CASES);
    Str id = str_fmt(arena, "urn:ngsi-ld:Application:%u", number);
    *delta = (Delta){.op = rand_below(rand, 8) ? DELTA_PUT : DELTA_DELETE, .id = id};
    if (delta->op == DELTA_DELETE) return delta;
    delta->after = entity_new(arena, id, STR(LD_DEFAULT "Application"));
    const char *state = states[rand_below(rand, 4)];
    const struct {
        const char *iri;
        Str value;
    } texts[] = {
        {LD_DEFAULT "state", str_of(state)},
        {LD_DEFAULT "post", rand_below(rand, 2) ? STR("p1") : STR("p2")},
        {LD_DEFAULT "due", str_fmt(arena, "2026-11-%02u", 10 + (unsigned)rand_below(rand, 19))},
        {LD_DEFAULT "pickupDate", str_fmt(arena, "2026-12-%02u", 10 + number % 19)},
        {LD_DEFAULT "receiptNumber", str_fmt(arena, "R-%03u", number)},
        {LD_DEFAULT "submittedAt", STR("2026-11-09T01:00:00Z")},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        entity_set(arena, delta->after, str_of(texts[i].iri), json_of_str(texts[i].value));
    return delta;
}

static Delta *reading_delta(Arena *arena, Rand *rand) {
    Delta *delta = NEW(arena, Delta);
    Str id = str_fmt(arena, "urn:ngsi-ld:RiverGauge:%u", (unsigned)rand_below(rand, 3));
    *delta = (Delta){.op = DELTA_RECORD, .id = id};
    delta->after = entity_new(arena, id, STR(LD_DEFAULT "RiverGauge"));
    Attr *attr = entity_set(arena, delta->after, STR(LD_DEFAULT "waterLevel"),
                            json_of_number((double)rand_below(rand, 500) / 100));
    attr->observed_at = TIME_SECOND * (int64_t)(1000000 + rand_below(rand, 1000));
    return delta;
}

/* Something that ends by itself within some milliseconds, perhaps when nobody lives. */
static Delta *brief_delta(City *city, Arena *arena, Rand *rand) {
    Delta *delta = NEW(arena, Delta);
    Str id = crash_brief_id(arena, (unsigned)rand_below(rand, CRASH_BRIEF));
    *delta = (Delta){.op = DELTA_PUT, .id = id, .after = entity_new(arena, id, STR(SENSOR))};
    delta->after->expires_at = time_now(&city->clock) + (int64_t)rand_below(rand, 20000);
    entity_set(arena, delta->after, STR(VALUE), json_of_int(1));
    return delta;
}

/* What somebody asked, sealed under his key. */
static Delta *advice_delta(Arena *arena, Rand *rand) {
    Delta *delta = NEW(arena, Delta);
    unsigned person = (unsigned)rand_below(rand, CRASH_PEOPLE);
    Str id = crash_advice_id(arena, person);
    *delta = (Delta){.op = DELTA_PUT, .id = id, .after = entity_new(arena, id, STR(CONSULT))};
    entity_set_kind(arena, delta->after, ATTR_RELATIONSHIP, STR(APPLICANT),
                    json_of_str(crash_person_id(arena, person)));
    entity_set(arena, delta->after, STR(NAME), json_of_str(rand_id(rand, arena, 20)));
    return delta;
}

static Command *other_command(City *city, Rand *rand) {
    Command *command = command_new(city->ledger, (CommandHead){.kind = STR("other")});
    Arena *arena = command_arena(command);
    unsigned kind = (unsigned)rand_below(rand, 5);
    if (kind == 0) {
        PartLook *look = NEW(arena, PartLook);
        *look = (PartLook){.why = STR("a list")};
        for (uint64_t i = 0; i <= rand_below(rand, 3); i++) {
            vec_push(arena, &look->subjects, str_fmt(arena, "urn:p:%llu", (unsigned long long)i));
            vec_push(arena, &look->records, STR("urn:x:slot:0:1"));
        }
        command_add(command, &part_look, look);
        return command;
    }
    PartPut *put = NEW(arena, PartPut);
    put->delta = kind == 1   ? case_delta(arena, rand)
                 : kind == 2 ? reading_delta(arena, rand)
                 : kind == 3 ? advice_delta(arena, rand)
                             : brief_delta(city, arena, rand);
    command_needs(command, put->delta->id);
    command_add(command, &part_put, put);
    return command;
}

/* ---- threads ---- */

typedef struct WriterThread {
    City *city;
    unsigned thread;
    uint64_t seed;
    int pipe;
} WriterThread;

static void acknowledge(const WriterThread *me, CrashAck ack) {
    ack.thread = me->thread;
    if (write(me->pipe, &ack, sizeof ack) != sizeof ack) _exit(0);
}

/* What was written of the person by now is nobody's to read from then on. */
static void erase_somebody(City *city, const WriterThread *me, Rand *rand) {
    unsigned person = (unsigned)rand_below(rand, CRASH_PEOPLE);
    LedgerErasure erasure = {.head = {.kind = STR("erase")},
                             .subject = crash_person_id(city->ctx.arena, person),
                             .reason = STR("asked for")};
    uint64_t head = ledger_head(city->ledger);
    vec_push(city->ctx.arena, &erasure.files, STR(OTHER_FILE));
    Rc rc = ledger_erase(&city->ctx, city->ledger, &erasure, NULL);
    bool late = rc == RC_FAILED && str_eq(city->ctx.error.code, STR("erased-not-scrubbed"));
    if (rc != RC_OK && !late) die(city, "erase");
    acknowledge(me, (CrashAck){.slot = CRASH_SLOTS + 1 + person, .position = head});
}

static void execute(City *city, const WriterThread *me, Rand *rand) {
    unsigned slot = (unsigned)rand_below(rand, CRASH_SLOTS + 6);
    bool counts = slot < CRASH_SLOTS;
    Command *command = counts                   ? count_command(city, me->thread, slot)
                       : slot < CRASH_SLOTS + 3 ? money_command(city, rand)
                                                : other_command(city, rand);
    Outcome outcome;
    Rc rc = ledger_execute(&city->ctx, city->ledger, command, &outcome);
    if (rc != RC_OK && rc != RC_CONFLICT) die(city, "execute");
    CrashAck ack = {.slot = counts ? slot : CRASH_SLOTS, .position = outcome.position};
    if (rc == RC_OK && counts) ack.count = (uint64_t)outcome.result->value.integer;
    if (rc == RC_OK) acknowledge(me, ack);
    command_free(command);
}

static void *write_for_ever(void *arg) {
    WriterThread *me = arg;
    City city = *me->city; /* a Ctx of its own */
    Rand rand = rand_seeded(me->seed);
    city.ctx.arena = arena_new(1 << 30);
    city.ctx.scratch = arena_new(1 << 30);
    if (reader_open(&city.ctx, ledger_store(city.ledger), &city.ctx.db) != RC_OK)
        die(&city, "reader");
    for (;;) {
        if (rand_below(&rand, ERASE_ONE_IN) == 0)
            erase_somebody(&city, me, &rand);
        else
            execute(&city, me, &rand);
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
    Rooms rooms;
    if (city_open(&city) != RC_OK) die(&city, "open");
    if (rooms_open(&city, &rooms, plan->port) != RC_OK) die(&city, "rooms");
    for (unsigned i = 0; i < CRASH_THREADS; i++) {
        pthread_t thread;
        writers[i] = (WriterThread){&city, i, plan->seed * CRASH_THREADS + i, plan->pipe};
        pthread_create(&thread, NULL, write_for_ever, &writers[i]);
    }
    for (;;)
        pause();
}
