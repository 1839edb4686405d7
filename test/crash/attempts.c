#include "attempts.h"

#include "book/book.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNITS = 3, THREADS = 2, IN_FLIGHT = 256, LIFE_MILLIS = 1000, BATCH = 64 };

/* What is acknowledged, through the pipe: an attempt that booked, or (slot SLOT_NONE) `name`
   attempts that were answered at all. */
typedef struct Ack {
    uint32_t slot;
    uint32_t booked;
    uint64_t name;
} Ack;

typedef struct House {
    Ctx ctx;
    Clock clock;
    Rand rand;
    char folder[512];
    unsigned slots;
    LedgerOptions options;
    Ledger *ledger;
    Arena *stays;
} House;

static bool failed(const House *house, const char *what) {
    fprintf(stderr, "attempts: %s: " STR_FMT "\n", what, STR_ARG(house->ctx.error.detail));
    return false;
}

static Str slot_id(Arena *arena, uint64_t slot) {
    return str_fmt(arena, "urn:ngsi-ld:Slot:crash:%llu", (unsigned long long)slot);
}

/* ---- the child ---- */

typedef struct Trier {
    House *house;
    uint64_t first; /* its names begin here */
    int pipe;
    atomic_size_t waiting;
} Trier;

typedef struct Try {
    Trier *trier;
    uint64_t slot, name;
} Try;

static void tried(void *arg, Command *command, const Outcome *outcome) {
    Try *try = arg;
    Trier *trier = try->trier;
    bool booked = outcome->rc == RC_OK;
    Ack ack = {(uint32_t)try->slot, booked, try->name};
    if (!booked && outcome->rc != RC_CONFLICT) _exit(3);
    if (write(trier->pipe, &ack, sizeof ack) != sizeof ack) _exit(0);
    command_free(command);
    atomic_fetch_sub(&trier->waiting, 1);
}

static void try_one(Trier *trier, Ctx *ctx, uint64_t name) {
    House *house = trier->house;
    Command *command =
        command_new(house->ledger, (CommandHead){.kind = STR("slot.book"), .channel = STR("web")});
    Arena *arena = command_arena(command);
    Try *try = NEW(arena, Try);
    PartSlot *part = NEW(arena, PartSlot);
    *try = (Try){trier, rand_below(ctx->rand, house->slots), name};
    *part = (PartSlot){.slot = slot_id(arena, try->slot),
                       .resource = STR("crash"),
                       .place = STR("here"),
                       .day = {2026, 12, 1},
                       .capacity = UNITS,
                       .name = str_fmt(arena, "%llu", (unsigned long long)name),
                       .units = 1};
    command_needs(command, part->slot);
    command_add(command, &part_slot_book, part);
    atomic_fetch_add(&trier->waiting, 1);
    while (ledger_submit(ctx, house->ledger, command, tried, try) != RC_OK)
        usleep(100);
}

static void *try_for_ever(void *arg) {
    Trier *trier = arg;
    Rand rand = rand_seeded(trier->first + 1);
    Ctx ctx = trier->house->ctx;
    ctx.rand = &rand;
    ctx.arena = arena_new(1 << 30);
    ctx.scratch = arena_new(1 << 30);
    if (reader_open(&ctx, ledger_store(trier->house->ledger), &ctx.db) != RC_OK) _exit(3);
    for (uint64_t i = 0;; i++) {
        while (atomic_load(&trier->waiting) >= IN_FLIGHT)
            usleep(50);
        try_one(trier, &ctx, trier->first + i);
        if (i % BATCH == 0) arena_reset(ctx.arena);
    }
    return NULL;
}

static Rc house_open(House *house) {
    TRY(ledger_open(&house->ctx, &house->options, &house->ledger));
    return reader_open(&house->ctx, ledger_store(house->ledger), &house->ctx.db);
}

_Noreturn static void live(House *house, uint64_t first, int pipe) {
    static Trier triers[THREADS];
    pthread_t thread;
    if (house_open(house) != RC_OK) {
        failed(house, "open");
        _exit(3);
    }
    for (int i = 0; i < THREADS; i++) {
        triers[i] = (Trier){.house = house, .first = first + ((uint64_t)i << 32), .pipe = pipe};
        pthread_create(&thread, NULL, try_for_ever, &triers[i]);
    }
    for (;;)
        pause();
}

/* ---- the parent ---- */

typedef VEC(Ack) Acks;

/* Reads what the child says for a while, or (TIME_NONE) to its end. Each word is written and read
   whole: it is smaller than PIPE_BUF. */
static void listen_for(House *house, int from, int64_t until, Attempts *out, Acks *acks) {
    Ack heard[256];
    for (;;) {
        int64_t left = until == TIME_NONE ? -1 : (until - time_monotonic()) / 1000;
        if (until != TIME_NONE && left <= 0) return;
        struct pollfd ready = {.fd = from, .events = POLLIN};
        if (poll(&ready, 1, (int)left) <= 0) return;
        ssize_t n = read(from, heard, sizeof heard);
        if (n <= 0) return;
        for (size_t i = 0; i < (size_t)n / sizeof *heard; i++) {
            out->tried++;
            if (heard[i].booked) vec_push(house->stays, acks, heard[i]);
        }
    }
}

