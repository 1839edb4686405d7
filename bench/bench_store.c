/* bench_store: what the store alone can do: leaves per second by batch, state rows per second,
   candidates of a query. The folder is made in BENCH_FOLDER (.) so that the disk measured is the
   one meant. */
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LEAVES = 200000, LEAF_BYTES = 400, ENTITIES = 200000, SLICE = 2000, HITS = 20 };

typedef struct Bench {
    Ctx ctx;
    Rand rand;
    Store *store;
    char folder[512];
} Bench;

static void must(const Bench *b, Rc rc) {
    if (rc == RC_OK) return;
    fprintf(stderr, "bench_store: " STR_FMT "\n", STR_ARG(b->ctx.error.detail));
    exit(1);
}

static double seconds_since(int64_t start) {
    return (double)(time_monotonic() - start) / 1e6;
}

static int compare_times(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void append_batch(Bench *b, Writer *writer, size_t n) {
    static char bytes[LEAF_BYTES];
    must(b, writer_begin(&b->ctx, writer));
    for (size_t i = 0; i < n; i++) {
        Leaf leaf = {.position = writer_head(writer) + 1, .bytes = {bytes, sizeof bytes}};
        rand_bytes(&b->rand, bytes, 16);
        leaf.time = time_now(b->ctx.clock);
        uint64_t millis = (uint64_t)(leaf.time / 1000) << 16;
        for (int k = 0; k < 6; k++)
            leaf.command.bytes[k] = (uint8_t)(millis >> (56 - 8 * k));
        rand_bytes(&b->rand, leaf.command.bytes + 6, 10);
        leaf.hash = hash_sha256(leaf.bytes);
        must(b, writer_append(&b->ctx, writer, &leaf));
    }
    must(b, writer_commit(&b->ctx, writer));
    arena_reset(b->ctx.arena);
}

/* Processor seconds of all threads: what is left to say on a machine that is busy otherwise. */
static double processor(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Syncs per second of the bare disk, each after as many bytes as a commit of so many leaves writes.
 */
static double bare_syncs(const Bench *b, size_t leaves) {
    enum { ROUNDS = 300 };
    char path[600];
    snprintf(path, sizeof path, "%s/bare", b->folder);
    size_t len = leaves * (LEAF_BYTES + 100);
    char *bytes = mem_zero(len * ROUNDS);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    bool ok =
        fd >= 0 && pwrite(fd, bytes, len * ROUNDS, 0) == (ssize_t)(len * ROUNDS) && fsync(fd) == 0;
    int64_t start = time_monotonic();
    for (size_t i = 0; ok && i < ROUNDS; i++)
        ok = pwrite(fd, bytes, len, (off_t)(i * len)) == (ssize_t)len && fdatasync(fd) == 0;
    double seconds = seconds_since(start);
    if (!ok || close(fd) != 0 || unlink(path) != 0) perror(path);
    mem_free(bytes);
    return ROUNDS / seconds;
}

static void append(Bench *b, Writer *writer, size_t per_commit) {
    size_t commits = LEAVES / per_commit;
    double syncs = bare_syncs(b, per_commit), before_all = processor();
    int64_t *times = mem_alloc(commits * sizeof *times), start = time_monotonic();
    for (size_t i = 0; i < commits; i++) {
        int64_t before = time_monotonic();
        append_batch(b, writer, per_commit);
        times[i] = time_monotonic() - before;
    }
    double seconds = seconds_since(start), busy = processor() - before_all;
    qsort(times, commits, sizeof *times, compare_times);
    printf("append, %zu leaves of %d B a commit\t-\t%.0f\tleaves/s\n", per_commit, LEAF_BYTES,
           (double)(commits * per_commit) / seconds);
    printf("the same, of the bare disk's syncs\t-\t%.2f\tratio\n",
           (double)commits / seconds / syncs);
    printf("the same, processor time\t-\t%.2f\tus/leaf\n", busy * 1e6 / LEAVES);
    printf("commit of %zu leaves, p99\t-\t%.2f\tms\n", per_commit,
           (double)times[commits * 99 / 100] / 1e3);
    mem_free(times);
}

static void put_entity(Bench *b, Batch *batch, size_t i, uint64_t position) {
    static char body[500];
    char id[64];
    int len = snprintf(id, sizeof id, "urn:ngsi-ld:Sensor:%08zu", i);
    Json value = {
        .kind = JSON_NUMBER, .is_int = 1, .value.integer = (int64_t)(i * 7919 % ENTITIES)};
    EntityPut put = {.id = {id, (size_t)len}, .position = position, .body = {body, sizeof body}};
    vec_push(b->ctx.arena, &put.types, STR("https://example.org/Sensor"));
    vec_push(b->ctx.arena, &put.values, (IndexValue){STR("https://example.org/level"), &value});
    must(b, batch_entity(&b->ctx, batch, &put));
}

static void upsert(Bench *b, Batch *batch, const char *what, uint64_t position) {
    double before_all = processor();
    int64_t start = time_monotonic();
    for (size_t i = 0; i < ENTITIES; i += SLICE) {
        must(b, batch_begin(&b->ctx, batch, BATCH_LAZY));
        for (size_t k = i; k < i + SLICE; k++)
            put_entity(b, batch, k, position);
        must(b, batch_commit(&b->ctx, batch));
        arena_reset(b->ctx.arena);
    }
    printf("%s, one index\t-\t%.0f\trows/s\n", what, ENTITIES / seconds_since(start));
    printf("the same, processor time\t-\t%.2f\tus/row\n",
           (processor() - before_all) * 1e6 / ENTITIES);
}

static bool count_row(void *arg, const EntityRow *row) {
    (void)row;
    ++*(size_t *)arg;
    return true;
}

static void ask(Bench *b, Reader *reader, const char *what, MatchOp op, bool indexed) {
    Json bound = {.kind = JSON_NUMBER, .is_int = 1, .value.integer = HITS - 1};
    MatchHint hint = {0};
    vec_push(b->ctx.arena, &hint.types, STR("https://example.org/Sensor"));
    Str attr = indexed ? STR("https://example.org/level") : STR("https://example.org/other");
    vec_push(b->ctx.arena, &hint.bounds, (MatchBound){attr, op, &bound});
    size_t count = 0, rounds = indexed ? 1000 : 3;
    int64_t start = time_monotonic();
    for (size_t i = 0; i < rounds; i++)
        must(b, reader_entities(&b->ctx, reader, &(EntityScan){.hint = &hint}, count_row, &count));
    printf("%s, %zu candidates of %d\t-\t%.3f\tms\n", what, count / rounds, ENTITIES,
           seconds_since(start) * 1e3 / (double)rounds);
}

static void measure(Bench *b) {
    Writer *writer;
    Batch *batch;
    Reader *reader;
    must(b, writer_open(&b->ctx, b->store, &writer));
    append(b, writer, 50);
    append(b, writer, 200);
    writer_close(writer);
    must(b, batch_open(&b->ctx, b->store, STORE_STATE, &batch));
    must(b, batch_begin(&b->ctx, batch, BATCH_LAZY));
    must(b, batch_index(&b->ctx, batch, STR("https://example.org/level")));
    must(b, batch_index_ready(&b->ctx, batch, STR("https://example.org/level")));
    must(b, batch_commit(&b->ctx, batch));
    upsert(b, batch, "new state rows in order", 1);
    upsert(b, batch, "state rows rewritten", 2);
    batch_close(batch);
    must(b, reader_open(&b->ctx, b->store, &reader));
    ask(b, reader, "query by index", MATCH_LE, true);
    ask(b, reader, "query by walk", MATCH_LE, false);
    reader_close(reader);
    StoreCounts counts = store_counts(b->store);
    fprintf(stderr, "%llu commits, %llu syncs, %llu checkpoints, %llu log restarts\n",
            (unsigned long long)counts.commits, (unsigned long long)counts.syncs,
            (unsigned long long)counts.checkpoints, (unsigned long long)counts.log_restarts);
}

static void remove_folder(const char *folder) {
    static const char *const names[] = {"ledger.db", "state.db", "local.db"};
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[600];
    for (size_t i = 0; i < 9; i++) {
        snprintf(path, sizeof path, "%s/%s%s", folder, names[i / 3], ends[i % 3]);
        if (unlink(path) != 0 && i % 3 == 0) perror(path);
    }
    snprintf(path, sizeof path, "%s/lock", folder);
    if (unlink(path) != 0) perror(path);
    snprintf(path, sizeof path, "%s/files", folder);
    if (rmdir(path) != 0 || rmdir(folder) != 0) perror(folder);
}

int main(void) {
    Clock clock = {.fixed = TIME_NONE};
    Bench b = {.rand = rand_seeded(1)};
    b.ctx = (Ctx){.arena = arena_new(256 << 20),
                  .scratch = arena_new(1 << 20),
                  .clock = &clock,
                  .rand = &b.rand};
    const char *parent = getenv("BENCH_FOLDER");
    snprintf(b.folder, sizeof b.folder, "%s/bench-store-%ld", parent ? parent : ".",
             (long)getpid());
    must(&b, store_open(&b.ctx, &(StoreOptions){.folder = str_of(b.folder)}, &b.store));
    measure(&b);
    store_close(b.store);
    remove_folder(b.folder);
    arena_free(b.ctx.arena);
    arena_free(b.ctx.scratch);
    return 0;
}
