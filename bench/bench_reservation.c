/* bench_reservation: the opening of a reservation: attempts with kill -9 in between, durable
   confirmations, the waiting page on one core, and an opening minute, in which 34 000 wait over
   4 000 connections while those who are let in take 7 500 places. Folders are made in BENCH_FOLDER
   (.); BENCH_LONG=1 makes ten million attempts. */
#include "bare.h"
#include "cli/city.h"
#include "load.h"
#include "procedure/procedure.h"

#include "../test/crash/attempts.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CONFIRMATIONS = 30000,
    IN_FLIGHT = 256,
    TICKETS = 34000,
    CONNECTIONS = 4000,
    PLACES = 7500, /* of SLOT_UNITS each: 1 500 slots */
    SLOT_UNITS = 5,
    OPENING_SECONDS = 60,
    WAIT_SECONDS = 5,
    WAIT_PAGE = 700, /* bytes */
    CLIENTS = 64,
    ATTEMPTS = 100000,
    ATTEMPTS_LONG = 10000000,
    ATTEMPT_SLOTS = 8000,
};

typedef struct Bench {
    Ctx ctx;
    Clock clock;
    Rand rand;
    City *city;
    char folder[512];
    atomic_size_t waiting, booked, refused;
} Bench;

static void must(const Bench *b, Rc rc) {
    if (rc == RC_OK) return;
    fprintf(stderr, "bench_reservation: " STR_FMT "\n", STR_ARG(b->ctx.error.detail));
    exit(1);
}

static const char *base_folder(void) {
    const char *in = getenv("BENCH_FOLDER");
    return in ? in : ".";
}

/* In the opening hour of the starter's vaccinations: the room's, and the pages', clock stands
 * still. */
static void city_make(Bench *b) {
    snprintf(b->folder, sizeof b->folder, "%s/bench-reservation-XXXXXX", base_folder());
    if (!mkdtemp(b->folder)) exit(1);
    b->clock.fixed = time_jst_start((Date){2026, 11, 15}) + 8 * TIME_HOUR + 30 * TIME_MINUTE;
    b->rand = rand_system();
    b->ctx = (Ctx){.arena = arena_new(1 << 30), .clock = &b->clock, .rand = &b->rand};
    b->ctx.scratch = arena_new(1 << 30);
    CityOptions options = {.data = str_of(b->folder),
                           .host = STR("127.0.0.1"),
                           .loops = 1,
                           .pool = 2,
                           .hold_share = 100,
                           .hold_network = 10000};
    must(b, city_open(&b->ctx, &options, &b->city));
    b->ctx.tenant = city_tenant(b->city, STR_NONE);
    b->ctx.arena = arena_new(1 << 30);
    must(b, reader_open(&b->ctx, ledger_store(b->ctx.tenant->ledger), &b->ctx.db));
}

static void folder_drop(const char *folder) {
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) fprintf(stderr, "bench_reservation: %s is left\n", folder);
}

static void city_drop(Bench *b) {
    reader_close(b->ctx.db);
    city_close(b->city);
    folder_drop(b->folder);
}

/* ---- confirmations ---- */

typedef struct Booking {
    Bench *bench;
    int64_t begun;
    double *took; /* ms; NULL: not asked for */
} Booking;

static void booked(void *arg, Command *command, const Outcome *outcome) {
    Booking *booking = arg;
    Bench *b = booking->bench;
    if (booking->took) *booking->took = (double)(time_monotonic() - booking->begun) / 1000;
    atomic_fetch_add(outcome->rc == RC_OK ? &b->booked : &b->refused, 1);
    command_free(command);
    atomic_fetch_sub(&b->waiting, 1);
}

static PartSlot *part_of(Command *command, size_t number, size_t slot) {
    Arena *arena = command_arena(command);
    PartSlot *part = NEW(arena, PartSlot);
    BookTime time = {
        {2026, 12, 1 + (int)(slot / 96) % 28}, (int)(slot % 96) * 15, (int)(slot % 96) * 15 + 15};
    Str place = str_fmt(arena, "p%zu", slot / (96 * 28));
    *part = (PartSlot){.slot = book_slot_at(arena, STR("bench"), place, time),
                       .resource = STR("bench"),
                       .place = place,
                       .day = time.day,
                       .from = time.from,
                       .until_minute = time.until,
                       .capacity = SLOT_UNITS,
                       .name = str_fmt(arena, "urn:ngsi-ld:Application:bench%zu", number),
                       .units = 1,
                       .until = INT64_MAX};
    command_needs(command, part->slot);
    return part;
}

