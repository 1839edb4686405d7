/* The parent. crash [kill|torn|no-sync]: so many lives end by kill -9 at random moments (100;
   MACHI_TEST_LONG=1: 1 000), over plain files or over a layer that drops and tears what was not
   synced; each is followed by a comparison of every projection with a rebuild, each folder's last
   by one of what a subscriber was told with what was acknowledged. no-sync lives without syncs over
   that layer and succeeds only if the loss is found. MACHI_CRASH_SEED repeats a run as far as the
   machine lets it. */
#include "heard.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <poll.h>
#include <unistd.h>

enum { LIVES = 30, LIVES_LONG = 1000, LIVES_PER_FOLDER = 10, LIVES_NO_SYNC = 30 };

typedef struct Run {
    bool torn, no_sync;
    int lives;
    uint64_t seed;
    Rand rand;
    char root[64];
    CrashKnown known;
    Heard *heard; /* NULL without syncs: what is lost would not be told either */
    uint64_t told;
    uint64_t lost;         /* lives that began without local.db */
    uint64_t acks, silent; /* all acknowledgements; lives killed before the first one */
    uint64_t erasures;     /* of the acknowledgements */
} Run;

static void new_folder(Run *run, Arena *arena) {
    const char *disk = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(run->root, sizeof run->root, "%s/machi-crash-XXXXXX", disk);
    if (!mkdtemp(run->root)) abort();
    run->known = (CrashKnown){0};
    if (!run->no_sync) return;
    /* the folder itself is made whole, so that acknowledged writes are what gets lost */
    Str wrong = crash_check(run->root, &run->known, arena);
    if (wrong.len) abort();
}

static void drop_folder(const Run *run) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", run->root);
    if (system(command) != 0) abort();
}

static pid_t start_child(const Run *run, const char *self, int *from_child) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    pid_t pid = fork();
    if (pid < 0) abort();
    if (pid == 0) {
        char seed[24], fd[12], port[12];
        close(ends[0]);
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
        snprintf(fd, sizeof fd, "%d", ends[1]);
        snprintf(port, sizeof port, "%d", run->heard ? heard_port(run->heard) : 0);
        execl(self, self, "live", run->root, seed, run->torn ? "torn" : "plain",
              run->no_sync ? "no-sync" : "sync", fd, port, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *from_child = ends[0];
    return pid;
}

static void learn(Run *run, const CrashAck *ack) {
    CrashKnown *known = &run->known;
    if (ack->slot < CRASH_SLOTS && ack->count > known->counts[ack->thread][ack->slot])
        known->counts[ack->thread][ack->slot] = ack->count;
    run->erasures += ack->slot > CRASH_SLOTS;
    if (ack->slot > CRASH_SLOTS && ack->position > known->erased[ack->slot - CRASH_SLOTS - 1])
        known->erased[ack->slot - CRASH_SLOTS - 1] = ack->position;
    if (ack->position > known->highest) known->highest = ack->position;
    known->acks++;
    run->acks++;
}

/* Reads acknowledgements until the time is over or the pipe ends; `drain`: until it ends. */
static size_t read_acks(Run *run, int fd, int64_t until, bool drain) {
    size_t n = 0;
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = until - time_monotonic();
        if (!drain && left <= 0) return n;
        if (!drain && poll(&ready, 1, (int)(left / 1000) + 1) <= 0) continue;
        CrashAck ack;
        if (read(fd, &ack, sizeof ack) != sizeof ack) return n;
        learn(run, &ack);
        n++;
    }
}

/* Most die some moments after their first acknowledgement, some while they open the folder. */
static int64_t moment_of_death(Run *run, int fd) {
    int64_t now = time_monotonic();
    if (rand_below(&run->rand, 8) == 0) return now + (int64_t)rand_below(&run->rand, 60000);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    (void)poll(&ready, 1, 20000);
    return time_monotonic() + (int64_t)rand_below(&run->rand, 40000);
}

/* local.db may go at any time: what it held is told again, by what the ledger says. */
static void lose_local(Run *run) {
    char command[128];
    if (rand_below(&run->rand, 4)) return;
    snprintf(command, sizeof command, "rm -f %s/data/local.db*", run->root);
    if (system(command) != 0) abort();
    run->lost++;
}

