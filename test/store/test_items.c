/* Ordered items, cursors and batches: what projections and local rows are made of. */
#include "fixture.h"

#include <pthread.h>
#include <string.h>

#define ROWS SPACE(STORE_STATE, "rows")

static bool join_key(void *arg, const Item *item) {
    Buf *to = arg;
    buf_add(to, item->key);
    buf_add_char(to, ' ');
    return true;
}

static Batch *open_batch(Fixture *f, StoreFile file) {
    Batch *batch;
    assert_ok(batch_open(&f->ctx, f->store, file, &batch));
    assert_ok(batch_begin(&f->ctx, batch, BATCH_LAZY));
    return batch;
}

static void put_items(Fixture *f, Batch *batch) {
    static const char *const keys[] = {"b",
                                       "a",
                                       "ab",
                                       "c",
                                       "\xFF\xFF"
                                       "z",
                                       "\xFF",
                                       "aa"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        Item item = {.key = str_of(keys[i]), .value = str_fmt(f->ctx.arena, "value %zu", i)};
        assert_ok(batch_put(&f->ctx, batch, ROWS, &item));
        assert_ok(batch_put(&f->ctx, batch, SPACE(STORE_STATE, "others"), &item));
    }
}

static void items_are_ordered_by_bytes(void **state) {
    Fixture *f = *state;
    static const struct {
        const char *from, *to, *prefix;
        bool backwards;
        size_t limit;
        const char *expected;
    } cases[] = {
        {"", "", "", false, 0, "a aa ab b c \xFF \xFF\xFFz "},
        {"", "", "", true, 0, "\xFF\xFFz \xFF c b ab aa a "},
        {"aa", "c", "", false, 0, "aa ab b "},
        {"aa", "c", "", true, 2, "b ab "},
        {"", "", "a", false, 0, "a aa ab "},
        {"aa", "", "a", false, 0, "aa ab "},
        {"", "ab", "a", true, 0, "aa a "},
        {"", "", "\xFF", false, 0, "\xFF \xFF\xFFz "},
        {"d", "", "a", false, 0, ""},
        {"c", "a", "", false, 0, ""},
        {"", "", "", false, 1, "a "},
    };
    Batch *batch = open_batch(f, STORE_STATE);
    Reader *reader;
    put_items(f, batch);
    assert_ok(batch_commit(&f->ctx, batch));
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ItemRange range = {.space = ROWS,
                           .from = str_of(cases[i].from),
                           .to = str_of(cases[i].to),
                           .prefix = str_of(cases[i].prefix),
                           .backwards = cases[i].backwards,
                           .limit = cases[i].limit};
        Buf keys = buf_new(f->ctx.arena, 1000), again = buf_new(f->ctx.arena, 1000);
        assert_ok(reader_items(&f->ctx, reader, &range, join_key, &keys));
        assert_str(buf_str(&keys), cases[i].expected);
        assert_ok(batch_items(&f->ctx, batch, &range, join_key, &again));
        assert_true(str_eq(buf_str(&keys), buf_str(&again)));
    }
    uint64_t count;
    ItemRange a = {.space = ROWS, .prefix = STR("a")};
    assert_ok(reader_items_count(&f->ctx, reader, &a, &count));
    assert_int_equal(count, 3);
    reader_close(reader);
    batch_close(batch);
}

