/* Every I/O step may fail, and the power may go at any of them: what was acknowledged is there,
   nothing is there by half, and nothing leaks. Without syncs the same tests lose data, so they can
   fail. */
#include "fixture.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 3, TEAR_ROUNDS = 90, KILL_ROUNDS = 25 };

#define ROWS  SPACE(STORE_STATE, "rows")
#define QUEUE SPACE(STORE_LOCAL, "queue")

/* ---- what fails ---- */

typedef struct Faults {
    _Atomic long left; /* steps until it happens */
    bool once;         /* only that step fails, not all after it */
    const char *only;  /* counts these steps alone, or NULL */
    _Atomic bool happened;
    Tear *cut; /* cut when it happens, or NULL */
} Faults;

static bool fault_next(void *arg, const char *what) {
    Faults *faults = arg;
    if (faults->only && strcmp(faults->only, what) != 0) return true;
    if (atomic_load(&faults->happened)) return faults->once;
    if (atomic_fetch_sub(&faults->left, 1) > 0) return true;
    atomic_store(&faults->happened, true);
    if (faults->cut) tear_cut(faults->cut);
    return false;
}

/* ---- what a city does all day ---- */

/* What the store has acknowledged. */
typedef struct Acked {
    uint64_t head, queue, state;
    bool blob;
    Digest blob_id;
} Acked;

typedef struct Day {
    Fixture *f;
    Acked *acked;
    Store *store;
    Writer *writer;
    Batch *state, *local;
    Reader *reader;
} Day;

static Str number_bytes(Fixture *f, uint64_t number) {
    return str_fmt(f->ctx.arena, "%llu", (unsigned long long)number);
}

static Rc write_batch(Day *d) {
    Ctx *ctx = &d->f->ctx;
    TRY(writer_begin(ctx, d->writer));
    for (int i = 0; i < BATCH; i++) {
        Leaf leaf = fixture_leaf(d->f, writer_head(d->writer) + 1, "of the day");
        TRY(writer_append(ctx, d->writer, &leaf));
        KeyRow key = {.id = number_bytes(d->f, leaf.position),
                      .subject = STR("s"),
                      .wrapped = STR("wrapped"),
                      .position = leaf.position};
        TRY(writer_key(ctx, d->writer, &key));
    }
    TRY(writer_commit(ctx, d->writer));
    d->acked->head = writer_head(d->writer);
    return RC_OK;
}

static Rc follow(Day *d) {
    Ctx *ctx = &d->f->ctx;
    Leaf leaf;
    TRY(reader_leaf(ctx, d->reader, d->acked->head, &leaf));
    TRY(batch_begin(ctx, d->state, BATCH_LAZY));
    EntityPut put = {.id = STR("entity"), .position = leaf.position, .body = leaf.bytes};
    vec_push(ctx->arena, &put.types, STR("Type"));
    put.text = leaf.bytes;
    vec_push(ctx->arena, &put.boxes,
             (IndexBox){STR("location"), 1, 2, 3, (double)(4 + leaf.position % 7)});
    TRY(batch_entity(ctx, d->state, &put));
    TRY(batch_put(ctx, d->state, ROWS, &(Item){.key = STR("k"), .value = leaf.bytes}));
    Cursor cursor = {leaf.position, leaf.hash, 1};
    TRY(batch_cursor(ctx, d->state, STR("day"), &cursor));
    TRY(batch_commit(ctx, d->state));
    d->acked->state = leaf.position;
    return RC_OK;
}

static Rc enqueue(Day *d) {
    Ctx *ctx = &d->f->ctx;
    TRY(batch_begin(ctx, d->local, BATCH_DURABLE));
    Item item = {.key = STR("newest"), .value = number_bytes(d->f, d->acked->head)};
    TRY(batch_put(ctx, d->local, QUEUE, &item));
    TRY(batch_commit(ctx, d->local));
    d->acked->queue = d->acked->head;
    return RC_OK;
}

static Rc begin_day(Day *d, const StoreOptions *options) {
    Ctx *ctx = &d->f->ctx;
    TRY(store_open(ctx, options, &d->store));
    TRY(writer_open(ctx, d->store, &d->writer));
    TRY(batch_open(ctx, d->store, STORE_STATE, &d->state));
    TRY(batch_open(ctx, d->store, STORE_LOCAL, &d->local));
    return reader_open(ctx, d->store, &d->reader);
}

