#include "cli_int.h"

#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 20000, IN_FLIGHT = 256, SYNCS = 200, ENTITIES = 1000, BLOCK = 4096 };

/* A ledger in a folder of its own, which is removed again. */
typedef struct Trial {
    Ctx *ctx;
    Str folder;
    Ledger *ledger;
    atomic_size_t waiting, refused;
} Trial;

static Rc no_folder(Ctx *ctx, Str folder) {
    return ctx_fail(ctx, RC_FAILED, "no-folder", folder,
                    "A folder for the trial cannot be made or written here: %s.", strerror(errno));
}

/* ---- the disk alone ---- */

static Rc syncs_measure(Ctx *ctx, Str folder, double *per_second) {
    char block[BLOCK] = {0};
    Str path = str_fmt(ctx->arena, STR_FMT "/sync", STR_ARG(folder));
    int fd = open(str_z(ctx->arena, path), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return no_folder(ctx, folder);
    bool ok = true;
    int64_t begin = time_monotonic();
    for (int i = 0; i < SYNCS && ok; i++)
        ok = pwrite(fd, block, sizeof block, (off_t)i * BLOCK) == BLOCK && fdatasync(fd) == 0;
    *per_second = SYNCS * 1e6 / (double)(time_monotonic() - begin);
    close(fd);
    unlink(str_z(ctx->arena, path));
    return ok ? RC_OK : no_folder(ctx, folder);
}

/* ---- the ledger ---- */

static void command_done(void *arg, Command *command, const Outcome *outcome) {
    Trial *trial = arg;
    if (outcome->rc != RC_OK) atomic_fetch_add(&trial->refused, 1);
    command_free(command);
    atomic_fetch_sub(&trial->waiting, 1);
}

static void wait_below(Trial *trial, size_t limit) {
    const struct timespec pause = {.tv_nsec = 20000};
    while (atomic_load(&trial->waiting) >= limit)
        nanosleep(&pause, NULL);
}

static Rc command_send(Trial *trial, size_t number) {
    Command *command =
        command_new(trial->ledger, (CommandHead){.kind = STR("bench"), .channel = STR("cli")});
    Arena *arena = command_arena(command);
    Str id = str_fmt(arena, "urn:machi:bench:%zu", number % ENTITIES);
    Entity *entity = entity_new(arena, id, STR("urn:machi:Bench"));
    entity_set(arena, entity, STR("urn:machi:value"), json_of_int((int64_t)number));
    command_put(command, &(Delta){.op = DELTA_PUT, .id = id, .after = entity}, PUT_ANY, 0);
    wait_below(trial, IN_FLIGHT);
    atomic_fetch_add(&trial->waiting, 1);
    Rc rc = ledger_submit(trial->ctx, trial->ledger, command, command_done, trial);
    if (rc == RC_OK) return rc;
    atomic_fetch_sub(&trial->waiting, 1);
    command_free(command);
    return rc;
}

static Rc commands_measure(Trial *trial, double *per_second) {
    Rc rc = RC_OK;
    int64_t begin = time_monotonic();
    for (size_t i = 0; i < COMMANDS && rc == RC_OK; i++)
        rc = command_send(trial, i);
    wait_below(trial, 1);
    *per_second = COMMANDS * 1e6 / (double)(time_monotonic() - begin);
    if (rc == RC_OK && atomic_load(&trial->refused))
        rc = ctx_fail(trial->ctx, RC_FAILED, "refused", STR_NONE,
                      "%zu commands of the trial were refused.", atomic_load(&trial->refused));
    return rc;
}

/* Without a state projection the ledger pushes back at its limit, which the trial stays below. */
static Rc ledger_measure(Trial *trial, double *per_second) {
    Ctx *ctx = trial->ctx;
    Reader *db;
    const Dictionary *dictionary;
    TRY(dictionary_compile(ctx, NULL, 0, false, &dictionary));
    LedgerOptions options = {
        .folder = str_fmt(ctx->arena, STR_FMT "/tenant", STR_ARG(trial->folder)),
        .key_file = str_fmt(ctx->arena, STR_FMT "/key", STR_ARG(trial->folder)),
        .dictionary = dictionary,
        .clock = ctx->clock};
    TRY(ledger_open(ctx, &options, &trial->ledger));
    Rc rc = reader_open(ctx, ledger_store(trial->ledger), &db);
    if (rc == RC_OK) {
        ctx->db = db;
        rc = commands_measure(trial, per_second);
        ctx->db = NULL;
        reader_close(db);
    }
    ledger_close(trial->ledger);
    return rc;
}

static void folder_remove(Ctx *ctx, Str folder) {
    static const char *const names[] = {"tenant/ledger.db",
                                        "tenant/ledger.db-wal",
                                        "tenant/ledger.db-shm",
                                        "tenant/state.db",
                                        "tenant/state.db-wal",
                                        "tenant/state.db-shm",
                                        "tenant/local.db",
                                        "tenant/local.db-wal",
                                        "tenant/local.db-shm",
                                        "tenant/lock",
                                        "tenant/files/tmp",
                                        "tenant/files",
                                        "tenant",
                                        "key",
                                        "key.erasures",
                                        ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)remove(
            str_z(ctx->arena, str_fmt(ctx->arena, STR_FMT "/%s", STR_ARG(folder), names[i])));
}

static Rc bench(Cli *cli) {
    Ctx *ctx = cli_ctx(cli);
    Str base = settings_text(cli_settings(cli), "data");
    char *folder =
        (char *)str_z(ctx->arena, str_fmt(ctx->arena, STR_FMT "-bench-XXXXXX", STR_ARG(base)));
    if (!mkdtemp(folder)) return no_folder(ctx, base);
    Trial trial = {.ctx = ctx, .folder = str_of(folder)};
    double syncs = 0, commands = 0;
    Rc rc = syncs_measure(ctx, trial.folder, &syncs);
    if (rc == RC_OK) rc = ledger_measure(&trial, &commands);
    folder_remove(ctx, trial.folder);
    if (rc != RC_OK) return rc;
    fprintf(cli_out(cli), "disk       %10.0f syncs of 4 KiB per second\n", syncs);
    fprintf(cli_out(cli), "ledger     %10.0f durable commands per second, %d in flight\n", commands,
            IN_FLIGHT);
    fprintf(cli_out(cli), "group      %10.1f commands for each sync that the disk could do\n",
            commands / syncs);
    return RC_OK;
}

static const char *const bench_settings[] = {"data", NULL};

const CliCommand cmd_bench = {
    .name = "bench",
    .summary = "Measure what this disk and this machine can do",
    .description =
        "Measures, in a folder beside the data that is removed again, how often the disk syncs\n"
        "and how many durable commands the ledger takes. Needs no running server and touches\n"
        "no data of yours; run it on the volume that will hold the city.",
    .settings = bench_settings,
    .run = bench,
};