static void items_are_replaced_and_deleted(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Batch *batch = open_batch(f, STORE_STATE);
    Str value;
    put_items(f, batch);
    assert_ok(batch_put(ctx, batch, ROWS, &(Item){.key = STR("a"), .value = STR("new")}));
    assert_ok(batch_item(ctx, batch, ROWS, STR("a"), &value));
    assert_str(value, "new");
    assert_ok(batch_delete(ctx, batch, ROWS, STR("a")));
    assert_ok(batch_delete(ctx, batch, ROWS, STR("a")));
    assert_ok(batch_delete(ctx, batch, SPACE(STORE_STATE, "nowhere"), STR("a")));
    assert_rc(batch_item(ctx, batch, ROWS, STR("a"), &value), RC_NOT_FOUND);
    assert_ok(batch_delete_range(ctx, batch, &(ItemRange){.space = ROWS, .prefix = STR("\xFF")}));
    Buf keys = buf_new(ctx->arena, 1000);
    assert_ok(batch_items(ctx, batch, &(ItemRange){.space = ROWS}, join_key, &keys));
    assert_str(buf_str(&keys), "aa ab b c ");
    assert_ok(batch_delete_range(ctx, batch, &(ItemRange){.space = ROWS}));
    assert_ok(batch_items(ctx, batch, &(ItemRange){.space = ROWS}, join_key, &keys));
    assert_str(buf_str(&keys), "aa ab b c ");
    assert_ok(batch_item(ctx, batch, SPACE(STORE_STATE, "others"), STR("aa"), &value));
    assert_rc(batch_put(ctx, batch, ROWS, &(Item){.value = STR("no key")}), RC_INVALID);
    static const char big[1025];
    assert_rc(batch_put(ctx, batch, ROWS, &(Item){.key = {big, 1025}}), RC_INVALID);
    assert_ok(batch_put(ctx, batch, ROWS, &(Item){.key = {big, 1024}}));
    assert_ok(batch_item(ctx, batch, ROWS, (Str){big, 1024}, &value));
    assert_int_equal(value.len, 0);
    batch_close(batch);
}

static void items_expire_by_the_clock(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    const Space space = SPACE(STORE_LOCAL, "sessions");
    Batch *batch = open_batch(f, STORE_LOCAL);
    int64_t now = f->clock.fixed;
    Str value;
    uint64_t count;
    for (int i = 0; i < 10; i++) {
        Item item = {.key = str_fmt(ctx->arena, "s%d", i), .value = STR("v")};
        item.expires = i < 8 ? now + i * TIME_MINUTE + 1 : 0;
        assert_ok(batch_put(ctx, batch, space, &item));
    }
    f->clock.fixed = now + 3 * TIME_MINUTE + 1;
    assert_rc(batch_item(ctx, batch, space, STR("s3"), &value), RC_NOT_FOUND);
    assert_ok(batch_item(ctx, batch, space, STR("s4"), &value));
    Buf keys = buf_new(ctx->arena, 1000);
    assert_ok(batch_items(ctx, batch, &(ItemRange){.space = space}, join_key, &keys));
    assert_str(buf_str(&keys), "s4 s5 s6 s7 s8 s9 ");
    assert_ok(batch_purge(ctx, batch, 3, &count));
    assert_int_equal(count, 3);
    assert_ok(batch_purge(ctx, batch, 3, &count));
    assert_int_equal(count, 1);
    /* Put again without an expiry it stays. */
    assert_ok(batch_put(ctx, batch, space, &(Item){.key = STR("s4"), .value = STR("w")}));
    f->clock.fixed = now + TIME_DAY;
    assert_ok(batch_item(ctx, batch, space, STR("s4"), &value));
    assert_ok(batch_commit(ctx, batch));
    batch_close(batch);
}

static void rows_and_cursor_move_together(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Batch *batch = open_batch(f, STORE_STATE);
    Reader *reader;
    Cursor cursor = {.position = 7, .leaf = hash_sha256(STR("leaf 7")), .version = 3}, found;
    Str value;
    assert_ok(reader_open(ctx, f->store, &reader));
    assert_ok(batch_put(ctx, batch, ROWS, &(Item){.key = STR("k"), .value = STR("v")}));
    assert_ok(batch_cursor(ctx, batch, STR("inbox"), &cursor));
    assert_rc(reader_cursor(ctx, reader, STORE_STATE, STR("inbox"), &found), RC_NOT_FOUND);
    batch_rollback(batch);
    assert_rc(batch_cursor_get(ctx, batch, STR("inbox"), &found), RC_NOT_FOUND);
    assert_rc(batch_item(ctx, batch, ROWS, STR("k"), &value), RC_NOT_FOUND);
    assert_ok(batch_begin(ctx, batch, BATCH_DURABLE));
    assert_ok(batch_put(ctx, batch, ROWS, &(Item){.key = STR("k"), .value = STR("v")}));
    assert_ok(batch_cursor(ctx, batch, STR("inbox"), &cursor));
    assert_ok(batch_commit(ctx, batch));
    assert_ok(reader_cursor(ctx, reader, STORE_STATE, STR("inbox"), &found));
    assert_memory_equal(&found.leaf, &cursor.leaf, sizeof found.leaf);
    assert_int_equal(found.position, 7);
    assert_int_equal(found.version, 3);
    assert_ok(batch_begin(ctx, batch, BATCH_LAZY));
    assert_ok(batch_cursor(ctx, batch, STR("inbox"), NULL));
    assert_ok(batch_commit(ctx, batch));
    assert_rc(reader_cursor(ctx, reader, STORE_STATE, STR("inbox"), &found), RC_NOT_FOUND);
    reader_close(reader);
    batch_close(batch);
}