static Rc run_day(Day *d, const StoreOptions *options, int hours) {
    Ctx *ctx = &d->f->ctx;
    TRY(begin_day(d, options));
    for (int i = 0; i < hours; i++) {
        TRY(write_batch(d));
        TRY(follow(d));
        TRY(enqueue(d));
    }
    Digest id;
    TRY(blob_put(ctx, d->store, number_bytes(d->f, d->acked->head), &id));
    d->acked->blob_id = id;
    d->acked->blob = true;
    return writer_scrub(ctx, d->writer);
}

static void end_day(Day *d) {
    reader_close(d->reader);
    batch_close(d->local);
    batch_close(d->state);
    writer_close(d->writer);
    store_close(d->store);
}

static Rc a_day(Fixture *f, Acked *acked, const StoreOptions *options, int hours) {
    Day day = {.f = f, .acked = acked};
    Rc rc = run_day(&day, options, hours);
    end_day(&day);
    return rc;
}

/* ---- what must hold afterwards ---- */

typedef struct Walk {
    Fixture *f;
    uint64_t count;
    bool ok;
} Walk;

static bool walk_leaf(void *arg, const Leaf *leaf) {
    Walk *walk = arg;
    Leaf expected = fixture_leaf(walk->f, ++walk->count, "of the day");
    walk->ok = leaf->position == expected.position && str_eq(leaf->bytes, expected.bytes) &&
               memcmp(&leaf->hash, &expected.hash, sizeof leaf->hash) == 0;
    return walk->ok;
}

/* One sentence on what is wrong, or NULL. */
static const char *check_ledger(Fixture *f, Reader *reader, const Acked *acked) {
    uint64_t head;
    Walk walk = {.f = f, .ok = true};
    if (reader_head(&f->ctx, reader, &head) != RC_OK) return "the head cannot be read";
    if (head < acked->head) return "acknowledged leaves are lost";
    if (head % BATCH) return "half a batch is there";
    if (reader_leaves(&f->ctx, reader, (LeafSlice){1, SIZE_MAX}, walk_leaf, &walk) != RC_OK)
        return "the leaves cannot be read";
    if (!walk.ok || walk.count != head) return "leaves are damaged or missing";
    KeyRow key;
    for (uint64_t i = 1; i <= head; i++)
        if (reader_key(&f->ctx, reader, number_bytes(f, i), &key) != RC_OK)
            return "the key of a leaf is missing";
    if (reader_key(&f->ctx, reader, number_bytes(f, head + 1), &key) != RC_NOT_FOUND)
        return "a key has no leaf";
    return NULL;
}

static const char *check_state(Fixture *f, Reader *reader) {
    Cursor cursor;
    EntityRow entity;
    Leaf leaf;
    Str row;
    Rc rc = reader_cursor(&f->ctx, reader, STORE_STATE, STR("day"), &cursor);
    if (rc == RC_NOT_FOUND)
        return reader_item(&f->ctx, reader, ROWS, STR("k"), &row) == RC_NOT_FOUND
                   ? NULL
                   : "rows came without their cursor";
    if (rc != RC_OK) return "the cursor cannot be read";
    if (reader_leaf(&f->ctx, reader, cursor.position, &leaf) != RC_OK)
        return "the state is ahead of the ledger";
    if (memcmp(&leaf.hash, &cursor.leaf, sizeof leaf.hash) != 0)
        return "the cursor names another leaf";
    if (reader_entity(&f->ctx, reader, STR("entity"), &entity) != RC_OK ||
        entity.position != cursor.position || !str_eq(entity.body, leaf.bytes))
        return "entity and cursor differ";
    if (reader_item(&f->ctx, reader, ROWS, STR("k"), &row) != RC_OK || !str_eq(row, leaf.bytes))
        return "row and cursor differ";
    return NULL;
}

static const char *check_rest(Fixture *f, Store *store, Reader *reader, const Acked *acked) {
    Str bytes;
    int64_t queue = 0;
    Rc rc = reader_item(&f->ctx, reader, QUEUE, STR("newest"), &bytes);
    if (rc == RC_OK && !str_to_i64(bytes, &queue)) return "the queue is damaged";
    if (rc != RC_OK && rc != RC_NOT_FOUND) return "the queue cannot be read";
    if ((uint64_t)queue < acked->queue) return "a durable row is lost";
    if (acked->blob && blob_get(&f->ctx, store, &acked->blob_id, &bytes) != RC_OK)
        return "a file is lost";
    return NULL;
}