/* What a resident's last press does to slot and case: the hold becomes a booking and the case is
 * put. */
static void confirm(Bench *b, size_t number, size_t slot, double *took) {
    Command *command =
        command_new(b->ctx.tenant->ledger,
                    (CommandHead){.kind = STR("application.submit"), .channel = STR("web")});
    Arena *arena = command_arena(command);
    Booking *booking = NEW(arena, Booking);
    PartSlot *part = part_of(command, number, slot);
    Entity *application = entity_new(arena, part->name, STR(CASE_TYPE));
    PartSubmit *submit = NEW(arena, PartSubmit);
    part->hold = part->name;
    entity_set(arena, application, STR(LD_DEFAULT "procedure"), json_of_str(STR("vaccine-slot")));
    entity_set_kind(arena, application, ATTR_RELATIONSHIP, STR(LD_DEFAULT "applicant"),
                    json_of_str(str_fmt(arena, "urn:ngsi-ld:Person:bench%zu", number)));
    entity_set(arena, application, STR(LD_DEFAULT "name"), json_of_str(STR("見本 花子")));
    *submit = (PartSubmit){.application = application,
                           .counter = counter_id(arena, STR("bench"), 2026),
                           .fiscal_year = 2026};
    command_needs(command, application->id);
    command_needs(command, submit->counter);
    command_add(command, &part_slot_book, part);
    command_add(command, &part_case_submit, submit);
    *booking = (Booking){b, time_monotonic(), took};
    atomic_fetch_add(&b->waiting, 1);
    must(b, ledger_submit(&b->ctx, b->ctx.tenant->ledger, command, booked, booking));
}

static void wait_below(Bench *b, size_t limit) {
    while (atomic_load(&b->waiting) >= limit)
        usleep(20);
}

static void confirmations_measure(Bench *b) {
    int64_t began = time_monotonic();
    for (size_t i = 0; i < CONFIRMATIONS; i++) {
        wait_below(b, IN_FLIGHT);
        confirm(b, i, i % (CONFIRMATIONS / SLOT_UNITS), NULL);
        if (i % 1000 == 0) arena_reset(b->ctx.arena);
    }
    wait_below(b, 1);
    load_row("confirmations, 256 at once: slot, case and number, durable", ">=2000",
             CONFIRMATIONS * 1e6 / (double)(time_monotonic() - began), "per s");
    if (b->refused || b->booked != CONFIRMATIONS) {
        fprintf(stderr, "bench_reservation: %zu were refused\n", (size_t)b->refused);
        exit(1);
    }
}

/* ---- the waiting page ---- */

/* In a process of its own on the first core; a ticket of its room goes to the file. */
static void serve(void *arg, ServeReport report) {
    Bench *b = mem_zero(sizeof *b);
    const char *to = arg;
    city_make(b);
    const Definition *definition = catalogue_resource(
        procedures_catalogue(b->ctx.tenant), STR("vaccine"), time_jst_date(b->clock.fixed));
    Str ticket = STR_NONE;
    for (int i = 0; i < TICKETS; i++)
        ticket = wait_ticket(&b->ctx, definition);
    FILE *file = fopen(to, "w");
    if (!file) exit(1);
    fprintf(file, "/wait/vaccine/" STR_FMT "\n%s\n", STR_ARG(ticket), b->folder);
    fclose(file);
    report(city_port(b->city));
    for (;;)
        pause();
}

static void said_read(const char *from, char *path, char *folder) {
    FILE *file = fopen(from, "r");
    if (!file || fscanf(file, "%199s %511s", path, folder) != 2) exit(1);
    fclose(file);
}

/* Seconds of CPU that a process has had. */
static double cpu_seconds(pid_t pid) {
    char path[64];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    int found = file ? fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                              &user, &system)
                     : 0;
    if (file) fclose(file);
    return found == 2 ? (double)(user + system) / (double)sysconf(_SC_CLK_TCK) : 0;
}

typedef struct Loaded {
    double rate, micros; /* answers a second, CPU of each */
} Loaded;

static Loaded loaded(Served served, const char *path, int connections) {
    double before = cpu_seconds(served.pid);
    double rate = load_get(served.port, path, connections, WAIT_SECONDS);
    return (Loaded){rate, (cpu_seconds(served.pid) - before) / (rate * WAIT_SECONDS) * 1e6};
}

static void bare(void *arg, ServeReport report) {
    bare_serve(*(const size_t *)arg, report);
}