/* ---- several threads ---- */

typedef struct Worker {
    Store *store;
    int number;
    bool ok;
} Worker;

static Rc work(Ctx *ctx, Worker *worker, Batch *batch) {
    for (int i = 0; i < 50; i++) {
        TRY(batch_begin(ctx, batch, BATCH_LAZY));
        Str value;
        Rc rc = batch_item(ctx, batch, ROWS, STR("sum"), &value);
        int64_t sum = 0;
        if (rc == RC_OK && !str_to_i64(value, &sum)) return RC_FAILED;
        if (rc != RC_OK && rc != RC_NOT_FOUND) return rc;
        Item item = {.key = STR("sum"), .value = str_fmt(ctx->arena, "%lld", (long long)sum + 1)};
        TRY(batch_put(ctx, batch, ROWS, &item));
        TRY(batch_commit(ctx, batch));
    }
    worker->ok = true;
    return RC_OK;
}

static void *work_thread(void *arg) {
    Worker *worker = arg;
    Rand rand = rand_seeded((uint64_t)worker->number);
    Ctx ctx = {.arena = arena_new(1 << 24), .scratch = arena_new(1 << 20), .rand = &rand};
    Batch *batch;
    if (batch_open(&ctx, worker->store, STORE_STATE, &batch) == RC_OK) {
        worker->ok = work(&ctx, worker, batch) == RC_OK && worker->ok;
        batch_close(batch);
    }
    arena_free(ctx.arena);
    arena_free(ctx.scratch);
    return NULL;
}

static void batches_of_several_threads_take_turns(void **state) {
    Fixture *f = *state;
    pthread_t threads[4];
    Worker workers[4];
    for (int i = 0; i < 4; i++) {
        workers[i] = (Worker){.store = f->store, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, work_thread, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].ok);
    }
    Reader *reader;
    Str value;
    assert_ok(reader_open(&f->ctx, f->store, &reader));
    assert_ok(reader_item(&f->ctx, reader, ROWS, STR("sum"), &value));
    assert_str(value, "200");
    reader_close(reader);
}

static void a_deadline_ends_a_long_read(void **state) {
    Fixture *f = *state;
    Ctx *ctx = &f->ctx;
    Batch *batch = open_batch(f, STORE_STATE);
    for (int i = 0; i < 20000; i++) {
        Item item = {.key = str_fmt(ctx->arena, "%06d", i), .value = STR("v")};
        assert_ok(batch_put(ctx, batch, ROWS, &item));
    }
    assert_ok(batch_commit(ctx, batch));
    batch_close(batch);
    Reader *reader;
    uint64_t count;
    assert_ok(reader_open(ctx, f->store, &reader));
    ctx->deadline = time_monotonic() - 1;
    assert_rc(reader_items_count(ctx, reader, &(ItemRange){.space = ROWS}, &count), RC_LIMIT);
    ctx->deadline = 0;
    assert_ok(reader_items_count(ctx, reader, &(ItemRange){.space = ROWS}, &count));
    assert_int_equal(count, 20000);
    reader_close(reader);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(items_are_ordered_by_bytes),
        STORE_TEST(items_are_replaced_and_deleted),
        STORE_TEST(items_expire_by_the_clock),
        STORE_TEST(rows_and_cursor_move_together),
        STORE_TEST(batches_of_several_threads_take_turns),
        STORE_TEST(a_deadline_ends_a_long_read),
    };
    return cmocka_run_group_tests_name("store items", tests, NULL, NULL);
}