/* Opens the store as it lies on the disk and looks. A disk of its own saves the waiting for real
 * syncs. */
static const char *check(Fixture *f, Acked *acked) {
    Tear *disk = tear_new(1, 0);
    StoreFault fault = {.tear = disk};
    StoreOptions options = fixture_options(f);
    options.fault = &fault;
    Store *store;
    Reader *reader;
    const char *wrong = NULL;
    Rc rc = store_open(&f->ctx, &options, &store);
    if (rc != RC_OK) {
        tear_free(disk);
        return "the store cannot be opened";
    }
    assert_ok(reader_open(&f->ctx, store, &reader));
    wrong = check_ledger(f, reader, acked);
    if (!wrong) wrong = check_state(f, reader);
    if (!wrong) wrong = check_rest(f, store, reader, acked);
    if (!wrong) assert_ok(reader_head(&f->ctx, reader, &acked->head)); /* what is there, stays */
    reader_close(reader);
    store_close(store);
    tear_free(disk);
    return wrong;
}

static void assert_whole(Fixture *f, Acked *acked, const char *what, long n) {
    const char *wrong = check(f, acked);
    if (wrong)
        print_error("%s %ld: %s (" STR_FMT ")\n", what, n, wrong, STR_ARG(f->ctx.error.detail));
    assert_null(wrong);
}

static int open_files(void) {
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* ---- the nth step fails ---- */

static void fail_each_step(Fixture *f, bool once) {
    StoreOptions options = fixture_options(f);
    options.log_reserve = 64 << 10;
    Rc rc = RC_FAILED;
    long n = 0;
    for (Acked acked; rc != RC_OK; n++) {
        acked = (Acked){0};
        Tear *disk = tear_new(1, 0);
        Faults faults = {.left = n, .once = once};
        StoreFault fault = {.step = fault_next, .arg = &faults, .tear = disk};
        options.fault = &fault;
        int before = open_files();
        rc = a_day(f, &acked, &options, 2);
        assert_true(rc == RC_OK || rc == RC_FAILED);
        if (rc == RC_OK) assert_int_equal(acked.head, 2 * BATCH);
        tear_free(disk);
        assert_int_equal(open_files(), before);
        assert_whole(f, &acked, "step", n);
        fixture_remove(f->folder);
        arena_reset(f->ctx.arena);
        if (once && atomic_load(&faults.happened))
            rc = RC_FAILED; /* one that did no harm is no end */
        assert_true(n < 5000);
    }
    assert_true(n > 100);
}

static void any_step_may_fail_once(void **state) {
    fail_each_step(*state, true);
}

static void any_step_may_be_the_last(void **state) {
    fail_each_step(*state, false);
}

/* ---- an unknown outcome ---- */

static void fail_next_sync(Faults *faults) {
    faults->left = 0;
    atomic_store(&faults->happened, false);
}

/* A commit fails in its sync; whatever the writer finds when it opens again must still hold after a
 * power cut. */
static void an_unknown_outcome_is_settled_for_good(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Tear *disk = tear_new(seed, 50);
        Faults faults = {.once = true, .only = "sync", .happened = true};
        StoreFault fault = {.step = fault_next, .arg = &faults, .tear = disk};
        StoreOptions options = fixture_options(f);
        options.fault = &fault;
        Writer *writer;
        Leaf leaf, found;
        fixture_open(f, &options);
        assert_ok(writer_open(ctx, f->store, &writer));
        assert_ok(fixture_append(f, writer, BATCH));
        fail_next_sync(&faults);
        assert_rc(fixture_append(f, writer, BATCH), RC_FAILED);
        assert_str(ctx->error.code, "unknown-outcome");
        assert_rc(writer_begin(ctx, writer), RC_FAILED);
        writer_close(writer);
        assert_ok(writer_open(ctx, f->store, &writer));
        leaf = fixture_leaf(f, BATCH + 1, "");
        Rc told = writer_leaf_of(ctx, writer, &leaf.command, &found);
        assert_true(told == RC_OK || told == RC_NOT_FOUND);
        tear_cut(disk);
        writer_close(writer);
        fixture_close(f);
        tear_free(disk);
        options.fault = NULL;
        fixture_open(f, &options);
        Reader *reader;
        assert_ok(reader_open(ctx, f->store, &reader));
        assert_rc(reader_leaf_of(ctx, reader, &leaf.command, &found), told);
        reader_close(reader);
        fixture_close(f);
        fixture_remove(f->folder);
    }
}