/* One life and its end. Gives the status with which the child ended by itself; 0: it lived until it
 * was killed. */
static int one_life(Run *run, const char *self) {
    int fd, status;
    size_t acks = 0;
    run->seed = rand_u64(&run->rand);
    lose_local(run);
    pid_t pid = start_child(run, self, &fd);
    int64_t until = moment_of_death(run, fd);
    acks += read_acks(run, fd, until, false);
    kill(pid, SIGKILL);
    acks += read_acks(run, fd, 0, true);
    close(fd);
    waitpid(pid, &status, 0);
    run->silent += acks == 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static bool last_of_folder(const Run *run, int life) {
    return (life + 1) % LIVES_PER_FOLDER == 0 || life + 1 == run->lives;
}

/* The first thing found wrong, or an empty Str. */
static Str live_and_die(Run *run, const char *self, Arena *arena) {
    Str wrong = STR_NONE;
    for (int i = 0; i < run->lives && !wrong.len; i++) {
        arena_reset(arena);
        if (i % LIVES_PER_FOLDER == 0) {
            if (i) drop_folder(run);
            new_folder(run, arena);
        }
        int status = one_life(run, self);
        if (status) wrong = str_fmt(arena, "the child ended with status %d", status);
        if (!wrong.len) wrong = crash_check(run->root, &run->known, arena);
        if (!wrong.len && run->heard && last_of_folder(run, i)) {
            wrong = crash_check_heard(run->root, &run->known, run->heard, arena);
            run->told += heard_total(run->heard);
            heard_clear(run->heard);
        }
        if (wrong.len && !run->no_sync)
            fprintf(stderr, "life %d of seed %llu: " STR_FMT "\n", i, (unsigned long long)run->seed,
                    STR_ARG(wrong));
    }
    if (!wrong.len || run->no_sync) drop_folder(run); /* else it stays for whoever looks into it */
    return wrong;
}

_Noreturn static void run_as_child(char **argv) {
    crash_live(&(CrashPlan){.root = argv[2],
                            .seed = strtoull(argv[3], NULL, 10),
                            .torn = strcmp(argv[4], "torn") == 0,
                            .no_sync = strcmp(argv[5], "no-sync") == 0,
                            .pipe = atoi(argv[6]),
                            .port = atoi(argv[7])});
}

int main(int argc, char **argv) {
    if (argc == 8) run_as_child(argv);
    const char *mode = argc > 1 ? argv[1] : "kill", *seed = getenv("MACHI_CRASH_SEED");
    const char *more = getenv("MACHI_TEST_LONG");
    bool no_sync = strcmp(mode, "no-sync") == 0;
    Rand rand = rand_system();
    uint64_t first = seed ? strtoull(seed, NULL, 10) : rand_u64(&rand);
    Run run = {.torn = no_sync || strcmp(mode, "torn") == 0,
               .no_sync = no_sync,
               .lives = no_sync         ? LIVES_NO_SYNC
                        : more && *more ? LIVES_LONG
                                        : LIVES,
               .rand = rand_seeded(first)};
    run.heard = no_sync ? NULL : heard_start();
    Arena *arena = arena_new((size_t)4 << 30);
    Str wrong = live_and_die(&run, argv[0], arena);
    printf("%s: %d lives, %llu acknowledged writes, %llu lives killed before their first, "
           "%llu without local.db, %llu notifications, %llu erasures, seed %llu: " STR_FMT "\n",
           mode, run.lives, (unsigned long long)run.acks, (unsigned long long)run.silent,
           (unsigned long long)run.lost, (unsigned long long)run.told,
           (unsigned long long)run.erasures, (unsigned long long)first,
           STR_ARG(wrong.len ? wrong : STR("everything is there")));
    bool good = no_sync ? str_find(wrong, STR("was acknowledged")) >= 0
                        : !wrong.len && run.silent < (uint64_t)run.lives / 2;
    arena_free(arena);
    return good ? 0 : 1;
}
