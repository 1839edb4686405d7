/* What every store promises, told through store.h alone. */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- opening ---- */

static void a_folder_is_private_and_keeps_its_id(void **state) {
    Fixture *f = *state;
    struct stat st;
    assert_int_equal(stat(f->folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    Digest id = store_id(f->store);
    fixture_close(f);
    StoreOptions options = fixture_options(f);
    fixture_open(f, &options);
    Digest again = store_id(f->store);
    assert_memory_equal(&id, &again, sizeof id);
}

static void a_second_opener_is_told_who_holds_the_folder(void **state) {
    Fixture *f = *state;
    StoreOptions options = fixture_options(f);
    Store *second = NULL;
    assert_rc(store_open(&f->ctx, &options, &second), RC_BUSY);
    char pid[24];
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_true(str_find(f->ctx.error.detail, str_of(pid)) >= 0);
    assert_null(second);
}

static void a_missing_parent_is_named(void **state) {
    Fixture *f = *state;
    StoreOptions options = fixture_options(f);
    options.folder = STR("/nonexistent/parent/tenant");
    Store *store = NULL;
    assert_rc(store_open(&f->ctx, &options, &store), RC_FAILED);
    assert_true(str_find(f->ctx.error.detail, STR("/nonexistent/parent/tenant")) >= 0);
}

/* ---- the ledger ---- */

typedef struct Seen {
    uint64_t count, first, last;
    uint64_t stop_after;
} Seen;

static bool see_leaf(void *arg, const Leaf *leaf) {
    Seen *seen = arg;
    if (seen->count++ == 0) seen->first = leaf->position;
    seen->last = leaf->position;
    return seen->count != seen->stop_after;
}

static void leaves_come_back_as_they_were_appended(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Writer *writer;
    Reader *reader;
    assert_ok(writer_open(ctx, f->store, &writer));
    assert_ok(fixture_append(f, writer, 10));
    assert_ok(fixture_append(f, writer, 5));
    assert_ok(reader_open(ctx, f->store, &reader));
    uint64_t head;
    assert_ok(reader_head(ctx, reader, &head));
    assert_int_equal(head, 15);
    Leaf expected = fixture_leaf(f, 12, "of a test"), leaf;
    assert_ok(reader_leaf(ctx, reader, 12, &leaf));
    assert_true(str_eq(leaf.bytes, expected.bytes));
    assert_int_equal(leaf.time, expected.time);
    assert_memory_equal(&leaf.hash, &expected.hash, sizeof leaf.hash);
    assert_ok(reader_leaf_of(ctx, reader, &expected.command, &leaf));
    assert_int_equal(leaf.position, 12);
    assert_rc(reader_leaf(ctx, reader, 16, &leaf), RC_NOT_FOUND);
    Digest hashes[4];
    assert_ok(reader_hashes(ctx, reader, 9, 4, hashes));
    assert_memory_equal(&hashes[3], &expected.hash, sizeof expected.hash);
    assert_rc(reader_hashes(ctx, reader, 13, 4, hashes), RC_NOT_FOUND);
    reader_close(reader);
    writer_close(writer);
}

static void leaves_are_read_in_slices(void **state) {
    Fixture *f = *state;
    static const struct {
        uint64_t from, max, stop_after, count, first, last;
    } cases[] = {
        {1, 100, 0, 20, 1, 20}, {5, 3, 0, 3, 5, 7},   {19, 100, 0, 2, 19, 20},
        {21, 100, 0, 0, 0, 0},  {1, 100, 4, 4, 1, 4}, {3, 0, 0, 0, 0, 0},
    };
    Writer *writer;
    Reader *reader;
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    assert_ok(fixture_append(f, writer, 20));
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Seen seen = {.stop_after = cases[i].stop_after};
        assert_ok(reader_leaves(&f->ctx, reader, (LeafSlice){cases[i].from, cases[i].max}, see_leaf,
                                &seen));
        assert_int_equal(seen.count, cases[i].count);
        assert_int_equal(seen.first, cases[i].first);
        assert_int_equal(seen.last, cases[i].last);
    }
    reader_close(reader);
    writer_close(writer);
}

static void positions_are_dense_and_command_ids_unique(void **state) {
    Fixture *f = *state;
    Writer *writer;
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    assert_ok(fixture_append(f, writer, 3));
    assert_ok(writer_begin(&f->ctx, writer));
    Leaf leaf = fixture_leaf(f, 5, "too far");
    assert_rc(writer_append(&f->ctx, writer, &leaf), RC_CONFLICT);
    leaf = fixture_leaf(f, 4, "again");
    leaf.command = fixture_leaf(f, 2, "").command;
    assert_rc(writer_append(&f->ctx, writer, &leaf), RC_CONFLICT);
    writer_rollback(writer);
    assert_int_equal(writer_head(writer), 3);
    assert_ok(fixture_append(f, writer, 1));
    assert_int_equal(writer_head(writer), 4);
    writer_close(writer);
}

static void a_rollback_leaves_nothing(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Writer *writer;
    Reader *reader;
    Str bytes;
    assert_ok(writer_open(ctx, f->store, &writer));
    assert_ok(reader_open(ctx, f->store, &reader));
    assert_ok(writer_begin(ctx, writer));
    Leaf leaf = fixture_leaf(f, 1, "");
    assert_ok(writer_append(ctx, writer, &leaf));
    assert_ok(writer_key(ctx, writer, &(KeyRow){.id = STR("k"), .wrapped = STR("w")}));
    assert_ok(writer_item(ctx, writer, SPACE(STORE_LEDGER, "s"), STR("k"), STR("v")));
    assert_ok(writer_tile(ctx, writer, 0, 0, STR("tile")));
    writer_rollback(writer);
    uint64_t head;
    KeyRow key;
    assert_ok(reader_head(ctx, reader, &head));
    assert_int_equal(head, 0);
    assert_rc(reader_key(ctx, reader, STR("k"), &key), RC_NOT_FOUND);
    assert_rc(reader_tile(ctx, reader, 0, 0, &bytes), RC_NOT_FOUND);
    assert_rc(reader_item(ctx, reader, SPACE(STORE_LEDGER, "s"), STR("k"), &bytes), RC_NOT_FOUND);
    /* A space whose creation was rolled back can be made again. */
    assert_ok(writer_begin(ctx, writer));
    assert_ok(writer_item(ctx, writer, SPACE(STORE_LEDGER, "s"), STR("k"), STR("v")));
    assert_ok(writer_commit(ctx, writer));
    assert_ok(reader_item(ctx, reader, SPACE(STORE_LEDGER, "s"), STR("k"), &bytes));
    assert_str(bytes, "v");
    reader_close(reader);
    writer_close(writer);
}

static void there_is_one_writer(void **state) {
    Fixture *f = *state;
    Writer *writer, *second;
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    assert_rc(writer_open(&f->ctx, f->store, &second), RC_CONFLICT);
    writer_close(writer);
    assert_ok(writer_open(&f->ctx, f->store, &second));
    writer_close(second);
}

static void a_snapshot_does_not_move(void **state) {
    Fixture *f = *state;
    Writer *writer;
    Reader *reader;
    uint64_t head;
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    assert_ok(fixture_append(f, writer, 1));
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    assert_ok(reader_snapshot(&f->ctx, reader, STORE_LEDGER));
    assert_ok(fixture_append(f, writer, 1));
    assert_ok(reader_head(&f->ctx, reader, &head));
    assert_int_equal(head, 1);
    reader_release(reader, STORE_LEDGER);
    assert_ok(reader_head(&f->ctx, reader, &head));
    assert_int_equal(head, 2);
    reader_close(reader);
    writer_close(writer);
}

static void tiles_and_checkpoints_are_kept(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Writer *writer;
    Reader *reader;
    Str bytes;
    uint64_t size;
    assert_ok(reader_open(ctx, f->store, &reader));
    assert_rc(reader_checkpoint(ctx, reader, &size, &bytes), RC_NOT_FOUND);
    assert_ok(writer_open(ctx, f->store, &writer));
    assert_ok(writer_begin(ctx, writer));
    assert_ok(writer_tile(ctx, writer, 0, 7, STR("first")));
    assert_ok(writer_tile(ctx, writer, 0, 7, STR("second")));
    assert_ok(writer_tile(ctx, writer, 1, 7, STR("upper")));
    assert_ok(writer_checkpoint(ctx, writer, 10, STR("note 10")));
    assert_ok(writer_checkpoint(ctx, writer, 30, STR("note 30")));
    assert_ok(writer_commit(ctx, writer));
    assert_ok(reader_tile(ctx, reader, 0, 7, &bytes));
    assert_str(bytes, "second");
    assert_rc(reader_tile(ctx, reader, 2, 7, &bytes), RC_NOT_FOUND);
    assert_ok(reader_checkpoint(ctx, reader, &size, &bytes));
    assert_int_equal(size, 30);
    assert_str(bytes, "note 30");
    assert_ok(reader_checkpoint_at(ctx, reader, 29, &size, &bytes));
    assert_int_equal(size, 10);
    assert_rc(reader_checkpoint_at(ctx, reader, 9, &size, &bytes), RC_NOT_FOUND);
    reader_close(reader);
    writer_close(writer);
}

/* ---- keys ---- */

static bool count_key(void *arg, const KeyRow *row) {
    Seen *seen = arg;
    seen->count++;
    seen->last += row->wrapped.len > 0;
    return true;
}

static void put_keys(Fixture *f, Writer *writer) {
    static const char *const rows[][3] = {
        {"k1", "ann", "file-a"}, {"k2", "ann", "file-b"}, {"k3", "bob", "file-a"},
        {"k4", "ann", "file-a"}, {"k5", "", "type-x"},
    };
    assert_ok(writer_begin(&f->ctx, writer));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        KeyRow row = {.id = str_of(rows[i][0]),
                      .subject = str_of(rows[i][1]),
                      .retention = str_of(rows[i][2]),
                      .wrapped = str_fmt(f->ctx.arena, "wrapped %s", rows[i][0]),
                      .position = i + 1};
        assert_ok(writer_key(&f->ctx, writer, &row));
    }
    assert_ok(writer_commit(&f->ctx, writer));
}