/* One transaction that names a space for the first time; false: it failed at this step. */
static bool name_spaces(Fixture *f, Batch *batch, Faults *faults, const char *space) {
    Ctx *ctx = &f->ctx;
    Space named = {STORE_STATE, str_of(space)};
    Item item = {.key = STR("k"), .value = named.name};
    Rc rc = batch_begin(ctx, batch, BATCH_LAZY);
    if (rc == RC_OK) {
        rc = batch_put(ctx, batch, named, &item);
        if (rc == RC_OK) rc = batch_commit(ctx, batch);
        batch_rollback(batch);
    }
    assert_int_equal(rc != RC_OK, atomic_load(&faults->happened));
    return rc == RC_OK;
}

/* SQLite ends a transaction by itself when a step of its commit fails. */
static void a_batch_that_failed_goes_on_with_what_is_there(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    for (long step = 0, last = -1; last < 0; step++) {
        Faults faults = {.left = LONG_MAX, .once = true};
        StoreFault fault = {.step = fault_next, .arg = &faults};
        StoreOptions options = fixture_options(f);
        options.fault = &fault;
        fixture_open(f, &options);
        Batch *batch;
        Reader *reader;
        Str value;
        assert_ok(batch_open(ctx, f->store, STORE_STATE, &batch));
        assert_ok(reader_open(ctx, f->store, &reader));
        atomic_store(&faults.left, step);
        if (name_spaces(f, batch, &faults, "failed")) last = step;
        atomic_store(&faults.happened, false);
        atomic_store(&faults.left, LONG_MAX);
        assert_true(name_spaces(f, batch, &faults, "other"));
        assert_true(name_spaces(f, batch, &faults, "failed"));
        assert_ok(reader_item(ctx, reader, SPACE(STORE_STATE, "failed"), STR("k"), &value));
        assert_str(value, "failed");
        assert_ok(reader_item(ctx, reader, SPACE(STORE_STATE, "other"), STR("k"), &value));
        assert_str(value, "other");
        reader_close(reader);
        batch_close(batch);
        fixture_close(f);
        fixture_remove(f->folder);
        assert_true(last < 0 || step > 1); /* some did fail */
    }
}

/* ---- the power goes ---- */

/* Rounds on one folder, each ended by a cut at a random step; returns what went wrong first, or
 * NULL. */
static const char *cut_rounds(Fixture *f, bool no_sync, uint64_t *lost) {
    Acked acked = {0};
    const char *wrong = NULL;
    for (uint64_t round = 1; round <= TEAR_ROUNDS && !wrong; round++) {
        Tear *disk = tear_new(round, (unsigned)(round % 3) * 20);
        Faults faults = {.left = (long)rand_below(&f->rand, 600), .cut = disk};
        StoreFault fault = {.step = fault_next, .arg = &faults, .tear = disk};
        StoreOptions options = fixture_options(f);
        options.log_reserve = 64 << 10; /* so that it is filled and starts again */
        options.fault = &fault;
        options.no_sync = no_sync;
        Rc rc = a_day(f, &acked, &options, 20);
        assert_true(rc == RC_OK || rc == RC_FAILED);
        tear_cut(disk); /* if the day was over before */
        *lost += tear_lost(disk);
        tear_free(disk);
        wrong = check(f, &acked);
        acked.blob = false;
        if (wrong && !no_sync) print_error("round %d: %s\n", (int)round, wrong);
        arena_reset(f->ctx.arena);
    }
    return wrong;
}

static void a_power_cut_loses_nothing_acknowledged(void **state) {
    uint64_t lost = 0;
    assert_null(cut_rounds(*state, false, &lost));
    assert_true(lost > 1000); /* the disk did lose sectors */
}

static void without_sync_a_power_cut_loses_data(void **state) {
    uint64_t lost = 0;
    assert_non_null(cut_rounds(*state, true, &lost));
}

/* ---- a killed process over a disk that tears ---- */