/* The engine alone with as many bytes stands beside it: on a machine that does other work, CPU is
   the figure to trust. */
static void waiting_measure(void) {
    char said[] = "/tmp/bench-room-XXXXXX", path[200], folder[512];
    size_t size = WAIT_PAGE;
    int fd = mkstemp(said);
    if (fd < 0) exit(1);
    close(fd);
    Served served = load_serve(serve, said), engine = load_serve(bare, &size);
    said_read(said, path, folder);
    unlink(said);
    Loaded reference = loaded(engine, "/", CLIENTS), page = loaded(served, path, CLIENTS);
    load_row("waiting page of one of 34 000, 64 connections, one core", ">=50000", page.rate,
             "per s");
    load_row("waiting page: CPU", "<=20", page.micros, "us/answer");
    load_row("the engine alone, as many bytes", "-", reference.rate, "per s");
    load_row("the engine alone: CPU", "-", reference.micros, "us/answer");
    load_row("waiting page, 4 000 connections, one core", "-",
             loaded(served, path, CONNECTIONS).rate, "per s");
    load_end(engine);
    load_end(served);
    folder_drop(folder);
}

/* ---- the opening minute ---- */

/* As many as are let in confirm, evenly over a minute, while all others ask for their place. */
static void opening_measure(Bench *b) {
    double *took = mem_zero(PLACES * sizeof *took);
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/wait/vaccine/", city_port(b->city));
    const Definition *definition = catalogue_resource(
        procedures_catalogue(b->ctx.tenant), STR("vaccine"), time_jst_date(b->clock.fixed));
    Str ticket = STR_NONE, count = str_fmt(b->ctx.arena, "-c%d", CONNECTIONS);
    for (int i = 0; i < TICKETS; i++)
        ticket = wait_ticket(&b->ctx, definition);
    const char *whole =
        str_z(b->ctx.arena, str_fmt(b->ctx.arena, "%s" STR_FMT, url, STR_ARG(ticket)));
    b->booked = b->refused = 0;
    pid_t crowd = fork();
    if (crowd == 0) {
        if (!freopen("/dev/null", "w", stdout)) _exit(1);
        execlp("wrk", "wrk", "-t1", str_z(b->ctx.arena, count), "-d60", whole, (char *)NULL);
        _exit(1);
    }
    int64_t began = time_monotonic();
    for (size_t i = 0; i < PLACES; i++) {
        time_sleep_until(began + (int64_t)i * OPENING_SECONDS * TIME_SECOND / PLACES);
        confirm(b, CONFIRMATIONS + i, CONFIRMATIONS + i % (PLACES / SLOT_UNITS), &took[i]);
        if (i % 500 == 0) arena_reset(b->ctx.arena);
    }
    wait_below(b, 1);
    kill(crowd, SIGTERM);
    waitpid(crowd, NULL, 0);
    size_t got = atomic_load(&b->booked);
    load_median(took, PLACES); /* sorts */
    load_row("opening minute, 34 000 tickets, 4 000 connections: places taken", ">=7500",
             (double)got, "of 7 500");
    load_row("opening minute: p99 of a confirmation at the admitted rate", "<200",
             took[PLACES * 99 / 100], "ms");
    mem_free(took);
}

/* ---- attempts ---- */

static void attempts_measure(void) {
    Attempts got;
    bool all = getenv("BENCH_LONG") && *getenv("BENCH_LONG") == '1';
    if (!attempts_run(base_folder(), all ? ATTEMPTS_LONG : ATTEMPTS, all ? 60000 : ATTEMPT_SLOTS,
                      &got))
        exit(1);
    char name[120];
    snprintf(name, sizeof name, "double bookings in %llu attempts with %llu kill -9",
             (unsigned long long)got.tried, (unsigned long long)got.kills);
    load_row(name, "<1", (double)(got.beyond + got.lost), "units");
    load_row("attempts, restarts included", "-", (double)got.tried / got.seconds, "per s");
}

/* One part alone where it is named. */
int main(int argc, char **argv) {
    Bench *b = mem_zero(sizeof *b);
    const char *part = argc > 1 ? argv[1] : "";
    if (!*part || strcmp(part, "attempts") == 0) attempts_measure();
    if (!*part || strcmp(part, "waiting") == 0) waiting_measure();
    if (*part && strcmp(part, "opening") != 0) return 0;
    city_make(b);
    confirmations_measure(b);
    opening_measure(b);
    city_drop(b);
    return 0;
}