static void keys_are_found_and_destroyed(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Writer *writer;
    Reader *reader;
    KeyRow key;
    uint64_t count;
    assert_ok(writer_open(ctx, f->store, &writer));
    assert_ok(reader_open(ctx, f->store, &reader));
    put_keys(f, writer);
    assert_ok(reader_key_of(ctx, reader, STR("ann"), STR("file-a"), &key));
    assert_str(key.id, "k4");
    assert_str(key.wrapped, "wrapped k4");
    assert_ok(writer_begin(ctx, writer));
    assert_rc(writer_key(ctx, writer, &(KeyRow){.id = STR("k1"), .wrapped = STR("x")}),
              RC_CONFLICT);
    assert_ok(writer_erase_keys(ctx, writer, &(KeyRange){STR("ann"), STR("file-a")}, &count));
    assert_int_equal(count, 2);
    assert_ok(writer_erase_keys(ctx, writer, &(KeyRange){.subject = STR("ann")}, &count));
    assert_int_equal(count, 1);
    assert_ok(writer_erase_key(ctx, writer, STR("k5")));
    assert_ok(writer_erase_key(ctx, writer, STR("k5")));
    assert_rc(writer_erase_key(ctx, writer, STR("k6")), RC_NOT_FOUND);
    assert_ok(writer_commit(ctx, writer));
    assert_ok(writer_scrub(ctx, writer));
    assert_rc(reader_key_of(ctx, reader, STR("ann"), STR("file-a"), &key), RC_NOT_FOUND);
    assert_ok(reader_key(ctx, reader, STR("k1"), &key));
    assert_str(key.subject, "ann");
    assert_int_equal(key.wrapped.len, 0);
    static const struct {
        const char *subject, *retention;
        uint64_t all, living;
    } cases[] = {{"", "", 5, 1}, {"ann", "", 3, 0}, {"", "file-a", 3, 1}, {"bob", "file-a", 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Seen seen = {0};
        KeyRange range = {str_of(cases[i].subject), str_of(cases[i].retention)};
        assert_ok(reader_keys(ctx, reader, &range, count_key, &seen));
        assert_int_equal(seen.count, cases[i].all);
        assert_int_equal(seen.last, cases[i].living);
    }
    reader_close(reader);
    writer_close(writer);
}

static void oversized_keys_are_refused(void **state) {
    Fixture *f = *state;
    Writer *writer;
    char big[600];
    memset(big, 'x', sizeof big);
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    assert_ok(writer_begin(&f->ctx, writer));
    const KeyRow rows[] = {
        {.id = STR("k"), .wrapped = {big, 513}},
        {.id = STR("k"), .wrapped = STR_NONE},
        {.id = {big, 65}, .wrapped = STR("w")},
        {.id = STR_NONE, .wrapped = STR("w")},
        {.id = STR("k"), .subject = {big, 65}, .wrapped = STR("w")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_rc(writer_key(&f->ctx, writer, &rows[i]), RC_INVALID);
    writer_close(writer);
}

/* ---- files ---- */

static void files_are_kept_by_their_hash(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Digest id, again, empty;
    Str bytes;
    assert_ok(blob_put(ctx, f->store, STR("a sealed file"), &id));
    assert_ok(blob_put(ctx, f->store, STR("a sealed file"), &again));
    assert_memory_equal(&id, &again, sizeof id);
    assert_ok(blob_put(ctx, f->store, STR_NONE, &empty));
    assert_ok(blob_get(ctx, f->store, &id, &bytes));
    assert_str(bytes, "a sealed file");
    assert_ok(blob_get(ctx, f->store, &empty, &bytes));
    assert_int_equal(bytes.len, 0);
    assert_ok(blob_delete(ctx, f->store, &id));
    assert_ok(blob_delete(ctx, f->store, &id));
    assert_rc(blob_get(ctx, f->store, &id, &bytes), RC_NOT_FOUND);
    assert_int_equal(fixture_search(f->folder, STR("a sealed file")), 0);
}

typedef struct Walked {
    size_t n;
    Digest last;
    int64_t put;
    bool delete;
    Store *store;
} Walked;

static Rc walk_one(Ctx *ctx, void *arg, const Digest *id, int64_t put) {
    Walked *walked = arg;
    walked->n++;
    walked->last = *id;
    walked->put = put;
    return walked->delete ? blob_delete(ctx, walked->store, id) : RC_OK;
}

static void files_are_gone_through_and_may_be_deleted_meanwhile(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Walked walked = {.store = f->store};
    Digest id;
    Str head;
    Clock now = {.fixed = TIME_NONE};
    assert_ok(blob_each(ctx, f->store, walk_one, &walked)); /* no folder yet, or an empty one */
    assert_int_equal(walked.n, 0);
    assert_ok(blob_put(ctx, f->store, STR("one sealed file"), &id));
    assert_ok(blob_each(ctx, f->store, walk_one, &walked));
    assert_int_equal(walked.n, 1);
    assert_memory_equal(&walked.last, &id, sizeof id);
    assert_true(walked.put <= time_now(&now) && walked.put > time_now(&now) - TIME_HOUR);
    assert_ok(blob_head(ctx, f->store, &id, 3, &head));
    assert_str(head, "one");
    assert_ok(blob_head(ctx, f->store, &id, 100, &head));
    assert_str(head, "one sealed file");
    for (int i = 0; i < 20; i++)
        assert_ok(blob_put(ctx, f->store, str_fmt(ctx->arena, "file %d", i), &id));
    walked = (Walked){.store = f->store, .delete = true};
    assert_ok(blob_each(ctx, f->store, walk_one, &walked));
    assert_int_equal(walked.n, 21);
    walked.n = 0;
    assert_ok(blob_each(ctx, f->store, walk_one, &walked));
    assert_int_equal(walked.n, 0);
    assert_rc(blob_head(ctx, f->store, &id, 3, &head), RC_NOT_FOUND);
}

static void what_a_put_that_died_has_left_is_taken_away(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Clock now = {.fixed = TIME_NONE};
    Digest id;
    Str bytes;
    assert_ok(blob_put(ctx, f->store, STR("whole"), &id));
    Str left = str_fmt(ctx->arena, "%s/files/new-abc", f->folder);
    FILE *file = fopen(left.ptr, "w");
    assert_non_null(file);
    fputs("half of a fi", file);
    fclose(file);
    assert_ok(blob_tidy(ctx, f->store, time_now(&now) - TIME_HOUR)); /* it may be under way */
    assert_int_equal(fixture_search(f->folder, STR("half of a fi")), 1);
    assert_ok(blob_tidy(ctx, f->store, time_now(&now) + TIME_HOUR));
    assert_int_equal(fixture_search(f->folder, STR("half of a fi")), 0);
    assert_ok(blob_get(ctx, f->store, &id, &bytes));
}

/* ---- backup ---- */

/* Deletes every file under files/ once it has been listed, before it is opened to be copied: the
 * folder of its copy is there then. */
static bool deletes_before_copying(void *arg, const char *what) {
    Fixture *f = arg;
    char command[300];
    snprintf(command, sizeof command,
             "ls -d %s-backup/files/?? >/dev/null 2>&1 && find %s/files -type f -delete", f->folder,
             f->folder);
    if (strcmp(what, "open") == 0) (void)!system(command);
    return true;
}

static void a_file_that_goes_while_a_backup_runs_is_no_part_of_it(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Writer *writer;
    Digest blob;
    Str bytes, backup = str_fmt(ctx->arena, "%s-backup", f->folder);
    StoreOptions options = fixture_options(f);
    static StoreFault fault = {.step = deletes_before_copying};
    fault.arg = f;
    fixture_open(f, &options);
    assert_ok(writer_open(ctx, f->store, &writer));
    assert_ok(fixture_append(f, writer, 3));
    writer_close(writer);
    assert_ok(blob_put(ctx, f->store, STR("erased meanwhile"), &blob));
    fixture_close(f);
    options.fault = &fault;
    fixture_open(f, &options);
    assert_ok(store_backup(ctx, f->store, backup));
    assert_rc(blob_get(ctx, f->store, &blob, &bytes), RC_NOT_FOUND);
    assert_int_equal(fixture_search(str_z(ctx->arena, backup), STR("erased meanwhile")), 0);
}

static void a_backup_gives_everything_back(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Writer *writer;
    Reader *reader;
    Digest blob;
    Str bytes, backup = str_fmt(ctx->arena, "%s-backup", f->folder);
    Str ledger_part = str_fmt(ctx->arena, "%s-backup/ledger.db", f->folder);
    assert_ok(writer_open(ctx, f->store, &writer));
    assert_ok(fixture_append(f, writer, 30));
    put_keys(f, writer);
    assert_ok(writer_begin(ctx, writer));
    assert_ok(writer_checkpoint(ctx, writer, 30, STR("note")));
    assert_ok(writer_item(ctx, writer, SPACE(STORE_LEDGER, "s"), STR("k"), STR("v")));
    assert_ok(writer_commit(ctx, writer));
    assert_ok(blob_put(ctx, f->store, STR("attachment"), &blob));
    assert_ok(store_backup(ctx, f->store, backup));
    /* The part without keys holds none, and a second backup replaces the first. */
    assert_int_equal(fixture_search(str_z(ctx->arena, ledger_part), STR("wrapped k1")), 0);
    assert_ok(fixture_append(f, writer, 1));
    assert_ok(store_backup(ctx, f->store, backup));
    Digest id = store_id(f->store);
    writer_close(writer);
    fixture_close(f);

    Str restored = str_fmt(ctx->arena, "%s-restored", f->folder);
    assert_ok(store_restore(ctx, backup, restored));
    StoreOptions options = fixture_options(f);
    options.folder = restored;
    fixture_open(f, &options);
    Digest id_again = store_id(f->store);
    assert_memory_equal(&id, &id_again, sizeof id);
    uint64_t head, size;
    KeyRow key;
    assert_ok(reader_open(ctx, f->store, &reader));
    assert_ok(reader_head(ctx, reader, &head));
    assert_int_equal(head, 31);
    assert_ok(reader_key_of(ctx, reader, STR("ann"), STR("file-a"), &key));
    assert_str(key.wrapped, "wrapped k4");
    assert_ok(reader_checkpoint(ctx, reader, &size, &bytes));
    assert_ok(reader_item(ctx, reader, SPACE(STORE_LEDGER, "s"), STR("k"), &bytes));
    assert_str(bytes, "v");
    assert_ok(blob_get(ctx, f->store, &blob, &bytes));
    assert_str(bytes, "attachment");
    reader_close(reader);
    assert_rc(store_restore(ctx, backup, restored), RC_CONFLICT);
    assert_rc(store_restore(ctx, STR("/nonexistent"), STR("/tmp/never")), RC_NOT_FOUND);
}

/* ---- a killed process ---- */

/* Appends batches of three for ever and tells the parent the head after each commit. */
[[gnu::noreturn]] static void child_appends(Fixture *f, int to) {
    StoreOptions options = fixture_options(f);
    Writer *writer;
    fixture_open(f, &options);
    assert_ok(writer_open(&f->ctx, f->store, &writer));
    for (;;) {
        assert_ok(fixture_append(f, writer, 3));
        uint64_t head = writer_head(writer);
        if (write(to, &head, sizeof head) != sizeof head) _exit(1);
        arena_reset(f->ctx.arena);
    }
}

static uint64_t kill_after(Fixture *f, int commits) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pipes[0]);
        child_appends(f, pipes[1]);
    }
    close(pipes[1]);
    uint64_t head = 0;
    for (int i = 0; i < commits; i++)
        assert_int_equal(read(pipes[0], &head, sizeof head), sizeof head);
    assert_int_equal(kill(child, SIGKILL), 0);
    uint64_t later;
    while (read(pipes[0], &later, sizeof later) == sizeof later)
        head = later;
    close(pipes[0]);
    waitpid(child, NULL, 0);
    return head;
}