[[gnu::noreturn]] static void child_day(Fixture *f, uint64_t seed, int to, bool no_sync) {
    Acked acked = {0};
    Day day = {.f = f, .acked = &acked};
    StoreFault fault = {.tear = tear_new(seed, 30)};
    StoreOptions options = fixture_options(f);
    options.fault = &fault;
    options.no_sync = no_sync;
    options.no_helper = false;
    if (begin_day(&day, &options) != RC_OK) _exit(1);
    acked.head = writer_head(day.writer);
    for (;;) {
        if (write_batch(&day) != RC_OK || follow(&day) != RC_OK || enqueue(&day) != RC_OK) _exit(2);
        if (write(to, &acked, sizeof acked) != sizeof acked) _exit(3);
        arena_reset(f->ctx.arena);
    }
}

static void kill_child(Fixture *f, uint64_t round, bool no_sync, Acked *acked) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pipes[0]);
        child_day(f, round, pipes[1], no_sync);
    }
    close(pipes[1]);
    Acked told;
    for (uint64_t i = 0; i <= round % 7; i++)
        if (read(pipes[0], &told, sizeof told) == sizeof told) *acked = told;
    usleep((unsigned)rand_below(&f->rand, 20000));
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read(pipes[0], &told, sizeof told) == sizeof told)
        *acked = told;
    close(pipes[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    /* Without syncs it may find its own folder damaged and end by itself. */
    assert_true(no_sync || WIFSIGNALED(status));
}

static const char *kill_rounds(Fixture *f, bool no_sync) {
    Acked acked = {0};
    const char *wrong = NULL;
    for (uint64_t round = 1; round <= KILL_ROUNDS && !wrong; round++) {
        kill_child(f, round, no_sync, &acked);
        wrong = check(f, &acked);
        if (wrong && !no_sync) print_error("kill %d: %s\n", (int)round, wrong);
    }
    return wrong;
}

static void a_kill_over_a_torn_disk_loses_nothing_acknowledged(void **state) {
    assert_null(kill_rounds(*state, false));
}

static void without_sync_a_kill_over_a_torn_disk_loses_data(void **state) {
    assert_non_null(kill_rounds(*state, true));
}

/* ---- damage ---- */

static void overwrite(Fixture *f, const char *name, long at, Str bytes) {
    char path[128];
    static const char *const logs[] = {"-wal", "-shm"};
    for (int i = 0; i < 2; i++) { /* all of it has reached the file at closing */
        snprintf(path, sizeof path, "%s/%s%s", f->folder, name, logs[i]);
        assert_true(unlink(path) == 0 || i == 1);
    }
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
}

static void damaged_files_are_named_and_the_state_is_begun_anew(void **state) {
    Fixture *f = *state;
    enum { FORMAT_AT = 60 };
    static const struct {
        const char *file;
        long at;
        Str bytes;
        bool rebuilt;
    } cases[] = {
        {"state.db", 0, {"this is no database at all!", 27}, true},
        {"state.db", FORMAT_AT, {"\0\0\0\x63", 4}, true},
        {"local.db", FORMAT_AT, {"\0\0\0\x63", 4}, false},
        {"ledger.db", FORMAT_AT, {"\0\0\0\x63", 4}, false},
        {"ledger.db", 0, {"this is no database at all!", 27}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Acked acked = {0};
        StoreOptions options = fixture_options(f);
        assert_ok(a_day(f, &acked, &options, 1));
        overwrite(f, cases[i].file, cases[i].at, cases[i].bytes);
        Store *store = NULL;
        assert_rc(store_open(&f->ctx, &options, &store), cases[i].rebuilt ? RC_OK : RC_FAILED);
        if (!cases[i].rebuilt)
            assert_true(str_find(f->ctx.error.detail, str_of(cases[i].file)) >= 0);
        store_close(store);
        if (cases[i].rebuilt) assert_whole(f, &acked, "case", (long)i);
        fixture_remove(f->folder);
    }
}

#define BARE_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, fixture_set_up_bare, fixture_tear_down)

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        BARE_TEST(any_step_may_fail_once),
        BARE_TEST(any_step_may_be_the_last),
        BARE_TEST(an_unknown_outcome_is_settled_for_good),
        BARE_TEST(a_batch_that_failed_goes_on_with_what_is_there),
        BARE_TEST(a_power_cut_loses_nothing_acknowledged),
        BARE_TEST(without_sync_a_power_cut_loses_data),
        BARE_TEST(a_kill_over_a_torn_disk_loses_nothing_acknowledged),
        BARE_TEST(without_sync_a_kill_over_a_torn_disk_loses_data),
        BARE_TEST(damaged_files_are_named_and_the_state_is_begun_anew),
    };
    return cmocka_run_group_tests_name("store faults", tests, NULL, NULL);
}