static bool one_life(House *house, uint64_t life, Attempts *out, Acks *acks) {
    int pipes[2], status;
    if (pipe(pipes) < 0) return failed(house, "pipe");
    pid_t child = fork();
    if (child < 0) return failed(house, "fork");
    if (child == 0) {
        close(pipes[0]);
        live(house, life << 40, pipes[1]);
    }
    close(pipes[1]);
    int64_t lives = (LIFE_MILLIS / 2 + (int64_t)rand_below(&house->rand, LIFE_MILLIS)) * 1000;
    struct pollfd first = {.fd = pipes[0], .events = POLLIN};
    (void)poll(&first, 1, 60000); /* until it works at all */
    listen_for(house, pipes[0], time_monotonic() + lives, out, acks);
    kill(child, SIGKILL);
    listen_for(house, pipes[0], TIME_NONE, out, acks);
    close(pipes[0]);
    waitpid(child, &status, 0);
    out->kills++;
    return WIFSIGNALED(status) || failed(house, "the child ended by itself");
}

/* ---- afterwards ---- */

static int ack_order(const void *a, const void *b) {
    const Ack *x = a, *y = b;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

/* *next: the first acknowledgement that is not of a slot before. */
static bool slot_check(House *house, uint64_t slot, const Acks *acks, size_t *next, Attempts *out) {
    const Entity *entity = NULL;
    Ctx *ctx = &house->ctx;
    Rc rc = ledger_entity(ctx, house->ledger, slot_id(ctx->arena, slot), &entity);
    if (rc != RC_OK && rc != RC_NOT_FOUND) return failed(house, "read");
    if (rc != RC_OK) entity = NULL;
    BookSlot read = book_slot_read(entity, UNITS, time_now(&house->clock));
    out->booked += (uint64_t)read.booked;
    if (read.booked > UNITS) out->beyond += (uint64_t)(read.booked - UNITS);
    for (; *next < acks->len && acks->items[*next].slot == slot; (*next)++) {
        Str name = str_fmt(ctx->arena, "%llu", (unsigned long long)acks->items[*next].name);
        out->lost += !entity || book_claim_units(entity, name, 0) != 1;
    }
    arena_reset(ctx->arena);
    return true;
}

static bool all_check(House *house, Acks *acks, Attempts *out) {
    size_t next = 0;
    if (house_open(house) != RC_OK) return failed(house, "open afterwards");
    bool good = true;
    if (acks->len) qsort(acks->items, acks->len, sizeof *acks->items, ack_order);
    for (uint64_t slot = 0; good && slot < house->slots; slot++)
        good = slot_check(house, slot, acks, &next, out);
    reader_close(house->ctx.db);
    ledger_close(house->ledger);
    return good;
}

/* Declared, so that nothing is sealed but what is personal of a slot. */
static Rc dictionary_make(House *house) {
    static const char text[] =
        "{\"type\":\"Slot\",\"class\":\"open\",\"label\":{\"ja\":\"枠\",\"en\":\"Slot\"},"
        "\"attributes\":[{\"term\":\"capacity\",\"label\":{\"ja\":\"定員\",\"en\":\"Capacity\"}}]}";
    DictFile file = {.path = STR("Slot.json")};
    Ctx lasting = house->ctx;
    lasting.arena = house->stays;
    TRY(json_read(&lasting, str_of(text), JSON_LIMITS_DEFAULT, &file.content));
    return dictionary_compile(&lasting, &file, 1, false, &house->options.dictionary);
}

static bool house_make(House *house, const char *base, unsigned slots) {
    *house = (House){.clock = {.fixed = TIME_NONE}, .rand = rand_seeded(7), .slots = slots};
    house->stays = arena_new(1u << 30);
    house->ctx = (Ctx){.arena = arena_new(1u << 30), .clock = &house->clock, .rand = &house->rand};
    house->ctx.scratch = arena_new(64 << 20);
    snprintf(house->folder, sizeof house->folder, "%s/attempts-XXXXXX", base);
    if (!mkdtemp(house->folder)) return failed(house, "no folder");
    house->options = (LedgerOptions){.folder = str_fmt(house->stays, "%s/data", house->folder),
                                     .key_file = str_fmt(house->stays, "%s/key", house->folder),
                                     .clock = &house->clock};
    if (dictionary_make(house) != RC_OK) return failed(house, "dictionary");
    return true;
}

bool attempts_run(const char *base, uint64_t attempts, unsigned slots, Attempts *out) {
    House *house = mem_zero(sizeof *house);
    char command[600];
    Acks acks = {0};
    *out = (Attempts){0};
    int64_t began = time_monotonic();
    bool good = house_make(house, base, slots);
    for (uint64_t life = 1; good && out->tried < attempts; life++)
        good = one_life(house, life, out, &acks);
    out->seconds = (double)(time_monotonic() - began) / 1e6;
    good = good && all_check(house, &acks, out);
    snprintf(command, sizeof command, "rm -rf '%s'", house->folder);
    if (system(command) != 0) good = false;
    arena_free(house->stays);
    arena_free(house->ctx.arena);
    arena_free(house->ctx.scratch);
    mem_free(house);
    return good;
}