static void what_was_committed_survives_a_kill(void **state) {
    Fixture *f = *state;
    for (int round = 1; round <= 8; round++) {
        uint64_t told = kill_after(f, round * 3), head;
        StoreOptions options = fixture_options(f);
        fixture_open(f, &options);
        Reader *reader;
        Seen seen = {0};
        assert_ok(reader_open(&f->ctx, f->store, &reader));
        assert_ok(reader_head(&f->ctx, reader, &head));
        assert_true(head >= told);
        assert_int_equal(head % 3, 0); /* no half batch */
        assert_ok(reader_leaves(&f->ctx, reader, (LeafSlice){1, SIZE_MAX}, see_leaf, &seen));
        assert_int_equal(seen.count, head);
        reader_close(reader);
        fixture_close(f);
    }
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
#define BARE_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, fixture_set_up_bare, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_folder_is_private_and_keeps_its_id),
        STORE_TEST(a_second_opener_is_told_who_holds_the_folder),
        BARE_TEST(a_missing_parent_is_named),
        STORE_TEST(leaves_come_back_as_they_were_appended),
        STORE_TEST(leaves_are_read_in_slices),
        STORE_TEST(positions_are_dense_and_command_ids_unique),
        STORE_TEST(a_rollback_leaves_nothing),
        STORE_TEST(there_is_one_writer),
        STORE_TEST(a_snapshot_does_not_move),
        STORE_TEST(tiles_and_checkpoints_are_kept),
        STORE_TEST(keys_are_found_and_destroyed),
        STORE_TEST(oversized_keys_are_refused),
        STORE_TEST(files_are_gone_through_and_may_be_deleted_meanwhile),
        STORE_TEST(what_a_put_that_died_has_left_is_taken_away),
        BARE_TEST(a_file_that_goes_while_a_backup_runs_is_no_part_of_it),
        STORE_TEST(files_are_kept_by_their_hash),
        STORE_TEST(a_backup_gives_everything_back),
        BARE_TEST(what_was_committed_survives_a_kill),
    };
    return cmocka_run_group_tests_name("store contract", tests, NULL, NULL);
}
